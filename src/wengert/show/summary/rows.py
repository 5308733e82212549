"""The rows of one line or one function: the three traces of its first and its last statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from wengert.errors import ArgumentError, user_location
from wengert.show.notation import number_text, plural, printable
from wengert.show.page import EQUATION, Heading, Page, Row, Shown, Table
from wengert.show.summary.figures import Figures, Measured
from wengert.show.summary.wording import bytes_text, count_text, share_text, time_text
from wengert.show.traces import AdjointTrace, TangentTrace
from wengert.wlist import Statement

__all__ = ["Excerpt", "excerpts", "figures_at"]

Traces = Sequence[tuple[str, TangentTrace | AdjointTrace]]

_NOTHING = ("", "", "")
_MOST_NAMED = 6  # lines that an error lists


class Excerpt(Shown):
    """What `Explanation.line` shows: the figures of a line or function, and the rows of its statements.

    Attributes
    ----------
    title : str
    figures : Figures
    """

    def __init__(self, title: str, figures: Figures, measured: Measured, traces: Traces, max_rows: int):
        self.title, self.figures = title, figures
        self._measured, self._traces, self._max_rows = measured, traces, max_rows

    def page(self) -> Page:
        """The shares of each input's gradient, and the traces."""
        group = self.figures.group
        text = f": {group.text}" if group.text and group.label.endswith(f":{group.where.line}") else ""
        where = f" in {printable(group.where.function)}" if text and group.where.function else ""
        tables = (*self._shares(), *excerpts(self._traces, group.statements, self._max_rows))
        return Page(f"{group.label}{where}{text}", tables, tuple(self._lead()))

    def _lead(self) -> Iterator[str]:
        own, group, total = self.figures, self.figures.group, self._measured.total
        runs = f" in {plural(group.runs, 'run')}" if group.runs > 1 else ""
        yield (
            f"{plural(own.statements, 'statement')}{runs}, {count_text(own.flops)} floating-point operations; "
            f"{time_text(own.primal)} of {time_text(total.primal)} for the program, {time_text(own.reverse)} of "
            f"{time_text(total.reverse)} for the reverse sweep; {bytes_text(own.made)} of values, of which "
            f"{bytes_text(own.kept)} are kept. The largest cotangent is {number_text(own.largest, 3)}."
        )
        if group.inside:
            yield f"{plural(group.inside, 'statement')} of it run inside loops, branches and calls of the list."

    def _shares(self) -> Iterator[Table]:
        through, arrives = self.figures.through, self.figures.arrives
        rows = [
            Row((
                printable(x.name), number_text(x.norm, 3),
                share_text(through[x.name]), share_text(arrives[x.name]),
            ), weights=(0.0, 0.0, abs(through[x.name]), abs(arrives[x.name])))
            for x in self._measured.inputs if x.name in arrives
        ]  # fmt: skip
        if rows:
            headings = [Heading("input", kind="code")]
            headings += [Heading(text, kind="number") for text in ("norm", "flows through", "arrives")]
            yield Table("Its share of each input's gradient", tuple(headings), tuple(rows))


def figures_at(measured: Measured, place: str | int) -> Figures:
    """The line or function that is called `place`."""
    if isinstance(place, str):
        found = [each for each in (*measured.lines, *measured.functions) if each.label == place]
    else:
        found = [each for each in measured.lines if each.group.where.line == place]
    if len(found) == 1:
        return found[0]
    labels = [each.label for each in (found or measured.lines)]
    named = ", ".join(labels[:_MOST_NAMED]) + (", …" if len(labels) > _MOST_NAMED else "")
    what = "statements of several files stand" if found else "no statement stands"
    raise ArgumentError(
        f"line was asked for {place!r}, where {what}.",
        why="" if found else f"The functions are {', '.join(each.label for each in measured.functions[:_MOST_NAMED])}.",
        remedy=f"Give one of {named}.",
        where=user_location(),
    )


def excerpts(traces: Traces, statements: Sequence[Statement], max_rows: int) -> list[Table]:
    """The first and the last statements in each of the traces, `max_rows` of them."""
    left_out = range(max_rows - max_rows // 2, len(statements) - max_rows // 2)
    return [
        Table(title, (Heading("Forward primal trace", EQUATION), Heading(trace.heading, EQUATION)), tuple(rows))
        for title, trace in traces
        if (rows := list(_rows(trace, statements, left_out)))
    ]


def _rows(trace: Any, statements: Sequence[Statement], left_out: range) -> Iterator[Row]:
    for k, stmt in enumerate(statements):
        if k not in left_out:
            for n, equation in enumerate(trace.derived(stmt) or [_NOTHING]):
                yield Row((*(_NOTHING if n else trace.primal(stmt)), *equation))
        elif k == left_out.start:
            yield Row((f"⋮ {len(left_out):,} of {len(statements):,} statements left out",))
