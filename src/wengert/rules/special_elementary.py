"""Compositions of elementary functions that SciPy computes with care: logistic, entropies, Box-Cox, losses, degrees.

Rows read: function, partials (y is the result), behaviour at special points. Where SciPy's function is NumPy's under
another object, its calls arrive at NumPy's row.
"""

from __future__ import annotations

from math import factorial, log, pi
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.declaration import elementwise
from wengert.registry import functions
from wengert.rules.special_kernels import series

__all__ = ["boxcox_slope"]

_DEGREE = pi / 180
_NO_COMPLEX = "smooth; SciPy has no complex version"
_POSITIVE = (0.3, 3.0)


# --- quotients without cancellation --------------------------------------------------------------------------------

_EXPREL = [(k + 1) / factorial(k + 2) for k in range(22)]
_LOG_SLOPE = [(-1) ** k * (1 - 1 / k) for k in range(2, 28)]


def _exprel_slope(x: Any) -> Any:
    """The derivative of (eˣ-1)/x, which is ½ at 0."""
    near = np.abs(x) < 1
    small, large = np.where(near, x, 0.0), np.where(near, 1.0, x)
    return np.where(near, series(_EXPREL, small), (1 / large + np.exp(large) * (1 - 1 / large)) / large)


def _log1p_slope(v: Any) -> Any:
    """Minus the derivative of log(1+v)/v, which is ½ at 0."""
    near = np.abs(v) < 0.2
    small, large = np.where(near, v, 0.0), np.where(near, 1.0, v)
    return np.where(near, series(_LOG_SLOPE, small), (np.log1p(large) - large / (1 + large)) / large**2)


def _log_quotient(x: Any, y: Any) -> Any:
    """The logarithm of x/y, exact also where the two are close."""
    close = np.abs(x - y) < 0.5 * np.abs(y)
    p, q = np.where(close, x, 1.0), np.where(close, y, 1.0)
    far_p, far_q = np.where(close, 1.0, x), np.where(close, 1.0, y)
    return np.where(close, np.log1p((p - q) / q), np.log(far_p) - np.log(far_q))


def _per(x: Any, y: Any) -> Any:
    """The quotient x/y, and 0 where both are 0."""
    return x / np.where((x == 0) & (y == 0), 1.0, y)


# --- Box and Cox ---------------------------------------------------------------------------------------------------


def boxcox_slope(log_x: Any, lmbda: Any) -> Any:
    """∂/∂λ of (xᵏ-1)/λ with k = λ, also at λ = 0 and at x = 0."""
    at_zero = log_x == -np.inf
    safe = np.where(at_zero, -1.0, log_x)
    positive = lmbda > 0
    limit = np.where(positive, 1 / np.where(positive, lmbda, 1.0) ** 2, np.inf)
    return np.where(at_zero, limit, safe * safe * _exprel_slope(lmbda * safe))


def _inverse_slope(root: Any, y: Any, lmbda: Any) -> Any:
    """∂/∂λ of (1+λy)^(1/λ), also at λ = 0 and at λy = -1."""
    v = lmbda * y
    at_end = v == -1
    return np.where(at_end, 0.0, -root * y * y * _log1p_slope(np.where(at_end, 0.0, v)))


# --- losses --------------------------------------------------------------------------------------------------------


def _pseudo_huber_delta(delta: Any, r: Any) -> Any:
    """With h = hypot(δ, r): (h-δ)²/h, where h-δ = r²/(h+δ)."""
    h = np.hypot(delta, r)
    h = np.where(h == 0, 1.0, h)
    return (r * (r / (h + delta))) ** 2 / h


def _per_length(x: Any, y: Any) -> Any:
    """The quotient x/hypot(x, y), and 0 at the origin."""
    h = np.hypot(x, y)
    return x / np.where(h == 0, 1.0, h)


def _power_base(x: Any, y: Any) -> Any:
    return y * x ** np.where((x == 0) & (y == 0), 0.0, y - 1)


def _power_exponent(value: Any, x: Any) -> Any:
    return (value + 1) * np.log(np.where(x == 0, 1.0, x))


# fmt: off
expit = elementwise(sp.expit, [lambda y, x: y * sp.expit(-x)], analytic=False, at_kinks=_NO_COMPLEX)
log_expit = elementwise(sp.log_expit, [lambda y, x: sp.expit(-x)], analytic=False, at_kinks=_NO_COMPLEX)
logit = elementwise(sp.logit, [lambda y, p: 1 / (p * (1 - p))], analytic=False, at_kinks="inf at 0 and 1", domain=((0.1, 0.9),))
exprel = elementwise(sp.exprel, [lambda y, x: _exprel_slope(x)], analytic=False, at_kinks="½ at 0")
exp10 = elementwise(sp.exp10, [lambda y, x: log(10) * y], analytic=False, at_kinks=_NO_COMPLEX)
cosm1 = elementwise(sp.cosm1, [lambda y, x: -np.sin(x)], analytic=False, at_kinks=_NO_COMPLEX)
powm1 = elementwise(sp.powm1, [lambda y, x1, x2: _power_base(x1, x2), lambda y, x1, x2: _power_exponent(y, x1)],
                    analytic=False, at_kinks="that of the power", domain=(_POSITIVE, (-2.0, 2.0)))

xlogy = elementwise(sp.xlogy, [lambda y, x1, x2: np.log(x2), lambda y, x1, x2: _per(x1, x2)],
                    at_kinks="-inf in x1 at x2 = 0; 0 in x2 at x1 = x2 = 0", domain=((-2.0, 2.0), _POSITIVE))
xlog1py = elementwise(sp.xlog1py, [lambda y, x1, x2: np.log1p(x2), lambda y, x1, x2: _per(x1, 1 + x2)],
                      at_kinks="-inf in x1 at x2 = -1; 0 in x2 at x1 = 0, x2 = -1", domain=((-2.0, 2.0), (-0.7, 2.0)))
entr = elementwise(sp.entr, [lambda y, x: -np.log(x) - 1], analytic=False, at_kinks="inf at 0", domain=(_POSITIVE,))
rel_entr = elementwise(sp.rel_entr, [lambda y, p, q: _log_quotient(p, q) + 1, lambda y, p, q: -_per(p, q)],
                       analytic=False, at_kinks="-inf in p at p = 0 < q; nan in p and 0 in q at p = q = 0", domain=(_POSITIVE, _POSITIVE))
kl_div = elementwise(sp.kl_div, [lambda y, p, q: _log_quotient(p, q), lambda y, p, q: 1 - _per(p, q)],
                     analytic=False, at_kinks="-inf in p at p = 0 < q; nan in p and 1 in q at p = q = 0", domain=(_POSITIVE, _POSITIVE))
huber = elementwise(sp.huber, [lambda y, delta, r: np.maximum(np.abs(r) - delta, 0.0), lambda y, delta, r: np.clip(r, -delta, delta)],
                    analytic=False, at_kinks="smooth; its derivative has kinks at |r| = δ", domain=((0.8, 1.2), (-3.0, 3.0)))
pseudo_huber = elementwise(sp.pseudo_huber, [lambda y, delta, r: _pseudo_huber_delta(delta, r), lambda y, delta, r: r * _per_length(delta, r)],
                           analytic=False, at_kinks="0 at δ = r = 0", domain=(_POSITIVE, (-3.0, 3.0)))

boxcox = elementwise(sp.boxcox, [lambda y, x, lmbda: x ** (lmbda - 1), lambda y, x, lmbda: boxcox_slope(np.log(x), lmbda)],
                     analytic=False, at_kinks="½ log² x in λ at λ = 0; 1/λ² in λ at x = 0", domain=(_POSITIVE, (-2.0, 2.0)))
boxcox1p = elementwise(sp.boxcox1p, [lambda y, x, lmbda: np.exp((lmbda - 1) * np.log1p(x)), lambda y, x, lmbda: boxcox_slope(np.log1p(x), lmbda)],
                       analytic=False, at_kinks="½ log²(1+x) in λ at λ = 0; 1/λ² in λ at x = -1", domain=((-0.7, 2.0), (-2.0, 2.0)))
inv_boxcox = elementwise(sp.inv_boxcox, [lambda r, y, lmbda: r ** (1 - lmbda), lambda r, y, lmbda: _inverse_slope(r, y, lmbda)],
                         analytic=False, at_kinks="-½ y² exp(y) in λ at λ = 0; 0 in λ at λy = -1", domain=((0.1, 1.5), (-0.5, 1.5)))
inv_boxcox1p = elementwise(sp.inv_boxcox1p, [lambda r, y, lmbda: (1 + r) ** (1 - lmbda), lambda r, y, lmbda: _inverse_slope(1 + r, y, lmbda)],
                           analytic=False, at_kinks="-½ y² exp(y) in λ at λ = 0; 0 in λ at λy = -1", domain=((0.1, 1.5), (-0.5, 1.5)))

sindg = elementwise(sp.sindg, [lambda y, x: _DEGREE * sp.cosdg(x)], analytic=False, at_kinks=_NO_COMPLEX, domain=((-200.0, 200.0),))
cosdg = elementwise(sp.cosdg, [lambda y, x: -_DEGREE * sp.sindg(x)], analytic=False, at_kinks=_NO_COMPLEX, domain=((-200.0, 200.0),))
tandg = elementwise(sp.tandg, [lambda y, x: _DEGREE * (1 + y * y)], analytic=False, at_kinks="inf at the poles", domain=((-70.0, 70.0),))
cotdg = elementwise(sp.cotdg, [lambda y, x: -_DEGREE * (1 + y * y)], analytic=False, at_kinks="-inf at the poles", domain=((20.0, 160.0),))
radian = elementwise(sp.radian, [lambda y, d, m, s: _DEGREE, lambda y, d, m, s: _DEGREE / 60, lambda y, d, m, s: _DEGREE / 3600], analytic=False, at_kinks=_NO_COMPLEX)
# fmt: on

for _special, _numpys in (
    (sp.expm1, np.expm1), (sp.log1p, np.log1p), (sp.exp2, np.exp2), (sp.cbrt, np.cbrt), (sp.round, np.rint),
):  # fmt: skip
    functions[_special] = functions[_numpys]
