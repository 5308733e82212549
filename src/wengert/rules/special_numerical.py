"""Derivatives in parameters without a formula, and primitives with several results: for the special functions.

Bessel functions in their order, hypergeometric functions in their parameters, parabolic cylinder functions in theirs:
as functions of such a parameter they are analytic and vary no faster than e^(τ|ν|), with a rate τ that the operands
tell. Central differences of order 20 with the step 0.35/τ have a truncation error below the rounding errors, and
these grow by the factor 10/step only: the first derivative has some 13 digits, the second 12, the third 10.
(Weights: Fornberg 1988. A pole at the distance d is as good as the rate 9/d.)

Noise or a jump in the samples, where the library's function itself is inaccurate, shows in their 20th difference, which
is negligible for a smooth function (Hamming 1962): the derivative is nan there, never a wrong number.
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from wengert.errors import NoRuleError, user_location
from wengert.facts import Fact, Flat, Kind, Rule, Tangent, flat, tangent
from wengert.primitive import Primitive
from wengert.registry import functions, table

__all__ = ["analytic_fact", "by_parameters", "conjugated", "difference", "floating", "in_chunks", "not_float64", "product_rule", "several", "step_for", "to_pole"]

_REACH = 10  # samples on either side
_NOISE = 1e-9  # of the largest sample, above which a difference is not trusted
_HIGHEST = 3  # order of a derivative by differences
_CHUNK = 1024  # elements

# Weights of the pairs in the highest difference, scaled to the size of independent errors of the samples.
_NOISE_WEIGHTS = [(-1) ** k * math.comb(2 * _REACH, _REACH + k) / math.sqrt(math.comb(4 * _REACH, 2 * _REACH)) for k in range(_REACH + 1)]

Step = Callable[..., Any]


# --- differences -------------------------------------------------------------------------------------------------


@functools.cache
def _weights(order: int) -> tuple[float, ...]:
    """Weights of the samples at 0, 1, …, 10 steps; those at negative steps follow by symmetry."""
    return tuple(_weight(k, order) for k in range(_REACH + 1))


def _weight(k: int, order: int) -> float:
    """The derivative at 0 of the polynomial that is 1 at the node k and 0 at the others."""
    coefficients, scale = [1], 1
    for node in range(-_REACH, _REACH + 1):
        if node != k:
            higher, lower = [0, *coefficients], [node * c for c in coefficients] + [0]
            coefficients = [a - b for a, b in zip(higher, lower, strict=True)]
            scale *= k - node
    return float(Fraction(coefficients[order] * math.factorial(order), scale))


def difference(function: Callable[[Any], Any], at: Any, step: Any, order: int) -> Any:
    """The derivative of `function` of that order at `at`, by central differences; nan where it cannot be trusted."""
    weights, centre = _weights(order), function(at)
    derivative, noise, largest = 0 * centre, 0 * centre, np.abs(centre)
    for k in range(1, _REACH + 1):
        above, below = function(at + k * step), function(at - k * step)
        even = (above - centre) + (below - centre)
        derivative = derivative + weights[k] * (above - below if order % 2 else even)
        noise = noise + _NOISE_WEIGHTS[k] * even
        largest = np.maximum(largest, np.maximum(np.abs(above), np.abs(below)))
    return np.where(np.abs(noise) <= _NOISE * largest, derivative / step**order, np.nan)


def in_chunks(function: Callable[..., Any], *xs: Any) -> Any:
    """Apply a function of flat arrays that needs much memory for each element, to so many at once."""
    wide = np.broadcast_arrays(*xs)
    flat = [x.reshape(-1) for x in wide]
    parts = [function(*(x[k : k + _CHUNK] for x in flat)) for k in range(0, max(flat[0].size, 1), _CHUNK)]
    return np.concatenate(parts).reshape(wide[0].shape)


def step_for(rate: Any, *distances: Any) -> Any:
    """The step for a function that varies at `rate` and has poles at these distances: a power of two, so exact."""
    steps = [0.35 / rate, *(distance / 25 for distance in distances)]
    return np.exp2(np.floor(np.log2(functools.reduce(np.minimum, steps))))


def floating(*xs: Any) -> np.dtype[Any]:
    """The floating-point or complex dtype in which SciPy computes with these operands."""
    return np.result_type(np.result_type(*xs), np.float32)


def to_pole(b: Any) -> Any:
    """The distance of `b` to the nearest of 0, −1, −2, …, where the gamma function has its poles."""
    return np.where(b > 0, b, np.abs(b - np.round(b)))


# --- facts -------------------------------------------------------------------------------------------------------


def conjugated(p: Any) -> Any:
    """The conjugate of a partial."""
    return np.conj(p) if np.iscomplexobj(p) else p


def analytic_fact(partial: Rule) -> Tangent:
    """The fact of an elementwise operand whose partial ``(*xs, **params)`` depends on parameters."""

    def push(t: Any, y: Any, *xs: Any, **params: Any) -> Any:
        return t * partial(*xs, **params)

    def pull(ct: Any, y: Any, *xs: Any, **params: Any) -> Any:
        return ct * conjugated(partial(*xs, **params))

    return tangent(push, pull)


def _fact_of_several(partials: Rule) -> Tangent:
    """The same for several results: ``partials(*xs, **params)`` gives one for each, ``None`` for none."""

    def push(t: Any, ys: Any, *xs: Any, **params: Any) -> Any:
        return tuple(None if p is None else t * p for p in partials(*xs, **params))

    def pull(cts: Any, ys: Any, *xs: Any, **params: Any) -> Any:
        return _pulled(cts, partials(*xs, **params))

    return tangent(push, pull)


def _fact_of_several_by_results(partials: Rule) -> Tangent:
    """The same for ``partials(ys, *xs)``, which reads the results."""

    def push(t: Any, ys: Any, *xs: Any) -> Any:
        return tuple(None if p is None else t * p for p in partials(ys, *xs))

    def pull(cts: Any, ys: Any, *xs: Any) -> Any:
        return _pulled(cts, partials(ys, *xs))

    return tangent(push, pull)


def _pulled(cts: Any, partials: Sequence[Any]) -> Any:
    terms = [ct * (0 if p is None else conjugated(p)) for ct, p in zip(cts, partials, strict=True) if ct is not None]
    return functools.reduce(np.add, terms)


# --- declarations ------------------------------------------------------------------------------------------------


def several(function: Any, partials: Sequence[Rule | Flat], *, outputs: int, name: str = "", **columns: Any) -> Primitive:
    """Declare an elementwise function with several results: partials ``(ys, *xs)`` of all of them, or `flat`."""
    facts: list[Fact] = [p if isinstance(p, Flat) else _fact_of_several_by_results(p) for p in partials]
    columns.setdefault("domain", ((-2.0, 2.0),) * len(facts))
    prim = Primitive(name or function.__name__, function, Kind.ELEMENTWISE, facts, outputs=outputs, **columns)
    return not_float64(function, table.add_primitive(prim))


def not_float64(function: Any, prim: Primitive) -> Primitive:
    """Let calls of `function` arrive at `prim` by the general way: results of float64 operands are not one float64."""
    functions[function] = prim.__call__
    return prim


def by_parameters(
    name: str,
    function: Callable[..., Any],
    steps: Mapping[int, Step],
    slopes: Mapping[int, Rule | Tangent],
    *,
    count: int,
    outputs: int = 1,
    varying: Callable[..., Any] | None = None,
    **columns: Any,
) -> Primitive:
    """Declare the derivatives of an elementwise function in its parameters, found by differences.

    The primitive has the static parameter `orders`: how often each of the parameters is differentiated.

    Parameters
    ----------
    name : str
    function : callable
        On arrays; a tuple of `outputs` arrays where that is more than one.
    steps : mapping
        Number of each operand that is a parameter → its step, a function of all operands.
    slopes : mapping
        Number of each operand that has a formula → the partial ``(orders, *xs)`` of the derivative of these orders;
        a tuple of partials for several results; or a `Tangent` with the parameter `orders`. The other operands are
        flat: they are integers.
    count : int
        Number of operands.
    varying : callable
        The function without a part that does not depend on the parameters, where that has less rounding errors.
    """
    places = tuple(steps)

    @np.errstate(all="ignore")  # samples may fall where the function is infinite
    def compute(*xs: Any, orders: tuple[int, ...]) -> Any:
        dtype = floating(*xs)
        wide = [np.asarray(x, np.result_type(x, np.float64) if np.asarray(x).dtype.kind in "fc" else None) for x in xs]
        sampled = _stacked(varying if varying and any(orders) else function, outputs)
        found = _derivative(sampled, wide, dict(zip(places, orders, strict=True)), steps)
        typed = found.astype(np.result_type(dtype, np.complex64) if found.dtype.kind == "c" else dtype)
        return typed[()] if outputs == 1 else tuple(y[()] for y in typed)

    def fact_of(i: int) -> Fact:
        if i not in steps and i not in slopes:
            return flat

        slope = slopes.get(i)
        if isinstance(slope, Tangent):
            return slope

        def partial(*xs: Any, orders: tuple[int, ...]) -> Any:
            return slope(orders, *xs) if slope else prim(*xs, orders=_raised(name, orders, places.index(i)))

        return analytic_fact(partial) if outputs == 1 else _fact_of_several(partial)

    columns.setdefault("domain", ((-2.0, 2.0),) * count)
    columns.setdefault("at_kinks", "smooth; the parameters are real")
    facts = [fact_of(i) for i in range(count)]
    prim = Primitive(name, compute, Kind.ELEMENTWISE, facts, outputs=outputs, analytic=False, **columns)
    return table.add_primitive(prim)


def _stacked(function: Callable[..., Any], outputs: int) -> Callable[..., Any]:
    return function if outputs == 1 else lambda *xs: np.stack(function(*xs))


def _derivative(function: Callable[..., Any], xs: Sequence[Any], orders: Mapping[int, int], steps: Mapping[int, Step]) -> Any:
    """Differences in the first parameter of the derivative in the others."""
    place = next((i for i, order in orders.items() if order), None)
    if place is None:
        return np.asarray(function(*xs))

    def along(p: Any) -> Any:
        return _derivative(function, [*xs[:place], p, *xs[place + 1 :]], {**orders, place: 0}, steps)

    return difference(along, xs[place], steps[place](*xs), orders[place])


def product_rule(orders: tuple[int, ...], factor: Rule, rest: Rule) -> Any:
    """The derivative of these orders of a product: ``factor(orders)`` is ``None`` where it vanishes."""
    terms = []
    for lower in itertools.product(*(range(n + 1) for n in orders)):
        value = factor(lower)
        if value is not None:
            ways = math.prod(math.comb(n, k) for n, k in zip(orders, lower, strict=True))
            terms.append(ways * value * rest(tuple(n - k for n, k in zip(orders, lower, strict=True))))
    return functools.reduce(operator.add, terms)


def _raised(name: str, orders: tuple[int, ...], k: int) -> tuple[int, ...]:
    if sum(orders) >= _HIGHEST:
        raise NoRuleError(
            f"{name}: the derivative of order {sum(orders) + 1} in its parameters is not available.",
            why="It is found by differences, which lose some digits with each order.",
            remedy=f"Differentiate at most {_HIGHEST} times with respect to parameters, or hold them constant.",
            where=user_location(),
        )
    return (*orders[:k], orders[k] + 1, *orders[k + 1 :])
