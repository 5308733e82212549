"""The record: a Wengert list of statements, each assigning its targets once.

A *list* is a program: inputs, statements ``targets ← primitive(operands; parameters)``, outputs. A *tape* is a
list together with the values of one run (Wengert 1964). Nothing here knows any particular operation: a
statement's primitive says how it is computed, typed and written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from wengert.errors import ArgumentError, IllFormedListError, Location, printable, user_location

__all__ = [
    "ANY",
    "ArrayType",
    "Operation",
    "Origin",
    "Statement",
    "Tape",
    "Variable",
    "WengertList",
    "format_value",
]

#: The length of an axis that is known only when a list is run: that of a stack of the rounds of a ``while_loop``.
ANY = -1

_KIND_LETTERS = {"f": "f", "i": "i", "u": "u", "c": "c"}


@dataclass(frozen=True, slots=True)
class ArrayType:
    """Shape and dtype of a value, written like ``f64[3,4]``; an axis of length `ANY` is written ``*``."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @staticmethod
    def of(value: Any) -> ArrayType:
        """The type of an array, a number, a variable or anything else with shape and dtype."""
        if value.__class__ is Variable:  # most often
            return value.type
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
        return f"{name}[{','.join('*' if n == ANY else str(n) for n in self.shape)}]"


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

    @property
    def sublists(self) -> Mapping[str, WengertList]:
        """The lists that a control statement holds, by their part in it; empty for all others."""
        ...

    # How it is differentiated: what the sweeps in `wengert.transforms` ask for.
    @property
    def adjoint(self) -> Mapping[tuple[bool, ...], Any]:
        """Which operands are active → their adjoint (`wengert.primitive.Adjoint`)."""
        ...

    def is_active(self, i: int) -> bool:
        """Whether there is a derivative with respect to operand `i`."""
        ...

    @property
    def selects(self) -> bool:
        """Whether a partial of 0 means that the operand was not selected."""
        ...

    @property
    def accumulate(self) -> Callable[..., Any] | None:
        """``(x_bar, ct, *xs, **params)``: the cotangent of the first operand with its term added."""
        ...

    def recorded(self, active: tuple[bool, ...]) -> Operation:
        """The operation that a record for reverse mode holds: this one, or one with more results for the sweep."""
        ...

    def push_forward(self, tangents: Sequence[Any], y: Any, xs: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """The tangent of the result."""
        ...

    def evaluate_with_tangent(
        self, xs: Sequence[Any], tangents: Sequence[Any], params: Mapping[str, Any]
    ) -> tuple[Any, Any]:
        """The result and its tangent, which is ``None`` where it is a structural zero."""
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
class Origin:
    """What a statement of a derivative program belongs to.

    Attributes
    ----------
    kind : {"tangent", "adjoint"}
    stmt : Statement
        The primal statement that the sweep was at.
    """

    kind: str
    stmt: Statement


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """``targets ← prim(operands; params)``; an operand is a `Variable` or a constant value.

    Attributes
    ----------
    where : Location, optional
        The user's line; of a statement of a derivative program the line of the primal one.
    origin : Origin, optional
        For a statement of a derivative program.
    """

    targets: tuple[Variable, ...]
    prim: Operation
    operands: tuple[Any, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    where: Location | None = None
    origin: Origin | None = None

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
    text = np.array2string(array, precision=digits, separator=", ", floatmode="maxprec", suppress_small=False)
    return text if "\n" not in text else " ".join(line.strip() for line in text.splitlines())


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
    letter : str
        What names of its targets begin with.
    made_from : (str, WengertList), optional
        The transform that made it (``"tangent"``, ``"adjoint"``, ``"simplified"``) and the list it was applied to.
    """

    name: str
    inputs: tuple[Variable, ...]
    statements: tuple[Statement, ...]
    outputs: tuple[Any, ...]
    letter: str = "v"
    made_from: tuple[str, WengertList] | None = None

    def __call__(self, *inputs: Any) -> Any:
        """Interpret the list: one value for one output, else a tuple of values."""
        outputs = self.tape(*inputs).outputs
        return outputs[0] if len(outputs) == 1 else outputs

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """The values of the outputs, for inputs of the right types: what a loop does with its body, unchecked."""
        values = self._values(inputs)
        return [values[x] if isinstance(x, Variable) else x for x in self.outputs]

    def _values(self, inputs: Sequence[Any]) -> dict[Variable, Any]:
        """The values of all variables."""
        values = dict(zip(self.inputs, inputs, strict=True))
        for stmt in self.statements:
            operands = [values[x] if isinstance(x, Variable) else x for x in stmt.operands]
            try:
                result = stmt.prim.evaluate(operands, stmt.params)
            except Exception as error:
                self._note_place(error, stmt)
                raise
            if len(stmt.targets) == 1:
                values[stmt.targets[0]] = result
            else:
                values.update(zip(stmt.targets, result, strict=True))
        return values

    def _note_place(self, error: Exception, stmt: Statement) -> None:
        """Let the error of a statement that is run say where it stands: the program's own line is long past."""
        if stmt.where is not None and getattr(error, "where", None) is None:
            text = f": {stmt.where.text}" if stmt.where.text else ""
            place = printable(f"{stmt.where.file}:{stmt.where.line}")
            error.add_note(f"in list {printable(f'{self.name}: {stmt}')}\n  at {place}{text}")

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
        return Tape(self, self._values(arrays))

    def stats(self) -> Any:
        """Count statements and floating-point operations, before and after simplification, and those of the primal.

        Returns
        -------
        wengert.counting.Stats
            Prints itself; `flops`, `statements`, `ratio` (operations of a derivative list in those of its primal).

        Examples
        --------
        >>> import numpy as np, wengert as wg
        >>> lst = wg.trace(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2))(2., 5.)
        >>> wg.simplify(wg.adjoint(lst)).stats().ratio
        2.6
        """
        return import_module("wengert.counting").stats_of(self)  # what is counted stands above the record

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
            for part, lst in stmt.prim.sublists.items():
                yield from (f"{place}, {part}: {fault}" for fault in lst._faults())
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
        return "\n".join([printable(f"list {self._header()}"), *_aligned(self._rows())])

    def __repr__(self) -> str:
        return f"<WengertList {printable(self.name)}: {len(self.inputs)} inputs, {len(self.statements)} statements>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        html: str = import_module("wengert.show.displays").list_html(self)
        return html

    def _header(self) -> str:
        inputs = ", ".join(f"{v.name}: {v.type}" for v in self.inputs)
        return f"{self.name}({inputs}) -> {', '.join(map(format_operand, self.outputs))}"

    def _rows(self, indent: str = "  ") -> Iterator[tuple[str, ...]]:
        """Text, types and place of each statement; sub-lists, indented, after the one that holds them."""
        origin = None
        for stmt in self.statements:
            yield f"{indent}{stmt}", _types([v.type for v in stmt.targets]), _place(stmt, origin)
            origin = stmt.origin
            for part, lst in stmt.prim.sublists.items():
                yield (f"{indent}  {part} {lst._header()}",)
                yield from lst._rows(f"{indent}    ")


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
        rows = [(f"  {v.name} = {self._text(v)}", str(v.type), "") for v in self.list.inputs]
        origin = None
        for stmt in self.list.statements:
            text = f"  {stmt} = {', '.join(map(self._text, stmt.targets))}"
            rows.append((text, _types([v.type for v in stmt.targets]), _place(stmt, origin)))
            origin = stmt.origin
        return "\n".join([printable(f"tape {self.list._header()}"), *_aligned(rows)])

    def __repr__(self) -> str:
        return repr(self.list).replace("WengertList", "Tape", 1)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        html: str = import_module("wengert.show.displays").tape_html(self)
        return html


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


def _place(stmt: Statement, before: Origin | None) -> str:
    """What stands beside a statement: the user's line; in a derivative program the primal statement, once."""
    if stmt.origin is not None:
        is_new = before is None or before.stmt is not stmt.origin.stmt
        return f"# {stmt.origin.stmt}" if is_new else ""
    return stmt.where.short if stmt.where else ""


def _aligned(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows of three columns set below each other; a row of one cell runs over all of them."""
    table = [tuple(map(printable, row)) for row in rows]
    widths = [max((len(row[k]) for row in table if len(row) == 3), default=0) for k in range(3)]
    return [
        row[0] if len(row) == 1 else "    ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]
