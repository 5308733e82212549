"""One nest of loops for elementwise statements and reductions that follow each other."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from wengert.show.c_source.blocks import Block
from wengert.show.c_source.folds import Fold, fold_of, is_fold
from wengert.show.c_source.layouts import Index, loop_lengths
from wengert.show.c_source.literals import DType
from wengert.show.c_source.places import Elements, element
from wengert.show.c_source.planning import Unit
from wengert.show.c_source.vocabulary import expression
from wengert.wlist import Statement

__all__ = ["write_loops"]


@dataclass(frozen=True, slots=True)
class _Reduction:
    """A reduction in the loops; `depth` is how many are around its accumulator, `None` if an array accumulates."""

    stmt: Statement
    fold: Fold
    ndim: int

    @property
    def axes(self) -> tuple[int, ...]:
        return tuple(sorted(self.stmt.params["axis"]))

    @property
    def depth(self) -> int | None:
        first = self.ndim - len(self.axes)
        return first if self.axes == tuple(range(first, self.ndim)) else None

    def place_of_result(self, indices: Sequence[Index]) -> tuple[Index, ...]:
        """The index of the result that an element belongs to."""
        if self.stmt.params["keepdims"]:
            return tuple(0 if k in self.axes else index for k, index in enumerate(indices))
        return tuple(index for k, index in enumerate(indices) if k not in self.axes)


def write_loops(block: Block, unit: Unit) -> None:
    """Write a unit as one nest of loops."""
    shape = unit.shape or ()
    reductions = [_Reduction(s, fold_of(s, shape), len(shape)) for s in unit.statements if is_fold(s)]
    block.page.about(unit.statements[0])
    in_memory = [r for r in reductions if r.depth is None]
    for reduction in in_memory:
        block.fill(block.target(reduction.stmt), reduction.fold.initial)
    are_full = all(r.depth == 0 for r in reductions)
    _Nest(block, unit, reductions, _merged(block, unit, shape) if are_full else shape).write(())
    for reduction in in_memory:
        _finish(block, reduction)


def _merged(block: Block, unit: Unit, shape: Sequence[int]) -> Sequence[int]:
    """The lengths of the loops, one for several axes where all arrays allow it."""
    operands = [block.place(x) for stmt in unit.statements for x in stmt.operands]
    targets = [block.target(stmt) for stmt in unit.statements if not is_fold(stmt)]
    arrays = [place for place in (*operands, *targets) if isinstance(place, Elements)]
    return loop_lengths(shape, [steps for place in arrays for steps in place.layout.stepping(shape)])


class _Nest:
    """The loops of a unit, which open one inside the other."""

    def __init__(self, block: Block, unit: Unit, reductions: Sequence[_Reduction], lengths: Sequence[int]):
        self.block, self.unit, self.reductions, self.lengths = block, unit, reductions, lengths
        self.accumulators: dict[Statement, str] = {}

    def write(self, indices: tuple[Index, ...]) -> None:
        """Write the loops from the axis on that no index has yet."""
        depth = len(indices)
        with ExitStack() as stack:
            for r in self.reductions:
                if r.depth == depth:
                    stack.enter_context(self._accumulating(r, indices))
            if depth == len(self.lengths):
                self._write_body(indices)
            else:
                for index in self.block.page.loop(self.lengths[depth]):
                    self.write((*indices, index))

    def _accumulating(self, r: _Reduction, indices: tuple[Index, ...]) -> ExitStack:
        stack = ExitStack()
        place = block_place = self.block.target(r.stmt)
        result = r.place_of_result((*indices, *[0] * (r.ndim - len(indices))))
        name = stack.enter_context(self.block.accumulator(block_place, result, r.fold.word, r.fold.initial))
        self.accumulators[r.stmt] = name
        if r.fold.finish and place.dtype is not None:
            stack.callback(self.block.page.line, r.fold.finish.format(y=name))
        return stack

    def _write_body(self, indices: tuple[Index, ...]) -> None:
        for stmt in self.unit.statements:
            self.block.page.about(stmt)
            if is_fold(stmt):
                self._update(next(r for r in self.reductions if r.stmt is stmt), indices)
            elif stmt.targets[0] in self.block.plan.captured:
                self.block.assign(self.block.target(stmt), indices, self.block.captured_element(stmt.targets[0]))
            else:
                text = expression(stmt, partial(self._operand, stmt, indices))
                self.block.assign(self.block.target(stmt), indices, text)

    def _operand(self, stmt: Statement, indices: tuple[Index, ...], i: int, dtype: DType) -> str:
        return self.block.read(stmt.operands[i], indices, dtype)

    def _update(self, r: _Reduction, indices: tuple[Index, ...]) -> None:
        target = self.block.target(r.stmt)
        y = self.accumulators.get(r.stmt)
        if y is None and isinstance(target, Elements):
            y = element(target, r.place_of_result(indices))
        self.block.page.line(r.fold.update.format(y=y, x=self.block.read(r.stmt.operands[0], indices, r.fold.dtype)))


def _finish(block: Block, reduction: _Reduction) -> None:
    """Write what is done with the results of a reduction that an array has accumulated."""
    target = block.target(reduction.stmt)
    if reduction.fold.finish and isinstance(target, Elements):
        shape = target.layout.shape
        for indices in block.page.loops(loop_lengths(shape, target.layout.stepping(shape))):
            block.page.line(reduction.fold.finish.format(y=element(target, indices)))
