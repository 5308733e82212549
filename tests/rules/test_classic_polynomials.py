"""NumPy's first functions of polynomials: closed forms, zeros among the coefficients, warnings, errors."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from rules.refusals import assert_refused_alike

P = np.array([2.0, -3.0, 0.5, 1.0])


def both_modes(f, x):
    return [wg.jacobian(f, mode=mode)(x) for mode in ("reverse", "forward")]


def test_a_polynomial_depends_on_its_coefficients_by_powers():
    for x in (0.0, -2.0, 0.5):
        for found in both_modes(lambda p, x=x: np.polyval(p, x), P):
            np.testing.assert_array_equal(found, [x**3, x**2, x, 1.0])


def test_derivatives_of_a_polynomial_at_zero_are_its_coefficients():
    derivative = wg.grad(lambda x: np.polyval(P, x))
    assert derivative(0.0) == 0.5
    assert wg.grad(derivative)(0.0) == -6.0
    assert wg.grad(wg.grad(derivative))(0.0) == 12.0


def test_a_polynomial_without_coefficients_is_zero():
    y, y_dot = wg.jvp(lambda x: np.polyval([], x), (np.ones(2),), (np.ones(2),))
    np.testing.assert_array_equal([y, y_dot], np.zeros((2, 2)))


def test_leading_zeros_are_cut_off_a_factor():
    x = np.array([0.0, 0.0, 2.0, 3.0])
    y, pullback = wg.vjp(lambda p: np.polymul(p, [1.0, 1.0]), x)
    np.testing.assert_array_equal(y, [2.0, 5.0, 3.0])
    np.testing.assert_array_equal(pullback(np.array([1.0, 10.0, 100.0]))[0], [0.0, 0.0, 11.0, 110.0])
    np.testing.assert_array_equal(np.polymul(wg.tensor(np.zeros(3)), [1.0, 2.0]), [0.0, 0.0])


def test_a_traced_factor_keeps_its_length():
    lst = wg.trace(lambda p: np.polymul(p, [1.0, 1.0]))(np.ones(2))
    np.testing.assert_array_equal(lst(np.array([0.0, 2.0])), [0.0, 2.0, 2.0])


def test_quotient_and_remainder_of_a_product():
    v = np.array([2.0, 1.0])
    q, r = np.polydiv(wg.tensor(np.polymul(P, v), requires_grad=True), v)
    np.testing.assert_allclose(q.detach().numpy(), P, rtol=1e-15)
    np.testing.assert_array_equal(r.detach().numpy(), [0.0])
    found = wg.jacobian(lambda q: np.polydiv(np.polymul(q, v), v)[0])(P)
    np.testing.assert_allclose(found, np.eye(4), atol=1e-15)


def test_the_remainder_is_cut_where_numpy_cuts_it():
    u, v = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 0.5])
    for remainder in (0.0, 1e-9, 1e-3):
        product = np.polyadd(np.polymul(u, v), [remainder, 1.0])
        found = np.polydiv(wg.tensor(product, requires_grad=True), v)[1]
        np.testing.assert_allclose(found.detach().numpy(), np.polydiv(product, v)[1], rtol=1e-12)


def test_the_coefficients_of_a_product_of_factors_are_symmetric_functions():
    for found in both_modes(np.poly, np.array([2.0, 3.0, 5.0])):
        np.testing.assert_array_equal(found, [[0, 0, 0], [-1, -1, -1], [8, 7, 5], [-15, -10, -6]])


def test_the_polynomial_of_conjugate_zeros_is_real():
    def f(re, im):
        return np.poly(np.stack([re + 1j * im, re - 1j * im]))

    y, y_dot = wg.jvp(f, (2.0, 3.0), (0.0, 1.0))
    assert y.dtype == np.float64
    np.testing.assert_array_equal(y, [1.0, -4.0, 13.0])
    np.testing.assert_array_equal(y_dot, [0.0, 0.0, 6.0])


def test_the_polynomial_of_no_zeros_is_one():
    assert np.poly(wg.tensor(np.zeros(0), requires_grad=True)) == 1.0


def test_the_characteristic_polynomial_has_trace_and_determinant():
    a = np.array([[2.0, 1.0], [0.5, 3.0]])
    for found in both_modes(np.poly, a):
        np.testing.assert_allclose(found[1], -np.eye(2), atol=1e-14)
        np.testing.assert_allclose(found[2], [[3.0, -0.5], [-1.0, 2.0]], rtol=1e-13)


def test_simple_roots_move_by_the_implicit_function():
    p = np.poly([1.0, 2.0, 4.0])
    roots = np.roots(p)
    slopes = -np.array([roots**k for k in (3, 2, 1, 0)]).T / np.polyval(np.polyder(p), roots)[:, None]
    for found in both_modes(np.roots, p):
        np.testing.assert_allclose(found, slopes, rtol=1e-10)


def test_complex_roots_of_a_real_quadratic():
    y, y_dot = wg.jvp(np.roots, (np.array([1.0, 0.0, 4.0]),), (np.array([0.0, 0.0, 1.0]),))
    np.testing.assert_allclose(np.sort_complex(y), [-2j, 2j], atol=1e-15)
    np.testing.assert_allclose(y_dot, 1 / (-2 * y), rtol=1e-14)


def test_roots_at_zero_stay_there():
    y, y_dot = wg.jvp(np.roots, (np.array([0.0, 1.0, -3.0, 0.0, 0.0]),), (np.ones(5),))
    np.testing.assert_array_equal(y, [3.0, 0.0, 0.0])
    np.testing.assert_allclose(y_dot, [-(1.0 * 3 + 1.0), 0.0, 0.0], rtol=1e-14)
    assert np.roots(wg.tensor(np.zeros(3))).shape == (0,)
    assert np.roots(wg.tensor([2.0, 0.0])).tolist() == [0.0]


@pytest.mark.parametrize("function", [np.roots, lambda z: np.poly(z + 1j)])
def test_what_depends_on_the_values_cannot_be_traced(function):
    with pytest.raises(wg.TraceError, match="depends on the values") as caught:
        wg.trace(function)(P)
    assert caught.value.where.file == __file__


def test_a_polynomial_object_among_the_operands():
    p = np.poly1d([1.0, 2.0])
    x = wg.tensor([3.0, 4.0], requires_grad=True)
    np.testing.assert_array_equal(np.polyval(p, x).detach().numpy(), [5.0, 6.0])
    for function, expected in [(np.polyadd, [4.0, 6.0]), (np.polysub, [2.0, 2.0]), (np.polymul, [3.0, 10.0, 8.0])]:
        found = function(x, p)
        assert isinstance(found, np.poly1d)
        np.testing.assert_array_equal(np.stack(list(found.coeffs)).detach().numpy(), expected)


def test_a_straight_line_through_two_points():
    x, y = np.array([1.0, 3.0]), np.array([2.0, 8.0])
    slope, intercept = np.polyfit(wg.tensor(x), wg.tensor(y), 1).numpy()
    np.testing.assert_allclose([slope, intercept], [3.0, -1.0], rtol=1e-14)
    by_x = wg.jacobian(lambda x: np.polyfit(x, y, 1))(x)
    np.testing.assert_allclose(by_x, [[1.5, -1.5], [-4.5, 1.5]], rtol=1e-12)
    by_y = wg.jacobian(lambda y: np.polyfit(x, y, 1))(y)
    np.testing.assert_allclose(by_y, [[-0.5, 0.5], [1.5, -0.5]], rtol=1e-13)


def test_a_fit_of_too_few_points_warns_as_numpy_does():
    x, y = np.array([1.0, 1.0, 1.0]), np.array([2.0, 8.0, 1.0])
    with pytest.warns(np.exceptions.RankWarning, match="poorly conditioned") as caught:
        found = np.polyfit(x, wg.tensor(y), 1).numpy()
    assert caught[0].filename == __file__
    with pytest.warns(np.exceptions.RankWarning, match="poorly conditioned"):
        np.testing.assert_allclose(found, np.polyfit(x, y, 1), rtol=1e-13)


REFUSED = {
    "polyint": lambda p: np.polyint(p, -1),
    "polyint constants": lambda p: np.polyint(p, 3, [1.0, 2.0]),
    "polyder": lambda p: np.polyder(p, -1),
    "poly of a matrix": lambda p: np.poly(p[None]),
    "roots of a matrix": lambda p: np.roots(p[None]),
    "polyfit degree": lambda p: np.polyfit(p, p, -1),
    "polyfit x": lambda p: np.polyfit(p[None], p, 1),
    "polyfit nothing": lambda p: np.polyfit(p[:0], p[:0], 1),
    "polyfit y": lambda p: np.polyfit(p, p[0], 1),
    "polyfit lengths": lambda p: np.polyfit(p, p[:2], 1),
    "polyfit weights": lambda p: np.polyfit(p, p, 1, w=p[None]),
    "polyfit length of weights": lambda p: np.polyfit(p, p, 1, w=p[:2]),
    "polyfit covariance": lambda p: np.polyfit(p[:2], p[:2], 1, cov=True),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_numpy_refuses_is_refused_in_its_words(call):
    assert_refused_alike(call, P)
