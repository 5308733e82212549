"""Control statements: their lists are simplified, and what does not change from round to round is moved out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from wengert.control import Branches, Call, Control, Loop, While
from wengert.simplification.bindings import Found, Outer, substituted_in
from wengert.simplification.choices import simple_choice
from wengert.simplification.rounds import simple_rounds
from wengert.wlist import Statement, Variable

__all__ = ["with_simple_sublists"]


def with_simple_sublists(
    statements: Sequence[Statement], outputs: Sequence[Any], outer: Outer
) -> tuple[list[Statement], tuple[Any, ...], bool]:
    """The statements and outputs with every control statement made simpler; whether any was."""
    result: list[Statement] = []
    replaced: dict[Variable, Any] = {}
    has_changed = False
    for old in statements:
        stmt = substituted_in(old, replaced)
        found = _simple(stmt, outer) if stmt.prim.sublists else None
        if found is None:
            result.append(stmt)
            continue
        has_changed = True
        result += found.statements
        replaced.update(found.replaced)
    return result, tuple(replaced.get(y, y) if isinstance(y, Variable) else y for y in outputs), has_changed


def _simple(stmt: Statement, outer: Outer) -> Found | None:
    """What a control statement becomes; ``None`` where it is simple."""
    prim = stmt.prim
    if isinstance(prim, (Loop, While)):
        return simple_rounds(stmt, outer)
    if isinstance(prim, (Branches, Call)):
        return simple_choice(stmt, outer)
    if not isinstance(prim, Control):
        return None
    lists = {part: outer.reduce(lst) for part, lst in prim.sublists.items()}
    if all(lists[part] is lst for part, lst in prim.sublists.items()):
        return None
    return Found([replace(stmt, prim=prim.with_sublists(lists))])
