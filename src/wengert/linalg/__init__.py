"""SciPy's linear algebra for values and arrays alike: ``wengert.linalg.expm`` is ``scipy.linalg.expm``, and so on.

SciPy's functions are Python functions that ask for plain arrays, so that a value cannot reach them by itself. The
functions here have their names and parameters; those that only concern the execution (``overwrite_a``,
``check_finite``, ``lwork``, a LAPACK driver) are accepted and have no effect. A name that is not here is SciPy's own
function, for plain arrays.

>>> import numpy as np, wengert as wg
>>> wg.grad(lambda a: np.trace(wg.linalg.expm(a)))(np.zeros((2, 2)))
array([[1., 0.],
       [0., 1.]])
"""

from __future__ import annotations

from typing import Any

import scipy.linalg

from wengert.linalg import equations, factorisations, functions, matrices
from wengert.linalg.conventions import FUNCTIONS

__all__ = ["FUNCTIONS", "equations", "factorisations", "functions", "matrices"]


def __getattr__(name: str) -> Any:
    return FUNCTIONS[name] if name in FUNCTIONS else getattr(scipy.linalg, name)


def __dir__() -> list[str]:
    return sorted({*FUNCTIONS, *scipy.linalg.__all__})
