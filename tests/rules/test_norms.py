"""Norms and condition numbers at zero, at ties, at equal singular values; empty arrays and errors."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest

import wengert as wg
from laws.mixes import mix_name, mixes, mixes_up_to, nested

inf, nan = math.inf, math.nan
RNG = np.random.default_rng(33)
V = np.array([0.5, -1.25, 2.0])
M = RNG.normal(size=(3, 4))
SQUARE = RNG.normal(size=(3, 3)) + 2 * np.eye(3)
MODES = ["forward", "reverse"]


def assert_close(found, expected, tolerance=1e-12):
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * max(1, np.max(np.abs(expected), initial=0)))


def jacobians(f, x):
    return [wg.jacobian(f, mode=mode)(x) for mode in MODES]


def hessians(f, x):
    return [wg.jacobian(wg.jacobian(f, mode=one), mode=other)(x) for one, other in itertools.product(MODES, MODES)]


# --- at zero ---------------------------------------------------------------------------------------------------

OF_VECTORS = [None, 1, 2, 3, 2.5, 1.5, 0.5, -1, -2, inf, -inf]
OF_MATRICES = [None, "fro", "nuc", 1, -1, 2, -2, inf, -inf]
AT_ZERO = {
    **{f"vector, {p}": (lambda x, p=p: np.linalg.norm(x, p), np.zeros(3)) for p in OF_VECTORS},
    **{f"complex vector, {p}": (lambda x, p=p: np.linalg.norm(x, p), np.zeros(2, complex)) for p in OF_VECTORS},
    **{f"rows, {p}": (lambda x, p=p: np.linalg.norm(x, p, axis=1), np.zeros((2, 3))) for p in OF_VECTORS},
    **{f"matrix, {p}": (lambda x, p=p: np.linalg.norm(x, p), np.zeros((2, 2))) for p in OF_MATRICES},
    "number": (np.linalg.norm, np.float64(0)),
    "vector_norm": (lambda x: np.linalg.vector_norm(x, axis=(0, 2)), np.zeros((2, 1, 2))),
}


@pytest.mark.parametrize(("f", "zero"), AT_ZERO.values(), ids=AT_ZERO)
def test_the_first_and_second_derivatives_of_a_norm_at_zero_are_zero(f, zero):
    x_dot = np.ones_like(zero)
    with np.errstate(divide="ignore"):  # NumPy divides by zero for negative orders
        y = f(zero)
    assert not np.any(y)
    assert not np.any(wg.jvp(f, (zero,), (x_dot,))[1])
    assert not np.any(wg.vjp(f, zero)[1](np.ones_like(y))[0])
    for modes in mixes(2):
        second = directional(directional(f, modes[0]), modes[1])
        np.testing.assert_array_equal(second(zero), np.zeros_like(second(zero)), err_msg=mix_name(modes))


def directional(f, mode):
    """The derivative along ones, or the gradient of the sum."""

    def forward(x):
        return wg.jvp(f, (x,), (np.ones(x.shape, x.dtype)[()],))[1]

    def reverse(x):
        y, pullback = wg.vjp(f, x)
        return pullback(np.ones(y.shape, y.dtype)[()])[0]

    return forward if mode == "forward" else reverse


def test_one_zero_row_among_others():
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    for found in jacobians(lambda x: np.linalg.norm(x, axis=1), x):
        assert_close(found, [[[0.6, 0.8], [0, 0]], [[0, 0], [0, 0]]])
    for found in hessians(lambda x: np.sum(np.linalg.norm(x, axis=1)), x):
        expected = np.zeros((2, 2, 2, 2))
        expected[0, :, 0] = np.array([[16, -12], [-12, 9]]) / 125
        assert_close(found, expected)


@pytest.mark.parametrize("p", [0.5, 1, 1.5, 2, 3, 4, 2.5])
def test_a_zero_among_the_elements(p):
    """It has the derivative 0, and those of the others are what they are without it."""
    x, without = np.array([0.5, 0.0, -2.0]), np.array([0.5, -2.0])
    for found in jacobians(lambda x: np.linalg.norm(x, p), x):
        assert found[1] == 0
        assert_close(found[[0, 2]], wg.grad(lambda x: np.linalg.norm(x, p))(without))
    for found in hessians(lambda x: np.linalg.norm(x, p), x):
        assert np.all(np.isfinite(found))
        assert_close(found[np.ix_([0, 2], [0, 2])], wg.hessian(lambda x: np.linalg.norm(x, p))(without))
        assert_close(found[1], [0, 1 / np.sqrt(4.25) if p == 2 else 0, 0])


@pytest.mark.parametrize("p", [-1, -0.5, -inf])
def test_a_zero_element_of_a_norm_of_negative_order(p):
    x = np.array([0.5, 0.0, -2.0])
    assert np.linalg.norm(wg.tensor(x, requires_grad=True), p) == 0
    for found in jacobians(lambda x: np.linalg.norm(x, p), x):
        np.testing.assert_array_equal(found, 0)


def test_the_norm_of_order_zero_is_flat():
    y, y_dot = wg.jvp(lambda x: np.linalg.norm(x, 0, axis=0) + 0 * x, (V,), (V,))
    np.testing.assert_array_equal(y, 3)
    np.testing.assert_array_equal(y_dot, 0)
    assert np.linalg.norm(wg.tensor(np.float32(V), requires_grad=True), 0).dtype == np.float32
    assert not np.any(wg.grad(lambda x: np.linalg.norm(x, ord=0))(V))


# --- ties ------------------------------------------------------------------------------------------------------


def test_ties_share_evenly():
    x = np.array([2.0, -2.0, 1.0])
    for found in jacobians(lambda x: np.linalg.norm(x, inf), x):
        assert_close(found, [0.5, -0.5, 0])
    for found in jacobians(lambda x: np.linalg.norm(x, -inf), x):
        assert_close(found, [0, 0, 1])
    a = np.array([[1.0, -2.0], [2.0, 1.0]])  # both columns and both rows have the sum 3
    for p in (1, -1, inf, -inf):
        for found in jacobians(lambda a, p=p: np.linalg.norm(a, p), a):
            assert_close(found, np.sign(a) / 2)


# --- equal and vanishing singular values -----------------------------------------------------------------------


def test_the_nuclear_norm_at_equal_singular_values():
    """At a rotation Q the gradient is Q, and the second derivative along QE the squared norm of the skew part of E."""
    q = np.linalg.qr(SQUARE)[0]
    e = RNG.normal(size=(3, 3))
    for found in jacobians(lambda a: np.linalg.norm(a, "nuc"), q):
        assert_close(found, q)
    for found in hessians(lambda a: np.linalg.norm(a, "nuc"), q):
        assert_close(np.tensordot(np.tensordot(found, q @ e, 2), q @ e, 2), np.sum(((e - e.T) / 2) ** 2))
    wg.check(lambda a: np.linalg.norm(a, "nuc"), np.linalg.qr(M.T)[0], order=2, step=1e-3)


def test_the_nuclear_norm_at_nearly_equal_singular_values_keeps_its_precision():
    a = np.diag([1.0, 1.0 + 1e-14, 1.0 - 1e-13])
    e = RNG.normal(size=(3, 3))
    for found in hessians(lambda a: np.linalg.norm(a, "nuc"), a):
        assert_close(np.tensordot(np.tensordot(found, e, 2), e, 2), np.sum(((e - e.T) / 2) ** 2))


def test_the_nuclear_norm_of_a_matrix_without_full_rank_takes_the_subgradient_of_least_norm():
    u, v = np.array([0.6, 0.8]), np.array([1.0, 2.0, 2.0]) / 3
    for a in (5 * np.outer(u, v), 5 * np.outer(v, u)):
        for found in jacobians(lambda a: np.linalg.norm(a, "nuc"), a):
            assert_close(found, a / 5)
        for found in hessians(lambda a: np.linalg.norm(a, "nuc"), a):
            assert np.all(np.isfinite(found))


def test_the_spectral_norm():
    u, _, vh = np.linalg.svd(M)
    for found in jacobians(lambda a: np.linalg.norm(a, 2), M):
        assert_close(found, np.outer(u[:, 0], vh[0]))
    for found in jacobians(lambda a: np.linalg.norm(a, -2), M):
        assert_close(found, np.outer(u[:, 2], vh[2]))


# --- condition numbers -----------------------------------------------------------------------------------------


def test_the_condition_number_of_a_diagonal_matrix():
    d = np.array([1.0, -4.0])
    for p, expected in ((None, [-4, -1]), (2, [-4, -1]), (-2, [0.25, 1 / 16]), (1, [-4, -1]), (inf, [-4, -1])):
        found = wg.grad(lambda d, p=p: np.linalg.cond(np.diag(d), p))(d)
        assert_close(found, expected)


@pytest.mark.parametrize("p", [1, -1, inf, -inf, "fro", None, 2])
def test_the_condition_number_of_a_singular_matrix_is_infinite_and_has_no_derivative(p):
    singular = np.zeros((2, 2)) if p in (None, 2) else np.array([[1.0, 2.0], [2.0, 4.0]])
    with np.errstate(all="ignore"):
        value, gradient = wg.value_and_grad(lambda a: np.linalg.cond(a, p))(singular)
        assert np.linalg.cond(singular, p) == value == inf
    assert np.any(np.isnan(gradient))


@pytest.mark.parametrize("p", [1, "fro", None])
def test_an_unselected_condition_number_contributes_exactly_zero(p):
    batch = np.stack([SQUARE[:2, :2], np.zeros((2, 2))])

    def f(a):
        return np.sum(np.where([True, False], np.linalg.cond(a, p), 0))

    with np.errstate(all="ignore"):
        gradient = wg.grad(f)(batch)
        assert_close(gradient[0], wg.grad(lambda a: np.linalg.cond(a, p))(batch[0]))
    np.testing.assert_array_equal(gradient[1], 0)


def test_a_nan_stays_a_nan():
    a = np.array([[nan, 1.0], [0.0, 1.0]])
    assert np.isnan(np.linalg.cond(wg.tensor(a, requires_grad=True), 1).detach().numpy())
    for p in OF_VECTORS[:-1]:
        assert np.isnan(np.linalg.norm(wg.tensor(a[0], requires_grad=True), p).detach().numpy())


# --- large and small numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e150, 1e-150])
def test_the_direction_of_large_and_small_vectors(scale):
    for found in jacobians(np.linalg.norm, scale * np.array([3.0, 4.0])):
        np.testing.assert_allclose(found, [0.6, 0.8], rtol=1e-14)
    for p in (1, inf, -inf):
        for found in jacobians(lambda x, p=p: np.linalg.norm(x, p), 1e308 / 1e150 * scale * np.array([0.3, 0.4])):
            assert np.all(np.isfinite(found))


@pytest.mark.parametrize("p", [3, 0.5, 40, -3])
def test_a_norm_of_another_order_of_large_numbers(p):
    x = np.array([3.0, 4.0])
    expected = wg.grad(lambda x: np.linalg.norm(x, p))(x)
    for scale in (1e5, 1e-5):
        np.testing.assert_allclose(wg.grad(lambda x: np.linalg.norm(x, p))(scale * x), expected, rtol=1e-12)


# --- the order as a variable -----------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [1.0, 2.0, 2.5, -1.5])
@pytest.mark.parametrize("modes", mixes_up_to(2), ids=mix_name)
def test_the_derivative_by_the_order(p, modes):
    def norm(p):
        return mpmath.power(sum(mpmath.power(abs(x), p) for x in V), 1 / p)

    # NumPy asks the array alone whether it carries a derivative.
    found = nested(lambda p: np.linalg.norm(V + 0 * p, p), modes)(np.float64(p))
    np.testing.assert_allclose(found, float(mpmath.diff(norm, p, len(modes))), rtol=1e-9)


# --- empty arrays and errors -----------------------------------------------------------------------------------

EMPTY = {
    "of nothing": (np.linalg.norm, (0,)),
    "of an empty matrix": (np.linalg.norm, (0, 3)),
    "inf": (lambda x: np.linalg.norm(x, inf), (0,)),
    "1": (lambda x: np.linalg.norm(x, 1, axis=0), (0, 2)),
    "3": (lambda x: np.linalg.norm(x, 3, axis=1), (2, 0)),
    "of no rows": (lambda x: np.linalg.norm(x, -inf, axis=1), (0, 2)),
    "matrix 1": (lambda x: np.linalg.norm(x, 1), (3, 0)),
    "matrix inf": (lambda x: np.linalg.norm(x, inf), (0, 3)),
    "matrix 2": (lambda x: np.linalg.norm(x, 2), (3, 0)),
    "nuc": (lambda x: np.linalg.norm(x, "nuc"), (3, 0)),
    "nuc wide": (lambda x: np.linalg.norm(x, "nuc"), (0, 3)),
    "no matrices": (lambda x: np.linalg.matrix_norm(x, ord="nuc"), (0, 3, 2)),
    "cond of no matrices": (lambda x: np.linalg.cond(x, 1), (0, 3, 3)),
    "vector_norm over no axes": (lambda x: np.linalg.vector_norm(x, axis=()), (2, 0)),
}


@pytest.mark.parametrize(("function", "shape"), EMPTY.values(), ids=EMPTY)
def test_arrays_without_elements(function, shape):
    x = np.zeros(shape)
    y, pullback = wg.vjp(function, x)
    np.testing.assert_array_equal(y, function(x))
    assert np.shape(y) == np.shape(function(x))
    assert pullback(np.ones_like(y))[0].shape == shape


CUBE = np.ones((2, 3, 4))
REFUSED = {
    "vectors by name": (lambda x: np.linalg.norm(x, "x", axis=0), V),
    "vectors by the name of a norm of matrices": (lambda x: np.linalg.norm(x, "fro", axis=0), V),
    "vector_norm": (lambda x: np.linalg.vector_norm(x, ord="x"), CUBE),
    "matrices by name": (lambda x: np.linalg.norm(x, "x"), M),
    "matrices by number": (lambda x: np.linalg.norm(x, 3), M),
    "matrix_norm": (lambda x: np.linalg.matrix_norm(x, ord="x"), CUBE),
    "three axes": (lambda x: np.linalg.norm(x, 1), CUBE),
    "no axes": (lambda x: np.linalg.norm(x, axis=()), CUBE),
    "twice the same axis": (lambda x: np.linalg.norm(x, axis=(0, 0)), CUBE),
    "twice the same axis of vector_norm": (lambda x: np.linalg.vector_norm(x, axis=(0, 0)), CUBE),
    "an axis too large": (lambda x: np.linalg.norm(x, axis=5), CUBE),
    "an axis too large among two": (lambda x: np.linalg.norm(x, 2, axis=(0, 5)), CUBE),
    "an axis of vector_norm": (lambda x: np.linalg.vector_norm(x, axis=4), CUBE),
    "an axis that is no number": (lambda x: np.linalg.norm(x, axis="x"), CUBE),
    "matrix_norm of a vector": (np.linalg.matrix_norm, V),
    "cond of a vector": (np.linalg.cond, V),
    "cond of a rectangle": (lambda x: np.linalg.cond(x, 1), M),
    "cond of nothing": (np.linalg.cond, np.zeros((0, 0))),
    "cond by name": (lambda x: np.linalg.cond(x, "x"), SQUARE),
}


def tensors(function, x):
    function(wg.tensor(x, requires_grad=True))


def traces(function, x):
    wg.trace(function)(x)


@pytest.mark.parametrize(("function", "x"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("run", [tensors, traces])
def test_what_numpy_refuses_is_refused(run, function, x):
    with pytest.raises((ValueError, TypeError)) as expected:
        function(x)
    with pytest.raises(expected.type) as found:
        run(function, x)
    assert str(found.value).split("\n")[0] == str(expected.value)


def test_the_minimum_of_no_elements_is_refused():
    with pytest.raises(ValueError, match="zero-size array to reduction operation minimum which has no identity"):
        np.linalg.norm(wg.tensor(np.zeros(0), requires_grad=True), -inf)


def test_integers_are_taken_as_numbers():
    x = wg.tensor(np.array([3, 4]))
    assert np.linalg.norm(x).item() == np.linalg.vector_norm(x).item() == 5
    assert np.linalg.norm(x, 1).dtype == np.float64


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("p", ["fro", "nuc", 2, -2, 1, inf])
def test_gradients_and_hessians_agree_with_pytorch(p):
    import torch

    found = wg.grad(lambda a: np.linalg.norm(a, p))(M)
    assert_close(found, torch.func.grad(lambda a: torch.linalg.matrix_norm(a, p))(torch.tensor(M)).numpy())
    found = wg.hessian(lambda a: np.linalg.norm(a, p))(M)
    assert_close(found, torch.func.hessian(lambda a: torch.linalg.matrix_norm(a, p))(torch.tensor(M)).numpy(), 1e-10)
