"""Products of matrices with many rows and the loops around them, block by block; and sums of the rows of products."""

import numpy as np
import pytest

import wengert as wg
from native.agreement import assert_agrees, assert_all_close, drawn, planned
from wengert.native import machine

pytestmark = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable())

ROWS = [256, 300, 1001, 1024]  # whole blocks, and a last one that is shorter


def tiles_of(compiled):
    return [group for group in planned(compiled).groups if group.steps]


def assert_tiles(count, f, *args):
    """The function agrees, and so many groups of it are tiles."""
    compiled = assert_agrees(f, *args)
    assert len(tiles_of(compiled)) == count
    return compiled


def mixture(alphas, means, factors, x):
    """As in `benchmarks`, without the prior."""
    scaled = (x - means[:, None]) @ np.swapaxes(np.tril(factors), 1, 2)
    terms = alphas[:, None] - 0.5 * np.sum(scaled**2, axis=2)
    largest = np.max(terms, axis=0)
    return np.sum(largest + np.log(np.sum(np.exp(terms - largest), axis=0)))


def of_mixture(k, n, d, dtype=float):
    return drawn(k, dtype=dtype), drawn(k, d, dtype=dtype), drawn(k, d, d, dtype=dtype) / 4, drawn(n, d, dtype=dtype)


def layers(x, w, b, u, y):
    return np.sum((np.tanh(x @ w + b) @ u - y) ** 2)


def of_layers(n, d, h, o, dtype=float):
    shapes = ((n, d), (d, h), (h,), (h, o), (n, o))
    return [drawn(*shape, dtype=dtype, seed=seed) / 2 for seed, shape in enumerate(shapes)]


def of_product(f):
    return lambda a, w: f(np.exp(a * 0.3) @ w)


def attention(q, k, v):
    s = q @ np.swapaxes(k, 1, 2) / 8.0
    e = np.exp(s - s.max(2, keepdims=True))
    return np.sum((e / e.sum(2, keepdims=True) @ v) ** 2)


class TestBlocks:
    @pytest.mark.parametrize("n", ROWS)
    def test_mixture(self, n):
        args = of_mixture(9, n, 31)
        assert_agrees(mixture, *args)
        assert_tiles(2, wg.grad(mixture, argnums=(0, 1, 2)), *args)
        assert_agrees(wg.grad(mixture, argnums=3), *args)

    def test_floats_of_four_bytes(self):
        args = of_mixture(16, 400, 32, np.float32)
        assert_tiles(2, wg.grad(mixture, argnums=(1, 2)), *args)

    @pytest.mark.parametrize("n", ROWS)
    def test_layers(self, n):
        args = of_layers(n, 16, 256, 20)
        assert_tiles(1, layers, *args)
        compiled = assert_agrees(wg.grad(layers, argnums=(0, 1, 2, 3)), *args)
        assert tiles_of(compiled)

    def test_attention(self):
        """Forward and reverse sweep of some rows are one tile, with all that is as wide as they are many."""
        q, k, v = drawn(3, 256, 64, seed=1), drawn(3, 256, 64, seed=2), drawn(3, 256, 64, seed=4)
        assert_tiles(1, attention, q, k, v)
        compiled = assert_tiles(1, wg.grad(attention, argnums=(0, 1, 2)), q, k, v)
        assert not any(x.shape == (3, 256, 256) for x in planned(compiled).made.keys() - planned(compiled).local)
        assert_agrees(attention, drawn(2, 300, 50), drawn(2, 111, 50), drawn(2, 111, 70))
        assert_agrees(wg.grad(attention, argnums=(0, 1, 2)), drawn(2, 300, 50), drawn(2, 240, 50), drawn(2, 240, 70))

    def test_rows_in_which_much_is_kept(self):
        a, w = drawn(512, 128) / 11, drawn(128, 128) / 11

        def f(a, w):
            ys = [a]
            for _ in range(28):
                ys.append(np.tanh(ys[-1] @ w))
            return sum(y * (k + 1.0) for k, y in enumerate(ys))

        compiled = assert_agrees(f, a, w)
        assert len(tiles_of(compiled)) > 1

    def test_derivative_of_a_derivative(self):
        args = of_layers(700, 40, 128, 30)

        def along(x, w, b, u, y):
            return wg.hvp(lambda w: layers(x, w, b, u, y), (w,), (np.ones_like(w),))

        assert_agrees(along, *args)

        def of_means(means):
            return wg.hvp(lambda m: mixture(alphas, m, factors, x), (means,), (np.ones_like(means),))

        alphas, means, factors, x = of_mixture(5, 600, 33)
        assert_agrees(of_means, means)

    def test_derivative_of_what_is_compiled(self):
        args = of_mixture(8, 500, 32)
        found = wg.grad(wg.compile(mixture), argnums=2)(*args)
        assert_all_close(found, wg.grad(mixture, argnums=2)(*args), precision=8)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e200])
    def test_what_is_not_finite_stays_in_its_row(self, bad):
        a, w, b = drawn(4, 600, 40), drawn(4, 40, 35), drawn(4, 1, 35)
        a[2, 301, 7] = bad

        def f(a, w, b):
            y = np.exp(a * 0.1) @ w + b
            return y * y, np.max(y, axis=2), np.swapaxes(a, 1, 2) @ (y - 1.0)

        assert_tiles(1, f, a, w, b)
        args = of_mixture(8, 500, 32)
        args[3][40, 2] = bad
        assert_agrees(wg.grad(mixture, argnums=(0, 1, 2)), *args)

    @pytest.mark.parametrize("stack", [(), (1,), (3,), (2, 3), (1, 2), (2, 1)])
    def test_stacks(self, stack):
        a, w, y = drawn(*stack, 800, 100), drawn(*stack, 100, 99), drawn(*stack, 800, 99)

        def f(a, w, y):
            z = np.tanh((a * 2.0) @ w)
            r = z - y
            return np.sum(r, axis=-1), np.swapaxes(a, -1, -2) @ r, np.sum(z * r, axis=-2, keepdims=True)

        assert_tiles(1, f, a, w, y)

    def test_one_factor_for_the_whole_stack(self):
        a, w = drawn(3, 700, 64), drawn(64, 80)
        assert_agrees(lambda a, w: np.cumsum(np.sin(np.cos(a) @ w), axis=0), a, w)
        assert_agrees(lambda a, w: np.sin(np.cos(a) @ w.T), a, drawn(80, 64))
        assert_agrees(lambda w: np.sum(np.sin(a @ w) ** 2, axis=1), w)

    def test_transposes(self):
        a, b, c = drawn(64, 2000), drawn(80, 2000), drawn(2000, 70)
        assert_agrees(lambda a, b: np.sin(a @ np.exp(b).T), a, b)
        assert_agrees(lambda a, c: np.sin(a @ np.exp(c)) * 2.0, a, c)
        assert_agrees(lambda a, c: np.exp(c).T @ a.T + 1.0, a, c)
        assert_agrees(lambda c: (np.exp(c).T @ np.exp(c), np.exp(c)), c)

    def test_folds_over_the_rows(self):
        a, w = drawn(2, 1100, 40), drawn(2, 40, 41)

        def f(a, w):
            y = np.cos(a) @ w
            z = y * 3.0
            return (
                np.mean(z, axis=1), np.max(y, axis=1), np.min(z, axis=1, keepdims=True), np.any(y > 9.0, axis=1),
                np.linalg.norm(y, axis=1), np.prod(y * 0.4, axis=1), np.mean(z, axis=2),
                np.max(y, axis=2, keepdims=True),
            )  # fmt: skip

        assert_tiles(1, f, a, w)

    def test_results_that_are_rows_of_tiles(self):
        a, w = drawn(2, 1100, 40), drawn(2, 40, 41)

        def f(a, w):
            b = a - 1.0
            y = b @ w
            z = np.exp(y)
            return b, y, z, np.sum(b), np.cumsum(z, axis=1)

        assert_agrees(f, a, w)

    def test_what_needs_all_rows_comes_after(self):
        """The second product cannot be in the same loop over rows as what it needs a sum of."""
        a, w = drawn(1500, 80), drawn(80, 80) / 9

        def f(a, w):
            y = np.tanh(a @ w)
            centred = y - np.mean(y, axis=0)
            return np.sum((centred @ w) ** 2), np.cumsum(y, axis=0) @ w

        assert_agrees(f, a, w)
        assert_agrees(wg.grad(lambda a, w: f(a, w)[0], argnums=(0, 1)), a, w)

        def of_itself(a, w):
            y = a @ w
            gram = y.T @ y
            return np.tanh(y @ gram * 1e-3) * y

        assert_agrees(of_itself, a, w)

    def test_other_rows_than_its_own(self):
        a, w = drawn(1500, 80), drawn(80, 80) / 9
        assert_agrees(lambda a, w: np.exp(a)[::-1] @ w + a, a, w)
        assert_agrees(of_product(lambda y: y[::-1] * np.exp(y)), a, w)
        assert_agrees(of_product(lambda y: np.roll(y, 1, axis=0) + y[:, ::-1]), a, w)
        assert_agrees(of_product(lambda y: np.exp(y)[:, :1] - y[3] + y[:, 7, None]), a, w)
        assert_agrees(of_product(lambda y: np.sum(y, axis=1) - np.sum(y, axis=1)[::-1]), a, w)
        square = drawn(300, 300) / 17
        assert_agrees(of_product(lambda y: np.exp(y @ y) * y + y.T), square, square)
        assert_agrees(of_product(lambda y: np.sum(y, axis=1) * y), square, square)  # a number for each column

    def test_loops_over_nothing(self):
        a, w = drawn(1200, 80), drawn(80, 80) / 9

        def f(a, w):
            y = np.exp(a) @ w
            return y[:, 80:] * 2.0, np.sum(np.exp(y[:, :0]), axis=0), np.sum(a[:, :0] + 1.0, axis=1), np.sin(y)

        (tile,) = tiles_of(assert_tiles(1, f, a, w))
        assert not any(0 in (step.domain or ()) for step in tile.steps)

    def test_computed_indices(self):
        a, w, b = drawn(1200, 80), drawn(80, 80) / 9, drawn(1200)
        index = np.arange(1200) % 7

        def f(a, w, b, index):
            y = np.exp(a) @ w
            return y * b[index * 2][:, None] + np.take_along_axis(a, index[:, None], axis=1)

        compiled = assert_tiles(1, f, a, w, b, index)
        with pytest.raises(IndexError):
            compiled(a, w, b, index + 1190)

    def test_updates_in_place_of_what_a_tile_reads(self):
        a, w = drawn(1500, 80), drawn(80, 80) / 9

        def f(a, w):
            b = np.exp(a)
            y = b @ w
            c = b.copy()
            c[3] = 0.0
            return y * b, c @ w, np.sum(c, axis=0)

        assert_agrees(f, a, w)

    def test_memory_for_rows_that_nobody_else_needs_is_not_planned(self):
        args = of_mixture(9, 1001, 31)
        compiled = assert_tiles(2, wg.grad(mixture, argnums=(0, 1, 2)), *args)
        whole = 9 * 1001 * 31 * 8
        found = planned(compiled)
        stored = {v for v in found.made if v not in found.local and v.type.size * 8 == whole}
        assert len(stored) == 1  # of the forward sweep, for the reverse sweep

    def test_few_rows_and_small_arrays_are_as_before(self):
        assert_tiles(0, layers, *of_layers(200, 16, 256, 20))
        assert_tiles(0, layers, *of_layers(300, 40, 40, 20))

    def test_large_products_are_left_to_the_threads_of_blas(self, monkeypatch):
        args = of_layers(4000, 64, 128, 20)
        monkeypatch.setattr(machine, "blas_threads", lambda: 1)
        assert_tiles(1, layers, *args)
        monkeypatch.setattr(machine, "blas_threads", lambda: 2)
        assert_tiles(0, layers, *args)
        monkeypatch.undo()
        assert machine.blas_threads() >= 1

    def test_threads(self):
        args = of_mixture(9, 1001, 31)
        expected = wg.grad(mixture, argnums=(0, 1, 2))(*args)
        wg.set_threads(2)
        try:
            assert_all_close(wg.compile(wg.grad(mixture, argnums=(0, 1, 2)))(*args), expected, precision=8)
        finally:
            wg.set_threads(1)

    def test_inside_of_a_loop(self):
        a, w = drawn(600, 100), drawn(100, 100) / 20

        def f(a, w):
            return wg.fori_loop(0, 3, lambda i, y: np.tanh((y * 1.5) @ w) + a * 0.1, a)

        assert_agrees(f, a, w)
        assert_agrees(wg.grad(lambda a, w: np.sum(f(a, w) ** 2), argnums=(0, 1)), a, w)


def masked(size, seed=5):
    """A mask in which whole panels are zero."""
    rng = np.random.default_rng(seed)
    return np.kron(rng.random((size[0] // 8, size[1] // 8)) < 0.3, np.ones((8, 8))) * rng.random(size)


class TestPanels:
    """Second factors with zeros, and sums over rows of which a part is multiplied by zeros."""

    @pytest.mark.parametrize("kind", ["lower", "upper", "masked", "full", "empty", "one"])
    @pytest.mark.parametrize("turned", [False, True])
    @pytest.mark.parametrize("length", [257, 777, 1024])  # a last block of one row, of nine, and of all
    def test_zeros_in_a_factor(self, kind, turned, length):
        k, n = 40, 48
        a, w = drawn(9, length, k), drawn(9, k, n)
        shape = {
            "lower": np.tril(w), "upper": np.triu(w), "masked": w * masked((k, n)), "full": w, "empty": w * 0,
            "one": w * (np.arange(k * n).reshape(k, n) == 1000),
        }[kind]  # fmt: skip
        if turned:
            assert_tiles(
                1,
                lambda a, w: np.sum((np.exp(a) @ np.swapaxes(w, 1, 2)) ** 2, axis=2),
                a,
                np.swapaxes(shape, 1, 2).copy(),
            )
        else:
            assert_tiles(1, lambda a, w: np.sum((np.exp(a) @ w) ** 2, axis=2), a, shape)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e155, 1e200, 1e308])
    @pytest.mark.parametrize("where", ["a", "w"])
    def test_what_is_not_finite_in_what_is_left_out(self, bad, where):
        a, w = drawn(4, 600, 32), np.tril(drawn(4, 32, 32))
        if where == "a":
            a[1, 130, 3] = bad
        else:
            w[1, 0, 31] = bad

        def f(a, w):
            y = (a * 1.0 + 0.5 * a) @ w
            return np.sum(y, axis=2), np.exp(-y)

        assert_tiles(1, f, a, w)

    @pytest.mark.parametrize("turned", [False, True])
    @pytest.mark.parametrize("n", [256, 700])
    def test_sums_that_are_multiplied_by_zeros(self, turned, n):
        a, b = drawn(3, n, 40), drawn(3, n, 48)
        for mask in (np.tril(np.ones((40, 48))), np.triu(np.ones((40, 48))), masked((40, 48)), np.zeros((40, 48))):

            def f(a, b, mask=mask):
                product = np.swapaxes(a + 1.0, 1, 2) @ (np.exp(b) * 0.5)
                return (np.swapaxes(product, 1, 2) * mask.T if turned else product * mask) + 1.0

            if n * 3 >= 1500:
                assert_tiles(1, f, a, b)
            else:
                assert_agrees(f, a, b)

    def test_sums_of_which_some_are_chosen(self):
        a, b = drawn(3, 700, 40), drawn(3, 700, 48)
        a[1, 100, 7] = np.nan
        for mask in (np.tril(np.ones((40, 48))), np.triu(np.ones((40, 48))), masked((40, 48))):
            for chosen in (lambda p, m: np.where(m != 0, p, 2.0), lambda p, m: np.where(m != 0, 3.0, p)):

                def f(a, b, mask=mask, chosen=chosen):
                    return chosen(np.swapaxes(a + 1.0, 1, 2) @ (np.exp(b) * 0.5), mask)

                assert_tiles(1, f, a, b)
        assert_tiles(1, lambda a, b: np.tril(np.swapaxes(a + 1.0, 1, 2) @ np.exp(b)), a, b)

    @pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200, 1e308])
    @pytest.mark.parametrize("row", [0, 130, 699])
    def test_what_is_not_finite_in_sums(self, bad, row):
        a, b = drawn(3, 700, 40), drawn(3, 700, 48)
        a[1, row, 33], b[1, row, 2] = bad, bad
        mask = np.triu(np.ones((40, 48)))
        assert_tiles(1, lambda a, b: np.swapaxes(a + 1.0, 1, 2) @ (b * 0.5) * mask, a, b)

    def test_sums_that_are_needed_elsewhere(self):
        a, b = drawn(3, 700, 40), drawn(3, 700, 40)
        mask = np.triu(np.ones((40, 40)))

        def of_sum(f):
            return lambda a, b: f(np.swapaxes(a + 1.0, 1, 2) @ (b * 0.5))

        assert_tiles(1, of_sum(lambda p: (p * mask, np.exp(p * 1e-3))), a, b)
        assert_tiles(1, of_sum(lambda p: (p, p * mask)), a, b)
        assert_tiles(1, of_sum(lambda p: (p * mask) * p), a, b)
        stack = np.stack([mask, 0 * mask, mask.T])
        assert_tiles(1, lambda a, b: np.swapaxes(a + 1.0, 1, 2) @ (b * 0.5) * stack, a, b)

    def test_panels_are_used(self):
        """The mixture's factors are triangular."""
        if not machine.has_vectors_of(8):
            pytest.skip("the processor has no such vectors")
        args = of_mixture(16, 300, 32)
        compiled = wg.compile(wg.grad(mixture, argnums=(0, 1, 2)))
        compiled(*args)
        text = str(compiled.llvm())
        assert ".rows(" in text
        assert ".fold(" in text
        assert_agrees(wg.grad(mixture, argnums=(0, 1, 2)), *args)


def largest_product(compiled):
    """Multiplications of the products of matrices."""
    stmts = [s for group in planned(compiled).groups for s in group.roots if s.prim.name == "matmul"]
    return sum(s.targets[0].type.size * s.operands[0].shape[-1] for s in stmts)


class TestSumsOfRows:
    def test_a_product_of_one_row(self):
        a, w = drawn(500, 30), drawn(30, 40)
        compiled = assert_agrees(lambda a, w: np.sum(np.exp(a) @ w, axis=0), a, w)
        assert largest_product(compiled) == 30 * 40

    @pytest.mark.parametrize("keepdims", [False, True])
    def test_terms_and_factors(self, keepdims):
        a, w, b, c = drawn(3, 200, 30), drawn(3, 30, 40), drawn(3, 200, 40), drawn(3, 1, 40)

        def f(a, w, b, c):
            return np.sum(-(np.exp(a) @ w * c - np.sin(b) * 2.0) / c + b, axis=1, keepdims=keepdims)

        compiled = assert_agrees(f, a, w, b, c)
        assert largest_product(compiled) == 3 * 30 * 40

    def test_a_factor_for_the_whole_stack(self):
        a, w, u = drawn(3, 200, 30), drawn(30, 40), drawn(4, 30, 40)
        assert_agrees(lambda a, w: np.sum(a @ w, axis=1), a, w)
        assert_agrees(lambda a, u: np.sum(a[0] @ u, axis=1), a, u)
        assert_agrees(lambda u: np.sum(a[0] @ u, axis=-2), u)

    def test_a_product_that_is_read_again_is_made(self):
        a, w = drawn(500, 30), drawn(30, 40)
        compiled = assert_agrees(of_product(lambda y: (np.sum(y, axis=0), np.exp(y))), a, w)
        assert largest_product(compiled) == 500 * 30 * 40
        assert_agrees(of_product(lambda y: (np.sum(y, axis=0), y)), a, w)

    def test_other_sums(self):
        a, w = drawn(500, 30), drawn(30, 40)
        assert_agrees(lambda a, w: np.sum(np.exp(a) @ w, axis=1), a, w)
        assert_agrees(lambda a, w: np.sum(np.exp(a) @ w), a, w)
        assert_agrees(lambda a, w: np.sum((np.exp(a) @ w) * a[:, :1], axis=0), a, w)
        assert_agrees(lambda a, w: np.sum((np.exp(a) @ w) ** 2, axis=0), a, w)
        assert_agrees(lambda a, w: np.sum(np.arange(500.0)[:, None] + np.exp(a) @ w + 1.0, axis=0), a, w)
        assert_agrees(lambda a, w: np.sum(a @ w[:, 0], axis=0), a, w)

    @pytest.mark.parametrize("shape", [((9, 0), (0, 4)), ((9, 3), (3, 0)), ((0, 3), (3, 4)), ((0, 9, 3), (3, 4))])
    def test_nothing_to_add(self, shape):
        a, w = (drawn(*s) for s in shape)
        assert_agrees(lambda a, w: np.sum(np.exp(a) @ w, axis=-2), a, w, precision=8)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_what_is_not_finite(self, bad):
        a, w = drawn(500, 30), drawn(30, 40)
        a[3, 4] = bad
        assert_agrees(lambda a, w: np.sum(np.abs(a) @ w, axis=0), a, w)
        a[5, 4], w[4, 7] = -bad, 0.0
        assert_agrees(lambda a, w: np.sum(np.tanh(a * 1.0) * a @ w, axis=0), a, w)
        assert_agrees(lambda a, w: np.sum((a + 0.0) @ w, axis=0), a, w)

    def test_whole_numbers(self):
        a, w = np.arange(60).reshape(20, 3), np.arange(12).reshape(3, 4)
        assert_agrees(lambda a, w: np.sum((a * 2) @ w, axis=0), a, w, precision=8)
