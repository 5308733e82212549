"""Order statistics: medians, percentiles and quantiles.

The positions of the order statistics in the array are flat; they are found by one partial sort where the fractions q and
the number of elements are known, by one sort otherwise. The statistics are gathered by them, so that what is not
selected has no part in the derivative. Equal elements count in the order in which they stand (see `ordering`).

A quantile is a piecewise linear function of q for the methods that interpolate, and flat in q for the others. At a joint
its derivative in q is the slope on the right, at the last element that on the left.

The methods are those of Hyndman and Fan (1996), with NumPy's names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.declaration import composed, normalized_axes, refuse, structural
from wengert.facts import flat
from wengert.rules.moments import laid_along
from wengert.rules.ordering import argpartition, array, known, stable_order
from wengert.rules.reductions import warn_if
from wengert.value import Value, bind

_Where = Callable[[Any, Any], Any]

# --- where an order statistic is looked for --------------------------------------------------------------------


def _plotting_position(alpha: float, beta: float) -> _Where:
    return lambda n, q: n * q + (alpha + q * (1 - alpha - beta)) - 1


def _nearest_of(index: Any, takes_lower: Any) -> Any:
    lower = np.floor(index)
    return np.maximum(np.where(takes_lower, lower, lower + 1), 0)


def _inverted_cdf(n: Any, q: Any) -> Any:
    index = n * q - 1
    return _nearest_of(index, index == np.floor(index))


def _closest_observation(n: Any, q: Any) -> Any:
    index = n * q - 1 - 0.5
    lower = np.floor(index)
    return _nearest_of(index, (index == lower) & (lower % 2 == 1))


# fmt: off
#: Method → the place of the q-quantile among n sorted elements, counted from 0 and not always whole.
_CONTINUOUS: dict[str, _Where] = {
    "linear": lambda n, q: (n - 1) * q,
    "interpolated_inverted_cdf": _plotting_position(0, 1),
    "hazen": _plotting_position(0.5, 0.5),
    "weibull": _plotting_position(0, 0),
    "median_unbiased": _plotting_position(1 / 3, 1 / 3),
    "normal_unbiased": _plotting_position(3 / 8, 3 / 8),
}
_DISCRETE: dict[str, _Where] = {
    "inverted_cdf": _inverted_cdf,
    "closest_observation": _closest_observation,
    "lower": lambda n, q: np.floor((n - 1) * q),
    "higher": lambda n, q: np.ceil((n - 1) * q),
    "nearest": lambda n, q: np.around((n - 1) * q),
}
#: Method → the place, and the weight of the element after it for the fraction of the place that is left.
_AVERAGING: dict[str, tuple[_Where, Callable[[Any], Any]]] = {
    "averaged_inverted_cdf": (lambda n, q: n * q - 1, lambda fraction: np.where(fraction == 0, 0.5, 1.0)),
    "midpoint": (lambda n, q: 0.5 * (np.floor((n - 1) * q) + np.ceil((n - 1) * q)), lambda fraction: np.where(fraction == 0, 0.0, 0.5)),
}
# fmt: on
_METHODS = {*_CONTINUOUS, *_DISCRETE, *_AVERAGING}


def _not_negative(n: Any) -> Any:
    return max(n, 0) if isinstance(n, int) else np.maximum(n, 0)


def _places(method: str, n: Any, q: Any) -> tuple[Any, Any, Any]:
    """The places of the two elements that a quantile lies between, and the weight of the second; or one, ``None``s."""
    top = _not_negative(n - 1)
    if method in _DISCRETE or (method == "linear" and q.dtype.kind in "iu"):
        place = _DISCRETE.get(method, _CONTINUOUS["linear"])(n, q)
        return np.clip(place, 0, top).astype(np.intp), None, None
    if method in _AVERAGING:
        where, weight = _AVERAGING[method]
        place = where(n, q)
        lower = np.floor(place)
        low, high = (np.clip(k, 0, top).astype(np.intp) for k in (lower, lower + 1))
        return low, high, weight(place - lower).astype(place.dtype)
    place = _CONTINUOUS[method](n, q)
    lower = np.clip(np.floor(place), 0, _not_negative(top - 1))
    return lower.astype(np.intp), np.minimum(lower + 1, top).astype(np.intp), np.clip(place - lower, 0, 1)


def _between(low: Any, high: Any, weight: Any) -> Any:
    """The linear interpolation, from the nearer end: exact at both."""
    step = high - low
    return np.where(weight >= 0.5, high - step * (1 - weight), low + step * weight)


# --- samples: the reduced axes as one, the last ----------------------------------------------------------------


def _samples(a: Any, axes: tuple[int, ...]) -> Any:
    kept = [k for k in range(a.ndim) if k not in axes]
    return np.transpose(a, (*kept, *axes)).reshape((*(a.shape[k] for k in kept), math.prod(a.shape[k] for k in axes)))


def _restored(y: Any, q_shape: tuple[int, ...], shape: tuple[int, ...], axes: tuple[int, ...], keepdims: bool) -> Any:
    """The axes of the fractions first; the reduced ones with length 1 where they are to be kept, else dropped."""
    rest = tuple(1 if k in axes else n for k, n in enumerate(shape) if keepdims or k not in axes)
    return np.moveaxis(y, -1, 0).reshape(q_shape + rest)[()]


def _taken(samples: Any, *places: Any) -> list[Any]:
    """The elements at places among the sorted ones of each sample; `places` of all samples, or of each."""
    if any(isinstance(k, Value) or (k.ndim > 1 and k.shape[:-1] != (1,) * (k.ndim - 1)) for k in places):
        order = stable_order(samples)
        shapes = [(*samples.shape[:-1], k.shape[-1]) for k in places]
        found = [np.take_along_axis(order, np.broadcast_to(k, n), axis=-1) for k, n in zip(places, shapes, strict=True)]
        return [np.take_along_axis(samples, index, axis=-1) for index in found]
    flat_places = [k.ravel() for k in places]
    kth = tuple(np.unique(np.concatenate(flat_places)).tolist())
    order = bind(argpartition, (samples,), {"kth": kth, "axis": samples.ndim - 1})
    return [np.take_along_axis(samples, order[..., k], axis=-1) for k in flat_places]


def _may_have_nan(a: Any) -> bool:
    numbers = known(a) if a.dtype.kind in "fc" else False
    return numbers is None or bool(np.any(np.isnan(numbers)))


def _counts(samples: Any) -> Any:
    """For each sample the number of elements that are no nan."""
    count = np.sum(~np.isnan(samples), axis=-1, keepdims=True)
    warn_if(count == 0, "All-NaN slice encountered")
    return count


def _spoiled(y: Any, samples: Any) -> Any:
    """The statistic, and of a sample with a nan what its maximum is."""
    has_nan = np.any(np.isnan(samples), axis=-1, keepdims=True)
    return np.where(has_nan, np.max(samples, axis=-1, keepdims=True), y)


def _statistic(samples: Any, statistic: Callable[[Any], Any], ignores_nan: bool) -> Any:
    """What `statistic` finds for the number of elements, with the nan among them left out or not."""
    if not _may_have_nan(samples):
        return statistic(samples.shape[-1])
    if not ignores_nan:
        return _spoiled(statistic(samples.shape[-1]), samples)
    count = _counts(samples)
    return np.where(count == 0, np.nan, statistic(count))


def _quantile_of(samples: Any, q: Any, method: str, n: Any, is_weak: bool) -> Any:
    """The quantiles q, a vector, of each sample: along a last axis."""
    low, high, weight = _places(method, n if isinstance(n, int) else n.astype(np.result_type(q, np.float16)), q)
    if high is None:
        return _taken(samples, low)[0]
    if is_weak and samples.dtype.kind == "f":
        weight = weight.astype(samples.dtype)
    before, after = _taken(samples, low, high)
    return _between(before, after, weight)


def _middle_of(samples: Any, n: Any) -> Any:
    """The mean of the one or two elements in the middle of each sample."""
    if isinstance(n, int):
        places = np.unique([(n - 1) // 2, n // 2])
    else:
        places = np.concatenate([np.maximum(n - 1, 0) // 2, n // 2], axis=-1)
    return np.mean(_taken(samples, places)[0], axis=-1, keepdims=True)


# --- weights ---------------------------------------------------------------------------------------------------


def _weighted_positions(samples: Any, weights: Any, q: Any) -> Any:
    """For each sample the positions of its quantiles q by the inverse of the cumulated weights, as NumPy finds them."""
    order = np.argsort(samples, axis=-1, kind="stable")
    cdf = np.cumsum(np.take_along_axis(np.broadcast_to(weights, samples.shape), order, -1), axis=-1, dtype=float)
    cdf /= cdf[..., -1:]
    if np.any(np.isnan(cdf[..., -1])):
        raise ValueError("Weights included NaN, inf or were all zero.")
    cdf = cdf.astype(q.dtype) if q.dtype.kind == "f" else cdf
    cdf[cdf == 0] = -1  # an element without weight is no quantile, not even for q = 0
    n = samples.shape[-1]
    rows = [np.minimum(np.searchsorted(row, q), n - 1) for row in cdf.reshape(-1, n)]
    places = np.array(rows, np.intp).reshape((*samples.shape[:-1], q.size))
    return np.take_along_axis(order, places, -1)


weighted_positions = structural("weighted_positions", _weighted_positions, [flat, flat, flat])


def _weighted_quantile_of(samples: Any, weights: Any, q: Any, ignores_nan: bool) -> Any:
    has_nan = _may_have_nan(samples)
    if has_nan and ignores_nan:
        is_number = ~np.isnan(samples)
        # Of a sample of nothing else any element will do.
        weights = np.where(is_number | ~np.any(is_number, axis=-1, keepdims=True), weights, 0)
    y = np.take_along_axis(samples, bind(weighted_positions, (samples, weights, q), {}), axis=-1)
    return _spoiled(y, samples) if has_nan and not ignores_nan else y


def _check_weights(weights: Any, method: str, a: Any, axis: Any) -> Any:
    if method != "inverted_cdf":
        raise ValueError(f"Only method 'inverted_cdf' supports weights. Got: {method}.")
    weights = laid_along(array(weights), axis, a.shape)
    numbers = known(weights)
    if numbers is not None and np.any(numbers < 0):
        raise ValueError("Weights must be non-negative.")
    return weights


# --- NumPy's functions -----------------------------------------------------------------------------------------


def _check_fractions(q: Any, most: int) -> None:
    """Refuse what NumPy refuses of q, which is a fraction of `most`."""
    numbers = known(q)
    if numbers is not None and numbers.size and not (np.min(numbers) >= 0 and np.max(numbers) <= 1):
        what = "Percentiles" if most == 100 else "Quantiles"
        raise ValueError(f"{what} must be in the range [0, {most}]")
    if q.ndim > 2:
        raise ValueError("q must be a scalar or 1d")


def _quantiles(function: Callable[..., Any], *, most: int, ignores_nan: bool) -> None:
    """Declare one of NumPy's four functions of fractions of 1 or of 100."""

    @composed(function)
    def handler(  # noqa: PLR0913  # NumPy's parameters
        a: Any, q: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, method: str = "linear",
        keepdims: bool = False, *, weights: Any = None,
    ) -> Any:  # fmt: skip
        refuse(function, out=out)
        a = array(a)
        if a.dtype.kind == "c":
            raise TypeError("a must be an array of real numbers")
        is_weak = type(q) in (int, float)
        q = array(q) if most == 1 else array(q) / most
        _check_fractions(array(q), most)
        if weights is not None:
            weights = _check_weights(weights, method, a, axis)
        elif method not in _METHODS:
            np.quantile(np.zeros(1), 0.5, method=method)  # type: ignore[call-overload]  # NumPy's exception
        axes = normalized_axes(axis, a.ndim)
        if a.size == 0 and ignores_nan:
            return np.nanmean(a, axis=axis, keepdims=keepdims)
        samples = _samples(a, axes)
        if samples.shape[-1] == 0:
            return np.quantile(np.empty(a.shape), known(q), axis=axes, keepdims=keepdims)  # NumPy's exception
        fractions = np.ravel(q)
        if weights is None:
            y = _statistic(samples, lambda n: _quantile_of(samples, fractions, method, n, is_weak), ignores_nan)
        else:
            y = _weighted_quantile_of(samples, _samples(np.broadcast_to(weights, a.shape), axes), fractions, ignores_nan)
        return _restored(y, np.shape(q), a.shape, axes, keepdims)


_quantiles(np.quantile, most=1, ignores_nan=False)
_quantiles(np.percentile, most=100, ignores_nan=False)
_quantiles(np.nanquantile, most=1, ignores_nan=True)
_quantiles(np.nanpercentile, most=100, ignores_nan=True)


def _medians(function: Callable[..., Any], *, ignores_nan: bool) -> None:
    @composed(function)
    def handler(
        a: Any, axis: Any = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False
    ) -> Any:
        refuse(function, out=out)
        axes = normalized_axes(axis, a.ndim)
        samples = _samples(a, axes)
        if samples.shape[-1] == 0:
            return np.mean(a, axis=axes, keepdims=keepdims)
        y = _statistic(samples, lambda n: _middle_of(samples, n), ignores_nan)
        return _restored(y, (), a.shape, axes, keepdims)


_medians(np.median, ignores_nan=False)
_medians(np.nanmedian, ignores_nan=True)
