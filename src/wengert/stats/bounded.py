"""Distributions of an interval, a circle or a share of a whole."""

from __future__ import annotations

from math import factorial, log, pi
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.rules.special_kernels import series
from wengert.stats.distribution import continuous
from wengert.stats.formulas import LOG_2, LOG_2PI, LOG_PI, log1mexp

_INF = np.inf
_HALF_LINE = (0.0, _INF)
_UNIT = (0.0, 1.0)

# --- uniform, linear, of a power -----------------------------------------------------------------------------------

continuous(
    "uniform", support=_UNIT,
    logpdf=lambda z: 0.0 * z,
    cdf=lambda z: z,
    sf=lambda z: 1 - z,
    ppf=lambda q: q,
    isf=lambda q: 1 - q,
    mean=0.5, var=1 / 12, entropy=0.0,
)  # fmt: skip

for _name in ("loguniform", "reciprocal"):
    continuous(
        _name, "a b", support=lambda a, b: (a, b), inside=1.0, valid=lambda a, b: (a > 0) & (b > a),
        logpdf=lambda z, a, b: -np.log(z) - np.log(np.log(b) - np.log(a)),
        cdf=lambda z, a, b: np.log1p((z - a) / a) / (np.log(b) - np.log(a)),
        sf=lambda z, a, b: np.log1p((b - z) / z) / (np.log(b) - np.log(a)),
        ppf=lambda q, a, b: np.exp(np.log(a) + q * (np.log(b) - np.log(a))),
        isf=lambda q, a, b: np.exp(np.log(b) - q * (np.log(b) - np.log(a))),
        mean=lambda a, b: (b - a) / (np.log(b) - np.log(a)),
        var=lambda a, b: (
            (b - a) * (b + a) / (2 * (np.log(b) - np.log(a))) - ((b - a) / (np.log(b) - np.log(a))) ** 2
        ),
        entropy=lambda a, b: 0.5 * (np.log(a) + np.log(b)) + np.log(np.log(b) - np.log(a)),
    )  # fmt: skip

continuous(
    "powerlaw", "a", support=_UNIT, inside=0.5,
    logpdf=lambda z, a: np.log(a) + sp.xlogy(a - 1, z),
    logcdf=lambda z, a: a * np.log(z),
    sf=lambda z, a: -sp.powm1(z, a),
    ppf=lambda q, a: q ** (1 / a),
    isf=lambda q, a: np.exp(np.log1p(-q) / a),
    mean=lambda a: a / (a + 1), var=lambda a: a / ((a + 2) * (a + 1) ** 2), entropy=lambda a: 1 - 1 / a - np.log(a),
)  # fmt: skip


def _wedge(z: Any, c: Any, d: Any) -> tuple[Any, Any, Any]:
    """Where z is on the slope up to c and on that down from d, and its height there as a share of the plateau."""
    up = (z < c) | ((c == 1) & (z <= c))
    down = (z > d) & ~up
    plateau = np.where(np.isnan(z), np.nan, 1.0)
    rise = np.where(up, z, 1.0) / np.where(up, c, 1.0)
    fall = np.where(down, 1 - z, 1.0) / np.where(down, 1 - d, 1.0)
    return up, down, plateau * rise * fall


def _wedge_cdf(z: Any, c: Any, d: Any) -> Any:
    up, down, height = _wedge(z, c, d)
    area = 1 + d - c
    return np.where(down, 1 - (1 - d) * height**2 / area, np.where(up, c * height**2, 2 * z - c) / area)


def _wedge_ppf(q: Any, c: Any, d: Any) -> Any:
    area = 1 + d - c
    up, down = q * area < c, (1 - q) * area < 1 - d
    rise = np.sqrt(np.where(up, q, 1.0) * area * np.where(up, c, 1.0))
    fall = 1 - np.sqrt(np.where(down, 1 - q, 1.0) * area * np.where(down, 1 - d, 1.0))
    return np.where(up, rise, np.where(down, fall, 0.5 * (q * area + c)))


continuous(
    "triang", "c", support=_UNIT, inside=0.5, valid=lambda c: (c >= 0) & (c <= 1),
    logpdf=lambda z, c: LOG_2 + np.log(_wedge(z, c, c)[2]),
    cdf=lambda z, c: _wedge_cdf(z, c, c),
    sf=lambda z, c: _wedge_cdf(1 - z, 1 - c, 1 - c),
    ppf=lambda q, c: _wedge_ppf(q, c, c),
    isf=lambda q, c: 1 - _wedge_ppf(q, 1 - c, 1 - c),
    mean=lambda c: (c + 1) / 3, var=lambda c: (1 - c + c * c) / 18, entropy=lambda c: 0.5 - LOG_2,
)  # fmt: skip

continuous(
    "trapezoid", "c d", support=_UNIT, inside=0.5,
    valid=lambda c, d: (c >= 0) & (c <= 1) & (d >= 0) & (d <= 1) & (d >= c),
    logpdf=lambda z, c, d: LOG_2 - np.log(1 + d - c) + np.log(_wedge(z, c, d)[2]),
    cdf=_wedge_cdf,
    sf=lambda z, c, d: _wedge_cdf(1 - z, 1 - d, 1 - c),
    ppf=_wedge_ppf,
    isf=lambda q, c, d: 1 - _wedge_ppf(q, 1 - d, 1 - c),
    entropy=lambda c, d: 0.5 * (1 - d + c) / (1 + d - c) + np.log(0.5 * (1 + d - c)),
)  # fmt: skip

# --- by a quantile ------------------------------------------------------------------------------------------------


def _tukey_edge(lam: Any, sign: float) -> Any:
    has_edge = lam > 0
    return np.where(has_edge, sign / np.where(has_edge, lam, 1.0), sign * _INF)


continuous(
    "tukeylambda", "lam", support=lambda lam: (_tukey_edge(lam, -1.0), _tukey_edge(lam, 1.0)), inside=0.0, is_open=True,
    valid=np.isfinite, symmetric=True,
    logpdf=lambda z, lam: -np.log(sp.tklmbda(z, lam) ** (lam - 1) + sp.tklmbda(-z, lam) ** (lam - 1)),
    cdf=sp.tklmbda,
    ppf=lambda q, lam: sp.boxcox(q, lam) - sp.boxcox1p(-q, lam),
    mean=0.0,
)  # fmt: skip

# --- beta ----------------------------------------------------------------------------------------------------------

continuous(
    "beta", "a b", support=_UNIT, inside=0.5,
    logpdf=lambda z, a, b: sp.xlog1py(b - 1, -z) + sp.xlogy(a - 1, z) - sp.betaln(a, b),
    cdf=lambda z, a, b: sp.betainc(a, b, z),
    sf=lambda z, a, b: sp.betaincc(a, b, z),
    ppf=lambda q, a, b: sp.betaincinv(a, b, q),
    isf=lambda q, a, b: sp.betainccinv(a, b, q),
    mean=lambda a, b: a / (a + b),
    var=lambda a, b: a * b / ((a + b) ** 2 * (a + b + 1)),
    entropy=lambda a, b: (
        sp.betaln(a, b) - (a - 1) * sp.psi(a) - (b - 1) * sp.psi(b) + (a + b - 2) * sp.psi(a + b)
    ),
)  # fmt: skip


continuous(
    "betaprime", "a b", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, a, b: sp.xlogy(a - 1, z) - sp.xlog1py(a + b, z) - sp.betaln(a, b),
    cdf=lambda z, a, b: np.where(z > 1, sp.betaincc(b, a, 1 / (1 + z)), sp.betainc(a, b, z / (1 + z))),
    sf=lambda z, a, b: np.where(z > 1, sp.betainc(b, a, 1 / (1 + z)), sp.betaincc(a, b, z / (1 + z))),
    ppf=lambda q, a, b: sp.betaincinv(a, b, q) / sp.betainccinv(b, a, q),
    isf=lambda q, a, b: sp.betainccinv(a, b, q) / sp.betaincinv(b, a, q),
    mean=lambda a, b: np.where(b > 1, a / (b - 1), _INF),
    var=lambda a, b: np.where(b > 2, a * (a + b - 1) / ((b - 2) * (b - 1) ** 2), _INF),
)  # fmt: skip

continuous(
    "f", "dfn dfd", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, dfn, dfd: (
        0.5 * dfn * (np.log(dfn) - np.log(dfd))
        + sp.xlogy(0.5 * dfn - 1, z)
        - 0.5 * (dfn + dfd) * np.log1p(dfn * z / dfd)
        - sp.betaln(0.5 * dfn, 0.5 * dfd)
    ),
    cdf=lambda z, dfn, dfd: sp.fdtr(dfn, dfd, z),
    sf=lambda z, dfn, dfd: sp.fdtrc(dfn, dfd, z),
    ppf=lambda q, dfn, dfd: sp.fdtri(dfn, dfd, q),
    mean=lambda dfn, dfd: np.where(dfd > 2, dfd / (dfd - 2), _INF),
    var=lambda dfn, dfd: np.where(
        dfd > 4, 2 * dfd * dfd * (dfn + dfd - 2) / (dfn * (dfd - 2) ** 2 * (dfd - 4)), _INF
    ),
    entropy=lambda dfn, dfd: (
        np.log(dfd) - np.log(dfn) + sp.betaln(0.5 * dfn, 0.5 * dfd) + (1 - 0.5 * dfn) * sp.psi(0.5 * dfn)
        - (1 + 0.5 * dfd) * sp.psi(0.5 * dfd) + 0.5 * (dfn + dfd) * sp.psi(0.5 * (dfn + dfd))
    ),
)  # fmt: skip

continuous(
    "rdist", "c", support=(-1.0, 1.0), inside=0.0, symmetric=True,
    logpdf=lambda z, c: (
        sp.xlogy(0.5 * c - 1, (1 - z) * (1 + z)) - (c - 1) * LOG_2 - sp.betaln(0.5 * c, 0.5 * c)
    ),
    cdf=lambda z, c: sp.betainc(0.5 * c, 0.5 * c, 0.5 * (1 + z)),
    ppf=lambda q, c: 2 * sp.betaincinv(0.5 * c, 0.5 * c, q) - 1,
    mean=0.0, var=lambda c: 1 / (c + 1),
)  # fmt: skip

continuous(
    "semicircular", support=(-1.0, 1.0), inside=0.0, symmetric=True,
    logpdf=lambda z: LOG_2 - LOG_PI + 0.5 * np.log1p(-z * z),
    cdf=lambda z: sp.betainc(1.5, 1.5, 0.5 * (1 + z)),
    ppf=lambda q: 2 * sp.betaincinv(1.5, 1.5, q) - 1,
    mean=0.0, var=0.25, entropy=LOG_PI - 0.5,
)  # fmt: skip

continuous(
    "arcsine", support=_UNIT, inside=0.5,
    logpdf=lambda z: -LOG_PI - 0.5 * (np.log(z) + np.log1p(-z)),
    cdf=lambda z: 2 / pi * np.arcsin(np.sqrt(z)),
    sf=lambda z: 2 / pi * np.arcsin(np.sqrt(1 - z)),
    ppf=lambda q: np.sin(0.5 * pi * q) ** 2,
    isf=lambda q: np.cos(0.5 * pi * q) ** 2,
    mean=0.5, var=0.125, entropy=log(pi / 4),
)  # fmt: skip


def _gauss_hypergeometric(x: Any, a: Any, b: Any, c: Any, z: Any) -> Any:
    powers = sp.xlogy(a - 1, x) + sp.xlog1py(b - 1, -x) - sp.xlog1py(c, z * x)
    return powers - sp.betaln(a, b) - np.log(sp.hyp2f1(c, a, a + b, -z))


continuous(
    "gausshyper", "a b c z", support=_UNIT, inside=0.5,
    valid=lambda a, b, c, z: (a > 0) & (b > 0) & ~np.isnan(c) & (z > -1),
    logpdf=_gauss_hypergeometric,
)  # fmt: skip

# --- truncated -----------------------------------------------------------------------------------------------------

continuous(
    "bradford", "c", support=_UNIT, inside=0.5,
    logpdf=lambda z, c: np.log(c) - np.log1p(c * z) - np.log(np.log1p(c)),
    cdf=lambda z, c: np.log1p(c * z) / np.log1p(c),
    sf=lambda z, c: np.log1p(c * (1 - z) / (1 + c * z)) / np.log1p(c),
    ppf=lambda q, c: np.expm1(q * np.log1p(c)) / c,
    isf=lambda q, c: np.expm1((1 - q) * np.log1p(c)) / c,
    entropy=lambda c: 0.5 * np.log1p(c) - np.log(c / np.log1p(c)),
)  # fmt: skip

continuous(
    "truncexpon", "b", support=lambda b: (0.0, b),
    logpdf=lambda z, b: -z - log1mexp(-b),
    cdf=lambda z, b: np.expm1(-z) / np.expm1(-b),
    sf=lambda z, b: np.exp(-z) * np.expm1(z - b) / np.expm1(-b),
    ppf=lambda q, b: -np.log1p(q * np.expm1(-b)),
    isf=lambda q, b: -np.log(np.exp(-b) - q * np.expm1(-b)),
)  # fmt: skip


def _scaled_exp(y: Any, b: Any) -> Any:
    """The quotient (1 - exp(-by))/b, which is y at b = 0."""
    return y * sp.exprel(-b * y)


continuous(
    "truncpareto", "b c", support=lambda b, c: (1.0, c), inside=1.0, valid=lambda b, c: (b != 0) & (c > 1),
    logpdf=lambda z, b, c: -(b + 1) * np.log(z) - np.log(_scaled_exp(np.log(c), b)),
    cdf=lambda z, b, c: _scaled_exp(np.log(z), b) / _scaled_exp(np.log(c), b),
    sf=lambda z, b, c: z**-b * _scaled_exp(np.log1p((c - z) / z), b) / _scaled_exp(np.log(c), b),
    ppf=lambda q, b, c: np.exp(-np.log1p(-b * q * _scaled_exp(np.log(c), b)) / b),
    isf=lambda q, b, c: c * np.exp(-np.log1p(b * q * _scaled_exp(np.log(c), -b)) / b),
)  # fmt: skip


def _argus_mass(chi: Any) -> Any:
    return sp.gammainc(1.5, 0.5 * chi * chi)


continuous(
    "argus", "chi", support=_UNIT, inside=0.5, is_open=True,
    logpdf=lambda z, chi: (
        3 * np.log(chi) - 0.5 * LOG_2PI + LOG_2 - np.log(_argus_mass(chi))
        + np.log(z) + 0.5 * np.log1p(-z * z) - 0.5 * chi * chi * (1 - z) * (1 + z)
    ),
    sf=lambda z, chi: _argus_mass(chi * np.sqrt((1 - z) * (1 + z))) / _argus_mass(chi),
)  # fmt: skip

# --- of an angle ---------------------------------------------------------------------------------------------------

for _name, _edges in (("vonmises", (-_INF, _INF)), ("vonmises_line", (-pi, pi))):
    continuous(
        _name, "kappa", support=_edges, valid=lambda kappa: kappa >= 0,
        logpdf=lambda z, kappa: kappa * sp.cosm1(z) - LOG_2PI - np.log(sp.i0e(kappa)),
        entropy=lambda kappa: kappa - kappa * sp.i1e(kappa) / sp.i0e(kappa) + np.log(sp.i0e(kappa)) + LOG_2PI,
    )  # fmt: skip


def _wrapped_cauchy_cdf(z: Any, c: Any) -> Any:
    return np.arctan2((1 + c) * np.sin(0.5 * z), (1 - c) * np.cos(0.5 * z)) / pi


continuous(
    "wrapcauchy", "c", support=(0.0, 2 * pi), valid=lambda c: (c > 0) & (c < 1),
    logpdf=lambda z, c: np.log1p(-c * c) - LOG_2PI - np.log((1 - c) ** 2 + 4 * c * np.sin(0.5 * z) ** 2),
    cdf=_wrapped_cauchy_cdf,
    sf=lambda z, c: _wrapped_cauchy_cdf(2 * pi - z, c),
    ppf=lambda q, c: 2 * np.arctan2((1 - c) * np.sin(pi * q), (1 + c) * np.cos(pi * q)),
    isf=lambda q, c: 2 * pi - 2 * np.arctan2((1 - c) * np.sin(pi * q), (1 + c) * np.cos(pi * q)),
    entropy=lambda c: LOG_2PI + np.log1p(-c * c),
)  # fmt: skip

# u - sin u = u³ Σ (-u²)ᵏ/(2k+3)!, which is used near 0.
_SINE_REST = [(-1) ** k / factorial(2 * k + 3) for k in range(10)]


def _raised_cosine_cdf(z: Any) -> Any:
    u = pi + z
    near = u < 1
    small, large = np.where(near, u, 0.0), np.where(near, 1.0, u)
    return np.where(near, small**3 * series(_SINE_REST, small * small), large - np.sin(large)) / (2 * pi)


continuous(
    "cosine", support=(-pi, pi), inside=0.0, is_open=True, symmetric=True,
    logpdf=lambda z: 2 * np.log(np.cos(0.5 * z)) - LOG_PI,
    cdf=lambda z: np.where(z > 0, 1 - _raised_cosine_cdf(-z), _raised_cosine_cdf(z)),
    mean=0.0, var=pi * pi / 3 - 2, entropy=log(4 * pi) - 1,
)  # fmt: skip

continuous(
    "anglit", support=(-0.25 * pi, 0.25 * pi), inside=0.0, symmetric=True,
    logpdf=lambda z: np.log(np.cos(2 * z)),
    cdf=lambda z: np.sin(z + 0.25 * pi) ** 2,
    ppf=lambda q: np.arcsin(np.sqrt(q)) - 0.25 * pi,
    mean=0.0, var=pi * pi / 16 - 0.5, entropy=1 - LOG_2,
)  # fmt: skip
