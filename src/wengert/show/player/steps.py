"""What is played: the passes of forward and reverse mode as lists of steps, in plain data.

A *pass* goes through the program once: the primal pass computes the values, a tangent pass the tangents for one input
number, an adjoint pass, backwards, the adjoints for one output number. A *step* brings equations of the table, and says
what changes in the picture. The texts are those of `wengert.show.traces`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from wengert.show.component import Component, adjoint_seeds, numbers, tangent_seeds
from wengert.show.notation import listed, marked, plural, value_text
from wengert.show.player.wording import ADJOINTS, TANGENTS, both, brief, spoken
from wengert.show.traces import AdjointTrace, Equation, TangentTrace
from wengert.transforms import Contribution, adjoint_sweep, tangent_sweep
from wengert.wlist import ArrayType, Statement, Tape, Variable

if TYPE_CHECKING:
    from wengert.show.explanation import Explanation

__all__ = ["Flow", "Mode", "Pass", "Play", "Row", "Step", "play_of"]

MOST_ROWS = 300  # of a program that are played; of a longer one the first and the last ones
MOST_PASSES = 8  # in each mode
_MOST_SWEPT = 50_000  # statements, by all passes of a mode together
_MOST_STEPS = 1_500  # in each mode
_MOST_TOLD = 80  # columns of all derivatives at the end of a pass in which arrays are written out
_MOST_NAMED = 8  # derivatives that are listed at the end of a pass
_MOST_READ = 4  # operands that a sentence names
_MOST_ON_EDGE = 2  # numbers


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table: an input, a statement, an output, or one that stands for all that are left out.

    Attributes
    ----------
    kind : {"input", "statement", "output", "gap"}
    primal : Equation
        Symbol, formula and value; of a gap a text.
    step : Variable, Statement, int or None
        What the row is of; an output by its number.
    """

    kind: Literal["input", "statement", "output", "gap"]
    primal: Equation
    step: Any = None


@dataclass(frozen=True, slots=True)
class Flow:
    """An edge of the picture that a step uses, and what is written on it from then on, if anything new.

    Attributes
    ----------
    source, target : str
        Names of the variable that is read, and of the first one that is computed from it.
    operand : int
    text : str
        Such as ``v̄₀ += -0.284``.
    """

    source: str
    target: str
    operand: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a pass.

    Attributes
    ----------
    row : int
        Of the statement in hand.
    words : str
        One sentence about it.
    said : str
        The same after the equation, both in words: for those who hear it.
    shown : tuple of (int, int)
        Rows, and which of their equations on the right, appear. In the primal pass none: there the value appears.
    texts : dict of str to str
        What stands at variables from now on: values in the primal pass, else tangents or adjoints.
    flows : tuple of Flow
    """

    row: int
    words: str
    said: str
    shown: tuple[tuple[int, int], ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    flows: tuple[Flow, ...] = ()


@dataclass(frozen=True, slots=True)
class Pass:
    """One way through the program.

    Attributes
    ----------
    title : str
        Such as ``Adjoint pass from y``.
    equations : dict of int to sequence of Equation
        The right side of each row that has one, from top to bottom.
    steps : tuple of Step
    results : tuple of str
        The derivatives that it gives, such as ``∂y/∂x1 = 5.5``; the last step shows them.
    """

    title: str
    equations: Mapping[int, Sequence[Equation]]
    steps: tuple[Step, ...]
    results: tuple[str, ...] = ()

    @property
    def result(self) -> str:
        """The derivatives in one line."""
        return ", ".join(self.results)


@dataclass(frozen=True, slots=True)
class Mode:
    """Forward or reverse mode.

    Attributes
    ----------
    name : {"forward", "reverse"}
    heading : str
        Of the right side of the table.
    about : str
        What is seen, in one sentence.
    goal : str
        The derivatives that are asked for, without their values.
    passes : tuple of Pass
    needed : int
        Passes for all derivatives, of which the first are played.
    count : str
        The same in words.
    """

    name: Literal["forward", "reverse"]
    heading: str
    about: str
    goal: str
    passes: tuple[Pass, ...]
    needed: int
    count: str


@dataclass(frozen=True, slots=True)
class Play:
    """The rows of the table, the primal pass, and the modes, each of which follows it; `left_out` counts rows."""

    rows: tuple[Row, ...]
    primal: Pass
    modes: tuple[Mode, ...]
    left_out: int = 0


def play_of(explanation: Explanation) -> Play:
    """Make the passes of an explanation: of reverse mode, and of forward mode, as far as it has them.

    Parameters
    ----------
    explanation : Explanation
        Its `source` moves in the first pass of forward mode; its `target` is where that of reverse mode starts.
    """
    script = _Script(explanation.tape, explanation.outputs, explanation.digits, min(explanation.max_rows, MOST_ROWS))
    modes = []
    if explanation.target is not None:
        modes.append(_reverse_mode(script, explanation.target))
    if explanation.source is not None:
        modes.append(_forward_mode(script, explanation.source))
    return Play(script.rows, _primal_pass(script), tuple(modes), len(script.left_out))


class _Script:
    """What all passes of one tape share.

    Attributes
    ----------
    rows : tuple of Row
    left_out : list
        The inputs, statements and outputs that have no row of their own.
    """

    def __init__(self, tape: Tape, outputs: Sequence[str], digits: int, max_rows: int):
        self.tape, self.outputs, self.digits = tape, outputs, digits
        self.trace = TangentTrace(tape, outputs, digits, {})
        self.symbols = self.trace.symbols
        steps = self.trace.steps
        gap = range(max_rows - max_rows // 2, len(steps) - max_rows // 2)
        self.left_out = [steps[k] for k in gap]
        kept = [*steps[: gap.start], None, *steps[gap.stop :]] if gap else steps
        self.rows = tuple(map(self._row, kept))
        self.most_passes = max(1, min(MOST_PASSES, _MOST_SWEPT // len(steps), _MOST_STEPS // len(self.rows)))

    def _row(self, step: Any) -> Row:
        if step is None:
            return Row("gap", (f"⋮ {plural(len(self.left_out), 'step')} left out", "", ""))
        kind: Literal["input", "statement", "output"] = "output"
        if isinstance(step, Variable):
            kind = "input"
        elif isinstance(step, Statement):
            kind = "statement"
        return Row(kind, self.trace.primal(step), step)

    def equations(self, trace: TangentTrace | AdjointTrace) -> dict[int, list[Equation]]:
        """The right side of each row that has one."""
        found = ((k, trace.derived(row.step)) for k, row in enumerate(self.rows) if row.kind != "gap")
        return {k: equations for k, equations in found if equations}

    def text(self, value: Any) -> str:
        """As in the table, but for long arrays: these by their ends."""
        return brief(value_text(value, self.digits))

    def found(self, names: Sequence[str], values: Sequence[Any]) -> tuple[str, ...]:
        """The derivatives, in full if they take little room."""
        full = [f"{name} = {value_text(value, self.digits)}" for name, value in zip(names, values, strict=True)]
        if sum(map(len, full)) > _MOST_TOLD:
            full = [f"{name} = {self.text(value)}" for name, value in zip(names, values, strict=True)]
        return (*full[:_MOST_NAMED], *["…"] * (len(full) > _MOST_NAMED))

    def short(self, value: Any) -> str:
        """What fits on an edge: few numbers, else the type."""
        return self.text(value) if np.size(value) <= _MOST_ON_EDGE else str(ArrayType.of(value))

    def value(self, x: Variable) -> str:
        return self.text(self.tape.value(x))

    def reading(self, stmt: Statement) -> list[Flow]:
        """The edges into a statement, one for each operand that is a variable."""
        target = stmt.targets[0].name
        return [Flow(x.name, target, i) for i, x in enumerate(stmt.operands) if isinstance(x, Variable)]

    def into_output(self, number: int) -> tuple[Flow, ...]:
        y = self.tape.list.outputs[number]
        return (Flow(y.name, self.outputs[number]),) if isinstance(y, Variable) else ()

    def played(self, components: Iterator[Component], chosen: Component) -> list[Component]:
        """The chosen number, and the first others."""
        others = (each for each in components if each != chosen)
        return [chosen, *islice(others, self.most_passes - 1)]

    def gap(self, number: int, texts: Mapping[str, str] | None = None) -> Step:
        words = f"{plural(len(self.left_out), 'step')} of the program are computed, but not shown."
        return Step(number, words, words, texts=texts or {})

    def ending(self, results: Sequence[str], why: str, row: int) -> Step:
        """The last step of a pass."""
        return Step(row, why, f"The pass is complete. {spoken(', '.join(results))}. {why}")


def _said(equation: Equation, words: str) -> str:
    return f"{spoken(_written(equation))}. {spoken(words)}"


def _written(equation: Equation) -> str:
    return " = ".join(filter(None, equation))


def _total(types: Sequence[ArrayType]) -> int:
    return sum(each.size for each in types if each.dtype.kind in "fc")


def _about(sentence: str, script: _Script) -> str:
    return sentence.format(*((script.outputs[0], "depends") if len(script.outputs) == 1 else ("the results", "depend")))


def _goal(outputs: Sequence[str], inputs: Sequence[str]) -> str:
    return listed([f"∂{y}/∂{x} = ?" for x in inputs for y in outputs], _MOST_NAMED)


# --- the primal pass -------------------------------------------------------------------------------------------


def _primal_pass(script: _Script) -> Pass:
    return Pass("Primal pass", {}, tuple(_primal_step(script, k, row) for k, row in enumerate(script.rows)))


def _primal_step(script: _Script, number: int, row: Row) -> Step:
    symbol, formula, value = row.primal[0], row.primal[1], brief(row.primal[2])
    flows: tuple[Flow, ...] = ()
    if row.kind == "gap":
        return script.gap(number)
    if row.kind == "input":
        words = f"The input {formula} is {value}."
        texts = {row.step.name: value}
    elif row.kind == "statement":
        words = f"{_operands(script, row.step)} {symbol} = {value}."
        texts = {target.name: script.value(target) for target in row.step.targets}
        flows = tuple(script.reading(row.step))
    else:
        words = f"The result {symbol} is {value}."
        texts, flows = {symbol: value}, script.into_output(row.step)
    return Step(number, words, _said(row.primal, words), texts=texts, flows=flows)


def _operands(script: _Script, stmt: Statement) -> str:
    """Such as "v₋₁ = 2 and v₀ = 5 give"."""
    read = list(dict.fromkeys(x for x in stmt.operands if isinstance(x, Variable)))
    texts = [f"{script.symbols.primal(x)} = {script.value(x)}" for x in read[:_MOST_READ]]
    texts += ["others"] * (len(read) > _MOST_READ)
    if not texts:
        return "Constants give"
    return f"{both(texts)} {'gives' if len(texts) == 1 else 'give'}"


# --- forward mode ----------------------------------------------------------------------------------------------


def _forward_mode(script: _Script, source: Component) -> Mode:
    inputs = script.tape.list.inputs
    types = [v.type for v in inputs]
    needed = _total(types)
    moved = script.played(numbers([v.name for v in inputs], types), source)
    passes = tuple(_tangent_pass(script, each, len(moved) - k, needed) for k, each in enumerate(moved, start=1))
    goal = _goal(script.outputs, [each.name for each in moved])
    count = f"{plural(needed, 'pass')}, one per input"
    return Mode("forward", TangentTrace.heading, _about(TANGENTS, script), goal, passes, needed, count)


def _tangent_pass(script: _Script, source: Component, following: int, needed: int) -> Pass:
    tangents = tangent_sweep(script.tape, tangent_seeds(script.tape, source))
    by_name = {variable.name: value for variable, value in tangents.items()}
    trace = TangentTrace(script.tape, script.outputs, script.digits, by_name)
    equations = script.equations(trace)
    steps = [
        script.gap(k) if row.kind == "gap" else _tangent_step(script, k, row, equations[k], source, tangents)
        for k, row in enumerate(script.rows)
        if row.kind == "gap" or k in equations
    ]
    found = script.found(
        [f"∂{name}/∂{source.name}" for name in script.outputs],
        [tangents.get(y, 0) if isinstance(y, Variable) else 0 for y in script.tape.list.outputs],
    )
    why = _why_forward(source, following, needed, _total([ArrayType.of(y) for y in script.tape.outputs]))
    steps.append(script.ending(found, why, len(script.rows) - 1))
    return Pass(f"Tangent pass for {source.name}", equations, tuple(steps), found)


def _why_forward(source: Component, following: int, needed: int, other: int) -> str:
    if needed == 1:
        return "One pass gave all, because there is one input number."
    if following:
        return f"Only {source.name} moved: every further input number needs a pass of its own."
    return f"Each pass moves one input number: {needed:,} of them need {needed:,} passes. Reverse mode needs {other:,}."


def _tangent_step(
    script: _Script,
    number: int,
    row: Row,
    equations: Sequence[Equation],
    source: Component,
    tangents: Mapping[Variable, Any],
) -> Step:
    (equation,) = equations
    symbol, value = equation[0], brief(equation[2])
    flows: tuple[Flow, ...] = ()
    if row.kind == "input":
        is_moved = script.tape.list.inputs[source.place] is row.step
        words = f"{source.name} moves, at the rate 1." if is_moved else f"{row.step.name} is held fixed."
        texts = {row.step.name: f"{symbol} = {value}"}
    elif row.kind == "statement":
        stmt = row.step
        moving = [target for target in stmt.targets if target in tangents]
        texts = {
            target.name: f"{script.symbols.tangent(target)} = {script.text(tangents[target])}" for target in moving
        }
        words = f"If {source.name} grows by a small h, {row.primal[0]} grows by {value} · h."
        if not moving or value == "0":
            words = f"{row.primal[0]} does not change with {source.name}."
        flows = tuple(flow for flow in script.reading(stmt) if stmt.operands[flow.operand] in tangents)
    else:
        words = f"So ∂{row.primal[0]}/∂{source.name} = {value}."
        texts, flows = {script.outputs[row.step]: f"{symbol} = {value}"}, script.into_output(row.step)
    return Step(number, words, _said(equation, words), ((number, 0),), texts, flows)


# --- reverse mode ----------------------------------------------------------------------------------------------


def _reverse_mode(script: _Script, target: Component) -> Mode:
    types = [ArrayType.of(y) for y in script.tape.outputs]
    needed = _total(types)
    seeded = script.played(numbers(script.outputs, types), target)
    passes = tuple(
        _AdjointPass(script, each).written(len(seeded) - k, needed) for k, each in enumerate(seeded, start=1)
    )
    inputs = [v.name for v in script.tape.list.inputs if v.dtype.kind in "fc"]
    goal = _goal([each.name for each in seeded], inputs)
    count = f"{plural(needed, 'pass')}, one per output"
    return Mode("reverse", AdjointTrace.heading, _about(ADJOINTS, script), goal, passes, needed, count)


class _AdjointPass:
    """Writes the steps of one adjoint pass: one for each contribution, in the order of the sweep."""

    def __init__(self, script: _Script, target: Component):
        self._script, self._target = script, target
        seeds = adjoint_seeds(script.tape, target)
        self._adjoints, contributions = adjoint_sweep(script.tape, seeds)
        trace = AdjointTrace(
            script.tape, script.outputs, script.digits, {target.place: target.seed()}, contributions
        )  # fmt: skip
        self._equations = script.equations(trace)
        self._by_statement: dict[Statement, list[Contribution]] = {}
        for each in contributions:
            self._by_statement.setdefault(each.statement, []).append(each)
        self._expected = Counter(each.statement.operands[each.operand] for each in contributions)
        self._expected.update(list(seeds))
        self._received = Counter(list(seeds))  # how many so far
        self._totals: dict[Variable, Any] = dict(seeds)

    def written(self, following: int, needed: int) -> Pass:
        """The pass; how many are played after it, and how many there are for all derivatives."""
        script, steps = self._script, [self._seed()]
        for k, row in reversed(list(enumerate(script.rows))):
            steps += self._steps(k, row)
        inputs = [v for v in script.tape.list.inputs if v.dtype.kind in "fc"]
        names = [f"∂{self._target.name}/∂{v.name}" for v in inputs]
        found = script.found(names, [self._adjoints.get(v, 0) for v in inputs])
        steps.append(script.ending(found, self._why(following, needed, len(inputs)), 0))
        return Pass(f"Adjoint pass from {self._target.name}", self._equations, tuple(steps), found)

    def _why(self, following: int, needed: int, found: int) -> str:
        y = self._target.name
        if following:
            return f"It started from {y} alone: every further output number needs a pass of its own."
        if needed > 1:
            other = _total([v.type for v in self._script.tape.list.inputs])
            return (
                f"Each pass starts from one output number: {needed:,} of them need {needed:,} passes. "
                f"Forward mode needs {other:,}."
            )
        if found == 1:
            return f"One pass gave it: it went back from {y} through each statement once."
        all_of_them = "both" if found == 2 else f"all {found}"
        return (
            f"One pass gave {all_of_them}, because every adjoint is a derivative of the same {y}: going back through "
            "each statement once reaches every input."
        )

    def _seed(self) -> Step:
        """The outputs: the chosen one has the adjoint 1."""
        script, target = self._script, self._target
        rows = [k for k, row in enumerate(script.rows) if row.kind == "output"]
        number = next(
            (k for k in rows if script.rows[k].step == target.place),
            next((k for k, row in enumerate(script.rows) if row.kind == "gap"), 0),
        )
        name = script.outputs[target.place]
        seed = script.text(target.seed())
        texts = {name: f"{marked(name, tangent=False)} = {seed}"}
        texts |= {x.name: self._sum(x) for x in self._totals}
        words = f"The pass starts at the result: ∂{target.name}/∂{target.name} = 1."
        if _total([ArrayType.of(y) for y in script.tape.outputs]) > 1:
            words += " The other results have the adjoint 0."
        equation = self._equations.get(number, [("", "", "")])[0]
        flows = script.into_output(target.place)
        return Step(number, words, _said(equation, words), tuple((k, 0) for k in rows), texts, flows)

    def _steps(self, number: int, row: Row) -> Iterator[Step]:
        if row.kind == "gap":
            yield self._script.gap(number, self._left_out())
        elif number not in self._equations:
            return
        elif row.kind == "input":
            yield self._input(number, row)
        elif row.kind == "statement":
            contributions = self._by_statement.get(row.step, [])
            shown = reversed(range(len(contributions)))  # the table is read upwards
            yield from (self._contribution(number, k, each) for k, each in zip(shown, contributions, strict=True))
            if not contributions:
                words = f"{row.primal[0]} passes nothing on to its operands."
                yield Step(number, words, _said(self._equations[number][0], words), ((number, 0),))

    def _left_out(self) -> dict[str, str]:
        """Add what the statements without a row contribute; the adjoints that changed and have one."""
        changed = []
        for stmt in reversed(self._script.left_out):
            for each in self._by_statement.get(stmt, []) if isinstance(stmt, Statement) else []:
                self._add(each)
                changed.append(each.statement.operands[each.operand])
        kept = {
            x
            for row in self._script.rows
            for x in (row.step.targets if row.kind == "statement" else [row.step] if row.kind == "input" else [])
        }
        return {x.name: self._sum(x) for x in changed if x in kept}

    def _add(self, each: Contribution) -> Variable:
        x: Variable = each.statement.operands[each.operand]
        with np.errstate(all="ignore"):
            self._totals[x] = self._totals[x] + each.term if x in self._totals else each.term
        self._received[x] += 1
        return x

    def _sum(self, x: Variable) -> str:
        """The adjoint so far; three dots where contributions are still to come."""
        more = " + …" if self._received[x] < self._expected[x] else ""
        return f"{self._script.symbols.adjoint(x)} = {self._script.text(self._totals[x])}{more}"

    def _contribution(self, number: int, shown: int, each: Contribution) -> Step:
        script, stmt = self._script, each.statement
        x = self._add(each)
        adjoint, term = script.symbols.adjoint(x), script.text(each.term)
        place, count = self._received[x], self._expected[x]
        words = f"{script.rows[number].primal[0]} contributes {term} to {adjoint}"
        if count == 1:
            words += f", its only contribution: {adjoint} is complete."
        elif place == count:
            words += f", the last of {count} contributions: the sum is complete."
        else:
            words += f", the first of {count} contributions." if place == 1 else f", contribution {place} of {count}."
        flow = Flow(x.name, stmt.targets[0].name, each.operand, f"{adjoint} += {script.short(each.term)}")
        equation = self._equations[number][shown]
        return Step(number, words, _said(equation, words), ((number, shown),), {x.name: self._sum(x)}, (flow,))

    def _input(self, number: int, row: Row) -> Step:
        equation = self._equations[number][0]
        x, y = row.step, self._target.name
        total = self._script.text(self._totals.get(x, 0))
        words = f"The input is reached: ∂{y}/∂{x.name} = {total}."
        if x not in self._totals:
            words = f"No path leads from {y} back to {x.name}: ∂{y}/∂{x.name} = 0."
        return Step(number, words, _said(equation, words), ((number, 0),), {x.name: f"{equation[0]} = {total}"})
