"""Logarithm of a sum of exponentials, by its primitive operations (GradBench `lse`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field import casadi_code
from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, Problem, Size, Step


def inputs(size: Size, seed: int) -> Inputs:
    """Normal values."""
    return Inputs((10.0 * np.random.default_rng(seed).standard_normal(size["n"]),))


def value(x: Any) -> Any:
    """Logarithm of Σ exp(xᵢ), shifted by the largest."""
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


def torch_value() -> Callable[..., Any]:
    """In PyTorch, where the largest value needs no derivative."""
    import torch

    def f(x: Any) -> Any:
        largest = x.detach().max()
        return largest + torch.log(torch.sum(torch.exp(x - largest)))

    return f


def jax_value() -> Callable[..., Any]:
    """In JAX likewise."""
    import jax
    from jax import numpy as jnp

    def f(x: Any) -> Any:
        largest = jax.lax.stop_gradient(jnp.max(x))
        return largest + jnp.log(jnp.sum(jnp.exp(x - largest)))

    return f


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd."""
    from autograd import numpy as anp

    def f(x: Any) -> Any:
        largest = anp.max(x)
        return largest + anp.log(anp.sum(anp.exp(x - largest)))

    return f


def kernel(given: Inputs) -> Kernel:
    """The softmax, of which the numerators are those of the value."""
    (x,) = given.parameters
    return Kernel("lse", (x.size,), (x,), ((), x.shape))


def by_casadi(given: Inputs) -> Step:
    """In CasADi."""
    import casadi as ca

    def f(x: Any) -> Any:
        largest = ca.mmax(x)
        return largest + ca.log(ca.sum1(ca.exp(x - largest)))

    return casadi_code.gradient_step(f, given)


PROBLEM = Problem(
    name="lse",
    title="log-sum-exp",
    definition="GradBench lse",
    sizes={
        "tiny": ({"n": 37},),
        "small": ({"n": 10_000},),
        "middle": ({"n": 100_000},),
        "full": ({"n": 1_000_000},),
    },
    inputs=inputs,
    value=value,
    kernel=kernel,
    torch_value=torch_value,
    jax_value=jax_value,
    autograd_value=autograd_value,
    others={"CasADi": by_casadi},
)
