"""Where the nodes of one graph stand, and how its edges run: a layered drawing of boxes of any size.

Written for edges that go down; `layout` turns the result for those that go to the right. Vertices are the nodes and
one *bend* for each row that a long edge comes through. Edges bend only between the rows, where no node is; through a
row they go straight down at a place of their own. The text of an edge stands at its last bend.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from wengert.show.graphs.aligning import aligned
from wengert.show.graphs.ordering import ordered
from wengert.show.graphs.ranking import ranks

__all__ = ["Block", "Line", "Placement", "Run", "placed"]

_NODE_GAP = 24.0  # between two nodes in a row
_BEND_GAP = 13.0  # beside an edge
_TEXT_GAP = 5.0  # between an edge and its text
_LEAST_ROW_GAP = 36.0
_LEAST_TEXT_GAP = 23.0  # between a row of nodes and one of texts
_MOST_ROW_GAP = 150.0
_SLOPE = 0.16  # of the steepest slant an edge between two rows may have, as height to width
_PORT_GAP = 10.0  # between the ends of two edges at a node
_PORT_RANGE = 26.0  # from the middle of a node, unless many edges need more
_SHORT = 2  # rows that an edge may go down and still count as short
_PART_GAP = 40.0  # between parts that no edge connects

_FAR = 10  # rows; a source that is read further away more than _OFTEN times is named at its readers …
_OFTEN = 4
_NEAR = 2  # … but for those that are not more rows away
_BENDS_PER_NODE = 4  # on average; the longest edges beyond it are named, too
_BENDS = 1_000  # that any graph may have

#: A straight piece of an edge through a row: across, and along from and to.
Run = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Block:
    """A node for placing.

    Attributes
    ----------
    across, along : float
        Its size, across and along the flow.
    flat : float
        How far from its middle edges may begin and end.
    """

    across: float
    along: float
    flat: float


@dataclass(frozen=True, slots=True)
class Line:
    """An edge for placing.

    Attributes
    ----------
    source, target : int
    text : tuple of float, optional
        The size of its text, across and along.
    name : tuple of float, optional
        The size of the text that may stand for its source, where the edge is too long to be drawn.
    """

    source: int
    target: int
    text: tuple[float, float] | None = None
    name: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True)
class Placement:
    """Nodes by their middles; edges by their straight runs; texts of edges, and names of far sources, by middles."""

    middles: list[tuple[float, float]]
    runs: list[list[Run]]
    texts: list[tuple[float, float] | None]
    names: list[tuple[float, float] | None]
    across: float = 0.0
    along: float = 0.0

    def shift(self, across: float, along: float) -> None:
        """Move everything."""
        self.middles = [(x + across, y + along) for x, y in self.middles]
        self.runs = [[(x + across, a + along, b + along) for x, a, b in runs] for runs in self.runs]
        self.texts = [text and (text[0] + across, text[1] + along) for text in self.texts]
        self.names = [name and (name[0] + across, name[1] + along) for name in self.names]


# --- Parts that no edge connects ------------------------------------------------------------------------------------


def placed(
    blocks: Sequence[Block], lines: Sequence[Line], *, lone_texts_before: bool = False, quickly: bool = False
) -> Placement:
    """Place the nodes of a graph without cycles, which are numbered in a topological order.

    The text of an edge stands before or after it, across the flow, so that the texts of a target's edges are at the
    outside; `lone_texts_before` says where it stands if the target has one edge only. With `quickly` a few more edges
    may cross.
    """
    whole = Placement([(0.0, 0.0)] * len(blocks), [[]] * len(lines), [None] * len(lines), [None] * len(lines))
    parts = [
        (
            nodes,
            edges,
            _placed_part(
                [blocks[v] for v in nodes], [_within(lines[k], number) for k in edges], lone_texts_before, quickly
            ),
        )
        for nodes, edges, number in _parts(len(blocks), lines)
    ]
    _set_side_by_side([part for _, _, part in parts], whole)
    for nodes, edges, part in parts:
        for k, v in enumerate(nodes):
            whole.middles[v] = part.middles[k]
        for k, e in enumerate(edges):
            whole.runs[e], whole.texts[e], whole.names[e] = part.runs[k], part.texts[k], part.names[k]
    return whole


def _parts(count: int, lines: Sequence[Line]) -> Iterator[tuple[list[int], list[int], dict[int, int]]]:
    """The nodes, the edges and the new numbers of the nodes of each connected part, by their first nodes."""
    leader = list(range(count))
    for line in lines:
        a, b = _leader(leader, line.source), _leader(leader, line.target)
        leader[max(a, b)] = min(a, b)
    nodes: dict[int, list[int]] = defaultdict(list)
    edges: dict[int, list[int]] = defaultdict(list)
    for v in range(count):
        nodes[_leader(leader, v)].append(v)
    for k, line in enumerate(lines):
        edges[_leader(leader, line.source)].append(k)
    for first, members in nodes.items():
        yield members, edges[first], {v: k for k, v in enumerate(members)}


def _leader(leader: list[int], v: int) -> int:
    while leader[v] != v:
        leader[v] = leader[leader[v]]
        v = leader[v]
    return v


def _within(line: Line, number: dict[int, int]) -> Line:
    return Line(number[line.source], number[line.target], line.text, line.name)


def _set_side_by_side(parts: Sequence[Placement], whole: Placement) -> None:
    """Columns of parts, as high as the highest part, or as the square that has room for all."""
    area = sum((part.across + _PART_GAP) * (part.along + _PART_GAP) for part in parts)
    most = max([part.along for part in parts] + [0.8 * area**0.5 if len(parts) > 1 else 0.0])
    across = along = broadest = 0.0
    for part in parts:
        if along and along + part.along > most:
            across, along, broadest = across + broadest + _PART_GAP, 0.0, 0.0
        part.shift(across, along)
        along += part.along + _PART_GAP
        broadest = max(broadest, part.across)
        whole.across = max(whole.across, across + part.across)
        whole.along = max(whole.along, along - _PART_GAP)


# --- One part --------------------------------------------------------------------------------------------------------


def _placed_part(blocks: Sequence[Block], lines: Sequence[Line], lone_texts_before: bool, quickly: bool) -> Placement:
    if not lines:
        (block,) = blocks  # what no edge connects is alone
        return Placement([(block.across / 2, block.along / 2)], [], [], [], block.across, block.along)
    layers = _layers(blocks, lines)
    order = ordered(layers.rows, layers.up, layers.down, quickly=quickly)
    layers.make_room_for_texts(order, lone_texts_before)
    extents = [(left + gap, right + gap) for left, right, gap in zip(*layers.sides(), strict=True)]
    across = aligned(order, layers.up, (layers.above, layers.below), layers.is_bend, extents)
    left, right, _ = layers.sides()
    shift = min(x - reach for x, reach in zip(across, left, strict=True))
    across = [x - shift for x in across]
    tops, heights = _heights(layers, order, across)
    middle = [tops[row] + heights[row] / 2 for row in layers.rows]
    count = len(blocks)
    return Placement(
        middles=list(zip(across[:count], middle[:count], strict=True)),
        runs=_runs(layers, across, tops, heights),
        texts=[_text_middle(layers, line, across, middle) for line in range(len(lines))],
        names=[(across[v], middle[v]) if v is not None else None for v in layers.names],
        across=max(x + reach for x, reach in zip(across, right, strict=True)),
        along=tops[-1] + heights[-1],
    )


@dataclass(slots=True)
class _Layers:
    """The graph with its bends. The first vertices are the nodes; each chain is the vertices of one edge."""

    blocks: Sequence[Block]
    lines: Sequence[Line]
    rows: list[int]
    chains: list[list[int]]
    names: list[int | None]  # of each edge: the vertex that stands for its source, if any
    texts: list[int | None]  # of each edge: the vertex at which its text stands, if any
    up: list[list[int]] = field(default_factory=list)
    down: list[list[int]] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)  # the neighbours of `up` and `down` to stand in line with
    below: list[list[int]] = field(default_factory=list)
    is_bend: list[bool] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)
    along: list[float] = field(default_factory=list)

    def connect(self) -> None:
        """Set down neighbours and sizes."""
        count = len(self.rows)
        self.up, self.down = [[] for _ in range(count)], [[] for _ in range(count)]
        for chain in self.chains:
            for above, below in pairwise(chain):
                self.up[below].append(above)
                self.down[above].append(below)
        self._find_lines()
        bends = count - len(self.blocks)
        self.is_bend = [False] * len(self.blocks) + [True] * bends
        self.left = [block.across / 2 for block in self.blocks] + [0.0] * bends
        self.right = list(self.left)
        self.along = [block.along for block in self.blocks] + [0.0] * bends
        for line, name in zip(self.lines, self.names, strict=True):
            if name is not None:
                self.is_bend[name] = False
                self.left[name] = self.right[name] = line.name[0] / 2
                self.along[name] = line.name[1]

    def _find_lines(self) -> None:
        """Find which neighbours to stand in line with: a chain of operations is straight, leaves are beside it.

        Of the edges of a node to one side those count that lead to the next row and are not the only edge of the node
        at their other end; where there is none, those that are longer, and leaves last.
        """
        self.above, self.below = [[] for _ in self.rows], [[] for _ in self.rows]
        step = 2 if any(text is not None for text in self.texts) else 1
        ends = [(chain[0], chain[-1]) for chain in self.chains]
        at_begin: dict[int, int] = defaultdict(int)
        at_end: dict[int, int] = defaultdict(int)
        weights = []
        for begin, end in ends:
            is_long = self.rows[end] - self.rows[begin] > _SHORT * step
            is_leaf = not self.up[begin] and len(self.down[begin]) == 1
            is_last = not self.down[end] and len(self.up[end]) == 1
            weight = (0 if is_last else 1 if is_long else 2, 0 if is_leaf else 1 if is_long else 2)
            at_begin[begin] = max(at_begin[begin], weight[0])
            at_end[end] = max(at_end[end], weight[1])
            weights.append(weight)
        for chain, weight in zip(self.chains, weights, strict=True):
            last = len(chain) - 2
            for k, (above, below) in enumerate(pairwise(chain)):
                if (k or weight[0] == at_begin[above]) and (k < last or weight[1] == at_end[below]):
                    self.above[below].append(above)
                    self.below[above].append(below)

    def make_room_for_texts(self, order: Sequence[Sequence[int]], lone_before: bool) -> None:
        """Widen bends by the texts, which stand left of the first edges of a target and right of the others."""
        place = {v: k for row in order for k, v in enumerate(row)}
        into: dict[int, list[int]] = defaultdict(list)
        for k, line in enumerate(self.lines):
            into[line.target].append(k)
        for edges in into.values():
            edges.sort(key=lambda k: place[self.chains[k][-2]])
            for nth, k in enumerate(edges):
                vertex, text = self.texts[k], self.lines[k].text
                if vertex is not None and text:
                    is_before = lone_before if len(edges) == 1 else 2 * nth < len(edges) - 1
                    side = self.left if is_before else self.right
                    side[vertex] = max(side[vertex], text[0] + _TEXT_GAP)
                    self.along[vertex] = max(self.along[vertex], text[1])

    def sides(self) -> tuple[list[float], list[float], list[float]]:
        """How far each vertex reaches to either side, and half of the gap beside it."""
        return self.left, self.right, [(_BEND_GAP if bend else _NODE_GAP) / 2 for bend in self.is_bend]


def _layers(blocks: Sequence[Block], lines: Sequence[Line]) -> _Layers:
    step = 2 if any(line.text for line in lines) else 1
    rows = ranks(len(blocks), [(line.source, line.target, step) for line in lines])
    named = _named(rows, lines, _FAR * step)
    layers = _Layers(blocks, lines, rows, [], [], [])
    for k, line in enumerate(lines):
        last = rows[line.target]
        if k in named:
            chain = [len(rows)]
            rows.append(last - 2 if line.text else last - 1)
        else:
            chain = [line.source]
        layers.names.append(chain[0] if k in named else None)
        for row in range(rows[chain[0]] + 1, last):
            chain.append(len(rows))
            rows.append(row)
        layers.texts.append(chain[-1] if line.text else None)
        layers.chains.append([*chain, line.target])
    layers.connect()
    return layers


def _named(rows: Sequence[int], lines: Sequence[Line], far: int) -> set[int]:
    """The edges that are not drawn along their whole way."""
    spans = [rows[line.target] - rows[line.source] for line in lines]
    often: dict[int, list[int]] = defaultdict(list)
    for k, line in enumerate(lines):
        if spans[k] > far:
            often[line.source].append(k)
    near = far * _NEAR // _FAR
    named = {k for k, line in enumerate(lines) if len(often[line.source]) > _OFTEN and spans[k] > near}
    room = _BENDS_PER_NODE * len(rows) + _BENDS
    for k in sorted(range(len(lines)), key=spans.__getitem__):
        if k not in named:
            room -= spans[k] - 1
            if room < 0 and spans[k] > far:
                named.add(k)
    return named


def _heights(
    layers: _Layers, order: Sequence[Sequence[int]], across: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Where each row begins, and how high it is; where edges go far to the side, the rows are further apart."""
    heights = [max((layers.along[v] for v in row), default=0.0) for row in order]
    least = _LEAST_ROW_GAP if all(text is None for text in layers.texts) else _LEAST_TEXT_GAP
    tops = [0.0]
    for row, height in zip(order[:-1], heights, strict=False):
        widest = max((abs(across[v] - across[w]) for v in row for w in layers.down[v]), default=0.0)
        tops.append(tops[-1] + height + min(max(least, _SLOPE * widest), _MOST_ROW_GAP))
    return tops, heights


def _text_middle(
    layers: _Layers, k: int, across: Sequence[float], middle: Sequence[float]
) -> tuple[float, float] | None:
    vertex, text = layers.texts[k], layers.lines[k].text
    if vertex is None or text is None:
        return None
    aside = _TEXT_GAP + text[0] / 2
    return across[vertex] + (aside if layers.right[vertex] > layers.left[vertex] else -aside), middle[vertex]


# --- Where edges begin and end ---------------------------------------------------------------------------------------


def _runs(layers: _Layers, across: Sequence[float], tops: Sequence[float], heights: Sequence[float]) -> list[list[Run]]:
    """The straight pieces of each edge, its ends included."""
    begins = _ports(layers, across, [across[chain[1]] for chain in layers.chains], begin=True)
    ends = _ports(layers, across, _beside(layers, across, begins, begin=True), begin=False)
    begins = _ports(layers, across, _beside(layers, across, ends, begin=False), begin=True)
    found = []
    for k, chain in enumerate(layers.chains):
        runs = []
        for v in chain:
            row = layers.rows[v]
            top, bottom = tops[row], tops[row] + heights[row]
            middle, half = (top + bottom) / 2, layers.along[v] / 2
            if v == chain[0]:
                runs.append((begins[k], middle + half, bottom))
            elif v == chain[-1]:
                runs.append((ends[k], top, middle - half))
            else:
                runs.append((across[v], top, bottom))
        found.append(runs)
    return found


def _beside(layers: _Layers, across: Sequence[float], ports: Sequence[float], *, begin: bool) -> list[float]:
    """Where each edge comes from at its end, or goes to at its beginning."""
    at = -2 if begin else 1
    return [ports[k] if len(chain) == 2 else across[chain[at]] for k, chain in enumerate(layers.chains)]


def _ports(layers: _Layers, across: Sequence[float], wanted: Sequence[float], *, begin: bool) -> list[float]:
    """Where edges begin (or end) at their nodes: straight below what they come from, as far as there is room."""
    at: dict[int, list[int]] = defaultdict(list)
    for k, chain in enumerate(layers.chains):
        at[chain[0] if begin else chain[-1]].append(k)
    ports = [0.0] * len(layers.chains)
    for v, edges in at.items():
        flat = layers.blocks[v].flat if v < len(layers.blocks) else 0.0
        reach = min(flat, max(_PORT_RANGE, _PORT_GAP * (len(edges) - 1) / 2))
        gap = min(_PORT_GAP, 2 * reach / max(len(edges) - 1, 1))
        edges.sort(key=lambda k: (wanted[k], k))
        for k, place in zip(edges, _spread([wanted[k] - across[v] for k in edges], reach, gap), strict=True):
            ports[k] = across[v] + place
    return ports


def _spread(wanted: Sequence[float], reach: float, gap: float) -> list[float]:
    """The places nearest to the wanted ones, in their order, that are a gap apart and within reach.

    Least squares by pooling: neighbours that are too close are put together at the mean of what they want.
    """
    pools: list[tuple[float, int]] = []  # the sum of what is wanted, less the gaps; how many
    for k, place in enumerate(wanted):
        pool = (min(max(place, -reach), reach) - k * gap, 1)
        while pools and pools[-1][0] / pools[-1][1] > pool[0] / pool[1]:
            before = pools.pop()
            pool = (before[0] + pool[0], before[1] + pool[1])
        pools.append(pool)
    places = [total / many for total, many in pools for _ in range(many)]
    spread = [place + k * gap for k, place in enumerate(places)]
    low, high = -reach, reach - (len(spread) - 1) * gap
    return [min(max(place - k * gap, low), max(high, low)) + k * gap for k, place in enumerate(spread)]
