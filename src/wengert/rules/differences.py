"""Differences along an axis, what is divided by them and what is integrated with them: compositions."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.declaration import composed, normalized_axes
from wengert.rules.cumulative import part
from wengert.rules.ordering import array

_NO_VALUE: Any = np._NoValue  # what NumPy tells from None


def _row(x: Any, shape: tuple[int, ...], axis: int) -> Any:
    """What is joined to an array of `shape`: a number as a slice of length 1."""
    x = array(x)
    return x if x.ndim else np.broadcast_to(x, tuple(1 if k == axis else n for k, n in enumerate(shape)))


@composed(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = _NO_VALUE, append: Any = _NO_VALUE) -> Any:
    if n == 0:
        return a
    if n < 0:
        raise ValueError("order must be non-negative but got " + repr(n))
    a = array(a)
    if a.ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional")
    axis = normalize_axis_index(axis, a.ndim)
    joined = [a if x is a else _row(x, a.shape, axis) for x in (prepend, a, append) if x is not _NO_VALUE]
    if len(joined) > 1:
        a = np.concatenate(joined, axis=axis)
    difference = np.not_equal if a.dtype == bool else np.subtract
    for _ in range(operator.index(n)):
        a = difference(a[part(a.ndim, axis, 1)], a[part(a.ndim, axis, None, -1)])
    return a


@composed(np.ediff1d)
def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    ary = np.ravel(array(ary))
    pieces = [ary[1:] - ary[:-1]]
    if to_begin is not None:
        pieces.insert(0, _ends_like(ary, to_begin, "to_begin"))
    if to_end is not None:
        pieces.append(_ends_like(ary, to_end, "to_end"))
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def _ends_like(ary: Any, ends: Any, name: str) -> Any:
    ends = np.ravel(array(ends))
    if not np.can_cast(ends.dtype, ary.dtype, casting="same_kind"):
        raise TypeError(f"dtype of `{name}` must be compatible with input `ary` under the `same_kind` rule.")
    return ends.astype(ary.dtype)


# --- numerical derivatives -------------------------------------------------------------------------------------


@composed(np.gradient)
def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = array(f)
    axes = normalized_axes(axis, f.ndim)
    spacings = _spacings(f, varargs, axes)
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    if f.dtype.kind not in "fc":
        f = f.astype(float)
    found = tuple(_slope(f, h, k, edge_order) for k, h in zip(axes, spacings, strict=True))
    return found[0] if len(axes) == 1 else found


def _spacings(f: Any, given: tuple[Any, ...], axes: tuple[int, ...]) -> list[Any]:
    """For each axis a number, or the differences of the coordinates along it."""
    if not given:
        return [1.0] * len(axes)
    if len(given) == 1 and np.ndim(given[0]) == 0:
        return list(given) * len(axes)
    if len(given) != len(axes):
        raise TypeError("invalid number of arguments")
    return [_spacing(array(x), f.shape[k]) if np.ndim(x) else x for x, k in zip(given, axes, strict=True)]


def _spacing(coordinates: Any, length: int) -> Any:
    if coordinates.ndim != 1:
        raise ValueError("distances must be either scalars or 1d")
    if len(coordinates) != length:
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    return np.diff(coordinates.astype(float) if coordinates.dtype.kind in "iu" else coordinates)


def _slope(f: Any, h: Any, axis: int, edge_order: int) -> Any:
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError(
            "Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) elements are "
            "required."
        )

    def at(start: int | None, stop: int | None = None) -> Any:
        return f[part(f.ndim, axis, start, stop)]

    if np.ndim(h) == 0:
        inner = (at(2) - at(None, -2)) / (2.0 * h)
        first, last = _uniform_ends(at, n, h, edge_order)
    else:
        h = h.reshape(tuple(-1 if k == axis else 1 for k in range(f.ndim)))
        h1, h2 = h[part(f.ndim, axis, None, -1)], h[part(f.ndim, axis, 1)]
        whole = h1 + h2
        inner = -h2 / (h1 * whole) * at(None, -2) + (h2 - h1) / (h1 * h2) * at(1, -1) + h1 / (h2 * whole) * at(2)
        first, last = _uneven_ends(at, n, lambda k: h[part(f.ndim, axis, k % (n - 1), k % (n - 1) + 1)], edge_order)
    found = np.concatenate([first, inner, last], axis=axis)
    return found if found.dtype == f.dtype else found.astype(f.dtype)


def _uniform_ends(at: Any, n: int, h: Any, edge_order: int) -> tuple[Any, Any]:
    if edge_order == 1:
        return (at(1, 2) - at(0, 1)) / h, (at(n - 1) - at(n - 2, n - 1)) / h
    first = -1.5 / h * at(0, 1) + 2.0 / h * at(1, 2) + -0.5 / h * at(2, 3)
    return first, 0.5 / h * at(n - 3, n - 2) + -2.0 / h * at(n - 2, n - 1) + 1.5 / h * at(n - 1)


def _uneven_ends(at: Any, n: int, step: Any, edge_order: int) -> tuple[Any, Any]:
    """The one-sided slopes at the ends; by a parabola through the three last points for the second order."""
    if edge_order == 1:
        return (at(1, 2) - at(0, 1)) / step(0), (at(n - 1) - at(n - 2, n - 1)) / step(-1)
    h1, h2 = step(0), step(1)
    first = (
        -(2.0 * h1 + h2) / (h1 * (h1 + h2)) * at(0, 1)
        + (h1 + h2) / (h1 * h2) * at(1, 2)
        + -h1 / (h2 * (h1 + h2)) * at(2, 3)
    )
    h1, h2 = step(-2), step(-1)
    last = (
        h2 / (h1 * (h1 + h2)) * at(n - 3, n - 2)
        + -(h2 + h1) / (h1 * h2) * at(n - 2, n - 1)
        + (2.0 * h2 + h1) / (h2 * (h1 + h2)) * at(n - 1)
    )
    return first, last


# --- integrals and angles --------------------------------------------------------------------------------------


@composed(np.trapezoid)
def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = array(y)
    axis = normalize_axis_index(axis, y.ndim)
    steps = dx
    if x is not None:
        x = array(x)
        steps = np.diff(x, axis=axis if x.ndim > 1 else 0)
        if x.ndim == 1:
            steps = steps.reshape(tuple(-1 if k == axis else 1 for k in range(y.ndim)))
    heights = y[part(y.ndim, axis, 1)] + y[part(y.ndim, axis, None, -1)]
    return np.sum(steps * heights / 2.0, axis=axis)


@composed(np.unwrap)
def _unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * math.pi) -> Any:
    """The number of periods that are added is flat; a step of half a period stays as it is."""
    p = array(p)
    steps = np.diff(p, axis=axis)
    axis = normalize_axis_index(axis, p.ndim)
    if discont is None:
        discont = period / 2
    dtype = np.result_type(steps, period)
    is_whole = dtype.kind in "iu"
    half, odd = divmod(period, 2) if is_whole else (period / 2, 0)
    wrapped = np.mod(steps + half, period) - half
    if not odd:
        wrapped = np.where((wrapped == -half) & (steps > 0), half, wrapped)
    periods = np.where(np.abs(steps) < discont, 0, np.rint((wrapped - steps) / period))
    rest = p[part(p.ndim, axis, 1)] + np.cumsum(periods, axis=axis) * period
    found = np.concatenate([p[part(p.ndim, axis, None, 1)], rest], axis=axis)
    return found if found.dtype == dtype else found.astype(dtype)
