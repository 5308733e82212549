"""Products of vectors and matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.declaration import composed, gufunc, refuse
from wengert.errors import NoRuleError, user_location
from wengert.facts import transpose

_MATRIX = ((-2.0, 2.0), (-2.0, 2.0))


def _conj(x: Any) -> Any:
    return np.conjugate(x) if x.dtype.kind == "c" else x


def _swap(x: Any) -> Any:
    return x.T if x.ndim == 2 else x.swapaxes(-1, -2)


def _matmul_left(ct: Any, a: Any, b: Any) -> Any:
    """Transpose of a ↦ a @ b; axes over which a was broadcast are summed by the sweep."""
    b = _conj(b)
    if b.ndim == 1:
        return ct[..., None] * b
    if a.ndim == 1:
        return (ct[..., None, :] @ _swap(b))[..., 0, :]
    return ct @ _swap(b)


def _matmul_right(ct: Any, a: Any, b: Any) -> Any:
    """Transpose of b ↦ a @ b."""
    a = _conj(a)
    if a.ndim == 1:
        return a * ct if b.ndim == 1 else a[:, None] * ct[..., None, :]
    if b.ndim == 1:
        return (_swap(a) @ ct[..., None])[..., 0]
    return _swap(a) @ ct


# fmt: off
matmul = gufunc(np.matmul, [transpose(_matmul_left), transpose(_matmul_right)],
                notation="{0} @ {1}", precedence=2, alias=("Dot", "Mv", "Mm"), domain=_MATRIX)
# fmt: on


def _array(x: Any) -> Any:
    return x if hasattr(x, "shape") else np.asarray(x)


@composed(np.dot)
def _dot(a: Any, b: Any, out: None = None) -> Any:
    refuse(np.dot, out=out)
    a, b = _array(a), _array(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if b.ndim <= 2:
        return a @ b
    return np.tensordot(a, b, axes=(-1, -2))


@composed(np.vdot)
def _vdot(a: Any, b: Any, /) -> Any:
    return np.ravel(_conj(_array(a))) @ np.ravel(b)


@composed(np.inner)
def _inner(a: Any, b: Any, /) -> Any:
    a, b = _array(a), _array(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else np.tensordot(a, b, axes=(-1, -1))


@composed(np.outer)
def _outer(a: Any, b: Any, out: None = None) -> Any:
    refuse(np.outer, out=out)
    return np.ravel(a)[:, None] * np.ravel(b)[None, :]


@composed(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = _array(a), _array(b)
    if isinstance(axes, (int, np.integer)):
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        left, right = (list(np.atleast_1d(k)) for k in axes)
    left, right = _axes_of(a, left), _axes_of(b, right)
    if [a.shape[k] for k in left] != [b.shape[k] for k in right]:
        raise ValueError("shape-mismatch for sum")
    rows = [k for k in range(a.ndim) if k not in left]
    columns = [k for k in range(b.ndim) if k not in right]
    m, inner, n = (math.prod(x.shape[k] for k in axes) for x, axes in ((a, rows), (a, left), (b, columns)))
    product = np.transpose(a, rows + left).reshape((m, inner)) @ np.transpose(b, right + columns).reshape((inner, n))
    return product.reshape((*(a.shape[k] for k in rows), *(b.shape[k] for k in columns)))


def _axes_of(x: Any, axes: Sequence[Any]) -> list[int]:
    return [normalize_axis_index(int(k), x.ndim) for k in axes]


@composed(np.vecdot)
def _vecdot(x1: Any, x2: Any, /) -> Any:
    return np.sum(_conj(_array(x1)) * x2, axis=-1)


if hasattr(np, "matvec"):

    @composed(np.matvec)
    def _matvec(x1: Any, x2: Any, /) -> Any:
        return (x1 @ _array(x2)[..., None])[..., 0]

    @composed(np.vecmat)
    def _vecmat(x1: Any, x2: Any, /) -> Any:
        return (_conj(_array(x1))[..., None, :] @ x2)[..., 0, :]


@composed(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The Euclidean norm, with the subgradient 0 at 0."""
    if ord is not None and not (ord == 2 and (axis is None or isinstance(axis, int)) and x.ndim == 1):
        raise NoRuleError(
            f"np.linalg.norm with ord={ord!r} has no derivative rule.",
            remedy="Use the Euclidean norm (ord=None), or write the norm with np.abs, np.sum and np.max.",
            where=user_location(),
        )
    square = np.real(x) ** 2 + np.imag(x) ** 2 if np.iscomplexobj(x) else x * x
    squares = np.sum(square, axis=axis, keepdims=keepdims)
    is_positive = squares > 0
    return np.where(is_positive, np.sqrt(np.where(is_positive, squares, 1.0)), 0.0)


@composed(np.trace)
def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None) -> Any:
    refuse(np.trace, out=out)
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@composed(np.diagonal)
def _diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    if a.ndim < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    if normalize_axis_index(axis1, a.ndim) == normalize_axis_index(axis2, a.ndim):
        raise ValueError("axis1 and axis2 cannot be the same")
    front = np.moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = front.shape[-2:]
    start = np.arange(max(min(rows + min(offset, 0), columns - max(offset, 0)), 0))
    return front[..., start - min(offset, 0), start + max(offset, 0)]


@composed(np.diag)
def _diag(v: Any, k: int = 0) -> Any:
    if v.ndim == 2:
        return np.diagonal(v, k)
    if v.ndim != 1:
        raise ValueError("Input must be 1- or 2-d.")
    n = v.shape[0] + abs(k)
    if v.shape[0] == 0:
        return np.zeros((n, n), v.dtype)
    return np.where(np.eye(n, k=k, dtype=bool), v[np.clip(np.arange(n) - max(-k, 0), 0, v.shape[0] - 1)][:, None], 0)


def _lower(shape: tuple[int, ...], k: int) -> Any:
    """True on and below the k-th diagonal of the last two axes; of one axis NumPy makes a square."""
    rows, columns = (*shape, *shape)[-2:]
    return np.tri(rows, columns, k, dtype=bool)


@composed(np.tril)
def _tril(m: Any, k: int = 0) -> Any:
    return np.where(_lower(m.shape, k), m, 0)


@composed(np.triu)
def _triu(m: Any, k: int = 0) -> Any:
    return np.where(_lower(m.shape, k - 1), 0, m)
