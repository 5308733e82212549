"""The text of LLVM functions, line by line.

A value in a register has one of the types of `REGISTERS`; in memory a bool takes a byte. Names are drawn in order, so
that equal lists give equal text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["ALIGNMENT", "MEMORY", "REGISTERS", "Function", "Module", "literal", "whole_lines"]

#: LLVM's types of the dtypes that native code knows, in a register and in memory.
REGISTERS = {"float64": "double", "float32": "float", "int64": "i64", "int32": "i32", "bool": "i1"}
MEMORY = {**REGISTERS, "bool": "i8"}

#: What arrays in a workspace are aligned to, in bytes: a line of the cache.
ALIGNMENT = 64


def whole_lines(size: int) -> int:
    """A number of bytes, made up to whole lines of the cache."""
    return -(-size // ALIGNMENT) * ALIGNMENT


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

    def declare(self, line: str) -> None:
        """Add a line at module level, such as ``declare double @sin(double)``."""
        self.declarations[line] = None

    def __str__(self) -> str:
        return "\n".join([*self.declarations, *self.functions]) + "\n"


@dataclass(frozen=True, slots=True)
class _Later:
    """Lines that are filled in when they are known."""

    lines: list[str]

    def __str__(self) -> str:
        return "\n".join(self.lines)


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
        self._attributes = attributes
        self._lines: list[str | _Later] = ["entry:"]
        self._count = 0
        self._first = 0  # instructions that were put at the beginning
        self.block = "entry"  # the label of the block that is being written

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

    def first(self, text: str) -> str:
        """Write an instruction at the beginning of the function, and return its result."""
        result = f"%{self.name()}"
        self.first_line(f"{result} = {text}")
        return result

    def first_line(self, text: str) -> None:
        """Write an instruction at the beginning of the function, after those that were written so before."""
        self._lines.insert(1 + self._first, f"  {text}")
        self._first += 1

    def begin(self, label: str) -> None:
        """Begin a block."""
        self._lines.append(f"{label}:")
        self.block = label

    def finish(self, result: str = "void") -> None:
        """End the function with ``ret``, and put it into the module."""
        self.module.functions.append(self.text(result))

    def text(self, result: str = "void") -> str:
        """The whole function, ended with ``ret``."""
        return "\n".join([f"{self.head} {self._attributes}{{", *map(str, self._lines), f"  ret {result}", "}"])

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
        before, label = self.block, self.name("loop")
        loop = Loop(f"%{label}.i", [f"%{label}.c{k}" for k in range(len(carried))])
        self.line(f"br label %{label}")
        self.begin(label)
        phis: list[str] = []
        self._lines.append(_Later(phis))  # they are known at the end
        yield loop
        last = self.block
        following = self.value(f"add nuw nsw i64 {loop.index}, 1")
        test = self.value(f"icmp ult i64 {following}, {count}")
        self.line(f"br i1 {test}, label %{label}, label %{label}.end{metadata}")
        phis.append(f"  {loop.index} = phi i64 [ 0, %{before} ], [ {following}, %{last} ]")
        for name, (kind, first), new in zip(loop.values, carried, loop.next, strict=True):
            phis.append(f"  {name} = phi {kind} [ {first}, %{before} ], [ {new}, %{last} ]")
        self.begin(f"{label}.end")
        loop.results = list(loop.next)


@dataclass(slots=True)
class Loop:
    """A loop that is being written."""

    index: str
    values: list[str]
    next: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
