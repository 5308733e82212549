"""Programs with control statements: lists agree with Python's control flow in value, first and second derivative."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from wengert.checker import check

# Each program is written twice: with control statements, and with Python's own. The second one is the oracle.


def logistic(x):
    return wg.fori_loop(0, 6, lambda i, l: 3.7 * l * (1 - l), x)


def logistic_in_python(x):
    for _ in range(6):
        x = 3.7 * x * (1 - x)
    return x


def counted(x):
    return wg.fori_loop(2, 5, lambda i, c: c * np.sin(x + i), np.exp(x))


def counted_in_python(x):
    c = np.exp(x)
    for i in range(2, 5):
        c = c * np.sin(x + i)
    return c


def no_rounds(x):
    return wg.fori_loop(3, 3, lambda i, c: c * x, x) ** 2


def no_rounds_in_python(x):
    return x**2


def recurrent(w, u, xs):
    def step(h, x):
        h = np.tanh(w @ h + u * x)
        return h, h[0] * x

    h, ys = wg.scan(step, np.zeros(3), xs)
    return np.sum(h) + np.sum(ys**2)


def recurrent_in_python(w, u, xs):
    h, ys = np.zeros(3), []
    for x in xs:
        h = np.tanh(w @ h + u * x)
        ys.append(h[0] * x)
    return np.sum(h) + sum(y**2 for y in ys)


def backwards(xs):
    total, ys = wg.scan(lambda c, x: (c * 0.5 + x, c * x), 1.0, xs, reverse=True)
    return total * np.sum(ys * np.arange(1.0, 6.0))


def backwards_in_python(xs):
    c, ys = 1.0, []
    for x in xs[::-1]:
        ys.append(c * x)
        c = c * 0.5 + x
    return c * sum(y * k for y, k in zip(ys[::-1], np.arange(1.0, 6.0), strict=True))


def newton(a):
    return wg.while_loop(lambda x: abs(x * x - a) > 1e-12, lambda x: (x + a / x) / 2, a)


def newton_in_python(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = (x + a / x) / 2
    return x


def growing(x):
    y, n = wg.while_loop(lambda s: s[0] < 5.0, lambda s: (s[0] * (1.0 + x), s[1] + 1), (x, 0))
    return y * n


def growing_in_python(x):
    y, n = x, 0
    while y < 5.0:
        y, n = y * (1.0 + x), n + 1
    return y * n


def chosen(x):
    return wg.cond(x > 1.0, lambda x: np.log(x) * x, lambda x: x**3, x)


def chosen_in_python(x):
    return np.log(x) * x if x > 1.0 else x**3


def switched(k, x):
    return wg.switch(k, [np.sin, np.cos, lambda x: x * x, np.exp], x)


def switched_in_python(k, x):
    return [np.sin, np.cos, lambda x: x * x, np.exp][int(k)](x)


def nested(x):
    def outer(i, c):
        def inner(j, d):
            return d + wg.cond(d > c, np.sin, np.cos, d * x) * 0.1 * j

        return c * 0.9 + wg.fori_loop(0, 3, inner, c)

    return wg.fori_loop(0, 3, outer, x)


def nested_in_python(x):
    c = x
    for _ in range(3):
        d = c
        for j in range(3):
            d = d + (np.sin(d * x) if d > c else np.cos(d * x)) * 0.1 * j
        c = c * 0.9 + d
    return c


def in_place(x):
    y = np.zeros_like(x)
    y[0] = x[0]

    def step(i, y):
        return wg.index_update(y, i, x[i] * y[i - 1] + np.sin(x[i]))

    y = wg.fori_loop(1, 5, step, y)
    return np.sum(y * y)


def in_place_in_python(x):
    y = np.zeros_like(x)
    y[0] = x[0]
    for i in range(1, 5):
        y[i] = x[i] * y[i - 1] + np.sin(x[i])
    return np.sum(y * y)


def called(x):
    def energy(v):
        return v @ v / 2

    return wg.call(energy, np.sin(x)) * wg.call(energy, 2 * x)


def called_in_python(x):
    return (np.sin(x) @ np.sin(x) / 2) * (2 * x @ (2 * x) / 2)


def in_containers(x):
    def body(i, carry):
        return {"a": carry["b"] * x, "b": (carry["a"][0] + carry["b"], 1.0)[0]} | {"a": (carry["b"] * x, carry["a"][1])}

    last = wg.fori_loop(0, 4, body, {"a": (x, np.ones(2)), "b": x * 0.5})
    return last["a"][0] + np.sum(last["a"][1]) * last["b"]


def in_containers_in_python(x):
    a, b = x, x * 0.5
    for _ in range(4):
        a, b = b * x, a + b
    return a + 2.0 * b


def while_in_scan(xs):
    def step(c, x):
        halved = wg.while_loop(lambda v: v > 1.0, lambda v: v * x, c + x + 3.0)
        return halved, halved * x

    c, ys = wg.scan(step, 0.0, xs)
    return c * np.sum(ys)


def while_in_scan_in_python(xs):
    c, total = 0.0, 0.0
    for x in xs:
        v = c + x + 3.0
        while v > 1.0:
            v = v * x
        c, total = v, total + v * x
    return c * total


def steps_that_are_computed(n, x):
    return wg.fori_loop(0, n, lambda i, c: np.sin(c) + i * x, x)


def steps_that_are_computed_in_python(n, x):
    c = x
    for i in range(int(n)):
        c = np.sin(c) + i * x
    return c


def gated(w, b, xs):
    """Dear values in each round, and values that are the same in all of them."""

    def step(carry, x):
        h, c = carry
        inside = np.concatenate([h, x * np.exp(b)]) * w[0] + w[1]
        gate = 1 / (1 + np.exp(-inside[:2]))
        c = c * gate + np.tanh(inside[2:]) * np.sqrt(w[2, 0] ** 2 + 1)
        h = gate * np.tanh(c)
        return (h, c), np.log(2 + np.sum(np.exp(h * b)))

    (h, c), ys = wg.scan(step, (np.zeros(2), np.ones(2)), xs)
    return np.sum(h * c) + np.sum(ys**2)


def gated_in_python(w, b, xs):
    h, c, total = np.zeros(2), np.ones(2), 0.0
    for x in xs:
        inside = np.concatenate([h, x * np.exp(b)]) * w[0] + w[1]
        gate = 1 / (1 + np.exp(-inside[:2]))
        c = c * gate + np.tanh(inside[2:]) * np.sqrt(w[2, 0] ** 2 + 1)
        h = gate * np.tanh(c)
        total = total + np.log(2 + np.sum(np.exp(h * b))) ** 2
    return np.sum(h * c) + total


def mixing(a, x):
    def step(i, x):
        return np.sin(a @ x) + wg.cond(x[0] > 0, np.exp, np.cos, x) * 0.1 * np.sum(x @ x)

    return np.sum(wg.fori_loop(0, 4, step, x) ** 2)


def mixing_in_python(a, x):
    for _ in range(4):
        x = np.sin(a @ x) + (np.exp(x) if x[0] > 0 else np.cos(x)) * 0.1 * np.sum(x @ x)
    return np.sum(x**2)


def two_at_a_time(x, y):
    c, d = wg.fori_loop(0, 4, lambda i, s: (s[0] * np.cos(y), np.tanh(s[1] * x) + 1), (1 + 0 * y, 1 + 0 * x))
    return c * d


def two_at_a_time_in_python(x, y):
    c, d = 1 + 0 * y, 1 + 0 * x
    for _ in range(4):
        c, d = c * np.cos(y), np.tanh(d * x) + 1
    return c * d


RNG = np.random.default_rng(8)
PAIRS = [
    (logistic, logistic_in_python, (0.3,)),
    (counted, counted_in_python, (0.4,)),
    (no_rounds, no_rounds_in_python, (0.4,)),
    (recurrent, recurrent_in_python, (RNG.normal(size=(3, 3)), RNG.normal(size=3), RNG.normal(size=4))),
    (backwards, backwards_in_python, (RNG.normal(size=5),)),
    (newton, newton_in_python, (2.5,)),
    (growing, growing_in_python, (0.7,)),
    (chosen, chosen_in_python, (1.7,)),
    (chosen, chosen_in_python, (0.6,)),
    (switched, switched_in_python, (2, 0.6)),
    (switched, switched_in_python, (0, 0.6)),
    (nested, nested_in_python, (0.8,)),
    (in_place, in_place_in_python, (RNG.normal(size=5),)),
    (called, called_in_python, (RNG.normal(size=3),)),
    (in_containers, in_containers_in_python, (0.8,)),
    (while_in_scan, while_in_scan_in_python, (RNG.uniform(0.3, 0.8, 4),)),
    (steps_that_are_computed, steps_that_are_computed_in_python, (4, 0.3)),
    (gated, gated_in_python, (RNG.normal(size=(3, 4)), RNG.normal(size=2), RNG.normal(size=5))),
    (mixing, mixing_in_python, (RNG.normal(size=(9, 9)) / 9, RNG.normal(size=9))),
    (two_at_a_time, two_at_a_time_in_python, (0.7, 1.3)),
]
IDS = [f"{program.__name__}-{k}" for k, (program, _, _) in enumerate(PAIRS)]


def moving(args):
    return tuple(k for k, x in enumerate(args) if np.asarray(x).dtype.kind == "f")


def as_tuple(y):
    return y if isinstance(y, tuple) else (y,)


def assert_close(found, expected, rtol=1e-11):
    for one, other in zip(as_tuple(found), as_tuple(expected), strict=True):
        assert np.all(np.isfinite(other))
        assert np.shape(one) == np.shape(other)
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol * (1 + np.max(np.abs(other))))


@pytest.mark.parametrize(("program", "oracle", "args"), PAIRS, ids=IDS)
def test_known_values_run_as_python_does(program, oracle, args):
    assert_close(program(*args), oracle(*args))
    chosen = moving(args)
    assert_close(wg.grad(program, chosen)(*args), wg.grad(oracle, chosen)(*args))
    tensors = [wg.tensor(x, requires_grad=k in chosen) for k, x in enumerate(args)]
    program(*tensors).backward()
    for k, expected in zip(chosen, wg.grad(oracle, chosen)(*args), strict=True):
        assert_close(tensors[k].grad.numpy(), expected)


@pytest.mark.parametrize(("program", "oracle", "args"), PAIRS, ids=IDS)
def test_a_list_computes_the_same_for_other_inputs(program, oracle, args):
    lst = wg.trace(program)(*args)
    lst.verify()
    assert_close(lst(*args), oracle(*args))
    others = [x * 1.01 if k in moving(args) else x for k, x in enumerate(args)]
    assert_close(lst(*others), oracle(*others))


@pytest.mark.parametrize(("program", "oracle", "args"), PAIRS, ids=IDS)
def test_first_derivatives_of_lists(program, oracle, args):
    lst, chosen = wg.trace(program)(*args), moving(args)
    expected = wg.grad(oracle, chosen)(*args)
    adjoint, tangent = wg.adjoint(lst), wg.tangent(lst)
    adjoint.verify()
    tangent.verify()
    assert_close(as_tuple(adjoint(*args, 1.0))[1:], expected)
    x_dots = [RNG.normal(size=np.shape(args[k])) for k in chosen]
    slope = sum(np.sum(g * t) for g, t in zip(expected, x_dots, strict=True))
    assert_close(tangent(*args, *x_dots)[1], slope)
    assert_close(as_tuple(wg.trace(wg.grad(program, chosen))(*args)(*args)), expected)
    directional = wg.trace(
        lambda *xs: wg.jvp(
            lambda *ys: program(*(ys[chosen.index(k)] if k in chosen else x for k, x in enumerate(xs))),
            tuple(xs[k] for k in chosen),
            tuple(x_dots),
        )[1]
    )(*args)
    assert_close(directional(*args), slope)


@pytest.mark.parametrize(("program", "oracle", "args"), PAIRS, ids=IDS)
def test_second_derivatives_of_lists_in_all_orders(program, oracle, args):
    lst, chosen = wg.trace(program)(*args), moving(args)
    gradient = wg.grad(oracle, chosen)
    x_dots = tuple(RNG.normal(size=np.shape(args[k])) for k in chosen)
    zeros = [np.zeros(np.shape(args[k])) for k in chosen]

    def of_moving(*xs):
        full = list(args)
        for k, x in zip(chosen, xs, strict=True):
            full[k] = x
        return gradient(*full)

    expected = wg.jvp(of_moving, tuple(args[k] for k in chosen), x_dots)[1]
    count, slots = len(chosen), len(args)
    adjoint, tangent = wg.adjoint(lst), wg.tangent(lst)
    forward_reverse = wg.tangent(adjoint)
    forward_reverse.verify()
    assert_close(forward_reverse(*args, 1.0, *x_dots, 0.0)[-count:], expected)
    reverse_forward = wg.adjoint(tangent)
    reverse_forward.verify()
    found = reverse_forward(*args, *x_dots, 0.0, 1.0)
    assert_close(found[2 : 2 + count], expected)
    reverse_reverse = wg.adjoint(adjoint)
    reverse_reverse.verify()
    found = reverse_reverse(*args, 1.0, 0.0, *x_dots)
    assert_close(found[1 + count : 1 + 2 * count], expected)
    forward_forward = wg.tangent(tangent)
    forward_forward.verify()
    found = forward_forward(*args, *x_dots, *x_dots, *zeros)
    assert_close(found[-1], sum(np.sum(g * t) for g, t in zip(expected, x_dots, strict=True)))
    assert slots == len(lst.inputs)


@pytest.mark.parametrize(("program", "oracle", "args"), PAIRS[:3] + PAIRS[5:8], ids=IDS[:3] + IDS[5:8])
def test_third_derivatives_of_lists(program, oracle, args):
    expected = wg.grad(wg.grad(wg.grad(oracle)))(*args)
    lst = wg.trace(wg.grad(wg.grad(wg.grad(program))))(*args)
    lst.verify()
    assert_close(lst(*args), expected, rtol=1e-9)


@pytest.mark.parametrize(("program", "oracle", "args"), PAIRS, ids=IDS)
def test_against_numerical_differentiation(program, oracle, args):
    lst, chosen = wg.trace(program)(*args), moving(args)

    def of_moving(*xs):
        full = list(args)
        for k, x in zip(chosen, xs, strict=True):
            full[k] = x
        return lst(*full)

    check(of_moving, *(args[k] for k in chosen), order=2, directions=2, step=1e-3)


STEPS = {
    "sin": lambda c, x, i: np.sin(c) + x,
    "product": lambda c, x, i: c * x * 0.7 + 0.1 * i,
    "choice": lambda c, x, i: wg.cond(c > x, lambda: c - x, lambda: np.cos(c)),
    "selection": lambda c, x, i: np.where(c > 0.3, c * c, x),
    "loop": lambda c, x, i: wg.fori_loop(0, 2, lambda j, d: d * np.cos(x) + 0.1 * (i + j), c),
    "shrink": lambda c, x, i: wg.while_loop(lambda d: abs(d) > 0.5, lambda d: d * 0.6, c + x),
}


@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=4), st.integers(0, 4), st.floats(-1.5, 1.5))
@settings(max_examples=40)
def test_random_loops(steps, rounds, at):
    def body(i, c):
        for name in steps:
            c = STEPS[name](c, 0.37 * c + 0.2, i)
        return c

    def program(x):
        return wg.fori_loop(0, rounds, body, x * 1.0)

    expected, slope = wg.value_and_grad(program)(at)
    curvature = wg.hessian(program)(at)
    lst = wg.trace(program)(at)
    lst.verify()
    second = wg.tangent(wg.adjoint(lst))
    second.verify()
    y, x_bar, _, x_bar_dot = second(at, 1.0, 1.0, 0.0)
    assert_close((y, x_bar, x_bar_dot), (expected, slope, curvature), rtol=1e-9)


@pytest.mark.parametrize("x", [0.5, -0.5])
def test_an_adjoint_list_of_branches_of_mixed_precision(x):
    def f(x, y):
        return np.sum(wg.cond(x > 0, lambda: y * x, lambda: y + x))

    x, y = np.float32(x), np.ones(2)
    adjoint = wg.adjoint(wg.trace(f)(x, y))
    _, x_bar, y_bar = adjoint.run([x, y, np.float64(1.0)])
    expected = wg.grad(f, (0, 1))(x, y)
    np.testing.assert_array_equal(x_bar, expected[0])
    np.testing.assert_array_equal(y_bar, expected[1])
    assert (x_bar.dtype, y_bar.dtype) == (np.float32, np.float64)
