"""Products of blocks of rows with matrices that have many zeros, such as triangular ones: panels of eight columns.

A panel of the result needs those rows of the second factor in which the panel has other numbers than 0. Which these are
is found out when the matrix is known, before it is multiplied by all blocks. Of a sum over rows those parts of panels
are left out that are multiplied by 0 afterwards. What is 0 times nan or infinite is not 0: blocks with such numbers, or
with some so large that a product of two might be infinite, are left to BLAS.

The code has a vector for each of sixteen rows of a panel, which is as many as AVX-512 has registers for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wengert.native.writing import LANES, Function, Module

__all__ = ["HEIGHT", "WIDTH", "fold_function", "ranges_function", "rows_function", "tame_function"]

HEIGHT, WIDTH = 16, LANES  # of a part of the result that is in registers

_ITSELF = "panel"
_LARGEST = 2.0**500  # the sum of so many squares of it as there may be rows is finite
_ENOUGH = 0.85  # of the multiplications: with more of them BLAS is as fast
_VECTOR = f"<{LANES} x double>"


def _function(module: Module, parameters: str, result: str = "void") -> Function:
    return Function(module, f"define internal {result} @{_ITSELF}({parameters})", "noinline #0 ")


def _shared(function: Function, name: str, result: str = "void") -> str:
    return function.module.shared(function.text(result), _ITSELF, name)


def _place(function: Function, pointer: str, index: int | str, kind: str = "double") -> str:
    return function.value(f"getelementptr inbounds {kind}, ptr {pointer}, i64 {index}")


def _loaded(function: Function, pointer: str, index: int | str) -> str:
    return function.vector(f"load {_VECTOR}, ptr {_place(function, pointer, index)}, align 8")


def _range_of(function: Function, panel: str) -> tuple[str, str]:
    """Where the first row of a panel stands in ``%ranges``, and how many there are."""
    pair = _place(function, "%ranges", function.value(f"mul nuw nsw i64 {panel}, 2"), "i64")
    return pair, _place(function, pair, 1, "i64")


def tame_function(module: Module, name: str) -> str:
    """The name of ``i1 (ptr x, i64 vectors)``: whether all numbers are finite, and no product of two overflows."""
    function = _function(module, "ptr %x, i64 %vectors", "i1")
    truths, large = f"<{LANES} x i1>", f"splat (double 0x{np.float64(_LARGEST).view(np.uint64):016X})"
    function.module.declare(f"declare {_VECTOR} @llvm.fabs.v{LANES}f64({_VECTOR})")
    function.module.declare(f"declare i1 @llvm.vector.reduce.or.v{LANES}i1({truths})")
    with function.loop("%vectors", [(truths, "zeroinitializer")]) as loop:
        x = _loaded(function, "%x", function.value(f"mul nuw nsw i64 {loop.index}, {LANES}"))
        size = function.vector(f"call {_VECTOR} @llvm.fabs.v{LANES}f64({_VECTOR} {x})")
        is_wild = function.vector(f"fcmp ugt {_VECTOR} {size}, {large}")
        loop.next = [function.vector(f"or {truths} {loop.values[0]}, {is_wild}")]
    found = function.value(f"call i1 @llvm.vector.reduce.or.v{LANES}i1({truths} {loop.results[0]})")
    return _shared(function, name, f"i1 {function.value(f'xor i1 {found}, true')}")


def ranges_function(module: Module, k: int, n: int, name: str) -> str:
    """The name of ``i1 (ptr b, ptr ranges)``: whether a matrix (k, n) has so many zeros that panels are faster.

    `ranges` is given the first row of each panel that is not 0, and how many there are up to the last one, at least 1.
    """
    function = _function(module, "ptr noalias %b, ptr noalias %ranges", "i1")
    function.module.declare(f"declare i1 @llvm.vector.reduce.or.v{LANES}i1(<{LANES} x i1>)")
    with function.loop(n // WIDTH, [("i64", "0")]) as panels:
        column = function.value(f"mul nuw nsw i64 {panels.index}, {WIDTH}")
        with function.loop(k, [("i64", str(k)), ("i64", "0")]) as rows:
            row = function.value(f"mul nuw nsw i64 {rows.index}, {n}")
            x = _loaded(function, "%b", function.value(f"add nuw nsw i64 {row}, {column}"))
            found = function.vector(f"fcmp une {_VECTOR} {x}, zeroinitializer")
            some = function.value(f"call i1 @llvm.vector.reduce.or.v{LANES}i1(<{LANES} x i1> {found})")
            is_first = function.value(f"icmp ult i64 {rows.index}, {rows.values[0]}")
            is_new = function.value(f"and i1 {some}, {is_first}")
            after = function.value(f"add nuw nsw i64 {rows.index}, 1")
            rows.next = [
                function.value(f"select i1 {is_new}, i64 {rows.index}, i64 {rows.values[0]}"),
                function.value(f"select i1 {some}, i64 {after}, i64 {rows.values[1]}"),
            ]
        is_empty = function.value(f"icmp eq i64 {rows.results[1]}, 0")
        first = function.value(f"select i1 {is_empty}, i64 0, i64 {rows.results[0]}")
        last = function.value(f"select i1 {is_empty}, i64 1, i64 {rows.results[1]}")
        count = function.value(f"sub nuw nsw i64 {last}, {first}")
        for number, place in zip((first, count), _range_of(function, panels.index), strict=True):
            function.line(f"store i64 {number}, ptr {place}")
        panels.next = [function.value(f"add nuw nsw i64 {panels.values[0]}, {count}")]
    most = int(_ENOUGH * k * (n // WIDTH))
    return _shared(function, name, f"i1 {function.value(f'icmp ule i64 {panels.results[0]}, {most}')}")


def rows_function(module: Module, k: int, n: int, name: str) -> str:
    """The name of ``void (ptr out, ptr a, ptr b, ptr ranges, i64 parts)``: out = a @ b, `HEIGHT` rows at a time."""
    function = _function(module, "ptr noalias %out, ptr noalias %a, ptr noalias %b, ptr noalias %ranges, i64 %parts")
    zeros = [(_VECTOR, "zeroinitializer")] * HEIGHT
    with function.loop("%parts") as parts, function.loop(n // WIDTH) as panels:
        a = _place(function, "%a", function.value(f"mul nuw nsw i64 {parts.index}, {HEIGHT * k}"))
        first, count = (function.value(f"load i64, ptr {place}") for place in _range_of(function, panels.index))
        column = function.value(f"mul nuw nsw i64 {panels.index}, {WIDTH}")
        with function.loop(count, zeros) as loop:
            row = function.value(f"add nuw nsw i64 {loop.index}, {first}")
            b = function.value(f"mul nuw nsw i64 {row}, {n}")
            x = _loaded(function, "%b", function.value(f"add nuw nsw i64 {b}, {column}"))
            own = _place(function, a, row)
            loop.next = [_added(function, own, r * k, x, total) for r, total in enumerate(loop.values)]
        row = function.value(f"mul nuw nsw i64 {parts.index}, {HEIGHT * n}")
        out = _place(function, "%out", function.value(f"add nuw nsw i64 {row}, {column}"))
        for r, total in enumerate(loop.results):
            function.line(f"store {_VECTOR} {total}, ptr {_place(function, out, r * n)}, align 8")
    return _shared(function, name)


def fold_function(module: Module, m: int, n: int, heights: Sequence[int], name: str) -> str:
    """The name of ``void (ptr out, ptr a, ptr b, i64 count)``: out += a.T @ b, where `a` has `count` rows of m numbers.

    Of each panel of the result only the first `heights` rows are made, which are multiples of `WIDTH`.
    """
    function = _function(module, "ptr noalias %out, ptr noalias %a, ptr noalias %b, i64 %count")
    parts = [max(height // WIDTH, 1) for height in heights]
    table = f"@{name}.heights"
    module.declare(f"{table} = private constant [{len(parts)} x i64] [{', '.join(f'i64 {x}' for x in parts)}]")
    with function.loop(len(parts)) as panels:
        column = function.value(f"mul nuw nsw i64 {panels.index}, {WIDTH}")
        b = _place(function, "%b", column)
        count = function.value(f"load i64, ptr {_place(function, table, panels.index, 'i64')}")
        with function.loop(count) as rows:
            a = _place(function, "%a", function.value(f"mul nuw nsw i64 {rows.index}, {WIDTH}"))
            row = function.value(f"mul nuw nsw i64 {rows.index}, {WIDTH * n}")
            out = _place(function, "%out", function.value(f"add nuw nsw i64 {row}, {column}"))
            before = [(_VECTOR, _loaded(function, out, r * n)) for r in range(WIDTH)]
            with function.loop("%count", before) as loop:
                x = _loaded(function, b, function.value(f"mul nuw nsw i64 {loop.index}, {n}"))
                own = _place(function, a, function.value(f"mul nuw nsw i64 {loop.index}, {m}"))
                loop.next = [_added(function, own, r, x, total) for r, total in enumerate(loop.values)]
            for r, total in enumerate(loop.results):
                function.line(f"store {_VECTOR} {total}, ptr {_place(function, out, r * n)}, align 8")
    return _shared(function, name)


def _added(function: Function, pointer: str, offset: int, x: str, total: str) -> str:
    """A vector times a number in memory, added to another one."""
    number = function.value(f"load double, ptr {_place(function, pointer, offset)}, align 8")
    factor = function.wide(number, np.dtype(float))
    function.module.declare(f"declare {_VECTOR} @llvm.fmuladd.v{LANES}f64({_VECTOR}, {_VECTOR}, {_VECTOR})")
    operands = ", ".join(f"{_VECTOR} {y}" for y in (factor, x, total))
    return function.vector(f"call {_VECTOR} @llvm.fmuladd.v{LANES}f64({operands})")
