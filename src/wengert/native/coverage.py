"""What there is machine code for: the one question that `is_native` answers for each statement."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import numpy as np

from wengert.facts import Kind
from wengert.native import callbacks, elementwise
from wengert.native.control import is_control, lists_of
from wengert.native.convolution import is_native_convolution
from wengert.native.factorisations.prepared import FACTORISATIONS, expansion, is_native_factorisation
from wengert.native.indices import BEFORE_SLOTS, indexed_shape, is_native_index, slots_of
from wengert.native.places import is_rolled_in_rows
from wengert.native.products import is_native_einsum, is_native_matmul
from wengert.native.reductions import REDUCTIONS, is_native_reduction
from wengert.native.scans import SCANS, is_native_scan
from wengert.native.searches import SEARCHES, is_native_search
from wengert.native.taking import TAKES, is_native_take
from wengert.native.writing import MEMORY, REGISTERS, name_of
from wengert.primitive import Primitive
from wengert.wlist import ANY, ArrayType, Statement

__all__ = ["PARTS", "VIEWS", "has_code", "is_native", "is_part", "is_view", "operand_dtypes", "primitive_of"]

#: Structural primitives whose elements are elements of their operand.
VIEWS = frozenset({
    "reshape", "transpose", "broadcast_to", "getitem", "gather", "flip", "copy", "diagonal", "take_diagonals",
    "sliding_window_view", *TAKES,
})  # fmt: skip
#: Structural primitives that are stored part by part.
PARTS = frozenset({
    "concatenate", "index_update", "update_at", "add_at", "scatter", "gather_transpose", "pad", "on_diagonal",
    "put_diagonals", "take_transpose", "take_along_axis_transpose", "sum_of_windows",
})  # fmt: skip


def primitive_of(stmt: Statement) -> Primitive:
    """The primitive of a statement; all that are native have the columns of the table."""
    return cast(Primitive, stmt.prim)


def is_native(stmt: Statement) -> bool:
    """Whether a statement can be part of a native function: by code of its own, or as a call back."""
    return has_code(stmt) or callbacks.may_call_back(stmt)


@lru_cache(maxsize=65_536)
def has_code(stmt: Statement) -> bool:
    """Whether machine code can be written for a statement, with call backs at most in its sub-lists.

    The answers, and so the statements, are kept until ``has_code.cache_clear()``: a list is asked for several times.
    """
    kinds = [ArrayType.of(x) for x in stmt.operands if not isinstance(x, (bool, int, float, complex))]
    kinds += [v.type for v in stmt.targets]
    known = MEMORY if stmt.prim.sublists else REGISTERS
    for kind in kinds:
        if name_of(kind.dtype) not in known or not kind.dtype.isnative:
            return False
    if stmt.prim.sublists:
        return is_control(stmt) and all(is_native(inner) for lst in lists_of(stmt) for inner in lst.statements)
    if not isinstance(stmt.prim, Primitive) or any(ANY in k.shape for k in kinds):
        return False
    if stmt.prim.name in FACTORISATIONS:
        return is_native_factorisation(stmt)
    lst = expansion(stmt)
    return _has_code_of_one(stmt) if lst is None else all(map(has_code, lst.statements))


def _has_code_of_one(stmt: Statement) -> bool:
    """Whether there is code for a statement of one target, of a primitive that is neither control nor of matrices."""
    if len(stmt.targets) != 1:
        return False
    if primitive_of(stmt).kind is Kind.ELEMENTWISE:
        numbers = [x if isinstance(x, (int, float)) else None for x in stmt.operands]
        dtype = stmt.targets[0].dtype
        return elementwise.is_native(primitive_of(stmt), operand_dtypes(stmt), dtype, stmt.params, numbers)
    check = _CHECKS.get(stmt.prim.name)
    return is_view(stmt) or is_part(stmt) if check is None else check(stmt)


def is_view(stmt: Statement) -> bool:
    """Whether the elements of the result are elements of the operand, read where they stand."""
    return stmt.prim.name in VIEWS or (stmt.prim.name == "roll" and not is_rolled_in_rows(stmt))


def is_part(stmt: Statement) -> bool:
    """Whether a statement is stored part by part."""
    return stmt.prim.name in PARTS or (stmt.prim.name == "roll" and is_rolled_in_rows(stmt))


def _has_native_index(stmt: Statement) -> bool:
    return is_native_index(stmt.params["index"], slots_of(stmt), indexed_shape(stmt))


def operand_dtypes(stmt: Statement) -> list[np.dtype[Any]]:
    """The dtypes of the operands; a Python number has that of the arrays that it meets."""
    strong = [ArrayType.of(x).dtype for x in stmt.operands if not isinstance(x, (int, float))]
    return [np.result_type(x, *strong) if isinstance(x, (int, float)) else ArrayType.of(x).dtype for x in stmt.operands]


#: What is asked of the statements of a primitive besides.
_CHECKS: dict[str, Callable[[Statement], bool]] = {
    **dict.fromkeys(REDUCTIONS, is_native_reduction),
    **dict.fromkeys(BEFORE_SLOTS, _has_native_index),
    **dict.fromkeys([*TAKES, "take_transpose", "take_along_axis_transpose"], is_native_take),
    **dict.fromkeys(SCANS, is_native_scan),
    **dict.fromkeys(SEARCHES, is_native_search),
    "convolve": is_native_convolution,
    "matmul": is_native_matmul,
    "einsum": is_native_einsum,
}
