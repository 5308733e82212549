"""A graph in Graphviz's language DOT. Every text is escaped; an open box is a cluster."""

from __future__ import annotations

from collections.abc import Iterator

from wengert.show.graphs.layout import Direction
from wengert.show.graphs.model import Edge, Graph, Kind, Node
from wengert.show.graphs.palette import LIGHT

__all__ = ["dot"]

# The shape of each kind: they are told apart without the colours too.
_SHAPES = {
    "input": "shape=ellipse",
    "constant": "shape=note",
    "operation": 'shape=box, style="rounded,filled"',
    "output": "shape=box, peripheries=2",
    "box": "shape=box3d",
}


def dot(graph: Graph, *, direction: Direction = "down") -> str:
    """Write a graph as DOT: a complete ``digraph``.

    Parameters
    ----------
    graph : Graph
    direction : {"down", "right"}
        Where the flow goes.
    """
    return "\n".join(_lines(graph, direction)) + "\n"


def _lines(graph: Graph, direction: Direction) -> Iterator[str]:
    yield f"digraph {_quoted(graph.title or 'graph')} {{"
    yield f"  graph [rankdir={'TB' if direction == 'down' else 'LR'}, compound=true, label={_quoted(graph.title)}];"
    yield '  node [style=filled, fontname="DejaVu Sans,Arial,sans-serif", fontsize=11];'
    yield f'  edge [fontname="DejaVu Sans,Arial,sans-serif", fontsize=9, color="{LIGHT["edge"]}"];'
    yield from _contents(graph, "  ")
    yield "}"


def _contents(graph: Graph, indent: str) -> Iterator[str]:
    for node in graph.nodes:
        if _is_cluster(node):
            yield from _cluster(node, indent)
        else:
            yield f"{indent}{_quoted(node.key)} [{_look(node.kind)}, label={_label(node)}{_tip(node)}];"
    nodes = {node.key: node for node in graph.nodes}
    yield from (_edge(edge, nodes, indent) for edge in graph.edges)


def _look(kind: Kind) -> str:
    return f'{_SHAPES[kind]}, fillcolor="{LIGHT[f"{kind}-fill"]}", color="{LIGHT[f"{kind}-line"]}"'


def _is_cluster(node: Node) -> bool:
    return node.is_open and node.inside is not None and bool(node.inside.nodes)


def _cluster(node: Node, indent: str) -> Iterator[str]:
    yield f"{indent}subgraph {_quoted('cluster_' + node.key)} {{"
    yield f'{indent}  label={_label(node)}; style="rounded"; color="{LIGHT["box-line"]}";'
    if node.inside is not None:
        yield from _contents(node.inside, f"{indent}  ")
    yield f"{indent}}}"


def _edge(edge: Edge, nodes: dict[str, Node], indent: str) -> str:
    """An edge; one of a cluster ends at a node in it and is cut at its border."""
    source, target = nodes[edge.source], nodes[edge.target]
    attributes = [f"label={_quoted(edge.label)}"] if edge.label else []
    if edge.count > 1:
        attributes.append(f"taillabel={_quoted(f'{edge.count:,}')}")
    if _is_cluster(source):
        attributes.append(f"ltail={_quoted('cluster_' + source.key)}")
    if _is_cluster(target):
        attributes.append(f"lhead={_quoted('cluster_' + target.key)}")
    ends = f"{_quoted(_inner(source, -1))} -> {_quoted(_inner(target, 0))}"
    listed = f" [{', '.join(attributes)}]" if attributes else ""
    return f"{indent}{ends}{listed};"


def _inner(node: Node, place: int) -> str:
    """The node that an edge ends at: in a cluster the first or the last one."""
    while _is_cluster(node) and node.inside is not None:
        node = node.inside.nodes[place]
    return node.key


def _label(node: Node) -> str:
    count = f"{node.count:,} statements" if node.kind == "box" and node.count > 1 else ""
    lines = [node.title or node.key, node.formula, node.type, node.value, node.adjoint, count]
    return _quoted("\n".join(dict.fromkeys(filter(None, lines))))


def _tip(node: Node) -> str:
    return f", tooltip={_quoted(node.note)}" if node.note else ""


def _quoted(text: str) -> str:
    r"""A string of DOT: backslashes, quotes and what begins an entity of HTML escaped, lines ended by ``\n``."""
    escaped = text.replace("\0", "\ufffd").replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\r", "").replace("\n", "\\n") + '"'
