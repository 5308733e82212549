"""Batches of what takes, replaces and adds elements at computed indices (`wengert.rules.gathering`).

Where the index differs from one array to the next, the number of each goes into it before all others. Then the axes
that the indices make stand in front of all axes but that of the batch, wherever they stand for a single array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.batching.column import of_several
from wengert.batching.indexing import before_batch, behind_batch, goes_in_front, to_end, to_front, with_axes
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.rules.gathering import Slot
from wengert.value import bind

Index = tuple[Any, ...]


def _is_place(part: Any) -> bool:
    """Whether a part of an index names places: an operand, an array, a number."""
    return isinstance(part, (Slot, np.ndarray, int, np.integer))


def _axes_of_places(index: Index, axes: Sequence[int]) -> int:
    """How many axes the places of one array make, of which the operands have so many each."""
    arrays = [part for part in index if isinstance(part, np.ndarray)]
    of_arrays = [1 if part.dtype.kind == "b" else part.ndim for part in arrays]
    return int(max([0, *of_arrays, *axes]))


def _start_of_places(index: Index, ndim: int) -> int:
    """Where these axes begin in what is taken of one array with `ndim` axes, if they stand where the places do."""
    first = next(k for k, part in enumerate(index) if _is_place(part))
    taken = sum(map(_axes_taken, index))
    return sum(ndim - taken if part is Ellipsis else 1 for part in index[:first])


def _axes_taken(part: Any) -> int:
    if part is None or part is Ellipsis:
        return 0
    is_mask = isinstance(part, np.ndarray) and part.dtype.kind == "b"
    return int(part.ndim) if is_mask else 1


class _Numbered:
    """The index of a batch whose arrays differ.

    Attributes
    ----------
    index : tuple
    indices : list
        Its operands, with as many axes behind the batch as the places make.
    count : int
        How many these are.
    start : int
        Where they stand in what is taken of one array.
    """

    __slots__ = ("count", "index", "indices", "start")

    def __init__(self, index: Index, indices: Sequence[Any], ndim: int):
        length = len(indices[0])
        self.count = _axes_of_places(index, [x.ndim - 1 for x in indices])
        self.indices = [x.reshape((length, *(1,) * (self.count - (x.ndim - 1)), *x.shape[1:])) for x in indices]
        self.index = (np.arange(length).reshape((length, *(1,) * self.count)), *index)
        is_first = self.count == 0 or goes_in_front(index)
        self.start = 0 if is_first else _start_of_places(index, ndim)

    def forward(self, y: Any) -> Any:
        """What was taken, with the axes of the places brought to where they stand for one array."""
        return np.moveaxis(y, self._in_front, self._in_place)

    def back(self, y: Any) -> Any:
        """The opposite."""
        return np.moveaxis(y, self._in_place, self._in_front)

    @property
    def _in_front(self) -> list[int]:
        return list(range(1, 1 + self.count))

    @property
    def _in_place(self) -> list[int]:
        return [self.start + k for k in self._in_front]


def _all_batches(own: Sequence[bool], indices: Sequence[Any], length: int) -> list[Any]:
    return [x if mine else np.broadcast_to(x, (length, *np.shape(x))) for x, mine in zip(indices, own, strict=True)]


def _length(own: Sequence[bool], operands: Sequence[Any]) -> int:
    return next(len(x) for x, mine in zip(operands, own, strict=True) if mine)


def _by_one_index(prim: Primitive, batches: Sequence[Any], indices: Sequence[Any], index: Index, **params: Any) -> Any:
    """Batches of operands and one index for all; as in `wengert.batching.indexing`."""
    if goes_in_front(index):
        moved = map(to_end, batches)
        return to_front(bind(prim, (*moved, *indices), {"index": before_batch(index), **params}))
    return bind(prim, (*batches, *indices), {"index": behind_batch(index), **params})


def _whole(shape: tuple[int, ...], length: int, index: Index) -> tuple[int, ...]:
    """The shape of a batch of arrays, as `_by_one_index` lays them."""
    return (*shape, length) if goes_in_front(index) else (length, *shape)


def _gather(own: Sequence[bool], x: Any, *indices: Any, index: Index, shape: tuple[int, ...]) -> Any:
    length = _length(own, (x, *indices))
    if not any(own[1:]):
        return _by_one_index(table.gather, (x,), indices, index, shape=_whole(shape, length, index))
    numbered = _Numbered(index, _all_batches(own[1:], indices, length), len(shape))
    if not own[0]:
        return _gather_of_constant(x, numbered, index)
    taken = bind(table.gather, (x, *numbered.indices), {"index": numbered.index, "shape": x.shape})
    return numbered.forward(taken)


def _gather_of_constant(x: Any, numbered: _Numbered, index: Index) -> Any:
    """Of one array for all: the axis of the batch is the first of those that the places make."""
    taken = bind(table.gather, (x, *numbered.indices), {"index": index, "shape": np.shape(x)})
    start = 0 if goes_in_front(index) else _start_of_places(index, np.ndim(x))
    places = range(start + 1, start + 1 + numbered.count)
    in_front = np.moveaxis(taken, [start, *places], range(1 + numbered.count))
    return numbered.forward(in_front)


def _gather_transpose(own: Sequence[bool], ct: Any, *indices: Any, index: Index, shape: tuple[int, ...]) -> Any:
    length = _length(own, (ct, *indices))
    if not any(own[1:]):
        return _by_one_index(table.gather_transpose, (ct,), indices, index, shape=_whole(shape, length, index))
    numbered = _Numbered(index, _all_batches(own[1:], indices, length), len(shape))
    (whole,) = _all_batches(own[:1], (ct,), length)
    params = {"index": numbered.index, "shape": (length, *shape)}
    return bind(table.gather_transpose, (numbered.back(whole), *numbered.indices), params)


def _changed(prim: Primitive) -> None:
    """A primitive that replaces the elements at the places, or adds to them."""

    def rule(own: Sequence[bool], x: Any, new: Any, *indices: Any, index: Index) -> Any:
        length = _length(own, (x, new, *indices))
        whole, terms = _all_batches(own[:2], (x, new), length)
        axes = [np.ndim(i) - mine for i, mine in zip(indices, own[2:], strict=True)]
        terms = with_axes(terms, _axes_named(index, whole.ndim - 1, _axes_of_places(index, axes)))
        if not any(own[2:]):
            return _by_one_index(prim, (whole, terms), indices, index)
        numbered = _Numbered(index, _all_batches(own[2:], indices, length), whole.ndim - 1)
        return bind(prim, (whole, numbered.back(terms), *numbered.indices), {"index": numbered.index})

    of_several(prim, rule)


def _axes_named(index: Index, ndim: int, count: int) -> int:
    """How many axes that has which an index names in an array with `ndim` axes, `count` of them made by the places."""
    kept = sum(isinstance(part, slice) for part in index) + sum(part is None for part in index)
    return count + kept + ndim - sum(map(_axes_taken, index))


of_several(table.gather, _gather)
of_several(table.gather_transpose, _gather_transpose)
_changed(table.update_at)
_changed(table.add_at)
