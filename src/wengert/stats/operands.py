"""What the arguments of a density may be, and how formulas choose between them."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.errors import DtypeError, TraceError, user_location
from wengert.rules.structural import array_of
from wengert.value import Value, concrete

__all__ = ["common_dtype", "flaw_of", "is_number", "nowhere", "real_operands", "reject", "select", "vanishing"]


def is_number(x: Any, number: float) -> bool:
    """Whether `x` is this Python number: a default, which need not be computed with."""
    return type(x) in (int, float) and x == number


def common_dtype(operands: Sequence[Any]) -> np.dtype[Any]:
    """The floating-point dtype in which these operands meet; Python's numbers have no precision of their own."""
    dtype = np.result_type(0.0, *(x.dtype if hasattr(x, "dtype") else x for x in operands))
    if dtype.kind == "c":
        raise DtypeError(
            "a complex number was given to a distribution.",
            why="Densities are functions of real numbers.",
            remedy="Give real and imaginary parts each to a distribution of its own.",
            where=user_location(),
        )
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def real_operands(operands: Sequence[Any]) -> tuple[list[Any], np.dtype[Any]]:
    """The operands as values, arrays or NumPy's scalars of floating-point numbers; `None` stays as it is."""
    given = [x if x is None or type(x) in (int, float, bool) else array_of(x) for x in operands]
    dtype = common_dtype([x for x in given if x is not None])
    return [None if x is None else _as_real(x, dtype) for x in given], dtype


def _as_real(x: Any, dtype: np.dtype[Any]) -> Any:
    if not hasattr(x, "dtype"):
        return dtype.type(x)
    return x if x.dtype.kind == "f" else x.astype(dtype)


def nowhere(condition: Any) -> bool:
    """Whether a condition is known to hold for no element; False where it depends on a value."""
    return not isinstance(condition, Value) and not np.any(condition)


def select(condition: Any, chosen: Any, other: Any) -> Any:
    """What is chosen where the condition holds; nothing is recorded where that is known to be nowhere."""
    return other if nowhere(condition) else np.where(condition, chosen, other)


def vanishing(y: Any) -> Any:
    """The logarithm of a density, chosen and not computed where that is 0: what led to it has infinite derivatives."""
    return select(y == -np.inf, -np.inf, y)


def flaw_of(conditions: Sequence[Any], dtype: np.dtype[Any]) -> Any:
    """Zero where all conditions hold and nan elsewhere, to be added; `None` where they are known to hold."""
    broken = [condition for condition in conditions if isinstance(condition, Value) or not np.all(condition)]
    if not broken:
        return None
    return np.where(functools.reduce(operator.and_, broken), dtype.type(0.0), dtype.type(np.nan))


def reject(condition: Any, message: str, dtype: np.dtype[Any]) -> Any:
    """Raise SciPy's ``ValueError`` where a condition is known to hold; where there are no values, nan to be added."""
    try:
        plain = concrete(condition)
    except TraceError:
        return np.where(condition, dtype.type(np.nan), dtype.type(0.0))
    if np.any(plain):
        raise ValueError(message)
    return None
