"""The simplified form of a derivative, for the table of `swell`.

Loaded only where SymPy is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from wengert.errors import NoRuleError
from wengert.symbolic.conversion import results_of, symbols_of
from wengert.symbolic.written import shortened
from wengert.wlist import Statement, Variable, WengertList

__all__ = ["shortest_derivative"]

_MOST_REWRITTEN = 60  # operations up to which SymPy's `simplify`, which tries everything, is called


def shortest_derivative(lst: WengertList, size: int, most: int, degree: int, longest: int) -> tuple[str, int]:
    """The simplified derivative of a list of one number, abbreviated, and its number of operations.

    Nothing is found for a formula of more than `most` operations that is no polynomial, for a polynomial above the
    `degree`, and for what has no counterpart in SymPy.
    """
    of_polynomial = degree_of(lst)
    if (size > most) if of_polynomial is None else (of_polynomial > degree):
        return "", 0
    try:
        formula = results_of(lst)[0][()]
    except NoRuleError:
        return "", 0
    (x,) = symbols_of(lst)
    if of_polynomial is not None:
        return _of_polynomial(formula, x, longest)
    found = sp.factor_terms(sp.diff(formula, x))
    if sp.count_ops(found) <= _MOST_REWRITTEN:
        found = min(found, sp.simplify(found), key=sp.count_ops)
    return shortened(str(found).replace("**", "^").replace("*", "·"), longest), int(sp.count_ops(found))


def degree_of(lst: WengertList) -> int | None:
    """The largest degree that the result can have as a polynomial; ``None`` where it is none.

    Found statement by statement: the polynomial itself may be too long to be written.
    """
    degrees: dict[Variable, int | None] = dict.fromkeys(lst.inputs, 1)
    for stmt in lst.statements:
        of_operands = [degrees[x] if isinstance(x, Variable) else 0 for x in stmt.operands]
        degrees.update(dict.fromkeys(stmt.targets, _degree(stmt, of_operands)))
    (y,) = lst.outputs
    return degrees[y] if isinstance(y, Variable) else 0


def _degree(stmt: Statement, of_operands: Sequence[int | None]) -> int | None:
    known = [k for k in of_operands if k is not None]
    name = stmt.prim.name
    if len(known) < len(of_operands):
        return None
    if max(known) == 0 or name in ("add", "subtract", "negative", "positive"):
        return max(known)
    if name in ("multiply", "square"):
        return sum(known) * (2 if name == "square" else 1)
    if name == "divide" and known[1] == 0:
        return known[0]
    exponent = stmt.operands[-1]
    if name == "power" and not isinstance(exponent, Variable) and exponent == int(exponent) >= 0:
        return known[0] * int(exponent)
    return None


def _of_polynomial(formula: Any, x: Any, longest: int) -> tuple[str, int]:
    """Multiplied out, with the common factor in front and the terms from the lowest power on."""
    content, rest = sp.Poly(formula, x).diff(x).primitive()
    terms = sorted((power, factor) for (power,), factor in rest.terms())
    if len(terms) > 1 and terms[0][1] < 0:
        content, terms = -content, [(power, -factor) for power, factor in terms]
    operations = int(sp.count_ops(rest.as_expr())) + (content != 1)
    if len(terms) == 1 or content == 1:
        return shortened(_sum_of([(power, content * factor) for power, factor in terms], str(x)), longest), operations
    return shortened(f"{content}·({_sum_of(terms, str(x))})", longest), operations


def _sum_of(terms: Sequence[tuple[int, Any]], x: str) -> str:
    """Such as 1 - 10·x + 24·x^2."""
    first, *others = [(factor < 0, _monomial(abs(factor), power, x)) for power, factor in terms]
    text = f"-{first[1]}" if first[0] else first[1]
    return " ".join([text, *(f"{'-' if is_negative else '+'} {monomial}" for is_negative, monomial in others)])


def _monomial(size: Any, power: int, x: str) -> str:
    letters = "" if power == 0 else x if power == 1 else f"{x}^{power}"
    return str(size) if not letters else letters if size == 1 else f"{size}·{letters}"
