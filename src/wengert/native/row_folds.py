"""Folds along the last axes of a row, in registers: of several places side by side, so that none waits for the other.

The processor takes a few rounds for an addition until another one can go on with its result. Distances to fifty
centroids are five sums at a time, and what is read for one of them serves the others; a row that is folded as a whole
is folded in four parts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.facts import Kind
from wengert.native import elementwise
from wengert.native.bands import Nest, axes_summed, is_matrix_product
from wengert.native.coverage import primitive_of
from wengert.native.places import Index, Place, plus, times
from wengert.native.reductions import IN_ANY_ORDER, begun, combined, whole
from wengert.native.writing import word
from wengert.wlist import Variable

if TYPE_CHECKING:
    from wengert.native.lanes import Band

__all__ = ["RowFolds", "go_in_registers"]

_SIDE_BY_SIDE = (4, 5, 6)  # folds; the first number is taken where none divides an axis
_PARTS = 4  # of a fold that is alone
_WRITTEN_OUT = 8  # elements up to which no loop is written
_LIGHT = 8  # the cost of a term that is computed as fast as one fold after the other goes on
_MOST_FOLDS = 8  # of a nest


def go_in_registers(nest: Nest) -> bool:
    """Whether a nest has nothing but folds along the same axes, the last ones of a row of more than a few elements."""
    summed = axes_summed(nest.roots[0], nest.domain)
    if not summed or nest.axis in summed or len(nest.roots) > _MOST_FOLDS:
        return False
    if any(is_matrix_product(stmt) or axes_summed(stmt, nest.domain) != summed for stmt in nest.roots):
        return False
    inner = [k for k, n in enumerate(nest.domain) if k != nest.axis and n > 1]
    order = [k in summed for k in inner]
    return order == sorted(order) and True in order and math.prod(nest.domain[k] for k in inner) > _WRITTEN_OUT


@dataclass(slots=True)
class RowFolds:
    """Writes the folds of a nest. Registers are by fold, then by place, then by part."""

    band: Band
    nest: Nest
    kept: list[int] = field(default_factory=list)  # axes of the domain, but that of the rows
    summed: list[int] = field(default_factory=list)
    places: int = 1  # that are folded side by side
    parts: int = 1  # of each fold

    def __post_init__(self) -> None:
        domain, folds = self.nest.domain, self.nest.roots
        summed = axes_summed(folds[0], domain)
        for k in range(len(domain)):
            if k != self.nest.axis:
                (self.summed if k in summed else self.kept).append(k)
        if any(_cost(stmt.operands[0], self.band) > _LIGHT for stmt in folds):
            return
        most = max(_SIDE_BY_SIDE[0] // len(folds), 1)
        if self.kept and most > 1:
            self.places = _side_by_side(domain[self.kept[-1]])
        if all(stmt.prim.name in IN_ANY_ORDER for stmt in folds) and domain[self.summed[-1]] >= 2 * _PARTS:
            self.parts = max(most // self.places, 1)

    def write(self) -> None:
        """Write the loops over the places that are kept, and store the folds there."""
        lengths = [self.nest.domain[k] for k in self.kept]
        if not lengths:
            self._write_places([()])
            return
        count = -(-lengths[-1] // self.places)

        def block(at: Index) -> None:
            first = self._first(at[-1], lengths[-1])
            self._write_places([(*at[:-1], plus(self.band.function, first, j)) for j in range(self.places)])

        known = self.band.known()
        self.band.over((*lengths[:-1], count), block)
        self.band.recall(known)

    def _first(self, number: Place, length: int) -> Place:
        """The first place of a block; the last block begins so early that it is full."""
        first = times(self.band.function, number, self.places)
        if length % self.places == 0 or isinstance(first, int):
            return first
        self.band.function.module.declare("declare i64 @llvm.umin.i64(i64, i64)")
        return self.band.function.value(f"call i64 @llvm.umin.i64(i64 {first}, i64 {length - self.places})")

    def _write_places(self, places: Sequence[Index]) -> None:
        """Fold what belongs to some places."""
        function = self.band.function
        folds = [stmt for stmt in self.nest.roots for _ in places for _ in range(self.parts)]
        first = [function.wide(begun(stmt), stmt.targets[0].dtype) for stmt in folds]
        found = self._folded(places, (), first)
        for k, stmt in enumerate(self.nest.roots):
            (v,) = stmt.targets
            for j, at in enumerate(places):
                start = (k * len(places) + j) * self.parts
                total, *more = found[start : start + self.parts]
                for other in more:
                    total = combined(function, stmt, total, other)
                index = self._index(at, [0] * len(self.summed))
                self.band.store(v, self.band.target(stmt, self.nest, index), whole(function, stmt, total))

    def _folded(self, places: Sequence[Index], at: Index, registers: list[str]) -> list[str]:
        """The folds after all terms at indices that begin so."""
        lengths = [self.nest.domain[k] for k in self.summed[len(at) :]]
        if math.prod(lengths) <= _WRITTEN_OUT:
            for number, rest in enumerate(np.ndindex(*lengths)):
                registers = self._after(places, (*at, *rest), registers, number % self.parts)
            return registers
        if lengths[0] == 1:
            return self._folded(places, (*at, 0), registers)
        step = self.parts if len(lengths) == 1 else 1
        count = len(places) * self.parts
        kinds = [word(stmt.targets[0].dtype, True) for stmt in self.nest.roots for _ in range(count)]
        known = self.band.known()
        with self.band.function.loop(lengths[0] // step, list(zip(kinds, registers, strict=True))) as loop:
            inside = list(loop.values)
            if len(lengths) > 1:
                inside = self._folded(places, (*at, loop.index), inside)
            else:
                start = times(self.band.function, loop.index, step)
                for part in range(step):
                    inside = self._after(places, (*at, plus(self.band.function, start, part)), inside, part)
            loop.next = inside
        self.band.recall(known)
        registers = loop.results
        for last in range(lengths[0] // step * step, lengths[0]):
            registers = self._after(places, (*at, last), registers, last % step)
        return registers

    def _after(self, places: Sequence[Index], at: Index, registers: list[str], part: int) -> list[str]:
        """The folds after one more term of each, in one of their parts."""
        after = list(registers)
        for j, place in enumerate(places):
            index = self._index(place, at)
            for k, stmt in enumerate(self.nest.roots):
                number = (k * len(places) + j) * self.parts + part
                after[number] = self.band.fold(stmt, after[number], index)
        return after

    def _index(self, kept: Sequence[Place], summed: Sequence[Place]) -> Index:
        found = dict(zip((*self.kept, *self.summed), (*kept, *summed), strict=True))
        return tuple(found.get(k, self.band.rows) for k in range(len(self.nest.domain)))


def _side_by_side(length: int) -> int:
    """How many places of an axis are folded at a time."""
    if length <= max(_SIDE_BY_SIDE):
        return length
    return next((n for n in _SIDE_BY_SIDE if length % n == 0), _SIDE_BY_SIDE[0])


def _cost(x: Any, band: Band) -> int:
    """What it takes to compute an element of an operand."""
    stmt = band.plan.virtual.get(x) if isinstance(x, Variable) else None
    if stmt is None:
        return 0
    own = elementwise.cost(primitive_of(stmt)) if primitive_of(stmt).kind is Kind.ELEMENTWISE else 0
    return own + sum(_cost(y, band) for y in stmt.operands)
