"""SciPy's distributions for values and arrays alike: ``wengert.stats.norm.logpdf`` is ``scipy.stats.norm.logpdf``.

SciPy's distributions are Python objects that ask for plain arrays, so that a value cannot reach them. Those here have
their names, parameters and methods: densities, tails and quantiles with derivatives in the point and in every real
parameter, means, variances and entropies. What has no formula, and every other name of `scipy.stats`, is SciPy's own,
for plain arrays.

>>> import numpy as np, wengert as wg
>>> float(wg.grad(lambda scale: wg.stats.norm.logpdf(3.0, scale=scale))(1.0))
8.0
>>> wg.grad(lambda x: wg.stats.expon.logpdf(x).sum())(np.array([0.5, 2.0]))
array([-1., -1.])
"""

from __future__ import annotations

from importlib import import_module
from math import inf
from types import NoneType
from typing import Any

from wengert.stats import bounded, brownian, counts, gammas, matrices, noncentral, normal, tails, vectors
from wengert.stats.distribution import Continuous, Discrete
from wengert.stats.frozen import DISTRIBUTIONS

__all__ = [
    "DISTRIBUTIONS", "bounded", "brownian", "counts", "gammas", "matrices", "noncentral", "normal", "tails", "vectors",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name in DISTRIBUTIONS:
        return DISTRIBUTIONS[name]
    found = getattr(import_module("scipy.stats"), name)
    # A distribution that has no formula here says so when it gets a value.
    if isinstance(getattr(found, "shapes", 0), (str, NoneType)):
        kind = Continuous if hasattr(found, "logpdf") else Discrete
        return kind(name, (found.shapes or "").replace(",", " "), (-inf, inf), None, {})
    return found


def __dir__() -> list[str]:
    return sorted({*DISTRIBUTIONS, *import_module("scipy.stats").__all__})
