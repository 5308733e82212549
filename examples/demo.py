"""What wengert does, in one screen or two: fit measured data, then show how a derivative comes about."""

from __future__ import annotations

from typing import Any

import numpy as np
from nist import DATA, Array, Fit, ReferenceData, agreeing_digits, fit, read
from rich.console import Console
from rich.table import Table

import wengert as wg

FORMULAS = {
    "Misra1a": "b1*(1 - exp(-b2*x))",
    "Thurber": "(b1 + b2*x + b3*x² + b4*x³) / (1 + b5*x + b6*x² + b7*x³)",
}

INTRODUCTION = """\
Two measured data sets of NIST, with certified solutions. The models are plain
NumPy functions; SciPy's solver gets their exact derivatives, and three steps of
Newton's method with the exact Hessian add the digits that rounding hides from
the solver. s(b) is the standard error of b."""

NEXT = """\
  wengert explain "x*exp(-x)" x=2       the same tables for a formula of yours
  wengert compare "x*exp(-x)" x=2       the ways to differentiate, side by side
  wengert --help                        all that the command line does
  python examples/rosenbrock.py         what exact derivatives save a solver
  python examples/descent.py            gradient descent, step by step
  python examples/lesson.py             a lesson on PyTorch's autograd, run here
  README.md, docs/                      how to differentiate your own functions"""


def textbook(x1: Any, x2: Any) -> Any:
    """The function on which the literature explains automatic differentiation."""
    return np.log(x1) + x1 * x2 - np.sin(x2)


def comparison(names: list[str], certified: Array, found: list[Array], *, headed: bool) -> Table:
    """Certified numbers of shape (n,), those found from each start, and how many digits agree."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=headed)
    table.add_column(min_width=5)
    table.add_column("certified", justify="right")
    for number in range(1, len(found) + 1):
        table.add_column(f"from start {number}", justify="right")
        table.add_column("digits", justify="right", min_width=6)
    for k, name in enumerate(names):
        cells = [f"{certified[k]:.10e}"]
        for numbers in found:
            cells += [f"{numbers[k]:.10e}", f"[green]{agreeing_digits(numbers, certified)[k]:.1f}[/]"]
        table.add_row(name, *cells)
    return table


def accuracy(data: ReferenceData, fits: list[Fit]) -> str:
    """One line on what was reached: the fewest digits of all parameters and of all standard errors."""

    def fewest(name: str, certified: Array) -> str:
        return f"{min(agreeing_digits(getattr(f, name), certified).min() for f in fits):.1f}"

    return (
        f"At least {fewest('first', data.certified)} digits by curve_fit, "
        f"{fewest('parameters', data.certified)} refined, "
        f"{fewest('standard_errors', data.standard_errors)} of the standard errors."
    )


def main() -> None:
    """Print the demonstration."""
    console = Console(highlight=False)
    console.rule("Fitting measured data")
    console.print(INTRODUCTION)
    for name, formula in FORMULAS.items():
        data = read(DATA / f"{name}.dat")
        fits = [fit(data, start) for start in data.starts]
        console.print(f"\n[bold]{name}[/], {data.y.size} measurements:\n  y = {formula}\n")
        names = list(data.parameter_names)
        console.print(comparison(names, data.certified, [f.parameters for f in fits], headed=True))
        console.print()
        names = [f"s({name})" for name in names]
        console.print(comparison(names, data.standard_errors, [f.standard_errors for f in fits], headed=False))
        console.print()
        console.print(accuracy(data, fits))
    console.print()
    console.rule("How a derivative comes about")
    console.print("f(x1, x2) = log(x1) + x1*x2 - sin(x2) at (2, 5), the example of the textbooks:\n")
    console.print(wg.explain(textbook, 2.0, 5.0))
    console.print()
    console.rule("Where to go next")
    console.print(NEXT, markup=False)


if __name__ == "__main__":
    main()
