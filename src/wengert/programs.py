"""What is given as a program: a Wengert list, a tape, or a function that is traced."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from wengert.api import trace
from wengert.errors import ArgumentError, user_location
from wengert.wlist import Tape, WengertList

__all__ = ["list_of", "name_of", "parameter_names", "with_names"]


def list_of(program: Any, args: Sequence[Any], caller: str, example: str = "") -> WengertList:
    """The list that `program` is, or that it is traced as; `example` is a call of `caller` with arguments."""
    example = example or f"{caller}(f, 1.0, 2.0)"
    if isinstance(program, Tape):
        program = program.list
    if isinstance(program, WengertList):
        if args:
            raise ArgumentError(
                f"{caller} got values for list {program.name}.",
                why="A list has its inputs already.",
                remedy=f"Call {caller}(list) without them, or {example} with the function.",
                where=user_location(),
            )
        return program
    if not callable(program):
        raise ArgumentError(
            f"{caller} needs a Wengert list or a function, and got {type(program).__name__}.",
            remedy=f"Call {caller}(f), or {caller}(wg.trace(f)(*args)).",
            where=user_location(),
        )
    if args:
        return trace(program)(*args)
    names = parameter_names(program, caller, f"Give {caller} the arguments to trace it with, as in {example}.")
    return trace(with_names(program, names))(*[np.float64(1.0)] * len(names))


def with_names(f: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """The function with parameters of these names, for the trace to read."""

    def named(*xs: Any) -> Any:
        return f(*xs)

    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names]
    named.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # a function may have one
    named.__name__ = name_of(f)
    return named


def name_of(f: Callable[..., Any]) -> str:
    """What a function is called in messages and titles; f if it has no name."""
    name: str = getattr(f, "__name__", type(f).__name__)
    return "f" if name == "<lambda>" else name


def parameter_names(f: Callable[..., Any], caller: str, remedy: str) -> tuple[str, ...]:
    """The positional parameters of `f` without a default."""
    if isinstance(f, np.ufunc):
        return ("x",) if f.nin == 1 else tuple(f"x{k + 1}" for k in range(f.nin))
    try:
        parameters: Collection[inspect.Parameter] | None = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        parameters = None  # a builtin tells nothing
    if parameters is None or any(p.kind is p.VAR_POSITIONAL for p in parameters):
        raise ArgumentError(
            f"{caller} cannot count the parameters of {name_of(f)}.",
            why="It takes any number of them, or does not tell.",
            remedy=remedy,
            where=user_location(),
        )
    return tuple(
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty
    )
