"""Indices: where an element of an array lies, and which element of the operand a view has at given indices."""

from __future__ import annotations

import numpy as np

from wengert.native.writing import Function
from wengert.wlist import ArrayType, Statement

__all__ = ["Index", "moved", "place_in", "plus", "times"]

#: For each axis a number that is known, or a register of type i64. A single one for several axes counts all elements.
Index = tuple[int | str, ...]


def plus(function: Function, a: int | str, b: int | str) -> int | str:
    """The sum of two indices, which are not negative."""
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    if a == 0:
        return b
    return a if b == 0 else function.value(f"add nsw i64 {a}, {b}")


def times(function: Function, a: int | str, n: int) -> int | str:
    """An index times a number."""
    if isinstance(a, int):
        return a * n
    return a if n == 1 else function.value(f"mul nsw i64 {a}, {n}")


def place_in(function: Function, shape: tuple[int, ...], index: Index) -> int | str:
    """The number of an element of a C-contiguous array."""
    if len(index) < len(shape):
        return index[0]
    place: int | str = 0
    stride = 1
    for i, n in zip(reversed(index), reversed(shape), strict=True):
        if n != 1:
            place = plus(function, times(function, i, stride), place)
        stride *= n
    return place


def moved(function: Function, stmt: Statement, index: Index) -> Index | None:
    """The indices of the element of the operand that a view has here; ``None`` for a reshape of memory."""
    name, params = stmt.prim.name, stmt.params
    shape = ArrayType.of(stmt.operands[0]).shape
    if name == "copy":
        return index
    if name == "transpose":
        axes = params["axes"]
        found: list[int | str] = [0] * len(axes)
        for k, axis in enumerate(axes):
            found[axis] = index[k]
        return tuple(found)
    if name == "broadcast_to":
        behind = index[len(index) - len(shape) :] if shape else ()
        return tuple(0 if n == 1 else i for i, n in zip(behind, shape, strict=True))
    if name == "flip":
        axes = params["axis"]
        axes = range(len(shape)) if axes is None else np.atleast_1d(axes) % len(shape)
        pairs = enumerate(zip(index, shape, strict=True))
        return tuple(_reversed(function, i, n) if k in axes else i for k, (i, n) in pairs)
    return _between_units(stmt.targets[0].shape, shape, index)


def _reversed(function: Function, i: int | str, n: int) -> int | str:
    return n - 1 - i if isinstance(i, int) else function.value(f"sub nsw i64 {n - 1}, {i}")


def _between_units(after: tuple[int, ...], before: tuple[int, ...], index: Index) -> Index | None:
    """Through a reshape that adds and takes away axes of length 1."""
    if [n for n in before if n != 1] != [n for n in after if n != 1]:
        return None
    rest = iter([i for i, n in zip(index, after, strict=True) if n != 1])
    return tuple(0 if n == 1 else next(rest) for n in before)
