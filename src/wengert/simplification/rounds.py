"""Loops: carries that no one needs or that never change, and what is the same in every round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wengert.control import Loop, While
from wengert.facts import Kind
from wengert.registry import table
from wengert.simplification.bindings import Bound, Found, Outer, inlined, merged, reached
from wengert.wlist import Statement, Variable, WengertList

__all__ = ["simple_rounds"]

#: Operations besides the elementwise ones that raise nothing for any values and cost no more than they read.
_HARMLESS = "reshape transpose broadcast_to getitem flip concatenate sum mean max min matmul"


@dataclass(slots=True, eq=False)
class Carry(Bound):
    """An operand that each round replaces by its output; `target` gets the last one, `stack` all before."""

    output: Any
    target: Variable
    is_used: bool
    stack: Variable | None = None


@dataclass(slots=True, eq=False)
class Rounds:
    """A loop, taken apart: `lists` are its body and, of a while loop, the condition.

    A while loop may have further results: how many rounds there were (`number`), and stacks of carries.
    """

    stmt: Statement
    lists: list[WengertList]
    constants: list[Bound]
    carries: list[Carry]
    xs: list[Bound] = field(default_factory=list)
    ys: list[tuple[Any, Variable]] = field(default_factory=list)
    number: Variable | None = None
    before: list[Statement] = field(default_factory=list)  # what was moved out
    replaced: dict[Variable, Any] = field(default_factory=dict)
    has_changed: bool = False

    @property
    def body(self) -> WengertList:
        """The list of a round."""
        return self.lists[0]


def simple_rounds(stmt: Statement, outer: Outer) -> Found | None:
    """What a loop becomes; ``None`` where it is simple."""
    if isinstance(stmt.prim, Loop) and stmt.prim.length in (0, 1):
        return _few_rounds(stmt, stmt.prim, outer)
    rounds = _taken_apart(stmt, outer)
    _leave_out_dead(rounds)
    _fix_unchanging(rounds)
    _merge_constants(rounds)
    _move_out(rounds, outer)
    _leave_out_unread(rounds)
    return _put_together(rounds) if rounds.has_changed else None


def _few_rounds(stmt: Statement, loop: Loop, outer: Outer) -> Found:
    """No round leaves the carries as they are; one is written out."""
    constants, carries, xs = loop.layout.split(stmt.operands)
    if loop.length == 0:
        kinds = [v.type for v in stmt.targets[loop.carries :]]
        empty = [np.zeros(kind.shape, kind.dtype) for kind in kinds]
        return Found([], dict(zip(stmt.targets, [*carries, *empty], strict=True)))
    firsts = [_apply(stmt, table.getitem, x, {"index": 0}, outer) for x in xs]
    slices = [first.targets[0] for first in firsts]
    statements, found = inlined(loop.body, [np.int64(loop.start), *constants, *carries, *slices], outer.names)
    replaced = dict(zip(stmt.targets[: loop.carries], found, strict=False))
    stacks = []
    for target, y in zip(stmt.targets[loop.carries :], found[loop.carries :], strict=True):
        stacks.append(
            replace(stmt, targets=(target,), prim=table.reshape, operands=(y,), params={"shape": target.shape})
        )
    return Found([*firsts, *statements, *stacks], replaced)


def _apply(like: Statement, prim: Any, x: Any, params: Any, outer: Outer) -> Statement:
    (kind,) = prim.infer((x,), params)
    return replace(like, targets=(Variable(next(outer.names), kind),), prim=prim, operands=(x,), params=params)


# --- taking apart ----------------------------------------------------------------------------------------------------


def _taken_apart(stmt: Statement, outer: Outer) -> Rounds:
    """The parts of a loop, its lists simplified, without the ys and stacks that no one uses."""
    prim: Loop | While = stmt.prim  # type: ignore[assignment]  # it was asked for
    given = [prim.body, prim.cond] if isinstance(prim, While) else [prim.body]
    lists = [outer.reduce(lst) for lst in given]
    # The body of a Loop has the number of the round in front.
    inputs = zip(*(lst.inputs[1:] if isinstance(prim, Loop) else lst.inputs for lst in lists), strict=True)
    constants, carries, xs = prim.layout.split([Bound(x, vs) for x, vs in zip(stmt.operands, inputs, strict=True)])
    results = list(zip(lists[0].outputs, stmt.targets, strict=False))
    rounds = Rounds(
        stmt,
        lists,
        constants,
        [
            Carry(bound.operand, bound.inputs, y, target, target in outer.counts)
            for bound, (y, target) in zip(carries, results, strict=False)
        ],
        xs,
        [(y, target) for y, target in results[prim.carries :] if target in outer.counts],
        has_changed=any(a is not b for a, b in zip(lists, given, strict=True)),
    )
    rounds.has_changed |= len(rounds.ys) < len(results) - prim.carries
    if isinstance(prim, While) and prim.kept is not None:
        _note_stacks(rounds, prim.kept, outer)
    return rounds


def _note_stacks(rounds: Rounds, kept: Sequence[int], outer: Outer) -> None:
    number, *stacks = rounds.stmt.targets[len(rounds.carries) :]
    for k, stack in zip(kept, stacks, strict=True):
        if stack in outer.counts:
            rounds.carries[k].stack = stack
    is_needed = number in outer.counts or any(carry.stack for carry in rounds.carries)
    rounds.number = number if is_needed else None
    rounds.has_changed |= not is_needed or any(rounds.carries[k].stack is None for k in kept)


# --- what is left out ------------------------------------------------------------------------------------------------


def _leave_out_dead(rounds: Rounds) -> None:
    """Carries that neither a used result, nor another such carry, nor the condition depends on."""
    is_wanted = {carry: carry.is_used or carry.stack is not None for carry in rounds.carries}
    wanted = [carry.output for carry in rounds.carries if is_wanted[carry]]
    asked: set[Variable] = set()
    for cond in rounds.lists[1:]:
        asked = reached(cond, cond.outputs)
        wanted += [carry.output for carry in rounds.carries if carry.inputs[1] in asked]
    through = {carry.inputs[0]: carry.output for carry in rounds.carries}
    wanted += [carry.inputs[0] for carry in rounds.carries if carry.stack is not None]
    read = reached(rounds.body, [*wanted, *(y for y, _ in rounds.ys)], through)
    kept = [
        carry
        for carry in rounds.carries
        if is_wanted[carry] or carry.inputs[0] in read or any(v in asked for v in carry.inputs[1:])
    ]
    if len(kept) < len(rounds.carries):
        rounds.carries, rounds.has_changed = kept, True


def _fix_unchanging(rounds: Rounds) -> None:
    """A carry that each round hands on as it is, is a constant."""
    fixed = [carry for carry in rounds.carries if carry.output is carry.inputs[0] and carry.stack is None]
    if not fixed or (rounds.number is not None and len(fixed) == len(rounds.carries)):
        return  # a while loop is asked only how often it goes round
    rounds.has_changed = True
    rounds.carries = [carry for carry in rounds.carries if carry not in fixed]
    rounds.constants += [Bound(carry.operand, carry.inputs) for carry in fixed]
    rounds.replaced.update((carry.target, carry.operand) for carry in fixed)


def _merge_constants(rounds: Rounds) -> None:
    says = _what_says_how_often(rounds)
    kept, lists = merged(rounds.constants[len(says) :], rounds.lists)
    kept = [*says, *kept]
    if len(kept) < len(rounds.constants):
        rounds.constants, rounds.has_changed = kept, True
        _replace_lists(rounds, lists)


def _what_says_how_often(rounds: Rounds) -> list[Bound]:
    """The first constant of a loop whose number of rounds is an operand, which stays the first."""
    is_counted = isinstance(rounds.stmt.prim, Loop) and rounds.stmt.prim.length is None
    return rounds.constants[:1] if is_counted else []


def _replace_lists(rounds: Rounds, lists: Sequence[WengertList]) -> None:
    """Other lists with outputs in the same places."""
    moved = {id(old): new for old, new in zip(rounds.body.outputs, lists[0].outputs, strict=True)}
    for carry in rounds.carries:
        carry.output = moved.get(id(carry.output), carry.output)
    rounds.ys = [(moved.get(id(y), y), target) for y, target in rounds.ys]
    rounds.lists = list(lists)


def _leave_out_unread(rounds: Rounds) -> None:
    """Constants and xs that no list reads."""
    outputs = [*(carry.output for carry in rounds.carries), *(y for y, _ in rounds.ys)]
    read = reached(rounds.body, outputs)
    for cond in rounds.lists[1:]:
        read |= reached(cond, cond.outputs)
    says = _what_says_how_often(rounds)
    constants = [bound for bound in rounds.constants if bound in says or any(v in read for v in bound.inputs)]
    xs = [bound for bound in rounds.xs if bound.inputs[0] in read]
    if len(constants) < len(rounds.constants) or len(xs) < len(rounds.xs):
        rounds.constants, rounds.xs, rounds.has_changed = constants, xs, True


# --- what is moved out -----------------------------------------------------------------------------------------------


def _move_out(rounds: Rounds, outer: Outer) -> None:
    """Statements that depend on constants alone are computed once, before the loop."""
    for number in range(len(rounds.lists)):
        # A condition is evaluated at least once, a body perhaps never.
        runs_surely = number == 1 or (isinstance(rounds.stmt.prim, Loop) and rounds.stmt.prim.length is not None)
        _move_out_of(rounds, number, outer, runs_surely)


def _move_out_of(rounds: Rounds, number: int, outer: Outer, runs_surely: bool) -> None:
    lst = rounds.lists[number]
    outside: dict[Variable, Any] = {bound.inputs[number]: bound.operand for bound in rounds.constants}
    moved: set[Variable] = set()
    stayed = []
    for stmt in lst.statements:
        is_fixed = all(not isinstance(x, Variable) or x in outside for x in stmt.operands)
        if not (is_fixed and (runs_surely or _is_harmless(stmt))):
            stayed.append(stmt)
            continue
        targets = tuple(Variable(next(outer.names), v.type) for v in stmt.targets)
        operands = tuple(outside[x] if isinstance(x, Variable) else x for x in stmt.operands)
        rounds.before.append(replace(stmt, targets=targets, operands=operands))
        outside.update(zip(stmt.targets, targets, strict=True))
        moved.update(stmt.targets)
    if not moved:
        return
    rounds.has_changed = True
    lists = list(rounds.lists)
    lists[number] = replace(lst, statements=tuple(stayed))
    _replace_lists(rounds, lists)
    read = {x for stmt in stayed for x in stmt.operands if isinstance(x, Variable)}
    read.update(y for y in lst.outputs if isinstance(y, Variable))
    for v in (v for v in outside if v in moved and v in read):
        rounds.constants.append(Bound(outside[v], _inputs_of(v, number, len(rounds.lists))))


def _inputs_of(v: Variable, number: int, count: int) -> tuple[Variable, ...]:
    """`v` as an input of one list, and inputs that the others do not read."""
    return tuple(v if k == number else Variable(f"{v.name}_", v.type) for k in range(count))


def _is_harmless(stmt: Statement) -> bool:
    prim = stmt.prim
    if prim.sublists or table.primitives.get(prim.name) is not prim:
        return False
    if getattr(prim, "kind", None) is Kind.ELEMENTWISE:
        return all(v.dtype.kind in "fcb" for v in stmt.targets)
    return prim.name in _HARMLESS.split()


# --- putting together ------------------------------------------------------------------------------------------------


def _put_together(rounds: Rounds) -> Found:
    stmt = rounds.stmt
    bounds = [*rounds.constants, *rounds.carries, *rounds.xs]
    inputs = [[bound.inputs[k] for bound in bounds] for k in range(len(rounds.lists))]
    outputs = tuple(carry.output for carry in rounds.carries)
    operands = tuple(bound.operand for bound in bounds)
    if isinstance(stmt.prim, While):
        return _while(rounds, stmt, inputs, outputs, operands)
    targets = [carry.target for carry in rounds.carries] + [target for _, target in rounds.ys]
    if not targets or not isinstance(stmt.prim, Loop):
        return Found(rounds.before, rounds.replaced)
    loop, body = stmt.prim, rounds.body
    new = replace(body, inputs=(body.inputs[0], *inputs[0]), outputs=(*outputs, *(y for y, _ in rounds.ys)))
    made = Loop(
        loop.name, new, start=loop.start, length=loop.length, reverse=loop.reverse, constants=len(rounds.constants),
        carries=len(rounds.carries), kept=loop.kept if len(targets) == len(stmt.targets) else None,
    )  # fmt: skip
    loop_again = replace(stmt, targets=tuple(targets), prim=made, operands=operands)
    return Found([*rounds.before, loop_again], rounds.replaced)


def _while(
    rounds: Rounds, stmt: Statement, inputs: list[list[Variable]], outputs: tuple[Any, ...], operands: tuple[Any, ...]
) -> Found:
    if not outputs:
        return Found(rounds.before, rounds.replaced)
    body, cond = rounds.lists
    stacks = {k: carry.stack for k, carry in enumerate(rounds.carries) if carry.stack is not None}
    made = While(
        replace(cond, inputs=tuple(inputs[1])),
        replace(body, inputs=tuple(inputs[0]), outputs=outputs),
        constants=len(rounds.constants),
        kept=None if rounds.number is None else tuple(stacks),
    )
    targets = [carry.target for carry in rounds.carries]
    if rounds.number is not None:
        targets += [rounds.number, *stacks.values()]
    loop_again = replace(stmt, targets=tuple(targets), prim=made, operands=operands)
    return Found([*rounds.before, loop_again], rounds.replaced)
