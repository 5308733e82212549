"""Matrix functions, equations and factorisations of `scipy.linalg`: rows for `wengert.linalg`.

Each derivative is the solution of a linear equation that the result satisfies. A block matrix gives that of a matrix
function f (Mathias 1996): f([[A, E], [0, A]]) has f(A) on its diagonal and the derivative in the direction E above it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.linalg

from wengert.errors import NoRuleError, user_location
from wengert.facts import Fact, Kind, tangent, transpose
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.value import concrete

__all__ = ["adjoint_of", "pack"]


def adjoint_of(a: Any) -> Any:
    """The conjugate transpose of the last two axes."""
    turned = np.swapaxes(a, -1, -2)
    return np.conjugate(turned) if turned.dtype.kind == "c" else turned


def pack(rows: list[list[Any]]) -> Any:
    """The matrix, or batch of matrices, that is made of these blocks."""
    return np.concatenate([np.concatenate(row, axis=-1) for row in rows], axis=-2)


def _declare(name: str, compute: Callable[..., Any], signature: str, facts: list[Fact], **columns: Any) -> Primitive:
    prim = Primitive(name, compute, Kind.GUFUNC, facts, signature=signature, mixes=True, **columns)
    return table.add_primitive(prim)


# --- functions of one matrix -----------------------------------------------------------------------------------


def _derivative_by_blocks(function: Callable[..., Any], a: Any, direction: Any) -> Any:
    n = a.shape[-1]
    return function(pack([[a, direction], [np.zeros(a.shape, a.dtype), a]]))[..., :n, n:]


def _of_matrix(name: str, compute: Callable[..., Any], **columns: Any) -> Primitive:
    def rule(t: Any, y: Any, a: Any) -> Any:
        return _derivative_by_blocks(prim, a, t)

    def adjoint(ct: Any, y: Any, a: Any) -> Any:
        return _derivative_by_blocks(prim, adjoint_of(a), ct)

    prim = _declare(name, compute, "(n,n)->(n,n)", [tangent(rule, adjoint)], **columns)
    return prim


expm = _of_matrix("expm", lambda a: scipy.linalg.expm(a), at_kinks="entire: no special points")
def _logm(a: Any) -> Any:
    """SciPy's, in the precision of the operand."""
    is_complex = a.dtype.kind == "c"
    y = scipy.linalg.logm(a.astype(np.complex128 if is_complex else np.float64))
    is_single = np.finfo(a.dtype).dtype == np.float32
    return y.astype(np.complex64 if y.dtype.kind == "c" else np.float32) if is_single else y


logm = _of_matrix("logm", _logm, at_kinks="smooth off the negative real axis")


def _solve_twice(y: Any, q: Any) -> Any:
    """The solution x of y x + x y = q."""
    return table.solve_sylvester(y, y, q)


sqrtm = _declare(
    "sqrtm",
    lambda a: scipy.linalg.sqrtm(a),
    "(n,n)->(n,n)",
    [
        tangent(
            lambda t, y, a: _solve_twice(y, t),
            lambda ct, y, a: _solve_twice(adjoint_of(y), ct),
        )
    ],
    at_kinks="smooth off the negative real axis",
)


# --- linear equations ------------------------------------------------------------------------------------------


def _sylvester_adjoint(ct: Any, a: Any, b: Any) -> Any:
    return table.solve_sylvester(adjoint_of(a), adjoint_of(b), ct)


solve_sylvester = _declare(
    "solve_sylvester",
    lambda a, b, q: scipy.linalg.solve_sylvester(a, b, q),
    "(m,m),(n,n),(m,n)->(m,n)",
    [
        tangent(
            lambda t, y, a, b, q: table.solve_sylvester(a, b, -(t @ y)),
            lambda ct, y, a, b, q: -_sylvester_adjoint(ct, a, b) @ adjoint_of(y),
        ),
        tangent(
            lambda t, y, a, b, q: table.solve_sylvester(a, b, -(y @ t)),
            lambda ct, y, a, b, q: -adjoint_of(y) @ _sylvester_adjoint(ct, a, b),
        ),
        transpose(lambda ct, a, b, q: _sylvester_adjoint(ct, a, b)),
    ],
    domain=((-2.0, 2.0),) * 3,
)


def _solved(a: Any, b: Any, lower: bool, unit: bool) -> Any:
    return scipy.linalg.solve_triangular(a, b, lower=lower, unit_diagonal=unit)


def _triangle(a: Any, lower: bool, unit: bool) -> Any:
    """The part of a matrix that a triangular solve reads."""
    return np.tril(a, -1 if unit else 0) if lower else np.triu(a, 1 if unit else 0)


def _solved_adjoint(ct: Any, a: Any, lower: bool, unit: bool) -> Any:
    return table.solve_triangular(adjoint_of(a), ct, lower=not lower, unit=unit)


solve_triangular = _declare(
    "solve_triangular",
    _solved,
    "(n,n),(n,p)->(n,p)",
    [
        tangent(
            lambda t, y, a, b, *, lower, unit: table.solve_triangular(
                a, -(_triangle(t, lower, unit) @ y), lower=lower, unit=unit
            ),
            lambda ct, y, a, b, *, lower, unit: -_triangle(
                _solved_adjoint(ct, a, lower, unit) @ adjoint_of(y), lower, unit
            ),
        ),
        transpose(lambda ct, a, b, *, lower, unit: _solved_adjoint(ct, a, lower, unit)),
    ],
    domain=((-2.0, 2.0),) * 2,
)


# --- LU --------------------------------------------------------------------------------------------------------


def _factorised(a: Any) -> tuple[Any, Any, Any]:
    """The rows of a in the order of pivoting, L and U with a[rows] = L U."""
    places, lower, upper = scipy.linalg.lu(a, p_indices=True)
    return np.argsort(places, axis=-1), lower, upper


def _in_order(x: Any, rows: Any) -> Any:
    return np.take_along_axis(x, rows[..., None], axis=-2)


def _left(lower: Any, b: Any) -> Any:
    """The solution of L x = b, of unit diagonal."""
    return table.solve_triangular(lower, b, lower=True, unit=True)


def _right(b: Any, upper: Any) -> Any:
    """The solution of x U = b."""
    solved = table.solve_triangular(np.swapaxes(upper, -1, -2), np.swapaxes(b, -1, -2), lower=True, unit=False)
    return np.swapaxes(solved, -1, -2)


def _lu_tangent(t: Any, y: Any, a: Any) -> tuple[Any, Any, Any]:
    """The strict lower part of L⁻¹ Ȧ U⁻¹ is L⁻¹ L̇, the upper part U̇ U⁻¹; what a rectangle has beyond follows."""
    rows, lower, upper = y
    k = lower.shape[-1]
    change = _in_order(t, rows)
    top, left = lower[..., :k, :], upper[..., :, :k]
    middle = _left(top, _right(change[..., :k, :k], left))
    top_dot, left_dot = top @ np.tril(middle, -1), np.triu(middle) @ left
    below = _right(change[..., k:, :k] - lower[..., k:, :] @ left_dot, left)
    beside = _left(top, change[..., :k, k:] - top_dot @ upper[..., :, k:])
    return None, np.concatenate([top_dot, below], axis=-2), np.concatenate([left_dot, beside], axis=-1)


def _lu_adjoint(cts: Any, y: Any, a: Any) -> Any:
    rows, lower, upper = y
    k = lower.shape[-1]
    top, left = lower[..., :k, :], upper[..., :, :k]
    _, lower_bar, upper_bar = cts
    lower_bar = np.zeros(lower.shape, lower.dtype) if lower_bar is None else lower_bar
    upper_bar = np.zeros(upper.shape, upper.dtype) if upper_bar is None else upper_bar
    below = _right_adjoint(lower_bar[..., k:, :], left)
    beside = _left_adjoint(top, upper_bar[..., :, k:])
    left_bar = upper_bar[..., :, :k] - adjoint_of(lower[..., k:, :]) @ below
    top_bar = lower_bar[..., :k, :] - beside @ adjoint_of(upper[..., :, k:])
    middle = np.tril(adjoint_of(top) @ top_bar, -1) + np.triu(left_bar @ adjoint_of(left))
    corner = _right_adjoint(_left_adjoint(top, middle), left)
    rest = np.zeros((*a.shape[:-2], a.shape[-2] - k, a.shape[-1] - k), corner.dtype)
    return _in_order(pack([[corner, beside], [below, rest]]), np.argsort(rows, axis=-1))


def _left_adjoint(lower: Any, ct: Any) -> Any:
    return table.solve_triangular(adjoint_of(lower), ct, lower=False, unit=True)


def _right_adjoint(ct: Any, upper: Any) -> Any:
    return adjoint_of(table.solve_triangular(upper, adjoint_of(ct), lower=False, unit=False))


lu = _declare("lu", _factorised, "(m,n)->(m),(m,k),(k,n)", [tangent(_lu_tangent, _lu_adjoint)], outputs=3,
              analytic=False, at_kinks="the pivots are held fixed")  # fmt: skip


# --- polar decomposition ---------------------------------------------------------------------------------------


def _polar_tangent(t: Any, y: Any, a: Any) -> tuple[Any, Any]:
    """From P² = AᴴA and A = U P."""
    u, p = y
    p_dot = _solve_twice(p, adjoint_of(t) @ a + adjoint_of(a) @ t)
    return _right_of(t - u @ p_dot, p), p_dot


def _polar_adjoint(cts: Any, y: Any, a: Any) -> Any:
    u, p = y
    u_bar, p_bar = cts
    term = np.zeros(a.shape, a.dtype)
    if p_bar is None:
        p_bar = np.zeros(p.shape, p.dtype)
    if u_bar is not None:
        term = _right_of(u_bar, p)
        p_bar = p_bar - adjoint_of(u) @ term
    square_bar = _solve_twice(p, p_bar)
    return term + a @ (square_bar + adjoint_of(square_bar))


def _right_of(b: Any, p: Any) -> Any:
    """The solution of x P = b for a Hermitian P."""
    return adjoint_of(np.linalg.solve(p, adjoint_of(b)))


polar = _declare("polar_factors", lambda a: tuple(scipy.linalg.polar(a)), "(m,n)->(m,n),(n,n)",
                 [tangent(_polar_tangent, _polar_adjoint)], outputs=2, analytic=False,
                 at_kinks="smooth for full rank, also at equal singular values")  # fmt: skip


# --- Schur decomposition ---------------------------------------------------------------------------------------


def _schur(a: Any, output: str) -> tuple[Any, Any]:
    triangular, vectors = scipy.linalg.schur(a, output=output)
    return triangular, vectors


def _check_triangular(triangular: Any) -> None:
    """Refuse blocks of two complex eigenvalues in a real Schur form, and equal eigenvalues."""
    plain = concrete(triangular)
    if np.any(np.diagonal(plain, -1, -2, -1) != 0):
        raise NoRuleError(
            "the real Schur form of a matrix with complex eigenvalues has no derivative rule.",
            why="Its blocks of two rows are fixed by a convention of LAPACK.",
            remedy="Use output='complex'.",
            where=user_location(),
        )


def _skew_part(triangular: Any, right: Any) -> Any:
    """The strictly lower Ω with (T Ω - Ω T) = `right` below the diagonal: column by column."""
    n = triangular.shape[-1]
    columns: list[Any] = []
    for j in range(n - 1):
        known = sum((columns[k][j - k :] * triangular[k, j] for k in range(j)), start=right[j + 1 :, j])
        shifted = triangular[j + 1 :, j + 1 :] - triangular[j, j] * np.eye(n - j - 1)
        columns.append(np.linalg.solve(shifted, known))
    return _below_diagonal(columns, n, right)


def _skew_part_adjoint(triangular: Any, ct: Any) -> Any:
    """The transpose of `_skew_part`, from the last column to the first."""
    n = triangular.shape[-1]
    columns: list[Any] = [None] * (n - 1)
    for j in reversed(range(n - 1)):
        known = ct[j + 1 :, j]
        for k in range(j + 1, n - 1):
            later = np.concatenate([np.zeros(k - j, columns[k].dtype), columns[k]])
            known = known + later * np.conjugate(triangular[j, k])
        shifted = triangular[j + 1 :, j + 1 :] - triangular[j, j] * np.eye(n - j - 1)
        columns[j] = np.linalg.solve(adjoint_of(shifted), known)
    return _below_diagonal(columns, n, ct)


def _below_diagonal(columns: list[Any], n: int, like: Any) -> Any:
    whole = [np.concatenate([np.zeros(j + 1, c.dtype), c]) for j, c in enumerate(columns)]
    return np.stack([*whole, np.zeros(n, like.dtype)], axis=-1)


def _schur_tangent(t: Any, y: Any, a: Any, output: str) -> tuple[Any, Any]:
    """With Ω = Zᴴ Ż skew and Ṫ = Zᴴ Ȧ Z + T Ω - Ω T upper triangular."""
    triangular, vectors = y
    _check_triangular(triangular)
    change = adjoint_of(vectors) @ t @ vectors
    below = _skew_part(triangular, -change)
    turn = below - adjoint_of(below)
    return np.triu(change + triangular @ turn - turn @ triangular), vectors @ turn


def _schur_adjoint(cts: Any, y: Any, a: Any, output: str) -> Any:
    triangular, vectors = y
    _check_triangular(triangular)
    t_bar, z_bar = cts
    turn_bar = np.zeros(triangular.shape, triangular.dtype)
    change_bar = turn_bar
    if t_bar is not None:
        change_bar = np.triu(t_bar)
        turn_bar = adjoint_of(triangular) @ change_bar - change_bar @ adjoint_of(triangular)
    if z_bar is not None:
        turn_bar = turn_bar + adjoint_of(vectors) @ z_bar
    below_bar = np.tril(turn_bar - adjoint_of(turn_bar), -1)
    change_bar = change_bar - _skew_part_adjoint(triangular, below_bar)
    return vectors @ change_bar @ adjoint_of(vectors)


schur = _declare("schur", _schur, "(n,n)->(n,n),(n,n)", [tangent(_schur_tangent, _schur_adjoint)], outputs=2,
                 analytic=False, at_kinks="not defined at equal eigenvalues: LinAlgError")  # fmt: skip


# --- Riccati equation ------------------------------------------------------------------------------------------


def _hermitian(q: Any) -> Any:
    return (q + adjoint_of(q)) / 2


def _are(a: Any, b: Any, q: Any, r: Any) -> Any:
    """SciPy's solution for the Hermitian parts of q and r, so that it is a function of all matrices."""
    return scipy.linalg.solve_continuous_are(a, b, _hermitian(q), _hermitian(r))


def _gain(x: Any, b: Any, r: Any) -> Any:
    return np.linalg.solve(_hermitian(r), adjoint_of(b) @ x)


def _riccati_tangent(change: Any, x: Any, a: Any, b: Any, r: Any) -> Any:
    """From Aᴴ X + X A - X B R⁻¹ Bᴴ X + Q = 0: a Lyapunov equation of the closed loop A - B K."""
    closed = a - b @ _gain(x, b, r)
    return table.solve_sylvester(adjoint_of(closed), closed, -change)


def _riccati_adjoint(ct: Any, x: Any, a: Any, b: Any, r: Any) -> Any:
    closed = a - b @ _gain(x, b, r)
    return table.solve_sylvester(closed, adjoint_of(closed), -ct)


def _riccati_b(t: Any, x: Any, b: Any, r: Any) -> Any:
    part = x @ t @ _gain(x, b, r)
    return -(part + adjoint_of(part))


def _riccati_a_bar(w: Any, x: Any) -> Any:
    return x @ adjoint_of(w) + adjoint_of(x) @ w


def _conjugated(inner: Any, x: Any, b: Any, r: Any) -> Any:
    k = _gain(x, b, r)
    return _hermitian(k @ inner @ adjoint_of(k))


# fmt: off
solve_continuous_are = _declare(
    "solve_continuous_are", _are,
    "(n,n),(n,p),(n,n),(p,p)->(n,n)",
    [tangent(lambda t, y, a, b, q, r: _riccati_tangent(adjoint_of(t) @ y + y @ t, y, a, b, r),
             lambda ct, y, a, b, q, r: _riccati_a_bar(_riccati_adjoint(ct, y, a, b, r), y)),
     tangent(lambda t, y, a, b, q, r: _riccati_tangent(_riccati_b(t, y, b, r), y, a, b, r),
             lambda ct, y, a, b, q, r: -_riccati_a_bar(_riccati_adjoint(ct, y, a, b, r), y) @ adjoint_of(_gain(y, b, r))),
     tangent(lambda t, y, a, b, q, r: _riccati_tangent(_hermitian(t), y, a, b, r),
             lambda ct, y, a, b, q, r: _hermitian(_riccati_adjoint(ct, y, a, b, r))),
     tangent(lambda t, y, a, b, q, r: _riccati_tangent(adjoint_of(_gain(y, b, r)) @ _hermitian(t) @ _gain(y, b, r), y, a, b, r),
             lambda ct, y, a, b, q, r: _conjugated(_riccati_adjoint(ct, y, a, b, r), y, b, r))],
    analytic=False, at_kinks="smooth where a stabilising solution exists", domain=((-2.0, 2.0),) * 4)
# fmt: on
