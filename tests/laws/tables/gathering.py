"""Operands and parameters of the primitives whose indices are operands."""

from __future__ import annotations

from typing import Any

import numpy as np

from laws.given import Given, given
from wengert.rules.gathering import Slot

_RNG = np.random.default_rng(47)
_V, _A = _RNG.uniform(-2, 2, 4), _RNG.uniform(-2, 2, (3, 4))
_ALL, _I, _J = slice(None), Slot(0), Slot(1)
_REPEATED = np.array([1, 2, 1])

# The array, the index with its slots, and the numbers that belong there.
_CASES: list[tuple[Any, tuple[Any, ...], tuple[Any, ...]]] = [
    (_V, (_I,), (np.array(2),)),
    (_V, (_I,), (np.array(-1),)),
    (_V, (_I,), (_REPEATED,)),
    (_V[:1], (_I,), (np.array([0, 0]),)),
    (_V, (_I,), (np.zeros(0, int),)),
    (_A, (_I,), (np.array(1),)),
    (_A, (_ALL, _I), (np.array(3),)),
    (_A, (_I, slice(1, 3)), (np.array([[0], [2]]),)),
    (_A, (_I, _J), (np.array([0, 2, 0]), np.array([1, 1, 1]))),
    (_A, (_I, 1), (_REPEATED,)),
    (_A, (_I, np.array([3, 0, 3])), (_REPEATED,)),
    (_A, (..., None, _I), (np.array([-1, 0], np.int8),)),
    (_A, (np.array([True, False, True]), _I), (np.array([1, 3]),)),
]


def _taken(index: tuple[Any, ...], indices: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(indices[part.number] if isinstance(part, Slot) else part for part in index)


def _of_result(x: Any, index: tuple[Any, ...], indices: tuple[Any, ...]) -> Any:
    return _RNG.uniform(-2, 2, x[_taken(index, indices)].shape)


def _reads() -> list[Given]:
    return [given(x, *indices, index=index, shape=x.shape) for x, index, indices in _CASES]


def _transposes() -> list[Given]:
    return [given(_of_result(x, index, i), *i, index=index, shape=x.shape) for x, index, i in _CASES if i[0].size]


def _writes() -> list[Given]:
    one_for_each = [given(x, _of_result(x, index, i), *i, index=index) for x, index, i in _CASES if i[0].size]
    return [*one_for_each, given(_A, np.array(0.75), _REPEATED, index=(_I,))]


SHAPES = {
    "gather": _reads(),
    "gather_transpose": _transposes(),
    "update_at": _writes(),
    "add_at": _writes(),
}
