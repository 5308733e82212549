"""Large graphs are folded into boxes that can be read, are acyclic at each level, and lose nothing."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from show.graphs.levels import graphs_in
from wengert.errors import Location
from wengert.show.graphs.folding import MOST, Item, folded
from wengert.show.graphs.model import Edge, Node

PORTS = 8


def assert_drawable(graph):
    """Keys are unique in the whole picture; at each level edges have both ends and lead forward."""
    keys = [node.key for each in graphs_in(graph) for node in each.nodes]
    assert len(set(keys)) == len(keys)
    for each in graphs_in(graph):
        place = {node.key: k for k, node in enumerate(each.nodes)}
        assert all(place[edge.source] < place[edge.target] for edge in each.edges)


def assert_readable(graph):
    for each in graphs_in(graph):
        ports = sum(1 for node in each.nodes if "." in node.key and node.kind in ("input", "output"))
        assert ports <= 2 * PORTS
        assert len(each.nodes) - ports <= MOST


def program(places, reads, outputs):
    """Statements v1, v2, … at places, each of which reads some earlier ones, as parts of a graph."""
    inputs = [Node("x", "input", "x", count=0)]
    names = ["x", *(f"v{k + 1}" for k in range(len(places)))]
    items, edges = [], []
    for k, (where, operands) in enumerate(zip(places, reads, strict=True)):
        items.append(Item((Node(names[k + 1], "operation", names[k + 1]),), where, f"p{k % 3}"))
        edges += [Edge(names[i % (k + 1)], names[k + 1], number) for number, i in enumerate(operands)]
    ends = [Node(f"y{k}", "output", f"y{k}", count=0) for k in range(len(outputs))]
    edges += [Edge(names[i % len(names)], end.key) for i, end in zip(outputs, ends, strict=True)]
    return inputs, items, ends, edges


def fold(parts, how="auto"):
    inputs, items, outputs, edges = parts
    numbers = itertools.count(1)
    return folded(
        inputs, items, outputs, edges, fold=how, main="main", title="f", new_key=lambda: f"box{next(numbers)}"
    )


LINES = st.one_of(
    st.none(),
    st.builds(
        Location,
        st.sampled_from(["model.py", "other.py"]),
        st.integers(1, 12),
        st.sampled_from(["main", "helper", "third"]),
        st.sampled_from(["", "", "x"]),
    ),
)


@st.composite
def programs(draw):
    """Random statements, among them a block that comes again and again."""
    block = draw(st.lists(LINES, min_size=1, max_size=8))
    places = [
        *draw(st.lists(LINES, max_size=30)),
        *block * draw(st.integers(0, 60)),
        *draw(st.lists(LINES, max_size=30)),
    ]
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    near = draw(st.booleans())
    reads = [
        [
            int(max(k - random.integers(0, 5), 0) if near else random.integers(0, k + 1))
            for _ in range(random.integers(0, 4))
        ]
        for k in range(len(places))
    ]
    outputs = [int(i) for i in random.integers(0, len(places) + 1, draw(st.integers(1, 20)))]
    return program(places, reads, outputs)


@settings(max_examples=150)
@given(programs(), st.sampled_from(["auto", "line", "function", "none"]))
def test_folding_loses_nothing_and_makes_no_circle(parts, how):
    _, items, _, edges = parts
    graph = fold(parts, how)
    assert_drawable(graph)
    found = Counter(node.key for each in graphs_in(graph) for node in each.nodes if node.kind == "operation")
    assert found == Counter(item.nodes[-1].key for item in items)  # every statement is in exactly one box
    assert sum(node.count for node in graph.nodes) == len(items)
    for each in graphs_in(graph):
        for node in each.nodes:
            if node.inside is not None and node.count:
                assert node.count == sum(inner.count for inner in node.inside.nodes)
    # An edge is drawn once where its ends part, and further only at the borders of boxes.
    inner = sum(
        edge.count
        for each in graphs_in(graph)
        for edge in each.edges
        if not is_port(edge.source) and not is_port(edge.target)
    )
    assert inner == len(edges)
    if how != "none":
        assert_readable(graph)


def is_port(key):
    return "." in key


@settings(max_examples=60)
@given(programs())
def test_every_edge_can_be_followed_through_the_borders(parts):
    _, _, _, edges = parts
    graph = fold(parts)
    where, boxes = {}, {}
    for each in graphs_in(graph):
        for node in each.nodes:
            if not is_port(node.key):
                where[node.key] = each
            if node.inside is not None:
                boxes[id(node.inside)] = node
    for edge in edges:
        assert reaches_border(where, boxes, graph, edge.source, edge.target)


def line_of(where, boxes, graph, key):
    """The keys of a node and of the boxes around it, the outermost first, each with the graph that it is in."""
    line = [(key, where[key])]
    while where[line[0][0]] is not graph:
        box = boxes[id(where[line[0][0]])]
        line.insert(0, (box.key, where[box.key]))
    return line


def reaches_border(where, boxes, graph, source, target):
    sources, targets = (line_of(where, boxes, graph, key) for key in (source, target))
    common = 0
    while sources[common][0] == targets[common][0]:
        common += 1
    ends = {(edge.source, edge.target) for edge in sources[common][1].edges}
    if (sources[common][0], targets[common][0]) not in ends:
        return False
    leaves = all(any(e.source == key and is_port(e.target) for e in each.edges) for key, each in sources[common + 1 :])
    enters = all(any(e.target == key and is_port(e.source) for e in each.edges) for key, each in targets[common + 1 :])
    return leaves and enters


# --- programs ---------------------------------------------------------------------------------------------------


def descent(x):
    for _ in range(1000):
        x = x - 0.1 * np.sin(x)
    return x


def force(state, stiffness):
    x, v = state
    return v, -stiffness * x - 0.1 * v


def oscillator(x, v, stiffness):
    energy = 0.0
    for _ in range(100):
        dx, dv = force((x, v), stiffness)
        x = x + 0.01 * dx
        v = v + 0.01 * dv
        energy = energy + v * v
    return energy / 100 + np.log(x * x + 1)


def nested(x, w):
    s = 0.0
    for i in range(30):
        a = x * i
        for j in range(20):
            a = np.tanh(a * w)
            if j % 3 == 0:
                a = a + 1.0
            s = s + a
        x = x + a
    return s


def box_of(graph):
    return next(node for node in graph.nodes if node.kind == "box")


def test_one_line_that_is_executed_a_thousand_times_is_one_box():
    graph = wg.graph(descent, 1.0).graph
    assert [node.kind for node in graph.nodes] == ["input", "box", "output"]
    box = graph.nodes[1]
    first = descent.__code__.co_firstlineno
    assert box.title == f"test_folding.py:{first + 2} ×1,000"
    assert box.formula == "for _ in range(1000):"
    assert box.note == f"test_folding.py:{first + 2}: x = x - 0.1 * np.sin(x)"
    assert box.count == 3000
    assert [node.title for node in box.inside.nodes][:3] == ["x", "iterations 1–40", "iterations 41–80"]
    rounds = box_of(box.inside).inside
    assert [node.title for node in rounds.nodes][1:3] == ["iteration 1", "iteration 2"]
    assert [node.formula for node in box_of(rounds).inside.nodes if node.kind == "operation"] == [
        "sin(x)",
        "0.1 · v₁",
        "x - v₂",
    ]


def test_a_loop_over_several_lines_that_calls_a_function_is_recognised():
    graph = wg.graph(oscillator, 1.0, 0.0, 2.0).graph
    box = box_of(graph)
    first = oscillator.__code__.co_firstlineno
    assert (box.title, box.formula, box.count) == (
        f"test_folding.py:{first + 4}–{first + 6} ×100", "for _ in range(100):", 1000,
    )  # fmt: skip
    iteration = box_of(box_of(box.inside).inside if "iterations" in box_of(box.inside).title else box.inside)
    assert iteration.title == "iteration 1"
    assert iteration.count == 10
    assert [node.title for node in iteration.inside.nodes if node.kind == "input"] == [
        "stiffness", "v", "x",
    ]  # fmt: skip
    assert {node.title for node in iteration.inside.nodes if node.kind == "output"} == {"x₁", "v₁", "energy₁"}


def test_loops_in_loops_are_boxes_in_boxes():
    outer = box_of(wg.graph(nested, 1.0, 0.5).graph)
    assert (outer.title.split()[-1], outer.formula) == ("×30", "for i in range(30):")
    iteration = box_of(outer.inside)
    inner = box_of(iteration.inside)
    assert (inner.title.split()[-1], inner.formula) == ("×20", "for j in range(20):")
    assert [node.count for node in inner.inside.nodes if node.kind == "box"] == [
        4 if j % 3 == 0 else 3 for j in range(20)
    ]


def test_calls_from_different_lines_are_no_loop():
    def layer(x):
        z = x * 2.0 + 1.0
        return np.tanh(z) - 0.5

    def net(x):
        a = layer(x) + 1.0
        b = layer(a) + 2.0
        c = layer(b) + 3.0
        d = layer(c) + 4.0
        e = layer(d) + 5.0
        return layer(e) + a + b + c

    titles = [node.title for node in wg.graph(net, 1.0).graph.nodes if node.kind == "box"]
    assert titles
    assert not any("×" in title for title in titles)


def test_calls_of_a_function_without_lines_between_them_are_a_loop():
    def layer(x, w):
        z = x * w + 1.0
        return np.tanh(z)

    def net(x, w):
        for _ in range(30):
            x = layer(x, w)
        return x

    assert box_of(wg.graph(net, 1.0, 0.5).graph).title.split()[-1] == "×30"


def test_the_same_folds_are_found_in_the_order_by_depth():
    from wengert.show.graphs.building import graph_of

    tape = wg.explain(nested, 1.0, 0.5, mode="forward", max_rows=1).tape
    assert box_of(graph_of(tape, ["y"])).formula == "for i in range(30):"


def test_without_lines_a_pattern_of_operations_is_folded():
    x = wg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(50):
        y = np.sin(y) * 1.5 + x
    graph = wg.make_dot(y).graph
    assert_readable(graph)
    (box,) = [node for node in graph.nodes if node.kind == "box"]
    assert box.title == "sin, multiply, add ×50"


def test_many_inputs_and_outputs_are_folded_too():
    graph = wg.graph(lambda xs: [2 * x for x in xs], [1.0] * 500).graph
    assert len(graph.nodes) <= MOST
    assert graph.nodes[0].title == "500 inputs"
    assert graph.nodes[-1].title == "500 outputs"
    assert_drawable(graph)


@pytest.mark.parametrize("how", ["line", "function"])
def test_lines_and_functions_are_folded_on_demand(how):
    def layer(x, w):
        z = x * w + 1.0
        return np.tanh(z)

    def net(x, w):
        return layer(layer(x, w) * 2.0, w)

    titles = [node.title for node in wg.graph(net, 1.0, 2.0, fold=how).graph.nodes if node.kind == "box"]
    first = layer.__code__.co_firstlineno
    assert titles == {"line": [f"test_folding.py:{first + 1}"] * 2, "function": ["layer", "layer"]}[how]


def test_a_program_of_ten_thousand_statements_is_readable():
    def f(x, w):
        for _ in range(2500):
            x = np.tanh(x * w) + 0.5 * w
        return x

    picture = wg.graph(f, 1.0, 0.5)
    assert_drawable(picture.graph)
    assert_readable(picture.graph)
    assert sum(node.count for node in picture.graph.nodes) == 10_000


def test_statements_in_a_row_without_any_repetition_become_ranges():
    places = [Location("long.py", k + 1, "main") for k in range(5000)]
    graph = fold(program(places, [[k] for k in range(5000)], [5000]))
    assert_readable(graph)
    assert_drawable(graph)
    assert graph.nodes[1].title == "long.py:1–200"


def test_a_hundred_thousand_statements_are_folded():
    # A method quadratic in the length would not come to an end here.
    places = [Location("model.py", 1 + k % 7, "main") for k in range(100_000)]
    graph = fold(program(places, [[k] for k in range(len(places))], [len(places)]))
    assert_readable(graph)
    assert [node.title for node in graph.nodes] == ["x", "model.py:1–7 ×14,286", "y0"]
