"""Bundle adjustment: reprojection errors, errors of the weights, and their sparse Jacobian.

The input has one camera, point, weight and feature, which are repeated; the output has those of the first observation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import wengert as wg
from benchmarks.field.problems.bundle import value as reprojection
from benchmarks.field.problems.bundle import wengert_blocks
from benchmarks.gradbench.function import Function

blocks = wengert_blocks(reprojection)
WIDTH = 11 + 3 + 1  # of an observation's row: its camera, its point, its weight


def weight_errors(weights: Any) -> Any:
    """1 - w²."""
    return 1.0 - weights**2


def objective(cameras: Any, points: Any, weights: Any, features: Any, camera: Any, point: Any) -> tuple[Any, Any]:
    """Errors (p, 2) of the observations, which see `point` from `camera`, and errors (p,) of their weights."""
    return reprojection(cameras[camera], points[point], weights, features), weight_errors(weights)


def jacobian(cameras: Any, points: Any, weights: Any, features: Any, camera: Any, point: Any) -> tuple[Any, Any, Any]:
    """Where each row starts (3 p + 1,), columns and values of all elements (31 p,).

    Two rows of each observation come first, then the weights' rows.
    """
    p = len(weights)
    _, *parts = blocks(cameras[camera], points[point], weights, features)
    values = np.concatenate([parts[0], parts[1], parts[2][:, :, None]], axis=2)
    _, weight_values = wg.jvp(weight_errors, (weights,), (np.ones(p),))

    first_point, first_weight = cameras.size, cameras.size + points.size
    of_weights = first_weight + np.arange(p)
    of_cameras = 11 * camera[:, None] + np.arange(11)
    of_points = first_point + 3 * point[:, None] + np.arange(3)
    one_row = np.concatenate([of_cameras, of_points, of_weights[:, None]], axis=1)
    columns = np.concatenate([np.broadcast_to(one_row[:, None], (p, 2, WIDTH)).ravel(), of_weights])
    rows = np.concatenate([WIDTH * np.arange(2 * p + 1), 2 * WIDTH * p + 1 + np.arange(p)])
    return rows, columns, np.concatenate([values.ravel(), weight_values])


def arguments(given: Any) -> tuple[Any, ...]:
    """Cameras (n, 11), points (m, 3), weights (p,), features (p, 2), and what each observation sees from where."""
    n, m, p = given["n"], given["m"], given["p"]
    repeated = (np.tile(given["cam"], (n, 1)), np.tile(given["x"], (m, 1)))
    observed = (np.full(p, float(given["w"])), np.tile(given["feat"], (p, 1)))
    return (*repeated, *observed, np.arange(p) % n, np.arange(p) % m)


def errors_of_one(result: tuple[Any, Any]) -> dict[str, Any]:
    """Errors of the first observation, and of how many others they are."""
    errors, of_weights = result
    return {
        "reproj_error": {"elements": errors[0].tolist(), "repeated": len(errors)},
        "w_err": {"element": float(of_weights[0]), "repeated": len(of_weights)},
    }


def elements_of_one(result: tuple[Any, Any, Any]) -> dict[str, Any]:
    """The first observation's elements and the last weight's."""
    return {
        name: [*part[: 2 * WIDTH].tolist(), part[-1].item()]
        for name, part in zip(("rows", "cols", "vals"), result, strict=True)
    }


FUNCTIONS = {
    "objective": Function(arguments, wg.compile(objective), errors_of_one),
    "jacobian": Function(arguments, wg.compile(jacobian), elements_of_one),
}
