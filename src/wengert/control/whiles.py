"""`While`: rounds as long as a condition holds, and its derivatives.

Reverse mode needs the carries of each round. How many rounds there are is known only at the end: the operation that is
recorded, a *stacking* one, lets the stacks of its carries grow and returns them with the number of rounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wengert.control.loops import Loop, stacked
from wengert.control.operation import Control, Presence, apply, cached, only_outputs, result_of
from wengert.control.reversal import Reversal
from wengert.control.rounds import Layout, given, moving_carries, over_rounds, tangents_of_outputs, there
from wengert.tracing import Recorder
from wengert.transforms.inlining import outputs_of
from wengert.transforms.selection import dependences, numbers_of
from wengert.transforms.tangent import tangent
from wengert.value import concrete
from wengert.wlist import ANY, ArrayType, Variable, WengertList

__all__ = ["While"]

_GUARDED = "guarded"
_NUMBER = ArrayType((), np.dtype(np.int64))


class While(Control):
    r"""Rounds of a list as long as another one says so: operands (\*constants, \*carries), results the last carries.

    Parameters
    ----------
    cond : WengertList
        (\*constants, \*carries) → bool.
    body : WengertList
        (\*constants, \*carries) → carries.
    constants : int
        How many operands are the same in each round.
    kept : tuple of int, optional
        In one that is recorded for reverse mode, a *stacking* one, further results are the number of rounds, and for
        these carries the stacks of their values before each round.
    """

    repeats = 8  # a guess

    def __init__(self, cond: WengertList, body: WengertList, *, constants: int, kept: tuple[int, ...] | None = None):
        self.cond, self.body, self.constants, self.kept = cond, body, constants, kept
        self.carries = len(body.outputs)
        self.layout = Layout(constants, self.carries, 0)
        outputs = self.carries if kept is None else self.carries + 1 + len(kept)
        super().__init__("while_loop", {"while": cond, "body": body}, outputs, self.carries)

    @property
    def stacking(self) -> bool:
        """Whether it gives the stacks that a reverse sweep needs."""
        return self.kept is not None

    def with_sublists(self, sublists: Mapping[str, WengertList]) -> While:
        """The same rounds of other lists of the same types."""
        return While(sublists["while"], sublists["body"], constants=self.constants, kept=self.kept)

    @property
    def is_guarded(self) -> bool:
        """Whether a round leaves the carries alone where the condition does not hold."""
        return self.body.made_from is not None and self.body.made_from[0] == _GUARDED

    def guarded(self) -> While:
        """The same rounds with a body that leaves the carries alone where the condition does not hold.

        In a batch (`wengert.vectorisation`) the rounds go on until the last array is done.
        """
        if self.is_guarded:
            return self
        recorder = Recorder(self.body.letter)
        inputs = [recorder.input(v.name, v.type) for v in self.body.inputs]
        (goes_on,) = outputs_of(self.cond, inputs)
        carries = zip(inputs[self.constants :], outputs_of(self.body, inputs), strict=True)
        ys = [np.where(goes_on, y, x) for x, y in carries]
        body = recorder.finish(self.body.name, ys, (_GUARDED, self.body))
        return While(self.cond, body, constants=self.constants, kept=self.kept)

    def counting(self) -> While:
        """The same rounds with a further carry, their number, which in a batch each array has of its own."""
        recorder = Recorder(self.body.letter)
        inputs = [recorder.input(v.name, v.type) for v in self.body.inputs]
        number = recorder.input("number", _NUMBER)
        body = recorder.finish(self.body.name, [*outputs_of(self.body, inputs), number + 1])
        cond = replace(self.cond, inputs=(*self.cond.inputs, *_twins(body.inputs[-1:])))
        return While(cond, body, constants=self.constants, kept=self.kept)

    def write(self, operands: Sequence[str], params: Mapping[str, Any]) -> str:
        """Such as ``while_loop(x; v1)``: constants; carries."""
        return f"{self.name}({'; '.join(', '.join(part) for part in self.layout.split(operands) if part)})"

    # What it computes.

    def run(self, *operands: Any) -> Any:
        """Run the rounds, for values of any kind."""
        constants, carries, _ = self.layout.split(operands)
        stacks: list[list[Any]] = [[] for _ in self.kept or ()]
        number = 0
        while concrete(self.cond.run([*constants, *carries])[0]):
            for stack, k in zip(stacks, self.kept or (), strict=True):
                stack.append(carries[k])
            carries = self.body.run([*constants, *carries])
            number += 1
        if self.kept is None:
            return result_of(carries)
        types = [self._carry_inputs[k].type for k in self.kept]
        return result_of([*carries, np.int64(number), *map(stacked, stacks, types)])

    @property
    def _carry_inputs(self) -> Sequence[Variable]:
        return self.body.inputs[self.constants :]

    def infer(self, operands: Sequence[Any], params: Mapping[str, Any]) -> tuple[ArrayType, ...]:
        """The types of the carries; stacks have an unknown length in front."""
        types = [v.type for v in self._carry_inputs]
        if self.kept is None:
            return tuple(types)
        kept = [types[k] for k in self.kept]
        return (*types, _NUMBER, *(ArrayType((ANY, *t.shape), t.dtype) for t in kept))

    # What depends on what.

    def find_dependence(self) -> list[frozenset[int]]:
        """That of the body, over any number of rounds; the number of rounds is an integer."""
        found = over_rounds(dependences(self.body), self.constants, self.carries)
        if self.kept is None:
            return found
        is_real = [v.dtype.kind in "fc" for v in self._carry_inputs]
        return [*found, frozenset(), *(found[k] if is_real[k] else frozenset() for k in self.kept)]

    # Forward mode.

    def push_together(
        self, present: Presence, xs: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        """By rounds over carries and their tangents."""
        moving = moving_carries(self.dependence, present, self.constants, self.carries)
        dots = [t if is_there else None for t, is_there in zip(tangents, present, strict=True)]
        constants, carries, _ = self.layout.split(xs)
        c_dots, carry_dots, _ = self.layout.split(dots)
        begin = [given(carry_dots[k], carries[k]) for k in numbers_of(moving)]
        found = apply(self._tangent_operation(present, moving), [*constants, *there(c_dots), *carries, *begin])
        return self._told_apart(found, moving)

    def _told_apart(self, found: Sequence[Any], moving: Presence) -> tuple[Sequence[Any], Sequence[Any]]:
        results = iter(found)
        carries = [next(results) for _ in moving]
        dots = [next(results) if m else None for m in moving]
        if self.kept is None:
            return carries, dots
        number = next(results)
        stacks = [next(results) for _ in self.kept]
        stack_dots = [next(results) if moving[k] else None for k in self.kept]
        return [*carries, number, *stacks], [*dots, None, *stack_dots]

    @cached
    def _tangent_operation(self, present: Presence, moving: Presence) -> While:
        chosen = numbers_of([*present[: self.constants], *moving])
        lst = tangent(self.body, chosen)
        count = len(self.body.inputs)
        dots = dict(zip(chosen, lst.inputs[count:], strict=True))
        constants, carries, _ = self.layout.split(lst.inputs[:count])
        c_dots, carry_dots, _ = map(there, self.layout.split([dots.get(k) for k in range(count)]))
        wanted = [t for t, m in zip(tangents_of_outputs(self.body, lst), moving, strict=True) if m]
        body = replace(
            only_outputs(lst, [*lst.outputs[: self.carries], *wanted]),
            inputs=(*constants, *c_dots, *carries, *carry_dots),
        )
        of_constants, of_carries, _ = self.layout.split(self.cond.inputs)
        cond = replace(self.cond, inputs=(*of_constants, *_twins(c_dots), *of_carries, *_twins(carry_dots)))
        kept = self.kept
        if kept is not None:
            places = dict(zip(numbers_of(moving), range(self.carries, len(body.outputs)), strict=True))
            kept = (*kept, *(places[k] for k in kept if moving[k]))
        return While(cond, body, constants=self.constants + len(c_dots), kept=kept)

    # Reverse mode.

    @cached
    def recorded(self, active: Presence) -> While:
        """The operation that also stacks what the reverse sweep reads of its carries, as each round finds them."""
        if self.recorded_for == active:
            return self
        before = self.kept or ()
        seeded = tuple(v.dtype.kind in "fc" for v in (*self._carry_inputs, *(self._carry_inputs[k] for k in before)))
        reads = numbers_of(self._reversal(active, seeded).xs[: self.carries])
        if self.kept is not None and set(reads) <= set(before):
            return self
        kept = (*before, *(k for k in reads if k not in before))
        found = While(self.cond, self.body, constants=self.constants, kept=kept)
        found.recorded_for = active
        return found

    def _rounds(self, kept: tuple[int, ...]) -> Loop:
        """The loop over a number of rounds that is given."""
        body = replace(
            self.body,
            inputs=(Variable("round", _NUMBER), Variable("rounds", _NUMBER), *self.body.inputs),
            outputs=(*self.body.outputs, *(self._carry_inputs[k] for k in kept)),
        )
        return Loop(
            "scan", body, start=0, length=None, reverse=False, constants=self.constants + 1, carries=self.carries,
            kept=kept,
        )  # fmt: skip

    def pull_back(self, active: Presence, cts: Sequence[Any], ys: Sequence[Any], xs: Sequence[Any]) -> list[Any]:
        """By a loop over as many rounds as there were, from the last one."""
        more = self.recorded(active)
        if more is not self:  # it was not recorded for these: once more, keeping the carries
            cts = (*cts, *([None] * (more.outputs - self.outputs)))
            return more.pull_back(active, cts, apply(more, xs), xs)
        constants, carries, _ = self.layout.split(xs)
        of_results = [ct for k, ct in enumerate(cts) if k != self.carries]  # without the number of rounds
        stacks = dict(zip(self.kept or (), ys[self.carries + 1 :], strict=True))
        reversal = self._reversal(active, tuple(ct is not None for ct in of_results))
        number = ys[self.carries]
        stacked = [stacks.get(k) for k in range(self.carries)]
        return reversal.pull(of_results, [number, *constants], carries, stacked, ())

    @cached
    def _reversal(self, active: Presence, seeded: Presence) -> Reversal:
        return Reversal.of(self._rounds(self.kept or ()), (False, *active), seeded)


def _twins(variables: Sequence[Variable]) -> list[Variable]:
    """Variables of the same names and types for another list."""
    return [Variable(v.name, v.type) for v in variables]
