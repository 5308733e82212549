"""The gradient as SymPy finds it, at the point of a tape: one of the methods that `compare` sets beside each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wengert.errors import NoRuleError
from wengert.facts import Kind
from wengert.symbolic.conversion import results_of, symbols_of
from wengert.symbolic.dependency import has_sympy
from wengert.wlist import ArrayType, Statement, Tape, Variable, WengertList

__all__ = ["SymbolicGradient", "operations_written_out", "symbolic_gradient"]

_MOST_OPERATIONS = 2000  # of the formula, written out
_MOST_TOGETHER = 50_000  # of the formulas of all components
_MOST_COUNTED = 10**300
_DIGITS = 25  # of the evaluation, which is then rounded to a float
_DETACHED = "detach"  # its value is that of its operand, its derivative is declared to be 0


@dataclass(frozen=True, slots=True)
class SymbolicGradient:
    """A gradient found by SymPy, or why there is none.

    Attributes
    ----------
    gradient : ndarray of float64, of shape (n,), or None
        By the n numbers of the inputs of the tape.
    remark : str
        The size of its formulas.
    note : str
        Why there is no gradient.
    """

    gradient: Any
    remark: str
    note: str = ""


def symbolic_gradient(tape: Tape) -> SymbolicGradient:
    """Differentiate the formula of a tape with one real result by SymPy, and evaluate the derivative at its point.

    The derivative is that of SymPy's ``diff``: of wengert only `to_sympy` has a part in it.
    """
    if not has_sympy():
        return SymbolicGradient(None, "needs SymPy", "SymPy is not installed: pip install sympy.")
    lst = tape.list
    size, count = operations_written_out(lst), sum(v.type.size for v in lst.inputs)
    most = min(_MOST_OPERATIONS, _MOST_TOGETHER // max(count, 1))
    if size > most:
        note = f"at most {most:,} operations are written out, for {count:,} number{'s' * (count != 1)}."
        return SymbolicGradient(None, _about(size), note)
    if any(stmt.prim.name == _DETACHED for stmt in lst.statements):
        return SymbolicGradient(None, "no counterpart", "detach, whose derivative is 0 by declaration, is no formula.")
    try:
        return _evaluated(results_of(lst)[0][()], _point(tape))
    except NoRuleError as error:
        return SymbolicGradient(None, "no counterpart", error.what)
    except RecursionError:
        return SymbolicGradient(None, _about(size), "SymPy recurses on its depth, and ended there.")


def _about(size: int) -> str:
    return f"about 10^{int(math.log10(size))} operations" if size >= 10**5 else f"about {size:,} operations"


def _point(tape: Tape) -> dict[Any, Any]:
    """The symbols and their values."""
    import sympy

    point = {}
    for v, symbols in zip(tape.list.inputs, symbols_of(tape.list), strict=True):
        elements = symbols.reshape(v.type.size) if v.shape and v.type.size else [symbols] if not v.shape else []
        for symbol, value in zip(elements, np.ravel(tape.values[v]), strict=True):
            point[symbol] = sympy.Float(float(value), _DIGITS)
    return point


def _evaluated(formula: Any, point: dict[Any, Any]) -> SymbolicGradient:
    import sympy

    partials = [sympy.diff(formula, symbol) for symbol in point]
    left = {str(x.args[0].func) for partial in partials for x in partial.atoms(sympy.Derivative)}
    if left:
        note = f"SymPy does not differentiate {', '.join(sorted(left))}."
        return SymbolicGradient(None, "no counterpart", note)
    values = [_number(partial.xreplace(point)) for partial in partials]
    operations = sum(int(sympy.count_ops(partial)) for partial in partials)
    remark = f"{operations:,} operation{'s' * (operations != 1)}"
    if not all(isinstance(value, float) for value in values):
        return SymbolicGradient(None, remark, "its value at this point is not real.")
    return SymbolicGradient(np.array(values, float), remark)


def _number(expression: Any) -> float | None:
    """The value of a formula without symbols; ``None`` where it is complex."""
    import sympy

    value = expression.evalf(_DIGITS)
    if value is sympy.zoo:
        return math.inf
    if not value.is_number:
        return None
    number = complex(value)
    return number.real if abs(number.imag) <= 1e-15 * abs(number.real) or math.isnan(number.real) else None


# --- how large a formula would be ------------------------------------------------------------------------------


def operations_written_out(lst: WengertList) -> int:
    """About how many operations the formulas of the results have, each use of a value being a copy of its formula.

    Found by one addition for each operand, up to 10³⁰⁰; exact for lists of numbers without control statements.
    """
    counts: dict[Variable, int] = {}
    for stmt in lst.statements:
        own, uses = _work(stmt)
        of_operands = [
            counts.get(x, 0) * n for x, n in zip(stmt.operands, uses, strict=True) if isinstance(x, Variable)
        ]
        counts.update(dict.fromkeys(stmt.targets, min(own + sum(of_operands), _MOST_COUNTED)))
    return sum(counts.get(y, 0) for y in lst.outputs if isinstance(y, Variable))


def _work(stmt: Statement) -> tuple[int, Sequence[int]]:
    """The operations of a statement itself, and how often each element of an operand is used."""
    sizes = [max(ArrayType.of(x).size, 1) for x in stmt.operands]
    result = max(target.type.size for target in stmt.targets)
    kind = getattr(stmt.prim, "kind", Kind.CONTROL)
    if kind is Kind.ELEMENTWISE:
        return result, [-(-result // size) for size in sizes]
    if kind is Kind.GUFUNC:
        order = max([1, *np.shape(stmt.operands[0])[-2:]])
        if stmt.prim.name == "matmul":
            return 2 * result * order, [-(-result * order // size) for size in sizes]
        terms = math.factorial(min(order, 20))
        return terms * order, [terms for _ in sizes]
    return (max(sizes) if kind is Kind.REDUCTION else 0), [-(-result // size) for size in sizes]
