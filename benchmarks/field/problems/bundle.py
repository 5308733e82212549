"""Bundle adjustment: reprojection errors with the blocks of their Jacobian (ADBench and GradBench `ba`).

An observation has two errors, which depend on the 11 parameters of its camera (rotation as a vector, centre, focal
length, principal point, two of radial distortion), the 3 of its point, and its weight: a block of 2 × 15. The weights'
own errors, 1 - w², are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field import casadi_code
from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, Problem, Size, Step, by_wengert


def inputs(size: Size, seed: int) -> Inputs:
    """Cameras (n, 11), points (n, 3) and weights (n,) of the observations, gathered; what they saw (n, 2).

    The last observation has a rotation of zero.
    """
    rng = np.random.default_rng(seed)
    cameras = 0.1 * rng.standard_normal((size["cameras"], 11))
    cameras[:, 3:6] *= 10.0
    cameras[:, 6] += 1.0
    cameras[-1, :3] = 0.0
    points = rng.standard_normal((size["points"], 3)) + np.array([0.0, 0.0, 10.0])
    n = size["observations"]
    seen_by, seen = rng.integers(0, size["cameras"], n), rng.integers(0, size["points"], n)
    seen_by[-1] = size["cameras"] - 1
    return Inputs((cameras[seen_by], points[seen], rng.uniform(0.5, 1.5, n)), (rng.standard_normal((n, 2)),))


def value(camera: Any, point: Any, weight: Any, feature: Any) -> Any:
    """Errors (n, 2) of all observations."""
    rotation, x = camera[:, :3], point - camera[:, 3:6]
    square = np.sum(rotation**2, axis=1, keepdims=True)
    small = square < 1e-10
    theta = np.sqrt(np.where(small, 1.0, square))
    axis = rotation / theta
    along = axis * np.sum(axis * x, axis=1, keepdims=True)
    turned = x * np.cos(theta) + np.cross(axis, x) * np.sin(theta) + along * (1.0 - np.cos(theta))
    seen = np.where(small, x + np.cross(rotation, x), turned)
    flat = seen[:, :2] / seen[:, 2:]
    radius = np.sum(flat**2, axis=1, keepdims=True)
    distorted = flat * (1.0 + camera[:, 9:10] * radius + camera[:, 10:11] * radius**2)
    return weight[:, None] * (distorted * camera[:, 6:7] + camera[:, 7:9] - feature)


def torch_value() -> Callable[..., Any]:
    """In PyTorch."""
    import torch

    def f(camera: Any, point: Any, weight: Any, feature: Any) -> Any:
        rotation, centre, focal, principal, k1, k2 = camera.split([3, 3, 1, 2, 1, 1], dim=1)
        x = point - centre
        square = torch.sum(rotation**2, dim=1, keepdim=True)
        small = square < 1e-10
        theta = torch.sqrt(torch.where(small, 1.0, square))
        axis = rotation / theta
        along = axis * torch.sum(axis * x, dim=1, keepdim=True)
        cos = torch.cos(theta)
        turned = x * cos + torch.linalg.cross(axis, x) * torch.sin(theta) + along * (1.0 - cos)
        seen = torch.where(small, x + torch.linalg.cross(rotation, x), turned)
        flat = seen[:, :2] / seen[:, 2:]
        radius = torch.sum(flat**2, dim=1, keepdim=True)
        distorted = flat * (1.0 + k1 * radius + k2 * radius**2)
        return weight[:, None] * (distorted * focal + principal - feature)

    return f


def jax_value() -> Callable[..., Any]:
    """In JAX: of one observation, for `vmap`, which takes less time than arrays of all."""
    from jax import numpy as jnp

    def f(camera: Any, point: Any, weight: Any, feature: Any) -> Any:
        rotation, x = camera[:3], point - camera[3:6]
        square = jnp.sum(rotation**2)
        small = square < 1e-10
        theta = jnp.sqrt(jnp.where(small, 1.0, square))
        axis = rotation / theta
        along = axis * jnp.dot(axis, x)
        turned = x * jnp.cos(theta) + jnp.cross(axis, x) * jnp.sin(theta) + along * (1.0 - jnp.cos(theta))
        seen = jnp.where(small, x + jnp.cross(rotation, x), turned)
        flat = seen[:2] / seen[2]
        radius = jnp.sum(flat**2)
        distorted = flat * (1.0 + camera[9] * radius + camera[10] * radius**2)
        return weight * (distorted * camera[6] + camera[7:9] - feature)

    return f


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd."""
    from autograd import numpy as anp

    def f(camera: Any, point: Any, weight: Any, feature: Any) -> Any:
        rotation, x = camera[:, :3], point - camera[:, 3:6]
        square = anp.sum(rotation**2, axis=1, keepdims=True)
        small = square < 1e-10
        theta = anp.sqrt(anp.where(small, 1.0, square))
        axis = rotation / theta
        along = axis * anp.sum(axis * x, axis=1, keepdims=True)
        turned = x * anp.cos(theta) + anp.cross(axis, x) * anp.sin(theta) + along * (1.0 - anp.cos(theta))
        seen = anp.where(small, x + anp.cross(rotation, x), turned)
        flat = seen[:, :2] / seen[:, 2:]
        radius = anp.sum(flat**2, axis=1, keepdims=True)
        distorted = flat * (1.0 + camera[:, 9:10] * radius + camera[:, 10:11] * radius**2)
        return weight[:, None] * (distorted * camera[:, 6:7] + camera[:, 7:9] - feature)

    return f


# --- blocks: one reverse sweep for each of the two errors, over all observations at once -----------------------------


def seeds(n: int) -> tuple[Any, Any]:
    """Ones in either column of (n, 2)."""
    return np.tile([1.0, 0.0], (n, 1)), np.tile([0.0, 1.0], (n, 1))


def wengert_blocks(f: Callable[..., Any]) -> Callable[..., Any]:
    """(camera, point, weight, feature) → errors, and their derivatives with the two errors along axis 1."""
    import wengert as wg

    def blocks(camera: Any, point: Any, weight: Any, feature: Any) -> Any:
        def errors(c: Any, p: Any, w: Any) -> Any:
            return f(c, p, w, feature)

        y, pullback = wg.vjp(errors, camera, point, weight)
        rows = [pullback(seed) for seed in seeds(len(feature))]
        return (y, *(np.stack(pair, axis=1) for pair in zip(*rows, strict=True)))

    return blocks


def derivative_torch(f: Callable[..., Any], given: Inputs) -> Step:
    """Two reverse sweeps over one graph, eagerly."""
    import torch

    parameters = [torch.tensor(x, requires_grad=True) for x in given.parameters]
    feature = torch.tensor(given.data[0])
    first, second = (torch.tensor(seed) for seed in seeds(len(feature)))

    def step() -> tuple[Any, ...]:
        y = f(*parameters, feature)
        rows = torch.autograd.grad(y, parameters, first, retain_graph=True), torch.autograd.grad(y, parameters, second)
        return (y.detach(), *(torch.stack(pair, dim=1) for pair in zip(*rows, strict=True)))

    return step


def derivative_jax(f: Callable[..., Any], given: Inputs) -> Step:
    """Reverse mode of an observation, of all at once, compiled."""
    import jax

    arguments = [jax.numpy.asarray(x) for x in (*given.parameters, *given.data)]

    def errors(*args: Any) -> Any:
        y = f(*args)
        return y, y

    compiled = jax.jit(jax.vmap(jax.jacrev(errors, argnums=(0, 1, 2), has_aux=True)))

    def step() -> tuple[Any, ...]:
        derivatives, y = jax.block_until_ready(compiled(*arguments))
        return (y, *derivatives)

    return step


def derivative_autograd(f: Callable[..., Any], given: Inputs) -> Step:
    """Two reverse sweeps over one graph."""
    import autograd

    both = seeds(len(given.data[0]))
    sweep = autograd.make_vjp(lambda parameters: f(*parameters, *given.data))

    def step() -> tuple[Any, ...]:
        pullback, y = sweep(tuple(given.parameters))
        rows = [pullback(seed) for seed in both]
        return (y, *(np.stack(pair, axis=1) for pair in zip(*rows, strict=True)))

    return step


def kernel(given: Inputs) -> Kernel:
    """The chain rule by hand, 16 observations at a time."""
    n = len(given.data[0])
    return Kernel("bundle", (n,), (*given.parameters, *given.data), ((n, 2), (n, 2, 11), (n, 2, 3), (n, 2)))


def by_torch_func(given: Inputs) -> Step:
    """In PyTorch by `torch.func`: reverse mode of an observation, of all at once."""
    import torch

    arguments = [torch.tensor(x) for x in (*given.parameters, *given.data)]
    of_all = torch_value()

    def errors(camera: Any, point: Any, weight: Any, feature: Any) -> Any:
        y = of_all(camera[None], point[None], weight[None], feature[None])[0]
        return y, y

    blocks = torch.func.vmap(torch.func.jacrev(errors, argnums=(0, 1, 2), has_aux=True))

    def step() -> tuple[Any, ...]:
        derivatives, y = blocks(*arguments)
        return (y, *derivatives)

    return step


def by_casadi(given: Inputs) -> Step:
    """In CasADi: errors and Jacobian of one observation in numbers, mapped over all."""
    import casadi as ca

    camera, point, weight, feature = one = [ca.SX.sym("c", 11), ca.SX.sym("p", 3), ca.SX.sym("w"), ca.SX.sym("f", 2)]
    rotation, x = camera[:3], point - camera[3:6]
    square = ca.sumsqr(rotation)
    small = square < 1e-10
    theta = ca.sqrt(ca.if_else(small, 1.0, square))
    axis = rotation / theta
    turned = x * ca.cos(theta) + ca.cross(axis, x) * ca.sin(theta) + axis * ca.dot(axis, x) * (1.0 - ca.cos(theta))
    seen = ca.if_else(small, x + ca.cross(rotation, x), turned)
    flat = seen[:2] / seen[2]
    radius = ca.sumsqr(flat)
    distorted = flat * (1.0 + camera[9] * radius + camera[10] * radius**2)
    errors = weight * (distorted * camera[6] + camera[7:9] - feature)
    blocks = [ca.vec(ca.densify(ca.jacobian(errors, x)).T) for x in (camera, point, weight)]
    n = len(given.data[0])
    mapped = ca.Function("observation", one, [errors, *blocks], {"cse": True}).map(n)
    step = casadi_code.step_of(
        mapped, [x.reshape(n, -1).T for x in (*given.parameters, *given.data)], ((2, n), (22, n), (6, n), (2, n))
    )

    def shaped() -> tuple[Any, ...]:
        errors, *blocks = step()
        return (errors.T, *(b.T.reshape(n, 2, -1) for b in blocks[:2]), blocks[2].T)

    return shaped


PROBLEM = Problem(
    name="ba",
    title="bundle adjustment, blocks of the Jacobian",
    definition="ADBench ba",
    sizes={
        "tiny": ({"cameras": 3, "points": 7, "observations": 19},),
        "small": ({"cameras": 49, "points": 7776, "observations": 10_000},),
        "middle": ({"cameras": 49, "points": 7776, "observations": 31_843},),
        "full": ({"cameras": 93, "points": 61_203, "observations": 287_451},),
    },
    inputs=inputs,
    value=value,
    kernel=kernel,
    torch_value=torch_value,
    jax_value=jax_value,
    autograd_value=autograd_value,
    derivatives={
        **by_wengert(wengert_blocks),
        "PyTorch": derivative_torch,
        "JAX": derivative_jax,
        "autograd": derivative_autograd,
    },
    others={"torch.func": by_torch_func, "CasADi": by_casadi},
)
