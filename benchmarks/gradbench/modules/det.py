"""Determinant by expansion in minors, and its gradient.

Written as a recursion on numbers, as in the field's own problem, it is a list of n! statements. Here the minors of a
size are an array, and above `TOGETHER` rows they come one after another, so that the arrays do not outgrow memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import wengert as wg
from benchmarks.field.problems.determinant import others
from benchmarks.gradbench.function import Function

TOGETHER = 8


def value(a: Any) -> Any:
    """Determinants of a stack of matrices, (..., n, n)."""
    n = a.shape[-1]
    if n == 1:
        return a[..., 0, 0]
    signs = np.resize([1.0, -1.0], n)
    if n <= TOGETHER:
        return np.sum(signs * a[..., 0, :] * value(np.moveaxis(a[..., 1:, others(n)], -2, -3)), axis=-1)

    def add(total: Any, term: Any) -> tuple[Any, None]:
        sign, element, columns = term
        return total + sign * element * value(a[1:, columns]), None

    return wg.scan(add, 0.0, (signs, a[0], others(n)))[0]


def arguments(given: Any) -> tuple[Any, ...]:
    """The matrix."""
    return (np.array(given["A"], dtype=np.float64).reshape(given["ell"], given["ell"]),)


def flat(gradient: Any) -> Any:
    """Row after row."""
    return gradient.ravel().tolist()


FUNCTIONS = {
    "primal": Function(arguments, wg.compile(value)),
    "gradient": Function(arguments, wg.compile(wg.grad(value)), flat),
}
