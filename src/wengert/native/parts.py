"""Arrays that are stored part by part: `concatenate`, `pad`, and updates of a part of an array."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.native.indices import indexed, slots_of
from wengert.native.memory import Layout
from wengert.native.places import Index, in_window, on_diagonal, on_diagonals, plus, shifts_of
from wengert.native.planning import Plan
from wengert.native.taking import taken_at, taken_domain
from wengert.rules.gathering import taken_shape
from wengert.wlist import ArrayType, Statement, Variable

if TYPE_CHECKING:
    from wengert.native.body import Body

__all__ = ["Part", "parts_of"]


@dataclass(frozen=True, slots=True)
class Part:
    """A loop over `domain` that puts elements of `source` at the indices that `target` gives.

    Attributes
    ----------
    domain : tuple of int
    source : Variable or constant
        Broadcast to the domain.
    target : callable
        ``(body, index) -> index`` in the array.
    adds : bool
        Add to what is there.
    read : callable, optional
        ``(body, index) -> index`` in the source, where it is not broadcast.
    """

    domain: tuple[int, ...]
    source: Any
    target: Callable[[Body, Index], Index]
    adds: bool = False
    read: Callable[[Body, Index], Index] | None = None


def parts_of(stmt: Statement, plan: Plan, layout: Layout) -> list[Part]:
    """The parts of the target, in the order in which they are stored."""
    (v,) = stmt.targets
    name = stmt.prim.name
    if name in _IN_ZEROS:
        return [_everywhere(v, _zero(v)), _IN_ZEROS[name](stmt)]
    if name == "concatenate":
        return _side_by_side(stmt)
    if name == "roll":
        return _rolled(stmt)
    x, new = stmt.operands[0], stmt.operands[1]
    is_in_place = isinstance(x, Variable) and x not in plan.virtual and layout.home(x) is layout.home(v)
    first = [] if is_in_place else [_everywhere(v, x)]
    return [*first, _at(stmt, new, adds=name == "add_at")]


def _same(_: Body, index: Index) -> Index:
    return index


def _zero(v: Variable) -> Any:
    return np.zeros((), v.dtype)[()]


def _everywhere(v: Variable, source: Any) -> Part:
    return Part(v.shape, source, _same)


def _padded(stmt: Statement) -> Part:
    """What stands between zeros."""
    return _shifted(stmt.operands[0], [start for start, _ in stmt.params["pad_width"]])


def _scattered(stmt: Statement) -> Part:
    """What is added at an index."""
    return _at(stmt, stmt.operands[0], adds=True)


def _at(stmt: Statement, new: Any, adds: bool) -> Part:
    """The elements that an index takes."""
    index, slots, shape = stmt.params["index"], slots_of(stmt), stmt.targets[0].shape

    def target(body: Body, at: Index) -> Index:
        return indexed(body, index, slots, shape, at)

    parts = index if isinstance(index, tuple) else (index,)
    return Part(taken_shape(parts, slots, shape), new, target, adds)


def _shifted(x: Any, by: list[int]) -> Part:
    return Part(ArrayType.of(x).shape, x, _moved_by(by))


def _diagonal(stmt: Statement) -> Part:
    """What goes to a diagonal."""
    params, x = stmt.params, stmt.operands[0]
    shape = stmt.targets[0].shape

    def target(body: Body, index: Index) -> Index:
        if stmt.prim.name == "put_diagonals":
            return on_diagonals(params["subscripts"], shape, index)
        return on_diagonal(body.function, len(shape), params["offset"], params["axes"], index)

    return Part(ArrayType.of(x).shape, x, target)


def _put_back(stmt: Statement) -> Part:
    """What is added at computed places along an axis."""
    return Part(taken_domain(stmt), stmt.operands[0], lambda body, index: taken_at(body, stmt, index), adds=True)


def _windows(stmt: Statement) -> Part:
    """What is added back from windows: one place in all windows after the other, so that the loop inside goes along."""
    x, axes = stmt.operands[0], stmt.params["axes"]
    shape, count = ArrayType.of(x).shape, len(axes)

    def turned(_: Body, index: Index) -> Index:
        return (*index[count:], *index[:count])

    def target(body: Body, index: Index) -> Index:
        return in_window(body.function, axes, turned(body, index))

    domain = (*shape[len(shape) - count :], *shape[: len(shape) - count])
    return Part(domain, x, target, adds=True, read=turned)


def _rolled(stmt: Statement) -> list[Part]:
    """For each axis that is rolled, the elements before and after the place where they are cut."""
    x, shape, shifts = stmt.operands[0], stmt.targets[0].shape, shifts_of(stmt)
    # Of each piece where it goes, where it comes from, and its length.
    pieces = [
        [(0, n - shifts[k][0], shifts[k][0]), (shifts[k][0], 0, n - shifts[k][0])] if k in shifts else [(0, 0, n)]
        for k, n in enumerate(shape)
    ]
    return [
        Part(tuple(lengths), x, _moved_by(to), read=_moved_by(by))
        for to, by, lengths in (zip(*block, strict=True) for block in itertools.product(*pieces))
    ]


def _moved_by(starts: Sequence[int]) -> Callable[[Body, Index], Index]:
    def moved(body: Body, index: Index) -> Index:
        return tuple(plus(body.function, i, n) for i, n in zip(index, starts, strict=True))

    return moved


def _side_by_side(stmt: Statement) -> list[Part]:
    axis = stmt.params["axis"] % stmt.targets[0].type.ndim
    parts, start = [], 0
    for x in stmt.operands:
        kind = ArrayType.of(x)
        parts.append(_shifted(x, [start if k == axis else 0 for k in range(kind.ndim)]))
        start += kind.shape[axis]
    return parts


#: What is put among zeros, or added to them.
_IN_ZEROS: Mapping[str, Callable[[Statement], Part]] = {
    "pad": _padded,
    "scatter": _scattered,
    "gather_transpose": _scattered,
    "on_diagonal": _diagonal,
    "put_diagonals": _diagonal,
    "take_transpose": _put_back,
    "take_along_axis_transpose": _put_back,
    "sum_of_windows": _windows,
}
