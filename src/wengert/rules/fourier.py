"""Fourier transforms: `numpy.fft`.

Each row transforms the last axis, to which another axis is moved and back: both are views. The transforms of several
axes go along one axis after the other, as NumPy's do.

The transposes follow from F(n)ᴴ = n F(n)⁻¹: the transpose of a transform is the opposite one with the factor 1/n on the
other side (`_opposite`). What was padded is cropped and the other way round. `rfft` keeps one of each pair of conjugate
frequencies and `irfft` counts it twice: hence the factors of the inner frequencies, 1/2 and 2.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.declaration import composed, refuse, structural
from wengert.facts import Rule, transpose
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.value import bind

_OPPOSITE = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _opposite(norm: Any) -> Any:
    """The norm that puts the factor 1/n on the other side; NumPy refuses one that it does not know."""
    return _OPPOSITE.get(norm, norm)


def _resized(x: Any, length: int) -> Any:
    """The last axis cropped, or padded with zeros: the transpose of the same."""
    own = x.shape[-1]
    if own == length:
        return x
    if own > length:
        return x[..., :length]
    return table.scatter(x, index=(..., slice(0, own)), shape=(*x.shape[:-1], length))


def _inner_scaled(z: Any, n: int, factor: float) -> Any:
    """Half of a spectrum of length n, without its frequency 0 and its highest one if n is even, times `factor`."""
    weights = np.full(n // 2 + 1, factor, np.finfo(z.dtype).dtype)
    weights[0] = 1
    weights[n - n // 2 :] = 1
    return z * weights


def _irfft_transposed(ct: Any, x: Any, n: int, norm: Any) -> Any:
    spectrum = _resized(_inner_scaled(table.rfft(ct, n=n, norm=_opposite(norm)), n, 2), x.shape[-1])
    return spectrum if x.dtype.kind == "c" else np.real(spectrum)


# fmt: off
fft = structural("fft", lambda x, n, norm: np.fft.fft(x, n, norm=norm),
                 [transpose(lambda ct, x, *, n, norm: _resized(table.ifft(ct, n=n, norm=_opposite(norm)), x.shape[-1]))],
                 signature="(m)->(n)", mixes=True, alias="FftC2C")
ifft = structural("ifft", lambda x, n, norm: np.fft.ifft(x, n, norm=norm),
                  [transpose(lambda ct, x, *, n, norm: _resized(table.fft(ct, n=n, norm=_opposite(norm)), x.shape[-1]))],
                  signature="(m)->(n)", mixes=True, alias="FftC2C")
rfft = structural("rfft", lambda x, n, norm: np.fft.rfft(x, n, norm=norm),
                  [transpose(lambda ct, x, *, n, norm: _resized(table.irfft(_inner_scaled(ct, n, 0.5), n=n, norm=_opposite(norm)), x.shape[-1]))],
                  signature="(m)->(n)", mixes=True, analytic=False, at_kinks="smooth; takes real numbers only", alias="FftR2C")
irfft = structural("irfft", lambda x, n, norm: np.fft.irfft(x, n, norm=norm),
                   [transpose(lambda ct, x, *, n, norm: _irfft_transposed(ct, x, n, norm))],
                   signature="(m)->(n)", mixes=True, analytic=False, real_valued=True, at_kinks="smooth; gives real numbers only", alias="FftC2R")
# fmt: on


# --- along one axis --------------------------------------------------------------------------------------------


def _along(prim: Primitive, a: Any, n: Any, axis: int, norm: Any) -> Any:
    position, last = normalize_axis_index(axis, a.ndim), a.ndim - 1
    if position == last:
        return bind(prim, (a,), {"n": n, "norm": norm})
    y = bind(prim, (np.swapaxes(a, position, last),), {"n": n, "norm": norm})
    return np.swapaxes(y, position, last)


@composed(np.fft.fft)
def _fft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.fft, out=out)
    return _along(fft, a, a.shape[axis] if n is None else n, axis, norm)


@composed(np.fft.ifft)
def _ifft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.ifft, out=out)
    return _along(ifft, a, a.shape[axis] if n is None else n, axis, norm)


@composed(np.fft.rfft)
def _rfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.rfft, out=out)
    return _along(rfft, a, a.shape[axis] if n is None else n, axis, norm)


@composed(np.fft.irfft)
def _irfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.irfft, out=out)
    return _along(irfft, a, 2 * (a.shape[axis] - 1) if n is None else n, axis, norm)


@composed(np.fft.hfft)
def _hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.hfft, out=out)
    return _irfft(np.conjugate(a), n, axis, _opposite(norm))


@composed(np.fft.ihfft)
def _ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.ihfft, out=out)
    return np.conjugate(_rfft(a, n, axis, _opposite(norm)))


# --- along several axes ----------------------------------------------------------------------------------------

_TO_THE_USER = 4  # frames from here: the composition, Value.__array_function__, the caller


def _lengths_and_axes(a: Any, s: Any, axes: Any, *, is_irfft: bool = False) -> tuple[list[Any], list[int]]:
    """As NumPy reads them; where it warns of a reading that will become an error, so does this."""
    lengths = list(s if s is not None else a.shape if axes is None else np.take(a.shape, axes))
    if axes is None and s is not None:
        warnings.warn("`axes` should not be `None` if `s` is not `None`", DeprecationWarning, _TO_THE_USER)
    axes = list(range(-len(lengths), 0) if axes is None else axes)
    if len(lengths) != len(axes):
        raise ValueError("Shape and axes have different lengths.")
    if is_irfft and s is None:
        lengths[-1] = 2 * (a.shape[axes[-1]] - 1)
    if None in lengths:
        warnings.warn("`None` among the values of `s` is deprecated", DeprecationWarning, _TO_THE_USER)
    return [a.shape[axis] if n == -1 else n for n, axis in zip(lengths, axes, strict=True)], axes


def _from_the_last(transform: Rule, a: Any, lengths: list[Any], axes: list[int], norm: Any) -> Any:
    for n, axis in zip(reversed(lengths), reversed(axes), strict=True):
        a = transform(a, n, axis, norm)
    return a


def _real_first(a: Any, lengths: list[Any], axes: list[int], norm: Any) -> Any:
    return _from_the_last(_fft, _rfft(a, lengths[-1], axes[-1], norm), lengths[:-1], axes[:-1], norm)


def _real_last(a: Any, lengths: list[Any], axes: list[int], norm: Any) -> Any:
    for n, axis in zip(lengths[:-1], axes[:-1], strict=True):
        a = _ifft(a, n, axis, norm)
    return _irfft(a, lengths[-1], axes[-1], norm)


@composed(np.fft.fftn)
def _fftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.fftn, out=out)
    return _from_the_last(_fft, a, *_lengths_and_axes(a, s, axes), norm)


@composed(np.fft.fft2)
def _fft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.fft2, out=out)
    return _from_the_last(_fft, a, *_lengths_and_axes(a, s, axes), norm)


@composed(np.fft.ifftn)
def _ifftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.ifftn, out=out)
    return _from_the_last(_ifft, a, *_lengths_and_axes(a, s, axes), norm)


@composed(np.fft.ifft2)
def _ifft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.ifft2, out=out)
    return _from_the_last(_ifft, a, *_lengths_and_axes(a, s, axes), norm)


@composed(np.fft.rfftn)
def _rfftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.rfftn, out=out)
    return _real_first(a, *_lengths_and_axes(a, s, axes), norm)


@composed(np.fft.rfft2)
def _rfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.rfft2, out=out)
    return _real_first(a, *_lengths_and_axes(a, s, axes), norm)


@composed(np.fft.irfftn)
def _irfftn(a: Any, s: Any = None, axes: Any = None, norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.irfftn, out=out)
    return _real_last(a, *_lengths_and_axes(a, s, axes, is_irfft=True), norm)


@composed(np.fft.irfft2)
def _irfft2(a: Any, s: Any = None, axes: Any = (-2, -1), norm: str | None = None, out: None = None) -> Any:
    refuse(np.fft.irfft2, out=out)
    return _real_last(a, *_lengths_and_axes(a, s, axes, is_irfft=True), norm)


# --- shifts ----------------------------------------------------------------------------------------------------


def _centre(shape: tuple[int, ...], axes: Any) -> tuple[list[int], list[int]]:
    """The axes, and half of the length of each."""
    axes = list(range(len(shape))) if axes is None else [axes] if isinstance(axes, (int, np.integer)) else list(axes)
    return [shape[axis] // 2 for axis in axes], axes


@composed(np.fft.fftshift)
def _fftshift(x: Any, axes: Any = None) -> Any:
    shifts, axes = _centre(x.shape, axes)
    return np.roll(x, shifts, axes)


@composed(np.fft.ifftshift)
def _ifftshift(x: Any, axes: Any = None) -> Any:
    shifts, axes = _centre(x.shape, axes)
    return np.roll(x, [-shift for shift in shifts], axes)
