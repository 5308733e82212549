"""Hold the derivatives of a function against an independent computation, and against one another.

`check` takes random directions and compares, in this order: structures, shapes and dtypes; finiteness;
forward mode with numerical differentiation; reverse mode with it; and the two modes by duality,
⟨ȳ, J ẋ⟩ = ⟨Jᵀ ȳ, ẋ⟩. For the second order it compares the derivative of the derivative in all four mixes
of the modes.

The numerical derivative is Richardson's extrapolation, which estimates its own error; where the function is
analytic the complex step takes its place. That a function is analytic is not taken on trust: the complex
step must agree with the extrapolation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wengert import numeric
from wengert.api import jvp, vjp
from wengert.containers import flatten, leaf_names, same_structure
from wengert.errors import ArgumentError, CheckError, DtypeError, ShapeError, WengertError, user_location

__all__ = ["CheckReport", "Comparison", "check"]

Function = Callable[..., Any]
Leaves = list[Any]

_FIRST_STEP = 0.02  # along a direction, which is about as long as the arguments
_COMPLEX_STEP = "complex step"
_REFUSALS = (WengertError, TypeError, ValueError, ArithmeticError, AttributeError)
_TAPE = "wengert.tape(f, *args) lists the primitives that f uses; check them one by one."


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two routes to the same numbers, compared `count` times.

    Attributes
    ----------
    route, reference : str
        What was compared with what.
    error : float
        The worst, relative to the largest number compared; where the derivative is zero but for rounding, relative
        to the largest argument or value.
    """

    route: str
    reference: str
    error: float
    count: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check` compared and how well it agreed; printable.

    Attributes
    ----------
    name : str
        Of the function.
    order : int
        1 or 2.
    rtol : float
        Relative error that would have been accepted.
    comparisons : tuple of Comparison
        One for each pair of routes.
    """

    name: str
    order: int
    rtol: float
    comparisons: tuple[Comparison, ...]

    def __str__(self) -> str:
        rows = [("route", "compared with", "worst error", "times")]
        rows += [(c.route, c.reference, f"{c.error:.1e}", str(c.count)) for c in self.comparisons]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        title = f"{self.name}: derivatives agree to order {self.order} (rtol {self.rtol:.1e})"
        return "\n".join([title, *lines])


def check(
    f: Function,
    *args: Any,
    order: int = 1,
    rtol: float | None = None,
    directions: int = 3,
    step: float = _FIRST_STEP,
    seed: int = 0,
) -> CheckReport:
    """Check the derivatives of `f` against numerical differentiation, and the modes against each other.

    Parameters
    ----------
    f : callable
        Arrays or containers of arrays to arrays or containers of arrays; a pure function.
    *args
        Where to check: floating point or complex, any shapes.
    order : {1, 2}
        2 checks the second derivatives too, in all four mixes of the modes.
    rtol : float, optional
        Accepted relative error; default the square root of the machine epsilon of the coarsest dtype.
    directions : int
        Number of random directions; each is as long as the arguments, element by element.
    step : float
        First and longest step of the numerical differentiation along a direction; shorten it where `f` is
        defined or smooth near the arguments only.
    seed : int
        Of the random directions.

    Returns
    -------
    CheckReport

    Raises
    ------
    CheckError
        (an AssertionError) At the first disagreement: which route, at which element, both numbers, the
        tolerance; for a derivative that is not finite, has a wrong shape or dtype, or cannot be computed; and
        where the numerical derivative is too inaccurate to judge by.
    DtypeError
        For an integer argument.
    ArgumentError
        For an unknown order or no direction.

    Notes
    -----
    Costs some 30 evaluations of `f` per direction for the first order, 50 to 500 for the second. At a kink
    numerical differentiation gives the mean of the slopes on both sides.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> report = wg.check(np.sin, 1.0)
    >>> [(c.route, c.reference) for c in report.comparisons]
    [('forward mode', 'complex step'), ('reverse mode', 'complex step'), ('reverse mode', 'forward mode')]
    """
    if order not in (1, 2) or directions < 1:
        raise ArgumentError(
            f"check got order={order!r} and directions={directions!r}.",
            why="With no direction nothing would be compared.",
            remedy="Use order=1 or order=2, and at least one direction.",
            where=user_location(),
        )
    subject = _Subject(f, args)
    judge = _Judge(subject, math.sqrt(_coarsest([*subject.xs, *subject.ys])) if rtol is None else rtol)
    judge.hold_finite(f"the value of {subject.name}", subject.y_names, subject.ys)
    rng = np.random.default_rng(seed)
    for _ in range(directions):
        numbers = _Numbers(subject, judge, step, rng)
        _check_first_order(subject, judge, numbers)
        if order == 2:
            _check_second_order(subject, judge, numbers)
    return CheckReport(subject.name, order, judge.rtol, tuple(judge.comparisons.values()))


class _Subject:
    """The function under test, as a function of flat lists of arrays."""

    def __init__(self, f: Function, args: tuple[Any, ...]):
        self.f = f
        self.name = str(getattr(f, "__name__", None) or getattr(f, "name", type(f).__name__))
        given, self.rebuild = flatten(args)
        self.xs = [_argument(x, self.name) for x in given]
        self.x_names = [name for k, arg in enumerate(args) for name in leaf_names(f"argument {k}", arg)]
        self.y = f(*self.arguments())
        self.ys, self.y_rebuild = _arrays(self.y), flatten(self.y)[1]
        self.y_names = leaf_names("result", self.y)

    def arguments(self) -> Any:
        """The arguments as the user gave them, in arrays of their own: `f` may write into them."""
        return self.rebuild([np.array(x)[()] for x in self.xs])

    def moved(self, *moves: tuple[Any, Leaves]) -> Any:
        """The arguments in double precision, moved by amounts along directions."""
        xs = [x.astype(np.result_type(x.dtype, np.float64)) for x in self.xs]
        for amount, direction in moves:
            xs = [x + amount * x_dot for x, x_dot in zip(xs, direction, strict=True)]
        return self.rebuild(xs)


class _Numbers:
    """Random directions, and the derivatives along them that are found without the derivative table."""

    def __init__(self, subject: _Subject, judge: _Judge, step: float, rng: np.random.Generator):
        self.subject, self.judge, self.step = subject, judge, step
        self.v, self.w = ([_direction(x, rng) for x in subject.xs] for _ in range(2))
        self.y_bars = [_seed(y, rng) for y in subject.ys]
        smooth = numeric.estimate(self._along_v, 0.0, "richardson", step)
        exact = self._complex_step()
        self.is_analytic = exact is not None and judge.confirms(smooth, exact)
        name = _COMPLEX_STEP if self.is_analytic else "Richardson extrapolation"
        self.first = judge.reference(name, exact if self.is_analytic else smooth.value, smooth.error, step)

    def _along_v(self, s: Any) -> Any:
        return _joined(self.subject.f(*self.subject.moved((s, self.v))))

    def _complex_step(self) -> Any:
        if any(x.dtype.kind == "c" for x in [*self.subject.xs, *self.subject.ys]):
            return None
        try:
            with np.errstate(all="ignore"):
                return numeric.derivative(self._along_v, 0.0, "complex")
        except _REFUSALS:
            return None

    def second(self) -> _Reference:
        """The derivative along w of the derivative along v."""
        slope = self._slope_by_complex_step if self.is_analytic else self._slope_by_forward_mode
        found = numeric.estimate(slope, 0.0, "richardson", self.step)
        return self.judge.reference("differences of first derivatives", found.value, found.error, self.step)

    def _slope_by_complex_step(self, s: Any) -> Any:
        def along_v(r: Any) -> Any:
            return _joined(self.subject.f(*self.subject.moved((s, self.w), (r, self.v))))

        return numeric.derivative(along_v, 0.0, "complex")

    def _slope_by_forward_mode(self, s: Any) -> Any:
        """Not independent of the table, but the first derivative has been checked before."""
        xs = self.subject.moved((s, self.w))
        return _joined(jvp(self.subject.f, xs, self.subject.rebuild(self.v))[1])


# --- the routes ---------------------------------------------------------------------------------------------


def _check_first_order(subject: _Subject, judge: _Judge, numbers: _Numbers) -> None:
    forward, reverse = "forward mode", "reverse mode"
    with _Attempt(forward, subject):
        y, y_dot = jvp(subject.f, subject.arguments(), subject.rebuild(numbers.v))
    judge.hold_value(forward, y)
    judge.hold_types(forward, y_dot, subject.y, subject.y_names, subject.ys)
    y_dots = _arrays(y_dot)
    judge.hold_finite(f"the tangent of {subject.name} by {forward}", subject.y_names, y_dots)
    judge.compare(forward, numbers.first, y_dots)

    with _Attempt(reverse, subject):
        y, pullback = vjp(subject.f, *subject.arguments())
        x_bar = pullback(subject.y_rebuild(numbers.y_bars))
    judge.hold_value(reverse, y)
    judge.hold_types(reverse, x_bar, subject.arguments(), subject.x_names, subject.xs)
    x_bars = _arrays(x_bar)
    judge.hold_finite(f"the cotangent of {subject.name} by {reverse}", subject.x_names, x_bars)
    judge.compare_cotangent(reverse, numbers, x_bars)
    exact = judge.exact(forward, y_dots)
    judge.compare_product(reverse, exact, numbers.y_bars, _inner(x_bars, numbers.v))


def _check_second_order(subject: _Subject, judge: _Judge, numbers: _Numbers) -> None:
    xs, v, w = subject.arguments(), subject.rebuild(numbers.v), subject.rebuild(numbers.w)
    y_bar = subject.y_rebuild(numbers.y_bars)

    def tangent(*args: Any) -> Any:
        return jvp(subject.f, args, v)[1]

    def cotangent(*args: Any) -> Any:
        return vjp(subject.f, *args)[1](y_bar)

    reference = numbers.second()
    with _Attempt("forward over forward mode", subject) as route:
        y_ddot = jvp(tangent, xs, w)[1]
    judge.hold_types(route, y_ddot, subject.y, subject.y_names, subject.ys)
    judge.hold_finite(f"the second tangent of {subject.name} by {route}", subject.y_names, _arrays(y_ddot))
    judge.compare(route, reference, _arrays(y_ddot))
    for name, function, seed, direction in (
        ("reverse over forward mode", tangent, y_bar, numbers.w),
        ("reverse over reverse mode", cotangent, v, numbers.w),
    ):
        with _Attempt(name, subject) as route:
            found = vjp(function, *xs)[1](seed)
        judge.compare_product(route, reference, numbers.y_bars, _inner(_arrays(found), direction))
    with _Attempt("forward over reverse mode", subject) as route:
        found = jvp(cotangent, xs, w)[1]
    judge.compare_product(route, reference, numbers.y_bars, _inner(_arrays(found), numbers.v))


class _Attempt:
    """A block whose exceptions mean that a derivative cannot be computed although the function can."""

    def __init__(self, route: str, subject: _Subject):
        self.route, self.name = route, subject.name

    def __enter__(self) -> str:
        return self.route

    def __exit__(self, _kind: Any, error: BaseException | None, _traceback: Any) -> None:
        refused = isinstance(error, WengertError) and not isinstance(error, ShapeError)
        if isinstance(error, Exception) and not refused:
            raise CheckError(
                f"{self.route} of {self.name} raised {type(error).__name__}: {error}.",
                why="The plain call succeeds, so a derivative rule fails, for instance by a wrong shape.",
                remedy="The traceback of that exception names the rule.",
                where=user_location(),
            ) from error


# --- judging ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reference:
    """A derivative to compare with: leaves like the result, and the error to expect of each element."""

    name: str
    leaves: Leaves
    errors: Leaves


class _Judge:
    """Compares numbers, raises at the first disagreement, and notes how well the others agreed."""

    def __init__(self, subject: _Subject, rtol: float):
        self.subject, self.rtol = subject, rtol
        self.comparisons: dict[tuple[str, str], Comparison] = {}

    # What can be said before any number is compared.

    def hold_types(
        self, route: str, tree: Any, like: Any, names: Sequence[str], leaves: Leaves, what: str = "derivative"
    ) -> None:
        """Structure, shapes and dtypes."""
        what = f"the {what} of {self.subject.name} by {route}"
        if not same_structure(tree, like):
            raise _disagreement(
                f"{what} has another structure than the value it belongs to.",
                "A value and its derivative are containers of one structure.",
            )
        for name, found, expected in zip(names, _arrays(tree), leaves, strict=True):
            dtype = expected.dtype if expected.dtype.kind in "fc" else found.dtype
            if (found.shape, found.dtype) != (expected.shape, dtype):
                raise _disagreement(
                    f"{what} has shape {found.shape} and dtype {found.dtype} at {name}, but "
                    f"shape {expected.shape} and dtype {dtype} are expected.",
                    "A value and its derivative have one shape and dtype.",
                )

    def hold_finite(self, what: str, names: Sequence[str], leaves: Leaves) -> None:
        """No nan, no infinity; nothing is replaced by a number."""
        for name, leaf in zip(names, leaves, strict=True):
            lost = ~np.isfinite(leaf)
            if np.any(lost):
                place = _first(lost)
                raise _disagreement(
                    f"{what} is {np.asarray(leaf)[place]} at {_place(name, place)}, where a finite number is "
                    f"expected (tolerance {self.rtol:.1e}).",
                    "What is not finite cannot be compared.",
                    "Check at other arguments if the function has no derivative at these.",
                )

    def hold_value(self, route: str, y: Any) -> None:
        """The value that comes along with a derivative is that of the plain call."""
        subject = self.subject
        self.hold_types(route, y, subject.y, subject.y_names, subject.ys, "value")
        for name, found, expected in zip(subject.y_names, _arrays(y), subject.ys, strict=True):
            numbers = expected * 1.0  # a bool becomes a number
            tolerance = np.full(numbers.shape, self.rtol * np.max(np.abs(numbers), initial=0))
            self._hold(route, "the plain call", name, found, numbers, tolerance)

    def confirms(self, smooth: numeric.Estimate, exact: Any) -> bool:
        """Whether the extrapolation agrees with the complex step, so that this one can be trusted."""
        tolerance = self.rtol * np.max(np.abs(smooth.value), initial=0) + 100 * smooth.error
        return bool(np.all(np.abs(exact - smooth.value) <= tolerance))

    def reference(self, name: str, value: Any, error: Any, step: float) -> _Reference:
        """Split a numerical derivative into leaves; refuse one that is too inaccurate to judge by."""
        subject = self.subject
        # The estimated error knows the rounding of the result, not that of larger numbers that cancelled in it.
        cancelled = self.rounding(value, np.finfo(value.dtype).eps) / step
        doubtful = ~(np.isfinite(value) & (error <= max(self.rtol * _size([*subject.ys, value]), cancelled)))
        error = error + cancelled
        split = np.cumsum([y.size for y in subject.ys])[:-1]
        leaves, errors, doubts = (
            [part.reshape(y.shape) for part, y in zip(np.split(a, split), subject.ys, strict=True)]
            for a in (value, error, doubtful)
        )
        for name_of_y, leaf, e, doubt in zip(subject.y_names, leaves, errors, doubts, strict=True):
            if np.any(doubt):
                place = _first(doubt)
                raise _disagreement(
                    f"the derivative of {subject.name} cannot be judged: {name} gives {leaf[place]:.6g} ± "
                    f"{e[place]:.1g} at {_place(name_of_y, place)}.",
                    "There the function has a jump, varies within the steps, or is not defined all around.",
                    "Pass a shorter step=, or other arguments.",
                )
        return _Reference(name, leaves, errors)

    def exact(self, name: str, leaves: Leaves) -> _Reference:
        """A derivative that has no error but rounding."""
        eps = _coarsest([*self.subject.xs, *self.subject.ys])
        return _Reference(name, leaves, [np.full(np.shape(y), self.rounding(y, eps)) for y in leaves])

    def rounding(self, derivative: Any, eps: Any) -> float:
        """What may be left of numbers as large as those of the problem when they cancel."""
        return float(10 * eps * _size([*self.subject.xs, *self.subject.ys, derivative]))

    # Comparing.

    def compare(self, route: str, reference: _Reference, found: Leaves) -> None:
        """A tangent with its reference, element by element."""
        rows = zip(self.subject.y_names, found, reference.leaves, reference.errors, strict=True)
        for name, got, expected, error in rows:
            if expected.size:
                largest = np.max(np.abs(expected))
                tolerance = self.rtol * (np.abs(expected) + largest) + 10 * error
                worst = self._hold(route, reference.name, name, got, expected, tolerance)
                self._note(route, reference.name, worst, largest)

    def compare_product(self, route: str, reference: _Reference, y_bars: Leaves, got: float) -> None:
        """⟨Jᵀȳ, ẋ⟩ with ⟨ȳ, J ẋ⟩, where J ẋ is the reference."""
        expected, tolerance, magnitude = self._product(reference, y_bars)
        found = (np.asarray(a) for a in (got, expected, tolerance))
        worst = self._hold(route, reference.name, "⟨ȳ, J ẋ⟩", *found)
        self._note(route, reference.name, worst, magnitude)

    def compare_cotangent(self, route: str, numbers: _Numbers, x_bars: Leaves) -> None:
        """The same, and on disagreement the worst element of the cotangent by central differences."""
        got = _inner(x_bars, numbers.v)
        expected, tolerance, _ = self._product(numbers.first, numbers.y_bars)
        if not abs(got - expected) <= tolerance:
            differences = _cotangent_by_differences(self.subject, numbers.y_bars)
            rows = zip(self.subject.x_names, x_bars, differences, strict=True)
            for name, x_bar, by_differences in sorted(rows, key=_distance, reverse=True):
                bounds = np.full(x_bar.shape, tolerance)
                self._hold(route, "central differences", name, x_bar, by_differences, bounds)
        self.compare_product(route, numbers.first, numbers.y_bars, got)

    def _product(self, reference: _Reference, y_bars: Leaves) -> tuple[float, float, float]:
        sizes = [np.abs(ct) for ct in y_bars]
        magnitude = _inner(sizes, [np.abs(t) for t in reference.leaves])
        tolerance = self.rtol * magnitude + 10 * _inner(sizes, reference.errors)
        return _inner(y_bars, reference.leaves), tolerance, magnitude

    def _hold(self, route: str, reference: str, name: str, got: Any, expected: Any, tolerance: Any) -> float:
        """Raise where `got` is further than `tolerance` from `expected`; else give the largest distance."""
        error = np.abs(got - expected)
        wrong = ~(error <= tolerance)
        if np.any(wrong):
            place = _largest(np.where(wrong, error, -1.0))
            raise _disagreement(
                f"{self.subject.name}: {route} disagrees with {reference} at {_place(name, place)}: "
                f"{np.asarray(got)[place]:.10g} against {np.asarray(expected)[place]:.10g} "
                f"(difference {error[place]:.2g}, tolerance {tolerance[place]:.2g}).",
                "A derivative rule is wrong in this mode, or the function is not pure.",
            )
        return float(np.max(error, initial=0))

    def _note(self, route: str, reference: str, error: float, largest: float) -> None:
        size = _size([*self.subject.xs, *self.subject.ys])
        scale = largest if largest > self.rtol * size else size or 1.0
        old = self.comparisons.get((route, reference), Comparison(route, reference, 0.0, 0))
        new = Comparison(route, reference, max(old.error, error / scale), old.count + 1)
        self.comparisons[route, reference] = new


def _disagreement(what: str, why: str, remedy: str = _TAPE) -> CheckError:
    return CheckError(what, why=why, remedy=remedy, where=user_location())


def _cotangent_by_differences(subject: _Subject, y_bars: Leaves) -> Leaves:
    """Every element of Jᵀȳ by central differences; a complex one as ∂/∂Re + i ∂/∂Im."""
    wide = [np.asarray(x, np.result_type(x.dtype, np.float64)) for x in subject.xs]
    parts = [np.ravel(x).view(np.float64) for x in wide]
    split = np.cumsum([part.size for part in parts])[:-1]

    def together(z: Any) -> Leaves:
        return [a.view(x.dtype).reshape(x.shape)[()] for a, x in zip(np.split(z, split), wide, strict=True)]

    def product(z: Any) -> float:
        return _inner(y_bars, _arrays(subject.f(*subject.rebuild(together(z)))))

    return together(numeric.gradient(product, np.concatenate(parts)))


# --- arrays -------------------------------------------------------------------------------------------------


def _argument(x: Any, name: str) -> Any:
    array = np.asarray(x)[()]
    if array.dtype.kind not in "fc":
        raise DtypeError(
            f"check of {name} got an argument of dtype {array.dtype}: {x!r:.60}.",
            why="Only floating point and complex values have derivatives.",
            remedy="Write 2.0 for 2; or fix the argument in a function of the others.",
            where=user_location(),
        )
    return array


def _coarsest(leaves: Leaves) -> float:
    """The largest machine epsilon."""
    return max(float(np.finfo(x.dtype).eps) for x in leaves if x.dtype.kind in "fc")


def _direction(x: Any, rng: np.random.Generator) -> Any:
    """A random direction of the dtype of x, each element about as long as that of x (1 where that is 0)."""
    normal = rng.standard_normal(x.shape)
    if x.dtype.kind == "c":
        normal = (normal + 1j * rng.standard_normal(x.shape)) / np.sqrt(2)
    return (normal * np.where(x == 0, 1, np.abs(x))).astype(x.dtype)[()]


def _seed(y: Any, rng: np.random.Generator) -> Any:
    """A random cotangent for y: zero where y is an integer, which has no derivative."""
    return _direction(np.ones_like(y), rng) if y.dtype.kind in "fc" else np.zeros(y.shape)[()]


def _arrays(tree: Any) -> Leaves:
    """The leaves of a container as arrays and NumPy scalars."""
    return [np.asarray(leaf)[()] for leaf in flatten(tree)[0]]


def _joined(tree: Any) -> Any:
    """All numbers of a container as one vector of floating point or complex numbers."""
    return np.concatenate([np.ravel(leaf) * 1.0 for leaf in _arrays(tree)])


def _inner(a: Leaves, b: Leaves) -> float:
    """The real inner product Re Σ conj(a) b in double precision, which belongs to our complex gradients."""
    wide = [(np.asarray(x, np.complex128), np.asarray(y, np.complex128)) for x, y in zip(a, b, strict=True)]
    return float(sum(np.real(np.vdot(x, y)) for x, y in wide))


def _distance(row: tuple[str, Any, Any]) -> float:
    return float(np.max(np.abs(row[1] - row[2]), initial=0))


def _size(leaves: Leaves) -> float:
    """The largest absolute value."""
    return max((float(np.max(np.abs(leaf), initial=0)) for leaf in leaves), default=0.0)


def _largest(values: Any) -> tuple[Any, ...]:
    return np.unravel_index(int(np.argmax(values)), values.shape)


def _first(mask: Any) -> tuple[Any, ...]:
    return _largest(mask)


def _place(name: str, place: tuple[Any, ...]) -> str:
    return f"{name}[{', '.join(str(int(k)) for k in place)}]" if place else name
