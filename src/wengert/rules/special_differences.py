"""Derivatives in a parameter by differences, where neither a formula nor an integral of few terms is known."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from wengert.errors import NoRuleError, user_location

__all__ = ["differenced", "no_further"]

_STEP = 0.04
#: Central differences of the eighth order.
_WEIGHTS = (4 / 5, -1 / 5, 4 / 105, -1 / 280)


def differenced(function: Callable[..., Any], i: int) -> Callable[..., Any]:
    """The derivative of `function` in its positive operand `i` by central differences of the eighth order.

    The steps are ±4, 8, 12 and 16 per cent of the operand: for a function that varies with the logarithm of the operand
    on a scale of 1 and that is known to the rounding, the error is about 1e-14 of its value over that of the operand.
    """

    @functools.wraps(function)
    def derivative(*operands: Any) -> Any:
        x = np.asarray(operands[i], np.float64)

        def at(k: int) -> Any:
            return function(*operands[:i], x * np.exp(k * _STEP), *operands[i + 1 :])

        total = sum(weight * (at(k) - at(-k)) for k, weight in enumerate(_WEIGHTS, 1))
        return total / (_STEP * x)

    return derivative


def no_further(name: str) -> Callable[..., NoReturn]:
    """A partial that is not known: of a derivative that was found by differences."""

    def partial(*_: Any) -> NoReturn:
        raise NoRuleError(
            f"a derivative of {name} of a higher order than the second was asked for.",
            why="The second is found by differences, whose own differences are too inaccurate.",
            remedy=f"Hold that parameter of {name} fixed, or write the function as a quadrature.",
            where=user_location(),
        )

    return partial
