"""The tables of `explain` and `compare` on a phone: no equation is broken, no title is cut, the page stays in place."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg

PHONE = {"width": 375, "height": 800}

# The lines that a cell or a title takes.
LINES = """all => all.map(each => {
  const range = document.createRange();
  range.selectNodeContents(each);
  return new Set([...range.getClientRects()].map(part => Math.round(part.bottom))).size;
})"""

# How far the titles go beyond the right end of the window.
BEYOND = "all => all.map(each => each.getBoundingClientRect().right - window.innerWidth)"


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def of_loop(x):
    for _ in range(120):
        x = np.sin(x) + np.cos(x) * 0.9
    return x


SHOWN = {
    "tables": lambda: wg.explain(textbook, 2.0, 5.0),
    "summary": lambda: wg.explain(of_loop, 1.0),
    "comparison": lambda: wg.compare(textbook, 2.0, 5.0),
}


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_shows_tables_whole(open_page, name, dark):
    page = open_page(SHOWN[name]().to_html(), **PHONE, dark=dark)
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    cells = page.locator("td.equation:not(.long), td.short")
    assert cells.count() > 5
    assert set(cells.evaluate_all(LINES)) <= {0, 1}
    titles = page.locator("caption > span")
    assert titles.count() > 0
    assert max(titles.evaluate_all(BEYOND)) <= 0


def test_a_title_stays_when_its_table_is_moved(open_page):
    page = open_page(SHOWN["tables"]().to_html(), **PHONE)
    moved = page.locator(".wide").first.evaluate("each => (each.scrollLeft = 100, each.scrollLeft)")
    assert moved == 100
    left, right = page.locator("caption > span").first.evaluate(
        "each => (({ left, right }) => [left, right])(each.getBoundingClientRect())"
    )
    assert left >= 0
    assert right <= PHONE["width"]


def test_a_long_part_of_an_equation_is_broken(open_page):
    page = open_page(wg.explain(lambda x: np.sum(x * x) * x[0], np.linspace(0.1, 0.7, 6), digits=7).to_html(), **PHONE)
    assert max(page.locator("td.long").evaluate_all(LINES)) > 1
