"""Functions that leave out nan: such an element has the derivative zero, of both orders and in both modes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import wengert as wg

N = np.nan
X = np.array([[1.0, N, 3.0, 2.0], [N, 5.0, 4.0, N], [2.0, 2.0, 2.0, N]])
HAS_NAN = np.isnan(X)
PLAIN = {
    np.nansum: np.sum, np.nanprod: np.prod, np.nanmean: np.mean, np.nanvar: np.var, np.nanstd: np.std,
    np.nanmax: np.max, np.nanmin: np.min,
}  # fmt: skip


def row_by_row(function, x):
    """The plain function of what is left of each row."""
    return sum(function(x[k][~HAS_NAN[k]]) for k in range(len(x)))


@pytest.mark.parametrize("function", PLAIN, ids=lambda f: f.__name__)
def test_it_is_the_plain_function_of_what_is_left(function):
    def total(x):
        return np.sum(function(x, axis=1))

    def expected(x):
        return row_by_row(PLAIN[function], x)

    gradient = wg.grad(expected)(X)
    assert not np.any(gradient[HAS_NAN])
    np.testing.assert_allclose(wg.grad(total)(X), gradient, rtol=1e-13)
    np.testing.assert_allclose(wg.jacobian(total, mode="forward")(X), gradient, rtol=1e-13)
    np.testing.assert_allclose(wg.hessian(total)(X), wg.hessian(expected)(X), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("function", [np.nancumsum, np.nancumprod])
def test_cumulative_functions(function):
    plain = {np.nancumsum: np.cumsum, np.nancumprod: np.cumprod}[function]
    jacobian = wg.jacobian(function)(X[0])
    left = ~HAS_NAN[0]
    np.testing.assert_allclose(jacobian[np.ix_(left, left)], wg.jacobian(plain)(X[0][left]))
    assert not np.any(jacobian[:, ~left])
    np.testing.assert_array_equal(wg.jacobian(function, mode="forward")(X[0]), jacobian)


@pytest.mark.parametrize("function", PLAIN, ids=lambda f: f.__name__)
def test_a_row_of_nothing_but_nan_has_no_derivative(function):
    x = np.array([[N, N], [2.0, 3.0]])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        expected = function(x, axis=1)
        wanted = {str(w.message) for w in caught}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        y, pullback = wg.vjp(lambda x: function(x, axis=1), x)
    assert {str(w.message) for w in caught} == wanted
    np.testing.assert_allclose(y, expected)
    x_bar = pullback(np.ones(2))[0]
    assert not np.any(x_bar[0])
    assert np.all(np.isfinite(x_bar))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert not np.any(wg.jvp(lambda x: function(x, axis=1), (x,), (np.array([[1.0, 1.0], [0.0, 0.0]]),))[1])


def test_ties_and_infinities():
    x = np.array([N, np.inf, np.inf, 1.0])
    np.testing.assert_array_equal(wg.grad(np.nanmax)(x), [0, 0.5, 0.5, 0])
    np.testing.assert_array_equal(wg.grad(np.nanmin)(-x), [0, 0.5, 0.5, 0])


def test_a_variance_of_equal_numbers():
    x = np.array([2.0, N, 2.0, 2.0])
    np.testing.assert_array_equal(wg.grad(np.nanstd)(x), np.zeros(4))
    np.testing.assert_array_equal(wg.hessian(np.nanstd)(x), np.zeros((4, 4)))


def test_degrees_of_freedom():
    x = np.array([[1.0, N], [2.0, 4.0]])
    with pytest.warns(RuntimeWarning, match="Degrees of freedom <= 0 for slice"):
        y, pullback = wg.vjp(lambda x: np.nanvar(x, axis=1, ddof=1), x)
    np.testing.assert_array_equal(y, [N, 2.0])
    np.testing.assert_array_equal(pullback(np.ones(2))[0], [[0, 0], [-2, 2]])


def test_integers_have_no_nan():
    x = wg.tensor([[1, 2], [3, 5]])
    for function in (np.nanmean, np.nanvar, np.nanstd, np.nansum, np.nanmax, np.nancumsum):
        expected = function(x.numpy(), axis=0)
        assert function(x, axis=0).dtype == expected.dtype
        np.testing.assert_allclose(function(x, axis=0).numpy(), expected)
    assert np.nan_to_num(x).dtype == x.dtype


@pytest.mark.parametrize("function", [np.nanmean, np.nanvar, np.nanstd])
def test_single_precision_stays(function):
    x = np.float32(X)
    y, y_dot = wg.jvp(lambda x: function(x, axis=0), (x,), (np.ones_like(x),))
    assert y.dtype == y_dot.dtype == np.float32
    np.testing.assert_allclose(y, function(x, axis=0), rtol=1e-6)


@pytest.mark.parametrize("function", [np.nanmean, np.nanvar])
def test_a_dtype_must_be_inexact(function):
    with pytest.raises(TypeError, match="If a is inexact, then dtype must be inexact"):
        function(wg.tensor(X), dtype=int)


def test_a_correction_and_degrees_of_freedom_exclude_each_other():
    for function in (np.nanvar, np.nanstd, np.var, np.std):
        with pytest.raises(ValueError, match="ddof and correction can't be provided simultaneously"):
            function(wg.tensor(X), ddof=1, correction=1)


# --- numbers in the place of what is none ----------------------------------------------------------------------


def test_what_is_no_number_is_replaced_and_has_no_derivative():
    x = np.array([N, np.inf, -np.inf, 2.0])
    for mode in ("forward", "reverse"):
        np.testing.assert_array_equal(wg.jacobian(np.nan_to_num, mode=mode)(x), np.diag([0, 0, 0, 1]))
    np.testing.assert_array_equal(wg.tensor(x).detach().numpy(), x)
    np.testing.assert_array_equal(np.nan_to_num(wg.tensor(x)).numpy(), np.nan_to_num(x))


def test_what_led_to_it_has_none_either():
    """The root and the quotient have no finite derivative there."""
    x = np.array([0.0, 4.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        np.testing.assert_array_equal(wg.grad(lambda x: np.sum(np.nan_to_num(x / x, nan=7.0)))(x), [0, 0])
        found = wg.grad(lambda x: np.sum(np.nan_to_num(1 / np.sqrt(x), posinf=0.0)))(x)
    np.testing.assert_allclose(found, [0, -1 / 16])


def test_the_replacements_are_variables():
    x = np.array([N, np.inf, -np.inf, 2.0])

    def total(x, *replacements):
        return np.array([1.0, 10.0, 100.0, 1000.0]) @ np.nan_to_num(x, True, *replacements)

    x_bar, *of_replacements = wg.grad(total, argnums=(0, 1, 2, 3))(x, 0.5, 1.5, 2.5)
    np.testing.assert_array_equal(x_bar, [0, 0, 0, 1000])
    assert of_replacements == [1.0, 10.0, 100.0]


def test_complex_numbers_part_by_part():
    z = np.array([N + 2j, 1 + np.inf * 1j, 3 - 4j])
    z[1] = complex(1, np.inf)
    np.testing.assert_array_equal(np.nan_to_num(wg.tensor(z)).numpy(), np.nan_to_num(z))
    np.testing.assert_array_equal(wg.grad(lambda z: np.sum(np.nan_to_num(z, posinf=0.0).real))(z), [0, 1, 1])
    np.testing.assert_array_equal(wg.grad(lambda z: np.sum(np.nan_to_num(z, posinf=0.0).imag))(z), [1j, 0, 1j])


def test_in_place():
    def replaced(x):
        y = x * 1.0
        assert np.nan_to_num(y, copy=False) is y
        return np.sum(y**2)

    assert wg.value_and_grad(replaced)(np.array([N, 3.0]))[0] == 9.0
    np.testing.assert_array_equal(wg.grad(replaced)(np.array([N, 3.0])), [0, 6])


def test_real_if_close():
    z = wg.tensor([1 + 1e-18j, 2], requires_grad=True)
    assert np.real_if_close(z).dtype == np.float64
    assert np.real_if_close(z * 1j).dtype == np.complex128
    assert np.real_if_close(wg.tensor([1 + 1e-4j]), tol=1e-3).dtype == np.float64
    with pytest.raises(wg.TraceError, match="Whether its result is complex depends on the values"):
        wg.trace(np.real_if_close)(np.array([1j]))
