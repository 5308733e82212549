"""A charged particle that is steered to the origin: a descent on a path whose force is a derivative itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import wengert as wg
from benchmarks.gradbench.descent import GRADIENTS, PAIRS, argmin
from benchmarks.gradbench.function import Function

TIME = 0.1  # of a step
PLACE, VELOCITY = np.array([0.0, 8.0]), np.array([0.75, 0.0])


def miss(mode: str) -> Callable[[Any], Any]:
    """How far from the origin the particle meets the x-axis, squared: a function of w (1,). Forces come by `mode`."""

    def of_control(w: Any) -> Any:
        charges = np.array([[10.0, 10.0], [10.0, 0.0]]) - np.array([[0.0, 1.0], [0.0, 0.0]]) * w

        def potential(place: Any) -> Any:
            return np.sum(1.0 / np.sqrt(np.sum((place - charges) ** 2, axis=1)))

        force = GRADIENTS[mode](potential)

        def above(state: Any) -> Any:
            place, velocity = state
            return place[1] + TIME * velocity[1] > 0.0

        def step(state: Any) -> Any:
            place, velocity = state
            return place + TIME * velocity, velocity - TIME * force(place)

        place, velocity = wg.while_loop(above, step, (PLACE, VELOCITY))
        return (place[0] - place[1] / velocity[1] * velocity[0]) ** 2

    return of_control


def particle(outer: str, inner: str) -> Callable[[Any], Any]:
    """The best control w, from a first guess, by the modes of descent and force."""

    def control(w: Any) -> Any:
        return argmin(GRADIENTS[outer], miss(inner), w)[0]

    return control


def arguments(given: Any) -> tuple[Any, ...]:
    """The first guess, as an array (1,)."""
    return (np.array([float(given["w"])]),)


FUNCTIONS = {pair: Function(arguments, wg.compile(particle(*pair))) for pair in PAIRS}
