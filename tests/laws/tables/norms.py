"""Vectors and matrices for norms."""

from __future__ import annotations

import numpy as np

from laws.given import given

_RNG = np.random.default_rng(13)
_CUBE = _RNG.uniform(0.3, 2.0, (2, 3, 4))
_TALL = _RNG.normal(size=(4, 2))
_SQUARE = _RNG.normal(size=(3, 3)) + 2 * np.eye(3)

SHAPES = {
    "norm": [
        given(_CUBE[0, 0], axis=(0,), keepdims=False),
        given(_CUBE[0], axis=(0, 1), keepdims=True),
        given(_CUBE, axis=(1,), keepdims=False),
        given(_CUBE, axis=(2, 0), keepdims=True),
        given(np.float64(-0.7), axis=(), keepdims=False),
        given(np.zeros((0, 2)), axis=(1,), keepdims=False),
    ],
    "nuclear_norm": [given(_TALL), given(_SQUARE), given(np.stack([_TALL, _TALL[::-1]])), given(np.zeros((0, 2, 2)))],
    "polar": [given(_TALL), given(_SQUARE), given(np.stack([_TALL, _TALL[::-1] + 1]))],
    "sylvester": [
        given(_SQUARE @ _SQUARE.T + np.eye(3) + 0.1 * _SQUARE, _SQUARE),
        given(_SQUARE @ _SQUARE.T, np.stack([_SQUARE, np.eye(3)])),
    ],
    "infinite_where_undefined": [given(_CUBE[0], np.zeros((3, 4), bool))],
}
