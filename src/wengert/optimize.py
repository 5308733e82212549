"""SciPy's `minimize`, `least_squares` and `curve_fit` with exact derivatives, and plain gradient descent.

SciPy works on one vector of numbers. `_Parameters` turns arrays and containers into that vector and back; on
it the transforms of `api` give each solver the derivatives that it takes. The results are SciPy's own.
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import scipy.optimize
from scipy.optimize import BFGS, NonlinearConstraint, OptimizeResult
from scipy.sparse.linalg import LinearOperator

from wengert.api import hvp, value_and_grad, vjp
from wengert.containers import flatten
from wengert.errors import ArgumentError, DtypeError, ShapeError, user_location
from wengert.jacobians import hessian, jacobian

__all__ = ["curve_fit", "gradient_descent", "least_squares", "minimize"]

Function = Callable[..., Any]

# What SciPy's methods take, from the table in the documentation of scipy.optimize.minimize.
_DERIVATIVE_FREE = frozenset({"nelder-mead", "powell", "cobyla", "cobyqa"})
_TAKES_HESSIAN = frozenset({"dogleg", "trust-exact"})
_TAKES_PRODUCT = frozenset({"newton-cg", "trust-ncg", "trust-krylov", "trust-constr"})


# --- parameters and results ---------------------------------------------------------------------------------


def _name(f: Function) -> str:
    return getattr(f, "__name__", type(f).__name__)


class _Parameters:
    """The start `x0` as one vector of shape (n,), float64, and the way back to its structure."""

    def __init__(self, x0: Any, solver: str):
        is_vector = type(x0) in (list, tuple) and all(isinstance(x, (int, float, np.number)) for x in x0)
        leaves, self._rebuild = flatten(np.asarray(x0, float) if is_vector else x0)
        arrays = [_real_array(leaf, solver) for leaf in leaves]
        self._shapes = [array.shape for array in arrays]
        self._is_vector = is_vector or (isinstance(x0, np.ndarray) and x0.ndim == 1)
        self.x0 = np.concatenate([array.ravel() for array in arrays]) if arrays else np.zeros(0)

    def __call__(self, x: Any) -> Any:
        """The numbers of the vector `x`, an array or a value, in the structure of the start."""
        if self._is_vector:
            return x
        leaves, start = [], 0
        for shape in self._shapes:
            stop = start + math.prod(shape)
            leaves.append(x[start:stop].reshape(shape) if shape else x[start])
            start = stop
        return self._rebuild(leaves)

    def complete(self, result: Any) -> Any:
        """SciPy's result with the structured form of its `x` as `params`."""
        result["params"] = self(result["x"])
        return result


def _real_array(x: Any, solver: str) -> np.ndarray[Any, Any]:
    array = np.asarray(x)
    if array.dtype.kind not in "fiub":
        raise DtypeError(
            f"{solver} needs real numbers to start from, but x0 holds {x!r:.60} of dtype {array.dtype}.",
            remedy="Give floats; a complex parameter as its real and imaginary part.",
            where=user_location(),
        )
    return array.astype(float)


def _returned(leaves: Sequence[Any]) -> str:
    shapes = ", ".join(str(np.shape(y)) for y in leaves)
    if not leaves:
        return "nothing"
    return f"shape {shapes}" if len(leaves) == 1 else f"{len(leaves)} arrays of shapes {shapes}"


def _check_real(leaves: Sequence[Any], solver: str, f: Function) -> None:
    if any(getattr(y, "dtype", np.dtype(type(y))).kind == "c" for y in leaves):
        raise DtypeError(
            f"{solver} needs a real result, but {_name(f)} returned a complex one.",
            remedy="Return a real function of it, such as abs(y), or its real and imaginary part.",
            where=user_location(),
        )


def _scalar_valued(f: Function, parameters: _Parameters, solver: str) -> Function:
    """`f` as a function of the vector, to one number; like SciPy it may return this in an array of size 1."""

    @functools.wraps(f, updated=())
    def objective(x: Any, *args: Any) -> Any:
        leaves = flatten(f(parameters(x), *args))[0]
        if len(leaves) != 1 or math.prod(np.shape(leaves[0])) != 1:
            raise ShapeError(
                f"{solver} needs a scalar result, but {_name(f)} returned {_returned(leaves)}.",
                remedy="Return one number, such as a sum of squares; residuals are for least_squares.",
                where=user_location(),
            )
        _check_real(leaves, solver, f)
        return np.reshape(leaves[0], ()) if np.shape(leaves[0]) else leaves[0]

    return objective


def _vector_valued(f: Function, parameters: _Parameters, solver: str) -> Function:
    """`f` as a function of the vector, to all its results in one vector."""

    @functools.wraps(f, updated=())
    def residuals(x: Any, *args: Any, **kwargs: Any) -> Any:
        leaves = flatten(f(parameters(x), *args, **kwargs))[0]
        if not leaves:
            raise ShapeError(
                f"{solver} needs an array of results, but {_name(f)} returned nothing.",
                remedy="Return an array, or a container of arrays.",
                where=user_location(),
            )
        _check_real(leaves, solver, f)
        parts = [np.ravel(y) for y in leaves]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    return residuals


# --- minimize -----------------------------------------------------------------------------------------------


class _Objective:
    """A scalar function of a vector and its derivatives, in the forms in which SciPy calls them.

    An evaluation records the function; its gradient, asked for at the same point, is one sweep over that
    record.
    """

    def __init__(self, f: Function):
        self._f = f
        self._x: Any = None  # where the record was made

    def _at(self, args: tuple[Any, ...]) -> Function:
        @functools.wraps(self._f, updated=())
        def of_x(x: Any) -> Any:
            return self._f(x, *args)

        return of_x

    def _record(self, x: Any, args: tuple[Any, ...]) -> None:
        if self._x is None or not np.array_equal(x, self._x):
            self._y, self._pullback = vjp(self._at(args), x)
            self._x = np.array(x)

    def value(self, x: Any, *args: Any) -> Any:
        self._record(x, args)
        return self._y

    def gradient(self, x: Any, *args: Any) -> Any:
        self._record(x, args)
        return self._pullback(np.ones(()))[0]

    def hessian(self, x: Any, *args: Any) -> Any:
        return hessian(self._at(args))(x)

    def product(self, x: Any, p: Any, *args: Any) -> Any:
        return hvp(self._at(args), (x,), (p,))


def minimize(
    f: Function,
    x0: Any,
    args: tuple[Any, ...] = (),
    method: Any = None,
    constraints: Any = (),
    **options: Any,
) -> OptimizeResult:
    """Minimise a scalar function with SciPy's solvers and exact derivatives.

    Finds x with ∇f(x) = 0, the gradient being exact to rounding instead of a difference quotient.

    Parameters
    ----------
    f : callable
        ``f(x, *args)``, NumPy code, to one real number; `x` comes with the structure and shapes of `x0`.
    x0 : array of any shape, number, or container of them
        The start. A list or tuple of plain numbers is a vector, as in SciPy; integers become float64.
    args : tuple
        Further arguments of `f`, not differentiated.
    method : str or callable, optional
        Any of `scipy.optimize.minimize`; SciPy's default. Those that use a gradient get it; trust-exact and
        dogleg get the Hessian; Newton-CG, trust-ncg, trust-krylov and trust-constr its product with a vector.
    constraints : dict, Constraint, or sequence of them
        SciPy's. Their functions get x as `f` does; finite differences in them are replaced by exact
        Jacobians, for trust-constr by exact Hessians too (``hess=SR1()`` keeps a quasi-Newton one).
    **options
        SciPy's other arguments (`bounds`, `tol`, `callback`, `options`), in terms of the flat vector of shape
        (n,), in which the leaves of x0 follow each other. `jac`, `hess`, `hessp` replace the exact ones.

    Returns
    -------
    scipy.optimize.OptimizeResult
        SciPy's own, `x` flat of shape (n,), float64, and `params`: the same numbers in the structure of `x0`.

    Raises
    ------
    ShapeError, DtypeError
        If `f` returns no single real number, or `x0` is complex or not numeric. What differentiating `f` raises
        passes through SciPy unchanged.

    Notes
    -----
    A value and its gradient cost one evaluation of f and one sweep; a product with the Hessian four to six
    evaluations; a Hessian n products.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> def rosenbrock(x):
    ...     return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    >>> result = wg.optimize.minimize(rosenbrock, [-1.2, 1.0], method="Newton-CG", tol=1e-10)
    >>> result.x.round(6)
    array([1., 1.])
    """
    if options.get("jac") is True:
        raise ArgumentError(
            "minimize was told with jac=True that f returns its gradient too.",
            why="It differentiates f itself, so f returns the value alone.",
            remedy="Leave jac out, or pass the gradient as a function, jac=gradient.",
            where=user_location(),
        )
    parameters = _Parameters(x0, "minimize")
    function = _scalar_valued(f, parameters, "minimize")
    kind = method.lower() if isinstance(method, str) else method
    if kind not in _DERIVATIVE_FREE:
        objective = _Objective(function)
        function = objective.value
        options = {"jac": objective.gradient, **_curvature(objective, kind, options), **_given(options)}
    several = isinstance(constraints, (list, tuple))
    result = scipy.optimize.minimize(
        function,
        parameters.x0,
        args,
        method,
        constraints=[_constraint(c, parameters, kind) for c in (constraints if several else [constraints])],
        **options,
    )
    return parameters.complete(result)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: option for name, option in options.items() if option is not None}


def _curvature(objective: _Objective, kind: Any, options: dict[str, Any]) -> dict[str, Function]:
    """The second derivatives that a method takes, unless the caller gave one."""
    if not _given(options).keys().isdisjoint({"hess", "hessp"}):
        return {}
    taken = {}
    if kind in _TAKES_HESSIAN or callable(kind):
        taken["hess"] = objective.hessian
    if kind in _TAKES_PRODUCT or callable(kind):
        taken["hessp"] = objective.product
    return taken


def _constraint(constraint: Any, parameters: _Parameters, kind: Any) -> Any:
    """A constraint of SciPy's whose function gets structured parameters and whose derivatives are exact."""
    if isinstance(constraint, dict) and "fun" in constraint:
        c = _vector_valued(constraint["fun"], parameters, "minimize")
        exact = {} if kind in _DERIVATIVE_FREE or callable(constraint.get("jac")) else {"jac": jacobian(c)}
        filled = {**constraint, "fun": c, **exact}
        return _as_object(filled) if kind == "trust-constr" else filled
    if not isinstance(constraint, NonlinearConstraint):
        return constraint
    completed = copy.copy(constraint)
    completed.fun = _vector_valued(constraint.fun, parameters, "minimize")
    if kind not in _DERIVATIVE_FREE and not callable(constraint.jac):
        completed.jac = jacobian(completed.fun)
    if kind == "trust-constr" and isinstance(constraint.hess, (str, BFGS)):
        completed.hess = _hessian_of_combination(completed.fun)
    return completed


def _as_object(constraint: dict[str, Any]) -> Any:
    """A dictionary of a known type as the object that trust-constr works on, which has room for a Hessian."""
    upper = {"eq": 0.0, "ineq": np.inf}.get(str(constraint.get("type")).lower())
    if upper is None:  # SciPy says what is wrong
        return constraint
    args = tuple(constraint.get("args", ()))

    def c(x: Any) -> Any:
        return constraint["fun"](x, *args)

    def slope(x: Any) -> Any:
        return constraint["jac"](x, *args)

    return NonlinearConstraint(c, 0.0, upper, jac=slope, hess=_hessian_of_combination(c))


def _hessian_of_combination(c: Function) -> Function:
    """The Hessian of vᵀc at (x, v), as the operator p ↦ ∂²(vᵀc)/∂x² p."""

    def hessian_at(x: Any, v: Any) -> LinearOperator:
        def combination(x: Any) -> Any:
            return np.dot(v, c(x))

        def product(p: Any) -> Any:
            return hvp(combination, (x,), (np.ravel(p),))

        return LinearOperator((x.size, x.size), product, dtype=float)

    return hessian_at


# --- fitting ------------------------------------------------------------------------------------------------


def least_squares(f: Function, x0: Any, args: tuple[Any, ...] = (), **options: Any) -> OptimizeResult:
    """Minimise a sum of squares with SciPy's solver and the exact Jacobian.

    Finds x that minimises ½ Σᵢ ρ(fᵢ(x)²), ρ(z) = z unless `loss` says otherwise.

    Parameters
    ----------
    f : callable
        ``f(x, *args, **kwargs)``, ordinary NumPy code, to the residuals: an array, or a container of arrays,
        of m numbers in all; `x` comes with the structure and shapes of `x0`.
    x0 : array of any shape, number, or container of them
        The start, as for `minimize`.
    args : tuple
        Further arguments of `f`, not differentiated.
    **options
        Those of `scipy.optimize.least_squares` (`method`, `bounds`, `loss`, `x_scale`, `xtol`, …), in terms
        of the flat vector of shape (n,). A `jac` replaces the exact one.

    Returns
    -------
    scipy.optimize.OptimizeResult
        SciPy's own, `x` flat of shape (n,), `fun` (m,) and `jac` (m, n), float64, and `params`: the numbers
        of `x` in the structure of `x0`.

    Raises
    ------
    ShapeError, DtypeError
        If `f` returns nothing or complex numbers, or `x0` is complex or not numeric. What differentiating `f`
        raises passes through SciPy unchanged.

    Notes
    -----
    A Jacobian costs n evaluations of f in forward mode if n ≤ m, otherwise m sweeps in reverse mode.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> def residuals(x):
    ...     return np.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]])
    >>> wg.optimize.least_squares(residuals, [-1.2, 1.0]).x.round(6)
    array([1., 1.])
    """
    parameters = _Parameters(x0, "least_squares")
    residuals = _vector_valued(f, parameters, "least_squares")
    options.setdefault("jac", jacobian(residuals))
    return parameters.complete(scipy.optimize.least_squares(residuals, parameters.x0, args=args, **options))


def curve_fit(
    f: Function, xdata: Any, ydata: Any, p0: Any = None, sigma: Any = None, **options: Any
) -> tuple[Any, ...]:
    """Fit a model to data with SciPy's solver and the exact Jacobian.

    Finds p that minimises Σᵢ ((yᵢ − f(xᵢ, p)) / σᵢ)², and the covariance matrix of p.

    Parameters
    ----------
    f : callable
        The model ``f(xdata, p1, p2, …)``, ordinary NumPy code, to an array of the shape of `ydata`; each
        parameter comes as one number.
    xdata : array of shape (m,) or (k, m), or any object
        The independent variables, handed to `f` and not differentiated.
    ydata : array of shape (m,)
        The measured values.
    p0 : array of shape (n,), optional
        The start; ones, or the middle of the bounds, as many as `f` has named parameters.
    sigma : number, or array of shape (m,) or (m, m), optional
        Standard deviations of `ydata`, or their covariance matrix.
    **options
        Those of `scipy.optimize.curve_fit`: `absolute_sigma`, `bounds`, `method` ("lm", "trf" or "dogbox";
        "lm" unless there are bounds), `full_output`, `xtol`, … A `jac` given here replaces the exact one.

    Returns
    -------
    popt : array of shape (n,), float64
        The fitted parameters.
    pcov : array of shape (n, n), float64
        Their covariance; the standard errors are ``np.sqrt(np.diag(pcov))``.
    infodict, mesg, ier
        With ``full_output=True`` only.

    Raises
    ------
    RuntimeError
        SciPy's own, if the fit does not converge. What differentiating `f` raises passes through unchanged.

    Notes
    -----
    A Jacobian costs n evaluations of f in forward mode if n ≤ m, otherwise m sweeps in reverse mode.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> t = np.linspace(0., 2., 5)
    >>> popt, pcov = wg.optimize.curve_fit(lambda t, a, k: a * np.exp(-k * t), t, 3 * np.exp(-0.5 * t))
    >>> popt.round(6)
    array([3. , 0.5])
    """
    if p0 is not None:
        p0 = np.atleast_1d(_real_array(p0, "curve_fit"))
    ydata = np.asarray(ydata)
    if sigma is not None and np.ndim(sigma) == 0:
        sigma = np.full(ydata.size, sigma)  # with a Jacobian SciPy takes one number for a matrix
    options.setdefault("jac", _jacobian_of_model(f, ydata))
    found: tuple[Any, ...] = scipy.optimize.curve_fit(f, xdata, ydata, p0, sigma, **options)
    return found


def _jacobian_of_model(f: Function, ydata: np.ndarray[Any, Any]) -> Function:
    """The derivative of the model for its parameters, of shape (m, n)."""

    @functools.wraps(f, updated=())
    def model(xdata: Any, *p: Any) -> Any:
        y = f(xdata, *p)
        _check_real(flatten(y)[0], "curve_fit", f)
        return y

    def jacobian_at(xdata: Any, *p: Any) -> Any:
        columns = jacobian(model, argnums=tuple(range(1, len(p) + 1)))(xdata, *p)
        return np.stack([np.broadcast_to(column, _shape_of_data(column, xdata, ydata)) for column in columns], axis=-1)

    return jacobian_at


def _shape_of_data(y: Any, xdata: Any, ydata: np.ndarray[Any, Any]) -> tuple[int, ...]:
    """The shape of a result of the model; one number for all data stands for as many as there are."""
    if np.size(y) != 1:
        return np.shape(y)
    # With nan_policy="omit" SciPy has left out some of xdata, which is an array then.
    shape: tuple[int, ...] = np.shape(xdata) or ydata.shape
    return shape[-1:]


# --- gradient descent ---------------------------------------------------------------------------------------


def gradient_descent(
    f: Function,
    x0: Any,
    learning_rate: float = 0.1,
    steps: int = 1000,
    tolerance: float = 1e-8,
    momentum: float = 0.0,
    progress: bool | None = None,
) -> OptimizeResult:
    """Minimise a scalar function by walking down its gradient, and keep every step.

    v ← μ v − η ∇f(x), x ← x + v, with the learning rate η and the momentum μ. For teaching: `minimize` needs
    far fewer evaluations.

    Parameters
    ----------
    f : callable
        ``f(x)``, NumPy code, to one real number; `x` comes with the structure and shapes of `x0`.
    x0 : array of any shape, number, or container of them
        The start, as for `minimize`.
    learning_rate : float
        η > 0.
    steps : int
        The most steps to walk.
    tolerance : float
        Stop when no component of the gradient is larger.
    momentum : float
        0 ≤ μ < 1.
    progress : bool, optional
        Whether to show a progress bar on standard error; by default only where that is a terminal.

    Returns
    -------
    scipy.optimize.OptimizeResult
        `x` of shape (n,), `params` (x in the structure of `x0`), `fun`, `jac` (n,), `nit`, `nfev`, `success`,
        `status` (0 converged, 1 out of steps, 2 diverged) and `message`; `trajectory` of shape (nit + 1, n),
        all points from x0 on, and `fun_trajectory` of shape (nit + 1,), f at each of them. All float64.

    Raises
    ------
    ArgumentError
        For a learning rate, number of steps, tolerance or momentum out of range.
    ShapeError, DtypeError
        If `f` returns no single real number, or `x0` is complex or not numeric.

    Notes
    -----
    One value and gradient per step. Where f or its gradient is no longer finite the walk ends with
    ``success=False`` and a message, not with an exception. Momentum: Polyak (1964).

    Examples
    --------
    >>> import wengert as wg
    >>> result = wg.optimize.gradient_descent(lambda x: (x - 3.0) ** 2, 0.0)
    >>> round(float(result.params), 6), result.trajectory.shape
    (3.0, (92, 1))
    """
    _check_settings(learning_rate, steps, tolerance, momentum)
    parameters = _Parameters(x0, "gradient_descent")
    evaluate = value_and_grad(_scalar_valued(f, parameters, "gradient_descent"))
    x, velocity = parameters.x0, np.zeros_like(parameters.x0)
    trajectory: list[Any] = []
    values: list[float] = []
    with _progress_bar(steps, progress) as advance, np.errstate(all="ignore"):
        while True:
            value, slope = evaluate(x)
            trajectory.append(x)
            values.append(float(value))
            status, message = _verdict(len(values) - 1, steps, values[-1], slope, tolerance, learning_rate)
            if status is not None:
                break
            velocity = momentum * velocity - learning_rate * slope
            x = x + velocity
            advance(values[-1])
    return parameters.complete(
        OptimizeResult(
            x=x,
            fun=values[-1],
            jac=slope,
            nit=len(values) - 1,
            nfev=len(values),
            success=status == 0,
            status=status,
            message=message,
            trajectory=np.array(trajectory),
            fun_trajectory=np.array(values),
        )
    )


def _check_settings(learning_rate: float, steps: int, tolerance: float, momentum: float) -> None:
    for name, value, is_meaningful, remedy in (
        ("learning_rate", learning_rate, 0 < learning_rate < math.inf, "a positive number"),
        ("steps", steps, steps >= 0, "0 or more"),
        ("tolerance", tolerance, tolerance >= 0, "0 or more"),
        ("momentum", momentum, 0 <= momentum < 1, "a number from 0 to below 1"),
    ):
        if not is_meaningful:
            raise ArgumentError(
                f"gradient_descent got {name}={value!r}.", remedy=f"Give {remedy}.", where=user_location()
            )


def _verdict(
    step: int, steps: int, value: float, slope: Any, tolerance: float, learning_rate: float
) -> tuple[int | None, str]:
    """Whether to stop (0 converged, 1 out of steps, 2 diverged, None go on), and why."""
    steepest = float(np.max(np.abs(slope), initial=0.0))
    if not (math.isfinite(value) and math.isfinite(steepest)):
        found = f"the gradient of f = {value} is not finite" if math.isfinite(value) else f"f = {value}"
        if step == 0:
            return 2, f"No step was possible: at x0 {found}. Start elsewhere."
        return 2, f"Diverged: after {step} steps {found}. Try a learning_rate smaller than {learning_rate}."
    if steepest <= tolerance:
        return 0, f"Converged: after {step} steps no component of the gradient exceeds {tolerance}."
    if step == steps:
        return 1, f"Out of steps: after {step} the largest component of the gradient is {steepest:.3g}."
    return None, ""


@contextmanager
def _progress_bar(steps: int, progress: bool | None) -> Iterator[Callable[[float], None]]:
    """What to call with f after each step; it draws a bar where one is wanted."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    shown = console.is_terminal if progress is None else progress
    columns = (
        TextColumn("gradient descent"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("f = {task.fields[value]:.6g}"),
    )
    with Progress(*columns, console=console, transient=console.is_terminal, disable=not shown) as bar:
        task = bar.add_task("", total=steps, value=math.nan)

        def advance(value: float) -> None:
            bar.update(task, advance=1, value=value)

        yield advance
