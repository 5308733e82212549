"""Code for equations, determinants and factors, of matrices and stacks of them.

The routines of LAPACK are those that NumPy calls, with the matrix stored by columns as NumPy copies it, so that
results agree to rounding: pivots, signs of vectors, and what is singular. Where NumPy raises an error, and where the
values decide on another formula, a group reports it, and the list is run by the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.native.factorisations.decompositions import DECOMPOSITIONS, memory
from wengert.native.factorisations.loops import MIDDLE, cholesky, eliminate, substitute
from wengert.native.factorisations.prepared import SMALL
from wengert.native.factorisations.small import (
    store_determinant,
    write_small_cholesky,
    write_small_determinant,
    write_small_solution,
    write_small_triangular,
)
from wengert.native.factorisations.written import At, Writer
from wengert.wlist import ArrayType, Statement

if TYPE_CHECKING:
    from wengert.native.body import Body

__all__ = ["memory", "work", "write_factorisation"]


def write_factorisation(body: Body, stmt: Statement) -> None:
    """Write a statement with one of the names of `FACTORISATIONS`."""
    w = Writer(body, stmt, _core(stmt))
    _WRITERS[stmt.prim.name](w)


def _core(stmt: Statement) -> int:
    """The axes of one result, in the first target."""
    name = stmt.prim.name
    if name in ("det", "slogdet", "native.det", "native.slogdet"):
        return 0
    if name in ("alike", "distinct", "eigh"):
        return 1
    b = _right_hand_side(stmt)
    return 1 if b is not None and ArrayType.of(b).ndim == 1 else 2


def _right_hand_side(stmt: Statement) -> Any:
    """The right-hand side of an equation; ``None`` for the unit matrix, or where there is no equation."""
    place = {"solve": 1, "solve_or_nan": 1, "native.triangular": 1, "native.solved": 2}.get(
        stmt.prim.name, len(stmt.operands)
    )
    return stmt.operands[place] if len(stmt.operands) > place and not stmt.params.get("careful") else None


def work(stmt: Statement) -> int:
    """Multiplications for an element of the first result, roughly."""
    shape = ArrayType.of(stmt.operands[0]).shape
    return max(shape[-2:]) ** 2 if len(shape) > 1 and not stmt.targets[0].shape else max(shape, default=1)


# --- equations and determinants ------------------------------------------------------------------------------------


def _solution(w: Writer) -> None:
    name = w.stmt.prim.name
    write_small_solution(w, _right_hand_side(w.stmt), is_nan=name == "solve_or_nan", is_careful=name == "native.inv")


def _factored(w: Writer) -> None:
    (a,), (lu, pivots) = w.operands, w.targets
    n = lu.shape[-1]

    def inside(at: At) -> None:
        place, order = w.integer(n), w.pointer(lu, at, 2)
        w.copy_by_columns(order, a, at, n, n)
        if n <= MIDDLE:
            eliminate(w, order, w.pointer(pivots, at, 1), n)
        else:
            w.lapack("getrf", place, place, order, place, w.pointer(pivots, at, 1))

    w.over_stack(inside)


def _right_hand_side_copied(w: Writer, at: At, b: Any, n: int, columns: int) -> None:
    (v,) = w.targets
    w.fresh()
    if w.stack == v.shape[:-1]:
        w.over((n,), lambda i: w.store(v, at, i, w.element(b, at, *i)))
    elif b is not None:
        w.over((n, columns), lambda ij: w.store(v, at, ij, w.element(b, at, *ij)))
    else:
        w.over((n, columns), lambda ij: w.store(v, at, ij, w.number(0)))
        w.over((n,), lambda i: w.store(v, at, (*i, *i), w.number(1)))
    w.fresh()


def _sizes(w: Writer) -> tuple[int, int]:
    """Equations and right-hand sides."""
    core = w.targets[0].shape[len(w.stack) :]
    return core[0], core[1] if len(core) > 1 else 1


def _solved(w: Writer) -> None:
    """Rows in memory are columns to BLAS: for matrices the transposes are solved, from the right."""
    lu, pivots = w.operands[:2]
    params, b, (v,) = w.stmt.params, _right_hand_side(w.stmt), w.targets
    n, columns = _sizes(w)
    is_turned = params["turned"]

    def inside(at: At) -> None:
        _right_hand_side_copied(w, at, b, n, columns)
        factors, order = w.pointer(lu, at, 2), w.pointer(pivots, at, 1)
        x = w.pointer(v, at, len(v.shape) - len(w.stack))
        is_singular, has_numbers = _diagonal(w, lu, at, n)
        size = w.integer(n)
        if n <= MIDDLE:
            _solved_by_loops(w, at, n, columns, factors, is_turned=is_turned)
        elif columns == 1:
            w.lapack("getrs", w.flag("T" if is_turned else "N"), size, w.integer(1), factors, size, order, x, size)
        else:
            if not is_turned:
                _exchange_rows(w, at, n, columns, backwards=False)
            for is_lower in (not is_turned, is_turned):
                w.blas(
                    "trsm", w.flag("R"), w.flag("L" if is_lower else "U"), w.flag("N" if is_turned else "T"),
                    w.flag("U" if is_lower else "N"), w.integer(columns), size,
                    w.keep(w.word, w.number(1)), factors, size, x, w.integer(columns),
                )  # fmt: skip
            if is_turned:
                _exchange_rows(w, at, n, columns, backwards=True)
        _settle(w, at, is_singular, has_numbers)
        if params["careful"]:
            bound = w.number(np.finfo(w.dtype).eps ** (-1 / 3))
            sizes = [_row_sum(w, y, at, n) for y in (w.operands[2], v)]
            w.require(w.compare("olt", w.apply("fmul", *sizes), bound))

    if n and columns:
        w.over_stack(inside)


def _solved_by_loops(w: Writer, at: At, n: int, columns: int, factors: str, *, is_turned: bool) -> None:
    def factor(i: str, k: str) -> str:
        return w.get(factors, n, *((k, i) if is_turned else (i, k)))

    if not is_turned:
        _exchange_rows(w, at, n, columns, backwards=False)
    for is_lower in (True, False):
        substitute(w, at, factor, is_lower=is_lower, is_unit=is_lower != is_turned)
    if is_turned:
        _exchange_rows(w, at, n, columns, backwards=True)


def _exchange_rows(w: Writer, at: At, n: int, columns: int, *, backwards: bool) -> None:
    """Exchange rows of the result by LAPACK's pivots, which count from 1."""
    f, (v,), pivots = w.function, w.targets, w.operands[1]
    with f.loop(n) as loop:
        i = f.value(f"sub nsw i64 {n - 1}, {loop.index}") if backwards else loop.index
        w.fresh()
        order = w.body.loaded_at(w.pointer(pivots, at, 1), np.dtype(np.int32), i)
        other = f.value(f"sub nsw i64 {f.value(f'sext i32 {order} to i64')}, 1")
        with w.when(f.value(f"icmp ne i64 {i}, {other}")), f.loop(columns) as row:
            more = () if len(w.stack) + 1 == v.type.ndim else (row.index,)
            one, two = w.stored(v, at, i, *more), w.stored(v, at, other, *more)
            w.store(v, at, (i, *more), two)
            w.store(v, at, (other, *more), one)
    w.fresh()


def _diagonal(w: Writer, a: Any, at: At, n: int) -> tuple[str, str]:
    """Whether an element of the diagonal of a stored matrix is 0, and whether none is nan."""
    pointer = w.pointer(a, at, 2)
    with w.function.loop(n, [("i1", "false"), ("i1", "true")]) as loop:
        x = w.get(pointer, n, loop.index, loop.index)
        loop.next = [
            w.either([loop.values[0], w.compare("oeq", x, w.number(0))]),
            w.all_of([loop.values[1], w.compare("ord", x, x)]),
        ]
    return loop.results[0], loop.results[1]


def _settle(w: Writer, at: At, is_singular: str, has_numbers: str) -> None:
    """What becomes of a singular matrix: nan, or an error."""
    if not w.stmt.params["nan"]:
        w.require(w.all_of([w.function.value(f"xor i1 {is_singular}, true"), has_numbers]))
        return
    w.require(w.either([is_singular, has_numbers]))
    (v,) = w.targets
    with w.when(is_singular):
        w.over(v.shape[len(w.stack) :], lambda place: w.store(v, at, place, w.number(np.nan)))


def _row_sum(w: Writer, a: Any, at: At, n: int) -> str:
    """The largest sum of absolute values of a row."""
    w.fresh()
    with w.function.loop(n, [(w.word, w.number(0))]) as rows:
        with w.function.loop(n, [(w.word, w.number(0))]) as row:
            x = w.element(a, at, rows.index, row.index)
            row.next = [w.apply("fadd", row.values[0], w.absolute(x))]
        # Not a number counts as larger than all others.
        is_less = w.compare("olt", row.results[0], rows.values[0])
        rows.next = [w.select(is_less, rows.values[0], row.results[0])]
    w.fresh()
    return rows.results[0]


def _determinant(w: Writer) -> None:
    write_small_determinant(w, is_logarithm=w.stmt.prim.name == "slogdet")


def _determinant_of_factors(w: Writer) -> None:
    lu, pivots = w.operands
    f, n = w.function, lu.shape[-1]
    is_logarithm = w.stmt.prim.name == "native.slogdet"

    def inside(at: At) -> None:
        factors, order = w.pointer(lu, at, 2), w.pointer(pivots, at, 1)
        is_singular, has_numbers = _diagonal(w, lu, at, n)
        with f.loop(n, [("i1", "false"), (w.word, w.number(0))]) as loop:
            x = w.get(factors, n, loop.index, loop.index)
            following = f.value(f"add nuw nsw i64 {loop.index}, 1")
            row = f.value(f"sext i32 {w.body.loaded_at(order, np.dtype(np.int32), loop.index)} to i64")
            is_negative = f.value(
                f"xor i1 {w.compare('olt', x, w.number(0))}, {f.value(f'icmp ne i64 {row}, {following}')}"
            )
            loop.next = [
                f.value(f"xor i1 {loop.values[0]}, {is_negative}"),
                w.apply("fadd", loop.values[1], w.libm("log", w.absolute(x))),
            ]
        sign = w.select(loop.results[0], w.number(-1), w.number(1))
        w.fresh()
        store_determinant(w, at, sign, loop.results[1], is_singular, is_logarithm=is_logarithm)
        w.require(w.either([is_singular, has_numbers]))

    w.over_stack(inside)


# --- triangular matrices -------------------------------------------------------------------------------------------


def _triangular(w: Writer) -> None:
    """The matrix in memory is its transpose to BLAS."""
    a, params, b, (v,) = w.operands[0], w.stmt.params, _right_hand_side(w.stmt), w.targets
    n, columns = _sizes(w)
    if not n or not columns:
        return
    if params["finite"]:
        w.over_stack(lambda at: _require_finite(w, at, a, b))
    if n <= SMALL:
        write_small_triangular(w, b)
        return
    is_turned, unit = params["turned"], w.flag("U" if params["unit"] else "N")
    size, triangle = w.integer(n), w.flag("U" if params["lower"] else "L")

    def inside(at: At) -> None:
        matrix, x = w.pointer(a, at, 2), w.pointer(v, at, len(v.shape) - len(w.stack))

        def factor(i: str, k: str) -> str:
            return w.get(matrix, n, *((i, k) if is_turned else (k, i)))

        if b is None and n > MIDDLE:
            is_lower = params["lower"] != is_turned
            _copy_triangle(w, at, n, is_lower=is_lower)
            w.lapack("trtri", w.flag("U" if is_lower else "L"), unit, size, x, size)
        else:
            _right_hand_side_copied(w, at, b, n, columns)
            turn = w.flag("T" if is_turned else "N")
            if n <= MIDDLE:
                substitute(w, at, factor, is_lower=params["lower"] != is_turned, is_unit=params["unit"])
            elif columns == 1:
                other = w.flag("N" if is_turned else "T")
                w.blas("trsv", triangle, other, unit, size, matrix, size, x, w.integer(1))
            else:
                w.blas(
                    "trsm", w.flag("R"), triangle, turn, unit, w.integer(columns), size,
                    w.keep(w.word, w.number(1)), matrix, size, x, w.integer(columns),
                )  # fmt: skip
        if not params["unit"]:
            _settle(w, at, *_diagonal(w, a, at, n))

    w.over_stack(inside)


def _copy_triangle(w: Writer, at: At, n: int, *, is_lower: bool) -> None:
    """Copy the triangle of the matrix, or of its transpose, and zeros."""
    f, (v,), a = w.function, w.targets, w.operands[0]

    def element(ij: At) -> None:
        i, j = ij
        x = w.element(a, at, *((j, i) if w.stmt.params["turned"] else (i, j)))
        is_inside = f.value(f"icmp {'ule' if is_lower else 'uge'} i64 {j}, {i}")
        w.store(v, at, ij, w.select(is_inside, x, w.number(0)))

    w.fresh()
    w.over((n, n), element)
    w.fresh()


def _require_finite(w: Writer, at: At, *operands: Any) -> None:
    """Leave to the interpreter what SciPy refuses: infinite numbers and nan."""
    for x in operands:
        core = 2 if x is w.operands[0] else w.targets[0].type.ndim - len(w.stack)
        shape = ArrayType.of(x).shape
        rows, columns = shape[-2:] if core == 2 else (shape[-1], 1)
        w.fresh()
        with w.function.loop(rows, [(w.word, w.number(0))]) as outer:
            with w.function.loop(columns, [(w.word, outer.values[0])]) as inner:
                y = w.element(x, at, *((outer.index, inner.index) if core == 2 else (outer.index,)))
                inner.next = [w.apply("fadd", inner.values[0], w.apply("fmul", y, w.number(0)))]
            outer.next = [inner.results[0]]
        w.fresh()
        w.require(w.compare("ord", outer.results[0], outer.results[0]))


def _cholesky(w: Writer) -> None:
    """The lower triangle in memory is the upper one to LAPACK."""
    (a,), (v,) = w.operands, w.targets
    n = v.shape[-1]
    if n <= SMALL:
        write_small_cholesky(w)
        return

    def inside(at: At) -> None:
        def element(ij: At) -> None:
            i, j = ij
            is_inside = w.function.value(f"icmp ule i64 {j}, {i}")
            w.store(v, at, ij, w.select(is_inside, w.element(a, at, i, j), w.number(0)))

        w.fresh()
        w.over((n, n), element)
        w.fresh()
        if n <= MIDDLE:
            w.require(cholesky(w, v, at, n))
            return
        info = w.lapack("potrf", w.flag("U"), w.integer(n), w.pointer(v, at, 2), w.integer(n))
        w.require(w.function.value(f"icmp eq i32 {info}, 0"))
        w.require(_diagonal(w, v, at, n)[1])

    w.over_stack(inside)


_WRITERS: dict[str, Callable[[Writer], None]] = {
    **dict.fromkeys(("solve", "solve_or_nan", "inv", "native.inv"), _solution),
    **dict.fromkeys(("det", "slogdet"), _determinant),
    **dict.fromkeys(("native.det", "native.slogdet"), _determinant_of_factors),
    **DECOMPOSITIONS,
    "native.factored": _factored,
    "native.solved": _solved,
    "native.triangular": _triangular,
    "cholesky": _cholesky,
}
