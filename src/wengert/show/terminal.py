"""A page as text for a terminal."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import TYPE_CHECKING, TypeVar

from rich import box
from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console, RenderableType
from rich.table import Table as Frame
from rich.text import Text

if TYPE_CHECKING:
    from wengert.show.page import Page, Row, Table

__all__ = ["renderables", "text"]

T = TypeVar("T")

_FRAME = 3  # cells that a group costs beside its text: a line, and a space on either side
_EQUALS = " = "
_NARROWEST = 8  # cells that a column keeps when the terminal is too narrow for all
_SHORTEST = 16  # cells that a column of code keeps, likewise
_STYLES = ("bold", "", "cyan")  # of symbol, formula and value


def text(page: Page, width: int | None, colour: bool) -> str:
    """Write the page in frames, at most `width` cells wide where that is possible."""
    width = shutil.get_terminal_size((80, 24)).columns if width is None else width
    written = StringIO()
    console = Console(
        file=written,
        width=10_000,  # lines are wrapped here, not by the console
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        legacy_windows=False,
    )
    for each in renderables(page, width):
        console.print(each)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


def renderables(page: Page, width: int) -> Iterator[RenderableType]:
    """The parts of the page, for a console of rich."""
    yield Text(page.title, style="bold")
    if page.lead:
        yield Text()
    for sentence in page.lead:
        yield Text("\n".join(_wrapped(sentence, width)))
    for table in page.tables:
        yield Text()
        if table.title:
            yield Text("\n".join(_wrapped(table.title, width)), style="italic")
        yield _framed(table, _Layout(table, width))
        for note in table.notes:
            yield Text("\n".join(_wrapped(note, width)))


def _framed(table: Table, layout: _Layout) -> Frame:
    frame = Frame(box=box.ROUNDED, header_style="bold")
    for heading in table.headings:
        is_number = heading.kind == "number"
        frame.add_column(Text(heading.text), no_wrap=True, justify="right" if is_number else "left")
    for row in table.rows:
        if row.opens:
            frame.add_section()
        if table.is_note(row):
            frame.add_row(Text("\n".join(_wrapped(row.cells[0], layout.room)), style="italic"))
        else:
            frame.add_row(*layout.groups(row))
    return frame


class _Layout:
    """The width of each column of a table, and its rows wrapped and padded to them."""

    def __init__(self, table: Table, width: int):
        self._headings, self._width = table.headings, width
        rows = [row.cells for row in table.rows if not table.is_note(row)]
        self._widths = [max(map(_cells_wide, column)) for column in zip(*rows, strict=True)]
        first = 0  # of the columns under a heading
        for heading in self._headings:
            while heading.kind == "code" and self._total() > width and self._widths[first] > _SHORTEST:
                self._widths[first] -= 1
            first += heading.columns
        while self._total() > width:
            widest = max(range(1, len(self._widths)), key=self._widths.__getitem__)
            if self._widths[widest] <= _NARROWEST:
                break
            self._widths[widest] -= 1

    @property
    def room(self) -> int:
        """Cells that a line across all columns may have: it stands in the first group, which may grow to the width."""
        first = _group_width(self._widths[: self._headings[0].columns])
        return max(first, cell_len(self._headings[0].text)) + max(self._width - self._total(), 0)

    def _total(self) -> int:
        groups = zip(self._headings, self._split(self._widths), strict=True)
        return 1 + sum(_FRAME + max(cell_len(heading.text), _group_width(widths)) for heading, widths in groups)

    def groups(self, row: Row) -> Iterator[Text]:
        """The text under each heading."""
        groups = zip(self._headings, self._split(row.cells), self._split(self._widths), strict=True)
        for heading, cells, widths in groups:
            if heading.columns == 1:
                yield _lines(cells[0], widths[0], heading.kind)
                continue
            columns = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
            height = max(map(len, columns))
            for column in columns:
                column.extend([""] * (height - len(column)))
            lines = zip(*columns, strict=True)
            yield Text("\n").join(_line(line, widths, first=k == 0) for k, line in enumerate(lines))

    def _split(self, items: Sequence[T]) -> Iterator[Sequence[T]]:
        start = 0
        for heading in self._headings:
            yield items[start : start + heading.columns]
            start += heading.columns


def _cells_wide(cell: str) -> int:
    return max(map(cell_len, cell.split("\n")))


def _lines(cell: str, width: int, kind: str) -> Text:
    """The lines of a cell that stands alone, each of them wrapped or, if it is code, cut."""
    first, *others = cell.split("\n")
    text = Text("\n").join(map(Text, _fitted(first, width, kind)))
    for line in others:
        text.append("\n")
        text.append("\n".join(_fitted(line, width, kind)), style="dim" if kind else "")
    return text


def _fitted(line: str, width: int, kind: str) -> list[str]:
    if kind != "code" or cell_len(line) <= width:
        return _wrapped(line, width)
    return [f"{set_cell_size(line, width - 1).rstrip()}…"]


def _group_width(widths: Sequence[int]) -> int:
    return sum(widths) + len(_EQUALS) * (len(widths) - 1)


def _line(cells: Sequence[str], widths: Sequence[int], *, first: bool) -> Text:
    """One line of a group: the cells of an equation, in its first line with equals signs between them."""
    line = Text()
    for k, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        if k:
            line.append(_EQUALS if first and cell and any(cells[:k]) else " " * len(_EQUALS))
        line.append(set_cell_size(cell, width), style=_STYLES[k])
    return line


def _wrapped(text: str, width: int) -> list[str]:
    """The lines of a text, broken at spaces; a longer word after a bracket, or anywhere."""
    lines = [""]
    for piece in _pieces(text, width):
        if cell_len((lines[-1] + piece).rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def _pieces(text: str, width: int) -> Iterator[str]:
    for word in re.split(r"(?<= )", text):
        for part in re.split(r"(?<=[(\[])", word) if cell_len(word.rstrip()) > width else [word]:
            yield from chop_cells(part, width) if cell_len(part.rstrip()) > width else [part]
