"""Reverse mode on a list: cotangents travel against the statements, from the outputs to the inputs.

For each statement y ← p(x₁, x₂, …), the last one first, every operand receives a contribution:

    x̄ᵢ ← x̄ᵢ + (∂p/∂xᵢ)ᵀ ȳ                                  (Linnainmaa 1976, Speelpenning 1980)

The contributions are those of `Primitive.adjoint`. Their arithmetic is NumPy's: on the arrays of a tape it computes the
cotangents, on tracers the same code writes the adjoint *program*.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wengert.derivation import fit, raised
from wengert.facts import Parts
from wengert.levels import new_level
from wengert.masked import masked, unmasked
from wengert.tracing import Recorder, at
from wengert.transforms.reached import Reached, everywhere
from wengert.transforms.selection import Selection, is_floating, numbers_of, pruned, selected, varied, zeros_of
from wengert.value import has_nan, is_abstract
from wengert.wlist import ArrayType, Origin, Statement, Tape, Variable, WengertList

__all__ = ["Contribution", "adjoint", "adjoint_sweep", "recorded"]


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


def adjoint(lst: WengertList, wrt: Selection = None) -> WengertList:
    """Make the program that computes the results of a list and pulls cotangents back to its inputs.

    Parameters
    ----------
    lst : WengertList
        With inputs x and outputs y.
    wrt : sequence of int or str, optional
        The inputs whose cotangents are wanted, by number or name; by default all that are floating point or complex.

    Returns
    -------
    WengertList
        Its inputs are x, and ȳ for each output that is floating point or complex; its outputs y, and
        x̄ = (∂y/∂x)ᵀ ȳ for each chosen input, shaped and typed like them. An x̄ that no output depends on is a constant
        zero.

    Raises
    ------
    ArgumentError
        If `wrt` names no input, or one twice.
    DtypeError
        If a chosen input is an integer or boolean.

    Notes
    -----
    One adjoint operation, of about one to three primal ones, for each operand that depends on a chosen input; none for
    the others. Loops keep their values from round to round (decision 8). At kinks as the rows of the table say;
    products with an infinite partial are plain ones. The list may be transformed again.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> print(wg.adjoint(wg.trace(lambda x1, x2: np.sin(x1) * x2)(1., 2.)))
    list <lambda>_adjoint(x1: f64[], x2: f64[], v2_bar: f64[]) -> v2, x1_bar, x2_bar
      v1 = sin(x1)            f64[]    <...
      v2 = v1 * x2            f64[]    <...
      v1_bar = v2_bar * x2    f64[]    # v2 = v1 * x2
      x2_bar = v2_bar * v1    f64[]
      v5 = cos(x1)            f64[]    # v1 = sin(x1)
      x1_bar = v1_bar * v5    f64[]
    """
    chosen = selected(lst, wrt, "adjoint")
    moving = varied(lst, chosen)
    recorder = Recorder.extending(lst)
    tracers: dict[Variable, Any] = {v: recorder.adopt_input(v) for v in lst.inputs}
    seeds: dict[Variable, Any] = {}
    given = [_seed(recorder, y) for y in lst.outputs if is_floating(y)]
    statements = [recorded(stmt, moving) for stmt in lst.statements]
    for stmt in statements:
        tracers.update(zip(stmt.targets, recorder.adopt(stmt), strict=True))
    for y, seed in zip(filter(is_floating, lst.outputs), given, strict=True):
        if isinstance(y, Variable):
            seeds[y] = seeds[y] + seed if y in seeds else seed
    tape = Tape(replace(lst, statements=tuple(statements)), tracers)
    cotangents, _ = adjoint_sweep(tape, seeds, moving)
    for v in (*chosen, *cotangents):
        recorder.call_it(cotangents.get(v), f"{v.name}_bar")
    outputs = [tracers[y] if isinstance(y, Variable) else y for y in lst.outputs]
    outputs += [cotangents.get(v, zeros_of(v)) for v in chosen]
    found = recorder.finish(f"{lst.name}_adjoint", outputs, ("adjoint", lst))
    needed = set(pruned(found.statements, found.outputs))
    return replace(found, statements=tuple(s for s in found.statements if s.origin is None or s in needed))


def _seed(recorder: Recorder, y: Any) -> Any:
    return recorder.input(f"{y.name if isinstance(y, Variable) else 'y'}_bar", ArrayType.of(y))


def recorded(stmt: Statement, moving: Collection[Variable]) -> Statement:
    """A statement as a record for reverse mode has it: a loop also keeps what its sweep needs."""
    active = tuple(receives(stmt, i, moving) for i in range(len(stmt.operands)))
    if not (stmt.prim.sublists and any(active)):
        return stmt
    prim = stmt.prim.recorded(active)
    types = prim.infer(stmt.operands, stmt.params)[len(stmt.targets) :]
    name = f"{stmt.targets[0].name}_kept"
    before = sum(v.name.startswith(name) for v in stmt.targets)
    more = tuple(Variable(f"{name}{k}", kind) for k, kind in enumerate(types, before + 1))
    return replace(stmt, prim=prim, targets=(*stmt.targets, *more))


def adjoint_sweep(
    tape: Tape, seeds: Mapping[Variable, Any], moving: Collection[Variable] | None = None
) -> tuple[dict[Variable, Any], list[Contribution]]:
    """Pull cotangents back through a tape.

    Parameters
    ----------
    tape : Tape
        With every value that a rule reads.
    seeds : mapping of Variable to array
        ȳ for some variables, mostly outputs, each with the shape and dtype of its variable.
    moving : collection of Variable, optional
        Those whose cotangents are wanted; by default all.

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
    if any(map(is_abstract, tape.values.values())):
        return _sweep_program(tape, seeds, moving)
    with np.errstate(all="ignore"):
        cotangents, contributions = _sweep(tape, seeds, moving, careful=False)
        if any(has_nan(ct) for ct in cotangents.values()):
            level = new_level()
            found, terms = _sweep(tape, {v: masked(seed, level) for v, seed in seeds.items()}, moving, careful=True)
            cotangents = {v: unmasked(ct, level) for v, ct in found.items()}
            contributions = [replace(c, term=unmasked(c.term, level)) for c in terms]
    return cotangents, contributions


def _sweep_program(
    tape: Tape, seeds: Mapping[Variable, Any], moving: Collection[Variable] | None
) -> tuple[dict[Variable, Any], list[Contribution]]:
    """The sweep that writes a program: where something is selected, cotangents know the condition."""
    if not any(stmt.prim.selects for stmt in tape.list.statements):
        return _sweep(tape, seeds, moving, careful=False)
    level = new_level()
    conditional = {v: everywhere(seed, level) for v, seed in seeds.items()}
    found, terms = _sweep(tape, conditional, moving, careful=True)
    cotangents = {v: ct.data if isinstance(ct, Reached) else ct for v, ct in found.items()}
    return cotangents, terms


def _sweep(
    tape: Tape, seeds: Mapping[Variable, Any], moving: Collection[Variable] | None, careful: bool
) -> tuple[dict[Variable, Any], list[Contribution]]:
    cotangents = dict(seeds)
    contributions = []
    for stmt in reversed(tape.list.statements):
        ct = cotangent_of(stmt, cotangents)
        active = tuple(receives(stmt, i, moving) for i in range(len(stmt.operands)))
        if ct is None or not any(active):
            continue
        with at(stmt.where, Origin("adjoint", stmt)):
            if _accumulated(tape, stmt, ct, cotangents):
                continue
            for i, term in zip(numbers_of(active), terms_of(tape, stmt, active, ct, careful=careful), strict=True):
                x = stmt.operands[i]
                cotangents[x] = cotangents[x] + term if x in cotangents else term
                contributions.append(Contribution(stmt, i, term))
    return cotangents, contributions


def _accumulated(tape: Tape, stmt: Statement, ct: Any, cotangents: dict[Variable, Any]) -> bool:
    """Let a program add the term of an indexing to the cotangent of the whole array, without zeros in between."""
    x = stmt.operands[0] if stmt.operands else None
    if stmt.prim.accumulate is None or not isinstance(x, Variable) or not is_abstract(cotangents.get(x)):
        return False
    xs = [_known(tape, stmt, i, True) for i in range(len(stmt.operands))]
    term = fit(ct, ct.shape, x.dtype)
    cotangents[x] = stmt.prim.accumulate(cotangents[x], term, *xs, **stmt.params)
    return True


def cotangent_of(stmt: Statement, cotangents: Mapping[Variable, Any]) -> Any:
    """The cotangent of the target of a statement, `Parts` for several; ``None`` where nothing depends on them."""
    parts = Parts(cotangents.get(target) for target in stmt.targets)
    if all(ct is None for ct in parts):
        return None
    return parts if len(parts) > 1 else parts[0]


def receives(stmt: Statement, i: int, moving: Collection[Variable] | None = None) -> bool:
    """Whether operand `i` gets a contribution: a real or complex variable in which `stmt` is not flat."""
    x = stmt.operands[i]
    is_wanted = isinstance(x, Variable) and x.dtype.kind in "fc" and (moving is None or x in moving)
    return is_wanted and stmt.prim.is_active(i)


def terms_of(tape: Tape, stmt: Statement, active: tuple[bool, ...], ct: Any, *, careful: bool) -> list[Any]:
    """What the cotangent `ct` of the targets of `stmt` contributes to those of its active operands."""
    rules = stmt.prim.adjoint[active]
    is_complex = any(target.dtype.kind == "c" for target in stmt.targets)
    rule = rules.careful if careful or is_complex else rules.plain
    saved = (tape.result(stmt), *(_known(tape, stmt, i, rules.keeps[i + 1]) for i in range(len(stmt.operands))))
    operands = [stmt.operands[i] for i in numbers_of(active)]
    terms = rule(ct, saved, stmt.params)
    return [fit(term, x.shape, x.dtype) for x, term in zip(operands, terms, strict=True)]


def contribution(tape: Tape, stmt: Statement, i: int, ct: Any, *, careful: bool) -> Any:
    """What the cotangent `ct` of the targets of `stmt` contributes to that of its operand `i` alone."""
    active = tuple(k == i for k in range(len(stmt.operands)))
    (term,) = terms_of(tape, stmt, active, ct, careful=careful)
    return term


def _known(tape: Tape, stmt: Statement, i: int, is_read: bool) -> Any:
    """The value of an operand; shape and dtype of a variable that the tape lacks because no rule reads its value."""
    operand, dtype = stmt.operands[i], stmt.targets[0].dtype
    is_raised = is_read and len(stmt.targets) == 1 and not stmt.prim.sublists  # a list takes what it was recorded for
    if not isinstance(operand, Variable):
        return _as_read(operand, dtype) if is_raised else operand
    value = tape.values.get(operand, operand.type)
    return raised(value, dtype) if is_raised else value


def _as_read(constant: Any, dtype: np.dtype[Any]) -> Any:
    """A constant as a rule reads it: by NumPy's zero 1 / 0 is inf, by Python's a ZeroDivisionError."""
    if type(constant) in (int, float) and constant == 0:
        return (dtype.type if dtype.kind == "f" else np.float64)(constant)
    return constant
