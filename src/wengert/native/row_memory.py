"""The memory of a band: buffers of vectors, and arrays whose rows are put into them and taken out of them.

A buffer has the elements of one row, each a vector with a number for each of `LANES` rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.native.bands import row_size
from wengert.native.body import Body, load
from wengert.native.elementwise.scalars import BOOL, Scalar, choose
from wengert.native.places import Index, Lanes, Place, place_in, plus, times
from wengert.native.writing import LANES, MEMORY, REGISTERS, Function, Later, is_vector, name_of, word
from wengert.wlist import Variable

if TYPE_CHECKING:
    from wengert.native.emission import GroupWriter

__all__ = ["RowMemory", "is_side_by_side"]

_SIDE_BY_SIDE = 8  # elements of a row that are taken apart by shuffles
_I64 = np.dtype(np.int64)


class RowMemory(Body):
    """Where the rows of a band are, and how they come there."""

    def __init__(self, writer: GroupWriter, function: Function) -> None:
        super().__init__(writer, function)
        self.length = -(self.group.domain or (0,))[0]
        self._axes: dict[Variable, int] = {}  # of what is made here, the axis of the rows
        self._buffers: dict[tuple[Variable, int], str] = {}
        self._copies: dict[tuple[Variable, int, int], str] = {}
        self.rows = Lanes(0, 1)
        self._prologue = Later([])  # before what is made of the rows in hand
        self._turn, self._streams = 0, 1
        self.stack = 0  # bytes of all buffers

    # Buffers: vectors side by side.

    def _buffer(self, v: Variable) -> str:
        axis = self._axes.get(v)
        key = (v, 0 if axis is None else self._turn)
        if key not in self._buffers:
            size = v.type.size * self._streams if axis is None else row_size(v.shape, axis)
            self._buffers[key] = self._new_buffer(v.dtype, size)
        return self._buffers[key]

    def _new_buffer(self, dtype: np.dtype[Any], size: int) -> str:
        self.stack += max(size, 1) * LANES * dtype.itemsize
        return self.function.first(f"alloca [{max(size, 1)} x {_in_memory(dtype)}], align 64")

    def _at(self, buffer: str, dtype: np.dtype[Any], place: Place) -> str:
        if place == 0:
            return buffer
        return self.function.pure(f"getelementptr inbounds {_in_memory(dtype)}, ptr {buffer}, i64 {place}")

    def _loaded_from(self, buffer: str, dtype: np.dtype[Any], place: Place) -> str:
        return self._load_vector(self._at(buffer, dtype, place), dtype, "")

    def _put_at(self, buffer: str, dtype: np.dtype[Any], place: Place, register: str) -> None:
        self._store_vector(self._at(buffer, dtype, place), dtype, register, "")

    def _load_vector(self, address: str, dtype: np.dtype[Any], alignment: str) -> str:
        loaded = self.function.vector(f"load {_in_memory(dtype)}, ptr {address}{alignment}")
        if dtype.kind == "b":
            return self.function.vector(f"trunc {_in_memory(dtype)} {loaded} to {word(dtype, True)}")
        return loaded

    def _store_vector(self, address: str, dtype: np.dtype[Any], register: str, alignment: str) -> None:
        register = self.function.wide(register, dtype)
        if dtype.kind == "b":
            register = self.function.vector(f"zext {word(dtype, True)} {register} to {_in_memory(dtype)}")
        self.function.line(f"store {_in_memory(dtype)} {register}, ptr {address}{alignment}")

    # Elements: those of rows are vectors.

    def _computed(self, v: Variable, index: Index) -> str:
        if v in self.plan.virtual or (v.shape == () and v not in self.writer.own):
            return super()._computed(v, index)
        return self._element_now(v, index)

    def _element_now(self, v: Variable, index: Index) -> str:
        """An element of what is stored, as it is now."""
        if v in self._axes:
            axis, is_buffered = self._axes[v], self._has_buffer(v)
        else:
            found = [k for k, i in enumerate(index) if i == self.rows and v.shape[k] == self.length]
            axis, is_buffered = (found[0], True) if len(found) == 1 else (-1, False)
            is_buffered = is_buffered and not is_side_by_side(v, axis) and not any(
                isinstance(i, Lanes) or is_vector(str(i)) for k, i in enumerate(index) if k != axis
            )  # fmt: skip
        if not is_buffered:
            return self._loaded(self.writer.pointer(v), v.shape, v.dtype, index)
        buffer = self._buffer(v) if v in self._axes else self._copy(v, axis)
        return self._loaded_from(buffer, v.dtype, self._place_in_row(v, axis, index))

    def _has_buffer(self, v: Variable) -> bool:
        return v in self.plan.local or not is_side_by_side(v, self._axes[v])

    def _place_in_row(self, v: Variable, axis: int, index: Index) -> Place:
        shape = tuple(n for k, n in enumerate(v.shape) if k != axis)
        return place_in(self.function, shape, tuple(i for k, i in enumerate(index) if k != axis))

    def store(self, v: Variable, index: Index, register: str) -> None:
        """Store the elements of the rows."""
        if self._has_buffer(v):
            place = self._place_in_row(v, self._axes[v], index)
            self._put_at(self._buffer(v), v.dtype, place, register)
            return
        place = place_in(self.function, v.shape, index)
        address = self.address(self.writer.pointer(v), v.dtype, place.base if isinstance(place, Lanes) else place)
        self._store_vector(address, v.dtype, register, f", align {v.dtype.itemsize}")

    def loaded_at(self, pointer: str, dtype: np.dtype[Any], place: Place) -> str:
        """An element of an array in memory; of rows, those of all lanes."""
        alignment = f", align {dtype.itemsize}"
        if isinstance(place, Lanes):
            if place.step == 1:
                return self._load_vector(self.address(pointer, dtype, place.base), dtype, alignment)
            return self._collected(
                pointer, dtype, [plus(self.function, place.base, k * place.step) for k in range(LANES)]
            )
        if not is_vector(str(place)):
            return super().loaded_at(pointer, dtype, place)
        kind = word(_I64, True)
        numbers = [self.function.value(f"extractelement {kind} {place}, i64 {k}") for k in range(LANES)]
        return self._collected(pointer, dtype, numbers)

    def _collected(self, pointer: str, dtype: np.dtype[Any], places: list[Place] | list[str]) -> str:
        """A vector of elements that lie apart."""
        total = "poison"
        for k, place in enumerate(places):
            x = load(self.function, self.address(pointer, dtype, place), dtype)
            total = self.function.vector(
                f"insertelement {word(dtype, True)} {total}, {REGISTERS[dtype.name]} {x}, i64 {k}"
            )
        return total

    def checked(self, number: str, length: int) -> str:
        """A computed index in each lane, counted from the beginning."""
        if not is_vector(number):
            return super().checked(number, length)
        given = Scalar(self.function, number, _I64)
        place = choose(given < 0, given + length, given)
        is_right = (place >= 0) & (place < length)
        self.note(is_right.text)
        return choose(is_right, place, 0).text

    def note(self, is_right: str) -> None:
        """Note where something is not right in some lane."""
        super().note(self._of_lanes("and", is_right))

    def any_lane(self, condition: str) -> str:
        """Whether something holds in some lane."""
        return self._of_lanes("or", condition)

    def _of_lanes(self, operation: str, truth: str) -> str:
        if not is_vector(truth):
            return truth
        kind = word(BOOL, True)
        name = f"@llvm.vector.reduce.{operation}.v{LANES}i1"
        self.function.module.declare(f"declare i1 {name}({kind})")
        return self.function.value(f"call i1 {name}({kind} {truth})")

    # Rows that do not lie side by side.

    def _copy(self, v: Variable, axis: int) -> str:
        """The buffer with the rows of what was made elsewhere; it is filled before anything is computed."""
        key = (v, axis, self._turn)
        if key not in self._copies:
            self._copies[key] = buffer = self._new_buffer(v.dtype, row_size(v.shape, axis))
            with self.function.inserting(self._prologue):
                self._take(v, axis, buffer)
        return self._copies[key]

    def _blocks(self, v: Variable, axis: int) -> tuple[int, int]:
        """How often the rows come, and how many elements of a row lie together."""
        return math.prod(v.shape[:axis]), math.prod(v.shape[axis + 1 :])

    @contextmanager
    def _block(self, v: Variable, axis: int) -> Iterator[tuple[Place, Place]]:
        """A loop over the blocks of the rows: the first element of one in memory, and in a buffer."""
        count, width = self._blocks(v, axis)
        first = plus(self.function, 0, self.rows.base)
        start = self.function.value(f"mul nuw nsw i64 {first}, {width}")
        if count == 1:
            yield start, 0
            return
        with self.function.loop(count) as loop:
            before = self.function.value(f"mul nuw nsw i64 {loop.index}, {self.length * width}")
            yield plus(self.function, before, start), self.function.value(f"mul nuw nsw i64 {loop.index}, {width}")

    def _take(self, v: Variable, axis: int, buffer: str) -> None:
        width = self._blocks(v, axis)[1]
        pointer, memory = self.writer.pointer(v), MEMORY[v.dtype.name]
        with self._block(v, axis) as (start, place):
            if width <= _SIDE_BY_SIDE:
                block = f"<{LANES * width} x {memory}>"
                address = self.address(pointer, v.dtype, start)
                loaded = self.function.vector(f"load {block}, ptr {address}, align {v.dtype.itemsize}")
                for k in range(width):
                    taken = ", ".join(f"i32 {width * lane + k}" for lane in range(LANES))
                    mask = f"<{LANES} x i32> <{taken}>"
                    vector = self.function.vector(f"shufflevector {block} {loaded}, {block} poison, {mask}")
                    address = self._at(buffer, v.dtype, plus(self.function, place, k))
                    self.function.line(f"store {_in_memory(v.dtype)} {vector}, ptr {address}")
                return
            with self._columns(width) as column:
                first = plus(self.function, start, column)
                rows = [self._vector_at(pointer, v.dtype, plus(self.function, first, k * width)) for k in range(LANES)]
                for k, vector in enumerate(self._turned(rows, v.dtype)):
                    address = self._at(buffer, v.dtype, plus(self.function, plus(self.function, place, column), k))
                    self.function.line(f"store {_in_memory(v.dtype)} {vector}, ptr {address}")

    @contextmanager
    def _columns(self, width: int) -> Iterator[Place]:
        """A loop over the elements of a row, a square of them at a time; the last square begins so that it is full."""
        function = self.function
        with function.loop(-(-width // LANES)) as loop:
            first = function.value(f"mul nuw nsw i64 {loop.index}, {LANES}")
            if width % LANES:
                function.module.declare("declare i64 @llvm.umin.i64(i64, i64)")
                first = function.value(f"call i64 @llvm.umin.i64(i64 {first}, i64 {width - LANES})")
            yield first

    def _vector_at(self, pointer: str, dtype: np.dtype[Any], place: Place) -> str:
        """A vector as it lies in memory."""
        address = self.address(pointer, dtype, place)
        return self.function.vector(f"load {_in_memory(dtype)}, ptr {address}, align {dtype.itemsize}")

    def _turned(self, vectors: list[str], dtype: np.dtype[Any]) -> list[str]:
        """The transpose of a square, in memory's types: blocks change places, then blocks of half the size."""
        kind, half = _in_memory(dtype), LANES // 2
        while half:
            turned = list(vectors)
            for k in range(LANES):
                if k & half:
                    continue
                # Of a pair of rows, the first keeps its own left blocks and gets those of the other, and so on.
                left = [i if not i & half else LANES + i - half for i in range(LANES)]
                right = [i + half if not i & half else LANES + i for i in range(LANES)]
                for target, picked in ((k, left), (k + half, right)):
                    mask = f"<{LANES} x i32> <{', '.join(f'i32 {i}' for i in picked)}>"
                    turned[target] = self.function.vector(
                        f"shufflevector {kind} {vectors[k]}, {kind} {vectors[k + half]}, {mask}"
                    )
            vectors, half = turned, half // 2
        return vectors

    def _hand_over(self, v: Variable, axis: int) -> None:
        """Put the rows of a buffer where they belong."""
        width = self._blocks(v, axis)[1]
        with self._block(v, axis) as (start, place):
            if width <= _SIDE_BY_SIDE:
                for k in range(width):
                    self._put_apart(v, plus(self.function, start, k), width, plus(self.function, place, k))
                return
            with self._columns(width) as column:
                own = plus(self.function, place, column)
                columns = [
                    self._vector_at(self._buffer(v), v.dtype, times(self.function, plus(self.function, own, k), LANES))
                    for k in range(LANES)
                ]
                first = plus(self.function, start, column)
                for k, row in enumerate(self._turned(columns, v.dtype)):
                    pointer = self.writer.pointer(v)
                    address = self.address(pointer, v.dtype, plus(self.function, first, k * width))
                    self.function.line(f"store {_in_memory(v.dtype)} {row}, ptr {address}, align {v.dtype.itemsize}")

    def _put_apart(self, v: Variable, first: Place, step: int, place: Place) -> None:
        vector = self._loaded_from(self._buffer(v), v.dtype, place)
        for k in range(LANES):
            x = self.function.value(f"extractelement {word(v.dtype, True)} {vector}, i64 {k}")
            address = self.address(self.writer.pointer(v), v.dtype, plus(self.function, first, k * step))
            self.store_at(address, v.dtype, x)


def _in_memory(dtype: np.dtype[Any]) -> str:
    return f"<{LANES} x {MEMORY[name_of(dtype)]}>"


def is_side_by_side(v: Variable, axis: int) -> bool:
    """Whether the rows of an array lie one number after the other."""
    return math.prod(v.shape[axis + 1 :]) == 1
