"""Bessel functions of `scipy.special`: cylinder and modified functions, scaled, spherical, and their integrals.

Every derivative in the argument is a combination of neighbouring orders (DLMF 10.6, 10.29, 10.51), in the form that
is right at 0 too; derivatives in the order are found by differences. Functions scaled by an exponential have slopes
that cancel for large arguments: these come from the asymptotic series (DLMF 10.17, 10.40), which is written as the
logarithmic derivative.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import comb, factorial, pi
from typing import Any

import numpy as np
from scipy import special
from scipy.special import _ufuncs

from wengert.declaration import elementwise
from wengert.facts import Rule, Tangent, flat, tangent
from wengert.primitive import Primitive
from wengert.rules.special_numerical import by_parameters, conjugated, not_float64, several, step_for, to_pole
from wengert.value import Value

__all__ = ["PYTHON_FUNCTIONS", "order_rate"]

_POSITIVE = ((0.3, 4.0),)
_ORDER_AND_ARGUMENT = ((0.3, 4.0), (0.5, 4.0))
_REAL = "smooth; SciPy has no complex version"
_ORDER = "smooth; the order is real. In the order nan at 0, and at negative arguments of a real function"
_ACCURACY = "in the order by differences: 1e-11, mostly 1e-13; second derivative 1e-9, third 1e-8"
_WHOLE = "smooth; the order is an integer"


# --- derivatives in the order --------------------------------------------------------------------------------------


def order_rate(v: Any, z: Any) -> Any:
    """How fast functions of order v and argument z grow with the order."""
    with np.errstate(divide="ignore"):
        return np.log1p(2 * (np.abs(v) + 1) / np.abs(z)) + np.abs(np.angle(z))


def _step(v: Any, z: Any) -> Any:
    return _at_zero(step_for(pi / 2 + order_rate(v, z)), v, z)


def _hankel_step(v: Any, z: Any) -> Any:
    return _at_zero(step_for(pi + order_rate(v, z)), v, z)


def _growing_step(v: Any, z: Any) -> Any:
    # An oscillation of negative orders in the decaying part, which drowns in the growing one.
    oscillation = np.where((np.abs(z) > 20) & (np.angle(z) == 0), 0, pi / 2)
    return _at_zero(step_for(oscillation + _gaussian_rate(v, z)), v, z)


def _decaying_step(v: Any, z: Any) -> Any:
    return _at_zero(step_for(_gaussian_rate(v, z)), v, z)


def _gaussian_rate(v: Any, z: Any) -> Any:
    """As functions of the order exp(±v²/2z) for large z."""
    return order_rate(v, z) + 2.5 / np.sqrt(np.maximum(np.abs(z), 6))


def _at_zero(step: Any, v: Any, z: Any) -> Any:
    """At z = 0 the function of the order is a power of 0: it has a jump at v = 0 and no other scale."""
    return np.where(np.abs(z) == 0, np.abs(v) / 25, np.minimum(step, 1e3))


def _falling(f: Rule) -> Rule:
    return lambda v, z: 0.5 * (f(v - 1, z) - f(v + 1, z))


def _rising(f: Rule) -> Rule:
    return lambda v, z: 0.5 * (f(v - 1, z) + f(v + 1, z))


def _decaying(f: Rule) -> Rule:
    return lambda v, z: -0.5 * (f(v - 1, z) + f(v + 1, z))


def _with_order(function: Any, recurrence: Callable[[Rule], Rule], step: Rule) -> Rule:
    """The partial in the order of `function`, whose slope in the argument is the `recurrence`."""
    name = f"{function.__name__}_in_order"

    def slope(orders: tuple[int, ...], v: Any, z: Any) -> Any:
        return recurrence(lambda v, z: prim(v, z, orders=orders))(v, z)

    prim = by_parameters(name, function, {0: step}, {1: slope}, count=2, domain=_ORDER_AND_ARGUMENT, accuracy=_ACCURACY)
    return lambda v, z: prim(v, z, orders=(1,))


def _cylinder(function: Any, recurrence: Callable[[Rule], Rule], step: Rule) -> Primitive:
    in_order, slope = _with_order(function, recurrence, step), recurrence(function)
    return elementwise(function, [lambda y, v, z: in_order(v, z), lambda y, v, z: slope(v, z)],
                       analytic=False, at_kinks=_ORDER, domain=_ORDER_AND_ARGUMENT, accuracy=_ACCURACY)


_cylinder(special.jv, _falling, _step)
_cylinder(special.yv, _falling, _step)
_cylinder(special.iv, _rising, _growing_step)
_cylinder(special.kv, _decaying, _decaying_step)
not_float64(special.hankel1, _cylinder(special.hankel1, _falling, _hankel_step))
not_float64(special.hankel2, _cylinder(special.hankel2, _falling, _hankel_step))


# --- scaled by an exponential --------------------------------------------------------------------------------------

_TERMS = 13  # of the asymptotic series: enough from the argument 30 on


def _is_far(v: Any, z: Any) -> Any:
    return (np.abs(z) > 30) & (np.abs(z) > 2 * v * v) & ((np.real(z) > 0) | ~np.iscomplexobj(z))


def _logarithmic_slope(v: Any, z: Any, unit: complex) -> Any:
    """The logarithmic derivative of z^(-1/2) Σ unitᵏ aₖ(v) / zᵏ, times −z."""
    term, series, weighted = 1.0, 1.0, 0.0
    for k in range(1, _TERMS):
        term = term * (4 * v * v - (2 * k - 1) ** 2) * unit / (8 * k * z)
        series, weighted = series + term, weighted + k * term
    return 0.5 + weighted / series


def _or_series(direct: Any, y: Any, v: Any, z: Any, unit: complex) -> Any:
    """The slope of a function with that asymptotic series; `direct` is the one that cancels for large z."""
    far = _is_far(v, z)
    safe_v, safe_z = np.where(far, v, 0.0), np.where(far, z, 1e3)
    size = safe_z if np.iscomplexobj(z) else np.abs(safe_z)
    return np.where(far, -y / safe_z * _logarithmic_slope(safe_v, size, unit), direct)


def _turning(unit: complex, recurrence: Callable[[Rule], Rule]) -> Callable[[Rule], Rule]:
    """The slope of a function times exp(unit z)."""
    return lambda f: lambda v, z: unit * f(v, z) + recurrence(f)(v, z)


def _scaled(function: Any, unit: complex, recurrence: Callable[[Rule], Rule], step: Rule) -> Primitive:
    """Declare a function that is scaled by exp(unit z): holomorphic in z."""
    whole = _turning(unit, recurrence)
    in_order, slope = _with_order(function, whole, step), whole(function)
    return elementwise(function, [lambda y, v, z: in_order(v, z), lambda y, v, z: _or_series(slope(v, z), y, v, z, 1 / unit)],
                       analytic=False, at_kinks=_ORDER, domain=_ORDER_AND_ARGUMENT, accuracy=_ACCURACY)


_scaled(special.kve, 1, _decaying, _decaying_step)
not_float64(special.hankel1e, _scaled(special.hankel1e, -1j, _falling, _hankel_step))
not_float64(special.hankel2e, _scaled(special.hankel2e, 1j, _falling, _hankel_step))


def _scale_fact(family: Rule, recurrence: Callable[[Rule], Rule], part: Any, unit: complex) -> Tangent:
    """The fact in z of a function that is scaled by exp(-|part(z)|), which is not holomorphic.

    The scale changes by −sign(part(z)) part(dz); `unit` is the direction of that part in the complex plane.
    """

    def push(t: Any, y: Any, v: Any, z: Any, **params: Any) -> Any:
        slope = recurrence(family(**params))(v, z)
        if not np.iscomplexobj(z):
            return t * _real_slope(slope, y, v, z, part, params)
        return t * slope - np.sign(part(z)) * part(t) * y

    def pull(ct: Any, y: Any, v: Any, z: Any, **params: Any) -> Any:
        slope = recurrence(family(**params))(v, z)
        if not np.iscomplexobj(z):
            return ct * _real_slope(slope, y, v, z, part, params)
        return ct * conjugated(slope) - unit * np.sign(part(z)) * np.real(np.conj(ct) * y)

    return tangent(push, pull)


def _real_slope(slope: Any, y: Any, v: Any, z: Any, part: Any, params: Any) -> Any:
    if part is np.imag:
        return slope
    direct = slope - np.sign(z) * y
    return direct if params else _or_series(direct, y, v, z, -1)


def _scaled_by_part(function: Any, recurrence: Callable[[Rule], Rule], part: Any, unit: complex, step: Rule) -> None:
    fact = _scale_fact(lambda **orders: lambda v, z: prim(v, z, **orders), recurrence, part, unit)
    prim = by_parameters(f"{function.__name__}_in_order", function, {0: step}, {1: fact}, count=2,
                         at_kinks=_SCALE, domain=_ORDER_AND_ARGUMENT, accuracy=_ACCURACY)
    elementwise(function, [lambda y, v, z: prim(v, z, orders=(1,)), _scale_fact(lambda: function, recurrence, part, unit)],
                analytic=False, at_kinks=_SCALE, domain=_ORDER_AND_ARGUMENT, accuracy=_ACCURACY)


_SCALE = "the mean of both sides where the exponent of the scale has its kink. In the order as without scale"
_scaled_by_part(special.jve, _falling, np.imag, 1j, _step)
_scaled_by_part(special.yve, _falling, np.imag, 1j, _step)
_scaled_by_part(special.ive, _rising, np.real, 1, _growing_step)


# --- fixed and integer orders --------------------------------------------------------------------------------------


def _i1e_slope(y: Any, x: Any) -> Any:
    direct = 0.5 * (special.i0e(x) + special.ive(2, x)) - np.sign(x) * y
    return _or_series(direct, y, 1.0, x, -1)


# fmt: off
elementwise(special.j0, [lambda y, x: -special.j1(x)], analytic=False, at_kinks=_REAL)
elementwise(special.j1, [lambda y, x: 0.5 * (special.j0(x) - special.jv(2, x))], analytic=False, at_kinks=_REAL)
elementwise(special.y0, [lambda y, x: -special.y1(x)], analytic=False, at_kinks="inf at 0", domain=_POSITIVE)
elementwise(special.y1, [lambda y, x: special.y0(x) - y / x], analytic=False, at_kinks="inf at 0", domain=_POSITIVE)
elementwise(special.i0, [lambda y, x: special.i1(x)], name="special_i0", analytic=False, at_kinks=_REAL)  # NumPy has an i0 too
elementwise(special.i1, [lambda y, x: 0.5 * (special.i0(x) + special.iv(2, x))], analytic=False, at_kinks=_REAL)
elementwise(special.k0, [lambda y, x: -special.k1(x)], analytic=False, at_kinks="-inf at 0", domain=_POSITIVE)
elementwise(special.k1, [lambda y, x: -special.k0(x) - y / x], analytic=False, at_kinks="-inf at 0", domain=_POSITIVE)
elementwise(special.i0e, [lambda y, x: _or_series(special.i1e(x) - np.sign(x) * y, y, 0.0, x, -1)],
            analytic=False, at_kinks="0 at 0, the mean of both sides", domain=_POSITIVE)
elementwise(special.i1e, [_i1e_slope], analytic=False, at_kinks="1/2 at 0, where the second derivative has a jump", domain=_POSITIVE)
elementwise(special.k0e, [lambda y, x: _or_series(y - special.k1e(x), y, 0.0, x, 1)],
            analytic=False, at_kinks="-inf at 0", domain=_POSITIVE)
elementwise(special.k1e, [lambda y, x: _or_series(y - special.k0e(x) - y / x, y, 1.0, x, 1)],
            analytic=False, at_kinks="-inf at 0", domain=_POSITIVE)
elementwise(special.yn, [flat, lambda y, n, x: 0.5 * (special.yn(n - 1, x) - special.yn(n + 1, x))],
            analytic=False, at_kinks=_WHOLE, domain=((0, 4), (0.3, 4.0)))
elementwise(special.kn, [flat, lambda y, n, x: -0.5 * (special.kn(n - 1, x) + special.kn(n + 1, x))],
            analytic=False, at_kinks=_WHOLE, domain=((0, 4), (0.3, 4.0)))
# fmt: on


# --- spherical -----------------------------------------------------------------------------------------------------


def _neighbours(f: Any, above: int) -> Rule:
    """The slope (n f(n−1) ± (n+1) f(n+1)) / (2n+1), which holds for the derivative of f as well (DLMF 10.51)."""

    def slope(n: Any, z: Any) -> Any:
        lower = np.where(np.equal(n, 0), 0, n * f(np.maximum(n - 1, 0), z))
        return (lower + above * (n + 1) * f(n + 1, z)) / (2 * n + 1)

    return slope


def _spherical(name: str, above: int, sign: int, **columns: Any) -> None:
    for suffix in ("", "_d"):
        ufunc = getattr(_ufuncs, f"_{name}{suffix}")
        slope = _neighbours(ufunc, above)
        elementwise(ufunc, [flat, lambda y, n, z, slope=slope, sign=sign: sign * slope(n, z)],
                    name=f"{name}{suffix and '_derivative'}", analytic=False, **columns)


_spherical("spherical_jn", -1, 1, at_kinks=_WHOLE, domain=((0, 4), (0.1, 3.0)))
_spherical("spherical_yn", -1, 1, at_kinks="inf at 0; the order is an integer", domain=((0, 4), (0.3, 4.0)))
_spherical("spherical_in", 1, 1, at_kinks=_WHOLE, domain=((0, 4), (0.1, 3.0)))
_spherical("spherical_kn", 1, -1, at_kinks="-inf at 0; the order is an integer", domain=((0, 4), (0.3, 4.0)))


def _reflected(name: str, sign_of_even: int) -> Callable[..., Any]:
    """SciPy's function, which knows negative arguments from positive ones."""

    def function(n: Any, z: Any, derivative: bool = False) -> Any:
        n, ufunc = np.asarray(n, np.dtype("long")), getattr(_ufuncs, f"_{name}{'_d' if derivative else ''}")
        if np.iscomplexobj(z):
            return ufunc(n, z)
        sign = np.where(n % 2 == 0, sign_of_even, -sign_of_even) * (-1 if derivative else 1)
        return ufunc(n, _turned_positive(z)) * np.where(z >= 0, 1, sign)

    function.__name__ = name
    return function


def _turned_positive(z: Any) -> Any:
    """The absolute value, with the derivative 1 at 0."""
    return np.where(z >= 0, z, -z)


# --- integrals -----------------------------------------------------------------------------------------------------

# (1 − J₀(x)) / x and (I₀(x) − 1) / x are x Σ (∓x²/4)ᵏ / 4 (k+1)!²: used near 0, where the difference cancels.
_DIFFERENCE_SERIES = [0.25 / factorial(k + 1) ** 2 for k in range(12)]


def _difference_over_x(difference: Any, x: Any, sign: int) -> Any:
    near = np.abs(x) < 1.5
    small, large = np.where(near, x, 0.0), np.where(near, 1.0, x)
    square: Any = sign * small * small / 4
    series: Any = _DIFFERENCE_SERIES[-1]
    for coefficient in reversed(_DIFFERENCE_SERIES[:-1]):
        series = series * square + coefficient
    return np.where(near, small * series, difference / large)


several(special.itj0y0, [lambda ys, x: (special.j0(x), special.y0(x))], outputs=2, domain=_POSITIVE,
        analytic=False, at_kinks="(1, -inf) at 0")
several(special.iti0k0, [lambda ys, x: (special.i0(x), special.k0(x))], outputs=2, domain=_POSITIVE,
        analytic=False, at_kinks="(1, inf) at 0")
several(special.it2j0y0, [lambda ys, x: (_difference_over_x(1 - special.j0(x), x, -1), -special.y0(x) / x)], outputs=2,
        domain=_POSITIVE, analytic=False, at_kinks="(0, inf) at 0")
several(special.it2i0k0, [lambda ys, x: (_difference_over_x(special.i0(x) - 1, x, 1), -special.k0(x) / x)], outputs=2,
        domain=_POSITIVE, analytic=False, at_kinks="(0, -inf) at 0")


def _besselpoly_slope(f: Rule) -> Rule:
    return lambda a, power, v: f(a, power + 1, v - 1) - f(a, power + 1, v + 1)


_besselpoly_in_powers: Primitive = by_parameters(
    "besselpoly_in_powers", special.besselpoly,
    {1: lambda a, power, v: step_for(1.0, to_pole(power + v + 1)),
     2: lambda a, power, v: _at_zero(step_for(pi + order_rate(v, 2 * a), to_pole(power + v + 1)), v, a)},
    {0: lambda orders, *xs: _besselpoly_slope(lambda *moved: _besselpoly_in_powers(*moved, orders=orders))(*xs)},
    count=3, domain=((0.3, 2.0), (0.5, 2.0), (0.5, 2.0)), accuracy=_ACCURACY)
elementwise(special.besselpoly, [lambda y, a, power, v: _besselpoly_slope(special.besselpoly)(a, power, v),
                                 lambda y, a, power, v: _besselpoly_in_powers(a, power, v, orders=(1, 0)),
                                 lambda y, a, power, v: _besselpoly_in_powers(a, power, v, orders=(0, 1))],
            analytic=False, at_kinks=_ORDER, domain=((0.3, 2.0), (0.5, 2.0), (0.5, 2.0)), accuracy=_ACCURACY)


# --- functions of scipy.special that are no ufuncs -----------------------------------------------------------------


def _derivative_of(function: Any, above: int, sign: int, name: str) -> Callable[..., Any]:
    """The n-th derivative in z: binomial sums of neighbouring orders (DLMF 10.6.7, 10.29.5)."""

    def derivative(v: Any, z: Any, n: int = 1) -> Any:
        count = _checked_order(n)
        v = v if isinstance(v, Value) else np.asarray(v)  # no longer a Python number, as in SciPy: it sets the precision
        terms = [comb(count, k) * above**k * function(v - count + 2 * k, z) for k in range(count + 1)]
        return sum(terms[1:], terms[0]) * (sign / 2) ** count

    derivative.__name__ = name
    return derivative


def _checked_order(n: Any, *, strict: bool = True) -> int:
    """The order of a derivative, or the last one of a sequence, which may be a float; raises what SciPy raises."""
    try:
        order = operator.index(n) if strict else int(n)
    except TypeError:
        raise TypeError("n must be a non-negative integer") from None
    if order != n or order < 0:
        raise ValueError("n must be a non-negative integer")
    return order


def _riccati(spherical: Callable[..., Any]) -> Callable[..., Any]:
    def function(n: Any, x: Any) -> tuple[Any, Any]:
        if not (np.isscalar(n) and np.ndim(x) == 0):
            raise ValueError("arguments must be scalars.")
        orders = np.arange(_checked_order(n, strict=False) + 1)
        values = spherical(orders, x)
        return x * values, values + x * spherical(orders, x, True)

    return function


_SPHERICAL = {name: _reflected(name, sign) for name, sign in
              [("spherical_jn", 1), ("spherical_yn", -1), ("spherical_in", 1)]}


def spherical_kn(n: Any, z: Any, derivative: bool = False) -> Any:
    """As ``scipy.special.spherical_kn``: at negative arguments the real part of the complex function."""
    n, ufunc = np.asarray(n, np.dtype("long")), _ufuncs._spherical_kn_d if derivative else _ufuncs._spherical_kn
    if np.iscomplexobj(z):
        return ufunc(n, z)
    return np.where(z >= 0, ufunc(n, _turned_positive(z)), np.real(ufunc(n, z + 0j)))


#: Name in `scipy.special` → the function on values of any kind.
PYTHON_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "jvp": _derivative_of(special.jv, -1, 1, "jvp"),
    "yvp": _derivative_of(special.yv, -1, 1, "yvp"),
    "h1vp": _derivative_of(special.hankel1, -1, 1, "h1vp"),
    "h2vp": _derivative_of(special.hankel2, -1, 1, "h2vp"),
    "ivp": _derivative_of(special.iv, 1, 1, "ivp"),
    "kvp": _derivative_of(special.kv, 1, -1, "kvp"),
    **_SPHERICAL,
    "spherical_kn": spherical_kn,
    "riccati_jn": _riccati(_SPHERICAL["spherical_jn"]),
    "riccati_yn": _riccati(_SPHERICAL["spherical_yn"]),
}
