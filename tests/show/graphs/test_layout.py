"""Where nodes, edges and texts stand: nothing overlaps, nothing is outside, everything flows one way."""

from __future__ import annotations

from itertools import combinations, pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from show.graphs.drawn_graphs import TEXTBOOK, chain, graphs
from wengert.show.graphs import placing, ranking
from wengert.show.graphs.aligning import aligned
from wengert.show.graphs.layout import SIZES, Layout, Shape, Words, laid_out
from wengert.show.graphs.lettering import columns, shortened, width
from wengert.show.graphs.model import Edge, Graph, Node
from wengert.show.graphs.ordering import crossings, ordered
from wengert.show.graphs.placing import Block, Line, placed
from wengert.show.graphs.ranking import ranks

DIRECTIONS = ("down", "right")
TINY = 1e-6  # pixels: what is lost in rounding
Box = tuple[float, float, float, float]  # left, top, right, bottom


def of_shape(shape: Shape) -> Box:
    return shape.x, shape.y, shape.x + shape.width, shape.y + shape.height


def of_words(words: Words) -> Box:
    across = width(words.text, SIZES.get(words.kind, SIZES["label"]))
    left = {"start": words.x, "middle": words.x - across / 2, "end": words.x - across}[words.anchor]
    size = SIZES.get(words.kind, SIZES["label"])
    return left, words.y - 0.8 * size, left + across, words.y + 0.25 * size


def overlap(a: Box, b: Box) -> bool:
    return min(a[2], b[2]) - max(a[0], b[0]) > TINY and min(a[3], b[3]) - max(a[1], b[1]) > TINY


def contains(a: Box, b: Box) -> bool:
    return min(b[0] - a[0], b[1] - a[1], a[2] - b[2], a[3] - b[3]) > -TINY


def frames_around(layout: Layout) -> dict[str, set[str]]:
    """The keys of the boxes that each node is in, at any depth."""
    outer = {shape.node.key: shape.inside_of for shape in layout.shapes}
    around = {"": set()}
    for shape in layout.shapes:
        around[shape.node.key] = {outer[shape.node.key], *around[outer[shape.node.key]]} - {""}
    return around


def points(runs: tuple[tuple[float, float, float, float], ...], direction: str) -> list[tuple[float, float]]:
    """Places on an edge: its straight pieces, and the curves between them as `drawing` writes them."""
    found = []
    for (_, _, x0, y0), (x1, y1, _, _) in pairwise(runs):
        if direction == "down":
            controls = [(x0, y0), (x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2), (x1, y1)]
        else:
            controls = [(x0, y0), ((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1), (x1, y1)]
        for t in (k / 12 for k in range(13)):
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
            found.append(tuple(sum(w * c[i] for w, c in zip(weights, controls, strict=True)) for i in (0, 1)))
    for x0, y0, x1, y1 in runs:
        found += [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for t in (0, 0.25, 0.5, 0.75, 1)]
    return found


def is_within(point: tuple[float, float], box: Box, slack: float = 0.5) -> bool:
    return box[0] + slack < point[0] < box[2] - slack and box[1] + slack < point[1] < box[3] - slack


def check(layout: Layout) -> None:
    """All that must hold of any layout."""
    page = (0.0, 0.0, layout.width, layout.height)
    around = frames_around(layout)
    boxes = {shape.node.key: of_shape(shape) for shape in layout.shapes}
    labels = [(of_words(words), arrow) for arrow in layout.arrows for words in arrow.words]
    for box in (*boxes.values(), *(box for box, _ in labels)):
        assert contains(page, box)
    for a, b in combinations(layout.shapes, 2):
        if a.node.key in around[b.node.key]:
            assert contains(boxes[a.node.key], boxes[b.node.key])
        else:
            assert not overlap(boxes[a.node.key], boxes[b.node.key])
    for shape in layout.shapes:
        for words in shape.words:
            assert contains(boxes[shape.node.key], of_words(words))
            assert not any(
                overlap(of_words(words), boxes[key]) for key, outer in around.items() if shape.node.key in outer
            )
    for (a, _), (b, _) in combinations(labels, 2):
        assert not overlap(a, b)
    for box, arrow in labels:
        for key, of_node in boxes.items():
            in_frame = key == arrow.inside_of or key in around[arrow.inside_of]
            assert contains(of_node, box) if in_frame else not overlap(of_node, box)
    check_arrows(layout, boxes, labels, around)


def check_arrows(layout: Layout, boxes: dict[str, Box], labels: list, around: dict[str, set[str]]) -> None:
    flow = 1 if layout.direction == "down" else 0
    for arrow in layout.arrows:
        runs = arrow.runs
        steps = [at for run in runs for at in (run[flow], run[flow + 2])]
        assert all(after > before - TINY for before, after in pairwise(steps))
        assert steps[-1] > steps[0]
        assert runs[-1][flow + 2] == pytest.approx(boxes[arrow.edge.target][flow])
        assert boxes[arrow.edge.target][1 - flow] < runs[-1][1 - flow] < boxes[arrow.edge.target][3 - flow]
        if not any(words.kind == "name" for words in arrow.words):
            assert runs[0][flow] == pytest.approx(boxes[arrow.edge.source][flow + 2])
        outside = [box for key, box in boxes.items() if key != arrow.inside_of and key not in around[arrow.inside_of]]
        outside += [box for box, _ in labels]
        assert not any(is_within(point, box) for point in points(runs, layout.direction) for box in outside)


# --- Whole layouts ---------------------------------------------------------------------------------------------------


@given(graphs(), st.sampled_from(DIRECTIONS))
@settings(max_examples=60, deadline=None)
def test_nothing_overlaps_and_edges_flow_one_way(graph, direction):
    check(laid_out(graph, direction))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(("count", "reach"), [(40, 2), (40, 15), (120, 5), (150, 60)])
def test_longer_programs(count, reach, direction):
    check(laid_out(chain(count, reach), direction))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_textbook(direction):
    layout = laid_out(TEXTBOOK, direction)
    check(layout)
    at = {shape.node.key: (shape.x + shape.width / 2, shape.y + shape.height / 2) for shape in layout.shapes}
    flow = 1 if direction == "down" else 0
    rows = {key: place[flow] for key, place in at.items()}
    assert rows["v1"] == pytest.approx(rows["v2"]) == pytest.approx(rows["v3"])
    assert rows["x1"] < rows["v1"] < rows["v4"] < rows["y"]
    across = {key: place[1 - flow] for key, place in at.items()}
    assert across["x1"] < across["x2"]
    assert across["v1"] < across["v2"] < across["v3"]
    assert max(layout.width, layout.height) < 700


def test_chain_is_straight_and_its_leaves_are_beside():
    nodes, edges, last = [Node("v0", "input", "x")], [], "v0"
    for k in range(1, 8):
        nodes += [Node(f"w{k}", "input", f"weights{k}"), Node(f"v{k}", "operation", f"v{k}", f"weights{k} @ {last}")]
        edges += [Edge(f"w{k}", f"v{k}", 0), Edge(last, f"v{k}", 1)]
        last = f"v{k}"
    shapes = {shape.node.key: shape for shape in laid_out(Graph(tuple(nodes), tuple(edges))).shapes}
    middles = [shapes[f"v{k}"].x + shapes[f"v{k}"].width / 2 for k in range(1, 8)]
    assert middles == pytest.approx([middles[0]] * 7)
    assert all(shapes[f"w{k}"].y + shapes[f"w{k}"].height < shapes[f"v{k}"].y for k in range(1, 8))


def test_repeated_operand_has_two_edges_apart():
    graph = Graph((Node("x", "input", "x"), Node("y", "output", "y", "x · x")), (Edge("x", "y", 0), Edge("x", "y", 1)))
    first, second = laid_out(graph).arrows
    assert min(abs(a[0] - b[0]) for a, b in zip(first.runs, second.runs, strict=True)) >= 5


def test_empty_and_single():
    empty = laid_out(Graph((), ()))
    assert empty.shapes == empty.arrows == ()
    assert empty.width > 0 < empty.height
    (shape,) = laid_out(Graph((Node("x", "input", "x"),), ())).shapes
    assert shape.node.key == "x"


def test_unread_inputs_stand_beside():
    nodes = (*TEXTBOOK.nodes, *(Node(f"u{k}", "input", f"u{k}") for k in range(3)))
    layout = laid_out(Graph(nodes, TEXTBOOK.edges))
    check(layout)
    right = max(shape.x + shape.width for shape in layout.shapes if not shape.node.key.startswith("u"))
    assert all(shape.x > right for shape in layout.shapes if shape.node.key.startswith("u"))


def test_many_parts_fill_a_page():
    nodes = tuple(Node(f"x{k}", "input", f"x{k}") for k in range(500))
    layout = laid_out(Graph(nodes, ()))
    check(layout)
    assert 1 / 3 < layout.width / layout.height < 3


def test_five_hundred_operands():
    nodes = (*(Node(f"x{k}", "input", f"x{k}") for k in range(500)), Node("y", "output", "y", "sum of 500"))
    check(laid_out(Graph(nodes, tuple(Edge(f"x{k}", "y", k) for k in range(500)))))


def test_what_is_read_everywhere_is_named_at_its_readers():
    nodes, edges, last = [Node("W", "input", "W"), Node("h0", "input", "h0")], [], "h0"
    for k in range(1, 41):
        nodes.append(Node(f"h{k}", "operation", f"h{k}", f"W @ {last}"))
        edges += [Edge("W", f"h{k}", 0, "∂"), Edge(last, f"h{k}", 1)]
        last = f"h{k}"
    layout = laid_out(Graph(tuple(nodes), tuple(edges)))
    check(layout)
    named = [arrow for arrow in layout.arrows if any(words.kind == "name" for words in arrow.words)]
    assert len(named) > 30
    assert all(arrow.edge.source == "W" for arrow in named)
    assert {words.text for arrow in named for words in arrow.words} == {"W", "∂"}
    assert layout.width < 400


def test_open_boxes_nest():
    graph = TEXTBOOK
    for depth in range(3):
        graph = Graph((Node(f"b{depth}", "box", f"b{depth}", inside=graph, is_open=True),), ())
    layout = laid_out(graph)
    check(layout)
    assert [shape.node.key for shape in layout.shapes][:3] == ["b2", "b1", "b0"]
    assert layout.shapes[-1].inside_of == "b0"


def test_deep_nests_do_not_recurse():
    graph = Graph((Node("x", "input", "x"),), ())
    for depth in range(3000):
        graph = Graph((Node(f"b{depth}", "box", "call", inside=graph, is_open=True),), ())
    assert len(laid_out(graph).shapes) == 3001


def test_same_at_every_run():
    graph = chain(150, 12)
    assert laid_out(graph) == laid_out(graph)


def test_closed_box_shows_how_much_is_in_it():
    box = Node("b", "box", "model.py:4", count=1200, inside=TEXTBOOK)
    (shape,) = laid_out(Graph((box,), ())).shapes
    assert [words.text for words in shape.words] == ["model.py:4", "1,200 statements"]


def test_constant_that_is_called_by_its_value_says_it_once():
    (shape,) = laid_out(Graph((Node("c", "constant", "0.5", "0.5"),), ())).shapes
    assert [words.text for words in shape.words] == ["0.5"]


# --- Parts of it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("sin(x)", 6),
        ("v̄₋₁", 3),
        ("ẋ1", 2),
        ("x̄₃ = 5.5", 8),
        ("函数", 4),
        ("𝑥", 2),
        ("∂y/∂x → 0 ≤ α·β", 15),
    ],
)
def test_columns(text, expected):
    assert columns(text) == expected


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("a b c d", 5, "a b…"),
        ("v̄₃v̄₃v̄₃", 5, "v̄₃v̄₃…"),
        ("函数函数", 4, "函…"),
        ("", 4, ""),
    ],
)
def test_shortened(text, most, expected):
    assert shortened(text, most) == expected
    assert columns(expected) <= most


@given(st.text(max_size=50), st.integers(1, 40))
def test_shortened_fits(text, most):
    short = shortened(text, most)
    assert columns(short) <= most
    assert short == text or text.startswith(short[:-1])


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_rows_are_as_short_as_integer_search_finds(data):
    """Against all assignments of up to five vertices to rows."""
    count = data.draw(st.integers(2, 5))
    spans = [(data.draw(st.integers(0, k - 1)), k, data.draw(st.integers(1, 2))) for k in range(1, count)]
    if count > 2:
        spans += [(0, data.draw(st.integers(1, count - 1)), 1), (data.draw(st.integers(0, count - 2)), count - 1, 1)]
    rows = ranks(count, spans)
    assert min(rows) == 0
    assert all(rows[b] - rows[a] >= length for a, b, length in spans)
    found = sum(rows[b] - rows[a] for a, b, _ in spans)
    assert found == min(_lengths(count, spans))


def test_rows_of_large_graphs_are_those_of_the_other_method(monkeypatch):
    draw = np.random.default_rng(2)
    spans = [(int(draw.integers(0, k)), k, 1) for k in range(1, 200) for _ in range(2)]
    found = ranks(200, spans)
    monkeypatch.setattr(ranking, "_MANY", 1)
    assert ranks(200, spans) == found


def test_rows_without_a_solution_of_the_program(monkeypatch):
    monkeypatch.setattr("scipy.optimize.milp", lambda *_, **__: SimpleNamespace(success=False))
    assert ranks(4, [(1, 3, 1), (0, 1, 2), (0, 2, 1), (2, 3, 1)]) == [0, 2, 1, 3]


def _lengths(count, spans):
    most = 2 * count
    waiting = [(0,), *((k,) for k in range(1, 3))]
    while waiting:
        rows = waiting.pop()
        k = len(rows)
        if k == count:
            yield sum(rows[b] - rows[a] for a, b, _ in spans)
            continue
        least = max((rows[a] + length for a, b, length in spans if b == k), default=0)
        waiting += [(*rows, row) for row in range(least, most)]


def test_crossings_are_counted():
    down = [[3, 4], [3], [4], [], []]
    assert crossings([[0, 1, 2], [3, 4]], down) == 1
    assert crossings([[1, 0, 2], [3, 4]], down) == 0
    assert crossings([[2, 0, 1], [3, 4]], down) == 3


def test_tree_is_drawn_without_crossings_in_the_order_of_its_operands():
    rows = [0, 0, 0, 0, 1, 1, 2]
    up = [[], [], [], [], [3, 0], [1, 2], [4, 5]]
    down = [[4], [5], [5], [4], [6], [6], []]
    assert ordered(rows, up, down) == [[3, 0, 1, 2], [4, 5], [6]]


@pytest.mark.parametrize(("count", "reach"), [(30, 10), (100, 25), (300, 4), (300, 60)])
def test_quick_orders_have_few_more_crossings(monkeypatch, count, reach):
    found = {False: 0, True: 0}

    def counted(rows, up, down, quickly):
        order = ordered(rows, up, down, quickly=quickly)
        assert sorted(v for row in order for v in row) == list(range(len(rows)))
        assert all(rows[v] == k for k, row in enumerate(order) for v in row)
        found[quickly] += crossings(order, down)
        return order

    monkeypatch.setattr(placing, "ordered", counted)
    for quickly in found:
        for seed in range(3):
            laid_out(chain(count, reach, seed), quickly=quickly)
    assert found[True] <= 1.2 * found[False]


def test_long_edge_is_straight_where_short_ones_cross_it():
    # 0 → 3 → 6 is a long edge with a bend at 3; 1 → 4 and 2 → 5 are short.
    order = [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    up = [[], [], [], [0], [1], [2], [4], [3], [5]]
    down = [[3], [4], [5], [7], [6], [8], [], [], []]
    bends = [False, False, False, True, False, False, False, True, False]
    places = aligned(order, up, (up, down), bends, [(10, 10)] * 9)
    assert places[3] == pytest.approx(places[7])


def test_texts_of_a_targets_edges_stand_at_the_outside():
    blocks = [Block(40, 30, 10)] * 3
    lines = [Line(0, 2, (50, 14)), Line(1, 2, (70, 14))]
    placement = placed(blocks, lines)
    (left, _), (right, _) = placement.texts
    assert left < placement.runs[0][1][0] < placement.runs[1][1][0] < right


def test_budget_of_bends_names_the_longest_edges(monkeypatch):
    monkeypatch.setattr(placing, "_BENDS", 0)
    monkeypatch.setattr(placing, "_BENDS_PER_NODE", 0)
    monkeypatch.setattr(placing, "_FAR", 3)
    monkeypatch.setattr(placing, "_OFTEN", 1000)
    layout = laid_out(chain(150, 6))
    check(layout)
    assert any(words.kind == "name" for arrow in layout.arrows for words in arrow.words)
