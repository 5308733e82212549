"""What the operations of control statements have in common."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, TypeVarTuple, Unpack

from wengert.facts import Kind, Parts
from wengert.primitive import Primitive
from wengert.transforms.selection import pruned
from wengert.value import bind
from wengert.wlist import ArrayType, WengertList

__all__ = ["Control", "JointAdjoint", "apply", "as_tuple", "only_outputs", "result_of"]

Presence = tuple[bool, ...]

_Key = TypeVarTuple("_Key")
_Made = TypeVar("_Made")
_Self = TypeVar("_Self", bound="Control")


def as_tuple(y: Any) -> tuple[Any, ...]:
    """The results of a statement: a tuple also of one."""
    return y if isinstance(y, tuple) else (y,)


def result_of(ys: Sequence[Any]) -> Any:
    """The results in the form that a primitive returns: one alone, or a tuple."""
    return ys[0] if len(ys) == 1 else tuple(ys)


def apply(prim: Primitive, operands: Sequence[Any]) -> tuple[Any, ...]:
    """The results of `prim` for values of any kind, always as a tuple."""
    return as_tuple(bind(prim, operands))


def only_outputs(lst: WengertList, outputs: Iterable[Any]) -> WengertList:
    """`lst` with these outputs, and the statements that they need."""
    outputs = tuple(outputs)
    return replace(lst, outputs=outputs, statements=pruned(lst.statements, outputs))


class JointAdjoint:
    """The adjoint of a control statement for one choice of active operands: the terms of all of them at once.

    Attributes are those of `wengert.primitive.Adjoint`.
    """

    def __init__(self, prim: Control, active: Presence):
        self.prim = prim
        self.active = tuple(i for i, is_active in enumerate(active) if is_active)
        self.keeps = (prim.outputs > prim.shown, *(True for _ in active))
        self._mask = active

    def plain(self, ct: Any, saved: Sequence[Any], params: Mapping[str, Any]) -> list[Any]:
        """The terms, for the cotangents of the results, and the results with the operands."""
        y, *xs = saved
        cts = ct if isinstance(ct, Parts) else (ct,)
        return self.prim.pull_back(self._mask, cts, as_tuple(y), xs)

    careful = plain


class Control(Primitive):
    """An operation made for one statement, which holds sub-lists (decision 8).

    Attributes
    ----------
    sublists : mapping of str to WengertList
    shown : int
        Number of results that the statement had in the user's program; those that a sweep needs follow.
    """

    __slots__ = ("__dict__",)

    #: How often the lists are run, about, as far as it is known.
    repeats = 1

    #: The active operands for which it surely gives all that the reverse sweep reads.
    recorded_for: Presence | None = None

    def __init__(self, name: str, sublists: Mapping[str, WengertList], outputs: int, shown: int | None = None):
        super().__init__(name, self.run, Kind.CONTROL, (), outputs=outputs)
        self.sublists = sublists
        self.shown = outputs if shown is None else shown
        self.is_flat = not any(self.dependence)

    def _adjoint_of(self, active: Presence) -> JointAdjoint:
        return JointAdjoint(self, active)

    @functools.cached_property
    def dependence(self) -> list[frozenset[int]]:
        """For each result: the numbers of the operands that it depends on by a derivative."""
        return self.find_dependence()

    @functools.cached_property
    def _active(self) -> frozenset[int]:
        return frozenset().union(*self.dependence)

    def is_active(self, i: int) -> bool:
        """Whether some result has a derivative with respect to operand `i`."""
        return i in self._active

    def write(self, operands: Sequence[str], params: Mapping[str, Any]) -> str:
        """Such as ``cond(v1; x, y)``."""
        return f"{self.name}({', '.join(operands)})"

    def push_forward(self, tangents: Sequence[Any], y: Any, xs: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """The tangents of the results; the results are computed along with them once more."""
        return self.evaluate_with_tangent(xs, tangents, params)[1]

    def evaluate_with_tangent(
        self, xs: Sequence[Any], tangents: Sequence[Any], params: Mapping[str, Any]
    ) -> tuple[Any, Any]:
        """The results and their tangents."""
        present = tuple(t is not None and self.is_active(i) for i, t in enumerate(tangents))
        if not any(present):
            return bind(self, xs), None
        ys, y_dots = self.push_together(present, xs, tangents)
        return result_of(ys), result_of(y_dots)

    # What each kind says of itself.

    @abstractmethod
    def run(self, *operands: Any) -> Any:
        """Compute the results, for values of any kind."""

    @abstractmethod
    def infer(self, operands: Sequence[Any], params: Mapping[str, Any]) -> tuple[ArrayType, ...]:
        """The types of the results."""

    @abstractmethod
    def find_dependence(self) -> list[frozenset[int]]:
        """For each result: the numbers of the operands that it depends on by a derivative."""

    @abstractmethod
    def push_together(
        self, present: Presence, xs: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        """Results and tangents (``None`` for a structural zero), where the operands `present` have tangents."""

    @abstractmethod
    def pull_back(self, active: Presence, cts: Sequence[Any], ys: Sequence[Any], xs: Sequence[Any]) -> list[Any]:
        """The terms of the active operands; a cotangent that is ``None`` is a structural zero."""

    @abstractmethod
    def with_sublists(self, sublists: Mapping[str, WengertList]) -> Control:
        """The same operation with other lists, which take and give the same types."""


def cached(derive: Callable[[_Self, Unpack[_Key]], _Made]) -> Callable[[_Self, Unpack[_Key]], _Made]:
    """Let a method that makes something of the sub-lists do so once for each choice of arguments."""

    @functools.wraps(derive)
    def made(self: _Self, *key: *_Key) -> _Made:
        store = self.__dict__.setdefault("made", {})
        if (derive.__name__, key) not in store:
            store[derive.__name__, key] = derive(self, *key)
        found: _Made = store[derive.__name__, key]
        return found

    return made
