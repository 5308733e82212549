"""The incomplete gamma and beta functions and their inverses, differentiable in every parameter.

The rows `gammainc_parameters`, `betainc_parameters`, `fdtr_parameters` and `stdtr_parameters` are the derivatives in
the shapes, with the orders as first operands. An inverse x(a, p) of P(a, x) = p has ∂x/∂p = 1/P_x and ∂x/∂a = -P_a/P_x:
`inverse` declares it from the partials of what it inverts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.declaration import elementwise
from wengert.facts import Fact, Flat, flat
from wengert.primitive import Primitive
from wengert.rules import special_parameters as parameters
from wengert.rules.special_densities import (
    beta_density,
    f_density,
    f_rate,
    f_rate_cross,
    f_rate_slope,
    gamma_density,
    student_density,
    student_rate,
    student_rate_slope,
)
from wengert.rules.special_differences import no_further
from wengert.rules.special_kernels import elementwise_kernel

__all__ = [
    "betainc_parameters", "fdtr_parameters", "gammainc_parameters", "inverse", "stdtr_parameters",
]  # fmt: skip

_SMOOTH = "smooth; SciPy has no complex version"
_QUADRATURE = "quadrature: 1e-13"
_SHAPE, _UNIT = (0.3, 5.0), (0.1, 0.9)


# --- derivatives in the shapes -------------------------------------------------------------------------------------


def _f_by_ratio(of_a: Any, of_b: Any, a: Any, b: Any, u: Any) -> Any:
    """∂/∂u of the derivatives of F in its shapes: those of its density, of total order 1 or 2."""
    first = f_rate(a, b, u) if of_a else 1.0
    last = f_rate(b, a, 1 / u) if of_b else 1.0
    if of_a + of_b == 1:
        return f_density(0, a, b, u) * first * last
    if of_a == of_b:
        return f_density(0, a, b, u) * (first * last + f_rate_cross(a, b, u))
    slope = f_rate_slope(a, b, u) if of_a else f_rate_slope(b, a, 1 / u)
    return f_density(0, a, b, u) * ((first * last) ** 2 + slope)


def _f_raised(of_a: Any, of_b: Any, a: Any, b: Any, u: Any) -> Any:
    if of_a + of_b > 2:
        no_further("fdtr in its degrees of freedom")()
    return fdtr_parameters(of_a, of_b, a, b, u)


def _stdtr_parameters(order: int, df: Any, t: Any) -> Any:
    """By the distribution of t², which is F with 1 degree of freedom above."""
    found = parameters.f_parameters(0, order, np.full_like(df, 0.5), 0.5 * df, t * t)
    return np.where(df == np.inf, 0.0, np.sign(t) * 0.5 ** (order + 1) * found)


def _stdtr_by_t(order: Any, df: Any, t: Any) -> Any:
    rate = student_rate(df, t)
    return student_density(df, t) * (rate if order == 1 else rate * rate + student_rate_slope(df, t))


def _stdtr_raised(order: Any, df: Any, t: Any) -> Any:
    if order > 2:
        no_further("stdtr in df")()
    return stdtr_parameters(order, df, t)


# fmt: off
gammainc_parameters: Primitive = elementwise(
    elementwise_kernel(parameters.gamma_parameter, leading=1),
    [flat, lambda y, n, a, x: gammainc_parameters(n + 1, a, x), lambda y, n, a, x: gamma_density(n, a, x)],
    name="gammainc_parameters", analytic=False, at_kinks="-exp1(x) at a = 0", accuracy=_QUADRATURE)
betainc_parameters: Primitive = elementwise(
    elementwise_kernel(parameters.beta_parameters, leading=2),
    [flat, flat, lambda y, i, k, a, b, x: betainc_parameters(i + 1, k, a, b, x), lambda y, i, k, a, b, x: betainc_parameters(i, k + 1, a, b, x),
     lambda y, i, k, a, b, x: beta_density(i, k, a, b, x)],
    name="betainc_parameters", analytic=False, at_kinks="0 at x = 0 and x = 1", accuracy=_QUADRATURE)
fdtr_parameters: Primitive = elementwise(
    elementwise_kernel(parameters.f_parameters, leading=2),
    [flat, flat, lambda y, i, k, a, b, u: _f_raised(i + 1, k, a, b, u), lambda y, i, k, a, b, u: _f_raised(i, k + 1, a, b, u),
     lambda y, i, k, a, b, u: _f_by_ratio(i, k, a, b, u)],
    name="fdtr_parameters", analytic=False, at_kinks="0 at u = 0", accuracy="quadrature: 1e-13; second order 1e-14 times the shape")
stdtr_parameters: Primitive = elementwise(
    elementwise_kernel(_stdtr_parameters, leading=1),
    [flat, lambda y, n, df, t: _stdtr_raised(n + 1, df, t), lambda y, n, df, t: _stdtr_by_t(n, df, t)],
    name="stdtr_parameters", analytic=False, at_kinks=_SMOOTH, accuracy="quadrature: 1e-13; second order 1e-14·df")
# fmt: on


# --- inverses ------------------------------------------------------------------------------------------------------

Partial = Callable[..., Any]


def inverse(
    function: np.ufunc,
    solved: int,
    partials: Sequence[Partial | Flat],
    *,
    ends: tuple[float, float] | None = None,
    **columns: Any,
) -> Primitive:
    """Declare the inverse of a distribution function in one of its operands, in whose place it takes the probability.

    `partials` are those of the function that is inverted, each ``(*operands)``; `flat` stays flat. `ends` are the
    values at which SciPy stops where no value has the probability: there the inverse is constant.
    """
    low, high = ends or (-np.inf, np.inf)

    def rate(operands: Sequence[Any]) -> Any:
        found = partials[solved](*operands)  # type: ignore[operator]  # the solved one is not flat
        is_end = (operands[solved] <= low) | (operands[solved] >= high)
        return np.where(is_end, np.inf, found) if ends else found

    def fact(i: int, partial: Partial | Flat) -> Fact:
        if isinstance(partial, Flat):
            return flat

        def inverse_slope(y: Any, *xs: Any) -> Any:
            return 1 / rate((*xs[:solved], y, *xs[solved + 1 :]))

        def implicit_slope(y: Any, *xs: Any) -> Any:
            operands = (*xs[:solved], y, *xs[solved + 1 :])
            change, slope = partial(*operands), rate(operands)
            stays = (change == 0) & (slope == 0)
            return -change / np.where(stays, 1.0, slope)

        return inverse_slope if i == solved else implicit_slope

    stops = "; 0 where SciPy stops at an end of the range" if ends else ""
    columns.setdefault("at_kinks", f"inf where the density is 0{stops}")
    facts = [fact(i, partial) for i, partial in enumerate(partials)]
    return elementwise(function, facts, analytic=False, **columns)


def negated(*partials: Partial | Flat) -> list[Partial | Flat]:
    """The partials of the complement."""

    def negative(partial: Partial) -> Partial:
        def complement(*xs: Any) -> Any:
            return -partial(*xs)

        return complement

    return [p if isinstance(p, Flat) else negative(p) for p in partials]


# fmt: off
GAMMA = [lambda a, x: gammainc_parameters(1, a, x), lambda a, x: gamma_density(0, a, x)]
BETA = [lambda a, b, x: betainc_parameters(1, 0, a, b, x), lambda a, b, x: betainc_parameters(0, 1, a, b, x), lambda a, b, x: beta_density(0, 0, a, b, x)]

gammainc = elementwise(sp.gammainc, [lambda y, a, x: gammainc_parameters(1, a, x), lambda y, a, x: gamma_density(0, a, x)],
                       analytic=False, at_kinks="-exp1(x) in a at a = 0; inf, 1 or 0 in x at 0", accuracy="in a by quadrature: 1e-13", domain=(_SHAPE, _SHAPE))
gammaincc = elementwise(sp.gammaincc, [lambda y, a, x: -gammainc_parameters(1, a, x), lambda y, a, x: -gamma_density(0, a, x)],
                        analytic=False, at_kinks="exp1(x) in a at a = 0; -inf, -1 or 0 in x at 0", accuracy="in a by quadrature: 1e-13", domain=(_SHAPE, _SHAPE))
gammaincinv = inverse(sp.gammaincinv, 1, GAMMA, accuracy="in a by quadrature: 1e-13", domain=(_SHAPE, _UNIT))
gammainccinv = inverse(sp.gammainccinv, 1, negated(*GAMMA), accuracy="in a by quadrature: 1e-13", domain=(_SHAPE, _UNIT))
betainc = elementwise(sp.betainc, [lambda y, a, b, x: betainc_parameters(1, 0, a, b, x), lambda y, a, b, x: betainc_parameters(0, 1, a, b, x),
                                   lambda y, a, b, x: beta_density(0, 0, a, b, x)],
                      analytic=False, at_kinks="limits in x at 0 and 1", accuracy="in a, b by quadrature: 1e-13", domain=(_SHAPE, _SHAPE, _UNIT))
betaincc = elementwise(sp.betaincc, [lambda y, a, b, x: -betainc_parameters(1, 0, a, b, x), lambda y, a, b, x: -betainc_parameters(0, 1, a, b, x),
                                     lambda y, a, b, x: -beta_density(0, 0, a, b, x)],
                       analytic=False, at_kinks="limits in x at 0 and 1", accuracy="in a, b by quadrature: 1e-13", domain=(_SHAPE, _SHAPE, _UNIT))
betaincinv = inverse(sp.betaincinv, 2, BETA, accuracy="in a, b by quadrature: 1e-13", domain=(_SHAPE, _SHAPE, _UNIT))
betainccinv = inverse(sp.betainccinv, 2, negated(*BETA), accuracy="in a, b by quadrature: 1e-13", domain=(_SHAPE, _SHAPE, _UNIT))
# fmt: on
