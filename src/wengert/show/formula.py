"""Formulas of derivatives, read off the derivative table itself.

The rule of a primitive is ordinary NumPy code. Called with tracers it writes a list of a few statements, and these,
put into each other, are the formula: the adjoint of ``sin`` records ``cos(x)`` and ``ct * …``, which is written
``v̄₃ · cos(v₀)``. Factors and exponents of 1 are dropped and signs are drawn to the front. A rule that cannot be
traced, or is too long to read, leaves the partial unnamed: ``v̄₃ · ∂v₃/∂v₀``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from wengert.derivation import fit
from wengert.errors import WengertError
from wengert.facts import Kind
from wengert.primitive import Primitive
from wengert.show.notation import Symbols, number_text, value_text
from wengert.tracing import Recorder
from wengert.wlist import ArrayType, Statement, Variable

__all__ = [
    "UNTRACED",
    "Formula",
    "contribution_formula",
    "partial_formula",
    "primal_formula",
    "symbol",
    "tangent_formula",
]

_ATOM, _POWER, _SIGN, _PRODUCT, _SUM = 9, 4, 3, 2, 1  # the scale of Primitive.precedence
_LONGEST = 72
_DIGITS = 4
_SINGLE_STAR = re.compile(r"(?<!\*)\*(?!\*)")

#: What a rule raises that cannot be traced.
UNTRACED = (WengertError, ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Part:
    """A text, and the precedence of its outermost operator."""

    text: str
    precedence: int = _ATOM

    def within(self, precedence: int) -> str:
        """The text as an operand: in brackets if it binds more loosely than `precedence`."""
        return f"({self.text})" if self.precedence < precedence else self.text


@dataclass(frozen=True, slots=True)
class Formula:
    """A signed quotient of products, ± above₁ · above₂ … / (below₁ · below₂ …); without factors it is 1."""

    above: tuple[Part, ...] = ()
    below: tuple[Part, ...] = ()
    negative: bool = False

    def __mul__(self, other: Formula) -> Formula:
        return Formula(self.above + other.above, self.below + other.below, self.negative != other.negative)

    def __truediv__(self, other: Formula) -> Formula:
        return Formula(self.above + other.below, self.below + other.above, self.negative != other.negative)

    def __neg__(self) -> Formula:
        return replace(self, negative=not self.negative)

    def __add__(self, other: Formula) -> Formula:
        if other.negative:
            return Formula((Part(f"{self.part().within(_SUM)} - {(-other).part().within(_PRODUCT)}", _SUM),))
        return Formula((Part(f"{self.part().within(_SUM)} + {other.part().within(_SUM)}", _SUM),))

    def __sub__(self, other: Formula) -> Formula:
        return self + -other

    def part(self) -> Part:
        """The formula as one text."""
        size = self._size()
        if not self.negative:
            return size
        return Part(f"-{size.within(_PRODUCT)}", min(size.precedence, _SIGN))

    def _size(self) -> Part:
        if len(self.above) == 1 and not self.below:
            return self.above[0]
        if not self.above and not self.below:
            return Part("1")
        above = " · ".join(part.within(_SIGN) for part in self.above) or "1"
        if not self.below:
            return Part(above, _PRODUCT)
        below = " · ".join(part.within(_SIGN) for part in self.below)
        return Part(f"{above} / {below if len(self.below) == 1 else f'({below})'}", _PRODUCT)

    def __str__(self) -> str:
        return self.part().text


def symbol(name: str) -> Formula:
    """The formula that is one symbol."""
    return Formula((Part(name),))


# --- the three traces ------------------------------------------------------------------------------------------


def primal_formula(stmt: Statement, symbols: Symbols) -> str:
    """The right-hand side of a statement, as it was executed: nothing is simplified."""
    operands = [_written(x, symbols).part() for x in stmt.operands]
    return _applied(stmt, operands).text


def tangent_formula(stmt: Statement, symbols: Symbols) -> Formula:
    """The tangent of the target, as a sum over the operands that are not constant."""
    moving = [
        i for i, x in enumerate(stmt.operands)
        if isinstance(x, Variable) and x.dtype.kind in "fc" and stmt.prim.is_active(i)
    ]  # fmt: skip
    if len(stmt.targets) > 1:
        return symbol(_jacobian(stmt, moving, symbols))
    whole = _pushed_forward(stmt, moving, symbols)
    if whole is not None:
        return whole
    terms = [
        _pushed_forward(stmt, [i], symbols)
        or symbol(_partial(stmt, i, symbols)) * symbol(symbols.tangent(stmt.operands[i]))
        for i in moving
    ]
    return sum(terms[1:], start=terms[0])


def _pushed_forward(stmt: Statement, moving: Sequence[int], symbols: Symbols) -> Formula | None:
    """The tangent of the target where the operands `moving` have tangents and the others are constant."""
    count = len(stmt.operands)

    def rule(y: Any, *values: Any) -> Any:
        x_dots = dict(zip(moving, values[count:], strict=True))
        return stmt.prim.push_forward([x_dots.get(i) for i in range(count)], y, values[:count], stmt.params)

    dots = [(symbols.tangent(stmt.operands[i]), stmt.operands[i].type) for i in moving]
    return _traced(rule, [_typed(x, symbols) for x in (*stmt.targets, *stmt.operands)] + dots)


def contribution_formula(stmt: Statement, i: int, symbols: Symbols) -> Formula:
    """What the statement adds to the cotangent of its operand `i`."""
    if len(stmt.targets) > 1:
        return _several_contributions(stmt, i, symbols)
    (target,), operand = stmt.targets, stmt.operands[i]
    rules = stmt.prim.adjoint[tuple(k == i for k in range(len(stmt.operands)))]
    terms = rules.careful if target.dtype.kind == "c" else rules.plain

    def rule(ct: Any, y: Any, *xs: Any) -> Any:
        (term,) = terms(ct, (y, *xs), stmt.params)
        return fit(term, operand.shape, operand.dtype)

    ct = (symbols.adjoint(target), target.type)
    found = _traced(rule, [ct, _typed(target, symbols), *(_typed(x, symbols) for x in stmt.operands)])
    return symbol(ct[0]) * symbol(_partial(stmt, i, symbols)) if found is None else found


def partial_formula(stmt: Statement, i: int, symbols: Symbols) -> Formula | None:
    """The partial of the target by operand `i`, of one element; ``None`` where it is no formula of that element.

    That is so where the statement is not elementwise, or its rule cannot be traced or is too long.
    """
    if stmt.prim.sublists or getattr(stmt.prim, "kind", None) is not Kind.ELEMENTWISE or len(stmt.targets) > 1:
        return None
    (target,) = stmt.targets
    t = np.ones((), stmt.operands[i].dtype)[()]

    def rule(y: Any, *xs: Any) -> Any:
        return stmt.prim.push_forward([t if k == i else None for k in range(len(xs))], y, xs, stmt.params)

    def element(x: Any) -> Any:
        if isinstance(x, Variable):
            return symbols.primal(x), ArrayType((), x.dtype)
        return (str(ArrayType.of(x)), ArrayType((), x.dtype)) if isinstance(x, np.ndarray) and x.ndim else x

    return _traced(rule, [element(target), *map(element, stmt.operands)])


def _partial(stmt: Statement, i: int, symbols: Symbols, target: int = 0) -> str:
    return f"∂{symbols.primal(stmt.targets[target])}/∂{symbols.primal(stmt.operands[i])}"


# A statement with several targets is shown by its partials: its rule gives all of them together.


def _jacobian(stmt: Statement, moving: Sequence[int], symbols: Symbols) -> str:
    """Such as ∂(v1, v2)/∂v0 · v̇0."""
    targets = ", ".join(map(symbols.primal, stmt.targets))
    operands = [stmt.operands[i] for i in moving]
    return " + ".join(f"∂({targets})/∂{symbols.primal(x)} · {symbols.tangent(x)}" for x in operands)


def _several_contributions(stmt: Statement, i: int, symbols: Symbols) -> Formula:
    numbers = [k for k, target in enumerate(stmt.targets) if target.dtype.kind in "fc"]
    terms = [symbol(symbols.adjoint(stmt.targets[k])) * symbol(_partial(stmt, i, symbols, k)) for k in numbers]
    return sum(terms[1:], start=terms[0])


def _written(x: Any, symbols: Symbols) -> Formula:
    if isinstance(x, (bool, np.bool)):
        return symbol(str(x))
    return symbol(symbols.primal(x)) if isinstance(x, Variable) else _constant(x)


# --- tracing a rule --------------------------------------------------------------------------------------------


def _typed(x: Any, symbols: Symbols) -> Any:
    """What a rule is traced with: the symbol and type of a variable, a constant as it is."""
    return (symbols.primal(x), x.type) if isinstance(x, Variable) else x


def _traced(rule: Callable[..., Any], inputs: Sequence[Any]) -> Formula | None:
    """The formula of the result of `rule`; ``None`` where it cannot be traced or is too long."""
    recorder = Recorder()
    tracers = [recorder.input(*x) if isinstance(x, tuple) else x for x in inputs]
    symbols = [x[0] for x in inputs if isinstance(x, tuple)]  # the recorder may have altered equal names
    try:
        with np.errstate(all="ignore"):
            result = rule(*tracers)
    except UNTRACED:
        return None
    reading = _Reading({variable: symbol(text) for variable, text in zip(recorder.inputs, symbols, strict=True)})
    for stmt in recorder.statements:
        if len(str(reading.add(stmt))) > _LONGEST:
            return None
    return reading.formula(result.variable) if recorder.owns(result) else _constant(result)


def _inlined(stmt: Statement, operands: Sequence[Formula]) -> Formula:
    """A statement of a rule, with the formulas of its operands put in."""
    notation = _notation(stmt)
    if notation in _ARITHMETIC:
        return _ARITHMETIC[notation](*operands)
    if notation == "{0} ** {1}" and operands[1] == Formula():
        return operands[0]
    return Formula((_applied(stmt, [operand.part() for operand in operands]),))


# Rules are written for stacks of matrices too: with vectors as matrices of one column or row, sums undone by reshaping
# and spreading. Of single vectors and sums they read as in linear algebra.

_COLUMN, _ROW = (Ellipsis, None), (Ellipsis, None, slice(None))


class _Reading:
    """The formulas of the statements of a rule, and how some of these read that belong together."""

    def __init__(self, formulas: Mapping[Variable, Formula]):
        self._formulas = dict(formulas)
        self._made: dict[Variable, Statement] = {}

    def add(self, stmt: Statement) -> Formula:
        """Write the next statement."""
        formula = self._together(stmt) or _inlined(stmt, [self.formula(x) for x in stmt.operands])
        self._formulas[stmt.targets[0]] = formula
        self._made[stmt.targets[0]] = stmt
        return formula

    def formula(self, x: Any) -> Formula:
        """That of a variable or a constant."""
        return self._formulas[x] if isinstance(x, Variable) else _constant(x)

    def _together(self, stmt: Statement) -> Formula | None:
        """The statement and those before it as one operation; ``None`` where it stands for itself."""
        if stmt.prim.name == "getitem":
            return self._matrix_by_vector(stmt)
        if stmt.prim.name == "broadcast_to":
            return self._spread(stmt)
        return self._outer(*stmt.operands) if _notation(stmt) == "{0} * {1}" else None

    def _matrix_by_vector(self, stmt: Statement) -> Formula | None:
        """``Wᵀ @ u`` for ``(Wᵀ @ u[..., None])[..., 0]``, and ``u @ W`` likewise."""
        product, index = self._origin(stmt.operands[0]), stmt.params["index"]
        if product is None or product.prim.name != "matmul":
            return None
        a, b = product.operands
        if index == (Ellipsis, 0):
            b = self._vector(b, _COLUMN)
        elif index == (Ellipsis, 0, slice(None)):
            a = self._vector(a, _ROW)
        else:
            return None
        return None if a is None or b is None else _inlined(product, [self.formula(a), self.formula(b)])

    def _outer(self, a: Any, b: Any) -> Formula | None:
        """``outer(u, v)`` for ``u[..., None] · v``, and ``u · v`` where u is a number."""
        if number := self._vector(a, _COLUMN, rank=0):
            return self.formula(number) * self.formula(b)
        u = self._vector(a, _COLUMN) or self._vector(a, (slice(None), None))
        v = b if isinstance(b, Variable) and len(b.shape) == 1 else self._vector(b, _ROW)
        return None if u is None or v is None else symbol(f"outer({self.formula(u)}, {self.formula(v)})")

    def _spread(self, stmt: Statement) -> Formula:
        """``v · ones(2, 3)`` for ``broadcast_to(v, shape=(2, 3))``."""
        spread = self.formula(stmt.operands[0])
        before = self._origin(stmt.operands[0])
        if before is not None and before.prim.name == "reshape" and (index := _inserted(before)) is not None:
            spread = self.formula(before.operands[0])
            spread = symbol(f"{spread.part().within(_ATOM)}[{_listed(index)}]") if index else spread
        return spread * symbol(f"ones({_listed(tuple(stmt.params['shape']))})")

    def _vector(self, x: Any, index: tuple[Any, ...], rank: int = 1) -> Variable | None:
        """The vector that `x` is as a matrix; ``None`` where it is a stack of them, or something else."""
        stmt = self._origin(x)
        if stmt is None or stmt.prim.name != "getitem" or stmt.params["index"] != index:
            return None
        (vector,) = stmt.operands
        return vector if isinstance(vector, Variable) and len(vector.shape) == rank else None

    def _origin(self, x: Any) -> Statement | None:
        return self._made.get(x) if isinstance(x, Variable) else None


def _inserted(stmt: Statement) -> tuple[Any, ...] | None:
    """The index that does what a reshape does which only adds axes of length 1; those in front come by themselves."""
    old = list(stmt.operands[0].shape)
    index: list[slice | None] = []
    for length in stmt.params["shape"]:
        if old and length == old[0]:
            index.append(slice(None))
            old.pop(0)
        elif length == 1:
            index.append(None)
        else:
            return None
    while index and index[0] is None:
        index.pop(0)
    while index and index[-1] is not None:
        index.pop()
    return None if old else tuple(index)


# Arithmetic is told by how it is written, so that the products of the sweeps ("strong zero") belong to it.
_ARITHMETIC: Mapping[str, Callable[..., Formula]] = MappingProxyType(
    {
        "{0} * {1}": operator.mul,
        "{0} / {1}": operator.truediv,
        "{0} + {1}": operator.add,
        "{0} - {1}": operator.sub,
        "-{0}": operator.neg,
    }
)


# --- writing one statement -------------------------------------------------------------------------------------


def _notation(stmt: Statement) -> str:
    return stmt.prim.notation if isinstance(stmt.prim, Primitive) else ""


def _applied(stmt: Statement, operands: Sequence[Part]) -> Part:
    """A primitive applied to operands: in its own notation, else as a call."""
    if stmt.params == {"axes": (1, 0)}:
        return Part(f"{operands[0].within(_ATOM)}ᵀ")
    notation = _notation(stmt)
    if not notation:
        named = [f"{key}={_named_text(key, value)}" for key, value in stmt.params.items() if _tells(stmt, key)]
        return Part(f"{stmt.prim.name}({', '.join([*(part.text for part in operands), *named])})")
    precedence = stmt.prim.precedence if isinstance(stmt.prim, Primitive) else _ATOM
    texts = [part.within(_needed(notation, k, precedence, part.text)) for k, part in enumerate(operands)]
    params = {key: _listed(value) for key, value in stmt.params.items()}
    return Part(_SINGLE_STAR.sub("·", notation).format(*texts, **params), precedence)


def _needed(notation: str, k: int, precedence: int, text: str) -> int:
    """The precedence that operand `k` needs to stand without brackets: enclosed ones need none."""
    rightwards = precedence == _POWER  # a ** b ** c is a ** (b ** c), all else groups to the left
    if notation.startswith(f"{{{k}}}"):
        return max(precedence + rightwards, _SUM)  # comparisons do not chain
    if notation.endswith(f"{{{k}}}"):
        return _ATOM if text.startswith("-") else precedence + (not rightwards)
    return 0


def _tells(stmt: Statement, key: str) -> bool:
    """Whether a parameter says anything: not ``keepdims=False``, not an axis that is all axes."""
    value = stmt.params[key]
    if key == "axis" and isinstance(value, (tuple, list)):
        return len(value) < len(np.shape(stmt.operands[0]))
    return value is not None and value is not False


def _named_text(key: str, value: Any) -> str:
    return _param_text(value[0] if key == "axis" and isinstance(value, tuple) and len(value) == 1 else value)


def _listed(value: Any) -> str:
    return ", ".join(map(_param_text, value)) if isinstance(value, tuple) else _param_text(value)


def _param_text(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"({_listed(tuple(value))}{',' * (len(value) == 1)})"
    if isinstance(value, slice):
        ends = [("" if end is None else str(end)) for end in (value.start, value.stop)]
        return ":".join(ends if value.step is None else [*ends, str(value.step)])
    if value is Ellipsis:
        return "..."
    return value_text(value, _DIGITS) if isinstance(value, np.ndarray) else str(value)


def _constant(value: Any) -> Formula:
    """A constant; ±1 is no factor, and neither is True, the partial of an operand that is selected."""
    array = np.asarray(value)
    if array.ndim or array.dtype.kind not in "iufb":
        text = value_text(array, _DIGITS)
        return Formula((Part(text if array.size <= 3 else str(ArrayType.of(array))),))
    size = abs(array[()] * 1)
    factors = () if size == 1 else (Part(number_text(size, _DIGITS)),)
    return Formula(factors, negative=bool(array < 0))
