"""`wengert.linalg` against `scipy.linalg`: values, parameters, errors."""

import numpy as np
import pytest
import scipy.linalg

import wengert as wg
from wengert.checker import check

RNG = np.random.default_rng(23)
A = RNG.uniform(-0.4, 0.4, (3, 3)) + np.diag([1.0, 2.0, 3.0])
B = RNG.uniform(-0.4, 0.4, (3, 3)) + np.diag([2.0, 1.0, 1.5])
TALL = RNG.uniform(-1.0, 1.0, (4, 2))
V = RNG.uniform(0.5, 1.5, 3)
W = RNG.uniform(0.5, 1.5, 4)
POSITIVE = A @ A.T

CALLS = {
    "expm": (A,), "logm": (A,), "sqrtm": (A,), "cosm": (A,), "sinm": (A,), "tanm": (0.3 * A,), "coshm": (A,),
    "sinhm": (A,), "tanhm": (A,), "signm": (A - 1.5 * np.eye(3),), "expm_frechet": (A, B),
    "solve_sylvester": (A, B, A), "solve_continuous_lyapunov": (A, B), "solve_discrete_lyapunov": (0.2 * A, B),
    "inv": (A,), "det": (A,), "pinv": (TALL,), "pinvh": (POSITIVE,), "norm": (TALL,), "svdvals": (TALL,),
    "toeplitz": (V, W), "hankel": (V, W), "circulant": (V,), "companion": (W,), "khatri_rao": (TALL, A[:, :2].repeat(1)
    .reshape(3, 2)), "leslie": (W, V), "fiedler": (V,), "block_diag": (A, V, TALL), "solve_triangular": (A, V),
    "solve": (A, V), "lu": (A[[2, 0, 1]],), "polar": (A,), "schur": (A,), "qr": (TALL,), "svd": (TALL,),
    "eigh": (POSITIVE, B @ B.T), "eigvalsh": (POSITIVE,), "eigvals": (A,), "eig": (A,), "lstsq": (TALL, W),
    "cholesky": (POSITIVE,), "null_space": (TALL.T,), "orth": (TALL,), "orthogonal_procrustes": (A, B),
    "solve_toeplitz": (V + 4 * np.eye(3)[0], W[:3]), "solve_circulant": (V + 4 * np.eye(3)[0], W[:3]),
    "lu_factor": (A[[2, 0, 1]],),
    "solve_continuous_are": (A, TALL[:3], POSITIVE, POSITIVE[:2, :2]), "fractional_matrix_power": (A, 0.3),
}  # fmt: skip


def results(y):
    return list(y) if isinstance(y, tuple) else [y]


@pytest.mark.parametrize("name", CALLS)
def test_plain_arrays_give_what_scipy_gives(name):
    found = results(getattr(wg.linalg, name)(*CALLS[name]))
    expected = results(getattr(scipy.linalg, name)(*CALLS[name]))
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


OPTIONS = {
    "triangular, transposed": ("solve_triangular", (A, B), {"trans": "T", "lower": True, "check_finite": False}),
    "triangular, unit": ("solve_triangular", (A, V), {"unit_diagonal": True}),
    "solve, symmetric": ("solve", (A, V), {"assume_a": "sym", "lower": True}),
    "solve, upper triangular": ("solve", (A, V), {"assume_a": "upper triangular"}),
    "polar, left": ("polar", (TALL,), {"side": "left"}),
    "lu, permuted": ("lu", (TALL,), {"permute_l": True}),
    "lu, indices": ("lu", (A[[2, 0, 1]],), {"p_indices": True}),
    "qr, economic": ("qr", (TALL,), {"mode": "economic", "overwrite_a": False}),
    "qr, pivoting": ("qr", (TALL,), {"mode": "economic", "pivoting": True}),
    "cholesky, lower": ("cholesky", (POSITIVE,), {"lower": True}),
    "eigh, some": ("eigh", (POSITIVE,), {"subset_by_index": [0, 1], "eigvals_only": True}),
    "banded": ("solve_banded", ((1, 1), np.stack([V, V + 4, V]), W[:3]), {}),
    "convolution": ("convolution_matrix", (V, 5), {"mode": "same"}),
    "schur, complex": ("schur", (A,), {"output": "complex"}),
}


@pytest.mark.parametrize(("name", "args", "options"), OPTIONS.values(), ids=OPTIONS)
def test_parameters_are_scipys(name, args, options):
    found = results(getattr(wg.linalg, name)(*args, **options))
    for one, other in zip(found, results(getattr(scipy.linalg, name)(*args, **options)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def test_what_is_not_here_is_scipys_own():
    assert wg.linalg.hilbert is scipy.linalg.hilbert
    assert "expm" in dir(wg.linalg)
    with pytest.raises(AttributeError):
        _ = wg.linalg.nonsense


def test_the_gradient_of_a_trace_of_an_exponential():
    np.testing.assert_allclose(wg.grad(lambda a: np.trace(wg.linalg.expm(a)))(A), scipy.linalg.expm(A).T, rtol=1e-12)


def test_the_derivative_of_the_polar_factors_at_equal_singular_values():
    rotation = np.linalg.qr(A)[0]
    check(wg.linalg.polar, 2.0 * rotation, order=2, step=1e-3)


def test_a_real_schur_form_with_complex_eigenvalues_is_refused():
    with pytest.raises(wg.NoRuleError, match="real Schur form of a matrix with complex eigenvalues") as caught:
        wg.grad(lambda a: wg.linalg.schur(a)[0][0, 0])(np.array([[0.0, 1.0], [-1.0, 0.0]]))
    assert "output='complex'" in caught.value.remedy


REFUSED = {
    "schur": lambda: wg.linalg.schur(A, sort="lhp"),
    "eigh": lambda: wg.linalg.eigh(A, type=2),
    "eig": lambda: wg.linalg.eig(A, left=True),
    "pinv": lambda: wg.linalg.pinv(A, atol=1e-3),
    "solve_circulant": lambda: wg.linalg.solve_circulant(V, V, singular="lstsq"),
    "solve_continuous_are": lambda: wg.linalg.solve_continuous_are(A, A, A, A, e=A),
}


@pytest.mark.parametrize("name", REFUSED)
def test_options_without_a_derivative_are_refused_by_name(name):
    with pytest.raises(wg.NoRuleError, match=f"wengert.linalg.{name} got") as caught:
        REFUSED[name]()
    assert caught.value.remedy
    assert caught.value.where.text.strip().startswith(f'"{name}"')


def test_wrong_words_are_value_errors_as_in_scipy():
    for wrong in (
        lambda: wg.linalg.polar(A, side="up"),
        lambda: wg.linalg.qr(A, mode="all"),
        lambda: wg.linalg.solve(A, V, assume_a="odd"),
        lambda: wg.linalg.convolution_matrix(V, 3, "all"),
    ):
        with pytest.raises(ValueError, match=r"(?i)must be|should be|recognized"):
            wrong()
