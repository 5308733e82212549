"""Constants as Python and NumPy write them: numbers, arrays, dtypes, indices, parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["FEW", "array_text", "dtype_text", "is_native", "number_text", "parameter_text", "shape_text"]

#: Elements up to which an array is written where it is used.
FEW = 12

# The dtypes that NumPy gives Python's own numbers.
_NATIVE = {"b": np.dtype(bool), "i": np.dtype(np.int64), "f": np.dtype(float), "c": np.dtype(complex)}
_OF_PYTHON = {"b": "bool", "i": "int", "f": "float", "c": "complex"}


def is_native(dtype: np.dtype[Any]) -> bool:
    """Whether NumPy gives this dtype to a Python number."""
    return dtype == _NATIVE.get(dtype.kind)


def dtype_text(dtype: np.dtype[Any]) -> str:
    """Such as ``np.float32``; ``bool`` for NumPy's boolean."""
    return "bool" if dtype.kind == "b" else f"np.{dtype.name}"


def number_text(x: Any) -> str:
    """A number of Python, or one of NumPy in a dtype of its own such as ``np.float32(0.5)``."""
    if isinstance(x, (np.generic, np.ndarray)):
        dtype = x.dtype
        if not is_native(dtype):
            return f"{dtype_text(dtype)}({_short_text(np.asarray(x)[()])})"
        x = np.asarray(x)[()].item()
    return _python_text(x)


def _python_text(x: bool | int | float | complex) -> str:
    if isinstance(x, complex):
        return _complex_text(x)
    if isinstance(x, float) and not np.isfinite(x):
        return "np.nan" if np.isnan(x) else "np.inf" if x > 0 else "-np.inf"
    return repr(x)


def _complex_text(x: complex) -> str:
    """A sum that Python reads as the same number, also for zeros with a sign."""
    if np.isfinite(x.real) and np.isfinite(x.imag):
        is_negative = np.signbit(x.imag)
        text = f"{abs(x.imag)!r}j"
        if x.real != 0 or np.signbit(x.real):
            text = f"{x.real!r} {'-' if is_negative else '+'} {text}"
        elif is_negative:
            text = f"-{text}"
        if _is_same(complex(_sum_as_read(x.real, x.imag)), x):
            return text
    return f"complex({_python_text(x.real)}, {_python_text(x.imag)})"


def _sum_as_read(real: float, imag: float) -> complex:
    """What Python makes of the text of `_complex_text`: an imaginary number is added or subtracted as a complex one."""
    if real == 0 and not np.signbit(real):
        return -complex(0.0, -imag) if np.signbit(imag) else complex(0.0, imag)
    return real - complex(0.0, -imag) if np.signbit(imag) else real + complex(0.0, imag)


def _is_same(a: complex, b: complex) -> bool:
    pairs = ((a.real, b.real), (a.imag, b.imag))
    return all(x == y and np.signbit(x) == np.signbit(y) for x, y in pairs)


def _short_text(x: Any) -> str:
    """The shortest text from which the dtype of `x` makes `x` again."""
    text = str(x)
    if x.dtype.kind == "f" and np.isfinite(x) and x.dtype.type(float(text)) == x:
        return text
    return _python_text(x.item())


def shape_text(shape: tuple[int, ...]) -> str:
    """``5`` for one axis, else a tuple."""
    return str(shape[0]) if len(shape) == 1 else str(shape)


def array_text(x: Any) -> str:
    """An array: by what it is full of, as the numbers up to n, as a unit matrix, or by its elements."""
    array = np.asarray(x)
    if array.ndim == 0:
        return f"np.array({number_text(array[()])})" if is_native(array.dtype) else f"np.array({number_text(array)})"
    return _regular_text(array) or _elements_text(array)


def _regular_text(array: Any) -> str:
    dtype = "" if array.dtype == np.dtype(float) else f", dtype={dtype_text(array.dtype)}"
    first = array.reshape(-1)[0] if array.size else array.dtype.type(0)
    if not _has_negative_zeros(array):
        if np.array_equal(array, np.zeros_like(array)):
            return f"np.zeros({shape_text(array.shape)}{dtype})"
        if np.array_equal(array, np.ones_like(array)):
            return f"np.ones({shape_text(array.shape)}{dtype})"
        if array.size > 2 and np.array_equal(array, np.full_like(array, first)):
            return f"np.full({shape_text(array.shape)}, {number_text(first)})"
    return _range_text(array) or _unit_text(array, dtype)


def _has_negative_zeros(array: Any) -> bool:
    return any(np.any((part == 0) & np.signbit(part)) for part in (array.real, array.imag) if part.dtype.kind == "f")


def _range_text(array: Any) -> str:
    n = array.size
    has_kind = array.ndim == 1 and n > 2 and array.dtype in (np.dtype(np.int64), np.dtype(float))
    if not has_kind or not np.array_equal(array, np.arange(n)):
        return ""
    return f"np.arange({n})" if array.dtype.kind == "i" else f"np.arange({float(n)})"


def _unit_text(array: Any, dtype: str) -> str:
    is_square = array.ndim == 2 and array.shape[0] == array.shape[1] and array.shape[0] > 1
    return f"np.eye({len(array)}{dtype})" if is_square and np.array_equal(array, np.eye(len(array))) else ""


def _elements_text(array: Any) -> str:
    nested = _nested_text(array)
    return f"np.array({nested})" if is_native(array.dtype) else f"np.array({nested}, dtype={dtype_text(array.dtype)})"


def _nested_text(array: Any) -> str:
    if array.ndim == 0:
        return number_text(array[()]) if is_native(array.dtype) else _short_text(array[()])
    return f"[{', '.join(map(_nested_text, array))}]"


def parameter_text(value: Any) -> str:
    """A parameter of a function: numbers, texts, shapes, dtypes, functions of NumPy."""
    if isinstance(value, np.dtype):
        return dtype_text(value)
    if isinstance(value, (tuple, list)):
        inner = ", ".join(map(parameter_text, value))
        is_single = isinstance(value, tuple) and len(value) == 1
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if is_single else ''})"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, np.ndarray) and value.ndim:
        return array_text(value)
    return repr(value) if value is None or value is Ellipsis else number_text(value)
