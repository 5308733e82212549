"""The inverse Gaussian distribution, of the time in which a Brownian motion reaches a level, and those made of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sp

from wengert.stats.distribution import continuous
from wengert.stats.formulas import LOG_2, LOG_2PI, log1mexp

_INF = np.inf
_HALF_LINE = (0.0, _INF)


def _passed(z: Any, mu: Any) -> tuple[Any, Any]:
    """The two terms, in logarithms, of the probability that a Brownian motion of drift 1/μ reached 1 before z."""
    root = 1 / np.sqrt(z)
    return sp.log_ndtr(root * (z / mu - 1)), 2 / mu + sp.log_ndtr(-root * (z / mu + 1))


def _not_passed(z: Any, mu: Any) -> Any:
    root = 1 / np.sqrt(z)
    upper = sp.log_ndtr(root * (1 - z / mu))
    return upper + log1mexp(2 / mu + sp.log_ndtr(-root * (z / mu + 1)) - upper)


def _inverse_gaussian(z: Any, mu: Any) -> Any:
    return -0.5 * LOG_2PI - 1.5 * np.log(z) - 0.5 * (z / mu - 1) ** 2 / z


continuous(
    "invgauss", "mu", support=_HALF_LINE, inside=1.0, is_open=True,
    logpdf=_inverse_gaussian,
    logcdf=lambda z, mu: np.logaddexp(*_passed(z, mu)),
    logsf=_not_passed,
    mean=lambda mu: mu, var=lambda mu: mu**3,
)  # fmt: skip

continuous(
    "wald", support=_HALF_LINE, inside=1.0, is_open=True,
    logpdf=lambda z: _inverse_gaussian(z, 1.0),
    logcdf=lambda z: np.logaddexp(*_passed(z, 1.0)),
    logsf=lambda z: _not_passed(z, 1.0),
    mean=1.0, var=1.0,
)  # fmt: skip

continuous(
    "recipinvgauss", "mu", support=_HALF_LINE, inside=1.0, is_open=True,
    logpdf=lambda z, mu: -0.5 * LOG_2PI - 0.5 * np.log(z) - 0.5 * (1 / mu - z) ** 2 / z,
    logcdf=lambda z, mu: _not_passed(1 / z, mu),
    logsf=lambda z, mu: np.logaddexp(*_passed(1 / z, mu)),
    mean=lambda mu: 1 + 1 / mu, var=lambda mu: 2 + 1 / mu,
)  # fmt: skip

continuous(
    "geninvgauss", "p b", support=_HALF_LINE, inside=1.0, is_open=True, valid=lambda p, b: ~np.isnan(p) & (b > 0),
    logpdf=lambda z, p, b: (p - 1) * np.log(z) - 0.5 * b * (z - 1) ** 2 / z - LOG_2 - np.log(sp.kve(p, b)),
    mean=lambda p, b: sp.kve(p + 1, b) / sp.kve(p, b),
    var=lambda p, b: sp.kve(p + 2, b) / sp.kve(p, b) - (sp.kve(p + 1, b) / sp.kve(p, b)) ** 2,
)  # fmt: skip


def _generalised_hyperbolic(z: Any, p: Any, a: Any, b: Any) -> Any:
    gap, h = (a - b) * (a + b), np.hypot(1.0, z)
    root = np.sqrt(gap)
    constant = 0.5 * p * np.log(gap) - 0.5 * LOG_2PI - (p - 0.5) * np.log(a) - np.log(sp.kve(p, root)) + root
    return constant + (p - 0.5) * np.log(h) + np.log(sp.kve(p - 0.5, a * h)) - a * h + b * z


continuous(
    "genhyperbolic", "p a b",
    valid=lambda p, a, b: (np.abs(b) < a) | ((np.abs(b) <= a) & (p < 0)),
    logpdf=_generalised_hyperbolic,
)  # fmt: skip
