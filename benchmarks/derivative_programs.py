"""Derivative programs as lists: how long they take to make, and how many operations they have.

Two tables. The first has the times of tracing a scalar loop, of its adjoint list, of simplifying and of printing that,
for lists of different lengths. The second has the operations of classical scalar problems: of the primal list, of the
adjoint list (value and gradient), and of what is left of that when it is simplified.

    python -m benchmarks.derivative_programs [--lengths 1000 10000 100000] [--markdown]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

import wengert as wg
from wengert.counting import flops
from wengert.simplification import simplify
from wengert.transforms import adjoint

# --- problems --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """A scalar function of one array or number, as users write it."""

    name: str
    f: Callable[[Any], Any]
    x: Any


def speelpenning(x: Any) -> Any:
    """Product of all elements (Speelpenning 1980)."""
    product = 1.0
    for i in range(len(x)):
        product = product * x[i]
    return product


def rosenbrock(x: Any) -> Any:
    """Rosenbrock's function of n variables, as a loop."""
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def helmholtz(x: Any) -> Any:
    """Helmholtz energy of a mixture of gases (Griewank 1989), as loops."""
    n = len(x)
    a = [[1.0 / (i + j + 1) for j in range(n)] for i in range(n)]
    b = [0.5 / (i + 1) for i in range(n)]
    volume = 0.0
    for i in range(n):
        volume += b[i] * x[i]
    entropy = 0.0
    for i in range(n):
        entropy += x[i] * np.log(x[i] / (1.0 - volume))
    attraction = 0.0
    for i in range(n):
        row = 0.0
        for j in range(n):
            row += a[i][j] * x[j]
        attraction += x[i] * row
    root = np.sqrt(2.0)
    ratio = (1.0 + (1.0 + root) * volume) / (1.0 + (1.0 - root) * volume)
    return entropy - attraction / (np.sqrt(8.0) * volume) * np.log(ratio)


def logistic(x: Any) -> Any:
    """100 iterations of the logistic map."""
    for _ in range(100):
        x = 3.7 * x * (1.0 - x)
    return x


def runge_kutta(x: Any) -> Any:
    """A step of the classical Runge-Kutta method for the Lotka-Volterra equations; the prey after it."""
    h = 0.1

    def slope(prey: Any, predators: Any) -> tuple[Any, Any]:
        return prey * (1.1 - 0.4 * predators), predators * (0.1 * prey - 0.4)

    u, v = x[0], x[1]
    k1, l1 = slope(u, v)
    k2, l2 = slope(u + 0.5 * h * k1, v + 0.5 * h * l1)
    k3, l3 = slope(u + 0.5 * h * k2, v + 0.5 * h * l2)
    k4, _ = slope(u + h * k3, v + h * l3)
    return u + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def problems() -> list[Problem]:
    """The problems with the points that they are traced at."""
    return [
        Problem("Speelpenning's product, n = 100", speelpenning, np.linspace(0.9, 1.1, 100)),
        Problem("Rosenbrock, n = 100", rosenbrock, np.linspace(-1.0, 1.0, 100)),
        Problem("Helmholtz energy, n = 10", helmholtz, np.full(10, 0.05)),
        Problem("Helmholtz energy, n = 40", helmholtz, np.full(40, 0.01)),
        Problem("logistic map, 100 iterations", logistic, np.float64(0.3)),
        Problem("Runge-Kutta step, Lotka-Volterra", runge_kutta, np.array([10.0, 5.0])),
    ]


@dataclass(frozen=True)
class Counts:
    """Operations of the primal list and of the adjoint list: as recorded, simplified, simplified inexactly."""

    primal: int
    recorded: int
    exact: int
    inexact: int


def counts_of(problem: Problem) -> Counts:
    """Make the lists of a problem, compare their values, and count."""
    primal = wg.trace(problem.f)(problem.x)
    recorded = adjoint(primal)
    exact, inexact = simplify(recorded), simplify(recorded, exact=False)
    expected = wg.value_and_grad(problem.f)(problem.x)
    for lst in (recorded, exact, inexact):
        for found, wanted in zip(lst(problem.x, np.float64(1.0)), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12, err_msg=problem.name)
    return Counts(*map(flops, (primal, recorded, exact, inexact)))


COUNTS_HEADER = [
    "problem", "primal", "adjoint, recorded", "simplified", "exact=False", "ratio recorded", "ratio simplified",
    "ratio exact=False",
]  # fmt: skip


def counts_row(problem: Problem) -> list[str]:
    """Cells of the second table: operations, and their ratios to the primal ones."""
    counts = counts_of(problem)
    derivative = (counts.recorded, counts.exact, counts.inexact)
    cells = [problem.name, f"{counts.primal:,}", *(f"{count:,}" for count in derivative)]
    return [*cells, *(f"{count / counts.primal:.2f}" for count in derivative)]


# --- times -----------------------------------------------------------------------------------------------------------


def scalar_loop(length: int) -> Callable[[Any], Any]:
    """A loop of `length` mixed operations on numbers."""

    def f(x: Any) -> Any:
        y = x
        for _ in range(length // 5):
            y = np.sin(y) * x + 0.5
            y = y - 0.25 * x
        return y

    return f


TIMES_HEADER = [
    "statements",
    "trace",
    "adjoint",
    "statements of it",
    "simplify",
    "left",
    "print",
    "all, µs a statement",
]


def timed(make: Callable[[], Any]) -> tuple[Any, float]:
    """A result and the seconds that it took."""
    start = time.perf_counter()
    result = make()
    return result, time.perf_counter() - start


def times_row(length: int) -> list[str]:
    """Cells of the first table: seconds, with microseconds for each statement that goes in."""
    f = scalar_loop(length)
    primal, tracing = timed(lambda: wg.trace(f)(np.float64(0.5)))
    derivative, transforming = timed(lambda: adjoint(primal))
    simple, simplifying = timed(lambda: simplify(derivative))
    _, printing = timed(lambda: str(simple))
    count, most = len(primal.statements), len(derivative.statements)
    total = tracing + transforming + simplifying + printing
    return [
        f"{count:,}", _seconds(tracing, count), _seconds(transforming, count), f"{most:,}",
        _seconds(simplifying, most), f"{len(simple.statements):,}", _seconds(printing, len(simple.statements)),
        f"{1e6 * total / count:.0f}",
    ]  # fmt: skip


def _seconds(seconds: float, statements: int) -> str:
    return f"{seconds:.3f} s ({1e6 * seconds / statements:.0f} µs)"


# --- report ----------------------------------------------------------------------------------------------------------


def show(header: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool) -> None:
    """Print a table, as wide as it needs to be."""
    if markdown:
        print("\n".join("| " + " | ".join(cells) + " |" for cells in [header, ["---"] * len(header), *rows]) + "\n")
        return
    table = Table(*header)
    for cells in rows:
        table.add_row(*cells)
    Console(width=max(Console().width, 130)).print(table)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, count and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths", type=int, nargs="+", default=[1000, 10_000, 100_000], help="lengths of the lists")
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables")
    options = parser.parse_args(argv)
    console = Console(stderr=True)
    times_row(100)  # what is built once is built now
    times = [times_row(n) for n in track(options.lengths, "times", console=console, transient=True)]
    counts = [counts_row(problem) for problem in track(problems(), "operations", console=console, transient=True)]
    print(f"wengert {wg.__version__}, NumPy {np.__version__}, Python {sys.version.split()[0]}\n")
    show(TIMES_HEADER, times, markdown=options.markdown)
    show(COUNTS_HEADER, counts, markdown=options.markdown)


if __name__ == "__main__":
    main()
