"""How each primitive is applied to a batch of arrays: once to all of them, along axis 0.

For most it follows from the shape kind (`kinds`): an elementwise function, a reduction, a function of matrices has its
operands brought to one number of axes behind that of the batch. A structural primitive has its axes and shapes in its
parameters, so `structural`, `indexing`, `gathering` and `sequences` say for each one where these go: a column of the
derivative table, which stands here because rows read better without it. What has no entry is applied to one array after
the other.

A rule takes which of the operands are batches and the operands, and gives the result with the batch along axis 0. It is
plain NumPy, on values of any kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wengert.batching import gathering, indexing, products, sequences, structural  # noqa: F401  # the column
from wengert.batching.column import Shared, apply_to_each, rule_of
from wengert.batching.kinds import elementwise, generalised, reduction
from wengert.facts import Kind
from wengert.primitive import Primitive

__all__ = ["Shared", "over_batch"]


def over_batch(prim: Primitive, own: Sequence[bool], xs: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """The results of `prim` along axis 0; `own` says which operands have a batch there, the others are constants.

    A control statement may have results that are `Shared`.
    """
    if prim.kind is Kind.ELEMENTWISE:
        return elementwise(prim, own, xs, params)
    if prim.kind is Kind.REDUCTION:
        return reduction(prim, xs, params)
    rule = rule_of(prim)
    if rule is not None:
        return rule(own, *xs, **params)
    if prim.signature:
        return generalised(prim, own, xs, params)
    return apply_to_each(prim, own, xs, params)
