"""What transforms do with arguments and results: arrays out of containers, checked, and values taken down again."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from numbers import Number
from typing import Any

import numpy as np

from wengert.containers import flatten, function_name, leaf_names, parameter_names, same_structure
from wengert.derivation import fit
from wengert.dual import Dual
from wengert.errors import (
    ArgumentError,
    DtypeError,
    EscapedValueError,
    LostDerivativeError,
    NoRuleError,
    ShapeError,
    location_of,
    user_location,
)
from wengert.levels import Level
from wengert.nodes import own_copy
from wengert.tensors import Tensor
from wengert.value import NO_PARAMS, Value, innermost, is_abstract, is_escaped, settled, stacked

__all__ = [
    "check_alive",
    "labels",
    "lowered",
    "numbers_of",
    "of_selected",
    "plain_aux",
    "primal",
    "run",
    "seeds_for",
    "split_aux",
    "zeros_like",
]

Function = Callable[..., Any]

# What NumPy says where it cannot apply a function to an array of objects.
_NO_OBJECTS = ("loop of ufunc does not support", "from dtype('O')")


def labels(f: Function, args: Sequence[Any]) -> list[str]:
    """A name for each array among the arguments."""
    named = zip(parameter_names(f, len(args)), args, strict=True)
    return [label for name, arg in named for label in leaf_names(name, arg)]


def run(f: Function, level: Level, args: Sequence[Any], kwargs: Any = NO_PARAMS) -> Any:
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
    array = numbers_of(x, transform, f, "Choose other arguments with argnums, or register its class with optree.")
    if array.dtype.kind not in "fc":
        raise DtypeError(
            f"{transform} of {function_name(f)} was asked for an argument of dtype {array.dtype}: {x!r:.60}.",
            why="Only floating point and complex values have derivatives.",
            remedy="Write 2.0 for 2, or x.astype(float); or choose other arguments with argnums.",
            where=user_location(),
        )
    return array


def numbers_of(x: Any, transform: str, f: Function, remedy: str) -> Any:
    """An argument as an array of numbers or a value."""
    array = array_of(x)
    kind, module = type(x).__name__, type(x).__module__
    if not hasattr(array, "dtype"):
        raise DtypeError(
            f"{transform} of {function_name(f)} was asked for an integer of more than 64 bits, {x!r:.40}.",
            remedy="Pass it as a float.",
            where=user_location(),
        )
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


def array_of(x: Any) -> Any:
    if isinstance(x, Value):
        return x
    array = np.asarray(x)
    joins = array.dtype.kind == "O" and all(isinstance(e, (Value, Number)) for e in array.flat)
    return stacked(array) if joins else array


def lowered(y: Any, level: int, f: Function) -> Any:
    """One leaf of the result of `f` as an array or a value; one of a transform that has ended is an error."""
    if isinstance(y, Value):
        check_alive(y, level, f)
        return settled(y)
    array = array_of(y)
    if isinstance(array, Value):
        return lowered(array, level, f)
    if array.dtype.kind not in "fciub":
        raise DtypeError(
            f"{function_name(f)} returned {type(y).__name__} where an array or a number is needed.",
            remedy="Return arrays, numbers, or containers of them.",
            where=user_location(),
        )
    return array[()]


def check_alive(y: Value, level: int | None, f: Function) -> None:
    """Refuse a value of a transform that has ended; `level` is the one that has ended just now."""
    if y._level != level and is_escaped(y):
        raise EscapedValueError(
            f"{function_name(f)} gave a value of a transform that has ended.",
            why="It was stored somewhere inside a grad, jvp or trace and used outside of it.",
            remedy="Return it from the inner function instead (has_aux=True returns more than the result).",
            where=user_location(),
        )


def is_listed(x: Any) -> bool:
    """Whether `x` stands for something unknown in a list that is being written; the arrays of a batch are known."""
    return is_abstract(innermost(x))


def zeros_like(x: Any) -> Any:
    """Zeros for the derivative of `x`: of its shape and dtype, float64 for integers."""
    dtype = x.dtype if x.dtype.kind in "fc" else np.dtype(float)
    return np.zeros(x.shape, dtype)[()]


def plain_aux(y: Any, level: int, f: Function) -> Any:
    """A leaf of auxiliary results without what belongs to `level`."""
    if isinstance(y, np.ndarray) and y.dtype.kind == "O":
        y = array_of(y)
    if isinstance(y, Value):
        check_alive(y, level, f)
    if isinstance(y, Tensor) and y._level == level:
        return own_copy(settled(y._array))
    if isinstance(y, Dual) and y._level == level:
        return y.primal
    return y


def split_aux(f: Function, y: Any, has_aux: bool) -> tuple[Any, Any]:
    """The result of `f` and what it returns besides."""
    if not has_aux:
        return y, None
    if not (isinstance(y, tuple) and len(y) == 2):
        raise ArgumentError(
            f"with has_aux=True, {function_name(f)} must return (result, aux), but it returned {type(y).__name__}.",
            where=user_location(),
        )
    return y[0], y[1]


def seeds_for(given: Any, like: Any, leaves: Sequence[Any], what: str, f: Function) -> list[Any]:
    """The leaves of tangents or cotangents, checked against the values they belong to."""
    if not same_structure(given, like):
        raise ArgumentError(
            f"{what} for {function_name(f)} must have the structure of what they belong to.",
            remedy="Give one array for each array, in the same containers.",
            where=user_location(),
        )
    seeds = [array_of(x) for x in flatten(given)[0]]
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


def positions(argnums: int | Sequence[int], args: Sequence[Any], f: Function) -> tuple[int, ...]:
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
    numbers = positions(argnums, args, f)

    @functools.wraps(f, updated=())
    def partial(*selected: Any) -> Any:
        full = list(args)
        for k, x in zip(numbers, selected, strict=True):
            full[k] = x
        return f(*full, **kwargs)

    return partial, tuple(args[k] for k in numbers)
