"""What the suite can ask for: a function on arrays, with the translation from and to JSON around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


def plain(result: Any) -> Any:
    """Arrays, and tuples and dictionaries of them, as JSON has them."""
    if isinstance(result, dict):
        return {name: plain(value) for name, value in result.items()}
    if isinstance(result, tuple):
        return [plain(value) for value in result]
    return np.asarray(result).tolist()


@dataclass(frozen=True)
class Function:
    """A function of a module.

    Attributes
    ----------
    arguments : callable
        Makes the arguments of `compute` from the input, a JSON value.
    compute : callable
        What is timed.
    output : callable
        Makes the output, a JSON value, from what `compute` returns.
    """

    arguments: Callable[[Any], tuple[Any, ...]]
    compute: Callable[..., Any]
    output: Callable[[Any], Any] = plain


def arrays(*names: str) -> Callable[[Any], tuple[Any, ...]]:
    """Parts of the input, as arrays of float64."""

    def arguments(given: Any) -> tuple[Any, ...]:
        return tuple(np.asarray(given[name], dtype=np.float64) for name in names)

    return arguments
