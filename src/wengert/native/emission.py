"""From a plan to LLVM: one function for each group, and one for the list that calls them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wengert.facts import Kind
from wengert.native import (
    callbacks,
    control,
    convolution,
    elementwise,
    factorisations,
    layers,
    products,
    scans,
    searches,
    threads,
)
from wengert.native.body import Body, load
from wengert.native.coverage import PARTS, primitive_of
from wengert.native.factorisations.prepared import FACTORISATIONS
from wengert.native.lanes import Band
from wengert.native.memory import Layout, laid_out
from wengert.native.parts import parts_of
from wengert.native.planning import Group, Plan, plan, with_own_outputs
from wengert.native.rewriting.decisions import decisions
from wengert.native.stacks import Table, kept_name, row_bytes
from wengert.native.tile_code import Tile
from wengert.native.writing import REGISTERS, Function, Module, name_of
from wengert.wlist import ANY, ArrayType, Statement, Variable, WengertList

__all__ = ["GroupWriter", "Kernel", "kernel"]

_ITSELF = "group"  # what a group is called before it is known whether another one has the same code
_LONG = 300  # statements from which groups are not put together again: LLVM's time would grow faster than the list
_TINY, _UNROLLED = 16, frozenset(range(2, 10))  # elements of arrays whose loops are written out, and rounds of these
_MANY, _FAR_MORE = 50, 512  # statements of a round, and elements of a loop, from which its groups are called
_VECTORS = frozenset({4, 8})  # rounds that LLVM makes one operation of vectors of
_FUNCTION = 10  # the cost of what is computed by a function of libm, which has vectors too
_DEEP = 1 << 14  # bytes on the stack from which groups are not put together: the stack would grow with their number
_LARGE = 1 << 12  # bytes; larger constants are not written into the code


#: What writes the statements of a primitive whose loops are its own.
_WRITERS: dict[str, Callable[[Body, Statement], None]] = {
    "einsum": products.write_einsum,
    "matmul": products.write,
    "convolve": convolution.write_convolution,
    **dict.fromkeys(scans.SCANS, scans.write_scan),
    **dict.fromkeys(searches.SEARCHES, searches.write_search),
    **dict.fromkeys(FACTORISATIONS, factorisations.write_factorisation),
}


@dataclass(slots=True)
class Kernel:
    """The code of a list.

    Attributes
    ----------
    name : str
        Of the function ``i32 name(ptr args, ptr workspace)``, whose args are those of inputs, then of outputs. It
        returns 0, or another number where an index is out of range.
    layout : Layout
        The memory that it needs.
    constants : dict
        Symbol → array that the code refers to.
    can_fail : bool
        Whether it has computed indices, which may be out of range, calls back, and the like.
    stacks : int
        How many blocks of stacks the outermost list has, where this one has some: a function ``name.kept`` is given
        the table of them as a third argument. Those of sub-lists are given it themselves, or null.
    calls : CallBacks
        What it and the functions of its sub-lists call back.
    calls_back : bool
        Whether there is any such statement.
    """

    name: str
    layout: Layout
    constants: dict[str, np.ndarray[Any, Any]]
    can_fail: bool
    calls: callbacks.CallBacks
    calls_back: bool
    stacks: int = 0


def kernel(module: Module, lst: WengertList, name: str) -> Kernel:
    """Write the function of a list, all of whose statements are native and whose outputs are statements' targets."""
    module.declare("attributes #0 = { nounwind }")
    return _Unit(module, plan(lst), name).write()


@dataclass(slots=True)
class _Unit:
    """A list being written."""

    module: Module
    plan: Plan
    name: str
    constants: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    linkage: str = ""
    carries: Sequence[tuple[Variable, Any]] = ()
    table: Table = field(default_factory=Table)  # of the outermost list
    calls: callbacks.CallBacks = field(default_factory=callbacks.CallBacks)  # the same
    decided: frozenset[Statement] = frozenset()

    def write(self) -> Kernel:
        numbered = enumerate(self.plan.groups)
        controls = {number: self._control(number, group) for number, group in numbered if _is_control(group)}
        groups = enumerate(self.plan.groups)
        sizes = {number: 0 if group.calls_back else factorisations.memory(group.roots[0]) for number, group in groups}
        sizes |= {number: found.size for number, found in controls.items()}
        sizes |= {k: threads.memory(group) for k, group in enumerate(self.plan.groups) if group.threads > 1}
        kept = {v: x for number, found in controls.items() for v, x in found.kept(self.plan.groups[number].roots[0])}
        layout = laid_out(self.plan, sizes, self.carries, kept)
        is_outermost, linkage, name, more = not self.linkage, self.linkage, self.name, ", ptr %stacks"
        if is_outermost and self.table.entries:
            self.table.write_outermost(self.module, name)
            linkage, name = "internal ", kept_name(name)
        elif is_outermost:
            more = ""
        head = f"define {linkage}i32 @{name}(ptr %args, ptr noalias %workspace{more})"
        main = Function(self.module, head, "#0 ")
        homes = _Homes(main, self.plan, layout)
        calls_back = False
        for number, group in enumerate(self.plan.groups):
            found = controls.get(number)
            calls = group.calls_back or (found is not None and found.calls_back)
            if calls or found is not None:  # they might wait for values that do not come
                homes.leave_if_failed()
            GroupWriter(self, homes, number, group, f"{self.name}.g{number}", found).write()
            if calls:
                calls_back = True
                homes.leave_if_failed()
        homes.end()
        main.finish(f"i32 {homes.failure()}")
        stacks = self.table.entries if homes.has_stacks else 0
        return Kernel(self.name, layout, self.constants, homes.can_fail, self.calls, calls_back, stacks)

    def _control(self, number: int, group: Group) -> control.ControlPlan:
        """The functions of the sub-lists of a statement."""
        (stmt,) = group.roots
        kernels = []
        for k, (part, lst) in enumerate(stmt.prim.sublists.items()):
            own, name = with_own_outputs(lst), f"{self.name}.g{number}.l{k}"
            carries = control.carries_of(stmt, part, own)
            unit = _Unit(self.module, plan(own), name, self.constants, "internal ", carries, self.table, self.calls)
            unit.decided = decisions(unit.plan.lst, (x for x, _ in carries))
            kernels.append(unit.write())
        return control.planned(stmt, kernels, self.table)

    def constant(self, array: np.ndarray[Any, Any]) -> str:
        """The symbol of a constant array."""
        data = np.ascontiguousarray(array)
        digest = hashlib.sha256(data.tobytes()).hexdigest()[:24]
        symbol = f"wg_constant_{data.dtype.name}_{digest}"
        if data.nbytes <= _LARGE:
            text = "".join(f"\\{byte:02x}" for byte in data.tobytes())
            self.module.declare(f'@{symbol} = private unnamed_addr constant [{data.nbytes} x i8] c"{text}", align 64')
        else:
            self.constants[symbol] = data
            self.module.declare(f"@{symbol} = external constant i8")
        return f"@{symbol}"


def _is_control(group: Group) -> bool:
    return group.domain is None and not group.calls_back and bool(group.roots[0].prim.sublists)


class _Homes:
    """Where the stored values of a list are, in the function that calls the groups."""

    def __init__(self, main: Function, plan: Plan, layout: Layout) -> None:
        self.main = main
        self.layout = layout
        self._pointers: dict[Variable, str] = {}
        self._error = ""
        self._leaves = False
        self.has_stacks = False
        self._is_short = len(plan.lst.statements) <= _LONG
        self._arguments = {v: k for k, v in enumerate(plan.lst.inputs)}
        count = len(plan.lst.inputs)
        self._arguments.update({y: count + k for k, y in enumerate(plan.lst.outputs)})

    def pointer(self, v: Variable) -> str:
        """The pointer to a stored value; that of the value whose memory it takes over."""
        home = self.layout.home(v)
        if home not in self._pointers:
            if home in self._arguments:
                slot = self.main.value(f"getelementptr inbounds ptr, ptr %args, i64 {self._arguments[home]}")
                self._pointers[home] = self.main.value(f"load ptr, ptr {slot}")
            elif self._is_short and (control.is_tiny(home.type) or ANY in home.shape):
                # On the stack LLVM makes registers of it where all that uses it is put together.
                self._pointers[home] = self.main.first(control.stack_place(home.type))
            else:
                offset = self.layout.offsets[home]
                self._pointers[home] = self.main.value(f"getelementptr inbounds i8, ptr %workspace, i64 {offset}")
        return self._pointers[home]

    def error(self) -> str:
        """The pointer to the number that a group sets where an index is out of range."""
        if not self._error:
            self._error = self.main.first("alloca i32")
            self.main.first_line(f"store i32 0, ptr {self._error}")
        return self._error

    @property
    def can_fail(self) -> bool:
        """Whether some group checks an index."""
        return bool(self._error)

    def leave_if_failed(self) -> None:
        """Go to the end after an error."""
        if self._error:
            error = self.main.value(f"load i32, ptr {self._error}")
            is_well = self.main.value(f"icmp eq i32 {error}, 0")
            label = self.main.name("go")
            self.main.line(f"br i1 {is_well}, label %{label}, label %end")
            self.main.begin(label)
            self._leaves = True

    def end(self) -> None:
        """Begin the last block, if something leads there."""
        if self._leaves:
            self.main.line("br label %end")
            self.main.begin("end")

    def failure(self) -> str:
        """What the function returns: 0 where all is well."""
        return self.main.value(f"load i32, ptr {self._error}") if self._error else "0"

    def scratch(self, group: int) -> str:
        """The pointer to the memory that a group needs for itself."""
        return self.main.value(f"getelementptr inbounds i8, ptr %workspace, i64 {self.layout.scratch.get(group, 0)}")


class GroupWriter:
    """Writes the function of a group, and its call."""

    def __init__(
        self, unit: _Unit, homes: _Homes, number: int, group: Group, name: str, controls: control.ControlPlan | None
    ) -> None:
        self.unit, self.homes, self.group = unit, homes, group
        self.place, self.controls = number, controls
        self.has_scratch = self.has_error = self.has_stacks = False
        self.of_numbers: Function | None = None  # a function of many numbers
        self.stack = 0  # bytes of buffers
        self.plan, self.module = unit.plan, unit.module
        self.name = name
        self.pointers: dict[Variable, str] = {}  # homes that the function is given
        self.numbers: dict[Variable, str] = {}  # scalars that it is given by value
        self.inside: dict[Variable, str] = {}  # homes in the workspace, which it is given whole
        self.own = {v for stmt in group.roots for v in stmt.targets}
        self.decided = unit.decided

    def write(self) -> None:
        """Write the function and the call of it."""
        is_long = len(self.plan.lst.statements) > _LONG
        function = Function(self.module, attributes="noinline #0 " if is_long else "#0 ")
        if self.unit.linkage and not is_long and self._is_tiny():
            # In rounds that are run often; elsewhere the code is not worth the time that it takes LLVM.
            function.unrolled = self._unrolled()
        if is_long and self._is_of_numbers():
            self.of_numbers = function
        self._body(function)  # what it is to be given is known then
        if self.stack > _DEEP or (self.unit.linkage and self._is_better_called()):
            function.attributes = "noinline #0 "
        heads, calls = [], []
        for v, name in self.numbers.items():
            loaded = load(self.homes.main, self.homes.pointer(v), v.dtype)
            heads.append(f"{REGISTERS[name_of(v.dtype)]} {name}")
            calls.append(f"{REGISTERS[name_of(v.dtype)]} {loaded}")
        for home, name in self.pointers.items():
            heads.append(f"ptr noalias {name}")
            calls.append(f"ptr {self.homes.pointer(home)}")
        if self.inside:
            heads.append("ptr noalias %workspace")
            calls.append("ptr %workspace")
        if self.has_error:
            heads.append("ptr noalias %error")
            calls.append(f"ptr {self.homes.error()}")
        if self.has_scratch:
            heads.append("ptr %scratch")
            calls.append(f"ptr {self.homes.scratch(self.place)}")
        if self.has_stacks:
            heads.append("ptr %stacks")
            calls.append("ptr %stacks")
        function.head = f"define internal void @{_ITSELF}({', '.join(heads)})"
        name = self.module.shared(function.text(), _ITSELF, self.name)
        self.homes.main.line(f"call void @{name}({', '.join(calls)})")

    def _unrolled(self) -> frozenset[int]:
        """Of how many rounds loops over tiny arrays are written out: those that are no operations of vectors."""
        if self.group.domain is None:
            return _UNROLLED
        waiting, seen = list(self.group.roots), set[Variable]()
        while waiting:
            stmt = waiting.pop()
            if primitive_of(stmt).kind is Kind.ELEMENTWISE and elementwise.cost(primitive_of(stmt)) >= _FUNCTION:
                return _UNROLLED - set(range(4, 10))
            inner = {x for x in stmt.operands if isinstance(x, Variable) and x in self.plan.virtual} - seen
            seen |= inner
            waiting += [self.plan.virtual[x] for x in inner]
        return _UNROLLED - _VECTORS if self.group.is_flat else _UNROLLED

    def _is_of_numbers(self) -> bool:
        """Whether the group computes numbers, or puts an array together of numbers."""
        if self.group.domain is not None or self.controls is not None or self.group.calls_back:
            return self.group.domain == ()
        stmt = self.group.roots[0]
        return stmt.prim.name in PARTS and all(ArrayType.of(x).size == 1 for x in stmt.operands)

    def _is_better_called(self) -> bool:
        """Whether a group in rounds is a function that LLVM sees alone: its call costs little beside its loops."""
        domain, lst = self.group.domain, self.plan.lst
        if self.controls is not None or self.group.calls_back or self._is_tiny():
            return False
        return len(lst.statements) >= _MANY or (domain is not None and int(np.prod(domain)) >= _FAR_MORE)

    def _is_tiny(self) -> bool:
        """Whether the loops of the group are over few elements."""
        if self.group.domain is not None:
            return int(np.prod(self.group.domain)) <= _TINY
        stmt = self.group.roots[0]
        kinds = [v.type for v in stmt.targets]
        if stmt.prim.name not in PARTS:
            kinds += map(ArrayType.of, stmt.operands)
        return self.controls is None and all(kind.size <= _TINY for kind in kinds)

    def _body(self, function: Function) -> None:
        if self.group.nests:
            band = Band(self, function)
            band.write()
            self.stack = band.stack
            return
        if self.group.steps:
            tile = Tile(self, function)
            tile.write()
            self.stack = tile.stack
            return
        body = Body(self, function)
        if self.group.domain is not None:
            body.nest()
            return
        (stmt,) = self.group.roots
        if self.group.calls_back:
            callbacks.write(body, stmt)
        elif self.controls is not None:
            control.write(body, stmt, self.controls)
        elif stmt.prim.name in _WRITERS:
            _WRITERS[stmt.prim.name](body, stmt)
        elif layers.is_layered(stmt, self.plan.virtual):
            layers.write_layers(body, stmt)
        else:
            body.write_parts(stmt, parts_of(stmt, self.unit.plan, self.homes.layout))

    def pointer(self, v: Variable) -> str:
        """The parameter that points to a stored value."""
        home = self.homes.layout.home(v)
        if self.of_numbers is not None and home in self.homes.layout.offsets:
            # As many pointers would not find room in the processor's registers, and LLVM would look for it long.
            if home not in self.inside:
                offset = self.homes.layout.offsets[home]
                self.inside[home] = self.of_numbers.first(f"getelementptr inbounds i8, ptr %workspace, i64 {offset}")
            return self.inside[home]
        return self.pointers.setdefault(home, f"%p{len(self.pointers)}")

    def stride(self, x: Any) -> int:
        """Bytes from one row of an array to the next."""
        column = self.homes.layout.columns.get(x) if isinstance(x, Variable) else None
        return row_bytes(ArrayType.of(x)) if column is None else column.stride

    def scratch(self) -> str:
        """The parameter that points to memory for the group itself."""
        self.has_scratch = True
        return "%scratch"

    def stacks(self) -> str:
        """The parameter that points to the table of the blocks of stacks."""
        self.has_stacks = self.homes.has_stacks = True
        return "%stacks"

    def error(self) -> str:
        """The parameter that points to what is set where an index is out of range."""
        self.has_error = True
        return "%error"

    def number(self, v: Variable) -> str:
        """The parameter that is a stored number."""
        if self.of_numbers is not None and self.homes.layout.home(v) in self.homes.layout.offsets:
            return load(self.of_numbers, self.pointer(v), v.dtype)
        return self.numbers.setdefault(v, f"%n{len(self.numbers)}")
