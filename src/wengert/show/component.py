"""One number among the inputs or the results of a function: where a sweep starts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wengert.errors import ArgumentError, DtypeError, user_location
from wengert.wlist import ArrayType, Tape, Variable

__all__ = ["Component", "adjoint_seeds", "chosen", "index_text", "numbers", "tangent_seeds"]

Index = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Component:
    """One number among the inputs or the outputs: where a sweep is seeded with 1.

    Attributes
    ----------
    place : int
        Of the array that holds it, among all inputs or all outputs.
    index : tuple of int
        Of the number in the array; empty for a number.
    name : str
        Such as ``x`` or ``x[1]``.
    type : ArrayType
        Of the array.
    """

    place: int
    index: tuple[int, ...]
    name: str
    type: ArrayType

    def seed(self) -> Any:
        """An array of zeros, with a 1 at the index."""
        array = np.zeros(self.type.shape, self.type.dtype)
        array[self.index] = 1
        return array[()]


def numbers(names: Sequence[str], types: Sequence[ArrayType]) -> Iterator[Component]:
    """All numbers among the inputs or outputs that have derivatives, one after the other."""
    for place, (name, array) in enumerate(zip(names, types, strict=True)):
        if array.dtype.kind in "fc":
            for index in np.ndindex(array.shape):
                yield Component(place, index, f"{name}{index_text(index)}", array)


def tangent_seeds(tape: Tape, source: Component) -> dict[Variable, Any]:
    """A unit tangent for one input, and explicit zeros for the others, so that all formulas are complete."""
    floating = [v for v in tape.list.inputs if v.dtype.kind in "fc"]
    zeros = {v: np.zeros(v.shape, v.dtype)[()] for v in floating}
    return zeros | {tape.list.inputs[source.place]: source.seed()}


def adjoint_seeds(tape: Tape, target: Component) -> dict[Variable, Any]:
    """A unit cotangent for one output; none where that is a constant."""
    y = tape.list.outputs[target.place]
    return {y: target.seed()} if isinstance(y, Variable) else {}


def chosen(
    names: Sequence[str], types: Sequence[ArrayType], choice: int | str | None, option: str, noun: str, *,
    caller: str,
) -> Component:  # fmt: skip
    """The component that the user names.

    Parameters
    ----------
    names, types : sequence
        Of all inputs, or all results.
    choice : int, str or None
        A number or name, a component as in ``"x[1]"``; by default the first floating point number.
    option, noun : str
        For messages: ``wrt`` and ``input``, or ``seed`` and ``result``.
    caller : str
        The public function, for messages.

    Raises
    ------
    ArgumentError
        If the choice names nothing.
    DtypeError
        If what it names is an integer.
    """
    if not names:
        raise ArgumentError(
            f"{caller} found no {noun} to differentiate.",
            remedy="Call it with arguments that the result depends on.",
            where=user_location(),
        )
    place, index = _default(types) if choice is None else _place(names, choice, option, noun, caller)
    name, array = names[place], types[place]
    _check_floating(name, array, option, noun, caller)
    index = _full_index(index, name, array, choice, option, noun, caller)
    return Component(place, index, f"{name}{index_text(index)}", array)


def index_text(index: Index) -> str:
    """What stands behind the name of the array: ``[0, 1]``; nothing where the number is all of it."""
    return f"[{', '.join(map(str, index))}]" if index else ""


def _default(types: Sequence[ArrayType]) -> tuple[int, None]:
    return next((k for k, each in enumerate(types) if each.dtype.kind in "fc" and each.size), 0), None


def _place(names: Sequence[str], choice: int | str, option: str, noun: str, caller: str) -> tuple[int, Index | None]:
    """The number of the array, and the index in it where one is given."""
    if isinstance(choice, int) and not isinstance(choice, bool) and -len(names) <= choice < len(names):
        return choice % len(names), None
    if isinstance(choice, str):
        if choice in names:
            return names.index(choice), None
        match = re.fullmatch(r"(.+)\[(\s*-?\d+\s*(?:,\s*-?\d+\s*)*)\]", choice)
        if match and match[1] in names:
            return names.index(match[1]), tuple(map(int, match[2].split(",")))
    raise ArgumentError(
        f"{caller} got {option}={choice!r}, which names no {noun}.",
        why=f"The {noun}s are {', '.join(names)}.",
        remedy=f'Give a name, a number counted from 0, or a component such as "{names[0]}[0]".',
        where=user_location(),
    )


def _check_floating(name: str, array: ArrayType, option: str, noun: str, caller: str) -> None:
    if array.dtype.kind not in "fc":
        raise DtypeError(
            f"{caller} was asked for the derivative of {noun} {name}, which has dtype {array.dtype}.",
            why="Only floating point and complex values have derivatives.",
            remedy=f"Write 2.0 for 2, or choose another {noun} with {option}=.",
            where=user_location(),
        )


def _full_index(
    index: Index | None, name: str, array: ArrayType, choice: int | str | None, option: str, noun: str, caller: str
) -> Index:
    """The index without negative numbers; by default that of the first number."""
    if index is None and not array.size:
        raise ArgumentError(
            f"{caller} found no number in {noun} {name}, which has shape {array.shape}.",
            remedy="Give arrays that are not empty.",
            where=user_location(),
        )
    if index is None:
        return (0,) * array.ndim
    if len(index) != array.ndim or not all(-n <= i < n for i, n in zip(index, array.shape, strict=True)):
        axes = ",".join("0" * array.ndim)
        raise ArgumentError(
            f"{caller} got {option}={choice!r}, but {noun} {name} has shape {array.shape}.",
            remedy=f'Give one number for each axis, counted from 0, as in {option}="{name}[{axes}]".'
            if axes
            else f'Name it as a whole: {option}="{name}".',
            where=user_location(),
        )
    return tuple(i % n for i, n in zip(index, array.shape, strict=True))
