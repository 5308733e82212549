"""The public pictures: options, ways out, tensors, errors, escaping."""

import base64
import json
import re
import zlib
from itertools import pairwise

import numpy as np
import pytest

import wengert as wg
from wengert.show.graphs.dot import dot
from wengert.show.graphs.model import Edge, Graph, Node

ATTACK = "<script>alert(1)</script>"


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def loop(x):
    for _ in range(200):
        x = x - 0.1 * np.sin(x) + 0.2 * np.cos(x) * np.exp(-x)
    return x


def nodes_of(picture):
    return {node.key: node for node in picture.graph.nodes}


# --- graph ------------------------------------------------------------------------------------------------------


def test_a_picture_says_what_it_is():
    picture = wg.graph(textbook, 2.0, 5.0)
    assert str(picture) == (
        "Picture of textbook(x1, x2): 8 nodes (2 input, 5 operation, 1 output), 9 edges, 5 statements"
    )
    assert repr(picture) == f"<{picture}>"


def test_the_title_names_the_arguments_and_not_what_is_in_them():
    def perceptron(params, x):
        return params["W"] * x + params["b"]

    assert wg.graph(perceptron, {"W": 2.0, "b": 1.0}, 3.0).graph.title == "perceptron(params, x)"


def test_adjoints_are_those_of_reverse_mode():
    nodes = nodes_of(wg.graph(textbook, 2.0, 5.0, adjoints=True))
    assert (nodes["x1"].adjoint, nodes["x2"].adjoint, nodes["y"].adjoint) == ("x̄1 = 5.5", "x̄2 = 1.716", "ȳ = 1")


@pytest.mark.parametrize(("seed", "expected"), [(0, "2"), ("y2", "12"), ("y2[0]", "12"), (None, "2")])
def test_the_seed_chooses_a_result(seed, expected):
    def f(x):
        return 2 * x, np.stack([x**3, x])

    nodes = nodes_of(wg.graph(f, 2.0, adjoints=True, seed=seed))
    assert nodes["x"].adjoint == f"x̄ = {expected}"
    assert nodes["y1"].adjoint == ("ȳ1 = 1" if expected == "2" else "ȳ1 = 0")


def test_a_decision_in_python_is_followed():
    def f(x):
        return np.sin(x) if x > 0 else x

    assert [node.formula for node in wg.graph(f, 1.0).graph.nodes if node.kind == "operation"] == ["x > 0", "sin(x)"]


def test_tensors_and_containers_may_be_given():
    nodes = nodes_of(wg.graph(lambda p: p["w"] * p["b"], {"w": wg.tensor(2.0, requires_grad=True), "b": 3.0}))
    assert nodes["p_w"].value == "2"
    assert nodes["y"].value == "6"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wg.graph(textbook, 2.0, 5.0, fold="all"), "graph got fold='all'. Use 'auto', 'line', 'function' or"),
        (lambda: wg.graph(textbook, 2.0, 5.0, direction="up"), "graph got direction='up'. Use 'down' or 'right'."),
        (lambda: wg.graph(textbook, 2.0, 5.0, digits=-1), "graph got digits=-1. Give digits=0 or a larger integer."),
        (lambda: wg.graph(textbook, 2.0, 5.0, digits=2.5), "graph got digits=2.5. Give digits=0 or a larger integer."),
        (lambda: wg.graph(3.0), "graph needs a function, a Wengert list or a tape, and got float."),
        (lambda: wg.graph(textbook, 2.0, 5.0, adjoints=True, seed="z"), "graph got seed='z', which names no result."),
        (lambda: wg.graph(wg.trace(textbook)(2.0, 5.0), adjoints=True), "adjoints of list textbook without values."),
        (lambda: wg.graph(wg.tape(textbook, 2.0, 5.0), 1.0), "graph got values for tape textbook."),
        (lambda: wg.make_dot(3.0), "make_dot needs a tensor, and got float."),
        (lambda: wg.make_dot(wg.tensor(1.0), params={"w": 2}), "make_dot got int as parameter 'w'."),
        (lambda: wg.graph(textbook, 2.0, 5.0).save("a.jpg"), "a picture cannot be saved as 'a.jpg'."),
    ],
)
def test_errors_say_what_to_do(call, message):
    with pytest.raises(wg.ArgumentError, match=re.escape(message)) as error:
        call()
    assert error.value.remedy


def test_a_seed_that_is_an_integer_is_refused():
    with pytest.raises(wg.DtypeError, match="graph was asked for the derivative of result y"):
        wg.graph(lambda x: x * 2, 3, adjoints=True)


# --- make_dot ---------------------------------------------------------------------------------------------------


def test_a_tensor_shows_its_history_with_names_and_values():
    w, x = wg.tensor(2.0, requires_grad=True), wg.tensor([1.0, 3.0], requires_grad=True)
    nodes = nodes_of(wg.make_dot(np.sum(np.exp(w * x)), params={"w": w}, adjoints=True))
    assert list(nodes) == ["w", "x2", "v1", "v2", "v3", "y"]
    assert nodes["w"].value == "2"
    assert nodes["w"].adjoint == "w̄ = 1217.675"
    assert nodes["x2"].adjoint == "x̄2 = [14.778, 806.858]"
    assert nodes["v2"].value == "[7.389, 403.429]"


def test_after_backward_the_gradients_of_the_leaves_are_shown():
    w, x = wg.tensor(2.0, requires_grad=True), wg.tensor(3.0, requires_grad=True)
    y = np.sin(w * x) * 2.0 + 1.0
    y.backward()
    nodes = nodes_of(wg.make_dot(y, params={"w": w, "x": x}, adjoints=True))
    assert nodes["w"].adjoint == f"w̄ = {w.grad.item():.3f}"
    assert nodes["x"].adjoint == f"x̄ = {x.grad.item():.3f}"
    assert nodes["y"].value == f"{y.item():.3f}"


def test_constants_that_the_graph_did_not_keep_are_drawn_without_a_value():
    x = wg.tensor(np.ones(3), requires_grad=True)
    nodes = nodes_of(wg.make_dot(np.sum(x + np.arange(3.0))))
    constant = next(node for node in nodes.values() if node.kind == "constant")
    assert (constant.title, constant.formula, constant.value) == ("constant", "", "")
    assert nodes["v1"].formula == "x1 + ·"


def test_a_leaf_and_a_constant_have_pictures_too():
    assert [node.kind for node in wg.make_dot(wg.tensor(2.0, requires_grad=True)).graph.nodes] == ["input", "output"]
    assert [node.kind for node in wg.make_dot(wg.tensor(2.0)).graph.nodes] == ["output"]


# --- ways out ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "begin"), [(".svg", "<svg"), (".html", "<!DOCTYPE html>"), (".dot", "digraph"), (".GV", "digraph")]
)
def test_the_ending_of_the_name_says_the_form(tmp_path, ending, begin):
    file = tmp_path / f"picture{ending}"
    wg.graph(textbook, 2.0, 5.0).save(file)
    assert file.read_text(encoding="utf-8").startswith(begin)


def boxes_in(graph):
    """The graphs in the closed boxes at any depth, by their keys."""
    found = {}
    for node in graph.nodes:
        if node.inside is not None:
            found |= boxes_in(node.inside) if node.is_open else {node.key: node.inside, **boxes_in(node.inside)}
    return found


def test_a_page_of_few_boxes_has_a_section_for_each_and_nothing_from_elsewhere():
    def short(x):
        for _ in range(50):
            x = x - 0.1 * np.sin(x)
        return x

    picture = wg.graph(short, 1.0)
    page = picture.to_html()
    boxes = page.count("<details>")
    assert boxes == len(boxes_in(picture.graph)) > 3
    assert page.count('<section class="level"') == page.count("<svg ") == boxes + 1
    assert 'class="more"' not in page
    assert not re.search(r"(src|href)\s*=|url\(|@import|innerHTML", page)


def test_a_page_of_many_boxes_has_the_inner_ones_as_data_and_says_so():
    picture = wg.graph(loop, 1.0)
    page = picture.to_html()
    plain = set(re.findall(r'data-level="([^"]+)"', page))
    (data,) = re.findall(r'<script type="application/json" class="more">"([^"]*)"</script>', page)
    index, *pictures = map(json.loads, zlib.decompress(base64.b64decode(data)).decode().split("\n"))
    boxes = boxes_in(picture.graph)
    assert len(boxes) > 200
    assert plain.isdisjoint(key for key, _, _ in index)
    assert plain | {key for key, _, _ in index} == set(boxes)
    assert page.count("Boxes that are not listed here are opened by the script of this page.") > 1
    for (key, around, _), (_, _, parts) in zip(index, pictures, strict=True):
        assert key in {node.key for node in (boxes[around] if around else picture.graph).nodes}
        keys = [attributes["data-node"] for _, attributes, _ in parts if "data-node" in attributes]
        assert sorted(keys) == sorted(node.key for node in boxes[key].nodes)


def test_a_page_of_thousands_of_statements_is_small():
    assert len(wg.graph(loop, 1.0).to_html()) < 400_000


def test_a_notebook_gets_the_levels_or_where_they_are_many_the_outermost_alone():
    def short(x):
        for _ in range(30):
            x = x - 0.1 * np.sin(x)
        return x

    assert "<script>" in wg.graph(short, 1.0)._repr_html_()
    alone = wg.graph(loop, 1.0)._repr_html_()
    assert "<script>" not in alone
    assert alone.count("<svg ") == 1
    assert "In the page that save(&quot;name.html&quot;) writes, the boxes can be opened." in alone
    assert wg.graph(textbook, 2.0, 5.0)._repr_svg_().startswith("<svg")


def test_two_pictures_in_a_notebook_share_no_ids():
    found = [re.findall(r'id="([^"]+)"', wg.graph(textbook, 2.0, 5.0)._repr_html_()) for _ in range(2)]
    assert found[0]
    assert not set(found[0]) & set(found[1])


def test_what_a_user_names_is_text_in_every_form():
    def f(p):
        return np.sin(p[ATTACK]) * p['b"\\\n']

    f.__name__ = ATTACK
    picture = wg.graph(f, {ATTACK: 1.0, 'b"\\\n': 2.0})
    assert ATTACK in picture.graph.nodes[0].title
    for text in (picture.to_svg(), picture.to_html(), picture._repr_html_()):
        assert ATTACK not in text
        assert "&lt;script&gt;alert(1)" in text
    assert_well_formed(picture.to_dot())


# --- DOT --------------------------------------------------------------------------------------------------------

TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|->|[{}\[\];,=]|[A-Za-z_0-9]+|\s+')


def assert_well_formed(text):
    """Tokens of DOT alone, brackets in pairs, and every edge between nodes that are declared."""
    tokens, place = [], 0
    while place < len(text):
        match = TOKEN.match(text, place)
        assert match, text[place : place + 60]
        tokens.append(match[0])
        place = match.end()
    tokens = [piece for piece in tokens if not piece.isspace()]
    pairs = {"}": "{", "]": "["}
    stack = []
    for piece in tokens:
        if piece in "{[":
            stack.append(piece)
        elif piece in "}]":
            assert stack.pop() == pairs[piece]
    assert not stack
    declared = {a for a, b in pairwise(tokens) if b == "[" and a.startswith('"')}
    ends = {t for k, t in enumerate(tokens) if "->" in tokens[max(k - 1, 0) : k + 2 : 2]}
    assert {end for end in ends if end.startswith('"')} <= declared
    return tokens


def test_dot_has_every_node_and_edge():
    tokens = assert_well_formed(wg.graph(textbook, 2.0, 5.0).to_dot())
    assert tokens.count("->") == 9
    assert '"x1\\n2"' in tokens


def test_sublists_are_clusters_in_dot():
    text = wg.graph(lambda x: wg.fori_loop(0, 3, lambda i, c: c * x, 1.0), 2.0).to_dot()
    assert_well_formed(text)
    assert 'subgraph "cluster_v1"' in text
    assert 'lhead="cluster_v1"' in text


def test_quotes_backslashes_and_line_ends_are_escaped_in_dot():
    node = Node("a", "input", 'say "hi" \\N\nthere', note="</svg> &lt;")
    text = dot(Graph((node, Node("b", "output", "b")), (Edge("a", "b", label='"'),), 'a "title"'))
    tokens = assert_well_formed(text)
    assert '"say \\"hi\\" \\\\N\\nthere"' in tokens
    assert '"</svg> &amp;lt;"' in tokens  # Graphviz reads entities
