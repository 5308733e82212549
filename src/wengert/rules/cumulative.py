"""Functions along one axis whose elements depend on those before them: cumulative sums, products, extrema.

The derivative of a cumulative product is a linear recurrence, h_k = a_k h_{k-1} + b_k, and so are its own derivatives:
the row `linear_recurrence` closes the table. Nothing is divided, so that zeros among the factors are nothing special.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.declaration import composed, refuse, structural
from wengert.facts import tangent, transpose
from wengert.registry import functions, table
from wengert.rules.ordering import known
from wengert.value import bind

__all__ = ["part"]

_FEW = 8  # statements of a recurrence that a loop takes less time for than a further level of the tree


def part(ndim: int, axis: int, start: int | None, stop: int | None = None) -> tuple[Any, ...]:
    """The index of the slice ``start:stop`` of one axis."""
    whole: list[Any] = [slice(None)] * ndim
    whole[axis] = slice(start, stop)
    return tuple(whole)


# --- linear recurrences ----------------------------------------------------------------------------------------


def _recurrence(a: Any, b: Any, axis: int) -> Any:
    dtype = np.result_type(a, b)
    h = _recurrence_along(np.moveaxis(a, axis, 0).astype(dtype), np.moveaxis(b, axis, 0).astype(dtype))
    return np.moveaxis(h, 0, axis)


def _recurrence_along(a: Any, b: Any) -> Any:
    """The recurrence along axis 0 by pairs of steps, which are steps of a recurrence half as long: O(n).

    Two steps are one with the product of their factors (Kogge and Stone 1973); where a product overflows, which the
    steps one by one need not do, they are taken one by one.
    """
    n = a.shape[0]
    with np.errstate(over="ignore", invalid="ignore"):
        product = a[1:n:2] * a[0 : n - 1 : 2]
        if n <= _FEW or not np.all(np.isfinite(product)):
            return _step_by_step(a, b)
        h = np.empty_like(b)
        h[1::2] = _recurrence_along(product, a[1:n:2] * b[0 : n - 1 : 2] + b[1:n:2])
    h[0] = b[0]
    h[2::2] = a[2::2] * h[1 : n - 1 : 2] + b[2::2]
    return h


def _step_by_step(a: Any, b: Any) -> Any:
    h = b.copy()
    for k in range(1, b.shape[0]):
        h[k] += a[k] * h[k - 1]
    return h


def _before(y: Any, first: float, axis: int) -> Any:
    """The elements before those of `y`, with `first` before the first."""
    start = np.full(y[part(y.ndim, axis, 0, 1)].shape, first, y.dtype)
    return np.concatenate([start, y[part(y.ndim, axis, 0, -1)]], axis=axis)


def _conj(x: Any) -> Any:
    return np.conj(x) if x.dtype.kind == "c" else x


def _following(a: Any, axis: int) -> Any:
    """The factors of the transposed recurrence, which goes from the last element to the first."""
    return _before(np.flip(a, axis), 0, axis)


def _recur_back(ct: Any, a: Any, axis: int) -> Any:
    """The transpose of the recurrence in b: g_k = ct_k + a_{k+1} g_{k+1}, from the last element to the first."""
    return np.flip(table.linear_recurrence(_following(_conj(a), axis), np.flip(ct, axis), axis=axis), axis)


# --- products and extrema --------------------------------------------------------------------------------------


def _segments(y: Any, x: Any, axis: int) -> tuple[Any, Any, Any]:
    """For a cumulative extremum y of x: 1 where it stays the same, where x attains it, and how often it has so far."""
    real = y.real.dtype
    stays = np.equal(y, _before(y, np.nan, axis)).astype(real)
    attained = np.equal(x, y)
    return stays, attained, table.linear_recurrence(stays, attained.astype(real), axis=axis)


def _segment_sums(x: Any, stays: Any, axis: int) -> Any:
    """Cumulative sums that begin anew where `stays` is 0, so that an element has no part in other segments."""
    numbers = known(stays)
    if numbers is None:
        return table.linear_recurrence(stays, x, axis=axis)
    return bind(segment_sums, (x,), {"stays": numbers, "axis": axis})


def _extremum_tangent(t: Any, y: Any, x: Any, axis: int) -> Any:
    stays, attained, count = _segments(y, x, axis)
    return _segment_sums(np.where(attained, t, 0), stays, axis) / count


def _extremum_adjoint(ct: Any, y: Any, x: Any, axis: int) -> Any:
    stays, attained, count = _segments(y, x, axis)
    total = np.flip(_segment_sums(np.flip(ct / count, axis), _following(stays, axis), axis), axis)
    return np.where(attained, total, np.where(np.equal(y, y), 0, np.nan))


_EXTREMUM = tangent(lambda t, y, x, *, axis: _extremum_tangent(t, y, x, axis),
                    lambda ct, y, x, *, axis: _extremum_adjoint(ct, y, x, axis))
_TIES = "shared evenly among the ties so far, as in max and min"

# fmt: off
cumsum = structural("cumsum", np.cumsum, [transpose(lambda ct, x, *, axis: np.flip(np.cumsum(np.flip(ct, axis), axis), axis))], alias="Cumsum")
linear_recurrence = structural("linear_recurrence", _recurrence,
    [tangent(lambda t, y, a, b, *, axis: table.linear_recurrence(a, t * _before(y, 0, axis), axis=axis),
             lambda ct, y, a, b, *, axis: _conj(_before(y, 0, axis)) * _recur_back(ct, a, axis)),
     transpose(lambda ct, a, b, *, axis: _recur_back(ct, a, axis))])
cumprod = structural("cumprod", np.cumprod,
    [tangent(lambda t, y, x, *, axis: table.linear_recurrence(x, t * _before(y, 1, axis), axis=axis),
             lambda ct, y, x, *, axis: _conj(_before(y, 1, axis)) * _recur_back(ct, x, axis))],
    at_kinks="exact with zeros among the factors")
segment_sums = structural("segment_sums", lambda x, stays, axis: _recurrence(stays, x, axis),
    [transpose(lambda ct, x, *, stays, axis: np.flip(table.segment_sums(np.flip(ct, axis), stays=_following(stays, axis), axis=axis), axis))])
cummax = structural("cummax", np.maximum.accumulate, [_EXTREMUM], analytic=False, at_kinks=_TIES)
cummin = structural("cummin", np.minimum.accumulate, [_EXTREMUM], analytic=False, at_kinks=_TIES)
# fmt: on


def _accumulation(prim: Any, function: Any, a: Any, axis: int | None, dtype: Any, out: Any) -> Any:
    refuse(function, out=out)
    if dtype is not None:
        a = a.astype(dtype)
    if axis is None or a.ndim == 0:
        a, axis = np.ravel(a), axis or 0
    return bind(prim, (a,), {"axis": normalize_axis_index(axis, a.ndim)})


@composed(np.cumsum)
def _cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    return _accumulation(cumsum, np.cumsum, a, axis, dtype, out)


@composed(np.cumprod)
def _cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    return _accumulation(cumprod, np.cumprod, a, axis, dtype, out)


def _accumulate_method(ufunc: np.ufunc, prim: Any) -> None:
    def handler(array: Any, axis: int = 0, dtype: Any = None, out: None = None) -> Any:
        if array.ndim == 0:
            raise TypeError("cannot accumulate on a scalar")
        return _accumulation(prim, ufunc, array, axis, dtype, out)

    functions[ufunc.accumulate] = handler


for _ufunc, _prim in ((np.add, cumsum), (np.multiply, cumprod), (np.maximum, cummax), (np.minimum, cummin)):
    _accumulate_method(_ufunc, _prim)


def _cumulative(function: Any, prim: Any, first: int) -> None:
    """NumPy's `function` of the Array API standard, whose first element may be that of no terms."""

    def handler(
        x: Any, /, *, axis: int | None = None, dtype: Any = None, out: None = None, include_initial: bool = False
    ) -> Any:
        if axis is None and x.ndim >= 2:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        y = _accumulation(prim, function, np.atleast_1d(x), 0 if axis is None else axis, dtype, out)
        if not include_initial:
            return y
        axis = normalize_axis_index(0 if axis is None else axis, y.ndim)
        shape = tuple(1 if k == axis else n for k, n in enumerate(y.shape))
        return np.concatenate([np.full(shape, first, y.dtype), y], axis=axis)

    functions[function] = handler


if hasattr(np, "cumulative_sum"):  # NumPy 2.1
    _cumulative(np.cumulative_sum, cumsum, 0)
    _cumulative(np.cumulative_prod, cumprod, 1)
