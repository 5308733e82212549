"""Examples of the matrix functions, equations and factorisations of SciPy."""

from __future__ import annotations

import numpy as np

from laws.given import given

_RNG = np.random.default_rng(11)


def _regular(n: int, m: int | None = None) -> np.ndarray:
    """A matrix with eigenvalues (or singular values) that are well apart and in the right half plane."""
    return _RNG.uniform(-0.4, 0.4, (n, m or n)) + np.eye(n, m or n) * np.arange(1.0, (m or n) + 1)


def _symmetric(n: int) -> np.ndarray:
    root = _regular(n)
    return root @ root.T


_ALMOST_TRIANGULAR = np.array([[3.0, 0.4, -0.7], [0.1, 1.5, 0.6], [0.05, -0.1, 0.2]])

SHAPES = {
    "expm": [given(_regular(3)), given(_regular(1)), given(np.stack([_regular(2), _regular(2)]))],
    "logm": [given(_regular(3))],
    "sqrtm": [given(_regular(3)), given(_regular(1))],
    "solve_sylvester": [given(_regular(3), _regular(2), _regular(3, 2))],
    "solve_triangular": [
        given(_regular(3), _regular(3, 2), lower=True, unit=False),
        given(_regular(3), _regular(3, 1), lower=False, unit=False),
        given(_regular(3), _regular(3, 2), lower=False, unit=True),
    ],
    "lu": [given(_regular(3)[[2, 0, 1]]), given(_regular(4, 2)), given(_regular(2, 4))],
    "polar_factors": [given(_regular(3)), given(_regular(4, 2)), given(np.eye(2))],
    "schur": [given(_ALMOST_TRIANGULAR, output="real"), given(_ALMOST_TRIANGULAR, output="complex")],
    "solve_continuous_are": [
        given(_regular(2) - 2 * np.eye(2), np.array([[0.5], [1.0]]), _symmetric(2), np.array([[2.0]]))
    ],
}
LEFT_OUT = {}
REAL_ONLY = {
    "polar_factors": "SciPy's is not analytic; complex matrices are tried in the calls",
    "schur": "the phases of complex Schur vectors are LAPACK's",
    "solve_continuous_are": "its matrices must stay Hermitian; tried in the calls",
}
ARBITRARY_SIGNS = {"schur": "the signs of Schur vectors are LAPACK's, and others in single precision"}
STEPS = dict.fromkeys(["sqrtm", "logm"], 1e-3)
TOLERANCES = {"logm": 1e-11, "expm": 1e-11}
