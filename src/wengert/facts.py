"""What is declared of a primitive: its shape kind, and one derivative fact for each operand."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Fact", "Flat", "Kind", "Parts", "Rule", "Tangent", "Transpose", "flat", "tangent", "transpose"]

Rule = Callable[..., Any]


class Kind(enum.Enum):
    """How the shape of the result follows from the shapes of the operands."""

    ELEMENTWISE = "elementwise"
    GUFUNC = "gufunc"
    STRUCTURAL = "structural"
    REDUCTION = "reduction"
    CONTROL = "control"


class Flat:
    """The fact of a piecewise constant operand; its only instance is `flat`."""

    def __repr__(self) -> str:
        return "flat"


flat = Flat()


@dataclass(frozen=True, slots=True)
class Transpose:
    """The fact of a linear operand: `rule` applies the transpose of the linear map to a cotangent."""

    rule: Rule


@dataclass(frozen=True, slots=True)
class Tangent:
    """The fact of an operand that is neither linear nor elementwise: both rules written out."""

    rule: Rule
    adjoint: Rule


class Parts(tuple[Any, ...]):
    """The (co)tangents of the several results of one statement, ``None`` for a structural zero; sums by element."""

    __slots__ = ()

    #: For a sweep, which compares the shape of a term with that of the node it goes to.
    shape = ()

    @classmethod
    def only(cls, value: Any, position: int, count: int) -> Parts:
        """`value` at `position` among `count` results, nothing at the others."""
        return cls(value if k == position else None for k in range(count))

    def __add__(self, other: Iterable[Any]) -> Parts:
        return Parts(b if a is None else a if b is None else a + b for a, b in zip(self, other, strict=True))


transpose = Transpose
tangent = Tangent
Fact = Flat | float | Rule | Transpose | Tangent
