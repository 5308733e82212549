"""Calls of sorting, searching, order statistics and set functions."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(21)
# Numbers that are well apart, so that no step changes their order.
_VECTOR = 0.3 * _RNG.permutation(9) + 0.5
_MATRIX = 0.3 * _RNG.permutation(12).reshape(3, 4) - 1.1
_CUBE = 0.3 * _RNG.permutation(24).reshape(2, 3, 4) - 3.1
_GAPS = np.where(_RNG.random((3, 4)) < 0.25, np.nan, 1.0)
_HOLES = np.array([1.0, np.nan, 1.0, 1.0, np.nan, 1.0, 1.0, 1.0, 1.0])
_WEIGHTS = _RNG.uniform(0.2, 1.0, (3, 4))
_FRACTIONS = [0.12, 0.5, 0.93]

_INTERPOLATING = [
    "linear", "hazen", "weibull", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf",
]  # fmt: skip
_OTHERS = [
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "lower", "higher", "midpoint", "nearest",
]  # fmt: skip


def _all_methods(function, most):
    """The derivative in the data for every method; in q too, away from the joints."""
    a = _MATRIX
    calls = [
        call(lambda a, m=method: function(a, 0.43 * most, axis=1, method=m), a) for method in _INTERPOLATING + _OTHERS
    ]
    calls += [
        call(lambda a, q, m=method: function(a, q, axis=0, method=m), a, 0.43 * most)
        for method in _INTERPOLATING + _OTHERS
    ]
    return calls


def _quantiles(function, most):
    return [
        *_all_methods(function, most),
        call(lambda a: function(a, 0.5 * most), _VECTOR),
        call(lambda a: function(a, most), _VECTOR),
        call(lambda a: function(a, 0), _VECTOR),
        call(lambda a: function(a, np.array(_FRACTIONS) * most, axis=(0, 2), keepdims=True), _CUBE),
        call(lambda a: function(a, [[0.12 * most], [0.7 * most]], axis=-1), _MATRIX),
        call(lambda a, q: function(a, q, axis=1, keepdims=True), _MATRIX, np.array([0.13, 0.61]) * most),
        call(lambda q: function(_MATRIX, q, axis=1), 0.43 * most),
        call(lambda a: function(a, 0.4 * most, axis=(), keepdims=True), _MATRIX),
        call(
            lambda a: function(a, np.array(_FRACTIONS) * most, axis=1, weights=_WEIGHTS, method="inverted_cdf"), _MATRIX
        ),
        call(lambda a: function(a, 0.5 * most, weights=_WEIGHTS, method="inverted_cdf", keepdims=True), _MATRIX),
        call(lambda a, w: function(a, 0.3 * most, axis=1, weights=w, method="inverted_cdf"), _MATRIX, _WEIGHTS),
        call(lambda a: function(a, 0.3 * most), np.float64(0.7)),
    ]


def _medians(function):
    return [
        call(function, _VECTOR, complex_too=True),
        call(function, _MATRIX, complex_too=True),
        call(lambda a: function(a, axis=0), _MATRIX),
        call(lambda a: function(a, axis=1, keepdims=True), _MATRIX),
        call(lambda a: function(a, axis=(-1, 0)), _CUBE),
        call(lambda a: function(a, axis=(), keepdims=True), _MATRIX),
        call(function, np.float64(0.7)),
    ]


def _weights_of_an_axis(function):
    """NumPy's own versions that leave out nan fail for weights of one axis alone."""
    return [call(lambda a: function(a, 0.5, axis=0, weights=[1, 2, 1], method="inverted_cdf"), _MATRIX)]


def _with_nan(function, *args, **options):
    """Calls on arrays that have nan in some places."""
    return [
        call(lambda a: function(a * _GAPS, *args, axis=0, **options), _MATRIX),
        call(lambda a: function(a * _GAPS, *args, axis=1, keepdims=True, **options), _MATRIX),
        call(lambda a: function(a * _GAPS, *args, **options), _MATRIX),
        call(lambda a: function(a * _HOLES, *args, **options), _VECTOR),
    ]


CALLS = {
    "numpy.sort": [
        call(np.sort, _VECTOR, complex_too=True),
        call(np.sort, _MATRIX),
        call(lambda a: np.sort(a, axis=0), _MATRIX, complex_too=True),
        call(lambda a: np.sort(a, axis=None), _MATRIX),
        call(lambda a: np.sort(a, 1, "heapsort"), _CUBE),
        call(lambda a: np.sort(a, stable=True), _VECTOR),
        call(lambda a: np.sort(a, kind="mergesort") * np.arange(9), _VECTOR),
        call(lambda a: np.sort(a[::-1] ** 2)[2:5], _VECTOR),
    ],
    "numpy.partition": [
        call(lambda a: np.partition(a, 4), _VECTOR, complex_too=True),
        call(lambda a: np.partition(a, (1, 2), axis=0), _MATRIX),
        call(lambda a: np.partition(a, [0, 7], axis=None), _MATRIX),
        call(lambda a: np.partition(a, -2, axis=1), _CUBE),
    ],
    "numpy.sort_complex": [
        call(np.sort_complex, _VECTOR, complex_too=True),
        call(np.sort_complex, _MATRIX, complex_too=True),
    ],
    "numpy.argsort": [
        call(lambda a: np.take_along_axis(a, np.argsort(a, axis=1), axis=1), _MATRIX),
        call(lambda a: a**2 * np.argsort(a, axis=0, kind="stable"), _MATRIX),
        call(lambda a: np.argsort(a, axis=None, stable=True) * np.sum(a), _MATRIX),
    ],
    "numpy.argpartition": [call(lambda a: a * np.argpartition(a, 2, axis=0), _MATRIX)],
    "numpy.argmax": [call(lambda a: a * np.argmax(a, axis=0), _MATRIX), call(lambda a: np.argmax(a) * a, _VECTOR)],
    "numpy.argmin": [call(lambda a: a * np.argmin(a, axis=1, keepdims=True), _MATRIX)],
    "numpy.nanargmax": [call(lambda a: a * np.nanargmax(a * _GAPS, axis=0), _MATRIX)],
    "numpy.nanargmin": [call(lambda a: a * np.nanargmin(a * _GAPS), _MATRIX)],
    "numpy.lexsort": [call(lambda a, b: a * np.lexsort((a, b)), _VECTOR, _VECTOR[::-1])],
    "numpy.searchsorted": [
        call(lambda a, v: v * np.searchsorted(a, v, side="right"), np.sort(_VECTOR) + 0.1, _MATRIX),
        call(lambda a: np.searchsorted(a, 1.2, sorter=np.argsort(a)) * a, _VECTOR),
        call(lambda v: v * np.searchsorted([0.02, 0.9, 2], v), _MATRIX),
    ],
    "numpy.digitize": [
        call(lambda a: a * np.digitize(a, [-1, 0.05, 0.9]), _MATRIX),
        call(lambda a, b: np.sum(a) * np.digitize(a, b, right=True), _MATRIX, np.array([2.05, 0.45, -0.3])),
    ],
    "numpy.argwhere": [call(lambda a: np.sum(a) * np.argwhere(a > 0), _MATRIX, traceable=False)],
    "numpy.flatnonzero": [call(lambda a: np.sum(a) * np.flatnonzero(a > 0), _MATRIX, traceable=False)],
    "numpy.median": _medians(np.median),
    "numpy.percentile": [*_quantiles(np.percentile, 100), *_weights_of_an_axis(np.percentile)],
    "numpy.quantile": [*_quantiles(np.quantile, 1), *_weights_of_an_axis(np.quantile)],
    "numpy.nanmedian": [*_medians(np.nanmedian), *_with_nan(np.nanmedian)],
    "numpy.nanpercentile": [
        *_quantiles(np.nanpercentile, 100),
        *_with_nan(np.nanpercentile, 30),
        *_with_nan(np.nanpercentile, [10, 77.0], method="weibull"),
    ],
    "numpy.nanquantile": [
        *_quantiles(np.nanquantile, 1),
        *_with_nan(np.nanquantile, 0.3),
        *[c for method in _OTHERS for c in _with_nan(np.nanquantile, 0.43, method=method)[:2]],
        call(lambda a, q: np.nanquantile(a * _GAPS, q, axis=0), _MATRIX, np.array([0.21, 0.66])),
        call(
            lambda a: np.nanquantile(a * _GAPS, 0.4, axis=1, weights=_WEIGHTS, method="inverted_cdf"),
            _MATRIX,
        ),
    ],
    "numpy.unique": [
        call(np.unique, _MATRIX, complex_too=True, traceable=False),
        call(lambda a: np.unique(np.concatenate([a, a[:3]]), return_counts=True)[0], _VECTOR, traceable=False),
        call(
            lambda a: np.unique(np.stack([a, a, -a]), axis=0, return_index=True, return_inverse=True),
            _VECTOR,
            traceable=False,
        ),
        call(lambda a: np.unique(a, True)[0], _VECTOR, traceable=False),
    ],
    "numpy.unique_values": [call(lambda a: np.unique_values(np.append(a, a[0])), _VECTOR, traceable=False)],
    "numpy.unique_counts": [call(lambda a: tuple(np.unique_counts(a)), _MATRIX, traceable=False)],
    "numpy.unique_inverse": [call(lambda a: tuple(np.unique_inverse(a)), _MATRIX, traceable=False)],
    "numpy.unique_all": [call(lambda a: tuple(np.unique_all(a)), _MATRIX, traceable=False)],
    "numpy.intersect1d": [
        call(lambda a: np.intersect1d(a, a[:4] * 1.0) ** 2, _VECTOR, traceable=False),
        call(lambda a: np.intersect1d(a, a[1:5], return_indices=True), _VECTOR, traceable=False),
    ],
    "numpy.union1d": [call(np.union1d, _MATRIX, _VECTOR + 0.04, traceable=False)],
    "numpy.setdiff1d": [call(lambda a: np.setdiff1d(a, a[2:5]), _VECTOR, traceable=False)],
    "numpy.setxor1d": [call(lambda a: np.setxor1d(a, a[2:5]), _VECTOR, traceable=False)],
    "numpy.isin": [call(lambda a: a * np.isin(np.rint(a + 0.13), [1, 7]), _VECTOR)],
    "numpy.trim_zeros": [
        call(lambda a: np.trim_zeros(np.concatenate([[0, 0], a, [0]])), _VECTOR, traceable=False),
        call(lambda a: np.trim_zeros(a * (np.arange(4) > 1), "f", axis=1), _MATRIX, traceable=False),
        call(lambda a: np.trim_zeros(a * (np.arange(4) == 1)), _MATRIX, traceable=False),
    ],
}
