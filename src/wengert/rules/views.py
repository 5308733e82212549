"""NumPy's read-only views that are no slices: diagonals and sliding windows."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple
from numpy.lib.stride_tricks import sliding_window_view

from wengert.declaration import composed, structural
from wengert.facts import transpose
from wengert.registry import table
from wengert.value import bind


def _on_diagonal(ct: Any, shape: tuple[int, ...], offset: int, axes: tuple[int, int]) -> Any:
    """Zeros of `shape` with `ct` on a diagonal: the transpose of taking it."""
    array = np.zeros(shape, ct.dtype)
    diagonal = np.diagonal(array, offset, *axes)
    diagonal.flags.writeable = True
    diagonal[...] = ct
    return array


def _windows(x: Any, window: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    return sliding_window_view(x, window, axes)


def _sum_of_windows(ct: Any, shape: tuple[int, ...], window: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """Add each window back to where it was taken: one addition for each place within a window."""
    array = np.zeros(shape, ct.dtype)
    for place in itertools.product(*map(range, window)):
        array[_seen_at(place, shape, window, axes)] += ct[(..., *place)]
    return array


def _seen_at(
    place: Sequence[int], shape: tuple[int, ...], window: tuple[int, ...], axes: tuple[int, ...]
) -> tuple[slice, ...]:
    """The elements that all windows together have at one place."""
    start, less = [0] * len(shape), [0] * len(shape)
    for k, length, axis in zip(place, window, axes, strict=True):
        start[axis] += k
        less[axis] += length - 1
    return tuple(slice(s, s + n - m) for s, n, m in zip(start, shape, less, strict=True))


# fmt: off
diagonal = structural("diagonal", lambda x, offset, axes: np.diagonal(x, offset, *axes),
                      [transpose(lambda ct, x, *, offset, axes: table.on_diagonal(ct, shape=x.shape, offset=offset, axes=axes))],
                      alias="Diagonal", views=True)
on_diagonal = structural("on_diagonal", _on_diagonal,
                         [transpose(lambda ct, x, *, shape, offset, axes: table.diagonal(ct, offset=offset, axes=axes))])
windows = structural("sliding_window_view", _windows,
                     [transpose(lambda ct, x, *, window, axes: table.sum_of_windows(ct, shape=x.shape, window=window, axes=axes))],
                     alias="Unfold", views=True)
sum_of_windows = structural("sum_of_windows", _sum_of_windows,
                            [transpose(lambda ct, x, *, shape, window, axes: table.sliding_window_view(ct, window=window, axes=axes))])
# fmt: on


@composed(np.diagonal)
def _diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    if a.ndim < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    axes = normalize_axis_index(axis1, a.ndim), normalize_axis_index(axis2, a.ndim)
    if axes[0] == axes[1]:
        raise ValueError("axis1 and axis2 cannot be the same")
    return bind(diagonal, (a,), {"offset": int(offset), "axes": axes})


@composed(sliding_window_view)
def _sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    window = tuple(window_shape) if np.iterable(window_shape) else (window_shape,)
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim, allow_duplicate=True)
    if len(window) != len(axes):
        if axis is None:
            raise ValueError(
                "Since axis is `None`, must provide window_shape for all dimensions of `x`; "
                f"got {len(window)} window_shape elements and `x.ndim` is {x.ndim}."
            )
        raise ValueError(
            "Must provide matching length window_shape and axis; "
            f"got {len(window)} window_shape elements and {len(axes)} axes elements."
        )
    if any(n < 0 for n in window):
        raise ValueError("`window_shape` cannot contain negative values")
    return bind(windows, (x,), {"window": window, "axes": axes})
