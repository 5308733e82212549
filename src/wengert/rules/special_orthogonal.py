"""Orthogonal polynomials of `scipy.special`: values, and Gauss quadrature with a parameter.

A derivative in the argument is a polynomial of the next family (DLMF 18.9.15 to 18.9.27), which holds at the ends of
the interval too. The degree may be real: SciPy then computes the function of that degree. Derivatives in the degree and
in the parameters are found by differences; those of Chebyshev's polynomials of their trigonometric form.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np
from scipy import special

from wengert.declaration import elementwise
from wengert.errors import TraceError
from wengert.facts import Rule, flat
from wengert.primitive import Primitive
from wengert.rules.special_numerical import by_parameters, product_rule, step_for, to_pole

__all__ = ["PYTHON_FUNCTIONS", "gegenbauer"]

_ACCURACY = "in the parameters by differences: 1e-10, mostly 1e-13; for large real degrees nan where SciPy's values are noise"
_INNER = (-0.9, 0.9)
_AT = "smooth inside the interval; inf or nan in a real degree at its left end"


def _of_degree(function: Any) -> Rule:
    """The function with degrees that are whole numbers as integers, for which SciPy has recurrences.

    Those of negative degree, which slopes ask for, are 0.
    """

    def of_degree(n: Any, *xs: Any) -> Any:
        n = np.asarray(n)
        whole = n == np.round(n)
        if not np.any(whole):
            return function(n, *xs)
        of_integers = np.where(n < 0, 0, function(np.where(whole & (n >= 0), n, 0).astype(int), *xs))
        if np.all(whole):
            return of_integers
        return np.where(whole, of_integers, function(np.where(whole, n + 0.5, n), *xs))

    return of_degree


def _angle_step(x: Any, *distances: Any) -> Any:
    """The step in the degree: exp(i n arccos x)."""
    return step_for(0.6 + np.abs(np.arccos(x + 0j)), *distances)


def _parameter_step(n: Any, b: Any, *distances: Any) -> Any:
    """The step in a parameter of a polynomial; Γ(b) is a factor of the function of a real degree."""
    return step_for(pi / 2 + np.log1p(np.abs(n)), np.where(n == np.round(n), np.inf, to_pole(b)), *distances)


def _degree(n: Any, k: tuple[int, ...]) -> Any:
    """The derivatives of the factor n, which is the first parameter."""
    return None if sum(k[1:]) or k[0] > 1 else 1.0 if k[0] else n


# --- Gegenbauer, Jacobi and Laguerre -------------------------------------------------------------------------------


def _gegenbauer_factor(a: Any, k: tuple[int, ...]) -> Any:
    return None if k[0] or k[1] > 1 else 2.0 if k[1] else 2 * a


gegenbauer_in_parameters: Primitive = by_parameters(
    "gegenbauer_in_parameters", _of_degree(special.eval_gegenbauer),
    {0: lambda n, a, x: _angle_step(x, to_pole(n + 2 * a)), 1: lambda n, a, x: _parameter_step(n, n + 2 * a, to_pole(a + 0.5))},
    {2: lambda orders, n, a, x: product_rule(orders, lambda k: _gegenbauer_factor(a, k),
                                             lambda k: gegenbauer_in_parameters(n - 1, a + 1, x, orders=k))},
    count=3, domain=((0.5, 4.0), (0.5, 3.0), _INNER), accuracy=_ACCURACY)


def _jacobi_factor(n: Any, a: Any, b: Any, k: tuple[int, ...]) -> Any:
    return (n + a + b + 1) / 2 if sum(k) == 0 else 0.5 if sum(k) == 1 else None


jacobi_in_parameters: Primitive = by_parameters(
    "jacobi_in_parameters", _of_degree(special.eval_jacobi),
    {0: lambda n, a, b, x: _angle_step(x, to_pole(n + a + 1)),
     1: lambda n, a, b, x: _parameter_step(n, n + a + 1, to_pole(a + 1), to_pole(a + b + 2)),
     2: lambda n, a, b, x: _parameter_step(n, n + a + 1, to_pole(b + 1), to_pole(a + b + 2))},
    {3: lambda orders, n, a, b, x: product_rule(orders, lambda k: _jacobi_factor(n, a, b, k),
                                                lambda k: jacobi_in_parameters(n - 1, a + 1, b + 1, x, orders=k))},
    count=4, domain=((0.5, 4.0), (0.0, 2.0), (0.0, 2.0), _INNER), accuracy=_ACCURACY)

sh_jacobi_in_parameters: Primitive = by_parameters(
    "sh_jacobi_in_parameters", _of_degree(special.eval_sh_jacobi),
    {0: lambda n, p, q, x: _angle_step(2 * x - 1, to_pole(n + p - q + 1), to_pole(n + p) / 2),
     1: lambda n, p, q, x: _parameter_step(n, n + p - q + 1, to_pole(p - q + 1), to_pole(p + 1), to_pole(n + p)),
     2: lambda n, p, q, x: _parameter_step(n, n + p - q + 1, to_pole(q), to_pole(p - q + 1))},
    {3: lambda orders, n, p, q, x: product_rule(orders, lambda k: _degree(n, k),
                                                lambda k: sh_jacobi_in_parameters(n - 1, p + 2, q + 1, x, orders=k))},
    count=4, domain=((0.5, 4.0), (2.0, 3.0), (0.5, 1.5), (0.1, 0.9)), accuracy=_ACCURACY)

genlaguerre_in_parameters: Primitive = by_parameters(
    "genlaguerre_in_parameters", _of_degree(special.eval_genlaguerre),
    {0: lambda n, a, x: step_for(2 + np.log1p(np.abs(x)), to_pole(n + a + 1)),
     1: lambda n, a, x: _parameter_step(n, n + a + 1, to_pole(a + 1))},
    {2: lambda orders, n, a, x: -genlaguerre_in_parameters(n - 1, a + 1, x, orders=orders)},
    count=3, domain=((0.5, 4.0), (0.0, 2.0), (0.2, 3.0)), accuracy=_ACCURACY)


def gegenbauer(n: Any, a: Any, x: Any) -> Any:
    """As ``scipy.special.eval_gegenbauer``, and 0 for negative whole degrees of any type."""
    return gegenbauer_in_parameters(n, a, x, orders=(0, 0))


# --- Legendre and Chebyshev in the degree --------------------------------------------------------------------------


def _legendre(n: Any, x: Any) -> Any:
    """P of real degree: inside the interval lpmv is the more accurate one."""
    if np.iscomplexobj(x):
        return special.eval_legendre(n, x)
    inside = np.abs(x) < 1
    return np.where(inside, special.lpmv(0, n, np.where(inside, x, 0)), special.eval_legendre(n, x))


def _chebyshev(function: Callable[[Any, Any], Any]) -> Rule:
    """A function of the degree and the angle arccos x; for real x < −1 it is not real."""

    def chebyshev(n: Any, x: Any) -> Any:
        value = function(n, np.arccos(x + 0j))
        return value if np.iscomplexobj(x) else np.where(x >= -1, value.real, np.nan)

    return chebyshev


def _of_second_kind(n: Any, angle: Any) -> Any:
    zero = angle == 0
    safe = np.where(zero, 1.0, angle)
    return np.where(zero, n + 1, np.sin((n + 1) * safe) / np.sin(safe))


legendre_in_degree: Primitive = by_parameters(
    "legendre_in_degree", _legendre, {0: lambda n, x: _angle_step(x)},
    {1: lambda orders, n, x: gegenbauer_in_parameters(n - 1, 1.5, x, orders=(*orders, 0))},
    count=2, domain=((0.5, 4.0), _INNER), accuracy=_ACCURACY)
chebyu_in_degree: Primitive = by_parameters(
    "chebyu_in_degree", _chebyshev(_of_second_kind), {0: lambda n, x: _angle_step(x)},
    {1: lambda orders, n, x: 2 * gegenbauer_in_parameters(n - 1, 2.0, x, orders=(*orders, 0))},
    count=2, domain=((0.5, 4.0), _INNER), accuracy=_ACCURACY)
chebyt_in_degree: Primitive = by_parameters(
    "chebyt_in_degree", _chebyshev(lambda n, angle: np.cos(n * angle)), {0: lambda n, x: _angle_step(x)},
    {1: lambda orders, n, x: product_rule(orders, lambda k: _degree(n, k), lambda k: chebyu_in_degree(n - 1, x, orders=k))},
    count=2, domain=((0.5, 4.0), _INNER), accuracy=_ACCURACY)


# --- the rows ------------------------------------------------------------------------------------------------------


def _reflected_degree(n: Any) -> Any:
    """P of degree −n−1 is P of degree n."""
    return np.where(n < 0, -n - 1, n)


def _legendre_slope(n: Any, x: Any) -> Any:
    return gegenbauer(_reflected_degree(n) - 1, 1.5, x)


def _second_kind_slope(n: Any, x: Any) -> Any:
    """Of Chebyshev's U: that of degree −n−2 is minus that of degree n."""
    sign, degree = np.where(n < 0, -2, 2), np.where(n < 0, -n - 2, n)
    return sign * gegenbauer(degree - 1, 2.0, x)


def _appell(function: Any, factor: int) -> Rule:
    """The slope n f(n−1) of a polynomial, 0 for the degree 0."""
    return lambda y, n, x: np.where(np.equal(n, 0), 0, factor * n * function(np.maximum(n - 1, 0), x))


_COLUMNS: dict[str, Any] = {"analytic": False, "at_kinks": _AT, "accuracy": _ACCURACY}
_PLAIN, _SHIFTED = ((0.5, 4.0), _INNER), ((0.5, 4.0), (0.1, 0.9))
# fmt: off
elementwise(special.eval_legendre, [lambda y, n, x: legendre_in_degree(n, x, orders=(1,)), lambda y, n, x: _legendre_slope(n, x)], domain=_PLAIN, **_COLUMNS)
elementwise(special.eval_sh_legendre, [lambda y, n, x: legendre_in_degree(n, 2 * x - 1, orders=(1,)), lambda y, n, x: 2 * _legendre_slope(n, 2 * x - 1)], domain=_SHIFTED, **_COLUMNS)
elementwise(special.eval_chebyt, [lambda y, n, x: chebyt_in_degree(n, x, orders=(1,)), lambda y, n, x: n * special.eval_chebyu(n - 1, x)], domain=_PLAIN, **_COLUMNS)
elementwise(special.eval_chebyu, [lambda y, n, x: chebyu_in_degree(n, x, orders=(1,)), lambda y, n, x: _second_kind_slope(n, x)], domain=_PLAIN, **_COLUMNS)
elementwise(special.eval_chebyc, [lambda y, n, x: 2 * chebyt_in_degree(n, x / 2, orders=(1,)), lambda y, n, x: n * special.eval_chebys(n - 1, x)], domain=_PLAIN, **_COLUMNS)
elementwise(special.eval_chebys, [lambda y, n, x: chebyu_in_degree(n, x / 2, orders=(1,)), lambda y, n, x: _second_kind_slope(n, x / 2) / 2], domain=_PLAIN, **_COLUMNS)
elementwise(special.eval_sh_chebyt, [lambda y, n, x: chebyt_in_degree(n, 2 * x - 1, orders=(1,)), lambda y, n, x: 2 * n * special.eval_chebyu(n - 1, 2 * x - 1)], domain=_SHIFTED, **_COLUMNS)
elementwise(special.eval_sh_chebyu, [lambda y, n, x: chebyu_in_degree(n, 2 * x - 1, orders=(1,)), lambda y, n, x: 2 * _second_kind_slope(n, 2 * x - 1)], domain=_SHIFTED, **_COLUMNS)
elementwise(special.eval_laguerre, [lambda y, n, x: genlaguerre_in_parameters(n, 0.0, x, orders=(1, 0)), lambda y, n, x: -genlaguerre_in_parameters(n - 1, 1.0, x, orders=(0, 0))],
            domain=((0.5, 4.0), (0.2, 3.0)), **_COLUMNS)
elementwise(special.eval_hermite, [flat, _appell(special.eval_hermite, 2)], analytic=False, at_kinks="smooth; the degree is an integer", domain=((0, 4), (-2.0, 2.0)))
elementwise(special.eval_hermitenorm, [flat, _appell(special.eval_hermitenorm, 1)], analytic=False, at_kinks="smooth; the degree is an integer", domain=((0, 4), (-2.0, 2.0)))
elementwise(special.eval_genlaguerre, [lambda y, n, a, x: genlaguerre_in_parameters(n, a, x, orders=(1, 0)),
                                       lambda y, n, a, x: genlaguerre_in_parameters(n, a, x, orders=(0, 1)),
                                       lambda y, n, a, x: -genlaguerre_in_parameters(n - 1, a + 1, x, orders=(0, 0))],
            domain=((0.5, 4.0), (0.0, 2.0), (0.2, 3.0)), **_COLUMNS)
elementwise(special.eval_gegenbauer, [lambda y, n, a, x: gegenbauer_in_parameters(n, a, x, orders=(1, 0)),
                                      lambda y, n, a, x: gegenbauer_in_parameters(n, a, x, orders=(0, 1)),
                                      lambda y, n, a, x: 2 * a * gegenbauer(n - 1, a + 1, x)],
            domain=((0.5, 4.0), (0.5, 3.0), _INNER), **_COLUMNS)
elementwise(special.eval_jacobi, [lambda y, n, a, b, x: jacobi_in_parameters(n, a, b, x, orders=(1, 0, 0)),
                                  lambda y, n, a, b, x: jacobi_in_parameters(n, a, b, x, orders=(0, 1, 0)),
                                  lambda y, n, a, b, x: jacobi_in_parameters(n, a, b, x, orders=(0, 0, 1)),
                                  lambda y, n, a, b, x: (n + a + b + 1) / 2 * jacobi_in_parameters(n - 1, a + 1, b + 1, x, orders=(0, 0, 0))],
            domain=((0.5, 4.0), (0.0, 2.0), (0.0, 2.0), _INNER), **_COLUMNS)
elementwise(special.eval_sh_jacobi, [lambda y, n, p, q, x: sh_jacobi_in_parameters(n, p, q, x, orders=(1, 0, 0)),
                                     lambda y, n, p, q, x: sh_jacobi_in_parameters(n, p, q, x, orders=(0, 1, 0)),
                                     lambda y, n, p, q, x: sh_jacobi_in_parameters(n, p, q, x, orders=(0, 0, 1)),
                                     lambda y, n, p, q, x: n * sh_jacobi_in_parameters(n - 1, p + 2, q + 1, x, orders=(0, 0, 0))],
            domain=((0.5, 4.0), (2.0, 3.0), (0.5, 1.5), (0.1, 0.9)), **_COLUMNS)
# fmt: on


def assoc_laguerre(x: Any, n: Any, k: Any = 0.0) -> Any:
    """As ``scipy.special.assoc_laguerre``."""
    return special.eval_genlaguerre(n, k, x)


# --- Gauss quadrature ----------------------------------------------------------------------------------------------


def _known(condition: Any) -> bool:
    """Whether a condition on parameters holds; nothing is known of one that is traced."""
    try:
        return bool(condition)
    except TraceError:
        return False


def _checked(n: Any, condition: Any, message: str) -> int:
    if n < 1 or n != int(n):
        raise ValueError("n must be a positive integer.")
    if _known(condition):
        raise ValueError(message)
    return int(n)


def _gauss(diagonal: Any, beside: Any, mass: Any, mu: bool) -> tuple[Any, ...]:
    """Nodes and weights from the recurrence coefficients: eigenvalues and vectors (Golub and Welsch 1969)."""
    n = np.shape(diagonal)[0]
    upper = np.reshape(beside, (n, 1)) * np.eye(n, k=1)
    nodes, vectors = np.linalg.eigh(diagonal * np.eye(n) + upper + np.transpose(upper))
    weights = mass * vectors[0] ** 2
    return (nodes, weights, mass) if mu else (nodes, weights)


def roots_jacobi(n: Any, alpha: Any, beta: Any, mu: bool = False) -> tuple[Any, ...]:
    """As ``scipy.special.roots_jacobi``."""
    m = _checked(n, (alpha <= -1) | (beta <= -1), "alpha and beta must be greater than -1.")
    both, k = alpha + beta, np.arange(1.0, m)
    first = (beta - alpha) / (both + 2)
    rest = (beta * beta - alpha * alpha) / ((2 * k + both) * (2 * k + both + 2))
    # (k + α + β) / (2k + α + β − 1) is 1 for k = 1, also where it is 0/0.
    ratio = np.where(k == 1, 1.0, (k + both) / np.where(k == 1, 1.0, 2 * k + both - 1))
    square = 4 * k * (k + alpha) * (k + beta) * ratio / ((2 * k + both) ** 2 * (2 * k + both + 1))
    mass = np.exp((both + 1) * np.log(2.0) + special.betaln(alpha + 1, beta + 1))
    return _gauss(_after(first, rest), _after(np.sqrt(square), 0.0), mass, mu)


def _after(first: Any, rest: Any) -> Any:
    return np.concatenate([np.reshape(first, (-1,)), np.reshape(rest, (-1,))])


def roots_sh_jacobi(n: Any, p1: Any, q1: Any, mu: bool = False) -> tuple[Any, ...]:
    """As ``scipy.special.roots_sh_jacobi``."""
    if _known((p1 - q1 <= -1) | (q1 <= 0)):
        raise ValueError("(p - q) must be greater than -1, and q must be greater than 0.")
    nodes, weights, mass = roots_jacobi(n, p1 - q1, q1 - 1, True)
    scale = 2.0**p1
    found = ((nodes + 1) / 2, weights / scale, mass / scale)
    return found if mu else found[:2]


def roots_gegenbauer(n: Any, alpha: Any, mu: bool = False) -> tuple[Any, ...]:
    """As ``scipy.special.roots_gegenbauer``; for alpha = 0 Chebyshev's nodes, to which the others tend."""
    m = _checked(n, alpha < -0.5, "alpha must be greater than -0.5.")
    k = np.arange(1.0, m)
    ratio = np.where(k == 1, 0.5, (k + 2 * alpha - 1) / np.where(k == 1, 1.0, 4 * (k + alpha - 1)))
    mass = np.sqrt(pi) * np.exp(special.gammaln(alpha + 0.5) - special.gammaln(alpha + 1))
    return _gauss(np.zeros(m), _after(np.sqrt(k * ratio / (k + alpha)), 0.0), mass, mu)


def roots_genlaguerre(n: Any, alpha: Any, mu: bool = False) -> tuple[Any, ...]:
    """As ``scipy.special.roots_genlaguerre``."""
    m = _checked(n, alpha < -1, "alpha must be greater than -1.")
    k = np.arange(1.0, m)
    diagonal = 2 * np.arange(m) + alpha + 1
    return _gauss(diagonal, _after(np.sqrt(k * (k + alpha)), 0.0), special.gamma(alpha + 1), mu)


#: Name in `scipy.special` → the function on values of any kind.
PYTHON_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "assoc_laguerre": assoc_laguerre,
    "roots_jacobi": roots_jacobi, "j_roots": roots_jacobi,
    "roots_sh_jacobi": roots_sh_jacobi, "js_roots": roots_sh_jacobi,
    "roots_gegenbauer": roots_gegenbauer, "cg_roots": roots_gegenbauer,
    "roots_genlaguerre": roots_genlaguerre, "la_roots": roots_genlaguerre,
}
