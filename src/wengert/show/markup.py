"""A page as Markdown and as HTML. Every text is escaped: names come from the user's program."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from wengert.show.document import document

if TYPE_CHECKING:
    from wengert.show.page import Details, Heading, Page, Row, Table

__all__ = ["html_fragment", "html_page", "markdown"]


# --- Markdown --------------------------------------------------------------------------------------------------

# What has a meaning inside a line; no text stands at the start of one where it could be a heading or a list.
_MARKDOWN_SIGNS = re.compile(r"([\\`*_\[\]|~$])")


def markdown(page: Page) -> str:
    """Write the page with GitHub's tables; an equation is one cell."""
    lead = map(_plain, page.lead)
    return "\n\n".join([f"**{_plain(page.title)}**", *lead, *(part for table in page.tables for part in _parts(table))])


def _parts(table: Table) -> Iterator[str]:
    if table.title:
        yield _plain(table.title)
    yield "\n".join([
        _markdown_row(_plain(heading.text) for heading in table.headings),
        "|" + "".join(" ---: |" if heading.kind == "number" else " --- |" for heading in table.headings),
        *(_markdown_row(_cells(table, row)) for row in table.rows),
    ])  # fmt: skip
    yield from map(_plain, table.notes)


def _cells(table: Table, row: Row) -> Iterator[str]:
    """The cells of a row, each an equation or what stands in a column alone."""
    if table.is_note(row):
        yield from map(_plain, [*row.cells, *[""] * (len(table.headings) - 1)])
        return
    cells = iter(row.cells)
    for heading in table.headings:
        if heading.columns == 1:
            yield "<br>".join(map(_plain, next(cells).split("\n")))
        else:
            yield _plain(" = ".join(filter(None, islice(cells, heading.columns))).replace("\n", " "))


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _plain(text: str) -> str:
    """The text without a meaning for Markdown or HTML."""
    return _MARKDOWN_SIGNS.sub(r"\\\1", escape(text, quote=False))


# --- HTML ------------------------------------------------------------------------------------------------------

_STYLE = """\
<style>
.wengert { font-family: system-ui, sans-serif; line-height: 1.4; }
.wengert h1 { font-size: 1.1em; margin: 0.5em 0; }
.wengert table { border-collapse: collapse; margin: 0.5em 0 0.3em; }
.wengert caption { text-align: left; padding: 0.3em 0; font-style: italic; }
.wengert th { text-align: left; padding: 0.3em 0.6em; border-bottom: 2px solid; }
.wengert td { text-align: left; vertical-align: top; padding: 0.15em 0.3em; }
.wengert td, .wengert th { font-variant-numeric: tabular-nums; }
.wengert td.equation { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 0.92em; }
.wengert td.equation, .wengert td.short { white-space: nowrap; }
.wengert td.long { white-space: normal; min-width: 24ch; }
.wengert td.first { padding-left: 0.6em; }
.wengert td.last { padding-right: 0.6em; }
.wengert th + th, .wengert td + td.first { border-left: 1px solid; }
.wengert tbody + tbody tr:first-child td { border-top: 1px solid; }
.wengert p { margin: 0.2em 0 1em; }
.wengert .wide { overflow-x: auto; }
.wengert .number { text-align: right; white-space: nowrap;
  background: linear-gradient(to left, rgb(70 130 200 / 0.22) calc(var(--weight, 0) * 100%), transparent 0); }
.wengert td.code { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 0.92em;
  white-space: pre-wrap; }
.wengert .more { display: block; white-space: pre-wrap; }
.wengert .number .more { font-size: 0.85em; opacity: 0.75; white-space: nowrap; }
.wengert table.figures > tbody > tr > td { padding: 0.25em 0.6em; border-left: 0; }
.wengert table.figures > thead > tr > th { border-left: 0; }
.wengert table.figures > tbody > tr + tr:not(.details) > td { border-top: 1px solid rgb(128 128 128 / 0.35); }
.wengert table.figures > tbody > tr.details > td { padding: 0 0.6em 0.3em; }
.wengert summary { cursor: pointer; font-size: 0.85em; padding: 0.1em 0; }
.wengert details > .wide { width: 0; min-width: 100%; }
@media (max-width: 40em) {
  .wengert .wide { container-type: inline-size; }
  .wengert caption > span { display: inline-block; position: sticky; left: 0; max-width: 100cqw; }
  .wengert td.equation { font-size: 0.85em; }
  .wengert td.code .more { white-space: pre; max-width: 38vw; overflow: hidden; text-overflow: ellipsis; }
  .wengert table.few, .wengert table.few > * { display: block; }
  .wengert table.few > tbody > tr, .wengert table.few > thead > tr {
    display: grid; grid-template-columns: repeat(4, 1fr); }
  .wengert table.few > thead > tr > th:first-child, .wengert table.few > tbody > tr > td:first-child {
    grid-column: 1 / -1; padding-bottom: 0; }
  .wengert table.few > tbody > tr > td.code > .more { white-space: pre-wrap; max-width: none; }
  .wengert table.few > tbody > tr + tr:not(.details) > td.number,
  .wengert table.few > tbody + tbody > tr:first-child > td.number { border-top: 0; }
  .wengert table.few > thead > tr > th:first-child { border-bottom: 0; }
}
</style>"""

_FEW = 5  # columns: what is named, and four figures

_LONG = 24  # characters of a part of an equation that may be broken, as wide as in the style
_SHORT = 12  # characters of a cell that may not, as in 1e-05

_STYLE_OF_PAGE = (
    ":root { color-scheme: light dark; } body { margin: 1.5em; } @media (max-width: 40em) { body { margin: 1em; } }"
)


def html_page(page: Page) -> str:
    """Write a complete document."""
    return document(page.title, _STYLE_OF_PAGE, html_fragment(page))


def html_fragment(page: Page) -> str:
    """Write the tables with their style, to stand inside another document."""
    lead = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in page.lead)
    tables = "\n".join(map(_html_table, page.tables))
    return f'<div class="wengert">\n{_STYLE}\n<h1>{escape(page.title)}</h1>\n{lead}{tables}\n</div>'


def _html_table(table: Table) -> str:
    headings = "".join(map(_html_heading, table.headings))
    kind = _table_class(table)
    caption = f"<caption><span>{escape(table.title)}</span></caption>\n" if table.title else ""
    notes = "".join(f"\n<p>{escape(note)}</p>" for note in table.notes)
    body = "\n".join(_html_row(table, row) for row in table.rows)
    head = f"<thead><tr>{headings}</tr></thead>"
    return f'<div class="wide"><table{kind}>\n{caption}{head}\n<tbody>\n{body}\n</tbody>\n</table></div>{notes}'


def _table_class(table: Table) -> str:
    """A table of figures is lined; of one that has few columns a phone shows the first one above the others."""
    if not any(heading.kind for heading in table.headings):
        return ""
    return ' class="figures few"' if len(table.headings) == _FEW else ' class="figures"'


def _html_heading(heading: Heading) -> str:
    kind = ' class="number"' if heading.kind == "number" else ""
    return f'<th scope="colgroup" colspan="{heading.columns}"{kind}>{escape(heading.text)}</th>'


def _html_row(table: Table, row: Row) -> str:
    opening = "</tbody>\n<tbody>\n" if row.opens else ""
    if table.is_note(row):
        columns = sum(heading.columns for heading in table.headings)
        return f'{opening}<tr><td class="first last" colspan="{columns}"><i>{escape(row.cells[0])}</i></td></tr>'
    cells, weights = iter(row.cells), iter(row.weights)
    groups = [
        _html_cell(next(cells), heading, next(weights, 0.0))
        if heading.columns == 1
        else _html_group(list(islice(cells, heading.columns)))
        for heading in table.headings
    ]
    details = "" if row.details is None else _html_details(row.details, len(table.headings))
    return f"{opening}<tr>{''.join(groups)}</tr>{details}"


def _html_cell(cell: str, heading: Heading, weight: float) -> str:
    """A cell that stands alone, with a bar behind it where it has a weight."""
    first, *others = cell.split("\n")
    more = "".join(f'<span class="more">{escape(line)}</span>' for line in others)
    style = f' style="--weight: {weight:.3f}"' if weight > 0 else ""
    kind = heading.kind or ("short" if len(first) <= _SHORT else "")
    return f'<td class="{" ".join(filter(None, ("first", "last", kind)))}"{style}>{escape(first)}{more}</td>'


def _html_details(details: Details, columns: int) -> str:
    tables = "\n".join(map(_html_table, details.tables))
    return (
        f'\n<tr class="details"><td colspan="{columns}"><details><summary>{escape(details.text)}</summary>\n'
        f'<div class="wide">{tables}</div></details></td></tr>'
    )


def _html_group(cells: Sequence[str]) -> str:
    last = len(cells) - 1
    return "".join(
        f'<td class="{_classes(k, last, cell)}">{_equals(cell) if k and any(cells[:k]) else ""}{escape(cell)}</td>'
        for k, cell in enumerate(cells)
    )


def _equals(cell: str) -> str:
    """The sign before a cell; no line ends behind it."""
    if not cell:
        return ""
    return "=&nbsp;" if len(cell) > _LONG else "= "


def _classes(k: int, last: int, cell: str) -> str:
    found = {"first": k == 0, "last": k == last, "equation": last > 0, "long": len(cell) > _LONG}
    return " ".join(name for name, applies in found.items() if applies)
