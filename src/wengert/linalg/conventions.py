"""What the functions of this package have in common: names, parameters, arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from wengert.errors import NoRuleError, user_location
from wengert.value import Value

__all__ = ["FUNCTIONS", "array", "refuse", "scipys", "transpose_of"]

_F = TypeVar("_F", bound=Callable[..., Any])

#: Parameters of SciPy's functions that say how to compute and not what.
_EXECUTION = frozenset(
    """
    balanced check_finite driver lapack_driver lwork method overwrite_a overwrite_ab overwrite_b workers
    """.split()  # noqa: SIM905  # a list to be read as words
)

#: The functions of this package: SciPy's name → function.
FUNCTIONS: dict[str, Callable[..., Any]] = {}


def scipys(function: _F) -> _F:
    """Enter a function under SciPy's name, for arguments that may be lists, without the parameters of execution."""

    @functools.wraps(function)
    def named(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **{name: value for name, value in kwargs.items() if name not in _EXECUTION})

    FUNCTIONS[function.__name__] = named
    return named  # type: ignore[return-value]  # the same parameters


def array(x: Any) -> Any:
    """A list as an array, of floats where it has integers."""
    array = x if isinstance(x, (Value, np.ndarray)) else np.asarray(x)
    return array.astype(float) if array.dtype.kind in "biu" else array


def refuse(name: str, why: str, remedy: str, **given: Any) -> None:
    """Raise `NoRuleError` for options that are given and have no derivative."""
    options = [f"{key}={value!r}" for key, value in given.items() if value is not None]
    if options:
        raise NoRuleError(
            f"wengert.linalg.{name} got {', '.join(options)}.", why=why, remedy=remedy, where=user_location()
        )


def transpose_of(a: Any) -> Any:
    """The transpose of the last two axes."""
    return np.swapaxes(a, -1, -2)
