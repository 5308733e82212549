"""Determinant by expansion in minors, a recursion (cmpad `det_by_minor`, GradBench `det`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field import casadi_code
from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, Problem, Size, Step


def inputs(size: Size, seed: int) -> Inputs:
    """A square matrix."""
    n = size["n"]
    return Inputs((np.random.default_rng(seed).standard_normal((n, n)),))


def value(a: Any) -> Any:
    """Expansion along the first row, the minors likewise."""
    n = a.shape[0]

    def minor(row: int, columns: tuple[int, ...]) -> Any:
        if len(columns) == 1:
            return a[row, columns[0]]
        total = 0.0
        for k, column in enumerate(columns):
            term = a[row, column] * minor(row + 1, columns[:k] + columns[k + 1 :])
            total = total + term if k % 2 == 0 else total - term
        return total

    return minor(0, tuple(range(n)))


def others(n: int) -> Any:
    """Row k: all columns but k, as (n, n - 1)."""
    return np.array([[j for j in range(n) if j != k] for k in range(n)])


def torch_value() -> Callable[..., Any]:
    """In PyTorch: all minors of a size at once, for a recursion over numbers is beyond it."""
    import torch

    def minors(a: Any) -> Any:
        n = a.shape[-1]
        if n == 1:
            return a[..., 0, 0]
        signs = torch.tensor([1.0, -1.0] * n, dtype=a.dtype)[:n]
        smaller = minors(a[..., 1:, torch.from_numpy(others(n))].movedim(-2, -3))
        return torch.sum(signs * a[..., 0, :] * smaller, dim=-1)

    return minors


def jax_value() -> Callable[..., Any]:
    """In JAX likewise."""
    from jax import numpy as jnp

    def minors(a: Any) -> Any:
        n = a.shape[-1]
        if n == 1:
            return a[..., 0, 0]
        smaller = minors(jnp.moveaxis(a[..., 1:, others(n)], -2, -3))
        return jnp.sum(np.resize([1.0, -1.0], n) * a[..., 0, :] * smaller, axis=-1)

    return minors


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd likewise."""
    from autograd import numpy as anp

    def minors(a: Any) -> Any:
        n = a.shape[-1]
        if n == 1:
            return a[..., 0, 0]
        smaller = minors(anp.moveaxis(a[..., 1:, others(n)], -2, -3))
        return anp.sum(np.resize([1.0, -1.0], n) * a[..., 0, :] * smaller, axis=-1)

    return minors


def kernel(given: Inputs) -> Kernel:
    """Value on the way up and cotangents on the way down, in one recursion."""
    (a,) = given.parameters
    return Kernel("determinant", (len(a),), (a,), ((), a.shape))


def by_casadi(given: Inputs) -> Step:
    """In CasADi: the recursion, in numbers; minors that are the same are computed once (`cse`)."""
    return casadi_code.gradient_step(value, given, scalar=True)


PROBLEM = Problem(
    name="det",
    title="determinant by minors (peers but CasADi: all minors of a size at once)",
    definition="GradBench det",
    sizes={
        "tiny": ({"n": 4},),
        "small": ({"n": 5},),
        "middle": ({"n": 6},),
        "full": ({"n": 7},),
    },
    inputs=inputs,
    value=value,
    kernel=kernel,
    torch_value=torch_value,
    jax_value=jax_value,
    autograd_value=autograd_value,
    others={"CasADi": by_casadi},
)
