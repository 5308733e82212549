"""Pictures that differ in their texts only, such as those of the rounds of a loop, laid out once.

One graph with the longest of their texts is laid out; each picture then has these places and its own texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import replace
from itertools import chain

from wengert.show.graphs.layout import Arrow, Direction, Layout, Shape, Words, laid_out
from wengert.show.graphs.lettering import columns
from wengert.show.graphs.model import Edge, Graph, Node

__all__ = ["layouts"]

_MANY = 6_000  # nodes of all pictures of a page, from which on each is laid out quickly
_TEXTS = ("title", "formula", "type", "value", "adjoint")


def layouts(graphs: Sequence[Graph], direction: Direction) -> list[Layout]:
    """Lay out each of the graphs."""
    alike: dict[Hashable, list[int]] = defaultdict(list)
    for k, graph in enumerate(graphs):
        alike[_structure(graph, k)].append(k)
    is_quick = sum(len(graphs[numbers[0]].nodes) for numbers in alike.values()) > _MANY
    found: dict[int, Layout] = {}
    for numbers in alike.values():
        found.update(zip(numbers, _together([graphs[k] for k in numbers], direction, is_quick), strict=True))
    return [found[k] for k in range(len(graphs))]


def _structure(graph: Graph, number: int) -> Hashable:
    """What two graphs must share to stand in the same places; one with open boxes is alone."""
    if any(node.is_open and node.inside is not None for node in graph.nodes):
        return number
    place = {node.key: k for k, node in enumerate(graph.nodes)}
    nodes = tuple((node.kind, *(bool(getattr(node, text)) for text in _TEXTS), node.count > 1) for node in graph.nodes)
    edges = tuple((place[e.source], place[e.target], bool(e.label), e.count > 1) for e in graph.edges)
    return nodes, edges


def _together(graphs: Sequence[Graph], direction: Direction, quickly: bool) -> list[Layout]:
    if len(graphs) == 1:
        return [laid_out(graphs[0], direction, quickly=quickly)]
    roomy = laid_out(_roomy(graphs), direction, quickly=quickly)
    of_nodes = (line for shape in roomy.shapes for line in shape.words)
    of_edges = (line for arrow in roomy.arrows for line in arrow.words)
    if any(
        line.is_short for line in chain(of_nodes, of_edges)
    ):  # where texts are shortened, each picture has its own way to
        return [laid_out(graph, direction, quickly=quickly) for graph in graphs]
    return [_with_texts(roomy, graph) for graph in graphs]


def _roomy(graphs: Sequence[Graph]) -> Graph:
    """The first of the graphs with the longest of all texts."""
    nodes = tuple(
        replace(
            group[0],
            count=max(node.count for node in group),
            **{text: max((getattr(node, text) for node in group), key=columns) for text in _TEXTS},
        )
        for group in zip(*(graph.nodes for graph in graphs), strict=True)
    )
    edges = tuple(
        replace(group[0], label=max((edge.label for edge in group), key=columns))
        for group in zip(*(graph.edges for graph in graphs), strict=True)
    )
    return replace(graphs[0], nodes=nodes, edges=edges)


def _with_texts(roomy: Layout, graph: Graph) -> Layout:
    """The places of a layout with the texts of a graph: without open boxes both are in the same order."""
    titles = {node.key: node.title or node.key for node in graph.nodes}
    return replace(
        roomy,
        shapes=tuple(map(_shape, roomy.shapes, graph.nodes)),
        arrows=tuple(_arrow(arrow, edge, titles[edge.source]) for arrow, edge in zip(roomy.arrows, graph.edges,
                                                                                       strict=True)),
    )  # fmt: skip


def _shape(shape: Shape, node: Node) -> Shape:
    texts = {text: getattr(node, text) for text in _TEXTS}
    texts |= {"title": node.title or node.key, "count": f"{node.count:,} statements"}
    return replace(shape, node=node, words=tuple(_words(line, texts[line.kind]) for line in shape.words))


def _arrow(arrow: Arrow, edge: Edge, title: str) -> Arrow:
    texts = {"label": edge.label, "name": title}
    return replace(arrow, edge=edge, words=tuple(_words(line, texts[line.kind]) for line in arrow.words))


def _words(line: Words, text: str) -> Words:
    return replace(line, text=text)
