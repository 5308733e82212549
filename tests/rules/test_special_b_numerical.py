"""Differences of high order: exact for polynomials, nearly so for entire functions, nan where not to be trusted."""

import math

import numpy as np
import pytest
import scipy.special as sp

import wengert as wg
from wengert.checker import check
from wengert.errors import NoRuleError
from wengert.registry import load_families, table
from wengert.rules.special_numerical import difference, floating, product_rule, step_for, to_pole

load_families()


@pytest.mark.parametrize("order", [1, 2, 3])
def test_polynomials_below_the_degree_20_are_differentiated_exactly(order):
    for degree in range(order, 20):
        found = difference(lambda x, degree=degree: x**degree, np.array([0.0, 1.0]), 0.125, order)
        # At 0 the samples x and -x cancel where they should; at 1 they differ by up to 2^20 from the result.
        expected = [math.factorial(order) * (degree == order), math.perm(degree, order)]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("order", "rtol"), [(1, 1e-13), (2, 1e-12), (3, 1e-10)])
@pytest.mark.parametrize("rate", [0.3, 2.0, 50.0])
def test_functions_that_grow_at_a_known_rate_are_differentiated_to_many_digits(order, rtol, rate):
    x = np.linspace(-2, 2, 9)
    for sign, step in ((1, step_for(rate)), (1j, step_for(rate))):
        found = difference(lambda x, sign=sign: np.exp(sign * rate * x), x, step, order)
        np.testing.assert_allclose(found, (sign * rate) ** order * np.exp(sign * rate * x), rtol=rtol)


@pytest.mark.parametrize("order", [1, 2])
def test_a_pole_bounds_the_step(order):
    x = np.array([0.01, 0.3, 4.0, -0.2, -1.6])
    found = difference(sp.gamma, x, step_for(2.0, to_pole(x)), order)
    first = sp.gamma(x) * sp.psi(x)
    expected = first if order == 1 else first * sp.psi(x) + sp.gamma(x) * sp.polygamma(1, x)
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_the_distance_to_the_poles_of_the_gamma_function():
    np.testing.assert_allclose(to_pole(np.array([2.5, 0.1, 0.0, -0.3, -0.8, -2.0])), [2.5, 0.1, 0, 0.3, 0.2, 0])


def test_a_constant_has_the_derivative_zero_exactly():
    for order in (1, 2, 3):
        assert difference(lambda x: 0 * x + 0.1, np.float64(0.3), 0.25, order) == 0


def test_samples_with_noise_or_a_jump_give_nan():
    rng = np.random.default_rng(0)
    x = np.zeros(5)
    assert np.all(np.isnan(difference(lambda x: np.sin(x) + 1 + 1e-6 * rng.normal(size=x.shape), x, 0.25, 1)))
    assert np.all(np.isfinite(difference(lambda x: np.sin(x) + 1 + 1e-11 * rng.normal(size=x.shape), x, 0.25, 1)))
    assert np.all(np.isnan(difference(lambda x: np.cos(x) + 1e-7 * (x > 0.6), x, 0.125, 2)))
    with np.errstate(invalid="ignore"):
        assert np.all(np.isnan(difference(lambda x: np.where(x > 2, np.inf, x), x, 0.25, 1)))


def test_the_step_is_a_power_of_two():
    steps = step_for(np.array([0.1, 1.0, 7.3]))
    np.testing.assert_array_equal(steps, 2.0 ** np.array([1, -2, -5]))


def test_the_dtype_is_that_in_which_scipy_computes():
    single, double = np.float32(1), np.float64(1)
    assert floating(single, 2) == floating(single, 2.0) == floating(np.int8(1), single) == np.float32
    assert floating(2.0, 1.0) == floating(single, double) == floating(np.int64(1), single) == np.float64
    assert floating(single, np.complex64(1)) == np.complex64
    assert floating(double, np.complex64(1)) == np.complex128


def test_the_product_rule():
    # (p² q) sin(p + q), differentiated once in p and twice in q; factors that vanish are left out.
    p, q = 0.3, 0.7

    def factor(orders):
        of_p = [p * p, 2 * p, 2.0][orders[0]]
        return None if orders[1] > 1 else of_p * [q, 1.0][orders[1]]

    def sine(orders):
        return np.sin(p + q + sum(orders) * np.pi / 2)

    expected = wg.grad(wg.grad(wg.grad(lambda p, q: p * p * q * np.sin(p + q), 0), 1), 1)(p, q)
    assert product_rule((1, 2), factor, sine) == pytest.approx(expected, rel=1e-14)


# --- primitives by differences -------------------------------------------------------------------


def test_mixed_derivatives_are_differences_of_differences():
    derivative = table.hyp2f1_in_parameters(0.7, 1.3, 2.1, 0.4, orders=(1, 1, 0))
    first = wg.grad(lambda a, b: sp.hyp2f1(a, b, 2.1, 0.4), 0)
    assert derivative == pytest.approx(wg.grad(first, 1)(0.7, 1.3), rel=1e-13)
    series = sum(_mixed_term(k, 0.7, 1.3, 2.1) * 0.4**k for k in range(1, 80))
    assert derivative == pytest.approx(series, rel=1e-10)


def _mixed_term(k, a, b, c):
    """∂²/∂a∂b of (a)ₖ (b)ₖ / ((c)ₖ k!)."""
    of_a, of_b = (sp.poch(p, k) * (sp.psi(p + k) - sp.psi(p)) for p in (a, b))
    return of_a * of_b / (sp.poch(c, k) * math.factorial(k))


def test_the_fourth_derivative_in_an_order_is_refused():
    def third(v):
        return wg.grad(wg.grad(wg.grad(lambda v: sp.jv(v, 2.0))))(v)

    assert np.isfinite(third(0.7))
    with pytest.raises(NoRuleError, match="jv_in_order: the derivative of order 4 in its parameters is not available"):
        wg.grad(third)(0.7)


def test_a_refused_derivative_names_the_line_and_a_way_out():
    with pytest.raises(NoRuleError) as caught:
        wg.grad(wg.grad(wg.grad(wg.grad(lambda v: sp.kv(v, 2.0)))))(0.7)
    assert "at most 3 times" in str(caught.value)
    assert "test_special_b_numerical.py" in str(caught.value)


def test_other_derivatives_after_the_third_in_the_order_go_on():
    check(lambda z: table.jv_in_order(0.7, z, orders=(3,)), np.array([1.0, 2.5]), order=2, step=1e-2)


@pytest.mark.parametrize("orders", [(1,), (2,)])
def test_operands_are_broadcast_and_keep_their_precision(orders):
    v, z = np.array([[0.5], [1.5]]), np.array([1.0, 2.0, 3.0])
    wide = table.jv_in_order(v, z, orders=orders)
    assert wide.shape == (2, 3)
    assert table.jv_in_order(v.astype(np.float32), z.astype(np.float32), orders=orders).dtype == np.float32
    np.testing.assert_allclose(table.jv_in_order(np.float32(v), np.float32(z), orders=orders), wide, rtol=1e-6)
    assert table.jv_in_order(v, z.astype(np.complex64), orders=orders).dtype == np.complex128


def test_an_empty_array_has_an_empty_derivative():
    empty = np.zeros((0, 3))
    assert wg.jvp(sp.jv, (empty, empty), (empty, empty))[1].shape == (0, 3)
    assert wg.jvp(sp.elliprd, (empty,) * 3, (empty,) * 3)[1].shape == (0, 3)
    assert wg.jvp(sp.hyperu, (empty,) * 3, (empty,) * 3)[1].shape == (0, 3)
    assert wg.jvp(lambda q: sp.mathieu_a(2, q), (empty,), (empty,))[1].shape == (0, 3)
