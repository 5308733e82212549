"""The convolution of two sequences: for each number of the shorter one, a row of multiples is added up in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from wengert.native import elementwise
from wengert.native.places import Place, plus, times
from wengert.native.writing import literal
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.wlist import ArrayType, Statement, Variable

if TYPE_CHECKING:
    from wengert.native.body import Body

__all__ = ["is_native_convolution", "write_convolution"]

_TOGETHER = 4  # numbers of the shorter sequence for each time that the result goes by
_MOST_TERMS = 100_000_000  # products up to which loops serve


def is_native_convolution(stmt: Statement) -> bool:
    """Whether there is something to add up, of sequences with a dtype."""
    sizes = [ArrayType.of(x).size for x in stmt.operands]
    are_arrays = all(hasattr(x, "dtype") and ArrayType.of(x).ndim == 1 for x in stmt.operands)
    is_right = stmt.params["mode"] == "full" or sizes[0] >= sizes[1]
    return are_arrays and is_right and 0 < sizes[0] * sizes[1] <= _MOST_TERMS


def write_convolution(body: Body, stmt: Statement) -> None:
    """Store the convolution of two stored sequences."""
    (v,) = stmt.targets
    a, b = sorted(stmt.operands, key=lambda x: -ArrayType.of(x).size)
    writer = _Convolution(body, v, a, b)
    body.over(v.shape, lambda at: body.store(v, at, literal(0, v.dtype)))
    if stmt.params["mode"] == "valid":
        writer.whole(0)
    else:
        writer.ends()
        writer.whole(writer.n - 1)


class _Convolution:
    """A convolution being written, of `m` numbers and `n`, which are not more."""

    def __init__(self, body: Body, target: Variable, a: Any, b: Any) -> None:
        self.body, self.function = body, body.function
        self.target, self.dtype = target, target.dtype
        self.a, self.b = a, b
        self.m, self.n = ArrayType.of(a).size, ArrayType.of(b).size

    def whole(self, start: int) -> None:
        """The elements that all of the shorter sequence has a part in, stored from `start` on."""
        count, blocks = self.m - self.n + 1, self.n // _TOGETHER

        def rows(first: Place, together: int) -> None:
            numbers = [self._number(self._from(self.n - 1 - k, first)) for k in range(together)]
            with self.function.loop(count) as loop:
                places = [plus(self.function, plus(self.function, loop.index, first), k) for k in range(together)]
                self._add(plus(self.function, loop.index, start), zip(places, numbers, strict=True))

        if blocks:
            with self.function.loop(blocks) as loop:
                rows(times(self.function, loop.index, _TOGETHER), _TOGETHER)
        if self.n > blocks * _TOGETHER:
            with self.function.loop(self.n - blocks * _TOGETHER) as loop:
                rows(plus(self.function, loop.index, blocks * _TOGETHER), 1)

    def ends(self) -> None:
        """The elements at both ends, which a part of the shorter sequence has a part in."""
        if self.n == 1:
            return
        with self.function.loop(self.n - 1) as outer:
            number = self._number(outer.index)
            with self.function.loop(self._from(self.n - 1, outer.index)) as loop:
                self._add(plus(self.function, loop.index, outer.index), [(loop.index, number)])
        with self.function.loop(self.n - 1) as outer:
            count = plus(self.function, outer.index, 1)
            number, first = self._number(count), self._from(self.m - 1, outer.index)
            with self.function.loop(str(count)) as loop:
                place = plus(self.function, loop.index, self.m)
                self._add(place, [(plus(self.function, loop.index, first), number)])

    def _from(self, n: int, place: Place) -> str:
        return self.function.value(f"sub nsw i64 {n}, {place}")

    def _number(self, place: Place) -> str:
        return self.body.element(self.b, (place,), self.dtype)

    def _add(self, place: Place, terms: Iterable[tuple[Place, str]]) -> None:
        """Add multiples of elements of the longer sequence."""
        total = self.body.stored(self.target, (place,))
        for at, number in terms:
            x = self.body.element(self.a, (at,), self.dtype)
            total = self._of(table.add, total, self._of(table.multiply, x, number))
        self.body.store(self.target, (place,), total)

    def _of(self, prim: Primitive, x: str, y: str) -> str:
        return elementwise.emit(self.function, prim, [(x, self.dtype), (y, self.dtype)], self.dtype, {})
