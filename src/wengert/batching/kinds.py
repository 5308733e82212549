"""Batches of elementwise functions, reductions and generalised ufuncs: by the kind alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from wengert.inference import core_dimensions, gufunc_shapes
from wengert.primitive import Primitive
from wengert.value import bind

__all__ = ["elementwise", "generalised", "reduction"]


def elementwise(prim: Primitive, own: Sequence[bool], xs: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """NumPy aligns shapes at their ends: axes of length 1 behind the batch bring each to as many as the longest."""
    axes = [np.ndim(x) - mine for x, mine in zip(xs, own, strict=True)]
    most = max(axes)
    aligned = [_widened(x, most - n) if mine and n < most else x for x, mine, n in zip(xs, own, axes, strict=True)]
    return bind(prim, aligned, params)


def _widened(x: Any, count: int) -> Any:
    return x.reshape((len(x), *(1,) * count, *x.shape[1:]))


def reduction(prim: Primitive, xs: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """The axes are one further."""
    return bind(prim, xs, {**params, "axis": tuple(axis + 1 for axis in params["axis"])})


def generalised(prim: Primitive, own: Sequence[bool], xs: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """A function of matrices has loops over the axes before them, of which the batch becomes the first.

    An operand that lacks an optional dimension, as a vector in a matrix product does, would be taken for a matrix: it
    gets an axis of length 1 for that, which the results lose again.
    """
    operands, results = core_dimensions(prim.signature)
    axes = [np.ndim(x) - mine for x, mine in zip(xs, own, strict=True)]
    cores = [_own_names(core, n) for core, n in zip(operands, axes, strict=True)]
    loops = max(n - len(core) for core, n in zip(cores, axes, strict=True))
    aligned = [
        _laid_out(x, full, core, loops) if mine else x
        for x, mine, full, core in zip(xs, own, operands, cores, strict=True)
    ]
    y = bind(prim, aligned, params)
    if not all(own):
        y = _of_all(y, gufunc_shapes(prim, [np.shape(x) for x in aligned]))
    real = {name for core in cores for name in core}
    added = {name for mine, full in zip(own, operands, strict=True) if mine for name in full} - real
    if not added:
        return y
    if y.__class__ is tuple:
        return tuple(_without(one, core, real | added, added) for one, core in zip(y, results, strict=True))
    return _without(y, results[0], real | added, added)


def _of_all(y: Any, shapes: Sequence[tuple[int, ...]]) -> Any:
    """The results in full: a function that has not looked at the batch (`matrix_rank` may not) gives one for all."""
    found = y if y.__class__ is tuple else (y,)
    whole = tuple(
        one if np.shape(one) == shape else np.broadcast_to(one, shape) for one, shape in zip(found, shapes, strict=True)
    )
    return whole if y.__class__ is tuple else whole[0]


def _own_names(core: Sequence[str], ndim: int) -> list[str]:
    """The names of the core dimensions that an operand with so many axes has."""
    return [name for name in core if not name.endswith("?")] if ndim < len(core) else list(core)


def _laid_out(x: Any, full: Sequence[str], core: Sequence[str], loops: int) -> Any:
    """A batched operand with as many loops as wanted, and with all of its core dimensions."""
    split = x.ndim - len(core)
    lengths = dict(zip(core, x.shape[split:], strict=True)) if len(set(core)) == len(core) else {}
    last = tuple(lengths.get(name, 1) for name in full) if len(core) < len(full) else x.shape[split:]
    shape = (len(x), *(1,) * (loops - (split - 1)), *x.shape[1:split], *last)
    return x if shape == x.shape else x.reshape(shape)


def _without(y: Any, core: Sequence[str], present: Iterable[str], added: Iterable[str]) -> Any:
    """A result without the axes of the dimensions that were added."""
    names = [name for name in core if not name.endswith("?") or name in present]
    split = y.ndim - len(names)
    kept = [n for n, name in zip(y.shape[split:], names, strict=True) if name not in added]
    return y.reshape((*y.shape[:split], *kept))
