"""`np.pad` in all its modes.

NumPy pads one axis after the other, and what an axis gets depends on the borders that those before it have got. So
does the composition here; the copies that a mode makes of the array are slices of it, joined at both ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from wengert.declaration import composed, structural
from wengert.facts import transpose
from wengert.rules.structural import along, nested
from wengert.value import Value, bind, concrete

Pair = tuple[int, int]


def _inner(pad_width: Sequence[Pair], shape: Sequence[int]) -> tuple[slice, ...]:
    """Where the array stands in the padded one of `shape`."""
    return tuple(slice(before, n - after) for (before, after), n in zip(pad_width, shape, strict=True))


# fmt: off
pad = structural("pad", lambda x, pad_width: np.pad(x, pad_width),
                 [transpose(lambda ct, x, *, pad_width: ct[_inner(pad_width, ct.shape)])], alias="ConstantPadNd")
# fmt: on


@composed(np.pad)
def _pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    widths = _widths(pad_width, array.ndim)
    if callable(mode):
        return _padded_by(mode, array, widths, kwargs)
    _check_mode(mode, kwargs, array.ndim)
    if not any(map(any, widths)):
        return np.copy(array)
    if mode == "empty" or (mode == "constant" and _is_zero(kwargs.get("constant_values", 0))):
        return bind(pad, (array,), {"pad_width": widths})
    if array.size == 0 and mode != "constant":
        return _without_elements(array, widths)
    borders = _BORDERS[mode](array.ndim, mode, kwargs)
    for axis, pair in enumerate(widths):
        if any(pair):
            array = borders(array, axis, pair)
    return array


def _pairs(x: Any, ndim: int) -> list[Any]:
    """Two entries of `x` for each axis, as NumPy broadcasts them."""
    if x is None:
        return [(None, None)] * ndim
    x = nested(x)
    if x.ndim < 3 and (x.size == 1 or (x.size == 2 and x.shape != (2, 1))):
        flat = np.ravel(x)
        return [(flat[0], flat[-1])] * ndim
    return [(pair[0], pair[1]) for pair in np.broadcast_to(x, (ndim, 2))]


def _widths(pad_width: Any, ndim: int) -> tuple[Pair, ...]:
    """The lengths to be added before and after each axis."""
    pad_width = concrete(pad_width)
    np.pad(np.empty((0,) * ndim, bool), pad_width, "empty")  # NumPy's errors
    if isinstance(pad_width, dict):
        of_axis = {axis % ndim: width for axis, width in pad_width.items()}
        pad_width = [_pairs(of_axis.get(axis, 0), 1)[0] for axis in range(ndim)]
    return tuple((int(before), int(after)) for before, after in _pairs(pad_width, ndim))


def _check_mode(mode: Any, kwargs: Mapping[str, Any], ndim: int) -> None:
    """Raise NumPy's errors for a mode that is none or that has no such parameter."""
    harmless = {key: 0 if key in ("constant_values", "end_values") else value for key, value in kwargs.items()}
    np.pad(np.ones((1,) * ndim), 0, mode, **harmless)


def _is_zero(x: Any) -> bool:
    return not isinstance(x, (Value, list, tuple)) and not np.any(x)


def _without_elements(array: Any, widths: Sequence[Pair]) -> Any:
    for axis, pair in enumerate(widths):
        if array.shape[axis] == 0 and any(pair):
            raise ValueError(f"can't extend empty axis {axis} using modes other than 'constant' or 'empty'")
    return bind(pad, (array,), {"pad_width": widths})


def _padded_by(function: Callable[..., Any], array: Any, widths: Sequence[Pair], kwargs: Mapping[str, Any]) -> Any:
    """Let `function` write into every line of the array padded with zeros, along one axis after the other."""
    array = bind(pad, (array,), {"pad_width": widths})
    for axis, pair in enumerate(widths):
        moved = np.moveaxis(array, axis, -1)
        lines = [np.copy(moved[place]) for place in np.ndindex(moved.shape[:-1])]
        for line in lines:
            function(line, pair, axis, kwargs)
        if lines:
            array = np.moveaxis(np.reshape(np.stack(lines), moved.shape), -1, axis)
    return array


# --- what stands at both ends of an axis -----------------------------------------------------------------------


def _wide(part: Any, array: Any, axis: int, count: int) -> Any:
    """`part`, of length 1 along the axis or a number, as often as `count` says."""
    shape = (*array.shape[:axis], count, *array.shape[axis + 1 :])
    return np.broadcast_to(part.astype(array.dtype), shape)


def _between(before: Any, array: Any, after: Any, axis: int) -> Any:
    return np.concatenate([x for x in (before, array, after) if x.shape[axis]], axis=axis)


def _constant(ndim: int, mode: str, kwargs: Mapping[str, Any]) -> Callable[..., Any]:
    values = _pairs(kwargs["constant_values"], ndim)

    def borders(array: Any, axis: int, pair: Pair) -> Any:
        before, after = (_wide(value, array, axis, n) for value, n in zip(values[axis], pair, strict=True))
        return _between(before, array, after, axis)

    return borders


def _edge(ndim: int, mode: str, kwargs: Mapping[str, Any]) -> Callable[..., Any]:
    return _with_edges


def _with_edges(array: Any, axis: int, pair: Pair) -> Any:
    first, last = array[along(axis, slice(0, 1))], array[along(axis, slice(-1, None))]
    return _between(_wide(first, array, axis, pair[0]), array, _wide(last, array, axis, pair[1]), axis)


def _linear_ramp(ndim: int, mode: str, kwargs: Mapping[str, Any]) -> Callable[..., Any]:
    ends = _pairs(kwargs.get("end_values", 0), ndim)

    def borders(array: Any, axis: int, pair: Pair) -> Any:
        before, after = (
            np.linspace(end, array[along(axis, edge)], n, endpoint=False, dtype=array.dtype, axis=axis)
            for end, edge, n in zip(ends[axis], (0, -1), pair, strict=True)
        )
        return _between(before, array, np.flip(after, axis), axis)

    return borders


_STATISTICS: dict[str, Any] = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}


def _statistic(ndim: int, mode: str, kwargs: Mapping[str, Any]) -> Callable[..., Any]:
    function, lengths = _STATISTICS[mode], _pairs(kwargs.get("stat_length"), ndim)

    def of(part: Any, axis: int) -> Any:
        found = function(part, axis=axis, keepdims=True)
        return np.round(found) if part.dtype.kind in "iu" else found

    def borders(array: Any, axis: int, pair: Pair) -> Any:
        n = array.shape[axis]
        left, right = (n if length is None else min(int(length), n) for length in lengths[axis])
        before = of(array[along(axis, slice(0, left))], axis)
        after = before if left == right == n else of(array[along(axis, slice(n - right, n))], axis)
        return _between(_wide(before, array, axis, pair[0]), array, _wide(after, array, axis, pair[1]), axis)

    return borders


def _reflection(ndim: int, mode: str, kwargs: Mapping[str, Any]) -> Callable[..., Any]:
    """Mirror images of the array, until both ends are filled; each time from all that is there."""
    edge_is_doubled, is_odd = mode == "symmetric", kwargs.get("reflect_type", "even") == "odd"

    def image(part: Any, edge: Any, axis: int) -> Any:
        flipped = np.flip(part, axis)
        return 2 * edge - flipped if is_odd else flipped

    def borders(array: Any, axis: int, pair: Pair) -> Any:
        n = array.shape[axis]
        if n == 1:
            return _with_edges(array, axis, pair)
        (left, right), skipped = pair, 0 if edge_is_doubled else 1
        period = n - skipped
        while left or right:
            length = array.shape[axis]
            usable = (length - skipped) // period * period
            counts = min(usable, left), min(usable, right)
            before = array[along(axis, slice(skipped, skipped + counts[0]))]
            after = array[along(axis, slice(length - skipped - counts[1], length - skipped))]
            first, last = array[along(axis, slice(0, 1))], array[along(axis, slice(length - 1, length))]
            array = _between(image(before, first, axis), array, image(after, last, axis), axis)
            left, right = left - counts[0], right - counts[1]
        return array

    return borders


def _wrap(ndim: int, mode: str, kwargs: Mapping[str, Any]) -> Callable[..., Any]:
    def borders(array: Any, axis: int, pair: Pair) -> Any:
        n, (left, right) = array.shape[axis], pair
        while left or right:
            length = array.shape[axis]
            period = length // n * n
            counts = min(period, left), min(period, right)
            before = array[along(axis, slice(period - counts[0], period))]
            start = length - period
            array = _between(before, array, array[along(axis, slice(start, start + counts[1]))], axis)
            left, right = left - counts[0], right - counts[1]
        return array

    return borders


_BORDERS: dict[str, Callable[[int, str, Mapping[str, Any]], Callable[..., Any]]] = {
    "constant": _constant,
    "edge": _edge,
    "linear_ramp": _linear_ramp,
    "maximum": _statistic,
    "mean": _statistic,
    "median": _statistic,
    "minimum": _statistic,
    "reflect": _reflection,
    "symmetric": _reflection,
    "wrap": _wrap,
}
