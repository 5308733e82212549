"""Calls of functions that the core declares or composes."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(5)
_MATRIX = _RNG.uniform(0.5, 2.0, (3, 4))
_VECTOR = _RNG.uniform(0.5, 2.0, 5)

CALLS = {
    "numpy.var": [
        call(np.var, _VECTOR, complex_too=True),
        call(lambda a: np.var(a, axis=1, ddof=1, keepdims=True), _MATRIX),
    ],
    "numpy.ptp": [call(lambda a: np.ptp(a, axis=0), _MATRIX)],
    "numpy.trace": [call(lambda a: np.trace(a, 1), _MATRIX, complex_too=True)],
}
