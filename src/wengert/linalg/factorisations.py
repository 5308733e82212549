"""Factorisations, inverses, eigenvalues and norms."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg

from wengert.linalg.conventions import array, refuse, scipys, transpose_of
from wengert.registry import table
from wengert.rules.matrix_functions import adjoint_of
from wengert.value import Value, concrete


def from_triangle(a: Any, lower: bool, is_hermitian: bool = True) -> Any:
    """The symmetric or Hermitian matrix of which one triangle is given."""
    part = np.tril(a) if lower else np.triu(a)
    strict = np.tril(a, -1) if lower else np.triu(a, 1)
    if a.dtype.kind == "c" and is_hermitian:
        part = part - 1j * np.imag(np.eye(a.shape[-1]) * a)
    return part + (adjoint_of(strict) if is_hermitian else transpose_of(strict))


@scipys
def cholesky(a: Any, lower: bool = False) -> Any:
    """The Cholesky factor of a (..., n, n), of which one triangle is read: the upper one unless `lower`."""
    a = array(a)
    return np.linalg.cholesky(a) if lower else adjoint_of(np.linalg.cholesky(adjoint_of(a)))


@scipys
def lu(a: Any, permute_l: bool = False, p_indices: bool = False) -> Any:
    """The factors P, L, U of a (..., m, n) by Gaussian elimination; the pivots are constants.

    With `permute_l` P L and U; with `p_indices` a vector of indices in the place of P, with a = L[p] U.
    """
    a = array(a)
    rows, lower, upper = table.lu(a)
    rows = concrete(rows)
    places = np.argsort(rows, axis=-1)
    if permute_l:
        return np.take_along_axis(lower, places[..., None], axis=-2), upper
    return (places if p_indices else np.eye(a.shape[-2], dtype=a.dtype)[places]), lower, upper


@scipys
def lu_factor(a: Any) -> tuple[Any, Any]:
    """L and U of a (m, n) in one matrix, and the pivots as LAPACK lists them."""
    a = array(a)
    _, lower, upper = table.lu(a)
    rows, columns = a.shape
    k = min(rows, columns)
    whole = np.zeros_like(lower, shape=(rows, columns)) if isinstance(lower, Value) else np.zeros(a.shape, lower.dtype)
    whole[:, :k] += np.tril(lower, -1)
    whole[:k] += upper
    return whole, scipy.linalg.lu_factor(concrete(a))[1]


@scipys
def polar(a: Any, side: str = "right") -> tuple[Any, Any]:
    """The factors U and P of a = U P (or P U for side="left"), for full rank; also at equal singular values."""
    a = array(a)
    if side not in ("right", "left"):
        raise ValueError("`side` must be either 'right' or 'left'")
    rows, columns = a.shape[-2:]
    if side == "left":
        u, p = table.polar_factors(adjoint_of(a)) if columns >= rows else _wide_polar(adjoint_of(a))
        return adjoint_of(u), p
    u, p = table.polar_factors(a) if rows >= columns else _wide_polar(a)
    return u, p


def _wide_polar(a: Any) -> tuple[Any, Any]:
    """For fewer rows than columns: a = P' U, and P = Uᴴ P' U."""
    turned, inner = table.polar_factors(adjoint_of(a))
    u = adjoint_of(turned)
    return u, adjoint_of(u) @ inner @ u


@scipys
def schur(a: Any, output: str = "real", sort: Any = None) -> tuple[Any, Any]:
    """The triangular T and the unitary Z of a = Z T Zᴴ (n, n), for distinct eigenvalues.

    A real matrix with complex eigenvalues needs ``output="complex"``. The phases of complex columns of Z are LAPACK's.
    """
    refuse("schur", "The order of sorted eigenvalues is not recorded.", "Leave sort out.", sort=sort)
    triangular, vectors = table.schur(array(a), output=output)
    return triangular, vectors


@scipys
def qr(a: Any, mode: str = "full", pivoting: bool = False) -> Any:
    """The QR factors of a (..., m, n); mode "full", "economic" or "r". With `pivoting` the order of columns too."""
    a = array(a)
    name = {"full": "complete", "economic": "reduced", "r": "r"}.get(mode)
    if name is None:
        raise ValueError("Mode argument should be one of ['full', 'r', 'economic', 'raw']")
    if not pivoting:
        return tuple(_qr(a, name)) if name != "r" else (_qr(a, name),)
    plain = concrete(a)
    order = scipy.linalg.qr(plain, mode="economic", pivoting=True)[2]
    factors = _qr(a[:, order], name)
    return (factors, order) if name == "r" else (*factors, order)


def _qr(a: Any, mode: Any) -> Any:
    return np.linalg.qr(a, mode)


@scipys
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The singular value decomposition of a (..., m, n), as ``numpy.linalg.svd``."""
    if not compute_uv:
        return svdvals(a)
    return tuple(np.linalg.svd(array(a), full_matrices))


@scipys
def svdvals(a: Any) -> Any:
    """The singular values of a (..., m, n), largest first."""
    return np.linalg.svd(array(a), compute_uv=False)


@scipys
def eigh(
    a: Any, b: Any = None, *, lower: bool = True, eigvals_only: bool = False, type: int = 1,  # noqa: A002
    subset_by_index: Any = None, subset_by_value: Any = None,
) -> Any:  # fmt: skip
    """Eigenvalues and eigenvectors of a Hermitian a (n, n), or of the pair a v = w b v with positive definite b.

    One triangle of each matrix is read. `subset_by_index` picks eigenvalues by number.
    """
    why = "Only a v = w b v has a derivative."
    refuse("eigh", why, "Transform the problem.", type=None if type == 1 else type, subset_by_value=subset_by_value)
    a = array(a)
    if b is None:
        w, v = np.linalg.eigh(a, "L" if lower else "U")
    else:
        root = np.linalg.cholesky(from_triangle(array(b), lower))
        half = _solved(root, from_triangle(a, lower))
        reduced = adjoint_of(_solved(root, adjoint_of(half)))
        w, v = np.linalg.eigh((reduced + adjoint_of(reduced)) / 2)
        v = table.solve_triangular(adjoint_of(root), v, lower=False, unit=False)
    if subset_by_index is not None:
        first, last = subset_by_index
        w, v = w[first : last + 1], v[:, first : last + 1]
    return w if eigvals_only else (w, v)


def _solved(root: Any, b: Any) -> Any:
    return table.solve_triangular(root, b, lower=True, unit=False)


@scipys
def eigvalsh(a: Any, b: Any = None, *, lower: bool = True, subset_by_index: Any = None) -> Any:
    """Eigenvalues of a Hermitian a (n, n), or of the pair a v = w b v."""
    if b is None and subset_by_index is None:
        return np.linalg.eigvalsh(array(a), "L" if lower else "U")
    return eigh(a, b, lower=lower, eigvals_only=True, subset_by_index=subset_by_index)


@scipys
def eig(a: Any, b: Any = None, left: bool = False, right: bool = True) -> Any:
    """Eigenvalues and right eigenvectors of a (n, n), or of the pair a v = w b v with regular b."""
    refuse("eig", "Left eigenvectors have no rule.", "Take those of a.conj().T.", left=left or None)
    matrix = array(a) if b is None else np.linalg.solve(array(b), array(a))
    if not right:
        return np.linalg.eigvals(matrix).astype(complex)
    w, v = np.linalg.eig(matrix)
    return w.astype(complex), v


@scipys
def eigvals(a: Any, b: Any = None) -> Any:
    """Eigenvalues of a (n, n), complex."""
    return eig(a, b, right=False)


@scipys
def pinv(a: Any, *, atol: float | None = None, rtol: float | None = None, return_rank: bool = False) -> Any:
    """The pseudo-inverse of a (m, n); the rank is held fixed."""
    refuse("pinv", "The tolerance is relative here.", "Give rtol.", atol=atol)
    a = array(a)
    cutoff = max(a.shape[-2:]) * np.finfo(a.dtype).eps if rtol is None else rtol
    inverse = np.linalg.pinv(a, rcond=cutoff)
    return (inverse, np.linalg.matrix_rank(a, rtol=cutoff)) if return_rank else inverse


@scipys
def pinvh(a: Any, rtol: float | None = None, lower: bool = True, **options: Any) -> Any:
    """The pseudo-inverse of a Hermitian a (n, n), of which one triangle is read."""
    return pinv(from_triangle(array(a), lower), rtol=rtol, **options)


@scipys
def inv(a: Any) -> Any:
    """The inverse of a (..., n, n)."""
    return np.linalg.inv(array(a))


@scipys
def det(a: Any) -> Any:
    """The determinant of a (..., n, n); right for singular matrices too."""
    return np.linalg.det(array(a))


@scipys
def norm(a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002  # SciPy's name
    """The norm of a vector or matrix, as ``numpy.linalg.norm``."""
    return np.linalg.norm(array(a), ord, axis, keepdims)


@scipys
def orthogonal_procrustes(A: Any, B: Any) -> tuple[Any, Any]:
    """The orthogonal matrix that takes A (m, n) nearest to B, and the sum of the singular values of AᴴB."""
    R, P = polar(adjoint_of(array(A)) @ array(B))
    return R, np.real(np.trace(P))


@scipys
def null_space(A: Any, rcond: float | None = None) -> Any:
    """An orthonormal basis of the null space of A (m, n): only functions of the whole space have a derivative."""
    A = array(A)
    _, s, vh = np.linalg.svd(A, full_matrices=True)
    return adjoint_of(vh[_rank_of(s, A, rcond) :])


@scipys
def orth(A: Any, rcond: float | None = None) -> Any:
    """An orthonormal basis of the range of A (m, n)."""
    A = array(A)
    u, s, _ = np.linalg.svd(A, full_matrices=False)
    return u[:, : _rank_of(s, A, rcond)]


def _rank_of(s: Any, a: Any, rcond: float | None) -> int:
    plain = concrete(s)
    relative = np.finfo(s.dtype).eps * max(a.shape) if rcond is None else rcond
    return int(np.sum(plain > np.max(plain, initial=0.0) * relative))
