"""Operands and parameters of the primitives of sequences of samples."""

from __future__ import annotations

import numpy as np

from laws.given import given

_RNG = np.random.default_rng(13)
_LONG, _SHORT = _RNG.uniform(-2, 2, 5), _RNG.uniform(-2, 2, 3)

SHAPES = {
    "convolve": [
        given(_LONG, _SHORT, mode="full"),
        given(_SHORT, _LONG, mode="full"),
        given(_LONG, _SHORT, mode="valid"),
        given(_SHORT, _SHORT[::-1], mode="valid"),
    ],
}
FIXED_OPERANDS = {"bessel_i": {0: np.array([0, 1, 2])}}
