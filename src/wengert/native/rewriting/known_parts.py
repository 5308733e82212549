"""Parts of arrays of which most rows are known to be zero, and the statements that make arrays of them and take rows.

What is multiplied with zeros that are left out, or divides them, is guarded: zero times infinity is nan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from wengert.native.rewriting.known_zeros import Mask
from wengert.registry import table
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["MOST_RUNS", "Part", "PartWriter", "Places", "between", "nothing"]

#: Along each leading axis the index of each row.
Places: TypeAlias = "tuple[np.ndarray[Any, np.dtype[np.int64]], ...]"

MOST_RUNS = 6  # of places, from which rows are rather taken one by one
_LARGE = 512  # elements of a constant


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The rows of an array that may be other than zero; `value` is ``None`` where there are none."""

    value: Variable | None
    places: Places

    @property
    def depth(self) -> int:
        """The leading axes that rows are counted along."""
        return len(self.places)


def nothing(depth: int) -> Part:
    """The part of an array that is known to be zero everywhere."""
    return Part(None, tuple(np.zeros(0, np.int64) for _ in range(depth)))


def between(ends: Any, length: int) -> list[tuple[int, int]]:
    """Where the runs between these ends begin and end."""
    return list(pairwise((0, *map(int, ends), length)))


@dataclass(slots=True)
class PartWriter:
    """A list being written.

    Attributes
    ----------
    made : dict
        The statement of each variable as it was in the list.
    parts : dict
        Of what is not written as a whole.
    whole : set
        Of these, what is written as a whole, too.
    guards : dict
        What must be finite, or, where the first of the pair is true, must not be zero, with a statement that needs it.
    """

    lst: WengertList
    known: Mapping[Variable, Mask]
    statements: list[Statement] = field(default_factory=list)
    made: dict[Variable, Statement] = field(default_factory=dict)
    parts: dict[Variable, Part] = field(default_factory=dict)
    whole: set[Variable] = field(default_factory=set)
    guards: dict[tuple[bool, Variable], Statement] = field(default_factory=dict)
    with_zeros: dict[Variable, Variable] = field(default_factory=dict)

    # Rows of an operand.

    def _taken(self, x: Any, places: Places, ndim: int, like: Statement, *, is_divisor: bool = False) -> Any:
        """What an operand, which is broadcast to `ndim` axes, is in the rows at `places`; ``None`` where it is zero."""
        shape, depth = ArrayType.of(x).shape, len(places)
        own = max(depth - (ndim - len(shape)), 0)  # leading axes of the operand that are among those of the rows
        if isinstance(x, Variable) and x in self.parts:
            part = self._at_depth(x, depth) if own == depth else None
            if part is not None and 1 not in shape[:depth]:
                return self._rows_of_part(part, shape, places, like)
            self._put_together(x)
        self._guard(x, like, is_divisor=is_divisor)
        is_same = all(n == 1 for n in shape[:own])  # for all rows
        index = tuple(0 if n == 1 else p for n, p in zip(shape[:own], places[depth - own :], strict=True))
        if not isinstance(x, Variable):
            return np.reshape(x, shape[own:]) if is_same else np.asarray(x)[index]
        if is_same:
            return self._reshaped(x, shape[own:], like) if own else x
        if own == 1:
            return self._rows_at(x, places[-1], like)
        kind = ArrayType((*places[0].shape, *shape[own:]), x.dtype)
        return self._written(like, table.getitem, (x,), kind, {"index": index})

    def _at_depth(self, x: Variable, depth: int) -> Part | None:
        """A part with its rows counted along so many axes, where the others have length 1."""
        part = self.parts[x]
        if part.depth == depth or part.value is None:
            return part if part.depth == depth else nothing(depth)
        if part.depth == 2 and x.shape[1] == 1:
            value = self._reshaped(part.value, (len(part.places[0]), *x.shape[1:]), self.made[x])
            return Part(value, part.places[:1])
        return None

    def _rows_of_part(self, part: Part, shape: tuple[int, ...], places: Places, like: Statement) -> Variable | None:
        if part.value is None:
            return None
        numbers = self._numbers(part, shape)[places]
        if np.all(numbers < 0):
            return None
        if np.all(numbers >= 0):
            return self._rows_at(part.value, numbers, like)
        numbers = np.where(numbers < 0, len(part.places[0]), numbers)
        return self._rows_at(self._with_zeros(part.value, like), numbers, like)

    def _numbers(self, part: Part, shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The number of each row among those of a part; -1 of one that is zero."""
        numbers = np.full(shape[: part.depth], -1)
        numbers[part.places] = np.arange(len(part.places[0]))
        return numbers

    def _rows_at(self, x: Variable, numbers: np.ndarray[Any, np.dtype[np.int64]], like: Statement) -> Variable:
        kind = ArrayType((*numbers.shape, *x.shape[1:]), x.dtype)
        if numbers.ndim == 1 and np.array_equal(numbers, np.arange(numbers[0], numbers[0] + len(numbers))):
            if len(numbers) == x.shape[0]:
                return x
            index: Any = slice(int(numbers[0]), int(numbers[0]) + len(numbers))
        else:
            index = numbers
        return self._written(like, table.getitem, (x,), kind, {"index": (index,)})

    def _with_zeros(self, value: Variable, like: Statement) -> Variable:
        """The rows of a part and one of zeros."""
        if value not in self.with_zeros:
            zeros = np.zeros((1, *value.shape[1:]), value.dtype)
            self.with_zeros[value] = self._joined([value, zeros], like)
        return self.with_zeros[value]

    # The whole array.

    def _put_together(self, x: Any) -> None:
        """Write the array that there is a part of."""
        if not isinstance(x, Variable) or x not in self.parts or x in self.whole:
            return
        self.whole.add(x)
        part, stmt = self.parts[x], self.made[x]
        if part.value is None:
            self._note(stmt, table.broadcast_to, (np.zeros((), x.dtype)[()],), x, {"shape": x.shape})
            return
        numbers = self._numbers(part, x.shape)
        if part.depth == 1:
            steps = np.where((numbers[1:] < 0) == (numbers[:-1] < 0), np.diff(numbers) - (numbers[1:] >= 0), 1)
            ends = np.flatnonzero(steps) + 1
            if len(ends) < MOST_RUNS:
                pieces = []
                for start, end in between(ends, len(numbers)):
                    is_there = numbers[start] >= 0
                    shape = (end - start, *x.shape[1:])
                    rows = self._rows_at(part.value, numbers[start:end], stmt) if is_there else None
                    pieces.append(self._zeros(shape, stmt, x.dtype) if rows is None else rows)
                self._note(stmt, table.concatenate, tuple(pieces), x, {"axis": 0})
                return
        places = np.where(numbers < 0, len(part.places[0]), numbers)
        self._note(stmt, table.getitem, (self._with_zeros(part.value, stmt),), x, {"index": (places,)})

    def _zeros(self, shape: tuple[int, ...], like: Statement, dtype: np.dtype[Any]) -> Any:
        if math.prod(shape) <= _LARGE:
            return np.zeros(shape, dtype)
        zero = np.zeros((), dtype)[()]
        return self._written(like, table.broadcast_to, (zero,), ArrayType(shape, dtype), {"shape": shape})

    def _joined(self, pieces: Sequence[Any], like: Statement, axis: int = 0) -> Variable:
        """Arrays one after the other."""
        kinds = [ArrayType.of(x) for x in pieces]
        if len(pieces) == 1 and isinstance(pieces[0], Variable):
            return pieces[0]
        shape = list(kinds[0].shape)
        shape[axis] = sum(kind.shape[axis] for kind in kinds)
        kind = ArrayType(tuple(shape), like.targets[0].dtype)
        return self._written(like, table.concatenate, tuple(pieces), kind, {"axis": axis})

    def _guard(self, x: Any, stmt: Statement, *, is_divisor: bool = False) -> None:
        """Note what must be finite, or must not be zero, for what is left out to be zero."""
        if isinstance(x, Variable):
            self.guards.setdefault((is_divisor, x), stmt)

    # Statements.

    def _reshaped(self, x: Variable, shape: tuple[int, ...], like: Statement) -> Variable:
        return self._written(like, table.reshape, (x,), ArrayType(shape, x.dtype), {"shape": shape})

    def _written(
        self, stmt: Statement, prim: Any, operands: tuple[Any, ...], kind: ArrayType, params: Any = None
    ) -> Variable:
        target = Variable(f"part{len(self.statements)}", kind)
        self._note(stmt, prim, operands, target, params)
        return target

    def _note(self, stmt: Statement, prim: Any, operands: tuple[Any, ...], target: Variable, params: Any) -> None:
        made = replace(stmt, targets=(target,), prim=prim, operands=operands, params={} if params is None else params)
        self.statements.append(made)
