"""Calls of the QR factorisation."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(23)
_TALL, _WIDE = _RNG.normal(size=(5, 3)), _RNG.normal(size=(2, 4))
_BATCH = _RNG.normal(size=(2, 3, 3))


def _complete(a):
    """What does not depend on the basis that completes Q: its projector, and the rest."""
    q, r = np.linalg.qr(a, mode="complete")
    n = a.shape[-1]
    return q[..., :n], q[..., n:] @ np.conj(np.matrix_transpose(q[..., n:])), r


CALLS = {
    "numpy.linalg.qr": [
        *(
            call(lambda a: tuple(np.linalg.qr(a)), a, complex_too=True)
            for a in (_TALL, _WIDE, _BATCH, np.stack([_TALL, _TALL[::-1]]), np.stack([_WIDE, _WIDE + 1]))
        ),
        *(
            call(lambda a: np.linalg.qr(a, mode="r"), a, complex_too=True)
            for a in (_TALL, _WIDE, _BATCH, np.stack([_TALL, _TALL[::-1]]))
        ),
        *(call(_complete, a, complex_too=True) for a in (_TALL, np.stack([_TALL, _TALL[::-1]]))),
        *(call(lambda a: tuple(np.linalg.qr(a, "complete")), a, complex_too=True) for a in (_WIDE, _BATCH)),
        call(lambda a: np.linalg.qr(a).Q, _TALL, complex_too=True),
        call(lambda a: np.linalg.qr(a).R, _TALL, complex_too=True),
    ],
}
