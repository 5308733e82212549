"""The ways out of a page: text of a given width, Markdown, HTML; everything escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from rich.cells import cell_len

from wengert.show import compare, explain
from wengert.show.page import EQUATION, Heading, Page, Row, Shown, Table

HOSTILE = "<script>alert('1')</script>&amp;|`*_[x](y)\\$~\x1b[2J\n"


class Sheet(Shown):
    def __init__(self, *tables, title="title"):
        self._page = Page(title, tables)

    def page(self):
        return self._page


TWO_SIDES = (Heading("left", EQUATION), Heading("right", EQUATION))


def sheet(*rows, title="", notes=(), headings=TWO_SIDES):
    return Sheet(Table(title, headings, tuple(rows), notes))


class Reader(HTMLParser):
    """Collects the text by element, and checks that elements are closed in order."""

    VOID = ("meta",)

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], []

    def handle_starttag(self, tag, _attributes):
        self.seen.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    return reader


# ------------------------------------------------------------------------------------------------------- text


def test_columns_are_aligned_by_cells_not_by_characters():
    lines = explain(lambda x: np.sin(x) * x, 2.0).to_text(80).splitlines()
    for table in "\n".join(lines).split("\n\n")[1:]:
        framed = [line for line in table.splitlines() if line[0] in "│╭├╰"]
        assert len({cell_len(line) for line in framed}) == 1


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width):
    def f(x, W):
        return np.sum(np.tanh(W @ x) / np.sqrt(1 + x[:2] ** 2))

    text = explain(f, np.array([0.5, -1.25, 2.125]), np.full((2, 3), 0.123)).to_text(width)
    framed = max(cell_len(line) for line in text.splitlines() if line[0:1] in "│╭├╰")
    assert framed <= max(width, 60)  # what two groups of columns need at least


def test_a_long_formula_is_wrapped_at_its_spaces():
    row = Row(("v", "a + bb + ccc + dddd + eeeee", "1", "w", "x", "2"))
    assert sheet(row).to_text(40).splitlines()[2:] == [
        "╭──────────────────────────┬───────────╮",
        "│ left                     │ right     │",
        "├──────────────────────────┼───────────┤",
        "│ v = a + bb + ccc +   = 1 │ w = x = 2 │",
        "│     dddd + eeeee         │           │",
        "╰──────────────────────────┴───────────╯",
    ]


def test_a_word_that_is_too_long_is_broken():
    row = Row(("v", "broadcast_to(" + "x" * 20 + ")", "1", "w", "x", "2"))
    lines = sheet(row).to_text(32).splitlines()
    inside = [line.split("│")[1].removeprefix(" v =").removesuffix("= 1 ").strip() for line in lines[5:-1]]
    assert inside == ["broadcas", "t_to(", "xxxxxxxx", "xxxxxxxx", "xxxx)"]
    assert all(cell_len(line) <= 32 for line in lines)


def test_empty_cells_have_no_equals_signs():
    rows = [Row(("y", "", "3", "", "flat", "")), Row(("", "", "", "a", "b", "c"))]
    text = sheet(*rows).to_text(80)
    assert "│ y    = 3 │     flat     │" in text
    assert "│          │ a = b    = c │" in text


def test_a_line_across_the_table():
    text = sheet(Row(("a", "b", "c", "d", "e", "f")), Row(("⋮ 3 left out",))).to_text(80)
    assert "│ ⋮ 3 left out │" in text


def test_sections_notes_and_title():
    shown = sheet(Row(("a",)), Row(("b",), opens=True), title="t", notes=("one", "two"), headings=(Heading("h"),))
    assert shown.to_text(80).splitlines() == [
        "title", "", "t", "╭───╮", "│ h │", "├───┤", "│ a │", "├───┤", "│ b │", "╰───╯", "one", "two",
    ]  # fmt: skip


def test_colour_only_where_asked_for():
    explanation = explain(lambda x: x * x, 2.0)
    plain, coloured = explanation.to_text(80), explanation.to_text(80, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_colour_does_not_depend_on_the_environment(monkeypatch):
    explanation = explain(lambda x: x * x, 2.0)
    plain, coloured = explanation.to_text(80), explanation.to_text(80, colour=True)
    for name in ("FORCE_COLOR", "NO_COLOR"):
        monkeypatch.setenv(name, "1")
        assert (explanation.to_text(80), explanation.to_text(80, colour=True)) == (plain, coloured)
        monkeypatch.delenv(name)


def test_the_width_is_that_of_the_terminal(monkeypatch):
    explanation = explain(lambda x: np.sum(np.sqrt(1 + x * x)), np.array([0.125, 2.375, 3.125]))
    monkeypatch.setenv("COLUMNS", "64")
    assert explanation.to_text() == explanation.to_text(64) != explanation.to_text(80)


# ---------------------------------------------------------------------------------------------- Markdown, HTML


def test_markdown():
    shown = sheet(Row(("v", "a*b", "1", "w", "", "2")), Row(("across",)), title="t", notes=("n",))
    assert shown.to_markdown().splitlines() == [
        "**title**", "", "t", "",
        "| left | right |", "| --- | --- |", "| v = a\\*b = 1 | w = 2 |", "| across |  |", "", "n",
    ]  # fmt: skip


def test_hostile_text_has_no_meaning_in_markdown():
    markdown = sheet(Row((HOSTILE, "f", "1", "", "", "")), title=HOSTILE).to_markdown()
    assert "<" not in markdown
    for sign in "|`*_[]$~\\":
        assert f"\\{sign}" in markdown
    assert not re.search(r"(?<!\\)[`*_\[\]$~]", markdown.removeprefix("**title**").replace("\\\\", ""))


def test_html_is_a_whole_page_or_a_fragment():
    explanation = explain(lambda x: x * x, 2.0)
    page, fragment = explanation.to_html(), explanation._repr_html_()
    assert page.startswith("<!DOCTYPE html>")
    assert '<meta charset="utf-8">' in page
    assert fragment in page
    assert "<html" not in fragment
    assert read(page).seen.count("table") == read(fragment).seen.count("table") == 2
    assert explanation._repr_markdown_() == explanation.to_markdown()


def test_html_shows_every_cell():
    text = "".join(read(explain(lambda x1, x2: x1 * x2, 2.0, 5.0).to_html()).text)
    for cell in ("v₋₁", "= x1", "v̇₋₁ · v₀ + v̇₀ · v₋₁", "Reverse adjoint trace ↑", "= 10"):
        assert cell in text


def test_html_breaks_long_parts_of_equations_only():
    a, b = "a + b", "a_long_name + another_long_name"
    html = sheet(Row(("v", a, b, "1e-05")), headings=(Heading("one", EQUATION), Heading("two"))).to_html()
    assert f'<td class="equation">= {a}</td>' in html
    assert f'<td class="last equation long">=&nbsp;{b}</td>' in html
    assert '<td class="first last short">1e-05</td>' in html


@pytest.mark.parametrize("show", ["title", "cell", "note", "heading"])
def test_hostile_text_is_text_in_html(show):
    here = {name: HOSTILE if name == show else "x" for name in ("title", "cell", "note", "heading")}
    table = Table(here["title"], (Heading(here["heading"]),), (Row((here["cell"],)),), (here["note"],))
    reader = read(Sheet(table, title=here["title"]).to_html())
    assert "script" not in reader.seen
    assert "a" not in reader.seen
    assert HOSTILE in "".join(reader.text)


def test_nothing_is_loaded_from_elsewhere():
    html = compare(np.sin, 1.0).to_html()
    assert "http" not in html
    assert "src=" not in html
    assert "<script" not in html


HOSTILE_KEYS = {"<script>alert(1)</script>": 2.0, "a|b": 3.0, "\x1b[31m": 4.0, "`x`": 5.0}


def hostile(q):
    total = 1.0
    for value in q.values():
        total = total * value
    return total


hostile.__name__ = "<img src=x onerror=alert(1)>\x1b]0;"


@pytest.mark.parametrize("make", [explain, compare])
def test_hostile_names_of_a_users_program(make):
    shown = make(hostile, HOSTILE_KEYS)
    reader = read(shown.to_html())
    assert {"script", "img"}.isdisjoint(reader.seen)
    assert "<img src=x onerror=alert(1)>" in "".join(reader.text)
    assert "<" not in shown.to_markdown()
    for text in (shown.to_text(80), shown.to_html(), shown.to_markdown()):
        assert "\x1b" not in text


def test_a_page_must_be_said():
    with pytest.raises(NotImplementedError):
        Shown().page()
