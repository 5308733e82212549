"""Calls of the special functions with orders and moduli, in their orders, moduli and arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import scipy.special as sp

from laws.calling import Call, call
from wengert import special
from wengert.rules.special_elliptic import ellip_harm_2, ellip_normal  # SciPy's warn of their quadrature

_STEP = 1e-2
_V, _Z = [0.7, 2.3, -1.4], [1.2, 0.8, 3.4]
_SIGNED, _POSITIVE, _INSIDE, _UNIT = [0.4, 1.3, -2.6], [0.4, 1.3, 2.6], [0.3, -0.4, 0.7], [0.2, 0.5, 0.7]
_N, _COLUMN, _DEGREES = np.array([0, 1, 4]), np.array([[0], [2]]), [1.7, 2.3, 4.6]
_M, _MODES, _C = np.array([0, 1, 0]), np.array([2, 3, 3]), [0.8, 1.5, 2.6]
_MATHIEU, _BEYOND = np.array([1, 2, 3]), [1.4, 1.8, 2.3]
_LARGE_C, _LARGE_X = [3.2, 4.1, 5.3], [2.2, 2.6, 3.1]
_RADIAL = {"pro_ang1": _UNIT, "pro_rad1": _BEYOND, "obl_ang1": _UNIT, "obl_rad1": _BEYOND}

X = object()


def at(function: Callable[..., Any], *template: Any, **options: Any) -> Callable[..., Any]:
    """The function of the arguments that are `X` in the template."""

    def of_free(*free: Any) -> Any:
        rest = iter(free)
        return function(*(next(rest) if x is X else x for x in template), **options)

    return of_free


def _smooth(function: Callable[..., Any], *args: Any, **options: Any) -> Call:
    return call(function, *args, **{"step": _STEP, **options})


def _each(names: Iterable[str], calls_of: Callable[[Any], list[Call]]) -> dict[str, list[Call]]:
    """The same calls of several functions."""
    return {f"scipy.special.{name}": calls_of(getattr(special, name)) for name in names}


def _cylinder(f: Any) -> list[Call]:
    return [
        _smooth(f, _V, _Z),
        _smooth(at(f, 1.5, X), _Z, complex_too=True),
        _smooth(at(f, _COLUMN, X), _Z),
        _smooth(at(f, X, 2.0), 0.6),
    ]


def _derivative(f: Any) -> list[Call]:
    return [_smooth(at(f, X, X), _V, _Z), _smooth(at(f, 1.5, X, 3), _Z, complex_too=True)]


def _spherical(f: Any) -> list[Call]:
    return [
        _smooth(at(f, _N, X), _SIGNED),
        _smooth(at(f, _N, X, derivative=True), _SIGNED),
        _smooth(at(f, 2, X), _POSITIVE, complex_too=True),
    ]


def _of_degree(x: list[float]) -> Callable[[Any], list[Call]]:
    return lambda f: [
        _smooth(f, _DEGREES, x),
        _smooth(at(f, _N, X), x),
        _smooth(at(f, np.array([0.0, 1.0, 3.5]), X), x, complex_too=True),
    ]


def _given_value(name: str, c: list[float], x: list[float], **options: Any) -> list[Call]:
    """A spheroidal function that is given the characteristic value, with that value."""
    f, value = getattr(sp, f"{name}_cv"), getattr(sp, f"{name[:3]}_cv")

    def with_value(c: Any, x: Any) -> Any:
        return f(_M, _MODES, c, value(_M, _MODES, c), x)

    return [_smooth(with_value, c, x, single_too=False, **options)]


_CYLINDERS = ("jv", "yv", "iv", "kv", "hankel1", "hankel2", "jve", "yve", "ive", "kve", "hankel1e", "hankel2e")
_OF_SIGNED = ("j0", "j1", "i0", "i1", "i0e", "i1e", "ber", "bei", "berp", "beip")
_OF_POSITIVE = (
    "y0", "y1", "k0", "k1", "k0e", "k1e", "itj0y0", "it2j0y0", "iti0k0", "it2i0k0", "ker", "kei", "kerp", "keip",
    "kelvin", "itstruve0", "it2struve0", "itmodstruve0",
)  # fmt: skip

_BESSEL = {
    **_each(_CYLINDERS, _cylinder),
    **_each(_OF_SIGNED, lambda f: [_smooth(f, _SIGNED)]),
    **_each(_OF_POSITIVE, lambda f: [_smooth(f, _POSITIVE)]),
    **_each(["jn", "yn", "kn"], lambda f: [_smooth(at(f, _N, X), _Z)]),
    **_each(["jvp", "yvp", "ivp", "kvp", "h1vp", "h2vp"], _derivative),
    **_each(["spherical_jn", "spherical_yn", "spherical_in", "spherical_kn"], _spherical),
    **_each(["riccati_jn", "riccati_yn"], lambda f: [_smooth(at(f, 3, X), 1.3)]),
    "scipy.special.besselpoly": [_smooth(sp.besselpoly, _UNIT, _POSITIVE, [0.6, 1.3, 2.2])],
    "scipy.special.airy": [_smooth(sp.airy, _SIGNED, complex_too=True), _smooth(lambda z: sp.airy(z)[0], 0.3)],
    "scipy.special.airye": [_smooth(sp.airye, _POSITIVE, complex_too=True)],
    "scipy.special.itairy": [_smooth(sp.itairy, [0.4, 0.2, -0.3])],
}

_HYPERGEOMETRIC = {
    "scipy.special.hyp0f1": [
        _smooth(sp.hyp0f1, _POSITIVE, _INSIDE),
        _smooth(at(sp.hyp0f1, 1.3, X), _Z, complex_too=True),
    ],
    "scipy.special.hyp1f1": [
        _smooth(sp.hyp1f1, _V, _POSITIVE, [0.7, -1.2, 2.0]),
        _smooth(at(sp.hyp1f1, 0.6, 1.3, X), _Z, complex_too=True),
    ],
    "scipy.special.hyp2f1": [
        _smooth(sp.hyp2f1, _V, _POSITIVE, [1.6, 2.7, 3.2], [0.7, -1.2, 0.3]),
        _smooth(at(sp.hyp2f1, 0.6, 1.3, 2.1, X), _INSIDE, complex_too=True),
        _smooth(at(sp.hyp2f1, X, 1.3, 2.1, 0.4), 0.5),
    ],
    "scipy.special.hyperu": [_smooth(sp.hyperu, [-1.4, -0.6, -2.3], [0.7, 1.6, -0.4], _POSITIVE)],
    "scipy.special.wright_bessel": [_smooth(sp.wright_bessel, _POSITIVE, [0.6, 1.3, 0.2], _Z)],
    "scipy.special.log_wright_bessel": [_smooth(sp.log_wright_bessel, _POSITIVE, [0.6, 1.3, 0.2], _Z)],
}

_ELLIPTIC = {
    **_each(["ellipk", "ellipe"], lambda f: [_smooth(f, [0.4, 0.8, -2.6])]),
    **_each(["ellipkinc", "ellipeinc"], lambda f: [_smooth(f, [0.4, -1.3, 4.4], [0.7, 0.0, -1.5])]),
    **_each(
        ["elliprd", "elliprf", "elliprg"], lambda f: [_smooth(f, _POSITIVE, _Z, [1.0, 1.3, 0.5], complex_too=True)]
    ),
    "scipy.special.ellipkm1": [_smooth(sp.ellipkm1, [1e-3, 0.4, 2.6])],
    "scipy.special.ellipj": [
        _smooth(sp.ellipj, [0.4, -1.3, 4.4], [0.7, 0.1, 0.5]),
        _smooth(lambda u: sp.ellipj(u, 0.5)[2], 0.3),
    ],
    "scipy.special.elliprc": [
        _smooth(sp.elliprc, _POSITIVE, _Z, complex_too=True),
        _smooth(sp.elliprc, _Z, [-0.6, -1.3, -2.2]),
    ],
    "scipy.special.elliprj": [
        _smooth(sp.elliprj, _POSITIVE, _Z, [1.0, 1.3, 0.5], [0.7, 1.3, 2.0], complex_too=True),
        _smooth(sp.elliprj, _POSITIVE, _Z, [1.0, 1.4, 0.5], [-0.7, -1.3, 2.0]),
    ],
    "scipy.special.ellip_harm": [
        _smooth(at(sp.ellip_harm, X, X, 3, 5, X), 0.6, 1.5, [2.2, 2.7]),
        _smooth(at(sp.ellip_harm, 0.6, 1.5, np.array([2, 4]), np.array([1, 9]), X), [0.4, 0.9]),
    ],
    "scipy.special.ellip_harm_2": [_smooth(at(ellip_harm_2, X, X, 2, 3, X), 0.6, 1.5, [2.2, 2.7])],
    "scipy.special.ellip_normal": [_smooth(at(ellip_normal, X, X, 2, 3), 0.6, 1.5)],
}

_POLYNOMIALS = {
    **_each(["eval_legendre", "eval_chebyt", "eval_chebyu", "eval_chebyc", "eval_chebys"], _of_degree(_INSIDE)),
    **_each(["eval_sh_legendre", "eval_sh_chebyt", "eval_sh_chebyu", "eval_laguerre"], _of_degree(_UNIT)),
    **_each(["eval_hermite", "eval_hermitenorm"], lambda f: [_smooth(at(f, _N, X), _INSIDE)]),
    **_each(["roots_jacobi", "j_roots"], lambda f: [_smooth(at(f, 4, X, X), 0.3, 0.7)]),
    **_each(["roots_sh_jacobi", "js_roots"], lambda f: [_smooth(at(f, 4, X, X), 2.3, 0.7)]),
    **_each(
        ["roots_gegenbauer", "cg_roots", "roots_genlaguerre", "la_roots"],
        lambda f: [_smooth(at(f, 4, X, mu=True), 0.7)],
    ),
    "scipy.special.eval_genlaguerre": [
        _smooth(sp.eval_genlaguerre, _DEGREES, _POSITIVE, _Z),
        _smooth(at(sp.eval_genlaguerre, _N, X, X), _POSITIVE, _Z),
    ],
    "scipy.special.assoc_laguerre": [_smooth(at(special.assoc_laguerre, X, _N, 1.5), _Z)],
    "scipy.special.eval_gegenbauer": [
        _smooth(sp.eval_gegenbauer, _DEGREES, _POSITIVE, _INSIDE),
        _smooth(at(sp.eval_gegenbauer, _N, X, X), _POSITIVE, _INSIDE),
    ],
    "scipy.special.eval_jacobi": [
        _smooth(sp.eval_jacobi, _DEGREES, _POSITIVE, _UNIT, _INSIDE),
        _smooth(at(sp.eval_jacobi, _N, X, X, X), _POSITIVE, _UNIT, _INSIDE),
    ],
    "scipy.special.eval_sh_jacobi": [_smooth(sp.eval_sh_jacobi, _DEGREES, [2.2, 2.8, 3.1], [0.6, 1.3, 0.9], _UNIT)],
}

_LEGENDRE = {
    "scipy.special.lpmv": [
        _smooth(at(sp.lpmv, np.array([0, 1, 2]), X, X), _DEGREES, _INSIDE),
        _smooth(at(sp.lpmv, -1, 3, X), _INSIDE),
    ],
    "scipy.special.lqn": [_smooth(at(special.lqn, 3, X), _INSIDE, complex_too=True)],
    "scipy.special.lqmn": [_smooth(at(special.lqmn, 2, 3, X), _INSIDE, complex_too=True)],
    "scipy.special.legendre_p": [_smooth(at(special.legendre_p, _N, X, diff_n=1), _INSIDE)],
    "scipy.special.legendre_p_all": [_smooth(at(special.legendre_p_all, 3, X), _INSIDE)],
    "scipy.special.assoc_legendre_p": [
        _smooth(at(special.assoc_legendre_p, _N, 1, X), _INSIDE, complex_too=True),
        _smooth(at(special.assoc_legendre_p, 3, 2, X, norm=True, diff_n=2), 0.3),
    ],
    "scipy.special.assoc_legendre_p_all": [_smooth(at(special.assoc_legendre_p_all, 3, 2, X), _INSIDE)],
    "scipy.special.sph_legendre_p": [_smooth(at(special.sph_legendre_p, _N, 1, X), _UNIT)],
    "scipy.special.sph_legendre_p_all": [_smooth(at(special.sph_legendre_p_all, 3, 2, X), _UNIT)],
    "scipy.special.sph_harm_y": [
        _smooth(at(special.sph_harm_y, _N, 1, X, X), _UNIT, _Z),
        _smooth(at(special.sph_harm_y, 3, -2, X, X, diff_n=2), _UNIT, 0.4),
    ],
    "scipy.special.sph_harm_y_all": [_smooth(at(special.sph_harm_y_all, 2, 1, X, X), _UNIT, _Z)],
}

# SciPy's parabolic cylinder and Mathieu functions are nan at some arguments of single precision.
_WAVES = {
    **_each(["struve", "modstruve"], lambda f: [_smooth(f, _V, _Z), _smooth(at(f, 1, X), _Z)]),
    **_each(
        ["pbdv", "pbvv"],
        lambda f: [_smooth(f, _V, _Z, single_too=False), _smooth(at(f, 1, X), _Z, single_too=False)],
    ),
    **_each(["pbdv_seq", "pbvv_seq", "lmbda"], lambda f: [_smooth(f, 2.4, 1.3, traceable=False)]),
    "scipy.special.pbwa": [_smooth(sp.pbwa, _V, _Z)],
    "scipy.special.pbdn_seq": [_smooth(at(special.pbdn_seq, 3, X), 1.3)],
    **_each(["mathieu_a", "mathieu_b"], lambda f: [_smooth(at(f, _MATHIEU, X), _POSITIVE)]),
    **_each(
        ["mathieu_cem", "mathieu_sem"],
        lambda f: [call(at(f, _MATHIEU, X, X), _POSITIVE, [17.0, 40.0, 75.0], single_too=False)],
    ),
    **_each(
        ["mathieu_modcem1", "mathieu_modcem2", "mathieu_modsem1", "mathieu_modsem2"],
        lambda f: [_smooth(at(f, _MATHIEU, X, X), _POSITIVE, [0.3, 0.8, 1.3], single_too=False)],
    ),
    **_each(
        ["mathieu_even_coef", "mathieu_odd_coef"],
        lambda f: [_smooth(at(f, 3, X), 1.3, traceable=False, single_too=False)],
    ),
    **_each(["pro_cv", "obl_cv"], lambda f: [_smooth(at(f, _M, _MODES, X), _C)]),
    **_each(["pro_cv_seq", "obl_cv_seq"], lambda f: [_smooth(at(f, 0, 3, X), 1.5)]),
    **{
        f"scipy.special.{name}": [_smooth(at(getattr(sp, name), _M, _MODES, X, X), _C, x)]
        for name, x in _RADIAL.items()
    },
    **_each(
        ["pro_rad2", "obl_rad2"], lambda f: [_smooth(at(f, _M, _MODES, X, X), _LARGE_C, _LARGE_X, single_too=False)]
    ),
    **{f"scipy.special.{name}_cv": _given_value(name, _C, x) for name, x in _RADIAL.items()},
    **{
        f"scipy.special.{name}_cv": _given_value(name, _LARGE_C, _LARGE_X, order=1) for name in ("pro_rad2", "obl_rad2")
    },
}

CALLS = {**_BESSEL, **_HYPERGEOMETRIC, **_ELLIPTIC, **_POLYNOMIALS, **_LEGENDRE, **_WAVES}
