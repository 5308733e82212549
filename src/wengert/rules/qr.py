"""The QR factorisation.

For a matrix that is not wide, with M = QᴴȦR⁻¹ and U the upper triangle of M + Mᴴ with half of the diagonal, Ṙ = UR and
Q̇ = ȦR⁻¹ - QU (Walter and Lehmann 2012, "Algorithmic differentiation of linear algebra functions"; for batches Seeger
et al. 2017). The diagonal of R is real, as LAPACK makes it, with signs that may jump. A wide matrix is factorised by
its first columns. The columns that complete Q are an arbitrary basis; they move orthogonally to themselves, so that
whatever does not depend on the choice, such as the projector onto their span, has the right derivative.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from wengert.declaration import composed
from wengert.errors import NoRuleError, user_location
from wengert.facts import tangent
from wengert.rules.linear_algebra import adjoint_matrix, of_matrices, require_matrices
from wengert.rules.solving import half, inverse, lower_as_hermitian
from wengert.value import bind


def _qr(a: Any) -> Any:
    return tuple(np.linalg.qr(a))


def _qr_complete(a: Any) -> Any:
    return tuple(np.linalg.qr(a, "complete"))


def _tangent(t: Any, ys: Any) -> Any:
    q, r = ys
    moved = t @ inverse(r)
    inside = adjoint_matrix(q) @ moved
    upper = adjoint_matrix(half(inside + adjoint_matrix(inside)))
    return moved - q @ upper, upper @ r


def _adjoint(cts: Any, ys: Any) -> Any:
    q, r = ys
    q_bar, r_bar = cts
    q_bar = np.zeros_like(q) if q_bar is None else q_bar
    of_upper = -adjoint_matrix(q_bar) @ q
    if r_bar is not None:
        of_upper = of_upper + r @ adjoint_matrix(r_bar)
    return (q_bar + q @ lower_as_hermitian(of_upper)) @ adjoint_matrix(inverse(r))


def _complete_tangent(t: Any, ys: Any) -> Any:
    q, r = ys
    n = r.shape[-1]
    first, rest = q[..., :n], q[..., n:]
    r = r[..., :n, :]
    q_dot, r_dot = _tangent(t, (first, r))
    rest_dot = -first @ adjoint_matrix(t @ inverse(r)) @ rest
    below = np.zeros((*r.shape[:-2], rest.shape[-1], n), r.dtype)
    return np.concatenate([q_dot, rest_dot], axis=-1), np.concatenate([r_dot, below], axis=-2)


def _complete_adjoint(cts: Any, ys: Any) -> Any:
    q, r = ys
    q_bar, r_bar = cts
    n = r.shape[-1]
    first, rest = q[..., :n], q[..., n:]
    r = r[..., :n, :]
    of_first = None if q_bar is None else q_bar[..., :n] - rest @ adjoint_matrix(q_bar[..., n:]) @ first
    return _adjoint((of_first, None if r_bar is None else r_bar[..., :n, :]), (first, r))


# fmt: off
_KINKS = "nan where the first min(m, n) columns are linearly dependent; signs as LAPACK chooses them"
qr = of_matrices("qr", _qr, "(m,n)->(m,k),(k,n)",
                 [tangent(lambda t, ys, a: _tangent(t, ys), lambda cts, ys, a: _adjoint(cts, ys))],
                 outputs=2, analytic=False, at_kinks=_KINKS)
qr_complete = of_matrices("qr_complete", _qr_complete, "(m,n)->(m,m),(m,n)",
                          [tangent(lambda t, ys, a: _complete_tangent(t, ys), lambda cts, ys, a: _complete_adjoint(cts, ys))],
                          outputs=2, analytic=False, at_kinks=_KINKS + "; the last columns of Q are an arbitrary basis, which moves orthogonally to itself")
# fmt: on

_QRResult: Any = type(np.linalg.qr(np.eye(1)))
_DEPRECATED = {
    "full": "The 'full' option is deprecated in favor of 'reduced'.\nFor backward compatibility let mode default.",
    "economic": "The 'economic' option is deprecated.",
}


@composed(np.linalg.qr)
def _qr_of(a: Any, mode: str = "reduced") -> Any:
    mode = _known(mode)
    require_matrices(a)
    if mode in ("raw", "economic"):
        raise NoRuleError(
            f"np.linalg.qr with mode={mode!r} of a value that carries a derivative.",
            why="Its result is LAPACK's storage of the reflections, of which the factors are made.",
            remedy="Use mode='reduced', 'complete' or 'r'.",
            where=user_location(),
        )
    q, r = _factors(a, mode == "complete")
    return r if mode == "r" else _QRResult(q, r)


def _known(mode: str) -> str:
    """The mode, with NumPy's warnings for those that go out of use."""
    mode = {"f": "full", "e": "economic"}.get(mode, mode)
    if mode in _DEPRECATED:
        warnings.warn(_DEPRECATED[mode], DeprecationWarning, stacklevel=4)
    elif mode not in ("reduced", "complete", "r", "raw"):
        raise ValueError(f"Unrecognized mode '{mode}'")
    return "reduced" if mode == "full" else mode


def _factors(a: Any, is_complete: bool) -> tuple[Any, Any]:
    m, n = a.shape[-2:]
    if m >= n:
        q, r = bind(qr_complete if is_complete and m > n else qr, (a,))
        return q, r
    q, r = bind(qr, (a[..., :m],))
    return q, np.concatenate([r, adjoint_matrix(q) @ a[..., m:]], axis=-1)
