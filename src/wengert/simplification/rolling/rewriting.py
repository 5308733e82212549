"""The list with one statement for each family."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wengert.control import Control
from wengert.levels import setting
from wengert.registry import table
from wengert.simplification.keys import application_key, constant_key
from wengert.simplification.passes import fresh_names
from wengert.simplification.rolling.chains import Run, Sum, Updates, in_runs, long_sums, updates
from wengert.simplification.rolling.families import (
    FEWEST,
    NUMBER,
    Family,
    Place,
    elements,
    is_affine,
    settled_families,
)
from wengert.transforms.selection import pruned, uses
from wengert.value import NO_PARAMS
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["is_rolling", "rolled", "rolling"]

_is_rolling: ContextVar[bool] = ContextVar("wengert_is_rolling", default=False)


def is_rolling() -> bool:
    """Whether lists are rolled up before derivatives are taken of them, because machine code is made of the result."""
    return _is_rolling.get()


@contextmanager
def rolling() -> Iterator[None]:
    """Let lists be rolled up meanwhile."""
    with setting(_is_rolling, True):
        yield


def rolled(lst: WengertList) -> WengertList:
    """A list that computes the same, with one statement on arrays where many do the same on numbers.

    Sums of many numbers are added up in another order, so that results may differ in the last digits.

    Parameters
    ----------
    lst : WengertList
        It stays as it is.

    Returns
    -------
    WengertList
        With the same inputs and outputs of the same types; `lst` itself where there is little to be rolled up.
    """
    lst = _with_rolled_sublists(lst)
    if sum(not stmt.targets[0].shape for stmt in lst.statements) < FEWEST:
        return lst
    short = _without_repetitions(lst)
    known = elements(short.statements)
    families, places = settled_families(short.statements, known)
    writer = _Writer(short, families, places)
    return writer.rolled() if writer.has_work else short


def _with_rolled_sublists(lst: WengertList) -> WengertList:
    """The list with those of its control statements rolled up."""
    instead: dict[Statement, Statement] = {}
    for stmt in lst.statements:
        if stmt.prim.sublists and isinstance(stmt.prim, Control):
            short = {part: rolled(inner) for part, inner in stmt.prim.sublists.items()}
            if any(short[part] is not inner for part, inner in stmt.prim.sublists.items()):
                instead[stmt] = replace(stmt, prim=stmt.prim.with_sublists(short))
    return replace(lst, statements=tuple(instead.get(stmt, stmt) for stmt in lst.statements)) if instead else lst


def _without_repetitions(lst: WengertList) -> WengertList:
    """The list with each application written once."""
    computed: dict[Any, tuple[Variable, ...]] = {}
    instead: dict[Variable, Variable] = {}
    statements = []
    for stmt in lst.statements:
        if instead and any(isinstance(x, Variable) and x in instead for x in stmt.operands):
            operands = tuple(instead.get(x, x) if isinstance(x, Variable) else x for x in stmt.operands)
            stmt = replace(stmt, operands=operands)  # noqa: PLW2901  # the statement, with these operands
        key = application_key(stmt.prim, stmt.operands, stmt.params, stmt.targets[0].dtype.kind == "c")
        known = computed.setdefault(key, stmt.targets)
        if known is stmt.targets:
            statements.append(stmt)
        else:
            instead.update(zip(stmt.targets, known, strict=True))
    if not instead:
        return lst
    outputs = tuple(instead.get(y, y) if isinstance(y, Variable) else y for y in lst.outputs)
    return replace(lst, statements=tuple(statements), outputs=outputs)


@dataclass(slots=True, eq=False)
class _Unit:
    """What is written in one place: a family, or a statement with what it gathers."""

    first: int  # in the order of the list
    members: Sequence[Statement]
    reads: set[Variable]
    family: Family | None = None
    waits_for: int = 0
    read_by: list[int] = field(default_factory=list)


class _Writer:
    """Writes the list anew."""

    def __init__(self, lst: WengertList, families: Sequence[Family], places: dict[Variable, Place]):
        self._lst = lst
        self._places = places
        self._members = {stmt.targets[0] for family in families for stmt in family.members}
        counts = uses(lst.statements, lst.outputs)
        self._sums = {v: x for v, x in long_sums(lst.statements, counts, self._members).items() if self._gathers(x)}
        self._updates = updates(lst.statements, counts)
        self._families = families
        self._names = fresh_names(lst)
        self._arrays = {family: Variable(next(self._names), family.type) for family in families}
        self._statements: list[Statement] = []
        self._written: dict[Any, Any] = {}  # parts of arrays, by array and positions
        self._alone = {
            stmt.targets[0]: stmt.operands[0]
            for stmt in lst.statements
            if stmt.prim is table.reshape and stmt.targets[0].shape == (1,) and isinstance(stmt.operands[0], Variable)
        }  # arrays of one element, and the number in them
        self._read: set[Variable] = set()  # members of families that are numbers too

    @property
    def has_work(self) -> bool:
        """Whether anything becomes shorter."""
        return bool(self._families or self._sums or self._updates)  # rows read of families, or of elements alone

    def _gathers(self, total: Sum) -> bool:
        sources = Counter(self._places[x][0] for _, x in total.terms if isinstance(x, Variable) and x in self._places)
        return any(count >= FEWEST for count in sources.values())

    def rolled(self) -> WengertList:
        """The new list."""
        for unit in self._in_order():
            if unit.family is not None:
                self._write_family(unit.family)
            else:
                self._write_statement(unit.members[0])
        for y in self._lst.outputs:
            self._number(y, None)
        statements = pruned(self._statements, self._lst.outputs)
        return replace(self._lst, statements=statements)

    # Order.

    def _units(self) -> list[_Unit]:
        links = {v for total in self._sums.values() for v in total.links}
        links |= {v for update in self._updates.values() for v in update.links}
        family_of = {stmt: family for family in self._families for stmt in family.members}
        units: dict[Any, _Unit] = {}
        for k, stmt in enumerate(self._lst.statements):
            family = family_of.get(stmt)
            if family is not None and family in units:
                units[family].reads.update(x for x in stmt.operands if isinstance(x, Variable))
            elif not links.issuperset(stmt.targets):
                members = [stmt] if family is None else family.members
                units[family or stmt] = _Unit(k, members, set(self._gathered(stmt)), family)
        return list(units.values())

    def _gathered(self, stmt: Statement) -> Iterator[Variable]:
        """The variables that a statement reads, with those of the links before it."""
        total, update = self._sums.get(stmt.targets[0]), self._updates.get(stmt.targets[0])
        operands: Sequence[Any] = stmt.operands
        if total is not None:
            operands = [x for _, x in total.terms]
        elif update is not None:
            operands = [update.array, *update.numbers.values()]
        return (x for x in operands if isinstance(x, Variable))

    def _in_order(self) -> Iterator[_Unit]:
        """The units, each after what it reads, else as in the list."""
        units = self._units()
        made = {v: number for number, unit in enumerate(units) for stmt in unit.members for v in stmt.targets}
        for number, unit in enumerate(units):
            before = {made[x] for x in unit.reads if x in made}
            unit.waits_for = len(before)
            for other in before:
                units[other].read_by.append(number)
        ready = [number for number, unit in enumerate(units) if not unit.waits_for]
        while ready:
            unit = units[heapq.heappop(ready)]
            yield unit
            for number in unit.read_by:
                units[number].waits_for -= 1
                if not units[number].waits_for:
                    heapq.heappush(ready, number)

    # Writing.

    def _append(
        self, like: Statement | None, target: Variable, prim: Any, operands: Sequence[Any], **params: Any
    ) -> None:
        where, origin = (None, None) if like is None else (like.where, like.origin)
        self._statements.append(Statement((target,), prim, tuple(operands), params or NO_PARAMS, where, origin))

    def _new(self, like: Statement | None, kind: ArrayType, prim: Any, *operands: Any, **params: Any) -> Variable:
        target = Variable(next(self._names), kind)
        self._append(like, target, prim, operands, **params)
        return target

    def _number(self, x: Any, like: Statement | None) -> Any:
        """An operand as it was; where it is a member of a family, it is read from its array."""
        if isinstance(x, Variable) and x in self._members and x not in self._read:
            self._read.add(x)
            family, position = self._places[x]
            self._append(like, x, table.getitem, (self._arrays[family],), index=position)
        return x

    def _part(self, source: Any, positions: Sequence[int], like: Statement) -> Variable:
        """The array of these elements of a source."""
        array = self._arrays[source] if isinstance(source, Family) else self._flat(source, like)
        if len(positions) == array.type.size and list(positions) == list(range(len(positions))):
            return array
        index = _index(positions)
        key = array, constant_key(index)
        if key not in self._written:
            kind = ArrayType((len(positions),), array.dtype)
            self._written[key] = self._new(like, kind, table.getitem, array, index=index)
        return self._written[key]  # type: ignore[no-any-return]  # a variable

    def _flat(self, array: Variable, like: Statement) -> Variable:
        if array.type.ndim == 1:
            return array
        if array not in self._written:
            size = array.type.size
            self._written[array] = self._new(like, ArrayType((size,), array.dtype), table.reshape, array, shape=(size,))
        return self._written[array]  # type: ignore[no-any-return]  # a variable

    def _write_family(self, family: Family) -> None:
        first = family.members[0]
        operands = []
        for x, source, column in zip(first.operands, family.sources, family.columns, strict=True):
            if source is None or not _differ(column):
                operands.append(self._number(x, first))
            elif source is NUMBER:
                constants = np.array(column, family.type.dtype)
                constants.flags.writeable = False
                operands.append(constants)
            else:
                operands.append(self._part(source, column, first))
        self._append(first, self._arrays[family], first.prim, operands, **first.params)

    def _write_statement(self, stmt: Statement) -> None:
        (target, *others) = stmt.targets
        if not others and target in self._sums:
            self._write_sum(stmt, self._sums[target])
        elif not others and target in self._updates:
            self._write_updates(stmt, self._updates[target])
        elif stmt.prim is table.concatenate and not target.shape[1:]:
            self._write_row(stmt)
        else:
            self._statements.append(replace(stmt, operands=tuple(self._number(x, stmt) for x in stmt.operands)))

    def _write_sum(self, stmt: Statement, total: Sum) -> None:
        """One sum for each source that many terms come from, and the other terms one by one."""
        parts: dict[tuple[bool, Any], list[int]] = {}
        for is_negative, x in total.terms:
            if isinstance(x, Variable) and x in self._places:
                source, position = self._places[x]
                parts.setdefault((is_negative, source), []).append(position)
        parts = {key: sorted(positions) for key, positions in parts.items() if len(positions) >= FEWEST}
        kind = stmt.targets[0].type
        terms: list[tuple[bool, Any]] = []
        for (is_negative, source), positions in parts.items():
            array = self._part(source, positions, stmt)
            terms.append((is_negative, self._new(stmt, kind, table.sum, array, axis=(0,), keepdims=False)))
        for is_negative, x in total.terms:
            place = self._places.get(x) if isinstance(x, Variable) else None
            if place is None or (is_negative, place[0]) not in parts:
                terms.append((is_negative, self._number(x, stmt)))
        terms.sort(key=lambda term: term[0])  # what is added comes first
        self._add_up(stmt, terms)

    def _add_up(self, stmt: Statement, terms: Sequence[tuple[bool, Any]]) -> None:
        (target,) = stmt.targets
        is_negative, value = terms[0]
        if is_negative or len(terms) == 1:
            prim = table.negative if is_negative else table.positive
            value = self._new(stmt, target.type, prim, value)
        for is_negative, x in terms[1:]:
            value = self._new(stmt, target.type, table.subtract if is_negative else table.add, value, x)
        self._statements[-1] = replace(self._statements[-1], targets=(target,))

    def _write_row(self, stmt: Statement) -> None:
        """An array put together from numbers: of parts of the arrays that they come from, and brought into order."""
        numbers = [self._alone.get(x) if isinstance(x, Variable) else None for x in stmt.operands]
        pieces = self._pieces(numbers, stmt)
        operands = [piece for piece, _ in pieces]
        order = [k for _, members in pieces for k in members]
        if order == list(range(len(order))):
            self._statements.append(replace(stmt, operands=tuple(operands)))
            return
        (target,) = stmt.targets
        row = self._new(stmt, target.type, table.concatenate, *operands, axis=0)
        self._append(stmt, target, table.getitem, (row,), index=_index(np.argsort(order).tolist()))

    def _pieces(self, numbers: Sequence[Any], stmt: Statement) -> list[tuple[Any, list[int]]]:
        """Arrays with the numbers of a row, and which ones these are: in order, if that takes few arrays."""
        runs = list(in_runs([self._places.get(x) if x is not None else None for x in numbers]))
        if all(isinstance(run, Run) or numbers[run] not in self._places for run in runs):
            return [self._piece(run, stmt) for run in runs]
        together = self._by_source(numbers)
        found = []
        for source, members in together.items():
            found.append((self._part(source, [self._places[numbers[k]][1] for k in members], stmt), members))
        alone = set(range(len(numbers))).difference(*together.values())
        return [*found, *((stmt.operands[k], [k]) for k in sorted(alone))]

    def _piece(self, run: Run | int, stmt: Statement) -> tuple[Any, list[int]]:
        if isinstance(run, Run):
            members = range(run.start, run.start + len(run.positions))
            return self._part(run.source, run.positions, stmt), list(members)
        return stmt.operands[run], [run]

    def _by_source(self, numbers: Sequence[Any]) -> dict[Any, list[int]]:
        """The sources that many of these numbers come from: which ones."""
        found: dict[Any, list[int]] = {}
        for k, x in enumerate(numbers):
            if isinstance(x, Variable) and x in self._places:
                found.setdefault(self._places[x][0], []).append(k)
        return {source: members for source, members in found.items() if len(members) >= FEWEST}

    def _write_updates(self, stmt: Statement, update: Updates) -> None:
        """Numbers that are written into an array: those of one source together."""
        (target,) = stmt.targets
        array, flat = update.array, ArrayType((target.type.size,), target.dtype)
        if target.type != flat:
            array = self._new(stmt, flat, table.reshape, array, shape=flat.shape)
        positions = sorted(update.numbers)
        numbers = [update.numbers[k] for k in positions]
        together = self._by_source(numbers)
        for source, members in together.items():
            part = self._part(source, [self._places[numbers[k]][1] for k in members], stmt)
            index = _index([positions[k] for k in members])
            array = self._new(stmt, flat, table.index_update, array, part, index=index)
        alone = set(range(len(numbers))).difference(*together.values())
        for k in sorted(alone):
            number = self._number(numbers[k], stmt)
            array = self._new(stmt, flat, table.index_update, array, number, index=positions[k])
        if target.type != flat:
            self._new(stmt, target.type, table.reshape, array, shape=target.shape)
        self._statements[-1] = replace(self._statements[-1], targets=(target,))


def _index(positions: Sequence[int]) -> Any:
    """Positions as an index of NumPy: a slice, where they go in equal steps."""
    step = positions[1] - positions[0]
    if step and is_affine(positions):
        stop = positions[-1] + (1 if step > 0 else -1)
        return slice(positions[0], stop if stop >= 0 else None, None if step == 1 else step)
    index = np.array(positions, np.intp)
    index.flags.writeable = False
    return index


def _differ(constants: Sequence[Any]) -> bool:
    return len({(type(c), repr(c)) for c in constants}) > 1
