"""The levels of a folded graph."""

from __future__ import annotations


def graphs_in(graph):
    """The graph and all in its boxes."""
    yield graph
    for node in graph.nodes:
        if node.inside is not None:
            yield from graphs_in(node.inside)
