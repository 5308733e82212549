"""Graphs for the tests of layout and drawing: the textbook's, and random ones."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from wengert.show.graphs.model import Edge, Graph, Node

TEXTBOOK = Graph(
    (
        Node("x1", "input", "x1", value="2", adjoint="x̄1 = 5.5"),
        Node("x2", "input", "x2", value="5", adjoint="x̄2 = 1.716"),
        Node("v1", "operation", "v₁", "log(x1)", value="0.693", adjoint="v̄₁ = 1"),
        Node("v2", "operation", "v₂", "x1 · x2", value="10", adjoint="v̄₂ = 1"),
        Node("v3", "operation", "v₃", "sin(x2)", value="-0.959", adjoint="v̄₃ = -1"),
        Node("v4", "operation", "v₄", "v₁ + v₂", value="10.693", adjoint="v̄₄ = 1"),
        Node("y", "output", "y", "v₄ - v₃", value="11.652", adjoint="ȳ = 1", note="model.py:4"),
    ),
    (
        Edge("x1", "v1", 0, "1/x1 = 0.5"),
        Edge("x1", "v2", 0, "x2 = 5"),
        Edge("x2", "v2", 1, "x1 = 2"),
        Edge("x2", "v3", 0, "cos(x2) = 0.284"),
        Edge("v1", "v4", 0, "1"),
        Edge("v2", "v4", 1, "1"),
        Edge("v4", "y", 0, "1"),
        Edge("v3", "y", 1, "-1"),
    ),
    "f(x1, x2)",
)


def chain(count: int, reach: float, seed: int = 1) -> Graph:
    """Operations that read one or two of the values before them, mostly near ones."""
    draw = np.random.default_rng(seed)
    nodes, edges = [Node("v0", "input", "x")], []
    for k in range(1, count):
        operands = [max(0, k - 1 - int(draw.exponential(reach))) for _ in range(draw.integers(1, 3))]
        nodes.append(Node(f"v{k}", "operation", f"v{k}", " + ".join(f"v{j}" for j in operands)))
        edges += [Edge(f"v{j}", f"v{k}", nth) for nth, j in enumerate(operands)]
    return Graph(tuple(nodes), tuple(edges))


_KINDS = ("input", "constant", "operation", "output", "box")
_TEXTS = st.text("abcxv₀₁₋·+(̄)，函𝑥 <&\"'>", max_size=60)


@st.composite
def graphs(draw: st.DrawFn, prefix: str = "", depth: int = 1) -> Graph:
    """Graphs of up to a dozen nodes with texts of any length, boxes, edges that are repeated, far or missing."""
    count = draw(st.integers(0, 12))
    labelled = draw(st.booleans())
    nodes, edges = [], []
    for k in range(count):
        key = f"{prefix}{k}"
        kind = draw(st.sampled_from(_KINDS))
        texts = draw(st.lists(_TEXTS, min_size=5, max_size=5))
        inside = draw(graphs(f"{key}.", depth - 1)) if kind == "box" and depth else None
        is_open = inside is not None and draw(st.booleans())
        nodes.append(Node(key, kind, *texts, inside=inside, is_open=is_open, count=draw(st.integers(1, 9999))))
        operands = draw(st.lists(st.integers(0, k - 1), max_size=4)) if k else []
        for nth, j in enumerate(operands):
            edges.append(Edge(f"{prefix}{j}", key, nth, draw(_TEXTS) if labelled else ""))
    return Graph(tuple(nodes), tuple(edges), draw(_TEXTS))
