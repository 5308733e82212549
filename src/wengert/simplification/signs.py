"""What is known of the sign of a value without computing it: enough to drop ``x + 0.0`` and ``|x|``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from wengert.registry import table
from wengert.wlist import Operation, Variable

__all__ = ["NON_NEGATIVE", "NO_NEGATIVE_ZERO", "sign_of"]

#: Bits of a sign: no element is -0.0; no element is -0.0 or less than zero (it may be nan).
NO_NEGATIVE_ZERO, NON_NEGATIVE = 1, 3

_ALWAYS = "square absolute fabs exp exp2 cosh hypot sech_squared"
_MOVING = "reshape transpose broadcast_to getitem flip positive detach constant max min sum"


def sign_of(prim: Operation, operands: Sequence[Any], known: Mapping[Variable, int]) -> int:
    """The bits of the result of an application to real operands; 0 where nothing is known."""
    rule = _RULES.get(prim.name)
    if rule is None or table.primitives.get(prim.name) is not prim:
        return 0
    return rule(operands, [known.get(x, 0) if x.__class__ is Variable else _operand_sign(x) for x in operands])


def _operand_sign(x: Any) -> int:
    if x.__class__ is float or x.__class__ is int:
        return NON_NEGATIVE if x > 0 or (x == 0 and math.copysign(1, x) > 0) else NO_NEGATIVE_ZERO if x != 0 else 0
    if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fiu":
        x = np.asarray(x)
        has_negative_zero = x.dtype.kind == "f" and bool(np.any((x == 0) & np.signbit(x)))
        return 0 if has_negative_zero else NO_NEGATIVE_ZERO if np.any(x < 0) else NON_NEGATIVE
    return 0


def _always(_operands: Sequence[Any], _signs: Sequence[int]) -> int:
    return NON_NEGATIVE


def _never_negative_zero(_operands: Sequence[Any], _signs: Sequence[int]) -> int:
    return NO_NEGATIVE_ZERO


def _sum(_operands: Sequence[Any], signs: Sequence[int]) -> int:
    # A sum is -0 only if both terms are: what cancels is +0.
    return signs[0] & signs[1] & NON_NEGATIVE | (signs[0] | signs[1]) & NO_NEGATIVE_ZERO


def _difference(_operands: Sequence[Any], signs: Sequence[int]) -> int:
    return signs[0] & NO_NEGATIVE_ZERO


def _product(operands: Sequence[Any], signs: Sequence[int]) -> int:
    if operands[0] is operands[1] and isinstance(operands[0], Variable):
        return NON_NEGATIVE
    return NON_NEGATIVE if signs[0] == signs[1] == NON_NEGATIVE else 0


def _power(operands: Sequence[Any], signs: Sequence[int]) -> int:
    exponent = operands[1]
    is_even = isinstance(exponent, (int, float)) and exponent % 2 == 0
    return NON_NEGATIVE if is_even or signs[0] == NON_NEGATIVE else 0


def _root(_operands: Sequence[Any], signs: Sequence[int]) -> int:
    return NON_NEGATIVE if signs[0] & NO_NEGATIVE_ZERO else 0


def _either(_operands: Sequence[Any], signs: Sequence[int]) -> int:
    return signs[1] & signs[2]


def _same(_operands: Sequence[Any], signs: Sequence[int]) -> int:
    return signs[0]


_RULES: Mapping[str, Callable[[Sequence[Any], Sequence[int]], int]] = {
    **dict.fromkeys(_ALWAYS.split(), _always),
    **dict.fromkeys(_MOVING.split(), _same),
    "scatter": _never_negative_zero,
    "add": _sum,
    "subtract": _difference,
    "add_at": _difference,
    "multiply": _product,
    "divide": _product,
    "power": _power,
    "sqrt": _root,
    "where": _either,
}
