"""What is computed where: which values are stored, and which statements share a loop.

A *virtual* value is computed where it is read, as an expression inside of the loop that reads it. All others are
*roots*: a loop stores their elements, or sums them up. Loops of one domain are joined to a *group* where each element
needs, of what the group itself computes, only the element at the same place. So an elementwise chain, the reductions
at its end, and other chains over the same elements become one loop, and time is linear in the length of the list.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np

from wengert.facts import Kind
from wengert.native import elementwise
from wengert.native.control import is_control, lists_of
from wengert.native.indices import BEFORE_SLOTS, indexed_shape, is_native_index, slots_of
from wengert.native.products import is_native_einsum
from wengert.native.writing import REGISTERS
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.wlist import ANY, ArrayType, Statement, Variable, WengertList

__all__ = [
    "PARTS",
    "REDUCTIONS",
    "VIEWS",
    "Group",
    "Plan",
    "is_native",
    "is_reshape_of_units",
    "plan",
    "primitive_of",
    "with_own_outputs",
]

#: Reductions, all of which are folds of one operation.
REDUCTIONS = frozenset({"sum", "mean", "prod", "max", "min", "any", "all", "count_nonzero"})
#: Structural primitives whose elements are elements of their operand.
VIEWS = frozenset({"reshape", "transpose", "broadcast_to", "getitem", "gather", "flip", "copy"})
#: Structural primitives that are stored part by part.
PARTS = frozenset({"concatenate", "index_update", "update_at", "add_at", "scatter", "gather_transpose", "pad"})

_PRODUCTS = frozenset({"matmul", "einsum"})
_CHEAP = 1  # operations that are rather done again than stored and loaded
_MOST_READS, _MOST_STATEMENTS = 12, 24  # of a virtual value: an expression does not grow without bound
_CHUNK = 200  # statements of a group of numbers: LLVM's time grows faster than the length of a block


def primitive_of(stmt: Statement) -> Primitive:
    """The primitive of a statement; all that are native have the columns of the table."""
    return cast(Primitive, stmt.prim)


def is_native(stmt: Statement) -> bool:
    """Whether machine code can be written for a statement."""
    kinds = [ArrayType.of(x) for x in stmt.operands if not isinstance(x, (bool, int, float, complex))]
    if any(k.dtype.name not in REGISTERS or ANY in k.shape for k in [*kinds, *(v.type for v in stmt.targets)]):
        return False
    if stmt.prim.sublists:
        return is_control(stmt) and all(is_native(inner) for lst in lists_of(stmt) for inner in lst.statements)
    if len(stmt.targets) != 1 or not isinstance(stmt.prim, Primitive):
        return False
    if stmt.prim.kind is Kind.ELEMENTWISE:
        numbers = [x if isinstance(x, (int, float)) else None for x in stmt.operands]
        dtype = stmt.targets[0].dtype
        return elementwise.is_native(stmt.prim, operand_dtypes(stmt), dtype, stmt.params, numbers)
    check = _CHECKS.get(stmt.prim.name)
    return stmt.prim.name in VIEWS or stmt.prim.name in PARTS if check is None else check(stmt)


def _is_fold(stmt: Statement) -> bool:
    """Whether a reduction has elements where NumPy would not know what to do without."""
    return stmt.prim.name not in ("max", "min", "mean") or ArrayType.of(stmt.operands[0]).size > 0


def _has_native_index(stmt: Statement) -> bool:
    return is_native_index(stmt.params["index"], slots_of(stmt), indexed_shape(stmt))


def operand_dtypes(stmt: Statement) -> list[np.dtype[Any]]:
    """The dtypes of the operands; a Python number has that of the arrays that it meets."""
    strong = [ArrayType.of(x).dtype for x in stmt.operands if not isinstance(x, (int, float))]
    return [np.result_type(x, *strong) if isinstance(x, (int, float)) else ArrayType.of(x).dtype for x in stmt.operands]


def _is_product(stmt: Statement) -> bool:
    kinds = [ArrayType.of(x) for x in stmt.operands]
    return all(k.dtype == np.dtype(float) and k.shape and k.size for k in kinds)


#: What is asked of the statements of a primitive besides.
_CHECKS: dict[str, Callable[[Statement], bool]] = {
    **dict.fromkeys(REDUCTIONS, _is_fold),
    **dict.fromkeys(BEFORE_SLOTS, _has_native_index),
    "matmul": _is_product,
    "einsum": is_native_einsum,
}


@dataclass(slots=True, eq=False)
class Group:
    """Roots that are computed in one loop over `domain`; without one, a root that is stored part by part or called."""

    domain: tuple[int, ...] | None
    roots: list[Statement] = field(default_factory=list)
    is_flat: bool = True  # every element is read at the place where it is computed: one running index will do


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
    """

    lst: WengertList
    groups: list[Group]
    virtual: dict[Variable, Statement]
    made: dict[Variable, int]
    local: set[Variable]
    last_read: dict[Variable, int]


def plan(lst: WengertList) -> Plan:
    """Arrange a list all of whose statements are native."""
    return _Planner(lst).plan()


class _Planner:
    """Goes through the statements once; each becomes virtual, or a root in some group."""

    def __init__(self, lst: WengertList) -> None:
        self.lst = lst
        self.uses: dict[Variable, list[Statement]] = defaultdict(list)
        for stmt in lst.statements:
            for x in dict.fromkeys(x for x in stmt.operands if isinstance(x, Variable)):
                self.uses[x].append(stmt)
        self.outputs = {y for y in lst.outputs if isinstance(y, Variable)}
        self.virtual: dict[Variable, Statement] = {}
        self.reads: dict[Variable, dict[Variable, bool]] = {}  # of virtual values: stored variable → at the same place
        self.cost: dict[Variable, int] = {}
        self.size: dict[Variable, int] = {}
        self.made: dict[Variable, int] = {}
        self.reduced: set[Variable] = set()
        self.groups: list[Group] = []
        self.by_domain: dict[tuple[int, ...], list[int]] = defaultdict(list)
        self.last_read: dict[Variable, int] = {}
        self.read_by: dict[Variable, set[int]] = defaultdict(set)
        self.read_elsewhere: set[Variable] = set()  # at another place than their own

    def plan(self) -> Plan:
        for stmt in self.lst.statements:
            if self._is_virtual(stmt):
                self._note_virtual(stmt)
            else:
                self._place(stmt)
        local = {
            v
            for v, g in self.made.items()
            if not (v in self.outputs or v in self.reduced or v in self.read_elsewhere)
            and self.read_by[v] <= {g}
            and self.groups[g].domain is not None
        }  # fmt: skip
        return Plan(self.lst, self.groups, self.virtual, self.made, local, self.last_read)

    # What is virtual.

    def _is_virtual(self, stmt: Statement) -> bool:
        if not self._may_be_virtual(stmt):
            return False
        (v,) = stmt.targets
        cost, size, reads = self._weight(stmt)
        if cost <= _CHEAP:
            return len(reads) <= _MOST_READS and size <= _MOST_STATEMENTS
        users = self.uses[v]
        is_read_once = len(users) == 1 and (users[0].targets[0].type.size <= v.type.size or _reads_once(users[0]))
        return is_read_once and len(reads) <= _MOST_READS and size <= _MOST_STATEMENTS

    def _may_be_virtual(self, stmt: Statement) -> bool:
        """Whether nobody needs it in memory."""
        if stmt.prim.sublists:
            return False
        (v,), name = stmt.targets, stmt.prim.name
        # An index that is out of range is noted where it is computed, once.
        is_pulled = primitive_of(stmt).kind is Kind.ELEMENTWISE or (name in VIEWS and name != "gather")
        if v in self.outputs or v.shape == () or not is_pulled:
            return False
        if any(_wants_stored(user) for user in self.uses[v]) and not self._is_turned(stmt):
            return False
        return name != "reshape" or is_reshape_of_units(stmt) or self._is_stored(stmt.operands[0])

    def _is_turned(self, stmt: Statement) -> bool:
        """Whether it is the transpose of a stored matrix, which a product reads as it stands."""
        is_matrix = stmt.prim.name == "transpose" and tuple(stmt.params["axes"]) == (1, 0)
        is_product = all(user.prim.name == "matmul" for user in self.uses[stmt.targets[0]])
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
        domain = _domain(stmt)
        reads = self._reads_of(stmt, domain)
        if domain is None:
            reads = dict.fromkeys(reads, False)
        earliest = 0
        for x, same in reads.items():
            if x in self.made:
                g = self.made[x]
                is_near = same and x not in self.reduced and self.groups[g].domain == domain
                earliest = max(earliest, g if is_near else g + 1)
        number = self._group(domain, earliest)
        group = self.groups[number]
        group.roots.append(stmt)
        group.is_flat &= _is_flat(stmt, self) and all(same or x.shape == () for x, same in reads.items())
        self.made.update(dict.fromkeys(stmt.targets, number))
        if primitive_of(stmt).kind is Kind.REDUCTION or stmt.prim.name in _PRODUCTS:
            self.reduced.update(stmt.targets)
        for x, same in reads.items():
            self.last_read[x] = max(self.last_read.get(x, 0), number)
            self.read_by[x].add(number)
            if not same:
                self.read_elsewhere.add(x)

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


def _domain(stmt: Statement) -> tuple[int, ...] | None:
    """The elements that the loop of a root goes over."""
    if primitive_of(stmt).kind is Kind.REDUCTION:
        return ArrayType.of(stmt.operands[0]).shape
    if stmt.prim.sublists or stmt.prim.name in PARTS or stmt.prim.name in _PRODUCTS:
        return None
    return stmt.targets[0].shape


def _wants_stored(user: Statement) -> bool:
    """Whether a statement needs its operands in memory."""
    return (
        bool(user.prim.sublists)
        or user.prim.name in _PRODUCTS
        or (user.prim.name == "reshape" and not is_reshape_of_units(user))
    )


def _reads_once(user: Statement) -> bool:
    return user.prim.name in PARTS


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
