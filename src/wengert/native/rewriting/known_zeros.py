"""Zeros that are known before anything is computed.

A Jacobian by forward mode has unit vectors as seeds, which are constants: a joint of one finger moves none of the bones
of the others. Through products, sums, views and concatenations it is followed which elements are zero whatever the
arguments are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from wengert.rules.gathering import Slot
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["MOST_KNOWN", "Mask", "may_differ", "zeros_of"]

#: Where an array may be other than zero: of as many axes, each as long as that of the array, or 1 where all are alike.
Mask: TypeAlias = "np.ndarray[Any, np.dtype[np.bool_]]"

MOST_KNOWN = 65_536  # elements of a mask


def zeros_of(lst: WengertList) -> dict[Variable, Mask]:
    """Where the variables of a list may be other than zero; of those that may be so everywhere there is nothing."""
    known: dict[Variable, Mask] = {}
    for stmt in lst.statements:
        rule = _RULES.get(stmt.prim.name)
        if rule is None or len(stmt.targets) != 1 or stmt.targets[0].dtype.kind != "f":
            continue
        masks = [may_differ(x, known) for x in stmt.operands]
        if any(mask is not None for mask in masks):
            found = rule(stmt, masks)
            if found is not None and not found.all():
                known[stmt.targets[0]] = found
    return known


def may_differ(x: Any, known: Mapping[Variable, Mask]) -> Mask | None:
    """Where an operand may be other than zero; ``None`` of what may be so everywhere."""
    if isinstance(x, Variable):
        return known.get(x)
    array = np.asarray(x)
    if array.dtype.kind not in "fiub" or array.size > MOST_KNOWN:
        return None
    mask = array != 0
    return None if mask.all() else mask


def _whole(x: Any, mask: Mask | None) -> Mask | None:
    """A mask with an element for each of the array; ``None`` of one that is too large."""
    kind = ArrayType.of(x)
    if kind.size > MOST_KNOWN:
        return None
    return np.broadcast_to(np.True_ if mask is None else mask, kind.shape)


def _of_product(stmt: Statement, masks: Sequence[Mask | None]) -> Mask | None:
    known = [_aligned(mask, stmt) for mask in masks if mask is not None]
    return _if_small(known, np.logical_and)


def _of_sum(stmt: Statement, masks: Sequence[Mask | None]) -> Mask | None:
    known = [_aligned(mask, stmt) for mask in masks if mask is not None]
    return _if_small(known, np.logical_or) if len(known) == len(masks) else None


def _aligned(mask: Mask, stmt: Statement) -> Mask:
    """With an axis for each of the result."""
    return np.reshape(mask, (*(1,) * (stmt.targets[0].type.ndim - mask.ndim), *mask.shape))


def _if_small(masks: Sequence[Mask], join: Any) -> Mask | None:
    if math.prod(np.broadcast_shapes(*(mask.shape for mask in masks))) > MOST_KNOWN:
        return None
    found = masks[0]
    for mask in masks[1:]:
        found = join(found, mask)
    return found


def _of_first(stmt: Statement, masks: Sequence[Mask | None]) -> Mask | None:
    return _of_product(stmt, masks[:1]) if masks[0] is not None else None


def _of_total(stmt: Statement, masks: Sequence[Mask | None]) -> Mask | None:
    (mask,) = masks
    if mask is None or set(stmt.params) - {"axis", "keepdims"}:
        return None
    return np.asarray(np.any(mask, axis=tuple(stmt.params["axis"]), keepdims=bool(stmt.params["keepdims"])))


def _of_matrices(stmt: Statement, masks: Sequence[Mask | None]) -> Mask | None:
    """Of a product of matrices: a row of zeros stays, and so does a column."""
    kinds = [ArrayType.of(x) for x in stmt.operands]
    if any(kind.ndim < 2 for kind in kinds):
        return None
    a, b = (np.ones((1,) * kind.ndim, bool) if m is None else m for m, kind in zip(masks, kinds, strict=True))
    k = kinds[0].shape[-1]
    stack = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    if math.prod(stack) * a.shape[-2] * k * b.shape[-1] > MOST_KNOWN:
        a, b = np.any(a, axis=(-2, -1), keepdims=True), np.any(b, axis=(-2, -1), keepdims=True)
        if math.prod(stack) > MOST_KNOWN:
            return None
    if a.shape[-1] == 1 or b.shape[-2] == 1:
        found = np.any(a, axis=-1, keepdims=True) & np.any(b, axis=-2, keepdims=True)
    else:
        found = np.matmul(a, b)
    return np.reshape(found, (*(1,) * (stmt.targets[0].type.ndim - found.ndim), *found.shape))


def _of_view(stmt: Statement, masks: Sequence[Mask | None]) -> Mask | None:
    """Of what has the elements of its operand elsewhere, by moving those of the mask."""
    if masks[0] is None or any(isinstance(part, Slot) for part in _parts(stmt)):
        return None
    if stmt.prim.name == "transpose":
        return np.transpose(masks[0], stmt.params["axes"])
    whole = _whole(stmt.operands[0], masks[0])
    if whole is None or stmt.targets[0].type.size > MOST_KNOWN:
        return None
    if stmt.prim.name == "getitem":
        return np.asarray(whole[stmt.params["index"]])
    return np.reshape(whole, stmt.targets[0].shape)


def _parts(stmt: Statement) -> Sequence[Any]:
    index = stmt.params.get("index", ())
    return index if isinstance(index, tuple) else (index,)


def _of_broadcast(stmt: Statement, masks: Sequence[Mask | None]) -> Mask | None:
    return None if masks[0] is None else _aligned(masks[0], stmt)


def _of_parts(stmt: Statement, masks: Sequence[Mask | None]) -> Mask | None:
    if stmt.targets[0].type.size > MOST_KNOWN:
        return None
    parts = [_whole(x, mask) for x, mask in zip(stmt.operands, masks, strict=True)]
    return np.concatenate([part for part in parts if part is not None], axis=stmt.params["axis"])


#: For each primitive that is followed, the mask of its result.
_RULES: dict[str, Callable[[Statement, Sequence[Mask | None]], Mask | None]] = {
    "multiply": _of_product, "divide": _of_first, "negative": _of_first, "positive": _of_first, "copy": _of_first,
    "add": _of_sum, "subtract": _of_sum, "sum": _of_total, "matmul": _of_matrices, "reshape": _of_view,
    "transpose": _of_view, "getitem": _of_view, "broadcast_to": _of_broadcast, "concatenate": _of_parts,
}  # fmt: skip
