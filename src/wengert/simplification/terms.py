"""What the rewrites are written with: terms to be recorded, and the site of a statement with what is known of it."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wengert.facts import Kind
from wengert.registry import table
from wengert.simplification.keys import constant_key
from wengert.value import NO_PARAMS
from wengert.wlist import ArrayType, Operation, Statement, Variable

__all__ = [
    "Knowledge",
    "Rewrite",
    "Site",
    "Term",
    "is_plain",
    "is_power_of_two",
    "is_weak",
    "negated",
    "same",
    "scalar_of",
    "type_of",
]


def _no_params() -> Mapping[str, Any]:
    return NO_PARAMS


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """``prim(operands; params)`` that is not a statement yet; operands may be terms themselves."""

    prim: Operation
    operands: tuple[Any, ...]
    params: Mapping[str, Any] = field(default_factory=_no_params)

    @property
    def type(self) -> ArrayType:
        """The type of its only result; an exception of NumPy where the primitive cannot be applied."""
        prim: Any = self.prim
        if not self.params and getattr(prim, "kind", None) is Kind.ELEMENTWISE:
            return _elementwise_type(prim, *map(_type_key, self.operands))
        operands = [Variable("", x.type) if isinstance(x, Term) else x for x in self.operands]
        found: tuple[ArrayType, ...] = prim.infer(operands, self.params)
        return found[0]


def _type_key(x: Any) -> Any:
    """What the type of a result depends on: of a number of Python its class, of an integer the value too."""
    if isinstance(x, (Variable, Term)):
        return x.type
    if x.__class__ is float or x.__class__ is complex:
        return x.__class__(1)
    return x if x.__class__ is int else ArrayType.of(x)


@functools.lru_cache(maxsize=4096, typed=True)
def _elementwise_type(prim: Any, *keys: Any) -> ArrayType:
    operands = [Variable("", key) if isinstance(key, ArrayType) else key for key in keys]
    found: tuple[ArrayType, ...] = prim.infer(operands, NO_PARAMS)
    return found[0]


@dataclass(slots=True)
class Knowledge:
    """What is known of the variables of a list while it is rewritten.

    Attributes
    ----------
    definitions : dict
        Variable → the statement, rewritten already, that assigns it.
    signs : dict
        Variable → bits of `wengert.simplification.signs`.
    counts : dict
        Variable → how often it is used, before this sweep.
    absorbed : set of Variable
        Those whose sign no use would pay for: each is a term of a sum, or the like.
    active : set of Variable
        Those that depend on an input by a derivative.
    computed : dict
        Key of an application → its targets.
    order : dict
        Variable → how many statements come before its own.
    """

    definitions: dict[Variable, Statement] = field(default_factory=dict)
    signs: dict[Variable, int] = field(default_factory=dict)
    counts: dict[Variable, int] = field(default_factory=dict)
    absorbed: set[Variable] = field(default_factory=set)
    active: set[Variable] = field(default_factory=set)
    computed: dict[Any, tuple[Variable, ...]] = field(default_factory=dict)
    order: dict[Variable, int] = field(default_factory=dict)
    ends: dict[Variable, list[int]] = field(default_factory=dict)  # of the parts of a concatenation


class Site:
    """One application that rewrites are tried on.

    Attributes
    ----------
    term : Term
        With operands that are variables or constants.
    type : ArrayType
        That of the result.
    is_absorbed : bool
        Whether every use of the result can take a change of its sign without a further operation.
    """

    __slots__ = ("is_absorbed", "known", "params", "prim", "type", "xs")

    def __init__(self, term: Term, kind: ArrayType, target: Variable | None, known: Knowledge):
        self.prim, self.xs, self.params = term.prim, term.operands, term.params
        self.type = kind
        self.known = known
        self.is_absorbed = target in known.absorbed

    @property
    def is_real(self) -> bool:
        """Whether the result is floating point and not complex."""
        return self.type.dtype.kind == "f"

    def made_by(self, x: Any, prim: Operation) -> Statement | None:
        """The statement that assigns `x`, if its primitive is `prim`."""
        stmt = self.known.definitions.get(x) if x.__class__ is Variable else None
        return stmt if stmt is not None and stmt.prim is prim else None

    def inner(self, x: Any, prim: Operation) -> Any:
        """The first operand of that statement."""
        stmt = self.made_by(x, prim)
        return None if stmt is None else stmt.operands[0]

    def negation(self, x: Any) -> Any:
        """Y where x = -y is floating point or complex; ``None`` for other x."""
        y = self.inner(x, table.negative)
        return y if y is not None and y.dtype.kind in "fc" else None

    def constant(self, number: float, *likes: Any) -> Any:
        """A constant for the result, that takes the dtype of what it meets if all of `likes` do."""
        return number if all(map(is_weak, likes)) else self.type.dtype.type(number)

    def pairs(self) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        """The two operands in both orders."""
        x1, x2 = self.xs
        return (x1, x2), (x2, x1)

    def is_used_once(self, x: Any) -> bool:
        """Whether this application is the only use of the variable `x`."""
        return self.known.counts.get(x) == 1

    def has_sign(self, x: Any, bits: int) -> bool:
        """Whether the sign of a variable is known to be such."""
        return self.known.signs.get(x, 0) & bits == bits if x.__class__ is Variable else False


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One row of the table.

    Attributes
    ----------
    rule : callable
        ``(site) -> Term``, an operand that the result is equal to, or ``None`` where the row does not apply. Its
        docstring says the identity.
    on : str
        Names of the primitives that it is tried on.
    given : str
        What one of their operands must be: ``constant``, or made by one of these primitives; empty for anything.
    is_exact : bool
        The results are equal bit for bit, with the signs of zeros, infinities and nan.
    """

    rule: Callable[[Site], Any]
    on: str
    given: str
    is_exact: bool

    @property
    def name(self) -> str:
        """The name of its function."""
        return self.rule.__name__

    @property
    def identity(self) -> str:
        """The identity, as the docstring of its function says it."""
        return (self.rule.__doc__ or "").strip()


# --- operands ----------------------------------------------------------------------------------------------------


def is_plain(x: Any) -> bool:
    """Whether an operand is a constant of known numbers: no variable, no value of another level."""
    return isinstance(x, (int, float, complex, np.ndarray, np.generic))


def type_of(x: Any) -> ArrayType:
    """The type of an operand or term."""
    return x.type if isinstance(x, (Variable, Term)) else ArrayType.of(x)


def scalar_of(x: Any) -> float | None:
    """The number that a real constant without axes is, else ``None``."""
    kind = x.__class__
    if kind is float or kind is int:
        return float(x) if abs(x) < 2**53 or kind is float else None
    if isinstance(x, (np.floating, np.integer)) or (kind is np.ndarray and x.ndim == 0 and x.dtype.kind in "fiu"):
        number = x.item()
        return float(number) if abs(number) < 2**53 or x.dtype.kind == "f" else None
    return None


def same(x: Any, y: Any) -> bool:
    """Whether two operands are the same variable or equal constants."""
    if x.__class__ is Variable or y.__class__ is Variable:
        return x is y
    return bool(constant_key(x) == constant_key(y))


def is_weak(x: Any) -> bool:
    """Whether a constant is a number of Python, which takes the dtype of what it meets."""
    return isinstance(x, (int, float)) and not isinstance(x, np.generic)


def negated(c: Any) -> Any:
    """The constant -c; ``None`` where no number of its dtype is the negative of c, as for an integer 0."""
    if is_weak(c):
        return None if isinstance(c, bool) else -c or -float(c)
    kind = c.dtype.kind
    if kind not in "fi" or (kind == "i" and np.any((c == 0) | (c == np.iinfo(c.dtype).min))):
        return None
    return np.negative(c)[()]


def is_power_of_two(c: float) -> bool:
    """Whether a number is ±2ᵏ."""
    return c != 0 and math.isfinite(c) and abs(math.frexp(c)[0]) == 0.5
