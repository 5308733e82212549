"""A program for a stack machine, to which an expression or lines are translated, and how it runs."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any, TypeAlias

from wengert.errors import WengertError
from wengert.expression.text import Source


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
    """Replace the uppermost ``count`` values by the result; with ``keeps_last``, put the last back on it.

    ``assigned`` is the name that the line gives the result, if any.
    """

    call: Callable[..., Any]
    count: int
    node: ast.expr
    keeps_last: bool = False
    assigned: str = ""


@dataclass(frozen=True, slots=True)
class Store:
    """Take a value off the stack and give it a name."""

    name: str


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on at a label."""

    label: int


@dataclass(frozen=True, slots=True)
class JumpUnless:
    """Take a value off the stack and go on at a label unless it is true."""

    label: int
    node: ast.expr


Step: TypeAlias = Push | Load | Store | Apply | Jump | JumpUnless


@dataclass(frozen=True, slots=True)
class Program:
    """The steps, and for each label the position where its jumps go on; the result is what is left on the stack.

    Operations are seen on the call stack as calls in `file`.
    """

    source: Source
    file: str
    steps: tuple[Step, ...]
    targets: Mapping[int, int]

    def run(self, values: Mapping[str, Any]) -> Any:
        """Compute the result for these values of the variables."""
        named = dict(values)
        stack: list[Any] = []
        position = 0
        while position < len(self.steps):
            step = self.steps[position]
            position += 1
            match step:
                case Push(value):
                    stack.append(value)
                case Load(name):
                    stack.append(named[name])
                case Store(name):
                    named[name] = stack.pop()
                case Apply():
                    self._apply(step, stack)
                case Jump(label):
                    position = self.targets[label]
                case JumpUnless(label, node):
                    if not self._computed(bool, [stack.pop()], node, ""):
                        position = self.targets[label]
        return stack.pop()

    def _apply(self, step: Apply, stack: list[Any]) -> None:
        arguments = stack[-step.count :]
        del stack[-step.count :]
        stack.append(self._computed(step.call, arguments, step.node, step.assigned))
        if step.keeps_last:
            stack.append(arguments[-1])

    def _computed(self, call: Callable[..., Any], arguments: Iterable[Any], node: ast.expr, assigned: str) -> Any:
        try:
            return _caller(self.file, node.lineno, assigned)(call, arguments)
        except WengertError:
            raise
        except (ArithmeticError, IndexError, TypeError, ValueError) as error:
            why = " ".join(str(error).split()).rstrip(".") + "."
            remedy = "Check the shapes and values of the variables."
            raise self.source.refuse_node(node, "could not be computed", why, remedy) from error


def _called(call: Callable[..., Any], arguments: Iterable[Any]) -> Any:
    return call(*arguments)


def _called_and_named(call: Callable[..., Any], arguments: Iterable[Any]) -> Any:
    result = call(*arguments)
    return result  # noqa: RET504 - that it is stored is what this function is for


@functools.lru_cache(maxsize=1024)
def _caller(file: str, line: int, assigned: str) -> Callable[..., Any]:
    """One of these functions under the file name of a text, its body on a line, its variable with a name.

    Whoever looks for the user's line on the call stack, and for the name that it gives the value, finds the text there
    instead of this module.
    """
    code = _called_and_named.__code__ if assigned else _called.__code__
    names = (*code.co_varnames[:2], *[assigned] * bool(assigned))
    code = code.replace(co_filename=file, co_firstlineno=line - 1, co_name="expression", co_varnames=names)
    return FunctionType(code, globals())
