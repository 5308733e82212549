"""Batches of the primitives that move elements: their axes are one further, their shapes have the batch in front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wengert.batching.column import apply_to_each, batch_of_all, of_one, of_several, shifted
from wengert.registry import table

# --- shapes and axes -------------------------------------------------------------------------------------------


def _behind(shape: Sequence[int], x: Any) -> tuple[int, ...]:
    """The shape of a batch, as long as `x`, of arrays of `shape`."""
    return (len(x), *shape)


def _next(axes: Sequence[int], x: Any) -> tuple[int, ...]:
    """The axes of the arrays as axes of the batch `x` of them."""
    return tuple(shifted(axis, x.ndim) for axis in axes)


def _broadcast(x: Any, *, shape: tuple[int, ...]) -> Any:
    widened = x.reshape((len(x), *(1,) * (len(shape) - (x.ndim - 1)), *x.shape[1:]))
    return table.broadcast_to(widened, shape=_behind(shape, x))


def _all_next(axes: Sequence[int], shape: Sequence[int]) -> tuple[int, ...]:
    """The axes of an array of `shape` as axes of a batch of such arrays."""
    return tuple(axis % len(shape) + 1 for axis in axes)


# fmt: off
of_one(table.reshape, lambda x, *, shape: table.reshape(x, shape=_behind(shape, x)))
of_one(table.transpose, lambda x, *, axes: table.transpose(x, axes=(0, *_next(axes, x))))
of_one(table.broadcast_to, _broadcast)
batch_of_all(table.concatenate, lambda *xs, axis: table.concatenate(*xs, axis=shifted(axis, xs[0].ndim)))
of_one(table.flip, lambda x, *, axis: table.flip(x, axis=_next(axis, x)))
of_one(table.copy, lambda x, *, order: table.copy(x, order=order))
of_one(table.view, lambda x, *, is_complex: table.view(x, is_complex=is_complex))
of_one(table.roll, lambda x, *, shift, axis: table.roll(x, shift=shift, axis=_next(axis, x)))
of_one(table.pad, lambda x, *, pad_width: table.pad(x, pad_width=((0, 0), *pad_width)))
of_one(table.diagonal, lambda x, *, offset, axes: table.diagonal(x, offset=offset, axes=_next(axes, x)))
of_one(table.on_diagonal, lambda x, *, shape, offset, axes: table.on_diagonal(
    x, shape=_behind(shape, x), offset=offset, axes=_all_next(axes, shape)))
of_one(table.sliding_window_view, lambda x, *, window, axes: table.sliding_window_view(
    x, window=window, axes=_next(axes, x)))
of_one(table.sum_of_windows, lambda x, *, shape, window, axes: table.sum_of_windows(
    x, shape=_behind(shape, x), window=window, axes=_all_next(axes, shape)))
# fmt: on


# --- sums of products ------------------------------------------------------------------------------------------

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _letter(subscripts: str) -> str:
    """A letter for the batch: one that is free; none where all are taken."""
    return next((letter for letter in _LETTERS if letter not in subscripts), "")


def _with_batch(subscripts: str, own: Sequence[bool], letter: str) -> str:
    inputs, result = subscripts.split("->")
    terms = [letter + term if mine else term for term, mine in zip(inputs.split(","), own, strict=True)]
    return f"{','.join(terms)}->{letter}{result}"


def _einsum(own: Sequence[bool], *xs: Any, subscripts: str, optimize: Any) -> Any:
    letter = _letter(subscripts)
    if not letter:
        return apply_to_each(table.einsum, own, xs, {"subscripts": subscripts, "optimize": optimize})
    return table.einsum(*xs, subscripts=_with_batch(subscripts, own, letter), optimize=optimize)


def _take_diagonals(own: Sequence[bool], x: Any, *, subscripts: str) -> Any:
    return table.take_diagonals(x, subscripts=_with_batch(subscripts, own, _letter(subscripts)))


def _put_diagonals(own: Sequence[bool], x: Any, *, subscripts: str, shape: tuple[int, ...]) -> Any:
    return table.put_diagonals(x, subscripts=_with_batch(subscripts, own, _letter(subscripts)), shape=_behind(shape, x))


of_several(table.einsum, _einsum)
of_several(table.take_diagonals, _take_diagonals)
of_several(table.put_diagonals, _put_diagonals)


# --- least squares ---------------------------------------------------------------------------------------------


def _lstsq(own: Sequence[bool], *xs: Any, **params: Any) -> Any:
    """NumPy solves for one matrix only."""
    return apply_to_each(table.lstsq, own, xs, params)


of_several(table.lstsq, _lstsq)


# --- convolution -----------------------------------------------------------------------------------------------


def _convolve(_: Sequence[bool], a: Any, v: Any, *, mode: str) -> Any:
    """Each number is a product of the kernel, turned round, with a window of the sequence."""
    m, ndim = v.shape[-1], a.ndim
    if mode == "full":
        a = table.pad(a, pad_width=((0, 0),) * (ndim - 1) + ((m - 1, m - 1),))
    windows = table.sliding_window_view(a, window=(m,), axes=(ndim - 1,))
    return (windows @ np.flip(v, -1)[..., None])[..., 0]


of_several(table.convolve, _convolve)
