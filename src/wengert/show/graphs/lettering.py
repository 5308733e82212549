"""How wide a text will be, without a browser, and a text cut to a width.

All text of a picture is set in a monospaced face. The faces of the stack `FONTS` that are found on the systems of
today advance by 0.55 to 0.6021 em, so that a count of columns is a width that none of them exceeds.
"""

from __future__ import annotations

import unicodedata
from functools import cache

__all__ = ["FONTS", "columns", "shortened", "width"]

#: The faces, in the order in which they are looked for; the widest comes first.
FONTS = '"DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace'

_ADVANCE = 0.6021  # em, of DejaVu Sans Mono and Menlo
_ELLIPSIS = "…"
# What a monospaced face has itself: Latin, Greek, Cyrillic, accented letters, punctuation, sub- and superscripts,
# arrows, operators. What is outside may come from another face, and is given two columns.
_OWN = ((0x20, 0x24F), (0x370, 0x52F), (0x1D00, 0x1FFF), (0x2010, 0x2044), (0x2070, 0x209F), (0x2190, 0x22FF))


def columns(text: str) -> int:
    """How many columns a text takes: none for combining marks, two for wide characters."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def width(text: str, size: float) -> float:
    """At most how many pixels a text takes whose letters are `size` pixels high."""
    return columns(text) * _ADVANCE * size


def shortened(text: str, most: int) -> str:
    """The text, if it takes at most so many columns, else its beginning and ``…``; no mark is cut from its letter."""
    if columns(text) <= most:
        return text
    room, kept = most - 1, 0
    for k, character in enumerate(text):
        room -= _columns(character)
        if room < 0:
            kept = k
            break
    return text[:kept].rstrip() + _ELLIPSIS


@cache
def _columns(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    if unicodedata.east_asian_width(character) in {"W", "F"}:
        return 2
    return 1 if any(first <= ord(character) <= last for first, last in _OWN) else 2
