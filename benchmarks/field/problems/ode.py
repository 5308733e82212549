"""Classical Runge-Kutta integration of y₀' = x₀, yᵢ' = xᵢ yᵢ₋₁ from 0 to 2 (cmpad `an_ode`, GradBench `ode`).

The sum of the components is differentiated: the last one alone is zero where there are more than four a step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field import casadi_code
from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, Problem, Size, Step

END = 2.0


def inputs(size: Size, seed: int) -> Inputs:
    """Coefficients x (n,); the number of steps."""
    return Inputs((np.random.default_rng(seed).uniform(0.5, 1.5, size["n"]),), (), (size["steps"],))


def value(x: Any, steps: int) -> Any:
    """Sum of y(2)."""
    h = END / steps

    def slope(y: Any) -> Any:
        return x * np.concatenate([np.ones(1), y[:-1]])

    y = np.zeros(len(x))
    for _ in range(steps):
        k1 = slope(y)
        k2 = slope(y + 0.5 * h * k1)
        k3 = slope(y + 0.5 * h * k2)
        k4 = slope(y + h * k3)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return np.sum(y)


def compiled_value(x: Any, steps: int) -> Any:
    """The loop as one statement of the list."""
    import wengert as wg

    h = END / steps

    def slope(y: Any) -> Any:
        return x * np.concatenate([np.ones(1), y[:-1]])

    def step(_: Any, y: Any) -> Any:
        k1 = slope(y)
        k2 = slope(y + 0.5 * h * k1)
        k3 = slope(y + 0.5 * h * k2)
        k4 = slope(y + h * k3)
        return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)

    return np.sum(wg.fori_loop(0, steps, step, np.zeros(len(x))))


def torch_value() -> Callable[..., Any]:
    """In PyTorch: a loop in Python."""
    import torch

    def f(x: Any, steps: int) -> Any:
        h = END / steps
        one = torch.ones(1, dtype=x.dtype)

        def slope(y: Any) -> Any:
            return x * torch.cat([one, y[:-1]])

        y = torch.zeros_like(x)
        for _ in range(steps):
            k1 = slope(y)
            k2 = slope(torch.add(y, k1, alpha=0.5 * h))
            k3 = slope(torch.add(y, k2, alpha=0.5 * h))
            k4 = slope(torch.add(y, k3, alpha=h))
            y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return torch.sum(y)

    return f


def jax_value() -> Callable[..., Any]:
    """In JAX: a scan."""
    import jax
    from jax import numpy as jnp

    def f(x: Any, steps: int) -> Any:
        h = END / steps

        def slope(y: Any) -> Any:
            return x * jnp.concatenate([jnp.ones(1), y[:-1]])

        def step(y: Any, _: Any) -> Any:
            k1 = slope(y)
            k2 = slope(y + 0.5 * h * k1)
            k3 = slope(y + 0.5 * h * k2)
            k4 = slope(y + h * k3)
            return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4), None

        return jnp.sum(jax.lax.scan(step, jnp.zeros_like(x), length=steps)[0])

    return f


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd: a loop in Python."""
    from autograd import numpy as anp

    def f(x: Any, steps: int) -> Any:
        h = END / steps

        def slope(y: Any) -> Any:
            return x * anp.concatenate([np.ones(1), y[:-1]])

        y = np.zeros(len(x))
        for _ in range(steps):
            k1 = slope(y)
            k2 = slope(y + 0.5 * h * k1)
            k3 = slope(y + 0.5 * h * k2)
            k4 = slope(y + h * k3)
            y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return anp.sum(y)

    return f


def kernel(given: Inputs) -> Kernel:
    """The states are kept, and the slopes of a step computed again in reverse."""
    (x,), (steps,) = given.parameters, given.static
    return Kernel("ode", (x.size, steps), (x,), ((), x.shape), workspace=(x.size + 9) * (steps + 3))


def by_casadi(given: Inputs) -> Step:
    """In CasADi: a step in numbers, repeated by `mapaccum`."""
    import casadi as ca

    n, (steps,) = given.parameters[0].size, given.static
    h, y, x = END / steps, ca.SX.sym("y", n), ca.SX.sym("x", n)

    def slope(y: Any) -> Any:
        return x * ca.vertcat(1.0, y[:-1])

    k1 = slope(y)
    k2 = slope(y + 0.5 * h * k1)
    k3 = slope(y + 0.5 * h * k2)
    k4 = slope(y + h * k3)
    step = ca.Function("step", [y, x], [y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)], {"cse": True})

    def f(x: Any, steps: int) -> Any:
        return ca.sum1(step.fold(steps)(ca.DM.zeros(n), ca.repmat(x, 1, steps)))

    return casadi_code.gradient_step(f, given, statements=20 * n * steps)


PROBLEM = Problem(
    name="ode",
    title="Runge-Kutta integration",
    definition="GradBench ode",
    sizes={
        "tiny": ({"n": 6, "steps": 4},),
        "small": ({"n": 100, "steps": 100},),
        "middle": ({"n": 10_000, "steps": 100},),
        "full": ({"n": 100_000, "steps": 100},),
    },
    inputs=inputs,
    value=value,
    compiled_value=compiled_value,
    kernel=kernel,
    torch_value=torch_value,
    jax_value=jax_value,
    autograd_value=autograd_value,
    others={"CasADi": by_casadi},
)
