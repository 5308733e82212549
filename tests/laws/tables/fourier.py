"""Operands and parameters of the Fourier transforms: `laws.examples` says how such a table is read."""

from __future__ import annotations

# Lengths that are even, odd, padded, cropped, one, and several batches.
_PARAMETERS = [
    ((4,), 4, None),
    ((5,), 5, "ortho"),
    ((3,), 6, "forward"),
    ((5,), 2, "backward"),
    ((4,), 1, None),
    ((2, 3), 5, "ortho"),
    ((2, 1, 4), 3, None),
    ((0, 3), 4, "forward"),
]

SHAPES = {
    name: [((shape,), {"n": n, "norm": norm}) for shape, n, norm in _PARAMETERS]
    for name in ("fft", "ifft", "rfft", "irfft")
}
