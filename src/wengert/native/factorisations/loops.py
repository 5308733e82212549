"""Matrices of some rows: elimination, Cholesky's factor and substitution by loops; a call of LAPACK costs more."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wengert.native.factorisations.written import At, Writer
from wengert.wlist import Variable

__all__ = ["MIDDLE", "cholesky", "eliminate", "substitute"]

#: Rows up to which loops are written. OpenBLAS takes about half a microsecond for what it does at each call.
MIDDLE = 12

_PIVOT = np.dtype(np.int32)


def _after(w: Writer, k: str, n: int) -> tuple[str, str]:
    """The row after one, and how many there are from it on."""
    return w.function.value(f"add nuw nsw i64 {k}, 1"), w.function.value(f"sub nuw nsw i64 {n - 1}, {k}")


def eliminate(w: Writer, lu: str, pivots: str, n: int) -> None:
    """Put L and U into the place of a matrix that is stored by columns; of equal pivots the first is taken."""
    f = w.function
    with f.loop(n - 1) as step:
        k = step.index
        following, rest = _after(w, k, n)
        first = w.absolute(w.get(lu, n, k, k))
        with f.loop(rest, [(w.word, first), ("i64", k)]) as search:
            i = f.value(f"add nuw nsw i64 {following}, {search.index}")
            x = w.absolute(w.get(lu, n, i, k))
            is_larger = w.compare("ogt", x, search.values[0])
            search.next = [
                w.select(is_larger, x, search.values[0]),
                f.value(f"select i1 {is_larger}, i64 {i}, i64 {search.values[1]}"),
            ]
        best = search.results[1]
        number = f.value(f"trunc i64 {f.value(f'add nuw nsw i64 {best}, 1')} to i32")
        w.body.store_at(w.body.address(pivots, _PIVOT, k), _PIVOT, number)
        with w.when(f.value(f"icmp ne i64 {best}, {k}")), f.loop(n) as row:
            one, two = w.get(lu, n, k, row.index), w.get(lu, n, best, row.index)
            w.put(lu, n, k, row.index, two)
            w.put(lu, n, best, row.index, one)
        pivot = w.get(lu, n, k, k)
        with f.loop(rest) as below:
            i = f.value(f"add nuw nsw i64 {following}, {below.index}")
            w.put(lu, n, i, k, w.apply("fdiv", w.get(lu, n, i, k), pivot))
        with f.loop(rest) as column:
            j = f.value(f"add nuw nsw i64 {following}, {column.index}")
            factor = w.get(lu, n, k, j)
            with f.loop(rest) as below:
                i = f.value(f"add nuw nsw i64 {following}, {below.index}")
                change = w.apply("fmul", w.get(lu, n, i, k), factor)
                w.put(lu, n, i, j, w.apply("fsub", w.get(lu, n, i, j), change))
    w.body.store_at(w.body.address(pivots, _PIVOT, n - 1), _PIVOT, str(n))
    w.fresh()


def substitute(w: Writer, at: At, factor: Callable[[str, str], str], *, is_lower: bool, is_unit: bool) -> None:
    """Put the solution for a triangle, given by ``factor(row, column)``, into the place of the right-hand side."""
    f, (v,) = w.function, w.targets
    n, columns = [*v.shape[len(w.stack) :], 1][:2]
    is_vector = v.type.ndim == len(w.stack) + 1

    def core(i: str, c: str) -> At:
        return (i,) if is_vector else (i, c)

    def divide(k: str) -> None:
        if not is_unit:
            divisor = factor(k, k)
            with f.loop(columns) as row:
                w.store(v, at, core(k, row.index), w.apply("fdiv", w.stored(v, at, *core(k, row.index)), divisor))

    with f.loop(n - 1) as step:
        k = step.index if is_lower else f.value(f"sub nuw nsw i64 {n - 1}, {step.index}")
        divide(k)
        following, rest = _after(w, k, n) if is_lower else ("0", k)
        with f.loop(rest) as other:
            i = f.value(f"add nuw nsw i64 {following}, {other.index}")
            x = factor(i, k)
            with f.loop(columns) as row:
                change = w.apply("fmul", x, w.stored(v, at, *core(k, row.index)))
                w.store(v, at, core(i, row.index), w.apply("fsub", w.stored(v, at, *core(i, row.index)), change))
    divide(str(n - 1) if is_lower else "0")
    w.fresh()


def cholesky(w: Writer, v: Variable, at: At, n: int) -> str:
    """Put the factor into the place of the lower triangle; whether all is well."""
    f = w.function

    def root(k: str) -> tuple[str, str]:
        x = w.stored(v, at, k, k)
        y = w.intrinsic("sqrt", x)
        w.store(v, at, (k, k), y)
        return y, w.compare("ogt", x, w.number(0))

    with f.loop(n - 1, [("i1", "true")]) as step:
        k = step.index
        divisor, is_right = root(k)
        following, rest = _after(w, k, n)
        with f.loop(rest) as below:
            i = f.value(f"add nuw nsw i64 {following}, {below.index}")
            w.store(v, at, (i, k), w.apply("fdiv", w.stored(v, at, i, k), divisor))
        with f.loop(rest) as row:
            i = f.value(f"add nuw nsw i64 {following}, {row.index}")
            factor = w.stored(v, at, i, k)
            with f.loop(f.value(f"add nuw nsw i64 {row.index}, 1")) as column:
                j = f.value(f"add nuw nsw i64 {following}, {column.index}")
                change = w.apply("fmul", factor, w.stored(v, at, j, k))
                w.store(v, at, (i, j), w.apply("fsub", w.stored(v, at, i, j), change))
        step.next = [w.all_of([step.values[0], is_right])]
    _, is_right = root(str(n - 1))
    w.fresh()
    return w.all_of([step.results[0], is_right])
