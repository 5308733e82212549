"""From a plan to LLVM: one function for each group, and one for the list that calls them.

Inside of a group values are pulled: `Body.element` writes what it takes to have one element of a value at given
indices, down to what is stored. An element that is asked for twice is computed once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wengert.facts import Kind
from wengert.native import control, elementwise, products
from wengert.native.indices import indexed, slots_of
from wengert.native.memory import Layout, laid_out
from wengert.native.parts import Part, parts_of
from wengert.native.places import Index, moved, place_in
from wengert.native.planning import REDUCTIONS, Group, Plan, operand_dtypes, plan, primitive_of, with_own_outputs
from wengert.native.reductions import begun, folded, is_at_end, whole
from wengert.native.writing import MEMORY, REGISTERS, Function, Module, literal
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["Body", "Kernel", "kernel"]

_ITSELF = "group"  # what a group is called before it is known whether another one has the same code
_LONG = 300  # statements from which groups are not put together again: LLVM's time would grow faster than the list
_LARGE = 1 << 12  # bytes; larger constants are not written into the code


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
        Whether it has computed indices, which may be out of range.
    """

    name: str
    layout: Layout
    constants: dict[str, np.ndarray[Any, Any]]
    can_fail: bool


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

    def write(self) -> Kernel:
        numbered = enumerate(self.plan.groups)
        controls = {number: self._control(number, group) for number, group in numbered if _is_control(group)}
        layout = laid_out(self.plan, {number: found.size for number, found in controls.items()}, self.carries)
        main = Function(self.module, f"define {self.linkage}i32 @{self.name}(ptr %args, ptr noalias %workspace)", "#0 ")
        homes = _Homes(main, self.plan, layout)
        for number, group in enumerate(self.plan.groups):
            _GroupWriter(self, homes, number, group, f"{self.name}.g{number}", controls.get(number)).write()
        main.finish(f"i32 {homes.failure()}")
        return Kernel(self.name, layout, self.constants, homes.can_fail)

    def _control(self, number: int, group: Group) -> control.ControlPlan:
        """The functions of the sub-lists of a statement."""
        (stmt,) = group.roots
        kernels = []
        for k, (part, lst) in enumerate(stmt.prim.sublists.items()):
            own, name = with_own_outputs(lst), f"{self.name}.g{number}.l{k}"
            carries = control.carries_of(stmt, part, own)
            kernels.append(_Unit(self.module, plan(own), name, self.constants, "internal ", carries).write())
        return control.planned(stmt, kernels)

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
    return group.domain is None and bool(group.roots[0].prim.sublists)


class _Homes:
    """Where the stored values of a list are, in the function that calls the groups."""

    def __init__(self, main: Function, plan: Plan, layout: Layout) -> None:
        self.main = main
        self._layout = layout
        self._pointers: dict[Variable, str] = {}
        self._error = ""
        self._arguments = {v: k for k, v in enumerate(plan.lst.inputs)}
        count = len(plan.lst.inputs)
        self._arguments.update({y: count + k for k, y in enumerate(plan.lst.outputs)})

    def pointer(self, v: Variable) -> str:
        """The pointer to a stored value; that of the value whose memory it takes over."""
        home = self._layout.home(v)
        if home not in self._pointers:
            if home in self._arguments:
                slot = self.main.value(f"getelementptr inbounds ptr, ptr %args, i64 {self._arguments[home]}")
                self._pointers[home] = self.main.value(f"load ptr, ptr {slot}")
            else:
                offset = self._layout.offsets[home]
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

    def failure(self) -> str:
        """What the function returns: 0 where all is well."""
        return self.main.value(f"load i32, ptr {self._error}") if self._error else "0"

    def scratch(self, group: int) -> str:
        """The pointer to the memory that a group needs for itself."""
        return self.main.value(f"getelementptr inbounds i8, ptr %workspace, i64 {self._layout.scratch.get(group, 0)}")


class _GroupWriter:
    """Writes the function of a group, and its call."""

    def __init__(
        self, unit: _Unit, homes: _Homes, number: int, group: Group, name: str, controls: control.ControlPlan | None
    ) -> None:
        self.unit, self.homes, self.group = unit, homes, group
        self.place, self.controls = number, controls
        self.has_scratch = self.has_error = False
        self.plan, self.module = unit.plan, unit.module
        self.name = name
        self.pointers: dict[Variable, str] = {}  # homes that the function is given
        self.numbers: dict[Variable, str] = {}  # scalars that it is given by value
        self.own = {v for stmt in group.roots for v in stmt.targets}

    def write(self) -> None:
        """Write the function and the call of it."""
        is_long = len(self.plan.lst.statements) > _LONG
        function = Function(self.module, attributes="noinline #0 " if is_long else "#0 ")
        self._body(function)  # what it is to be given is known then
        heads, calls = [], []
        for v, name in self.numbers.items():
            loaded = _load(self.homes.main, self.homes.pointer(v), v.dtype)
            heads.append(f"{REGISTERS[v.dtype.name]} {name}")
            calls.append(f"{REGISTERS[v.dtype.name]} {loaded}")
        for home, name in self.pointers.items():
            heads.append(f"ptr noalias {name}")
            calls.append(f"ptr {self.homes.pointer(home)}")
        if self.has_error:
            heads.append("ptr noalias %error")
            calls.append(f"ptr {self.homes.error()}")
        if self.has_scratch:
            heads.append("ptr %scratch")
            calls.append(f"ptr {self.homes.scratch(self.place)}")
        function.head = f"define internal void @{_ITSELF}({', '.join(heads)})"
        name = self.module.shared(function.text(), _ITSELF, self.name)
        self.homes.main.line(f"call void @{name}({', '.join(calls)})")

    def _body(self, function: Function) -> None:
        body = Body(self, function)
        if self.group.domain is not None:
            body.nest()
            return
        (stmt,) = self.group.roots
        if self.controls is not None:
            control.write(body, stmt, self.controls)
        elif stmt.prim.name == "einsum":
            products.write_einsum(body, stmt)
        elif stmt.prim.name == "matmul":
            products.write(body, stmt)
        else:
            body.write_parts(stmt, parts_of(stmt, self.unit.plan, self.homes._layout))

    def pointer(self, v: Variable) -> str:
        """The parameter that points to a stored value."""
        home = self.homes._layout.home(v)
        return self.pointers.setdefault(home, f"%p{len(self.pointers)}")

    def scratch(self) -> str:
        """The parameter that points to memory for the group itself."""
        self.has_scratch = True
        return "%scratch"

    def error(self) -> str:
        """The parameter that points to what is set where an index is out of range."""
        self.has_error = True
        return "%error"

    def number(self, v: Variable) -> str:
        """The parameter that is a stored number."""
        return self.numbers.setdefault(v, f"%n{len(self.numbers)}")


def _load(function: Function, pointer: str, dtype: np.dtype[Any]) -> str:
    loaded = function.value(f"load {MEMORY[dtype.name]}, ptr {pointer}")
    return function.value(f"trunc i8 {loaded} to i1") if dtype.kind == "b" else loaded


class Body:
    """The inside of a group's function."""

    def __init__(self, writer: _GroupWriter, function: Function) -> None:
        self.writer, self.function = writer, function
        self.group, self.plan = writer.group, writer.plan
        self._known: dict[tuple[Variable, Index], str] = {}

    # Elements.

    def element(self, x: Any, index: Index, dtype: np.dtype[Any] | None = None) -> str:
        """The element of an operand at these indices, in a register, converted where a dtype is wanted."""
        own = ArrayType.of(x).dtype
        wanted = own if dtype is None else dtype
        if not isinstance(x, Variable):
            if np.ndim(x) == 0:
                return literal(x, wanted)
            pointer = self.writer.unit.constant(np.asarray(x))
            return self._converted(self._loaded(pointer, np.shape(x), own, index), own, wanted)
        key = (x, index)
        if key not in self._known:
            self._known[key] = self._computed(x, index)
        return self._converted(self._known[key], own, wanted)

    def _converted(self, register: str, own: np.dtype[Any], wanted: np.dtype[Any]) -> str:
        return register if own == wanted else elementwise.converted(self.function, register, own, wanted)

    def _computed(self, v: Variable, index: Index) -> str:
        stmt = self.plan.virtual.get(v)
        if stmt is not None:
            return self.result(stmt, index)
        if v.shape == () and v not in self.writer.own:
            return self.writer.number(v)
        return self._loaded(self.writer.pointer(v), v.shape, v.dtype, index)

    def result(self, stmt: Statement, index: Index) -> str:
        """The element of the target of a statement."""
        (v,) = stmt.targets
        if primitive_of(stmt).kind is not Kind.ELEMENTWISE:
            return self._moved(stmt, index)
        dtypes = operand_dtypes(stmt)
        operands = [
            (self.element(x, _broadcast(index, ArrayType.of(x).shape), dtype), dtype)
            for x, dtype in zip(stmt.operands, dtypes, strict=True)
        ]
        return elementwise.emit(self.function, primitive_of(stmt), operands, v.dtype, stmt.params)

    def _moved(self, stmt: Statement, index: Index) -> str:
        x = stmt.operands[0]
        if stmt.prim.name in ("getitem", "gather"):
            shape = ArrayType.of(x).shape
            return self.element(x, indexed(self, stmt.params["index"], slots_of(stmt), shape, index))
        found = moved(self.function, stmt, index)
        if found is not None:
            return self.element(x, found)
        # A reshape of what is stored: the same place in memory.
        place = place_in(self.function, stmt.targets[0].shape, index)
        kind = ArrayType.of(x)
        pointer = self.writer.pointer(x) if isinstance(x, Variable) else self.writer.unit.constant(np.asarray(x))
        return self._loaded_at(pointer, kind.dtype, place)

    def _loaded(self, pointer: str, shape: tuple[int, ...], dtype: np.dtype[Any], index: Index) -> str:
        return self._loaded_at(pointer, dtype, place_in(self.function, shape, index))

    def _loaded_at(self, pointer: str, dtype: np.dtype[Any], place: str | int) -> str:
        return _load(self.function, self.address(pointer, dtype, place), dtype)

    def checked(self, number: str, length: int) -> str:
        """A computed index, counted from the beginning; one that is out of range is noted, and 0 in its place."""
        function = self.function
        is_negative = function.value(f"icmp slt i64 {number}, 0")
        from_end = function.value(f"add i64 {number}, {length}")
        place = function.value(f"select i1 {is_negative}, i64 {from_end}, i64 {number}")
        is_right = function.value(f"icmp ult i64 {place}, {length}")
        error = self.writer.error()
        before = function.value(f"load i32, ptr {error}")
        function.line(f"store i32 {function.value(f'select i1 {is_right}, i32 {before}, i32 1')}, ptr {error}")
        return function.value(f"select i1 {is_right}, i64 {place}, i64 0")

    def address(self, pointer: str, dtype: np.dtype[Any], place: str | int) -> str:
        """The address of an element."""
        if place == 0:
            return pointer
        return self.function.value(f"getelementptr inbounds {MEMORY[dtype.name]}, ptr {pointer}, i64 {place}")

    def stored(self, v: Variable, index: Index) -> str:
        """An element of a root as it is in memory now."""
        return self._loaded(self.writer.pointer(v), v.shape, v.dtype, index)

    def store(self, v: Variable, index: Index, register: str) -> None:
        """Store an element of a root."""
        place = place_in(self.function, v.shape, index)
        self.store_at(self.address(self.writer.pointer(v), v.dtype, place), v.dtype, register)

    def store_at(self, address: str, dtype: np.dtype[Any], register: str) -> None:
        """Store a register."""
        if dtype.kind == "b":
            register = self.function.value(f"zext i1 {register} to i8")
        self.function.line(f"store {MEMORY[dtype.name]} {register}, ptr {address}")

    # Loops.

    def nest(self) -> None:
        """The loops of a group, with all that it computes inside."""
        domain = self.group.domain or ()
        sums = [stmt for stmt in self.group.roots if stmt.prim.name in REDUCTIONS]
        if 0 in domain:
            for stmt in sums:
                self._fill(stmt)
            return
        if self.group.is_flat and len(domain) > 1:
            domain = (int(np.prod(domain)),)
        for stmt in sums:
            if not is_at_end(stmt):
                self._fill(stmt)
        self._rounds(domain, 0, (), {})
        for stmt in sums:
            if not is_at_end(stmt) and stmt.prim.name == "mean":
                self._finish(stmt)

    def _finish(self, stmt: Statement) -> None:
        """What is done at the end of a fold in memory."""
        (v,) = stmt.targets
        with self.function.loop(v.type.size) as loop:
            address = self.address(self.writer.pointer(v), v.dtype, loop.index)
            register = _load(self.function, address, v.dtype)
            self.store_at(address, v.dtype, whole(self.function, stmt, register))

    def _fill(self, stmt: Statement) -> None:
        """Let a fold that goes on in memory begin."""
        (v,) = stmt.targets
        if v.type.size == 0:
            return
        with self.function.loop(v.type.size) as loop:
            register = begun(stmt)
            if 0 in ArrayType.of(stmt.operands[0]).shape:
                register = whole(self.function, stmt, register)
            self.store_at(self.address(self.writer.pointer(v), v.dtype, loop.index), v.dtype, register)

    def _rounds(
        self, domain: tuple[int, ...], depth: int, index: Index, running: dict[Variable, str]
    ) -> dict[Variable, str]:
        """The loops from one depth on; `running` are folds in registers, of which the last values are returned."""
        if depth == len(domain):
            return self._innermost(index, running)
        begun_here = {
            stmt.targets[0]: begun(stmt)
            for stmt in self.group.roots
            if stmt.prim.name in REDUCTIONS and is_at_end(stmt) and self._depth_of(stmt, len(domain)) == depth
        }
        carried = {**running, **begun_here}
        results = self._round(domain, depth, index, carried)
        for stmt in self.group.roots:
            (v,) = stmt.targets
            if v in begun_here:
                self._store_whole(stmt, index, results[v])
        return {v: results[v] for v in running}

    def _round(
        self, domain: tuple[int, ...], depth: int, index: Index, carried: dict[Variable, str]
    ) -> dict[Variable, str]:
        """One of the loops; an axis of length 1 has none, and index 0 as in what is broadcast along it."""
        if domain[depth] == 1:
            return self._rounds(domain, depth + 1, (*index, 0), carried)
        kinds = [(REGISTERS[v.dtype.name], register) for v, register in carried.items()]
        with self.function.loop(domain[depth], kinds) as loop:
            inside = dict(zip(carried, loop.values, strict=True))
            found = self._rounds(domain, depth + 1, (*index, loop.index), inside)
            loop.next = [found[v] for v in carried]
        return dict(zip(carried, loop.results, strict=True))

    def _depth_of(self, stmt: Statement, depth: int) -> int:
        """The loop in front of which a fold in a register begins."""
        ndim = ArrayType.of(stmt.operands[0]).ndim
        return 0 if depth < ndim else ndim - len(stmt.params["axis"])

    def _store_whole(self, stmt: Statement, index: Index, register: str) -> None:
        (v,) = stmt.targets
        kept = (*index, *([0] * len(stmt.params["axis"]))) if stmt.params["keepdims"] else index
        self.store(v, kept[: v.type.ndim] if v.shape else (), whole(self.function, stmt, register))

    def _innermost(self, index: Index, running: dict[Variable, str]) -> dict[Variable, str]:
        results = dict(running)
        for stmt in self.group.roots:
            (v,) = stmt.targets
            if stmt.prim.name not in REDUCTIONS:
                register = self.result(stmt, index)
                self._known[v, index] = register
                if v not in self.plan.local:
                    self.store(v, index, register)
                continue
            x = self.element(stmt.operands[0], index, None)
            own = ArrayType.of(stmt.operands[0]).dtype
            if v in results:
                results[v] = folded(self.function, stmt, results[v], x, own)
                continue
            kept = _kept(index, stmt)
            place = self.address(self.writer.pointer(v), v.dtype, place_in(self.function, v.shape, kept))
            before = _load(self.function, place, v.dtype)
            self.store_at(place, v.dtype, folded(self.function, stmt, before, x, own))
        return results

    # What is stored part by part.

    def write_parts(self, stmt: Statement, parts: Sequence[Part]) -> None:
        """One part after the other."""
        (v,) = stmt.targets
        for part in parts:
            if 0 in part.domain:
                continue
            self._known.clear()
            self._write_part(v, part, ())

    def _write_part(self, v: Variable, part: Part, index: Index) -> None:
        if len(index) < len(part.domain):
            if part.domain[len(index)] == 1:
                self._write_part(v, part, (*index, 0))
                return
            with self.function.loop(part.domain[len(index)]) as loop:
                self._write_part(v, part, (*index, loop.index))
            return
        shape = ArrayType.of(part.source).shape
        more = max(len(shape) - len(index), 0)  # axes of length 1 in front, which an assignment takes
        source = (*(0,) * more, *_broadcast(index, shape[more:]))
        register = self.element(part.source, source, v.dtype)
        place = place_in(self.function, v.shape, part.target(self, index))
        address = self.address(self.writer.pointer(v), v.dtype, place)
        if part.adds:
            before = _load(self.function, address, v.dtype)
            operation = "fadd" if v.dtype.kind == "f" else "add"
            register = self.function.value(f"{operation} {REGISTERS[v.dtype.name]} {before}, {register}")
        self.store_at(address, v.dtype, register)


def _kept(index: Index, stmt: Statement) -> Index:
    axes = stmt.params["axis"]
    if stmt.params["keepdims"]:
        return tuple(0 if k in axes else i for k, i in enumerate(index))
    return tuple(i for k, i in enumerate(index) if k not in axes)


def _broadcast(index: Index, shape: tuple[int, ...]) -> Index:
    """The indices of an operand of this shape where the result has `index`; one running index stays."""
    if not shape:
        return ()
    if len(index) < len(shape):
        return index  # of all elements in a row
    return tuple(0 if n == 1 else i for i, n in zip(index[len(index) - len(shape) :], shape, strict=True))
