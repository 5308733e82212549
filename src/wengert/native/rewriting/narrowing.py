"""What is the same along an axis is folded, and divided, once for the axis.

The second derivative of a squared distance is 2 in each coordinate: the sum of it over all points, chosen by a mask, is
that of one coordinate. Shares of what attains a minimum are divided by how many there are: once a row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wengert.facts import Kind
from wengert.native.reductions import REDUCTIONS
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.transforms.selection import pruned
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["narrowed"]

_MOST_STEPS = 24  # from a fold to what is the same along an axis


def narrowed(lst: WengertList) -> WengertList:
    """The list with what is the same along an axis folded and divided once."""
    writer = _Writer()
    for stmt in lst.statements:
        writer.add(stmt)
    return replace(lst, statements=pruned(writer.statements, lst.outputs)) if writer.is_changed else lst


@dataclass(slots=True)
class _Writer:
    """A list being written.

    `lengths` are those of a variable that is the same along some axis, with 1 there; `narrow` has what is as long as
    that, where it has been wanted.
    """

    statements: list[Statement] = field(default_factory=list)
    made: dict[Variable, Statement] = field(default_factory=dict)
    lengths: dict[Variable, tuple[int, ...]] = field(default_factory=dict)
    narrow: dict[Variable, Any] = field(default_factory=dict)
    is_changed: bool = False

    def add(self, stmt: Statement) -> None:
        """Add a statement, or others that make the same."""
        if not isinstance(stmt.prim, Primitive) or len(stmt.targets) != 1:
            self.statements.append(stmt)
            return
        (v,) = stmt.targets
        written = self._fold(stmt) if stmt.prim.name in REDUCTIONS else self._share(stmt)
        self.is_changed |= written
        if not written:
            self.statements.append(stmt)
        found = self._lengths_of(stmt)
        if found != v.shape:
            self.lengths[v], self.made[v] = found, stmt

    def _lengths(self, x: Any) -> tuple[int, ...]:
        return self.lengths.get(x, x.shape) if isinstance(x, Variable) else np.shape(x)

    def _lengths_of(self, stmt: Statement) -> tuple[int, ...]:
        """The lengths of the axes along which the target is not the same."""
        shape, name = stmt.targets[0].shape, stmt.prim.name
        if 0 in shape:
            return shape
        if name == "broadcast_to" or (isinstance(stmt.prim, Primitive) and stmt.prim.kind is Kind.ELEMENTWISE):
            found = np.broadcast_shapes(*(self._lengths(x) for x in stmt.operands))
            return (1,) * (len(shape) - len(found)) + found
        if name not in ("reshape", "transpose"):
            return shape
        before, own = ArrayType.of(stmt.operands[0]).shape, self._lengths(stmt.operands[0])
        if name == "transpose":
            return tuple(own[k] for k in stmt.params["axes"])
        if [n for n in before if n != 1] != [n for n in shape if n != 1]:
            return shape
        rest = iter([length for length, n in zip(own, before, strict=True) if n != 1])
        return tuple(1 if n == 1 else next(rest) for n in shape)

    # Folds.

    def _fold(self, stmt: Statement) -> bool:
        """Write the fold of what is shorter than the operand; an axis that is folded must be there as it was."""
        x, (v,) = stmt.operands[0], stmt.targets
        if not isinstance(x, Variable) or x not in self.lengths or set(stmt.params) != {"axis", "keepdims"}:
            return False
        axes, shape, lengths = tuple(stmt.params["axis"]), x.shape, self.lengths[x]
        if not axes or any(lengths[k] != shape[k] for k in axes) or math.prod(lengths) == 1:
            return False
        u = self._narrow(x, 0)
        if not isinstance(u, Variable):
            return False
        keeps = stmt.params["keepdims"]
        kept = tuple(1 if k in axes else n for k, n in enumerate(lengths) if keeps or k not in axes)
        folded = Variable(f"{v.name}_once", ArrayType(kept, v.dtype))
        self.statements.append(replace(stmt, targets=(folded,), operands=(u,)))
        self.statements.append(_broadcast(stmt, v, folded))
        return True

    def _narrow(self, x: Any, depth: int) -> Any:
        """What is as long as an operand is different; ``None`` where it takes too many steps."""
        if not isinstance(x, Variable) or x not in self.lengths:
            return x
        if x not in self.narrow and depth < _MOST_STEPS:
            stmt = self.made[x]
            operands = [self._narrow(y, depth + 1) for y in stmt.operands]
            if any(y is None for y in operands):
                return None
            self.narrow[x] = self._written(stmt, operands, self.lengths[x])
        return self.narrow.get(x)

    def _written(self, stmt: Statement, operands: list[Any], lengths: tuple[int, ...]) -> Any:
        """A statement of shorter operands; a number where all of them are."""
        (v,), name = stmt.targets, stmt.prim.name
        if not any(isinstance(y, Variable) for y in operands):
            if any(map(np.ndim, operands)):
                return None
            if name in ("broadcast_to", "reshape", "transpose"):
                return np.asarray(operands[0], v.dtype)[()]
            with np.errstate(all="ignore"):
                return np.asarray(stmt.prim.compute(*operands, **stmt.params), v.dtype)[()]  # type: ignore[attr-defined]
        params, prim = stmt.params, stmt.prim
        if name in ("broadcast_to", "reshape"):
            if ArrayType.of(operands[0]).shape == lengths:
                return operands[0]
            params, prim = {"shape": lengths}, table.reshape
        u = Variable(f"{v.name}_narrow", ArrayType(lengths, v.dtype))
        self.statements.append(replace(stmt, prim=prim, targets=(u,), operands=tuple(operands), params=params))
        return u

    # Shares.

    def _share(self, stmt: Statement) -> bool:
        """Write a truth divided by a whole number as the product with its reciprocal, which has the same bits."""
        if stmt.prim is not table.divide:
            return False
        (x, y), (v,) = stmt.operands, stmt.targets
        kind = ArrayType.of(y)
        if ArrayType.of(x).dtype.kind != "b" or kind.dtype.kind not in "iu" or not isinstance(y, Variable):
            return False
        if kind.size >= v.type.size or np.true_divide(1.0, np.ones(1, kind.dtype)).dtype != v.dtype:
            return False
        part = Variable(f"{v.name}_part", ArrayType(kind.shape, v.dtype))
        self.statements.append(replace(stmt, targets=(part,), operands=(1.0, y)))
        self.statements.append(replace(stmt, prim=table.multiply, operands=(x, part)))
        return True


def _broadcast(stmt: Statement, v: Variable, x: Variable) -> Statement:
    return replace(stmt, prim=table.broadcast_to, targets=(v,), operands=(x,), params={"shape": v.shape})
