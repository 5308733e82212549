"""Lines of assignments: which statements are read, and their translation."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from wengert.errors import ExpressionError
from wengert.expression.text import Source
from wengert.expression.translation import Translation
from wengert.expression.vocabulary import FUNCTIONS

_ONLY = "A function is lines of assignments with one result at the end."

# What is refused, with its name in messages and what to write instead.
_REFUSED: Mapping[type[ast.stmt], tuple[str, str]] = MappingProxyType(
    {
        ast.While: ("a loop", "Write its rounds one by one."),
        ast.For: ("a loop", "Write its rounds one by one, or sum(x), prod(x) or cumsum(x) of an array."),
        ast.If: ("a block", "Write a if c else b."),
        ast.FunctionDef: ("a definition", "Write the lines of its body only."),
        ast.ClassDef: ("a definition", "Write lines of assignments."),
        ast.Import: ("an import", "Write functions by their bare names, as in sin(x)."),
        ast.ImportFrom: ("an import", "Write functions by their bare names, as in sin(x)."),
        ast.AnnAssign: ("an annotated assignment", "Write it without the annotation."),
    }
)


def is_one_expression(statements: Sequence[ast.stmt]) -> bool:
    """Whether nothing is assigned or returned: then line breaks mean nothing."""
    return all(isinstance(stmt, ast.Expr) for stmt in statements)


def translate_lines(source: Source, statements: Sequence[ast.stmt], translation: Translation) -> None:
    """Write the steps of all statements; the value of the last one is the result."""
    for stmt in statements[:-1]:
        _assign(source, stmt, translation)
    last = statements[-1]
    match last:
        case ast.Expr(value) | ast.Return(ast.expr() as value):
            translation.translate(value)
        case _:
            name = _assign(source, last, translation)
            translation.translate(ast.copy_location(ast.Name(name, ast.Load()), last))


def _assign(source: Source, stmt: ast.stmt, translation: Translation) -> str:
    """Write the steps of an assignment; returns the name."""
    match stmt:
        case ast.Assign([target], value):
            name = _target(source, target)
            translation.assign(name, value)
        case ast.AugAssign(target, operator, value):
            name = _target(source, target)
            before = ast.copy_location(ast.Name(name, ast.Load()), target)
            translation.assign(name, ast.copy_location(ast.BinOp(before, operator, value), stmt))
        case _:
            raise _refused(source, stmt)
    return name


def _target(source: Source, target: ast.expr) -> str:
    if not isinstance(target, ast.Name):
        why, remedy = "A line gives one name to one value.", "Write one assignment for each name."
        raise source.refuse_node(target, "cannot be assigned to", why, remedy)
    if "__" in target.id:
        why = "Names with two underscores belong to Python."
        raise source.refuse_node(target, "cannot name a value", why, "Choose another name.")
    if target.id in FUNCTIONS:
        raise source.refuse_node(target, "is a function", "It keeps its meaning.", "Choose another name.")
    return target.id


def _refused(source: Source, stmt: ast.stmt) -> ExpressionError:
    match stmt:
        case ast.Expr():
            why, remedy = "Its value is used nowhere.", "Give it a name, as in a = sin(x), or leave it out."
            return source.refuse_node(stmt, "is not the last line", why, remedy)
        case ast.Return(None):
            return source.refuse_node(stmt, "returns nothing", _ONLY, "Return one value.")
        case ast.Return():
            why = "What stands below it is never reached."
            return source.refuse_node(stmt, "is not the last line", why, "Leave out the rest.")
        case ast.Assign():
            why, remedy = "A line gives one name to one value.", "Write one assignment a line."
            return source.refuse_node(stmt, "has several targets", why, remedy)
    what, remedy = _REFUSED.get(type(stmt), (f"of the kind {type(stmt).__name__}", "Leave it out."))
    return source.refuse_node(stmt, f"is {what}", _ONLY, remedy)
