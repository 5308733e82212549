"""How far to the right each vertex stands, for rows in a given order: long edges straight, parents above children.

The method is that of Brandes and Köpf (2001), with sizes: vertices of neighbouring rows are put together to blocks that
stand on one line, four times over (towards the upper or the lower neighbours, with ties to the left or to the right).
The blocks of each time are pushed together by longest paths, and a vertex gets the mean of its two middle places. What
stands in line then moves towards what it is connected with, if all of that is on one side and there is room.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, pairwise

__all__ = ["aligned"]

Neighbours = Sequence[Sequence[int]]
Order = Sequence[Sequence[int]]
Extents = Sequence[tuple[float, float]]

_SAME = 1e-6  # pixels: what stands in line
_SETTLINGS = 3


def aligned(
    order: Order, up: Neighbours, in_line: tuple[Neighbours, Neighbours], is_bend: Sequence[bool], extents: Extents
) -> list[float]:
    """The places of the lines on which the vertices stand.

    Parameters
    ----------
    order : sequence of sequence of int
        The vertices of each row, from left to right.
    up : sequence of sequence of int
        The neighbours of each vertex in the row above.
    in_line : tuple of sequence of sequence of int
        Those in the row above, and in the row below, with which it should stand in line.
    is_bend : sequence of bool
        Whether a vertex is no node, but a place where an edge comes through a row.
    extents : sequence of tuple of float
        How far each vertex reaches to the left and to the right of its line; two next to each other do not overlap.
    """
    position = [0] * len(up)
    for row in order:
        for k, v in enumerate(row):
            position[v] = k
    barred = _barred(order, up, is_bend, position)
    found = []
    for downwards in (True, False):
        rows = order if downwards else order[::-1]
        neighbours = [sorted(vs, key=position.__getitem__) for vs in in_line[0 if downwards else 1]]
        found += [_one_way(rows, neighbours, position, barred, extents, mirrored) for mirrored in (False, True)]
    places = _middle(found, extents)
    _settle(places, order, up, in_line[0], extents)
    return places


def _barred(order: Order, up: Neighbours, is_bend: Sequence[bool], position: Sequence[int]) -> set[tuple[int, int]]:
    """The edges that cross the inner part of a long edge: it is straight, and they are not."""
    barred: set[tuple[int, int]] = set()
    for above, row in pairwise(order):
        first = start = 0
        for k, v in enumerate(row):
            inner = is_bend[v] and any(is_bend[w] for w in up[v])
            if not inner and k < len(row) - 1:
                continue
            last = position[up[v][0]] if inner else len(above) - 1
            for other in row[start : k + 1]:
                for w in up[other]:
                    if not first <= position[w] <= last and not (is_bend[w] and is_bend[other]):
                        barred |= {(w, other), (other, w)}
            start, first = k + 1, last
    return barred


def _one_way(
    rows: Order,
    neighbours: Neighbours,
    position: Sequence[int],
    barred: set[tuple[int, int]],
    extents: Extents,
    mirrored: bool,
) -> list[float]:
    root = _blocks(rows, neighbours, position, barred, mirrored)
    before, after = (1, 0) if mirrored else (0, 1)
    gaps: list[dict[int, float]] = [defaultdict(float) for _ in root]
    for row in rows:
        ordered = row[::-1] if mirrored else row
        for left, right in pairwise(ordered):
            a, b = root[left], root[right]
            gaps[a][b] = max(gaps[a][b], extents[left][after] + extents[right][before])
    places = _pushed(root, gaps)
    return [-places[r] if mirrored else places[r] for r in root]


def _blocks(
    rows: Order, neighbours: Neighbours, position: Sequence[int], barred: set[tuple[int, int]], mirrored: bool
) -> list[int]:
    """The first vertex of the block of each vertex."""
    root = list(range(len(neighbours)))
    is_free = [True] * len(root)  # has no successor in its block yet
    sign = -1 if mirrored else 1
    for row in rows:
        last = -len(root) - 1
        for v in reversed(row) if mirrored else row:
            theirs = neighbours[v]
            if not theirs:
                continue
            middles = (theirs[(len(theirs) - 1) // 2], theirs[len(theirs) // 2])
            for w in reversed(middles) if mirrored else middles:
                if is_free[w] and last < sign * position[w] and (w, v) not in barred:
                    is_free[w] = False
                    root[v] = root[w]
                    last = sign * position[w]
                    break
    return root


def _pushed(root: Sequence[int], gaps: Sequence[dict[int, float]]) -> list[float]:
    """The blocks as far to the left as the gaps allow, then towards what stands to the right of them."""
    before = [0] * len(root)
    for of_block in gaps:
        for b in of_block:
            before[b] += 1
    waiting = [v for v, r in enumerate(root) if v == r and not before[v]]
    places = [0.0] * len(root)
    done: list[int] = []
    while waiting:
        a = waiting.pop()
        done.append(a)
        for b, gap in gaps[a].items():
            places[b] = max(places[b], places[a] + gap)
            before[b] -= 1
            if not before[b]:
                waiting.append(b)
    for a in reversed(done):
        if gaps[a]:
            places[a] = max(places[a], min(places[b] - gap for b, gap in gaps[a].items()))
    return places


def _middle(found: Sequence[list[float]], extents: Extents) -> list[float]:
    """The mean of the two middle ones of four drawings, which are laid upon the narrowest."""
    if not found[0]:
        return []
    bounds = [
        (
            min(x - e[0] for x, e in zip(xs, extents, strict=True)),
            max(x + e[1] for x, e in zip(xs, extents, strict=True)),
        )
        for xs in found
    ]
    low, high = min(bounds, key=lambda bound: bound[1] - bound[0])
    shifts = [high - bound[1] if k % 2 else low - bound[0] for k, bound in enumerate(bounds)]
    moved = [[x + shift for x in xs] for xs, shift in zip(found, shifts, strict=True)]
    return [sum(sorted(four)[1:3]) / 2 for four in zip(*moved, strict=True)]


def _settle(places: list[float], order: Order, up: Neighbours, above: Neighbours, extents: Extents) -> None:
    """Move what stands in line towards what it is connected with, if all of that is on one side."""
    root = list(range(len(places)))
    members: dict[int, list[int]] = defaultdict(list)
    for v in chain.from_iterable(order):
        root[v] = next((root[w] for w in above[v] if abs(places[w] - places[v]) < _SAME), v)
        members[root[v]].append(v)
    around = _around(root, up)
    beside = {
        v: (left, right) for row in order for left, v, right in zip((-1, *row), row, (*row[1:], -1), strict=False)
    }
    for _ in range(_SETTLINGS):
        for block, edges in around.items():
            away = [places[w] - places[v] for v, w in edges]
            shift = max(min(away), 0.0) or min(max(away), 0.0)
            if shift:
                shift = _free(shift, members[block], beside, places, extents)
                for v in members[block]:
                    places[v] += shift


def _around(root: Sequence[int], up: Neighbours) -> dict[int, list[tuple[int, int]]]:
    """The edges that leave each block: the end in the block, and the other one."""
    around: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for v, theirs in enumerate(up):
        for w in theirs:
            if root[v] != root[w]:
                around[root[v]].append((v, w))
                around[root[w]].append((w, v))
    return around


def _free(
    shift: float,
    block: Sequence[int],
    beside: dict[int, tuple[int, int]],
    places: Sequence[float],
    extents: Extents,
) -> float:
    """How much of a shift there is room for."""
    for v in block:
        left, right = beside[v]
        if shift < 0 and left >= 0:
            shift = max(shift, min(places[left] + extents[left][1] + extents[v][0] - places[v], 0.0))
        elif shift > 0 and right >= 0:
            shift = min(shift, max(places[right] - extents[right][0] - extents[v][1] - places[v], 0.0))
    return shift
