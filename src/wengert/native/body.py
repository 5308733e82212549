"""What is inside of a group's function: elements, pulled from where they are stored, and loops around them.

`Body.element` writes what it takes to have one element of a value at given indices, down to what is stored. An element
that is asked for twice is computed once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.facts import Kind
from wengert.native import elementwise, threads
from wengert.native.coverage import operand_dtypes, primitive_of
from wengert.native.elementwise.scalars import BOOL, Scalar
from wengert.native.guards import Guard, placed
from wengert.native.indices import indexed, slots_of
from wengert.native.parts import Part
from wengert.native.places import Index, Place, assigned, broadcast, moved, place_in
from wengert.native.reductions import REDUCTIONS, begun, folded, has_end, is_at_end, whole
from wengert.native.rewriting.decisions import decided
from wengert.native.skipping import spared
from wengert.native.taking import TAKES, taken_at
from wengert.native.writing import MEMORY, REGISTERS, Function, is_vector, literal
from wengert.registry import table
from wengert.wlist import ArrayType, Statement, Variable

if TYPE_CHECKING:
    from wengert.native.emission import GroupWriter

__all__ = ["Body", "load"]

_WRITTEN_OUT = 8  # rounds, and elements of a loop that has no vectors


def load(function: Function, pointer: str, dtype: np.dtype[Any]) -> str:
    """The number at an address, in a register."""
    loaded = function.value(f"load {MEMORY[dtype.name]}, ptr {pointer}")
    return function.value(f"trunc i8 {loaded} to i1") if dtype.kind == "b" else loaded


class Body:
    """The inside of a group's function."""

    def __init__(self, writer: GroupWriter, function: Function) -> None:
        self.writer, self.function = writer, function
        self.group, self.plan = writer.group, writer.plan
        self._known: dict[tuple[Variable, Index], str] = {}
        self._parts: threads.Parts | None = None  # of the loop that is split
        self._spared: tuple[list[Guard], int] | None = None  # where terms of sums are skipped
        has_loops = self.group.domain is not None and not self.group.nests
        self.is_of_few = has_loops and math.prod(self.group.domain or ()) <= _WRITTEN_OUT

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
        if stmt in self.writer.decided and self.is_of_few and not any(is_vector(x) for x, _ in operands):
            return decided(self.function, operands, v.dtype)
        if stmt.prim.name == "choice_number":
            self.note(elementwise.is_choice(self.function, operands[0], stmt.params))
        return elementwise.emit(self.function, primitive_of(stmt), operands, v.dtype, stmt.params)

    def _moved(self, stmt: Statement, index: Index) -> str:
        x = stmt.operands[0]
        if stmt.prim.name in ("getitem", "gather"):
            shape = ArrayType.of(x).shape
            return self.element(x, indexed(self, stmt.params["index"], slots_of(stmt), shape, index))
        if stmt.prim.name in TAKES:
            return self.element(x, taken_at(self, stmt, index))
        found = moved(self.function, stmt, index)
        if found is not None:
            return self.element(x, found)
        # A reshape of what is stored: the same place in memory.
        place = place_in(self.function, stmt.targets[0].shape, index)
        kind = ArrayType.of(x)
        pointer = self.writer.pointer(x) if isinstance(x, Variable) else self.writer.unit.constant(np.asarray(x))
        return self.loaded_at(pointer, kind.dtype, place)

    def _loaded(self, pointer: str, shape: tuple[int, ...], dtype: np.dtype[Any], index: Index) -> str:
        return self.loaded_at(pointer, dtype, place_in(self.function, shape, index))

    def loaded_at(self, pointer: str, dtype: np.dtype[Any], place: Place) -> str:
        """An element of an array in memory."""
        return load(self.function, self.address(pointer, dtype, place), dtype)

    def checked(self, number: str, length: int) -> str:
        """A computed index, counted from the beginning; one that is out of range is noted, and 0 in its place."""
        function = self.function
        is_negative = function.value(f"icmp slt i64 {number}, 0")
        from_end = function.value(f"add i64 {number}, {length}")
        place = function.value(f"select i1 {is_negative}, i64 {from_end}, i64 {number}")
        is_right = function.value(f"icmp ult i64 {place}, {length}")
        self.note(is_right)
        return function.value(f"select i1 {is_right}, i64 {place}, i64 0")

    def note(self, is_right: str) -> None:
        """Let the list be run by the interpreter, which raises NumPy's error, where something is not right."""
        if is_right == "1":
            return
        error = self.writer.error()
        before = self.function.value(f"load i32, ptr {error}")
        after = self.function.value(f"select i1 {is_right}, i32 {before}, i32 1")
        self.function.line(f"store i32 {after}, ptr {error}")

    def address(self, pointer: str, dtype: np.dtype[Any], place: Place) -> str:
        """The address of an element."""
        if place == 0:
            return pointer
        return self.function.pure(f"getelementptr inbounds {MEMORY[dtype.name]}, ptr {pointer}, i64 {place}")

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
        parts = threads.Parts(self) if self.group.threads > 1 else None
        if parts is None or parts.count == 1:
            parts = None
        in_memory = [stmt for stmt in sums if not is_at_end(stmt)]
        if len(domain) > 1 and len(in_memory) == len(self.group.roots):
            self._spared = spared(in_memory, domain, self.plan.virtual)
        own = [stmt for stmt in in_memory if parts is None or stmt.targets[0] not in parts.folds]
        for stmt in own:
            self._fill(stmt)
        if parts is None:
            self._rounds(domain, 0, (), {})
        else:
            self._rounds_in_parts(parts, domain, [stmt for stmt in in_memory if stmt not in own])
        for stmt in own:
            if has_end(stmt):
                self._finish(stmt)

    def _rounds_in_parts(self, parts: threads.Parts, domain: tuple[int, ...], in_memory: Sequence[Statement]) -> None:
        """The loops as a function of a part of the rounds, with folds of its own, and its calls in threads."""
        with parts.inside():
            self._parts = parts
            for stmt in in_memory:
                self._fill(stmt)
            self._rounds(domain, 0, (), {})
            self._parts = None
        parts.run()

    def _fold_pointer(self, v: Variable) -> str:
        """Where a fold goes on in memory, or is stored: with others of its kind where there are several parts."""
        own = self._parts and self._parts.folds.get(v)
        return own or self.writer.pointer(v)

    def _finish(self, stmt: Statement) -> None:
        """What is done at the end of a fold in memory."""
        (v,) = stmt.targets
        with self.function.loop(v.type.size) as loop:
            address = self.address(self.writer.pointer(v), v.dtype, loop.index)
            register = load(self.function, address, v.dtype)
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
            self.store_at(self.address(self._fold_pointer(v), v.dtype, loop.index), v.dtype, register)

    def _rounds(
        self, domain: tuple[int, ...], depth: int, index: Index, running: dict[Variable, str]
    ) -> dict[Variable, str]:
        """The loops from one depth on; `running` are folds in registers, of which the last values are returned."""
        if self._spared is not None and self._spared[1] == depth:
            guards, self._spared = self._spared[0], None
            with self.function.when(self._is_any(guards, index)):
                return self._rounds(domain, depth, index, running)
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

    def _is_any(self, guards: Sequence[Guard], index: Index) -> str:
        """Whether a guard holds at an index, in some lane of a vector."""
        answer = Scalar(self.function, "0", BOOL)
        for guard in guards:
            register = self.element(guard.value, placed(guard.index, index), BOOL)
            answer |= Scalar(self.function, register, BOOL) ^ guard.is_negated
        return answer.text

    def _round(
        self, domain: tuple[int, ...], depth: int, index: Index, carried: dict[Variable, str]
    ) -> dict[Variable, str]:
        """One of the loops; an axis of length 1 has none, and index 0 as in what is broadcast along it."""
        if domain[depth] == 1:
            return self._rounds(domain, depth + 1, (*index, 0), carried)
        if self._is_written_out(domain[depth:]):
            for k in range(domain[depth]):
                carried = self._rounds(domain, depth + 1, (*index, k), carried)
            return carried
        kinds = [(REGISTERS[v.dtype.name], register) for v, register in carried.items()]
        parts = self._parts if self._parts is not None and depth == self._parts.depth else None
        with self.function.loop(domain[depth] if parts is None else parts.rounds, kinds) as loop:
            inside = dict(zip(carried, loop.values, strict=True))
            place = loop.index
            if parts is not None:
                place = self.function.value(f"add nuw nsw i64 {parts.first}, {loop.index}")
            found = self._rounds(domain, depth + 1, (*index, place), inside)
            loop.next = [found[v] for v in carried]
        return dict(zip(carried, loop.results, strict=True))

    def _is_written_out(self, lengths: Sequence[int]) -> bool:
        """Whether loops are written round by round: LLVM would do so too late to make registers of the elements."""
        return self._parts is None and lengths[0] in self.function.unrolled and math.prod(lengths) <= _WRITTEN_OUT

    def _depth_of(self, stmt: Statement, depth: int) -> int:
        """The loop in front of which a fold in a register begins."""
        ndim = ArrayType.of(stmt.operands[0]).ndim
        return 0 if depth < ndim else ndim - len(stmt.params["axis"])

    def _store_whole(self, stmt: Statement, index: Index, register: str) -> None:
        (v,) = stmt.targets
        if self._parts is not None and v in self._parts.folds:
            self.store_at(self._parts.folds[v], v.dtype, register)
            return
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
            place = self.address(self._fold_pointer(v), v.dtype, place_in(self.function, v.shape, kept))
            before = load(self.function, place, v.dtype)
            self.store_at(place, v.dtype, folded(self.function, stmt, before, x, own))
        return results

    def over(self, shape: Sequence[int], inside: Callable[[Index], None], index: Index = ()) -> None:
        """Loops over the indices of a shape, around what `inside` writes."""
        if len(index) == len(shape):
            inside(index)
        elif shape[len(index)] == 1:
            self.over(shape, inside, (*index, 0))
        elif 0 not in shape:
            if self._is_written_out(shape[len(index) :]):
                for k in range(shape[len(index)]):
                    self.over(shape, inside, (*index, k))
                return
            with self.function.loop(shape[len(index)]) as loop:
                self.over(shape, inside, (*index, loop.index))

    def forget(self) -> None:
        """Compute anew what follows: what was computed before is known only in the loops that are done."""
        self._known.clear()

    # What is stored part by part.

    def write_parts(self, stmt: Statement, parts: Sequence[Part]) -> None:
        """One part after the other."""
        (v,) = stmt.targets
        for part in parts:
            if 0 in part.domain:
                continue
            self.forget()
            self._write_part(v, part, ())

    def _write_part(self, v: Variable, part: Part, index: Index) -> None:
        if len(index) < len(part.domain):
            if part.domain[len(index)] == 1:
                self._write_part(v, part, (*index, 0))
                return
            if self._is_written_out(part.domain[len(index) :]):
                for k in range(part.domain[len(index)]):
                    self._write_part(v, part, (*index, k))
                return
            with self.function.loop(part.domain[len(index)]) as loop:
                self._write_part(v, part, (*index, loop.index))
            return
        register = self.element(part.source, self.source_of(part, index), v.dtype)
        place = place_in(self.function, v.shape, part.target(self, index))
        address = self.address(self.writer.pointer(v), v.dtype, place)
        if part.adds:
            before = load(self.function, address, v.dtype)
            register = elementwise.emit(self.function, table.add, [(before, v.dtype), (register, v.dtype)], v.dtype, {})
        self.store_at(address, v.dtype, register)

    def source_of(self, part: Part, index: Index) -> Index:
        """The indices in the source of a part."""
        if part.read is not None:
            return part.read(self, index)
        return assigned(index, ArrayType.of(part.source).shape)


def _kept(index: Index, stmt: Statement) -> Index:
    axes = stmt.params["axis"]
    if stmt.params["keepdims"]:
        return tuple(0 if k in axes else i for k, i in enumerate(index))
    return tuple(i for k, i in enumerate(index) if k not in axes)


def _broadcast(index: Index, shape: tuple[int, ...]) -> Index:
    """The indices of an operand of this shape where the result has `index`; one running index stays."""
    return index if len(index) < len(shape) else broadcast(index, shape)
