"""Bands: groups whose loops have one long axis in common, and go along it together.

A statement may belong to a *band* of length n where its domain has one axis of length n that is longer than each other
one. The rows of a band are computed one after the other, all statements of a row before the next row: what
one of them makes of a row and another needs of the same row is never stored for all rows. Rows are independent, so that
several of them are computed at once, one in each lane of a vector.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wengert.facts import Kind
from wengert.native.coverage import primitive_of
from wengert.native.indices import basic_parts, whole_axes
from wengert.native.writing import LANES
from wengert.primitive import Primitive
from wengert.wlist import ArrayType, Statement, Variable

__all__ = ["Nest", "Rows", "axes_summed", "is_matrix_product", "is_put_together", "operand_axis", "row_size", "rows_of"]

_SHORTEST = LANES  # rows
_WIDEST = 2_048  # elements of one row that are kept, or read
_COPIED = 16  # elements of a row that are rather copied than updated in place
_MOST_FOLDS = 8_192  # elements that are folded over all rows
_MOST_ROUNDS = 65_536  # elements of a row that are computed
_MOST_TERMS = 256  # of a matrix product for each row; BLAS is better at larger ones

#: What is stored part by part, where each row is.
_PUT_TOGETHER = frozenset({"concatenate", "pad", "scatter", "index_update", "update_at", "add_at"})
#: Views through which a row is followed; of others it is not known where it comes from.
_FOLLOWED = frozenset({"reshape", "transpose", "broadcast_to", "getitem", "gather", "flip", "copy"})


@dataclass(slots=True, eq=False)
class Nest:
    """Statements of a band that share the loops over the other axes of `domain`; `axis` is the long one.

    Without `is_pulled` it is a single statement that is put together.
    """

    domain: tuple[int, ...]
    axis: int
    roots: list[Statement] = field(default_factory=list)
    is_flat: bool = True
    is_pulled: bool = True


@dataclass(frozen=True, slots=True)
class Rows:
    """How a statement could be part of a band.

    Attributes
    ----------
    domain : tuple of int
    axis : int
        The long axis.
    reads : dict
        Stored variable → whether a row of the result needs only the same row of it.
    """

    domain: tuple[int, ...]
    axis: int
    reads: dict[Variable, bool]


def is_matrix_product(stmt: Statement) -> bool:
    """Whether a statement is a product of matrices of one dtype of floats."""
    dtypes = {ArrayType.of(x).dtype for x in (*stmt.operands, *stmt.targets)} if stmt.prim.name == "matmul" else set()
    return len(dtypes) == 1 and dtypes.pop().kind == "f"


def is_put_together(stmt: Statement) -> bool:
    """Whether a statement of a band is stored part by part."""
    return stmt.prim.name in _PUT_TOGETHER


def _domain(stmt: Statement) -> tuple[int, ...] | None:
    """The elements that are computed; of a product of matrices its terms, which are summed along the last axis."""
    if is_matrix_product(stmt):
        return (*stmt.targets[0].shape, ArrayType.of(stmt.operands[0]).shape[-1])
    if not isinstance(stmt.prim, Primitive):
        return None
    if stmt.prim.kind is Kind.REDUCTION:
        return ArrayType.of(stmt.operands[0]).shape
    is_pulled = stmt.prim.kind is Kind.ELEMENTWISE or stmt.prim.name in _FOLLOWED | _PUT_TOGETHER
    return stmt.targets[0].shape if is_pulled and len(stmt.targets) == 1 else None


def axes_summed(stmt: Statement, domain: tuple[int, ...]) -> tuple[int, ...]:
    """The axes of the domain that a statement folds; none of one that does not."""
    if is_matrix_product(stmt):
        return (len(domain) - 1,)
    return tuple(stmt.params["axis"]) if primitive_of(stmt).kind is Kind.REDUCTION else ()


def row_size(shape: tuple[int, ...], axis: int) -> int:
    """Elements of a row."""
    return math.prod(n for k, n in enumerate(shape) if k != axis)


def rows_of(stmt: Statement, virtual: Mapping[Variable, Statement]) -> Rows | None:
    """How a statement could be part of a band; ``None`` where it could not."""
    domain = _domain(stmt)
    if not domain or 0 in domain:
        return None
    length = max(domain)
    axis = domain.index(length)
    if length < _SHORTEST or domain.count(length) > 1 or row_size(domain, axis) > _MOST_ROUNDS:
        return None
    if is_matrix_product(stmt):
        stack = len(domain) - 1 - sum(ArrayType.of(x).ndim > 1 for x in stmt.operands)
        if math.prod(n for k, n in enumerate(domain) if k >= stack and k != axis) > _MOST_TERMS:
            return None
    if is_put_together(stmt) and not _is_put_in_rows(stmt, axis):
        return None
    summed = axes_summed(stmt, domain)
    kept = math.prod(n for k, n in enumerate(domain) if k != axis and k not in summed)
    reads: dict[Variable, bool] = {}
    if kept > (_MOST_FOLDS if axis in summed else _WIDEST) or not _follow(stmt, domain, axis, virtual, reads, length):
        return None
    return Rows(domain, axis, reads)


def _is_put_in_rows(stmt: Statement, axis: int) -> bool:
    """Whether the parts of a statement have all rows, each at its own place."""
    if stmt.prim.name == "concatenate":
        return bool(stmt.params["axis"] % stmt.targets[0].type.ndim != axis)
    if stmt.prim.name == "pad":
        return bool(not any(stmt.params["pad_width"][axis]))
    if row_size(stmt.targets[0].shape, axis) > _COPIED:
        return False  # an update in place is better than a copy
    return _axis_of_taken(stmt.params["index"], stmt.targets[0].type.ndim, axis) is not None


def _follow(
    stmt: Statement,
    domain: tuple[int, ...],
    axis: int | None,
    virtual: Mapping[Variable, Statement],
    reads: dict[Variable, bool],
    length: int,
) -> bool:
    """Note what a row of the domain reads; the result is whether all of it is known and narrow enough."""
    if not _is_followed(stmt):
        return False
    for number, x in enumerate(stmt.operands):
        if not isinstance(x, Variable):
            continue
        found = None if axis is None else operand_axis(stmt, number, domain, axis)
        if found is not None and x.shape[found] != length:
            found = None
        if x in virtual:
            if not _follow(virtual[x], x.shape, found, virtual, reads, length):
                return False
            continue
        if found is not None and row_size(x.shape, found) > _WIDEST:
            return False
        reads[x] = reads.get(x, True) and found is not None
    return True


def _is_followed(stmt: Statement) -> bool:
    if stmt.prim.name in _FOLLOWED | _PUT_TOGETHER or is_matrix_product(stmt):
        return True
    return primitive_of(stmt).kind in (Kind.ELEMENTWISE, Kind.REDUCTION)


def operand_axis(stmt: Statement, number: int, domain: tuple[int, ...], axis: int) -> int | None:
    """The axis of an operand whose index is that of an axis of the domain; ``None`` where there is none such."""
    if is_matrix_product(stmt):
        return _axis_in_product(stmt, number, domain, axis)
    if stmt.prim.name in _FOLLOWED:
        return _axis_in_view(stmt, number, domain, axis)
    shape = ArrayType.of(stmt.operands[number]).shape
    if stmt.prim.name in ("concatenate", "pad"):
        return axis
    if stmt.prim.name in _PUT_TOGETHER and (stmt.prim.name == "scatter" or number > 0):
        return _axis_of_new(stmt, number, shape, axis)
    return _axis_of_broadcast(shape, domain, axis)


def _axis_in_view(stmt: Statement, number: int, domain: tuple[int, ...], axis: int) -> int | None:
    name, shape = stmt.prim.name, ArrayType.of(stmt.operands[number]).shape
    if name == "transpose":
        return int(stmt.params["axes"][axis])
    if name == "flip":
        axes = stmt.params["axis"]
        flipped = range(len(shape)) if axes is None else np.atleast_1d(axes) % len(shape)
        return None if axis in flipped else axis
    if name == "reshape":
        return _axis_between_units(shape, domain, axis)
    if name in ("getitem", "gather"):
        return _axis_in_index(stmt.params["index"], len(shape), axis) if number == 0 else None
    return _axis_of_broadcast(shape, domain, axis)


def _axis_of_broadcast(shape: tuple[int, ...], domain: tuple[int, ...], axis: int) -> int | None:
    found = axis - (len(domain) - len(shape))
    return found if found >= 0 and shape[found] == domain[axis] else None


def _axis_between_units(before: tuple[int, ...], after: tuple[int, ...], axis: int) -> int | None:
    """Through a reshape that adds and takes away axes of length 1."""
    own = [k for k, n in enumerate(before) if n != 1]
    new = [k for k, n in enumerate(after) if n != 1]
    if [before[k] for k in own] != [after[k] for k in new] or axis not in new:
        return None
    return own[new.index(axis)]


def _axis_in_index(index: Any, ndim: int, axis: int) -> int | None:
    """Through an index that is known, the axis of the array of an axis of what is taken, if that is all of it."""
    return whole_axes(index, ndim).get(axis)


def _axis_of_taken(index: Any, ndim: int, axis: int) -> int | None:
    """The axis of what an index without arrays takes, of an axis of the array that is taken as a whole."""
    return dict(_whole_axes(index, ndim)).get(axis)


def _whole_axes(index: Any, ndim: int) -> list[tuple[int, int]]:
    """Axes of the array that an index without arrays takes as a whole, and those that they become."""
    found, own, taken = [], 0, 0
    for part in basic_parts(index, ndim) or []:
        if part == slice(None):
            found.append((own, taken))
        taken += part is None or isinstance(part, slice)
        own += part is not None
    return found


def _axis_of_new(stmt: Statement, number: int, shape: tuple[int, ...], axis: int) -> int | None:
    """The axis of what is put at an index; it is broadcast to what the index takes."""
    if number != (0 if stmt.prim.name == "scatter" else 1):
        return None
    ndim = stmt.targets[0].type.ndim
    taken = _axis_of_taken(stmt.params["index"], ndim, axis)
    if taken is None:
        return None
    parts = stmt.params["index"] if isinstance(stmt.params["index"], tuple) else (stmt.params["index"],)
    count = ndim + sum(p is None for p in parts) - sum(isinstance(p, (int, np.integer)) for p in parts)
    found = taken - count + len(shape)
    return found if found >= 0 and shape[found] == stmt.targets[0].shape[axis] else None


def _axis_in_product(stmt: Statement, number: int, domain: tuple[int, ...], axis: int) -> int | None:
    """In the terms (stack, row, column, k) of a product of matrices; vectors have no row or no column."""
    shapes = [ArrayType.of(x).shape for x in stmt.operands]
    shape, last = shapes[number], len(domain) - 1
    if axis == last:
        return len(shape) - (2 if number == 1 and len(shape) > 1 else 1)
    stack = last - sum(len(s) > 1 for s in shapes)
    if axis < stack:
        found = axis - (stack - (len(shape) - 2))
        return found if len(shape) > 2 and found >= 0 and shape[found] == domain[axis] else None
    is_of_rows = axis == stack and len(shapes[0]) > 1
    if is_of_rows != (number == 0):
        return None
    return len(shape) - (2 if number == 0 else 1)
