"""Least squares of a polynomial on the sign function (cmpad `llsq_obj`, GradBench `llsq`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field import casadi_code
from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, Problem, Size, Step


def inputs(size: Size, seed: int) -> Inputs:
    """Coefficients (m,); points in [-1, 1] and their signs (n,)."""
    t = np.linspace(-1.0, 1.0, size["n"])
    return Inputs((np.random.default_rng(seed).standard_normal(size["m"]),), (t, np.sign(t)))


def value(x: Any, t: Any, s: Any) -> Any:
    """½ Σ (sᵢ - Σ xⱼ tᵢʲ)², by Horner's rule: in NumPy, too, it takes less time than a matrix of powers."""
    y = np.zeros(len(t))
    for j in reversed(range(len(x))):
        y = y * t + x[j]
    return 0.5 * np.sum((s - y) ** 2)


def torch_value() -> Callable[..., Any]:
    """In PyTorch."""
    import torch

    def f(x: Any, t: Any, s: Any) -> Any:
        y = torch.zeros_like(t)
        for coefficient in reversed(x.unbind()):
            y = torch.addcmul(coefficient, y, t)
        return 0.5 * torch.sum((s - y) ** 2)

    return f


def jax_value() -> Callable[..., Any]:
    """In JAX."""
    from jax import numpy as jnp

    def f(x: Any, t: Any, s: Any) -> Any:
        y = jnp.zeros_like(t)
        for j in reversed(range(len(x))):
            y = y * t + x[j]
        return 0.5 * jnp.sum((s - y) ** 2)

    return f


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd: the matrix is a constant, so NumPy makes it."""
    from autograd import numpy as anp

    def f(x: Any, t: Any, s: Any) -> Any:
        residual = s - anp.dot(np.vander(t, len(x), increasing=True), x)
        return 0.5 * anp.sum(residual**2)

    return f


def kernel(given: Inputs) -> Kernel:
    """Blocks of points: Horner's rule, then the running powers."""
    (x,), (t, s) = given.parameters, given.data
    return Kernel("least_squares", (x.size, t.size), (x, t, s), ((), x.shape))


def by_casadi(given: Inputs) -> Step:
    """In CasADi."""
    import casadi as ca

    def f(x: Any, t: Any, s: Any) -> Any:
        y: Any = 0.0
        for coefficient in reversed(ca.vertsplit(x)):
            y = y * t + coefficient
        return 0.5 * ca.sumsqr(s - y)

    return casadi_code.gradient_step(f, given)


PROBLEM = Problem(
    name="llsq",
    title="least squares of a polynomial",
    definition="GradBench llsq",
    sizes={
        "tiny": ({"m": 4, "n": 150},),
        "small": ({"m": 8, "n": 10_000},),
        "middle": ({"m": 16, "n": 100_000},),
        "full": ({"m": 128, "n": 100_000},),
    },
    inputs=inputs,
    value=value,
    kernel=kernel,
    torch_value=torch_value,
    jax_value=jax_value,
    autograd_value=autograd_value,
    others={"CasADi": by_casadi},
)
