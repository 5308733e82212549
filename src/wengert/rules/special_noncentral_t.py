"""The noncentral t distribution: F(t; ν, δ) = E Φ(tv-δ), where νv² has the χ² distribution with ν degrees of freedom.

Its derivatives in t and δ are expectations of powers of v times a normal density, found by quadrature: their integrand
has a concave logarithm in s = 2 log v. Its derivative in ν is found by differences of SciPy's function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.declaration import elementwise
from wengert.facts import flat
from wengert.primitive import Primitive
from wengert.rules.special_differences import differenced, no_further
from wengert.rules.special_kernels import (
    DROP,
    elementwise_kernel,
    expm1mx,
    gamma_front,
    integrate,
)

__all__ = ["NONCENTRAL_T", "nct_expectation", "nctdtr", "nctdtr_df"]

Array = Any
_SMOOTH = "smooth; SciPy has no complex version"


def _expectation(power: int, df: Array, nc: Array, t: Array) -> Array:
    """E vᵖ φ(tv-δ), from the v at which the integrand without vᵖ is largest to both sides."""
    h = 0.5 * df
    curvature = df + t * t
    root = np.sqrt((t * nc) ** 2 + 4 * df * curvature)
    mode = np.where(t * nc > 0, (t * nc + root) / (2 * curvature), 2 * df / (root - t * nc))
    # The density of s is hʰ vᵈᶠ exp(-h v²)/Γ(h), which `gamma_front` has at h v².
    front = gamma_front(h, h * mode * mode) * np.exp(-0.5 * (t * mode - nc) ** 2) / np.sqrt(2 * np.pi)

    def integrand(s: Array, h: Array, curvature: Array, mode: Array) -> Array:
        q = np.exp(s / 2)
        return np.exp(-2 * h * expm1mx(s / 2) - 0.5 * curvature * (mode * (q - 1)) ** 2) * (mode * q) ** power

    def mirrored(s: Array, *columns: Array) -> Array:
        return integrand(-s, *columns)

    columns = (h, curvature, mode)
    width = np.sqrt(2 * DROP / curvature) / mode
    upper = integrate(integrand, 2 * np.log1p(width), *columns)
    return front * (upper + integrate(mirrored, _lower_length(h, width), *columns))


def _lower_length(h: Array, width: Array) -> Array:
    """Where the power of v has dropped far enough (by Newton's method from beyond), or the normal density has."""
    length = DROP / h + 2
    for _ in range(12):
        length = length - (2 * h * expm1mx(-length / 2) - DROP) / (h * -np.expm1(-length / 2))
    return np.minimum(length, np.where(width < 1, -2 * np.log1p(-np.minimum(width, 0.99)), np.inf))


def _tail(df: Any, nc: Any, t: Any) -> Any:
    """The distribution function, or minus its complement where that is smaller, by symmetry: without rounding to 1."""
    is_upper = sp.nctdtr(df, nc, t) > 0.5
    sign = np.where(is_upper, -1.0, 1.0)
    return sign, sign * nc, sign * t


def _in_df(order: int, df: Any, nc: Any, t: Any) -> Any:
    sign, nc, t = _tail(df, nc, t)
    return sign * _differenced(order, sp.nctdtr, 0)(df, nc, t)


def _differenced(order: int, function: Callable[..., Any], i: int) -> Callable[..., Any]:
    for _ in range(order):
        function = differenced(function, i)
    return function


def _expectation_in_df(order: int, power: int, df: Array, nc: Array, t: Array) -> Array:
    found: Array = _differenced(order, _expectation, 1)(power, df, nc, t)
    return found


def _raised(order: Any) -> Any:
    """The next order of a derivative in df, of which differences give two."""
    return order + 1 if order < 2 else no_further("nctdtr in df")()


# fmt: off
nct_expectation: Primitive = elementwise(
    elementwise_kernel(_expectation_in_df, leading=2),
    [flat, flat, lambda y, n, p, df, nc, t: nct_expectation(_raised(n), p, df, nc, t),
     lambda y, n, p, df, nc, t: t * nct_expectation(n, p + 1, df, nc, t) - nc * y,
     lambda y, n, p, df, nc, t: nc * nct_expectation(n, p + 1, df, nc, t) - t * nct_expectation(n, p + 2, df, nc, t)],
    name="nct_expectation", analytic=False, at_kinks=_SMOOTH, accuracy="quadrature: 1e-13; its differences in df 1e-12 and 1e-10")
nctdtr_df: Primitive = elementwise(
    elementwise_kernel(_in_df, leading=1),
    [flat, lambda y, n, df, nc, t: nctdtr_df(_raised(n), df, nc, t), lambda y, n, df, nc, t: -nct_expectation(n, 0, df, nc, t),
     lambda y, n, df, nc, t: nct_expectation(n, 1, df, nc, t)],
    name="nctdtr_df", analytic=False, at_kinks=_SMOOTH, accuracy="differences: 1e-13/df of the value, second order 1e-11/df²")
NONCENTRAL_T = [lambda df, nc, t: nctdtr_df(1, df, nc, t), lambda df, nc, t: -nct_expectation(0, 0, df, nc, t), lambda df, nc, t: nct_expectation(0, 1, df, nc, t)]
nctdtr = elementwise(
    sp.nctdtr,
    [lambda y, df, nc, t: nctdtr_df(1, df, nc, t), lambda y, df, nc, t: -nct_expectation(0, 0, df, nc, t),
     lambda y, df, nc, t: nct_expectation(0, 1, df, nc, t)],
    analytic=False, at_kinks=_SMOOTH, accuracy="in df by differences: 1e-13/df of the value",
    domain=((1.0, 9.0), (-1.0, 2.0), (-1.0, 3.0)))
# fmt: on
