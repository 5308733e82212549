"""Tracing: values that write down what is done to them.

A `Tracer` stands for a variable of a Wengert list. Applying a primitive appends a statement with the user's file and
line. An *abstract* tracer knows shape and dtype only, so that the list is valid for every input of that type; a Python
decision on its value is an error. A *concrete* one computes alongside, follows the program through its branches
and loops, and leaves a tape of that run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wengert.errors import TraceError, user_location
from wengert.memory import empty_like_in_memory, laid_out, note_view
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.value import NO_PARAMS, Value, bind, has_nan, is_suspended, is_view_of, new_level
from wengert.wlist import ArrayType, Statement, Tape, Variable, WengertList

__all__ = ["Recorder", "Tracer"]


class Recorder:
    """A Wengert list being written, at one level."""

    def __init__(self) -> None:
        self.level = new_level()
        self.inputs: list[Variable] = []
        self.statements: list[Statement] = []
        self.values: dict[Variable, Any] = {}
        self.active: set[Variable] = set()  # those that depend on an input by a derivative
        self._names: set[str] = set()
        self._count = 0  # of targets

    def input(self, name: str, kind: ArrayType, value: Any = None) -> Tracer:
        """A tracer for a new input; concrete if a value is given."""
        variable = Variable(self._unused(name), kind)
        self.inputs.append(variable)
        if kind.dtype.kind in "fc":
            self.active.add(variable)
        if value is not None:
            self.values[variable] = value
        return Tracer(self, variable)

    def record(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """Append ``targets ← prim(operands; params)``, with values where all operands have one; a tracer for each."""
        # An array that is not a variable is copied: the list must not change with it.
        symbols = tuple(map(self._symbol, operands))
        known = all(not isinstance(x, Variable) or x in self.values for x in symbols)
        if known:
            value = bind(prim, [self.values[x] if isinstance(x, Variable) else x for x in symbols], params)
            values = value if prim.outputs > 1 else (value,)
            types: tuple[ArrayType, ...] = tuple(map(ArrayType.of, values))
        else:
            types = prim.infer(symbols, params)
        targets = tuple(Variable(self._next_name(), kind) for kind in types)
        if known:
            self.values.update(zip(targets, values, strict=True))
        if self._is_active(prim, symbols):
            self.active.update(target for target in targets if target.dtype.kind in "fc")
        self.statements.append(Statement(targets, prim, symbols, params, user_location()))
        tracers = tuple(Tracer(self, target) for target in targets)
        return tracers if prim.outputs > 1 else tracers[0]

    def _is_active(self, prim: Primitive, operands: Sequence[Any]) -> bool:
        return any(isinstance(x, Variable) and x in self.active and prim.is_active(i) for i, x in enumerate(operands))

    def _symbol(self, x: Any) -> Any:
        if self.owns(x):
            return x.variable
        if isinstance(x, Value):
            return x._alias()
        return x.copy("K") if x.__class__ is np.ndarray else x

    def _next_name(self) -> str:
        self._count += 1
        return self._unused(f"v{self._count}")

    def _unused(self, name: str) -> str:
        while name in self._names:
            name += "_"
        self._names.add(name)
        return name

    def owns(self, x: Any) -> bool:
        """Whether `x` is a tracer of this list."""
        return isinstance(x, Tracer) and x._level == self.level

    def finish(self, name: str, outputs: Sequence[Any]) -> WengertList:
        """The list, with tracers among the outputs replaced by their variables."""
        symbols = tuple(x.variable if self.owns(x) else x for x in outputs)
        return WengertList(name, tuple(self.inputs), tuple(self.statements), symbols)

    def finish_tape(self, name: str, outputs: Sequence[Any]) -> Tape:
        """The list together with the values of this run."""
        return Tape(self.finish(name, outputs), self.values)


class Tracer(Value):
    """Stands for a variable of the list that `recorder` writes."""

    __slots__ = ("__weakref__", "recorder", "variable")

    @property
    def has_layout(self) -> bool:  # type: ignore[override]  # of a tracer it depends
        """Whether its numbers are known."""
        return self.variable in self.recorder.values

    def __init__(self, recorder: Recorder, variable: Variable):
        self.recorder = recorder
        self.variable = variable
        self._level = recorder.level

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.variable.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the elements."""
        return self.variable.dtype

    def _apply(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        result = self.recorder.record(prim, operands, params)
        if self._level < is_suspended() and not prim.is_flat:
            result = self.recorder.record(table.detach, (result,), {})
        if prim.views and self._has_view(result, prim, params):
            note_view(result, self, prim, params)
        return result

    def _has_view(self, result: Tracer, prim: Primitive, params: Mapping[str, Any]) -> bool:
        """Whether NumPy's result shares memory with the operand: as the values say, or tried on an empty array."""
        values = self.recorder.values
        if self.variable in values and result.variable in values:
            return is_view_of(values[result.variable], values[self.variable])
        array = empty_like_in_memory(self)
        return is_view_of(prim.compute(array, **params), array)

    def _alias(self) -> Tracer:
        return Tracer(self.recorder, self.variable)

    def _holding(self, array: Any) -> Tracer:
        if self.recorder.owns(array):
            return array  # type: ignore[no-any-return]  # it is a tracer
        copied: Tracer = self.recorder.record(table.constant, (array,), NO_PARAMS)
        return copied

    def _take_over(self, new: Any) -> None:
        values = self.recorder.values
        if self.variable in values and new.variable in values:
            values[new.variable] = laid_out(values[new.variable], values[self.variable])
        self.variable = new.variable

    def _concrete(self) -> Any:
        try:
            value = self.recorder.values[self.variable]
        except KeyError:
            raise TraceError(
                f"Python asked for the value of {self.variable.name}: {self.variable.type} while tracing.",
                why="A traced value has a shape and a dtype only, so that the list is valid for other inputs too.",
                remedy="Select with np.where instead of if; or use wg.grad, wg.jvp or wg.explain, which run on values.",
                where=user_location(),
            ) from None
        return value._concrete() if isinstance(value, Value) else value

    def _carries_derivative(self) -> bool:
        value = self.recorder.values.get(self.variable)
        return self.variable in self.recorder.active or (isinstance(value, Value) and value._carries_derivative())

    def _has_nan(self) -> bool:
        value = self.recorder.values.get(self.variable)
        return value is not None and has_nan(value)

    def __repr__(self) -> str:
        if self.variable in self.recorder.values:
            return f"Tracer({self.variable.name} = {self._text()})"
        return f"Tracer({self.variable.name}: {self.variable.type})"
