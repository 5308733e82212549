"""Batches of matrix products: one large product where one of the operands is the same for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wengert.batching.column import of_several
from wengert.batching.kinds import generalised
from wengert.registry import table


def _matmul(own: Sequence[bool], a: Any, b: Any) -> Any:
    if own[0] and not own[1] and a.ndim == 2 and b.ndim <= 2:
        return a @ b  # vectors, the rows of a matrix
    if own[0] and not own[1] and a.ndim == 3 and b.ndim == 2:
        return (a.reshape((a.shape[0] * a.shape[1], a.shape[2])) @ b).reshape((*a.shape[:2], b.shape[1]))
    if own[1] and not own[0] and b.ndim == 2 and a.ndim <= 2:
        return b @ a.T
    return generalised(table.matmul, own, (a, b), {})


of_several(table.matmul, _matmul)
