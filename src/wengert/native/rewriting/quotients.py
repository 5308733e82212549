"""Quotients of numbers that are there already, but for their sign: a division takes as long as ten additions.

The derivatives of ``1 / sqrt(x)`` divide 1 and -1 by the same number, and what comes of it once more.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wengert.registry import table
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["with_shared_quotients"]

_MOST_ELEMENTS = 64  # of larger arrays, one that is stored and loaded may take as long


def with_shared_quotients(lst: WengertList) -> WengertList:
    """The list in which ``(-a) / b`` is ``-(a / b)``, and is divided once if both are there."""
    if sum(stmt.prim is table.divide for stmt in lst.statements) < 2:
        return lst
    writer = _Writer()
    for stmt in lst.statements:
        writer.add(stmt)
    return replace(lst, statements=tuple(writer.statements)) if writer.is_shared else lst


@dataclass(slots=True)
class _Writer:
    """A list being written; `made` has quotients by their operands, and `negated` what is the opposite of another."""

    statements: list[Statement] = field(default_factory=list)
    made: dict[tuple[Any, Variable], Variable] = field(default_factory=dict)
    negated: dict[Variable, Variable] = field(default_factory=dict)
    is_shared: bool = False

    def add(self, stmt: Statement) -> None:
        """Add a statement, or the sign of a quotient that is known."""
        if not _is_quotient(stmt):
            if stmt.prim is table.negative and isinstance(stmt.operands[0], Variable):
                self.negated[stmt.targets[0]] = stmt.operands[0]
            self.statements.append(stmt)
            return
        (a, b), (v,) = stmt.operands, stmt.targets
        a, is_negative = self._without_sign(a)
        key = (a if isinstance(a, Variable) else float(a), b)
        known = self.made.get(key)
        if known is not None:
            self.is_shared = True
        elif not is_negative:
            self.made[key] = v
            self.statements.append(stmt)
            return
        else:
            known = self.made[key] = Variable(f"{v.name}_positive", v.type)
            self.statements.append(replace(stmt, targets=(known,), operands=(a, b)))
        prim = table.negative if is_negative else table.positive
        self.statements.append(replace(stmt, prim=prim, operands=(known,), params={}))
        if is_negative:
            self.negated[v] = known

    def _without_sign(self, a: Any) -> tuple[Any, bool]:
        is_negative = False
        while isinstance(a, Variable) and a in self.negated:
            a, is_negative = self.negated[a], not is_negative
        return (-a, True) if not isinstance(a, Variable) and a < 0 else (a, is_negative)


def _is_quotient(stmt: Statement) -> bool:
    """Whether a number or a small array is divided by another one of its shape and dtype."""
    if stmt.prim is not table.divide or stmt.targets[0].dtype.kind != "f":
        return False
    (a, b), (v,) = stmt.operands, stmt.targets
    if not isinstance(b, Variable) or b.type != v.type or v.type.size > _MOST_ELEMENTS:
        return False
    if isinstance(a, Variable):
        return a.type == v.type
    return np.ndim(a) == 0 and (isinstance(a, (int, float)) or ArrayType.of(a).dtype == v.dtype)
