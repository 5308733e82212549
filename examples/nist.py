"""NIST's reference data sets for nonlinear regression: their files, their models, a fit, the agreeing digits.

Run as a program it prints the accuracy that each step of the fit reaches.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import wengert as wg

DATA = Path(__file__).parent / "data"

Array = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """One data set of NIST's Statistical Reference Datasets (StRD), nonlinear regression.

    Attributes
    ----------
    name : str
        Of the data set.
    x, y : array of shape (m,)
        The predictor and the response.
    parameter_names : tuple of str
        b1, b2, …
    starts : array of shape (2, n)
        The two starting points for b, the first far from the solution, the second nearer.
    certified, standard_errors : array of shape (n,)
        NIST's solution for b and its standard deviations, to eleven digits.
    """

    name: str
    x: Array
    y: Array
    parameter_names: tuple[str, ...]
    starts: Array
    certified: Array
    standard_errors: Array


def read(path: Path) -> ReferenceData:
    """Read a ``.dat`` file of StRD; its header says on which lines the tables stand."""
    lines = path.read_text(encoding="ascii").splitlines()
    header = "\n".join(lines[:10])
    parameters = [line.split() for line in _table(lines, header, "Certified Values") if re.match(r"\s+b\d+ =", line)]
    numbers = np.array([[float(word) for word in row[2:6]] for row in parameters])
    y, x = np.array([line.split() for line in _table(lines, header, "Data")], float).T
    name = re.search(r"Dataset Name:\s+(\w+)", header)
    if name is None:
        raise ValueError(f"{path} is no StRD file: it names no data set.")
    return ReferenceData(
        name=name[1],
        x=x,
        y=y,
        parameter_names=tuple(row[0] for row in parameters),
        starts=numbers[:, :2].T,
        certified=numbers[:, 2],
        standard_errors=numbers[:, 3],
    )


def _table(lines: list[str], header: str, title: str) -> list[str]:
    place = re.search(rf"{title}\s+\(lines (\d+) to (\d+)\)", header)
    if place is None:
        raise ValueError(f"this is no StRD file: its header does not say where to find the {title}.")
    return lines[int(place[1]) - 1 : int(place[2])]


def misra1a(x: Array, b1: float, b2: float) -> Array:
    """Adsorption of a gas: b₁ (1 − exp(−b₂ x))."""
    return b1 * (1 - np.exp(-b2 * x))


def thurber(x: Array, *b: float) -> Array:
    """Mobility of electrons: (b₁ + b₂x + b₃x² + b₄x³) / (1 + b₅x + b₆x² + b₇x³)."""
    b1, b2, b3, b4, b5, b6, b7 = b
    return (b1 + b2 * x + b3 * x**2 + b4 * x**3) / (1 + b5 * x + b6 * x**2 + b7 * x**3)


MODELS: dict[str, Callable[..., Any]] = {"Misra1a": misra1a, "Thurber": thurber}


@dataclass(frozen=True, slots=True)
class Fit:
    """A fit to a data set.

    Attributes
    ----------
    first : array of shape (n,)
        The parameters that `curve_fit` ends with.
    parameters, standard_errors : array of shape (n,)
        The parameters refined by Newton's method, and their standard errors there.
    """

    first: Array
    parameters: Array
    standard_errors: Array


def fit(data: ReferenceData, start: Array, newton_steps: int = 3) -> Fit:
    """Fit the model of a data set by least squares, from `start` of shape (n,).

    A least-squares solver judges a step by the sum of squares S. Near its minimum S is flat, and rounding
    hides all steps below about √ε of a standard error, so that 7 or 8 digits are the end. Its gradient is not
    flat there: with exact derivatives Newton's method on ∇S = 0 finds the digits that are left.
    """
    model = MODELS[data.name]

    def residuals(b: Array) -> Array:
        return model(data.x, *b) - data.y

    def half_sum_of_squares(b: Array) -> Any:
        return np.sum(residuals(b) ** 2) / 2

    first, _ = wg.optimize.curve_fit(model, data.x, data.y, start, ftol=1e-14, xtol=1e-14, gtol=1e-14)
    gradient, hessian = wg.grad(half_sum_of_squares), wg.hessian(half_sum_of_squares)
    b = first
    for _ in range(newton_steps):
        b = b - np.linalg.solve(hessian(b), gradient(b))
    J = wg.jacobian(residuals)(b)
    variance = 2 * half_sum_of_squares(b) / (data.y.size - b.size)
    return Fit(first, b, np.sqrt(np.diag(variance * np.linalg.inv(J.T @ J))))


def agreeing_digits(found: Array, certified: Array, most: float = 11.0) -> Array:
    """NIST's measure of accuracy, the log relative error −log₁₀(|q − c| / |c|), at most the digits certified.

    Parameters
    ----------
    found, certified : array of shape (n,)
        q and c, c without zeros.
    most : float
        The digits to which c is known.

    Returns
    -------
    array of shape (n,)
    """
    relative = np.abs(found - certified) / np.abs(certified)
    return -np.log10(np.clip(relative, 10.0**-most, 1.0))


def main() -> None:
    """Print the fewest agreeing digits after `curve_fit` and after each step of Newton's method."""
    print("Fewest digits that agree with the certified parameters\n")
    print("data set  start   curve_fit   Newton steps: 1     2     3")
    for name in MODELS:
        data = read(DATA / f"{name}.dat")
        for number, start in enumerate(data.starts, 1):
            fits = [fit(data, start, newton_steps=steps) for steps in range(4)]
            digits = [agreeing_digits(f.parameters, data.certified).min() for f in fits]
            print(f"{name:<8}  {number:>5}   {digits[0]:9.1f}", " " * 11, *(f"{d:5.1f}" for d in digits[1:]))


if __name__ == "__main__":
    main()
