"""The text of LLVM functions, line by line.

A value in a register has one of the types of `REGISTERS`; in memory a bool takes a byte. Names are drawn in order, so
that equal lists give equal text.

A register may also be a *vector*: `LANES` numbers, one for each of as many rows that are computed together. Its name
begins with ``%v``; an operation is one of vectors as soon as one of its operands is, and the others are the same in all
lanes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = [
    "ALIGNMENT",
    "LANES",
    "MEMORY",
    "REGISTERS",
    "Function",
    "Later",
    "Module",
    "is_vector",
    "literal",
    "name_of",
    "whole_lines",
    "word",
]

#: Numbers in a vector. LLVM takes as many registers of the processor as they need: one of AVX-512, two of AVX2.
LANES = 8

#: LLVM's types of the dtypes that native code knows, in a register and in memory. Some are only moved in memory.
REGISTERS = {"float64": "double", "float32": "float", "int64": "i64", "int32": "i32", "bool": "i1"}
MEMORY = {
    **REGISTERS, "bool": "i8", "int8": "i8", "int16": "i16", "uint8": "i8", "uint16": "i16", "uint32": "i32",
    "uint64": "i64", "float16": "i16", "complex64": "{ float, float }", "complex128": "{ double, double }",
}  # fmt: skip

#: What all functions promise that are part of a list, by the number 0.
NO_UNWIND = "nounwind"

#: What arrays in a workspace are aligned to, in bytes: a line of the cache.
ALIGNMENT = 64


_names: dict[np.dtype[Any], str] = {}


def name_of(dtype: np.dtype[Any]) -> str:
    """The name of a dtype, which NumPy puts together anew each time it is asked."""
    found = _names.get(dtype)
    if found is None:
        found = _names[dtype] = dtype.name
    return found


def whole_lines(size: int) -> int:
    """A number of bytes, made up to whole lines of the cache."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def is_vector(register: str) -> bool:
    """Whether a register, or a constant, has a number for each lane."""
    return register.startswith(("%v", "<", "splat"))


def word(dtype: np.dtype[Any], is_wide: bool = False) -> str:
    """LLVM's type of a register, or of a vector."""
    return f"<{LANES} x {REGISTERS[name_of(dtype)]}>" if is_wide else REGISTERS[name_of(dtype)]


def literal(value: object, dtype: np.dtype[Any]) -> str:
    """A constant of a register type; floats by their bits, so that nothing is rounded."""
    if dtype.kind == "f":
        # LLVM writes a float by the bits of the double of the same value.
        return f"0x{np.float64(np.asarray(value, dtype)).view(np.uint64):016X}"
    return str(int(np.asarray(value, dtype)))


@dataclass(slots=True)
class Module:
    """Functions, and what they need to be declared: each line once."""

    declarations: dict[str, None] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)
    _shared: dict[str, str] = field(default_factory=dict)

    def shared(self, text: str, placeholder: str, name: str) -> str:
        """Add a function called `placeholder` in its text; the result is its name, or that of an equal one before."""
        if text not in self._shared:
            self._shared[text] = name
            self.functions.append(text.replace(f"@{placeholder}(", f"@{name}(", 1))
        return self._shared[text]

    def unrolling(self) -> str:
        """What stands behind the branch of a loop that LLVM is to write out round by round."""
        self.declare('!1 = !{!"llvm.loop.unroll.full"}')
        self.declare("!0 = distinct !{!0, !1}")
        return ", !llvm.loop !0"

    def declare(self, line: str) -> None:
        """Add a line at module level, such as ``declare double @sin(double)``."""
        self.declarations[line] = None

    def __str__(self) -> str:
        functions = self._with_inlining()
        return "\n".join([*self.declarations, *functions]) + "\n"

    def _with_inlining(self) -> list[str]:
        """The functions; those that may be put in the place of their only call are so before LLVM optimises them.

        It would do so in any case, but optimise them first alone and then once more in each function around them.
        """
        heads = [_HEAD.match(text) for text in self.functions]
        if not any(heads):
            return self.functions
        calls = Counter(name for text in self.functions for name in _CALLED.findall(text))
        if once := {head[1] for head in heads if head and calls[head[1]] == 1}:
            self.declare(f"attributes #1 = {{ alwaysinline {NO_UNWIND} }}")
        found = zip(heads, self.functions, strict=True)
        return [text.replace(" #0 {", " #1 {", 1) if head and head[1] in once else text for head, text in found]


#: Groups and sub-lists; what else there is may be called from outside of the module.
_HEAD = re.compile(r"define internal [^@\n]*@([\w.]+\.[gl]\d+)\([^\n]*\) #0 \{")
_CALLED = re.compile(r"call [^@\n]*@([\w.]+)\(")


@dataclass(slots=True)
class Later:
    """Lines that are filled in when they are known; `block` is the one that they end in."""

    lines: list[Any]
    block: str = "entry"

    def __str__(self) -> str:
        return "\n".join(map(str, self.lines))


class Function:
    """A function being written.

    Parameters
    ----------
    module : Module
    head : str
        Such as ``define void @f(ptr %x)``; `attributes` follow it. It may be set later, when it is known what the
        function is given.
    """

    def __init__(self, module: Module, head: str = "", attributes: str = "") -> None:
        self.module, self.head = module, head
        self.attributes = attributes
        self._first: list[str] = []  # instructions that were put at the beginning
        self._lines: list[str | Later] = ["entry:", Later(self._first)]
        self._count = 0
        self.block = "entry"  # the label of the block that is being written
        self._pure: list[dict[str, str]] = [{}]  # what is known here, of the function, the loop, the loop inside, …
        self.unrolled: frozenset[int] = frozenset()  # loops of so many rounds are written out round by round, by LLVM

    def name(self, hint: str = "t") -> str:
        """A name that nothing else has."""
        self._count += 1
        return f"{hint}{self._count}"

    def line(self, text: str) -> None:
        """Write an instruction without result."""
        self._lines.append(f"  {text}")

    def value(self, text: str) -> str:
        """Write an instruction and return its result, such as ``%t7``."""
        result = f"%{self.name()}"
        self._lines.append(f"  {result} = {text}")
        return result

    def pure(self, text: str) -> str:
        """The result of an instruction that only depends on its operands: written once where it is known already."""
        for known in self._pure:
            if text in known:
                return known[text]
        result = self._pure[-1][text] = self.value(text)
        return result

    def vector(self, text: str) -> str:
        """Write an instruction whose result has a number for each lane, such as ``%v7``."""
        result = f"%{self.name('v')}"
        self._lines.append(f"  {result} = {text}")
        return result

    def wide(self, register: str, dtype: np.dtype[Any]) -> str:
        """A register or literal as an operand of vectors: what is no vector is the same in all lanes."""
        if is_vector(register):
            return register
        own = REGISTERS[name_of(dtype)]
        if not register.startswith("%"):
            return f"splat ({own} {register})"
        kind = word(dtype, True)
        inserted = self.vector(f"insertelement {kind} poison, {own} {register}, i64 0")
        return self.vector(f"shufflevector {kind} {inserted}, {kind} poison, <{LANES} x i32> zeroinitializer")

    def operation(self, name: str, dtype: np.dtype[Any], *operands: str) -> str:
        """Write an instruction of operands of one dtype, of vectors where one of them is, such as ``fadd``."""
        if any(map(is_vector, operands)):
            texts = [self.wide(x, dtype) for x in operands]
            return self.vector(f"{name} {word(dtype, True)} {', '.join(texts)}")
        return self.value(f"{name} {REGISTERS[name_of(dtype)]} {', '.join(operands)}")

    def first(self, text: str) -> str:
        """Write an instruction at the beginning of the function, and return its result."""
        result = f"%{self.name()}"
        self.first_line(f"{result} = {text}")
        return result

    def first_line(self, text: str) -> None:
        """Write an instruction at the beginning of the function, after those that were written so before."""
        self._first.append(f"  {text}")

    def begin(self, label: str) -> None:
        """Begin a block, of which it is not known what comes before it."""
        self._pure = [{}]
        self._begin(label)

    def _begin(self, label: str) -> None:
        self._lines.append(f"{label}:")
        self.block = label

    def finish(self, result: str = "void") -> None:
        """End the function with ``ret``, and put it into the module."""
        self.module.functions.append(self.text(result))

    def text(self, result: str = "void") -> str:
        """The whole function, ended with ``ret``."""
        lines = [text for line in self._lines if (text := str(line))]
        return "\n".join([f"{self.head} {self.attributes}{{", *lines, f"  ret {result}", "}"])

    def later(self) -> Later:
        """A place in the function that more may be written at, by `inserting`; a new block begins behind it."""
        place = Later([], self.block)
        self._lines.append(place)
        label = self.name("after")
        self.line(f"br label %{label}")
        self._begin(label)
        return place

    @contextmanager
    def inserting(self, place: Later) -> Iterator[None]:
        """Write at a place that `later` gave."""
        lines, block, known = self._lines, self.block, self._pure
        self._lines, self.block, self._pure = place.lines, place.block, [{}]
        yield
        place.block = self.block
        self._lines, self.block, self._pure = lines, block, known

    @contextmanager
    def loop(self, count: int | str, carried: Sequence[tuple[str, str]] = (), metadata: str = "") -> Iterator[Loop]:
        """Rounds from 0 up, ``count`` (at least one) of them; what is written inside is done in each.

        Parameters
        ----------
        count : int or str
            A number or a value of type i64.
        carried : sequence of (type, value)
            What each round replaces: its first values. Inside, `Loop.values` are those of the round, and `Loop.next`
            is to be filled with those of the next one; afterwards `Loop.results` are the last.
        """
        if isinstance(count, int) and count in self.unrolled:
            metadata = self.module.unrolling()
        before, label = self.block, self.name("loop")
        names = [f"%{'v' if kind.startswith('<') else ''}{label}.c{k}" for k, (kind, _) in enumerate(carried)]
        loop = Loop(f"%{label}.i", names)
        self.line(f"br label %{label}")
        self._begin(label)
        known = self._pure
        self._pure = [*known, {}]
        phis: list[str] = []
        self._lines.append(Later(phis))  # they are known at the end
        yield loop
        last = self.block
        following = self.value(f"add nuw nsw i64 {loop.index}, 1")
        test = self.value(f"icmp ult i64 {following}, {count}")
        if loop.leave:
            test = self.value(f"select i1 {loop.leave}, i1 false, i1 {test}")
        self.line(f"br i1 {test}, label %{label}, label %{label}.end{metadata}")
        phis.append(f"  {loop.index} = phi i64 [ 0, %{before} ], [ {following}, %{last} ]")
        for name, (kind, first), new in zip(loop.values, carried, loop.next, strict=True):
            phis.append(f"  {name} = phi {kind} [ {first}, %{before} ], [ {new}, %{last} ]")
        self._pure = known
        self._begin(f"{label}.end")
        loop.results = list(loop.next)

    def decided(self, condition: str, kind: str, first: str, second: str) -> str:
        """The first of two values where a register of type i1 holds, by a branch that LLVM is told to leave one."""
        self.module.declare('!2 = !{!"branch_weights", i32 4000, i32 1}')
        before, other = self.block, self.name("other")
        self.line(f"br i1 {condition}, label %{other}.end, label %{other}, !prof !2")
        self._begin(other)
        self.line(f"br label %{other}.end")
        self._begin(f"{other}.end")
        return self.value(f"phi {kind} [ {first}, %{before} ], [ {second}, %{other} ]")

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """What is written inside is done where a register of type i1 holds."""
        label = self.name("when")
        self.line(f"br i1 {condition}, label %{label}, label %{label}.end")
        known = self._pure
        self._pure = [*known, {}]
        self._begin(label)
        yield
        self.line(f"br label %{label}.end")
        self._pure = known
        self._begin(f"{label}.end")


@dataclass(slots=True)
class Loop:
    """A loop that is being written."""

    index: str
    values: list[str]
    next: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    leave: str = ""  # where this holds at the end of a round, there is no other
