"""In which row each node stands: every edge goes down, and all edges together are as short as can be.

That is the linear program of Gansner, Koutsofios, North and Vo (1993), which SciPy's HiGHS solves in milliseconds. Its
matrix is totally unimodular, so that a corner of what it allows is whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Span", "ranks"]

_MANY = 5_000  # edges, from which on a simplex method may take very long, and an interior point method never does

#: An edge: source, target, and at least how many rows the target is below the source.
Span = tuple[int, int, int]


def ranks(count: int, spans: Sequence[Span]) -> list[int]:
    """The rows of the vertices 0 … count − 1 of a connected graph without cycles, counted from 0.

    Of rows that make equally short edges the upper one is taken.
    """
    if count <= 1 or not spans:
        return [0] * count
    from scipy.sparse import csc_array

    table = np.array(spans)
    sources, targets, lengths = table.T
    at_row = np.repeat(np.arange(len(spans)), 2)
    signs = np.tile([-1.0, 1.0], len(spans))
    below = csc_array((signs, (at_row, table[:, :2].ravel())), shape=(len(spans), count))
    costs = np.bincount(targets, minlength=count) - np.bincount(sources, minlength=count) + 0.5 / count
    solution = _solved(costs, below, lengths)
    rows = None if solution is None else np.rint(solution).astype(int)
    if rows is None or np.any(rows[targets] - rows[sources] < lengths):  # the solver gave up
        rows = _longest_paths(count, spans)
    found: list[int] = (rows - rows.min()).tolist()
    return found


def _solved(costs: np.ndarray, below: Any, lengths: np.ndarray) -> np.ndarray | None:
    """The cheapest rows, not negative, whose differences `below` are at least `lengths`, if the solver finds them."""
    from scipy.optimize import Bounds, LinearConstraint, linprog, milp

    if len(lengths) < _MANY:  # by the simplex method, with half of the time that linprog needs for a small program
        solution = milp(costs, constraints=LinearConstraint(below, lb=lengths), bounds=Bounds(0, np.inf))
    else:  # the interior point method ends at a corner too, by a crossover
        solution = linprog(costs, A_ub=-below, b_ub=-lengths, bounds=(0, None), method="highs-ipm")
    return solution.x if solution.success else None


def _longest_paths(count: int, spans: Sequence[Span]) -> np.ndarray:
    """Each vertex as high up as its edges allow; sources and targets are numbered in a topological order."""
    rows = np.zeros(count, dtype=int)
    for source, target, length in sorted(spans, key=lambda span: span[1]):
        rows[target] = max(rows[target], rows[source] + length)
    return rows
