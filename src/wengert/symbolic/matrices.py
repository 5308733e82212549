"""Products, determinants, inverses and equations of small matrices of formulas.

An inverse is written with cofactors, so that its formula holds wherever the determinant is not 0; the number of terms
grows like the factorial of the order, which is why there is a largest.

Loaded only where SymPy is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp

from wengert.symbolic.exact_numbers import number_of
from wengert.symbolic.vocabulary import NoCounterpartError

__all__ = ["LARGEST_ORDER", "MATRICES", "solved_triangular"]

Array = Any

LARGEST_ORDER = 6


def _matrix(a: Array) -> Any:
    if max(a.shape) > LARGEST_ORDER and any(x.free_symbols for x in a.ravel()):
        raise NoCounterpartError(f"A formula for a matrix of order {max(a.shape)} has more terms than can be read.")
    return sp.Matrix(a.tolist())


def _elements(matrix: Any) -> Array:
    array = np.empty(matrix.shape, object)
    for place in np.ndindex(matrix.shape):
        array[place] = matrix[place]
    return array


def _determinant(a: Array) -> Any:
    return _matrix(a).det(method="berkowitz")


def _inverse(a: Array) -> Array:
    matrix = _matrix(a)
    return _elements(matrix.adjugate() / matrix.det(method="berkowitz"))


def _solution(a: Array, b: Array) -> Array:
    return np.asarray(np.matmul(_inverse(a), b), object)


def _cofactors(a: Array) -> Array:
    return _elements(_matrix(a).adjugate().T)


def _cofactors_along(a: Array, t: Array) -> Array:
    """The derivative of the cofactors of A + s T by s, at 0."""
    s = sp.Dummy("s", real=True)
    moving = _matrix(a) + s * sp.Matrix(t.tolist())
    return _elements(moving.adjugate().T.diff(s).subs(s, 0))


def _sign_and_logarithm(a: Array) -> tuple[Any, Any]:
    determinant = _determinant(a)
    return sp.sign(determinant), sp.log(sp.Abs(determinant))


def _cholesky(a: Array) -> Array:
    """The lower triangle L with L Lᵀ = A, of which the lower triangle alone is read."""
    n = _matrix(a).rows
    lower = np.full((n, n), sp.Integer(0), object)
    for i in range(n):
        for k in range(i + 1):
            rest = a[i, k] - sp.Add(*(lower[i, m] * sp.conjugate(lower[k, m]) for m in range(k)))
            lower[i, k] = sp.sqrt(rest) if i == k else rest / lower[k, k]
    return lower


def _over_batches(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function for each matrix of a batch."""

    def batched(*operands: Array) -> Any:
        xs = [np.frompyfunc(number_of, 1, 1)(x) for x in operands]
        batch = np.broadcast_shapes(*(x.shape[:-2] for x in xs))
        xs = [np.broadcast_to(x, batch + x.shape[-2:]) for x in xs]
        return _stacked([function(*(x[place] for x in xs)) for place in np.ndindex(batch)], batch)

    return batched


def _stacked(results: list[Any], batch: tuple[int, ...]) -> Any:
    if isinstance(results[0], tuple):
        return tuple(_stacked(list(part), batch) for part in zip(*results, strict=True))
    arrays = [x if isinstance(x, np.ndarray) else np.array(x, object) for x in results]
    return np.stack(arrays).reshape(batch + arrays[0].shape)


def _product(a: Array, b: Array) -> Array:
    left, right = (np.frompyfunc(number_of, 1, 1)(x) for x in (a, b))
    return np.asarray(np.matmul(left, right), object)


def _solved(a: Array, b: Array) -> Array:
    if b.ndim == 1:
        column: Array = _SOLUTION(a, b[..., None])
        return column[..., 0]
    return _SOLUTION(a, b)


_SOLUTION = _over_batches(_solution)


def solved_triangular(a: Array, b: Array, lower: bool, unit: bool) -> Array:
    """The solution for one triangle of the matrix, with ones on the diagonal if `unit`."""
    triangle = np.tril(np.ones(a.shape[-2:], bool), -1 if unit else 0)
    kept = np.where(triangle if lower else triangle.T, a, sp.Integer(0))
    if unit:
        kept = np.where(np.eye(a.shape[-1], dtype=bool), sp.Integer(1), kept)
    found: Array = _SOLUTION(kept, b)
    return found


#: Primitive → ``(*operands) -> array``, or a tuple of arrays.
MATRICES: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "matmul": _product,
        "det": _over_batches(_determinant),
        "slogdet": _over_batches(_sign_and_logarithm),
        "inv": _over_batches(_inverse),
        "cofactors": _over_batches(_cofactors),
        "cofactors_along": _over_batches(_cofactors_along),
        "solve": _solved,
        "solve_or_nan": _SOLUTION,
        "cholesky": _over_batches(_cholesky),
    }
)
