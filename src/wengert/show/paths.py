"""The sum over all paths: right, and hopelessly slow.

The derivative of a result by an input is the sum, over all paths from the one to the other in the graph of the
computation, of the product of the partials along the path (Bauer 1974). Here a step of a path is a statement with one
of its operands, so that for arrays the partials are local Jacobians. The number of paths may double with every
statement: forward and reverse mode are two ways to share the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from wengert.transforms.adjoint import contribution, cotangent_of, receives
from wengert.wlist import Tape, Variable

__all__ = ["MOST_COUNTED", "path_counts", "steps_of_all_paths", "sum_over_paths"]

#: Where counting ends: the number itself may have as many digits as the program has statements.
MOST_COUNTED = 10**300


def path_counts(tape: Tape) -> dict[Variable, int]:
    """For each variable the number of paths that lead to it from the inputs, up to `MOST_COUNTED`.

    Found by dynamic programming, one addition for each operand: no path is walked.
    """
    counts = dict.fromkeys((v for v in tape.list.inputs if v.dtype.kind in "fc"), 1)
    for stmt in tape.list.statements:
        through = sum(counts.get(x, 0) for i, x in enumerate(stmt.operands) if receives(stmt, i))
        if through:
            counts.update(dict.fromkeys(stmt.targets, min(through, MOST_COUNTED)))
    return counts


def steps_of_all_paths(tape: Tape, output: Variable, counts: Mapping[Variable, int]) -> int:
    """The number of products that `sum_over_paths` would form, up to `MOST_COUNTED`."""
    visits = {output: 1}
    total = 0
    for stmt in reversed(tape.list.statements):
        here = sum(visits.get(target, 0) for target in stmt.targets)
        for i, x in enumerate(stmt.operands):
            if here and receives(stmt, i) and x in counts:
                visits[x] = min(visits.get(x, 0) + here, MOST_COUNTED)
                total = min(total + here, MOST_COUNTED)
    return total


def sum_over_paths(tape: Tape, output: Variable, seed: Any, counts: Mapping[Variable, int]) -> dict[Variable, Any]:
    """Walk every path from `output` to the inputs, and add up the products of the partials along them.

    Parameters
    ----------
    tape : Tape
    output : Variable
    seed : array
        Where each product starts, of the shape and dtype of `output`.
    counts : mapping
        From `path_counts`; ways that lead to no input are not entered.

    Returns
    -------
    dict of Variable to array
        The derivative by each input that a path leads to.
    """
    made_by = {target: stmt for stmt in tape.list.statements for target in stmt.targets}
    totals: dict[Variable, Any] = {}
    pending = [(output, seed)] if output in counts else []
    with np.errstate(all="ignore"):
        while pending:
            variable, product = pending.pop()
            stmt = made_by.get(variable)
            if stmt is None:  # an input: the path ends here
                totals[variable] = totals[variable] + product if variable in totals else product
                continue
            ct = cotangent_of(stmt, {variable: product})
            for i, x in enumerate(stmt.operands):
                if receives(stmt, i) and x in counts:
                    pending.append((x, contribution(tape, stmt, i, ct, careful=True)))
    return totals
