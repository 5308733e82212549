"""Derivatives of special functions by mpmath, and how those of the library are held against them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mpmath import mp

import wengert as wg

Function = Callable[..., Any]


def by_mpmath(reference: Function, point: Sequence[Any], i: int, order: int) -> complex:
    """The derivative of that order in argument i."""
    with mp.workdps(30):
        exact = [mp.mpmathify(x) for x in point]
        return complex(mp.diff(lambda t: reference(*exact[:i], t, *exact[i + 1 :]), exact[i], order))


def forward(f: Function, points: Sequence[Any], i: int, order: int) -> Any:
    """The same by forward mode, for all points at once."""
    directions = tuple(np.ones_like(x) if k == i else np.zeros_like(x) for k, x in enumerate(points))
    for _ in range(order):
        f = _along(f, directions)
    return f(*points)


def _along(f: Function, directions: tuple[Any, ...]) -> Function:
    def derivative(*xs: Any) -> Any:
        return wg.jvp(f, xs, directions)[1]

    return derivative


def reverse(f: Function, points: Sequence[Any], i: int) -> Any:
    """The first derivative by reverse mode."""
    y, pullback = wg.vjp(f, *points)
    return pullback(np.ones_like(y))[i]


def assert_derivatives(
    f: Function, reference: Function, *args: Any, i: int, order: int = 1, rtol: float = 1e-11
) -> None:
    """The derivative in argument i, element by element, in both modes, against mpmath."""
    points = [np.array(x) for x in np.broadcast_arrays(*args)]
    found = forward(f, points, i, order)
    expected = np.array([by_mpmath(reference, point, i, order) for point in zip(*map(np.ravel, points), strict=True)])
    expected = expected if np.iscomplexobj(found) else expected.real
    np.testing.assert_allclose(np.ravel(found), expected, rtol=rtol)
    if order == 1 and not np.iscomplexobj(found):
        np.testing.assert_allclose(np.ravel(reverse(f, points, i)), expected, rtol=rtol)


def sample(*ranges: tuple[float, float], count: int = 20, seed: int = 0, logarithmic: Sequence[int] = ()) -> list[Any]:
    """Random points in a box; the coordinates in `logarithmic` are spread evenly in their logarithm."""
    rng = np.random.default_rng(seed)
    return [
        np.exp(rng.uniform(np.log(low), np.log(high), count)) if k in logarithmic else rng.uniform(low, high, count)
        for k, (low, high) in enumerate(ranges)
    ]
