"""Noncentral distributions: mixtures of central ones with Poisson weights, and the noncentral t.

A noncentral χ² is Σ Poisson(j; λ) P(a+j, z) with λ = nc/2, a = df/2 and z = x/2; the noncentral beta distribution has
I(a+j, b; y) in the place of P, and z = y/(1-y) as its argument here. As P(a, z) - P(a+1, z) = zᵃe⁻ᶻ/Γ(a+1), and likewise
for I, the derivatives in λ and z are sums of positive terms again, and those in a and b sums of the derivatives of P
and I. Every row has the orders of its derivatives in a and b as first operands, so that the rows are closed under
differentiation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.declaration import elementwise
from wengert.facts import flat
from wengert.primitive import Primitive
from wengert.rules.special_kernels import bell, beta_front, elementwise_kernel, gamma_front
from wengert.rules.special_parameters import BetaRates, beta_pair, gamma_parameter

__all__ = ["noncentral_beta", "noncentral_beta_term", "noncentral_gamma", "noncentral_gamma_term"]

Array = Any
_SMOOTH = "smooth; SciPy has no complex version"
_PAIRS = 1 << 14  # terms of all sums that are found at a time
_MOST_TERMS = 1e6  # of a sum that is worth its time: a longer one is nan


def _summed(term: Callable[..., Array], peak: Array, lam: Array, *operands: Array) -> Array:
    """Σ Poisson(j; λ) term(j, *operands) over the j that matter: from below to above λ and the largest term."""
    low, high = np.minimum(lam, peak), np.maximum(lam, peak)
    first = np.floor(np.maximum(0, low - 9 * np.sqrt(low) - 20))
    counts = np.ceil(high + 9 * np.sqrt(high) + 40) - first
    valid = counts <= _MOST_TERMS
    total = np.full(lam.shape, np.nan)
    members = np.flatnonzero(valid)
    chunks = np.cumsum(counts[members]) // _PAIRS
    for chunk in np.unique(chunks):
        chosen = members[chunks == chunk]
        size = counts[chosen].astype(int)
        starts = np.cumsum(size) - size
        j = np.arange(size.sum()) - np.repeat(starts - first[chosen], size)
        weight, *rest = (np.repeat(x[chosen], size) for x in (lam, *operands))
        poisson = np.where(weight > 0, gamma_front(j + 1, weight) / np.where(weight > 0, weight, 1), j == 0)
        total[chosen] = np.add.reduceat(poisson * term(j, *rest), starts) if len(chosen) else 0
    return total


# --- chi-squared -------------------------------------------------------------------------------------------------


def _gamma_peak(a: Array, lam: Array, z: Array) -> Array:
    """The j at which Poisson(j; λ) zᵃ⁺ʲ/Γ(a+j) is largest."""
    return np.maximum(0, 0.5 * (np.sqrt((a - 1) ** 2 + 4 * lam * z) - a - 1))


def _noncentral_gamma(order: int, a: Array, lam: Array, z: Array) -> Array:
    def term(j: Array, a: Array, z: Array) -> Array:
        return gamma_parameter(order, a + j, z) if order else sp.gammainc(a + j, z)

    return np.where(z == np.inf, float(order == 0), _summed(term, _gamma_peak(a, lam, z), lam, a, z))


def _noncentral_gamma_term(step: int, order: int, a: Array, lam: Array, z: Array) -> Array:
    def term(j: Array, a: Array, z: Array) -> Array:
        shape = a + j + step
        rates = [np.log(z) - sp.psi(shape), *(-sp.polygamma(i, shape) for i in range(1, order))]
        front = gamma_front(a + j, z) / (a + j) ** step
        return np.where(front == 0, 0.0, front * bell(order, rates))

    return np.where(z == np.inf, 0.0, _summed(term, _gamma_peak(a, lam, z), lam, a, z))


def _gamma_term_slope(step: Any, order: Any, a: Any, lam: Any, z: Any) -> Any:
    """∂/∂z: z·d/dz of zᵃe⁻ᶻ/Γ(a) is a times the fall of it from a to a+1; the mean of j brings in λ."""

    def fall(order: Any, up: int) -> Any:
        return noncentral_gamma_term(0, order, a + up, lam, z) - noncentral_gamma_term(0, order, a + up + 1, lam, z)

    if step:
        return fall(order, 0) / z
    total = a * fall(order, 0) + lam * fall(order, 1)
    return (total + order * fall(order - 1, 0) if order else total) / z


def _gamma_term_shift(step: Any, order: Any, a: Any, lam: Any, z: Any) -> Any:
    return noncentral_gamma_term(step, order, a + 1, lam, z) - noncentral_gamma_term(step, order, a, lam, z)


# fmt: off
noncentral_gamma: Primitive = elementwise(
    elementwise_kernel(_noncentral_gamma, leading=1),
    [flat, lambda y, n, a, lam, z: noncentral_gamma(n + 1, a, lam, z),
     lambda y, n, a, lam, z: -noncentral_gamma_term(1, n, a, lam, z),
     lambda y, n, a, lam, z: noncentral_gamma_term(0, n, a, lam, z) / z],
    name="noncentral_gamma", analytic=False, at_kinks=_SMOOTH, accuracy="1e-12: a sum of integrals")
noncentral_gamma_term: Primitive = elementwise(
    elementwise_kernel(_noncentral_gamma_term, leading=2),
    [flat, flat, lambda y, s, n, a, lam, z: noncentral_gamma_term(s, n + 1, a, lam, z),
     lambda y, s, n, a, lam, z: _gamma_term_shift(s, n, a, lam, z),
     lambda y, s, n, a, lam, z: _gamma_term_slope(s, n, a, lam, z)],
    name="noncentral_gamma_term", analytic=False, at_kinks=_SMOOTH, accuracy="1e-12: a sum")
# fmt: on


# --- beta --------------------------------------------------------------------------------------------------------


def _beta_peak(a: Array, b: Array, lam: Array, z: Array) -> Array:
    """The j at which Poisson(j; λ) yᵃ⁺ʲ/B(a+j, b) is largest."""
    y = z / (1 + z)
    middle = a + 1 - lam * y
    root = np.sqrt(np.maximum(0, middle * middle - 4 * (a - lam * y * (a + b))))
    return np.maximum(0, 0.5 * (root - middle))


def _noncentral_beta(of_a: int, of_b: int, a: Array, b: Array, lam: Array, z: Array) -> Array:
    def term(j: Array, a: Array, b: Array, z: Array) -> Array:
        return beta_pair(of_a, of_b, a + j, b, z / (1 + z), 1 / (1 + z)) if of_a + of_b else _beta(a + j, b, z)

    is_whole = float(of_a + of_b == 0)
    return np.where(z == np.inf, is_whole, _summed(term, _beta_peak(a, b, lam, z), lam, a, b, z))


def _noncentral_beta_term(step: int, of_a: int, of_b: int, a: Array, b: Array, lam: Array, z: Array) -> Array:
    def term(j: Array, a: Array, b: Array, z: Array) -> Array:
        front = beta_front(a + j, b, z / (1 + z), 1 / (1 + z)) / (a + j) ** step
        rates = BetaRates(of_a, of_b, a + j, b, step).bell(-np.log1p(1 / z), -np.log1p(z))
        return np.where(front == 0, 0.0, front * rates)

    return np.where(z == np.inf, 0.0, _summed(term, _beta_peak(a, b, lam, z), lam, a, b, z))


def _beta(a: Array, b: Array, z: Array) -> Array:
    """I(a, b; z/(1+z)), from the side on which the argument is not rounded to 1."""
    return np.where(z < 1, sp.betainc(a, b, z / (1 + z)), sp.betaincc(b, a, 1 / (1 + z)))


def _beta_term_slope(step: Any, i: Any, k: Any, a: Any, b: Any, lam: Any, z: Any) -> Any:
    """∂/∂z: y(1-y)·d/dy of yᵃ(1-y)ᵇ/B(a, b) is a times the fall of it from a to a+1; the mean of j brings in λ."""

    def fall(i: Any, up: int) -> Any:
        return noncentral_beta_term(0, i, k, a + up, b, lam, z) - noncentral_beta_term(0, i, k, a + up + 1, b, lam, z)

    if step:
        return fall(i, 0) / z
    total = a * fall(i, 0) + lam * fall(i, 1)
    return (total + i * fall(i - 1, 0) if i else total) / z


def _beta_term_shift(step: Any, i: Any, k: Any, a: Any, b: Any, lam: Any, z: Any) -> Any:
    return noncentral_beta_term(step, i, k, a + 1, b, lam, z) - noncentral_beta_term(step, i, k, a, b, lam, z)


# fmt: off
noncentral_beta: Primitive = elementwise(
    elementwise_kernel(_noncentral_beta, leading=2),
    [flat, flat, lambda v, i, k, a, b, lam, z: noncentral_beta(i + 1, k, a, b, lam, z),
     lambda v, i, k, a, b, lam, z: noncentral_beta(i, k + 1, a, b, lam, z),
     lambda v, i, k, a, b, lam, z: -noncentral_beta_term(1, i, k, a, b, lam, z),
     lambda v, i, k, a, b, lam, z: noncentral_beta_term(0, i, k, a, b, lam, z) / z],
    name="noncentral_beta", analytic=False, at_kinks=_SMOOTH, accuracy="1e-12: a sum of integrals")
noncentral_beta_term: Primitive = elementwise(
    elementwise_kernel(_noncentral_beta_term, leading=3),
    [flat, flat, flat, lambda v, s, i, k, a, b, lam, z: noncentral_beta_term(s, i + 1, k, a, b, lam, z),
     lambda v, s, i, k, a, b, lam, z: noncentral_beta_term(s, i, k + 1, a, b, lam, z),
     lambda v, s, i, k, a, b, lam, z: _beta_term_shift(s, i, k, a, b, lam, z),
     lambda v, s, i, k, a, b, lam, z: _beta_term_slope(s, i, k, a, b, lam, z)],
    name="noncentral_beta_term", analytic=False, at_kinks=_SMOOTH, accuracy="1e-12: a sum")
# fmt: on
