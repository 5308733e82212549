"""Distributions of counts. Their functions are flat in the counts and in the parameters that are whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sp

from wengert.rules.special_zeta import zeta
from wengert.stats.distribution import discrete
from wengert.stats.formulas import log1mexp

_INF = np.inf


def _log_choices(n: Any, k: Any) -> Any:
    """The logarithm of the binomial coefficient."""
    return -np.log1p(n) - sp.betaln(n - k + 1, k + 1)


# --- successes -----------------------------------------------------------------------------------------------------

discrete(
    "bernoulli", "p", support=(0.0, 1.0), valid=lambda p: (p >= 0) & (p <= 1),
    logpmf=lambda k, p: sp.xlogy(k, p) + sp.xlog1py(1 - k, -p),
    cdf=lambda k, p: 1 - p + 0.0 * k,
    sf=lambda k, p: p + 0.0 * k,
    mean=lambda p: p, var=lambda p: p * (1 - p), entropy=lambda p: sp.entr(p) - sp.xlog1py(1 - p, -p),
)  # fmt: skip

discrete(
    "binom", "n p", support=lambda n, p: (0.0, n), whole="n", valid=lambda n, p: (n >= 0) & (p >= 0) & (p <= 1),
    logpmf=lambda k, n, p: _log_choices(n, k) + sp.xlogy(k, p) + sp.xlog1py(n - k, -p),
    cdf=lambda k, n, p: sp.betaincc(k + 1, n - k, p),
    sf=lambda k, n, p: sp.betainc(k + 1, n - k, p),
    mean=lambda n, p: n * p, var=lambda n, p: n * p * (1 - p),
)  # fmt: skip

discrete(
    "betabinom", "n a b", support=lambda n, a, b: (0.0, n), whole="n",
    valid=lambda n, a, b: (n >= 0) & (a > 0) & (b > 0),
    logpmf=lambda k, n, a, b: _log_choices(n, k) + sp.betaln(k + a, n - k + b) - sp.betaln(a, b),
    mean=lambda n, a, b: n * a / (a + b),
    var=lambda n, a, b: n * a * b * (a + b + n) / ((a + b) ** 2 * (a + b + 1)),
)  # fmt: skip

discrete(
    "hypergeom", "M n N", support=lambda M, n, N: (np.maximum(N - (M - n), 0), np.minimum(n, N)), whole="M n N",
    valid=lambda M, n, N: (M > 0) & (n >= 0) & (N >= 0) & (n <= M) & (N <= M),
    logpmf=lambda k, M, n, N: _log_choices(n, k) + _log_choices(M - n, N - k) - _log_choices(M, N),
    mean=lambda M, n, N: N * n / M,
    var=lambda M, n, N: N * n * (M - n) * (M - N) / (M * M * (M - 1)),
)  # fmt: skip

discrete(
    "nhypergeom", "M n r", support=lambda M, n, r: (0.0, n), whole="M n r",
    valid=lambda M, n, r: (n >= 0) & (n <= M) & (r >= 0) & (r <= M - n),
    logpmf=lambda k, M, n, r: np.where(
        r == 0,
        np.where(k > 0, -_INF, 0.0 * k),
        _log_choices(k + np.maximum(r, 1) - 1, k) + _log_choices(M - np.maximum(r, 1) - k, n - k) - _log_choices(M, n),
    ),
    mean=lambda M, n, r: r * n / (M - n + 1),
    var=lambda M, n, r: r * (M + 1) * n / ((M - n + 1) * (M - n + 2)) * (1 - r / (M - n + 1)),
)  # fmt: skip

# --- waiting -------------------------------------------------------------------------------------------------------

discrete(
    "nbinom", "n p", valid=lambda n, p: (n > 0) & (p > 0) & (p <= 1),
    logpmf=lambda k, n, p: (
        sp.gammaln(n + k) - sp.gammaln(k + 1) - sp.gammaln(n) + n * np.log(p) + sp.xlog1py(k, -p)
    ),
    cdf=lambda k, n, p: sp.betainc(n, k + 1, p),
    sf=lambda k, n, p: sp.betaincc(n, k + 1, p),
    mean=lambda n, p: n * (1 - p) / p, var=lambda n, p: n * (1 - p) / (p * p),
)  # fmt: skip

discrete(
    "betanbinom", "n a b", whole="n", valid=lambda n, a, b: (n >= 0) & (a > 0) & (b > 0),
    logpmf=lambda k, n, a, b: (
        -np.log(n + k) - sp.betaln(n, k + 1) + sp.betaln(a + n, b + k) - sp.betaln(a, b)
    ),
    mean=lambda n, a, b: np.where(a > 1, n * b / (a - 1), _INF),
    var=lambda n, a, b: np.where(a > 2, n * b * (n + a - 1) * (a + b - 1) / ((a - 2) * (a - 1) ** 2), _INF),
)  # fmt: skip

discrete(
    "geom", "p", support=(1.0, _INF), valid=lambda p: (p > 0) & (p <= 1),
    logpmf=lambda k, p: sp.xlog1py(k - 1, -p) + np.log(p),
    logsf=lambda k, p: sp.xlog1py(k, -p),
    mean=lambda p: 1 / p, var=lambda p: (1 - p) / (p * p),
    entropy=lambda p: -np.log(p) - sp.xlog1py(1 - p, -p) / p,
)  # fmt: skip

discrete(
    "yulesimon", "alpha", support=(1.0, _INF),
    logpmf=lambda k, alpha: np.log(alpha) + sp.betaln(k, alpha + 1),
    logsf=lambda k, alpha: np.log(k) + sp.betaln(k, alpha + 1),
    mean=lambda alpha: np.where(alpha > 1, alpha / (alpha - 1), _INF),
    var=lambda alpha: np.where(
        alpha > 2, alpha**2 / ((alpha - 2) * (alpha - 1) ** 2), np.where(alpha > 1, _INF, np.nan)
    ),
)  # fmt: skip

# --- events --------------------------------------------------------------------------------------------------------

discrete(
    "poisson", "mu", valid=lambda mu: mu >= 0,
    logpmf=lambda k, mu: sp.xlogy(k, mu) - sp.gammaln(k + 1) - mu,
    cdf=lambda k, mu: sp.gammaincc(k + 1, mu),
    sf=lambda k, mu: sp.gammainc(k + 1, mu),
    mean=lambda mu: mu, var=lambda mu: mu,
)  # fmt: skip


def _skellam(k: Any, mu1: Any, mu2: Any) -> Any:
    gap, root = np.sqrt(mu1) - np.sqrt(mu2), np.sqrt(mu1 * mu2)
    return 0.5 * k * (np.log(mu1) - np.log(mu2)) - gap * gap + np.log(sp.ive(np.abs(k), 2 * root))


discrete(
    "skellam", "mu1 mu2", support=(-_INF, _INF),
    logpmf=_skellam,
    mean=lambda mu1, mu2: mu1 - mu2, var=lambda mu1, mu2: mu1 + mu2,
)  # fmt: skip

# --- exponentials and powers ---------------------------------------------------------------------------------------

discrete(
    "planck", "lambda_",
    logpmf=lambda k, lambda_: log1mexp(-lambda_) - lambda_ * k,
    logsf=lambda k, lambda_: -lambda_ * (k + 1),
    mean=lambda lambda_: 1 / np.expm1(lambda_),
    var=lambda lambda_: np.exp(-lambda_) / np.expm1(-lambda_) ** 2,
    entropy=lambda lambda_: lambda_ / np.expm1(lambda_) - log1mexp(-lambda_),
)  # fmt: skip

discrete(
    "boltzmann", "lambda_ N", support=lambda lambda_, N: (0.0, N - 1), whole="N",
    logpmf=lambda k, lambda_, N: log1mexp(-lambda_) - log1mexp(-lambda_ * N) - lambda_ * k,
    cdf=lambda k, lambda_, N: np.expm1(-lambda_ * (k + 1)) / np.expm1(-lambda_ * N),
    sf=lambda k, lambda_, N: np.exp(-lambda_ * (k + 1)) * np.expm1(-lambda_ * (N - k - 1)) / np.expm1(-lambda_ * N),
    mean=lambda lambda_, N: 1 / np.expm1(lambda_) - N / np.expm1(lambda_ * N),
)  # fmt: skip


def _two_sided_cdf(k: Any, a: Any) -> Any:
    right = k >= 0
    half = np.exp(-a * np.where(right, k + 1, -k) + sp.log_expit(a))
    return np.where(right, 1 - half, half)


discrete(
    "dlaplace", "a", support=(-_INF, _INF),
    logpmf=lambda k, a: np.log(np.tanh(0.5 * a)) - a * np.abs(k),
    cdf=_two_sided_cdf,
    sf=lambda k, a: _two_sided_cdf(-k - 1, a),
    mean=0.0, var=lambda a: 0.5 / np.sinh(0.5 * a) ** 2,
    entropy=lambda a: a / np.sinh(a) - np.log(np.tanh(0.5 * a)),
)  # fmt: skip


discrete(
    "logser", "p", support=(1.0, _INF), valid=lambda p: (p > 0) & (p < 1),
    logpmf=lambda k, p: k * np.log(p) - np.log(k) - np.log(-np.log1p(-p)),
    mean=lambda p: -p / ((1 - p) * np.log1p(-p)),
    var=lambda p: -p * (np.log1p(-p) + p) / ((1 - p) * np.log1p(-p)) ** 2,
)  # fmt: skip

discrete(
    "zipf", "a", support=(1.0, _INF), valid=lambda a: a > 1,
    logpmf=lambda k, a: -a * np.log(k) - np.log(zeta(a, 1.0)),
    sf=lambda k, a: zeta(a, k + 1) / zeta(a, 1.0),
    cdf=lambda k, a: 1 - zeta(a, k + 1) / zeta(a, 1.0),
    mean=lambda a: np.where(a > 2, zeta(np.where(a > 2, a, 3.0) - 1, 1.0) / zeta(a, 1.0), _INF),
)  # fmt: skip

discrete(
    "randint", "low high", support=lambda low, high: (low, high - 1), whole="low high",
    valid=lambda low, high: high > low,
    logpmf=lambda k, low, high: -np.log(high - low) + 0.0 * k,
    cdf=lambda k, low, high: (k - low + 1) / (high - low),
    sf=lambda k, low, high: (high - 1 - k) / (high - low),
    mean=lambda low, high: 0.5 * (low + high - 1),
    var=lambda low, high: ((high - low) ** 2 - 1) / 12,
    entropy=lambda low, high: np.log(high - low),
)  # fmt: skip
