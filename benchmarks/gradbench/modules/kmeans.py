"""k-means: its cost, and the direction of Newton's method, which is the gradient over the diagonal of the Hessian."""

from __future__ import annotations

from typing import Any

import numpy as np

import wengert as wg
from benchmarks.field.problems.kmeans import value
from benchmarks.gradbench.function import Function, arrays

given = arrays("centroids", "points")


def direction(centroids: Any, points: Any, ones: Any) -> Any:
    """Gradient divided by the diagonal of the Hessian (k, d), which is its product with ones: it has no other elements.

    The ones are an argument. As a constant they would be spread over all differences, (n, k, d), in each statement that
    is linear in them while the function is recorded: in the suite's larger inputs gigabytes.
    """

    def gradient(centroids: Any) -> Any:
        return wg.grad(value)(centroids, points)

    slope, diagonal = wg.jvp(gradient, (centroids,), (ones,))
    return slope / diagonal


def with_ones(message: Any) -> tuple[Any, ...]:
    """Centroids, points, and an array like the centroids."""
    centroids, points = given(message)
    return centroids, points, np.ones(centroids.shape)


FUNCTIONS = {"cost": Function(given, wg.compile(value)), "dir": Function(with_ones, wg.compile(direction))}
