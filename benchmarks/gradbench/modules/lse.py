"""Logarithm of a sum of exponentials."""

from __future__ import annotations

import wengert as wg
from benchmarks.field.problems.lse import value
from benchmarks.gradbench.function import Function, arrays

FUNCTIONS = {
    "primal": Function(arrays("x"), wg.compile(value)),
    "gradient": Function(arrays("x"), wg.compile(wg.grad(value))),
}
