"""How a tensor is written: PyTorch's layout, four digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.value import Value

__all__ = ["array_text"]

_UNNAMED_DTYPES = frozenset(np.dtype(kind) for kind in ("float64", "int64", "bool", "complex128"))


def array_text(name: str, data: Any, suffix: str = "") -> str:
    """Write ``name(values, suffix)``: integers in floating point as ``4.``, others with four digits."""
    if isinstance(data, Value):
        return f"{name}({data!r}{', ' if suffix else ''}{suffix})"
    array = np.asarray(data)
    number = _number_format(array)
    values = np.array2string(
        array,
        separator=", ",
        prefix=f"{name}(",
        max_line_width=80,
        formatter={"float_kind": number, "complex_kind": _complex_format(number)},
    )
    dtype = "" if array.dtype in _UNNAMED_DTYPES else f"dtype={array.dtype}"
    return f"{name}({', '.join(part for part in (values, dtype, suffix) if part)})"


def _number_format(array: np.ndarray[Any, Any]) -> Callable[[Any], str]:
    """PyTorch's choice between ``4.``, ``4.1234`` and ``4.1234e+08``, the same for all elements."""
    parts = np.concatenate([array.real.ravel(), array.imag.ravel()]) if array.dtype.kind == "c" else array.ravel()
    if parts.dtype.kind != "f":
        return str
    sizes = np.abs(parts[np.isfinite(parts) & (parts != 0)])
    if not sizes.size:
        return _whole
    largest, smallest = float(sizes.max()), float(sizes.min())
    if np.all(sizes == np.ceil(sizes)):
        return _scientific if largest >= 1e8 else _whole
    if largest / smallest > 1000.0 or largest > 1e8 or smallest < 1e-4:
        return _scientific
    return _fixed


def _whole(x: Any) -> str:
    return f"{x:.0f}." if np.isfinite(x) else f"{x}"


def _fixed(x: Any) -> str:
    return f"{x:.4f}" if np.isfinite(x) else f"{x}"


def _scientific(x: Any) -> str:
    return f"{x:.4e}" if np.isfinite(x) else f"{x}"


def _complex_format(number: Callable[[Any], str]) -> Callable[[Any], str]:
    def write(z: Any) -> str:
        sign = "-" if np.signbit(z.imag) else "+"
        return f"{number(z.real)}{sign}{number(abs(z.imag))}j"

    return write
