"""Branches, and functions that the program calls."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.control import Branches, Call
from wengert.show.python_source.comments import note_of
from wengert.show.python_source.constants import deferred_number
from wengert.show.python_source.expressions import Expression, Local, Weak, compose, leaf, literal_expression
from wengert.show.python_source.items import Branch, Choice, Rebind, Unpack
from wengert.show.python_source.literals import is_native
from wengert.show.python_source.naming import Names, identifier
from wengert.show.python_source.planning import Context, Planner
from wengert.wlist import Statement, Variable, WengertList

__all__ = ["plan_branches", "plan_call"]


def plan_branches(outer: Planner, stmt: Statement, prim: Branches) -> None:
    """Plan ``if`` and ``else``, or ``elif`` for a choice by number."""
    note = note_of(stmt, outer.depth)
    index, *xs = stmt.operands
    operands = list(map(outer.settled, xs))
    is_truth = prim.name == "cond"
    chosen_by = outer.short(index, note, 10) if is_truth else outer.settled(index)
    lists = list(prim.lists)
    targets: list[Local] = []
    for v in stmt.targets:
        targets.append(Local(v.type, outer.name_of(v) or _name_of_result(outer, lists, len(targets))))
        outer.values[v] = leaf(targets[-1])
    parts = [_plan_branch(outer, lst, operands, targets) for lst in lists]
    if is_truth:
        branches = [Branch("if {0}:", parts[1]), Branch("else:", parts[0])]
        otherwise = ""
    else:
        branches = [Branch(f"{'elif' if k else 'if'} {{0}} == {k}:", part) for k, part in enumerate(parts)]
        otherwise = f'raise IndexError(f"branch {{{{{{0}}}}}} of {len(lists)}, numbered from 0")'
    outer.items.append(Choice(chosen_by, branches, targets, otherwise, note=note))


def _name_of_result(outer: Planner, lists: Sequence[WengertList], k: int) -> str:
    """The name that all branches give a result."""
    found = {Names(lst, outer.context.known)[y] for lst in lists if isinstance(y := lst.outputs[k], Variable)}
    return found.pop() if len(found) == 1 else ""


def _plan_branch(
    outer: Planner, lst: WengertList, operands: Sequence[Expression], targets: Sequence[Local]
) -> list[Any]:
    for v, x in zip(lst.inputs, operands, strict=True):
        if x.local is not None:
            outer.context.known[v] = x.local.wanted
    names = Names(lst, outer.context.known)
    outer.context.known.update(names.all)
    inner = Planner(lst, names, outer.context, dict(zip(lst.inputs, operands, strict=True)), outer.depth + 1)
    inner.plan()
    news = []
    for target, y in zip(targets, lst.outputs, strict=True):
        news.append(_result(inner, target, inner.prepared.resolved(y)))
    inner.items.append(Rebind(targets, news))
    return inner.items


def _result(inner: Planner, target: Local, y: Any) -> Expression:
    """What a branch gives: an expression, or a constant of the dtype of the result."""
    if isinstance(y, Variable) or np.ndim(y):
        new = inner.short(y, None, len(target.wanted) + 3)
        for weak in () if new.local is None else new.local.weak:
            weak.is_strict = True
        return new
    if not is_native(target.type.dtype):
        return literal_expression(deferred_number(np.asarray(y, target.type.dtype), Weak()))
    weak = Weak()
    target.weak |= {weak}
    return literal_expression(deferred_number(np.asarray(y, target.type.dtype), weak))


def plan_call(outer: Planner, stmt: Statement, prim: Call) -> None:
    """Plan the call of a function that is written above."""
    note = note_of(stmt, outer.depth)
    context = outer.context
    name = context.preamble.call(identifier(prim.body.name), functools.partial(_function_text, context, prim.body))
    operands = [outer.operand(x) for x in stmt.operands]
    for x in operands:
        for weak in () if x.local is None else x.local.weak:
            weak.is_strict = True
    text = f"{name}({', '.join(f'{{{k}}}' for k in range(len(operands)))})"
    inlined = outer.inlined(operands, note, text)
    value = compose(text, inlined, range(len(inlined)))
    if len(stmt.targets) == 1:
        outer.assign_call(stmt, value, note)
        return
    targets: list[Local | None] = []
    for v in stmt.targets:
        local = Local(v.type, outer.name_of(v)) if outer.prepared.uses[v] else None
        if local is not None:
            outer.values[v] = leaf(local)
        targets.append(local)
    outer.items.append(Unpack(tuple(targets), value, note=note))


def _function_text(context: Context, lst: WengertList, name: str) -> str:
    return context.write_function(lst, name, context)
