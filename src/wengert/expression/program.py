"""A program for a stack machine, to which an expression is translated, and how it runs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any, TypeAlias

from wengert.errors import WengertError
from wengert.expression.text import FILE, Source


@dataclass(frozen=True, slots=True)
class Push:
    """Put a number on the stack."""

    value: float


@dataclass(frozen=True, slots=True)
class Load:
    """Put the value of a variable on the stack."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """Replace the uppermost ``count`` values by the result; with ``keeps_last``, put the last back on it."""

    call: Callable[..., Any]
    count: int
    node: ast.expr
    keeps_last: bool = False


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on at a label."""

    label: int


@dataclass(frozen=True, slots=True)
class JumpUnless:
    """Take a value off the stack and go on at a label unless it is true."""

    label: int
    node: ast.expr


Step: TypeAlias = Push | Load | Apply | Jump | JumpUnless


@dataclass(frozen=True, slots=True)
class Program:
    """The steps of an expression, and for each label the position where its jumps go on."""

    source: Source
    steps: tuple[Step, ...]
    targets: Mapping[int, int]

    def run(self, values: Mapping[str, Any]) -> Any:
        """Compute the expression for these values of its variables."""
        stack: list[Any] = []
        position = 0
        while position < len(self.steps):
            step = self.steps[position]
            position += 1
            match step:
                case Push(value):
                    stack.append(value)
                case Load(name):
                    stack.append(values[name])
                case Apply():
                    self._apply(step, stack)
                case Jump(label):
                    position = self.targets[label]
                case JumpUnless(label, node):
                    if not self._computed(bool, [stack.pop()], node):
                        position = self.targets[label]
        return stack.pop()

    def _apply(self, step: Apply, stack: list[Any]) -> None:
        arguments = stack[-step.count :]
        del stack[-step.count :]
        stack.append(self._computed(step.call, arguments, step.node))
        if step.keeps_last:
            stack.append(arguments[-1])

    def _computed(self, call: Callable[..., Any], arguments: Iterable[Any], node: ast.expr) -> Any:
        try:
            return _called_on_the_line(call, arguments)
        except WengertError:
            raise
        except (ArithmeticError, IndexError, TypeError, ValueError) as error:
            why = " ".join(str(error).split()).rstrip(".") + "."
            remedy = "Check the shapes and values of the variables."
            raise self.source.refuse_node(node, "could not be computed", why, remedy) from error


def _called(call: Callable[..., Any], arguments: Iterable[Any]) -> Any:
    return call(*arguments)


# The same function under the file name of expressions, its body on line 1: whoever looks for the user's
# line on the call stack finds the expression there instead of this module.
_called_on_the_line = FunctionType(
    _called.__code__.replace(co_filename=FILE, co_firstlineno=0, co_name="expression"), globals()
)
