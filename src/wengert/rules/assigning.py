"""NumPy's functions that write into an array: each is an assignment to elements, ``a[index] = values``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.declaration import composed
from wengert.errors import LostDerivativeError, user_location
from wengert.rules.ordering import known
from wengert.value import Value


def _check_target(function: Callable[..., Any], target: Any) -> None:
    """Refuse to write values into a plain array."""
    if not isinstance(target, Value):
        raise LostDerivativeError(
            f"np.{function.__name__} would write a value that carries a derivative into a NumPy array.",
            why="A NumPy array holds plain numbers only.",
            remedy="Make the array with np.zeros_like(x), of a value x; it can be written to.",
            where=user_location(),
        )


def _plain(x: Any) -> Any:
    return x._concrete() if isinstance(x, Value) else np.asarray(x)


def _recycled(values: Any, positions: Any) -> Any:
    """The elements of `values` at these positions, counted round and round."""
    flat = np.ravel(values)
    return flat[positions % flat.size]


@composed(np.copyto)
def _copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    _check_target(np.copyto, dst)
    source = src if hasattr(src, "dtype") else np.asarray(src)
    if not np.can_cast(source.dtype, dst.dtype, casting):  # type: ignore[arg-type]  # NumPy checks the word
        raise TypeError(f"Cannot cast array data from {source.dtype!r} to {dst.dtype!r} according to the rule {casting!r}")
    dst[...] = src if where is True else np.where(where, src, dst)


@composed(np.put)
def _put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    _check_target(np.put, a)
    indices = np.ravel(_plain(ind))
    if mode == "raise":
        if np.any((indices < -a.size) | (indices >= a.size)):
            raise IndexError(f"index {indices[(indices < -a.size) | (indices >= a.size)][0]} is out of bounds for axis 0 with size {a.size}")
    elif mode == "clip":
        indices = np.clip(indices, 0, a.size - 1)
    if indices.size:
        a[np.unravel_index(indices % a.size, a.shape)] = _recycled(v, np.arange(indices.size))


@composed(np.place)
def _place(arr: Any, mask: Any, vals: Any) -> None:
    _check_target(np.place, arr)
    places = np.nonzero(np.reshape(_plain(mask), arr.shape))
    if places[0].size and np.size(vals) == 0:
        raise ValueError("Cannot insert from an empty array!")
    arr[places] = _recycled(vals, np.arange(places[0].size))


@composed(np.putmask)
def _putmask(a: Any, mask: Any, values: Any) -> None:
    _check_target(np.putmask, a)
    chosen = _plain(mask).astype(bool)
    if chosen.size != a.size:
        raise ValueError("putmask: mask and data must be the same size")
    if np.size(values):
        a[np.nonzero(np.reshape(chosen, a.shape))] = _recycled(values, np.flatnonzero(chosen))


@composed(np.put_along_axis)
def _put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    _check_target(np.put_along_axis, arr)
    # Along an axis, numbers that are known by type alone are those of each run.
    places = indices if axis is not None and known(indices) is None else _plain(indices)
    if places.dtype.kind not in "iu":
        raise IndexError("`indices` must be an integer array")
    if axis is None:
        if places.ndim != 1:
            raise ValueError("when axis=None, `indices` must have a single dimension.")
        arr[np.unravel_index(places % arr.size, arr.shape)] = values
        return
    along = normalize_axis_index(axis, arr.ndim)
    if places.ndim != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    grid = np.ogrid[tuple(slice(n) for n in arr.shape)]
    arr[tuple(places if k == along else grid[k] for k in range(arr.ndim))] = values


@composed(np.fill_diagonal)
def _fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    _check_target(np.fill_diagonal, a)
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    if a.ndim > 2 and len(set(a.shape)) != 1:
        raise ValueError("All dimensions of input must be of equal length")
    step = a.shape[1] + 1 if a.ndim == 2 else 1 + int(np.cumprod(a.shape[:-1]).sum())
    end = a.shape[1] * a.shape[1] if a.ndim == 2 and not wrap else None
    places = np.arange(a.size)[:end:step]
    a[np.unravel_index(places, a.shape)] = _recycled(val, np.arange(places.size))
