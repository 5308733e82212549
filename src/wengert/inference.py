"""Shapes and dtypes of results without computing them, from the shape kinds."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.errors import ShapeError
from wengert.facts import Kind
from wengert.wlist import ANY, ArrayType, Variable

if TYPE_CHECKING:
    from wengert.primitive import Primitive

__all__ = ["core_dimensions", "gufunc_shapes", "result_types"]

_STAND_IN = 1_000_003  # for a length that is unknown: no array of a program is of that length by chance
_CORE = re.compile(r"\(([^)]*)\)")  # a pair of brackets, empty for a number


def result_types(prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> tuple[ArrayType, ...]:
    """The types of the results of `prim` for operands that are values, variables or Python numbers."""
    types = [x if isinstance(x, (int, float, complex)) else _type_of(x) for x in operands]
    shapes = [() if not isinstance(t, ArrayType) else t.shape for t in types]
    if prim.types is not None:
        return (prim.types(*map(ArrayType.of, types), **params),)
    if prim.kind is Kind.ELEMENTWISE:
        shape = _broadcast(shapes)
        kinds = tuple(t.dtype if isinstance(t, ArrayType) else type(t) for t in types)
        if params or not all(kind is float or isinstance(kind, np.dtype) for kind in kinds):
            return tuple(ArrayType(shape, dtype) for dtype in _dtypes(prim, types, params))
        return tuple(ArrayType(shape, dtype) for dtype in _dtypes_of_kinds(prim, kinds))
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


@functools.lru_cache(maxsize=4096)
def _dtypes_of_kinds(prim: Primitive, kinds: tuple[Any, ...]) -> tuple[np.dtype[Any], ...]:
    """The same for operands of these dtypes; a Python float is a kind of its own (other numbers count by value)."""
    return _dtypes(prim, [1.0 if kind is float else ArrayType((), kind) for kind in kinds], {})


def _broadcast(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The common shape; a length that is known only when a list is run fits itself and 1."""
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


def _type_of(x: Any) -> ArrayType:
    return x.type if isinstance(x, Variable) else ArrayType.of(x)


def _evaluate_on_ones(prim: Primitive, types: Sequence[Any], shapes: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """Run the primitive on ones that take no memory; Python numbers stay themselves, so promotion is NumPy's."""
    ones = [
        np.broadcast_to(np.ones((), t.dtype), shape) if isinstance(t, ArrayType) else t
        for t, shape in zip(types, shapes, strict=True)
    ]
    with np.errstate(all="ignore"):
        return prim.compute(*ones, **params)


def _dtype(prim: Primitive, types: Sequence[Any], shapes: Sequence[Any], params: Mapping[str, Any]) -> np.dtype[Any]:
    dtype: np.dtype[Any] = np.asarray(_evaluate_on_ones(prim, types, shapes, params)).dtype
    return dtype


def _reduced(shape: tuple[int, ...], axis: tuple[int, ...], keepdims: bool) -> tuple[int, ...]:
    if keepdims:
        return tuple(1 if k in axis else n for k, n in enumerate(shape))
    return tuple(n for k, n in enumerate(shape) if k not in axis)


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
