"""Batches of the primitives that go along an axis: cumulative functions, recurrences, sorting and searching."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.batching.column import apply_to_each, batch_of_all, of_one, of_several, shifted
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.value import bind

# --- cumulative functions --------------------------------------------------------------------------------------


def _along_next_axis(prim: Primitive) -> None:
    """All operands are arrays of one shape; the only axis among the parameters is one further."""

    def rule(*xs: Any, axis: int, **params: Any) -> Any:
        return bind(prim, xs, {"axis": shifted(axis, xs[0].ndim), **params})

    batch_of_all(prim, rule)


for _prim in (
    table.cumsum, table.cumprod, table.cummax, table.cummin, table.linear_recurrence, table.argsort,
    table.argpartition, table.partition_order, table.lexsort,
):  # fmt: skip
    _along_next_axis(_prim)


def _segment_sums(x: Any, *, stays: Any, axis: int) -> Any:
    return table.segment_sums(x, stays=stays[None], axis=shifted(axis, x.ndim))


def _fold(x: Any, *, ufunc: np.ufunc) -> Any:
    """It goes along axis 0, that of the batch, which changes places with the one behind it."""
    return np.swapaxes(table.fold(np.swapaxes(x, 0, 1), ufunc=ufunc), 0, 1)


of_one(table.segment_sums, _segment_sums)
of_one(table.fold, _fold)


# --- positions -------------------------------------------------------------------------------------------------


def _position(prim: Primitive) -> None:
    """The place of an extremum along an axis, or among all elements."""

    def rule(x: Any, *, axis: int | None, keepdims: bool = False) -> Any:
        if axis is not None:
            return bind(prim, (x,), {"axis": shifted(axis, x.ndim), "keepdims": keepdims})
        y = bind(prim, (x.reshape((len(x), -1)) if len(x) else _flat(x),), {"axis": 1, "keepdims": False})
        return y.reshape((len(x), *(1,) * (x.ndim - 1))) if keepdims else y

    of_one(prim, rule)


def _flat(x: Any) -> Any:
    """A batch without arrays, each of which would have all its elements in a row."""
    return x.reshape((0, int(np.prod(x.shape[1:]))))


for _prim in (table.argmax, table.argmin, table.nanargmax, table.nanargmin):
    _position(_prim)


def _among_constants(prim: Primitive, searched: int) -> None:
    """A question about each element of one operand; the operand `searched` is a constant, or all is done in turn."""

    def rule(own: Sequence[bool], *xs: Any, **params: Any) -> Any:
        return apply_to_each(prim, own, xs, params) if own[searched] else bind(prim, xs, params)

    of_several(prim, rule)


_among_constants(table.searchsorted, 0)
_among_constants(table.digitize, 1)
_among_constants(table.isin, 1)
