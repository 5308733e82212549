"""Statements along one axis: cumulative sums, products and extrema, recurrences, and where an extremum stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.show.c_source.blocks import Block, Writer
from wengert.show.c_source.layouts import Index, Layout
from wengert.show.c_source.places import Elements, Place, element
from wengert.show.c_source.planning import Unit
from wengert.show.c_source.refusals import refusal
from wengert.wlist import Statement

__all__ = ["WRITERS"]

_Step = Callable[[str, tuple[Index, ...]], str]  # the element before, and an index → the element


def _along(block: Block, stmt: Statement, first: Callable[[tuple[Index, ...]], str], step: _Step) -> None:
    """Write the first element along an axis, then each by the one before it."""
    target, shape, axis = block.target(stmt), stmt.targets[0].shape, stmt.params["axis"]
    if not isinstance(target, Elements):
        raise refusal(stmt)
    for outer in block.page.loops([*shape[:axis], *shape[axis + 1 :]]):
        block.assign(target, _inserted(outer, axis, 0), first(_inserted(outer, axis, 0)))
        for k in block.page.loop(shape[axis], first=1):
            index = _inserted(outer, axis, k)
            before = Elements(target.storage, target.layout.plus(-target.layout.strides[axis], 1))
            block.assign(target, index, step(element(before, index), index))


def _inserted(indices: tuple[Index, ...], axis: int, index: Index) -> tuple[Index, ...]:
    return (*indices[:axis], index, *indices[axis:])


def _cumulative(template: str) -> Writer:
    def write(block: Block, unit: Unit) -> None:
        (stmt,) = unit.statements
        dtype = stmt.targets[0].dtype
        if dtype.kind not in "fciu" or (("maximum" in template or "minimum" in template) and dtype != np.float64):
            raise refusal(stmt, f"C has no such function of numbers of dtype {dtype}.")

        def element_of(index: tuple[Index, ...]) -> str:
            return block.read(stmt.operands[0], index, dtype)

        def next_element(before: str, index: tuple[Index, ...]) -> str:
            return template.format(y=before, x=element_of(index))

        _along(block, stmt, element_of, next_element)

    return write


def _linear_recurrence(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    _recurrence(block, stmt, *stmt.operands)


def _segment_sums(block: Block, unit: Unit) -> None:
    (stmt,) = unit.statements
    _recurrence(block, stmt, stmt.params["stays"], stmt.operands[0])


def _recurrence(block: Block, stmt: Statement, factors: Any, terms: Any) -> None:
    """h[k] = a[k] h[k - 1] + b[k], from h[0] = b[0]."""
    dtype = stmt.targets[0].dtype

    def term(index: tuple[Index, ...]) -> str:
        return block.read(terms, index, dtype)

    def next_element(before: str, index: tuple[Index, ...]) -> str:
        return f"{block.read(factors, index, dtype)} * {before} + {term(index)}"

    _along(block, stmt, term, next_element)


def _position(comparison: str) -> Writer:
    """Where the first of the largest or smallest elements stands; a nan is both."""

    def write(block: Block, unit: Unit) -> None:
        (stmt,) = unit.statements
        x, axis = block.place(stmt.operands[0]), stmt.params.get("axis")
        if x.dtype is None or x.dtype.kind not in "fiub":
            raise refusal(stmt, f"C does not order numbers of dtype {x.dtype}.")
        shape = np.shape(stmt.operands[0])
        if axis is None:
            x, shape, axis = _flat(stmt, x, shape), (int(np.prod(shape)),), 0
        axis %= max(len(shape), 1)
        target, keeps = block.target(stmt), stmt.params["keepdims"]
        for outer in block.page.loops([*shape[:axis], *shape[axis + 1 :]]):
            place = _inserted(outer, axis, 0) if keeps else outer
            with block.accumulator(target, place, "position", "0") as position:
                _search(block, x, shape, axis, outer, position, comparison)

    return write


def _flat(stmt: Statement, x: Place, shape: tuple[int, ...]) -> Place:
    if not isinstance(x, Elements) or len(shape) == 1:
        return x
    if not x.layout.is_contiguous:
        raise refusal(stmt, "The elements of a view do not stand one after the other.")
    return Elements(x.storage, x.layout.reshaped((int(np.prod(shape)),)))


def _search(  # where, and what for
    block: Block, x: Place, shape: tuple[int, ...], axis: int, outer: tuple[Index, ...], position: str, comparison: str
) -> None:
    if not isinstance(x, Elements):
        return  # all are equal: the first
    best = Elements(x.storage, _at_variable(x.layout, axis, f"(size_t){position}"))
    for k in block.page.loop(shape[axis], first=1):
        new, old = element(x, _inserted(outer, axis, k)), element(best, outer)
        test = f"{new} {comparison} {old}"
        if x.dtype.kind == "f":
            test = f"!isnan({old}) && ({test} || isnan({new}))"
        with block.page.braces(f"if ({test})"):
            block.page.line(f"{position} = (int64_t){k};")


def _at_variable(layout: Layout, axis: int, variable: str) -> Layout:
    shape, strides = layout.shape, layout.strides
    inner = Layout(
        (*shape[:axis], *shape[axis + 1 :]), (*strides[:axis], *strides[axis + 1 :]), layout.offset, layout.bound
    )
    return inner.plus(strides[axis], variable)


WRITERS: dict[str, Writer] = {
    "cumsum": _cumulative("{y} + {x}"),
    "cumprod": _cumulative("{y} * {x}"),
    "cummax": _cumulative("maximum({y}, {x})"),
    "cummin": _cumulative("minimum({y}, {x})"),
    "linear_recurrence": _linear_recurrence,
    "segment_sums": _segment_sums,
    "argmax": _position(">"),
    "argmin": _position("<"),
}
