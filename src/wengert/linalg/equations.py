"""Linear equations, and equations of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.linalg.conventions import FUNCTIONS, array, refuse, scipys, transpose_of
from wengert.linalg.factorisations import cholesky, from_triangle
from wengert.linalg.matrices import toeplitz
from wengert.registry import table
from wengert.rules.matrix_functions import adjoint_of


@scipys
def solve_triangular(
    a: Any, b: Any, trans: int | str = 0, lower: bool = False, unit_diagonal: bool = False, **_: Any
) -> Any:
    """Solve a x = b for a triangular a (n, n) and b (n,) or (n, k); only the triangle gets a derivative.

    `trans` 1 or "T" solves with aᵀ, 2 or "C" with aᴴ.
    """
    a, b = array(a), array(b)
    turn = {0: 0, "N": 0, 1: 1, "T": 1, 2: 2, "C": 2}[trans]
    if turn:
        a, lower = (transpose_of(a) if turn == 1 else adjoint_of(a)), not lower
    if b.ndim == 1:
        return table.solve_triangular(a, b[:, None], lower=lower, unit=unit_diagonal)[:, 0]
    return table.solve_triangular(a, b, lower=lower, unit=unit_diagonal)


@scipys
def solve(a: Any, b: Any, lower: bool = False, assume_a: str | None = None, transposed: bool = False) -> Any:
    """Solve a x = b for a (n, n) and b (n,) or (n, k).

    With `assume_a` "sym", "her", "pos" or a triangle only that triangle of `a` is read and gets a derivative.
    """
    a, b = array(a), array(b)
    kind = "gen" if assume_a is None else assume_a
    if kind in ("lower triangular", "upper triangular"):
        return solve_triangular(a, b, trans=int(transposed), lower=kind.startswith("lower"))
    if kind in ("sym", "symmetric", "her", "hermitian", "pos", "positive definite"):
        a = from_triangle(a, lower, is_hermitian=not kind.startswith("sym"))
    elif kind not in ("gen", "general", "diagonal", "tridiagonal", "banded"):
        raise ValueError(f"{assume_a} is not a recognized matrix structure")
    if transposed:
        a = transpose_of(a)
    return np.linalg.solve(a, b[..., None])[..., 0] if b.ndim == 1 else np.linalg.solve(a, b)


@scipys
def cho_factor(a: Any, lower: bool = False) -> tuple[Any, bool]:
    """The Cholesky factor of a (n, n), and whether it is the lower one; the other triangle holds zeros."""
    return cholesky(a, lower=lower), lower


@scipys
def cho_solve(c_and_lower: tuple[Any, bool], b: Any) -> Any:
    """Solve a x = b, given the Cholesky factor of a (n, n) from `cho_factor`."""
    factor, lower = c_and_lower
    first, second = (0, 2) if lower else (2, 0)
    half = solve_triangular(factor, b, trans=first, lower=lower)
    return solve_triangular(factor, half, trans=second, lower=lower)


@scipys
def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """Solve a x + x b = q for x (m, n), with a (m, m) and b (n, n)."""
    return table.solve_sylvester(array(a), array(b), array(q))


@scipys
def solve_continuous_lyapunov(a: Any, q: Any) -> Any:
    """Solve a x + x aᴴ = q for x (n, n)."""
    a = array(a)
    return table.solve_sylvester(a, adjoint_of(a), array(q))


FUNCTIONS["solve_lyapunov"] = solve_lyapunov = solve_continuous_lyapunov


@scipys
def solve_discrete_lyapunov(a: Any, q: Any) -> Any:
    """Solve a x aᴴ - x + q = 0 for x (n, n), as one linear system of n² unknowns."""
    a, q = array(a), array(q)
    n = a.shape[0]
    system = np.eye(n * n) - np.kron(a, np.conjugate(a))
    return np.reshape(np.linalg.solve(system, np.reshape(q, (n * n, 1))), (n, n))


@scipys
def solve_continuous_are(a: Any, b: Any, q: Any, r: Any, e: Any = None, s: Any = None) -> Any:
    """Solve the Riccati equation aᴴ x + x a - x b r⁻¹ bᴴ x + q = 0 for x (n, n); q and r are symmetrised."""
    why = "Only the standard equation has a derivative."
    refuse("solve_continuous_are", why, "Multiply e and s into a, b and q.", e=e, s=s)
    return table.solve_continuous_are(array(a), array(b), array(q), array(r))


@scipys
def solve_banded(l_and_u: tuple[int, int], ab: Any, b: Any) -> Any:
    """Solve a x = b for a banded a whose diagonals are the rows of `ab`; for values as a full matrix."""
    below, above = l_and_u
    ab = array(ab)
    n = ab.shape[-1]
    dense = sum(
        table.on_diagonal(ab[above - k, max(k, 0) : n + min(k, 0)], shape=(n, n), offset=k, axes=(0, 1))
        for k in range(-below, above + 1)
    )
    return solve(dense, b)


@scipys
def solve_toeplitz(c_or_cr: Any, b: Any) -> Any:
    """Solve T x = b for the Toeplitz matrix T of a column, or of a column and a row; as a full matrix."""
    column, row = c_or_cr if isinstance(c_or_cr, tuple) else (c_or_cr, None)
    return solve(toeplitz(column, row), b)


@scipys
def solve_circulant(
    c: Any, b: Any, singular: str = "raise", tol: float | None = None, caxis: int = -1, baxis: int = 0,
    outaxis: int = 0,
) -> Any:  # fmt: skip
    """Solve C x = b for the circulant matrix C of the column c (n,), by Fourier transforms."""
    moved = None if (caxis, baxis, outaxis) == (-1, 0, 0) else (caxis, baxis, outaxis)
    other = None if singular == "raise" else singular
    refuse("solve_circulant", "Only regular c have one.", "Use np.fft.", axes=moved, tol=tol, singular=other)
    c, b = array(c), array(b)
    spectrum = np.fft.fft(c)
    divided = np.fft.fft(b, axis=0) / (spectrum if b.ndim == 1 else spectrum[:, None])
    x = np.fft.ifft(divided, axis=0)
    return x if "c" in (c.dtype.kind, b.dtype.kind) else np.real(x)


@scipys
def lu_solve(lu_and_piv: tuple[Any, Any], b: Any, trans: int = 0) -> Any:
    """Solve a x = b, given L and U in one matrix and the pivots, from `lu_factor`."""
    factors, pivots = lu_and_piv
    order = _order_of(pivots)
    if trans == 0:
        half = solve_triangular(factors, array(b)[order], lower=True, unit_diagonal=True)
        return solve_triangular(factors, half)
    half = solve_triangular(factors, b, trans=trans)
    return solve_triangular(factors, half, trans=trans, lower=True, unit_diagonal=True)[np.argsort(order)]


def _order_of(pivots: Any) -> Any:
    """The order of rows after the exchanges that LAPACK lists."""
    order = np.arange(len(pivots))
    for k, other in enumerate(np.asarray(pivots)):
        order[[k, other]] = order[[other, k]]
    return order


@scipys
def lstsq(a: Any, b: Any, cond: float | None = None) -> Any:
    """The least-squares solution of a x = b, with residues, rank and singular values."""
    x, _residues, rank, s = np.linalg.lstsq(array(a), array(b), rcond=cond)
    residual = array(b) - array(a) @ x
    is_overdetermined = rank == array(a).shape[1] < array(a).shape[0]
    squares = np.sum(np.abs(residual) ** 2, axis=0) if is_overdetermined else np.zeros(0)
    return x, squares, rank, s
