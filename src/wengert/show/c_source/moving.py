"""Statements that move elements: arrays joined, padded, rolled, written into. Each is a copy from layout to layout."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from wengert.show.c_source.blocks import Block, Writer
from wengert.show.c_source.places import Elements, Place, read
from wengert.show.c_source.planning import Unit
from wengert.wlist import Statement

__all__ = ["WRITERS", "part_of", "whole_copy"]


def part_of(block: Block, place: Place, index: Any, name: str) -> Place:
    """The elements of an array that an index names."""
    if not isinstance(place, Elements):
        return place
    return Elements(place.storage, block.plan.indexed(place.layout, index, name))


def moved(place: Place, compute: Callable[[Any], Any]) -> Place:
    """The elements of an array that NumPy's `compute` shows."""
    layout = place.layout.moved(compute) if isinstance(place, Elements) else None
    return Elements(place.storage, layout) if isinstance(place, Elements) and layout is not None else place


def whole_copy(block: Block, stmt: Statement) -> Place:
    """The target of a statement that changes some elements of its first operand, with all elements of it."""
    target = block.target(stmt)
    if stmt.targets[0] not in block.plan.same_storage:
        block.copy(target, stmt.operands[0])
    return target


def _reshape(block: Block, unit: Unit) -> None:
    """A copy in the order of the elements, which the result has one after the other."""
    (stmt,) = unit.statements
    x, target = block.place(stmt.operands[0]), block.target(stmt)
    if isinstance(x, Elements) and isinstance(target, Elements):
        block.copy(Elements(target.storage, target.layout.reshaped(x.layout.shape)), stmt.operands[0])
    else:
        block.copy(target, stmt.operands[0])


def _getitem(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    source = part_of(block, block.place(stmt.operands[0]), stmt.params["index"], stmt.targets[0].name)
    target = block.target(stmt)
    shape = target.layout.shape if isinstance(target, Elements) else ()
    for indices in block.page.loops(shape):
        block.assign(target, indices, read(source, indices, stmt.targets[0].dtype))


def _concatenate(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    axis, start = stmt.params["axis"], 0
    for x in stmt.operands:
        stop = start + np.shape(x)[axis]
        part = (slice(None),) * axis + (slice(start, stop),)
        if np.size(np.empty(np.shape(x), bool)):
            block.copy(moved(block.target(stmt), itemgetter(part)), x)
        start = stop


def _pad(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    target = block.target(stmt)
    block.fill(target, "0")
    inner = tuple(
        slice(before, n - after)
        for (before, after), n in zip(stmt.params["pad_width"], stmt.targets[0].shape, strict=True)
    )
    block.copy(moved(target, itemgetter(inner)), stmt.operands[0])


def _roll(block: Block, unit: Unit) -> None:
    """Along each axis the array is cut in two parts, which change places."""
    (stmt,) = unit.statements
    shape = stmt.targets[0].shape
    shifts = [0] * len(shape)
    for shift, axis in zip(stmt.params["shift"], stmt.params["axis"], strict=True):
        shifts[axis] += shift
    cuts = [_halves(n, shift % n) for n, shift in zip(shape, shifts, strict=True)]
    source, target = block.place(stmt.operands[0]), block.target(stmt)
    for parts in itertools.product(*cuts):
        read_from, write_to = (tuple(part[k] for part in parts) for k in (0, 1))
        block.copy_place(moved(target, itemgetter(write_to)), moved(source, itemgetter(read_from)))


def _halves(n: int, shift: int) -> list[tuple[slice, slice]]:
    """The slices that an axis is read by, and where each is written."""
    halves = [(slice(0, n - shift), slice(shift, n)), (slice(n - shift, n), slice(0, shift))]
    return halves if shift else halves[:1]


def _index_update(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    target = whole_copy(block, stmt)
    block.copy(part_of(block, target, stmt.params["index"], stmt.targets[0].name), stmt.operands[1])


def _scatter(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    target = block.target(stmt)
    block.fill(target, "0")
    block.copy(part_of(block, target, stmt.params["index"], stmt.targets[0].name), stmt.operands[0], "+=")


def _on_diagonal(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    target = block.target(stmt)
    block.fill(target, "0")
    first, second = stmt.params["axes"]
    of_array = partial(np.diagonal, offset=stmt.params["offset"], axis1=first, axis2=second)
    block.copy(moved(target, of_array), stmt.operands[0])


def _put_diagonals(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    target = block.target(stmt)
    block.fill(target, "0")
    block.copy(moved(target, partial(np.einsum, stmt.params["subscripts"])), stmt.operands[0])


def _sum_of_windows(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    target = block.target(stmt)
    block.fill(target, "0")
    of_array = partial(sliding_window_view, window_shape=stmt.params["window"], axis=stmt.params["axes"])
    block.copy(moved(target, of_array), stmt.operands[0], "+=")


WRITERS: dict[str, Writer] = {
    "reshape": _reshape,
    "getitem": _getitem,
    "concatenate": _concatenate,
    "pad": _pad,
    "roll": _roll,
    "index_update": _index_update,
    "scatter": _scatter,
    "on_diagonal": _on_diagonal,
    "put_diagonals": _put_diagonals,
    "sum_of_windows": _sum_of_windows,
}
