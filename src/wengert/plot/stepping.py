"""The error of difference quotients against their step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from wengert import numeric
from wengert.api import value_and_grad
from wengert.errors import ArgumentError, ShapeError, WengertError, user_location
from wengert.numeric import Method
from wengert.plot.canvas import (
    COLOURS,
    GREY,
    INK,
    figure_of,
    given_axes,
    legend,
    new_figure,
    quiet,
    require_matplotlib,
    title,
)
from wengert.show.measurement import Problem
from wengert.show.notation import superscript, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["error_against_step"]

Array: TypeAlias = npt.NDArray[np.float64]

_NAMES: dict[Method, str] = {
    "forward": "forward difference",
    "central": "central difference",
    "complex": "complex step",
    "richardson": "Richardson",
}
_MARKERS = {"forward": "o", "central": "s", "complex": "^", "richardson": "D"}
_ORDERS = {"forward": 1, "central": 2}  # of the truncation error
_EPS = float(np.finfo(float).eps)
_FLOOR = _EPS / 8  # where an error of exactly zero is drawn
_DECADES = 16
_PER_DECADE = 4
_FEW = 20  # components, beyond which one step for each decade has to do: each step costs a call for each of them
_MOST_MEASURED = 50  # components
_MOST_NAMED = 4  # arguments in the title
_HEADROOM = 30.0  # above the errors, for what stands beside a line
_LIFT = 6.0  # of the lines that show the slopes, above the errors
_LEAST_SEEN = 4  # errors that a slope is seen from
_SPREAD = 4.0  # between them, in parts of the power of h
_NO_VALUE = (ArithmeticError, np.linalg.LinAlgError)


def error_against_step(
    f: Callable[..., Any],
    *x: Any,
    methods: Sequence[Method] = ("forward", "central", "complex"),
    steps: Any = None,
    ax: Axes | None = None,
) -> Figure:
    """Plot how the error of numerical derivatives moves with their step h, beside automatic differentiation.

    A long step errs by truncation, as h for forward and h² for central differences; a short one by rounding, as
    ε |f| / h. The best step of each is marked.

    Parameters
    ----------
    f : callable
        Numbers or arrays (or containers of them) to one real number. It is called with NumPy values.
    *x
        Its arguments; floating, or integers, which are converted to float64.
    methods : sequence of {"forward", "central", "complex", "richardson"}
        As `wengert.numeric` has them; one that does not apply to f is named so in the legend.
    steps : array_like, optional
        Absolute steps, of shape (k,); each is used for every component. By default 16 decades from a tenth of the
        largest component down.
    ax : Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib.figure.Figure
        Shown by a notebook; ``figure.savefig("name.svg")`` writes it. pyplot does not know of it.

    Raises
    ------
    MissingPackageError
        If Matplotlib is not installed.
    ArgumentError
        For an unknown method, steps that are not positive, or a gradient that is not finite.
    ShapeError, DtypeError
        If the result is not a real scalar, an argument not real, or `steps` has not one axis.

    Notes
    -----
    An error is the largest over all components, in parts of the largest component of the gradient (absolute where that
    is zero). The gradient is that of reverse mode, whose own error is a few roundings, ε. For n components: 65 n to
    130 n evaluations of f for each method, for more than 20 components a quarter of that. Of more than 50 components
    those 50 are moved whose derivatives are the largest, and the plot says so.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> figure = wg.plot.error_against_step(lambda x: x * np.exp(-x), 2.0, methods=("forward", "central"))
    >>> [text.get_text().split(":")[0] for text in figure.legends[0].get_texts()]
    ['forward difference', 'central difference', 'automatic differentiation']
    """
    require_matplotlib("error_against_step")
    _check_methods(methods)
    problem = Problem(f, x, "plot.error_against_step")
    exact = _gradient(problem)
    grid = _default_steps(problem.point) if steps is None else _given_steps(steps)
    part = _Part(problem, exact)
    swept = [_swept(part, method, grid) for method in dict.fromkeys(methods)]
    failures = [each.failure for each in swept if each.failure is not None]
    if len(failures) == len(swept):
        raise failures[0]
    axes = new_figure(6.4, 4.6).subplots() if ax is None else given_axes(ax, "error_against_step")[0]
    _draw(axes, problem, exact, grid, swept)
    if ax is None:
        title(figure_of(axes), _title(problem))
    legend(axes, is_own=ax is None)
    return figure_of(axes)


def _check_methods(methods: Any) -> None:
    known = get_args(Method)
    given = list(methods) if isinstance(methods, Iterable) and not isinstance(methods, str) else []
    if not given or any(method not in known for method in given):
        raise ArgumentError(
            f"plot.error_against_step got methods={methods!r:.80}.",
            remedy=f"Give a sequence of {', '.join(map(repr, known))}.",
            where=user_location(),
        )


def _gradient(problem: Problem) -> Array:
    """The gradient by reverse mode, as a vector."""
    with np.errstate(all="ignore"):
        _, found = value_and_grad(problem.f, tuple(range(len(problem.args))))(*problem.args)
    exact: Array = problem.joined(found)
    if not np.all(np.isfinite(exact)):
        text = value_text(exact[0] if exact.size == 1 else exact, 3)
        raise ArgumentError(
            f"the gradient of {problem.name} is not finite here: {text}.",
            why="Errors are measured against it.",
            remedy="Choose another point.",
            where=user_location(),
        )
    return exact


def _default_steps(point: Array) -> Array:
    largest = np.max(np.abs(point), initial=0.0) or 1.0
    top = np.floor(np.log10(largest)) - 1
    each = 1 if point.size > _FEW else _PER_DECADE
    return np.asarray(10.0 ** (top - np.arange(_DECADES * each + 1) / each))


def _given_steps(steps: Any) -> Array:
    grid = np.asarray(steps)
    if grid.ndim != 1 or not grid.size:
        raise ShapeError(
            f"plot.error_against_step got steps of shape {grid.shape}.",
            remedy="Give a list of numbers, as in steps=[1e-2, 1e-4].",
            where=user_location(),
        )
    if grid.dtype.kind not in "iuf" or not np.all(np.isfinite(grid) & (grid > 0)):
        raise ArgumentError(
            f"plot.error_against_step got steps={steps!r:.80}.",
            why="A step is the distance to a neighbouring point.",
            remedy="Give positive, finite numbers.",
            where=user_location(),
        )
    return np.sort(grid.astype(np.float64))[::-1]


# --- measuring -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Swept:
    """A method with its error at each step; nan where f has no value. `failure` says why it does not apply."""

    method: Method
    errors: Array
    failure: WengertError | None = None

    @property
    def best(self) -> int | None:
        """The place of the smallest error, the longest step of several; none where no error is known."""
        return int(np.nanargmin(self.errors)) if np.any(np.isfinite(self.errors)) else None

    @property
    def is_rounded(self) -> bool:
        """Whether most steps shorter than the best one have an error."""
        shorter = self.errors[(self.best or 0) + 1 :]
        return self.best is not None and shorter.size > 0 and float(np.mean(shorter > 0)) > 0.5


class _Part:
    """The components that are moved: all, or those of the largest derivatives.

    Attributes
    ----------
    point, exact : ndarray, floating, of shape (k,)
        Their values, and the derivatives by them.
    size : float
        What errors are parts of.
    """

    def __init__(self, problem: Problem, exact: Array):
        self._problem = problem
        self._places = np.sort(np.argsort(-np.abs(exact), kind="stable")[:_MOST_MEASURED])
        self.point, self.exact = problem.point[self._places], exact[self._places]
        self.size = float(np.max(np.abs(exact), initial=0.0)) or 1.0

    def __call__(self, z: Any) -> Any:
        """The function, with these components moved to `z`, real or complex."""
        moved = self._problem.point.astype(z.dtype)
        moved[self._places] = z
        return self._problem.of_vector(moved)


def _swept(part: _Part, method: Method, grid: Array) -> _Swept:
    try:
        return _Swept(method, np.array(list(_errors(part, method, grid))))
    except WengertError as failure:
        return _Swept(method, np.full(grid.shape, np.nan), failure)


def _errors(part: _Part, method: Method, grid: Array) -> Iterator[float]:
    for h in grid:
        try:
            _, (error,) = numeric.error_against_step(part, part.point, part.exact, [h], method)
        except _NO_VALUE:  # the step leaves the domain of f
            error = np.nan
        yield float(error) / part.size if np.isfinite(error) else np.nan


# --- drawing -------------------------------------------------------------------------------------------------------


def _title(problem: Problem) -> str:
    inputs = problem.tape.list.inputs
    texts = [f"{v.name} = {value_text(problem.tape.value(v), 3)}" for v in inputs[:_MOST_NAMED]]
    more = ", …" if len(inputs) > _MOST_NAMED else ""
    what = "derivative" if problem.point.size == 1 else "gradient"
    return f"Error of the {what} of {problem.name} at {', '.join(texts)}{more}".replace("-", "−")


def _draw(axes: Axes, problem: Problem, exact: Array, grid: Array, swept: Sequence[_Swept]) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    quiet(axes)
    for colour, each in zip(COLOURS, swept, strict=False):
        _draw_method(axes, grid, each, colour)
    _draw_guides(axes, problem, exact, grid, swept)
    axes.axhline(_EPS, color=INK, linewidth=1.6, zorder=1.5, label="automatic differentiation: no step, error about ε")
    is_relative = np.any(exact)
    low, high = axes.get_ylim()
    axes.set_ylim(low, _HEADROOM * high)
    is_part = exact.size > _MOST_MEASURED
    axes.set_xlabel("step h" + is_part * f"\n(for the {_MOST_MEASURED} largest of {exact.size:,} derivatives)")
    axes.set_ylabel("error relative to the derivative" if is_relative else "error")


def _draw_method(axes: Axes, grid: Array, each: _Swept, colour: str) -> None:
    name = _NAMES[each.method]
    if each.failure or each.best is None:
        reason = "does not apply" if each.failure else "no finite value"
        axes.plot([], [], color=colour, marker=_MARKERS[each.method], label=f"{name}: {reason}")
        return
    h, error = grid[each.best], each.errors[each.best]
    label = f"{name}: best {_power(error)} at h = {_power(h)}" if error else f"{name}: error 0 at h = {_power(h)}"
    shown = np.maximum(each.errors, _FLOOR)
    look: dict[str, Any] = {"marker": _MARKERS[each.method], "color": colour}
    axes.plot(grid, shown, markersize=4, linewidth=1.3, label=label, zorder=3, **look)
    is_zero = each.errors == 0
    axes.plot(grid[is_zero], shown[is_zero], linestyle="", markersize=4, markerfacecolor="white", zorder=3.1, **look)
    axes.plot(
        [h], [shown[each.best]], linestyle="", markersize=10, markeredgewidth=1.6, markerfacecolor="none", zorder=4,
        **look,
    )  # fmt: skip


def _draw_guides(axes: Axes, problem: Problem, exact: Array, grid: Array, swept: Sequence[_Swept]) -> None:
    """Lines with the slopes that theory gives: one above forward, one below central differences, one for rounding."""
    for each in swept:
        order = _ORDERS.get(each.method)
        steps = _truncating(grid, each, order) if order else None
        if order and steps is not None:
            lift = _LIFT if order == 1 else 1 / _LIFT
            factor = lift * float(np.median(each.errors[steps] / grid[steps] ** order))
            ends = grid[steps][[-1, 0]]
            _draw_guide(axes, ends, factor * ends**order, "h" if order == 1 else "h²", is_above=order == 1)
    rounded = [each for each in swept if each.method in _ORDERS and each.is_rounded]
    if rounded and problem.value:
        size = np.max(np.abs(exact), initial=0.0) or 1.0
        ends = np.array([max(grid[each.best or 0] for each in rounded) / 10, grid[-1]])
        if ends[0] > 10 * ends[1]:
            _draw_guide(axes, ends, _LIFT * _EPS * abs(float(problem.value)) / size / ends, "ε |f| / h")


def _truncating(grid: Array, each: _Swept, order: int) -> npt.NDArray[np.intp] | None:
    """The places of the steps whose errors go with a power of h; none where they do not, as at a kink."""
    if each.best is None:
        return None
    steps = np.flatnonzero((grid > 10 * grid[each.best]) & (grid <= grid[0] / 3) & (each.errors > 0))
    factors = each.errors[steps] / grid[steps] ** order
    if steps.size < _LEAST_SEEN or np.max(factors) > _SPREAD * np.min(factors):
        return None
    return steps


def _draw_guide(axes: Axes, x: Array, y: Array, text: str, is_above: bool = True) -> None:
    """A line between two points, with its text beside the second one."""
    axes.plot(x, y, color=GREY, linewidth=1.0, linestyle=(0, (4, 3)), scalex=False, zorder=1)
    is_right = x[1] < x[0] or not is_above
    axes.annotate(
        f"∝ {text}", (x[1], y[1]), xytext=(6 if is_right else -6, 3 if is_above else -3), textcoords="offset points",
        color=GREY, fontsize=9, ha="left" if is_right else "right", va="bottom" if is_above else "top",
    )  # fmt: skip


def _power(x: float) -> str:
    """Such as 5.3·10⁻⁹."""
    mantissa, exponent = f"{x:.1e}".split("e")
    power = f"10{superscript(int(exponent))}"
    return power if mantissa == "1.0" else f"{mantissa}·{power}"
