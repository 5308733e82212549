"""Typed text to a function: what the command line and the playground accept as one, and as a value.

The text is parsed by `ast` and translated, node by node, to a program for a stack machine; it is never
handed to Python to run. What the translation does not know is refused by name, with its column:

==================== =====================================================================================
numbers              ``2``, ``-3e-2``; they become float64, but an integral exponent stays an integer
constants            ``pi``, ``e``, ``inf``
variables            any other ASCII name, and its entries and slices: ``x[0]``, ``x[1:3]``, ``A[0, 1]``
operators            ``+ - * / // % ** @``, comparisons (chains hold element by element), ``a if c else b``
functions            the elementwise ones of NumPy by name (``sin``, ``log1p``, ``hypot``, ...), ``ln``,
                     ``max``, ``min``, ``sum``, ``prod``, ``mean``, ``cumsum``, ``dot``, ``matmul``,
                     ``where``, ``clip``, ``sinc``
==================== =====================================================================================

A function of several lines, `parse_program`, assigns names and ends with the result, ``return`` or not; comments are
left out::

    z = x1 * x2
    z += 1
    return z - sin(x2)

Every operation is an ordinary call of Python's operator or NumPy's function on the values, so whatever
carries a derivative flows through. Translation and program loop; neither recurses on the text.

Reading order: `text`, `files`, `vocabulary`, `program`, `translation`, `statements`.
"""

from __future__ import annotations

import ast
import inspect
import keyword
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wengert.errors import ArgumentError, ExpressionError, user_location
from wengert.expression.program import Program
from wengert.expression.statements import is_one_expression, translate_lines
from wengert.expression.text import (
    Source,
    number,
    read,
    read_lines,
    shortened,
    sign_and_operand,
    syntax_tree,
    syntax_trees,
    without_comments,
)
from wengert.expression.translation import Translation
from wengert.expression.vocabulary import CONSTANTS

__all__ = ["Expression", "parse", "parse_given", "parse_point", "parse_program", "parse_value"]

_MAX_LENGTH = 10_000
_MAX_VALUE_LENGTH = 100_000
_MAX_AXES = 32


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression, or lines.

    Attributes
    ----------
    text : str
        As typed.
    names : tuple of str
        The variables: in order of appearance, those that differ in their number only (x1, x2, x10)
        by it; or as they were given to `parse`.
    function : callable
        Takes the values of the variables positionally, in the order of ``names``.
    """

    text: str
    names: tuple[str, ...]
    function: Callable[..., Any] = field(repr=False)


def parse(text: str, names: Sequence[str] | None = None) -> Expression:
    """Translate the text of an expression to a function, without ever running the text.

    Parameters
    ----------
    text : str
        Up to 10,000 ASCII characters; the module's docstring says what is accepted.
    names : sequence of str, optional
        The variables allowed, in the order in which the function takes them; a name given here hides
        a constant. By default every name that is no constant and no function is a variable.

    Returns
    -------
    Expression
        Text, variables and function. The function takes numbers, arrays of any shape, and values that
        carry a derivative. Python's numbers are computed with as NumPy's: 1/0 is inf. In arithmetic
        truth values count as 0 and 1.

    Raises
    ------
    ExpressionError
        If the text is not an allowed expression, in one line with the column. The function raises it
        if an operation fails, as on shapes that do not fit, and ArgumentError if called with a wrong
        number of values.

    Examples
    --------
    >>> expression = parse("log(x1) + x1*x2 - sin(x2)")
    >>> expression.names
    ('x1', 'x2')
    >>> print(round(expression.function(2.0, 5.0), 3))
    11.652
    """
    source = read(text, "expression", _MAX_LENGTH)
    allowed = None if names is None else _checked(names)
    translation = Translation(source, allowed)
    translation.translate(syntax_tree(source))
    return _expression(text, translation)


def parse_program(text: str, names: Sequence[str] | None = None) -> Expression:
    """Translate lines of assignments to a function, without ever running the text.

    Parameters
    ----------
    text : str
        Up to 10,000 ASCII characters: assignments of expressions to names (``a = x*y``, ``a += 1``), one a line or
        separated by ``;``, then the result: an expression, with ``return`` or without, or the last name assigned. A
        name may be assigned again. A text in which nothing is assigned or returned is one expression, whatever its
        line breaks.
    names : sequence of str, optional
        The variables allowed, as for `parse`. By default those names that are read before they are assigned.

    Returns
    -------
    Expression
        As `parse` gives it. Each line is a line of the file that lists show, and gives its value its name there.

    Raises
    ------
    ExpressionError
        If the text is anything else, in one line with the line and the column.

    Examples
    --------
    >>> program = parse_program("a = x1 * x2; a -= sin(x2); return log(x1) + a")
    >>> program.names
    ('x1', 'x2')
    >>> print(round(program.function(2.0, 5.0), 3))
    11.652
    """
    source = read_lines(text, "expression", _MAX_LENGTH)
    try:
        statements = syntax_trees(source)
    except ExpressionError as error:
        try:
            return _whole(text, names)  # one expression may be broken where Python's lines may not
        except ExpressionError:
            raise error from None
    if not is_one_expression(statements):
        return _expression(text, _translated(source, names, statements))
    try:
        return _whole(text, names)
    except ExpressionError:
        if len(statements) > 1:
            _translated(source, names, statements)  # which refuses the first line
        raise


def parse_given(text: str, given: Collection[str]) -> Expression:
    """As `parse_program`, where a variable that is given a value may have the name of a constant, as in e=2.

    Parameters
    ----------
    text : str
    given : collection of str
        Names of variables, whether they stand in the text or not.
    """
    expression = parse_program(text)
    hidden = [name for name in given if name in CONSTANTS and re.search(rf"\b{name}\b", text)]
    hidden = [name for name in hidden if name not in expression.names]
    return parse_program(text, [*expression.names, *hidden]) if hidden else expression


def _whole(text: str, names: Sequence[str] | None) -> Expression:
    """One expression, its comments left out."""
    return replace(parse(without_comments(text), names), text=text)


def _translated(source: Source, names: Sequence[str] | None, statements: Sequence[ast.stmt]) -> Translation:
    translation = Translation(source, None if names is None else _checked(names))
    translate_lines(source, statements, translation)
    return translation


def _expression(text: str, translation: Translation) -> Expression:
    order = _natural_order(translation.variables) if translation.allowed is None else translation.allowed
    return Expression(text, order, _as_function(translation.program(), order))


def _checked(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name) or "__" in name:
            raise ExpressionError(
                f"{shortened(name)!r} cannot name a variable.",
                why="Names are made of a-z, A-Z, 0-9 and single _, and are no words of Python.",
                remedy="Choose another name, as in x1.",
            )
    if len(set(names)) < len(names):
        raise ExpressionError(
            f"A variable is given twice: {shortened(', '.join(names))}.",
            why="Each variable has one value.",
            remedy="Leave one out.",
        )
    return tuple(names)


def _natural_order(first_positions: Mapping[str, int]) -> tuple[str, ...]:
    """Order names by first appearance, those of one stem such as x1, x2, x10 by their number."""
    appeared = sorted(first_positions, key=first_positions.__getitem__)
    stems = list(dict.fromkeys(map(_stem, appeared)))

    def key(name: str) -> tuple[int, int, str]:
        # Digits are compared as text, the longer first: there may be more of them than int() accepts.
        digits = name[len(_stem(name)) :].lstrip("0")
        return stems.index(_stem(name)), len(digits), digits

    return tuple(sorted(appeared, key=key))


def _stem(name: str) -> str:
    return name.rstrip("0123456789")


def _as_function(program: Program, names: tuple[str, ...]) -> Callable[..., Any]:
    def expression(*values: Any) -> Any:
        if len(values) != len(names):
            raise ArgumentError(
                f"The expression takes {len(names)} values, but was given {len(values)}.",
                why=f"Its variables are {', '.join(names) or 'none'}.",
                remedy="Give one value for each, in this order.",
                where=user_location(),
            )
        return program.run(dict(zip(names, values, strict=True)))

    parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in names]
    expression.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    expression.__doc__ = f"Compute {program.source.text}."
    return expression


def parse_value(text: str) -> float | npt.NDArray[np.float64]:
    """Read a number, or a nested list of numbers.

    Parameters
    ----------
    text : str
        Up to 100,000 characters, such as ``2``, ``-3e-2`` or ``[[1, 2], [3, 4]]``.

    Returns
    -------
    float or ndarray, float64
        An array has one axis for each level of brackets, 32 at most.

    Raises
    ------
    ExpressionError
        If the text is anything else, or its rows differ in length; in one line with the column.

    Examples
    --------
    >>> parse_value("[1, 2.5, -3e-2]")
    array([ 1.  ,  2.5 , -0.03])
    """
    source = read(text, "value", _MAX_VALUE_LENGTH)
    return _array(source, syntax_tree(source))


def parse_point(text: str) -> dict[str, float | npt.NDArray[np.float64]]:
    """Read the values of several variables.

    Parameters
    ----------
    text : str
        Up to 100,000 characters, such as ``x=2, A=[[1, 2], [3, 4]]``.

    Returns
    -------
    dict of str to float or ndarray, float64
        By name, in the order of the text.

    Raises
    ------
    ExpressionError
        If the text is anything else, or names a variable twice; in one line with the column.

    Examples
    --------
    >>> parse_point("x1=2, x2=-5e-1")
    {'x1': 2.0, 'x2': -0.5}
    """
    if isinstance(text, str) and not text.strip():
        return {}
    source = read(text, "point", _MAX_VALUE_LENGTH)
    found = list(_NAMED.finditer(source.text))
    ends = [one.start() for one in found] + [len(source.text)]
    if ends[0] > 0:
        why = "It does not say of which variable it is the value."
        raise source.refuse(0, ends[0], "has no name", why, "Write x=2, or x=[1, 2, 3].")
    values: dict[str, float | npt.NDArray[np.float64]] = {}
    for one, end in zip(found, ends[1:], strict=True):
        name = one["name"]
        if name in values:
            raise source.refuse(
                one.start("name"), end, "is given twice", "Each variable has one value.", "Leave one out."
            )
        values[name] = _value_within(source, name, one.end(), end)
    _checked(tuple(values))
    return values


# A name with its sign of equality, and what separates it from the value before it.
_NAMED = re.compile(r"(?:^|[\s,;])\s*(?P<name>[A-Za-z_]\w*)\s*=(?!=)", re.ASCII)


def _value_within(source: Source, name: str, start: int, end: int) -> float | npt.NDArray[np.float64]:
    """The value that stands there; separators behind it do not count."""
    part = read(re.sub(r"[\s,;]+$", "", source.text[start:end]), f"value of {shortened(name)}", _MAX_VALUE_LENGTH)
    placed = Source(part.text, (source.shifts[0] + start + part.shifts[0],), part.noun)
    return _array(placed, syntax_tree(placed))


_Nested: TypeAlias = "float | list[_Nested]"


def _array(source: Source, node: ast.expr) -> float | npt.NDArray[np.float64]:
    nested = _nested_numbers(source, node)
    if isinstance(nested, float):
        return nested
    try:
        return np.array(nested, dtype=np.float64)
    except ValueError as error:
        why, remedy = "Its rows differ in length.", "Give rows of one length, as in [[1, 2], [3, 4]]."
        raise source.refuse_whole("is not an array", why, remedy) from error


def _nested_numbers(source: Source, node: ast.expr, axes: int = _MAX_AXES) -> _Nested:
    if isinstance(node, ast.List) and axes:
        return [_nested_numbers(source, element, axes - 1) for element in node.elts]
    sign, operand = sign_and_operand(node)
    if isinstance(operand, ast.Constant):
        return sign * number(source, operand)
    if isinstance(node, ast.List):
        why = f"An array has {_MAX_AXES} axes at most."
        raise source.refuse_node(node, "is nested too deeply", why, "Leave out brackets.")
    why = "A value is a number or a list of numbers."
    raise source.refuse_node(node, "is not a number", why, "Write 2, -3e-2 or [1, 2.5].")
