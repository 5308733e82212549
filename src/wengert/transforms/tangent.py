"""Forward mode on a tape: tangents travel with the statements, from the inputs to the outputs.

For each statement y ← p(x₁, x₂, …) in turn,

    ẏ = ∂p/∂x₁ ẋ₁ + ∂p/∂x₂ ẋ₂ + …                                               (Wengert 1964)

The sum is `Primitive.push_forward`. Its arithmetic is NumPy's, so the values of the tape may be of any
kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from wengert.masked import masked, unmasked
from wengert.value import has_nan, new_level
from wengert.wlist import Tape, Variable

__all__ = ["tangent_sweep"]


def tangent_sweep(tape: Tape, seeds: Mapping[Variable, Any]) -> dict[Variable, Any]:
    """Push tangents forward through a tape.

    Parameters
    ----------
    tape : Tape
        With the values of all its variables.
    seeds : mapping of Variable to array
        ẋ for some inputs, each with the shape and dtype of its input. An input left out is constant.

    Returns
    -------
    dict of Variable to array
        The seeds, and the tangent of every variable that depends on a seeded one, with the shape and dtype
        of its value. A variable that is missing has the tangent zero (a structural zero).

    Notes
    -----
    One tangent operation, of about one to three primal ones, for each statement that depends on a seed. Where this
    leaves a ``nan``, the sweep is repeated with masked seeds, so that a zero of a seed stays 0 (`wengert.masked`).

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> tape = wg.tape(lambda x1, x2: x1 * x2, 2., 5.)
    >>> x1, x2 = tape.list.inputs
    >>> print({v.name: float(t) for v, t in tangent_sweep(tape, {x1: np.float64(1)}).items()})
    {'x1': 1.0, 'v1': 5.0}
    """
    with np.errstate(all="ignore"):
        tangents = _sweep(tape, seeds)
        if any(has_nan(t) for t in tangents.values()):
            level = new_level()
            found = _sweep(tape, {v: masked(seed, level) for v, seed in seeds.items()})
            tangents = {v: unmasked(t, level) for v, t in found.items()}
    return tangents


def _sweep(tape: Tape, seeds: Mapping[Variable, Any]) -> dict[Variable, Any]:
    tangents = dict(seeds)
    for stmt in tape.list.statements:
        x_dots = [tangents.get(x) if isinstance(x, Variable) else None for x in stmt.operands]
        xs = [tape.value(x) for x in stmt.operands]
        y_dot = stmt.prim.push_forward(x_dots, tape.result(stmt), xs, stmt.params)
        if y_dot is not None:
            y_dots = y_dot if len(stmt.targets) > 1 else (y_dot,)
            tangents.update((v, t) for v, t in zip(stmt.targets, y_dots, strict=True) if t is not None)
    return tangents
