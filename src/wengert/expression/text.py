"""The text of an expression: its characters, its syntax tree, and errors that point into it."""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wengert.errors import ExpressionError

FILE = "<expression>"
"""The file name under which errors and lists show an expression; its only line is line 1."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text on one line, without the spaces around it.

    Attributes
    ----------
    text : str
        Printable ASCII only, so that the columns of `ast`, which count bytes, count characters.
    shift : int
        Characters left out at the start.
    noun : str
        What the text is to be: "expression" or "value".
    """

    text: str
    shift: int
    noun: str

    def refuse(self, start: int, end: int | None, what: str, why: str, remedy: str) -> ExpressionError:
        """Build the error that points at a part of the text."""
        part = shortened(self.text[start:end])
        return ExpressionError(f"column {start + self.shift + 1}: {part!r} {what}.", why=why, remedy=remedy)

    def refuse_node(self, node: ast.expr | ast.keyword, what: str, why: str, remedy: str) -> ExpressionError:
        """Build the error that points at the text of a node."""
        return self.refuse(node.col_offset, node.end_col_offset, what, why, remedy)

    def refuse_whole(self, what: str, why: str, remedy: str) -> ExpressionError:
        """Build the error about the text as a whole."""
        return ExpressionError(f"The {self.noun} {what}.", why=why, remedy=remedy)


def shortened(part: str) -> str:
    """Cut a part of the text to what fits in a message."""
    return part if len(part) <= 40 else part[:37] + "..."


def read(text: str, noun: str, longest: int) -> Source:
    """Check length and characters; line breaks and tabs become spaces."""
    nothing = Source("", 0, noun)
    if not isinstance(text, str):
        what = f"is of type {type(text).__name__}"
        raise nothing.refuse_whole(what, "It is read as text.", "Pass a string.")
    if len(text) > longest:
        what, why = f"has {len(text)} characters", f"The limit is {longest}."
        raise nothing.refuse_whole(what, why, "Write a Python function instead.")
    line = re.sub(r"[\t\n\r]", " ", text).rstrip(" ")
    source = Source(line.lstrip(" "), len(line) - len(line.lstrip(" ")), noun)
    if not source.text:
        raise source.refuse_whole("is empty", "There is nothing to compute.", "Give one, as in x**2 or 2.5.")
    unreadable = re.search(r"[^ -~]|[#\\]", source.text)
    if unreadable is not None:
        raise _refused_character(source, unreadable.start())
    return source


_FOREIGN: Mapping[str, str] = MappingProxyType({"#": "starts a comment", "\\": "continues a line"})
_IN_ASCII: Mapping[str, str] = MappingProxyType(
    {
        "×": "*",
        "·": "*",
        "⋅": "*",
        "÷": "/",
        "−": "-",
        "–": "-",
        "²": "**2",
        "³": "**3",
        "π": "pi",
        "∞": "inf",
    }
)


def _refused_character(source: Source, at: int) -> ExpressionError:
    character = source.text[at]
    if character in _FOREIGN:
        why = "Only numbers, names, operators and brackets are read."
        return source.refuse(at, at + 1, _FOREIGN[character], why, "Leave it out.")
    name = unicodedata.name(character, "a control character").lower()
    why = "Signs that look alike are told apart in ASCII only."
    remedy = f"Write {_IN_ASCII.get(character, 'names and numbers with a-z, A-Z, 0-9 and _')}."
    return source.refuse(at, at + 1, f"({name}) is no printable ASCII character", why, remedy)


def syntax_tree(source: Source) -> ast.expr:
    """Parse the text; whatever Python's parser says against it becomes an ExpressionError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python only warns about, such as 1if, is refused as well
            return ast.parse(source.text, FILE, mode="eval").body
    except SyntaxError as error:
        raise _refused_syntax(source, error) from error
    except (MemoryError, RecursionError) as error:
        why = "Python's parser has a limit."
        raise source.refuse_whole("is nested too deeply", why, "Write a Python function instead.") from error


def _refused_syntax(source: Source, error: SyntaxError) -> ExpressionError:
    start = min(max((error.offset or 1) - 1, 0), len(source.text) - 1)
    reason = re.split(r"[.;:](?:\s|$)", error.msg)[0].capitalize()
    remedy = "Check the operators, commas and brackets."
    if "decimal literal" in error.msg:
        remedy = "Write products with *, as in 2*x."
    return source.refuse(start, None, "cannot be read", f"{reason}.", remedy)


def number(source: Source, node: ast.Constant) -> float:
    """Return a literal as float64, so that powers of whole numbers end at inf and not in endless digits."""
    value = node.value
    if not isinstance(value, int | float) or isinstance(value, bool):
        why = "Numbers are real, and nothing else is written out."
        raise source.refuse_node(node, "is not a number", why, "Write 2, 0.5 or 1e-3.")
    try:
        converted = float(value)
    except OverflowError:
        converted = float("inf")
    if converted == float("inf"):
        raise source.refuse_node(node, "is too large", "float64 ends near 1.8e308.", "Write it smaller.")
    return converted


def integer(node: ast.expr) -> int | None:
    """Return the value of an integer literal with its sign; None for anything else."""
    sign, operand = sign_and_operand(node)
    if isinstance(operand, ast.Constant) and type(operand.value) is int:
        return sign * operand.value
    return None


def sign_and_operand(node: ast.expr) -> tuple[int, ast.expr]:
    """Split a leading plus or minus off."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return -1 if isinstance(node.op, ast.USub) else 1, node.operand
    return 1, node
