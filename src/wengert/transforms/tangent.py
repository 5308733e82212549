"""Forward mode on a list: tangents travel with the statements, from the inputs to the outputs.

For each statement y ← p(x₁, x₂, …) in turn,

    ẏ = ∂p/∂x₁ ẋ₁ + ∂p/∂x₂ ẋ₂ + …                                               (Wengert 1964)

The sum is `Primitive.push_forward`. Its arithmetic is NumPy's: on the arrays of a tape it computes the tangents, on
tracers the same code writes the tangent *program*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wengert.levels import new_level
from wengert.masked import masked, unmasked
from wengert.tracing import Recorder, at
from wengert.transforms.selection import Selection, is_floating, selected, zeros_of
from wengert.value import has_nan
from wengert.wlist import Origin, Statement, Tape, Variable, WengertList

__all__ = ["tangent", "tangent_sweep"]


def tangent(lst: WengertList, wrt: Selection = None) -> WengertList:
    """Make the program that computes the results of a list and their derivatives along one direction.

    Parameters
    ----------
    lst : WengertList
        With inputs x and outputs y.
    wrt : sequence of int or str, optional
        The inputs that have tangents, by number or name; by default all that are floating point or complex.

    Returns
    -------
    WengertList
        Its inputs are x, and ẋ for each chosen one; its outputs y, and ẏ = (∂y/∂x) ẋ for each y that is floating
        point or complex, shaped and typed like them. A ẏ that depends on no ẋ is a constant zero.

    Raises
    ------
    ArgumentError
        If `wrt` names no input, or one twice.
    DtypeError
        If a chosen input is an integer or boolean.

    Notes
    -----
    One tangent operation, of about one to three primal ones, for each statement that depends on a chosen input; none
    for the others. At kinks as the rows of the table say; products with an infinite partial are plain ones, as in
    every recorded program. The list may be transformed again.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> print(wg.tangent(wg.trace(lambda x1, x2: np.sin(x1) * x2)(1., 2.)))
    list <lambda>_tangent(x1: f64[], x2: f64[], x1_dot: f64[], x2_dot: f64[]) -> v2, v2_dot
      v1 = sin(x1)            f64[]    <...
      v3 = cos(x1)            f64[]    # v1 = sin(x1)
      v1_dot = x1_dot * v3    f64[]
      v2 = v1 * x2            f64[]    <...
      v5 = v1_dot * x2        f64[]    # v2 = v1 * x2
      v6 = x2_dot * v1        f64[]
      v2_dot = v5 + v6        f64[]
    """
    chosen = selected(lst, wrt, "tangent")
    recorder = Recorder.extending(lst)
    tracers: dict[Variable, Any] = {v: recorder.adopt_input(v) for v in lst.inputs}
    dots = {v: recorder.input(f"{v.name}_dot", v.type) for v in chosen}
    for stmt in lst.statements:
        x_dots = [dots.get(x) if isinstance(x, Variable) else None for x in stmt.operands]
        if not any(t is not None and stmt.prim.is_active(i) for i, t in enumerate(x_dots)):
            tracers.update(zip(stmt.targets, recorder.adopt(stmt), strict=True))
            continue
        push = _push_control if stmt.prim.sublists else _push
        found = push(recorder, stmt, tracers, x_dots)
        for target, y_dot in zip(stmt.targets, found, strict=True):
            if y_dot is not None:
                dots[target] = y_dot
                recorder.call_it(y_dot, f"{target.name}_dot")
    outputs = [tracers[y] if isinstance(y, Variable) else y for y in lst.outputs]
    outputs += [
        dots[y] if isinstance(y, Variable) and y in dots else zeros_of(y) for y in lst.outputs if is_floating(y)
    ]
    return recorder.finish(f"{lst.name}_tangent", outputs, ("tangent", lst))


def _push(recorder: Recorder, stmt: Statement, tracers: dict[Variable, Any], x_dots: Sequence[Any]) -> Sequence[Any]:
    """Write a statement and what its tangent takes; the tangents of its targets."""
    ys = recorder.adopt(stmt)
    tracers.update(zip(stmt.targets, ys, strict=True))
    xs = [tracers[x] if isinstance(x, Variable) else x for x in stmt.operands]
    with at(stmt.where, Origin("tangent", stmt)):
        y_dot = stmt.prim.push_forward(x_dots, ys if len(ys) > 1 else ys[0], xs, stmt.params)
    return [None] * len(ys) if y_dot is None else y_dot if len(ys) > 1 else [y_dot]


def _push_control(
    recorder: Recorder, stmt: Statement, tracers: dict[Variable, Any], x_dots: Sequence[Any]
) -> Sequence[Any]:
    """Write the control statement that computes results and tangents together in the place of `stmt`."""
    xs = [tracers[x] if isinstance(x, Variable) else x for x in stmt.operands]
    with at(stmt.where):
        y, y_dot = stmt.prim.evaluate_with_tangent(xs, x_dots, stmt.params)
    ys = y if len(stmt.targets) > 1 else (y,)
    tracers.update(zip(stmt.targets, ys, strict=True))
    for target, one in zip(stmt.targets, ys, strict=True):
        recorder.stand_for(one, target)
    return [None] * len(ys) if y_dot is None else y_dot if len(ys) > 1 else [y_dot]


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
