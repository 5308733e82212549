"""The reverse sweep over rounds: what a `Loop` or a `While` becomes in reverse mode.

The body (i, C, c, x) → (c', y) is pulled back round by round, from the last one to the first. Carries of the reversed
loop are the cotangents c̄ and the sums C̄ of those of the constants; its xs are the carries that each round began with,
the x, and the cotangents of the y.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wengert.control.keeping import reading
from wengert.control.operation import Presence, apply, only_outputs
from wengert.control.rounds import Layout, there, used
from wengert.transforms.adjoint import adjoint
from wengert.transforms.selection import numbers_of, zeros_of
from wengert.wlist import Variable, WengertList

if TYPE_CHECKING:
    from wengert.control.loops import Loop

__all__ = ["Reversal"]


@dataclass(frozen=True, slots=True)
class Reversal:
    """A loop in the other direction, and what it is called with.

    Attributes
    ----------
    loop : Loop
    layout : Layout
        Of the operands of the loop that is pulled back.
    active : tuple of bool
        Which of these want a cotangent.
    pulled : tuple of bool
        Which carries have a cotangent from round to round.
    constants, xs : tuple of bool
        Which of the constants, and of all that could be taken apart (stacks, xs, cotangents, values), the body reads.
    """

    loop: Loop
    layout: Layout
    active: Presence
    pulled: Presence
    constants: Presence
    xs: Presence

    @staticmethod
    def of(loop: Loop, active: Presence, seeded: Presence, given: Sequence[Variable] = ()) -> Reversal:
        """The reversal of a loop, for these active operands and results with cotangents; `given` values are stacked."""
        pulled = _pulled_carries(loop, active, seeded)
        body = _body(loop, active, pulled, seeded)
        constants, sums, slices = _parts(body, loop, active, pulled)
        body, _ = reading(body, given)
        slices += body.inputs[len(body.inputs) - len(given) :]
        says_how_often, found = loop.length is None, used(body)
        reads_constant = tuple(v in found or (says_how_often and k == 0) for k, v in enumerate(constants))
        reads_slice = [v in found for v in slices]
        read = [v for v, is_read in zip((*constants, *slices), (*reads_constant, *reads_slice), strict=True) if is_read]
        count = sum(reads_constant)
        kept = replace(body, inputs=(body.inputs[0], *read[:count], *sums, *read[count:]))
        carries = sum(pulled) + sum(active[: loop.constants])
        reverse = replace_direction(loop, kept, constants=sum(reads_constant), carries=carries)
        return Reversal(reverse, loop.layout, active, pulled, reads_constant, tuple(reads_slice))

    def pull(
        self, cts: Sequence[Any], constants: Sequence[Any], carries: Sequence[Any], stacks: Sequence[Any],
        xs: Sequence[Any], values: Sequence[Any] = (),
    ) -> list[Any]:  # fmt: skip
        """The terms of the active operands.

        Parameters
        ----------
        cts : sequence
            The cotangents of all results; ``None`` is a structural zero.
        constants, carries, xs : sequence
            The operands.
        stacks : sequence
            For each carry its values before each round, where the body reads them.
        values : sequence
            The stacks of the given values.
        """
        of_constants, of_carries, _ = self.layout.split(self.active)
        of_results = cts[len(carries) :]
        c_bars = [zeros_of(c) if ct is None else ct for c, ct in zip(carries, cts, strict=False)]
        begin = [c_bars[k] for k in numbers_of(self.pulled)]
        sums = [zeros_of(constants[k]) for k in numbers_of(of_constants)]
        slices = [*stacks, *xs, *there(of_results), *values]
        operands = [x for x, is_read in zip(constants, self.constants, strict=True) if is_read]
        rest = [x for x, is_read in zip(slices, self.xs, strict=True) if is_read]
        found = iter(apply(self.loop, [*operands, *sums, *begin, *rest]))
        totals = [next(found) for _ in sums]
        pulled = [next(found) if p else zeros_of(c) for p, c in zip(self.pulled, carries, strict=True)]
        return [*totals, *(pulled[k] for k in numbers_of(of_carries)), *found]


def replace_direction(loop: Loop, body: WengertList, *, constants: int, carries: int) -> Loop:
    """The rounds of `loop` from the other end, with another body."""
    return type(loop)(
        loop.name, body, start=loop.start, length=loop.length, reverse=not loop.reverse, constants=constants,
        carries=carries,
    )  # fmt: skip


def _pulled_carries(loop: Loop, active: Presence, seeded: Presence) -> Presence:
    """The carries that depend on an active operand, and that a result with a cotangent depends on."""
    moving = set(numbers_of(active))
    pulled = []
    for k in range(loop.carries):
        operand = loop.constants + k
        is_varied = active[operand] or bool(loop.dependence[k] & moving)
        is_useful = any(operand in found for found, s in zip(loop.dependence, seeded, strict=True) if s)
        pulled.append(is_varied and is_useful)
    return tuple(pulled)


def _body(loop: Loop, active: Presence, pulled: Presence, seeded: Presence) -> WengertList:
    """(i, C, c, x, c̄, cotangents of ys, sums of C̄) → (sums of C̄, c̄, x̄): the adjoint list of the body.

    A constant is taken for an output too: its cotangent then starts with the sum that has come so far.
    """
    of_constants, _, of_xs = loop.layout.split(active)
    chosen = [k + 1 for k in numbers_of([*of_constants, *pulled, *of_xs])]
    outputs = [loop.body.outputs[k] for k in numbers_of((*pulled, *seeded[loop.carries :]))]
    constants = [loop.body.inputs[k + 1] for k in numbers_of(of_constants)]
    lst = adjoint(replace(loop.body, outputs=(*outputs, *constants)), chosen)
    return only_outputs(lst, lst.outputs[len(outputs) + len(constants) :])


def _parts(
    body: WengertList, loop: Loop, active: Presence, pulled: Presence
) -> tuple[list[Variable], list[Variable], list[Variable]]:
    """The inputs of `_body` after the first: constants, carries (sums, c̄), and slices (c, x, cotangents of ys)."""
    count = len(loop.body.inputs)
    constants, carries, xs = loop.layout.split(body.inputs[1:count])
    sums = len(body.inputs) - sum(active[: loop.constants])
    c_bars, y_bars = body.inputs[count : count + sum(pulled)], body.inputs[count + sum(pulled) : sums]
    return constants, [*body.inputs[sums:], *c_bars], [*carries, *xs, *y_bars]
