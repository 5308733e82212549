"""Places of elements: of extrema, of numbers in a sorted array; and whether a number is among others."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.native.elementwise.scalars import BOOL, Scalar, choose, convert, equal, is_nan
from wengert.native.places import Index, Place, place_in, plus, times
from wengert.native.writing import MEMORY, REGISTERS, literal
from wengert.wlist import ArrayType, Statement, Variable

if TYPE_CHECKING:
    from wengert.native.body import Body

__all__ = ["SEARCHES", "is_native_search", "is_searched", "write_search"]

_EXTREMA = frozenset({"argmax", "argmin", "nanargmax", "nanargmin"})
#: Primitives that find places, and `isin`.
SEARCHES = frozenset({*_EXTREMA, "searchsorted", "digitize", "isin"})

_LANES = 64  # searches side by side
_LONG = 4 * _LANES  # elements of a line that is searched in lanes
_FEW = 64  # numbers up to which looking at each serves as well as sorting
_PLACE = np.dtype(np.int64)


def is_native_search(stmt: Statement) -> bool:
    """Whether machine code can be written for a search."""
    name, params = stmt.prim.name, stmt.params
    first, *others = [ArrayType.of(x) for x in stmt.operands]
    if name in _EXTREMA:
        axis = _axis_of(stmt)
        return first.size > 0 if axis is None else first.shape[axis] > 0
    if any(not hasattr(x, "dtype") for x in stmt.operands):
        return False
    if name == "isin":
        return others[0].size <= _FEW and params["kind"] != "table"
    kind = others[0] if name == "digitize" else first
    return kind.ndim == 1 and set(params) <= {"side", "right"} and params.get("side", "left") in ("left", "right")


def is_searched(user: Statement, x: Variable) -> bool:
    """Whether a statement looks at the elements of `x` more than once."""
    place = {"searchsorted": 0, "digitize": 1, "isin": 1}.get(user.prim.name)
    return place is not None and user.operands[place] is x


def write_search(body: Body, stmt: Statement) -> None:
    """Store the places, or the answers."""
    if stmt.targets[0].type.size == 0:
        return
    if stmt.prim.name in _EXTREMA:
        _write_extrema(body, stmt)
    elif stmt.prim.name == "isin":
        _write_isin(body, stmt)
    else:
        _write_sorted(body, stmt)


# --- extrema ---------------------------------------------------------------------------------------------------


def _axis_of(stmt: Statement) -> int | None:
    axis = stmt.params.get("axis")
    return None if axis is None else normalize_axis_index(axis, ArrayType.of(stmt.operands[0]).ndim)


@dataclass(frozen=True, slots=True)
class _Extreme:
    """The search for an extremum: its state is the extremum, its place, and, without nan, whether there is a number."""

    body: Body
    x: Any
    is_largest: bool
    ignores_nan: bool

    @property
    def dtypes(self) -> list[np.dtype[Any]]:
        return [ArrayType.of(self.x).dtype, _PLACE, *([BOOL] if self.ignores_nan else [])]

    @property
    def kinds(self) -> list[str]:
        return [REGISTERS[dtype.name] for dtype in self.dtypes]

    def begun(self, at: Index, place: Place) -> list[str]:
        """The state of the first element."""
        x, is_number = self._element(at)
        return [x.text, str(place), *is_number]

    def followed(self, state: Sequence[str], at: Index, place: Place) -> list[str]:
        """The state after one more element, whose place is behind."""
        x, is_number = self._element(at)
        best = self._best(state)
        is_better = self._is_better(x, best)
        if self._may_be_nan:
            is_better = is_better | (is_nan(x) & ~is_nan(best))
        return self._chosen(is_better, [x.text, str(place), *is_number], state)

    def merged(self, state: Sequence[str], other: Sequence[str]) -> list[str]:
        """The state of two searches, wherever their places are."""
        best, x = self._best(state), self._best(other)
        is_before = self._place(other) < self._place(state)
        is_better = self._is_better(x, best) | (equal(x, best) & is_before)
        if self._may_be_nan:
            is_better = is_better | (is_nan(x) & (~is_nan(best) | is_before))
        return self._chosen(is_better, other, state)

    @property
    def _may_be_nan(self) -> bool:
        return ArrayType.of(self.x).dtype.kind == "f" and not self.ignores_nan

    def _best(self, state: Sequence[str]) -> Scalar:
        return Scalar(self.body.function, state[0], ArrayType.of(self.x).dtype)

    def _place(self, state: Sequence[str]) -> Scalar:
        return Scalar(self.body.function, state[1], _PLACE)

    def _is_better(self, x: Scalar, best: Scalar) -> Scalar:
        return x > best if self.is_largest else x < best

    def _chosen(self, is_better: Scalar, new: Sequence[str], old: Sequence[str]) -> list[str]:
        best = choose(is_better, self._best(new), self._best(old))
        place = choose(is_better, self._place(new), self._place(old))
        found = [self.body.function.value(f"or i1 {a}, {b}") for a, b in zip(old[2:], new[2:], strict=True)]
        return [best.text, place.text, *found]

    def _element(self, at: Index) -> tuple[Scalar, list[str]]:
        x = Scalar(self.body.function, self.body.element(self.x, at), ArrayType.of(self.x).dtype)
        if not self.ignores_nan:
            return x, []
        no_number = is_nan(x)
        return choose(no_number, -np.inf if self.is_largest else np.inf, x), [(~no_number).text]

    def finish(self, v: Variable, at: Index, state: Sequence[str]) -> None:
        """Store the place; a search among nothing but nan is an error."""
        if self.ignores_nan:
            self.body.note(state[2])
        self.body.store(v, at, state[1])


def _write_extrema(body: Body, stmt: Statement) -> None:
    x, (v,), axis = stmt.operands[0], stmt.targets, _axis_of(stmt)
    kind, name = ArrayType.of(x), stmt.prim.name
    extreme = _Extreme(body, x, name.endswith("max"), name.startswith("nan") and kind.dtype.kind == "f")
    shape = kind.shape
    if axis is None:
        extreme.finish(v, (0,) * v.type.ndim, _of_all(extreme, shape))
        return
    kept: Index = (0,) if stmt.params.get("keepdims") else ()
    behind = shape[axis + 1 :]
    lanes = _Lanes(extreme)
    if all(n == 1 for n in behind):
        after = (0,) * len(behind)

        def along(before: Index) -> None:
            line = _Line(shape[axis], lambda k: (*before, k, *after), lambda k: k)
            extreme.finish(v, (*before, *kept, *after), lanes.run(line))

        body.over(shape[:axis], along)
        return

    def columns(before: Index, after: Index) -> None:
        lanes.columns(v, (shape[axis], behind[-1]), (*before,), kept, after)

    body.over(shape[:axis], lambda before: body.over(behind[:-1], lambda after: columns(before, after)))


def _of_all(extreme: _Extreme, shape: tuple[int, ...]) -> list[str]:
    """The state after all elements, row by row; what is stored is one row."""
    function, x = extreme.body.function, extreme.x
    if not shape:
        return extreme.begun((), 0)
    if not (isinstance(x, Variable) and x in extreme.body.plan.virtual):
        shape = (math.prod(shape),)
    lanes = _Lanes(extreme)

    def through(at: Index, state: list[str] | None) -> list[str]:
        if len(at) == len(shape) - 1:
            start = times(function, place_in(function, shape[:-1], at), shape[-1])
            return lanes.run(_Line(shape[-1], lambda k: (*at, k), lambda k: plus(function, k, start)), state)
        # The first element is looked at twice, which changes nothing.
        first = extreme.begun((0,) * len(shape), 0) if state is None else state
        if shape[len(at)] == 1:
            return through((*at, 0), first)
        with function.loop(shape[len(at)], list(zip(extreme.kinds, first, strict=True))) as loop:
            loop.next = through((*at, loop.index), list(loop.values))
        return list(loop.results)

    return through((), None)


@dataclass(frozen=True, slots=True)
class _Line:
    """Elements that are searched one after the other.

    Attributes
    ----------
    length : int
    index : callable
        The indices of an element, by its number.
    place : callable
        What is found of it.
    """

    length: int
    index: Callable[[Place], Index]
    place: Callable[[Place], Place]


class _Lanes:
    """Searches side by side with their states on the stack: each of one column, or all of one long line."""

    def __init__(self, extreme: _Extreme) -> None:
        self.extreme = extreme
        self.function = extreme.body.function
        self._arrays: list[str] = []

    @property
    def arrays(self) -> list[str]:
        """Where the states are."""
        if not self._arrays:
            kinds = [MEMORY[dtype.name] for dtype in self.extreme.dtypes]
            self._arrays = [self.function.first(f"alloca [{_LANES} x {kind}], align 64") for kind in kinds]
        return self._arrays

    def run(self, line: _Line, state: Sequence[str] | None = None) -> list[str]:
        """The state after the elements of a line, following one from before."""
        if line.length < _LONG:
            if state is not None:
                return self._follow(line, 0, state)
            return self._follow(line, 1, self.extreme.begun(line.index(0), line.place(0)))
        function, rows = self.function, line.length // _LANES
        with function.loop(_LANES) as lane:
            self._put(lane.index, self.extreme.begun(line.index(lane.index), line.place(lane.index)))
        with function.loop(rows - 1) as loop:
            start = times(function, plus(function, loop.index, 1), _LANES)
            with function.loop(_LANES) as lane:
                here = plus(function, lane.index, start)
                self._put(
                    lane.index, self.extreme.followed(self._state(lane.index), line.index(here), line.place(here))
                )
        # That of the first lane is merged with itself, which changes nothing.
        begin = self._state("0") if state is None else list(state)
        with function.loop(_LANES, list(zip(self.extreme.kinds, begin, strict=True))) as lane:
            lane.next = self.extreme.merged(lane.values, self._state(lane.index))
        return self._follow(line, rows * _LANES, lane.results)

    def _follow(self, line: _Line, start: int, state: Sequence[str]) -> list[str]:
        """The state after the elements from a place on."""
        if start == line.length:
            return list(state)
        with self.function.loop(line.length - start, list(zip(self.extreme.kinds, state, strict=True))) as loop:
            here = plus(self.function, loop.index, start)
            loop.next = self.extreme.followed(loop.values, line.index(here), line.place(here))
        return list(loop.results)

    def columns(self, v: Variable, shape: tuple[int, int], before: Index, kept: Index, after: Index) -> None:
        """Search along an axis for all of the last one, in blocks."""
        n, width = shape
        if width <= _LANES:
            self._block(v, n, before, kept, after, 0, width)
            return
        with self.function.loop(-(-width // _LANES)) as block:
            start = times(self.function, block.index, _LANES)
            rest = self.function.value(f"sub nsw i64 {width}, {start}")
            is_whole = self.function.value(f"icmp sgt i64 {rest}, {_LANES}")
            count = self.function.value(f"select i1 {is_whole}, i64 {_LANES}, i64 {rest}")
            self._block(v, n, before, kept, after, start, count)

    def _block(
        self, v: Variable, n: int, before: Index, kept: Index, after: Index, start: Place, count: int | str
    ) -> None:
        function = self.function
        with function.loop(count) as lane:
            at = (*before, 0, *after, plus(function, lane.index, start))
            self._put(lane.index, self.extreme.begun(at, 0))
        if n > 1:
            with function.loop(n - 1) as loop:
                here = plus(function, loop.index, 1)
                with function.loop(count) as lane:
                    at = (*before, here, *after, plus(function, lane.index, start))
                    self._put(lane.index, self.extreme.followed(self._state(lane.index), at, here))
        with function.loop(count) as lane:
            at = (*before, *kept, *after, plus(function, lane.index, start))
            self.extreme.finish(v, at, self._state(lane.index))

    def _state(self, lane: str) -> list[str]:
        body, pairs = self.extreme.body, zip(self.arrays, self.extreme.dtypes, strict=True)
        return [body.loaded_at(array, dtype, lane) for array, dtype in pairs]

    def _put(self, lane: str, state: Sequence[str]) -> None:
        body = self.extreme.body
        for array, dtype, register in zip(self.arrays, self.extreme.dtypes, state, strict=True):
            body.store_at(body.address(array, dtype, lane), dtype, register)


# --- places in a sorted array ----------------------------------------------------------------------------------


def _write_sorted(body: Body, stmt: Statement) -> None:
    (v,), function = stmt.targets, body.function
    if stmt.prim.name == "digitize":
        wanted, among = stmt.operands
        side = "left" if stmt.params["right"] else "right"
        falls = _falling(body, among)
    else:
        among, wanted = stmt.operands
        side, falls = stmt.params.get("side", "left"), None
    n = ArrayType.of(among).shape[0]
    dtype = np.result_type(ArrayType.of(among).dtype, ArrayType.of(wanted).dtype)

    def number(place: Place) -> Scalar:
        if falls is not None:
            mirrored = function.value(f"sub nsw i64 {n - 1}, {place}")
            place = function.value(f"select i1 {falls}, i64 {mirrored}, i64 {place}")
        return Scalar(function, body.element(among, (place,), dtype), dtype)

    def find(at: Index) -> None:
        key = Scalar(function, body.element(wanted, at, dtype), dtype)
        if side == "left":
            place = _first_not(body, n, lambda k: _is_less(number(k), key))
        else:
            place = _first_not(body, n, lambda k: ~_is_less(key, number(k)))
        if falls is not None:
            mirrored = function.value(f"sub nsw i64 {n}, {place}")
            place = function.value(f"select i1 {falls}, i64 {mirrored}, i64 {place}")
        body.store(v, at, str(place))

    body.over(v.shape, find)


def _is_less(a: Scalar, b: Scalar) -> Scalar:
    """The order in which NumPy sorts: nan comes last."""
    return a < b if a.kind != "f" else (a < b) | (is_nan(b) & ~is_nan(a))


def _first_not(body: Body, n: int, holds: Callable[[Place], Scalar]) -> Place:
    """The first of n places where something does not hold that holds for places before it; halved without branches."""
    function = body.function
    place: Place = 0
    while n > 1:
        half = n // 2
        is_before = holds(plus(function, place, half - 1))
        further = plus(function, place, half)
        place = function.value(f"select i1 {is_before.text}, i64 {further}, i64 {place}")
        n -= half
    return plus(function, place, convert(holds(place), _PLACE).text) if n else place


def _falling(body: Body, bins: Any) -> str | None:
    """Whether the edges of bins fall; it is noted where they go up and down. ``None`` where they rise for sure.

    As NumPy has it: the first two that differ say which way they go.
    """
    function, kind = body.function, ArrayType.of(bins)
    if kind.size < 2:
        return None

    def edge(place: Place) -> Scalar:
        return Scalar(function, body.element(bins, (place,), np.dtype(float)), np.dtype(float))

    first = [("i1", "0"), ("i1", "0"), ("i1", "1")]
    with function.loop(kind.size - 1, first) as loop:
        has_begun, is_falling, is_right = (Scalar(function, x, BOOL) for x in loop.values)
        last, following = edge(loop.index), edge(plus(function, loop.index, 1))
        is_falling = choose(has_begun, is_falling, ~(last < following))
        has_begun = has_begun | ~equal(last, following)
        is_wrong = choose(is_falling, last < following, last > following)
        loop.next = [x.text for x in (has_begun, is_falling & has_begun, is_right & ~is_wrong)]
    has_begun, is_falling, is_right = (Scalar(function, x, BOOL) for x in loop.results)
    body.note(is_right.text)
    return (has_begun & is_falling).text


# --- numbers among others --------------------------------------------------------------------------------------


def _write_isin(body: Body, stmt: Statement) -> None:
    (v,), (x, others), function = stmt.targets, stmt.operands, body.function
    dtype = np.result_type(ArrayType.of(x).dtype, ArrayType.of(others).dtype)
    shape = ArrayType.of(others).shape
    is_inverted = bool(stmt.params["invert"])

    def look(at: Index) -> None:
        key = Scalar(function, body.element(x, at, dtype), dtype)
        found = Scalar(function, literal(False, BOOL), BOOL)
        for place in np.ndindex(shape):
            found = found | equal(key, Scalar(function, body.element(others, place, dtype), dtype))
        body.store(v, at, (~found if is_inverted else found).text)

    body.over(v.shape, look)
