"""Sums over the rows of a product of matrices, as the product of one row, which is the sum of the rows of the first.

The cotangent of what is the same in all rows is such a sum: of the bias of a layer, of the mean of a component of a
mixture. It needs m times fewer multiplications so. The product may be a term of the sum among others, and be multiplied
by what is the same in all rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wengert.registry import table
from wengert.transforms.selection import pruned, uses
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["with_sums_of_factors"]

_FEWEST_ROWS = 8
_DEEPEST = 16  # statements from the sum to a product


def with_sums_of_factors(lst: WengertList) -> WengertList:
    """The list in which no product of matrices is only made for the sum of its rows."""
    if not any(stmt.prim is table.matmul for stmt in lst.statements):
        return lst
    writer = _Writer(lst)
    for stmt in lst.statements:
        writer.add(stmt)
    return replace(lst, statements=pruned(writer.statements, lst.outputs)) if writer.is_changed else lst


@dataclass(slots=True)
class _Writer:
    """A list being written; `made` has the statement of each variable, and `sums` the sums of rows that are known."""

    lst: WengertList
    statements: list[Statement] = field(default_factory=list)
    made: dict[Variable, Statement] = field(default_factory=dict)
    sums: dict[Variable, Variable] = field(default_factory=dict)
    reads: Counter[Variable] = field(default_factory=Counter)
    is_changed: bool = False

    def __post_init__(self) -> None:
        self.reads = uses(self.lst.statements, self.lst.outputs)

    def add(self, stmt: Statement) -> None:
        """Add a statement, or what makes the same of the factors of a product."""
        x = stmt.operands[0] if stmt.prim is table.sum else None
        if isinstance(x, Variable) and _is_over_rows(stmt) and self._has_product(x, 0):
            self.is_changed = True
            total = self._sum(x, stmt)
            self.statements.append(replace(stmt, prim=table.reshape, operands=(total,), params=_shape(stmt)))
            return
        self.made.update(dict.fromkeys(stmt.targets, stmt))
        self.statements.append(stmt)

    def _has_product(self, x: Any, depth: int) -> bool:
        """Whether a term is a product of matrices that nothing else reads."""
        if not isinstance(x, Variable) or x not in self.made or self.reads[x] != 1 or depth > _DEEPEST:
            return False
        stmt = self.made[x]
        return _is_product(stmt) or any(self._has_product(y, depth + 1) for y in _terms(stmt))

    def _sum(self, x: Variable, stmt: Statement) -> Variable:
        """The sum of the rows of `x`, which has one row."""
        if x in self.sums:
            return self.sums[x]
        old = self.made.get(x)
        if old is not None and _is_product(old) and self.reads[x] == 1:
            a, b = old.operands
            total = self._written(old, table.matmul, (self._sum_of(a, stmt), b), x)
        elif old is not None and (terms := _terms(old)) and self.reads[x] == 1:
            operands = tuple(self._sum(y, stmt) if any(y is z for z in terms) else y for y in old.operands)
            total = self._written(old, old.prim, operands, x)
        else:
            total = self._sum_of(x, stmt)
        self.sums[x] = total
        return total

    def _sum_of(self, x: Any, stmt: Statement) -> Variable:
        """The sum itself of the rows of an array."""
        if isinstance(x, Variable) and x in self.sums:
            return self.sums[x]
        params = {**stmt.params, "axis": type(stmt.params["axis"])([ArrayType.of(x).ndim - 2]), "keepdims": True}
        total = self._written(stmt, table.sum, (x,), x, params)
        if isinstance(x, Variable):
            self.sums[x] = total
        return total

    def _written(
        self, stmt: Statement, prim: Any, operands: tuple[Any, ...], x: Any, params: Mapping[str, Any] | None = None
    ) -> Variable:
        """A new statement that makes one row, of a sum of the rows of `x`."""
        (*stack, _, n), (v,) = ArrayType.of(x).shape, stmt.targets
        total = Variable(f"{v.name}_rows{len(self.statements)}", ArrayType((*stack, 1, n), v.dtype))
        more = stmt.params if params is None else params
        made = replace(stmt, prim=prim, targets=(total,), operands=operands, params=more)
        self.made[total] = made
        self.statements.append(made)
        return total


def _shape(stmt: Statement) -> dict[str, Any]:
    return {"shape": stmt.targets[0].shape}


def _is_over_rows(stmt: Statement) -> bool:
    """Whether it is the sum of the rows of matrices of floats."""
    x, (v,) = ArrayType.of(stmt.operands[0]), stmt.targets
    is_alone = set(stmt.params) <= {"axis", "keepdims"} and x.dtype == v.dtype and x.dtype.kind == "f"
    return is_alone and x.ndim >= 2 and list(stmt.params["axis"]) == [x.ndim - 2] and x.shape[-2] >= _FEWEST_ROWS


def _is_product(stmt: Statement) -> bool:
    """Whether it is a product of matrices of its own dtype."""
    kinds = [ArrayType.of(x) for x in stmt.operands]
    return stmt.prim is table.matmul and all(x.ndim >= 2 and x.dtype == stmt.targets[0].dtype for x in kinds)


def _terms(stmt: Statement) -> list[Variable]:
    """The operands that may be summed up first; they have the shape of the result."""
    if stmt.prim not in (table.negative, table.add, table.subtract, table.multiply, table.divide):
        return []
    whole = [x for x in stmt.operands if isinstance(x, Variable) and x.type == stmt.targets[0].type]
    if stmt.prim in (table.negative, table.add, table.subtract):
        return whole if len(whole) == len(stmt.operands) else []
    first, second = stmt.operands
    if _is_one_row(second) and whole and whole[0] is first:
        return [first]
    return [second] if stmt.prim is table.multiply and _is_one_row(first) and whole and whole[-1] is second else []


def _is_one_row(x: Any) -> bool:
    """Whether a factor is the same in all rows."""
    shape = ArrayType.of(x).shape
    return len(shape) < 2 or shape[-2] == 1
