"""A graph with places: what is written in each node, how large it is, where it stands, how the edges run.

Open boxes are laid out from the inside to the outside, each as a node of the size of the graph in it. Everything is in
pixels, from the upper left corner of the picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

from wengert.show.graphs.lettering import shortened, width
from wengert.show.graphs.model import Edge, Graph, Node
from wengert.show.graphs.placing import Block, Line, Placement, placed

__all__ = ["SHEET", "SIZES", "Arrow", "Direction", "Layout", "Shape", "Words", "laid_out"]

Direction = Literal["down", "right"]

#: Height of the letters of each kind of text, in pixels.
SIZES = {"title": 14.0, "formula": 13.0, "type": 11.0, "value": 12.0, "adjoint": 12.0, "count": 11.0, "label": 11.0}
#: How far the sheets of a closed box stand out from each other.
SHEET = 4.0

_COLUMNS = {"title": 30, "formula": 38, "type": 30, "value": 38, "adjoint": 38, "count": 30, "label": 30}
_COLUMNS_OF_FRAME = 44  # of the formula of an open box
_LEADING = 1.4
_ASCENT = 0.36  # em, from the middle of a line of text to its baseline
_SIDE = 11.0  # between text and the left and right border
_EDGE = 8.0  # between text and the upper and lower border
_LEAST_WIDTH = 44.0
_ENDS_GAP = 5.0  # between the edges of a node with many, which is widened for them
_MOST_FOR_ENDS = 320.0
_LABEL_ROOM = 3.0
_FRAME = 16.0  # between a frame and the graph in it
_MARGIN = 14.0  # around the picture
_ROUND = {"input": 18.0, "operation": 8.0, "output": 8.0, "constant": 12.0, "box": 8.0}  # corners without edges

# What the borders of a kind take besides, to the left and right, above and below.
_NO_BORDER = (0.0, 0.0)
_BORDER = {"input": (3.0, 0.0), "constant": (4.0, 0.0), "output": (4.0, 4.0)}


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text.

    Attributes
    ----------
    kind : str
        As the attribute of the node or edge: ``title``, ``formula``, … ``label``; ``name`` is the source of an edge
        that is too long to be drawn.
    text : str
        Shortened.
    x, y : float
        Where its baseline is anchored.
    anchor : {"start", "middle", "end"}
    is_short : bool
        Whether something was left out.
    """

    kind: str
    text: str
    x: float
    y: float
    anchor: str = "middle"
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A node with its place. `inside_of` is the key of the box it is in, empty for the outermost graph."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    words: tuple[Words, ...]
    inside_of: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge with its way: straight pieces (x0, y0, x1, y1) along the flow, to be joined by curves."""

    edge: Edge
    runs: tuple[tuple[float, float, float, float], ...]
    words: tuple[Words, ...]
    inside_of: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """Shapes in the order in which they are drawn, boxes before what is in them."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    arrows: tuple[Arrow, ...]
    direction: Direction


@dataclass(frozen=True, slots=True)
class _Placed:
    """One of the graphs, with the sizes of its nodes and their places."""

    graph: Graph
    sizes: Sequence[tuple[float, float]]
    placement: Placement


def laid_out(graph: Graph, direction: Direction = "down", *, quickly: bool = False) -> Layout:
    """Lay out a graph and the open boxes in it; `quickly` for one of many, in which a few more edges may cross."""
    found: dict[str, _Placed] = {}
    for box, inner in reversed([("", graph), *_open_boxes(graph)]):
        found[box] = _placed_graph(inner, found, direction, quickly)
    across, along = _turned((found[""].placement.across, found[""].placement.along), direction)
    shapes: list[Shape] = []
    arrows: list[Arrow] = []
    waiting = [("", _MARGIN, _MARGIN)]
    while waiting:
        box, x, y = waiting.pop(0)
        here = list(_shapes(found[box], box, x, y, direction))
        shapes += here
        arrows += _arrows(found[box], box, x, y, direction)
        waiting += [(shape.node.key, *_corner_inside(shape)) for shape in here if shape.node.key in found]
    return Layout(ceil(across + 2 * _MARGIN), ceil(along + 2 * _MARGIN), tuple(shapes), tuple(arrows), direction)


def _open_boxes(graph: Graph) -> Iterator[tuple[str, Graph]]:
    """The open boxes of a graph, each before those in it."""
    waiting = [graph]
    while waiting:
        for node in waiting.pop().nodes:
            if node.is_open and node.inside is not None:
                yield node.key, node.inside
                waiting.append(node.inside)


def _turned(pair: tuple[float, float], direction: Direction) -> tuple[float, float]:
    """Across and along the flow as x and y, or the other way round."""
    return pair if direction == "down" else (pair[1], pair[0])


# --- Sizes -----------------------------------------------------------------------------------------------------------


def _placed_graph(graph: Graph, found: dict[str, _Placed], direction: Direction, quickly: bool) -> _Placed:
    sizes = [_size(node, found.get(node.key), direction) for node in graph.nodes]
    number = {node.key: k for k, node in enumerate(graph.nodes)}
    degrees = Counter(edge.source for edge in graph.edges), Counter(edge.target for edge in graph.edges)
    blocks = []
    for k, node in enumerate(graph.nodes):
        across, along = _turned(sizes[k], direction)
        ends = max(degrees[0][node.key], degrees[1][node.key])
        across = max(across, min(2 * _ROUND[node.kind] + _ENDS_GAP * (ends - 1), _MOST_FOR_ENDS))
        sizes[k] = _turned((across, along), direction)
        blocks.append(Block(across, along, max(across / 2 - _ROUND[node.kind], 2.0)))
    titles = {node.key: node.title or node.key for node in graph.nodes}
    lines = []
    for edge in graph.edges:
        text = _turned(_label_size(edge.label), direction) if edge.label else None
        name = _turned(_label_size(titles[edge.source]), direction)
        lines.append(Line(number[edge.source], number[edge.target], text, name))
    return _Placed(graph, sizes, placed(blocks, lines, lone_texts_before=direction == "right", quickly=quickly))


def _lines(node: Node) -> Iterator[tuple[str, str]]:
    """The lines of text of a node, from above, each with its kind."""
    yield "title", node.title or node.key
    for kind in ("formula", "type", "value", "adjoint"):
        text = getattr(node, kind)
        if text and not (node.kind == "constant" and text == node.title):  # which may be called by its value
            yield kind, text
    if node.kind == "box" and node.count > 1:
        yield "count", f"{node.count:,} statements"


def _is_frame(node: Node) -> bool:
    return node.is_open and node.inside is not None


def _columns(node: Node, kind: str) -> int:
    """The most that a line of text of a node may take."""
    return _COLUMNS_OF_FRAME if kind == "formula" and _is_frame(node) else _COLUMNS[kind]


def _label_size(text: str) -> tuple[float, float]:
    short = shortened(text, _COLUMNS["label"])
    return width(short, SIZES["label"]) + _LABEL_ROOM, _LEADING * SIZES["label"]


def _text_size(node: Node) -> tuple[float, float]:
    lines = list(_lines(node))
    across = max(width(shortened(text, _columns(node, kind)), SIZES[kind]) for kind, text in lines)
    return across, sum(_LEADING * SIZES[kind] for kind, _ in lines)


def _size(node: Node, inside: _Placed | None, direction: Direction) -> tuple[float, float]:
    text = _text_size(node)
    if inside is not None:
        across, along = _turned((inside.placement.across, inside.placement.along), direction)
        return max(across + 2 * _FRAME, text[0] + 2 * _SIDE), along + 2 * _FRAME + text[1] + _EDGE
    beside, above = _BORDER.get(node.kind, _NO_BORDER)
    sheets = 2 * SHEET if node.kind == "box" else 0.0
    return (
        max(text[0] + 2 * (_SIDE + beside), _LEAST_WIDTH) + sheets,
        text[1] + 2 * (_EDGE + above) + sheets,
    )


# --- Places ----------------------------------------------------------------------------------------------------------


def _corner_inside(shape: Shape) -> tuple[float, float]:
    """Where the graph in an open box begins."""
    return shape.x + _FRAME, shape.y + _FRAME + _EDGE + _text_size(shape.node)[1]


def _shapes(here: _Placed, box: str, x: float, y: float, direction: Direction) -> Iterator[Shape]:
    for node, size, middle in zip(here.graph.nodes, here.sizes, here.placement.middles, strict=True):
        at_x, at_y = _turned(middle, direction)
        left, top = x + at_x - size[0] / 2, y + at_y - size[1] / 2
        yield Shape(node, left, top, *size, tuple(_words(node, left, top, size)), box)


def _words(node: Node, left: float, top: float, size: tuple[float, float]) -> Iterator[Words]:
    is_frame = _is_frame(node)
    sheets = 2 * SHEET if node.kind == "box" and not is_frame else 0.0
    x = left + _SIDE if is_frame else left + (size[0] - sheets) / 2
    y = top + _EDGE + _BORDER.get(node.kind, _NO_BORDER)[1]
    for kind, text in _lines(node):
        short = shortened(text, _columns(node, kind))
        height = _LEADING * SIZES[kind]
        yield Words(
            kind, short, x, y + height / 2 + _ASCENT * SIZES[kind], "start" if is_frame else "middle", short != text
        )
        y += height


def _arrows(here: _Placed, box: str, x: float, y: float, direction: Direction) -> Iterator[Arrow]:
    titles = {node.key: node.title or node.key for node in here.graph.nodes}
    placement = here.placement
    for edge, runs, text, name in zip(here.graph.edges, placement.runs, placement.texts, placement.names, strict=True):
        pieces = []
        for across, begin, end in runs:
            x0, y0 = _turned((across, begin), direction)
            x1, y1 = _turned((across, end), direction)
            pieces.append((x + x0, y + y0, x + x1, y + y1))
        words = [
            _label(kind, whole, _turned(middle, direction), (x, y))
            for kind, whole, middle in (("label", edge.label, text), ("name", titles[edge.source], name))
            if middle is not None
        ]
        yield Arrow(edge, tuple(pieces), tuple(words), box)


def _label(kind: str, text: str, middle: tuple[float, float], corner: tuple[float, float]) -> Words:
    short = shortened(text, _COLUMNS["label"])
    baseline = corner[1] + middle[1] + _ASCENT * SIZES["label"]
    return Words(kind, short, corner[0] + middle[0], baseline, is_short=short != text)
