"""How figures are written: 12.3 ms, 3.9 MB, 45 %."""

from __future__ import annotations

import math

__all__ = ["bytes_text", "count_text", "cut", "share_text", "time_text"]

_MANY = 10.0  # as a share: 1,000 %
_ROUNDING = 5e-9  # what rounding errors leave of a share that is 0


def time_text(seconds: float) -> str:
    """In seconds, milliseconds or microseconds."""
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 0.9995:
            return f"{_digits(seconds * factor)} {unit}"
    return f"{_digits(seconds * 1e6)} µs" if seconds > 0 else "0"


def bytes_text(count: int) -> str:
    """In units of 1,000."""
    if count < 1000:
        return f"{count} B" if count else "0"
    return _in_thousands(count, ("kB", "MB", "GB", "TB"))


def count_text(count: int) -> str:
    """A number of operations."""
    if count < 10_000:
        return f"{count:,}"
    return _in_thousands(count, ("thousand", "million", "billion", "trillion"))


def _in_thousands(count: int, units: tuple[str, ...]) -> str:
    """In the largest of the units that it is at least one of; each is a thousand of the one before."""
    size, power = count / 1000, 0
    while size >= 999.5 and power < len(units) - 1:
        size, power = size / 1000, power + 1
    return f"{_digits(size)} {units[power]}"


def _digits(x: float) -> str:
    """Two or three of them."""
    return f"{x:,.0f}" if x >= 9.95 else f"{x:.1f}"


def share_text(share: float) -> str:
    """As a percentage; a dash where there is none."""
    if math.isnan(share):
        return "—"
    size, sign = abs(share), "-" if share < 0 else ""
    if size < _ROUNDING:
        return "0 %"
    if size < 0.0005:
        return "<0.1 %"
    if size >= _MANY:
        return f"{sign}{100 * size:.0e} %".replace("e+0", "e").replace("e+", "e")
    return f"{sign}{100 * size:.1f} %" if size < 0.0995 else f"{sign}{100 * size:.0f} %"


def cut(text: str, most: int) -> str:
    """The end of a text that is too long."""
    return text if len(text) <= most else f"…{text[1 - most :]}"
