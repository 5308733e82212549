"""Functions that move elements without changing them: linear, so the fact is the transpose."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from wengert.declaration import composed, refuse, structural
from wengert.derivation import fit
from wengert.errors import TraceError, user_location
from wengert.facts import Kind, flat, transpose
from wengert.memory import empty_like_in_memory
from wengert.primitive import Primitive
from wengert.registry import functions, table
from wengert.value import Value, bind, stacked
from wengert.wlist import ANY


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    inverse = [0] * len(axes)
    for position, axis in enumerate(axes):
        inverse[axis] = position
    return tuple(inverse)


def _broadcast(x: Any, shape: tuple[int, ...]) -> Any:
    """``np.broadcast_to`` without its Python overhead: a read-only view with strides of 0."""
    array = np.asarray(x)
    new = len(shape) - array.ndim
    if ANY in shape:  # in a list: a length that is known only now
        shape = tuple(array.shape[k - new] if n == ANY else n for k, n in enumerate(shape))
    if not array.flags.c_contiguous:
        return np.broadcast_to(array, shape)
    strides = [0 if m == 1 else step for m, step in zip(array.shape, array.strides, strict=True)]
    view: Any = np.ndarray(shape, array.dtype, array, 0, (0,) * new + tuple(strides))
    view.flags.writeable = False
    return view


def _concatenate(*arrays: Any, axis: int) -> Any:
    return np.concatenate(arrays, axis=axis)


def _slice_of(ct: Any, i: int, *xs: Any, axis: int) -> Any:
    """The part of the cotangent of a concatenation that belongs to operand `i`."""
    start = sum(np.shape(x)[axis] for x in xs[:i])
    stop = start + np.shape(xs[i])[axis]
    return ct[(slice(None),) * axis + (slice(start, stop),)]


def _slices(ct: Any, *xs: Any, axis: int) -> list[Any]:
    """The parts of the cotangent of a concatenation that belong to its operands, in order."""
    before = (slice(None),) * axis
    parts, start = [], 0
    for x in xs:
        stop = start + np.shape(x)[axis]
        parts.append(ct[(*before, slice(start, stop))])
        start = stop
    return parts


def _cast(x: Any, dtype: Any) -> Any:
    return x.astype(dtype)


def array_of(x: Any) -> Any:
    """A value as it is; a list or a number as an array, and one of scalar values as a value."""
    array = x if hasattr(x, "shape") else np.asarray(x)
    return stacked(array) if array.dtype.kind == "O" else array


def nested(x: Any) -> Any:
    """Nested sequences of numbers and values as one array."""
    return np.stack([nested(part) for part in x]) if isinstance(x, (list, tuple)) and len(x) else array_of(x)


def along(axis: int, part: Any) -> tuple[Any, ...]:
    """The index that takes `part` of one axis and the whole of those before it."""
    return (*(slice(None),) * axis, part)


def stand_in(x: Any) -> Any:
    """An array of the shape and dtype of `x` that takes no memory: NumPy is asked with it what does not depend on values."""
    return np.broadcast_to(np.zeros((), x.dtype), x.shape)


# fmt: off
reshape_ = structural("reshape", lambda x, shape: np.reshape(x, shape),
                      [transpose(lambda ct, x, *, shape: table.reshape(ct, shape=x.shape))], alias="View", views=True,
                      put=lambda x, new, *, shape: table.reshape(new, shape=x.shape))
transpose_ = structural("transpose", lambda x, axes: np.transpose(x, axes),
                        [transpose(lambda ct, x, *, axes: table.transpose(ct, axes=_inverse(axes)))], alias="Permute", views=True,
                        put=lambda x, new, *, axes: table.transpose(new, axes=_inverse(axes)))
broadcast_to = structural("broadcast_to", _broadcast, [transpose(lambda ct, x, *, shape: fit(ct, x.shape, ct.dtype))], alias="Expand", views=True)
concatenate = structural("concatenate", _concatenate, [transpose(_slice_of)], variadic=True, jointly_linear=True, split=_slices, alias="Cat")
flip = structural("flip", lambda x, axis: np.flip(x, axis), [transpose(lambda ct, x, *, axis: table.flip(ct, axis=axis))], views=True,
                  put=lambda x, new, *, axis: table.flip(new, axis=axis))
copy = structural("copy", lambda x, order: np.copy(x, order), [transpose(lambda ct, x, *, order: ct)], alias="Clone")
# A cast keeps the elements too; to integers it is a step function.
astype = table.add_primitive(Primitive("astype", _cast, Kind.ELEMENTWISE, [transpose(lambda ct, x, *, dtype: ct)], alias="ToCopy",
                                      analytic=False, at_kinks="smooth; a cast to a real dtype drops the imaginary part"))
astype_integer = table.add_primitive(Primitive("astype_integer", _cast, Kind.ELEMENTWISE, [flat]))
# fmt: on


@composed(np.astype if hasattr(np, "astype") else np.ndarray.astype)
def _astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    dtype = np.dtype(dtype)
    if dtype == x.dtype and not copy:
        return x
    if x.dtype.kind == "c" and dtype.kind == "f":
        x = np.real(x)
    return bind(astype if dtype.kind in "fc" else astype_integer, (x,), {"dtype": dtype})


def _full_shape(a: Any, shape: Any) -> tuple[int, ...]:
    """Replace a -1 in `shape` by the length that is left for it."""
    sizes = [operator.index(n) for n in (shape if isinstance(shape, (tuple, list, np.ndarray)) else (shape,))]
    product = math.prod(sizes)
    if product < 0 and sizes.count(-1) == 1 and a.size % -product == 0:
        sizes[sizes.index(-1)] = a.size // -product
        product = a.size
    if product == a.size and min(sizes, default=0) >= 0:
        return tuple(sizes)
    full: tuple[int, ...] = np.reshape(stand_in(a), shape).shape
    return full


def _layout(function: Any, a: Any) -> Any:
    """The array at the bottom of `a`, whose place in memory an order of "A" or "K" asks for."""
    try:
        return np.asarray(a._concrete())
    except TraceError:
        raise TraceError(
            f"np.{function.__name__} was called with order='A' or 'K' on a value that is known by shape and dtype only.",
            why="Its place in memory is not known.",
            remedy="Use order='C' or order='F'.",
            where=user_location(),
        ) from None


@composed(np.reshape)
def _reshape(a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    full = _full_shape(a, shape)
    wanted: Any = order
    if order != "C":
        np.reshape(np.empty(0), 0, wanted)  # NumPy's error for a wrong order
        order = "C" if order is None else order.upper()
    if order == "A":
        flags = _layout(np.reshape, a).flags
        order = "F" if flags.f_contiguous and not flags.c_contiguous else "C"
    if copy is False:
        np.reshape(_layout(np.reshape, a), full, wanted, copy=False)
    if order == "F":
        shaped = _reshape(a.T, full[::-1]).T
    else:
        shaped = a if full == a.shape else bind(reshape_, (a,), {"shape": full})
    return np.copy(shaped) if copy else shaped


def _order_of_memory(array: Any) -> list[int]:
    """The axes from the longest stride to the shortest; an axis without a stride stays where it is, as in NumPy."""
    strides = [abs(step) if n > 1 else 0 for step, n in zip(array.strides, array.shape, strict=True)]
    order: list[int] = []  # from the shortest
    for axis in reversed(range(array.ndim)):
        place = len(order)
        for k in reversed(range(len(order))):
            if 0 < strides[axis] < strides[order[k]]:
                place = k
            elif strides[axis] and strides[order[k]]:
                break
        order.insert(place, axis)
    return order[::-1]


@composed(np.ravel)
def _ravel(a: Any, order: str = "C") -> Any:
    if order in ("K", "k") and a.ndim > 1:
        return _reshape(_transpose(a, _order_of_memory(_layout(np.ravel, a))), -1)
    if a.ndim == 1 and getattr(a, "_path", ()) and not empty_like_in_memory(a).flags.c_contiguous:
        return np.copy(a)
    return _reshape(a, -1, "C" if order in ("K", "k") else order)


@composed(np.copy)
def _copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    if order not in ("K", "A", "C", "F"):
        np.copy(np.empty(0), order)  # type: ignore[call-overload]  # NumPy's error for a wrong order
    if a.ndim < 2 or order in ("K", "A"):
        return +a if a.dtype.kind != "b" else bind(copy, (a,), {"order": "C"})
    return bind(copy, (a,), {"order": order})


@composed(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Any:
    if axes is None:
        return a if a.ndim < 2 else bind(transpose_, (a,), {"axes": tuple(reversed(range(a.ndim)))})
    return _in_order(a, _axes(a).transpose(axes))


def _axes(a: Any) -> Any:
    """An array without elements, of whose axes number k has length k: moved about, its shape says what came where."""
    return np.empty(range(a.ndim), bool)


def _in_order(a: Any, moved: Any) -> Any:
    return a if a.ndim < 2 else bind(transpose_, (a,), {"axes": moved.shape})


@composed(np.matrix_transpose)
def _matrix_transpose(x: Any, /) -> Any:
    if x.ndim < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return _swapaxes(x, -1, -2)


@composed(np.swapaxes)
def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    return _in_order(a, _axes(a).swapaxes(axis1, axis2))


@composed(np.moveaxis)
def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return _in_order(a, np.moveaxis(_axes(a), source, destination))


@composed(np.rollaxis)
def _rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    return _in_order(a, np.rollaxis(_axes(a), axis, start))


@composed(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    full = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    lengths = zip(reversed(array.shape), reversed(full), strict=False)
    is_negative = min(full, default=0) < 0 and ANY not in array.shape
    if len(full) < array.ndim or is_negative or any(m not in (1, n) for m, n in lengths):
        np.broadcast_to(stand_in(array), full)  # NumPy's error
    return array if array.shape == full else bind(broadcast_to, (array,), {"shape": full})


@composed(np.broadcast_arrays)
def _broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*(np.shape(x) for x in args))
    return tuple(np.broadcast_to(x, shape) for x in args)


@composed(np.expand_dims)
def _expand_dims(a: Any, axis: Any) -> Any:
    axes = (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    new = normalize_axis_tuple(axes, a.ndim + len(axes))
    lengths = iter(a.shape)
    return _reshape(a, tuple(1 if k in new else next(lengths) for k in range(a.ndim + len(new))))


@composed(np.squeeze)
def _squeeze(a: Any, axis: Any = None) -> Any:
    axes = (
        tuple(k for k, n in enumerate(a.shape) if n == 1) if axis is None else normalize_axis_tuple(axis, a.ndim)
    )
    if any(a.shape[k] != 1 for k in axes):
        raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return _reshape(a, tuple(n for k, n in enumerate(a.shape) if k not in axes))


@composed(np.flip)
def _flip(m: Any, axis: Any = None) -> Any:
    axes = tuple(range(m.ndim)) if axis is None else normalize_axis_tuple(axis, m.ndim)
    return bind(flip, (m,), {"axis": axes})


@composed(np.concatenate)
def _concatenate_arrays(
    arrays: Any, /, axis: int | None = 0, out: None = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    refuse(np.concatenate, out=out)
    arrays = [array_of(x) for x in arrays]
    if dtype is not None:
        np.concatenate([np.empty(0, x.dtype) for x in arrays], dtype=dtype, casting=casting)  # NumPy's error for a cast
        arrays = [np.astype(x, dtype, copy=False) for x in arrays]
    if axis is None:
        arrays, axis = [np.ravel(x) for x in arrays], 0
    ndim = arrays[0].ndim if arrays else 1
    return bind(concatenate, arrays, {"axis": normalize_axis_index(axis, ndim) if ndim else axis})


@composed(np.stack)
def _stack(arrays: Any, axis: int = 0, out: None = None, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    refuse(np.stack, out=out)
    arrays = [array_of(x) for x in arrays]
    if not arrays:
        raise ValueError("need at least one array to stack")
    if len({x.shape for x in arrays}) != 1:
        raise ValueError("all input arrays must have the same shape")
    return np.concatenate([np.expand_dims(x, axis) for x in arrays], axis=axis, dtype=dtype, casting=casting)


@composed(np.vstack)
def _vstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    return np.concatenate([np.atleast_2d(x) for x in tup], axis=0, dtype=dtype, casting=casting)


@composed(np.hstack)
def _hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    arrays = [np.atleast_1d(x) for x in tup]
    axis = 0 if not arrays or arrays[0].ndim == 1 else 1
    return np.concatenate(arrays, axis=axis, dtype=dtype, casting=casting)


@composed(np.dstack)
def _dstack(tup: Any) -> Any:
    return np.concatenate([np.atleast_3d(x) for x in tup], axis=2)


@composed(np.column_stack)
def _column_stack(tup: Any) -> Any:
    return np.concatenate([x if x.ndim > 1 else np.reshape(x, (-1, 1)) for x in map(array_of, tup)], axis=1)


def _at_least(*arrays: Any, ndim: int) -> Any:
    raised = tuple(np.reshape(x, (1,) * max(ndim - np.ndim(x), 0) + np.shape(x)) for x in arrays)
    return raised[0] if len(raised) == 1 else raised


@composed(np.atleast_1d)
def _atleast_1d(*arys: Any) -> Any:
    return _at_least(*arys, ndim=1)


@composed(np.atleast_2d)
def _atleast_2d(*arys: Any) -> Any:
    return _at_least(*arys, ndim=2)


@composed(np.atleast_3d)
def _atleast_3d(*arys: Any) -> Any:
    raised = tuple(x[:, :, None] if np.ndim(x) == 2 else x[None, :, None] if np.ndim(x) == 1 else _at_least(x, ndim=3) for x in arys)
    return raised[0] if len(raised) == 1 else raised


# --- questions about shape and dtype, and new arrays like a value: plain results --------------------------------


@composed(np.shape)
def _shape(a: Any) -> tuple[int, ...]:
    shape: tuple[int, ...] = a.shape
    return shape


@composed(np.ndim)
def _ndim(a: Any) -> int:
    return len(a.shape)


@composed(np.size)
def _size(a: Any, axis: Any = None) -> int:
    return int(np.size(stand_in(a), axis))


@composed(np.iscomplexobj)
def _iscomplexobj(x: Any) -> bool:
    return bool(x.dtype.kind == "c")


@composed(np.isrealobj)
def _isrealobj(x: Any) -> bool:
    return bool(x.dtype.kind != "c")


@composed(np.result_type)
def _result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    return np.result_type(*(x.dtype if isinstance(x, Value) else x for x in arrays_and_dtypes))


def _new(like: Any, array: Any) -> Any:
    """A new array of the kind of value that `like` is, so that values can be assigned to its elements."""
    return like._holding(array) if array.ndim and array.dtype.kind in "fc" else array


def _model(a: Any, dtype: Any, order: Any, shape: Any) -> Any:
    """An array without values of the shape, dtype and order of memory that NumPy's functions ``..._like`` give."""
    try:
        plain = a._concrete()
    except TraceError:  # known by shape and dtype only: the order of memory is that of a new array
        plain = np.empty(a.shape, a.dtype)
    return np.empty_like(plain, dtype=dtype, order=order, shape=shape)


def _like(fill: float) -> Any:
    def handler(a: Any, dtype: Any = None, order: Any = "K", subok: bool = False, shape: Any = None, **_: Any) -> Any:
        array = _model(a, dtype, order, shape)
        array[...] = fill
        return _new(a, array)

    return handler


functions[np.zeros_like] = functions[np.empty_like] = _like(0)
functions[np.ones_like] = _like(1)


@composed(np.full_like)
def _full_like(a: Any, fill_value: Any, dtype: Any = None, order: str = "C", subok: bool = False, shape: Any = None) -> Any:
    full = a.shape if shape is None else shape
    kind = a.dtype if dtype is None else dtype
    if isinstance(fill_value, Value):
        return np.broadcast_to(fill_value, full).astype(kind)
    return _new(a, np.full(full, fill_value, kind)) if isinstance(a, Value) else np.full(full, fill_value, kind)
