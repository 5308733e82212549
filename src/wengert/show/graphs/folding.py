"""Graphs that are too large to be read, folded: boxes in boxes, each with a readable number of nodes.

Statements are put together in the order of execution: by source line, rounds of a loop, function, and then by ranges.
A box holds consecutive statements of this order, which is a topological one; an edge between two boxes therefore leads
to the later one, and the folded graph is acyclic at each level.

The graph in a box is a picture of its own: what comes in stands in it as nodes of kind "input", what goes out as nodes
of kind "output", whose `Node.count` is 0.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from wengert.errors import Location
from wengert.show.graphs.model import Edge, Graph, Node
from wengert.show.graphs.segments import Part, Section, by_function, leaves, ranges, sections

__all__ = ["MOST", "Fold", "Item", "folded", "with_room"]

Fold = Literal["auto", "line", "function", "none"]

#: Nodes of one level that can be read.
MOST = 40
_MOST_ENDS = 12  # inputs, or outputs, beside a folded program
_MOST_PORTS = 8  # values that are shown each for itself where they enter or leave a box
_MOST_RANGES = 25
_LEAST_INSIDE = 16  # nodes of statements that there is always room for


@dataclass(frozen=True, slots=True)
class Item:
    """A statement: the nodes of the constants it reads, and its own, the last one.

    Attributes
    ----------
    nodes : tuple of Node
    where : Location, optional
        The user's line.
    pattern : str
        The name of the operation.
    """

    nodes: tuple[Node, ...]
    where: Location | None
    pattern: str


def folded(  # noqa: PLR0913  # a graph in its parts
    inputs: Sequence[Node], items: Sequence[Item], outputs: Sequence[Node], edges: Sequence[Edge], *,
    fold: Fold, main: str, title: str, new_key: Callable[[], str],
) -> Graph:  # fmt: skip
    """Make a graph, folded where it is too large.

    Parameters
    ----------
    inputs, outputs : sequence of Node
    items : sequence of Item
        In a topological order, best that of execution.
    edges : sequence of Edge
        Between any two of the nodes.
    fold : {"auto", "line", "function", "none"}
        By lines only where that is needed; each line of several statements; each function; nothing.
    main : str
        The name of the function that calls all others.
    title : str
    new_key : callable
        Gives a key for a box.
    """
    nodes = [*inputs, *(node for item in items for node in item.nodes), *outputs]
    if fold == "none" or (fold == "auto" and len(nodes) <= MOST):
        graph = Graph(tuple(nodes), tuple(edges), title)
        return graph if fold == "none" else with_room(graph)
    return _Folding(inputs, items, outputs, fold, main, new_key).graph(edges, title)


@dataclass(slots=True, eq=False)
class _Box:
    """A box while its contents are found."""

    node: Node
    parent: _Box | None
    children: list[Node | _Box] = field(default_factory=list)
    edges: list[tuple[str, str, Edge]] = field(default_factory=list)  # ends on this level, and the edge itself
    entering: list[tuple[str, Edge]] = field(default_factory=list)  # the child that reads
    leaving: list[tuple[str, Edge]] = field(default_factory=list)  # the child that is read

    def line(self) -> list[_Box]:
        """The boxes around it and itself, the outermost first."""
        found: list[_Box] = []
        box: _Box | None = self
        while box is not None:
            found.append(box)
            box = box.parent
        return found[::-1]


class _Folding:
    def __init__(  # as `folded`
        self, inputs: Sequence[Node], items: Sequence[Item], outputs: Sequence[Node], fold: Fold, main: str,
        new_key: Callable[[], str],
    ):  # fmt: skip
        self._items, self._fold, self._new_key = items, fold, new_key
        self._places = [item.where for item in items]
        self._boxes: dict[str, _Box] = {}  # key of a node → the box that it lies in
        self._leaf: dict[str, Node] = {}
        self._titles: dict[str, str] = {}  # of the boxes
        self._root = _Box(Node("", "box", ""), None)
        self._put_ends("inputs", inputs)
        room = max(MOST - len(self._root.children) - min(len(outputs), _MOST_ENDS), _LEAST_INSIDE)
        found = sections(self._places, [item.pattern for item in items], main)
        self._fill(self._root, found, room)
        self._put_ends("outputs", outputs)

    def graph(self, edges: Iterable[Edge], title: str) -> Graph:
        for edge in edges:
            self._put_edge(edge)
        return self._finished(self._root, title)

    # Which node lies in which box.

    def _put_ends(self, name: str, nodes: Sequence[Node]) -> None:
        """Inputs or outputs: many of them in boxes."""
        if len(nodes) <= _MOST_ENDS:
            for node in nodes:
                self._put(self._root, node)
            return
        self._put_range(self._root, f"{len(nodes):,} {name}", nodes)

    def _put_range(self, parent: _Box, title: str, nodes: Sequence[Node]) -> None:
        formula = f"{nodes[0].title}, …, {nodes[-1].title}"
        box = self._new_box(parent, Node(self._new_key(), "box", title, formula, count=0))
        size = -(-len(nodes) // MOST)
        for k in range(0, len(nodes), size):
            chunk = nodes[k : k + size]
            if len(chunk) == 1:
                self._put(box, chunk[0])
            else:
                self._put_range(box, f"{len(chunk):,} values", chunk)

    def _put(self, box: _Box, node: Node) -> None:
        box.children.append(node)
        self._boxes[node.key], self._leaf[node.key] = box, node

    def _new_box(self, parent: _Box, node: Node) -> _Box:
        box = _Box(node, parent)
        self._titles[node.key] = node.title
        parent.children.append(box)
        return box

    def _fill(self, box: _Box, parts: Sequence[Part], room: int) -> None:
        """Put parts into a box, and theirs into boxes in it."""
        pending = deque([(box, list(parts), room)])
        while pending:
            here, inside, most = pending.popleft()
            for part in self._readable(inside, most):
                if isinstance(part, int):
                    for node in self._items[part].nodes:
                        self._put(here, node)
                else:
                    pending.append((self._new_box(here, self._node(part)), part.parts, MOST))

    def _node(self, section: Section) -> Node:
        count = sum(self._items[k].nodes[-1].count for k in leaves([section]))
        return Node(self._new_key(), "box", section.title, section.formula, note=section.note, count=count)

    def _readable(self, parts: list[Part], most: int) -> list[Part]:
        """The parts, with some of them put together or taken apart so that they are at most `most` nodes."""
        while len(parts) == 1 and isinstance(parts[0], Section):
            only = parts[0]
            if only.kind == "loop" and most < MOST:
                break  # the outermost level says that there is a loop
            parts = only.parts
        if self._fold == "function" and len(grouped := by_function(parts, self._places)) > 1:
            parts = grouped
        elif self._fold != "line" and self._size(leaves(parts)) <= most:
            return list(leaves(parts))
        if self._width(parts) > most:
            grouped = by_function(parts, self._places)
            parts = grouped if 1 < self._width(grouped) <= most else parts
        while self._width(parts) > most:
            parts = ranges(parts, self._places, min(_MOST_RANGES, most))
        return parts if self._fold == "line" else self._opened(parts, most)

    def _width(self, parts: Iterable[Part]) -> int:
        """Nodes that the parts are where they are closed."""
        return sum(len(self._items[part].nodes) if isinstance(part, int) else 1 for part in parts)

    def _size(self, numbers: Iterable[int]) -> int:
        """Nodes of statements; what does not fit anyway is not counted to the end."""
        size = 0
        for k in numbers:
            size += len(self._items[k].nodes)
            if size > MOST:
                break
        return size

    def _opened(self, parts: list[Part], most: int) -> list[Part]:
        """The parts, with lines taken apart as long as there is room, the shortest first."""
        width = self._width(parts)
        lines = [part for part in parts if isinstance(part, Section) and part.kind == "line"]
        opened = set()
        for part in sorted(lines, key=lambda part: self._width(part.parts)):
            width += self._width(part.parts) - 1
            if width > most:
                break
            opened.add(id(part))
        return [each for part in parts for each in (part.parts if id(part) in opened else [part])]  # type: ignore[union-attr]  # lines are sections

    # Which edge belongs to which level.

    def _put_edge(self, edge: Edge) -> None:
        """Add the edge where its ways part, and to the borders of all boxes that it passes."""
        source, target = self._boxes[edge.source].line(), self._boxes[edge.target].line()
        common = 0
        while common < min(len(source), len(target)) and source[common] is target[common]:
            common += 1
        source_keys = [*(box.node.key for box in source[1:]), edge.source]
        target_keys = [*(box.node.key for box in target[1:]), edge.target]
        source[common - 1].edges.append((source_keys[common - 1], target_keys[common - 1], edge))
        for k in range(common, len(source)):
            source[k].leaving.append((source_keys[k], edge))
        for k in range(common, len(target)):
            target[k].entering.append((target_keys[k], edge))

    # From the innermost box outwards.

    def _finished(self, box: _Box, title: str) -> Graph:
        """The graph of a box; boxes are no deeper than their number has digits."""
        children = [self._closed(child) if isinstance(child, _Box) else child for child in box.children]
        coming, edges_in = self._ports(box, [(edge.source, child, edge) for child, edge in box.entering], "input")
        going, edges_out = self._ports(box, [(edge.source, child, edge) for child, edge in box.leaving], "output")
        single = {node.key for node in box.children if isinstance(node, Node)}
        single.update(node.key for node in (*coming, *going) if node.kind != "box")
        edges = _merged([*edges_in, *box.edges, *edges_out], single)
        return with_room(Graph((*coming, *children, *going), tuple(edges), title))

    def _closed(self, box: _Box) -> Node:
        return replace(box.node, inside=self._finished(box, box.node.title))

    def _ports(
        self, box: _Box, crossing: Sequence[tuple[str, str, Edge]], kind: Literal["input", "output"]
    ) -> tuple[list[Node], list[tuple[str, str, Edge]]]:
        """Nodes for the values that cross the border of a box, and their edges."""
        ports: dict[str, Node] = {}
        groups = self._groups(box, list(dict.fromkeys(source for source, _, _ in crossing)))
        edges, shown = [], set()
        for source, child, edge in crossing:
            group = groups[source]
            if group not in ports:
                ports[group] = self._port(f"{box.node.key}.{kind[:-3]}{len(ports) + 1}", kind, group, groups)
            key = ports[group].key
            if kind == "input":
                edges.append((key, child, edge))
            elif (source, key) not in shown:  # a value goes out once, however often it is read there
                edges.append((child, key, Edge(source, key)))
                shown.add((source, key))
        return list(ports.values()), edges

    def _groups(self, box: _Box, sources: Sequence[str]) -> dict[str, str]:
        """For each value the key of what it is shown as: itself, the box it is made in, or "" for the rest of many."""
        if len(sources) <= _MOST_PORTS:
            return {source: source for source in sources}
        here = box.line()
        made_in: dict[str, str] = {}
        for source in sources:
            outside = [each.node.key for each in self._boxes[source].line() if each not in here]
            made_in[source] = outside[0] if outside else source
        shown = list(dict.fromkeys(made_in.values()))
        kept = set(shown if len(shown) <= _MOST_PORTS else shown[: _MOST_PORTS - 1])
        return {source: group if group in kept else "" for source, group in made_in.items()}

    def _port(self, key: str, kind: Literal["input", "output"], group: str, groups: dict[str, str]) -> Node:
        leaf = self._leaf.get(group)
        if leaf is not None:
            formula = leaf.formula if kind == "input" and leaf.kind == "operation" else ""
            return replace(leaf, key=key, kind=kind, formula=formula, inside=None, is_open=False, count=0)
        count = sum(each == group for each in groups.values())
        title = self._titles.get(group, "other values")
        return Node(key, kind, title, f"{count:,} values" if count > 1 else "1 value", count=0)


def _merged(edges: Sequence[tuple[str, str, Edge]], single: set[str]) -> Iterator[Edge]:
    """The edges of a level: between two single nodes each for itself, else one for all between the same ends."""
    between: dict[tuple[str, str], list[Edge]] = defaultdict(list)
    for source, target, edge in edges:
        between[source, target].append(edge)
    for (source, target), found in between.items():
        if target in single and (source in single or len(found) == 1):
            yield from (replace(edge, source=source, target=target) for edge in found)
        else:
            operand = min(edge.operand for edge in found)  # no partial: it would be that of one statement in the box
            yield Edge(source, target, operand, count=sum(edge.count for edge in found))


# --- sub-lists that are drawn open -----------------------------------------------------------------------------


def with_room(graph: Graph) -> Graph:
    """Close the boxes of sub-lists that there is no room for: those that are marked open may be."""
    room = MOST - len(graph.nodes)
    nodes = []
    for node in graph.nodes:
        size = 0 if node.inside is None or not node.is_open else _visible(node.inside)
        nodes.append(replace(node, is_open=False) if size > room else node)
        room -= size if size <= room else 0
    return replace(graph, nodes=tuple(nodes))


def _visible(graph: Graph) -> int:
    """Nodes that are drawn."""
    return sum(1 + (_visible(node.inside) if node.is_open and node.inside is not None else 0) for node in graph.nodes)
