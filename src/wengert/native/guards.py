"""Guards: what makes an element zero wherever it is false, as the mask does of ``where(mask[:, None], x, 0)``.

It is zero of either sign, and whatever stands where it is left out, infinities and nan too. A product of two arrays of
floats has no guard: zero times infinity is nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from wengert.facts import Kind
from wengert.native.coverage import primitive_of
from wengert.native.places import Index, broadcast, moved
from wengert.native.writing import Function, Module
from wengert.wlist import ArrayType, Statement, Variable

__all__ = ["Guard", "axes_moved", "axis_index", "guards_of", "is_of_elements", "is_view_of_axes", "placed"]

_KEEP_ZERO = ("negative", "positive", "absolute", "square", "sqrt", "astype", "conjugate", "real")
_VIEWS = frozenset({"reshape", "transpose", "broadcast_to", "copy"})
_AXIS = "axis "

_Virtual: TypeAlias = Mapping[Variable, Statement]
_Operands: TypeAlias = Sequence[tuple[Any, Index]]


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """An operand that makes an element zero where it is false, at an index in terms of the axes of a domain."""

    value: Any
    index: Index
    is_negated: bool = False

    def axes(self) -> set[str]:
        """The axes of the domain that it depends on."""
        return {i for i in self.index if isinstance(i, str)}


# --- indices in terms of axes ----------------------------------------------------------------------------------------


def axis_index(count: int) -> Index:
    """The index of an element of a domain, in terms of its axes."""
    return tuple(f"{_AXIS}{k}" for k in range(count))


def placed(index: Index, axes: Sequence[Any]) -> Index:
    """An index in terms of axes, with the places on these."""
    return tuple(axes[int(i.removeprefix(_AXIS))] if isinstance(i, str) else i for i in index)


def is_view_of_axes(stmt: Statement) -> bool:
    """Whether a statement only changes axes."""
    return stmt.prim.name in _VIEWS


def is_of_elements(stmt: Statement) -> bool:
    """Whether each element of the target is made of one of each operand."""
    return is_view_of_axes(stmt) or (not stmt.prim.sublists and primitive_of(stmt).kind is Kind.ELEMENTWISE)


def axes_moved(stmt: Statement, index: Index) -> Index | None:
    """The index in the operand of a view that only changes axes; no code is written for it."""
    return moved(Function(Module()), stmt, index)


# --- guards ----------------------------------------------------------------------------------------------------------


def guards_of(x: Any, index: Index, virtual: _Virtual) -> list[Guard] | None:
    """What makes an element zero where none of it holds; ``None`` if nothing is known to, no guard for zero itself."""
    if _is_zero(x):
        return []
    stmt = virtual.get(x) if isinstance(x, Variable) else None
    if stmt is not None and is_view_of_axes(stmt):
        found = axes_moved(stmt, index)
        return None if found is None else guards_of(stmt.operands[0], found, virtual)
    kind = ArrayType.of(x)
    if kind.dtype.kind == "b" and kind.shape:
        return [Guard(x, index)]
    rule = None if stmt is None else _RULES.get(stmt.prim.name)
    if stmt is None or rule is None:
        return None
    return rule([(y, broadcast(index, ArrayType.of(y).shape)) for y in stmt.operands], virtual)


def _of_first(operands: _Operands, virtual: _Virtual) -> list[Guard] | None:
    return guards_of(*operands[0], virtual)


def _of_product(operands: _Operands, virtual: _Virtual) -> list[Guard] | None:
    """Zero times what is neither infinite nor nan is zero."""
    (a, at), (b, there) = operands
    first = guards_of(a, at, virtual) if _is_finite(b) else None
    return _best(first, guards_of(b, there, virtual) if _is_finite(a) else None)


def _of_quotient(operands: _Operands, virtual: _Virtual) -> list[Guard] | None:
    (a, at), (b, _) = operands
    is_number = not isinstance(b, Variable) and np.ndim(b) == 0
    return guards_of(a, at, virtual) if is_number and _is_finite(b) and not _is_zero(b) else None


def _of_selection(operands: _Operands, virtual: _Virtual) -> list[Guard] | None:
    """The product is zero wherever the weight is."""
    _, (weight, there) = operands
    own = [Guard(weight, there)] if ArrayType.of(weight).shape else None
    return _best(own, _of_first(operands, virtual) if _is_finite(weight) else None)


def _of_choice(operands: _Operands, virtual: _Virtual) -> list[Guard] | None:
    (condition, at), (a, _), (b, _) = operands
    first, second = (guards_of(*operand, virtual) for operand in operands[1:])
    if _is_zero(b):
        return _best([Guard(condition, at)], first)
    if _is_zero(a):
        return _best([Guard(condition, at, is_negated=True)], second)
    return None if first is None or second is None else [*first, *second]


def _of_sum(operands: _Operands, virtual: _Virtual) -> list[Guard] | None:
    """Two zeros give one."""
    first, second = (guards_of(*operand, virtual) for operand in operands)
    return None if first is None or second is None else [*first, *second]


_RULES: Mapping[str, Callable[[_Operands, _Virtual], list[Guard] | None]] = {
    **dict.fromkeys(_KEEP_ZERO, _of_first),
    "multiply": _of_product,
    "divide": _of_quotient,
    "selecting_multiply": _of_selection,
    "where": _of_choice,
    "add": _of_sum,
    "subtract": _of_sum,
}


def _best(a: list[Guard] | None, b: list[Guard] | None) -> list[Guard] | None:
    """The guards that depend on fewer axes, but on some."""
    if a is None or b is None:
        return b if a is None else a
    return min(a, b, key=lambda guards: len({axis for guard in guards for axis in guard.axes()}) or math.inf)


def _is_zero(x: Any) -> bool:
    return not isinstance(x, Variable) and np.ndim(x) == 0 and bool(x == 0)


def _is_finite(x: Any) -> bool:
    """Whether neither infinities nor nan are among the values."""
    if ArrayType.of(x).dtype.kind in "biu":
        return True
    return not isinstance(x, Variable) and np.ndim(x) == 0 and bool(np.isfinite(x))
