"""The text of an expression or of lines: its characters, its syntax tree, and errors that point into it."""

from __future__ import annotations

import ast
import keyword
import re
import unicodedata
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias, cast

from wengert.errors import ExpressionError
from wengert.expression.vocabulary import FUNCTIONS

Node: TypeAlias = ast.expr | ast.keyword | ast.stmt


@dataclass(frozen=True, slots=True)
class Source:
    """The text, without the spaces around it.

    Attributes
    ----------
    text : str
        Printable ASCII only, so that the columns of `ast`, which count bytes, count characters.
    shifts : tuple of int
        Characters left out at the start of each line.
    noun : str
        What the text is to be: "expression", "value" or "point".
    """

    text: str
    shifts: tuple[int, ...]
    noun: str

    @property
    def lines(self) -> list[str]:
        """The text line by line."""
        return self.text.split("\n")

    def refuse(self, start: int, end: int | None, what: str, why: str, remedy: str) -> ExpressionError:
        """Build the error that points at a part of the text, from one position up to another."""
        line = self.text.count("\n", 0, start)
        column = start - (self.text.rfind("\n", 0, start) + 1) + self.shifts[line]
        place = f"line {line + 1}, column {column + 1}" if "\n" in self.text else f"column {column + 1}"
        part = shortened(" ".join(self.text[start:end].split("\n")))
        error = ExpressionError(f"{place}: {part!r} {what}.", why=why, remedy=remedy)
        error.span = (self._typed(start), self._typed(len(self.text) if end is None else end))
        return error

    def refuse_node(self, node: Node, what: str, why: str, remedy: str) -> ExpressionError:
        """Build the error that points at the text of a node."""
        return self.refuse(self.start(node), self._end(node), what, why, remedy)

    def start(self, node: Node) -> int:
        """Where in the text a node begins."""
        return self._position(node.lineno, node.col_offset)

    def _end(self, node: Node) -> int | None:
        if node.end_lineno is None or node.end_col_offset is None:
            return None
        return self._position(node.end_lineno, node.end_col_offset)

    def _position(self, line: int, column: int) -> int:
        return sum(len(before) + 1 for before in self.lines[: line - 1]) + column

    def _typed(self, position: int) -> int:
        """A position in the text as it was typed, with the spaces that were left out."""
        return position + sum(self.shifts[: self.text.count("\n", 0, position) + 1])

    def refuse_whole(self, what: str, why: str, remedy: str) -> ExpressionError:
        """Build the error about the text as a whole."""
        return ExpressionError(f"The {self.noun} {what}.", why=why, remedy=remedy)


def shortened(part: str) -> str:
    """Cut a part of the text to what fits in a message."""
    return part if len(part) <= 40 else part[:37] + "..."


def read(text: str, noun: str, longest: int) -> Source:
    """Check length and characters; line breaks and tabs become spaces."""
    _check_length(text, noun, longest)
    line = re.sub(r"[\t\n\r]", " ", text).rstrip(" ")
    return _checked(Source(line.lstrip(" "), (len(line) - len(line.lstrip(" ")),), noun))


def read_lines(text: str, noun: str, longest: int) -> Source:
    """Check length and characters; line breaks stay, the spaces before all lines and all comments are left out."""
    _check_length(text, noun, longest)
    lines = without_comments(text).replace("\t", " ").rstrip(" \n").split("\n")
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")), default=0)
    shifts = tuple(min(margin, len(line)) for line in lines)
    return _checked(Source("\n".join(line[margin:] for line in lines), shifts, noun))


def without_comments(text: str) -> str:
    """Put spaces in the place of comments and of returns of the carriage."""
    return re.sub(r"#.*|\r", lambda comment: " " * len(comment[0]), text)


def _check_length(text: str, noun: str, longest: int) -> None:
    nothing = Source("", (0,), noun)
    if not isinstance(text, str):
        what = f"is of type {type(text).__name__}"
        raise nothing.refuse_whole(what, "It is read as text.", "Pass a string.")
    if len(text) > longest:
        what, why = f"has {len(text)} characters", f"The limit is {longest}."
        raise nothing.refuse_whole(what, why, "Write a Python function instead.")


def _checked(source: Source) -> Source:
    if not source.text:
        example = "x**2" if source.noun == "expression" else "2 or [1, 2.5]"
        raise source.refuse_whole("is empty", "There is nothing to compute.", f"Give one, as in {example}.")
    unreadable = re.search(r"[^ -~\n]|[#\\]", source.text)
    if unreadable is not None:
        raise _refused_character(source, unreadable.start())
    return source


_FOREIGN: Mapping[str, str] = MappingProxyType({"#": "starts a comment", "\\": "continues a line"})
_IN_ASCII: Mapping[str, str] = MappingProxyType(
    {
        "×": "*",
        "·": "*",
        "⋅": "*",
        "∗": "*",
        "÷": "/",
        "−": "-",
        "–": "-",
        "²": "**2",
        "³": "**3",
        "π": "pi",
        "∞": "inf",
        "√": "sqrt(x)",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
    }
)
_GREEK = "greek small letter "


def _refused_character(source: Source, at: int) -> ExpressionError:
    character = source.text[at]
    if character in _FOREIGN:
        why = "Only numbers, names, operators and brackets are read."
        return source.refuse(at, at + 1, _FOREIGN[character], why, "Leave it out.")
    name = unicodedata.name(character, "a control character").lower()
    why = "Signs that look alike are told apart in ASCII only."
    greek = name.removeprefix(_GREEK) if name.startswith(_GREEK) else ""
    other = "lam" if greek == "lamda" else greek.replace(" ", "_") or "names and numbers with a-z, A-Z, 0-9 and _"
    remedy = f"Write {_IN_ASCII.get(character, other)}."
    return source.refuse(at, at + 1, f"({name}) is no printable ASCII character", why, remedy)


def syntax_tree(source: Source) -> ast.expr:
    """Parse an expression; whatever Python's parser says against it becomes an ExpressionError."""
    return cast("ast.Expression", _parsed(source, "eval")).body


def syntax_trees(source: Source) -> list[ast.stmt]:
    """Parse lines likewise."""
    return cast("ast.Module", _parsed(source, "exec")).body


def _parsed(source: Source, mode: Literal["eval", "exec"]) -> ast.AST:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what Python only warns about, such as 1if, is refused as well
            return ast.parse(source.text, mode=mode)
    except SyntaxError as error:
        raise _refused_syntax(source, error) from error
    except (MemoryError, RecursionError) as error:
        why = "Python's parser has a limit."
        raise source.refuse_whole("is nested too deeply", why, "Write a Python function instead.") from error


# An operand that stands right behind another one.
_SIDE_BY_SIDE = re.compile(r"(?:(?<![\w.])([\w.]+)[ \t]+|[)\]][ \t]*)(?=([\w.]+))")
# Words of Python that somebody may take for a variable: where an operand stands.
_WORDS = "|".join(sorted(set(keyword.kwlist) - {"and", "else", "if", "not", "or", "return"}))
_WORD = re.compile(rf"\b({_WORDS})\b(?=[ \t]*(?:[-+*/@%=<>,)]|$))|(?<=[-+*/@%=<>,(])[ \t]*\b({_WORDS})\b", re.MULTILINE)
_LAMBDA = re.compile(r"\b(lambda)\b")
_BARS = re.compile(r"\|([^|\n]+)\|")


def _refused_syntax(source: Source, error: SyntaxError) -> ExpressionError:
    return _refused_habit(source) or _refused_at(source, error)


def _refused_habit(source: Source) -> ExpressionError | None:
    """What is written otherwise on paper: names that Python keeps to itself, |x|, sin x, x y."""
    if source.noun != "expression":
        return _refused_neighbours(source)
    word = _WORD.search(source.text) or (None if ":" in source.text else _LAMBDA.search(source.text))
    if word:
        name = word[word.lastindex or 0]
        why, remedy = "It cannot name a variable.", f"Choose another name, as in {_other_name(name)}."
        return source.refuse(word.end() - len(name), word.end(), "is a word of Python", why, remedy)
    if bars := _BARS.search(source.text):
        why, inside = "Bars are no brackets.", bars[1].strip()
        return source.refuse(bars.start(), bars.end(), "cannot be read", why, f"Write abs({shortened(inside)}).")
    return _refused_neighbours(source)


def _refused_neighbours(source: Source) -> ExpressionError | None:
    """Two operands with nothing between them."""
    for pair in _SIDE_BY_SIDE.finditer(source.text):
        left, right = pair[1] or "", pair[2]
        if keyword.iskeyword(left) or keyword.iskeyword(right):
            continue
        part = pair.start(), pair.end(2), "cannot be read"
        if left in FUNCTIONS:
            argument = "..." if right in FUNCTIONS else shortened(right)
            return source.refuse(*part, "Functions take their arguments in brackets.", f"Write {left}({argument}).")
        if source.noun != "expression":
            return source.refuse(*part, "There is no comma between them.", "Write lists with commas, as in [1, 2].")
        return source.refuse(*part, "There is no operator between them.", "Write products with *, as in x*y.")
    return None


def _other_name(word: str) -> str:
    return "lam" if word == "lambda" else f"{word}_"


def _refused_at(source: Source, error: SyntaxError) -> ExpressionError:
    lines = source.lines[: (error.lineno or 1) - 1]
    start = sum(len(line) + 1 for line in lines) + max((error.offset or 1) - 1, 0)
    start = len(source.text[: start + 1].rstrip("\n")) - 1
    reason = re.split(r"[.;:](?:\s|$)", error.msg)[0].capitalize()
    remedy = "Check the operators, commas and brackets."
    if "decimal literal" in error.msg:
        remedy = "Write products with *, as in 2*x."
    line_end = source.text.find("\n", start)
    return source.refuse(start, None if line_end < 0 else line_end, "cannot be read", f"{reason}.", remedy)


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
