"""Calls of what NumPy makes arrays with, and of functions of the core under their other names."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from laws.calling import Call, call

_RNG = np.random.default_rng(9)
_MATRIX = _RNG.uniform(0.5, 2.0, (3, 4))
_STACK = _RNG.uniform(0.5, 2.0, (2, 3, 4))
_VECTOR = _RNG.uniform(0.5, 2.0, 4)
_WEIGHTS = _RNG.uniform(0.5, 2.0, 4)
_NUMBER = np.float64(1.3)
_MASK = np.array([True, False, True, False])


def _quietly(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that NumPy would rather not have, without the warning that says so."""

    def quiet(*args: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            return function(*args)

    return quiet


def _changed(function: Callable[..., Any], x: Any, *args: Any) -> Any:
    """A copy of `x` after the function has written into it."""
    y = x.copy()
    function(y, *args)
    return y


def _of_objects(function: Callable[..., Any], *args: Any) -> Call:
    """A call that makes an array of objects, which NumPy's promotion does not know: no single precision there."""
    return call(lambda *xs: _joined(function(*xs)), *args, single_too=False)


def _joined(y: Any) -> Any:
    return np.reshape(np.stack(list(y.flat)), y.shape) if y.dtype.kind == "O" else y


CALLS = {
    "numpy.amax": [call(lambda a: np.amax(a, axis=1), _MATRIX)],
    "numpy.amin": [call(lambda a: np.amin(a, axis=0, keepdims=True), _MATRIX)],
    "numpy.around": [call(lambda a: a * np.around(a, 1), _VECTOR + 0.01, step=1e-4)],
    "numpy.average": [
        call(lambda a, w: np.average(a, axis=1, weights=w), _MATRIX, _WEIGHTS, complex_too=True),
        call(np.average, _VECTOR, complex_too=True),
    ],
    "numpy.std": [call(lambda a: np.std(a, axis=1, ddof=1), _MATRIX, complex_too=True)],
    "numpy.divmod": [call(lambda a, b: np.divmod(a, b)[1], 4 * _VECTOR, _WEIGHTS, step=1e-4)],
    "numpy.frexp": [call(lambda a: np.frexp(a)[0], _VECTOR, step=1e-4)],
    "numpy.modf": [call(lambda a: np.modf(a)[0], _VECTOR, step=1e-4)],
    "numpy.vecdot": [call(np.vecdot, _MATRIX, _VECTOR, complex_too=True)],
    "numpy.array": [call(lambda x: np.stack(list(np.array([x, x * x, 2.0]))), _NUMBER, single_too=False)],
    "numpy.full": [call(lambda x: 2.0 * np.stack(list(np.full(3, x))), _NUMBER)],
    "numpy.fromfunction": [call(lambda x: np.fromfunction(lambda i, j: x**i + j, (3, 2)), _NUMBER)],
    "numpy.kaiser": [call(lambda beta: np.kaiser(6, beta), _NUMBER, single_too=False)],
    "numpy.mgrid": [call(lambda x: np.stack(list(np.mgrid[0:x:4j])), _NUMBER, single_too=False)],
    "numpy.ogrid": [call(lambda x: np.stack(list(np.ogrid[x : 2 * x : 3j])), _NUMBER, single_too=False)],
    "numpy.r_": [_of_objects(lambda x, y: np.r_[x, 1.0, y, x[:2] ** 2], _VECTOR, _NUMBER)],
    "numpy.c_": [_of_objects(lambda x, y: np.c_[x, y], _VECTOR, _WEIGHTS)],
    "numpy.asarray_chkfinite": [_of_objects(lambda x: 2.0 * np.asarray_chkfinite(x), _VECTOR)],
    "numpy.require": [_of_objects(np.require, _MATRIX)],
    "numpy.ndenumerate": [call(lambda x: sum(x_ij * i for (i, _), x_ij in np.ndenumerate(x)), _MATRIX)],
    "numpy.asmatrix": [_of_objects(_quietly(lambda x: np.asarray(np.asmatrix(x) * np.asmatrix(x).T)), _MATRIX)],
    "numpy.matrix": [_of_objects(_quietly(lambda x: np.asarray(np.matrix(x) ** 2)), _MATRIX[:, :3])],
    "numpy.bmat": [_of_objects(_quietly(lambda x, y: np.asarray(np.bmat([[x, y]]))), _MATRIX[:, :2], _MATRIX[:, 2:])],
    "numpy.copyto": [
        call(lambda x, y: _changed(np.copyto, x, y), _MATRIX, _VECTOR, complex_too=True),
        call(lambda x, y: _changed(lambda t: np.copyto(t, y, where=_MASK), x), _VECTOR, _WEIGHTS),
    ],
    "numpy.fill_diagonal": [call(lambda x, v: _changed(np.fill_diagonal, x, v), _MATRIX, _NUMBER, complex_too=True)],
    "numpy.place": [call(lambda x, y: _changed(np.place, x, _MASK, y), _VECTOR, _WEIGHTS[:2])],
    "numpy.put": [call(lambda x, y: _changed(np.put, x, [5, 0], y), _MATRIX, _WEIGHTS[:2], complex_too=True)],
    "numpy.put_along_axis": [
        call(lambda x, y: _changed(np.put_along_axis, x, np.array([[2], [0], [1]]), y, 1), _MATRIX, _WEIGHTS[:1])
    ],
    "numpy.putmask": [call(lambda x, y: _changed(np.putmask, x, _MASK, y), _VECTOR, _WEIGHTS)],
    "numpy.row_stack": [call(_quietly(lambda a: np.row_stack([a, 2 * a])), _VECTOR)],  # noqa: NPY201  # what is tried
}
if hasattr(np, "matvec"):
    CALLS |= {
        "numpy.matvec": [call(np.matvec, _STACK, _VECTOR, complex_too=True)],
        "numpy.vecmat": [call(np.vecmat, _VECTOR[:3], _STACK, complex_too=True)],
    }
