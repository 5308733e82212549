"""Products of small matrices, one in each lane: a function that all products of the same form call.

A skeleton has one product for each of its bones, all of four rows. Written where they stand, they would be most of the
code of a band, and of the time that it takes to compile.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.native.bands import Nest, axes_summed
from wengert.native.places import Index, Lanes, place_in
from wengert.native.writing import LANES, MEMORY, Function, Module, word
from wengert.wlist import ArrayType, Statement

__all__ = ["factor_indices", "is_worth_a_call", "product_function"]

_ITSELF = "product"
_FEWEST_TERMS = 16
_WRITTEN_OUT = 8
_ROWS = Lanes("rows", 1)  # stands for the index of the rows


def is_worth_a_call(stmt: Statement, nest: Nest) -> bool:
    """Whether a product has so many terms in each row that a call does not count."""
    terms = int(np.prod([n for k, n in enumerate(nest.domain) if k != nest.axis]))
    return terms >= _FEWEST_TERMS and nest.axis not in axes_summed(stmt, nest.domain)


def factor_indices(stmt: Statement, index: Index) -> tuple[Index, Index]:
    """The indices of the factors of a term of a product of matrices: (stack, row, column, k)."""
    *at, k = index
    shapes = [ArrayType.of(x).shape for x in stmt.operands]
    stack = len(at) - sum(len(shape) > 1 for shape in shapes)
    row = (at[stack],) if len(shapes[0]) > 1 else ()
    column = (at[-1],) if len(shapes[1]) > 1 else ()
    found = []
    for shape, own in zip(shapes, ((*row, k), (k, *column)), strict=True):
        lengths = shape[:-2]
        places = at[stack - len(lengths) : stack]
        found.append((*(0 if n == 1 else i for i, n in zip(places, lengths, strict=True)), *own))
    return found[0], found[1]


def product_function(module: Module, stmt: Statement, nest: Nest, are_wide: tuple[bool, bool], name: str) -> str:
    """The name of a function ``void (ptr out, ptr a, ptr b)``.

    `out` is a buffer of vectors; each operand is one too if it is wide, else an array that is the same for all rows.
    """
    writer = _Writer(Function(module, attributes="noinline #0 "), stmt, nest, are_wide)
    return module.shared(writer.text(), _ITSELF, name)


class _Writer:
    def __init__(self, function: Function, stmt: Statement, nest: Nest, are_wide: tuple[bool, bool]) -> None:
        self.function, self.stmt, self.nest, self.are_wide = function, stmt, nest, are_wide
        self.dtype = stmt.targets[0].dtype
        self.shapes = [ArrayType.of(x).shape for x in stmt.operands]

    def text(self) -> str:
        """The whole function."""
        self.function.head = f"define internal void @{_ITSELF}(ptr noalias %out, ptr %a, ptr %b)"
        self._loops(tuple(n for k, n in enumerate(self.nest.domain[:-1]) if k != self.nest.axis), ())
        return self.function.text()

    def _loops(self, lengths: tuple[int, ...], at: Index) -> None:
        if len(at) < len(lengths):
            if lengths[len(at)] == 1:
                self._loops(lengths, (*at, 0))
                return
            with self.function.loop(lengths[len(at)]) as loop:
                self._loops(lengths, (*at, loop.index))
            return
        place = place_in(self.function, lengths, at)
        address = self._address("%out", place, is_wide=True)
        total = self._sum((*at[: self.nest.axis], _ROWS, *at[self.nest.axis :]))
        self.function.line(f"store {word(self.dtype, True)} {total}, ptr {address}")

    def _sum(self, index: Index) -> str:
        count, total = self.nest.domain[-1], self.function.wide("0.0", self.dtype)
        if count <= _WRITTEN_OUT:
            for k in range(count):
                total = self._added(total, (*index, k))
            return total
        with self.function.loop(count, [(word(self.dtype, True), total)]) as loop:
            loop.next = [self._added(loop.values[0], (*index, loop.index))]
        return loop.results[0]

    def _added(self, total: str, index: Index) -> str:
        kind, suffix = word(self.dtype, True), f"v{LANES}f{8 * self.dtype.itemsize}"
        self.function.module.declare(f"declare {kind} @llvm.fmuladd.{suffix}({kind}, {kind}, {kind})")
        factors = [self._factor(number, at) for number, at in enumerate(factor_indices(self.stmt, index))]
        operands = ", ".join(f"{kind} {x}" for x in (*factors, total))
        return self.function.vector(f"call {kind} @llvm.fmuladd.{suffix}({operands})")

    def _factor(self, number: int, index: Index) -> str:
        pointer, is_wide = ("%a", "%b")[number], self.are_wide[number]
        own = [(i, n) for i, n in zip(index, self.shapes[number], strict=True) if i != _ROWS]
        place = place_in(self.function, tuple(n for _, n in own), tuple(i for i, _ in own))
        address = self._address(pointer, place, is_wide=is_wide)
        if is_wide:
            return self.function.vector(f"load {word(self.dtype, True)}, ptr {address}")
        loaded = self.function.value(f"load {MEMORY[self.dtype.name]}, ptr {address}")
        return self.function.wide(loaded, self.dtype)

    def _address(self, pointer: str, place: Any, *, is_wide: bool) -> str:
        if place == 0:
            return pointer
        kind = word(self.dtype, True) if is_wide else MEMORY[self.dtype.name]
        return self.function.pure(f"getelementptr inbounds {kind}, ptr {pointer}, i64 {place}")
