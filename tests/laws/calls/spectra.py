"""Calls of decompositions by eigenvalues and singular values, at matrices whose values lie apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(11)
_A = _RNG.normal(size=(3, 3)) + np.diag([-3.0, 0.5, 4.0])
_STACK = np.stack([_A, 2 * _A.T + 1])
_TALL, _WIDE = _RNG.normal(size=(4, 2)), _RNG.normal(size=(2, 2, 3))


def _adjoint(x: Any) -> Any:
    return np.conj(np.swapaxes(x, -1, -2))


def _of_hermitian(a: Any, UPLO: str = "L") -> Any:
    """The matrix function sin, which does not depend on phases."""
    w, v = np.linalg.eigh(a, UPLO)
    return (v * np.sin(w)[..., None, :]) @ _adjoint(v)


def _projector(a: Any) -> Any:
    v = np.linalg.eigh(a).eigenvectors[..., :2]
    return v @ _adjoint(v)


def _of_singular(a: Any, full_matrices: bool = True) -> Any:
    u, s, vh = np.linalg.svd(a, full_matrices)
    k = s.shape[-1]
    return (u[..., :k] * np.sin(s)[..., None, :]) @ vh[..., :k, :]


def _null_space(a: Any) -> Any:
    u, s, _ = np.linalg.svd(a)
    rest = u[..., s.shape[-1] :]
    return rest @ _adjoint(rest)


def _of_square(a: Any) -> Any:
    """The matrix function sin by unsymmetric eigenvalues, as it is without them in the first order too."""
    w, v = np.linalg.eig(a)
    return (v * np.sin(w)[..., None, :]) @ np.linalg.inv(v)


CALLS = {
    "numpy.linalg.eigh": [
        call(lambda a: tuple(np.linalg.eigh(a)), _A),
        call(lambda a: tuple(np.linalg.eigh(a, UPLO="U")), _STACK),
        call(_of_hermitian, _A, complex_too=True),
        call(lambda a: _of_hermitian(a, "u"), _STACK, complex_too=True),
        call(_projector, _A, complex_too=True),
    ],
    "numpy.linalg.eigvalsh": [
        call(np.linalg.eigvalsh, _STACK, complex_too=True),
        call(lambda a: np.linalg.eigvalsh(a, "U"), _A, complex_too=True),
    ],
    "numpy.linalg.eig": [
        call(lambda a: tuple(np.linalg.eig(a)), _A, complex_too=True, traceable=False),
        call(lambda a: tuple(np.linalg.eig(a.astype(complex))), _STACK, complex_too=True),
        call(_of_square, _A, complex_too=True, traceable=False),
        call(lambda a: np.linalg.eig(a)[1], np.array([[0.3, -1.0], [2.0, 0.1]]), traceable=False),
    ],
    "numpy.linalg.eigvals": [
        call(np.linalg.eigvals, _STACK, complex_too=True, traceable=False),
        call(np.linalg.eigvals, np.array([[0.3, -1.0], [2.0, 0.1]]), traceable=False),
    ],
    "numpy.linalg.svd": [
        call(lambda a: tuple(np.linalg.svd(a, full_matrices=False)), _TALL),
        call(lambda a: tuple(np.linalg.svd(a, False)), _WIDE),
        call(lambda a: tuple(np.linalg.svd(a)), _A),
        call(lambda a: np.linalg.svd(a, compute_uv=False), _STACK, complex_too=True),
        call(_of_singular, _TALL, complex_too=True),
        call(lambda a: _of_singular(a, False), _WIDE, complex_too=True),
        call(_null_space, _TALL, complex_too=True),
        call(lambda a: tuple(np.linalg.svd(a, hermitian=True)), _A),
        call(lambda a: np.linalg.svd(a, compute_uv=False, hermitian=True), _STACK, complex_too=True),
    ],
    "numpy.linalg.svdvals": [
        call(np.linalg.svdvals, _WIDE, complex_too=True),
        call(np.linalg.svdvals, _TALL, complex_too=True),
    ],
}
