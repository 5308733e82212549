"""Ufuncs called otherwise than plainly: with options such as ``out=`` and ``where=``, or by their methods.

NumPy's protocol brings every such call to `_handle`. A method for which a row has a handler (``functions[np.add.reduce]``)
arrives there; `folds` has the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from wengert.errors import LostDerivativeError, TraceError, user_location
from wengert.inference import core_dimensions
from wengert.registry import functions, handler_of, no_rule, table
from wengert.rules import folds
from wengert.rules.gathering import added_at
from wengert.value import Value, bind, concrete

_Options = dict[str, Any]


def _handle(ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What ``getattr(ufunc, method)(*inputs, **kwargs)`` is on values."""
    options = dict(kwargs)
    out = options.pop("out", None)
    if out is None:
        return _METHODS[method](ufunc, inputs, options)
    for target in out:
        if target is not None and not isinstance(target, Value):
            raise _writes_into_array(f"np.{ufunc.__name__}", "out= or an operator such as +=", "Write a = a + x instead of a += x.")
    mask = options.pop("where", True) if method in ("__call__", "outer") else True
    found = _METHODS[method](ufunc, inputs, options if mask is True else {**options, "where": mask})
    results = found if isinstance(found, tuple) else (found,)
    casting = options.get("casting", "same_kind")
    for y, target in zip(results, out, strict=True):
        if target is not None and not _can_store(y, target, mask, casting, is_exact=method not in ("__call__", "outer")):
            _let_numpy_refuse(ufunc, method, inputs, kwargs)
    kept = [y if target is None else _stored(y, target, mask) for y, target in zip(results, out, strict=True)]
    return kept[0] if len(kept) == 1 else tuple(kept)


functions[np.ufunc] = _handle


def _writes_into_array(what: str, how: str, remedy: str) -> LostDerivativeError:
    return LostDerivativeError(
        f"{what} would write a value that carries a derivative into a NumPy array ({how}).",
        why="A NumPy array holds plain numbers only.",
        remedy=remedy,
        where=user_location(),
    )


def _can_store(y: Any, target: Any, mask: Any, casting: Any, *, is_exact: bool) -> bool:
    """Whether NumPy writes this result into the array that ``out=`` names; a reduction is not broadcast to it."""
    fits = np.shape(y) == target.shape if is_exact else _fits(target.shape, np.shape(y), np.shape(mask))
    return fits and np.can_cast(np.result_type(y), target.dtype, casting)


def _stored(y: Any, target: Any, mask: Any) -> Any:
    target[...] = y if mask is True else np.where(mask, y, target)
    return target


def _fits(shape: tuple[int, ...], *others: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(shape, *others) == shape
    except ValueError:
        return False


def _let_numpy_refuse(ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Make the call with arrays of ones of the same types, for the exception that NumPy raises."""
    options = {name: value for name, value in kwargs.items() if name not in ("out", "where")}
    with np.errstate(all="ignore"):
        getattr(ufunc, method)(*map(_ones, inputs), out=tuple(map(_ones, kwargs["out"])), **options)


def _ones(x: Any) -> Any:
    return np.ones(x.shape, x.dtype) if isinstance(x, Value) else x


# --- plain calls with options ----------------------------------------------------------------------------------

#: Where the functions that have no value at 0.5 are evaluated in the place of an element that ``where=`` leaves out.
_INSIDE_THE_DOMAIN = {"arccosh": 2.0}


def _call(ufunc: np.ufunc, inputs: Sequence[Any], options: _Options) -> Any:
    if handler_of(ufunc) is None:
        raise no_rule(ufunc)
    inputs = [x if type(x) in (int, float, complex) else folds.as_operand(x) for x in inputs]
    mask = options.pop("where", True)
    if mask is not True:
        mask = folds.as_operand(mask)
    _check_options(ufunc, inputs, mask, options)
    kinds = _dtypes(ufunc, inputs, options)
    operands = [_cast(x, kind) for x, kind in zip(inputs, kinds, strict=False)]
    if mask is not True:
        operands = [_filled(ufunc, x, mask) for x in operands]
    y = _along_axes(ufunc, operands, options) if ufunc.signature else ufunc(*operands)
    results = [_cast(one, kind) for one, kind in zip(y if isinstance(y, tuple) else (y,), kinds[ufunc.nin :], strict=True)]
    if mask is not True:
        results = [np.where(mask, one, np.zeros((), one.dtype)) for one in results]
    return results[0] if len(results) == 1 else tuple(results)


def _check_options(ufunc: np.ufunc, inputs: Sequence[Any], mask: Any, options: _Options) -> None:
    """Make the call with empty arrays: NumPy raises what it does not allow."""
    empty = [np.ones((0,) * len(x.shape), x.dtype) if hasattr(x, "dtype") else x for x in inputs]
    masked = {} if mask is True else {"where": np.ones((0,) * np.ndim(mask), np.result_type(mask))}
    with np.errstate(all="ignore"):
        ufunc(*empty, out=(None,) * ufunc.nout, **options, **masked)


def _dtypes(ufunc: np.ufunc, inputs: Sequence[Any], options: _Options) -> Sequence[Any]:
    """The dtypes of operands and results that ``dtype=`` or ``signature=`` ask for; ``None`` where nothing does."""
    signature = options.get("signature")
    if options.get("dtype") is not None:
        signature = (None,) * ufunc.nin + (np.dtype(options["dtype"]),) * ufunc.nout
    if signature is None:
        return (None,) * ufunc.nargs
    kinds = [getattr(x, "dtype", type(x)) for x in inputs]
    resolved: Sequence[Any] = ufunc.resolve_dtypes(
        (*kinds, *(None,) * ufunc.nout), signature=signature, casting=options.get("casting", "same_kind")
    )
    return resolved


def _cast(x: Any, kind: Any) -> Any:
    if kind is None:
        return x
    return x if getattr(x, "dtype", None) == kind else x.astype(kind) if isinstance(x, Value) else np.asarray(x, kind)[()]


def _filled(ufunc: np.ufunc, x: Any, mask: Any) -> Any:
    """The operand with a harmless number in the place of each element that the mask leaves out."""
    if not hasattr(x, "dtype"):
        return x
    number = _INSIDE_THE_DOMAIN.get(ufunc.__name__, 0.5) if x.dtype.kind in "fc" else 1
    return np.where(mask, x, np.array(number, x.dtype))


def _along_axes(ufunc: np.ufunc, inputs: Sequence[Any], options: _Options) -> Any:
    """Call a generalised ufunc with ``axes=``, ``axis=`` and ``keepdims=``."""
    operands, (result,) = core_dimensions(str(ufunc.signature))
    axis, axes, keepdims = options.get("axis"), options.get("axes"), options.get("keepdims", False)
    if axis is not None:
        axes = [axis if core else () for core in (*operands, operands[0] if keepdims else result)]
    if axes is None:
        axes = [_last(min(len(core), np.ndim(x))) for core, x in zip(operands, inputs, strict=True)]
    places = [(place,) if isinstance(place, (int, np.integer)) else tuple(place) for place in axes]
    if len(places) == len(inputs):  # the result has no core dimensions, or they stay where they are
        places.append(_last(len(places[0])) if keepdims else ())
    moved = [np.moveaxis(x, place, _last(len(place))) for x, place in zip(inputs, places, strict=False)]
    y = ufunc(*moved)
    if keepdims:
        y = np.reshape(y, (*np.shape(y), *(1,) * len(places[0])))
    return np.moveaxis(y, _last(len(places[-1])), places[-1]) if places[-1] else y


def _last(count: int) -> tuple[int, ...]:
    return tuple(range(-count, 0))


# --- methods ---------------------------------------------------------------------------------------------------


def _own_or(method: str, general: Callable[..., Any]) -> Callable[..., Any]:
    """The method of a ufunc by the handler of a row, where there is one, else in general."""

    def call(ufunc: np.ufunc, inputs: Sequence[Any], options: _Options) -> Any:
        handler = handler_of(getattr(ufunc, method))
        if handler is not None:
            return handler(*inputs, **options)
        if handler_of(ufunc) is None:
            raise no_rule(ufunc, method)
        return general(ufunc, *inputs, **options)

    return call


def _outer(ufunc: np.ufunc, inputs: Sequence[Any], options: _Options) -> Any:
    if len(inputs) != 2 or ufunc.signature:
        ufunc.outer(*map(_ones, inputs), **options)
    a, b = map(folds.as_operand, inputs)
    return ufunc(np.reshape(a, a.shape + (1,) * b.ndim), b, **options)


def _at(ufunc: np.ufunc, inputs: Sequence[Any], options: _Options) -> None:
    a, index, *others = inputs
    if not isinstance(a, Value):
        raise _writes_into_array(f"np.{ufunc.__name__}.at", "its first argument", "Make the array a value as well, by np.zeros_like of one.")
    if handler_of(ufunc) is None:
        raise no_rule(ufunc, "at")
    others = [folds.as_operand(x) for x in others]
    ufunc.at(np.ones(1, a.dtype), np.zeros(0, int), *(np.ones(0, x.dtype) for x in others))  # NumPy's exceptions
    try:
        places = np.arange(a.size).reshape(a.shape)[_plain_index(index)]
    except TraceError:
        a._write(f"np.{ufunc.__name__}.at", _at_computed(ufunc, a, index, others))
        return
    try:
        others = [np.ravel(np.broadcast_to(x, places.shape)) for x in others]
    except ValueError:
        raise ValueError("array is not broadcastable to correct shape") from None
    a[...] = np.reshape(_applied(ufunc, np.ravel(a), np.ravel(places), others), a.shape)


def _at_computed(ufunc: np.ufunc, a: Any, index: Any, others: Sequence[Any]) -> Any:
    """The array after ``ufunc.at``, with an index that is known by type alone."""
    if ufunc not in (np.add, np.subtract):
        raise TraceError(
            f"np.{ufunc.__name__}.at was called with an index that is known by shape and dtype only.",
            why="How often a place is named depends on the values.",
            remedy=f"Write a[i] = np.{ufunc.__name__}(a[i], …) if no place is named twice.",
            where=user_location(),
        )
    return added_at(a, index, others[0] if ufunc is np.add else -others[0])


def _plain_index(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(map(_plain_index, index))
    return concrete(index)


def _applied(ufunc: np.ufunc, a: Any, places: Any, others: Sequence[Any]) -> Any:
    """The vector after ``ufunc.at(a, places, *others)``."""
    if ufunc in (np.add, np.subtract):
        total = bind(table.scatter, others, {"index": places, "shape": a.shape})
        return ufunc(a, total.astype(a.dtype))
    for turn in _turns(places):
        chosen = places[turn]
        new = ufunc(a[chosen], *(x[turn] for x in others))
        a = bind(table.index_update, (a, new.astype(a.dtype)), {"index": chosen})
    return a


def _turns(places: Any) -> list[Any]:
    """Groups of positions in which none is named twice: the first naming of each place, the second, and so on."""
    order = np.argsort(places, kind="stable")
    in_order = places[order]
    is_first = np.append(True, in_order[1:] != in_order[:-1])[: len(places)]
    starts = np.flatnonzero(is_first)
    turn = np.arange(len(places)) - np.repeat(starts, np.diff(np.append(starts, len(places))))
    return [order[turn == k] for k in range(turn.max(initial=-1) + 1)]


_METHODS: dict[str, Callable[..., Any]] = {
    "__call__": _call,
    "reduce": _own_or("reduce", folds.reduce),
    "accumulate": _own_or("accumulate", folds.accumulate),
    "reduceat": _own_or("reduceat", folds.reduceat),
    "outer": _outer,
    "at": _at,
}
