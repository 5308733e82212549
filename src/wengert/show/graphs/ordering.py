"""In which order the vertices of a row stand, so that few edges cross: the layer-by-layer sweep of Sugiyama.

Rows are ordered by the mean or the median of where their neighbours stand in the row before, downwards and upwards in
turn (Sugiyama, Tagawa and Toda 1981; Eades and Wormald 1994); in small graphs neighbours in a row then change places
where that saves crossings (Gansner et al. 1993).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["crossings", "ordered"]

Neighbours = Sequence[Sequence[int]]
Rows = list[list[int]]

_MOST_SWEEPS = 24
_PATIENCE = 8  # sweeps without a gain
_EXCHANGES = 4  # of neighbours in all rows, after a sweep
_WORK = 300_000  # vertices visited, about; bounds the sweeps of large graphs
_SMALL = 2_000  # vertices of a graph in which neighbours change places
_LARGE = 10_000  # vertices of a graph for which quick sweeps from one start have to do
_QUICK_PATIENCE = 2


def ordered(rows: Sequence[int], up: Neighbours, down: Neighbours, *, quickly: bool = False) -> Rows:
    """The vertices of each row from left to right.

    Parameters
    ----------
    rows : sequence of int
        The row of each vertex.
    up, down : sequence of sequence of int
        The neighbours in the row above, in the order of the operands, and in the row below.
    quickly : bool
        Whether a third of the time has to do, for about a twentieth more crossings: sweeps by means alone, which end
        sooner; neighbours change places in the best order only.
    """
    count = max(rows, default=-1) + 1
    best: tuple[int, Rows] | None = None
    swept = _swept_quickly if quickly or len(rows) > _LARGE else _swept
    for start in (_visited(rows, count, up, down), _visited(rows, count, down, up)):
        found = swept(start, up, down)
        if best is None or found[0] < best[0]:
            best = found
        if not best[0] or len(rows) > _LARGE:
            break
    return _turned(best[1], up) if best else []


def _visited(rows: Sequence[int], count: int, onwards: Neighbours, back: Neighbours) -> Rows:
    """Each row in the order in which a depth-first search comes by, from the ends that have no way back."""
    order: Rows = [[] for _ in range(count)]
    seen = [False] * len(rows)
    for first in (v for v in range(len(rows)) if not back[v]):
        stack = [first]
        while stack:
            v = stack.pop()
            if not seen[v]:
                seen[v] = True
                order[rows[v]].append(v)
                stack.extend(reversed(onwards[v]))
    return order


def _swept(order: Rows, up: Neighbours, down: Neighbours) -> tuple[int, Rows]:
    """The best order that the sweeps come by, and its crossings."""
    size = len(up)
    best, best_order, waited = crossings(order, down), [list(row) for row in order], 0
    position = _positions(order, size)
    for sweep in range(min(_MOST_SWEEPS, max(2, _WORK // max(size, 1)))):
        if not best or waited == _PATIENCE:
            break
        downwards, medians, turned = sweep % 2 == 0, sweep // 2 % 2 == 1, sweep // 4 % 2 == 1
        for row in order if downwards else reversed(order):
            if len(row) > 1:
                _sort(row, up if downwards else down, position, medians, turned)
        if size <= _SMALL:
            _exchange(order, up, down, position)
        found = crossings(order, down)
        waited += 1
        if found < best:
            best, best_order, waited = found, [list(row) for row in order], 0
    return best, best_order


def _swept_quickly(order: Rows, up: Neighbours, down: Neighbours) -> tuple[int, Rows]:
    best, best_order, waited = crossings(order, down), [list(row) for row in order], 0
    position = _positions(order, len(up))
    for sweep in range(min(_MOST_SWEEPS, max(2, _WORK // max(len(up), 1)))):
        if not best or waited == _QUICK_PATIENCE:
            break
        downwards = sweep % 2 == 0
        for row in order if downwards else reversed(order):
            if len(row) > 1:
                _sort(row, up if downwards else down, position, medians=False, turned=False)
        found = crossings(order, down)
        waited += 1
        if found < best:
            best, best_order, waited = found, [list(row) for row in order], 0
    if best and len(up) <= _SMALL:
        _exchange(best_order, up, down, _positions(best_order, len(up)))
        best = crossings(best_order, down)
    return best, best_order


def _positions(order: Sequence[Sequence[int]], size: int) -> list[int]:
    """Where in its row each vertex stands."""
    position = [0] * size
    for row in order:
        _number(row, position)
    return position


def _number(row: Sequence[int], position: list[int]) -> None:
    for k, v in enumerate(row):
        position[v] = k


def _sort(row: list[int], neighbours: Neighbours, position: list[int], medians: bool, turned: bool) -> None:
    """Sort a row by where the neighbours stand; what has none keeps its place.

    Equals keep their order, or (`turned`) are put in the opposite one, so that the sweeps come by more orders.
    """
    keys: dict[int, float] = {}  # in the order of the row
    for v in row:
        theirs = neighbours[v]
        if len(theirs) == 1:
            keys[v] = position[theirs[0]]
        elif theirs:
            keys[v] = _middle([position[w] for w in theirs], medians)
    by_key = sorted(list(keys)[:: -1 if turned else 1], key=keys.__getitem__)
    if len(by_key) == len(row):
        row[:] = by_key
    else:
        moving = iter(by_key)
        row[:] = [next(moving) if v in keys else v for v in row]
    _number(row, position)


def _middle(places: list[int], medians: bool) -> float:
    if not medians or len(places) == 2:
        return sum(places) / len(places)
    places.sort()
    return (places[(len(places) - 1) // 2] + places[len(places) // 2]) / 2


def _exchange(order: Rows, up: Neighbours, down: Neighbours, position: list[int]) -> None:
    """Let neighbours in a row change places as long as that saves crossings."""
    waiting = [row for row in order if len(row) > 1]
    for _ in range(_EXCHANGES):
        waiting = [row for row in waiting if _exchange_in(row, up, down, position)]
        if not waiting:
            return


def _exchange_in(row: list[int], up: Neighbours, down: Neighbours, position: list[int]) -> bool:
    ends = [([position[w] for w in up[v]], [position[w] for w in down[v]]) for v in row]
    gained = False
    for k in range(len(row) - 1):
        left, right = ends[k], ends[k + 1]
        if _gain(left[0], right[0]) + _gain(left[1], right[1]) > 0:
            row[k], row[k + 1] = row[k + 1], row[k]
            ends[k], ends[k + 1] = right, left
            gained = True
    if gained:
        _number(row, position)
    return gained


def _gain(left: Sequence[int], right: Sequence[int]) -> int:
    """How many crossings are saved, if the edges from two vertices to these places change sides."""
    gain = 0
    for a in left:
        for b in right:
            gain += (a > b) - (a < b)
    return gain


def crossings(order: Sequence[Sequence[int]], down: Neighbours) -> int:
    """How many pairs of edges cross: the inversions of their lower ends, row by row."""
    position = _positions(order, len(down))
    return sum(_inversions(row, below, down, position) for row, below in pairwise(order))


def _inversions(row: Sequence[int], below: Sequence[int], down: Neighbours, position: Sequence[int]) -> int:
    if len(row) == 1 or len(below) == 1:
        return 0
    seen: list[int] = []
    last = -1
    found = 0
    for v in row:
        theirs = down[v]
        if len(theirs) == 1:  # as of each bend
            end = position[theirs[0]]
            if end >= last:
                seen.append(end)
                last = end
            else:
                found += len(seen) - bisect_right(seen, end)
                insort(seen, end)
        elif theirs:
            ends = [position[w] for w in theirs]
            found += sum(len(seen) - bisect_right(seen, end) for end in ends if end < last)
            for end in ends:
                insort(seen, end)
            last = seen[-1]
    return found


def _turned(order: Rows, up: Neighbours) -> Rows:
    """The order or its mirror image, whichever has more operands from left to right."""
    position = {v: k for row in order for k, v in enumerate(row)}
    agreement = sum(_sign(position[b] - position[a]) for row in order for v in row for a, b in pairwise(up[v]))
    return [row[::-1] for row in order] if agreement < 0 else order


def _sign(x: int) -> int:
    return (x > 0) - (x < 0)
