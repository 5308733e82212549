"""Dual numbers: values that carry a tangent along (forward mode).

A `Dual` is a pair (x, ẋ). Applying a primitive computes the result and, by the same row of the table that reverse mode
uses, its tangent: (x, ẋ) ↦ (f(x), f'(x) ẋ) (Wengert 1964; Clifford 1873 for the numbers x + ẋε with ε² = 0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wengert.primitive import Primitive
from wengert.value import Value, bind, has_nan, is_suspended, is_view
from wengert.wlist import ArrayType

__all__ = ["Dual"]


class Dual(Value):
    """A primal value with its tangent of the same shape and dtype, at one level; made by `jvp`."""

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
        return self.primal._concrete() if isinstance(self.primal, Value) else self.primal

    def _has_nan(self) -> bool:
        return has_nan(self.primal) or has_nan(self.tangent)

    def _apply(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        level = self._level
        mine = [isinstance(x, Dual) and x._level == level for x in operands]
        xs = [x.primal if own else x for x, own in zip(operands, mine, strict=True)]
        y = bind(prim, xs, params)
        if prim.is_flat or level < is_suspended():
            return y
        tangents = [x.tangent if own else None for x, own in zip(operands, mine, strict=True)]
        with np.errstate(all="ignore"):
            y_dot = prim.push_forward(tangents, y, xs, params)
        if y_dot is None:
            return y
        if y.__class__ is tuple:
            return tuple(one if t is None else Dual(one, t, level) for one, t in zip(y, y_dot, strict=True))
        result = Dual(y, y_dot, level)
        if is_view(y):
            result._share_memory(*operands)
        return result

    def _take_over(self, new: Any) -> Dual:
        self.primal, self.tangent = new.primal, new.tangent
        return self

    def __repr__(self) -> str:
        return f"Dual({self.primal}, {self.tangent}, level={self._level}): {ArrayType(self.shape, self.dtype)}"
