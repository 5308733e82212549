"""Arrays that are stored part by part: `concatenate`, `pad`, and updates of a part of an array."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.native.indices import indexed, slots_of
from wengert.native.memory import Layout
from wengert.native.places import Index, plus
from wengert.native.planning import Plan
from wengert.rules.gathering import taken_shape
from wengert.wlist import ArrayType, Statement, Variable

if TYPE_CHECKING:
    from wengert.native.emission import Body

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
    """

    domain: tuple[int, ...]
    source: Any
    target: Callable[[Body, Index], Index]
    adds: bool = False


def parts_of(stmt: Statement, plan: Plan, layout: Layout) -> list[Part]:
    """The parts of the target, in the order in which they are stored."""
    (v,) = stmt.targets
    name = stmt.prim.name
    if name == "concatenate":
        return _side_by_side(stmt)
    if name == "pad":
        before = [start for start, _ in stmt.params["pad_width"]]
        return [_everywhere(v, _zero(v)), _shifted(stmt.operands[0], before)]
    if name in ("scatter", "gather_transpose"):
        return [_everywhere(v, _zero(v)), _at(stmt, stmt.operands[0], adds=True)]
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


def _at(stmt: Statement, new: Any, adds: bool) -> Part:
    """The elements that an index takes."""
    index, slots, shape = stmt.params["index"], slots_of(stmt), stmt.targets[0].shape

    def target(body: Body, at: Index) -> Index:
        return indexed(body, index, slots, shape, at)

    parts = index if isinstance(index, tuple) else (index,)
    return Part(taken_shape(parts, slots, shape), new, target, adds)


def _shifted(x: Any, by: list[int]) -> Part:
    def target(body: Body, index: Index) -> Index:
        return tuple(plus(body.function, i, n) for i, n in zip(index, by, strict=True))

    return Part(ArrayType.of(x).shape, x, target)


def _side_by_side(stmt: Statement) -> list[Part]:
    axis = stmt.params["axis"] % stmt.targets[0].type.ndim
    parts, start = [], 0
    for x in stmt.operands:
        kind = ArrayType.of(x)
        parts.append(_shifted(x, [start if k == axis else 0 for k in range(kind.ndim)]))
        start += kind.shape[axis]
    return parts
