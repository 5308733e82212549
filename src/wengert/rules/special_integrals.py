"""Integrals of exponentials, sines and logarithms, Lambert's W and the arithmetic-geometric mean."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial, pi
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.declaration import elementwise
from wengert.facts import flat
from wengert.rules.special_kernels import series
from wengert.rules.special_numerical import several
from wengert.value import Value

__all__ = ["PYTHON_FUNCTIONS"]

_SINHC = [1 / factorial(2 * k + 1) for k in range(12)]
_LOG_RATIO = [(-1) ** k / (k + 1) for k in range(32)]


def _sinhc(x: Any) -> Any:
    """The quotient sinh(x)/x, 1 at 0."""
    near = np.abs(x) < 1
    small, large = np.where(near, x, 0.0), np.where(near, 1.0, x)
    return np.where(near, series(_SINHC, small * small), np.sinh(large) / large)


def _log_ratio_to_one(z: Any) -> Any:
    """The quotient log(z)/(z-1), 1 at 1."""
    near = np.abs(z - 1) < 0.3
    small, large = np.where(near, z - 1, 0.0), np.where(near, 2.0, z)
    return np.where(near, series(_LOG_RATIO, small), np.log(large) / (large - 1))


def _expn_slope(n: Any, x: Any) -> Any:
    """-E(n-1, x), where E(-1, x) = e⁻ˣ (1 + 1/x)/x."""
    lowest = n < 1
    return -np.where(lowest, np.exp(-x) * (1 + 1 / x) / x, sp.expn(np.where(lowest, 1, n) - 1, x))


def _agm_partial(y: Any, a: Any, b: Any) -> Any:
    """∂/∂a of agm(a, b), by 1/agm(a, b) = 2/π R_F(0, a², b²) and Carlson's R_D (Carlson 1995)."""
    larger = np.abs(a) >= np.abs(b)
    ratio = np.where(larger, b, a) / np.where(larger, a, b)
    square = ratio * ratio
    first, last = sp.elliprd(0.0, square, 1.0), np.abs(ratio) * sp.elliprd(0.0, 1.0, square)
    return 2 / (3 * pi) * (y / np.where(larger, a, b)) ** 2 * np.where(larger, first, last)


# fmt: off
expi = elementwise(sp.expi, [lambda y, x: np.exp(x) / x], analytic=False, at_kinks="±inf at 0", domain=((0.3, 3.0),))
exp1 = elementwise(sp.exp1, [lambda y, x: -np.exp(-x) / x], at_kinks="-inf at 0", domain=((0.3, 3.0),))
expn = elementwise(sp.expn, [flat, lambda y, n, x: _expn_slope(n, x)], analytic=False, at_kinks="-inf at x = 0 for n < 3; flat in n, a whole number",
                   domain=((2.0, 2.0), (0.3, 3.0)))
sici = several(sp.sici, [lambda ys, x: (np.sinc(x / pi), np.cos(x) / x)], outputs=2, analytic=False, at_kinks="±inf at 0 for Ci", domain=((0.3, 4.0),))
shichi = several(sp.shichi, [lambda ys, x: (_sinhc(x), np.cosh(x) / x)], outputs=2, analytic=False, at_kinks="±inf at 0 for Chi", domain=((0.3, 4.0),))
spence = elementwise(sp.spence, [lambda y, z: -_log_ratio_to_one(z)], at_kinks="-inf at 0, -1 at 1", domain=((0.2, 3.0),))
lambertw = elementwise(lambda z, k, tol: sp.lambertw(z, k, tol), [lambda y, z, k, tol: np.exp(-y) / (1 + y), flat, flat], name="lambertw",
                       at_kinks="inf at -1/e, the branch point")
wrightomega = elementwise(sp.wrightomega, [lambda y, z: y / (1 + y)], at_kinks="inf at -1 ± iπ")
agm = elementwise(sp.agm, [lambda y, a, b: _agm_partial(y, a, b), lambda y, a, b: _agm_partial(y, b, a)],
                  analytic=False, at_kinks="nan where an operand is 0", domain=((0.3, 3.0), (0.3, 3.0)))
# fmt: on


def _lambertw(z: Any, k: Any = 0, tol: float = 1e-8) -> Any:
    branch = k.detach() if isinstance(k, Value) else np.asarray(k, np.dtype("long"))[()]
    return lambertw(z, branch, tol)


#: Name in `scipy.special` → the function on values of any kind.
PYTHON_FUNCTIONS: dict[str, Callable[..., Any]] = {"lambertw": _lambertw}
