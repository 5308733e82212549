"""`Branches`: one of several lists, chosen when it is run. And `Call`: one list, kept as a function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from wengert.control.operation import Control, Presence, apply, cached, only_outputs, result_of
from wengert.errors import ShapeError
from wengert.transforms.adjoint import adjoint
from wengert.transforms.selection import dependences, is_floating
from wengert.transforms.tangent import tangent
from wengert.value import concrete
from wengert.wlist import ArrayType, WengertList

__all__ = ["Branches", "Call", "no_such_branch"]


class _OfLists(Control):
    """Operations whose results are those of one of their lists, called with all operands after the first `skipped`."""

    skipped = 0
    lists: tuple[WengertList, ...]

    def __init__(self, name: str, sublists: Mapping[str, WengertList]):
        self.lists = tuple(sublists.values())
        super().__init__(name, sublists, len(self.lists[0].outputs))

    def infer(self, operands: Sequence[Any], params: Mapping[str, Any]) -> tuple[ArrayType, ...]:
        """The types of the results: those of the lists."""
        for lst in self.lists:
            _check_types(self, lst, operands[self.skipped :])
        return tuple(map(ArrayType.of, self.lists[0].outputs))

    def find_dependence(self) -> list[frozenset[int]]:
        """What some list says."""
        of_lists = [dependences(lst) for lst in self.lists]
        return [frozenset(i + self.skipped for i in frozenset().union(*parts)) for parts in zip(*of_lists, strict=True)]

    def push_together(
        self, present: Presence, xs: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        """By the same operation with tangent lists."""
        prim = self._tangent_operation(present)
        found = apply(prim, [*xs, *(t for t, is_there in zip(tangents, present, strict=True) if is_there)])
        dots = iter(found[self.outputs :])
        return found[: self.outputs], [next(dots) if is_there else None for is_there in self._moved(present)]

    def _moved(self, present: Presence) -> list[bool]:
        """Which results have tangents."""
        moving = {i for i, is_there in enumerate(present) if is_there}
        return [bool(found & moving) for found in self.dependence]

    @cached
    def _tangent_operation(self, present: Presence) -> Control:
        return self.with_sublists({part: self._tangent_list(lst, present) for part, lst in self.sublists.items()})

    def _tangent_list(self, lst: WengertList, present: Presence) -> WengertList:
        found = tangent(lst, [i - self.skipped for i, is_there in enumerate(present) if is_there])
        dots = iter(found.outputs[len(lst.outputs) :])
        of_outputs = [next(dots) if is_floating(y) else None for y in lst.outputs]
        wanted = [t for t, is_moved in zip(of_outputs, self._moved(present), strict=True) if is_moved]
        return only_outputs(found, [*found.outputs[: len(lst.outputs)], *wanted])

    def pull_back(self, active: Presence, cts: Sequence[Any], ys: Sequence[Any], xs: Sequence[Any]) -> list[Any]:
        """By the same operation with adjoint lists, which compute the primal values anew."""
        seeded = tuple(ct is not None for ct in cts)
        return list(apply(self._adjoint_operation(active, seeded), [*xs, *(ct for ct in cts if ct is not None)]))

    @cached
    def _adjoint_operation(self, active: Presence, seeded: Presence) -> Control:
        return self.with_sublists(
            {part: self._adjoint_list(lst, active, seeded) for part, lst in self.sublists.items()}
        )

    def _adjoint_list(self, lst: WengertList, active: Presence, seeded: Presence) -> WengertList:
        chosen = [y for y, is_seeded in zip(lst.outputs, seeded, strict=True) if is_seeded]
        found = adjoint(replace(lst, outputs=tuple(chosen)), [i - self.skipped for i, a in enumerate(active) if a])
        return only_outputs(found, found.outputs[len(chosen) :])


class Branches(_OfLists):
    r"""One of several lists, by an index: operands (index, \*xs).

    Parameters
    ----------
    lists : sequence of WengertList
        Of the same types. Named ``cond``, with a boolean index, the first one is that for False.
    """

    skipped = 1

    def __init__(self, name: str, lists: Sequence[WengertList]):
        parts = ("false", "true") if name == "cond" else tuple(f"branch {k}" for k in range(len(lists)))
        super().__init__(name, dict(zip(parts, lists, strict=True)))

    def run(self, *operands: Any) -> Any:
        """Compute the results of the chosen list."""
        index, *xs = operands
        number = int(concrete(index))
        self.check_number(number)
        return result_of(self.lists[number].run(xs))

    def check_number(self, number: int) -> None:
        """Raise where there is no branch of this number."""
        if not 0 <= number < len(self.lists):
            raise no_such_branch(self.name, number, len(self.lists))

    def with_sublists(self, sublists: Mapping[str, WengertList]) -> Branches:
        """The same choice between other lists."""
        return Branches(self.name, list(sublists.values()))


class Call(_OfLists):
    """One list that stays a function of its own: operands are its inputs."""

    def __init__(self, body: WengertList):
        self.body = body
        super().__init__(body.name, {"function": body})

    def run(self, *operands: Any) -> Any:
        """Compute the results of the list."""
        return result_of(self.body.run(operands))

    def with_sublists(self, sublists: Mapping[str, WengertList]) -> Call:
        """A call of another list."""
        return Call(sublists["function"])


def no_such_branch(name: str, number: int, count: int) -> IndexError:
    """What is raised where an index names no branch."""
    return IndexError(f"{name} was given index {number}, but has {count} branches, numbered from 0")


def _check_types(prim: Control, lst: WengertList, operands: Sequence[Any]) -> None:
    found = [ArrayType.of(x) for x in operands]
    wanted = [v.type for v in lst.inputs]
    if found != wanted:
        raise ShapeError(
            f"{prim.name}: list {lst.name} takes {', '.join(map(str, wanted))}, but was given "
            f"{', '.join(map(str, found))}."
        )
