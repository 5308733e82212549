"""Calls of functions that choose elements, and of those that apply a function by lines."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(17)
_NUMBER = 0.75
_VECTOR = np.array([-1.5, 0.5, 2.0, -0.25, 1.25])
_MATRIX = _RNG.uniform(0.5, 2.0, (3, 4))
_OTHER = _RNG.uniform(0.5, 2.0, (3, 4))
_CUBE = _RNG.uniform(0.5, 2.0, (2, 3, 4))
_NUMBERS = np.array([[0, 1, 2, 1], [2, 2, 0, 0], [1, 0, 1, 2]])
_MASK = np.array([True, False, True, True, False])

CALLS = {
    "numpy.choose": [
        call(lambda x, y, z: np.choose(_NUMBERS, [x, y, z]), _MATRIX, _OTHER, _NUMBER, complex_too=True),
        call(lambda x, y: np.choose(_NUMBERS - 1, (x, y, 2.0), mode="wrap"), _MATRIX, _OTHER[0]),
        call(lambda x, y: np.choose(_NUMBERS * 3 - 2, (x, y), mode="clip"), _MATRIX, _OTHER[:1]),
        call(lambda x: np.choose(x > 0, [-x, x]), _VECTOR),
        call(lambda x: np.choose([1, 0, 2], x), _MATRIX[:, :3]),
        call(lambda x: np.choose((x > 0) * 0, [x]), _VECTOR),
        call(lambda x: np.choose(1, [x, x**2]), _NUMBER),
    ],
    "numpy.select": [
        call(lambda x: np.select([x < 0, x < 1], [x**2, np.sqrt(np.abs(x))], default=3.0), _VECTOR, complex_too=False),
        call(lambda x, y: np.select([_NUMBERS == 1, _NUMBERS == 2], [x, y]), _MATRIX, _OTHER[:1], complex_too=True),
        call(lambda x, d: np.select([x > 1], [x], d), _MATRIX, _NUMBER),
        call(lambda x: np.select([x > 5, x < 7], [1.0, 2.0]) * x, _NUMBER),
        call(lambda x, y: np.select([_MASK[:, None], ~_MASK[:3]], [x, y], 7), _VECTOR[:3], _NUMBER),
    ],
    "numpy.piecewise": [
        call(lambda x: np.piecewise(x, [x < 0, x >= 0], [np.exp, np.sqrt]), _VECTOR, traceable=False),
        call(lambda x: np.piecewise(x, [x < 0, x > 1], [np.exp, -1.0, np.sin]), _VECTOR, traceable=False),
        call(lambda x: np.piecewise(x, x > 0, [np.log, 7]), _VECTOR, traceable=False),
        call(lambda x, c: np.piecewise(x, [x > 1.2], [c, np.sin]), _MATRIX, _NUMBER, traceable=False),
        call(
            lambda x, a: np.piecewise(x, [x > 1], [lambda x, a, b: a * x**b, lambda x, a, b: a - x], a, b=3),
            _MATRIX,
            _NUMBER,
            traceable=False,
        ),
        call(lambda x: np.piecewise(x, [x > 0, x > 1], [np.sin, np.cos]), _VECTOR, traceable=False),
        call(lambda x: np.piecewise(x, [_MASK[:3]], [lambda x: np.cumsum(x, axis=0)]), _MATRIX, traceable=False),
        call(lambda x: np.piecewise(x, [x > 0], [np.sin, np.cos]), _NUMBER, traceable=False),
        call(
            lambda z: np.piecewise(z, [_MASK, ~_MASK], [np.exp, lambda z: z * z]),
            _VECTOR,
            complex_too=True,
            traceable=False,
        ),
        call(lambda v: np.piecewise(v, [_MASK], [lambda x: x[::-1], v[0]]), _VECTOR, traceable=False),
    ],
    "numpy.compress": [
        call(lambda x: np.compress(_MASK, x), _VECTOR, complex_too=True),
        call(lambda x: np.compress([0, 1], x, axis=0), _MATRIX),
        call(lambda x: np.compress([True, False, True], x, axis=-2), _CUBE),
        call(lambda x: np.compress([False, True, False, True, True], x), _MATRIX),
        call(lambda x: np.compress(x > 0, x), _VECTOR, traceable=False),
    ],
    "numpy.extract": [
        call(lambda x: np.extract(_NUMBERS, x), _MATRIX, complex_too=True),
        call(lambda x: np.extract(x > 1, x), _MATRIX, traceable=False),
    ],
    "numpy.take": [
        call(lambda x: np.take(x, [[0, 2], [2, -1]]), _VECTOR, complex_too=True),
        call(lambda x: np.take(x, 1, axis=1), _MATRIX),
        call(lambda x: np.take(x, [3, -5, 4], axis=-1, mode="wrap"), _MATRIX),
        call(lambda x: np.take(x, [7, -5, 1], axis=0, mode="clip"), _MATRIX),
        call(lambda x: np.take(x, np.argsort(x)), _VECTOR),
        call(lambda x: np.take(x, np.argmax(x, axis=1), axis=1), _MATRIX),
        call(lambda x: np.take(x, np.argsort(x[:, 0]) - 4, axis=0, mode="wrap"), _MATRIX),
        call(lambda x: np.take(x, [True, False]), _VECTOR),
    ],
    "numpy.take_along_axis": [
        call(lambda x: np.take_along_axis(x, np.argsort(x, axis=0), axis=0), _MATRIX),
        call(lambda x: np.take_along_axis(x, np.array([[[0], [1], [1]]]), axis=1), _CUBE[:, :, :1], complex_too=True),
        call(lambda x: np.take_along_axis(x, np.argsort(np.ravel(x)), None), _MATRIX),
        call(lambda x: np.take_along_axis(x, np.argmin(x, axis=1, keepdims=True), axis=1), _CUBE),
        call(lambda x: np.take_along_axis(x, np.argsort(x, axis=1)[:1], axis=1), _MATRIX),
    ],
    "numpy.apply_along_axis": [
        call(lambda x: np.apply_along_axis(np.prod, 1, x), _MATRIX, complex_too=True),
        call(lambda x: np.apply_along_axis(np.cumsum, -2, x), _CUBE),
        call(lambda x: np.apply_along_axis(np.diag, 0, x), _MATRIX),
        call(lambda x: np.apply_along_axis(np.outer, 1, x, [1.0, 2.0]), _MATRIX),
        call(lambda x: np.apply_along_axis(lambda line, power: np.sum(line**power), 0, x, power=3), _VECTOR),
    ],
    "numpy.vectorize": [
        call(lambda x: x + np.vectorize(lambda x: x * x if x > 0 else np.exp(x))(x), _VECTOR, traceable=False),
        call(lambda x, y: x + np.vectorize(lambda x, y: x * y**2)(x, y), _MATRIX, _NUMBER, complex_too=True),
        call(np.vectorize(np.sum, signature="(n)->()"), _MATRIX),
    ],
    "numpy.apply_over_axes": [
        call(lambda x: np.apply_over_axes(np.sum, x, [0, 2]), _CUBE, complex_too=True),
        call(lambda x: np.apply_over_axes(np.mean, x, -1), _MATRIX),
        call(lambda x: np.apply_over_axes(np.cumsum, x, (0, 1)), _MATRIX),
    ],
}
