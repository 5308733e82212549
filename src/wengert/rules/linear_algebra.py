"""Products of vectors and matrices, diagonals and triangles."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.declaration import composed, gufunc, refuse
from wengert.facts import Fact, Kind, transpose
from wengert.primitive import Primitive
from wengert.registry import table

_MATRIX = ((-2.0, 2.0), (-2.0, 2.0))


def of_matrices(
    name: str, compute: Callable[..., Any], signature: str, facts: Sequence[Fact], **columns: Any
) -> Primitive:
    """Declare a function of matrices, over broadcast batches of them."""
    prim = Primitive(name, compute, Kind.GUFUNC, facts, signature=signature, mixes=True, **columns)
    return table.add_primitive(prim)


def require_square(a: Any) -> None:
    """Raise what NumPy raises for anything but square matrices; also where only the shape is known."""
    require_matrices(a)
    if a.shape[-1] != a.shape[-2]:
        raise np.linalg.LinAlgError("Last 2 dimensions of the array must be square")


def require_matrices(a: Any) -> None:
    """Raise what NumPy raises for numbers and vectors."""
    if a.ndim < 2:
        raise np.linalg.LinAlgError(f"{a.ndim}-dimensional array given. Array must be at least two-dimensional")


def adjoint_matrix(x: Any) -> Any:
    """The conjugate transpose Aᴴ."""
    return _swap(conjugated(x))


def conjugated(x: Any) -> Any:
    """The complex conjugate; a real array is its own."""
    return np.conjugate(x) if x.dtype.kind == "c" else x


def _swap(x: Any) -> Any:
    return x.T if x.ndim == 2 else x.swapaxes(-1, -2)


def _matmul_left(ct: Any, a: Any, b: Any) -> Any:
    """Transpose of a ↦ a @ b; axes over which a was broadcast are summed by the sweep."""
    b = conjugated(b)
    if b.ndim == 1:
        return ct[..., None] * b
    if a.ndim == 1:
        return (ct[..., None, :] @ _swap(b))[..., 0, :]
    return ct @ _swap(b)


def _matmul_right(ct: Any, a: Any, b: Any) -> Any:
    """Transpose of b ↦ a @ b."""
    a = conjugated(a)
    if a.ndim == 1:
        return a * ct if b.ndim == 1 else a[:, None] * ct[..., None, :]
    if b.ndim == 1:
        return (_swap(a) @ ct[..., None])[..., 0]
    return _swap(a) @ ct


# fmt: off
matmul = gufunc(np.matmul, [transpose(_matmul_left), transpose(_matmul_right)],
                notation="{0} @ {1}", precedence=2, alias=("Dot", "Mv", "Mm"), domain=_MATRIX)
# fmt: on


def as_array(x: Any) -> Any:
    """A value or an array as it is, a number or a list as an array."""
    return x if hasattr(x, "shape") else np.asarray(x)


@composed(np.dot)
def _dot(a: Any, b: Any, out: None = None) -> Any:
    refuse(np.dot, out=out)
    a, b = as_array(a), as_array(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if a.shape[-1] != b.shape[-min(b.ndim, 2)]:
        raise ValueError(_not_aligned(a.shape, b.shape))
    if b.ndim <= 2:
        return a @ b
    return np.tensordot(a, b, axes=(-1, -2))


def _not_aligned(left: tuple[int, ...], right: tuple[int, ...]) -> str:
    i, j = len(left) - 1, max(len(right) - 2, 0)
    shapes = " and ".join(str(shape).replace(" ", "") for shape in (left, right))
    return f"shapes {shapes} not aligned: {left[i]} (dim {i}) != {right[j]} (dim {j})"


@composed(np.vdot)
def _vdot(a: Any, b: Any, /) -> Any:
    return np.ravel(conjugated(as_array(a))) @ np.ravel(b)


@composed(np.inner)
def _inner(a: Any, b: Any, /) -> Any:
    a, b = as_array(a), as_array(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else np.tensordot(a, b, axes=(-1, -1))


@composed(np.outer)
def _outer(a: Any, b: Any, out: None = None) -> Any:
    refuse(np.outer, out=out)
    return np.ravel(a)[:, None] * np.ravel(b)[None, :]


@composed(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = as_array(a), as_array(b)
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
    return (conjugated(as_array(x1))[..., None, :] @ as_array(x2)[..., None])[..., 0, 0]


if hasattr(np, "matvec"):

    @composed(np.matvec)
    def _matvec(x1: Any, x2: Any, /) -> Any:
        return (x1 @ as_array(x2)[..., None])[..., 0]

    @composed(np.vecmat)
    def _vecmat(x1: Any, x2: Any, /) -> Any:
        return (conjugated(as_array(x1))[..., None, :] @ x2)[..., 0, :]


# --- products of many, and under the names of np.linalg ----------------------------------------------------------


@composed(np.linalg.multi_dot)
def _multi_dot(arrays: Any, *, out: None = None) -> Any:
    refuse(np.linalg.multi_dot, out=out)
    if len(arrays) < 2:
        raise ValueError("Expecting at least two arrays.")
    if len(arrays) == 2:
        return np.dot(arrays[0], arrays[1])
    factors = [as_array(x) for x in arrays]
    starts_with_row, ends_with_column = factors[0].ndim == 1, factors[-1].ndim == 1
    if starts_with_row:
        factors[0] = factors[0][None, :]
    if ends_with_column:
        factors[-1] = factors[-1][:, None]
    for x in factors:
        if x.ndim != 2:
            raise np.linalg.LinAlgError(f"{x.ndim}-dimensional array given. Array must be two-dimensional")
    product = _in_best_order(factors)
    if starts_with_row:
        product = product[0]
    return product[..., 0] if ends_with_column else product


def _in_best_order(factors: Sequence[Any]) -> Any:
    """The product of matrices, in the order of least multiplications (Cormen et al. 2009, section 15.2)."""
    sizes = [x.shape[0] for x in factors] + [factors[-1].shape[1]]

    @functools.cache
    def best(first: int, last: int) -> tuple[int, int]:
        """The least number of multiplications, and the factor after which the product is split."""
        if first == last:
            return 0, first
        return min(
            (best(first, k)[0] + best(k + 1, last)[0] + sizes[first] * sizes[k + 1] * sizes[last + 1], k)
            for k in range(first, last)
        )

    def product(first: int, last: int) -> Any:
        split = best(first, last)[1]
        return factors[first] if first == last else np.dot(product(first, split), product(split + 1, last))

    return product(0, len(factors) - 1)


@composed(np.linalg.matrix_power)
def _matrix_power(a: Any, n: Any) -> Any:
    require_square(a)
    try:
        n = operator.index(n)
    except TypeError as error:
        raise TypeError("exponent must be an integer") from error
    if n == 0:
        return np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape).copy()
    return _positive_power(np.linalg.inv(a) if n < 0 else a, abs(n))


def _positive_power(a: Any, n: int) -> Any:
    """By repeated squaring."""
    if n == 1:
        return a
    root = _positive_power(a, n // 2)
    return root @ root @ a if n % 2 else root @ root


@composed(np.linalg.matmul)
def _linalg_matmul(x1: Any, x2: Any, /) -> Any:
    return np.matmul(x1, x2)


@composed(np.linalg.tensordot)
def _linalg_tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return np.tensordot(x1, x2, axes=axes)


@composed(np.linalg.vecdot)
def _linalg_vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1))


@composed(np.linalg.outer)
def _linalg_outer(x1: Any, x2: Any, /) -> Any:
    x1, x2 = as_array(x1), as_array(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"Input arrays must be one-dimensional, but they are {x1.ndim=} and {x2.ndim=}.")
    return np.outer(x1, x2)


@composed(np.linalg.matrix_transpose)
def _linalg_matrix_transpose(x: Any, /) -> Any:
    if x.ndim < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return np.matrix_transpose(x)


@composed(np.linalg.diagonal)
def _linalg_diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return np.diagonal(x, offset, axis1=-2, axis2=-1)


@composed(np.linalg.trace)
def _linalg_trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    return np.trace(x, offset, axis1=-2, axis2=-1, dtype=dtype)


# --- diagonals and triangles -------------------------------------------------------------------------------------


@composed(np.trace)
def _trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None) -> Any:
    refuse(np.trace, out=out)
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@composed(np.diag)
def _diag(v: Any, k: int = 0) -> Any:
    if v.ndim == 2:
        return np.diagonal(v, k)
    if v.ndim != 1:
        raise ValueError("Input must be 1- or 2-d.")
    n = v.shape[0] + abs(k)
    return table.on_diagonal(v, shape=(n, n), offset=k, axes=(0, 1))


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
