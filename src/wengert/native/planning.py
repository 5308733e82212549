"""What is computed where: which values are stored, and which statements share a loop.

A *virtual* value is computed where it is read, as an expression inside of the loop that reads it. All others are
*roots*: a loop stores their elements, or sums them up. Loops of one domain are joined to a *group* where each element
needs, of what the group itself computes, only the element at the same place. So an elementwise chain, the reductions
at its end, and other chains over the same elements become one loop, and time is linear in the length of the list.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from wengert.facts import Kind
from wengert.native import elementwise, threads
from wengert.native.bands import Nest, Rows, axes_summed, is_matrix_product, is_put_together, rows_of
from wengert.native.coverage import has_code, is_part, is_view, primitive_of
from wengert.native.factorisations.prepared import (
    FACTORISATIONS,
    is_inside,
    prepared,
    reads_in_place,
)
from wengert.native.layers import MOST_LAYERS, can_lie_on, is_layered, runs_of
from wengert.native.reductions import REDUCTIONS
from wengert.native.rewriting import rewritten
from wengert.native.scans import SCANS
from wengert.native.searches import SEARCHES, is_searched
from wengert.native.taking import TAKES
from wengert.native.tiles import Form, Known, Tiles
from wengert.native.writing import LANES
from wengert.registry import table
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["Group", "Plan", "is_reshape_of_units", "plan", "with_own_outputs"]

_PRODUCTS = frozenset({"matmul", "einsum", "convolve"})
_OWN_LOOPS = _PRODUCTS | SCANS | SEARCHES | FACTORISATIONS  # those whose loops are not those of a group
_CHECKED = frozenset({"gather", *TAKES, "choice_number"})  # where a computed index may be out of range
_CHEAP, _CHEAP_FAR = 1, 3  # operations that are rather done again than stored and loaded, near and far
_NEAR = 4_096  # elements that the nearest cache holds
_MOST_READS, _MOST_STATEMENTS = 12, 24  # of a virtual value: an expression does not grow without bound
_MOST_KEPT = 3_072  # elements of a row of a band, so that the rows of a vector stay in the cache
_FARTHER = 6  # what is folded over the rows counts by so much less: it may lie in a farther cache
_WORTH_VECTORS, _MOST_TURNED = 16, 64  # the length of an axis; elements of a row
_MOVES = 4  # of each statement, on average, with bands that are computed later
_DEAR, _LONG_ROW = 20, 1_024  # the cost of an exponential function; a length from which a rest does not count
_CHUNK = 200  # statements of a group of numbers: LLVM's time grows faster than the length of a block


@dataclass(slots=True, eq=False)
class Group:
    """Roots that are computed in one loop over `domain`; without one, a root that is stored part by part or called.

    A band (see `bands`) has nests, which have the roots in the order in which they are computed. A tile (see `tiles`)
    has steps, which are groups, and the forms of those of them that are products.
    """

    domain: tuple[int, ...] | None
    roots: list[Statement] = field(default_factory=list)
    is_flat: bool = True  # every element is read at the place where it is computed: one running index will do
    calls_back: bool = False
    nests: list[Nest] = field(default_factory=list)
    weight: int = 0  # elements of a row of a band that are kept
    threads: int = 1  # that its rows are split among
    steps: list[Group] = field(default_factory=list)
    forms: dict[int, Form] = field(default_factory=dict)
    rows: tuple[int, ...] = ()


@dataclass(slots=True)
class Plan:
    """A list, arranged.

    Attributes
    ----------
    virtual : mapping
        Variable → the statement that is written where it is read.
    made : mapping
        Root → number of the group that stores it.
    local : set
        Roots that only their own group reads: they stay in registers.
    last_read : mapping
        Stored variable → number of the last group that reads it.
    replaced : mapping
        Root → a stored variable of its type whose elements are read last where those of the root are made.
    """

    lst: WengertList
    groups: list[Group]
    virtual: dict[Variable, Statement]
    made: dict[Variable, int]
    local: set[Variable]
    last_read: dict[Variable, int]
    replaced: dict[Variable, Variable]


def plan(lst: WengertList) -> Plan:
    """Arrange a list all of whose statements are native."""
    return _Planner(rewritten(prepared(lst))).plan()


class _Planner:
    """Goes through the statements once; each becomes virtual, or a root in some group."""

    def __init__(self, lst: WengertList) -> None:
        self.lst = lst
        self.uses: dict[Variable, list[Statement]] = defaultdict(list)
        for stmt in lst.statements:
            for x in dict.fromkeys(x for x in stmt.operands if isinstance(x, Variable)):
                self.uses[x].append(stmt)
        self.outputs = {y for y in lst.outputs if isinstance(y, Variable)}
        self.called = {stmt for stmt in lst.statements if not (is_inside(stmt) or has_code(stmt))}
        self.virtual: dict[Variable, Statement] = {}
        self.reads: dict[Variable, dict[Variable, bool]] = {}  # of virtual values: stored variable → at the same place
        self.cost: dict[Variable, int] = {}
        self.size: dict[Variable, int] = {}
        self.depth: dict[Variable, int] = {}  # of layers
        self.made: dict[Variable, int] = {}
        self.reduced: set[Variable] = set()
        self.groups: list[Group] = []
        self.by_domain: dict[tuple[int, ...], list[int]] = defaultdict(list)
        self.bands: dict[int, list[int]] = defaultdict(list)  # by length
        self.movable = _MOVES * len(lst.statements)  # statements that bands may still be moved with
        self.nest_of: dict[Variable, int] = {}
        self.folded: set[Variable] = set()  # made of several elements of a row, so that they are known after a nest
        self.last_read: dict[Variable, int] = {}
        self.read_by: dict[Variable, set[int]] = defaultdict(set)
        self.read_in: dict[int, set[Variable]] = defaultdict(set)  # by group
        self.read_elsewhere: set[Variable] = set()  # at another place than their own

    def plan(self) -> Plan:
        for stmt in self.lst.statements:
            if self._is_virtual(stmt):
                self._note_virtual(stmt)
            else:
                self._place(stmt)
        self._close_up()
        for group in self.groups:
            if len(group.nests) == 1:
                self._simplify(group)
        most = threads.get_threads()
        again = self._make_tiles() if most == 1 else set()
        if most > 1:
            for group in self.groups:
                group.threads = threads.share(group, self._work(group), most)
        local = {
            v
            for v, g in self.made.items()
            if not (v in self.outputs or v in self.reduced or v in self.read_elsewhere)
            and self.read_by[v] <= {g}
            and self.groups[g].domain is not None
        }  # fmt: skip
        local |= again
        return Plan(self.lst, self.groups, self.virtual, self.made, local, self.last_read, self._replaced(local))

    def _replaced(self, local: set[Variable]) -> dict[Variable, Variable]:
        found: dict[Variable, Variable] = {}
        taken = {*self.lst.inputs, *self.outputs, *local, *self.read_elsewhere}
        for number, group in enumerate(self.groups):
            if not group.domain or group.nests or group.calls_back:
                continue
            for stmt in group.roots:
                (v,) = stmt.targets
                if v in local or v.shape != group.domain or primitive_of(stmt).kind is Kind.REDUCTION:
                    continue
                for x, is_same in self._reads_of(stmt, group.domain).items():
                    is_last = self.last_read[x] == number > self.made.get(x, number)
                    if is_same and is_last and x.type == v.type and x not in taken:
                        found[v] = x
                        taken.add(x)
                        break
        return found

    # What is virtual.

    def _is_virtual(self, stmt: Statement) -> bool:
        if self._is_layer(stmt):
            return True
        if not self._may_be_virtual(stmt):
            return False
        (v,) = stmt.targets
        cost, size, reads = self._weight(stmt)
        if cost <= (_CHEAP if v.type.size < _NEAR else _CHEAP_FAR):
            return len(reads) <= _MOST_READS and size <= _MOST_STATEMENTS
        users = self.uses[v]
        is_read_once = len(users) == 1 and (users[0].targets[0].type.size <= v.type.size or _reads_once(users[0]))
        is_read_once = is_read_once and users[0].prim.name not in FACTORISATIONS  # they read along columns, too
        return is_read_once and len(reads) <= _MOST_READS and size <= _MOST_STATEMENTS

    def _is_layer(self, stmt: Statement) -> bool:
        """Whether it is an array of zeros with updates that only the next update reads."""
        v, users = stmt.targets[0], self.uses[stmt.targets[0]]
        if stmt.prim.sublists or len(stmt.targets) > 1 or v in self.outputs or len(users) != 1:
            return False
        if not self.called.isdisjoint((stmt, users[0])):
            return False  # a call back puts the whole array where it reads it, and where it is read
        if runs_of(users[0], stmt) is None:
            is_bottom = stmt.prim.name in ("scatter", "pad")
            is_layer = can_lie_on(users[0], stmt) and (is_bottom or is_layered(stmt, self.virtual))
            self.depth[v] = 1 if is_bottom or not is_layer else self.depth[stmt.operands[0]] + 1
            if not is_layer or self.depth[v] >= MOST_LAYERS:
                return False
        return all(rows_of(x, self.virtual) is None for x in (stmt, users[0]))

    def _may_be_virtual(self, stmt: Statement) -> bool:
        """Whether nobody needs it in memory."""
        if stmt.prim.sublists or len(stmt.targets) > 1 or stmt in self.called:
            return False
        (v,), name = stmt.targets, stmt.prim.name
        # An index that is out of range is noted where it is computed, once.
        is_pulled = primitive_of(stmt).kind is Kind.ELEMENTWISE or is_view(stmt)
        if v in self.outputs or v.shape == () or not is_pulled or name in _CHECKED:
            return False
        if any(self._wants_stored(user) or is_searched(user, v) for user in self.uses[v]) and not self._is_turned(stmt):
            return False
        return name != "reshape" or is_reshape_of_units(stmt) or self._is_stored(stmt.operands[0])

    def _wants_stored(self, user: Statement) -> bool:
        return user in self.called or _wants_stored(user)

    def _is_turned(self, stmt: Statement) -> bool:
        """Whether it is the transpose of a stored matrix, which a product reads as it stands."""
        if stmt.prim.name != "transpose":
            return False
        *stack, last, before = stmt.params["axes"]
        is_matrix = [*stack, before, last] == list(range(len(stack) + 2))
        users = self.uses[stmt.targets[0]]
        is_product = all(user.prim.name == "matmul" and user not in self.called for user in users)
        return is_matrix and is_product and self._is_stored(stmt.operands[0])

    def _is_stored(self, x: Any) -> bool:
        return not isinstance(x, Variable) or x not in self.virtual

    def _weight(self, stmt: Statement) -> tuple[int, int, dict[Variable, bool]]:
        """Operations for an element, statements, and what is read, of a statement and the virtual values under it."""
        prim = primitive_of(stmt)
        own = elementwise.cost(prim) if prim.kind is Kind.ELEMENTWISE else 0
        inside = [x for x in stmt.operands if isinstance(x, Variable) and x in self.virtual]
        cost = own + sum(self.cost[x] for x in inside)
        return cost, 1 + sum(self.size[x] for x in inside), self._reads_of(stmt)

    def _note_virtual(self, stmt: Statement) -> None:
        (v,) = stmt.targets
        self.virtual[v] = stmt
        self.cost[v], self.size[v], self.reads[v] = self._weight(stmt)

    def _reads_of(self, stmt: Statement, shape: tuple[int, ...] | None = None) -> dict[Variable, bool]:
        """The stored variables that an element of the result needs, and whether only at the same place."""
        shape = stmt.targets[0].shape if shape is None else shape
        is_pointwise = primitive_of(stmt).kind in (Kind.ELEMENTWISE, Kind.REDUCTION) or stmt.prim.name == "copy"
        found: dict[Variable, bool] = {}
        for x in stmt.operands:
            if not isinstance(x, Variable):
                continue
            same = x.shape == shape and (is_pointwise or shape == ())
            for v, inner in self.reads.get(x, {x: True}).items():
                found[v] = found.get(v, True) and same and inner
        return found

    # Where a root is computed.

    def _place(self, stmt: Statement) -> None:
        is_called = stmt in self.called
        rows = None if is_called else self._rows(stmt)
        if rows is None:
            domain = None if is_called else _domain(stmt)
            reads = self._reads_of(stmt, domain)
            if domain is None:
                reads = dict.fromkeys(reads, False)
            number = self._group(domain, self._earliest(reads, domain))
            group = self.groups[number]
            group.calls_back = is_called
            group.is_flat &= not is_called and self._goes_flat(stmt, reads)
            is_reduced = primitive_of(stmt).kind is Kind.REDUCTION or stmt.prim.name in _PRODUCTS
        else:
            reads = rows.reads
            number = self._band(rows, stmt)
            group = self.groups[number]
            is_reduced = rows.axis in axes_summed(stmt, rows.domain)
        group.roots.append(stmt)
        self.made.update(dict.fromkeys(stmt.targets, number))
        if is_reduced:
            self.reduced.update(stmt.targets)
        for x, same in reads.items():
            self.last_read[x] = max(self.last_read.get(x, 0), number)
            self.read_by[x].add(number)
            self.read_in[number].add(x)
            if not same:
                self.read_elsewhere.add(x)

    def _rows(self, stmt: Statement) -> Rows | None:
        """How a statement is part of a band; ``None`` where it is better in loops of its own."""
        rows = rows_of(stmt, self.virtual) if _may_be_in_band(stmt) else None
        if rows is None or self._is_wide(rows, stmt) or self._more_kept(rows, stmt, -1) > _MOST_KEPT:
            return None
        return None if is_view(stmt) and not self._is_near_band(rows) else rows  # alone, a view is only copied

    def _is_wide(self, rows: Rows, stmt: Statement) -> bool:
        """Whether wide rows would be transposed on their way, along an axis where a loop of its own has vectors."""
        last = len(rows.domain) - 1
        if rows.axis == last or rows.domain[last] < _WORTH_VECTORS or is_matrix_product(stmt):
            return False
        (v,), length = stmt.targets, rows.domain[rows.axis]
        read = [x for x, is_row in rows.reads.items() if is_row and self.made.get(x) not in self.bands[length]]
        users = self.uses[v]
        leaves = any(user.prim.name in _PRODUCTS and rows_of(user, self.virtual) is None for user in users)
        return any(x.type.size > _MOST_TURNED * length for x in (*read, *([v] if leaves else [])))

    def _is_near_band(self, rows: Rows) -> bool:
        """Whether a row needs only what a band makes in the same row."""
        bands = self.bands[rows.domain[rows.axis]]
        return any(is_row and self.made.get(x) in bands for x, is_row in rows.reads.items())

    def _earliest(self, reads: dict[Variable, bool], domain: tuple[int, ...] | None) -> int:
        """The first group in which what is read is known; `reads` says what may be read in the group that makes it."""
        earliest = 0
        for x, is_near in reads.items():
            if x in self.made:
                g = self.made[x]
                is_here = not self._is_finished(x, is_near) and self.groups[g].domain == domain
                earliest = max(earliest, g if is_here else g + 1)
        return earliest

    def _goes_flat(self, stmt: Statement, reads: dict[Variable, bool]) -> bool:
        return _is_flat(stmt, self) and all(same or x.shape == () for x, same in reads.items())

    def _band(self, rows: Rows, stmt: Statement) -> int:
        """The number of the band that a statement is put into."""
        length = rows.domain[rows.axis]
        (v,) = stmt.targets
        finished = {self.made[x] for x, is_row in rows.reads.items() if x in self.made and self._is_finished(x, is_row)}
        number = self._band_from(rows, stmt, self._earliest(rows.reads, (-length,)), finished)
        group = self.groups[number]
        group.weight += self._more_kept(rows, stmt, number)
        is_pulled = not (is_matrix_product(stmt) or is_put_together(stmt))
        at_same_place = self._reads_of(stmt, rows.domain) if is_pulled else {}
        first = 0
        for x in rows.reads:
            if self.made.get(x) == number:
                k = self.nest_of[x]
                is_here = at_same_place.get(x, False) and group.nests[k].domain == rows.domain and x not in self.folded
                first = max(first, k if is_here else k + 1)
        k = first
        while k < len(group.nests) and (group.nests[k].domain, group.nests[k].is_pulled) != (rows.domain, True):
            k += 1
        if is_put_together(stmt):
            k = len(group.nests)
        if k == len(group.nests):
            group.nests.append(Nest(rows.domain, rows.axis, is_pulled=not is_put_together(stmt)))
        nest = group.nests[k]
        nest.roots.append(stmt)
        nest.is_flat &= is_pulled and self._goes_flat(stmt, self._reads_of(stmt, rows.domain))
        self.nest_of[v] = k
        if not is_pulled or axes_summed(stmt, rows.domain):
            self.folded.add(v)
        return number

    def _is_finished(self, x: Variable, is_near: bool) -> bool:
        """Whether the group that makes `x` must be done before it is read."""
        return not is_near or x in self.reduced

    def _more_kept(self, rows: Rows, stmt: Statement, number: int) -> int:
        """How many more elements of a row a band keeps with a statement: what it makes, and what is copied for it."""
        (v,), length = stmt.targets, rows.domain[rows.axis]
        is_fold = rows.axis in axes_summed(stmt, rows.domain)
        made = -(-v.type.size // (_FARTHER if is_fold else length))
        known = self.read_in.get(number, set())
        new = [x for x, is_row in rows.reads.items() if is_row and self.made.get(x) != number and x not in known]
        return made + sum(x.type.size // length for x in new)

    def _band_from(self, rows: Rows, stmt: Statement, earliest: int, finished: set[int]) -> int:
        """The number of a band, at least `earliest`, with room for a statement; a `finished` one takes no more."""
        length = rows.domain[rows.axis]
        numbers = self.bands[length]
        for number in numbers[bisect_left(numbers, earliest) :]:
            if self._has_room(rows, stmt, number):
                return number
        if numbers and numbers[-1] not in finished and self._has_room(rows, stmt, numbers[-1]):
            number = numbers.pop()
            made = [v for root in self.groups[number].roots for v in root.targets]
            if len(made) <= self.movable and not any(self.read_by[v] - {number} for v in made):
                self.movable -= len(made)
                return self._moved_to_end(number, made)
            numbers.append(number)
        self.groups.append(Group((-length,)))
        numbers.append(len(self.groups) - 1)
        return numbers[-1]

    def _has_room(self, rows: Rows, stmt: Statement, number: int) -> bool:
        return self.groups[number].weight + self._more_kept(rows, stmt, number) <= _MOST_KEPT

    def _moved_to_end(self, number: int, made: list[Variable]) -> int:
        """Let a band, of which no other group reads anything, be computed last; an empty group takes its place."""
        last, band = len(self.groups), self.groups[number]
        self.groups[number] = Group((0,))
        self.groups.append(band)
        self.made.update(dict.fromkeys(made, last))
        self.bands[-(band.domain or (0,))[0]].append(last)
        for x in self.read_in[number]:
            self.read_by[x].discard(number)
            self.read_by[x].add(last)
            self.last_read[x] = last
        self.read_in[last] = self.read_in.pop(number)
        return last

    def _close_up(self) -> None:
        """Leave out groups whose statements went elsewhere."""
        if all(group.roots for group in self.groups):
            return
        new = {number: k for k, number in enumerate(k for k, group in enumerate(self.groups) if group.roots)}
        self._renumber([group for group in self.groups if group.roots], new)

    def _renumber(self, groups: list[Group], new: dict[int, int]) -> None:
        """Let other groups take the place of all, whose old numbers become `new` ones."""
        self.groups = groups
        self.made = {v: new[number] for v, number in self.made.items()}
        self.read_by.update({v: {new[k] for k in numbers} for v, numbers in self.read_by.items()})
        self.last_read.update({v: max(numbers) for v, numbers in self.read_by.items() if numbers})

    def _make_tiles(self) -> set[Variable]:
        """Let products of many rows and the loops around them be tiles; the result is what only these need."""
        read_in: dict[int, set[Variable]] = defaultdict(set)
        for x, numbers in self.read_by.items():
            for number in numbers:
                read_in[number].add(x)
        known = Known(self.virtual, self.uses, self.outputs, self._reads_of, lambda stmt: self._weight(stmt)[0])
        planned = Tiles(self.groups, self.made, read_in, known).planned()
        if planned is None:
            return set()
        self._renumber(planned.groups, {k: number for number, own in enumerate(planned.numbers) for k in own})
        local = {v for stmt in planned.again for v in stmt.targets}
        for stmt, more in planned.again.items():
            for x in self._reads_of(stmt):
                self.read_by[x].update(more)
                self.last_read[x] = max(self.last_read[x], *more)
        for number, group in enumerate(self.groups):
            made = {v for stmt in group.roots for v in stmt.targets} if group.steps else set()
            local |= {v for v in made if v not in self.outputs and self.read_by[v] <= {number}}
        return local - planned.folded

    def _simplify(self, group: Group) -> None:
        """Make a band of a single nest, which computes nothing that it could keep in a row, an ordinary group."""
        (nest,) = group.nests
        products = [stmt for stmt in nest.roots if is_matrix_product(stmt)]
        if not nest.is_pulled or len(products) == 1 == len(nest.roots):
            group.domain, group.nests = None, []
        elif products or not (nest.axis == len(nest.domain) - 1 or nest.is_flat) or self._is_better_in_lanes(nest):
            return
        else:
            group.domain, group.is_flat, group.nests = nest.domain, nest.is_flat, []
        self.reduced |= {v for stmt in nest.roots for v in stmt.targets if v in self.folded}

    def _is_better_in_lanes(self, nest: Nest) -> bool:
        """Whether LLVM would not make vectors of a loop, or leave over functions dearer than a few additions."""
        if any(stmt.prim.name in ("max", "min") and stmt.targets[0].dtype.kind == "f" for stmt in nest.roots):
            return True
        length = nest.domain[nest.axis]
        if len(nest.domain) > 1 or length % LANES == 0 or length > _LONG_ROW:
            return False
        return any(self._weight(stmt)[0] >= _DEAR for stmt in nest.roots if stmt.prim.name not in REDUCTIONS) or any(
            self.cost.get(x, 0) >= _DEAR for stmt in nest.roots for x in stmt.operands if isinstance(x, Variable)
        )

    def _work(self, group: Group) -> int:
        """Of a group of loops, in additions."""
        if group.domain is None:
            return 0
        loops = [(nest.domain, nest.roots) for nest in group.nests] or [(group.domain, group.roots)]
        return sum(math.prod(domain) * sum(1 + self._weight(stmt)[0] for stmt in roots) for domain, roots in loops)

    def _group(self, domain: tuple[int, ...] | None, earliest: int) -> int:
        if domain is not None:
            numbers = self.by_domain[domain]
            place = bisect_left(numbers, earliest)
            while place < len(numbers):
                if domain or len(self.groups[numbers[place]].roots) < _CHUNK:
                    return numbers[place]
                place += 1
            numbers.append(len(self.groups))
        self.groups.append(Group(domain))
        return len(self.groups) - 1


def _may_be_in_band(stmt: Statement) -> bool:
    if _domain(stmt) is None:
        return is_matrix_product(stmt) or (is_put_together(stmt) and not stmt.prim.sublists)
    if stmt.prim.name in _CHECKED - {"gather"}:
        return False
    return primitive_of(stmt).kind is not Kind.REDUCTION or stmt.prim.name in REDUCTIONS


def _domain(stmt: Statement) -> tuple[int, ...] | None:
    """The elements that the loop of a root goes over."""
    if primitive_of(stmt).kind is Kind.REDUCTION:
        return ArrayType.of(stmt.operands[0]).shape
    if stmt.prim.sublists or is_part(stmt) or stmt.prim.name in _OWN_LOOPS:
        return None
    return stmt.targets[0].shape


def _wants_stored(user: Statement) -> bool:
    """Whether a statement needs its operands in memory."""
    return (
        bool(user.prim.sublists)
        or user.prim.name in _PRODUCTS
        or reads_in_place(user)
        or (user.prim.name == "reshape" and not is_reshape_of_units(user))
    )


def _reads_once(user: Statement) -> bool:
    return is_part(user)


def _is_flat(stmt: Statement, planner: _Planner) -> bool:
    """Whether one running index over all elements serves: nothing but elements at the same place, and whole sums."""
    if primitive_of(stmt).kind is Kind.REDUCTION:
        return len(stmt.params["axis"]) == ArrayType.of(stmt.operands[0]).ndim and _is_flat_inside(stmt, planner)
    return primitive_of(stmt).kind is Kind.ELEMENTWISE and _is_flat_inside(stmt, planner)


def _is_flat_inside(stmt: Statement, planner: _Planner) -> bool:
    shape = _domain(stmt)
    for x in stmt.operands:
        kind = ArrayType.of(x)
        if kind.shape not in ((), shape):
            return False
        if isinstance(x, Variable) and x in planner.virtual:
            inner = planner.virtual[x]
            if inner.prim.kind is not Kind.ELEMENTWISE or not _is_flat_inside(inner, planner):  # type: ignore[attr-defined]
                return False
    return True


def is_reshape_of_units(stmt: Statement) -> bool:
    """Whether a reshape adds and takes away axes of length 1 only."""
    before, after = ArrayType.of(stmt.operands[0]).shape, stmt.targets[0].shape
    return [n for n in before if n != 1] == [n for n in after if n != 1]


def with_own_outputs(lst: WengertList) -> WengertList:
    """The list with each output a target of its own: inputs, constants and outputs that come twice are copied."""
    targets = {v for stmt in lst.statements for v in stmt.targets}
    statements, outputs, seen = list(lst.statements), [], set()
    for k, y in enumerate(lst.outputs):
        if isinstance(y, Variable) and y in targets and y not in seen:
            seen.add(y)
            outputs.append(y)
            continue
        copied = Variable(f"output{k}", ArrayType.of(y))
        statements.append(Statement((copied,), table.constant, (y,), {}, None))
        outputs.append(copied)
    return replace(lst, statements=tuple(statements), outputs=tuple(outputs))
