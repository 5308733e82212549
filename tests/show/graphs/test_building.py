"""The model of a picture: each node, each edge, what stands in them."""

import numpy as np
import pytest

import wengert as wg
from wengert.show.graphs.building import graph_of
from wengert.show.graphs.folding import MOST
from wengert.show.graphs.model import Edge, Node
from wengert.show.notation import number_text
from wengert.show.numbering import by_depth


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def perceptron(x, W1, b1, W2, b2):
    h = np.tanh(W1 @ x + b1)
    return np.sum((W2 @ h + b2 - 1.0) ** 2)


PERCEPTRON = (np.ones(3), np.full((4, 3), 0.5), np.zeros(4), np.full((2, 4), 0.25), np.zeros(2))


def test_the_textbook_function_node_by_node_and_edge_by_edge():
    explanation = wg.explain(textbook, 2.0, 5.0, mode="reverse")
    graph = graph_of(explanation.tape, ["y"], adjoints=explanation.adjoints | {"y": np.float64(1)})
    note = next(node.note for node in graph.nodes if node.key == "v1")
    assert note.startswith("test_building.py:")
    assert note.endswith(": return np.log(x1) + x1 * x2 - np.sin(x2)")
    assert graph.nodes == (
        Node("x1", "input", "x1 = v₋₁", value="2", adjoint="v̄₋₁ = 5.5", count=0),
        Node("x2", "input", "x2 = v₀", value="5", adjoint="v̄₀ = 1.716", count=0),
        Node("v1", "operation", "v₁", "log(v₋₁)", value="0.693", adjoint="v̄₁ = 1", note=note),
        Node("v2", "operation", "v₂", "v₋₁ · v₀", value="10", adjoint="v̄₂ = 1", note=note),
        Node("v3", "operation", "v₃", "sin(v₀)", value="-0.959", adjoint="v̄₃ = -1", note=note),
        Node("v4", "operation", "v₄", "v₁ + v₂", value="10.693", adjoint="v̄₄ = 1", note=note),
        Node("v5", "operation", "v₅", "v₄ - v₃", value="11.652", adjoint="v̄₅ = 1", note=note),
        Node("y", "output", "y", "v₅", value="11.652", adjoint="ȳ = 1", count=0),
    )
    assert graph.edges == (
        Edge("x1", "v1", 0, "1 / v₋₁ = 0.5"),
        Edge("x1", "v2", 0, "v₀ = 5"),
        Edge("x2", "v2", 1, "v₋₁ = 2"),
        Edge("x2", "v3", 0, "cos(v₀) = 0.284"),
        Edge("v1", "v4", 0, "1"),
        Edge("v2", "v4", 1, "1"),
        Edge("v4", "v5", 0, "1"),
        Edge("v3", "v5", 1, "-1"),
        Edge("v5", "y"),
    )


def test_what_is_not_wanted_is_empty():
    graph = graph_of(by_depth(wg.tape(textbook, 2.0, 5.0)), ["y"], values=False, partials=False)
    assert not any(node.value or node.adjoint for node in graph.nodes)
    assert not any(edge.label for edge in graph.edges)


def test_a_perceptron_has_shapes_names_and_sizes_of_jacobians():
    graph = wg.graph(perceptron, *PERCEPTRON).graph
    nodes = {node.key: node for node in graph.nodes}
    assert [key for key, node in nodes.items() if node.kind == "input"] == ["x", "W1", "b1", "W2", "b2"]
    assert (nodes["W1"].type, nodes["W1"].title) == ("f64[4,3]", "W1")
    assert (nodes["v3"].title, nodes["v3"].formula, nodes["v3"].type) == ("h", "tanh(v₂)", "f64[4]")
    assert [(node.kind, node.title) for node in graph.nodes if node.kind == "constant"] == [
        ("constant", "1"),
        ("constant", "2"),
    ]
    labels = {(edge.source, edge.target): edge.label for edge in graph.edges}
    assert labels["W1", "v1"] == "∂v₁/∂W1: 4×12"
    assert labels["v2", "v3"] == "sech²(v₂)"
    assert labels["v5", "v6"] == "1"
    assert labels["v7", "v8"] == "∂v₈/∂v₇: 1×2"
    assert nodes["y"].value == nodes["v8"].value != ""


def test_a_loop_is_a_box_with_its_body_inside():
    def f(x, w):
        return wg.fori_loop(0, 10, lambda i, c: c + np.sin(c) * w, x)

    graph = wg.graph(f, 1.0, 2.0, adjoints=True).graph
    (box,) = [node for node in graph.nodes if node.kind == "box"]
    assert (box.key, box.title, box.formula, box.is_open, box.count) == (
        "v1", "c", "fori_loop: i = 0 … 9, carries c, given w", True, 3,
    )  # fmt: skip
    assert box.value == wg.graph(lambda x: x + 0.0, f(1.0, 2.0)).graph.nodes[0].value
    assert [(node.key, node.kind, node.title, node.formula) for node in box.inside.nodes] == [
        ("v1.body.w", "input", "w", ""),
        ("v1.body.c", "input", "c", "x, then next c"),
        ("v1.body.w1", "operation", "u₁", "sin(c)"),
        ("v1.body.w2", "operation", "u₂", "u₁ · w"),
        ("v1.body.w3", "operation", "u₃", "c + u₂"),
        ("v1.body.out1", "output", "next c", "u₃"),
    ]
    assert [(edge.source, edge.target, edge.label) for edge in box.inside.edges][:2] == [
        ("v1.body.c", "v1.body.w1", "cos(c)"),
        ("v1.body.w1", "v1.body.w2", "w"),
    ]
    gradient = wg.grad(f, (0, 1))(1.0, 2.0)
    assert [node.adjoint for node in graph.nodes[:2]] == [
        f"{symbol} = {number_text(value, 3)}" for symbol, value in zip(("x̄", "w̄"), gradient, strict=True)
    ]


def test_of_a_choice_the_list_that_was_taken_has_values():
    def f(x):
        return wg.cond(x > 1, lambda a: a * 3, lambda a: a - 1, x)

    (box,) = [node for node in wg.graph(f, 2.0).graph.nodes if node.kind == "box"]
    false, true = box.inside.nodes
    assert (false.title, true.title) == ("false", "true, taken")
    assert [node.value for node in false.inside.nodes if node.kind == "operation"] == [""]
    assert [node.value for node in true.inside.nodes if node.kind == "operation"] == ["6"]
    assert box.inside.edges == ()


def test_a_while_loop_and_a_scan_say_what_goes_round():
    def f(x):
        y = wg.while_loop(lambda c: c < 100.0, lambda c: c * 2.0, x)

        def step(c, a):
            return c + a, c * a

        return wg.scan(step, y, np.arange(3.0))

    boxes = [node for node in wg.graph(f, 1.0).graph.nodes if node.kind == "box"]
    test, body = boxes[0].inside.nodes
    assert [node.title for node in test.inside.nodes if node.kind == "output"] == ["goes on"]
    assert [(node.title, node.formula) for node in body.inside.nodes if node.kind == "input"] == [
        ("c", "x, then next c")
    ]
    assert [(node.title, node.formula) for node in boxes[1].inside.nodes if node.kind in ("input", "output")] == [
        ("c", "y, then next c"), ("a", "[0, 1, 2][k]"), ("next c", "w₁"), ("v₃", "w₂"),
    ]  # fmt: skip


def test_a_statement_with_several_targets_is_one_node():
    def f(a):
        w, v = np.linalg.eigh(a)
        return np.sum(w) + v[0, 0]

    graph = wg.graph(f, np.diag([1.0, 2.0]) + 0.1).graph
    (node,) = [node for node in graph.nodes if node.formula.startswith("eigh")]
    first, second = (name for name in node.title.split(" = ")[-1].split(", "))
    assert node.type == "f64[2], f64[2,2]"
    assert first != second
    read = [edge for edge in graph.edges if edge.source == node.key]
    assert len(read) == 2
    (edge,) = [edge for edge in graph.edges if edge.target == node.key]
    assert edge.label == f"∂({first}, {second})/∂a"


def test_both_operands_of_a_square_written_as_a_product_have_edges():
    graph = wg.graph(lambda x: x * x, 3.0).graph
    assert [(edge.source, edge.target, edge.operand, edge.label) for edge in graph.edges[:2]] == [
        ("x", "v1", 0, "x = 3"), ("x", "v1", 1, "x = 3"),
    ]  # fmt: skip


def test_integers_have_no_partials_and_flat_operations_have_zero():
    graph = wg.graph(lambda x, n: np.floor(x) + n, 2.5, 3).graph
    labels = {(edge.source, edge.target): edge.label for edge in graph.edges}
    assert labels["x", "v1"] == "0"
    assert labels["n", "v2"] == ""
    assert labels["v1", "v2"] == "1"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "α β", "x#2", ""])
def test_keys_are_made_of_plain_characters_and_unique(name):
    graph = wg.graph(lambda p: p[name] * p[name + "'"] + 1.0, {name: 2.0, name + "'": 3.0}).graph
    keys = [node.key for node in graph.nodes]
    assert len(set(keys)) == len(keys)
    assert all(set(key) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") for key in keys)
    assert keys[2] in ("v1", "v1.1")


def test_many_constants_of_one_statement_stand_in_one_box():
    graph = wg.graph(lambda x: np.stack([x, *map(float, range(100))]), 1.0).graph
    box = next(node for node in graph.nodes if node.title == "100 constants" or "constants" in node.title)
    assert box.kind == "box"
    assert len(graph.nodes) < MOST


def test_a_list_has_its_own_names_and_no_values():
    lst = wg.adjoint(wg.trace(lambda x1, x2: np.sin(x1) * x2)(1.0, 2.0))
    graph = wg.graph(lst).graph
    assert [node.title for node in graph.nodes if node.kind == "input"] == ["x1", "x2", "v2_bar"]
    assert "x1_bar" in [node.key for node in graph.nodes]
    assert not any(node.value for node in graph.nodes if node.kind != "constant")
    values = {node.key: node.value for node in wg.graph(lst, 1.0, 2.0, 1.0).graph.nodes}
    assert values["x1_bar"] == "1.081"
    assert wg.graph(lst.tape(1.0, 2.0, 1.0)).graph == wg.graph(lst, 1.0, 2.0, 1.0).graph
