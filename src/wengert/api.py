"""Transforms of functions: `grad`, `value_and_grad`, `jvp`, `vjp`, `hvp`, `trace`; `jacobians` has the rest.

Each call opens a level, wraps the arguments in values of that level, runs the function as it stands and takes the
results down again. The functions may be nested in each other in any order.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from numbers import Number
from typing import Any

import numpy as np

from wengert.containers import flatten, leaf_names, parameter_names, same_structure
from wengert.derivation import fit
from wengert.dual import Dual
from wengert.errors import (
    ArgumentError,
    DegenerateError,
    DtypeError,
    EscapedValueError,
    LostDerivativeError,
    NoRuleError,
    ShapeError,
    location_of,
    user_location,
)
from wengert.masked import masked, unmasked
from wengert.nodes import Leaf, Node, own_copy, owned, pull_back, topological_order
from wengert.tensors import Tensor
from wengert.tracing import Recorder
from wengert.value import NO_PARAMS, Level, Value, has_nan, is_escaped, new_level, settled, stacked
from wengert.wlist import ArrayType, Tape, WengertList

__all__ = [
    "Pullback",
    "function_name",
    "grad",
    "hvp",
    "jvp",
    "of_selected",
    "primal",
    "push",
    "push_once",
    "tape",
    "trace",
    "value_and_grad",
    "vjp",
    "zeros_like",
]

Function = Callable[..., Any]

# What NumPy says where it cannot apply a function to an array of objects.
_NO_OBJECTS = ("loop of ufunc does not support", "from dtype('O')")


# --- arguments and results -------------------------------------------------------------------------------------


def function_name(f: Function) -> str:
    """What messages call `f`."""
    return getattr(f, "__name__", type(f).__name__)


def _run(f: Function, level: Level, args: Sequence[Any], kwargs: Any = NO_PARAMS) -> Any:
    """Call `f` with values of `level`, which ends with the call.

    Where NumPy hid our error behind one of its own (as in ``array[0] = x``), ours is shown.
    """
    try:
        return f(*args, **kwargs)
    except ValueError as error:
        if isinstance(error.__cause__, LostDerivativeError):
            raise error.__cause__ from None
        raise
    except TypeError as error:
        if any(text in str(error) for text in _NO_OBJECTS):
            raise _array_of_objects(error) from error
        raise
    finally:
        level.is_open = False


def _array_of_objects(error: TypeError) -> NoRuleError:
    return NoRuleError(
        f"NumPy cannot apply a function to an array of Python objects: {error}.",
        why="np.array([a, b]) of values is such an array. Operators and sums know what to do with one, other functions "
        "only as long as every element is a value and not a plain number.",
        remedy="Join the elements with np.stack([a, b]); for a matrix np.stack([np.stack(row) for row in rows]).",
        where=location_of(error),
    )


def primal(x: Any, transform: str, f: Function) -> Any:
    """An argument as an array or a value, checked to have a derivative."""
    array = _numbers(x, transform, f, "Choose other arguments with argnums, or register its class with optree.")
    if array.dtype.kind not in "fc":
        raise DtypeError(
            f"{transform} of {function_name(f)} was asked for an argument of dtype {array.dtype}: {x!r:.60}.",
            why="Only floating point and complex values have derivatives.",
            remedy="Write 2.0 for 2, or x.astype(float); or choose other arguments with argnums.",
            where=user_location(),
        )
    return array


def _numbers(x: Any, transform: str, f: Function, remedy: str) -> Any:
    """An argument as an array of numbers or a value."""
    array = _array(x)
    kind, module = type(x).__name__, type(x).__module__
    if array.dtype.kind not in "fciub":
        raise DtypeError(
            f"{transform} of {function_name(f)} was asked for an argument of type {kind}: {x!r:.60}.",
            why="Numbers, arrays of numbers and containers of them can be followed.",
            remedy=remedy,
            where=user_location(),
        )
    if kind in ("MaskedArray", "matrix") and module.startswith("numpy"):
        raise DtypeError(
            f"{transform} of {function_name(f)} was asked for an argument of type {kind}.",
            why="Its operations are not those of a plain array, and they are not followed.",
            remedy="Pass np.asarray(x), and a mask as an argument of its own for np.where.",
            where=user_location(),
        )
    return array._alias() if isinstance(array, Value) else array[()]


def _array(x: Any) -> Any:
    if isinstance(x, Value):
        return x
    array = np.asarray(x)
    joins = array.dtype.kind == "O" and all(isinstance(e, (Value, Number)) for e in array.flat)
    return stacked(array) if joins else array


def _lowered(y: Any, level: int, f: Function) -> Any:
    """One leaf of the result of `f` as an array or a value; one of a transform that has ended is an error."""
    if isinstance(y, Value):
        _check_alive(y, level, f)
        return settled(y)
    array = _array(y)
    if isinstance(array, Value):
        return _lowered(array, level, f)
    if array.dtype.kind not in "fciub":
        raise DtypeError(
            f"{function_name(f)} returned {type(y).__name__} where an array or a number is needed.",
            remedy="Return arrays, numbers, or containers of them.",
            where=user_location(),
        )
    return array[()]


def _check_alive(y: Value, level: int | None, f: Function) -> None:
    """Refuse a value of a transform that has ended; `level` is the one that has ended just now."""
    if y._level != level and is_escaped(y):
        raise EscapedValueError(
            f"{function_name(f)} gave a value of a transform that has ended.",
            why="It was stored somewhere inside a grad, jvp or trace and used outside of it.",
            remedy="Return it from the inner function instead (has_aux=True returns more than the result).",
            where=user_location(),
        )


def zeros_like(x: Any) -> Any:
    """Zeros for the derivative of `x`: of its shape and dtype, float64 for integers."""
    dtype = x.dtype if x.dtype.kind in "fc" else np.dtype(float)
    return np.zeros(x.shape, dtype)[()]


def _plain(y: Any, level: int, f: Function) -> Any:
    """A leaf of auxiliary results without what belongs to `level`."""
    if isinstance(y, np.ndarray) and y.dtype.kind == "O":
        y = _array(y)
    if isinstance(y, Value):
        _check_alive(y, level, f)
    if isinstance(y, Tensor) and y._level == level:
        return own_copy(settled(y._array))
    if isinstance(y, Dual) and y._level == level:
        return y.primal
    return y


def _split(f: Function, y: Any, has_aux: bool) -> tuple[Any, Any]:
    if not has_aux:
        return y, None
    if not (isinstance(y, tuple) and len(y) == 2):
        raise ArgumentError(
            f"with has_aux=True, {function_name(f)} must return (result, aux), but it returned {type(y).__name__}.",
            where=user_location(),
        )
    return y[0], y[1]


def _seeds(given: Any, like: Any, leaves: Sequence[Any], what: str, f: Function) -> list[Any]:
    """The leaves of tangents or cotangents, checked against the values they belong to."""
    if not same_structure(given, like):
        raise ArgumentError(
            f"{what} for {function_name(f)} must have the structure of what they belong to.",
            remedy="Give one array for each array, in the same containers.",
            where=user_location(),
        )
    seeds = [_array(x) for x in flatten(given)[0]]
    for seed, x in zip(seeds, leaves, strict=True):
        if seed.dtype.kind not in "fciub":
            raise DtypeError(
                f"{what} for {function_name(f)} must be numbers, but dtype {seed.dtype} was given.",
                remedy=f"Give an array of shape {x.shape}.",
                where=user_location(),
            )
        if seed.shape != x.shape:
            raise ShapeError(
                f"{what} for {function_name(f)}: shape {seed.shape} was given for a value of shape {x.shape}.",
                remedy=f"Give an array of shape {x.shape}.",
                where=user_location(),
            )
        if seed.dtype.kind == "c" and x.dtype.kind != "c":
            raise DtypeError(
                f"{what} for {function_name(f)}: a complex array was given for a value of dtype {x.dtype}.",
                remedy="Give a real array.",
                where=user_location(),
            )
    kinds = [x.dtype if x.dtype.kind in "fc" else np.dtype(float) for x in leaves]
    plain = [seed if isinstance(seed, Value) else seed[()] for seed in seeds]
    return [fit(seed, seed.shape, kind) for seed, kind in zip(plain, kinds, strict=True)]


def _argnums(argnums: int | Sequence[int], args: Sequence[Any], f: Function) -> tuple[int, ...]:
    try:
        numbers = tuple(map(operator.index, argnums if isinstance(argnums, Iterable) else (argnums,)))
    except TypeError:
        raise ArgumentError(
            f"argnums={argnums!r} for {function_name(f)}.",
            why="Arguments are counted from 0.",
            remedy="Give one integer or a tuple of integers.",
            where=user_location(),
        ) from None
    for k in numbers:
        if not -len(args) <= k < len(args):
            raise ArgumentError(
                f"argnums={argnums}, but {function_name(f)} was called with {len(args)} positional arguments.",
                why="Arguments are counted from 0, and a derivative is taken for positional ones only.",
                remedy="Pass the argument by position, or correct argnums.",
                where=user_location(),
            )
    counted = tuple(k % len(args) for k in numbers)
    if len(set(counted)) < len(counted):
        raise ArgumentError(
            f"argnums={argnums} names an argument of {function_name(f)} twice.",
            remedy="Name each argument once.",
            where=user_location(),
        )
    return counted


def of_selected(
    f: Function, argnums: int | Sequence[int], args: Sequence[Any], kwargs: Any
) -> tuple[Function, tuple[Any, ...]]:
    """`f` as a function of the selected arguments alone, and these arguments."""
    numbers = _argnums(argnums, args, f)

    @functools.wraps(f, updated=())
    def partial(*selected: Any) -> Any:
        full = list(args)
        for k, x in zip(numbers, selected, strict=True):
            full[k] = x
        return f(*full, **kwargs)

    return partial, tuple(args[k] for k in numbers)


# --- reverse mode ----------------------------------------------------------------------------------------------


class Pullback:
    """The linear map ȳ ↦ x̄ = ȳᵀ J at one point, for as many ȳ as wanted."""

    def __init__(self, f: Function, primals: tuple[Any, ...], has_aux: bool = False, transform: str = "vjp"):
        self._f = f
        self._level = new_level()
        given, self._rebuild = flatten(primals)
        self._primals = [own_copy(primal(x, transform, f)) for x in given]
        self._leaves = [Leaf(x) for x in self._primals]
        tensors = [Tensor(x, leaf, self._level) for x, leaf in zip(self._primals, self._leaves, strict=True)]
        result, aux = _split(f, _run(f, self._level, self._rebuild(tensors)), has_aux)
        found, rebuild = flatten(result)
        outputs = [_lowered(y, self._level, f) for y in found]
        own = [isinstance(y, Tensor) and y._level == self._level for y in outputs]
        self._nodes: list[Node | None] = [y._node if mine else None for y, mine in zip(outputs, own, strict=True)]
        self.outputs = [settled(y._array) if mine else y for y, mine in zip(outputs, own, strict=True)]
        self.y = rebuild([own_copy(y) for y in self.outputs])
        self.aux = aux
        if has_aux:
            aux_leaves, aux_rebuild = flatten(aux)
            self.aux = aux_rebuild([_plain(x, self._level, f) for x in aux_leaves])
        self._order = topological_order(node for node in self._nodes if node is not None)

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """ȳ, structured like the result, to the cotangents of all primals, structured like these."""
        seeds = _seeds(cotangent, self.y, self.outputs, "cotangents", self._f)
        x_bars: tuple[Any, ...] = self._rebuild(self.of_leaves(seeds))
        return x_bars

    def of_leaves(self, cotangents: Sequence[Any]) -> list[Any]:
        """The same on flat lists."""
        seeds: dict[Node, Any] = {}
        for node, ct in zip(self._nodes, cotangents, strict=True):
            if node is not None:
                seeds[node] = seeds[node] + ct if node in seeds else ct
        found = pull_back(self._order, seeds)
        for x_bar in found.values():
            if isinstance(x_bar, Value):
                _check_alive(x_bar, None, self._f)
        return [
            found[leaf] if leaf in found else zeros_like(x) for leaf, x in zip(self._leaves, self._primals, strict=True)
        ]


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
    pullback = Pullback(f, primals, has_aux)
    return (pullback.y, pullback, pullback.aux) if has_aux else (pullback.y, pullback)


def value_and_grad(f: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Function:
    """Like `grad`, but the function returned gives (value, gradient), or ((value, aux), gradient)."""

    @functools.wraps(f, updated=())
    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        selected, primals = of_selected(f, argnums, args, kwargs)
        pullback = Pullback(selected, primals, has_aux, "grad")
        _check_scalar(pullback, f)
        y = pullback.outputs[0]
        x_bars = pullback._rebuild(pullback.of_leaves([np.ones((), y.dtype if y.dtype.kind == "f" else float)[()]]))
        gradient = x_bars if isinstance(argnums, Iterable) else x_bars[0]
        return (pullback.y, pullback.aux) if has_aux else pullback.y, gradient

    return value_and_gradient


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

    return gradient


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
    x_dots = _seeds(tuple(tangents), tuple(primals), xs, "tangents", f)
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
    pullback = Pullback(f, tuple(rebuild(xs)), transform="jvp")
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
    level = new_level()
    found, y_rebuild = flatten(_run(f, level, rebuild([Dual(x, t, level) for x, t in zip(xs, x_dots, strict=True)])))
    outputs = [_lowered(y, level, f) for y in found]
    own = [isinstance(y, Dual) and y._level == level for y in outputs]
    for y, mine in zip(outputs, own, strict=True):
        if mine and isinstance(y.tangent, Value):
            _check_alive(y.tangent, None, f)
    return (
        y_rebuild([_aliased(y.primal if mine else y) for y, mine in zip(outputs, own, strict=True)]),
        y_rebuild([_tangent_of(y) if mine else zeros_like(y) for y, mine in zip(outputs, own, strict=True)]),
    )


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
            x = _numbers(leaf, transform, f, "Pass it by keyword: keyword arguments are constants of the list.")
            tracers.append(recorder.input(label, ArrayType.of(x), own_copy(x) if concrete else None))
        inputs.append(rebuild(tracers))
    found, _ = flatten(_run(f, recorder.level, inputs, kwargs))
    return recorder, [_lowered(y, recorder.level, f) for y in found]
