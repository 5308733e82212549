"""Derivatives as formulas: the derivative program of the rules, written with symbols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wengert.api import jvp, trace
from wengert.errors import ArgumentError, ShapeError, user_location
from wengert.programs import list_of, parameter_names, with_names
from wengert.symbolic.conversion import results_of
from wengert.symbolic.dependency import require_sympy
from wengert.wlist import ArrayType, WengertList

__all__ = ["derivative"]


def derivative(f: Any, argnums: int | Sequence[int] = 0, order: int = 1, *, simplify: bool = False) -> Any:
    """Find a derivative of a function of numbers as a formula.

    Parameters
    ----------
    f : callable or WengertList
        Numbers (float64, of shape ``()``) to one number. Each positional parameter without a default is one.
    argnums : int or sequence of int
        The number of the argument to differentiate by; a sequence is a mixed derivative, by one argument after the
        other: ``(0, 1)`` is ∂²f/∂x₁∂x₀, ``(0, 0)`` the second derivative.
    order : int
        How often, for a single argument.
    simplify : bool
        Let SymPy simplify the formula, which may take long.

    Returns
    -------
    sympy.Expr
        In real symbols called like the parameters.

    Raises
    ------
    MissingPackageError
        If SymPy is not installed (``pip install sympy``).
    ArgumentError
        If an argument has no such number, or `order` is negative.
    ShapeError
        If an argument or the result is not one number.
    NoRuleError
        If the function, or its derivative, has no counterpart in SymPy.

    Notes
    -----
    The rules of the derivative table are traced, and their program is written by `to_sympy`: SymPy's own
    differentiation has no part in it. The formula holds but for single points: where a rule treats the one point at
    which two numbers are equal in a way of its own, this is left out. At kinks that are more than points it is what
    the rules say.

    Cost: that of tracing the program, whose length grows by a factor of 2 to 3 with each order.

    Examples
    --------
    >>> import numpy as np
    >>> from wengert.symbolic import derivative
    >>> derivative(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2))
    x2 + 1/x1
    >>> derivative(lambda x: np.exp(-x * x), order=2, simplify=True)
    2*(2*x**2 - 1)*exp(-x**2)
    >>> derivative(lambda x, y: x**3 * np.sin(y), argnums=(0, 1))
    3*x**2*cos(y)
    """
    require_sympy("derivative")
    names = _names(f)
    steps = _steps(argnums, order, names)
    differentiated = f
    for k in steps:
        differentiated = _partial(differentiated, k)
    found = results_of(_traced(differentiated, names), generic=True)[0][()]
    return found.simplify() if simplify else found


def _names(f: Any) -> tuple[str, ...]:
    if not isinstance(f, WengertList):
        remedy = "Write it with named ones, as in lambda x, y: f(x, y)."
        return parameter_names(f, "derivative", remedy) if callable(f) else _refused(f)
    for v in f.inputs:
        _check_number(v.type, f"input {v.name} of list {f.name}")
    return tuple(v.name for v in f.inputs)


def _refused(f: Any) -> Any:
    return list_of(f, (), "derivative")


def _steps(argnums: int | Sequence[int], order: int, names: Sequence[str]) -> list[int]:
    """The numbers of the arguments, in the order of differentiation."""
    if isinstance(argnums, (int, np.integer)):
        _check_order(order)
        steps = [int(argnums)] * order
    else:
        if order != 1:
            raise ArgumentError(
                f"derivative got argnums={tuple(argnums)} and order={order}.",
                why="A sequence says by which argument to differentiate in each step.",
                remedy="Repeat the argument in argnums instead, as in (0, 0, 1).",
                where=user_location(),
            )
        steps = [int(k) for k in argnums]
    return [_checked(k, names) for k in steps]


def _check_order(order: int) -> None:
    if order < 0 or order != int(order):
        raise ArgumentError(
            f"derivative got order={order}.", remedy="Give a whole number from 0 on.", where=user_location()
        )


def _checked(k: int, names: Sequence[str]) -> int:
    if not -len(names) <= k < len(names):
        raise ArgumentError(
            f"derivative was asked for argument {k}, but there are {len(names)}: {', '.join(names)}.",
            remedy="Arguments are numbered from 0.",
            where=user_location(),
        )
    return k % len(names)


def _partial(f: Callable[..., Any], k: int) -> Callable[..., Any]:
    """∂f/∂xₖ, by forward mode."""

    def partial(*xs: Any) -> Any:
        return jvp(lambda x: f(*xs[:k], x, *xs[k + 1 :]), (xs[k],), (np.float64(1.0),))[1]

    return partial


def _traced(f: Callable[..., Any], names: Sequence[str]) -> WengertList:
    """The list of `f`, with inputs of these names."""
    lst = trace(with_names(f, names))(*[np.float64(1.0)] * len(names))
    for y in lst.outputs:
        _check_number(ArrayType.of(y), "its result")
    if len(lst.outputs) != 1:
        raise ShapeError(
            f"derivative needs one number as the result, but there are {len(lst.outputs)}.",
            remedy="Choose one of them, as in lambda x: f(x)[0].",
            where=user_location(),
        )
    return lst


def _check_number(kind: ArrayType, what: str) -> None:
    if kind.shape or kind.dtype.kind != "f":
        raise ShapeError(
            f"derivative needs real numbers, but {what} has type {kind}.",
            why="A formula is found for one number by another.",
            remedy="For arrays write to_sympy(wg.trace(wg.jacobian(f))(*args)).",
            where=user_location(),
        )
