"""Formulas written out as text, and how many operations they have.

Such a formula may have more characters than there is memory for. Its size is counted without writing it, and of the
text only the beginning is kept: no formula is shown to its end if it is long.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from wengert.primitive import Primitive
from wengert.wlist import Operation, Statement, Variable, WengertList, format_operand

__all__ = ["Written", "shortened", "written_out"]

_KEPT = 400  # characters of a text: more than are shown
_ATOM, _POWER, _PRODUCT, _SUM = 9, 4, 2, 1  # the scale of Primitive.precedence


@dataclass(frozen=True, slots=True)
class Written:
    """The beginning of a formula without its sign, its precedence, and its number of operations."""

    text: str
    precedence: int = _ATOM
    operations: int = 0
    negative: bool = False

    @property
    def signed(self) -> str:
        """The text with its sign."""
        return f"-{self._within(_PRODUCT)}" if self.negative else self.text

    @property
    def is_one(self) -> bool:
        """Whether it is 1 or -1."""
        return self.text == "1"

    def _within(self, precedence: int) -> str:
        return f"({self.text})" if self.precedence < precedence else self.text

    def operand(self, precedence: int) -> str:
        """The text as an operand, in brackets where it has a sign or binds more loosely than `precedence`."""
        return f"({self.signed})" if self.negative else self._within(precedence)

    def __neg__(self) -> Written:
        return replace(self, negative=not self.negative)

    def __add__(self, other: Written) -> Written:
        sign, least = ("-", _PRODUCT) if other.negative else ("+", _SUM)
        text = f"{self.signed} {sign} {other._within(least)}"
        return Written(text[:_KEPT], _SUM, self.operations + other.operations + 1)

    def __sub__(self, other: Written) -> Written:
        return self + -other

    def __mul__(self, other: Written) -> Written:
        is_negative = self.negative != other.negative
        for one, rest in ((self, other), (other, self)):
            if one.is_one:
                return replace(rest, negative=is_negative)
        text = f"{self._within(_PRODUCT)}·{other._within(_PRODUCT)}"
        return Written(text[:_KEPT], _PRODUCT, self.operations + other.operations + 1, is_negative)

    def __truediv__(self, other: Written) -> Written:
        is_negative = self.negative != other.negative
        if other.is_one:
            return replace(self, negative=is_negative)
        text = f"{self._within(_PRODUCT)}/{other._within(_POWER)}"
        return Written(text[:_KEPT], _PRODUCT, self.operations + other.operations + 1, is_negative)


def written_out(lst: WengertList, inputs: Sequence[Written]) -> list[Written]:
    """The formulas of the outputs of `lst`, with those of all operands put in."""
    formulas = dict(zip(lst.inputs, inputs, strict=True))
    for stmt in lst.statements:
        operands = [formulas[x] if isinstance(x, Variable) else _constant(x) for x in stmt.operands]
        formula = _applied(stmt, operands)
        for k, target in enumerate(stmt.targets):
            formulas[target] = replace(formula, text=f"{formula.text}[{k}]") if len(stmt.targets) > 1 else formula
    return [formulas[x] if isinstance(x, Variable) else _constant(x) for x in lst.outputs]


def _applied(stmt: Statement, operands: Sequence[Written]) -> Written:
    arithmetic = _ARITHMETIC.get(stmt.prim.name)
    if arithmetic is not None:
        found: Written = arithmetic(*operands)
        return found
    count = 1 + sum(x.operations for x in operands)
    notation, precedence = _notation(stmt.prim)
    if stmt.prim.name == "power":
        return Written(f"{operands[0].operand(_ATOM)}^{operands[1].operand(_ATOM)}"[:_KEPT], _POWER, count)
    if not notation:
        return Written(f"{stmt.prim.name}({', '.join(x.signed for x in operands)})"[:_KEPT], _ATOM, count)
    least = 0 if precedence == _ATOM else precedence + 1  # within signs of its own, as in |x|, nothing needs brackets
    text = notation.format(*(x.operand(least) if least else x.signed for x in operands), **stmt.params)
    return Written(text.replace(" ** ", "^")[:_KEPT], precedence, count)


def _notation(prim: Operation) -> tuple[str, int]:
    return (prim.notation, prim.precedence) if isinstance(prim, Primitive) else ("", _ATOM)


def _constant(x: Any) -> Written:
    text = format_operand(x).removesuffix(".0")
    return Written(text.removeprefix("-"), negative=text.startswith("-"))


_ARITHMETIC: Mapping[str, Callable[..., Written]] = MappingProxyType(
    {
        "add": operator.add,
        "subtract": operator.sub,
        "multiply": operator.mul,
        "selecting_multiply": operator.mul,
        "divide": operator.truediv,
        "negative": operator.neg,
    }
)


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
