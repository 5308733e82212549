"""Dual numbers: values that carry a tangent along (forward mode).

A `Dual` is a pair (x, ẋ). Applying a primitive computes the result and, by the same row of the table that reverse mode
uses, its tangent: (x, ẋ) ↦ (f(x), f'(x) ẋ) (Wengert 1964; Clifford 1873 for the numbers x + ẋε with ε² = 0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wengert.errors import DegenerateError, user_location
from wengert.facts import Kind
from wengert.levels import is_suspended
from wengert.memory import laid_out, note_view
from wengert.primitive import Primitive
from wengert.value import NO_PARAMS, Value, bind, concrete, has_nan, is_view_of
from wengert.wlist import ArrayType

__all__ = ["Dual"]


def _check_distinct(prim: Primitive, ys: Any, xs: Sequence[Any], tangents: Sequence[Any]) -> None:
    """Refuse what reverse mode alone can do; a transform of a function catches this and goes that way."""
    if prim.continued is not None and tangents[0] is not None and prim.continued(ys, xs[0]) is not ys:
        raise DegenerateError(
            f"forward mode met values of {prim.name} that are equal, or nearly so.",
            why="Which of their vectors the tangent belongs to is found in reverse mode alone.",
            remedy="Use wg.jvp of the function as a whole, or wg.vjp.",
            where=user_location(),
        )


class Dual(Value):
    """A primal value with its tangent of the same shape and dtype, at one level; made by `jvp`.

    The tangent of a constant array is ``None``; it is a `Dual` all the same, so that its elements can be assigned.
    """

    __slots__ = ("__weakref__", "primal", "tangent")

    def __init__(self, primal: Any, tangent: Any, level: int):
        self.primal = primal
        self.tangent = tangent
        self._level = level

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        shape: tuple[int, ...] = self.primal.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the elements."""
        dtype: np.dtype[Any] = self.primal.dtype
        return dtype

    def _concrete(self) -> Any:
        return concrete(self.primal)

    def _has_nan(self) -> bool:
        return has_nan(self.primal) or (self.tangent is not None and has_nan(self.tangent))

    def _is_recorded(self) -> bool:
        return isinstance(self.primal, Value) and self.primal._is_recorded()

    def _carries_derivative(self) -> bool:
        primal = self.primal
        return self.tangent is not None or (isinstance(primal, Value) and primal._carries_derivative())

    def _apply(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        if prim.kind is Kind.CONTROL:
            return self._apply_control(prim, operands)
        level = self._level
        mine = [isinstance(x, Dual) and x._level == level for x in operands]
        xs = [x.primal if own else x for x, own in zip(operands, mine, strict=True)]
        y = bind(prim, xs, params)
        if prim.is_flat or level < is_suspended():
            return self._constant(y, prim, params)
        tangents = [x.tangent if own else None for x, own in zip(operands, mine, strict=True)]
        if y.__class__ is tuple:
            _check_distinct(prim, y, xs, tangents)
        with np.errstate(all="ignore"):
            y_dot = prim.push_forward(tangents, y, xs, params)
        if y_dot is None:
            return self._constant(y, prim, params)
        if y.__class__ is tuple:
            return tuple(one if t is None else Dual(one, t, level) for one, t in zip(y, y_dot, strict=True))
        result = Dual(y, y_dot, level)
        if prim.views and is_view_of(y, xs[0]):
            note_view(result, self, prim, params)
        return result

    def _apply_control(self, prim: Primitive, operands: Sequence[Any]) -> Any:
        """A statement with sub-lists: results and tangents are computed together."""
        mine = [isinstance(x, Dual) and x._level == self._level for x in operands]
        xs = [x.primal if own else x for x, own in zip(operands, mine, strict=True)]
        is_off = self._level < is_suspended()
        tangents = [x.tangent if own and not is_off else None for x, own in zip(operands, mine, strict=True)]
        y, y_dot = prim.evaluate_with_tangent(xs, tangents, NO_PARAMS)
        if y.__class__ is not tuple:
            return self._constant(y, prim, NO_PARAMS) if y_dot is None else Dual(y, y_dot, self._level)
        y_dots = [None] * len(y) if y_dot is None else y_dot
        return tuple(
            self._constant(one, prim, NO_PARAMS) if t is None else Dual(one, t, self._level)
            for one, t in zip(y, y_dots, strict=True)
        )

    def _constant(self, y: Any, prim: Primitive, params: Mapping[str, Any]) -> Any:
        """A result without tangent: an array of numbers stays a `Dual`, so that its elements can be assigned."""
        if y.__class__ is tuple or not y.shape or y.dtype.kind not in "fc":
            return y
        result = Dual(y, None, self._level)
        if prim.views and is_view_of(y, self.primal):
            note_view(result, self, prim, params)
        return result

    def _below(self) -> Any:
        return self.primal

    def _alias(self) -> Dual:
        return Dual(self.primal, self.tangent, self._level)

    def _holding(self, array: Any) -> Dual:
        if isinstance(array, Dual) and array._level == self._level:
            return array
        return Dual(array, None, self._level)

    def _take_over(self, new: Any) -> None:
        self.primal = laid_out(new.primal, self.primal)
        if self._level >= is_suspended():  # else other numbers, the same derivative
            self.tangent = new.tangent

    def __repr__(self) -> str:
        return f"Dual({self.primal}, {self.tangent}, level={self._level}): {ArrayType(self.shape, self.dtype)}"
