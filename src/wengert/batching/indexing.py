"""Batches of what takes elements out of arrays and puts them back, by indices that are constants or batches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.batching.column import batch_of_all, of_one, of_several
from wengert.registry import table
from wengert.rules.gathering import Slot

__all__ = ["before_batch", "behind_batch", "goes_in_front", "to_end", "to_front", "with_axes"]

Index = tuple[Any, ...]

# --- an index that is the same for all --------------------------------------------------------------------------
# The axes that arrays in an index make stand where the arrays do, or in front if these do not stand side by side. In
# front of the batch, that is: then it is moved behind all axes, where no index reaches.


def _as_tuple(index: Any) -> Index:
    return index if isinstance(index, tuple) else (index,)


def _is_advanced(part: Any) -> bool:
    return isinstance(part, (Slot, np.ndarray, list, bool, np.bool_))


def goes_in_front(index: Index) -> bool:
    """Whether the axes that the arrays in an index make stand before all others for not being side by side."""
    if not any(map(_is_advanced, index)):
        return False
    places = [k for k, part in enumerate(index) if _is_advanced(part) or isinstance(part, (int, np.integer))]
    return places[-1] - places[0] >= len(places)


def behind_batch(index: Index) -> Index:
    """The index for arrays along the first axis."""
    return (slice(None), *index)


def before_batch(index: Index) -> Index:
    """The index for arrays along the last axis; one with ``...`` would reach it."""
    return (*index, slice(None)) if any(part is Ellipsis for part in index) else index


def to_end(x: Any) -> Any:
    """A batch with its axis behind all others."""
    return np.moveaxis(x, 0, -1)


def to_front(x: Any) -> Any:
    """The opposite."""
    return np.moveaxis(x, -1, 0)


def _getitem(x: Any, *, index: Any) -> Any:
    parts = _as_tuple(index)
    if goes_in_front(parts):
        return to_front(table.getitem(to_end(x), index=before_batch(parts)))
    return table.getitem(x, index=behind_batch(parts))


def _scatter(ct: Any, *, index: Any, shape: tuple[int, ...]) -> Any:
    parts = _as_tuple(index)
    if goes_in_front(parts):
        return to_front(table.scatter(to_end(ct), index=before_batch(parts), shape=(*shape, len(ct))))
    return table.scatter(ct, index=behind_batch(parts), shape=(len(ct), *shape))


def _index_update(x: Any, new: Any, *, index: Any) -> Any:
    parts = _as_tuple(index)
    new = with_axes(new, len(_selected(x.shape[1:], parts)))
    if goes_in_front(parts):
        return to_front(table.index_update(to_end(x), to_end(new), index=before_batch(parts)))
    return table.index_update(x, new, index=behind_batch(parts))


def _selected(shape: tuple[int, ...], index: Index) -> tuple[int, ...]:
    """The shape of what `index` names in an array of `shape`."""
    selected: tuple[int, ...] = np.broadcast_to(False, shape)[index].shape
    return selected


def with_axes(new: Any, count: int) -> Any:
    """A batch of arrays with so many axes: axes of length 1 are added before them, or left out."""
    own = new.ndim - 1
    shape = new.shape[1:] if own <= count else new.shape[1 + own - count :]
    return new.reshape((len(new), *(1,) * (count - own), *shape))


of_one(table.getitem, _getitem)
of_one(table.scatter, _scatter)
batch_of_all(table.index_update, _index_update)


# --- indices along one axis that may be batches -----------------------------------------------------------------


def _within(indices: Any, n: int, mode: str) -> Any:
    """The indices with those out of range brought into it as `mode` says."""
    if mode == "wrap":
        return indices % n
    return np.clip(indices, 0, n - 1) if mode == "clip" else indices


def _by_places(indices: Any, ndim: int) -> Any:
    """The places of each array in a row, with axes to be laid along axis 1 of an array with `ndim` axes."""
    return indices.reshape((len(indices), math.prod(indices.shape[1:]), *(1,) * (ndim - 2)))


def _take(own: Sequence[bool], x: Any, indices: Any, *, shape: tuple[int, ...], axis: int, mode: str) -> Any:
    if not own[1]:
        return table.take(x, indices, shape=(len(x), *shape), axis=axis + 1, mode=mode)
    if not own[0]:
        return np.moveaxis(table.take(x, indices, shape=shape, axis=axis, mode=mode), axis, 0)
    lines = np.moveaxis(x, axis + 1, 1)
    places = _by_places(_within(indices, shape[axis], mode), lines.ndim)
    taken = table.take_along_axis(lines, places, shape=lines.shape, axis=1)
    each = indices.ndim - 1
    spread = taken.reshape((len(x), *indices.shape[1:], *lines.shape[2:]))
    return np.moveaxis(spread, range(1, 1 + each), range(1 + axis, 1 + axis + each))


def _take_transpose(own: Sequence[bool], ct: Any, indices: Any, *, shape: tuple[int, ...], axis: int, mode: str) -> Any:
    if not own[1]:
        return table.take_transpose(ct, indices, shape=(len(ct), *shape), axis=axis + 1, mode=mode)
    if not own[0]:
        ct = np.broadcast_to(ct, (len(indices), *ct.shape))
    each = indices.ndim - 1
    lines = np.moveaxis(ct, range(1 + axis, 1 + axis + each), range(1, 1 + each))
    places = _by_places(_within(indices, shape[axis], mode), lines.ndim - each + 1)
    lines = lines.reshape((len(ct), places.shape[1], *lines.shape[1 + each :]))
    whole = (len(ct), shape[axis], *shape[:axis], *shape[axis + 1 :])
    return np.moveaxis(table.take_along_axis_transpose(lines, places, shape=whole, axis=1), 1, axis + 1)


def _take_along(x: Any, indices: Any, *, shape: tuple[int, ...], axis: int) -> Any:
    return table.take_along_axis(x, indices, shape=(len(x), *shape), axis=axis + 1)


def _take_along_transpose(ct: Any, indices: Any, *, shape: tuple[int, ...], axis: int) -> Any:
    return table.take_along_axis_transpose(ct, indices, shape=(len(ct), *shape), axis=axis + 1)


of_several(table.take, _take)
of_several(table.take_transpose, _take_transpose)
batch_of_all(table.take_along_axis, _take_along)
batch_of_all(table.take_along_axis_transpose, _take_along_transpose)
