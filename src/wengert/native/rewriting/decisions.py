"""Choices by one number that several values of a round depend on, such as whether a step is accepted: branches.

A choice of the processor waits for both values and for the number. In a loop whose rounds are a chain of few operations
that waiting is most of the time; a branch, which the processor predicts, goes on at once with what is likely.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from wengert.native import elementwise
from wengert.native.writing import REGISTERS, Function
from wengert.registry import table
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["decided", "decisions"]

_FEWEST = 2  # choices by the same number
_MOST_ELEMENTS = 8  # of a value; a loop over more has vectors


def decisions(lst: WengertList, carries: Iterable[Variable]) -> frozenset[Statement]:
    """The choices of a round that are worth a branch: by a number made of carries, for which the next round waits."""
    carried, chosen = set(carries), []
    for stmt in lst.statements:
        if not carried.isdisjoint(x for x in stmt.operands if isinstance(x, Variable)):
            carried.update(stmt.targets)
        is_choice = stmt.prim is table.where and isinstance(stmt.operands[0], Variable)
        if is_choice and stmt.operands[0] in carried and _is_by_number(stmt):
            chosen.append(stmt)
    counts = Counter(stmt.operands[0] for stmt in chosen)
    return frozenset(stmt for stmt in chosen if counts[stmt.operands[0]] >= _FEWEST)


def _is_by_number(stmt: Statement) -> bool:
    is_number = ArrayType.of(stmt.operands[0]) == ArrayType((), np.dtype(bool))
    return is_number and stmt.targets[0].type.size <= _MOST_ELEMENTS


def decided(function: Function, operands: Sequence[tuple[str, np.dtype[Any]]], dtype: np.dtype[Any]) -> str:
    """One of two values by a branch that is said to be predicted, so that LLVM leaves it one."""
    (condition, _), *others = operands
    first, second = (elementwise.converted(function, x, own, dtype) for x, own in others)
    return function.decided(condition, REGISTERS[dtype.name], first, second)
