"""`Loop`: rounds whose number is known before they begin (``fori_loop``, ``scan``), and its derivatives.

With constants C, carries c, slices x[k] of the xs, and i = start + k the body is (c, y[k]) ← body(i, C, c, x[k]).
Its tangent is a loop over (c, ċ). Its adjoint is a loop in the other direction whose carries are c̄ and C̄, and which
needs the c of each round: a loop that is recorded for reverse mode has them as further ys, and with them values of the
rounds that are dear to compute.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wengert.control.fixed import Fixed
from wengert.control.keeping import chosen, dear, reading
from wengert.control.operation import Control, Presence, apply, cached, only_outputs, result_of
from wengert.control.reversal import Reversal
from wengert.control.rounds import Layout, given, moving_carries, over_rounds, tangents_of_outputs, there, used
from wengert.tracing import Recorder
from wengert.transforms.inlining import outputs_of
from wengert.transforms.selection import dependences, is_floating, numbers_of, zeros_of
from wengert.transforms.tangent import tangent
from wengert.value import Value, concrete
from wengert.wlist import ANY, ArrayType, Variable, WengertList

__all__ = ["Loop", "stacked"]


class Loop(Control):
    r"""Rounds of a list: operands (\*constants, \*carries, \*xs), results (\*carries, \*stacked ys).

    Parameters
    ----------
    name : str
        ``fori_loop`` or ``scan``.
    body : WengertList
        (i, \*constants, \*carries, \*slices) → (\*carries, \*ys), where i is an int64.
    start : int
        i in the first round.
    length : int or None
        Number of rounds; ``None`` where the first constant says it, and xs are at least as long.
    reverse : bool
        From the last round to the first; y[k] is still put at place k.
    constants, carries : int
        How many operands are such.
    kept : tuple of int or None, optional
        In a loop that is recorded for reverse mode, what the last results are: the carry of that number as each round
        finds it, or another value of the round (``None``).
    """

    def __init__(  # noqa: PLR0913  # what a loop is made of
        self, name: str, body: WengertList, *, start: int, length: int | None, reverse: bool, constants: int,
        carries: int, kept: tuple[int | None, ...] | None = None,
    ):  # fmt: skip
        self.body, self.start, self.length, self.reverse = body, start, length, reverse
        self.layout = Layout(constants, carries, len(body.inputs) - 1 - constants - carries)
        self.kept = kept
        super().__init__(name, {"body": body}, len(body.outputs), len(body.outputs) - len(kept or ()))

    @property
    def constants(self) -> int:
        """Number of operands that are the same in each round."""
        return self.layout.constants

    @property
    def carries(self) -> int:
        """Number of operands that each round replaces."""
        return self.layout.carries

    @property
    def repeats(self) -> int:  # type: ignore[override]  # of a loop it depends
        """How often the body is run; a guess where it is not known."""
        return 8 if self.length is None else self.length

    def like(
        self, body: WengertList, *, constants: int, carries: int, kept: tuple[int | None, ...] | None = None
    ) -> Loop:
        """The same rounds of another body."""
        return Loop(
            self.name, body, start=self.start, length=self.length, reverse=self.reverse, constants=constants,
            carries=carries, kept=kept,
        )  # fmt: skip

    def with_sublists(self, sublists: Any) -> Loop:
        """The same rounds of another body of the same types."""
        return self.like(sublists["body"], constants=self.constants, carries=self.carries, kept=self.kept)

    def write(self, operands: Sequence[str], params: Any) -> str:
        """Such as ``fori_loop(i = 0..9; x; v1)``: constants; carries; xs."""
        parts = [", ".join(part) for part in self.layout.split(operands) if part]
        last = f"{operands[0]} - 1" if self.length is None else str(self.start + self.length - 1)
        ends = [str(self.start), last]
        rounds = "none" if self.length == 0 else "..".join(reversed(ends) if self.reverse else ends)
        return f"{self.name}({'; '.join([f'{self.body.inputs[0].name} = {rounds}', *parts])})"

    # What it computes.

    def run(self, *operands: Any) -> Any:
        """Run the rounds, for values of any kind."""
        constants, carries, xs = self.layout.split(operands)
        length = int(concrete(constants[0])) if self.length is None else self.length
        rounds = range(length - 1, -1, -1) if self.reverse else range(length)
        ys: list[list[Any]] = [[] for _ in range(self.outputs - self.carries)]
        for k in rounds:
            found = self.body.run([np.int64(self.start + k), *constants, *carries, *(x[k] for x in xs)])
            carries = found[: self.carries]
            for stack, y in zip(ys, found[self.carries :], strict=True):
                stack.append(y)
        types = [ArrayType.of(y) for y in self.body.outputs[self.carries :]]
        return result_of(
            [
                *carries,
                *(stacked(stack[::-1] if self.reverse else stack, t) for stack, t in zip(ys, types, strict=True)),
            ]
        )

    def infer(self, operands: Sequence[Any], params: Any) -> tuple[ArrayType, ...]:
        """The types that the body says; ys have the length in front."""
        length = ANY if self.length is None else self.length
        types = [ArrayType.of(y) for y in self.body.outputs]
        stacks = [ArrayType((length, *t.shape), t.dtype) for t in types[self.carries :]]
        return (*types[: self.carries], *stacks)

    # What depends on what.

    def find_dependence(self) -> list[frozenset[int]]:
        """That of the body, over any number of rounds."""
        of_body = [frozenset(i - 1 for i in found) for found in dependences(self.body)]  # without the number i
        return over_rounds(of_body, self.constants, self.carries)

    # Forward mode.

    def push_together(
        self, present: Presence, xs: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        """By a loop over carries and their tangents."""
        moving = moving_carries(self.dependence, present, self.constants, self.carries)
        dots = [t if is_there else None for t, is_there in zip(tangents, present, strict=True)]
        constants, carries, slices = self.layout.split(xs)
        c_dots, carry_dots, x_dots = self.layout.split(dots)
        begin = [given(carry_dots[k], carries[k]) for k in numbers_of(moving)]
        found = apply(
            self._tangent_operation(present, moving),
            [*constants, *there(c_dots), *carries, *begin, *slices, *there(x_dots)],
        )
        return self._told_apart(found, moving, self._moved(present))

    def _moved(self, present: Presence) -> list[bool]:
        """Which results have tangents."""
        there = {i for i, is_there in enumerate(present) if is_there}
        return [bool(found & there) for found in self.dependence]

    def _told_apart(
        self, found: Sequence[Any], moving: Presence, moved: Sequence[bool]
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        """Results and tangents of the tangent loop, whose results are (carries, their tangents, ys, their tangents)."""
        results = iter(found)
        carries = [next(results) for _ in range(self.carries)]
        carry_dots = [next(results) if m else None for m in moving]
        ys = [next(results) for _ in range(self.outputs - self.carries)]
        y_dots = [next(results) if m else None for m in moved[self.carries :]]
        return [*carries, *ys], [*carry_dots, *y_dots]

    @cached
    def _tangent_operation(self, present: Presence, moving: Presence) -> Loop:
        of_constants, _, of_xs = self.layout.split(present)
        chosen = [k + 1 for k in numbers_of([*of_constants, *moving, *of_xs])]
        lst = tangent(self.body, chosen)
        i, *inputs = lst.inputs[: len(self.body.inputs)]
        dots = dict(zip(chosen, lst.inputs[len(self.body.inputs) :], strict=True))
        constants, carries, xs = self.layout.split(inputs)
        c_dots, carry_dots, x_dots = map(there, self.layout.split([dots.get(k + 1) for k in range(len(inputs))]))
        moved = [*moving, *self._moved(present)[self.carries :]]
        wanted = [t if m else None for t, m in zip(tangents_of_outputs(self.body, lst), moved, strict=True)]
        carried, stacked = lst.outputs[: self.carries], lst.outputs[self.carries : self.outputs]
        outputs = [*carried, *there(wanted[: self.carries]), *stacked, *there(wanted[self.carries :])]
        body = replace(only_outputs(lst, outputs), inputs=(i, *constants, *c_dots, *carries, *carry_dots, *xs, *x_dots))
        return self.like(body, constants=self.constants + len(c_dots), carries=self.carries + len(carry_dots))

    # Reverse mode.

    @cached
    def recorded(self, active: Presence) -> Loop:
        """The loop that also stacks what the reverse sweep reads of its carries and dear values of its rounds."""
        if self.recorded_for == active:
            return self
        sweep = self._reversal(active, tuple(map(is_floating, self.body.outputs))).loop.body
        values = () if self.kept else self._dear_values(sweep)
        read, before = used(reading(sweep, values)[0]), self.kept or ()
        carries = self.layout.split(self.body.inputs[1:])[1]
        more = [k for k, v in enumerate(carries) if v in read and k not in before]
        if self.kept is not None and not more:
            return self
        body = replace(self.body, outputs=(*self.body.outputs, *(carries[k] for k in more), *values))
        kept = (*before, *more, *(None for _ in values))
        found = self.like(body, constants=self.constants, carries=self.carries, kept=kept)
        found.recorded_for = active
        return found

    @functools.cached_property
    def fixed(self) -> Fixed:
        """What is the same in each round, and the rest."""
        return Fixed.of(self)

    def _dear_values(self, sweep: WengertList) -> tuple[Variable, ...]:
        """Values of a round that the reverse sweep would rather read than compute (`wengert.control.keeping`)."""
        candidates = dear(self.fixed.loop.body)
        if self.length is None or not candidates:
            return ()
        own = set(self.body.inputs[1 + self.constants :]) & used(sweep)
        return chosen(sweep, candidates, own=sum(v.type.size * v.dtype.itemsize for v in own), rounds=self.length)

    @functools.cached_property
    def _stacks(self) -> dict[Variable, int]:
        """Values of a round that are among the ys and that the reverse sweep reads: which of the results these are."""
        body = self.fixed.loop.body
        computed, worth = {v for stmt in body.statements for v in stmt.targets}, dear(body)
        found: dict[Variable, int] = {}
        for k, y in enumerate(body.outputs[self.carries :], self.carries):
            is_kept = k >= self.shown and self.kept is not None and self.kept[k - self.shown] is None
            if isinstance(y, Variable) and y in computed and (is_kept or y in worth):
                found.setdefault(y, k)
        return found

    def guarded(self) -> Loop:
        """The same rounds for arrays of which each has a number of its own: operands (most rounds, number, …).

        Rounds that are beyond an array's number leave its carries alone, and give zeros. Where a list of batches is
        made of it (`wengert.vectorisation`), the number is one of the constants that differ.
        """
        recorder = Recorder(self.body.letter)
        i, most, number, *rest = [
            recorder.input(v.name, v.type) for v in (*self.body.inputs[:2], *self.body.inputs[1:])
        ]
        ys = outputs_of(self.body, [i, most, *rest])
        carries = rest[self.constants - 1 :][: self.carries]
        is_on = i - self.start < number
        others = [*carries, *map(zeros_of, self.body.outputs[self.carries :])]
        guarded = [np.where(is_on, y, other) for y, other in zip(ys, others, strict=True)]
        return self.like(
            recorder.finish(self.body.name, guarded), constants=self.constants + 1, carries=self.carries, kept=self.kept
        )

    def pull_back(self, active: Presence, cts: Sequence[Any], ys: Sequence[Any], xs: Sequence[Any]) -> list[Any]:
        """By a loop in the other direction over what the rounds have left behind."""
        more = self.recorded(active)
        if more is not self:  # it was not recorded for these: once more, keeping what is read
            cts = (*cts, *([None] * (more.outputs - self.outputs)))
            return more.pull_back(active, cts, apply(more, xs), xs)
        constants, carries, slices = self.layout.split(xs)
        stacks = dict(zip(self.kept or (), ys[self.shown :], strict=True))
        reversal = self._reversal(active, tuple(ct is not None for ct in cts))
        terms = reversal.pull(
            cts,
            [*constants, *self.fixed.values.run(constants)],
            carries,
            [stacks.get(k) for k in range(self.carries)],
            slices,
            [ys[k] for k in self._stacks.values()],
        )
        return self.fixed.pull(active, constants, terms)

    @cached
    def _reversal(self, active: Presence, seeded: Presence) -> Reversal:
        """What the reverse sweep does in each round, for these active operands and results with cotangents."""
        return Reversal.of(self.fixed.loop, self.fixed.active(active), seeded, tuple(self._stacks))


def stacked(ys: Sequence[Any], kind: ArrayType) -> Any:
    """Values of one type along a new first axis."""
    if not ys:
        return np.zeros((0, *kind.shape), kind.dtype)
    if any(isinstance(y, Value) for y in ys):
        return np.stack(ys)
    array = np.empty((len(ys), *kind.shape), kind.dtype)
    for k, y in enumerate(ys):
        array[k] = y
    return array
