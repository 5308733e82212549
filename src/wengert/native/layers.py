"""Arrays that are zero but for what is put, or added, at slices of one axis: such as the adjoint of ``x[1:] - x[:-1]``.

Each update would go over the array once more. Here all of them are *layers* of the last one: the axis is cut where a
layer begins or ends, and between two cuts one loop adds up what lies there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.native import elementwise
from wengert.native.indices import basic_parts
from wengert.native.places import Index, assigned, plus
from wengert.native.writing import literal
from wengert.registry import table
from wengert.wlist import ArrayType, Statement, Variable

if TYPE_CHECKING:
    from wengert.native.body import Body

__all__ = ["MOST_LAYERS", "Cut", "can_lie_on", "cut_of", "is_layered", "runs_of", "write_layers"]

MOST_LAYERS = 8  # of an array

_BOTTOM = frozenset({"scatter", "pad"})
_UPDATES = frozenset({"index_update", "update_at", "add_at"})


@dataclass(frozen=True, slots=True)
class Cut:
    """What an update takes: from `start` up to `stop` along an axis, which a single element does not keep."""

    axis: int
    start: int
    stop: int
    is_single: bool = False


def cut_of(stmt: Statement) -> Cut | None:
    """The part of an array that a statement updates, if it is one slice along one axis."""
    shape = stmt.targets[0].shape
    if not shape or stmt.prim.name not in _BOTTOM | _UPDATES:
        return None
    return _cut_of_pad(stmt, shape) if stmt.prim.name == "pad" else _cut_of_index(stmt.params["index"], shape)


def _cut_of_pad(stmt: Statement, shape: tuple[int, ...]) -> Cut | None:
    widths = stmt.params["pad_width"]
    padded = [k for k, width in enumerate(widths) if any(width)]
    axis = padded[0] if padded else 0
    return Cut(axis, widths[axis][0], shape[axis] - widths[axis][1]) if len(padded) <= 1 else None


def _cut_of_index(index: Any, shape: tuple[int, ...]) -> Cut | None:
    parts = basic_parts(index, len(shape))
    if parts is None or None in parts:
        return None
    cut = [k for k, part in enumerate(parts) if part != slice(None)]
    if len(cut) > 1:
        return None
    axis = cut[0] if cut else 0
    part, n = parts[axis], shape[axis]
    if not isinstance(part, slice):
        return Cut(axis, int(part) % n, int(part) % n + 1, is_single=True) if n else None
    start, stop, step = part.indices(n)
    return Cut(axis, start, max(start, stop)) if step == 1 else None


def runs_of(stmt: Statement, operand: Statement | None) -> list[Cut] | None:
    """Where the parts of a concatenation go that a statement scatters by known indices, if each goes to one slice."""
    if operand is None or stmt.prim.name != "scatter" or operand.prim.name != "concatenate":
        return None
    index = stmt.params["index"]
    index = index[0] if isinstance(index, tuple) and len(index) == 1 else index
    if len(stmt.targets[0].shape) != 1 or not isinstance(index, np.ndarray) or index.ndim != 1:
        return None
    if index.dtype.kind not in "iu" or len(operand.operands) > MOST_LAYERS:
        return None
    places, found = index.astype(np.int64) % max(stmt.targets[0].shape[0], 1), []
    for x in operand.operands:
        own, places = np.split(places, [ArrayType.of(x).size])
        if own.size == 0 or not np.array_equal(own, np.arange(own[0], own[0] + own.size)):
            return None
        found.append(Cut(0, int(own[0]), int(own[0]) + own.size))
    return found


def can_lie_on(upper: Statement, lower: Statement) -> bool:
    """Whether an update is one of the array that `lower` makes, and along the same axis."""
    (v,) = lower.targets
    if upper.prim.name not in _UPDATES or upper.operands[0] is not v or any(x is v for x in upper.operands[1:]):
        return False
    cuts = cut_of(upper), cut_of(lower)
    return cuts[0] is not None and cuts[1] is not None and cuts[0].axis == cuts[1].axis


def is_layered(stmt: Statement, virtual: Mapping[Variable, Statement]) -> bool:
    """Whether what is updated, or scattered, is nowhere stored, so that its layers belong to this statement."""
    x = stmt.operands[0] if stmt.operands else None
    if not isinstance(x, Variable) or x not in virtual:
        return False
    return can_lie_on(stmt, virtual[x]) or runs_of(stmt, virtual[x]) is not None


@dataclass(frozen=True, slots=True)
class _Layer:
    """What is put at a cut, or added there."""

    source: Any
    cut: Cut
    adds: bool


def write_layers(body: Body, stmt: Statement) -> None:
    """Store an array from one cut to the next."""
    (v,) = stmt.targets
    layers = _layers(stmt, body.plan.virtual)
    axis = layers[0].cut.axis
    points = sorted({0, v.shape[axis], *(p for layer in layers for p in (layer.cut.start, layer.cut.stop))})
    for start, stop in pairwise(points):
        here = [layer for layer in layers if layer.cut.start <= start and stop <= layer.cut.stop]
        last = max((k for k, layer in enumerate(here) if not layer.adds), default=0)
        body.forget()
        domain = (*v.shape[:axis], stop - start, *v.shape[axis + 1 :])
        body.over(domain, _Between(body, v, axis, start, here[last:]).write)


def _layers(stmt: Statement, virtual: Mapping[Variable, Statement]) -> list[_Layer]:
    """The updates from the first one on."""
    below = virtual.get(stmt.operands[0]) if isinstance(stmt.operands[0], Variable) else None
    runs = runs_of(stmt, below)
    if below is not None and runs is not None:
        return [_Layer(x, cut, adds=True) for x, cut in zip(below.operands, runs, strict=True)]
    cut = cut_of(stmt)
    if cut is None:
        raise AssertionError(f"{stmt.prim.name} is no layer")
    if stmt.prim.name in _BOTTOM:
        return [_Layer(stmt.operands[0], cut, adds=True)]
    lower = _layers(below, virtual) if below is not None and can_lie_on(stmt, below) else []
    return [*lower, _Layer(stmt.operands[1], cut, adds=stmt.prim.name == "add_at")]


@dataclass(frozen=True, slots=True)
class _Between:
    """The elements between two cuts."""

    body: Body
    v: Variable
    axis: int
    start: int
    layers: list[_Layer]

    def write(self, index: Index) -> None:
        """Store the sum of the layers at an index."""
        dtype = self.v.dtype
        total = ""
        for layer in self.layers:
            register = self._element(layer, index)
            operands = [(total, dtype), (register, dtype)]
            total = elementwise.emit(self.body.function, table.add, operands, dtype, {}) if total else register
        self.body.store(self.v, self._moved(index, self.start), total or literal(0, dtype))

    def _moved(self, index: Index, by: int) -> Index:
        return (*index[: self.axis], plus(self.body.function, index[self.axis], by), *index[self.axis + 1 :])

    def _element(self, layer: _Layer, index: Index) -> str:
        index = self._moved(index, self.start - layer.cut.start)
        if layer.cut.is_single:
            index = (*index[: self.axis], *index[self.axis + 1 :])
        own = assigned(index, ArrayType.of(layer.source).shape)
        return self.body.element(layer.source, own, self.v.dtype)
