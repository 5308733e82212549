"""Hypergeometric functions in all their parameters, and the functions of Tricomi, Bessel and Wright."""

import math

import numpy as np
import pytest
import scipy.special as sp
from mpmath import mp

import wengert as wg
from rules.special_b_references import assert_derivatives, sample
from wengert.checker import check

inf = math.inf


def wright(a, b, x):
    """The sum that defines the function, over as many terms as count."""
    total, largest, k = mp.mpf(0), mp.mpf(0), 0
    while True:
        term = x**k / mp.factorial(k) * mp.rgamma(a * k + b)
        total, largest, k = total + term, max(largest, abs(term)), k + 1
        if k > 20 and abs(term) < largest * mp.mpf(10) ** -32:
            return total


FUNCTIONS = {
    "hyp0f1": (sp.hyp0f1, mp.hyp0f1),
    "hyp1f1": (sp.hyp1f1, mp.hyp1f1),
    "hyp2f1": (sp.hyp2f1, mp.hyp2f1),
    "hyperu": (sp.hyperu, mp.hyperu),
    "wright_bessel": (sp.wright_bessel, wright),
    "log_wright_bessel": (sp.log_wright_bessel, lambda a, b, x: mp.log(wright(a, b, x))),
}
POINTS = {
    "hyp0f1": [(0.3, 1.7), (2.5, -30.0), (-1.4, 0.6), (1.0, 1e-3), (7.0, 200.0)],
    "hyp1f1": [(0.3, 1.7, 2.0), (-2.6, 0.4, 12.0), (1.0, 2.0, -40.0), (3.0, -1.4, 0.5), (-3.0, 1.5, 1e-3)],
    "hyp2f1": [
        (0.3, 1.7, 2.1, 0.6),
        (1.0, 1.0, 2.0, -25.0),
        (-2.5, 3.5, 0.4, 0.97),
        (2.0, 0.5, -1.4, -0.3),
        (-3.0, 1.2, 4.0, 1e-3),
    ],
    "hyperu": [(0.3, 1.7, 2.0), (-4.4, 0.5, 7.0), (1.0, 2.0, 0.02), (12.0, -3.5, 30.0), (-2.0, 1.0, 1.7)],
    "wright_bessel": [(0.5, 1.5, 0.7), (1.0, 0.0, 3.0), (0.0, 2.0, 1.3), (2.5, 0.2, 60.0)],
    "log_wright_bessel": [(0.5, 1.5, 0.7), (1.0, 0.3, 3.0), (2.5, 0.2, 60.0), (0.3, 1.0, 150.0)],
}


def columns(name):
    return [np.array(column) for column in zip(*POINTS[name], strict=True)]


CASES = [(name, i) for name, points in POINTS.items() for i in range(len(points[0]))]


@pytest.mark.parametrize(("name", "i"), CASES)
@pytest.mark.parametrize(("order", "rtol"), [(1, 1e-11), (2, 1e-8)])
def test_derivatives_in_each_operand(name, i, order, rtol):
    f, reference = FUNCTIONS[name]
    if name == "hyperu" and i == 2:
        rtol = 1e-7  # the slope is a value of SciPy's function, which has so few digits at some arguments
    assert_derivatives(f, reference, *columns(name), i=i, order=order, rtol=rtol)


@pytest.mark.parametrize("name", POINTS)
def test_mixed_derivatives(name):
    f, reference = FUNCTIONS[name]
    point = POINTS[name][0]
    for i in range(len(point)):
        for j in range(i):
            orders = tuple(int(k in (i, j)) for k in range(len(point)))
            with mp.workdps(30):
                expected = float(mp.diff(reference, tuple(map(mp.mpf, point)), orders))
            for first, second in ((i, j), (j, i)):
                found = wg.grad(wg.grad(f, first), second)(*point)
                assert found == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(("f", "reference", "parameters"), [
    (sp.hyp0f1, mp.hyp0f1, (1.3,)),
    (sp.hyp1f1, mp.hyp1f1, (0.6, 1.3)),
    (sp.hyp2f1, mp.hyp2f1, (0.6, 1.3, 2.1)),
])  # fmt: skip
def test_derivatives_at_complex_arguments(f, reference, parameters):
    z = np.array([0.5 + 0.4j, -2 + 1j, 0.3 - 0.8j])
    for i in range(len(parameters) + 1):
        assert_derivatives(f, reference, *parameters, z, i=i, rtol=1e-11)
    check(lambda z: f(*parameters, z), z, order=2, step=1e-2)


# --- special points ------------------------------------------------------------------------------


def test_at_zero_the_functions_are_one_whatever_their_parameters():
    assert wg.grad(lambda b: sp.hyp0f1(b, 0.0))(1.3) == 0.0
    for i in range(2):
        assert wg.grad(sp.hyp1f1, i)(0.6, 1.3, 0.0) == 0.0
        assert wg.grad(wg.grad(sp.hyp1f1, i), i)(0.6, 1.3, 0.0) == 0.0
    for i in range(3):
        assert wg.grad(sp.hyp2f1, i)(0.6, 1.3, 2.1, 0.0) == 0.0


def test_slopes_at_zero():
    assert wg.grad(sp.hyp0f1, 1)(1.3, 0.0) == pytest.approx(1 / 1.3)
    assert wg.grad(sp.hyp1f1, 2)(0.6, 1.3, 0.0) == pytest.approx(0.6 / 1.3)
    assert wg.grad(sp.hyp2f1, 3)(0.6, 1.3, 2.1, 0.0) == pytest.approx(0.6 * 1.3 / 2.1)
    # The derivative of a b / c in a.
    assert wg.grad(wg.grad(sp.hyp2f1, 0), 3)(0.6, 1.3, 2.1, 0.0) == pytest.approx(1.3 / 2.1, rel=1e-12)
    assert wg.grad(wg.grad(sp.hyp2f1, 3), 0)(0.6, 1.3, 2.1, 0.0) == pytest.approx(1.3 / 2.1, rel=1e-12)


def test_polynomials():
    # ₂F₁(−2, b; c; z) = 1 − 2bz/c + b(b+1)z²/(c(c+1)), also beyond z = 1; its derivative in a is not a polynomial.
    b, c, z = 1.3, 2.1, 1.7
    by_b = -2 * z / c + (2 * b + 1) * z**2 / (c * (c + 1))
    by_z = -2 * b / c + 2 * b * (b + 1) * z / (c * (c + 1))
    assert wg.grad(lambda b: sp.hyp2f1(-2, b, c, z))(b) == pytest.approx(by_b, rel=1e-12)
    assert wg.grad(lambda z: sp.hyp2f1(-2, b, c, z))(z) == pytest.approx(by_z, rel=1e-12)
    with np.errstate(all="ignore"):
        assert np.isnan(wg.grad(lambda a: sp.hyp2f1(a, b, c, z))(-2.0))
    assert wg.grad(sp.hyp1f1, 2)(-1.0, 2.0, 0.4) == pytest.approx(-0.5)
    assert wg.grad(sp.hyp1f1, 2)(0.0, 2.0, 0.4) == 0.0


def test_the_sum_of_gauss_at_one():
    a, b, c = 0.6, 0.7, 2.9
    value = sp.gamma(c) * sp.gamma(c - a - b) / (sp.gamma(c - a) * sp.gamma(c - b))
    by_a = value * (sp.psi(c - a) - sp.psi(c - a - b))
    by_c = value * (sp.psi(c) + sp.psi(c - a - b) - sp.psi(c - a) - sp.psi(c - b))
    assert wg.grad(sp.hyp2f1, 0)(a, b, c, 1.0) == pytest.approx(by_a, rel=1e-11)
    assert wg.grad(sp.hyp2f1, 2)(a, b, c, 1.0) == pytest.approx(by_c, rel=1e-11)
    with np.errstate(all="ignore"):
        assert wg.grad(sp.hyp2f1, 3)(a, b, 2.2, 1.0) == inf


def test_the_exponential_and_the_logarithm_are_cases():
    assert wg.grad(sp.hyp1f1, 2)(1.3, 1.3, 2.0) == pytest.approx(math.exp(2), rel=1e-13)
    # ₂F₁(1, 1; 2; z) = −log(1−z)/z
    z = 0.4
    expected = math.log(1 - z) / z**2 + 1 / (z * (1 - z))
    assert wg.grad(sp.hyp2f1, 3)(1.0, 1.0, 2.0, z) == pytest.approx(expected, rel=1e-13)


def test_tricomi_at_zero_and_for_negative_whole_a():
    a, b = 0.7, 0.4
    value = sp.gamma(1 - b) * sp.rgamma(a - b + 1)
    assert wg.grad(sp.hyperu, 0)(a, b, 0.0) == pytest.approx(-value * sp.psi(a - b + 1), rel=1e-11)
    # U(−1, b, x) = x − b
    assert wg.grad(sp.hyperu, 1)(-1.0, 1.3, 0.8) == pytest.approx(-1, rel=1e-12)
    assert wg.grad(sp.hyperu, 2)(-1.0, 1.3, 0.8) == pytest.approx(1, rel=1e-12)
    with np.errstate(all="ignore"):
        assert np.isnan(wg.grad(sp.hyperu, 0)(a, b, -1.0))


def test_tricomi_is_more_accurate_in_its_parameters_than_scipys_values():
    # Kummer's transformation U(a, b, x) = x^(1−b) U(a−b+1, 2−b, x), differentiated in a.
    a, b, x = 0.3, 1.6, 4.0
    other = x ** (1 - b) * wg.grad(sp.hyperu, 0)(a - b + 1, 2 - b, x)
    assert wg.grad(sp.hyperu, 0)(a, b, x) == pytest.approx(other, rel=1e-12)


def test_wright_at_zero_and_its_exponential():
    assert wg.grad(sp.wright_bessel, 2)(0.5, 1.5, 0.0) == pytest.approx(1 / math.gamma(2.0), rel=1e-13)
    assert wg.grad(sp.wright_bessel, 0)(0.5, 1.5, 0.0) == 0.0
    assert wg.grad(sp.wright_bessel, 1)(0.5, 0.0, 0.0) == pytest.approx(1.0)
    # Φ(0, b, x) = eˣ / Γ(b)
    assert wg.grad(sp.wright_bessel, 1)(0.0, 2.5, 1.2) == pytest.approx(
        -math.exp(1.2) * sp.rgamma(2.5) * sp.psi(2.5), rel=1e-13
    )
    with np.errstate(all="ignore"):
        assert np.isnan(wg.grad(sp.wright_bessel, 1)(0.5, 1.5, -1.0))


@pytest.mark.parametrize("x", [1e5, 1e9])
def test_the_logarithm_of_wright_where_the_function_overflows(x):
    # Φ(1, 1, x) = I₀(2√x): the logarithmic derivative is I₁(2√x)/(I₀(2√x)√x).
    root = math.sqrt(x)
    expected = sp.i1e(2 * root) / sp.i0e(2 * root) / root
    assert wg.grad(sp.log_wright_bessel, 2)(1.0, 1.0, x) == pytest.approx(expected, rel=1e-9)
    # In b it is that of x^((1−b)/2) I₍b−1₎(2√x), at b = 1: −log(x)/2 − K₀/I₀.
    found = wg.grad(sp.log_wright_bessel, 1)(1.0, 1.0, x)
    assert found == pytest.approx(-math.log(x) / 2, rel=1e-11)


def test_single_precision():
    z = np.float32([0.3, 0.7])
    assert (
        wg.jvp(lambda b: sp.hyp1f1(np.float32(0.5), b, z), (np.float32(1.5),), (np.float32(1),))[1].dtype == np.float32
    )


# --- wide sweeps ---------------------------------------------------------------------------------

BOXES = [
    ("hyp0f1", [(0.1, 10), (-50, 50)]),
    ("hyp0f1", [(-5, 0), (-20, 20)]),
    ("hyp1f1", [(0, 5), (0.1, 5), (-10, 10)]),
    ("hyp1f1", [(-20, 20), (0.1, 20), (-50, 50)]),
    ("hyp1f1", [(-5, 5), (-5, 0), (-5, 5)]),
    ("hyp2f1", [(0, 3), (0, 3), (0.1, 5), (-0.9, 0.9)]),
    ("hyp2f1", [(0, 3), (0, 3), (0.1, 5), (-30, -1)]),
    ("hyp2f1", [(-8, 8), (-8, 8), (0.1, 10), (-0.9, 0.9)]),
    ("hyperu", [(0, 3), (0, 3), (0.1, 5)]),
    ("hyperu", [(-20, 0), (-3, 3), (0.1, 50)]),
    ("hyperu", [(0, 30), (-10, 10), (0.1, 50)]),
    ("wright_bessel", [(0, 3), (0, 3), (0, 5)]),
    ("log_wright_bessel", [(0, 3), (0, 50), (0, 300)]),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "box"), BOXES, ids=str)
@pytest.mark.parametrize(("order", "rtol"), [(1, 1e-9), (2, 2e-8)])
def test_derivatives_in_the_parameters_over_a_box(name, box, order, rtol):
    f, reference = FUNCTIONS[name]
    for i in range(len(box) - ("wright" not in name)):
        assert_derivatives(f, reference, *sample(*box, count=15, seed=i), i=i, order=order, rtol=rtol)
