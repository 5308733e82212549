"""Mathieu and spheroidal wave functions of `scipy.special`.

Both are eigenfunctions of T + g V, with T diagonal and V tridiagonal: in Fourier terms for Mathieu's equation with
g = q (DLMF 28.4), in Legendre functions for the spheroidal one with g = ±c² (DLMF 30.8). The Taylor series of an
eigenvalue and its eigenvector in g (Rayleigh and Schrödinger's perturbation theory) give all derivatives in g at once.
Radial functions are differentiated in q and c by differences; the argument is left to the differential equation.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial, pi
from typing import Any

import numpy as np
from scipy import special

from wengert.declaration import elementwise, structural
from wengert.facts import Kind, Rule, flat, tangent
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.rules.special_numerical import (
    analytic_fact,
    by_parameters,
    floating,
    in_chunks,
    product_rule,
    several,
    step_for,
)
from wengert.value import concrete

__all__ = ["PYTHON_FUNCTIONS"]

_DEGREE = pi / 180
_DIFFERENCES = "in q by differences: 1e-11, second derivative 1e-9"
_PERTURBATION = "in q by perturbation theory: 1e-12"


# --- eigenvalues and eigenvectors ----------------------------------------------------------------------------------


@np.errstate(all="ignore")
def _taylor(diagonal: Any, beside: Any, rest: Any, g: Any, index: Any, order: int) -> tuple[Any, Any]:
    """The n-th derivative in g of an eigenvalue and of its unit eigenvector, with n = order.

    The matrices are T = diag(diagonal) and V with the diagonal `rest` and `beside` next to it, each for a batch;
    `index` counts eigenvalues from the least.
    """
    n = diagonal.shape[-1]
    eye, upper = np.eye(n), np.eye(n, k=1)[:-1]
    v = rest[..., np.newaxis] * eye + _symmetric(beside, upper)
    values, vectors = np.linalg.eigh(diagonal[..., np.newaxis] * eye + g[:, np.newaxis, np.newaxis] * v)
    v = np.swapaxes(vectors, -1, -2) @ v @ vectors
    own = np.arange(n) == index[:, np.newaxis]
    gaps = np.where(own, 1, values - np.sum(np.where(own, values, 0), axis=-1, keepdims=True))
    states, energies = [own.astype(float)], [np.sum(np.where(own, values, 0), axis=-1)]
    for _ in range(order):
        moved = np.squeeze(v @ states[-1][..., np.newaxis], -1)
        energies.append(np.sum(np.where(own, moved, 0), axis=-1))
        known = sum(energies[j][:, np.newaxis] * states[len(states) - j] for j in range(1, len(states) + 1))
        states.append(np.where(own, 0, (known - moved) / gaps))
    unit = _normalised(states)[order]
    return factorial(order) * energies[order], factorial(order) * np.squeeze(vectors @ unit[..., np.newaxis], -1)


def _symmetric(beside: Any, upper: Any) -> Any:
    """Tridiagonal matrices without diagonal."""
    half = np.concatenate([beside[..., np.newaxis] * upper, np.zeros((*beside.shape[:-1], 1, upper.shape[-1]))], axis=-2)
    return half + np.swapaxes(half, -1, -2)


def _normalised(states: list[Any]) -> list[Any]:
    """The series of vectors, divided by the series of its length."""
    count = len(states)
    squares = [sum(np.sum(states[j] * states[k - j], axis=-1, keepdims=True) for j in range(k + 1)) for k in range(count)]
    scales = [np.ones_like(squares[0])]
    for k in range(1, count):
        scales.append(sum((-j / 2 - (k - j)) * squares[j] * scales[k - j] for j in range(1, k + 1)) / k)
    return [sum(scales[j] * states[k - j] for j in range(k + 1)) for k in range(count)]


# --- Mathieu functions: Fourier series -----------------------------------------------------------------------------


def _mathieu_series(m: Any, q: Any, odd: bool, order: int) -> tuple[Any, Any, Any]:
    """Of batches m and q: the derivative of the characteristic value, of the coefficients, and the frequencies."""
    half_odd = m % 2 == 1
    count = 20 + int(np.max(m, initial=0)) // 2 + int(np.sqrt(np.max(np.abs(q), initial=0)))
    frequencies = 2.0 * np.arange(count) + np.where(half_odd, 1, 2 * odd)[:, np.newaxis]
    rest, beside = np.zeros((m.size, count)), np.ones((m.size, count - 1))
    rest[:, 0] = np.where(half_odd, -1 if odd else 1, 0)
    if not odd:
        beside[:, 0] = np.where(half_odd, 1, np.sqrt(2))
    index = (m - frequencies[:, 0]) // 2
    value, vector = _taylor(frequencies**2, beside, rest, q, index, order)
    if not odd:
        vector[:, 0] *= np.where(half_odd, 1, np.sqrt(0.5))
    return value, vector, frequencies


def _valid_mathieu(m: Any, q: Any, odd: bool) -> Any:
    return (m == np.round(m)) & (m >= odd) & np.isfinite(q)


def _oriented(m: Any, q: Any, odd: bool, order: int) -> tuple[Any, Any]:
    """The derivative of the coefficients, with SciPy's sign, and the frequencies."""
    _, vector, frequencies = _mathieu_series(m, q, odd, 0)
    at_zero = special.mathieu_sem(m, q, 0.0)[1] if odd else special.mathieu_cem(m, q, 0.0)[0]
    sign = np.sign(np.sum(vector * (frequencies if odd else 1), axis=-1) * at_zero)
    if order:
        _, moved, _ = _mathieu_series(m, q, odd, order)
        # The solver may have turned the vector; its sign is that of the largest component.
        _, same, _ = _mathieu_series(m, q, odd, 0)
        sign, vector = sign * np.sign(np.sum(same * vector, axis=-1)), moved
    return sign[:, np.newaxis] * vector, frequencies


def _in_double(function: Rule, *xs: Any) -> Any:
    """Apply a function of flat arrays, in double precision whatever that of the operands."""
    found = in_chunks(function, *(np.asarray(x, float) for x in xs))
    return found.astype(floating(*xs))[()]


def _characteristic(m: Any, q: Any, odd: bool, order: int) -> Any:
    def of_flat(orders: Any, qs: Any) -> Any:
        valid = _valid_mathieu(orders, qs, odd)
        value, _, _ = _mathieu_series(np.where(valid, orders, 1), np.where(valid, qs, 1), odd, order)
        return np.where(valid, value, np.nan)

    return _in_double(of_flat, m, q)


def _fourier_sum(m: Any, q: Any, x: Any, odd: bool, order: int, slope: int) -> Any:
    def of_flat(orders: Any, qs: Any, angles: Any) -> Any:
        valid = _valid_mathieu(orders, qs, odd)
        # One eigenvalue problem for each pair of order and parameter, however many angles there are.
        pairs = np.stack([np.where(valid, orders, 1), np.where(valid, qs, 1)])
        (own_orders, own_qs), which = np.unique(pairs, axis=1, return_inverse=True)
        vector, frequencies = (found[which.ravel()] for found in _oriented(own_orders, own_qs, odd, order))
        phases = frequencies * angles[:, np.newaxis] * _DEGREE + slope * pi / 2
        waves = np.sin(phases) if odd else np.cos(phases)
        return np.where(valid, np.sum(vector * frequencies**slope * waves, axis=-1), np.nan)

    return _in_double(of_flat, m, q, x)


mathieu_characteristic: Primitive = table.add_primitive(Primitive(
    "mathieu_characteristic", _characteristic, Kind.ELEMENTWISE,
    [flat, analytic_fact(lambda m, q, odd, order: mathieu_characteristic(m, q, odd=odd, order=order + 1))],
    analytic=False, at_kinks="smooth", domain=((1, 4), (0.2, 4.0)), accuracy=_PERTURBATION))
#: Derivatives of ce and se: `order` times in q, `slope` times in the angle, which is in degrees.
mathieu_series: Primitive = table.add_primitive(Primitive(
    "mathieu_series", _fourier_sum, Kind.ELEMENTWISE,
    [flat, analytic_fact(lambda m, q, x, odd, order, slope: mathieu_series(m, q, x, odd=odd, order=order + 1, slope=slope)),
     analytic_fact(lambda m, q, x, odd, order, slope: _DEGREE * mathieu_series(m, q, x, odd=odd, order=order, slope=slope + 1))],
    analytic=False, at_kinks="smooth", domain=((1, 4), (0.2, 4.0), (10.0, 80.0)), accuracy=_PERTURBATION))


def _angular(function: Any, odd: bool) -> None:
    def in_q(ys: Any, m: Any, q: Any, x: Any) -> tuple[Any, Any]:
        first, second = (mathieu_series(m, q, x, odd=odd, order=1, slope=slope) for slope in (0, 1))
        return first, second

    def in_x(ys: Any, m: Any, q: Any, x: Any) -> tuple[Any, Any]:
        return _DEGREE * ys[1], _DEGREE * mathieu_series(m, q, x, odd=odd, order=0, slope=2)

    several(function, [flat, in_q, in_x], outputs=2, analytic=False, at_kinks="smooth; the order is an integer",
            domain=((1, 4), (0.2, 4.0), (10.0, 80.0)), accuracy=_PERTURBATION)


# fmt: off
elementwise(special.mathieu_a, [flat, lambda y, m, q: mathieu_characteristic(m, q, odd=False, order=1)],
            analytic=False, at_kinks="smooth; the order is an integer", domain=((1, 4), (0.2, 4.0)), accuracy=_PERTURBATION)
elementwise(special.mathieu_b, [flat, lambda y, m, q: mathieu_characteristic(m, q, odd=True, order=1)],
            analytic=False, at_kinks="smooth; the order is an integer", domain=((1, 4), (0.2, 4.0)), accuracy=_PERTURBATION)
# fmt: on
_angular(special.mathieu_cem, odd=False)
_angular(special.mathieu_sem, odd=True)


def _modified(function: Any, odd: bool) -> None:
    """y″ = (a(q) − 2q cosh 2x) y."""

    def stiffness(m: Any, q: Any, x: Any, n: int) -> Any:
        value = mathieu_characteristic(m, q, odd=odd, order=n)
        return value - 2 * np.cosh(2 * x) * (q if n == 0 else 1) if n < 2 else value

    def slopes(orders: tuple[int, ...], m: Any, q: Any, x: Any) -> tuple[Any, Any]:
        curvature = product_rule(orders, lambda k: stiffness(m, q, x, *k), lambda k: in_parameter(m, q, x, orders=k)[0])
        return in_parameter(m, q, x, orders=orders)[1], curvature

    def step(m: Any, q: Any, x: Any) -> Any:
        return step_for(1 + np.cosh(x) / np.sqrt(np.abs(q) + 1e-300), np.abs(q))

    in_parameter = by_parameters(f"{function.__name__}_in_q", function, {1: step}, {2: slopes}, count=3, outputs=2,
                                 domain=((1, 4), (0.5, 4.0), (0.2, 1.5)), accuracy=_DIFFERENCES)
    several(function, [flat, lambda ys, m, q, x: in_parameter(m, q, x, orders=(1,)),
                       lambda ys, m, q, x: (ys[1], stiffness(m, q, x, 0) * ys[0])],
            outputs=2, analytic=False, at_kinks="smooth for q > 0", domain=((1, 4), (0.5, 4.0), (0.2, 1.5)), accuracy=_DIFFERENCES)


for _function in (special.mathieu_modcem1, special.mathieu_modcem2):
    _modified(_function, odd=False)
for _function in (special.mathieu_modsem1, special.mathieu_modsem2):
    _modified(_function, odd=True)


def _coefficients(q: Any, m: int, odd: bool, count: int, order: int) -> Any:
    vector, _ = _oriented(np.array([float(m)]), np.array([float(q)]), odd, order)
    padded = np.concatenate([vector[0], np.zeros(max(count - vector.shape[-1], 0))])
    return padded[:count]


def _raised_coefficients(q: Any, m: int, odd: bool, count: int, order: int) -> Any:
    return _mathieu_coefficients(q, m=m, odd=odd, count=count, order=order + 1)


_mathieu_coefficients = structural(
    "mathieu_coefficients", _coefficients,
    [tangent(lambda t, y, q, **params: t * _raised_coefficients(q, **params),
             lambda ct, y, q, **params: np.sum(ct * _raised_coefficients(q, **params)))],
    analytic=False, at_kinks="smooth for q > 0", domain=((0.5, 4.0),), accuracy=_PERTURBATION)


def _fourier_coefficients(function: Any, odd: bool) -> Callable[..., Any]:
    def coefficients(m: Any, q: Any) -> Any:
        count = function(m, concrete(q)).size  # raises what SciPy raises
        return _mathieu_coefficients(q, m=int(m), odd=odd, count=count, order=0)

    coefficients.__name__ = function.__name__
    return coefficients


# --- spheroidal wave functions -------------------------------------------------------------------------------------


def _spheroidal(m: Any, n: Any, g: Any, order: int) -> Any:
    """The derivative in g = ±c² of the characteristic value, in normalised Legendre functions."""
    return _in_double(lambda orders, degrees, gs: _spheroidal_of_flat(orders, degrees, gs, order), m, n, g)


def _spheroidal_of_flat(orders: Any, degrees: Any, g: Any, order: int) -> Any:
    valid = (orders == np.round(orders)) & (degrees == np.round(degrees)) & (degrees >= orders) & (orders >= 0) & np.isfinite(g)
    mu, nu, parameter = np.where(valid, orders, 0), np.where(valid, degrees, 0), np.where(valid, g, 1)
    count = 20 + int(np.max((nu - mu) // 2, initial=0)) + int(np.sqrt(np.max(np.abs(parameter), initial=0)))
    mu = mu[:, np.newaxis]
    l = mu + (nu[:, np.newaxis] - mu) % 2 + 2 * np.arange(count)

    def square(l: Any) -> Any:
        """Of the matrix element of x between the degrees l and l+1."""
        return (l + 1 - mu) * (l + 1 + mu) / ((2 * l + 1) * (2 * l + 3))

    rest = square(l) + np.where(l > mu, square(l - 1), 0)
    beside = np.sqrt(square(l) * square(l + 1))[:, :-1]
    value, _ = _taylor(l * (l + 1), beside, rest, parameter, (nu - mu[:, 0]) // 2, order)
    return np.where(valid, value, np.nan)


spheroidal_characteristic: Primitive = table.add_primitive(Primitive(
    "spheroidal_characteristic", _spheroidal, Kind.ELEMENTWISE,
    [flat, flat, analytic_fact(lambda m, n, g, order: spheroidal_characteristic(m, n, g, order=order + 1))],
    analytic=False, at_kinks="smooth", domain=((0, 1), (2, 4), (0.2, 4.0)), accuracy="by perturbation theory: 1e-12"))


def _value_in_c(m: Any, n: Any, c: Any, sign: int, k: int) -> Any:
    """The k-th derivative in c, k ≤ 3, of the characteristic value as a function of g = sign c²."""
    g = [spheroidal_characteristic(m, n, sign * c * c, order=j) if j <= k else 0.0 for j in range(4)]
    return [g[0], 2 * sign * c * g[1], 2 * sign * g[1] + 4 * c * c * g[2], 12 * c * g[2] + 8 * sign * c**3 * g[3]][k]


_BY_DIFFERENCES: dict[str, Any] = {
    "outputs": 2, "at_kinks": "smooth; inf or nan at the singular points ±1",
    "accuracy": "in c by differences: 1e-10, second derivative 1e-8; nan in c where SciPy's values are noise",
}


def _family_of(function: Any, g_sign: int, sign: int, unit: int, interval: tuple[float, float]) -> None:
    """Declare a function that SciPy returns with its derivative.

    The equation is w y″ = −2x y′ + (λ − sign c²x² + unit m²/w) y with w = x² − unit, and λ belongs to g = g_sign c².
    """

    def weight(x: Any) -> Any:
        return x * x - unit

    def stiffness(m: Any, c: Any, value: Any, x: Any) -> Any:
        w = weight(x)
        return (value - sign * c * c * x * x + unit * m * m / w) / w

    def in_c(m: Any, n: Any, c: Any, x: Any, k: int) -> Any:
        w = weight(x)
        if k == 0:
            return stiffness(m, c, _value_in_c(m, n, c, g_sign, 0), x)
        powers = 2 * sign * x * x * (c if k == 1 else 1) if k < 3 else 0
        return (_value_in_c(m, n, c, g_sign, k) - powers) / w

    def slopes(orders: tuple[int, ...], m: Any, n: Any, c: Any, x: Any) -> tuple[Any, Any]:
        slope = family(m, n, c, x, orders=orders)[1]
        return slope, -2 * x / weight(x) * slope + product_rule(
            orders, lambda k: in_c(m, n, c, x, *k), lambda k: family(m, n, c, x, orders=k)[0])

    def step(m: Any, n: Any, c: Any, x: Any) -> Any:
        return step_for(3 + 2 * np.abs(x), np.abs(c))

    name, domain = function.__name__, ((0, 1), (2, 4), (0.5, 3.0), interval)
    family = by_parameters(f"{name}_in_c", function, {2: step}, {3: slopes}, count=4, domain=domain, **_BY_DIFFERENCES)
    several(function, [flat, flat, lambda ys, m, n, c, x: family(m, n, c, x, orders=(1,)),
                       lambda ys, m, n, c, x: (ys[1], -2 * x / weight(x) * ys[1] + in_c(m, n, c, x, 0) * ys[0])],
            analytic=False, domain=domain, **_BY_DIFFERENCES)


def _second_kind(function: Any, to_singularity: Rule) -> None:
    """Declare a function all of whose derivatives are found by differences.

    What SciPy returns as the derivative of these functions is not always that of the value: the values decide.
    """

    def step_in_x(m: Any, n: Any, c: Any, x: Any) -> Any:
        return step_for(1 + np.abs(c) + n, to_singularity(x))

    domain = ((0, 1), (2, 4), (2.0, 4.0), (2.0, 3.0))
    family = by_parameters(f"{function.__name__}_by_differences", function, {2: _step_in_c, 3: step_in_x}, {}, count=4,
                           domain=domain, **_BY_DIFFERENCES)
    several(function, [flat, flat, *(_first_order(family, k, 2) for k in range(2))], analytic=False, domain=domain, **_BY_DIFFERENCES)


def _with_given_value(function: Any, to_singularity: Rule, interval: tuple[float, float]) -> None:
    """Declare a function that is given its characteristic value.

    Beside the true one it is what SciPy makes of it: no solution of the equation, and analytic only nearby.
    """

    def step_in_x(m: Any, n: Any, c: Any, value: Any, x: Any) -> Any:
        return step_for(1 + np.abs(c) + n, to_singularity(x))

    domain = ((0, 1), (2, 4), (0.5, 3.0), (6.0, 7.0), interval)
    family = by_parameters(f"{function.__name__}_by_differences", function, {2: lambda *xs: _step_in_c(*xs) / 4, 3: lambda *xs: 1 / 64, 4: step_in_x},
                           {}, count=5, domain=domain, **_BY_DIFFERENCES)
    several(function, [flat, flat, *(_first_order(family, k, 3) for k in range(3))], analytic=False, domain=domain, **_BY_DIFFERENCES)


def _step_in_c(m: Any, n: Any, c: Any, *others: Any) -> Any:
    return step_for(6 * (1 + np.abs(c)) + 2 * np.abs(others[-1]), np.abs(c))


def _first_order(family: Primitive, k: int, count: int) -> Rule:
    orders = tuple(int(j == k) for j in range(count))
    return lambda ys, *xs: family(*xs, orders=orders)


# fmt: off
elementwise(special.pro_cv, [flat, flat, lambda y, m, n, c: _value_in_c(m, n, c, 1, 1)], analytic=False,
            at_kinks="smooth; the orders are integers", domain=((0, 1), (2, 4), (0.5, 3.0)), accuracy="by perturbation theory: 1e-12")
elementwise(special.obl_cv, [flat, flat, lambda y, m, n, c: _value_in_c(m, n, c, -1, 1)], analytic=False,
            at_kinks="smooth; the orders are integers", domain=((0, 1), (2, 4), (0.5, 3.0)), accuracy="by perturbation theory: 1e-12")
# fmt: on
_BELOW, _BEYOND = (0.1, 0.8), (1.3, 2.5)
_family_of(special.pro_ang1, 1, 1, 1, _BELOW)
_family_of(special.pro_rad1, 1, 1, 1, _BEYOND)
_family_of(special.obl_ang1, -1, -1, 1, _BELOW)
_family_of(special.obl_rad1, -1, 1, -1, _BEYOND)
_second_kind(special.pro_rad2, lambda x: np.abs(x - 1))
_second_kind(special.obl_rad2, np.abs)
_with_given_value(special.pro_ang1_cv, lambda x: np.abs(1 - np.abs(x)), _BELOW)
_with_given_value(special.pro_rad1_cv, lambda x: np.abs(x - 1), _BEYOND)
_with_given_value(special.pro_rad2_cv, lambda x: np.abs(x - 1), _BEYOND)
_with_given_value(special.obl_ang1_cv, lambda x: np.abs(1 - np.abs(x)), _BELOW)
_with_given_value(special.obl_rad1_cv, np.abs, _BEYOND)
_with_given_value(special.obl_rad2_cv, np.abs, _BEYOND)


def _all_values(function: Any, name: str) -> Callable[..., Any]:
    def sequence(m: Any, n: Any, c: Any) -> Any:
        if any(np.ndim(x) for x in (m, n, c)):
            raise ValueError("Arguments must be scalars.")
        if n != int(n) or m != int(m):
            raise ValueError("Modes must be integers.")
        if n - m > 199:
            raise ValueError("Difference between n and m is too large.")
        return function(m, np.arange(m, n + 1), c)

    sequence.__name__ = name
    return sequence


#: Name in `scipy.special` → the function on values of any kind.
PYTHON_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "mathieu_even_coef": _fourier_coefficients(special.mathieu_even_coef, odd=False),
    "mathieu_odd_coef": _fourier_coefficients(special.mathieu_odd_coef, odd=True),
    "pro_cv_seq": _all_values(special.pro_cv, "pro_cv_seq"),
    "obl_cv_seq": _all_values(special.obl_cv, "obl_cv_seq"),
}
