"""Calls of products, diagonals and powers of matrices."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(21)
_MATRIX, _OTHER = _RNG.uniform(0.5, 2.0, (3, 4)), _RNG.uniform(0.5, 2.0, (4, 2))
_SQUARE = _RNG.normal(size=(3, 3)) + 2 * np.eye(3)
_BATCH = _RNG.normal(size=(2, 3, 3)) + 2 * np.eye(3)
_VECTOR, _ROW = _RNG.uniform(0.5, 2.0, 4), _RNG.uniform(0.5, 2.0, 3)

CALLS = {
    "numpy.matmul": [call(lambda a, b: a @ b, _BATCH, _SQUARE, complex_too=True)],
    "numpy.dot": [call(np.dot, _MATRIX, _OTHER, complex_too=True), call(np.dot, _ROW, _BATCH)],
    "numpy.vdot": [call(np.vdot, _MATRIX, _MATRIX + 1, complex_too=True)],
    "numpy.inner": [call(np.inner, _MATRIX, _VECTOR, complex_too=True)],
    "numpy.outer": [call(np.outer, _MATRIX, _VECTOR, complex_too=True)],
    "numpy.tensordot": [
        call(lambda a, b: np.tensordot(a, b, axes=([2, 1], [0, 1])), _BATCH, _SQUARE, complex_too=True)
    ],
    "numpy.trace": [call(lambda a: np.trace(a, -1, axis1=2, axis2=0), _BATCH, complex_too=True)],
    "numpy.diagonal": [call(lambda a: np.diagonal(a, 1, axis1=-2, axis2=-1), _BATCH, complex_too=True)],
    "numpy.diag": [call(lambda a, v: np.diag(a, 1) @ np.diag(v, k=-1)[:3], _MATRIX, _ROW, complex_too=True)],
    "numpy.tril": [call(lambda a: np.tril(a, -1), _BATCH, complex_too=True)],
    "numpy.triu": [call(lambda a: np.triu(a, k=1), _BATCH, complex_too=True)],
    "numpy.linalg.matmul": [
        call(np.linalg.matmul, _BATCH, _SQUARE, complex_too=True),
        call(np.linalg.matmul, _MATRIX, _VECTOR),
        call(lambda b: np.linalg.matmul([[1.0, 2.0, 3.0, 4.0]], b), _OTHER),
    ],
    "numpy.linalg.tensordot": [
        call(np.linalg.tensordot, _BATCH, _SQUARE, complex_too=True),
        call(lambda a, b: np.linalg.tensordot(a, b, axes=1), _MATRIX, _OTHER),
    ],
    "numpy.linalg.vecdot": [
        call(np.linalg.vecdot, _MATRIX, _VECTOR, complex_too=True),
        call(lambda a, b: np.linalg.vecdot(a, b, axis=0), _BATCH, _BATCH + 1, complex_too=True),
    ],
    "numpy.linalg.outer": [call(np.linalg.outer, _VECTOR, _ROW, complex_too=True)],
    "numpy.linalg.matrix_transpose": [call(np.linalg.matrix_transpose, _BATCH, complex_too=True)],
    "numpy.linalg.diagonal": [
        call(np.linalg.diagonal, _BATCH, complex_too=True),
        call(lambda a: np.linalg.diagonal(a, offset=-1), _MATRIX),
    ],
    "numpy.linalg.trace": [
        call(np.linalg.trace, _BATCH, complex_too=True),
        call(lambda a: np.linalg.trace(a, offset=1, dtype=float), _MATRIX),
    ],
    "numpy.linalg.multi_dot": [
        call(lambda a, b: np.linalg.multi_dot([a, b]), _MATRIX, _OTHER, complex_too=True),
        call(lambda a, b: np.linalg.multi_dot([a, b, b.T]), _MATRIX, _OTHER, complex_too=True),
        call(lambda v, a, b, w: np.linalg.multi_dot([v, a, b, b.T, w]), _ROW, _MATRIX, _OTHER, _VECTOR),
        call(lambda a, b, w: np.linalg.multi_dot([a.T, a, b, b.T, w]), _MATRIX, _OTHER, _VECTOR),
        call(lambda v, a, b: np.linalg.multi_dot([v, a, b]), _ROW, _MATRIX, _OTHER, complex_too=True),
    ],
    "numpy.linalg.matrix_power": [
        call(lambda a: np.linalg.matrix_power(a, 5), _BATCH, complex_too=True),
        call(lambda a: np.linalg.matrix_power(a, 2), _SQUARE),
        call(lambda a: np.linalg.matrix_power(a, 1), _SQUARE),
        call(lambda a: a * np.linalg.matrix_power(a, 0), _BATCH, complex_too=True),
        call(lambda a: np.linalg.matrix_power(a, -1), _BATCH),
        call(lambda a: np.linalg.matrix_power(a, np.int64(-6)), 0.5 * _BATCH, complex_too=True, value_rtol=1e-12),
    ],
}
