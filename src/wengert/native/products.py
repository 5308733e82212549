"""Products of matrices and vectors, by loops for small ones and BLAS for others; and sums of products (`einsum`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.native import elementwise, machine, panels
from wengert.native.places import Index, place_in, times
from wengert.native.writing import MEMORY, REGISTERS, Function, literal
from wengert.registry import table
from wengert.wlist import ArrayType, Statement, Variable

if TYPE_CHECKING:
    from wengert.native.body import Body
    from wengert.native.tile_code import Tile
    from wengert.native.tiles import Form

__all__ = ["BlockOfProduct", "is_for_blas", "is_native_einsum", "is_native_matmul", "write", "write_einsum"]

_MOST_TERMS = 4_000_000  # products in a sum up to which loops serve
_CACHED = 4_096  # numbers
_SMALL = 16384  # multiplications up to which a call of BLAS costs more
_WRITTEN_OUT = 8  # multiplications up to which not even loops are written
_MOST_TURNED = 1 << 15  # bytes of a matrix that is transposed for the products of all blocks
_FEWER = 0.85  # of the multiplications: with more of them BLAS is as fast
_WIDE = 4  # columns from which a row of the result is summed up as a whole


def is_native_matmul(stmt: Statement) -> bool:
    """Whether there is a product of arrays; large ones of floats are those of one dtype, which BLAS knows."""
    kinds, (v,) = [ArrayType.of(x) for x in stmt.operands], stmt.targets
    if not all(kind.shape for kind in kinds) or np.result_type(*(kind.dtype for kind in kinds)) != v.dtype:
        return False
    is_of_one = all(kind.dtype == v.dtype for kind in kinds)
    return is_of_one or v.dtype.kind != "f" or v.type.size * kinds[0].shape[-1] <= _MOST_TERMS


def is_for_blas(stmt: Statement) -> bool:
    """Whether BLAS knows the dtype of a product of arrays, and each is so large that a call of it does not count."""
    kinds, (v,) = [ArrayType.of(x) for x in stmt.operands], stmt.targets
    m = kinds[0].shape[-2] if kinds[0].ndim > 1 else 1
    n = kinds[1].shape[-1] if kinds[1].ndim > 1 else 1
    is_known = v.dtype.kind == "f" and all(kind.dtype == v.dtype for kind in kinds)
    return is_known and m * kinds[0].shape[-1] * n > _SMALL


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
        self.body, self.function, self.stmt = body, body.function, stmt
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
        if is_for_blas(self.stmt):
            self._over_stack((), self._times_vector if 1 in (self.m, self.n) else self._times_matrix)
        else:
            self._over_stack((), self._loops)

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
        m, k, n = self._number(self.m), self._number(self.k), self._number(self.n)
        (a, a_turned), (b, b_turned) = self._stored(0, at), self._stored(1, at)
        self._call("gemm", [
            self._letter(b_turned), self._letter(a_turned), n, m, k,
            self._float(1), b, k if b_turned else n, a, m if a_turned else k,
            self._float(0), self._result(at), n,
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


class BlockOfProduct(_Product):
    """A product of matrices in a stack, one block of rows at a time.

    The rows of a block are stored, or the sum over them is added to the product. A second factor that all blocks
    have in common is put into a buffer as BLAS likes it best, which is not transposed. Where the factors have many
    zeros, or the result is wanted in part only, blocks are multiplied by panels.
    """

    body: Tile

    def __init__(self, body: Tile, number: int, form: Form) -> None:
        super().__init__(body, body.steps[number].roots[0])
        self.number, self.form = number, form
        self._straight = ""  # the buffer
        size = self.k * self.n * self.dtype.itemsize
        if form.are_turned[1] and not form.is_fold and size <= _MOST_TURNED:
            self._straight = self.function.first(f"alloca [{self.k * self.n} x {MEMORY[self.dtype.name]}], align 64")
            body.stack += size
        self._has_panels = self._may_have_panels()
        self._ranges = self._are_few = ""
        if self._has_panels and not form.is_fold:
            self._ranges = self.function.first(f"alloca [{2 * self.n // panels.WIDTH} x i64]")
        self._has_rest = bool(self._ranges and form.rows[-1] % panels.HEIGHT)  # rows of the last block

    def _may_have_panels(self) -> bool:
        """Whether panels fit the matrices, and may be faster than BLAS."""
        if self.dtype.name != "float64" or self.n % panels.WIDTH or not machine.has_vectors_of(panels.WIDTH):
            return False
        if not self.form.is_fold:
            is_straight = bool(self._straight) or not self.form.are_turned[1]
            return is_straight and self.k % panels.WIDTH == 0 == self.body.length % panels.HEIGHT
        heights = self.form.heights
        is_smaller = bool(heights) and sum(heights) <= _FEWER * self.m * len(heights)
        return is_smaller and self.m % panels.WIDTH == 0 and self.form.are_turned == (True, False)

    def begin(self, at: Index) -> None:
        """Write what is done once for the matrices at a place of the stack."""
        if self._straight:
            turned, _ = self._stored(1, at)
            with self.function.loop(self.n) as columns, self.function.loop(self.k) as rows:
                place = place_in(self.function, (self.n, self.k), (columns.index, rows.index))
                x = self.body.loaded_at(turned, self.dtype, place)
                place = place_in(self.function, (self.k, self.n), (rows.index, columns.index))
                self.body.store_at(self.body.address(self._straight, self.dtype, place), self.dtype, x)
        if self._has_panels and self.form.is_fold:
            out = self._result(at)
            with self.function.loop(self.m * self.n) as loop:
                address = self.body.address(out, self.dtype, loop.index)
                self.body.store_at(address, self.dtype, literal(0, self.dtype))
        elif self._has_panels:
            symbol = panels.ranges_function(self.function.module, self.k, self.n, self._name("ranges"))
            b = self._factor(1, at)
            self._are_few = self.function.value(f"call i1 @{symbol}(ptr {b}, ptr {self._ranges})")

    def write_at(self, at: Index) -> None:
        """Write the product of a block of the matrices at a place of the stack."""
        a, b, out = self._factor(0, at), self._factor(1, at), self._result_block(at)
        if not self._has_panels:
            self._blas(a, b, out, self.body.count)
            return
        function = self.function
        other, after = function.name("blas"), function.name("done")
        if self._are_few:
            self._go_on_if(self._are_few, other)
        if self._has_rest:
            self._go_on_if(function.value(f"icmp uge i64 {self.body.count}, {panels.HEIGHT}"), other)
        self._go_on_if(self._is_tame(a, self.m if self.form.is_fold else self.k), other)
        if self.form.is_fold:
            self._go_on_if(self._is_tame(b, self.n), other)
        self._panels(a, b, out)
        function.line(f"br label %{after}")
        function.begin(other)
        self._blas(a, b, out, self.body.count)
        function.line(f"br label %{after}")
        function.begin(after)

    def _go_on_if(self, is_right: str, other: str) -> None:
        own = self.function.name("panels")
        self.function.line(f"br i1 {is_right}, label %{own}, label %{other}")
        self.function.begin(own)

    def _panels(self, a: str, b: str, out: str) -> None:
        function, count = self.function, self.body.count
        if self.form.is_fold:
            symbol = panels.fold_function(function.module, self.m, self.n, self.form.heights, self._name("fold"))
            function.line(f"call void @{symbol}(ptr {out}, ptr {a}, ptr {b}, i64 {count})")
            return
        symbol = panels.rows_function(function.module, self.k, self.n, self._name("rows"))
        parts = function.value(f"udiv i64 {count}, {panels.HEIGHT}")
        pointers = ", ".join(f"ptr {x}" for x in (out, a, b, self._ranges))
        function.line(f"call void @{symbol}({pointers}, i64 {parts})")
        if self._has_rest:
            rest = function.value(f"urem i64 {count}, {panels.HEIGHT}")
            whole = function.name("whole")
            self._go_on_if(function.value(f"icmp ne i64 {rest}, 0"), whole)
            done = function.value(f"sub nuw nsw i64 {count}, {rest}")
            a = self.body.address(a, self.dtype, times(function, done, self.k))
            self._blas(a, b, self.body.address(out, self.dtype, times(function, done, self.n)), rest)
            function.line(f"br label %{whole}")
            function.begin(whole)

    def _is_tame(self, x: str, width: int) -> str:
        symbol = panels.tame_function(self.function.module, self._name("tame"))
        vectors = times(self.function, self.body.count, width // panels.WIDTH)
        return self.function.value(f"call i1 @{symbol}(ptr {x}, i64 {vectors})")

    def _name(self, what: str) -> str:
        return f"{self.body.writer.name}.p{self.number}.{what}"

    def _blas(self, a: str, b: str, out: str, rows: int | str) -> None:
        (a_turned, b_turned), is_fold = self.form.are_turned, self.form.is_fold
        b_turned = b_turned and not self._straight
        m, k, n = self._number(self.m), self._number(self.k), self._number(self.n)
        count = self._number(rows)
        beta = self._float(1 if is_fold and self._has_panels else 0)
        if is_fold and not self._has_panels:
            kind = REGISTERS[self.dtype.name]
            zero, one = (f"{kind} {literal(x, self.dtype)}" for x in (0, 1))
            beta = self._stored_now(kind, self.function.value(f"select i1 {self.body.first}, {zero}, {one}"))
        self._call("gemm", [
            self._letter(b_turned), self._letter(a_turned), n, m if is_fold else count, count if is_fold else k,
            self._float(1), b, k if b_turned else n, a, m if a_turned else k, beta, out, n,
        ])  # fmt: skip

    def _factor(self, number: int, at: Index) -> str:
        """The pointer to the first element of a factor that is needed for the block."""
        x = (self.form.a, self.form.b)[number]
        if block := self.body.block(x):
            return block
        if number == 1 and self._straight:
            return self._straight
        pointer, is_turned = self._stored(number, at)
        if number == 1 and not self.form.is_fold:
            return pointer
        (_, columns) = self.shapes[number][-2:] if not is_turned else self.shapes[number][:-3:-1]
        is_along = any(x is y for y in self.form.along)
        return self._moved(pointer, columns if is_along else 1)

    def _result_block(self, at: Index) -> str:
        if self.form.is_fold:
            return self._result(at)
        return self.body.block(self.target) or self._moved(self._result(at), self.n)

    def _moved(self, pointer: str, width: int) -> str:
        """What is as many rows further as the block."""
        return self.body.address(pointer, self.dtype, times(self.function, self.body.start, width))

    def _number(self, n: int | str) -> str:
        if isinstance(n, int):
            return super()._number(n)
        return self._stored_now("i32", self.function.value(f"trunc i64 {n} to i32"))

    def _stored_now(self, kind: str, register: str) -> str:
        """The address of a number that is known where the call is."""
        pointer = self.function.first(f"alloca {kind}")
        self.function.line(f"store {kind} {register}, ptr {pointer}")
        return pointer


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
