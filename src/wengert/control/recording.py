"""From a user's function to a sub-list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wengert.containers import flatten, function_name, leaf_names, parameter_names, same_structure
from wengert.errors import ArgumentError, DtypeError, ShapeError, user_location
from wengert.levels import open_sublist, recording_sublist
from wengert.tracing import Recorder, Tracer
from wengert.value import Value, innermost, stacked
from wengert.wlist import ArrayType, Variable, WengertList

__all__ = [
    "Recorded",
    "aligned",
    "array",
    "arrays",
    "check_same",
    "letter_of",
    "record",
    "with_outputs_cast",
]

Function = Callable[..., Any]

_LETTERS = "vwutsrqp"


def array(x: Any) -> Any:
    """A leaf as an array, a number or a value."""
    if isinstance(x, Value):
        return x
    found = np.asarray(x)
    if found.dtype.kind == "O":
        return stacked(found)
    if found.dtype.kind not in "fciub":
        raise DtypeError(
            f"a control statement was given {type(x).__name__}: {x!r:.60}.",
            why="It carries numbers, arrays of numbers and containers of them.",
            where=user_location(),
        )
    return found[()]


def arrays(tree: Any) -> tuple[list[Any], Callable[[Sequence[Any]], Any]]:
    """The leaves of a container as arrays, and what puts them together again."""
    leaves, rebuild = flatten(tree)
    return [array(x) for x in leaves], rebuild


@dataclass(frozen=True, slots=True)
class Recorded:
    """A function that was recorded.

    Attributes
    ----------
    lst : WengertList
        Its inputs are the values that it takes from outside (`outside`), then those it was recorded with.
    outside : sequence
    result
        What the function returned, with tracers in the place of values.
    rebuild : callable
        Puts leaves together to what the function returned.
    """

    lst: WengertList
    outside: Sequence[Any]
    result: Any
    rebuild: Callable[[Sequence[Any]], Any]

    @property
    def types(self) -> list[ArrayType]:
        """Of the outputs."""
        return [ArrayType.of(y) for y in self.lst.outputs]


def letter_of(values: Sequence[Any]) -> str:
    """The letter of targets in a list inside of those that the values are recorded in."""
    around = open_sublist.get()
    letters = [x.recorder.letter for x in map(innermost, values) if isinstance(x, Tracer)]
    letters += [] if around is None else [around.letter]
    depth = max((_LETTERS.index(letter) for letter in letters if letter in _LETTERS), default=0)
    return _LETTERS[min(depth + 1, len(_LETTERS) - 1)]


def record(
    f: Function, args: Sequence[Any], letter: str, types: Sequence[ArrayType] | None = None,
    names: Sequence[str] | None = None,
) -> Recorded:  # fmt: skip
    """Record `f` for arguments like `args`, whose leaves have `types` (by default their own), called `names`."""
    recorder = Recorder(letter, lifts=True)
    kinds = iter([ArrayType.of(array(x)) for arg in args for x in flatten(arg)[0]] if types is None else types)
    inputs = []
    for name, arg in zip(parameter_names(f, len(args)) if names is None else names, args, strict=True):
        _, rebuild = flatten(arg)
        inputs.append(rebuild([recorder.input(label, next(kinds)) for label in leaf_names(name, arg)]))
    try:
        with recording_sublist(recorder):
            result = f(*inputs)
            leaves, rebuild = arrays(result)
        lst = recorder.finish(function_name(f), leaves)
    finally:
        recorder.level.is_open = False
    return Recorded(lst, [value for value, _ in recorder.lifted.values()], result, rebuild)


def aligned(parts: Sequence[Recorded]) -> tuple[list[WengertList], list[Any]]:
    """Lists of functions with the same arguments, given the same inputs: all that any of them takes from outside."""
    outside: dict[Any, Any] = {_key(x): x for part in parts for x in part.outside}
    lists = []
    for part in parts:
        own = dict(zip(map(_key, part.outside), part.lst.inputs, strict=False))
        names = {v.name for v in part.lst.inputs}
        inputs = [own.get(key) or _spare(x, names) for key, x in outside.items()]
        lists.append(replace(part.lst, inputs=(*inputs, *part.lst.inputs[len(part.outside) :])))
    return lists, list(outside.values())


def _key(x: Any) -> Any:
    """Equal for two objects that stand for the same variable."""
    return (x._level, x.variable) if isinstance(x, Tracer) else id(x)


def _spare(x: Any, names: set[str]) -> Variable:
    """An input that the list does not read."""
    name = x.variable.name if isinstance(x, Tracer) else "constant"
    while name in names:
        name += "_"
    names.add(name)
    return Variable(name, ArrayType.of(x))


def with_outputs_cast(lst: WengertList, types: Sequence[ArrayType]) -> WengertList:
    """`lst` with its outputs cast to the dtypes that are wanted."""
    if all(ArrayType.of(y) == kind for y, kind in zip(lst.outputs, types, strict=True)):
        return lst
    recorder = Recorder.extending(lst)
    tracers: dict[Any, Any] = {v: recorder.adopt_input(v) for v in lst.inputs}
    for stmt in lst.statements:
        tracers.update(zip(stmt.targets, recorder.adopt(stmt), strict=True))
    outputs = []
    for y, kind in zip(lst.outputs, types, strict=True):
        value = tracers[y] if isinstance(y, Variable) else np.asarray(y)[()]
        outputs.append(value if value.dtype == kind.dtype else value.astype(kind.dtype))
    return recorder.finish(lst.name, outputs, lst.made_from)


def check_same(what: str, f: Function, given: Any, returned: Any) -> None:
    """Raise where what `f` returned has not the structure or shapes of what it was given."""
    if not same_structure(given, returned):
        raise ArgumentError(
            f"{what} returned another structure than it was given.",
            why=f"{function_name(f)} must return what the next round takes.",
            remedy="Return the same containers with the same number of arrays.",
            where=user_location(),
        )
    labels = leaf_names("carry", given)
    for label, x, y in zip(labels, arrays(given)[0], arrays(returned)[0], strict=True):
        if x.shape != y.shape:
            raise ShapeError(
                f"{what}: {label} was given with shape {x.shape}, but {function_name(f)} returned shape {y.shape}.",
                why="What a loop carries has one shape in all rounds.",
                remedy="Give the initial value the final shape, for instance with np.zeros.",
                where=user_location(),
            )
