"""The source beside the table: the user's lines where they can be read, else the statements."""

from __future__ import annotations

import ast
import linecache
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from wengert.errors import Location
from wengert.expression.files import is_typed
from wengert.show.notation import printable, shortened
from wengert.show.player.steps import Row
from wengert.wlist import Tape, Variable

__all__ = ["Line", "Listing", "listing_of"]

_MOST_LINES = 400
_AROUND = 3  # lines that are shown before and after those of statements, in a long function
_LONG = 60  # lines
_LONGEST = 160  # characters of a line


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number; without one it is a remark: a file, or dots for what is left out."""

    number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Lines of source.

    Attributes
    ----------
    title : str
    lines : tuple of Line
    of_row : tuple of int
        For each row of the table which line it comes from; -1 for none.
    """

    title: str
    lines: tuple[Line, ...]
    of_row: tuple[int, ...]


def listing_of(tape: Tape, rows: Sequence[Row], outputs: Sequence[str], program: str | None = None) -> Listing:
    """The source of what the rows of a table show.

    Parameters
    ----------
    tape : Tape
    rows : sequence of Row
    outputs : sequence of str
        What the results are called.
    program : str, optional
        The text of the program, if it was typed; statements know their line in it.
    """
    places = list(_places(tape, rows))
    if program is None:
        program = _typed_text(places)
    if program is not None and len(program.splitlines()) > 1:
        return _typed(places, program)
    if program is not None:
        return _statements(tape, rows, outputs, program)
    if any(linecache.getlines(where.file) for where in places if where):
        return _read(places)
    return _statements(tape, rows, outputs)


def _typed_text(places: Sequence[Location | None]) -> str | None:
    """The text of a program that was typed; ``None`` where there are several, or lines of files as well."""
    file, *others = {where.file for where in places if where} or {""}
    return "".join(linecache.getlines(file)) if is_typed(file) and not others else None


def _typed(places: Sequence[Location | None], program: str) -> Listing:
    lines = [Line(k, _shortened(text)) for k, text in enumerate(program.splitlines()[:_MOST_LINES], start=1)]
    of_row = tuple(where.line - 1 if where and where.line <= len(lines) else -1 for where in places)
    return Listing("The program", tuple(lines), of_row)


def _statements(tape: Tape, rows: Sequence[Row], outputs: Sequence[str], formula: str = "") -> Listing:
    """One line for each statement, and for each result; above them the formula that was typed."""
    lines = [Line(None, _shortened(formula.strip()))] if formula.strip() else []
    first, of_row = len(lines), []
    for row in rows:
        text = row.primal[0]
        if row.kind == "statement":
            text = str(row.step)
        elif row.kind == "output":
            y = tape.list.outputs[row.step]
            text = f"{outputs[row.step]} = {y.name if isinstance(y, Variable) else row.primal[2]}"
        of_row.append(-1 if row.kind == "input" else len(lines))
        if row.kind != "input":
            lines.append(Line(None if row.kind == "gap" else len(lines) + 1 - first, _shortened(text)))
    return Listing("The statements, as they are computed", tuple(lines), tuple(of_row))


def _places(tape: Tape, rows: Sequence[Row]) -> Iterator[Location | None]:
    """For each row the user's line of its statement, or of the one that computed the result."""
    places = {target: stmt.where for stmt in tape.list.statements for target in stmt.targets}
    for row in rows:
        if row.kind == "statement":
            yield row.step.where
        elif row.kind == "output":
            y = tape.list.outputs[row.step]
            yield places.get(y) if isinstance(y, Variable) else None
        else:
            yield None


# --- source that is read from files ----------------------------------------------------------------------------


def _read(places: Sequence[Location | None]) -> Listing:
    used: dict[str, set[int]] = {}
    for where in filter(None, places):
        if linecache.getlines(where.file):
            used.setdefault(where.file, set()).add(where.line)
    defined = {file: _functions(file) for file in used}
    functions: dict[str, set[range]] = {file: set() for file in used}
    for where in filter(None, places):
        if where.file in used:
            functions[where.file].add(_extent(where, defined[where.file]))
    lines: list[Line] = []
    numbers: dict[tuple[str, int], int] = {}
    for file, used_here in used.items():
        if len(used) > 1:
            lines.append(Line(None, _file_name(file)))
        for number in _kept(used_here, functions[file]):
            if number is None:
                lines.append(Line(None, "⋮"))
            else:
                numbers[file, number] = len(lines)
                lines.append(Line(number, linecache.getline(file, number)))
    of_row = tuple(numbers.get((where.file, where.line), -1) if where else -1 for where in places)
    title = _file_name(next(iter(used))) if len(used) == 1 else "The source"
    return Listing(title, tuple(_dedented(lines)), of_row)


def _kept(used: set[int], functions: set[range]) -> Iterator[int | None]:
    """The numbers of the lines to show; ``None`` where some between are left out."""
    whole = {k for each in functions if len(each) <= _LONG for k in each}
    around = {
        k
        for each in functions if len(each) > _LONG
        for at in (each.start, *used) if at in each
        for k in range(max(at - _AROUND, each.start), min(at + _AROUND + 1, each.stop))
    }  # fmt: skip
    before = None
    for k in sorted(whole | around | used)[:_MOST_LINES]:
        if before is not None and k > before + 1:
            yield None
        yield k
        before = k


def _functions(file: str) -> list[tuple[bool, range]]:
    """The lines of all functions in a file, and whether they are lambdas."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [
        (isinstance(node, ast.Lambda), range(node.lineno, (node.end_lineno or node.lineno) + 1))
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    ]


def _extent(where: Location, functions: Sequence[tuple[bool, range]]) -> range:
    """The lines of the innermost function that a line stands in; else the line alone."""
    is_lambda = where.function == "<lambda>"
    around = [lines for kind, lines in functions if kind == is_lambda and where.line in lines]
    return min(around, key=len, default=range(where.line, where.line + 1))


def _dedented(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines without the margin that all have in common."""
    texts = [printable(line.text.rstrip("\n").expandtabs()) if line.number else "" for line in lines]
    margin = textwrap.dedent("\n".join(texts)).split("\n")
    for line, text in zip(lines, margin, strict=True):
        yield Line(line.number, _shortened(text)) if line.number else line


def _file_name(file: str) -> str:
    return printable(PurePath(file).name)


def _shortened(text: str) -> str:
    return shortened(printable(text), _LONGEST)
