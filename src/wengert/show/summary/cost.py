"""What each statement of a tape costs: the time of the interpreter, and memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from wengert.show.summary.sweeping import Plan, owner, pulled
from wengert.wlist import ANY, Tape, Variable, WengertList

__all__ = ["MOST_REPETITIONS", "Bytes", "bytes_of", "reverse_seconds", "seconds_of"]

MOST_REPETITIONS = 5
_ENOUGH = 0.5  # seconds after which nothing is measured another time

Advance = Callable[[], None]


def seconds_of(tape: Tape, advance: Advance) -> Any:
    """The seconds that each statement takes in the interpreter, of shape (repetitions, statements).

    The program is run again on the values of the tape; the first run is not counted, unless it alone takes long.
    """
    rows, began = [_primal_seconds(tape, advance)], perf_counter()
    while len(rows) < 1 + MOST_REPETITIONS and perf_counter() - began + rows[-1].sum() < _ENOUGH:
        rows.append(_primal_seconds(tape, None))
    return np.array(rows[1:] or rows)


def _primal_seconds(tape: Tape, advance: Advance | None) -> Any:
    seconds = np.zeros(len(tape.list.statements))
    values = tape.values
    with np.errstate(all="ignore"):
        before = perf_counter()
        for k, stmt in enumerate(tape.list.statements):
            operands = [values[x] if isinstance(x, Variable) else x for x in stmt.operands]
            stmt.prim.evaluate(operands, stmt.params)
            now = perf_counter()
            seconds[k] = now - before
            before = now
            if advance is not None:
                advance()
                before = perf_counter()
    return seconds


def reverse_seconds(plan: Plan, first: Any) -> Any:
    """The seconds that each statement takes in the reverse sweep, of shape (repetitions, statements).

    `first` are those of the steps in a sweep that has been made; it counts only where it took long.
    """
    rows, began = [first], perf_counter()
    with np.errstate(all="ignore"):
        while len(rows) < 1 + MOST_REPETITIONS and perf_counter() - began + rows[-1].sum() < _ENOUGH:
            rows.append(pulled(plan, careful=False)[1])
    found = np.zeros((len(rows[1:] or rows), len(plan.tape.list.statements)))
    found[:, [step.number for step in plan.steps]] = rows[1:] or rows
    return found


@dataclass(frozen=True, slots=True)
class Bytes:
    """Memory of the values that each statement computes.

    Attributes
    ----------
    made : array, int64, of shape (statements,)
        A view of memory that there is already counts as 0.
    kept : array, int64, of shape (statements,)
        Of these, what a rule of the reverse sweep reads, and what a loop keeps for it.
    of_inputs : int
        Of the inputs, what a rule reads.
    """

    made: Any
    kept: Any
    of_inputs: int


def bytes_of(plan: Plan, calls: Mapping[WengertList, int]) -> Bytes:
    """Count the bytes."""
    tape = plan.tape
    read = _read(plan)
    made = np.zeros(len(tape.list.statements), np.int64)
    kept = np.zeros_like(made)
    home: dict[int, int] = {}  # of an array: the statement that made it, -1 for an input
    for x in tape.list.inputs:
        home[id(owner(tape.values[x]))] = -1
    for k, stmt in enumerate(tape.list.statements):
        for target in stmt.targets:
            array = owner(tape.values[target])
            if id(array) not in home:
                home[id(array)] = k
                made[k] += array.nbytes
    counted, of_inputs = set(), 0
    for x in read:
        array = owner(tape.values[x])
        if id(array) not in counted:
            counted.add(id(array))
            if home[id(array)] < 0:
                of_inputs += array.nbytes
            else:
                kept[home[id(array)]] += array.nbytes
    for step in plan.steps:
        kept[step.number] += _kept_by_loop(step, calls)
    return Bytes(made, kept, of_inputs)


def _read(plan: Plan) -> dict[Variable, None]:
    """The variables whose values some rule of the sweep reads."""
    found: dict[Variable, None] = {}
    for step in plan.steps:
        stmt = step.statement
        keeps = stmt.prim.adjoint[step.active].keeps
        if keeps[0]:
            found.update(dict.fromkeys(stmt.targets))
        for x, is_read in zip(stmt.operands, keeps[1:], strict=False):
            if is_read and isinstance(x, Variable):
                found[x] = None
    return found


def _kept_by_loop(step: Any, calls: Mapping[WengertList, int]) -> int:
    """Bytes of the stacks that a control statement gives its sweep, beside its results."""
    stmt = step.statement
    if not stmt.prim.sublists:
        return 0
    more = stmt.prim.recorded(step.active).infer(stmt.operands, stmt.params)[len(stmt.targets) :]
    rounds = max((calls[lst] for lst in stmt.prim.sublists.values()), default=0)
    return sum(int(np.prod([rounds if n == ANY else n for n in kind.shape])) * kind.dtype.itemsize for kind in more)
