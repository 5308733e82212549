"""From lists to formulas: a Wengert list is interpreted with SymPy's symbols in the place of numbers.

The interpreter is a loop over the statements. Each is looked up by its kind: elementwise functions in `vocabulary`,
reductions and movements in `arrays`, matrices in `matrices`. Of the expressions that it builds it asks the size alone:
SymPy's own functions recurse, so that what is nested too deep is built without being evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wengert.programs import list_of
from wengert.symbolic.dependency import require_sympy
from wengert.wlist import Variable, WengertList

__all__ = ["results_of", "symbols_of", "to_sympy"]


def to_sympy(program: Any, *args: Any) -> Any:
    """Write the results of a program as formulas of SymPy.

    Parameters
    ----------
    program : WengertList, or callable
        A function is traced with `args`; without any, each of its positional parameters that has no default is a
        number (float64, of shape ``()``).
    *args
        Numbers and arrays of the shapes and dtypes that the function is traced for. Their values are not looked at.

    Returns
    -------
    sympy.Expr, sympy.Array or tuple
        One for each result; an array for a result that has axes, element by element. The symbols are called like the
        inputs of the list, those of an array ``x_0``, ``x_1`` (see `symbols_of`). They are real where the input is.

    Raises
    ------
    MissingPackageError
        If SymPy is not installed (``pip install sympy``).
    NoRuleError
        If a function has no counterpart in SymPy; the message names it and its line.
    ArgumentError
        If the parameters of a function cannot be counted, or values are given for a list.

    Notes
    -----
    Cost: one SymPy operation for each element of each statement; the formulas share what the statements share. A
    formula stands for finite numbers: rounding, signed zeros, nan and infinities are no part of it.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> from wengert.symbolic import to_sympy
    >>> to_sympy(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2))
    x1*x2 + log(x1) - sin(x2)
    >>> to_sympy(lambda A, x: A @ x, np.ones((2, 2)), np.ones(2))
    [A_0_0*x_0 + A_0_1*x_1, A_1_0*x_0 + A_1_1*x_1]
    """
    require_sympy("to_sympy")
    lst = list_of(program, args, "to_sympy")
    return _packed(results_of(lst))


def results_of(lst: WengertList, *, generic: bool = False) -> list[Any]:
    """The results as arrays of objects; see `interpretation.interpreted`."""
    from wengert.symbolic.interpretation import interpreted

    return interpreted(lst, _symbol_arrays(lst), generic=generic)


def symbols_of(program: WengertList) -> tuple[Any, ...]:
    """Make the symbols that `to_sympy` has for the inputs of a list.

    Returns
    -------
    tuple
        For each input a `sympy.Symbol`, or a `sympy.Array` of them.

    Examples
    --------
    >>> import wengert as wg
    >>> from wengert.symbolic import symbols_of
    >>> symbols_of(wg.trace(lambda x, y: x * y)(1.0, 2.0))
    (x, y)
    """
    require_sympy("symbols_of")
    return tuple(_shaped(x) for x in _symbol_arrays(program))


# --- symbols ---------------------------------------------------------------------------------------------------

_ASSUMPTIONS: Mapping[str, Mapping[str, bool]] = {
    "f": {"real": True},
    "c": {"complex": True},
    "i": {"integer": True},
    "u": {"integer": True, "nonnegative": True},
}


def _symbol_arrays(lst: WengertList) -> list[Any]:
    taken = {v.name for v in lst.inputs}
    return [_symbols(v, taken) for v in lst.inputs]


def _symbols(variable: Variable, taken: set[str]) -> Any:
    from sympy import Symbol

    assumptions = _ASSUMPTIONS.get(variable.dtype.kind, {})
    array = np.empty(variable.shape, object)
    for place in np.ndindex(variable.shape):
        name = "_".join([variable.name, *map(str, place)])
        while place and name in taken:
            name += "_"
        taken.add(name)
        array[place] = Symbol(name, **assumptions)
    return array


def _packed(results: Sequence[Any]) -> Any:
    shaped = tuple(map(_shaped, results))
    return shaped[0] if len(shaped) == 1 else shaped


def _shaped(array: Any) -> Any:
    if array.ndim == 0:
        return array[()]
    from sympy import Array

    return Array(array.ravel().tolist(), array.shape)
