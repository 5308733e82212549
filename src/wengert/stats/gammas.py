"""The gamma distribution and those made of it: powers, roots, reciprocals and logarithms of a gamma variable."""

from __future__ import annotations

from math import log, pi, sqrt
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.rules.special_zeta import polygamma
from wengert.stats.distribution import continuous
from wengert.stats.formulas import (
    EULER,
    LOG_2,
    LOG_2PI,
    SQRT_2,
    gamma_entropy,
    log1mexp,
    log1pmx_over_square,
    stirling,
)
from wengert.stats.operands import vanishing

_INF = np.inf
_HALF_LINE = (0.0, _INF)

# --- gamma ---------------------------------------------------------------------------------------------------------

for _name in ("gamma", "erlang"):
    continuous(
        _name, "a", support=_HALF_LINE, inside=1.0,
        logpdf=lambda z, a: sp.xlogy(a - 1, z) - z - sp.gammaln(a),
        cdf=lambda z, a: sp.gammainc(a, z),
        sf=lambda z, a: sp.gammaincc(a, z),
        ppf=lambda q, a: sp.gammaincinv(a, q),
        isf=lambda q, a: sp.gammainccinv(a, q),
        mean=lambda a: a, var=lambda a: a, entropy=gamma_entropy,
    )  # fmt: skip

continuous(
    "chi2", "df", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, df: sp.xlogy(0.5 * df - 1, z) - 0.5 * z - sp.gammaln(0.5 * df) - 0.5 * LOG_2 * df,
    cdf=lambda z, df: sp.gammainc(0.5 * df, 0.5 * z),
    sf=lambda z, df: sp.gammaincc(0.5 * df, 0.5 * z),
    ppf=lambda q, df: 2 * sp.gammaincinv(0.5 * df, q),
    isf=lambda q, df: 2 * sp.gammainccinv(0.5 * df, q),
    mean=lambda df: df, var=lambda df: 2 * df, entropy=lambda df: LOG_2 + gamma_entropy(0.5 * df),
)  # fmt: skip

continuous(
    "invgamma", "a", support=_HALF_LINE, inside=1.0, is_open=True,
    logpdf=lambda z, a: -(a + 1) * np.log(z) - sp.gammaln(a) - 1 / z,
    cdf=lambda z, a: sp.gammaincc(a, 1 / z),
    sf=lambda z, a: sp.gammainc(a, 1 / z),
    ppf=lambda q, a: 1 / sp.gammainccinv(a, q),
    isf=lambda q, a: 1 / sp.gammaincinv(a, q),
    mean=lambda a: np.where(a > 1, 1 / (a - 1), _INF),
    var=lambda a: np.where(a > 2, 1 / ((a - 1) ** 2 * (a - 2)), _INF),
    entropy=lambda a: gamma_entropy(a) - 2 * sp.psi(a),
)  # fmt: skip

continuous(
    "gengamma", "a c", support=_HALF_LINE, inside=1.0, valid=lambda a, c: (a > 0) & (c != 0),
    logpdf=lambda z, a, c: np.where(
        (z == 0) & (c < 0), -_INF, np.log(np.abs(c)) + sp.xlogy(c * a - 1, z) - z**c - sp.gammaln(a)
    ),
    cdf=lambda z, a, c: np.where(c > 0, sp.gammainc(a, z**c), sp.gammaincc(a, z**c)),
    sf=lambda z, a, c: np.where(c > 0, sp.gammaincc(a, z**c), sp.gammainc(a, z**c)),
    ppf=lambda q, a, c: np.where(c > 0, sp.gammaincinv(a, q), sp.gammainccinv(a, q)) ** (1 / c),
    isf=lambda q, a, c: np.where(c > 0, sp.gammainccinv(a, q), sp.gammaincinv(a, q)) ** (1 / c),
    entropy=lambda a, c: gamma_entropy(a) - sp.psi(a) + sp.psi(a) / c - np.log(np.abs(c)),
)  # fmt: skip

continuous(
    "dgamma", "a", symmetric=True,
    logpdf=lambda z, a: vanishing(sp.xlogy(a - 1, np.abs(z)) - np.abs(z) - LOG_2 - sp.gammaln(a)),
    cdf=lambda z, a: np.where(
        z > 0, 0.5 + 0.5 * sp.gammainc(a, np.where(z > 0, z, 0.0)), 0.5 * sp.gammaincc(a, np.where(z > 0, 0.0, -z))
    ),
    ppf=lambda q, a: np.where(
        q > 0.5, sp.gammaincinv(a, np.maximum(2 * q - 1, 0.0)), -sp.gammainccinv(a, np.minimum(2 * q, 1.0))
    ),
    mean=0.0, var=lambda a: a * (a + 1), entropy=lambda a: gamma_entropy(a) + LOG_2,
)  # fmt: skip


def _log_gamma_cdf(z: Any, c: Any) -> Any:
    """P(c, eᶻ), and the first term of its series where eᶻ is lost."""
    far = z < -600
    return np.where(far, np.exp(c * z - sp.gammaln(c + 1)), sp.gammainc(c, np.exp(np.where(far, 0.0, z))))


continuous(
    "loggamma", "c",
    logpdf=lambda z, c: c * z - np.exp(z) - sp.gammaln(c),
    cdf=_log_gamma_cdf,
    sf=lambda z, c: sp.gammaincc(c, np.exp(z)),
    ppf=lambda q, c: np.log(sp.gammaincinv(c, q)),
    isf=lambda q, c: np.log(sp.gammainccinv(c, q)),
    mean=sp.psi,
    var=lambda c: polygamma(1, c),
    entropy=lambda c: gamma_entropy(c) - sp.psi(c),
)  # fmt: skip


# --- Pearson -------------------------------------------------------------------------------------------------------
# A gamma variable with a = 4/s² moved and scaled to mean 0, variance 1 and skewness s. By Stirling's formula the
# logarithm of its density is that of the normal one and terms that vanish with s, smoothly: no case s = 0.


def _pearson_logpdf(z: Any, skew: Any) -> Any:
    at_edge = skew * z <= -2
    point = np.where(at_edge, 0.0, z)
    u = 0.5 * skew * point
    y = point * point * log1pmx_over_square(u) - np.log1p(u) - _stirling_of_skew(skew) - 0.5 * LOG_2PI
    size = np.abs(skew)
    return np.where(at_edge, np.where(size == 2, 0.0, np.where(size < 2, -_INF, _INF)), y)


def _stirling_of_skew(skew: Any) -> Any:
    """Stirling's error at 4/s², about s²/48, and 0 at s = 0."""
    square = 0.25 * skew * skew
    tiny = square < 1e-12
    return np.where(tiny, square / 12, stirling(1 / np.where(tiny, 1.0, square)))


def _pearson_edge(skew: Any, sign: float) -> Any:
    """The zero of 1 + sz/2 where s has this sign, else infinity."""
    has_edge = skew * sign > 0
    return np.where(has_edge, -2 / np.where(has_edge, skew, 1.0), -sign * _INF)


continuous(
    "pearson3", "skew", support=lambda skew: (_pearson_edge(skew, 1.0), _pearson_edge(skew, -1.0)), inside=0.0,
    valid=np.isfinite,
    logpdf=_pearson_logpdf,
    mean=0.0, var=1.0,
)  # fmt: skip


# --- roots of gamma variables --------------------------------------------------------------------------------------


def _chi_mean(df: Any) -> Any:
    return SQRT_2 * sp.poch(0.5 * df, 0.5)


continuous(
    "chi", "df", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, df: sp.xlogy(df - 1, z) - 0.5 * z * z - (0.5 * df - 1) * LOG_2 - sp.gammaln(0.5 * df),
    cdf=lambda z, df: sp.gammainc(0.5 * df, 0.5 * z * z),
    sf=lambda z, df: sp.gammaincc(0.5 * df, 0.5 * z * z),
    ppf=lambda q, df: np.sqrt(2 * sp.gammaincinv(0.5 * df, q)),
    isf=lambda q, df: np.sqrt(2 * sp.gammainccinv(0.5 * df, q)),
    mean=_chi_mean,
    var=lambda df: df - _chi_mean(df) ** 2,
    entropy=lambda df: gamma_entropy(0.5 * df) - 0.5 * (LOG_2 + sp.psi(0.5 * df)),
)  # fmt: skip

continuous(
    "maxwell", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z: 2 * np.log(z) - 0.5 * z * z + 0.5 * log(2 / pi),
    cdf=lambda z: sp.gammainc(1.5, 0.5 * z * z),
    sf=lambda z: sp.gammaincc(1.5, 0.5 * z * z),
    ppf=lambda q: np.sqrt(2 * sp.gammaincinv(1.5, q)),
    isf=lambda q: np.sqrt(2 * sp.gammainccinv(1.5, q)),
    mean=2 * sqrt(2 / pi), var=3 - 8 / pi, entropy=EULER + 0.5 * LOG_2PI - 0.5,
)  # fmt: skip

continuous(
    "rayleigh", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z: np.log(z) - 0.5 * z * z,
    logsf=lambda z: -0.5 * z * z,
    ppf=lambda q: np.sqrt(-2 * np.log1p(-q)),
    isf=lambda q: np.sqrt(-2 * np.log(q)),
    mean=sqrt(pi / 2), var=2 - pi / 2, entropy=0.5 * EULER + 1 - 0.5 * LOG_2,
)  # fmt: skip

continuous(
    "nakagami", "nu", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, nu: (
        LOG_2 + sp.xlogy(nu, nu) - sp.gammaln(nu) + sp.xlogy(2 * nu - 1, z) - nu * z * z
    ),
    cdf=lambda z, nu: sp.gammainc(nu, nu * z * z),
    sf=lambda z, nu: sp.gammaincc(nu, nu * z * z),
    ppf=lambda q, nu: np.sqrt(sp.gammaincinv(nu, q) / nu),
    isf=lambda q, nu: np.sqrt(sp.gammainccinv(nu, q) / nu),
    mean=lambda nu: sp.poch(nu, 0.5) / np.sqrt(nu),
    var=lambda nu: 1 - sp.poch(nu, 0.5) ** 2 / nu,
    entropy=lambda nu: gamma_entropy(nu) - 0.5 * sp.psi(nu) - LOG_2 - 0.5 * np.log(nu),
)  # fmt: skip


# --- exponential and Weibull ---------------------------------------------------------------------------------------

continuous(
    "expon", support=_HALF_LINE,
    logpdf=lambda z: -z,
    logsf=lambda z: -z,
    ppf=lambda q: -np.log1p(-q),
    isf=lambda q: -np.log(q),
    mean=1.0, var=1.0, entropy=1.0,
)  # fmt: skip


continuous(
    "gompertz", "c", support=_HALF_LINE,
    logpdf=lambda z, c: np.log(c) + z - c * np.expm1(z),
    logsf=lambda z, c: -c * np.expm1(z),
    ppf=lambda q, c: np.log1p(-np.log1p(-q) / c),
    isf=lambda q, c: np.log1p(-np.log(q) / c),
)  # fmt: skip


def _grown(z: Any, b: Any, c: Any) -> Any:
    """The integral of the growing part b (1 - exp(-cz)) of a hazard."""
    return b * z * (1 - sp.exprel(-c * z))


continuous(
    "genexpon", "a b c", support=_HALF_LINE,
    logpdf=lambda z, a, b, c: np.log(a - b * np.expm1(-c * z)) - a * z - _grown(z, b, c),
    logsf=lambda z, a, b, c: -a * z - _grown(z, b, c),
)  # fmt: skip


def _power_moment(c: Any, power: int) -> Any:
    """E zᵏ of an exponential variable to the power 1/c."""
    return sp.gamma(1 + power / c)


def _weibull_entropy(c: Any) -> Any:
    return EULER * (1 - 1 / c) - np.log(c) + 1


continuous(
    "weibull_min", "c", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, c: np.log(c) + sp.xlogy(c - 1, z) - z**c,
    logsf=lambda z, c: -(z**c),
    ppf=lambda q, c: (-np.log1p(-q)) ** (1 / c),
    isf=lambda q, c: (-np.log(q)) ** (1 / c),
    mean=lambda c: _power_moment(c, 1),
    var=lambda c: _power_moment(c, 2) - _power_moment(c, 1) ** 2,
    entropy=_weibull_entropy,
)  # fmt: skip

continuous(
    "weibull_max", "c", support=(-_INF, 0.0), inside=-1.0,
    logpdf=lambda z, c: np.log(c) + sp.xlogy(c - 1, -z) - (-z) ** c,
    logcdf=lambda z, c: -((-z) ** c),
    ppf=lambda q, c: -((-np.log(q)) ** (1 / c)),
    isf=lambda q, c: -((-np.log1p(-q)) ** (1 / c)),
    mean=lambda c: -_power_moment(c, 1),
    var=lambda c: _power_moment(c, 2) - _power_moment(c, 1) ** 2,
    entropy=_weibull_entropy,
)  # fmt: skip

continuous(
    "dweibull", "c", symmetric=True,
    logpdf=lambda z, c: vanishing(np.log(0.5 * c) + sp.xlogy(c - 1, np.abs(z)) - np.abs(z) ** c),
    cdf=lambda z, c: np.where(
        z > 0, 1 - 0.5 * np.exp(-(np.where(z > 0, z, 0.0) ** c)), 0.5 * np.exp(-(np.where(z > 0, 0.0, -z) ** c))
    ),
    ppf=lambda q, c: np.sign(q - 0.5) * (-np.log(2 * np.where(q > 0.5, 1 - q, q))) ** (1 / c),
    mean=0.0, var=lambda c: _power_moment(c, 2), entropy=lambda c: _weibull_entropy(c) + LOG_2,
)  # fmt: skip

continuous(
    "invweibull", "c", support=_HALF_LINE, inside=1.0, is_open=True,
    logpdf=lambda z, c: np.log(c) - (c + 1) * np.log(z) - z**-c,
    logcdf=lambda z, c: -(z**-c),
    ppf=lambda q, c: (-np.log(q)) ** (-1 / c),
    isf=lambda q, c: (-np.log1p(-q)) ** (-1 / c),
    mean=lambda c: np.where(c > 1, _power_moment(-c, 1), _INF),
    var=lambda c: np.where(c > 2, _power_moment(-c, 2) - _power_moment(-c, 1) ** 2, _INF),
    entropy=lambda c: 1 + EULER + EULER / c - np.log(c),
)  # fmt: skip

continuous(
    "exponweib", "a c", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, a, c: (
        np.log(a) + np.log(c) + sp.xlogy(a - 1, -np.expm1(-(z**c))) - z**c + sp.xlogy(c - 1, z)
    ),
    logcdf=lambda z, a, c: a * log1mexp(-(z**c)),
    ppf=lambda q, a, c: (-np.log1p(-(q ** (1 / a)))) ** (1 / c),
    isf=lambda q, a, c: (-np.log(-np.expm1(np.log1p(-q) / a))) ** (1 / c),
)  # fmt: skip

continuous(
    "exponpow", "b", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, b: 1 + np.log(b) + sp.xlogy(b - 1, z) + z**b - np.exp(z**b),
    logsf=lambda z, b: -np.expm1(z**b),
    ppf=lambda q, b: np.log1p(-np.log1p(-q)) ** (1 / b),
    isf=lambda q, b: np.log1p(-np.log(q)) ** (1 / b),
)  # fmt: skip

continuous(
    "truncweibull_min", "c a b", support=lambda c, a, b: (a, b), inside=None,
    valid=lambda c, a, b: (a >= 0) & (b > a) & (c > 0),
    logpdf=lambda z, c, a, b: (
        np.log(c) + sp.xlogy(c - 1, np.abs(z)) - _hazard(a, z, c) - log1mexp(-_hazard(a, b, c))
    ),
    logcdf=lambda z, c, a, b: log1mexp(-_hazard(a, z, c)) - log1mexp(-_hazard(a, b, c)),
    logsf=lambda z, c, a, b: log1mexp(-_hazard(z, b, c)) - _hazard(a, z, c) - log1mexp(-_hazard(a, b, c)),
    ppf=lambda q, c, a, b: (a**c - np.log1p(q * np.expm1(-_hazard(a, b, c)))) ** (1 / c),
    isf=lambda q, c, a, b: (a**c - np.log(q + (1 - q) * np.exp(-_hazard(a, b, c)))) ** (1 / c),
)  # fmt: skip


def _hazard(low: Any, high: Any, c: Any) -> Any:
    """The hazard of Weibull's distribution between two points; of absolute values, as points outside come along."""
    return np.abs(high) ** c - np.abs(low) ** c


# --- powers of the exponent ----------------------------------------------------------------------------------------


def _even_power(z: Any, beta: Any) -> Any:
    """|z|ᵝ, with the second derivative of a square at 0 where it is smooth and no first one where it has a cusp."""
    smooth = beta >= 2
    size = np.where(z == 0, 0.0, np.abs(z))
    return np.where(smooth, (z * z) ** np.where(smooth, 0.5 * beta, 1.0), size ** np.where(smooth, 1.0, beta))


def _generalised_normal_cdf(z: Any, beta: Any) -> Any:
    """Half of the upper gamma distribution of |z|ᵝ on the left, 1 less that on the right, a straight line through 0."""
    is_zero = z == 0
    half = 0.5 * sp.gammaincc(1 / beta, np.abs(np.where(is_zero, 1.0, z)) ** beta)
    through_zero = 0.5 + 0.5 * np.where(is_zero, z, 0.0) / sp.gamma(1 + 1 / beta)
    return np.where(is_zero, through_zero, np.where(z > 0, 1 - half, half))


continuous(
    "gennorm", "beta", symmetric=True,
    logpdf=lambda z, beta: np.log(0.5 * beta) - sp.gammaln(1 / beta) - _even_power(z, beta),
    cdf=_generalised_normal_cdf,
    ppf=lambda q, beta: (
        np.sign(q - 0.5) * sp.gammainccinv(1 / beta, 2 * np.where(q > 0.5, 1 - q, q)) ** (1 / beta)
    ),
    mean=0.0,
    var=lambda beta: np.exp(sp.gammaln(3 / beta) - sp.gammaln(1 / beta)),
    entropy=lambda beta: 1 / beta - np.log(0.5 * beta) + sp.gammaln(1 / beta),
)  # fmt: skip

continuous(
    "halfgennorm", "beta", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, beta: np.log(beta) - sp.gammaln(1 / beta) - z**beta,
    cdf=lambda z, beta: sp.gammainc(1 / beta, z**beta),
    sf=lambda z, beta: sp.gammaincc(1 / beta, z**beta),
    ppf=lambda q, beta: sp.gammaincinv(1 / beta, q) ** (1 / beta),
    isf=lambda q, beta: sp.gammainccinv(1 / beta, q) ** (1 / beta),
    mean=lambda beta: np.exp(sp.gammaln(2 / beta) - sp.gammaln(1 / beta)),
    entropy=lambda beta: 1 / beta - np.log(beta) + sp.gammaln(1 / beta),
)  # fmt: skip
