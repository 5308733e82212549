"""The graph of the player: drawn once, with room for the longest text that will stand at each node and edge."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from wengert.show.graphs.building import Keys, graph_of
from wengert.show.graphs.drawing import svg
from wengert.show.graphs.lettering import columns
from wengert.show.graphs.model import Edge, Graph, Node
from wengert.show.player.steps import Play, Step
from wengert.wlist import Tape

__all__ = ["Picture", "picture_of"]

_MOST_COLUMNS = 13  # of a symbol and its formula in one line


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing, and where each variable stands in it.

    Attributes
    ----------
    svg : str
        Without its style, which the page holds.
    node_of : dict of str to str
        Key of the node of each variable; of one that is folded into a box the key of the box.
    texts_of : dict of str to list of str
        For each node whose texts are its own, the variables that it is of: several for the targets of one statement.
    partials : tuple of Edge
        The edges whose labels are local partials.
    """

    svg: str
    node_of: Mapping[str, str]
    texts_of: Mapping[str, list[str]]
    partials: tuple[Edge, ...]


def picture_of(tape: Tape, outputs: Sequence[str], play: Play, *, digits: int, prefix: str) -> Picture:
    """Draw the graph of a tape.

    Parameters
    ----------
    tape : Tape
    outputs : sequence of str
        What the results are called.
    play : Play
        Whose texts need room.
    digits : int
        Decimals of the numbers.
    prefix : str
        Of all identifiers in the drawing.
    """
    graph = graph_of(tape, outputs, digits=digits)
    drawn = dict(_drawn(graph))
    node_of: dict[str, str] = {}
    texts_of: dict[str, list[str]] = {}
    for name, key in _keys(tape, outputs):
        if key in drawn:
            node_of[name] = drawn[key]
            if drawn[key] == key:
                texts_of.setdefault(key, []).append(name)
    steps = [step for mode in play.modes for each in mode.passes for step in each.steps]
    values, derivatives = _longest_texts(play.primal.steps), _longest_texts(steps)
    labels: dict[tuple[str | None, str | None], list[str]] = {}
    for step in steps:
        for flow in step.flows:
            labels.setdefault((node_of.get(flow.source), node_of.get(flow.target)), []).append(flow.text)
    nodes = (
        _low(replace(node, value=_together(texts_of.get(node.key), values, node.value),
                     adjoint=_together(texts_of.get(node.key), derivatives, "")))
        for node in graph.nodes
    )  # fmt: skip
    edges = (replace(e, label=_longest([e.label, *labels.get((e.source, e.target), [])])) for e in graph.edges)
    roomy = replace(graph, nodes=tuple(nodes), edges=tuple(edges))
    return Picture(svg(roomy, style=False, prefix=prefix), node_of, texts_of, tuple(e for e in graph.edges if e.label))


def _low(node: Node) -> Node:
    """A node with symbol and formula in one line where that is short: so the picture is less high, and not wider."""
    line = f"{node.title} = {node.formula}"
    is_short = node.kind in ("operation", "output") and node.formula and columns(line) <= _MOST_COLUMNS
    return replace(node, title=line, formula="") if is_short else node


def _keys(tape: Tape, outputs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The key that the graph gives each variable; the targets of a statement share that of the first."""
    keys = Keys()
    for x in tape.list.inputs:
        yield x.name, keys.named(x.name)
    for stmt in tape.list.statements:
        for target in stmt.targets:
            yield target.name, stmt.targets[0].name
    yield from zip(outputs, outputs, strict=True)


def _longest_texts(steps: Iterable[Step]) -> dict[str, str]:
    """Of all texts that stand at a variable at some time the longest one."""
    found: dict[str, str] = {}
    for step in steps:
        for name, text in step.texts.items():
            found[name] = _longest([found.get(name, ""), text])
    return found


def _together(names: Sequence[str] | None, texts: Mapping[str, str], default: str) -> str:
    return default if names is None else "; ".join(filter(None, (texts.get(name, "") for name in names)))


def _longest(texts: Sequence[str]) -> str:
    return max(texts, key=_width, default="")


def _width(text: str) -> int:
    return sum(not unicodedata.combining(c) for c in text)


def _drawn(graph: Graph) -> Iterator[tuple[str, str]]:
    """For the key of each node the one of the node that is drawn for it: itself, or the closed box that it is in."""
    pending = [(node, "") for node in graph.nodes]
    while pending:
        node, box = pending.pop()
        yield node.key, box or node.key
        if node.inside is not None:
            pending += [(part, box or ("" if node.is_open else node.key)) for part in node.inside.nodes]
