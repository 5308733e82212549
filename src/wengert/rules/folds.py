"""A ufunc of two operands applied along an axis: ``reduce``, ``accumulate`` and ``reduceat`` in general.

`reductions` and the cumulative functions have rows of their own for sums, products and extrema. For the others
y₀ = x₀, y_k = f(y_{k-1}, x_k): the tangents obey ẏ_k = p_k ẏ_{k-1} + q_k ẋ_k with the partials p and q of f, a linear
recurrence (`cumulative`), and the cotangents the same one backwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.declaration import normalized_axes, structural
from wengert.facts import Flat, Kind, flat, tangent
from wengert.primitive import Primitive
from wengert.registry import functions, handler_of, no_rule, table
from wengert.value import Value, bind, concrete, stacked

__all__ = ["accumulate", "as_operand", "reduce", "reduceat"]

_UNSET: Any = getattr(np, "_NoValue", None)


# --- the fold of any ufunc ------------------------------------------------------------------------------------


def _slopes(ufunc: np.ufunc, y: Any, x: Any) -> list[Any]:
    """The partials of each step but the first in the value before it and in the element that it takes up."""
    return [_slope(fact, y[1:], y[:-1], x[1:]) for fact in functions[ufunc].facts]  # type: ignore[attr-defined]


def _slope(fact: Any, y: Any, before: Any, taken: Any) -> Any:
    if isinstance(fact, Flat):
        return np.zeros(y.shape, y.dtype)
    return (fact(y, before, taken) if callable(fact) else fact) * np.ones(y.shape, y.dtype)


def _after_zero(x: Any) -> Any:
    return np.concatenate([np.zeros((1, *x.shape[1:]), x.dtype), x])


def _conj(x: Any) -> Any:
    return np.conjugate(x) if np.iscomplexobj(x) else x


def _weighted(ufunc: np.ufunc, t: Any, q: Any) -> Any:
    return table.selecting_multiply(t, q) if functions[ufunc].selects else t * q  # type: ignore[attr-defined]


def _push(t: Any, y: Any, x: Any, ufunc: np.ufunc) -> Any:
    if not x.size:
        return t
    p, q = _slopes(ufunc, y, x)
    taken = np.concatenate([t[:1], _weighted(ufunc, t[1:], q)])
    return table.linear_recurrence(_after_zero(p), taken, axis=0)


def _pull(ct: Any, y: Any, x: Any, ufunc: np.ufunc) -> Any:
    if not x.size:
        return ct
    p, q = _slopes(ufunc, y, x)
    factors = _after_zero(np.flip(_conj(p), 0))
    total = np.flip(table.linear_recurrence(factors, np.flip(ct, 0), axis=0), 0)
    return np.concatenate([total[:1], _weighted(ufunc, total[1:], _conj(q))])


# --- folds in closed form --------------------------------------------------------------------------------------


def _evenly(y: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """1/k for each of the k elements that are the result, 0 elsewhere."""
    attained = np.equal(x, y)
    return attained / np.sum(attained, axis=axis, keepdims=True)


def _exponential_share(y: Any, x: Any, axis: tuple[int, ...], exp: Any) -> Any:
    """The weights exp(x - y), which sum to 1 whatever y was rounded to; equal infinities share evenly."""
    is_infinite = np.isinf(y)
    attained = np.equal(x, y)
    weights = np.where(is_infinite, attained, exp(np.where(is_infinite, 0, x) - np.where(is_infinite, 0, y)))
    return weights / np.sum(weights, axis=axis, keepdims=True)


def _leg_share(y: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """The cosine of the direction along each axis; infinite legs count alike, and finite ones nothing beside them."""
    is_infinite, is_zero = np.isinf(y), np.equal(y, 0)
    legs = np.isinf(x)
    count = np.sqrt(np.sum(legs, axis=axis, keepdims=True))
    limit = np.sign(x) * legs / np.where(is_infinite, count, 1)
    length = np.where(is_infinite | is_zero, 1, y)
    return np.where(is_infinite, limit, np.where(is_zero, 0, x / length))


# fmt: off
fold = structural("fold", lambda x, ufunc: ufunc.accumulate(x),
                  [tangent(lambda t, y, x, *, ufunc: _push(t, y, x, ufunc), lambda ct, y, x, *, ufunc: _pull(ct, y, x, ufunc))],
                  analytic=False, at_kinks="those of the ufunc, step by step")
flat_fold = structural("flat_fold", lambda x, ufunc, method, **options: getattr(ufunc, method)(x, **options), flat)
logaddexp_reduce = table.add_primitive(Primitive("logaddexp_reduce", np.logaddexp.reduce, Kind.REDUCTION,
                                                 [lambda y, x, *, axis, keepdims: _exponential_share(y, x, axis, np.exp)],
                                                 analytic=False, at_kinks="smooth; shared evenly among equal infinities"))
logaddexp2_reduce = table.add_primitive(Primitive("logaddexp2_reduce", np.logaddexp2.reduce, Kind.REDUCTION,
                                                  [lambda y, x, *, axis, keepdims: _exponential_share(y, x, axis, np.exp2)],
                                                  analytic=False, at_kinks="smooth; shared evenly among equal infinities"))
hypot_reduce = table.add_primitive(Primitive("hypot_reduce", np.hypot.reduce, Kind.REDUCTION,
                                             [lambda y, x, *, axis, keepdims: _leg_share(y, x, axis)],
                                             analytic=False, at_kinks="0 where all are 0; infinite ones count alike"))
fmax_reduce = table.add_primitive(Primitive("fmax_reduce", np.fmax.reduce, Kind.REDUCTION,
                                            [lambda y, x, *, axis, keepdims: _evenly(y, x, axis)],
                                            selects=True, analytic=False, at_kinks="shared evenly among ties"))
fmin_reduce = table.add_primitive(Primitive("fmin_reduce", np.fmin.reduce, Kind.REDUCTION,
                                            [lambda y, x, *, axis, keepdims: _evenly(y, x, axis)],
                                            selects=True, analytic=False, at_kinks="shared evenly among ties"))
# fmt: on

#: Ufunc → the row of its reduction, and what stands for an element that ``where=`` leaves out.
_REDUCTIONS: dict[np.ufunc, tuple[Primitive, float]] = {
    np.logaddexp: (logaddexp_reduce, -np.inf),
    np.logaddexp2: (logaddexp2_reduce, -np.inf),
    np.hypot: (hypot_reduce, 0.0),
    np.fmax: (fmax_reduce, np.nan),
    np.fmin: (fmin_reduce, np.nan),
}


# --- the methods -----------------------------------------------------------------------------------------------


def _is_flat(ufunc: np.ufunc) -> bool:
    handler = handler_of(ufunc)
    return isinstance(handler, Primitive) and handler.is_flat


def as_operand(x: Any) -> Any:
    """A value or plain array of what NumPy takes for one, such as a list of values."""
    array = x if hasattr(x, "dtype") else np.asarray(x)
    return stacked(array) if array.dtype.kind == "O" else array


def _result_dtype(ufunc: np.ufunc, method: str, a: Any, **options: Any) -> Any:
    """The dtype in which NumPy computes; where it refuses the arguments, its own exception."""
    small = np.ones(tuple(min(n, 1) for n in a.shape), a.dtype)
    with np.errstate(all="ignore"):
        return np.asarray(getattr(ufunc, method)(small, **options)).dtype


def reduce(
    ufunc: np.ufunc, a: Any, axis: Any = 0, dtype: Any = None, keepdims: bool = False, initial: Any = _UNSET,
    where: Any = True,
) -> Any:  # fmt: skip
    """As ``ufunc.reduce``, for a ufunc without a handler of its own for it."""
    a = as_operand(a)
    options = {"axis": axis, "dtype": dtype, "keepdims": keepdims}
    if initial is not _UNSET:
        options["initial"] = 1 if isinstance(initial, Value) else initial
    if where is not True:
        options["where"] = np.True_
    kind = _result_dtype(ufunc, "reduce", a, **options)
    if _is_flat(ufunc):
        given = {"initial": initial, "where": where}
        plain = {name: concrete(given[name]) for name in given.keys() & options.keys()}
        return bind(flat_fold, (a,), {"ufunc": ufunc, "method": "reduce", **options, **plain})
    a = a if a.dtype == kind else a.astype(kind)
    if ufunc in _REDUCTIONS:
        return _closed(ufunc, a, axis, keepdims, initial, where)
    if axis == () or not a.shape:
        return a if initial is _UNSET else ufunc(initial, a)
    (axis,) = normalized_axes(axis, a.ndim)
    y = _folded(ufunc, np.moveaxis(a, axis, 0), initial, where if where is True else _front(where, a.shape, axis))
    return np.expand_dims(y, axis) if keepdims else y


def _front(where: Any, shape: tuple[int, ...], axis: int) -> Any:
    return np.moveaxis(np.broadcast_to(where, shape), axis, 0)


def _closed(ufunc: np.ufunc, a: Any, axis: Any, keepdims: bool, initial: Any, where: Any) -> Any:
    prim, left_out = _REDUCTIONS[ufunc]
    if where is not True:
        a = np.where(where, a, left_out if a.dtype.kind in "fc" else initial)
    axes = normalized_axes(axis, a.ndim)
    if not a.size and ufunc.identity is None:
        a = np.full(tuple(max(n, 1) if k in axes else n for k, n in enumerate(a.shape)), left_out, a.dtype)
    y = bind(prim, (a,), {"axis": axes, "keepdims": keepdims})
    return y if initial is _UNSET else ufunc(y, initial)


def _folded(ufunc: np.ufunc, x: Any, initial: Any, where: Any) -> Any:
    """The fold of x along axis 0."""
    is_row = isinstance(handler_of(ufunc), Primitive)
    if is_row and where is True:
        if initial is not _UNSET:
            first = np.broadcast_to(np.asarray(initial) if not isinstance(initial, Value) else initial, x.shape[1:])
            x = np.concatenate([first[None].astype(x.dtype), x])
        return bind(fold, (x,), {"ufunc": ufunc})[-1]
    steps = list(x) if initial is _UNSET else [initial, *x]
    masks = [True] * len(steps) if where is True else [True, *where]
    y = steps[0]
    for step, mask in zip(steps[1:], masks[1:], strict=True):
        y = ufunc(y, step) if mask is True else np.where(mask, ufunc(y, step), y)
    return y


def accumulate(ufunc: np.ufunc, a: Any, axis: int = 0, dtype: Any = None) -> Any:
    """As ``ufunc.accumulate``, for a ufunc without a handler of its own for it."""
    a = as_operand(a)
    kind = _result_dtype(ufunc, "accumulate", a, axis=axis, dtype=dtype)
    if _is_flat(ufunc):
        return bind(flat_fold, (a,), {"ufunc": ufunc, "method": "accumulate", "axis": axis, "dtype": dtype})
    if not isinstance(handler_of(ufunc), Primitive):
        raise no_rule(ufunc, "accumulate")
    axis = normalize_axis_index(axis, a.ndim)
    front = np.moveaxis(a if a.dtype == kind else a.astype(kind), axis, 0)
    return np.moveaxis(bind(fold, (front,), {"ufunc": ufunc}), 0, axis)


def reduceat(ufunc: np.ufunc, a: Any, indices: Any, axis: int = 0, dtype: Any = None) -> Any:
    """As ``ufunc.reduceat``: the segments of each length are reduced together."""
    a = as_operand(a)
    axis = normalize_axis_index(axis, a.ndim)
    starts = np.asarray(concrete(indices))
    ufunc.reduceat(np.ones(a.shape[axis], a.dtype), starts, dtype=dtype)  # NumPy's exceptions
    stops = np.append(starts[1:], a.shape[axis]).astype(np.intp)
    lengths = np.maximum(stops - starts, 1)
    reduced, places = [], []
    for length in np.unique(lengths):
        chosen = np.flatnonzero(lengths == length)
        segments = a[(slice(None),) * axis + (starts[chosen, None] + np.arange(length),)]
        reduced.append(ufunc.reduce(segments, axis=axis + 1, dtype=dtype))
        places.append(chosen)
    if not places:
        return ufunc.reduce(a[(slice(None),) * axis + (np.zeros((0, 1), int),)], axis=axis + 1, dtype=dtype)
    order = np.argsort(np.concatenate(places))
    return np.concatenate(reduced, axis=axis)[(slice(None),) * axis + (order,)]
