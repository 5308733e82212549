"""Products of matrices and vectors, by loops for small ones and BLAS for others; and sums of products (`einsum`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.native import elementwise, machine
from wengert.native.places import Index, place_in, times
from wengert.native.writing import REGISTERS, Function, literal
from wengert.registry import table
from wengert.wlist import ArrayType, Statement, Variable

if TYPE_CHECKING:
    from wengert.native.body import Body

__all__ = ["is_native_einsum", "is_native_matmul", "write", "write_einsum"]

_MOST_TERMS = 4_000_000  # products in a sum up to which loops serve
_CACHED = 4_096  # numbers
_SMALL = 16384  # multiplications up to which a call of BLAS costs more
_WRITTEN_OUT = 8  # multiplications up to which not even loops are written
_WIDE = 4  # columns from which a row of the result is summed up as a whole


def is_native_matmul(stmt: Statement) -> bool:
    """Whether there is a product of arrays; large ones of floats are those of one dtype, which BLAS knows."""
    kinds, (v,) = [ArrayType.of(x) for x in stmt.operands], stmt.targets
    if not all(kind.shape for kind in kinds) or np.result_type(*(kind.dtype for kind in kinds)) != v.dtype:
        return False
    is_of_one = all(kind.dtype == v.dtype for kind in kinds)
    return is_of_one or v.dtype.kind != "f" or v.type.size * kinds[0].shape[-1] <= _MOST_TERMS


def write(body: Body, stmt: Statement) -> None:
    """Store the product of the two operands: of matrices, vectors, or stacks of matrices."""
    (v,) = stmt.targets
    if v.type.size == 0:
        return
    if ArrayType.of(stmt.operands[0]).shape[-1] == 0:
        body.over(v.shape, lambda at: body.store(v, at, literal(0, v.dtype)))
        return
    _Product(body, stmt).write()


def _added(function: Function, dtype: np.dtype[Any], total: str, term: str) -> str:
    """A sum that goes on: in any order of floats, the largest of truths."""
    if dtype.kind == "f":
        return function.value(f"fadd reassoc {REGISTERS[dtype.name]} {total}, {term}")
    return elementwise.emit(function, table.add, [(total, dtype), (term, dtype)], dtype, {})


def _multiplied(function: Function, dtype: np.dtype[Any], a: str, b: str) -> str:
    return elementwise.emit(function, table.multiply, [(a, dtype), (b, dtype)], dtype, {})


class _Product:
    """A product being written. A vector is a matrix with one row or column; `at` is the place in a stack."""

    def __init__(self, body: Body, stmt: Statement) -> None:
        self.body, self.function = body, body.function
        self.operands, (self.target,) = stmt.operands, stmt.targets
        self.shapes = [ArrayType.of(x).shape for x in stmt.operands]
        (*_, self.k), right = self.shapes
        self.m = self.shapes[0][-2] if len(self.shapes[0]) > 1 else 1
        self.n = right[-1] if len(right) > 1 else 1
        self.core = sum(len(shape) > 1 for shape in self.shapes)  # axes of one product
        self.stack = self.target.shape[: self.target.type.ndim - self.core]
        self.dtype = self.target.dtype

    def write(self) -> None:
        """Write the products of the whole stack."""
        is_known_to_blas = self.dtype.kind == "f" and all(ArrayType.of(x).dtype == self.dtype for x in self.operands)
        if self.m * self.k * self.n <= _SMALL or not is_known_to_blas:
            self._over_stack((), self._loops)
        else:
            self._over_stack((), self._times_vector if 1 in (self.m, self.n) else self._times_matrix)

    def _over_stack(self, at: Index, inside: Callable[[Index], None]) -> None:
        if len(at) == len(self.stack):
            inside(at)
        elif self.stack[len(at)] == 1:
            self._over_stack((*at, 0), inside)
        else:
            with self.function.loop(self.stack[len(at)]) as loop:
                self._over_stack((*at, loop.index), inside)

    def _stack_of(self, number: int, at: Index) -> Index:
        """The place in the stack of an operand, which is broadcast."""
        lengths = self.shapes[number][:-2]
        return tuple(0 if n == 1 else i for i, n in zip(at[len(at) - len(lengths) :], lengths, strict=True))

    # Small products.

    def _element(self, number: int, at: Index, row: int | str, column: int | str) -> str:
        if len(self.shapes[number]) == 1:
            return self.body.element(self.operands[number], (column if number == 0 else row,), self.dtype)
        return self.body.element(self.operands[number], (*self._stack_of(number, at), row, column), self.dtype)

    def _loops(self, at: Index) -> None:
        if self.m * self.k * self.n <= _WRITTEN_OUT:
            for i in range(self.m):
                for j in range(self.n):
                    terms = [self._term(at, i, j, k) for k in range(self.k)]
                    self._store(at, i, j, reduce(self._added, terms))
            return
        zero = literal(0, self.dtype)
        with self.function.loop(self.m) as rows:
            if self.n < _WIDE:
                with self.function.loop(self.n) as columns:
                    with self.function.loop(self.k, [(REGISTERS[self.dtype.name], zero)]) as loop:
                        term = self._term(at, rows.index, columns.index, loop.index)
                        loop.next = [_added(self.function, self.dtype, loop.values[0], term)]
                    self._store(at, rows.index, columns.index, loop.results[0])
                return
            with self.function.loop(self.n) as columns:
                self._store(at, rows.index, columns.index, zero)
            with self.function.loop(self.k) as loop, self.function.loop(self.n) as columns:
                before = self.body.stored(self.target, self._index(at, rows.index, columns.index))
                term = self._term(at, rows.index, columns.index, loop.index)
                self._store(at, rows.index, columns.index, self._added(before, term))

    def _term(self, at: Index, i: int | str, j: int | str, k: int | str) -> str:
        x, y = self._element(0, at, i, k), self._element(1, at, k, j)
        return _multiplied(self.function, self.dtype, x, y)

    def _added(self, total: str, term: str) -> str:
        return elementwise.emit(self.function, table.add, [(total, self.dtype), (term, self.dtype)], self.dtype, {})

    def _index(self, at: Index, i: int | str, j: int | str) -> Index:
        own = [x for x, shape in ((i, self.shapes[0]), (j, self.shapes[1])) if len(shape) > 1]
        return (*at, *own)

    def _store(self, at: Index, i: int | str, j: int | str, register: str) -> None:
        self.body.store(self.target, self._index(at, i, j), register)

    # BLAS.

    def _stored(self, number: int, at: Index) -> tuple[str, bool]:
        """The pointer to a matrix in memory, and whether it is the transpose that is meant."""
        x, is_turned = self.operands[number], False
        while isinstance(x, Variable) and x in self.body.plan.virtual:
            x, is_turned = self.body.plan.virtual[x].operands[0], not is_turned
        if isinstance(x, Variable):
            pointer = self.body.writer.pointer(x)
        else:
            pointer = self.body.writer.unit.constant(np.asarray(x, self.dtype))
        return self._part(pointer, self.shapes[number], self._stack_of(number, at)), is_turned

    def _part(self, pointer: str, shape: tuple[int, ...], at: Index) -> str:
        """The matrix at a place of a stack."""
        if len(shape) < 3:
            return pointer
        place = times(self.function, place_in(self.function, shape[:-2], at), shape[-1] * shape[-2])
        return self.body.address(pointer, self.dtype, place)

    def _result(self, at: Index) -> str:
        pointer = self.body.writer.pointer(self.target)
        size = self.m * self.n
        if not self.stack:
            return pointer
        place = times(self.function, place_in(self.function, self.stack, at), size)
        return self.body.address(pointer, self.dtype, place)

    def _times_matrix(self, at: Index) -> None:
        """Rows in memory are columns to BLAS: it is asked for Cᵀ = Bᵀ Aᵀ."""
        m, k, n = self.m, self.k, self.n
        (a, a_turned), (b, b_turned) = self._stored(0, at), self._stored(1, at)
        self._call("gemm", [
            self._letter(b_turned), self._letter(a_turned), self._number(n), self._number(m), self._number(k),
            self._float(1), b, self._number(k if b_turned else n), a, self._number(m if a_turned else k),
            self._float(0), self._result(at), self._number(n),
        ])  # fmt: skip

    def _times_vector(self, at: Index) -> None:
        (a, a_turned), (b, b_turned) = self._stored(0, at), self._stored(1, at)
        if self.n == 1:  # a matrix (m, k) times a vector
            matrix, vector, rows, is_turned = a, b, self.m, a_turned
        else:  # a vector times a matrix (k, n), which is its transpose times the vector
            matrix, vector, rows, is_turned = b, a, self.n, not b_turned
        # In memory it is (rows, k), or turned; BLAS sees the transpose of what is in memory.
        first, second = (rows, self.k) if is_turned else (self.k, rows)
        one = self._number(1)
        self._call("gemv", [
            self._letter(not is_turned), self._number(first), self._number(second), self._float(1), matrix,
            self._number(first), vector, one, self._float(0), self._result(at), one,
        ])  # fmt: skip

    def _number(self, n: int) -> str:
        return self._kept("i32", str(n))

    def _float(self, x: float) -> str:
        return self._kept(REGISTERS[self.dtype.name], literal(x, self.dtype))

    def _letter(self, is_transposed: bool) -> str:
        return self._kept("i8", str(ord("T" if is_transposed else "N")))

    def _kept(self, kind: str, value: str) -> str:
        """The address of a number, which BLAS wants; written once, at the beginning of the function."""
        pointer = self.function.first(f"alloca {kind}")
        self.function.first_line(f"store {kind} {value}, ptr {pointer}")
        return pointer

    def _call(self, name: str, arguments: list[str]) -> None:
        prefix = "d" if self.dtype.itemsize == 8 else "s"
        symbol = machine.blas(self.function.module, prefix + name)
        self.function.line(f"call void {symbol}({', '.join(f'ptr {x}' for x in arguments)})")


def is_native_einsum(stmt: Statement) -> bool:
    """Whether a sum of products is one that loops are good for; NumPy asks BLAS for larger ones."""
    subscripts = stmt.params["subscripts"]
    kinds = [ArrayType.of(x) for x in stmt.operands]
    if "->" not in subscripts or "." in subscripts or not all(hasattr(x, "dtype") for x in stmt.operands):
        return False
    is_of_one = np.result_type(*(k.dtype for k in kinds)) == stmt.targets[0].dtype
    return is_of_one and math.prod(_lengths_of_letters(stmt).values()) <= _MOST_TERMS


def _lengths_of_letters(stmt: Statement) -> dict[str, int]:
    terms, target = stmt.params["subscripts"].replace(" ", "").split("->")
    lengths: dict[str, int] = dict.fromkeys(target, 1)
    for letters, x in zip(terms.split(","), stmt.operands, strict=True):
        for letter, n in zip(letters, ArrayType.of(x).shape, strict=True):
            if lengths.get(letter, 1) == 1:  # one element goes with any number of them, none too
                lengths[letter] = n
    return lengths


def write_einsum(body: Body, stmt: Statement) -> None:
    """Store a sum of products of elements.

    Where the last index of the operands is summed over, a register has the sum; else it goes on in memory, along the
    last index of the result.
    """
    terms, target = stmt.params["subscripts"].replace(" ", "").split("->")
    lengths, (v,) = _lengths_of_letters(stmt), stmt.targets
    zero = literal(0, v.dtype)
    if 0 in lengths.values():
        body.over(v.shape, lambda at: body.store(v, at, zero))
        return
    summed = [c for c in lengths if c not in target]
    own = list(dict.fromkeys(target))
    is_along = bool(summed) and all(summed[-1] not in x or x[-1] == summed[-1] for x in terms.split(","))
    writer = _Sum(body, stmt, terms.split(","), target, lengths)
    if is_along:
        writer.loops(own, {}, lambda at: writer.store(at, writer.sum(summed, at, zero)))
        return
    if summed:
        writer.loops(own, {}, lambda at: writer.store(at, zero))
    # A small result stays in the cache while its operands go by once; of a large one each row is finished first.
    outside = 0 if v.type.size <= _CACHED else len(own) - 1
    order = [*own[:outside], *summed, *own[outside:]]
    writer.loops(order, {}, writer.add if summed else lambda at: writer.store(at, writer.product(at)))


@dataclass(frozen=True, slots=True)
class _Sum:
    """A sum of products being written; `at` gives the index of each letter."""

    body: Body
    stmt: Statement
    terms: Sequence[str]
    target: str
    lengths: dict[str, int]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the result, in which all is computed."""
        return self.stmt.targets[0].dtype

    def loops(self, letters: Sequence[str], at: dict[str, str], inside: Callable[[dict[str, str]], None]) -> None:
        """Loops over letters, the last one inside, around what `inside` writes."""
        if not letters:
            inside(at)
            return
        with self.body.function.loop(self.lengths[letters[0]]) as loop:
            self.loops(letters[1:], {**at, letters[0]: loop.index}, inside)

    def sum(self, letters: Sequence[str], at: dict[str, str], total: str) -> str:
        """The sum over letters, from `total` on."""
        if not letters:
            return _added(self.body.function, self.dtype, total, self.product(at))
        with self.body.function.loop(self.lengths[letters[0]], [(REGISTERS[self.dtype.name], total)]) as loop:
            loop.next = [self.sum(letters[1:], {**at, letters[0]: loop.index}, loop.values[0])]
        return loop.results[0]

    def product(self, at: dict[str, str]) -> str:
        """The product of one element of each operand."""
        factors = [
            self.body.element(x, self._index(letters, ArrayType.of(x).shape, at), self.dtype)
            for letters, x in zip(self.terms, self.stmt.operands, strict=True)
        ]
        return reduce(lambda a, b: _multiplied(self.body.function, self.dtype, a, b), factors)

    def store(self, at: dict[str, str], register: str) -> None:
        """Store an element of the result."""
        (v,) = self.stmt.targets
        self.body.store(v, self._index(self.target, v.shape, at), register)

    def add(self, at: dict[str, str]) -> None:
        """Add a product to an element of the result."""
        (v,) = self.stmt.targets
        before = self.body.stored(v, self._index(self.target, v.shape, at))
        operands = [(before, self.dtype), (self.product(at), self.dtype)]
        self.store(at, elementwise.emit(self.body.function, table.add, operands, self.dtype, {}))

    def _index(self, letters: str, shape: tuple[int, ...], at: dict[str, str]) -> Index:
        return tuple(0 if n == 1 else at[c] for c, n in zip(letters, shape, strict=True))
