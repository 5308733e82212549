"""Airy, Struve, Kelvin and parabolic cylinder functions of `scipy.special`, and their integrals.

Each comes with its derivative or has one among its relatives, and the second derivative follows from its differential
equation (DLMF 9.2, 10.61, 12.2, 12.14). Orders are differentiated by differences.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable
from math import gamma, pi
from typing import Any

import numpy as np
from scipy import special

from wengert.declaration import elementwise, structural
from wengert.errors import NoRuleError, user_location
from wengert.facts import Fact, Kind, Rule, tangent
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.rules.special_bessel import order_rate
from wengert.rules.special_numerical import by_parameters, conjugated, not_float64, several, step_for
from wengert.value import concrete

__all__ = ["PYTHON_FUNCTIONS"]

_ACCURACY = "in the order by differences: 1e-9, mostly 1e-13; second derivative 1e-7"
_POSITIVE = ((0.3, 4.0),)
_SMOOTH: dict[str, Any] = {"analytic": False, "at_kinks": "smooth; SciPy has no complex version"}


# --- Airy functions ------------------------------------------------------------------------------------------------

# Holomorphic, but SciPy's values at negative numbers with a tiny imaginary part are no good for the complex step.
several(special.airy, [lambda ys, z: (ys[1], z * ys[0], ys[3], z * ys[2])], outputs=4, analytic=False, at_kinks="smooth")
several(special.itairy, [lambda ys, x: (*special.airy(x)[::2], *special.airy(-x)[::2])], outputs=4, domain=((0.1, 0.5),),
        accuracy="more accurate than SciPy's integrals, which are wrong by 1e-11 at 0.3, by 1e-6 at 3 and more beyond", **_SMOOTH)

# Scaled by exp(±ζ), ζ = 2/3 z^(3/2), their derivatives cancel for large z. There the asymptotic series (DLMF 9.7),
# whose coefficients are u for the functions and v for the derivatives, gives the logarithmic derivative.
_FAR, _TERMS = 13.0, 16


def _airy_coefficients() -> tuple[list[float], list[float]]:
    u = [1.0]
    for k in range(1, _TERMS):
        u.append(u[-1] * (6 * k - 5) * (6 * k - 3) * (6 * k - 1) / ((2 * k - 1) * 216 * k))
    return u, [(6 * k + 1) / (1 - 6 * k) * c for k, c in enumerate(u)]


_U, _V = _airy_coefficients()


def _far_slope(y: Any, z: Any, coefficients: list[float], sign: int, power: float) -> Any:
    """The derivative of z^power Σ signᵏ cₖ ζ⁻ᵏ, whose value is y."""
    inverse, factor = sign * 1.5 / (z * np.sqrt(z)), 1.0
    series: Any = 0.0
    weighted: Any = 0.0
    for k, coefficient in enumerate(coefficients):
        series, weighted = series + coefficient * factor, weighted + k * coefficient * factor
        factor = factor * inverse
    return y / z * (power - 1.5 * weighted / series)


def _airye_partials(ys: Any, z: Any) -> tuple[Any, ...]:
    """Of all four results; for complex z those of Bi and Bi′ without the change of their scale."""
    is_complex = np.iscomplexobj(z)
    far = (np.abs(z) > _FAR) & (np.real(z) > 0)
    large = np.where(far, z, 2 * _FAR)
    root = np.sqrt(z)
    of_ai = ys[1] + root * ys[0], z * ys[0] + root * ys[1]
    of_ai = tuple(
        np.where(far, _far_slope(y, large, c, -1, power), p)
        for p, y, c, power in zip(of_ai, ys[:2], (_U, _V), (-0.25, 0.25), strict=True)
    )
    if is_complex:
        return (*of_ai, ys[3], z * ys[2])
    growth = np.sqrt(np.where(z > 0, z, 0.0))
    of_bi = ys[3] - growth * ys[2], z * ys[2] - growth * ys[3]
    return of_ai + tuple(
        np.where(far, _far_slope(y, large, c, 1, power), p)
        for p, y, c, power in zip(of_bi, ys[2:], (_U, _V), (-0.25, 0.25), strict=True)
    )


def _scale_sign(z: Any) -> Any:
    return np.sign(np.real(z * np.sqrt(z)))


def _push_airye(t: Any, ys: Any, z: Any) -> tuple[Any, ...]:
    pushed = [t * p for p in _airye_partials(ys, z)]
    if not np.iscomplexobj(z):
        return tuple(pushed)
    change = _scale_sign(z) * np.real(np.sqrt(z) * t)
    return pushed[0], pushed[1], pushed[2] - change * ys[2], pushed[3] - change * ys[3]


def _pull_airye(cts: Any, ys: Any, z: Any) -> Any:
    pairs = [(ct, p) for ct, p in zip(cts, _airye_partials(ys, z), strict=True) if ct is not None]
    total = sum((ct * conjugated(p) for ct, p in pairs[1:]), pairs[0][0] * conjugated(pairs[0][1]))
    if np.iscomplexobj(z):
        for ct, y in zip(cts[2:], ys[2:], strict=True):
            if ct is not None:
                total = total - np.conj(np.sqrt(z)) * _scale_sign(z) * np.real(np.conj(ct) * y)
    return total


not_float64(special.airye, table.add_primitive(Primitive(
    "airye", special.airye, Kind.ELEMENTWISE, [tangent(_push_airye, _pull_airye)], outputs=4, analytic=False,
    at_kinks="nan for Ai at negative numbers; where the exponent of the scale of Bi has its kink the mean of both sides",
    domain=((0.3, 3.0),))))


# --- Struve functions ----------------------------------------------------------------------------------------------

_STRUVE = ((0.3, 3.0), (0.3, 4.0))


def _struve_step(v: Any, x: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.where(x == 0, np.abs(v) / 25, step_for(pi / 2 + order_rate(v, np.abs(x))))


def _near_slope(v: Any, x: Any, sign: int) -> Any:
    """The differentiated power series (DLMF 11.2.1), for |x| < 1."""
    half = x / 2
    square: Any = sign * half * half
    series: Any = 0.0
    for k in range(12, 0, -1):
        series = series * square + (2 * k + v + 1) / 2 * special.rgamma(k + v + 1.5) / gamma(k + 1.5)
    first = np.where(np.equal(v, -1), 0, (v + 1) / 2 * half**v * special.rgamma(v + 1.5) / gamma(1.5))
    return first + sign * half ** (v + 2) * series


def _struve_slope(function: Any, sign: int) -> Rule:
    def slope(y: Any, v: Any, x: Any) -> Any:
        near = np.abs(x) < 1
        small, large = np.where(near, x, 0.5), np.where(near, 1.0, x)
        return np.where(near, _near_slope(v, small, sign), function(v - 1, large) - v / large * y)

    return slope


def _struve(function: Any, sign: int) -> None:
    def slope_in_order(orders: tuple[int, ...], v: Any, x: Any) -> Any:
        (n,) = orders
        value = v * in_order(v, x, orders=orders)
        return in_order(v - 1, x, orders=orders) - (value + n * in_order(v, x, orders=(n - 1,)) if n else value) / x

    in_order = by_parameters(f"{function.__name__}_in_order", function, {0: _struve_step}, {1: slope_in_order}, count=2,
                             domain=_STRUVE, accuracy=_ACCURACY)
    elementwise(function, [lambda y, v, x: in_order(v, x, orders=(1,)), _struve_slope(function, sign)], analytic=False,
                at_kinks="smooth where it is finite. In the order nan at negative arguments", domain=_STRUVE, accuracy=_ACCURACY)


_struve(special.struve, -1)
_struve(special.modstruve, 1)

# fmt: off
elementwise(special.itstruve0, [lambda y, x: special.struve(0, x)], domain=_POSITIVE, **_SMOOTH)
elementwise(special.itmodstruve0, [lambda y, x: special.modstruve(0, x)], domain=_POSITIVE, **_SMOOTH)
elementwise(special.it2struve0, [lambda y, x: -np.where(x == 0, 2 / pi, special.struve(0, x) / np.where(x == 0, 1.0, x))],
            analytic=False, at_kinks="smooth; the second derivative at 0 is 0", domain=_POSITIVE)
# fmt: on


# --- Kelvin functions ----------------------------------------------------------------------------------------------
# ber + i bei is I₀(ωx) and ker + i kei is K₀(ωx) with ω = exp(iπ/4); the second derivatives are i/2 (C₀ + C₂)(ωx).

_OMEGA = cmath.exp(0.25j * pi)


def _second_kelvin(function: Any, x: Any) -> Any:
    return 0.5j * (function(0, _OMEGA * x) + function(2, _OMEGA * x))


# fmt: off
elementwise(special.ber, [lambda y, x: special.berp(x)], **_SMOOTH)
elementwise(special.bei, [lambda y, x: special.beip(x)], **_SMOOTH)
elementwise(special.berp, [lambda y, x: np.real(_second_kelvin(special.iv, x))], **_SMOOTH)
elementwise(special.beip, [lambda y, x: np.imag(_second_kelvin(special.iv, x))], **_SMOOTH)
elementwise(special.ker, [lambda y, x: special.kerp(x)], analytic=False, at_kinks="-inf at 0", domain=_POSITIVE)
elementwise(special.kei, [lambda y, x: special.keip(x)], analytic=False, at_kinks="0 at 0", domain=_POSITIVE)
elementwise(special.kerp, [lambda y, x: np.real(_second_kelvin(special.kv, x))], analytic=False, at_kinks="nan at 0", domain=_POSITIVE)
elementwise(special.keip, [lambda y, x: np.imag(_second_kelvin(special.kv, x))], analytic=False, at_kinks="nan at 0", domain=_POSITIVE)
several(special.kelvin, [lambda ys, x: (ys[2], ys[3], _second_kelvin(special.iv, x), _second_kelvin(special.kv, x))],
        outputs=4, analytic=False, at_kinks="nan at 0 for the derivatives of K", domain=_POSITIVE)
# fmt: on


# --- parabolic cylinder functions ----------------------------------------------------------------------------------


def _cylinder_step(v: Any, x: Any) -> Any:
    size = np.abs(x)
    return step_for(pi / 2 + np.log1p(np.sqrt(np.abs(v) + 1) / (size + 0.1)) + np.log1p(size))


def _weber_step(a: Any, x: Any) -> Any:
    """The coefficients have poles at a = ±i/2."""
    return step_for(2 + np.abs(x), np.sqrt(a * a + 0.25))


def _curvature_slope(family: Rule, stiffness: Any, by_parameter: float, n: int) -> tuple[Any, Any]:
    """The slopes of a function and its derivative, w″ = s w, differentiated n times in the parameter of s."""
    value, slope = family(n)
    curvature = stiffness * value
    return slope, curvature + n * by_parameter * family(n - 1)[0] if n else curvature


def _parabolic(function: Any, compute: Any, step: Rule, stiffness: Rule, by_parameter: float, **columns: Any) -> None:
    def slopes(orders: tuple[int, ...], v: Any, x: Any) -> tuple[Any, Any]:
        return _curvature_slope(lambda n: in_order(v, x, orders=(n,)), stiffness(v, x), by_parameter, *orders)

    in_order = by_parameters(f"{function.__name__}_in_order", compute, {0: step}, {1: slopes},
                             count=2, outputs=2, accuracy=_ACCURACY)
    several(function, [lambda ys, v, x: in_order(v, x, orders=(1,)), lambda ys, v, x: (ys[1], stiffness(v, x) * ys[0])],
            outputs=2, analytic=False, accuracy=_ACCURACY, **columns)


def _weber(a: Any, x: Any) -> tuple[Any, Any]:
    """W(a, x) and W′ by power series (DLMF 12.14), for |x| ≤ 5 as SciPy's, but for any a."""
    a, x = np.broadcast_arrays(np.asarray(a, float), np.asarray(x, float))
    valid = np.abs(x) <= 5
    x = np.where(valid, x, 0)
    ratio = np.exp(0.5 * np.real(special.loggamma(0.25 + 0.5j * a) - special.loggamma(0.75 + 0.5j * a)))
    even, odd = 2**-0.75 * ratio, -(2**-0.25) / ratio
    value, slope, power = even + odd * x, odd + 0 * x, np.ones(a.shape)
    last = [0 * a, 0 * a, even, odd]  # the coefficients of the last four powers of x
    for k in range(2, 120):
        last = [*last[1:], (a * last[-2] - last[-4] / 4) / (k * (k - 1))]
        power = power * x
        slope, value = slope + k * last[-1] * power, value + last[-1] * power * x
        if k > 8 and not np.any(k * np.abs(power) * (np.abs(last[-1]) + np.abs(last[-2])) > 1e-18):
            break
    return np.where(valid, value, np.nan), np.where(valid, slope, np.nan)


_parabolic(special.pbdv, special.pbdv, _cylinder_step, lambda v, x: x * x / 4 - v - 0.5, -1.0, at_kinks="smooth")
_parabolic(special.pbvv, special.pbvv, _cylinder_step, lambda v, x: x * x / 4 - v - 0.5, -1.0, at_kinks="smooth")
_parabolic(special.pbwa, _weber, _weber_step, lambda a, x: a - x * x / 4, 1.0, at_kinks="smooth")


def _pbdn_slopes(ys: Any, z: Any) -> tuple[Any, Any]:
    k = np.arange(ys[0].shape[0])
    return ys[1], (z * z / 4 - k - 0.5) * ys[0]


def _pull_pbdn(cts: Any, ys: Any, z: Any, n: int) -> Any:
    terms = [np.sum(ct * np.conj(p)) for ct, p in zip(cts, _pbdn_slopes(ys, z), strict=True) if ct is not None]
    return sum(terms[1:], terms[0])


_PBDN: list[Fact] = [tangent(lambda t, ys, z, n: tuple(t * p for p in _pbdn_slopes(ys, z)), _pull_pbdn)]
_pbdn_seq = structural("pbdn_seq", lambda z, n: special.pbdn_seq(n, complex(z)), _PBDN, outputs=2, analytic=False, at_kinks="smooth")


# --- functions of scipy.special that are no ufuncs -----------------------------------------------------------------


def _check_scalars(*xs: Any) -> None:
    if any(np.ndim(x) for x in xs):
        raise ValueError("arguments must be scalars.")


def _sequence(function: Any, least: int) -> Callable[..., Any]:
    """The function and its derivative for the orders v − int(v), …, v."""

    def sequence(v: Any, x: Any) -> tuple[Any, Any]:
        _check_scalars(v, x)
        whole = int(concrete(v))
        value, slope = function(v - whole + np.arange(max(whole, least) + 1), x)
        return value, slope

    return sequence


def pbdn_seq(n: Any, z: Any) -> tuple[Any, Any]:
    """As ``scipy.special.pbdn_seq``, at real arguments."""
    special.pbdn_seq(n, 0.5)  # raises what SciPy raises for a wrong order
    _check_scalars(z)
    if np.iscomplexobj(z):
        raise NoRuleError(
            "scipy.special.pbdn_seq has no derivative at complex arguments.",
            why="SciPy's values there are not those of the function: they have exp(-|z|²/4) in the place of exp(-z²/4).",
            remedy="Use real arguments, or D(0) = exp(-z²/4), D(1) = z D(0) and D(n+1) = z D(n) - n D(n-1).",
            where=user_location(),
        )
    value, slope = _pbdn_seq(z, n=int(n))
    return value, slope


def lmbda(v: Any, x: Any) -> tuple[Any, Any]:
    """As ``scipy.special.lmbda``: Λ of order v is ₀F₁(; v+1; −x²/4)."""
    _check_scalars(v, x)
    if concrete(v) < 0:
        raise ValueError("argument must be > 0.")
    whole = int(concrete(v))
    orders, square = v - whole + np.arange(whole + 1.0), -x * x / 4
    return special.hyp0f1(orders + 1, square), -x / 2 / (orders + 1) * special.hyp0f1(orders + 2, square)


#: Name in `scipy.special` → the function on values of any kind.
PYTHON_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "pbdv_seq": _sequence(special.pbdv, 1), "pbvv_seq": _sequence(special.pbvv, 1), "pbdn_seq": pbdn_seq, "lmbda": lmbda,
}
