"""Sets of numbers, and what else selects by value: `numpy.unique` and the set functions, `trim_zeros`, `argwhere`.

The shape of such a result depends on the values, so that it cannot be traced. An element of it carries the derivative of
the first of the equal elements that it stands for: in the first argument, where several have it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from wengert.declaration import composed, structural
from wengert.facts import flat
from wengert.registry import functions
from wengert.rules.ordering import array, concrete
from wengert.value import bind

_SHAPE = "The shape of its result"


def _selected(sources: Sequence[Any], found: Any, function: Callable[..., Any]) -> Any:
    """The elements of `sources` that have the values `found`, the first of equals."""
    joined = np.concatenate([np.ravel(array(x)) for x in sources])
    numbers = concrete(joined, function, _SHAPE)
    order = np.argsort(numbers, kind="stable")
    return joined[order[np.searchsorted(numbers, found, sorter=order)]]


@composed(np.unique)
def _unique(ar: Any, *flags: Any, **options: Any) -> Any:
    numbers = concrete(ar, np.unique, _SHAPE)
    found = np.unique(numbers, *flags, **options)
    values = found[0] if isinstance(found, tuple) else found
    axis = options.get("axis", flags[3] if len(flags) > 3 else None)
    if axis is None or numbers.ndim == 1:
        values = _selected([ar], values, np.unique)
    else:
        index: Any = np.unique(numbers, return_index=True, axis=axis)[1]
        values = np.take(ar, index, axis=axis)
    return (values, *found[1:]) if isinstance(found, tuple) else values


def _array_api_unique(function: Callable[..., Any]) -> None:
    @composed(function)
    def handler(x: Any) -> Any:
        found = function(concrete(x, function, _SHAPE))
        if isinstance(found, np.ndarray):
            return _selected([x], found, function)
        return found._replace(values=_selected([x], found.values, function))


_array_api_unique(np.unique_values)
_array_api_unique(np.unique_counts)
_array_api_unique(np.unique_inverse)
_array_api_unique(np.unique_all)


def _set_function(function: Callable[..., Any]) -> None:
    @composed(function)
    def handler(ar1: Any, ar2: Any, *args: Any, **options: Any) -> Any:
        found = function(*(concrete(x, function, _SHAPE) for x in (ar1, ar2)), *args, **options)
        values = found[0] if isinstance(found, tuple) else found
        selected = _selected([ar1] if function is np.setdiff1d else [ar1, ar2], values, function)
        return (selected, *found[1:]) if isinstance(found, tuple) else selected


_set_function(np.intersect1d)
_set_function(np.union1d)
_set_function(np.setdiff1d)
_set_function(np.setxor1d)

isin = structural("isin", np.isin, [flat, flat])


@composed(np.isin)
def _isin(
    element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *, kind: str | None = None
) -> Any:
    return bind(isin, (element, test_elements), {"assume_unique": assume_unique, "invert": invert, "kind": kind})


# --- positions of what is not zero -----------------------------------------------------------------------------


def _positions(function: Callable[..., Any]) -> None:
    def handler(a: Any) -> Any:
        return function(concrete(a, function, _SHAPE))

    functions[function] = handler


_positions(np.argwhere)
_positions(np.flatnonzero)


@composed(np.trim_zeros)
def _trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    trim = trim.lower()
    if trim not in {"fb", "bf", "f", "b"}:
        raise ValueError(f"unexpected character(s) in `trim`: {trim!r}")
    axes = range(filt.ndim) if axis is None else normalize_axis_tuple(axis, filt.ndim, argname="axis")
    places = np.argwhere(concrete(filt, np.trim_zeros, _SHAPE))
    found = np.zeros(filt.ndim, int), np.zeros(filt.ndim, int)
    if len(places):
        found = places.min(axis=0), places.max(axis=0) + 1
    elif filt.ndim == 0:
        return filt
    is_cut = {"f": "f" in trim or not len(places), "b": "b" in trim or not len(places)}
    index = [slice(None)] * filt.ndim
    for k in axes:
        index[k] = slice(int(found[0][k]) if is_cut["f"] else None, int(found[1][k]) if is_cut["b"] else None)
    return filt[tuple(index)]
