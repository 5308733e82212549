"""The singular value decomposition A = U diag(s) Vᴴ.

With P = Uᴴ Ȧ V the tangents are ṡ = diag(P), U̇ = U K_U and V̇ = V K_V with skew-Hermitian K_U and K_V for which

    (K_U + K_V)_ij = (P + Pᴴ)_ij / (s_j - s_i),   (K_U - K_V)_ij = (P - Pᴴ)_ij / (s_j + s_i),

and out of the span of U the columns move by Ȧ V / s (Giles 2008; Townsend 2016; Wan and Zhang 2019 for complex matrices,
whose pairs of vectors have a common phase that is LAPACK's choice). Repeated singular values make the first quotient a
limit, zeros the second and third: `degenerate`. At a zero a singular value has a kink, as |x| has; its slope there is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from wengert.declaration import composed
from wengert.errors import DegenerateError, user_location
from wengert.facts import Kind, flat, tangent
from wengert.primitive import Primitive
from wengert.rules.degenerate import (
    DEPENDS_ON_ONE,
    Limit,
    Twofold,
    alike,
    allowance,
    bound_of,
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
    pair_error,
    place,
    quotients,
    rotation,
    size_of,
    split_apart,
    tolerance,
    zero_error,
    zero_group,
)
from wengert.rules.linear_algebra import adjoint_matrix, as_array, of_matrices, require_matrices
from wengert.rules.spectra import (
    as_diagonal,
    check_phases,
    differences,
    gaps,
    gaps_within,
    phase_free,
    skew,
)
from wengert.value import Value, bind, settled

_NAME = "singular value"


def _compute(a: Any) -> Any:
    return tuple(np.linalg.svd(a, full_matrices=False))


def _compute_full(a: Any) -> Any:
    return tuple(np.linalg.svd(a))


# --- tangents --------------------------------------------------------------------------------------------------


def _tangent(t: Any, ys: Any, a: Any) -> Any:
    u, s, vh = ys
    s, v, k = distinct(s, name=_NAME, zero=True), adjoint_matrix(vh), s.shape[-1]
    inside = adjoint_matrix(u) @ t @ v
    core = inside[..., :k, :k]
    same, opposite = gaps(s) * (core + adjoint_matrix(core)), (core - adjoint_matrix(core)) / _sums(s)
    u_dot = _moved(u, t @ v[..., :k], inside[..., :k], (same + opposite) / 2, s)
    v_dot = _moved(v, adjoint_matrix(t) @ u[..., :k], adjoint_matrix(inside[..., :k, :]), (same - opposite) / 2, s)
    return u_dot, np.real(diagonal(core)), adjoint_matrix(v_dot)


def _sums(s: Any) -> Any:
    return s[..., None, :] + s[..., :, None]


def _moved(u: Any, t: Any, inside: Any, turn: Any, s: Any) -> Any:
    """The tangent of the singular vectors of one side, of which the first k are turned among themselves.

    `t` is Ȧ times the vectors of the other side, and `inside` is uᴴ t. Columns beyond the first k are a basis of what these
    leave: they move so as to stay orthogonal to them.
    """
    k = s.shape[-1]
    if u.shape[-1] == k:
        inner = u @ turn
        return inner if u.shape[-2] == k else inner + (t - u @ inside) / s[..., None, :]
    away = inside[..., k:, :] / s[..., None, :]
    still = np.zeros((*s.shape[:-1], u.shape[-1] - k, u.shape[-1] - k), u.dtype)
    upper, lower = np.concatenate([turn, -adjoint_matrix(away)], axis=-1), np.concatenate([away, still], axis=-1)
    return u @ np.concatenate([upper, lower], axis=-2)


# --- adjoints --------------------------------------------------------------------------------------------------


def _adjoint(cts: Any, ys: Any, a: Any) -> Any:
    u, s, vh = ys
    u_bar, s_bar, vh_bar = cts
    k = s.shape[-1]
    if u_bar is None and vh_bar is None:
        inside = as_diagonal(alike(s_bar, settled(s), name=_NAME) * np.sign(s))
        return settled(u[..., :k] @ inside @ vh[..., :k, :])
    s_bar, u_bar, vh_bar = (np.zeros_like(y) if ct is None else ct for ct, y in ((s_bar, s), (u_bar, u), (vh_bar, vh)))
    if isinstance(s, Twofold):
        return _limit(u_bar, s_bar, vh_bar, u, s, vh)
    s, v = distinct(s, name=_NAME, zero=True), adjoint_matrix(vh)
    of_u, of_v = adjoint_matrix(u) @ u_bar, vh @ adjoint_matrix(vh_bar)
    of_u, of_v = _null_free(of_u, k), _null_free(of_v, k)
    same = skew(phase_free(of_u[..., :k, :k] + of_v[..., :k, :k], of_u, of_v, _PAIR))
    inside = gaps(s) * same + skew(of_u[..., :k, :k] - of_v[..., :k, :k]) / _sums(s) + as_diagonal(s_bar)
    return _put_together(u, inside, v, _out_of(u, u_bar, of_u, k), _out_of(v, adjoint_matrix(vh_bar), of_v, k), s)


_PAIR = "the pair of singular vectors"


def _put_together(u: Any, inside: Any, v: Any, out_of_u: Any, out_of_v: Any, s: Any) -> Any:
    """The cotangent of A from its parts: U inside Vᴴ and what leads out of the span of U, and of V."""
    k = s.shape[-1]
    left, right = u[..., :k], adjoint_matrix(v[..., :k])
    total = left @ inside @ right
    if out_of_u is not None:
        total = total + (out_of_u / s[..., None, :]) @ right
    return total if out_of_v is None else total + left @ adjoint_matrix(out_of_v / s[..., None, :])


def _out_of(u: Any, u_bar: Any, of_u: Any, k: int) -> Any:
    """The part of the cotangent of the first k columns out of their span, with that of the columns which fill it."""
    if u.shape[-1] > k:
        return 2 * u[..., k:] @ skew(of_u)[..., k:, :k]
    return None if u.shape[-2] == k else u_bar - u @ of_u


def _check_null(of_u: Any, k: int) -> Any:
    """The matrix Uᴴ Ū, refused where it says that the result depends on the basis of the null space."""
    wrong = np.abs(skew(of_u)[..., k:, k:]) > tolerance(of_u.dtype) * size_of(of_u)
    if np.any(wrong):
        inside, _, (i, j) = place(wrong, 2)
        raise DegenerateError(
            f"the result depends on the singular vectors {k + min(i, j)} and {k + max(i, j)}{inside}, which belong to no "
            "singular value.",
            why="The basis of the null space is an arbitrary choice.",
            remedy="Use full_matrices=False, or the null space as a whole: its projector N @ N.T.",
            where=user_location(),
        )
    return of_u


# fmt: off
_null = Primitive("null_free", _check_null, Kind.GUFUNC, [tangent(lambda t, y, m, k: t, lambda ct, y, m, k: ct)],
                  signature="(p,p)->(p,p)", mixes=True)
# fmt: on


def _null_free(of_u: Any, k: int) -> Any:
    return of_u if of_u.shape[-1] == k else _null(of_u, k=k)


# --- repeated and zero singular values -------------------------------------------------------------------------


def _continued(ys: Any, a: Any) -> Any:
    """How the results go on where singular values are repeated or zero."""
    u, s, vh = ys
    if isinstance(s, Value):
        return ys  # it is the business of that value
    cluster, small = in_one_group(s, half_width(s)), zero_group(s, half_width(s))
    if not (np.any(cluster) or np.any(small)):
        return ys
    s_jet = split_apart(s, cluster, np.any(cluster, axis=-1) | small)
    zero = zero_group(s)
    joint = in_one_group(s) & ~zero[..., None, :]
    v, is_tall = adjoint_matrix(vh), u.shape[-2] >= vh.shape[-1]
    u_other, v_other = _other_basis(u, joint, zero, -1 if is_tall else 1), _other_basis(v, joint, zero, 1 if is_tall else -1)
    return decomposed(u, u_other), decomposed(s_jet, s_jet), decomposed(vh, adjoint_matrix(v_other))


def _other_basis(u: Any, joint: Any, zero: Any, sign: int) -> Any:
    """Other singular vectors of one side: of repeated values turned as on the other side, of zeros on their own."""
    k = zero.shape[-1]
    whole = u
    if u.shape[-1] < u.shape[-2] and np.any(zero):
        complement = np.linalg.qr(u, mode="complete")[0][..., k:]
        whole = np.concatenate([u, complement], axis=-1)
    rest = whole.shape[-1] - k
    null = np.concatenate([zero, np.ones((*zero.shape[:-1], rest), bool)], axis=-1)
    turned = np.concatenate([whole[..., :k] @ rotation(joint, u.dtype), whole[..., k:]], axis=-1)
    within_null = rotation(null[..., :, None] & null[..., None, :], u.dtype, seed=2 + sign)
    return (turned @ within_null * np.where(null, sign, 1)[..., None, :])[..., : u.shape[-1]].astype(u.dtype)


def _compute_limit(u_bar: Any, s_bar: Any, vh_bar: Any, u: Any, s: Any, vh: Any) -> Any:
    """The adjoint from each basis, with the limits of the quotients in which the divisor vanishes."""
    cts, ys = (u_bar, s_bar, vh_bar), (u, s, vh)
    case = _Case.of(settled(s), allowance(s_bar, s, u_bar, vh_bar), noise_of(s_bar, s, u_bar, vh_bar))
    one, other = (_one_limit(case, row[:3], row[3:]) for row in zip(*map(jets, (*cts, *ys)), strict=True))
    apart = _apart(case, (one, other), ys)
    if np.any(apart):
        raise _disagreement(case, apart, settled(s))
    return one


@dataclass(frozen=True, slots=True)
class _Case:
    """Which singular values are equal (`group`, a matrix) or zero to rounding, which nearly so; and what is rounding."""

    group: Any
    zero: Any
    near: Any
    small: Any
    allowed: Any
    noise: Any

    @classmethod
    def of(cls, s: Any, allowed: Any, noise: Any) -> _Case:
        """The case of these singular values."""
        return cls(in_one_group(s), zero_group(s), near_pairs(s), np.abs(s) <= half_width(s), allowed, noise)

    @property
    def both_zero(self) -> Any:
        """The matrix that is True for pairs of zeros, also on its diagonal."""
        return self.zero[..., :, None] & self.zero[..., None, :]


def _apart(case: _Case, totals: Any, ys: Any) -> Any:
    """Where derivatives from two bases differ, told in the first of them; on the diagonal also what is out of its span."""
    (u, s, vh), k, unit = map(settled, ys), case.zero.shape[-1], 1 / largest_of(ys[1])
    u, v, difference = u[..., :k], adjoint_matrix(vh)[..., :k], totals[0] - totals[1]
    inside = adjoint_matrix(u) @ difference @ v
    special = case.group | case.both_zero | np.eye(k, dtype=bool)
    factors = np.where(special, unit, np.abs(gaps_within(~special, s)) + _over(1, _sums(s)))
    apart = np.abs(inside) > bound_of(case.allowed, factors, *totals)
    bound = bound_of(case.allowed, np.where(case.zero[..., None, :], unit, _over(1, s)[..., None, :]), *totals)
    outside = difference @ v - u @ inside, adjoint_matrix(difference) @ u - v @ adjoint_matrix(inside)
    rows = np.any([np.any(np.abs(x) > bound, axis=-2) for x in outside], axis=0)
    return apart | (np.eye(k, dtype=bool) & rows[..., None])


def _disagreement(case: _Case, apart: Any, s: Any) -> DegenerateError:
    """The error for derivatives that differ: for a pair of repeated values, or for a zero."""
    rows = np.any(apart, axis=-1) | np.any(apart, axis=-2)
    pairs, at_zero, beside = case.group & apart & ~case.zero[..., None], case.zero & rows, case.group & rows[..., None]
    if np.any(pairs):
        return pair_error(pairs, s, _NAME, DEPENDS_ON_ONE)
    if np.any(at_zero):
        return zero_error(at_zero, s, _NAME, "the result has a kink there, or depends on the bases of the null spaces")
    return pair_error(beside if np.any(beside) else case.group, s, _NAME, DEPENDS_ON_ONE)


def _one_limit(case: _Case, cts: Any, ys: Any) -> Any:
    """The adjoint from one of the bases; every cotangent and result is a pair, an array and its coefficient of ε."""
    (u_bar, s_bar, vh_bar), ((u, _), (s, split), (vh, _)), k = cts, ys, ys[1][0].shape[-1]
    v, v_bar, both_small = adjoint_matrix(vh), [adjoint_matrix(x) for x in vh_bar], case.small[..., :, None] & case.small[..., None, :]
    of_u, of_v = [adjoint_matrix(u) @ x for x in u_bar], [vh @ x for x in v_bar]
    _check_null(of_u[0], k)
    _check_null(of_v[0], k)
    same, same_slope = (skew(x + y) for x, y in _cores(of_u, of_v, k))
    opposite, opposite_slope = (skew(x - y) for x, y in _cores(of_u, of_v, k))
    check_within(case.group, same, case.allowed, s, _NAME)
    _check_zero(np.any(case.both_zero & (np.abs(opposite) > case.allowed), axis=-1), s)
    check_phases(same, case.allowed, _PAIR)
    joint = quotients(same, same_slope, (differences(s), differences(split)), case.group, case.near, case.noise)
    apart = quotients(opposite, opposite_slope, (_sums(s), _sums(split)), case.both_zero, both_small, case.noise)
    inside = np.where(np.eye(k, dtype=bool), s_bar[0][..., None, :], joint) + apart
    out_of_u, out_of_v = (_out_of_span(case, s, split, x, y, z) for x, y, z in ((u, u_bar, of_u), (v, v_bar, of_v)))
    left, right = u[..., :k], adjoint_matrix(v[..., :k])
    return left @ inside @ right + out_of_u @ right + left @ adjoint_matrix(out_of_v)


def _cores(of_u: Any, of_v: Any, k: int) -> Any:
    """Value and slope of Uᴴ Ū and Vᴴ V̄ for the first k vectors of either side."""
    return [(x[..., :k, :k], y[..., :k, :k]) for x, y in zip(of_u, of_v, strict=True)]


def _over(x: Any, divisor: Any) -> Any:
    """The quotient, where the divisor is not 0."""
    return x / np.where(divisor == 0, 1, divisor)


def _out_of_span(case: _Case, s: Any, split: Any, u: Any, u_bar: Any, of_u: Any) -> Any:
    """What leads out of the span of the first vectors, divided by the singular values; at zeros the limit of this."""
    value, slope = (_out_of(u, x, y, s.shape[-1]) for x, y in zip(u_bar, of_u, strict=True))
    if value is None:
        return np.zeros_like(u[..., : s.shape[-1]])
    _check_zero(case.zero & np.any(np.abs(value) > case.allowed, axis=-2), s)
    columns = (x[..., None, :] for x in (s, split, case.zero, case.small))
    divisor, split, zero, small = columns
    return quotients(value, slope, (divisor, split), zero, small, case.noise)


def _check_zero(wrong: Any, s: Any) -> None:
    if np.any(wrong):
        raise zero_error(wrong, s, _NAME, "the result depends on the bases of the null spaces")


# --- the table -------------------------------------------------------------------------------------------------

_limit = Limit("svd_limit", _compute_limit, "(m,p),(k),(q,n),(m,p),(k),(q,n)->(m,n)")

# fmt: off
_AT_KINKS = ("at repeated or zero singular values that of whatever does not depend on the basis of their space, else an error; "
             "0 of a singular value at 0")
_ACCURACY = ("of the vectors and their derivatives eps ‖A‖ / gap, where singular values are a gap apart; half of the digits of a "
             "function that does not depend on the basis of nearly equal ones")
svd = of_matrices("svd", _compute, "(m,n)->(m,k),(k),(k,n)", [tangent(_tangent, _adjoint)], analytic=False, outputs=3, continued=_continued,
               at_kinks=_AT_KINKS, accuracy=_ACCURACY)
svd_full = of_matrices("svd_full", _compute_full, "(m,n)->(m,m),(k),(n,n)", [tangent(_tangent, _adjoint)], analytic=False, outputs=3, continued=_continued,
                    at_kinks=_AT_KINKS, accuracy=_ACCURACY)
# fmt: on

_SVDResult: Any = type(np.linalg.svd(np.eye(1)))


@composed(np.linalg.svd)
def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    a = as_array(a)
    if hermitian:
        return _svd_of_hermitian(a, compute_uv)
    require_matrices(a)
    if not compute_uv:
        return bind(svd, (a,))[1]
    fills_up = full_matrices and a.shape[-1] != a.shape[-2]
    return _SVDResult(*bind(svd_full if fills_up else svd, (a,)))


@composed(np.linalg.svdvals)
def _svdvals(x: Any, /) -> Any:
    return _svd(x, compute_uv=False)


def _by_size(w: Any) -> Any:
    """Permutation matrices that put the values along the last axis in the order of falling absolute values."""
    order = np.argsort(np.abs(w))[..., ::-1]
    return (np.arange(w.shape[-1])[:, None] == order[..., None, :]).astype(w.dtype)


_order = Primitive("by_size", _by_size, Kind.GUFUNC, [flat], signature="(n)->(n,n)")


def _svd_of_hermitian(a: Any, compute_uv: bool) -> Any:
    """By eigenvalues, as NumPy does it. s = ±w is smooth beside its vectors; on its own s = |w| has a kink at 0."""
    w, u = np.linalg.eigh(a)
    order = _order(w)
    if not compute_uv:
        return (np.abs(w)[..., None, :] @ order)[..., 0, :]
    signs = np.where(np.signbit(w), -1, 1).astype(w.dtype)
    s = ((w * signs)[..., None, :] @ order)[..., 0, :]
    return _SVDResult(u @ order, s, adjoint_matrix((u * signs[..., None, :]) @ order))
