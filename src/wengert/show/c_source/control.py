"""Statements with sub-lists (decision 8): branches, loops, and calls, which are written in their place.

A sub-list is a block whose inputs are the operands themselves: nothing is copied into it. A loop has the carries in the
variables and arrays of its results. A round computes all new carries from the old ones, in places of their own, before
they take over; a slice of an x, and the place of a y, is a part of the whole array.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wengert.control import Branches, Call, Loop, While
from wengert.show.c_source.blocks import Block
from wengert.show.c_source.layouts import Layout
from wengert.show.c_source.literals import c_type
from wengert.show.c_source.places import Elements, Place, Scalar
from wengert.show.c_source.planning import Unit
from wengert.show.c_source.refusals import refusal
from wengert.wlist import Statement, Variable, WengertList

__all__ = ["ControlWriter"]


@dataclass(frozen=True, slots=True)
class _Rounds:
    """What is planned of a loop: its blocks, and for each carry where it stands and where its next value is put."""

    blocks: tuple[Block, ...]
    number: str  # of the round
    test: Scalar | None
    carries: list[Place]
    next_carries: list[Place]


class ControlWriter:
    """Plans and writes the statements with sub-lists."""

    def plan(self, block: Block, unit: Unit) -> Any:
        """The blocks of the sub-lists of a statement."""
        (stmt,) = unit.statements
        prim = stmt.prim
        if isinstance(prim, (Branches, Call)):
            inputs = [block.place(x) for x in stmt.operands[prim.skipped :]]
            return [_inner(block, lst, inputs, _results(block, stmt)) for lst in prim.lists]
        if isinstance(prim, Loop):
            return _plan_loop(block, unit, prim)
        if isinstance(prim, While) and not prim.stacking:
            return _plan_while(block, unit, prim)
        raise refusal(
            stmt, "How many rounds a stack has to hold is known only when it is run, and C would allocate it."
        )

    def __call__(self, block: Block, unit: Unit) -> None:
        """Write a statement."""
        (stmt,) = unit.statements
        for place in _results(block, stmt):
            if isinstance(place, Scalar) and not place.name.startswith("*"):
                block.page.line(f"{c_type(place.dtype)} {place.name};")
        if isinstance(stmt.prim, Branches):
            _write_branches(block, stmt, unit.parts)
        elif isinstance(stmt.prim, Call):
            with block.page.braces(""):
                unit.parts[0].write()
        elif isinstance(stmt.prim, Loop):
            _write_loop(block, stmt, stmt.prim, unit.parts)
        else:
            _write_while(block, stmt, unit.parts)
        for v in stmt.targets:
            if isinstance(block.places[v], Scalar) and v not in block.plan.uses:
                block.page.line(f"(void){_name(block.places[v])};")


def _inner(block: Block, lst: WengertList, inputs: Sequence[Place], outputs: Sequence[Place]) -> Block:
    return Block(block.function, lst, inputs, outputs, block.writers, block.write_loops)


def _results(block: Block, stmt: Statement) -> list[Place]:
    return [block.places[v] for v in stmt.targets]


def _name(place: Place) -> str:
    return place.name if isinstance(place, Scalar) else ""


# --- branches ---------------------------------------------------------------------------------------------------


def _write_branches(block: Block, stmt: Statement, branches: Sequence[Block]) -> None:
    index, page = stmt.operands[0], block.page
    if len(branches) == 2 and stmt.prim.name == "cond":
        with page.braces(f"if ({block.read(index, (), np.dtype(bool))})"):
            branches[1].write()
        with page.braces("else"):
            branches[0].write()
        return
    number = block.read(index, (), np.dtype(np.int64))
    for k, branch in enumerate(branches):
        with page.braces(f"{'else ' if k else ''}if ({number} == {k})"):
            branch.write()
    with page.braces("else"):
        page.line(f"return {block.function.check(stmt)};")


# --- loops ------------------------------------------------------------------------------------------------------


def _new_places(block: Block, unit: Unit, variables: Sequence[Any], places: Sequence[Place]) -> list[Place]:
    """Places like `places` for the next values of the carries."""
    found: list[Place] = []
    for v, place in zip(variables, places, strict=True):
        name = f"next_{v.name}"
        if isinstance(place, Elements):
            storage = block.function.workspace(name, place.dtype, int(np.prod(place.layout.shape)))
            storage.start = unit.begin
            unit.storages.append(storage)
            found.append(Elements(storage, Layout.contiguous(place.layout.shape)))
        elif isinstance(place, Scalar):
            found.append(Scalar(block.function.names.fresh(name), place.dtype, is_declared=True))
        else:
            found.append(place)
    return found


def _plan_loop(block: Block, unit: Unit, prim: Loop) -> _Rounds:
    (stmt,) = unit.statements
    results = _results(block, stmt)
    carries, stacks = results[: prim.carries], results[prim.carries :]
    constants, _, xs = prim.layout.split(stmt.operands)
    _, carry_inputs, _ = prim.layout.split(prim.body.inputs[1:])
    length = _length(stmt, prim)
    if length == 0:
        return _Rounds((), "", None, carries, [])
    round_name = block.function.names.fresh("k") if length != 1 else "0"
    next_carries = _new_places(block, unit, carry_inputs, carries)
    number = Scalar(block.function.names.fresh(prim.body.inputs[0].name), np.dtype(np.int64), is_declared=True)
    inputs = [
        number,
        *(block.place(x) for x in constants),
        *carries,
        *(_slice(block.place(x), round_name) for x in xs),
    ]
    outputs = [*next_carries, *(_slice(place, round_name) for place in stacks)]
    inner = _inner(block, prim.body, inputs, outputs)
    return _Rounds((inner,), round_name, number, carries, next_carries)


def _length(stmt: Statement, prim: Loop) -> int:
    if prim.length is None:
        raise refusal(stmt, "a loop whose number of rounds is known only when it is run")
    return prim.length


def _slice(place: Place, number: str) -> Place:
    """The part of an array for one round; a number is not taken apart."""
    if isinstance(place, Elements):
        return Elements(place.storage, place.layout.of_round(0 if number == "0" else number))
    return place


def _write_loop(block: Block, stmt: Statement, prim: Loop, rounds: _Rounds) -> None:
    page, length = block.page, _length(stmt, prim)
    for place, x in zip(rounds.carries, prim.layout.split(stmt.operands)[1], strict=True):
        block.copy(place, x)
    k = rounds.number
    head = f"for (size_t {k} = 0; {k} < {length}; {k}++)"
    if prim.reverse:
        head = f"for (size_t {k} = {length}; {k}-- > 0;)"
    if length == 0:
        return
    with page.braces(head if length > 1 else ""):
        if rounds.test is not None and _is_read(rounds.blocks[0], prim.body.inputs[0]):
            start = f"{prim.start} + " if prim.start > 0 else f"-{-prim.start} + " if prim.start else ""
            page.line(f"int64_t {rounds.test.name} = {start}(int64_t){k};")
        _write_round(block, rounds)


def _is_read(block: Block, v: Variable) -> bool:
    return v in block.plan.uses


def _write_round(block: Block, rounds: _Rounds) -> None:
    for place in rounds.next_carries:
        if isinstance(place, Scalar):
            block.page.line(f"{c_type(place.dtype)} {place.name};")
    rounds.blocks[-1].write()
    for place, new in zip(rounds.carries, rounds.next_carries, strict=True):
        block.copy_place(place, new)


def _plan_while(block: Block, unit: Unit, prim: While) -> _Rounds:
    (stmt,) = unit.statements
    carries = _results(block, stmt)
    constants, _, _ = prim.layout.split(stmt.operands)
    next_carries = _new_places(block, unit, prim.body.inputs[prim.constants :], carries)
    test = Scalar(block.function.names.fresh("goes_on"), np.dtype(bool), is_declared=True)
    inputs = [*(block.place(x) for x in constants), *carries]
    blocks = _inner(block, prim.cond, inputs, [test]), _inner(block, prim.body, inputs, next_carries)
    return _Rounds(blocks, "", test, carries, next_carries)


def _write_while(block: Block, stmt: Statement, rounds: _Rounds) -> None:
    page, test = block.page, rounds.test
    for place, x in zip(rounds.carries, stmt.prim.layout.split(stmt.operands)[1], strict=True):  # type: ignore[attr-defined]
        block.copy(place, x)
    with page.braces("for (;;)"):
        page.line(f"bool {_name(test) if test is not None else ''};")
        rounds.blocks[0].write()
        with page.braces(f"if (!{_name(test) if test is not None else ''})"):
            page.line("break;")
        _write_round(block, rounds)
