"""What a picture of a computational graph shows, before it is decided where each thing stands.

A `Graph` is nodes and edges of text. A node may hold a graph of its own (`Node.inside`): a sub-list of a control
statement, or statements that were folded together; it is a *box*, drawn open with its graph in it, or closed with a
count. All text is plain: the ways out (`drawing`, `dot`) escape it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Edge", "Graph", "Kind", "Node"]

#: Told apart by shape as well as by colour: pill, note, rounded box, double border, frame.
Kind = Literal["input", "constant", "operation", "output", "box"]


@dataclass(frozen=True, slots=True)
class Node:
    """One node.

    Attributes
    ----------
    key : str
        Unique in the whole picture, the graphs inside of nodes included; made of ``a-zA-Z0-9_.-``. Of a variable of the
        outermost list it is the variable's name where that is so made.
    kind : Kind
    title : str
        What the variable is called (`symbols`): ``W1``, ``h``, ``v₃``; or its name and its symbol, ``x1 = v₋₁``. Of a
        constant its value, of an array its type. Of a box that was folded what it holds: ``model.py:4 ×1,000``.
    formula : str
        How it is computed: ``tanh(v₂)``; of an input of a box what comes in; of a folded loop its first line.
    type : str
        Shape and dtype of an array, as ``f64[3,4]``; empty for numbers.
    value : str
        The number or array, shortened; empty where none is known or wanted.
    adjoint : str
        The cotangent likewise, with its symbol: ``v̄₃ = 5.5``; empty where none is wanted.
    note : str
        Said in a tooltip: the user's line and its text, and values that are shortened in the node.
    inside : Graph, optional
        What a box holds.
    is_open : bool
        Whether the graph inside is drawn in the picture; else the box is drawn closed.
    count : int
        Of statements that the node stands for: 1, of a box all that are in it, at any depth; 0 for inputs, constants
        and outputs, and for what stands at the border of a box.
    """

    key: str
    kind: Kind
    title: str
    formula: str = ""
    type: str = ""
    value: str = ""
    adjoint: str = ""
    note: str = ""
    inside: Graph | None = None
    is_open: bool = False
    count: int = 1


@dataclass(frozen=True, slots=True)
class Edge:
    """From the value to the operation that reads it.

    Attributes
    ----------
    source, target : str
        Keys of two nodes of the same graph.
    operand : int
        Which operand of the target the source is, counted from 0; the smallest one where edges were put together.
    label : str
        The local partial, such as ``cos(x2) = 0.284``; empty where none is wanted or it is no number.
    count : int
        How many edges were put together.
    """

    source: str
    target: str
    operand: int = 0
    label: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in a topological order, and the edges between them; `title` says what the picture is of."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    title: str = ""
