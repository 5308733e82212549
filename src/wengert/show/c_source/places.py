"""Where a value of the list stands in the C function: a constant, a variable, or elements of an array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wengert.show.c_source.layouts import Index, Layout
from wengert.show.c_source.literals import DType, c_type, literal

__all__ = ["Elements", "Literal", "Place", "Scalar", "Storage", "cast", "element", "read"]


@dataclass(eq=False, slots=True)
class Storage:
    """An array: a parameter, a constant table, or a part of the workspace.

    Attributes
    ----------
    name : str
        In C.
    dtype : dtype
    size : int
        Number of elements.
    is_work : bool
        Whether it lies in the workspace; then it is needed from `start` to `end` on the clock of the function, and
        `offset` is where it begins.
    """

    name: str
    dtype: DType
    size: int
    is_work: bool = False
    start: int = 0
    end: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant that all elements are equal to; one of Python has no dtype of its own."""

    value: Any
    dtype: DType | None


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number in a variable; `is_declared` says whether C knows the name before it is assigned."""

    name: str
    dtype: DType
    is_declared: bool = False


@dataclass(frozen=True, slots=True)
class Elements:
    """Elements of an array."""

    storage: Storage
    layout: Layout

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return self.storage.dtype


Place = Literal | Scalar | Elements


def element(place: Scalar | Elements, indices: Sequence[Index]) -> str:
    """The element as C names it."""
    if isinstance(place, Scalar):
        return place.name
    return f"{place.storage.name}[{place.layout.subscript(indices)}]"


def read(place: Place, indices: Sequence[Index], dtype: DType) -> str:
    """The element as an operand of the given dtype, converted if it has another; a negative constant in brackets."""
    if isinstance(place, Literal):
        text = literal(place.value, dtype)
        return f"({text})" if text.startswith("-") else text
    return cast(element(place, indices), place.dtype, dtype)


def cast(text: str, own: DType, wanted: DType) -> str:
    """An operand converted from one dtype to another."""
    if own == wanted:
        return text
    if wanted.kind == "b":
        return f"({text} != 0)"
    return f"({c_type(wanted)}){text}"
