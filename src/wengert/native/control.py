"""Control statements: their sub-lists are functions of their own, called with pointers to their inputs and outputs.

A loop has two places for each carry: a round reads one and writes the other, and then they change roles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.control import Branches, Call, Loop, While
from wengert.native.writing import Function, whole_lines
from wengert.wlist import ArrayType, Statement, Variable, WengertList

if TYPE_CHECKING:
    from wengert.native.emission import Body, Kernel

__all__ = ["ControlPlan", "carries_of", "is_control", "lists_of", "planned", "write"]


def is_control(stmt: Statement) -> bool:
    """Whether machine code can be written for a control statement whose lists are native."""
    prim = stmt.prim
    if isinstance(prim, Branches):
        return prim.name == "cond"  # an index may be out of range, which machine code has no way to raise
    if isinstance(prim, Loop):
        return prim.length is not None
    if isinstance(prim, While):
        return prim.kept is None
    return isinstance(prim, Call)


def lists_of(stmt: Statement) -> list[WengertList]:
    """The sub-lists of a control statement."""
    return list(stmt.prim.sublists.values())


@dataclass(slots=True)
class ControlPlan:
    """The functions of the sub-lists of one statement, and the memory that it needs besides its operands and results.

    Attributes
    ----------
    kernels : list of Kernel
    places : list of int
        Offsets of the pairs of places for carries, in bytes from the beginning of its memory.
    workspace : int
        Offset of the memory of the sub-lists.
    size : int
        Bytes in all.
    """

    kernels: list[Kernel]
    places: list[int]
    workspace: int
    size: int


def carries_of(stmt: Statement, part: str, lst: WengertList) -> list[tuple[Variable, Any]]:
    """The carries of `lst`, the body of a loop: as it takes them, and as the next round takes them."""
    prim = stmt.prim
    if not isinstance(prim, (Loop, While)) or part != "body":
        return []
    inputs = lst.inputs[1:] if isinstance(prim, Loop) else lst.inputs
    return list(zip(prim.layout.split(inputs)[1], lst.outputs, strict=False))


def planned(stmt: Statement, kernels: Sequence[Kernel]) -> ControlPlan:
    """Where the parts of a statement's memory are."""
    places, offset = [], 0
    if isinstance(stmt.prim, (Loop, While)):
        lent = kernels[list(stmt.prim.sublists).index("body")].layout.lent
        for k, y in enumerate(stmt.targets[: stmt.prim.carries]):
            places.append(offset)
            offset += _bytes(y.type) * (1 if k in lent else 2)
    size = offset + max((kernel.layout.size for kernel in kernels), default=0)
    return ControlPlan(list(kernels), places, offset, size)


def _bytes(kind: ArrayType) -> int:
    return whole_lines(max(kind.size, 1) * kind.dtype.itemsize)


def _exact_bytes(kind: ArrayType) -> int:
    return kind.size * kind.dtype.itemsize


def write(body: Body, stmt: Statement, plan: ControlPlan) -> None:
    """Write a control statement."""
    writer = _Writer(body, stmt, plan)
    prim = stmt.prim
    if isinstance(prim, Loop):
        writer.loop(prim)
    elif isinstance(prim, While):
        writer.while_loop(prim)
    elif isinstance(prim, Branches):
        writer.branches()
    else:
        writer.call(plan.kernels[0], writer.operands(), writer.targets())


class _Writer:
    """Writes one control statement into the function of its group."""

    def __init__(self, body: Body, stmt: Statement, plan: ControlPlan) -> None:
        self.body, self.stmt, self.plan = body, stmt, plan
        self.function: Function = body.function
        self.memory = body.writer.scratch()
        widest = max((len(lst.inputs) + len(lst.outputs) for lst in lists_of(stmt)), default=1)
        self._arguments = self.function.value(f"alloca [{widest} x ptr]")

    def operands(self) -> list[str]:
        """Pointers to the operands."""
        kinds = _input_types(self.stmt)
        return [self._pointer(x, kind) for x, kind in zip(self.stmt.operands, kinds, strict=True)]

    def _pointer(self, x: Any, kind: ArrayType) -> str:
        if isinstance(x, Variable):
            return self.body.writer.pointer(x)
        return self.body.writer.unit.constant(np.broadcast_to(np.asarray(x, kind.dtype), kind.shape))

    def targets(self) -> list[str]:
        """Pointers to the results."""
        return [self.body.writer.pointer(v) for v in self.stmt.targets]

    def call(self, kernel: Kernel, inputs: Sequence[str], outputs: Sequence[str]) -> None:
        """Call the function of a sub-list."""
        for k, pointer in enumerate([*inputs, *outputs]):
            slot = self.function.value(f"getelementptr inbounds ptr, ptr {self._arguments}, i64 {k}")
            self.function.line(f"store ptr {pointer}, ptr {slot}")
        workspace = self._at(self.memory, self.plan.workspace)
        failure = self.function.value(f"call i32 @{kernel.name}(ptr {self._arguments}, ptr {workspace})")
        if kernel.can_fail:
            error = self.body.writer.error()
            before = self.function.value(f"load i32, ptr {error}")
            self.function.line(f"store i32 {self.function.value(f'or i32 {before}, {failure}')}, ptr {error}")

    def _at(self, pointer: str, offset: int | str) -> str:
        return (
            pointer if offset == 0 else self.function.value(f"getelementptr inbounds i8, ptr {pointer}, i64 {offset}")
        )

    def _copy(self, target: str, source: str, kind: ArrayType) -> None:
        if not kind.size:
            return
        self.function.module.declare("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
        self.function.line(
            f"call void @llvm.memcpy.p0.p0.i64(ptr {target}, ptr {source}, i64 {_exact_bytes(kind)}, i1 false)"
        )

    def _row(self, pointer: str, kind: ArrayType, k: str) -> str:
        """The part of an array for one round."""
        rows = kind.shape[0]
        if not kind.size:
            return pointer
        return self._at(pointer, self.function.value(f"mul nsw i64 {k}, {_exact_bytes(kind) // rows}"))

    # Loops.

    def _carried(self, begin: Sequence[str], kinds: Sequence[ArrayType], lent: frozenset[int]) -> list[tuple[str, str]]:
        """For each carry the place that has its first value, and the other one; the same for one updated in place."""
        pairs: list[tuple[str, str]] = []
        for pointer, kind, offset in zip(begin, kinds, self.plan.places, strict=True):
            place = self._at(self.memory, offset)
            self._copy(place, pointer, kind)
            is_lent = len(pairs) in lent
            pairs.append((place, place if is_lent else self._at(self.memory, offset + _bytes(kind))))
        return pairs

    def _finish(self, places: Sequence[str], kinds: Sequence[ArrayType]) -> None:
        for target, place, kind in zip(self.targets(), places, kinds, strict=False):
            self._copy(target, place, kind)

    def loop(self, prim: Loop) -> None:
        """Write rounds whose number is known."""
        function, targets = self.function, self.targets()
        constants, begin, xs = prim.layout.split(self.operands())
        kinds = [v.type for v in self.stmt.targets]
        of_carries, of_ys = kinds[: prim.carries], kinds[prim.carries :]
        if not prim.length:
            for target, pointer, kind in zip(targets, begin, of_carries, strict=False):
                self._copy(target, pointer, kind)
            return
        number = function.value("alloca i64")
        pairs = self._carried(begin, of_carries, self.plan.kernels[0].layout.lent)
        x_kinds = [ArrayType.of(x) for x in prim.layout.split(self.stmt.operands)[2]]
        with function.loop(prim.length, [("ptr", place) for pair in pairs for place in pair]) as loop:
            k = function.value(f"sub nsw i64 {prim.length - 1}, {loop.index}") if prim.reverse else loop.index
            function.line(f"store i64 {function.value(f'add nsw i64 {k}, {prim.start}')}, ptr {number}")
            old, new = loop.values[::2], loop.values[1::2]
            slices = [self._row(x, kind, k) for x, kind in zip(xs, x_kinds, strict=True)]
            stacks = [self._row(y, kind, k) for y, kind in zip(targets[prim.carries :], of_ys, strict=True)]
            self.call(self.plan.kernels[0], [number, *constants, *old, *slices], [*new, *stacks])
            loop.next = [place for pair in zip(new, old, strict=True) for place in pair]
        self._finish(loop.results[::2], of_carries)

    def while_loop(self, prim: While) -> None:
        """Write rounds as long as a condition holds."""
        function = self.function
        constants, begin, _ = prim.layout.split(self.operands())
        kinds = [v.type for v in self.stmt.targets]
        answer = function.value("alloca i8")
        body, cond = self._named("body"), self._named("while")
        pairs = self._carried(begin, kinds, body.layout.lent)
        before, head, inside, after = function.block, *(function.name(x) for x in ("while", "round", "done"))
        names = [f"%{head}.p{k}" for k in range(2 * len(pairs))]
        function.line(f"br label %{head}")
        function.begin(head)
        flat = [place for pair in pairs for place in pair]
        turned = [name for k in range(0, len(names), 2) for name in (names[k + 1], names[k])]
        for name, first, following in zip(names, flat, turned, strict=True):
            function.line(f"{name} = phi ptr [ {first}, %{before} ], [ {following}, %{inside} ]")
        self.call(cond, [*constants, *names[::2]], [answer])
        test = function.value(f"trunc i8 {function.value(f'load i8, ptr {answer}')} to i1")
        function.line(f"br i1 {test}, label %{inside}, label %{after}")
        function.begin(inside)
        self.call(body, [*constants, *names[::2]], names[1::2])
        function.line(f"br label %{head}")
        function.begin(after)
        self._finish(names[::2], kinds)

    def _named(self, part: str) -> Kernel:
        return self.plan.kernels[list(self.stmt.prim.sublists).index(part)]

    # Branches.

    def branches(self) -> None:
        """Write a choice of two lists by a bool."""
        function = self.function
        index, *operands = self.operands()
        test = function.value(f"trunc i8 {function.value(f'load i8, ptr {index}')} to i1")
        yes, no, after = (function.name(x) for x in ("yes", "no", "after"))
        function.line(f"br i1 {test}, label %{yes}, label %{no}")
        for label, kernel in ((no, self.plan.kernels[0]), (yes, self.plan.kernels[1])):
            function.begin(label)
            self.call(kernel, operands, self.targets())
            function.line(f"br label %{after}")
        function.begin(after)


def _input_types(stmt: Statement) -> list[ArrayType]:
    """The types that a statement takes its operands in: those that its lists say."""
    prim = stmt.prim
    if isinstance(prim, Branches):
        return [ArrayType((), np.dtype(bool)), *(v.type for v in prim.lists[0].inputs)]
    if not isinstance(prim, Loop):
        return [v.type for v in list(prim.sublists.values())[-1].inputs]
    constants, carries, _ = prim.layout.split([v.type for v in prim.body.inputs[1:]])
    xs = prim.layout.split(stmt.operands)[2]
    return [*constants, *carries, *map(ArrayType.of, xs)]
