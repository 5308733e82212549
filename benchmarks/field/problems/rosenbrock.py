"""Rosenbrock's function of n variables (Rosenbrock 1960): as a loop over numbers, and of whole arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field import casadi_code
from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, Problem, Size, Step


def inputs(size: Size, seed: int) -> Inputs:
    """A point in the square around the minimum."""
    return Inputs((np.random.default_rng(seed).uniform(-1.5, 1.5, size["n"]),))


def loop(x: Any) -> Any:
    """Σ 100 (xᵢ₊₁ - xᵢ²)² + (1 - xᵢ)², term by term."""
    total = 0.0
    for i in range(len(x) - 1):
        total = total + 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def arrays(x: Any) -> Any:
    """The same sum of arrays."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def torch_value() -> Callable[..., Any]:
    """In PyTorch: of arrays, for both."""
    import torch

    def f(x: Any) -> Any:
        return torch.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    return f


def jax_value() -> Callable[..., Any]:
    """In JAX likewise."""
    from jax import numpy as jnp

    def f(x: Any) -> Any:
        return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    return f


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd likewise."""
    from autograd import numpy as anp

    def f(x: Any) -> Any:
        return anp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    return f


def kernel(given: Inputs) -> Kernel:
    """Each element gets its part of two terms."""
    (x,) = given.parameters
    return Kernel("rosenbrock", (x.size,), (x,), ((), x.shape))


def by_casadi_in_numbers(given: Inputs) -> Step:
    """In CasADi: the loop."""
    return casadi_code.gradient_step(lambda x: loop(ca_elements(x)), given, scalar=True)


def ca_elements(x: Any) -> list[Any]:
    """The elements of a vector of CasADi."""
    import casadi as ca

    return list(ca.vertsplit(x))


def by_casadi_in_matrices(given: Inputs) -> Step:
    """In CasADi: of whole vectors."""
    import casadi as ca

    def f(x: Any) -> Any:
        return 100.0 * ca.sumsqr(x[1:] - x[:-1] ** 2) + ca.sumsqr(1.0 - x[:-1])

    return casadi_code.gradient_step(f, given)


def problem(
    name: str,
    title: str,
    value: Callable[..., Any],
    sizes: dict[str, tuple[Size, ...]],
    by_casadi: Callable[[Inputs], Step],
) -> Problem:
    """Either of the two."""
    return Problem(
        name=name,
        title=title,
        definition="Rosenbrock 1960",
        sizes=sizes,
        inputs=inputs,
        value=value,
        kernel=kernel,
        torch_value=torch_value,
        jax_value=jax_value,
        autograd_value=autograd_value,
        others={"CasADi": by_casadi},
    )


PROBLEMS = (
    problem(
        "rosenbrock-loop",
        "Rosenbrock, loop over numbers (peers but CasADi: arrays)",
        loop,
        {"tiny": ({"n": 7},), "small": ({"n": 100},), "middle": ({"n": 300},), "full": ({"n": 1000},)},
        by_casadi_in_numbers,
    ),
    problem(
        "rosenbrock-arrays",
        "Rosenbrock, arrays",
        arrays,
        {"tiny": ({"n": 37},), "small": ({"n": 10_000},), "middle": ({"n": 100_000},), "full": ({"n": 1_000_000},)},
        by_casadi_in_matrices,
    ),
)
