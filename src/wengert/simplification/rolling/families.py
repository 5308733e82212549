"""Statements on numbers that do the same with other elements: families.

Two statements belong to one family if they apply one primitive to operands that come from the same source each: the
elements of one array, the results of one family, one variable, or constants. A family never depends on itself, because
each of its sources is known before it. So it can be one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wengert.facts import Kind
from wengert.registry import table
from wengert.simplification.keys import constant_key
from wengert.simplification.reshaping import Part, basic_index
from wengert.wlist import ArrayType, Statement, Variable

__all__ = ["FEWEST", "NUMBER", "Family", "Place", "elements", "flat_position", "is_affine", "settled_families"]

FEWEST = 16  # members: fewer are as fast, and read as well, as statements on numbers
_FEWEST_GATHERED = 64  # members of a family that reads its elements in no regular order
_FEW = 8  # different operands, for each of which a family of its own is better than an index
_MOST_ROUNDS = 12
NUMBER = "number"  # the source of constants that differ
_LINEAR = ("add", "subtract", "multiply", "divide")  # take a constant that differs from member to member

#: Where a number is: in which array or family, at which position.
Place = tuple[Any, int]


@dataclass(slots=True, eq=False)
class Family:
    """Statements of one form.

    Attributes
    ----------
    sources : tuple
        For each operand the array or the family that it is an element of; ``"number"`` for constants; ``None`` where
        it is the same in all members.
    columns : list of list
        For each operand its positions in the source, or the constants.
    """

    sources: tuple[Any, ...]
    members: list[Statement] = field(default_factory=list)
    columns: list[list[Any]] = field(default_factory=list)

    @property
    def targets(self) -> list[Variable]:
        """The results of the members."""
        return [stmt.targets[0] for stmt in self.members]

    @property
    def type(self) -> ArrayType:
        """Of the array of all results."""
        return ArrayType((len(self.members),), self.members[0].targets[0].dtype)


def elements(statements: Sequence[Statement]) -> dict[Variable, Place]:
    """The variables that are single elements of arrays, with the array and the number of the element in it."""
    views: dict[Variable, tuple[Variable, list[Part]]] = {}
    found: dict[Variable, Place] = {}
    for stmt in statements:
        if stmt.prim is not table.getitem or not isinstance(stmt.operands[0], Variable):
            continue
        x, (target,) = stmt.operands[0], stmt.targets
        outer, before = views.get(x, (x, [Part(0, 1, n) for n in x.shape]))
        parts = basic_index(stmt.params["index"], x.shape)
        if parts is None:
            continue
        later = iter(parts)
        parts = [part if part.count is None else next(later).of(part) for part in before]
        if target.shape:
            views[target] = outer, parts
        else:
            found[target] = outer, flat_position(parts, outer.shape)
    return found


def flat_position(parts: Sequence[Part], shape: Sequence[int]) -> int:
    """The number of the element in the flat array that an index takes, of one number for each axis."""
    position = 0
    for part, n in zip(parts, shape, strict=True):
        position = position * n + part.start
    return position


@dataclass(slots=True, eq=False)
class _Distinctions:
    """What is told apart, more in each round.

    Attributes
    ----------
    variables : set of Variable
        Those that are one operand in all members of a family, and are in none.
    constants, lines : set of Variable
        The targets of statements whose families have the same constants, or stand in one line of the program.
    """

    variables: set[Variable] = field(default_factory=set)
    constants: set[Variable] = field(default_factory=set)
    lines: set[Variable] = field(default_factory=set)

    def grow(self, family: Family) -> bool:
        """Tell apart what keeps a family from being one statement on arrays; whether there is anything."""
        found = self._obstacle(family)
        if found is not None:
            apart, more = found
            apart.update(more)
        return found is not None

    def _obstacle(self, family: Family) -> tuple[set[Variable], Iterable[Variable]] | None:
        count, targets = len(family.members), family.targets
        if count < FEWEST:
            return self.variables, targets
        few = _in_no_order(family)
        if not few:
            return None
        if self.constants.isdisjoint(targets) and 1 < _constants(family) <= count // FEWEST:
            return self.constants, targets
        if self.lines.isdisjoint(targets) and 1 < len({_line(stmt) for stmt in family.members}) <= count // FEWEST:
            return self.lines, targets
        k = min(few, key=few.__getitem__)
        if few[k] <= min(_FEW, count // FEWEST) or (count < _FEWEST_GATHERED and few[k] <= count // FEWEST):
            return self.variables, (stmt.operands[k] for stmt in family.members)
        return (self.variables, targets) if count < _FEWEST_GATHERED else None


def _in_no_order(family: Family) -> dict[int, int]:
    """The operands that are not read in equal steps: number → how many different ones there are."""
    return {
        k: len(set(positions))
        for k, (source, positions) in enumerate(zip(family.sources, family.columns, strict=True))
        if source is not None and source is not NUMBER and not is_affine(positions)
    }


def _constants(family: Family) -> int:
    """How many different constants its members have."""
    columns = (column for source, column in zip(family.sources, family.columns, strict=True) if source is NUMBER)
    return len(set(zip(*(map(repr, column) for column in columns), strict=True)))


def _line(stmt: Statement) -> Any:
    return (stmt.where.file, stmt.where.line) if stmt.where is not None else None


def settled_families(
    statements: Sequence[Statement], known: Mapping[Variable, Place]
) -> tuple[list[Family], dict[Variable, Place]]:
    """The families that are worth an array each, and where every number is that is in one of them or in an array.

    What is in no such family is told apart by its variable in the next round, and so is what few different elements
    are read of, until nothing changes.
    """
    of_numbers = [stmt for stmt in statements if _is_of_numbers(stmt)]
    apart = _Distinctions()
    for _ in range(_MOST_ROUNDS):
        families, places = _families(of_numbers, known, apart)
        grown = [apart.grow(family) for family in families]
        if not any(grown):
            return families, places
        dropped = {family for family in families if apart.variables.issuperset(family.targets)}
        kept = [family for family, has_grown in zip(families, grown, strict=True) if not has_grown]
        is_settled = len(kept) + len(dropped) == len(families) and apart.variables.isdisjoint(known)
        if is_settled and all(dropped.isdisjoint(family.sources) for family in kept):
            return kept, {v: place for v, place in places.items() if place[0] not in dropped}
    return [], dict(known)


def _families(
    statements: Sequence[Statement], known: Mapping[Variable, Place], apart: _Distinctions
) -> tuple[list[Family], dict[Variable, Place]]:
    places = {v: place for v, place in known.items() if v not in apart.variables}
    found: dict[Any, Family] = {}
    for stmt in statements:
        (target,) = stmt.targets
        if target in apart.variables:
            continue
        sources, column, alike = [], [], []
        for x in stmt.operands:
            source, position, key = _operand(x, stmt, places, apart)
            sources.append(source)
            column.append(position)
            alike.append(key)
        line = _line(stmt) if target in apart.lines else None
        key = stmt.prim, target.dtype, constant_key(stmt.params), line, *alike
        family = found.get(key)
        if family is None:
            family = found[key] = Family(tuple(sources), columns=[[] for _ in sources])
        places[target] = family, len(family.members)
        family.members.append(stmt)
        for positions, position in zip(family.columns, column, strict=True):
            positions.append(position)
    return list(found.values()), places


def _operand(x: Any, stmt: Statement, places: Mapping[Variable, Place], apart: _Distinctions) -> tuple[Any, Any, Any]:
    """Source and position of an operand, and what it must have in common with those of other members."""
    if isinstance(x, Variable):
        place = places.get(x)
        return (None, x, x) if place is None else (*place, (place[0],))
    if _may_differ(x, stmt) and stmt.targets[0] not in apart.constants:
        return NUMBER, x, NUMBER
    return None, x, constant_key(x)


def _is_of_numbers(stmt: Statement) -> bool:
    if len(stmt.targets) != 1 or stmt.targets[0].shape:
        return False
    is_elementwise = getattr(stmt.prim, "kind", None) is Kind.ELEMENTWISE or stmt.prim is table.astype
    return is_elementwise and any(isinstance(x, Variable) for x in stmt.operands)


def _may_differ(x: Any, stmt: Statement) -> bool:
    """Whether an array of such constants gives a result of the same dtype as each of them does."""
    dtype = stmt.targets[0].dtype
    is_plain = isinstance(x, (int, float)) or (np.shape(x) == () and getattr(x, "dtype", None) == dtype)
    return is_plain and dtype.kind == "f" and stmt.prim.name in _LINEAR


def is_affine(positions: Sequence[int]) -> bool:
    """Whether positions go in equal steps, all at one place among them."""
    steps = np.diff(positions)
    return bool(np.all(steps == steps[:1]))
