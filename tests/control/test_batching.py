"""Control statements in functions that `vmap` applies to many arrays, which may decide differently."""

import numpy as np
import pytest

import wengert as wg
from wengert.control import While
from wengert.vectorisation import vmap

XS = np.random.default_rng(3).normal(size=(3, 4))
DIRECTION = np.cos(np.arange(4.0))


def rows(f, *args):
    return np.stack([f(*row) for row in zip(*args, strict=True)])


def assert_equal(found, expected, rtol=1e-12):
    assert (np.shape(found), np.asarray(found).dtype) == (np.shape(expected), np.asarray(expected).dtype)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * np.max(np.abs(expected), initial=0))


def chosen(x):
    return wg.cond(np.sum(x) > 0, np.sin, lambda x: x**2, x)


def switched(x):
    return wg.switch(np.argmax(x[:3]), [np.sum, np.prod, lambda x: x[0] ** 2], x) * np.ones(2)


def repeated(x):
    return wg.fori_loop(0, 3, lambda i, c: 4 * c * (1 - c) * (1 + 0.1 * i), 0.1 + 0.1 * np.tanh(x))


def from_constant(x):
    return wg.fori_loop(0, 3, lambda i, c: (c[1], c[0] * x + i), (np.ones(4), np.zeros(4)))[0]


def scanned(x):
    carry, ys = wg.scan(lambda c, v: (c * 0.5 + v, np.sin(c) * v), 0.0, x, reverse=True)
    return carry + ys


def counted(x):
    return wg.while_loop(lambda s: s[1] < 9, lambda s: (s[0] + 1, s[1] * (1.5 + abs(x[0]))), (0, 1.0 + abs(x[1])))[1]


def nested(x):
    def body(i, c):
        return wg.cond(
            c > 1, lambda c: c * 0.5, lambda c: wg.while_loop(lambda z: z < 1.5, lambda z: z * 1.3 + 0.1, c), c
        )

    return wg.fori_loop(0, 4, body, abs(x[0]))


CONTROL = [chosen, switched, repeated, from_constant, scanned, counted, nested]


@pytest.mark.parametrize("f", CONTROL)
def test_control_statements(f):
    def forward(f):
        return lambda x: wg.jvp(f, (x,), (DIRECTION,))[1]

    def total(f):
        return lambda xs: np.sum(np.sin(f(xs)))

    assert_equal(vmap(f)(XS), rows(f, XS))
    assert_equal(vmap(forward(f))(XS), rows(forward(f), XS))
    assert_equal(wg.grad(total(vmap(f)))(XS), rows(wg.grad(total(f)), XS))
    lst = wg.trace(vmap(f))(XS)
    lst.verify()
    assert_equal(lst(XS * 1.5), rows(f, XS * 1.5))
    assert_equal(wg.trace(wg.grad(total(vmap(f))))(XS)(XS), rows(wg.grad(total(f)), XS))
    assert_equal(vmap(lambda x: wg.trace(f)(x)(x))(XS), rows(f, XS))


@pytest.mark.parametrize("f", [chosen, switched, repeated, from_constant, scanned])
def test_gradients_of_control_statements_inside(f):
    def gradient(x):
        return wg.grad(lambda x: np.sum(np.sin(f(x))))(x)

    assert_equal(vmap(gradient)(XS), rows(gradient, XS))
    assert_equal(wg.trace(vmap(gradient))(XS)(XS), rows(gradient, XS))


def test_a_branch_that_does_not_exist():
    with pytest.raises(ValueError, match="choice"):
        vmap(lambda i: wg.switch(i, [lambda: 1.0, lambda: 2.0]))(np.array([0, 2]))


def newton(x):
    return np.sum(
        wg.while_loop(lambda r: np.any(abs(r * r - np.exp(x)) > 1e-10), lambda r: (r + np.exp(x) / r) / 2, x * x + 1)
    )


@pytest.mark.parametrize("f", [counted, newton])
def test_rounds_that_differ_have_a_gradient(f):
    assert_equal(vmap(f)(XS), rows(f, XS))
    expected = rows(wg.grad(f), XS)
    assert_equal(vmap(wg.grad(f))(XS), expected)
    assert_equal(wg.grad(lambda xs: np.sum(vmap(f)(xs)))(XS), expected)
    lst = wg.trace(vmap(f))(XS)
    assert_equal(wg.adjoint(lst)(XS, np.ones(3))[1], expected)


def test_a_guard_is_set_once():
    (loop,) = (stmt.prim for stmt in wg.trace(counted)(XS[0]).statements if isinstance(stmt.prim, While))
    assert loop.guarded().guarded().body.made_from == ("guarded", loop.body)


def squared(x):
    return wg.while_loop(lambda y: y < 10.0, lambda y: y * y, x)


def squared_in_a_loop(x):
    return wg.fori_loop(0, 1, lambda i, s: squared(s), x)


SQUARES, SLOPES = np.array([1.5, 3.0, 20.0]), np.array([136.6875, 108.0, 1.0])


def test_gradients_of_rounds_that_differ():
    assert_equal(vmap(wg.grad(squared))(SQUARES), SLOPES)
    assert_equal(wg.adjoint(wg.trace(vmap(squared))(SQUARES))(SQUARES, np.ones(3))[1], SLOPES)
    assert_equal(wg.grad(lambda x: np.sum(vmap(squared_in_a_loop)(x)))(SQUARES), SLOPES)


@pytest.mark.parametrize(
    "gradient",
    [
        wg.trace(vmap(wg.grad(squared))),
        vmap(wg.trace(wg.grad(squared))(2.0)),
        lambda x: vmap(wg.adjoint(wg.trace(squared)(2.0)))(x, np.ones(3)),
        vmap(wg.grad(squared_in_a_loop)),
    ],
)
def test_a_sweep_that_was_written_for_one_array_is_refused_for_several(gradient):
    with pytest.raises(wg.TraceError, match="written for one array, and met 3") as error:
        gradient(SQUARES)
    assert "Take vmap first" in error.value.remedy
