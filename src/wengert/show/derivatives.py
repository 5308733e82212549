"""The value and the gradient, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from wengert.api import value_and_grad
from wengert.errors import ArgumentError, ShapeError, user_location
from wengert.jacobians import jacobian
from wengert.show.notation import number_text
from wengert.show.page import Heading, Page, Row, Shown, Table

__all__ = ["Derivatives", "differentiate"]


class Derivatives(Shown):
    """The value of a function and its derivatives by some arguments; made by `differentiate`.

    Attributes
    ----------
    title : str
        The function.
    value : floating
    gradients : dict of str to array
        By the name of the argument, each of its shape.
    """

    def __init__(self, title: str, value: Any, gradients: dict[str, Any], digits: int | None):
        self.title, self.value, self.gradients = title, value, gradients
        self._digits = digits

    def page(self) -> Page:
        """One table."""
        rows = [Row((f"∂f/∂{name}", self._text(value))) for name, value in self.gradients.items()]
        table = Table("", (Heading("derivative"), Heading("value")), tuple(rows))
        return Page(f"{self.title} = {self._text(self.value)}", (table,))

    def to_text(self, width: int | None = None, colour: bool = False) -> str:
        """Write one line for the value and one for each argument; arrays go on over several lines."""
        width = shutil.get_terminal_size((80, 24)).columns if width is None else width
        bold, plain = ("\x1b[1m", "\x1b[0m") if colour else ("", "")
        longest = max(map(len, self.gradients), default=0)
        lines = [f"{bold}{self.title}{plain} = {self._text(self.value)}"]
        for name, value in self.gradients.items():
            head = f"∂f/∂{name.ljust(longest)}"
            lines.append(f"{bold}{head}{plain} = {self._text(value, width, f'{head} = ')}")
        return "\n".join(lines)

    def _text(self, value: Any, width: int = 80, prefix: str = "") -> str:
        return np.array2string(
            np.asarray(value), width, separator=", ", prefix=prefix, formatter={"float_kind": self._number}
        )

    def _number(self, x: Any) -> str:
        return repr(float(x)) if self._digits is None else number_text(x, self._digits)


def differentiate(
    f: Callable[..., Any],
    names: Sequence[str],
    args: Sequence[Any],
    *,
    wrt: Sequence[str] | None = None,
    mode: Literal["forward", "reverse"] = "reverse",
    digits: int | None = None,
) -> Derivatives:
    """Compute the value of a scalar function and its gradient.

    Parameters
    ----------
    f : callable
    names : sequence of str
        Of its arguments.
    args : sequence of numbers and arrays
    wrt : sequence of str, optional
        The arguments to differentiate for; by default all that are not integers.
    mode : {"reverse", "forward"}
    digits : int, optional
        Decimals of the numbers; by default all.

    Raises
    ------
    ArgumentError
        If there is nothing to differentiate for, or `wrt` names no argument.
    ShapeError
        If the result is not a scalar.
    """
    chosen = [k for k, x in enumerate(args) if np.asarray(x).dtype.kind == "f"]
    if wrt is not None:
        chosen = [_place(names, name) for name in wrt]
    if not chosen:
        raise ArgumentError("there is nothing to differentiate for.", remedy="Give a variable a value.")
    if mode == "reverse":
        value, gradients = value_and_grad(f, tuple(chosen))(*args)
    else:
        value = f(*args)
        _check_scalar(value, f)
        gradients = jacobian(f, tuple(chosen), mode="forward")(*args)
    by_name = {names[k]: gradient for k, gradient in zip(chosen, gradients, strict=True)}
    return Derivatives("f", value, by_name, digits)


def _place(names: Sequence[str], name: str) -> int:
    if name not in names:
        raise ArgumentError(
            f"there is no variable {name} to differentiate for.",
            why=f"The variables are {', '.join(names) or 'none'}.",
            where=user_location(),
        )
    return list(names).index(name)


def _check_scalar(value: Any, f: Callable[..., Any]) -> None:
    if np.shape(value) != ():
        raise ShapeError(
            f"a gradient needs a scalar result, but {f.__name__} returned shape {np.shape(value)}.",
            remedy="Return one number, such as a sum or a component.",
            where=user_location(),
        )
