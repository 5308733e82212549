"""Operands of the special functions of the gamma, error and statistical families."""

from __future__ import annotations

from collections.abc import Sequence

from laws.given import Given, given

_BY_DIFFERENCES = "found by differences, of which only two orders exist; tested in tests/rules"
_SECOND_ORDER = "a derivative in the shapes whose second derivatives do not exist; tested in tests/rules"
_ROUGH = "SciPy solves for it to 5 digits only, too few to differentiate numerically; tested in tests/rules"

LEFT_OUT = {
    "fdtr_parameters": _SECOND_ORDER,
    "stdtr_parameters": _SECOND_ORDER,
    "nctdtr_df": _BY_DIFFERENCES,
    "ncfdtridfd": _ROUGH,
    "ncfdtridfn": _ROUGH,
    "ncfdtrinc": _ROUGH,
    "nctdtridf": _ROUGH,
    "nctdtrinc": _ROUGH,
}

_SHAPES_A, _SHAPES_B = [0.7, 2.3, 12.5], [1.6, 0.8, 9.5]
_POSITIVE, _INNER = [0.4, 1.7, 11.0], [0.3, 0.62, 0.55]

# SciPy finds it by bisection, to 14 digits behind the point.
STEPS = {"tklmbda": 1e-2}
TOLERANCES = {"tklmbda": 1e-7}

SHAPES: dict[str, Sequence[Given]] = {
    "polygamma": [given(1, [0.6, 2.5, -1.3]), given(3, 0.8)],
    "digamma_difference": [given(0, _SHAPES_A, _POSITIVE), given(1, [0.6, 2.5], 0.7)],
    "zeta_slope": [given(1, [1.4, 3.0], [0.6, 5.0]), given(2, 2.5, 0.8)],
    "riemann_zeta_slope": [given(1, [-2.4, 0.4, 3.0]), given(2, -0.7)],
    "gamma_density": [given(0, _SHAPES_A, _POSITIVE), given(1, [0.7, 2.3], [1.0, 0.6])],
    "beta_density": [given(0, 0, _SHAPES_A, _SHAPES_B, _INNER), given(1, 0, [1.7, 2.3], [0.6, 1.4], [0.2, 0.7])],
    "f_density": [given(0, _SHAPES_A, _SHAPES_B, _POSITIVE), given(1, [2.7, 2.3], [0.6, 1.4], [0.2, 0.7])],
    "gammainc_parameters": [given(1, _SHAPES_A, _POSITIVE), given(2, [0.7, 2.3], [1.0, 0.6])],
    "betainc_parameters": [given(1, 0, _SHAPES_A, _SHAPES_B, _INNER), given(0, 2, 1.7, 2.6, 0.3)],
    "noncentral_gamma": [given(0, _SHAPES_A, _POSITIVE, _SHAPES_B), given(1, 2.3, 0.7, 1.4)],
    "noncentral_gamma_term": [given(0, 0, _SHAPES_A, _POSITIVE, _SHAPES_B), given(1, 1, 2.3, 0.7, 1.4)],
    "noncentral_beta": [given(0, 0, _SHAPES_A, _SHAPES_B, 0.8, _POSITIVE), given(1, 0, 2.3, 0.7, 1.4, 0.6)],
    "noncentral_beta_term": [given(0, 0, 0, _SHAPES_A, _SHAPES_B, 0.8, _POSITIVE), given(1, 1, 0, 2.3, 0.7, 1.4, 0.6)],
    "nct_expectation": [given(0, 0, [1.5, 7.0], [0.8, -0.4], [1.2, 0.3]), given(0, 1, 3.5, 1.2, 1.7)],
    "expn": [given(2, [0.4, 2.5]), given(0, 0.8)],
    "sici": [given([0.4, 2.5, 3.7]), given(0.8)],
    "shichi": [given([0.4, 2.5, 3.7]), given(0.8)],
    "fresnel": [given([0.4, -1.5, 2.7]), given(0.8)],
    "modfresnelp": [given([0.4, 1.5, 2.7]), given(0.8)],
    "modfresnelm": [given([0.4, 1.5, 2.7]), given(0.8)],
    "lambertw": [given(0.7, 0, 1e-8, free=(0,)), given([-0.2, -0.3], -1, 1e-8, free=(0,))],
    "diric": [given([0.4, -2.5, 7.0, 6.0], 4), given(0.3, 5)],
    "pdtr": [given(3, [0.6, 2.8])],
    "pdtrc": [given(3, [0.6, 2.8])],
    "pdtri": [given(3, [0.4, 0.8])],
    "bdtr": [given(2.0, 5, [0.3, 0.6], free=(2,))],
    "bdtrc": [given(2.0, 5, [0.3, 0.6], free=(2,))],
    "bdtri": [given(2.0, 5, [0.3, 0.6], free=(2,))],
    "nbdtr": [given(2, 5, [0.3, 0.6])],
    "nbdtrc": [given(2, 5, [0.3, 0.6])],
    "nbdtri": [given(2, 5, [0.3, 0.6])],
    "smirnov": [given(5, [0.33, 0.47])],
    "smirnovi": [given(5, [0.3, 0.6])],
    "smirnov_slope": [given(1, 5, [0.33, 0.47])],
    "fdtridfd": [given([2.0, 3.0], [0.8, 0.7], [2.0, 1.5])],
    "ncfdtri": [given([2.0, 3.0], [4.0, 2.5], [0.7, 1.5], [0.3, 0.6])],
}
