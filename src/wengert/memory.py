"""Arrays that share memory: what is written into one is seen in all that have a part of it, as NumPy has it.

Values are never changed where they are stored: a rule may still need the old numbers. A write makes a new array, and
the *objects* take it over. `Memory` is what an array and its views have in common: the state of the whole array, and
for each of them the steps (`reshape`, a slice, …) that lead to its part. A write into one part is put back step by step
into the whole (`Primitive.put`), and all others take their parts from it anew.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["Memory", "copied", "distinct", "empty_like_in_memory", "is_shared", "laid_out", "note_view", "part_of"]

Step = tuple[Any, Mapping[str, Any]]  # a primitive and its parameters


class Memory:
    """What an array and its views share.

    Attributes
    ----------
    whole : value
        The array as it is now; an object of its own, so that nobody else changes it.
    """

    __slots__ = ("_members", "_prune_at", "whole")

    def __init__(self, owner: Any):
        self.whole = owner._alias()
        self.whole._memory = _UNWATCHED
        self._members = [weakref.ref(owner)]
        self._prune_at = 16

    def add(self, member: Any) -> None:
        """Note another array that has a part of the memory."""
        self._members.append(weakref.ref(member))
        if len(self._members) > self._prune_at:
            self._members = [ref for ref in self._members if ref() is not None]
            self._prune_at = 2 * len(self._members) + 16

    def members(self) -> list[Any]:
        """The arrays that share the memory and are still in use."""
        found = (ref() for ref in self._members)
        return [x for x in found if x is not None and getattr(x, "_memory", None) is self]

    def write(self, member: Any, new: Any) -> None:
        """Put `new` in the place of the elements that `member` has, for all arrays that share the memory."""
        states = [self.whole]
        for prim, params in member._path[:-1]:
            states.append(prim(states[-1], **params))
        whole = new
        for (prim, params), state in zip(reversed(member._path), reversed(states), strict=False):
            if prim.put is None:
                raise ValueError("assignment destination is read-only")
            whole = state._holding(prim.put(state, whole, **params))
        self.whole._take_over(whole)
        for other in self.members():
            # A value with numbers takes its part even if it was written to: so it stays a view, in NumPy's order.
            is_known = other is member and not other.has_layout
            other._take_over(new if is_known else self._part(other._path))

    def _part(self, path: tuple[Step, ...]) -> Any:
        part = self.whole
        for prim, params in path:
            part = prim(part, **params)
        return self.whole._holding(part)


#: The memory of a value that no name of a user stands for: its views need not be noted.
_UNWATCHED: Any = object()


def note_view(view: Any, owner: Any, prim: Any, params: Mapping[str, Any]) -> None:
    """Note that `view` is what ``prim(owner, **params)`` gave, and shares its memory."""
    memory = getattr(owner, "_memory", None)
    if memory is _UNWATCHED:
        return
    if memory is None:
        memory = owner._memory = Memory(owner)
        owner._path = ()
    view._memory = memory
    view._path = (*owner._path, (prim, params))
    memory.add(view)


def empty_like_in_memory(x: Any) -> Any:
    """An empty array that lies in memory as NumPy's would after the steps that made `x` a view."""
    path = getattr(x, "_path", ())
    whole = x._memory.whole if path else x
    array = np.empty(whole.shape, whole.dtype)
    for step, params in path:
        array = step.compute(array, **params)
    return array


def laid_out(new: Any, old: Any) -> Any:
    """The array `new` in the order of memory of `old`, which it replaces: NumPy would have written into `old`."""
    is_plain = new.__class__ is np.ndarray and old.__class__ is np.ndarray
    if not is_plain or new.ndim < 2 or new.strides == old.strides or new.base is not None:
        return new
    array = np.empty_like(old, dtype=new.dtype)
    array[...] = new
    return array


def is_shared(x: Any) -> bool:
    """Whether another array that is in use shares the memory of `x`."""
    memory = getattr(x, "_memory", None)
    return isinstance(memory, Memory) and any(other is not x for other in memory.members())


def part_of(part: Any, whole: Any, prim: Any, params: Mapping[str, Any]) -> bool:
    """Whether `part` is the view of `whole` that ``prim(whole, **params)`` is."""
    memory = getattr(part, "_memory", None)
    if not isinstance(memory, Memory) or getattr(whole, "_memory", None) is not memory:
        return False
    own_path, whole_path = part._path, whole._path
    if len(own_path) != len(whole_path) + 1 or own_path[:-1] != whole_path:
        return False
    step, own_params = own_path[-1]
    return step is prim and _same(own_params, params)


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    try:
        return bool(one == other) and repr(one) == repr(other)  # True and 1 are equal, and different indices
    except ValueError:  # indices with arrays
        return False


def distinct(x: Any) -> Any:
    """A view of an array with one element in the place of those that broadcasting repeats along an axis."""
    if 0 not in x.strides or not x.size:
        return x
    return x[tuple(slice(0, 1) if step == 0 else slice(None) for step in x.strides)]


def copied(x: Any) -> Any:
    """A copy that nobody else changes; what broadcasting repeats is not spread out, and may not be written into."""
    part = distinct(x)
    return x.copy("K") if part is x else np.broadcast_to(part.copy("K"), x.shape)
