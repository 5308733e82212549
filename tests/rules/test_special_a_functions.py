"""`wengert.special`, what it refuses, and the inverses that SciPy solves too roughly for the general laws."""

import numpy as np
import pytest
import scipy.special as sp

import wengert as wg
from wengert import numeric, special
from wengert.errors import NoRuleError
from wengert.registry import table

X = np.array([0.4, 1.7, 2.9])


# --- the namespace -------------------------------------------------------------------------------


def test_a_ufunc_is_scipys_own():
    assert special.gammainc is sp.gammainc
    assert wg.special is special


def test_every_public_name_of_scipy_is_there():
    assert dir(special) == sorted(sp.__all__)
    for name in sp.__all__:
        assert getattr(special, name).__name__ == getattr(sp, name).__name__


def test_another_name_is_not():
    with pytest.raises(AttributeError, match=r"module 'wengert.special' has no attribute 'no_such_function'"):
        _ = special.no_such_function


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.logsumexp(X),
        lambda s: s.logsumexp([1, 2], b=[1.0, -3.0], return_sign=True),
        lambda s: s.softmax(X),
        lambda s: s.polygamma(2, X),
        lambda s: s.zeta(X + 1, 2.0),
        lambda s: s.comb(5, 2, exact=True),
        lambda s: s.factorial([3, 4]),
        lambda s: s.lambertw(X, -1),
        lambda s: s.multigammaln(X + 2, 2),
        lambda s: s.diric(X, 3),
        lambda s: s.stirling2(5, 3),
        lambda s: s.bernoulli(4),
    ],
)
def test_on_plain_arrays_a_function_is_scipys(call):
    found, expected = call(special), call(sp)
    assert type(found) is type(expected)
    np.testing.assert_array_equal(found, expected)


def test_a_list_of_values_is_an_array():
    def f(x):
        return special.logsumexp([x, 2 * x, 1.0]) + special.logsumexp(b=[x, 1.0], a=(x, 0.0))

    numerical = numeric.derivative(lambda x: float(f(x)), 0.7)
    assert wg.grad(f)(0.7) == pytest.approx(numerical, rel=1e-8)


@pytest.mark.parametrize("b", [None, X, 2.0, 3])
def test_the_precision_of_logsumexp_is_that_of_scipy(b):
    x = np.float32(X)
    expected = special.logsumexp(x, b=b)
    found = special.logsumexp(wg.tensor(x, requires_grad=True), b=b)
    assert found.dtype == expected.dtype
    assert float(found.detach()) == pytest.approx(float(expected), rel=1e-6)


def test_a_sum_of_integers_is_a_float():
    assert special.logsumexp(wg.tensor([1, 2])).dtype == np.float64


# --- what SciPy refuses ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda n: special.factorial(n + 1j),
        special.factorial2,
        lambda n: special.factorialk(n, 3),
        lambda n: special.factorial(n, extend="other"),
        lambda n: special.multigammaln(n, 1.5),
        lambda n: special.multigammaln(n, [1, 2]),
    ],
)
def test_wrong_arguments_raise_what_scipy_raises(call):
    with pytest.raises(ValueError) as of_scipy:  # noqa: PT011  # compared below
        call(X)
    with pytest.raises(ValueError) as found:  # noqa: PT011
        wg.jvp(call, (X,), (X,))
    assert str(found.value) == str(of_scipy.value)


def test_multigammaln_needs_a_large_enough_operand():
    with pytest.raises(ValueError, match=r"condition a .* > 0\.5 \* \(d-1\) \(1\.0\) not met"):
        wg.grad(lambda a: special.multigammaln(a, 3))(0.9)


def test_multigammaln_is_traced_although_it_looks_at_values():
    lst = wg.trace(lambda a: special.multigammaln(a, 3))(X + 1)
    np.testing.assert_allclose(lst(X + 1), sp.multigammaln(X + 1, 3))


@pytest.mark.parametrize("name", ["comb", "perm"])
def test_exact_results_have_no_derivative(name):
    message = rf"wengert.special.{name} got exact=True for a value that carries a derivative"
    with pytest.raises(NoRuleError, match=message):
        wg.grad(lambda n: getattr(special, name)(n, 2, exact=True))(5.0)


def test_factorials_of_whole_numbers_are_scipys():
    n = wg.tensor([3, 4])
    np.testing.assert_array_equal(special.factorial(n, exact=True), [6, 24])
    np.testing.assert_array_equal(special.factorial2(n), sp.factorial2([3, 4]))
    np.testing.assert_array_equal(special.factorialk(n, 3), sp.factorialk([3, 4], 3))


def test_exact_factorials_have_no_derivative():
    with pytest.raises(NoRuleError, match=r"wengert.special.factorial got exact=True .* Leave out exact=True"):
        wg.grad(lambda n: special.factorial(n, exact=True))(5.0)


def test_zeta_writes_into_no_array():
    with pytest.raises(NoRuleError, match=r"wengert.special.zeta got out= .* Use the result of the call"):
        wg.grad(lambda s: special.zeta(s, 1.0, np.empty(())))(2.0)


# --- orders that do not exist ---------------------------------------------------------------------


def nth(f, n):
    for _ in range(n):
        f = wg.grad(f)
    return f


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda df: sp.nctdtr(df, 0.5, 1.2), 4.0),
        (lambda dfn: sp.fdtr(dfn, 3.0, 1.2), 4.0),
        (lambda dfd: sp.fdtr(3.0, dfd, 1.2), 4.0),
        (lambda df: sp.stdtr(df, 1.2), 4.0),
    ],
)
def test_a_third_derivative_in_degrees_of_freedom_is_refused(f, point):
    assert np.isfinite(nth(f, 2)(point))
    with pytest.raises(NoRuleError, match=r"a derivative of \w+ in .* of a higher order than the second was asked for"):
        nth(f, 3)(point)


def test_the_incomplete_functions_have_derivatives_of_every_order():
    """Against differences of the second derivative in the shape."""
    for f in (lambda a: sp.gammainc(a, 1.3), lambda a: sp.betainc(a, 2.0, 0.4), lambda a: sp.betainc(2.0, a, 0.4)):
        numerical = numeric.derivative(lambda a, f=f: float(nth(f, 2)(a)), 1.7)
        assert nth(f, 3)(1.7) == pytest.approx(numerical, rel=1e-7)


# --- single precision, broadcasting ----------------------------------------------------------------


@pytest.mark.parametrize("f", [sp.gammainc, sp.stdtr, sp.chdtr, sp.gammaincinv, sp.beta])
def test_derivatives_found_numerically_are_single_for_single_operands(f):
    a, x = np.float32([1.5, 2.5]), np.float32([0.4, 0.7])
    _, pullback = wg.vjp(f, a, x)
    _, wide = wg.vjp(f, a.astype(float), x.astype(float))
    for found, expected in zip(pullback(np.float32([1, 1])), wide(np.ones(2)), strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_shapes_and_argument_broadcast():
    a, x = np.array([[0.7], [2.5]]), X
    a_bar, x_bar = wg.vjp(sp.gammainc, a, x)[1](np.ones((2, 3)))
    assert (a_bar.shape, x_bar.shape) == ((2, 1), (3,))
    alone = [sum(wg.grad(sp.gammainc)(float(b), y) for y in X) for b in a[:, 0]]
    np.testing.assert_allclose(a_bar[:, 0], alone)


def test_many_elements_are_integrated_in_chunks():
    a = np.linspace(0.2, 50, 5000)
    whole = wg.grad(lambda a: np.sum(sp.gammainc(a, 2.0)))(a)
    np.testing.assert_array_equal(whole[::1000], wg.grad(lambda a: np.sum(sp.gammainc(a, 2.0)))(a[::1000]))


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda nc: sp.nctdtr(1e-7, nc, 1.5), 0.5),
        (lambda df: sp.chndtr(1e15, df, 1e15), 3.0),
        (lambda d: sp.smirnov(10**7, d), 0.001),
    ],
)
def test_a_derivative_that_would_take_too_long_is_nan(f, point):
    with np.errstate(all="ignore"):
        assert np.isnan(wg.grad(f)(point))


def test_a_heavy_tail_takes_no_time():
    assert wg.grad(lambda n: sp.fdtr(n, 1e-6, 2.0))(50.0) == pytest.approx(0, abs=1e-6)


# --- inverses that SciPy knows to a few digits ------------------------------------------------------

ROUGH = {
    "ncfdtridfd": (sp.ncfdtr, 1, (2.0, 5.0, 1.5, 0.8)),
    "ncfdtridfn": (sp.ncfdtr, 0, (2.0, 5.0, 1.5, 1.8)),
    "ncfdtrinc": (sp.ncfdtr, 2, (2.0, 5.0, 1.5, 0.8)),
    "nctdtridf": (sp.nctdtr, 0, (5.0, 0.5, 1.8)),
    "nctdtrinc": (sp.nctdtr, 1, (5.0, 0.5, 1.8)),
}


@pytest.mark.parametrize("name", ROUGH)
def test_rough_inverses_have_the_derivatives_of_the_function_they_invert(name):
    function, slot, point = ROUGH[name]
    operands = list(point)
    operands[slot] = float(function(*point))
    at = list(point)
    at[slot] = float(getattr(sp, name)(*operands))

    def slope(i):
        return numeric.derivative(lambda x: float(function(*at[:i], x, *at[i + 1 :])), at[i], "richardson", 0.05)

    for i in range(len(point)):
        expected = 1 / slope(slot) if i == slot else -slope(i) / slope(slot)
        found = wg.grad(lambda x, i=i: getattr(sp, name)(*operands[:i], x, *operands[i + 1 :]))(operands[i])
        assert float(found) == pytest.approx(expected, rel=1e-6)


# --- rows with a numerical derivative say how good it is ---------------------------------------------


@pytest.mark.parametrize(
    "name", ["gammainc", "betainc", "stdtr", "nctdtr", "ncfdtr", "zeta", "nctdtridf", "betaincinv"]
)
def test_the_accuracy_is_stated(name):
    assert getattr(table, name).accuracy
