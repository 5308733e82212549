"""Heat in a rod with insulated ends: misfit after many steps, differentiated in initial heat and conductivity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field import casadi_code
from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, Problem, Size, Step


def inputs(size: Size, seed: int) -> Inputs:
    """Initial temperatures (n,), conductivities of the walls between cells (n - 1,) in stable steps; a target (n,)."""
    rng = np.random.default_rng(seed)
    n = size["n"]
    parameters = rng.standard_normal(n), rng.uniform(0.1, 0.4, n - 1)
    return Inputs(parameters, (rng.standard_normal(n),), (size["steps"],))


def value(u: Any, conductivity: Any, target: Any, steps: int) -> Any:
    """½ Σ (u after all steps - target)²."""
    for _ in range(steps):
        flux = conductivity * (u[1:] - u[:-1])
        u = u + np.concatenate([flux[:1], flux[1:] - flux[:-1], -flux[-1:]])
    return 0.5 * np.sum((u - target) ** 2)


def compiled_value(u: Any, conductivity: Any, target: Any, steps: int) -> Any:
    """The loop as one statement of the list."""
    import wengert as wg

    def step(_: Any, v: Any) -> Any:
        flux = conductivity * (v[1:] - v[:-1])
        return v + np.concatenate([flux[:1], flux[1:] - flux[:-1], -flux[-1:]])

    return 0.5 * np.sum((wg.fori_loop(0, steps, step, u) - target) ** 2)


def torch_value() -> Callable[..., Any]:
    """In PyTorch: a loop in Python."""
    import torch

    def f(u: Any, conductivity: Any, target: Any, steps: int) -> Any:
        for _ in range(steps):
            flux = conductivity * (u[1:] - u[:-1])
            u = u + torch.diff(torch.nn.functional.pad(flux, (1, 1)))
        return 0.5 * torch.sum((u - target) ** 2)

    return f


def jax_value() -> Callable[..., Any]:
    """In JAX: a scan."""
    import jax
    from jax import numpy as jnp

    def f(u: Any, conductivity: Any, target: Any, steps: int) -> Any:
        def step(v: Any, _: Any) -> Any:
            flux = conductivity * (v[1:] - v[:-1])
            return v + jnp.diff(jnp.pad(flux, 1)), None

        last, _ = jax.lax.scan(step, u, length=steps)
        return 0.5 * jnp.sum((last - target) ** 2)

    return f


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd: a loop in Python."""
    from autograd import numpy as anp

    def f(u: Any, conductivity: Any, target: Any, steps: int) -> Any:
        for _ in range(steps):
            flux = conductivity * (u[1:] - u[:-1])
            u = u + anp.concatenate([flux[:1], flux[1:] - flux[:-1], -flux[-1:]])
        return 0.5 * anp.sum((u - target) ** 2)

    return f


def kernel(given: Inputs) -> Kernel:
    """All states are kept."""
    u, conductivity = given.parameters
    (steps,) = given.static
    sizes, arrays = (u.size, steps), (u, conductivity, *given.data)
    return Kernel("heat", sizes, arrays, ((), u.shape, conductivity.shape), workspace=u.size * (steps + 1))


def by_casadi(given: Inputs) -> Step:
    """In CasADi: a step in numbers, repeated by `mapaccum`."""
    import casadi as ca

    n, (steps,) = given.parameters[0].size, given.static
    u, conductivity = ca.SX.sym("u", n), ca.SX.sym("c", n - 1)
    flux = conductivity * (u[1:] - u[:-1])
    step = ca.Function("step", [u, conductivity], [u + ca.vertcat(flux, 0.0) - ca.vertcat(0.0, flux)])

    def f(first: Any, conductivities: Any, target: Any, steps: int) -> Any:
        last = step.fold(steps)(first, ca.repmat(conductivities, 1, steps))
        return 0.5 * ca.sumsqr(last - target)

    return casadi_code.gradient_step(f, given, statements=3 * n * steps)


PROBLEM = Problem(
    name="heat",
    title="heat equation, explicit steps",
    definition="finite volumes in one dimension",
    sizes={
        "tiny": ({"n": 9, "steps": 5},),
        "small": ({"n": 100, "steps": 1000},),
        "middle": ({"n": 1000, "steps": 1000},),
        "full": ({"n": 10_000, "steps": 1000},),
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
