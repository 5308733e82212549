"""Batches of small products that NumPy has as large ones, and sums that follow from known ones."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

from wengert.registry import table
from wengert.transforms.selection import pruned
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["in_batches", "with_common_sums"]

_MOST_FACTORS = 8
_SMALL = 512  # multiplications of one product of a batch
_TINY = 64  # elements of a matrix that many rows are multiplied by, each in the loop that makes it


def in_batches(lst: WengertList) -> WengertList:
    """Products of a batch of small matrices and one matrix, as such.

    For NumPy the batch is made one large matrix, ``reshape(reshape(a) @ b)``, because each product costs it a call;
    here the reshapes would only keep apart what is computed together.
    """
    batches: dict[Variable, Any] = {}  # large matrix → the batch that it is made of
    instead: dict[Variable, Any] = {}
    outputs = {y for y in lst.outputs if isinstance(y, Variable)}
    statements: list[Statement] = []
    for old in lst.statements:
        operands = tuple(instead.get(x, x) if isinstance(x, Variable) else x for x in old.operands)
        stmt = replace(old, operands=operands)
        x = stmt.operands[0] if stmt.operands else None
        if stmt.prim is table.reshape:
            before, (v,) = ArrayType.of(x).shape, stmt.targets
            if len(before) == 3 and v.shape == (before[0] * before[1], before[2]):
                batches[v] = x
            elif isinstance(x, Variable) and x in batches and v.shape == ArrayType.of(batches[x]).shape:
                instead |= {v: batches[x]} if v not in outputs else {}
        elif stmt.prim is table.matmul and isinstance(x, Variable) and x in batches and _is_small(batches[x], stmt):
            (v,) = stmt.targets
            n, m, _ = ArrayType.of(batches[x]).shape
            product = Variable(f"{v.name}_batch", ArrayType((n, m, v.shape[1]), v.dtype))
            statements.append(replace(stmt, targets=(product,), operands=(batches[x], stmt.operands[1])))
            statements.append(replace(stmt, prim=table.reshape, operands=(product,), params={"shape": v.shape}))
            batches[v] = product
            continue
        statements.append(stmt)
    return replace(lst, statements=pruned(statements, lst.outputs)) if instead else lst


def _is_small(batch: Any, stmt: Statement) -> bool:
    """Whether a product of a large matrix and another one is a batch of small products."""
    _, m, k = ArrayType.of(batch).shape
    other = ArrayType.of(stmt.operands[1]).shape
    return len(other) == 2 and (m * k * other[1] <= _SMALL or k * other[1] <= _TINY)


def with_common_sums(lst: WengertList) -> WengertList:
    """The sum of a multiple of an array whose own sum is known is a multiple of that: no loop over the array.

    The adjoint of a softmax has such a sum, of weights that have been summed before.
    """
    made: dict[Variable, Statement] = {}
    sums: dict[Any, Variable] = {}
    statements: list[Statement] = []
    for stmt in lst.statements:
        if stmt.prim is table.sum and isinstance(stmt.operands[0], Variable):
            how = (tuple(stmt.params["axis"]), bool(stmt.params["keepdims"]))
            array, factors = _without_factors(stmt.operands[0], made)
            known = sums.get((array, *how))
            sums.setdefault((stmt.operands[0], *how), stmt.targets[0])
            if known is not None and factors and known.type == stmt.targets[0].type:
                statements += _multiplied(stmt, known, factors)
                continue
        made.update(dict.fromkeys(stmt.targets, stmt))
        statements.append(stmt)
    same = len(statements) == len(lst.statements) and all(map(operator.is_, statements, lst.statements))
    return lst if same else replace(lst, statements=pruned(statements, lst.outputs))


def _without_factors(x: Variable, made: dict[Variable, Statement]) -> tuple[Variable, list[tuple[Any, Any]]]:
    """An array without the numbers that it is multiplied by, and these, the last one first."""
    factors: list[tuple[Any, Any]] = []
    while x in made and len(factors) < _MOST_FACTORS:
        stmt = made[x]
        found = _factor(stmt)
        if found is None or found[0].type != x.type or x.dtype.kind != "f":
            break
        x, number = found
        factors.append((stmt.prim, number))
    return x, factors


def _factor(stmt: Statement) -> tuple[Variable, Any] | None:
    """The array and the number of a statement that multiplies the one by the other."""
    if stmt.prim is table.negative:
        return (stmt.operands[0], None) if isinstance(stmt.operands[0], Variable) else None
    if stmt.prim not in (table.multiply, table.divide):
        return None
    a, b = stmt.operands
    if isinstance(a, Variable) and ArrayType.of(b).shape == ():
        return a, b
    return (b, a) if stmt.prim is table.multiply and isinstance(b, Variable) and ArrayType.of(a).shape == () else None


def _multiplied(stmt: Statement, known: Variable, factors: list[tuple[Any, Any]]) -> list[Statement]:
    """Statements that make the target of a sum of another one."""
    (v,), statements, x = stmt.targets, [], known
    for k, (prim, number) in enumerate(reversed(factors)):
        target = v if k == len(factors) - 1 else Variable(f"{v.name}_part{k}", v.type)
        operands = (x,) if number is None else (x, number)
        statements.append(replace(stmt, prim=prim, targets=(target,), operands=operands, params={}))
        x = target
    return statements
