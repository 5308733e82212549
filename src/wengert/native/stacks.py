"""Stacks that grow: the carries of each round of a `While`, kept for the loop that goes back over them.

How long a stack is, is known only when it is full. In machine code it is a place that holds the address of its rows and
their number; the rows stand in a block of their own, which is made twice as large whenever it is full. All blocks of a
kernel stand in one table: a block is used again when its statement is run again, also in the next call.

In lists, stacks go from a `While` or a `Loop` to loops. What is computed from whole stacks in between (a sum of two,
two transposes that undo each other) is moved into the rounds of the loop that reads it: it is done row by row.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wengert.control import Control, Loop
from wengert.facts import Kind
from wengert.native import machine
from wengert.native.writing import Function, Module
from wengert.registry import table
from wengert.transforms.selection import pruned
from wengert.wlist import ANY, ArrayType, Statement, Variable, WengertList

__all__ = [
    "ENTRY", "NO_MEMORY", "Table", "entry_of", "in_rounds", "is_stack", "kept_name", "reserve", "room", "row_bytes",
    "torn",
]  # fmt: skip

#: What a kernel returns where a stack finds no memory.
NO_MEMORY = 32

#: Bytes of an entry of the table: the address of a block, and how many rows it has room for.
ENTRY = 16
_LEAST = 4096  # bytes that the stacks of a statement begin with, or one row of each


def is_stack(kind: ArrayType) -> bool:
    """Whether it is rows of known shape, of an unknown number."""
    return bool(kind.shape) and kind.shape[0] == ANY and ANY not in kind.shape[1:]


def row_bytes(kind: ArrayType) -> int:
    """Bytes of one row of an array."""
    return int(np.prod(kind.shape[1:], dtype=np.int64)) * kind.dtype.itemsize


# --- in lists ----------------------------------------------------------------------------------------------------


def torn(statements: Sequence[Statement], parts: Callable[[Set[int]], Iterable[Sequence[Statement]]]) -> set[int]:
    """Statements that stay with NumPy because a stack would go from one native function to another, or to NumPy.

    Parameters
    ----------
    statements : sequence of Statement
    parts : callable
        Given the ids of statements that are not native, it yields the others in groups, one for each native function.

    Returns
    -------
    set of int
        The ids of the statements.
    """
    touched: dict[Variable, list[int]] = {}
    for stmt in statements:
        for x in (*stmt.operands, *stmt.targets):
            if isinstance(x, Variable) and ANY in x.shape:
                touched.setdefault(x, []).append(id(stmt))
    found: set[int] = set()
    while touched:
        places = {id(stmt): k for k, part in enumerate(parts(found)) for stmt in part}
        more = {k for of_one in touched.values() if len({places.get(k) for k in of_one}) > 1 for k in of_one} - found
        if not more:
            break
        found |= more
    return found


def in_rounds(lst: WengertList) -> WengertList:
    """The list with what is computed from whole stacks moved into the loops that read it."""
    statements = [_inner(stmt) for stmt in lst.statements]
    derived = {
        stmt.targets[0]: k
        for k, stmt in enumerate(statements)
        if len(stmt.targets) == 1 and ANY in stmt.targets[0].shape and not stmt.prim.sublists
    }
    if derived:
        statements = [_with_rows(stmt, statements, derived) for stmt in statements]
        statements = list(pruned(statements, lst.outputs))
    if list(map(id, statements)) == list(map(id, lst.statements)):
        return lst
    return replace(lst, statements=tuple(statements))


def _inner(stmt: Statement) -> Statement:
    """The statement with its sub-lists treated."""
    if not isinstance(stmt.prim, Control):
        return stmt
    new = {part: in_rounds(lst) for part, lst in stmt.prim.sublists.items()}
    if all(new[part] is lst for part, lst in stmt.prim.sublists.items()):
        return stmt
    return replace(stmt, prim=stmt.prim.with_sublists(new))


def _with_rows(stmt: Statement, statements: Sequence[Statement], derived: dict[Variable, int]) -> Statement:
    loop = stmt.prim
    if not isinstance(loop, Loop) or loop.length is not None:
        return stmt
    constants, carries, xs = loop.layout.split(stmt.operands)
    if not any(isinstance(x, Variable) and x in derived for x in xs):
        return stmt
    i, *inputs = loop.body.inputs
    of_constants, of_carries, of_xs = loop.layout.split(inputs)
    rows = _Rows(statements, derived)
    try:
        for x, row in zip(xs, of_xs, strict=True):
            rows.add(x, row)
    except _UnknownError:
        return stmt
    slices = [*rows.slices.values(), *(row for _, row in rows.own)]
    body = replace(
        loop.body,
        inputs=(i, *of_constants, *rows.constants.values(), *of_carries, *slices),
        statements=(*rows.statements, *loop.body.statements),
    )
    new = loop.like(body, constants=loop.constants + len(rows.constants), carries=loop.carries, kept=loop.kept)
    operands = (*constants, *rows.constants, *carries, *rows.slices, *(x for x, _ in rows.own))
    return replace(stmt, prim=new, operands=operands)


class _UnknownError(Exception):
    """A statement on whole stacks is not one on their rows."""


class _Rows:
    """Rows of the xs of a loop, by statements on rows.

    Attributes
    ----------
    own : list of pairs
        Operand and input of the body, for xs that are as they were.
    slices, constants : dict
        Operand → input of the body, for what the statements on rows read.
    """

    def __init__(self, statements: Sequence[Statement], derived: dict[Variable, int]) -> None:
        self._all, self._derived = statements, derived
        self.own: list[tuple[Any, Variable]] = []
        self.slices: dict[Variable, Variable] = {}
        self.constants: dict[Variable, Variable] = {}
        self.statements: list[Statement] = []
        self._made: dict[Variable, Any] = {}

    def add(self, x: Any, row: Variable) -> None:
        """Let `row` be the row of `x`."""
        if not isinstance(x, Variable) or x not in self._derived:
            self.own.append((x, row))
            return
        for k in sorted(self._needed(x)):
            (v,) = self._all[k].targets
            if v not in self._made:
                self._made[v] = self._written(self._all[k], v)
        self.statements.append(Statement((row,), table.constant, (self._made[x],), {}, None))

    def _needed(self, x: Variable) -> set[int]:
        """The numbers of the statements that compute `x` from stacks."""
        found: set[int] = set()
        waiting = [x]
        while waiting:
            v = waiting.pop()
            if v in self._derived and self._derived[v] not in found:
                found.add(self._derived[v])
                waiting += [y for y in self._all[self._derived[v]].operands if isinstance(y, Variable)]
        return found

    def _written(self, stmt: Statement, v: Variable) -> Any:
        """The row of a target; statements on rows are written for it."""
        if v.shape.count(ANY) != 1:
            raise _UnknownError
        axis, params = v.shape.index(ANY), stmt.params
        if stmt.prim.name == "transpose":
            gone = params["axes"][axis]
            params = {"axes": tuple(k - (k > gone) for k in params["axes"] if k != gone)}
            operands = [self._row(stmt.operands[0])]
            if params["axes"] == tuple(range(v.type.ndim - 1)):
                return operands[0]
        elif getattr(stmt.prim, "kind", None) is Kind.ELEMENTWISE:
            operands = [self._operand(x, v.type.ndim - axis) for x in stmt.operands]
        else:
            raise _UnknownError
        row = Variable(f"{v.name}_row", ArrayType(v.shape[:axis] + v.shape[axis + 1 :], v.dtype))
        self.statements.append(replace(stmt, targets=(row,), operands=tuple(operands), params=params))
        return row

    def _operand(self, x: Any, behind: int) -> Any:
        """A row of an operand of an elementwise statement; `behind` are the axes from that of the rounds on."""
        shape = ArrayType.of(x).shape
        if ANY in shape and len(shape) - shape.index(ANY) == behind:
            return self._row(x)
        if ANY in shape or len(shape) >= behind:  # it has an axis of length 1 there
            raise _UnknownError
        return self._constant(x)

    def _row(self, x: Variable) -> Any:
        if x in self._made:
            return self._made[x]
        if x not in self.slices:
            self.slices[x] = Variable(f"{x.name}_row", ArrayType(x.shape[1:], x.dtype))
        return self.slices[x]

    def _constant(self, x: Any) -> Any:
        if not isinstance(x, Variable):
            return x
        if x not in self.constants:
            self.constants[x] = Variable(x.name, x.type)
        return self.constants[x]


# --- in machine code ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Table:
    """The table of the blocks of a kernel and all kernels inside of it."""

    entries: int = 0

    def add(self, count: int) -> int:
        """Room for so many blocks; the number of the first."""
        first = self.entries
        self.entries += count
        return first

    def write_outermost(self, module: Module, name: str) -> None:
        """Write the kernel that has a table of its own, which it frees: `kept_name` is one that is given it."""
        _declare(module, "void @PyMem_RawFree(ptr captures(none))")
        module.declare("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
        f = Function(module, f"define i32 @{name}(ptr %args, ptr noalias %workspace)", "#0 ")
        table = f.value(f"alloca [{ENTRY * self.entries} x i8], align 16")
        f.line(f"call void @llvm.memset.p0.i64(ptr align 16 {table}, i8 0, i64 {ENTRY * self.entries}, i1 false)")
        code = f.value(f"call i32 @{kept_name(name)}(ptr %args, ptr %workspace, ptr {table})")
        with f.loop(self.entries) as loop:
            block = f.value(f"load ptr, ptr {entry_of(f, table, loop.index)}")
            f.line(f"call void @PyMem_RawFree(ptr {block})")
        f.finish(f"i32 {code}")


def kept_name(kernel: str) -> str:
    """The name of the kernel of a list with stacks that is given a table, which is kept from call to call."""
    return f"{kernel}.kept"


def _declare(module: Module, head: str) -> None:
    """Declare a function of Python's allocator, which needs no lock."""
    name = head.partition("@")[2].partition("(")[0]
    machine.define(name, ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0)
    module.declare(f"declare {head} nounwind willreturn memory(argmem: readwrite, inaccessiblemem: readwrite)")


def entry_of(function: Function, table: str, k: int | str) -> str:
    """The pointer to an entry of the table."""
    return function.value(f"getelementptr inbounds {{ ptr, i64 }}, ptr {table}, i64 {k}")


def room(function: Function, entry: str) -> str:
    """For how many rows the block of an entry has room."""
    return function.value(f"load i64, ptr {function.value(f'getelementptr inbounds i8, ptr {entry}, i64 8')}")


def reserve(function: Function, entries: Sequence[str], sizes: Sequence[int], rows: str) -> str:
    """Let the blocks of a statement have room for `rows` at least; the result is 0 or `NO_MEMORY`, an i32.

    The first entry says for all how many rows there is room for, so it is the last to be changed.
    """
    _define_resize(function.module)
    twice = function.value(f"shl i64 {room(function, entries[0])}, 1")
    least = max(_LEAST // max(sum(sizes), 1), 1)
    for other in (rows, str(least)):
        is_more = function.value(f"icmp ugt i64 {twice}, {other}")
        twice = function.value(f"select i1 {is_more}, i64 {twice}, i64 {other}")
    failure = "0"
    for entry, size in reversed(list(zip(entries, sizes, strict=True))):
        failure = function.value(f"call i32 @wg_resize(ptr {entry}, i64 {twice}, i64 {max(size, 1)}, i32 {failure})")
    return failure


def _define_resize(module: Module) -> None:
    """The function that changes the size of a block: unless something has failed before."""
    _declare(module, "noalias ptr @PyMem_RawRealloc(ptr captures(none), i64)")
    module.declare(
        f"""define internal i32 @wg_resize(ptr %place, i64 %rows, i64 %size, i32 %failure) noinline cold nounwind {{
entry:
  %well = icmp eq i32 %failure, 0
  br i1 %well, label %try, label %failed
try:
  %old = load ptr, ptr %place
  %bytes = mul i64 %rows, %size
  %new = call ptr @PyMem_RawRealloc(ptr %old, i64 %bytes)
  %none = icmp eq ptr %new, null
  br i1 %none, label %failed, label %done
done:
  store ptr %new, ptr %place
  %room = getelementptr inbounds i8, ptr %place, i64 8
  store i64 %rows, ptr %room
  ret i32 0
failed:
  ret i32 {NO_MEMORY}
}}"""
    )
