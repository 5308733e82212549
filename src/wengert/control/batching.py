"""Control statements for batches of arrays (`wengert.batching`).

A statement whose values are known is run: its lists are interpreted on batches. In a list that is being written it
becomes the same statement with lists for whole batches, which are written by interpreting those for one array.

Where arrays decide differently, all branches are computed and selected from, and a loop goes on until the last array is
done; those that are done before keep their carries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wengert.batched import Batched
from wengert.batching.column import Shared, of_class
from wengert.control.branches import Branches, Call
from wengert.control.loops import Loop
from wengert.control.operation import apply, as_tuple, result_of
from wengert.control.whiles import While
from wengert.levels import new_level
from wengert.nodes import own_copy
from wengert.registry import table
from wengert.tracing import Recorder
from wengert.transforms.inlining import outputs_of
from wengert.value import bind, concrete, is_abstract
from wengert.wlist import ArrayType, WengertList

Own = Sequence[bool]
Program = Callable[[Sequence[Any]], Sequence[Any]]


# --- lists for batches -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Batch:
    """How many arrays there are, and a level for the values that stand for them."""

    length: int
    level: int

    def values(self, own: Own, xs: Sequence[Any]) -> list[Any]:
        """Arrays along axis 0 as batches; others as they are."""
        return [Batched(x, self.level) if mine else x for x, mine in zip(xs, own, strict=True)]

    def is_own(self, y: Any) -> bool:
        """Whether `y` is a batch."""
        return isinstance(y, Batched) and y._level == self.level

    def result(self, y: Any) -> Any:
        """All arrays along axis 0, or the one of all, which nobody else has."""
        return y.data if self.is_own(y) else Shared(own_copy(y))

    def data(self, y: Any) -> Any:
        """All arrays along axis 0; one that is the same for all is repeated."""
        return y.data if self.is_own(y) else np.broadcast_to(y, (self.length, *np.shape(y)))


def _batch(own: Own, xs: Sequence[Any]) -> _Batch:
    length = next(len(x) for x, mine in zip(xs, own, strict=True) if mine)
    return _Batch(length, new_level())


def _written(
    lst: WengertList, own: Own, length: int, program: Program, wanted: Own | None = None
) -> tuple[WengertList, list[bool]]:
    """The list of `program` for batches in the place of the inputs that are `own`, and which outputs are batches.

    Those that are `wanted` are, whatever they depend on.
    """
    recorder = Recorder(lst.letter)
    batch = _Batch(length, new_level())
    types = [
        ArrayType((length, *v.shape), v.dtype) if mine else v.type for v, mine in zip(lst.inputs, own, strict=True)
    ]
    tracers = [recorder.input(v.name, kind) for v, kind in zip(lst.inputs, types, strict=True)]
    ys = program(batch.values(own, tracers))
    flags = [batch.is_own(y) or bool(wanted and wanted[k]) for k, y in enumerate(ys)]
    outputs = [batch.data(y) if flag else y for y, flag in zip(ys, flags, strict=True)]
    return recorder.finish(lst.name, outputs), flags


def _list_for(lst: WengertList, own: Own, length: int, wanted: Own | None = None) -> tuple[WengertList, list[bool]]:
    def program(inputs: Sequence[Any]) -> Sequence[Any]:
        return outputs_of(lst, inputs)

    return _written(lst, own, length, program, wanted)


def _any_abstract(xs: Sequence[Any]) -> bool:
    return any(map(is_abstract, xs))


# --- branches ----------------------------------------------------------------------------------------------------


def _branches(prim: Branches, own: Own, xs: Sequence[Any]) -> Any:
    index, *operands = xs
    if own[0]:
        return _selected(prim, own, xs)
    batch = _batch(own, xs)
    if not is_abstract(index):
        ys = as_tuple(prim.run(index, *batch.values(own[1:], operands)))
        return result_of(list(map(batch.result, ys)))
    everything = [True] * prim.outputs
    lists = [_list_for(lst, own[1:], batch.length, everything)[0] for lst in prim.lists]
    return result_of(apply(Branches(prim.name, lists), xs))


def _selected(prim: Branches, own: Own, xs: Sequence[Any]) -> Any:
    """All branches, of which each array takes its own."""
    batch = _batch(own, xs)
    index, *operands = batch.values(own, xs)
    if index.dtype.kind != "b" and not is_abstract(xs[0]):
        for number in np.ravel(concrete(xs[0])):
            prim.check_number(number)
    if len(prim.lists) > 1 and index.dtype.kind != "b":
        index = bind(table.choice_number, (index,), {"count": len(prim.lists), "mode": "raise"})
    with np.errstate(all="ignore"):  # an array is no number for a branch that it does not take, which nobody minds
        chosen, *others = [outputs_of(lst, operands) for lst in prim.lists]
    for number, ys in enumerate(others, 1):
        is_taken = index if index.dtype.kind == "b" else index == number
        chosen = [np.where(is_taken, y, before) for y, before in zip(ys, chosen, strict=True)]
    return result_of([batch.data(y) for y in chosen])


def _call(prim: Call, own: Own, xs: Sequence[Any]) -> Any:
    batch = _batch(own, xs)
    if not _any_abstract(xs):
        return result_of(list(map(batch.result, as_tuple(prim.run(*batch.values(own, xs))))))
    lst, _ = _list_for(prim.body, own, batch.length, [True] * prim.outputs)
    return result_of(apply(prim.with_sublists({"function": lst}), xs))


# --- loops -------------------------------------------------------------------------------------------------------


def _loop(prim: Loop, own: Own, xs: Sequence[Any]) -> Any:
    if prim.length is None and own[0]:
        number, *others = xs
        with np.errstate(all="ignore"):  # as above, for those that are done
            return _loop(prim.guarded(), [False, *own], [np.max(number, initial=0), number, *others])
    batch = _batch(own, xs)
    if not _any_abstract(xs):
        return result_of(list(map(batch.result, as_tuple(prim.run(*batch.values(own, xs))))))
    constants, carries, rows = prim.layout.split(xs)
    of_constants, of_carries, of_rows = prim.layout.split(own)
    body, flags = _settled(
        prim.body, of_carries, lambda moving, wanted: _list_for(
            prim.body, [False, *of_constants, *moving, *of_rows], batch.length, wanted
        )
    )  # fmt: skip
    begin = _repeated(carries, of_carries, flags, batch)
    slices = [np.moveaxis(x, 0, 1) if mine else x for x, mine in zip(rows, of_rows, strict=True)]
    ys = apply(prim.with_sublists({"body": body}), [*constants, *begin, *slices])
    return result_of(_with_batch_first(ys, flags, prim.carries))


def _settled(
    body: WengertList, of_carries: Own, write: Callable[[Own, Own], tuple[WengertList, list[bool]]]
) -> tuple[WengertList, list[bool]]:
    """The body for which those carries are batches that some round makes one, and which of its outputs are."""
    moving = list(of_carries)
    while True:
        wanted = [*moving, *([False] * (len(body.outputs) - len(moving)))]
        lst, flags = write(moving, wanted)
        if flags[: len(moving)] == moving:
            return lst, flags
        moving = flags[: len(moving)]


def _repeated(carries: Sequence[Any], own: Own, flags: Own, batch: _Batch) -> list[Any]:
    """The carries of the first round, those that become batches as such."""
    return [
        np.broadcast_to(x, (batch.length, *np.shape(x))) if flag and not mine else x
        for x, mine, flag in zip(carries, own, flags, strict=False)
    ]


def _with_batch_first(ys: Sequence[Any], flags: Own, carries: int) -> list[Any]:
    """The results of a loop: stacks have the axis of the rounds before that of the batch."""
    return [
        Shared(y) if not flag else y if k < carries else np.moveaxis(y, 1, 0)
        for k, (y, flag) in enumerate(zip(ys, flags, strict=True))
    ]


# --- loops with a condition --------------------------------------------------------------------------------------


def _while(prim: While, own: Own, xs: Sequence[Any]) -> Any:
    batch = _batch(own, xs)
    of_constants, of_carries, _ = prim.layout.split(own)
    decides, moving = _who_decides(prim, of_constants, of_carries, batch)
    if not decides or prim.kept is None:
        return _rounds(prim.guarded() if decides else prim, own, xs, batch, moving, decides)
    # How many rounds there were differs too: they are counted.
    counting, zero = prim.counting().guarded(), np.int64(0)
    ys = as_tuple(_rounds(counting, [*own, False], [*xs, zero], batch, [*moving, True], decides))
    return result_of([*ys[: prim.carries + 1], *ys[prim.carries + 2 :]])  # each one's number, not the largest


def _rounds(prim: While, own: Own, xs: Sequence[Any], batch: _Batch, moving: Sequence[bool], decides: bool) -> Any:
    if not _any_abstract(xs):
        return _run(prim, own, xs, batch, decides)
    return _written_while(prim, own, xs, batch, moving, decides)


def _who_decides(prim: While, of_constants: Own, of_carries: Own, batch: _Batch) -> tuple[bool, list[bool]]:
    """Whether the condition differs between the arrays, and which carries are batches in some round."""
    moving = list(of_carries)
    while True:
        decides = _list_for(prim.cond, [*of_constants, *moving], batch.length)[1][0]
        flags = [decides or flag for flag in _list_for(prim.body, [*of_constants, *moving], batch.length)[1]]
        new = [old or flag for old, flag in zip(moving, flags, strict=True)]
        if new == moving:
            return decides, moving
        moving = new


def _run(prim: While, own: Own, xs: Sequence[Any], batch: _Batch, decides: bool) -> Any:
    values = batch.values(own, xs)
    if not decides:
        return result_of(list(map(batch.result, as_tuple(prim.run(*values)))))
    constants, carries, _ = prim.layout.split(values)
    stacks: list[list[Any]] = [[] for _ in prim.kept or ()]
    number = 0
    while np.any(batch.data(outputs_of(prim.cond, [*constants, *carries])[0])):
        for stack, k in zip(stacks, prim.kept or (), strict=True):
            stack.append(batch.data(carries[k]))
        with np.errstate(all="ignore"):  # as above, for those that are done
            carries = outputs_of(prim.body, [*constants, *carries])
        number += 1
    ends = [batch.data(x) for x in carries]
    if prim.kept is None:
        return result_of(ends)
    kept = [_stack(stack, ends[k]) for stack, k in zip(stacks, prim.kept, strict=True)]
    return result_of([*ends, Shared(np.int64(number)), *kept])


def _stack(carries: Sequence[Any], end: Any) -> Any:
    """The carries of all rounds along axis 1, behind the batch."""
    return np.stack(carries, axis=1) if carries else np.zeros((len(end), 0, *end.shape[1:]), end.dtype)


def _written_while(
    prim: While, own: Own, xs: Sequence[Any], batch: _Batch, moving: Sequence[bool], decides: bool
) -> Any:
    constants, carries, _ = prim.layout.split(xs)
    of_constants, of_carries, _ = prim.layout.split(own)
    flags = [*of_constants, *moving]

    def any_goes_on(inputs: Sequence[Any]) -> Sequence[Any]:
        (goes_on,) = outputs_of(prim.cond, inputs)
        return [np.any(goes_on.data) if decides else goes_on]

    cond, _ = _written(prim.cond, flags, batch.length, any_goes_on)
    body, _ = _list_for(prim.body, flags, batch.length, moving)
    if prim.is_guarded:
        body = replace(body, made_from=prim.body.made_from)
    whole = prim.with_sublists({"while": cond, "body": body})
    ys = apply(whole, [*constants, *_repeated(carries, of_carries, moving, batch)])
    of_stacks = [] if prim.kept is None else [False, *(moving[k] for k in prim.kept)]
    return result_of(_with_batch_first(ys, [*moving, *of_stacks], prim.carries))


of_class(Branches, _branches)
of_class(Call, _call)
of_class(Loop, _loop)
of_class(While, _while)
