"""Calls of `numpy.fft`."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(8)
_SIGNAL = _RNG.uniform(0.5, 2.0, 6)
_ODD = _RNG.uniform(0.5, 2.0, 5)
_IMAGE = _RNG.uniform(0.5, 2.0, (3, 4))
_BLOCK = _RNG.uniform(0.5, 2.0, (2, 3, 4))
_SPACING = np.float64(0.3)

CALLS = {
    "numpy.fft.fft": [
        call(np.fft.fft, _SIGNAL, complex_too=True),
        call(lambda a: np.fft.fft(a, 9), _ODD, complex_too=True),
        call(lambda a: np.fft.fft(a, n=2, axis=0, norm="ortho"), _IMAGE, complex_too=True),
        call(lambda a: np.fft.fft(a, axis=1, norm="forward"), _BLOCK),
    ],
    "numpy.fft.ifft": [
        call(np.fft.ifft, _ODD, complex_too=True),
        call(lambda a: np.fft.ifft(a, 3, -2, "forward"), _BLOCK, complex_too=True),
    ],
    "numpy.fft.rfft": [
        call(np.fft.rfft, _SIGNAL),
        call(np.fft.rfft, _ODD),
        call(lambda a: np.fft.rfft(a, n=8, axis=0, norm="ortho"), _IMAGE),
        call(lambda a: np.fft.rfft(a, 3, norm="forward"), _IMAGE),
    ],
    "numpy.fft.irfft": [
        call(np.fft.irfft, _ODD, complex_too=True),
        call(lambda a: np.fft.irfft(a, 7), _ODD, complex_too=True),
        call(lambda a: np.fft.irfft(a, n=9, axis=0, norm="ortho"), _IMAGE, complex_too=True),
        call(lambda a: np.fft.irfft(a, 3, norm="forward"), _IMAGE, complex_too=True),
    ],
    "numpy.fft.hfft": [
        call(np.fft.hfft, _ODD, complex_too=True),
        call(lambda a: np.fft.hfft(a, n=5, axis=0, norm="ortho"), _IMAGE, complex_too=True),
    ],
    "numpy.fft.ihfft": [
        call(np.fft.ihfft, _SIGNAL),
        call(lambda a: np.fft.ihfft(a, n=5, axis=0, norm="forward"), _IMAGE),
    ],
    "numpy.fft.fft2": [
        call(np.fft.fft2, _IMAGE, complex_too=True),
        call(lambda a: np.fft.fft2(a, s=(2, -1), axes=(0, 2), norm="ortho"), _BLOCK, complex_too=True),
    ],
    "numpy.fft.ifft2": [
        call(np.fft.ifft2, _BLOCK, complex_too=True),
        call(lambda a: np.fft.ifft2(a, (4, 3)), _IMAGE),
    ],
    "numpy.fft.rfft2": [
        call(np.fft.rfft2, _IMAGE),
        call(lambda a: np.fft.rfft2(a, axes=(1, 0), norm="forward"), _IMAGE),
    ],
    "numpy.fft.irfft2": [
        call(np.fft.irfft2, _IMAGE, complex_too=True),
        call(lambda a: np.fft.irfft2(a, (3, 5), norm="ortho"), _IMAGE, complex_too=True),
    ],
    "numpy.fft.fftn": [
        call(np.fft.fftn, _BLOCK, complex_too=True),
        call(lambda a: np.fft.fftn(a, axes=(1, 1)), _IMAGE, complex_too=True),
        call(lambda a: np.fft.fftn(a, s=(3, 2), axes=(2, 0), norm="forward"), _BLOCK),
    ],
    "numpy.fft.ifftn": [
        call(np.fft.ifftn, _IMAGE, complex_too=True),
        call(lambda a: np.fft.ifftn(a, axes=(0,), norm="ortho"), _BLOCK),
    ],
    "numpy.fft.rfftn": [
        call(np.fft.rfftn, _BLOCK),
        call(lambda a: np.fft.rfftn(a, s=[2, 5], axes=[0, 1], norm="ortho"), _IMAGE),
    ],
    "numpy.fft.irfftn": [
        call(np.fft.irfftn, _BLOCK, complex_too=True),
        call(lambda a: np.fft.irfftn(a, axes=(1, 0)), _IMAGE, complex_too=True),
    ],
    "numpy.fft.fftshift": [
        call(np.fft.fftshift, _ODD, complex_too=True),
        call(np.fft.fftshift, _BLOCK),
        call(lambda x: np.fft.fftshift(x, axes=(0, 2)), _BLOCK),
    ],
    "numpy.fft.ifftshift": [
        call(np.fft.ifftshift, _ODD, complex_too=True),
        call(lambda x: np.fft.ifftshift(x, axes=1), _BLOCK),
    ],
    "numpy.fft.fftfreq": [call(lambda d: np.fft.fftfreq(5, d), _SPACING)],
    "numpy.fft.rfftfreq": [call(lambda d: np.fft.rfftfreq(6, d=d), _SPACING)],
}
