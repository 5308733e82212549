"""A recurrent network that forecasts a wave: 5,399 statements, which `explain` sums up by source line."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

import wengert as wg

WAVE = np.sin(0.2 * np.arange(600))


def cell(W: Any, u: Any, b: Any, h: Any, x: float) -> Any:
    """The next state."""
    inner = W @ h + u * x + b
    return np.tanh(inner)


def penalty(W: Any, u: Any) -> Any:
    """What keeps the weights small."""
    return 0.05 * (np.sum(W**2) + np.sum(u**2))


def loss(W: Any, u: Any, b: Any, v: Any) -> Any:
    """The mean squared error of the forecasts, and the penalty."""
    h = np.zeros(2)
    total = 0.0
    for x, y in pairwise(WAVE):
        h = cell(W, u, b, h, x)
        error = v @ h - y
        total = total + error * error
    return total / len(WAVE) + penalty(W, u)


def main() -> None:
    """Take steps against the gradient, and say what of it each line contributes."""
    weights = {
        "W": np.array([[0.5, -0.3], [0.2, 0.4]]), "u": np.array([1.0, -1.0]), "b": np.array([0.1, 0.2]),
        "v": np.array([0.5, 0.5]),
    }  # fmt: skip
    for step in range(31):
        value, gradient = wg.value_and_grad(lambda w: loss(**w))(weights)
        if step % 10 == 0:
            print(f"step {step:2}: loss {value:.4f}")
        weights = {name: w - 0.2 * gradient[name] for name, w in weights.items()}
    print("share of the gradient of W that flows through each line:")
    for line in wg.explain(loss, *weights.values()).summary(by="gradient").lines:
        print(f"{100 * line.through['W']:6.1f} %  {line.group.text}")


if __name__ == "__main__":
    main()
