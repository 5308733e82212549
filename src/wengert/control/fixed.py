"""What is the same in each round of a loop: it is differentiated once, and not in each round.

Statements of a body that read constants alone give the same values in each round. A reverse sweep takes the loop for
one whose constants these values are too: the rounds add up their cotangents, and what the sums contribute to the
cotangents of the constants is computed after the last round.

Where a round selects, a cotangent of zero may be that of what was not selected, and the sum does not tell: then this is
done for what only moves elements, such as a row of a matrix of weights, whose partials are finite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from wengert.control.keeping import MOVES
from wengert.control.operation import Presence
from wengert.control.rounds import used
from wengert.transforms.adjoint import adjoint
from wengert.transforms.selection import dependences, numbers_of, varied, zeros_of
from wengert.wlist import Statement, Variable, WengertList

if TYPE_CHECKING:
    from wengert.control.loops import Loop

__all__ = ["Fixed"]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A loop in two parts.

    Attributes
    ----------
    values : WengertList
        The constants → the values that are the same in each round, as far as the rounds read them.
    loop : Loop
        The rounds, whose constants are those of the whole loop and these values.
    """

    values: WengertList
    loop: Loop

    @staticmethod
    def of(loop: Loop) -> Fixed:
        """The parts of a loop; all is in the rounds where it is not known that there is one."""
        body = loop.body
        i, *inputs = body.inputs
        constants, *_ = loop.layout.split(inputs)
        known: set[Variable] = set(constants)
        selects = any(stmt.prim.selects for stmt in body.statements)
        fixed: list[Statement] = []
        rest: list[Statement] = []
        for stmt in body.statements:
            is_fixed = bool(loop.length) and all(x in known for x in stmt.operands if isinstance(x, Variable))
            is_fixed &= not selects or stmt.prim.name in MOVES
            (fixed if is_fixed else rest).append(stmt)
            known.update(stmt.targets if is_fixed else ())
        read = used(replace(body, statements=tuple(rest)))
        found = [v for stmt in fixed for v in stmt.targets if v in read]
        values = WengertList(body.name, tuple(constants), tuple(fixed), tuple(found), body.letter)
        inner = replace(
            body, inputs=(i, *constants, *found, *inputs[len(constants) :]), statements=tuple(rest), made_from=None
        )
        whole = loop.like(inner, constants=len(constants) + len(found), carries=loop.carries, kept=loop.kept)
        return Fixed(values, whole if found else loop)

    def active(self, active: Presence) -> Presence:
        """Which operands of `loop` get a cotangent, where these of the whole loop do."""
        count = len(self.values.inputs)
        moving = varied(self.values, [self.values.inputs[k] for k in numbers_of(active[:count])])
        read = used(self.loop.body)
        constants = (a and v in read for a, v in zip(active, self.values.inputs, strict=False))
        return (*constants, *(v in moving for v in self.values.outputs), *active[count:])

    def pull(self, active: Presence, constants: Sequence[Any], terms: Sequence[Any]) -> list[Any]:
        """The terms of the whole loop's active operands, given those of `loop`."""
        count, inner = len(constants), self.active(active)
        of_constants, of_values = inner[:count], inner[count : count + len(self.values.outputs)]
        found = iter(terms)
        direct = [next(found) if is_there else None for is_there in of_constants]
        bars = [next(found) for _ in numbers_of(of_values)]
        through = self._through(active, of_values, constants, bars)
        sums = [_sum(direct[k], through.get(k), constants[k]) for k in numbers_of(active[:count])]
        return [*sums, *found]

    def _through(
        self, active: Presence, of_values: Presence, constants: Sequence[Any], bars: Sequence[Any]
    ) -> dict[int, Any]:
        """The terms of constants that come through the values."""
        chosen = [self.values.outputs[k] for k in numbers_of(of_values)]
        lst = replace(self.values, outputs=tuple(chosen))
        reached = frozenset().union(*dependences(lst))
        wrt = [k for k in numbers_of(active[: len(constants)]) if k in reached]
        if not wrt:
            return {}
        found = adjoint(lst, wrt)
        found = replace(found, outputs=found.outputs[len(chosen) :])
        return dict(zip(wrt, found.run([*constants, *bars]), strict=True))


def _sum(a: Any, b: Any, like: Any) -> Any:
    """The sum of two terms; ``None`` is a structural zero."""
    if a is None or b is None:
        return zeros_of(like) if a is b else b if a is None else a
    return a + b
