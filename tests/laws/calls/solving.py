"""Calls of determinants, inverses, equations, least squares and the Cholesky factor."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(22)
_SQUARE = _RNG.normal(size=(3, 3)) + 2 * np.eye(3)
_BATCH = _RNG.normal(size=(2, 3, 3)) + 2 * np.eye(3)
_BORDERED = np.pad(_SQUARE, (0, 2)) + np.eye(5)
_TALL, _WIDE = _RNG.normal(size=(5, 3)), _RNG.normal(size=(2, 4))
_VECTOR, _COLUMNS = _RNG.uniform(0.5, 2.0, 3), _RNG.uniform(0.5, 2.0, (3, 2))
_POSITIVE = np.array([[2.0, 0.3, -0.4], [0.3, 1.5, 0.2], [-0.4, 0.2, 1.8]])
_SEPARATED = np.diag([3.0, 2.5, 0.4]) + 0.1 * _RNG.normal(size=(3, 3))
_TENSOR = (_RNG.normal(size=(6, 6)) + 4 * np.eye(6)).reshape(2, 3, 6)


def _dependent(a):
    """Columns of rank 3 in five columns."""
    return np.concatenate([a, a[..., :1] + a[..., 1:2], 2 * a[..., 2:3]], axis=-1)


def _hermitian(a):
    return a @ np.conj(a.T) + np.diag([1.0, -9.0, 3.0])


CALLS = {
    "numpy.linalg.det": [
        call(np.linalg.det, _SQUARE, complex_too=True),
        call(np.linalg.det, _BATCH[:, None], complex_too=True),
        call(np.linalg.det, _BORDERED, complex_too=True),
        call(lambda a: np.linalg.det(_dependent(np.concatenate([a, a[:2] - 1]))) + np.sum(a), _SQUARE),
        call(lambda a: np.linalg.det(a[:1, :1] * a[:2, :2]), _SQUARE),
    ],
    "numpy.linalg.slogdet": [
        call(lambda a: tuple(np.linalg.slogdet(a)), _BATCH, complex_too=True),
        call(lambda a: np.linalg.slogdet(a).logabsdet, -_SQUARE, complex_too=True),
        call(lambda a: np.linalg.slogdet(a)[0] + np.sum(a), _BORDERED, complex_too=True),
    ],
    "numpy.linalg.inv": [
        call(np.linalg.inv, _SQUARE, complex_too=True),
        call(np.linalg.inv, _BATCH[None], complex_too=True),
    ],
    "numpy.linalg.solve": [
        call(np.linalg.solve, _SQUARE, _VECTOR, complex_too=True),
        call(np.linalg.solve, _SQUARE, _COLUMNS, complex_too=True),
        call(np.linalg.solve, _BATCH, _VECTOR, complex_too=True),
        call(np.linalg.solve, _BATCH, _COLUMNS),
        call(np.linalg.solve, _SQUARE, np.stack([_COLUMNS, _COLUMNS + 1]), complex_too=True),
        call(lambda a: np.linalg.solve(a, [1.0, 2.0, 3.0]), _BATCH),
        call(lambda b: np.linalg.solve(_SQUARE, b), _COLUMNS, complex_too=True, single_too=False),
    ],
    "numpy.linalg.cholesky": [
        call(np.linalg.cholesky, _POSITIVE, complex_too=True),
        call(np.linalg.cholesky, np.stack([_POSITIVE, 2 * _POSITIVE]), complex_too=True),
        call(lambda a: np.linalg.cholesky(a, upper=True), np.stack([_POSITIVE, 2 * _POSITIVE]), complex_too=True),
        call(lambda a: np.linalg.cholesky((a + np.conj(a.T)) / 2), _POSITIVE + 0.1 * _SQUARE, complex_too=True),
    ],
    "numpy.linalg.pinv": [
        call(np.linalg.pinv, _TALL, complex_too=True),
        call(np.linalg.pinv, _WIDE, complex_too=True),
        call(np.linalg.pinv, _BATCH, complex_too=True),
        call(lambda a: np.linalg.pinv(_dependent(a), rcond=1e-10), _TALL, complex_too=True),
        call(lambda a: np.linalg.pinv(_dependent(a), rtol=None), np.stack([_TALL, _TALL[::-1] + 1]), complex_too=True),
        call(lambda a: np.linalg.pinv(a, rtol=0.5), _SEPARATED, complex_too=True),
        call(lambda a: np.linalg.pinv(a, [0.5, 1e-8]), np.stack([_SEPARATED, _SQUARE]), complex_too=True),
        call(lambda a: np.linalg.pinv(_hermitian(a), hermitian=True), _SQUARE, complex_too=True),
        call(lambda a: np.linalg.pinv(a, hermitian=True), np.stack([_SQUARE, _POSITIVE]), complex_too=True),
    ],
    "numpy.linalg.lstsq": [
        call(np.linalg.lstsq, _TALL, np.arange(1.0, 6.0), complex_too=True),
        call(np.linalg.lstsq, _TALL, _TALL[:, :2] * [1.0, -1.0] + 0.5, complex_too=True),
        call(np.linalg.lstsq, _WIDE, _COLUMNS[:2], complex_too=True),
        call(np.linalg.lstsq, _SQUARE, _VECTOR, complex_too=True),
        call(
            lambda a, b: np.linalg.lstsq(_dependent(a), b, rcond=1e-10)[:3],
            _TALL,
            np.arange(1.0, 6.0),
            complex_too=True,
        ),
        call(lambda a, b: np.linalg.lstsq(a, b, 0.5)[0], _SEPARATED, _VECTOR, complex_too=True),
        call(lambda a: np.linalg.lstsq(a, [[1.0], [2.0], [3.0]])[0], _SEPARATED),
    ],
    "numpy.linalg.matrix_rank": [
        call(lambda a: a * np.linalg.matrix_rank(a)[..., None, None], _BATCH, complex_too=True),
        call(lambda a: a * np.linalg.matrix_rank(a, tol=1.5), _SQUARE),
        call(lambda a: a * np.linalg.matrix_rank(a, hermitian=True, rtol=0.1), _POSITIVE),
        call(lambda a: a * np.linalg.matrix_rank(a), _VECTOR, complex_too=True, traceable=False),
    ],
    "numpy.linalg.tensorinv": [
        call(np.linalg.tensorinv, _TENSOR, complex_too=True),
        call(lambda a: np.linalg.tensorinv(a, ind=1), np.moveaxis(_TENSOR, -1, 0), complex_too=True),
    ],
    "numpy.linalg.tensorsolve": [
        call(np.linalg.tensorsolve, _TENSOR, _RNG.normal(size=(2, 3)), complex_too=True),
        call(
            lambda a, b: np.linalg.tensorsolve(a, b, axes=(0,)),
            np.moveaxis(_TENSOR, -1, 0),
            _RNG.normal(size=(2, 3)),
            complex_too=True,
        ),
    ],
}
