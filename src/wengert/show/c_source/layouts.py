"""Where the elements of an array lie in memory, and the subscript that C finds one with.

A *layout* is what NumPy has for a view: an offset and a stride for each axis, here in elements. So a slice, a
transposed array or a diagonal needs no copy: it is read as ``x[3 * i + j + 1]``. An index of constant numbers adds a
table of places, ``x[places[i] + j]``; the round of a loop adds its variable, ``xs[3 * k + j]``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

__all__ = ["Index", "Layout", "Table", "affine", "affine_parts", "loop_lengths"]

Index = str | int  # the name of a variable, or a number


@dataclass(frozen=True, slots=True)
class Table:
    """A constant array of places in memory, and its own stride for each axis of the layout."""

    name: str
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The place of an element: offset + Σ stride · index, and more.

    Attributes
    ----------
    shape, strides : tuple of int
    offset : int
    bound : tuple of (int, str)
        Further terms coefficient · variable, the same for all elements.
    table : Table or None
        A table whose entry is added.
    """

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0
    bound: tuple[tuple[int, str], ...] = ()
    table: Table | None = None

    @staticmethod
    def contiguous(shape: tuple[int, ...]) -> Layout:
        """The elements one after the other, the last index running fastest."""
        strides, step = [], 1
        for n in reversed(shape):
            strides.append(step if n != 1 else 0)
            step *= n
        return Layout(shape, tuple(reversed(strides)))

    @property
    def is_contiguous(self) -> bool:
        """Whether the elements lie one after the other."""
        return self.table is None and self.strides == Layout.contiguous(self.shape).strides

    def placed(self, other: Layout) -> Layout:
        """The same layout within an array whose own first element is where `other` says."""
        return replace(self, offset=self.offset + other.offset, bound=(*other.bound, *self.bound))

    def reshaped(self, shape: tuple[int, ...]) -> Layout:
        """The same contiguous elements in another shape."""
        return replace(Layout.contiguous(shape), offset=self.offset, bound=self.bound)

    def plus(self, coefficient: int, variable: Index) -> Layout:
        """The layout of elements that lie further on, by coefficient · variable."""
        if isinstance(variable, int):
            return replace(self, offset=self.offset + coefficient * variable)
        return replace(self, bound=(*self.bound, (coefficient, variable)))

    def of_round(self, variable: Index) -> Layout:
        """The layout of the part that a number has along the first axis."""
        inner = replace(self, shape=self.shape[1:], strides=self.strides[1:])
        return inner.plus(self.strides[0], variable)

    def moved(self, compute: Callable[[Any], Any]) -> Layout | None:
        """The layout of ``compute(array)``, which moves no element; ``None`` where NumPy would copy.

        NumPy itself is asked, with an array of these strides that has one byte for each element.
        """
        if self.table is not None:
            return None
        reach = sum(max((n - 1) * step, 0) for n, step in zip(self.shape, self.strides, strict=True))
        memory = np.empty(self.offset + reach + 1, np.int8)
        array: Any = np.ndarray(self.shape, np.int8, memory, self.offset, self.strides)
        found = compute(array)
        if found.size == 0:
            return Layout(found.shape, (0,) * found.ndim)
        if not np.may_share_memory(found, memory):
            return None
        offset = found.__array_interface__["data"][0] - memory.__array_interface__["data"][0]
        strides = tuple(0 if n == 1 else step for n, step in zip(found.shape, found.strides, strict=True))
        return Layout(found.shape, strides, offset, self.bound)

    def places(self) -> Any:
        """The place of every element, the bound variables being 0."""
        found = np.full(self.shape, self.offset, np.int64)
        for axis, (n, step) in enumerate(zip(self.shape, self.strides, strict=True)):
            found += (np.arange(n) * step).reshape((-1,) + (1,) * (len(self.shape) - axis - 1))
        return found

    def subscript(self, indices: Sequence[Index]) -> str:
        """The place of an element as an expression, for an index that is broadcast like NumPy's shapes."""
        own = _broadcast(indices, self.shape)
        terms = [*self.bound, *zip(self.strides, own, strict=True)]
        text = affine(terms, self.offset)
        if self.table is None:
            return text
        entry = f"{self.table.name}[{affine(zip(self.table.strides, own, strict=True), 0)}]"
        return entry if text == "0" else f"{entry} + {text}"

    def stepping(self, shape: Sequence[int]) -> list[tuple[int, ...]]:
        """The strides, those of a table too, with which the array is read in loops over `shape`."""
        sets = [self.strides, *([self.table.strides] if self.table is not None else [])]
        return [tuple(_aligned(strides, self.shape, shape)) for strides in sets]


def _broadcast(indices: Sequence[Index], shape: tuple[int, ...]) -> list[Index]:
    surplus = len(shape) - len(indices)
    own = [*[0] * surplus, *indices] if surplus > 0 else list(indices[-surplus:])
    return [0 if n == 1 else index for n, index in zip(shape, own, strict=True)]


def _aligned(strides: Sequence[int], own: Sequence[int], shape: Sequence[int]) -> list[int]:
    steps = [0 if n == 1 else step for n, step in zip(own, strides, strict=True)]
    missing = len(shape) - len(steps)
    return [0] * missing + steps if missing >= 0 else steps[-missing:]


def affine(terms: Any, offset: int) -> str:
    """The sum of coefficient · variable over `terms`, and `offset`, as a person writes it."""
    coefficients: dict[str, int] = {}
    for coefficient, index in terms:
        if isinstance(index, int):
            offset += coefficient * index
        elif coefficient:
            coefficients[index] = coefficients.get(index, 0) + coefficient
    added = [_term(c, name) for name, c in coefficients.items() if c > 0]
    taken = [_term(-c, name) for name, c in coefficients.items() if c < 0]
    if offset < 0 and added:
        taken.append(str(-offset))
    elif offset or not added:
        added.append(str(offset))
    return " - ".join([" + ".join(added), *taken])


def _term(coefficient: int, name: str) -> str:
    return name if coefficient == 1 else f"{coefficient} * {name}"


def affine_parts(places: Any) -> tuple[tuple[int, ...], Any]:
    """Split an array of places: along some axes they go up by a fixed step, the others are left for a table.

    Returns the step for each axis (0 where there is none), and the places with the length 1 along the axes of steps.
    """
    steps, rest = [0] * places.ndim, places
    for axis, n in enumerate(places.shape):
        if n < 2:
            continue
        first, second = (rest[(slice(None),) * axis + (slice(k, k + 1),)] for k in (0, 1))
        step = int((second - first).flat[0])
        if np.array_equal(rest, first + step * np.arange(n).reshape((-1,) + (1,) * (places.ndim - axis - 1))):
            steps[axis], rest = step, first
    return tuple(steps), rest


def loop_lengths(shape: Sequence[int], steppings: Sequence[Sequence[int]]) -> list[int]:
    """The lengths of the loops over `shape`, where one loop may do for several axes.

    Two neighbours are one axis if every array steps through them as through one; the loop then runs along the latter,
    and the former has the length 1.
    """
    lengths = list(shape)
    last = len(lengths) - 1
    for axis in range(len(lengths) - 2, -1, -1):
        n = lengths[last]
        if lengths[axis] == 1 or n == 1:
            last = last if lengths[axis] == 1 else axis
        elif all(steps[axis] == n * steps[last] for steps in steppings):
            lengths[last], lengths[axis] = n * lengths[axis], 1
        else:
            last = axis
    return lengths
