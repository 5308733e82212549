"""`explain`: the rows of the literature's tables, and every kind of program."""

from __future__ import annotations

import math

import numpy as np
import pytest

import wengert as wg
from wengert.errors import ArgumentError, DtypeError
from wengert.show import explain

# Baydin, Pearlmutter, Radul and Siskind (2018), tables 2 and 3, with v₋₁ + v₀ as there, row by row.
FORWARD = """\
Forward mode: the tangent of x1 is 1, all others are 0
╭─────────────────────────┬─────────────────────────────────╮
│ Forward primal trace    │ Forward tangent trace           │
├─────────────────────────┼─────────────────────────────────┤
│ v₋₁ = x1       = 2      │ v̇₋₁ = ẋ1                  = 1   │
│ v₀  = x2       = 5      │ v̇₀  = ẋ2                  = 0   │
├─────────────────────────┼─────────────────────────────────┤
│ v₁  = log(v₋₁) = 0.693  │ v̇₁  = v̇₋₁ / v₋₁           = 0.5 │
│ v₂  = v₋₁ · v₀ = 10     │ v̇₂  = v̇₋₁ · v₀ + v̇₀ · v₋₁ = 5   │
│ v₃  = sin(v₀)  = -0.959 │ v̇₃  = v̇₀ · cos(v₀)        = 0   │
│ v₄  = v₁ + v₂  = 10.693 │ v̇₄  = v̇₁ + v̇₂             = 5.5 │
│ v₅  = v₄ - v₃  = 11.652 │ v̇₅  = v̇₄ - v̇₃             = 5.5 │
├─────────────────────────┼─────────────────────────────────┤
│ y   = v₅       = 11.652 │ ẏ   = v̇₅                  = 5.5 │
╰─────────────────────────┴─────────────────────────────────╯
One sweep for one input: ∂y/∂x1 = 5.5."""

REVERSE = """\
Reverse mode, read upwards: the cotangent of y is 1
╭─────────────────────────┬───────────────────────────────╮
│ Forward primal trace    │ Reverse adjoint trace ↑       │
├─────────────────────────┼───────────────────────────────┤
│ v₋₁ = x1       = 2      │ x̄1  = v̄₋₁            = 5.5    │
│ v₀  = x2       = 5      │ x̄2  = v̄₀             = 1.716  │
├─────────────────────────┼───────────────────────────────┤
│ v₁  = log(v₋₁) = 0.693  │ v̄₋₁ = v̄₋₁ + v̄₁ / v₋₁ = 5.5    │
│ v₂  = v₋₁ · v₀ = 10     │ v̄₀  = v̄₀ + v̄₂ · v₋₁  = 1.716  │
│                         │ v̄₋₁ = v̄₂ · v₀        = 5      │
│ v₃  = sin(v₀)  = -0.959 │ v̄₀  = v̄₃ · cos(v₀)   = -0.284 │
│ v₄  = v₁ + v₂  = 10.693 │ v̄₂  = v̄₄             = 1      │
│                         │ v̄₁  = v̄₄             = 1      │
│ v₅  = v₄ - v₃  = 11.652 │ v̄₃  = -v̄₅            = -1     │
│                         │ v̄₄  = v̄₅             = 1      │
├─────────────────────────┼───────────────────────────────┤
│ y   = v₅       = 11.652 │ v̄₅  = ȳ              = 1      │
╰─────────────────────────┴───────────────────────────────╯
One sweep for all inputs: ∂y/∂x1 = 5.5, ∂y/∂x2 = 1.716."""


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def equations(table, side):
    """The equations of one side of a table, as text."""
    columns = slice(0, 3) if side == "left" else slice(3, 6)
    return [" = ".join(filter(None, row.cells[columns])) for row in table.rows if any(row.cells[columns])]


def only_table(explanation):
    (table,) = explanation.page().tables
    return table


def test_the_textbook_function_row_by_row_as_in_the_literature():
    assert explain(textbook, 2.0, 5.0).to_text(80) == f"textbook(x1, x2)\n\n{FORWARD}\n\n{REVERSE}"


def test_one_mode_alone():
    assert explain(textbook, 2.0, 5.0, mode="forward").to_text(80) == f"textbook(x1, x2)\n\n{FORWARD}"
    assert explain(textbook, 2.0, 5.0, mode="reverse").to_text(80) == f"textbook(x1, x2)\n\n{REVERSE}"


def test_the_other_input_seeded():
    explanation = explain(textbook, 2.0, 5.0, wrt="x2")
    assert explanation.tangents["v5"] == pytest.approx(2 - math.cos(5), rel=1e-15)
    assert "the tangent of x2 is 1" in explanation.to_text()
    assert explain(textbook, 2.0, 5.0, wrt=1).tangents == explanation.tangents
    assert explain(textbook, 2.0, 5.0, wrt=-1).tangents == explanation.tangents


def test_values_by_name():
    explanation = explain(textbook, 2.0, 5.0)
    assert explanation.tape.outputs[0] == textbook(2.0, 5.0)
    assert [str(stmt) for stmt in explanation.tape.list.statements] == [
        "v1 = log(x1)", "v2 = x1 * x2", "v3 = sin(x2)", "v4 = v1 + v2", "v5 = v4 - v3",
    ]  # fmt: skip
    assert explanation.tangents["v4"] == 5.5
    assert {name: round(float(value), 3) for name, value in explanation.adjoints.items()} == {
        "x1": 5.5, "x2": 1.716, "v1": 1, "v2": 1, "v3": -1, "v4": 1, "v5": 1,
    }  # fmt: skip
    assert explain(textbook, 2.0, 5.0, mode="forward").adjoints == {}
    assert explain(textbook, 2.0, 5.0, mode="reverse").tangents == {}


def test_z_of_the_two_step_example():
    explanation = explain(lambda x1, x2: x1 * x2 + np.sin(x1), 2.0, 3.0)
    assert round(float(explanation.adjoints["x1"]), 2) == 2.58
    assert explanation.adjoints["x2"] == 2


def test_the_nested_example():
    explanation = explain(lambda x: np.sin((x + 2) + (1 + np.exp(x**2))), 2.0)
    assert explanation.adjoints["x"] == pytest.approx(-218.4625, abs=1e-4)
    assert explanation.tangents["v6"] == pytest.approx(-218.4625, abs=1e-4)


def test_a_bilinear_form():
    W = np.arange(6.0).reshape(2, 3)
    x1, x2 = np.array([1.0, 2.0]), np.array([1.0, 0.0, -1.0])
    explanation = explain(lambda x1, W, x2: x1 @ W @ x2, x1, W, x2)
    np.testing.assert_array_equal(explanation.adjoints["x1"], W @ x2)
    np.testing.assert_array_equal(explanation.adjoints["W"], np.outer(x1, x2))
    np.testing.assert_array_equal(explanation.adjoints["x2"], x1 @ W)


def test_branches_and_loops_are_followed():
    def f(x):
        total = 0.0
        for k in range(3):
            if x[k] > 0:
                total = total + x[k] ** 2
        return total

    explanation = explain(f, np.array([1.0, -2.0, 3.0]), wrt="x[2]")
    assert explanation.tangents["v12"] == 6
    np.testing.assert_array_equal(explanation.adjoints["x"], [2, 0, 6])
    left = equations(explanation.page().tables[0], "left")
    assert "v₆ = v₁ > 0 = True" in left
    assert "v₈ = v₃ > 0 = False" in left


def test_rows_are_numbered_by_depth_then_by_execution():
    def f(x, y):
        early = x * y
        late = np.exp(early)
        return late + np.sin(x) * np.cos(y)

    names = [stmt.prim.name for stmt in explain(f, 1.0, 2.0).tape.list.statements]
    assert names == ["multiply", "sin", "cos", "exp", "multiply", "add"]


def test_several_results_and_a_chosen_seed():
    def f(a, b):
        return {"product": a * b, "others": [a + b, a - b]}

    explanation = explain(f, 2.0, 5.0, seed="y2")
    forward, reverse = explanation.page().tables
    assert forward.notes == ("One sweep for one input: ∂y1/∂a = 1, ∂y2/∂a = 1, ∂y3/∂a = 5.",)
    assert reverse.title == "Reverse mode, read upwards: the cotangent of y2 is 1, all others are 0"
    assert explanation.adjoints["b"] == -1


def test_what_only_another_result_uses_receives_nothing():
    explanation = explain(lambda a, b: (a * b, a + b), 2.0, 5.0, seed=1, mode="reverse")
    assert equations(only_table(explanation), "right") == [
        "ā = v̄₋₁ = 1", "b̄ = v̄₀ = 1", "v̄₀ = v̄₂ = 1", "v̄₋₁ = v̄₂ = 1", "ȳ1 = 0", "v̄₂ = ȳ2 = 1",
    ]  # fmt: skip


def test_a_component_of_a_matrix_result():
    explanation = explain(lambda A: A @ A, np.array([[1.0, 2.0], [3.0, 4.0]]), seed="y[0, 1]", wrt="A[1,0]")
    np.testing.assert_array_equal(explanation.tangents["v1"], [[2, 0], [5, 2]])
    np.testing.assert_array_equal(explanation.adjoints["A"], [[2, 5], [0, 2]])
    assert explanation.page().tables[0].title == "Forward mode: the tangent of A[1, 0] is 1, all others are 0"
    assert explanation.page().tables[1].title.endswith("the cotangent of y[0, 1] is 1, all others are 0")


def test_what_has_no_derivative_says_so():
    def f(x, n):
        return np.floor(x) * x * n if x > 0 else x

    explanation = explain(f, 2.5, 3)
    forward, reverse = explanation.page().tables
    assert "v₁ = v₋₁ > 0 = True" in equations(forward, "left")
    assert equations(forward, "right") == [
        "v̇₋₁ = ẋ = 1", "v̇₂ = 0 (floor is flat)", "v̇₃ = v̇₂ · v₋₁ + v̇₋₁ · v₂ = 2", "v̇₄ = v̇₃ · v₀ = 6", "ẏ = v̇₄ = 6",
    ]  # fmt: skip
    assert equations(reverse, "right") == [
        "x̄ = v̄₋₁ = 6", "0 (floor is flat)", "v̄₋₁ = v̄₃ · v₂ = 6", "v̄₂ = v̄₃ · v₋₁ = 7.5",
        "v̄₃ = v̄₄ · v₀ = 3", "v̄₄ = ȳ = 1",
    ]  # fmt: skip


def test_a_result_that_depends_on_nothing():
    explanation = explain(lambda x: 3.0, 2.0)
    assert equations(explanation.page().tables[1], "right") == ["x̄ = 0 (no path leads here)", "ȳ = 1"]
    assert explanation.page().tables[0].notes == ("One sweep for one input: ∂y/∂x = 0.",)


def test_one_variable_as_two_results_and_as_an_input():
    explanation = explain(lambda x: (x, x * x, x), 3.0, seed="y1", mode="reverse")
    assert equations(only_table(explanation), "right") == ["x̄ = v̄₀ = 1", "v̄₀ = ȳ1 = 1", "ȳ2 = 0", "ȳ3 = 0"]
    assert explanation.adjoints == {"x": 1}


def test_a_seed_is_part_of_the_sum():
    explanation = explain(lambda x: (x * x, np.exp(x * x)), 1.0, seed="y1", mode="reverse")
    assert explanation.adjoints["x"] == 2


def test_containers_give_named_inputs():
    def loss(params, x):
        return np.sum(params["w"] * x) + params["b"]

    explanation = explain(loss, {"w": np.array([1.0, 2.0]), "b": 0.5}, np.array([3.0, 4.0]), wrt="params_b")
    assert [v.name for v in explanation.tape.list.inputs] == ["params_b", "params_w", "x"]
    np.testing.assert_array_equal(explanation.adjoints["params_w"], [3, 4])
    assert explanation.tangents["v3"] == 1
    assert "params_b_dot" in explanation.to_text()


def test_tensors_are_taken_by_their_values():
    explanation = explain(lambda x: x * x, wg.tensor(3.0, requires_grad=True))
    assert explanation.adjoints["x"] == 6
    assert type(explanation.adjoints["x"]) is np.float64


def test_strong_zero():
    explanation = explain(lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0)
    assert explanation.adjoints["x"] == 0
    assert explanation.tangents["v3"] == 0


def test_complex_values():
    explanation = explain(lambda z: abs(z * z), 1 + 2j)
    assert explanation.adjoints["z"] == pytest.approx(2 + 4j)


def test_names_that_would_be_taken_for_variables_or_results():
    left = equations(explain(lambda v1, y: v1 * y, 2.0, 3.0).page().tables[0], "left")
    assert left == ["w₋₁ = v1 = 2", "w₀ = y = 3", "w₁ = w₋₁ · w₀ = 6", "z = w₁ = 6"]


def test_equal_names_are_told_apart():
    explanation = explain(lambda a, a_b: a["b"] * a_b, {"b": 2.0}, 3.0)
    first, second = (v.name for v in explanation.tape.list.inputs)
    assert first != second
    assert (explanation.adjoints[first], explanation.adjoints[second]) == (3, 2)


def test_names_that_become_equal_when_spelt_out_are_told_apart():
    explanation = explain(lambda a: a["\n"] * a["\\n"], {"\n": 2.0, "\\n": 3.0})
    assert explanation.adjoints["a_\\n"] == 3
    assert explanation.adjoints["a_\\n#2"] == 2


def test_digits():
    assert "= 11.65207 " in explain(textbook, 2.0, 5.0, digits=5).to_text()


def sines(x):
    for _ in range(500):
        x = np.sin(x)
    return x


def test_of_a_long_program_the_first_and_the_last_steps_are_shown():
    for table in explain(sines, 1.0, max_rows=7).page().tables:
        left = [row.cells[0] for row in table.rows]
        assert left == ["v₀", "v₁", "v₂", "v₃", "⋮ 495 steps left out (max_rows=7)", "v₄₉₉", "v₅₀₀", "y"]


def test_by_default_200_steps_are_shown():
    lines = explain(sines, 1.0, mode="forward").to_text().splitlines()
    assert sum("= sin(" in line for line in lines) == 198
    assert any("⋮ 302 steps left out (max_rows=200)" in line for line in lines)


def test_the_call_in_the_docstring_prints_on_a_console_of_rich():
    from io import StringIO

    from rich.console import Console

    console = Console(file=StringIO(), width=80)
    console.print(explain(textbook, 2.0, 5.0, mode="reverse"))
    assert REVERSE in "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def test_repr_is_what_is_printed():
    explanation = explain(textbook, 2.0, 5.0)
    assert repr(explanation) == str(explanation) == explanation.to_text()


# ------------------------------------------------------------------------------------------------ wrong input


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"mode": "sideways"}, ArgumentError, "explain got mode='sideways'. Use \"forward\", \"reverse\" or \"both\"."),
        ({"wrt": "z"}, ArgumentError, "explain got wrt='z', which names no input. The inputs are x, n."),
        ({"wrt": 2}, ArgumentError, "explain got wrt=2, which names no input."),
        ({"wrt": "z[0]"}, ArgumentError, "explain got wrt='z[0]', which names no input."),
        ({"wrt": "x[2]"}, ArgumentError, "explain got wrt='x[2]', but input x has shape (2,)."),
        ({"wrt": "x[0,0]"}, ArgumentError, "Give one number for each axis, counted from 0, as in wrt=\"x[0]\"."),
        ({"wrt": "x[-]"}, ArgumentError, "explain got wrt='x[-]', which names no input."),
        ({"wrt": "n"}, DtypeError, "the derivative of input n, which has dtype int64."),
        ({"seed": "y2"}, ArgumentError, "explain got seed='y2', which names no result. The results are y."),
        ({"seed": "y[0]"}, ArgumentError, "explain got seed='y[0]', but result y has shape ()."),
        ({"digits": -1}, ArgumentError, "explain got digits=-1 and max_rows=200. Give digits=0 or more,"),
        ({"max_rows": 0}, ArgumentError, "explain got digits=3 and max_rows=0."),
        ({"digits": "2"}, ArgumentError, "explain got digits='2' and max_rows=200."),
        ({"max_rows": 2.5}, ArgumentError, "explain got digits=3 and max_rows=2.5."),
    ],
)  # fmt: skip
def test_options_that_have_no_meaning(options, error, message):
    with pytest.raises(error) as caught:
        explain(lambda x, n: np.sum(x) * n, np.array([1.0, 2.0]), 3, **options)
    assert message in str(caught.value)


def test_integers_alone():
    with pytest.raises(DtypeError, match=r"input x, which has dtype int64. Only floating .* Write 2.0 for 2"):
        explain(lambda x: x * x, 2)


def test_an_integer_result():
    with pytest.raises(DtypeError, match="the derivative of result y, which has dtype int64"):
        explain(np.argmax, np.array([1.0, 2.0]))


def test_no_input_and_no_result():
    with pytest.raises(ArgumentError, match="explain found no input to differentiate"):
        explain(lambda: 1.0)
    with pytest.raises(ArgumentError, match="explain found no result to differentiate"):
        explain(lambda x: (), 1.0, mode="reverse")


def test_an_empty_input():
    with pytest.raises(ArgumentError, match=r"explain found no number in input \w+, which has shape \(0,\)"):
        explain(np.sum, np.zeros(0))


def test_errors_name_the_users_line():
    with pytest.raises(ArgumentError) as caught:
        explain(textbook, 2.0, 5.0, wrt="q")
    assert caught.value.where.text == 'explain(textbook, 2.0, 5.0, wrt="q")'


def test_a_statement_with_several_results_has_one_row_with_all_of_them():
    def f(A):
        sign, logarithm = np.linalg.slogdet(A)
        return sign * logarithm

    text = str(wg.explain(f, np.array([[2.0, 0.5], [0.3, 1.0]])))
    assert "v₁, v₂ = slogdet(v₀)" in text
    assert "v̇₁, v̇₂" in text
    assert "v̄₂ · ∂v₂/∂v₀" in text
    assert "sum over all paths" in str(wg.compare(f, np.array([[2.0, 0.5], [0.3, 1.0]])))


def test_a_number_has_no_components_and_true_is_no_number():
    with pytest.raises(ArgumentError, match=r'Name it as a whole: seed="y"'):
        explain(lambda x: x * 2.0, 2.0, seed="y[0]")
    with pytest.raises(ArgumentError, match=r'as in wrt="x\[0,0\]"'):
        explain(lambda x: x * 2.0, np.ones((2, 2)), wrt="x[5]")
    with pytest.raises(ArgumentError, match="seed=True, which names no result"):
        explain(lambda x: x * 2.0, 2.0, seed=True)
