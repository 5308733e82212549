"""Legendre functions and spherical harmonics of `scipy.special`.

SciPy's functions since 1.15 (`legendre_p`, `sph_harm_y`, …) give derivatives up to the second themselves: each is a
primitive with the order of the derivative as a parameter. The third follows from the differential equation (DLMF 14.2).
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np
from scipy import special

from wengert.declaration import elementwise, structural
from wengert.facts import Fact, Kind, Rule, flat, tangent
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.rules.special_numerical import analytic_fact, by_parameters, conjugated, step_for
from wengert.rules.special_orthogonal import gegenbauer

__all__ = ["PYTHON_FUNCTIONS"]


# --- lpmv: real degree, −1 ≤ x ≤ 1 ---------------------------------------------------------------------------------


def _inner_slope(function: Rule, m: Any, v: Any, x: Any) -> Any:
    """(1−x²) P' = −√(1−x²) P of order m+1 − m x P, inside the interval."""
    square = 1 - x * x
    return -function(m + 1, v, x) / np.sqrt(square) - m * x / square * function(m, v, x)


def _slope_at_ends(m: Any, v: Any, x: Any) -> Any:
    """The derivative of the product of (1−x²)^(|m|/2) and a Gegenbauer function, where both ends are ordinary points."""
    size = np.abs(m)
    zero = np.equal(size, 0)
    factor = (-2.0) ** size * special.gamma(size + 0.5) / np.sqrt(pi)
    factor = factor * np.where(m < 0, (-1.0) ** size * special.poch(v + size + 1, -2 * size), 1.0)
    power, lower = (1 - x * x) ** (size / 2), (1 - x * x) ** (np.where(zero, 2, size) / 2 - 1)
    outer = power * (2 * size + 1) * gegenbauer(v - size - 1, size + 1.5, x)
    return factor * (outer - np.where(zero, 0, size * x * lower * gegenbauer(v - size, size + 0.5, x)))


def _lpmv_slope(m: Any, v: Any, x: Any) -> Any:
    inside = np.abs(x) < 1
    at_ends = _slope_at_ends(m, v, np.where(inside, 0.5, x))
    return np.where(inside, _inner_slope(special.lpmv, m, v, np.where(inside, x, 0.5)), at_ends)


def _degree_step(m: Any, v: Any, x: Any) -> Any:
    """No power of two, so that no sample falls on a degree that is a whole number: SciPy is 0/0 at some of them."""
    return 0.91370219 * step_for(1 + np.abs(np.arccos(np.clip(x, -1, 1))))


lpmv_in_degree: Primitive = by_parameters(
    "lpmv_in_degree", special.lpmv, {1: _degree_step},
    {2: lambda orders, m, v, x: _inner_slope(lambda *moved: lpmv_in_degree(*moved, orders=orders), m, v, x)},
    count=3, domain=((0, 2), (1.0, 4.0), (-0.9, 0.9)), accuracy="by differences: 1e-10, mostly 1e-13; second derivative 1e-9")
elementwise(special.lpmv, [flat, lambda y, m, v, x: lpmv_in_degree(m, v, x, orders=(1,)), lambda y, m, v, x: _lpmv_slope(m, v, x)],
            analytic=False, at_kinks="at ±1 as the order says: finite for even orders, ±inf for 1; nan at −1 in a real degree",
            domain=((0, 2), (1.0, 4.0), (-0.9, 0.9)), accuracy="in the degree by differences: 1e-10, mostly 1e-13; second derivative 1e-9")


# --- the second kind, all degrees at once --------------------------------------------------------------------------


def _second_slope(value: Any, slope: Any, z: Any, eigenvalue: Any) -> Any:
    """What the differential equation of Legendre says of the second derivative."""
    return (2 * z * slope - eigenvalue * value) / (1 - z * z)


def _all_degrees(name: str, function: Any, eigenvalue: Rule) -> Primitive:
    """Values and slopes of all degrees, on new first axes."""

    def slopes(ys: Any, z: Any, params: Any) -> tuple[Any, Any]:
        return ys[1], _second_slope(ys[0], ys[1], z, eigenvalue(z, **params))

    def push(t: Any, ys: Any, z: Any, **params: Any) -> tuple[Any, Any]:
        first, second = slopes(ys, z, params)
        return t * first, t * second

    def pull(cts: Any, ys: Any, z: Any, **params: Any) -> Any:
        terms = [ct * conjugated(p) for ct, p in zip(cts, slopes(ys, z, params), strict=True) if ct is not None]
        return np.sum(sum(terms[1:], terms[0]), axis=tuple(range(len(params))))

    return structural(name, function, [tangent(push, pull)], outputs=2, analytic=False, at_kinks="inf at ±1", domain=((-0.9, 0.9),))


def _column(count: int, axis: int, z: Any) -> Any:
    """0, 1, …, count along one of the two first axes."""
    return np.arange(count + 1.0).reshape((-1,) + (1,) * (axis + np.ndim(z)))


def _lqn_eigenvalue(z: Any, n: int) -> Any:
    k = _column(n, 0, z)
    return k * (k + 1)


def _lqmn_eigenvalue(z: Any, m: int, n: int) -> Any:
    k = _column(n, 0, z)
    return k * (k + 1) - _column(m, 1, z) ** 2 / (1 - z * z)


_lqn = _all_degrees("lqn", lambda z, n: special.lqn(n, z), _lqn_eigenvalue)
_lqmn = _all_degrees("lqmn", lambda z, m, n: special.lqmn(m, n, z), _lqmn_eigenvalue)


def lqn(n: Any, z: Any) -> tuple[Any, Any]:
    """As ``scipy.special.lqn``."""
    special.lqn(n, 0.5)  # raises what SciPy raises for a wrong degree
    y, slope = _lqn(z, n=int(n))
    return y, slope


def lqmn(m: Any, n: Any, z: Any) -> tuple[Any, Any]:
    """As ``scipy.special.lqmn``."""
    special.lqmn(m, n, 0.5)  # raises what SciPy raises for a wrong degree
    y, slope = _lqmn(z, m=int(m), n=int(n))
    return y, slope


# --- derivatives by SciPy ------------------------------------------------------------------------------------------


def _with_derivatives(name: str, function: Rule, count: int, place: int, beyond: Rule, **columns: Any) -> Primitive:
    """Declare ``function(..., diff_n=d)[d]`` as a primitive with the parameter d; `beyond` is the third derivative."""

    def compute(*xs: Any, d: int, **options: Any) -> Any:
        return function(*xs, diff_n=d, **options)[d][()]

    def partial(*xs: Any, d: int, **options: Any) -> Any:
        if d < 2:
            return prim(*xs, d=d + 1, **options)
        return beyond(lambda d: prim(*xs, d=d, **options), *xs)

    facts: list[Fact] = [analytic_fact(partial) if i == place else flat for i in range(count)]
    prim = Primitive(name, compute, Kind.ELEMENTWISE, facts, analytic=False, **columns)
    return table.add_primitive(prim)


def _associated(n: Any, m: Any, z: Any, branch_cut: Any, **options: Any) -> Any:
    return special.assoc_legendre_p(n, m, z, branch_cut=branch_cut, **options)


def _third_of_associated(f: Rule, n: Any, m: Any, z: Any, _: Any) -> Any:
    """The derivative of the differential equation."""
    square = 1 - z * z
    order = m * m / square
    return (4 * z * f(2) + (2 - n * (n + 1) + order) * f(1) + 2 * z * order / square * f(0)) / square


def _third_of_spherical(f: Rule, n: Any, m: Any, theta: Any) -> Any:
    sine, cosine = np.sin(theta), np.cos(theta)
    order = m * m / (sine * sine)
    return -cosine / sine * f(2) + (1 / (sine * sine) - n * (n + 1) + order) * f(1) - 2 * order * cosine / sine * f(0)


def _harmonics() -> dict[str, Callable[..., Any]]:  # noqa: C901  # one inner function for each of SciPy's
    """Declare the functions of SciPy 1.15 and later."""
    pole = "smooth; the third derivative nan at the ends of the interval"
    of_degree = _with_derivatives("legendre_p", special.legendre_p, 2, 1, lambda f, n, z: 15 * special.eval_gegenbauer(n - 3, 3.5, z),
                                  at_kinks="smooth", domain=((0, 4), (-0.9, 0.9)))
    associated = _with_derivatives("assoc_legendre_p", _associated, 4, 2, _third_of_associated, at_kinks=pole,
                                   domain=((0, 4), (0, 2), (-0.9, 0.9), (2, 2)))
    spherical = _with_derivatives("sph_legendre_p", special.sph_legendre_p, 3, 2, _third_of_spherical, at_kinks=pole,
                                  domain=((0, 4), (0, 2), (0.2, 2.9)))

    def legendre_p(n: Any, z: Any, *, diff_n: int = 0) -> Any:
        special.legendre_p(0, 0.5, diff_n=diff_n)  # raises what SciPy raises for a wrong order; the same below
        return np.stack([of_degree(_whole(n), z, d=d) for d in range(diff_n + 1)])

    def legendre_p_all(n: Any, z: Any, *, diff_n: int = 0) -> Any:
        special.legendre_p_all(n, 0.5, diff_n=diff_n)
        return _in_precision_of(z, legendre_p(_column(int(n), 0, z).astype(int), z, diff_n=diff_n))

    def assoc_legendre_p(
        n: Any, m: Any, z: Any, *, branch_cut: Any = 2, norm: bool = False, diff_n: int = 0
    ) -> Any:
        special.assoc_legendre_p(0, 0, 0.5, branch_cut=branch_cut, norm=norm, diff_n=diff_n)
        xs = (_whole(n), _whole(m), z, branch_cut)
        return np.stack([associated(*xs, d=d, norm=bool(norm)) for d in range(diff_n + 1)])

    def assoc_legendre_p_all(
        n: Any, m: Any, z: Any, *, branch_cut: Any = 2, norm: bool = False, diff_n: int = 0
    ) -> Any:
        special.assoc_legendre_p_all(n, m, 0.5, branch_cut=branch_cut, norm=norm, diff_n=diff_n)
        options = {"branch_cut": branch_cut, "norm": norm, "diff_n": diff_n}
        return assoc_legendre_p(*_degrees_and_orders(n, m, z), z, **options)

    def sph_legendre_p(n: Any, m: Any, theta: Any, *, diff_n: int = 0) -> Any:
        special.sph_legendre_p(0, 0, 0.5, diff_n=diff_n)
        return np.stack([spherical(_whole(n), _whole(m), theta, d=d) for d in range(diff_n + 1)])

    def sph_legendre_p_all(n: Any, m: Any, theta: Any, *, diff_n: int = 0) -> Any:
        special.sph_legendre_p_all(n, m, 0.5, diff_n=diff_n)
        return _in_precision_of(theta, sph_legendre_p(*_degrees_and_orders(n, m, theta), theta, diff_n=diff_n))

    def sph_harm_y(n: Any, m: Any, theta: Any, phi: Any, *, diff_n: int = 0) -> Any:
        special.sph_harm_y(0, 0, 0.5, 0.5, diff_n=diff_n)
        n, m = _whole(n), _whole(m)
        wave = np.exp(1j * (m * phi))
        by_theta = [spherical(n, m, theta, d=d) for d in range(diff_n + 1)]

        def harmonic(i: int, j: int) -> Any:
            return by_theta[i] * (wave if j == 0 else (1j * m) ** j * wave)

        found: list[Any] = [harmonic(0, 0)]
        if diff_n >= 1:
            found.append(np.stack([harmonic(1, 0), harmonic(0, 1)], axis=-1))
        if diff_n >= 2:
            rows = [np.stack([harmonic(2 - j, j), harmonic(1 - j, 1 + j)], axis=-1) for j in range(2)]
            found.append(np.stack(rows, axis=-2))
        return tuple(found) if diff_n else found[0]

    def sph_harm_y_all(n: Any, m: Any, theta: Any, phi: Any, *, diff_n: int = 0) -> Any:
        special.sph_harm_y_all(n, m, 0.5, 0.5, diff_n=diff_n)
        axes = np.empty(np.broadcast_shapes(np.shape(theta), np.shape(phi)))
        found = sph_harm_y(*_degrees_and_orders(n, m, axes), theta, phi, diff_n=diff_n)
        wide = theta if np.result_type(theta) != np.float32 else phi
        return tuple(_in_precision_of(wide, y) for y in found) if diff_n else _in_precision_of(wide, found)

    made: list[Any] = [legendre_p, legendre_p_all, assoc_legendre_p, assoc_legendre_p_all, sph_legendre_p,
                       sph_legendre_p_all, sph_harm_y, sph_harm_y_all]
    return {function.__name__: function for function in made}


def _in_precision_of(z: Any, y: Any) -> Any:
    """Functions of all degrees keep single precision, which those of given degrees widen."""
    single = {np.dtype(np.float32): np.complex64 if y.dtype.kind == "c" else np.float32, np.dtype(np.complex64): np.complex64}
    return y.astype(single.get(np.result_type(z), y.dtype))


def _whole(n: Any) -> Any:
    """Degrees and orders as SciPy takes them, which it widens to 64 bits."""
    return np.asarray(n)


def _degrees_and_orders(n: int, m: int, z: Any) -> tuple[Any, Any]:
    """Degrees 0 to n along the first, orders 0, …, m, −m, …, −1 along the second axis."""
    orders = np.arange(2 * abs(m) + 1)
    orders = np.where(orders > abs(m), orders - orders.size, orders)
    return _column(n, 1, z).astype(int), orders.reshape((-1,) + (1,) * np.ndim(z))


#: Name in `scipy.special` → the function on values of any kind.
PYTHON_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "lqn": lqn, "lqmn": lqmn, **(_harmonics() if hasattr(special, "sph_harm_y") else {})
}
