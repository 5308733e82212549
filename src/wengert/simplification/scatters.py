"""Sums of scattered parts: where a program reads n elements one by one, its adjoint adds to n elements one by one.

As long as each of these additions makes a new array, they take n² steps. Here they are put together in one statement.
``scatter`` and ``add_at`` add their elements in order, so that every element of the result is the same sum in the same
order as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wengert.registry import table
from wengert.simplification.passes import Sweep
from wengert.simplification.reshaping import basic_index
from wengert.simplification.terms import Term, type_of
from wengert.transforms.selection import uses
from wengert.wlist import ArrayType, Statement, Variable

__all__ = ["gathered"]

_FEWEST = 4  # parts that are put together: two or three additions in place are read more easily, and cost no more
_FEW = 1024  # elements, for which the time goes into the calls
_LONGEST = 4096  # elements of a part; adding whole arrays costs little beside moving longer ones
_COST = 8  # how many elements a plain sum adds in the time in which an element is added at an index

#: How a group of scattered terms goes into a sum: it begins it, its array is added, or it is added at its places.
_FIRST, _ARRAY, _AT = "first", "array", "at"


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """One scattered term: its elements, where they go in the flat array, and what it was written as."""

    elements: Any
    places: Any
    way: str
    stmt: Statement


@dataclass(slots=True, eq=False)
class _Group:
    """Neighbours in a sum that are put together."""

    way: str
    parts: list[_Part] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)

    def add(self, part: _Part) -> None:
        self.parts.append(part)
        self.taken.update(part.places.tolist())


def gathered(sweep: Sweep, exact: bool) -> bool:
    """Put the sums of a finished sweep together; whether there were any."""
    counts = uses(sweep.statements, sweep.outputs)
    inside = _links(sweep, counts)
    plans = {}
    for stmt in sweep.statements:
        if _is_sum(stmt) and stmt.targets[0] not in inside:
            plan = _plan(_terms(stmt, sweep, counts, inside), exact)
            if any(isinstance(x, _Group) for x in plan):
                plans[stmt.targets[0]] = plan
    if not plans:
        return False
    statements, sweep.statements = sweep.statements, []
    for stmt in statements:
        if stmt.targets[0] in plans:
            _write(sweep, stmt, plans[stmt.targets[0]])
        else:
            sweep.append(stmt)
    return True


def _is_sum(stmt: Statement) -> bool:
    return stmt.prim is table.add or (stmt.prim is table.add_at and len(stmt.operands) == 2)


def _links(sweep: Sweep, counts: dict[Variable, int]) -> set[Variable]:
    """The sums that another sum of their type begins with, and that are used there alone."""
    found = set()
    for stmt in sweep.statements:
        x = stmt.operands[0] if _is_sum(stmt) else None
        if isinstance(x, Variable) and x.type == stmt.targets[0].type and counts[x] == 1:
            first = sweep.known.definitions.get(x)
            if first is not None and _is_sum(first):
                found.add(x)
    return found


# --- planning ------------------------------------------------------------------------------------------------------


def _terms(stmt: Statement, sweep: Sweep, counts: dict[Variable, int], inside: set[Variable]) -> list[Any]:
    """What is added up in order: operands, and scattered parts."""
    found: list[Any] = []
    while True:
        first, second = stmt.operands[0], stmt.operands[1]
        if stmt.prim is table.add:
            found.append(_scattered(second, stmt, sweep, counts) or second)
        else:
            places = _places(second, stmt.params["index"], stmt.targets[0].type)
            found.append(stmt if places is None else _Part(second, places, _AT, stmt))
        if not (isinstance(first, Variable) and first in inside):
            break
        stmt = sweep.known.definitions[first]
    found.append(_scattered(first, stmt, sweep, counts) or first)
    return found[::-1]


def _scattered(x: Any, total: Statement, sweep: Sweep, counts: dict[Variable, int]) -> _Part | None:
    stmt = sweep.known.definitions.get(x) if isinstance(x, Variable) and counts[x] == 1 else None
    if stmt is None or stmt.prim is not table.scatter or stmt.params["shape"] != total.targets[0].shape:
        return None
    places = _places(stmt.operands[0], stmt.params["index"], total.targets[0].type)
    return None if places is None else _Part(stmt.operands[0], places, _ARRAY, stmt)


def _places(elements: Any, index: Any, total: ArrayType) -> Any:
    """Where elements are added, as numbers into the flat array; ``None`` for an index that is not basic."""
    parts = basic_index(index, total.shape)
    kind = type_of(elements)
    if parts is None or kind.dtype != total.dtype or kind.size > _LONGEST:
        return None
    if kind.shape != tuple(part.count for part in parts if part.count is not None):
        return None
    flat: Any = np.zeros((), np.intp)
    for part, n in zip(parts, total.shape, strict=True):
        taken = part.start + part.step * np.arange(1 if part.count is None else part.count)
        flat = np.add.outer(flat * n, taken)
    return flat.reshape(-1)


def _plan(terms: Sequence[Any], exact: bool) -> list[Any]:
    """The terms of a sum, with groups of scattered ones in the place of those."""
    plan: list[Any] = []
    group: _Group | None = None
    for x in terms:
        if not isinstance(x, _Part):
            plan.append(x)
            group = None if exact else group
            continue
        if group is None or not _joins(x, group, exact):
            group = _Group(x.way if plan else _FIRST)
            plan.append(group)
        group.add(x)
    return [y for x in plan for y in _worthwhile(x)]


def _joins(part: _Part, group: _Group, exact: bool) -> bool:
    """Whether the sum stays the same for each element.

    In a sum that begins with scattered terms no element is ever -0.0, and elements are added one after the other in any
    case. Of arrays that are added to others no two may add to the same element.
    """
    if not exact or group.way == _FIRST:
        return True
    return part.way == group.way and (part.way == _AT or group.taken.isdisjoint(part.places.tolist()))


def _worthwhile(x: Any) -> list[Any]:
    """A group as it is if putting it together costs less than going through its arrays, else its parts."""
    if not isinstance(x, _Group):
        return [x]
    total = sum(part.places.size for part in x.parts)
    size = _size(x)
    saved = (len(x.parts) - 1) * size
    is_cheap = total <= _FEW or total * _COST <= saved or total == size == len(x.taken)
    if len(x.parts) >= _FEWEST and total <= saved and is_cheap:
        return [x]
    return list(x.parts)


def _size(group: _Group) -> int:
    return group.parts[0].stmt.targets[0].type.size


# --- writing -------------------------------------------------------------------------------------------------------


def _write(sweep: Sweep, head: Statement, plan: Sequence[Any]) -> None:
    """Write a sum anew, the last addition under the name that it had."""
    total: Any = None
    last = len(plan) - 1
    for number, x in enumerate(plan):
        term = _begun(sweep, head, x) if number == 0 else _added(sweep, head, total, x)
        if number < last:
            total = sweep.place(term, head) if isinstance(term, Term) else term
        else:
            operands = tuple(sweep.place(y, head) if isinstance(y, Term) else y for y in term.operands)
            sweep.append(replace(head, prim=term.prim, operands=operands, params=term.params))


def _begun(sweep: Sweep, head: Statement, x: Any) -> Any:
    if isinstance(x, _Group):
        return _as_array(sweep, head, x)
    return x.stmt.targets[0] if isinstance(x, _Part) else x


def _added(sweep: Sweep, head: Statement, total: Any, x: Any) -> Term:
    if isinstance(x, _Group) and x.way == _AT:
        index, elements = _in_a_row(sweep, head, x)
        return _through_flat(total, table.add_at, elements, {"index": (index,)})
    if isinstance(x, _Group):
        return Term(table.add, (total, _as_array(sweep, head, x)))
    stmt = x.stmt if isinstance(x, _Part) else x
    if isinstance(stmt, Statement) and stmt.prim is table.add_at:
        return Term(table.add_at, (total, *stmt.operands[1:]), stmt.params)
    return Term(table.add, (total, stmt.targets[0] if isinstance(stmt, Statement) else stmt))


def _as_array(sweep: Sweep, head: Statement, group: _Group) -> Term:
    """The sum of a group as an array."""
    index, elements = _in_a_row(sweep, head, group)
    shape = head.targets[0].shape
    scattered = Term(table.scatter, (elements,), {"index": index, "shape": (_size(group),)})
    return scattered if len(shape) == 1 else Term(table.reshape, (scattered,), {"shape": shape})


def _through_flat(total: Any, prim: Any, elements: Any, params: dict[str, Any]) -> Term:
    shape = type_of(total).shape
    if len(shape) == 1:
        return Term(prim, (total, elements), params)
    flat = Term(table.reshape, (total,), {"shape": (type_of(total).size,)})
    return Term(table.reshape, (Term(prim, (flat, elements), params),), {"shape": shape})


def _in_a_row(sweep: Sweep, head: Statement, group: _Group) -> tuple[Any, Any]:
    """The places and the elements of a group, one after the other."""
    rows = []
    for part in group.parts:
        size = part.places.size
        rows.append(sweep.place(Term(table.reshape, (part.elements,), {"shape": (size,)}), part.stmt))
    places = np.concatenate([part.places for part in group.parts])
    is_run = places.size > 0 and bool(np.all(np.diff(places) == 1))
    index: Any = slice(int(places[0]), int(places[-1]) + 1) if is_run else places
    return index, sweep.place(Term(table.concatenate, tuple(rows), {"axis": 0}), head)
