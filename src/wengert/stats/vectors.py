"""Distributions of vectors: the multivariate normal and t, Dirichlet, multinomial and von Mises-Fisher."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sp

from wengert.stats.formulas import LOG_2PI, LOG_PI, log_factor, quadratic_form, scale_matrix
from wengert.stats.frozen import VectorCounts, VectorDensity, only_plain, scipys
from wengert.stats.operands import real_operands, reject, select

_INF = np.inf


def _centre(location: Any, scale: Any, names: tuple[str, str]) -> tuple[Any, Any, int]:
    """A location (n,) and a scale (n, n) from what SciPy accepts in their places, and n."""
    (location, scale), dtype = real_operands([location, 1.0 if scale is None else scale])
    if location is None:
        location = np.zeros(1 if scale.ndim < 2 else scale.shape[0], dtype)
    dim = location.size
    if location.ndim == 0 and dim == 1:
        location = np.reshape(location, (1,))
    if location.ndim != 1:
        raise ValueError(f"Array '{names[0]}' must be a vector of length {dim}.")
    return location, scale_matrix(scale, dim, names, dtype), dim


def _points(x: Any, dim: int) -> Any:
    """The points x as rows: a number is one of one dimension, a vector one point or numbers."""
    if x.ndim == 0:
        return np.reshape(x, (1,))
    if x.ndim == 1:
        return x[:, None] if dim == 1 else x[None, :]
    return x


class _MultivariateNormal(VectorDensity):
    """``multivariate_normal(mean=None, cov=1)``: `cov` is symmetrised, so that its gradient is symmetric."""

    name = "multivariate_normal"

    def logpdf(self, x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
        """The logarithm of the density at x (..., n), for mean (n,) and positive definite cov (n, n)."""
        if allow_singular or not _is_matrix(cov):
            why = "A singular or factored covariance has no derivative here."
            only_plain("multivariate_normal.logpdf", why, (x, mean, cov))
            return scipys("multivariate_normal").logpdf(x, mean, cov, allow_singular=allow_singular)
        mean, cov, dim = _centre(mean, cov, ("mean", "cov"))
        (x,), _ = real_operands([x])
        square, log_det = quadratic_form(_points(x, dim) - mean, log_factor(cov))
        return np.squeeze(-0.5 * (dim * LOG_2PI + log_det + square))[()]

    def entropy(self, mean: Any = None, cov: Any = 1) -> Any:
        """The entropy in nats, for mean (n,) and positive definite cov (n, n)."""
        _, cov, dim = _centre(mean, cov, ("mean", "cov"))
        return 0.5 * dim * (LOG_2PI + 1) + 0.5 * log_factor(cov)[1]


def _is_matrix(cov: Any) -> bool:
    """Whether a covariance is one of numbers, and no object of SciPy."""
    return not type(cov).__module__.startswith("scipy.")


class _MultivariateT(VectorDensity):
    """``multivariate_t(loc=None, shape=1, df=1)``: `shape` is symmetrised, so that its gradient is symmetric."""

    name = "multivariate_t"

    def logpdf(self, x: Any, loc: Any = None, shape: Any = 1, df: Any = 1) -> Any:
        """The logarithm of the density at x (..., n), for loc (n,), positive definite shape (n, n) and a number df."""
        loc, shape, dim = _centre(loc, shape, ("loc", "cov"))
        (x, df), dtype = real_operands([x, 1.0 if df is None else df])
        flaw = reject(~(df > 0), "'df' must be greater than zero.", dtype)
        square, log_det = quadratic_form(_points(x, dim) - loc, log_factor(shape))
        is_normal = df == _INF
        df = select(is_normal, 1.0, df)
        constant = np.log(sp.poch(0.5 * df, 0.5 * dim)) - 0.5 * dim * (np.log(df) + LOG_PI)
        y = constant - 0.5 * log_det - 0.5 * (df + dim) * np.log1p(square / df)
        y = select(is_normal, -0.5 * (dim * LOG_2PI + log_det + square), y)
        return np.squeeze(y if flaw is None else y + flaw)[()]


# --- shares --------------------------------------------------------------------------------------------------------


class _Dirichlet(VectorDensity):
    """``dirichlet(alpha)``: shares that sum to 1. Derivatives are those of the formula, in each share by itself."""

    name = "dirichlet"

    def logpdf(self, x: Any, alpha: Any) -> Any:
        """The logarithm of the density at x (n,) or (n, m), for alpha (n,); the last share may be left out."""
        (x, alpha), dtype = real_operands([x, alpha])
        flaw = _concentration(alpha, dtype)
        x = _all_shares(x, alpha)
        column = np.reshape(alpha, alpha.shape + (1,) * (x.ndim - 1))
        outside = (x < 0) | (x > 1)
        reject(x < 0, "Each entry in 'x' must be greater than or equal to zero.", dtype)
        reject(x > 1, "Each entry in 'x' must be smaller or equal one.", dtype)
        reject(
            (x == 0) & (column < 1), "Each entry in 'x' must be greater than zero if its alpha is less than one.", dtype
        )
        total = np.sum(x, axis=0)
        off = np.abs(total - 1) > max(1e-9, 10 * float(np.finfo(x.dtype).eps) * alpha.size)
        simplex = f"The input vector 'x' must lie within the normal simplex. but np.sum(x, 0) = {total}."
        stray = reject(off, simplex, dtype)
        y = np.sum(sp.xlogy(column - 1, select(outside, 1.0, x)), axis=0) - _log_beta(alpha)
        y = select(np.any(outside, axis=0), -_INF, y)
        for nan in (flaw, stray):
            y = y if nan is None else y + nan
        return y[()]

    def mean(self, alpha: Any) -> Any:
        """The mean (n,), for alpha (n,)."""
        alpha = self._alpha(alpha)
        return alpha / np.sum(alpha)

    def var(self, alpha: Any) -> Any:
        """The variances (n,), for alpha (n,)."""
        share = self.mean(alpha)
        return share * (1 - share) / (1 + np.sum(self._alpha(alpha)))

    def cov(self, alpha: Any) -> Any:
        """The covariance matrix (n, n), for alpha (n,)."""
        share = self.mean(alpha)
        spread = np.eye(share.shape[0], dtype=share.dtype) * share - share[:, None] * share
        return spread / (1 + np.sum(self._alpha(alpha)))

    def entropy(self, alpha: Any) -> Any:
        """The entropy in nats, for alpha (n,)."""
        alpha = self._alpha(alpha)
        total = np.sum(alpha)
        return _log_beta(alpha) + (total - alpha.size) * sp.psi(total) - np.sum((alpha - 1) * sp.psi(alpha))

    def _alpha(self, alpha: Any) -> Any:
        (alpha,), dtype = real_operands([alpha])
        flaw = _concentration(alpha, dtype)
        return alpha if flaw is None else alpha + flaw


def _concentration(alpha: Any, dtype: np.dtype[Any]) -> Any:
    flaw = reject(np.any(~(alpha > 0)), "All parameters must be greater than 0", dtype)
    if alpha.ndim != 1:
        raise ValueError(f"Parameter vector 'a' must be one dimensional, but a.shape = {alpha.shape}.")
    return flaw


def _all_shares(x: Any, alpha: Any) -> Any:
    """The shares with the last one, if it is left out."""
    missing = alpha.shape[0] - x.shape[0]
    if missing not in (0, 1):
        raise ValueError(
            "Vector 'x' must have either the same number of entries as, or one entry fewer than, parameter vector 'a', "
            f"but alpha.shape = {alpha.shape} and x.shape = {x.shape}."
        )
    return np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)]) if missing else x


def _log_beta(alpha: Any) -> Any:
    return np.sum(sp.gammaln(alpha), axis=-1) - sp.gammaln(np.sum(alpha, axis=-1))


class _Multinomial(VectorCounts):
    """``multinomial(n, p)``. Derivatives are those of the formula, in each probability by itself."""

    name = "multinomial"

    def logpmf(self, x: Any, n: Any, p: Any) -> Any:
        """The logarithm of the probability of counts x (..., k) of n trials, for p (..., k); nan unless p sums to 1."""
        (x, n, p), _ = real_operands([x, n, p])
        if x.ndim == 0:
            raise ValueError("x must be an array.")
        if x.size and x.shape[-1] != p.shape[-1]:
            raise ValueError(
                f"Size of each quantile should be size of p: received {x.shape[-1]}, but expected {p.shape[-1]}."
            )
        count, n = np.floor(x), np.floor(n)
        is_wrong = np.any((count != x) | (count < 0), axis=-1) | (np.sum(count, axis=-1) != n)
        count = select((count < 0) | np.isnan(count), 0.0, count)
        y = sp.gammaln(n + 1) + np.sum(sp.xlogy(count, p) - sp.gammaln(count + 1), axis=-1)
        y = select(is_wrong | (y == -_INF), -_INF, y)
        is_share = np.all((p >= 0) & (p <= 1), axis=-1) & (np.abs(np.sum(p, axis=-1) - 1) <= 10 * np.finfo(p.dtype).eps)
        return select(~(is_share & (n >= 0)), np.nan, y)[()]

    def mean(self, n: Any, p: Any) -> Any:
        """The mean (..., k), for n trials and p (..., k)."""
        (n, p), _ = real_operands([n, p])
        return np.floor(n)[..., None] * p


class _DirichletMultinomial(VectorCounts):
    """``dirichlet_multinomial(alpha, n)``."""

    name = "dirichlet_multinomial"

    def logpmf(self, x: Any, alpha: Any, n: Any) -> Any:
        """The logarithm of the probability of counts x (..., k) of n trials, for alpha (..., k)."""
        (x, alpha, n), dtype = real_operands([x, alpha, n])
        count, trials = np.floor(x), np.floor(n)
        reject((x < 0) | (count != x), "`x` must contain only non-negative integers.", dtype)
        flaw = reject(np.any(alpha <= 0, axis=-1), "`alpha` must contain only positive values.", dtype)
        reject((n < 0) | (trials != n), "`n` must be a non-negative integer.", dtype)
        ways = sp.gammaln(trials + 1) - np.sum(sp.gammaln(count + 1), axis=-1)
        y = ways + _log_beta(count + alpha) - _log_beta(alpha)
        y = select(np.sum(count, axis=-1) != trials, -_INF, y)
        return (y if flaw is None else y + flaw)[()]

    def mean(self, alpha: Any, n: Any) -> Any:
        """The mean (..., k), for alpha (..., k) and n trials."""
        (alpha, n), _ = real_operands([alpha, n])
        return np.floor(n)[..., None] * alpha / np.sum(alpha, axis=-1, keepdims=True)


# --- directions ----------------------------------------------------------------------------------------------------


class _VonMisesFisher(VectorDensity):
    """``vonmises_fisher(mu, kappa=1)``: of unit vectors. Derivatives are those of the formula, in each component."""

    name = "vonmises_fisher"

    def logpdf(self, x: Any, mu: Any = None, kappa: Any = 1) -> Any:
        """The logarithm of the density at unit vectors x (..., n), for a unit vector mu (n,) and a number kappa."""
        (x, mu, kappa), dtype = real_operands([x, mu, kappa])
        if mu.ndim > 1:
            raise ValueError("'mu' must have one-dimensional shape.")
        if not mu.size > 1:
            raise ValueError("'mu' must have at least two entries.")
        if x.shape[-1] != mu.size:
            raise ValueError(
                "The dimensionality of the last axis of 'x' must match the dimensionality of the von Mises Fisher "
                "distribution."
            )
        flaws = [
            reject(_is_no_direction(mu), "'mu' must be a unit vector of norm 1.", dtype),
            reject(_is_no_direction(x), "'x' must be unit vectors of norm 1 along last dimension.", dtype),
            reject(~(kappa > 0), "'kappa' must be a positive scalar.", dtype),
        ]
        y = kappa * np.sum(x * mu, axis=-1) + _log_sphere(mu.size, kappa)
        for flaw in flaws:
            y = y if flaw is None else y + flaw
        return y[()]

    def entropy(self, mu: Any = None, kappa: Any = 1) -> Any:
        """The entropy in nats, for a unit vector mu (n,) and a number kappa."""
        (mu, kappa), _ = real_operands([mu, kappa])
        half = 0.5 * mu.size
        return -_log_sphere(mu.size, kappa) - kappa * sp.ive(half, kappa) / sp.ive(half - 1, kappa)


def _is_no_direction(x: Any) -> Any:
    return np.abs(np.sum(x * x, axis=-1) - 1) > 2e-5


def _log_sphere(dim: int, kappa: Any) -> Any:
    """The logarithm of the factor that makes exp(κ μ·x) a density."""
    power = 0.5 * dim - 1
    return power * np.log(kappa) - 0.5 * dim * LOG_2PI - np.log(sp.ive(power, kappa)) - kappa
