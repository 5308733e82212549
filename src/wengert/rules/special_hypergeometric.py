"""Hypergeometric functions of `scipy.special`: ₀F₁, ₁F₁, ₂F₁, Tricomi's U, and the functions of Bessel and Wright.

Derivatives in the argument have all parameters one higher (DLMF 13.3, 15.5, 16.3). Those in the parameters are found
by differences: of SciPy's functions, for U of its integral, which is the more accurate. The sum of Wright's function
is differentiated term by term.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, pi
from typing import Any

import numpy as np
from scipy import special

from wengert.declaration import elementwise
from wengert.facts import Kind, Rule
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.rules.special_numerical import (
    analytic_fact,
    by_parameters,
    floating,
    in_chunks,
    product_rule,
    step_for,
    to_pole,
)

__all__: list[str] = []

_REAL_PARAMETERS = "smooth; the parameters are real. nan in a parameter next to a pole"
_ACCURACY = "in the parameters by differences: 1e-10, mostly 1e-13; second derivative 1e-8, third 1e-7"


def _moving(p: Any, k: int) -> Any:
    """The k-th derivative of p in p."""
    return p if k == 0 else 1.0 if k == 1 else None


def _reciprocal(p: Any, k: int) -> Any:
    """The k-th derivative of 1 / p in p."""
    return (-1) ** k * special.factorial(k) / p ** (k + 1)


def _product(*factors: Any) -> Any:
    if any(factor is None for factor in factors):
        return None
    product = factors[0]
    for factor in factors[1:]:
        product = product * factor
    return product


# --- 0F1, 1F1, 2F1 -------------------------------------------------------------------------------------------------


def _size(z: Any, *parameters: Any) -> Any:
    """The rate at which a confluent function varies with a parameter."""
    beside = sum(map(np.abs, parameters)) + 1
    return pi / 2 + np.log1p(2 * np.abs(z) / beside) + np.abs(np.angle(z)) * (np.iscomplexobj(z))


def _power_rate(z: Any) -> Any:
    """As functions of a parameter powers of 1 − z; at z = 1 other bounds hold."""
    with np.errstate(divide="ignore"):
        return pi / 2 + np.where(z == 1, 0, np.abs(np.log(np.where(z == 1, 0, 1 - z) + 0j)))


def _of_gauss(a: Any, b: Any, c: Any, z: Any) -> Any:
    """The distance of the parameters to where the function is infinite at z = 1."""
    return np.where(z == 1, np.abs(c - a - b), np.inf)


_NEAR = 0.05  # the argument below which 1 is left out of the series


def _without_one(function: Any, numerators: int) -> Rule:
    """The function, and less 1 for small arguments, where it is 1 and little more: the rest by its power series."""

    def varying(*xs: Any) -> Any:
        *parameters, z = xs
        near = np.abs(z) < _NEAR
        return np.where(near, _rest(parameters[:numerators], parameters[numerators:], np.where(near, z, 0)), function(*xs))

    return varying


def _rest(numerators: Sequence[Any], denominators: Sequence[Any], z: Any) -> Any:
    """The hypergeometric series without its first term."""
    total, term = 0 * z, 1 + 0 * z
    for k in range(500):
        term = term * z / (k + 1)
        for a in numerators:
            term = term * (a + k)
        for b in denominators:
            term = term / (b + k)
        total = total + term
        if not np.any(np.abs(term) > 1e-17 * np.abs(total)):
            break
    return total


hyp0f1_in_parameter: Primitive = by_parameters(
    "hyp0f1_in_parameter", special.hyp0f1,
    {0: lambda b, z: step_for(_size(np.sqrt(np.abs(z)), b), to_pole(b))},
    {1: lambda orders, b, z: product_rule(orders, lambda k: _reciprocal(b, *k), lambda k: hyp0f1_in_parameter(b + 1, z, orders=k))},
    count=2, varying=_without_one(special.hyp0f1, 0), domain=((0.5, 3.0), (-2.0, 2.0)), accuracy=_ACCURACY)

hyp1f1_in_parameters: Primitive = by_parameters(
    "hyp1f1_in_parameters", special.hyp1f1,
    {0: lambda a, b, z: step_for(_size(z, a, b)), 1: lambda a, b, z: step_for(_size(z, b), to_pole(b))},
    {2: lambda orders, a, b, z: product_rule(orders, lambda k: _product(_moving(a, k[0]), _reciprocal(b, k[1])),
                                             lambda k: hyp1f1_in_parameters(a + 1, b + 1, z, orders=k))},
    count=3, varying=_without_one(special.hyp1f1, 1), domain=((0.5, 3.0), (0.5, 3.0), (-2.0, 2.0)), accuracy=_ACCURACY)

hyp2f1_in_parameters: Primitive = by_parameters(
    "hyp2f1_in_parameters", special.hyp2f1,
    {0: lambda a, b, c, z: step_for(_power_rate(z), _of_gauss(a, b, c, z)),
     1: lambda a, b, c, z: step_for(_power_rate(z), _of_gauss(a, b, c, z)),
     2: lambda a, b, c, z: step_for(_power_rate(z), to_pole(c), _of_gauss(a, b, c, z))},
    {3: lambda orders, a, b, c, z: product_rule(
        orders, lambda k: _product(_moving(a, k[0]), _moving(b, k[1]), _reciprocal(c, k[2])),
        lambda k: hyp2f1_in_parameters(a + 1, b + 1, c + 1, z, orders=k))},
    count=4, varying=_without_one(special.hyp2f1, 2), domain=((0.5, 2.0), (0.5, 2.0), (1.5, 3.0), (-0.8, 0.8)), accuracy=_ACCURACY)

# fmt: off
elementwise(special.hyp0f1, [lambda y, b, z: hyp0f1_in_parameter(b, z, orders=(1,)), lambda y, b, z: special.hyp0f1(b + 1, z) / b],
            analytic=False, at_kinks=_REAL_PARAMETERS, domain=((0.5, 3.0), (-2.0, 2.0)), accuracy=_ACCURACY)
elementwise(special.hyp1f1, [lambda y, a, b, z: hyp1f1_in_parameters(a, b, z, orders=(1, 0)),
                             lambda y, a, b, z: hyp1f1_in_parameters(a, b, z, orders=(0, 1)),
                             lambda y, a, b, z: a / b * special.hyp1f1(a + 1, b + 1, z)],
            analytic=False, at_kinks=_REAL_PARAMETERS, domain=((0.5, 3.0), (0.5, 3.0), (-2.0, 2.0)), accuracy=_ACCURACY)
elementwise(special.hyp2f1, [lambda y, a, b, c, z: hyp2f1_in_parameters(a, b, c, z, orders=(1, 0, 0)),
                             lambda y, a, b, c, z: hyp2f1_in_parameters(a, b, c, z, orders=(0, 1, 0)),
                             lambda y, a, b, c, z: hyp2f1_in_parameters(a, b, c, z, orders=(0, 0, 1)),
                             lambda y, a, b, c, z: a * b / c * special.hyp2f1(a + 1, b + 1, c + 1, z)],
            analytic=False, at_kinks=_REAL_PARAMETERS, domain=((0.5, 2.0), (0.5, 2.0), (1.5, 3.0), (-0.8, 0.8)), accuracy=_ACCURACY)
# fmt: on


# --- U -------------------------------------------------------------------------------------------------------------

_LEAST_A, _MOST_STEPS = 4.0, 400  # the integral converges fast for a ≥ 4; below it is a recurrence in a


def _tricomi(a: Any, b: Any, x: Any) -> Any:
    """U(a, b, x) for real parameters and x ≥ 0: its integral, and below a = 4 the recurrence DLMF 13.3.7 downwards."""
    a, b, x = np.broadcast_arrays(a, b, x)
    count = np.maximum(np.ceil(_LEAST_A - a), 0)
    count = np.where(count <= _MOST_STEPS, count, np.nan)
    top = a + count
    upper, current = _tricomi_integral(top + 1, b, x), _tricomi_integral(top, b, x)
    for k in range(int(np.nanmax(count, initial=0))):
        p = top - k
        lower = (2 * p + x - b) * current - p * (p - b + 1) * upper
        upper, current = np.where(k < count, current, upper), np.where(k < count, lower, current)
    at_zero = np.where(b < 1, special.gamma(np.where(b < 1, 1 - b, 1)) * special.rgamma(a - b + 1), np.inf)
    return np.where(x > 0, current, np.where(x == 0, at_zero, np.nan))


def _tricomi_integral(a: Any, b: Any, x: Any) -> Any:
    valid = (x > 0) & np.isfinite(a) & np.isfinite(b) & np.isfinite(x)
    safe = [np.where(valid, p, instead) for p, instead in ((a, 4.0), (b, 0.5), (x, 1.0))]
    return np.where(valid, in_chunks(lambda *flat: _tricomi_columns(*(p[:, np.newaxis] for p in flat))[:, 0], *safe), np.nan)


def _tricomi_columns(a: Any, b: Any, x: Any) -> Any:
    """∫ e^(−xt) t^(a−1) (1+t)^(b−a−1) dt / Γ(a) (DLMF 13.4.4): the trapezoidal rule in s = log t about the peak.

    The integrand falls at least as e^(as) to the left, and is negligible for t > 2 peak + 60/x on the right.
    """
    half = (b - 1 - x) / 2
    root = np.sqrt(half * half + a * x)
    peak = np.where(half > 0, (half + root) / x, a / (root + np.abs(half)))
    centre = np.log(peak)
    step = np.minimum(0.22, 0.5 / np.sqrt(np.abs(x * peak - (b - a - 1) * peak / (1 + peak) ** 2)))
    left = 1 + int(np.max(40 / (a * step) + 2 / step, initial=0))
    right = 1 + int(np.max((np.log(2 * peak + 60 / x) - centre) / step, initial=0))
    s = centre + step * np.arange(-left, right + 1)
    exponents = a * s - x * np.exp(s) + (b - a - 1) * np.logaddexp(0, s)
    highest = a * centre - x * peak + (b - a - 1) * np.logaddexp(0, centre)
    return step * np.sum(np.exp(exponents - highest), axis=-1, keepdims=True) * np.exp(highest - special.gammaln(a))


def _tricomi_step(a: Any, b: Any, x: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.where(x > 0, step_for(pi / 2 + np.abs(np.log(x)) / 2 + np.log1p(np.abs(a) + np.abs(b))), 0.05)


hyperu_in_parameters: Primitive = by_parameters(
    "hyperu_in_parameters", _tricomi, {0: _tricomi_step, 1: _tricomi_step},
    {2: lambda orders, a, b, x: product_rule(orders, lambda k: None if k[1] else _product(-1.0, _moving(a, k[0])),
                                             lambda k: hyperu_in_parameters(a + 1, b + 1, x, orders=k))},
    count=3, domain=((0.5, 3.0), (-1.0, 2.0), (0.5, 3.0)), accuracy=_ACCURACY)
# fmt: off
elementwise(special.hyperu, [lambda y, a, b, x: hyperu_in_parameters(a, b, x, orders=(1, 0)),
                             lambda y, a, b, x: hyperu_in_parameters(a, b, x, orders=(0, 1)),
                             lambda y, a, b, x: -a * special.hyperu(a + 1, b + 1, x)],
            analytic=False, at_kinks="smooth for x > 0", domain=((-3.4, -0.6), (-1.0, 2.0), (0.5, 3.0)), accuracy=_ACCURACY)
# fmt: on


# --- Wright's generalisation of the Bessel function ----------------------------------------------------------------

_NODES = np.arange(300.0)


def _wright_sums(a: Any, b: Any, x: Any, order: int) -> tuple[Any, Any, Any]:
    """The sum Σ xᵏ/k! ∂ⁿ/∂bⁿ 1/Γ(ak+b) and that for n = 0, both divided by exp of the first of the results.

    Only terms around the largest one count. Where they vary slowly every s-th is taken: the error is e^(−2π²σ²/s²)
    with σ ≥ 6s, the width of the peak.
    """
    a, b, x = (p[:, np.newaxis] for p in (a, b, x))
    peak, width = _wright_peak(a, b, x)
    stride = np.maximum(np.floor(width / 6), 1)
    k = np.maximum(np.floor(peak - 10 * width - 20), 0) + stride * _NODES
    y = a * k + b
    exponents = special.xlogy(k, x) - special.gammaln(k + 1) - special.gammaln(y + 1)
    highest = np.max(exponents, axis=-1, keepdims=True)
    weights = stride * np.exp(exponents - highest)
    rates = _reciprocal_gamma_rates(y + 1, order)
    # 1/Γ(y) = y/Γ(y+1), which is right at y = 0 too.
    factor = y * rates[order] + (order * rates[order - 1] if order else 0)
    return highest[..., 0], np.sum(weights * factor, -1), np.sum(weights * y, -1)


def _wright_peak(a: Any, b: Any, x: Any) -> tuple[Any, Any]:
    """Where log k + a log(ak + b) = log x, and the width of the peak there, by Newton's method in log k."""
    with np.errstate(divide="ignore"):
        target = np.maximum(np.log(x), -40.0)
    log_k = target / (1 + a)
    for _ in range(12):
        k = np.exp(log_k)
        beside = a * k + b + 1
        log_k = np.minimum(log_k - (log_k + a * np.log(beside) - target) / (1 + a * a * k / beside), 600)
    k = np.exp(log_k)
    return k, 1 / np.sqrt(1 / (k + 1) + a * a / (a * k + b + 1))


def _reciprocal_gamma_rates(y: Any, order: int) -> list[Any]:
    """The derivatives of 1/Γ(y) up to an order, divided by 1/Γ(y) (Faà di Bruno)."""
    rates = [np.ones_like(y)]
    for n in range(1, order + 1):
        rates.append(sum(-comb(n - 1, j) * rates[j] * special.polygamma(n - 1 - j, y) for j in range(n)))
    return rates


def _wright_in_b(a: Any, b: Any, x: Any, order: int) -> Any:
    def in_b(a: Any, b: Any, x: Any) -> Any:
        highest, found, _ = _wright_sums(a, b, x, order)
        return found * np.exp(highest)

    return _of_wright(in_b, a, b, x)


def _wright_ratio(a: Any, b: Any, x: Any, order: int) -> Any:
    def ratio(a: Any, b: Any, x: Any) -> Any:
        _, found, value = _wright_sums(a, b, x, order)
        return found / value

    return _of_wright(ratio, a, b, x)


@np.errstate(all="ignore")
def _of_wright(function: Rule, a: Any, b: Any, x: Any) -> Any:
    valid = (np.asarray(a) >= 0) & (np.asarray(b) >= 0) & (np.asarray(x) >= 0)
    found = in_chunks(function, *(np.asarray(p, float) for p in (a, b, x)))
    return np.where(valid, found, np.nan).astype(floating(a, b, x))[()]


def _log_shift(a: Any, b: Any, x: Any) -> Any:
    """Φ(a, a+b, x) / Φ(a, b, x), the logarithmic derivative in x."""
    return np.exp(special.log_wright_bessel(a, a + b, x) - special.log_wright_bessel(a, b, x))


def _ratio(a: Any, b: Any, x: Any, order: int) -> Any:
    return wright_bessel_ratio(a, b, x, order=order)


_WRIGHT = ((0.3, 2.0), (0.3, 2.0), (0.3, 3.0))
_SUM = "by the sum, differentiated term by term: 1e-12"

# ∂Φ/∂a = x ∂Φ/∂b at (a, a+b, x), as the factor k of the terms takes one from k!.
wright_bessel_in_b: Primitive = table.add_primitive(Primitive(
    "wright_bessel_in_b", _wright_in_b, Kind.ELEMENTWISE,
    [analytic_fact(lambda a, b, x, order: x * wright_bessel_in_b(a, a + b, x, order=order + 1)),
     analytic_fact(lambda a, b, x, order: wright_bessel_in_b(a, b, x, order=order + 1)),
     analytic_fact(lambda a, b, x, order: wright_bessel_in_b(a, a + b, x, order=order))],
    analytic=False, at_kinks="smooth", domain=_WRIGHT, accuracy=_SUM))
wright_bessel_ratio: Primitive = table.add_primitive(Primitive(
    "wright_bessel_ratio", _wright_ratio, Kind.ELEMENTWISE,
    [analytic_fact(lambda a, b, x, order: x * _log_shift(a, b, x) * (_ratio(a, a + b, x, order + 1) - _ratio(a, b, x, order) * _ratio(a, a + b, x, 1))),
     analytic_fact(lambda a, b, x, order: _ratio(a, b, x, order + 1) - _ratio(a, b, x, order) * _ratio(a, b, x, 1)),
     analytic_fact(lambda a, b, x, order: _log_shift(a, b, x) * (_ratio(a, a + b, x, order) - _ratio(a, b, x, order)))],
    analytic=False, at_kinks="smooth", domain=_WRIGHT, accuracy=_SUM))
# fmt: off
elementwise(special.wright_bessel, [lambda y, a, b, x: x * wright_bessel_in_b(a, a + b, x, order=1),
                                    lambda y, a, b, x: wright_bessel_in_b(a, b, x, order=1),
                                    lambda y, a, b, x: special.wright_bessel(a, a + b, x)],
            analytic=False, at_kinks="smooth", domain=_WRIGHT, accuracy=_SUM)
if hasattr(special, "log_wright_bessel"):  # since SciPy 1.14
    elementwise(special.log_wright_bessel, [lambda y, a, b, x: x * np.exp(special.log_wright_bessel(a, a + b, x) - y) * _ratio(a, a + b, x, 1),
                                            lambda y, a, b, x: _ratio(a, b, x, 1),
                                            lambda y, a, b, x: np.exp(special.log_wright_bessel(a, a + b, x) - y)],
                analytic=False, at_kinks="smooth", domain=_WRIGHT, accuracy=_SUM)
# fmt: on
