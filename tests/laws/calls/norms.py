"""Calls of norms and condition numbers."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(24)
_VECTOR = np.array([0.5, -1.25, 2.0, -0.75])
_MATRIX = _RNG.uniform(0.4, 2.0, (3, 4)) * np.array([1.0, -1.0, 1.0, -1.0])
_CUBE = _RNG.normal(size=(2, 3, 4))
_SQUARE = _RNG.normal(size=(3, 3)) + 2 * np.eye(3)
_BATCH = _RNG.normal(size=(2, 3, 3)) + 2 * np.eye(3)

_OF_VECTORS = (None, 0, 1, 2, 3, 0.5, -1, -2.5, np.inf, -np.inf)
_OF_MATRICES = (None, "fro", "f", "nuc", 1, -1, 2, -2, np.inf, -np.inf)

CALLS = {
    "numpy.linalg.norm": [
        call(np.linalg.norm, _VECTOR, complex_too=True),
        call(np.linalg.norm, _MATRIX, complex_too=True),
        call(lambda x: np.linalg.norm(x, keepdims=True), _CUBE, complex_too=True),
        *(call(lambda x, p=p: np.linalg.norm(x, p), _VECTOR, complex_too=True) for p in _OF_VECTORS),
        *(call(lambda x, p=p: np.linalg.norm(x, p, axis=1), _MATRIX, complex_too=True) for p in _OF_VECTORS),
        *(call(lambda x, p=p: np.linalg.norm(x, ord=p, axis=-2, keepdims=True), _CUBE) for p in _OF_VECTORS),
        *(call(lambda x, p=p: np.linalg.norm(x, p), _MATRIX, complex_too=True) for p in _OF_MATRICES),
        *(call(lambda x, p=p: np.linalg.norm(x, p, axis=(2, 0)), _CUBE, complex_too=True) for p in _OF_MATRICES),
        *(call(lambda x, p=p: np.linalg.norm(x, p, (0, 1), keepdims=True), _CUBE) for p in _OF_MATRICES),
        call(np.linalg.norm, np.abs(_VECTOR), 2.5),
        call(lambda x, p: np.linalg.norm(x, ord=p, axis=0), _MATRIX, -1.5),
        call(lambda x: np.linalg.norm(x, np.float32(3), axis=0), _MATRIX),
        call(lambda x: np.linalg.norm(x, np.int64(1)), _MATRIX),
    ],
    "numpy.linalg.vector_norm": [
        call(np.linalg.vector_norm, _CUBE, complex_too=True),
        call(np.linalg.vector_norm, -0.75, complex_too=True),
        *(call(lambda x, p=p: np.linalg.vector_norm(x, axis=(2, 0), ord=p or 2), _CUBE) for p in _OF_VECTORS),
        call(lambda x: np.linalg.vector_norm(x, axis=(0, 1), keepdims=True, ord=3), _CUBE, complex_too=True),
        call(lambda x: np.linalg.vector_norm(x, keepdims=True, ord=np.inf), _MATRIX, complex_too=True),
    ],
    "numpy.linalg.matrix_norm": [
        call(np.linalg.matrix_norm, _CUBE, complex_too=True),
        *(call(lambda x, p=p: np.linalg.matrix_norm(x, ord=p, keepdims=True), _CUBE) for p in _OF_MATRICES),
    ],
    "numpy.linalg.cond": [
        call(np.linalg.cond, _SQUARE, complex_too=True),
        *(
            call(lambda x, p=p: np.linalg.cond(x, p), _BATCH, complex_too=True)
            for p in (None, 2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc")
        ),
        call(np.linalg.cond, _MATRIX, complex_too=True),
    ],
}
