"""Cumulative functions: zeros among factors, ties, long recurrences, nothing at all."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from rules.refusing import assert_refused_as_numpy_does
from wengert.registry import table

RNG = np.random.default_rng(33)
MODES = ("forward", "reverse")


def products_one_by_one(x):
    total, found = 1.0, []
    for factor in x:
        total = total * factor
        found.append(total)
    return np.stack(found)


def recurrence_one_by_one(a, b):
    h, found = 0.0, []
    for k in range(len(b)):
        h = a[k] * h + b[k]
        found.append(h)
    return np.array(found)


# --- products --------------------------------------------------------------------------------------------------

FACTORS = {
    "no zero": [1.5, -2.0, 0.5],
    "one": [1.5, 0.0, 0.5, 2.0],
    "two": [1.5, 0.0, 0.5, 0.0, 2.0, 3.0],
    "zeros alone": [0.0, 0.0, 0.0],
    "the first": [0.0, 2.0, 3.0],
    "the last": [2.0, 3.0, 0.0],
    "many": list(np.where(RNG.random(23) < 0.3, 0, RNG.uniform(-2, 2, 23))),
    "a single one": [4.0],
    "a single zero": [0.0],
}


@pytest.mark.parametrize("x", FACTORS.values(), ids=FACTORS)
def test_a_cumulative_product_is_exact_at_zeros(x):
    """To the second order, by the products written out, in which nothing is divided."""
    x = np.array(x)
    weights = np.arange(1.0, len(x) + 1)
    expected = wg.jacobian(products_one_by_one, mode="forward")(x)
    for mode in MODES:
        np.testing.assert_allclose(wg.jacobian(np.cumprod, mode=mode)(x), expected, rtol=1e-12)
    hessian = wg.hessian(lambda x: weights @ products_one_by_one(x))(x)
    for outer in MODES:
        for inner in (wg.grad(lambda x: weights @ np.cumprod(x)), forward_gradient(lambda x: weights @ np.cumprod(x))):
            np.testing.assert_allclose(wg.jacobian(inner, mode=outer)(x), hessian, rtol=1e-11, atol=1e-12)


def forward_gradient(f):
    return wg.jacobian(f, mode="forward")


def test_the_last_cumulative_product_is_the_product():
    x = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 1.0]])
    for order in (wg.grad, wg.hessian):
        np.testing.assert_allclose(
            order(lambda x: np.sum(np.cumprod(x, axis=1)[:, -1]))(x), order(lambda x: np.sum(np.prod(x, axis=1)))(x)
        )


def test_a_third_derivative():
    x = np.array([0.0, 2.0, 0.0, 5.0])

    def along(f):
        return lambda x: wg.jvp(f, (x,), (np.ones(4),))[1]

    third = along(along(along(lambda x: np.cumprod(x)[-1])))(x)
    assert third == 6 * (0 + 2 + 0 + 5)  # the sum over all triples of factors, each 3! times


def test_a_product_of_many_factors():
    x = RNG.uniform(0.9, 1.1, 1000)
    gradient = wg.grad(lambda x: np.cumprod(x)[-1])(x)
    np.testing.assert_allclose(gradient, np.prod(x) / x, rtol=1e-11)
    y, y_dot = wg.jvp(np.cumprod, (x,), (x,))
    np.testing.assert_allclose(y_dot, y * np.arange(1, 1001), rtol=1e-11)


def test_axes_and_dtypes():
    x = RNG.standard_normal((3, 4)).astype(np.float32)
    for axis in (0, 1, -1):
        y, y_dot = wg.jvp(lambda x, axis=axis: np.cumprod(x, axis=axis), (x,), (x,))
        np.testing.assert_array_equal(y, np.cumprod(x, axis=axis))
        assert y_dot.dtype == np.float32
        expected = y * np.arange(1, x.shape[axis] + 1).reshape((-1, 1) if axis == 0 else (1, -1))
        np.testing.assert_allclose(y_dot, expected, rtol=1e-5)
    assert np.cumprod(wg.tensor(x, requires_grad=True), dtype=np.float64).dtype == np.float64
    assert np.cumprod(wg.tensor([1, 2, 3])).numpy().tolist() == [1, 2, 6]


@pytest.mark.parametrize("function", [np.cumsum, np.cumprod, np.maximum.accumulate, np.cumulative_prod])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_nothing_to_accumulate(function, shape):
    y, pullback = wg.vjp(lambda x: function(x, axis=0), np.zeros(shape))
    assert y.shape == shape
    assert pullback(np.zeros(shape))[0].shape == shape


def test_one_element_more():
    x = wg.tensor(np.zeros((0, 2)), requires_grad=True)
    np.testing.assert_array_equal(np.cumulative_prod(x, axis=0, include_initial=True).detach().numpy(), [[1, 1]])
    np.testing.assert_array_equal(np.cumulative_sum(x, axis=0, include_initial=True).detach().numpy(), [[0, 0]])


# --- linear recurrences ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 8, 9, 10, 17, 64, 101])
def test_a_recurrence_by_a_tree_is_that_step_by_step(n):
    a, b = RNG.uniform(-1, 1, n), RNG.standard_normal(n)
    np.testing.assert_allclose(
        table.linear_recurrence(a, b, axis=0), recurrence_one_by_one(a, b), rtol=1e-12, atol=1e-12
    )


def test_a_recurrence_whose_products_overflow_goes_step_by_step():
    a = np.full(40, 1e20)
    b = np.zeros(40)
    b[-1] = 1.0
    np.testing.assert_array_equal(table.linear_recurrence(a, b, axis=0), b)
    a[5] = np.nan
    with np.errstate(invalid="ignore"):
        found = table.linear_recurrence(a, b[::-1], axis=0)
        np.testing.assert_array_equal(found, recurrence_one_by_one(a, b[::-1]))


# --- extrema ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("function", "x"), [
    (np.maximum.accumulate, [1.0, 3.0, 3.0, 2.0, 3.0, 5.0, 4.0]),
    (np.minimum.accumulate, [-1.0, -3.0, -3.0, -2.0, -3.0, -5.0, -4.0]),
])  # fmt: skip
def test_a_cumulative_extremum_is_shared_evenly_among_the_ties_so_far(function, x):
    third = 1 / 3
    expected = [
        [1, 0, 0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0, 0],
        [0, 0.5, 0.5, 0, 0, 0, 0],
        [0, 0.5, 0.5, 0, 0, 0, 0],
        [0, third, third, 0, third, 0, 0],
        [0, 0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, 1, 0],
    ]
    for mode in MODES:
        np.testing.assert_allclose(wg.jacobian(function, mode=mode)(np.array(x)), expected, rtol=1e-15)


def test_the_last_cumulative_extremum_is_the_extremum():
    x = np.round(RNG.uniform(0, 3, (6, 30)))
    for function, whole in ((np.maximum, np.max), (np.minimum, np.min)):
        found = wg.grad(lambda x, f=function: np.sum(f.accumulate(x, axis=1)[:, -1]))(x)
        np.testing.assert_allclose(found, wg.grad(lambda x, f=whole: np.sum(f(x, axis=1)))(x), rtol=1e-15)
        traced = wg.trace(lambda x, f=function: f.accumulate(x, axis=1))(x)
        np.testing.assert_allclose(wg.grad(lambda x, f=traced: np.sum(f(x)[:, -1]))(x), found)


def test_earlier_records_have_no_part():
    """The derivative of the root is infinite at 0."""
    x = np.array([0.0, 1.0, 4.0, 9.0])

    def third(x):
        return np.maximum.accumulate(np.sqrt(x))[2]

    np.testing.assert_array_equal(wg.grad(third)(x), [0, 0, 0.25, 0])
    np.testing.assert_array_equal(wg.jacobian(third, mode="forward")(x), [0, 0, 0.25, 0])
    np.testing.assert_array_equal(wg.hessian(third)(x), np.diag([0, 0, -1 / 32, 0]))


def test_after_a_nan_there_is_no_record():
    x = np.array([1.0, 2.0, np.nan, 3.0])
    np.testing.assert_array_equal(wg.grad(lambda x: np.maximum.accumulate(x)[1])(x), [0, 1, 0, 0])
    for mode in MODES:
        jacobian = wg.jacobian(np.maximum.accumulate, mode=mode)(x)
        np.testing.assert_array_equal(jacobian, np.diag([1, 1, np.nan, np.nan]))


# --- errors ----------------------------------------------------------------------------------------------------

X = RNG.standard_normal((2, 3))
WRONG = {
    "axis of cumprod": lambda x: np.cumprod(x, axis=2),
    "axis of maximum.accumulate": lambda x: np.maximum.accumulate(x, axis=2),
    "a scalar": lambda x: np.multiply.accumulate(x[0, 0]),
    "no axis": np.cumulative_sum,
    "axis of cumulative_prod": lambda x: np.cumulative_prod(x, axis=-3),
}


@pytest.mark.parametrize("function", WRONG.values(), ids=WRONG)
def test_wrong_arguments_raise_numpys_exceptions(function):
    assert_refused_as_numpy_does(function, X)
