"""Distributions of matrices: Wishart's and its inverse, the matrix normal and t; and the normal-inverse-gamma."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as sp

from wengert.stats.formulas import LOG_2, LOG_2PI, LOG_PI, factor_quotient, log_factor, log_multigamma, scale_matrix
from wengert.stats.frozen import VectorDensity
from wengert.stats.operands import flaw_of, real_operands, reject, select

_INF = np.inf


class _Wishart(VectorDensity):
    """``wishart(df, scale)``: matrices are symmetrised, so that their gradients are symmetric."""

    name = "wishart"

    def logpdf(self, x: Any, df: Any, scale: Any) -> Any:
        """The logarithm of the density at x (n, n) or (n, n, m), for a number df > n - 1 and scale (n, n)."""
        x, df, scale, dim, flaw = _of_matrices(x, df, scale)
        root_x, log_det_x = log_factor(x)
        root, log_det = log_factor(scale)
        square = np.sum(factor_quotient(root, root_x) ** 2, axis=(-2, -1))
        y = 0.5 * ((df - dim - 1) * log_det_x - square - df * (dim * LOG_2 + log_det)) - log_multigamma(0.5 * df, dim)
        return np.squeeze(y if flaw is None else y + flaw)[()]


class _InverseWishart(VectorDensity):
    """``invwishart(df, scale)``: matrices are symmetrised, so that their gradients are symmetric."""

    name = "invwishart"

    def logpdf(self, x: Any, df: Any, scale: Any) -> Any:
        """The logarithm of the density at x (n, n) or (n, n, m), for a number df > n - 1 and scale (n, n)."""
        x, df, scale, dim, flaw = _of_matrices(x, df, scale)
        root_x, log_det_x = log_factor(x)
        root, log_det = log_factor(scale)
        square = np.sum(factor_quotient(root_x, root) ** 2, axis=(-2, -1))
        y = 0.5 * (df * (log_det - dim * LOG_2) - square - (df + dim + 1) * log_det_x) - log_multigamma(0.5 * df, dim)
        return np.squeeze(y if flaw is None else y + flaw)[()]


def _of_matrices(x: Any, df: Any, scale: Any) -> tuple[Any, Any, Any, int, Any]:
    """The points as a batch of matrices, the parameters, their dimension, and nan where df has no meaning."""
    (x, df, scale), dtype = real_operands([x, df, 1.0 if scale is None else scale])
    dim = 1 if scale.ndim == 0 else scale.shape[0]
    df = dtype.type(dim) if df is None else df
    scale = scale_matrix(scale, dim, ("x", "scale"), dtype)
    message = "Degrees of freedom must be greater than the dimension of scale matrix minus 1."
    flaw = reject(~(df > dim - 1), message, dtype)
    if x.ndim == 0 or (x.ndim == 1 and dim > 1):
        x = np.eye(dim, dtype=dtype) * x
    elif x.ndim == 1:
        x = np.reshape(x, (1, 1, -1))
    if x.ndim > 3:
        raise ValueError(
            "Quantiles must be at most two-dimensional with an additional dimension for multiple components, but "
            f"x.ndim = {x.ndim}"
        )
    if x.shape[0] != x.shape[1]:
        count = "two" if x.ndim == 2 else "in the first two dimensions if they are three"
        raise ValueError(f"Quantiles must be square if they are {count} dimensional, but x.shape = {x.shape}.")
    if x.shape[:2] != (dim, dim):
        raise ValueError(f"Quantiles have incompatible dimensions: should be {(dim, dim)}, got {x.shape[:2]}.")
    return np.moveaxis(x, -1, 0) if x.ndim == 3 else x, df, scale, dim, flaw


# --- by rows and columns -------------------------------------------------------------------------------------------


class _MatrixNormal(VectorDensity):
    """``matrix_normal(mean=None, rowcov=1, colcov=1)``: covariances are symmetrised."""

    name = "matrix_normal"

    def logpdf(self, X: Any, mean: Any = None, rowcov: Any = 1, colcov: Any = 1) -> Any:
        """The logarithm of the density at X (..., m, n), for mean (m, n), rowcov (m, m) and colcov (n, n)."""
        whitened, (log_rows, log_columns), (m, n) = _whitened(X, mean, rowcov, colcov, ("rowcov", "colcov"))
        square = np.sum(whitened**2, axis=(-2, -1))
        return np.squeeze(-0.5 * (m * n * LOG_2PI + n * log_rows + m * log_columns + square))[()]


class _MatrixT(VectorDensity):
    """``matrix_t(mean=None, row_spread=1, col_spread=1, df=1)``: spreads are symmetrised."""

    name = "matrix_t"

    def logpdf(self, X: Any, mean: Any = None, row_spread: Any = 1, col_spread: Any = 1, df: Any = 1) -> Any:
        """The logarithm of the density at X (..., m, n), for mean (m, n), spreads (m, m) and (n, n) and a number df."""
        whitened, logs, (m, n) = _whitened(X, mean, row_spread, col_spread, ("row_spread", "col_spread"))
        (df,), dtype = real_operands([1.0 if df is None else df])
        flaw = reject(~(df > 0), "Degrees of freedom must be positive.", dtype)
        _, log_det = log_factor(np.eye(n, dtype=whitened.dtype) + whitened @ np.swapaxes(whitened, -1, -2))
        power = 0.5 * (df + m + n - 1)
        gammas = log_multigamma(power, n) - log_multigamma(0.5 * (df + n - 1), n)
        y = gammas - 0.5 * (m * n * LOG_PI + n * logs[0] + m * logs[1]) - power * log_det
        return np.squeeze(y if flaw is None else y + flaw)[()]


def _whitened(X: Any, mean: Any, rows: Any, columns: Any, names: tuple[str, str]) -> tuple[Any, Any, tuple[int, int]]:
    """The deviations with both covariances divided out, transposed (..., n, m), and the logarithms of these."""
    (X, mean, rows, columns), dtype = real_operands([X, mean, rows, columns])
    if mean is not None and mean.ndim != 2:
        raise ValueError("Array `mean` must be two dimensional.")
    sizes = [_size(cov, k, mean, names[k]) for k, cov in enumerate((rows, columns))]
    mean = np.zeros(sizes, dtype) if mean is None else mean
    if X.shape[-2:] != tuple(sizes):
        raise ValueError("The shape of array `X` is not compatible with the distribution parameters.")
    root, log_rows = log_factor(scale_matrix(rows, sizes[0], ("mean", names[0]), dtype))
    other, log_columns = log_factor(scale_matrix(columns, sizes[1], ("mean", names[1]), dtype))
    half = factor_quotient(root, X - mean)
    return factor_quotient(other, np.swapaxes(half, -1, -2)), (log_rows, log_columns), (sizes[0], sizes[1])


def _size(cov: Any, axis: int, mean: Any, name: str) -> int:
    """How many rows or columns there are, by the covariance of these or by the mean."""
    if cov.ndim == 0:
        return 1 if mean is None else int(mean.shape[axis])
    if cov.ndim == 2 and cov.shape[0] != cov.shape[1]:
        raise ValueError(f"Array `{name}` must be square.")
    if mean is not None and mean.shape[axis] != cov.shape[0]:
        what = ("rows", "columns")[axis]
        raise ValueError(f"Arrays `mean` and `{name}` must have the same number of {what}.")
    return int(cov.shape[0])


# --- a mean and a variance -----------------------------------------------------------------------------------------


class _NormalInverseGamma(VectorDensity):
    """``normal_inverse_gamma(mu=0, lmbda=1, a=1, b=1)``, of a number x and its variance s2."""

    name = "normal_inverse_gamma"

    def logpdf(self, x: Any, s2: Any, mu: Any = 0, lmbda: Any = 1, a: Any = 1, b: Any = 1) -> Any:
        """The logarithm of the density at x and s2; all arguments are broadcast."""
        (x, s2, mu, lmbda, a, b), dtype = real_operands([x, s2, mu, lmbda, a, b])
        outside = s2 <= 0
        variance = select(outside, 1.0, s2)
        y = (
            0.5 * (np.log(lmbda) - LOG_2PI) + a * np.log(b) - sp.gammaln(a)
            - (a + 1.5) * np.log(variance) - (b + 0.5 * lmbda * (x - mu) ** 2) / variance
        )  # fmt: skip
        flaw = flaw_of([(lmbda > 0) & (a > 0) & (b > 0)], dtype)
        y = select(outside, -_INF, y)
        return (y if flaw is None else y + flaw)[()]

    def pdf(self, x: Any, s2: Any, *args: Any, **kwds: Any) -> Any:
        """The density at x and s2."""
        return np.exp(self.logpdf(x, s2, *args, **kwds))
