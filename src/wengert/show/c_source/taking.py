"""Elements taken from, and put at, places that the list computes.

An index out of range ends the function: it returns the number of the check. Negative indices count from the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.rules.gathering import Slot
from wengert.show.c_source.blocks import Block, Writer
from wengert.show.c_source.layouts import Index, Layout, affine_parts
from wengert.show.c_source.moving import whole_copy
from wengert.show.c_source.places import Elements, Place, read
from wengert.show.c_source.planning import Unit
from wengert.wlist import Statement

__all__ = ["WRITERS"]

_Action = Callable[[Place, tuple[Index, ...]], None]  # on a selected element, and its index in the selection
_PLACES = {"wrap": "wrapped_place", "clip": "clipped_place", "raise": "place_of"}


def _write_place(block: Block, stmt: Statement, x: Any, indices: Sequence[Index], n: int, mode: str = "raise") -> str:
    """Write the lines that find the place an index names along an axis of length n, and give its name."""
    name = block.function.names.fresh("place")
    number = block.read(x, indices, np.dtype(np.int64))
    block.page.line(f"size_t {name} = {_PLACES[mode]}({number}, {n});")
    if mode == "raise":
        with block.page.braces(f"if ({name} == {n})"):
            block.page.line(f"return {block.function.check(stmt)};")
    return name


# --- along one axis ---------------------------------------------------------------------------------------------


def _take(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    x, numbers = stmt.operands
    axis, shape, mode = stmt.params["axis"], stmt.params["shape"], stmt.params["mode"]
    target = block.target(stmt)
    for before in block.page.loops(shape[:axis]):
        for index in block.page.loops(np.shape(numbers)):
            place = _write_place(block, stmt, numbers, index, shape[axis], mode)
            for after in block.page.loops(shape[axis + 1 :]):
                text = block.read(x, (*before, place, *after), stmt.targets[0].dtype)
                block.assign(target, (*before, *index, *after), text)


def _take_transpose(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    ct, numbers = stmt.operands
    axis, shape, mode = stmt.params["axis"], stmt.params["shape"], stmt.params["mode"]
    target = block.target(stmt)
    block.fill(target, "0")
    for before in block.page.loops(shape[:axis]):
        for index in block.page.loops(np.shape(numbers)):
            place = _write_place(block, stmt, numbers, index, shape[axis], mode)
            for after in block.page.loops(shape[axis + 1 :]):
                text = block.read(ct, (*before, *index, *after), stmt.targets[0].dtype)
                block.assign(target, (*before, place, *after), text, "+=")


def _take_along_axis(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    x, numbers = stmt.operands
    axis = stmt.params["axis"]
    for index in block.page.loops(stmt.targets[0].shape):
        place = _write_place(block, stmt, numbers, index, stmt.params["shape"][axis])
        text = block.read(x, (*index[:axis], place, *index[axis + 1 :]), stmt.targets[0].dtype)
        block.assign(block.target(stmt), index, text)


def _take_along_axis_transpose(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    ct, numbers = stmt.operands
    axis, shape = stmt.params["axis"], stmt.params["shape"]
    target = block.target(stmt)
    block.fill(target, "0")
    for index in block.page.loops(np.shape(ct)):
        place = _write_place(block, stmt, numbers, index, shape[axis])
        text = block.read(ct, index, stmt.targets[0].dtype)
        block.assign(target, (*index[:axis], place, *index[axis + 1 :]), text, "+=")


# --- by an index of any form ------------------------------------------------------------------------------------


class _Selection:
    """The elements of an array that an index with computed parts names.

    What is constant of the index is a layout of its own, with 0 for the computed parts; each of those adds the stride
    of its axis, as often as its number says.
    """

    def __init__(self, block: Block, stmt: Statement, place: Place, shape: tuple[int, ...], first: int):
        self.block, self.stmt, self.place = block, stmt, place
        # Elements that are all the same lie nowhere.
        self.whole = place.layout if isinstance(place, Elements) else Layout(shape, (0,) * len(shape))
        self.numbers = stmt.operands[first:]
        self.index = stmt.params["index"]
        zeros = self._filled([np.zeros(np.shape(x), np.intp)[()] for x in self.numbers])
        self.layout = block.plan.indexed(self.whole, zeros, stmt.targets[0].name)
        self.shape = self.layout.shape
        self.axes = _axes_of_slots(self.index, len(shape))

    def _filled(self, numbers: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(numbers[part.number] if isinstance(part, Slot) else part for part in self.index)

    def write(self, action: _Action) -> None:
        """Write the loops over the selection; `action` is given the element and its index."""
        places = {k: self._place(k, ()) for k, x in enumerate(self.numbers) if np.shape(x) == ()}
        for indices in self.block.page.loops(self.shape):
            layout = self.layout
            for k in range(len(self.numbers)):
                name = places[k] if k in places else self._place(k, self._of_number(k, indices))
                layout = layout.plus(self.whole.strides[self.axes[k]], name)
            action(Elements(self.place.storage, layout) if isinstance(self.place, Elements) else self.place, indices)

    def _place(self, k: int, indices: Sequence[Index]) -> str:
        n = self.whole.shape[self.axes[k]]
        return _write_place(self.block, self.stmt, self.numbers[k], indices, n)

    def _of_number(self, k: int, indices: Sequence[Index]) -> tuple[Index, ...]:
        """The index within the computed part k that belongs to one of the selection.

        Found by letting NumPy select numbers that count the elements of this part.
        """
        shape = np.shape(self.numbers[k])
        size = int(np.prod(shape))
        own = list(self.whole.shape)
        own[self.axes[k]] = size
        counting = np.arange(size).reshape((-1,) + (1,) * (len(own) - self.axes[k] - 1))
        counts = [np.zeros(np.shape(x), np.intp)[()] for x in self.numbers]
        counts[k] = np.arange(size).reshape(shape)
        steps, _ = affine_parts(np.broadcast_to(counting, own)[self._filled(counts)])
        wanted = Layout.contiguous(shape).strides
        return tuple(0 if n == 1 else indices[steps.index(step)] for n, step in zip(shape, wanted, strict=True))


def _axes_of_slots(index: Sequence[Any], ndim: int) -> dict[int, int]:
    """Number of a computed part → the axis that it selects along."""
    taken = [_axes_taken(part) for part in index]
    found, axis = {}, 0
    for part, count in zip(index, taken, strict=True):
        if isinstance(part, Slot):
            found[part.number] = axis
        axis += ndim - sum(taken) if part is Ellipsis else count
    return found


def _axes_taken(part: Any) -> int:
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if isinstance(part, np.ndarray) and part.dtype == bool else 1


def _gather(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    target = block.target(stmt)

    def take(source: Place, indices: tuple[Index, ...]) -> None:
        block.assign(target, indices, read(source, indices, stmt.targets[0].dtype))

    _Selection(block, stmt, block.place(stmt.operands[0]), np.shape(stmt.operands[0]), 1).write(take)


def _gather_transpose(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    target = block.target(stmt)
    block.fill(target, "0")
    _Selection(block, stmt, target, stmt.targets[0].shape, 1).write(_put(block, stmt, stmt.operands[0], "+="))


def _update_at(operator: str) -> Writer:
    def write(block: Block, unit: Unit) -> None:
        (stmt,) = unit.statements
        target = whole_copy(block, stmt)
        _Selection(block, stmt, target, stmt.targets[0].shape, 2).write(_put(block, stmt, stmt.operands[1], operator))

    return write


def _put(block: Block, stmt: Statement, x: Any, operator: str) -> _Action:
    def put(place: Place, indices: tuple[Index, ...]) -> None:
        block.assign(place, indices, block.read(x, indices, stmt.targets[0].dtype), operator)

    return put


WRITERS: dict[str, Writer] = {
    "take": _take,
    "take_transpose": _take_transpose,
    "take_along_axis": _take_along_axis,
    "take_along_axis_transpose": _take_along_axis_transpose,
    "gather": _gather,
    "gather_transpose": _gather_transpose,
    "update_at": _update_at("="),
    "add_at": _update_at("+="),
}
