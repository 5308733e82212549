"""Choices of the rounds of loops that are branches."""

import numpy as np
import pytest

import wengert as wg
from native.agreement import assert_all_close
from wengert.native import machine
from wengert.native.rewriting.decisions import decisions

pytestmark = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable())

WEIGHTS = '"branch_weights", i32 4000, i32 1'
X = np.array([0.3, -0.2, 0.9])


def descent(x):
    """Steps that are accepted where they lead down, with a rate that is halved where they do not."""

    def step(_, state):
        y, height, rate, better = state
        new = y - rate * (4 * y**3 - y)
        found = np.sum(new**4 - new**2 / 2)
        is_lower = found < height
        return (
            np.where(is_lower, new, y),
            np.where(is_lower, found, height),
            np.where(is_lower, 1.1 * rate, 0.5 * rate),
            np.where(is_lower, better + 1, 0),
        )

    begin = x, np.sum(x**4 - x**2 / 2), x[0] * 0 + 1.0, 0
    return wg.fori_loop(0, 8, step, begin)


def bisection(x):
    """Cubic roots, as long as the interval is wide."""

    def is_wide(ends):
        return ends[1] - ends[0] > 1e-6

    def step(ends):
        middle = 0.5 * (ends[0] + ends[1])
        is_low = middle**3 < x[0]
        return np.where(is_low, middle, ends[0]), np.where(is_low, ends[1], middle)

    return wg.while_loop(is_wide, step, (x[0] * 0 - 2.0, x[0] * 0 + 2.0))


def counted(x):
    """Whole numbers, truths and operands of several dtypes."""

    def step(carry, row):
        total, number, was = carry
        is_large = total * row > 0.1
        new = np.where(is_large, total + row, 1), np.where(is_large, number, row), np.where(is_large, was, number > 0)
        return new, np.where(is_large, number, 7)

    return wg.scan(step, (x[0], x[1], True), np.concatenate([x, -x, x * 2]))


@pytest.mark.parametrize("f", [descent, bisection, counted])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_are_those_of_the_interpreter(f, dtype):
    compiled = wg.compile(f)
    for x in np.stack([X, -X, X[::-1] * 3]).astype(dtype):
        assert_all_close(leaves(compiled(x)), leaves(f(x)))
    assert WEIGHTS in compiled.llvm()


def leaves(y):
    return [leaf for part in y for leaf in leaves(part)] if isinstance(y, tuple) else [y]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite(bad):
    for f in (descent, counted):
        x = X.copy()
        x[1] = bad
        with np.errstate(all="ignore"):
            assert_all_close(leaves(wg.compile(f)(x)), leaves(f(x)))


def test_derivatives():
    def height(x):
        y, low, rate, _ = descent(x)
        return np.sum(y**2) + low * rate

    for derivative in (wg.grad(height), wg.jacobian(lambda x: descent(x)[0]), wg.grad(lambda x: bisection(x * x)[0])):
        np.testing.assert_allclose(wg.compile(derivative)(X), derivative(X), rtol=1e-10, atol=1e-12)
    many = np.stack([X, -X, 2 * X])
    np.testing.assert_allclose(wg.compile(wg.vmap(height))(many), [height(x) for x in many], rtol=1e-12)


def body_of(f, x):
    (stmt,) = (stmt for stmt in wg.simplify(wg.trace(f)(x)).statements if stmt.prim.sublists)
    body = stmt.prim.sublists["body"]
    return body, body.inputs[-len(body.outputs) :]


def test_one_choice_alone_and_choices_that_no_round_waits_for_are_none():
    assert len(decisions(*body_of(descent, X))) == 4
    alone = body_of(lambda x: wg.while_loop(lambda c: c < 5.0, lambda c: np.where(c > 1.0, c + x[0], c + 1.0), x[0]), X)
    assert not decisions(*alone)
    assert not decisions(body_of(descent, X)[0], ())
    wide = body_of(
        lambda x: wg.fori_loop(
            0, 9, lambda _, c: (np.where(c[1] > 1.0, c[0], 2 * c[0]), np.where(c[1] > 1.0, c[1], 3 * c[1])), (x, x[0])
        ),
        np.arange(9.0),
    )
    assert not decisions(*wide)


def test_choices_in_long_loops_stay_vectors():
    def f(x):
        def step(_, carry):
            total, few = carry
            is_large = total > 3.0
            few = np.where(is_large, few, 0.5 * few)
            return np.where(is_large, 0.5 * total, total + np.sum(few * x)), few

        return wg.fori_loop(0, 5, step, (0.0, x[0]))

    x = np.random.default_rng(0).random((200, 3))
    assert_all_close(wg.compile(f)(x), f(x))
