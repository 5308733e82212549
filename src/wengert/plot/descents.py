"""The path of a descent: over the contours of the function, and its values against the iteration."""

from __future__ import annotations

import contextlib
import inspect
import math
import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wengert.api import value_and_grad
from wengert.containers import flatten, leaf_names, parameter_names, same_structure
from wengert.errors import ArgumentError, DtypeError, user_location
from wengert.plot.canvas import (
    COLOURS,
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
from wengert.plot.sampling import MOST_ELEMENTS, REFUSALS, Evaluator, bounded, heights, largest_array, sampled
from wengert.show.notation import function_name, number_text, plural, printable
from wengert.value import concrete
from wengert.vectorisation import vmap

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["descent"]

Array: TypeAlias = npt.NDArray[np.float64]

_GRID = 181  # points of the contours along each axis
_GRID_SLOWLY = 61  # the same where each of them is a call of the function
_LEAST_GRID = 25  # and where a point takes large arrays
_MOST_ON_GRID = 50_000_000  # elements of the largest array, for all points together
_SAMPLES = 401  # of the curve of a function of one number
_APART = 0.1  # of the axes, between two arrows
_ROOM = 0.18  # around the path, in parts of its size
_ROOM_OF_CURVE = 0.4  # the same of a function of one number
_ALIKE = 4.0  # ratio of the sides up to which both axes have one scale
_BREADTH = 1.25  # of the axes that have one scale, in their height
_WIDE = 100.0  # ratio of values from which on they are shown by their powers of ten
_MOST_LEVELS = 200
_MOST_HELD = 3  # numbers in the title
_ARROW_INCHES = 0.34
_PATH, _ARROW = COLOURS[1], "#08306B"


def descent(
    f: Callable[..., Any],
    trajectory: Any,
    *,
    wrt: Sequence[int | str] | None = None,
    levels: int | Sequence[float] = 14,
    ax: Axes | None = None,
) -> Figure:
    """Plot the path of a descent: over the contours of the function, and its values against the iteration.

    Parameters
    ----------
    f : callable
        Numbers or arrays (or containers of them) to one real number.
    trajectory : array_like, sequence, or OptimizeResult
        The points in order: an array of shape (k, n) or (k, ...), or a sequence of k arguments of f. A point of n
        numbers is given to a function of n arguments as these, else as one argument. The result of
        `optimize.gradient_descent` may be given as it is.
    wrt : pair of int or str, optional
        Of more than two numbers, those that the contours are drawn over, by their place or their name, such as
        ``("x[0]", "x[3]")``; the others are held where the path ends.
    levels : int or sequence of float
        How many contours there are, or at which values of f.
    ax : Axes, optional
        Where to draw the path alone. By default a new figure, with the values and the gradients beside it.

    Returns
    -------
    matplotlib.figure.Figure
        Shown by a notebook; ``figure.savefig("name.svg")`` writes it. pyplot does not know of it.

    Raises
    ------
    MissingPackageError
        If Matplotlib is not installed.
    ArgumentError
        For an empty trajectory, points that are not alike, `wrt` that names no two numbers, or levels that are none.
    ShapeError, DtypeError
        If f returns no single real number, or a point is not made of real numbers.

    Notes
    -----
    The arrows have the direction of -∇f, which is exact, by reverse mode. There are more contours in the valleys. f is
    called for many points of the grid at once (`vmap`), 33,000 of them or fewer where f computes large arrays; a
    function that decides on values is called for each of 3,700. The path has a gap where a point is not finite,
    or a number is beyond 1e250.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> def rosenbrock(x):
    ...     return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
    >>> walk = wg.optimize.gradient_descent(rosenbrock, [-1.0, 1.5], learning_rate=1e-3, steps=200, progress=False)
    >>> figure = wg.plot.descent(rosenbrock, walk)
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['x[1]', 'rosenbrock', '|∇rosenbrock|']
    """
    require_matplotlib("descent")
    path = _Path(f, trajectory)
    pair = _chosen(path, wrt)
    axes = None if ax is None else given_axes(ax, "descent")[0]
    if pair is None and path.count > 2:
        return _history_alone(path, axes)
    return _with_history(path, pair or tuple(range(path.count)), _checked_levels(levels), axes)


def _checked_levels(levels: Any) -> int | Array:
    try:
        if np.ndim(levels) == 0:
            count = operator.index(levels)
            if 1 <= count <= _MOST_LEVELS:
                return count
        else:
            values = np.unique(np.asarray(levels, np.float64))
            if np.ndim(levels) == 1 and values.size and np.all(np.isfinite(values)):
                return values
    except (TypeError, ValueError):
        pass
    raise ArgumentError(
        f"plot.descent got levels={levels!r:.60}.",
        remedy=f"Give a number of contours from 1 to {_MOST_LEVELS}, or a sequence of values of f.",
        where=user_location(),
    )


# --- the points ----------------------------------------------------------------------------------------------------


class _Path:
    """The points of a trajectory, as vectors and as arguments of the function.

    Attributes
    ----------
    points : ndarray, float64, of shape (k, n)
    names : list of str
        Of the n numbers.
    values : ndarray, float64, of shape (k,)
    gradients : ndarray, float64, of shape (k, n)
    """

    def __init__(self, f: Callable[..., Any], trajectory: Any):
        self._f, self.name = f, function_name(f)
        vectors, template = _points_of(trajectory)
        args = _as_arguments(f, template)
        leaves, self._rebuild = flatten(args)
        self._shapes = [np.shape(leaf) for leaf in leaves]
        self.names = _names(f, args)
        self.points = bounded(np.stack(vectors))
        self.values, self.gradients = self._derived()

    @property
    def count(self) -> int:
        """Numbers of a point."""
        return len(self.names)

    @property
    def norms(self) -> Array:
        """The lengths of the gradients."""
        with np.errstate(over="ignore"):
            found: Array = np.linalg.norm(self.gradients, axis=1)
        return found

    def __call__(self, vector: Any) -> Any:
        """The function at a vector of shape (n,)."""
        leaves, start = [], 0
        for shape in self._shapes:
            stop = start + math.prod(shape)
            leaves.append(vector[start:stop].reshape(shape) if shape else vector[start])
            start = stop
        return self._f(*self._rebuild(leaves))

    def along(self, places: Sequence[int]) -> Callable[[Any], tuple[Any, ...]]:
        """The function of the numbers at these places, the others being held where the path ends."""
        end = self.points[np.flatnonzero(np.all(np.isfinite(self.points), axis=1))[-1]]
        units = [np.arange(self.count) == place for place in places]

        def value(moving: Any) -> tuple[Any]:
            vector = end
            for k, unit in enumerate(units):
                vector = np.where(unit, moving[k], vector)
            return (self(vector),)

        return value

    def _derived(self) -> tuple[Array, Array]:
        """Values and gradients at all points; nan where there is none."""
        is_finite = np.all(np.isfinite(self.points), axis=1)
        if not np.any(is_finite):
            raise _refused_trajectory("which has no finite point")
        known = self.points[is_finite]
        Evaluator(lambda vector: (self(vector),), 1, self.name, "descent")(known[:1])  # refuses what is no number
        values, gradients = np.full(len(is_finite), np.nan), np.full(self.points.shape, np.nan)
        with np.errstate(all="ignore"):
            values[is_finite], gradients[is_finite] = map(bounded, _values_and_gradients(self, known))
        return values, gradients


def _values_and_gradients(f: Callable[[Any], Any], points: Array) -> tuple[Array, Array]:
    both = value_and_grad(f)
    parts = np.array_split(points, -(-len(points) * largest_array(f, points[0]) // MOST_ELEMENTS))
    try:
        found = [vmap(both)(part) for part in parts if len(part)]
        return np.concatenate([values for values, _ in found]), np.concatenate([gradients for _, gradients in found])
    except REFUSALS:  # if the function is at fault, it says so again below
        values, gradients = np.full(len(points), np.nan), np.full(points.shape, np.nan)
        for k, point in enumerate(points):
            with contextlib.suppress(ArithmeticError, np.linalg.LinAlgError):
                values[k], gradients[k] = both(point)
        return values, gradients


def _points_of(trajectory: Any) -> tuple[list[Array], Any]:
    """The points as vectors, and one of them as the user gave it."""
    rows, template = trajectory, None
    if hasattr(trajectory, "trajectory") and hasattr(trajectory, "params"):  # of optimize.gradient_descent
        rows, template = trajectory.trajectory, _plain(trajectory.params)
    try:
        points = [_plain(point) for point in concrete(rows)]
    except TypeError:
        raise _refused_trajectory(f"which is {type(trajectory).__name__}, no sequence of points") from None
    if not points:
        raise _refused_trajectory("which has no points")
    vectors = [_as_vector(point) for point in points]
    if len({vector.size for vector in vectors}) > 1 or not all(same_structure(point, points[0]) for point in points):
        raise _refused_trajectory("whose points are not all of one form")
    if not vectors[0].size:
        raise _refused_trajectory("whose points have no numbers")
    return vectors, points[0] if template is None else template


def _plain(point: Any) -> Any:
    """A point without any recording; a sequence of numbers as an array."""
    leaves, rebuild = flatten(point)
    arrays = [np.asarray(concrete(leaf))[()] for leaf in leaves]
    if type(point) in (list, tuple) and all(x.ndim == 0 for x in arrays) and len(arrays) == len(point):
        return np.array(arrays)
    return rebuild(arrays)


def _as_vector(point: Any) -> Array:
    leaves = flatten(point)[0]
    for x in leaves:
        if x.dtype.kind not in "iuf":
            raise DtypeError(
                f"plot.descent got a point with dtype {x.dtype}.",
                remedy="Give points of real numbers.",
                where=user_location(),
            )
    return np.concatenate([np.ravel(x).astype(np.float64) for x in leaves]) if leaves else np.zeros(0)


def _as_arguments(f: Callable[..., Any], point: Any) -> tuple[Any, ...]:
    """The arguments that the function takes a point as: its numbers or parts where it takes as many, else one."""
    parts = tuple(point) if isinstance(point, (tuple, list)) or (np.ndim(point) == 1) else ()
    return parts if len(parts) > 1 and _required(f) == len(parts) else (point,)


def _required(f: Callable[..., Any]) -> int:
    """How many arguments the function must be given by position; 1 where it does not say."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return 1
    by_position = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return sum(p.default is p.empty for p in by_position)


def _names(f: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """A name for each number."""
    found = []
    for name, arg in zip(parameter_names(f, len(args)), args, strict=True):
        for label, leaf in zip(leaf_names(name, arg), flatten(arg)[0], strict=True):
            indices = np.ndindex(np.shape(leaf))
            found += [label + (f"[{', '.join(map(str, index))}]" if index else "") for index in indices]
    return [printable(name) for name in found]


def _refused_trajectory(what: str) -> ArgumentError:
    return ArgumentError(
        f"plot.descent got a trajectory {what}.",
        remedy="Give an array of shape (k, n), or a sequence of k arguments of f.",
        where=user_location(),
    )


def _chosen(path: _Path, wrt: Any) -> tuple[int, ...] | None:
    """The places of the numbers that the user names."""
    if wrt is None:
        return None
    try:
        names = [wrt] if isinstance(wrt, str) else list(wrt)
    except TypeError:
        names = []
    places = [path.names.index(name) if name in path.names else name for name in names]
    numbers = [k for k in places if isinstance(k, int | np.integer) and not isinstance(k, bool)]
    known = [int(k) for k in numbers if 0 <= k < path.count]
    if len(known) == len(names) == 2 and known[0] != known[1]:
        return tuple(known)
    raise ArgumentError(
        f"plot.descent got wrt={wrt!r:.60}, which names no two numbers of a point.",
        why=f"They are {', '.join(path.names[:8])}{', …' if path.count > 8 else ''}."
        + (" A function of one number has no contours." if path.count < 2 else ""),
        remedy="Give a pair of names, or of places counted from 0."
        if path.count > 1 else "Leave wrt out.",
        where=user_location(),
    )  # fmt: skip


# --- drawing -------------------------------------------------------------------------------------------------------


def _with_history(path: _Path, places: Sequence[int], levels: int | Array, ax: Axes | None) -> Figure:
    """The path over contours or on a curve, and values and gradients beside it."""
    main, beside = (ax, []) if ax is not None else _new_axes()
    across = path.points[:, places[0]]
    if len(places) == 1:
        _draw_curve(main, path)
        _draw_path(main, across, path.values, line="")
    else:
        _draw_contours(main, path, places, levels)
        _draw_path(main, across, path.points[:, places[1]], line="-")
        _draw_arrows(main, path, places)
    quiet(main)
    if ax is None:
        title(figure_of(main), _title(path, places))
        _draw_history(beside, path)
    legend(main, is_own=ax is None)
    return figure_of(main)


def _history_alone(path: _Path, ax: Axes | None) -> Figure:
    """Values and gradients against the iteration; on given axes the values."""
    if ax is not None:
        _draw_history([ax], path)
        return figure_of(ax)
    figure = new_figure(6.4, 4.6)
    axes = figure.subplots(2, 1, sharex=True)
    title(figure, _title(path, ()))
    _draw_history(list(axes), path)
    return figure


def _new_axes() -> tuple[Axes, list[Axes]]:
    figure = new_figure(9.0, 4.8)
    grid = figure.add_gridspec(2, 2, width_ratios=(1.6, 1))
    main = figure.add_subplot(grid[:, 0])
    value = figure.add_subplot(grid[0, 1])
    return main, [value, figure.add_subplot(grid[1, 1], sharex=value)]


def _title(path: _Path, places: Sequence[int]) -> str:
    steps = len(path.points) - 1
    text = f"{path.name}: {plural(steps, 'step')}, from {_short(path.values[0])} to {_short(path.values[-1])}"
    held = [k for k in range(path.count) if places and k not in places]
    texts = [f"{path.names[k]} = {_short(path.points[-1, k])}" for k in held[:_MOST_HELD]]
    at = f"; contours at {', '.join(texts)}{', …' if len(held) > _MOST_HELD else ''}" if held else ""
    return text + at


def _short(x: float) -> str:
    return number_text(np.float64(x), 3).replace("-", "−")


def _draw_path(axes: Axes, across: Array, up: Array, line: str) -> None:
    """The points in order, from pale to dark, with the first and the last marked."""
    axes.plot(across, up, color=_PATH, linestyle=line, linewidth=1.2, zorder=3)
    axes.scatter(across, up, c=_shades(len(across)), s=_size(len(across)), zorder=3.1)
    axes.plot([], [], "o", linestyle=line, color=_PATH, markersize=4, linewidth=1.2, label="path, later points darker")
    known = np.flatnonzero(np.isfinite(across) & np.isfinite(up))
    for k, marker, size, label in ((known[0], "o", 8, "start"), (known[-1], "*", 13, "end")):
        axes.plot(
            across[k], up[k], marker, color="white", markeredgecolor=INK, markeredgewidth=1.3, markersize=size,
            zorder=5, label=label,
        )  # fmt: skip


def _shades(count: int) -> Any:
    """A colour for each iteration, from pale to dark."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("path", ["#F6C9A0", _PATH, "#5E2900"])(np.linspace(0, 1, count))


def _size(count: int) -> float:
    """Of the points: smaller where there are many."""
    return float(np.clip(700 / count, 6, 26))


def _draw_curve(axes: Axes, path: _Path) -> None:
    low, high = _widened(path.points[:, 0], _ROOM_OF_CURVE)
    value = path.along((0,))
    evaluate = Evaluator(lambda t: value((t,)), 1, path.name, "descent")
    limits: tuple[float, ...] = ()
    with contextlib.suppress(ArgumentError):  # the path runs away to where f has no finite value
        (curve,) = sampled(evaluate, low, high, _SAMPLES)
        axes.plot(curve.x, curve.y, color=COLOURS[0], linewidth=1.8)
        limits = curve.limits
    bottom, top = heights(np.array([*limits, *path.values]))
    room = 0.06 * (top - bottom)
    axes.set(xlim=(low, high), ylim=(bottom - room, top + room))
    plain(axes.set_xlabel(path.names[0]))
    plain(axes.set_ylabel(path.name))


def _draw_contours(axes: Axes, path: _Path, places: Sequence[int], levels: int | Array) -> None:
    windows = [_widened(path.points[:, place]) for place in places]
    spans = [high - low for low, high in windows]
    if max(spans) <= _ALIKE * min(spans):
        height = max(spans[1], spans[0] / _BREADTH)
        windows = [_widened_to(windows[0], _BREADTH * height), _widened_to(windows[1], height)]
        axes.set_aspect("equal", adjustable="box")
    x, y, z = _heights_on_grid(path, places, windows)
    known = z.compressed()  # nothing around a path that runs away to where f overflows
    if not known.size:
        lines = known
    else:
        lines = levels if isinstance(levels, np.ndarray) else np.unique(np.quantile(known, _spread(levels)))
        lines = lines[(lines > known.min()) & (lines < known.max())]
    if lines.size:
        shades = _pale()(np.linspace(0, 1, lines.size + 1))
        axes.contourf(x, y, z, [known.min(), *lines, known.max()], colors=list(map(tuple, shades)))
        axes.contour(x, y, z, lines, colors="#7E9CB5", linewidths=0.7)
    axes.set(xlim=windows[0], ylim=windows[1])
    plain(axes.set_xlabel(path.names[places[0]]))
    upright(plain(axes.set_ylabel(path.names[places[1]])))


def _spread(count: int) -> Array:
    """Parts of the grid that lie below the contours: more of them in the valleys."""
    found: Array = (np.arange(1, count + 1) / (count + 1)) ** 1.6
    return found


def _pale() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("pale", ["#FFFFFF", "#DCE9F3", "#A9C7DF"])


def _heights_on_grid(
    path: _Path, places: Sequence[int], windows: Sequence[tuple[float, float]]
) -> tuple[Array, Array, Any]:
    evaluate = Evaluator(path.along(places), 1, path.name, "descent")
    corner = np.array([[window[0] for window in windows]])
    evaluate(corner)  # is it vectorised?
    most = _GRID if evaluate.is_vectorised else _GRID_SLOWLY
    count = int(np.clip(math.sqrt(_MOST_ON_GRID / evaluate.size_at(corner[0])), _LEAST_GRID, most))
    x, y = (np.linspace(low, high, count) for low, high in windows)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    z = evaluate(points)[0].reshape(count, count)
    return x, y, np.ma.masked_invalid(z)


def _widened(values: Array, part: float = _ROOM) -> tuple[float, float]:
    """The window that shows the finite values with some room around them."""
    low, high = heights(values)
    room = part * (high - low)
    return low - room, high + room


def _widened_to(window: tuple[float, float], span: float) -> tuple[float, float]:
    middle = sum(window) / 2
    return middle - span / 2, middle + span / 2


def _draw_arrows(axes: Axes, path: _Path, places: Sequence[int]) -> None:
    """The direction of steepest descent at points that are some way apart."""
    downhill = -path.gradients[:, places]
    with np.errstate(over="ignore"):
        lengths = np.linalg.norm(downhill, axis=1)
    scales = np.array([np.ptp(limits) for limits in (axes.get_xlim(), axes.get_ylim())])
    inside = path.points[:, places] / scales
    is_known = np.isfinite(lengths) & (lengths > 0) & np.all(np.isfinite(inside), axis=1)
    taken: list[int] = []
    for k in np.flatnonzero(is_known):
        if np.all(np.linalg.norm(inside[[*taken, -1]] - inside[k], axis=1) > _APART):
            taken.append(int(k))
    if not taken:
        return
    across, up = path.points[taken][:, places].T
    right, upwards = (downhill[taken] / lengths[taken, None]).T
    axes.quiver(
        across, up, right, upwards, angles="xy", scale_units="inches", scale=1 / _ARROW_INCHES, units="inches",
        width=0.02, headwidth=4.5, headlength=6, headaxislength=5, color=_ARROW, zorder=4,
    )  # fmt: skip
    axes.plot([], [], ">-", color=_ARROW, linewidth=1.3, markersize=5, label=f"direction of −∇{path.name}")


def _draw_history(axes: Sequence[Axes], path: _Path) -> None:
    """Values, and lengths of gradients, against the iteration."""
    from matplotlib.ticker import MaxNLocator

    iterations = np.arange(len(path.points))
    shown = ((path.values, path.name), (path.norms, f"|∇{path.name}|"))
    for ax, (values, label) in zip(axes, shown, strict=False):
        positive = values[np.isfinite(values) & (values > 0)]
        if positive.size and not np.any(values < 0) and positive.max() > _WIDE * positive.min():
            ax.set_yscale("log", nonpositive="mask")
        ax.plot(iterations, values, color=_PATH, linewidth=1.2)
        ax.scatter(iterations, values, c=_shades(len(iterations)), s=_size(len(iterations)), zorder=3)
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        quiet(ax)
        plain(ax.set_ylabel(label))
    axes[-1].set_xlabel("iteration")
