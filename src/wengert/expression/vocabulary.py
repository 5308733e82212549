"""The words of the expression language: functions, constants, operators, and what is refused."""

from __future__ import annotations

import ast
import functools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language; it takes ``least`` arguments, or any larger number if ``or_more``."""

    call: Callable[..., Any]
    least: int
    or_more: bool = False


def _largest(*values: Any) -> Any:
    return np.max(values[0]) if len(values) == 1 else functools.reduce(np.maximum, values)


def _smallest(*values: Any) -> Any:
    return np.min(values[0]) if len(values) == 1 else functools.reduce(np.minimum, values)


def _is_elementwise_of_reals(candidate: object) -> bool:
    return (
        isinstance(candidate, np.ufunc)
        and candidate.nout == 1
        and candidate.signature is None
        and any(types.startswith("d" * candidate.nin + "-") for types in candidate.types)
    )


def _known_functions() -> dict[str, Function]:
    elementwise = {name: call for name, call in vars(np).items() if _is_elementwise_of_reals(call)}
    functions = {name: Function(call, call.nin) for name, call in elementwise.items()}
    functions |= {call.__name__: Function(call, 1) for call in (np.sum, np.prod, np.mean, np.cumsum, np.sinc)}
    return functions | {
        "ln": functions["log"],
        "max": Function(_largest, 1, or_more=True),
        "min": Function(_smallest, 1, or_more=True),
        "dot": Function(np.dot, 2),
        "matmul": Function(np.matmul, 2),
        "where": Function(np.where, 3),
        "clip": Function(np.clip, 3),
    }


FUNCTIONS: Mapping[str, Function] = MappingProxyType(_known_functions())
CONSTANTS: Mapping[str, float] = MappingProxyType({"pi": np.pi, "e": np.e, "inf": np.inf})


def _as_number(value: Any) -> Any:
    """Count truth values as 0 and 1: NumPy would add them as a logical or."""
    if isinstance(value, bool | np.bool) or (isinstance(value, np.ndarray) and value.dtype == np.bool):
        return value * 1.0
    return value


def _unary(operation: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def computed(a: Any) -> Any:
        return operation(_as_number(a))

    return computed


def _binary(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Let an operator treat two numbers as NumPy does: inf or nan, where Python raises or never ends."""

    def computed(a: Any, b: Any) -> Any:
        a, b = _as_number(a), _as_number(b)
        if isinstance(a, float | int) and isinstance(b, float | int):
            return operation(np.float64(a), b)
        return operation(a, b)

    return computed


OPERATORS: Mapping[type[ast.AST], Callable[..., Any]] = MappingProxyType(
    {
        ast.Add: _binary(operator.add),
        ast.Sub: _binary(operator.sub),
        ast.Mult: _binary(operator.mul),
        ast.Div: _binary(operator.truediv),
        ast.FloorDiv: _binary(operator.floordiv),
        ast.Mod: _binary(operator.mod),
        ast.Pow: _binary(operator.pow),
        ast.MatMult: operator.matmul,
        ast.USub: _unary(operator.neg),
        ast.UAdd: _unary(operator.pos),
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
    }
)

# What is refused, with its name in messages and what to write instead.
REFUSED_OPERATORS: Mapping[type[ast.AST], tuple[str, str]] = MappingProxyType(
    {
        ast.BitXor: ("^", "For a power write **."),
        ast.BitAnd: ("&", "Write logical_and(a, b)."),
        ast.BitOr: ("|", "Write logical_or(a, b)."),
        ast.And: ("and", "Write logical_and(a, b)."),
        ast.Or: ("or", "Write logical_or(a, b)."),
        ast.Not: ("not", "Write logical_not(a)."),
        ast.Invert: ("~", "Write logical_not(a)."),
        ast.LShift: ("<<", "Write a * 2**n."),
        ast.RShift: (">>", "Write a / 2**n."),
        ast.Is: ("is", "Write ==."),
        ast.IsNot: ("is not", "Write !=."),
        ast.In: ("in", "Compare with each value."),
        ast.NotIn: ("not in", "Compare with each value."),
    }
)
REFUSED_NODES: Mapping[type[ast.AST], tuple[str, str]] = MappingProxyType(
    {
        ast.Attribute: ("an attribute", "Write functions by their bare names, as in sin(x)."),
        ast.Lambda: ("a lambda", "Write the expression itself."),
        ast.NamedExpr: ("an assignment", "Write the value where it is used."),
        ast.List: ("a list", "Pass arrays as values of variables."),
        ast.Tuple: ("a tuple", "Give one expression."),
        ast.Set: ("a set", "Use round brackets."),
        ast.Dict: ("a dict", "Use round brackets."),
        ast.Starred: ("unpacked", "Write the arguments one by one."),
        ast.GeneratorExp: ("a comprehension", "Write sum(x), prod(x) or mean(x) of an array."),
        ast.ListComp: ("a comprehension", "Use operations on whole arrays."),
        ast.SetComp: ("a comprehension", "Use operations on whole arrays."),
        ast.DictComp: ("a comprehension", "Use operations on whole arrays."),
        ast.JoinedStr: ("a string", "Leave it out."),
        ast.Slice: ("a slice", "Write slices directly in brackets, as in x[1:3]."),
    }
)
