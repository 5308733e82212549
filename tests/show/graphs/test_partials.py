"""The numbers beside the edges are the partials, by the complex step or by finite differences."""

import numpy as np
import pytest
from scipy import special

import wengert as wg
from wengert.show.notation import number_text

UNARY = {
    "sin": (np.sin, 0.7, "cos(x)"),
    "exp": (np.exp, 0.7, "v₁"),
    "log": (np.log, 0.7, "1 / x"),
    "sqrt": (np.sqrt, 0.7, None),
    "tanh": (np.tanh, 0.7, "sech²(x)"),
    "negative": (lambda x: -x, 0.7, "-1"),
    "square": (lambda x: x**2, 0.7, "2 · x"),
    "power of": (lambda x: 2.0**x, 0.7, None),
    "quotient": (lambda x: 3.0 / x, 0.7, None),
}


def numbers_on(label):
    return label.rsplit(" = ", 1)[-1]


@pytest.mark.parametrize("name", UNARY)
def test_the_number_is_the_derivative(name):
    f, x, formula = UNARY[name]
    label = next(edge.label for edge in wg.graph(f, x).graph.edges if edge.source == "x")
    expected = f(complex(x, 1e-30)).imag / 1e-30
    assert numbers_on(label) == number_text(expected, 3)
    if formula is not None:
        assert label in (formula, f"{formula} = {number_text(expected, 3)}")


def test_of_a_special_function_too():
    label = wg.graph(special.erf, 0.3).graph.edges[0].label
    expected = (special.erf(0.3 + 1e-6) - special.erf(0.3 - 1e-6)) / 2e-6
    assert numbers_on(label) == number_text(expected, 3)


def test_each_operand_has_its_own():
    edges = wg.graph(lambda x, y: np.arctan2(x, y + 0.0), 1.0, 2.0).graph.edges
    found = {edge.source: numbers_on(edge.label) for edge in edges if edge.target == "v2"}
    assert found == {"x": number_text(2 / 5, 3), "v1": number_text(-1 / 5, 3)}


def test_a_statement_that_is_kept_for_its_formula_gets_its_own_symbols():
    labels = [edge.label for edge in wg.graph(lambda x, y: np.sin(x) + np.sin(y) + np.sin(x * y), 1.0, 2.0).graph.edges]
    assert [label.split(" = ")[0] for label in labels if "cos" in label] == ["cos(x)", "cos(y)", "cos(v₃)"]


def test_constants_of_other_values_do_not_share_a_formula():
    labels = [edge.label for edge in wg.graph(lambda x: (x * 2.0) * 3.0 * np.full(2, 4.0), 1.0).graph.edges]
    assert [label for label in labels if label] == ["2", "3", "f64[2]"]


def test_what_is_no_formula_of_one_element_has_the_size_of_the_jacobian():
    edges = wg.graph(lambda x: np.cumsum(x)[:2], np.ones(3)).graph.edges
    assert [edge.label for edge in edges[:2]] == ["∂v₁/∂x: 3×3", "∂v₂/∂v₁: 2×3"]


def test_of_a_list_without_values_there_is_the_formula_alone():
    edges = wg.graph(wg.trace(lambda x: np.sin(x) * 2.0)(1.0)).graph.edges
    assert [edge.label for edge in edges if edge.label] == ["cos(x)", "2"]


def test_a_complex_operand_of_a_real_result_has_no_number():
    labels = [edge.label for edge in wg.graph(np.abs, 1 + 2j).graph.edges]
    assert " = " not in labels[0]
