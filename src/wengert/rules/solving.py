"""Determinants, inverses, equations, least squares and the Cholesky factor.

Derivatives of these are solutions of equations with the same matrix (Giles 2008, "Collected matrix derivative results").
A derivative that divides by a singular matrix is nan, never an exception, so that a matrix of a batch that was not
selected contributes exactly zero.
"""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np

from wengert.declaration import composed
from wengert.errors import TraceError
from wengert.facts import Fact, flat, tangent, transpose
from wengert.primitive import Primitive
from wengert.registry import functions, table
from wengert.rules.linear_algebra import (
    adjoint_matrix,
    as_array,
    conjugated,
    of_matrices,
    require_matrices,
    require_square,
)
from wengert.value import bind, concrete

_UNSET: Any = getattr(np, "_NoValue", None)


def inverse(a: Any) -> Any:
    """A⁻¹, nan for a singular matrix."""
    return table.solve_or_nan(a, np.eye(a.shape[-1], dtype=a.dtype))


def half(x: Any) -> Any:
    """The lower triangle, with half of the real part of the diagonal."""
    n, dtype = x.shape[-1], x.dtype
    if dtype.kind == "c":
        return x * np.tri(n, k=-1, dtype=dtype) + np.real(x) * (np.eye(n, dtype=dtype) / 2)
    return x * (np.tri(n, dtype=dtype) - np.eye(n, dtype=dtype) / 2)


def lower_as_hermitian(x: Any) -> Any:
    """The Hermitian matrix that has the lower triangle of x; of the diagonal the real part."""
    return half(x) + adjoint_matrix(half(x))


def onto_lower(x: Any) -> Any:
    """The transpose of `lower_as_hermitian`."""
    return half(x + adjoint_matrix(x))


# --- equations -------------------------------------------------------------------------------------------------


def _solve_or_nan(a: Any, b: Any) -> Any:
    """As ``np.linalg.solve`` for matrices b, with nan where the matrix is singular."""
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = np.broadcast_to(a, batch + a.shape[-2:]), np.broadcast_to(b, batch + b.shape[-2:])
        x = np.full(b.shape, np.nan, np.result_type(a, b))
        for place in np.ndindex(batch):
            with contextlib.suppress(np.linalg.LinAlgError):
                x[place] = np.linalg.solve(a[place], b[place])
        return x


# A right-hand side that is a vector has one axis less than the matrix; so has the solution.


def _of_matrix_tangent(t: Any, y: Any, a: Any) -> Any:
    is_vector = y.ndim < a.ndim
    change = -table.solve_or_nan(a, t @ (y[..., None] if is_vector else y))
    return change[..., 0] if is_vector else change


def _of_matrix_adjoint(ct: Any, y: Any, a: Any) -> Any:
    if y.ndim < a.ndim:
        ct, y = ct[..., None], y[..., None]
    return -table.solve_or_nan(adjoint_matrix(a), ct) @ adjoint_matrix(y)


def _of_right_hand_side_adjoint(ct: Any, a: Any) -> Any:
    if ct.ndim < a.ndim:
        return table.solve_or_nan(adjoint_matrix(a), ct[..., None])[..., 0]
    return table.solve_or_nan(adjoint_matrix(a), ct)


_SOLVING: list[Fact] = [
    tangent(lambda t, y, a, b: _of_matrix_tangent(t, y, a), lambda ct, y, a, b: _of_matrix_adjoint(ct, y, a)),
    transpose(lambda ct, a, b: _of_right_hand_side_adjoint(ct, a)),
]


def _inverse_tangent(t: Any, y: Any) -> Any:
    return -y @ t @ y


# --- determinants ----------------------------------------------------------------------------------------------
# The derivative of the determinant is the matrix of cofactors (Jacobi 1841), a polynomial: it exists for a singular
# matrix too. With A = U S Vᴴ the cofactors are det(U Vᴴ) times those of the diagonal S turned back, in which no sum
# cancels and nothing is divided.


def _sum_of_others(x: Any) -> Any:
    """For each element along the last axis the sum of all others; right where these are -inf."""
    zero = np.zeros((*x.shape[:-1], 1), x.dtype)
    before = np.concatenate([zero, np.cumsum(x[..., :-1], axis=-1)], axis=-1)
    after = np.concatenate([zero, np.cumsum(x[..., :0:-1], axis=-1)], axis=-1)
    return before + after[..., ::-1]


def _products_of_others(s: Any) -> Any:
    """For each of the numbers s ≥ 0 along the last axis the product of all others, without overflow on the way."""
    with np.errstate(divide="ignore"):
        return np.exp(_sum_of_others(np.log(s)))


def _products_without_two(s: Any) -> Any:
    """The matrix of the products of all numbers but two different ones; 0 on the diagonal."""
    itself = np.eye(s.shape[-1], dtype=bool)
    return np.where(itself, 0, _products_of_others(np.where(itself, 1, s[..., None, :])))


def _well_conditioned_inverse(a: Any) -> Any:
    """The inverses if they serve for cofactors: none of the matrices is nearly singular."""
    with contextlib.suppress(np.linalg.LinAlgError):
        x = np.linalg.inv(a)
        bound = np.finfo(x.dtype).eps ** (-1 / 3)
        if np.all(_row_sum(a) * _row_sum(x) < bound):
            return x
    return None


def _row_sum(a: Any) -> Any:
    return np.max(np.sum(np.abs(a), axis=-1), axis=-1, initial=0)


def _numbers(x: Any) -> Any:
    """One number for each matrix, with axes to multiply the matrices by."""
    return x[..., None, None]


def _turned_to_diagonal(a: Any) -> tuple[Any, ...]:
    """U, s, Vᴴ and det(U Vᴴ); s is nan for a matrix that is not finite, of which NumPy finds no singular values."""
    is_finite = np.all(np.isfinite(a), axis=(-2, -1), keepdims=True)
    u, s, vh = np.linalg.svd(np.where(is_finite, a, 0))
    return u, np.where(is_finite[..., 0], s, np.nan), vh, _numbers(np.linalg.det(u) * np.linalg.det(vh))


def _cofactors(a: Any) -> Any:
    if a.shape[-1] < 2:
        return np.ones_like(a)
    x = _well_conditioned_inverse(a)
    if x is not None:
        return _numbers(np.linalg.det(a)) * x.swapaxes(-1, -2)
    u, s, vh, turn = _turned_to_diagonal(a)
    return turn * np.conjugate((u * _products_of_others(s)[..., None, :]) @ vh)


def _cofactors_along(a: Any, e: Any) -> Any:
    """The derivative of the cofactors of A in the direction E."""
    if a.shape[-1] < 2:
        return np.zeros_like(a * e)
    x = _well_conditioned_inverse(a)
    if x is not None:
        xe = x @ e
        change = _numbers(np.trace(xe, axis1=-2, axis2=-1)) * x - xe @ x
        return _numbers(np.linalg.det(a)) * change.swapaxes(-1, -2)
    u, s, vh, turn = _turned_to_diagonal(a)
    e = adjoint_matrix(u) @ e @ adjoint_matrix(vh)
    products = _products_without_two(s)
    diagonal = products @ np.diagonal(e, axis1=-2, axis2=-1)[..., None]
    inside = np.where(np.eye(s.shape[-1], dtype=bool), diagonal, -products * e.swapaxes(-1, -2))
    return turn * np.conjugate(u) @ inside @ np.conjugate(vh)


def _minors(x: Any) -> Any:
    """At (i, j) the matrix without row i and column j."""
    n = x.shape[-1]
    others = np.nonzero(~np.eye(n, dtype=bool))[1].reshape(n, max(n - 1, 0))
    return x[..., others[:, None, :, None], others[None, :, None, :]]


def _cofactors_along_two(a: Any, e: Any, f: Any) -> Any:
    """The second derivative of the cofactors, which are determinants themselves: from all minors, in O(n⁵)."""
    n = a.shape[-1]
    signs = 1 - 2.0 * (np.add.outer(np.arange(n), np.arange(n)) % 2)
    return signs * np.sum(table.cofactors_along(_minors(a), _minors(e)) * _minors(f), axis=(-2, -1))


# All derivatives of the determinant are symmetric in their directions, so that each map is its own transpose.


def _det_tangent(t: Any, a: Any) -> Any:
    return np.sum(table.cofactors(a) * t, axis=(-2, -1))


def _det_adjoint(ct: Any, a: Any) -> Any:
    return _numbers(ct) * conjugated(table.cofactors(a))


def _slogdet(a: Any) -> Any:
    return tuple(np.linalg.slogdet(a))


def _slogdet_tangent(t: Any, ys: Any, a: Any) -> Any:
    change = np.sum(np.matrix_transpose(inverse(a)) * t, axis=(-2, -1))
    if a.dtype.kind != "c":
        return None, change
    return 1j * np.imag(change) * ys[0], np.real(change)


def _slogdet_adjoint(cts: Any, ys: Any, a: Any) -> Any:
    of_sign, of_logarithm = cts
    if of_logarithm is None and a.dtype.kind != "c":  # the sign of a real determinant is flat
        return np.zeros_like(a)
    weight = 0.0 if of_logarithm is None else _numbers(of_logarithm)
    if a.dtype.kind == "c" and of_sign is not None:
        weight = weight + 1j * _numbers(np.imag(of_sign * np.conjugate(ys[0])))
    return weight * adjoint_matrix(inverse(a))


# --- the pseudoinverse and least squares -----------------------------------------------------------------------
# The pseudoinverse Y of the r largest singular values, the others of A being taken for zero. Where they are, its
# derivative is that of Golub and Pereyra (1973). Where they are not, A - AYA = R is not zero, and the derivative T of
# the part AYA that is kept has blocks beside it that solve T - (RRᴴ) T (YYᴴ) = C (Stein's equation; see Feppon and
# Lermusiaux 2018 for truncation to a given rank). Nowhere are two kept singular values subtracted: they may be equal.
# Thresholds and ranks are one number for each matrix: operands with a last axis of length 1.


def _pinv(a: Any, rcond: Any, hermitian: bool) -> Any:
    batch = np.broadcast_shapes(a.shape[:-2], rcond.shape[:-1])
    return np.linalg.pinv(np.broadcast_to(a, batch + a.shape[-2:]), rcond[..., 0], hermitian)


def _pinv_of_rank(a: Any, rank: Any) -> Any:
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    kept = np.arange(s.shape[-1]) < rank
    inverted = np.where(kept, 1 / np.where(kept, s, 1), 0)
    return (adjoint_matrix(vh) * inverted[..., None, :]) @ adjoint_matrix(u)


def _stein(r: Any, y: Any, c: Any) -> Any:
    """The solution X of X - (RRᴴ) X (YYᴴ) = C, for ‖R‖‖Y‖ < 1."""
    rr, yy = r @ adjoint_matrix(r), y @ adjoint_matrix(y)
    if np.all(_row_sum(rr) * _row_sum(yy) < np.finfo(c.dtype).eps):
        batch = np.broadcast_shapes(rr.shape[:-2], yy.shape[:-2])
        return c + np.zeros((*batch, 1, 1), np.result_type(r, y))
    p, u = np.linalg.eigh(rr)
    q, v = np.linalg.eigh(yy)
    inside = (adjoint_matrix(u) @ c @ v) / (1 - p[..., :, None] * q[..., None, :])
    return u @ inside @ adjoint_matrix(v)


def _squared_tangent(t: Any, x: Any) -> Any:
    """The tangent of X Xᴴ."""
    product = t @ adjoint_matrix(x)
    return product + adjoint_matrix(product)


def _stein_adjoint_r(ct: Any, x: Any, r: Any, y: Any) -> Any:
    of_square = table.stein(r, y, ct) @ y @ adjoint_matrix(y) @ adjoint_matrix(x)
    return (of_square + adjoint_matrix(of_square)) @ r


def _stein_adjoint_y(ct: Any, x: Any, r: Any, y: Any) -> Any:
    of_square = adjoint_matrix(x) @ r @ adjoint_matrix(r) @ table.stein(r, y, ct)
    return (of_square + adjoint_matrix(of_square)) @ y


_STEIN: list[Fact] = [
    tangent(lambda t, x, r, y, c: table.stein(r, y, _squared_tangent(t, r) @ x @ y @ adjoint_matrix(y)),
            lambda ct, x, r, y, c: _stein_adjoint_r(ct, x, r, y)),
    tangent(lambda t, x, r, y, c: table.stein(r, y, r @ adjoint_matrix(r) @ x @ _squared_tangent(t, y)),
            lambda ct, x, r, y, c: _stein_adjoint_y(ct, x, r, y)),
    transpose(lambda ct, r, y, c: table.stein(r, y, ct)),
]  # fmt: skip


def _pinv_tangent(t: Any, y: Any, a: Any) -> Any:
    yh, ya, ay = adjoint_matrix(y), y @ a, a @ y
    rest = a - ay @ a
    below = t - ay @ t
    below = table.stein(rest, y, below @ ya + rest @ adjoint_matrix(t) @ yh)
    beside = ay @ t
    beside = beside - beside @ ya + yh @ adjoint_matrix(below) @ rest
    return y @ yh @ adjoint_matrix(below) + adjoint_matrix(beside) @ yh @ y - y @ t @ y


def _pinv_adjoint(ct: Any, y: Any, a: Any) -> Any:
    """The tangent of Yᴴ is the second derivative of the sum of the logarithms of the singular values kept: symmetric."""
    return adjoint_matrix(_pinv_tangent(adjoint_matrix(ct), y, a))


def _lstsq(a: Any, b: Any, rcond: Any) -> Any:
    x, _, rank, _ = np.linalg.lstsq(a, b, rcond)
    return x, np.asarray(rank, np.real(x).dtype)[()]


def _pinv_for(a: Any, ys: Any) -> Any:
    """The pseudoinverse that gave the solution: of the rank that was found then."""
    return table.pinv_of_rank(a, ys[1][..., None])


def _lstsq_matrix_adjoint(cts: Any, ys: Any, a: Any, b: Any) -> Any:
    ct = cts[0]
    if ct is None:  # the result depends on the rank alone
        return np.zeros_like(a)
    if ct.ndim == 1:
        ct, b = ct[:, None], b[:, None]
    return _pinv_adjoint(ct @ adjoint_matrix(b), _pinv_for(a, ys), a)


def _lstsq_right_hand_side_adjoint(cts: Any, ys: Any, a: Any, b: Any) -> Any:
    ct = cts[0]
    return np.zeros_like(b) if ct is None else adjoint_matrix(_pinv_for(a, ys)) @ ct


# --- the Cholesky factor ---------------------------------------------------------------------------------------
# L̇ = L half(L⁻¹ Ȧ L⁻ᴴ) (Murray 2016, "Differentiation of the Cholesky decomposition"). NumPy reads the lower triangle
# alone, and so does the derivative.


def _cholesky_tangent(t: Any, y: Any) -> Any:
    x = inverse(y)
    return y @ half(x @ lower_as_hermitian(t) @ adjoint_matrix(x))


def _cholesky_adjoint(ct: Any, y: Any) -> Any:
    x = inverse(y)
    return onto_lower(adjoint_matrix(x) @ half(adjoint_matrix(y) @ ct) @ x)


def _matrix_rank(a: Any, value: Any, hermitian: bool, tolerance: str) -> Any:
    return np.linalg.matrix_rank(a, hermitian=hermitian, **({tolerance: value[..., 0]} if tolerance else {}))


# --- the table -------------------------------------------------------------------------------------------------

_POLYNOMIAL = "none: a polynomial, with these derivatives for singular matrices too"
_SINGULAR = "nan for a singular matrix"
_RANK = "the derivative at constant rank"

# fmt: off
solve_or_nan = of_matrices("solve_or_nan", _solve_or_nan, "(m,m),(m,n)->(m,n)", _SOLVING)
solve = of_matrices("solve", np.linalg.solve, "(m,m),(m,n?)->(m,n?)", _SOLVING)
inv = of_matrices("inv", np.linalg.inv, "(m,m)->(m,m)",
                  [tangent(lambda t, y, a: _inverse_tangent(t, y), lambda ct, y, a: _inverse_tangent(ct, adjoint_matrix(y)))])
det = of_matrices("det", np.linalg.det, "(m,m)->()",
                  [tangent(lambda t, y, a: _det_tangent(t, a), lambda ct, y, a: _det_adjoint(ct, a))], at_kinks=_POLYNOMIAL)
cofactors = of_matrices("cofactors", _cofactors, "(m,m)->(m,m)",
                        [tangent(lambda t, y, a: table.cofactors_along(a, t),
                                 lambda ct, y, a: table.cofactors_along(conjugated(a), ct))],
                        analytic=False, at_kinks=_POLYNOMIAL)
cofactors_along = of_matrices("cofactors_along", _cofactors_along, "(m,m),(m,m)->(m,m)",
                              [tangent(lambda t, y, a, e: _cofactors_along_two(a, e, t),
                                       lambda ct, y, a, e: _cofactors_along_two(conjugated(a), conjugated(e), ct)),
                               transpose(lambda ct, a, e: table.cofactors_along(conjugated(a), ct))],
                              analytic=False, at_kinks=_POLYNOMIAL)
slogdet = of_matrices("slogdet", _slogdet, "(m,m)->(one?),(one?)",  # no such dimension: numbers
                      [tangent(_slogdet_tangent, _slogdet_adjoint)], outputs=2, analytic=False, at_kinks=_SINGULAR)
pinv = of_matrices("pinv", _pinv, "(m,n),(l)->(n,m)",
                   [tangent(lambda t, y, a, rcond, hermitian: _pinv_tangent(t, y, a),
                            lambda ct, y, a, rcond, hermitian: _pinv_adjoint(ct, y, a)), flat],
                   analytic=False, at_kinks=_RANK)
pinv_of_rank = of_matrices("pinv_of_rank", _pinv_of_rank, "(m,n),(l)->(n,m)",
                           [tangent(lambda t, y, a, rank: _pinv_tangent(t, y, a),
                                    lambda ct, y, a, rank: _pinv_adjoint(ct, y, a)), flat],
                           analytic=False, at_kinks=_RANK)
stein = of_matrices("stein", _stein, "(m,n),(n,m),(m,n)->(m,n)", _STEIN, analytic=False, at_kinks="smooth")
lstsq = of_matrices("lstsq", _lstsq, "(m,n),(m,l?)->(n,l?),(one?)",
                    [tangent(lambda t, ys, a, b, rcond: (_pinv_tangent(t, _pinv_for(a, ys), a) @ b, None),
                             lambda cts, ys, a, b, rcond: _lstsq_matrix_adjoint(cts, ys, a, b)),
                     tangent(lambda t, ys, a, b, rcond: (_pinv_for(a, ys) @ t, None),
                             lambda cts, ys, a, b, rcond: _lstsq_right_hand_side_adjoint(cts, ys, a, b))],
                    outputs=2, analytic=False, at_kinks=_RANK)
cholesky = of_matrices("cholesky", np.linalg.cholesky, "(m,m)->(m,m)",
                       [tangent(lambda t, y, a: _cholesky_tangent(t, y), lambda ct, y, a: _cholesky_adjoint(ct, y))],
                       analytic=False, at_kinks="by the lower triangle alone, as NumPy reads it: write (A + A.T) / 2 for a "
                       "symmetric derivative")
matrix_rank = of_matrices("matrix_rank", _matrix_rank, "(m,n),(l)->()", [flat, flat])
# fmt: on


def _of_square(prim: Primitive) -> Any:
    def handler(a: Any) -> Any:
        require_square(a)
        return bind(prim, (a,))

    return handler


_SlogdetResult: Any = type(np.linalg.slogdet(np.eye(1)))
functions[np.linalg.det] = _of_square(det)
functions[np.linalg.inv] = _of_square(inv)


@composed(np.linalg.slogdet)
def _slogdet_of(a: Any) -> Any:
    require_square(a)
    return _SlogdetResult(*bind(slogdet, (a,)))


@composed(np.linalg.solve)
def _solve(a: Any, b: Any) -> Any:
    a, b = as_array(a), as_array(b)
    require_square(a)
    return bind(solve, (a, b))


@composed(np.linalg.cholesky)
def _cholesky(a: Any, /, *, upper: bool = False) -> Any:
    require_square(a)
    return adjoint_matrix(bind(cholesky, (adjoint_matrix(a),))) if upper else bind(cholesky, (a,))


@composed(np.linalg.pinv)
def _pinv_of(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _UNSET) -> Any:
    a = as_array(a)
    require_matrices(a)
    if rcond is not None and rtol is not _UNSET:
        raise ValueError("`rtol` and `rcond` can't be both set.")
    if rcond is None:
        rcond = 1e-15 if rtol is _UNSET else max(a.shape[-2:]) * float(np.finfo(a.dtype).eps) if rtol is None else rtol
    if hermitian:
        require_square(a)
        a = lower_as_hermitian(a)
    return bind(pinv, (a, as_array(rcond)[..., None]), {"hermitian": bool(hermitian)})


@composed(np.linalg.matrix_rank)
def _matrix_rank_of(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    if rtol is not None and tol is not None:
        raise ValueError("`tol` and `rtol` can't be both set.")
    if np.ndim(A) < 2:
        return np.linalg.matrix_rank(A._concrete())
    name = "tol" if tol is not None else "rtol" if rtol is not None else ""
    tolerance = {"tol": tol, "rtol": rtol, "": 0.0}[name]
    return bind(matrix_rank, (A, as_array(tolerance)[..., None]), {"hermitian": bool(hermitian), "tolerance": name})


@composed(np.linalg.lstsq)
def _lstsq_of(a: Any, b: Any, rcond: float | None = None) -> Any:
    a, b = as_array(a), as_array(b)
    for x in (a, b[:, None] if b.ndim == 1 else b):
        if x.ndim != 2:
            raise np.linalg.LinAlgError(f"{x.ndim}-dimensional array given. Array must be two-dimensional")
    if a.shape[0] != b.shape[0]:
        raise np.linalg.LinAlgError("Incompatible dimensions")
    x, rank = bind(lstsq, (a, b), {"rcond": rcond})
    return x, _residuals(a, b, x, rank), rank.astype(np.int32), np.linalg.svdvals(a)


def _residuals(a: Any, b: Any, x: Any, rank: Any) -> Any:
    """Sums of squares; none unless there are more equations than unknowns and A has full rank."""
    m, n = a.shape
    if m <= n or not _is(rank, n):
        return np.zeros(0, np.real(x).dtype)
    rest = b - a @ x
    rest = rest[:, None] if rest.ndim == 1 else rest
    return np.sum(np.real(rest) ** 2 + np.imag(rest) ** 2, axis=0)


def _is(rank: Any, n: int) -> bool:
    """Whether the rank is n; while tracing, where it is not known, it is taken to be."""
    try:
        return bool(concrete(rank) == n)
    except TraceError:
        return True


# --- tensors ---------------------------------------------------------------------------------------------------


@composed(np.linalg.tensorinv)
def _tensorinv(a: Any, ind: int = 2) -> Any:
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    n = math.prod(a.shape[ind:])
    return np.linalg.inv(a.reshape((n, -1))).reshape(a.shape[ind:] + a.shape[:ind])


@composed(np.linalg.tensorsolve)
def _tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    a, b = as_array(a), as_array(b)
    if axes is not None:
        order = list(range(a.ndim))
        for k in axes:
            order.remove(k)
            order.insert(a.ndim, k)
        a = np.transpose(a, order)
    shape = a.shape[-(a.ndim - b.ndim):]
    n = math.prod(shape)
    if a.size != n * n:
        raise np.linalg.LinAlgError(
            "Input arrays must satisfy the requirement             prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])"
        )
    return np.linalg.solve(a.reshape((n, n)), b.reshape(-1)).reshape(shape)
