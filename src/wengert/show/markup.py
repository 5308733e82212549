"""A page as Markdown and as HTML. Every text is escaped: names come from the user's program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wengert.show.page import Page, Row, Table

__all__ = ["html_fragment", "html_page", "markdown"]


# --- Markdown --------------------------------------------------------------------------------------------------

# What has a meaning inside a line; no text stands at the start of one where it could be a heading or a list.
_MARKDOWN_SIGNS = re.compile(r"([\\`*_\[\]|~$])")


def markdown(page: Page) -> str:
    """Write the page with GitHub's tables; an equation is one cell."""
    return "\n\n".join([f"**{_plain(page.title)}**", *(part for table in page.tables for part in _parts(table))])


def _parts(table: Table) -> Iterator[str]:
    if table.title:
        yield _plain(table.title)
    yield "\n".join([
        _markdown_row(heading.text for heading in table.headings),
        "|" + " --- |" * len(table.headings),
        *(_markdown_row(_equations(table, row)) for row in table.rows),
    ])  # fmt: skip
    yield from map(_plain, table.notes)


def _equations(table: Table, row: Row) -> Iterator[str]:
    if table.is_note(row):
        return iter([*row.cells, *[""] * (len(table.headings) - 1)])
    cells = iter(row.cells)
    return (" = ".join(filter(None, islice(cells, heading.columns))) for heading in table.headings)


def _markdown_row(cells: Iterator[str] | Sequence[str]) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


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
.wengert td.first { padding-left: 0.6em; }
.wengert td.last { padding-right: 0.6em; }
.wengert th + th, .wengert td + td.first { border-left: 1px solid; }
.wengert tbody + tbody tr:first-child td { border-top: 1px solid; }
.wengert p { margin: 0.2em 0 1em; }
</style>"""

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>:root {{ color-scheme: light dark; }} body {{ margin: 1.5em; }}</style>
</head>
<body>
{body}
</body>
</html>"""


def html_page(page: Page) -> str:
    """Write a complete document."""
    return _PAGE.format(title=escape(page.title), body=html_fragment(page))


def html_fragment(page: Page) -> str:
    """Write the tables with their style, to stand inside another document."""
    tables = "\n".join(map(_html_table, page.tables))
    return f'<div class="wengert">\n{_STYLE}\n<h1>{escape(page.title)}</h1>\n{tables}\n</div>'


def _html_table(table: Table) -> str:
    headings = "".join(
        f'<th scope="colgroup" colspan="{heading.columns}">{escape(heading.text)}</th>' for heading in table.headings
    )
    caption = f"<caption>{escape(table.title)}</caption>\n" if table.title else ""
    notes = "".join(f"\n<p>{escape(note)}</p>" for note in table.notes)
    body = "\n".join(_html_row(table, row) for row in table.rows)
    return f"<table>\n{caption}<thead><tr>{headings}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>{notes}"


def _html_row(table: Table, row: Row) -> str:
    opening = "</tbody>\n<tbody>\n" if row.opens else ""
    if table.is_note(row):
        columns = sum(heading.columns for heading in table.headings)
        return f'{opening}<tr><td class="first last" colspan="{columns}"><i>{escape(row.cells[0])}</i></td></tr>'
    cells = iter(row.cells)
    groups = (_html_group(list(islice(cells, heading.columns))) for heading in table.headings)
    return f"{opening}<tr>{''.join(groups)}</tr>"


def _html_group(cells: Sequence[str]) -> str:
    last = len(cells) - 1
    return "".join(
        f'<td class="{_classes(k, last)}">{"= " if k and cell and any(cells[:k]) else ""}{escape(cell)}</td>'
        for k, cell in enumerate(cells)
    )


def _classes(k: int, last: int) -> str:
    return " ".join(
        name for name, applies in (("first", k == 0), ("last", k == last), ("equation", last > 0)) if applies
    )
