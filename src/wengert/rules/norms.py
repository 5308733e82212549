"""Norms of vectors and matrices, and condition numbers.

The gradient of the Euclidean norm is x / ‖x‖; that of the nuclear norm is the polar factor UVᴴ of the matrix (Watson
1992, "Characterization of the subdifferential of some matrix norms"), of which no derivative subtracts singular values.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from wengert.declaration import composed, elementwise
from wengert.derivation import expand
from wengert.facts import Fact, Kind, flat, tangent, transpose
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.rules.linear_algebra import adjoint_matrix, as_array, conjugated, of_matrices, require_square
from wengert.rules.solving import inverse
from wengert.value import Value, bind


def _euclidean(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    if len(axis) == x.ndim:
        return np.linalg.norm(x, None, None, keepdims)
    return np.sqrt(np.sum((x.conj() * x).real, axis=axis, keepdims=keepdims))


def _direction(y: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """The unit vector x / ‖x‖, and 0 at 0."""
    y = expand(y, x, axis, keepdims)
    is_zero = y == 0
    return np.where(is_zero, 0, x / np.where(is_zero, 1, y))


def _norm_tangent(t: Any, y: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    along = conjugated(_direction(y, x, axis, keepdims)) * t
    return np.sum(np.real(along), axis=axis, keepdims=keepdims)


def _norm_adjoint(ct: Any, y: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    return expand(ct, x, axis, keepdims) * _direction(y, x, axis, keepdims)


# --- the polar factor ------------------------------------------------------------------------------------------


def _nuclear(a: Any) -> Any:
    return np.linalg.norm(a, "nuc", axis=(-2, -1))


def _nuclear_tangent(t: Any, a: Any) -> Any:
    return np.sum(np.real(conjugated(table.polar(a)) * t), axis=(-2, -1))


def _nuclear_adjoint(ct: Any, a: Any) -> Any:
    return ct[..., None, None] * table.polar(a)


def _polar(a: Any) -> Any:
    """UVᴴ over the singular values that are not zero to rounding: the subgradient of least norm."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    least = max(a.shape[-2:]) * np.finfo(s.dtype).eps * np.max(s, axis=-1, keepdims=True, initial=0)
    return (u * (s > least)[..., None, :]) @ vh


def _polar_tangent(t: Any, w: Any, a: Any) -> Any:
    """The tangent for a matrix that is not wide; symmetric, as the second derivative of the nuclear norm.

    With A = WH, Ẇ = WΩ + (Ȧ - WWᴴȦ) H⁻¹ where HΩ + ΩH = WᴴȦ - ȦᴴW (Kenney and Laub 1991).
    """
    wh = adjoint_matrix(w)
    h, inside = wh @ a, wh @ t
    turn = table.sylvester(h, inside - adjoint_matrix(inside))
    return w @ turn + (t - w @ inside) @ table.sylvester(h, 2 * wh @ w)


def _sylvester(k: Any, c: Any) -> Any:
    """The solution X of HX + XH = C, where H is the Hermitian part of K; no part where H is zero."""
    h, v = np.linalg.eigh((k + adjoint_matrix(k)) / 2)
    sums = h[..., :, None] + h[..., None, :]
    least = k.shape[-1] * np.finfo(h.dtype).eps * np.max(np.abs(h), axis=-1, initial=0)[..., None, None]
    is_zero = np.abs(sums) <= least
    inside = adjoint_matrix(v) @ c @ v
    return v @ np.where(is_zero, 0, inside / np.where(is_zero, 1, sums)) @ adjoint_matrix(v)


def _sylvester_tangent(t: Any, x: Any, k: Any) -> Any:
    h_dot = (t + adjoint_matrix(t)) / 2
    return -table.sylvester(k, h_dot @ x + x @ h_dot)


def _sylvester_adjoint(ct: Any, x: Any, k: Any) -> Any:
    c_bar, xh = table.sylvester(k, ct), adjoint_matrix(x)
    h_bar = c_bar @ xh + xh @ c_bar
    return -(h_bar + adjoint_matrix(h_bar)) / 2


_SYLVESTER: list[Fact] = [
    tangent(lambda t, x, k, c: _sylvester_tangent(t, x, k), lambda ct, x, k, c: _sylvester_adjoint(ct, x, k)),
    transpose(lambda ct, k, c: table.sylvester(k, ct)),
]


def _infinite_where_undefined(r: Any, is_nan: Any) -> Any:
    return np.where(np.isnan(r) & ~is_nan, np.inf, r).astype(r.dtype)[()]


# fmt: off
norm = table.add_primitive(Primitive("norm", _euclidean, Kind.REDUCTION, [tangent(_norm_tangent, _norm_adjoint)],
                                     analytic=False, at_kinks="0 at the zero vector, to every order; of other orders 0 of an element that is 0, and ties share evenly"))
nuclear_norm = of_matrices("nuclear_norm", _nuclear, "(m,n)->()",
                           [tangent(lambda t, y, a: _nuclear_tangent(t, a), lambda ct, y, a: _nuclear_adjoint(ct, a))],
                           analytic=False, at_kinks="the subgradient of least norm for a matrix without full rank")
polar = of_matrices("polar", _polar, "(m,n)->(m,n)",
                    [tangent(lambda t, y, a: _polar_tangent(t, y, a), lambda ct, y, a: _polar_tangent(ct, y, a))],
                    analytic=False, at_kinks="the derivative at constant rank")
sylvester = of_matrices("sylvester", _sylvester, "(m,m),(m,m)->(m,m)", _SYLVESTER, analytic=False, at_kinks="none")
# The derivative stays nan: the condition number has a pole there.
infinite_where_undefined = elementwise(_infinite_where_undefined, [1, flat], name="infinite_where_undefined",
                                       analytic=False, at_kinks="nan where the number is undefined")
# fmt: on


# --- NumPy's functions -----------------------------------------------------------------------------------------


@composed(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x = as_array(x)
    if x.dtype.kind not in "fc":
        x = x.astype(float)
    if axis is None and (ord is None or (_is_one_of(ord, "f", "fro") and x.ndim == 2)):
        return _of_vectors(x, 2, tuple(range(x.ndim)), keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (_whole(axis),)
    if len(axes) == 1:
        return _of_vectors(x, ord, (normalize_axis_index(axes[0], x.ndim),), keepdims)
    if len(axes) == 2:
        row, column = (normalize_axis_index(k, x.ndim) for k in axes)
        if row == column:
            raise ValueError("Duplicate axes given.")
        return _of_matrices(x, ord, row, column, keepdims)
    raise ValueError("Improper number of dimensions to norm.")


def _whole(axis: Any) -> int:
    try:
        return int(axis)
    except Exception as error:
        raise TypeError("'axis' must be None, an integer or a tuple of integers") from error


def _is_one_of(ord: Any, *names: Any) -> bool:
    return isinstance(ord, (str, int, float, np.generic)) and ord in names


@composed(np.linalg.vector_norm)
def _vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    x = as_array(x)
    if x.dtype.kind not in "fc":
        x = x.astype(float)
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    return _of_vectors(x, ord, axes, keepdims)


@composed(np.linalg.matrix_norm)
def _matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return np.linalg.norm(x, ord, axis=(-2, -1), keepdims=keepdims)


def _of_vectors(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    options: dict[str, Any] = {"axis": axes, "keepdims": bool(keepdims)}
    if ord is None or _is_one_of(ord, 2):
        return bind(norm, (x,), options)
    if _is_one_of(ord, np.inf):
        return _largest(np.abs(x), **options)
    if _is_one_of(ord, -np.inf):
        return np.min(np.abs(x), **options)
    if _is_one_of(ord, 0):
        return np.sum(np.not_equal(x, 0).astype(np.real(x).dtype), **options)
    if _is_one_of(ord, 1):
        return np.sum(np.abs(x), **options)
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order '{ord}' for vectors")
    return _of_order(np.abs(x), ord, **options)


def _largest(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """The maximum of numbers x ≥ 0; 0 of none."""
    if all(x.shape[k] for k in axis):
        return np.max(x, axis=axis, keepdims=keepdims)
    return np.sum(x, axis=axis, keepdims=keepdims)


def _of_order(x: Any, p: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    """(Σ xᵢᵖ)^(1/p) of numbers x ≥ 0. An element that is 0 has the derivative 0, and so has every one of a zero sum."""
    p = p.astype(x.dtype, copy=False) if isinstance(p, Value) else float(p)
    of_zero = np.where(p > 0, *np.array([0, np.inf], x.dtype)) if isinstance(p, Value) else 0.0 if p > 0 else np.inf
    is_zero = x == 0
    total = np.sum(np.where(is_zero, of_zero, np.where(is_zero, 1, x) ** p), axis=axis, keepdims=keepdims)
    is_zero = total == 0
    return np.where(is_zero, of_zero, np.where(is_zero, 1, total) ** (1 / p))


def _of_matrices(x: Any, ord: Any, row: int, column: int, keepdims: bool) -> Any:
    both: dict[str, Any] = {"axis": (row, column), "keepdims": bool(keepdims)}
    if ord is None or _is_one_of(ord, "fro", "f"):
        return bind(norm, (x,), both)
    if _is_one_of(ord, 1, np.inf, -1, -np.inf):
        summed = row if abs(ord) == 1 else column
        sums = np.sum(np.abs(x), axis=summed, keepdims=True)
        return _largest(sums, **both) if ord > 0 else np.min(sums, **both)
    if not _is_one_of(ord, 2, -2, "nuc"):
        raise ValueError("Invalid norm order for matrices.")
    front = np.moveaxis(x, (row, column), (-2, -1))
    if ord == "nuc":
        is_wide = front.shape[-2] < front.shape[-1]
        y = bind(nuclear_norm, (np.matrix_transpose(front) if is_wide else front,))
    else:
        s = np.linalg.svdvals(front)
        y = _largest(s, (s.ndim - 1,), False) if ord == 2 else np.min(s, axis=-1)
    return np.expand_dims(y, tuple(sorted((row, column)))) if keepdims else y


@composed(np.linalg.cond)
def _cond(x: Any, p: Any = None) -> Any:
    x = as_array(x)
    if x.size == 0 and 0 in x.shape[-2:]:
        raise np.linalg.LinAlgError("cond is not defined on empty arrays")
    if p is None or p in (2, -2):
        s = np.linalg.svdvals(x)
        ratio = s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    else:
        require_square(x)
        ratio = np.linalg.norm(x, p, axis=(-2, -1)) * np.linalg.norm(inverse(x), p, axis=(-2, -1))
    return bind(infinite_where_undefined, (ratio, np.any(np.isnan(x), axis=(-2, -1))))
