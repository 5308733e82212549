"""What the rewriting of control statements has in common: operands bound to the inputs of lists, and lists themselves.

An operand is *bound* to the inputs that it becomes in the lists of a statement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wengert.simplification.keys import constant_key
from wengert.simplification.terms import is_plain
from wengert.wlist import Statement, Variable, WengertList

__all__ = ["Bound", "Found", "Outer", "inlined", "merged", "reached", "substituted", "substituted_in"]


@dataclass(frozen=True, slots=True)
class Outer:
    """What a control statement is told of the list that it stands in.

    Attributes
    ----------
    counts : mapping
        How often its variables are used.
    names : iterator of str
        Names of new variables.
    reduce : callable
        Simplifies a list; one that is simple already is returned as it is.
    """

    counts: Mapping[Variable, int]
    names: Iterator[str]
    reduce: Callable[[WengertList], WengertList]


@dataclass(slots=True, eq=False)
class Found:
    """What a control statement becomes: statements, and what stands for targets that are no longer assigned."""

    statements: list[Statement]
    replaced: dict[Variable, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Bound:
    """An operand, and the input that it is in each list."""

    operand: Any
    inputs: tuple[Variable, ...]


def substituted_in(stmt: Statement, by: Mapping[Variable, Any]) -> Statement:
    """A statement with other operands in the place of some variables."""
    if not by or not any(x.__class__ is Variable and x in by for x in stmt.operands):
        return stmt
    return replace(stmt, operands=tuple(by.get(x, x) if x.__class__ is Variable else x for x in stmt.operands))


def substituted(lst: WengertList, by: Mapping[Variable, Any]) -> WengertList:
    """A list with other operands in the place of some of its inputs, which are inputs still."""
    if not by:
        return lst
    return replace(
        lst,
        statements=tuple(substituted_in(stmt, by) for stmt in lst.statements),
        outputs=tuple(by.get(y, y) if isinstance(y, Variable) else y for y in lst.outputs),
    )


def reached(lst: WengertList, outputs: Iterable[Any], through: Mapping[Variable, Any] | None = None) -> set[Variable]:
    """The variables that these outputs of a list depend on.

    `through` says for an input which operand it has been in the round before, so that this is needed too.
    """
    definitions = {v: stmt for stmt in lst.statements for v in stmt.targets}
    found: set[Variable] = set()
    pending = [y for y in outputs if isinstance(y, Variable)]
    while pending:
        v = pending.pop()
        if v in found:
            continue
        found.add(v)
        stmt = definitions.get(v)
        pending += [x for x in (stmt.operands if stmt else ()) if isinstance(x, Variable)]
        before = through.get(v) if through else None
        if isinstance(before, Variable):
            pending.append(before)
    return found


def merged(bounds: Sequence[Bound], lists: Sequence[WengertList]) -> tuple[list[Bound], list[WengertList]]:
    """Operands that are constants, or the same as another, are taken into the lists."""
    kept: list[Bound] = []
    first: dict[Any, Bound] = {}
    by: list[dict[Variable, Any]] = [{} for _ in lists]
    for bound in bounds:
        if is_plain(bound.operand):
            insides: Sequence[Any] = [_strong(bound.operand, v) for v in bound.inputs]
        else:
            earlier = first.setdefault(constant_key_of(bound.operand), bound)
            if earlier is bound:
                kept.append(bound)
                continue
            insides = earlier.inputs
        for part, v, inside in zip(by, bound.inputs, insides, strict=True):
            part[v] = inside
    return kept, [substituted(lst, part) for lst, part in zip(lists, by, strict=True)]


def constant_key_of(x: Any) -> Any:
    """Equal for operands that are the same."""
    return x if isinstance(x, Variable) else constant_key(x)


def _strong(x: Any, v: Variable) -> Any:
    """A constant in the dtype of the input that it was."""
    return np.asarray(x, v.dtype)[()]


def inlined(lst: WengertList, operands: Sequence[Any], names: Iterator[str]) -> tuple[list[Statement], list[Any]]:
    """The statements of a list for these operands, with new targets, and its outputs."""
    known: dict[Variable, Any] = dict(zip(lst.inputs, operands, strict=True))
    statements = []
    for stmt in lst.statements:
        targets = tuple(Variable(next(names), v.type) for v in stmt.targets)
        statements.append(replace(substituted_in(stmt, known), targets=targets))
        known.update(zip(stmt.targets, targets, strict=True))
    return statements, [known.get(y, y) if isinstance(y, Variable) else y for y in lst.outputs]
