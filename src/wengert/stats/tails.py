"""Extreme values, logistic distributions and those with the tails of a power; and Student's t with its relatives."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.rules.special_gamma import digamma_difference
from wengert.rules.special_kernels import series
from wengert.rules.special_zeta import polygamma
from wengert.stats.distribution import continuous
from wengert.stats.formulas import EULER, LOG_2, LOG_2PI, LOG_PI, SQRT_2, log_1p_power, log_normal, scaled_log1p
from wengert.stats.operands import select

_INF = np.inf
_HALF_LINE = (0.0, _INF)

# --- Gumbel and generalised extreme values -----------------------------------------------------------------------

continuous(
    "gumbel_r",
    logpdf=lambda z: -z - np.exp(-z),
    logcdf=lambda z: -np.exp(-z),
    ppf=lambda q: -np.log(-np.log(q)),
    isf=lambda q: -np.log(-np.log1p(-q)),
    mean=EULER, var=pi * pi / 6, entropy=EULER + 1,
)  # fmt: skip

continuous(
    "gumbel_l",
    logpdf=lambda z: z - np.exp(z),
    logsf=lambda z: -np.exp(z),
    ppf=lambda q: np.log(-np.log1p(-q)),
    isf=lambda q: np.log(-np.log(q)),
    mean=-EULER, var=pi * pi / 6, entropy=EULER + 1,
)  # fmt: skip


def _extreme(z: Any, c: Any) -> tuple[Any, Any]:
    """The logarithms of -log F = (1-cz)^(1/c), which is e⁻ᶻ at c = 0, and of 1-cz."""
    minus_log, w = scaled_log1p(z, -c)
    return -minus_log, w


def _extreme_logpdf(z: Any, c: Any) -> Any:
    # At the edge the density is that of an exponential variable for c = 1; for all others SciPy has 0.
    at_edge = c * z == 1
    s, w = _extreme(np.where(at_edge, 0.0, z), c)
    return np.where(at_edge, np.where(c == 1, z - 1, -_INF), s - w - np.exp(s))


def _edge(c: Any, sign: float) -> Any:
    """1/c where c has this sign, else infinity."""
    has_edge = c * sign > 0
    return np.where(has_edge, 1 / np.where(has_edge, c, 1.0), sign * _INF)


def _scaled_exp(z: Any, c: Any) -> Any:
    """The quotient (1 - exp(-cz))/c, which is z at c = 0; an infinite z goes to an edge."""
    ends = np.isinf(z)
    inner = np.where(ends, 0.0, z)
    return select(ends, np.where(z > 0, _edge(c, 1.0), _edge(c, -1.0)), inner * sp.exprel(-c * inner))


# Γ(1+c) and Γ(1+2c) near c = 0, by the series of log Γ(1+c) = -γc + Σ ζ(k) (-c)ᵏ/k (DLMF 5.7.3).
_FIRST = [-EULER, *((-1) ** k * float(sp.zeta(k)) / k for k in range(2, 22))]
_SECOND = [(-1) ** k * float(sp.zeta(k)) * (2**k - 2) / k for k in range(2, 26)]
_NEAR = 0.1


def _extreme_mean(c: Any) -> Any:
    """The quotient (1 - Γ(1+c))/c, which is γ at c = 0."""
    near = np.abs(c) < _NEAR
    small, large = np.where(near, c, 0.0), np.where(near, 1.0, c)
    quotient = series(_FIRST, small)
    inner = -sp.exprel(small * quotient) * quotient
    return np.where(c > -1, np.where(near, inner, (1 - sp.gamma(1 + large)) / large), np.nan)


def _extreme_var(c: Any) -> Any:
    """The quotient (Γ(1+2c) - Γ(1+c)²)/c², which is π²/6 at c = 0."""
    near = np.abs(c) < _NEAR
    small, large = np.where(near, c, 0.0), np.where(near, 1.0, c)
    quotient = series(_SECOND, small)
    inner = sp.gamma(1 + small) ** 2 * sp.exprel(small * small * quotient) * quotient
    outer = (sp.gamma(1 + 2 * large) - sp.gamma(1 + large) ** 2) / (large * large)
    return np.where(c > -0.5, np.where(near, inner, outer), np.nan)


continuous(
    "genextreme", "c", support=lambda c: (_edge(c, -1.0), _edge(c, 1.0)), inside=0.0, valid=np.isfinite,
    logpdf=_extreme_logpdf,
    logcdf=lambda z, c: -np.exp(_extreme(z, c)[0]),
    ppf=lambda q, c: _scaled_exp(-np.log(-np.log(q)), c),
    isf=lambda q, c: _scaled_exp(-np.log(-np.log1p(-q)), c),
    mean=_extreme_mean, var=_extreme_var, entropy=lambda c: EULER * (1 - c) + 1,
)  # fmt: skip


def _kappa_logpdf(z: Any, h: Any, k: Any) -> Any:
    s, outer = _extreme(z, k)
    y = np.exp(s)
    gone = h * y >= 1
    t, inner = _extreme(np.where(gone, 0.0, y), h)
    return np.where(gone, -_INF, s - outer + t - inner)


def _kappa_support(h: Any, k: Any) -> tuple[Any, Any]:
    above = h > 0
    begin = -sp.boxcox(1 / np.where(above, h, 1.0), k)
    return np.where(above, begin, _edge(k, -1.0)), _edge(k, 1.0)


continuous(
    "kappa4", "h k", support=_kappa_support, is_open=True, inside=lambda h, k: -sp.boxcox(-sp.boxcox(0.5, h), k),
    valid=lambda h, k: ~np.isnan(h + k),
    logpdf=_kappa_logpdf,
    logcdf=lambda z, h, k: _extreme(np.exp(_extreme(z, k)[0]), h)[0],
    ppf=lambda q, h, k: -sp.boxcox(-sp.boxcox(q, h), k),
)  # fmt: skip


# --- generalised Pareto and powers ---------------------------------------------------------------------------------


def _pareto_logpdf(z: Any, c: Any) -> Any:
    at_edge = c * z == -1
    quotient, w = scaled_log1p(np.where(at_edge, 0.0, z), c)
    return np.where(at_edge, _at_last(-c), -quotient - w)


def _at_last(c: Any) -> Any:
    """The logarithm of (1-cz)^(1/c-1) at the edge 1/c."""
    return np.where(c == 1, 0.0, np.where(c < 1, -_INF, _INF))


continuous(
    "genpareto", "c", support=lambda c: (0.0, -_edge(c, -1.0)), inside=0.0, valid=np.isfinite,
    logpdf=_pareto_logpdf,
    logsf=lambda z, c: -scaled_log1p(z, c)[0],
    ppf=lambda q, c: -sp.boxcox1p(-q, -c),
    isf=lambda q, c: -sp.boxcox(q, -c),
    mean=lambda c: np.where(c < 1, 1 / (1 - c), _INF),
    var=lambda c: np.where(c < 0.5, 1 / ((1 - c) ** 2 * (1 - 2 * c)), np.nan),
    entropy=lambda c: 1 + c,
)  # fmt: skip

continuous(
    "pareto", "b", support=(1.0, _INF), inside=2.0,
    logpdf=lambda z, b: np.log(b) - (b + 1) * np.log(z),
    logsf=lambda z, b: -b * np.log(z),
    ppf=lambda q, b: np.exp(-np.log1p(-q) / b),
    isf=lambda q, b: q ** (-1 / b),
    mean=lambda b: np.where(b > 1, b / (b - 1), _INF),
    var=lambda b: np.where(b > 2, b / ((b - 2) * (b - 1) ** 2), _INF),
    entropy=lambda b: 1 + 1 / b - np.log(b),
)  # fmt: skip

continuous(
    "lomax", "c", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, c: np.log(c) - (c + 1) * np.log1p(z),
    logsf=lambda z, c: -c * np.log1p(z),
    ppf=lambda q, c: np.expm1(-np.log1p(-q) / c),
    isf=lambda q, c: np.expm1(-np.log(q) / c),
    mean=lambda c: np.where(c > 1, 1 / (c - 1), _INF),
    var=lambda c: np.where(c > 2, c / ((c - 2) * (c - 1) ** 2), _INF),
    entropy=lambda c: 1 + 1 / c - np.log(c),
)  # fmt: skip


def _burr_moment(c: Any, d: Any, power: int) -> Any:
    return d * sp.beta(d + power / c, 1 - power / c)


continuous(
    "burr", "c d", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, c, d: np.log(c * d) + sp.xlogy(c * d - 1, z) - (d + 1) * log_1p_power(z, c),
    logcdf=lambda z, c, d: -d * log_1p_power(1 / z, c),
    ppf=lambda q, c, d: sp.powm1(q, -1 / d) ** (-1 / c),
    isf=lambda q, c, d: np.expm1(-np.log1p(-q) / d) ** (-1 / c),
    mean=lambda c, d: np.where(c > 1, _burr_moment(c, d, 1), np.nan),
    var=lambda c, d: np.where(c > 2, _burr_moment(c, d, 2) - _burr_moment(c, d, 1) ** 2, np.nan),
)  # fmt: skip

continuous(
    "fisk", "c", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, c: np.log(c) + sp.xlogy(c - 1, z) - 2 * log_1p_power(z, c),
    logcdf=lambda z, c: -log_1p_power(1 / z, c),
    logsf=lambda z, c: -log_1p_power(z, c),
    ppf=lambda q, c: (q / (1 - q)) ** (1 / c),
    isf=lambda q, c: ((1 - q) / q) ** (1 / c),
    mean=lambda c: np.where(c > 1, _burr_moment(c, 1.0, 1), np.nan),
    var=lambda c: np.where(c > 2, _burr_moment(c, 1.0, 2) - _burr_moment(c, 1.0, 1) ** 2, np.nan),
    entropy=lambda c: 2 - np.log(c),
)  # fmt: skip

continuous(
    "burr12", "c d", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, c, d: np.log(c * d) + sp.xlogy(c - 1, z) - (d + 1) * log_1p_power(z, c),
    logsf=lambda z, c, d: -d * log_1p_power(z, c),
    ppf=lambda q, c, d: np.expm1(-np.log1p(-q) / d) ** (1 / c),
    isf=lambda q, c, d: np.expm1(-np.log(q) / d) ** (1 / c),
    mean=lambda c, d: np.where(c * d > 1, d * sp.beta(1 + 1 / c, d - 1 / c), np.nan),
)  # fmt: skip

continuous(
    "mielke", "k s", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, k, s: np.log(k) + sp.xlogy(k - 1, z) - (1 + k / s) * log_1p_power(z, s),
    logcdf=lambda z, k, s: -k / s * log_1p_power(1 / z, s),
    ppf=lambda q, k, s: sp.powm1(q, -s / k) ** (-1 / s),
)  # fmt: skip


def _log_kappa(z: Any, a: Any) -> Any:
    """The logarithm of (1 + zᵃ/a)^(1/a)."""
    return log_1p_power(z * a ** (-1 / a), a) / a


continuous(
    "kappa3", "a", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, a: -np.log(a) / a - (1 + a) * _log_kappa(z, a),
    logcdf=lambda z, a: -_log_kappa(a ** (2 / a) / z, a),
    ppf=lambda q, a: (a / sp.powm1(q, -a)) ** (1 / a),
    isf=lambda q, a: (a / np.expm1(-a * np.log1p(-q))) ** (1 / a),
)  # fmt: skip


def _by_side(z: Any, below: Any, above: Any) -> Any:
    """One number below 1, another one from there on."""
    return np.where(z < 1, below, above)


continuous(
    "loglaplace", "c", support=_HALF_LINE, inside=1.0,
    logpdf=lambda z, c: np.log(0.5 * c) + sp.xlogy(_by_side(z, c, -c) - 1, z),
    cdf=lambda z, c: _by_side(z, 0.5 * _by_side(z, z, 1.0) ** c, 1 - 0.5 * _by_side(z, 1.0, z) ** -c),
    sf=lambda z, c: _by_side(z, 1 - 0.5 * _by_side(z, z, 1.0) ** c, 0.5 * _by_side(z, 1.0, z) ** -c),
    ppf=lambda q, c: np.where(q < 0.5, 2 * q, 1.0) ** (1 / c) * np.where(q < 0.5, 1.0, 2 * (1 - q)) ** (-1 / c),
    isf=lambda q, c: np.where(q > 0.5, 2 * (1 - q), 1.0) ** (1 / c) * np.where(q > 0.5, 1.0, 2 * q) ** (-1 / c),
    entropy=lambda c: LOG_2 - np.log(c) + 1,
)  # fmt: skip


# --- logistic ------------------------------------------------------------------------------------------------------

continuous(
    "logistic", symmetric=True,
    logpdf=lambda z: sp.log_expit(z) + sp.log_expit(-z),
    cdf=sp.expit,
    logcdf=sp.log_expit,
    ppf=sp.logit,
    mean=0.0, var=pi * pi / 3, entropy=2.0,
)  # fmt: skip

continuous(
    "genlogistic", "c",
    logpdf=lambda z, c: np.log(c) + c * sp.log_expit(z) + sp.log_expit(-z),
    logcdf=lambda z, c: c * sp.log_expit(z),
    ppf=lambda q, c: -np.log(sp.powm1(q, -1 / c)),
    isf=lambda q, c: -np.log(np.expm1(-np.log1p(-q) / c)),
    mean=lambda c: EULER + sp.psi(c),
    var=lambda c: pi * pi / 6 + polygamma(1, c),
    entropy=lambda c: sp.psi(c + 1) - np.log(c) + EULER + 1,
)  # fmt: skip

continuous(
    "halflogistic", support=_HALF_LINE,
    logpdf=lambda z: LOG_2 + sp.log_expit(z) + sp.log_expit(-z),
    cdf=lambda z: np.tanh(0.5 * z),
    sf=lambda z: 2 * sp.expit(-z),
    logsf=lambda z: LOG_2 + sp.log_expit(-z),
    ppf=lambda q: 2 * np.arctanh(q),
    isf=lambda q: -sp.logit(0.5 * q),
    mean=2 * LOG_2, var=pi * pi / 3 - 4 * LOG_2 * LOG_2, entropy=2 - LOG_2,
)  # fmt: skip


def _shrinking(z: Any, c: Any) -> tuple[Any, Any, Any]:
    """Where 1 - cz is 0, and elsewhere the logarithms of it and of its power 1/c."""
    at_edge = c * z == 1
    quotient, w = scaled_log1p(np.where(at_edge, 0.0, z), -c)
    return at_edge, w, -quotient


def _generalised_half_logistic(z: Any, c: Any) -> Any:
    at_edge, w, t = _shrinking(z, c)
    return LOG_2 + np.where(at_edge, _at_last(c), t - w - 2 * np.log1p(np.exp(t)))


continuous(
    "genhalflogistic", "c", support=lambda c: (0.0, 1 / c), inside=0.0,
    logpdf=_generalised_half_logistic,
    cdf=lambda z, c: np.tanh(-0.5 * _shrinking(z, c)[2]),
    sf=lambda z, c: 2 * sp.expit(_shrinking(z, c)[2]),
    ppf=lambda q, c: _scaled_exp(2 * np.arctanh(q), c),
    isf=lambda q, c: _scaled_exp(-sp.logit(0.5 * q), c),
    entropy=lambda c: 2 - (2 * c + 1) * LOG_2,
)  # fmt: skip

continuous(
    "hypsecant", symmetric=True,
    logpdf=lambda z: LOG_2 - LOG_PI - np.logaddexp(z, -z),
    cdf=lambda z: 2 / pi * np.arctan(np.exp(z)),
    ppf=lambda q: np.log(_tangent(q, 1 - q)),
    mean=0.0, var=pi * pi / 4, entropy=LOG_2PI,
)  # fmt: skip

# --- Laplace -------------------------------------------------------------------------------------------------------


def _left_of_0(z: Any) -> Any:
    return np.where(z > 0, 0.0, z)


def _right_of_0(z: Any) -> Any:
    return np.where(z > 0, z, 0.0)


continuous(
    "laplace", symmetric=True,
    logpdf=lambda z: -np.abs(z) - LOG_2,
    cdf=lambda z: np.where(z > 0, 1 - 0.5 * np.exp(-_right_of_0(z)), 0.5 * np.exp(_left_of_0(z))),
    ppf=lambda q: np.where(q > 0.5, -np.log(2 * (1 - q)), np.log(2 * q)),
    mean=0.0, var=2.0, entropy=LOG_2 + 1,
)  # fmt: skip


def _asymmetric_laplace_ppf(q: Any, p: Any, kappa: Any) -> Any:
    """The point with the mass q below and p = 1-q above it."""
    left, right = kappa * kappa / (1 + kappa * kappa), 1 / (1 + kappa * kappa)
    return np.where(q < left, kappa * np.log(q / left), -np.log(p / right) / kappa)


continuous(
    "laplace_asymmetric", "kappa",
    logpdf=lambda z, kappa: -_right_of_0(z) * kappa + _left_of_0(z) / kappa - np.log(kappa + 1 / kappa),
    cdf=lambda z, kappa: np.where(
        z > 0,
        1 - np.exp(-kappa * _right_of_0(z)) / (1 + kappa * kappa),
        np.exp(_left_of_0(z) / kappa) * kappa * kappa / (1 + kappa * kappa),
    ),
    sf=lambda z, kappa: np.where(
        z > 0,
        np.exp(-kappa * _right_of_0(z)) / (1 + kappa * kappa),
        1 - np.exp(_left_of_0(z) / kappa) * kappa * kappa / (1 + kappa * kappa),
    ),
    ppf=lambda q, kappa: _asymmetric_laplace_ppf(q, 1 - q, kappa),
    isf=lambda q, kappa: _asymmetric_laplace_ppf(1 - q, q, kappa),
    mean=lambda kappa: 1 / kappa - kappa,
    var=lambda kappa: 1 / (kappa * kappa) + kappa * kappa,
    entropy=lambda kappa: 1 + np.log(kappa + 1 / kappa),
)  # fmt: skip

# --- Student and Cauchy --------------------------------------------------------------------------------------------


def _student_logpdf(z: Any, df: Any) -> Any:
    normal = df == _INF
    finite = select(normal, 1.0, df)
    constant = np.log(sp.poch(0.5 * finite, 0.5)) - 0.5 * (np.log(finite) + LOG_PI)
    return select(normal, log_normal(z), constant - 0.5 * (finite + 1) * np.log1p(z * z / finite))


def _student_cdf(z: Any, df: Any) -> Any:
    normal = df == _INF
    return select(normal, sp.ndtr(z), sp.stdtr(select(normal, 1.0, df), z))


def _student_ppf(q: Any, df: Any) -> Any:
    normal = df == _INF
    found = select(normal, sp.ndtri(q), sp.stdtrit(select(normal, 1.0, df), q))
    return select(q == 0, -_INF, found)


def _student_var(df: Any) -> Any:
    infinite = df == _INF
    finite = np.where(infinite | (df <= 2), 3.0, df)
    return np.where(infinite, 1.0, np.where(df > 2, finite / (finite - 2), np.where(df > 1, _INF, np.nan)))


def _student_entropy(df: Any) -> Any:
    infinite = df == _INF
    half = 0.5 * np.where(infinite, 1.0, df)
    log_beta = 0.5 * LOG_PI - np.log(sp.poch(half, 0.5))
    finite = (half + 0.5) * digamma_difference(0, half, 0.5) + 0.5 * np.log(2 * half) + log_beta
    return np.where(infinite, 0.5 * (LOG_2PI + 1), finite)


continuous(
    "t", "df", symmetric=True,
    logpdf=_student_logpdf,
    cdf=_student_cdf,
    ppf=_student_ppf,
    mean=lambda df: np.where(df > 1, 0.0, _INF),
    var=_student_var,
    entropy=_student_entropy,
)  # fmt: skip


def _tangent(q: Any, p: Any) -> Any:
    """The tangent of q right angles, where p = 1-q."""
    is_small = q < 0.5
    return np.where(
        is_small, np.tan(0.5 * pi * np.where(is_small, q, 0.0)), 1 / np.tan(0.5 * pi * np.where(is_small, 1.0, p))
    )


def _cauchy_ppf(q: Any) -> Any:
    """The tangent of q - ½ half turns."""
    is_central = np.abs(q - 0.5) < 0.25
    inner, outer = np.where(is_central, q - 0.5, 0.0), np.where(is_central, 0.25, np.where(q > 0.5, 1 - q, -q))
    return np.where(is_central, np.tan(pi * inner), 1 / np.tan(pi * outer))


continuous(
    "cauchy", symmetric=True,
    logpdf=lambda z: -LOG_PI - 2 * np.log(np.hypot(1.0, z)),
    cdf=lambda z: np.arctan2(1.0, -z) / pi,
    ppf=_cauchy_ppf,
    entropy=LOG_2 + LOG_2PI,
)  # fmt: skip

continuous(
    "halfcauchy", support=_HALF_LINE,
    logpdf=lambda z: LOG_2 - LOG_PI - 2 * np.log(np.hypot(1.0, z)),
    cdf=lambda z: 2 / pi * np.arctan(z),
    sf=lambda z: 2 / pi * np.arctan2(1.0, z),
    ppf=lambda q: _tangent(q, 1 - q),
    isf=lambda q: _tangent(1 - q, q),
    mean=_INF, var=_INF, entropy=LOG_2PI,
)  # fmt: skip

continuous(
    "foldcauchy", "c", support=_HALF_LINE, valid=lambda c: c >= 0,
    logpdf=lambda z, c: np.logaddexp(-np.log1p((z - c) ** 2), -np.log1p((z + c) ** 2)) - LOG_PI,
    cdf=lambda z, c: (np.arctan(z - c) + np.arctan(z + c)) / pi,
    sf=lambda z, c: (np.arctan2(1.0, z - c) + np.arctan2(1.0, z + c)) / pi,
    mean=_INF, var=_INF,
)  # fmt: skip


def _skewed_width(z: Any, a: Any) -> Any:
    return 1 + a * np.sign(z)


continuous(
    "skewcauchy", "a", valid=lambda a: np.abs(a) < 1,
    logpdf=lambda z, a: -LOG_PI - np.log1p((z / _skewed_width(z, a)) ** 2),
    cdf=lambda z, a: np.where(
        z > 0, 1 - (1 + a) / pi * np.arctan2(1 + a, z), (1 - a) / pi * np.arctan2(1 - a, -z)
    ),
    sf=lambda z, a: np.where(
        z > 0, (1 + a) / pi * np.arctan2(1 + a, z), 1 - (1 - a) / pi * np.arctan2(1 - a, -z)
    ),
    ppf=lambda q, a: np.where(
        q < 0.5 * (1 - a), -(1 - a) / np.tan(pi * q / (1 - a)), (1 + a) / np.tan(pi * (1 - q) / (1 + a))
    ),
)  # fmt: skip


def _jones_faddy(z: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """The shares (1+r)/2 and (1-r)/2 of r = z/√(a+b+z²)."""
    total = a + b
    h = np.sqrt(total + z * z)
    small = 0.5 * total / (h * (h + np.where(z > 0, z, -z)))
    return np.where(z > 0, 1 - small, small), np.where(z > 0, small, 1 - small)


def _jones_faddy_logpdf(z: Any, a: Any, b: Any) -> Any:
    p, q = _jones_faddy(z, a, b)
    return (a + 0.5) * np.log(p) + (b + 0.5) * np.log(q) + 2 * LOG_2 - sp.betaln(a, b) - 0.5 * np.log(a + b)


continuous(
    "jf_skew_t", "a b",
    logpdf=_jones_faddy_logpdf,
    cdf=lambda z, a, b: sp.betainc(a, b, _jones_faddy(z, a, b)[0]),
    sf=lambda z, a, b: sp.betainc(b, a, _jones_faddy(z, a, b)[1]),
)  # fmt: skip

continuous(
    "rel_breitwigner", "rho", support=_HALF_LINE,
    logpdf=lambda z, rho: _log_breit_wigner(rho) - np.log1p(((z - rho) * (z + rho) / rho) ** 2),
)  # fmt: skip


def _log_breit_wigner(rho: Any) -> Any:
    root = np.hypot(1.0, 1 / rho)
    return 0.5 * np.log(2 * root * root / (1 + root)) + LOG_2 - LOG_PI


# --- stable --------------------------------------------------------------------------------------------------------

continuous(
    "levy", support=_HALF_LINE, inside=1.0, is_open=True,
    logpdf=lambda z: -0.5 * LOG_2PI - 1.5 * np.log(z) - 0.5 / z,
    cdf=lambda z: sp.erfc(np.sqrt(0.5 / z)),
    sf=lambda z: sp.erf(np.sqrt(0.5 / z)),
    ppf=lambda q: sp.ndtri(0.5 * q) ** -2.0,
    isf=lambda q: 0.5 * sp.erfinv(q) ** -2.0,
    mean=_INF, var=_INF,
)  # fmt: skip

continuous(
    "levy_l", support=(-_INF, 0.0), inside=-1.0, is_open=True,
    logpdf=lambda z: -0.5 * LOG_2PI - 1.5 * np.log(-z) + 0.5 / z,
    cdf=lambda z: sp.erf(np.sqrt(-0.5 / z)),
    sf=lambda z: sp.erfc(np.sqrt(-0.5 / z)),
    ppf=lambda q: -0.5 * sp.erfinv(q) ** -2.0,
    isf=lambda q: -(sp.ndtri(0.5 * q) ** -2.0),
    mean=_INF, var=_INF,
)  # fmt: skip

continuous(
    "moyal",
    logpdf=lambda z: -0.5 * (z + np.exp(-z) + LOG_2PI),
    cdf=lambda z: sp.erfc(np.exp(-0.5 * z) / SQRT_2),
    sf=lambda z: sp.erf(np.exp(-0.5 * z) / SQRT_2),
    ppf=lambda q: -LOG_2 - 2 * np.log(sp.erfcinv(q)),
    isf=lambda q: -LOG_2 - 2 * np.log(sp.erfinv(q)),
    mean=LOG_2 + EULER, var=pi * pi / 2,
)  # fmt: skip
