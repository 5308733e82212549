"""Functions of CasADi, called without copies: arrays and results are bound once, and evaluated in place.

CasADi evaluates an expression in a virtual machine. That it can write C code, for a compiler to make fast, is not used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.field.problem import Inputs, NotSuitedError, Step

MOST_STATEMENTS = 3_000_000  # beyond, building the expression takes minutes


def step_of(function: Any, arrays: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> Step:
    """Bind a function of dense matrices, which has a result for each of `shapes`."""
    buffer, evaluate = function.buffer()
    stored = [np.ascontiguousarray(np.asarray(array, dtype=np.float64).T).ravel() for array in arrays]
    for i, array in enumerate(stored):
        if function.nnz_in(i) != array.size:
            raise ValueError(f"argument {i} has {array.size} numbers instead of {function.nnz_in(i)}")
        buffer.set_arg(i, array.data)
    results = []
    for i, shape in enumerate(shapes):
        flat = np.zeros(int(np.prod(shape)))
        if function.nnz_out(i) != flat.size:
            raise ValueError(f"result {i} has {function.nnz_out(i)} numbers instead of {flat.size}")
        buffer.set_res(i, flat.data)
        results.append(flat.reshape(shape[::-1]).T)  # CasADi's matrices are stored by columns

    def step(_kept: Any = (buffer, stored)) -> tuple[Any, ...]:
        evaluate()
        return tuple(results)

    return step


def gradient_step(f: Callable[..., Any], given: Inputs, *, scalar: bool = False, statements: int = 0) -> Step:
    """Value and gradient of an expression in all parameters.

    `f` takes symbols and gives a scalar expression: of numbers (SX) where `scalar`, else of matrices (MX).
    `statements` is about how many it has, where it is a long one.
    """
    import casadi as ca

    if statements > MOST_STATEMENTS:
        raise NotSuitedError(f"an expression of some {statements:.0e} statements takes too long to build")
    kind = ca.SX if scalar else ca.MX
    arrays = (*given.parameters, *given.data)
    symbols: Any = [kind.sym(f"x{i}", *(array.shape or (1,))) for i, array in enumerate(arrays)]
    parameters = symbols[: len(given.parameters)]
    value = f(*symbols, *given.static)
    slopes: Any = [ca.densify(ca.gradient(value, x)) for x in parameters]
    function = ca.Function("f", symbols, [ca.densify(value), *slopes], {"cse": True})
    return step_of(function, arrays, ((), *(x.shape for x in given.parameters)))
