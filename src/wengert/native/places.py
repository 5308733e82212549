"""Indices: where an element of an array lies, and which element of the operand a view has at given indices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from wengert.native.elementwise.scalars import Scalar, choose
from wengert.native.writing import LANES, Function, is_vector
from wengert.wlist import ArrayType, Statement

__all__ = [
    "Index", "Lanes", "Place", "assigned", "broadcast", "in_window", "is_rolled_in_rows", "moved", "on_diagonal",
    "on_diagonals", "place_in", "plus", "shifts_of", "times",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lanes:
    """An index that is `base` in the first lane of a vector, and grows by `step` from each lane to the next."""

    base: int | str
    step: int


Place: TypeAlias = int | str | Lanes
#: For each axis a number that is known, or a register of type i64, or one for each lane: a vector, or `Lanes`. A single
#: one for several axes counts all elements.
Index: TypeAlias = tuple[Place, ...]

_I64 = np.dtype(np.int64)


def plus(function: Function, a: Place, b: Place) -> Place:
    """The sum of two indices, which are not negative."""
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    if a == 0 or b == 0:
        return b if a == 0 else a
    if _is_of_lanes(a) or _is_of_lanes(b):
        return _sum_of_lanes(function, a, b)
    return function.pure(f"add nsw i64 {a}, {b}")


def _sum_of_lanes(function: Function, a: Place, b: Place) -> Place:
    if any(isinstance(x, str) and is_vector(x) for x in (a, b)):
        return function.operation("add nsw", _I64, in_register(function, a), in_register(function, b))
    base = _number(plus(function, a.base if isinstance(a, Lanes) else a, b.base if isinstance(b, Lanes) else b))
    step = sum(x.step for x in (a, b) if isinstance(x, Lanes))
    return Lanes(base, step) if step else base


def _number(a: Place) -> int | str:
    """An index that is the same in all lanes."""
    if isinstance(a, Lanes):
        raise TypeError(f"{a} differs from lane to lane")
    return a


def _is_of_lanes(a: Place) -> bool:
    return isinstance(a, Lanes) or (isinstance(a, str) and is_vector(a))


def in_register(function: Function, a: Place) -> str:
    """An index in a register, or as a literal."""
    if not isinstance(a, Lanes):
        return str(a)
    steps = ", ".join(f"i64 {k * a.step}" for k in range(LANES))
    return function.operation("add nsw", _I64, function.wide(str(a.base), _I64), f"<{steps}>")


def times(function: Function, a: Place, n: int) -> Place:
    """An index times a number."""
    if isinstance(a, int):
        return a * n
    if isinstance(a, Lanes):
        return Lanes(_number(times(function, a.base, n)), a.step * n) if n else 0
    if n == 1:
        return a
    return function.operation("mul nsw", _I64, a, str(n)) if is_vector(a) else function.pure(f"mul nsw i64 {a}, {n}")


def place_in(function: Function, shape: tuple[int, ...], index: Index) -> Place:
    """The number of an element of a C-contiguous array."""
    if len(index) < len(shape):
        return index[0]
    place: Place = 0
    stride = 1
    for i, n in zip(reversed(index), reversed(shape), strict=True):
        if n != 1:
            place = plus(function, times(function, i, stride), place)
        stride *= n
    return place


def moved(function: Function, stmt: Statement, index: Index) -> Index | None:  # noqa: PLR0911  # one view each
    """The indices of the element of the operand that a view has here; ``None`` for a reshape of memory."""
    name, params = stmt.prim.name, stmt.params
    shape = ArrayType.of(stmt.operands[0]).shape
    if name == "copy":
        return index
    if name == "transpose":
        axes = params["axes"]
        found: list[Place] = [0] * len(axes)
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
    if name == "roll":
        return _rolled(function, stmt, index)
    if name == "diagonal":
        return on_diagonal(function, len(shape), params["offset"], params["axes"], index)
    if name == "take_diagonals":
        return on_diagonals(params["subscripts"], shape, index)
    if name == "sliding_window_view":
        return in_window(function, params["axes"], index)
    return _between_units(stmt.targets[0].shape, shape, index)


def broadcast(index: Index, shape: tuple[int, ...]) -> Index:
    """The indices in an array of this shape that is broadcast to what has `index`."""
    return tuple(0 if n == 1 else i for i, n in zip(index[len(index) - len(shape) :], shape, strict=True))


def assigned(index: Index, shape: tuple[int, ...]) -> Index:
    """The same where what is assigned may have more axes, of length 1 in front."""
    more = max(len(shape) - len(index), 0)
    return (*(0,) * more, *broadcast(index, shape[more:]))


def on_diagonal(function: Function, ndim: int, offset: int, axes: tuple[int, int], index: Index) -> Index:
    """The indices in an array of an element of its diagonals, which come last among their own axes."""
    *rest, place = index
    others = iter(rest)
    first, second = axes
    along = {first: plus(function, place, max(-offset, 0)), second: plus(function, place, max(offset, 0))}
    return tuple(along[k] if k in along else next(others) for k in range(ndim))


def on_diagonals(subscripts: str, shape: tuple[int, ...], index: Index) -> Index:
    """The indices in an array of an element of the diagonals that subscripts take."""
    own, result = subscripts.split("->")
    places = dict(zip(result, index, strict=True))
    return tuple(0 if n == 1 else places[letter] for letter, n in zip(own, shape, strict=True))


def in_window(function: Function, axes: tuple[int, ...], index: Index) -> Index:
    """The indices in an array of an element of its sliding windows, whose own axes come last."""
    found = list(index[: len(index) - len(axes)])
    for axis, place in zip(axes, index[len(found) :], strict=True):
        found[axis] = plus(function, found[axis], place)
    return tuple(found)


def _rolled(function: Function, stmt: Statement, index: Index) -> Index:
    """Where the element comes from that has been rolled here."""
    found = list(index)
    for axis, (shift, n) in shifts_of(stmt).items():
        place = found[axis]
        if isinstance(place, int):
            found[axis] = (place - shift) % n
        else:
            back = Scalar(function, in_register(function, place), _I64) - shift
            found[axis] = choose(back < 0, back + n, back).text
    return tuple(found)


def is_rolled_in_rows(stmt: Statement) -> bool:
    """Whether a roll moves elements along the last axis that has several, so that a row is in two pieces."""
    shape = stmt.targets[0].shape
    return max((k for k, n in enumerate(shape) if n > 1), default=None) in shifts_of(stmt)


def shifts_of(stmt: Statement) -> dict[int, tuple[int, int]]:
    """For each axis that is rolled, by how much, which is less than its length, and its length."""
    shape, total = stmt.targets[0].shape, dict[int, int]()
    for shift, axis in zip(stmt.params["shift"], stmt.params["axis"], strict=True):
        total[axis] = total.get(axis, 0) + shift
    return {axis: (shift % n, n) for axis, shift in total.items() if (n := shape[axis]) and shift % n}


def _reversed(function: Function, i: Place, n: int) -> Place:
    if isinstance(i, int):
        return n - 1 - i
    if isinstance(i, Lanes):
        return Lanes(_number(_reversed(function, i.base, n)), -i.step)
    return function.operation("sub nsw", _I64, str(n - 1), i)


def _between_units(after: tuple[int, ...], before: tuple[int, ...], index: Index) -> Index | None:
    """Through a reshape that adds and takes away axes of length 1."""
    if [n for n in before if n != 1] != [n for n in after if n != 1]:
        return None
    rest = iter([i for i, n in zip(index, after, strict=True) if n != 1])
    return tuple(0 if n == 1 else next(rest) for n in before)
