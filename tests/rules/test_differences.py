"""Differences, numerical derivatives, integrals and unwrapped angles."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from rules.refusing import assert_refused_as_numpy_does

RNG = np.random.default_rng(34)
X = RNG.standard_normal((3, 5))
POINTS = np.cumsum(RNG.uniform(0.4, 1.0, 5))


def test_values_that_are_joined_to_plain_numbers():
    np.testing.assert_array_equal(wg.grad(lambda p: np.sum(np.diff([1.0, 2.0], prepend=p) ** 2))(3.0), 4.0)
    np.testing.assert_array_equal(wg.grad(lambda p: np.sum(np.ediff1d([1.0, 4.0], to_end=p) ** 2))(3.0), 6.0)
    np.testing.assert_array_equal(wg.grad(lambda h: np.gradient([1.0, 3.0, 7.0], h)[1])(0.5), -12.0)
    np.testing.assert_array_equal(wg.grad(lambda d: np.trapezoid([1.0, 3.0], dx=d))(0.5), 2.0)


def test_truths_differ_or_not():
    x = wg.tensor([True, False, False])
    np.testing.assert_array_equal(np.diff(x).numpy(), [True, False])


@pytest.mark.parametrize("edge_order", [1, 2])
def test_a_gradient_is_exact_for_polynomials(edge_order):
    """Of degree `edge_order`, at any points: its derivative in the points is that of the true slope."""

    def slopes(points):
        return np.gradient(points**edge_order, points, edge_order=edge_order)

    exact = edge_order * POINTS ** (edge_order - 1)
    np.testing.assert_allclose(wg.value_and_grad(lambda p: np.sum(slopes(p)))(POINTS)[0], np.sum(exact))
    if edge_order == 2:
        np.testing.assert_allclose(wg.jacobian(slopes)(POINTS), 2 * np.eye(5), atol=1e-12)


def test_points_at_equal_distances_are_like_any_others():
    """NumPy takes a shorter way there, with the same numbers."""
    points = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
    x = wg.tensor(X, requires_grad=True)
    for edge_order in (1, 2):
        found = np.gradient(x, points, axis=1, edge_order=edge_order).detach().numpy()
        np.testing.assert_allclose(found, np.gradient(X, points, axis=1, edge_order=edge_order), rtol=1e-13)
    jacobian = wg.jacobian(lambda p: np.gradient(X[0], p))(points)
    step = 1e-6
    bent = points + step * np.eye(5)[1]
    np.testing.assert_allclose(
        jacobian[:, 1], (np.gradient(X[0], bent) - np.gradient(X[0], points)) / step, rtol=1e-4, atol=1e-4
    )


def test_a_gradient_along_one_of_two_axes_has_one_result():
    assert np.gradient(wg.tensor(X), axis=1).shape == X.shape
    assert isinstance(np.gradient(wg.tensor(X)), tuple)
    assert np.gradient(wg.tensor([1, 4, 9])).dtype == np.float64


# --- angles ----------------------------------------------------------------------------------------------------


def test_the_number_of_periods_is_flat():
    p = np.array([0.0, 3.0, -3.0, 3.0, 9.5])
    for mode in ("forward", "reverse"):
        np.testing.assert_array_equal(wg.jacobian(np.unwrap, mode=mode)(p), np.eye(5))
    slope = wg.jvp(lambda p, q: np.unwrap(p, period=q), (p, 2 * np.pi), (np.zeros(5), 1.0))[1]
    np.testing.assert_allclose(slope, np.round((np.unwrap(p) - p) / (2 * np.pi)))


def test_a_step_of_half_a_period_stays_as_it_is():
    for step in (0.5, -0.5):
        p = np.array([0.0, step, 2 * step])
        np.testing.assert_array_equal(np.unwrap(wg.tensor(p), period=1).numpy(), np.unwrap(p, period=1))
        for mode in ("forward", "reverse"):
            np.testing.assert_array_equal(wg.jacobian(lambda p: np.unwrap(p, period=1.0), mode=mode)(p), np.eye(3))


def test_whole_numbers_are_unwrapped_to_whole_numbers():
    for period in (4, 5):
        p = np.array([0, 1, 2, -1, 0, 3])
        found = np.unwrap(wg.tensor(p), period=period)
        assert found.dtype == p.dtype
        np.testing.assert_array_equal(found.numpy(), np.unwrap(p, period=period))


# --- nothing, errors -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [np.diff, np.ediff1d, np.trapezoid, np.unwrap])
def test_of_one_element(function):
    x = np.array([2.0])
    y, pullback = wg.vjp(function, x)
    np.testing.assert_array_equal(y, function(x))
    assert pullback(np.ones(y.shape))[0].shape == (1,)


def test_of_nothing():
    for function in (np.diff, np.ediff1d, np.trapezoid):
        assert wg.vjp(function, np.zeros(0))[0].shape == function(np.zeros(0)).shape


WRONG = {
    "a negative order": lambda x: np.diff(x, -1),
    "a number": lambda x: np.diff(x[0, 0]),
    "axis": lambda x: np.diff(x, axis=2),
    "complex ends": lambda x: np.ediff1d(x, to_begin=1j),
    "edge order": lambda x: np.gradient(x, edge_order=3),
    "too few": lambda x: np.gradient(x[:1]),
    "too few for a parabola": lambda x: np.gradient(x[:2], edge_order=2, axis=0),
    "too many spacings": lambda x: np.gradient(x, 1, 2, 3),
    "a matrix of spacings": lambda x: np.gradient(x, X, axis=0),
    "another number of points": lambda x: np.gradient(x, [1, 2], axis=0),
    "axis of trapezoid": lambda x: np.trapezoid(x, axis=4),
}


@pytest.mark.parametrize("function", WRONG.values(), ids=WRONG)
def test_wrong_arguments_raise_numpys_exceptions(function):
    # NumPy's trapezoid raises an IndexError, which an AxisError is as well.
    assert_refused_as_numpy_does(function, X, same_words="trapezoid" not in function.__code__.co_names)
