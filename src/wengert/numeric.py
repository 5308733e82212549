"""Numerical differentiation: the derivative from values of f at neighbouring points.

========== ======================= ============== ==================================================
method     formula                 calls of f     error at the best step
========== ======================= ============== ==================================================
forward    (f(x+h) - f(x)) / h     n + 1          half of the digits, h about eps^(1/2) |x|
central    (f(x+h) - f(x-h)) / 2h  2 n            two thirds of them, h about eps^(1/3) |x|
richardson central, h -> 0         10 n to 32 n   nearly all of them, with an error estimate
complex    Im f(x+ih) / h          n              all of them, but f must be analytic
========== ======================= ============== ==================================================

f is called with plain NumPy values (a NumPy scalar where x is a number, else an array), once for each
step of each of the n components of x; nothing here knows of the derivative table.

Because f is evaluated beside x, a Python number or an integer array is converted to float64: there are
no neighbouring integers to speak of. Any floating dtype is kept, and its own precision sets the step.

At a kink the central methods return the mean of the slopes on both sides, the forward method the
slope on the right. Where f varies on a scale other than that of x, give ``step``.

Sources: W. H. Press, S. A. Teukolsky, W. T. Vetterling and B. P. Flannery (2007), Numerical Recipes,
3rd edition, for the steps; C. J. F. Ridders (1982), Accurate computation of F'(x) and F'(x) F''(x),
Advances in Engineering Software 4, 75-76; W. Squire and G. Trapp (1998), Using complex variables to
estimate derivatives of real functions, SIAM Review 40, 110-112.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from wengert.errors import (
    ArgumentError,
    DtypeError,
    LostDerivativeError,
    ShapeError,
    WengertError,
    user_location,
)

__all__ = ["Estimate", "Method", "derivative", "error_against_step", "estimate", "gradient", "jacobian"]

Array: TypeAlias = npt.NDArray[Any]
Method: TypeAlias = Literal["forward", "central", "richardson", "complex"]

_ROWS = 16  # of Ridders' table: the step shrinks by 2^15
_PATIENCE = 3  # rows without improvement after which the table ends


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """A derivative found numerically, and what it cost.

    Attributes
    ----------
    value : scalar or ndarray, floating
        The derivative, of shape ``f(x).shape + x.shape``.
    error : scalar or ndarray, floating
        Estimated absolute error of each entry, of the shape of ``value``. From the extrapolation for
        "richardson"; otherwise the size of rounding and truncation to expect of a function that
        varies on the scale of x, so an order of magnitude and no bound.
    evaluations : int
        Calls of f.
    step : scalar or ndarray, floating
        The step of each component, of shape ``x.shape``; for "richardson" the first, longest one.
    """

    value: Any
    error: Any
    evaluations: int
    step: Any


def derivative(f: Callable[..., Any], x: Any, method: Method = "central", step: Any = None) -> Any:
    """Differentiate a function of one number: df/dx.

    Parameters
    ----------
    f : callable
        Takes a NumPy scalar, returns a number or an array.
    x : number
        Where to differentiate; floating, or an integer that is converted to float64.
    method : {"central", "forward", "richardson", "complex"}
        See the table at the top of this module.
    step : float, optional
        Absolute step h > 0; for "richardson" the first one. Scaled to ``|x|`` by default.

    Returns
    -------
    scalar or ndarray, floating
        Of the shape of ``f(x)``.

    Raises
    ------
    ShapeError
        If x is an array.
    ArgumentError, DtypeError, LostDerivativeError
        As `jacobian` does.

    Examples
    --------
    >>> round(float(derivative(np.sin, 0.0, "richardson")), 12)
    1.0
    """
    point = _point(x)
    if point.ndim:
        raise ShapeError(
            f"derivative needs a number x, but x has shape {point.shape}.",
            why="The derivative by an array has an entry for each component.",
            remedy="Use gradient or jacobian.",
            where=user_location(),
        )
    return _estimate(_Counted(f), point, method, step).value


def gradient(f: Callable[..., Any], x: Any, method: Method = "central", step: Any = None) -> Any:
    """Differentiate a function with a scalar result: (grad f)_j = df/dx_j.

    Parameters
    ----------
    f : callable
        Takes an array of x's shape, returns a scalar.
    x : array_like
        Where to differentiate, of any shape; floating, or integers converted to float64.
    method : {"central", "forward", "richardson", "complex"}
        See the table at the top of this module.
    step : float or array_like, optional
        Absolute step of each component, broadcast to x's shape. Scaled to ``|x|`` by default.

    Returns
    -------
    ndarray, floating
        Of x's shape.

    Raises
    ------
    ShapeError
        If f returns anything but a scalar.
    ArgumentError, DtypeError, LostDerivativeError
        As `jacobian` does.

    Examples
    --------
    >>> gradient(np.prod, np.array([2.0, 5.0]), method="complex")
    array([5., 2.])
    """
    return _estimate(_Counted(f, scalar=True), x, method, step).value


def jacobian(f: Callable[..., Any], x: Any, method: Method = "central", step: Any = None) -> Any:
    """Differentiate every entry of f by every entry of x: J_ij = df_i/dx_j.

    Parameters
    ----------
    f : callable
        Takes an array of x's shape, returns an array of any shape.
    x : array_like
        Where to differentiate, of any shape; floating, or integers converted to float64.
    method : {"central", "forward", "richardson", "complex"}
        See the table at the top of this module.
    step : float or array_like, optional
        Absolute step of each component, broadcast to x's shape. Scaled to ``|x|`` by default.

    Returns
    -------
    ndarray, floating
        Of shape ``f(x).shape + x.shape``.

    Raises
    ------
    ArgumentError
        If the method is unknown, x is not finite, or a step is not positive or vanishes beside x.
    DtypeError
        If x or the result of f is not made of numbers that have a derivative.
    ShapeError
        If the step does not fit x, or f changes the shape of its result.
    LostDerivativeError
        If the complex step meets a function that drops the imaginary part.

    Examples
    --------
    >>> jacobian(np.cumsum, np.array([1.0, 2.0]), method="complex")
    array([[1., 0.],
           [1., 1.]])
    """
    return _estimate(_Counted(f), x, method, step).value


def estimate(f: Callable[..., Any], x: Any, method: Method = "central", step: Any = None) -> Estimate:
    """Find the derivative with its error and its cost; parameters and errors as for `jacobian`.

    Returns
    -------
    Estimate
        Value, error, evaluations of f and step.

    Examples
    --------
    >>> estimate(np.exp, 1.0, method="forward").evaluations
    2
    """
    return _estimate(_Counted(f), x, method, step)


def error_against_step(
    f: Callable[..., Any], x: Any, reference: Any, steps: Any = None, method: Method = "forward"
) -> tuple[Array, Array]:
    """Measure how the error moves with h: truncation on the long side, rounding on the short one.

    Parameters
    ----------
    f : callable
        Takes an array of x's shape, returns an array.
    x : array_like
        Where to differentiate, of any shape.
    reference : array_like
        The derivative to compare with, of shape ``f(x).shape + x.shape``.
    steps : array_like, optional
        Absolute steps, of shape (k,); each is used for every component. By default 16 powers of ten
        from a tenth of the largest component down.
    method : {"forward", "central", "richardson", "complex"}
        See the table at the top of this module.

    Returns
    -------
    steps, errors : ndarray, floating
        Both of shape (k,); an error is the largest over all entries. It is that of a derivative of
        zero where the step vanishes beside x, and nan where a step leaves the domain of f.

    Raises
    ------
    ShapeError
        If ``steps`` has not one axis, or the reference not the shape of the derivative.
    ArgumentError, DtypeError, LostDerivativeError
        As `jacobian` does.

    Examples
    --------
    >>> steps, errors = error_against_step(np.square, 1.0, 2.0, steps=[0.5, 0.25])
    >>> errors
    array([0.5 , 0.25])
    """
    steps = _default_sweep(_point(x)) if steps is None else np.asarray(steps)
    if steps.ndim != 1:
        raise ShapeError(
            f"error_against_step needs steps with one axis, but they have shape {steps.shape}.",
            why="Every step is tried on all components of x at once.",
            remedy="Give steps as a list of numbers, as in steps=[1e-2, 1e-4].",
            where=user_location(),
        )
    with np.errstate(all="ignore"):
        found = (_estimate(_Counted(f), x, method, h, vanishing=True) for h in steps)
        return steps, np.array([_largest_error(each, reference) for each in found])


class _Counted:
    """The user's f: counts its calls and holds each result to be numbers of one unchanging shape."""

    def __init__(self, f: Callable[..., Any], scalar: bool = False) -> None:
        self.f, self.scalar = f, scalar
        name = getattr(f, "__name__", "f")
        self.name: str = "f" if name == "<lambda>" else name
        self.calls = 0
        self.shape: tuple[int, ...] | None = None

    def __call__(self, x: Array) -> Array:
        """Evaluate f at x, which f may overwrite; the result is a copy."""
        self.calls += 1
        y = self._numbers(self.f(x[()]))
        self._hold_shape(y.shape)
        return y

    def _numbers(self, result: Any) -> Array:
        try:
            y = np.array(result)
        except ValueError as error:
            raise self._no_numbers("rows of different lengths") from error
        if y.dtype.kind not in "iufc":
            raise self._no_numbers(f"dtype {y.dtype}")
        return y if y.dtype.kind in "fc" else y.astype(np.float64)

    def _no_numbers(self, got: str) -> DtypeError:
        return DtypeError(
            f"Numerical differentiation needs numbers, but {self.name} returned {got}.",
            why="Only numbers have differences to divide by a step.",
            remedy="Return a number or an array of numbers.",
            where=user_location(),
        )

    def _hold_shape(self, shape: tuple[int, ...]) -> None:
        if self.scalar and shape:
            raise ShapeError(
                f"gradient needs a scalar result, but {self.name} returned shape {shape}.",
                why="Each component of the result has a gradient of its own.",
                remedy="Use jacobian, or reduce the result, as with sum.",
                where=user_location(),
            )
        if self.shape is not None and shape != self.shape:
            raise ShapeError(
                f"{self.name} returned shape {self.shape} at one point and {shape} at another.",
                why="Results of different shapes have no difference.",
                remedy="Make the shape of the result independent of the values of x.",
                where=user_location(),
            )
        self.shape = shape


# A column of the Jacobian and its expected error, both of the shape of f(x).
_Column: TypeAlias = tuple[Array, Array]


@dataclass(frozen=True, slots=True)
class _Rule:
    """A method: how to find the columns, and its step, which is scale * eps**exponent."""

    columns: Callable[[_Counted, Array, Array, Array], Iterator[_Column]]
    exponent: float
    real: bool = True


def _estimate(f: _Counted, x: Any, method: str, step: Any, vanishing: bool = False) -> Estimate:
    rule, point = _rule(method), _point(x)
    scale = _scale(point)
    h = _steps(point, step, scale, rule, vanishing)
    columns = list(rule.columns(f, point, h, scale))
    if not columns:  # x has no components
        shape = f(point).shape + point.shape
        return Estimate(np.zeros(shape, point.dtype), np.zeros(shape, point.dtype), f.calls, h)
    values, errors = (np.stack(part, axis=-1) for part in zip(*columns, strict=True))
    shape = values.shape[:-1] + point.shape
    return Estimate(values.reshape(shape)[()], errors.reshape(shape)[()], f.calls, h[()])


def _rule(method: str) -> _Rule:
    if method not in _RULES:
        raise ArgumentError(
            f"Unknown method {method!r}.",
            why=f"Known are {', '.join(map(repr, _RULES))}.",
            remedy="Use 'central' if in doubt, 'complex' for analytic functions.",
            where=user_location(),
        )
    return _RULES[method]


def _point(x: Any) -> Array:
    """Copy x to a floating array."""
    try:
        point = np.array(x)
    except ValueError as error:
        raise ShapeError(
            f"x is not an array: {error}",
            why="Every component of x is moved in turn.",
            remedy="Pass rows of one length.",
            where=user_location(),
        ) from error
    if point.dtype.kind not in "iuf":
        raise DtypeError(
            f"Numerical differentiation needs real numbers, but x has dtype {point.dtype}.",
            why="f is evaluated at x plus a small real step.",
            remedy="Pass x as floating-point numbers.",
            where=user_location(),
        )
    if not np.all(np.isfinite(point)):
        raise ArgumentError(
            f"Cannot differentiate at x = {_listed(point)}.",
            why="A point that is not finite has no neighbours.",
            remedy="Pass finite values.",
            where=user_location(),
        )
    return point if point.dtype.kind == "f" else point.astype(np.float64)


def _listed(values: Array) -> str:
    return np.array2string(values, threshold=6, separator=", ")


def _scale(x: Array) -> Array:
    """Take ``|x|`` as the scale on which f varies, and 1 where x is zero or but the noise of one."""
    magnitude = np.abs(x)
    return np.where(magnitude > np.finfo(x.dtype).eps, magnitude, x.dtype.type(1))


def _steps(x: Array, step: Any, scale: Array, rule: _Rule, vanishing: bool) -> Array:
    if step is None:
        return _made_exact(x, scale * np.finfo(x.dtype).eps ** x.dtype.type(rule.exponent), rule)
    nominal = _given_steps(x, step)
    exact = _made_exact(x, nominal, rule)
    if vanishing:
        # A sweep over steps shows what happens there: the difference is zero, its quotient too.
        return np.where(exact == 0, nominal, exact)
    if not np.all(exact):
        raise ArgumentError(
            f"The step {_listed(nominal)} vanishes beside x = {_listed(x)}.",
            why=f"x + step rounds to x in {x.dtype}.",
            remedy="Use a longer step, or method='complex'.",
            where=user_location(),
        )
    return exact


def _made_exact(x: Array, h: Array, rule: _Rule) -> Array:
    """Round h so that x and x + h differ by exactly h (Press et al., 2007)."""
    if rule.real:
        return np.asarray((x + h) - x)
    return np.exp2(np.round(np.log2(h)))  # dividing by a power of two is exact


def _given_steps(x: Array, step: Any) -> Array:
    given = np.asarray(step)
    if given.dtype.kind not in "iuf" or not np.all((given > 0) & np.isfinite(given)):
        raise ArgumentError(
            f"The step must be positive and finite, but is {step!r}.",
            why="It is the distance to a neighbouring point.",
            remedy="Leave it out to have it chosen from x.",
            where=user_location(),
        )
    try:
        return np.broadcast_to(given, x.shape).astype(x.dtype)
    except ValueError as error:
        raise ShapeError(
            f"A step of shape {given.shape} does not fit x of shape {x.shape}.",
            why="Each component of x has one step.",
            remedy="Pass one number, or an array of x's shape.",
            where=user_location(),
        ) from error


def _moved(x: Array, component: int, by: Any) -> Array:
    """Copy x with one component, counted in C order, moved."""
    moved = x.copy()
    moved.flat[component] += by
    return moved


def _forward(f: _Counted, x: Array, h: Array, scale: Array) -> Iterator[_Column]:
    if not x.size:
        return
    base = f(x.copy())
    for j, (h_j, scale_j) in enumerate(zip(h.flat, scale.flat, strict=True)):
        slope = (f(_moved(x, j, h_j)) - base) / h_j
        truncation = h_j / scale_j / 2
        yield slope, _expected_error(slope, base, h_j, scale_j, truncation)


def _central(f: _Counted, x: Array, h: Array, scale: Array) -> Iterator[_Column]:
    for j, (h_j, scale_j) in enumerate(zip(h.flat, scale.flat, strict=True)):
        slope, size = _central_slope(f, x, j, h_j)
        truncation = (h_j / scale_j) ** 2 / 6
        yield slope, _expected_error(slope, size, h_j, scale_j, truncation)


def _central_slope(f: _Counted, x: Array, component: int, h: Any) -> tuple[Array, Array]:
    """Return the central difference, and a value of f for its size."""
    above, below = _moved(x, component, h), _moved(x, component, -h)
    # The true distance, since x - h may round; 2 h where both round to x, for a quotient of zero.
    distance = above.flat[component] - below.flat[component] or 2 * h
    upper, lower = f(above), f(below)
    return (upper - lower) / distance, upper


def _expected_error(slope: Array, size: Array, h: Any, scale: Any, truncation: Any = 0) -> Array:
    """Add rounding, of a value of f over h, to truncation; both for an f that varies on the scale of x."""
    rounding = _precision(size) * scale / h
    return np.asarray(_magnitude(slope, size, scale) * (rounding + truncation))


def _magnitude(slope: Array, size: Array, scale: Any) -> Array:
    return np.asarray(np.abs(size) / scale + np.abs(slope))


def _precision(y: Array) -> Any:
    return np.finfo(y.dtype).eps


def _complex(f: _Counted, x: Array, h: Array, scale: Array) -> Iterator[_Column]:
    for j, (h_j, scale_j) in enumerate(zip(h.flat, scale.flat, strict=True)):
        z = x.astype(np.result_type(x.dtype, np.complex64))
        z.imag.flat[j] = h_j
        y = _analytic_result(f, z)
        slope = y.imag / h_j
        truncation = _magnitude(slope, y.real, scale_j) * (h_j / scale_j) ** 2 / 6
        yield slope, np.asarray(np.abs(slope) * _precision(slope) + truncation)


def _analytic_result(f: _Counted, z: Array) -> Array:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            y = f(z)
    except WengertError:
        raise
    except (TypeError, np.exceptions.ComplexWarning) as error:
        raise _not_analytic(f, f"raised {type(error).__name__}: {error}") from error
    if y.dtype.kind != "c":
        raise _not_analytic(f, f"returned {y.dtype}")
    return y


def _not_analytic(f: _Counted, got: str) -> LostDerivativeError:
    return LostDerivativeError(
        f"The complex step needs f to be analytic and to accept complex input, but {f.name} {got}.",
        why="The derivative is carried by the imaginary part, which abs, real, conj, float and math drop.",
        remedy="Use method='central'.",
        where=user_location(),
    )


def _richardson(f: _Counted, x: Array, h: Array, scale: Array) -> Iterator[_Column]:
    # The first steps are long and may leave the domain of f; the table passes over what is not finite.
    with np.errstate(all="ignore"):
        for j, (h_j, scale_j) in enumerate(zip(h.flat, scale.flat, strict=True)):
            yield _ridders(f, x, j, h_j, scale_j)


def _ridders(f: _Counted, x: Array, component: int, h: Any, scale: Any) -> _Column:
    """Extrapolate central differences to h = 0 in a table, entry by entry of f (Ridders, 1982).

    Each row halves the step; column k of the table has lost the error terms in h^2 to h^(2k). The best
    entry of the whole table is taken, and the table ends when three rows brought nothing better.
    """
    slope, size = _central_slope(f, x, component, h)
    row = [slope]
    best, best_error = slope, np.full(slope.shape, np.inf)
    idle = 0
    for k in range(1, _ROWS):
        slope, size = _central_slope(f, x, component, h / 2**k)
        above, row = row, _extrapolated(slope, row)
        rounding = _expected_error(slope, size, h / 2**k, scale)
        idle = idle + 1 if np.all(np.isfinite(best_error)) else 0
        for value, error in _candidates(row, above, rounding):
            better = error < best_error
            best, best_error = np.where(better, value, best), np.where(better, error, best_error)
            idle = 0 if np.any(better) else idle
        if idle == _PATIENCE:
            break
    return best, best_error


def _extrapolated(slope: Array, above: list[Array]) -> list[Array]:
    """Return the row of the table that starts with this slope, below the given one."""
    row = [slope]
    for k, older in enumerate(above, start=1):
        row.append(row[-1] + (row[-1] - older) / (4**k - 1))
    return row


def _candidates(row: list[Array], above: list[Array], rounding: Array) -> Iterator[_Column]:
    """Pair each extrapolated entry with its distance to the two it was made of, or rounding if larger."""
    for left, upper, value in zip(row, above, row[1:], strict=False):
        disagreement = np.maximum(np.abs(value - left), np.abs(value - upper))
        yield value, np.maximum(disagreement, rounding)


def _default_sweep(x: Array) -> Array:
    largest = np.max(_scale(x), initial=0) or 1
    return np.asarray(10.0 ** (np.floor(np.log10(largest)) - np.arange(1, 17)))


def _largest_error(found: Estimate, reference: Any) -> Any:
    if np.shape(reference) != np.shape(found.value):
        raise ShapeError(
            f"The reference has shape {np.shape(reference)}, the derivative {np.shape(found.value)}.",
            why="They are compared entry by entry.",
            remedy="Give a reference of shape f(x).shape + x.shape.",
            where=user_location(),
        )
    return np.max(np.abs(found.value - reference), initial=0)


# The exponents balance truncation against rounding, eps^(1/(p+1)) for an error of order p. Richardson
# starts where an order of about 14 would; the complex step has no rounding to balance and comes near
# the 1e-20 of Squire and Trapp in double precision.
_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        "forward": _Rule(_forward, 1 / 2),
        "central": _Rule(_central, 1 / 3),
        "richardson": _Rule(_richardson, 1 / 15),
        "complex": _Rule(_complex, 5 / 4, real=False),
    }
)
