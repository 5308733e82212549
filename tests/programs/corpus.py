"""Small user programs in plain NumPy, on which all routes to a derivative must agree.

Each is written as its author would write it without any thought of derivatives. A program that takes a Python
decision on a value is marked as branching: it has a tape for each run, but no list that is valid for all values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

_RNG = np.random.default_rng(20)


@dataclass(frozen=True)
class Program:
    """A function, the arguments it is differentiated at, and whether it branches on values."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    branches: bool = False

    @property
    def name(self) -> str:
        return self.function.__name__

    def __str__(self) -> str:
        return self.name


PROGRAMS: list[Program] = []


def program(*args: Any, branches: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter the decorated function in the corpus, with arguments."""

    def enter(function: Callable[..., Any]) -> Callable[..., Any]:
        PROGRAMS.append(Program(function, args, branches))
        return function

    return enter


def normal(*shape: int) -> Any:
    return _RNG.standard_normal(shape)


def positive(*shape: int) -> Any:
    return _RNG.uniform(0.5, 2.0, shape)
