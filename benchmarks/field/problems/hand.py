"""Hand tracking: Jacobian of the errors of a skinned hand in 26 parameters of its pose (ADBench and GradBench `ht`).

The hand has 22 bones: wrist, palm, and four of each finger. A finger bends in its first bone about two axes, in its
second and third about one. Only the vertices that have a measured point are posed. Models are drawn, not measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.field import casadi_code
from benchmarks.field.c_code import Kernel
from benchmarks.field.problem import Inputs, NotSuitedError, Problem, Size, Step, by_wengert

BONES, ANGLES = 22, 20
MOST_CASADI = 100_000  # elements of the pose times points
PARENTS = (-1, 0, *(1 if bone % 4 == 2 else bone - 1 for bone in range(2, BONES)))


def pose_positions() -> tuple[Any, Any]:
    """For each bone, where its angles about x and z stand among those of the fingers; 20 stands for none."""
    x, z = np.full(BONES, ANGLES), np.full(BONES, ANGLES)
    for finger in range(5):
        first, start = 2 + 4 * finger, 4 * finger
        x[first : first + 3] = start, start + 2, start + 3
        z[first] = start + 1
    return x, z


ABOUT_X, ABOUT_Z = pose_positions()


def inputs(size: Size, seed: int) -> Inputs:
    """Pose (26,): rotation as a vector, translation, finger angles; then the model and n measured points.

    Data are the bones' places in their parents (22, 4, 4), the inverses of their places at rest (22, 4, 4), skinning
    weights (22, v), vertices with a last coordinate of one (v, 4), the vertex of each point (n,), points (n, 3).
    """
    rng = np.random.default_rng(seed)
    vertices, n = size["vertices"], size["points"]
    places = np.tile(np.eye(4), (BONES, 1, 1))
    places[:, :3, :3] = np.linalg.qr(rng.standard_normal((BONES, 3, 3)))[0]
    places[:, :3, 3] = 0.3 * rng.standard_normal((BONES, 3))
    rest: list[Any] = []
    for bone, parent in enumerate(PARENTS):
        rest.append(places[bone] if parent < 0 else rest[parent] @ places[bone])
    weights = rng.random((BONES, vertices)) ** 8
    surface = np.concatenate([rng.standard_normal((vertices, 3)), np.ones((vertices, 1))], axis=1)
    theta = np.concatenate([rng.standard_normal(6), rng.uniform(-0.5, 0.5, ANGLES)])
    data = places, np.linalg.inv(np.stack(rest)), weights / np.sum(weights, axis=0), surface
    return Inputs((theta,), (*data, rng.integers(0, vertices, n), rng.standard_normal((n, 3))))


def hand(xp: Any) -> Callable[..., Any]:
    """The function in the names of NumPy, which JAX and HIPS autograd share."""

    def f(theta: Any, places: Any, inverses: Any, weights: Any, vertices: Any, seen: Any, points: Any) -> Any:
        angles = xp.concatenate([theta[6:], np.zeros(1)])
        x, z = angles[ABOUT_X], angles[ABOUT_Z]
        one, zero = np.ones(BONES), np.zeros(BONES)
        rows = [xp.cos(z), -xp.sin(z) * xp.cos(x), xp.sin(z) * xp.sin(x), zero]
        rows += [xp.sin(z), xp.cos(z) * xp.cos(x), -xp.cos(z) * xp.sin(x), zero]
        rows += [zero, xp.sin(x), xp.cos(x), zero, zero, zero, zero, one]
        relative = xp.matmul(places, xp.stack(rows, axis=1).reshape(BONES, 4, 4))
        absolute: list[Any] = []
        for bone, parent in enumerate(PARENTS):
            absolute.append(relative[bone] if parent < 0 else xp.matmul(absolute[parent], relative[bone]))
        transforms = xp.matmul(xp.stack(absolute), inverses)[:, :3]
        moved = xp.matmul(vertices[seen], xp.swapaxes(transforms, 1, 2))  # (bones, n, 3)
        posed = xp.sum(weights[:, seen][:, :, None] * moved, axis=0)
        angle = xp.sqrt(xp.sum(theta[:3] ** 2))
        a = theta[:3] / angle
        crossed = xp.stack([zero[0], -a[2], a[1], a[2], zero[0], -a[0], -a[1], a[0], zero[0]]).reshape(3, 3)
        rotation = np.eye(3) + xp.sin(angle) * crossed + (1.0 - xp.cos(angle)) * xp.matmul(crossed, crossed)
        return points - (xp.matmul(posed, rotation.T) + theta[3:6])

    return f


def value(theta: Any, places: Any, inverses: Any, weights: Any, vertices: Any, seen: Any, points: Any) -> Any:
    """Errors (n, 3): points minus the vertices of the posed hand."""
    angles = np.concatenate([theta[6:], np.zeros(1)])
    x, z = angles[ABOUT_X], angles[ABOUT_Z]
    one, zero = np.ones(BONES), np.zeros(BONES)
    rows = [np.cos(z), -np.sin(z) * np.cos(x), np.sin(z) * np.sin(x), zero]
    rows += [np.sin(z), np.cos(z) * np.cos(x), -np.cos(z) * np.sin(x), zero]
    rows += [zero, np.sin(x), np.cos(x), zero, zero, zero, zero, one]
    relative = places @ np.stack(rows, axis=1).reshape(BONES, 4, 4)
    absolute: list[Any] = []
    for bone, parent in enumerate(PARENTS):
        absolute.append(relative[bone] if parent < 0 else absolute[parent] @ relative[bone])
    transforms = (np.stack(absolute) @ inverses)[:, :3]
    moved = vertices[seen] @ np.swapaxes(transforms, 1, 2)  # (bones, n, 3)
    posed = np.sum(weights[:, seen][:, :, None] * moved, axis=0)
    angle = np.sqrt(np.sum(theta[:3] ** 2))
    a = theta[:3] / angle
    crossed = np.stack([zero[0], -a[2], a[1], a[2], zero[0], -a[0], -a[1], a[0], zero[0]]).reshape(3, 3)
    rotation = np.eye(3) + np.sin(angle) * crossed + (1.0 - np.cos(angle)) * (crossed @ crossed)
    return points - (posed @ rotation.T + theta[3:6])


def torch_value() -> Callable[..., Any]:
    """In PyTorch."""
    import torch

    about_x, about_z = torch.from_numpy(ABOUT_X), torch.from_numpy(ABOUT_Z)

    def f(theta: Any, places: Any, inverses: Any, weights: Any, vertices: Any, seen: Any, points: Any) -> Any:
        angles = torch.nn.functional.pad(theta[6:], (0, 1))
        x, z = angles[about_x], angles[about_z]
        cos_x, sin_x, cos_z, sin_z = torch.cos(x), torch.sin(x), torch.cos(z), torch.sin(z)
        one, zero = torch.ones_like(x), torch.zeros_like(x)
        rows = [cos_z, -sin_z * cos_x, sin_z * sin_x, zero, sin_z, cos_z * cos_x, -cos_z * sin_x, zero]
        rows += [zero, sin_x, cos_x, zero, zero, zero, zero, one]
        relative = places @ torch.stack(rows, dim=1).reshape(BONES, 4, 4)
        levels = [relative[0:1], relative[1:2]]  # the bones of all fingers at once
        levels[1] = levels[0] @ levels[1]
        chain = [levels[1]]
        for depth in range(4):
            chain.append(chain[-1] @ relative[2 + depth :: 4])
        absolute = torch.cat([*levels, torch.stack(chain[1:], dim=1).reshape(20, 4, 4)])
        transforms = (absolute @ inverses)[:, :3]
        moved = vertices[seen] @ transforms.transpose(1, 2)
        posed = torch.sum(weights[:, seen][:, :, None] * moved, dim=0)
        angle = torch.sqrt(torch.sum(theta[:3] ** 2))
        a = theta[:3] / angle
        crossed = torch.stack([zero[0], -a[2], a[1], a[2], zero[0], -a[0], -a[1], a[0], zero[0]]).reshape(3, 3)
        identity = torch.eye(3, dtype=theta.dtype)
        rotation = identity + torch.sin(angle) * crossed + (1.0 - torch.cos(angle)) * (crossed @ crossed)
        return points - (posed @ rotation.T + theta[3:6])

    return f


def jax_value() -> Callable[..., Any]:
    """In JAX."""
    from jax import numpy as jnp

    return hand(jnp)


def autograd_value() -> Callable[..., Any]:
    """In HIPS autograd."""
    from autograd import numpy as anp

    return hand(anp)


# --- the Jacobian: forward mode, for there are 26 parameters and hundreds of errors -----------------------------------


def wengert_jacobian(f: Callable[..., Any]) -> Callable[..., Any]:
    """(theta, model) → errors (n, 3) and Jacobian (n, 3, 26)."""
    import wengert as wg

    def both(theta: Any, *model: Any) -> Any:
        return f(theta, *model), wg.jacobian(f)(theta, *model)

    return both


def derivative_torch(f: Callable[..., Any], given: Inputs) -> Step:
    """Forward mode in dual numbers, one direction after the other: `torch.func` has all of them at once."""
    import torch
    from torch.autograd import forward_ad

    theta, *model = (torch.tensor(x) for x in (*given.parameters, *given.data))
    directions = torch.eye(len(theta), dtype=theta.dtype)

    def step() -> tuple[Any, ...]:
        columns = []
        for direction in directions:
            with forward_ad.dual_level():
                y, column = forward_ad.unpack_dual(f(forward_ad.make_dual(theta, direction), *model))
            columns.append(column)
        return y, torch.stack(columns, dim=2)

    return step


def derivative_jax(f: Callable[..., Any], given: Inputs) -> Step:
    """The same, compiled."""
    import jax

    arguments = [jax.numpy.asarray(x) for x in (*given.parameters, *given.data)]

    def errors(*args: Any) -> Any:
        y = f(*args)
        return y, y

    jacobian = jax.jit(jax.jacfwd(errors, has_aux=True))

    def step() -> tuple[Any, ...]:
        derivative, y = jax.block_until_ready(jacobian(*arguments))
        return y, derivative

    return step


def derivative_autograd(f: Callable[..., Any], given: Inputs) -> Step:
    """Forward mode, one direction after the other: a reverse sweep for each error takes longer."""
    import autograd

    (theta,) = given.parameters
    directions = list(np.eye(theta.size))

    def errors(parameters: Any) -> Any:
        return f(parameters, *given.data)

    def step() -> tuple[Any, ...]:
        push = autograd.make_jvp(errors)(theta)
        columns = [push(direction) for direction in directions]
        return columns[0][0], np.stack([column for _, column in columns], axis=2)

    return step


def kernel(given: Inputs) -> Kernel:
    """The derivatives of the bones' transforms first, then eight points at a time."""
    weights, vertices, seen, points = given.data[2:]
    n = len(points)
    data = given.data[0], given.data[1], weights[:, seen].T, vertices[seen], points
    return Kernel("hand", (n,), (*given.parameters, *data), ((n, 3), (n, 3, 26)))


def by_casadi(given: Inputs) -> Step:
    """In CasADi: the bones in numbers, the points in matrices, forward mode of all angles at once."""
    import casadi as ca

    (theta_given,), (places, inverses, weights, vertices, seen, points_given) = given.parameters, given.data
    n = len(points_given)
    if n * theta_given.size > MOST_CASADI:
        raise NotSuitedError(f"a Jacobian of {3 * n:,} rows is not what CasADi is for")
    theta = ca.SX.sym("theta", theta_given.size)
    angles = ca.vertcat(theta[6:], 0.0)
    absolute: list[Any] = []
    for bone, parent in enumerate(PARENTS):
        x, z = angles[int(ABOUT_X[bone])], angles[int(ABOUT_Z[bone])]
        local = ca.vertcat(
            ca.horzcat(ca.cos(z), -ca.sin(z) * ca.cos(x), ca.sin(z) * ca.sin(x), 0.0),
            ca.horzcat(ca.sin(z), ca.cos(z) * ca.cos(x), -ca.cos(z) * ca.sin(x), 0.0),
            ca.horzcat(0.0, ca.sin(x), ca.cos(x), 0.0),
            ca.horzcat(0.0, 0.0, 0.0, 1.0),
        )
        relative = ca.DM(places[bone]) @ local
        absolute.append(relative if parent < 0 else absolute[parent] @ relative)
    transforms = ca.horzcat(*((whole @ ca.DM(inverses[bone]))[:3, :] for bone, whole in enumerate(absolute)))
    angle = ca.norm_2(theta[:3])
    crossed = ca.skew(theta[:3] / angle)
    rotation = ca.SX.eye(3) + ca.sin(angle) * crossed + (1.0 - ca.cos(angle)) * (crossed @ crossed)
    # The blended transforms, (3, 4) of each bone side by side, act on weighted vertices, which are (4 bones, n).
    posing = ca.Function("posing", [theta], [ca.densify(rotation @ transforms)], {"cse": True})
    pose, weighted = ca.MX.sym("theta", theta_given.size), ca.MX.sym("vertices", 4 * BONES, n)
    points = ca.MX.sym("points", 3, n)
    errors = points - posing(pose) @ weighted - ca.repmat(pose[3:6], 1, n)
    jacobian = ca.densify(ca.jacobian(ca.vec(errors), pose)).T
    function = ca.Function("f", [pose, weighted, points], [ca.densify(errors), jacobian], {"cse": True})
    spread = (weights[:, seen][:, :, None] * vertices[seen]).transpose(0, 2, 1).reshape(4 * BONES, n)
    step = casadi_code.step_of(function, (theta_given, spread, points_given.T), ((3, n), (theta_given.size, 3 * n)))

    def shaped() -> tuple[Any, ...]:
        errors, derivative = step()
        return errors.T, derivative.T.reshape(n, 3, -1)

    return shaped


def by_torch_func(given: Inputs) -> Step:
    """In PyTorch by `torch.func`: forward mode of all directions at once."""
    import torch

    theta, *model = (torch.tensor(x) for x in (*given.parameters, *given.data))
    f = torch_value()

    def errors(parameters: Any) -> Any:
        y = f(parameters, *model)
        return y, y

    jacobian = torch.func.jacfwd(errors, has_aux=True)

    def step() -> tuple[Any, ...]:
        derivative, y = jacobian(theta)
        return y, derivative

    return step


PROBLEM = Problem(
    name="ht",
    title="hand tracking, Jacobian",
    definition="ADBench ht, simple",
    sizes={
        "tiny": ({"points": 11, "vertices": 30},),
        "small": ({"points": 100, "vertices": 544},),
        "middle": ({"points": 1000, "vertices": 544},),
        "full": ({"points": 10_000, "vertices": 10_000},),
    },
    inputs=inputs,
    value=value,
    kernel=kernel,
    torch_value=torch_value,
    jax_value=jax_value,
    autograd_value=autograd_value,
    derivatives={
        **by_wengert(wengert_jacobian),
        "PyTorch": derivative_torch,
        "JAX": derivative_jax,
        "autograd": derivative_autograd,
    },
    others={"torch.func": by_torch_func, "CasADi": by_casadi},
)
