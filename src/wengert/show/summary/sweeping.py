"""The reverse sweep of a tape by statements: planned once, run as often as it is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from wengert.levels import new_level
from wengert.masked import masked, unmasked
from wengert.transforms.adjoint import cotangent_of, receives, terms_of
from wengert.transforms.selection import numbers_of, varied
from wengert.wlist import Statement, Tape, Variable

__all__ = ["Plan", "Step", "owner", "pulled", "size_of"]

Advance = Callable[[], None]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """A statement that cotangents flow through.

    Attributes
    ----------
    number : int
        Of the statement in the list.
    statement : Statement
    active : tuple of bool
        Which operands receive a contribution.
    operands : tuple of Variable
        Those that do.
    """

    number: int
    statement: Statement
    active: tuple[bool, ...]
    operands: tuple[Variable, ...]

    def terms(self, tape: Tape, ct: Any, careful: bool) -> list[Any]:
        """What the cotangent of the targets contributes to those of the operands."""
        return terms_of(tape, self.statement, self.active, ct, careful=careful)


class Plan:
    """The statements of a tape that a reverse sweep comes by.

    Attributes
    ----------
    tape : Tape
    seeds : mapping of Variable to array
    inputs : list of Variable
        Those that have derivatives.
    steps : list of Step
        In the order of the sweep, the last statement first: those between a floating-point input and a seeded output.
    """

    def __init__(self, tape: Tape, seeds: Mapping[Variable, Any]):
        self.tape, self.seeds = tape, seeds
        self.inputs = [v for v in tape.list.inputs if v.dtype.kind in "fc"]
        moving = varied(tape.list, self.inputs)
        reached = {v for v in seeds if v in moving}
        self.steps: list[Step] = []
        for k in range(len(tape.list.statements) - 1, -1, -1):
            stmt = tape.list.statements[k]
            if not any(target in reached for target in stmt.targets):
                continue
            active = tuple(receives(stmt, i, moving) for i in range(len(stmt.operands)))
            operands = tuple(stmt.operands[i] for i in numbers_of(active))
            if operands:
                self.steps.append(Step(k, stmt, active, operands))
                reached.update(operands)
        self.reached = reached


def pulled(plan: Plan, *, careful: bool, advance: Advance | None = None) -> tuple[dict[Variable, Any], Any]:
    """The cotangents of the inputs, and the seconds that each step took.

    Cotangents of other variables are let go as soon as they have been used. A careful sweep has masked seeds, so that
    what was not selected stays 0 (`wengert.masked`).
    """
    level = new_level()
    cotangents = {x: masked(seed, level) if careful else seed for x, seed in plan.seeds.items()}
    seconds = np.zeros(len(plan.steps))
    before = perf_counter()
    for k, step in enumerate(plan.steps):
        ct = cotangent_of(step.statement, cotangents)
        if ct is None:  # pragma: no cover  # the plan has those alone that have one
            continue
        for x, term in zip(step.operands, step.terms(plan.tape, ct, careful), strict=True):
            cotangents[x] = cotangents[x] + term if x in cotangents else term
        for target in step.statement.targets:
            cotangents.pop(target, None)
        now = perf_counter()
        seconds[k] = now - before
        before = now
        if advance is not None:
            advance()
            before = perf_counter()
    found = {v: cotangents[v] for v in plan.inputs if v in cotangents}
    return {v: unmasked(ct, level) if careful else ct for v, ct in found.items()}, seconds


def owner(value: Any) -> Any:
    """The array whose memory a value has: itself, or what it is a view of."""
    while isinstance(value, np.ndarray) and isinstance(value.base, np.ndarray):
        value = value.base
    return value


def size_of(values: Sequence[Any]) -> float:
    """The largest absolute value; nan where there is one."""
    return max((float(np.max(np.abs(v), initial=0)) for v in values if v is not None), default=0.0)
