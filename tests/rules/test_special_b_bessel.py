"""Bessel functions: in the argument and in the order, scaled ones at large arguments, 0 and other special points."""

import math

import numpy as np
import pytest
import scipy.special as sp
from mpmath import mp

import wengert as wg
from laws.mixes import mix_name, mixes_up_to, nested
from rules.special_b_references import assert_derivatives, by_mpmath, forward, sample
from wengert import special
from wengert.checker import check

inf, nan = math.inf, math.nan

CYLINDERS = {
    "jv": mp.besselj,
    "yv": mp.bessely,
    "iv": mp.besseli,
    "kv": mp.besselk,
    "hankel1": mp.hankel1,
    "hankel2": mp.hankel2,
}
SCALED = {
    "kve": lambda v, z: mp.exp(z) * mp.besselk(v, z),
    "ive": lambda v, z: mp.exp(-z) * mp.besseli(v, z),
    "hankel1e": lambda v, z: mp.exp(-1j * z) * mp.hankel1(v, z),
    "hankel2e": lambda v, z: mp.exp(1j * z) * mp.hankel2(v, z),
    "jve": mp.besselj,
    "yve": mp.bessely,
}
FIXED = {
    "j0": lambda x: mp.besselj(0, x),
    "j1": lambda x: mp.besselj(1, x),
    "y0": lambda x: mp.bessely(0, x),
    "y1": lambda x: mp.bessely(1, x),
    "i0": lambda x: mp.besseli(0, x),
    "i1": lambda x: mp.besseli(1, x),
    "k0": lambda x: mp.besselk(0, x),
    "k1": lambda x: mp.besselk(1, x),
    "i0e": lambda x: mp.exp(-x) * mp.besseli(0, x),
    "i1e": lambda x: mp.exp(-x) * mp.besseli(1, x),
    "k0e": lambda x: mp.exp(x) * mp.besselk(0, x),
    "k1e": lambda x: mp.exp(x) * mp.besselk(1, x),
}

# Small arguments, the region of transition, large arguments; orders negative, whole, half and large.
ORDERS = [1.0, 0.3, -3.5, 7.2, 30.1, 1.2]
ARGUMENTS = [5.0, 1e-3, 6.0, 7.0, 25.0, 300.0]


@pytest.mark.parametrize("name", CYLINDERS)
@pytest.mark.parametrize(("order", "rtol"), [(1, 2e-11), (2, 1e-9)])
def test_derivatives_in_the_order(name, order, rtol):
    assert_derivatives(getattr(sp, name), CYLINDERS[name], ORDERS, ARGUMENTS, i=0, order=order, rtol=rtol)


@pytest.mark.parametrize("name", CYLINDERS)
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_in_the_argument(name, order):
    assert_derivatives(getattr(sp, name), CYLINDERS[name], ORDERS, ARGUMENTS, i=1, order=order, rtol=1e-11)


@pytest.mark.parametrize("name", [*CYLINDERS, *SCALED])
def test_mixed_derivatives_in_order_and_argument(name):
    reference = {**CYLINDERS, **SCALED}[name]
    f = getattr(sp, name)
    for v, z in [(0.3, 1.2), (2.5, 50.0)]:
        found = wg.jvp(lambda v, z=z: wg.jvp(lambda z: f(v, z), (z,), (1.0,))[1], (v,), (1.0,))[1]
        other = wg.jvp(lambda z, v=v: wg.jvp(lambda v: f(v, z), (v,), (1.0,))[1], (z,), (1.0,))[1]
        with mp.workdps(30):
            expected = complex(mp.diff(reference, (mp.mpf(v), mp.mpf(z)), (1, 1)))
        assert found == pytest.approx(expected, rel=1e-7)
        assert other == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("name", CYLINDERS)
def test_third_derivatives_in_the_order(name):
    points = [[0.3, 2.5, 7.2], [1.2, 4.0, 7.0]]
    assert_derivatives(getattr(sp, name), CYLINDERS[name], *points, i=0, order=3, rtol=1e-8)


@pytest.mark.parametrize("name", CYLINDERS)
def test_derivatives_in_the_order_at_complex_arguments(name):
    v = [0.3, 1.0, 2.5, -1.7, 0.0, 3.2]
    z = [1 + 1j, -2 + 0.5j, 3 - 4j, 0.1 + 2j, 10j, -5 - 3j]
    assert_derivatives(getattr(sp, name), CYLINDERS[name], v, z, i=0, rtol=1e-11)


@pytest.mark.parametrize("name", FIXED)
@pytest.mark.parametrize("order", [1, 2])
def test_functions_of_fixed_order(name, order):
    x = [1e-3, 31.0]
    assert_derivatives(getattr(sp, name), FIXED[name], x, i=0, order=order, rtol=1e-11)


# --- scaled functions: their slopes cancel for large arguments -----------------------------------


@pytest.mark.parametrize("name", SCALED)
@pytest.mark.parametrize(("order", "rtol"), [(1, 1e-11), (2, 1e-10)])
def test_scaled_functions_keep_their_digits_at_large_arguments(name, order, rtol):
    v, z = [0.3, 0.7, 2.5, 3.3], [1e3, 1e5, 29.0, 31.0]
    assert_derivatives(getattr(sp, name), SCALED[name], v, z, i=1, order=order, rtol=rtol)


@pytest.mark.parametrize("name", SCALED)
def test_scaled_functions_in_their_order(name):
    v, z = [0.3, 1.0, 2.5, 40.0, 0.7], [0.5, 3.0, 60.0, 20.0, 1e3]
    assert_derivatives(getattr(sp, name), SCALED[name], v, z, i=0, rtol=1e-10)


@pytest.mark.parametrize("name", ["i0e", "i1e", "k0e", "k1e"])
def test_scaled_functions_of_fixed_order_at_large_arguments(name):
    assert_derivatives(getattr(sp, name), FIXED[name], [1e3, 1e6], i=0, rtol=1e-13)
    assert_derivatives(getattr(sp, name), FIXED[name], [1e3, 1e6], i=0, order=2, rtol=1e-12)


@pytest.mark.parametrize("name", ["ive", "i0e", "i1e"])
def test_scaled_functions_of_negative_arguments_are_even_or_odd(name):
    f = getattr(sp, name) if name != "ive" else lambda x: sp.ive(2, x)
    sign = 1 if name == "i1e" else -1
    for x in (0.7, 50.0):
        assert wg.grad(f)(-x) == pytest.approx(sign * wg.grad(f)(x), rel=1e-14)


@pytest.mark.parametrize("name", ["jve", "yve", "ive", "kve", "hankel1e", "hankel2e"])
def test_scaled_functions_of_complex_arguments_need_not_be_holomorphic(name):
    f = getattr(sp, name)
    z = np.array([1 + 2j, -3 + 0.5j, 0.2 - 4j])
    check(lambda z: f(1.3, z), z, order=2, step=1e-2)
    check(f, np.array([0.3, 1.0, 2.5]), z, step=1e-2)


def test_the_kink_of_the_scale_has_the_mean_of_both_sides():
    assert wg.grad(sp.i0e)(0.0) == 0.0
    assert wg.grad(lambda z: np.real(sp.jve(0, z)))(0.5 + 0j) == pytest.approx(-sp.j1(0.5), rel=1e-14)


# --- special points ------------------------------------------------------------------------------

AT_ZERO = [
    ("j0", sp.j0, [0, -0.5, 0, 3 / 8]),
    ("j1", sp.j1, [0.5, 0, -3 / 8]),
    ("i0", sp.i0, [0, 0.5, 0, 3 / 8]),
    ("i1", sp.i1, [0.5, 0, 3 / 8]),
    ("jv(0, x)", lambda x: sp.jv(0, x), [0, -0.5, 0]),
    ("jv(1, x)", lambda x: sp.jv(1, x), [0.5, 0, -3 / 8]),
    ("jv(2, x)", lambda x: sp.jv(2.0, x), [0, 0.25, 0]),
    ("jv(-1, x)", lambda x: sp.jv(-1, x), [-0.5, 0, 3 / 8]),
    ("jv(1/2, x)", lambda x: sp.jv(0.5, x), [inf]),
    ("jv(3/2, x)", lambda x: sp.jv(1.5, x), [0, inf]),
    ("iv(0, x)", lambda x: sp.iv(0, x), [0, 0.5, 0]),
    ("iv(1, x)", lambda x: sp.iv(1, x), [0.5, 0, 3 / 8]),
    ("iv(3, x)", lambda x: sp.iv(3, x), [0, 0, 1 / 8]),
    ("y0", sp.y0, [inf]),
    ("k0", sp.k0, [-inf]),
    ("k1", sp.k1, [-inf]),
    ("spherical j0", lambda x: special.spherical_jn(0, x), [0, -1 / 3, 0, 1 / 5]),
    ("spherical j1", lambda x: special.spherical_jn(1, x), [1 / 3, 0, -1 / 5]),
    ("spherical j2", lambda x: special.spherical_jn(2, x), [0, 2 / 15, 0]),
    ("derivative of spherical j1", lambda x: special.spherical_jn(1, x, derivative=True), [0, -1 / 5]),
    ("spherical i0", lambda x: special.spherical_in(0, x), [0, 1 / 3, 0]),
    ("spherical i1", lambda x: special.spherical_in(1, x), [1 / 3, 0, 1 / 5]),
    ("i1e", sp.i1e, [0.5]),
    ("first integral of j0", lambda x: sp.itj0y0(x)[0], [1, 0, -0.5]),
    ("first integral of i0", lambda x: sp.iti0k0(x)[0], [1, 0, 0.5]),
    ("integral of (1 - j0)/t", lambda x: sp.it2j0y0(x)[0], [0, 1 / 4, 0, -3 / 32]),
    ("integral of (i0 - 1)/t", lambda x: sp.it2i0k0(x)[0], [0, 1 / 4, 0, 3 / 32]),
]


@pytest.mark.parametrize(
    ("f", "modes", "expected"),
    [
        pytest.param(f, modes, expected[len(modes) - 1], id=f"{name} {mix_name(modes)}")
        for name, f, expected in AT_ZERO
        for modes in mixes_up_to(min(len(expected), 3))
    ],
)
def test_derivatives_at_zero(f, modes, expected):
    with np.errstate(all="ignore"):
        assert nested(f, modes)(0.0) == pytest.approx(expected, rel=1e-13, abs=0)


@pytest.mark.parametrize("f", [sp.jv, sp.iv])
def test_at_zero_the_derivative_in_a_positive_order_vanishes(f):
    assert wg.grad(lambda v: f(v, 0.0))(1.5) == 0.0
    with np.errstate(all="ignore"):
        assert np.isnan(wg.grad(lambda v: f(v, 0.0))(0.0))


def test_a_function_that_is_not_real_beside_whole_orders_has_no_derivative_in_the_order():
    assert np.isnan(wg.grad(lambda v: sp.jv(v, -1.0))(2.0))
    assert wg.grad(lambda x: sp.jv(2, x))(-1.0) == pytest.approx(-wg.grad(lambda x: sp.jv(2, x))(1.0), rel=1e-14)


def test_the_order_zero_is_an_extremum_of_the_even_functions_of_it():
    assert wg.grad(lambda v: sp.kv(v, 1.7))(0.0) == 0.0
    assert wg.grad(lambda v: sp.jv(v, 1.7))(0.0) == pytest.approx(math.pi / 2 * sp.y0(1.7), rel=1e-13)
    assert wg.grad(lambda v: sp.iv(v, 1.7))(0.0) == pytest.approx(-sp.k0(1.7), rel=1e-13)
    assert wg.grad(lambda v: sp.yv(v, 1.7))(0.0) == pytest.approx(-math.pi / 2 * sp.j0(1.7), rel=1e-13)


def test_the_order_one_half_in_closed_form():
    # DLMF 10.15.6 and 10.38.6 for the order 1/2.
    x = np.array([0.3, 1.0, 4.0])
    si, ci = sp.sici(2 * x)
    expected = np.sqrt(2 / (math.pi * x)) * (ci * np.sin(x) - si * np.cos(x))
    found = wg.jvp(lambda v: sp.jv(v, x), (0.5,), (1.0,))[1]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    expected = np.sqrt(math.pi / (2 * x)) * sp.exp1(2 * x) * np.exp(x)
    found = wg.jvp(lambda v: sp.kv(v, x), (0.5,), (1.0,))[1]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_extreme_arguments():
    assert wg.grad(lambda v: sp.kv(v, 1e-200))(0.3) == pytest.approx(
        by_mpmath(mp.besselk, (0.3, 1e-200), 0, 1).real, rel=1e-11
    )
    assert wg.grad(lambda v: sp.jv(v, 1e-200))(0.3) == pytest.approx(
        by_mpmath(mp.besselj, (0.3, 1e-200), 0, 1).real, rel=1e-11
    )
    assert wg.grad(lambda x: sp.kv(0.3, x))(800.0) == 0.0
    assert wg.grad(lambda v: sp.kv(v, inf))(0.3) == 0.0
    assert np.isnan(wg.grad(sp.j1)(nan))


def test_what_was_not_selected_contributes_zero():
    def f(x):
        return np.sum(np.where(x > 0, sp.yv(0.5, x), 0.0))

    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(wg.grad(f)(np.array([-1.0, 0.0])), [0.0, 0.0])
        np.testing.assert_array_equal(wg.hessian(f)(np.array([-1.0, 0.0])), np.zeros((2, 2)))


def test_integer_orders_are_flat():
    assert wg.grad(lambda x: sp.kn(2, x) + sp.yn(2, x))(1.3) == pytest.approx(
        wg.grad(lambda x: sp.kv(2, x) + sp.yv(2, x))(1.3), rel=1e-13
    )
    assert wg.grad(lambda n: sp.yn(n, 1.3))(2.0) == 0.0


# --- functions that are no ufuncs ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["jvp", "yvp", "ivp", "kvp", "h1vp", "h2vp"])
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_derivatives_by_name(name, n):
    v, z = np.array([0.3, 2.0, -1.5]), np.array([1.2, 0.7, 3.0])
    expected = getattr(sp, name)(v, z, n)
    np.testing.assert_allclose(wg.vjp(lambda z: getattr(special, name)(v, z, n), z)[0], expected, rtol=1e-13)
    found = wg.jvp(lambda z: getattr(special, name)(v, z, n), (z,), (np.ones(3),))[1]
    np.testing.assert_allclose(found, getattr(sp, name)(v, z, n + 1), rtol=1e-12)


@pytest.mark.parametrize("name", ["jvp", "riccati_jn"])
@pytest.mark.parametrize("n", [-1, 1.5])
def test_a_wrong_count_raises_what_scipy_raises(name, n):
    def call(library, x):
        return library.jvp(0.5, x, n) if name == "jvp" else library.riccati_jn(n, x)

    with pytest.raises((ValueError, TypeError)) as expected:
        call(sp, 1.0)
    with pytest.raises(type(expected.value)) as found:
        wg.grad(lambda x: np.sum(call(special, x)))(1.0)
    assert str(found.value) == str(expected.value)


@pytest.mark.parametrize("name", ["riccati_jn", "riccati_yn"])
def test_riccati_functions_take_scalars_only(name):
    with pytest.raises(ValueError, match="arguments must be scalars"):
        wg.vjp(lambda x: getattr(special, name)(2, x), np.ones(3))


@pytest.mark.parametrize("name", ["spherical_jn", "spherical_yn", "spherical_in", "spherical_kn"])
def test_spherical_functions_of_negative_arguments(name):
    f = getattr(special, name)
    x = np.array([-0.4, -1.7, 2.2])
    for n in range(4):
        value = wg.vjp(lambda x, n=n: f(n, x), x)[0]
        np.testing.assert_allclose(value, getattr(sp, name)(n, x), rtol=1e-13)
        slope = wg.jvp(lambda x, n=n: f(n, x), (x,), (np.ones(3),))[1]
        np.testing.assert_allclose(slope, getattr(sp, name)(n, x, derivative=True), rtol=1e-12)


# --- wide sweeps ---------------------------------------------------------------------------------

BOXES = [((0, 3), (1e-4, 0.5)), ((-5, 5), (0.5, 5)), ((0, 10), (5, 60)), ((10, 100), (5, 60)), ((0, 100), (100, 300))]


@pytest.mark.slow
@pytest.mark.parametrize("box", BOXES, ids=str)
@pytest.mark.parametrize("name", ["jv", "yv", "iv", "kv"])
@pytest.mark.parametrize(("order", "rtol"), [(1, 1e-9), (2, 1e-8)])
def test_derivatives_in_the_order_over_a_box(name, box, order, rtol):
    v, z = sample(*box, count=40, logarithmic=[1])
    assert_derivatives(getattr(sp, name), CYLINDERS[name], v, z, i=0, order=order, rtol=rtol)


@pytest.mark.slow
@pytest.mark.parametrize("name", CYLINDERS)
def test_derivatives_in_the_order_over_the_complex_plane(name):
    v, size = sample((-3, 5), (0.1, 30), count=60, logarithmic=[1])
    z = size * np.exp(1j * np.linspace(-3.1, 3.1, 60))
    assert_derivatives(getattr(sp, name), CYLINDERS[name], v, z, i=0, rtol=1e-10)
    assert_derivatives(getattr(sp, name), CYLINDERS[name], v, z, i=1, rtol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCALED)
def test_scaled_functions_over_a_box(name):
    v, z = sample((0, 5), (0.1, 1e5), count=40, logarithmic=[1])
    assert_derivatives(getattr(sp, name), SCALED[name], v, z, i=1, rtol=1e-10)
    assert_derivatives(getattr(sp, name), SCALED[name], v, z, i=0, rtol=1e-8)


def test_forward_mode_of_many_points_is_that_of_each():
    points = sample((0, 3), (1, 5), count=4)
    together = forward(sp.jv, points, 0, 1)
    apart = [wg.grad(sp.jv)(v, z) for v, z in zip(*points, strict=True)]
    np.testing.assert_allclose(together, apart, rtol=1e-14)
