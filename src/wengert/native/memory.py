"""One block of memory for all values of a list that are stored: each has its place as long as it is read."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from wengert.native.interleaved import Column, columns
from wengert.native.planning import Plan
from wengert.native.writing import ALIGNMENT, whole_lines
from wengert.wlist import Statement, Variable

__all__ = ["Layout", "laid_out"]

_TAKEN_OVER = frozenset({"index_update", "update_at", "add_at"})


@dataclass(slots=True)
class Layout:
    """Where the values are.

    Attributes
    ----------
    offsets : dict
        Variable → bytes from the beginning of the workspace, for those that are neither inputs nor outputs.
    size : int
        Bytes of the workspace.
    least : int
        Bytes that are alive together at most: no plan needs less.
    homes : dict
        Variable → the one whose memory it takes over.
    scratch : dict
        Number of a group → where the memory begins that it needs for itself.
    lent : set of int
        Numbers of the carries that are updated in place.
    columns : dict
        Variable → its column, for stacks that are interleaved.
    """

    offsets: dict[Variable, int] = field(default_factory=dict)
    size: int = 0
    least: int = 0
    homes: dict[Variable, Variable] = field(default_factory=dict)
    scratch: dict[int, int] = field(default_factory=dict)
    lent: frozenset[int] = frozenset()
    columns: dict[Variable, Column] = field(default_factory=dict)

    def home(self, v: Variable) -> Variable:
        """The variable that the memory of `v` is called after."""
        return self.homes.get(v, v)

    def block(self, v: Variable) -> Variable:
        """The variable that the memory is called after which `v` stands in, maybe with others."""
        return self.columns[v].block if v in self.columns else self.home(v)

    def bytes_of(self, block: Variable) -> int:
        """The size of a block of memory."""
        return self.columns[block].size if block in self.columns else _bytes(block)


def laid_out(
    plan: Plan, more: Mapping[int, int], carries: Sequence[tuple[Variable, Any]] = (),
    kept: Mapping[Variable, Variable] = MappingProxyType({}),
) -> Layout:  # fmt: skip
    """Find a place for all that is stored, by first fit.

    Parameters
    ----------
    plan : Plan
    more : mapping
        Number of a group → bytes that it needs for itself.
    carries : sequence of pairs
        Inputs, and the outputs that take their place in the next round of a loop: they may be one array.
    kept : mapping
        Result of a loop → the operand that its rounds update in place.
    """
    homes = _homes(plan, kept)
    lent = [k for k, (x, y) in enumerate(carries) if _is_updated(plan, homes, kept, x, y)]
    layout = Layout(homes=homes, lent=frozenset(lent), columns=columns(plan, homes))
    begins: dict[int, list[Variable]] = defaultdict(list)
    ends: dict[Variable, int] = {}
    fixed = {*plan.lst.inputs, *plan.lst.outputs}
    for v, g in plan.made.items():
        home = layout.home(v)
        if v in plan.local or home in fixed:
            continue
        block = layout.block(home)
        if block not in ends:
            begins[g].append(block)
        ends[block] = max(ends.get(block, g), plan.last_read.get(v, g))
    freed: dict[int, list[Variable]] = defaultdict(list)
    for v, g in ends.items():
        freed[g].append(v)
    _place(layout, begins, freed, more, len(plan.groups))
    begin = {column.block: layout.offsets[column.block] for column in layout.columns.values()}
    layout.offsets.update((v, begin[column.block] + column.offset) for v, column in layout.columns.items())
    return layout


def _old(stmt: Statement, v: Variable, kept: Mapping[Variable, Variable]) -> tuple[Any, list[Any]]:
    """The array that `v` is an update of, if its statement makes one, and the other operands."""
    if stmt.prim.name in _TAKEN_OVER:
        return stmt.operands[0], list(stmt.operands[1:])
    x = kept.get(v)
    places = [k for k, y in enumerate(stmt.operands) if y is x]
    return x, [y for k, y in enumerate(stmt.operands) if k not in places[:1]]


def _homes(plan: Plan, kept: Mapping[Variable, Variable]) -> dict[Variable, Variable]:
    """Arrays that are updated in place: nobody reads the old one afterwards."""
    inputs, outputs = set(plan.lst.inputs), set(plan.lst.outputs)
    members: dict[Variable, list[Variable]] = {}
    for number, group in enumerate(plan.groups):
        if group.nests:
            continue  # a band has what it makes in buffers, and may compute a row twice
        for v, stmt in {v: root for root in group.roots for v in root.targets}.items():
            x, others = _old(stmt, v, kept)
            is_own = isinstance(x, Variable) and x in plan.made and x not in inputs and x not in outputs
            if v in plan.replaced:
                x, is_own, others = plan.replaced[v], True, []
            if is_own and plan.last_read[x] == number and not any(_is_read_by(plan, x, y) for y in others):
                members.setdefault(x, [x]).append(v)
                members[v] = members[x]
    homes = {}
    for v, cluster in members.items():
        homes[v] = next((y for y in cluster if y in outputs), cluster[0])
    return homes


def _is_updated(
    plan: Plan, homes: dict[Variable, Variable], kept: Mapping[Variable, Variable], x: Variable, y: Any
) -> bool:
    """Whether `y` is `x` with updates, and nobody reads the old array afterwards; they then have one home."""
    groups = [(g, group) for g, group in enumerate(plan.groups) if not group.nests]
    updates = {v: (stmt, g) for g, group in groups for stmt in group.roots for v in stmt.targets}
    cluster, v = [], y
    while v is not x:
        stmt, number = updates.get(v, (None, 0)) if isinstance(v, Variable) else (None, 0)
        if stmt is None or not isinstance(v, Variable):
            return False
        before, others = _old(stmt, v, kept)
        is_last = isinstance(before, Variable) and plan.last_read.get(before, -1) == number
        if not is_last or any(_is_read_by(plan, before, z) for z in others):
            return False
        cluster.append(v)
        v = before
    if not cluster or any(homes.get(v, y) is not y for v in cluster):
        return False
    homes.update(dict.fromkeys([*cluster, x], y))
    return True


def _is_read_by(plan: Plan, x: Variable, new: object) -> bool:
    """Whether the part that is put in is computed from the old array."""
    if not isinstance(new, Variable):
        return False
    if new is x:
        return True
    stmt = plan.virtual.get(new)
    return stmt is not None and any(_is_read_by(plan, x, y) for y in stmt.operands)


def _place(
    layout: Layout,
    begins: dict[int, list[Variable]],
    freed: dict[int, list[Variable]],
    more: Mapping[int, int],
    groups: int,
) -> None:
    free: list[tuple[int, int]] = []  # (offset, size) of holes, by offset
    alive = 0
    for g in range(groups):
        for v in begins[g]:
            size = layout.bytes_of(v)
            alive += size
            layout.offsets[v] = _taken(layout, free, size)
        layout.least = max(layout.least, alive + more.get(g, 0))
        if more.get(g):
            layout.scratch[g] = _taken(layout, free, whole_lines(more[g]))
            _give_back(free, layout.scratch[g], whole_lines(more[g]))
        for v in freed[g]:
            alive -= layout.bytes_of(v)
            _give_back(free, layout.offsets[v], layout.bytes_of(v))


def _bytes(v: Variable) -> int:
    if not v.shape and v.dtype.itemsize <= 8:
        return 8
    return whole_lines(max(v.type.size, 1) * v.dtype.itemsize)


def _taken(layout: Layout, free: list[tuple[int, int]], size: int) -> int:
    step = 8 if size == 8 else ALIGNMENT
    for k, (offset, length) in enumerate(free):
        start = -(-offset // step) * step
        if start + size <= offset + length:
            del free[k]
            if start > offset:
                insort(free, (offset, start - offset))
            if start + size < offset + length:
                insort(free, (start + size, offset + length - start - size))
            return start
    start = -(-layout.size // step) * step
    if start > layout.size:
        _give_back(free, layout.size, start - layout.size)
    layout.size = start + size
    return start


def _give_back(free: list[tuple[int, int]], offset: int, size: int) -> None:
    """Add a hole, joined with its neighbours."""
    insort(free, (offset, size))
    k = free.index((offset, size))
    if k + 1 < len(free) and offset + size == free[k + 1][0]:
        free[k : k + 2] = [(offset, size + free[k + 1][1])]
    if k and free[k - 1][0] + free[k - 1][1] == free[k][0]:
        free[k - 1 : k + 1] = [(free[k - 1][0], free[k - 1][1] + free[k][1])]
