"""How a tensor is written: PyTorch's layout, four digits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from wengert.value import Value

__all__ = ["array_text", "column"]

Array = np.ndarray[Any, Any]
Writer = Callable[[Any], str]

_LINE_WIDTH = 80
_MOST_IN_FULL = 1000  # elements; of a larger array only the edges are shown
_EDGE = 3
_UNNAMED_DTYPES = frozenset(np.dtype(kind) for kind in ("float64", "int64", "bool", "complex128"))


def array_text(name: str, data: Any, suffix: str = "") -> str:
    """Write ``name(values, suffix)``: integers in floating point as ``4.``, others with four digits.

    Columns are as wide as their widest number, large arrays are shown by their edges, as PyTorch does both.
    """
    if isinstance(data, Value):
        return f"{name}({data!r}{', ' if suffix else ''}{suffix})"
    array = np.asarray(data)
    indent = len(name) + 1
    values = _values(array, indent) if array.size else "[]"
    return _with_suffixes(f"{name}({values}", [*_type_suffixes(array), suffix], indent)


def _type_suffixes(array: Array) -> list[str]:
    """The size and the dtype where the values do not tell them."""
    size = f"size={array.shape}" if array.size == 0 and array.ndim != 1 else ""
    told = array.dtype == np.float64 if array.size == 0 else array.dtype in _UNNAMED_DTYPES
    return [size, "" if told else f"dtype={array.dtype}"]


def _with_suffixes(text: str, suffixes: Iterable[str], indent: int) -> str:
    length = len(text) - text.rfind("\n") + 1  # of the last line, as PyTorch counts it
    for suffix in filter(None, suffixes):
        if length + len(suffix) + 2 > _LINE_WIDTH:
            text += f",\n{' ' * indent}{suffix}"
            length = indent + len(suffix)
        else:
            text += f", {suffix}"
            length += len(suffix) + 2
    return f"{text})"


# --- the values ------------------------------------------------------------------------------------------------


def _values(array: Array, indent: int) -> str:
    summarised = array.size > _MOST_IN_FULL
    shown = _edges(array) if summarised else array
    if array.dtype.kind != "c":
        write, width = column(shown)
        return _nested(array, indent, write, width, summarised)
    (write_real, real_width), (write_imag, imag_width) = column(shown.real), column(shown.imag)

    def write_complex(z: Any) -> str:
        imaginary = write_imag(z.imag).lstrip()
        return f"{write_real(z.real)}{'' if imaginary.startswith('-') else '+'}{imaginary}j"

    return _nested(array, indent, write_complex, real_width + imag_width + 1, summarised)


def _edges(array: Array) -> Array:
    """The elements of a large array that are shown."""
    for axis, n in enumerate(array.shape):
        if n > 2 * _EDGE:
            array = np.take(array, [*range(_EDGE), *range(n - _EDGE, n)], axis)
    return array


def _nested(array: Array, indent: int, write: Writer, width: int, summarised: bool) -> str:
    if array.ndim == 0:
        return write(array.item())
    cut = summarised and len(array) > 2 * _EDGE
    parts = [*array[:_EDGE], ..., *array[-_EDGE:]] if cut else list(array)
    if array.ndim == 1:
        words = [" ..." if part is ... else write(part.item()) for part in parts]
        per_line = max(1, (_LINE_WIDTH - indent) // (width + 2))
        rows = [", ".join(words[k : k + per_line]) for k in range(0, len(words), per_line)]
        return f"[{_joined(rows, indent, 1)}]"
    rows = ["..." if part is ... else _nested(part, indent + 1, write, width, summarised) for part in parts]
    return f"[{_joined(rows, indent, array.ndim - 1)}]"


def _joined(rows: Iterable[str], indent: int, line_ends: int) -> str:
    return ("," + "\n" * line_ends + " " * (indent + 1)).join(rows)


# --- one number ------------------------------------------------------------------------------------------------


def column(parts: Array) -> tuple[Writer, int]:
    """How each number is written, and the width that all are brought to."""
    if parts.dtype.kind == "f":
        counted = parts[np.isfinite(parts) & (parts != 0)]
        write_one = _float_format(np.abs(counted.astype(float)))
    else:
        counted, write_one = parts.ravel(), str
    width = max((len(write_one(x)) for x in counted.tolist()), default=1)

    def write(x: Any) -> str:
        return write_one(x).rjust(width)

    return write, width


def _float_format(sizes: Array) -> Writer:
    """PyTorch's choice between ``4.``, ``4.1234`` and ``4.1234e+08``, the same for all elements."""
    if not sizes.size:
        return _whole
    largest, smallest = float(sizes.max()), float(sizes.min())
    if largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4:
        return _scientific
    return _whole if np.all(sizes == np.ceil(sizes)) else _fixed


def _whole(x: Any) -> str:
    return f"{x:.0f}." if np.isfinite(x) else f"{x}"


def _fixed(x: Any) -> str:
    return f"{x:.4f}"


def _scientific(x: Any) -> str:
    return f"{x:.4e}"
