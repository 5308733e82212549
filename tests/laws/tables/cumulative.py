"""Operands and parameters of the primitives whose elements depend on those before them, and of nan functions."""

from __future__ import annotations

import numpy as np

from laws.given import given

_RNG = np.random.default_rng(12)
_VECTOR, _MATRIX = _RNG.uniform(0.5, 2, 21), _RNG.uniform(-2, 2, (3, 4))
_AXES = [given(_VECTOR[:5], axis=0), given(_MATRIX, axis=0), given(_MATRIX, axis=1)]
_REDUCTIONS = [
    given(_VECTOR[:4], axis=(0,), keepdims=False),
    given(_MATRIX, axis=(1,), keepdims=True),
    given(_MATRIX, axis=(0, 1), keepdims=False),
    given(np.float64(0.5), axis=(), keepdims=False),
]

SHAPES = {
    "cumprod": [*_AXES, given(_VECTOR, axis=0), given(np.array([2.0, 0.0, 3.0, 0.0, 0.5]), axis=0)],
    "cummax": _AXES,
    "cummin": _AXES,
    "linear_recurrence": [
        given(_VECTOR[:4], _VECTOR[4:8], axis=0),
        given(_MATRIX, _MATRIX[::-1], axis=1),
        given(_VECTOR, _VECTOR[::-1], axis=0),
    ],
    "segment_sums": [
        given(_VECTOR[:5], stays=np.array([0.0, 1.0, 1.0, 0.0, 1.0]), axis=0),
        given(_MATRIX, stays=np.tile([0.0, 1.0, 0.0, 1.0], (3, 1)), axis=1),
    ],
    "nanmax": _REDUCTIONS,
    "nanmin": _REDUCTIONS,
}
# The example of 21 factors has numbers of very different size.
TOLERANCES = {"cumprod": 1e-11, "linear_recurrence": 1e-11}
