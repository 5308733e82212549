"""Numbers of a program as exact numbers of SymPy.

A program says π by a float. In a formula it is π again: a constant that is, to the last bits, a simple fraction of one
of the numbers below is taken for it. Every other float stays the float that it is.

Loaded only where SymPy is.
"""

from __future__ import annotations

import functools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

__all__ = ["condition_of", "is_truth", "number_of", "symbolic", "truth_in"]

_MOST_EXACT = 2.0**53  # from here on every float is a whole number, and mostly by accident
_DYADIC = 1024  # a denominator up to which a binary fraction is written as one
_LARGEST = 400  # numerator and denominator of the fraction of a known number
_LAST_BITS = 2.0**-51

#: Those that rules and programs multiply with; π/180 in pieces, for degrees, minutes and seconds.
_KNOWN = (
    sp.pi, sp.log(2), sp.log(10), sp.sqrt(2), sp.sqrt(3), sp.sqrt(sp.pi), sp.sqrt(2 * sp.pi), sp.E,
    1 / sp.pi, 1 / sp.sqrt(sp.pi), 1 / sp.sqrt(2 * sp.pi), 1 / sp.log(2), 1 / sp.log(10), sp.pi / 10800, sp.pi / 648000,
)  # fmt: skip


@functools.cache
def _values_of_known() -> tuple[tuple[Any, float], ...]:
    return tuple((known, float(known)) for known in _KNOWN)


def symbolic(value: Any) -> Any:
    """A Python or NumPy number as a number of SymPy; a bool as a truth value."""
    if isinstance(value, (bool, np.bool)):
        return sp.true if value else sp.false
    if isinstance(value, (int, np.integer)):
        return sp.Integer(int(value))
    if isinstance(value, (complex, np.complexfloating)):
        return _real(float(value.real)) + _real(float(value.imag)) * sp.I
    if isinstance(value, (float, np.floating)):
        return _real(float(value))
    return sp.sympify(value)


def _real(x: float) -> Any:
    if math.isnan(x):
        return sp.nan
    if math.isinf(x):
        return sp.oo if x > 0 else -sp.oo
    exact = Fraction(x)
    if exact.denominator <= _DYADIC and abs(x) < _MOST_EXACT:
        return sp.Rational(exact.numerator, exact.denominator)
    return _multiple_of_known(x)


def _multiple_of_known(x: float) -> Any:
    for known, value in _values_of_known():
        ratio = x / value
        if math.isinf(ratio):
            continue  # no small multiple is as large
        fraction = Fraction(ratio).limit_denominator(_LARGEST)
        is_simple = 0 < abs(fraction.numerator) <= _LARGEST
        if is_simple and abs(float(fraction) * value - x) <= _LAST_BITS * abs(x):
            return sp.Rational(fraction.numerator, fraction.denominator) * known
    return sp.Float(x)


def is_truth(x: Any) -> bool:
    """Whether an element is a truth value."""
    return isinstance(x, sp.logic.boolalg.Boolean) and not isinstance(x, sp.Symbol)


def number_of(x: Any) -> Any:
    """An element as a number: a truth value is 1 or 0."""
    if is_truth(x):
        return sp.Piecewise((sp.Integer(1), x), (sp.Integer(0), True))
    return x


def condition_of(x: Any) -> Any:
    """An element as a truth value: a number is true where it is not 0."""
    truth = truth_in(x)
    return sp.Ne(x, 0) if truth is None else truth


def truth_in(x: Any) -> Any:
    """The truth value that an element is, or that `number_of` has made a number; ``None`` for other numbers."""
    if is_truth(x):
        return x
    was_truth = isinstance(x, sp.Piecewise) and len(x.args) == 2 and [branch.expr for branch in x.args] == [1, 0]
    return x.args[0].cond if was_truth else None
