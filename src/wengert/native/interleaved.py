"""Stacks that one loop writes and others read round by round: in memory a row of each stands beside the others'.

A loop that is recorded for the reverse sweep stacks carries and dear values, some ten or thirty arrays. Each by itself
they are as many streams of memory, more than a processor can follow. Interleaved, what a round writes or reads is one
piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wengert.control import Loop
from wengert.native.control import is_tiny
from wengert.native.planning import Plan
from wengert.native.stacks import row_bytes
from wengert.native.writing import ALIGNMENT, whole_lines
from wengert.wlist import Statement, Variable

__all__ = ["Column", "columns"]


_STEP = 8  # bytes that a row is made up to: whole lines are no faster, and more memory


@dataclass(frozen=True, slots=True)
class Column:
    """Where the rows of a stack are.

    Attributes
    ----------
    block : Variable
        The stack that the memory of all columns is called after.
    offset : int
        Of the first row, in bytes from the beginning of the block.
    stride : int
        Bytes from one row to the next.
    size : int
        Bytes of the block.
    """

    block: Variable
    offset: int
    stride: int
    size: int


def columns(plan: Plan, homes: Mapping[Variable, Variable]) -> dict[Variable, Column]:
    """The stacks that are interleaved: neither results of the list nor memory that another array takes over.

    Rows of a few numbers are not: there LLVM may find vectors over the rounds.
    """
    loops = [pair for group in plan.groups if not group.calls_back for pair in _loops_of_known_length(group.roots)]
    taken = {*plan.lst.inputs, *plan.lst.outputs, *homes, *homes.values(), *plan.replaced, *plan.replaced.values()}
    taken.update(_read_otherwise(plan.lst.statements, loops))
    found: dict[Variable, Column] = {}
    for targets, loop in loops:
        stacks = [v for v in targets[loop.carries :] if v not in taken and _is_large(v)]
        found.update(_side_by_side(stacks, loop.length or 0) if len(stacks) > 1 else ())
    return found


def _loops_of_known_length(roots: Iterable[Statement]) -> Iterator[tuple[Sequence[Variable], Loop]]:
    """Their targets and operations."""
    for stmt in roots:
        if isinstance(stmt.prim, Loop) and stmt.prim.length:
            yield stmt.targets, stmt.prim


def _is_large(v: Variable) -> bool:
    """Whether a row is no less than a line of the cache, and the stack has memory in the block of the list."""
    return row_bytes(v.type) >= ALIGNMENT and not is_tiny(v.type)


def _read_otherwise(
    statements: Iterable[Statement], loops: Iterable[tuple[Sequence[Variable], Loop]]
) -> Iterator[Variable]:
    """What is read by something else than the rounds of these loops."""
    by_target = {targets[0]: loop for targets, loop in loops}
    for stmt in statements:
        loop = by_target.get(stmt.targets[0])
        read = stmt.operands if loop is None else stmt.operands[: loop.constants + loop.carries]
        yield from (x for x in read if isinstance(x, Variable))


def _side_by_side(stacks: Iterable[Variable], length: int) -> dict[Variable, Column]:
    """One row of each behind the other, and all of them in whole lines of the cache."""
    offsets: dict[Variable, int] = {}
    end = 0
    for v in stacks:
        offsets[v] = end
        end += -(-row_bytes(v.type) // _STEP) * _STEP
    block, stride = next(iter(offsets)), whole_lines(end)
    return {v: Column(block, offset, stride, stride * length) for v, offset in offsets.items()}
