"""The zeta functions of Riemann and Hurwitz, and the polygamma functions, which are values of the latter.

Derivatives in s are those of the formula of Euler and Maclaurin, term by term: with u = q+N,
ζ(s, q) = Σ_{k<N} (q+k)^-s + u^(1-s)/(s-1) + u^-s/2 + Σ_j B₂ⱼ/(2j)! s(s+1)…(s+2j-2) u^(-s-2j+1).
For Riemann's function left of the strip the reflection comes first (Edwards 1974).
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb, factorial, log, pi
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.declaration import elementwise
from wengert.facts import flat
from wengert.primitive import Primitive
from wengert.rules.special_kernels import bell, refuse_out
from wengert.value import Value

__all__ = ["PYTHON_FUNCTIONS", "polygamma", "riemann_zeta", "riemann_zeta_slope", "zeta", "zeta_slope"]

Array = Any
_BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
    854513 / 138, -236364091 / 2730,
)  # fmt: skip
_SHIFT = 16  # terms summed before the series of Bernoulli numbers begins, beside |s|
_REFLECTED = -0.25
_FAR_LEFT = -100.0


def _hurwitz(order: int, s: Array, q: Array) -> Array:
    """The derivative of ζ(s, q) in s of that order, for arrays of one axis."""
    count = int(np.max(np.where(np.isfinite(s), np.abs(s), 0), initial=0)) + _SHIFT
    terms = np.maximum(0, np.ceil(count - q))
    # For large s the sum has converged before its terms are followed by those of Euler and Maclaurin.
    few = np.ceil((q + 1) * np.expm1(40 / np.maximum(np.real(s), 1e-3))) + 2
    converged = few < terms
    terms = np.where(converged, few, terms)[:, None]
    k = np.arange(max(1, int(np.max(terms, initial=0))))
    base = np.log(q[:, None] + np.where(k < terms, k, 0))
    total = summed = np.sum(np.where(k < terms, np.exp(-s[:, None] * base) * (-base) ** order, 0), axis=1)
    u = q + terms[:, 0]
    rate, power = -np.log(u), u ** (-s)
    pole = sum(
        comb(order, m) * rate ** (order - m) * (-1) ** m * factorial(m) / (s - 1) ** (m + 1) for m in range(order + 1)
    )
    total = total + u * power * pole + power / 2 * rate**order
    rising = [s, np.ones_like(s), *[np.zeros_like(s)] * (order - 1)][: order + 1]
    for j, bernoulli in enumerate(_BERNOULLI, 1):
        brought_down = sum(comb(order, m) * factorial(m) * rising[m] * rate ** (order - m) for m in range(order + 1))
        total = total + bernoulli / factorial(2 * j) * power * u ** (1.0 - 2 * j) * brought_down
        for factor in (s + (2 * j - 1), s + 2 * j):
            rising = [c * factor + (rising[m - 1] if m else 0) for m, c in enumerate(rising)]
    return np.where(converged, summed, total)


def _riemann(order: int, s: Array) -> Array:
    left = np.real(s) < _REFLECTED
    found = _hurwitz(order, np.where(left, 2, s), np.ones(s.shape))
    found[left] = _riemann_by_reflection(order, s[left])
    return np.where(s == np.inf, 0, found)


def _riemann_by_reflection(order: int, s: Array) -> Array:
    """ζ(s) = 2 (2π)^(s-1) sin(πs/2) Γ(1-s) ζ(1-s), differentiated by Leibniz' rule; Γ(1-s) takes the power with it."""
    loggamma = sp.loggamma if np.iscomplexobj(s) else sp.gammaln
    front = 2 * np.exp(loggamma(1 - s) + (s - 1) * log(2 * pi))
    rates = [log(2 * pi) - sp.psi(1 - s), *((-1) ** (i + 1) * polygamma.compute(i, 1 - s) for i in range(1, order))]
    nearest = 2 * np.rint(np.real(s) / 2)
    sign = 1 - 2 * np.remainder(nearest / 2, 2)
    smooth = [front * bell(m, rates) for m in range(order + 1)]
    waves = [(pi / 2) ** m * sign * _shifted_sine(s - nearest, m) for m in range(order + 1)]
    zetas = [(-1) ** m * _hurwitz(m, 1 - s, np.ones(s.shape)) for m in range(order + 1)]
    return sum(
        comb(order, i) * comb(order - i, j) * smooth[i] * waves[j] * zetas[order - i - j]
        for i in range(order + 1)
        for j in range(order - i + 1)
    )


def _shifted_sine(r: Array, quarters: int) -> Array:
    """The sine of π r/2 and so many right angles."""
    wave = np.cos(pi * r / 2) if quarters % 2 else np.sin(pi * r / 2)
    return -wave if quarters % 4 >= 2 else wave


def _hurwitz_slope(order: Any, s: Any, q: Any) -> Any:
    shape = np.broadcast_shapes(np.shape(s), np.shape(q))
    columns = (np.broadcast_to(np.asarray(x, float), shape).ravel() for x in (s, q))
    with np.errstate(all="ignore"):
        return _hurwitz(order, *columns).reshape(shape).astype(np.result_type(sp.zeta(s, q)))[()]


def _riemann_slope(order: Any, s: Any) -> Any:
    wide = np.asarray(s, complex if np.iscomplexobj(s) else float)
    with np.errstate(all="ignore"):
        return _riemann(order, wide.ravel()).reshape(wide.shape).astype(np.result_type(sp.zeta(s)))[()]


def _polygamma(n: Any, x: Any) -> Any:
    """SciPy's function; for complex x, which it does not know, Hurwitz' zeta function on the right half-plane."""
    if not np.iscomplexobj(x):
        return _real_polygamma(n, x)
    z = np.asarray(x, complex)
    with np.errstate(all="ignore"):
        left = np.real(z) < 0.5
        right = np.where(left, 1 - z, z)
        shift = np.zeros_like(right)
        far = right + _SHIFT
        for k in range(_SHIFT):
            shift = shift + (right + k) ** (-n - 1.0)
        series = far ** (-n - 1.0) * (far / n + 0.5)
        for j, bernoulli in enumerate(_BERNOULLI, 1):
            series = series + bernoulli / factorial(2 * j) * sp.poch(n + 1.0, 2 * j - 1) * far ** (-n - 2.0 * j)
        found = (-1) ** (n + 1) * factorial(n) * (shift + series)
        found = np.where(left, (-1) ** n * found - _cotangent(n, z), found)
    return found.astype(np.result_type(x))[()]


def _real_polygamma(n: Any, x: Any) -> Any:
    """SciPy's function, which takes a step for each unit to the left of 0: by reflection where these are many."""
    far = np.less(x, _FAR_LEFT)
    if not np.any(far) or np.ndim(n):
        return sp.polygamma(n, x)
    safe = np.where(far, 1.0, x).astype(np.result_type(x, np.float32))
    n = int(n)
    reflected = (-1) ** n * sp.polygamma(n, np.where(far, 1.0 - x, 1.0)) - _cotangent(n, np.where(far, x, 0.5))
    near = sp.polygamma(n, safe)
    return np.where(far, reflected, near).astype(near.dtype)[()]


def _cotangent(n: int, z: Array) -> Array:
    """The n-th derivative of π cot πz, a polynomial in the cotangent."""
    offset = z - np.rint(np.real(z))
    cot = 1 / np.tan(pi * offset)
    polynomial = np.polynomial.Polynomial([0, 1])
    for _ in range(n):
        polynomial = -(polynomial.deriv() * np.polynomial.Polynomial([1, 0, 1]))
    return pi ** (n + 1) * polynomial(cot)


# fmt: off
polygamma: Primitive = elementwise(_polygamma, [flat, lambda y, n, x: polygamma(n + 1, x)], name="polygamma", analytic=False,
                        at_kinks="nan or inf at 0, -1, …; flat in n, which is an integer")
zeta: Primitive = elementwise(lambda s, q: sp.zeta(s, q), [lambda y, s, q: zeta_slope(1, s, q), lambda y, s, q: -s * zeta(s + 1, q)],
                   name="zeta", analytic=False, at_kinks="inf at s = 1; nan for q < 0, where it has no real powers",
                   accuracy="in s 1e-14: Euler-Maclaurin", domain=((1.2, 5.0), (0.4, 6.0)))
zeta_slope: Primitive = elementwise(_hurwitz_slope, [flat, lambda y, n, s, q: zeta_slope(n + 1, s, q),
                                          lambda y, n, s, q: -s * zeta_slope(n, s + 1, q) - n * _lower_slope(n, s + 1, q)],
                         name="zeta_slope", analytic=False, at_kinks="inf at s = 1", accuracy="1e-14: Euler-Maclaurin")
riemann_zeta = elementwise(lambda s: sp.zeta(s), [lambda y, s: riemann_zeta_slope(1, s)], name="riemann_zeta",
                           analytic=False, at_kinks="inf at 1", accuracy="1e-13: Euler-Maclaurin", domain=((-3.0, 0.7),))
riemann_zeta_slope: Primitive = elementwise(_riemann_slope, [flat, lambda y, n, s: riemann_zeta_slope(n + 1, s)],
                                 name="riemann_zeta_slope", analytic=False, at_kinks="inf at 1", accuracy="1e-13: Euler-Maclaurin")
zetac = elementwise(sp.zetac, [lambda y, s: riemann_zeta_slope(1, s)], analytic=False, at_kinks="inf at 1",
                    accuracy="1e-13: Euler-Maclaurin", domain=((-3.0, 0.7),))
# fmt: on


def _lower_slope(n: Any, s: Any, q: Any) -> Any:
    return zeta_slope(n - 1, s, q) if n > 1 else zeta(s, q)


def _zeta_of_values(x: Any, q: Any = None, out: None = None) -> Any:
    refuse_out("zeta", out)
    return riemann_zeta(x) if q is None else zeta(x, q)


def _polygamma_of_values(n: Any, x: Any) -> Any:
    return polygamma(n.detach() if isinstance(n, Value) else n, x)


#: Name in `scipy.special` → the function on values of any kind.
PYTHON_FUNCTIONS: dict[str, Callable[..., Any]] = {"zeta": _zeta_of_values, "polygamma": _polygamma_of_values}
