"""Matrices for the QR factorisation."""

from __future__ import annotations

import numpy as np

from laws.given import given

_RNG = np.random.default_rng(12)
_TALL = _RNG.normal(size=(4, 2))

LEFT_OUT = {
    "qr_complete": "the columns that complete Q are an arbitrary basis; laws.calls.qr has what does not depend on it"
}
SHAPES = {
    "qr": [
        given(_TALL),
        given(np.stack([_TALL, _TALL[::-1] + 1])),
        given(_RNG.normal(size=(3, 3))),
        given(np.array([[-1.3]])),
        given(np.zeros((0, 3, 2))),
    ]
}
