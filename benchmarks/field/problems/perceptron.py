"""A step of a two-layer perceptron: mean squared error of a batch with its gradient in all weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field import casadi_code
from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, Problem, Size, Step


def inputs(size: Size, seed: int) -> Inputs:
    """Weights and biases of both layers; a batch of inputs and targets."""
    rng = np.random.default_rng(seed)
    batch, features, hidden, outputs = size["batch"], size["features"], size["hidden"], size["outputs"]
    w1 = rng.standard_normal((features, hidden)) / np.sqrt(features)
    w2 = rng.standard_normal((hidden, outputs)) / np.sqrt(hidden)
    b1, b2 = 0.1 * rng.standard_normal(hidden), 0.1 * rng.standard_normal(outputs)
    return Inputs((w1, b1, w2, b2), (rng.standard_normal((batch, features)), rng.standard_normal((batch, outputs))))


def value(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
    """Mean of (tanh(x w₁ + b₁) w₂ + b₂ - y)²."""
    error = np.tanh(x @ w1 + b1) @ w2 + b2 - y
    return np.mean(error**2)


def torch_value() -> Callable[..., Any]:
    """In PyTorch, with its product and addition in one."""
    import torch

    def f(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
        hidden = torch.tanh(torch.addmm(b1, x, w1))
        return torch.nn.functional.mse_loss(torch.addmm(b2, hidden, w2), y)

    return f


def jax_value() -> Callable[..., Any]:
    """In JAX."""
    from jax import numpy as jnp

    def f(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
        error = jnp.tanh(x @ w1 + b1) @ w2 + b2 - y
        return jnp.mean(error**2)

    return f


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd."""
    from autograd import numpy as anp

    def f(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
        error = anp.dot(anp.tanh(anp.dot(x, w1) + b1), w2) + b2 - y
        return anp.mean(error**2)

    return f


def kernel(given: Inputs) -> Kernel:
    """Five matrix products by BLAS, the rest in loops."""
    w2 = given.parameters[2]
    x, _ = given.data
    (batch, features), (hidden, outputs) = x.shape, w2.shape
    shapes = tuple(parameter.shape for parameter in given.parameters)
    work = 2 * batch * hidden + batch * outputs
    sizes = (batch, features, hidden, outputs)
    return Kernel("perceptron", sizes, (*given.parameters, *given.data), ((), *shapes), work)


def by_casadi(given: Inputs) -> Step:
    """In CasADi."""
    import casadi as ca

    def f(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
        n, outputs = y.shape
        hidden = ca.tanh(x @ w1 + ca.repmat(b1.T, n, 1))
        return ca.sumsqr(hidden @ w2 + ca.repmat(b2.T, n, 1) - y) / (n * outputs)

    return casadi_code.gradient_step(f, given)


def by_torch_func(given: Inputs) -> Step:
    """In PyTorch by `torch.func`."""
    import torch

    arguments = [torch.tensor(x) for x in (*given.parameters, *given.data)]
    both = torch.func.grad_and_value(torch_value(), argnums=(0, 1, 2, 3))

    def step() -> tuple[Any, ...]:
        gradients, value = both(*arguments)
        return (value, *gradients)

    return step


PROBLEM = Problem(
    name="perceptron",
    title="two-layer perceptron step",
    definition="mean squared error, tanh",
    sizes={
        "tiny": ({"batch": 5, "features": 3, "hidden": 4, "outputs": 2},),
        "small": ({"batch": 16, "features": 10, "hidden": 32, "outputs": 1},),
        "middle": ({"batch": 128, "features": 64, "hidden": 128, "outputs": 10},),
        "full": ({"batch": 256, "features": 784, "hidden": 256, "outputs": 10},),
    },
    inputs=inputs,
    value=value,
    kernel=kernel,
    torch_value=torch_value,
    jax_value=jax_value,
    autograd_value=autograd_value,
    others={"CasADi": by_casadi, "torch.func": by_torch_func},
)
