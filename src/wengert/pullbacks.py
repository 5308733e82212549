"""Reverse mode at one point: a function evaluated, and the map ȳ ↦ x̄ = ȳᵀ J for as many ȳ as wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from wengert.arguments import (
    check_alive,
    is_listed,
    labels,
    lowered,
    plain_aux,
    primal,
    run,
    seeds_for,
    split_aux,
    zeros_like,
)
from wengert.containers import flatten, function_name
from wengert.levels import new_level
from wengert.nodes import Leaf, Node, own_copy, pull_back, topological_order
from wengert.simplification.rolling import is_rolling, rolled
from wengert.tensors import Tensor
from wengert.tracing import Recorder
from wengert.transforms.adjoint import adjoint_sweep
from wengert.transforms.inlining import call_new, inlined, recorder_of
from wengert.transforms.selection import varied
from wengert.value import Value, settled
from wengert.wlist import ArrayType, Variable

__all__ = ["Pullback", "pullback_of"]

Function = Callable[..., Any]


def pullback_of(f: Function, primals: tuple[Any, ...], has_aux: bool = False, transform: str = "vjp") -> Pullback:
    """The pullback of `f`: by the graph of tensors, or by lists where arguments are abstract."""
    kind = ListPullback if any(map(is_listed, flatten(primals)[0])) else Pullback
    return kind(f, primals, has_aux, transform)


class Pullback:
    """The linear map ȳ ↦ x̄ = ȳᵀ J at one point, for as many ȳ as wanted."""

    def __init__(self, f: Function, primals: tuple[Any, ...], has_aux: bool = False, transform: str = "vjp"):
        self._f = f
        self._level = new_level()
        given, self._rebuild = flatten(primals)
        self._primals = [own_copy(primal(x, transform, f)) for x in given]
        self._leaves = [Leaf(x) for x in self._primals]
        tensors = [Tensor(x, leaf, self._level) for x, leaf in zip(self._primals, self._leaves, strict=True)]
        result, aux = split_aux(f, run(f, self._level, self._rebuild(tensors)), has_aux)
        found, rebuild = flatten(result)
        outputs = [lowered(y, self._level, f) for y in found]
        own = [isinstance(y, Tensor) and y._level == self._level for y in outputs]
        self._nodes: list[Node | None] = [y._node if mine else None for y, mine in zip(outputs, own, strict=True)]
        self.outputs = [settled(y._array) if mine else y for y, mine in zip(outputs, own, strict=True)]
        self.y = rebuild([own_copy(y) for y in self.outputs])
        self.aux = aux
        if has_aux:
            aux_leaves, aux_rebuild = flatten(aux)
            self.aux = aux_rebuild([plain_aux(x, self._level, f) for x in aux_leaves])
        self._order = topological_order(node for node in self._nodes if node is not None)

    def __call__(self, cotangent: Any) -> tuple[Any, ...]:
        """ȳ, structured like the result, to the cotangents of all primals, structured like these."""
        seeds = seeds_for(cotangent, self.y, self.outputs, "cotangents", self._f)
        x_bars: tuple[Any, ...] = self._rebuild(self.of_leaves(seeds))
        return x_bars

    def of_leaves(self, cotangents: Sequence[Any]) -> list[Any]:
        """The same on flat lists."""
        seeds: dict[Node, Any] = {}
        for node, ct in zip(self._nodes, cotangents, strict=True):
            if node is not None:
                seeds[node] = seeds[node] + ct if node in seeds else ct
        found = pull_back(self._order, seeds)
        for x_bar in found.values():
            if isinstance(x_bar, Value):
                check_alive(x_bar, None, self._f)
        return [
            found[leaf] if leaf in found else zeros_like(x) for leaf, x in zip(self._leaves, self._primals, strict=True)
        ]


class ListPullback(Pullback):
    """The same where values are abstract: f is recorded, its list written into the one in progress, and swept.

    So the statements know what they belong to (decision 9).
    """

    def __init__(self, f: Function, primals: tuple[Any, ...], has_aux: bool = False, transform: str = "vjp"):
        self._f = f
        given, self._rebuild = flatten(primals)
        self._primals = [own_copy(primal(x, transform, f)) for x in given]
        recorder = Recorder(lifts=True)
        self._level = recorder.level
        names = labels(f, primals)
        tracers = [recorder.input(name, ArrayType.of(x)) for name, x in zip(names, self._primals, strict=True)]
        result, aux = split_aux(f, run(f, self._level, self._rebuild(tracers)), has_aux)
        found, rebuild = flatten(result)
        extra, aux_rebuild = flatten(aux)
        extra = [plain_aux(x, self._level, f) for x in extra]
        lst = recorder.finish(function_name(f), [lowered(y, self._level, f) for y in found])
        self._inputs = lst.inputs[len(recorder.lifted) :]
        outside = [value for value, _ in recorder.lifted.values()]
        lst = replace(lst, outputs=(*lst.outputs, *(x.variable for x in extra if recorder.owns(x))))
        lst = rolled(lst) if is_rolling() else lst
        moving = varied(lst, self._inputs)
        self._tape = inlined(lst, [*outside, *self._primals], moving)
        self._seeded = self._tape.list.outputs[: len(found)]
        self._inputs = self._tape.list.inputs[len(outside) :]
        self._moving = varied(self._tape.list, self._inputs)
        self.outputs = list(self._tape.outputs[: len(found)])
        self.y = rebuild([own_copy(y) for y in self.outputs])
        of_aux = iter(self._tape.outputs[len(found) :])
        self.aux = aux_rebuild([next(of_aux) if recorder.owns(x) else x for x in extra]) if has_aux else None

    def of_leaves(self, cotangents: Sequence[Any]) -> list[Any]:
        """The cotangents of the leaves of the primals, for those of the results."""
        seeds: dict[Variable, Any] = {}
        for y, ct in zip(self._seeded, cotangents, strict=True):
            if isinstance(y, Variable):
                seeds[y] = seeds[y] + ct if y in seeds else ct
        recorder = recorder_of(self._primals)
        start = 0 if recorder is None else len(recorder.statements)
        found, _ = adjoint_sweep(self._tape, seeds, self._moving)
        call_new(recorder, start, ((f"{v.name}_bar", found[v]) for v in (*self._inputs, *found) if v in found))
        return [found[v] if v in found else zeros_like(x) for v, x in zip(self._inputs, self._primals, strict=True)]
