"""When two statements compute the same: keys of constants, parameters and applications.

Equal keys mean equal bits: ``-0.0`` and ``0.0``, ``1``, ``1.0`` and ``True``, numbers of different dtypes are told
apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wengert.memory import distinct
from wengert.registry import table
from wengert.rules.gathering import Slot
from wengert.wlist import Operation, Variable

__all__ = ["Kept", "application_key", "constant_key"]

_SHORT = 64  # bytes up to which an array is its own key; of a longer one it is a digest
_NUMBERS = (float, complex, int, bool)


#: Long arrays of lists by their ids, with their keys: nobody changes them, and each is looked at several times.
Kept = dict[int, tuple[Any, Any]]


def application_key(
    prim: Operation, operands: Sequence[Any], params: Mapping[str, Any], is_complex: bool, kept: Kept | None = None
) -> Any:
    """A hashable key of ``prim(operands; params)``; sums and products of real operands have one for both orders."""
    keys = [x if x.__class__ is Variable else _key_of(x, kept) for x in operands]
    # Of complex numbers the two products of an imaginary part may be rounded in different ways.
    if (prim is table.add or prim is table.multiply) and not is_complex and hash(keys[0]) > hash(keys[1]):
        keys.reverse()
    return (prim, *keys, constant_key(params)) if params else (prim, *keys)


def _key_of(x: Any, kept: Kept | None) -> Any:
    if kept is None or x.__class__ is not np.ndarray or x.nbytes <= _SHORT:
        return constant_key(x)
    found = kept.get(id(x))
    if found is None:
        found = kept[id(x)] = x, constant_key(x)
    return found[1]


def constant_key(x: Any) -> Any:
    """A hashable key of a number, an array, or a parameter such as an index, by class and bits."""
    kind = x.__class__
    if kind in _NUMBERS:
        return kind, repr(x) if kind is float or kind is complex else x
    if isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind != "O":
        part = distinct(x) if x.__class__ is np.ndarray else x
        data = part.tobytes()
        return kind, x.dtype.str, x.shape, part.shape, data if len(data) <= _SHORT else hashlib.blake2b(data).digest()
    if isinstance(x, (tuple, list)):
        return (kind, *map(constant_key, x))
    if isinstance(x, slice):
        return (kind, *map(constant_key, (x.start, x.stop, x.step)))
    if isinstance(x, Mapping):
        return tuple((name, constant_key(value)) for name, value in sorted(x.items()))
    return (kind, x) if isinstance(x, (str, np.dtype, type(None), Slot)) else (kind, id(x))
