"""Products of vectors, matrices and more: loops in which a product is added for each inner index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wengert.show.c_source.blocks import Block, Writer
from wengert.show.c_source.layouts import Index
from wengert.show.c_source.literals import literal
from wengert.show.c_source.moving import moved
from wengert.show.c_source.places import Elements, Place, read
from wengert.show.c_source.planning import Unit
from wengert.show.c_source.refusals import refusal
from wengert.wlist import Statement

__all__ = ["WRITERS"]


def _term(block: Block, stmt: Statement, indices: Sequence[Sequence[Index]]) -> str:
    dtype = stmt.targets[0].dtype
    return " * ".join(block.read(x, index, dtype) for x, index in zip(stmt.operands, indices, strict=True))


def _zero(stmt: Statement) -> str:
    dtype = stmt.targets[0].dtype
    if dtype.kind not in "fciu":
        raise refusal(stmt, f"C has no products of arrays of dtype {dtype}.")
    return literal(0, dtype)


def _matmul(block: Block, unit: Unit) -> None:
    """Rows times columns; a vector stands for a matrix of one row on the left, of one column on the right."""
    (stmt,) = unit.statements
    a, b = (np.shape(x) for x in stmt.operands)
    batch = np.broadcast_shapes(a[:-2], b[:-2])
    for indices in block.page.loops(batch):
        for i in block.page.loop(a[-2]) if len(a) > 1 else [None]:
            left = (*indices, i) if i is not None else indices
            if len(b) == 1:
                _dot(block, stmt, left, left if i is not None else (), a[-1])
            else:
                _row(block, stmt, left, indices, a[-1], b[-1])


def _dot(block: Block, stmt: Statement, row: tuple[Index, ...], place: tuple[Index, ...], inner: int) -> None:
    """One element, the sum over a row and a vector."""
    with block.accumulator(block.target(stmt), place, "sum", _zero(stmt)) as total:
        for k in block.page.loop(inner):
            block.page.line(f"{total} += {_term(block, stmt, [(*row, k), (k,)])};")


def _row(
    block: Block, stmt: Statement, row: tuple[Index, ...], batch: tuple[Index, ...], inner: int, width: int
) -> None:
    """One row of the result, to which the rows of the second matrix are added, each times an element of the first."""
    target = block.target(stmt)
    for j in block.page.loop(width):
        block.assign(target, (*row, j), _zero(stmt))
    for k in block.page.loop(inner):
        for j in block.page.loop(width):
            block.assign(target, (*row, j), _term(block, stmt, [(*row, k), (*batch, k, j)]), "+=")


def _einsum(block: Block, unit: Unit) -> None:
    """One loop for each letter, those of the result outside."""
    (stmt,) = unit.statements
    inputs, result = stmt.params["subscripts"].split("->")
    terms = inputs.split(",")
    lengths: dict[str, int] = {}
    for term, x in zip(terms, stmt.operands, strict=True):
        for letter, n in zip(term, np.shape(x), strict=True):
            lengths[letter] = n if lengths.get(letter, 1) == 1 else lengths[letter]
    summed = [letter for letter in lengths if letter not in result]
    for outer in block.page.loops([lengths[letter] for letter in result]):
        with block.accumulator(block.target(stmt), outer, "sum", _zero(stmt)) as total:
            for inner in block.page.loops([lengths[letter] for letter in summed]):
                of_letter = dict(zip((*result, *summed), (*outer, *inner), strict=True))
                text = _term(block, stmt, [[of_letter[letter] for letter in term] for term in terms])
                block.page.line(f"{total} += {text};")


def _convolve(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    (m,), (n,) = (np.shape(x) for x in stmt.operands)
    (a, v), target, dtype = map(block.place, stmt.operands), block.target(stmt), stmt.targets[0].dtype
    if stmt.params["mode"] == "full":  # each element of one is added, shifted and weighted by those of the other
        block.fill(target, _zero(stmt))
        for i in block.page.loop(m):
            for j in block.page.loop(n):
                block.assign(_shifted(target, i, j), (), f"{read(a, (i,), dtype)} * {read(v, (j,), dtype)}", "+=")
        return
    kernel = moved(v, np.flip)
    for i in block.page.loop(m - n + 1):
        with block.accumulator(target, (i,), "sum", _zero(stmt)) as total:
            for j in block.page.loop(n):
                block.page.line(f"{total} += {read(_shifted(a, i, j), (), dtype)} * {read(kernel, (j,), dtype)};")


def _shifted(place: Place, i: Index, j: Index) -> Place:
    """The element of a sequence at i + j."""
    if not isinstance(place, Elements):
        return place
    return Elements(place.storage, place.layout.of_round(i).plus(place.layout.strides[0], j))


WRITERS: dict[str, Writer] = {"matmul": _matmul, "einsum": _einsum, "convolve": _convolve}
