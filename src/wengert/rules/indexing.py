"""Indexing: basic, with integer arrays and with boolean masks; and its transpose."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.declaration import composed, refuse, structural
from wengert.errors import TraceError, user_location
from wengert.facts import transpose
from wengert.registry import functions, table
from wengert.value import Value, bind


def _getitem(x: Any, index: Any) -> Any:
    return x[index]


def _scatter(ct: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with `ct` added at `index`: elements named several times receive every contribution."""
    array = np.zeros(shape, ct.dtype)
    _add_into(array, ct, index)
    return array


def _may_repeat(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype.kind in "iu" for part in parts)


def _add_into(array: Any, ct: Any, index: Any) -> None:
    if _may_repeat(index):
        np.add.at(array, index, ct)
    else:
        array[index] += ct


# fmt: off
getitem = structural("getitem", _getitem, [transpose(lambda ct, x, *, index: table.scatter(ct, index=index, shape=x.shape))],
                     notation="{0}[{index}]", alias="Index", add_into=_add_into, views=True)
scatter = structural("scatter", _scatter, [transpose(lambda ct, x, *, index, shape: table.getitem(ct, index=index))],
                     notation="{0} at [{index}]", precedence=2, alias="Scatter")
# fmt: on


def _plain_index(index: Any) -> Any:
    """The index as NumPy sees it, on its own: sequences and values are arrays, and none is the user's to change."""
    return tuple(map(_plain_part, index)) if isinstance(index, tuple) else _plain_part(index)


def _plain_part(part: Any) -> Any:
    if isinstance(part, Value):
        if part.dtype.kind not in "iub":
            raise IndexError("only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays are valid indices")
        return part._concrete()
    if isinstance(part, (list, tuple, range)):
        array = np.asarray(part)
        return array if array.size else array.astype(np.intp)
    return part.copy() if isinstance(part, np.ndarray) else part


@composed(np.ndarray.__getitem__)
def _index(x: Any, index: Any) -> Any:
    return bind(getitem, (x,), {"index": _plain_index(index)})


@composed(np.take)
def _take(a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Any:
    refuse(np.take, out=out)
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = normalize_axis_index(axis, a.ndim)
    return a[(slice(None),) * axis + (_within(np.asarray(indices), a.shape[axis], mode),)]


def _within(indices: Any, n: int, mode: str) -> Any:
    """The indices with those out of range brought into it as `mode` says."""
    if mode == "wrap":
        return indices % n
    if mode == "clip":
        return np.clip(indices, 0, n - 1)
    if mode != "raise":
        raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got {mode!r})")
    return indices


@composed(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    indices = np.asarray(indices)
    if axis is None:
        arr, axis = np.ravel(arr), 0
    axis = normalize_axis_index(axis, arr.ndim)
    if indices.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    if indices.ndim != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    grid = np.ogrid[tuple(slice(n) for n in arr.shape)]
    return arr[tuple(indices if k == axis else grid[k] for k in range(arr.ndim))]


_select = functions[np.where]


@composed(np.where)
def _where(condition: Any, *branches: Any) -> Any:
    return _select(condition, *branches) if branches else np.nonzero(condition)


@composed(np.nonzero)
def _nonzero(a: Any) -> tuple[Any, ...]:
    try:
        return np.nonzero(a._concrete())
    except TraceError:
        raise TraceError(
            "np.nonzero was called on a value that is known by shape and dtype only.",
            why="The shape of its result depends on the values.",
            remedy="Use np.where with three arguments.",
            where=user_location(),
        ) from None


def _of_values(function: Any) -> Any:
    """A question about values whose answer is no array: asked of the plain arrays."""

    def handler(*args: Any, **kwargs: Any) -> Any:
        return function(*(x._concrete() if isinstance(x, Value) else x for x in args), **kwargs)

    return handler


for _function in (np.allclose, np.array_equal, np.isclose, np.array_equiv, np.array_repr, np.array_str, np.array2string):
    functions[_function] = _of_values(_function)
