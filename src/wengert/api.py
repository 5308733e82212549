"""Transforms of functions: `grad`, `value_and_grad`, `jvp`, `vjp`, `hvp`, `trace`; `jacobians` has the rest.

Each call opens a level, wraps the arguments in values of that level, runs the function as it stands and takes the
results down again. The functions may be nested in each other in any order.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from wengert.arguments import (
    check_alive,
    is_listed,
    labels,
    lowered,
    numbers_of,
    of_selected,
    primal,
    run,
    seeds_for,
    zeros_like,
)
from wengert.containers import flatten, function_name, leaf_names, parameter_names
from wengert.derivation import fit
from wengert.dual import Dual
from wengert.errors import ArgumentError, DegenerateError, DtypeError, ShapeError, user_location
from wengert.levels import new_level
from wengert.masked import masked, unmasked
from wengert.nodes import own_copy, owned
from wengert.pullbacks import Pullback, pullback_of
from wengert.tracing import Recorder
from wengert.transforms.inlining import inlined_with_tangents
from wengert.value import Value, has_nan, settled
from wengert.wlist import ArrayType, Tape, WengertList

__all__ = [
    "grad",
    "hvp",
    "jvp",
    "named",
    "push",
    "push_once",
    "tape",
    "trace",
    "value_and_grad",
    "vjp",
]

Function = Callable[..., Any]

# --- reverse mode ----------------------------------------------------------------------------------------------


def vjp(f: Function, *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Evaluate `f` and return the function that multiplies with its transposed Jacobian (reverse mode).

    Parameters
    ----------
    f : callable
        Arrays or containers of arrays to arrays or containers of arrays.
    *primals
        Its arguments, floating point or complex.
    has_aux : bool
        `f` returns (y, aux); aux is passed on as it is.

    Returns
    -------
    y
        ``f(*primals)``.
    pullback : callable
        ȳ ↦ tuple of x̄ = ȳᵀ ∂f/∂x, one for each primal; may be called many times.
    aux
        With `has_aux` only.

    Raises
    ------
    DtypeError
        For integer primals.
    ShapeError, ArgumentError
        By pullback, for a ȳ that has not the shape or the structure of y.

    Notes
    -----
    One evaluation of f, whose intermediate values are kept as long as pullback lives; each pullback costs a small
    multiple of f, whatever the number of inputs.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> y, pullback = wg.vjp(np.sin, np.array([0., np.pi]))
    >>> pullback(np.array([1., 1.]))
    (array([ 1., -1.]),)
    """
    pullback = pullback_of(f, primals, has_aux)
    return (pullback.y, pullback, pullback.aux) if has_aux else (pullback.y, pullback)


def value_and_grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """Like `grad`, but the function returned gives (value, gradient), or ((value, aux), gradient)."""

    @functools.wraps(f, updated=())
    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        selected, primals = of_selected(f, argnums, args, kwargs)
        pullback = pullback_of(selected, primals, has_aux, "grad")
        _check_scalar(pullback, f)
        y = pullback.outputs[0]
        x_bars = pullback._rebuild(pullback.of_leaves([np.ones((), y.dtype if y.dtype.kind == "f" else float)[()]]))
        gradient = x_bars if isinstance(argnums, Iterable) else x_bars[0]
        return (pullback.y, pullback.aux) if has_aux else pullback.y, gradient

    return named(value_and_gradient, "value_and_grad")


def _check_scalar(pullback: Pullback, f: Function) -> None:
    if pullback.y is None:
        raise ShapeError(
            f"grad needs a scalar result, but {function_name(f)} returned None.",
            remedy="End the function with return and the result.",
            where=user_location(),
        )
    if len(pullback.outputs) != 1 or pullback.outputs[0].shape != ():
        shapes = ", ".join(str(y.shape) for y in pullback.outputs)
        count = len(pullback.outputs)
        returned = f"shape {shapes}" if count == 1 else f"{count} arrays of shapes {shapes}"
        raise ShapeError(
            f"grad needs a scalar result, but {function_name(f)} returned {returned}.",
            remedy=f"Use jacobian({function_name(f)}), or vjp with a seed of shape {shapes}.",
            where=user_location(),
        )
    if pullback.outputs[0].dtype.kind == "c":
        raise DtypeError(
            f"grad needs a real result, but {function_name(f)} returned a complex one.",
            remedy="Return a real function of it, such as abs(y) or y.real, or use vjp.",
            where=user_location(),
        )


def grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """Make the function that gives the gradient of a scalar function (reverse mode).

    Parameters
    ----------
    f : callable
        Arrays or containers of arrays to one real number.
    argnums : int or sequence of int
        The positional arguments to differentiate for, counted from 0.
    has_aux : bool
        `f` returns (value, aux); the function returned then gives (gradient, aux).

    Returns
    -------
    callable
        Called like `f`; returns ∂f/∂x with the shape, dtype and structure of the argument (a tuple of them for a
        sequence `argnums`). For a complex argument it is ∂f/∂Re + i ∂f/∂Im.

    Raises
    ------
    ShapeError
        If the result is not a scalar.
    DtypeError
        If a selected argument is an integer or the result is complex.

    Notes
    -----
    Costs one evaluation of f and a sweep of a small multiple of it; memory for the values the rules read. At kinks
    the value is the one in the table of derivatives (`Primitive.at_kinks`).

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> wg.grad(lambda x: np.sum(x**2))(np.array([1., 2., 3.]))
    array([2., 4., 6.])
    """
    both = value_and_grad(f, argnums, has_aux)

    @functools.wraps(f, updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, x_bar = both(*args, **kwargs)
        return (x_bar, value[1]) if has_aux else x_bar

    return named(gradient, "grad")


def named(transformed: Function, transform: str) -> Function:
    """Let a function that a transform has made say which one: it goes under the name of the user's function."""
    transformed.transform = transform  # type: ignore[attr-defined]  # functions take attributes
    return transformed


# --- forward mode ----------------------------------------------------------------------------------------------


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Evaluate `f` and its derivative along one direction (forward mode).

    Parameters
    ----------
    f : callable
        Arrays or containers of arrays to arrays or containers of arrays.
    primals : tuple
        Its arguments, floating point or complex.
    tangents : tuple
        ẋ, structured and shaped like `primals`.

    Returns
    -------
    y
        ``f(*primals)``.
    y_dot
        ẏ = (∂f/∂x) ẋ, structured and shaped like y.

    Raises
    ------
    ArgumentError, ShapeError, DtypeError
        For tangents that do not belong to the primals, or integer primals.

    Notes
    -----
    Costs about two to three evaluations of f; keeps nothing.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> y, y_dot = wg.jvp(lambda x: x**3, (2.,), (1.,))
    >>> float(y), float(y_dot)
    (8.0, 12.0)
    """
    _check_tuples("jvp", f, primals, tangents)
    return _jvp("jvp", f, primals, tangents)


def _jvp(transform: str, f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    given, rebuild = flatten(tuple(primals))
    xs = [primal(x, transform, f) for x in given]
    x_dots = seeds_for(tuple(tangents), tuple(primals), xs, "tangents", f)
    y, y_dot = push(f, rebuild, xs, x_dots)
    found, y_rebuild = flatten(y_dot)
    return y, y_rebuild(owned(found, x_dots))


def _check_tuples(transform: str, f: Function, primals: Any, tangents: Any) -> None:
    if not (isinstance(primals, (tuple, list)) and isinstance(tangents, (tuple, list))):
        raise ArgumentError(
            f"{transform} of {function_name(f)} needs a tuple of primals and a tuple of tangents.",
            remedy=f"Write {transform}(f, (x,), (x_dot,)).",
            where=user_location(),
        )


def push(f: Function, rebuild: Callable[..., Any], xs: Sequence[Any], x_dots: Sequence[Any]) -> tuple[Any, Any]:
    """Result and tangent of `f` at the leaves `xs` along `x_dots`."""
    try:
        return push_once(f, rebuild, xs, x_dots)
    except DegenerateError:  # at repeated eigenvalues reverse mode alone knows what is defined
        return _pushed_by_sweeps(f, rebuild, xs, x_dots)


def _pushed_by_sweeps(
    f: Function, rebuild: Callable[..., Any], xs: Sequence[Any], x_dots: Sequence[Any]
) -> tuple[Any, Any]:
    """The same by reverse mode: one sweep for each number of the result."""
    pullback = pullback_of(f, tuple(rebuild(xs)), transform="jvp")
    _, y_rebuild = flatten(pullback.y)
    return pullback.y, y_rebuild([_rates(pullback, k, x_dots) for k in range(len(pullback.outputs))])


def _rates(pullback: Pullback, k: int, x_dots: Sequence[Any]) -> Any:
    """The tangent of result `k`, each number of it as the product of the gradient with the direction."""
    y = pullback.outputs[k]
    y_dot = zeros_like(y)
    for axis in (1, 1j)[: "fc".find(y.dtype.kind) + 1]:
        rates = []
        for place in np.ndindex(y.shape):
            seeds = [np.array(zeros_like(other)) for other in pullback.outputs]
            seeds[k][place] = axis
            x_bars = pullback.of_leaves([seed[()] for seed in seeds])
            rates.append(sum(np.sum(np.real(np.conjugate(c) * t)) for c, t in zip(x_bars, x_dots, strict=True)))
        if rates:
            y_dot = y_dot + axis * np.reshape(np.stack(rates), y.shape)
    return fit(y_dot, y.shape, zeros_like(y).dtype)


def push_once(f: Function, rebuild: Callable[..., Any], xs: Sequence[Any], x_dots: Sequence[Any]) -> tuple[Any, Any]:
    """One pass of forward mode, which raises `DegenerateError` where it would have to choose a basis."""
    y, y_dot = _pushed(f, rebuild, xs, x_dots)
    with np.errstate(all="ignore"):  # the test for nan squares
        is_complete = not any(has_nan(t) for t in flatten(y_dot)[0])
    if is_complete:
        return y, y_dot
    # A nan: again, with zeros of the seeds that stay exactly 0 whatever partial they meet.
    level = new_level()
    y, y_dot = _pushed(f, rebuild, xs, [masked(t, level) for t in x_dots])
    leaves, y_rebuild = flatten(y_dot)
    return y, y_rebuild([unmasked(t, level) for t in leaves])


def _pushed(f: Function, rebuild: Callable[..., Any], xs: Sequence[Any], x_dots: Sequence[Any]) -> tuple[Any, Any]:
    if any(map(is_listed, (*xs, *x_dots))):
        return _pushed_listwise(f, rebuild, xs, x_dots)
    level = new_level()
    found, y_rebuild = flatten(run(f, level, rebuild([Dual(x, t, level) for x, t in zip(xs, x_dots, strict=True)])))
    outputs = [lowered(y, level, f) for y in found]
    own = [isinstance(y, Dual) and y._level == level for y in outputs]
    for y, mine in zip(outputs, own, strict=True):
        if mine and isinstance(y.tangent, Value):
            check_alive(y.tangent, None, f)
    return (
        y_rebuild([_aliased(y.primal if mine else y) for y, mine in zip(outputs, own, strict=True)]),
        y_rebuild([_tangent_of(y) if mine else zeros_like(y) for y, mine in zip(outputs, own, strict=True)]),
    )


def _pushed_listwise(
    f: Function, rebuild: Callable[..., Any], xs: Sequence[Any], x_dots: Sequence[Any]
) -> tuple[Any, Any]:
    """The same where values are abstract: f is recorded, and its list and tangents written into the one in progress."""
    recorder = Recorder(lifts=True)
    primals = rebuild(xs)
    tracers = [recorder.input(label, ArrayType.of(x)) for label, x in zip(labels(f, primals), xs, strict=True)]
    found, y_rebuild = flatten(run(f, recorder.level, rebuild(tracers)))
    lst = recorder.finish(function_name(f), [lowered(y, recorder.level, f) for y in found])
    outside = [value for value, _ in recorder.lifted.values()]
    ys, y_dots = inlined_with_tangents(lst, [*outside, *xs], [*([None] * len(outside)), *x_dots])
    dots = [zeros_like(y) if t is None else _aliased(t) for y, t in zip(ys, y_dots, strict=True)]
    return y_rebuild(list(map(_aliased, ys))), y_rebuild(dots)


def _aliased(y: Any) -> Any:
    """A result that neither a record nor an argument shares with the caller, who may change it in place."""
    y = settled(y)
    if isinstance(y, Value):
        return y._alias()
    return y.copy("K") if y.__class__ is np.ndarray and y.base is not None else y


def _tangent_of(y: Dual) -> Any:
    return zeros_like(y) if y.tangent is None else _aliased(y.tangent)


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """Multiply the Hessian of a scalar function with a vector, without forming it.

    Parameters
    ----------
    f : callable
        Arrays or containers of arrays to one real number.
    primals, tangents : tuple
        Its arguments, and the vector, structured like them.

    Returns
    -------
    array or container
        H ẋ, structured like the argument if `f` has one, else a tuple.

    Notes
    -----
    Forward mode over reverse mode (Pearlmutter 1994): about four to six evaluations of f, whatever the number of
    inputs.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> wg.hvp(lambda x: x[0] ** 2 * x[1], (np.array([1., 2.]),), (np.array([1., 0.]),))
    array([4., 2.])
    """
    _check_tuples("hvp", f, primals, tangents)
    argnums: int | tuple[int, ...] = 0 if len(primals) == 1 else tuple(range(len(primals)))
    return _jvp("hvp", grad(f, argnums), primals, tangents)[1]


# --- the record ------------------------------------------------------------------------------------------------


def trace(f: Function) -> Callable[..., WengertList]:
    """Make the function that records what `f` does as a Wengert list.

    Called like `f`, it returns the `WengertList` for arguments of these shapes and dtypes; their values are not
    looked at, so that the list is valid for all others of the type. A Python decision on a value (``if x > 0``)
    raises `TraceError`; `tape` follows it instead.

    Examples
    --------
    >>> import wengert as wg
    >>> square = wg.trace(lambda x: x * x)(3.)
    >>> float(square(5.))
    25.0
    """

    @functools.wraps(f, updated=())
    def record(*args: Any, **kwargs: Any) -> WengertList:
        recorder, outputs = _record(f, args, kwargs, concrete=False)
        return recorder.finish(function_name(f), outputs)

    return record


def tape(f: Function, *args: Any, **kwargs: Any) -> Tape:
    """Run `f` and return the Wengert list of this run with all its values.

    Unlike `trace` it follows Python's ``if``, ``while`` and ``for`` on values, and the list holds for this branch
    alone.
    """
    recorder, outputs = _record(f, args, kwargs, concrete=True)
    return recorder.finish_tape(function_name(f), outputs)


def _record(f: Function, args: Sequence[Any], kwargs: Any, concrete: bool) -> tuple[Recorder, list[Any]]:
    recorder, transform = Recorder(), "tape" if concrete else "trace"
    inputs = []
    for name, arg in zip(parameter_names(f, len(args)), args, strict=True):
        leaves, rebuild = flatten(arg)
        tracers = []
        for label, leaf in zip(leaf_names(name, arg), leaves, strict=True):
            x = numbers_of(leaf, transform, f, "Pass it by keyword: keyword arguments are constants of the list.")
            tracers.append(recorder.input(label, ArrayType.of(x), own_copy(x) if concrete else None))
        inputs.append(rebuild(tracers))
    found, _ = flatten(run(f, recorder.level, inputs, kwargs))
    return recorder, [lowered(y, recorder.level, f) for y in found]
