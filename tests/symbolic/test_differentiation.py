"""`derivative`: formulas by wengert's rules, held against SymPy's own differentiation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.special as sc
import sympy as sp

import wengert as wg
from wengert.errors import ArgumentError, NoRuleError, ShapeError
from wengert.symbolic import derivative, to_sympy

x, y, x1, x2 = sp.symbols("x y x1 x2", real=True)


def logistic(x):
    for _ in range(3):
        x = 4 * x * (1 - x)
    return x


def mixed(x, y):
    return np.exp(x * y) * np.sin(x + y**2) / (1 + x**2)


PROGRAMS = [
    lambda x: x**3 * np.sin(x),
    lambda x: np.log(1 + np.exp(-x)),
    lambda x: np.tanh(x) * np.arctan(x) - np.sqrt(1 + x * x),
    lambda x: np.hypot(x, 2.0) ** 3,
    lambda x: np.where(x > 0, np.sin(x), x**2),
    lambda x: x**x,
    lambda x: np.logaddexp(x, 2 * x),
    lambda x: np.arctan2(x, 1 + x),
    lambda x: np.arcsinh(x) + np.arctanh(x / 3) + np.expm1(x),
    lambda x: np.max(np.stack([x, 1.0 - x, x * x])),
    lambda x: np.linalg.det(np.stack([np.stack([x, 2.0 * x]), np.stack([np.sin(x), x**2])])),
    lambda x: np.sum(np.array([1.0, 2.0, 3.0]) ** x),
    lambda x: sc.erf(x) * sc.gamma(1 + x) + sc.jv(1, x),
    lambda x: wg.fori_loop(0, 4, lambda i, s: s * x + i, 1.0 * x),
    logistic,
]


def difference_at_random_points(found, expected, count=5):
    """The largest relative difference at points between 0.2 and 0.9, to 50 digits."""
    rng = np.random.default_rng(7)
    symbols = sorted(found.free_symbols | expected.free_symbols, key=str)
    worst = 0.0
    for _ in range(count):
        point = {symbol: sp.Rational(int(rng.integers(200, 900)), 1000) for symbol in symbols}
        a, b = (complex(e.xreplace(point).doit().evalf(50)) for e in (found, expected))
        assert np.isfinite(a)
        assert np.isfinite(b)
        worst = max(worst, abs(a - b) / (1 + abs(b)))
    return worst


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("f", PROGRAMS)
def test_it_agrees_with_sympy(f, order):
    expected = sp.diff(to_sympy(f), x, order)
    assert difference_at_random_points(derivative(f, order=order), expected) < 1e-12


@pytest.mark.parametrize("f", PROGRAMS)
def test_it_agrees_with_reverse_mode(f):
    formula = derivative(f)
    for at in (0.3, 0.62, 0.85):
        assert float(formula.subs(x, at)) == pytest.approx(wg.grad(f)(at), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("argnums", [k for n in (1, 2, 3) for k in itertools.product((0, 1), repeat=n)])
def test_mixed_derivatives(argnums):
    expected = sp.diff(to_sympy(mixed), *((x, y)[k] for k in argnums))
    assert difference_at_random_points(derivative(mixed, argnums), expected) < 1e-12


def test_the_difference_simplifies_to_nothing():
    def f(x1, x2):
        return np.log(x1) + x1 * x2 - np.sin(x2)

    assert derivative(f) == x2 + 1 / x1
    assert derivative(f, argnums=1) == x1 - sp.cos(x2)
    assert derivative(f, argnums=(0, 1)) == 1
    assert sp.expand(derivative(logistic) - sp.diff(to_sympy(logistic), x)) == 0


def test_it_is_evaluated_like_the_gradient():
    formula = derivative(mixed, argnums=1)
    value = float(formula.subs({x: 0.5, y: 0.25}))
    assert value == pytest.approx(wg.grad(mixed, argnums=1)(0.5, 0.25), rel=1e-14)


def test_orders_and_numbers():
    assert derivative(np.exp, order=0) == sp.exp(x)
    second = derivative(lambda x: np.exp(-x * x), order=2, simplify=True)
    assert str(second) == "2*(2*x**2 - 1)*exp(-x**2)"
    assert derivative(lambda x, y: x * y**2, argnums=-1) == 2 * x * y
    assert derivative(lambda x: 3.0) == 0
    assert derivative(lambda x, n=3: x**n) == 3 * x**2


def test_lists_have_names_too():
    lst = wg.trace(lambda u, theta: u * np.sin(theta))(1.0, 2.0)
    u, theta = sp.symbols("u theta", real=True)
    assert derivative(lst, argnums=1) == u * sp.cos(theta)


def test_what_is_equal_over_an_interval_is_kept():
    def f(x, y):
        return np.max(np.stack([x, y, x * y])) * np.where(np.abs(x) > y, x, y) + np.minimum(x, y)

    formula = derivative(f)
    for at in ((0.3, 0.5), (0.5, 0.3), (2.0, 3.0), (3.0, -2.0)):
        found = float(formula.subs(dict(zip((x, y), at, strict=True))))
        assert found == pytest.approx(wg.grad(f)(*at), rel=1e-14)


def test_points_of_their_own_are_left_out():
    assert derivative(lambda x: np.arctan2(x, 2.0)) == 2 / (x**2 + 4)
    assert derivative(np.hypot) == x1 / sp.sqrt(x1**2 + x2**2)
    assert derivative(lambda x, y: x**y) == x ** (y - 1) * y
    assert derivative(np.abs) == sp.sign(x)
    assert derivative(sc.gamma) == sp.gamma(x) * sp.digamma(x)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: derivative(lambda x: np.stack([x, x])), ShapeError, "derivative needs real numbers, but its result"),
        (lambda: derivative(lambda x: (x, x)), ShapeError, "derivative needs one number as the result, but there"),
        (lambda: derivative(wg.trace(np.sum)(np.ones(2))), ShapeError, "input a of list sum has type f64[2]"),
        (lambda: derivative(lambda x: x, 1), ArgumentError, "derivative was asked for argument 1, but there are 1: x."),
        (lambda: derivative(lambda x: x, (0,), 2), ArgumentError, "derivative got argnums=(0,) and order=2."),
        (lambda: derivative(lambda x: x, order=-1), ArgumentError, "derivative got order=-1."),
        (lambda: derivative(lambda *xs: xs[0]), ArgumentError, "Write it with named ones, as in lambda x, y: f(x, y)."),
        (lambda: derivative(3), ArgumentError, "derivative needs a Wengert list or a function, and got int."),
        (lambda: derivative(sc.ellipk), NoRuleError, "elliprd has no counterpart in SymPy."),
    ],
)  # fmt: skip
def test_wrong_input(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert message in str(caught.value)


def test_what_the_message_for_arrays_says_works():
    def f(x):
        return np.sum(x * x)

    formula = to_sympy(wg.trace(wg.jacobian(f))(np.ones(2)))
    assert [str(e) for e in formula] == ["2*x_0", "2*x_1"]
