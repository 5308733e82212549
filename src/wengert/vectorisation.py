"""`vmap`: a function of one array as a function of many at once."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import wengert.control.batching  # noqa: F401  # how control statements are applied to batches
from wengert.arguments import lowered, numbers_of, run
from wengert.batched import Batched
from wengert.containers import flatten, function_name, leaf_names, parameter_names, same_structure
from wengert.errors import ArgumentError, ShapeError, TraceError, location_of, user_location
from wengert.levels import Level, new_level
from wengert.nodes import own_copy

__all__ = ["vmap"]

Function = Callable[..., Any]

#: What NumPy says where it has found no integers in an index.
_NO_INDEX = "and integer or boolean arrays are valid indices"

#: The axis of an argument that has none, or of a result that is the same for all.
_NONE: Any = object()


def vmap(f: Function, in_axes: Any = 0, out_axes: Any = 0) -> Function:
    """Make the function that applies `f` to many arguments at once, which lie along an axis.

    Parameters
    ----------
    f : callable
        Arrays or containers of arrays to arrays or containers of arrays; written for a single one.
    in_axes : int, None, or tuple
        The axis of the arguments along which they are taken apart, ``None`` for one that is the same for all; in a
        tuple one entry for each positional argument, which may be a container like it, down to any depth.
    out_axes : int, None, or container
        The axis of the results along which they are put together, likewise.

    Returns
    -------
    callable
        Called like `f` with arrays that have one more axis, of one length n; so have its results. Keyword arguments
        are the same for all.

    Raises
    ------
    ShapeError, ArgumentError
        If lengths differ, an argument has no such axis, or axes do not fit arguments or results.
    TraceError
        (a TypeError) If Python decides on a value, as in ``if x > 0`` or ``math.sin(x)``: select with ``np.where``.

    Notes
    -----
    `f` runs once. Each operation is one call of NumPy, whatever n is, and takes n times the memory; what NumPy has for
    one array only (``np.linalg.lstsq``) is called n times. Where arrays decide differently, `cond` computes all
    branches, and `while_loop` goes on until the last array is done. A plain array a takes an index that differs by
    ``gather(a, i)``. Random numbers that `f` draws are the same for all. Transforms may stand inside and outside.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> from wengert.vectorisation import vmap
    >>> w, xs = np.array([0.5, -0.25]), np.array([[1., 2.], [3., 4.], [0., 0.]])
    >>> vmap(wg.grad(lambda w, x: (w @ x) ** 2), in_axes=(None, 0))(w, xs)
    array([[0., 0.],
           [3., 4.],
           [0., 0.]])
    """

    @functools.wraps(f, updated=())
    def of_batches(*args: Any, **kwargs: Any) -> Any:
        level = new_level()
        inputs, length = _inputs(f, args, in_axes, level)
        result = _applied(f, level, inputs, kwargs)
        if result is None:
            raise ArgumentError(
                f"vmap of {function_name(f)}: it returned None.",
                remedy="End the function with return and the result.",
                where=user_location(),
            )
        leaves, rebuild = flatten(result)
        axes = _axis_of_each(out_axes, result, f"out_axes={out_axes!r} for {function_name(f)}", "result")
        results = [lowered(y, level, f) for y in leaves]
        names = leaf_names("result", result)
        return rebuild([
            _put_together(y, axis, length, level, f, name)
            for y, axis, name in zip(results, axes, names, strict=True)
        ])  # fmt: skip

    return of_batches


def _applied(f: Function, level: Level, args: Sequence[Any], kwargs: Any) -> Any:
    """Call `f`; where NumPy hid our error behind one of its own, ours is shown."""
    try:
        return run(f, level, args, kwargs)
    except ValueError as error:
        if isinstance(error.__cause__, TraceError):
            raise error.__cause__ from None
        raise
    except IndexError as error:
        if _NO_INDEX in str(error):
            raise TraceError(
                f"NumPy cannot index an array of its own in {function_name(f)}: {error}.",
                why="An index that differs from one argument to the next is no integer to it.",
                remedy="Write wg.gather(a, i) for a[i] of a plain array a.",
                where=location_of(error),
            ) from None
        raise


# --- arguments -------------------------------------------------------------------------------------------------


def _inputs(f: Function, args: Sequence[Any], in_axes: Any, level: int) -> tuple[list[Any], int]:
    """The arguments with batches in the place of arrays that have an axis, and the length of these axes."""
    lengths: dict[str, int] = {}
    inputs = []
    for name, arg, axis in zip(parameter_names(f, len(args)), args, _axis_of_arguments(f, args, in_axes), strict=True):
        leaves, rebuild = flatten(arg)
        axes = _axis_of_each(axis, arg, f"in_axes for {name} of {function_name(f)} is {axis!r}", "argument")
        mapped = []
        for label, leaf, own in zip(leaf_names(name, arg), leaves, axes, strict=True):
            if own is _NONE:
                mapped.append(leaf)
                continue
            data = _along_first(leaf, own, label, f)
            lengths[label] = len(data)
            mapped.append(Batched(data, level))
        inputs.append(rebuild(mapped))
    return inputs, _common_length(f, lengths)


def _axis_of_arguments(f: Function, args: Sequence[Any], in_axes: Any) -> Sequence[Any]:
    """The axis, or the container of axes, of each positional argument."""
    if not isinstance(in_axes, (tuple, list)):
        return [in_axes] * len(args)
    if len(in_axes) != len(args):
        raise ArgumentError(
            f"vmap of {function_name(f)} has {len(in_axes)} in_axes, but was called with {len(args)} positional "
            "arguments.",
            why="A tuple has an entry for each of them; keyword arguments have no axes.",
            remedy="Give as many, None for an argument that is the same for all.",
            where=user_location(),
        )
    return in_axes


def _along_first(leaf: Any, axis: int, name: str, f: Function) -> Any:
    """An argument with the axis in front."""
    x = numbers_of(leaf, "vmap", f, "Give it None in in_axes: then it is passed on as it is.")
    if not -x.ndim <= axis < x.ndim:
        raise ShapeError(
            f"vmap of {function_name(f)} was asked for axis {axis} of {name}, which has shape {x.shape}.",
            remedy="Give it None in in_axes if it is the same for all"
            + (", or join the numbers in an array." if x.ndim == 0 else "."),
            where=user_location(),
        )
    return x if axis % x.ndim == 0 else np.moveaxis(x, axis, 0)


def _common_length(f: Function, lengths: dict[str, int]) -> int:
    if not lengths:
        raise ArgumentError(
            f"vmap of {function_name(f)}: no argument has an axis to be taken apart along.",
            why="in_axes is None for all of them, or there are keyword arguments only, which are constants.",
            remedy="Pass an array by position, or call the function itself.",
            where=user_location(),
        )
    if len(set(lengths.values())) > 1:
        raise ShapeError(
            f"vmap of {function_name(f)}: the axes have different lengths, "
            f"{', '.join(f'{length} for {name}' for name, length in lengths.items())}.",
            remedy="Give None in in_axes for an argument that is the same for all.",
            where=user_location(),
        )
    return next(iter(lengths.values()))


def _axis_of_each(axes: Any, tree: Any, given: str, what: str) -> list[Any]:
    """The axis of each array in a container; ``_NONE`` where it has none."""
    count = len(flatten(tree)[0])
    if axes is None or not isinstance(axes, (tuple, list, dict)):
        found = [_NONE if axes is None else axes] * count
    elif same_structure(tree, 0):
        raise _misfit(given, what, "The argument is one array." if what == "argument" else "The result is one array.")
    else:
        found = _spread_over(axes, tree, given, what)
    return [axis if axis is _NONE else _as_number(axis, given) for axis in found]


def _spread_over(axes: Any, tree: Any, given: str, what: str) -> list[Any]:
    import optree

    from wengert.containers import _NAMESPACE

    marked = optree.tree_map(_mark, axes, none_is_leaf=True, namespace=_NAMESPACE)
    try:
        return optree.broadcast_prefix(marked, tree, namespace=_NAMESPACE)
    except ValueError as error:
        raise _misfit(given, what, f"{error}.".replace("..", ".")) from None


def _mark(axis: Any) -> Any:
    return _NONE if axis is None else axis


def _misfit(given: str, what: str, why: str) -> ArgumentError:
    return ArgumentError(
        f"{given}, which is not the beginning of a container like the {what}.",
        why=why,
        remedy=f"Give one number for all of the {what}, or a container with a number or None for each of its parts.",
        where=user_location(),
    )


def _as_number(axis: Any, given: str) -> int:
    try:
        return operator.index(axis)
    except TypeError:
        raise ArgumentError(
            f"{given}.", why="An axis is an integer or None.", remedy="Axes are counted from 0.", where=user_location()
        ) from None


# --- results ---------------------------------------------------------------------------------------------------


def _put_together(y: Any, axis: Any, length: int, level: int, f: Function, name: str) -> Any:
    """One result with the axis at its place, in an array that nobody else has."""
    differs = isinstance(y, Batched) and y._level == level
    if axis is _NONE:
        if differs:
            raise ArgumentError(
                f"vmap of {function_name(f)}: out_axes is None for {name}, which is not the same for all.",
                why="It depends on an argument that has an axis.",
                remedy="Give the axis for it.",
                where=user_location(),
            )
        return own_copy(y)
    if not -y.ndim - 1 <= axis <= y.ndim:
        raise ShapeError(
            f"vmap of {function_name(f)}: out_axes has {axis} for {name}, of which each has shape {y.shape}.",
            remedy=f"Give an axis from {-y.ndim - 1} to {y.ndim}.",
            where=user_location(),
        )
    whole = y.data if differs else np.broadcast_to(y, (length, *y.shape))
    return own_copy(whole if axis in (0, -y.ndim - 1) else np.moveaxis(whole, 0, axis))
