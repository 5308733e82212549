"""Calls of SciPy's linear algebra, by way of ``wengert.linalg``."""

from __future__ import annotations

import numpy as np

from laws.calling import call
from wengert import linalg

_RNG = np.random.default_rng(17)
_A = _RNG.uniform(-0.4, 0.4, (3, 3)) + np.diag([1.0, 2.0, 3.0])
_B = _RNG.uniform(-0.4, 0.4, (3, 3)) + np.diag([2.0, 1.0, 1.5])
_TALL = _RNG.uniform(-1.0, 1.0, (4, 2))
_V = _RNG.uniform(0.5, 1.5, 3)
_W = _RNG.uniform(0.5, 1.5, 4)
_POSITIVE = _A @ _A.T
_ITS_ROOT = np.linalg.cholesky(_POSITIVE)


def _square_of_whole_space(f, a):
    basis = f(a)
    return basis @ np.conj(basis.T)


_ONE = {
    "expm": [_A],
    "logm": [_A],
    "sqrtm": [_A],
    "cosm": [_A],
    "sinm": [_A],
    "tanm": [_A * 0.3],
    "coshm": [_A],
    "sinhm": [_A],
    "tanhm": [_A],
    "signm": [_A - 1.5 * np.eye(3)],
    "solve_sylvester": [_A, _B, _A],
    "solve_continuous_lyapunov": [_A, _B],
    "solve_lyapunov": [_A, _B],
    "solve_discrete_lyapunov": [_A * 0.2, _B],
    "inv": [_A],
    "det": [_A],
    "pinv": [_TALL],
    "norm": [_TALL],
    "svdvals": [_TALL],
    "toeplitz": [_V, _W],
    "hankel": [_V, _W],
    "circulant": [_V],
    "companion": [_W],
    "khatri_rao": [_TALL, _A[:, :2]],
    "leslie": [_W, _V],
    "fiedler": [_V],
    "solve_toeplitz": [_V + np.array([4, 0, 0]), _W[:3]],
    "solve_circulant": [_V + np.array([4, 0, 0]), _W[:3]],
}
_COMPLEX = {*_ONE} - {"fiedler", "solve_continuous_are", "leslie"}

# Numerical differentiation of a second derivative takes thousands of logarithms; the laws of the row do it once.
_ORDERS = {"logm": 1, "tanm": 1}

CALLS = {
    f"scipy.linalg.{name}": [
        call(
            getattr(linalg, name),
            *args,
            complex_too=name in _COMPLEX,
            value_rtol=1e-12,
            single_too=name != "logm",
            order=_ORDERS.get(name, 2),
        )
    ]
    for name, args in _ONE.items()
} | {
    "scipy.linalg.expm_frechet": [call(linalg.expm_frechet, _A, _B, value_rtol=1e-12)],
    "scipy.linalg.fractional_matrix_power": [
        call(lambda a: linalg.fractional_matrix_power(a, 0.3), _A, value_rtol=1e-12, order=1),
        call(lambda a: linalg.fractional_matrix_power(a, -2), _A),
        call(lambda t: linalg.fractional_matrix_power(_A, t), 0.7, value_rtol=1e-12, order=1),
    ],
    "scipy.linalg.solve_triangular": [
        call(linalg.solve_triangular, _A, _V, complex_too=True),
        call(lambda a, b: linalg.solve_triangular(a, b, trans="C", lower=True), _A, _B, complex_too=True),
        call(lambda a, b: linalg.solve_triangular(a, b, trans=1, unit_diagonal=True), _A, _V),
    ],
    "scipy.linalg.solve": [
        call(linalg.solve, _A, _V, complex_too=True),
        call(lambda a, b: linalg.solve(a, b, assume_a="sym"), _A, _B, complex_too=True),
        call(lambda a, b: linalg.solve(a, b, assume_a="pos", lower=True), _POSITIVE, _V),
        call(lambda a, b: linalg.solve(a, b, transposed=True), _A, _V),
    ],
    "scipy.linalg.cho_factor": [call(lambda a: linalg.cho_factor(a)[0], _POSITIVE)],
    "scipy.linalg.cho_solve": [
        call(lambda a, b: linalg.cho_solve(linalg.cho_factor(a), b), _POSITIVE, _V),
        call(lambda a, b: linalg.cho_solve((a, True), b), _ITS_ROOT, _B, complex_too=True),
    ],
    "scipy.linalg.solve_continuous_are": [
        call(linalg.solve_continuous_are, _A - 4 * np.eye(3), _TALL[:3], _POSITIVE, _POSITIVE[:2, :2], step=1e-4)
    ],
    "scipy.linalg.solve_banded": [
        call(lambda ab, b: linalg.solve_banded((1, 1), ab, b), np.stack([_V, _V + 4, _V]), _W[:3], complex_too=True)
    ],
    "scipy.linalg.lu_factor": [call(lambda a: linalg.lu_factor(a)[0], _A[[2, 0, 1]], traceable=False)],
    "scipy.linalg.lu_solve": [
        call(lambda a, b: linalg.lu_solve(linalg.lu_factor(a), b), _A[[2, 0, 1]], _V, traceable=False),
        call(lambda a, b: linalg.lu_solve(linalg.lu_factor(a), b, trans=1), _A[[2, 0, 1]], _V, traceable=False),
    ],
    "scipy.linalg.lstsq": [call(lambda a, b: linalg.lstsq(a, b)[:2], _TALL, _W, traceable=False)],
    "scipy.linalg.cholesky": [
        call(linalg.cholesky, _POSITIVE),
        call(lambda a: linalg.cholesky(a, lower=True), _POSITIVE),
    ],
    "scipy.linalg.lu": [
        call(lambda a: linalg.lu(a)[1:], _A[[2, 0, 1]], traceable=False, complex_too=True),
        call(lambda a: linalg.lu(a, permute_l=True), _TALL, traceable=False),
        call(lambda a: linalg.lu(a, p_indices=True)[2], _TALL.T, traceable=False),
    ],
    "scipy.linalg.polar": [
        call(linalg.polar, _A, complex_too=True),
        call(lambda a: linalg.polar(a, side="left"), _TALL),
        call(linalg.polar, _TALL.T),
    ],
    "scipy.linalg.schur": [call(linalg.schur, _A, single_too=False)],
    "scipy.linalg.qr": [
        call(lambda a: linalg.qr(a, mode="economic"), _TALL, complex_too=True),
        call(linalg.qr, _A),
        call(lambda a: linalg.qr(a, mode="r")[0], _TALL),
        call(lambda a: linalg.qr(a, mode="economic", pivoting=True)[:2], _TALL, traceable=False),
    ],
    "scipy.linalg.svd": [call(lambda a: linalg.svd(a, full_matrices=False), _TALL)],
    "scipy.linalg.eigh": [
        call(lambda a: linalg.eigh(a, eigvals_only=True), _POSITIVE, complex_too=True),
        call(linalg.eigh, _A, _POSITIVE, value_rtol=1e-11),
        call(lambda a: linalg.eigh(a, subset_by_index=[1, 2], lower=False), _POSITIVE),
    ],
    "scipy.linalg.eigvalsh": [
        call(linalg.eigvalsh, _POSITIVE, complex_too=True),
        call(linalg.eigvalsh, _A, _POSITIVE, value_rtol=1e-11),
    ],
    "scipy.linalg.eig": [call(lambda a, b: np.abs(linalg.eig(a, b)[0]), _A, _POSITIVE, traceable=False)],
    "scipy.linalg.eigvals": [call(linalg.eigvals, _A, traceable=False)],
    "scipy.linalg.pinvh": [call(linalg.pinvh, _POSITIVE)],
    "scipy.linalg.orthogonal_procrustes": [call(linalg.orthogonal_procrustes, _A, _B)],
    "scipy.linalg.null_space": [call(lambda a: _square_of_whole_space(linalg.null_space, a), _TALL.T, traceable=False)],
    "scipy.linalg.orth": [call(lambda a: _square_of_whole_space(linalg.orth, a), _TALL, traceable=False)],
    "scipy.linalg.block_diag": [call(linalg.block_diag, _A, _V, _TALL, complex_too=True)],
    "scipy.linalg.convolution_matrix": [
        call(lambda a, mode=mode: linalg.convolution_matrix(a, 5, mode), _V) for mode in ("full", "valid", "same")
    ],
    "scipy.linalg.matmul_toeplitz": [call(lambda c, r, x: linalg.matmul_toeplitz((c, r), x), _V, _W, _TALL)],
}
