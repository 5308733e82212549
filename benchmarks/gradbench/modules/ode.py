"""Classical Runge-Kutta integration of y₀' = x₀, yᵢ' = xᵢ yᵢ₋₁ from 0 to 2, and the gradient of the last element."""

from __future__ import annotations

from typing import Any

import numpy as np

import wengert as wg
from benchmarks.field.problems.ode import END
from benchmarks.gradbench.function import Function


def value(x: Any, steps: int) -> Any:
    """y(2), an array like x."""
    h = END / steps

    def slope(y: Any) -> Any:
        return x * np.concatenate([np.ones(1), y[:-1]])

    def step(_: Any, y: Any) -> Any:
        k1 = slope(y)
        k2 = slope(y + 0.5 * h * k1)
        k3 = slope(y + 0.5 * h * k2)
        k4 = slope(y + h * k3)
        return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)

    return wg.fori_loop(0, steps, step, np.zeros(len(x)))


def last(x: Any, steps: int) -> Any:
    """The last element of y(2)."""
    return value(x, steps)[-1]


def arguments(given: Any) -> tuple[Any, ...]:
    """Coefficients and number of steps."""
    return np.array(given["x"], dtype=np.float64), int(given["s"])


FUNCTIONS = {
    "primal": Function(arguments, wg.compile(value, static_argnums=1)),
    "gradient": Function(arguments, wg.compile(wg.grad(last), static_argnums=1)),
}
