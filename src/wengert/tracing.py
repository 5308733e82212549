"""Tracing: values that write down what is done to them.

A `Tracer` stands for a variable of a Wengert list. Applying a primitive appends a statement with the user's file and
line. An *abstract* tracer knows shape and dtype only, so that the list is valid for every input of that type; a Python
decision on its value is an error. A *concrete* one computes alongside, follows the program through its branches
and loops, and leaves a tape of that run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from wengert.errors import Location, TraceError, user_location
from wengert.levels import is_suspended, new_level
from wengert.memory import copied, empty_like_in_memory, laid_out, note_view
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.value import NO_PARAMS, Value, bind, concrete, has_nan, is_abstract, is_view_of
from wengert.wlist import ANY, ArrayType, Origin, Statement, Tape, Variable, WengertList

__all__ = ["Place", "Recorder", "Tracer", "at", "place"]

_REMEDY = (
    "Select with np.where instead of if, or with wg.cond; or use wg.grad, wg.jvp or wg.explain, which run on values."
)
_REMEDY_FOR_INDEX = (
    "Select with np.where instead of if; write wg.gather(a, i) for a[i] of a plain array a, and wg.fori_loop for a "
    "loop over range(i)."
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a transform of a list is: what is written down with the statements it records meanwhile."""

    where: Location | None
    origin: Origin | None = None


#: Set by the transforms of lists, statement by statement; ``None`` where a user's own program is recorded.
place: ContextVar[Place | None] = ContextVar("wengert_place", default=None)


class _At:
    """What `at` returns: a transform enters one for each statement, and a generator would take twice as long."""

    __slots__ = ("_place", "_token")

    def __init__(self, there: Place) -> None:
        self._place = there

    def __enter__(self) -> None:
        self._token = place.set(self._place)

    def __exit__(self, *_: object) -> None:
        place.reset(self._token)


def at(where: Location | None, origin: Origin | None = None) -> _At:
    """Let statements that are recorded meanwhile have this location and origin."""
    return _At(Place(where, origin))


class Recorder:
    """A Wengert list being written, at one level.

    Parameters
    ----------
    letter : str
        What names of targets begin with.
    lifts : bool
        A value from outside becomes an input of the list (`lifted`); else it is a constant in it.
    """

    def __init__(self, letter: str = "v", lifts: bool = False) -> None:
        self.level = new_level()
        self.letter = letter
        self.inputs: list[Variable] = []
        self.statements: list[Statement] = []
        self.values: dict[Variable, Any] = {}
        self.active: set[Variable] = set()  # those that depend on an input by a derivative
        self.lifted: dict[Any, tuple[Value, Variable]] = {}  # values from outside and the inputs that they became
        self._lifts = lifts
        self._called: dict[Variable, Variable] = {}  # to be replaced in the finished list
        self._kept: set[Variable] = set()  # not to be replaced
        self._names: set[str] = set()
        self._count = 0  # of targets

    @staticmethod
    def extending(lst: WengertList) -> Recorder:
        """A recorder for a list that has statements of `lst` in it, under their names (`adopt`)."""
        recorder = Recorder(lst.letter)
        targets = [target for stmt in lst.statements for target in stmt.targets]
        recorder._names.update(v.name for v in (*lst.inputs, *targets))
        recorder._count = len(targets)
        return recorder

    def adopt_input(self, variable: Variable) -> Tracer:
        """A tracer for an input of another list, which becomes one of this list."""
        self.inputs.append(variable)
        self._kept.add(variable)
        return self._tracer(variable)

    def adopt(self, stmt: Statement) -> tuple[Tracer, ...]:
        """Append a statement of another list, whose operands are adopted already; a tracer for each target."""
        self.statements.append(stmt)
        self._kept.update(stmt.targets)
        return tuple(map(self._tracer, stmt.targets))

    def _tracer(self, variable: Variable) -> Tracer:
        if variable.dtype.kind in "fc":
            self.active.add(variable)
        return Tracer(self, variable)

    def stand_for(self, x: Tracer, variable: Variable) -> None:
        """Let tracer `x` be a variable of another list in the finished one, where adopted statements read it."""
        self._called[x.variable] = variable

    def call_it(self, x: Any, name: str) -> None:
        """Let the variable of tracer `x` have a name of its own in the finished list; the first one given is kept."""
        if self.owns(x) and x.variable not in self._called and x.variable not in self._kept:
            self._called[x.variable] = Variable(self._unused(name), x.variable.type)

    def input(self, name: str, kind: ArrayType, value: Any = None) -> Tracer:
        """A tracer for a new input; concrete if a value is given."""
        variable = Variable(self._unused(name), kind)
        self.inputs.append(variable)
        self._kept.add(variable)
        if kind.dtype.kind in "fc":
            self.active.add(variable)
        if value is not None:
            self.values[variable] = value
        return Tracer(self, variable)

    def record(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """Append ``targets ← prim(operands; params)``, with values where all operands have one; a tracer for each."""
        # An array that is not a variable is copied: the list must not change with it.
        symbols = tuple(map(self._symbol, operands))
        known = True
        for x in symbols:
            if x.__class__ is Variable and x not in self.values:
                known = False
                break
        if known:
            value = bind(prim, [self.values[x] if isinstance(x, Variable) else x for x in symbols], params)
            values = value if prim.outputs > 1 else (value,)
            types: tuple[ArrayType, ...] = tuple(map(ArrayType.of, values))
        else:
            types = prim.infer(symbols, params)
        targets = tuple([Variable(self._next_name(), kind) for kind in types])
        if known:
            self.values.update(zip(targets, values, strict=True))
        if self._is_active(prim, symbols):
            self.active.update([target for target in targets if target.type.dtype.kind in "fc"])
        at = place.get()
        where, origin = (user_location(), None) if at is None else (at.where, at.origin)
        self.statements.append(Statement(targets, prim, symbols, params, where, origin))
        tracers = tuple([Tracer(self, target) for target in targets])
        return tracers if prim.outputs > 1 else tracers[0]

    def apply(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """`record` as a user's program means it: without derivatives under ``no_grad``, and with a note of views."""
        result = self.record(prim, operands, params)
        if self.level < is_suspended() and not prim.is_flat:
            parts = result if isinstance(result, tuple) else (result,)
            parts = tuple(self.record(table.detach, (part,), {}) for part in parts)
            result = parts if isinstance(result, tuple) else parts[0]
        owner = operands[0] if prim.views else None
        if isinstance(owner, Value) and self._has_view(result, owner, prim, params):
            note_view(result, owner, prim, params)
        return result

    def _has_view(self, result: Tracer, owner: Value, prim: Primitive, params: Mapping[str, Any]) -> bool:
        """Whether NumPy's result shares memory with the operand: as the values say, or tried on an empty array."""
        known = self.values.get(owner.variable) if isinstance(owner, Tracer) and self.owns(owner) else None
        if known is not None and result.variable in self.values:
            return is_view_of(self.values[result.variable], known)
        if ANY in owner.shape:
            return False  # a stack of rounds, which nobody writes into
        array = empty_like_in_memory(owner)
        return is_view_of(prim.compute(array, **params), array)

    def _is_active(self, prim: Primitive, operands: Sequence[Any]) -> bool:
        active = self.active
        return any(x.__class__ is Variable and x in active and prim.is_active(i) for i, x in enumerate(operands))

    def _symbol(self, x: Any) -> Any:
        if self.owns(x):
            return x.variable
        if isinstance(x, Value):
            return self._lift(x) if self._lifts else x._alias()
        return copied(x) if x.__class__ is np.ndarray else x

    def _lift(self, x: Value) -> Variable:
        # Another object than a known value, which may change before the list is done; an abstract one may not.
        value = x if x._is_abstract() else x._alias()
        key = (x._level, x.variable) if isinstance(x, Tracer) else id(value)
        if key not in self.lifted:
            name = x.variable.name if isinstance(x, Tracer) else f"constant{len(self.lifted) + 1}"
            self.lifted[key] = value, Variable(self._unused(name), ArrayType.of(x))
            if x._carries_derivative():
                self.active.add(self.lifted[key][1])
        return self.lifted[key][1]

    def _next_name(self) -> str:
        while True:
            self._count += 1
            name = f"{self.letter}{self._count}"
            if name not in self._names:
                self._names.add(name)
                return name

    def _unused(self, name: str) -> str:
        while name in self._names:
            name += "_"
        self._names.add(name)
        return name

    def owns(self, x: Any) -> bool:
        """Whether `x` is a tracer of this list."""
        return isinstance(x, Tracer) and x._level == self.level

    def finish(
        self, name: str, outputs: Sequence[Any], made_from: tuple[str, WengertList] | None = None
    ) -> WengertList:
        """The list, with tracers among the outputs replaced by their variables; lifted inputs come first."""
        symbols = [self._symbol(x) if self.owns(x) or self._lifts else x for x in outputs]
        inputs = [*(variable for _, variable in self.lifted.values()), *self.inputs]
        statements = list(map(self._with_names, self.statements)) if self._called else self.statements
        return WengertList(
            name, self._renamed(inputs), tuple(statements), self._renamed(symbols), self.letter, made_from
        )

    def _renamed(self, operands: Iterable[Any]) -> tuple[Any, ...]:
        called = self._called
        return tuple([called.get(x, x) if x.__class__ is Variable else x for x in operands])

    def _with_names(self, stmt: Statement) -> Statement:
        called = self._called
        for x in (*stmt.targets, *stmt.operands):
            if x.__class__ is Variable and x in called:
                targets, operands = self._renamed(stmt.targets), self._renamed(stmt.operands)
                return Statement(targets, stmt.prim, operands, stmt.params, stmt.where, stmt.origin)
        return stmt

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
        return self.recorder.apply(prim, operands, params)

    def _is_abstract(self) -> bool:
        values = self.recorder.values
        return self.variable not in values or is_abstract(values[self.variable])

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
                remedy=_REMEDY_FOR_INDEX if self.dtype.kind in "iu" else _REMEDY,
                where=user_location(),
            ) from None
        return concrete(value)

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
