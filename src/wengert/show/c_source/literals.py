"""The types of C that stand for NumPy's dtypes, and numbers as C writes them: exactly."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["DType", "c_type", "is_whole", "literal", "short_type"]

DType = np.dtype[Any]

_TYPES = {
    "float64": "double",
    "float32": "float",
    "complex128": "double complex",
    "complex64": "float complex",
    "bool": "bool",
    **{f"{sign}int{bits}": f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)},
}
_INT_MAX = 2**31 - 1


def c_type(dtype: DType) -> str:
    """The C type of the elements, empty where C has none."""
    return _TYPES.get(dtype.name, "")


def short_type(dtype: DType) -> str:
    """The dtype as lists print it, such as ``f64``."""
    return dtype.name if dtype.kind == "b" else f"{dtype.kind}{dtype.itemsize * 8}"


def is_whole(dtype: DType) -> bool:
    """Whether the dtype is one of integers."""
    return dtype.kind in "iu"


def literal(value: Any, dtype: DType) -> str:
    """A number as a constant of C of this type: the same number, to the last bit."""
    number = np.asarray(value).astype(dtype)[()]
    if dtype.kind == "b":
        return "true" if number else "false"
    if dtype.kind == "c":
        parts = ", ".join(literal(part, part.dtype) for part in (number.real, number.imag))
        return f"CMPLX{'F' if dtype.itemsize == 8 else ''}({parts})"
    return _whole(int(number), dtype) if is_whole(dtype) else _real(number, dtype)


def _whole(number: int, dtype: DType) -> str:
    if dtype.kind == "i" and number == np.iinfo(dtype).min and dtype.itemsize >= 4:
        return f"INT{dtype.itemsize * 8}_MIN"  # its absolute value is no number of the type
    if abs(number) <= _INT_MAX:
        return f"{number}{'u' if dtype.kind == 'u' and dtype.itemsize >= 4 else ''}"
    return f"{'U' if dtype.kind == 'u' else ''}INT64_C({number})"


def _real(number: Any, dtype: DType) -> str:
    if math.isnan(number):
        return "NAN"
    if math.isinf(number):
        return "INFINITY" if number > 0 else "-INFINITY"
    return repr(float(number)) if dtype.itemsize == 8 else _single(number)


def _single(number: Any) -> str:
    text = str(number)
    return f"{text}f" if set(text) & set(".e") else f"{text}.0f"
