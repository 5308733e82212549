"""Histograms and sums by bins: linear in the weights.

In which bin an element falls is flat. The edges are not where they follow from the data: the least and the largest
element carry their derivative, and so does a density, whose bins are as wide as these say.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.declaration import composed
from wengert.registry import table
from wengert.rules.ordering import array, concrete, known
from wengert.value import Value, bind

# --- edges -----------------------------------------------------------------------------------------------------


def _outer_edges(a: Any, limits: Any) -> tuple[Any, Any]:
    """The limits, or the least and the largest element; a half to each side where they are one."""
    if limits is not None:
        first, last = limits
    elif a.size == 0:
        first, last = 0, 1
    else:
        first, last = np.min(a), np.max(a)
        low, high = known(first), known(last)
        if low is not None and not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError(f"autodetected range of [{low}, {high}] is not finite")
    return _widened(first, last)


def _widened(first: Any, last: Any) -> tuple[Any, Any]:
    if not isinstance(first, Value) and not isinstance(last, Value):
        return (first - 0.5, last + 0.5) if first == last else (first, last)
    width = np.where(np.equal(first, last), 0.5, 0.0).astype(np.result_type(first, last))
    return first - width, last + width


def _even_edges(a: Any, count: int, limits: Any, dtype: Any = None) -> Any:
    """The edges of bins of equal width, of `dtype` or of that of the limits."""
    first, last = _outer_edges(a, limits)
    if isinstance(first, Value) or isinstance(last, Value):
        inner = np.arange(count, dtype=np.result_type(first, last, 1.0)) * ((last - first) / count) + first
        edges = np.concatenate([inner, np.reshape(last, 1)])
        edges = edges if dtype in (None, edges.dtype) else edges.astype(dtype)
    else:
        edges = np.linspace(first, last, count + 1, dtype=dtype)
    numbers = known(edges)
    if numbers is not None and np.any(numbers[:-1] >= numbers[1:]):
        raise ValueError(f"Too many bins for data range. Cannot create {count} finite-sized bins.")
    return edges


def _edges(a: Any, bins: Any, limits: Any, weights: Any) -> Any:
    """The edges of the bins, for each of the forms that NumPy's parameter has."""
    if isinstance(bins, str):
        numbers = concrete(a, np.histogram, "The number of bins")
        judged = None if weights is None else np.ones(weights.shape)
        found = np.histogram_bin_edges(numbers, bins, _plain_limits(limits), judged)
        return _even_edges(a, len(found) - 1, limits, found.dtype)
    if np.ndim(bins):
        if (numbers := known(bins)) is not None:
            np.histogram_bin_edges(np.empty(0), numbers)  # NumPy's exceptions
        return array(bins)
    np.histogram_bin_edges(np.empty(0), bins, _plain_limits(limits))
    ends = np.result_type(a, *(() if limits is None else limits))
    return _even_edges(a, operator.index(bins), limits, ends if ends.kind in "fc" else np.dtype(float))


def _plain_limits(limits: Any) -> Any:
    """The range as NumPy takes it; none where it is not known."""
    if limits is None:
        return None
    numbers = [known(x) for x in limits]
    return None if any(x is None for x in numbers) else tuple(x[()] for x in numbers)


@composed(np.histogram_bin_edges)
def _histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    a, weights = _flattened(a, weights)
    return _edges(a, bins, range, weights)


def _flattened(a: Any, weights: Any) -> tuple[Any, Any]:
    a = array(a)
    if weights is None:
        return np.ravel(a), None
    weights = array(weights)
    if weights.shape != a.shape:
        raise ValueError("weights should have the same shape as a.")
    return np.ravel(a), np.ravel(weights)


# --- sums of the weights in each bin ---------------------------------------------------------------------------


def _sums(counted: Any, place: Any, count: int) -> Any:
    """The sum of what is counted at each of `count` places."""
    if isinstance(place, Value):
        return bind(table.take_along_axis_transpose, (counted, place), {"shape": (count,), "axis": 0})
    return table.scatter(counted, index=place, shape=(count,))


def _bin(a: Any, edges: Any) -> Any:
    """The number of the bin of each element, from 1; 0 before the first, one more than there are after the last."""
    return np.searchsorted(edges, a, side="right") - np.equal(a, edges[-1])


@composed(np.histogram)
def _histogram(
    a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Any, Any]:
    a, weights = _flattened(a, weights)
    edges = _edges(a, bins, range, weights)
    counted = np.ones(a.shape, np.intp) if weights is None else weights
    n = _sums(counted, _bin(a, edges), edges.size + 1)[1:-1]
    return (n / np.diff(edges).astype(float) / np.sum(n), edges) if density else (n, edges)


@composed(np.histogramdd)
def _histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Any, list[Any]]:
    columns = _columns(sample)
    is_count = isinstance(bins, (int, np.integer))
    plain_bins = bins if is_count else [_known_or_one(b) for b in bins]
    plain_range = None if range is None else [_plain_limits(limits) for limits in range]
    np.histogramdd(np.empty((0, len(columns))), plain_bins, plain_range)  # NumPy's exceptions
    all_bins = [bins] * len(columns) if is_count else bins
    limits = [None] * len(columns) if range is None else range
    edges = [
        array(b) if np.ndim(b) else _even_edges(x, operator.index(b), r)
        for x, b, r in zip(columns, all_bins, limits, strict=True)
    ]
    hist = _joint_sums(columns, edges, weights)
    return (_density(hist, edges), edges) if density else (hist, edges)


def _columns(sample: Any) -> list[Any]:
    if not hasattr(sample, "shape"):
        return [np.ravel(array(x)) for x in sample]
    if sample.ndim != 2:
        sample = np.atleast_2d(sample).T
    return [sample[:, k] for k in np.arange(sample.shape[1])]


def _known_or_one(bins: Any) -> Any:
    """Bins for NumPy to judge: some valid ones in the place of those that are not known."""
    numbers = known(bins) if isinstance(bins, Value) else bins
    return 1 if numbers is None else numbers


def _joint_sums(columns: Sequence[Any], edges: Sequence[Any], weights: Any) -> Any:
    shape = tuple(e.size + 1 for e in edges)
    place = 0
    for x, e, n in zip(columns, edges, shape, strict=True):
        place = place * n + _bin(x, e)
    counted = np.ones(columns[0].shape) if weights is None else array(weights).astype(float)
    total = _sums(counted, place, int(np.prod(shape)))
    return total.reshape(shape)[(slice(1, -1),) * len(shape)]


def _density(hist: Any, edges: Sequence[Any]) -> Any:
    share = hist / np.sum(hist)
    for k, e in enumerate(edges):
        share = share / np.diff(e).reshape(tuple(-1 if j == k else 1 for j in np.arange(len(edges))))
    return share


@composed(np.histogram2d)
def _histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> tuple[Any, Any, Any]:
    if len(x) != len(y):
        raise ValueError("x and y must have the same length.")
    is_shared = hasattr(bins, "__len__") and len(bins) not in (1, 2)
    hist, edges = _histogramdd([x, y], [array(bins)] * 2 if is_shared else bins, range, density, weights)
    return hist, edges[0], edges[1]


@composed(np.bincount)
def _bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    numbers = concrete(x, np.bincount, "The shape of its result")
    if weights is None:
        return np.bincount(numbers, minlength=minlength)
    weights = array(weights)
    count = len(np.bincount(numbers, np.zeros(weights.shape, weights.dtype), minlength))
    index = np.array(numbers, np.intp)  # a copy: the caller may change the array before the sweep
    return table.scatter(weights.astype(float), index=index, shape=(count,))
