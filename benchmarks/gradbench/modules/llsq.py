"""Least squares of a polynomial on the sign function, at n points from -1 to 1.

The suite's polynomials have 128 coefficients. Horner's rule is one statement here, a loop; the field's own problem has
one for each coefficient, which would take several times as long to compile.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import wengert as wg
from benchmarks.gradbench.function import Function


def value(x: Any, t: Any, s: Any) -> Any:
    """½ Σ (sᵢ - Σ xⱼ tᵢʲ)²."""
    m = len(x)

    def add(j: Any, y: Any) -> Any:
        return y * t + x[m - 1 - j]

    return 0.5 * np.sum((s - wg.fori_loop(0, m, add, np.zeros(len(t)))) ** 2)


def arguments(given: Any) -> tuple[Any, ...]:
    """Coefficients, points and signs."""
    t = -1.0 + np.arange(given["n"]) * 2.0 / (given["n"] - 1)
    return np.array(given["x"], dtype=np.float64), t, np.sign(t)


FUNCTIONS = {
    "primal": Function(arguments, wg.compile(value)),
    "gradient": Function(arguments, wg.compile(wg.grad(value))),
}
