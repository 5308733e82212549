"""Reverse mode on a tape: cotangents travel against the statements, from the outputs to the inputs.

For each statement y ← p(x₁, x₂, …), the last one first, every operand receives a contribution:

    x̄ᵢ ← x̄ᵢ + (∂p/∂xᵢ)ᵀ ȳ                                  (Linnainmaa 1976, Speelpenning 1980)

The contribution is `Primitive.adjoints`. Its arithmetic is NumPy's, so the values of the tape may be of
any kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wengert.derivation import fit
from wengert.facts import Parts
from wengert.masked import masked, unmasked
from wengert.value import has_nan, new_level
from wengert.wlist import Statement, Tape, Variable

__all__ = ["Contribution", "adjoint_sweep"]


@dataclass(frozen=True, slots=True, eq=False)
class Contribution:
    """What one statement adds to the cotangent of one of its operands.

    Attributes
    ----------
    statement : Statement
    operand : int
        The operand's number among those of the statement.
    term : array
        Of the shape and dtype of the operand.
    """

    statement: Statement
    operand: int
    term: Any


def adjoint_sweep(tape: Tape, seeds: Mapping[Variable, Any]) -> tuple[dict[Variable, Any], list[Contribution]]:
    """Pull cotangents back through a tape.

    Parameters
    ----------
    tape : Tape
        With every value that a rule reads.
    seeds : mapping of Variable to array
        ȳ for some variables, mostly outputs, each with the shape and dtype of its variable.

    Returns
    -------
    cotangents : dict of Variable to array
        The sum of all contributions, and the seed, for every variable that a seeded one depends on. A
        variable that is missing has the cotangent zero (a structural zero).
    contributions : list of Contribution
        In the order of the sweep.

    Notes
    -----
    One adjoint operation, of about one to three primal ones, for each operand. The plain rules run first;
    where they leave a ``nan``, the sweep is repeated with masked seeds, so that what was not selected stays 0, as in
    `wengert.nodes.pull_back`.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> tape = wg.tape(lambda x1, x2: x1 * x2, 2., 5.)
    >>> cotangents, contributions = adjoint_sweep(tape, {tape.list.outputs[0]: np.float64(1)})
    >>> print({v.name: float(ct) for v, ct in cotangents.items()})
    {'v1': 1.0, 'x1': 5.0, 'x2': 2.0}
    """
    with np.errstate(all="ignore"):
        cotangents, contributions = _sweep(tape, seeds, careful=False)
        if any(has_nan(ct) for ct in cotangents.values()):
            level = new_level()
            found, terms = _sweep(tape, {v: masked(seed, level) for v, seed in seeds.items()}, careful=True)
            cotangents = {v: unmasked(ct, level) for v, ct in found.items()}
            contributions = [replace(c, term=unmasked(c.term, level)) for c in terms]
    return cotangents, contributions


def _sweep(tape: Tape, seeds: Mapping[Variable, Any], careful: bool) -> tuple[dict[Variable, Any], list[Contribution]]:
    cotangents = dict(seeds)
    contributions = []
    for stmt in reversed(tape.list.statements):
        ct = cotangent_of(stmt, cotangents)
        if ct is None:
            continue
        for i, x in enumerate(stmt.operands):
            if receives(stmt, i):
                term = contribution(tape, stmt, i, ct, careful=careful)
                cotangents[x] = cotangents[x] + term if x in cotangents else term
                contributions.append(Contribution(stmt, i, term))
    return cotangents, contributions


def cotangent_of(stmt: Statement, cotangents: Mapping[Variable, Any]) -> Any:
    """The cotangent of the target of a statement, `Parts` for several; ``None`` where nothing depends on them."""
    parts = Parts(cotangents.get(target) for target in stmt.targets)
    if all(ct is None for ct in parts):
        return None
    return parts if len(parts) > 1 else parts[0]


def receives(stmt: Statement, i: int) -> bool:
    """Whether operand `i` gets a contribution: a real or complex variable in which `stmt` is not flat."""
    x = stmt.operands[i]
    return isinstance(x, Variable) and x.dtype.kind in "fc" and stmt.prim.is_active(i)


def contribution(tape: Tape, stmt: Statement, i: int, ct: Any, *, careful: bool) -> Any:
    """What the cotangent `ct` of the targets of `stmt` contributes to that of its operand `i`."""
    x = stmt.operands[i]
    is_complex = any(target.dtype.kind == "c" for target in stmt.targets)
    adjoints = stmt.prim.careful_adjoints if careful or is_complex else stmt.prim.adjoints
    term = adjoints[i](ct, tape.result(stmt), *(_known(tape, x) for x in stmt.operands), **stmt.params)
    return fit(term, x.shape, x.dtype)


def _known(tape: Tape, operand: Any) -> Any:
    """The value; shape and dtype of a variable that the tape lacks because no rule reads its value."""
    return tape.values.get(operand, operand.type) if isinstance(operand, Variable) else operand
