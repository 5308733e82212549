"""`take` and `take_along_axis` with computed places, and their adjoints: which element of the array is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from wengert.native.elementwise import emit
from wengert.native.places import Index, broadcast
from wengert.registry import table
from wengert.wlist import ArrayType, Statement

if TYPE_CHECKING:
    from wengert.native.body import Body

__all__ = ["TAKES", "is_native_take", "taken_at", "taken_domain"]

#: Primitives that read at places along one axis.
TAKES = frozenset({"take", "take_along_axis"})

_PLACE = np.dtype(np.int64)


def is_native_take(stmt: Statement) -> bool:
    """Whether the places are whole numbers along an axis that has elements."""
    places = ArrayType.of(stmt.operands[1])
    n = stmt.params["shape"][stmt.params["axis"]]
    return places.dtype.kind == "i" and (n > 0 or places.size == 0)


def taken_domain(stmt: Statement) -> tuple[int, ...]:
    """The shape of what is taken, of an adjoint that puts it back."""
    shape, axis, places = stmt.params["shape"], stmt.params["axis"], ArrayType.of(stmt.operands[1]).shape
    if stmt.prim.name.startswith("take_along_axis"):
        return np.broadcast_shapes((*shape[:axis], 1, *shape[axis + 1 :]), places)
    return (*shape[:axis], *places, *shape[axis + 1 :])


def taken_at(body: Body, stmt: Statement, at: Index) -> Index:
    """The indices in the array of the element that the result has at `at`; for an adjoint, that it goes to."""
    places, params = stmt.operands[1], stmt.params
    shape, axis, kind = params["shape"], params["axis"], ArrayType.of(stmt.operands[1])
    if stmt.prim.name.startswith("take_along_axis"):
        number = body.element(places, broadcast(at, kind.shape), _PLACE)
        place = body.checked(number, shape[axis])
        return tuple(place if k == axis else 0 if n == 1 else i for k, (i, n) in enumerate(zip(at, shape, strict=True)))
    number = body.element(places, at[axis : axis + kind.ndim], _PLACE)
    return (*at[:axis], _within(body, number, shape[axis], params["mode"]), *at[axis + kind.ndim :])


def _within(body: Body, number: str, n: int, mode: str) -> str:
    if mode == "raise":
        return body.checked(number, n)
    operands = [(number, _PLACE), (str(n), _PLACE)]
    if mode == "wrap":
        return emit(body.function, table.remainder, operands, _PLACE, {})
    return emit(body.function, table.clip, [operands[0], ("0", _PLACE), (str(n - 1), _PLACE)], _PLACE, {})
