"""Operands and parameters of the special functions with orders and moduli: `laws.examples` says how it is read."""

from __future__ import annotations

from typing import Any

import numpy as np

from laws.given import Given, given

_ORDERS = np.array([0, 1, 3])
_ONES = np.array([1, 1, 1])

# Degrees and orders that are integers.
FIXED_OPERANDS: dict[str, dict[int, Any]] = {
    **{name: {0: _ORDERS} for name in ("yn", "kn", "eval_hermite", "eval_hermitenorm")},
    **{f"spherical_{kind}": {0: _ORDERS} for kind in ("jn", "yn", "in", "kn")},
    **{f"spherical_{kind}_derivative": {0: _ORDERS} for kind in ("jn", "yn", "in", "kn")},
    "lpmv": {0: np.array([0, 1, 2])},
    "mathieu_a": {0: np.array([0, 1, 2])},
    "mathieu_b": {0: np.array([1, 2, 3])},
    "pro_cv": {0: np.array([0, 1, 0]), 1: np.array([2, 3, 3])},
    "obl_cv": {0: np.array([0, 1, 0]), 1: np.array([2, 3, 3])},
    "ellip_harm": {2: np.array([1, 2, 3]), 3: np.array([1, 3, 5]), 5: _ONES, 6: _ONES},
}


def _derivatives(*operands: Any, count: int = 1) -> list[Given]:
    """The function itself, differentiated in none of its parameters: its own derivatives are the ones in question."""
    return [given(*operands, orders=(0,) * count)]


_V, _Z = [0.7, 2.3, 4.1], [1.2, 0.8, 3.4]
_CYLINDERS = ("jv", "yv", "iv", "kv", "hankel1", "hankel2", "jve", "yve", "ive", "kve", "hankel1e", "hankel2e")
_DEGREES, _INSIDE = [1.7, 2.3, 4.6], [0.3, -0.4, 0.7]
_M, _N, _C = np.array([0, 1, 0]), np.array([2, 3, 3]), [0.8, 1.5, 2.6]
_Q, _ANGLES, _RADII = [0.4, 1.7, 3.1], [17.0, 40.0, 75.0], [0.3, 0.8, 1.3]
_BELOW, _BEYOND = [0.2, 0.5, 0.7], [1.4, 1.8, 2.3]
_SEVERAL_OF_ONE = ("itj0y0", "iti0k0", "it2j0y0", "it2i0k0", "airy", "airye", "itairy", "kelvin")


# Characteristic values that belong to the orders and the parameters, or nearly so.
_CHARACTERISTIC = {
    "pro_ang1": (_C, [6.3, 13.0, 15.5], _BELOW),
    "pro_rad1": (_C, [6.3, 13.0, 15.5], _BEYOND),
    "pro_rad2": ([3.2, 4.1, 5.3], [11.4, 19.3, 26.7], [2.2, 2.6, 3.1]),
    "obl_ang1": (_C, [5.7, 11.0, 8.6], _BELOW),
    "obl_rad1": (_C, [5.7, 11.0, 8.6], _BEYOND),
    "obl_rad2": ([3.2, 4.1, 5.3], [0.9, 4.4, -4.8], [2.2, 2.6, 3.1]),
}


SHAPES: dict[str, Any] = {
    **{f"{name}_in_order": _derivatives(_V, _Z) for name in _CYLINDERS},
    **{f"{name}_in_order": _derivatives(_V, _Z) for name in ("struve", "modstruve", "pbdv", "pbvv")},
    "pbwa_in_order": _derivatives(_V, _INSIDE),
    "besselpoly_in_powers": _derivatives(_Z, _V, [0.6, 1.3, 2.2], count=2),
    "hyp0f1_in_parameter": _derivatives(_V, _Z),
    "hyp1f1_in_parameters": _derivatives(_V, [1.6, 2.1, 0.9], _INSIDE, count=2),
    "hyp2f1_in_parameters": _derivatives(_V, [1.6, 2.1, 0.9], [2.7, 3.2, 1.8], _INSIDE, count=3),
    "hyperu_in_parameters": _derivatives(_V, [1.6, 2.1, 0.9], _Z, count=2),
    "wright_bessel_in_b": [given(_V, [1.6, 0.1, 0.9], _Z, order=1), given(0.5, 1.6, 1.2, order=0)],
    "wright_bessel_ratio": [given(_V, [1.6, 0.1, 0.9], _Z, order=1), given(0.5, 1.6, 1.2, order=0)],
    "carlson_integral_2": [given(_V, _Z, halves=(1, 4), power=0), given(0.7, 1.2, halves=(3, 3), power=1)],
    "carlson_integral_3": [
        given(_V, _Z, [1.0, 2.0, 3.0], halves=(1, 3, 3), power=1),
        given(1.0, 1.0, 1.0, halves=(1, 1, 1), power=0),
    ],
    "carlson_integral_4": [given(_V, _Z, [1.0, 2.0, 3.0], [2.0, 1.0, 0.5], halves=(1, 1, 1, 2), power=0)],
    "elliprj_principal_value": _derivatives([0.5, 0.8], [1.3, 1.9], [2.4, 2.9], [-0.7, -1.6], count=4),
    "elliptic_moment": [
        given([0.4, -1.2, 4.5], [0.3, 0.0, -2.0], k=1, half=-3),
        given(0.9, 0.4, k=2, half=-3),
        given([[0.4], [1.2]], [0.3, 0.5], k=1, half=-1),
    ],
    "ellipj": [given([0.4, -1.2, 4.5], [0.3, 0.6, 0.2]), given(0.9, [0.4, 0.7])],
    "ellip_harm_polynomial": [
        given(
            [0.6, 0.8, 0.9], [1.5, 1.7, 1.9], *([1, 2, 3], [1, 3, 5]), [2.1, 2.5, 2.9], _ONES, _ONES, orders=(0, 0, 0)
        )
    ],
    "gegenbauer_in_parameters": _derivatives(_DEGREES, _V, _INSIDE, count=2),
    "jacobi_in_parameters": _derivatives(_DEGREES, _V, [0.6, 1.3, 0.2], _INSIDE, count=3),
    "sh_jacobi_in_parameters": _derivatives(_DEGREES, [2.2, 2.8, 3.1], [0.6, 1.3, 0.9], _BELOW, count=3),
    "genlaguerre_in_parameters": _derivatives(_DEGREES, _V, _Z, count=2),
    **{f"{name}_in_degree": _derivatives(_DEGREES, _INSIDE) for name in ("legendre", "chebyt", "chebyu")},
    "lpmv_in_degree": _derivatives(np.array([0, 1, 2]), _DEGREES, _INSIDE),
    "lqn": [(((3,),), {"n": 2}), (((),), {"n": 3})],
    "lqmn": [(((3,),), {"m": 1, "n": 2}), (((),), {"m": 2, "n": 3})],
    "legendre_p": [given(np.array([0, 1, 4]), _INSIDE, d=d) for d in range(3)],
    "assoc_legendre_p": [
        given(np.array([0, 1, 4]), np.array([0, 1, -2]), _INSIDE, 2, d=d, norm=bool(d)) for d in range(3)
    ],
    "sph_legendre_p": [given(np.array([0, 1, 4]), np.array([0, 1, -2]), [0.4, 1.1, 2.7], d=d) for d in range(3)],
    "mathieu_characteristic": [given(np.array([1, 2, 3]), _Q, odd=odd, order=1) for odd in (False, True)],
    "mathieu_series": [given(np.array([1, 2, 3]), _Q, _ANGLES, odd=odd, order=1, slope=1) for odd in (False, True)],
    "mathieu_coefficients": [given(1.3, m=2, odd=False, count=4, order=0), given(0.7, m=3, odd=True, count=4, order=1)],
    **{f"mathieu_{kind}": [given(np.array([1, 2, 3]), _Q, _ANGLES)] for kind in ("cem", "sem")},
    **{f"mathieu_mod{kind}": [given(np.array([1, 2, 3]), _Q, _RADII)] for kind in ("cem1", "cem2", "sem1", "sem2")},
    **{f"mathieu_mod{kind}_in_q": _derivatives([1, 2, 3], _Q, _RADII) for kind in ("cem1", "cem2", "sem1", "sem2")},
    "spheroidal_characteristic": [given(_M, _N, [0.8, -1.5, 2.6], order=1)],
    **{name: [given(_M, _N, _C, _BELOW)] for name in ("pro_ang1", "obl_ang1")},
    **{name: [given(_M, _N, _C, _BEYOND)] for name in ("pro_rad1", "obl_rad1")},
    **{name: [given(_M, _N, [3.2, 4.1, 5.3], [2.2, 2.6, 3.1])] for name in ("pro_rad2", "obl_rad2")},
    **{f"{name}_in_c": _derivatives(_M, _N, _C, _BELOW) for name in ("pro_ang1", "obl_ang1")},
    **{f"{name}_in_c": _derivatives(_M, _N, _C, _BEYOND) for name in ("pro_rad1", "obl_rad1")},
    **{
        f"{name}_by_differences": [given(_M, _N, [3.2, 4.1, 5.3], [2.2, 2.6, 3.1], orders=(0, 0))]
        for name in ("pro_rad2", "obl_rad2")
    },
    **{f"{name}_cv": [given(_M, _N, *xs)] for name, xs in _CHARACTERISTIC.items()},
    **{f"{name}_cv_by_differences": [given(_M, _N, *xs, orders=(0, 0, 0))] for name, xs in _CHARACTERISTIC.items()},
    **{name: [(((3,),), {}), (((),), {})] for name in _SEVERAL_OF_ONE},
    **{name: [given(_V, _Z), given([[0.7], [2.3]], _Z)] for name in ("pbdv", "pbvv")},
    "pbwa": [given(_V, _INSIDE), given([[0.7], [2.3]], _INSIDE)],
    "pbdn_seq": [given(0.7, n=3), given(1.3, n=1)],
}

_OF_ONE = (
    "j0", "j1", "y0", "y1", "special_i0", "i1", "k0", "k1", "i0e", "i1e", "k0e", "k1e", "ellipk", "ellipkm1", "ellipe",
    "itstruve0", "itmodstruve0", "it2struve0", "ber", "bei", "berp", "beip", "ker", "kei", "kerp", "keip",
)  # fmt: skip
_OF_SEVERAL = (
    "besselpoly", "struve", "modstruve", "hyp0f1", "hyp1f1", "hyp2f1", "hyperu", "wright_bessel", "log_wright_bessel",
    "ellipkinc", "ellipeinc", "eval_legendre", "eval_sh_legendre", "eval_chebyt", "eval_chebyu", "eval_chebyc",
    "eval_chebys", "eval_sh_chebyt", "eval_sh_chebyu", "eval_laguerre", "eval_genlaguerre", "eval_gegenbauer",
    "eval_jacobi", "eval_sh_jacobi",
)  # fmt: skip
# All are smooth in their domains: a longer first step than that for functions with kinks has less noise.
STEPS = dict.fromkeys([*SHAPES, *FIXED_OPERANDS, *_CYLINDERS, *_OF_ONE, *_OF_SEVERAL], 0.02)

REAL_ONLY = {
    "elliprj_principal_value": "is differentiated along the real axis",
    "chebyt_in_degree": "its degree is real",
    "chebyu_in_degree": "its degree is real",
    "pbdn_seq": "SciPy's values at complex numbers are wrong",
}
