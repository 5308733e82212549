"""Control statements as machine code: values, gradients and Hessians agree with the interpreted program."""

import numpy as np
import pytest

import wengert as wg
from wengert.native import machine

pytestmark = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable())

X = np.array([0.3, -0.2, 0.9])


def repeated(x):
    return wg.fori_loop(0, 5, lambda i, c: c * np.sin(x) + i, x)


def scanned(x):
    def step(carry, row):
        return carry * row[0] + np.sum(row), (carry + row, carry)

    carry, ys = wg.scan(step, x[0], np.outer(x, x), reverse=True)
    return carry + np.sum(ys[0]) * np.sum(ys[1])


def no_rounds(x):
    carry, ys = wg.scan(lambda c, row: (c + row, c * row), x[0], x[:0])
    return carry + np.sum(ys) + wg.fori_loop(3, 3, lambda i, c: c * x, x)


def chosen(x):
    return wg.cond(np.sum(x) > 0, np.sin, lambda x: x * x, x)


def as_long_as(x):
    return wg.while_loop(lambda c: np.sum(c) < 100.0, lambda c: c * c + 1.5, x)


def nested(x):
    def inner(carry):
        return wg.scan(lambda s, row: (s + row * carry[0], s), carry[1], x)[0]

    return wg.fori_loop(0, 3, lambda i, c: inner(c) * np.ones(3) * 0.1, x)


def nested_choice(x):
    def step(i, c):
        return wg.cond(i % 2 == 0, lambda: wg.cond(c[0] > 0, lambda: c * x, lambda: c - x), lambda: np.cos(c))

    return wg.fori_loop(0, 4, step, x)


def called(x):
    return wg.call(lambda v: np.sum(v * v) * v, x) + 1


def heat(u):
    def step(i, u):
        return np.concatenate([u[:1], u[1:-1] + 0.2 * (u[2:] - 2 * u[1:-1] + u[:-2]), u[-1:]])

    return wg.fori_loop(0, 50, step, u)


def integers(x):
    count, y = wg.fori_loop(0, 4, lambda i, c: (c[0] + i * (c[1][0] > 0), c[1] * 1.1), (2, x))
    return y * count


PROGRAMS = [repeated, scanned, no_rounds, chosen, as_long_as, nested, nested_choice, called, heat, integers]
#: What is not machine code yet, by program and derivative: the loops of an unknown number of rounds in reverse.
INTERPRETED = {as_long_as: {"gradient", "hessian"}}


def total(f):
    return lambda x: np.sum(np.cos(f(x)))


@pytest.mark.parametrize("f", PROGRAMS)
@pytest.mark.parametrize("what", ["value", "tangent", "gradient", "hessian"])
def test_control_statements(f, what):
    g = {
        "value": f,
        "tangent": lambda x: wg.jvp(f, (x,), (np.ones(3),))[1],
        "gradient": wg.grad(total(f)),
        "hessian": wg.hessian(total(f)),
    }[what]
    compiled = wg.compile(g)
    for at in (X, -X, 2 * X):
        np.testing.assert_allclose(compiled(at), g(at), rtol=1e-11, atol=1e-12)
    assert bool(compiled.stats().interpreted) == (what in INTERPRETED.get(f, ()))


# --- carries that are updated in place ----------------------------------------------------------------------------


def swept(x):
    def step(i, u):
        return wg.index_update(u, i + 1, 0.5 * (wg.gather(u, i) + wg.gather(u, i + 2)))

    return wg.fori_loop(0, len(x) - 2, step, x)


def read(x):
    return wg.fori_loop(0, len(x) - 1, lambda i, s: s + (wg.gather(x, i + 1) - wg.gather(x, i) ** 2) ** 2, 0.0)


def exchanged(x):
    def step(i, c):
        u, v = c
        return wg.index_update(v, i, wg.gather(u, i) * 2), wg.index_update(u, i, wg.gather(v, i) + 1)

    u, v = wg.fori_loop(0, 3, step, (x, x * x))
    return u * v


def old_one_read(x):
    return wg.fori_loop(0, 3, lambda i, u: wg.index_update(u, i, 3.0 * wg.gather(u, i + 1)) + u, x)


def old_one_summed(x):
    def step(i, c):
        u, s = c
        return wg.index_add(wg.index_update(u, i, wg.gather(u, i + 1)), i + 1, 1.0), s + np.sum(u)

    u, s = wg.fori_loop(0, 3, step, (x, 0.0))
    return u * s


def old_one_kept(x):
    def step(u, i):
        return wg.index_update(u, i, np.sum(u)), u

    u, us = wg.scan(step, x, np.arange(3))
    return u * np.sum(us)


def inserted_from_itself(x):
    return wg.fori_loop(0, 2, lambda i, u: wg.index_update(u, slice(1, None), u[:-1] * 2), x)


@pytest.mark.parametrize(
    "f", [swept, read, exchanged, old_one_read, old_one_summed, old_one_kept, inserted_from_itself]
)
@pytest.mark.parametrize("n", [4, 5, 40])
def test_carries_that_are_updated_in_place(f, n):
    x = np.random.default_rng(n).standard_normal(n) * 0.3
    before = x.copy()
    slope = wg.grad(lambda x: np.sum(np.sin(f(x))))
    for _ in range(2):
        np.testing.assert_allclose(wg.compile(f)(x), f(x), rtol=1e-12)
        np.testing.assert_allclose(wg.compile(slope)(x), slope(x), rtol=1e-11, atol=1e-13)
    np.testing.assert_array_equal(x, before)


def test_a_loop_that_updates_a_carry_needs_no_second_place_for_it():
    n = 10_000
    planned = wg.compile(swept).stats(np.zeros(n)).planned
    assert 8 * n <= planned < 1.1 * 8 * n


# --- computed indices -----------------------------------------------------------------------------------------------


def test_a_computed_index_that_is_out_of_range_raises_and_says_where():
    def f(x, k):
        return wg.fori_loop(0, 4, lambda i, s: s + wg.gather(x, i + k), 0.0)

    compiled = wg.compile(f)
    x = np.arange(5.0)
    assert compiled(x, 1) == f(x, 1)
    assert compiled(x, -3) == f(x, -3)  # from the end, as NumPy counts
    for _ in range(2):
        with pytest.raises(IndexError, match="index 5 is out of bounds for axis 0 with size 5") as error:
            compiled(x, 2)
        assert "fori_loop" in error.value.__notes__[-1]
    assert compiled(x, 1) == f(x, 1)


@pytest.mark.parametrize("rows", [np.array([1, -1, 0]), np.array([[2], [0]])])
def test_arrays_of_indices_known_and_computed(rows):
    x = np.random.default_rng(0).standard_normal((4, 5, 3))
    j = np.array([1, -1, 0])

    def known(x):
        return (
            np.sum(np.sin(x[rows])) + np.sum(x[:, rows] ** 2) + np.sum(np.cos(x[rows, :, j])) + np.sum(x[rows, j] ** 3)
        )

    def computed(x, k):
        y = wg.gather(x, (k, slice(None), 1))
        return np.sum(np.sin(y)) * wg.gather(x, (k[..., 0], 1, 2))[..., 0].sum()

    slope = wg.grad(known)
    compiled = wg.compile(slope)
    np.testing.assert_allclose(compiled(x), slope(x), rtol=1e-12)
    assert compiled.stats().interpreted == ()
    if rows.ndim == 2:
        slope = wg.grad(computed)
        compiled = wg.compile(slope)
        np.testing.assert_allclose(compiled(x, rows), slope(x, rows), rtol=1e-12)
        with pytest.raises(IndexError):
            compiled(x, rows + 4)
