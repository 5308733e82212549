"""Calls of interpolation, convolution, histograms and window functions."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(24)
_LONG, _SHORT = _RNG.uniform(-2, 2, 7), _RNG.uniform(-2, 2, 4)
_X = np.array([[-1.0, 0.3, 1.5], [2.2, 3.0, 5.0]])
_XP, _FP = np.array([0.0, 1.2, 2.1, 3.7]), _RNG.uniform(-2, 2, 4)
_DATA, _WEIGHTS = 0.1 * _RNG.permutation(12) + 0.03, _RNG.uniform(0.2, 1, 12)
_EDGES = [0.0, 0.25, 0.5, 1.08]


def _both_ways(function, mode):
    return [
        call(lambda a, v: function(a, v, mode), _LONG, _SHORT, complex_too=True),
        call(lambda a, v: function(a, v, mode=mode), _SHORT, _LONG, complex_too=True),
        call(lambda a, v: function(a, v, mode), _LONG[:4], _SHORT),
        call(lambda v: function([1, 2, 0, 1, 5], v, mode), _SHORT),
        call(lambda a: function(a, [1j, 2], mode), _SHORT, single_too=False),
    ]


def _columns(found):
    hist, edges = found
    return (hist, *edges)


CALLS = {
    "numpy.convolve": [
        *[c for mode in ("full", "same", "valid") for c in _both_ways(np.convolve, mode)],
        call(np.convolve, 0.7, _SHORT),
    ],
    "numpy.correlate": [
        *[c for mode in ("full", "same", "valid") for c in _both_ways(np.correlate, mode)],
        call(np.correlate, _LONG, _SHORT),
    ],
    "numpy.interp": [
        call(np.interp, _X, _XP, _FP),
        call(np.interp, 1.7, _XP, _FP),
        call(lambda x: np.interp(x, [0, 1.2, 2.1, 3.7], [1, 2, -1, 4]), _X),
        call(lambda fp: np.interp([0.4, 2.0], _XP, fp), _FP, complex_too=True),
        call(lambda x, l, r: np.interp(x, _XP, _FP, left=l, right=r), _X, 0.4, 2.0),
        call(lambda x, xp, fp, p: np.interp(x, xp, fp, period=p), _X, _XP, _FP, 3.05),
        call(lambda x, xp, fp: np.interp(x, xp, fp, period=-7), _X, _XP[[2, 0, 3, 1]], _FP),
        call(lambda x, fp: np.interp(x, _XP, fp * (1 + 2j)), _X, _FP),
        call(lambda x, fp: x + np.interp(x, [1.0], fp), _X, _FP[:1]),
    ],
    "numpy.histogram": [
        call(lambda a: np.histogram(a, 4), _DATA),
        call(lambda a, w: np.histogram(a, _EDGES, weights=w), _DATA, _WEIGHTS),
        call(lambda w: np.histogram(_DATA, 5, weights=w), _WEIGHTS, complex_too=True, single_too=False),
        call(lambda a, w: np.histogram(a, 3, (0.2, 0.95), True, w), _DATA, _WEIGHTS),
        call(lambda a: np.histogram(a, 4, density=True), _DATA),
        call(lambda a, e: np.histogram(a, e, density=True), _DATA, np.array(_EDGES)),
        call(lambda a: np.histogram(a, "sturges"), _DATA, traceable=False),
        call(lambda a: np.histogram(a, "fd", range=(0.06, 1.08), density=True)[0], _DATA, traceable=False),
        call(lambda a, r: np.histogram(a, 3, range=(0, r), density=True), _DATA, 1.08),
        call(lambda a: np.histogram(a.reshape(3, 4), 3, weights=np.arange(12).reshape(3, 4)), _DATA),
    ],
    "numpy.histogram_bin_edges": [
        call(lambda a: np.histogram_bin_edges(a, 4), _DATA),
        call(lambda a: np.histogram_bin_edges(a, "auto"), _DATA, traceable=False),
    ],
    "numpy.histogram2d": [
        call(lambda x, y: np.histogram2d(x, y, 3), _DATA, _DATA[::-1]),
        call(lambda x, y, w: np.histogram2d(x, y, (3, _EDGES), density=True, weights=w), _DATA, _DATA, _WEIGHTS),
        call(lambda x, y: np.histogram2d(x, y, _EDGES, density=True), _DATA, _DATA),
    ],
    "numpy.histogramdd": [
        call(lambda s: _columns(np.histogramdd(s, 2)), _DATA.reshape(4, 3)),
        call(lambda x, y: _columns(np.histogramdd([x, y], [2, 3], [(0, 1.2), None], True)), _DATA, _DATA[::-1]),
        call(lambda s, w: np.histogramdd(s, (2, 3, _EDGES), weights=w)[0], _DATA.reshape(4, 3), _WEIGHTS[:4]),
    ],
    "numpy.bincount": [
        call(lambda w: np.bincount([1, 0, 4, 1], w), _SHORT),
        call(lambda w: np.bincount(np.array([1, 0, 4, 1]), weights=w, minlength=8), _SHORT),
        call(lambda w: np.bincount((w > 0).astype(int), w), _SHORT, traceable=False),
        call(lambda w: np.bincount((w > 0).astype(int)) * w[:2], _SHORT, traceable=False),
    ],
    "numpy.kaiser": [call(lambda beta: np.kaiser(7, beta), 5.3, single_too=False)],
    "numpy.i0": [call(np.i0, _LONG * 3), call(np.i0, _SHORT.reshape(2, 2))],
}
