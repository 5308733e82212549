"""How symbols and numbers are written: v₋₁, v̇₃, v̄₃, and 0.693."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np

from wengert.errors import printable
from wengert.wlist import ArrayType, Variable

__all__ = [
    "Symbols",
    "function_name",
    "listed",
    "marked",
    "number_text",
    "plural",
    "printable",
    "shortened",
    "subscript",
    "superscript",
    "value_text",
]

_SUBSCRIPTS = str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_DOT, _BAR = "\u0307", "\u0304"
_SPELT = {_DOT: "_dot", _BAR: "_bar"}
_ONE_LETTER = re.compile(r"[^\W\d_]_?\d*")
_MOST_ELEMENTS = 6  # of an array that is written in full
_AT_ENDS = 2  # elements shown at either end of a longer one


class Symbols:
    """The symbols of the variables of a list: v₁, v₂, … for targets, and inputs numbered up to v₀.

    That is the numbering of Griewank and Walther (2008) and of Baydin et al. (2018).
    """

    def __init__(self, letter: str, inputs: Sequence[Variable], targets: Sequence[Variable]):
        self._letter = letter
        first = 1 - len(inputs)
        self._numbers = {v: subscript(first + k) for k, v in enumerate((*inputs, *targets))}

    def primal(self, variable: Variable) -> str:
        """Such as v₃."""
        return f"{self._letter}{self._numbers[variable]}"

    def tangent(self, variable: Variable) -> str:
        """Such as v̇₃."""
        return f"{self._letter}{_DOT}{self._numbers[variable]}"

    def adjoint(self, variable: Variable) -> str:
        """Such as v̄₃."""
        return f"{self._letter}{_BAR}{self._numbers[variable]}"


def marked(name: str, tangent: bool) -> str:
    """The symbol of a named variable's tangent (ẋ1) or cotangent (x̄1); a long name is ``theta_dot``."""
    mark = _DOT if tangent else _BAR
    if _ONE_LETTER.fullmatch(name):
        return unicodedata.normalize("NFC", name[0] + mark) + name[1:]
    return name + _SPELT[mark]


def function_name(f: Callable[..., Any]) -> str:
    """What a function is called in a title; f if it has no name."""
    name: str = getattr(f, "__name__", type(f).__name__)
    return "f" if name == "<lambda>" else printable(name)


def superscript(number: int) -> str:
    """An exponent: ⁻⁹."""
    return str(number).translate(_SUPERSCRIPTS)


def plural(count: int, noun: str) -> str:
    """The number with its noun: ``1 line``, ``1,000 lines``, ``2 passes``."""
    return f"{count:,} {noun}{'' if count == 1 else 'es' if noun.endswith('s') else 's'}"


def subscript(number: int | str) -> str:
    """A number in lowered digits."""
    return str(number).translate(_SUBSCRIPTS)


def listed(texts: Iterable[str], most: int) -> str:
    """Texts in one line, the first `most` of them; the others are not computed."""
    first = list(islice(texts, most + 1))
    return ", ".join([*first[:most], *["…"] * (len(first) > most)])


def shortened(text: str, most: int) -> str:
    """The text, or of a longer one the beginning and ``…``: `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def value_text(value: Any, digits: int) -> str:
    """A number, or an array by its elements if they are few, else by its type and the elements at its ends."""
    array = np.asarray(value)
    if array.size <= _MOST_ELEMENTS:
        return _nested(array, digits)
    flat = [number_text(array.flat[k], digits) for k in (*range(_AT_ENDS), *range(-_AT_ENDS, 0))]
    return f"{ArrayType.of(array)} {', '.join(flat[:_AT_ENDS])}, …, {', '.join(flat[_AT_ENDS:])}"


def _nested(array: Any, digits: int) -> str:
    if array.ndim == 0:
        return number_text(array[()], digits)
    return f"[{', '.join(_nested(part, digits) for part in array)}]"


def number_text(x: Any, digits: int) -> str:
    """A number rounded to `digits` decimals, without trailing zeros; with a power of ten where that hides it."""
    if np.iscomplexobj(x):
        imaginary = number_text(x.imag, digits)
        return f"{number_text(x.real, digits)}{'' if imaginary.startswith('-') else '+'}{imaginary}j"
    if np.asarray(x).dtype.kind != "f":
        return str(x)
    size = abs(float(x))
    if not np.isfinite(size):
        return str(float(x))
    if size and not 0.5 * 10.0**-digits <= size < 1e6:
        mantissa, exponent = f"{float(x):.{digits}e}".split("e")
        return f"{_trimmed(mantissa)}e{int(exponent):+03d}"
    rounded = _trimmed(f"{float(x):.{digits}f}")
    return "0" if rounded == "-0" else rounded


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
