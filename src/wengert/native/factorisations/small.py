"""Matrices of few rows: elimination, Cholesky's factor and substitution, all of it in registers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from wengert.native.factorisations.prepared import SMALL
from wengert.native.factorisations.written import At, Writer

__all__ = ["write_small_cholesky", "write_small_determinant", "write_small_solution", "write_small_triangular"]


@dataclass(slots=True)
class _Elimination:
    """A matrix after Gaussian elimination with partial pivoting, and what was done for it.

    Attributes
    ----------
    upper : list of lists
    swaps : list of (int, int, str)
        Step and row, and the test whether they were exchanged.
    factors : dict
        (row, step) → by what the row of the step was multiplied.
    """

    writer: Writer
    upper: list[list[str]]
    swaps: list[tuple[int, int, str]] = field(default_factory=list)
    factors: dict[tuple[int, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        w, rows, n = self.writer, self.upper, len(self.upper)
        for k in range(n):
            for i in range(k + 1, n):
                test = w.compare("ogt", w.absolute(rows[i][k]), w.absolute(rows[k][k]))
                self.swaps.append((k, i, test))
                for j in range(k, n):
                    rows[k][j], rows[i][j] = (
                        w.select(test, rows[i][j], rows[k][j]),
                        w.select(test, rows[k][j], rows[i][j]),
                    )
            for i in range(k + 1, n):
                factor = self.factors[i, k] = w.apply("fdiv", rows[i][k], rows[k][k])
                for j in range(k + 1, n):
                    rows[i][j] = w.apply("fsub", rows[i][j], w.apply("fmul", factor, rows[k][j]))

    @property
    def pivots(self) -> list[str]:
        """The diagonal."""
        return [self.upper[k][k] for k in range(len(self.upper))]

    def is_singular(self) -> str:
        """Whether a pivot is 0."""
        return self.writer.either([self.writer.compare("oeq", p, self.writer.number(0)) for p in self.pivots])

    def has_numbers(self) -> str:
        """Whether no pivot is nan."""
        return self.writer.all_of([self.writer.compare("ord", p, p) for p in self.pivots])

    def solve(self, column: list[str]) -> list[str]:
        """The solution for one right-hand side."""
        w, x, n = self.writer, list(column), len(column)
        for k in range(n):
            for step, i, test in self.swaps:
                if step == k:
                    x[k], x[i] = w.select(test, x[i], x[k]), w.select(test, x[k], x[i])
            for i in range(k + 1, n):
                x[i] = w.apply("fsub", x[i], w.apply("fmul", self.factors[i, k], x[k]))
        return _substituted(w, self.upper, x, is_lower=False, is_unit=False)


def _substituted(w: Writer, rows: list[list[str]], column: list[str], *, is_lower: bool, is_unit: bool) -> list[str]:
    """The solution for a triangular matrix."""
    x, n = list(column), len(column)
    for i in range(n) if is_lower else reversed(range(n)):
        for k in range(i) if is_lower else range(i + 1, n):
            x[i] = w.apply("fsub", x[i], w.apply("fmul", rows[i][k], x[k]))
        if not is_unit:
            x[i] = w.apply("fdiv", x[i], rows[i][i])
    return x


def _each_column(
    w: Writer, at: At, b: object, solve: Callable[[list[str]], list[str]], is_lost: str
) -> list[list[str]]:
    """Store the solutions for all right-hand sides, nan where `is_lost`; those that were written out are returned."""
    (v,) = w.targets
    is_vector = b is not None and len(w.stack) + 1 == v.type.ndim
    n, columns = (v.shape[-1], 1) if is_vector else v.shape[-2:]

    def one(j: int | str) -> list[str]:
        def core(i: int) -> tuple[int | str, ...]:
            return (i,) if is_vector else (i, j)

        column = [w.number(i == j) if b is None else w.element(b, at, *core(i)) for i in range(n)]
        x = solve(column)
        for i in range(n):
            w.store(v, at, core(i), x[i] if is_lost == "false" else w.select(is_lost, w.number(np.nan), x[i]))
        return x

    if columns <= SMALL:
        return [one(j) for j in range(columns)]
    with w.function.loop(columns) as loop:
        w.fresh()
        one(loop.index)
    w.fresh()
    return []


def write_small_solution(w: Writer, b: object, *, is_nan: bool, is_careful: bool) -> None:
    """Solve equations; `b` is ``None`` for the inverse. See `factorisations` for `is_nan` and `is_careful`."""
    a = w.operands[0]
    n = w.targets[0].shape[len(w.stack)]

    def inside(at: At) -> None:
        rows = w.matrix(a, at, n, n)
        found = _Elimination(w, [list(row) for row in rows])
        is_singular, has_numbers = found.is_singular(), found.has_numbers()
        x = _each_column(w, at, b, found.solve, is_singular if is_nan else "false")
        if is_nan:
            w.require(w.either([is_singular, has_numbers]))
            return
        w.require(w.all_of([w.function.value(f"xor i1 {is_singular}, true"), has_numbers]))
        if is_careful:
            sizes = [
                w.largest([w.total([w.absolute(y) for y in row]) for row in m]) for m in (rows, zip(*x, strict=True))
            ]
            w.require(w.compare("olt", w.apply("fmul", *sizes), w.number(np.finfo(w.dtype).eps ** (-1 / 3))))

    if n:
        w.over_stack(inside)


def write_small_determinant(w: Writer, *, is_logarithm: bool) -> None:
    """Store the determinant, or its sign and the logarithm of its size."""
    (a,) = w.operands
    n = a.shape[-1]

    def inside(at: At) -> None:
        found = _Elimination(w, w.matrix(a, at, n, n))
        is_negative = [test for _, _, test in found.swaps]
        is_negative += [w.compare("olt", p, w.number(0)) for p in found.pivots]
        sign, is_singular = w.number(1), found.is_singular()
        for test in is_negative:
            sign = w.select(test, w.function.value(f"fneg {w.word} {sign}"), sign)
        logarithm = w.total([w.libm("log", w.absolute(p)) for p in found.pivots])
        store_determinant(w, at, sign, logarithm, is_singular, is_logarithm=is_logarithm)
        w.require(w.either([is_singular, found.has_numbers()]))

    w.over_stack(inside)


def store_determinant(w: Writer, at: At, sign: str, logarithm: str, is_singular: str, *, is_logarithm: bool) -> None:
    """Store what `write_small_determinant` does, as NumPy computes it."""
    if is_singular != "false":
        sign = w.select(is_singular, w.number(0), sign)
        logarithm = w.select(is_singular, w.number(-np.inf), logarithm)
    if is_logarithm:
        w.store(w.targets[0], at, (), sign)
        w.store(w.targets[1], at, (), logarithm)
    else:
        w.store(w.targets[0], at, (), w.apply("fmul", sign, w.libm("exp", logarithm)))


def write_small_cholesky(w: Writer) -> None:
    """Store the factor, of the lower triangle."""
    (a,), (v,) = w.operands, w.targets
    n = v.shape[-1]

    def inside(at: At) -> None:
        rows: list[list[str]] = []
        tests = []
        for i in range(n):
            row: list[str] = []
            for j in range(i + 1):
                x = w.element(a, at, i, j)
                other = row if i == j else rows[j]
                for k in range(j):
                    x = w.apply("fsub", x, w.apply("fmul", row[k], other[k]))
                if i == j:
                    tests.append(w.compare("ogt", x, w.number(0)))
                    row.append(w.intrinsic("sqrt", x))
                else:
                    row.append(w.apply("fdiv", x, rows[j][j]))
            rows.append(row)
            for j in range(n):
                w.store(v, at, (i, j), row[j] if j <= i else w.number(0))
        w.require(w.all_of(tests))

    w.over_stack(inside)


def write_small_triangular(w: Writer, b: object) -> None:
    """Solve equations with a triangular matrix; `b` is ``None`` for the inverse."""
    a, params = w.operands[0], w.stmt.params
    n = w.targets[0].shape[len(w.stack)]
    is_lower = params["lower"] != params["turned"]

    def inside(at: At) -> None:
        rows = [[w.number(0)] * n for _ in range(n)]
        for i in range(n):
            for j in range(i + 1) if is_lower else range(i, n):
                rows[i][j] = w.element(a, at, *((j, i) if params["turned"] else (i, j)))
        diagonal = [] if params["unit"] else [rows[i][i] for i in range(n)]
        is_singular = w.either([w.compare("oeq", x, w.number(0)) for x in diagonal])

        def solve(column: list[str]) -> list[str]:
            return _substituted(w, rows, column, is_lower=is_lower, is_unit=params["unit"])

        _each_column(w, at, b, solve, is_singular if params["nan"] else "false")
        if params["nan"]:
            w.require(w.either([is_singular, w.all_of([w.compare("ord", x, x) for x in diagonal])]))
        else:
            w.require(w.all_of([w.compare("one", x, w.number(0)) for x in diagonal]))

    w.over_stack(inside)
