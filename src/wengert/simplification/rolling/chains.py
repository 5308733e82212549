"""What gathers many numbers: long sums, arrays put together from numbers, arrays that numbers are written into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from wengert.registry import table
from wengert.simplification.reshaping import basic_index
from wengert.simplification.rolling.families import FEWEST, Place, flat_position
from wengert.wlist import ArrayType, Statement, Variable

__all__ = ["Run", "Sum", "Updates", "in_runs", "long_sums", "updates"]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Numbers in a row that come from one source in equal steps; what is of no such run has no positions.

    Attributes
    ----------
    source
        As in `Place`.
    positions : list of int
    start : int
        How many numbers come before.
    """

    source: Any
    positions: list[int]
    start: int


def in_runs(places: Sequence[Place | None]) -> Iterator[Run | int]:
    """Numbers, given by their places, as long runs, and those in between one by one, by where they are in the row."""
    k = 0
    while k < len(places):
        run = _run(places, k)
        if run is None:
            yield k
            k += 1
        else:
            yield run
            k += len(run.positions)


def _run(places: Sequence[Place | None], start: int) -> Run | None:
    """The long run that begins at `start`, if one does."""
    first = places[start]
    second = places[start + 1] if start + 1 < len(places) else None
    if first is None or second is None or second[0] is not first[0]:
        return None
    source, position = first
    step = second[1] - position
    positions = [position]
    for place in places[start + 1 :]:
        position += step
        if place is None or place[0] is not source or place[1] != position:
            break
        positions.append(position)
    return Run(source, positions, start) if len(positions) >= FEWEST and step else None


# --- sums ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """A sum of many numbers, added up one by one.

    Attributes
    ----------
    terms : list of (bool, operand)
        Whether it is subtracted, and the number.
    links : set of Variable
        The sums in between, which nothing else reads.
    """

    terms: list[tuple[bool, Any]]
    links: set[Variable]


def long_sums(
    statements: Sequence[Statement], counts: Mapping[Variable, int], members: Set[Variable]
) -> dict[Variable, Sum]:
    """The sums of numbers that are no members of families, by their last target."""
    made = {stmt.targets[0]: stmt for stmt in statements if _is_addition(stmt) and stmt.targets[0] not in members}
    links = {x for stmt in made.values() for x in stmt.operands if _is_link(x, made, counts)}
    found = {}
    for target, stmt in made.items():
        if target not in links:
            total = _taken_apart(stmt, made, links)
            if len(total.terms) >= FEWEST:
                found[target] = total
    return found


def _is_addition(stmt: Statement) -> bool:
    kind = stmt.targets[0].type
    if (stmt.prim is not table.add and stmt.prim is not table.subtract) or kind.shape or kind.dtype.kind != "f":
        return False
    return all(x.type == kind if isinstance(x, Variable) else isinstance(x, (int, float)) for x in stmt.operands)


def _is_link(x: Any, made: Mapping[Variable, Statement], counts: Mapping[Variable, int]) -> bool:
    return isinstance(x, Variable) and x in made and counts[x] == 1


def _taken_apart(stmt: Statement, made: Mapping[Variable, Statement], links: Set[Variable]) -> Sum:
    terms: list[tuple[bool, Any]] = []
    inside: set[Variable] = set()
    pending: list[tuple[bool, Any]] = [(False, stmt.targets[0])]
    while pending:
        is_negative, x = pending.pop()
        if isinstance(x, Variable) and (x is stmt.targets[0] or x in links):
            if x in links:
                inside.add(x)
            first, second = made[x].operands
            pending.append((is_negative != (made[x].prim is table.subtract), second))
            pending.append((is_negative, first))
        else:
            terms.append((is_negative, x))
    return Sum(terms, inside)


# --- updates -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Updates:
    """Numbers that are written into an array one after the other.

    Attributes
    ----------
    array
        What they are written into.
    numbers : dict
        Position in the flat array → what is there at last.
    links : set of Variable
        The arrays in between, which nothing else reads.
    """

    array: Any
    numbers: dict[int, Any]
    links: set[Variable]


def updates(statements: Sequence[Statement], counts: Counter[Variable]) -> dict[Variable, Updates]:
    """The arrays that many numbers are written into, by their last target."""
    found: dict[Variable, Updates] = {}
    for stmt in statements:
        position = _position(stmt)
        if position is None:
            continue
        (target,), (array, number) = stmt.targets, stmt.operands
        before = found.pop(array, None) if isinstance(array, Variable) and counts[array] == 1 else None
        if before is None:
            found[target] = Updates(array, {position: number}, set())
        else:
            before.numbers[position] = number
            before.links.add(array)
            found[target] = before
    return {target: update for target, update in found.items() if len(update.numbers) >= FEWEST}


def _position(stmt: Statement) -> int | None:
    """Where a statement writes one number into an array of its own dtype."""
    if stmt.prim is not table.index_update:
        return None
    (target,), (array, number) = stmt.targets, stmt.operands
    if ArrayType.of(array) != target.type or ArrayType.of(number) != ArrayType((), target.dtype):
        return None
    parts = basic_index(stmt.params["index"], target.shape)
    if parts is None or any(part.count is not None for part in parts):
        return None
    return flat_position(parts, target.shape)
