"""Rows that are computed several at a time in the lanes of vectors, and arrays that are put together in layers."""

import threading

import numpy as np
import pytest

import wengert as wg
from native.agreement import assert_agrees, drawn, planned
from wengert.native import machine

pytestmark = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable())

LENGTHS = [8, 9, 15, 31, 64, 100, 1001]  # rows: whole vectors, and vectors that begin before the last one has ended


def assert_band(f, *args):
    """The function agrees, and some of it is a band."""
    compiled = assert_agrees(f, *args)
    assert any(group.nests for group in planned(compiled).groups)


def softmax(y):
    e = np.exp(y - y.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def log_sum_exp(y):
    top = y.max(axis=-1, keepdims=True)
    return np.sum(top[..., 0] + np.log(np.sum(np.exp(y - top), axis=-1)))


ROWS = {
    "softmax": softmax,
    "sums_over_rows": lambda y: np.sum(softmax(y), axis=0),
    "sum_of_all": lambda y: np.sum(softmax(y) ** 2),
    "extrema_over_rows": lambda y: (np.max(softmax(y), axis=0), np.min(softmax(y)), np.prod(softmax(y) + 0.5, axis=0)),
    "truths": lambda y: np.where(y > y.mean(axis=1, keepdims=True), y, -y).sum(axis=1) * np.any(y > 1, axis=1),
    "counts": lambda y: (np.count_nonzero(softmax(y) > 0.3, axis=0), np.all(softmax(y) < 2)),
    "means": lambda y: (np.mean(softmax(y), axis=0), np.mean(softmax(y)), np.mean(np.exp(y), axis=1) * 2.0),
    "norms": lambda y: np.linalg.norm(softmax(y), axis=1) * y[:, 0],
    "reversed_rows": lambda y: np.exp(y[::-1]).sum(axis=1) * y[:, 0],
    "rows_shifted": lambda y: np.exp(y[1:]).sum(axis=1) * y[:-1, 0],
    "every_other_row": lambda y: np.exp(y[::2]).sum(axis=1),
    "turned": lambda y: softmax(y).T * 2.0,
    "new_axes": lambda y: softmax(y)[:, None, :] - softmax(y)[:, :, None],
    "products_by_a_matrix": lambda y: np.tanh(np.tanh(y) @ np.ones((y.shape[1], 2))),
    "products_over_rows": lambda y: np.tanh(y).T @ np.tanh(y),
    "side_by_side": lambda y: np.concatenate([softmax(y), y, np.exp(y)], axis=1) ** 2,
    "with_zeros": lambda y: np.pad(softmax(y), ((0, 0), (1, 2))) * 2.0,
    "squares": lambda y: softmax(y).sum(axis=1, keepdims=True) ** 2 - y,
    "gradient": wg.value_and_grad(log_sum_exp),
    "second": lambda y: wg.hvp(log_sum_exp, (y,), (np.ones(y.shape),)),
}


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("name", ROWS)
def test_rows(name, length):
    assert_agrees(ROWS[name], drawn(length, 3))


@pytest.mark.parametrize("name", ["softmax", "sums_over_rows", "products_by_a_matrix", "side_by_side", "gradient"])
def test_they_are_bands(name):
    assert_band(ROWS[name], drawn(100, 3))


@pytest.mark.parametrize("dtype", ["float32", "int64", "int32"])
@pytest.mark.parametrize("name", ["softmax", "truths", "counts", "extrema_over_rows", "side_by_side", "turned"])
def test_dtypes(name, dtype):
    assert_agrees(ROWS[name], (2 * drawn(77, 3)).astype(dtype))


@pytest.mark.parametrize("width", [1, 2, 4, 7, 8, 9, 16, 17, 40])
@pytest.mark.parametrize("name", ["softmax", "sums_over_rows", "turned", "gradient", "truths"])
def test_widths(name, width):
    assert_agrees(ROWS[name], drawn(101, width))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_in_the_middle(dtype):
    def mixture(x, means, factors):
        q = np.sum(((x - means[:, None]) @ factors) ** 2, axis=2)
        top = np.max(q, axis=0)
        return np.sum(top + np.log(np.sum(np.exp(q - top), axis=0)))

    x, means, factors = drawn(203, 2, dtype=dtype), drawn(5, 2, dtype=dtype), drawn(5, 2, 2, dtype=dtype)
    assert_band(mixture, x, means, factors)
    assert_band(wg.grad(mixture, (0, 1, 2)), x, means, factors)


def test_indices_that_are_computed():
    y, k = drawn(77, 4), np.random.default_rng(0).integers(-4, 4, 77)

    def entropy(y, k):
        return y[np.arange(77), k] - np.log(np.sum(np.exp(y), axis=1))

    assert_agrees(entropy, y, k)
    assert_agrees(wg.grad(lambda y, k: np.sum(entropy(y, k) ** 2)), y, k)
    compiled = wg.compile(entropy)
    compiled(y, k)
    k[50] = 4
    with pytest.raises(IndexError, match="out of bounds"):
        compiled(y, k)


def test_nan_and_infinities():
    y = drawn(100, 3)
    y[3, 1], y[99, 2], y[7] = np.nan, np.inf, -np.inf
    for name in ("softmax", "extrema_over_rows", "truths", "means"):
        assert_agrees(ROWS[name], y)


def test_extrema_of_each_length():
    for length in range(1, 70):
        x = drawn(length, seed=length)
        assert_agrees(lambda x: (np.max(x), np.min(x), np.max(np.abs(x)), np.sum(x)), x)
    assert_agrees(lambda x: (np.max(x), np.min(x, axis=0), np.max(x, axis=1)), drawn(300, 500))


def test_functions_of_short_vectors():
    for length in (8, 9, 14, 42, 63):
        x = drawn(length)
        assert_agrees(lambda x: (np.exp(x) * 2.0, np.tanh(x), np.sum(np.sin(x))), x)


def test_what_is_made_for_a_row_is_not_stored():
    compiled = wg.compile(wg.value_and_grad(log_sum_exp))
    compiled(drawn(10_000, 6))
    assert compiled.stats().planned < 10_000


def test_more_than_a_row_can_keep():
    def f(y):
        parts = [np.exp(y * k) for k in range(1, 9)]
        sums = [np.sum(p, axis=1, keepdims=True) for p in parts]
        return np.sum(sum(p / s for p, s in zip(parts, sums, strict=True)) ** 2, axis=0)

    assert_agrees(f, 0.1 * drawn(60, 50))
    assert_agrees(wg.grad(lambda y: np.sum(f(y))), 0.1 * drawn(60, 50))


def test_a_fold_of_the_rows_is_known_only_after_the_band():
    assert_agrees(lambda y: np.exp(y - np.max(y)) / np.sum(np.exp(y - np.max(y))), drawn(1_000))
    assert_agrees(lambda y: softmax(y) - np.max(softmax(y), axis=0), drawn(100, 3))


def test_a_band_is_moved_behind_what_it_needs_later():
    def f(y, a):
        centred = y - a[0]
        return np.sum((centred @ (a[1:] @ a[1:].T)) ** 2, axis=1)

    y, a = drawn(100, 3), drawn(4, 3)
    compiled = assert_agrees(f, y, a)
    assert len([group for group in planned(compiled).groups if group.nests]) == 1


def test_batches_of_small_functions():
    def residual(p, x):
        rotated = np.stack([p[0] * x[0] - p[1] * x[1], p[1] * x[0] + p[0] * x[1], p[2] + x[2]])
        return rotated[:2] / rotated[2]

    p, x = drawn(500, 3) + 3, drawn(500, 3)
    assert_band(wg.vmap(residual), p, x)
    assert_band(wg.vmap(wg.jacobian(residual)), p, x)


def test_batches_of_products_with_one_matrix():
    a, x = drawn(4, 4), drawn(25, 4, 4)
    compiled = assert_agrees(wg.vmap(lambda x, a=a: np.sum((x @ a) @ a)), x)
    assert "reshape" not in "".join(str(stmt) for group in planned(compiled).groups for stmt in group.roots)


def test_batches_of_constants_times_one_matrix():
    a = drawn(25, 4, 4)
    assert_agrees(lambda x: np.tanh(a @ x) @ x, drawn(4, 4))


def test_rows_through_an_index_of_the_other_axes():
    table = np.array([[0, 2], [1, 1], [2, 0]])
    assert_band(lambda x, w: np.sum(np.sum(np.exp(x)[table] * w, axis=1) ** 2, axis=0), drawn(3, 100), drawn(2, 100))


# --- layers ----------------------------------------------------------------------------------------------------------


LAYERS = {
    "differences": lambda x: np.sum((x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2),
    "heat": lambda x: np.sum((x[1:-1] + 0.1 * (x[2:] - 2 * x[1:-1] + x[:-2])) ** 3),
    "overlapping": lambda x: np.sum(x[5:10] * x[7:12]) + np.sum(x[3:9] ** 2) + np.sum(x) ** 2,
    "single_places": lambda x: np.sum(x[0] * x[1] + x[2] ** 3 + np.sum(x[3:5] * x[1])),
    "nothing_taken": lambda x: np.sum(x[5:5]) + np.sum(x[3:5] ** 2),
    "steps": lambda x: np.sum(x[::2] ** 2) + np.sum(x[1:] * x[:-1]),
    "all": lambda x: np.sum(x[:] ** 2) + np.sum(x[2:] ** 3),
}


@pytest.mark.parametrize("shape", [(13,), (50,), (13, 20), (13, 2)])
@pytest.mark.parametrize("name", LAYERS)
def test_adjoints_of_slices(name, shape):
    assert_agrees(wg.grad(LAYERS[name]), drawn(*shape))
    assert_agrees(lambda x: wg.hvp(LAYERS[name], (x,), (np.ones(shape),)), drawn(*shape))


@pytest.mark.parametrize("name", ["heat", "differences"])
def test_adjoints_of_slices_of_the_last_axis(name):
    assert_agrees(wg.grad(lambda x: LAYERS[name](x.T)), drawn(40, 30))


def test_slices_are_put_together_at_once():
    compiled = wg.compile(wg.grad(LAYERS["heat"]))
    compiled(drawn(1_000))
    assert len(planned(compiled).groups) <= 2


# --- memory that is taken over ---------------------------------------------------------------------------------------


def test_an_array_is_made_where_one_is_read_for_the_last_time():
    def f(x):
        weights = np.exp(x) * x
        return weights / np.sum(weights) + weights**2

    compiled = assert_agrees(f, drawn(1_000))
    assert compiled.stats().planned < 1_000
    assert_agrees(lambda x: (f(x), f(x)[::-1] * f(x)), drawn(1_000))


def test_an_array_is_kept_where_others_still_read_it():
    def f(x):
        weights = np.exp(x) * x
        return weights / np.sum(weights), weights[::-1] * np.sum(weights), weights - np.mean(weights)

    assert_agrees(f, drawn(1_000))
    assert_agrees(wg.grad(lambda x: sum(map(np.sum, f(x)))), drawn(1_000))


def test_many_bands_need_the_stack_of_one():
    def f(y):
        for _ in range(30):  # each needs a fold of the one before
            y = softmax(y) * 3.0 - np.sum(np.exp(y - np.max(y, axis=0)), axis=0)
        return y

    y = drawn(70, 60)
    compiled = assert_agrees(f, y)
    found = []
    before = threading.stack_size(1 << 20)
    try:
        thread = threading.Thread(target=lambda: found.append(compiled(y)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    np.testing.assert_array_equal(found[0], compiled(y))


def bilinear(z):
    return np.sum(np.abs(z[1:] - z[:-1] ** 2) ** 2) + np.sum(np.abs(z[2]))


CALLED_BACK = {
    "complex": lambda x: bilinear(np.exp(1j * x)),
    "transformed": lambda x: bilinear(np.fft.fft(x, axis=0)),
    "a_truth_as_index": lambda x: np.sum(x[True] ** 2) + np.sum(x[1:] * x[:-1]),
    "half_precision": lambda x: np.sum(x.astype(np.float16)[1:] * x.astype(np.float16)[:-1]),
}


@pytest.mark.parametrize("shape", [(13,), (20, 2)])
@pytest.mark.parametrize("name", CALLED_BACK)
def test_what_is_called_back_is_no_layer(name, shape):
    compiled = wg.compile(wg.grad(CALLED_BACK[name]))
    x = drawn(*shape)
    np.testing.assert_allclose(compiled(x), wg.grad(CALLED_BACK[name])(x), rtol=1e-9, atol=1e-12)
    assert compiled.stats().called_back
