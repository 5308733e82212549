"""Calls of functions that move elements without changing them."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(23)
_NUMBER = 0.75
_VECTOR = _RNG.uniform(0.5, 2.0, 3)
_MATRIX = _RNG.uniform(0.5, 2.0, (3, 2))
_CUBE = _RNG.uniform(0.5, 2.0, (2, 3, 4))
_PLANE = _RNG.uniform(0.5, 2.0, (1, 3, 1))

CALLS = {
    "numpy.reshape": [
        call(lambda x: np.reshape(x, (2, -1)), _MATRIX, complex_too=True),
        call(lambda x: np.reshape(x, (4, 6), order="F"), _CUBE, complex_too=True),
        call(lambda x: np.reshape(x.T, (6,), "A"), _MATRIX, traceable=False),
        call(lambda x: np.reshape(x, 6, "A"), _MATRIX, traceable=False),
        call(lambda x: np.reshape(x, 24, copy=True), _CUBE),
        call(lambda x: np.reshape(x, 24, copy=False), _CUBE, traceable=False),
    ],
    "numpy.ravel": [
        call(np.ravel, _MATRIX, complex_too=True),
        call(lambda x: np.ravel(x, "F"), _CUBE),
        call(lambda x: np.ravel(x.T, "A"), _MATRIX, traceable=False),
        call(lambda x: np.ravel(np.moveaxis(x, 1, 0), "K"), _CUBE, traceable=False),
        call(lambda x: np.ravel(x[:, ::-1].T, "K"), _CUBE, traceable=False),
        call(lambda x: np.ravel(x, "K"), _VECTOR),
    ],
    "numpy.ix_": [call(lambda x, y: np.multiply(*np.ix_(x, y)), _VECTOR, _VECTOR, complex_too=True)],
    "numpy.copy": [
        call(np.copy, _MATRIX, complex_too=True),
        call(lambda x: np.copy(x, "F"), _MATRIX),
        call(lambda x: np.ravel(np.copy(x, order="F"), "K"), _CUBE, traceable=False),
        call(lambda x: np.ravel(np.copy(x.T, order="C"), "K"), _CUBE, traceable=False),
    ],
    "numpy.astype": [call(lambda x: np.astype(x, np.complex128), _MATRIX, complex_too=True)],
    "numpy.transpose": [call(lambda x: np.transpose(x, (1, -1, 0)), _CUBE, complex_too=True)],
    "numpy.permute_dims": [call(lambda x: np.permute_dims(x, (2, 0, 1)), _CUBE, complex_too=True)],
    "numpy.matrix_transpose": [call(np.matrix_transpose, _CUBE, complex_too=True)],
    "numpy.swapaxes": [call(lambda x: np.swapaxes(x, 0, -1), _CUBE, complex_too=True)],
    "numpy.moveaxis": [call(lambda x: np.moveaxis(x, (0, 2), (-1, 0)), _CUBE, complex_too=True)],
    "numpy.expand_dims": [call(lambda x: np.expand_dims(x, (0, -1)), _MATRIX, complex_too=True)],
    "numpy.squeeze": [call(np.squeeze, _PLANE, complex_too=True), call(lambda x: np.squeeze(x, (0, -1)), _PLANE)],
    "numpy.flip": [call(lambda x: np.flip(x, (0, 2)), _CUBE, complex_too=True), call(np.flip, _MATRIX)],
    "numpy.broadcast_to": [call(lambda x: np.broadcast_to(x, (2, 3, 4)), _PLANE, complex_too=True)],
    "numpy.broadcast_arrays": [call(np.broadcast_arrays, _PLANE, _CUBE[0, 0], complex_too=True)],
    "numpy.atleast_1d": [call(np.atleast_1d, _NUMBER, _MATRIX, complex_too=True)],
    "numpy.atleast_2d": [call(np.atleast_2d, _VECTOR, complex_too=True)],
    "numpy.atleast_3d": [call(np.atleast_3d, _MATRIX, _VECTOR, complex_too=True)],
    "numpy.concatenate": [
        call(lambda x, y: np.concatenate((x, y), axis=1), _MATRIX, _MATRIX[:, :1], complex_too=True),
        call(lambda x, y: np.concatenate((x, [1, 2], y), axis=None), _MATRIX, _VECTOR),
        call(lambda x: np.concatenate((x, x), dtype=np.complex128, casting="safe"), _VECTOR),
        call(lambda x: np.concatenate(([1, 2], x), dtype=np.float64), _VECTOR),
        call(lambda x: np.concatenate(x, -1), _CUBE),
    ],
    "numpy.concat": [call(lambda x, y: np.concat((x, y)), _MATRIX, _MATRIX[:1], complex_too=True)],
    "numpy.stack": [
        call(lambda x, y: np.stack((x, y), axis=-1), _MATRIX, _MATRIX + 1, complex_too=True),
        call(lambda x, y: np.stack((x, [1, 2, 3], y), dtype=np.float64), _VECTOR, _VECTOR + 1),
        call(lambda x: np.stack(x, axis=1), _CUBE),
    ],
    "numpy.vstack": [
        call(lambda x, y: np.vstack((x, y)), _VECTOR, _MATRIX.T, complex_too=True),
        call(lambda x: np.vstack(([1, 2, 3], x), dtype=np.float64, casting="safe"), _VECTOR),
    ],
    "numpy.hstack": [
        call(lambda x, y: np.hstack((x, y)), _MATRIX, _MATRIX[:, :1], complex_too=True),
        call(lambda x, y: np.hstack((x, 2, y), dtype=np.float64), _VECTOR, _NUMBER),
    ],
    "numpy.dstack": [call(lambda x, y: np.dstack((x, y)), _MATRIX, _MATRIX + 1, complex_too=True)],
    "numpy.column_stack": [
        call(lambda x, y: np.column_stack((x, y)), _VECTOR, _MATRIX, complex_too=True),
        call(lambda x: np.column_stack(([1, 2, 3], x)), _VECTOR),
    ],
    "numpy.full_like": [call(np.full_like, _MATRIX, _NUMBER, complex_too=True)],
}
