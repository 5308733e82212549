"""A graph as SVG: one element that needs nothing from elsewhere. Every text is escaped.

It is made as a tree of elements, which is then written as XML, or given to the script of a page (`html`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from wengert.show.graphs.layout import SHEET, Arrow, Direction, Layout, Shape, Words, laid_out
from wengert.show.graphs.model import Edge, Graph, Node
from wengert.show.graphs.palette import style_sheet

__all__ = ["Attributes", "Element", "drawn", "drawn_elements", "elements", "style_sheet", "svg", "written"]

Attributes = dict[str, str]
#: A name, attributes, and the elements and texts in it.
Element = tuple[str, Attributes, "Iterable[Element | str]"]

_HEAD = (7.0, 3.6)  # of an arrow: its length and half of its width
_EAR = 9.0  # of the corner of a note that is folded
_RIM = 3.0  # between the two borders of an output

# Characters that no XML document may contain, not even escaped.
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_LOWERED = re.compile("([₀-₉]{2,})")
_SPECIAL = re.compile("""[&<>"']""")


def svg(graph: Graph, *, direction: Direction = "down", style: bool = True, prefix: str = "") -> str:
    """Draw a graph.

    Parameters
    ----------
    graph : Graph
        With its nodes in a topological order.
    direction : {"down", "right"}
        Where the flow goes.
    style : bool
        Whether the style sheet is put inside; else the page has to hold `style_sheet`.
    prefix : str
        Begins the ids in the element, so that several pictures can stand in one page.

    Returns
    -------
    str
        One ``<svg>`` element. A group of class ``node`` has the key of its node as ``data-node``, one of class
        ``edge`` those of its ends as ``data-from`` and ``data-to``.
    """
    return drawn(graph, laid_out(graph, direction), style_sheet() if style else "", prefix)


def drawn(graph: Graph, layout: Layout, style: str, prefix: str = "") -> str:
    """Write the SVG of a graph that is laid out, with a style sheet."""
    return drawn_elements(elements(graph, layout, prefix), style)


def drawn_elements(element: Element, style: str = "") -> str:
    """Write an SVG element, a line for each part."""
    name, attributes, parts = element
    lines = list(map(written, parts))
    if style:
        lines.insert(2, f"<style>{style}</style>")
    begin = f'<{name} xmlns="http://www.w3.org/2000/svg"{_attributes(attributes)}>'
    return "\n".join([begin, *lines, f"</{name}>"])


def elements(graph: Graph, layout: Layout, prefix: str = "") -> Element:
    """The SVG of a graph that is laid out, without its style. Its parts are made as they are asked for, once."""
    size = {"width": _number(layout.width), "height": _number(layout.height)}
    ids = [f"{_fit(prefix)}wengert-title", f"{_fit(prefix)}wengert-desc"]
    attributes = {"class": f"wengert-graph {layout.direction}", "role": "img", "aria-labelledby": " ".join(ids)}
    attributes |= {"viewBox": f"0 0 {size['width']} {size['height']}", **size}
    return "svg", attributes, _parts(graph, layout, ids, {"class": "paper", **size})


def _parts(graph: Graph, layout: Layout, ids: Sequence[str], paper: Attributes) -> Iterator[Element]:
    yield "title", {"id": ids[0]}, [_fit(graph.title or "Computational graph")]
    yield "desc", {"id": ids[1]}, [_fit(_description(graph))]
    yield "rect", paper, []
    frames = [shape for shape in layout.shapes if _is_frame(shape.node)]
    yield from map(_node, frames)
    yield from (_edge(arrow, layout.direction) for arrow in layout.arrows)
    yield from (_node(shape) for shape in layout.shapes if not _is_frame(shape.node))


def written(part: Element | str) -> str:
    """An element, or a text, as XML; what begins is ended too, so that HTML reads it alike."""
    if isinstance(part, str):
        return _escaped(part)
    name, attributes, parts = part
    begin = f"<{name}{_attributes(attributes)}"
    return f"{begin}>{''.join(map(written, parts))}</{name}>" if parts else f"{begin}/>"


def _attributes(attributes: Attributes) -> str:
    return "".join([f' {name}="{_escaped(value)}"' for name, value in attributes.items()])


def _escaped(text: str) -> str:
    return escape(text) if _SPECIAL.search(text) else text


def _description(graph: Graph) -> str:
    """What somebody is told who does not see the picture."""
    kinds = {
        kind: [node.title or node.key for node in graph.nodes if node.kind == kind] for kind in ("input", "output")
    }
    parts = [f"{len(graph.nodes):,} nodes, {len(graph.edges):,} edges"]
    for kind, names in kinds.items():
        if names:
            more = f" and {len(names) - 10:,} more" if len(names) > 10 else ""
            parts.append(f"{kind}{'s' if len(names) > 1 else ''} {', '.join(names[:10])}{more}")
    return "; ".join(parts) + "."


# --- Nodes -----------------------------------------------------------------------------------------------------------


def _is_frame(node: Node) -> bool:
    return node.is_open and node.inside is not None


def _node(shape: Shape) -> Element:
    node = shape.node
    kind = node.kind if node.kind != "box" else f"box {'open' if _is_frame(node) else 'closed'}"
    attributes = {"class": f"node {kind}", "data-node": _fit(node.key)}
    if shape.inside_of:
        attributes["data-inside"] = _fit(shape.inside_of)
    return "g", attributes, [*_title(_tip(node, shape.words)), *_outline(shape), *map(_words, shape.words)]


def _title(tip: str) -> list[Element | str]:
    return [("title", {}, [_fit(tip)])] if tip else []


def _tip(node: Node, words: Sequence[Words]) -> str:
    """What was shortened, in full, and the note."""
    whole = [getattr(node, line.kind) or node.key for line in words if line.is_short]
    return "\n".join(filter(None, [*whole, node.note]))


def _outline(shape: Shape) -> list[Element]:
    x, y, width, height = shape.x, shape.y, shape.width, shape.height
    match shape.node.kind:
        case "input":
            return [_rect(x, y, width, height, min(height / 2, 18.0))]
        case "constant":
            return _note(x, y, width, height)
        case "output":
            inner = _rect(x + _RIM, y + _RIM, width - 2 * _RIM, height - 2 * _RIM, 4.0, "rim")
            return [_rect(x, y, width, height, 7.0), inner]
        case "box" if not _is_frame(shape.node):
            sheets = (2 * SHEET, SHEET, 0.0)
            return [_rect(x + s, y + s, width - 2 * SHEET, height - 2 * SHEET, 5.0) for s in sheets]
        case _:
            return [_rect(x, y, width, height, 6.0)]


def _rect(x: float, y: float, width: float, height: float, radius: float, name: str = "shape") -> Element:
    sizes = {"x": x, "y": y, "width": width, "height": height, "rx": radius}
    return "rect", {"class": name, **{key: _number(size) for key, size in sizes.items()}}, []


def _path(name: str, way: str) -> Element:
    return "path", {"class": name, "d": way}, []


def _note(x: float, y: float, width: float, height: float) -> list[Element]:
    """A sheet of paper with a folded corner."""
    left, right, top, bottom = _number(x), _number(x + width), _number(y), _number(y + height)
    fold, below = _number(x + width - _EAR), _number(y + _EAR)
    return [
        _path("shape", f"M{left} {top}H{fold}L{right} {below}V{bottom}H{left}Z"),
        _path("rim", f"M{fold} {top}V{below}H{right}"),
    ]


# --- Edges -----------------------------------------------------------------------------------------------------------


def _edge(arrow: Arrow, direction: Direction) -> Element:
    edge = arrow.edge
    attributes = {
        "class": "edge named" if any(line.kind == "name" for line in arrow.words) else "edge",
        "data-from": _fit(edge.source), "data-to": _fit(edge.target), "data-operand": str(edge.operand),
    }  # fmt: skip
    return "g", attributes, [
        *_title(_edge_tip(edge, arrow.words)),
        _path("line", _way(arrow.runs, direction)), _path("head", _head(arrow.runs, direction)),
        *map(_words, arrow.words),
    ]  # fmt: skip


def _edge_tip(edge: Edge, words: Sequence[Words]) -> str:
    whole = [edge.label] if any(line.is_short and line.kind == "label" for line in words) else []
    return "\n".join([*whole, *([f"{edge.count:,} edges"] if edge.count > 1 else [])])


def _way(runs: Sequence[tuple[float, float, float, float]], direction: Direction) -> str:
    """Straight pieces joined by curves that leave and arrive along the flow; the last one ends inside of the head."""
    flow = 1 if direction == "down" else 0
    begin = at = runs[0][:2]  # of the straight piece, and how far it has come
    parts = [f"M{_number(at[0])} {_number(at[1])}"]
    for x0, y0, x1, y1 in runs:
        if at[1 - flow] != (x0, y0)[1 - flow]:
            if at != begin:
                parts.append(f"L{_number(at[0])} {_number(at[1])}")
            parts.append(_curve(*at, x0, y0, direction))
            begin = x0, y0
        at = x1, y1
    back = 1 - _HEAD[0]
    x, y = (at[0], at[1] + back) if direction == "down" else (at[0] + back, at[1])
    return "".join([*parts, f"L{_number(x)} {_number(y)}"])


def _curve(x0: float, y0: float, x1: float, y1: float, direction: Direction) -> str:
    middle = (y0 + y1) / 2 if direction == "down" else (x0 + x1) / 2
    first, second = ((x0, middle), (x1, middle)) if direction == "down" else ((middle, y0), (middle, y1))
    return "C" + " ".join(_number(z) for z in (*first, *second, x1, y1))


def _head(runs: Sequence[tuple[float, float, float, float]], direction: Direction) -> str:
    x, y = runs[-1][2:]
    length, half = _HEAD
    ends = f"l{-half}-{length:g}h{2 * half}z" if direction == "down" else f"l-{length:g}-{half}v{2 * half}z"
    return f"M{_number(x)} {_number(y)}{ends}"


# --- Text ------------------------------------------------------------------------------------------------------------


def _words(line: Words) -> Element:
    return "text", {"class": line.kind, "x": _number(line.x), "y": _number(line.y)}, _closer(_fit(line.text))


def _closer(text: str) -> list[Element | str]:
    """The text with its lowered numbers closer: in a monospaced face each small digit has the room of a large one."""
    if not _LOWERED.search(text):
        return [text]
    return [("tspan", {"class": "low"}, [part]) if k % 2 else part for k, part in enumerate(_LOWERED.split(text))]


def _fit(text: str) -> str:
    """The text without what no document may contain."""
    return _UNFIT.sub("\ufffd", text)


def _number(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")
