"""The SVG and the PNG of a graph."""

from __future__ import annotations

import re
import sys
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from show.graphs.drawn_graphs import TEXTBOOK, chain, graphs
from wengert.errors import MissingPackageError
from wengert.show.graphs.drawing import svg
from wengert.show.graphs.model import Edge, Graph, Node
from wengert.show.graphs.palette import DARK, LIGHT, plain_style, style_sheet
from wengert.show.graphs.png import png_bytes

SVG = "{http://www.w3.org/2000/svg}"
EVIL = "<script>alert(1)</script>"


def read(graph: Graph, **options: object) -> ET.Element:
    return ET.fromstring(svg(graph, **options))  # noqa: S314  # it was written here


def groups(root: ET.Element, name: str) -> list[ET.Element]:
    return [group for group in root.iter(f"{SVG}g") if name in group.get("class", "").split()]


def texts(group: ET.Element) -> dict[str, str]:
    return {text.get("class"): text.text for text in group.iter(f"{SVG}text")}


# --- What is in it ---------------------------------------------------------------------------------------------------


def test_textbook():
    root = read(TEXTBOOK)
    nodes = {group.get("data-node"): group for group in groups(root, "node")}
    assert list(nodes) == ["x1", "x2", "v1", "v2", "v3", "v4", "y"]
    assert texts(nodes["v3"]) == {"title": "v₃", "formula": "sin(x2)", "value": "-0.959", "adjoint": "v̄₃ = -1"}
    assert nodes["y"].find(f"{SVG}title").text == "model.py:4"
    assert [group.get("class") for group in nodes.values()][::3] == ["node input", "node operation", "node output"]
    edges = [(e.get("data-from"), e.get("data-to"), e.get("data-operand")) for e in groups(root, "edge")]
    assert edges == [(edge.source, edge.target, str(edge.operand)) for edge in TEXTBOOK.edges]
    assert [texts(e)["label"] for e in groups(root, "edge")] == [edge.label for edge in TEXTBOOK.edges]


def test_element_is_described():
    root = read(TEXTBOOK, prefix="a-")
    assert root.get("role") == "img"
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}" == "a-wengert-title a-wengert-desc"
    assert title.text == "f(x1, x2)"
    assert desc.text == "7 nodes, 8 edges; inputs x1, x2; output y."
    width, height = root.get("width"), root.get("height")
    assert root.get("viewBox") == f"0 0 {width} {height}"


def test_kinds_differ_in_shape():
    graph = Graph(tuple(Node(kind, kind, "a") for kind in ("input", "constant", "operation", "output", "box")), ())
    outlines = {}
    for group in groups(read(graph), "node"):
        shapes = [element for element in group if element.tag in {f"{SVG}rect", f"{SVG}path"}]
        outlines[group.get("data-node")] = [(shape.tag, shape.get("rx")) for shape in shapes]
    assert len({tuple(shapes) for shapes in outlines.values()}) == 5
    assert [len(outlines[kind]) for kind in ("input", "constant", "operation", "output", "box")] == [1, 2, 1, 2, 3]


def test_open_box_holds_its_graph_and_closed_box_a_count():
    open_box = Node("b", "box", "loop", inside=TEXTBOOK, is_open=True, count=5)
    root = read(Graph((open_box,), ()))
    inside = [group.get("data-node") for group in groups(root, "node") if group.get("data-inside") == "b"]
    assert sorted(inside) == sorted(node.key for node in TEXTBOOK.nodes)
    assert len(groups(root, "open")) == 1
    assert not groups(root, "closed")
    closed = read(Graph((Node("b", "box", "loop", inside=TEXTBOOK, count=1000),), ()))
    assert texts(groups(closed, "closed")[0]) == {"title": "loop", "count": "1,000 statements"}
    assert len(groups(closed, "node")) == 1


def test_long_texts_are_whole_in_the_tooltip():
    long = "f(" + ", ".join("abcdef") * 20 + ")"
    graph = Graph((Node("x", "input", "x"), Node("y", "output", "y", long, note="a.py:1")), (Edge("x", "y", 0, long),))
    root = read(graph)
    node, edge = groups(root, "node")[1], groups(root, "edge")[0]
    assert texts(node)["formula"].endswith("…")
    assert node.find(f"{SVG}title").text == f"{long}\na.py:1"
    assert texts(edge)["label"].endswith("…")
    assert edge.find(f"{SVG}title").text == long


def test_edges_put_together_say_how_many():
    graph = Graph((Node("x", "input", "x"), Node("y", "output", "y")), (Edge("x", "y", count=1000),))
    assert groups(read(graph), "edge")[0].find(f"{SVG}title").text == "1,000 edges"


# --- Text from elsewhere ---------------------------------------------------------------------------------------------


def test_everything_is_escaped():
    box = Node("b", "box", EVIL, inside=Graph((Node("c", "constant", EVIL),), ()), is_open=True)
    evil = Node("x", "input", EVIL, EVIL, EVIL, EVIL, EVIL, EVIL)
    graph = Graph((evil, box), (Edge("x", "b", 0, EVIL),), EVIL)
    text = svg(graph, prefix='"><script>')
    assert "<script" not in text
    root = ET.fromstring(text)  # noqa: S314  # it was written here
    assert texts(groups(root, "node")[1]) == dict.fromkeys(("title", "formula", "type", "value", "adjoint"), EVIL)
    assert texts(groups(root, "edge")[0]) == {"label": EVIL}
    assert root.find(f"{SVG}title").text == EVIL
    assert not list(root.iter(f"{SVG}script"))


def test_characters_that_no_document_may_contain_are_replaced():
    root = read(Graph((Node("x", "input", "a\x00b\x1b\ud800"),), ()))
    assert texts(groups(root, "node")[0]) == {"title": "a\ufffdb\ufffd\ufffd"}


@given(graphs())
@settings(max_examples=40, deadline=None)
def test_well_formed(graph):
    root = read(graph)
    drawn = [group.get("data-node") for group in groups(root, "node")]
    assert len(drawn) == len(set(drawn)) == len(_shown(graph))
    assert set(drawn) == _shown(graph)


def _shown(graph):
    return {
        key
        for node in graph.nodes
        for key in (node.key, *(_shown(node.inside) if node.is_open and node.inside else ()))
    }


def test_nothing_is_fetched():
    text = svg(TEXTBOOK).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"http|href|url\(|@import", text)


def test_same_at_every_run():
    assert svg(chain(80, 8)) == svg(chain(80, 8))


@pytest.mark.parametrize("direction", ["down", "right"])
def test_paths_end_at_the_heads_of_their_arrows(direction):
    flow = 1 if direction == "down" else 0
    for group in groups(read(TEXTBOOK, direction=direction), "edge"):
        line, head = (
            [float(number) for number in re.findall(r"-?[\d.]+", path.get("d"))] for path in group.iter(f"{SVG}path")
        )
        tip, end = head[:2], line[-2:]
        assert tip[1 - flow] == pytest.approx(end[1 - flow])
        assert 0 < tip[flow] - end[flow] < 7


# --- Colours ---------------------------------------------------------------------------------------------------------


def contrast(a: str, b: str) -> float:
    """The ratio of WCAG 2.2."""
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_contrast_is_measured_as_the_standard_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(colours):
    grounds = [colours[name] for name in colours if name.endswith("-fill")]
    for text in ("ink", "muted", "value", "adjoint"):
        assert min(contrast(colours[text], ground) for ground in (*grounds, colours["paper"])) >= 4.5
    for ground in (colours["paper"], colours["frame-fill"]):
        assert contrast(colours["label"], ground) >= 4.5
        assert all(contrast(colours[name], ground) >= 3 for name in colours if name.endswith("-line"))
        assert contrast(colours["edge"], ground) >= 3


def test_light_and_dark_name_the_same_colours():
    assert LIGHT.keys() == DARK.keys()
    sheet = style_sheet()
    assert set(re.findall(r"var\(--wg-([\w-]+)\)", sheet)) == LIGHT.keys()
    assert "prefers-color-scheme: dark" in sheet
    assert "var(" not in plain_style(DARK)


def test_style_may_be_left_to_the_page():
    assert "<style>" in svg(TEXTBOOK)
    assert "<style>" not in svg(TEXTBOOK, style=False)


# --- PNG -------------------------------------------------------------------------------------------------------------


def test_png():
    pytest.importorskip("resvg_py", reason="needs resvg-py, the converter of the extra `png`")
    root = read(TEXTBOOK)
    data = png_bytes(TEXTBOOK, scale=2)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    size = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    assert size == (2 * int(root.get("width")), 2 * int(root.get("height")))
    assert png_bytes(TEXTBOOK, dark=True, scale=2) != data


def test_png_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingPackageError, match="pip install resvg-py") as caught:
        png_bytes(TEXTBOOK)
    assert "resvg-py, which is not installed" in str(caught.value)
