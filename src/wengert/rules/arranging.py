"""Functions that arrange the elements of arrays: rolled, repeated, inserted, joined in blocks, split, spaced evenly.

All but `roll` are compositions: an axis of the result is a broadcast, a join or a selection of slices.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from wengert.declaration import composed, structural
from wengert.facts import transpose
from wengert.registry import functions, table
from wengert.rules.ordering import known
from wengert.rules.structural import along, array_of, stand_in
from wengert.value import Value, bind, concrete

# fmt: off
roll = structural("roll", lambda x, shift, axis: np.roll(x, shift, axis),
                  [transpose(lambda ct, x, *, shift, axis: table.roll(ct, shift=tuple(-n for n in shift), axis=axis))])
# fmt: on


def _raveled(a: Any, axis: int | None) -> tuple[Any, int]:
    """An array and its axis, where ``None`` is the only one of all elements in a row."""
    a = array_of(a)
    return (np.ravel(a), 0) if axis is None else (a, normalize_axis_index(axis, a.ndim))


# --- turned and moved ------------------------------------------------------------------------------------------


@composed(np.roll)
def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.roll(np.ravel(a), shift, 0).reshape(a.shape)
    axes = normalize_axis_tuple(axis, a.ndim, allow_duplicate=True)
    pairs = np.broadcast(concrete(shift), axes if np.ndim(axis) else axes[0])
    if pairs.ndim > 1:
        raise ValueError("'shift' and 'axis' should be scalars or 1D sequences")
    shifts, places = zip(*((int(n), int(k)) for n, k in pairs), strict=True) if pairs.size else ((), ())
    return bind(roll, (a,), {"shift": shifts, "axis": places})


@composed(np.rot90)
def _rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    np.rot90(stand_in(m), k, axes)  # NumPy's errors
    first, second = normalize_axis_tuple(axes, m.ndim)
    k = int(k) % 4
    if k in (0, 2):
        return np.flip(m, (first, second)) if k else m[:]
    if k == 1:
        return np.swapaxes(np.flip(m, second), first, second)
    return np.flip(np.swapaxes(m, first, second), second)


@composed(np.fliplr)
def _fliplr(m: Any) -> Any:
    np.fliplr(stand_in(m))  # NumPy's error for a vector
    return np.flip(m, 1)


@composed(np.flipud)
def _flipud(m: Any) -> Any:
    np.flipud(stand_in(m))
    return np.flip(m, 0)


# --- repeated --------------------------------------------------------------------------------------------------


def _copies(a: Any, times: Sequence[int]) -> Any:
    """As many copies of `a` along each axis as `times` says."""
    if min(times, default=0) < 0:
        raise ValueError("negative dimensions are not allowed")
    split, wide = [], []
    for n, copies in zip(a.shape, times, strict=True):
        split += [n] if copies == 1 else [1, n]
        wide += [n] if copies == 1 else [copies, n]
    full = tuple(n * copies for n, copies in zip(a.shape, times, strict=True))
    return np.reshape(np.broadcast_to(np.reshape(a, tuple(split)), tuple(wide)), full)


@composed(np.tile)
def _tile(A: Any, reps: Any) -> Any:
    A, reps = array_of(A), concrete(reps)
    times = [operator.index(n) for n in (reps if np.iterable(reps) else (reps,))]
    ndim = max(A.ndim, len(times))
    raised = np.reshape(A, (1,) * (ndim - A.ndim) + A.shape)
    times = [1] * (ndim - len(times)) + times
    return np.copy(raised) if set(times) <= {1} else _copies(raised, times)


@composed(np.repeat)
def _repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    a, axis = _raveled(a, axis)
    counts, shape = concrete(repeats), a.shape
    if np.size(counts) == 1:
        count = np.repeat(np.empty(1, bool), counts).size  # with NumPy's errors
        wide = np.broadcast_to(np.expand_dims(a, axis + 1), (*shape[: axis + 1], count, *shape[axis + 1 :]))
        return np.reshape(wide, (*shape[:axis], shape[axis] * count, *shape[axis + 1 :]))
    return a[along(axis, np.repeat(np.arange(shape[axis]), counts))]


@composed(np.resize)
def _resize(a: Any, new_shape: Any) -> Any:
    shape = tuple(operator.index(n) for n in (new_shape if np.iterable(new_shape) else (new_shape,)))
    if min(shape, default=0) < 0:
        raise ValueError("all elements of `new_shape` must be non-negative")
    size = math.prod(shape)
    if a.size == 0 or size == 0:
        return np.zeros_like(a, shape=shape)
    return np.reshape(np.tile(np.ravel(a), -(-size // a.size))[:size], shape)


@composed(np.kron)
def _kron(a: Any, b: Any) -> Any:
    a, b = array_of(a), array_of(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    ndim = max(a.ndim, b.ndim)
    rows, columns = ((1,) * (ndim - x.ndim) + x.shape for x in (a, b))
    outer = np.reshape(a, _alternating(rows, ())) * np.reshape(b, _alternating((), columns))
    return np.reshape(outer, tuple(m * n for m, n in zip(rows, columns, strict=True)))


def _alternating(first: Sequence[int], second: Sequence[int]) -> tuple[int, ...]:
    """The lengths of `first` and `second` in turn, those of an empty one being 1."""
    ndim = max(len(first), len(second))
    pairs = zip(first or (1,) * ndim, second or (1,) * ndim, strict=True)
    return tuple(n for pair in pairs for n in pair)


# --- inserted and deleted --------------------------------------------------------------------------------------


@composed(np.append)
def _append(arr: Any, values: Any, axis: int | None = None) -> Any:
    if axis is None:
        arr, values, axis = np.ravel(arr), np.ravel(values), 0
    return np.concatenate((arr, values), axis=axis)


@composed(np.insert)
def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    a, axis = _raveled(arr, axis)
    obj, values = concrete(obj), array_of(values).astype(a.dtype)
    numbers = _numbers(0, a.shape[axis], axis, a.ndim)
    places = np.ravel(np.insert(numbers, obj, -1, axis)) < 0  # with NumPy's errors
    count = int(np.count_nonzero(places))
    if count == 1:
        is_number = not isinstance(obj, slice) and np.ndim(obj) == 0
        return _insert_at(a, int(np.argmax(places)), values, axis, is_number)
    text = f"shape mismatch: value array of shape {values.shape} could not be broadcast to indexing result of shape {{}}"
    joined = np.concatenate((a, _fitted(values, a.shape, axis, count, text)), axis=axis)
    new = _numbers(a.shape[axis], count, axis, a.ndim)
    return joined[along(axis, np.ravel(np.insert(numbers, obj, new, axis)))]


def _insert_at(a: Any, place: int, values: Any, axis: int, is_number: bool) -> Any:
    """Insert at one place: any number of values, which stand along the first axis if the place `is_number`."""
    values = np.reshape(values, (1,) * (a.ndim - values.ndim) + values.shape)
    if is_number:
        values = np.moveaxis(values, 0, axis)
    text = f"could not broadcast input array from shape {values.shape} into shape {{}}"
    inserted = _fitted(values, a.shape, axis, values.shape[axis], text)
    return np.concatenate((a[along(axis, slice(place))], inserted, a[along(axis, slice(place, None))]), axis=axis)


def _numbers(start: int, count: int, axis: int, ndim: int) -> Any:
    """Numbers from `start`, in a row along the axis."""
    return np.arange(start, start + count).reshape(tuple(count if k == axis else 1 for k in range(ndim)))


def _fitted(values: Any, shape: tuple[int, ...], axis: int, count: int, text: str) -> Any:
    """The values to be inserted, as many along the axis as are inserted; `text` is that of the error."""
    wanted = (*shape[:axis], count, *shape[axis + 1 :])
    try:
        return np.broadcast_to(values, wanted)
    except ValueError:
        raise ValueError(text.format(wanted).replace(", ", ",")) from None


@composed(np.delete)
def _delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    a, axis = _raveled(arr, axis)
    is_kept = np.zeros(a.shape[axis], bool)
    is_kept[np.ravel(np.delete(_numbers(0, a.shape[axis], axis, a.ndim), concrete(obj), axis))] = True
    return a[along(axis, is_kept)]


# --- joined in blocks, and split -------------------------------------------------------------------------------


@composed(np.block)
def _block(arrays: Any) -> Any:
    leaves = list(_leaves(arrays, 0))
    depth = leaves[0][1] if leaves else -1
    if any(other != depth or isinstance(x, (list, tuple)) for x, other in leaves):
        np.block(_plain_leaves(arrays))  # NumPy's error
    ndim = max(depth, *(np.ndim(x) for x, _ in leaves))
    return np.copy(_joined(arrays, depth, ndim)) if depth == 0 else _joined(arrays, depth, ndim)


def _leaves(arrays: Any, depth: int) -> Iterable[tuple[Any, int]]:
    """What is in the nested lists, and how deep; an empty list is a leaf."""
    if type(arrays) is list and arrays:
        for x in arrays:
            yield from _leaves(x, depth + 1)
    else:
        yield arrays, depth


def _plain_leaves(arrays: Any) -> Any:
    if isinstance(arrays, (list, tuple)):
        return type(arrays)(map(_plain_leaves, arrays))
    return stand_in(arrays) if isinstance(arrays, Value) else arrays


def _joined(arrays: Any, depth: int, ndim: int) -> Any:
    if depth == 0:
        return np.reshape(arrays, (1,) * (ndim - np.ndim(arrays)) + np.shape(arrays))
    return np.concatenate([_joined(x, depth - 1, ndim) for x in arrays], axis=-depth)


@composed(np.array_split)
def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    length = ary.shape[axis]
    axis = normalize_axis_index(axis, ary.ndim)
    places = concrete(indices_or_sections)
    if not np.iterable(places):
        places = np.cumsum([len(part) for part in np.array_split(np.arange(length), places)][:-1])
    bounds = [0, *places, length]
    return [ary[along(axis, slice(*pair))] for pair in itertools.pairwise(bounds)]


@composed(np.split)
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    sections = concrete(indices_or_sections)
    if not np.iterable(sections) and ary.shape[axis] % sections:
        raise ValueError("array split does not result in an equal division")
    return np.array_split(ary, sections, axis)


def _split_along(function: Callable[..., Any], axis_of: Callable[[int], int]) -> None:
    """A split along an axis that depends on the number of axes."""

    def handler(ary: Any, indices_or_sections: Any) -> list[Any]:
        function(stand_in(ary), concrete(indices_or_sections))  # NumPy's errors
        return np.split(ary, indices_or_sections, axis_of(ary.ndim))

    functions[function] = handler


_split_along(np.hsplit, lambda ndim: min(ndim - 1, 1))
_split_along(np.vsplit, lambda ndim: 0)
_split_along(np.dsplit, lambda ndim: 2)

if hasattr(np, "unstack"):

    @composed(np.unstack)
    def _unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
        if x.ndim == 0:
            raise ValueError("Input array must be at least 1-d.")
        return tuple(np.moveaxis(x, axis, 0))


# --- grids, spaced numbers -------------------------------------------------------------------------------------


@composed(np.meshgrid)
def _meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Sequence[Any]:
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    order = list(range(len(xi)))
    if indexing == "xy" and len(xi) > 1:
        order[:2] = [1, 0]
    grids: Sequence[Any] = [
        np.reshape(x, tuple(-1 if k == axis else 1 for k in order)) for axis, x in enumerate(xi)
    ]
    if not sparse:
        grids = np.broadcast_arrays(*grids)
    return tuple(np.copy(x) for x in grids) if copy else grids


@composed(np.diagflat)
def _diagflat(v: Any, k: int = 0) -> Any:
    return np.diag(np.ravel(v), k)


@composed(np.vander)
def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    np.vander(stand_in(x)[:1] if x.ndim == 1 else stand_in(x), N)  # NumPy's errors
    x = x.astype(np.promote_types(x.dtype, int))
    count = x.size if N is None else operator.index(N)
    powers = [np.ones(x.shape, x.dtype)]
    for _ in range(count - 1):
        powers.append(powers[-1] * x if len(powers) > 1 else x)
    powers = powers[:count]
    return np.stack(powers if increasing else powers[::-1], axis=1) if powers else np.zeros((x.size, 0), x.dtype)


def _spaced(start: Any, stop: Any, num: int, endpoint: bool, axis: int) -> tuple[Any, Any]:
    """As many numbers between `start` and `stop` as `num` says, evenly spaced, and their distance."""
    num = operator.index(num)
    if num < 0:
        raise ValueError(f"Number of samples, {num}, must be non-negative.")
    dtype = np.result_type(*(x if isinstance(x, (int, float, complex)) else array_of(x).dtype for x in (start, stop)), 0.0)
    start, stop = array_of(start).astype(dtype), array_of(stop).astype(dtype)
    delta, steps = stop - start, num - bool(endpoint)
    distance = delta / steps if steps > 0 else np.nan
    ends_at_stop = bool(endpoint) and num > 1
    numbers = np.arange(num - ends_at_stop, dtype=dtype).reshape((-1,) + (1,) * delta.ndim)
    spaced = numbers * (distance if steps > 0 else delta) + start
    if ends_at_stop:
        spaced = np.concatenate((spaced, np.broadcast_to(stop, delta.shape)[None]))
    return np.moveaxis(spaced, 0, axis), distance


def _cast(x: Any, dtype: Any) -> Any:
    """Evenly spaced numbers in another dtype; towards minus infinity where that is one of integers."""
    if dtype is None:
        return x
    return (np.floor(x) if np.issubdtype(dtype, np.integer) else x).astype(dtype)


@composed(np.linspace)
def _linspace(  # noqa: PLR0913  # NumPy's parameters
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None,
    axis: int = 0, *, device: Any = None,
) -> Any:  # fmt: skip
    spaced, distance = _spaced(start, stop, num, endpoint, axis)
    spaced = _cast(spaced, dtype)
    return (spaced, distance) if retstep else spaced


@composed(np.logspace)
def _logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    if np.ndim(base):
        ndim = len(np.broadcast_shapes(*(np.shape(x) for x in (start, stop, base))))
        start, stop, base = (np.reshape(x, (1,) * (ndim - np.ndim(x)) + np.shape(x)) for x in (start, stop, base))
        base = np.expand_dims(base, axis)
    spaced = np.power(base, _spaced(start, stop, num, endpoint, axis)[0])
    return spaced if dtype is None else spaced.astype(dtype)


@composed(np.geomspace)
def _geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    start, stop = array_of(start), array_of(stop)
    if any(np.any(known(x) == 0) for x in (start, stop)):
        raise ValueError("Geometric sequence cannot include zero")
    common = np.result_type(start, stop, float(num), np.zeros((), dtype))
    start, stop = start.astype(common), stop.astype(common)
    sign = np.sign(start)  # rotates the start to the positive axis, so that the logarithms stay on one branch
    exponents = _spaced(np.log10(start / sign), np.log10(stop / sign), num, endpoint, 0)[0]
    ends_at_stop = bool(endpoint) and num > 1
    inner = np.power(10.0, exponents[1 : num - ends_at_stop]) * sign
    first, last = (np.broadcast_to(x, inner.shape[1:])[None] for x in (start, stop))
    spaced = np.concatenate([first[: min(num, 1)], inner, last[: int(ends_at_stop)]])
    return np.moveaxis(spaced, 0, axis).astype(common if dtype is None else dtype)
