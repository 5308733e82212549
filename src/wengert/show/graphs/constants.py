"""What the user calls the arrays that a function reads without being given them: ``X`` of a closure, or a global."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from wengert.show.notation import printable
from wengert.wlist import Statement

__all__ = ["NamedArrays"]

_WORD = re.compile(r"[^\W\d]\w*")


class NamedArrays:
    """The arrays of a function's closure and globals that its code names.

    A recorded constant is a copy. It is called by a name if the user's line holds that name, and no other one of the
    line is an array with these elements.

    Parameters
    ----------
    f : callable, optional
        Without it no constant has a name.
    """

    def __init__(self, f: Callable[..., Any] | None = None):
        code = getattr(f, "__code__", None)
        self._arrays: dict[str, np.ndarray] = {}
        self._same: dict[tuple[str, int], tuple[np.ndarray, bool]] = {}  # with the array, whose id is its own then
        if code is None:
            return
        around = getattr(f, "__globals__", {})
        found = {name: around[name] for name in code.co_names if name in around}
        for name, cell in zip(code.co_freevars, getattr(f, "__closure__", None) or (), strict=False):
            try:
                found[name] = cell.cell_contents
            except ValueError:  # not assigned yet
                continue
        self._arrays = {name: x for name, x in found.items() if isinstance(x, np.ndarray) and x.shape}

    def name(self, stmt: Statement, constant: Any, taken: Collection[str]) -> str:
        """What a constant of a statement is called, unless a value is called so; empty where that is not sure."""
        if not self._arrays or stmt.where is None or not isinstance(constant, np.ndarray) or not constant.shape:
            return ""
        words = set(_WORD.findall(stmt.where.text))
        names = [name for name in self._arrays if name in words and self._is(name, constant)]
        return printable(names[0]) if len(names) == 1 and names[0] not in taken else ""

    def _is(self, name: str, constant: np.ndarray) -> bool:
        key = name, id(constant)
        if key not in self._same:
            self._same[key] = constant, _is_same(self._arrays[name], constant)
        return self._same[key][1]


def _is_same(x: np.ndarray, y: np.ndarray) -> bool:
    return x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
