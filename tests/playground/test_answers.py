"""Answers of the playground: what each part holds, and one line for everything that is refused."""

from __future__ import annotations

import json
import re
import sys
from unittest.mock import ANY
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from wengert.playground.answers import PARTS, answer

TEXTBOOK = {"function": "log(x1) + x1*x2 - sin(x2)", "point": "x1=2, x2=5"}
LINES = {"function": "z = x1 * x2  # a product\ns = sin(z)\nreturn s * exp(-x1) + z", "point": "x1=1, x2=0.5"}
ARRAYS = {"function": "h = tanh(W @ x + b)\nreturn sum(v * h)",
          "point": "W=[[1, -1], [0.5, 2]], x=[0.3, 0.7], b=[0, 0.1], v=[1, -2]"}  # fmt: skip
BRANCH = {"function": "x**2 if x > 0 else -x", "point": "x=-2"}
ARRAY_RESULT = {"function": "A @ x * x[0]", "point": "A=[[1, 2], [3, 4]], x=[0.5, -1]"}
ATTACK = "<script>alert(1)</script>"


def part(name, problem=TEXTBOOK, **more):
    found = answer({"part": name, **problem, **more})
    assert "refused" not in found, found
    return found


def refused(function="x", point="x=1", part="summary", **more):
    found = answer({"part": part, "function": function, "point": point, **more})
    assert set(found) == {"refused"}
    reason = found["refused"]
    assert "\n" not in reason["message"]
    assert len(reason["message"]) < 400
    return reason


# --- what is answered ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", [TEXTBOOK, LINES, ARRAYS, BRANCH, ARRAY_RESULT])
@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_plain_data(name, problem):
    json.dumps(part(name, problem), allow_nan=False)


def test_the_summary_holds_value_and_gradient():
    found = part("summary")
    assert found["value"] == "11.652071"
    assert found["gradient"] == [{"name": "∂y/∂x1", "value": "5.5"}, {"name": "∂y/∂x2", "value": "1.716338"}]
    assert (found["numbers"], found["along"], found["statements"]) == (["x1", "x2"], "x1", 5)


def test_numbers_of_arrays_have_a_name_each():
    found = part("summary", ARRAYS, along="W[1, 0]")
    assert found["numbers"][:5] == ["W[0, 0]", "W[0, 1]", "W[1, 0]", "W[1, 1]", "x[0]"]
    assert found["along"] == "W[1, 0]"
    assert part("summary", ARRAYS, along="nothing")["along"] == "W[0, 0]"


def test_of_an_array_one_number_is_differentiated_the_first_unless_another_is_chosen():
    found = part("summary", ARRAY_RESULT)
    assert (found["title"], found["value"]) == ("y = f(A, x)", "[-0.75, -1.25]")
    assert (found["results"], found["of"]) == (["y[0]", "y[1]"], "y[0]")
    assert found["gradient"] == [
        {"name": "∂y[0]/∂A", "value": "[[0.25, -0.5], [0, 0]]"},
        {"name": "∂y[0]/∂x", "value": "[-1, 1]"},
    ]
    found = part("summary", ARRAY_RESULT, of="y[1]")
    assert found["of"] == "y[1]"
    assert [one["value"] for one in found["gradient"]] == ["[[0, 0], [0.25, -0.5]]", "[-1, 2]"]
    assert part("summary", ARRAY_RESULT, of="y[7]")["of"] == "y[0]"
    found = part("summary", of="y[1]")
    assert (found["results"], found["of"]) == ([], "")


def test_all_parts_are_of_the_number_of_the_result_that_is_chosen():
    chosen = {"of": "y[1]", "along": "x[0]"}  # 3 x0² + 4 x0 x1
    forward, reverse = part("tables", ARRAY_RESULT, **chosen)["page"]["tables"]
    assert forward["notes"] == ["One sweep for one input: ∂y/∂x[0] = [-1, -1]."]
    assert reverse["title"].startswith("Reverse mode, read upwards: the cotangent of y[1] is 1")
    names: dict = {}
    exec(part("source", ARRAY_RESULT, **chosen)["python"], names)  # noqa: S102 - the project's own output
    np.testing.assert_allclose(names["grad_f"](np.array([[1.0, 2], [3, 4]]), np.array([0.5, -1]))[1], [-1, 2])
    formulas = [one["latex"] for one in part("formula", ARRAY_RESULT, **chosen)["formulas"]]
    assert formulas[0] == r"\frac{\partial f_{1}}{\partial A_{0, 0}} = 0"
    assert r"\frac{\partial f_{1}}{\partial x_{1}} = A_{1, 1} x_{0}" in formulas
    file = part("curve", ARRAY_RESULT, **chosen)["file"]
    assert "∂f[1]/∂x[0]" in file
    assert "slope −1" in file
    assert "f(A, x)[1]" in part("errors", ARRAY_RESULT, **chosen)["svg"]


def test_the_tables_are_those_of_explain():
    forward, reverse = part("tables")["page"]["tables"]
    assert forward["title"] == "Forward mode: the tangent of x1 is 1, all others are 0"
    assert reverse["notes"] == ["One sweep for all inputs: ∂y/∂x1 = 5.5, ∂y/∂x2 = 1.716."]
    assert reverse["rows"][0]["cells"] == ["v₋₁", "x1", "2", "x̄1", "v̄₋₁", "5.5"]
    (moved, _) = part("tables", along="x2")["page"]["tables"]
    assert moved["notes"] == ["One sweep for one input: ∂y/∂x2 = 1.716."]


def test_the_lists_are_function_tangent_and_adjoint():
    found = part("lists", LINES)
    assert [program["text"].split("(")[0] for program in found["programs"]] == [
        "list f",
        "list f_tangent",
        "list f_adjoint",
    ]
    assert "v2 = sin(v1)" in found["programs"][0]["text"]
    assert "<expression>:2" in found["programs"][0]["text"]
    assert found["note"] == ""


def test_a_function_that_decides_on_values_is_shown_with_a_note():
    for name in ("lists", "source", "formula"):
        assert part(name, BRANCH)["note"].startswith("The function decides on values")
    assert part("formula", BRANCH)["formulas"][0]["latex"] == r"\frac{\partial f}{\partial x} = -1"


@pytest.mark.parametrize("problem", [TEXTBOOK, LINES, ARRAYS])
def test_the_python_source_computes_the_gradient(problem):
    from wengert.expression import parse_point, parse_program
    from wengert.numeric import gradient

    values = list(parse_point(problem["point"]).values())
    scope = {}
    exec(part("source", problem)["python"], scope)  # noqa: S102 - the program that is under test
    function = parse_program(problem["function"]).function
    for k, found in enumerate(scope["grad_f"](*[np.asarray(value)[()] for value in values])):
        expected = gradient(lambda x, k=k: function(*values[:k], x, *values[k + 1 :]), np.asarray(values[k]))
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_formulas_are_latex_and_a_tree_of_mathml():
    found = part("formula")
    assert found["formulas"][0]["latex"] == r"\frac{\partial f}{\partial x_{1}} = x_{2} + \frac{1}{x_{1}}"
    assert found["formulas"][0]["mathml"][:2] == [
        "mrow",
        ["mfrac", ["mrow", ["mi", "∂"], ["mi", "f"]], ["mrow", ["mi", "∂"], ["msub", ["mi", "x"], ["mi", "1"]]]],
    ]
    assert found["latex"].startswith("\\begin{aligned}\n\\frac{\\partial f}{\\partial x_{1}} &= x_{2}")
    assert len(part("formula", ARRAYS)["formulas"]) == 10
    assert part("formula", ARRAYS)["formulas"][1] == {
        "latex": r"\frac{\partial f}{\partial W_{0, 1}} = "
        r"\frac{v_{0} x_{1}}{\cosh^{2}{\left(W_{0, 0} x_{0} + W_{0, 1} x_{1} + b_{0} \right)}}",
        "mathml": ANY,
    }
    assert '["msub", ["mi", "W"], ["mrow", ["mi", "0"], ["mo", ","], ["mi", "1"]]]' in json.dumps(
        part("formula", ARRAYS)
    )


def test_choices_are_typeset_as_cases():
    tree = json.dumps(part("formula", {"function": "maximum(x, 0)", "point": "x=1"})["formulas"][0]["mathml"])
    assert '["mtext", "if\\u00a0"]' in tree
    assert '["mtext", "otherwise"]' in tree
    assert '["mo", ">"]' in tree


def test_a_gradient_of_many_numbers_is_a_program_in_latex():
    found = part("formula", {"function": "sum(x*x)", "point": f"x={[1] * 20}"})
    assert found["formulas"] == []
    assert found["why"] == "Formulas are written for up to 12 numbers; this point has 20."
    assert "aligned" in found["latex"]


def test_a_gradient_that_is_endless_when_written_out_is_a_program_in_latex():
    newton = "\n".join(["r = a", *["r = (r + a/r) / 2"] * 25, "r"])
    found = part("formula", {"function": newton, "point": "a=2"})
    assert re.fullmatch(r"Written out the gradient has about 10\^\d+ parts: here are its steps\.", found["why"])
    assert "aligned" in found["latex"]
    deep = part("formula", {"function": "x" + " + sin(x" * 80 + ")" * 80, "point": "x=1"})
    assert "aligned" in deep["latex"]


def test_without_sympy_the_gradient_is_a_program_in_latex(monkeypatch):
    monkeypatch.setitem(sys.modules, "sympy", None)
    found = part("formula")
    assert "needs SymPy, which is not installed. pip install sympy" in found["why"]
    assert "aligned" in found["latex"]


def test_without_matplotlib_the_plots_say_how_to_install_it(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for name in ("curve", "errors"):
        assert 'pip install "wengert[plots]"' in refused(**TEXTBOOK, part=name)["message"]


@pytest.mark.parametrize("name", ["curve", "errors"])
def test_plots_have_no_style_of_their_own_and_the_colours_of_the_page(name):
    text = part(name)["svg"]
    assert "style" not in text
    assert "metadata" not in text
    root = ET.fromstring(text)  # noqa: S314 - it was written here
    assert root.get("role") == "img"
    assert root.get("aria-label")
    colours = {element.get(kind) for element in root.iter() for kind in ("fill", "stroke")} - {None, "none"}
    assert all(re.fullmatch(r"var\(--plot-[0-9a-f]{6}, #[0-9a-fA-F]{6}\)", colour) for colour in colours), colours
    ids = {element.get("id") for element in root.iter()} - {None}
    assert all(one.startswith(f"{name}-") for one in ids)
    used = re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', text)
    assert used
    assert {a or b for a, b in used} <= ids


def test_the_curve_is_drawn_where_it_is_asked_for():
    found = part("curve", along="x2", **{"from": "1", "to": "3.5"})
    assert (found["from"], found["to"]) == ("1", "3.5")
    assert "along x2 from 1 to 3.5" in found["svg"]
    assert (part("curve")["from"], part("curve")["to"]) == ("0", "4")
    narrow = re.search(r'viewBox="0 0 ([0-9.]+) ', part("curve", narrow="yes")["svg"])
    assert float(narrow[1]) < 320


def test_the_graph_has_no_style_and_its_file_has():
    found = part("graph", LINES)
    assert "<style" not in found["svg"]
    assert "<style" in found["file"]
    assert 'data-node="v1"' in found["svg"]
    assert ">s</text>" in found["svg"]  # the user's name


def test_the_player_is_an_element_and_a_page():
    assert part("player")["html"].startswith("<section")
    assert "<style" not in part("player")["html"]
    assert part("player_file")["file"].startswith("<!DOCTYPE html>")


def test_the_player_starts_with_the_number_of_the_result_that_is_chosen():
    found = part("player", ARRAY_RESULT, of="y[1]", along="x[1]")["html"]
    data = json.loads(re.search(r'class="player-data">(.*?)</script>', found, re.DOTALL)[1])
    reverse, forward = data["modes"]
    assert [one["title"] for one in reverse["passes"]] == ["Adjoint pass from y[1]", "Adjoint pass from y[0]"]
    assert reverse["passes"][0]["results"] == ["∂y[1]/∂A = [[0, 0], [0.25, -0.5]]", "∂y[1]/∂x = [-1, 2]"]
    assert forward["passes"][0]["title"] == "Tangent pass for x[1]"


def test_a_constant_can_be_hidden_by_a_value():
    assert part("summary", {"function": "e * x", "point": "e=2, x=3"})["value"] == "6"


def test_an_array_as_result_is_explained_from_its_first_number():
    found = part("summary", {"function": "x * x", "point": "x=[3, 4]"})
    assert (found["value"], found["gradient"]) == ("[9, 16]", [{"name": "∂y[0]/∂x", "value": "[6, 0]"}])


# --- what is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "span", "message"),
    [
        ("__import__('os').system('x')", [0, 23], "is an attribute"),
        ("().__class__", [0, 12], "is an attribute"),
        ("x + np.sin(x)", [4, 10], "column 5: 'np.sin' is an attribute"),
        ("a = x\nb = a.real\nb", [10, 16], "line 2, column 5: 'a.real' is an attribute"),
        ("x" * 10**6, None, "has 1000000 characters"),
        ("while True: pass", [0, 16], "is a loop"),
        ("for i in x:\n    y = i", [0, 21], "is a loop"),
        ("import os\nx", [0, 9], "is an import"),
        ("def f(x):\n    return x", [0, 22], "is a definition"),
        (ATTACK, [0, len(ATTACK)], f"'{ATTACK}' cannot be read"),
        ("", None, "is empty"),
        ("9**9**9**9", None, "There is no variable"),
    ],
)
def test_functions_that_are_refused(function, span, message):
    reason = refused(function)
    assert message in reason["message"]
    assert reason["field"] == "function"
    assert (reason["span"] and list(reason["span"])) == span


@pytest.mark.parametrize(
    ("point", "span", "message"),
    [
        ("", None, "x has no value. Give one, as in x=2."),
        ("x=1, y=2", None, "y is not in the function. Its variables are x."),
        ("x=1, a=2", None, "a is not in the function. Its variables are x."),
        ("x=1+1", [2, 5], "column 3: '1+1' is not a number"),
        ("x=__import__('os')", [2, 18], "is not a number"),
        (f"x={ATTACK}", [2, 2 + len(ATTACK)], f"'{ATTACK}' cannot be read"),
        ("x=" + str([1.5] * 1001), None, "The point has 1,001 numbers. This page takes 1,000."),
        ("x=" + str([1] * 10**6), None, "has 3000002 characters"),
        ("x=[]", None, "The point has no numbers"),
    ],
)
def test_points_that_are_refused(point, span, message):
    reason = refused("sum(x)" if "[" in point else "a = x\na", point)
    assert message in reason["message"]
    assert reason["field"] == "point"
    assert (reason["span"] and list(reason["span"])) == span


def test_endless_powers_end_at_infinity():
    assert part("summary", {"function": "9**9**9**9 * x", "point": "x=1"})["value"] == "inf"


@pytest.mark.parametrize("name", PARTS)
def test_a_division_by_zero_is_shown(name):
    found = answer({"part": name, "function": "x/0", "point": "x=1"})
    if name in ("curve", "errors"):
        assert "finite" in found["refused"]["message"]
        return
    assert "refused" not in found
    assert re.search(r"inf|\\infty", json.dumps(found))


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("function", "what"), [("x==1", "true or false"), ("x>0", "true or false")])
def test_a_result_without_a_derivative_is_refused_with_a_way_out_that_is_there(function, what, part):
    reason = refused(function, part=part)
    assert reason["message"] == (
        f"The result is {what}, which has no derivative. Compute a real number, as in where(x > 0, x**2, x)."
    )
    assert reason["field"] == "function"


def test_a_program_of_too_many_statements_is_refused():
    signs = "\n".join(f"a = {'-' * 99}{'x' if k == 0 else 'a'}" for k in range(30))
    assert "The function has 2,970 statements. This page takes 2,000." in refused(signs)["message"]


def test_what_cannot_be_computed_is_refused():
    assert "could not be computed" in refused("A @ x", "A=[[1, 2]], x=[1, 2, 3]")["message"]
    assert "an empty array" in refused("x[2:]", "x=[1, 2]")["message"]


@pytest.mark.parametrize(
    ("ends", "field", "message"),
    [
        ({"from": "a", "to": "1"}, "from", "'a' is no number. Write 2, -0.5 or 1e-3."),
        ({"from": "1", "to": "inf"}, "to", "The plot needs two numbers, the smaller one first."),
        ({"from": "2", "to": "1"}, "to", "The plot needs two numbers, the smaller one first."),
    ],
)
def test_intervals_that_are_refused(ends, field, message):
    reason = refused(part="curve", **ends)
    assert (reason["field"], reason["message"]) == (field, message)


@pytest.mark.parametrize(
    "request_", [{"part": "nothing"}, {}, {"part": ["summary"]}, {"part": "summary", "function": 3}, {"command": "x"}]
)
def test_requests_that_make_no_sense_are_refused(request_):
    found = answer(request_)
    assert set(found) == {"refused"}


def test_texts_are_escaped_where_they_become_markup():
    # Names are ASCII words: comments and comparisons are all that may hold a sign of markup.
    problem = {"function": f"a = x < 2  # {ATTACK}\nreturn where(a, x*x, x)  # </script>", "point": "x=1"}
    for name, key in (("graph", "svg"), ("graph", "file"), ("player", "html"), ("player_file", "file")):
        text = part(name, problem)[key]
        assert ATTACK not in text
        assert "# </script>" not in text
    assert "alert(1)" in part("player", problem)["html"]
