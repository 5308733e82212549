"""Code for eigenvalues, singular values and QR factors: calls of the routines of LAPACK that NumPy calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.native.factorisations.written import At, Writer
from wengert.native.writing import whole_lines
from wengert.wlist import ArrayType, Statement

__all__ = ["DECOMPOSITIONS", "memory"]

_BLOCK = 64  # columns, at least, for which LAPACK has workspace


def memory(stmt: Statement) -> int:
    """The bytes that a statement needs besides its operands and results."""
    if stmt.prim.name not in _PARTS:
        return 0
    return sum(whole_lines(size) for size in _PARTS[stmt.prim.name](stmt).values())


def _scratch(w: Writer) -> dict[str, str]:
    """Pointers to the parts of the memory of a statement."""
    found, offset = {}, 0
    for name, size in _PARTS[w.stmt.prim.name](w.stmt).items():
        found[name] = w.scratch(offset)
        offset += whole_lines(size)
    return found


def _results(w: Writer, number: int, at: At, pointer: str, rows: int) -> None:
    """Copy a matrix from LAPACK's memory, where it stands by columns of so many rows, to a result."""
    v = w.targets[number]
    w.over(v.shape[-2:], lambda ij: w.store(v, at, ij, w.get(pointer, rows, *ij)))


def _require_finite_result(w: Writer, number: int, at: At) -> None:
    """Leave to the interpreter what has no finite values."""
    v = w.targets[number]
    with w.function.loop(v.shape[-1], [(w.word, w.number(0))]) as loop:
        x = w.stored(v, at, loop.index)
        loop.next = [w.apply("fadd", loop.values[0], w.apply("fmul", x, w.number(0)))]
    w.require(w.compare("ord", loop.results[0], loop.results[0]))


def _eigh(w: Writer) -> None:
    (a,), (values, _) = w.operands, w.targets
    n = values.shape[-1]
    sizes = _eigh_sizes(w.stmt)

    def inside(at: At) -> None:
        parts = _scratch(w)
        w.copy_by_columns(parts["a"], a, at, n, n)
        info = w.lapack(
            "syevd", w.flag("V"), w.flag(w.stmt.params["UPLO"]), w.integer(n), parts["a"], w.integer(n),
            w.pointer(values, at, 1), parts["work"], w.integer(sizes[0]), parts["integers"], w.integer(sizes[1]),
        )  # fmt: skip
        w.fresh()
        w.require(w.function.value(f"icmp eq i32 {info}, 0"))
        _require_finite_result(w, 0, at)
        _results(w, 1, at, parts["a"], n)

    w.over_stack(inside)


def _routines(stmt: Statement, name: str) -> Any:
    """SciPy's function of LAPACK that says how much workspace is good."""
    from scipy.linalg import lapack

    return getattr(lapack, f"{'d' if stmt.targets[0].dtype.itemsize == 8 else 's'}{name}")


def _eigh_sizes(stmt: Statement) -> tuple[int, int]:
    n = stmt.targets[0].shape[-1]
    work, integers, _ = _routines(stmt, "syevd_lwork")(n)
    return max(int(work), 1 + 6 * n + 2 * n * n), max(int(integers), 3 + 5 * n)


def _eigh_parts(stmt: Statement) -> dict[str, int]:
    n, size = stmt.targets[0].shape[-1], stmt.targets[0].dtype.itemsize
    work, integers = _eigh_sizes(stmt)
    return {"a": n * n * size, "work": work * size, "integers": integers * 4}


def _svd(w: Writer) -> None:
    (a,), (_, values, right) = w.operands, w.targets
    m, n = ArrayType.of(a).shape[-2:]
    job = "A" if w.stmt.prim.name == "svd_full" else "S"
    rows = right.shape[-2]

    def inside(at: At) -> None:
        parts = _scratch(w)
        w.copy_by_columns(parts["a"], a, at, m, n)
        info = w.lapack(
            "gesdd", w.flag(job), w.integer(m), w.integer(n), parts["a"], w.integer(m), w.pointer(values, at, 1),
            parts["left"], w.integer(m), parts["right"], w.integer(rows), parts["work"], w.integer(_svd_size(w.stmt)),
            parts["integers"],
        )  # fmt: skip
        w.fresh()
        w.require(w.function.value(f"icmp eq i32 {info}, 0"))
        _require_finite_result(w, 1, at)
        _results(w, 0, at, parts["left"], m)
        _results(w, 2, at, parts["right"], rows)

    w.over_stack(inside)


def _svd_size(stmt: Statement) -> int:
    m, n = ArrayType.of(stmt.operands[0]).shape[-2:]
    return int(_routines(stmt, "gesdd_lwork")(m, n, 1, stmt.prim.name == "svd_full")[0])


def _svd_parts(stmt: Statement) -> dict[str, int]:
    (left, _, right), size = stmt.targets, stmt.targets[0].dtype.itemsize
    m, n = ArrayType.of(stmt.operands[0]).shape[-2:]
    return {
        "a": m * n * size, "left": m * left.shape[-1] * size, "right": right.shape[-2] * n * size,
        "work": _svd_size(stmt) * size, "integers": 8 * min(m, n) * 4,
    }  # fmt: skip


def _qr(w: Writer) -> None:
    (a,), (q, r) = w.operands, w.targets
    m, n = ArrayType.of(a).shape[-2:]
    k, columns = min(m, n), q.shape[-1]

    def inside(at: At) -> None:
        parts, rows = _scratch(w), w.integer(m)
        work = parts["work"], w.integer(_BLOCK * max(n, columns))
        w.copy_by_columns(parts["a"], a, at, m, n)
        w.lapack("geqrf", rows, w.integer(n), parts["a"], rows, parts["factors"], *work)
        w.fresh()

        def upper(ij: At) -> None:
            i, j = ij
            is_inside = w.function.value(f"icmp uge i64 {j}, {i}")
            w.store(r, at, ij, w.select(is_inside, w.get(parts["a"], m, i, j), w.number(0)))

        w.over(r.shape[-2:], upper)
        w.lapack("orgqr", rows, w.integer(columns), w.integer(k), parts["a"], rows, parts["factors"], *work)
        w.fresh()
        _results(w, 0, at, parts["a"], m)

    w.over_stack(inside)


def _qr_parts(stmt: Statement) -> dict[str, int]:
    (q, _), size = stmt.targets, stmt.targets[0].dtype.itemsize
    m, n = ArrayType.of(stmt.operands[0]).shape[-2:]
    columns = max(n, q.shape[-1])
    return {"a": m * columns * size, "factors": min(m, n) * size, "work": _BLOCK * columns * size}


# --- checks of spectra ---------------------------------------------------------------------------------------------


def _checked_values(w: Writer) -> None:
    """Values as they are; those that `degenerate` looks at more closely are left to the interpreter."""
    x, values, (v,) = w.operands[0], w.operands[-1], w.targets
    n = v.shape[-1]
    f = w.function

    def inside(at: At) -> None:
        with f.loop(n, [(w.word, w.number(0))]) as loop:
            size = w.absolute(w.element(values, at, loop.index))
            loop.next = [w.largest([loop.values[0], size])]
        w.fresh()
        width = w.apply("fmul", w.number(8 * n * np.finfo(w.dtype).eps), loop.results[0])
        if n > 1:
            with f.loop(n - 1, [("i1", "true")]) as loop:
                one, two = (w.element(values, at, i) for i in (loop.index, f.value(f"add nuw nsw i64 {loop.index}, 1")))
                is_apart = w.compare("ogt", w.absolute(w.apply("fsub", two, one)), width)
                loop.next = [w.all_of([loop.values[0], is_apart])]
            w.require(loop.results[0])
            w.fresh()
        if w.stmt.params.get("zero"):
            with f.loop(n, [("i1", "true")]) as loop:
                is_apart = w.compare("ogt", w.absolute(w.element(values, at, loop.index)), width)
                loop.next = [w.all_of([loop.values[0], is_apart])]
            w.require(loop.results[0])
            w.fresh()
        w.over((n,), lambda i: w.store(v, at, i, w.element(x, at, *i)))

    w.over_stack(inside)


DECOMPOSITIONS: dict[str, Callable[[Writer], None]] = {
    **dict.fromkeys(("svd", "svd_full"), _svd),
    **dict.fromkeys(("qr", "qr_complete"), _qr),
    **dict.fromkeys(("alike", "distinct"), _checked_values),
    "eigh": _eigh,
}

#: For those that need memory, its parts in bytes.
_PARTS: dict[str, Callable[[Statement], dict[str, int]]] = {
    **dict.fromkeys(("svd", "svd_full"), _svd_parts),
    **dict.fromkeys(("qr", "qr_complete"), _qr_parts),
    "eigh": _eigh_parts,
}
