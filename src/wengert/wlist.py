"""The record: a Wengert list of statements, each assigning its targets once.

A *list* is a program: inputs, statements ``targets ← primitive(operands; parameters)``, outputs. A *tape* is a
list together with the values of one run (Wengert 1964). Nothing here knows any particular operation: a
statement's primitive says how it is computed, typed and written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from wengert.errors import ArgumentError, IllFormedListError, Location, user_location

__all__ = ["ArrayType", "Operation", "Statement", "Tape", "Variable", "WengertList", "format_value"]

_KIND_LETTERS = {"f": "f", "i": "i", "u": "u", "c": "c"}


@dataclass(frozen=True, slots=True)
class ArrayType:
    """Shape and dtype of a value, written like ``f64[3,4]``."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @staticmethod
    def of(value: Any) -> ArrayType:
        """The type of an array, a number, a variable or anything else with shape and dtype."""
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            return ArrayType(tuple(value.shape), value.dtype)
        array = np.asarray(value)
        return ArrayType(array.shape, array.dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    def __str__(self) -> str:
        letter = _KIND_LETTERS.get(self.dtype.kind)
        name = f"{letter}{self.dtype.itemsize * 8}" if letter else self.dtype.name
        return f"{name}[{','.join(map(str, self.shape))}]"


class Operation(Protocol):
    """What a statement needs to know of its primitive: see `wengert.primitive.Primitive`."""

    @property
    def name(self) -> str:
        """NumPy's name of the operation."""
        ...

    def evaluate(self, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """Compute the result."""
        ...

    def infer(self, operands: Sequence[Any], params: Mapping[str, Any]) -> tuple[ArrayType, ...]:
        """Give the types of the results."""
        ...

    def write(self, operands: Sequence[str], params: Mapping[str, Any]) -> str:
        """Write the application as text."""
        ...

    # How it is differentiated: what the sweeps in `wengert.transforms` ask for.
    @property
    def adjoints(self) -> Mapping[int, Callable[..., Any]]:
        """Operand number → rule ``(ct, y, *xs, **params)``."""
        ...

    @property
    def careful_adjoints(self) -> Mapping[int, Callable[..., Any]]:
        """The same with complex numbers and the strong zero."""
        ...

    def is_active(self, i: int) -> bool:
        """Whether there is a derivative with respect to operand `i`."""
        ...

    def push_forward(self, tangents: Sequence[Any], y: Any, xs: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """The tangent of the result."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A name of the list with the shape and dtype of its value; equal only to itself."""

    name: str
    type: ArrayType

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.type.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the elements."""
        return self.type.dtype

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """``targets ← prim(operands; params)``; an operand is a `Variable` or a constant value."""

    targets: tuple[Variable, ...]
    prim: Operation
    operands: tuple[Any, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    where: Location | None = None

    def formula(self, name: Callable[[Any], str] | None = None) -> str:
        """The right-hand side as text; `name` writes one operand (default: its name or its value)."""
        return self.prim.write([(name or format_operand)(x) for x in self.operands], self.params)

    def __str__(self) -> str:
        return f"{', '.join(v.name for v in self.targets)} = {self.formula()}"


def format_value(value: Any, digits: int = 4) -> str:
    """A short text of a number or array: `digits` significant digits; large arrays by their type."""
    array = np.asarray(value)
    if array.size > 8:
        return f"{ArrayType.of(array)}{{…}}"
    if array.dtype.kind in "biu":
        return str(array.tolist())
    return np.array2string(array, precision=digits, separator=", ", floatmode="maxprec", suppress_small=False)


def format_operand(operand: Any) -> str:
    """The name of a variable, the text of a constant (a number in full)."""
    if isinstance(operand, Variable):
        return operand.name
    if operand is None or isinstance(operand, ArrayType):
        return "·"  # a constant that was not kept
    if isinstance(operand, np.ndarray) and operand.ndim:
        return format_value(operand)
    return str(operand)


@dataclass(frozen=True, slots=True, eq=False)
class WengertList:
    """A straight-line program.

    Parameters
    ----------
    name : str
        Name of the function it records.
    inputs : tuple of Variable
    statements : tuple of Statement
    outputs : tuple
        Variables, or constants where an output does not depend on the inputs.
    """

    name: str
    inputs: tuple[Variable, ...]
    statements: tuple[Statement, ...]
    outputs: tuple[Any, ...]

    def __call__(self, *inputs: Any) -> Any:
        """Interpret the list: one value for one output, else a tuple of values."""
        tape = self.tape(*inputs)
        return tape.outputs[0] if len(tape.outputs) == 1 else tape.outputs

    def tape(self, *inputs: Any) -> Tape:
        """Run the list on `inputs` and keep every value.

        Raises
        ------
        ArgumentError
            If the number or the shapes of the inputs are not those of the list.
        """
        self._check_inputs(inputs)
        arrays = [
            x if hasattr(x, "dtype") else np.asarray(x, variable.dtype)[()]
            for x, variable in zip(inputs, self.inputs, strict=True)
        ]
        values: dict[Variable, Any] = dict(zip(self.inputs, arrays, strict=True))
        for stmt in self.statements:
            operands = [values[x] if isinstance(x, Variable) else x for x in stmt.operands]
            result = stmt.prim.evaluate(operands, stmt.params)
            values.update(zip(stmt.targets, result if len(stmt.targets) > 1 else (result,), strict=True))
        return Tape(self, values)

    def _check_inputs(self, inputs: Sequence[Any]) -> None:
        if len(inputs) != len(self.inputs):
            raise ArgumentError(
                f"list {self.name} has {len(self.inputs)} inputs, but {len(inputs)} values were given.",
                remedy=f"Call it as {self.name}({', '.join(v.name for v in self.inputs)}).",
                where=user_location(),
            )
        for variable, value in zip(self.inputs, inputs, strict=True):
            if np.shape(value) != variable.shape:
                raise ArgumentError(
                    f"input {variable.name} of list {self.name} has shape {variable.shape}, "
                    f"but a value of shape {np.shape(value)} was given.",
                    why="A list is recorded for fixed shapes.",
                    remedy="Trace the function again with arguments of the new shape.",
                    where=user_location(),
                )

    def verify(self) -> None:
        """Check the invariants: assigned once, defined before use, types as the primitives say.

        Raises
        ------
        IllFormedListError
            With one line for every fault.
        """
        faults = list(self._faults())
        if faults:
            raise IllFormedListError(
                f"list {self.name} is ill-formed:\n  " + "\n  ".join(faults),
                remedy="Each variable must be assigned once, before it is used, with the type its primitive gives.",
            )

    def _faults(self) -> Iterator[str]:
        defined = set(self.inputs)
        if len(defined) < len(self.inputs):
            yield "an input is listed twice"
        for number, stmt in enumerate(self.statements, start=1):
            place = f"statement {number} ({stmt})"
            for x in stmt.operands:
                if isinstance(x, Variable) and x not in defined:
                    yield f"{place}: operand {x.name} is not defined before it is used"
            for target in stmt.targets:
                if target in defined:
                    yield f"{place}: target {target.name} is assigned twice"
                defined.add(target)
            yield from (f"{place}: {fault}" for fault in _type_faults(stmt))
        for x in self.outputs:
            if isinstance(x, Variable) and x not in defined:
                yield f"output {x.name} is never assigned"
        yield from self._repeated_names()

    def _repeated_names(self) -> Iterator[str]:
        targets = [target for stmt in self.statements for target in stmt.targets]
        seen: dict[str, Variable] = {}
        for x in (*self.inputs, *targets):
            if seen.setdefault(x.name, x) is not x:
                yield f"two variables are called {x.name}"

    def __str__(self) -> str:
        return "\n".join([self._header(), *_aligned(self._rows())])

    def __repr__(self) -> str:
        return f"<WengertList {self.name}: {len(self.inputs)} inputs, {len(self.statements)} statements>"

    def _header(self) -> str:
        inputs = ", ".join(f"{v.name}: {v.type}" for v in self.inputs)
        return f"list {self.name}({inputs}) -> {', '.join(map(format_operand, self.outputs))}"

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for stmt in self.statements:
            yield str(stmt), _types([v.type for v in stmt.targets]), stmt.where.short if stmt.where else ""


@dataclass(frozen=True, slots=True, eq=False)
class Tape:
    """A list together with the values of one run.

    A tape taken from the graph of a tensor may lack a value that no derivative rule needed; it is then absent
    from `values` and printed as ``·``.
    """

    list: WengertList
    values: Mapping[Variable, Any]

    @property
    def outputs(self) -> tuple[Any, ...]:
        """The values of the outputs of the list."""
        return tuple(self.value(x) for x in self.list.outputs)

    def result(self, stmt: Statement) -> Any:
        """The value of the target of a statement; a tuple for several. A variable that has none gives its type."""
        values = tuple(self.values.get(target, target.type) for target in stmt.targets)
        return values if len(values) > 1 else values[0]

    def value(self, operand: Any) -> Any:
        """The value of a variable of the list, or the constant itself."""
        return self.values[operand] if isinstance(operand, Variable) else operand

    def _text(self, variable: Variable) -> str:
        return format_value(self.values[variable]) if variable in self.values else "·"

    def __str__(self) -> str:
        inputs = [(f"{v.name} = {self._text(v)}", str(v.type), "") for v in self.list.inputs]
        rows = [
            (f"{head} = {', '.join(map(self._text, stmt.targets))}", kind, place)
            for stmt, (head, kind, place) in zip(self.list.statements, self.list._rows(), strict=True)
        ]
        return "\n".join([self.list._header().replace("list", "tape", 1), *_aligned([*inputs, *rows])])

    def __repr__(self) -> str:
        return repr(self.list).replace("WengertList", "Tape", 1)


def _type_faults(stmt: Statement) -> Iterator[str]:
    """What the primitive says of the types of a statement."""
    found = tuple(target.type for target in stmt.targets)
    try:
        inferred = stmt.prim.infer(stmt.operands, stmt.params)
    except (ValueError, TypeError, IndexError, KeyError) as error:
        kinds = _types([ArrayType.of(x) for x in stmt.operands])
        yield f"{stmt.prim.name} cannot be applied to {kinds}: {error}"
    else:
        if inferred != found:
            yield f"declared {_types(found)}, but {stmt.prim.name} gives {_types(inferred)}"


def _types(types: Sequence[ArrayType]) -> str:
    return ", ".join(map(str, types))


def _aligned(rows: Any) -> list[str]:
    table = [tuple(row) for row in rows]
    if not table:
        return []
    widths = [max(len(row[k]) for row in table) for k in range(len(table[0]))]
    return ["  " + "    ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in table]
