"""What the rounds of a loop leave behind for the reverse sweep, and what the sweep does with it."""

import numpy as np
import pytest

import wengert as wg
from wengert.control import Loop, While, keeping


def loops(lst):
    return [stmt for stmt in lst.statements if isinstance(stmt.prim, Loop)]


def names(stmt):
    return [inner.prim.name for inner in stmt.prim.body.statements]


def sweep_of(f, *args):
    """The loop of a function as it is recorded, and that of its reverse sweep."""
    return loops(wg.adjoint(wg.trace(f)(*args)))


def recurrent(w, x, ys):
    def step(h, y):
        h = np.tanh(w * h + y) * np.exp(-(h**2)) + np.sqrt(1 + h * h)
        return h, np.log(2 + np.sum(np.exp(h)))

    h, zs = wg.scan(step, x, ys)
    return np.sum(h) + np.sum(zs)


ARGS = np.array([0.3, -0.8]), np.array([0.1, 0.2]), np.linspace(-1.0, 1.0, 10).reshape(5, 2)


# --- dear values ---------------------------------------------------------------------------------


def test_the_reverse_sweep_reads_dear_values():
    forward, backward = sweep_of(recurrent, *ARGS)
    assert {"tanh", "exp", "log"} <= set(names(forward))
    assert not {"tanh", "exp", "log"} & set(names(backward))
    # The carry and its square root are cheap; the logarithm is dear, but its derivative needs its argument alone.
    assert forward.prim.kept == (0, None, None, None)
    kept = forward.prim.body.outputs[-3:]
    computed = {stmt.targets[0]: stmt.prim.name for stmt in forward.prim.body.statements}
    assert sorted(computed[v] for v in kept) == ["exp", "exp", "tanh"]


def test_a_value_that_is_a_result_anyway_is_kept_once():
    def f(x):
        return np.sum(wg.scan(lambda c, y: (c * y, np.exp(c * y)), 1.0, x)[1])

    forward, backward = sweep_of(f, np.ones(4))
    assert forward.prim.kept == (0,)
    assert "exp" not in names(backward)


def test_a_loop_without_carries_keeps_values():
    def f(xs):
        return np.sum(wg.scan(lambda _, x: (None, np.log(1 + np.exp(x) ** 2)), None, xs)[1])

    forward, backward = sweep_of(f, np.ones(4))
    assert forward.prim.kept == (None,)
    assert names(backward).count("exp") == 0


def test_what_the_derivative_does_not_read_is_not_kept():
    forward, _ = sweep_of(lambda x: wg.fori_loop(0, 4, lambda i, c: np.sin(c) + x, x), 1.0)
    assert forward.prim.kept == (0,)  # the cosine is another function of the carry


def test_a_product_of_matrices_is_kept_from_some_length_on():
    def f(a, x):
        return np.sum(wg.fori_loop(0, 3, lambda i, x: (a @ x) ** 2, x))

    for n, kept in ((4, (0,)), (16, (0, None))):
        forward, backward = sweep_of(f, np.eye(n), np.ones(n))
        assert forward.prim.kept == kept
        assert ("matmul" in names(backward)[: len(kept) - 1]) is False


def test_the_result_of_branches_is_kept_where_they_are_dear():
    def f(x):
        return wg.fori_loop(0, 3, lambda i, c: wg.cond(c > 1, np.exp, np.tanh, c) ** 2, x)

    forward, backward = sweep_of(f, 0.5)
    assert forward.prim.kept == (0, None)
    assert names(backward).count("cond") == 1  # its adjoint alone


def test_values_and_carries_have_a_bound():
    def f(x):  # five dear values for one carry
        def step(i, c):
            for _ in range(5):
                c = np.exp(-np.tanh(c))
            return c

        return np.sum(wg.fori_loop(0, 4, step, x))

    forward, backward = sweep_of(f, np.ones(3))
    assert forward.prim.kept.count(None) == keeping.MOST_TIMES
    assert 0 < names(backward).count("exp") + names(backward).count("tanh") < 10
    np.testing.assert_allclose(wg.trace(wg.grad(f))(np.ones(3))(np.ones(3)), wg.grad(f)(np.ones(3)), rtol=1e-13)


def test_no_loop_keeps_more_than_a_number_of_bytes():
    def f(x):
        return np.sum(wg.fori_loop(0, 1000, lambda i, c: np.exp(-c), x))

    n = keeping.MOST_BYTES // 8 // 1000
    assert sweep_of(f, np.ones(n))[0].prim.kept == (None,)
    assert sweep_of(f, np.ones(n + 1))[0].prim.kept == (0,)


def test_dearer_values_are_kept_first():
    def f(a, x):  # a product of 64 matrix elements for each number is dearer than an exponential function
        return np.sum(wg.fori_loop(0, 2, lambda i, x: np.exp(-((a @ x) ** 2)), x))

    lst = wg.trace(f)(np.eye(64), np.ones(64))
    (stmt,) = loops(lst)
    worth = keeping.dear(stmt.prim.body)
    first = max(worth, key=worth.get)
    assert next(s.prim.name for s in stmt.prim.body.statements if first in s.targets) == "matmul"


@pytest.mark.parametrize("f", [
    lambda x: wg.fori_loop(0, 3, lambda i, c: wg.fori_loop(0, 4, lambda j, d: np.exp(-d) * c, c), x),
    lambda x: wg.fori_loop(0, 3, lambda i, c: wg.while_loop(lambda d: d > 0.5, lambda d: d * np.tanh(d), c + x), x),
    lambda x: wg.fori_loop(0, 3, lambda i, c: wg.call(lambda c: np.exp(-np.tanh(c) * x), c), x),
])  # fmt: skip
def test_what_stands_inside_of_a_round(f):
    def once(x):
        y = f(x)
        return y * y

    lst = wg.trace(wg.grad(wg.grad(once)))(0.8)
    lst.verify()
    np.testing.assert_allclose(lst(0.8), wg.grad(wg.grad(once))(0.8), rtol=1e-12)
    np.testing.assert_allclose(wg.vmap(wg.grad(once))(np.array([0.8, 1.1])), [wg.grad(once)(x) for x in (0.8, 1.1)])


def test_memory_of_values_that_are_stacked():
    stmt = wg.adjoint(wg.trace(recurrent)(*ARGS)).statements
    (forward, *_) = [s for s in stmt if isinstance(s.prim, Loop)]
    more = forward.targets[forward.prim.shown :]
    assert [v.shape for v in more] == [(5, 2)] * 4


# --- operands that a later derivative is taken for -----------------------------------------------


def pair(x, y):
    c, d = wg.fori_loop(0, 4, lambda i, s: (s[0] * np.cos(y), np.tanh(s[1] * x) + 1), (1 + 0 * y, 1 + 0 * x))
    return c * d


def pair_of_while(x, y):
    c, d, _ = wg.while_loop(
        lambda s: s[2] < 4, lambda s: (s[0] * np.cos(y), np.tanh(s[1] * x) + 1, s[2] + 1), (1 + 0 * y, 1 + 0 * x, 0)
    )
    return c * d


@pytest.mark.parametrize("f", [pair, pair_of_while])
@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0)])
def test_a_derivative_for_other_operands_keeps_more(f, first, second):
    lst = wg.adjoint(wg.adjoint(wg.trace(f)(0.7, 1.3), first), second)
    lst.verify()
    *_, found = lst(0.7, 1.3, 1.0, 0.0, 1.0)
    np.testing.assert_allclose(found, wg.grad(wg.grad(f, first), second)(0.7, 1.3), rtol=1e-13)
    loop = next(s for s in lst.statements if isinstance(s.prim, (Loop, While)))
    assert {0, 1} <= set(loop.prim.kept)


# --- what is the same in each round --------------------------------------------------------------


def test_what_is_the_same_in_each_round_is_pulled_back_once():
    def f(w, x):
        return np.sum(wg.fori_loop(0, 5, lambda i, c: c * np.exp(w[0]) + w[1] * np.tanh(w[2] @ w[1]), x))

    args = np.arange(12.0).reshape(3, 2, 2) / 12, np.ones((2, 2))
    forward, backward = sweep_of(f, *args)
    assert {"exp", "tanh", "matmul"} <= set(names(forward))
    assert set(names(backward)) <= {"multiply", "add", "sum"}
    adjoint = wg.adjoint(wg.trace(f)(*args))
    for found, expected in zip(adjoint(*args, 1.0)[1:], wg.grad(f, (0, 1))(*args), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_a_constant_that_rounds_and_fixed_values_read():
    def f(w, v):
        return wg.fori_loop(0, 3, lambda i, c: c * w + np.sin(w * v) * c, 1.0)

    lst = wg.trace(wg.grad(wg.grad(f), 1))(0.4, 0.9)
    np.testing.assert_allclose(lst(0.4, 0.9), wg.grad(wg.grad(f), 1)(0.4, 0.9), rtol=1e-13)


def test_fixed_values_of_a_loop_without_rounds_are_not_computed():
    def f(x):
        return wg.fori_loop(0, 0, lambda i, c: c * np.sqrt(x), x) * 2

    assert wg.trace(wg.grad(f))(0.0)(0.0) == 2.0


def test_fixed_values_of_a_whole_number_or_a_decision():
    def f(x, k):
        return np.sum(wg.fori_loop(0, 3, lambda i, c: np.where(x > 0.5, c * x[k // 2], c * np.floor(x)), x))

    x, k = np.array([0.2, 0.7, 1.4]), 4
    np.testing.assert_allclose(wg.trace(wg.grad(f))(x, k)(x, k), wg.grad(f)(x, k), rtol=1e-14)
    np.testing.assert_allclose(wg.vmap(wg.grad(f), (0, None))(x[None] + [[0.0], [0.1]], k)[1], wg.grad(f)(x + 0.1, k))


def test_results_that_are_the_same_in_each_round():
    def f(x, ys):
        c, zs = wg.scan(lambda c, y: (np.exp(x), np.exp(x) * np.ones(2)), x, ys)
        return c * np.sum(zs)

    args = 0.3, np.ones(4)
    found = wg.trace(wg.value_and_grad(f, (0, 1)))(*args)(*args)
    value = 8 * np.exp(0.6)
    np.testing.assert_allclose(found[0], value)
    np.testing.assert_allclose(found[1], 2 * value)
    np.testing.assert_array_equal(found[2], np.zeros(4))


@pytest.mark.parametrize(("f", "slope"), [
    (lambda x: wg.fori_loop(0, 2, lambda i, c: np.where(x > 0, np.sqrt(x), 0.0) + c, 0.0) * x, 0.0),
    (lambda x: wg.fori_loop(0, 2, lambda i, c: np.where(c > 0, np.sqrt(x), 0.0) + c, 0.0) * x + x, 1.0),
    (lambda x: wg.fori_loop(0, 2, lambda i, c: np.maximum(np.sqrt(x), c) + c, 1.0) + x, 1.0),
    (lambda x: wg.fori_loop(0, 2, lambda i, c: np.where(c > 0, np.sqrt(np.stack([x, c]))[0], 0.0), 0.0) + x, 1.0),
])  # fmt: skip
def test_what_was_not_selected_stays_zero(f, slope):
    assert wg.grad(f)(0.0) == slope
    lst = wg.trace(wg.grad(f))(1.0)
    with np.errstate(all="ignore"):
        assert lst(0.0) == slope
        assert wg.simplify(lst)(0.0) == slope
