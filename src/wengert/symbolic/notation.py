"""Names and numbers in LaTeX, and pieces of formulas with their precedence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from wengert.wlist import ArrayType

__all__ = [
    "APPLICATION", "ATOM", "POWER", "PRODUCT", "RELATION", "SIGN", "SUM", "Piece", "name_in_latex", "number_in_latex",
    "operator_name", "with_index",
]  # fmt: skip

# From the loosest to the tightest. A fraction binds like a power: it needs no brackets but as the base of one.
RELATION, SIGN, SUM, PRODUCT, APPLICATION, POWER, ATOM = 0, 1, 2, 3, 4, 5, 9

_SPELT = {"lam": r"\lambda", "lmbda": r"\lambda", "lamda": r"\lambda", "eps": r"\varepsilon", "ell": r"\ell"}
_MARKS = {"bar": r"\bar", "dot": r"\dot", "hat": r"\hat", "tilde": r"\tilde"}
_WITH_NUMBER = re.compile(r"(.*?)(\d*)")
_NAMES_OF_GREEK = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", [
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi",
    "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
], strict=True))  # fmt: skip
_GREEK = frozenset(_NAMES_OF_GREEK.values())
_MOST_ELEMENTS = 9  # of an array that is written in full


@dataclass(frozen=True, slots=True)
class Piece:
    """A formula in LaTeX, and the precedence of its outermost operator."""

    text: str
    precedence: int = ATOM

    def within(self, precedence: int) -> str:
        """The text as an operand: in brackets if it binds more loosely than `precedence`."""
        return rf"\left({self.text}\right)" if self.precedence < precedence else self.text


# --- names -----------------------------------------------------------------------------------------------------


def name_in_latex(name: str) -> str:
    r"""A variable as the literature writes it.

    Examples
    --------
    >>> [name_in_latex(name) for name in ("x1", "theta", "x1_bar", "v12_dot", "w_out", "weights")]
    ['x_{1}', '\\theta', '\\bar{x}_{1}', '\\dot{v}_{12}', 'w_{\\mathrm{out}}', '\\mathrm{weights}']
    """
    stem = name.rstrip("_") or name
    primes = "'" * (len(name) - len(stem))
    parts = [part for part in stem.split("_") if part] or [name]
    marks = []
    while len(parts) > 1 and parts[-1] in _MARKS:
        marks.append(_MARKS[parts.pop()])
    head, number = _split_number(parts[0])
    letter = _letter(head)
    for mark in reversed(marks):
        letter = f"{mark}{{{letter}}}"
    subscripts = [number] if number else []
    subscripts += [_subscript(part) for part in parts[1:]]
    index = f"_{{{','.join(subscripts)}}}" if subscripts else ""
    return f"{letter}{primes}{index}"


def _split_number(part: str) -> tuple[str, str]:
    found = _WITH_NUMBER.fullmatch(part)
    head, number = found.groups() if found else (part, "")
    return (head, number) if head else (part, "")


def _letter(word: str) -> str:
    spelt = _NAMES_OF_GREEK.get(word, word)
    if spelt in _GREEK:
        return f"\\{spelt}"
    if word in _SPELT:
        return _SPELT[word]
    return word if len(word) == 1 and word.isascii() and word.isalpha() else rf"\mathrm{{{escaped(word)}}}"


def _subscript(part: str) -> str:
    if part.isdigit():
        return part
    head, number = _split_number(part)
    return _letter(head) + (f"_{{{number}}}" if number else "")


def escaped(text: str) -> str:
    """Text with LaTeX's own signs as signs."""
    return re.sub(r"([_#$%&{}])", r"\\\1", text.replace("\\", "")).replace("^", r"\hat{}").replace("~", r"\sim ")


def operator_name(name: str) -> str:
    r"""A function without a sign of its own, such as ``\operatorname{erfcx}``."""
    return rf"\operatorname{{{escaped(name)}}}"


def with_index(piece: Piece, index: str) -> Piece:
    """An element of an array: a letter gets a subscript, everything else stands in brackets first."""
    is_bare = piece.precedence == ATOM and "_" not in piece.text and not piece.text.startswith(r"\begin")
    text = piece.text if is_bare else rf"\left({piece.text}\right)"
    return Piece(f"{text}_{{{index}}}")


# --- numbers ---------------------------------------------------------------------------------------------------


def number_in_latex(value: Any) -> Piece:
    """A number, or a small array as a vector or matrix; a larger one by its type."""
    array = np.asarray(value)
    if array.ndim == 0:
        return _scalar(array[()])
    if array.ndim > 2 or array.size > _MOST_ELEMENTS or not array.size:
        return Piece(rf"\mathtt{{{escaped(str(ArrayType.of(array)))}}}")
    rows = array.reshape(-1, 1) if array.ndim == 1 else array
    body = r" \\ ".join(" & ".join(_scalar(x).text for x in row) for row in rows)
    return Piece(rf"\begin{{pmatrix}} {body} \end{{pmatrix}}")


def _scalar(x: Any) -> Piece:
    if isinstance(x, (bool, np.bool)):
        return Piece(r"\mathrm{true}" if x else r"\mathrm{false}")
    if np.iscomplexobj(x):
        return _complex(complex(x))
    if not isinstance(x, (int, float, np.integer, np.floating)):
        return Piece(rf"\mathrm{{{escaped(str(x))}}}")
    return Piece(_real(x), SIGN if x < 0 else ATOM)


def _real(x: Any) -> str:
    if isinstance(x, (int, np.integer)):
        return str(int(x))
    if np.isnan(x):
        return r"\mathrm{nan}"
    if np.isinf(x):
        return r"\infty" if x > 0 else r"-\infty"
    text = repr(float(x)).removesuffix(".0")
    mantissa, exponential, exponent = text.partition("e")
    if not exponential:
        return text
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \cdot {power}"


def _complex(z: complex) -> Piece:
    imaginary = rf"{'' if abs(z.imag) == 1 else _real(abs(z.imag))}\mathrm{{i}}"
    sign = "-" if z.imag < 0 else "+"
    if z.real == 0:
        return Piece(f"-{imaginary}", SIGN) if z.imag < 0 else Piece(imaginary)
    return Piece(f"{_real(z.real)} {sign} {imaginary}", SUM)
