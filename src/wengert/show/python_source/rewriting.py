"""Statements that read better another way: sums at several places one by one, and elements instead of short slices.

Simplified lists add at many places in one statement, and take the parts of a stack by slices of length 1. Here they are
taken apart again, with the same sums in the same order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wengert.registry import table
from wengert.wlist import ArrayType, Statement, Variable

__all__ = ["rewritten"]

_FEW = 64  # places that are written one by one


def rewritten(statements: Sequence[Statement], outputs: Sequence[Any]) -> list[Statement]:
    """The statements, some of them replaced by others that compute the same."""
    found = _Rewriter(statements, outputs)
    return [one for stmt in statements for one in found.of(stmt)]


class _Rewriter:
    def __init__(self, statements: Sequence[Statement], outputs: Sequence[Any]):
        operands = (x for stmt in statements for x in stmt.operands)
        self._uses = Counter(x for x in (*operands, *outputs) if isinstance(x, Variable))
        self._made = {v: stmt for stmt in statements for v in stmt.targets}
        self._names = {v.name for v in self._made}

    def of(self, stmt: Statement) -> list[Statement]:
        """The statements in the place of one."""
        if stmt.prim.name == "reshape":
            return self._element(stmt) or self._spread(stmt, self._single(stmt.operands[0], "add_at")) or [stmt]
        if stmt.prim.name in ("add_at", "scatter"):
            return self._spread(stmt, stmt) or [stmt]
        return [stmt]

    def _single(self, x: Any, name: str) -> Statement | None:
        """The statement that makes an operand which nothing else reads, if it is of this primitive."""
        found = self._made.get(x) if isinstance(x, Variable) and self._uses[x] == 1 else None
        return found if found is not None and found.prim.name == name else None

    # --- x[2:3].reshape(()) as x[2] ----------------------------------------------------------------------------

    def _element(self, stmt: Statement) -> list[Statement]:
        part = self._single(stmt.operands[0], "getitem")
        if part is None:
            return []
        x, index = part.operands[0], part.params["index"]
        parts = list(index) if isinstance(index, tuple) else [index]
        shape, new = part.targets[0].shape, tuple(stmt.params["shape"])
        for axis, one in enumerate(parts):
            if not all(isinstance(p, slice) for p in parts) or (*shape[:axis], *shape[axis + 1 :]) != new:
                continue
            if shape[axis] == 1:
                start = one.indices(ArrayType.of(x).shape[axis])[0]
                parts[axis] = start
                return [replace(stmt, prim=table.getitem, operands=(x,), params={"index": tuple(parts)})]
        return []

    # --- x[[2, 0]] += [a, b] one by one ------------------------------------------------------------------------

    def _spread(self, stmt: Statement, added: Statement | None) -> list[Statement]:
        """The sums at a few places, each a statement; `stmt` gives the result its shape."""
        if added is None:
            return []
        is_scatter = added.prim.name == "scatter"
        numbers = self._numbers(added.operands[0 if is_scatter else 1])
        places: Sequence[Any] | None = _places(added.params["index"], len(numbers))
        if not numbers or places is None:
            return []
        shape = stmt.targets[0].shape
        base = None if is_scatter else self._base(stmt, added)
        if len(shape) != 1:
            if is_scatter or stmt is added or base is None:
                return []
            places = [tuple(int(k) for k in np.unravel_index(int(place), shape)) for place in places]
        return self._sums(stmt, base, numbers, places)

    def _base(self, stmt: Statement, added: Statement) -> Any:
        """The array that is added to; the one that was made flat for it."""
        if stmt is added:
            return added.operands[0]
        flat = self._single(added.operands[0], "reshape")
        own = flat.operands[0] if flat is not None else None
        return own if isinstance(own, Variable) and own.type == stmt.targets[0].type else None

    def _numbers(self, x: Any) -> list[Any]:
        """The single numbers that an array is made of; none if there are others, or too many."""
        joined = self._single(x, "concatenate")
        if joined is None or len(joined.operands) > _FEW:
            return []
        found = []
        for part in joined.operands:
            made = self._made.get(part) if isinstance(part, Variable) else None
            if made is None or made.prim.name != "reshape" or ArrayType.of(made.operands[0]).shape != ():
                return []
            found.append(made.operands[0])
        return found

    def _sums(self, stmt: Statement, base: Any, numbers: Sequence[Any], places: Sequence[Any]) -> list[Statement]:
        target, made = stmt.targets[0], []
        for k, (number, place) in enumerate(zip(numbers, places, strict=True)):
            is_last = k == len(numbers) - 1
            new = target if is_last else Variable(self._unused(f"{target.name}_{k + 1}"), target.type)
            operands: tuple[Any, ...] = (base, number)
            prim, params = table.add_at, {"index": place}
            if base is None:
                prim, operands, params = table.scatter, (number,), {"index": place, "shape": target.shape}
            made.append(replace(stmt, targets=(new,), prim=prim, operands=operands, params=params))
            base = new
        return made

    def _unused(self, name: str) -> str:
        while name in self._names:
            name += "_"
        self._names.add(name)
        return name


def _places(index: Any, count: int) -> list[int] | None:
    """The numbers of an index that is one array of them."""
    part = index[0] if isinstance(index, tuple) and len(index) == 1 else index
    if isinstance(part, (list, np.ndarray)) and np.ndim(part) == 1 and np.asarray(part).dtype.kind in "iu":
        numbers = [int(k) for k in np.asarray(part)]
        return numbers if len(numbers) == count else None
    return None
