"""Histograms: linear in the weights, flat in the data but for the edges that follow from them."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from rules.refusing import assert_refused_as_numpy_does

A = np.array([0.1, 0.7, 0.35, 0.9, 0.2, 0.75])
W = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])


def test_the_weights_of_a_bin_are_summed():
    jacobian = wg.jacobian(lambda w: np.histogram(A, [0, 0.3, 0.5, 1.0], weights=w)[0])(W)
    np.testing.assert_array_equal(jacobian, [[1, 0, 0, 0, 1, 0], [0, 0, 1, 0, 0, 0], [0, 1, 0, 1, 0, 1]])


def test_elements_on_edges_and_outside():
    """A bin has its lower edge, the last one the upper one as well; what is outside, or nan, has no part."""
    a = np.array([-1.0, 0.0, 0.5, 1.0, 1.5, np.nan])
    for bins in ([0.0, 0.5, 1.0], 2):
        options = {} if bins != 2 else {"range": (0.0, 1.0)}
        found, edges = np.histogram(wg.tensor(a, requires_grad=True), bins, **options)
        expected = np.histogram(a, bins, **options)
        np.testing.assert_array_equal(found.numpy() if isinstance(found, wg.Tensor) else found, expected[0])
        np.testing.assert_array_equal(edges, expected[1])
        jacobian = wg.jacobian(lambda w, b=bins, o=options: np.histogram(a, b, weights=w, **o)[0])(W)
        np.testing.assert_array_equal(jacobian, [[0, 1, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0]])


def test_counts_are_whole_numbers_without_a_derivative():
    n, edges = np.histogram(wg.tensor(A, requires_grad=True), 3)
    assert n.dtype == np.histogram(A, 3)[0].dtype
    assert not getattr(n, "requires_grad", False)
    assert edges.requires_grad
    assert not np.any(wg.jvp(lambda a: np.histogram(a, 3)[0], (A,), (A,))[1])


def test_edges_follow_from_the_least_and_the_largest_element():
    jacobian = wg.jacobian(lambda a: np.histogram(a, 2)[1])(A)
    np.testing.assert_allclose(jacobian[0], [1, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(jacobian[1], [0.5, 0, 0, 0.5, 0, 0])
    np.testing.assert_allclose(jacobian[2], [0, 0, 0, 1, 0, 0])
    np.testing.assert_array_equal(np.histogram_bin_edges(wg.tensor(A), 7).numpy(), np.histogram_bin_edges(A, 7))


def test_equal_elements_have_edges_a_half_to_each_side():
    a = np.full(3, 2.0)
    edges, pullback = wg.vjp(lambda a: np.histogram_bin_edges(a, 2), a)
    np.testing.assert_array_equal(edges, [1.5, 2.0, 2.5])
    np.testing.assert_allclose(pullback(np.array([1.0, 0, 0]))[0], np.full(3, 1 / 3))


def test_a_density_integrates_to_one():
    """Whatever the weights and the edges are: so the derivative of the integral is zero."""

    def integral(a, w):
        density, edges = np.histogram(a, 4, density=True, weights=w)
        return np.sum(density * np.diff(edges))

    total, (a_bar, w_bar) = wg.value_and_grad(integral, argnums=(0, 1))(A, W)
    assert total == pytest.approx(1)
    np.testing.assert_allclose(a_bar, np.zeros(6), atol=1e-14)
    np.testing.assert_allclose(w_bar, np.zeros(6), atol=1e-14)


def test_a_density_in_several_dimensions_integrates_to_one():
    def integral(w):
        density, (x, y) = np.histogramdd([A, A[::-1]], (2, 3), density=True, weights=w)
        return np.sum(density * np.diff(x)[:, None] * np.diff(y))

    total, w_bar = wg.value_and_grad(integral)(W)
    assert total == pytest.approx(1)
    np.testing.assert_allclose(w_bar, np.zeros(6), atol=1e-14)


def test_data_weights_and_edges_may_be_plain_or_values():
    expected = np.histogram2d(A, A[::-1], [2, 3], weights=W)[0]
    for x, y, w in ((wg.tensor(A), A[::-1], W), (A, wg.tensor(A[::-1]), W), (A, A[::-1], wg.tensor(W))):
        found = np.histogram2d(x, y, [2, 3], weights=w)[0]
        np.testing.assert_array_equal(np.asarray(found), expected)
    edges = wg.tensor([0.0, 0.5, 1.0])
    np.testing.assert_array_equal(
        np.asarray(np.histogram2d(A, A, [edges, edges])[0]), np.histogram2d(A, A, [[0, 0.5, 1]] * 2)[0]
    )


def test_sums_by_bin_number():
    gradient = wg.grad(lambda w: np.array([1.0, 10, 100, 1000]) @ np.bincount([3, 0, 3, 1, 0, 0], w, 4))(W)
    np.testing.assert_array_equal(gradient, [1000, 1, 1000, 10, 1, 1])
    assert np.bincount([1, 1], wg.tensor(np.float32([1, 2]))).dtype == np.float64
    np.testing.assert_array_equal(np.bincount(wg.tensor([1, 3])), [0, 1, 0, 1])


def test_nothing():
    for function in (lambda a: np.histogram(a, 3)[0], lambda a: np.histogram(a, 2, weights=a)[0]):
        np.testing.assert_array_equal(np.asarray(function(wg.tensor(np.zeros(0)))), function(np.zeros(0)))
    assert wg.vjp(lambda w: np.bincount(np.zeros(0, int), w), np.zeros(0))[0].shape == (0,)


def test_an_estimated_number_of_bins_cannot_be_traced():
    with pytest.raises(wg.TraceError, match="The number of bins depends on the values"):
        wg.trace(lambda a: np.histogram(a, "auto")[1])(A)
    with pytest.raises(wg.TraceError, match="shape of its result depends on the values"):
        wg.trace(lambda a: np.bincount(np.rint(a).astype(int), a))(A)


WRONG = {
    "an unknown estimator": lambda a: np.histogram(a, "x"),
    "an estimator for weights": lambda a: np.histogram(a, "auto", weights=a),
    "no bins": lambda a: np.histogram(a, 0),
    "half a bin": lambda a: np.histogram(a, 2.5),
    "a matrix of edges": lambda a: np.histogram(a, [[1, 2]]),
    "falling edges": lambda a: np.histogram(a, [2, 1]),
    "a falling range": lambda a: np.histogram(a, 3, (2, 1)),
    "an infinite range": lambda a: np.histogram(a, 3, (0, np.inf)),
    "infinite data": lambda a: np.histogram(a * np.inf, 3),
    "weights of another shape": lambda a: np.histogram(a, weights=a[:2]),
    "no bins in the plane": lambda a: np.histogram2d(a, a, 0),
    "three edges in the plane": lambda a: np.histogramdd([a, a], [1, 2, 3]),
    "one range for two": lambda a: np.histogramdd([a, a], 2, [(0, 1)]),
    "pairs of other lengths": lambda a: np.histogram2d(a, a[:2]),
    "negative numbers": lambda a: np.bincount([-1, 2], a[:2]),
    "numbers that are not whole": np.bincount,
    "too few weights": lambda a: np.bincount([1, 2], a),
    "complex weights": lambda a: np.bincount([1, 2], a[:2] * 1j),
    "a negative length": lambda a: np.bincount([1, 2], a[:2], -1),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("function", WRONG.values(), ids=WRONG)
def test_wrong_arguments_raise_numpys_exceptions(function):
    assert_refused_as_numpy_does(function, A)


def test_the_places_may_change_after_the_call():
    places = np.array([0, 1, 1, 0, 2, 0])
    _, pullback = wg.vjp(lambda w: np.bincount(places, w), W)
    expected = pullback(np.array([1.0, 2.0, 3.0]))[0]
    places[:] = 0
    np.testing.assert_array_equal(pullback(np.array([1.0, 2.0, 3.0]))[0], expected)
    np.testing.assert_array_equal(expected, [1, 2, 2, 1, 3, 1])
