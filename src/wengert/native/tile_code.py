"""The code of tiles: loops over a stack, over the blocks of its rows, and in these the loops and products of each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wengert.native.body import Body
from wengert.native.places import Index, Place, place_in, plus, times
from wengert.native.products import BlockOfProduct
from wengert.native.reductions import has_end
from wengert.native.tiles import block_length, is_row_fold, row_bytes_of
from wengert.native.writing import REGISTERS, Function
from wengert.wlist import Statement, Variable

if TYPE_CHECKING:
    from wengert.native.emission import GroupWriter

__all__ = ["Tile"]

_ALIGNED = 64
_WIDEST = 1 << 11  # bytes of a row that is fetched ahead


class Tile(Body):
    """The inside of the function of a tile.

    Attributes
    ----------
    length : int
        Rows of a block.
    start, count : Place
        The first row of the block that is being written, and how many rows it has.
    first : str
        Whether it is the first block of the rows of a matrix.
    stack : int
        Bytes of buffers.
    """

    def __init__(self, writer: GroupWriter, function: Function) -> None:
        super().__init__(writer, function)
        self.rows, self.steps, self.forms = self.group.rows, self.group.steps, self.group.forms
        self._axis = len(self.rows) - 1
        places, widths = self._places()
        local = {v for stmt in self.group.roots for v in stmt.targets if v in self.plan.local}
        self.plan = replace(self.plan, local=local - places.keys())
        self.length = block_length(sum(widths))
        self.stack = self.length * sum(widths)
        buffers = [function.first(f"alloca [{self.length * n} x i8], align {_ALIGNED}") for n in widths]
        self._buffers = {v: buffers[k] for v, k in places.items()}
        self.start: Place = 0
        self.count: int | str = self.length
        self.first = ""
        self._products = {k: BlockOfProduct(self, k, form) for k, form in self.forms.items()}

    def write(self) -> None:
        """Write all of it."""
        loops = [stmt for step in self.steps if step.domain is not None for stmt in step.roots]
        folds = [stmt for stmt in loops if is_row_fold(stmt, self.rows)]
        for stmt in folds:
            self._fill(stmt)
        self._over_stack(())
        for stmt in folds:
            if has_end(stmt):
                self._finish(stmt)

    def _places(self) -> tuple[dict[Variable, int], list[int]]:
        """In which buffer a value is that one step makes of a row and only later steps read; the bytes of their rows.

        A buffer is that of another value when the last step that reads the first one is done.
        """
        last: dict[Variable, int] = {}
        made: set[Variable] = set()
        for k, step in enumerate(self.steps):
            read = {x for stmt in step.roots for x in self._stored_operands(stmt)}
            last.update((x, k) for x in read if x in made and x in self.plan.local)
            made |= {v for stmt in step.roots for v in stmt.targets}
        places: dict[Variable, int] = {}
        widths: list[int] = []
        free: list[int] = []
        for k, step in enumerate(self.steps):
            for v in (v for stmt in step.roots for v in stmt.targets if v in last):
                width = row_bytes_of(v, self.rows)
                places[v] = next((n for n in free if widths[n] == width), len(widths))
                if places[v] == len(widths):
                    widths.append(width)
                else:
                    free.remove(places[v])
            free += [n for v, n in places.items() if last[v] == k]
        return places, widths

    def _stored_operands(self, stmt: Statement) -> list[Variable]:
        found: list[Variable] = []
        waiting, seen = [stmt], set[Variable]()
        while waiting:
            for x in waiting.pop().operands:
                if isinstance(x, Variable) and x not in seen:
                    seen.add(x)
                    if x in self.plan.virtual:
                        waiting.append(self.plan.virtual[x])
                    else:
                        found.append(x)
        return found

    # Loops.

    def _over_stack(self, at: Index) -> None:
        if len(at) == self._axis:
            self._over_blocks(at)
        elif self.rows[len(at)] == 1:
            self._over_stack((*at, 0))
        else:
            with self.function.loop(self.rows[len(at)]) as loop:
                self._over_stack((*at, loop.index))

    def _over_blocks(self, at: Index) -> None:
        function, length = self.function, self.rows[-1]
        for product in self._products.values():
            product.begin(at)
        with function.loop(-(-length // self.length)) as loop:
            self.start = function.value(f"mul nuw nsw i64 {loop.index}, {self.length}")
            self.first = function.value(f"icmp eq i64 {loop.index}, 0")
            if length % self.length:
                rest = function.value(f"sub nuw nsw i64 {length}, {self.start}")
                is_last = function.value(f"icmp ult i64 {rest}, {self.length}")
                self.count = function.value(f"select i1 {is_last}, i64 {rest}, i64 {self.length}")
            whole = self.group
            for k, step in enumerate(self.steps):
                self.forget()
                self.group = step
                if k in self._products:
                    self._products[k].write_at(at)
                else:
                    self._rounds(step.domain or (), self._axis, at, {})
            self.group = whole
            self.forget()

    def _round(
        self, domain: tuple[int, ...], depth: int, index: Index, carried: dict[Variable, str]
    ) -> dict[Variable, str]:
        """One of the loops, of which that over the rows goes over those of the block."""
        if depth != self._axis:
            return super()._round(domain, depth, index, carried)
        kinds = [(REGISTERS[v.dtype.name], register) for v, register in carried.items()]
        with self.function.loop(self.count, kinds) as loop:
            row = self.function.value(f"add nuw nsw i64 {self.start}, {loop.index}")
            self._fetch_ahead((*index, row))
            found = self._rounds(domain, depth + 1, (*index, row), dict(zip(carried, loop.values, strict=True)))
            loop.next = [found[v] for v in carried]
        return dict(zip(carried, loop.results, strict=True))

    def _fetch_ahead(self, index: Index) -> None:
        """Let the processor fetch the same row of the next block, while this block is in its products.

        What lies behind an array is not read by that.
        """
        function = self.function
        for v, is_written in self._streams():
            width = row_bytes_of(v, self.rows)
            place = times(function, place_in(function, self.rows, index), width)
            ahead = plus(function, place, self.length * width)
            row = function.value(f"getelementptr i8, ptr {self.writer.pointer(v)}, i64 {ahead}")
            function.module.declare("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
            for offset in range(0, width, _ALIGNED):
                line = function.value(f"getelementptr i8, ptr {row}, i64 {offset}")
                function.line(f"call void @llvm.prefetch.p0(ptr {line}, i32 {int(is_written)}, i32 2, i32 1)")

    def _streams(self) -> list[tuple[Variable, bool]]:
        """Arrays in memory of which a loop reads or writes whole rows, and whether it writes."""
        read = dict.fromkeys((x for stmt in self.group.roots for x in self._stored_operands(stmt)), False)
        made = dict.fromkeys((v for stmt in self.group.roots for v in stmt.targets), True)
        return [
            (v, is_written)
            for v, is_written in (read | made).items()
            if v.shape[: len(self.rows)] == self.rows and _ALIGNED <= row_bytes_of(v, self.rows) <= _WIDEST
            and v not in self._buffers and v not in self.plan.local
        ]  # fmt: skip

    # Elements.

    def block(self, x: object) -> str:
        """The pointer to the buffer of a value that is kept of the block only; empty for others."""
        return self._buffers.get(x, "") if isinstance(x, Variable) else ""

    def _address_in_block(self, v: Variable, index: Index) -> str:
        row = self.function.pure(f"sub nsw i64 {index[self._axis]}, {self.start}")
        shape = (self.length, *v.shape[self._axis + 1 :])
        place = place_in(self.function, shape, (row, *index[self._axis + 1 :]))
        return self.address(self._buffers[v], v.dtype, place)

    def _computed(self, v: Variable, index: Index) -> str:
        if v in self._buffers:
            return self.loaded_at(self._address_in_block(v, index), v.dtype, 0)
        return super()._computed(v, index)

    def store(self, v: Variable, index: Index, register: str) -> None:
        """Store an element of a root, in a buffer if it is kept of the block only."""
        if v in self._buffers:
            self.store_at(self._address_in_block(v, index), v.dtype, register)
        else:
            super().store(v, index, register)
