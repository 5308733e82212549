"""Elliptic integrals and functions: equal arguments, the moduli 0 and 1, many quadrants, and ellipsoidal harmonics."""

import math

import numpy as np
import pytest
import scipy.special as sp
from mpmath import mp

import wengert as wg
from laws.mixes import mix_name, mixes_up_to, nested
from rules.special_b_references import assert_derivatives, sample
from wengert import special
from wengert.checker import check
from wengert.rules.special_elliptic import ellip_harm_2, ellip_normal

inf, pi = math.inf, math.pi

CARLSON = {
    "elliprc": (sp.elliprc, mp.elliprc, 2),
    "elliprd": (sp.elliprd, mp.elliprd, 3),
    "elliprf": (sp.elliprf, mp.elliprf, 3),
    "elliprg": (sp.elliprg, mp.elliprg, 3),
    "elliprj": (sp.elliprj, mp.elliprj, 4),
}
LEGENDRE = {
    "ellipk": (sp.ellipk, mp.ellipk),
    "ellipe": (sp.ellipe, mp.ellipe),
    "ellipkm1": (sp.ellipkm1, lambda p: mp.ellipk(1 - p)),
    "ellipkinc": (sp.ellipkinc, mp.ellipf),
    "ellipeinc": (sp.ellipeinc, mp.ellipe),
}


# --- Carlson's integrals -------------------------------------------------------------------------


@pytest.mark.parametrize("name", CARLSON)
@pytest.mark.parametrize("order", [1, 2])
def test_derivatives_of_carlsons_integrals(name, order):
    f, reference, count = CARLSON[name]
    rows = [(0.3, 1.7, 2.4, 0.8), (1e-6, 3.0, 50.0, 2.0), (1e3, 0.1, 1.0, 1e-3)]
    columns = [np.array(column) for column in zip(*(row[:count] for row in rows), strict=True)]
    for i in range(count):
        assert_derivatives(f, reference, *columns, i=i, order=order, rtol=1e-13)


@pytest.mark.parametrize("name", CARLSON)
def test_equal_arguments_are_ordinary_points(name):
    # All integrals are x^(−p) where their arguments are equal: their gradients add up to the derivative of that.
    f, _, count = CARLSON[name]
    power = {"elliprc": -0.5, "elliprf": -0.5, "elliprg": 0.5, "elliprd": -1.5, "elliprj": -1.5}[name]

    def of_equal(x):
        return f(*[x] * count)

    for x in (1.0, 2.3):
        assert wg.grad(of_equal)(x) == pytest.approx(power * x ** (power - 1), rel=1e-13)
        assert wg.grad(wg.grad(of_equal))(x) == pytest.approx(power * (power - 1) * x ** (power - 2), rel=1e-13)
        gradient = wg.grad(f, tuple(range(count)))(*[x] * count)
        weights = {"elliprd": [1, 1, 3], "elliprj": [1, 1, 1, 2], "elliprc": [1, 2]}.get(name, [1] * count)
        expected = np.array(weights) / sum(weights) * power * x ** (power - 1)
        np.testing.assert_allclose(gradient, expected, rtol=1e-13)


@pytest.mark.parametrize("name", CARLSON)
def test_complex_arguments(name):
    f, reference, count = CARLSON[name]
    z = [1 + 2j, 0.5 - 0.4j, 2 + 0.1j, 3 - 1j][:count]
    for i in range(count):
        assert_derivatives(f, reference, *z, i=i, rtol=1e-12)
    check(f, *map(np.complex128, z), order=2, step=1e-2)


def test_complex_arguments_next_to_the_cut():
    z = (-1 + 0.02j, -2 + 0.1j, -0.5 + 0.05j)
    for i in range(3):
        assert_derivatives(sp.elliprf, mp.elliprf, *z, i=i, rtol=1e-11)
    z = (-1 + 0.3j, -1 - 0.3j, 2 + 0j)
    for i in range(3):
        assert_derivatives(sp.elliprd, mp.elliprd, *z, i=i, rtol=1e-11)


def test_principal_values():
    x, y = [0.3, 2.0, 1.5], [-0.7, -1.0, -1.5]
    for i in range(2):
        for order in (1, 2):
            assert_derivatives(sp.elliprc, mp.elliprc, x, y, i=i, order=order, rtol=1e-12)
    check(sp.elliprj, *np.array([[0.4, 0.9], [1.3, 2.0], [1.6, 1.1], [-0.8, -2.0]]), order=2, step=1e-2)


def test_arguments_zero():
    assert wg.grad(sp.elliprf, 1)(0.0, 1.0, 1.0) == pytest.approx(-pi / 8, rel=1e-13)
    assert wg.grad(sp.elliprf, 0)(0.0, 1.0, 1.0) == -inf
    assert wg.grad(sp.elliprg, 1)(0.0, 1.0, 1.0) == pytest.approx(pi / 16, rel=1e-13)
    assert wg.grad(sp.elliprg, 0)(0.0, 1.0, 1.0) == pytest.approx(pi / 8, rel=1e-13)
    assert wg.grad(wg.grad(sp.elliprg, 0), 0)(0.0, 1.0, 1.0) == -inf
    assert wg.grad(sp.elliprc, 1)(0.0, 1.0) == pytest.approx(-pi / 4, rel=1e-13)
    with np.errstate(all="ignore"):
        assert np.isnan(wg.grad(sp.elliprf, 0)(1.0, 1.0, -1.0))


# --- Legendre's integrals ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ellipk", "ellipe", "ellipkm1"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_of_complete_integrals(name, order):
    f, reference = LEGENDRE[name]
    m = [1e-12, 0.3, 0.999] if name == "ellipkm1" else [-1e4, -1.0, 1e-9, 0.3, 0.999]
    assert_derivatives(f, reference, m, i=0, order=order, rtol=1e-13)


@pytest.mark.parametrize("name", ["ellipkinc", "ellipeinc"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_of_incomplete_integrals(name, order):
    f, reference = LEGENDRE[name]
    phi, m = [0.3, -1.2, 1.5, 4.0, -9.0, 1e-3], [0.7, -3.0, 0.99, 0.5, -20.0, 0.9]
    assert_derivatives(f, reference, phi, m, i=0, order=order, rtol=1e-11)
    assert_derivatives(f, reference, phi, m, i=1, order=order, rtol=1e-12)


AT_ZERO = [
    ("ellipk", sp.ellipk, [pi / 8, 9 * pi / 64, 75 * pi / 256]),
    ("ellipe", sp.ellipe, [-pi / 8, -3 * pi / 64, -15 * pi / 256]),
    ("ellipkm1 at 1", lambda x: sp.ellipkm1(1 + x), [-pi / 8, 9 * pi / 64]),
    ("ellipkinc in m", lambda m: sp.ellipkinc(pi / 2, m), [pi / 8, 9 * pi / 64]),
    ("ellipkinc in phi", lambda phi: sp.ellipkinc(phi, 0.3), [1, 0, 0.3]),
    ("ellipeinc in m", lambda m: sp.ellipeinc(pi / 2, m), [-pi / 8, -3 * pi / 64]),
    ("ellipeinc in phi", lambda phi: sp.ellipeinc(phi, 0.3), [1, 0, -0.3]),
    ("ellipkinc at phi = 0 in m", lambda m: sp.ellipkinc(0.0, m), [0, 0]),
    ("sn", lambda u: sp.ellipj(u, 0.3)[0], [1, 0, -1.3]),
    ("cn", lambda u: sp.ellipj(u, 0.3)[1], [0, -1, 0]),
    ("dn", lambda u: sp.ellipj(u, 0.3)[2], [0, -0.3, 0]),
    ("am", lambda u: sp.ellipj(u, 0.3)[3], [1, 0, -0.3]),
]


@pytest.mark.parametrize(
    ("f", "modes", "expected"),
    [
        pytest.param(f, modes, expected[len(modes) - 1], id=f"{name} {mix_name(modes)}")
        for name, f, expected in AT_ZERO
        for modes in mixes_up_to(len(expected))
    ],
)
def test_derivatives_at_zero(f, modes, expected):
    assert nested(f, modes)(0.0) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_the_modulus_one():
    assert wg.grad(sp.ellipk)(1.0) == inf
    assert wg.grad(sp.ellipe)(1.0) == -inf
    assert wg.grad(sp.ellipkm1)(0.0) == -inf
    for f, reference in LEGENDRE.values():
        if f in (sp.ellipkinc, sp.ellipeinc):
            assert_derivatives(f, reference, [0.4, 1.2], [1.0, 1.0], i=0, rtol=1e-13)
    # From within: the integral of sin²/cos³ is (tan/cos − artanh(sin))/2.
    phi = 0.8
    expected = 0.25 * (math.tan(phi) / math.cos(phi) - math.atanh(math.sin(phi)))
    assert wg.grad(sp.ellipkinc, 1)(phi, 1.0) == pytest.approx(expected, rel=1e-13)
    with np.errstate(all="ignore"):
        assert np.isnan(wg.grad(sp.ellipk)(1.5))


def test_the_ends_of_quadrants():
    for phi in (pi / 2, 3 * pi / 2, -pi / 2, 5 * pi):
        turns = 2 * phi / pi
        assert wg.grad(sp.ellipkinc, 1)(phi, 0.4) == pytest.approx(turns * wg.grad(sp.ellipk)(0.4), rel=1e-13)
        assert wg.grad(wg.grad(sp.ellipkinc, 1), 0)(phi, 0.4) == pytest.approx(
            0.5 * math.sin(phi) ** 2 * (1 - 0.4 * math.sin(phi) ** 2) ** -1.5, rel=1e-13, abs=1e-15
        )


# --- Jacobi's functions --------------------------------------------------------------------------


@pytest.mark.parametrize(("k", "name"), [(0, "sn"), (1, "cn"), (2, "dn")])
@pytest.mark.parametrize("i", [0, 1])
@pytest.mark.parametrize(("order", "rtol"), [(1, 1e-12), (2, 1e-11)])
def test_derivatives_of_jacobis_functions(k, name, i, order, rtol):
    u, m = [0.3, -1.2, 4.0, 7.5], [0.5, 0.1, 0.9, 0.99]
    assert_derivatives(
        lambda u, m: sp.ellipj(u, m)[k], lambda u, m: mp.ellipfun(name, u, m=m), u, m, i=i, order=order, rtol=rtol
    )


def test_the_amplitude_inverts_the_integral():
    u, m = np.array([0.3, -1.2, 4.0, 7.5]), np.array([0.5, 0.1, 0.9, 0.99])

    def identity(u, m):
        return sp.ellipkinc(sp.ellipj(u, m)[3], m)

    np.testing.assert_allclose(wg.jvp(identity, (u, m), (np.ones(4), np.zeros(4)))[1], np.ones(4), rtol=1e-11)
    np.testing.assert_allclose(wg.jvp(identity, (u, m), (np.zeros(4), np.ones(4)))[1], np.zeros(4), atol=1e-10)


def test_jacobis_functions_at_the_moduli_zero_and_one():
    # A&S 16.13 and 16.15: first order in m and in 1 − m.
    u = 1.2
    sn, cn, dn, _ = wg.jvp(lambda m: sp.ellipj(u, m), (0.0,), (1.0,))[1]
    assert sn == pytest.approx(-0.25 * (u - math.sin(u) * math.cos(u)) * math.cos(u), rel=1e-13)
    assert cn == pytest.approx(0.25 * (u - math.sin(u) * math.cos(u)) * math.sin(u), rel=1e-13)
    assert dn == pytest.approx(-0.5 * math.sin(u) ** 2, rel=1e-13)
    sn, cn, dn, _ = wg.jvp(lambda m: sp.ellipj(u, m), (1.0,), (1.0,))[1]
    sinh, cosh, tanh = math.sinh(u), math.cosh(u), math.tanh(u)
    assert sn == pytest.approx(-0.25 * (sinh * cosh - u) / cosh**2, rel=1e-12)
    assert cn == pytest.approx(0.25 * (sinh * cosh - u) * tanh / cosh, rel=1e-12)
    assert dn == pytest.approx(-0.25 * (sinh * cosh + u) * tanh / cosh, rel=1e-12)


def test_all_four_results_or_some_of_them():
    check(lambda u, m: sp.ellipj(u, m)[1] * sp.ellipj(u, m)[3], 0.7, 0.4, order=2, step=1e-2)
    lst = wg.trace(sp.ellipj)(0.7, 0.4)
    assert [str(x.type) for x in lst.outputs] == ["f64[]"] * 4


# --- ellipsoidal harmonics -----------------------------------------------------------------------


@pytest.mark.parametrize(("n", "p"), [(0, 1), (1, 1), (1, 2), (1, 3), (2, 1), (2, 4), (3, 5), (3, 7), (4, 9), (6, 2)])
def test_ellipsoidal_harmonics_satisfy_lames_equation(n, p):
    # (s²−h²)(s²−k²) E″ + s(2s²−h²−k²) E′ = (n(n+1) s² − c) E with the same c at every s.
    h2, k2 = 0.7, 1.5

    def harmonic(s):
        return sp.ellip_harm(h2, k2, n, p, s)

    s = np.array([1.5, 2.0, 3.1])
    first = wg.jvp(harmonic, (s,), (np.ones(3),))[1]
    second = wg.jvp(lambda s: wg.jvp(harmonic, (s,), (np.ones(3),))[1], (s,), (np.ones(3),))[1]
    left = (s**2 - h2) * (s**2 - k2) * second + s * (2 * s**2 - h2 - k2) * first
    constants = n * (n + 1) * s**2 - left / harmonic(s)
    np.testing.assert_allclose(constants, constants[0], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(("n", "p"), [(2, 3), (3, 6)])
def test_ellipsoidal_harmonics_in_their_axes(n, p):
    check(lambda h2, k2, s: sp.ellip_harm(h2, k2, n, p, s), 0.7, 1.5, 2.2, order=2, directions=1, step=1e-3)


@pytest.mark.parametrize(("n", "p"), [(1, 1), (1, 3), (2, 2), (3, 6)])
@pytest.mark.filterwarnings("ignore:The occurrence of roundoff")
def test_harmonics_of_the_second_kind_and_norms_are_scipys(n, p):
    assert ellip_harm_2(0.7, 1.5, n, p, 2.0) == pytest.approx(sp.ellip_harm_2(0.7, 1.5, n, p, 2.0), rel=1e-12)
    assert ellip_harm_2(0.7, 1.5, n, p, 1.226) == pytest.approx(sp.ellip_harm_2(0.7, 1.5, n, p, 1.226), rel=1e-9)
    assert ellip_normal(0.7, 1.5, n, p) == pytest.approx(sp.ellip_normal(0.7, 1.5, n, p), rel=1e-12)
    # Their Wronskian is that of the equation: E F′ − E′ F = −(2n+1)/√((s²−h²)(s²−k²)).
    s = 2.0
    e, f = (lambda s: sp.ellip_harm(0.7, 1.5, n, p, s)), (lambda s: special.ellip_harm_2(0.7, 1.5, n, p, s))
    wronskian = e(s) * wg.grad(f)(s) - wg.grad(e)(s) * ellip_harm_2(0.7, 1.5, n, p, s)
    assert wronskian == pytest.approx(-(2 * n + 1) / math.sqrt((s * s - 0.7) * (s * s - 1.5)), rel=1e-10)


# --- wide sweeps ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", CARLSON)
@pytest.mark.parametrize("box", [(0.1, 3), (1e-6, 1e3)])
@pytest.mark.parametrize("order", [1, 2])
def test_carlsons_integrals_over_a_box(name, box, order):
    f, reference, count = CARLSON[name]
    points = sample(*[box] * count, count=12, logarithmic=range(count))
    for i in range(count):
        assert_derivatives(f, reference, *points, i=i, order=order, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ellipkinc", "ellipeinc"])
@pytest.mark.parametrize("box", [((-1.5, 1.5), (-3, 1)), ((-10, 10), (-3, 0.99)), ((-1.5, 1.5), (-1e4, -10))])
def test_incomplete_integrals_over_a_box(name, box):
    f, reference = LEGENDRE[name]
    for i in range(2):
        for order in (1, 2):
            assert_derivatives(f, reference, *sample(*box, count=30), i=i, order=order, rtol=1e-12)
