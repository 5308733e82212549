"""Control statements in functions that `vmap` applies to many arrays, which may decide differently."""

import numpy as np
import pytest

import wengert as wg
from wengert.control import Loop, While
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
    with pytest.raises(IndexError, match="switch was given index 2, but has 2 branches"):
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


def squared_in_a_scan(x):
    return wg.scan(lambda s, row: (squared(s) * row, s), x, np.ones(2))[0]


def squared_in_a_branch(x):
    return wg.cond(x > 0, squared, np.sin, x)


def squared_from_outside(x):
    y = x + 0.0
    return wg.fori_loop(0, 1, lambda i, s: s + squared(y), np.float64(0))


SQUARES, SLOPES, CURVATURES = np.array([1.5, 3.0, 20.0]), np.array([136.6875, 108.0, 1.0]), np.array([637.875, 108, 0])
WITH_SQUARES = [squared, squared_in_a_loop, squared_in_a_scan, squared_in_a_branch, squared_from_outside]

#: Ways from f to its derivative for each of several numbers.
GRADIENTS = {
    "one by one": lambda f: lambda xs: rows(wg.grad(f), xs),
    "batch of gradients": lambda f: vmap(wg.grad(f)),
    "list of a batch of gradients": lambda f: lambda xs: wg.trace(vmap(wg.grad(f)))(xs + 1)(xs),
    "simplified": lambda f: lambda xs: wg.simplify(wg.trace(vmap(wg.grad(f)))(xs + 1))(xs),
    "batch of a list": lambda f: vmap(wg.trace(wg.grad(f))(2.0)),
    "batch of an adjoint list": lambda f: lambda xs: vmap(wg.adjoint(wg.trace(f)(2.0)))(xs, np.ones(len(xs)))[1],
    "adjoint list of a batch": lambda f: lambda xs: wg.adjoint(wg.trace(vmap(f))(xs))(xs, np.ones(len(xs)))[1],
    "gradient of a batch": lambda f: wg.grad(lambda xs: np.sum(vmap(f)(xs))),
    "forward": lambda f: vmap(lambda x: wg.jvp(f, (x,), (1.0,))[1]),
}
CURVES = {
    "one by one": lambda f: lambda xs: rows(wg.grad(wg.grad(f)), xs),
    "batch": lambda f: vmap(wg.grad(wg.grad(f))),
    "list of a batch": lambda f: lambda xs: wg.trace(vmap(wg.hessian(f)))(xs + 1)(xs),
    "batch of a list": lambda f: vmap(wg.trace(wg.grad(wg.grad(f)))(2.0)),
    "forward over reverse": lambda f: vmap(lambda x: wg.jvp(wg.grad(f), (x,), (1.0,))[1]),
}


@pytest.mark.parametrize("f", WITH_SQUARES)
@pytest.mark.parametrize("way", GRADIENTS)
def test_gradients_of_rounds_that_differ(f, way):
    assert_equal(GRADIENTS[way](f)(SQUARES), SLOPES)


@pytest.mark.parametrize("f", WITH_SQUARES)
@pytest.mark.parametrize("way", CURVES)
def test_second_derivatives_of_rounds_that_differ(f, way):
    assert_equal(CURVES[way](f)(SQUARES), CURVATURES)


def test_hessians_of_rounds_that_differ():
    expected = rows(wg.hessian(newton), XS)
    assert_equal(vmap(wg.hessian(newton))(XS), expected)
    lst = wg.trace(vmap(wg.hessian(newton)))(XS)
    lst.verify()
    assert_equal(lst(XS), expected)
    assert_equal(wg.simplify(lst)(XS), expected)
    assert_equal(vmap(wg.trace(wg.hessian(newton))(XS[0]))(XS), expected)


def test_a_bound_that_differs_is_a_number_of_rounds():
    def power(x, n):
        return wg.fori_loop(0, n, lambda i, y: y * x, np.float64(1.0))

    xs, ns = np.array([2.0, 3.0, 5.0]), np.array([0, 3, 2])
    slopes = ns * xs ** (ns - 1.0)
    assert_equal(vmap(power)(xs, ns), xs**ns)
    assert_equal(vmap(wg.grad(power))(xs, ns), slopes)
    assert_equal(wg.trace(vmap(wg.grad(power)))(xs, ns + 1)(xs, ns), slopes)
    assert_equal(vmap(wg.trace(wg.grad(power))(2.0, 3))(xs, ns), slopes)


def test_what_is_the_same_for_all_is_kept_once():
    def f(x, n):
        total, ys = wg.scan(lambda c, row: (c * 2.0, row + 1.0), n, np.arange(3.0))
        return x * total, ys

    assert_equal(vmap(f, in_axes=(0, None))(SQUARES, 1.0)[0], 8 * SQUARES)
    assert_equal(vmap(f, in_axes=(0, None))(SQUARES, 1.0)[1], np.tile([1.0, 2.0, 3.0], (3, 1)))
    lst = wg.trace(vmap(f, in_axes=(0, None)))(SQUARES, 1.0)
    (loop,) = (stmt for stmt in lst.statements if isinstance(stmt.prim, Loop))
    assert [v.shape for v in loop.targets] == [(), (3,)]
    assert_equal(lst(SQUARES, 1.0)[0], 8 * SQUARES)
