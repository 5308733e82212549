"""Indices with arrays of integers, known or computed: which element of the array is meant.

NumPy's rules: what is indexed by arrays is broadcast, and stands in the place of the first of them where they are
neighbours, else in front (NumPy's documentation, "Combining advanced and basic indexing").
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.native.places import Index, Place, plus, times
from wengert.rules.gathering import Slot
from wengert.wlist import ArrayType, Statement

if TYPE_CHECKING:
    from wengert.native.body import Body

__all__ = ["BEFORE_SLOTS", "basic_parts", "indexed", "indexed_shape", "is_native_index", "slots_of", "whole_axes"]

#: Primitives with an index, and how many operands they have before those that the index refers to.
BEFORE_SLOTS = {
    "getitem": 1, "scatter": 1, "gather": 1, "gather_transpose": 1, "index_update": 2, "update_at": 2, "add_at": 2,
}  # fmt: skip


def slots_of(stmt: Statement) -> Sequence[Any]:
    """The operands that the index of a statement refers to."""
    return stmt.operands[BEFORE_SLOTS[stmt.prim.name] :]


def indexed_shape(stmt: Statement) -> tuple[int, ...]:
    """The shape of the array that is indexed."""
    name = stmt.prim.name
    return stmt.targets[0].shape if name in ("scatter", "gather_transpose") else ArrayType.of(stmt.operands[0]).shape


def _parts(index: Any, ndim: int) -> list[Any]:
    """The parts of an index: for each axis of the array, each new axis, and an Ellipsis that stands for no axis."""
    parts = [one for part in (index if isinstance(index, tuple) else (index,)) for one in _without_mask(part)]
    missing = ndim - sum(part is not None and part is not Ellipsis for part in parts)
    place = next((k for k, part in enumerate(parts) if part is Ellipsis), None)
    if place is None:
        return parts + [slice(None)] * missing
    between: list[Any] = [slice(None)] * missing or [Ellipsis]
    return [*parts[:place], *between, *parts[place + 1 :]]


def basic_parts(index: Any, ndim: int) -> list[Any] | None:
    """The slices, integers and new axes of an index that has nothing else; ``None`` of another one."""
    parts = [part for part in _parts(index, ndim) if part is not Ellipsis]
    is_basic = all(part is None or isinstance(part, (slice, int, np.integer)) for part in parts)
    return parts if is_basic and not any(isinstance(part, bool) for part in parts) else None


def whole_axes(index: Any, ndim: int) -> dict[int, int]:
    """Axes of what an index takes that are all of an axis of the array, and the latter; none of a computed index."""
    parts = _parts(index, ndim)
    if any(isinstance(part, (Slot, bool)) for part in parts):
        return {}
    arrays = [k for k, part in enumerate(parts) if _ndim(part, ()) > 0]
    by_arrays = [k for k, part in enumerate(parts) if not _is_whole(part)] if arrays else []
    width = max((_ndim(parts[k], ()) for k in arrays), default=0)
    is_together = by_arrays == list(range(by_arrays[0], by_arrays[-1] + 1)) if by_arrays else False
    found, own, taken = {}, 0, 0 if is_together else width
    for k, part in enumerate(parts):
        if part is Ellipsis:
            continue
        taken += width if is_together and k == by_arrays[0] else 0
        if isinstance(part, slice) and part == slice(None):
            found[taken] = own
        taken += part is None or isinstance(part, slice)
        own += part is not None
    return found


def _without_mask(part: Any) -> Sequence[Any]:
    """A mask is an index by the places where it holds, one array for each of its axes."""
    return part.nonzero() if isinstance(part, np.ndarray) and part.dtype.kind == "b" and part.ndim else (part,)


def is_native_index(index: Any, slots: Sequence[Any], shape: tuple[int, ...]) -> bool:
    """Whether the parts are slices, new axes and integers, of which the known ones are in range."""
    lengths = iter(shape)
    for part in _parts(index, len(shape)):
        if part is None or part is Ellipsis:
            continue
        n = next(lengths, 0)
        if isinstance(part, Slot):
            if n == 0 or ArrayType.of(slots[part.number]).dtype.kind != "i":
                return False
        elif isinstance(part, np.ndarray):
            if part.dtype.kind not in "iu" or (part.size and not (-n <= part.min() and part.max() < n)):
                return False
        elif not (isinstance(part, slice) or (isinstance(part, (int, np.integer)) and not isinstance(part, bool))):
            return False
    return True


def indexed(body: Body, index: Any, slots: Sequence[Any], shape: tuple[int, ...], at: Index) -> Index:
    """The indices in an array of `shape` of the element that ``array[index]`` has at `at`."""
    parts = _parts(index, len(shape))
    arrays = [k for k, part in enumerate(parts) if _ndim(part, slots) > 0]
    by_arrays = [k for k, part in enumerate(parts) if arrays and not _is_whole(part)]
    width = max((_ndim(parts[k], slots) for k in arrays), default=0)
    is_together = by_arrays == list(range(by_arrays[0], by_arrays[-1] + 1)) if by_arrays else False
    before = sum(part is None or isinstance(part, slice) for part in parts[: by_arrays[0]]) if is_together else 0
    of_arrays, rest = at[before : before + width], iter((*at[:before], *at[before + width :]))
    found: list[Place] = []
    lengths = iter(shape)
    for part in parts:
        if part is Ellipsis:
            continue
        if part is None:
            next(rest)
            continue
        n = next(lengths)
        if isinstance(part, slice):
            start, _, step = part.indices(n)
            found.append(plus(body.function, times(body.function, next(rest), step), start))
        else:
            found.append(_number(body, part, slots, n, of_arrays))
    return tuple(found)


def _is_whole(part: Any) -> bool:
    """Whether a part is a slice, a new axis or an Ellipsis."""
    return part is None or part is Ellipsis or isinstance(part, slice)


def _ndim(part: Any, slots: Sequence[Any]) -> int:
    if isinstance(part, Slot):
        return ArrayType.of(slots[part.number]).ndim
    return part.ndim if isinstance(part, np.ndarray) else 0


def _number(body: Body, part: Any, slots: Sequence[Any], n: int, at: Index) -> Place:
    """The place along one axis of length `n`; one that is computed is checked."""
    if isinstance(part, Slot):
        return body.checked(body.element(slots[part.number], _last(at, slots[part.number]), np.dtype(np.int64)), n)
    if isinstance(part, np.ndarray):
        return body.element(part.astype(np.int64) % n, _last(at, part)) if part.ndim else int(part) % n
    return operator.index(part) % n


def _last(at: Index, x: Any) -> Index:
    """The indices of what is broadcast to `at`."""
    shape = ArrayType.of(x).shape
    return tuple(0 if m == 1 else i for i, m in zip(at[len(at) - len(shape) :], shape, strict=True))
