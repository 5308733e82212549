"""Weighted means, covariances and correlations: special points and NumPy's exceptions."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from rules.refusing import assert_refused_as_numpy_does

RNG = np.random.default_rng(35)
X = RNG.standard_normal((3, 5))
W = RNG.uniform(0.5, 1, 5)


def test_a_covariance_is_the_mean_product_of_deviations():
    x, y = X[:2]
    covariance, pullback = wg.vjp(lambda x, y: np.cov(x, y)[0, 1], x, y)
    assert covariance == pytest.approx((x - x.mean()) @ (y - y.mean()) / 4)
    x_bar, y_bar = pullback(1.0)
    np.testing.assert_allclose(x_bar, (y - y.mean()) / 4, atol=1e-15)
    np.testing.assert_allclose(y_bar, (x - x.mean()) / 4, atol=1e-15)


def test_the_variance_on_the_diagonal():
    gradient = wg.grad(lambda x: np.cov(x, bias=True)[1, 1])(X)
    expected = np.zeros_like(X)
    expected[1] = wg.grad(np.var)(X[1])
    np.testing.assert_allclose(gradient, expected, atol=1e-15)


def test_a_correlation_does_not_see_scale_or_shift():
    correlation, pullback = wg.vjp(lambda x: np.corrcoef(x)[0, 2], X)
    x_bar = pullback(1.0)[0]
    np.testing.assert_allclose(np.sum(x_bar, axis=1), np.zeros(3), atol=1e-15)
    np.testing.assert_allclose(np.sum(x_bar * X, axis=1), np.zeros(3), atol=1e-15)
    assert correlation == pytest.approx(np.corrcoef(X)[0, 2])


def test_a_perfect_correlation_is_an_extremum_without_a_kink():
    """Rounding brings it beyond 1 for some data; the second derivative is that of the quotient all the same."""
    hessians = []
    for seed in range(20):
        x = np.random.default_rng(seed).standard_normal(6)
        y, gradient = wg.value_and_grad(lambda y, x=x: np.corrcoef(x, y)[0, 1])(3 * x + 1)
        assert y <= 1
        np.testing.assert_allclose(gradient, np.zeros(6), atol=1e-14)
        hessians.append(np.linalg.eigvalsh(wg.hessian(lambda y, x=x: np.corrcoef(x, y)[0, 1])(3 * x + 1))[0])
    assert max(hessians) < -1e-3


def test_a_single_variable():
    assert wg.vjp(np.cov, X[0])[0].shape == ()
    assert wg.value_and_grad(np.corrcoef)(X[0])[0] == 1.0
    np.testing.assert_allclose(wg.grad(np.corrcoef)(X[0]), np.zeros(5), atol=1e-15)


def test_no_variables():
    assert np.cov(wg.tensor(np.zeros((0, 3)))).shape == (0, 0)


def test_precision():
    x = np.float32(X)
    assert wg.vjp(np.cov, x)[0].dtype == np.float64
    covariance, pullback = wg.vjp(lambda x: np.cov(x, dtype=np.float32), x)
    assert covariance.dtype == np.cov(x, dtype=np.float32).dtype == np.float32
    assert pullback(np.ones((3, 3), np.float32))[0].dtype == np.float32


def test_one_observation_has_no_covariance():
    with pytest.warns(RuntimeWarning):
        assert np.isnan(np.cov(wg.tensor([[1.0]])).item())


def test_weights_that_are_known_when_traced():
    lst = wg.trace(lambda m: np.cov(m, aweights=W, fweights=[1, 2, 1, 1, 1]))(X)
    np.testing.assert_allclose(lst(X), np.cov(X, aweights=W, fweights=[1, 2, 1, 1, 1]), rtol=1e-13)


def test_a_mean_of_plain_numbers_with_weights_that_are_values():
    np.testing.assert_allclose(wg.grad(lambda w: np.average([1.0, 3.0], weights=w))(np.array([1.0, 1.0])), [-0.5, 0.5])


def test_weights_whose_sum_is_zero():
    for weights in (np.array([1.0, -1.0]), wg.tensor([1.0, -1.0])):
        with pytest.raises(ZeroDivisionError, match="Weights sum to zero, can't be normalized"):
            np.average(wg.tensor([1.0, 2.0]), weights=weights)


WRONG = {
    "ddof": lambda x: np.cov(x, ddof=0.5),
    "three axes": lambda x: np.cov(x[None]),
    "three axes of y": lambda x: np.cov(x, x[None]),
    "matrix of weights": lambda x: np.cov(x, aweights=np.ones((2, 2))),
    "too few weights": lambda x: np.cov(x, aweights=[1.0]),
    "negative weights": lambda x: np.cov(x, aweights=-W),
    "half frequencies": lambda x: np.cov(x, fweights=[0.5] * 5),
    "matrix of frequencies": lambda x: np.cov(x, fweights=np.ones((2, 2))),
    "too few frequencies": lambda x: np.cov(x, fweights=[1]),
    "negative frequencies": lambda x: np.cov(x, fweights=[-1] * 5),
    "weights without an axis": lambda x: np.average(x, weights=W),
    "weights of another length": lambda x: np.average(x, axis=0, weights=W),
}


@pytest.mark.parametrize("function", WRONG.values(), ids=WRONG)
def test_wrong_arguments_raise_numpys_exceptions(function):
    assert_refused_as_numpy_does(function, X)
