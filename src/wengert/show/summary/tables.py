"""The summary as tables: lines and functions, the largest consumers on top, and the inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from wengert.show.notation import number_text, plural, printable
from wengert.show.page import Details, Heading, Page, Row, Shown, Table
from wengert.show.summary.figures import Figures, InputFigures, Measured
from wengert.show.summary.wording import bytes_text, count_text, cut, share_text, time_text
from wengert.wlist import Statement

__all__ = ["ORDERS", "Order", "Summary"]

Order = Literal["time", "memory", "gradient", "statements", "source"]
Excerpts = Callable[[Sequence[Statement], int], list[Table]]

#: What the lines can be ordered by, and how that is said.
ORDERS: Mapping[str, str] = MappingProxyType(
    {
        "time": "those that take most time first",
        "memory": "those that keep most memory first",
        "gradient": "those that most of the gradient flows through first",
        "statements": "those with most statements first",
        "source": "in the order of the source",
    }
)

_LINES_IN_HTML = 40  # at least
_ROWS_IN_HTML = 8  # of a line that is opened
_FUNCTIONS = 8
_INPUTS, _INPUTS_IN_HTML = 5, 12
_NAME, _NAME_IN_HTML = 8, 24  # characters of the name of an input
_SEEN = 5e-4  # a share that is not written as 0.0 %


class Summary(Shown):
    """What each line of a program costs and contributes; made by `Explanation.summary`.

    Attributes
    ----------
    title, result : str
        The function and its inputs, and the number whose gradient is summed up.
    lines, functions : tuple of Figures
        In the order asked for.
    total : Figures
    inputs : tuple of InputFigures
        The largest gradient first.
    findings : tuple of str
        What is wrong with the gradient, and where it begins.
    """

    def __init__(self, title: str, result: str, measured: Measured, excerpts: Excerpts | None, most: int, order: Order):
        self.title, self.result = title, result
        self._measured, self._excerpts, self._most, self._order = measured, excerpts, most, order
        self.lines, self.functions = (_ordered(each, order) for each in (measured.lines, measured.functions))
        self.total, self.inputs, self.findings = measured.total, measured.inputs, measured.findings

    def page(self) -> Page:
        """The tables as a terminal shows them."""
        return self._page(self._most, _INPUTS, _NAME, None)

    def _long_page(self) -> Page:
        """The same for HTML: more of it, and the rows of each line, to be opened."""
        return self._page(max(self._most, _LINES_IN_HTML), _INPUTS_IN_HTML, _NAME_IN_HTML, self._excerpts)

    def to_html(self) -> str:
        """Write a complete HTML page, without scripts and without anything from elsewhere; lines open at a click."""
        from wengert.show.markup import html_page

        return html_page(self._long_page())

    def _repr_html_(self) -> str:
        from wengert.show.markup import html_fragment

        return html_fragment(self._long_page())

    def _page(self, most: int, inputs: int, name: int, excerpts: Excerpts | None) -> Page:
        tables = [self._costs("line", self.lines, most, excerpts)]
        if len(self.inputs) > 1:
            tables.append(self._shares(most, inputs, name))
        if len(self.functions) > 1:
            tables.append(self._costs("function", self.functions, _FUNCTIONS, None))
        return Page(self.title, tuple(tables), tuple(self._lead()))

    # What is said before and below.

    def _lead(self) -> Iterator[str]:
        total, inside = self.total, self.total.group.inside
        files = {line.group.where.file for line in self.lines}
        places = f"{plural(len(self.lines), 'line')} of {plural(len(files), 'file')}"
        rounds = f", and {inside:,} in rounds, branches and calls of the list" if inside else ""
        yield (
            f"{plural(total.statements, 'statement')} on {places}{rounds}; {count_text(total.flops)} floating-point "
            f"operation{'' if total.flops == 1 else 's'}."
        )
        yield (
            f"The interpreter takes {time_text(total.primal)} for the program and {time_text(total.reverse)} for the "
            f"reverse sweep ({_medians(self._measured.repetitions)})."
        )
        inputs = self._measured.of_inputs
        more = f", beside {bytes_text(inputs)} of the inputs" if inputs else ""
        yield (
            f"Its values take {bytes_text(total.made)}; {bytes_text(total.kept) if total.kept else 'none'} of them "
            f"are kept for the reverse sweep{more}."
        )
        yield from (f"! {sentence}" for sentence in self.findings)

    def _notes(self, noun: str) -> Iterator[str]:
        if noun == "line":
            example = next((_counted(line) for line in self.lines if "×" in _counted(line)), "")
            runs = f"{example}: runs of the line × statements of each. " if example else ""
            yield (
                f"{runs}kept: bytes that the reverse sweep reads, of those computed. gradient: what of the gradient of "
                f"{self.result} by all inputs flows through the line; ↓ what arrives at an input from it, which adds "
                "up to 100 %."
            )
        if self._measured.unfollowed:
            yield "—: the gradient branches more often than is followed."
        if self.total.group.inside:
            yield (
                "inside: statements run in loops, branches and calls of the list; what they take and contribute is "
                f"that of the {noun} with the loop."
            )
        if noun == "line":
            label = next((line.label for line in self.lines if line.statements), "model.py:40")
            yield (
                f'.line("{label}") or --line {label} shows the steps of a line; .rows() or --detail rows shows all; '
                f'.summary(by="memory") or --by memory another order.'
            )

    # By line and by function.

    def _costs(self, noun: str, figures: Sequence[Figures], most: int, excerpts: Excerpts | None) -> Table:
        shown = figures if len(figures) <= most + 1 else figures[:most]
        rows = [self._row(each, excerpts) for each in shown]
        others = figures[len(shown) :]
        if others:
            rows.append(self._row_of_others(noun, others))
        rows.append(self._row_of_total(noun, len(figures)))
        headings = (Heading(noun, kind="code"), *(Heading(text, kind="number") for text in _COSTS))
        return Table(f"By {noun}, {ORDERS[self._order]}", headings, tuple(rows), tuple(self._notes(noun)))

    def _row(self, each: Figures, excerpts: Excerpts | None) -> Row:
        group, total = each.group, self.total
        place = f"{group.label}  {_counted(each)}"
        if group.label.endswith(f":{group.where.line}"):
            place += f"\n  {group.text}" if group.text else ""
        elif group.where.file:
            place += f"\n  from {group.where.short}"
        here = f"\n↓ {share_text(each.arrives_all)}" if abs(each.arrives_all) >= _SEEN else ""
        cells = (place, *self._consumed(each), f"{share_text(each.through_all)}{here}")
        weights = (
            0.0, _part(each.primal, total.primal), _part(each.reverse, total.reverse), _part(each.kept, total.kept),
            _bar(each.through_all),
        )  # fmt: skip
        details = None
        if excerpts is not None and group.statements:
            details = Details(_what_opens(each), tuple(excerpts(group.statements, _ROWS_IN_HTML)))
        return Row(cells, weights=weights, details=details)

    def _consumed(self, each: Figures) -> tuple[str, str, str]:
        total = self.total
        if not each.statements:
            return ("—", "—", "—")
        return (
            f"{time_text(each.primal)}\n{_percent(each.primal, total.primal)}",
            f"{time_text(each.reverse)}\n{_percent(each.reverse, total.reverse)}",
            _kept(each.kept, each.made),
        )

    def _row_of_others(self, noun: str, others: Sequence[Figures]) -> Row:
        primal, reverse = sum(each.primal for each in others), sum(each.reverse for each in others)
        here = sum(each.arrives_all for each in others if each.statements)
        statements = sum(each.statements for each in others)
        return Row((
            f"{plural(len(others), f'other {noun}')}\n  {plural(statements, 'statement')}",
            f"{time_text(primal)}\n{_percent(primal, self.total.primal)}",
            f"{time_text(reverse)}\n{_percent(reverse, self.total.reverse)}",
            _kept(sum(each.kept for each in others), sum(each.made for each in others)),
            f"\n↓ {share_text(here)}" if abs(here) >= _SEEN else "",
        ))  # fmt: skip

    def _row_of_total(self, noun: str, count: int) -> Row:
        total = self.total
        here = f"\n↓ {share_text(total.arrives_all)}" if not math.isnan(total.arrives_all) else "—"
        return Row((
            f"{'all ' if count > 1 else ''}{plural(count, noun)}\n  {plural(total.statements, 'statement')}",
            time_text(total.primal), time_text(total.reverse),
            _kept(total.kept, total.made), here,
        ), opens=True)  # fmt: skip

    # By input.

    def _shares(self, most: int, most_inputs: int, name: int) -> Table:
        inputs = self.inputs if len(self.inputs) <= most_inputs else self.inputs[:most_inputs]
        names = _short_names(inputs, name)
        headings = (Heading("line", kind="code"), *(Heading(text, kind="number") for text in names))
        rows = [
            Row(("norm", *(number_text(x.norm, 2) for x in inputs))),
            Row(("share of all", *(share_text(x.share) for x in inputs))),
        ]
        ranked = sorted(self._measured.lines, key=lambda line: -max(map(_known, line.through.values()), default=0.0))
        seen = [line for line in ranked if max(map(_known, line.through.values()), default=0.0) >= _SEEN]
        rows += [_row_of_shares(line, inputs, opens=k == 0) for k, line in enumerate(seen[:most])]
        if len(seen) > most:
            rows.append(Row((f"⋮ {plural(len(seen) - most, 'other line')}", *[""] * len(inputs))))
        more = len(self.inputs) - len(inputs)
        notes = [f"{plural(more, 'other input')} with smaller gradients: see .summary().lines[k].through."]
        title = "By input: what of its gradient flows through a line, and ↓ arrives from it"
        return Table(title, headings, tuple(rows), tuple(notes if more else ()))


_COSTS = ("program", "reverse", "kept", "gradient")


def _kept(kept: int, made: int) -> str:
    """A loop keeps more than it returns."""
    return f"{bytes_text(kept)}\nof {bytes_text(made)}" if made >= kept else bytes_text(kept)


def _ordered(figures: Sequence[Figures], order: Order) -> tuple[Figures, ...]:
    keys: dict[str, Callable[[Figures], tuple[float, ...]]] = {
        "time": lambda each: (-each.seconds,),
        "memory": lambda each: (-each.kept, -each.made),
        "gradient": lambda each: (-_known(each.through_all), -_known(each.arrives_all)),
        "statements": lambda each: (-each.statements, -each.group.inside),
        "source": lambda _: (0,),
    }
    return tuple(sorted(figures, key=keys[order]))


def _known(share: float) -> float:
    return 0.0 if math.isnan(share) else abs(share)


def _row_of_shares(line: Figures, inputs: Sequence[InputFigures], opens: bool) -> Row:
    through, arrives = line.through, line.arrives

    def cell(x: InputFigures) -> str:
        if x.name not in through:
            return "—"
        here = f"\n↓ {share_text(arrives[x.name])}" if abs(arrives[x.name]) >= _SEEN else ""
        return f"{share_text(through[x.name])}{here}"

    weights = (0.0, *(_bar(through.get(x.name, 0.0)) for x in inputs))
    place = f"{line.label}\n  {line.group.text}" if line.group.text else line.label
    return Row((place, *map(cell, inputs)), opens, weights)


def _counted(each: Figures) -> str:
    """How many statements, as runs of the line where each has as many."""
    group = each.group
    if not each.statements:
        return f"{plural(group.inside, 'statement')} inside"
    if group.runs > 1 and each.statements % group.runs == 0:
        text = f"{group.runs:,} × {each.statements // group.runs}"
    else:
        text = plural(each.statements, "statement")
        text = f"{each.statements:,} in {group.runs:,} runs" if group.runs > 1 else text
    return f"{text} + {group.inside:,} inside" if group.inside else text


def _what_opens(each: Figures) -> str:
    few = each.statements <= _ROWS_IN_HTML
    which = plural(each.statements, "statement") if few else f"the first and last of {each.statements:,} statements"
    return (
        f"{which}; {count_text(each.flops)} floating-point operations; largest cotangent {number_text(each.largest, 3)}"
    )


def _short_names(inputs: Sequence[InputFigures], most: int) -> list[str]:
    """The ends of names that are too long, without what all of them begin with."""
    names = [printable(x.name) for x in inputs]
    return [cut(name, most) for name in names]


def _part(own: float, total: float) -> float:
    return min(1.0, own / total) if total else 0.0


def _bar(share: float) -> float:
    return min(1.0, _known(share))


def _percent(own: float, total: float) -> str:
    return f"{100 * own / total:.0f} %" if total else ""


def _medians(repetitions: int) -> str:
    return f"medians of {repetitions} runs" if repetitions > 1 else "one run"
