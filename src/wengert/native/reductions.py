"""Reductions as folds: a first value, what is done with each element, and what is done at the end."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from wengert.native import elementwise
from wengert.native.elementwise.scalars import Scalar, intrinsic
from wengert.native.writing import Function, is_vector, literal
from wengert.registry import table
from wengert.wlist import ArrayType, Statement

__all__ = [
    "IN_ANY_ORDER", "REDUCTIONS", "begun", "combined", "folded", "has_end", "is_at_end", "is_native_reduction", "whole",
]  # fmt: skip

_FIRST = {
    "sum": 0, "mean": 0, "count_nonzero": 0, "prod": 1, "any": 0, "all": 1, "norm": 0, "hypot_reduce": 0,
    "logaddexp_reduce": -math.inf, "logaddexp2_reduce": -math.inf,
}  # fmt: skip
_OF_NUMBERS = {"sum": "add", "mean": "add", "count_nonzero": "add", "prod": "mul", "norm": "add"}
_OF_OPERATIONS = {
    "max": table.maximum, "min": table.minimum, "nanmax": table.fmax, "nanmin": table.fmin, "fmax_reduce": table.fmax,
    "fmin_reduce": table.fmin, "hypot_reduce": table.hypot, "logaddexp_reduce": table.logaddexp,
    "logaddexp2_reduce": table.logaddexp2,
}  # fmt: skip
#: Reductions, all of which are folds of one operation.
REDUCTIONS = frozenset({*_FIRST, *_OF_OPERATIONS})

#: Folds of parts may be folded: no more is rounded, or the order of what is rounded is free.
IN_ANY_ORDER = frozenset({*_OF_NUMBERS, "max", "min", "any", "all"})

_EXTREMA = frozenset({"max", "min", "nanmax", "nanmin", "fmax_reduce", "fmin_reduce"})
_OF_FLOATS = frozenset({"norm", "hypot_reduce", "logaddexp_reduce", "logaddexp2_reduce"})


def is_native_reduction(stmt: Statement) -> bool:
    """Whether a fold gives what NumPy does, and has elements where NumPy would not know what to do without."""
    x, (v,), name = ArrayType.of(stmt.operands[0]), stmt.targets, stmt.prim.name
    if x.shape and not stmt.params["axis"]:  # over no axes: each element is a fold of its own, which NumPy is asked for
        return False
    if name in _OF_FLOATS and not (v.dtype.kind == "f" and x.dtype == v.dtype):
        return False
    return (name not in _EXTREMA and name != "mean") or x.size > 0


def is_at_end(stmt: Statement) -> bool:
    """Whether the last axes are reduced, so that the fold goes on in a register."""
    axes = sorted(stmt.params["axis"])
    ndim = ArrayType.of(stmt.operands[0]).ndim
    return bool(axes) and axes == list(range(ndim - len(axes), ndim))


def begun(stmt: Statement) -> str:
    """What a fold begins with."""
    name, dtype = stmt.prim.name, stmt.targets[0].dtype
    if name in _FIRST:
        return literal(_FIRST[name], dtype)
    is_largest = "max" in name
    if dtype.kind == "f":
        # What leaves out nan begins with it.
        return literal((-math.inf if is_largest else math.inf) if name in ("max", "min") else math.nan, dtype)
    if dtype.kind == "b":
        return literal(not is_largest, dtype)
    limits = np.iinfo(dtype)
    return literal(limits.min if is_largest else limits.max, dtype)


def folded(function: Function, stmt: Statement, before: str, x: str, own: np.dtype[Any]) -> str:
    """The fold after one more element, `x` of dtype `own`."""
    name, dtype = stmt.prim.name, stmt.targets[0].dtype
    if name in ("any", "all", "count_nonzero"):
        x, own = elementwise.converted(function, x, own, np.dtype(bool)), np.dtype(bool)
    if own != dtype:
        x = elementwise.converted(function, x, own, dtype)
    if name == "norm":
        x = function.operation("fmul", dtype, x, x)
    return combined(function, stmt, before, x)


def combined(function: Function, stmt: Statement, before: str, x: str) -> str:
    """The fold of two folds."""
    name, dtype = stmt.prim.name, stmt.targets[0].dtype
    if name in ("any", "all"):
        return function.operation("or" if name == "any" else "and", dtype, before, x)
    if name in _OF_NUMBERS:
        operation = _OF_NUMBERS[name]
        # The order of a sum is free, as it is in NumPy's.
        return function.operation(f"f{operation} reassoc" if dtype.kind == "f" else operation, dtype, before, x)
    if name in ("max", "min") and dtype.kind == "f" and is_vector(x):
        # It keeps nan as NumPy does. Not of numbers: LLVM 22 may end the process where it makes vectors of such a fold.
        return intrinsic(f"{name}imum", Scalar(function, before, dtype), Scalar(function, x, dtype)).text
    return elementwise.emit(function, _OF_OPERATIONS[name], [(before, dtype), (x, dtype)], dtype, {})


def has_end(stmt: Statement) -> bool:
    """Whether something is done with the fold of all elements."""
    return stmt.prim.name in ("mean", "norm")


def whole(function: Function, stmt: Statement, register: str) -> str:
    """The result, of the fold of all elements."""
    if not has_end(stmt):
        return register
    if stmt.prim.name == "norm":
        dtype = stmt.targets[0].dtype
        return elementwise.emit(function, table.root, [(register, dtype)], dtype, {})
    x, y = ArrayType.of(stmt.operands[0]), stmt.targets[0]
    count = x.size // max(y.type.size, 1)
    return function.operation("fdiv", y.dtype, register, literal(count, y.dtype))
