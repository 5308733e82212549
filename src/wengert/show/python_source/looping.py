"""Loops: rounds that are counted, and rounds as long as a condition holds.

The carries are variables that each round replaces. What a loop keeps of each round is stored in an array that is made
before it; where the number of rounds is not known before, it is appended to a list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wengert.control import Loop, While
from wengert.show.python_source.comments import note_of
from wengert.show.python_source.constants import deferred_number
from wengert.show.python_source.expressions import (
    Expression,
    Local,
    Weak,
    compose,
    leaf,
    literal_expression,
)
from wengert.show.python_source.items import Append, Assign, Item, Leave, Note, Rebind, Rounds, Store
from wengert.show.python_source.literals import dtype_text, is_native, shape_text
from wengert.show.python_source.naming import Names
from wengert.show.python_source.planning import Planner
from wengert.wlist import ANY, ArrayType, Statement, Variable, WengertList

__all__ = ["plan_loop", "plan_while"]

_NUMBER = ArrayType((), np.dtype(np.int64))
_ROUND = "round"  # what the reverse of a ``while`` loop calls it
_ROOM = 20  # columns of a line beside the expression that it is planned for


@dataclass(frozen=True, slots=True)
class _Carry:
    """A variable that each round replaces, and its first value."""

    local: Local
    begin: Expression


def plan_loop(outer: Planner, stmt: Statement, prim: Loop) -> None:
    """Plan a ``for`` loop."""
    note = note_of(stmt, outer.depth)
    constants, begin, xs = prim.layout.split(stmt.operands)
    i, *inputs = prim.body.inputs
    own_constants, own_carries, slices = prim.layout.split(inputs)
    names = _names_of_body(outer, prim.body, own_constants, constants, own_carries)
    weak = Weak()
    index = Local(_NUMBER, "k" if names[i] == _ROUND else names[i] or "i", frozenset([weak]))
    stacks = [outer.settled(x) for x in xs]
    carries = _carries(outer, own_carries, begin, names, note)
    known = dict(zip(own_constants, map(outer.constant, constants), strict=True))
    known[i] = leaf(index)
    known.update((v, leaf(c.local)) for v, c in zip(own_carries, carries, strict=True))
    inner = Planner(prim.body, names, outer.context, known, outer.depth + 1)
    place = index_of_round(index, prim.start)
    _plan_slices(inner, slices, stacks, place, names)
    kept = _kept_of_rounds(outer, stmt, prim, names)
    _store_carries(inner, prim, own_carries, kept, place)
    inner.plan()
    _store_results(inner, prim, own_carries, kept, place)
    _rebind(inner, [c.local for c in carries], prim.body.outputs[: prim.carries])
    number = known[own_constants[0]] if prim.length is None else literal_expression(str(prim.length))
    _make_arrays(outer, prim, kept, number, note)
    outer.items.append(
        Rounds(
            [c.local for c in carries], [c.begin for c in carries], _results(outer, stmt, prim.carries), inner.items,
            index=index, weak=weak, bounds=_bounds(prim, number), is_reversed=prim.reverse, note=note,
        )
    )  # fmt: skip


def index_of_round(index: Local, start: int) -> Expression:
    """The place of a round in the arrays that have one part for each."""
    if start == 0:
        return leaf(index)
    return compose(f"{{0}} {'-' if start > 0 else '+'} {abs(start)}", [leaf(index)])


def _bounds(prim: Loop, number: Expression) -> list[Expression]:
    if prim.length is None:
        return [literal_expression("0"), number]
    return [literal_expression(str(prim.start)), literal_expression(str(prim.start + prim.length))]


def _names_of_body(
    outer: Planner, body: WengertList, constants: Sequence[Variable], operands: Sequence[Any],
    carries: Sequence[Variable],
) -> Names:  # fmt: skip
    """The names of the variables of a body; a constant is called as outside."""
    for v, x in zip(constants, operands, strict=True):
        found = outer.operand(x).local
        if found is not None:
            outer.context.known[v] = found.wanted
    names = Names(body, outer.context.known)
    names.call_carries(carries, body.outputs)
    outer.context.known.update(names.all)
    return names


def _carries(
    outer: Planner, variables: Sequence[Variable], begin: Sequence[Any], names: Names, note: Note | None
) -> list[_Carry]:
    carries = []
    for v, x in zip(variables, begin, strict=True):
        resolved = outer.prepared.resolved(x)
        if isinstance(resolved, Variable) or np.ndim(resolved):
            carries.append(_Carry(Local(v.type, names[v]), outer.short(x, note, _ROOM)))
        else:
            weak = Weak()
            text = deferred_number(np.asarray(resolved, v.dtype), weak)
            is_weak = is_native(v.dtype)
            carries.append(
                _Carry(Local(v.type, names[v], frozenset([weak] if is_weak else [])), literal_expression(text))
            )
    return carries


def _plan_slices(
    inner: Planner, slices: Sequence[Variable], stacks: Sequence[Expression], place: Expression, names: Names
) -> None:
    """The part of each array that a round gets, read where it is used or at the top of the body."""
    for v, stack in zip(slices, stacks, strict=True):
        count = inner.prepared.uses[v]
        if not count:
            continue
        local = Local(v.type, names[v])
        part = compose("{0}[{1}]", [stack, place], (0,) if v.shape else ())
        inner.values[v] = leaf(local)
        item = Assign(local, part)
        if count == 1:
            inner.take_pending(item)
        else:
            inner.items.append(item)


# --- what is kept of each round ------------------------------------------------------------------------------------


def _kept_of_rounds(outer: Planner, stmt: Statement, prim: Loop, names: Names) -> dict[int, Local]:
    """Number of a result of the body → the array that has it of all rounds, where something reads that."""
    kept = {}
    for k, (target, y) in enumerate(zip(stmt.targets, prim.body.outputs, strict=True)):
        if k >= prim.carries and outer.prepared.uses[target]:
            local = Local(target.type, outer.name_of(target) or _name_of_stack(y, prim, names))
            outer.values[target] = leaf(local)
            kept[k] = local
    return kept


def _name_of_stack(y: Any, prim: Loop, names: Names) -> str:
    name = names[y] if isinstance(y, Variable) else ""
    is_carry = isinstance(y, Variable) and y in prim.layout.split(prim.body.inputs[1:])[1]
    return f"{name or 'y'}_{'kept' if is_carry else 'rounds'}"


def _store_carries(
    inner: Planner, prim: Loop, carries: Sequence[Variable], kept: Mapping[int, Local], place: Expression
) -> None:
    for k, stack in kept.items():
        y = prim.body.outputs[k]
        if isinstance(y, Variable) and y in carries:
            inner.items.append(Store(leaf(stack), place, inner.operand(y)))


def _store_results(
    inner: Planner, prim: Loop, carries: Sequence[Variable], kept: Mapping[int, Local], place: Expression
) -> None:
    for k, stack in kept.items():
        y = prim.body.outputs[k]
        if not (isinstance(y, Variable) and y in carries):
            inner.items.append(Store(leaf(stack), place, inner.short(y, None, _ROOM)))


def _make_arrays(outer: Planner, prim: Loop, kept: Mapping[int, Local], number: Expression, note: Note | None) -> None:
    for local in kept.values():
        kind = local.type
        dtype = "" if kind.dtype == np.dtype(float) else f", dtype={dtype_text(kind.dtype)}"
        if prim.length is None:
            rest = "".join(f", {n}" for n in kind.shape[1:])
            value = compose(f"np.empty(({{0}}{rest or ','}){dtype})", [number])
        else:
            value = literal_expression(f"np.empty({shape_text(kind.shape)}{dtype})")
        outer.items.append(Assign(local, value, note=note))


def _rebind(inner: Planner, carries: Sequence[Local], outputs: Sequence[Any]) -> None:
    """The last line of a body: the new values of the carries."""
    news = []
    for local, y in zip(carries, outputs, strict=True):
        new = inner.short(y, None, len(local.wanted) + 3)
        news.append(new)
        root = new.local
        for weak in () if root is None else root.weak - local.weak:
            weak.is_strict = True
    inner.items.append(Rebind(carries, news))


def _results(outer: Planner, stmt: Statement, count: int) -> list[Local | None]:
    """The variables that hold the carries after the loop."""
    results: list[Local | None] = []
    for target in stmt.targets[:count]:
        local = Local(target.type, outer.name_of(target)) if outer.prepared.uses[target] else None
        if local is not None:
            outer.values[target] = leaf(local)
        results.append(local)
    return results


# --- while -----------------------------------------------------------------------------------------------------


def plan_while(outer: Planner, stmt: Statement, prim: While) -> None:
    """Plan a ``while`` loop."""
    note = note_of(stmt, outer.depth)
    constants, begin, _ = prim.layout.split(stmt.operands)
    own_constants, own_carries, _ = prim.layout.split(prim.body.inputs)
    names = _names_of_body(outer, prim.body, own_constants, constants, own_carries)
    carries = _carries(outer, own_carries, begin, names, note)
    operands = [*map(outer.constant, constants), *(leaf(c.local) for c in carries)]
    test, items = _plan_test(outer, prim, operands)
    inner = Planner(
        prim.body, names, outer.context, dict(zip(prim.body.inputs, operands, strict=True)), outer.depth + 1
    )
    lists = _lists(outer, stmt, prim, names)
    for k, local in lists.items():
        inner.items.append(Append(leaf(local), leaf(carries[k].local)))
        outer.items.append(Assign(local, literal_expression("[]"), note=note))
    inner.plan()
    _rebind(inner, [c.local for c in carries], prim.body.outputs)
    body: list[Item] = inner.items if not items else [*items, Leave(test), *inner.items]
    outer.items.append(
        Rounds(
            [c.local for c in carries], [c.begin for c in carries], _results(outer, stmt, prim.carries), body,
            test=None if items else test, note=note,
        )
    )  # fmt: skip
    _after_while(outer, stmt, prim, lists, note)


def _plan_test(outer: Planner, prim: While, operands: Sequence[Expression]) -> tuple[Expression, list[Item]]:
    """The condition, and the lines before it if it is no single expression."""
    constants, _, _ = prim.layout.split(prim.cond.inputs)
    for v, x in zip(constants, operands, strict=False):
        if x.local is not None:
            outer.context.known[v] = x.local.wanted
    names = Names(prim.cond, outer.context.known)
    planner = Planner(
        prim.cond, names, outer.context, dict(zip(prim.cond.inputs, operands, strict=True)), outer.depth + 1
    )
    planner.plan()
    (test,) = (planner.short(y, None, 10) for y in prim.cond.outputs)
    return test, [item for item in planner.items if not item.is_left_out]


def _lists(outer: Planner, stmt: Statement, prim: While, names: Names) -> dict[int, Local]:
    """Number of a carry → the list of its values, where something reads them or their number."""
    uses, carries = outer.prepared.uses, prim.layout.split(prim.body.inputs)[1]
    lists = {}
    for target, k in zip(stmt.targets[prim.carries + 1 :], prim.kept or (), strict=True):
        if uses[target]:
            lists[k] = Local(target.type, f"{names[carries[k]] or 'x'}_kept")
            outer.values[target] = leaf(lists[k])
    if not lists and prim.kept is not None and uses[stmt.targets[prim.carries]]:
        v = carries[0]
        lists[0] = Local(ArrayType((ANY, *v.shape), v.dtype), f"{names[v] or 'x'}_kept")
    return lists


def _after_while(outer: Planner, stmt: Statement, prim: While, lists: Mapping[int, Local], note: Note | None) -> None:
    """The number of rounds, and arrays of the lists that are read otherwise than round by round."""
    if not lists:
        return
    number = stmt.targets[prim.carries]
    if outer.prepared.uses[number]:
        local = Local(number.type, outer.name_of(number) or "rounds")
        outer.values[number] = leaf(local)
        first = leaf(next(iter(lists.values())))
        outer.items.append(Assign(local, compose("np.int64(len({0}))", [first]), note=note))
    for target, k in zip(stmt.targets[prim.carries + 1 :], prim.kept or (), strict=True):
        kept = lists.get(k)
        if kept is not None and not _is_read_by_rounds(outer, target):
            array = Local(target.type, kept.wanted)
            shape = "".join(f", {n}" for n in target.shape[1:])
            dtype = dtype_text(target.dtype)
            text = f"np.array({{0}}, dtype={dtype}).reshape(len({{0}}){shape})"
            outer.values[target] = leaf(array)
            outer.items.append(Assign(array, compose(text, [leaf(kept)]), note=note))


def _is_read_by_rounds(outer: Planner, target: Variable) -> bool:
    """Whether only loops read it, which take it apart along its first axis."""
    if any(outer.prepared.resolved(y) is target for y in outer.prepared.outputs):
        return False
    for stmt in outer.prepared.statements:
        places = [k for k, x in enumerate(stmt.operands) if outer.prepared.resolved(x) is target]
        if places and not (isinstance(stmt.prim, Loop) and min(places) >= stmt.prim.constants + stmt.prim.carries):
            return False
    return True
