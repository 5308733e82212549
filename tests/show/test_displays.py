"""What a notebook shows of tensors, lists, tapes and counts."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pytest

import wengert as wg
from wengert.levels import new_level
from wengert.tensors import Tensor
from wengert.wlist import Tape

EVIL = "<script>alert(1)</script>"


class Reader(HTMLParser):
    """The tables of some HTML as rows of texts, the other text, and all tags."""

    def __init__(self, html):
        super().__init__()
        self.tables, self.text, self.tags = [], "", []
        self._in_style = self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):  # noqa: ARG002  # called with both
        self.tags.append(tag)
        self.text += " " * (tag == "div")
        self._in_style |= tag == "style"
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag == "td":
            self.tables[-1][-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag):
        if tag == "style":
            self._in_style = False
        elif tag == "td":
            self._in_cell = False

    def handle_data(self, data):
        if self._in_cell:
            self.tables[-1][-1][-1] += data
        elif not self._in_style:
            self.text += data


def read(shown):
    return Reader(shown._repr_html_())


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


# --- tensors -------------------------------------------------------------------------------------------------------


def test_a_matrix_stands_beside_its_gradient():
    x = wg.tensor([[1.0, 2.0], [0.5, -4.0]], requires_grad=True)
    (x * x).sum().backward()
    page = read(x)
    assert page.tables == [[["1.0000", "2.0000"], ["0.5000", "-4.0000"]], [["2.", "4."], ["1.", "-8."]]]
    assert page.text.split() == ["tensor", "f64[2,2]", "requires_grad", "value", "grad"]


def test_a_result_says_what_made_it():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    page = read((x * 3).sum())
    assert page.tables == [[["9."]]]
    assert page.text.split() == ["tensor", "f64[]", "grad_fn=<SumBackward0>"]


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (np.array([True, False]), ["True", "False"]),
        (np.array([1, -2, 30]), ["1", "-2", "30"]),
        (np.array([1 + 2j, 0.5j]), ["1+2j", "0+0.5j"]),
        (np.array([np.nan, np.inf, 1.5]), ["nan", "inf", "1.5000"]),
        (np.array([1e-9, 1.0]), ["1.0000e-09", "1.0000e+00"]),
    ],
)
def test_numbers_are_written_as_in_the_text(data, row):
    assert read(wg.tensor(data)).tables == [[row]]


def test_of_large_arrays_the_edges_are_shown():
    (rows,) = read(wg.tensor(np.arange(4e6).reshape(2000, 2000))).tables
    assert len(rows) == 11
    assert all(len(row) == 11 for row in rows)
    assert rows[0][0] == "0.0000e+00"
    assert rows[0][5] == "…"
    assert rows[5] == [*["⋮"] * 5, "⋱", *["⋮"] * 5]
    assert float(rows[-1][-1]) == pytest.approx(4e6, rel=1e-4)
    assert len(wg.tensor(np.zeros((10**4, 10**3)))._repr_html_()) < 10_000


def test_more_axes_and_empty_arrays_are_text():
    page = read(wg.tensor(np.arange(8.0).reshape(2, 2, 2)))
    assert page.tables == []
    assert "[[[0., 1.],\n  [2., 3.]],\n\n [[4., 5.],\n  [6., 7.]]]" in page.text
    assert "[]" in read(wg.tensor(np.zeros(0))).text
    assert "f64[0,3]" in read(wg.tensor(np.zeros((0, 3)))).text


def test_a_tensor_of_a_transform_is_text():
    seen = []

    def f(x):
        seen.append(x._repr_html_())
        return x * x

    wg.grad(f)(2.0)
    assert "&lt;Tensor of level" in seen[0]
    wg.grad(wg.grad(f))(2.0)
    assert all("<pre>" in html for html in seen)
    assert "level" in Tensor(np.float64(1.0), None, new_level())._repr_html_()


# --- lists and tapes -----------------------------------------------------------------------------------------------


def test_a_list_has_a_row_for_each_statement():
    page = read(wg.trace(textbook)(2.0, 5.0))
    (rows,) = page.tables
    assert [row[:4] for row in rows] == [
        ["v1", "=", "log(x1)", "f64[]"],
        ["v2", "=", "x1 * x2", "f64[]"],
        ["v3", "=", "v1 + v2", "f64[]"],
        ["v4", "=", "sin(x2)", "f64[]"],
        ["v5", "=", "v3 - v4", "f64[]"],
    ]
    assert all(row[4].startswith("test_displays.py:") for row in rows)
    assert page.text.strip() == "list textbook (x1: f64[], x2: f64[]) → v5"


def test_a_derivative_list_says_where_its_statements_come_from():
    (rows,) = read(wg.adjoint(wg.trace(textbook)(2.0, 5.0))).tables
    assert "# v4 = sin(x2)" in [row[4] for row in rows]


def test_a_tape_has_the_values():
    (rows,) = read(wg.tape(textbook, 2.0, 5.0)).tables
    assert [row[:5] for row in rows[:3]] == [
        ["x1", "", "", "=", "2."],
        ["x2", "", "", "=", "5."],
        ["v1", "=", "log(x1)", "=", "0.6931"],
    ]


def test_a_value_that_was_not_kept_is_a_dot():
    tape = wg.tape(textbook, 2.0, 5.0)
    known = Tape(tape.list, {v: value for v, value in tape.values.items() if v.name != "v2"})
    assert [row[4] for row in read(known).tables[0]] == ["2.", "5.", "0.6931", "·", "10.6931", "-0.9589", "11.6521"]


def test_lists_inside_of_a_statement_follow_it():
    lst = wg.trace(lambda x: wg.fori_loop(0, 5, lambda i, x: np.sin(x) * x, x))(2.0)
    (rows,) = read(lst).tables
    assert rows[0][2].startswith("fori_loop")
    assert rows[1][0].startswith("body")
    assert [row[2] for row in rows[2:]] == ["sin(x)", "w1 * x"]


def test_of_long_lists_beginning_and_end_are_shown():
    def many(x):
        for _ in range(5000):
            x = np.sin(x)
        return x

    lst = wg.trace(many)(2.0)
    (rows,) = read(lst).tables
    assert rows[60] == ["⋮ 4,880 statements left out"]
    assert len(rows) == 121
    assert rows[-1][0] == "v5000"
    assert len(read(wg.tape(many, 2.0)).tables[0]) == 122


# --- counts --------------------------------------------------------------------------------------------------------


def test_counts_are_two_tables():
    lst = wg.simplify(wg.adjoint(wg.trace(textbook)(2.0, 5.0)))
    figures, counted = read(lst.stats()).tables
    stats = lst.stats()
    by_name = {row[0]: row[1] for row in figures}
    assert by_name["statements"] == f"{stats.statements}"
    assert by_name["operations"] == f"{stats.flops}"
    assert by_name["operations in those of the primal list"] == "2.60"
    assert {row[0]: int(row[1]) for row in counted} == dict(stats.by_primitive)


def test_counts_of_a_loop_of_unknown_length_say_so():
    lst = wg.trace(lambda x: wg.while_loop(lambda x: x < 9.0, lambda x: x * 2, x))(2.0)
    assert "one round of each loop of unknown length" in lst.stats()._repr_html_()


# --- what is typed stays text --------------------------------------------------------------------------------------


def evil_function():
    def f(x):
        return x * x

    f.__name__ = EVIL
    return f


def test_names_and_values_are_escaped():
    lst = wg.trace(evil_function())(2.0)
    for shown in (lst, lst.tape(2.0), lst.stats(), wg.explain(evil_function(), 2.0), wg.compare(evil_function(), 2.0)):
        html = shown._repr_html_()
        assert "<script" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_no_display_has_a_script_or_anything_from_elsewhere():
    lst = wg.trace(textbook)(2.0, 5.0)
    for shown in (wg.tensor([1.0]), lst, lst.tape(2.0, 5.0), lst.stats()):
        html = shown._repr_html_()
        assert "http" not in html
        assert "url(" not in html
        assert set(Reader(html).tags) <= {"div", "style", "b", "span", "table", "tr", "td", "pre"}


def test_control_characters_are_spelt_out():
    f = evil_function()
    f.__name__ = "a\x1b[31m\nb"
    assert "a\\x1b[31m\\nb" in wg.trace(f)(2.0)._repr_html_()
