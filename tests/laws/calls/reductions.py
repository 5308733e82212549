"""Calls of reductions, of those that leave out nan, and of covariances."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(22)
_VECTOR = 0.3 * _RNG.permutation(8) + 0.5
_MATRIX = 0.3 * _RNG.permutation(12).reshape(3, 4) - 1.1
_CUBE = 0.3 * _RNG.permutation(24).reshape(2, 3, 4) - 3.1
_MASK = np.array([[True, False, True, True], [False, True, True, False], [True, True, True, True]])
_GAPS = np.where(_MASK, 1.0, np.nan)
_WEIGHTS = _RNG.uniform(0.2, 1.0, (3, 4))


def _everywhere(function, *, complex_too=False):
    return [
        call(function, _VECTOR, complex_too=complex_too),
        call(lambda a: function(a, axis=0), _MATRIX, complex_too=complex_too),
        call(lambda a: function(a, axis=(0, -1), keepdims=True), _CUBE),
        call(lambda a: function(a, 1), _CUBE),
        call(lambda a: function(a, axis=1, keepdims=True), _MATRIX[:, :1] + _VECTOR[:3]),
    ]


def _leaving_out(function, *, complex_too=False):
    """Calls with nan among the elements."""
    return [
        *_everywhere(function, complex_too=complex_too),
        call(lambda a: function(a * _GAPS, axis=0), _MATRIX, complex_too=complex_too),
        call(lambda a: function(a * _GAPS, axis=1, keepdims=True), _MATRIX),
        call(lambda a: function(a * _GAPS), _MATRIX),
    ]


def _extrema(function, beyond):
    return [
        *_everywhere(function),
        call(lambda a, s: function(a, axis=0, initial=s), _MATRIX, 0.24),
        call(lambda a: function(a, axis=1, initial=beyond, where=_MASK, keepdims=True), _MATRIX),
        call(lambda a, s: function(a, initial=s, where=_MASK), _MATRIX, 9.0),
        call(lambda a: function(a, 1, None, True), _MATRIX),
    ]


_A_WEIGHTS = np.array([0.5, 1.0, 2.0, 0.7])

CALLS = {
    "numpy.sum": [
        *_everywhere(np.sum, complex_too=True),
        call(lambda a, s: np.sum(a, axis=1, where=_MASK, initial=s), _MATRIX, 0.4, complex_too=True),
    ],
    "numpy.prod": [
        *_everywhere(np.prod, complex_too=True),
        call(lambda a, s: np.prod(a, axis=1, where=_MASK, initial=s), _MATRIX, 0.4),
    ],
    "numpy.mean": [
        *_everywhere(np.mean, complex_too=True),
        call(lambda a: np.mean(a, axis=0, where=_MASK), _MATRIX, complex_too=True),
        call(lambda a: np.mean(a, dtype=np.float64), _VECTOR),
    ],
    "numpy.std": [
        *_everywhere(np.std, complex_too=True)[:-1],
        call(lambda a: np.std(a, axis=1, ddof=1, where=_MASK), _MATRIX, complex_too=True),
        call(lambda a: np.std(a, axis=0, correction=0.5, mean=np.mean(a, axis=0, keepdims=True)), _MATRIX),
    ],
    "numpy.max": _extrema(np.max, -np.inf),
    "numpy.min": _extrema(np.min, np.inf),
    "numpy.amax": [call(lambda a: np.amax(a, axis=0), _MATRIX)],
    "numpy.amin": [call(lambda a: np.amin(a, axis=0), _MATRIX)],
    "numpy.all": [call(lambda a: a * np.all(a > -0.9, axis=0, where=_MASK), _MATRIX)],
    "numpy.any": [call(lambda a: a * np.any(a > 0.9, 1, None, True), _MATRIX)],
    "numpy.count_nonzero": [call(lambda a: a * np.count_nonzero(a > 0, axis=0, keepdims=True), _MATRIX)],
    "numpy.average": [
        call(lambda a, w: np.average(a, axis=1, weights=w, returned=True), _MATRIX, _WEIGHTS, complex_too=True),
        call(lambda a: np.average(a, axis=(0, 2), weights=_WEIGHTS[:2], keepdims=True), _CUBE, complex_too=True),
        call(lambda w: np.average(_MATRIX, axis=0, weights=w), _WEIGHTS[:, 0]),
    ],
    "numpy.nansum": [
        *_leaving_out(np.nansum, complex_too=True),
        call(lambda a, s: np.nansum(a * _GAPS, 1, None, None, True, s, _MASK), _MATRIX, 0.5),
    ],
    "numpy.nanprod": _leaving_out(np.nanprod, complex_too=True),
    "numpy.nanmean": [
        *_leaving_out(np.nanmean, complex_too=True),
        call(lambda a: np.nanmean(a * _GAPS, axis=0, where=_MASK[::-1]), _MATRIX),
    ],
    "numpy.nanvar": [
        *_leaving_out(np.nanvar, complex_too=True),
        call(lambda a: np.nanvar(a * _GAPS, axis=1, ddof=0.5, where=_MASK[:, ::-1]), _MATRIX),
        call(lambda a, m: np.nanvar(a * _GAPS, axis=0, mean=m, correction=0.2), _MATRIX, 0.3),
    ],
    "numpy.nanstd": [*_leaving_out(np.nanstd, complex_too=True)[:4], *_leaving_out(np.nanstd)[5:]],
    "numpy.nanmax": [
        *_leaving_out(np.nanmax),
        call(lambda a, s: np.nanmax(a * _GAPS, axis=0, initial=s, where=_MASK[::-1]), _MATRIX, -7.0),
    ],
    "numpy.nanmin": [
        *_leaving_out(np.nanmin),
        call(lambda a, s: np.nanmin(a * _GAPS, axis=0, initial=s, where=_MASK[::-1]), _MATRIX, 7.0),
    ],
    "numpy.nancumsum": [
        call(lambda a: np.nancumsum(a * _GAPS, axis=1), _MATRIX, complex_too=True),
        call(lambda a: np.nancumsum(a * _GAPS), _MATRIX),
    ],
    "numpy.nancumprod": [
        call(lambda a: np.nancumprod(a * _GAPS, axis=0), _MATRIX, complex_too=True),
        call(lambda a: np.nancumprod(a * _GAPS), _MATRIX),
    ],
    "numpy.nan_to_num": [
        call(lambda a: np.nan_to_num(a * _GAPS), _MATRIX, complex_too=True),
        call(lambda a, n: np.nan_to_num(a * _GAPS, nan=n), _MATRIX, 0.3),
        call(lambda a, p: np.nan_to_num(a + np.where(_MASK, 0, np.inf), True, 0.5, p, -1.0), _MATRIX, 0.3),
    ],
    "numpy.real_if_close": [
        call(np.real_if_close, _VECTOR, complex_too=True, traceable=False),
        call(lambda a: np.real_if_close(a + 1e-20j), _VECTOR, traceable=False),
    ],
    "numpy.cov": [
        call(np.cov, _MATRIX, complex_too=True),
        call(np.cov, _VECTOR, complex_too=True),
        call(lambda m, y: np.cov(m, y, rowvar=False), _MATRIX, _CUBE[0]),
        call(lambda m, y: np.cov(m, y, bias=True), _VECTOR, _VECTOR[::-1] ** 2),
        call(lambda m: np.cov(m, ddof=0, fweights=[1, 2, 1, 3]), _MATRIX, complex_too=True),
        call(lambda m, w: np.cov(m, aweights=w), _MATRIX, _A_WEIGHTS),
        call(lambda m, w: np.cov(m, fweights=[1, 2, 1, 3], aweights=w, ddof=2), _MATRIX, _A_WEIGHTS),
        call(lambda m, w: np.cov(m, bias=True, aweights=w), _MATRIX, _A_WEIGHTS),
        call(lambda m: np.cov(m, dtype=np.float32), _MATRIX, value_rtol=1e-5, order=1, rtol=1e-3, step=0.1),
    ],
    "numpy.corrcoef": [
        call(np.corrcoef, _MATRIX, complex_too=True),
        call(np.corrcoef, _VECTOR, _VECTOR[::-1] ** 2),
        call(lambda x: np.corrcoef(x, rowvar=False), _CUBE[0][:, :3] ** 2),
        call(np.corrcoef, _VECTOR),
    ],
}
