"""Eigenvalues of Hermitian matrices, with their vectors.

With H = V diag(w) Vᴴ the tangents are ẇ = diag(VᴴḢV) and V̇ = V (F ∘ VᴴḢV), where F_ij = 1/(w_j - w_i) and 0 on the
diagonal (Magnus 1985; Giles 2008). The phase of each vector of a complex matrix is LAPACK's choice: tangents leave it as
it is, and a cotangent that depends on it is refused. Where eigenvalues are repeated, `degenerate` finds the limit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.declaration import composed
from wengert.errors import DegenerateError, user_location
from wengert.facts import Kind, flat, tangent
from wengert.primitive import Primitive
from wengert.rules.degenerate import (
    Limit,
    Twofold,
    alike,
    allowance,
    bound_of,
    check_agreement,
    check_within,
    decomposed,
    diagonal,
    distinct,
    half_width,
    in_one_group,
    jets,
    largest_of,
    near_pairs,
    noise_of,
    place,
    quotients,
    rotation,
    size_of,
    split_apart,
    tolerance,
)
from wengert.rules.linear_algebra import adjoint_matrix, as_array, of_matrices, require_square
from wengert.value import Value, bind, settled

__all__ = ["as_diagonal", "check_phases", "gaps", "phase_free", "skew"]


# --- matrices --------------------------------------------------------------------------------------------------


def skew(x: Any) -> Any:
    """The skew-Hermitian part."""
    return (x - adjoint_matrix(x)) / 2


def as_diagonal(x: Any) -> Any:
    """Diagonal matrices."""
    return np.where(np.eye(x.shape[-1], dtype=bool), x[..., None, :], 0)


def gaps(w: Any) -> Any:
    """The matrix F_ij = 1/(w_j - w_i), 0 on the diagonal."""
    itself = np.eye(w.shape[-1], dtype=bool)
    return np.where(itself, 0, 1 / np.where(itself, 1, w[..., None, :] - w[..., :, None]))


# --- phases ----------------------------------------------------------------------------------------------------


def check_phases(m: Any, allowed: Any, name: str) -> None:
    """Refuse a matrix Vᴴ V̄ whose diagonal is not real: the result depends on the phase of a vector."""
    wrong = np.abs(diagonal(m).imag) > allowed[..., 0]
    if np.any(wrong):
        inside, _, (k,) = place(wrong, 1)
        raise DegenerateError(
            f"the result depends on the phase of {name} {k}{inside}.",
            why="A vector times exp(iφ) is as good, so that NumPy's phase is an arbitrary choice.",
            remedy="Use what does not depend on it, such as v v.conj().T or abs(v); or fix the phases first, as in "
            "v = v * np.exp(-1j * np.angle(v[0])).",
            where=user_location(),
        )


def _phase_free(m: Any, x: Any, y: Any, name: str) -> Any:
    check_phases(m, tolerance(m.dtype) * (size_of(x) + size_of(y)), name)
    return m


# fmt: off
_phases = Primitive("phase_free", _phase_free, Kind.GUFUNC,
                    [tangent(lambda t, y, m, x1, x2, name: t, lambda ct, y, m, x1, x2, name: ct), flat, flat],
                    signature="(n,n),(p,p),(q,q)->(n,n)", mixes=True)
# fmt: on


def phase_free(m: Any, x: Any, y: Any, name: str) -> Any:
    """The matrix m, checked by `check_phases` if it is complex, where x and y say what is large."""
    return _phases(m, x, y, name=name) if m.dtype.kind == "c" else m


# --- the triangle ----------------------------------------------------------------------------------------------
# NumPy reads one triangle of the matrix and the real part of its diagonal: the derivative by the other one is zero.


def _hermitian(a: Any, UPLO: str) -> Any:
    """The matrix that NumPy sees."""
    half = np.tril(a, -1) if UPLO == "L" else np.triu(a, 1)
    return half + adjoint_matrix(half) + np.where(np.eye(a.shape[-1], dtype=bool), np.real(a), 0)


def _onto_triangle(ct: Any, UPLO: str) -> Any:
    """The transpose of `_hermitian`."""
    both = ct + adjoint_matrix(ct)
    half = np.tril(both, -1) if UPLO == "L" else np.triu(both, 1)
    return half + np.where(np.eye(ct.shape[-1], dtype=bool), np.real(ct), 0)


# --- rules -----------------------------------------------------------------------------------------------------

_NAME = "eigenvalue"


def _compute(a: Any, UPLO: Any) -> Any:
    return tuple(np.linalg.eigh(a, UPLO))


def _tangent(t: Any, ys: Any, a: Any, UPLO: str) -> Any:
    w, v = ys
    inside = adjoint_matrix(v) @ _hermitian(t, UPLO) @ v
    return np.real(diagonal(inside)), v @ (gaps(distinct(w, name=_NAME, zero=False)) * inside)


def _adjoint(cts: Any, ys: Any, a: Any, UPLO: str) -> Any:
    w, v = ys
    w_bar, v_bar = cts
    if v_bar is None:
        inside = as_diagonal(alike(w_bar, settled(w), name=_NAME))
        return settled(_onto_triangle(v @ inside @ adjoint_matrix(v), UPLO))
    if isinstance(w, Twofold):
        return _limit(np.zeros_like(w) if w_bar is None else w_bar, v_bar, w, v, UPLO=UPLO)
    of_v = adjoint_matrix(v) @ v_bar
    inside = gaps(distinct(w, name=_NAME, zero=False)) * skew(phase_free(of_v, of_v, of_v, "eigenvector"))
    if w_bar is not None:
        inside = inside + as_diagonal(w_bar)
    return _onto_triangle(v @ inside @ adjoint_matrix(v), UPLO)


def _continued(ys: Any, a: Any) -> Any:
    """How the results go on where eigenvalues are repeated."""
    w, v = ys
    if isinstance(w, Value):
        return ys  # it is the business of that value
    cluster = in_one_group(w, half_width(w))
    if not np.any(cluster):
        return ys
    w_jet = split_apart(w, cluster, np.any(cluster, axis=-1))
    return decomposed(w_jet, w_jet), decomposed(v, v @ rotation(in_one_group(w), v.dtype))


def _compute_limit(w_bar: Any, v_bar: Any, w: Any, v: Any, UPLO: str) -> Any:
    """The adjoint from each basis, with (VᴴĀV)_ij = S_ij / (w_j - w_i) or the limit of this quotient."""
    group, near = in_one_group(settled(w)), near_pairs(settled(w))
    allowed, noise = allowance(w_bar, w, v_bar), noise_of(w_bar, w, v_bar)
    found, itself = [], np.eye(group.shape[-1], dtype=bool)
    for (a, _), (b, b_slope), (values, split), (vectors, _) in zip(*map(jets, (w_bar, v_bar, w, v)), strict=True):
        of_v = adjoint_matrix(vectors) @ b
        s, s_slope = skew(of_v), skew(adjoint_matrix(vectors) @ b_slope)
        check_within(group, s, allowed, values, _NAME)
        check_phases(of_v, allowed, "eigenvector")
        divided = quotients(s, s_slope, (differences(values), differences(split)), group, near, noise)
        inside = np.where(itself, a[..., None, :], divided)
        found.append(vectors @ inside @ adjoint_matrix(vectors))
    one, other = found
    factors = np.where(group | itself, 1 / largest_of(w), gaps_within(~group, values))
    difference = adjoint_matrix(settled(v)) @ (one - other) @ settled(v)
    check_agreement(group, difference, bound_of(allowed, factors, one, other), values, _NAME)
    return _onto_triangle(one, UPLO)


def differences(w: Any) -> Any:
    """The matrix w_j - w_i."""
    return w[..., None, :] - w[..., :, None]


def gaps_within(mask: Any, w: Any) -> Any:
    """The matrix F where `mask` is True, else 0."""
    inside = mask & ~np.eye(w.shape[-1], dtype=bool)
    return np.where(inside, 1 / np.where(inside, w[..., None, :] - w[..., :, None], 1), 0)


# --- the table -------------------------------------------------------------------------------------------------


_limit = Limit("eigh_limit", _compute_limit, "(n),(n,n),(n),(n,n)->(n,n)")

# fmt: off
eigh = of_matrices("eigh", _compute, "(n,n)->(n),(n,n)", [tangent(_tangent, _adjoint)], analytic=False, outputs=2, continued=_continued,
                at_kinks="at repeated eigenvalues that of whatever does not depend on the basis of their space, else an error",
                accuracy="of the vectors and their derivatives eps ‖A‖ / gap, where eigenvalues are a gap apart; half of the digits of a function "
                         "that does not depend on the basis of nearly equal ones")
# fmt: on

_EighResult: Any = type(np.linalg.eigh(np.eye(1)))


def _triangle(UPLO: str) -> str:
    upper = UPLO.upper()
    if upper not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return upper


@composed(np.linalg.eigh)
def _eigh(a: Any, UPLO: str = "L") -> Any:
    a = as_array(a)
    require_square(a)
    return _EighResult(*bind(eigh, (a,), {"UPLO": _triangle(UPLO)}))


@composed(np.linalg.eigvalsh)
def _eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return _eigh(a, UPLO)[0]
