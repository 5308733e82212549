"""What arrays of formulas are put through: movements, sums and folds.

An array is a NumPy array of objects, each an expression of SymPy. What only moves elements is found by moving their
numbers.

Loaded only where SymPy is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp

from wengert.rules.gathering import Slot
from wengert.symbolic.exact_numbers import condition_of, number_of, symbolic
from wengert.symbolic.vocabulary import NoCounterpartError
from wengert.wlist import Operation

__all__ = ["FOLDS", "REDUCTIONS", "array_of", "moved", "reduced"]

Array = Any
Params = Mapping[str, Any]

_ZERO = sp.Integer(0)


def array_of(value: Any) -> Array:
    """A number or an array of numbers as an array of objects."""
    array = np.asarray(value)
    found = np.empty(array.shape, object)
    for place in np.ndindex(array.shape):
        found[place] = symbolic(array[place])
    return found


def filled(elements: Sequence[Any], shape: tuple[int, ...]) -> Array:
    """The elements in an array of that shape, whatever they are."""
    array = np.empty(len(elements), object)
    array[:] = elements
    return array.reshape(shape)


# --- elements that are moved -----------------------------------------------------------------------------------

#: Primitives whose result consists of elements of the operand, and of zeros.
MOVING: frozenset[str] = frozenset(
    (
        "reshape", "transpose", "broadcast_to", "flip", "copy", "roll", "getitem", "diagonal", "on_diagonal",
        "take_diagonals", "put_diagonals", "sliding_window_view", "pad",
    )
)  # fmt: skip


def moved(prim: Operation, x: Array, params: Params) -> Array:
    """The result of a primitive in `MOVING`: its numbers are those of the elements, from 1 on, and 0."""
    numbers = np.arange(1, x.size + 1).reshape(x.shape)
    places = prim.evaluate([numbers], params)
    elements = [_ZERO, *x.ravel()]
    return filled([elements[k] for k in np.ravel(places).tolist()], np.shape(places))


def _added_back(ct: Array, places: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of `shape`, and the elements of `ct` added where they were taken from."""
    sums: list[list[Any]] = [[] for _ in range(int(np.prod(shape)))]
    for element, place in zip(ct.ravel(), np.ravel(places).tolist(), strict=True):
        sums[place].append(number_of(element))
    return filled([sp.Add(*terms) for terms in sums], shape)


def _numbers(shape: tuple[int, ...]) -> Any:
    return np.arange(int(np.prod(shape))).reshape(shape)


def _scatter(ct: Array, params: Params) -> Array:
    return _added_back(ct, _numbers(params["shape"])[params["index"]], params["shape"])


def _sum_of_windows(ct: Array, params: Params) -> Array:
    from numpy.lib.stride_tricks import sliding_window_view

    places = sliding_window_view(_numbers(params["shape"]), params["window"], params["axes"])
    return _added_back(ct, places, params["shape"])


def _index_update(x: Array, new: Array, params: Params) -> Array:
    flat, places = x.ravel().copy(), _numbers(x.shape)[params["index"]]
    for place, element in zip(np.ravel(places), np.broadcast_to(new, np.shape(places)).ravel(), strict=True):
        flat[place] = element
    return flat.reshape(x.shape)


def _known(indices: Array) -> Any:
    """Indices as numbers."""
    if not all(getattr(k, "is_Integer", False) for k in indices.ravel()):
        raise NoCounterpartError("Which elements it takes depends on the values.")
    return indices.astype(np.intp)


def _taken(x: Array, indices: Array, params: Params) -> Array:
    places = np.take(_numbers(x.shape), _known(indices), params["axis"], mode=params["mode"])
    return filled(list(x.ravel()[places.ravel()]), places.shape)


def _take_transpose(ct: Array, indices: Array, params: Params) -> Array:
    places = np.take(_numbers(params["shape"]), _known(indices), params["axis"], mode=params["mode"])
    return _added_back(ct, places, params["shape"])


def _taken_along(x: Array, indices: Array, params: Params) -> Array:
    return np.take_along_axis(x, _known(indices), params["axis"])


def _take_along_transpose(ct: Array, indices: Array, params: Params) -> Array:
    places = np.take_along_axis(_numbers(params["shape"]), _known(indices), params["axis"])
    return _added_back(ct, places, params["shape"])


def _filled_in(index: Sequence[Any], indices: Sequence[Array]) -> tuple[Any, ...]:
    """An index with its operands put in."""
    return tuple(_known(indices[part.number])[()] if isinstance(part, Slot) else part for part in index)


def _gathered(params: Params, x: Array, *indices: Array) -> Array:
    places = _numbers(x.shape)[_filled_in(params["index"], indices)]
    return filled(list(x.ravel()[np.ravel(places)]), np.shape(places))


def _gather_transpose(params: Params, ct: Array, *indices: Array) -> Array:
    return _scatter(ct, {"index": _filled_in(params["index"], indices), "shape": params["shape"]})


def _updated_at(params: Params, x: Array, new: Array, *indices: Array) -> Array:
    return _index_update(x, new, {"index": _filled_in(params["index"], indices)})


def _added_at(params: Params, x: Array, new: Array, *indices: Array) -> Array:
    places = _numbers(x.shape)[_filled_in(params["index"], indices)]
    more = _added_back(np.broadcast_to(new, np.shape(places)), places, x.shape)
    return np.frompyfunc(_added, 2, 1)(x, more)


# --- folds along an axis ---------------------------------------------------------------------------------------


def _accumulated(step: Callable[[Any, Any], Any], x: Array, axis: int) -> Array:
    lines = np.moveaxis(x, axis, 0).copy()
    fold = np.frompyfunc(step, 2, 1)
    for k in range(1, lines.shape[0]):
        lines[k] = fold(lines[k - 1], lines[k])
    return np.moveaxis(lines, 0, axis)


def _added(a: Any, b: Any) -> Any:
    return number_of(a) + number_of(b)


def _multiplied(a: Any, b: Any) -> Any:
    return number_of(a) * number_of(b)


def _recurrence(a: Array, b: Array, axis: int) -> Array:
    """The sequence h_k = a_k h_{k-1} + b_k, from h_0 = b_0."""
    factors, lines = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0).copy()
    multiply, add = np.frompyfunc(_multiplied, 2, 1), np.frompyfunc(_added, 2, 1)
    for k in range(1, lines.shape[0]):
        lines[k] = add(multiply(factors[k], lines[k - 1]), lines[k])
    return np.moveaxis(lines, 0, axis)


def _convolved(a: Array, v: Array, params: Params) -> Array:
    whole: list[list[Any]] = [[] for _ in range(a.size + v.size - 1)]
    for i, left in enumerate(a):
        for k, right in enumerate(v):
            whole[i + k].append(_multiplied(left, right))
    sums = filled([sp.Add(*terms) for terms in whole], (len(whole),))
    long, short = max(a.size, v.size), min(a.size, v.size)
    if params["mode"] == "valid":
        return sums[short - 1 : long]
    start = (short - 1) // 2
    return sums[start : start + long] if params["mode"] == "same" else sums


def _einsum(params: Params, *operands: Array) -> Array:
    numbers = [np.frompyfunc(number_of, 1, 1)(x) for x in operands]
    return np.asarray(np.einsum(params["subscripts"], *numbers, optimize=False), object)


#: Structural primitives that do more than to move: ``(params, *operands) -> array``.
FOLDS: Mapping[str, Callable[..., Array]] = MappingProxyType(
    {
        "concatenate": lambda params, *xs: np.concatenate(xs, axis=params["axis"]),
        "scatter": lambda params, ct: _scatter(ct, params),
        "sum_of_windows": lambda params, ct: _sum_of_windows(ct, params),
        "index_update": lambda params, x, new: _index_update(x, new, params),
        "take": lambda params, x, indices: _taken(x, indices, params),
        "take_transpose": lambda params, ct, indices: _take_transpose(ct, indices, params),
        "take_along_axis": lambda params, x, indices: _taken_along(x, indices, params),
        "take_along_axis_transpose": lambda params, ct, indices: _take_along_transpose(ct, indices, params),
        "gather": _gathered,
        "gather_transpose": _gather_transpose,
        "update_at": _updated_at,
        "add_at": _added_at,
        "cumsum": lambda params, x: _accumulated(_added, x, params["axis"]),
        "cumprod": lambda params, x: _accumulated(_multiplied, x, params["axis"]),
        "cummax": lambda params, x: _accumulated(sp.Max, x, params["axis"]),
        "cummin": lambda params, x: _accumulated(sp.Min, x, params["axis"]),
        "linear_recurrence": lambda params, a, b: _recurrence(a, b, params["axis"]),
        "segment_sums": lambda params, x: _recurrence(array_of(params["stays"]), x, params["axis"]),
        "convolve": lambda params, a, v: _convolved(a, v, params),
        "einsum": _einsum,
    }
)


# --- reductions ------------------------------------------------------------------------------------------------


def _numbered(function: Callable[..., Any]) -> Callable[[Sequence[Any]], Any]:
    def of_elements(xs: Sequence[Any]) -> Any:
        return function(*map(number_of, xs))

    return of_elements


def _mean(xs: Sequence[Any]) -> Any:
    return sp.Add(*map(number_of, xs)) / len(xs)


def _length(xs: Sequence[Any]) -> Any:
    return sp.sqrt(sp.Add(*(x * sp.conjugate(x) for x in map(number_of, xs))))


#: Reduction → the function of the elements that are reduced to one.
REDUCTIONS: Mapping[str, Callable[[Sequence[Any]], Any]] = MappingProxyType(
    {
        "sum": _numbered(sp.Add),
        "prod": _numbered(sp.Mul),
        "mean": _mean,
        "max": _numbered(sp.Max),
        "min": _numbered(sp.Min),
        "nanmax": _numbered(sp.Max),
        "nanmin": _numbered(sp.Min),
        "fmax_reduce": _numbered(sp.Max),
        "fmin_reduce": _numbered(sp.Min),
        "all": lambda xs: sp.And(*map(condition_of, xs)),
        "any": lambda xs: sp.Or(*map(condition_of, xs)),
        "count_nonzero": lambda xs: sp.Add(*(number_of(condition_of(x)) for x in xs)),
        "norm": _length,
        "hypot_reduce": _length,
        "logaddexp_reduce": lambda xs: sp.log(sp.Add(*map(sp.exp, xs))),
        "logaddexp2_reduce": lambda xs: sp.log(sp.Add(*(2**x for x in xs))) / sp.log(2),
    }
)


def reduced(name: str, x: Array, axis: tuple[int, ...], keepdims: bool) -> Array:
    """A reduction over some axes."""
    kept = [k for k in range(x.ndim) if k not in axis]
    outer = tuple(x.shape[k] for k in kept)
    rows = x.transpose(*kept, *axis).reshape(*outer, -1)
    found = filled([REDUCTIONS[name](rows[place]) for place in np.ndindex(outer)], outer)
    return found.reshape([1 if k in axis else n for k, n in enumerate(x.shape)]) if keepdims else found
