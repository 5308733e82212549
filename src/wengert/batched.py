"""Batches: values that stand for many arrays of one shape at once (`vmap`).

A `Batched` holds its arrays in one, along axis 0, and looks like a single one of them. To apply a primitive is to apply
it once to the whole, in the way that `batching` says. The array may be a value of any other kind: `batching` is written
in NumPy, so that what it computes is recorded and differentiated like every program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from wengert.batching import Shared, over_batch
from wengert.errors import TraceError, user_location
from wengert.levels import is_suspended
from wengert.memory import Memory, empty_like_in_memory, laid_out, note_view
from wengert.primitive import Primitive
from wengert.value import Value, has_nan, is_view_of, settled
from wengert.wlist import ArrayType

__all__ = ["Batched"]

_REMEDY = (
    "Select with np.where instead of if, repeat with wg.while_loop instead of while, and use NumPy's functions (np.sin "
    "for math.sin)."
)
_REMEDY_FOR_INDEX = (
    "Write wg.gather(a, i) for a[i] of a plain array a, and NumPy's functions for those of the math module; sizes and "
    "ranges must be the same for all."
)
_DETACHING = ", or use x.detach() to drop the derivative on purpose"


class Batched(Value):
    """Arrays of one shape and dtype at one level; made by `vmap`.

    Attributes
    ----------
    data : array or value
        All of them along axis 0.
    """

    __slots__ = ("__weakref__", "data")

    @property
    def has_layout(self) -> bool:  # type: ignore[override]  # it depends on what is held
        """Whether its numbers are known."""
        return self.data.has_layout if isinstance(self.data, Value) else True

    def __init__(self, data: Any, level: int):
        self.data = data
        self._level = level

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes of one of the arrays."""
        shape: tuple[int, ...] = self.data.shape[1:]
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the elements."""
        dtype: np.dtype[Any] = self.data.dtype
        return dtype

    def _apply(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        level = self._level
        own = [isinstance(x, Batched) and x._level == level for x in operands]
        xs = [x.data if mine else x for x, mine in zip(operands, own, strict=True)]
        y = over_batch(prim, own, xs, params)
        if y.__class__ is tuple:
            return tuple(one.value if one.__class__ is Shared else Batched(one, level) for one in y)
        if y.__class__ is Shared:
            return y.value
        result = Batched(y, level)
        if prim.views and self._has_view(result, prim, params):
            note_view(result, self, prim, params)
        return result

    def _has_view(self, result: Batched, prim: Primitive, params: Mapping[str, Any]) -> bool:
        """Whether NumPy's result for one of the arrays shares memory with it."""
        if not self.ndim and not isinstance(getattr(self, "_memory", None), Memory):
            return False  # NumPy has a number here, which is copied
        if result.ndim:
            return is_view_of(result.data, self.data)
        array = empty_like_in_memory(self)  # of no axes: an array or a number, as NumPy has it
        return is_view_of(prim.compute(array, **params), array)

    def _is_batch(self) -> bool:
        return True

    def _below(self) -> Any:
        return self.data

    def _alias(self) -> Batched:
        return Batched(self.data, self._level)

    def _holding(self, array: Any) -> Batched:
        if isinstance(array, Batched) and array._level == self._level:
            return array
        return Batched(np.broadcast_to(array, (len(self.data), *np.shape(array))), self._level)

    def _take_over(self, new: Any) -> None:
        old = self.data
        if isinstance(old, Value) and old._level < is_suspended():  # other numbers, the same record
            old = old._alias()
            old._take_over(old._holding(new.data))
            self.data = old
        else:
            self.data = new.data if _is_repeated(old) else laid_out(new.data, old)

    def _settled(self) -> Batched:
        return Batched(settled(self.data), self._level) if isinstance(self.data, Value) else self

    # What asks for one number or array, where there are many.

    def _concrete(self) -> NoReturn:
        raise TraceError(
            f"Python asked for the value of {self._description()}.",
            why="The program runs once for all of them, which may differ.",
            remedy=_REMEDY,
            where=user_location(),
        )

    def _carries_derivative(self) -> bool:
        """True: like a value with a derivative it cannot become a plain number or array."""
        return True

    def _refuse(self, what: str, remedy: str) -> NoReturn:
        raise TraceError(
            f"{what} was called on {self._description()}.",
            why="Its result is one plain number or array.",
            remedy=_REMEDY_FOR_INDEX if self.dtype.kind in "iu" else remedy.replace(_DETACHING, ""),
            where=user_location(),
        )

    def __index__(self) -> int:
        return int(self._concrete())

    def __format__(self, spec: str) -> str:
        return str(self)

    def _has_nan(self) -> bool:
        return has_nan(self.data)

    def _reaches(self) -> Batched:
        return Batched(self.data._reaches() if isinstance(self.data, Value) else self.data != 0, self._level)

    def _is_recorded(self) -> bool:
        return isinstance(self.data, Value) and self.data._is_recorded()

    def _description(self) -> str:
        return f"a batch of {len(self.data)} values of type {ArrayType.of(self)}"

    def _text(self) -> str:
        """Values and type, for messages and debugging prints."""
        numbers = (
            repr(self.data) if isinstance(self.data, Value) else np.array2string(self.data, precision=4, threshold=20)
        )
        return f"{numbers} along {len(self.data)} of {ArrayType.of(self)}"

    def __repr__(self) -> str:
        return f"Batched({self._text()})"


def _is_repeated(data: Any) -> bool:
    """Whether all arrays of a batch lie in one place: those of an array that was the same for all."""
    return data.__class__ is np.ndarray and data.strides[0] == 0
