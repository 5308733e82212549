"""The saddle point of |x|² - |y|²: the least x of the greatest over y, one descent within the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import wengert as wg
from benchmarks.gradbench.descent import GRADIENTS, PAIRS, argmax, argmin
from benchmarks.gradbench.function import Function, arrays


def height(x: Any, y: Any) -> Any:
    """|x|² - |y|²."""
    return np.sum(x**2) - np.sum(y**2)


def saddle(outer: str, inner: str) -> Callable[[Any], Any]:
    """Coordinates of x and y, from the start of both, by the modes of the two descents."""

    def point(start: Any) -> Any:
        def highest(mode: str, x: Any) -> Any:
            def at_x(y: Any) -> Any:
                return height(x, y)

            return argmax(GRADIENTS[mode], at_x, start)

        def ridge(x: Any) -> Any:
            return height(x, highest(inner, x))

        x = argmin(GRADIENTS[outer], ridge, start)
        return np.concatenate([x, highest(outer, x)])

    return point


FUNCTIONS = {pair: Function(arrays("start"), wg.compile(saddle(*pair))) for pair in PAIRS}
