"""Values in the nodes of a picture: short enough that a picture of arrays is not wide."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.show.graphs.lettering import columns
from wengert.show.notation import number_text, value_text
from wengert.wlist import ArrayType

__all__ = ["is_known", "longer_text", "short_text", "type_of_unknown"]

_MOST_ELEMENTS = 3  # of an array that is written in full
_MOST_COLUMNS = 18  # of such an array, with all decimals or with one less


def short_text(value: Any, digits: int) -> str:
    """A number; an array by its elements if they take little room, else by the first and the last: ``[0.74 … -0.46]``.

    Elements that need more room than a small array has are written with a decimal less.
    """
    array = np.asarray(value)
    fewer = max(digits - 1, 0)
    if array.size <= _MOST_ELEMENTS:
        text = value_text(array, digits)
        if array.ndim == 0 or columns(text) <= _MOST_COLUMNS:
            return text
        text = value_text(array, fewer)
        if array.size <= 2 or columns(text) <= _MOST_COLUMNS:
            return text
    ends = [number_text(x, fewer) for x in (array.flat[0], array.flat[-1])]
    return f"{'[' * array.ndim}{' … '.join(ends)}{']' * array.ndim}"


def longer_text(name: str, value: Any, digits: int) -> str:
    """What a tooltip says of a value that is shortened in its node, with its name; empty where nothing is left out."""
    text = value_text(value, digits)
    return "" if text == short_text(value, digits) else f"{name} = {text}"


def is_known(constant: Any) -> bool:
    """Whether the value of a constant was kept."""
    return isinstance(constant, (np.ndarray, np.generic, int, float, complex))


def type_of_unknown(constant: Any) -> ArrayType:
    """What was kept of a constant, mostly its type."""
    if hasattr(constant, "shape") and hasattr(constant, "dtype"):
        return ArrayType.of(constant)
    return ArrayType((), np.dtype(np.float64))
