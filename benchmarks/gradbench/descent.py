"""Gradient descent as the suite's `particle` and `saddle` want it, which can itself be differentiated and compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import wengert as wg

Objective = Callable[[Any], Any]
Gradient = Callable[[Objective], Callable[[Any], Any]]

TOLERANCE = 1e-5
FIRST_STEP = 1e-5
IN_A_ROW = 10  # steps that were good, after which they become twice as long


def forward(f: Objective) -> Callable[[Any], Any]:
    """Gradient by forward mode."""
    return wg.jacobian(f, mode="forward")


GRADIENTS: dict[str, Gradient] = {"f": forward, "r": wg.grad}
PAIRS = tuple(outer + inner for outer in "rf" for inner in "rf")  # as the suite names them: outer mode, then inner


def argmin(gradient: Gradient, f: Objective, start: Any) -> Any:
    """Where f (of an array (n,)) is least, by a descent from `start`.

    A step that does not lead down is halved. It ends where the gradient or the step is no longer than `TOLERANCE`.
    """
    slope = gradient(f)

    def goes_on(state: Any) -> Any:
        _, _, g, eta, _ = state
        length = np.sqrt(np.sum(g**2))
        return np.minimum(length, eta * length) > TOLERANCE

    def step(state: Any) -> Any:
        x, y, g, eta, good = state
        x_next = x - eta * g
        y_next = f(x_next)

        def accept() -> Any:
            return x_next, y_next, slope(x_next), np.where(good + 1 == IN_A_ROW, 2.0 * eta, eta), (good + 1) % IN_A_ROW

        def reject() -> Any:
            return x, y, g, 0.5 * eta, 0 * good

        return wg.cond(y_next < y, accept, reject)

    return wg.while_loop(goes_on, step, (start, f(start), slope(start), FIRST_STEP, 0))[0]


def argmax(gradient: Gradient, f: Objective, start: Any) -> Any:
    """Where f is greatest."""

    def negative(x: Any) -> Any:
        return -f(x)

    return argmin(gradient, negative, start)
