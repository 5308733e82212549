"""Special functions: every public name of `scipy.special`, on arrays and on values that carry derivatives.

SciPy's ufuncs take values as they are: ``scipy.special.gammainc(a, x)`` is differentiated where it stands. Its Python
functions (`logsumexp`, `softmax`, `polygamma`, `comb`, `spherical_jn`, …) make arrays of their arguments first, in
which a derivative would be lost. Under their own names and with their own parameters they are here as functions that
work on both; on plain arrays they are SciPy's.

>>> import numpy as np, wengert as wg
>>> wg.grad(wg.special.logsumexp)(np.array([0.0, 0.0]))
array([0.5, 0.5])
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from wengert.rules.special import PYTHON_FUNCTIONS
from wengert.value import Value


def __getattr__(name: str) -> Any:
    if name.startswith("__") or not hasattr(scipy.special, name):
        raise AttributeError(f"module 'wengert.special' has no attribute {name!r}")
    function = getattr(scipy.special, name)
    if name in PYTHON_FUNCTIONS:
        function = _of_arrays_and_values(function, PYTHON_FUNCTIONS[name])
    globals()[name] = function
    return function


def __dir__() -> list[str]:
    return sorted(scipy.special.__all__)


def _of_arrays_and_values(of_arrays: Callable[..., Any], of_values: Callable[..., Any]) -> Callable[..., Any]:
    """SciPy's function, and the one that takes its place as soon as an argument is a value or holds one."""

    @functools.wraps(of_arrays)
    def of_both(*args: Any, **kwargs: Any) -> Any:
        if not _holds_value([*args, *kwargs.values()]):
            return of_arrays(*args, **kwargs)
        return of_values(*map(_joined, args), **{key: _joined(x) for key, x in kwargs.items()})

    return of_both


def _holds_value(x: Any) -> bool:
    return isinstance(x, Value) or (isinstance(x, (list, tuple)) and any(map(_holds_value, x)))


def _joined(x: Any) -> Any:
    """A list of values as one value."""
    return np.stack([_joined(element) for element in x]) if not isinstance(x, Value) and _holds_value(x) else x
