"""Operands and parameters of the primitives of sorting and searching."""

from __future__ import annotations

import numpy as np

from laws.given import given

_RNG = np.random.default_rng(11)
_VECTOR, _MATRIX = _RNG.uniform(-2, 2, 5), _RNG.uniform(-2, 2, (2, 4))
_SORTED = np.array([-1.5, -0.25, 0.5, 1.75])

SHAPES = {
    "nanargmax": [given(_VECTOR, axis=None, keepdims=False), given(_MATRIX, axis=1, keepdims=True)],
    "nanargmin": [given(_VECTOR, axis=None, keepdims=False), given(_MATRIX, axis=0, keepdims=False)],
    "argpartition": [given(_VECTOR, kth=2, axis=0), given(_MATRIX, kth=(0, 2), axis=1)],
    "partition_order": [given(_VECTOR, kth=2, axis=0), given(_MATRIX, kth=(0, 2), axis=1)],
    "lexsort": [given(_VECTOR, _VECTOR[::-1], axis=-1), given(_MATRIX, _MATRIX > 0, axis=0)],
    "searchsorted": [given(_SORTED, _VECTOR, side="left"), given(_SORTED, _MATRIX, side="right")],
    "digitize": [given(_VECTOR, _SORTED, right=False), given(_MATRIX, _SORTED[::-1], right=True, free=(0,))],
    "weighted_positions": [
        given(_MATRIX, np.array([[1.0, 0.5, 2.0, 1.0]]), np.array([0.1, 0.6])),
        given(_VECTOR, np.ones(5), np.array([0.55])),
    ],
    "isin": [
        given(_VECTOR, _VECTOR[1:3], assume_unique=False, invert=False, kind=None),
        given(_MATRIX, _VECTOR, assume_unique=False, invert=True, kind="sort"),
    ],
}
