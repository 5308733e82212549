"""What all distributions have in common: names, frozen forms, and SciPy's own where there is no formula."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from wengert.errors import NoRuleError, user_location
from wengert.ledger import ledger
from wengert.value import Value

__all__ = [
    "DISTRIBUTIONS",
    "Frozen",
    "Multivariate",
    "VectorCounts",
    "VectorDensity",
    "by_name",
    "only_plain",
    "scipys",
]

_OF_POINTS = frozenset("logpdf pdf logpmf pmf cdf sf logcdf logsf ppf isf".split())  # noqa: SIM905  # read as words
_OF_PARAMETERS = frozenset("mean median var std cov entropy support".split())  # noqa: SIM905

#: The distributions of this package: SciPy's name → distribution.
DISTRIBUTIONS: dict[str, Any] = {}


def by_name(name: str) -> Any:
    """The distribution of that name, as it is found again by an interpreter that unpickles it."""
    return getattr(import_module("wengert.stats"), name)


@functools.cache
def scipys(name: str) -> Any:
    """The distribution of that name in `scipy.stats`."""
    return getattr(import_module("scipy.stats"), name)


def only_plain(name: str, why: str, operands: Sequence[Any]) -> None:
    """Raise `NoRuleError` where a function that is SciPy's own would get a value."""
    if any(isinstance(x, Value) for x in operands):
        entry = ledger().get("scipy.stats", {}).get(name)
        raise NoRuleError(
            f"wengert.stats.{name} is not there for values that carry a derivative.",
            why=f"{entry.reason[:1].upper()}{entry.reason[1:]}." if entry is not None and entry.reason else why,
            remedy=(entry and entry.remedy) or "Give it x.detach(), or write it with functions that have a derivative.",
            where=user_location(),
        )


class Frozen:
    """A distribution with its parameters, which the methods are called without."""

    __slots__ = ("args", "dist", "kwds")

    def __init__(self, dist: Any, args: tuple[Any, ...], kwds: dict[str, Any]):
        self.dist, self.args, self.kwds = dist, args, kwds

    def __repr__(self) -> str:
        parameters = [*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.kwds.items())]
        return f"{self.dist!r}({', '.join(parameters)})"

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        if attribute in _OF_PARAMETERS:
            return functools.partial(getattr(self.dist, attribute), *self.args, **self.kwds)
        if attribute not in _OF_POINTS:
            return getattr(scipys(self.dist.name)(*self.args, **self.kwds), attribute)
        method = getattr(self.dist, attribute)

        def at(*points: Any) -> Any:
            return method(*points, *self.args, **self.kwds)

        return at


class Multivariate:
    """A distribution of vectors or matrices; called with parameters it is frozen."""

    name = ""

    def __init_subclass__(cls) -> None:
        if cls.name:
            DISTRIBUTIONS[cls.name] = cls()

    def __repr__(self) -> str:
        return f"wengert.stats.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return by_name, (self.name,)

    def __call__(self, *args: Any, **kwds: Any) -> Frozen:
        """The distribution with its parameters."""
        return Frozen(self, args, kwds)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        return getattr(scipys(self.name), attribute)


class VectorDensity(Multivariate):
    """A distribution of vectors or matrices with a density."""

    def logpdf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        """The logarithm of the density at x."""
        raise NotImplementedError

    def pdf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        """The density at x."""
        return np.exp(self.logpdf(x, *args, **kwds))


class VectorCounts(Multivariate):
    """A distribution of several counts."""

    def logpmf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        """The logarithm of the probability of the counts x."""
        raise NotImplementedError

    def pmf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        """The probability of the counts x."""
        return np.exp(self.logpmf(x, *args, **kwds))
