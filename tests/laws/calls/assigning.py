"""Calls of the functions that write into an array, and of views."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from laws.calling import call

_X = np.array([0.3, -1.2, 0.7, 2.0, 0.5, -0.4])
_MASK = np.array([True, False, False, True, True, False])


def _written(write):
    """What an array holds after `write` has changed it."""

    def f(x):
        array = x * 2.0
        write(array, x)
        return array * x

    return f


def _filled(x):
    matrix = (x * 2.0).reshape(2, 3)
    np.fill_diagonal(matrix, x[:2])
    return matrix


CALLS = {
    "numpy.copyto": [
        call(_written(lambda a, x: np.copyto(a, x**2)), _X, complex_too=True),
        call(_written(lambda a, x: np.copyto(a, x[0], where=_MASK)), _X),
    ],
    "numpy.put": [
        call(_written(lambda a, x: np.put(a, [0, -1, 3], x[:2] ** 2)), _X, complex_too=True),
        call(_written(lambda a, x: np.put(a, [7, 1], x[3], mode="wrap")), _X),
    ],
    "numpy.place": [call(_written(lambda a, x: np.place(a, _MASK, x[:2] ** 2)), _X, complex_too=True)],
    "numpy.putmask": [call(_written(lambda a, x: np.putmask(a, _MASK, x**2)), _X, complex_too=True)],
    "numpy.put_along_axis": [
        call(_written(lambda a, x: np.put_along_axis(a, np.array([2, 0]), x[:2] ** 2, 0)), _X, complex_too=True)
    ],
    "numpy.fill_diagonal": [call(_filled, _X, complex_too=True)],
    "numpy.diagonal": [call(lambda x: np.diagonal(x.reshape(2, 3), 1) * x[0], _X, complex_too=True)],
    "numpy.diag": [
        call(lambda x: np.diag(x.reshape(2, 3)), _X, complex_too=True),
        call(lambda x: np.diag(x, -1), _X, complex_too=True),
    ],
    "numpy.lib.stride_tricks.sliding_window_view": [
        call(lambda x: sliding_window_view(x, 3) * x[0], _X, complex_too=True)
    ],
    "numpy.array": [call(lambda x: np.array([x[0] * x[1], x[2]]), _X)],
    "numpy.vectorize": [call(lambda x: np.vectorize(lambda v: v * v + 1)(x) * 2, _X)],
}
