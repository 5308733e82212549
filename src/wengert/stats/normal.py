"""The normal distribution and those made of it: of logarithms, halves, truncations, powers, skewed and mixed ones."""

from __future__ import annotations

from math import e, log, pi, sqrt
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.stats.distribution import continuous
from wengert.stats.formulas import (
    LOG_2,
    LOG_2PI,
    LOG_PI,
    SQRT_2,
    log1mexp,
    log_normal,
    log_normal_mass,
)

_INF = np.inf
_HALF_LINE = (0.0, _INF)
_LOG_HALF_PI = 0.5 * log(pi / 2)


# --- normal --------------------------------------------------------------------------------------------------------

continuous(
    "norm", symmetric=True,
    logpdf=log_normal,
    cdf=sp.ndtr,
    logcdf=sp.log_ndtr,
    ppf=sp.ndtri,
    mean=0.0, var=1.0, entropy=0.5 * (LOG_2PI + 1),
)  # fmt: skip

continuous(
    "halfnorm", support=_HALF_LINE,
    logpdf=lambda z: LOG_2 + log_normal(z),
    cdf=lambda z: sp.erf(z / SQRT_2),
    sf=lambda z: sp.erfc(z / SQRT_2),
    logsf=lambda z: LOG_2 + sp.log_ndtr(-z),
    ppf=lambda q: SQRT_2 * sp.erfinv(q),
    isf=lambda q: -sp.ndtri(0.5 * q),
    mean=sqrt(2 / pi), var=1 - 2 / pi, entropy=_LOG_HALF_PI + 0.5,
)  # fmt: skip


def _folded_mean(c: Any) -> Any:
    return sqrt(2 / pi) * np.exp(-0.5 * c * c) + c * sp.erf(c / SQRT_2)


continuous(
    "foldnorm", "c", support=_HALF_LINE, valid=lambda c: c >= 0,
    logpdf=lambda z, c: log_normal(z - c) + np.log1p(np.exp(-2 * c * z)),
    cdf=lambda z, c: 0.5 * (sp.erf((z - c) / SQRT_2) + sp.erf((z + c) / SQRT_2)),
    sf=lambda z, c: sp.ndtr(c - z) + sp.ndtr(-c - z),
    mean=_folded_mean,
    var=lambda c: c * c + 1 - _folded_mean(c) ** 2,
)  # fmt: skip


# --- of logarithms and other functions of a point -----------------------------------------------------------------

continuous(
    "lognorm", "s", support=_HALF_LINE, inside=1.0, is_open=True,
    logpdf=lambda z, s: log_normal(np.log(z) / s) - np.log(s) - np.log(z),
    cdf=lambda z, s: sp.ndtr(np.log(z) / s),
    sf=lambda z, s: sp.ndtr(-np.log(z) / s),
    logcdf=lambda z, s: sp.log_ndtr(np.log(z) / s),
    logsf=lambda z, s: sp.log_ndtr(-np.log(z) / s),
    ppf=lambda q, s: np.exp(s * sp.ndtri(q)),
    isf=lambda q, s: np.exp(-s * sp.ndtri(q)),
    mean=lambda s: np.exp(0.5 * s * s),
    var=lambda s: np.exp(s * s) * np.expm1(s * s),
    entropy=lambda s: 0.5 * (1 + LOG_2PI) + np.log(s),
)  # fmt: skip

continuous(
    "gibrat", support=_HALF_LINE, inside=1.0, is_open=True,
    logpdf=lambda z: log_normal(np.log(z)) - np.log(z),
    cdf=lambda z: sp.ndtr(np.log(z)),
    sf=lambda z: sp.ndtr(-np.log(z)),
    logcdf=lambda z: sp.log_ndtr(np.log(z)),
    logsf=lambda z: sp.log_ndtr(-np.log(z)),
    ppf=lambda q: np.exp(sp.ndtri(q)),
    isf=lambda q: np.exp(-sp.ndtri(q)),
    mean=sqrt(e), var=e * (e - 1), entropy=0.5 * (1 + LOG_2PI),
)  # fmt: skip

continuous(
    "johnsonsu", "a b", valid=lambda a, b: (b > 0) & ~np.isnan(a),
    logpdf=lambda z, a, b: np.log(b) + log_normal(a + b * np.arcsinh(z)) - np.log(np.hypot(1.0, z)),
    cdf=lambda z, a, b: sp.ndtr(a + b * np.arcsinh(z)),
    sf=lambda z, a, b: sp.ndtr(-a - b * np.arcsinh(z)),
    logcdf=lambda z, a, b: sp.log_ndtr(a + b * np.arcsinh(z)),
    logsf=lambda z, a, b: sp.log_ndtr(-a - b * np.arcsinh(z)),
    ppf=lambda q, a, b: np.sinh((sp.ndtri(q) - a) / b),
    isf=lambda q, a, b: np.sinh((-sp.ndtri(q) - a) / b),
    mean=lambda a, b: -np.exp(0.5 / (b * b)) * np.sinh(a / b),
    var=lambda a, b: 0.5 * np.expm1(1 / (b * b)) * (np.exp(1 / (b * b)) * np.cosh(2 * a / b) + 1),
)  # fmt: skip

continuous(
    "johnsonsb", "a b", support=(0.0, 1.0), inside=0.5, is_open=True, valid=lambda a, b: (b > 0) & ~np.isnan(a),
    logpdf=lambda z, a, b: np.log(b) + log_normal(a + b * sp.logit(z)) - np.log(z) - np.log1p(-z),
    cdf=lambda z, a, b: sp.ndtr(a + b * sp.logit(z)),
    sf=lambda z, a, b: sp.ndtr(-a - b * sp.logit(z)),
    logcdf=lambda z, a, b: sp.log_ndtr(a + b * sp.logit(z)),
    logsf=lambda z, a, b: sp.log_ndtr(-a - b * sp.logit(z)),
    ppf=lambda q, a, b: sp.expit((sp.ndtri(q) - a) / b),
    isf=lambda q, a, b: sp.expit((-sp.ndtri(q) - a) / b),
)  # fmt: skip


def _strain(z: Any, c: Any) -> Any:
    """The normal variable of the fatigue life z: (√z - 1/√z)/c."""
    root = np.sqrt(z)
    return (root - 1 / root) / c


def _life(w: Any, c: Any) -> Any:
    """The fatigue life of a normal variable; of the two factors the one that does not cancel is inverted."""
    half = 0.5 * c * w
    growth = np.where(half < 0, -half, half) + np.hypot(1.0, half)
    return np.where(half < 0, 1 / growth, growth) ** 2


continuous(
    "fatiguelife", "c", support=_HALF_LINE, inside=1.0, is_open=True,
    logpdf=lambda z, c: log_normal(_strain(z, c)) + np.log1p(z) - np.log(2 * c) - 1.5 * np.log(z),
    cdf=lambda z, c: sp.ndtr(_strain(z, c)),
    sf=lambda z, c: sp.ndtr(-_strain(z, c)),
    logcdf=lambda z, c: sp.log_ndtr(_strain(z, c)),
    logsf=lambda z, c: sp.log_ndtr(-_strain(z, c)),
    ppf=lambda q, c: _life(sp.ndtri(q), c),
    isf=lambda q, c: _life(-sp.ndtri(q), c),
    mean=lambda c: 1 + 0.5 * c * c,
    var=lambda c: 0.25 * c * c * (5 * c * c + 4),
)  # fmt: skip

continuous(
    "alpha", "a", support=_HALF_LINE, inside=1.0, is_open=True,
    logpdf=lambda z, a: log_normal(a - 1 / z) - 2 * np.log(z) - sp.log_ndtr(a),
    logcdf=lambda z, a: sp.log_ndtr(a - 1 / z) - sp.log_ndtr(a),
    logsf=lambda z, a: log_normal_mass(a - 1 / z, a) - sp.log_ndtr(a),
    ppf=lambda q, a: 1 / np.where(q == 1, 0.0, a - sp.ndtri(q * sp.ndtr(a))),
)  # fmt: skip


# --- truncated -----------------------------------------------------------------------------------------------------


def _truncated_logcdf(z: Any, a: Any, b: Any) -> Any:
    """The logarithm of the mass from a to z over that from a to b; from the mass of the rest where that is small."""
    whole = log_normal_mass(a, b)
    below, above = log_normal_mass(a, z) - whole, log_normal_mass(z, b) - whole
    is_most = below > -0.1
    return np.where(is_most, log1mexp(np.where(is_most, above, -1.0)), below)


def _truncated_ppf(log_q: Any, log_p: Any, a: Any, b: Any) -> Any:
    """The point with the mass q below and p = 1-q above it, found from the side on which the interval begins."""
    left = a < 0
    edge, share = np.where(left, a, -b), np.where(left, log_q, log_p)
    found = sp.ndtri_exp(np.logaddexp(sp.log_ndtr(edge), share + log_normal_mass(a, b)))
    return np.where(left, found, -found)


def _at_edges(a: Any, b: Any, power: int) -> Any:
    """What aᵏφ(a) - bᵏφ(b) is in the truncated distribution; nothing at an infinite edge."""
    whole = log_normal_mass(a, b)

    def at(edge: Any) -> Any:
        inner = np.where(np.isinf(edge), 0.0, edge)
        return np.where(np.isinf(edge), 0.0, inner**power * np.exp(log_normal(inner) - whole))

    return at(a) - at(b)


continuous(
    "truncnorm", "a b", support=lambda a, b: (a, b), valid=lambda a, b: a < b,
    logpdf=lambda z, a, b: log_normal(z) - log_normal_mass(a, b),
    logcdf=_truncated_logcdf,
    logsf=lambda z, a, b: _truncated_logcdf(-z, -b, -a),
    ppf=lambda q, a, b: _truncated_ppf(np.log(q), np.log1p(-q), a, b),
    isf=lambda q, a, b: -_truncated_ppf(np.log(q), np.log1p(-q), -b, -a),
    mean=lambda a, b: _at_edges(a, b, 0),
    var=lambda a, b: 1 + _at_edges(a, b, 1) - _at_edges(a, b, 0) ** 2,
    entropy=lambda a, b: 0.5 * (LOG_2PI + 1) + log_normal_mass(a, b) + 0.5 * _at_edges(a, b, 1),
)  # fmt: skip


# --- powers --------------------------------------------------------------------------------------------------------

continuous(
    "powernorm", "c",
    logpdf=lambda z, c: np.log(c) + log_normal(z) + (c - 1) * sp.log_ndtr(-z),
    logsf=lambda z, c: c * sp.log_ndtr(-z),
    ppf=lambda q, c: -sp.ndtri_exp(np.log1p(-q) / c),
    isf=lambda q, c: -sp.ndtri_exp(np.log(q) / c),
)  # fmt: skip

continuous(
    "powerlognorm", "c s", support=_HALF_LINE, inside=1.0, is_open=True,
    logpdf=lambda z, c, s: (
        np.log(c) - np.log(s) - np.log(z) + log_normal(np.log(z) / s) + (c - 1) * sp.log_ndtr(-np.log(z) / s)
    ),
    logsf=lambda z, c, s: c * sp.log_ndtr(-np.log(z) / s),
    ppf=lambda q, c, s: np.exp(-s * sp.ndtri_exp(np.log1p(-q) / c)),
    isf=lambda q, c, s: np.exp(-s * sp.ndtri_exp(np.log(q) / c)),
)  # fmt: skip


# --- skewed --------------------------------------------------------------------------------------------------------

continuous(
    "skewnorm", "a", valid=np.isfinite,
    logpdf=lambda z, a: LOG_2 + log_normal(z) + sp.log_ndtr(a * z),
    cdf=lambda z, a: sp.ndtr(z) - 2 * sp.owens_t(z, a),
    sf=lambda z, a: sp.ndtr(-z) + 2 * sp.owens_t(z, a),
    mean=lambda a: sqrt(2 / pi) * a / np.hypot(1.0, a),
    var=lambda a: 1 - 2 / pi * (a / np.hypot(1.0, a)) ** 2,
)  # fmt: skip


def _log_exponential_part(z: Any, K: Any) -> Any:
    """The logarithm of exp(½/K² - z/K) Φ(z-1/K), with Φ scaled by its exponential where that would underflow."""
    w = 1 / K - z
    right = w > 0
    near, far = np.where(right, w, 0.0), np.where(right, -1.0, w)
    direct = (0.5 / K - z) / K + sp.log_ndtr(-far)
    return np.where(right, np.log(0.5 * sp.erfcx(near / SQRT_2)) - 0.5 * z * z, direct)


continuous(
    "exponnorm", "K",
    logpdf=lambda z, K: _log_exponential_part(z, K) - np.log(K),
    cdf=lambda z, K: sp.ndtr(z) - np.exp(_log_exponential_part(z, K)),
    sf=lambda z, K: sp.ndtr(-z) + np.exp(_log_exponential_part(z, K)),
    mean=lambda K: K, var=lambda K: 1 + K * K,
)  # fmt: skip


def _crystal_mass(beta: Any, m: Any) -> Any:
    """The integrals of the tail and of the normal core, both without normalisation."""
    return m / beta / (m - 1) * np.exp(-0.5 * beta * beta), sqrt(2 * pi) * sp.ndtr(beta)


def _crystal_tail(z: Any, beta: Any, m: Any) -> tuple[Any, Any]:
    """Where the tail is, and the logarithm of (1 - β(z+β)/m) there."""
    tail = z <= -beta
    return tail, np.log1p(-np.where(tail, z + beta, 0.0) * beta / m)


def _crystal_logpdf(z: Any, beta: Any, m: Any) -> Any:
    tail, log_base = _crystal_tail(z, beta, m)
    shape = np.where(tail, -0.5 * beta * beta - m * log_base, -0.5 * z * z)
    return shape - np.log(sum(_crystal_mass(beta, m)))


def _crystal_cdf(z: Any, beta: Any, m: Any) -> Any:
    tail, log_base = _crystal_tail(z, beta, m)
    outer, core = _crystal_mass(beta, m)
    inner = outer + sqrt(2 * pi) * (sp.ndtr(z) - sp.ndtr(-beta))
    return np.where(tail, outer * np.exp((1 - m) * log_base), inner) / (outer + core)


def _crystal_sf(z: Any, beta: Any, m: Any) -> Any:
    tail, log_base = _crystal_tail(z, beta, m)
    outer, core = _crystal_mass(beta, m)
    over = core - outer * np.expm1((1 - m) * log_base)
    return np.where(tail, over, sqrt(2 * pi) * sp.ndtr(-z)) / (outer + core)


continuous(
    "crystalball", "beta m", valid=lambda beta, m: (beta > 0) & (m > 1),
    logpdf=_crystal_logpdf, cdf=_crystal_cdf, sf=_crystal_sf,
)  # fmt: skip


# --- mixed ---------------------------------------------------------------------------------------------------------


def _log_mills(z: Any) -> Any:
    """The logarithm of Mills' ratio Φ(-z)/φ(z)."""
    right = z > 0
    near, far = np.where(right, z, 0.0), np.where(right, 0.0, z)
    return np.where(right, _LOG_HALF_PI + np.log(sp.erfcx(near / SQRT_2)), sp.log_ndtr(-far) - log_normal(far))


def _double_pareto_lognormal(z: Any, u: Any, s: Any, a: Any, b: Any) -> Any:
    log_z = np.log(z)
    w = (log_z - u) / s
    tails = np.logaddexp(_log_mills(a * s - w), _log_mills(b * s + w))
    return np.log(a * b / (a + b)) - log_z + log_normal(w) + tails


continuous(
    "dpareto_lognorm", "u s a b", support=_HALF_LINE, inside=1.0, is_open=True,
    valid=lambda u, s, a, b: (s > 0) & (a > 0) & (b > 0) & ~np.isnan(u),
    logpdf=_double_pareto_lognormal,
)  # fmt: skip


def _normal_inverse_gaussian(z: Any, a: Any, b: Any) -> Any:
    h = np.hypot(1.0, z)
    drift = b * z - a * h + np.sqrt((a - b) * (a + b))
    return np.log(a) - LOG_PI + np.log(sp.k1e(a * h)) - np.log(h) + drift


continuous(
    "norminvgauss", "a b", valid=lambda a, b: (a > 0) & (np.abs(b) < a),
    logpdf=_normal_inverse_gaussian,
    mean=lambda a, b: b / np.sqrt((a - b) * (a + b)),
    var=lambda a, b: a * a * ((a - b) * (a + b)) ** -1.5,
)  # fmt: skip
