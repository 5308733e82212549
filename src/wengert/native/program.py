"""A list as a program of steps: native code where it can be written, NumPy where not.

In most cases the whole list is one native function, which calls NumPy for statements without code of their own (see
`callbacks`). Some statements have arrays that code has no place for: arrays of objects, of text, of dates and of long
doubles, and stacks of an unknown number of rounds where they do not go from loop to loop. Those are evaluated as the
interpreter does, between *segments*, each of which is one native function. So are all without code where machine code
cannot call Python.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from wengert.control import While
from wengert.native import emission, factorisations, machine
from wengert.native.callbacks import CallBacks
from wengert.native.coverage import has_code, is_native, primitive_of
from wengert.native.elementwise import cost
from wengert.native.entry import Entry, Slot, SlowEntry, entry, is_supported, wrapper_text
from wengert.native.factorisations.prepared import FACTORISATIONS
from wengert.native.planning import with_own_outputs
from wengert.native.stacks import NO_MEMORY, in_rounds, torn
from wengert.native.writing import MEMORY, Module
from wengert.nodes import owned
from wengert.wlist import ANY, ArrayType, Statement, Variable, WengertList

__all__ = ["LeftToListError", "Program", "Segment", "as_typed", "built", "segmented"]

_LONG = 20_000  # operations from which a kernel is worth releasing the interpreter's lock for


@dataclass(slots=True)
class Segment:
    """Consecutive statements that are one native function.

    Attributes
    ----------
    lst : WengertList
        With the values from before as inputs.
    planned, least : int
        Bytes of its workspace, and how many are alive together at most.
    calls : CallBacks
        The statements that it calls NumPy for.
    """

    lst: WengertList
    call: Entry
    library: machine.Library
    planned: int
    least: int
    calls: CallBacks


@dataclass(slots=True)
class Program:
    """A list, ready to be run.

    Attributes
    ----------
    lst : WengertList
    steps : list
        Segments and statements, in order.
    fast : callable or None
        The native function itself, where the whole list is one: it returns `NotImplemented` for arguments of
        another type.
    """

    lst: WengertList
    steps: list[Segment | Statement] = field(default_factory=list)
    fast: Entry | None = None

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """The values of the outputs for contiguous arrays, or numbers, of the types of the inputs."""
        try:
            return self._run(inputs)
        except LeftToListError:
            # It raises NumPy's error, and says where; or it has another formula for these values.
            with np.errstate(all="ignore"):
                found = self.lst.run(inputs)
            return self._own([np.asarray(y)[()] if isinstance(y, (int, float)) else y for y in found], inputs)

    def _run(self, inputs: Sequence[Any]) -> list[Any]:
        if self.fast is not None:
            found = self.fast(*inputs)
            if found is not NotImplemented:
                return list(found) if isinstance(found, tuple) else [found]
        values: dict[Variable, Any] = dict(zip(self.lst.inputs, inputs, strict=True))
        for step in self.steps:
            if isinstance(step, Segment):
                found = step.call(*(as_typed(values[v], v.type) for v in step.lst.inputs))
                values.update(zip(step.lst.outputs, found if isinstance(found, tuple) else (found,), strict=True))
            else:
                operands = [values[x] if isinstance(x, Variable) else x for x in step.operands]
                found = step.prim.evaluate(operands, step.params)
                values.update(zip(step.targets, found if len(step.targets) > 1 else (found,), strict=True))
        return self._own(
            [values[y] if isinstance(y, Variable) else np.asarray(y)[()] for y in self.lst.outputs], inputs
        )

    def _own(self, outputs: Sequence[Any], inputs: Sequence[Any]) -> list[Any]:
        """The outputs, none of which is an input or a constant of the list, or a part of one."""
        constants = [y for y in self.lst.outputs if isinstance(y, np.ndarray)]
        return owned(outputs, [*inputs, *constants])

    @property
    def segments(self) -> list[Segment]:
        """The native parts."""
        return [step for step in self.steps if isinstance(step, Segment)]


def as_typed(x: Any, kind: ArrayType) -> Any:
    """An array or number of any kind as native code takes it: contiguous, aligned, of the dtype of the list."""
    array = np.require(x, kind.dtype, ["C", "A"])
    return array if kind.shape else array[()]


def segmented(lst: WengertList) -> list[WengertList | Statement]:
    """The list in parts: lists of native statements, and statements that are not native."""
    foreign = {id(stmt) for stmt in lst.statements if not is_native(stmt)}

    def segments(more: Set[int]) -> list[list[Statement]]:
        return [part for part in _parted(lst.statements, foreign | more) if isinstance(part, list)]

    parts = _parted(lst.statements, foreign | torn(lst.statements, segments))
    wanted = {y for y in lst.outputs if isinstance(y, Variable)}
    found: list[WengertList | Statement] = []
    for part in reversed(parts):
        if isinstance(part, list):
            made = {v for stmt in part for v in stmt.targets}
            outputs = [v for stmt in part for v in stmt.targets if v in wanted]
            read = {x: None for stmt in part for x in stmt.operands if isinstance(x, Variable) and x not in made}
            found.append(WengertList(lst.name, tuple(read), tuple(part), tuple(outputs), lst.letter))
            wanted |= set(read)
        else:
            found.append(part)
            wanted |= {x for x in part.operands if isinstance(x, Variable)}
    return found[::-1]


def _parted(statements: Sequence[Statement], foreign: Set[int]) -> list[list[Statement] | Statement]:
    """Consecutive statements that are native, and between them those whose ids are `foreign`."""
    parts: list[list[Statement] | Statement] = []
    for stmt in statements:
        if id(stmt) in foreign:
            parts.append(stmt)
        elif parts and isinstance(parts[-1], list):
            parts[-1].append(stmt)
        else:
            parts.append([stmt])
    return parts


def built(lst: WengertList) -> Program:
    """Compile a list."""
    try:
        return _built(in_rounds(lst))
    finally:
        has_code.cache_clear()


def _built(lst: WengertList) -> Program:
    whole = _whole(lst)
    if whole is not None:
        segment = _segment(whole)
        return Program(lst, [segment], segment.call)
    steps = [_segment(part) if isinstance(part, WengertList) else part for part in segmented(lst)]
    return Program(lst, steps)


def _whole(lst: WengertList) -> WengertList | None:
    """The list with outputs of its own, where all of it is native."""
    kinds = [*(v.type for v in lst.inputs), *map(ArrayType.of, lst.outputs)]
    if not lst.outputs or any(kind.dtype.name not in MEMORY or ANY in kind.shape for kind in kinds):
        return None
    whole = with_own_outputs(lst)
    return whole if all(map(is_native, whole.statements)) else None


def _segment(lst: WengertList) -> Segment:
    module = Module()
    kernel = emission.kernel(module, lst, "kernel")
    is_long = _is_long(lst, set(kernel.calls.statements))
    inputs, outputs = ([Slot(v.shape, v.dtype) for v in part] for part in (lst.inputs, lst.outputs))
    text, size = str(module), kernel.layout.size
    symbol = ""
    if is_supported():
        wrapper, symbol = wrapper_text(inputs, outputs, "kernel", size, is_long, reports=True, stacks=kernel.stacks)
        text += wrapper
    library = machine.build(text, 1, kernel.constants)
    kernel.calls.set(library)
    if symbol:
        call = entry(library, symbol, _out_of_range, kernel.stacks, kernel.calls)
    else:
        call = SlowEntry(
            library, "kernel", inputs, outputs, size, reports=True, on_error=_out_of_range, keeps=kernel.calls,
            calls_back=kernel.calls_back,
        )  # fmt: skip
    return Segment(lst, call, library, size, kernel.layout.least, kernel.calls)


class LeftToListError(IndexError):
    """A native function met what it leaves to the list: an index out of range, a singular matrix, and the like."""


def _out_of_range(code: int) -> NoReturn:
    if code & NO_MEMORY:
        raise MemoryError("the carries of the rounds of a while_loop, kept for reverse mode, find no memory")
    raise LeftToListError("the interpreter is to say what is wrong with these values")


def _is_long(lst: WengertList, called: Set[Statement]) -> bool:
    """Whether the lock is worth releasing: each call back has to take it again, and to wait where it is in use."""
    return _work(lst, called) > _LONG * (1 + _calls(lst, called))


def _calls(lst: WengertList, called: Set[Statement]) -> int:
    """How many calls back, roughly."""
    inner = {stmt: sum(_calls(part, called) for part in stmt.prim.sublists.values()) for stmt in lst.statements}
    return sum(1 if stmt in called else _rounds(stmt) * count for stmt, count in inner.items())


def _rounds(stmt: Statement) -> int:
    is_open = isinstance(stmt.prim, While)  # it may go round for ever
    return _LONG if is_open else getattr(stmt.prim, "length", 1) or 1


def _work(lst: WengertList, called: Set[Statement]) -> int:
    """Operations of native code, roughly."""
    total = 0
    for stmt in lst.statements:
        if stmt in called:
            continue
        parts = stmt.prim.sublists.values()
        inner = sum(_work(part, called) for part in parts) if parts else max(cost(primitive_of(stmt)), 1)
        inner *= factorisations.work(stmt) if stmt.prim.name in FACTORISATIONS else 1
        total += _rounds(stmt) * inner * (1 if stmt.prim.sublists else max(1, *(v.type.size for v in stmt.targets)))
    return total
