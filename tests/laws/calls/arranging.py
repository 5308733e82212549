"""Calls of functions that arrange the elements of arrays."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(11)
_NUMBER = 0.75
_VECTOR = _RNG.uniform(0.5, 2.0, 5)
_OTHER = _RNG.uniform(0.5, 2.0, 3)
_MATRIX = _RNG.uniform(0.5, 2.0, (3, 4))
_CUBE = _RNG.uniform(0.5, 2.0, (2, 3, 4))

CALLS = {
    "numpy.roll": [
        call(lambda x: np.roll(x, 2), _VECTOR, complex_too=True),
        call(lambda x: np.roll(x, -7), _MATRIX),
        call(lambda x: np.roll(x, 1, axis=-1), _CUBE),
        call(lambda x: np.roll(x, (1, -2), axis=(0, 1)), _MATRIX),
        call(lambda x: np.roll(x, (1, 1, 2), axis=(0, 1, 0)), _MATRIX),
        call(lambda x: np.roll(x, 2, axis=(0, 2)), _CUBE),
        call(lambda x: np.roll(x, (1, 2), axis=0), _CUBE),
        call(lambda x: np.roll(x, (1, 1)), _VECTOR),
    ],
    "numpy.rollaxis": [
        call(lambda x: np.rollaxis(x, 2), _CUBE, complex_too=True),
        call(lambda x: np.rollaxis(x, 0, 3), _CUBE),
        call(lambda x: np.rollaxis(x, -1, start=-2), _CUBE),
    ],
    "numpy.rot90": [
        *(call(lambda x, k=k: np.rot90(x, k), _MATRIX, complex_too=True) for k in range(-1, 4)),
        call(lambda x: np.rot90(x, axes=(1, 2)), _CUBE),
        call(lambda x: np.rot90(x, 3, (-1, 0)), _CUBE),
    ],
    "numpy.fliplr": [call(np.fliplr, _MATRIX, complex_too=True), call(np.fliplr, _CUBE)],
    "numpy.flipud": [call(np.flipud, _MATRIX, complex_too=True), call(np.flipud, _VECTOR)],
    "numpy.tile": [
        call(lambda x: np.tile(x, 3), _VECTOR, complex_too=True),
        call(lambda x: np.tile(x, (2, 1)), _VECTOR),
        call(lambda x: np.tile(x, [2, 1, 3]), _MATRIX),
        call(lambda x: np.tile(x, 2), _MATRIX),
        call(lambda x: np.tile(x, (2, 2)), _NUMBER),
        call(lambda x: np.tile(x, ()), _MATRIX),
        call(lambda x: np.tile(x, (1, 1, 1)), _MATRIX),
        call(lambda x: np.tile(x, (0, 2)), _MATRIX),
    ],
    "numpy.repeat": [
        call(lambda x: np.repeat(x, 2), _MATRIX, complex_too=True),
        call(lambda x: np.repeat(x, 3, axis=1), _MATRIX),
        call(lambda x: np.repeat(x, 2, axis=-2), _CUBE),
        call(lambda x: np.repeat(x, [2, 0, 1, 3], axis=1), _MATRIX),
        call(lambda x: np.repeat(x, np.array([1, 2, 0, 0, 2])), _VECTOR),
        call(lambda x: np.repeat(x, [2]), _VECTOR),
        call(lambda x: np.repeat(x, 0), _VECTOR),
        call(lambda x: np.repeat(x, 4), _NUMBER),
    ],
    "numpy.resize": [
        call(lambda x: np.resize(x, (3, 5)), _MATRIX, complex_too=True),
        call(lambda x: np.resize(x, (2, 3)), _MATRIX),
        call(lambda x: np.resize(x, 7), _OTHER),
        call(lambda x: np.resize(x, (2, 2)), _NUMBER),
    ],
    "numpy.kron": [
        call(np.kron, _MATRIX, _MATRIX[:2, 1:], complex_too=True),
        call(np.kron, _VECTOR, _OTHER),
        call(np.kron, _OTHER, _MATRIX),
        call(np.kron, _CUBE, _OTHER),
        call(np.kron, _NUMBER, _MATRIX),
        call(np.kron, _MATRIX, _NUMBER),
        call(lambda x: np.kron(np.eye(2), x), _MATRIX),
        call(lambda x: np.kron(x, [[1.0, 2.0]]), _MATRIX),
    ],
    "numpy.append": [
        call(np.append, _VECTOR, _OTHER, complex_too=True),
        call(np.append, _MATRIX, _OTHER),
        call(lambda x, y: np.append(x, y, axis=0), _MATRIX, _MATRIX[:1]),
        call(lambda x: np.append(x, 3.0), _VECTOR),
        call(lambda x: np.append([1.0, 2.0], x), _NUMBER),
    ],
    "numpy.insert": [
        call(lambda x, v: np.insert(x, 1, v), _VECTOR, _NUMBER, complex_too=True),
        call(lambda x, v: np.insert(x, -2, v), _VECTOR, _OTHER),
        call(lambda x, v: np.insert(x, 1, v, axis=1), _MATRIX, _OTHER),
        call(lambda x, v: np.insert(x, [1], v, axis=1), _MATRIX, _MATRIX[:, :2]),
        call(lambda x, v: np.insert(x, [3, 1, 1], v), _VECTOR, _OTHER),
        call(lambda x, v: np.insert(x, slice(0, 4, 2), v, axis=-1), _MATRIX, _NUMBER),
        call(lambda x, v: np.insert(x, np.array([0, 2]), v, axis=0), _MATRIX, _MATRIX[:2]),
        call(lambda x, v: np.insert(x, np.array([True, False, True, False, False]), v), _VECTOR, _OTHER[:2]),
        call(lambda x: np.insert(x, 5, 2.5), _MATRIX),
        call(lambda v: np.insert([1.0, 2.0, 3.0], 1, v), _NUMBER),
        call(lambda x: np.insert(x, [], 1.0), _VECTOR),
    ],
    "numpy.delete": [
        call(lambda x: np.delete(x, 1), _VECTOR, complex_too=True),
        call(lambda x: np.delete(x, -1, axis=0), _MATRIX),
        call(lambda x: np.delete(x, [0, 2, 2], axis=1), _MATRIX),
        call(lambda x: np.delete(x, slice(None, None, 2)), _MATRIX),
        call(lambda x: np.delete(x, np.array([True, False, True]), axis=0), _MATRIX),
        call(lambda x: np.delete(x, []), _VECTOR),
    ],
    "numpy.block": [
        call(lambda x, y: np.block([x, y]), _VECTOR, _OTHER, complex_too=True),
        call(lambda x, y: np.block([[x, np.ones((3, 1))], [y, 2.0]]), _MATRIX, _MATRIX[0]),
        call(lambda x: np.block([[1.0, x], [x, 0.0]]), _NUMBER),
        call(lambda x, y: np.block([[[x]], [[y]]]), _MATRIX, _MATRIX + 1),
        call(np.block, _VECTOR),
        call(lambda x: np.block([[x, x]]), _CUBE),
    ],
    "numpy.split": [
        call(lambda x: np.split(x, 2, axis=1), _MATRIX, complex_too=True),
        call(lambda x: np.split(x, [1, 3]), _VECTOR),
        call(lambda x: np.split(x, [3, 1, 7]), _VECTOR),
        call(lambda x: np.split(x, np.array([-1]), axis=-1), _CUBE),
    ],
    "numpy.array_split": [
        call(lambda x: np.array_split(x, 3), _VECTOR, complex_too=True),
        call(lambda x: np.array_split(x, 3, axis=1), _MATRIX),
        call(lambda x: np.array_split(x, 7), _VECTOR),
        call(lambda x: np.array_split(x, (1, 2), axis=-1), _MATRIX),
    ],
    "numpy.hsplit": [call(lambda x: np.hsplit(x, 2), _MATRIX), call(lambda x: np.hsplit(x, [2]), _VECTOR)],
    "numpy.vsplit": [call(lambda x: np.vsplit(x, 3), _MATRIX), call(lambda x: np.vsplit(x, [1]), _CUBE)],
    "numpy.dsplit": [call(lambda x: np.dsplit(x, 2), _CUBE, complex_too=True)],
    "numpy.meshgrid": [
        call(np.meshgrid, _VECTOR, _OTHER, complex_too=True),
        call(lambda x, y: np.meshgrid(x, y, indexing="ij"), _VECTOR, _OTHER),
        call(lambda x, y: np.meshgrid(x, y, sparse=True, copy=False), _VECTOR, _OTHER),
        call(np.meshgrid, _VECTOR, _OTHER, _OTHER + 1),
        call(lambda x: np.meshgrid(x, [1.0, 2.0]), _NUMBER),
        call(np.meshgrid, _VECTOR),
    ],
    "numpy.diagflat": [
        call(np.diagflat, _MATRIX[:2, :2], complex_too=True),
        call(lambda x: np.diagflat(x, -1), _OTHER),
    ],
    "numpy.vander": [
        call(np.vander, _OTHER, complex_too=True),
        call(lambda x: np.vander(x, 5), _OTHER),
        call(lambda x: np.vander(x, 4, increasing=True), [-0.5, 0.0, 2.0]),
        call(lambda x: np.vander(x, 2), _OTHER),
        call(lambda x: np.vander(x, N=1), _OTHER),
        call(lambda x: np.vander(x, 0), _OTHER),
    ],
    "numpy.linspace": [
        call(lambda a, b: np.linspace(a, b, 5), 0.5, 2.0, complex_too=True),
        call(lambda a, b: np.linspace(a, b, 4, endpoint=False), 0.5, 2.0),
        call(lambda a, b: np.linspace(a, b, 4, retstep=True), 0.5, 2.0),
        call(lambda a, b: np.linspace(a, b, 3), _OTHER, 4.0),
        call(lambda a, b: np.linspace(a, b, 3, axis=-1), _OTHER, _MATRIX.T),
        call(lambda a: np.linspace(0, a), 0.5),
        call(lambda b: np.linspace(b, 1.5, 1), 0.5),
        call(lambda b: np.linspace([1.0, 2.0], b, 3, dtype=np.float32, axis=1), 0.5, order=1, rtol=1e-3, step=0.5),
        call(lambda a, b: np.linspace(a, b, 0), 0.5, 2.0),
    ],
    "numpy.logspace": [
        call(lambda a, b: np.logspace(a, b, 4), 0.5, 1.0, complex_too=True),
        call(lambda a, b, base: np.logspace(a, b, 3, endpoint=False, base=base), 0.5, 1.0, 3.0),
        call(lambda a, b, base: np.logspace(a, b, 4, base=base, axis=-1), 0.5, _OTHER, [2.0, 3.0, 0.5]),
        call(lambda a: np.logspace(a, 2, 3, base=2), 0.5),
    ],
    "numpy.geomspace": [
        call(lambda a, b: np.geomspace(a, b, 4), 0.5, 8.0, complex_too=True),
        call(lambda a, b: np.geomspace(a, b, 3, endpoint=False), -0.5, -8.0),
        call(lambda a, b: np.geomspace(a, b, 3, axis=1), _OTHER, _OTHER[::-1] * 4),
        call(lambda a: np.geomspace(1, a, 5), 3.0),
        call(lambda a, b: np.geomspace(a, b, 2), 0.5, 8.0),
        call(lambda a, b: np.geomspace(a, b, 1), 0.5, 8.0),
        call(lambda a, b: np.geomspace(a, b, 0), 0.5, 8.0),
    ],
}

if hasattr(np, "unstack"):
    CALLS["numpy.unstack"] = [
        call(np.unstack, _MATRIX, complex_too=True),
        call(lambda x: np.unstack(x, axis=-1), _CUBE),
    ]
