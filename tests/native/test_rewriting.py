"""Lists that are rewritten before code is made of them."""

import numpy as np
import pytest

import wengert as wg
from native.agreement import as_list, assert_all_close
from wengert.native.rewriting import in_batches, with_common_sums

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


def test_a_large_product_stays():
    a, x = np.ones((40, 40)), np.ones((25, 4, 40))
    lst = wg.simplify(wg.trace(wg.vmap(lambda x: x @ a))(x))
    assert in_batches(lst) is lst


def test_a_large_matrix_that_is_used_otherwise_stays():
    lst = wg.trace(lambda x: (x.reshape(100, 4) @ X[0], x.reshape(100, 4) + 1.0))(X)
    assert_same(in_batches(lst), lst, X)
