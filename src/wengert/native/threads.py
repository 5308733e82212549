"""Long loops among threads: each computes a part of the rows, and folds over all rows are put together at the end.

How many threads there are is part of the code: `set_threads` says so for what is compiled from then on. The parts are
ranges that depend on nothing but that number, and their folds are put together in the order of the rows, so that the
same code gives the same bits at each call.

A loop that is long enough is a function of its own, which is given a range. `Parts` writes it, and calls ``wg_fork``:
that begins a thread for each part but the last, which the calling thread does itself, as it does those that no thread
could be begun for. All threads end before the group does.
"""

from __future__ import annotations

import ctypes
import functools
import math
import operator
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from wengert.errors import ArgumentError, user_location
from wengert.native import machine
from wengert.native.bands import axes_summed, is_matrix_product
from wengert.native.reductions import REDUCTIONS, combined, whole
from wengert.native.writing import LANES, REGISTERS, Function, Module, whole_lines
from wengert.wlist import Statement

if TYPE_CHECKING:
    from wengert.native.body import Body
    from wengert.native.planning import Group

__all__ = ["Parts", "get_threads", "memory", "set_threads", "share", "together"]

#: The work of a thread that is worth beginning one for, in additions: some 100 µs, where a thread costs 20.
LEAST_WORK = 1_500_000

_MOST = 256  # threads
_VARIABLE = "WENGERT_THREADS"
_FOLDED = 8  # elements of the domain for each element of the folds of all threads
_STACK = 1 << 20  # bytes of a thread's stack besides what its function needs: for signals, and functions that it calls
_PAGE = 1 << 16  # what the size of a stack is a multiple of, on all systems

#: In the names of SciPy's functions, which note errors for the `errstate` of the thread that calls them: that is one.
_OF_SCIPY = "@wg_special_"

_setting: dict[str, int] = {}  # of the process, as is that of BLAS; empty until it is set


# --- how many ----------------------------------------------------------------------------------------------------


def set_threads(n: int) -> None:
    """Let functions that are compiled from now on compute long loops in up to `n` threads.

    A loop over many rows is split where the work of each part is worth a thread, about 100 µs; all else runs in the
    calling thread. The number is part of the code: what has been compiled for some type of arguments keeps its own.

    Parameters
    ----------
    n : int
        From 1, which splits nothing, to 256. It begins as the environment variable ``WENGERT_THREADS`` says, or as 1.

    Raises
    ------
    ArgumentError
        If `n` is not such a number.

    Notes
    -----
    Results depend on `n` by rounding, since sums are added in another order, and for one `n` they are always the same.
    Matrix products use the threads that BLAS is told to use, as with ``OPENBLAS_NUM_THREADS``, whatever `n` is.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> wg.set_threads(2)
    >>> f = wg.compile(lambda x: np.sum(np.exp(x)))
    >>> float(f(np.zeros(2_000_000)))
    2000000.0
    >>> wg.set_threads(1)
    """
    try:
        count = operator.index(n)
    except TypeError:
        count = 0
    if isinstance(n, (bool, np.bool_)) or not 1 <= count <= _MOST:
        raise ArgumentError(
            f"set_threads got {n!r:.60}, which is no number of threads.",
            remedy=f"Give a whole number from 1 to {_MOST}, such as set_threads({min(os.cpu_count() or 1, _MOST)}).",
            where=user_location(),
        )
    _setting["threads"] = count


def get_threads() -> int:
    """Return how many threads functions use that are compiled now.

    Raises
    ------
    ArgumentError
        If ``WENGERT_THREADS`` decides, and is no number of threads.

    Examples
    --------
    >>> import wengert as wg
    >>> wg.set_threads(3)
    >>> wg.get_threads()
    3
    >>> wg.set_threads(1)
    """
    if "threads" in _setting:
        return _setting["threads"]
    text = os.environ.get(_VARIABLE, "").strip() or "1"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST):
        raise ArgumentError(
            f"{_VARIABLE} is {text!r:.60}, which is no number of threads.",
            remedy=f"Let it be a whole number from 1 to {_MOST}, or do not set it.",
        )
    return int(text)


def share(group: Group, work: int, most: int) -> int:
    """Among how many threads, `most` at most, a group is split that has so much work, counted in additions."""
    units = _range(group)[0] if work and most > 1 else 0
    if units < 2:  # nothing to split
        return 1
    count = min(most, work // LEAST_WORK if LEAST_WORK else most, units)
    rounds = sum(math.prod(nest.domain) for nest in group.nests) or math.prod(group.domain or ())
    folded = sum(v.type.size for stmt in _folds(group) for v in stmt.targets)
    if LEAST_WORK and folded * count * _FOLDED > rounds:
        return 1
    return count if count > 1 and _can_fork() else 1


# --- what is split -----------------------------------------------------------------------------------------------


def _length(group: Group) -> int:
    """Of the loop that is split: over the rows of a band, over all elements, or over the first axis."""
    domain = group.domain or ()
    if group.nests:
        return -domain[0]
    return math.prod(domain) if group.is_flat else next((n for n in domain if n != 1), 1)


def _range(group: Group, step: int = LANES) -> tuple[int, int, int]:
    """How many units there are, how many rounds of the loop each is, and how many rounds in all.

    The rounds of a band go over `step` rows. The last two are one unit: they may have rows in common.
    """
    length = _length(group)
    if group.nests:
        rounds = -(-length // step)
        return rounds - 1, 1, rounds
    # Along the last axis the parts begin at lines of the cache.
    is_innermost = group.is_flat or math.prod(group.domain or ()) == length
    unit = LANES if is_innermost else 1
    return length // unit, unit, length


def _folds(group: Group) -> list[Statement]:
    """The roots that are folded over the parts."""
    if group.nests:
        return [
            stmt for nest in group.nests if nest.is_pulled
            for stmt in nest.roots if nest.axis in axes_summed(stmt, nest.domain)
        ]  # fmt: skip
    outer = next((k for k, n in enumerate(group.domain or ()) if n != 1), 0)
    folds = [stmt for stmt in group.roots if stmt.prim.name in REDUCTIONS]
    return [stmt for stmt in folds if group.is_flat or outer in stmt.params["axis"]]


def _places(folds: Sequence[Statement]) -> tuple[list[int], int]:
    """Where the folds of a part begin, in bytes, and how many bytes they have in all."""
    places, size = [], 0
    for stmt in folds:
        (v,) = stmt.targets
        places.append(size)
        size += whole_lines(v.type.size * v.dtype.itemsize)
    return places, size


def memory(group: Group) -> int:
    """Bytes that a group needs for the folds of its parts."""
    return group.threads * _places(_folds(group))[1] if group.threads > 1 else 0


def together(function: Function, stmt: Statement, a: str, b: str) -> str:
    """The fold of two folds; of a product of matrices, the sum."""
    if is_matrix_product(stmt):
        return function.operation("fadd reassoc", stmt.targets[0].dtype, a, b)
    return combined(function, stmt, a, b)


# --- the code ----------------------------------------------------------------------------------------------------


class Parts:
    """A loop of a group as a function that does a part of it, and the code that calls it in threads.

    Attributes
    ----------
    count : int
        Of the parts. With 1 there is nothing to be split; so it is found to be when the function has been written.
    folds : dict
        Folds over the parts → the parameter that points to that of a part.
    first, rounds : str
        Inside of the function, the first round and how many there are.
    """

    first, rounds = "%first", "%rounds"

    def __init__(self, body: Body, step: int = LANES) -> None:
        self._body, self._range = body, _range(body.group, step)
        self.count = max(1, min(body.group.threads, self._range[0]))
        folds = _folds(body.group)
        self._stmts = {stmt.targets[0]: stmt for stmt in folds}
        places, self._width = _places(folds)
        self._places = dict(zip(self._stmts, places, strict=True))
        self.folds = {v: f"%fold{k}" for k, v in enumerate(self._stmts)}
        self.stack = 0  # bytes that the function needs
        self._thunk = ""
        self._fields: list[tuple[str, str]] = []

    @property
    def depth(self) -> int:
        """The axis that is split, of an ordinary group."""
        domain = self._body.group.domain or ()
        return 0 if self._body.group.is_flat else next(k for k, n in enumerate(domain) if n != 1)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Let the body write into the function of a part; nothing of it is known outside."""
        body, outside = self._body, self._body.function
        function = Function(outside.module, attributes="#0 ")
        body.function = function
        body.forget()
        yield
        body.function = outside
        body.forget()
        self._define(function)

    def _define(self, function: Function) -> None:
        """Add the function, and one of pthread's convention that calls it."""
        writer, module = self._body.writer, function.module
        self._fields = [(REGISTERS[v.dtype.name], name) for v, name in writer.numbers.items()]
        self._fields += [("ptr", name) for name in writer.pointers.values()]
        heads = [f"{kind}{' noalias' if kind == 'ptr' else ''} {name}" for kind, name in self._fields]
        heads += ["ptr noalias %error", f"i64 {self.first}", f"i64 {self.rounds}"]
        heads += [f"ptr noalias {name}" for name in self.folds.values()]
        function.head = f"define internal void @part({', '.join(heads)})"
        text = function.text()
        if _OF_SCIPY in text:
            self.count = 1
        part = module.shared(text, "part", f"{writer.name}.part")

        thunk = Function(module, "define internal ptr @thunk(ptr %context)", "noinline #0 ")
        given = thunk.value("load ptr, ptr %context")
        calls = []
        for k, (kind, _) in enumerate(self._fields):
            calls.append(f"{kind} {thunk.value(f'load {kind}, ptr {_field(thunk, self._given, given, k)}')}")
        error, first, rounds, folds = (_field(thunk, _CONTEXT, "%context", k) for k in range(1, 5))
        calls += [f"ptr {error}", *(f"i64 {thunk.value(f'load i64, ptr {x}')}" for x in (first, rounds))]
        start = thunk.value(f"load ptr, ptr {folds}") if self.folds else ""
        for v in self.folds:
            calls.append(f"ptr {thunk.value(f'getelementptr inbounds i8, ptr {start}, i64 {self._places[v]}')}")
        thunk.line(f"call void @{part}({', '.join(calls)})")
        self._thunk = module.shared(thunk.text("ptr null"), "thunk", f"{writer.name}.thunk")

    @property
    def _given(self) -> str:
        """The type of what all parts are given."""
        return f"{{ {', '.join(kind for kind, _ in self._fields)} }}" if self._fields else "{ i8 }"

    def run(self) -> None:
        """Write the call of all parts, and put their folds together."""
        body, function, writer = self._body, self._body.function, self._body.writer
        given = function.first(f"alloca {self._given}")
        for k, (kind, name) in enumerate(self._fields):
            function.line(f"store {kind} {name}, ptr {_field(function, self._given, given, k)}")
        folds = writer.scratch() if self.folds else "null"
        units, unit, end = self._range
        stack = -(-(self.stack + _STACK) // _PAGE) * _PAGE
        numbers = ", ".join(f"i64 {n}" for n in (self._width, units, unit, end, stack, self.count))
        call = f"call i32 @{_fork(function.module)}(ptr @{self._thunk}, ptr {given}, ptr {folds}, {numbers})"
        failure = function.value(call)
        if writer.has_error:
            before = function.value("load i32, ptr %error")
            function.line(f"store i32 {function.value(f'or i32 {before}, {failure}')}, ptr %error")
        for v, stmt in self._stmts.items():
            with function.loop(v.type.size) as loop:
                register = self._put_together(stmt, folds, loop.index)
                register = register if is_matrix_product(stmt) else whole(function, stmt, register)
                body.store_at(body.address(writer.pointer(v), v.dtype, loop.index), v.dtype, register)

    def _put_together(self, stmt: Statement, folds: str, place: str) -> str:
        """The fold of the folds of all parts, in their order."""
        (v,), body, function = stmt.targets, self._body, self._body.function
        start = function.value(f"getelementptr inbounds i8, ptr {folds}, i64 {self._places[v]}")
        first = body.loaded_at(start, v.dtype, place)
        if self.count == 1:
            return first
        with function.loop(self.count - 1, [(REGISTERS[v.dtype.name], first)]) as loop:
            number = function.value(f"add nuw nsw i64 {loop.index}, 1")
            offset = function.value(f"mul nuw nsw i64 {number}, {self._width}")
            own = function.value(f"getelementptr inbounds i8, ptr {start}, i64 {offset}")
            loop.next = [together(function, stmt, loop.values[0], body.loaded_at(own, v.dtype, place))]
        return loop.results[0]


def _field(function: Function, struct: str, pointer: str, number: int) -> str:
    return function.value(f"getelementptr inbounds {struct}, ptr {pointer}, i32 0, i32 {number}")


#: What a thread is given: what all are, its error, its first round and how many there are, and its folds. It has a line
#: of the cache to itself, because the error is written to in the loop.
_CONTEXT = "{ ptr, i32, i64, i64, ptr, [24 x i8] }"

#: What is called of pthread, with LLVM's types; its attributes have at most 64 bytes, on all systems that are known.
_PTHREAD = {
    "pthread_attr_init": "ptr",
    "pthread_attr_setstacksize": "ptr, i64",
    "pthread_attr_destroy": "ptr",
    "pthread_create": "ptr, ptr, ptr, ptr",
    "pthread_join": "i64, ptr",
}

_FORK = f"""\
define internal i32 @wg_fork(ptr %part, ptr %given, ptr %folds, i64 %width, i64 %units, i64 %unit, i64 %length, \
i64 %stack, i64 %count) noinline nounwind {{
entry:
  %attributes = alloca [256 x i8], align 16
  %contexts = alloca {_CONTEXT}, i64 %count, align 64
  %threads = alloca i64, i64 %count
  %failures = alloca i32, i64 %count
  %others = sub i64 %count, 1
  %unready = call i32 @wg_pthread_attr_init(ptr %attributes)
  %is.ready = icmp eq i32 %unready, 0
  br i1 %is.ready, label %ready, label %fill
ready:
  %unsized = call i32 @wg_pthread_attr_setstacksize(ptr %attributes, i64 %stack)
  br label %fill
fill:
  %k = phi i64 [ 0, %entry ], [ 0, %ready ], [ %next, %filled ]
  %start = phi i64 [ 0, %entry ], [ 0, %ready ], [ %stop, %filled ]
  %failed.before = phi i32 [ %unready, %entry ], [ %unsized, %ready ], [ %failed, %filled ]
  %next = add nuw nsw i64 %k, 1
  %done = mul nuw nsw i64 %next, %units
  %whole = udiv i64 %done, %count
  %inner = mul nuw nsw i64 %whole, %unit
  %is.last = icmp eq i64 %next, %count
  %stop = select i1 %is.last, i64 %length, i64 %inner
  %rounds = sub i64 %stop, %start
  %context = getelementptr inbounds {_CONTEXT}, ptr %contexts, i64 %k
  store ptr %given, ptr %context
  %error = getelementptr inbounds {_CONTEXT}, ptr %context, i32 0, i32 1
  store i32 0, ptr %error
  %at.start = getelementptr inbounds {_CONTEXT}, ptr %context, i32 0, i32 2
  store i64 %start, ptr %at.start
  %at.rounds = getelementptr inbounds {_CONTEXT}, ptr %context, i32 0, i32 3
  store i64 %rounds, ptr %at.rounds
  %offset = mul nuw nsw i64 %k, %width
  %own = getelementptr i8, ptr %folds, i64 %offset
  %at.folds = getelementptr inbounds {_CONTEXT}, ptr %context, i32 0, i32 4
  store ptr %own, ptr %at.folds
  br i1 %is.last, label %mine, label %try
try:
  %failure = getelementptr inbounds i32, ptr %failures, i64 %k
  %can.try = icmp eq i32 %failed.before, 0
  br i1 %can.try, label %begin, label %filled
begin:
  %thread = getelementptr inbounds i64, ptr %threads, i64 %k
  %begun = call i32 @wg_pthread_create(ptr %thread, ptr %attributes, ptr %part, ptr %context)
  br label %filled
filled:
  %failed = phi i32 [ %failed.before, %try ], [ %begun, %begin ]
  store i32 %failed, ptr %failure
  br label %fill
mine:
  %nothing = call ptr %part(ptr %context)
  br label %wait
wait:
  %j = phi i64 [ 0, %mine ], [ %j.next, %waited ]
  %errors = phi i32 [ 0, %mine ], [ %errors.next, %waited ]
  %other = getelementptr inbounds {_CONTEXT}, ptr %contexts, i64 %j
  %is.mine = icmp eq i64 %j, %others
  br i1 %is.mine, label %waited, label %ask
ask:
  %its.failure = getelementptr inbounds i32, ptr %failures, i64 %j
  %has.failed = load i32, ptr %its.failure
  %is.begun = icmp eq i32 %has.failed, 0
  br i1 %is.begun, label %join, label %instead
join:
  %its.thread = getelementptr inbounds i64, ptr %threads, i64 %j
  %its.name = load i64, ptr %its.thread
  %joined = call i32 @wg_pthread_join(i64 %its.name, ptr null)
  br label %waited
instead:
  %nothing.else = call ptr %part(ptr %other)
  br label %waited
waited:
  %its.error = getelementptr inbounds {_CONTEXT}, ptr %other, i32 0, i32 1
  %found = load i32, ptr %its.error
  %errors.next = or i32 %errors, %found
  %j.next = add nuw nsw i64 %j, 1
  %is.more = icmp ult i64 %j.next, %count
  br i1 %is.more, label %wait, label %destroy
destroy:
  br i1 %is.ready, label %free, label %end
free:
  %freed = call i32 @wg_pthread_attr_destroy(ptr %attributes)
  br label %end
end:
  ret i32 %errors.next
}}"""


def _fork(module: Module) -> str:
    """Put into a module what begins threads and waits for them; the result is its name."""
    for name, operands in _PTHREAD.items():
        machine.define(f"wg_{name}", _pthread()[name])
        module.declare(f"declare i32 @wg_{name}({operands}) nounwind")
    module.declare(_FORK)
    return "wg_fork"


@functools.cache
def _pthread() -> dict[str, int]:
    """The addresses of pthread's functions; none where the process has not all of them."""
    try:
        process = ctypes.CDLL(None)
        return {name: ctypes.cast(getattr(process, name), ctypes.c_void_p).value or 0 for name in _PTHREAD}
    except (AttributeError, OSError, TypeError):
        return {}


def _can_fork() -> bool:
    found = _pthread()
    return bool(found) and all(found.values())
