"""Shapes and dtypes of results without computing them, from the shape kinds."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.errors import ShapeError
from wengert.facts import Kind
from wengert.registry import table
from wengert.wlist import ANY, ArrayType, Variable

if TYPE_CHECKING:
    from wengert.primitive import Primitive

__all__ = ["core_dimensions", "gufunc_shapes", "result_types"]

_STAND_IN = 1_000_003  # for a length that is unknown: no array of a program is of that length by chance
_CORE = re.compile(r"\(([^)]*)\)")  # a pair of brackets, empty for a number


def result_types(prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> tuple[ArrayType, ...]:
    """The types of the results of `prim` for operands that are values, variables or Python numbers."""
    types = [
        x.type if x.__class__ is Variable else x if isinstance(x, (int, float, complex)) else ArrayType.of(x)
        for x in operands
    ]
    shapes = [() if t.__class__ is not ArrayType else t.shape for t in types]
    if (seen := _plain_to_see(prim, types, params)) is not None:
        return (seen,)
    if prim.types is not None:
        return (prim.types(*map(ArrayType.of, types), **params),)
    if prim.kind is Kind.ELEMENTWISE:
        shape = _broadcast(shapes)
        return tuple([ArrayType(shape, dtype) for dtype in _dtypes_known(prim, types, params)])
    if prim.kind is Kind.REDUCTION:
        ones = [(1,) * len(shape) for shape in shapes]
        return (ArrayType(_reduced(shapes[0], **params), _dtype(prim, types, ones, params)),)
    if prim.kind is Kind.GUFUNC:
        ones = [(1,) * min(len(shape), 2) for shape in shapes]
        found = _results(_evaluate_on_ones(prim, types, ones, params))
        shapes_found = gufunc_shapes(prim, shapes)
        return tuple(ArrayType(shape, np.asarray(y).dtype) for shape, y in zip(shapes_found, found, strict=True))
    return _moved(prim, types, shapes, params)


def _dtypes(prim: Primitive, types: Sequence[Any], params: Mapping[str, Any]) -> tuple[np.dtype[Any], ...]:
    """The dtypes of the results of an elementwise primitive."""
    found = _results(_evaluate_on_ones(prim, types, [()] * len(types), params))
    return tuple(np.asarray(y).dtype for y in found)


def _dtypes_known(prim: Primitive, types: Sequence[Any], params: Mapping[str, Any]) -> tuple[np.dtype[Any], ...]:
    """The same, found once where there are no parameters."""
    if params:
        return _dtypes(prim, types, params)
    return _dtypes_of_kinds(prim, tuple([t.dtype if t.__class__ is ArrayType else _kind_of_number(t) for t in types]))


def _kind_of_number(x: Any) -> Any:
    """What the type of a result depends on: any float of Python stands for all, other numbers count by value."""
    return float if x.__class__ is float else (x.__class__, repr(x), x)


@functools.lru_cache(maxsize=4096)
def _dtypes_of_kinds(prim: Primitive, kinds: tuple[Any, ...]) -> tuple[np.dtype[Any], ...]:
    """The same for operands of these dtypes, and numbers of these kinds."""
    types = [1.0 if k is float else k[2] if k.__class__ is tuple else ArrayType((), k) for k in kinds]
    return _dtypes(prim, types, {})


def _broadcast(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The common shape; a length that is known only when a list is run fits itself and 1."""
    shape = shapes[0] if shapes else ()
    for other in shapes:
        if not other or other == shape:
            continue
        if shape:
            break
        shape = other
    else:
        return shape  # they are equal, or of numbers
    if not any(ANY in shape for shape in shapes):
        return np.broadcast_shapes(*shapes)
    found = np.broadcast_shapes(*map(_stood_in, shapes))
    return tuple(ANY if n == _STAND_IN else n for n in found)


def _moved(
    prim: Primitive, types: Sequence[Any], shapes: Sequence[tuple[int, ...]], params: Mapping[str, Any]
) -> tuple[ArrayType, ...]:
    """The types of the results of a structural primitive, found on arrays that take no memory."""
    if not any(ANY in shape for shape in shapes):
        return tuple(map(ArrayType.of, _results(_evaluate_on_ones(prim, types, shapes, params))))
    stood_in = {key: _stood_in(value) if _is_shape(value) else value for key, value in params.items()}
    found = _results(_evaluate_on_ones(prim, types, list(map(_stood_in, shapes)), stood_in))
    return tuple(ArrayType(tuple(ANY if n == _STAND_IN else n for n in y.shape), y.dtype) for y in found)


def _stood_in(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(_STAND_IN if n == ANY else n for n in shape)


def _is_shape(value: Any) -> bool:
    return isinstance(value, tuple) and all(n.__class__ is int for n in value)


def _results(y: Any) -> tuple[Any, ...]:
    return y if isinstance(y, tuple) else (y,)


def _evaluate_on_ones(prim: Primitive, types: Sequence[Any], shapes: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """Run the primitive on ones that take no memory; Python numbers stay themselves, so promotion is NumPy's."""
    ones = [_ones(t.dtype, s) if isinstance(t, ArrayType) else t for t, s in zip(types, shapes, strict=True)]
    with np.errstate(all="ignore"):
        return prim.compute(*ones, **params)


def _ones(dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Ones that are all the same number in memory, which nobody may write into."""
    if dtype.hasobject:
        return np.broadcast_to(np.ones((), dtype), shape)
    return np.ndarray(shape, dtype, _one(dtype), 0, (0,) * len(shape))  # `broadcast_to` takes ten times as long


@functools.lru_cache(maxsize=64)
def _one(dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    one = np.ones((), dtype)
    one.flags.writeable = False
    return one


def _dtype(prim: Primitive, types: Sequence[Any], shapes: Sequence[Any], params: Mapping[str, Any]) -> np.dtype[Any]:
    dtype: np.dtype[Any] = np.asarray(_evaluate_on_ones(prim, types, shapes, params)).dtype
    return dtype


def _reduced(shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    if keepdims:
        return tuple(1 if k in axis else n for k, n in enumerate(shape))
    return tuple(n for k, n in enumerate(shape) if k not in axis)


# --- structural primitives that would move every element ---------------------------------------------------------
#
# Each gives the type where it is plain to see, and ``None`` where NumPy is to be asked, which also raises its errors.


def _concatenated(types: Sequence[Any], axis: Any) -> ArrayType | None:
    first = types[0]
    if axis.__class__ is not int or not _are_arrays(types) or not 0 <= axis < len(first.shape):
        return None
    before, after = first.shape[:axis], first.shape[axis + 1 :]
    for t in types:
        same = len(t.shape) == len(first.shape) and (t.shape[:axis], t.shape[axis + 1 :]) == (before, after)
        if not same or t.dtype != first.dtype:
            return None
    return ArrayType((*before, sum(t.shape[axis] for t in types), *after), first.dtype)


def _reshaped(types: Sequence[Any], shape: Any) -> ArrayType | None:
    is_plain = _are_arrays(types) and _is_shape(shape) and all(n >= 0 for n in shape)
    return ArrayType(shape, types[0].dtype) if is_plain and math.prod(shape) == types[0].size else None


def _scattered(types: Sequence[Any], index: Any, shape: Any) -> ArrayType | None:
    is_plain = _are_arrays(types) and _is_shape(shape) and ANY not in shape
    return ArrayType(shape, types[0].dtype) if is_plain and _taken(shape, index) == types[0].shape else None


def _updated(types: Sequence[Any], index: Any) -> ArrayType | None:
    """The type of the first operand, with the second where an index says."""
    if len(types) != 2 or not _are_arrays(types) or types[0].dtype != types[1].dtype:
        return None
    return types[0] if _taken(types[0].shape, index) == types[1].shape else None


def _added(types: Sequence[Any], index: Any) -> ArrayType | None:
    """The same where that is added, at an index of no computed parts."""
    return _updated(types, index) if index.__class__ is tuple else None


def _taken(shape: tuple[int, ...], index: Any) -> tuple[int, ...] | None:
    try:
        taken: tuple[int, ...] = _ones(np.dtype(bool), shape)[index].shape
    except (IndexError, ValueError, TypeError):
        return None
    return taken


def _are_arrays(types: Sequence[Any]) -> bool:
    return all(t.__class__ is ArrayType and t.dtype.isnative and t.dtype.kind in "fciub" for t in types)


def _plain_to_see(prim: Primitive, types: Sequence[Any], params: Mapping[str, Any]) -> ArrayType | None:
    """The type of the result of a primitive of the table below, if it is plain to see."""
    quick = _QUICK.get(prim.name)
    if quick is None or table.primitives.get(prim.name) is not prim:
        return None
    return None if any(t.__class__ is ArrayType and ANY in t.shape for t in types) else quick(types, **params)


_QUICK: Mapping[str, Callable[..., ArrayType | None]] = {
    "concatenate": _concatenated,
    "reshape": _reshaped,
    "scatter": _scattered,
    "index_update": _updated,
    "add_at": _added,
}


def core_dimensions(signature: str) -> tuple[list[list[str]], list[list[str]]]:
    """The names of the core dimensions of operands and results: ``(m,n),(n)->(m)`` is [[m, n], [n]], [[m]]."""
    inputs, outputs = signature.replace(" ", "").split("->")
    sides = (_CORE.findall(side) for side in (inputs, outputs))
    operands, results = ([core.split(",") if core else [] for core in cores] for cores in sides)
    return operands, results


def gufunc_shapes(prim: Primitive, shapes: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Apply a NumPy signature such as ``(m?,n),(n,p?)->(m?,p?)`` to operand shapes; k is min(m, n) in results."""
    operands, results = core_dimensions(prim.signature)
    sizes: dict[str, int] = {}
    batches = []
    for shape, core in zip(shapes, operands, strict=True):
        names = [name for name in core if not name.endswith("?")] if len(shape) < len(core) else core
        split = len(shape) - len(names)
        batches.append(shape[:split])
        for name, size in zip(names, shape[split:], strict=True):
            if sizes.setdefault(name, size) != size:
                raise ShapeError(
                    f"{prim.name}: shapes {' and '.join(map(str, shapes))} do not fit {prim.signature}.",
                    remedy=f"Dimension {name} must have one size.",
                )
    if {"m", "n"} <= sizes.keys():
        sizes.setdefault("k", min(sizes["m"], sizes["n"]))  # as in the reduced QR and singular value decompositions
    batch = _broadcast(batches)
    return [(*batch, *(sizes[name] for name in core if name in sizes)) for core in results]
