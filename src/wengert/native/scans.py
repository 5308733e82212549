"""Values that are made one after the other along an axis: cumulative sums, products and extrema, recurrences, folds.

Along the last axis the running value stays in a register. Along another one it is what was stored before, and the
loops inside of the steps go along the rows in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.native import elementwise
from wengert.native.places import Index, broadcast, plus
from wengert.native.writing import REGISTERS
from wengert.primitive import Primitive
from wengert.registry import handler_of, table
from wengert.wlist import ArrayType, Statement, Variable

if TYPE_CHECKING:
    from wengert.native.body import Body

__all__ = ["SCANS", "is_native_scan", "write_scan"]

#: Cumulative primitives of one operation, and that operation.
_OF_ONE_OPERATION = {"cumsum": table.add, "cumprod": table.multiply, "cummax": table.maximum, "cummin": table.minimum}
_RECURRENCES = frozenset({"linear_recurrence", "segment_sums"})
_FOLDS = frozenset({"fold", "flat_fold"})
#: Primitives whose elements depend on those before them.
SCANS = frozenset({*_OF_ONE_OPERATION, *_RECURRENCES, *_FOLDS})

_OF_TRUTHS = frozenset({np.logical_and, np.logical_or, np.logical_xor})


def is_native_scan(stmt: Statement) -> bool:
    """Whether the steps of a scan are native."""
    x, (v,) = ArrayType.of(stmt.operands[0]), stmt.targets
    if stmt.prim.name in _FOLDS:
        return _is_native_fold(stmt)
    if not x.shape or _axis_of(stmt) is None:
        return False
    if stmt.prim.name in _RECURRENCES:
        factors, axis = ArrayType.of(_factors_of(stmt)), stmt.params["axis"]
        is_alike = factors.ndim == v.type.ndim and factors.shape[axis] == v.shape[axis]
        return is_alike and ArrayType.of(stmt.operands[-1]).shape == v.shape and factors.dtype.name in REGISTERS
    return True


def _is_native_fold(stmt: Statement) -> bool:
    """Whether the operation of a fold is native, between numbers of the dtype of the result."""
    x, (v,) = ArrayType.of(stmt.operands[0]), stmt.targets
    ufunc, params = stmt.params["ufunc"], stmt.params
    prim = handler_of(ufunc)
    axis = _axis_of(stmt)
    if not isinstance(prim, Primitive) or axis is None or x.shape[axis] == 0:
        return False
    if x.dtype != v.dtype and not (ufunc in _OF_TRUTHS and v.dtype.kind == "b"):
        return False
    is_plain = "initial" not in params and params.get("where", True) in (True, np.True_)
    return is_plain and elementwise.is_native(prim, [v.dtype, v.dtype], v.dtype, {})


def _axis_of(stmt: Statement) -> int | None:
    """The axis that is gone along; ``None`` where there are several or none."""
    ndim = ArrayType.of(stmt.operands[0]).ndim
    axis = stmt.params.get("axis", 0)
    if axis is None or isinstance(axis, tuple):
        axes = tuple(range(ndim)) if axis is None else axis
        axis = axes[0] if len(axes) == 1 else None
    return None if axis is None or ndim == 0 else normalize_axis_index(axis, ndim)


def _factors_of(stmt: Statement) -> Any:
    return stmt.params["stays"] if stmt.prim.name == "segment_sums" else stmt.operands[0]


def write_scan(body: Body, stmt: Statement) -> None:
    """Store all steps of a scan, or the last ones of a fold that is a reduction."""
    (v,), shape, axis = stmt.targets, ArrayType.of(stmt.operands[0]).shape, _axis_of(stmt) or 0
    if 0 in shape:
        return
    first, step = _steps(body, stmt)
    place = _dropped(stmt, axis) if stmt.params.get("method") == "reduce" else _same
    _Scan(body, v, shape, axis, first, step, place).write()


def _steps(body: Body, stmt: Statement) -> tuple[Callable[[Index], str], Callable[[str, Index], str]]:
    """What writes the first value at given indices, and a further one from that before it."""
    (v,), dtype = stmt.targets, stmt.targets[0].dtype
    x = stmt.operands[-1]

    def applied(prim: Primitive, a: str, b: str) -> str:
        return elementwise.emit(body.function, prim, [(a, dtype), (b, dtype)], dtype, {})

    def element(at: Index) -> str:
        return body.element(x, at, dtype)

    if stmt.prim.name in _RECURRENCES:
        factors = _factors_of(stmt)
        shape = ArrayType.of(factors).shape

        def recurred(before: str, at: Index) -> str:
            factor = body.element(factors, broadcast(at, shape), dtype)
            return applied(table.add, element(at), applied(table.multiply, factor, before))

        return element, recurred
    prim = _OF_ONE_OPERATION.get(stmt.prim.name) or handler_of(stmt.params["ufunc"])
    if not isinstance(prim, Primitive):
        raise TypeError(f"{stmt.prim.name} of {v.name} has no native operation")
    operation: Primitive = prim
    return element, lambda before, at: applied(operation, before, element(at))


def _same(at: Index) -> Index:
    return at


def _dropped(stmt: Statement, axis: int) -> Callable[[Index], Index]:
    """Where the result of a reduction is, for indices of what is reduced."""
    kept: Index = (0,) if stmt.params.get("keepdims") else ()
    return lambda at: (*at[:axis], *kept, *at[axis + 1 :])


@dataclass(frozen=True, slots=True)
class _Scan:
    """A scan being written, over the indices of `shape`; a value goes to `place` of its indices."""

    body: Body
    target: Variable
    shape: tuple[int, ...]
    axis: int
    first: Callable[[Index], str]
    step: Callable[[str, Index], str]
    place: Callable[[Index], Index]

    def write(self) -> None:
        """Write the loops."""
        is_last = all(n == 1 for n in self.shape[self.axis + 1 :])
        self.body.over(self.shape[: self.axis], self._in_register if is_last else self._in_memory)

    def _kept(self, at: Index, register: str) -> str:
        self.body.store(self.target, self.place(at), register)
        return register

    def _in_register(self, before: Index) -> None:
        n, behind = self.shape[self.axis], (0,) * (len(self.shape) - self.axis - 1)
        start = (*before, 0, *behind)
        register = self._kept(start, self.first(start))
        if n == 1:
            return
        function = self.body.function
        with function.loop(n - 1, [(REGISTERS[self.target.dtype.name], register)]) as loop:
            at = (*before, plus(function, loop.index, 1), *behind)
            loop.next = [self._kept(at, self.step(loop.values[0], at))]

    def _in_memory(self, before: Index) -> None:
        n, behind, function = self.shape[self.axis], self.shape[self.axis + 1 :], self.body.function

        def begin(after: Index) -> None:
            at = (*before, 0, *after)
            self._kept(at, self.first(at))

        self.body.over(behind, begin)
        if n == 1:
            return
        with function.loop(n - 1) as loop:
            here = plus(function, loop.index, 1)

            def follow(after: Index) -> None:
                running = self.body.stored(self.target, self.place((*before, loop.index, *after)))
                at = (*before, here, *after)
                self._kept(at, self.step(running, at))

            self.body.over(behind, follow)
