"""How much of each input's gradient flows through which statements.

The gradient of an input is the sum over all paths from the result to it of the products of the partials on the way
(Bauer 1974). For a group of statements, such as those of one line, let t be the part of the gradient x̄ that
comes from the paths through the group: what x̄ would lose if the group were held constant. Its *share* is the part of
x̄ that t is in the direction of x̄ itself,

    share = ⟨t, x̄⟩ / ⟨x̄, x̄⟩.

A line that all paths pass has the share 1. Shares of lines on different branches add up to that of the line where they
meet; those of lines one after the other do not add up, as the cumulated times of a profile do not. They are
negative, or more than 1, where contributions cancel.

What *arrives* at the input by a group is the same for the paths whose last statement is in it: the contributions of its
statements to x̄ itself. These shares add up to 1.

One sweep computes all of them. Beside each cotangent it carries its parts by group. In most places a part is the whole
cotangent or nothing, which is a bit in a set; only where branches have met are there parts that are arrays, and groups
with equal parts share one. Since rules are linear, a part is pulled back by the same rule as the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wengert.facts import Parts
from wengert.levels import new_level
from wengert.masked import masked, unmasked
from wengert.show.summary.sweeping import Plan, Step, size_of
from wengert.transforms.adjoint import cotangent_of
from wengert.wlist import Variable

__all__ = ["Flow", "flow_through"]

# Arrays beside one cotangent: each costs as much as the sweep itself, for some of the statements at least.
_FEWEST_PARTS, _MOST_PARTS = 8, 128
_STATEMENTS, _BYTES = 1_500_000, 4_000_000_000  # of all the sweeps, about: some seconds

Sets = int  # a set of groups, by the bits of a number
Part = tuple[Sets, Any]  # the groups whose part of a cotangent this is


@dataclass(frozen=True, slots=True)
class Flow:
    """Shares of the gradient of each input.

    Attributes
    ----------
    through : dict of Variable to array, float64, of shape (groups,)
        nan for a group with more branches than are followed. Inputs whose gradient is 0, nan or infinite are missing.
    arrives : dict of Variable to array, float64, of shape (groups,)
    largest : array, float64, of shape (steps,)
        The largest absolute value of the cotangent that each step of the plan has received.
    """

    through: dict[Variable, Any]
    arrives: dict[Variable, Any]
    largest: Any


def flow_through(
    plan: Plan, gradients: Mapping[Variable, Any], groups: Sequence[Sequence[int]], count: int, *, careful: bool,
    advance: Callable[[], None],
) -> Flow:  # fmt: skip
    """Sweep once more, with the parts of each cotangent by group.

    Parameters
    ----------
    plan : Plan
    gradients : mapping of Variable to array
        What a first sweep has found for the inputs.
    groups : sequence of sequence of int
        For each step of the plan the numbers of its groups.
    count : int
        Of groups.
    careful : bool
        With masked seeds, as the first sweep had to.
    advance : callable
        Called after each step.
    """
    return _Sweep(plan, gradients, groups, count, careful).run(advance)


@dataclass(slots=True)
class _Cotangent:
    """A cotangent and its parts: `whole` are the groups that all of it has passed, `parts` those that some of it has.

    A group that is in neither has nothing of it.
    """

    full: Any
    whole: Sets
    parts: list[Part] = field(default_factory=list)

    def pieces(self, everything: Sets) -> Iterator[tuple[Sets, Any, bool]]:
        """Disjoint sets of groups, with the part of each (``None`` for nothing), and whether it is all."""
        rest = everything & ~self.whole
        if self.whole:
            yield self.whole, self.full, True
        for mask, value in self.parts:
            rest &= ~mask
            yield mask, value, False
        if rest:
            yield rest, None, False


class _Receiver:
    """An input: shares are numbers, so that nothing is kept but these."""

    def __init__(self, gradient: Any):
        flat = np.ravel(np.asarray(gradient))
        self._scale = float(np.max(np.abs(flat), initial=0))
        self.is_defined = bool(np.isfinite(self._scale) and self._scale > 0)
        self._direction = flat / self._scale if self.is_defined else flat
        self._square = float(np.vdot(self._direction, self._direction).real)
        self.by_sets: dict[Sets, float] = {}
        self.by_step: dict[int, float] = {}

    def share(self, term: Any) -> float:
        """That of a contribution."""
        return float(np.vdot(self._direction, np.ravel(term)).real) / (self._square * self._scale)

    def add(self, mask: Sets, share: float) -> None:
        """To the groups of the set."""
        if mask:
            self.by_sets[mask] = self.by_sets.get(mask, 0.0) + share


class _Sweep:
    def __init__(
        self, plan: Plan, gradients: Mapping[Variable, Any], groups: Sequence[Sequence[int]], count: int, careful: bool
    ):
        self._plan, self._groups, self._count, self._careful = plan, groups, count, careful
        self._everything: Sets = (1 << count) - 1
        self._unknown: Sets = 0
        self._most = _most_parts(plan)
        self._level = new_level()
        receivers = {x: _Receiver(gradients[x]) for x in plan.inputs if x in gradients}
        self._receivers = {x: receiver for x, receiver in receivers.items() if receiver.is_defined}
        self._inputs = set(plan.inputs)
        self._cotangents: dict[Variable, _Cotangent] = {}

    def run(self, advance: Callable[[], None]) -> Flow:
        """Come by each step."""
        for x, seed in self._plan.seeds.items():
            full = masked(seed, self._level) if self._careful else seed
            self._receive(x, _Cotangent(full, 0), None)
        largest = np.zeros(len(self._plan.steps))
        with np.errstate(all="ignore"):
            for k, step in enumerate(self._plan.steps):
                targets = step.statement.targets
                found = {y: self._cotangents.pop(y) for y in targets if y in self._cotangents}
                largest[k] = size_of([self._plain(each.full) for each in found.values()])
                self._pull(k, step, found)
                advance()
        return Flow(
            {x: self._by_group(receiver.by_sets) for x, receiver in self._receivers.items()},
            {x: self._arrived(receiver.by_step) for x, receiver in self._receivers.items()},
            largest,
        )

    def _plain(self, value: Any) -> Any:
        return unmasked(value, self._level) if self._careful else value

    def _pull(self, k: int, step: Step, found: Mapping[Variable, _Cotangent]) -> None:
        own = sum(1 << g for g in set(self._groups[k])) & ~self._unknown
        whole, parts = self._joined(step, found)
        kept = [(mask & ~own & ~self._unknown, value) for mask, value in parts]
        kept = self._bounded([(mask, value) for mask, value in kept if mask])
        ct = cotangent_of(step.statement, {y: each.full for y, each in found.items()})
        terms = step.terms(self._plan.tape, ct, self._careful)
        of_parts = [(mask, step.terms(self._plan.tape, value, self._careful)) for mask, value in kept]
        for i, (x, term) in enumerate(zip(step.operands, terms, strict=True)):
            self._receive(x, _Cotangent(term, whole | own, [(mask, each[i]) for mask, each in of_parts]), k)

    def _joined(self, step: Step, found: Mapping[Variable, _Cotangent]) -> tuple[Sets, list[Part]]:
        """The parts of the cotangent of a statement; of several targets each has its own."""
        targets = step.statement.targets
        if len(targets) == 1:
            (one,) = found.values()
            return one.whole, one.parts
        combined: list[tuple[Sets, tuple[Any, ...], bool]] = [(self._everything, (), True)]
        for y in targets:
            if y not in found:
                combined = [(mask, (*values, None), is_all) for mask, values, is_all in combined]
                continue
            pieces = list(found[y].pieces(self._everything))
            combined = [
                (mask & more, (*values, value), is_all and is_full)
                for mask, values, is_all in combined
                for more, value, is_full in pieces
                if mask & more
            ]
        whole = sum(mask for mask, _, is_all in combined if is_all)
        parts = [
            (mask, Parts(values))
            for mask, values, is_all in combined
            if not is_all and any(value is not None for value in values)
        ]
        return whole, parts

    def _bounded(self, parts: list[Part]) -> list[Part]:
        """The largest parts; the groups of the others are given up."""
        if len(parts) <= self._most:
            return parts
        ranked = sorted(parts, key=lambda part: self._norm(part[1]), reverse=True)
        for mask, _ in ranked[self._most :]:
            self._unknown |= mask
        return ranked[: self._most]

    def _norm(self, value: Any) -> float:
        return size_of([self._plain(each) for each in (value if isinstance(value, Parts) else (value,))])

    def _receive(self, x: Variable, new: _Cotangent, k: int | None) -> None:
        if x in self._inputs:
            self._arrive(x, new, k)
        if x not in self._plan.reached or x in self._inputs:
            return
        old = self._cotangents.get(x)
        self._cotangents[x] = new if old is None else self._sum(old, new)

    def _arrive(self, x: Variable, new: _Cotangent, k: int | None) -> None:
        receiver = self._receivers.get(x)
        if receiver is None:
            return
        share = receiver.share(self._plain(new.full))
        receiver.add(new.whole, share)
        if k is not None:
            receiver.by_step[k] = receiver.by_step.get(k, 0.0) + share
        for mask, value in new.parts:
            receiver.add(mask, receiver.share(self._plain(value)))

    def _sum(self, old: _Cotangent, new: _Cotangent) -> _Cotangent:
        full = old.full + new.full
        if old.whole == new.whole and not old.parts and not new.parts:
            return _Cotangent(full, old.whole)
        parts: list[Part] = []
        pieces = list(new.pieces(self._everything))
        for mask, a, is_all in old.pieces(self._everything):
            for more, b, is_all_too in pieces:
                common = mask & more & ~self._unknown
                if not common or (is_all and is_all_too) or (a is None and b is None):
                    continue
                parts.append((common, b if a is None else a if b is None else a + b))
        return _Cotangent(full, old.whole & new.whole, parts)

    def _by_group(self, by_sets: Mapping[Sets, float]) -> Any:
        found = np.zeros(self._count)
        for mask, share in by_sets.items():
            for g in _members(mask):
                found[g] += share
        for g in _members(self._unknown):
            found[g] = np.nan
        return found

    def _arrived(self, by_step: Mapping[int, float]) -> Any:
        found = np.zeros(self._count)
        for k, share in by_step.items():
            for g in set(self._groups[k]):
                found[g] += share
        return found


def _most_parts(plan: Plan) -> int:
    """How many parts a cotangent may have, so that following them takes seconds."""
    size = sum(y.type.size * y.dtype.itemsize for step in plan.steps for y in step.statement.targets)
    bound = min(_STATEMENTS // max(len(plan.steps), 1), _BYTES // max(size, 1))
    return max(_FEWEST_PARTS, min(bound, _MOST_PARTS))


def _members(mask: Sets) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
