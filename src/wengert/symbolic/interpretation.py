"""The interpreter behind `to_sympy`: one statement after the other, on arrays of expressions.

Loaded only where SymPy is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import sympy as sp

from wengert.control.branches import Branches, Call
from wengert.control.loops import Loop
from wengert.control.operation import Control
from wengert.errors import NoRuleError, user_location
from wengert.facts import Kind
from wengert.primitive import Primitive
from wengert.symbolic.arrays import FOLDS, MOVING, REDUCTIONS, array_of, filled, moved, reduced
from wengert.symbolic.exact_numbers import condition_of, is_truth, number_of
from wengert.symbolic.matrices import MATRICES, solved_triangular
from wengert.symbolic.vocabulary import (
    CONDITIONS,
    ELEMENTWISE,
    GENERIC,
    UNCONVERTED,
    NoCounterpartError,
    selected,
    with_parameters,
)
from wengert.wlist import Statement, Variable, WengertList

__all__ = ["interpreted"]

Array = Any

_DEEPEST = 40  # nesting up to which SymPy evaluates: its own functions recurse, several frames for each level
_WIDEST = 100  # terms of a sum up to which it does: it sorts them anew for each one that is added
_FEW = 400  # nodes of a branch that are searched for the condition that selects it


def interpreted(lst: WengertList, inputs: Sequence[Array], *, generic: bool = False) -> list[Array]:
    """The results of a list for inputs that are arrays of expressions.

    Parameters
    ----------
    lst : WengertList
    inputs : sequence of ndarray of object
    generic : bool
        Take numbers for different that are equal at single points only: the formula then holds but for these, and the
        detours by which a rule avoids them are gone.

    Raises
    ------
    NoRuleError
        For a statement without counterpart.
    """
    return _Interpreter(generic).run(lst, inputs)


def _no_counterpart(stmt: Statement, why: str = "") -> NoRuleError:
    """The error for a statement that has no formula."""
    return NoRuleError(
        f"{stmt.prim.name} has no counterpart in SymPy.",
        why=why,
        remedy="Write it with functions that have one, or keep to the list: wg.latex writes every statement.",
        where=stmt.where or user_location(),
    )


class _Interpreter:
    """What is the same for all statements and sub-lists of one run."""

    def __init__(self, generic: bool):
        self._generic = generic
        self._sizes = _Sizes()

    def run(self, lst: WengertList, inputs: Sequence[Array]) -> list[Array]:
        values = dict(zip(lst.inputs, inputs, strict=True))
        for stmt in lst.statements:
            operands = [values[x] if isinstance(x, Variable) else array_of(x) for x in stmt.operands]
            try:
                found = self._within_bounds(stmt, operands)
            except NoCounterpartError as reason:
                raise _no_counterpart(stmt, str(reason)) from None
            values.update(zip(stmt.targets, found if len(stmt.targets) > 1 else (found,), strict=True))
        return [values[x] if isinstance(x, Variable) else array_of(x) for x in lst.outputs]

    def _within_bounds(self, stmt: Statement, operands: Sequence[Array]) -> Any:
        """The results of a statement, evaluated by SymPy unless its recursion would go too deep."""
        if self._sizes.are_small(operands):
            with suppress(RecursionError):
                return self._applied(stmt, operands)
        with sp.evaluate(False):
            return self._applied(stmt, operands)

    def _applied(self, stmt: Statement, operands: Sequence[Array]) -> Any:
        prim = stmt.prim
        if all(target.type.size == 0 for target in stmt.targets):
            return _several([np.empty(target.shape, object) for target in stmt.targets])
        if isinstance(prim, Control):
            return self._control(stmt, prim, operands)
        if isinstance(prim, Primitive) and prim.kind is Kind.ELEMENTWISE:
            return self._elementwise(stmt, operands)
        return _of_arrays(stmt, operands)

    def _control(self, stmt: Statement, prim: Control, operands: Sequence[Array]) -> Any:
        if isinstance(prim, Call):
            found = self.run(prim.body, operands)
        elif isinstance(prim, Branches):
            found = self._branches(prim, operands)
        elif isinstance(prim, Loop):
            found = self._loop(prim, operands)
        else:
            raise _no_counterpart(stmt, "How many rounds it takes depends on the values.")
        return _several(found)

    def _branches(self, prim: Branches, operands: Sequence[Array]) -> list[Array]:
        """The results of all lists, the last one that of an index that no other list has."""
        index, xs = operands[0][()], operands[1:]
        lists = dict(enumerate(prim.lists))
        if is_truth(index) or prim.name == "cond":
            tests = {0: sp.Not(condition_of(index)), 1: condition_of(index)}
        else:
            tests = {k: sp.Eq(index, k) for k in lists}
        possible = [k for k in lists if tests[k] != sp.false]
        results = [self.run(lists[k], xs) for k in possible]
        found = results[-1]
        choose = np.frompyfunc(_where, 3, 1)
        for k, other in zip(possible[-2::-1], results[-2::-1], strict=True):
            found = [_chosen(choose, tests[k], yes, no) for yes, no in zip(other, found, strict=True)]
        return found

    def _loop(self, prim: Loop, operands: Sequence[Array]) -> list[Array]:
        """All rounds in a row."""
        constants, carries, xs = prim.layout.split(operands)
        length = int(constants[0][()]) if prim.length is None else prim.length
        stacks: list[list[Array]] = [[] for _ in range(prim.outputs - prim.carries)]
        for k in range(length)[:: -1 if prim.reverse else 1]:
            slices = [np.asarray(x[k], object) for x in xs]
            found = self.run(prim.body, [array_of(prim.start + k), *constants, *carries, *slices])
            carries = found[: prim.carries]
            for stack, y in zip(stacks, found[prim.carries :], strict=True):
                stack.append(y)
        shapes = [np.shape(y) for y in prim.body.outputs[prim.carries :]]
        return [*carries, *(_stacked(ys, shape, prim.reverse) for ys, shape in zip(stacks, shapes, strict=True))]

    def _elementwise(self, stmt: Statement, operands: Sequence[Array]) -> Any:
        name = stmt.prim.name
        row = GENERIC[name] if self._generic and name in GENERIC else _row(stmt)
        arrays = np.broadcast_arrays(*operands)
        shape = arrays[0].shape
        columns = zip(*(array.ravel() for array in arrays), strict=True)
        elements = [row(*_converted(name, xs)) for xs in columns]
        if len(stmt.targets) == 1:
            return filled(elements, shape)
        return tuple(filled([element[k] for element in elements], shape) for k in range(len(stmt.targets)))


class _Sizes:
    """How deep expressions are nested and how many terms or factors they have, each expression counted once."""

    def __init__(self) -> None:
        self._known: dict[Any, tuple[int, int]] = {}

    def are_small(self, operands: Sequence[Array]) -> bool:
        """Whether SymPy can evaluate an operation on these."""
        return all(self._is_small(x) for operand in operands for x in operand.ravel())

    def _is_small(self, expression: Any) -> bool:
        pending = [expression]
        while pending:
            x = pending[-1]
            unknown = [] if x in self._known else [arg for arg in x.args if arg not in self._known]
            if unknown:
                pending.extend(unknown)
            else:
                pending.pop()
                self._known.setdefault(x, self._measured(x))
        depth, width = self._known[expression]
        return depth <= _DEEPEST and width <= _WIDEST

    def _measured(self, x: Any) -> tuple[int, int]:
        """Depth and width; a sum within a sum adds its terms, for SymPy would write them in a row."""
        parts = [(self._known[arg], isinstance(arg, type(x))) for arg in x.args]
        depth = 1 + max((depth for (depth, _), _ in parts), default=0)
        return depth, sum(width if is_same else 1 for (_, width), is_same in parts)


# --- one statement ---------------------------------------------------------------------------------------------


def _of_arrays(stmt: Statement, operands: Sequence[Array]) -> Any:
    """A primitive that is not elementwise."""
    prim, name, params = stmt.prim, stmt.prim.name, stmt.params
    if name in REDUCTIONS:
        return reduced(name, operands[0], **params)
    if name in MATRICES:
        return MATRICES[name](*operands)
    if name == "solve_triangular":
        return solved_triangular(*operands, **params)
    if name in MOVING:
        return moved(prim, operands[0], params)
    if name in FOLDS:
        return FOLDS[name](params, *operands)
    raise _no_counterpart(stmt)


def _row(stmt: Statement) -> Callable[..., Any]:
    name = stmt.prim.name
    row = with_parameters(name, stmt.params) if stmt.params else _where if name == "where" else ELEMENTWISE.get(name)
    if row is None:
        raise _no_counterpart(stmt)
    return row


def _converted(name: str, xs: Sequence[Any]) -> Sequence[Any]:
    if name in CONDITIONS:
        return [condition_of(x) for x in xs]
    if name in UNCONVERTED:
        return xs
    if name == "where":
        return [condition_of(xs[0]), number_of(xs[1]), number_of(xs[2])]
    return [number_of(x) for x in xs]


def _several(found: Sequence[Array]) -> Any:
    return found[0] if len(found) == 1 else tuple(found)


def _chosen(choose: Any, test: Any, yes: Array, no: Array) -> Array:
    return filled(list(np.ravel(choose(test, yes, no))), yes.shape)


def _stacked(ys: Sequence[Array], shape: tuple[int, ...], is_reversed: bool) -> Array:
    """What the rounds gave, in the order of their numbers."""
    return np.stack(ys[::-1] if is_reversed else ys) if ys else np.empty((0, *shape), object)


# --- selections ------------------------------------------------------------------------------------------------


def _where(condition: Any, yes: Any, no: Any) -> Any:
    """The selected one; a branch that asks for the same condition again knows the answer.

    Rules guard a quotient by asking twice, ``where(b == 0, 0, a / where(b == 0, 1, b))``, of which one is left.
    """
    if condition in (sp.true, sp.false):
        return yes if condition == sp.true else no
    return selected(condition, _given(yes, condition, sp.true), _given(no, condition, sp.false))


def _given(branch: Any, condition: Any, truth: Any) -> Any:
    return branch.xreplace({condition: truth}) if _asks(branch, condition) else branch


def _asks(expression: Any, condition: Any) -> bool:
    """Whether the condition occurs in an expression that is not too large to be searched."""
    pending, seen, has_found = [expression], 0, False
    while pending and seen < _FEW:
        x = pending.pop()
        seen += 1
        has_found = has_found or x == condition
        pending.extend(x.args)
    return has_found and not pending
