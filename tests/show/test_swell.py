"""Expression swell: the table of Baydin et al. (2018), and how sizes grow."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy as sp

import wengert as wg
from wengert.errors import ArgumentError, ShapeError
from wengert.show.swell import expression_swell
from wengert.symbolic.written import Written, shortened, written_out


@pytest.fixture(scope="module")
def logistic():
    return expression_swell("logistic", 6, progress=False)


def read(text):
    return sp.sympify(text.replace("·", "*").replace("^", "**"))


def test_the_simplified_forms_are_those_of_the_survey(logistic):
    # Baydin, Pearlmutter, Radul and Siskind (2018), table 1, last column.
    assert [row.simplified for row in logistic.rows[:3]] == ["1", "4·(1 - 2·x)", "16·(1 - 10·x + 24·x^2 - 16·x^3)"]
    assert logistic.rows[3].simplified.startswith("64·(1 - 42·x + 504·x^2 - 2640·x^3 + 7040·x^4 - 9984·")


def test_what_is_written_out_has_the_value_and_the_size_that_are_said():
    x = sp.Symbol("x")
    formula = x
    for row in expression_swell(n=3, progress=False).rows:
        assert sp.expand(read(row.formula) - formula) == 0
        if not row.derivative.endswith("…"):
            assert sp.expand(read(row.derivative) - sp.diff(formula, x)) == 0
            assert sum(row.derivative.count(sign) for sign in "·+-") == row.operations[1]
        assert sum(row.formula.count(sign) for sign in "·+-") == row.operations[0]
        formula = 4 * formula * (1 - formula)


def test_formulas_grow_exponentially_and_lists_linearly(logistic):
    of_formula, of_derivative, of_simplified = zip(*(row.operations for row in logistic.rows), strict=True)
    assert of_formula == tuple(3 * (2**k - 1) for k in range(6))
    assert all(later > 2 * earlier for earlier, later in itertools.pairwise(of_derivative[1:]))
    assert of_simplified[-1] > 2 * of_simplified[-2]
    statements = np.array([row.statements for row in logistic.rows])
    assert len(set(np.diff(statements))) == 1


def test_sizes_are_counted_without_writing_the_formulas():
    last = expression_swell(n=60, progress=False).rows[-1]
    assert last.operations[0] == 3 * (2**59 - 1)
    assert last.operations[1] > 2**60
    assert last.simplified == ""
    assert last.formula.endswith("…")


def test_the_pages(logistic):
    text = logistic.to_text(100)
    assert text.startswith("l₁ = x, lₙ₊₁ = 4·lₙ·(1 - lₙ)\n")
    assert "│ 4·(1 - x) - 4·x " in text
    assert "statements of the tangent list" in text
    markdown = logistic.to_markdown()
    assert "| 3 | 4·4·x·(1 - x)·(1 - 4·x·(1 - x)) |" in markdown
    assert "| 5 | 45 | 176 | 45 | 32 |" in markdown
    assert logistic.to_html().count("<table") == 2
    assert repr(logistic) == str(logistic)


def test_large_sizes_are_rounded():
    assert "about 10^12" in expression_swell(n=42, progress=False).to_markdown()


def test_a_function_of_ones_own():
    swell = expression_swell(np.sin, 4, progress=False)
    assert swell.title == "l₁ = x, lₙ₊₁ = sin(lₙ)"
    assert [row.simplified for row in swell.rows[:3]] == ["1", "cos(x)", "cos(x)·cos(sin(x))"]
    assert [row.formula for row in swell.rows[:3]] == ["x", "sin(x)", "sin(sin(x))"]


def test_a_factor_that_is_negative_stands_in_front():
    swell = expression_swell(lambda x: 1 - x * x / 2, 3, progress=False)
    x = sp.Symbol("x")
    assert sp.expand(read(swell.rows[2].simplified) - sp.diff(1 - (1 - x**2 / 2) ** 2 / 2, x)) == 0


def test_what_sympy_does_not_know_has_no_simplified_form():
    swell = expression_swell(lambda x: np.nextafter(x, 1.0) * x, 2, progress=False)
    assert swell.rows[1].simplified == ""
    assert "Where there is no simplified form" in swell.to_text(80)
    assert "—" in swell.to_text(80)


def test_a_bar_shows_the_progress(capsys):
    expression_swell(n=2, progress=True)
    assert "writing out formulas" in capsys.readouterr().err
    expression_swell(n=2)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: (x + 1) * (x - 1), "(x + 1)·(x - 1)"),
        (lambda x: -x * 2, "-x·2"),
        (lambda x: 1 - (x - 2), "1 - (x - 2)"),
        (lambda x: 1 - (-x), "1 + x"),
        (lambda x: -(x + 1), "-(x + 1)"),
        (lambda x: x / (x * 2), "x/(x·2)"),
        (lambda x: x * 1.0 + 0.5, "x + 0.5"),
        (lambda x: np.sin(-x) ** 2, "sin(-x)^2"),
        (lambda x: (-x) ** 2, "(-x)^2"),
        (lambda x: abs(x) + np.exp(x / 1.0), "|x| + exp(x)"),
        (lambda x: x // 2, "x // 2"),
    ],
)
def test_how_formulas_are_written(f, expected):
    (found,) = written_out(wg.trace(f)(1.0), [Written("x")])
    assert found.signed == expected


def test_abbreviations():
    assert shortened("a + b + c", 9) == "a + b + c"
    assert shortened("a + b + c", 7) == "a + b…"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: expression_swell("tent"), ArgumentError, "expression_swell knows no function called 'tent'."),
        (lambda: expression_swell(n=0), ArgumentError, "expression_swell got n=0."),
        (lambda: expression_swell(n=2.5), ArgumentError, "expression_swell got n=2.5."),
        (lambda: expression_swell(lambda x: np.ones(2) * x), ShapeError, "one number to one number, but f returned"),
        (lambda: expression_swell(lambda x: (x, x)), ShapeError, "returned f64[], f64[]."),
    ],
)  # fmt: skip
def test_wrong_input(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)
