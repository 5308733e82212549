"""Set functions: the first of equal elements carries the derivative."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg

X = np.array([3.0, 1.0, 2.0, 1.0, 3.0])
OTHER = np.array([2.0, 1.0, 7.0])


def gradient(function, *args):
    """Of the sum of squares of the elements of the result."""
    reverse = wg.grad(lambda *args: np.sum(function(*args) ** 2), argnums=tuple(range(len(args))))(*args)
    for k, x in enumerate(args):
        forward = wg.jacobian(lambda *args: np.sum(function(*args) ** 2), argnums=k, mode="forward")(*args)
        np.testing.assert_array_equal(reverse[k], forward)
        assert forward.shape == x.shape
    return reverse[0] if len(args) == 1 else reverse


def test_the_first_of_equal_elements_carries_the_derivative():
    np.testing.assert_array_equal(gradient(np.unique, X), [6, 2, 4, 0, 0])
    for function in (np.unique_values, lambda x: np.unique_all(x).values, lambda x: np.unique_counts(x)[0]):
        np.testing.assert_array_equal(gradient(function, X), [6, 2, 4, 0, 0])


def test_of_two_arrays_the_first_carries_it():
    np.testing.assert_array_equal(gradient(np.intersect1d, X, OTHER)[0], [0, 2, 4, 0, 0])
    np.testing.assert_array_equal(gradient(np.intersect1d, X, OTHER)[1], [0, 0, 0])
    np.testing.assert_array_equal(gradient(np.union1d, X, OTHER)[0], [6, 2, 4, 0, 0])
    np.testing.assert_array_equal(gradient(np.union1d, X, OTHER)[1], [0, 0, 14])
    np.testing.assert_array_equal(gradient(np.setxor1d, X, OTHER)[0], [6, 0, 0, 0, 0])
    np.testing.assert_array_equal(gradient(np.setxor1d, X, OTHER)[1], [0, 0, 14])
    np.testing.assert_array_equal(gradient(np.setdiff1d, X, OTHER)[0], [6, 0, 0, 0, 0])
    np.testing.assert_array_equal(gradient(np.setdiff1d, X, OTHER)[1], [0, 0, 0])


def test_one_of_the_arrays_may_be_plain():
    np.testing.assert_array_equal(gradient(lambda x: np.union1d(OTHER, x), X), [6, 0, 0, 0, 0])
    np.testing.assert_array_equal(gradient(lambda x: np.intersect1d(x, [2, 3]), X), [6, 0, 4, 0, 0])


def test_rows():
    x = np.array([[1.0, 2.0], [0.0, 5.0], [1.0, 2.0]])
    np.testing.assert_array_equal(gradient(lambda x: np.unique(x, axis=0), x), [[2, 4], [0, 10], [0, 0]])
    np.testing.assert_array_equal(gradient(lambda x: np.unique(x.T, axis=-1), x), [[2, 4], [0, 10], [0, 0]])


def test_the_other_results_are_plain_and_numpys():
    options = {"return_index": True, "return_inverse": True, "return_counts": True}
    found, expected = np.unique(wg.tensor(X, requires_grad=True), **options), np.unique(X, **options)
    for y, wanted in zip(found[1:], expected[1:], strict=True):
        assert isinstance(y, np.ndarray)
        np.testing.assert_array_equal(y, wanted)
    assert isinstance(np.unique_inverse(wg.tensor(X)), type(np.unique_inverse(X)))


def test_nan_is_one_element_or_several():
    x = np.array([np.nan, 1.0, np.nan])
    for equal_nan in (True, False):
        found = np.unique(wg.tensor(x, requires_grad=True), equal_nan=equal_nan)
        np.testing.assert_array_equal(found.detach().numpy(), np.unique(x, equal_nan=equal_nan))
    np.testing.assert_array_equal(wg.grad(lambda x: np.nansum(np.unique(x)))(x), [0, 1, 0])


def test_membership_is_flat():
    x = wg.tensor(X, requires_grad=True)
    np.testing.assert_array_equal(np.isin(x, OTHER).numpy(), np.isin(X, OTHER))
    np.testing.assert_array_equal(np.isin(OTHER, x, invert=True).numpy(), np.isin(OTHER, X, invert=True))
    assert not np.any(wg.jvp(lambda x: np.isin(x, OTHER), (X,), (X,))[1])


@pytest.mark.parametrize("trim", ["fb", "f", "B"])
@pytest.mark.parametrize("axis", [None, 0, -1])
def test_zeros_are_trimmed_as_numpy_trims_them(trim, axis):
    x = np.zeros((5, 6))
    x[1:3, 2:5] = np.arange(1.0, 7).reshape(2, 3)
    found = np.trim_zeros(wg.tensor(x, requires_grad=True), trim, axis)
    np.testing.assert_array_equal(found.detach().numpy(), np.trim_zeros(x, trim, axis))
    np.testing.assert_array_equal(gradient(lambda x: np.trim_zeros(x, trim, axis), x), 2 * x)


@pytest.mark.parametrize("shape", [(3,), (0,), (2, 3)])
def test_nothing_is_left_of_zeros(shape):
    x = np.zeros(shape)
    for trim in ("fb", "f", "b"):
        assert np.trim_zeros(wg.tensor(x, requires_grad=True), trim).shape == np.trim_zeros(x, trim).shape


def test_an_empty_set():
    for function in (np.unique, lambda x: np.union1d(x, x), lambda x: np.intersect1d(x, [1.0])):
        y, pullback = wg.vjp(function, np.zeros(0))
        assert y.shape == pullback(np.zeros(0))[0].shape == (0,)


def test_wrong_arguments_raise_numpys_exceptions():
    x = wg.tensor(X)
    with pytest.raises(ValueError, match="unexpected character"):
        np.trim_zeros(x, "x")
    with pytest.raises(np.exceptions.AxisError, match="axis 2 is out of bounds"):
        np.unique(x, axis=2)
    with pytest.raises(ValueError, match="'table' method is only supported"):
        np.isin(x, OTHER, kind="table")


@pytest.mark.parametrize("function", [np.unique, np.unique_all, np.trim_zeros, lambda x: np.union1d(x, [1.0])])
def test_it_cannot_be_traced(function):
    with pytest.raises(wg.TraceError, match="shape of its result depends on the values") as caught:
        wg.trace(function)(X)
    assert caught.value.where.file == __file__
