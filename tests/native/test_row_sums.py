"""Sums in bands: terms that are skipped because they are zero, folds in registers, what is the same along an axis."""

import numpy as np
import pytest

import wengert as wg
from native.agreement import as_list, assert_agrees, assert_all_close, drawn, planned
from wengert.native import machine
from wengert.native.rewriting.narrowing import narrowed
from wengert.native.skipping import skipping

pytestmark = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable())

NAN, INF = np.nan, np.inf


def skipped(compiled):
    """How terms of the nests of all bands are skipped."""
    arranged = planned(compiled)
    found = [skipping(group.nests, arranged.virtual, arranged.local) for group in arranged.groups]
    return [how for one in found for how in one.values()]


# --- terms that are zero ---------------------------------------------------------------------------------------------


def nearest(centroids, points):
    return np.sum(np.min(np.sum((points[:, None] - centroids) ** 2, axis=2), axis=1))


def newton(centroids, points):
    ones = np.ones(centroids.shape, centroids.dtype)
    (cost, gradient), (_, diagonal) = wg.jvp(lambda c: wg.value_and_grad(nearest)(c, points), (centroids,), (ones,))
    return cost, gradient, diagonal


def cubed(centroids, points):
    return np.sum(np.max(np.sum((points[:, None] - centroids) ** 3, axis=2), axis=1) ** 2)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("n", "k", "d"), [(8, 3, 3), (33, 10, 4), (100, 4, 16), (61, 50, 7), (40, 17, 1)])
def test_the_adjoint_of_a_minimum(n, k, d, dtype):
    points, centroids = drawn(n, d, dtype=dtype), drawn(k, d, dtype=dtype, seed=5)
    assert_agrees(newton, centroids, points)
    assert_agrees(wg.grad(cubed, (0, 1)), centroids, points)
    assert_agrees(wg.grad(lambda c, p: np.sum(wg.grad(cubed)(c, p) ** 2)), centroids, points)


def test_its_terms_are_skipped():
    compiled = assert_agrees(newton, drawn(10, 4, seed=5), drawn(100, 4))
    (how,) = skipped(compiled)
    assert (how.outer, how.inner) == ((1,), (2,))
    assert len(how.beside) == 1  # the diagonal, which is the same in all coordinates
    assert how.computed  # shares of the minimum, nowhere stored


def test_several_minima():
    centroids = np.repeat(drawn(4, 3, seed=5), 3, axis=0)
    points = np.concatenate([drawn(50, 3), centroids])
    assert_agrees(newton, centroids, points)
    assert_agrees(newton, np.zeros((12, 3)), np.zeros((20, 3)))
    assert_agrees(wg.grad(lambda c, p: np.sum(np.abs(wg.grad(cubed)(c, p)))), centroids, points)


@pytest.mark.parametrize("what", [NAN, INF, -INF])
def test_minima_of_what_is_no_number(what):
    centroids, points = drawn(10, 4, seed=5), drawn(50, 4)
    points[7, 1] = what
    assert_agrees(newton, centroids, points)
    centroids[3] = what
    assert_agrees(newton, centroids, points)
    assert_agrees(newton, centroids[3:4].repeat(10, axis=0), points)


MASKS = {
    "chosen": lambda m, x: np.where(m[:, :, None], x, 0.0),
    "left_out": lambda m, x: np.where(m[:, :, None], 0.0, x),
    "negative_zero": lambda m, x: -np.where(m[:, :, None], x, -0.0),
    "both": lambda m, x: np.where(m[:, :, None], x, 0.0) - 2.0 * np.where(m[:, ::-1, None], x**2, 0.0),
    "one_in_the_other": lambda m, x: np.where(m[:, :, None], np.where(m[:, :1, None], x, 0.0), 0.0),
    "rows": lambda m, x: np.where(m[:, :1, None], x, 0.0) * 3.0,
    "divided": lambda m, x: np.where(m[:, :, None], x, 0.0) / 2.0,
    "times_truth": lambda m, x: np.where(m[:, :, None], x, 0.0) * (x > 0),
    "chosen_between": lambda m, x: np.where(x > 0, np.where(m[:, :, None], x, 0.0), np.where(m[:, :, None], 1.0, 0.0)),
}
FOLDS = {
    "rows": lambda y: np.sum(y, axis=0),
    "mean": lambda y: np.mean(y, axis=0, keepdims=True),
    "row_by_row": lambda y: np.sum(y, axis=1),
    "all": np.sum,
    "two": lambda y: (np.sum(y, axis=0), np.sum(2.0 * y, axis=0)),
}


@pytest.mark.parametrize("density", [0.0, 0.05, 0.6, 1.0])
@pytest.mark.parametrize("fold", FOLDS)
@pytest.mark.parametrize("name", MASKS)
def test_masks(name, fold, density):
    x, m = drawn(75, 5, 6), np.random.default_rng(1).random((75, 5)) < density
    compiled = assert_agrees(lambda m, x: FOLDS[fold](MASKS[name](m, x)), m, x)
    x[~m] = NAN  # what is left out is not looked at
    with np.errstate(all="ignore"):
        assert_all_close(compiled(m, x), FOLDS[fold](MASKS[name](m, x)))


@pytest.mark.parametrize("name", MASKS)
def test_they_are_skipped(name):
    x, m = drawn(75, 5, 6), np.random.default_rng(1).random((75, 5)) < 0.1
    assert skipped(assert_agrees(lambda m, x: np.sum(MASKS[name](m, np.exp(x)), axis=0), m, x))


NOT_SKIPPED = {
    "product": lambda m, x: m[:, :, None] * np.exp(x),
    "product_of_a_choice": lambda m, x: np.where(m[:, :, None], 1.0, 0.0) * np.exp(x),
    "quotient": lambda m, x: np.where(m[:, :, None], 1.0, 0.0) / x,
    "other_value": lambda m, x: np.where(m[:, :, None], x, 1e-300),
    "nan": lambda m, x: np.where(m[:, :, None], x, NAN),
    "times_infinity": lambda m, x: np.where(m[:, :, None], x, 0.0) * INF,
    "one_term_of_two": lambda m, x: np.where(m[:, :, None], x, 0.0) + np.exp(x),
    "exponential": lambda m, x: np.exp(np.where(m[:, :, None], x, 0.0)),
    "each_element": lambda m, x: np.where(x > 0, x, 0.0),
}


@pytest.mark.parametrize("name", NOT_SKIPPED)
def test_what_is_not_zero_is_added(name):
    x, m = drawn(75, 5, 6), np.random.default_rng(1).random((75, 5)) < 0.1
    x[3, 2, 1], x[74, 4], x[9, 1, 1] = INF, -INF, 0.0
    assert not skipped(assert_agrees(lambda m, x: np.sum(NOT_SKIPPED[name](m, x), axis=0), m, x))


@pytest.mark.parametrize("fold", [np.max, np.prod, lambda y, axis: np.count_nonzero(y == 0, axis=axis)])
def test_other_folds_are_of_all_terms(fold):
    x, m = drawn(75, 5, 6) - 9.0, np.random.default_rng(1).random((75, 5)) < 0.1
    assert not skipped(assert_agrees(lambda m, x: fold(np.where(m[:, :, None], x, 0.0), axis=0), m, x))


def test_weights_of_a_selection():
    """Zero times anything is zero where the weight selects, but not nan times something."""
    select = wg.registry.table.selecting_multiply
    x, w = drawn(75, 5, 6), np.where(drawn(75, 5, seed=1) > 1, 2.0, -0.0)
    x[w == 0] = INF
    assert skipped(assert_agrees(lambda x, w: np.sum(select(x, w[:, :, None]), axis=0), x, w))
    w[20, 3] = NAN
    assert_agrees(lambda x, w: np.sum(select(x, w[:, :, None]), axis=0), x, w)


def test_sums_of_zeros_have_the_sign_that_they_had():
    m, x = np.zeros((75, 5), bool), -np.abs(drawn(75, 5, 6))
    total = wg.compile(lambda m, x: np.sum(np.where(m[:, :, None], x, 0.0), axis=0))(m, x)
    assert not np.signbit(total).any()


def test_an_index_out_of_range_is_an_error_where_its_term_is_skipped():
    table, m, k = drawn(9), np.zeros((75, 5), bool), np.zeros((75, 5), np.int64)
    compiled = wg.compile(lambda t, m, k: np.sum(np.where(m[:, :, None], t[k][:, :, None] * np.ones(6), 0.0), axis=0))
    compiled(table, m, k)
    k[70, 2] = 9
    with pytest.raises(IndexError):
        compiled(table, m, k)


@pytest.mark.parametrize("density", [0.0, 0.05, 1.0])
@pytest.mark.parametrize("name", MASKS)
def test_rows_too_wide_for_a_band(name, density):
    x, m = drawn(90, 80, 20), np.random.default_rng(1).random((90, 80)) < density
    x[~m] = NAN
    compiled = assert_agrees(lambda m, x: np.sum(MASKS[name](m, x), axis=0), m, x)
    assert not any(group.nests for group in planned(compiled).groups)
    assert_agrees(lambda m, x: np.mean(MASKS[name](m, x), axis=(0, 1)), m, x)
    if name != "rows":
        assert "when" in compiled.llvm()


def test_what_is_not_zero_in_wide_rows():
    x, m = drawn(90, 80, 20), np.random.default_rng(1).random((90, 80)) < 0.1
    x[3, 2, 1], x[74, 4], x[9, 1, 1] = INF, -INF, 0.0
    for f in NOT_SKIPPED.values():
        compiled = assert_agrees(lambda m, x, f=f: np.sum(f(m, x), axis=0), m, x)
        assert "when" not in compiled.llvm()


def test_more_centroids_than_a_band_keeps():
    assert_agrees(newton, drawn(300, 64, seed=5), drawn(400, 64))


def test_what_is_also_read_elsewhere_is_stored():
    def f(c, p):
        distances = np.sum((p[:, None] - c) ** 2, axis=2)
        share = np.where(distances == np.min(distances, axis=1, keepdims=True), np.exp(-distances), 0.0)
        return np.sum(share[:, :, None] * 2.0 * (share[:, :, None] > 0), axis=0), np.sum(share, axis=0), share

    assert_agrees(f, drawn(10, 4, seed=5), drawn(100, 4))
    assert_agrees(lambda c, p: f(c, p)[:2], drawn(10, 4, seed=5), drawn(100, 4))


def test_rows_that_are_split_among_threads():
    before = wg.get_threads()
    m, x = np.random.default_rng(1).random((3_000, 80)) < 0.1, drawn(3_000, 80, 20)
    wg.set_threads(2)
    try:
        assert_agrees(newton, drawn(20, 8, seed=5), drawn(3_003, 8))
        assert_agrees(lambda m, x: np.sum(np.where(m[:, :, None], x, 0.0), axis=0), m, x)
    finally:
        wg.set_threads(before)


# --- folds in registers ----------------------------------------------------------------------------------------------


ROWS = {
    "sum": lambda y, axis: np.sum(y**2, axis=axis),
    "sum_of_products": lambda y, axis: np.sum(y * y[..., ::-1], axis=axis),
    "max": lambda y, axis: np.max(y, axis=axis) + np.min(-y, axis=axis),
    "any": lambda y, axis: np.any(y > 1, axis=axis) ^ np.all(y < 1, axis=axis),
    "count": lambda y, axis: np.count_nonzero(y > 0, axis=axis),
    "mean": lambda y, axis: np.mean(y, axis=axis),
    "norm": lambda y, axis: np.sqrt(np.sum(y**2, axis=axis)),
    "prod": lambda y, axis: np.prod(1.0 + 0.01 * y, axis=axis),
    "logaddexp": lambda y, axis: np.logaddexp.reduce(y, axis=axis),
    "kept": lambda y, axis: y - np.sum(np.exp(y), axis=axis, keepdims=True),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ROWS)
def test_folds_of_rows(name, dtype):
    for k, d in [(1, 9), (2, 8), (5, 3), (7, 19), (10, 9), (11, 16)]:
        y = drawn(30, k, d, dtype=dtype)
        axes = (2, 1) if name == "logaddexp" else (2, (1, 2), 1)
        assert_agrees(lambda y, axes=axes: tuple(np.exp(0.1 * ROWS[name](y, k)).sum(axis=0) for k in axes), y)


@pytest.mark.parametrize("place", [(0, 0, 0), (50, 4, 18), (89, 9, 7)])
@pytest.mark.parametrize("what", [NAN, INF, -INF])
def test_folds_of_what_is_no_number(what, place):
    y = drawn(90, 10, 19)
    y[place] = what
    for name in ("sum", "max", "count", "mean", "norm", "any"):
        assert_agrees(lambda y, name=name: [np.sum(1.0 * ROWS[name](y, axis), axis=0) for axis in (2, (1, 2))], y)


def test_whole_numbers_are_folded_as_they_are():
    y = (9 * drawn(90, 10, 19)).astype(np.int64)
    for fold in (np.sum, np.max, np.prod, np.any):
        assert_agrees(lambda y, fold=fold: np.sum(fold(y, axis=2) * 2, axis=0), y)


# --- what is the same along an axis ----------------------------------------------------------------------------------


def prims(lst):
    return [stmt.prim.name for stmt in lst.statements]


def sizes_of_folds(lst):
    return [stmt.operands[0].type.size for stmt in lst.statements if stmt.prim.name in ("sum", "max", "mean")]


@pytest.mark.parametrize("f", [
    lambda x: np.sum(np.broadcast_to(np.exp(x)[:, None], (30, 7)), axis=0),
    lambda x: np.sum(2.0 * np.broadcast_to(x[:, None], (30, 7)) - 1.0, axis=0, keepdims=True),
    lambda x: np.max(np.broadcast_to(x[:, None, None], (30, 7, 2)) * np.broadcast_to(2.0, (30, 7, 2)), axis=0),
    lambda x: np.sum(np.transpose(np.broadcast_to(x, (7, 30))), axis=0),
    lambda x: np.mean(np.broadcast_to(x[:, None], (30, 7))[:, None, :], axis=(0, 1)),
])  # fmt: skip
def test_what_is_the_same_is_folded_once(f):
    x = drawn(30)
    lst = wg.simplify(wg.trace(f)(x))
    written = narrowed(lst)
    assert max(sizes_of_folds(written)) == 30 < max(sizes_of_folds(lst))
    assert_all_close(as_list(written.run([x])), as_list(lst.run([x])))
    assert_agrees(f, x)


@pytest.mark.parametrize("f", [
    lambda x: np.sum(np.broadcast_to(x, (7, 30)), axis=0),  # a sum of what is the same
    lambda x: np.sum(np.broadcast_to(x[:, None], (30, 7)), axis=(0, 1)),
    lambda x: np.sum(np.broadcast_to(x[:, None], (30, 7)) + np.ones((1, 7)), axis=0),
    lambda x: np.sum(np.broadcast_to(1.0, (30, 7)), axis=0) * x[0],
    lambda x: np.sum(np.broadcast_to(x[:, None], (30, 0)), axis=0),
    lambda x: np.cumsum(np.broadcast_to(x[:, None], (30, 7)), axis=0),
])  # fmt: skip
def test_other_folds_stay(f):
    lst = wg.trace(f)(drawn(30))
    assert narrowed(lst) is lst
    assert_agrees(f, drawn(30))


def test_shares_have_the_same_bits():
    truths = np.random.default_rng(0).random((200, 9)) < 0.5
    truths[5] = False
    divide = lambda m: m / np.count_nonzero(m, axis=1, keepdims=True)
    lst = wg.trace(divide)(truths)
    written = narrowed(lst)
    assert "multiply" in prims(written)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(as_list(written.run([truths]))[0], divide(truths))
        np.testing.assert_array_equal(wg.compile(divide)(truths), divide(truths))


def test_shares_of_a_negative_number_are_negative_zeros():
    truths = np.random.default_rng(0).random((200, 9)) < 0.5
    less = lambda m: m / (np.count_nonzero(m, axis=1, keepdims=True) - 40)
    assert "multiply" in prims(narrowed(wg.trace(less)(truths)))
    found = wg.compile(less)(truths)
    np.testing.assert_array_equal(found, less(truths))
    assert np.signbit(found).all()


@pytest.mark.parametrize("f", [
    lambda m, y: m / y,  # the reciprocal of a tiny number is infinite
    lambda m, y: y / np.count_nonzero(m, axis=1, keepdims=True),
    lambda m, y: m / np.arange(1, 10),
])  # fmt: skip
def test_other_quotients_stay(f):
    truths, y = np.random.default_rng(0).random((200, 9)) < 0.5, np.full((200, 1), 1e-310)
    lst = wg.trace(f)(truths, y)
    assert narrowed(lst) is lst
    assert_agrees(f, truths, y)
