"""Densities of the gamma, beta, Fisher and Student distributions, and their derivatives in the shapes.

A row has the orders of its derivatives in the shapes as first operands, which makes the rows closed under
differentiation: what a cumulative distribution function differentiates to has all derivatives of its own.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.declaration import elementwise
from wengert.facts import flat
from wengert.primitive import Primitive
from wengert.rules import special_parameters as parameters
from wengert.rules.special_gamma import is_pole
from wengert.rules.special_kernels import (
    bell,
    beta_front,
    digamma_gap,
    elementwise_kernel,
    gamma_front,
    log_beta,
    log_ratio,
)
from wengert.rules.special_parameters import BetaRates, log_of
from wengert.rules.special_zeta import polygamma

__all__ = [
    "beta_density", "f_density", "f_rate", "f_rate_cross", "f_rate_slope", "gamma_density", "student_density",
    "student_rate", "student_rate_slope",
]  # fmt: skip

Array = Any
_SMOOTH = "smooth; SciPy has no complex version"


# --- gamma: xᵃ⁻¹ e⁻ˣ / Γ(a) ----------------------------------------------------------------------------------------


def _at_edge(power: Array) -> Array:
    """The limit of x to that power at x = 0."""
    return np.where(power > 0, 0.0, np.where(power == 0, 1.0, np.inf))


def _gamma_density(order: int, a: Array, x: Array) -> Array:
    pole, edge = is_pole(a), x == 0
    safe_a, safe_x = np.where(pole, 1.0, a), np.where(edge, 1.0, x)
    density = gamma_front(safe_a, safe_x) / safe_x
    size = np.abs(safe_a)
    first = np.where(safe_a > 0, log_ratio(safe_x, size) + digamma_gap(size), np.log(safe_x) - sp.psi(safe_a))
    rates = [first, *(-sp.polygamma(i, safe_a) for i in range(1, order))]
    regular = np.where(x == np.inf, 0.0, density * bell(order, rates) if order else density)
    if order == 0:
        at_edge = sp.gammasgn(safe_a) * _at_edge(a - 1)
    else:
        at_edge = np.where(a > 1, 0.0, -np.inf if order == 1 else np.nan)
    return np.where(pole, _gamma_at_pole(order, a, safe_x), np.where(edge, at_edge, regular))


def _gamma_at_pole(order: int, a: Array, x: Array) -> Array:
    """At a = -k, where 1/Γ is (-1)ᵏ k! (ε - ψ(k+1) ε² + …)."""
    k = np.where(is_pole(a), -a, 0.0)
    slope = (1 - 2 * np.remainder(k, 2)) * sp.gamma(k + 1) * np.exp((a - 1) * np.log(x) - x)
    return (0 * a, slope, 2 * slope * (np.log(x) - sp.psi(k + 1)))[order] if order < 3 else np.full(a.shape, np.nan)


# --- beta: xᵃ⁻¹ (1-x)ᵇ⁻¹ / B(a, b) ---------------------------------------------------------------------------------


def _beta_density(of_a: int, of_b: int, a: Array, b: Array, x: Array) -> Array:
    pole = is_pole(a) | is_pole(b)
    edge = (x == 0) | (x == 1)
    p, q, inner = np.where(pole, 1.0, a), np.where(pole, 1.0, b), np.where(edge, 0.5, x)
    density = beta_front(p, q, inner, 1 - inner) / (inner * (1 - inner))
    if of_a + of_b:
        density = density * BetaRates(of_a, of_b, p, q).bell(log_of(inner, 1 - inner), log_of(1 - inner, inner))
    power = np.where(x == 0, p, q) - 1
    sign = sp.gammasgn(p) * sp.gammasgn(q) * sp.gammasgn(p + q)
    at_edge = np.where(power == 0, np.where(x == 0, q, p), sign * _at_edge(power))
    if of_a + of_b:
        at_edge = np.where(power > 0, 0.0, np.nan)
    return np.where(pole, _beta_at_pole(of_a, of_b, a, b, inner), np.where(edge, at_edge, density))


def _beta_at_pole(of_a: int, of_b: int, a: Array, b: Array, x: Array) -> Array:
    """At a = -k or b = -k, where 1/B vanishes: its first derivative in that shape does not."""
    if of_a + of_b == 0:
        return 0 * a
    if of_a + of_b > 1:
        return np.full(a.shape, np.nan)
    own, other = (a, b) if of_a else (b, a)
    pole = is_pole(own)
    k, other = np.where(pole, -own, 0.0), np.where(pole & ~is_pole(other), other, 1.0)
    power = np.exp((a - 1) * np.log(x) + (b - 1) * np.log1p(-x))
    slope = (1 - 2 * np.remainder(k, 2)) * sp.gamma(k + 1) * power * sp.gamma(other - k) * sp.rgamma(other)
    return np.where(pole, slope, 0.0)


def _beta_density_slope(i: Any, k: Any, a: Any, b: Any, x: Any) -> Any:
    """∂/∂x of the density is (a+b-1) times the difference of those with a-1 and with b-1."""

    def difference(i: Any, k: Any) -> Any:
        return beta_density(i, k, a - 1, b, x) - beta_density(i, k, a, b - 1, x)

    total = (a + b - 1) * difference(i, k)
    if i:
        total = total + i * difference(i - 1, k)
    return total + k * difference(i, k - 1) if k else total


# --- Fisher: uᵃ⁻¹⁻ˢ aᵃ bᵇ / (b+au)ᵃ⁺ᵇ / B(a, b) --------------------------------------------------------------------


def _f_density(power: int, a: Array, b: Array, u: Array) -> Array:
    """The density of F with 2a and 2b degrees of freedom, divided by u to a power."""
    edge = u == 0
    inner = np.where(edge, 1.0, u)
    odds = a * inner / b
    density = beta_front(a, b, 1 / (1 + 1 / odds), 1 / (1 + odds)) / inner ** (1 + power)
    left = a - 1 - power
    constant = np.exp(a * np.log(a / b) - log_beta(a, b))
    return np.where(edge, np.where(left == 0, constant, _at_edge(left)), density)


def _f_density_slope(y: Any, s: Any, a: Any, b: Any, u: Any) -> Any:
    """∂/∂u brings down (a-1-s)/u - (a+b)a/(b+au), of which the first factor may be 0 where 1/u is infinite."""
    left = a - 1 - s
    # At u = 0 the product is 0 where `left` is, and jumps elsewhere. The root of a square has no derivative at 0 either.
    vanishes = (left == 0) & (u == 0)
    higher = left * f_density(s + 1, np.where(vanishes, a + 1, a), b, u)
    return np.where(vanishes, np.sqrt(left * left), higher) - (a + b) * a / (b + a * u) * y


def _weighted(y: Any, rate: Any, u: Any) -> Any:
    """The product of a density and its logarithmic derivative; 0 at the edge, where that is infinite."""
    edge = (u == 0) & (y == 0)
    return np.where(edge, 0.0, y * np.where(edge, 0.0, rate))


def f_rate_slope(a: Any, b: Any, u: Any) -> Any:
    """The derivative of `f_rate` in a."""
    scale = b + a * u
    return 1 / a - u / scale * (2 - (a + b) * u / scale) + polygamma(1, a + b) - polygamma(1, a)


def f_rate_cross(a: Any, b: Any, u: Any) -> Any:
    """The derivative of `f_rate` in b."""
    scale = b + a * u
    return polygamma(1, a + b) - (1 + u - (a + b) * u / scale) / scale


# --- Student -------------------------------------------------------------------------------------------------------


def _student_density(df: Any, t: Any) -> Any:
    density = np.exp(-0.5 * (df + 1) * np.log1p(t * t / df) - log_beta(0.5, 0.5 * df)) / np.sqrt(df)
    return np.where(df == np.inf, np.exp(-0.5 * t * t) / sqrt(2 * pi), density)


def student_rate_slope(df: Any, t: Any) -> Any:
    """The derivative of `student_rate` in the degrees of freedom."""
    scale, square = df + t * t, t * t
    trigammas = polygamma(1, 0.5 * df + 0.5) - polygamma(1, 0.5 * df)
    return 0.25 * trigammas + 0.5 * (1 / df**2 + square / scale * (1 / df - 1 / df**2 - (1 + 1 / df) / scale))


# fmt: off
gamma_density: Primitive = elementwise(
    elementwise_kernel(_gamma_density, leading=1),
    [flat, lambda y, n, a, x: gamma_density(n + 1, a, x), lambda y, n, a, x: gamma_density(n, a - 1, x) - y],
    name="gamma_density", analytic=False, at_kinks="its limit at x = 0")
beta_density: Primitive = elementwise(
    elementwise_kernel(_beta_density, leading=2),
    [flat, flat, lambda y, i, k, a, b, x: beta_density(i + 1, k, a, b, x), lambda y, i, k, a, b, x: beta_density(i, k + 1, a, b, x),
     lambda y, i, k, a, b, x: _beta_density_slope(i, k, a, b, x)],
    name="beta_density", analytic=False, at_kinks="its limit at x = 0 and x = 1")
f_rate = elementwise(
    elementwise_kernel(parameters.f_rate),
    [lambda y, a, b, u: f_rate_slope(a, b, u), lambda y, a, b, u: f_rate_cross(a, b, u),
     lambda y, a, b, u: b * b * (1 - u) / (u * (b + a * u) ** 2)],
    name="f_rate", analytic=False, at_kinks="-inf at u = 0", domain=((0.5, 4.0), (0.5, 4.0), (0.3, 3.0)))
f_density: Primitive = elementwise(
    elementwise_kernel(_f_density, leading=1),
    [flat, lambda y, s, a, b, u: _weighted(y, f_rate(a, b, u), u), lambda y, s, a, b, u: _weighted(y, f_rate(b, a, 1 / u), u),
     lambda y, s, a, b, u: _f_density_slope(y, s, a, b, u)],
    name="f_density", analytic=False, at_kinks="its limit at u = 0")
student_rate = elementwise(
    elementwise_kernel(parameters.student_rate),
    [lambda y, df, t: student_rate_slope(df, t), lambda y, df, t: t * (1 - t * t) / (df + t * t) ** 2],
    name="student_rate", analytic=False, at_kinks=_SMOOTH, domain=((0.5, 8.0), (-3.0, 3.0)))
student_density = elementwise(
    elementwise_kernel(_student_density),
    [lambda y, df, t: y * student_rate(df, t), lambda y, df, t: -y * t * (1 + 1 / df) / (1 + t * t / df)],
    name="student_density", analytic=False, at_kinks=_SMOOTH, domain=((0.5, 8.0), (-3.0, 3.0)))
# fmt: on
