"""What exact derivatives save a solver: the calls of f that it takes to minimise Rosenbrock's function."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.optimize
from rich.console import Console
from rich.table import Table

import wengert as wg

START = np.zeros(10)
METHODS = ("CG", "BFGS", "L-BFGS-B", "SLSQP", "Newton-CG", "trust-ncg", "trust-exact")
NEEDS_GRADIENT = {"Newton-CG", "trust-ncg", "trust-exact"}


def rosenbrock(x: Any) -> Any:
    """A narrow curved valley, whose minimum is at (1, 1, …, 1)."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def outcome(result: Any) -> str:
    """Evaluations of f, and the largest error in x."""
    return f"{result.nfev:4d} calls, error {np.max(np.abs(result.x - 1)):.0e}"


def main() -> None:
    """Print the comparison."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for title in ("method", "finite differences", "exact derivatives"):
        table.add_column(title)
    for method in METHODS:
        exact = wg.optimize.minimize(rosenbrock, START, method=method)
        by_differences = "needs the gradient"
        if method not in NEEDS_GRADIENT:
            by_differences = outcome(scipy.optimize.minimize(rosenbrock, START, method=method))
        table.add_row(method, by_differences, outcome(exact))
    console = Console(highlight=False)
    console.print("Rosenbrock's function of 10 variables from the origin, SciPy's tolerances:\n")
    console.print(table)


if __name__ == "__main__":
    main()
