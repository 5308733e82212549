"""Operands of decompositions by eigenvalues and singular values, which lie apart in all of them."""

from __future__ import annotations

import numpy as np

from laws.given import given

_PHASE = "the phase of a vector is an arbitrary choice, which tests/laws/calls does not depend on"

REAL_ONLY = {"eigh": _PHASE, "svd": _PHASE, "svd_full": _PHASE}

_SQUARE = np.array([[1.0, 0.3, -0.7], [0.2, -1.5, 0.4], [0.6, 0.1, 2.5]])
_PAIR = np.array([[[1.0, 0.3], [0.4, -1.5]], [[0.5, 2.0], [0.7, -0.2]]])
_TALL = np.array([[1.0, 0.3], [0.2, -1.5], [0.6, 0.1]])

SHAPES = {
    "eigh": [
        given(_SQUARE, UPLO="L"),
        given(_SQUARE, UPLO="U"),
        given(_PAIR, UPLO="L"),
        given(_PAIR[:1, :1, :1], UPLO="U"),
    ],
    "eig": [given(_SQUARE), given(_PAIR), given(_SQUARE[:1, :1])],
    "svd": [given(_SQUARE), given(_TALL), given(_TALL.T), given(_PAIR), given(_TALL[:, :1]), given(_TALL[:1])],
    "svd_full": [given(_TALL), given(_TALL.T), given(np.stack([_TALL, _TALL[::-1] ** 2]))],
}
