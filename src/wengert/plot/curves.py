"""A function along one number, and its derivatives."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.api import jvp
from wengert.arguments import labels
from wengert.containers import flatten, parameter_names
from wengert.errors import ArgumentError, DtypeError, user_location
from wengert.plot.canvas import (
    COLOURS,
    DASHES,
    GREY,
    INK,
    figure_of,
    given_axes,
    legend,
    new_figure,
    plain,
    quiet,
    require_matplotlib,
    title,
    upright,
)
from wengert.plot.sampling import LARGEST, Curve, Evaluator, heights, sampled
from wengert.show.notation import function_name, number_text, printable, superscript, value_text
from wengert.value import concrete

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["derivatives"]

_MOST_ORDERS = 8  # each one doubles the work
_MOST_SAMPLES = 100_000
_MOST_NAMED = 4  # arguments that are held, in the title
_ROOM = 0.06  # above and below a curve, in parts of its height
_DIGITS = 3


def derivatives(
    f: Callable[..., Any],
    interval: tuple[float, float],
    *args: Any,
    order: int = 1,
    at: float | None = None,
    wrt: int | str | None = None,
    samples: int = 401,
    ax: Axes | Sequence[Axes] | None = None,
) -> Figure:
    """Plot a function along one number, with its derivatives up to an order, and a tangent line.

    Parameters
    ----------
    f : callable
        Numbers or arrays (or containers of them) to one real number.
    interval : (float, float)
        Where the number begins and ends.
    *args
        The arguments of a function of several numbers: all are held as they are but the one that moves. None for a
        function of one number.
    order : int
        The highest derivative, 0 to 8.
    at : float, optional
        Where to draw the tangent.
    wrt : int or str, optional
        The number that moves, by the number or name of its argument, or as a component ``"x[1]"`` of an array; by
        default the first one.
    samples : int
        Points of each curve to begin with; more follow where it bends or jumps.
    ax : Axes, optional
        Where to draw: one for all curves, or a sequence of ``order + 1``. By default a new figure, which has them one
        below the other.

    Returns
    -------
    matplotlib.figure.Figure
        Shown by a notebook; ``figure.savefig("name.svg")`` writes it. pyplot does not know of it.

    Raises
    ------
    MissingPackageError
        If Matplotlib is not installed.
    ArgumentError
        For an interval without length, an order, a number of samples or a `wrt` out of range, or where f has no value.
    ShapeError, DtypeError
        If f returns no single real number.

    Notes
    -----
    The derivatives are exact: forward mode, once for each order. f is called with all points at once (`vmap`), some 10
    to 100 times; a function that decides on values is called for each point. There are gaps where f or a derivative
    jumps, has a pole or no finite value. What leads to infinity is cut off: a pole, and of a logarithm the
    last 0.5 % of the interval.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> figure = wg.plot.derivatives(lambda x: x * np.exp(-x), (0, 5), order=2, at=2.0)
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['f(x)', 'f′(x)', 'f″(x)']
    """
    require_matplotlib("derivatives")
    start, stop = _checked_interval(interval)
    order = _checked_count("order", order, 0, _MOST_ORDERS)
    samples = _checked_count("samples", samples, 2, _MOST_SAMPLES)
    along = _Along(f, args, wrt)
    evaluate = Evaluator(_with_derivatives(along, order), order + 1, along.name, "derivatives")
    curves = sampled(evaluate, start, stop, samples)
    tangent = None if at is None else _tangent(along, _checked_number("at", at))
    axes = _new_axes(order) if ax is None else given_axes(ax, "derivatives", order + 1)
    _draw(axes, along, curves, (start, stop), is_own=ax is None)
    if tangent is not None:
        _draw_tangent(axes, along, tangent, (start, stop))
    return _finished(axes, along, order, is_own=ax is None)


def _checked_interval(interval: Any) -> tuple[float, float]:
    try:
        start, stop = map(float, interval)
    except (TypeError, ValueError):
        start = stop = math.nan
    if not -LARGEST <= start < stop <= LARGEST:
        raise ArgumentError(
            f"plot.derivatives got the interval {interval!r:.60}.",
            remedy="Give two finite numbers below 1e250, the smaller one first, as in (0, 5).",
            where=user_location(),
        )
    return start, stop


def _checked_count(name: str, value: Any, least: int, most: int) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        count = least - 1
    if not least <= count <= most:
        raise ArgumentError(
            f"plot.derivatives got {name}={value!r:.60}.",
            remedy=f"Give an integer from {least} to {most:,}.",
            where=user_location(),
        )
    return count


def _checked_number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ArgumentError(
            f"plot.derivatives got {name}={value!r:.60}.", remedy="Give a finite number.", where=user_location()
        )
    return number


# --- one number of the arguments -----------------------------------------------------------------------------------


class _Along:
    """A function of some arguments as a function of one number among them.

    Attributes
    ----------
    name, variable : str
        Of the function, and of the number.
    held : list of (str, value)
        The other arguments.
    """

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], wrt: int | str | None):
        self._f, self.name = f, function_name(f)
        self.is_of_several = bool(args)
        leaves, self._rebuild = flatten(args or (0.0,))
        self._leaves = [np.asarray(concrete(leaf)) for leaf in leaves]
        names = labels(f, args) if args else parameter_names(f, 1)
        self._place, index = _chosen([printable(name) for name in names], self._leaves, wrt, bool(args))
        moving = self._leaves[self._place]
        self._is_moving = np.zeros(moving.shape, bool)
        self._is_moving[index] = True
        self.variable = printable(names[self._place])
        if index:
            self.variable += f"[{', '.join(map(str, index))}]"
        others = enumerate(zip(names, self._leaves, strict=True))
        self.held = [(printable(name), x) for k, (name, x) in others if k != self._place or x.size > 1]

    def __call__(self, t: Any) -> Any:
        """The function with `t` for the number."""
        leaves = [x[()] for x in self._leaves]
        old = self._leaves[self._place]
        leaves[self._place] = np.where(self._is_moving, t, old) if old.ndim else t
        return self._f(*self._rebuild(leaves))

    def label(self, order: int) -> str:
        """What a derivative is called: f′(x), of several variables ∂²f/∂x²."""
        if not self.is_of_several:
            mark = "′″‴"[order - 1 : order] if order <= 3 else f"⁽{superscript(order)}⁾"
            return f"{self.name}{mark}({self.variable})"
        if order == 0:
            return self.name
        power = "" if order == 1 else superscript(order)
        below = f"({self.variable})" if power and not self.variable.isidentifier() else self.variable
        return f"∂{power}{self.name}/∂{below}{power}"

    def title(self, order: int) -> str:
        """The function, and what is held."""
        of = ["", " and its derivative"][order] if order < 2 else f" and its derivatives to order {order}"
        if not self.held:
            return f"{self.name}{of}"
        texts = [f"{name} = {value_text(x, _DIGITS)}" for name, x in self.held[:_MOST_NAMED]]
        more = ", …" if len(self.held) > _MOST_NAMED else ""
        return f"{self.name}{of} along {self.variable}, at {', '.join(texts)}{more}"


def _chosen(
    names: Sequence[str], leaves: Sequence[Any], wrt: int | str | None, is_given: bool
) -> tuple[int, tuple[int, ...]]:
    """The argument that the user names, and the index of the number in it."""
    found = _first(leaves) if wrt is None else _named(names, leaves, wrt)
    if found is None:
        example = names[0] + ("" if leaves[0].ndim == 0 else f"[{', '.join('0' * leaves[0].ndim)}]")
        raise ArgumentError(
            f"plot.derivatives got wrt={wrt!r:.60}, which names no number." if wrt is not None
            else "plot.derivatives found no number among the arguments.",
            why=f"The arguments are {', '.join(f'{n} of shape {x.shape}' for n, x in zip(names, leaves, strict=True))}."
            if is_given else "Without further arguments f is taken for a function of one number.",
            remedy=f'Give a name, as in wrt="{example}", or a number counted from 0.',
            where=user_location(),
        )  # fmt: skip
    place, _ = found
    if leaves[place].dtype.kind not in "iuf":
        raise DtypeError(
            f"plot.derivatives was asked to move {names[place]}, which has dtype {leaves[place].dtype}.",
            why="A curve is drawn along a real number.",
            remedy="Choose another argument with wrt=.",
            where=user_location(),
        )
    return found


def _first(leaves: Sequence[Any]) -> tuple[int, tuple[int, ...]] | None:
    """The first floating point number, else the first number."""
    places = [k for k, x in enumerate(leaves) if x.size and x.dtype.kind in "iuf"]
    floating = [k for k in places if leaves[k].dtype.kind == "f"]
    place = next(iter([*floating, *places]), None)
    return None if place is None else (place, (0,) * leaves[place].ndim)


def _named(names: Sequence[str], leaves: Sequence[Any], wrt: int | str) -> tuple[int, tuple[int, ...]] | None:
    index: tuple[int, ...] | None = None
    if isinstance(wrt, str):
        match = re.fullmatch(r"(.+)\[(\s*-?\d+\s*(?:,\s*-?\d+\s*)*)\]", wrt)
        name = wrt
        if wrt not in names and match:
            name, index = match[1], tuple(map(int, match[2].split(",")))
        place = names.index(name) if name in names else -1
    else:
        is_number = isinstance(wrt, int | np.integer) and not isinstance(wrt, bool)
        place = int(wrt) if is_number and 0 <= wrt < len(names) else -1
    if place < 0 or not leaves[place].size:
        return None
    shape = leaves[place].shape
    if index is None:
        index = (0,) * len(shape)
    if len(index) != len(shape) or not all(-n <= i < n for i, n in zip(index, shape, strict=True)):
        return None
    return place, tuple(i % n for i, n in zip(index, shape, strict=True))


# --- values --------------------------------------------------------------------------------------------------------


def _with_derivatives(f: Callable[[Any], Any], order: int) -> Callable[[Any], tuple[Any, ...]]:
    """The function that gives the value and the derivatives up to an order, by forward mode over forward mode."""

    def value(t: Any) -> tuple[Any, ...]:
        return (f(t),)

    found: Callable[[Any], tuple[Any, ...]] = value
    for _ in range(order):
        found = _one_more(found)
    return found


def _one_more(f: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], tuple[Any, ...]]:
    def with_the_next(t: Any) -> tuple[Any, ...]:
        ys, slopes = jvp(f, (t,), (1.0,))
        return (*ys, slopes[-1])

    return with_the_next


@dataclass(frozen=True, slots=True)
class _Tangent:
    """The line through a point of a curve that has its slope."""

    x: float
    y: float
    slope: float


def _tangent(along: _Along, x: float) -> _Tangent:
    evaluate = Evaluator(_with_derivatives(along, 1), 2, along.name, "derivatives")
    y, slope = map(float, evaluate(np.array([x]))[:, 0])
    if not math.isfinite(y) or math.isnan(slope):
        raise ArgumentError(
            f"{along.name} has no tangent at {along.variable} = {x:g}: its value is {y:g} and its slope {slope:g}.",
            remedy="Choose a point in its domain with at=.",
            where=user_location(),
        )
    return _Tangent(x, y, slope)


# --- drawing -------------------------------------------------------------------------------------------------------


def _new_axes(order: int) -> list[Axes]:
    figure = new_figure(6.4, 3.8 if order == 0 else 2.3 + 1.7 * order)
    ratios = [1.5, *[1.0] * order] if order else [1.0]
    grid = figure.subplots(order + 1, 1, sharex=True, squeeze=False, height_ratios=ratios)
    return [ax for (ax,) in grid]


def _draw(
    axes: Sequence[Axes], along: _Along, curves: Sequence[Curve], interval: tuple[float, float], is_own: bool
) -> None:
    are_shared = len(axes) < len(curves)
    for k, curve in enumerate(curves):
        ax = axes[k] if len(axes) > 1 else axes[0]
        ax.plot(
            curve.x, curve.y, color=COLOURS[k % len(COLOURS)], linewidth=1.8,
            linestyle=DASHES[k % len(DASHES)] if are_shared else "-", label=along.label(k) if are_shared else None,
        )  # fmt: skip
    for k, ax in enumerate(axes):
        shown = curves[k : k + 1] if len(axes) > 1 else curves
        low, high = heights(np.array([curve.limits for curve in shown]))
        room = _ROOM * (high - low)
        ax.set(xlim=interval, ylim=(low - room, high + room))
        quiet(ax)
        if low < 0 < high:
            ax.axhline(0, color=GREY, linewidth=0.6, zorder=0)
        if not are_shared:
            label = plain(ax.set_ylabel(along.label(k), color=COLOURS[k % len(COLOURS)]))
            if is_own:
                upright(label)
        if ax is axes[-1] or not is_own:
            plain(ax.set_xlabel(along.variable))


def _draw_tangent(axes: Sequence[Axes], along: _Along, tangent: _Tangent, interval: tuple[float, float]) -> None:
    """The line on the curve of the function, and its slope as a point of the derivative's."""
    x = np.array(interval)
    place, slope = number_text(tangent.x, _DIGITS), number_text(tangent.slope, _DIGITS)
    text = f"tangent at {along.variable} = {place}: slope {slope}".replace("-", "−")
    style: dict[str, Any] = {"color": INK, "linewidth": 1.1, "linestyle": (0, (4, 2)), "label": text}
    if math.isinf(tangent.slope):
        axes[0].axvline(tangent.x, **style)
    else:
        axes[0].plot(x, tangent.y + tangent.slope * (x - tangent.x), scalex=False, scaley=False, **style)
    for ax, y in zip(axes, (tangent.y, tangent.slope), strict=False):
        if interval[0] <= tangent.x <= interval[1]:
            if len(axes) > 1:
                ax.axvline(tangent.x, color=GREY, linewidth=0.7, linestyle=":", zorder=0)
            ax.plot([tangent.x], [y], "o", color=INK, markersize=5, scalex=False, scaley=False, clip_on=False)


def _finished(axes: Sequence[Axes], along: _Along, order: int, is_own: bool) -> Figure:
    figure = figure_of(axes[0])
    if is_own:
        title(figure, along.title(order))
        figure.align_ylabels()
    legend(*axes, is_own=is_own)
    return figure
