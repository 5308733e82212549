"""Curves that are drawn as they are: finer where they bend, up to the edge of a jump, and with a gap in it.

Samples are added until the curve follows the straight lines between them to a fraction of its height. Where they are
as close as floating point goes and the values still differ, the function jumps there, or has a pole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wengert.api import tape
from wengert.errors import ArgumentError, DtypeError, ShapeError, WengertError, user_location
from wengert.vectorisation import vmap

__all__ = [
    "LARGEST",
    "MOST_ELEMENTS",
    "REFUSALS",
    "Curve",
    "Evaluator",
    "bounded",
    "heights",
    "largest_array",
    "sampled",
]

Array: TypeAlias = npt.NDArray[np.float64]

_FLAT = 0.003  # of the height: how far a curve may leave the straight line between two samples
_JUMP = 0.01  # of the height: how far apart values are beside a jump
_ROUNDS = 60  # after which two samples are as close as floating point goes
_MOST_ADDED = 20  # times the samples asked for: of a function that never stops swinging
_MOST_ADDED_SLOWLY = 3  # the same where each of them is a call of the function
_TAIL = 0.1  # of the values at either end, which say nothing of the height where there is a pole
_PEAK = 8.0  # times the height of the rest that a pole may make the whole
_UNSEEN = 0.005  # of the length: how much of a curve may be cut off where it goes to infinity as slowly as a logarithm
_WORTH = 0.25  # of the height of the rest: how much is cut off at least
_MOST_TAILS = 8  # such places that are looked at
_HALVINGS = 16  # of the distance to a peak, in each part of the way there
_NOTHING = 1e-6  # in parts of a value: a step that is none

#: Number that is drawn.
LARGEST = 1e250

#: Of the arrays that are computed at once, for many points.
MOST_ELEMENTS = 4_000_000

#: What a function that decides on values, or has no rule for batches, ends with.
REFUSALS = (WengertError, TypeError, ValueError, IndexError)

# What a function says where it has no value: other errors are the user's to see.
_NO_VALUE = (ArithmeticError, np.linalg.LinAlgError)


class Evaluator:
    """The values of a function at many points: all at once where it can be, else one after the other.

    Parameters
    ----------
    f : callable
        From one number or array to a tuple of `count` real numbers.
    count : int
    name : str
        Of the function, for messages.
    caller : str
        The plot that is made, for messages.
    """

    def __init__(self, f: Callable[[Any], tuple[Any, ...]], count: int, name: str, caller: str):
        self._f, self._count, self._name, self._caller = f, count, name, caller
        self._size = 0
        self.is_vectorised = True

    def __call__(self, xs: Any) -> Array:
        """The values at the points along the first axis of `xs`, of shape (count, n); nan where there is none."""
        with np.errstate(all="ignore"):
            if self.is_vectorised:
                try:
                    return self._at_once(xs)
                except REFUSALS:
                    self.is_vectorised = False  # if the function is at fault, it says so again below
            return self._one_by_one(xs)

    def size_at(self, x: Any) -> int:
        """The elements of the largest array that the function computes for one point; 1 where that is not known."""
        if not self._size:
            with np.errstate(all="ignore"):
                self._size = largest_array(self._f, x)
        return self._size

    def _at_once(self, xs: Any) -> Array:
        parts = np.array_split(xs, -(-len(xs) * self.size_at(xs[0]) // MOST_ELEMENTS) or 1)
        return np.concatenate([self._checked(vmap(self._f)(part), len(part)) for part in parts if len(part)], axis=1)

    def _one_by_one(self, xs: Any) -> Array:
        found = np.full((self._count, len(xs)), np.nan)
        failure: Exception | None = None
        for k, x in enumerate(xs):
            try:
                found[:, k] = self._checked(self._f(x))[:, 0]
            except _NO_VALUE as error:
                failure = error
        if failure is not None and len(xs) > 1 and not np.any(np.isfinite(found)):
            raise failure
        return found

    def _checked(self, ys: Sequence[Any], n: int | None = None) -> Array:
        """Results as floats, of shape (count, n)."""
        arrays = [np.asarray(y) for y in ys]
        shape = () if n is None else (n,)
        for y in arrays:
            if y.shape != shape:
                raise ShapeError(
                    f"plot.{self._caller} needs a scalar result, but {self._name} returned shape "
                    f"{y.shape[len(shape) :]}.",
                    why="A curve has one height at each point.",
                    remedy="Return one number, such as a sum or a component.",
                    where=user_location(),
                )
            if y.dtype.kind not in "biuf":
                raise DtypeError(
                    f"plot.{self._caller} needs a real result, but {self._name} returned dtype {y.dtype}.",
                    remedy="Return its real part, its imaginary part or its absolute value.",
                    where=user_location(),
                )
        return bounded(np.stack([np.atleast_1d(y).astype(np.float64) for y in arrays]))


def bounded(values: Array) -> Array:
    """The values, infinite where they are so large that differences of them, or of their scales, may be."""
    return np.where(np.abs(values) > LARGEST, np.copysign(np.inf, values), values)


def largest_array(f: Callable[[Any], Any], x: Any) -> int:
    """How many elements the largest array has that a function computes; 1 where it cannot be recorded."""
    try:
        lst = tape(f, x).list
    except (*REFUSALS, ArithmeticError):
        return 1
    return max((target.type.size for stmt in lst.statements for target in stmt.targets), default=1) or 1


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Points to be joined by lines, except where one is nan.

    Attributes
    ----------
    x, y : ndarray, float64, of shape (n,)
    limits : (float, float)
        The lowest and the highest value that is worth seeing: what is beyond leads to a pole.
    """

    x: Array
    y: Array
    limits: tuple[float, float]


def sampled(evaluate: Evaluator, start: float, stop: float, samples: int) -> list[Curve]:
    """The curves of all values of a function of one number, from `start` to `stop`.

    Raises
    ------
    ArgumentError
        If the function has no finite value there.
    """
    x = np.unique(np.linspace(start, stop, samples))  # of a very short interval some are the same
    ys = evaluate(x)
    if not np.any(np.isfinite(ys[0])):
        raise ArgumentError(
            f"the function has no finite value at {samples:,} points from {start:g} to {stop:g}.",
            remedy="Choose an interval in its domain.",
            where=user_location(),
        )
    seen = [_window(evaluate, k, x, y) for k, y in enumerate(ys)]
    x, ys = _with_samples(evaluate, x, ys, [window.summit for window in seen])
    x, ys = _refined(evaluate, x, ys, seen)
    return [
        Curve(*_with_gaps(x, y, window), _limits(evaluate, k, x, y, window))
        for k, (y, window) in enumerate(zip(ys, seen, strict=True))
    ]


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of a curve that is looked at: all above it is one, all below it is one.

    `has_pole` says that there is more, which is not worth seeing; `summit` is where between two samples the curve is
    far from all of them, nan if nowhere.
    """

    low: float
    high: float
    has_pole: bool = False
    summit: float = np.nan

    @property
    def height(self) -> float:
        return self.high - self.low

    def __call__(self, y: Array) -> Array:
        """The values in parts of the height; those beyond the window by one height are all alike."""
        return np.clip((y - self.low) / self.height, -1.0, 2.0)


# --- how high ------------------------------------------------------------------------------------------------------


def heights(y: Array) -> tuple[float, float]:
    """The lowest and highest finite value, a little apart if they are equal; 0 and 1 where there is none."""
    finite = y[np.isfinite(y)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if high - low > 1e-12 * max(abs(low), abs(high)):
        return low, high
    room = 0.5 * max(abs(low), abs(high)) or 1.0
    return low - room, high + room


def _window(evaluate: Evaluator, k: int, x: Array, y: Array) -> _Window:
    """That of all values, or of most of them where the others lead to a pole."""
    low, high = heights(y)
    finite = y[np.isfinite(y)]
    if not finite.size:
        return _Window(low, high)
    lower, upper = np.quantile(finite, [_TAIL, 1 - _TAIL])
    usual = float(upper - lower)
    if high - low <= _PEAK * usual:
        return _Window(low, high)
    summit = _summit(evaluate, k, x, y)
    if summit is not None:
        place, value = summit
        return _Window(min(low, value), max(high, value), summit=place)
    if usual == 0:
        return _Window(low, high)
    return _Window(max(low, float(lower) - usual), min(high, float(upper) + usual), has_pole=True)


def _summit(evaluate: Evaluator, k: int, x: Array, y: Array) -> tuple[float, float] | None:
    """The value, farthest from the others, that is found by walking on to it, and where; none if it grows and grows."""
    away = np.where(np.isfinite(y), y - np.median(y[np.isfinite(y)]), 0.0)
    place = int(np.argmax(np.abs(away)))
    sign = float(np.sign(away[place])) or 1.0
    found = _peak(lambda z: sign * evaluate(z)[k], x, place)
    return None if found is None else (found[0], sign * found[1])


def _limits(evaluate: Evaluator, k: int, x: Array, y: Array, window: _Window) -> tuple[float, float]:
    """What is to be seen of a curve, whose values are known better by now: all but the way to infinity."""
    if window.has_pole or not np.any(np.isfinite(y)):
        return window.low, window.high
    lower, upper = _quantiles(x, y)
    slack = _WORTH * (upper - lower)
    high = _highest(lambda z: evaluate(z)[k], x, y, upper, slack)
    low = -_highest(lambda z: -evaluate(z)[k], x, -y, -lower, slack)
    return heights(np.array([low, high]))


def _highest(f: Callable[[Array], Array], x: Array, y: Array, enough: float, slack: float) -> float:
    """The highest finite value; where a curve goes on and on upwards, the value that is `enough`."""
    y = np.where(np.isfinite(y), y, -np.inf)
    for _ in range(_MOST_TAILS):
        place = int(np.argmax(y))
        if y[place] <= enough + slack or _peak(f, x, place) is not None:
            return float(y[place])
        y = np.where(_same_tail(y > enough, place), enough, y)
    return enough


def _peak(f: Callable[[Array], Array], x: Array, place: int) -> tuple[float, float] | None:
    """Where the curve has its peak beside a place, and how high it is; none if it goes on and on on both sides."""
    peak, height = _walked_up(f, x, place)
    width = _UNSEEN / 2 * (x[-1] - x[0])
    ways = peak + width * np.multiply.outer([-1.0, 1.0], 2.0 ** (-_HALVINGS * np.arange(3)))
    values = f(np.clip(ways, x[0], x[-1]).ravel()).reshape(ways.shape)
    known = np.all(np.isfinite(values) & (ways >= x[0]) & (ways <= x[-1]), axis=1)
    steps = np.abs(np.diff(values[known], axis=1, append=height))
    slows_down = steps[:, 1:] <= np.maximum(0.5 * steps[:, :-1], _NOTHING * abs(height))
    return (peak, height) if np.any(np.all(slows_down, axis=1)) else None


def _walked_up(f: Callable[[Array], Array], x: Array, place: int) -> tuple[float, float]:
    """The highest value between the neighbours of a place that is found by walking on: where, and how high."""
    left, middle, right = x[max(place - 1, 0)], x[place], x[min(place + 1, len(x) - 1)]
    highest = -np.inf
    for _ in range(_HALVINGS):
        points = np.append(np.linspace(left, middle, 8, endpoint=False), np.linspace(middle, right, 9))
        values = f(points[1:-1])
        values = np.where(np.isfinite(values), values, -np.inf)
        inner = int(np.argmax(values))
        left, middle, right = points[inner : inner + 3]
        highest = float(values[inner])
    return float(middle), highest


def _same_tail(is_high: npt.NDArray[np.bool_], place: int) -> npt.NDArray[np.bool_]:
    """The samples around a place that are high without a break."""
    breaks = np.cumsum(~is_high)
    together: npt.NDArray[np.bool_] = is_high & (breaks == breaks[place])
    return together


def _quantiles(x: Array, y: Array) -> tuple[float, float]:
    """The values that little of the length of a curve, as far as it is known, is below and above."""
    lengths = np.diff(x)
    weights = np.where(np.isfinite(y), np.append(lengths, 0) + np.insert(lengths, 0, 0), 0)
    order = np.argsort(y)
    sums = np.cumsum(weights[order])
    places = np.searchsorted(sums, np.array([_UNSEEN, 1 - _UNSEEN]) * sums[-1])
    lower, upper = y[order][np.minimum(places, len(y) - 1)]
    return float(lower), float(upper)


# --- where to look closer ------------------------------------------------------------------------------------------


def _with_samples(evaluate: Evaluator, x: Array, ys: Array, places: Sequence[float]) -> tuple[Array, Array]:
    """More samples, at these places."""
    new = np.setdiff1d([place for place in places if np.isfinite(place)], x)
    if not new.size:
        return x, ys
    at = np.searchsorted(x, new)
    return np.insert(x, at, new), np.insert(ys, at, evaluate(new), axis=1)


def _refined(evaluate: Evaluator, x: Array, ys: Array, seen: Sequence[_Window]) -> tuple[Array, Array]:
    """More samples, where a curve bends or jumps."""
    budget = len(x) * (_MOST_ADDED if evaluate.is_vectorised else _MOST_ADDED_SLOWLY)
    for _ in range(_ROUNDS):
        middle = (x[:-1] + x[1:]) / 2
        wanted = (middle > x[:-1]) & (middle < x[1:])
        wanted &= np.any([_is_rough(x, window(y)) for y, window in zip(ys, seen, strict=True)], axis=0)
        places = np.flatnonzero(wanted)
        if not places.size or places.size > budget:
            break
        budget -= places.size
        x = np.insert(x, places + 1, middle[places])
        ys = np.insert(ys, places + 1, evaluate(middle[places]), axis=1)
    return x, ys


def _is_rough(x: Array, y: Array) -> npt.NDArray[np.bool_]:
    """Whether more is to be seen between two samples: the curve ends; it bends at both, or at one and they differ."""
    known = np.isfinite(y)
    ends = known[:-1] != known[1:]
    chord = y[:-2] + (y[2:] - y[:-2]) * (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
    bends = np.concatenate([[False], np.abs(y[1:-1] - chord) > _FLAT, [False]])
    differ = np.abs(np.diff(y)) > _FLAT
    rough: npt.NDArray[np.bool_] = ends | (bends[:-1] & bends[1:]) | ((bends[:-1] | bends[1:]) & differ)
    return rough


def _with_gaps(x: Array, y: Array, window: _Window) -> tuple[Array, Array]:
    """The points, and a nan between two that are next to each other and yet far apart."""
    middle = (x[:-1] + x[1:]) / 2
    is_least = (middle <= x[:-1]) | (middle >= x[1:]) | (np.diff(x) <= (x[-1] - x[0]) * 2.0**-_ROUNDS)
    jumps = np.flatnonzero(is_least & (np.abs(np.diff(window(y))) > _JUMP))
    y = np.where(np.isfinite(y), y, np.nan)
    return np.insert(x, jumps + 1, middle[jumps]), np.insert(y, jumps + 1, np.nan)
