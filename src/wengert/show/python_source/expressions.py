"""Expressions of Python: texts with places for others, and the brackets that these need.

A *form* is a text such as ``1 / (1 + {0} ** 2)``. Python's own parser says once for each form how strongly the
operators around a place bind; an expression that is put there gets brackets if its own operator binds less.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wengert.wlist import ArrayType

__all__ = [
    "CONSTANT",
    "Deferred",
    "Expression",
    "Form",
    "Local",
    "Weak",
    "compose",
    "form",
    "leaf",
    "literal_expression",
]

# How strongly an operator binds, from the weakest to the strongest of Python's grammar.
_CONDITIONAL, _OR, _AND, _NOT, _COMPARISON = 1, 2, 3, 4, 5
_UNARY, _POWER, _ATOM = 12, 13, 15
_BINARY: Mapping[type[ast.operator], int] = {
    ast.BitOr: 6, ast.BitXor: 7, ast.BitAnd: 8, ast.LShift: 9, ast.RShift: 9, ast.Add: 10, ast.Sub: 10, ast.Mult: 11,
    ast.Div: 11, ast.FloorDiv: 11, ast.Mod: 11, ast.MatMult: 11, ast.Pow: _POWER,
}  # fmt: skip
_PLACE = re.compile(r"\{(\d+)\}")


class Weak:
    """What is a number of Python unless something asks for one of NumPy: an index of a loop, or a constant."""

    def __init__(self) -> None:
        self.is_strict = False


@dataclass(slots=True, eq=False)
class Local:
    """A value that the written function holds in a variable.

    Attributes
    ----------
    type : ArrayType
    wanted : str
        The name that it should have; empty for a value that nobody has named.
    weak : frozenset of Weak
        What makes it a number of Python; empty for one of NumPy.
    after : (Local, str), optional
        The variable that one without a name is called after, and what is appended.
    """

    type: ArrayType
    wanted: str = ""
    weak: frozenset[Weak] = frozenset()
    after: tuple[Local, str] | None = None


#: Stands for the constants above the function, and for other arrays that are never changed in place.
CONSTANT = Local(ArrayType((), np.dtype(float)), "_C")


class Deferred:
    """A text that is known only when everything around it has been planned."""

    def __init__(self, text: Callable[[], str]):
        self.text = text


_Piece = str | Deferred | Local | tuple["Expression", int]


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A text with variables and other expressions in it.

    Attributes
    ----------
    pieces : tuple
        Texts, variables, and expressions with the strength that they need to stand there without brackets.
    strength : int
        Of the outermost operator.
    shares : frozenset of Local
        The variables whose arrays the result may have its elements in.
    depth : int
        How deeply expressions are nested.
    """

    pieces: tuple[_Piece, ...]
    strength: int
    shares: frozenset[Local] = frozenset()
    depth: int = 0

    @property
    def local(self) -> Local | None:
        """The variable, if the expression is nothing else."""
        only = self.pieces[0] if len(self.pieces) == 1 else None
        return only if isinstance(only, Local) else None

    @property
    def reads(self) -> frozenset[Local]:
        """The variables in it."""
        found: set[Local] = set()
        for piece in self.pieces:
            if isinstance(piece, Local):
                found.add(piece)
            elif isinstance(piece, tuple):
                found |= piece[0].reads
        return frozenset(found)

    def write(self, name: Callable[[Local], str]) -> str:
        """The text, with what `name` gives for the variables."""
        return hugged("".join(self._texts(name)))

    def _texts(self, name: Callable[[Local], str]) -> list[str]:
        texts: list[str] = []
        for piece in self.pieces:
            if isinstance(piece, str):
                texts.append(piece)
            elif isinstance(piece, Local):
                texts.append(name(piece))
            elif isinstance(piece, Deferred):
                texts.append(piece.text())
            else:
                inner, least = piece
                text = "".join(inner._texts(name))
                texts.append(f"({text})" if inner.strength < least else text)
        return texts


@dataclass(frozen=True, slots=True)
class Form:
    """A text with places, read by Python's parser.

    Attributes
    ----------
    pieces : tuple of str or int
        Texts, and the numbers of operands.
    least : tuple of int
        For each piece the strength that an operand needs there.
    strength : int
        Of the outermost operator.
    repeated : frozenset of int
        Operands that stand in it more than once.
    """

    pieces: tuple[str | int, ...]
    least: tuple[int, ...]
    strength: int
    repeated: frozenset[int]


@functools.lru_cache(maxsize=4096)
def form(text: str) -> Form:
    """Read a form such as ``{0} @ {1}.T``."""
    tree = ast.parse(_PLACE.sub(r"_place\1_", text), mode="eval").body
    needed = _needed(tree)
    pieces: list[str | int] = []
    least: list[int] = []
    numbers: list[int] = []
    for k, part in enumerate(_PLACE.split(text)):
        is_place = k % 2 == 1
        if part:
            pieces.append(int(part) if is_place else part)
            least.append(needed[len(numbers)] if is_place else 0)
        if is_place:
            numbers.append(int(part))
    repeated = frozenset(n for n in numbers if numbers.count(n) > 1)
    return Form(tuple(pieces), tuple(least), _strength(tree), repeated)


def _strength(node: ast.expr) -> int:
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)]
    if isinstance(node, ast.UnaryOp):
        return _NOT if isinstance(node.op, ast.Not) else _UNARY
    if isinstance(node, ast.Compare):
        return _COMPARISON
    if isinstance(node, ast.BoolOp):
        return _AND if isinstance(node.op, ast.And) else _OR
    if isinstance(node, (ast.IfExp, ast.Lambda)):
        return _CONDITIONAL
    return 0 if isinstance(node, ast.Tuple) else _ATOM


def _needed(tree: ast.expr) -> list[int]:
    """What an operand needs in each place, in the order of the text."""
    found: list[tuple[int, int, int]] = []

    def visit(node: ast.AST, least: int) -> None:
        if isinstance(node, ast.Name) and node.id.startswith("_place"):
            found.append((node.lineno, node.col_offset, least))
        for child, strength in _children(node):
            visit(child, strength)

    visit(tree, 0)
    return [least for _, _, least in sorted(found)]


def _children(node: ast.AST) -> list[tuple[ast.AST, int]]:
    """The parts of a node, with the strength that each needs to stand without brackets."""
    if isinstance(node, ast.BinOp):
        own = _BINARY[type(node.op)]
        left, right = (_ATOM, _UNARY) if isinstance(node.op, ast.Pow) else (own, own + 1)
        return [(node.left, left), (node.right, right)]
    if isinstance(node, ast.IfExp):
        return [(node.body, _OR), (node.test, _OR), (node.orelse, _CONDITIONAL)]
    if isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        return _parts_of_atom(node)
    least = _CONDITIONAL
    if isinstance(node, ast.UnaryOp):
        least = _NOT if isinstance(node.op, ast.Not) else _ATOM
    elif isinstance(node, ast.Compare):
        least = _COMPARISON + 1
    elif isinstance(node, ast.BoolOp):
        least = _strength(node) + 1
    elif isinstance(node, ast.Slice):
        least = _COMPARISON
    return [(child, least) for child in ast.iter_child_nodes(node)]


def _parts_of_atom(node: ast.Attribute | ast.Subscript | ast.Call) -> list[tuple[ast.AST, int]]:
    if isinstance(node, ast.Attribute):
        return [(node.value, _ATOM)]
    if isinstance(node, ast.Subscript):
        return [(node.value, _ATOM), (node.slice, 0)]
    return [(node.func, _ATOM), *((x, _CONDITIONAL) for x in node.args), *((x.value, 0) for x in node.keywords)]


def compose(text: str, operands: Sequence[Expression], shares: Sequence[int] = ()) -> Expression:
    """Put expressions into the places of a form; the result shares elements with the operands in `shares`."""
    read = form(text)
    pieces: list[_Piece] = []
    for piece, least in zip(read.pieces, read.least, strict=True):
        if isinstance(piece, str):
            pieces.append(piece)
        else:
            operand = operands[piece]
            pieces.append(operand.local or (operand, least))
    shared = frozenset().union(*(operands[k].shares for k in shares))
    depth = 1 + max((operands[n].depth for n in read.pieces if not isinstance(n, str)), default=0)
    return Expression(tuple(pieces), read.strength, shared, depth)


def leaf(local: Local) -> Expression:
    """The variable alone."""
    return Expression((local,), _ATOM, frozenset([local]))


def literal_expression(text: str | Deferred) -> Expression:
    """A constant, as Python writes it."""
    if isinstance(text, Deferred):
        return Expression((text,), _UNARY)
    return Expression((text,), _strength(ast.parse(text, mode="eval").body))


# --- powers, which are written closely if both sides are simple -------------------------------------------------

_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*")|(?P<power>\ \*\*\ )|(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)
    |(?P<number>\d[\w.]*(?:(?<=e)[+-]\d+j?)?)|(?P<other>.)""",
    re.VERBOSE,
)


def hugged(line: str) -> str:
    """``x ** 2`` as ``x**2``: a power of a name or number to a name or number is written without blanks."""
    if " ** " not in line:
        return line
    tokens = [(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(line)]
    texts = []
    for k, (kind, text) in enumerate(tokens):
        is_close = kind == "power" and _is_simple_base(tokens, k) and _is_simple_exponent(tokens, k)
        texts.append("**" if is_close else text)
    return "".join(texts)


def _is_simple_base(tokens: Sequence[tuple[str, str]], k: int) -> bool:
    return tokens[k - 1][0] in ("name", "number") and (k < 2 or tokens[k - 2][1] != ".")


def _is_simple_exponent(tokens: Sequence[tuple[str, str]], k: int) -> bool:
    at = k + 1 + (tokens[k + 1][1] == "-")
    after = tokens[at + 1][1] if at + 1 < len(tokens) else ""
    return tokens[at][0] in ("name", "number") and after not in ("(", "[", ".")
