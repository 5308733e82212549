"""Control statements: their sub-lists are functions of their own, called with pointers to their inputs and outputs.

A carry that is an array needs two places besides the one that it begins in, which is only read: a round reads one and
writes the other, and then they change roles. One of the two is the result, the one that the last round writes where the
number of rounds is known. Numbers and tiny arrays have places of their own on the stack, of which LLVM makes registers,
and are copied at the end of a round. One that is updated in place (`Layout.lent`) has one place, that of the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.control import Branches, Call, Loop, While
from wengert.native.stacks import Table, entry_of, is_stack, reserve, room, row_bytes
from wengert.native.writing import ALIGNMENT, MEMORY, Function, whole_lines
from wengert.wlist import ANY, ArrayType, Statement, Variable, WengertList

if TYPE_CHECKING:
    from wengert.native.body import Body
    from wengert.native.emission import Kernel

__all__ = ["NO_BRANCH", "ControlPlan", "carries_of", "is_control", "lists_of", "planned", "write"]

#: What a kernel returns where an index names no branch.
NO_BRANCH = 64

#: Bytes of the arrays that have places on the stack, as numbers have.
_TINY = 128


def is_control(stmt: Statement) -> bool:
    """Whether machine code can be written for a control statement whose lists are native."""
    prim = stmt.prim
    operands, targets = list(map(ArrayType.of, stmt.operands)), [v.type for v in stmt.targets]
    if isinstance(prim, While):
        number = prim.carries + 1
        return _are_known([*operands, *targets[:number]]) and all(map(is_stack, targets[number:]))
    if isinstance(prim, Loop) and prim.length is None:
        # Only of stacks, each of which says how long it is.
        xs = prim.layout.split(stmt.operands)[2]
        constants, carries, of_xs = prim.layout.split(operands)
        is_counted = constants[0] == ArrayType((), np.dtype(np.int64))
        are_stacks = all(map(is_stack, [*of_xs, *targets[prim.carries :]])) and all(isinstance(x, Variable) for x in xs)
        return is_counted and are_stacks and _are_known([*constants, *carries, *targets[: prim.carries]])
    return isinstance(prim, (Branches, Loop, Call)) and _are_known([*operands, *targets])


def _are_known(kinds: Sequence[ArrayType]) -> bool:
    return not any(ANY in kind.shape for kind in kinds)


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
        Offsets of the second places for carries, in bytes from the beginning of its memory.
    workspace : int
        Offset of the memory of the sub-lists.
    size : int
        Bytes in all.
    first, stacks : int
        Of the blocks of the stacks that it makes: the first one's number in the table, and how many there are.
    """

    kernels: list[Kernel]
    places: list[int]
    workspace: int
    size: int
    first: int
    stacks: int

    @property
    def calls_back(self) -> bool:
        """Whether some sub-list has a statement that is called back."""
        return any(kernel.calls_back for kernel in self.kernels)

    def kept(self, stmt: Statement) -> Iterator[tuple[Variable, Variable]]:
        """Results of a loop, and the operands that its rounds update in place."""
        prim = stmt.prim
        if isinstance(prim, (Loop, While)):
            begin = prim.layout.split(stmt.operands)[1]
            for k in self.kernels[list(prim.sublists).index("body")].layout.lent:
                if isinstance(begin[k], Variable) and begin[k].shape:
                    yield stmt.targets[k], begin[k]


def carries_of(stmt: Statement, part: str, lst: WengertList) -> list[tuple[Variable, Any]]:
    """The carries of `lst`, the body of a loop: as it takes them, and as the next round takes them."""
    prim = stmt.prim
    if not isinstance(prim, (Loop, While)) or part != "body":
        return []
    inputs = lst.inputs[1:] if isinstance(prim, Loop) else lst.inputs
    return list(zip(prim.layout.split(inputs)[1], lst.outputs, strict=False))


def planned(stmt: Statement, kernels: Sequence[Kernel], table: Table) -> ControlPlan:
    """Where the parts of a statement's memory are."""
    places, offset = [], 0
    if isinstance(stmt.prim, (Loop, While)):
        lent = kernels[list(stmt.prim.sublists).index("body")].layout.lent
        for k, y in enumerate(stmt.targets[: stmt.prim.carries]):
            places.append(offset)
            offset += _bytes(y.type) if k not in lent and not is_tiny(y.type) else 0
    size = offset + max((kernel.layout.size for kernel in kernels), default=0)
    stacks = sum(is_stack(v.type) for v in stmt.targets)
    return ControlPlan(list(kernels), places, offset, size, table.add(stacks), stacks)


def is_tiny(kind: ArrayType) -> bool:
    """Whether a value is a number, or an array that is copied as fast as a pointer to it."""
    return ANY not in kind.shape and _exact_bytes(kind) <= _TINY


def stack_place(kind: ArrayType) -> str:
    """The instruction that makes a place on the stack."""
    if ANY in kind.shape:
        return "alloca { ptr, i64 }"
    word = MEMORY[kind.dtype.name]
    return f"alloca [{kind.size} x {word}], align {ALIGNMENT}" if kind.shape else f"alloca {word}"


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
        writer.branches(prim)
    else:
        writer.call(plan.kernels[0], writer.operands(), writer.targets())


@dataclass(slots=True)
class _Carries:
    """Where the carries of a loop are.

    Attributes
    ----------
    old, new : list of str
        Pointers to what a round reads and writes.
    others : dict
        Number of a carry whose places change roles → the place that the next round writes.
    """

    writer: _Writer
    kinds: Sequence[ArrayType]
    targets: Sequence[str]
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    others: dict[int, str] = field(default_factory=dict)

    def begin(self, begin: Sequence[str], lent: frozenset[int], rounds: int | None) -> None:
        """Before the first round, of a number of rounds if it is known; where there is no pointer they are zeros."""
        writer = self.writer
        for k, (pointer, kind, target) in enumerate(zip(begin, self.kinds, self.targets, strict=False)):
            if is_tiny(kind):
                place = writer.function.first(stack_place(kind))
                writer.fill(place, pointer, kind)
                self.old.append(place)
                self.new.append(place if k in lent else writer.function.first(stack_place(kind)))
            elif k in lent:
                if pointer != target:
                    writer.fill(target, pointer, kind)
                self.old.append(target)
                self.new.append(target)
            else:
                place = writer.at(writer.memory, writer.plan.places[k])
                is_even = rounds is not None and rounds % 2 == 0
                new, other = (place, target) if is_even else (target, place)
                if not pointer:
                    writer.fill(other, pointer, kind)
                self.old.append(pointer or other)
                self.new.append(new)
                self.others[k] = other

    @property
    def pointers(self) -> list[str]:
        """What changes from round to round, to be the first values of a loop."""
        return [x for k, other in self.others.items() for x in (self.old[k], self.new[k], other)]

    def enter(self, values: Sequence[str]) -> None:
        """Inside of the loop, `pointers` have these names."""
        for k, old, new, other in zip(self.others, values[::3], values[1::3], values[2::3], strict=True):
            self.old[k], self.new[k], self.others[k] = old, new, other

    def turn(self) -> None:
        """At the end of a round: numbers take the place of the old ones."""
        for k, kind in enumerate(self.kinds):
            if is_tiny(kind) and self.old[k] != self.new[k]:
                self.writer.copy(self.old[k], self.new[k], kind)

    def following(self) -> list[str]:
        """`pointers` of the next round."""
        return [x for k, other in self.others.items() for x in (self.new[k], other, self.new[k])]

    def finish(self, is_known: bool) -> None:
        """After the last round, when `old` are the results: put them into their places."""
        writer = self.writer
        for k, (target, kind) in enumerate(zip(self.targets, self.kinds, strict=False)):
            if is_tiny(kind):
                writer.copy(target, self.old[k], kind)
            elif k in self.others and not is_known:
                with writer.unless(f"icmp eq ptr {self.old[k]}, {target}"):
                    writer.copy(target, self.old[k], kind)


@dataclass(slots=True)
class _Arrays:
    """What the rounds of a `Loop` read and write besides its carries.

    Attributes
    ----------
    constants, xs, ys : sequence of str
        Pointers to constants, and to what is taken apart and stacked.
    length : int or str
        The number of rounds.
    """

    writer: _Writer
    prim: Loop
    constants: Sequence[str]
    xs: Sequence[str]
    ys: Sequence[str]
    length: int | str
    number: str = ""

    def __post_init__(self) -> None:
        self.number = self.writer.function.first("alloca i64")

    def round(self, carries: _Carries, index: str) -> None:
        """Call the body in the round that is done as number `index`."""
        writer, prim, function, k = self.writer, self.prim, self.writer.function, index
        if prim.reverse:
            last = self.length - 1 if isinstance(self.length, int) else function.value(f"sub nsw i64 {self.length}, 1")
            k = function.value(f"sub nsw i64 {last}, {index}")
        function.line(f"store i64 {function.value(f'add nsw i64 {k}, {prim.start}')}, ptr {self.number}")
        slices = self._rows(self.xs, prim.layout.split(writer.stmt.operands)[2], k)
        places = self._rows(self.ys, writer.stmt.targets[prim.carries :], k)
        kernel = writer.plan.kernels[0]
        writer.call(kernel, [self.number, *self.constants, *carries.old, *slices], [*carries.new, *places])

    def _rows(self, pointers: Sequence[str], arrays: Iterable[Any], k: str) -> list[str]:
        function, stride = self.writer.function, self.writer.body.writer.stride
        return [
            self.writer.at(pointer, function.value(f"mul nsw i64 {k}, {stride(x)}"))
            for pointer, x in zip(pointers, arrays, strict=True)
        ]


@dataclass(slots=True)
class _Rounds:
    """Rounds of an unknown number that are being written.

    Attributes
    ----------
    index : str
        The number of the round; after the last one, how many there were.
    done : str
        The label of what comes after the loop.
    """

    function: Function
    index: str
    done: str

    def enter_if(self, test: str) -> None:
        """Go on with the round if a test holds, else leave the loop."""
        inside = self.function.name("round")
        self.function.line(f"br i1 {test}, label %{inside}, label %{self.done}")
        self.function.begin(inside)


class _Blocks:
    """The blocks of the stacks of a `While`, and for how many rows there is room: in registers as long as it runs."""

    def __init__(self, writer: _Writer, kinds: Sequence[ArrayType]) -> None:
        self._writer, self._sizes = writer, [row_bytes(ArrayType((ANY, *kind.shape), kind.dtype)) for kind in kinds]
        function = writer.function
        self._room = function.first("alloca i64")
        self._blocks = [function.first("alloca ptr") for _ in kinds]
        if kinds:
            self._refresh()

    def _refresh(self) -> None:
        function, entries = self._writer.function, self._writer.entries
        function.line(f"store i64 {room(function, entries[0])}, ptr {self._room}")
        for place, entry in zip(self._blocks, entries, strict=True):
            function.line(f"store ptr {function.value(f'load ptr, ptr {entry}')}, ptr {place}")

    def make_room(self, rounds: _Rounds) -> None:
        """For the rows of this round; leave the loop where there is no memory."""
        writer, function = self._writer, self._writer.function
        with writer.unless(f"icmp ult i64 {rounds.index}, {function.value(f'load i64, ptr {self._room}')}"):
            needed = function.value(f"add nuw nsw i64 {rounds.index}, 1")
            failure = reserve(function, writer.entries, self._sizes, needed)
            writer.note(failure)
            self._refresh()
            rounds.enter_if(function.value(f"icmp eq i32 {failure}, 0"))

    def rows(self, index: str) -> list[str]:
        """Pointers to the rows of a round."""
        function = self._writer.function
        blocks = [function.value(f"load ptr, ptr {place}") for place in self._blocks]
        places = [function.value(f"mul nsw i64 {index}, {size}") for size in self._sizes]
        return [self._writer.at(block, place) for block, place in zip(blocks, places, strict=True)]


class _Writer:
    """Writes one control statement into the function of its group."""

    def __init__(self, body: Body, stmt: Statement, plan: ControlPlan) -> None:
        self.body, self.stmt, self.plan = body, stmt, plan
        self.function: Function = body.function
        self.memory = body.writer.scratch()
        widest = max((len(lst.inputs) + len(lst.outputs) for lst in lists_of(stmt)), default=1)
        self._arguments = self.function.value(f"alloca [{widest} x ptr]")
        self.entries = [entry_of(self.function, body.writer.stacks(), plan.first + k) for k in range(plan.stacks)]

    def operands(self) -> list[str]:
        """Pointers to the operands; none to arrays of zeros that carries begin with."""
        stmt, kinds = self.stmt, _input_types(self.stmt)
        carried: Sequence[int] = ()
        if isinstance(stmt.prim, (Loop, While)):
            carried = stmt.prim.layout.split(range(len(kinds)))[1]
        return [
            "" if k in carried and kind.shape and _is_zero(x) else self._pointer(x, kind)
            for k, (x, kind) in enumerate(zip(stmt.operands, kinds, strict=True))
        ]

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
        workspace = self.at(self.memory, self.plan.workspace)
        stacks = self.body.writer.stacks() if kernel.stacks else "null"
        failure = self.function.value(f"call i32 @{kernel.name}(ptr {self._arguments}, ptr {workspace}, ptr {stacks})")
        if kernel.can_fail:
            self.note(failure)

    def note(self, failure: str) -> None:
        """Add what went wrong to what the kernel returns."""
        error = self.body.writer.error()
        before = self.function.value(f"load i32, ptr {error}")
        self.function.line(f"store i32 {self.function.value(f'or i32 {before}, {failure}')}, ptr {error}")

    def at(self, pointer: str, offset: int | str) -> str:
        """The address so many bytes behind another one."""
        return (
            pointer if offset == 0 else self.function.value(f"getelementptr inbounds i8, ptr {pointer}, i64 {offset}")
        )

    def copy(self, target: str, source: str, kind: ArrayType) -> None:
        """Copy a whole array, or a number."""
        if not kind.shape:
            word = MEMORY[kind.dtype.name]
            self.function.line(f"store {word} {self.function.value(f'load {word}, ptr {source}')}, ptr {target}")
        elif kind.size:
            self.function.module.declare("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
            self.function.line(
                f"call void @llvm.memcpy.p0.p0.i64(ptr {target}, ptr {source}, i64 {_exact_bytes(kind)}, i1 false)"
            )

    def fill(self, target: str, source: str, kind: ArrayType) -> None:
        """Copy a whole array, or zeros where there is no pointer to one."""
        if source:
            self.copy(target, source, kind)
        elif kind.size:
            self.function.module.declare("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
            self.function.line(f"call void @llvm.memset.p0.i64(ptr {target}, i8 0, i64 {_exact_bytes(kind)}, i1 false)")

    @contextmanager
    def unless(self, test: str) -> Iterator[None]:
        """What is written inside is done only where a test fails."""
        function = self.function
        inside, after = function.name("unless"), function.name("after")
        function.line(f"br i1 {function.value(test)}, label %{after}, label %{inside}")
        function.begin(inside)
        yield
        function.line(f"br label %{after}")
        function.begin(after)

    # Loops.

    def loop(self, prim: Loop) -> None:
        """Write rounds whose number is known before the first."""
        if prim.length is None:
            self._counted_loop(prim)
            return
        targets = self.targets()
        constants, begin, xs = prim.layout.split(self.operands())
        kinds = [v.type for v in self.stmt.targets]
        if not prim.length:
            for target, pointer, kind in zip(targets, begin, kinds[: prim.carries], strict=False):
                self.fill(target, pointer, kind)
            return
        carries = _Carries(self, kinds[: prim.carries], targets)
        carries.begin(begin, self.plan.kernels[0].layout.lent, prim.length)
        arrays = _Arrays(self, prim, constants, xs, targets[prim.carries :], prim.length)
        with self.function.loop(prim.length, [("ptr", place) for place in carries.pointers]) as loop:
            carries.enter(loop.values)
            arrays.round(carries, loop.index)
            carries.turn()
            loop.next = carries.following()
            if self.plan.calls_back:
                loop.leave = self._has_failed()
        carries.enter(loop.results)
        carries.finish(is_known=True)

    def _counted_loop(self, prim: Loop) -> None:
        """Write rounds over stacks, as many as the first constant says."""
        function, targets = self.function, self.targets()
        constants, begin, xs = prim.layout.split(self.operands())
        kinds = [v.type for v in self.stmt.targets]
        length = self._checked_length(constants[0], xs)
        rows = [function.value(f"load ptr, ptr {x}") for x in xs]
        of_stacks = kinds[prim.carries :]
        if self.entries:
            length = self._with_room(of_stacks, length)
        blocks = [function.value(f"load ptr, ptr {entry}") for entry in self.entries]
        for target, block in zip(targets[prim.carries :], blocks, strict=True):
            self._keep(target, block, length)
        carries = _Carries(self, kinds[: prim.carries], targets)
        carries.begin(begin, self.plan.kernels[0].layout.lent, None)
        arrays = _Arrays(self, prim, constants, rows, blocks, length)
        with self._as_long_as(carries) as rounds:
            rounds.enter_if(function.value(f"icmp slt i64 {rounds.index}, {length}"))
            arrays.round(carries, rounds.index)
            self._leave_if_failed(rounds)
        carries.finish(is_known=False)

    def _has_failed(self) -> str:
        """Whether something has gone wrong: the carries may be anything then."""
        error = self.function.value(f"load i32, ptr {self.body.writer.error()}")
        return self.function.value(f"icmp ne i32 {error}, 0")

    def _leave_if_failed(self, rounds: _Rounds) -> None:
        """Do no other round after an error of a call back, which may be one that stops all."""
        if self.plan.calls_back:
            rounds.enter_if(self.function.value(f"xor i1 {self._has_failed()}, true"))

    def _checked_length(self, number: str, stacks: Sequence[str]) -> str:
        """The number of rounds; none, and an error, where a stack is shorter, which no list makes so."""
        function = self.function
        length = function.value(f"load i64, ptr {number}")
        for stack in dict.fromkeys(stacks):
            rows = function.value(f"load i64, ptr {self.at(stack, 8)}")
            is_right = function.value(f"icmp sle i64 {length}, {rows}")
            length = function.value(f"select i1 {is_right}, i64 {length}, i64 0")
            self.note(function.value(f"select i1 {is_right}, i32 0, i32 1"))
        return length

    def _with_room(self, kinds: Sequence[ArrayType], length: str) -> str:
        """The number of rounds after there is room for its stacks; none if there is no memory."""
        function = self.function
        is_enough = f"icmp sle i64 {length}, {room(function, self.entries[0])}"
        begun = function.first("alloca i64")
        function.line(f"store i64 {length}, ptr {begun}")
        with self.unless(is_enough):
            failure = reserve(function, self.entries, list(map(row_bytes, kinds)), length)
            self.note(failure)
            is_well = function.value(f"icmp eq i32 {failure}, 0")
            function.line(f"store i64 {function.value(f'select i1 {is_well}, i64 {length}, i64 0')}, ptr {begun}")
        return function.value(f"load i64, ptr {begun}")

    def _keep(self, target: str, block: str, rows: str) -> None:
        """Let a stack be so many rows of a block."""
        self.function.line(f"store ptr {block}, ptr {target}")
        self.function.line(f"store i64 {rows}, ptr {self.at(target, 8)}")

    def while_loop(self, prim: While) -> None:
        """Write rounds as long as a condition holds; stacks grow meanwhile."""
        function, targets = self.function, self.targets()
        constants, begin, _ = prim.layout.split(self.operands())
        kinds = [v.type for v in self.stmt.targets]
        answer = function.first("alloca i8")
        body, cond = self._named("body"), self._named("while")
        carries = _Carries(self, kinds[: prim.carries], targets)
        carries.begin(begin, body.layout.lent, None)
        kept = [carries.kinds[k] for k in prim.kept or ()]
        blocks = _Blocks(self, kept)
        with self._as_long_as(carries) as rounds:
            self.call(cond, [*constants, *carries.old], [answer])
            goes_on = function.value(f"trunc i8 {function.value(f'load i8, ptr {answer}')} to i1")
            if cond.can_fail or body.can_fail:
                # After an error the carries may be anything, and the condition may hold for ever.
                error = function.value(f"load i32, ptr {self.body.writer.error()}")
                is_well = function.value(f"icmp eq i32 {error}, 0")
                goes_on = function.value(f"and i1 {goes_on}, {is_well}")
            rounds.enter_if(goes_on)
            if kept:
                blocks.make_room(rounds)
            for k, kind, place in zip(prim.kept or (), kept, blocks.rows(rounds.index), strict=True):
                self.copy(place, carries.old[k], kind)
            self.call(body, [*constants, *carries.old], carries.new)
            self._leave_if_failed(rounds)
        carries.finish(is_known=False)
        if prim.kept is not None:
            function.line(f"store i64 {rounds.index}, ptr {targets[prim.carries]}")
            for target, entry in zip(targets[prim.carries + 1 :], self.entries, strict=True):
                self._keep(target, function.value(f"load ptr, ptr {entry}"), rounds.index)

    @contextmanager
    def _as_long_as(self, carries: _Carries) -> Iterator[_Rounds]:
        """Rounds that end where `_Rounds.enter_if` is told so, or at a branch to `_Rounds.done`."""
        function, before = self.function, self.function.block
        head = function.name("while")
        rounds = _Rounds(function, f"%{head}.i", f"{head}.done")
        first = carries.pointers
        names = [f"%{head}.p{k}" for k in range(len(first))]
        carries.enter(names)
        following = carries.following()
        function.line(f"br label %{head}")
        function.begin(head)
        function.line(f"{rounds.index} = phi i64 [ 0, %{before} ], [ %{head}.n, %{head}.again ]")
        for name, pointer, new in zip(names, first, following, strict=True):
            function.line(f"{name} = phi ptr [ {pointer}, %{before} ], [ {new}, %{head}.again ]")
        yield rounds
        carries.turn()
        function.line(f"br label %{head}.again")
        function.begin(f"{head}.again")
        function.line(f"%{head}.n = add nuw nsw i64 {rounds.index}, 1")
        function.line(f"br label %{head}")
        function.begin(rounds.done)

    def _named(self, part: str) -> Kernel:
        return self.plan.kernels[list(self.stmt.prim.sublists).index(part)]

    # Branches.

    def branches(self, prim: Branches) -> None:
        """Write a choice of lists by a bool or an integer."""
        function = self.function
        index, *operands = self.operands()
        kind = MEMORY[_input_types(self.stmt)[0].dtype.name]
        number, after = function.value(f"load {kind}, ptr {index}"), function.name("after")
        labels = [function.name("branch") for _ in prim.lists]
        is_cond = prim.name == "cond"
        other = labels[1] if is_cond else function.name("none")  # a bool that is not 0 is true
        cases = " ".join(f"{kind} {k}, label %{label}" for k, label in enumerate(labels[:1] if is_cond else labels))
        function.line(f"switch {kind} {number}, label %{other} [ {cases} ]")
        for label, kernel in zip(labels, self.plan.kernels, strict=True):
            function.begin(label)
            self.call(kernel, operands, self.targets())
            function.line(f"br label %{after}")
        if not is_cond:
            function.begin(other)
            self.note(str(NO_BRANCH))
            function.line(f"br label %{after}")
        function.begin(after)


def _is_zero(x: Any) -> bool:
    """Whether it is a constant all of whose bytes are zero."""
    return not isinstance(x, Variable) and not np.ascontiguousarray(x).view(np.uint8).any()


def _input_types(stmt: Statement) -> list[ArrayType]:
    """The types that a statement takes its operands in: those that its lists say."""
    prim = stmt.prim
    if isinstance(prim, Branches):
        kind = np.dtype(bool) if prim.name == "cond" else ArrayType.of(stmt.operands[0]).dtype
        return [ArrayType((), kind), *(v.type for v in prim.lists[0].inputs)]
    if not isinstance(prim, Loop):
        return [v.type for v in list(prim.sublists.values())[-1].inputs]
    constants, carries, _ = prim.layout.split([v.type for v in prim.body.inputs[1:]])
    xs = prim.layout.split(stmt.operands)[2]
    return [*constants, *carries, *map(ArrayType.of, xs)]
