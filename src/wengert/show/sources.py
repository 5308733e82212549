"""Lists as programs of other languages: `source`."""

from __future__ import annotations

from typing import Any, Literal

from wengert.errors import ArgumentError, user_location
from wengert.programs import list_of
from wengert.show.c_source import c_source
from wengert.show.python_source import python_source
from wengert.simplification import simplify

__all__ = ["source"]

_WRITERS = {"python": python_source, "c": c_source}


def source(
    program: Any, language: Literal["python", "c"] = "python", *args: Any, name: str = "", simplified: bool = True
) -> str:
    """Write a list, or what a function does, as a standalone program.

    Parameters
    ----------
    program : WengertList, Tape or callable
        A function, such as ``wg.grad(f)``, is traced with `args`; without any, each of its positional parameters that
        has no default is a number (float64, of shape ``()``).
    language : {"python", "c"}
        Python: a function that needs NumPy, SciPy where its special functions occur, and nothing else. C: a C11
        function with loops over arrays of fixed shapes, without allocation; what is not in the caller's arrays lies in
        a workspace that the caller gives.
    *args
        Numbers and arrays of the shapes and dtypes that the program is written for. Their values are not looked at.
    name : str
        Of the function; by default that of the list, ``grad_f`` for ``wg.grad(f)``.
    simplified : bool
        Write `simplify` of the list, which computes the same.

    Returns
    -------
    str
        The text, with the names of the user's variables and a comment for each line of his program.

    Raises
    ------
    ArgumentError
        For an unknown language; if the parameters of a function cannot be counted, or values are given for a list.
    NoRuleError
        If a function has no counterpart in the language; the message names it and the line.
    TraceError
        If the function decides on a value: write ``wg.tape(f, *args)`` for the branch that it takes.

    Notes
    -----
    Time linear in the length of the list. Loops stay loops. The shapes are fixed; the values are not.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> def f(x1, x2):
    ...     y = np.log(x1) + x1 * x2 - np.sin(x2)
    ...     return y
    >>> print(wg.source(wg.grad(f, (0, 1))))
    import numpy as np
    ...
    def grad_f(x1, x2):
    ...
        x2_bar = x1 - np.cos(x2)
        x1_bar = x2 + 1 / x1
        return x1_bar, x2_bar
    ...
    """
    if language not in _WRITERS:
        raise ArgumentError(
            f"source was asked for language {language!r}.", remedy='Use "python" or "c".', where=user_location()
        )
    lst = list_of(program, args, "source", 'source(f, "python", 1.0, 2.0)')
    return _WRITERS[language](simplify(lst) if simplified else lst, name or _name_of(program))


def _name_of(program: Any) -> str:
    """Such as ``grad_f``: what a transform calls the function it has made."""
    transform = getattr(program, "transform", "")
    own = getattr(program, "__name__", "")
    return f"{transform}_{own}" if transform and own.isidentifier() else ""
