"""Tangents and cotangents that know where they are zero because nothing depends on them there.

`np.where(x > 0, np.sqrt(x), 0)` does not depend on its square root at x = 0, yet a plain sweep multiplies the zero that
`where` sends there with the partial 0.5/√0 = inf and gets nan. A `Masked` value carries beside its numbers a mask of
the elements that the sweep has reached. An element outside of it stays exactly 0, whatever partial it meets; a zero
that a partial of 0 made is an ordinary number, and 0 · inf is nan for it, as it should be.

Sweeps run on plain arrays first and with masked seeds only if that leaves a nan (docs/decisions/0002).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wengert.errors import TraceError
from wengert.facts import Kind
from wengert.inference import core_dimensions
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.value import Value, bind, concrete, has_nan, settled

__all__ = ["Marked", "Masked", "masked", "unmasked"]


class Marked(Value):
    """Numbers of a (co)tangent, and a mark of where they are zero because nothing depends on them there."""

    __slots__ = ("__weakref__", "data")

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        shape: tuple[int, ...] = self.data.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the elements."""
        dtype: np.dtype[Any] = self.data.dtype
        return dtype

    def _concrete(self) -> Any:
        return concrete(self.data)

    def _below(self) -> Any:
        return self.data


class Masked(Marked):
    """Numbers of a (co)tangent, and a boolean mask of their shape: False is a structural zero."""

    __slots__ = ("mask",)

    def __init__(self, data: Any, mask: Any, level: int):
        self.data = data
        self.mask = mask
        self._level = level

    def _has_nan(self) -> bool:
        return has_nan(self.data)

    def _apply(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        if prim.kind is Kind.CONTROL:
            return prim.compute(*operands)  # its lists are run with masked values
        level = self._level
        mine = [isinstance(x, Masked) and x._level == level for x in operands]
        xs = [x.data if own else x for x, own in zip(operands, mine, strict=True)]
        y = bind(prim, xs, params)
        if prim.is_flat:
            return y
        if y.__class__ is tuple:
            return tuple(Masked(one, np.ones(one.shape, bool), level) for one in y)
        masks = [x.mask if own else None for x, own in zip(operands, mine, strict=True)]
        mask = np.broadcast_to(_reached(prim, masks, xs, params, y.ndim), y.shape)
        is_full = not isinstance(mask, Value) and mask.all()
        return Masked(y if is_full else np.where(mask, y, np.zeros((), y.dtype)), mask, level)

    def _settled(self) -> Masked:
        return Masked(settled(self.data), self.mask, self._level)

    def _alias(self) -> Masked:
        return Masked(self.data, self.mask, self._level)

    def __repr__(self) -> str:
        return f"Masked({self.data}, {self.mask}, level={self._level})"


def _reached(prim: Primitive, masks: Sequence[Any], xs: Sequence[Any], params: Mapping[str, Any], y_ndim: int) -> Any:
    """The mask of the result of an operation that is linear in its masked operands."""
    if prim is table.selecting_multiply:
        return np.logical_and(masks[0], _plain(np.not_equal(xs[1], 0)))
    if prim.kind is Kind.ELEMENTWISE:
        return _any_of(masks)
    if prim.kind is Kind.REDUCTION:
        return np.any(masks[0], **params)
    if prim.mixes:
        return _batches_reached(prim, masks, y_ndim)
    counts = [_counted(prim, i, mask, x) for i, (mask, x) in enumerate(zip(masks, xs, strict=True))]
    return np.not_equal(bind(prim, counts, params), 0)


def _any_of(masks: Sequence[Any]) -> Any:
    return functools.reduce(np.logical_or, [mask for mask in masks if mask is not None])


def _counted(prim: Primitive, i: int, mask: Any, x: Any) -> Any:
    """The mask of an operand in numbers; of one that is no (co)tangent ones, and an index as it is."""
    if mask is not None:
        return mask.astype(float)
    if not prim.is_active(i):
        return _plain(x)
    if prim.jointly_linear:  # a missing term of a sum: zeros that reach nothing
        return np.multiply(np.not_equal(_plain(x), 0), 1.0)
    return np.ones(np.shape(x))


def _batches_reached(prim: Primitive, masks: Sequence[Any], y_ndim: int) -> Any:
    """What an operation that mixes elements reaches: all of a batch of which one element was reached."""
    if not prim.signature:
        return _any_of([None if mask is None else np.any(mask) for mask in masks])
    operands, (result,) = core_dimensions(prim.signature)
    [i, *more] = [i for i, mask in enumerate(masks) if mask is not None]
    if not more and masks[i].ndim >= 2 and _keeps_columns(operands, result, i):
        return np.any(masks[i], axis=-2, keepdims=True)
    batches = _any_of([
        None if mask is None else np.any(mask, axis=tuple(range(mask.ndim - min(len(core), mask.ndim), mask.ndim)))
        for mask, core in zip(masks, operands, strict=True)
    ])  # fmt: skip
    core_ndim = min(len(result), y_ndim - batches.ndim)
    return batches.reshape(batches.shape + (1,) * core_ndim)


def _keeps_columns(operands: Sequence[list[str]], result: list[str], i: int) -> bool:
    """Whether each column of operand `i` goes into that of the result alone, as in (m,m),(m,n)->(m,n)."""
    core = operands[i]
    others = [name for j, names in enumerate(operands) if j != i for name in names]
    return core == result and len(core) == 2 and core[0] in others and core[1] not in (core[0], *others)


def _plain(x: Any) -> Any:
    """The numbers of a value; of one that has not got one array of them, such as a batch, the value."""
    if not isinstance(x, Value):
        return x
    try:
        return x._concrete()
    except TraceError:
        return x


def masked(seed: Any, level: int) -> Masked:
    """A seed that has not reached the elements in which it is zero; one that carries derivatives reaches all."""
    return Masked(seed, seed._reaches() if isinstance(seed, Value) else np.not_equal(seed, 0), level)


def unmasked(value: Any, level: int) -> Any:
    """The numbers of a value that was masked at `level`."""
    return value.data if isinstance(value, Masked) and value._level == level else value
