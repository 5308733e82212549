"""The figures of a program by line and by function: statements, time, memory, operations, shares of the gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wengert.counting import flops
from wengert.show.notation import printable, shortened
from wengert.show.summary.cost import Bytes, bytes_of, reverse_seconds, seconds_of
from wengert.show.summary.findings import findings
from wengert.show.summary.flow import Flow, flow_through
from wengert.show.summary.places import Group, calls_of_sublists, functions_of, lines_of
from wengert.show.summary.sweeping import Plan, pulled, size_of
from wengert.value import has_nan
from wengert.wlist import Statement, Tape, Variable, WengertList

__all__ = ["Figures", "InputFigures", "Measured", "measured"]

_LONGEST_LABEL = 72
_LONG = 3000  # statements from which on a progress bar is shown
_LARGE = 1 << 27  # bytes of all values, likewise


@dataclass(frozen=True, slots=True, eq=False)
class Figures:
    """The figures of one line or function, or of all together.

    Attributes
    ----------
    group : Group
        Its label, place, text and statements.
    primal, reverse : float
        Seconds that the interpreter takes for its statements, when the program is run and in the reverse sweep.
    made, kept : int
        Bytes of the values that it computes, and of those among them that the reverse sweep reads.
    flops : int
        Floating-point operations of its statements, as `wengert.counting` counts them.
    largest : float
        The largest absolute value of the cotangents of its results.
    through, arrives : dict of str to float
        By input: the share of the gradient that flows through it, and the share that arrives at the input from it
        (`wengert.show.summary.flow`). nan where it is not known; inputs without a gradient to share are missing.
    through_all, arrives_all : float
        The same of the gradient by all inputs together, as one long vector; nan where it is not known.
    """

    group: Group
    primal: float = 0.0
    reverse: float = 0.0
    made: int = 0
    kept: int = 0
    flops: int = 0
    largest: float = 0.0
    through: Mapping[str, float] = field(default_factory=dict)
    arrives: Mapping[str, float] = field(default_factory=dict)
    through_all: float = np.nan
    arrives_all: float = np.nan

    @property
    def label(self) -> str:
        """Such as ``model.py:40``, or the name of the function."""
        return self.group.label

    @property
    def statements(self) -> int:
        """How many there are, those in sub-lists of control statements not counted."""
        return len(self.group.statements)

    @property
    def seconds(self) -> float:
        """Both."""
        return self.primal + self.reverse


@dataclass(frozen=True, slots=True, eq=False)
class InputFigures:
    """An input that has a gradient.

    Attributes
    ----------
    name, type : str
    norm : float
        The Euclidean norm of its gradient.
    share : float
        Of the gradient by all inputs together: the square of the norm in the sum of all squares.
    """

    name: str
    type: str
    norm: float
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """All that is found out about a program.

    Attributes
    ----------
    lines, functions : tuple of Figures
        In the order of the source.
    total : Figures
    inputs : tuple of InputFigures
        Those that have derivatives, the largest gradient first.
    of_inputs : int
        Bytes of the inputs that the reverse sweep reads.
    findings : tuple of str
        What is wrong with the gradient, and where it begins.
    repetitions : int
        Runs that the times are medians of.
    unfollowed : bool
        Whether there are lines with more branches than are followed.
    """

    lines: tuple[Figures, ...]
    functions: tuple[Figures, ...]
    total: Figures
    inputs: tuple[InputFigures, ...]
    of_inputs: int
    findings: tuple[str, ...]
    repetitions: int
    unfollowed: bool


def measured(tape: Tape, seeds: Mapping[Variable, Any], progress: bool | None = None) -> Measured:
    """Run a tape again, sweep back and count.

    Parameters
    ----------
    tape : Tape
        With all values.
    seeds : mapping of Variable to array
        The cotangents of the outputs.
    progress : bool, optional
        Whether to show a progress bar on standard error; by default of a long program, where that is a terminal.
    """
    with _progress_bar(tape, progress) as advance:
        return _Measurement(tape, seeds, advance).result()


class _Measurement:
    def __init__(self, tape: Tape, seeds: Mapping[Variable, Any], advance: Callable[[], None]):
        self._tape, self._plan = tape, Plan(tape, seeds)
        calls = calls_of_sublists(tape)
        self._lines, self._functions = lines_of(tape.list, calls), functions_of(tape.list, calls)
        self._groups = [*self._lines, *self._functions]
        self._numbers = {stmt: k for k, stmt in enumerate(tape.list.statements)}
        self._primal = seconds_of(tape, advance)
        self._sweep(advance)
        self._bytes: Bytes = bytes_of(self._plan, calls)
        self._flow = self._flows(advance)
        self._largest = np.zeros(len(tape.list.statements))
        self._largest[[step.number for step in self._plan.steps]] = self._flow.largest

    def _sweep(self, advance: Callable[[], None]) -> None:
        with np.errstate(all="ignore"):
            self._gradients, first = pulled(self._plan, careful=False, advance=advance)
            self._reverse = reverse_seconds(self._plan, first)
            self._careful = any(has_nan(ct) for ct in self._gradients.values())
            if self._careful:  # what was not selected stays 0: as in `wengert.transforms.adjoint_sweep`
                self._gradients, _ = pulled(self._plan, careful=True)
        self._norms = {x: _norm(ct) for x, ct in self._gradients.items()}
        top = max((norm for norm in self._norms.values() if np.isfinite(norm)), default=0.0) or 1.0
        self._squares = {x: (norm / top) ** 2 if np.isfinite(norm) else norm for x, norm in self._norms.items()}

    def _flows(self, advance: Callable[[], None]) -> Flow:
        groups_of: dict[Statement, list[int]] = {}
        for number, group in enumerate(self._groups):
            for stmt in group.statements:
                groups_of.setdefault(stmt, []).append(number)
        by_step = [groups_of[step.statement] for step in self._plan.steps]
        return flow_through(
            self._plan, self._gradients, by_step, len(self._groups), careful=self._careful, advance=advance
        )

    def result(self) -> Measured:
        """All figures."""
        found = tuple(self._figures(k, group) for k, group in enumerate(self._groups))
        lines, functions = found[: len(self._lines)], found[len(self._lines) :]
        everything = tuple(self._tape.list.statements)
        total = replace(
            self._costs(Group("all", _nowhere(self._lines), "", everything, 1, sum(g.inside for g in self._lines))),
            primal=sum(line.primal for line in lines),
            reverse=sum(line.reverse for line in lines),
            arrives_all=sum(line.arrives_all for line in lines if line.statements),
        )
        sentences = findings(self._plan, self._gradients, self._flow.largest, self._label, careful=self._careful)
        return Measured(
            lines, functions, total, tuple(self._inputs()), self._bytes.of_inputs, tuple(sentences),
            min(len(self._primal), len(self._reverse)),
            any(np.any(np.isnan(shares)) for shares in self._flow.through.values()),
        )  # fmt: skip

    def _figures(self, k: int, group: Group) -> Figures:
        total = sum(self._squares[x] for x in self._flow.through)

        def of_all(shares: Mapping[Variable, Any]) -> float:
            return sum(self._squares[x] * shares[x][k] for x in shares) / total if total else np.nan

        if not group.statements:  # all of them are in sub-lists, which the sweep passes in one step
            return Figures(group, through=dict.fromkeys((x.name for x in self._flow.through), np.nan))
        return replace(
            self._costs(group),
            through={x.name: float(shares[k]) for x, shares in self._flow.through.items()},
            arrives={x.name: float(shares[k]) for x, shares in self._flow.arrives.items()},
            through_all=float(of_all(self._flow.through)),
            arrives_all=float(of_all(self._flow.arrives)),
        )

    def _costs(self, group: Group) -> Figures:
        own = np.array([self._numbers[stmt] for stmt in group.statements], np.int64)
        return Figures(
            group,
            primal=_median(self._primal[:, own]),
            reverse=_median(self._reverse[:, own]),
            made=int(self._bytes.made[own].sum()),
            kept=int(self._bytes.kept[own].sum()),
            flops=flops(_list_of(group.statements)),
            largest=float(np.max(self._largest[own], initial=0.0)),
        )

    def _inputs(self) -> Iterator[InputFigures]:
        total = sum(square for square in self._squares.values() if np.isfinite(square))
        ranked = sorted(self._plan.inputs, key=lambda x: -np.nan_to_num(self._norms.get(x, 0.0), nan=np.inf))
        for x in ranked:
            norm = self._norms.get(x, 0.0)
            yield InputFigures(x.name, str(x.type), norm, self._squares.get(x, 0.0) / total if total else np.nan)

    def _label(self, stmt: Statement) -> str:
        """The line of a statement, with its formula and text; in a loop also which time it is."""
        group = next(group for group in self._lines if stmt in group.statements)
        runs = ""
        if group.runs > 1:
            place = group.statements.index(stmt) * group.runs // len(group.statements)
            runs = f", run {place + 1:,} of {group.runs:,}"
        text = f": {shortened(group.text, _LONGEST_LABEL)}" if group.text else ""
        return f"{group.label} ({shortened(printable(str(stmt)), _LONGEST_LABEL)}{runs}){text}"


def _median(seconds: Any) -> float:
    """Of the sums, by repetition."""
    return float(np.median(seconds.sum(axis=1)))


def _norm(ct: Any) -> float:
    """Euclidean; the squares of large numbers are not infinite."""
    size = size_of([ct])
    return size * float(np.linalg.norm(np.ravel(ct) / size)) if np.isfinite(size) and size else size


def _nowhere(groups: Sequence[Group]) -> Any:
    return groups[0].where if groups else None


def _list_of(statements: Sequence[Statement]) -> WengertList:
    return WengertList("", (), tuple(statements), ())


@contextmanager
def _progress_bar(tape: Tape, progress: bool | None) -> Iterator[Callable[[], None]]:
    """What to call after each statement of each pass: the run, the sweep, the sweep by parts."""
    statements = tape.list.statements
    size = sum(v.type.size * v.dtype.itemsize for stmt in statements for v in stmt.targets)
    if progress is False or (progress is None and len(statements) < _LONG and size < _LARGE):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    shown = console.is_terminal if progress is None else progress
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    every = max(1, len(statements) // 100)  # the bar itself takes time
    with Progress(*columns, console=console, transient=console.is_terminal, disable=not shown) as bar:
        task = bar.add_task("measuring the program", total=3 * len(statements))
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            if done % every == 0:
                bar.update(task, completed=done)

        yield advance
