"""Stacks whose rows stand beside those of others in memory: what reads them otherwise, and where they stand alone."""

import numpy as np
import pytest

import wengert as wg
from native.agreement import assert_all_close, assert_native_agrees, seeds_for
from wengert.native import interleaved, machine
from wengert.native.interleaved import columns
from wengert.native.planning import plan, with_own_outputs

pytestmark = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable())

X = np.linspace(-1.0, 1.0, 60).reshape(6, 10)
W = np.linspace(0.5, 1.5, 10)


def stacks_of(lst):
    """The stacks that are interleaved in the outermost list, by name."""
    lst = with_own_outputs(wg.simplify(lst))
    return {v.name: column for v, column in columns(plan(lst), {}).items()}


def gated(w, x):
    def step(h, row):
        gate = 1 / (1 + np.exp(-(h * w + row)))
        return gate * np.tanh(h + row), np.sum(np.exp(h * gate))

    h, ys = wg.scan(step, w * 0.1, x)
    return np.sum(h * h) + np.sum(ys**2)


def backwards(w, x):
    h, ys = wg.scan(lambda h, row: (np.sin(h * row) * np.exp(-h), np.tanh(h) * row), w, x, reverse=True)
    return np.sum(h) + np.sum(ys[::2] * w) + ys[-1, 3]


def nested(w, x):
    def step(i, h):
        inner, _ = wg.scan(lambda c, row: (np.tanh(c * row) + np.exp(-h), None), h, x)
        return inner * w

    return np.sum(wg.fori_loop(0, 4, step, w))


def of_matrices(w, x):
    def step(i, m):
        return np.tanh(m @ m.T) * np.exp(-m) + np.outer(w, w) * i

    return np.sum(wg.fori_loop(0, 3, step, np.outer(w, x[0])) ** 2)


def of_several_dtypes(w, x):
    def step(carry, row):
        h, n, single = carry
        n = np.where(row > 0, n + 1, n)
        return (np.tanh(h * n) + row, n, np.exp(-np.abs(single)) * np.float32(0.5)), np.sum(h * single)

    start = w, np.zeros(10, int), w.astype(np.float32)
    (h, n, single), ys = wg.scan(step, start, x)
    return np.sum(h * n) + np.sum(single) + np.sum(ys)


def of_two_rounds(w, x):  # of 128 bytes, which stand on the stack of the processor
    return np.sum(wg.scan(lambda h, row: (np.tanh(h * row) * np.exp(-h), None), w[:8], x[:2, :8])[0])


def of_two_longer_rounds(w, x):
    return np.sum(wg.scan(lambda h, row: (np.tanh(h * row) * np.exp(-h), None), w[:9], x[:2, :9])[0])


PROGRAMS = [gated, backwards, nested, of_matrices, of_several_dtypes, of_two_rounds, of_two_longer_rounds]


@pytest.mark.parametrize("f", PROGRAMS)
@pytest.mark.parametrize("least", [64, 1])
def test_values_and_derivatives(f, least, monkeypatch):
    monkeypatch.setattr(interleaved, "ALIGNMENT", least)
    lst = wg.trace(f)(W, X)
    for program in (lst, wg.adjoint(lst), wg.tangent(wg.adjoint(lst)), wg.adjoint(wg.adjoint(lst))):
        assert_native_agrees(program, seeds_for(program, [W, X]))


@pytest.mark.parametrize("f", PROGRAMS)
def test_batches(f):
    ws = np.stack([W, W * 0.7, W + 0.1])
    batch = wg.vmap(wg.grad(f), (0, None))
    assert_all_close(wg.compile(batch)(ws, X), batch(ws, X), precision=4 if f is of_several_dtypes else 8)


def test_which_stacks_are_interleaved():
    found = stacks_of(wg.adjoint(wg.trace(gated)(W, X)))
    assert len(found) >= 3
    (stride,) = {column.stride for column in found.values()}
    assert stride % 64 == 0
    assert stride >= 80 * len(found)
    offsets = sorted(column.offset for column in found.values())
    assert np.all(np.diff(offsets) >= 80)
    assert {column.size for column in found.values()} == {6 * stride}


def test_rows_of_a_few_numbers_stand_alone():
    def f(x):
        return np.sum(wg.fori_loop(0, 9, lambda i, c: np.exp(-np.tanh(c)), x))

    assert not stacks_of(wg.adjoint(wg.trace(f)(np.ones(2))))
    assert stacks_of(wg.adjoint(wg.trace(f)(np.ones(8))))


def test_a_stack_that_something_else_reads_stands_alone():
    def f(x):
        h, (a, b, c) = wg.scan(lambda h, row: (h + row, (np.exp(row), np.sin(row), np.cos(row))), x[0], x)
        again, _ = wg.scan(lambda g, rows: (g * rows[0] + rows[1] * rows[2], None), h, (a, b, c))
        return np.sum(again) + np.sum(a)

    lst = wg.trace(f)(X)
    assert len(stacks_of(lst)) == 2
    assert_native_agrees(lst, [X])


def test_a_stack_that_is_a_result_stands_alone():
    def f(x):
        h, (a, b, c) = wg.scan(lambda h, row: (h + row, (np.exp(row), np.sin(row), np.cos(row))), x[0], x)
        return wg.scan(lambda g, rows: (g * rows[0] + rows[1] * rows[2], None), h, (a, b, c))[0], b

    lst = wg.trace(f)(X)
    assert len(stacks_of(lst)) == 2
    assert_native_agrees(lst, [X])


def test_a_stack_that_is_a_carry_or_a_constant_of_another_loop_stands_alone():
    def f(x):
        _, (a, b, c, d) = wg.scan(lambda h, row: (h, (row * 2, row * 3, row * 5, row * 7)), 0.0, x)
        products, _ = wg.scan(lambda h, rows: (h + rows[0] * rows[1], None), x[0], (c, d))
        return wg.fori_loop(0, 2, lambda i, s: s * a + i, b), products

    lst = wg.trace(f)(X)
    assert len(stacks_of(lst)) == 2
    assert_native_agrees(lst, [X])


def test_rows_that_numpy_is_given():
    def f(x):
        _, (a, b, c, d) = wg.scan(lambda h, row: (h, (row * 2, row * 3, row * 5, row * 7)), 0.0, x)
        z, _ = wg.scan(lambda z, rows: (z * (rows[0] + 1j * rows[1]) + 1, None), np.ones(10) + 0j, (a, b))
        h, _ = wg.scan(lambda h, rows: (h + rows[0] * rows[1], None), x[0], (c, d))
        return np.sum(np.abs(z)) + np.sum(h)

    compiled = wg.compile(f)
    np.testing.assert_allclose(compiled(X), f(X), rtol=1e-13)
    assert compiled.stats().called_back
    assert len(stacks_of(wg.trace(f)(X))) == 4
    assert_native_agrees(wg.trace(f)(X), [X])
