"""Elliptic integrals and functions of `scipy.special`, and ellipsoidal harmonics.

Every derivative of a Carlson integral is an integral ∫ tⁿ (t+x)^(−i/2) (t+y)^(−j/2) … dt with other exponents
(`carlson_integral`), found by quadrature: nothing is divided by differences of arguments, so that equal ones, and with
them the modulus 0, are ordinary points. Legendre's integrals and Jacobi's functions are reduced to these.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np
from scipy import special
from scipy.special import _ufuncs

from wengert.declaration import elementwise
from wengert.facts import Fact, Kind, flat
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.rules.special_numerical import analytic_fact, by_parameters, floating, in_chunks, several, step_for

__all__ = ["PYTHON_FUNCTIONS"]

_QUADRATURE = "by quadrature: 1e-15"
_MODULUS = ((-2.0, 0.9),)
_ANGLE_AND_MODULUS = ((-3.0, 3.0), (-2.0, 0.9))


# --- Carlson's integrals -------------------------------------------------------------------------------------------

_STEP, _DIGITS = 0.45, 38.0


@np.errstate(all="ignore")
def _carlson(*xs: Any, halves: tuple[int, ...], power: int) -> Any:
    """∫₀^∞ t^power Π (t + xᵢ)^(−halvesᵢ/2) dt by the trapezoidal rule in s = log t.

    The poles of the integrand lie at |Im s| = π, so that the error of the step h is e^(−2π²/h). Complex arguments are
    first turned as a whole, until their arguments lie evenly about 0.
    """
    dtype = floating(*xs)

    def of_flat(*flat: Any) -> Any:
        return _carlson_of_columns([x[:, np.newaxis] for x in flat], halves, power)[:, 0]

    return in_chunks(of_flat, *(np.asarray(x, np.result_type(dtype, float)) for x in xs)).astype(dtype)[()]


def _carlson_of_columns(xs: list[Any], halves: tuple[int, ...], power: int) -> Any:
    sizes = [np.abs(x) for x in xs]
    zero = sum(h / 2 * (size == 0) for h, size in zip(halves, sizes, strict=True))
    rise, fall = 1 + power - zero, sum(halves) / 2 - power - 1
    valid = np.all([np.isfinite(size) & ((x == 0) | (x == size) | np.iscomplexobj(x)) for x, size in zip(xs, sizes, strict=True)], axis=0)
    converges = valid & (rise > 0)
    largest = np.max(np.where(converges, sizes, 1.0), axis=0)
    least = np.min([np.where(converges & (size > 0), size, largest) for size in sizes], axis=0)
    turn, strip = _middle_angle(xs)
    step = _STEP * np.clip(np.min(strip, initial=1), 0.05, 1)
    start = np.log(least) - _DIGITS / np.where(converges, rise, 1)
    count = int(np.max((np.log(largest) + _DIGITS / fall - start) / step, initial=0)) + 2
    t = np.exp(start + step * np.arange(count))
    terms = t ** (power + 1) / largest ** (power + 1)
    for x, h in zip(xs, halves, strict=True):
        terms = terms * ((t + np.where(converges, x * np.conj(turn), 1.0)) / largest) ** (-h / 2)
    total = step * np.sum(terms, axis=-1, keepdims=True) * (largest * turn) ** -fall
    return np.where(converges, total, np.where(valid, np.inf, np.nan))


def _middle_angle(xs: list[Any]) -> tuple[Any, Any]:
    """The direction in the middle of those of the arguments, and the width that they leave to the strip."""
    if not any(map(np.iscomplexobj, xs)):
        return np.float64(1.0), np.float64(1.0)
    angles = np.stack([np.where(x == 0, np.nan, np.angle(x)) for x in xs])
    least, largest = np.min(np.nan_to_num(angles, nan=pi), axis=0), np.max(np.nan_to_num(angles, nan=-pi), axis=0)
    return np.exp(0.5j * (least + largest)), 1 - (largest - least) / (2 * pi)


def _carlson_integral(count: int) -> Primitive:
    def fact_of(i: int) -> Fact:
        def partial(*xs: Any, halves: tuple[int, ...], power: int) -> Any:
            higher = (*halves[:i], halves[i] + 2, *halves[i + 1 :])
            return -halves[i] / 2 * prim(*xs, halves=higher, power=power)

        return analytic_fact(partial)

    prim = Primitive(f"carlson_integral_{count}", _carlson, Kind.ELEMENTWISE, [fact_of(i) for i in range(count)],
                     at_kinks="inf or nan where it diverges", domain=((0.3, 3.0),) * count, accuracy=_QUADRATURE)
    return table.add_primitive(prim)


_carlson_2, _carlson_3, _carlson_4 = map(_carlson_integral, (2, 3, 4))


def _rf_partial(x: Any, y: Any, z: Any) -> Any:
    """∂R_F/∂z."""
    return special.elliprd(x, y, z) / -6


def _rg_partial(x: Any, y: Any, z: Any) -> Any:
    """∂R_G/∂x (DLMF 19.18.1 for the R-function of degree 1/2)."""
    return _carlson_3(x, y, z, halves=(3, 1, 1), power=1) / 8


def _rc_partials(x: Any, y: Any) -> tuple[Any, Any]:
    """Of R_C, for y < 0 of its Cauchy principal value √(x/(x−y)) R_C(x−y, −y) (DLMF 19.2.20)."""
    if np.iscomplexobj(x) or np.iscomplexobj(y):
        return -0.25 * _carlson_2(x, y, halves=(3, 2), power=0), -0.5 * _carlson_2(x, y, halves=(1, 4), power=0)
    behind = y < 0
    u, v = np.where(behind, x - y, x), np.where(behind, -y, y)
    by_u, by_v = -0.25 * _carlson_2(u, v, halves=(3, 2), power=0), -0.5 * _carlson_2(u, v, halves=(1, 4), power=0)
    p, q = np.where(behind, x, 1.0), np.where(behind, y, -1.0)
    root, value = np.sqrt(p / (p - q)), special.elliprc(p - q, -q)
    by_p, by_q = -q * value / (2 * np.sqrt(p) * (p - q) ** 1.5), np.sqrt(p) * value / (2 * (p - q) ** 1.5)
    return np.where(behind, by_p + root * by_u, by_u), np.where(behind, by_q - root * (by_u + by_v), by_v)


def _rj_partial(i: int, *xs: Any) -> Any:
    halves = tuple(h + 2 * (k == i) for k, h in enumerate((1, 1, 1, 2)))
    factor = -1.5 if i == 3 else -0.75
    if any(map(np.iscomplexobj, xs)):
        return factor * _carlson_4(*xs, halves=halves, power=0)
    *others, p = xs
    ordinary = factor * _carlson_4(*others, np.where(p < 0, 1.0, p), halves=halves, power=0)
    orders = tuple(int(k == i) for k in range(4))
    principal = _principal_rj(*others, np.where(p < 0, p, -1.0), orders=orders)
    return np.where(p < 0, principal, ordinary)


#: Cauchy's principal value for a negative last argument: singular where an argument is 0.
_principal_rj = by_parameters(
    "elliprj_principal_value", special.elliprj, {i: lambda *xs, i=i: step_for(1e-9, np.abs(xs[i])) for i in range(4)}, {},
    count=4, domain=((0.3, 1.0), (1.2, 2.0), (2.2, 3.0), (-2.0, -0.5)), at_kinks="nan in an argument that is 0", accuracy="by differences: 1e-10")

_BRANCH = "inf at 0; complex numbers off the negative real axis"
# fmt: off
elementwise(special.elliprc, [lambda y, u, v: _rc_partials(u, v)[0], lambda y, u, v: _rc_partials(u, v)[1]],
            at_kinks=_BRANCH, domain=((0.3, 3.0),) * 2, accuracy=_QUADRATURE)
elementwise(special.elliprd, [lambda y, u, v, w: -0.75 * _carlson_3(u, v, w, halves=(3, 1, 3), power=0),
                              lambda y, u, v, w: -0.75 * _carlson_3(u, v, w, halves=(1, 3, 3), power=0),
                              lambda y, u, v, w: -2.25 * _carlson_3(u, v, w, halves=(1, 1, 5), power=0)],
            at_kinks=_BRANCH, domain=((0.3, 3.0),) * 3, accuracy=_QUADRATURE)
elementwise(special.elliprf, [lambda y, u, v, w: _rf_partial(v, w, u), lambda y, u, v, w: _rf_partial(u, w, v), lambda y, u, v, w: _rf_partial(u, v, w)],
            at_kinks=_BRANCH, domain=((0.3, 3.0),) * 3)
elementwise(special.elliprg, [lambda y, u, v, w: _rg_partial(u, v, w), lambda y, u, v, w: _rg_partial(v, u, w), lambda y, u, v, w: _rg_partial(w, u, v)],
            at_kinks=_BRANCH, domain=((0.3, 3.0),) * 3, accuracy=_QUADRATURE)
elementwise(special.elliprj, [lambda y, u, v, w, p: _rj_partial(0, u, v, w, p), lambda y, u, v, w, p: _rj_partial(1, u, v, w, p),
                              lambda y, u, v, w, p: _rj_partial(2, u, v, w, p), lambda y, u, v, w, p: _rj_partial(3, u, v, w, p)],
            at_kinks=_BRANCH, domain=((0.3, 3.0),) * 4, accuracy=_QUADRATURE)
# fmt: on


# --- Legendre's integrals and Jacobi's functions -------------------------------------------------------------------


@np.errstate(all="ignore")
def _moment(phi: Any, m: Any, k: int, half: int) -> Any:
    """∫₀^φ sin²ᵏθ (1 − m sin²θ)^(half/2) dθ for k > 0 and m ≤ 1, any φ."""
    dtype = floating(phi, m)
    phi, m = np.broadcast_arrays(np.asarray(phi, float), np.asarray(m, float))
    turns = np.round(phi / pi)
    whole = np.where(turns == 0, 0, 2 * turns * _moment_of_quadrant(np.ones_like(phi), np.zeros_like(phi), m, k, half))
    rest = phi - pi * turns
    found = whole + _moment_of_quadrant(np.sin(rest), np.cos(rest), m, k, half)
    return np.where(m <= 1, found, np.nan).astype(dtype)[()]


def _moment_of_quadrant(sine: Any, cosine: Any, m: Any, k: int, half: int) -> Any:
    c, d = cosine * cosine, cosine * cosine + (1 - m) * sine * sine
    if (k, half) == (1, -3):
        return sine**3 * special.elliprd(c, 1, d) / 3
    if (k, half) == (1, -1):
        return sine**3 * special.elliprd(c, d, 1) / 3
    return sine ** (2 * k + 1) * _carlson(c, 1.0, d, halves=(1, 2 + 2 * k + half, -half), power=0) / 2


elliptic_moment: Primitive = table.add_primitive(Primitive(
    "elliptic_moment", _moment, Kind.ELEMENTWISE,
    [analytic_fact(lambda phi, m, k, half: np.sin(phi) ** (2 * k) * (1 - m * np.sin(phi) ** 2) ** (half / 2)),
     analytic_fact(lambda phi, m, k, half: -half / 2 * elliptic_moment(phi, m, k=k + 1, half=half - 2))],
    analytic=False, at_kinks="inf where m sin²φ reaches 1", domain=_ANGLE_AND_MODULUS, accuracy=_QUADRATURE))


def _jacobi_by_modulus(ys: Any, u: Any, m: Any) -> Any:
    """F(φ, m) = u, so that ∂φ/∂m = −∂F/∂m · dn."""
    sn, cn, dn, phi = ys
    by_m = -0.5 * dn * elliptic_moment(phi, m, k=1, half=-3)
    return cn * by_m, -sn * by_m, -(0.5 * sn * sn + m * sn * cn * by_m) / dn, by_m


# fmt: off
elementwise(special.ellipk, [lambda y, m: special.elliprd(0.0, 1.0, 1 - m) / 6], analytic=False, at_kinks="inf at 1", domain=_MODULUS)
elementwise(special.ellipkm1, [lambda y, p: special.elliprd(0.0, 1.0, p) / -6], analytic=False, at_kinks="-inf at 0", domain=((0.1, 3.0),))
elementwise(special.ellipe, [lambda y, m: special.elliprd(0.0, 1 - m, 1.0) / -6], analytic=False, at_kinks="-inf at 1", domain=_MODULUS)
elementwise(special.ellipkinc, [lambda y, phi, m: 1 / np.sqrt(1 - m * np.sin(phi) ** 2), lambda y, phi, m: 0.5 * elliptic_moment(phi, m, k=1, half=-3)],
            analytic=False, at_kinks="inf where m sin²φ reaches 1", domain=_ANGLE_AND_MODULUS)
elementwise(special.ellipeinc, [lambda y, phi, m: np.sqrt(1 - m * np.sin(phi) ** 2), lambda y, phi, m: -0.5 * elliptic_moment(phi, m, k=1, half=-1)],
            analytic=False, at_kinks="0 in φ, -inf in m where m sin²φ reaches 1 beyond the first quadrant", domain=_ANGLE_AND_MODULUS)
several(special.ellipj, [lambda ys, u, m: (ys[1] * ys[2], -ys[0] * ys[2], -m * ys[0] * ys[1], ys[2]), _jacobi_by_modulus],
        outputs=4, analytic=False, at_kinks="smooth; as accurate as SciPy's values, which lose digits for 1 − m < 1e-9",
        domain=((-3.0, 3.0), (0.1, 0.9)))
# fmt: on


# --- ellipsoidal harmonics -----------------------------------------------------------------------------------------
# Eₙᵖ(s) is a polynomial in s, times √|s²−h²| and √|s²−k²| in three of the four species (Dassios 2012). The polynomial
# is differentiated by differences, the roots by formula.


def _has_roots(n: Any, p: Any) -> tuple[Any, Any]:
    """Whether Eₙᵖ has the factor √|s²−h²|, and whether √|s²−k²|."""
    half, q = np.asarray(n) // 2, np.asarray(p) - 1
    first, second, third = half + 1, n + 1, 2 * n - half + 1
    return ((q >= first) & (q < second)) | (q >= third), q >= second


def _roots(h2: Any, k2: Any, n: Any, p: Any, s: Any) -> Any:
    has_h, has_k = _has_roots(n, p)
    of_h, of_k = np.where(has_h, np.abs(s * s - h2), 1.0), np.where(has_k, np.abs(s * s - k2), 1.0)
    return np.sqrt(of_h * of_k)


def _polynomial(h2: Any, k2: Any, n: Any, p: Any, s: Any, signm: Any, signn: Any) -> Any:
    return _ufuncs._ellip_harm(h2, k2, n, p, s, signm, signn) / _roots(h2, k2, n, p, s)


# No power of two, so that no sample falls on a zero of the roots, where the polynomial is 0/0.
_ODD = 0.91370219


def _apart_step(h2: Any, k2: Any, n: Any, *_: Any) -> Any:
    return _ODD * step_for((n + 1) / (k2 + h2), h2, k2 - h2)


def _coordinate_step(h2: Any, k2: Any, n: Any, p: Any, s: Any, *_: Any) -> Any:
    return _ODD * step_for((n + 1) / np.sqrt(k2 + s * s))


_harmonic_polynomial = by_parameters(
    "ellip_harm_polynomial", _polynomial,
    {0: _apart_step, 1: _apart_step, 4: _coordinate_step}, {},
    count=7, domain=((0.5, 1.0), (1.5, 2.0), (0, 3), (1, 5), (2.0, 3.0), (1, 1), (1, 1)), accuracy="by differences: 1e-11")


def _harmonic_partial(orders: tuple[int, int, int], root_partial: Any) -> Any:
    def partial(y: Any, *xs: Any) -> Any:
        h2, k2, n, p, s, *_ = xs
        roots = _roots(h2, k2, n, p, s)
        moved = root_partial(h2, k2, *_has_roots(n, p), s) * roots * _harmonic_polynomial(*xs, orders=(0, 0, 0))
        return moved + roots * _harmonic_polynomial(*xs, orders=orders)

    return partial


def _logarithmic(has_root: Any, inner: Any) -> Any:
    """Half the logarithmic derivative of a root in what stands under it, 0 where there is no root."""
    return np.where(has_root, 0.5 / np.where(has_root, inner, 1.0), 0.0)


ellip_harm = elementwise(
    _ufuncs._ellip_harm,
    [_harmonic_partial((1, 0, 0), lambda h2, k2, has_h, has_k, s: -_logarithmic(has_h, s * s - h2)),
     _harmonic_partial((0, 1, 0), lambda h2, k2, has_h, has_k, s: -_logarithmic(has_k, s * s - k2)), flat, flat,
     _harmonic_partial((0, 0, 1), lambda h2, k2, has_h, has_k, s: 2 * s * (_logarithmic(has_h, s * s - h2) + _logarithmic(has_k, s * s - k2))),
     flat, flat],
    name="ellip_harm", analytic=False, at_kinks="nan at s² = h² and s² = k², the ends of the ranges of the coordinates",
    domain=((0.5, 1.0), (1.5, 2.0), (0, 3), (1, 5), (2.0, 3.0), (1, 1), (1, 1)), accuracy="by differences: 1e-11")

_ANGLES = (np.arange(48) + 0.5) * pi / 96  # midpoints of the first quadrant: the integrands are even and periodic
_WEIGHT = pi / 96


@functools.cache
def _nodes() -> tuple[Any, Any]:
    """Nodes and weights of Gauss and Legendre in the unit interval, when they are first asked for: they take 15 ms."""
    points, weights = np.polynomial.legendre.leggauss(120)
    return (points + 1) / 2, weights / 2


def ellip_harm_2(h2: Any, k2: Any, n: Any, p: Any, s: Any) -> Any:
    """As ``scipy.special.ellip_harm_2``: (2n+1) E(s) ∫₀^(1/s) dt / (E(1/t)² √((1−k²t²)(1−h²t²))), with t = sin ψ / k."""
    h, k, degree, species, end = (x[..., np.newaxis] if np.ndim(x) else x for x in (h2, k2, n, p, s))
    width = np.arcsin(np.sqrt(k) / end)
    nodes, weights = _nodes()
    t = np.sin(width * nodes) / np.sqrt(k)
    below = np.sqrt(1 - h * t * t) * _ufuncs._ellip_harm(h, k, degree, species, 1 / t, 1, 1) ** 2
    integral = np.sum(width / np.sqrt(k) * weights / below, axis=-1)
    return (2 * n + 1) * _ufuncs._ellip_harm(h2, k2, n, p, s, 1, 1) * integral


def ellip_normal(h2: Any, k2: Any, n: Any, p: Any) -> Any:
    """As ``scipy.special.ellip_normal``: the double integral, which is a sum of products of single ones."""
    h, k, degree, species = (x[..., np.newaxis] if np.ndim(x) else x for x in (h2, k2, n, p))
    x2, y2 = h * np.sin(_ANGLES) ** 2, h + (k - h) * np.sin(_ANGLES) ** 2
    of_x = _ufuncs._ellip_harm(h, k, degree, species, np.sqrt(x2), 1, 1) ** 2 / np.sqrt(k - x2)
    of_y = _ufuncs._ellip_harm(h, k, degree, species, np.sqrt(y2), 1, 1) ** 2 / np.sqrt(y2)
    sums = [_WEIGHT * np.sum(terms, axis=-1) for terms in (of_y * y2, of_x, of_y, of_x * x2)]
    return 8 * (sums[0] * sums[1] - sums[2] * sums[3])


#: Name in `scipy.special` → the function on values of any kind.
PYTHON_FUNCTIONS: dict[str, Callable[..., Any]] = {"ellip_harm_2": ellip_harm_2, "ellip_normal": ellip_normal}
