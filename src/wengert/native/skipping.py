"""Sums of which most terms are zero because something selects: such as the adjoint of ``min(x, axis=1)``.

A sum begins with +0.0, and so it stays as it is, bit by bit, whether a zero of either sign is added to it or not. Where
no guard of the terms holds in any row of a vector, they are skipped: one question spares the loops over all axes
that the guards do not depend on. In the loops over the others goes what is only made for the terms, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wengert.native.bands import Nest
from wengert.native.guards import Guard, axes_moved, axis_index, guards_of, is_of_elements, is_view_of_axes
from wengert.native.places import Index, broadcast
from wengert.native.reductions import is_at_end
from wengert.wlist import Statement, Variable

__all__ = ["Skipping", "skipping", "spared"]

_SUMS = frozenset({"sum", "mean"})
_FEWEST_TERMS = 2  # of a sum that one question spares
_FEWEST_NUMBERS = 8  # the same where the terms are no vectors
_MOST_BEFORE = 16  # nests that are looked at
_IN_REGISTERS = 8  # terms of a row whose sums may all be in registers
_CHECKED = "choice_number"  # is noted where it is out of range


@dataclass(frozen=True, slots=True)
class Skipping:
    """How the terms of a nest are skipped.

    Attributes
    ----------
    guards : list of Guard
        All terms are zero where none of them holds.
    outer, inner : tuple of int
        The axes of the domain, but that of the rows, that guards depend on, and the others.
    beside : list of (nest, statement, index)
        Sums of another nest whose terms are only as many as the guards, and skipped with them.
    computed : dict
        What nothing else reads, and that once for each index of the outer axes, or of all: computed where it is read.
    """

    guards: list[Guard]
    outer: tuple[int, ...]
    inner: tuple[int, ...]
    beside: list[tuple[Nest, Statement, Index]] = field(default_factory=list)
    computed: dict[Variable, Statement] = field(default_factory=dict)


def skipping(
    nests: Sequence[Nest], virtual: Mapping[Variable, Statement], local: set[Variable]
) -> dict[Nest, Skipping]:
    """The nests of a band in whose sums terms are skipped.

    Parameters
    ----------
    nests : sequence of Nest
    virtual : mapping
        Variable → the statement that is written where it is read.
    local : set
        What only the band reads.
    """
    found = {nest: how for nest in nests if (how := _of_terms(nest, virtual)) is not None}
    readers = _readers(nests, virtual) if found else {}
    taken = set[Statement]()
    for number, nest in enumerate(nests):
        if nest not in found:
            continue
        before = [other for other in nests[max(number - _MOST_BEFORE, 0) : number] if other not in found]
        earlier = [(other, stmt) for other in before for stmt in other.roots if other.is_pulled and stmt not in taken]
        around = _Surroundings(nest, found[nest], virtual)
        if around.take(earlier, local, readers):
            taken |= around.inside
        else:
            del found[nest]
    return found


def spared(
    stmts: Sequence[Statement], domain: tuple[int, ...], virtual: Mapping[Variable, Statement]
) -> tuple[list[Guard], int] | None:
    """The guards of sums in memory in loops over a domain, and how many loops are around the question for them."""
    if not all(map(_is_sum, stmts)) or any(is_at_end(stmt) for stmt in stmts):
        return None
    index, guards = axis_index(len(domain)), list[Guard]()
    for stmt in stmts:
        own = guards_of(stmt.operands[0], index, virtual)
        if own is None:
            return None
        guards += own
    depth = 1 + max((k for k, axis in enumerate(index) if any(axis in guard.index for guard in guards)), default=-1)
    return (guards, depth) if guards and math.prod(domain[depth:]) >= _FEWEST_NUMBERS else None


def _is_sum(stmt: Statement) -> bool:
    return stmt.prim.name in _SUMS


def _of_terms(nest: Nest, virtual: Mapping[Variable, Statement]) -> Skipping | None:
    """How the terms of all sums of a nest are skipped."""
    index, guards = axis_index(len(nest.domain)), dict[Any, Guard]()
    for stmt in filter(_is_sum, nest.roots if nest.is_pulled else ()):
        own = guards_of(stmt.operands[0], index, virtual)
        if own is None:
            return None
        guards.update({(id(guard.value), guard.index, guard.is_negated): guard for guard in own})
    depends = {axis for guard in guards.values() for axis in guard.axes()}
    others = [k for k in range(len(nest.domain)) if k != nest.axis]
    inner = tuple(k for k in others if index[k] not in depends)
    if not guards or math.prod(nest.domain[k] for k in inner) < _FEWEST_TERMS:
        return None
    if math.prod(nest.domain[k] for k in others) <= _IN_REGISTERS:
        return None
    return Skipping(list(guards.values()), tuple(k for k in others if k not in inner), inner)


def _readers(nests: Sequence[Nest], virtual: Mapping[Variable, Statement]) -> dict[Variable, set[Statement]]:
    """Of each stored variable, the roots that read it."""
    found: dict[Variable, set[Statement]] = {}
    for stmt in (stmt for nest in nests for stmt in nest.roots):
        for x in _stored(stmt.operands, virtual):
            found.setdefault(x, set()).add(stmt)
    return found


def _stored(operands: Iterable[Any], virtual: Mapping[Variable, Statement]) -> set[Variable]:
    waiting, seen = list(operands), set[Variable]()
    while waiting:
        x = waiting.pop()
        if isinstance(x, Variable) and x not in seen:
            seen.add(x)
            waiting += virtual[x].operands if x in virtual else ()
    return seen - virtual.keys()


@dataclass(slots=True)
class _Surroundings:
    """What can be done inside of the loops of a nest, because nothing else needs it.

    Attributes
    ----------
    inside : set
        The roots that are computed there.
    places : dict
        Stored variable → the indices at which these read it; ``None`` is one that is not known.
    """

    nest: Nest
    how: Skipping
    virtual: Mapping[Variable, Statement]
    inside: set[Statement] = field(default_factory=set)
    places: dict[Variable, set[Index | None]] = field(default_factory=dict)

    def take(
        self,
        earlier: Sequence[tuple[Nest, Statement]],
        local: set[Variable],
        readers: Mapping[Variable, set[Statement]],
    ) -> bool:
        """Take all that can be taken; whether that is all of the nest itself."""
        for stmt in filter(_is_sum, self.nest.roots):
            self._put(stmt, axis_index(len(self.nest.domain)))
        for other, stmt in earlier:
            self._put_beside(other, stmt)
        for stmt in reversed([*(stmt for _, stmt in earlier), *self.nest.roots]):
            if stmt in self.inside or not is_of_elements(stmt) or stmt.prim.name == _CHECKED:
                continue
            (v,) = stmt.targets
            at = self._only_place(v)
            if v in local and readers.get(v, set()) <= self.inside and at is not None:
                self.how.computed[v] = stmt
                self._put(stmt, at)
        return all(stmt in self.inside for stmt in self.nest.roots)

    def _put_beside(self, other: Nest, stmt: Statement) -> None:
        """Take a sum over the rows of terms that have guards, which depend on the outer axes, as the terms do."""
        if not _is_sum(stmt) or stmt.params["axis"] != (other.axis,):
            return
        at = self._index_beside(other)
        guards = None if at is None else guards_of(stmt.operands[0], at, self.virtual)
        if at is not None and guards is not None:
            self.how.guards.extend(guards)
            self.how.beside.append((other, stmt, at))
            self._put(stmt, at)

    def _index_beside(self, other: Nest) -> Index | None:
        """The index of a term of another nest that has the axes of the guards, in terms of the axes of this nest."""
        axes = [k for k in range(len(self.nest.domain)) if k not in self.how.inner]
        own = [k for k, n in enumerate(other.domain) if n != 1]
        if [other.domain[k] for k in own] != [self.nest.domain[k] for k in axes]:
            return None
        if own.index(other.axis) != axes.index(self.nest.axis):
            return None
        index, found = axis_index(len(self.nest.domain)), dict(zip(own, axes, strict=True))
        return tuple(index[found[k]] if k in found else 0 for k in range(len(other.domain)))

    def _only_place(self, v: Variable) -> Index | None:
        """Where a variable is read, if that is once for each index of the outer axes, or of all."""
        found = list(self.places.get(v, ()))
        if len(found) != 1 or found[0] is None:
            return None
        index = axis_index(len(self.nest.domain))
        axes, outer = set(found[0]) - {0}, {index[k] for k in (self.nest.axis, *self.how.outer)}
        return found[0] if axes in (outer, set(index)) else None

    def _put(self, stmt: Statement, index: Index) -> None:
        self.inside.add(stmt)
        self._note_operands(stmt, index)

    def _note_operands(self, stmt: Statement, index: Index | None) -> None:
        """Note where the operands of a statement are read for an element at an index, or for a term of a sum there."""
        is_view = is_view_of_axes(stmt)
        is_known = is_view or is_of_elements(stmt) or _is_sum(stmt)
        moved = axes_moved(stmt, index) if is_view and index is not None else None
        for x in stmt.operands:
            if not isinstance(x, Variable):
                continue
            at = moved if is_view or index is None or not is_known else broadcast(index, x.shape)
            if x in self.virtual:
                self._note_operands(self.virtual[x], at)
            else:
                self.places.setdefault(x, set()).add(at)
