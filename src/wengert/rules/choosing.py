"""Functions that choose elements or functions by conditions and by numbers, and those that apply a function by lines.

What is chosen is moved, never multiplied by zero: whatever stands in a choice that is not taken, its derivative is an
exact zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.declaration import composed, refuse
from wengert.facts import Kind, flat
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.rules.ordering import concrete, known
from wengert.rules.structural import along, array_of
from wengert.value import bind


def _numbers(x: Any, count: int, mode: str) -> Any:
    """The numbers of choices, within range; NumPy's error for one that is not."""
    return np.choose(x, range(count), mode=mode)  # type: ignore[call-overload]  # the mode is checked by NumPy


choice_number = table.add_primitive(Primitive("choice_number", _numbers, Kind.ELEMENTWISE, [flat]))


def _in_one_dtype(choices: Sequence[Any]) -> list[Any]:
    """The choices, and the default after them, in the dtype of the result; Python's numbers have none of their own."""
    choices = [x if type(x) in (int, float, complex) else array_of(x) for x in choices]
    dtype = np.result_type(*choices)
    return [np.asarray(x, dtype) if not hasattr(x, "dtype") else x if x.dtype == dtype else x.astype(dtype) for x in choices]


@composed(np.choose)
def _choose(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Any:
    refuse(np.choose, out=out)
    choices = _in_one_dtype(list(choices))
    # Types are inferred from ones, and 1 is no number of a single choice.
    mode = "clip" if len(choices) == 1 and known(a) is None else mode
    number = bind(choice_number, (array_of(a),), {"count": len(choices), "mode": mode})
    chosen = choices[0]
    for k, choice in enumerate(choices[1:], 1):
        chosen = np.where(number == k, choice, chosen)
    return np.broadcast_to(chosen, np.broadcast_shapes(number.shape, *(x.shape for x in choices)))


@composed(np.select)
def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    conditions, choices = [array_of(x) for x in condlist], list(choicelist)
    if len(conditions) != len(choices):
        raise ValueError("list of cases must be same length as list of conditions")
    if not conditions:
        raise ValueError("select with an empty condition list is not possible")
    for i, condition in enumerate(conditions):
        if condition.dtype != bool:
            raise TypeError(f"invalid entry {i} in condlist: should be boolean ndarray")
    *choices, selected = _in_one_dtype([*choices, default])
    for condition, choice in zip(conditions[::-1], choices[::-1], strict=True):
        selected = np.where(condition, choice, selected)
    return selected


# --- a function for each part of an array ----------------------------------------------------------------------


@composed(np.piecewise)
def _piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    x = array_of(x)
    conditions = _conditions(x, condlist, len(funclist))
    whole = np.reshape(x, (1,)) if x.ndim == 0 else x
    conditions = conditions.reshape((len(conditions), 1)) if x.ndim == 0 else conditions
    owner = np.full(whole.shape, -1)
    for number, condition in enumerate(conditions):
        owner[condition] = number
    place, parts, count = np.zeros(whole.shape, np.intp), [np.zeros(1, x.dtype)], 1
    for number, (condition, function) in enumerate(zip(conditions, funclist, strict=True)):
        is_own = owner[condition] == number
        if not is_own.size:
            continue
        part = function(whole[condition], *args, **kw) if callable(function) else function
        part = _assignable(array_of(part), whole.shape, condition).astype(x.dtype)
        part = np.ravel(part) if is_own.all() else part[is_own]
        place[owner == number] = np.arange(count, count + part.size)
        count += part.size
        parts.append(part)
    return np.reshape(np.concatenate(parts)[place], x.shape)


def _assignable(part: Any, shape: tuple[int, ...], condition: Any) -> Any:
    """What a function gave, for each element that the condition selects."""
    selected = np.broadcast_to(True, shape)[condition].shape
    try:
        return np.broadcast_to(part, selected)
    except ValueError:
        np.empty(shape)[condition] = np.empty(part.shape)  # NumPy's error
        raise


def _conditions(x: Any, condlist: Any, count: int) -> Any:
    """The conditions as one array, with that of the function that is left for the rest."""
    depends = "How many elements each function is given"
    if isinstance(condlist, (list, tuple)):
        found: Any = [concrete(condition, np.piecewise, depends) for condition in condlist]
    else:
        found = concrete(condlist, np.piecewise, depends)
    if np.isscalar(found) or (not isinstance(found[0], (list, np.ndarray)) and x.ndim != 0):
        found = [found]
    conditions = np.asarray(found, bool)
    if len(conditions) == count - 1:
        return np.concatenate([conditions, ~np.any(conditions, axis=0, keepdims=True)], axis=0)
    if len(conditions) != count:
        n = len(conditions)
        raise ValueError(f"with {n} condition(s), either {n} or {n + 1} functions are expected")
    return conditions


# --- a function for each line ----------------------------------------------------------------------------------


@composed(np.apply_along_axis)
def _apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    axis = normalize_axis_index(axis, arr.ndim)
    lines = np.moveaxis(arr, axis, -1)
    outer = lines.shape[:-1]
    results = [array_of(func1d(lines[place], *args, **kwargs)) for place in np.ndindex(outer)]
    if not results:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    shape, dtype = results[0].shape, results[0].dtype
    stacked = np.stack([np.broadcast_to(y, shape).astype(dtype) for y in results])
    return np.moveaxis(
        np.reshape(stacked, outer + shape),
        range(len(outer), len(outer) + len(shape)),
        range(axis, axis + len(shape)),
    )


@composed(np.apply_over_axes)
def _apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Any:
    for axis in (axes,) if np.ndim(axes) == 0 else axes:
        place = axis + a.ndim if axis < 0 else axis
        result = func(a, place)
        if result.ndim != a.ndim:
            result = np.expand_dims(result, place)
        if result.ndim != a.ndim:
            raise ValueError("function is not returning an array of the correct shape")
        a = result
    return a


# --- what a condition holds for --------------------------------------------------------------------------------


_SHAPE = "The shape of its result"


@composed(np.compress)
def _compress(condition: Any, a: Any, axis: int | None = None, out: None = None) -> Any:
    refuse(np.compress, out=out)
    a = array_of(a)
    a, axis = (np.ravel(a), 0) if axis is None else (a, normalize_axis_index(axis, a.ndim))
    is_kept = np.zeros(a.shape[axis], bool)
    is_kept[np.compress(concrete(condition, np.compress, _SHAPE), np.arange(a.shape[axis]))] = True
    return a[along(axis, is_kept)]


@composed(np.extract)
def _extract(condition: Any, arr: Any) -> Any:
    return np.take(np.ravel(arr), np.flatnonzero(concrete(condition, np.extract, _SHAPE)))
