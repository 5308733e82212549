"""The rows of the evaluation traces: primal on the left, tangent or adjoint on the right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from wengert.show.formula import contribution_formula, primal_formula, symbol, tangent_formula
from wengert.show.notation import Symbols, marked, value_text
from wengert.show.numbering import LETTERS, free_letter
from wengert.show.page import EQUATION, Heading, Row, Table
from wengert.transforms import Contribution
from wengert.wlist import Statement, Tape, Variable

__all__ = ["AdjointTrace", "Equation", "TangentTrace"]

Equation = tuple[str, str, str]  # symbol, formula, value

_NOTHING: Equation = ("", "", "")


class _Trace:
    """The primal trace of a tape, with another one beside it.

    A *step* is an input, a statement or an output. A step has one equation on the left and any number on the right.
    """

    heading = ""

    def __init__(self, tape: Tape, outputs: Sequence[str], digits: int):
        self._tape, self._outputs, self._digits = tape, outputs, digits
        targets = [target for stmt in tape.list.statements for target in stmt.targets]
        letter = free_letter(LETTERS, [x.name for x in tape.list.inputs])
        self.symbols = Symbols(letter, tape.list.inputs, targets)

    def table(self, title: str, note: str, max_rows: int) -> Table:
        """The table of the first and last steps, `max_rows` of them."""
        headings = (Heading("Forward primal trace", EQUATION), Heading(self.heading, EQUATION))
        return Table(title, headings, tuple(self._rows(max_rows)), (note,))

    @property
    def steps(self) -> list[Any]:
        """The inputs, the statements and the numbers of the outputs."""
        lst = self._tape.list
        return [*lst.inputs, *lst.statements, *range(len(lst.outputs))]

    def _rows(self, max_rows: int) -> Iterator[Row]:
        lst = self._tape.list
        sections = (len(lst.inputs), len(lst.inputs) + len(lst.statements))
        steps = self.steps
        left_out = range(max_rows - max_rows // 2, len(steps) - max_rows // 2)
        for k, step in enumerate(steps):
            if k not in left_out:
                yield from self._step(step, opens=k > 0 and k in sections)
            elif k == left_out.start:
                yield Row((f"⋮ {len(left_out):,} steps left out (max_rows={max_rows:,})",))

    def primal(self, step: Any) -> Equation:
        """What stands on the left of a step."""
        if isinstance(step, Variable):
            return self._primal_input(step)
        return self._primal_statement(step) if isinstance(step, Statement) else self._primal_output(step)

    def derived(self, step: Any) -> list[Equation]:
        """What stands on the right of a step, from top to bottom."""
        if isinstance(step, Variable):
            return self._input(step)
        return self._statement(step) if isinstance(step, Statement) else self._output(step)

    def _step(self, step: Any, opens: bool) -> Iterator[Row]:
        left = self.primal(step)
        for k, equation in enumerate(self.derived(step) or [_NOTHING]):
            yield Row((*(_NOTHING if k else left), *equation), opens and k == 0)

    # The left side.

    def _primal_input(self, x: Variable) -> Equation:
        return self.symbols.primal(x), x.name, self._value(x)

    def _primal_statement(self, stmt: Statement) -> Equation:
        names = ", ".join(map(self.symbols.primal, stmt.targets))
        return names, primal_formula(stmt, self.symbols), "; ".join(map(self._value, stmt.targets))

    def _primal_output(self, number: int) -> Equation:
        y = self._tape.list.outputs[number]
        formula = self.symbols.primal(y) if isinstance(y, Variable) else ""
        return self._outputs[number], formula, self._value(y)

    def _value(self, x: Any) -> str:
        return value_text(self._tape.value(x), self._digits)

    # The right side.

    def _input(self, x: Variable) -> list[Equation]:
        raise NotImplementedError

    def _statement(self, stmt: Statement) -> list[Equation]:
        raise NotImplementedError

    def _output(self, number: int) -> list[Equation]:
        raise NotImplementedError


class TangentTrace(_Trace):
    """The forward tangent trace."""

    heading = "Forward tangent trace"

    def __init__(self, tape: Tape, outputs: Sequence[str], digits: int, tangents: Mapping[str, Any]):
        super().__init__(tape, outputs, digits)
        self._tangents = tangents

    def _input(self, x: Variable) -> list[Equation]:
        if x.name not in self._tangents:
            return []
        return [(self.symbols.tangent(x), marked(x.name, tangent=True), self._tangent(x))]

    def _statement(self, stmt: Statement) -> list[Equation]:
        targets = [target for target in stmt.targets if target.dtype.kind in "fc"]
        if not targets:
            return []
        names = ", ".join(map(self.symbols.tangent, targets))
        if not any(target.name in self._tangents for target in targets):
            return [(names, _why_flat(stmt), "")]
        return [(names, str(tangent_formula(stmt, self.symbols)), "; ".join(map(self._tangent, targets)))]

    def _output(self, number: int) -> list[Equation]:
        y = self._tape.list.outputs[number]
        formula = self.symbols.tangent(y) if isinstance(y, Variable) and y.name in self._tangents else ""
        return [(marked(self._outputs[number], tangent=True), formula, self._tangent(y))]

    def _tangent(self, x: Any) -> str:
        found = isinstance(x, Variable) and x.name in self._tangents
        return value_text(self._tangents[x.name], self._digits) if found else "0"


class AdjointTrace(_Trace):
    """The reverse adjoint trace, read upwards: one row for each contribution, with the sum so far."""

    heading = "Reverse adjoint trace ↑"

    def __init__(
        self, tape: Tape, outputs: Sequence[str], digits: int,
        seeds: Mapping[int, Any], contributions: Sequence[Contribution],
    ):  # fmt: skip
        super().__init__(tape, outputs, digits)
        self._seeds = seeds
        self._received: dict[Statement, list[tuple[int, Any, bool]]] = {}
        outputs = tape.list.outputs
        self._totals = {outputs[k]: seed for k, seed in seeds.items() if isinstance(outputs[k], Variable)}
        for each in contributions:
            x = each.statement.operands[each.operand]
            first = x not in self._totals
            with np.errstate(all="ignore"):
                self._totals[x] = each.term if first else self._totals[x] + each.term
            self._received.setdefault(each.statement, []).append((each.operand, self._totals[x], first))

    def _input(self, x: Variable) -> list[Equation]:
        if x.dtype.kind not in "fc":
            return []
        name = marked(x.name, tangent=False)
        if x not in self._totals:
            return [(name, "0 (no path leads here)", "")]
        return [(name, self.symbols.adjoint(x), value_text(self._totals[x], self._digits))]

    def _statement(self, stmt: Statement) -> list[Equation]:
        received = self._received.get(stmt)
        if received is None:
            return [("", _why_flat(stmt), "")] if any(target in self._totals for target in stmt.targets) else []
        return [self._contribution(stmt, *each) for each in reversed(received)]

    def _contribution(self, stmt: Statement, i: int, total: Any, first: bool) -> Equation:
        name = self.symbols.adjoint(stmt.operands[i])
        term = contribution_formula(stmt, i, self.symbols)
        return name, str(term if first else symbol(name) + term), value_text(total, self._digits)

    def _output(self, number: int) -> list[Equation]:
        y, name = self._tape.list.outputs[number], marked(self._outputs[number], tangent=False)
        if number not in self._seeds:
            return [(name, "", "0")]
        seed = value_text(self._seeds[number], self._digits)
        return [(self.symbols.adjoint(y), name, seed) if isinstance(y, Variable) else (name, "", seed)]


def _why_flat(stmt: Statement) -> str:
    if not any(stmt.prim.is_active(i) for i in range(len(stmt.operands))):
        return f"0 ({stmt.prim.name} is flat)"
    return "0 (all operands are constant)"
