"""Branches and calls: operands that no list reads and results that no one uses are taken off them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wengert.control import Branches
from wengert.simplification.bindings import Bound, Found, Outer, inlined, merged, reached
from wengert.simplification.terms import is_plain
from wengert.wlist import Statement, Variable, WengertList

__all__ = ["simple_choice"]


def simple_choice(stmt: Statement, outer: Outer) -> Found | None:
    """What a choice between lists, or a call of one, becomes; ``None`` where it is simple."""
    prim = stmt.prim
    given = tuple(prim.sublists.values())
    skipped = 1 if isinstance(prim, Branches) else 0
    index = stmt.operands[0] if skipped else None
    lists = [outer.reduce(lst) for lst in given]
    if index is not None and is_plain(index) and 0 <= int(index) < len(lists):
        statements, outputs = inlined(lists[int(index)], stmt.operands[1:], outer.names)
        return Found(statements, dict(zip(stmt.targets, outputs, strict=True)))
    bounds = [
        Bound(x, inputs)
        for x, inputs in zip(stmt.operands[skipped:], zip(*(lst.inputs for lst in lists), strict=True), strict=True)
    ]
    kept, lists, replaced = _used_results(stmt, lists, outer)
    if skipped:
        bounds, lists = merged(bounds, lists)
    reads = [reached(lst, lst.outputs) for lst in lists]
    bounds = [b for b in bounds if any(v in read for v, read in zip(b.inputs, reads, strict=True))]
    new = [replace(lst, inputs=tuple(b.inputs[k] for b in bounds)) for k, lst in enumerate(lists)]
    is_same = len(kept) == len(stmt.targets) and len(bounds) == len(given[0].inputs)
    if is_same and all(one is other for one, other in zip(lists, given, strict=True)):
        return None
    if not kept:
        return Found([], replaced)
    made = prim.with_sublists(dict(zip(prim.sublists, new, strict=True)))  # type: ignore[attr-defined]  # a Control
    operands = (*stmt.operands[:skipped], *(b.operand for b in bounds))
    return Found([replace(stmt, targets=kept, prim=made, operands=operands)], replaced)


def _used_results(
    stmt: Statement, lists: list[WengertList], outer: Outer
) -> tuple[tuple[Variable, ...], list[WengertList], dict[Variable, Any]]:
    """The targets that are used, lists that give these alone, and what stands for the others."""
    numbers = [k for k, v in enumerate(stmt.targets) if v in outer.counts]
    if len(numbers) == len(stmt.targets):
        return stmt.targets, lists, {}
    chosen = [replace(lst, outputs=tuple(lst.outputs[k] for k in numbers)) for lst in lists]
    return tuple(stmt.targets[k] for k in numbers), [outer.reduce(lst) for lst in chosen], {}
