"""Calls of cumulative functions, differences and what is made of them."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(23)
_VECTOR = 0.3 * _RNG.permutation(8) + 0.5
_MATRIX = 0.3 * _RNG.permutation(12).reshape(3, 4) - 1.1
_CUBE = 0.3 * _RNG.permutation(24).reshape(2, 3, 4) - 3.1
_LONG = _RNG.uniform(0.8, 1.3, 40)
_ZEROS = np.array([[1.5, 0.0, -2.0, 0.0, 3.0], [0.0, 2.0, 0.5, 1.5, 1.0]])
_COORDINATES = np.cumsum(_RNG.uniform(0.4, 1.0, 4))


def _accumulations(function):
    return [
        call(lambda a: function(a, axis=0), _VECTOR),
        call(lambda a: function(a, axis=1), _MATRIX),
        call(lambda a: function(a, axis=-2), _CUBE),
    ]


def _api(function):
    return [
        call(function, _VECTOR, complex_too=True),
        call(lambda a: function(a, axis=0, include_initial=True), _MATRIX, complex_too=True),
        call(lambda a: function(a, axis=-1, dtype=np.float64), _CUBE),
        call(lambda a: function(a, include_initial=True), np.float64(0.7)),
    ]


CALLS = {
    "numpy.cumsum": [
        *_accumulations(np.cumsum),
        call(np.cumsum, _MATRIX, complex_too=True),
        call(lambda a: np.cumsum(a, dtype=np.float64), _VECTOR),
        call(lambda a: np.cumsum(a, axis=0), np.float64(0.4)),
    ],
    "numpy.cumprod": [
        *_accumulations(np.cumprod),
        call(np.cumprod, _MATRIX, complex_too=True),
        call(np.cumprod, _LONG, complex_too=True),
        call(lambda a: np.cumprod(a, axis=1), _ZEROS),
        call(lambda a: np.cumprod(a, axis=0), _ZEROS),
        call(np.multiply.accumulate, _MATRIX),
    ],
    # Since NumPy 2.1.
    **{f"numpy.{name}": _api(getattr(np, name)) for name in ("cumulative_sum", "cumulative_prod") if hasattr(np, name)},
    "numpy.maximum": [call(np.maximum.accumulate, _MATRIX), *_accumulations(np.maximum.accumulate)],
    "numpy.minimum": [call(np.minimum.accumulate, _MATRIX), *_accumulations(np.minimum.accumulate)],
    "numpy.diff": [
        call(np.diff, _VECTOR, complex_too=True),
        call(lambda a: np.diff(a, n=3, axis=0), _VECTOR),
        call(lambda a: np.diff(a, 0), _VECTOR),
        call(lambda a: np.diff(a, 9), _VECTOR),
        call(lambda a, p, q: np.diff(a, axis=0, prepend=p, append=q), _MATRIX, 0.4, _MATRIX[:2], complex_too=True),
        call(lambda p: np.diff(_VECTOR, prepend=p), 0.4, single_too=False),
    ],
    "numpy.ediff1d": [
        call(np.ediff1d, _MATRIX, complex_too=True),
        call(lambda a, b, e: np.ediff1d(a, to_end=e, to_begin=b), _VECTOR, 0.3, _MATRIX, complex_too=True),
        call(lambda a: np.ediff1d(a, to_begin=0), _VECTOR),
    ],
    "numpy.gradient": [
        call(np.gradient, _VECTOR, complex_too=True),
        call(np.gradient, _MATRIX),
        call(lambda f: np.gradient(f, edge_order=2), _MATRIX),
        call(lambda f, h: np.gradient(f, h, axis=0, edge_order=2), _MATRIX, 0.3),
        call(np.gradient, _MATRIX, 0.3, complex_too=True),
        call(lambda f, x: np.gradient(f, x, axis=1), _MATRIX, _COORDINATES),
        call(lambda f, x: np.gradient(f, x, axis=-1, edge_order=2), _MATRIX, _COORDINATES),
        call(lambda f, h, x: np.gradient(f, h, x, edge_order=2), _MATRIX, 0.3, _COORDINATES),
        call(lambda f: np.gradient(f, 2, [1, 2, 4, 5], axis=(1, 2)), _CUBE),
        call(lambda x: np.gradient(_VECTOR[:4], x), _COORDINATES, single_too=False),
        call(lambda f: np.gradient(f[:2]), _VECTOR),
        call(lambda f: np.gradient(f[:3], edge_order=2), _VECTOR),
    ],
    "numpy.trapezoid": [
        call(np.trapezoid, _MATRIX, complex_too=True),
        call(np.trapezoid, _MATRIX, _COORDINATES, complex_too=True),
        call(lambda y, x: np.trapezoid(y, x, axis=0), _MATRIX, _MATRIX + 1),
        call(lambda y, d: np.trapezoid(y, dx=d, axis=1), _CUBE, 0.3),
        call(lambda y, d: np.trapezoid(y, dx=d), _VECTOR, _COORDINATES[0] * np.arange(1, 8.0)),
        call(lambda x: np.trapezoid([1, 2, 4, 3], x), _COORDINATES),
    ],
    "numpy.unwrap": [
        call(np.unwrap, _VECTOR * 9),
        call(lambda p: np.unwrap(p * 11, axis=0), _MATRIX),
        call(lambda p, q: np.unwrap(p * 11, period=q), _CUBE, 5.3),
        call(lambda p: np.unwrap(p * 11, discont=7.1, period=4), _CUBE),
        call(lambda p, d: np.unwrap(p * 11, d), _VECTOR, 4.1),
    ],
}
