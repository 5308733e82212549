"""From statements to lines: which value gets a variable, and which stands in the expression that reads it.

A value that nobody has named and that is read once stands where it is read, as long as both belong to one line of the
user's program and the expression stays short. Python evaluates it later than the list does; what it reads is kept until
then, since what is read last decides when arrays are changed in place (`timeline`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wengert.show.python_source.comments import note_of
from wengert.show.python_source.constants import array_constant, strict_text, typed_constant, zeros_text
from wengert.show.python_source.expressions import (
    CONSTANT,
    Expression,
    Local,
    Weak,
    compose,
    form,
    leaf,
    literal_expression,
)
from wengert.show.python_source.helpers import Preamble
from wengert.show.python_source.items import Assign, Item, Note, Unpack, Update
from wengert.show.python_source.literals import dtype_text, number_text
from wengert.show.python_source.naming import Names, derived_from
from wengert.show.python_source.preparation import Prepared
from wengert.show.python_source.vocabulary import READ_ONLY, application, index_text
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["Context", "Planner"]

_WIDTH = 88  # columns up to which a line may grow by the expressions that it takes in
_DEPTH = 4
_ROOM = 8  # of them, for the name on the left side

# What Python's own numbers do otherwise than NumPy's.
_DIFFERENT_IN_PYTHON = ("divide", "floor_divide", "remainder", "power", "invert", "left_shift", "right_shift")
_PYTHON_OPERATORS = (
    "add", "subtract", "multiply", "negative", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
)  # fmt: skip
_VIEWS = ("transpose",)


@dataclass(slots=True)
class Context:
    """What the lists of one file share.

    Attributes
    ----------
    preamble : Preamble
    known : dict of Variable to str
        The names of variables so far, for lists that have some of them in common.
    write_function : callable
        ``(lst, name, context) -> text`` of a function.
    plan_control : callable
        ``(planner, stmt)``, for a control statement.
    """

    preamble: Preamble
    known: dict[Variable, str]
    write_function: Callable[[WengertList, str, Context], str]
    plan_control: Callable[[Planner, Statement], None]


class Planner:
    """Plans the lines of one list.

    Parameters
    ----------
    lst : WengertList
    names : Names
    context : Context
    inputs : mapping of Variable to Expression
        What stands for the inputs.
    depth : int
        Of control statements around it.
    """

    def __init__(
        self, lst: WengertList, names: Names, context: Context, inputs: Mapping[Variable, Expression], depth: int = 0
    ):
        self.lst, self.names, self.context, self.depth = lst, names, context, depth
        self.prepared = Prepared(lst)
        self.items: list[Item] = []
        self.values: dict[Variable, Expression] = dict(inputs)
        self._pending: dict[Local, Assign] = {}
        self._cheap: set[Local] = set()
        self._absorbed: set[Statement] = self._found_in_others()
        self._sums = self._called_after_sums()
        self._by_name = {v.name: v for stmt in self.prepared.statements for v in stmt.targets}

    @property
    def preamble(self) -> Preamble:
        """What stands above the function."""
        return self.context.preamble

    def take_pending(self, item: Assign) -> None:
        """Append an assignment that may be taken into the line that reads its target."""
        self.items.append(item)
        self._pending[item.target] = item

    def plan(self) -> list[Item]:
        """Plan all statements; `outputs` gives the expressions of the results afterwards."""
        for stmt in self.prepared.statements:
            if stmt not in self._absorbed:
                self._plan_statement(stmt)
        return self.items

    def outputs(self, room: int = 0, *, is_inlined: bool = True) -> list[Expression]:
        """The expressions of the results, for a line that has `room` columns of its own."""
        self._room = room
        operands = [self.operand(y) for y in self.prepared.outputs]
        return self._inlined(operands, None, _list_text(len(operands)), room) if is_inlined else self._leaves(operands)

    def _leaves(self, operands: Sequence[Expression]) -> list[Expression]:
        for x in operands:
            self._settle(x)
        return list(operands)

    # --- operands ----------------------------------------------------------------------------------------------

    def operand(self, x: Any) -> Expression:
        """The expression of an operand where it stands alone: a variable, or a constant of its own dtype."""
        x = self.prepared.resolved(x)
        return self.values[x] if isinstance(x, Variable) else typed_constant(x, self.preamble)

    def _operands(self, stmt: Statement) -> list[Expression]:
        """The operands of a statement: constants as plain numbers where that changes nothing."""
        resolved = [self.prepared.resolved(x) for x in stmt.operands]
        found = [self.values.get(x) if isinstance(x, Variable) else None for x in resolved]
        weak = [x.local.weak if x is not None and x.local is not None else frozenset() for x in found]
        if any(weak):
            self._judge_weak(stmt, resolved, weak)
        return [
            self._constant(stmt, resolved, k) if value is None else value
            for k, (x, value) in enumerate(zip(resolved, found, strict=True))
        ]

    def _judge_weak(self, stmt: Statement, operands: Sequence[Any], weak: Sequence[frozenset[Weak]]) -> None:
        """Ask for numbers of NumPy where those of Python would give something else."""
        plain = [_python_number(x.dtype) if w else x for x, w in zip(operands, weak, strict=True)]
        all_plain = all(w or isinstance(x, (bool, int, float, complex)) for x, w in zip(operands, weak, strict=True))
        differs = all_plain and stmt.prim.name in _DIFFERENT_IN_PYTHON
        if differs or stmt.prim.sublists or not _has_types(stmt, plain):
            for root in frozenset().union(*weak):
                root.is_strict = True

    def _weak_result(self, stmt: Statement, operands: Sequence[Expression]) -> frozenset[Weak]:
        """What makes the result of an operator of Python a number of Python."""
        if stmt.prim.name not in _PYTHON_OPERATORS:
            return frozenset()
        weak = [x.local.weak if x.local is not None else frozenset() for x in operands]
        resolved = [self.prepared.resolved(x) for x in stmt.operands]
        is_plain = all(w or not isinstance(x, Variable) for w, x in zip(weak, resolved, strict=True))
        return frozenset().union(*weak) if is_plain else frozenset()

    def _constant(self, stmt: Statement, operands: Sequence[Any], k: int) -> Expression:
        x = operands[k]
        if np.ndim(x):
            return array_constant(x, self.preamble)
        if isinstance(x, (np.generic, np.ndarray)):
            number = np.asarray(x)[()].item()
            others = any(isinstance(other, Variable) for other in operands)
            if not others or not _has_types(stmt, [number if i == k else y for i, y in enumerate(operands)]):
                return literal_expression(strict_text(x))
            return literal_expression(number_text(number))
        return literal_expression(number_text(x))

    # --- statements --------------------------------------------------------------------------------------------

    def _plan_statement(self, stmt: Statement) -> None:
        if stmt.prim.sublists:
            self.context.plan_control(self, stmt)
            return
        note = note_of(stmt, self.depth)
        update = self._update_of(stmt)
        if update is not None:
            self._append_update(update, note)
            return
        operands = self._operands(stmt)
        stacked = self._stack_of(stmt)
        if stacked is not None:
            text, operands = stacked
            shares: Sequence[int] = ()
        else:
            text, shares = application(stmt, self._types(stmt), self.preamble)
        if stmt.prim.name == "positive":
            text = "{0}.copy()"
        inlined = self._inlined(operands, note, text, len(self._hint(stmt)) + 3)
        value = compose(text, inlined, [k for k in shares if 0 <= k < len(inlined)])
        if READ_ONLY in shares:
            value = replace(value, shares=value.shares | {CONSTANT})
        self._assign(stmt, self._as_constant(stmt, value), note, operands)

    def _as_constant(self, stmt: Statement, value: Expression) -> Expression:
        """An array that is made as a value: the text of the constant itself, if it makes a new one."""
        if stmt.prim.name != "constant" or isinstance(stmt.operands[0], Variable):
            return value
        plain = typed_constant(stmt.operands[0], self.preamble)
        return compose("{0}.copy()", [plain]) if CONSTANT in plain.shares else plain

    def _types(self, stmt: Statement) -> list[ArrayType]:
        return [ArrayType.of(x) for x in stmt.operands]

    def name_of(self, v: Variable) -> str:
        """The user's name, or that of the sum that the value is a part of, or of a result."""
        return self.names[v] or self._sums.get(v, "") or self.names.suggested.get(v, "")

    def _after(self, v: Variable) -> tuple[Local, str] | None:
        """The value that a cotangent or tangent without a name belongs to."""
        found = derived_from(v.name)
        primal = self._by_name.get(found[0]) if found else None
        local = self.values[primal].local if primal is not None and primal in self.values else None
        return (local, found[1]) if local is not None and found else None

    def _called_after_sums(self) -> dict[Variable, str]:
        """Parts of a cotangent that is a sum: each, read once, is called as the whole."""
        found: dict[Variable, str] = {}
        for stmt in reversed(self.prepared.statements):
            target = stmt.targets[0]
            name = self.names[target] or found.get(target, "")
            if not name or stmt.prim.name not in ("add", "index_update", "update_at", "add_at"):
                continue
            for x in map(self.prepared.resolved, stmt.operands[:2]):
                if (
                    isinstance(x, Variable)
                    and self.prepared.uses[x] == 1
                    and x.type == target.type
                    and not self.names[x]
                ):
                    found[x] = name
                    break
        return found

    def _hint(self, stmt: Statement) -> str:
        return self.name_of(stmt.targets[0]) or "t1"

    def _assign(self, stmt: Statement, value: Expression, note: Note | None, operands: Sequence[Expression]) -> None:
        if len(stmt.targets) > 1:
            self._unpack(stmt, value, note)
            return
        v = stmt.targets[0]
        target = Local(v.type, self.name_of(v), self._weak_result(stmt, operands), self._after(v))
        is_read_early = v in self.prepared.hoisted
        if is_read_early and value.shares:
            value = compose("{0}.copy()", [value])
        item = Assign(target, value, note=note)
        self.items.append(item)
        self.values[v] = leaf(target)
        is_view = stmt.prim.name in _VIEWS and bool(operands) and operands[0].local is not None
        is_cheap = value.depth == 1 and (is_view or bool(target.weak))
        if is_read_early or self.names[v] or not (self.prepared.uses[v] == 1 or is_cheap):
            return
        self._pending[target] = item
        if is_cheap:
            self._cheap.add(target)

    def _unpack(self, stmt: Statement, value: Expression, note: Note | None) -> None:
        targets: list[Local | None] = []
        for v in stmt.targets:
            local = Local(v.type, self.names[v]) if self.prepared.uses[v] else None
            if local is not None:
                self.values[v] = leaf(local)
            targets.append(local)
        self.items.append(Unpack(tuple(targets), value, note=note))

    # --- expressions that stand in others ----------------------------------------------------------------------

    def _inlined(self, operands: Sequence[Expression], note: Note | None, text: str, room: int) -> list[Expression]:
        """The operands, with those that may stand in the expression of `text` put in the place of their variables."""
        repeated = form(text).repeated
        locals_ = [x.local for x in operands]
        taken: dict[int, Assign] = {}
        for k, local in enumerate(locals_):
            item = self._pending.get(local) if local is not None else None
            is_once = k not in repeated and (local in self._cheap or locals_.count(local) == 1)
            if item is not None and is_once and _belongs(item.note, note):
                taken[k] = item
        found = list(operands)
        while taken:
            found = [taken[k].value if k in taken else x for k, x in enumerate(operands)]
            whole = found[0] if text == "{0}" else compose(text, found)
            length = len(whole.write(_wanted)) + room + 4 * (self.depth + 1)
            if length <= _WIDTH and whole.depth <= _DEPTH:
                break
            longest = max(taken, key=lambda k: len(taken[k].value.write(_wanted)))
            del taken[longest]
            found = list(operands)
        for k, x in enumerate(operands):
            if k in taken:
                self._take(taken[k])
            else:
                self._settle(x)
        return found

    def _take(self, item: Assign) -> None:
        item.is_left_out = item.target in self._pending
        if item.target not in self._cheap:
            del self._pending[item.target]

    def _settle(self, x: Expression) -> None:
        """Let the variable of an operand have a line of its own."""
        item = self._pending.pop(x.local, None) if x.local is not None else None
        if item is not None:
            item.is_left_out = False

    def inlined(self, operands: Sequence[Expression], note: Note | None, text: str) -> list[Expression]:
        """Operands of a call, as expressions where they may stand in it."""
        return self._inlined(operands, note, text, _ROOM)

    def assign_call(self, stmt: Statement, value: Expression, note: Note | None) -> None:
        """A line for the only result of a call."""
        self._assign(stmt, value, note, ())

    def settled(self, x: Any) -> Expression:
        """An operand as a variable with a line of its own, or a constant."""
        found = self.operand(x)
        self._settle(found)
        return found

    def constant(self, x: Any) -> Expression:
        """An operand that is read in each round: as `settled`, or a view that costs nothing."""
        found = self.operand(x)
        item = self._pending.get(found.local) if found.local is not None else None
        if item is not None and item.target in self._cheap:
            self._take(item)
            return item.value
        self._settle(found)
        return found

    def short(self, x: Any, note: Note | None, room: int) -> Expression:
        """An operand, as an expression if it may stand in a line that has `room` columns of its own."""
        return self._inlined([self.operand(x)], note, "{0}", room)[0]

    # --- writing into arrays -----------------------------------------------------------------------------------

    def _found_in_others(self) -> set[Statement]:
        """Statements that are written along with the only one that reads their result."""
        found: set[Statement] = set()
        for stmt in self.prepared.statements:
            if stmt.prim.name == "add":
                part = self._added_part(stmt)
                found.update([] if part is None else [part[1]])
            elif stmt.prim.name == "concatenate":
                parts = self.prepared.joined(stmt)
                if all(_inserts_axis(p, stmt.params["axis"]) for p in parts):
                    found.update(parts)
        return found

    def _added_part(self, stmt: Statement) -> tuple[Any, Statement] | None:
        """The array and the scattered part that a sum is made of."""
        a, b = (self.prepared.resolved(x) for x in stmt.operands)
        for base, part in ((a, b), (b, a)):
            scatter = self.prepared.scattered(part)
            if scatter is not None and isinstance(base, Variable) and base.type == part.type == stmt.targets[0].type:
                return base, scatter
        return None

    def _update_of(self, stmt: Statement) -> _Written | None:
        name = stmt.prim.name
        if name == "add":
            part = self._added_part(stmt)
            return None if part is None else _Written(stmt, self.operand(part[0]), part[1], 1, "+=")
        if name in ("scatter", "gather_transpose"):
            return _Written(stmt, literal_expression(zeros_text(stmt.targets[0].type)), stmt, 1, "=")
        if name in ("index_update", "update_at"):
            return _Written(stmt, self.operand(stmt.operands[0]), stmt, 2, "=")
        if name == "add_at":
            return _Written(stmt, self.operand(stmt.operands[0]), stmt, 2, "+=")
        return None

    def _append_update(self, written: _Written, note: Note | None) -> None:
        stmt, part = written.stmt, written.part
        target = Local(stmt.targets[0].type, self.name_of(stmt.targets[0]))
        base = self._base(written.base, target)
        sign = written.sign
        if part.prim.name not in ("index_update", "update_at") and _may_repeat(part):
            sign = "add.at"
        text = index_text(part.params["index"], self.preamble)
        if sign == "add.at":
            text = _as_object(text)
        indices = [self.operand(x) for x in part.operands[written.first :]]
        value = self._written_value(part.operands[written.first - 1], note, len(text) + 20)
        index = self._index(text, indices, note)
        self._protect(base)
        own = base.local.type.dtype if base.local is not None else target.type.dtype
        dtype = "" if own == target.type.dtype else dtype_text(target.type.dtype)
        self.items.append(Update(target, base, index, value, sign, dtype, note=note))
        self.values[stmt.targets[0]] = leaf(target)

    def _base(self, base: Expression, target: Local) -> Expression:
        """The array that is changed; one that is made for it has its name."""
        item = self._pending.pop(base.local, None) if base.local is not None else None
        if item is None:
            return base
        item.is_left_out = False
        item.target.wanted = item.target.wanted or target.wanted
        return base

    def _written_value(self, x: Any, note: Note | None, room: int) -> Expression:
        x = self.prepared.resolved(x)
        if not isinstance(x, Variable):
            is_number = np.ndim(x) == 0
            number = np.asarray(x)[()].item() if isinstance(x, (np.generic, np.ndarray)) and is_number else x
            return literal_expression(number_text(number)) if is_number else array_constant(x, self.preamble)
        return self._inlined([self.values[x]], note, "{0}", room)[0]

    def _index(self, text: str, indices: Sequence[Expression], note: Note | None) -> Expression:
        if not indices:
            return Expression((text,), 0)
        found = self._inlined(list(indices), note, f"_[{text}]" if not text.startswith("np.s_") else text, 10)
        whole = compose(f"_[{text}]", found) if not text.startswith("np.s_") else compose(text, found)
        return _without_frame(whole) if not text.startswith("np.s_") else whole

    def _protect(self, base: Expression) -> None:
        """Have what is yet to be read of an array that changes read before."""
        if base.local is None:
            return
        for item in list(self._pending.values()):
            if base.local in item.value.reads and item.target not in self._cheap:
                del self._pending[item.target]
                item.is_left_out = False
                if base.local in item.value.shares:
                    item.value = compose("{0}.copy()", [item.value])

    # --- arrays that are put together --------------------------------------------------------------------------

    def _stack_of(self, stmt: Statement) -> tuple[str, list[Expression]] | None:
        """``np.stack`` where arrays get a new axis and are joined along it; ``np.array`` of numbers."""
        if stmt.prim.name != "concatenate":
            return None
        parts = self.prepared.joined(stmt)
        if not parts or not all(p in self._absorbed for p in parts):
            return None
        sources = [p.operands[0] for p in parts]
        operands = [self.operand(x) for x in sources]
        inner = ", ".join(f"{{{k}}}" for k in range(len(operands)))
        axis = stmt.params["axis"]
        if ArrayType.of(sources[0]).shape == ():
            return f"np.array([{inner}])", operands
        return f"np.stack([{inner}]{f', axis={axis}' if axis else ''})", operands


@dataclass(frozen=True, slots=True)
class _Written:
    """An array, and what is written into it: the statement, and the first of its operands that is an index."""

    stmt: Statement
    base: Expression
    part: Statement
    first: int
    sign: str


# --- small questions ---------------------------------------------------------------------------------------------


def _python_number(dtype: np.dtype[Any]) -> bool | int | float | complex:
    return {"b": True, "f": 1.0, "c": 1j}.get(dtype.kind, 1)


def _has_types(stmt: Statement, operands: Sequence[Any]) -> bool:
    """Whether the primitive gives results of the same types for these operands."""
    try:
        found = stmt.prim.infer(operands, stmt.params)
    except (ValueError, TypeError, IndexError, AttributeError, ZeroDivisionError):
        return False
    return tuple(t.dtype for t in found) == tuple(v.dtype for v in stmt.targets)


def _wanted(local: Local) -> str:
    return local.wanted or "t1"


def _list_text(count: int) -> str:
    return ", ".join(f"{{{k}}}" for k in range(count)) if count != 1 else "{0}"


def _belongs(inner: Note | None, outer: Note | None) -> bool:
    return inner is None or outer is None or inner.key == outer.key


def _inserts_axis(stmt: Statement, axis: int) -> bool:
    """Whether a reshape inserts an axis of length 1."""
    own = ArrayType.of(stmt.operands[0]).shape
    return tuple(stmt.params["shape"]) == (*own[:axis], 1, *own[axis:])


def _may_repeat(stmt: Statement) -> bool:
    """Whether an index may name one place several times."""
    first = 1 if stmt.prim.name == "gather_transpose" else 2
    if stmt.prim.name != "scatter" and any(ArrayType.of(x).ndim for x in stmt.operands[first:]):
        return True
    index = stmt.params["index"]
    parts = index if isinstance(index, tuple) else (index,)
    arrays = [np.asarray(p) for p in parts if isinstance(p, (list, np.ndarray)) and np.asarray(p).dtype.kind in "iu"]
    if not arrays:
        return False
    if any(type(part).__name__ == "Slot" for part in parts):
        return True
    shape = stmt.targets[0].shape
    places = np.arange(int(np.prod(shape))).reshape(shape)[index]
    return bool(len(np.unique(places)) < places.size)


def _as_object(text: str) -> str:
    """What stands in brackets as an object of its own: for ``np.add.at``."""
    if ":" in text or "..." in text:
        return f"np.s_[{text}]"
    return f"({text})" if _has_comma(text) else text


def _has_comma(text: str) -> bool:
    depth = 0
    for c in text:
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            return True
    return False


def _without_frame(whole: Expression) -> Expression:
    """What stands in the brackets of ``_[…]``."""
    pieces = list(whole.pieces)
    first, last = str(pieces[0]).removeprefix("_["), str(pieces[-1]).removesuffix("]")
    inside = [*([first] if first else []), *pieces[1:-1], *([last] if last else [])]
    return Expression(tuple(inside), 0, frozenset(), whole.depth)
