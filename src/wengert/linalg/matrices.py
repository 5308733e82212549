"""Matrices that are made of vectors and of other matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.linalg.conventions import array, scipys
from wengert.registry import table
from wengert.value import Value


@scipys
def block_diag(*arrs: Any) -> Any:
    """The matrix with these matrices on its diagonal; vectors are rows."""
    blocks = [np.atleast_2d(_array_of_any_dtype(x)) for x in arrs or ([],)]
    widths = [block.shape[-1] for block in blocks]
    rows: list[Any] = []
    for k, block in enumerate(blocks):
        before, after = sum(widths[:k]), sum(widths[k + 1 :])
        zeros = [np.zeros((*block.shape[:-1], n), block.dtype) for n in (before, after)]
        rows.append(np.concatenate([zeros[0], block, zeros[1]], axis=-1))
    return np.concatenate(rows, axis=-2)


def _array_of_any_dtype(x: Any) -> Any:
    return x if isinstance(x, (Value, np.ndarray)) else np.asarray(x)


@scipys
def toeplitz(c: Any, r: Any = None) -> Any:
    """The matrix with first column c and first row r (default its conjugate), constant along its diagonals."""
    c = np.ravel(_array_of_any_dtype(c))
    r = np.conjugate(c) if r is None else np.ravel(_array_of_any_dtype(r))
    values = np.concatenate([c[::-1], r[1:]])
    return values[np.arange(len(c))[::-1, None] + np.arange(len(r))]


@scipys
def hankel(c: Any, r: Any = None) -> Any:
    """The matrix with first column c and last row r (default zeros), constant along its antidiagonals."""
    c = np.ravel(_array_of_any_dtype(c))
    r = np.zeros(len(c), c.dtype) if r is None else np.ravel(_array_of_any_dtype(r))
    values = np.concatenate([c, r[1:]])
    return values[np.arange(len(c))[:, None] + np.arange(len(r))]


@scipys
def circulant(c: Any) -> Any:
    """The circulant matrix with first column c."""
    c = _array_of_any_dtype(c)
    places = np.arange(c.shape[-1])
    return c[..., (places[:, None] - places) % c.shape[-1]]


@scipys
def companion(a: Any) -> Any:
    """The companion matrix of the polynomial with coefficients a (n + 1,), highest first."""
    a = array(a)
    n = a.shape[-1] - 1
    return np.concatenate([(-a[1:] / a[0])[None], np.eye(n - 1, n, dtype=a.dtype)])


@scipys
def khatri_rao(a: Any, b: Any) -> Any:
    """The Kronecker products of the columns of a (m, k) with those of b (n, k)."""
    a, b = _array_of_any_dtype(a), _array_of_any_dtype(b)
    return np.reshape(a[:, None, :] * b[None, :, :], (-1, a.shape[-1]))


@scipys
def leslie(f: Any, s: Any) -> Any:
    """The Leslie matrix of fecundities f (n,) and survival rates s (n - 1,)."""
    f, s = array(f), array(s)
    survivors = table.on_diagonal(s, shape=(s.shape[0], f.shape[0]), offset=0, axes=(0, 1))
    return np.concatenate([f[None], survivors])


@scipys
def fiedler(a: Any) -> Any:
    """The matrix of the absolute differences |aᵢ - aⱼ|."""
    a = _array_of_any_dtype(a)
    return np.abs(a[..., :, None] - a[..., None, :])


@scipys
def convolution_matrix(a: Any, n: int, mode: str = "full") -> Any:
    """The matrix whose product with a vector (n,) is its convolution with a (m,)."""
    a = _array_of_any_dtype(a)
    m = a.shape[-1]
    zeros = np.zeros(n - 1, a.dtype)
    full = toeplitz(np.concatenate([a, zeros]), np.concatenate([a[:1], zeros]))
    if mode == "full":
        return full
    if mode not in ("valid", "same"):
        raise ValueError("'mode' argument must be one of ('full', 'valid', 'same')")
    length = max(m, n) - min(m, n) + 1 if mode == "valid" else max(m, n)
    start = min(m, n) - 1 if mode == "valid" else (min(m, n) - 1) // 2
    return full[start : start + length]


@scipys
def matmul_toeplitz(c_or_cr: Any, x: Any) -> Any:
    """The product of the Toeplitz matrix of a column, or of a column and a row, with x."""
    column, row = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    return toeplitz(column, row) @ array(x)
