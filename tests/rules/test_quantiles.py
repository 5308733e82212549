"""Order statistics: ties, ends, nan, q as a variable, NumPy's exceptions."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from rules.refusing import assert_refused_as_numpy_does

RNG = np.random.default_rng(32)
X = 0.3 * RNG.permutation(12).reshape(3, 4) - 1.1
CONTINUOUS = [
    "linear", "hazen", "weibull", "median_unbiased", "normal_unbiased", "interpolated_inverted_cdf",
]  # fmt: skip
DISCRETE = [
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "lower", "higher", "midpoint", "nearest",
]  # fmt: skip
FRACTIONS = [0.0, 0.05, 0.25, 1 / 3, 0.5, 0.7, 0.99, 1.0]


def both_modes(function, x):
    x = np.asarray(x, float)
    reverse, forward = wg.grad(function)(x), wg.jacobian(function, mode="forward")(x)
    np.testing.assert_array_equal(forward, reverse)
    return reverse


# --- values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", CONTINUOUS + DISCRETE)
@pytest.mark.parametrize("n", [1, 2, 3, 8])
@pytest.mark.parametrize("function", [np.quantile, np.nanquantile])
def test_every_method_at_every_fraction(function, method, n):
    x = RNG.standard_normal((2, n))
    with_nan = np.concatenate([x, np.full((2, 2), np.nan)], axis=1) if function is np.nanquantile else x
    for q in FRACTIONS:
        found = wg.jvp(lambda x, q=q: function(x, q, axis=1, method=method), (with_nan,), (with_nan,))[0]
        np.testing.assert_allclose(found, np.quantile(x, q, axis=1, method=method), rtol=1e-14)
        of_values = wg.jvp(lambda q: function(with_nan, q, axis=1, method=method), (q,), (1.0,))[0]
        np.testing.assert_allclose(of_values, found, rtol=1e-14)


def test_the_ends_are_exact():
    x = np.array([-1e30, 1.0, 3.0])
    for q, expected in ((1.0, 3.0), (0.5, 1.0), (0.0, -1e30)):
        assert wg.value_and_grad(lambda x, q=q: np.quantile(x, q))(x)[0] == expected
        assert wg.value_and_grad(lambda q: np.quantile(x, q))(q)[0] == expected


@pytest.mark.parametrize("q", [0.5, [0.25, 0.5], np.float32(0.5), np.array([[0.1], [0.7]])])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_numpys(q, dtype):
    x = X.astype(dtype)
    for method in ("linear", "lower", "midpoint"):
        expected = np.quantile(x, q, axis=0, method=method)
        y, y_dot = wg.jvp(lambda x, m=method: np.quantile(x, q, axis=0, method=m), (x,), (x,))
        assert (y.dtype, y.shape) == (expected.dtype, expected.shape)
        assert (y_dot.dtype, y_dot.shape) == (expected.dtype, expected.shape)


def test_integers():
    x = wg.tensor([[5, 1, 4], [2, 9, 3]])
    for function in (
        lambda x: np.median(x, axis=0), lambda x: np.quantile(x, 0.3), lambda x: np.quantile(x, 0.5, method="lower"),
        lambda x: np.quantile(x, [0, 1], axis=1), np.nanmedian, lambda x: np.nanpercentile(x, 40),
    ):  # fmt: skip
        expected = function(x.numpy())
        assert function(x).dtype == expected.dtype
        np.testing.assert_allclose(function(x).numpy(), expected)


# --- derivatives in the data -----------------------------------------------------------------------------------


def test_a_median_belongs_to_the_middle():
    np.testing.assert_array_equal(both_modes(np.median, [3, 1, 2.0]), [0, 0, 1])
    np.testing.assert_array_equal(both_modes(np.median, [3, 1, 2, 7.0]), [0.5, 0, 0.5, 0])


def test_a_percentile_is_shared_by_its_neighbours():
    np.testing.assert_allclose(both_modes(lambda x: np.percentile(x, 60), [9, 0, 4.0]), [0.2, 0, 0.8], rtol=1e-14)
    np.testing.assert_allclose(both_modes(lambda x: np.quantile(x, 0.6, method="weibull"), [9, 0, 4.0]), [0.4, 0, 0.6])
    np.testing.assert_array_equal(both_modes(lambda x: np.quantile(x, 0.6, method="higher"), [9, 0, 4.0]), [1, 0, 0])
    np.testing.assert_array_equal(
        both_modes(lambda x: np.quantile(x, 0.6, method="midpoint"), [9, 0, 4.0]), [0.5, 0, 0.5]
    )


def test_equal_elements_count_in_the_order_in_which_they_stand():
    np.testing.assert_array_equal(both_modes(np.median, [2, 2, 2.0]), [0, 1, 0])
    np.testing.assert_array_equal(both_modes(lambda x: np.quantile(x, 1.0), [5, 1, 5.0]), [0, 0, 1])
    assert both_modes(np.median, np.ones(7)).sum() == 1


def test_the_other_elements_have_no_part():
    """The derivative of the root is infinite at 0."""
    x = np.array([0.0, 4.0, 1.0, 9.0, 0.0])
    for function, expected in (
        (lambda x: np.median(np.sqrt(x)), [0, 0, 0.5, 0, 0]),
        (lambda x: np.percentile(np.sqrt(x), 100), [0, 0, 0, 1 / 6, 0]),
        (lambda x: np.nanquantile(np.sqrt(x - np.where(x == 9, np.nan, 0)), 1.0), [0, 0.25, 0, 0, 0]),
        (lambda x: np.quantile(np.sqrt(x), 0.6, weights=np.ones(5), method="inverted_cdf"), [0, 0, 0.5, 0, 0]),
    ):
        np.testing.assert_allclose(both_modes(function, x), expected, rtol=1e-14)
        assert np.all(np.isfinite(wg.hessian(function)(x)))


def test_the_second_derivative():
    x = np.array([2.0, 0.5, 1.0, 3.0])
    np.testing.assert_allclose(wg.hessian(lambda x: np.median(x**3))(x), np.diag([6.0, 0, 3.0, 0]), rtol=1e-14)


# --- derivatives in q ------------------------------------------------------------------------------------------


def slope_in_q(x, q, **options):
    forward = wg.jvp(lambda q: np.quantile(x, q, **options), (q,), (1.0,))[1]
    np.testing.assert_array_equal(wg.grad(lambda q: np.quantile(x, q, **options))(q), forward)
    return forward


def test_a_quantile_is_piecewise_linear_in_q():
    x = np.array([1.0, 2.0, 4.0])
    assert slope_in_q(x, 0.3) == 2.0  # two intervals of width 1/2
    assert slope_in_q(x, 0.7) == 4.0
    assert slope_in_q(x, 0.3, method="hazen") == pytest.approx(3.0)


def test_at_a_joint_the_slope_is_that_on_the_right_and_at_the_end_that_on_the_left():
    x = np.array([1.0, 2.0, 4.0])
    assert slope_in_q(x, 0.0) == 2.0
    assert slope_in_q(x, 0.5) == 4.0
    assert slope_in_q(x, 1.0) == 4.0


def test_beyond_the_outermost_places_a_quantile_is_constant():
    x = np.array([1.0, 2.0, 4.0])
    for q in (0.05, 0.95):
        assert slope_in_q(x, q, method="weibull") == 0


@pytest.mark.parametrize("method", DISCRETE)
def test_the_other_methods_are_flat_in_q(method):
    x = np.array([1.0, 2.0, 4.0, 7.0])
    assert all(slope_in_q(x, q, method=method) == 0 for q in (0.0, 0.2, 0.5, 1.0))


def test_a_second_derivative_in_the_data_and_q():
    x, q = np.array([3.0, 1.0, 2.0]), 0.7
    mixed = wg.jacobian(lambda q: wg.grad(lambda x: np.quantile(x, q))(x))(q)
    np.testing.assert_allclose(mixed, [2, 0, -2], rtol=1e-14)


# --- nan -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", [np.median, lambda x: np.percentile(x, 30)])
def test_a_nan_spoils_its_sample_alone(function):
    x = np.array([[1.0, np.nan, 3.0], [4.0, 6.0, 5.0]])

    def of_rows(x):
        return np.stack([function(x[0]), function(x[1])])

    y, jacobian = of_rows(x), wg.jacobian(of_rows)(x)
    assert np.isnan(y[0])
    assert np.all(np.isnan(jacobian[0, 0]))
    assert np.all(np.isfinite(jacobian[1, 1]))
    assert not np.any(jacobian[1, 0])


def test_a_nan_is_left_out():
    x = np.array([[1.0, np.nan, 3.0, 2.5], [4.0, 6.0, np.nan, np.nan]])
    np.testing.assert_array_equal(
        both_modes(lambda x: np.sum(np.nanmedian(x, axis=1)), x), [[0, 0, 0, 1], [0.5, 0.5, 0, 0]]
    )
    np.testing.assert_array_equal(
        both_modes(lambda x: np.sum(np.nanquantile(x, 1, axis=1)), x), [[0, 0, 1, 0], [0, 1, 0, 0]]
    )
    np.testing.assert_array_equal(
        both_modes(lambda x: np.sum(np.nanquantile(x, 0.5, axis=1, weights=np.ones((2, 4)), method="inverted_cdf")), x),
        [[0, 0, 0, 1], [1, 0, 0, 0]],
    )


@pytest.mark.parametrize("function", [np.nanmedian, lambda x, **o: np.nanpercentile(x, 30, **o)])
def test_a_sample_of_nothing_but_nan_has_no_derivative_and_numpys_warning(function):
    x = np.array([[np.nan, np.nan], [4.0, 6.0]])
    with pytest.warns(RuntimeWarning, match="All-NaN slice encountered"):
        y, pullback = wg.vjp(lambda x: function(x, axis=1), x)
    assert np.isnan(y[0])
    assert np.isfinite(y[1])
    x_bar = pullback(np.ones(2))[0]
    assert not np.any(x_bar[0])
    assert x_bar[1].sum() == pytest.approx(1)


# --- nothing, numbers, errors ----------------------------------------------------------------------------------


def test_the_median_of_nothing_is_nan_with_numpys_warning():
    for function in (np.median, np.nanmedian, lambda x: np.nanpercentile(x, 10)):
        with pytest.warns(RuntimeWarning):
            assert np.isnan(function(wg.tensor(np.zeros(0), requires_grad=True)).item())


def test_a_batch_of_no_samples():
    y, pullback = wg.vjp(lambda x: np.median(x, axis=1), np.zeros((0, 3)))
    assert y.shape == (0,)
    assert pullback(np.zeros(0))[0].shape == (0, 3)
    assert wg.vjp(lambda x: np.quantile(x, [0.1, 0.2], axis=1), np.zeros((0, 3)))[0].shape == (2, 0)


def test_a_number_is_its_own_median():
    for function in (np.median, np.nanmedian, lambda x: np.quantile(x, 0.2)):
        assert wg.grad(function)(3.0) == 1.0


WRONG = {
    "complex": lambda x: np.quantile(x * 1j, 0.5),
    "a fraction above 1": lambda x: np.quantile(x, 1.5),
    "a percentage below 0": lambda x: np.percentile(x, [-1, 3]),
    "fractions among many": lambda x: np.quantile(x, np.linspace(0, 2, 20)),
    "fractions of 3 axes": lambda x: np.quantile(x, np.full((1, 1, 1), 0.5)),
    "method": lambda x: np.quantile(x, 0.5, method="x"),
    "weights of another method": lambda x: np.quantile(x, 0.5, weights=np.ones(x.shape)),
    "weights of another shape": lambda x: np.quantile(x, 0.5, weights=np.ones(3), method="inverted_cdf"),
    "negative weights": lambda x: np.quantile(x, 0.5, weights=-np.ones(x.shape), method="inverted_cdf"),
    "nan among the weights": lambda x: np.quantile(x, 0.5, weights=x * np.nan, method="inverted_cdf"),
    "axis": lambda x: np.median(x, axis=3),
    "a repeated axis": lambda x: np.percentile(x, 3, axis=(0, 0)),
    "a quantile of nothing": lambda x: np.quantile(x[:0], 0.5),
    "a fraction of nothing": lambda x: np.nanquantile(x, 3),
}


@pytest.mark.parametrize("function", WRONG.values(), ids=WRONG)
def test_wrong_arguments_raise_numpys_exceptions(function):
    assert_refused_as_numpy_does(function, X)


def test_a_fraction_that_is_a_value_is_checked_too():
    with pytest.raises(ValueError, match=r"Quantiles must be in the range \[0, 1\]"):
        wg.grad(lambda q: np.quantile(X, q))(1.5)


# --- what it costs ---------------------------------------------------------------------------------------------


def test_the_data_are_sorted_once_and_in_part():
    """The record of a median is an index and what is gathered by it."""
    names = [stmt.prim.name for stmt in wg.trace(lambda x: np.median(x, axis=0))(np.zeros((5, 3))).statements]
    assert names.count("argpartition") == 1
    assert "argsort" not in names
