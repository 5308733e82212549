"""The suite's greeting: a square and its derivative, each run once, so that nothing is compiled."""

from __future__ import annotations

from typing import Any

import wengert as wg
from benchmarks.gradbench.function import Function


def square(x: Any) -> Any:
    """x²."""
    return x * x


def number(given: Any) -> tuple[float]:
    """The input itself."""
    return (float(given),)


FUNCTIONS = {"square": Function(number, square), "double": Function(number, wg.grad(square))}
