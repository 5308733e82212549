"""Functions that move elements without changing them: linear, so the fact is the transpose."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from wengert.declaration import composed, refuse, structural
from wengert.derivation import fit
from wengert.errors import NoRuleError, user_location
from wengert.facts import Kind, flat, transpose
from wengert.primitive import Primitive
from wengert.registry import functions, table
from wengert.value import Value, bind


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    inverse = [0] * len(axes)
    for position, axis in enumerate(axes):
        inverse[axis] = position
    return tuple(inverse)


def _broadcast(x: Any, shape: tuple[int, ...]) -> Any:
    """``np.broadcast_to`` without its Python overhead: a read-only view with strides of 0."""
    array = np.asarray(x)
    if not array.flags.c_contiguous:
        return np.broadcast_to(array, shape)
    new = len(shape) - array.ndim
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


# fmt: off
reshape_ = structural("reshape", lambda x, shape: np.reshape(x, shape),
                      [transpose(lambda ct, x, *, shape: table.reshape(ct, shape=x.shape))], alias="View", views=True)
transpose_ = structural("transpose", lambda x, axes: np.transpose(x, axes),
                        [transpose(lambda ct, x, *, axes: table.transpose(ct, axes=_inverse(axes)))], alias="Permute", views=True)
broadcast_to = structural("broadcast_to", _broadcast, [transpose(lambda ct, x, *, shape: fit(ct, x.shape, ct.dtype))], alias="Expand", views=True)
concatenate = structural("concatenate", _concatenate, [transpose(_slice_of)], variadic=True, jointly_linear=True, split=_slices, alias="Cat")
flip = structural("flip", lambda x, axis: np.flip(x, axis), [transpose(lambda ct, x, *, axis: table.flip(ct, axis=axis))], views=True)
# A cast keeps the elements too; to integers it is a step function.
astype = table.add_primitive(Primitive("astype", _cast, Kind.ELEMENTWISE, [transpose(lambda ct, x, *, dtype: ct)], alias="ToCopy",
                                      analytic=False, at_kinks="smooth; a cast to a real dtype drops the imaginary part"))
astype_integer = table.add_primitive(Primitive("astype_integer", _cast, Kind.ELEMENTWISE, [flat]))
# fmt: on


@composed(np.astype if hasattr(np, "astype") else np.ndarray.astype)
def _astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
    dtype = np.dtype(dtype)
    if dtype == x.dtype and not copy:
        return x
    if x.dtype.kind == "c" and dtype.kind == "f":
        x = np.real(x)
    return bind(astype if dtype.kind in "fc" else astype_integer, (x,), {"dtype": dtype})


def _full_shape(size: int, shape: Any) -> tuple[int, ...]:
    """Replace a -1 in `shape` by the length that is left for it."""
    sizes = [operator.index(n) for n in (shape if isinstance(shape, (tuple, list, np.ndarray)) else (shape,))]
    if -1 in sizes:
        known = int(np.prod([n for n in sizes if n != -1], dtype=np.int64))
        sizes[sizes.index(-1)] = size // known if known else 0
    if int(np.prod(sizes, dtype=np.int64)) != size or min(sizes, default=0) < 0:
        raise ValueError(f"cannot reshape array of size {size} into shape {shape}")
    return tuple(sizes)


@composed(np.reshape)
def _reshape(a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    full = _full_shape(a.size, shape)
    if order == "F":
        return _reshape(a.T, full[::-1]).T
    if order != "C":
        raise NoRuleError(
            f"np.reshape with order={order!r} on a value that carries a derivative.",
            why="The memory order of the record is not that of the array.",
            remedy="Use order='C' or order='F'.",
            where=user_location(),
        )
    return a if full == a.shape else bind(reshape_, (a,), {"shape": full})


@composed(np.ravel)
def _ravel(a: Any, order: str = "C") -> Any:
    return _reshape(a, -1, order)


@composed(np.copy)
def _copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return +a


@composed(np.transpose)
def _transpose(a: Any, axes: Any = None) -> Any:
    order = tuple(reversed(range(a.ndim))) if axes is None else normalize_axis_tuple(axes, a.ndim)
    return a if a.ndim < 2 else bind(transpose_, (a,), {"axes": order})


@composed(np.matrix_transpose)
def _matrix_transpose(x: Any, /) -> Any:
    return _swapaxes(x, -1, -2)


@composed(np.swapaxes)
def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    order = list(range(a.ndim))
    i, j = normalize_axis_index(axis1, a.ndim), normalize_axis_index(axis2, a.ndim)
    order[i], order[j] = order[j], order[i]
    return _transpose(a, order)


@composed(np.moveaxis)
def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    sources, targets = normalize_axis_tuple(source, a.ndim), normalize_axis_tuple(destination, a.ndim)
    if len(sources) != len(targets):
        raise ValueError("`source` and `destination` arguments must have the same number of elements")
    order = [k for k in range(a.ndim) if k not in sources]
    for target, axis in sorted(zip(targets, sources, strict=True)):
        order.insert(target, axis)
    return _transpose(a, order)


@composed(np.broadcast_to)
def _broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    full = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if np.broadcast_shapes(array.shape, full) != full:
        raise ValueError(f"cannot broadcast an array of shape {array.shape} to shape {full}")
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
    arrays: Any, /, axis: int | None = 0, out: None = None, *, dtype: Any = None, casting: str = "same_kind"
) -> Any:
    refuse(np.concatenate, out=out)
    if axis is None:
        arrays, axis = [np.ravel(x) for x in arrays], 0
    joined = bind(concatenate, tuple(arrays), {"axis": normalize_axis_index(axis, np.ndim(arrays[0]))})
    return joined if dtype is None else joined.astype(dtype)


@composed(np.stack)
def _stack(arrays: Any, axis: int = 0, out: None = None, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    refuse(np.stack, out=out)
    arrays = list(arrays)
    if not arrays:
        raise ValueError("need at least one array to stack")
    if len({np.shape(x) for x in arrays}) != 1:
        raise ValueError("all input arrays must have the same shape")
    return np.concatenate([np.expand_dims(x, axis) for x in arrays], axis=axis, dtype=dtype)


@composed(np.vstack)
def _vstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    return np.concatenate([np.atleast_2d(x) for x in tup], axis=0, dtype=dtype)


@composed(np.hstack)
def _hstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    arrays = [np.atleast_1d(x) for x in tup]
    return np.concatenate(arrays, axis=0 if arrays[0].ndim == 1 else 1, dtype=dtype)


@composed(np.dstack)
def _dstack(tup: Any, *, dtype: Any = None, casting: str = "same_kind") -> Any:
    return np.concatenate([np.atleast_3d(x) for x in tup], axis=2, dtype=dtype)


@composed(np.column_stack)
def _column_stack(tup: Any) -> Any:
    return np.concatenate([x[:, None] if np.ndim(x) == 1 else np.atleast_2d(x).T if np.ndim(x) == 0 else x for x in tup], axis=1)


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
def _size(a: Any, axis: int | None = None) -> int:
    return int(a.size if axis is None else a.shape[axis])


@composed(np.iscomplexobj)
def _iscomplexobj(x: Any) -> bool:
    return bool(x.dtype.kind == "c")


@composed(np.isrealobj)
def _isrealobj(x: Any) -> bool:
    return bool(x.dtype.kind != "c")


@composed(np.result_type)
def _result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    return np.result_type(*(x.dtype if isinstance(x, Value) else x for x in arrays_and_dtypes))


def _like(function: Any) -> Any:
    def handler(a: Any, dtype: Any = None, order: str = "C", subok: bool = False, shape: Any = None, **_: Any) -> Any:
        return function(a.shape if shape is None else shape, a.dtype if dtype is None else dtype)

    return handler


functions[np.zeros_like] = functions[np.empty_like] = _like(np.zeros)
functions[np.ones_like] = _like(np.ones)


@composed(np.full_like)
def _full_like(a: Any, fill_value: Any, dtype: Any = None, order: str = "C", subok: bool = False, shape: Any = None) -> Any:
    full = a.shape if shape is None else shape
    kind = a.dtype if dtype is None else dtype
    if isinstance(fill_value, Value):
        return np.broadcast_to(fill_value, full).astype(kind)
    return np.full(full, fill_value, kind)
