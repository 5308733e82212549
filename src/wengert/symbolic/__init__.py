"""Formulas: lists as expressions of SymPy and back, derivatives as formulas, and LaTeX.

SymPy is loaded when one of these functions needs it, and is not needed by `latex`. Reading order: `conversion` (a list
as formulas), `vocabulary` and `special_vocabulary` (what each primitive is called), `arrays` and `matrices`, `reading`
(formulas as a list), `differentiation`, `notation` and `typesetting` (LaTeX).
"""

from __future__ import annotations

from wengert.symbolic.conversion import symbols_of, to_sympy
from wengert.symbolic.differentiation import derivative
from wengert.symbolic.reading import from_sympy
from wengert.symbolic.typesetting import latex

__all__ = [
    "derivative",
    "from_sympy",
    "latex",
    "symbols_of",
    "to_sympy",
]
