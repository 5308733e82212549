"""The column: for each structural primitive how it is applied to a batch; and the way that is right for all.

`wengert.control.batching` enters control statements, by their classes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import wengert.rules  # noqa: F401  # the rows that the column has entries for
from wengert.facts import Rule
from wengert.primitive import Primitive
from wengert.value import bind
from wengert.wlist import ArrayType

__all__ = ["Shared", "apply_to_each", "batch_of_all", "of_class", "of_one", "of_several", "rule_of", "shifted"]


@dataclass(frozen=True, slots=True)
class Shared:
    """A result that is the same for all arrays of a batch, and stays one array."""

    value: Any


_rules: dict[Primitive, Rule] = {}
_rules_of_classes: dict[type[Primitive], Rule] = {}


def of_one(prim: Primitive, rule: Rule) -> None:
    """Enter the rule ``(x, **params)`` of a primitive with one operand."""

    def of_operands(_: Sequence[bool], x: Any, **params: Any) -> Any:
        return rule(x, **params)

    of_several(prim, of_operands)


def of_several(prim: Primitive, rule: Rule) -> None:
    """Enter the rule ``(own, *xs, **params)``, where `own` says which operands are batches."""
    _rules[prim] = rule


def batch_of_all(prim: Primitive, rule: Rule) -> None:
    """Enter the rule ``(*xs, **params)`` of a primitive whose operands are all made batches first."""

    def of_operands(own: Sequence[bool], *xs: Any, **params: Any) -> Any:
        return rule(*_repeated(own, xs), **params)

    of_several(prim, of_operands)


def of_class(kind: type[Primitive], rule: Rule) -> None:
    """Enter the rule ``(prim, own, xs)`` of all primitives of a class: those of one kind of control statement."""
    _rules_of_classes[kind] = rule


def rule_of(prim: Primitive) -> Rule | None:
    """The entry of `prim`, if it has one."""
    of_class = next((_rules_of_classes[kind] for kind in type(prim).__mro__ if kind in _rules_of_classes), None)
    return _rules.get(prim) if of_class is None else functools.partial(_controlled, of_class, prim)


def _controlled(rule: Rule, prim: Primitive, own: Sequence[bool], *xs: Any) -> Any:
    return rule(prim, own, xs)


def _repeated(own: Sequence[bool], xs: Sequence[Any]) -> list[Any]:
    """The operands, those that are no batches once for each array: a view, which takes no memory."""
    count = _length(own, xs)
    return [x if mine else np.broadcast_to(x, (count, *np.shape(x))) for x, mine in zip(xs, own, strict=True)]


def _length(own: Sequence[bool], xs: Sequence[Any]) -> int:
    return next(len(x) for x, mine in zip(xs, own, strict=True) if mine)


def shifted(axis: int, ndim: int) -> int:
    """An axis of an array with `ndim` axes, of which the first is that of the batch."""
    return axis % (ndim - 1) + 1


def apply_to_each(prim: Primitive, own: Sequence[bool], xs: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """Apply `prim` to one array after the other."""
    count = _length(own, xs)
    if not count:
        return _of_none(prim, own, xs, params)
    results = [bind(prim, [x[k] if mine else x for x, mine in zip(xs, own, strict=True)], params) for k in range(count)]
    if prim.outputs > 1:
        return tuple(np.stack(parts) for parts in zip(*results, strict=True))
    return np.stack(results)


def _of_none(prim: Primitive, own: Sequence[bool], xs: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """The results for a batch without arrays."""
    types = prim.infer(
        [ArrayType(x.shape[1:], x.dtype) if mine else x for x, mine in zip(xs, own, strict=True)], params
    )
    found = tuple(np.zeros((0, *kind.shape), kind.dtype) for kind in types)
    return found if prim.outputs > 1 else found[0]
