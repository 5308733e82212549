"""Matrices for determinants, inverses, equations, least squares and the Cholesky factor."""

from __future__ import annotations

import numpy as np

from laws.given import given

_RNG = np.random.default_rng(11)
_SQUARE = _RNG.normal(size=(3, 3)) + 2 * np.eye(3)
_BATCH = _RNG.normal(size=(2, 3, 3)) + 2 * np.eye(3)
_TALL, _WIDE = _RNG.normal(size=(4, 2)), _RNG.normal(size=(2, 3))
_NUMBER = np.array([[1.3]])
_NONE = np.zeros((0, 3, 3))
_RANK_TWO = np.outer([1.0, -2.0, 0.5, 1.5], [0.5, 1.0, -1.0, 2.0]) + np.outer(
    [0.5, 1.0, 1.0, -1.0], [1.0, 0.0, 2.0, 1.0]
)
_SEPARATED = np.diag([3.0, 2.5, 0.4]) + 0.1 * _RNG.normal(size=(3, 3))
_POSITIVE = np.array([[2.0, 0.3, -0.4], [0.3, 1.5, 0.2], [-0.4, 0.2, 1.8]])
_B = _RNG.normal(size=(3, 2))

_MATRICES = [given(a) for a in (_SQUARE, _BATCH, _NUMBER, _NONE)]

SHAPES = {
    "det": _MATRICES,
    "cofactors": [*_MATRICES, given(_RANK_TWO)],
    "cofactors_along": [
        given(_SQUARE, _SQUARE.T),
        given(_BATCH, _SQUARE),
        given(_RANK_TWO, _RANK_TWO + np.eye(4)),
        given(_NUMBER, _NUMBER),
    ],
    "slogdet": _MATRICES,
    "inv": _MATRICES,
    **{
        name: [
            given(_SQUARE, _B),
            given(_BATCH, _B),
            given(_SQUARE, np.stack([_B, -_B])),
            given(_BATCH[:, None], np.stack([_B, -_B])),
            given(_SQUARE, np.zeros((3, 0))),
        ]
        for name in ("solve", "solve_or_nan")
    },
    "pinv": [
        *(
            given(a, np.array([1e-15]), free=(0,), hermitian=False)
            for a in (_SQUARE, _TALL, _WIDE, np.stack([_TALL, -_TALL[::-1]]))
        ),
        given(_SEPARATED, np.array([0.5]), free=(0,), hermitian=False),
        given(np.stack([_SEPARATED, _SQUARE]), np.array([[0.5], [1e-15]]), free=(0,), hermitian=False),
        given(np.zeros((0, 2)), np.array([1e-15]), free=(0,), hermitian=False),
    ],
    "pinv_of_rank": [
        given(_TALL, np.array([2]), free=(0,)),
        given(_SEPARATED, np.array([2.0]), free=(0,)),
        given(np.stack([_SEPARATED, _SEPARATED.T]), np.array([[2.0], [2.0]]), free=(0,)),
    ],
    "stein": [
        given(0.3 * _TALL, 0.3 * _WIDE[:, [0, 1, 2, 0]], _TALL),
        given(1e-9 * _TALL, _WIDE[:, [0, 1, 2, 0]], np.stack([_TALL, -_TALL]), free=(2,)),
    ],
    "lstsq": [
        *(given(a, _RNG.normal(size=(len(a), 2)), rcond=None) for a in (_SQUARE, _TALL, _WIDE)),
        given(_TALL, _TALL[:, 0] + 1, rcond=None),
        given(_SEPARATED, _B[:, 0], rcond=0.5),
    ],
    "cholesky": [given(_POSITIVE), given(np.stack([_POSITIVE, 2 * _POSITIVE])), given(_NUMBER), given(_NONE)],
    "matrix_rank": [
        given(_RANK_TWO, np.array([0.0]), free=(0,), hermitian=False, tolerance=""),
        given(_BATCH, np.array([0.1]), free=(0,), hermitian=False, tolerance="tol"),
    ],
}
SHAPES["solve"] = [*SHAPES["solve"], given(_SQUARE, _B[:, 0]), given(_BATCH, _B[:, 0])]
