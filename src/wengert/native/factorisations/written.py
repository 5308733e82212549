"""What code for matrices is written with: elements and pointers of stacks, arithmetic, calls of BLAS and LAPACK."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from wengert.native import machine
from wengert.native.places import place_in, times
from wengert.native.writing import REGISTERS, literal
from wengert.wlist import ArrayType, Statement, Variable

if TYPE_CHECKING:
    from wengert.native.body import Body

__all__ = ["At", "Writer"]

#: For each axis a number that is known, or a register.
At = tuple[int | str, ...]


class Writer:
    """Writes one statement, for each matrix of a stack; `at` is the place in the stack of the results."""

    def __init__(self, body: Body, stmt: Statement, core: int) -> None:
        self.body, self.function, self.module = body, body.function, body.function.module
        self.stmt, self.operands, self.targets = stmt, stmt.operands, stmt.targets
        self.dtype = stmt.targets[0].dtype
        self.word = REGISTERS[self.dtype.name]
        self.letter = "d" if self.dtype.itemsize == 8 else "s"
        shape = stmt.targets[0].shape
        self.stack = shape[: len(shape) - core]
        self._kept: dict[tuple[str, str], str] = {}

    def over_stack(self, inside: Callable[[At], None]) -> None:
        """Write what is done for each matrix."""

        def begin(at: At) -> None:
            self.fresh()
            inside(at)

        self.over(self.stack, begin)

    def over(self, shape: Sequence[int], inside: Callable[[At], None], at: At = ()) -> None:
        """Loops over the indices of a shape, around what `inside` writes."""
        if len(at) == len(shape):
            inside(at)
        elif shape[len(at)] == 1:
            self.over(shape, inside, (*at, 0))
        elif 0 not in shape:
            with self.function.loop(shape[len(at)]) as loop:
                self.over(shape, inside, (*at, loop.index))

    def fresh(self) -> None:
        """Forget elements: those read inside of a loop are not known behind it."""
        self.body = type(self.body)(self.body.writer, self.function)

    # Elements and pointers.

    def element(self, x: Any, at: At, *core: int | str) -> str:
        """The element of a matrix or vector of an operand, which is broadcast to the stack."""
        return self.body.element(x, (*self._place(x, at, len(core)), *core), self.dtype)

    def matrix(self, x: Any, at: At, rows: int, columns: int) -> list[list[str]]:
        """All elements of a matrix, by rows."""
        return [[self.element(x, at, i, j) for j in range(columns)] for i in range(rows)]

    def store(self, v: Variable, at: At, core: At, register: str) -> None:
        """Store an element of a result."""
        self.body.store(v, (*at, *core), register)

    def stored(self, v: Variable, at: At, *core: int | str) -> str:
        """An element of a result as it is in memory now."""
        return self.body.stored(v, (*at, *core))

    def pointer(self, x: Any, at: At, core: int) -> str:
        """The pointer to the matrix or vector of a stored operand or a result."""
        kind = ArrayType.of(x)
        writer = self.body.writer
        pointer = writer.pointer(x) if isinstance(x, Variable) else writer.unit.constant(np.asarray(x))
        stack, own = kind.shape[: kind.ndim - core], kind.shape[kind.ndim - core :]
        place = times(self.function, self._number_of(stack, self._place(x, at, core)), math.prod(own))
        return self.body.address(pointer, kind.dtype, cast("int | str", place))

    def _place(self, x: Any, at: At, core: int) -> At:
        lengths = ArrayType.of(x).shape
        lengths = lengths[: len(lengths) - core]
        return tuple(0 if n == 1 else i for i, n in zip(at[len(at) - len(lengths) :], lengths, strict=True))

    def scratch(self, offset: int) -> str:
        """The pointer to a part of the memory of the group."""
        pointer = self.body.writer.scratch()
        return pointer if not offset else self.function.value(f"getelementptr inbounds i8, ptr {pointer}, i64 {offset}")

    def put(self, pointer: str, rows: int, i: int | str, j: int | str, register: str) -> None:
        """Store an element of a matrix of so many rows that is stored by columns."""
        self.body.store_at(self.body.address(pointer, self.dtype, self._by_columns(rows, i, j)), self.dtype, register)

    def get(self, pointer: str, rows: int, i: int | str, j: int | str) -> str:
        """An element of a matrix that is stored by columns."""
        return self.body.loaded_at(pointer, self.dtype, self._by_columns(rows, i, j))

    def _by_columns(self, rows: int, i: int | str, j: int | str) -> int | str:
        return self._number_of((1 << 30, rows), (j, i))  # the number of columns does not matter

    def _number_of(self, shape: tuple[int, ...], index: At) -> int | str:
        """The number of an element of an array, which is one register for one."""
        return cast("int | str", place_in(self.function, shape, index))

    def copy_by_columns(self, pointer: str, x: Any, at: At, rows: int, columns: int) -> None:
        """Copy a matrix of an operand to memory, as LAPACK wants it."""
        self.fresh()
        self.over((columns, rows), lambda ji: self.put(pointer, rows, ji[1], ji[0], self.element(x, at, ji[1], ji[0])))

    # Numbers.

    def number(self, value: float) -> str:
        """A constant."""
        return literal(value, self.dtype)

    def apply(self, name: str, *operands: str) -> str:
        """An instruction on floats, such as ``fadd``."""
        return self.function.value(f"{name} {self.word} {', '.join(operands)}")

    def absolute(self, x: str) -> str:
        """The absolute value."""
        return self.intrinsic("fabs", x)

    def intrinsic(self, name: str, *operands: str) -> str:
        """A function that the processor has."""
        suffix = "f64" if self.letter == "d" else "f32"
        self.module.declare(f"declare {self.word} @llvm.{name}.{suffix}({', '.join([self.word] * len(operands))})")
        return self.function.value(f"call {self.word} @llvm.{name}.{suffix}({self._typed(operands)})")

    def libm(self, name: str, x: str) -> str:
        """A function of the mathematical library."""
        symbol = machine.call(self.module, name if self.letter == "d" else f"{name}f")
        return self.function.value(f"call {self.word} {symbol}({self._typed([x])})")

    def _typed(self, operands: Sequence[str]) -> str:
        return ", ".join(f"{self.word} {x}" for x in operands)

    def compare(self, how: str, a: str, b: str) -> str:
        """A comparison of floats, such as ``ogt``."""
        return self.function.value(f"fcmp {how} {self.word} {a}, {b}")

    def select(self, test: str, a: str, b: str) -> str:
        """One of two floats."""
        return a if a == b else self.function.value(f"select i1 {test}, {self.word} {a}, {self.word} {b}")

    def either(self, tests: Sequence[str]) -> str:
        """Whether one of some tests holds."""
        return reduce(lambda a, b: self.function.value(f"or i1 {a}, {b}"), tests) if tests else "false"

    def all_of(self, tests: Sequence[str]) -> str:
        """Whether all of some tests hold."""
        return reduce(lambda a, b: self.function.value(f"and i1 {a}, {b}"), tests) if tests else "true"

    def total(self, terms: Sequence[str]) -> str:
        """The sum of numbers."""
        return reduce(lambda a, b: self.apply("fadd", a, b), terms) if terms else self.number(0)

    def largest(self, terms: Sequence[str]) -> str:
        """The largest of numbers, 0 if there is none."""
        return reduce(lambda a, b: self.intrinsic("maxnum", a, b), terms, self.number(0))

    # Control.

    def require(self, test: str) -> None:
        """Leave the whole list to the interpreter where a test fails: it raises NumPy's error, or knows better."""
        if test != "true":
            self.body.note(test)

    @contextmanager
    def when(self, test: str) -> Iterator[None]:
        """What is written inside is done only where a test holds."""
        function = self.function
        inside, after = function.name("when"), function.name("after")
        function.line(f"br i1 {test}, label %{inside}, label %{after}")
        function.begin(inside)
        yield
        function.line(f"br label %{after}")
        function.begin(after)

    # BLAS and LAPACK.

    def blas(self, name: str, *arguments: str) -> None:
        """Call a routine of BLAS in the precision of the statement."""
        self._call(machine.blas(self.module, self.letter + name), arguments)

    def lapack(self, name: str, *arguments: str) -> str:
        """Call a routine of LAPACK; the result is what it reports, 0 where all is well."""
        info = self.keep("i32", "0")
        self._call(machine.lapack(self.module, self.letter + name), (*arguments, info))
        return self.function.value(f"load i32, ptr {info}")

    def _call(self, symbol: str, arguments: Sequence[str]) -> None:
        self.function.line(f"call void {symbol}({', '.join(f'ptr {x}' for x in arguments)})")

    def integer(self, n: int) -> str:
        """The address of an integer."""
        return self.keep("i32", str(n))

    def flag(self, letter: str) -> str:
        """The address of a letter."""
        return self.keep("i8", str(ord(letter)))

    def keep(self, kind: str, value: str) -> str:
        """The address of a number, written at the beginning of the function."""
        if (kind, value) not in self._kept or value == "0":
            pointer = self.function.first(f"alloca {kind}")
            self.function.first_line(f"store {kind} {value}, ptr {pointer}")
            self._kept[kind, value] = pointer
        return self._kept[kind, value]
