"""The translation of syntax trees, node by node, to a program."""

from __future__ import annotations

import ast
import difflib
import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from wengert.errors import ExpressionError
from wengert.expression.files import file_of
from wengert.expression.program import Apply, Jump, JumpUnless, Load, Program, Push, Step, Store
from wengert.expression.text import Source, integer, number, shortened
from wengert.expression.vocabulary import (
    CONSTANTS,
    FUNCTIONS,
    OPERATORS,
    REFUSED_NODES,
    REFUSED_OPERATORS,
    Function,
)

_MAX_NODES = 5_000
_LARGEST_EXPONENT = 2**53  # above it a float64 cannot tell integers apart
_ONLY = "An expression holds only numbers, variables, operators and known functions."


@dataclass(frozen=True, slots=True)
class _Label:
    """A place in the program to which jumps go; not itself a step."""

    number: int


_Item: TypeAlias = ast.expr | Step | _Label


class Translation:
    """Turns syntax trees into steps, operands before their operation, by a stack of what is left to do.

    Parameters
    ----------
    source : Source
        The text of the trees, for errors.
    allowed : tuple of str, optional
        The variables; by default any name that is no constant and no function is one.
    """

    def __init__(self, source: Source, allowed: tuple[str, ...] | None) -> None:
        self.source, self.allowed = source, allowed
        self.variables: dict[str, int] = {}  # name to first position; empty where the allowed ones are given
        self._assigned: set[str] = set()
        self._named_nodes: dict[ast.expr, str] = {}  # those whose value a line gives a name
        self._steps: list[Step] = []
        self._targets: dict[int, int] = {}  # label to position in the steps
        self._nodes = self._labels = 0

    def program(self) -> Program:
        """Return what has been translated."""
        return Program(self.source, file_of(self.source.text), tuple(self._steps), self._targets)

    def assign(self, name: str, value: ast.expr) -> None:
        """Write the steps of a tree, whose value has the name from then on."""
        self._named_nodes[value] = name
        self.translate(value)
        self._steps.append(Store(name))
        self._assigned.add(name)

    def translate(self, root: ast.expr) -> None:
        """Write the steps of a tree."""
        left: list[_Item] = [root]
        while left:
            item = left.pop()
            if isinstance(item, ast.expr):
                left.extend(reversed(self._named_parts(item)))
            elif isinstance(item, _Label):
                self._targets[item.number] = len(self._steps)
            else:
                self._steps.append(item)

    def _named_parts(self, node: ast.expr) -> list[_Item]:
        """The parts of a node; where a line gives its value a name, its last operation knows it."""
        parts = self._parts(node)
        name = self._named_nodes.pop(node, "")
        if not name:
            return parts
        if isinstance(node, ast.IfExp):
            self._named_nodes |= {node.body: name, node.orelse: name}
        return [replace(part, assigned=name) if isinstance(part, Apply) else part for part in parts]

    def _parts(self, node: ast.expr) -> list[_Item]:
        """Replace a node by its operands and its step, after a check that it is allowed."""
        self._count_node()
        parts: list[_Item]
        match node:
            case ast.Constant():
                parts = [Push(number(self.source, node))]
            case ast.Name():
                parts = [self._named(node)]
            case ast.BinOp():
                parts = [node.left, _right(node), Apply(self._operator(node, node.op), 2, node)]
            case ast.UnaryOp():
                parts = [node.operand, Apply(self._operator(node, node.op), 1, node)]
            case ast.Compare():
                parts = self._comparison(node)
            case ast.IfExp():
                parts = self._choice(node)
            case ast.Call():
                parts = self._call(node)
            case ast.Subscript():
                parts = self._subscript(node)
            case _:
                raise self._refused(node)
        return parts

    def _count_node(self) -> None:
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            why = f"The limit is {_MAX_NODES} numbers, names and operations."
            raise self.source.refuse_whole("has too many parts", why, "Write a Python function instead.")

    def _refused(self, node: ast.expr) -> ExpressionError:
        if isinstance(node, ast.BoolOp):
            return self._refused_operator(node, node.op)
        what, remedy = REFUSED_NODES.get(type(node), (f"of the kind {type(node).__name__}", "Leave it out."))
        return self.source.refuse_node(node, f"is {what}", _ONLY, remedy)

    def _operator(self, node: ast.expr, symbol: ast.AST) -> Callable[..., Any]:
        if type(symbol) not in OPERATORS:
            raise self._refused_operator(node, symbol)
        return OPERATORS[type(symbol)]

    def _refused_operator(self, node: ast.expr, symbol: ast.AST) -> ExpressionError:
        sign, remedy = REFUSED_OPERATORS[type(symbol)]
        return self.source.refuse_node(node, f"uses {sign!r}", "It is no operator here.", remedy)

    def _named(self, node: ast.Name) -> Step:
        name = node.id
        if name in self._assigned or (self.allowed is not None and name in self.allowed):
            return Load(name)
        if name in CONSTANTS:
            return Push(CONSTANTS[name])
        if "__" in name or name in FUNCTIONS or self.allowed is not None:
            raise self._refused_name(node)
        start = self.source.start(node)
        self.variables[name] = min(start, self.variables.get(name, start))
        return Load(name)

    def _refused_name(self, node: ast.Name) -> ExpressionError:
        if "__" in node.id:
            why = "Names with two underscores belong to Python."
            return self.source.refuse_node(node, "cannot name a variable", why, "Choose another name.")
        if node.id in FUNCTIONS:
            remedy = f"Write its arguments, as in {node.id}(...)."
            return self.source.refuse_node(node, "is a function", "It has no value of its own.", remedy)
        why = f"The variables are {', '.join(self.allowed or ()) or 'none'}."
        remedy = f"Give a value for {shortened(node.id)}."
        return self.source.refuse_node(node, "is not a known name", why, remedy)

    def _comparison(self, node: ast.Compare) -> list[_Item]:
        """Compare neighbours; all results of a chain such as 0 < x < 1 must hold, element by element."""
        parts: list[_Item] = [node.left]
        last = len(node.ops) - 1
        for k, (symbol, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
            parts += [right, Apply(self._operator(node, symbol), 2, node, keeps_last=k < last)]
        return [*parts, *[Apply(np.logical_and, 2, node)] * last]

    def _choice(self, node: ast.IfExp) -> list[_Item]:
        otherwise, end = self._labels, self._labels + 1
        self._labels += 2
        return [
            node.test,
            JumpUnless(otherwise, node.test),
            node.body,
            Jump(end),
            _Label(otherwise),
            node.orelse,
            _Label(end),
        ]

    def _call(self, node: ast.Call) -> list[_Item]:
        function = self._function(node.func)
        if node.keywords:
            what, why = "is passed by name", "Functions take their operands only."
            raise self.source.refuse_node(node.keywords[0], what, why, "Leave it out.")
        count = len(node.args)
        if count < function.least or (count > function.least and not function.or_more):
            what = f"has {count} argument{'s' * (count != 1)}"
            why = f"The function takes {function.least}{' or more' * function.or_more}."
            raise self.source.refuse_node(node, what, why, "Check the commas and brackets.")
        return [*node.args, Apply(function.call, count, node)]

    def _function(self, node: ast.expr) -> Function:
        if not isinstance(node, ast.Name):
            raise self._refused_callee(node)
        if node.id not in FUNCTIONS:
            raise self._unknown_function(node)
        return FUNCTIONS[node.id]

    def _refused_callee(self, node: ast.expr) -> ExpressionError:
        if type(node) in REFUSED_NODES:
            return self._refused(node)
        why, remedy = "Only known functions are called.", "Write products with *, as in 2*(x + 1)."
        return self.source.refuse_node(node, "cannot be called", why, remedy)

    def _unknown_function(self, node: ast.Name) -> ExpressionError:
        near = difflib.get_close_matches(node.id[:40], FUNCTIONS)
        why = "Known are the elementwise functions of NumPy, sum, prod, mean, cumsum, dot, matmul and where."
        remedy = f"For a product write {shortened(node.id)}*(...)."
        if near:
            remedy = f"Did you mean {' or '.join(near)}?"
        return self.source.refuse_node(node, "is not a known function", why, remedy)

    def _subscript(self, node: ast.Subscript) -> list[_Item]:
        if not isinstance(node.value, ast.Name):
            why, remedy = "Only variables have entries here.", "Write A[0, 1] for A[0][1]."
            raise self.source.refuse_node(node.value, "cannot be indexed", why, remedy)
        keys = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        index = tuple(self._index(key) for key in keys)
        return [node.value, Apply(operator.itemgetter(index), 1, node)]

    def _index(self, node: ast.expr) -> int | slice:
        if isinstance(node, ast.Slice):
            bounds = (node.lower, node.upper, node.step)
            return slice(*(None if bound is None else self._position(bound) for bound in bounds))
        return self._position(node)

    def _position(self, node: ast.expr) -> int:
        position = integer(node)
        if position is None:
            why, remedy = "Entries are numbered from 0.", "Write x[0], x[-1] or x[1:3]."
            raise self.source.refuse_node(node, "is not an integer", why, remedy)
        return position


def _right(node: ast.BinOp) -> _Item:
    """Keep an integral exponent an integer: such powers are exact, and defined at negative bases."""
    exponent = integer(node.right) if isinstance(node.op, ast.Pow) else None
    if exponent is None or abs(exponent) > _LARGEST_EXPONENT:
        return node.right
    return Push(exponent)
