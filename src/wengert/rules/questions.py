"""Questions about arrays: of shapes, dtypes and positions, whose answers are plain, and of the kind of each number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.declaration import composed
from wengert.registry import functions
from wengert.rules.structural import stand_in
from wengert.value import Value, concrete

# --- answered by shape and dtype -------------------------------------------------------------------------------


def _of_types(function: Callable[..., Any]) -> None:
    """A question that NumPy answers without a look at the numbers."""

    def handler(*args: Any, **kwargs: Any) -> Any:
        return function(*map(_harmless, args), **{key: _harmless(x) for key, x in kwargs.items()})

    functions[function] = handler


def _harmless(x: Any) -> Any:
    return stand_in(x) if isinstance(x, Value) else x


_OF_TYPES: list[Any] = [
    np.can_cast, np.common_type, np.diag_indices_from, np.tril_indices_from, np.triu_indices_from,
]  # fmt: skip
for _function in _OF_TYPES:
    _of_types(_function)


# --- answered by the numbers -----------------------------------------------------------------------------------


def _of_numbers(function: Callable[..., Any]) -> None:
    """A function whose result is no number that depends on the operands smoothly: called with plain arrays."""

    def handler(*args: Any, **kwargs: Any) -> Any:
        return function(*map(_numbers, args), **{key: _numbers(x) for key, x in kwargs.items()})

    functions[function] = handler


def _numbers(x: Any) -> Any:
    return type(x)(map(_numbers, x)) if type(x) in (list, tuple) else concrete(x)


_OF_NUMBERS: list[Any] = [
    np.may_share_memory, np.min_scalar_type, np.packbits, np.ravel_multi_index, np.save, np.savetxt, np.savez,
    np.savez_compressed, np.shares_memory, np.unpackbits, np.unravel_index,
]  # fmt: skip
for _function in _OF_NUMBERS:
    _of_numbers(_function)


@composed(np.ix_)
def _ix(*args: Any) -> tuple[Any, ...]:
    """Places are plain; numbers that are no places are laid along their axes and keep their derivatives."""
    lines = tuple(isinstance(x, Value) and x.dtype.kind in "fc" for x in args)
    mesh = np.ix_(*(stand_in(x) if line else _numbers(x) for x, line in zip(args, lines, strict=True)))
    return tuple(np.reshape(x, m.shape) if line else m for x, m, line in zip(args, mesh, lines, strict=True))


# --- answered for each number ----------------------------------------------------------------------------------


@composed(np.iscomplex)
def _iscomplex(x: Any) -> Any:
    return np.imag(x) != 0 if x.dtype.kind == "c" else np.zeros(x.shape, bool)


@composed(np.isreal)
def _isreal(x: Any) -> Any:
    return np.imag(x) == 0 if x.dtype.kind == "c" else np.ones(x.shape, bool)
