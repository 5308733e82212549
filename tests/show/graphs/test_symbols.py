"""What variables are called in a picture: the user's names, numbered where they come again, and symbols."""

# ruff: noqa: RET504  # values are named on purpose

import numpy as np
import pytest

import wengert as wg


def operations(picture):
    return {node.title: node.formula for node in picture.graph.nodes if node.kind in ("operation", "box")}


def titles(picture, kind):
    return [node.title for node in picture.graph.nodes if node.kind == kind]


def perceptron(x, W1, b1, W2, b2):
    h = np.tanh(W1 @ x + b1)
    loss = np.sum((W2 @ h + b2 - 1.0) ** 2)
    return loss


PERCEPTRON = (np.ones(3), np.full((4, 3), 0.5), np.zeros(4), np.full((2, 4), 0.25), np.zeros(2))


def test_names_are_the_users_and_symbols_stand_for_what_has_none():
    picture = wg.graph(perceptron, *PERCEPTRON)
    assert titles(picture, "input") == ["x", "W1", "b1", "W2", "b2"]
    assert operations(picture) == {
        "v₁": "W1 @ x", "v₂": "v₁ + b1", "h": "tanh(v₂)", "v₄": "W2 @ h", "v₅": "v₄ + b2", "v₆": "v₅ - 1",
        "v₇": "v₆ ** 2", "loss": "sum(v₇)",
    }  # fmt: skip
    assert [(node.title, node.formula) for node in picture.graph.nodes if node.kind == "output"] == [("y", "loss")]
    labels = {(edge.source, edge.target): edge.label for edge in picture.graph.edges}
    assert labels["v3", "v4"] == "∂v₄/∂h: 2×4"


def test_cotangents_carry_the_mark_on_the_name():
    def f(x1, theta):
        for _ in range(2):
            x1 = x1 * theta
        rate = np.sin(x1)
        s = rate * 2.0
        return s

    nodes = {node.title: node.adjoint.split(" = ")[0] for node in wg.graph(f, 1.0, 2.0, adjoints=True).graph.nodes}
    assert nodes == {
        "x1": "x̄1", "theta": "theta_bar", "x1 = v₁": "v̄₁", "x1 = v₂": "v̄₂", "rate": "rate_bar", "s": "s̄", "y": "ȳ",
        "2": "",
    }  # fmt: skip


def test_a_name_that_comes_again_is_numbered_in_the_order_of_execution():
    def f(x):
        t = np.exp(np.sin(x))
        t = x * 2.0 + t * 0.0
        x = x + t
        x = x * x
        return x

    assert operations(wg.graph(f, 1.0)) == {
        "v₁": "sin(x)", "v₂": "x · 2", "t₁": "exp(v₁)", "v₄": "t₁ · 0", "t₂": "v₂ + v₄", "x₁": "x + t₂",
        "x₂": "x₁ · x₁",
    }  # fmt: skip


def test_a_call_of_several_statements_gives_its_name_to_the_last_one():
    def f(x):
        spread = np.std(x)
        return spread

    picture = wg.graph(f, np.arange(3.0))
    names = list(operations(picture))
    assert len(names) > 1
    assert [name for name in names if "spread" in name] == names[-1:] == ["spread"]
    assert [title for title in operations(wg.graph(f, np.arange(3.0), symbols=True)) if "spread" in title] == [
        f"spread = v{str(len(names)).translate(str.maketrans('0123456789', '₀₁₂₃₄₅₆₇₈₉'))}"
    ]


@pytest.mark.parametrize("adjoints", [False, True])
def test_symbols_are_those_of_the_tables(adjoints):
    picture = wg.graph(perceptron, *PERCEPTRON, symbols=True, adjoints=adjoints)
    assert titles(picture, "input") == ["x = v₋₄", "W1 = v₋₃", "b1 = v₋₂", "W2 = v₋₁", "b2 = v₀"]
    assert operations(picture)["h = v₃"] == "tanh(v₂)"
    if adjoints:
        assert picture.graph.nodes[1].adjoint.startswith("v̄₋₃ = ")


def test_a_user_who_calls_his_values_v1_and_v2_keeps_these_names():
    def f(x1, x2):
        v1 = np.log(x1) + x2
        v2 = v1 * v1
        return v2

    assert operations(wg.graph(f, 2.0, 5.0)) == {"w₁": "log(x1)", "v1": "w₁ + x2", "v2": "v1 · v1"}


def test_no_two_values_share_a_title():
    def f(p):
        v, w = p["v"], p["x₁"]
        for _ in range(3):
            v = np.sin(v) * w
        x = v + 1.0
        x = x * p["x"]
        return x, v

    picture = wg.graph(f, {"v": 1.0, "x₁": 2.0, "x": 3.0})
    found = [node.title for node in picture.graph.nodes if node.kind != "constant"]
    assert len(set(found)) == len(found)


def test_the_result_is_called_y_unless_another_value_is():
    def own(x):
        y = np.sin(x)
        return y

    def other(x):
        y = np.sin(x)
        return y * 2.0

    assert [(node.title, node.formula) for node in wg.graph(own, 1.0).graph.nodes[1:]] == [("y", "sin(x)"), ("y", "")]
    assert titles(wg.graph(other, 1.0), "output") == ["z"]
    assert titles(wg.graph(lambda y: y * 2.0, 1.0), "output") == ["z"]
    assert titles(wg.graph(lambda y, z: y * z, 1.0, 2.0, symbols=True), "output") == ["w"]
    assert titles(wg.graph(lambda y, z1: (y * z1, y), 1.0, 2.0), "output") == ["w1", "w2"]
    assert wg.graph(other, 1.0, adjoints=True, seed="z").graph.nodes[-1].adjoint == "z̄ = 1"


def test_several_values_of_one_statement_have_a_symbol_each():
    def f(a):
        found = np.linalg.eigh(a)
        return found[0][0] + found[1][0, 0]

    nodes = wg.graph(f, np.eye(2)).graph.nodes
    assert next(node.title for node in nodes if node.formula.startswith("eigh")) == "v₁, v₂"


# --- sub-lists --------------------------------------------------------------------------------------------------


def inside_of(picture):
    return next(node for node in picture.graph.nodes if node.inside is not None)


def test_a_loop_says_what_it_does():
    def f(x, w):
        s = wg.fori_loop(0, 5, lambda i, t: t * w, x)
        return s

    box = inside_of(wg.graph(f, 1.0, 2.0))
    assert (box.title, box.formula) == ("s", "fori_loop: i = 0 … 4, carries t, given w")
    assert [(node.title, node.formula) for node in box.inside.nodes if node.kind == "input"] == [
        ("w", ""), ("t", "x, then next t"),
    ]  # fmt: skip


def test_the_number_of_the_round_is_shown_where_it_is_read():
    box = inside_of(wg.graph(lambda x: wg.fori_loop(2, 5, lambda i, t: t * i, x), 1.0))
    assert [(node.title, node.formula) for node in box.inside.nodes if node.kind == "input"] == [
        ("i", "2, …, 4"), ("t", "x, then next t"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        (lambda x: wg.fori_loop(3, 4, lambda i, t: t * 2.0, x), "fori_loop: i = 3, carries t"),
        (lambda x: wg.while_loop(lambda c: c < 9.0, lambda c: c * 2.0, x), "while_loop: carries c"),
        (lambda x: wg.cond(x > 1, lambda a: a * 3.0, lambda a: a - 1.0, x), "cond: if v₁, given x"),
        (
            lambda x: wg.scan(lambda c, a: (c + a, c), x, np.ones(3), reverse=True)[0],
            "scan: k = 2 … 0, carries c, along [1, 1, 1]",
        ),
        (
            lambda x: wg.fori_loop(0, 2, lambda i, t: (t[0] + t[1], t[1] + t[2], t[2] + t[3], t[3] * 2.0), (x,) * 4)[0],
            "fori_loop: i = 0 … 1, carries t_0, t_1, …",
        ),
    ],
)
def test_control_statements_are_said_in_words(f, expected):
    assert inside_of(wg.graph(f, 1.0)).formula == expected


def test_in_a_sublist_values_have_the_names_of_the_user_too():
    def f(x, b):
        h = np.tanh(x) * b

        def body(i, s):
            step = np.sin(s) * h
            return s + step * (b + 1.0)

        return wg.fori_loop(0, 4, body, x * 2.0)

    inside = inside_of(wg.graph(f, 1.0, 2.0)).inside
    assert [(node.title, node.formula) for node in inside.nodes if node.kind not in ("constant", "output")] == [
        ("h", ""), ("b", ""), ("s", "v₂, then next s"), ("w₁", "sin(s)"), ("step", "w₁ · h"), ("w₃", "b + 1"),
        ("w₄", "step · w₃"), ("w₅", "s + w₄"),
    ]  # fmt: skip


@pytest.mark.parametrize("symbols", [False, True])
def test_a_value_without_a_name_has_its_symbol_in_a_sublist_too(symbols):
    def rounds(c, x):
        return wg.fori_loop(0, 4, lambda i, s: s * c, x)

    def f(x):
        return rounds(np.exp(np.sin(x * 3.0)), x)

    for picture in (wg.graph(f, 2.0, symbols=symbols), wg.graph(wg.trace(f)(2.0), symbols=symbols)):
        inside = inside_of(picture).inside
        assert [node.title for node in inside.nodes if node.kind == "input"] == ["v₃", "s"]
        assert [node.formula for node in inside.nodes if node.kind == "operation"] == ["s · v₃"]


# --- lists and tensors ------------------------------------------------------------------------------------------


def test_a_list_keeps_its_names_beside_those_of_the_user():
    lst = wg.trace(perceptron)(*PERCEPTRON)
    assert operations(wg.graph(lst))["h = v₃"] == "tanh(v₂)"
    derivative = operations(wg.graph(wg.adjoint(lst), fold="none"))
    assert derivative["h_bar = v3_bar"] == "v₁₇[..., 0]"
    assert [title for title in derivative if title.startswith("h = ")] == ["h = v₃"]


def test_a_tensor_has_the_names_of_its_leaves():
    w, x = wg.tensor(2.0, requires_grad=True), wg.tensor(3.0, requires_grad=True)
    picture = wg.make_dot(np.sin(w * x), params={"w": w})
    assert operations(picture) == {"v₁": "w · x2", "v₂": "sin(v₁)"}
    assert operations(wg.make_dot(np.sin(w * x), params={"w": w}, symbols=True)) == {"v₁": "v₋₁ · v₀", "v₂": "sin(v₁)"}
