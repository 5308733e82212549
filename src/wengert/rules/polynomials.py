"""Polynomials: `numpy.polynomial`.

Its functions are Python code in terms of operators, so they differentiate as they stand, in the points as arrays and in
the coefficients as lists of numbers: the ledger says which. NumPy sends two of them to the table.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial import polynomial

from wengert.declaration import composed
from wengert.value import Value


def _array(x: Any) -> Any:
    return x if isinstance(x, Value) else np.asanyarray(x)


def _horner(x: Any, c: Any) -> Any:
    """The polynomials of which `c` has the coefficients along its first axis, at points that broadcast with the rest."""
    c = np.atleast_1d(c)
    y = c[-1] + x * 0
    for k in range(2, len(c) + 1):
        y = c[-k] + y * x
    return y


def _beside(c: Any, x: Any) -> Any:
    """The coefficients with new last axes for the points `x`."""
    return np.reshape(c, (*c.shape, *(1,) * x.ndim))


def _coefficients(c: Any) -> Any:
    c = np.atleast_1d(_array(c))
    return c if c.dtype.kind in "fc" else c + 0.0


@composed(polynomial.polyval2d)
def _polyval2d(x: Any, y: Any, c: Any) -> Any:
    x, y = _array(x), _array(y)
    if x.shape != y.shape:
        raise ValueError("x, y are incompatible")
    return _horner(y, _horner(x, _beside(_coefficients(c), x)))


@composed(polynomial.polygrid2d)
def _polygrid2d(x: Any, y: Any, c: Any) -> Any:
    c = _coefficients(c)
    for points in (_array(x), _array(y)):
        c = _horner(points, _beside(np.atleast_1d(c), points))
    return c
