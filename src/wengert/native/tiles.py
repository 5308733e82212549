"""Tiles: products of matrices with many rows, and the loops around them, one block of rows after the other.

Each row of ``a @ b`` needs one row of `a`, and ``a.T @ b`` is a sum over the rows of both. So what is computed of a row
before such products, and what is made of their rows, need not be stored for all rows: a block of some rows goes through
all of it while it is in the cache. In stacks of matrices this is done for one matrix after the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.facts import Kind
from wengert.native import machine
from wengert.native.coverage import primitive_of
from wengert.native.products import is_for_blas
from wengert.native.reductions import REDUCTIONS
from wengert.native.writing import LANES
from wengert.wlist import ArrayType, Statement, Variable

if TYPE_CHECKING:
    from wengert.native.planning import Group

__all__ = ["Form", "Known", "Planned", "Tiles", "block_length", "form_of", "is_row_fold", "row_bytes_of"]

_FEWEST_ROWS = 256
_MOST_COLUMNS = 256
_MOST_FACTORS = 1 << 14  # numbers of the matrix that all rows are multiplied by: with more BLAS takes longer in blocks
_MOST_ALONE = 1 << 23  # multiplications of one product that is worth no threads of BLAS, if it has some
_LEAST = 1 << 19  # bytes of an operand or a result of a product; what is smaller stays in the cache anyhow
_BLOCK, _SHORT_BLOCK, _SHORTEST_BLOCK = 128, 32, 8  # rows
_MOST_KEPT = 24 << 10  # bytes of a row that a tile makes
_NEAREST, _FARTHEST = 96 << 10, 384 << 10  # bytes of a block that is kept, and what they never exceed
_SMALLER = 8  # what is computed again is so many times larger than what it is made of
_CHEAP = 1  # operations
_PANEL = LANES


@dataclass(frozen=True, slots=True)
class Form:
    """How a product of matrices goes along the rows of a stack of shape `rows`.

    Attributes
    ----------
    rows : tuple of int
        Lengths of the stack, and the number of rows.
    is_fold : bool
        Whether it is a sum over the rows, and not a row of the result for each.
    a, b : Any
        The factors as they stand in memory.
    are_turned : pair of bool
        Whether it is the transposes that are multiplied.
    heights : tuple of int
        For eight columns each of a sum over rows, up to which row it is needed, in multiples of 8; empty where all is.
    """

    rows: tuple[int, ...]
    is_fold: bool
    a: Any
    b: Any
    are_turned: tuple[bool, bool]
    heights: tuple[int, ...] = ()

    @property
    def along(self) -> tuple[Any, ...]:
        """The factors of which only the same rows are needed."""
        if not self.is_fold:
            return () if self.are_turned[0] else (self.a,)
        return (*([self.a] if self.are_turned[0] else []), *([] if self.are_turned[1] else [self.b]))


def form_of(stmt: Statement, virtual: Mapping[Variable, Statement]) -> list[Form]:
    """The ways in which a product may go along rows: by those of its result, or as a sum over them."""
    if stmt.prim.name != "matmul" or not is_for_blas(stmt):
        return []
    kinds, (v,) = [ArrayType.of(x) for x in stmt.operands], stmt.targets
    if any(kind.ndim < 2 for kind in kinds) or 0 in v.shape:
        return []
    (a, a_turned), (b, b_turned) = (_in_memory(x, virtual) for x in stmt.operands)
    *stack, m, n = v.shape
    k, turned = kinds[0].shape[-1], (a_turned, b_turned)
    found = []
    if kinds[0].shape[:-2] == tuple(stack) and not a_turned and _is_large(stack, m, (k, n), v):
        found.append(Form((*stack, m), False, a, b, turned))
    if all(kind.shape[:-2] == tuple(stack) for kind in kinds) and _is_large(stack, k, (m, n), v):
        found.append(Form((*stack, k), True, a, b, turned))
    return found


def _is_large(stack: Sequence[int], length: int, others: tuple[int, int], v: Variable) -> bool:
    """Whether arrays with so many rows are beyond the cache, and a product of a block is worth its call."""
    size = math.prod(stack) * length * max(others) * v.dtype.itemsize
    is_narrow = max(others) <= _MOST_COLUMNS and math.prod(others) <= _MOST_FACTORS
    if length < _FEWEST_ROWS or size < _LEAST or not is_narrow:
        return False
    return length * math.prod(others) <= _MOST_ALONE or machine.blas_threads() == 1


def _in_memory(x: Any, virtual: Mapping[Variable, Statement]) -> tuple[Any, bool]:
    """A factor as it is stored, and whether that is its transpose."""
    is_turned = False
    while isinstance(x, Variable) and x in virtual:
        x, is_turned = virtual[x].operands[0], not is_turned
    return x, is_turned


def is_row_fold(stmt: Statement, rows: tuple[int, ...]) -> bool:
    """Whether a root of a loop is a fold over the rows."""
    return stmt.prim.name in REDUCTIONS and list(stmt.params["axis"]) == [len(rows) - 1]


def row_bytes_of(v: Variable, rows: tuple[int, ...]) -> int:
    """Bytes of a row of a value."""
    return math.prod(v.shape[len(rows) :]) * v.dtype.itemsize


def block_length(width: int) -> int:
    """How many rows a block has, of which so many bytes are kept, so that these stay in the cache.

    Products of very few rows take longer, so that blocks are rather in a farther cache than short.
    """
    length = _BLOCK
    for shortest, most in ((_SHORT_BLOCK, _NEAREST), (_SHORTEST_BLOCK, _FARTHEST)):
        while length > shortest and length * width > most:
            length //= 2
    return length


@dataclass(slots=True)
class _Tile:
    """Groups that go together along rows.

    Attributes
    ----------
    made : set
        What is made of a row, which the same row may read.
    folded : set
        What is made of all rows.
    after : set of int
        Other groups that need something of it.
    """

    rows: tuple[int, ...]
    members: list[int] = field(default_factory=list)
    forms: dict[int, Form] = field(default_factory=dict)
    made: set[Variable] = field(default_factory=set)
    folded: set[Variable] = field(default_factory=set)
    after: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Planned:
    """Groups in a new order, with tiles.

    Attributes
    ----------
    groups : list of Group
    numbers : list of lists of int
        The old numbers of each group.
    again : dict
        Statement whose value is computed in several tiles, and not stored → their new numbers.
    folded : set
        What tiles make of all rows.
    """

    groups: list[Group]
    numbers: list[list[int]]
    again: dict[Statement, list[int]]
    folded: set[Variable]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the statements of a list.

    Attributes
    ----------
    virtual : mapping
        Variable → the statement that is written where it is read.
    uses : mapping
        Variable → the statements that read it.
    outputs : set
    reads : callable
        What a statement reads for each element of a domain.
    cost : callable
        Of a statement, in operations for each element.
    """

    virtual: Mapping[Variable, Statement]
    uses: Mapping[Variable, Sequence[Statement]]
    outputs: set[Variable]
    reads: Callable[[Statement, tuple[int, ...]], Collection[Variable]]
    cost: Callable[[Statement], int]


class Tiles:
    """Looks for groups that follow each other along rows, in one pass over the groups.

    Parameters
    ----------
    groups : sequence of Group
    made : mapping
        Root → number of its group.
    read_in : mapping
        Number of a group → what it reads of what is stored.
    known : Known
    """

    def __init__(
        self,
        groups: Sequence[Group],
        made: Mapping[Variable, int],
        read_in: Mapping[int, set[Variable]],
        known: Known,
    ) -> None:
        self.groups, self.made, self.read_in, self.known = groups, made, read_in, known
        self.forms = {
            k: forms
            for k, group in enumerate(groups)
            if group.domain is None and not group.calls_back and (forms := form_of(group.roots[0], known.virtual))
        }
        self.tiles: list[_Tile] = []

    def planned(self) -> Planned | None:
        """The groups with tiles; ``None`` where there are none."""
        wanted = {form.rows for forms in self.forms.values() for form in forms}
        tile: _Tile | None = None
        for number in range(len(self.groups)) if wanted else ():
            entries = self._entries(number, wanted)
            entry = next((e for e in entries if tile is not None and self._may_join(tile, number, *e)), None)
            if entry is None and entries:
                entry = entries[0]
                tile = _Tile(entry[0])
                self.tiles.append(tile)
            if entry is not None and tile is not None:
                self._join(tile, number, *entry)
            elif tile is not None and self._needs(tile, number):
                tile.after.add(number)
        self.tiles = [tile for tile in self.tiles if tile.forms and self._is_worthwhile(tile)]
        return self._in_order() if self.tiles else None

    def _entries(self, number: int, wanted: set[tuple[int, ...]]) -> list[tuple[tuple[int, ...], Form | None]]:
        """The rows along which a group may go, and the form of its product."""
        if number in self.forms:
            return [(form.rows, form) for form in self.forms[number]]
        group = self.groups[number]
        domain = group.domain
        if not domain or domain[0] < 0 or 0 in domain or group.nests or group.calls_back:
            return []
        return [
            (rows, None)
            for rows in ((domain[:-1], domain) if domain[-1] <= _MOST_COLUMNS else (domain,))
            if rows in wanted and all(_is_along(stmt, rows, domain) for stmt in group.roots)
        ]

    def _needs(self, tile: _Tile, number: int) -> bool:
        """Whether a group can only be computed after a tile."""
        read = self.read_in.get(number, set())
        return any(x in tile.made or x in tile.folded or self.made.get(x) in tile.after for x in read)

    def _may_join(self, tile: _Tile, number: int, rows: tuple[int, ...], form: Form | None) -> bool:
        """Whether a group needs of a tile only what it makes of the same row, and nothing that comes after it."""
        read = self.read_in.get(number, set())
        if rows != tile.rows or any(x in tile.folded or self.made.get(x) in tile.after for x in read):
            return False
        made = {v for stmt in self.groups[number].roots for v in stmt.targets}
        if sum(row_bytes_of(v, rows) for v in made | tile.made) > _MOST_KEPT:
            return False
        near = {x for x in read if x in tile.made}
        return all(self._is_near(self.groups[number], form, rows, x) for x in near)

    def _is_near(self, group: Group, form: Form | None, rows: tuple[int, ...], x: Variable) -> bool:
        """Whether a group reads of `x` only the row that it computes."""
        if form is not None:
            factors = [form.a, form.b]
            return sum(y is x for y in factors) == sum(y is x for y in form.along)
        return all(self._is_in_row(stmt, group.domain or (), rows, x) for stmt in group.roots)

    def _is_in_row(self, stmt: Statement, shape: tuple[int, ...], rows: tuple[int, ...], x: Variable) -> bool:
        """Whether an element at a place in `shape` reads of `x` only what is in the same row."""
        is_pointwise = primitive_of(stmt).kind in (Kind.ELEMENTWISE, Kind.REDUCTION)
        for y in stmt.operands:
            inner = self.known.virtual.get(y) if isinstance(y, Variable) else None
            if y is not x and (inner is None or x not in self.known.reads(inner, inner.targets[0].shape)):
                continue
            before, count = ArrayType.of(y).shape, len(rows)
            is_same = len(before) == len(shape) if is_pointwise else _differ_in_units(stmt, before, shape)
            if not is_same or before[:count] != rows or shape[:count] != rows:
                return False
            if inner is not None and not self._is_in_row(inner, before, rows, x):
                return False
        return True

    def _join(self, tile: _Tile, number: int, rows: tuple[int, ...], form: Form | None) -> None:
        tile.members.append(number)
        if form is not None:
            (stmt,) = self.groups[number].roots
            tile.forms[number] = replace(form, heights=self._heights(stmt)) if form.is_fold else form
        for stmt in self.groups[number].roots:
            is_fold = form.is_fold if form is not None else is_row_fold(stmt, rows)
            (tile.folded if is_fold else tile.made).update(stmt.targets)

    def _heights(self, stmt: Statement) -> tuple[int, ...]:
        """For the panels of a product, how many of their rows are needed, if that is known."""
        (v,), is_turned = stmt.targets, False
        users = self.known.uses.get(v, [])
        while len(users) == 1 and users[0].prim.name == "transpose" and v not in self.known.outputs:
            *stack, before, last = users[0].params["axes"]
            if [*stack, last, before] != list(range(v.type.ndim)):
                return ()
            (v,), is_turned = users[0].targets, not is_turned
            users = self.known.uses.get(v, [])
        mask = _mask_of(users[0], v) if len(users) == 1 and v not in self.known.outputs else None
        if mask is None or mask.shape[-2:] != v.shape[-2:] or users[0].targets[0].shape != v.shape:
            return ()
        is_needed = np.any(mask, axis=tuple(range(mask.ndim - 2)))
        is_needed = is_needed.T if is_turned else is_needed
        m, n = is_needed.shape
        if m % _PANEL or n % _PANEL:
            return ()
        by_eights = is_needed.reshape(m // _PANEL, _PANEL, n // _PANEL, _PANEL).any(axis=(1, 3))
        return tuple(_PANEL * max((int(k) + 1 for k in np.flatnonzero(column)), default=0) for column in by_eights.T)

    def _is_worthwhile(self, tile: _Tile) -> bool:
        """Whether a product is next to something that makes its rows, or is made of them."""
        reads = [(k, self.made.get(x)) for k in tile.members for x in self.read_in.get(k, set())]
        members = set(tile.members)
        return any(k != g and g in members and not tile.forms.keys().isdisjoint((k, g)) for k, g in reads)

    # The result.

    def _in_order(self) -> Planned:
        """The groups, each tile as one: before it what it needs, and after it what needs it."""
        numbers: list[list[int]] = []
        start = 0
        for tile in self.tiles:
            last, members = tile.members[-1] + 1, set(tile.members)
            others = [k for k in range(start, last) if k not in members]
            numbers += [[k] for k in others if k not in tile.after]
            numbers += [tile.members, *([k] for k in others if k in tile.after)]
            start = last
        numbers += [[k] for k in range(start, len(self.groups))]
        tile_of = {tile.members[0]: tile for tile in self.tiles}
        groups = [self._joined(tile_of[own[0]]) if own[0] in tile_of else self.groups[own[0]] for own in numbers]
        new = {k: number for number, own in enumerate(numbers) for k in own}
        folded = {v for tile in self.tiles for v in tile.folded}
        return Planned(groups, numbers, self._computed_again(groups, new), folded)

    def _joined(self, tile: _Tile) -> Group:
        steps = [self.groups[k] for k in tile.members]
        roots = [stmt for group in steps for stmt in group.roots]
        forms = {k: tile.forms[number] for k, number in enumerate(tile.members) if number in tile.forms}
        return replace(steps[0], domain=None, roots=roots, steps=steps, forms=forms, rows=tile.rows, is_flat=False)

    def _computed_again(self, groups: list[Group], new: Mapping[int, int]) -> dict[Statement, list[int]]:
        """Let cheap values that only tiles read be computed in each of them, rather than stored for all rows."""
        tiles = {new[tile.members[0]]: tile for tile in self.tiles}
        readers: dict[Variable, set[int]] = {}
        for number, read in self.read_in.items():
            for x in read:
                readers.setdefault(x, set()).add(new[number])
        again: dict[Statement, list[int]] = {}
        for first, tile in tiles.items():
            for stmt in [stmt for stmt in groups[first].roots if stmt not in again and self._is_cheap(stmt, tile)]:
                (v,) = stmt.targets
                others = sorted(readers.get(v, set()) - {first})
                if others and all(k in tiles and self._is_near_in(tiles[k], tile.rows, v) for k in others):
                    again[stmt] = [first, *others]
        for stmt, (_, *others) in again.items():
            for k in others:
                _compute_in(groups[k], stmt)
        return again

    def _is_cheap(self, stmt: Statement, tile: _Tile) -> bool:
        """Whether a root costs hardly more than to load it, and is made of much less."""
        (v,) = stmt.targets
        if v in self.known.outputs or v not in tile.made or primitive_of(stmt).kind is not Kind.ELEMENTWISE:
            return False
        read = self.known.reads(stmt, v.shape)
        is_smaller = all(x not in tile.made and x.type.size * _SMALLER <= v.type.size for x in read)
        return is_smaller and self.known.cost(stmt) <= _CHEAP

    def _is_near_in(self, tile: _Tile, rows: tuple[int, ...], v: Variable) -> bool:
        """Whether a tile along the same rows reads of a value only the row that it computes."""
        reading = [k for k in tile.members if v in self.read_in.get(k, set())]
        return tile.rows == rows and all(self._is_near(self.groups[k], tile.forms.get(k), rows, v) for k in reading)


def _is_along(stmt: Statement, rows: tuple[int, ...], domain: tuple[int, ...]) -> bool:
    """Whether a root of a loop over `domain` makes something of each row, or is a fold over the rows of a matrix."""
    if primitive_of(stmt).kind is not Kind.REDUCTION:
        return stmt.targets[0].shape == domain
    axes = list(stmt.params["axis"])
    return len(domain) > len(rows) and axes in ([len(rows) - 1], [len(rows)])


def _mask_of(stmt: Statement, v: Variable) -> np.ndarray[Any, Any] | None:
    """Where a statement needs elements of `v`, if that is known: it multiplies them by constants, or chooses some."""
    places = [k for k, x in enumerate(stmt.operands) if x is v]
    if len(places) != 1 or stmt.prim.name not in ("multiply", "where"):
        return None
    mask = stmt.operands[0 if stmt.prim.name == "where" else 1 - places[0]]
    if not isinstance(mask, np.ndarray) or mask.ndim < 2:
        return None
    is_needed = np.asarray(mask != 0)
    return ~is_needed if stmt.prim.name == "where" and places == [2] else is_needed


def _differ_in_units(stmt: Statement, before: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether a view only has other axes of length 1."""
    return stmt.prim.name == "reshape" and [n for n in before if n != 1] == [n for n in shape if n != 1]


def _compute_in(group: Group, stmt: Statement) -> None:
    """Let a tile compute a cheap value, in the first loop over its elements if nothing reads it before."""
    (v,) = stmt.targets
    first = group.steps[0]
    if first.domain == v.shape and 0 not in group.forms:
        group.steps[0] = replace(first, roots=[stmt, *first.roots], is_flat=False)
    else:
        group.steps.insert(0, replace(first, domain=v.shape, roots=[stmt], is_flat=False))
        group.forms = {k + 1: form for k, form in group.forms.items()}
    group.roots.insert(0, stmt)
