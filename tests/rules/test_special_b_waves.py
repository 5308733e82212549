"""Airy, Struve, Kelvin, parabolic cylinder, Mathieu and spheroidal functions."""

import math

import numpy as np
import pytest
import scipy.special as sp
from mpmath import mp

import wengert as wg
from laws.mixes import mix_name, mixes_up_to, nested
from rules.special_b_references import assert_derivatives, forward, sample
from wengert import special
from wengert.checker import check
from wengert.errors import NoRuleError
from wengert.registry import load_families, table

load_families()
pi = math.pi


def part(f, k):
    """Result k of a function with several."""
    return lambda *xs: f(*xs)[k]


AIRY = [mp.airyai, lambda z: mp.airyai(z, derivative=1), mp.airybi, lambda z: mp.airybi(z, derivative=1)]
ORDERED = {
    "struve": (sp.struve, mp.struveh),
    "modstruve": (sp.modstruve, mp.struvel),
    "pbdv": (part(sp.pbdv, 0), mp.pcfd),
    "pbvv": (part(sp.pbvv, 0), lambda v, x: mp.pcfv(-v - mp.mpf(1) / 2, x)),
    "pbwa": (part(sp.pbwa, 0), mp.pcfw),
}


def exponent(z):
    return 2 * mp.sqrt(z) ** 3 / 3


# --- Airy functions ------------------------------------------------------------------------------


@pytest.mark.parametrize("k", range(4))
@pytest.mark.parametrize("order", [1, 2])
def test_airy_functions(k, order):
    assert_derivatives(part(sp.airy, k), AIRY[k], [-4.0, -0.3, 0.1, 2.0, 8.0], i=0, order=order, rtol=1e-12)
    assert_derivatives(part(sp.airy, k), AIRY[k], [1 + 2j, -3 + 0.4j, -1j], i=0, order=order, rtol=1e-12)


@pytest.mark.parametrize("k", range(4))
@pytest.mark.parametrize("order", [1, 2])
def test_scaled_airy_functions_keep_their_digits_at_large_arguments(k, order):
    sign = 1 if k < 2 else -1

    def reference(z):
        return AIRY[k](z) * mp.exp(sign * exponent(z))

    z = [0.4, 3.0, 12.9, 13.1, 100.0, 1e3]
    assert_derivatives(part(sp.airye, k), reference, z, i=0, order=order, rtol=1e-11)


def test_scaled_airy_functions_elsewhere():
    z = np.array([-0.5, -3.0])
    for k in (2, 3):
        assert_derivatives(part(sp.airye, k), AIRY[k], z, i=0, rtol=1e-12)
        assert np.all(np.isnan(forward(part(sp.airye, k - 2), [z], 0, 1)))
    check(sp.airye, np.array([0.3 + 1j, -2 + 0.5j, 20 - 3j, 5j]), order=2, step=1e-3)


def test_integrals_of_airy_functions():
    found = forward(lambda x: np.stack(sp.itairy(x)), [np.float64(-1.3)], 0, 1)
    expected = [sp.airy(-1.3)[0], sp.airy(-1.3)[2], sp.airy(1.3)[0], sp.airy(1.3)[2]]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


# --- orders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ORDERED)
@pytest.mark.parametrize(("i", "order", "rtol"), [(0, 1, 1e-10), (0, 2, 1e-8), (1, 1, 1e-11), (1, 2, 1e-11)])
def test_derivatives_in_order_and_argument(name, i, order, rtol):
    f, reference = ORDERED[name]
    v, x = [0.3, 1.6, -0.8, 2.5], [0.7, 2.0, 3.3, 2.6]
    assert_derivatives(f, reference, v, x, i=i, order=order, rtol=rtol)


@pytest.mark.parametrize("name", ["struve", "modstruve"])
def test_struve_functions_of_large_arguments(name):
    f, reference = ORDERED[name]
    for i in range(2):
        assert_derivatives(f, reference, [0.3, 2.5, 0.0], [30.0, 50.0, 100.0], i=i, rtol=1e-9)


@pytest.mark.parametrize("f", [sp.pbdv, sp.pbvv, sp.pbwa])
def test_both_results_of_parabolic_cylinder_functions(f):
    v, x = np.array([0.3, 1.2]), np.array([0.7, 1.6])
    np.testing.assert_allclose(forward(part(f, 0), [v, x], 1, 1), f(v, x)[1], rtol=1e-14)
    check(f, v, x, order=2, directions=1, step=1e-2)


def test_the_mixed_derivatives_of_parabolic_cylinder_functions_obey_their_equation():
    # ∂/∂v of D″ = (x²/4 − v − 1/2) D.
    v, x = np.float64(0.7), np.float64(1.3)
    by_v, by_v_slope = (forward(part(sp.pbdv, k), [v, x], 0, 1) for k in range(2))
    curvature = wg.grad(wg.grad(part(sp.pbdv, 1), 0), 1)(v, x)
    assert curvature == pytest.approx((x * x / 4 - v - 0.5) * by_v - sp.pbdv(v, x)[0], rel=1e-11)
    assert wg.grad(wg.grad(part(sp.pbdv, 0), 1), 0)(v, x) == pytest.approx(by_v_slope, rel=1e-12)


# --- sequences -----------------------------------------------------------------------------------


@pytest.mark.parametrize("v", [2.5, 3.0, 0.4])
@pytest.mark.parametrize("name", ["pbdv_seq", "pbvv_seq", "lmbda"])
def test_sequences_of_orders_are_scipys(name, v):
    found = wg.vjp(lambda x: getattr(special, name)(v, x), 1.3)[0]
    for y, expected in zip(found, getattr(sp, name)(v, 1.3), strict=True):
        np.testing.assert_allclose(y, expected, rtol=1e-12)
    np.testing.assert_allclose(forward(lambda x: getattr(special, name)(v, x)[0], [1.3], 0, 1), found[1], rtol=1e-11)


def test_a_sequence_that_is_no_function_of_complex_numbers_is_refused():
    np.testing.assert_allclose(wg.vjp(lambda x: special.pbdn_seq(3, x), 1.3)[0][0], sp.pbdn_seq(3, 1.3)[0])
    with pytest.raises(NoRuleError, match="pbdn_seq has no derivative at complex arguments"):
        wg.vjp(lambda z: special.pbdn_seq(3, z), 1.3 + 0.4j)


def test_wrong_arguments_of_sequences_raise_what_scipy_raises():
    with pytest.raises(ValueError, match="arguments must be scalars"):
        wg.vjp(lambda x: special.pbdv_seq(1.5, x), np.ones(2))
    with pytest.raises(ValueError, match="argument must be > 0"):
        wg.vjp(lambda x: special.lmbda(-1.5, x), 1.0)
    with pytest.raises(ValueError, match="n must be an integer"):
        wg.vjp(lambda x: special.pbdn_seq(1.5, x), 1.0)
    with pytest.raises(ValueError, match="Arguments must be scalars"):
        wg.vjp(lambda c: special.pro_cv_seq(0, 2, c), np.ones(2))
    with pytest.raises(ValueError, match="Modes must be integers"):
        wg.vjp(lambda c: special.obl_cv_seq(0, 2.5, c), 1.0)
    with pytest.raises(ValueError, match="Difference between n and m is too large"):
        wg.vjp(lambda c: special.pro_cv_seq(0, 300, c), 1.0)
    with pytest.raises(ValueError, match="q >=0"):
        wg.vjp(lambda q: special.mathieu_even_coef(2, q), -1.0)


# --- Kelvin functions, integrals of Struve functions ---------------------------------------------

KELVIN = {
    "ber": lambda x: mp.ber(0, x),
    "bei": lambda x: mp.bei(0, x),
    "ker": lambda x: mp.ker(0, x),
    "kei": lambda x: mp.kei(0, x),
}


@pytest.mark.parametrize("name", KELVIN)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_kelvin_functions(name, order):
    assert_derivatives(getattr(sp, name), KELVIN[name], [0.2, 1.5, 6.0, 15.0], i=0, order=order, rtol=1e-10)


def test_all_kelvin_functions_at_once():
    x = np.array([0.3, 2.0])
    by_x = wg.jvp(sp.kelvin, (x,), (np.ones(2),))[1]
    np.testing.assert_allclose(by_x[0], sp.berp(x) + 1j * sp.beip(x), rtol=1e-13)
    np.testing.assert_allclose(by_x[1], sp.kerp(x) + 1j * sp.keip(x), rtol=1e-13)
    check(sp.kelvin, x, order=2, step=1e-2)


AT_ZERO = [
    ("ber", sp.ber, [0, 0, 0, -3 / 8]),
    ("bei", sp.bei, [0, 0.5, 0]),
    ("berp", sp.berp, [0, 0, -3 / 8]),
    ("beip", sp.beip, [0.5, 0]),
    ("struve 0", lambda x: sp.struve(0, x), [2 / pi, 0, -4 / (3 * pi)]),
    ("struve 1", lambda x: sp.struve(1, x), [0, 4 / (3 * pi), 0]),
    ("modstruve 0", lambda x: sp.modstruve(0, x), [2 / pi, 0, 4 / (3 * pi)]),
    ("itstruve0", sp.itstruve0, [0, 2 / pi]),
    ("itmodstruve0", sp.itmodstruve0, [0, 2 / pi]),
    ("it2struve0", sp.it2struve0, [-2 / pi]),
    ("pbdv 0", lambda x: sp.pbdv(0, x)[0], [0, -0.5]),
    ("pbdv 1", lambda x: sp.pbdv(1, x)[0], [1, 0, -1.5]),
    ("ce2 in q", lambda q: sp.mathieu_cem(2, q, 0.0)[0], [1 / 6]),
    ("a0", lambda q: sp.mathieu_a(0, q), [0, -1, 0]),
    ("a1", lambda q: sp.mathieu_a(1, q), [1, -0.25, -3 / 32]),
    ("b1", lambda q: sp.mathieu_b(1, q), [-1, -0.25, 3 / 32]),
    ("a2", lambda q: sp.mathieu_a(2, q), [0, 5 / 6, 0]),
    ("b2", lambda q: sp.mathieu_b(2, q), [0, -1 / 6, 0]),
    ("pro_cv 0", lambda c: sp.pro_cv(0, 0, c), [0, 2 / 3]),
    ("obl_cv 1", lambda c: sp.obl_cv(0, 1, c), [0, -6 / 5]),
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
    assert nested(f, modes)(0.0) == pytest.approx(expected, rel=1e-12, abs=1e-13)


# --- Mathieu functions ---------------------------------------------------------------------------


def hill(m, q, odd, count=60):
    """Matrices T and V of the Fourier series, whose eigenvalues for T + qV are the characteristic values."""
    k = 2 * np.arange(count) + (m % 2 if m % 2 or not odd else 2)
    v = np.diag(np.ones(count - 1), 1)
    if m % 2:
        v[0, 0] = -0.5 if odd else 0.5
    elif not odd:
        v[0, 1] = math.sqrt(2)
    values = np.linalg.eigvalsh(np.diag(k**2.0) + q * (v + v.T))
    return values[(m - k[0]) // 2]


@pytest.mark.parametrize("odd", [False, True])
@pytest.mark.parametrize(("m", "q"), [(1, 0.3), (2, 5.0), (3, -2.0), (6, 40.0), (5, 300.0)])
def test_characteristic_values_of_mathieu(m, q, odd):
    f = sp.mathieu_b if odd else sp.mathieu_a
    assert f(m, q) == pytest.approx(hill(m, q, odd), rel=1e-12)
    h = 1e-2
    slope = (8 * (hill(m, q + h, odd) - hill(m, q - h, odd)) - hill(m, q + 2 * h, odd) + hill(m, q - 2 * h, odd)) / (
        12 * h
    )
    assert wg.grad(lambda q: f(m, q))(q) == pytest.approx(slope, rel=1e-7)
    # Hellmann and Feynman: the slope is 2/π ∫ y² cos 2x over the circle.
    degrees = np.arange(0, 360, 1.0)
    y = (sp.mathieu_sem if odd else sp.mathieu_cem)(m, q, degrees)[0]
    integral = np.sum(y**2 * np.cos(2 * np.deg2rad(degrees))) * 2 / 180
    assert wg.grad(lambda q: f(m, q))(q) == pytest.approx(integral, rel=1e-10, abs=1e-11)


@pytest.mark.parametrize(("f", "value"), [(sp.mathieu_cem, sp.mathieu_a), (sp.mathieu_sem, sp.mathieu_b)])
def test_angular_mathieu_functions_obey_their_equation_differentiated_in_q(f, value):
    # y″ = −(a − 2q cos 2x) y, x in degrees; and ∂/∂q of it.
    m, q, x = 3, 4.0, 25.0
    cosine = math.cos(2 * math.radians(x))
    y = f(m, q, x)[0]
    second = wg.grad(lambda x: f(m, q, x)[1])(x) * 180 / pi
    assert second == pytest.approx(-(value(m, q) - 2 * q * cosine) * y, rel=1e-11)
    by_q = wg.grad(lambda q: f(m, q, x)[0])(q)
    second_by_q = wg.grad(lambda q: wg.grad(lambda x: f(m, q, x)[1])(x))(q) * 180 / pi
    slope = wg.grad(lambda q: value(m, q))(q) - 2 * cosine
    assert second_by_q == pytest.approx(-slope * y - (value(m, q) - 2 * q * cosine) * by_q, rel=1e-10)


@pytest.mark.parametrize("m", [0, 1, 2, 5])
def test_angular_mathieu_functions_keep_their_norm(m):
    degrees = np.arange(0, 360, 5.0)

    def norm(q):
        return np.sum(sp.mathieu_cem(m, q, degrees)[0] ** 2)

    for q in (-3.0, 0.0, 2.0, 30.0):
        assert wg.grad(norm)(q) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize(("m", "q"), [(2, 1.3), (5, 40.0), (1, 0.2)])
def test_fourier_coefficients_are_scipys(m, q):
    for name in ("mathieu_even_coef", "mathieu_odd_coef"):
        found = wg.vjp(lambda q, name=name: getattr(special, name)(m, q), q)[0]
        np.testing.assert_allclose(found, getattr(sp, name)(m, q), rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("name", ["mathieu_modcem1", "mathieu_modcem2", "mathieu_modsem1", "mathieu_modsem2"])
def test_modified_mathieu_functions_obey_their_equation_differentiated_in_q(name):
    # y″ = (a − 2q cosh 2x) y
    f, value = getattr(sp, name), sp.mathieu_b if "sem" in name else sp.mathieu_a
    m, q, x = 2, 1.7, 0.6
    cosh = math.cosh(2 * x)
    y, by_q = f(m, q, x)[0], wg.grad(lambda q: f(m, q, x)[0])(q)
    second_by_q = wg.grad(lambda x: wg.grad(lambda q: f(m, q, x)[1])(q))(x)
    slope = wg.grad(lambda q: value(m, q))(q) - 2 * cosh
    assert second_by_q == pytest.approx(slope * y + (value(m, q) - 2 * q * cosh) * by_q, rel=1e-9)
    check(lambda q, x: f(m, q, x), q, x, order=2, step=1e-2)


def test_an_order_that_is_no_integer_has_no_derivative():
    with np.errstate(all="ignore"):
        assert np.isnan(wg.grad(lambda q: sp.mathieu_a(1.5, q))(1.0))


# --- spheroidal functions ------------------------------------------------------------------------


@pytest.mark.parametrize("f", [sp.pro_cv, sp.obl_cv])
def test_characteristic_values_of_spheroidal_functions(f):
    m, n, c = np.array([0, 1, 2, 0]), np.array([0, 3, 4, 5]), np.array([0.7, 2.0, 5.0, 12.0])
    check(lambda c: f(m, n, c), c, order=2, directions=1, step=1e-2)
    for order in (0, 1):
        sign = 1 if f is sp.pro_cv else -1
        value = table.spheroidal_characteristic(m, n, sign * c * c, order=order)
        np.testing.assert_allclose(
            [f(m, n, c), wg.jvp(lambda c: f(m, n, c), (c,), (np.ones(4),))[1] / (2 * sign * c)][order],
            value,
            rtol=1e-11,
        )


@pytest.mark.parametrize(("name", "x"), [("pro_ang1", 0.4), ("obl_ang1", 0.4), ("pro_rad1", 1.7), ("obl_rad1", 0.8)])
def test_spheroidal_functions_of_the_first_kind(name, x):
    f = getattr(sp, name)
    check(lambda c, x: f(1, 3, c, x), 1.6, x, order=2, step=1e-2)
    # As functions of c² they are what those with a given characteristic value are along it.
    value, given_value = getattr(sp, f"{name[:3]}_cv"), getattr(sp, f"{name}_cv")
    along = wg.jvp(lambda c: given_value(1, 3, c, value(1, 3, c), x), (1.6,), (1.0,))[1]
    np.testing.assert_allclose(along, wg.jvp(lambda c: f(1, 3, c, x), (1.6,), (1.0,))[1], rtol=1e-8)


def test_spheroidal_functions_at_small_c_are_legendre_functions():
    assert wg.grad(lambda x: sp.pro_ang1(0, 2, 1e-6, x)[0])(0.3) == pytest.approx(0.9, rel=1e-10)
    assert wg.grad(lambda c: sp.pro_cv(0, 2, c))(1e-8) == pytest.approx(2e-8 * 11 / 21, rel=1e-12)


@pytest.mark.parametrize("f", [sp.pro_rad2, sp.obl_rad2])
def test_spheroidal_functions_of_the_second_kind(f):
    check(lambda c, x: f(0, 2, c, x), 4.0, 2.6, order=2, directions=1, step=1e-2)


def test_the_values_of_a_radial_function_decide_not_what_scipy_says_of_their_slope():
    # SciPy's derivative is -11.4 there; the values are those of a smooth function with the slope 0.245.
    assert sp.obl_rad2(2, 5, 5.0, 1.2)[1] < -11
    h = 1e-3
    slope = (sp.obl_rad2(2, 5, 5.0, 1.2 + h)[0] - sp.obl_rad2(2, 5, 5.0, 1.2 - h)[0]) / (2 * h)
    assert wg.grad(lambda x: sp.obl_rad2(2, 5, 5.0, x)[0])(1.2) == pytest.approx(slope, rel=1e-4)


# --- wide sweeps ---------------------------------------------------------------------------------

BOXES = {
    "struve": [((0, 5), (0.1, 5)), ((0, 5), (5, 50)), ((-5, 0), (0.1, 5)), ((5, 50), (1, 50))],
    "modstruve": [((0, 5), (0.1, 5)), ((0, 5), (5, 50)), ((-5, 0), (0.1, 5)), ((5, 50), (1, 50))],
    "pbdv": [((0, 5), (0.1, 5)), ((-5, 5), (-5, 0)), ((0, 20), (6, 20))],
    "pbvv": [((0, 5), (0.1, 5)), ((-5, 0), (0.1, 5))],
    "pbwa": [((-4, 4), (-4, 4))],
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "box"), [(name, box) for name, boxes in BOXES.items() for box in boxes], ids=str)
def test_derivatives_in_order_and_argument_over_a_box(name, box):
    for i in range(2):
        assert_derivatives(*ORDERED[name], *sample(*box, count=25), i=i, rtol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("k", range(4))
def test_airy_functions_over_the_complex_plane(k):
    (size,) = sample((0.1, 8), count=40)
    z = size * np.exp(1j * np.linspace(-3, 3, 40))
    assert_derivatives(part(sp.airy, k), AIRY[k], z, i=0, rtol=1e-11)
