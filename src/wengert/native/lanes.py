"""The code of a band: `LANES` rows at once, one in each lane of a vector, and all that is made of them.

What a row makes for itself is kept in a buffer that has the elements of one row, each a vector: they are in registers
where indices are known, and in the nearest cache otherwise. Rows of an array that do not lie side by side are put into
such a buffer first, and taken out of one at the end. The last vector begins so early that it is full: its first rows
are computed once more and stored as they were, but not folded again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.native import elementwise
from wengert.native.bands import Nest, axes_summed, is_matrix_product, operand_axis
from wengert.native.elementwise.scalars import BOOL, Scalar, choose, intrinsic
from wengert.native.guards import placed
from wengert.native.lane_products import factor_indices, is_worth_a_call, product_function
from wengert.native.memory import Layout
from wengert.native.parts import Part, parts_of
from wengert.native.places import Index, Lanes, Place, broadcast, place_in, plus, times
from wengert.native.reductions import begun, folded, has_end, whole
from wengert.native.row_folds import RowFolds, go_in_registers
from wengert.native.row_memory import RowMemory, is_side_by_side
from wengert.native.skipping import Skipping, skipping
from wengert.native.threads import Parts, together
from wengert.native.writing import LANES, Function, literal, word
from wengert.registry import table
from wengert.wlist import ArrayType, Statement, Variable

if TYPE_CHECKING:
    from wengert.native.emission import GroupWriter

__all__ = ["Band"]

_WRITTEN_OUT = 8  # elements of a row up to which no loop is written
_STREAMS = 4
_TURNS, _LARGE_FOLD = 4, 1_024
_I64 = np.dtype(np.int64)


class Band(RowMemory):
    """The inside of the function of a band."""

    def __init__(self, writer: GroupWriter, function: Function) -> None:
        super().__init__(writer, function)
        self._skips = skipping(self.group.nests, self.plan.virtual, self.plan.local)
        self._inside = {v: stmt for how in self._skips.values() for v, stmt in how.computed.items()}
        self._elsewhere = {*self._inside.values(), *(stmt for how in self._skips.values() for _, stmt, _ in how.beside)}
        self._nests = list(self._nests_left())
        self._stream, self._streams = 0, self._count_streams()
        self._large = [nest for nest in self._nests if self._is_large_fold(nest)]
        self._turns = _TURNS if self._large and self.length >= _TURNS * LANES else 1
        self._fresh = ""  # in which lanes the rows are new; none where they always are
        for nest in self._nests:
            for stmt in nest.roots:
                axis = _axis_of_target(stmt, nest)
                if axis is not None:
                    self._axes[stmt.targets[0]] = axis

    def write(self) -> None:
        """Write the loop over the rows, and what is done before and after it."""
        sums = [stmt for nest in self.group.nests for stmt in nest.roots if self._is_over_rows(stmt, nest)]
        step = LANES * self._streams * self._turns
        parts = Parts(self, step) if self.group.threads > 1 else None
        if parts is None or parts.count == 1:
            self._write_rounds(sums, step, 0, -(-self.length // step))
            for stmt in sums:
                self._over((stmt.targets[0].type.size,), lambda at, s=stmt: self._gather_fold(s, at[0]))  # type: ignore[misc]
            return
        with parts.inside():
            self._write_rounds(sums, step, parts.first, parts.rounds)
            for stmt in sums:
                (v,) = stmt.targets
                self._over((v.type.size,), lambda at, s=stmt: self._put_fold(s, at[0], parts.folds[s.targets[0]]))  # type: ignore[misc]
        parts.stack = self.stack
        parts.run()

    def _write_rounds(self, sums: list[Statement], step: int, first: Place, rounds: int | str) -> None:
        """Write rounds of the loop over the rows, from the first one on, with the beginning of what they fold."""
        function = self.function
        for stmt in sums:
            (v,) = stmt.targets
            size = v.type.size * self._streams
            self._over((size,), lambda at, v=v, s=stmt: self._put_at(self._buffer(v), v.dtype, at[0], _begun(s)))  # type: ignore[misc]
        with function.loop(rounds) as loop:
            number = plus(function, first, loop.index)
            self._copies.clear()
            if self._turns > 1:
                self._write_turns(times(function, number, step))
                return
            for stream in range(self._streams):
                self._stream = stream
                self._begin_rows(plus(function, times(function, number, step), stream * LANES))
                for nest in self._nests:
                    self._write_nest(nest)
                self._end_rows()

    def _count_streams(self) -> int:
        """How many vectors of rows are folded side by side, where each has little work and waits for the one before."""
        nest = self._nests[0]
        is_light = len(self._nests) == 1 and len(nest.domain) == 1 and len(nest.roots) <= _STREAMS
        return _STREAMS if is_light and self.length >= _STREAMS * LANES else 1

    def _is_large_fold(self, nest: Nest) -> bool:
        """Whether the rows are folded to so many elements that they are better read once for several vectors."""
        if nest in self._skips:
            return False
        sizes = [stmt.targets[0].type.size for stmt in nest.roots if self._is_over_rows(stmt, nest)]
        return len(sizes) == len(nest.roots) and max(sizes) >= _LARGE_FOLD

    def _write_turns(self, start: Place) -> None:
        """Write what is made of several vectors of rows, each with buffers of its own, and then fold all of them."""
        turns = []
        for turn in range(self._turns):
            self._turn = turn
            self._begin_rows(plus(self.function, start, turn * LANES))
            for nest in self._nests:
                if nest not in self._large:
                    self._write_nest(nest)
            turns.append((self.rows, self._fresh, self._prologue))
        for nest in self._large:
            inner = tuple(n for k, n in enumerate(nest.domain) if k != nest.axis)
            self._over(inner, lambda at, nest=nest: self._fold_turns(nest, at, turns))  # type: ignore[misc]
        for turn, (self.rows, self._fresh, self._prologue) in enumerate(turns):
            self._turn = turn
            self._end_rows()

    def _fold_turns(self, nest: Nest, at: Index, turns: list[tuple[Lanes, str, Any]]) -> None:
        for stmt in nest.roots:
            (v,) = stmt.targets
            place = place_in(self.function, v.shape, self.target(stmt, nest, (*at[: nest.axis], 0, *at[nest.axis :])))
            total = self._loaded_from(self._buffer(v), v.dtype, place)
            for turn, (self.rows, self._fresh, self._prologue) in enumerate(turns):
                self._turn = turn
                total = self._folded(stmt, total, (*at[: nest.axis], self.rows, *at[nest.axis :]))
            self._put_at(self._buffer(v), v.dtype, place, total)

    def _begin_rows(self, start: Place) -> None:
        """Take the rows of a vector in hand."""
        step = LANES * self._streams * self._turns
        self.rows = Lanes(self._moved_back(start) if self.length % step else str(start), 1)
        self._prologue = self.function.later()

    def _end_rows(self) -> None:
        """Put what was made of the rows where others read it."""
        for v, axis in self._axes.items():
            if v not in self.plan.local and (v, self._turn) in self._buffers:
                self._hand_over(v, axis)

    def _moved_back(self, start: Place) -> str:
        """The first row of a vector that is full."""
        function = self.function
        function.module.declare("declare i64 @llvm.umin.i64(i64, i64)")
        first = function.value(f"call i64 @llvm.umin.i64(i64 {start}, i64 {self.length - LANES})")
        again = function.value(f"sub nuw nsw i64 {start}, {first}")
        numbers = ", ".join(f"i64 {k}" for k in range(LANES))
        self._fresh = function.operation("icmp uge", _I64, f"<{numbers}>", again)
        return first

    def _nests_left(self) -> Iterator[Nest]:
        """The nests without what is computed inside of another one."""
        for nest in self.group.nests:
            roots = [stmt for stmt in nest.roots if stmt not in self._elsewhere]
            if roots:
                left = nest if len(roots) == len(nest.roots) else replace(nest, roots=roots)
                if nest in self._skips:
                    self._skips[left] = self._skips[nest]
                yield left

    def _is_over_rows(self, stmt: Statement, nest: Nest) -> bool:
        return nest.axis in axes_summed(stmt, nest.domain)

    # Loops inside of a row.

    def _over(self, shape: tuple[int, ...], inside: Callable[[Index], None]) -> None:
        """What `inside` writes for each index: one after the other along the last, short axes, in loops else."""
        outside = len(shape)
        while outside and math.prod(shape[outside - 1 :]) <= _WRITTEN_OUT:
            outside -= 1
        known = self.known()  # what is computed in a loop is not known behind it

        def written_out(index: Index) -> None:
            for last in np.ndindex(*shape[outside:]):
                inside((*index, *last))

        self.over(shape[:outside], written_out)
        if outside:
            self.recall(known)

    def known(self) -> dict[tuple[Variable, Index], str]:
        """What is known before a loop, for `recall` behind it."""
        return dict(self._known)

    def recall(self, known: dict[tuple[Variable, Index], str]) -> None:
        """Know no more than before a loop."""
        self._known = known

    def _write_nest(self, nest: Nest) -> None:
        if not nest.is_pulled:
            self._put_together(nest)
            return
        inner = tuple(n for k, n in enumerate(nest.domain) if k != nest.axis)
        called = {stmt for stmt in nest.roots if self._is_called(stmt, nest)}
        rest = replace(nest, roots=[stmt for stmt in nest.roots if stmt not in called])
        if not rest.roots:
            return
        if nest not in self._skips and go_in_registers(rest):
            RowFolds(self, rest).write()
            return
        folds = [s for s in rest.roots if axes_summed(s, nest.domain) and not self._is_over_rows(s, nest)]
        for stmt in folds:
            self._over_target(stmt, lambda v, index, s=stmt: self.store(v, index, _begun(s)))  # type: ignore[misc]
        if nest in self._skips:
            self._write_terms(nest, self._skips[nest])
        else:
            self._over(inner, lambda at: self._write_element(rest, (*at[: nest.axis], self.rows, *at[nest.axis :])))
        for stmt in folds:
            if not is_matrix_product(stmt) and has_end(stmt):
                self._over_target(stmt, lambda v, index, s=stmt: self._end(s, v, index))  # type: ignore[misc]

    def _write_terms(self, nest: Nest, how: Skipping) -> None:
        """Write sums of which those terms are skipped that are zero in all rows."""
        axes: list[Place] = [self.rows] * len(nest.domain)

        def inside(at: Index) -> None:
            for k, place in zip(how.inner, at, strict=True):
                axes[k] = place
            self._write_element(nest, tuple(axes))

        def outside(at: Index) -> None:
            for k, place in zip(how.outer, at, strict=True):
                axes[k] = place
            known = self.known()
            with self.function.when(self.any_lane(self._is_any(how.guards, tuple(axes)))):
                for other, stmt, index in how.beside:
                    self._write_fold(stmt, other, placed(index, axes))
                self._over(tuple(nest.domain[k] for k in how.inner), inside)
            self.recall(known)

        known = self.known()
        self.over(tuple(nest.domain[k] for k in how.outer), outside)
        self.recall(known)

    def _is_called(self, stmt: Statement, nest: Nest) -> bool:
        """Write a product of matrices as a call, if its operands and its result are where a function can reach them."""
        (v,) = stmt.targets
        if not is_matrix_product(stmt) or not is_worth_a_call(stmt, nest) or not self._has_buffer(v):
            return False
        found = [self._reached(stmt, number, nest) for number in range(2)]
        (a, is_wide), (b, is_other_wide) = found
        if not (a and b):
            return False
        name = f"{self.writer.name}.{v.name}"
        symbol = product_function(self.function.module, stmt, nest, (is_wide, is_other_wide), name)
        self.function.line(f"call void @{symbol}(ptr {self._buffer(v)}, ptr {a}, ptr {b})")
        return True

    def _reached(self, stmt: Statement, number: int, nest: Nest) -> tuple[str, bool]:
        """The pointer to an operand, and whether it is a buffer; no pointer where it is neither stored nor kept so."""
        x = stmt.operands[number]
        if not isinstance(x, Variable):
            axis = operand_axis(stmt, number, nest.domain, nest.axis)
            has_rows = axis is not None and np.shape(x)[axis] == self.length
            return ("", False) if has_rows else (self.writer.unit.constant(np.asarray(x)), False)
        if x in self.plan.virtual:
            return "", False
        if x in self._axes:
            return (self._buffer(x), True) if self._has_buffer(x) else ("", False)
        axis = operand_axis(stmt, number, nest.domain, nest.axis)
        if axis is None or x.shape[axis] != self.length:
            return self.writer.pointer(x), False
        return ("", False) if is_side_by_side(x, axis) else (self._copy(x, axis), True)

    def _put_together(self, nest: Nest) -> None:
        """Store a statement part by part."""
        (stmt,) = nest.roots
        (v,) = stmt.targets
        for part in parts_of(stmt, self.plan, Layout()):
            if 0 in part.domain:
                continue
            axes = [k for k in range(len(part.domain)) if self._is_row(part, k, nest.axis)]
            (axis,) = axes
            inner = tuple(n for k, n in enumerate(part.domain) if k != axis)
            self._over(inner, lambda at, part=part, axis=axis: self._put(v, part, (*at[:axis], self.rows, *at[axis:])))  # type: ignore[misc]

    def _is_row(self, part: Part, axis: int, wanted: int) -> bool:
        """Whether an axis of a part is that of the rows."""
        index: Index = tuple(self.rows if k == axis else 0 for k in range(len(part.domain)))
        return part.target(self, index)[wanted] == self.rows

    def _put(self, v: Variable, part: Part, index: Index) -> None:
        register = self.element(part.source, self.source_of(part, index), v.dtype)
        target = part.target(self, index)
        if part.adds:
            operands = [(self._element_now(v, target), v.dtype), (register, v.dtype)]
            register = elementwise.emit(self.function, table.add, operands, v.dtype, {})
        self.store(v, target, register)

    def _over_target(self, stmt: Statement, inside: Callable[[Variable, Index], None]) -> None:
        """What is written for each element of a row of a target."""
        (v,) = stmt.targets
        axis = self._axes[v]
        inner = tuple(n for k, n in enumerate(v.shape) if k != axis)
        self._over(inner, lambda at: inside(v, (*at[:axis], self.rows, *at[axis:])))

    def _end(self, stmt: Statement, v: Variable, index: Index) -> None:
        self.store(v, index, whole(self.function, stmt, self._element_now(v, index)))

    def _computed(self, v: Variable, index: Index) -> str:
        stmt = self._inside.get(v)
        return super()._computed(v, index) if stmt is None else self.result(stmt, index)

    def _write_element(self, nest: Nest, index: Index) -> None:
        for stmt in nest.roots:
            (v,) = stmt.targets
            summed = axes_summed(stmt, nest.domain)
            if not summed:
                register = self.result(stmt, index)
                self._known[v, index] = register
                self.store(v, index, register)
                continue
            target = self.target(stmt, nest, index)
            if nest.axis not in summed:
                self.store(v, target, self.fold(stmt, self._element_now(v, target), index))
                continue
            self._write_fold(stmt, nest, index)

    def _write_fold(self, stmt: Statement, nest: Nest, index: Index) -> None:
        """Fold the rows in hand."""
        (v,) = stmt.targets
        place = plus(self.function, place_in(self.function, v.shape, self.target(stmt, nest, index)), self._stream)
        before = self._loaded_from(self._buffer(v), v.dtype, place)
        self._put_at(self._buffer(v), v.dtype, place, self._folded(stmt, before, index))

    def target(self, stmt: Statement, nest: Nest, index: Index) -> Index:
        """The indices in what a statement folds."""
        summed = axes_summed(stmt, nest.domain)
        keeps = not is_matrix_product(stmt) and stmt.params["keepdims"]
        return tuple((0 if k in summed else i) for k, i in enumerate(index) if keeps or k not in summed)

    def _folded(self, stmt: Statement, before: str, index: Index) -> str:
        """The fold after the rows in hand; those that were folded before are left out."""
        after = self.fold(stmt, before, index)
        if not self._fresh:
            return after
        fresh = Scalar(self.function, self._fresh, BOOL)
        new, old = (Scalar(self.function, x, stmt.targets[0].dtype) for x in (after, before))
        return choose(fresh, new, old).text

    def fold(self, stmt: Statement, before: str, index: Index) -> str:
        """The fold after the term at an index of the domain."""
        if not is_matrix_product(stmt):
            product = self._factors(stmt, index)
            if product:
                return intrinsic("fmuladd", *product, Scalar(self.function, before, stmt.targets[0].dtype)).text
            own = ArrayType.of(stmt.operands[0]).dtype
            return folded(self.function, stmt, before, self.element(stmt.operands[0], index), own)
        places = zip(stmt.operands, factor_indices(stmt, index), strict=True)
        factors = [self.element(x, at) for x, at in places]
        return intrinsic("fmuladd", *(Scalar(self.function, x, stmt.targets[0].dtype) for x in (*factors, before))).text

    def _factors(self, stmt: Statement, index: Index) -> list[Scalar]:
        """The factors of a term that is nothing but their product, and is not known otherwise."""
        x, (v,) = stmt.operands[0], stmt.targets
        term = self.plan.virtual.get(x) if stmt.prim.name in ("sum", "mean") and isinstance(x, Variable) else None
        if term is None or v.dtype.kind != "f" or (x, index) in self._known:
            return []
        if term.prim.name not in ("multiply", "square") or ArrayType.of(x).dtype != v.dtype:
            return []
        places = [(y, broadcast(index, ArrayType.of(y).shape)) for y in term.operands]
        factors = [Scalar(self.function, self.element(y, at, v.dtype), v.dtype) for y, at in places]
        return factors if len(factors) > 1 else factors * 2

    def _gather_fold(self, stmt: Statement, place: Place) -> None:
        """Store the fold of all rows."""
        (v,), register = stmt.targets, self._fold_of_lanes(stmt, place)
        register = register if is_matrix_product(stmt) else whole(self.function, stmt, register)
        self.store_at(self.address(self.writer.pointer(v), v.dtype, place), v.dtype, register)

    def _put_fold(self, stmt: Statement, place: Place, pointer: str) -> None:
        """Store the fold of the rows of a part."""
        dtype = stmt.targets[0].dtype
        self.store_at(self.address(pointer, dtype, place), dtype, self._fold_of_lanes(stmt, place))

    def _fold_of_lanes(self, stmt: Statement, place: Place) -> str:
        (v,) = stmt.targets
        register = self._loaded_from(self._buffer(v), v.dtype, place)
        for stream in range(1, self._streams):
            register = together(self.function, stmt, register, self._loaded_from(self._buffer(v), v.dtype, stream))
        kind = word(v.dtype, True)
        parts = [self.function.value(f"extractelement {kind} {register}, i64 {k}") for k in range(LANES)]
        while len(parts) > 1:
            half = len(parts) // 2
            parts = [together(self.function, stmt, a, b) for a, b in zip(parts[:half], parts[half:], strict=True)]
        return parts[0]


def _begun(stmt: Statement) -> str:
    """What a fold begins with, and a sum of products."""
    return literal(0, stmt.targets[0].dtype) if is_matrix_product(stmt) else begun(stmt)


def _axis_of_target(stmt: Statement, nest: Nest) -> int | None:
    """The axis of the rows in what a statement makes; ``None`` where it is folded."""
    summed = axes_summed(stmt, nest.domain)
    if nest.axis in summed:
        return None
    if is_matrix_product(stmt) or not summed or stmt.params["keepdims"]:
        return nest.axis
    return nest.axis - sum(k < nest.axis for k in summed)
