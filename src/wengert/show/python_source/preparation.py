"""A list made ready to be written.

It is without what nothing needs and without copies that only the record has, and parts of an array are read before it
changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wengert.facts import Kind
from wengert.show.python_source.rewriting import rewritten
from wengert.transforms.selection import pruned
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["Prepared"]

_UPDATES = ("index_update", "update_at", "add_at")
_READS = ("getitem", "gather")
_SCATTERS = ("scatter", "gather_transpose")


class Prepared:
    """The statements to be written, in order.

    Attributes
    ----------
    statements : list of Statement
    uses : Counter
        How often each variable is read.
    definitions : dict of Variable to Statement
    hoisted : set of Variable
        Parts of arrays that were read before these are changed.
    """

    def __init__(self, lst: WengertList):
        self._same: dict[Variable, Any] = {}
        self.outputs = lst.outputs
        first = rewritten(pruned(lst.statements, lst.outputs), lst.outputs)
        statements = list(pruned(first, lst.outputs))
        self.definitions = {v: stmt for stmt in statements for v in stmt.targets}
        for stmt in statements:
            self._identify(stmt)
        self._drop_broadcasts(statements)
        kept = [stmt for stmt in statements if not all(v in self._same for v in stmt.targets)]
        self.hoisted: set[Variable] = set()
        self.statements = self._with_reads_first(kept)
        operands = [self.resolved(x) for stmt in self.statements for x in stmt.operands]
        results = [self.resolved(y) for y in lst.outputs]
        self.uses = Counter(x for x in (*operands, *results) if isinstance(x, Variable))
        updated = (stmt.operands[0] for stmt in self.statements if stmt.prim.name in _UPDATES)
        self.updated = {self.resolved(x) for x in updated if isinstance(x, Variable)}

    def resolved(self, x: Any) -> Any:
        """An operand, or what it is the same as."""
        while isinstance(x, Variable) and x in self._same:
            x = self._same[x]
        return x

    def definition(self, x: Any, *names: str) -> Statement | None:
        """The statement that makes an operand which nothing else reads, if it is of one of these primitives."""
        found = self.definitions.get(x) if isinstance(x, Variable) else None
        return found if found is not None and found.prim.name in names and self.uses[x] == 1 else None

    def joined(self, stmt: Statement) -> list[Statement]:
        """The reshapes that make the operands of a ``concatenate``, if nothing else reads them; else none."""
        operands = [self.resolved(x) for x in stmt.operands]
        found = []
        for x in operands:
            made = self.definitions.get(x) if isinstance(x, Variable) else None
            if made is None or made.prim.name != "reshape" or self.uses[x] != operands.count(x):
                return []
            found.append(made)
        return found

    def scattered(self, x: Any) -> Statement | None:
        """The statement that puts an operand, read once, into zeros."""
        return self.definition(x, *_SCATTERS)

    # --- what only the record has ------------------------------------------------------------------------------

    def _identify(self, stmt: Statement) -> None:
        name, operands = stmt.prim.name, stmt.operands
        target = stmt.targets[0]
        if name in ("detach", "positive") and (name == "detach" or target.shape == ()):
            self._same[target] = operands[0]
        elif name == "not_equal" and _is_truth(operands[0]) and not isinstance(operands[1], Variable):
            is_zero = np.ndim(operands[1]) == 0 and not operands[1]
            self._same.update({target: operands[0]} if is_zero and isinstance(operands[0], Variable) else {})

    def _drop_broadcasts(self, statements: Sequence[Statement]) -> None:
        """Read an operand itself where NumPy would broadcast it anyhow."""
        candidates = {s.targets[0]: s for s in statements if s.prim.name == "broadcast_to" or _adds_axes(s)}
        for y in self.outputs:
            candidates.pop(y, None) if isinstance(y, Variable) else None
        has_changed = bool(candidates)
        while has_changed:
            has_changed = False
            for stmt in statements:
                found = [x for x in stmt.operands if isinstance(x, Variable) and x in candidates]
                if found and stmt.targets[0] not in candidates and not _broadcasts(stmt, candidates):
                    for x in found:
                        candidates.pop(x, None)
                    has_changed = True
        self._same.update((v, stmt.operands[0]) for v, stmt in candidates.items())

    # --- reads before writes -----------------------------------------------------------------------------------

    def _with_reads_first(self, statements: list[Statement]) -> list[Statement]:
        """Move the reads of parts of an array before the statement that changes it, if nothing else reads it later."""
        readers: dict[Variable, list[int]] = {}
        for k, stmt in enumerate(statements):
            for x in stmt.operands:
                if isinstance(self.resolved(x), Variable):
                    readers.setdefault(self.resolved(x), []).append(k)
        results = {self.resolved(y) for y in self.outputs if isinstance(y, Variable)}
        places = {v: k for k, stmt in enumerate(statements) for v in stmt.targets}
        before: dict[int, list[int]] = {}
        moved: set[int] = set()
        for k, stmt in enumerate(statements):
            base = self.resolved(stmt.operands[0]) if stmt.prim.name in _UPDATES else None
            if not isinstance(base, Variable) or base in results:
                continue
            later = sorted({n for n in readers[base] if n > k})
            if all(n not in moved and self._can_move(statements[n], base, k, places) for n in later):
                before[k] = later
                moved.update(later)
        ordered = []
        for k, stmt in enumerate(statements):
            for n in before.get(k, ()):
                ordered.append(statements[n])
                self.hoisted.update(statements[n].targets)
            if k not in moved:
                ordered.append(stmt)
        return ordered

    def _can_move(self, stmt: Statement, base: Variable, k: int, places: Mapping[Variable, int]) -> bool:
        """Whether a statement takes parts of `base` at places that are known before statement `k`."""
        x, *indices = map(self.resolved, stmt.operands)
        is_known = all(places.get(i, -1) < k for i in indices if isinstance(i, Variable))
        return stmt.prim.name in _READS and x is base and is_known


def _adds_axes(stmt: Statement) -> bool:
    """Whether a reshape puts axes of length 1 in front, as broadcasting does."""
    if stmt.prim.name != "reshape":
        return False
    own, new = ArrayType.of(stmt.operands[0]).shape, tuple(stmt.params["shape"])
    return new == (1,) * (len(new) - len(own)) + own


def _is_truth(x: Any) -> bool:
    return ArrayType.of(x).dtype.kind == "b"


def _broadcasts(stmt: Statement, candidates: Mapping[Variable, Statement]) -> bool:
    """Whether a statement gives the same with the operands of these ``broadcast_to`` instead of their results."""
    shapes = [_shape(x, candidates) for x in stmt.operands]
    if stmt.prim.name == "index_update":
        return stmt.operands[0] not in candidates
    if getattr(stmt.prim, "kind", None) is not Kind.ELEMENTWISE or len(stmt.targets) > 1:
        return False
    return np.broadcast_shapes(*shapes) == stmt.targets[0].shape


def _shape(x: Any, candidates: Mapping[Variable, Statement]) -> tuple[int, ...]:
    while isinstance(x, Variable) and x in candidates:
        x = candidates[x].operands[0]
    return np.shape(x) if not isinstance(x, Variable) else x.shape
