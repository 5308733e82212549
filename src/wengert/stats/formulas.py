"""Formulas that several distributions share, written so that nothing cancels, overflows or divides 0 by 0."""

from __future__ import annotations

from math import log, pi, sqrt
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.rules.matrix_functions import solve_triangular
from wengert.rules.special_kernels import digamma_gap, series, stirling_error

__all__ = [
    "EULER", "LOG_2", "LOG_2PI", "LOG_PI", "SQRT_2", "factor_quotient", "gamma_entropy", "log1mexp",
    "log1pmx_over_square", "log_1p_power", "log_factor", "log_multigamma", "log_normal", "log_normal_mass",
    "quadratic_form", "scale_matrix", "scaled_log1p", "stirling",
]  # fmt: skip

EULER = float(np.euler_gamma)
LOG_2, LOG_PI, LOG_2PI = log(2), log(pi), log(2 * pi)
SQRT_2 = sqrt(2)
_LARGE = 10.0


def log_normal(z: Any) -> Any:
    """The logarithm of the standard normal density."""
    return -0.5 * z * z - 0.5 * LOG_2PI


def log1mexp(y: Any) -> Any:
    """The logarithm of 1 - eʸ for y ≤ 0 (Mächler 2012)."""
    small = y > -LOG_2
    return np.where(small, np.log(-np.expm1(np.where(small, y, -1.0))), np.log1p(-np.exp(np.where(small, -1.0, y))))


def log_normal_mass(a: Any, b: Any) -> Any:
    """The logarithm of the standard normal probability between a and b, from the tails on the side of 0 they lie."""
    right = a > 0
    low, high = np.where(right, -b, a), np.where(right, -a, b)
    # The logarithm of an empty tail is -inf, where its derivative would be infinite times nothing.
    log_low, log_high = sp.log_ndtr(np.maximum(low, -1e18)), sp.log_ndtr(high)
    return log_high + log1mexp(log_low - log_high)


def scaled_log1p(z: Any, c: Any) -> tuple[Any, Any]:
    """The pair log(1+cz)/c and log(1+cz); the quotient is z at c = 0, with all its derivatives."""
    w = np.log1p(c * z)
    return z / sp.exprel(w), w


def log_1p_power(z: Any, c: Any) -> Any:
    """The logarithm of 1 + zᶜ for z ≥ 0, without overflow."""
    near = z < 1
    small, large = np.where(near, z, 1.0), np.where(near, 1.0, z)
    return np.where(near, np.log1p(small**c), c * np.log(large) + np.log1p(large**-c))


# --- what Stirling's formula leaves ------------------------------------------------------------------------------


def stirling(a: Any) -> Any:
    """The difference log Γ(a) - ((a-½) log a - a + ½ log 2π), about 1/12a, for a > 0."""
    large = a >= _LARGE
    p, q = np.where(large, a, _LARGE), np.where(large, 1.0, a)
    direct = sp.gammaln(q) - (q - 0.5) * np.log(q) + q - 0.5 * LOG_2PI
    return np.where(large, stirling_error(p), direct)


def gamma_entropy(a: Any) -> Any:
    """The entropy of the gamma distribution: a + log Γ(a) + (1-a) ψ(a)."""
    large = a >= _LARGE
    p, q = np.where(large, a, _LARGE), np.where(large, 1.0, a)
    asymptotic = 0.5 * LOG_2PI + 0.5 * np.log(p) + stirling_error(p) + (p - 1) * digamma_gap(p)
    return np.where(large, asymptotic, q + sp.gammaln(q) + (1 - q) * sp.psi(q))


_LOG1PMX_RATIO = [(-1) ** (k + 1) / k for k in range(2, 28)]


def log1pmx_over_square(u: Any) -> Any:
    """The quotient (log(1+u) - u)/u², which is -½ at 0."""
    near = np.abs(u) < 0.2
    small, large = np.where(near, u, 0.0), np.where(near, 1.0, u)
    return np.where(near, series(_LOG1PMX_RATIO, small), (np.log1p(large) - large) / (large * large))


# --- matrices ------------------------------------------------------------------------------------------------------


def scale_matrix(scale: Any, dim: int, names: tuple[str, str], dtype: np.dtype[Any]) -> Any:
    """A scale as a matrix (n, n): a number and a vector stand for diagonal ones."""
    if scale.ndim < 2:
        return np.eye(dim, dtype=dtype) * scale
    location, name = names
    if scale.ndim > 2:
        raise ValueError(f"Array '{name}' must be at most two-dimensional, but {name}.ndim = {scale.ndim}")
    if scale.shape[0] != scale.shape[1]:
        raise ValueError(f"Array '{name}' must be square if it is two dimensional, but {name}.shape = {scale.shape}.")
    if scale.shape[0] != dim:
        mismatch = f"array '{name}' is of shape {scale.shape}, but '{location}' is a vector of length {dim}."
        raise ValueError(f"Dimension mismatch: {mismatch}")
    return scale


def log_factor(a: Any) -> tuple[Any, Any]:
    """The lower Cholesky factor of the symmetric part of a (..., n, n), and the logarithm of the determinant."""
    root = np.linalg.cholesky(0.5 * (a + np.swapaxes(a, -1, -2)))
    return root, 2 * np.sum(np.log(np.diagonal(root, axis1=-2, axis2=-1)), axis=-1)


def factor_quotient(root: Any, b: Any) -> Any:
    """The solution of L x = b for a lower triangle L (..., n, n) and b (..., n, k)."""
    return solve_triangular(root, b, lower=True, unit=False)


def quadratic_form(deviation: Any, factor: tuple[Any, Any]) -> tuple[Any, Any]:
    """The form dᵀ a⁻¹ d of deviations d (..., n), for the factor of a, and the logarithm of the determinant of a."""
    root, log_det = factor
    rows = np.reshape(deviation, (-1, deviation.shape[-1]))
    square = np.sum(factor_quotient(root, np.swapaxes(rows, 0, 1)) ** 2, axis=0)
    return np.reshape(square, deviation.shape[:-1]), log_det


def log_multigamma(a: Any, dim: int) -> Any:
    """The logarithm of the multivariate gamma function."""
    halves = [sp.gammaln(a - 0.5 * k) for k in range(dim)]
    return 0.25 * dim * (dim - 1) * LOG_PI + sum(halves)
