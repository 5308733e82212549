"""The evaluation trace of the literature: every step of a derivative, with its formula and its number."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import cached_property
from numbers import Integral
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

from wengert.api import tape as record_tape
from wengert.containers import without_recording
from wengert.errors import ArgumentError, user_location
from wengert.show.component import Component, adjoint_seeds, chosen, tangent_seeds
from wengert.show.notation import function_name, listed, printable, value_text
from wengert.show.numbering import as_executed, by_depth, free_letter, result_names
from wengert.show.page import Page, Shown, Table
from wengert.show.traces import AdjointTrace, TangentTrace
from wengert.transforms import Contribution, adjoint_sweep, tangent_sweep
from wengert.wlist import ArrayType, Tape, Variable, WengertList

if TYPE_CHECKING:
    from wengert.show.summary import Excerpt, Measured, Order, Summary

__all__ = ["Explanation", "explain"]

Mode = Literal["forward", "reverse", "both"]
Detail = Literal["auto", "rows", "summary"]
_MOST_NAMED = 4  # derivatives that the sentence below a table lists
_MOST_ROWS = 200  # steps that are shown, and from which on a program is summarised
_MOST_LINES = 12  # of a summary
_MOST_PLAYED = 10_000_000  # numbers in the values of a program whose page shows rows of each line


def explain(
    f: Callable[..., Any],
    *args: Any,
    wrt: int | str | None = None,
    seed: int | str | None = None,
    mode: Mode = "both",
    digits: int = 3,
    max_rows: int | None = None,
    detail: Detail = "auto",
) -> Explanation:
    """Show every step of the derivative of a function at one point, in the form of the literature.

    The forward primal trace is set beside the forward tangent trace, and beside the reverse adjoint trace, which is
    read upwards (Baydin, Pearlmutter, Radul and Siskind 2018, tables 2 and 3). As there, statements are ordered by
    depth, not by execution.

    Parameters
    ----------
    f : callable
        Arrays or containers of arrays to arrays or containers of arrays. It is run once, on these arguments, and may
        branch and loop on values. Of a `WengertList` its own statements are shown.
    *args
        Its arguments, floating point where a derivative is wanted.
    wrt : int or str, optional
        The input whose tangent is 1 in forward mode, by number or name; a component of an array as in ``"x[1]"``. By
        default the first number of the first floating point input.
    seed : int or str, optional
        The result whose cotangent is 1 in reverse mode, likewise; results are called ``y``, or ``y1``, ``y2``, ….
    mode : {"both", "forward", "reverse"}
        The tables to show.
    digits : int
        Decimals of the numbers.
    max_rows : int, optional
        Steps to show, by default 200; of a longer program the first and the last ones.
    detail : {"auto", "rows", "summary"}
        Show the steps, or a summary by lines of the source: what each takes of time and memory, and what of the
        gradient flows through it (`Explanation.summary`). By default a program of more than 200 steps is summarised,
        if no `max_rows` and not forward mode alone is asked for.

    Returns
    -------
    Explanation
        Prints itself; in a notebook as a table.

    Raises
    ------
    ArgumentError
        For an unknown mode or detail, a `wrt` or `seed` that names nothing, or a summary of forward mode.
    DtypeError
        If there is no floating point input, or the chosen input or result is an integer.

    Notes
    -----
    One evaluation of f that keeps all values, and one sweep for each table; a summary runs the program and the sweep
    up to six times again, within about a second, or once where they take longer. At kinks the value is the one in the
    table of derivatives (`Primitive.at_kinks`).

    Examples
    --------
    >>> import wengert as wg
    >>> wg.explain(lambda x1, x2: x1 * x2, 2., 5., mode="forward")
    f(x1, x2)
    <BLANKLINE>
    Forward mode: the tangent of x1 is 1, all others are 0
    ╭──────────────────────┬───────────────────────────────╮
    │ Forward primal trace │ Forward tangent trace         │
    ├──────────────────────┼───────────────────────────────┤
    │ v₋₁ = x1       = 2   │ v̇₋₁ = ẋ1                  = 1 │
    │ v₀  = x2       = 5   │ v̇₀  = ẋ2                  = 0 │
    ├──────────────────────┼───────────────────────────────┤
    │ v₁  = v₋₁ · v₀ = 10  │ v̇₁  = v̇₋₁ · v₀ + v̇₀ · v₋₁ = 5 │
    ├──────────────────────┼───────────────────────────────┤
    │ y   = v₁       = 10  │ ẏ   = v̇₁                  = 5 │
    ╰──────────────────────┴───────────────────────────────╯
    One sweep for one input: ∂y/∂x1 = 5.
    """
    if mode not in ("forward", "reverse", "both"):
        raise ArgumentError(
            f"explain got mode={mode!r}.", remedy='Use "forward", "reverse" or "both".', where=user_location()
        )
    if detail not in ("auto", "rows", "summary") or (detail == "summary" and mode == "forward"):
        raise ArgumentError(
            f"explain got detail={detail!r}{' with mode=' + repr(mode) if detail == 'summary' else ''}.",
            why="A summary is one of reverse mode." if detail == "summary" else "",
            remedy='Use "auto", "rows" or "summary".' if detail != "summary" else 'Use mode="both" or "reverse".',
            where=user_location(),
        )
    is_auto, max_rows = detail == "auto" and max_rows is None, _MOST_ROWS if max_rows is None else max_rows
    if not isinstance(digits, Integral) or not isinstance(max_rows, Integral) or digits < 0 or max_rows < 1:
        raise ArgumentError(
            f"explain got digits={digits!r:.60} and max_rows={max_rows!r:.60}.",
            remedy="Give digits=0 or more, and max_rows=1 or more.",
            where=user_location(),
        )
    plain = map(without_recording, args)
    recorded = f.tape(*plain) if isinstance(f, WengertList) else record_tape(f, *plain)
    tape = by_depth(recorded)
    inputs = [v.name for v in tape.list.inputs]
    outputs = _output_names(len(tape.outputs), inputs)
    source = target = None
    if mode != "reverse":
        source = chosen(inputs, [v.type for v in tape.list.inputs], wrt, "wrt", "input", caller="explain")
    if mode != "forward":
        target = chosen(outputs, [ArrayType.of(y) for y in tape.outputs], seed, "seed", "result", caller="explain")
    explanation = Explanation(_title(f, inputs), tape, outputs, source, target, digits, max_rows)
    explanation.recorded = recorded
    is_long = len(inputs) + len(tape.list.statements) + len(outputs) > max_rows
    explanation.is_summarised = detail == "summary" or (is_auto and is_long and target is not None)
    return explanation


class Explanation(Shown):
    """The evaluation trace of one run, with its derivatives; made by `explain`.

    Attributes
    ----------
    title : str
        The function and its inputs.
    tape : Tape
        The statements, in the order shown, and their values.
    tangents : dict of str to array
        The tangent of each variable, by its name in `tape`; one that is missing is zero. Empty in mode "reverse".
    adjoints : dict of str to array
        The cotangent of each variable likewise. Empty in mode "forward".
    outputs : sequence of str
        What the results are called.
    source, target : Component or None
        The number whose tangent is 1, and the one whose cotangent is 1; ``None`` in the other mode.
    digits, max_rows : int
        As given.
    is_summarised : bool
        Whether the summary is shown instead of the steps.
    recorded : Tape
        As it was recorded, in the order of execution, under other names.
    """

    is_summarised = False

    def __init__(
        self, title: str, tape: Tape, outputs: Sequence[str], source: Component | None, target: Component | None,
        digits: int, max_rows: int,
    ):  # fmt: skip
        self.title, self.tape = title, tape
        self.recorded = tape
        self.outputs, self.source, self.target = outputs, source, target
        self.digits, self.max_rows = digits, max_rows

    @cached_property
    def tangents(self) -> dict[str, Any]:
        """The tangent of each variable, by its name."""
        source = self.source
        return {} if source is None else _by_name(tangent_sweep(self.tape, tangent_seeds(self.tape, source)))

    @cached_property
    def adjoints(self) -> dict[str, Any]:
        """The cotangent of each variable, by its name."""
        return _by_name(self._swept[0])

    @cached_property
    def _swept(self) -> tuple[dict[Variable, Any], list[Contribution]]:
        if self.target is None:
            return {}, []
        return adjoint_sweep(self.tape, adjoint_seeds(self.tape, self.target))

    def page(self) -> Page:
        """The summary of a long program; else the tables of the modes asked for."""
        if self.is_summarised:
            return self.summary().page()
        tables = []
        if self.source is not None:
            tables.append(self._forward(self.source))
        if self.target is not None:
            tables.append(self._reverse(self.target))
        return Page(self.title, tuple(tables))

    def to_player(self) -> str:
        """Write a page that plays the passes step by step, on graph, table and source at once, in one file.

        Returns
        -------
        str
            A complete HTML document. Of the numbers among inputs and results the first few have a pass each; of a
            program longer than `max_rows` the first and the last steps are played.

        Notes
        -----
        One tangent sweep for each number that is played in forward mode, one adjoint sweep for each in reverse mode.
        """
        from wengert.show.player.page import player_page

        return player_page(self)

    def save(self, path: str | PathLike[str]) -> None:
        """Write a file: the player as ``.html``, the tables as ``.md`` or ``.txt``.

        Parameters
        ----------
        path : str or path
            Its suffix says what is written.

        Raises
        ------
        ArgumentError
            For another suffix.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import wengert as wg
        >>> wg.explain(lambda x1, x2: x1 * x2, 2., 5.).save("page.html")  # doctest: +SKIP
        """
        from pathlib import Path  # takes 3 ms of every start, and few save

        file = Path(path)
        ways = {".html": self.to_player, ".htm": self.to_player, ".md": self.to_markdown, ".txt": self.to_text}
        if file.suffix.lower() not in ways:
            raise ArgumentError(
                f"save got {str(file)!r}, whose suffix says nothing about what to write.",
                remedy="End it in .html (the player), .md or .txt (the tables).",
                where=user_location(),
            )
        file.write_text(ways[file.suffix.lower()]() + "\n", encoding="utf-8")

    # Of a long program.

    def summary(self, *, lines: int = _MOST_LINES, by: Order = "time") -> Summary:
        """Sum up a long program by line and by function of the source.

        Parameters
        ----------
        lines : int
            Lines to show; HTML has more.
        by : {"time", "memory", "gradient", "statements", "source"}
            What the lines are ordered by.

        Returns
        -------
        Summary
            Prints itself; in a notebook tables whose lines open at a click. For each line and function the time that
            the interpreter takes for its statements, in the program and in the reverse sweep; the bytes of the values
            that it computes and that the sweep reads; the share of the gradient that flows through it, for each input
            and for all together; and a sentence for a gradient that is nan, infinite, zero, tiny or huge, with the
            statement where it becomes so.

        Raises
        ------
        ArgumentError
            In forward mode, for no lines, or another order.

        Notes
        -----
        The share of a line is ⟨t, x̄⟩ / ⟨x̄, x̄⟩, where t is what the gradient x̄ would lose if the values of the line were
        held constant: the sum over all paths through the line (Bauer 1974). Times are measured once for an
        explanation, in up to five runs; the shares cost one sweep more, several where the gradient branches much.

        Examples
        --------
        >>> import numpy as np, wengert as wg
        >>> def loss(w, x):
        ...     error = np.sum((w * x - 1.0) ** 2)
        ...     return error + 0.5 * np.sum(w ** 2)
        >>> found = wg.explain(loss, np.ones(3), np.arange(3.0)).summary(by="source")
        >>> for line in found.lines:
        ...     print(line.statements, line.kept, {name: round(float(s), 2) for name, s in line.through.items()})
        4 24 {'w': 0.74, 'x': 1.0}
        4 0 {'w': 1.0, 'x': 1.0}
        """
        from wengert.show.summary import ORDERS, Summary, excerpts

        if self.target is None or lines < 1 or by not in ORDERS:
            raise ArgumentError(
                "summary needs reverse mode." if self.target is None else f"summary got lines={lines} and by={by!r}.",
                remedy='Call explain with mode="both".'
                if self.target is None
                else f"Give lines=1 or more, and one of {', '.join(map(repr, ORDERS))}.",
                where=user_location(),
            )
        size = sum(v.type.size for stmt in self.tape.list.statements for v in stmt.targets)
        shown = None if size > _MOST_PLAYED else lambda statements, most: excerpts(self._traces, statements, most)
        return Summary(self.title, self.target.name, self._measured, shown, lines, by)

    def line(self, place: str | int, *, max_rows: int = 20) -> Excerpt:
        """Show the steps of one line or one function of a long program, in all three traces.

        Parameters
        ----------
        place : str or int
            As the summary calls it: ``"model.py:40"``, a number of a line, or the name of a function.
        max_rows : int
            Statements to show: the first and the last ones.

        Raises
        ------
        ArgumentError
            If no statement, or statements of several files stand there; in forward mode; for no rows.
        """
        if self.target is None or max_rows < 1:
            raise ArgumentError(
                f"line was asked for {place!r} in forward mode, with max_rows={max_rows}.",
                remedy='Call explain with mode="both", and give max_rows=1 or more.',
                where=user_location(),
            )
        from wengert.show.summary import Excerpt, figures_at

        return Excerpt(self.title, figures_at(self._measured, place), self._measured, self._traces, max_rows)

    def rows(self, max_rows: int | None = None) -> Explanation:
        """Show the steps one after the other, the first and the last `max_rows` of them."""
        found = copy.copy(self)
        found.is_summarised, found.max_rows = False, self.max_rows if max_rows is None else max_rows
        return found

    def to_html(self) -> str:
        """Write a complete HTML page, without scripts and without anything from elsewhere."""
        return self.summary().to_html() if self.is_summarised else super().to_html()

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_() if self.is_summarised else super()._repr_html_()

    @cached_property
    def _measured(self) -> Measured:
        from wengert.show.summary import measured

        tape = self.tape if self.recorded is self.tape else as_executed(self.tape, self.recorded)
        return measured(tape, {} if self.target is None else adjoint_seeds(tape, self.target))

    @cached_property
    def _traces(self) -> list[tuple[str, TangentTrace | AdjointTrace]]:
        found: list[tuple[str, TangentTrace | AdjointTrace]] = []
        if self.source is not None:
            found.append((f"Forward mode, along {self.source.name}", self._tangent_trace()))
        if self.target is not None:
            found.append((f"Reverse mode, from {self.target.name}, read upwards", self._adjoint_trace(self.target)))
        return found

    def _tangent_trace(self) -> TangentTrace:
        return TangentTrace(self.tape, self.outputs, self.digits, self.tangents)

    def _adjoint_trace(self, target: Component) -> AdjointTrace:
        return AdjointTrace(self.tape, self.outputs, self.digits, {target.place: target.seed()}, self._swept[1])

    def _forward(self, source: Component) -> Table:
        trace = self._tangent_trace()
        others = ", all others are 0" if sum(v.type.size for v in self.tape.list.inputs) > 1 else ""
        found = (
            f"∂{name}/∂{source.name} = {self._text(self.tangents.get(getattr(y, 'name', ''), 0))}"
            for name, y in zip(self.outputs, self.tape.list.outputs, strict=True)
        )
        return trace.table(
            f"Forward mode: the tangent of {source.name} is 1{others}",
            f"One sweep for one input: {listed(found, _MOST_NAMED)}.",
            self.max_rows,
        )

    def _reverse(self, target: Component) -> Table:
        trace = self._adjoint_trace(target)
        others = ", all others are 0" if sum(ArrayType.of(y).size for y in self.tape.outputs) > 1 else ""
        floating = [v for v in self.tape.list.inputs if v.dtype.kind in "fc"]
        found = (f"∂{target.name}/∂{v.name} = {self._text(self.adjoints.get(v.name, 0))}" for v in floating)
        return trace.table(
            f"Reverse mode, read upwards: the cotangent of {target.name} is 1{others}",
            f"One sweep for all inputs: {listed(found, _MOST_NAMED)}.",
            self.max_rows,
        )

    def _text(self, value: Any) -> str:
        return value_text(value, self.digits)


def _by_name(found: dict[Variable, Any]) -> dict[str, Any]:
    return {variable.name: value for variable, value in found.items()}


def _output_names(count: int, inputs: Sequence[str]) -> list[str]:
    return result_names(count, free_letter("yzwurst", inputs))


def _title(f: Callable[..., Any], inputs: Sequence[str]) -> str:
    name = printable(f.name) if isinstance(f, WengertList) else function_name(f)
    return f"{name}({listed(inputs, _MOST_NAMED)})"
