"""How the derivative table is written: one function for each shape kind, one for compositions.

Each declares a primitive, enters it in the registry and lets the NumPy functions it stands for arrive at it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from wengert.errors import DeclarationError, NoRuleError, user_location
from wengert.facts import Fact, Flat, Kind, flat
from wengert.levels import is_special
from wengert.primitive import Primitive
from wengert.registry import functions, table
from wengert.value import Value, bind

__all__ = ["composed", "elementwise", "gufunc", "normalized_axes", "reduction", "refuse", "structural"]

_UNSET: Any = getattr(np, "_NoValue", None)


def elementwise(
    function: Callable[..., Any],
    facts: Sequence[Fact] | Flat,
    *,
    name: str = "",
    compute: Callable[..., Any] | None = None,
    **columns: Any,
) -> Primitive:
    """Declare a function that acts on each element of its broadcast operands.

    Parameters
    ----------
    function : callable
        The NumPy function or ufunc, or any function ``f(*arrays) -> array`` written in NumPy.
    facts : list, or `flat`
        One derivative fact per operand: `flat`, a number, or the partial ∂y/∂xᵢ as ``lambda y, *xs: ...``
        in NumPy, where y is the result. `flat` alone stands for every operand.
    name : str
        Name in lists and tables; default that of the function.
    compute : callable
        A faster way to the same result, such as ``operator.mul``.
    **columns
        Further columns of the row: see `Primitive`.

    Returns
    -------
    Primitive
        Callable on arrays and on values of any kind.

    Raises
    ------
    DeclarationError
        If a fact has no meaning, the name is taken, or a row that is not analytic does not say what happens
        at its kinks (``at_kinks=``).

    Examples
    --------
    >>> import wengert as wg
    >>> softsign = wg.elementwise(lambda x: x / (1 + abs(x)), [lambda y, x: 1 / (1 + abs(x)) ** 2], name="softsign")
    >>> float(wg.grad(softsign)(1.0))
    0.25
    """
    least, most = _operand_counts(function)
    rows = [flat] * least if isinstance(facts, Flat) else list(facts)
    if not max(least, 1) <= len(rows) <= most:
        raise DeclarationError(
            f"{name or function.__name__}: {_counted(len(rows), 'fact')} {'was' if len(rows) == 1 else 'were'} given "
            f"for a function of {_counted(least, 'operand')}.",
            remedy="Give one fact for each operand.",
        )
    columns.setdefault("domain", ((-2.0, 2.0),) * len(rows))
    prim = Primitive(name or function.__name__, compute or function, Kind.ELEMENTWISE, rows, **columns)
    return table.add_primitive(prim, function)


def _operand_counts(function: Callable[..., Any]) -> tuple[int, int]:
    """The least and the largest number of operands that a function takes; any number where it cannot be seen."""
    if isinstance(function, np.ufunc):
        return function.nin, function.nin
    code = getattr(function, "__code__", None)
    if code is None or code.co_flags & 0x04:  # it takes *operands
        return 0, sys.maxsize
    return code.co_argcount - len(getattr(function, "__defaults__", None) or ()), code.co_argcount


def _counted(n: int, thing: str) -> str:
    return f"{n} {thing}{'' if n == 1 else 's'}"


def normalized_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes as non-negative numbers; all of them for ``None``."""
    return tuple(range(ndim)) if axis is None else normalize_axis_tuple(axis, ndim)


def reduction(
    function: Callable[..., Any],
    partial: Fact,
    *,
    ufunc: np.ufunc | None = None,
    identity: Any = None,
    compute: Callable[..., Any] | None = None,
    **columns: Any,
) -> Primitive:
    """Declare a function that reduces axes: parameters ``axis`` (a tuple) and ``keepdims``.

    Parameters
    ----------
    function : callable
        The NumPy function, called ``function(a, axis, dtype, out, keepdims, initial, where)`` by users.
    partial : Fact
        ∂y/∂x of the operand's shape, as ``lambda y, x, *, axis, keepdims: ...`` (y has its reduced axes with
        length 1), or a number.
    ufunc : numpy.ufunc
        The one whose ``reduce`` computes it; faster, and calls of ``ufunc.reduce`` arrive here too.
    identity
        Value of an element that ``where=`` leaves out.
    compute : callable
        ``(x, *, axis, keepdims)``, where neither `function` nor `ufunc` is to be called.
    """
    computed = compute or (ufunc.reduce if ufunc is not None else function)
    prim = Primitive(function.__name__, computed, Kind.REDUCTION, [partial], **columns)

    def handler(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False,
        initial: Any = _UNSET, where: Any = True,
    ) -> Any:  # fmt: skip
        if out is not None:
            refuse(function, out=out)
        if where is not True:
            a = np.where(where, a, _left_out(function, identity, initial))
        if dtype is not None:
            a = a.astype(dtype)
        params = {"axis": normalized_axes(axis, np.ndim(a)), "keepdims": bool(keepdims) and keepdims is not _UNSET}
        is_short = isinstance(a, Value) and a._level >= is_special()
        y = a._apply(prim, (a,), params) if is_short else bind(prim, (a,), params)
        return y if initial is _UNSET or ufunc is None else ufunc(y, initial)

    def without_dtype(
        a: Any, axis: Any = None, out: Any = None, keepdims: Any = False, initial: Any = _UNSET, where: Any = True
    ) -> Any:
        return handler(a, axis, None, out, keepdims, initial, where)

    table.add_primitive(prim)
    functions[function] = handler if "dtype" in inspect.signature(function).parameters else without_dtype
    if ufunc is not None:

        def reduce_handler(a: Any, axis: Any = 0, *args: Any, **kwargs: Any) -> Any:
            return handler(a, axis, *args, **kwargs)

        functions[ufunc.reduce] = reduce_handler
    return prim


def _left_out(function: Callable[..., Any], identity: Any, initial: Any) -> Any:
    """What stands for an element that ``where=`` leaves out."""
    if identity is None and initial is _UNSET:
        raise ValueError(f"np.{function.__name__} has no identity: with where= it needs initial= too.")
    return initial if identity is None else identity


def gufunc(function: np.ufunc, facts: Sequence[Fact], **columns: Any) -> Primitive:
    """Declare a function with a NumPy signature such as ``(m,k),(k,n)->(m,n)`` over broadcast batches."""
    columns.setdefault("domain", ((-2.0, 2.0),) * len(facts))
    prim = Primitive(function.__name__, function, Kind.GUFUNC, facts, signature=str(function.signature), **columns)
    return table.add_primitive(prim, function)


def structural(name: str, compute: Callable[..., Any], facts: Sequence[Fact] | Flat, **columns: Any) -> Primitive:
    """Declare a function that moves elements; axes, shapes and indices are parameters."""
    rows = [facts] if isinstance(facts, Flat) else facts
    return table.add_primitive(Primitive(name, compute, Kind.STRUCTURAL, rows, **columns))


def composed(*numpy_functions: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say that a NumPy function, called on values, is this composition of others: it needs no rule."""

    def declare(composition: Callable[..., Any]) -> Callable[..., Any]:
        for function in numpy_functions:
            functions[function] = composition
        return composition

    return declare


def refuse(function: Callable[..., Any], **given: Any) -> None:
    """Raise `NoRuleError` if a composition was called with a parameter, such as ``out=``, that it cannot honour."""
    refused = [f"{name}=" for name, value in given.items() if value is not None]
    if refused:
        raise NoRuleError(
            f"np.{function.__name__} got {', '.join(refused)} for a value that carries a derivative.",
            why="A NumPy array holds plain numbers only." if "out" in given else "",
            remedy="Use the result of the call instead.",
            where=user_location(),
        )
