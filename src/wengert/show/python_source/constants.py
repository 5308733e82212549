"""Constants of a list as expressions: numbers of Python where that changes nothing, else of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.show.python_source.expressions import CONSTANT, Deferred, Expression, Weak, literal_expression
from wengert.show.python_source.helpers import Preamble
from wengert.show.python_source.literals import dtype_text, is_native, number_text, shape_text
from wengert.show.python_source.vocabulary import array_form
from wengert.wlist import ArrayType

__all__ = ["array_constant", "deferred_number", "strict_text", "typed_constant", "zeros_text"]


def typed_constant(x: Any, preamble: Preamble) -> Expression:
    """A constant that stands alone: a number of its dtype, or an array."""
    return array_constant(x, preamble) if np.ndim(x) else literal_expression(number_text(x))


def array_constant(x: Any, preamble: Preamble) -> Expression:
    """An array that is written where it stands, or a name above the function."""
    text = array_form(np.asarray(x), preamble)
    found = literal_expression(text)
    is_above = text.startswith("_C")
    return Expression(found.pieces, found.strength, frozenset([CONSTANT])) if is_above else found


def deferred_number(x: Any, weak: Weak) -> Deferred:
    """A number of Python, or of NumPy if `weak` turns out to be strict."""

    def text() -> str:
        return strict_text(x) if weak.is_strict else number_text(x)

    return Deferred(text)


def strict_text(x: Any) -> str:
    """A number of NumPy, also where Python has one of this kind: ``np.float64(0.5)``."""
    value = np.asarray(x)[()]
    text = number_text(value)
    return f"{dtype_text(value.dtype).replace('bool', 'np.bool')}({text})" if is_native(value.dtype) else text


def zeros_text(kind: ArrayType) -> str:
    """``np.zeros(3)``."""
    dtype = "" if kind.dtype == np.dtype(float) else f", dtype={dtype_text(kind.dtype)}"
    return f"np.zeros({shape_text(kind.shape)}{dtype})"
