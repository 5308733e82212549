"""Functions that reduce axes, and the cumulative sum.

A reduction's partial ∂y/∂x has the operand's shape; y arrives with its reduced axes of length 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from wengert.declaration import composed, normalized_axes, reduction, refuse, structural
from wengert.derivation import expand, spread
from wengert.facts import flat, transpose
from wengert.registry import functions
from wengert.value import bind


def _products_of_others(x: Any) -> Any:
    """For each element along axis 0 the product of all others, by a tree of products: O(n), right at zeros."""
    n = x.shape[0]
    if n == 1:
        return np.ones_like(x)
    even, odd = x[0 : n - n % 2 : 2], x[1::2]
    pairs = even * odd
    if n % 2:
        pairs = np.concatenate([pairs, x[n - 1 :]])
    others = _products_of_others(pairs)
    inner = others[: n // 2]
    interleaved = np.stack([inner * odd, inner * even], axis=1).reshape((n - n % 2, *x.shape[1:]))
    return np.concatenate([interleaved, others[n // 2 :]]) if n % 2 else interleaved


def _prod_partial(x: Any, axis: tuple[int, ...]) -> Any:
    if x.size == 0 or not axis:
        return np.ones_like(x)
    kept = [k for k in range(x.ndim) if k not in axis]
    order = [*axis, *kept]
    front = np.transpose(x, order)
    others = _products_of_others(front.reshape((-1, *(x.shape[k] for k in kept)))).reshape(front.shape)
    return np.transpose(others, tuple(int(k) for k in np.argsort(order)))


def _ties(y: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """1/k for each of the k elements that attain the extremum, 0 elsewhere."""
    attained = np.equal(x, y)
    return attained / np.sum(attained, axis=axis, keepdims=True)


def _mean_of(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    total: Any = np.add.reduce(x, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]  # a bool, not literal
    return total / math.prod([x.shape[k] for k in axis])


def _spread_mean(ct: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    share = ct / math.prod([x.shape[k] for k in axis])
    return spread(expand(share, x, axis, keepdims), x.shape)


_TIES = "shared evenly among ties"

# fmt: off
sum_ = reduction(np.sum, 1, ufunc=np.add, identity=0, alias="Sum")
prod = reduction(np.prod, lambda y, x, *, axis, keepdims: _prod_partial(x, axis), ufunc=np.multiply, identity=1,
                 at_kinks="exact with zeros among the factors")
max_ = reduction(np.max, lambda y, x, *, axis, keepdims: _ties(y, x, axis), ufunc=np.maximum,
                 selects=True, analytic=False, at_kinks=_TIES, alias="Max")
min_ = reduction(np.min, lambda y, x, *, axis, keepdims: _ties(y, x, axis), ufunc=np.minimum,
                 selects=True, analytic=False, at_kinks=_TIES, alias="Min")
mean = reduction(np.mean, transpose(lambda ct, x, *, axis, keepdims: _spread_mean(ct, x, axis, keepdims)), compute=_mean_of, alias="Mean")
all_ = reduction(np.all, flat, ufunc=np.logical_and, identity=True)
any_ = reduction(np.any, flat, ufunc=np.logical_or, identity=False)
count_nonzero = reduction(np.count_nonzero, flat)

functions[np.amax], functions[np.amin] = functions[np.max], functions[np.min]

cumsum = structural("cumsum", np.cumsum, [transpose(lambda ct, x, *, axis: _reversed_cumsum(ct, axis))], alias="Cumsum")
# fmt: on


def _reversed_cumsum(ct: Any, axis: int) -> Any:
    return np.flip(np.cumsum(np.flip(ct, axis), axis), axis)


@composed(np.cumsum)
def _cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    refuse(np.cumsum, out=out)
    if axis is None:
        a, axis = np.ravel(a), 0
    total = bind(cumsum, (a,), {"axis": normalize_axis_index(axis, a.ndim)})
    return total if dtype is None else total.astype(dtype)


def _add_accumulate(a: Any, axis: int = 0, dtype: Any = None, out: None = None) -> Any:
    return _cumsum(a, axis, dtype, out)


functions[np.add.accumulate] = _add_accumulate


def _index_function(function: Callable[..., Any], **defaults: Any) -> None:
    """A function whose result are positions: flat, with its own parameters."""
    prim = structural(function.__name__, function, flat)

    def handler(a: Any, *args: Any, **kwargs: Any) -> Any:
        return bind(prim, (a,), {**dict(zip(defaults, args, strict=False)), **kwargs})

    functions[function] = handler


_index_function(np.argmax, axis=None)
_index_function(np.argmin, axis=None)
_index_function(np.argsort, axis=-1)


_plain_mean = functions[np.mean]


def _count(a: Any, axes: tuple[int, ...], where: Any, keepdims: bool) -> Any:
    """How many elements each result is taken of."""
    if where is True:
        return math.prod(a.shape[k] for k in axes)
    dtype = a.dtype if a.dtype.kind in "fc" else float
    return np.sum(np.broadcast_to(where, a.shape), axis=axes, keepdims=keepdims, dtype=dtype)


@composed(np.mean)
def _mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = True
) -> Any:
    if where is True:
        return _plain_mean(a, axis, dtype, out, keepdims)
    count = _count(a, normalized_axes(axis, a.ndim), where, bool(keepdims))
    return np.sum(a, axis=axis, dtype=dtype, out=out, keepdims=keepdims, where=where) / count


@composed(np.var)
def _var(  # noqa: PLR0913  # NumPy's parameters
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False, *,
    where: Any = True, mean: Any = None, correction: float | None = None,
) -> Any:  # fmt: skip
    axes = normalized_axes(axis, a.ndim)
    if mean is None:
        mean = np.mean(a, axis=axes, dtype=dtype, keepdims=True, where=where)
    deviation = a - mean
    is_complex = np.iscomplexobj(deviation)
    square = np.real(deviation) ** 2 + np.imag(deviation) ** 2 if is_complex else deviation * deviation
    freedom = _count(square, axes, where, keepdims) - (ddof if correction is None else correction)
    freedom = max(freedom, 0) if where is True else np.maximum(freedom, 0)
    return np.sum(square, axis=axes, out=out, keepdims=keepdims, where=where) / freedom


@composed(np.std)
def _std(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: bool = False,
    **kwargs: Any,
) -> Any:  # fmt: skip
    return np.sqrt(_var(a, axis, dtype, out, ddof, keepdims, **kwargs))


@composed(np.average)
def _average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    if weights is None:
        mean = np.mean(a, axis=axis, keepdims=keepdims)
        return (mean, np.full(mean.shape, a.size / mean.size, mean.dtype)[()]) if returned else mean
    weights = _along(weights, axis, np.shape(a))
    total = np.sum(weights, axis=axis, keepdims=keepdims)
    mean = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (mean, np.broadcast_to(total, mean.shape).astype(mean.dtype)) if returned else mean


def _along(weights: Any, axis: Any, shape: tuple[int, ...]) -> Any:
    """Weights of the axes `axis` alone, laid along these axes of an array of `shape`."""
    weights = weights if hasattr(weights, "shape") else np.asarray(weights)
    if weights.shape == shape:
        return weights
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = normalize_axis_tuple(axis, len(shape))
    if weights.shape != tuple(shape[k] for k in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    in_order = np.transpose(weights, sorted(range(len(axes)), key=axes.__getitem__))
    return np.reshape(in_order, tuple(n if k in axes else 1 for k, n in enumerate(shape)))


@composed(np.ptp)
def _ptp(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
    refuse(np.ptp, out=out)
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)
