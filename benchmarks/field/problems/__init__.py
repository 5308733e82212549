"""One module for each problem, which names it `PROBLEM` (or `PROBLEMS`), with its derivative in C beside it."""

from __future__ import annotations

from benchmarks.field.problem import Problem
from benchmarks.field.problems import (
    black_scholes,
    bundle,
    determinant,
    hand,
    heat,
    kmeans,
    least_squares,
    lse,
    lstm,
    mixture,
    nested,
    ode,
    perceptron,
    rosenbrock,
)

PROBLEMS: tuple[Problem, ...] = (
    lse.PROBLEM,
    least_squares.PROBLEM,
    mixture.PROBLEM,
    kmeans.PROBLEM,
    perceptron.PROBLEM,
    black_scholes.PROBLEM,
    *rosenbrock.PROBLEMS,
    heat.PROBLEM,
    ode.PROBLEM,
    determinant.PROBLEM,
    lstm.PROBLEM,
    bundle.PROBLEM,
    hand.PROBLEM,
    *nested.PROBLEMS,
)
