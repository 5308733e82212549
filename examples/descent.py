"""Gradient descent, step by step: the learning rate decides between creeping, arriving and diverging."""

from __future__ import annotations

from typing import Any

import numpy as np

import wengert as wg


def f(x: Any) -> Any:
    """A valley: -log(1/(1+exp(-x)) + 1) / (x² + 1)."""
    return -np.log(1 / (1 + np.exp(-x)) + 1) / (x**2 + 1)


def valley(x: Any) -> Any:
    """A narrower one, of two variables."""
    return x[0] ** 2 + 10 * x[1] ** 2


def main() -> None:
    """Print some walks."""
    result = wg.optimize.gradient_descent(f, 2.0, learning_rate=0.5)
    print("f(x) = -log(1/(1+exp(-x)) + 1) / (x^2 + 1) from x = 2, learning rate 0.5")
    print("  step         x          f")
    for step in (0, 1, 2, 5, 10, 20, result.nit):
        print(f"  {step:4d}  {result.trajectory[step, 0]:8.5f}  {result.fun_trajectory[step]:9.6f}")
    print(f"  {result.message}")
    print("\nx1^2 + 10*x2^2 from (10, 1)")
    for rate, momentum in ((0.01, 0.0), (0.09, 0.0), (0.09, 0.5), (0.11, 0.0)):
        result = wg.optimize.gradient_descent(valley, [10.0, 1.0], rate, steps=10_000, momentum=momentum)
        print(f"  learning rate {rate:.2f}, momentum {momentum}:\n    {result.message}")


if __name__ == "__main__":
    main()
