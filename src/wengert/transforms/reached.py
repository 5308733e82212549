"""Cotangents in a program that know under which condition they are more than zero.

``np.where(x > 0, np.log(x), 0)`` sends a zero to the logarithm where x ≤ 0, and the sweep would multiply it with the
infinite partial there and get nan. Where values are known, a sweep that met a nan is repeated with masks
(`wengert.masked`). A program is written once for all values: behind a selection, a cotangent carries the condition as a
variable of the program, and what a product with a partial makes of it is put back to zero where the condition does not
hold. Programs without a selection pay nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wengert.facts import Kind
from wengert.masked import Marked
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.value import Value, bind
from wengert.wlist import ArrayType

__all__ = ["Reached", "everywhere"]

#: Moves of elements under which a condition moves along.
_MOVES = frozenset({"reshape", "transpose", "broadcast_to", "flip", "copy", "roll", "getitem", "gather"}) | frozenset(
    {"scatter", "gather_transpose"}
)
#: Elementwise operations that map zeros to zeros, whatever their other operands are.
_SUMS = frozenset({"add", "subtract", "negative", "positive", "conjugate", "real", "imag", "astype"})


class Reached(Marked):
    """A cotangent in a program, and the condition of its shape where it is not zero; ``None``: everywhere."""

    __slots__ = ("condition",)

    def __init__(self, data: Any, condition: Any, level: int):
        self.data = data
        self.condition = condition
        self._level = level

    def _has_nan(self) -> bool:
        return False

    def _apply(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        mine = [isinstance(x, Reached) and x._level == self._level for x in operands]
        xs = [x.data if own else x for x, own in zip(operands, mine, strict=True)]
        if prim is table.selecting_multiply and mine[0] and xs[1].dtype.kind == "b":
            return self._selected(operands[0], xs[1])
        y = bind(prim, xs, params)
        if prim.is_flat:
            return y
        if y.__class__ is tuple:
            return tuple(Reached(one, None, self._level) for one in y)
        condition = _condition(prim, [x if own else None for x, own in zip(operands, mine, strict=True)], xs, params)
        if condition is not None and not _keeps_zeros(prim, mine, xs):
            y = np.where(condition, y, np.zeros((), y.dtype))
        return Reached(y, condition, self._level)

    def _selected(self, ct: Reached, weight: Any) -> Reached:
        """A cotangent where `weight` is true."""
        condition = weight if ct.condition is None else ct.condition & weight
        return Reached(np.where(weight, ct.data, np.zeros((), ct.dtype)), condition, self._level)

    def _alias(self) -> Reached:
        return Reached(self.data, self.condition, self._level)

    def __repr__(self) -> str:
        return f"Reached({self.data}, {self.condition}, level={self._level}): {ArrayType(self.shape, self.dtype)}"


def everywhere(seed: Any, level: int) -> Reached:
    """A seed of a sweep over a program."""
    return Reached(seed, None, level)


def _condition(prim: Primitive, own: Sequence[Reached | None], xs: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """Where the result of an operation that is linear in its cotangents is not zero."""
    if prim is table.selecting_multiply and own[0] is not None:
        selected = np.not_equal(xs[1], 0)
        return selected if own[0].condition is None else own[0].condition & selected
    if any(x is not None and x.condition is None for x in own):
        return None
    conditions = [x.condition for x in own if x is not None]
    if prim.kind is Kind.ELEMENTWISE and (len(conditions) == 1) == (prim.name not in ("add", "subtract")):
        return conditions[0] if len(conditions) == 1 else conditions[0] | conditions[1]
    if prim.name in _MOVES and own[0] is not None:
        whole = np.broadcast_to(own[0].condition, own[0].shape)  # it may be that of a smaller factor
        return bind(prim, [whole, *xs[1:]], params)
    return None


def _keeps_zeros(prim: Primitive, mine: Sequence[bool], xs: Sequence[Any]) -> bool:
    """Whether zeros of a cotangent stay zeros, whatever the values of the program are."""
    if prim.kind is not Kind.ELEMENTWISE or prim.name in _SUMS:
        return True
    others = [x for x, own in zip(xs, mine, strict=True) if not own]
    return all(not isinstance(x, Value) and np.all(np.isfinite(x)) and np.all(np.not_equal(x, 0)) for x in others)
