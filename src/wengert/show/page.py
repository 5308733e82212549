"""What is shown, before it is decided where: a page of tables of text.

A cell is plain text; the ways out (`terminal`, `markup`) escape it. Columns stand in groups under one heading. A group
of three columns holds *equations*: symbol, formula and value, written ``symbol = formula = value``. A cell of a column
that stands alone may have several lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

__all__ = ["EQUATION", "Details", "Heading", "Page", "Row", "Shown", "Table"]

EQUATION = 3


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of one column, or of an equation's three.

    Attributes
    ----------
    text : str
    columns : int
    kind : {"", "number", "code"}
        Of a column that stands alone: numbers are set to the right; of code that is too long for a terminal the end of
        each line is left out.
    """

    text: str
    columns: int = 1
    kind: Literal["", "number", "code"] = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One cell for each column; or, with a single cell, a line across all of them.

    Attributes
    ----------
    cells : tuple of str
    opens : bool
        Whether a line is drawn above.
    weights : tuple of float
        For each cell a number from 0 to 1 that HTML draws as a bar behind it; or nothing.
    details : Details, optional
        What can be opened below the row, in HTML.
    """

    cells: tuple[str, ...]
    opens: bool = False
    weights: tuple[float, ...] = ()
    details: Details | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the headings, the rows, and what is said below."""

    title: str
    headings: tuple[Heading, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def is_note(self, row: Row) -> bool:
        """Whether the row is one line across all columns."""
        return len(row.cells) == 1 < sum(heading.columns for heading in self.headings)


@dataclass(frozen=True, slots=True)
class Details:
    """Tables that are hidden until the reader opens them, and the text that says what they are."""

    text: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """A title, tables, and what is said before them."""

    title: str
    tables: tuple[Table, ...]
    lead: tuple[str, ...] = ()


class Shown:
    """The base of what can be shown: a class that says `page` gets all ways out."""

    __slots__ = ()

    def page(self) -> Page:
        """The tables."""
        raise NotImplementedError

    def to_text(self, width: int | None = None, colour: bool = False) -> str:
        """Write the tables as text.

        Parameters
        ----------
        width : int, optional
            Columns of the terminal; by default those of the present one, 80 where there is none. Longer formulas
            are wrapped.
        colour : bool
            Add the escape sequences for colours.
        """
        from wengert.show.terminal import text

        return text(self.page(), width, colour)

    def to_markdown(self) -> str:
        """Write the tables as Markdown (GitHub's tables)."""
        from wengert.show.markup import markdown

        return markdown(self.page())

    def to_html(self) -> str:
        """Write the tables as a complete HTML page, without scripts and without anything from elsewhere."""
        from wengert.show.markup import html_page

        return html_page(self.page())

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from wengert.show.markup import html_fragment

        return html_fragment(self.page())

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """What a console of rich prints."""
        from wengert.show.terminal import renderables

        yield from renderables(self.page(), options.max_width)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return self.to_text()
