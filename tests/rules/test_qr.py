"""The QR factorisation: its modes, what completes Q, rank, signs and errors."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg

RNG = np.random.default_rng(32)
TALL, WIDE, SQUARE = RNG.normal(size=(5, 3)), RNG.normal(size=(2, 4)), RNG.normal(size=(3, 3))
COMPLEX = TALL + 1j * RNG.normal(size=(5, 3))
MATRICES = {"tall": TALL, "wide": WIDE, "square": SQUARE, "batch": np.stack([TALL, TALL[::-1]]), "complex": COMPLEX}


def conjugate_transpose(x):
    return np.conj(np.swapaxes(x, -1, -2))


def assert_close(found, expected, tolerance=1e-12):
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * max(1, np.max(np.abs(expected), initial=0)))


@pytest.mark.parametrize("a", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_the_results_are_those_of_numpy_by_name(a, mode):
    found = np.linalg.qr(wg.tensor(a, requires_grad=True), mode=mode)
    expected = np.linalg.qr(a, mode=mode)
    assert type(found) is type(expected)
    assert_close(found.Q.detach().numpy(), expected.Q)
    assert_close(found.R.detach().numpy(), expected.R)
    assert_close(np.linalg.qr(wg.tensor(a), "r").numpy(), np.linalg.qr(a, "r"))


@pytest.mark.parametrize("a", MATRICES.values(), ids=MATRICES)
@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_the_tangents_keep_the_structure_of_the_factors(a, mode):
    """A = QR to the first order, Q keeps orthonormal columns, R its triangle and the real diagonal."""
    t = RNG.normal(size=a.shape)
    (q, r), (q_dot, r_dot) = wg.jvp(lambda a: tuple(np.linalg.qr(a, mode)), (a,), (t.astype(a.dtype),))
    assert_close(q_dot @ r + q @ r_dot, t)
    turn = conjugate_transpose(q) @ q_dot
    assert_close(turn, -conjugate_transpose(turn))
    assert_close(np.tril(r_dot, -1), np.zeros_like(r_dot))
    assert_close(np.imag(np.diagonal(r_dot, axis1=-2, axis2=-1)), np.zeros(np.diagonal(r, axis1=-2, axis2=-1).shape))


def test_the_columns_that_complete_q_move_orthogonally_to_themselves():
    for a in (TALL, COMPLEX):
        (q, _), (q_dot, _) = wg.jvp(lambda a: tuple(np.linalg.qr(a, "complete")), (a,), (np.ones_like(a),))
        assert_close(conjugate_transpose(q[:, 3:]) @ q_dot[:, 3:], np.zeros((2, 2)))


def projector(a):
    rest = np.linalg.qr(a, "complete").Q[..., a.shape[-1] :]
    return rest @ np.swapaxes(rest, -1, -2)


def test_the_projector_onto_what_completes_q_has_its_derivative():
    # P = I - A A⁺, so that dP = -P dA A⁺ - (P dA A⁺)ᵀ.
    p, t = projector(TALL), RNG.normal(size=TALL.shape)
    change = -p @ t @ np.linalg.pinv(TALL)
    assert_close(wg.jvp(projector, (TALL,), (t,))[1], change + change.T)
    wg.check(projector, np.stack([TALL, TALL[::-1]]), order=2, step=1e-3)


def test_r_of_one_column_is_a_norm_with_the_sign_of_lapack():
    x = np.array([[3.0], [4.0]])
    assert_close(wg.grad(lambda a: np.linalg.qr(a, "r")[0, 0])(x), -x / 5)
    assert_close(wg.hessian(lambda a: np.linalg.qr(a).R[0, 0])(x)[:, 0, :, 0], -(np.eye(2) - x @ x.T / 25) / 5)


def test_the_logarithm_of_the_diagonal_of_r_is_that_of_the_determinant():
    def logarithm(a):
        return np.sum(np.log(np.abs(np.linalg.diagonal(np.linalg.qr(a, "r")))))

    assert_close(wg.grad(logarithm)(SQUARE), np.linalg.inv(SQUARE).T)


def test_dependent_columns_have_no_derivative_and_contribute_nothing_if_they_are_not_selected():
    dependent = np.outer([1.0, 2.0, 3.0], [1.0, 2.0])
    dependent[:, 1] = 0
    batch = np.stack([TALL[:3, :2], dependent])
    chosen = np.array([True, False])[:, None, None]
    assert np.any(np.isnan(wg.grad(lambda a: np.sum(np.linalg.qr(a).Q))(dependent)))

    def selected(a):
        return np.sum(np.where(chosen, np.linalg.qr(a).Q, 0))

    gradient, hessian = wg.grad(selected)(batch), wg.hessian(selected)(batch)
    assert_close(gradient[0], wg.grad(lambda a: np.sum(np.linalg.qr(a).Q))(batch[0]))
    np.testing.assert_array_equal(gradient[1], 0)
    np.testing.assert_array_equal(hessian[1], 0)


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 3), (0, 3, 2), (2, 0, 3), (0, 2, 3)])
@pytest.mark.parametrize("mode", ["reduced", "complete", "r"])
def test_matrices_without_elements(shape, mode):
    def factors(a):
        found = np.linalg.qr(a, mode)
        return found if mode == "r" else tuple(found)

    expected = factors(np.zeros(shape))
    y, pullback = wg.vjp(factors, np.zeros(shape))
    seeds = np.ones_like(y) if mode == "r" else tuple(map(np.ones_like, y))
    (x_bar,) = pullback(seeds)
    assert x_bar.shape == shape
    for found, wanted in zip(y, expected, strict=True):
        assert found.shape == wanted.shape


# --- errors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["raw", "economic", "e"])
@pytest.mark.filterwarnings("ignore:The 'economic' option")
def test_the_storage_of_lapack_is_refused(mode):
    with pytest.raises(wg.NoRuleError, match=r"storage of the reflections.*Use mode='reduced'") as caught:
        np.linalg.qr(wg.tensor(TALL, requires_grad=True), mode)
    assert caught.value.where.file == __file__


@pytest.mark.parametrize(("mode", "message"), [("full", "'full' option is deprecated"), ("f", "'full' option")])
def test_the_old_name_of_a_mode_warns_as_numpy_does(mode, message):
    with pytest.warns(DeprecationWarning, match=message) as caught:
        found = np.linalg.qr(wg.tensor(TALL), mode)
    assert caught[0].filename == __file__
    assert_close(found.R.numpy(), np.linalg.qr(TALL).R)


def test_what_numpy_refuses_is_refused():
    with pytest.raises(ValueError, match="Unrecognized mode 'thin'"):
        np.linalg.qr(wg.tensor(TALL), "thin")
    for run in (np.linalg.qr, wg.trace(np.linalg.qr)):
        with pytest.raises(np.linalg.LinAlgError, match=r"1-dimensional array given.*Array must be at least two-dim"):
            run(np.ones(3))
    with pytest.raises(np.linalg.LinAlgError, match=r"1-dimensional array given.*Array must be at least two-dim"):
        np.linalg.qr(wg.tensor(np.ones(3)))
