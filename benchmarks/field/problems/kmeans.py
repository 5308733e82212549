"""Newton direction of k-means: gradient and diagonal of the Hessian (Bottou and Bengio 1994; GradBench `kmeans`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, Problem, Size, Step, by_wengert


def inputs(size: Size, seed: int) -> Inputs:
    """Centroids (k, d) among points (n, d), each with at least one point near it."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((size["n"], size["d"]))
    centroids = points[rng.choice(size["n"], size["k"], replace=False)] + 1e-3
    return Inputs((centroids,), (points,))


def value(centroids: Any, points: Any) -> Any:
    """Sum of the squared distances to the nearest centroid."""
    distances = np.sum((points[:, None] - centroids) ** 2, axis=2)
    return np.sum(np.min(distances, axis=1))


def torch_value() -> Callable[..., Any]:
    """In PyTorch: the nearest without derivative, by |c|² - 2 p·c; then the distances to them alone."""
    import torch

    def f(centroids: Any, points: Any) -> Any:
        with torch.no_grad():
            nearest = torch.argmin(torch.sum(centroids**2, dim=1) - 2.0 * (points @ centroids.T), dim=1)
        return torch.sum((points - centroids[nearest]) ** 2)

    return f


def jax_value() -> Callable[..., Any]:
    """In JAX likewise."""
    import jax
    from jax import numpy as jnp

    def f(centroids: Any, points: Any) -> Any:
        fixed = jax.lax.stop_gradient(centroids)
        nearest = jnp.argmin(jnp.sum(fixed**2, axis=1) - 2.0 * (points @ fixed.T), axis=1)
        return jnp.sum((points - centroids[nearest]) ** 2)

    return f


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd: |p|² - 2 p·c + |c|², so that no array has all differences."""
    from autograd import numpy as anp

    def f(centroids: Any, points: Any) -> Any:
        cross = anp.dot(points, centroids.T)
        distances = np.sum(points**2, axis=1)[:, None] - 2.0 * cross + anp.sum(centroids**2, axis=1)
        return anp.sum(anp.min(distances, axis=1))

    return f


# --- the direction: forward over reverse along ones, for the Hessian is diagonal -------------------------------------


def wengert_newton(f: Callable[..., Any]) -> Callable[..., Any]:
    """(centroids, points) → value, gradient, diagonal of the Hessian."""
    import wengert as wg

    def newton(centroids: Any, points: Any) -> Any:
        def of_centroids(c: Any) -> Any:
            return wg.value_and_grad(f)(c, points)

        (cost, gradient), (_, diagonal) = wg.jvp(of_centroids, (centroids,), (np.ones(centroids.shape),))
        return cost, gradient, diagonal

    return newton


def derivative_torch(f: Callable[..., Any], given: Inputs) -> Step:
    """Reverse over reverse, eagerly."""
    import torch

    centroids, points = torch.tensor(given.parameters[0], requires_grad=True), torch.tensor(given.data[0])

    def step() -> tuple[Any, ...]:
        cost = f(centroids, points)
        (gradient,) = torch.autograd.grad(cost, centroids, create_graph=True)
        (diagonal,) = torch.autograd.grad(gradient.sum(), centroids)
        return cost.detach(), gradient.detach(), diagonal

    return step


def derivative_jax(f: Callable[..., Any], given: Inputs) -> Step:
    """Forward over reverse, compiled."""
    import jax

    centroids, points = jax.numpy.asarray(given.parameters[0]), jax.numpy.asarray(given.data[0])

    def newton(c: Any, p: Any) -> Any:
        ones = jax.numpy.ones_like(c)
        (cost, gradient), (_, diagonal) = jax.jvp(lambda c: jax.value_and_grad(f)(c, p), (c,), (ones,))
        return cost, gradient, diagonal

    compiled = jax.jit(newton)
    return lambda: jax.block_until_ready(compiled(centroids, points))


def derivative_autograd(f: Callable[..., Any], given: Inputs) -> Step:
    """Reverse over reverse."""
    import autograd
    from autograd import numpy as anp

    (centroids,), (points,) = given.parameters, given.data
    value_and_gradient = autograd.value_and_grad(lambda c: f(c, points))

    def step() -> tuple[Any, ...]:
        cost, gradient = value_and_gradient(centroids)
        diagonal = autograd.grad(lambda c: anp.sum(autograd.grad(lambda d: f(d, points))(c)))(centroids)
        return cost, gradient, diagonal

    return step


def kernel(given: Inputs) -> Kernel:
    """The nearest centroid of each point, then 2 Σ (c - p) and 2 × their number."""
    (centroids,), (points,) = given.parameters, given.data
    (k, d), n = centroids.shape, len(points)
    return Kernel("kmeans", (n, k, d), (centroids, points), ((), (k, d), (k, d)), workspace=32 * d)


def by_torch_func(given: Inputs) -> Step:
    """In PyTorch by `torch.func`: forward over reverse."""
    import torch

    centroids, points = torch.tensor(given.parameters[0]), torch.tensor(given.data[0])
    ones = torch.ones_like(centroids)
    both = torch.func.grad_and_value(torch_value())

    def step() -> tuple[Any, ...]:
        found: Any = torch.func.jvp(lambda c: both(c, points), (centroids,), (ones,))
        (gradient, cost), (diagonal, _) = found
        return cost, gradient, diagonal

    return step


PROBLEM = Problem(
    name="kmeans",
    title="k-means, gradient and diagonal of the Hessian",
    definition="GradBench kmeans",
    sizes={
        "tiny": ({"k": 3, "n": 70, "d": 2},),
        "small": ({"k": 10, "n": 10_000, "d": 4},),
        "middle": ({"k": 50, "n": 10_000, "d": 16},),
        "full": ({"k": 200, "n": 10_000, "d": 32},),
    },
    inputs=inputs,
    value=value,
    kernel=kernel,
    torch_value=torch_value,
    jax_value=jax_value,
    autograd_value=autograd_value,
    derivatives={
        **by_wengert(wengert_newton),
        "PyTorch": derivative_torch,
        "JAX": derivative_jax,
        "autograd": derivative_autograd,
    },
    others={"torch.func": by_torch_func},
)
