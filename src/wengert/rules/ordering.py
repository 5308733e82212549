"""Sorting, and the indices that order an array.

An index is a whole number: flat. What is sorted is gathered by such an index, so that an array is sorted once and its
derivative is a permutation. Equal elements keep their order (a stable sort), whatever algorithm NumPy uses: the
permutation is one that the derivative has at points nearby, and the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.declaration import composed, refuse, structural
from wengert.errors import TraceError, user_location
from wengert.facts import flat
from wengert.registry import functions
from wengert.value import Value, bind

__all__ = ["array", "concrete", "known", "stable_order"]

_SMALL = 1000  # elements along an axis up to which a stable sort costs no more than a test for ties


# --- values and arrays -----------------------------------------------------------------------------------------


def array(x: Any) -> Any:
    """A value as it is, anything else as an array."""
    return x if isinstance(x, Value) else np.asarray(x)


def known(x: Any) -> Any:
    """The numbers of a value, of an array or of a list; ``None`` while tracing."""
    if not isinstance(x, Value):
        return np.asarray(x)
    try:
        return x._concrete()
    except TraceError:
        return None


def concrete(x: Any, function: Callable[..., Any], depends: str) -> Any:
    """The numbers of `x`, where `depends` on them and `function` can therefore not be traced."""
    numbers = known(x)
    if numbers is None:
        raise TraceError(
            f"np.{function.__name__} was called on a value that is known by shape and dtype only.",
            why=f"{depends} depends on the values.",
            remedy="Select with np.where; or use wg.grad, wg.jvp or wg.explain, which run on values.",
            where=user_location(),
        )
    return numbers


# --- indices ---------------------------------------------------------------------------------------------------


def _argsort(x: Any, axis: int, kind: str | None = None) -> Any:
    if kind != "stable" or x.shape[axis] <= _SMALL:
        return np.argsort(x, axis, kind=kind)  # type: ignore[arg-type]  # the name of a kind
    order = np.argsort(x, axis)
    along = np.moveaxis(np.take_along_axis(x, order, axis), axis, 0)
    has_no_ties = np.all(along[:-1] < along[1:])  # then only one order is right, and the fastest sort has found it
    return order if has_no_ties else np.argsort(x, axis, kind="stable")


def _partition_order(x: Any, kth: Any, axis: int) -> Any:
    """The index that gives what np.partition gives; NumPy's own argpartition may leave another order."""
    order, parted = np.argpartition(x, kth, axis), np.partition(x, kth, axis)
    if np.array_equal(np.take_along_axis(x, order, axis), parted, equal_nan=True):
        return order
    by_size = np.argsort(parted, axis, kind="stable")
    np.put_along_axis(order, by_size, np.argsort(x, axis, kind="stable"), axis)
    return order


def _judged(function: Callable[..., Any], a: Any, **options: Any) -> None:
    """Let NumPy refuse options that it does not accept."""
    if any(option is not None for option in options.values()):
        function(np.empty(0, a.dtype), **options)


def _plain_kth(kth: Any) -> Any:
    return tuple(kth) if isinstance(kth, (list, np.ndarray)) and np.ndim(kth) else kth


def _lexsort_of(*keys: Any, axis: int) -> Any:
    return np.lexsort(keys, axis)


# fmt: off
argmax = structural("argmax", np.argmax, flat)
argmin = structural("argmin", np.argmin, flat)
nanargmax = structural("nanargmax", np.nanargmax, flat)
nanargmin = structural("nanargmin", np.nanargmin, flat)
argsort = structural("argsort", _argsort, flat)
argpartition = structural("argpartition", np.argpartition, flat)
partition_order = structural("partition_order", _partition_order, flat)
lexsort = structural("lexsort", _lexsort_of, flat, variadic=True)
searchsorted = structural("searchsorted", np.searchsorted, [flat, flat])
digitize = structural("digitize", np.digitize, [flat, flat])
# fmt: on


def _position_function(function: Callable[..., Any]) -> None:
    prim = functions_of_positions[function]

    def handler(a: Any, axis: int | None = None, out: None = None, *, keepdims: bool = False) -> Any:
        refuse(function, out=out)
        return bind(prim, (a,), {"axis": axis, "keepdims": bool(keepdims)})

    functions[function] = handler


functions_of_positions = {np.argmax: argmax, np.argmin: argmin, np.nanargmax: nanargmax, np.nanargmin: nanargmin}
for _function in functions_of_positions:
    _position_function(_function)


@composed(np.argsort)
def _argsort_of_values(
    a: Any, axis: int | None = -1, kind: str | None = None, order: None = None, *, stable: bool | None = None
) -> Any:
    _judged(np.argsort, a, kind=kind, order=order, stable=stable)
    if axis is None or a.ndim == 0:
        a, axis = np.ravel(a), 0
    return bind(argsort, (a,), {"axis": normalize_axis_index(axis, a.ndim), "kind": "stable" if stable else kind})


@composed(np.argpartition)
def _argpartition_of_values(
    a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: None = None
) -> Any:
    _judged(np.argpartition, a, kth=0, kind=kind, order=order)
    if axis is None:
        a, axis = np.ravel(a), 0
    return bind(argpartition, (a,), {"kth": _plain_kth(kth), "axis": normalize_axis_index(axis, a.ndim)})


@composed(np.lexsort)
def _lexsort(keys: Any, axis: int = -1) -> Any:
    return bind(lexsort, tuple(keys), {"axis": axis})


@composed(np.searchsorted)
def _searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    if sorter is not None:
        a = np.take_along_axis(array(a), array(sorter), axis=0)
    return bind(searchsorted, (a, v), {"side": side})


@composed(np.digitize)
def _digitize(x: Any, bins: Any, right: bool = False) -> Any:
    return bind(digitize, (x, bins), {"right": bool(right)})


# --- sorted arrays ---------------------------------------------------------------------------------------------


def stable_order(a: Any, axis: int = -1) -> Any:
    """The index that sorts `a` along `axis`, with equal elements as they stand."""
    return bind(argsort, (a,), {"axis": axis, "kind": "stable"})


@composed(np.sort)
def _sort(
    a: Any, axis: int | None = -1, kind: str | None = None, order: None = None, *, stable: bool | None = None
) -> Any:
    """The elements in order; on a tie each keeps the derivative of the element that stands at its place."""
    _judged(np.sort, a, kind=kind, order=order, stable=stable)
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = normalize_axis_index(axis, a.ndim)
    return np.take_along_axis(a, stable_order(a, axis), axis)


@composed(np.partition)
def _partition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: None = None) -> Any:
    _judged(np.partition, a, kth=0, kind=kind, order=order)
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = normalize_axis_index(axis, a.ndim)
    return np.take_along_axis(a, bind(partition_order, (a,), {"kth": _plain_kth(kth), "axis": axis}), axis)


@composed(np.sort_complex)
def _sort_complex(a: Any) -> Any:
    return np.sort(a).astype(np.sort_complex(np.empty(0, a.dtype)).dtype)
