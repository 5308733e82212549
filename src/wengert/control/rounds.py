"""Operands that are constants, carries and xs, and what depends on what from round to round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wengert.transforms.selection import is_floating, numbers_of, zeros_of
from wengert.wlist import Variable, WengertList

__all__ = ["Layout", "given", "moving_carries", "over_rounds", "tangents_of_outputs", "there", "used"]


@dataclass(frozen=True, slots=True)
class Layout:
    """How many of the operands of a loop are constants, carries and xs, in this order."""

    constants: int
    carries: int
    xs: int

    def split(self, operands: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """Operands, or what belongs to them, in three parts."""
        start = self.constants + self.carries
        return list(operands[: self.constants]), list(operands[self.constants : start]), list(operands[start:])


def there(values: Sequence[Any]) -> list[Any]:
    """Those that are not ``None``."""
    return [x for x in values if x is not None]


def given(tangent: Any, x: Any) -> Any:
    """The tangent of `x`, zeros for a structural zero."""
    return zeros_of(x) if tangent is None else tangent


def used(lst: WengertList) -> set[Variable]:
    """The variables that a list reads or returns."""
    operands = (x for stmt in lst.statements for x in stmt.operands)
    return {x for x in (*operands, *lst.outputs) if isinstance(x, Variable)}


def tangents_of_outputs(lst: WengertList, of_tangent: WengertList) -> list[Any]:
    """For each output of a list, its tangent in the tangent list; ``None`` for an integer."""
    dots = iter(of_tangent.outputs[len(lst.outputs) :])
    return [next(dots) if is_floating(y) else None for y in lst.outputs]


def over_rounds(of_body: Sequence[frozenset[int]], constants: int, carries: int) -> list[frozenset[int]]:
    """What the results of a loop depend on, given what those of one round do; operands are (constants, carries, xs)."""
    found = [of_body[k] | {constants + k} for k in range(carries)]  # of no round: the carry itself
    while True:
        more = [frozenset(_through(part, found, constants, carries)) for part in found]
        if more == found:
            break
        found = more
    return [*found, *(frozenset(_through(part, found, constants, carries)) for part in of_body[carries:])]


def _through(part: frozenset[int], found: Sequence[frozenset[int]], constants: int, carries: int) -> set[int]:
    """What something depends on, and what the carries among that depend on."""
    result = set(part)
    for i in part:
        if constants <= i < constants + carries:
            result |= found[i - constants]
    return result


def moving_carries(
    dependence: Sequence[frozenset[int]], present: Sequence[bool], constants: int, carries: int
) -> tuple[bool, ...]:
    """Which carries have a tangent in some round, where the operands `present` have one."""
    moving = set(numbers_of(present))
    return tuple(present[constants + k] or bool(dependence[k] & moving) for k in range(carries))
