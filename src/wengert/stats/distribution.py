"""The machinery of distributions: location and scale, support, frozen forms, and what follows from what.

A distribution is declared by formulas of its standard form (location 0, scale 1), in plain NumPy. From one that is
given others follow: the density from its logarithm, one tail from the logarithm of the other, everything above the
median of a symmetric distribution from what is below. No tail is found by subtracting the other from 1 where that
would cancel. What has no formula is not there for values, and SciPy's own for plain numbers.

Outside of the support the logarithm of a density is -inf. There, and at an edge where the density is 0, its derivatives
are exactly 0. Where the parameters have no meaning the value is nan, as in SciPy, and so are the derivatives.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wengert.stats.frozen import DISTRIBUTIONS, Frozen, by_name, only_plain, scipys
from wengert.stats.operands import flaw_of, is_number, nowhere, real_operands, select

__all__ = ["Continuous", "Discrete", "Univariate", "continuous", "discrete"]

Formula = Callable[..., Any]
Edges = tuple[Any, Any]

_INF = np.inf


@dataclass(frozen=True, slots=True)
class _Arguments:
    """The arguments of one call: floating-point operands, `None` for a default that changes nothing."""

    x: Any
    shapes: tuple[Any, ...]
    loc: Any
    scale: Any
    flaw: Any
    dtype: np.dtype[Any]

    def flawed(self, y: Any) -> Any:
        """`y`, but nan where the parameters have no meaning."""
        return y if self.flaw is None else y + self.flaw

    def spoilt(self) -> _Arguments:
        """The same with nan in the place of all parameters where one has no meaning."""
        shapes = tuple(p + self.flaw for p in self.shapes)
        if self.scale is not None:
            return replace(self, shapes=shapes, scale=self.scale + self.flaw)
        return replace(self, shapes=shapes, loc=self.flawed(self.loc) if self.loc is not None else self.flaw)

    def moved(self, y: Any) -> Any:
        """A point of the standard form at its place."""
        y = y if self.scale is None else y * self.scale
        return y if self.loc is None else y + self.loc

    def shifted_back(self) -> Any:
        """The point without its location."""
        return self.x if self.loc is None else self.x - self.loc

    def broadcast(self, y: Any) -> Any:
        """A result of parameters alone, in their common shape and dtype."""
        y = self.flawed(y)
        y = y if hasattr(y, "dtype") else self.dtype.type(y)
        shape = np.broadcast_shapes(*(p.shape for p in (*self.shapes, self.loc, self.scale) if p is not None))
        return y if y.shape == shape else np.broadcast_to(y, shape)


def _quiet(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that computes with the edges of a support as with other numbers, and returns scalars for scalars."""

    @functools.wraps(method)
    def quiet(*args: Any, **kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            y = method(*args, **kwargs)
        return y[()] if type(y) is np.ndarray and y.ndim == 0 else y

    return quiet


class Univariate:
    """A distribution of numbers; called with parameters it is frozen: ``norm(loc, scale).logpdf(x)``.

    Parameters
    ----------
    name : str
        SciPy's.
    shapes : str
        Names of the shape parameters, in SciPy's order.
    support : tuple or callable
        The edges of the standard form, ±inf where there is none; a function of the shapes, or a constant.
    valid : callable
        Where the shapes have a meaning; default where all are positive.
    formulas : mapping
        ``logpdf`` (of counts ``logpmf``), ``cdf``, ``sf``, ``logcdf``, ``logsf``, ``ppf``, ``isf`` of the standard form
        as functions of a point and the shapes; ``mean``, ``var``, ``entropy`` as functions of the shapes, or numbers.
    """

    location: tuple[str, ...] = ("loc",)

    def __init__(
        self, name: str, shapes: str, support: Edges | Formula, valid: Formula | None, formulas: Mapping[str, Any]
    ):
        self.name, self._shapes = name, tuple(shapes.split())
        self._support = support if callable(support) else lambda *_: support
        self._valid = valid or _all_positive
        self._formulas = {**_consequences(formulas), **formulas}
        self.__doc__ = f"{name}({', '.join([*self._shapes, *(f'{p}={k}' for k, p in enumerate(self.location))])})"

    def __repr__(self) -> str:
        return f"wengert.stats.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return by_name, (self.name,)

    def __call__(self, *args: Any, **kwds: Any) -> Frozen:
        """The distribution with its parameters."""
        self._parameters("", args, kwds)
        return Frozen(self, args, kwds)

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        return getattr(scipys(self.name), attribute)

    def _parameters(self, method: str, args: Sequence[Any], kwds: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a call by their names."""
        names = (*self._shapes, *self.location)
        called = f"{self.name}{method and '.'}{method}()"
        if len(args) > len(names):
            raise TypeError(f"{called} takes the parameters {', '.join(names)}, and {len(args)} were given")
        given = dict(zip(names, args, strict=False))
        for name, value in kwds.items():
            if name in given or name not in names:
                what = "multiple values for" if name in given else "an unexpected"
                raise TypeError(f"{called} got {what} parameter {name!r}")
            given[name] = value
        missing = [name for name in self._shapes if name not in given]
        if missing:
            raise TypeError(f"{called} is missing the parameter {', '.join(map(repr, missing))}")
        return given

    def _arguments(self, method: str, x: Any, args: Sequence[Any], kwds: Mapping[str, Any]) -> _Arguments:
        named = self._parameters(method, args, kwds)
        loc, scale = named.get("loc", 0), named.get("scale", 1)
        loc, scale = None if is_number(loc, 0) else loc, None if is_number(scale, 1) else scale
        (x, loc, scale, *shapes), dtype = real_operands([x, loc, scale, *(named[name] for name in self._shapes)])
        conditions = [self._valid(*shapes)] if shapes else []
        flaw = flaw_of(conditions if scale is None else [*conditions, scale > 0], dtype)
        given = _Arguments(x, tuple(shapes), loc, scale, flaw, dtype)
        return given if flaw is None else given.spoilt()

    def _at(
        self, name: str, compute: Formula, x: Any, args: Sequence[Any], kwds: Mapping[str, Any], method: str = ""
    ) -> Any:
        """What `compute` makes of the formula of that name and the arguments; without a formula SciPy's own result."""
        method = method or name
        formula = self._formulas.get(name)
        if formula is not None:
            return compute(formula, self._arguments(method, x, args, kwds))
        operands = args if x is None else (x, *args)
        only_plain(f"{self.name}.{method}", "It has no closed form.", (*operands, *kwds.values()))
        return getattr(scipys(self.name), method)(*operands, **kwds)

    @_quiet
    def mean(self, *args: Any, **kwds: Any) -> Any:
        """The mean, for the parameters."""
        return self._at("mean", _mean_of, None, args, kwds)

    @_quiet
    def var(self, *args: Any, **kwds: Any) -> Any:
        """The variance, for the parameters."""
        return self._at("var", _var_of, None, args, kwds)

    @_quiet
    def std(self, *args: Any, **kwds: Any) -> Any:
        """The standard deviation, for the parameters."""
        return self._at("var", _std_of, None, args, kwds, method="std")

    @_quiet
    def entropy(self, *args: Any, **kwds: Any) -> Any:
        """The entropy in nats, for the parameters."""
        return self._at("entropy", _entropy_of, None, args, kwds)

    @_quiet
    def cdf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        """The probability of at most x."""
        return self._at("cdf", functools.partial(self._tail, (0.0, 1.0)), x, args, kwds)

    @_quiet
    def sf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        """The probability of more than x."""
        return self._at("sf", functools.partial(self._tail, (1.0, 0.0)), x, args, kwds)

    @_quiet
    def logcdf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        """The logarithm of the probability of at most x."""
        return self._at("logcdf", functools.partial(self._tail, (-_INF, 0.0)), x, args, kwds)

    @_quiet
    def logsf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        """The logarithm of the probability of more than x."""
        return self._at("logsf", functools.partial(self._tail, (0.0, -_INF)), x, args, kwds)

    def _tail(self, beyond: Edges, formula: Formula, given: _Arguments) -> Any:
        """A tail, which has the values `beyond` below and above the support."""
        raise NotImplementedError


def _all_positive(*shapes: Any) -> Any:
    return functools.reduce(lambda a, b: a & b, [p > 0 for p in shapes])


# --- of the parameters ---------------------------------------------------------------------------------------------


def _of_shapes(formula: Any, given: _Arguments) -> Any:
    return formula(*given.shapes) if callable(formula) else formula


def _mean_of(formula: Any, given: _Arguments) -> Any:
    return given.broadcast(given.moved(_of_shapes(formula, given)))


def _var_of(formula: Any, given: _Arguments) -> Any:
    y = _of_shapes(formula, given)
    return given.broadcast(y if given.scale is None else y * given.scale * given.scale)


def _std_of(formula: Any, given: _Arguments) -> Any:
    y = np.sqrt(_of_shapes(formula, given))
    return given.broadcast(y if given.scale is None else y * given.scale)


def _entropy_of(formula: Any, given: _Arguments) -> Any:
    y = _of_shapes(formula, given)
    return given.broadcast(y if given.scale is None else y + np.log(given.scale))


# --- what follows from what ----------------------------------------------------------------------------------------


def _mirrored(formulas: Mapping[str, Any]) -> dict[str, Any]:
    """The formulas of a distribution that is symmetric about 0, with those of the upper tail."""
    pairs = {"sf": "cdf", "logsf": "logcdf"}
    found = {up: _at_minus(formulas[down]) for up, down in pairs.items() if down in formulas}
    if "ppf" in formulas:
        found["isf"] = _minus(formulas["ppf"])
    return {**found, **formulas}


def _at_minus(f: Formula) -> Formula:
    return lambda z, *shapes: f(-z, *shapes)


def _minus(f: Formula) -> Formula:
    return lambda q, *shapes: -f(q, *shapes)


def _consequences(formulas: Mapping[str, Any]) -> dict[str, Any]:
    """Tails from the logarithms of tails, and these from both tails."""
    found: dict[str, Any] = {}
    for one, other in (("cdf", "sf"), ("sf", "cdf")):
        if f"log{one}" in formulas:
            found[one] = _exp_of(formulas[f"log{one}"])
        elif f"log{other}" in formulas:
            found[one] = _one_minus_exp_of(formulas[f"log{other}"])
    tails = {**found, **formulas}
    for one, other in (("cdf", "sf"), ("sf", "cdf")):
        if one in tails:
            found[f"log{one}"] = _log_of(tails[one], tails.get(other))
    return found


def _exp_of(f: Formula) -> Formula:
    return lambda z, *shapes: np.exp(f(z, *shapes))


def _one_minus_exp_of(f: Formula) -> Formula:
    return lambda z, *shapes: -np.expm1(f(z, *shapes))


def _log_of(tail: Formula, rest: Formula | None) -> Formula:
    """The logarithm of a tail, found from the rest where that is the smaller one."""
    if rest is None:
        return lambda z, *shapes: np.log(tail(z, *shapes))

    def logarithm(z: Any, *shapes: Any) -> Any:
        p, q = tail(z, *shapes), rest(z, *shapes)
        is_most = q < 0.5
        return np.where(is_most, np.log1p(-np.where(is_most, q, 0.0)), np.log(np.where(is_most, 1.0, p)))

    return logarithm


# --- with a density ------------------------------------------------------------------------------------------------


class Continuous(Univariate):
    """A distribution with a density.

    Parameters
    ----------
    *declared
        See `Univariate`.
    inside : float or callable
        A point of every support, or one for the shapes, which takes the place of points outside; `None` where the
        formulas are finite there.
    is_open : bool
        Whether the density is 0 at the finite edges.
    """

    location = ("loc", "scale")

    def __init__(self, *declared: Any, inside: float | Formula | None = None, is_open: bool = False):
        super().__init__(*declared)
        self._inside, self._is_open = inside, is_open

    def _standard(self, given: _Arguments) -> Any:
        z = given.shifted_back()
        return z if given.scale is None else z / given.scale

    def _moved_inside(self, z: Any, outside: Any, shapes: Sequence[Any]) -> Any:
        if self._inside is None or nowhere(outside):
            return z
        return np.where(outside, self._inside(*shapes) if callable(self._inside) else self._inside, z)

    @_quiet
    def logpdf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        """The logarithm of the density at x."""
        return self._at("logpdf", self._log_density, x, args, kwds)

    def _log_density(self, formula: Formula, given: _Arguments) -> Any:
        z = self._standard(given)
        low, high = self._support(*given.shapes)
        has_edge = not (is_number(low, -_INF) and is_number(high, _INF))
        below, above = _below(given.x, z, low, self._is_open), _above(given.x, z, high, self._is_open)
        outside = below | above
        y = formula(self._moved_inside(z, outside, given.shapes), *given.shapes)
        y = y if given.scale is None else y - np.log(given.scale)
        # An edge of density 0 is chosen, and not computed: the formula has infinite derivatives there.
        return select(outside | (y == -_INF) if has_edge else outside, -_INF, y)

    @_quiet
    def pdf(self, x: Any, *args: Any, **kwds: Any) -> Any:
        """The density at x."""
        return self._at("logpdf", self._density, x, args, kwds, method="pdf")

    def _density(self, formula: Formula, given: _Arguments) -> Any:
        y = self._log_density(formula, given)
        is_zero = y == -_INF
        return select(is_zero, 0.0, np.exp(y))

    def _tail(self, beyond: Edges, formula: Formula, given: _Arguments) -> Any:
        z = self._standard(given)
        low, high = self._support(*given.shapes)
        below, above = _below(given.x, z, low, is_open=True), _above(given.x, z, high, is_open=True)
        y = formula(self._moved_inside(z, below | above, given.shapes), *given.shapes)
        return select(above, beyond[1], select(below, beyond[0], y))

    @_quiet
    def ppf(self, q: Any, *args: Any, **kwds: Any) -> Any:
        """The point that is not exceeded with the probability q."""
        return self._at("ppf", self._quantile, q, args, kwds)

    @_quiet
    def isf(self, q: Any, *args: Any, **kwds: Any) -> Any:
        """The point that is exceeded with the probability q."""
        return self._at("isf", self._quantile, q, args, kwds)

    def _quantile(self, formula: Formula, given: _Arguments) -> Any:
        flaw = flaw_of([(given.x >= 0) & (given.x <= 1)], given.dtype)
        return given.moved(formula(given.x if flaw is None else given.x + flaw, *given.shapes))

    def median(self, *args: Any, **kwds: Any) -> Any:
        """The point that half of the probability lies below, for the parameters."""
        return self.ppf(0.5, *args, **kwds)

    @_quiet
    def support(self, *args: Any, **kwds: Any) -> tuple[Any, Any]:
        """The edges, for the parameters."""
        given = self._arguments("support", None, args, kwds)
        low, high = self._support(*given.shapes)
        return given.broadcast(given.moved(low))[()], given.broadcast(given.moved(high))[()]


def _below(x: Any, z: Any, low: Any, is_open: bool) -> Any:
    """Whether a point x, z in the standard form, lies below the support, which -inf does not belong to."""
    if is_number(low, -_INF):
        return x == -_INF
    below = z <= low if is_open else z < low
    return below if is_number(low, low) else below | (x == -_INF)


def _above(x: Any, z: Any, high: Any, is_open: bool) -> Any:
    """The same above the support."""
    if is_number(high, _INF):
        return x == _INF
    above = z >= high if is_open else z > high
    return above if is_number(high, high) else above | (x == _INF)


# --- of counts -----------------------------------------------------------------------------------------------------


class Discrete(Univariate):
    """A distribution of whole numbers. Its functions have steps: their derivatives in the count are 0.

    Parameters
    ----------
    *declared
        See `Univariate`.
    whole : str
        The shape parameters that are whole numbers: no derivatives in these.
    """

    def __init__(self, *declared: Any, whole: str = ""):
        super().__init__(*declared)
        self._whole = frozenset(whole.split())

    def _arguments(self, method: str, x: Any, args: Sequence[Any], kwds: Mapping[str, Any]) -> _Arguments:
        given = super()._arguments(method, x, args, kwds)
        if not self._whole:
            return given
        pairs = list(zip(self._shapes, given.shapes, strict=True))
        flaw = flaw_of([p == np.floor(p) for name, p in pairs if name in self._whole], given.dtype)
        given = replace(given, shapes=tuple(np.floor(p) if name in self._whole else p for name, p in pairs))
        return given if flaw is None else replace(given, flaw=given.flawed(flaw)).spoilt()

    def _inside(self, k: Any, outside: Any, low: Any) -> Any:
        return select(outside, 0.0 if is_number(low, -_INF) else low, k)

    @_quiet
    def logpmf(self, k: Any, *args: Any, **kwds: Any) -> Any:
        """The logarithm of the probability of the count k."""
        return self._at("logpmf", self._log_mass, k, args, kwds)

    def _log_mass(self, formula: Formula, given: _Arguments) -> Any:
        k = given.shifted_back()
        count = np.floor(k)
        low, high = self._support(*given.shapes)
        outside = (k < low) | (k > high) | (k > count) | (k == _INF)
        y = formula(self._inside(count, outside, low), *given.shapes)
        return given.flawed(select(outside | (y == -_INF), -_INF, y))

    @_quiet
    def pmf(self, k: Any, *args: Any, **kwds: Any) -> Any:
        """The probability of the count k."""
        return self._at("logpmf", self._mass, k, args, kwds, method="pmf")

    def _mass(self, formula: Formula, given: _Arguments) -> Any:
        y = self._log_mass(formula, given)
        is_zero = y == -_INF
        return select(is_zero, 0.0, np.exp(y))

    def _tail(self, beyond: Edges, formula: Formula, given: _Arguments) -> Any:
        count = np.floor(given.shifted_back())
        low, high = self._support(*given.shapes)
        below, above = count < low, count >= high
        y = formula(self._inside(count, below | above, low), *given.shapes)
        return given.flawed(select(above, beyond[1], select(below, beyond[0], y)))

    @_quiet
    def support(self, *args: Any, **kwds: Any) -> tuple[Any, Any]:
        """The least and the largest count, for the parameters."""
        given = self._arguments("support", None, args, kwds)
        low, high = self._support(*given.shapes)
        return given.broadcast(given.moved(low))[()], given.broadcast(given.moved(high))[()]


# --- declarations --------------------------------------------------------------------------------------------------


def continuous(
    name: str,
    shapes: str = "",
    *,
    support: Edges | Formula = (-_INF, _INF),
    inside: float | Formula | None = None,
    is_open: bool = False,
    valid: Formula | None = None,
    symmetric: bool = False,
    **formulas: Any,
) -> None:
    """Declare a distribution with a density: see `Continuous`; `symmetric` about 0 in the standard form."""
    declared = _mirrored(formulas) if symmetric else formulas
    DISTRIBUTIONS[name] = Continuous(name, shapes, support, valid, declared, inside=inside, is_open=is_open)


def discrete(
    name: str,
    shapes: str = "",
    *,
    support: Edges | Formula = (0.0, _INF),
    whole: str = "",
    valid: Formula | None = None,
    **formulas: Any,
) -> None:
    """Declare a distribution of counts: see `Discrete`."""
    DISTRIBUTIONS[name] = Discrete(name, shapes, support, valid, formulas, whole=whole)
