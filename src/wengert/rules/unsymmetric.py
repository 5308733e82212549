"""Eigenvalues of matrices that need not be symmetric, with their vectors.

With A V = V diag(w) and P = V⁻¹ Ȧ V the tangents are ẇ = diag(P) and V̇ = V C with C_ij = P_ij / (w_j - w_i), up to a factor
for each column (Magnus 1985; Boeddeker et al. 2017). LAPACK's vectors have the length 1 and a real largest component; the
derivative is that of vectors which keep to this. Where eigenvalues are repeated, `degenerate` finds the limit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.declaration import composed
from wengert.errors import DegenerateError, TraceError, user_location
from wengert.facts import Kind, flat, tangent
from wengert.rules.degenerate import (
    DIVIDES,
    LIMITED,
    Limit,
    OfBothBases,
    Twofold,
    allowance,
    as_text,
    bound_of,
    check_agreement,
    check_alike,
    check_within,
    decomposed,
    diagonal,
    half_width,
    jets,
    largest_of,
    near_pairs,
    noise_of,
    pair_error,
    place,
    quotients,
    rotation,
    split_apart,
    too_near,
    width,
)
from wengert.rules.linear_algebra import adjoint_matrix, as_array, of_matrices, require_square
from wengert.rules.spectra import as_diagonal, differences, gaps, gaps_within
from wengert.value import Value, bind, settled

_NAME = "eigenvalue"


def _compute(a: Any) -> Any:
    """NumPy's result as complex numbers, whatever the eigenvalues are."""
    w, v = np.linalg.eig(a)
    kind = np.result_type(w.dtype, np.complex64)
    return w.astype(kind), v.astype(kind)


# --- groups of eigenvalues -------------------------------------------------------------------------------------


def _condition(v: Any) -> Any:
    """The condition number of the vectors, at most 1/eps."""
    most = 1 / np.finfo(v.dtype).eps
    return np.minimum(np.linalg.cond(v), most) if v.size else np.ones(v.shape[:-2], v.real.dtype)


def _group(w: Any, v: Any) -> Any:
    """The matrix that is True for pairs of different eigenvalues in one group."""
    return _chained(w, width(w)[..., None] * _condition(v)[..., None, None])


def _cluster(w: Any, v: Any) -> Any:
    """The same for eigenvalues that agree in half of their digits."""
    return _chained(w, np.maximum(half_width(w)[..., None], width(w)[..., None] * _condition(v)[..., None, None]))


def _chained(w: Any, distance: Any) -> Any:
    close = np.abs(w[..., :, None] - w[..., None, :]) <= distance
    if np.count_nonzero(close) > w.size:
        for _ in range(w.shape[-1].bit_length()):
            close = np.matmul(close, close)
    return close & ~np.eye(w.shape[-1], dtype=bool)


def _check_not_defective(w: Any, v: Any) -> None:
    """Refuse vectors so nearly dependent that no digit of a derivative would be right."""
    condition = _condition(v)
    worst = condition * np.sqrt(np.finfo(v.dtype).eps) > 0.25
    if np.any(worst):
        inside, batch, _ = place(worst, 0)
        distance = np.abs(w[batch][:, None] - w[batch]) + np.where(np.eye(w.shape[-1], dtype=bool), np.inf, 0)
        i, j = (int(k) for k in np.unravel_index(np.argmin(distance), distance.shape))
        raise DegenerateError(
            f"eigenvalues {i} and {j}{inside} ({as_text(w[batch][i])} and {as_text(w[batch][j])}) have the same eigenvector to rounding: "
            f"the matrix is defective (its eigenvectors have the condition number {condition[batch]:.1e}).",
            why="The eigenvalues of a defective matrix are not differentiable.",
            remedy="Use functions of the matrix itself, such as its trace or powers; or perturb it.",
            where=user_location(),
        )


def _sound(w: Any, v: Any) -> Any:
    if isinstance(w, Twofold):
        raise too_near(_cluster(settled(w), settled(v)), settled(w), _NAME)
    _check_not_defective(w, v)
    group = _group(w, v)
    if np.any(group):
        raise pair_error(group, w, _NAME, DIVIDES, **LIMITED)
    return w


def _alike(ct: Any, w: Any, v: Any) -> Any:
    _check_not_defective(w, v)
    check_alike(ct, _group(w, v), w, _NAME)
    return ct


# fmt: off
_distinct = OfBothBases("distinct_of_eig", _sound, Kind.GUFUNC,
                        [tangent(lambda t, y, w, v: t, lambda y_bar, y, w, v: y_bar), flat],
                        signature="(n),(n,n)->(n)", mixes=True)
_alike_of_eig = OfBothBases("alike_of_eig", _alike, Kind.GUFUNC,
                            [tangent(lambda t, y, ct, w, v: t, lambda y_bar, y, ct, w, v: y_bar), flat, flat],
                            signature="(n),(n),(n,n)->(n)", mixes=True)
# fmt: on


# --- rules -----------------------------------------------------------------------------------------------------


def _real_components(v: Any) -> tuple[Any, Any, Any]:
    """The component of each vector that LAPACK has made real, the largest one: where it is, its length and its sign."""
    position = np.argmax(np.abs(v) + 2 * (np.imag(v) == 0), axis=-2) if v.shape[-1] else np.zeros(v.shape[:-1], int)
    chosen = np.arange(v.shape[-1])[:, None] == position[..., None, :]
    component = np.sum(np.where(chosen, v, 0), axis=-2, keepdims=True)
    length = np.hypot(np.real(component), np.imag(component))  # exact where the imaginary part is 0, unlike np.abs
    return chosen, length, np.real(component) / length + 1j * (np.imag(component) / length)


def _tangent(t: Any, ys: Any, a: Any) -> Any:
    w, v = ys
    quotients = gaps(_distinct(w, v))
    inside = np.linalg.solve(v, t @ v)
    moved = v @ (quotients * inside)
    stretched = np.sum(np.real(np.conjugate(v) * moved), axis=-2, keepdims=True)
    chosen, length, direction = _real_components(v)
    turned = np.imag(np.sum(np.where(chosen, moved, 0), axis=-2, keepdims=True) * np.conjugate(direction)) / length
    return diagonal(inside), moved - v * (stretched + 1j * turned)


def _of_normalised(v_bar: Any, v: Any) -> Any:
    """The cotangent of the vectors before LAPACK's normalisation."""
    products = np.sum(np.conjugate(v) * v_bar, axis=-2, keepdims=True)
    chosen, length, direction = _real_components(v)
    return v_bar - v * np.real(products) - np.where(chosen, 1j * direction * (np.imag(products) / length), 0)


def _adjoint(cts: Any, ys: Any, a: Any) -> Any:
    w, v = ys
    w_bar, v_bar = cts
    if v_bar is None:
        return settled(_similar(v, as_diagonal(_alike_of_eig(w_bar, settled(w), settled(v)))))
    w_bar = np.zeros_like(w) if w_bar is None else w_bar
    if isinstance(w, Twofold):
        return _limit(w_bar, v_bar, w, v, is_real=not np.iscomplexobj(a))
    inside = np.conjugate(gaps(_distinct(w, v))) * (adjoint_matrix(v) @ _of_normalised(v_bar, v)) + as_diagonal(w_bar)
    return _similar(v, inside)


def _similar(v: Any, inside: Any) -> Any:
    """The product V⁻ᴴ inside Vᴴ."""
    return np.linalg.solve(adjoint_matrix(v), inside @ adjoint_matrix(v))


def _continued(ys: Any, a: Any) -> Any:
    """How the results go on where eigenvalues are repeated; the vectors of real ones of a real matrix stay real."""
    w, v = ys
    if isinstance(w, Value):
        return ys  # it is the business of that value
    cluster = _cluster(w, v)
    if not np.any(cluster):
        return ys
    group, w_jet = _group(w, v), split_apart(w, cluster, np.any(cluster, axis=-1))
    stay_real = (w.imag == 0)[..., None] & (not np.iscomplexobj(a))
    other = v @ rotation(group & stay_real, v.real.dtype) @ rotation(group & ~stay_real, v.dtype, seed=1)
    length = np.sqrt(np.sum(np.abs(other) ** 2, axis=-2, keepdims=True))
    return decomposed(w_jet, w_jet), decomposed(v, np.where(np.any(group, axis=-1)[..., None, :], other / length, v))


def _compute_limit(w_bar: Any, v_bar: Any, w: Any, v: Any, is_real: bool) -> Any:
    """The adjoint from each basis; within a group the quotient of two numbers that vanish is that of their slopes."""
    _check_not_defective(settled(w), settled(v))
    group, near = _group(settled(w), settled(v)), near_pairs(settled(w))
    condition = _condition(settled(v))[..., None, None]
    allowed, noise = allowance(w_bar, w, v_bar) * condition, noise_of(w_bar, w, v_bar) * condition
    found, itself = [], np.eye(group.shape[-1], dtype=bool)
    for (a, _), (b, b_slope), (values, split), (vectors, _) in zip(*map(jets, (w_bar, v_bar, w, v)), strict=True):
        turn, turn_slope = (adjoint_matrix(vectors) @ _of_normalised(x, vectors) for x in (b, b_slope))
        check_within(group, turn, allowed, values, _NAME)
        divisors = np.conjugate(differences(values)), np.conjugate(differences(split))
        divided = quotients(turn, turn_slope, divisors, group, near, noise)
        inside = np.where(itself, a[..., None, :], divided)
        found.append(_similar(vectors, inside).real if is_real else _similar(vectors, inside))
    one, other = found
    factors = np.where(group | itself, 1 / largest_of(w), gaps_within(~group, values))
    difference = adjoint_matrix(np.linalg.solve(settled(v), adjoint_matrix(one - other)) @ settled(v))
    check_agreement(group, difference, condition * bound_of(allowed, factors, one, other), values, _NAME)
    return one


# --- the table -------------------------------------------------------------------------------------------------

_limit = Limit("eig_limit", _compute_limit, "(n),(n,n),(n),(n,n)->(n,n)")

# fmt: off
eig = of_matrices("eig", _compute, "(n,n)->(n),(n,n)", [tangent(_tangent, _adjoint)], analytic=False, outputs=2, continued=_continued,
               at_kinks="at repeated eigenvalues that of whatever does not depend on the basis of their space, else an error; "
                        "an error where the matrix is defective",
               accuracy="eps κ(V)², of the vectors and their derivatives eps κ(V)² ‖A‖ / gap")
# fmt: on

_EigResult: Any = type(np.linalg.eig(np.eye(1)))


@composed(np.linalg.eig)
def _eig(a: Any) -> Any:
    a = as_array(a)
    require_square(a)
    w, v = bind(eig, (a,))
    return _EigResult(np.real(w), np.real(v)) if _is_real(a, w) else _EigResult(w, v)


@composed(np.linalg.eigvals)
def _eigvals(a: Any) -> Any:
    return _eig(a)[0]


def _is_real(a: Any, w: Any) -> bool:
    """Whether NumPy gives real numbers: of a real matrix whose eigenvalues all are real."""
    if np.iscomplexobj(a):
        return False
    try:
        return bool(np.all(w._concrete().imag == 0))
    except TraceError:
        raise TraceError(
            "np.linalg.eig of a real matrix was called while tracing.",
            why="Whether its result is real or complex depends on the values.",
            remedy="Pass the matrix as complex numbers, a.astype(complex); or use np.linalg.eigh for a symmetric one.",
            where=user_location(),
        ) from None
