"""What the player plays: the texts of the tables, in the order of the sweeps, and right at the end."""

from __future__ import annotations

import re

import numpy as np
import pytest

import wengert as wg
from wengert.show.notation import value_text
from wengert.show.player.steps import MOST_PASSES, MOST_ROWS, play_of
from wengert.show.player.wording import both, brief, spoken


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def played(f, *args, **options):
    explanation = wg.explain(f, *args, detail="rows", **options)
    return explanation, play_of(explanation)


def mode(play, name):
    return next(each for each in play.modes if each.name == name)


def written(each, step):
    """The equations that a step brings."""
    return [" = ".join(filter(None, each.equations[row][k])) for row, k in step.shown]


def all_written(each):
    return [text for step in each.steps for text in written(each, step)]


def last_texts(steps):
    found = {}
    for step in steps:
        found |= step.texts
    return found


def test_the_reverse_pass_of_the_textbook_is_that_of_the_literature():
    _, play = played(textbook, 2.0, 5.0)
    (adjoint,) = mode(play, "reverse").passes
    assert all_written(adjoint) == [
        "v̄₅ = ȳ = 1",
        "v̄₄ = v̄₅ = 1",
        "v̄₃ = -v̄₅ = -1",
        "v̄₁ = v̄₄ = 1",
        "v̄₂ = v̄₄ = 1",
        "v̄₀ = v̄₃ · cos(v₀) = -0.284",
        "v̄₋₁ = v̄₂ · v₀ = 5",
        "v̄₀ = v̄₀ + v̄₂ · v₋₁ = 1.716",
        "v̄₋₁ = v̄₋₁ + v̄₁ / v₋₁ = 5.5",
        "x̄2 = v̄₀ = 1.716",
        "x̄1 = v̄₋₁ = 5.5",
    ]
    assert adjoint.result == "∂y/∂x1 = 5.5, ∂y/∂x2 = 1.716"
    assert adjoint.steps[-1].words.startswith("One pass gave both, because")


def test_a_sum_is_shown_as_it_runs_at_the_node_and_on_the_edges():
    _, play = played(textbook, 2.0, 5.0)
    (adjoint,) = mode(play, "reverse").passes
    at_x2 = [step.texts["x2"] for step in adjoint.steps if "x2" in step.texts]
    assert at_x2 == ["v̄₀ = -0.284 + …", "v̄₀ = 1.716", "x̄2 = 1.716"]
    into = [flow for step in adjoint.steps for flow in step.flows if flow.source == "x2"]
    assert [(flow.target, flow.operand, flow.text) for flow in into] == [
        ("v3", 0, "v̄₀ += -0.284"),
        ("v2", 1, "v̄₀ += 2"),
    ]
    words = [step.words for step in adjoint.steps if step.flows and step.flows[0].source == "x2"]
    assert words == [
        "v₃ contributes -0.284 to v̄₀, the first of 2 contributions.",
        "v₂ contributes 2 to v̄₀, the last of 2 contributions: the sum is complete.",
    ]


def test_the_primal_pass_computes_from_the_inputs_to_the_result():
    _, play = played(textbook, 2.0, 5.0)
    assert [" = ".join(play.rows[step.row].primal) for step in play.primal.steps] == [
        "v₋₁ = x1 = 2",
        "v₀ = x2 = 5",
        "v₁ = log(v₋₁) = 0.693",
        "v₂ = v₋₁ · v₀ = 10",
        "v₃ = sin(v₀) = -0.959",
        "v₄ = v₁ + v₂ = 10.693",
        "v₅ = v₄ - v₃ = 11.652",
        "y = v₅ = 11.652",
    ]
    assert play.primal.steps[3].words == "v₋₁ = 2 and v₀ = 5 give v₂ = 10."
    assert [(flow.source, flow.target) for flow in play.primal.steps[3].flows] == [("x1", "v2"), ("x2", "v2")]


def test_forward_mode_has_a_pass_for_each_input():
    _, play = played(textbook, 2.0, 5.0)
    forward = mode(play, "forward")
    assert [each.title for each in forward.passes] == ["Tangent pass for x1", "Tangent pass for x2"]
    assert [each.result for each in forward.passes] == ["∂y/∂x1 = 5.5", "∂y/∂x2 = 1.716"]
    assert "v̇₂ = v̇₋₁ · v₀ + v̇₀ · v₋₁ = 5" in all_written(forward.passes[0])
    assert "v̇₂ = v̇₋₁ · v₀ + v̇₀ · v₋₁ = 2" in all_written(forward.passes[1])
    assert (forward.needed, mode(play, "reverse").needed) == (2, 1)
    assert forward.passes[1].steps[-1].words == (
        "Each pass moves one input number: 2 of them need 2 passes. Reverse mode needs 1."
    )


PROGRAMS = [
    (textbook, (2.0, 5.0)),
    (lambda x, y: np.sum(np.sin(x) * y) + x[0], (np.array([0.1, 0.2, 0.3]), np.array([1.0, 2.0, 3.0]))),
    (lambda a, x: np.tanh(a @ x), (np.arange(6.0).reshape(2, 3) / 10, np.ones(3))),
    (lambda x: (x, 3.0, x * x), (2.0,)),
    (lambda x, n: x**n, (1.5, 3)),
    (lambda x, unused: np.exp(x), (0.5, 1.0)),
    (lambda x: np.floor(x) * x, (1.5,)),
    (lambda x: x * x + x / x, (3.0,)),
    (lambda x: np.linalg.eigh(x)[0], (np.array([[2.0, 1.0], [1.0, 3.0]]),)),
    (lambda x: np.where(x > 0, x, np.sqrt(abs(x))), (np.array([1.0, -4.0]),)),
]


@pytest.mark.parametrize(("f", "args"), PROGRAMS)
def test_all_equations_are_those_of_the_tables(f, args):
    explanation, play = played(f, *args)
    for name, heading in (("forward", explanation.source), ("reverse", explanation.target)):
        each = mode(play, name)
        shown = next(one for one in each.passes if one.title.endswith(f" {heading.name}"))
        table = explanation.page().tables[0 if name == "forward" else 1]
        right = [" = ".join(filter(None, row.cells[3:])) for row in table.rows]
        expected = [text for text in right if text]
        found = [" = ".join(filter(None, one)) for k in sorted(shown.equations) for one in shown.equations[k]]
        assert found == expected
        assert sorted(all_written(shown)) == sorted(expected)
        left = [" = ".join(filter(None, row.cells[:3])) for row in table.rows if any(row.cells[:3])]
        assert [" = ".join(filter(None, row.primal)) for row in play.rows] == left


@pytest.mark.parametrize(("f", "args"), PROGRAMS[:2] + PROGRAMS[4:8])
def test_the_last_values_are_the_gradient(f, args):
    explanation, play = played(f, *args)
    numbers = [k for k, x in enumerate(args) if np.asarray(x).dtype.kind == "f"]
    gradient = wg.grad(f, tuple(numbers))(*args)
    names = [explanation.tape.list.inputs[k].name for k in numbers]
    (adjoint,) = mode(play, "reverse").passes
    texts = last_texts(adjoint.steps)
    for name, value in zip(names, gradient, strict=True):
        assert texts[name].rpartition(" = ")[2] == brief(value_text(value, 3))
        assert f"∂{explanation.outputs[0]}/∂{name} = {value_text(value, 3)}" in adjoint.result


def test_both_modes_find_the_same_derivatives():
    def f(x, y):
        return np.sin(x[0]) * y, x[1] * y

    args = (np.array([0.3, 0.7]), 1.1)
    _, play = played(f, *args, digits=6)
    forward, reverse = mode(play, "forward"), mode(play, "reverse")
    assert [each.title for each in forward.passes] == [f"Tangent pass for {name}" for name in ("x[0]", "x[1]", "y")]
    assert [each.title for each in reverse.passes] == ["Adjoint pass from z1", "Adjoint pass from z2"]
    by_x, by_y = wg.jacobian(lambda x, y: np.stack(f(x, y)), (0, 1))(*args)
    found = dict(re.findall(r"∂(\S+) = ([-\d.e]+)", ", ".join(each.result for each in forward.passes)))
    for i in range(2):
        for j in range(2):
            assert float(found[f"z{i + 1}/∂x[{j}]"]) == pytest.approx(by_x[i, j], abs=1e-6)
        assert float(found[f"z{i + 1}/∂y"]) == pytest.approx(by_y[i], abs=1e-6)
        assert f"∂z{i + 1}/∂x = {value_text(by_x[i], 6)}" in reverse.passes[i].result


def test_many_inputs_and_results_have_the_chosen_passes_and_then_the_first_ones():
    _, play = played(np.sin, np.arange(20.0), wrt="x[13]", seed="y[17]")
    forward, reverse = mode(play, "forward"), mode(play, "reverse")
    assert (forward.needed, reverse.needed) == (20, 20)
    assert len(forward.passes) == len(reverse.passes) == MOST_PASSES
    assert [each.title[17:] for each in forward.passes] == [f"x[{k}]" for k in (13, *range(7))]
    assert [each.title[18:] for each in reverse.passes] == [f"y[{k}]" for k in (17, *range(7))]
    assert forward.count == "20 passes, one per input"


def test_one_mode_alone():
    _, play = played(textbook, 2.0, 5.0, mode="forward")
    assert [each.name for each in play.modes] == ["forward"]
    _, play = played(textbook, 2.0, 5.0, mode="reverse")
    assert [each.name for each in play.modes] == ["reverse"]


def chained(x):
    for _ in range(1000):
        x = x + np.sin(x) / 100
    return x


def test_a_long_program_has_its_first_and_last_steps_and_the_right_end():
    explanation, play = played(chained, 0.5, max_rows=10_000)
    assert len(play.rows) == MOST_ROWS + 1
    assert play.left_out == 3 * 1000 + 2 - MOST_ROWS
    assert sum(row.kind == "gap" for row in play.rows) == 1
    (adjoint,) = mode(play, "reverse").passes
    gradient = value_text(wg.grad(chained)(0.5), 3)
    assert adjoint.result == f"∂y/∂x = {gradient}"
    assert last_texts(adjoint.steps)["x"].endswith(f" = {gradient}")
    assert mode(play, "forward").passes[0].result == f"∂y/∂x = {gradient}"
    texts = [text for step in adjoint.steps for text in step.texts.values()]
    assert len(texts) < 4 * MOST_ROWS
    assert explanation.adjoints["x"] == wg.grad(chained)(0.5)


def test_fewer_rows_are_played_where_fewer_are_asked_for():
    _, play = played(textbook, 2.0, 5.0, max_rows=4)
    assert [row.kind for row in play.rows] == ["input", "input", "gap", "statement", "output"]
    (adjoint,) = mode(play, "reverse").passes
    assert adjoint.result == "∂y/∂x1 = 5.5, ∂y/∂x2 = 1.716"
    assert last_texts(adjoint.steps)["x2"] == "x̄2 = 1.716"


def test_results_that_are_left_out_still_start_a_pass():
    _, play = played(lambda x: tuple(x * k for k in range(1, 12)), 2.0, max_rows=3, seed="y2")
    reverse = mode(play, "reverse")
    chosen = next(each for each in reverse.passes if each.title == "Adjoint pass from y2")
    assert chosen.result == "∂y2/∂x = 2"
    assert play.rows[chosen.steps[0].row].kind == "gap"


def test_a_constant_result_gives_zeros():
    _, play = played(lambda x: (x * x, 3.0), 2.0, seed="y2")
    last = mode(play, "reverse").passes[0]
    assert last.result == "∂y2/∂x = 0"
    assert last.steps[-2].words == "No path leads from y2 back to x: ∂y2/∂x = 0."
    assert last_texts(last.steps)["x"] == "x̄ = 0"


def test_an_operand_that_is_used_twice_gets_two_contributions():
    _, play = played(lambda x: x * x, 3.0)
    (adjoint,) = mode(play, "reverse").passes
    flows = [flow for step in adjoint.steps for flow in step.flows if flow.text]
    assert [(flow.operand, flow.text) for flow in flows] == [(0, "v̄₀ += 3"), (1, "v̄₀ += 3")]
    assert adjoint.result == "∂y/∂x = 6"


def test_arrays_stand_on_edges_by_their_type():
    _, play = played(lambda x: np.sum(np.sin(x)), np.arange(4.0))
    (adjoint,) = mode(play, "reverse").passes
    assert [flow.text for step in adjoint.steps for flow in step.flows if flow.text][-1] == "v̄₀ += f64[4]"


def test_what_is_heard_has_no_sign_that_is_not_read_out():
    _, play = played(textbook, 2.0, 5.0)
    heard = " ".join(step.said for each in play.modes for one in each.passes for step in one.steps)
    assert not re.search(r"[₀-₉₋·∂\u0304\u0307=]", heard)
    (adjoint,) = mode(play, "reverse").passes
    assert adjoint.steps[5].said.startswith("v 0 bar equals v 3 bar times cos(v 0) equals minus 0.284. v 3 contributes")


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("v̄₋₁ = v̄₂ · v₀", "v minus 1 bar equals v 2 bar times v 0"),
        ("x̄1 = v̄₋₁ = 5.5", "x1 bar equals v minus 1 bar equals 5.5"),
        ("ȳ3 = 0", "y3 bar equals 0"),
        ("∂y/∂x1 = -5.5", "d y by d x1 equals minus 5.5"),
        ("v̄₁ / v₋₁", "v 1 bar over v minus 1"),
        ("sech²(v₄)", "sech to the power 2(v 4)"),
        ("1e-05", "1e-05"),
        ("theta_bar = ñ", "theta_bar equals ñ"),
    ],
)
def test_formulas_in_words(text, heard):
    assert spoken(text) == heard


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.5", "5.5"),
        ("[1, -2.25, 3]", "[1, -2.25, 3]"),
        ("[0.791, 1.056, 2.111]", "[0.791 … 2.111]"),
        ("[[0.791, 1.056], [2.111, -3]]", "[[0.791 … -3]]"),
        ("f64[7] 0.5, 1, …, 2, -1e-05", "[0.5 … -1e-05]"),
        ("c128[2,3,4] 0.5+1j, 1, …, 2, -1-2j", "[[[0.5+1j … -1-2j]]]"),
        ("[0.791, 1.056, 2.111]; f64[4,3] 1, 2, …, 3, 4; 7", "[0.791 … 2.111]; [[1 … 4]]; 7"),
        ("[True, False, True, False]", "[True … False]"),
        ("", ""),
    ],
)
def test_long_arrays_by_their_ends(text, expected):
    assert brief(text) == expected


def test_lists_in_words():
    assert [both(list(text)) for text in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]
