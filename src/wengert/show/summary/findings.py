"""Where a gradient is lost: the first nan or infinity, and where cotangents become zero, tiny or huge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from wengert.levels import new_level
from wengert.masked import masked, unmasked
from wengert.show.notation import number_text, printable
from wengert.show.summary.sweeping import Plan, Step, size_of
from wengert.transforms.adjoint import cotangent_of
from wengert.transforms.selection import varied
from wengert.wlist import Statement, Tape, Variable

__all__ = ["findings"]

_TINY, _HUGE = 1e-10, 1e10  # of the largest cotangent of an input, in those of the seed
_MOST_NAMED = 4

Label = Callable[[Statement], str]


def findings(
    plan: Plan, gradients: Mapping[Variable, Any], largest: Any, label: Label, *, careful: bool
) -> Iterator[str]:
    """One sentence for each thing that is wrong, with the statement where it begins.

    Parameters
    ----------
    plan : Plan
    gradients : mapping of Variable to array
        Of the inputs that a path leads to.
    largest : array, of shape (steps,)
        The largest absolute value of the cotangent that each step has received.
    label : callable
        What a statement is called: its line and text.
    careful : bool
        Whether masked seeds were needed.
    """
    with np.errstate(all="ignore"):
        yield from _values(plan.tape, label)
        sizes = {x: size_of([gradients[x]]) for x in plan.inputs if x in gradients}
        yield from _unreached([x for x in plan.inputs if x not in gradients])
        odd = [x for x, size in sizes.items() if not np.isfinite(size)]
        zero = [x for x, size in sizes.items() if size == 0 and x.type.size]
        if odd or zero:
            yield from _of_terms(plan, odd, zero, label, careful)
        seed = size_of(list(plan.seeds.values())) or 1.0
        tiny = {x: size for x, size in sizes.items() if 0 < size < _TINY * seed}
        huge = {x: size for x, size in sizes.items() if _HUGE * seed < size < np.inf}
        if tiny:
            yield _extreme(plan, tiny, largest < _TINY * seed, f"fall below {_TINY:g}", ("vanishes", "vanish"), label)
        if huge:
            yield _extreme(plan, huge, largest > _HUGE * seed, f"exceed {_HUGE:g}", ("explodes", "explode"), label)


def _values(tape: Tape, label: Label) -> Iterator[str]:
    """The first statement that makes a nan or infinity of finite numbers, if the results have one."""
    if all(_is_finite(y) for y in tape.outputs):
        return
    for stmt in tape.list.statements:
        if not all(_is_finite(tape.values[y]) for y in stmt.targets) and all(map(_is_finite, _operands(tape, stmt))):
            yield f"The value is {_kind(tape.outputs)}: it first appears at {label(stmt)}."
            return


def _operands(tape: Tape, stmt: Statement) -> list[Any]:
    return [tape.value(x) for x in stmt.operands]


def _is_finite(value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype.kind not in "fc" or bool(np.all(np.isfinite(array)))


def _kind(values: Any) -> str:
    return "nan" if any(np.asarray(v).dtype.kind in "fc" and np.any(np.isnan(v)) for v in values) else "infinite"


def _unreached(inputs: list[Variable]) -> Iterator[str]:
    if inputs:
        yield f"No path leads to {_named(inputs)}: {'their gradients are' if len(inputs) > 1 else 'its gradient is'} 0."


def _named(inputs: list[Variable]) -> str:
    names = [printable(x.name) for x in inputs[:_MOST_NAMED]]
    more = len(inputs) - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more else "")


def _of_terms(plan: Plan, odd: list[Variable], zero: list[Variable], label: Label, careful: bool) -> Iterator[str]:
    """Sweep once more, and look at each contribution."""
    first_odd, stopping = None, []
    for step, ct, terms in _contributions(plan, careful):
        if first_odd is None and all(map(_is_finite, ct)) and not all(map(_is_finite, terms)):
            first_odd = step
        if zero and any(np.any(each) for each in ct):
            stopping += [(step.statement, x) for x, term in zip(step.operands, terms, strict=True) if not np.any(term)]
    if odd:
        where = f": it first appears in the sweep at {label(first_odd.statement)}" if first_odd else ""
        kind = "nan or infinite" if len(odd) > 1 else "not finite"
        yield f"The gradient of {_named(odd)} is {kind}{where}."
    for x in zero[:_MOST_NAMED]:
        reached = varied(plan.tape.list, [x])
        stop = next((stmt for stmt, operand in stopping if operand in reached), None)
        where = f": cotangents become 0 at {label(stop)}" if stop is not None else ""
        yield f"The gradient of {printable(x.name)} is exactly 0{where}."
    if len(zero) > _MOST_NAMED:
        yield f"So are the gradients of {_named(zero[_MOST_NAMED:])}."


def _contributions(plan: Plan, careful: bool) -> Iterator[tuple[Step, list[Any], list[Any]]]:
    """For each step the cotangents of its targets, and its terms."""
    level = new_level()
    cotangents = {x: masked(seed, level) if careful else seed for x, seed in plan.seeds.items()}

    def plain(values: Any) -> list[Any]:
        return [unmasked(v, level) if careful else v for v in values if v is not None]

    for step in plan.steps:
        ct = cotangent_of(step.statement, cotangents)
        terms = step.terms(plan.tape, ct, careful)
        yield step, plain([cotangents.get(y) for y in step.statement.targets]), plain(terms)
        for x, term in zip(step.operands, terms, strict=True):
            cotangents[x] = cotangents[x] + term if x in cotangents else term
        for y in step.statement.targets:
            cotangents.pop(y, None)


def _extreme(
    plan: Plan, sizes: Mapping[Variable, float], beyond: Any, how: str, verbs: tuple[str, str], label: Label
) -> str:
    """Gradients that are tiny or huge, and the first statement on the way to them whose cotangent is."""
    reached = varied(plan.tape.list, sizes)
    found = (
        step.statement for step, is_beyond in zip(plan.steps, beyond, strict=True)
        if is_beyond and any(y in reached for y in step.statement.targets)
    )  # fmt: skip
    first = next(found, None)
    where = f", and cotangents {how} of the seed first at {label(first)}" if first is not None else ""
    one, several = verbs
    subject = (
        f"gradients of {_named(list(sizes))} {several}"
        if len(sizes) > 1
        else f"gradient of {_named(list(sizes))} {one}"
    )
    return f"The {subject}: no number is above {number_text(max(sizes.values()), 1)}{where}."
