"""Calls of elementwise functions and of the methods and options of ufuncs."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(3)
_X = _RNG.uniform(0.5, 1.5, 4)
_Y = _RNG.uniform(0.6, 1.7, 4)
_SMALL = _RNG.uniform(-0.8, 0.8, 4)
_SIGNED = np.array([-1.3, 0.4, 1.7, -0.6])
_MATRIX = _RNG.uniform(0.5, 1.6, (3, 4))
_COLUMN = _RNG.uniform(0.5, 1.6, (3, 1))
_MASK = np.array([True, False, True, True])

_COMPLEX_OF_ONE = {
    "arccos": _SMALL, "arcsin": _SMALL, "arctan": _X, "arcsinh": _SIGNED, "arctanh": _SMALL, "cos": _SIGNED,
    "cosh": _SIGNED, "exp": _SIGNED, "exp2": _SIGNED, "expm1": _SIGNED, "log": _X, "log10": _X, "log1p": _X,
    "log2": _X, "negative": _SIGNED, "positive": _SIGNED, "reciprocal": _X, "sin": _SIGNED, "sinh": _SIGNED,
    "sqrt": _X, "square": _SIGNED, "tan": _X, "tanh": _SIGNED, "conjugate": _SIGNED, "absolute": _SIGNED,
}  # fmt: skip
_REAL_OF_ONE = {
    "arccosh": 1 + _X, "cbrt": _SIGNED, "deg2rad": _X, "degrees": _X, "rad2deg": _X, "radians": _X, "fabs": _SIGNED,
    "ceil": _X, "floor": _X, "trunc": _X, "rint": _X, "sign": _SIGNED, "spacing": _X,
}  # fmt: skip
_COMPLEX_OF_TWO = ("add", "divide", "multiply", "subtract", "power", "float_power")
_REAL_OF_TWO = (
    "arctan2", "copysign", "floor_divide", "fmax", "fmin", "fmod", "heaviside", "hypot", "logaddexp", "logaddexp2",
    "maximum", "minimum", "nextafter", "remainder",
)  # fmt: skip
_NO_SINGLE = {"nextafter"}
_PREDICATES_OF_ONE = ("isfinite", "isinf", "isnan", "signbit", "logical_not", "isposinf", "isneginf")
_PREDICATES_OF_TWO = (
    "equal", "greater", "greater_equal", "less", "less_equal", "not_equal", "logical_and", "logical_or", "logical_xor",
)  # fmt: skip


def _marked(predicate):
    return lambda *xs: xs[0] * predicate(*xs)


def _table():
    calls = {}
    for name, x in _COMPLEX_OF_ONE.items():
        calls[name] = [call(getattr(np, name), x, complex_too=True)]
    for name, x in _REAL_OF_ONE.items():
        calls[name] = [call(getattr(np, name), x)]
    for name in _COMPLEX_OF_TWO:
        function = getattr(np, name)
        calls[name] = [call(function, _X, _Y, complex_too=True), call(function, _MATRIX, _COLUMN)]
    for name in _REAL_OF_TWO:
        function = getattr(np, name)
        calls[name] = [
            call(function, _X, _Y, single_too=name not in _NO_SINGLE),
            call(function, _MATRIX, _COLUMN, single_too=name not in _NO_SINGLE),
        ]
    for name in _PREDICATES_OF_ONE:
        calls[name] = [call(_marked(getattr(np, name)), _X)]
    for name in _PREDICATES_OF_TWO:
        calls[name] = [call(_marked(getattr(np, name)), _X, _Y)]
    return calls


def _accumulated(x, y):
    whole = np.zeros_like(x)
    np.add.at(whole, np.array([0, 2, 0, 1]), x * y)
    return whole * x


def _multiplied(x, y):
    whole = x * 1.0
    np.multiply.at(whole, np.array([0, 2, 0, 1]), y)
    return whole


def _written(x, y):
    whole = np.zeros_like(x)
    np.multiply(x, y, out=whole)
    np.exp(whole, out=whole, where=_MASK)
    return whole


_WITH_OPTIONS = {
    "multiply": [call(_written, _X, _Y, complex_too=True)],
    "sqrt": [call(lambda x: np.sqrt(x, where=x > 0, out=np.zeros_like(x)), _SIGNED)],
    "divide": [call(lambda x, y: np.divide(x, y, dtype=np.float64, casting="same_kind"), _X, _Y, single_too=False)],
    "matmul": [call(lambda a, b: np.matmul(a, b, axes=[(1, 0), (0, 1), (0, 1)]), _MATRIX, _MATRIX, complex_too=True)],
    "vecdot": [call(lambda a, b: np.vecdot(a, b, axis=0, keepdims=True), _MATRIX, _MATRIX, complex_too=True)],
}
_PLAIN = _table()

CALLS = {
    **{f"numpy.{name}": _PLAIN.get(name, []) + _WITH_OPTIONS.get(name, []) for name in _PLAIN | _WITH_OPTIONS},
    "numpy.abs": [call(np.abs, _SIGNED, complex_too=True)],
    "numpy.acos": [call(np.acos, _SMALL)],
    "numpy.pow": [call(np.pow, _X, _Y)],
    "numpy.mod": [call(np.mod, _SIGNED, _Y)],
    "numpy.angle": [
        call(lambda z: np.angle(z * (1 + 2j)), _X, complex_too=True),
        call(lambda z: np.angle(z, deg=True), _X),
    ],
    "numpy.real": [call(lambda z: np.real(z * (1 + 2j)), _X, complex_too=True), call(np.real, _X)],
    "numpy.imag": [call(lambda z: np.imag(z * (1 + 2j)), _X, complex_too=True), call(np.imag, _X)],
    "numpy.conj": [call(lambda z: np.conj(z * (1 + 2j)), _X, complex_too=True), call(np.conj, _X)],
    "numpy.sinc": [call(np.sinc, _SIGNED, complex_too=True), call(np.sinc, 0.1 * _SIGNED, complex_too=True)],
    "numpy.clip": [
        call(lambda x: np.clip(x, 0.0, 1.0), _SIGNED),
        call(np.clip, _SIGNED, -1 * _Y, _Y),
        call(lambda x: np.clip(x, max=1.0), _SIGNED),
    ],
    "numpy.where": [call(lambda x, y: np.where(_MASK, x * y, x), _X, _Y, complex_too=True)],
    "numpy.round": [call(lambda x: x * np.round(x, 1), _X), call(lambda x: x * np.around(10 * x, -1), _X)],
    "numpy.fix": [call(lambda x: x * np.fix(3 * x), _X)],
    "numpy.modf": [call(lambda x: np.modf(3 * x), _X)],
    "numpy.frexp": [call(lambda x: np.frexp(3 * x)[0], _X)],
    "numpy.ldexp": [call(lambda x: np.ldexp(x, np.array([1, -2, 0, 3])), _X)],
    "numpy.divmod": [call(lambda x, y: np.divmod(3 * x, y)[1], _X, _Y)],
    "numpy.ufunc.reduce": [
        call(lambda x: np.subtract.reduce(x, axis=1), _MATRIX, complex_too=True),
        call(lambda x: np.divide.reduce(x, axis=0, keepdims=True), _MATRIX, complex_too=True),
        call(lambda x, y: np.subtract.reduce(x, axis=1, initial=y), _MATRIX, _COLUMN[0, 0]),
        call(lambda x: np.logaddexp.reduce(x, axis=(0, 1)), _MATRIX),
        call(lambda x: np.hypot.reduce(x, axis=1), _MATRIX),
        call(lambda x: np.fmin.reduce(x, axis=1, where=_MASK, initial=2.0), _MATRIX),
        call(lambda x: np.divide.reduce(x, axis=1, where=_MASK, initial=2.0), _MATRIX),
        call(lambda x: np.add.reduce(x, axis=1, dtype=np.float64), _MATRIX, single_too=False),
        call(lambda x: np.arctan2.reduce(x, axis=0), _MATRIX),
        call(lambda x: x[0] * np.floor_divide.reduce(x, axis=0), _MATRIX),
    ],
    "numpy.ufunc.accumulate": [
        call(lambda x: np.add.accumulate(x, axis=1), _MATRIX, complex_too=True),
        call(lambda x: np.divide.accumulate(x, axis=1), _MATRIX, complex_too=True),
        call(np.power.accumulate, _X),
        call(np.hypot.accumulate, _X),
        call(np.logaddexp2.accumulate, _X),
        call(np.remainder.accumulate, 1 / _X),
    ],
    "numpy.ufunc.reduceat": [
        call(lambda x: np.add.reduceat(x, [0, 2, 1, 3]), _X, complex_too=True),
        call(lambda x: np.multiply.reduceat(x, [0, 1, 3], axis=1), _MATRIX, complex_too=True),
        call(lambda x: np.maximum.reduceat(x, [2, 0], axis=0), _MATRIX),
        call(lambda x: np.subtract.reduceat(x, [0, 2], axis=1), _MATRIX),
    ],
    "numpy.ufunc.outer": [
        call(np.multiply.outer, _X, _MATRIX, complex_too=True),
        call(np.hypot.outer, _X, _Y),
        call(lambda x: np.power.outer(x, np.arange(3)), _X),
    ],
    "numpy.ufunc.at": [call(_accumulated, _X, _Y, complex_too=True), call(_multiplied, _X, _Y, complex_too=True)],
}
