"""Arrays of which most rows are known to be zero: what is computed of them are the other rows.

The tangents of a Jacobian in 26 directions have a row for each; those of a bone have four that are not zero, as is
known from `known_zeros`. Such an array is written as its `Part`: the rows, or for two leading axes the entries of a
matrix, that may be other than zero, one below the other, with their places. Sums, products, views and concatenations of
parts are parts; a sum along one of the leading axes goes over so many terms as there are at most. Where something else
reads the array, it is put together.

What is left out is zero times something, which is nan where that is not finite. So it is looked whether all factors
are, and if not, the list is run by the interpreter.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from wengert.native.indices import basic_parts
from wengert.native.rewriting.known_parts import MOST_RUNS, Part, PartWriter, Places, between, nothing
from wengert.native.rewriting.known_zeros import MOST_KNOWN, Mask, may_differ, zeros_of
from wengert.registry import table
from wengert.rules.gathering import Slot
from wengert.transforms.selection import pruned, uses
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["without_zeros"]

_FEWEST, _SMALLEST = 256, 16  # elements of an array that makes it worth looking, and of one that is followed
_RARE = 0.25  # of the elements of such an array may be other than zero
_MOST_DEPTH = 2  # leading axes
_CLOSE = 4  # so many times the elements are no reason for one more axis
_MOST_LEFT, _MOST_LEFT_AGAIN = 0.5, 0.8  # of the elements of an array whose operands are whole, or in parts themselves
_GAIN = 1.25

_FACTORS = (table.multiply, table.divide, table.matmul)
_TERMS = (table.add, table.subtract)
_POINTWISE = (table.multiply, table.divide, table.negative, table.positive, table.add, table.subtract)


def without_zeros(lst: WengertList) -> WengertList:
    """The list in which little is computed of what is known to be zero."""
    known = zeros_of(lst) if any(_has_zeros(x) for stmt in lst.statements for x in stmt.operands) else {}
    if not any(v.type.size >= _FEWEST and np.mean(mask) <= _RARE for v, mask in known.items()):
        return lst
    writer = _Writer(lst, known)
    for stmt in lst.statements:
        writer.add(stmt)
    statements = writer.finished()
    return replace(lst, statements=statements) if _work(statements) * _GAIN < _work(lst.statements) else lst


def _has_zeros(x: Any) -> bool:
    return isinstance(x, np.ndarray) and 1 < x.size <= MOST_KNOWN and x.dtype.kind == "f" and not x.all()


def _work(statements: Sequence[Statement]) -> int:
    """About how many elements are computed, or moved to another place."""
    total = 0
    for stmt in statements:
        size = sum(v.type.size for v in stmt.targets)
        if stmt.prim is table.matmul:
            size *= ArrayType.of(stmt.operands[0]).shape[-1]
        elif stmt.prim is table.sum:
            size = ArrayType.of(stmt.operands[0]).size
        elif stmt.prim is table.getitem and _parts(stmt) is not None:
            size = 0
        total += size
    return total


def _parts(stmt: Statement) -> list[Any] | None:
    return basic_parts(stmt.params["index"], ArrayType.of(stmt.operands[0]).ndim)


def _is_by_rows(stmt: Statement) -> bool:
    if stmt.prim is table.matmul:
        return all(ArrayType.of(x).ndim >= 2 for x in stmt.operands)
    return stmt.prim in _POINTWISE


@dataclass(slots=True)
class _Writer(PartWriter):
    """Goes through the statements once; each is written as it is, or what makes a part of its target."""

    reads: Counter[Variable] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.reads = uses(self.lst.statements, self.lst.outputs)

    def add(self, stmt: Statement) -> None:
        """Add a statement, or what makes a part of its target."""
        self.made.update(dict.fromkeys(stmt.targets, stmt))
        part = self._part(stmt) if self._is_followed(stmt) else None
        if part is not None:
            self.parts[stmt.targets[0]] = part
        if part is not None or not self.whole.isdisjoint(stmt.targets):
            return
        for x in stmt.operands:
            self._put_together(x)
        self.statements.append(stmt)

    def finished(self) -> tuple[Statement, ...]:
        """The statements, with those at the end that let the interpreter take over where a guard is not finite."""
        last = self.statements[-1]
        for y in self.lst.outputs:
            self._put_together(y)
        kept = list(self.lst.outputs)
        totals = [self._guard_of(v, stmt, is_divisor=is_divisor) for (is_divisor, v), stmt in self._needed_guards()]
        if totals:
            total = totals[0]
            for other in totals[1:]:
                kind = ArrayType((), np.result_type(total.dtype, other.dtype))
                total = self._written(last, table.add, (total, other), kind)
            is_well = self._written(last, table.equal, (total, 0.0), ArrayType((), np.dtype(bool)))
            index = self._written(last, table.where, (is_well, 0, 1), ArrayType((), np.dtype(np.int64)))
            params = {"index": (Slot(0),), "shape": (1,)}
            kept.append(self._written(last, table.gather, (np.zeros(1), index), ArrayType((), np.dtype(float)), params))
        return tuple(pruned(self.statements, kept))

    # What is followed.

    def _is_followed(self, stmt: Statement) -> bool:
        """Whether a statement has a part, of which what is left out is zero where all guards are finite."""
        if len(stmt.targets) != 1 or stmt.targets[0].dtype.kind != "f":
            return False
        (v,) = stmt.targets
        if v not in self.known and stmt.prim not in (table.sum, *_TERMS):
            return False
        for k, x in enumerate(stmt.operands):
            if not isinstance(x, (int, float)) and ArrayType.of(x).dtype != v.dtype:
                return False
            is_divisor = stmt.prim is table.divide and k == 1
            if not isinstance(x, Variable) and not (np.all(np.isfinite(x)) and (np.all(x) or not is_divisor)):
                return False
        return True

    def _depth(self, stmt: Statement) -> int:
        """How many leading axes the rows of a result are counted along; 0 where it is no part."""
        (v,) = stmt.targets
        most = v.type.ndim - (2 if stmt.prim is table.matmul else 0)
        sizes = {d: self._left(v, d) for d in range(1, min(most, _MOST_DEPTH) + 1)}
        if v.type.size < _SMALLEST or not sizes:
            return 0
        for x in stmt.operands:
            d = self.parts[x].depth if isinstance(x, Variable) and x in self.parts else 0
            if d in sizes and sizes[d] <= _MOST_LEFT_AGAIN * v.type.size:
                return d
        best = min(d for d in sizes if sizes[d] <= _CLOSE * min(sizes.values()))
        return best if sizes[best] <= _MOST_LEFT * v.type.size else 0

    def _left(self, v: Variable, depth: int) -> int:
        return len(self._places(v, depth)[0]) * math.prod(v.shape[depth:])

    def _places(self, v: Variable, depth: int) -> Places:
        """The rows of a variable that may be other than zero."""
        return np.nonzero(self._rows(v, depth))

    def _rows(self, x: Any, depth: int) -> Mask:
        """Of which rows of an operand it is not known that they are zero."""
        mask, shape = may_differ(x, self.known), ArrayType.of(x).shape
        if mask is None:
            return np.ones(shape[:depth], bool)
        return np.broadcast_to(np.any(mask, axis=tuple(range(depth, mask.ndim))), shape[:depth])

    def _part(self, stmt: Statement) -> Part | None:
        """The part of a target; ``None`` where it is computed as a whole."""
        if stmt.prim is table.sum:
            return self._part_of_sum(stmt)
        if stmt.prim is table.concatenate:
            return self._part_of_concatenation(stmt)
        return self._part_of_rows(stmt) if _is_by_rows(stmt) else self._part_of_view(stmt)

    def _part_of_rows(self, stmt: Statement) -> Part | None:
        """What is computed row by row."""
        if stmt.prim in _TERMS and self._is_joined(stmt):
            return None
        depth = self._depth(stmt)
        if not depth:
            return None
        self._guard_operands(stmt)
        places = self._places(stmt.targets[0], depth)
        if not len(places[0]):
            return nothing(depth)
        value = self._sum_of_parts(stmt, places) if stmt.prim in _TERMS else self._applied(stmt, places)
        return nothing(depth) if value is None else Part(value, places)

    # Products and sums of parts.

    def _applied(self, stmt: Statement, places: Places, *, is_pushed: bool = False) -> Variable | None:
        """Rows of the result of a statement; ``None`` where they are zero."""
        (v,) = stmt.targets
        operands = []
        for k, x in enumerate(stmt.operands):
            take = self._pushed if is_pushed else self._taken
            operands.append(take(x, places, v.type.ndim, stmt, is_divisor=stmt.prim is table.divide and k == 1))
        if stmt.prim in _TERMS:
            a, b = operands
            if a is None or b is None:
                return self._one_of_two(stmt, a, b, (*places[0].shape, *v.shape[len(places) :]))
        elif any(x is None for x in operands):
            return None
        shapes = [ArrayType.of(x).shape for x in operands]
        if stmt.prim is table.matmul:
            stack = np.broadcast_shapes(*(shape[:-2] for shape in shapes))
            shape: tuple[int, ...] = (*stack, shapes[0][-2], shapes[1][-1])
        else:
            shape = np.broadcast_shapes(*shapes)
        return self._written(stmt, stmt.prim, tuple(operands), ArrayType(shape, v.dtype), stmt.params)

    def _one_of_two(self, stmt: Statement, a: Any, b: Any, shape: tuple[int, ...]) -> Variable | None:
        """The sum or difference of what is there and zero."""
        x = b if a is None else a
        if x is None:
            return None
        if ArrayType.of(x).shape != shape:
            x = self._written(stmt, table.broadcast_to, (x,), ArrayType(shape, stmt.targets[0].dtype), {"shape": shape})
        if a is None and stmt.prim is table.subtract:
            return self._written(stmt, table.negative, (x,), ArrayType(shape, x.dtype))
        if not isinstance(x, Variable):
            return self._written(stmt, table.broadcast_to, (x,), ArrayType(shape, x.dtype), {"shape": shape})
        return x

    def _sum_of_parts(self, stmt: Statement, places: Places) -> Variable | None:
        """A sum or difference: run by run of rows where the same operands are other than zero."""
        present, ends = self._runs(stmt, places)
        if len(ends) >= MOST_RUNS or not len(ends):
            return self._applied(stmt, places)
        return self._joined(self._pieces(stmt, places, present, ends), stmt)

    def _is_joined(self, stmt: Statement) -> bool:
        """Write a sum or difference as a whole, where it is some rows of one operand and some of the other."""
        (v,) = stmt.targets
        if not any(isinstance(x, Variable) and x in self.parts and self.parts[x].depth == 1 for x in stmt.operands):
            return False
        if any(ArrayType.of(x).ndim != v.type.ndim or ArrayType.of(x).shape[0] != v.shape[0] for x in stmt.operands):
            return False
        if self._left(v, 1) <= _MOST_LEFT_AGAIN * v.type.size:
            return False
        places = (np.arange(v.shape[0]),)
        present, ends = self._runs(stmt, places)
        if len(ends) >= MOST_RUNS or np.all(present[0] & present[1]):
            return False
        self._guard_operands(stmt)
        pieces = self._pieces(stmt, places, present, ends)
        self.whole.add(v)
        self._note(stmt, table.concatenate, tuple(pieces), v, {"axis": 0})
        return True

    def _runs(self, stmt: Statement, places: Places) -> tuple[list[Mask], Any]:
        """In which rows each of two operands may be other than zero, and where that changes."""
        (v,), depth = stmt.targets, len(places)
        present = [np.broadcast_to(self._rows_in(x, v, depth), v.shape[:depth])[places] for x in stmt.operands]
        return present, np.flatnonzero(np.any([p[1:] != p[:-1] for p in present], axis=0)) + 1

    def _pieces(self, stmt: Statement, places: Places, present: list[Mask], ends: Any) -> list[Any]:
        (v,), depth, pieces = stmt.targets, len(places), []
        for start, end in between(ends, len(places[0])):
            own = tuple(p[start:end] for p in places)
            a, b = (
                self._taken(x, own, v.type.ndim, stmt) if p[start] else None
                for x, p in zip(stmt.operands, present, strict=True)
            )
            shape = (end - start, *v.shape[depth:])
            if a is not None and b is not None:
                pieces.append(self._written(stmt, stmt.prim, (a, b), ArrayType(shape, v.dtype)))
            else:
                piece = self._one_of_two(stmt, a, b, shape)
                pieces.append(self._zeros(shape, stmt, v.dtype) if piece is None else piece)
        return pieces

    def _rows_in(self, x: Any, v: Variable, depth: int) -> Mask:
        """Of which rows of the result an operand, which is broadcast, may be other than zero."""
        mask = may_differ(x, self.known)
        if mask is None:
            return np.ones((1,) * depth, bool)
        mask = np.reshape(mask, (*(1,) * (v.type.ndim - mask.ndim), *mask.shape))
        return np.asarray(np.any(mask, axis=tuple(range(depth, mask.ndim))))

    def _part_of_sum(self, stmt: Statement) -> Part | None:
        """Sums of the elements of rows, or of the rows themselves along one axis."""
        x, (v,), axes = stmt.operands[0], stmt.targets, tuple(stmt.params["axis"])
        part = self.parts.get(x) if isinstance(x, Variable) else None
        if part is None or set(stmt.params) - {"axis", "keepdims"} or stmt.params["keepdims"]:
            return None
        axes = tuple(axis % x.type.ndim for axis in axes)
        if part.value is None:
            return nothing(1) if v.shape and v in self.known else None
        if min(axes) >= part.depth:
            shape = (len(part.places[0]), *v.shape[part.depth :])
            params = {"axis": tuple(axis - part.depth + 1 for axis in axes), "keepdims": False}
            return Part(self._written(stmt, table.sum, (part.value,), ArrayType(shape, v.dtype), params), part.places)
        if part.depth != 2 or len(axes) != 1:
            return None
        return self._sum_along(stmt, x, axes[0])

    def _sum_along(self, stmt: Statement, x: Variable, axis: int) -> Part | None:
        """A sum along one of two leading axes, over as many terms as are left in one of the sums at most."""
        (v,) = stmt.targets
        rows = np.moveaxis(self._rows(x, 2), axis, 1)
        count = int(np.max(np.sum(rows, axis=1)))
        if count > _MOST_LEFT * rows.shape[1]:
            return None
        left = np.flatnonzero(np.any(rows, axis=1))
        along = np.argsort(~rows[left], axis=1, kind="stable")[:, :count]
        places = np.broadcast_to(left[:, None], along.shape), along
        terms = self._pushed(x, places if axis == 1 else places[::-1], x.type.ndim, stmt)
        if terms is None:
            return None
        params = {"axis": (1,), "keepdims": False}
        if len(left) == v.shape[0]:
            self.whole.add(v)
            self._note(stmt, table.sum, (terms,), v, params)
            return None
        total = self._written(stmt, table.sum, (terms,), ArrayType((len(left), *v.shape[1:]), v.dtype), params)
        return Part(total, (left,))

    def _pushed(self, x: Any, places: Places, ndim: int, like: Statement, *, is_divisor: bool = False) -> Any:
        """Rows of an operand, computed of rows of its own operands where nothing else reads it."""
        stmt = self.made.get(x) if isinstance(x, Variable) and x in self.parts and self.reads[x] == 1 else None
        if stmt is None or not _is_by_rows(stmt) or x.type.ndim != ndim or self.parts[x].depth != len(places):
            return self._taken(x, places, ndim, like, is_divisor=is_divisor)
        return self._applied(stmt, places, is_pushed=True)

    # Views.

    def _part_of_view(self, stmt: Statement) -> Part | None:
        x, (v,) = stmt.operands[0], stmt.targets
        part = self.parts.get(x) if isinstance(x, Variable) else None
        if part is None:
            return None
        depth, name = part.depth, stmt.prim.name
        if name == "reshape" and v.shape[:depth] == x.shape[:depth]:
            return self._view_of(part, stmt, v.shape[depth:], {"shape": (len(part.places[0]), *v.shape[depth:])})
        if name == "transpose" and tuple(stmt.params["axes"][:depth]) == tuple(range(depth)):
            axes = (0, *(k - depth + 1 for k in stmt.params["axes"][depth:]))
            return self._view_of(part, stmt, v.shape[depth:], {"axes": axes})
        return self._part_of_index(stmt, part) if name == "getitem" else None

    def _view_of(self, part: Part, stmt: Statement, shape: tuple[int, ...], params: Mapping[str, Any]) -> Part:
        if part.value is None:
            return part
        kind = ArrayType((len(part.places[0]), *shape), part.value.dtype)
        return Part(self._written(stmt, stmt.prim, (part.value,), kind, params), part.places)

    def _part_of_index(self, stmt: Statement, part: Part) -> Part | None:
        """All rows, or those at one index of the second axis, and of them what the index takes."""
        parts, (v,) = _parts(stmt), stmt.targets
        depth = part.depth
        if parts is None or None in parts[:depth] or parts[0] != slice(None):
            return None
        value, places = part.value, part.places
        if depth == 2 and parts[1] != slice(None):
            if isinstance(parts[1], slice):
                return None
            left = np.flatnonzero(places[1] == int(parts[1]) % ArrayType.of(stmt.operands[0]).shape[1])
            places = (places[0][left],)
            value = self._rows_at(value, left, stmt) if value is not None and len(left) else None
        if value is None:
            return nothing(len(places))
        if all(isinstance(one, slice) and one == slice(None) for one in parts[depth:]):
            return Part(value, places)
        index = (slice(None), *parts[depth:])
        kind = ArrayType((len(places[0]), *v.shape[len(places) :]), v.dtype)
        return Part(self._written(stmt, table.getitem, (value,), kind, {"index": index}), places)

    def _part_of_concatenation(self, stmt: Statement) -> Part | None:
        (v,) = stmt.targets
        axis = stmt.params["axis"] % v.type.ndim
        if axis == 1 and self._is_of_columns(stmt):
            return self._columns(stmt)
        depth = self._depth(stmt)
        if not depth or axis < depth:
            return None
        self._guard_operands(stmt)
        places = self._places(v, depth)
        pieces = []
        for x in stmt.operands:
            shape = (len(places[0]), *ArrayType.of(x).shape[depth:])
            piece = self._taken(x, places, v.type.ndim, stmt) if len(places[0]) else None
            pieces.append(self._zeros(shape, stmt, v.dtype) if piece is None else piece)
        if not len(places[0]):
            return nothing(depth)
        return Part(self._joined(pieces, stmt, axis - depth + 1), places)

    def _is_of_columns(self, stmt: Statement) -> bool:
        """Whether matrices are put together of columns that are parts."""
        (v,) = stmt.targets
        are_parts = all(isinstance(x, Variable) and x in self.parts and x.shape[1] == 1 for x in stmt.operands)
        return are_parts and self._left(v, 2) <= _MOST_LEFT * v.type.size

    def _columns(self, stmt: Statement) -> Part:
        """Columns: their rows are entries of the matrix, one column after the other."""
        pieces, rows, columns = [], [], []
        for k, x in enumerate(stmt.operands):
            part = self._at_depth(x, 1)
            if part is not None and part.value is not None:
                places, value = part.places[0], part.value
                if part.value.shape[1:] != x.shape[2:]:
                    value = self._reshaped(value, (len(places), *x.shape[2:]), stmt)
                pieces.append(value)
                rows.append(places)
                columns.append(np.full(len(places), k))
        if not pieces:
            return nothing(2)
        return Part(self._joined(pieces, stmt), (np.concatenate(rows), np.concatenate(columns)))

    def _guard_operands(self, stmt: Statement) -> None:
        """Guard what is there as a whole, and factors both of which have zeros that are known."""
        are_both = stmt.prim in _FACTORS and all(may_differ(x, self.known) is not None for x in stmt.operands)
        for k, x in enumerate(stmt.operands):
            part = self.parts.get(x) if isinstance(x, Variable) else None
            if part is None or are_both:
                is_divisor = stmt.prim is table.divide and k == 1
                self._guard(x if part is None or is_divisor else part.value, stmt, is_divisor=is_divisor)

    def _needed_guards(self) -> list[tuple[tuple[bool, Variable], Statement]]:
        """The guards without those that are not finite only if others are not: what is made of them is among these."""
        seen: set[Variable] = set()
        for stmt in reversed(self.lst.statements):
            (v, *more) = stmt.targets
            is_guarded = not more and ((False, v) in self.guards or v in seen)
            if is_guarded and stmt.prim in (table.add, table.subtract, table.multiply, table.matmul):
                seen.update(x for x in stmt.operands if isinstance(x, Variable) and v.type.size)
        return [(key, stmt) for key, stmt in self.guards.items() if key[0] or key[1] not in seen]

    def _guard_of(self, x: Variable, stmt: Statement, *, is_divisor: bool) -> Variable:
        """A number that is 0 where all elements are finite, or where none of them is 0 nor nan."""
        zero = np.zeros((), x.dtype)[()]
        prim, operands = (table.divide, (zero, x)) if is_divisor else (table.multiply, (x, zero))
        product = self._written(stmt, prim, operands, x.type)
        params = {"axis": tuple(range(x.type.ndim)), "keepdims": False}
        return self._written(stmt, table.sum, (product,), ArrayType((), x.dtype), params)
