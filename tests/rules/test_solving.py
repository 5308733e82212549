"""Determinants, inverses, equations, least squares and the Cholesky factor at special points, and their errors."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import wengert as wg

RNG = np.random.default_rng(31)
A = RNG.normal(size=(3, 3)) + 2 * np.eye(3)
TALL = RNG.normal(size=(5, 3))
B = RNG.normal(size=5)
ORTHONORMAL = np.linalg.qr(TALL)[0]  # all singular values are 1
MODES = ["forward", "reverse"]


def assert_close(found, expected, tolerance=1e-12):
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * max(1, np.max(np.abs(expected), initial=0)))


# --- the determinant is a polynomial ---------------------------------------------------------------------------


def leibniz(a):
    """The determinant of a matrix of integers, exactly."""
    n = len(a)
    total = 0
    for order in itertools.permutations(range(n)):
        inversions = sum(order[i] > order[j] for i in range(n) for j in range(i + 1, n))
        total += (-1) ** inversions * math.prod(int(a[i, order[i]]) for i in range(n))
    return total


def exact_first(a):
    """The derivatives by every element: differences, exact for a function that is linear in each element."""
    found = np.zeros(a.shape)
    for place in np.ndindex(a.shape):
        moved = a.copy()
        moved[place] += 1
        found[place] = leibniz(moved) - leibniz(a)
    return found


def exact_second(a):
    found = np.zeros(a.shape + a.shape)
    for place in np.ndindex(a.shape):
        moved = a.copy()
        moved[place] += 1
        found[place] = exact_first(moved) - exact_first(a)
        found[(*place, *place)] = 0
    return found


OF_INTEGERS = {
    "regular": np.array([[2, 1, 0], [1, 3, 1], [0, 1, 4]]),
    "rank 2 of 3": np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
    "rank 1 of 3": np.outer([1, -2, 3], [2, 0, 1]),
    "rank 1 of 2": np.array([[1, 2], [2, 4]]),
    "rank 3 of 4": np.array([[1, 2, 0, 1], [2, 1, 1, 0], [3, 3, 1, 1], [0, 1, 5, 2]]),
    "rank 2 of 4": np.array([[1, 2, 0, 1], [2, 4, 0, 2], [0, 1, 1, 0], [1, 3, 1, 1]]),
    "zero": np.zeros((3, 3), int),
    "zero, 4 by 4": np.zeros((4, 4), int),
    "one by one": np.array([[0]]),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("a", OF_INTEGERS.values(), ids=OF_INTEGERS)
def test_the_gradient_of_a_determinant_is_exact_at_any_rank(a, mode):
    assert_close(wg.jacobian(np.linalg.det, mode=mode)(a.astype(float)), exact_first(a), 1e-13)


@pytest.mark.parametrize(("outer", "inner"), list(itertools.product(MODES, MODES)))
@pytest.mark.parametrize("a", OF_INTEGERS.values(), ids=OF_INTEGERS)
def test_the_second_derivatives_of_a_determinant_are_exact_at_any_rank(a, outer, inner):
    second = wg.jacobian(wg.jacobian(np.linalg.det, mode=inner), mode=outer)
    assert_close(second(a.astype(float)), exact_second(a), 1e-13)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_every_derivative_of_a_determinant_at_zero(n):
    """The determinant of t·I is t^n: only its n-th derivative is not zero at 0, and it is n!."""
    f = np.linalg.det
    for order in range(1, n + 2):
        f = along_identity(f)
        assert_close(f(np.zeros((n, n))), math.factorial(n) if order == n else 0.0)


def along_identity(f):
    def derivative(a):
        return wg.jvp(f, (a,), (np.eye(a.shape[-1]),))[1]

    return derivative


def test_the_third_derivative_of_a_determinant_in_reverse_mode():
    def second(a):
        return along_identity(along_identity(np.linalg.det))(a)

    # det(A + tI) = t^4 + tr(A) t^3 + …: its second derivative at 0 is twice the sum of the principal minors of order 2.
    a = OF_INTEGERS["rank 2 of 4"].astype(float)
    expected = 2 * (np.trace(a) * np.eye(4) - a.T)
    assert_close(wg.grad(second)(a), expected)


def test_the_gradient_of_a_determinant_neither_overflows_nor_underflows_where_the_determinant_does_not():
    a = np.diag([1e200, 1e200, 1e-200, 1e-200])
    assert np.linalg.det(a) == 1
    np.testing.assert_allclose(np.diagonal(wg.grad(np.linalg.det)(a)), [1e-200, 1e-200, 1e200, 1e200], rtol=1e-12)


def test_the_gradient_of_a_nearly_singular_determinant_keeps_its_precision():
    # The cofactors of [[1, 1], [1, 1 + e]] are [[1 + e, -1], [-1, 1]].
    e = 2.0**-40
    gradient = wg.grad(np.linalg.det)(np.array([[1, 1], [1, 1 + e]]))
    np.testing.assert_allclose(gradient, [[1 + e, -1], [-1, 1]], rtol=1e-15)


def test_a_batch_with_a_singular_matrix():
    batch = np.stack([A, np.ones((3, 3)), np.diag([1.0, 2.0, 0.0])])
    gradient = wg.grad(lambda a: np.sum(np.linalg.det(a)))(batch)
    assert_close(gradient[0], np.linalg.det(A) * np.linalg.inv(A).T)
    assert_close(gradient[1], np.zeros((3, 3)))
    assert_close(gradient[2], np.diag([0.0, 0.0, 2.0]))


def test_a_matrix_that_is_not_finite_has_no_cofactors_and_contributes_nothing_if_it_is_not_selected():
    batch = np.stack([A, np.full((3, 3), np.nan), np.diag([np.inf, 1.0, 1.0])])
    with np.errstate(all="ignore"):
        assert np.all(np.isnan(wg.grad(lambda a: np.sum(np.linalg.det(a)))(batch)[1]))
        gradient = wg.grad(lambda a: np.sum(np.where([True, False, False], np.linalg.det(a), 0)))(batch)
    assert_close(gradient[0], np.linalg.det(A) * np.linalg.inv(A).T)
    np.testing.assert_array_equal(gradient[1:], 0)


# --- slogdet ---------------------------------------------------------------------------------------------------


def test_slogdet_gives_named_results():
    found = np.linalg.slogdet(wg.tensor(A, requires_grad=True))
    assert type(found) is type(np.linalg.slogdet(A))
    found.logabsdet.backward()
    assert_close(wg.grad(lambda a: np.linalg.slogdet(a).logabsdet)(A), np.linalg.inv(A).T)


def test_the_sign_of_a_real_determinant_is_flat_and_that_of_a_complex_one_is_not():
    assert not np.any(wg.grad(lambda a: np.linalg.slogdet(a).sign)(A))
    assert not np.any(wg.grad(lambda a: np.linalg.slogdet(a).sign)(np.ones((2, 2))))
    z = np.array([[2j]])  # the sign of z is exp(i φ) with dφ = Im(dz / z)
    assert_close(wg.jvp(lambda z: np.linalg.slogdet(z).sign, (z,), (np.ones((1, 1)) + 0j,))[1], 0.5 + 0j)
    assert_close(wg.jvp(lambda z: np.linalg.slogdet(z).sign, (z,), (1j * np.ones((1, 1)),))[1], 0j)


def test_the_logarithm_of_a_singular_determinant_has_no_derivative():
    singular = np.array([[1.0, 2.0], [2.0, 4.0]])
    value, gradient = wg.value_and_grad(lambda a: np.linalg.slogdet(a).logabsdet)(singular)
    assert value == -np.inf
    assert np.all(np.isnan(gradient))


# --- what was not selected -------------------------------------------------------------------------------------

CHOSEN = np.array([True, False])
NEARLY_SINGULAR = np.stack([A[:2, :2], np.diag([1e-320, 1.0])])
WITH_SINGULAR = np.stack([A[:2, :2], np.array([[1.0, 2.0], [2.0, 4.0]])])
UNSELECTED = {
    "inv": (np.linalg.inv, NEARLY_SINGULAR),
    "solve": (lambda a: np.linalg.solve(a, np.ones((2, 2))), NEARLY_SINGULAR),
    "pinv": (lambda a: np.linalg.pinv(a, 0.0), NEARLY_SINGULAR),
    "slogdet": (lambda a: np.linalg.slogdet(a)[1][:, None, None], WITH_SINGULAR),
    "cholesky": (np.linalg.cholesky, np.stack([np.diag([1.0, 2.0]), np.diag([1e-320, 1.0])])),
}


@pytest.mark.parametrize(("function", "batch"), UNSELECTED.values(), ids=UNSELECTED)
def test_a_matrix_that_was_not_selected_contributes_exactly_zero(function, batch):
    def selected(a):
        return np.where(CHOSEN[:, None, None], function(a), 0)

    def alone(a):
        return np.sum(function(a[:1]))

    with np.errstate(all="ignore"):
        gradient = wg.grad(lambda a: np.sum(selected(a)))(batch)
        hessian = wg.hessian(lambda a: np.sum(selected(a)))(batch)
        x_dot = np.where(CHOSEN[:, None, None], np.ones((2, 2, 2)), 0)
        tangent = wg.jvp(selected, (batch,), (x_dot,))[1]
        assert_close(gradient[0], wg.grad(alone)(batch)[0])
        assert_close(hessian[0, :, :, 0], wg.hessian(alone)(batch)[0, :, :, 0])
    for zero in (gradient[1], hessian[1], hessian[0, :, :, 1], tangent[1]):
        np.testing.assert_array_equal(zero, 0)


def test_a_right_hand_side_of_an_unselected_equation_contributes_exactly_zero():
    def f(b):
        return np.sum(np.where(CHOSEN[:, None, None], np.linalg.solve(NEARLY_SINGULAR, b), 0))

    gradient = wg.grad(f)(np.ones((2, 2, 1)))
    assert_close(gradient[0], np.linalg.solve(NEARLY_SINGULAR[0].T, np.ones((2, 1))))
    np.testing.assert_array_equal(gradient[1], 0)


# --- closed forms ----------------------------------------------------------------------------------------------


def test_the_derivative_of_an_inverse():
    t = RNG.normal(size=(3, 3))
    x = np.linalg.inv(A)
    assert_close(wg.jvp(np.linalg.inv, (A,), (t,))[1], -x @ t @ x)
    assert_close(wg.vjp(np.linalg.inv, A)[1](t)[0], -x.T @ t @ x.T)


def test_a_right_hand_side_that_is_a_vector_only_if_it_has_one_axis():
    batch = np.stack([A, 2 * A, A + np.eye(3)])
    vectors, columns = RNG.normal(size=3), RNG.normal(size=(3, 3))
    for b in (vectors, columns, np.stack([columns] * 3)):
        check = wg.check(np.linalg.solve, batch, b, order=2, step=1e-3)
        assert check.order == 2
        assert wg.vjp(np.linalg.solve, batch, b)[0].shape == np.linalg.solve(batch, b).shape


def test_cholesky_reads_the_lower_triangle_alone():
    s = A @ A.T + np.eye(3)
    gradient = wg.grad(lambda a: np.sum(np.linalg.cholesky(a) ** 2))(s)  # the sum of squares is the trace
    assert_close(gradient, np.eye(3))
    gradient = wg.grad(lambda a: np.sum(np.linalg.cholesky(a)))(s)
    assert np.all(np.triu(gradient, 1) == 0)
    assert np.all(gradient[np.tril_indices(3, -1)] != 0)
    gradient = wg.grad(lambda a: np.sum(np.linalg.cholesky(a, upper=True)))(s)
    assert np.all(np.tril(gradient, -1) == 0)
    np.testing.assert_array_equal(
        np.linalg.cholesky(wg.tensor(s, requires_grad=True), upper=True).detach().numpy(),
        np.linalg.cholesky(s, upper=True),
    )


def test_the_symmetric_gradient_of_a_cholesky_factor():
    s = A @ A.T + np.eye(3)

    def logarithm_of_determinant(a):
        return 2 * np.sum(np.log(np.linalg.diagonal(np.linalg.cholesky((a + a.T) / 2))))

    assert_close(wg.grad(logarithm_of_determinant)(s), np.linalg.inv(s))


# --- the pseudoinverse and least squares -----------------------------------------------------------------------


def golub_pereyra(a, t):
    """The derivative of the pseudoinverse at constant rank, as the authors write it."""
    y = np.linalg.pinv(a, rcond=1e-10)
    m, n = a.shape
    return -y @ t @ y + y @ y.T @ t.T @ (np.eye(m) - a @ y) + (np.eye(n) - y @ a) @ t.T @ y.T @ y


RANKS = {
    "tall": TALL,
    "wide": TALL.T,
    "equal singular values": ORTHONORMAL,
    "rank 2 of 3": np.concatenate([TALL[:, :2], TALL[:, :1] - TALL[:, 1:2]], axis=1),
    "rank 2 of 3, equal singular values": np.concatenate([ORTHONORMAL[:, :2], np.zeros((5, 1))], axis=1),
    "rank 1": np.outer(B, [1.0, 2.0, -1.0]),
    "zero": np.zeros((5, 3)),
    "identity": np.eye(4),
}


@pytest.mark.parametrize("a", RANKS.values(), ids=RANKS)
def test_the_pseudoinverse_at_constant_rank(a):
    t, ct = RNG.normal(size=a.shape), RNG.normal(size=a.shape[::-1])

    def pinv(a):
        return np.linalg.pinv(a, rcond=1e-10)

    expected = golub_pereyra(a, t)
    assert_close(wg.jvp(pinv, (a,), (t,))[1], expected)
    assert_close(np.vdot(wg.vjp(pinv, a)[1](ct)[0], t), np.vdot(ct, expected))


@pytest.mark.parametrize("a", RANKS.values(), ids=RANKS)
def test_least_squares_at_constant_rank(a):
    b, t, b_dot = (RNG.normal(size=shape) for shape in (len(a), a.shape, len(a)))

    def solution(a, b):
        return np.linalg.lstsq(a, b, rcond=1e-10)[0]

    expected = golub_pereyra(a, t) @ b + np.linalg.pinv(a, rcond=1e-10) @ b_dot
    assert_close(wg.jvp(solution, (a, b), (t, b_dot))[1], expected)
    ct = RNG.normal(size=a.shape[1])
    a_bar, b_bar = wg.vjp(solution, a, b)[1](ct)
    assert_close(np.vdot(a_bar, t) + b_bar @ b_dot, ct @ expected)


@pytest.mark.parametrize("a", [ORTHONORMAL, ORTHONORMAL.T, np.eye(3), 2 * ORTHONORMAL[:, [0, 1]]])
def test_least_squares_at_equal_singular_values_to_the_second_order(a):
    wg.check(lambda a, b: np.linalg.lstsq(a, b)[0], a, B[: len(a)], order=2, step=1e-3)
    wg.check(np.linalg.pinv, a, order=2, step=1e-3)


def test_a_truncated_pseudoinverse_is_differentiated_as_it_is_truncated():
    # Of diag(2, 1) with rcond 0.6 the value 1/2 is left: the vectors that belong to it turn by t / (4 - 1) and 2t / 3.
    y, y_dot = wg.jvp(
        lambda a: np.linalg.pinv(a, rcond=0.6), (np.diag([2.0, 1.0]),), (np.array([[0.0, 1.0], [0.0, 0.0]]),)
    )
    assert_close(y, np.array([[0.5, 0.0], [0.0, 0.0]]))
    u_turn, v_turn = 1 / 3, 2 / 3
    assert_close(y_dot, 0.5 * np.array([[0.0, u_turn], [v_turn, 0.0]]))


def test_residuals_are_there_for_more_equations_than_unknowns_of_full_rank():
    x, residuals, rank, s = np.linalg.lstsq(wg.tensor(TALL, requires_grad=True), B)
    assert residuals.shape == (1,)
    assert rank.dtype == np.int32
    assert (rank, s.shape, x.shape) == (3, (3,), (3,))
    gradient = wg.grad(lambda b: np.sum(np.linalg.lstsq(TALL, b)[1]))(B)
    assert_close(gradient, 2 * (B - TALL @ np.linalg.lstsq(TALL, B)[0]))  # x is stationary
    for a in (RANKS["rank 2 of 3"], TALL.T):
        tensor = wg.tensor(a, requires_grad=True)
        assert np.linalg.lstsq(tensor, B[: len(a)])[1].shape == np.linalg.lstsq(a, B[: len(a)])[1].shape == (0,)


def test_the_rank_is_flat():
    _, (y, _) = wg.jvp(lambda a: (a, np.linalg.lstsq(a, B)[2] + np.linalg.matrix_rank(a)), (TALL,), (TALL,))
    assert y.shape == TALL.shape
    assert np.linalg.matrix_rank(wg.tensor(np.ones((2, 2)), requires_grad=True)) == 1
    assert np.linalg.matrix_rank(wg.tensor(np.zeros(3), requires_grad=True)) == 0
    assert not np.any(wg.grad(lambda a: np.linalg.lstsq(a, B)[2] * 1.0)(TALL))


def test_the_rank_that_was_found_is_the_rank_that_is_differentiated():
    """Also where the smallest singular value lies at the threshold itself."""
    for factor in (1 - 1e-13, 1.0, 1 + 1e-13):
        a = np.diag([1.0, 0.5 * factor])
        x, _, rank, _ = np.linalg.lstsq(a, np.ones(2), rcond=0.5)
        gradient = wg.grad(lambda b, a=a: np.sum(np.linalg.lstsq(a, b, rcond=0.5)[0]))(np.ones(2))
        assert_close(gradient, [1.0, 2 / factor if rank == 2 else 0.0])
        assert_close(x, gradient)


# --- empty arrays, integers, mixed operands --------------------------------------------------------------------

EMPTY = {
    "det": (np.linalg.det, [(0, 0)]),
    "det of no matrices": (np.linalg.det, [(0, 3, 3)]),
    "slogdet": (lambda a: np.linalg.slogdet(a)[1], [(2, 0, 0)]),
    "inv": (np.linalg.inv, [(0, 0)]),
    "inv of no matrices": (np.linalg.inv, [(0, 3, 3)]),
    "solve": (np.linalg.solve, [(0, 0), (0, 2)]),
    "solve for a vector": (np.linalg.solve, [(0, 0), (0,)]),
    "solve for nothing": (lambda a, b: np.linalg.solve(a + np.eye(3), b), [(3, 3), (3, 0)]),
    "solve no equations": (np.linalg.solve, [(0, 3, 3), (3, 2)]),
    "cholesky": (np.linalg.cholesky, [(0, 0)]),
    "cholesky of no matrices": (lambda a: np.linalg.cholesky(a, upper=True), [(0, 2, 2)]),
    "pinv": (np.linalg.pinv, [(0, 3)]),
    "pinv of a batch": (np.linalg.pinv, [(2, 3, 0)]),
    "pinv of no matrices": (np.linalg.pinv, [(0, 3, 2)]),
    "lstsq without equations": (lambda a, b: np.linalg.lstsq(a, b)[0], [(0, 3), (0, 2)]),
    "lstsq without unknowns": (lambda a, b: np.linalg.lstsq(a, b)[0], [(3, 0), (3,)]),
    "lstsq for nothing": (lambda a, b: np.linalg.lstsq(a + np.eye(3), b)[0], [(3, 3), (3, 0)]),
    "tensorsolve": (np.linalg.tensorsolve, [(0, 0), (0,)]),
}


@pytest.mark.parametrize(("function", "shapes"), EMPTY.values(), ids=EMPTY)
def test_matrices_without_elements(function, shapes):
    args = [np.zeros(shape) for shape in shapes]
    expected = function(*args)
    y, pullback = wg.vjp(function, *args)
    assert_close(y, expected)
    assert [x_bar.shape for x_bar in pullback(np.ones(np.shape(expected)))] == shapes
    assert np.shape(wg.jvp(function, args, args)[1]) == np.shape(expected)


def test_a_plain_operand_beside_a_value():
    integers = np.array([[2, 1], [1, 3]])
    assert_close(wg.jacobian(lambda b: np.linalg.solve(integers, b))(np.ones(2)), np.linalg.inv(integers))
    assert_close(wg.jacobian(lambda b: np.linalg.solve([[2, 1], [1, 3]], b))(np.ones(2)), np.linalg.inv(integers))
    gradient = wg.grad(lambda a: np.sum(np.linalg.solve(a, [1, 2])))(integers.astype(float))
    inverse = np.linalg.inv(integers)
    assert_close(gradient, -np.outer(inverse.T @ np.ones(2), inverse @ [1, 2]))
    assert_close(wg.jacobian(lambda b: np.linalg.lstsq(integers, b)[0])(np.ones(2)), inverse)


# --- NumPy's errors --------------------------------------------------------------------------------------------


def tensors(function, *args):
    function(*(wg.tensor(x, requires_grad=True) for x in args))


def duals(function, *args):
    wg.jvp(function, args, args)


def tapes(function, *args):
    wg.tape(function, *args)


def traces(function, *args):
    wg.trace(function)(*args)


SINGULAR = np.ones((3, 3))
OF_VALUES = {
    "inv": (np.linalg.inv, SINGULAR),
    "solve": (np.linalg.solve, SINGULAR, np.ones(3)),
    "cholesky": (np.linalg.cholesky, -np.eye(2)),
    "cholesky upper": (lambda a: np.linalg.cholesky(a, upper=True), -np.eye(2)),
    "matrix_power": (lambda a: np.linalg.matrix_power(a, -2), SINGULAR),
    "tensorinv": (lambda a: np.linalg.tensorinv(a, ind=1), SINGULAR),
    "tensorsolve": (np.linalg.tensorsolve, SINGULAR, np.ones(3)),
    "float16": (np.linalg.inv, np.eye(2, dtype=np.float16)),
}
OF_SHAPES = {
    "det": (np.linalg.det, np.ones((2, 3))),
    "det of a vector": (np.linalg.det, np.ones(3)),
    "slogdet": (np.linalg.slogdet, np.ones((2, 3))),
    "inv": (np.linalg.inv, np.ones((2, 3))),
    "inv of a number": (np.linalg.inv, np.float64(1)),
    "cholesky": (np.linalg.cholesky, np.ones((2, 3))),
    "solve": (np.linalg.solve, np.ones((2, 3)), np.ones(3)),
    "solve for a vector": (np.linalg.solve, np.ones(3), np.ones(3)),
    "pinv of a vector": (np.linalg.pinv, np.ones(3)),
    "pinv of Hermitian": (lambda a: np.linalg.pinv(a, hermitian=True), np.ones((2, 3))),
    "pinv with two thresholds": (lambda a: np.linalg.pinv(a, 1e-3, rtol=1e-3), SINGULAR),
    "matrix_rank with two thresholds": (lambda a: np.linalg.matrix_rank(a, 1e-3, rtol=1e-3), SINGULAR),
    "lstsq": (np.linalg.lstsq, np.eye(3), np.ones(2)),
    "lstsq of a batch": (np.linalg.lstsq, np.ones((2, 3, 3)), np.ones(2)),
    "lstsq for a number": (np.linalg.lstsq, np.eye(3), np.float64(1)),
    "tensorinv": (np.linalg.tensorinv, np.ones((2, 3, 4))),
    "tensorinv ind": (lambda a: np.linalg.tensorinv(a, 0), SINGULAR),
    "tensorsolve": (np.linalg.tensorsolve, np.ones((2, 3, 4)), np.ones(3)),
    "tensorsolve axes": (lambda a, b: np.linalg.tensorsolve(a, b, axes=(7,)), SINGULAR, np.ones(3)),
    "matrix_power": (lambda a: np.linalg.matrix_power(a, 2), np.ones((2, 3))),
    "matrix_power exponent": (lambda a: np.linalg.matrix_power(a, 1.5), SINGULAR),
}


def assert_same_error(run, function, args):
    with pytest.raises(Exception) as expected:  # noqa: PT011  # whatever NumPy raises
        function(*args)
    with pytest.raises(expected.type) as found:
        run(function, *args)
    assert expected.type in type(found.value).__mro__
    assert str(found.value).split("\n")[0] == str(expected.value)


@pytest.mark.parametrize(("function", "args"), [(f, args) for f, *args in OF_VALUES.values()], ids=OF_VALUES)
@pytest.mark.parametrize("run", [tensors, duals, tapes])
def test_an_error_of_numpy_about_values_is_raised_on_values_of_all_kinds(run, function, args):
    assert_same_error(run, function, args)


@pytest.mark.parametrize(("function", "args"), [(f, args) for f, *args in OF_SHAPES.values()], ids=OF_SHAPES)
@pytest.mark.parametrize("run", [tensors, duals, tapes, traces])
def test_an_error_of_numpy_about_shapes_is_raised_on_values_of_all_kinds(run, function, args):
    assert_same_error(run, function, args)


def test_a_trace_takes_the_rank_for_full():
    lst = wg.trace(np.linalg.lstsq)(TALL, B)
    for found, expected in zip(lst(TALL, B), np.linalg.lstsq(TALL, B), strict=True):
        assert_close(found, expected)


# --- columns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("batch", [(), (2,)])
def test_the_columns_of_a_right_hand_side_do_not_mix(mode, batch):
    """The derivative of a column that has no part in the result is zero, whatever its partials are."""
    b = np.abs(np.random.default_rng(3).normal(size=(*batch, 3, 3)))
    b[..., 0] = 0

    def f(b):
        return np.sum(np.linalg.solve(A, np.sqrt(b))[..., 1])

    expected = np.zeros_like(b)
    expected[..., 1] = np.linalg.solve(A.T, np.ones(3)) / (2 * np.sqrt(b[..., 1]))
    assert_close(wg.jacobian(f, mode=mode)(b), expected)


@pytest.mark.parametrize("mode", MODES)
def test_the_rows_of_a_right_hand_side_mix(mode):
    """All numbers of a column depend on its square root at 0, whose derivative is infinite."""
    b = np.array([[0.0, 1.0], [1.0, 4.0], [1.0, 1.0]])
    found = wg.jacobian(lambda b: np.linalg.solve(A, np.sqrt(b))[1, 0], mode=mode)(b)
    assert np.isinf(found[0, 0])
    assert np.all(np.isfinite(found[1:, 0]))
    assert_close(found[:, 1], np.zeros(3))


# --- another library -------------------------------------------------------------------------------------------


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["det", "inv", "cholesky", "pinv", "logdet"])
def test_gradients_and_hessians_agree_with_pytorch(name):
    import torch

    s = A @ A.T + np.eye(3)
    ours = {"logdet": lambda a: np.linalg.slogdet(a)[1]}.get(name) or getattr(np.linalg, name)
    theirs = getattr(torch.linalg, name, None) or torch.logdet
    weights = RNG.normal(size=np.shape(ours(s)))

    def f(a):
        return np.sum(weights * np.sin(ours((a + a.T) / 2)))

    def g(a):
        return (torch.tensor(weights) * torch.sin(theirs((a + a.T) / 2))).sum()

    assert_close(wg.grad(f)(s), torch.func.grad(g)(torch.tensor(s)).numpy(), 1e-10)
    assert_close(wg.hessian(f)(s), torch.func.hessian(g)(torch.tensor(s)).numpy(), 1e-9)
