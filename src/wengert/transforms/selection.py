"""Which inputs of a list a derivative is taken for, and what depends on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from wengert.errors import ArgumentError, DtypeError, user_location
from wengert.wlist import ArrayType, Statement, Variable, WengertList

__all__ = ["Selection", "dependences", "is_floating", "numbers_of", "pruned", "selected", "uses", "varied", "zeros_of"]

#: Inputs by number or name; ``None`` for all that have derivatives.
Selection = int | str | Sequence[int | str] | None


def is_floating(x: Any) -> bool:
    """Whether `x`, a variable or constant, is floating point or complex."""
    return ArrayType.of(x).dtype.kind in "fc"


def numbers_of(present: Sequence[bool]) -> list[int]:
    """The places of the true ones."""
    return [k for k, is_there in enumerate(present) if is_there]


def zeros_of(x: Any) -> Any:
    """A zero derivative of `x`: of its shape and dtype."""
    kind = ArrayType.of(x)
    return np.zeros(kind.shape, kind.dtype)[()]


def selected(lst: WengertList, wrt: Selection, transform: str) -> list[Variable]:
    """The inputs that `wrt` names, checked to have derivatives."""
    if not isinstance(lst, WengertList):
        raise ArgumentError(
            f"{transform} takes a list, but got {type(lst).__name__}.",
            remedy="Record a function with trace(f)(*args) first; or use wg.grad, wg.jvp or wg.vjp of the function.",
            where=user_location(),
        )
    if wrt is None:
        return [v for v in lst.inputs if v.dtype.kind in "fc"]
    chosen = [_input(lst, key, transform) for key in ((wrt,) if isinstance(wrt, (int, str)) else wrt)]
    if len(set(chosen)) < len(chosen):
        raise ArgumentError(
            f"wrt={wrt!r} names an input of list {lst.name} twice.",
            remedy="Name each input once.",
            where=user_location(),
        )
    return chosen


def _input(lst: WengertList, key: int | str, transform: str) -> Variable:
    by_name = {v.name: v for v in lst.inputs}
    if isinstance(key, str) and key in by_name:
        found = by_name[key]
    elif not isinstance(key, str) and -len(lst.inputs) <= key < len(lst.inputs):
        found = lst.inputs[key]
    else:
        raise ArgumentError(
            f"{transform} of list {lst.name} was asked for input {key!r}.",
            why=f"Its inputs are {', '.join(by_name) or 'none'}, numbered from 0.",
            remedy="Give numbers or names of inputs.",
            where=user_location(),
        )
    if found.dtype.kind not in "fc":
        raise DtypeError(
            f"{transform} of list {lst.name} was asked for input {found.name}: {found.type}.",
            why="Only floating point and complex values have derivatives.",
            remedy="Leave it out of wrt, or trace the function with a float.",
            where=user_location(),
        )
    return found


def varied(lst: WengertList, chosen: Iterable[Variable]) -> set[Variable]:
    """The variables that depend by a derivative on one of the chosen inputs, these included."""
    found = set(chosen)
    for stmt in lst.statements:
        moving = [i for i, x in enumerate(stmt.operands) if isinstance(x, Variable) and x in found]
        if moving:
            found.update(v for k, v in enumerate(stmt.targets) if v.dtype.kind in "fc" and _reaches(stmt, moving, k))
    return found


def _reaches(stmt: Statement, moving: Collection[int], k: int) -> bool:
    of_control = getattr(stmt.prim, "dependence", None)
    return any(i in of_control[k] for i in moving) if of_control else any(map(stmt.prim.is_active, moving))


def dependences(lst: WengertList) -> list[frozenset[int]]:
    """For each output: the numbers of the inputs that it depends on by a derivative."""
    found: dict[Variable, frozenset[int]] = {
        v: frozenset([k]) if v.dtype.kind in "fc" else frozenset() for k, v in enumerate(lst.inputs)
    }
    for stmt in lst.statements:
        of_operands = [found.get(x, frozenset()) if isinstance(x, Variable) else frozenset() for x in stmt.operands]
        for k, target in enumerate(stmt.targets):
            parts = [part for i, part in enumerate(of_operands) if part and _reaches(stmt, (i,), k)]
            found[target] = frozenset().union(*parts) if target.dtype.kind in "fc" else frozenset()
    return [found[y] if isinstance(y, Variable) else frozenset() for y in lst.outputs]


def uses(statements: Iterable[Statement], outputs: Iterable[Any]) -> Counter[Variable]:
    """How often each variable is an operand or an output."""
    operands = (x for stmt in statements for x in stmt.operands)
    return Counter(x for x in chain(operands, outputs) if isinstance(x, Variable))


def pruned(statements: Sequence[Statement], outputs: Iterable[Any]) -> tuple[Statement, ...]:
    """The statements that the outputs depend on, in their order."""
    needed = {y for y in outputs if isinstance(y, Variable)}
    kept = []
    for stmt in reversed(statements):
        if any(target in needed for target in stmt.targets):
            kept.append(stmt)
            needed.update(x for x in stmt.operands if isinstance(x, Variable))
    return tuple(reversed(kept))
