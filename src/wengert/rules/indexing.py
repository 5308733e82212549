"""Indexing: basic, with integer arrays and with boolean masks; and its transpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.declaration import composed, structural
from wengert.errors import TraceError, user_location
from wengert.facts import transpose
from wengert.value import Value, bind, functions, table


def _getitem(x: Any, index: Any) -> Any:
    return x[index]


def _scatter(ct: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with `ct` added at `index`: elements named several times receive every contribution."""
    array = np.zeros(shape, ct.dtype)
    if _may_repeat(index):
        np.add.at(array, index, ct)
    else:
        array[index] = ct
    return array


def _may_repeat(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype.kind in "iu" for part in parts)


# fmt: off
getitem = structural("getitem", _getitem, [transpose(lambda ct, x, *, index: table.scatter(ct, index=index, shape=x.shape))],
                     notation="{0}[{index}]", alias="Index")
scatter = structural("scatter", _scatter, [transpose(lambda ct, x, *, index, shape: table.getitem(ct, index=index))],
                     notation="{0} at [{index}]", precedence=2, alias="Scatter")
# fmt: on


def _plain_index(index: Any) -> Any:
    """The index with every value that carries no derivative replaced by its array."""
    if isinstance(index, tuple):
        return tuple(_plain_index(part) for part in index)
    if isinstance(index, Value):
        if index.dtype.kind not in "iub":
            raise IndexError("only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays are valid indices")
        return index._concrete()
    return np.asarray(index) if isinstance(index, list) else index


@composed(np.ndarray.__getitem__)
def _index(x: Any, index: Any) -> Any:
    return bind(getitem, (x,), {"index": _plain_index(index)})


@composed(np.take)
def _take(a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Any:
    if axis is None:
        a, axis = np.ravel(a), 0
    return a[(slice(None),) * (axis % a.ndim) + (np.asarray(indices),)]


@composed(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    if axis is None:
        arr, axis = np.ravel(arr), 0
    axis = axis % arr.ndim
    grid = np.ogrid[tuple(slice(n) for n in np.shape(indices))]
    return arr[tuple(np.asarray(indices) if k == axis else grid[k] for k in range(arr.ndim))]


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
