"""What the player says: one sentence for each step, and formulas in words for screen readers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

__all__ = ["ADJOINTS", "TANGENTS", "both", "brief", "spoken"]

#: What the player shows in each mode; to be filled with the result, and "depends" or "depend".
TANGENTS = (
    "You see values computed down to {0}; then tangents, which say how fast each changes with an input, follow them."
)
ADJOINTS = (
    "You see values computed down to {0}; then adjoints, which say how {0} {1} on each value, go back up the edges."
)

_DOT, _BAR = "\u0307", "\u0304"
_SUBSCRIPTS = str.maketrans("₋₀₁₂₃₄₅₆₇₈₉", "-0123456789")
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_MARKED = re.compile(rf"(\w)([{_DOT}{_BAR}])([₋₀-₉]+|\d*)")
_NUMBERED = re.compile(r"([₋₀-₉]+)")
_RAISED = re.compile(r"([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_SIGNS = (
    ("∂", "d "), (" · ", " times "), ("·", " times "), (" / ", " over "), ("/", " by "), (" += ", " gets "),
    (" = ", " equals "), (" + ", " plus "), (" - ", " minus "), ("ᵀ", " transposed"), ("…", "and so on"),
)  # fmt: skip
_MOST_COLUMNS = 18  # of an array that is written in full
_SHORTENED = re.compile(r"[a-z]+\d+\[([\d,]+)\] (\S+), .*, (\S+)")
_NESTED = re.compile(r"(\[+)([^\[\],]+), .*, ([^\[\],]+?)\]+")
_NEGATIVE = re.compile(r"(^|[\s(\[,])-(?=[\w(])")


def spoken(text: str) -> str:
    """The text with its signs in words: ``v̄₋₁ = v̄₂ · v₀`` is read "v -1 bar equals v 2 bar times v 0"."""
    text = _MARKED.sub(_name_of_mark, unicodedata.normalize("NFD", text))
    text = _NUMBERED.sub(lambda match: " " + match[0].translate(_SUBSCRIPTS), text)
    text = _RAISED.sub(lambda match: " to the power " + match[0].translate(_SUPERSCRIPTS), text)
    for sign, word in _SIGNS:
        text = text.replace(sign, word)
    text = _NEGATIVE.sub(r"\1minus ", text)
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _name_of_mark(match: re.Match[str]) -> str:
    letter, mark, number = match.groups()
    word = "dot" if mark == _DOT else "bar"
    return f"{letter}{number} {word}" if number.isdecimal() else f"{letter} {number.translate(_SUBSCRIPTS)} {word}"


def brief(text: str) -> str:
    """The text of a value where there is little room: of an array its ends, ``[-0.73 … 0.41]``.

    Several values are joined by semicolons. A number, and an array that takes little room, stay as they are.
    """
    return "; ".join(map(_ends, text.split("; ")))


def _ends(text: str) -> str:
    if found := _SHORTENED.fullmatch(text):
        shape, first, last = found.groups()
        depth = shape.count(",") + 1
    elif len(text) > _MOST_COLUMNS and (found := _NESTED.fullmatch(text)):
        brackets, first, last = found.groups()
        depth = len(brackets)
    else:
        return text
    return f"{'[' * depth}{first} … {last}{']' * depth}"


def both(texts: Sequence[str]) -> str:
    """Texts in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))
