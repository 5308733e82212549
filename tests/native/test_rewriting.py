"""Lists that are rewritten before code is made of them."""

import numpy as np
import pytest

import wengert as wg
from native.agreement import as_list, assert_all_close
from wengert.native.rewriting.batches import in_batches, with_common_sums
from wengert.native.rewriting.quotients import with_shared_quotients

X = np.random.default_rng(0).standard_normal((25, 4, 4))


def names(lst):
    return [stmt.prim.name for stmt in lst.statements]


def assert_same(rewritten, lst, *at):
    assert_all_close(as_list(rewritten.run(list(at))), as_list(lst.run(list(at))))


@pytest.mark.parametrize("scaled", [
    lambda x, c: c * x, lambda x, c: x * c, lambda x, c: -(x / c), lambda x, c: 2.0 * (-(c * x)),
])  # fmt: skip
def test_the_sum_of_a_multiple_is_a_multiple_of_the_sum(scaled):
    lst = wg.trace(lambda x, c: (np.sum(x, axis=1), np.sum(scaled(x, c), axis=1)))(X[0], 3.0)
    rewritten = with_common_sums(lst)
    assert names(rewritten).count("sum") == 1
    assert_same(rewritten, lst, X[0], np.float64(3.0))


@pytest.mark.parametrize("f", [
    lambda x, c: (np.sum(x, axis=0), np.sum(c * x, axis=1)),
    lambda x, c: (np.sum(x, axis=1), np.sum(c * x, axis=1, keepdims=True)),
    lambda x, c: (np.sum(x, axis=1), np.sum(c / x, axis=1)),
    lambda x, c: (np.sum(x, axis=1), np.sum(x * x[0], axis=1)),
    lambda x, c: (np.sum(c * x, axis=1), np.sum(x, axis=1)),
])  # fmt: skip
def test_other_sums_stay(f):
    lst = wg.trace(f)(X[0], 3.0)
    assert names(with_common_sums(lst)) == names(lst)


def test_whole_numbers_are_summed_as_they_are():
    lst = wg.trace(lambda x: (np.sum(x), np.sum(2 * x)))(np.arange(5))
    assert with_common_sums(lst) is lst


def test_a_batch_of_products_with_one_matrix_is_no_large_product():
    a, b = X[0], X[1]
    lst = wg.simplify(wg.trace(wg.vmap(lambda x: np.tanh(x @ a @ b) + x @ a))(X))
    rewritten = in_batches(lst)
    assert "reshape" not in names(rewritten)
    assert_same(rewritten, lst, X)


def test_many_rows_times_a_tiny_matrix_are_no_large_product():
    x, a = np.random.default_rng(1).standard_normal((25, 100, 3)), X[0, :3, :3]
    lst = wg.simplify(wg.trace(wg.vmap(lambda x: np.tanh(x @ a @ a)))(x))
    rewritten = in_batches(lst)
    assert "reshape" in names(lst)
    assert "reshape" not in names(rewritten)
    assert_same(rewritten, lst, x)


def test_a_large_product_stays():
    a, x = np.ones((40, 40)), np.ones((25, 4, 40))
    lst = wg.simplify(wg.trace(wg.vmap(lambda x: x @ a))(x))
    assert in_batches(lst) is lst


def test_a_large_matrix_that_is_used_otherwise_stays():
    lst = wg.trace(lambda x: (x.reshape(100, 4) @ X[0], x.reshape(100, 4) + 1.0))(X)
    assert_same(in_batches(lst), lst, X)


# --- quotients -------------------------------------------------------------------------------------------------------


def divisions(lst):
    return names(lst).count("divide")


SPECIAL = np.array([0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, 5e-324, -1e308])


def test_quotients_that_differ_in_sign_are_divided_once():
    def f(x, y):
        r = 1 / x
        return r, 1.0 / x, -1.0 / x, (-1.0 / x) / x, r / x, -y / x, y / x, (-y) / (-x), 0.5 / x, np.negative(-y) / x

    lst = wg.trace(f)(SPECIAL, SPECIAL)
    rewritten = with_shared_quotients(lst)
    assert (divisions(lst), divisions(rewritten)) == (11, 5)
    with np.errstate(all="ignore"):
        for x, y in ((SPECIAL, SPECIAL), (SPECIAL[::-1], SPECIAL), (np.roll(SPECIAL, 2), SPECIAL)):
            for found, expected in zip(rewritten.run([x, y]), lst.run([x, y]), strict=True):
                np.testing.assert_array_equal(found, expected)
                np.testing.assert_array_equal(
                    np.signbit(found[~np.isnan(found)]), np.signbit(expected[~np.isnan(expected)])
                )
            assert_all_close(list(wg.compile(f)(x, y)), list(f(x, y)))


@pytest.mark.parametrize("f", [
    lambda x: (1.0 / x, 2.0 / x), lambda x: (1.0 / x[:1], 1.0 / x), lambda x: (-x / 2.0, x / 2.0),
    lambda x: (1.0 / x, 1.0 / (2.0 * x)), lambda x: (np.arange(9) / x, -np.arange(9) / x),
])  # fmt: skip
def test_other_quotients_stay(f):
    lst = wg.trace(f)(SPECIAL)
    assert with_shared_quotients(lst) is lst


def test_quotients_of_large_arrays_stay_where_they_are_read():
    lst = wg.trace(lambda x: (1.0 / x, -1.0 / x))(np.ones(100))
    assert with_shared_quotients(lst) is lst


def test_quotients_in_rounds():
    def f(x):
        def step(c):
            p, v = c
            r = np.sqrt(p * p + 1.0)
            return p + 0.1 * v, v - 0.1 * wg.grad(lambda q: np.sum(1.0 / np.sqrt(q * q + 1.0)))(p) / r

        return np.sum(wg.while_loop(lambda c: np.sum(c[0]) < 5.0, step, (x, x * 0 + 1.0))[0])

    x = np.array([0.5, 0.25])
    np.testing.assert_allclose(wg.compile(wg.value_and_grad(f))(x)[1], wg.grad(f)(x), rtol=1e-12)
