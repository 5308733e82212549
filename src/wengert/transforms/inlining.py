"""A list written into whatever records the values it is applied to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from wengert.tracing import Recorder, Tracer, at
from wengert.transforms.adjoint import recorded
from wengert.wlist import Origin, Statement, Tape, Variable, WengertList

__all__ = ["call_new", "inlined", "inlined_with_tangents", "outputs_of", "recorder_of"]


def inlined(lst: WengertList, inputs: Sequence[Any], moving: Collection[Variable] = ()) -> Tape:
    """Apply the statements of `lst` to values of any kind, as a record for reverse mode has them.

    Parameters
    ----------
    lst : WengertList
    inputs : sequence
        A value for each input.
    moving : collection of Variable
        Those that a reverse sweep will go through: loops keep what it needs.

    Returns
    -------
    Tape
        The list with these values, its variables called as they are in the record that the values belong to.
    """
    names: dict[Variable, Variable] = {v: _twin(v, x) for v, x in zip(lst.inputs, inputs, strict=True)}
    values: dict[Variable, Any] = dict(zip(names.values(), inputs, strict=True))
    statements = []
    for stmt in lst.statements:
        kept = recorded(stmt, moving)
        symbols = [names[x] if isinstance(x, Variable) else x for x in kept.operands]
        operands = [values[x] if isinstance(x, Variable) else x for x in symbols]
        with at(kept.where, kept.origin):
            result = kept.prim.evaluate(operands, kept.params)
        results = result if len(kept.targets) > 1 else (result,)
        targets = tuple(map(_twin, kept.targets, results))
        names.update(zip(kept.targets, targets, strict=True))
        values.update(zip(targets, results, strict=True))
        statements.append(replace(kept, targets=targets, operands=tuple(symbols)))
    outputs = tuple(names[y] if isinstance(y, Variable) else y for y in lst.outputs)
    renamed = tuple(names[v] for v in lst.inputs)
    return Tape(replace(lst, inputs=renamed, statements=tuple(statements), outputs=outputs), values)


def outputs_of(lst: WengertList, inputs: Sequence[Any]) -> list[Any]:
    """The outputs of `lst` for values of any kind; where they are recorded, the statements keep their places."""
    return list(inlined(lst, inputs).outputs)


def inlined_with_tangents(
    lst: WengertList, inputs: Sequence[Any], x_dots: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """Apply the statements of `lst` and their tangents to values of any kind.

    Parameters
    ----------
    lst : WengertList
    inputs, x_dots : sequence
        A value for each input, and its tangent; ``None`` for a structural zero.

    Returns
    -------
    outputs, y_dots : list
    """
    values = dict(zip(lst.inputs, inputs, strict=True))
    dots = {v: t for v, t in zip(lst.inputs, x_dots, strict=True) if t is not None}
    names = {v: _twin(v, x) for v, x in values.items()}
    recorder = recorder_of((*inputs, *x_dots))
    for stmt in lst.statements:
        operands = [values[x] if isinstance(x, Variable) else x for x in stmt.operands]
        tangents = [dots.get(x) if isinstance(x, Variable) else None for x in stmt.operands]
        start = 0 if recorder is None else len(recorder.statements)
        y, y_dot = _step(stmt, operands, tangents, names)
        results, result_dots = (y, y_dot) if len(stmt.targets) > 1 else ((y,), (y_dot,))
        values.update(zip(stmt.targets, results, strict=True))
        names.update(zip(stmt.targets, map(_twin, stmt.targets, results), strict=True))
        if y_dot is not None:
            dots.update((v, t) for v, t in zip(stmt.targets, result_dots, strict=True) if t is not None)
            named = [(f"{names[v].name}_dot", dots[v]) for v in stmt.targets if v in dots]
            call_new(recorder, start, named)
    outputs = [values[y] if isinstance(y, Variable) else y for y in lst.outputs]
    return outputs, [dots.get(y) if isinstance(y, Variable) else None for y in lst.outputs]


def _step(
    stmt: Statement, operands: Sequence[Any], tangents: Sequence[Any], names: Mapping[Variable, Variable]
) -> tuple[Any, Any]:
    """Result and tangent of one statement."""
    if stmt.prim.sublists:
        with at(stmt.where, stmt.origin):
            return stmt.prim.evaluate_with_tangent(operands, tangents, stmt.params)
    with at(stmt.where, stmt.origin):
        y = stmt.prim.evaluate(operands, stmt.params)
    symbols = tuple(names[x] if isinstance(x, Variable) else x for x in stmt.operands)
    targets = tuple(map(_twin, stmt.targets, y if len(stmt.targets) > 1 else (y,)))
    with at(stmt.where, Origin("tangent", replace(stmt, targets=targets, operands=symbols))):
        return y, stmt.prim.push_forward(tangents, y, operands, stmt.params)


def _twin(variable: Variable, value: Any) -> Variable:
    """A variable of the same type, called as the record of its value calls it."""
    return Variable(value.variable.name if isinstance(value, Tracer) else variable.name, variable.type)


def recorder_of(values: Iterable[Any]) -> Recorder | None:
    """The list that is being written with these values."""
    return next((x.recorder for x in values if isinstance(x, Tracer)), None)


def call_new(recorder: Recorder | None, start: int, named: Iterable[tuple[str, Any]]) -> None:
    """Give names to those values that were recorded by statement number `start` or a later one."""
    if recorder is None:
        return
    new = {target for stmt in recorder.statements[start:] for target in stmt.targets}
    for name, x in named:
        if recorder.owns(x) and x.variable in new:
            recorder.call_it(x, name)
