"""Reductions as folds: a first value, what is done with each element, and what is done at the end."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.native import elementwise
from wengert.native.writing import REGISTERS, Function, literal
from wengert.registry import table
from wengert.wlist import ArrayType, Statement

__all__ = ["begun", "folded", "is_at_end", "whole"]

_FIRST = {"sum": 0, "mean": 0, "count_nonzero": 0, "prod": 1, "any": 0, "all": 1}
_OF_NUMBERS = {"sum": "add", "mean": "add", "count_nonzero": "add", "prod": "mul"}


def is_at_end(stmt: Statement) -> bool:
    """Whether the last axes are reduced, so that the fold goes on in a register."""
    axes = sorted(stmt.params["axis"])
    ndim = ArrayType.of(stmt.operands[0]).ndim
    return bool(axes) and axes == list(range(ndim - len(axes), ndim))


def begun(stmt: Statement) -> str:
    """What a fold begins with."""
    name, dtype = stmt.prim.name, stmt.targets[0].dtype
    if name in _FIRST:
        return literal(_FIRST[name], dtype)
    if dtype.kind == "f":
        return literal(-math.inf if name == "max" else math.inf, dtype)
    if dtype.kind == "b":
        return literal(name == "min", dtype)
    limits = np.iinfo(dtype)
    return literal(limits.min if name == "max" else limits.max, dtype)


def folded(function: Function, stmt: Statement, before: str, x: str, own: np.dtype[Any]) -> str:
    """The fold after one more element, `x` of dtype `own`."""
    name, dtype = stmt.prim.name, stmt.targets[0].dtype
    kind = REGISTERS[dtype.name]
    if name in ("any", "all", "count_nonzero"):
        x, own = elementwise.converted(function, x, own, np.dtype(bool)), np.dtype(bool)
    if own != dtype:
        x = elementwise.converted(function, x, own, dtype)
    if name in ("any", "all"):
        return function.value(f"{'or' if name == 'any' else 'and'} i1 {before}, {x}")
    if name in _OF_NUMBERS:
        operation = _OF_NUMBERS[name]
        # The order of a sum is free, as it is in NumPy's.
        return function.value(f"{f'f{operation} reassoc' if dtype.kind == 'f' else operation} {kind} {before}, {x}")
    prim = table.maximum if name == "max" else table.minimum
    return elementwise.emit(function, prim, [(before, dtype), (x, dtype)], dtype, {})


def whole(function: Function, stmt: Statement, register: str) -> str:
    """The result, of the fold of all elements."""
    if stmt.prim.name != "mean":
        return register
    x, y = ArrayType.of(stmt.operands[0]), stmt.targets[0]
    count = x.size // max(y.type.size, 1)
    return function.value(f"fdiv {REGISTERS[y.dtype.name]} {register}, {literal(count, y.dtype)}")
