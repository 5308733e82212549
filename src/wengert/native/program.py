"""A list as a program of steps: native code where it can be written, NumPy where not.

Statements that machine code is written for are gathered in *segments*, each of which is one native function. What lies
between two segments (a decomposition, sorting, a Fourier transform) is evaluated as the interpreter does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from wengert.native import emission, machine
from wengert.native.elementwise import cost
from wengert.native.entry import Entry, Slot, SlowEntry, entry, is_supported, wrapper_text
from wengert.native.planning import is_native, primitive_of, with_own_outputs
from wengert.native.writing import REGISTERS, Module
from wengert.nodes import owned
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["OutOfRangeError", "Program", "Segment", "as_typed", "built", "segmented"]

#: Large constants by their contents, at addresses that code refers to: kept as long as the process runs.
_constants: dict[str, np.ndarray[Any, Any]] = {}

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
    """

    lst: WengertList
    call: Entry
    library: machine.Library
    planned: int
    least: int


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
        except OutOfRangeError:
            self.lst.run(inputs)  # raises NumPy's error, and says where
            raise

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
        constants = [y for y in self.lst.outputs if isinstance(y, np.ndarray)]
        outputs = [values[y] if isinstance(y, Variable) else np.asarray(y)[()] for y in self.lst.outputs]
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
    parts: list[list[Statement] | Statement] = []
    for stmt in lst.statements:
        if not is_native(stmt):
            parts.append(stmt)
        elif parts and isinstance(parts[-1], list):
            parts[-1].append(stmt)
        else:
            parts.append([stmt])
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


def built(lst: WengertList) -> Program:
    """Compile a list."""
    whole = _whole(lst)
    if whole is not None:
        segment = _segment(whole)
        return Program(lst, [segment], segment.call)
    steps = [_segment(part) if isinstance(part, WengertList) else part for part in segmented(lst)]
    return Program(lst, steps)


def _whole(lst: WengertList) -> WengertList | None:
    """The list with outputs of its own, where all of it is native."""
    kinds = [*(v.type for v in lst.inputs), *map(ArrayType.of, lst.outputs)]
    if not lst.outputs or any(kind.dtype.name not in REGISTERS for kind in kinds):
        return None
    whole = with_own_outputs(lst)
    return whole if all(map(is_native, whole.statements)) else None


def _segment(lst: WengertList) -> Segment:
    module = Module()
    kernel = emission.kernel(module, lst, "kernel")
    inputs, outputs = ([Slot(v.shape, v.dtype) for v in part] for part in (lst.inputs, lst.outputs))
    text, size = str(module), kernel.layout.size
    symbol = ""
    if is_supported():
        wrapper, symbol = wrapper_text(inputs, outputs, "kernel", size, _work(lst) > _LONG, reports=True)
        text += wrapper
    for name, array in kernel.constants.items():
        machine.define(name, _constants.setdefault(name, array).ctypes.data)
    library = machine.build(text, 1)
    if symbol:
        call = entry(library, symbol, _out_of_range)
    else:
        call = SlowEntry(library, "kernel", inputs, outputs, size, reports=True, on_error=_out_of_range)
    return Segment(lst, call, library, size, kernel.layout.least)


class OutOfRangeError(IndexError):
    """A native function met a computed index that is out of range; the list says which."""


def _out_of_range(_: int) -> NoReturn:
    raise OutOfRangeError("a computed index is out of range")


def _work(lst: WengertList) -> int:
    """Operations, roughly."""
    total = 0
    for stmt in lst.statements:
        inner = sum(map(_work, stmt.prim.sublists.values())) if stmt.prim.sublists else max(cost(primitive_of(stmt)), 1)
        rounds = getattr(stmt.prim, "length", 1) or 1
        total += rounds * inner * (1 if stmt.prim.sublists else max(1, *(v.type.size for v in stmt.targets)))
    return total
