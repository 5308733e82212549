"""`np.take` and `np.take_along_axis`: elements by numbers, which may be values themselves, such as those of a sort.

Plain numbers are an index like any other. Those that are a value are an operand of primitives of their own, so that a
list is right for other inputs too. Their rules go the first way again where a sweep knows the numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.declaration import composed, refuse, structural
from wengert.facts import flat, tangent
from wengert.registry import table
from wengert.rules.ordering import known
from wengert.rules.structural import along, array_of
from wengert.value import Value, bind


def _within(indices: Any, n: int, mode: str) -> Any:
    """The indices with those out of range brought into it as `mode` says."""
    if mode == "wrap":
        return indices % n
    if mode == "clip":
        return np.clip(indices, 0, n - 1)
    return indices


def _grid(indices: Any, shape: tuple[int, ...], axis: int) -> tuple[Any, ...]:
    """The index that takes along one axis of an array of `shape`."""
    places = np.ogrid[tuple(slice(n) for n in shape)]
    return tuple(indices if k == axis else places[k] for k in range(len(shape)))


def _put_at(ct: Any, indices: Any, shape: tuple[int, ...], axis: int, mode: str) -> Any:
    array = np.zeros(shape, ct.dtype)
    np.add.at(array, along(axis, _within(indices, shape[axis], mode)), ct)
    return array


def _put_along(ct: Any, indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    array = np.zeros(shape, ct.dtype)
    np.add.at(array, _grid(indices, shape, axis), ct)
    return array


def _taken(x: Any, indices: Any, shape: tuple[int, ...], axis: int, mode: str) -> Any:
    numbers = known(indices)
    if numbers is None:
        return bind(take, (x, indices), {"shape": shape, "axis": axis, "mode": mode})
    return x[along(axis, _within(numbers, shape[axis], mode))]


def _put_back(ct: Any, indices: Any, shape: tuple[int, ...], axis: int, mode: str) -> Any:
    numbers = known(indices)
    if numbers is None:
        return bind(take_transpose, (ct, indices), {"shape": shape, "axis": axis, "mode": mode})
    return table.scatter(ct, index=along(axis, _within(numbers, shape[axis], mode)), shape=shape)


def _taken_along(x: Any, indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    numbers = known(indices)
    if numbers is None:
        return bind(take_along_axis, (x, indices), {"shape": shape, "axis": axis})
    return x[_grid(numbers, shape, axis)]


def _put_back_along(ct: Any, indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    numbers = known(indices)
    if numbers is None:
        return bind(take_along_axis_transpose, (ct, indices), {"shape": shape, "axis": axis})
    return table.scatter(ct, index=_grid(numbers, shape, axis), shape=shape)


# `shape` is that of the array that is taken from.
# fmt: off
take = structural("take", lambda x, indices, shape, axis, mode: np.take(x, indices, axis, mode=mode),
                  [tangent(lambda t, y, x, indices, *, shape, axis, mode: _taken(t, indices, shape, axis, mode),
                           lambda ct, y, x, indices, *, shape, axis, mode: _put_back(ct, indices, shape, axis, mode)), flat])
take_transpose = structural("take_transpose", _put_at,
                  [tangent(lambda t, y, x, indices, *, shape, axis, mode: _put_back(t, indices, shape, axis, mode),
                           lambda ct, y, x, indices, *, shape, axis, mode: _taken(ct, indices, shape, axis, mode)), flat])
take_along_axis = structural("take_along_axis", lambda x, indices, shape, axis: np.take_along_axis(x, indices, axis),
                  [tangent(lambda t, y, x, indices, *, shape, axis: _taken_along(t, indices, shape, axis),
                           lambda ct, y, x, indices, *, shape, axis: _put_back_along(ct, indices, shape, axis)), flat])
take_along_axis_transpose = structural("take_along_axis_transpose", _put_along,
                  [tangent(lambda t, y, x, indices, *, shape, axis: _put_back_along(t, indices, shape, axis),
                           lambda ct, y, x, indices, *, shape, axis: _taken_along(ct, indices, shape, axis)), flat])
# fmt: on


def _check_zeros(indices: Any, mode: Any) -> None:
    """Raise NumPy's error for a number that is no place of an axis of length 1, where it is known."""
    numbers = known(indices)
    if numbers is not None:
        np.take(np.empty(1), numbers, mode=mode)


@composed(np.take)
def _take(a: Any, indices: Any, axis: int | None = None, out: None = None, mode: Any = "raise") -> Any:
    refuse(np.take, out=out)
    a, indices = array_of(a), indices if hasattr(indices, "dtype") else np.array(indices, np.intp)
    a, axis = (np.ravel(a), 0) if axis is None else (a, normalize_axis_index(axis, a.ndim))
    if mode not in ("raise", "wrap", "clip") or indices.dtype.kind not in "iub":
        np.take(np.empty(1), np.empty(1, indices.dtype), mode=mode)  # NumPy's errors
    if a.shape[axis] == 0 and indices.size:
        np.take(np.empty(0), 0)
    if indices.dtype.kind == "b":
        indices = indices.astype(np.intp)
    if not isinstance(indices, Value):
        return _taken(a, indices, a.shape, axis, mode)
    if a.shape[axis] == 1:
        _check_zeros(indices, mode)
        mode = "clip"  # types are inferred from ones, and 1 is no place there
    return bind(take, (a, indices), {"shape": a.shape, "axis": axis, "mode": mode})


@composed(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    arr, indices = array_of(arr), array_of(indices)
    if axis is None:
        if indices.ndim != 1:
            raise ValueError("when axis=None, `indices` must have a single dimension.")
        arr, axis = np.ravel(arr), 0
    axis = normalize_axis_index(axis, arr.ndim)
    if indices.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    if indices.ndim != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    if not isinstance(indices, Value):
        return _taken_along(arr, indices, arr.shape, axis)
    if arr.shape[axis] == 1:
        _check_zeros(indices, "raise")
        return np.broadcast_to(arr, np.broadcast_shapes(arr.shape, indices.shape))
    return bind(take_along_axis, (arr, indices), {"shape": arr.shape, "axis": axis})
