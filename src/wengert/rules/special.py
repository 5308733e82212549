"""Special functions: `scipy.special`, one module for each kind.

Python functions of SciPy convert their arguments to arrays before a value could intervene. `PYTHON_FUNCTIONS` has
those that are compositions here or reach a row; they are offered in `wengert.special`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wengert.rules import (
    special_bessel,
    special_elementary,
    special_elliptic,
    special_errors,
    special_gamma,
    special_hypergeometric,
    special_incomplete,
    special_integrals,
    special_legendre,
    special_mathieu,
    special_orthogonal,
    special_statistics,
    special_vectors,
    special_waves,
    special_zeta,
)

__all__ = ["PYTHON_FUNCTIONS"]

#: Name in `scipy.special` → the function on values of any kind.
PYTHON_FUNCTIONS: dict[str, Callable[..., Any]] = {}
for _module in (
    special_gamma,
    special_zeta,
    special_errors,
    special_elementary,
    special_integrals,
    special_incomplete,
    special_statistics,
    special_vectors,
    special_bessel,
    special_elliptic,
    special_hypergeometric,
    special_legendre,
    special_mathieu,
    special_orthogonal,
    special_waves,
):
    PYTHON_FUNCTIONS.update(getattr(_module, "PYTHON_FUNCTIONS", {}))
