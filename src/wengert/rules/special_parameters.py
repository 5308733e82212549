"""Derivatives of the incomplete gamma and beta functions in their parameters, to any order.

With p the density, ∂P/∂a = ∫ p(t) (log t - E log t) dt. The integral is taken from the side of x on which the
integrand has one sign, so that nothing cancels, in s = log t or s = logit t, in which the logarithm of the integrand is
concave: from s(x) on it falls, and is cut off where it has dropped by e^-45. Where it would fall too slowly the
recurrences P(a, x) = P(a+1, x) + xᵃe⁻ˣ/Γ(a+1) and I(a, b) = I(a+1, b) + xᵃ(1-x)ᵇ/(a B(a, b)) come first; their terms
have the same sign. Relative accuracy of the first derivatives: about 1e-13 over the whole domain.
"""

from __future__ import annotations

from math import comb
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.rules.special_kernels import (
    DROP,
    bell,
    beta_front,
    difference_of_digammas,
    difference_of_polygammas,
    digamma_gap,
    expm1mx,
    gamma_front,
    gap_difference,
    integrate,
    log1pmx,
    log_ratio,
)

__all__ = [
    "BetaRates", "beta_pair", "beta_parameters", "f_parameters", "f_rate", "gamma_parameter", "log_of",
    "student_rate",
]  # fmt: skip

Array = Any


# --- the incomplete gamma function -------------------------------------------------------------------------------


def gamma_parameter(order: int, a: Array, x: Array) -> Array:
    """The derivative of `gammainc` in a, of order 1 or more, for arrays of one axis."""
    y = np.full(a.shape, np.nan)
    inside = (a > 0) & (a < np.inf) & (x > 0) & (x < np.inf)
    y[((x == 0) & (a > 0)) | ((x == np.inf) & (a >= 0))] = 0
    if order == 1:
        y = np.where((a == 0) & (x > 0), -sp.exp1(x), y)
    shifted = inside & (a < 1) & (np.log(x) < sp.psi(a + 1))
    lower = inside & ~shifted & (np.log(x) < sp.psi(a))
    upper = inside & ~shifted & ~lower
    y[lower] = _gamma_lower(order, a[lower], x[lower])
    y[upper] = _gamma_upper(order, a[upper], x[upper])
    a, x = a[shifted], x[shifted]
    first = gamma_front(a + 1, x) / x * bell(order, _gamma_rates(order, a + 1, x, np.zeros(1)))
    y[shifted] = first + _gamma_lower(order, a + 1, x)
    return y


def _gamma_rates(order: int, a: Array, x: Array, s: Array) -> list[Array]:
    """Derivatives in a of the logarithm of tᵃ/Γ(a) at t = x eˢ."""
    return [log_ratio(x, a) + digamma_gap(a) + s, *(-sp.polygamma(i, a) for i in range(1, order))]


def _gamma_lower(order: int, a: Array, x: Array) -> Array:
    slope = 2 * (a - x) - DROP
    length = (np.sqrt(slope * slope + 8 * DROP * a) - slope) / (2 * a)

    def integrand(s: Array, a: Array, x: Array) -> Array:
        return np.exp(-(a - x) * s - x * expm1mx(-s)) * bell(order, _gamma_rates(order, a, x, -s))

    return gamma_front(a, x) * integrate(integrand, length, a, x)


def _gamma_upper(order: int, a: Array, x: Array) -> Array:
    length = (np.sqrt((x - a) ** 2 + 2 * DROP * x) - (x - a)) / x
    for _ in range(3):
        length = np.minimum(length, np.log1p((DROP + a * length) / x))

    def integrand(s: Array, a: Array, x: Array) -> Array:
        return np.exp(-(x - a) * s - x * expm1mx(s)) * bell(order, _gamma_rates(order, a, x, s))

    return -gamma_front(a, x) * integrate(integrand, length, a, x)


# --- the incomplete beta function --------------------------------------------------------------------------------

_SHORT = 0.03  # up to here the exponent is found from its series: for large parameters its parts would cancel


def beta_parameters(of_a: int, of_b: int, a: Array, b: Array, x: Array) -> Array:
    """The derivative of `betainc` in a and b, of orders of which one is 1 or more, for arrays of one axis."""
    return beta_pair(of_a, of_b, a, b, x, 1 - x)


def beta_pair(of_a: int, of_b: int, a: Array, b: Array, x: Array, xc: Array) -> Array:
    """The same with 1-x given beside x."""
    if of_a < of_b:
        return -beta_pair(of_b, of_a, b, a, xc, x)
    y = np.full(a.shape, np.nan)
    valid = (a > 0) & (b > 0) & (a < np.inf) & (b < np.inf)
    y[valid & ((x == 0) | (xc == 0))] = 0
    inside = np.flatnonzero(valid & (x > 0) & (xc > 0))
    is_lower = _is_lower(*(z[inside] for z in (a, b, x, xc)))
    lower, upper = inside[is_lower], inside[~is_lower]
    y[lower] = _beta_lower(of_a, of_b, *(z[lower] for z in (a, b, x, xc)))
    y[upper] = -_beta_lower(of_b, of_a, *(z[upper] for z in (b, a, xc, x)))
    return y


def _is_lower(a: Array, b: Array, x: Array, xc: Array) -> Array:
    """Whether the integral from 0 to x has one sign, after one step of the recurrence where a < 1."""
    log_x = log_of(x, xc)
    negative = log_x < -difference_of_digammas(a, b)
    after_step = (a < 1) & (log_x < sp.psi(a + 1) - sp.psi(a + b)) & (x * (a + b + 2) < a + 1)
    return negative | after_step


def log_of(x: Array, xc: Array) -> Array:
    """The logarithm of x, by xc = 1-x where that is the smaller one."""
    return np.where(x < 0.5, np.log(x), np.log1p(-xc))


def _beta_lower(of_a: int, of_b: int, a: Array, b: Array, x: Array, xc: Array) -> Array:
    """The derivative of the integral from 0 to x; a step of the recurrence is taken where it falls slowly."""
    slow = a < 1
    y = _beta_integral(of_a, of_b, np.where(slow, a + 1, a), b, x, xc)
    a, b, x, xc = (z[slow] for z in (a, b, x, xc))
    rates = BetaRates(of_a, of_b, a, b, step=1)
    y[slow] += beta_front(a, b, x, xc) / a * rates.bell(log_of(x, xc), log_of(xc, x))
    return y


class BetaRates:
    """Derivatives of the logarithm of tᵃ(1-t)ᵇ Γ(a+b)/(Γ(a+step)Γ(b))."""

    def __init__(self, of_a: int, of_b: int, a: Array, b: Array, step: int = 0):
        self.of_a, self.of_b = of_a, of_b
        self.mean_a = sp.psi(a + 1) - sp.psi(a + b) if step else -difference_of_digammas(a, b)
        self.mean_b = -difference_of_digammas(b, a)
        self.pure_a = [self._pure(i, a, b, step) for i in range(1, of_a)]
        self.pure_b = [difference_of_polygammas(i, b, a) for i in range(1, of_b)]
        self.mixed = [sp.polygamma(i, a + b) for i in range(1, of_a + of_b)] if of_a and of_b else []

    @staticmethod
    def _pure(i: int, a: Array, b: Array, step: int) -> Array:
        return sp.polygamma(i, a + b) - sp.polygamma(i, a + 1) if step else difference_of_polygammas(i, a, b)

    def bell(self, log_t: Array, log_tc: Array) -> Array:
        """The mixed derivative divided by the function itself: a Bell polynomial in two variables."""

        def rate(i: int, k: int) -> Array:
            if i + k == 1:
                return log_t - self.mean_a if i else log_tc - self.mean_b
            return self.pure_a[i - 2] if k == 0 else self.pure_b[k - 2] if i == 0 else self.mixed[i + k - 2]

        found: dict[tuple[int, int], Array] = {(0, 0): np.ones(1)}
        for k in range(self.of_b):
            found[0, k + 1] = sum(comb(k, m) * rate(0, m + 1) * found[0, k - m] for m in range(k + 1))
        for i in range(self.of_a):
            for k in range(self.of_b + 1):
                found[i + 1, k] = sum(
                    comb(i, j) * comb(k, m) * rate(j + 1, m) * found[i - j, k - m]
                    for j in range(i + 1)
                    for m in range(k + 1)
                )
        return found[self.of_a, self.of_b]


def _beta_integral(of_a: int, of_b: int, a: Array, b: Array, x: Array, xc: Array) -> Array:
    def integrand(s: Array, a: Array, b: Array, x: Array, xc: Array) -> Array:
        growth, fall = _growth_and_fall(s, a, b, x, xc)
        bell = BetaRates(of_a, of_b, a, b).bell(log_of(x, xc) - growth, log_of(xc, x) + s - growth)
        return np.exp(-fall) * bell

    return beta_front(a, b, x, xc) * integrate(integrand, _beta_length(a, b, x, xc), a, b, x, xc)


def _growth_and_fall(s: Array, a: Array, b: Array, x: Array, xc: Array) -> tuple[Array, Array]:
    """What log t and log tᵃ(1-t)ᵇ lose when logit t goes from logit x down by s."""
    growth = np.log1p(xc * np.expm1(s))
    short = np.minimum(s, _SHORT)
    series = (a * xc - b * x) * short + (a + b) * _bernoulli_series(short, x, xc)
    return growth, np.where(s < _SHORT, series, a * growth + b * np.log1p(x * np.expm1(-s)))


def _bernoulli_series(s: Array, x: Array, xc: Array) -> Array:
    """log(1 + xc (eˢ-1)) - xc s for small s: the cumulants of a coin."""
    v, d = x * xc, x - xc
    cumulants = (
        v, v * d, v * (1 - 6 * v), v * d * (1 - 12 * v), v * (1 - v * (30 - 120 * v)),
        v * d * (1 - v * (60 - 360 * v)), v * (1 - v * (126 - v * (1680 - 5040 * v))),
    )  # fmt: skip
    total: Array = 0.0
    for k, cumulant in zip(range(8, 1, -1), reversed(cumulants), strict=True):
        total = (total + cumulant) * s / k
    return total * s


def _beta_length(a: Array, b: Array, x: Array, xc: Array) -> Array:
    """How far logit t must go down until the integrand has dropped: Newton's method from beyond on the convex exponent."""
    length = (DROP - (a + b) * log_of(xc, x)) / a
    for _ in range(20):
        growth, fall = _growth_and_fall(length, a, b, x, xc)
        grown = xc * np.exp(length - growth)
        length = length - (fall - DROP) / ((a + b) * grown - b)
    return length


# --- the distribution of a ratio ---------------------------------------------------------------------------------
# F(u) = I(a, b; au/(b+au)), Fisher's with 2a and 2b degrees of freedom. A parameter moves both the shape and the
# argument of I, and for a large one the two parts nearly cancel: there the integral is taken of the derivative at
# fixed u, whose factor is log r + 1 - r + δ with r = (a+b)u/(b+au) and δ = log a - ψ(a) - (log(a+b) - ψ(a+b)).


def f_parameters(of_a: int, of_b: int, a: Array, b: Array, u: Array) -> Array:
    """The derivative of F in a and b, of total order 1 or 2, for arrays of one axis."""
    if of_a < of_b:
        return -f_parameters(of_b, of_a, b, a, 1 / u)
    y = np.where((a > 0) & (b > 0) & ((u == 0) | (u == np.inf)), 0.0, np.nan)
    inside = np.flatnonzero((a > 0) & (b > 0) & (a < np.inf) & (b < np.inf) & (u > 0) & (u < np.inf))
    a, b, u = (z[inside] for z in (a, b, u))
    if (of_a, of_b) == (1, 0):
        found = np.empty(a.shape)
        direct = (a > _DIRECT) & (b > _LIGHT_TAIL)
        lower, upper = direct & (u < 1), direct & (u >= 1)
        found[~direct] = _f_by_parts(of_a, of_b, *(z[~direct] for z in (a, b, u)))
        found[lower] = _f_lower(a[lower], b[lower], u[lower])
        found[upper] = _f_upper(a[upper], b[upper], u[upper])
    else:
        found = _f_by_parts(of_a, of_b, a, b, u)
    y[inside] = found
    return y


_DIRECT = 10.0
_LIGHT_TAIL = 0.01  # a smaller b makes the integrand fall very slowly


def _f_by_parts(of_a: int, of_b: int, a: Array, b: Array, u: Array) -> Array:
    """The chain rule: what the shapes change, and what the argument does."""
    x, xc = a * u / (b + a * u), b / (b + a * u)
    shapes = beta_pair(of_a, of_b, a, b, x, xc)
    front = beta_front(a, b, x, xc)
    if of_a + of_b == 1:
        return shapes + front / a
    at_fixed_x = log_of(x, xc) + difference_of_digammas(a, b)
    if of_b:
        return shapes + front * (f_rate(b, a, 1 / u) / a - at_fixed_x / b)
    return shapes + front * (f_rate(a, b, u) + at_fixed_x - 1 / a) / a


def f_rate(a: Array, b: Array, u: Array) -> Array:
    """The derivative in a of the logarithm of the density of log u."""
    return _rate(a, b, (a + b) * u / (b + a * u), b * (u - 1) / (b + a * u))


def student_rate(df: Array, t: Array) -> Array:
    """The derivative of the logarithm of Student's density in the degrees of freedom, by that of F, which is t²."""
    h, scale = 0.5 * df, 0.5 * (df + t * t)
    return np.where(df == np.inf, 0.0, 0.5 * _rate(h, 0.5, (h + 0.5) / scale, 0.5 * (1 - t * t) / scale))


def _rate(a: Array, b: Any, ratio: Array, excess: Array) -> Array:
    large = np.maximum(a, _DIRECT)
    gap = np.where(a >= _DIRECT, gap_difference(large, np.log1p(b / large)), digamma_gap(a) - digamma_gap(a + b))
    return log1pmx(excess, ratio) + gap


def _f_lower(a: Array, b: Array, u: Array) -> Array:
    x, xc = a * u / (b + a * u), b / (b + a * u)

    def integrand(s: Array, a: Array, b: Array, u: Array, x: Array, xc: Array) -> Array:
        _, fall = _growth_and_fall(s, a, b, x, xc)
        return np.exp(-fall) * f_rate(a, b, u * np.exp(-s))

    return beta_front(a, b, x, xc) * integrate(integrand, _beta_length(a, b, x, xc), a, b, u, x, xc)


def _f_upper(a: Array, b: Array, u: Array) -> Array:
    x, xc = a * u / (b + a * u), b / (b + a * u)

    def integrand(s: Array, a: Array, b: Array, u: Array, x: Array, xc: Array) -> Array:
        _, fall = _growth_and_fall(s, b, a, xc, x)
        return np.exp(-fall) * f_rate(a, b, u * np.exp(s))

    return -beta_front(a, b, x, xc) * integrate(integrand, _beta_length(b, a, xc, x), a, b, u, x, xc)
