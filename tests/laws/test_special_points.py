"""Derivatives at special points: zeros, ties, bounds, ends of domains, and what was not selected.

The values are those of mathematics where the function has a derivative, and those stated in the table
(`Primitive.at_kinks`) where it has none. Every one is the same in both modes and in all their mixes, and an element
that `where`, `maximum` or an index did not select has a derivative of exactly zero, to every order.
"""

import itertools
import math

import mpmath
import numpy as np
import pytest

import wengert as wg
from laws.mixes import MODES, mix_name, mixes, mixes_up_to, nested
from wengert.registry import table

inf, nan, pi = math.inf, math.nan, math.pi


def each_mix(rows):
    """Rows of (function, x, expected derivatives of orders 1, 2, …), once for every mix of the modes."""
    return [
        pytest.param(f, x, modes, expected[len(modes) - 1], id=f"{name} at {x} {mix_name(modes)}")
        for name, f, x, expected in rows
        for modes in mixes_up_to(len(expected))
    ]


def assert_equal(found, expected, rtol=1e-13):
    """Equal with infinities and their signs; an expected zero is exactly zero; nan only where expected."""
    found, expected = np.asarray(found), np.asarray(expected, float)
    assert found.shape == expected.shape
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_array_equal(found[expected == 0], 0.0)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=0)


# --- functions of one number ---------------------------------------------------------------------

POWERS = [
    ("x**0", lambda x: x**0, 0.0, [0, 0]),
    ("x**0", lambda x: x**0, -2.0, [0, 0]),
    ("x**0.0", lambda x: x**0.0, 0.0, [0, 0]),
    ("x**1", lambda x: x**1, 0.0, [1, 0, 0]),
    ("x**2", lambda x: x**2, 0.0, [0, 2, 0]),
    ("x**2.0", lambda x: x**2.0, 0.0, [0, 2, 0]),
    ("x**3", lambda x: x**3, 0.0, [0, 0, 6, 0]),
    ("x**2 by np.power", lambda x: np.power(x, 2), 0.0, [0, 2, 0]),
    ("x**array(0)", lambda x: np.power(x, np.float64(0)), 0.0, [0, 0]),
    ("x**array(2)", lambda x: np.power(x, np.float64(2)), 0.0, [0, 2, 0]),
    ("x**array(3)", lambda x: np.power(x, np.float64(3)), 0.0, [0, 0, 6, 0]),
    ("float_power", lambda x: np.float_power(x, 2), 0.0, [0, 2, 0]),
    ("square", np.square, 0.0, [0, 2, 0]),
    ("x**3", lambda x: x**3, -2.0, [12, -12, 6, 0]),
    ("x**-1", lambda x: x**-1, -2.0, [-0.25, -0.25]),
    ("x**0.5", lambda x: x**0.5, 0.0, [inf, -inf]),
    ("x**1.5", lambda x: x**1.5, 0.0, [0, inf]),
    ("x**x", lambda x: x**x, 1.0, [1, 2, 3]),
    ("0**p", lambda p: 0.0**p, 2.0, [0, 0]),
    ("0**p", lambda p: np.power(0.0, p), 0.5, [0, 0]),
    ("0**p", lambda p: 0.0**p, 0.0, [0]),
    ("1**p", lambda p: 1.0**p, 0.0, [0, 0]),
    ("x**3.0 in an array", lambda x: np.power(x, np.float64(3)), -2.0, [12, -12]),
    ("x**0 at infinity", lambda x: x**0, inf, [0, 0]),
    ("x**array(0) at infinity", lambda x: np.power(x, np.float64(0)), inf, [0, 0]),
    ("x**-1 at 0", lambda x: x**-1.0, 0.0, [-inf, inf]),
    ("x**0.5 at infinity", lambda x: x**0.5, inf, [0, 0]),
    ("x**unsigned", lambda x: np.power(x, np.uint8(2)), -1.0, [-2, 2]),
    ("x**unsigned 0", lambda x: np.power(x, np.uint8(0)), -1.0, [0, 0]),
    ("x**unsigned 0", lambda x: np.power(x, np.uint8(0)), 0.0, [0, 0]),
    ("x**x at 0", lambda x: x**x, 0.0, [0]),
    ("(-2)**p between whose integers there is nothing", lambda p: np.power(-2.0, p), 3.0, [nan]),
]

KINKS = [
    ("abs", np.abs, 0.0, [0, 0, 0]),
    ("builtin abs", abs, 0.0, [0, 0]),
    ("abs", np.abs, -0.0, [0, 0]),
    ("fabs", np.fabs, 0.0, [0, 0]),
    ("sign", np.sign, 0.0, [0, 0]),
    ("x*sign(x)", lambda x: x * np.sign(x), 0.0, [0, 0]),
    ("floor", np.floor, 1.0, [0, 0]),
    ("rint", np.rint, 0.5, [0, 0]),
    ("maximum(x, 0)", lambda x: np.maximum(x, 0), 0.0, [0.5, 0]),
    ("maximum(x, x)", lambda x: np.maximum(x, x), 0.3, [1, 0]),
    ("maximum(x, -x)", lambda x: np.maximum(x, -x), 0.0, [0, 0]),
    ("minimum(x, 0)", lambda x: np.minimum(x, 0), 0.0, [0.5, 0]),
    ("minimum(x, 2x)", lambda x: np.minimum(x, 2 * x), 0.0, [1.5, 0]),
    ("fmax(x, 0)", lambda x: np.fmax(x, 0), 0.0, [0.5, 0]),
    ("fmin(x, 0)", lambda x: np.fmin(x, 0), 0.0, [0.5, 0]),
    ("fmax(x, nan)", lambda x: np.fmax(x, nan), 2.0, [1, 0]),
    ("fmin(nan, x)", lambda x: np.fmin(nan, x), 2.0, [1, 0]),
    ("maximum(x², 0)", lambda x: np.maximum(x**2, 0), 0.0, [0, 1]),
    ("clip", lambda x: np.clip(x, 0, 1), 0.0, [1, 0]),
    ("clip", lambda x: np.clip(x, 0, 1), 1.0, [1, 0]),
    ("clip", lambda x: np.clip(x, 0, 1), -0.1, [0, 0]),
    ("clip", lambda x: np.clip(x, 0, 1), 1.1, [0, 0]),
    ("clip below", lambda x: np.clip(x, 0, None), 0.0, [1, 0]),
    ("clip above", lambda x: np.clip(x, None, 1), 1.0, [1, 0]),
    ("clip above", lambda x: np.clip(x, max=1), 1.0, [1, 0]),
    ("the lower bound", lambda low: np.clip(0.0, low, 1), 0.0, [0, 0]),
    ("the lower bound", lambda low: np.clip(0.0, low, 1), 0.5, [1, 0]),
    ("the upper bound", lambda high: np.clip(2.0, 0, high), 1.0, [1, 0]),
    ("the upper bound below the lower", lambda high: np.clip(0.5, 1.0, high), -1.0, [1, 0]),
    ("heaviside", lambda x: np.heaviside(x, 0.5), 0.0, [0, 0]),
    ("heaviside's second operand", lambda x: np.heaviside(0.0, x), 0.5, [1, 0]),
    ("copysign(x, 1)", lambda x: np.copysign(x, 1.0), 0.0, [0, 0]),
    ("copysign(x, -1)", lambda x: np.copysign(x, -1.0), 0.0, [0, 0]),
    ("copysign(x, -1)", lambda x: np.copysign(x, -1.0), 2.0, [-1, 0]),
    ("copysign(x, -1)", lambda x: np.copysign(x, -1.0), -2.0, [1, 0]),
    ("copysign(1, x)", lambda x: np.copysign(1.0, x), 0.0, [0, 0]),
    ("hypot(x, 0)", lambda x: np.hypot(x, 0.0), 0.0, [0, 0]),
    ("hypot(x, x)", lambda x: np.hypot(x, x), 0.0, [0, 0]),
    ("hypot(x, 3)", lambda x: np.hypot(x, 3.0), 0.0, [0, 1 / 3]),
    ("arctan2(x, 0)", lambda x: np.arctan2(x, 0.0), 0.0, [0, 0]),
    ("arctan2(0, x)", lambda x: np.arctan2(0.0, x), 0.0, [0, 0]),
    ("arctan2(x, x)", lambda x: np.arctan2(x, x), 0.0, [0, 0]),
    ("arctan2(x, 2)", lambda x: np.arctan2(x, 2.0), 0.0, [0.5, 0]),
    ("angle", np.angle, 0.0, [0, 0]),
    ("remainder", lambda x: x % 2.0, 4.0, [1, 0]),
    ("the divisor of a remainder", lambda x: 7.0 % x, 3.5, [-2, 0]),
    ("the divisor of a remainder", lambda x: 7.0 % x, inf, [0, 0]),
    ("the divisor of a remainder", lambda x: -7.0 % x, 4.0, [2, 0]),
    ("fmod", lambda x: np.fmod(x, 2.0), -4.0, [1, 0]),
    ("the divisor of fmod", lambda x: np.fmod(7.0, x), 3.5, [-2, 0]),
    ("the divisor of fmod", lambda x: np.fmod(-7.0, x), 2.0, [3, 0]),
    ("the divisor of fmod", lambda x: np.fmod(0.3, x), 0.1, [-2, 0]),
    ("floor_divide", lambda x: x // 2.0, 4.0, [0, 0]),
    ("divmod", lambda x: np.divmod(x, 2.0)[1], 4.0, [1, 0]),
    ("copysign(x, -0)", lambda x: np.copysign(x, -0.0), 2.0, [-1, 0]),
    ("copysign(2, x)", lambda x: np.copysign(2.0, x), -0.0, [0, 0]),
    ("heaviside", lambda x: np.heaviside(x, 0.5), -0.0, [0, 0]),
    ("clip to nothing", lambda x: np.clip(x, 2.0, 1.0), 1.5, [0, 0]),
    ("the lower bound above the upper", lambda low: np.clip(1.5, low, 1.0), 2.0, [0, 0]),
    ("the bound on x", lambda high: np.clip(1.0, 0.0, high), 1.0, [0, 0]),
    ("clip of nan", lambda x: np.clip(x, 0.0, 1.0), nan, [nan]),
    ("clip to nan", lambda x: np.clip(x, nan, 1.0), 0.5, [nan]),
    ("the bound nan", lambda low: np.clip(0.5, low, 1.0), nan, [nan]),
    ("maximum with nan", lambda x: np.maximum(x, nan), 1.0, [nan]),
    ("fmax with nan", lambda x: np.fmax(x, nan), 1.0, [1, 0]),
    ("fmax of nan", lambda x: np.fmax(x, 1.0), nan, [0, 0]),
    ("fmin of nan", lambda x: np.fmin(x, 1.0), nan, [0, 0]),
    ("fmin on a tie", lambda x: np.fmin(x, 1.0), 1.0, [0.5, 0]),
    ("modf", lambda x: np.modf(x)[0], 2.0, [1, 0]),
    ("modf at infinity", lambda x: np.modf(x)[0], inf, [1, 0]),
    ("frexp", lambda x: np.frexp(x)[0], 2.0, [0.25, 0]),
    ("frexp", lambda x: np.frexp(x)[0], 0.0, [1, 0]),
    ("nextafter", lambda x: np.nextafter(x, 1.0), 0.0, [1, 0]),
    ("ldexp", lambda x: np.ldexp(x, 3), 0.0, [8, 0]),
    ("angle of a negative number", np.angle, -1.0, [0, 0]),
    ("real", np.real, 0.0, [1, 0]),
    ("imag", np.imag, 0.0, [0, 0]),
    ("sinc", np.sinc, 0.0, [0, -(pi**2) / 3, 0, pi**4 / 5]),
    ("arctan2(x, -1) at the jump", lambda x: np.arctan2(x, -1.0), 0.0, [-1, 0]),
    ("arctan2(x, -1) at the jump", lambda x: np.arctan2(x, -1.0), -0.0, [-1, 0]),
    ("arctan2(x, -0)", lambda x: np.arctan2(x, -0.0), 0.0, [0, 0]),
]

ENDS_OF_DOMAINS = [
    ("sqrt", np.sqrt, 0.0, [inf, -inf]),
    ("cbrt", np.cbrt, 0.0, [inf]),
    ("log", np.log, 0.0, [inf, -inf, inf]),
    ("log1p", np.log1p, -1.0, [inf, -inf]),
    ("log2", np.log2, 0.0, [inf, -inf]),
    ("log10", np.log10, 0.0, [inf, -inf]),
    ("1/x", lambda x: 1 / x, 0.0, [-inf, inf]),
    ("reciprocal", np.reciprocal, 0.0, [-inf, inf]),
    ("arcsin", np.arcsin, 1.0, [inf]),
    ("arcsin", np.arcsin, -1.0, [inf]),
    ("arccos", np.arccos, 1.0, [-inf]),
    ("arccos", np.arccos, -1.0, [-inf]),
    ("arctanh", np.arctanh, 1.0, [inf]),
    ("arctanh", np.arctanh, -1.0, [inf]),
    ("arccosh", np.arccosh, 1.0, [inf]),
    ("arctan2(x, 1e200)", lambda x: np.arctan2(x, 1e200), 1e200, [5e-201]),
    ("arctan2(x, 1e-200)", lambda x: np.arctan2(x, 1e-200), 1e-200, [5e199]),
    ("arctan2(1, x)", lambda x: np.arctan2(1.0, x), 1e200, [0]),
    ("hypot(x, 1e200)", lambda x: np.hypot(x, 1e200), 1e200, [math.sqrt(0.5)]),
    ("arcsinh", np.arcsinh, 1e200, [1e-200]),
    ("arccosh", np.arccosh, 1e200, [1e-200]),
    ("tanh", np.tanh, 1000.0, [0, 0, 0]),
    ("tanh", np.tanh, -1000.0, [0, 0, 0]),
    ("exp", np.exp, -inf, [0, 0]),
    ("logaddexp(x, -inf)", lambda x: np.logaddexp(x, -inf), 1.0, [1, 0]),
    ("logaddexp(x, 0)", lambda x: np.logaddexp(x, 0.0), -1000.0, [0, 0]),
    ("logaddexp(0, x)", lambda x: np.logaddexp(0.0, x), 1000.0, [1, 0]),
    ("logaddexp2(0, x)", lambda x: np.logaddexp2(0.0, x), 2000.0, [1, 0]),
    ("sqrt", np.sqrt, inf, [0, 0]),
    ("cbrt", np.cbrt, 0.0, [inf, -inf]),
    ("cbrt", np.cbrt, -8.0, [1 / 12, 1 / 144]),
    ("cbrt", np.cbrt, inf, [0, 0]),
    ("cbrt", np.cbrt, -inf, [0, 0]),
    ("log", np.log, inf, [0, 0]),
    ("log1p", np.log1p, inf, [0, 0]),
    ("log1p", np.log1p, 1e-300, [1, -1]),
    ("expm1", np.expm1, -inf, [0, 0]),
    ("expm1", np.expm1, 1e-300, [1, 1]),
    ("exp", np.exp, inf, [inf, inf]),
    ("exp2", np.exp2, -inf, [0, 0]),
    ("reciprocal", np.reciprocal, inf, [0, 0]),
    ("reciprocal", np.reciprocal, -0.0, [-inf, -inf]),
    ("arcsin", np.arcsin, 1.0, [inf, inf]),
    ("arcsin", np.arcsin, -1.0, [inf, -inf]),
    ("arccos", np.arccos, 1.0, [-inf, -inf]),
    ("arctanh", np.arctanh, -1.0, [inf, -inf]),
    ("arccosh", np.arccosh, 1.0, [inf, -inf]),
    ("arccosh", np.arccosh, inf, [0, 0]),
    ("arctan", np.arctan, inf, [0, 0]),
    ("arctan", np.arctan, -inf, [0, 0]),
    ("arctan", np.arctan, 1e200, [0, 0]),
    ("arcsinh", np.arcsinh, -inf, [0, 0]),
    ("tanh", np.tanh, inf, [0, 0, 0]),
    ("tanh", np.tanh, -inf, [0, 0, 0]),
    ("abs", np.abs, -inf, [-1, 0]),
    ("hypot(x, 1)", lambda x: np.hypot(x, 1.0), inf, [1, 0]),
    ("hypot(x, 1)", lambda x: np.hypot(x, 1.0), -inf, [-1, 0]),
    ("hypot(1, x)", lambda x: np.hypot(1.0, x), inf, [1, 0]),
    ("hypot(x, inf)", lambda x: np.hypot(x, inf), 1.0, [0, 0]),
    ("hypot(x, inf)", lambda x: np.hypot(x, inf), -inf, [-math.sqrt(0.5), 0]),
    ("arctan2(x, 1)", lambda x: np.arctan2(x, 1.0), inf, [0, 0]),
    ("arctan2(1, x)", lambda x: np.arctan2(1.0, x), -inf, [0, 0]),
    ("arctan2(x, x)", lambda x: np.arctan2(x, x), inf, [0, 0]),
    ("logaddexp(x, -inf)", lambda x: np.logaddexp(x, -inf), -inf, [0.5, 0.25]),
    ("logaddexp(x, x)", lambda x: np.logaddexp(x, x), -inf, [1, 0]),
    ("logaddexp(x, 1)", lambda x: np.logaddexp(x, 1.0), inf, [1, 0]),
    ("logaddexp(x, 1)", lambda x: np.logaddexp(x, 1.0), -inf, [0, 0]),
    ("logaddexp(x, inf)", lambda x: np.logaddexp(x, inf), inf, [0.5, 0.25]),
    ("logaddexp(x, inf)", lambda x: np.logaddexp(x, inf), 1.0, [0, 0]),
    ("logaddexp2(x, -inf)", lambda x: np.logaddexp2(x, -inf), -inf, [0.5, math.log(2) / 4]),
    ("logaddexp2(x, 1)", lambda x: np.logaddexp2(x, 1.0), inf, [1, 0]),
]


@pytest.mark.parametrize(("f", "x", "modes", "expected"), each_mix(POWERS + KINKS + ENDS_OF_DOMAINS))
@pytest.mark.parametrize("kind", [np.float64, lambda x: np.array([x, x])], ids=["number", "array"])
def test_the_derivative_at_a_special_point(f, x, modes, expected, kind):
    x = kind(x)
    with np.errstate(all="ignore"):
        found = nested(f, modes)(x)
    assert_equal(found, np.full(np.shape(x), expected))


@pytest.mark.parametrize("modes", mixes_up_to(4), ids=mix_name)
@pytest.mark.parametrize("x", [0.0, 1e-12, -1e-5, 1e-3, 0.1, 0.29, 0.31, -0.5, 1.0, 2.5])
def test_sinc_near_zero(x, modes):
    expected = mpmath.diff(mpmath.sincpi, x, len(modes))
    exact_zero = x == 0 and len(modes) % 2 == 1
    found = nested(np.sinc, modes)(x)
    np.testing.assert_allclose(found, float(expected) * (not exact_zero), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("modes", mixes_up_to(2), ids=mix_name)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("x", [0.0, 1e-3, -0.7, 3.0, -9.0, 19.0, -25.0, 40.0])
def test_the_derivatives_of_tanh_are_accurate_relative_to_themselves(x, dtype, modes):
    # The formula 1 - tanh² has no digit left where tanh rounds to 1, from x = 19 on.
    with mpmath.workdps(80):
        expected = float(mpmath.diff(mpmath.tanh, mpmath.mpf(float(dtype(x))), len(modes)))
    found = nested(np.tanh, modes)(dtype(x))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=20 * np.finfo(dtype).eps, atol=1e-60)
    np.testing.assert_allclose(nested(np.tanh, modes)(np.full(3, x, dtype)), found, rtol=20 * np.finfo(dtype).eps)


@pytest.mark.parametrize("modes", mixes_up_to(2), ids=mix_name)
@pytest.mark.parametrize("x", [350.0, -350.0])
def test_the_derivatives_of_tanh_do_not_vanish_before_they_underflow(x, modes):
    first = 4 * math.exp(-700)
    expected = first if len(modes) == 1 else -2 * math.copysign(first, x)
    np.testing.assert_allclose(nested(np.tanh, modes)(x), expected, rtol=1e-12)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_mixed_derivative_of_a_power_at_zero(mode):
    # d²/dx dp of x^p is x^(p-1) (1 + p log x), which tends to 0 at x = 0 for p = 2.
    by_x = wg.jacobian(lambda x, p: wg.grad(lambda p: x**p)(p), 0, mode=mode)
    by_p = wg.jacobian(lambda x, p: wg.grad(lambda x: x**p)(x), 1, mode=mode)
    assert by_x(0.0, 2.0) == by_p(0.0, 2.0) == 0


@pytest.mark.parametrize("f", [np.abs, np.angle])
def test_complex_kinks(f):
    assert wg.grad(f)(0j) == 0
    assert wg.jvp(f, (0j,), (1 + 1j,))[1] == 0
    assert wg.jvp(wg.grad(f), (0j,), (1 + 1j,))[1] == 0


def mp_sinc_slope(z):
    return (mpmath.cospi(z) - mpmath.sinpi(z) / (mpmath.pi * z)) / z


SLOPES = {
    np.tanh: lambda z: 1 / mpmath.cosh(z) ** 2,
    np.tan: lambda z: 1 / mpmath.cos(z) ** 2,
    np.arcsin: lambda z: 1 / (mpmath.sqrt(1 - z) * mpmath.sqrt(1 + z)),
    np.arccos: lambda z: -1 / (mpmath.sqrt(1 - z) * mpmath.sqrt(1 + z)),
    np.arctan: lambda z: 1 / (1 + z * z),
    np.arcsinh: lambda z: 1 / (mpmath.sqrt(1 + 1j * z) * mpmath.sqrt(1 - 1j * z)),
    np.arccosh: lambda z: 1 / (mpmath.sqrt(z - 1) * mpmath.sqrt(z + 1)),
    np.arctanh: lambda z: 1 / (1 - z * z),
    np.sqrt: lambda z: 1 / (2 * mpmath.sqrt(z)),
    np.log: lambda z: 1 / z,
    np.log1p: lambda z: 1 / (1 + z),
    np.expm1: mpmath.exp,
    np.reciprocal: lambda z: -1 / z**2,
    np.sinc: mp_sinc_slope,
}
# On both sides of the branch cuts, near the poles, in the tails, and where squares overflow.
NUMBERS = [
    0.3 + 0.4j, -2 + 1e-8j, 2 + 1e-10j, 2 - 1e-10j, -2 - 1e-10j, 30 + 1j, -30 + 2j, 500 - 1j, 800 + 1j, -800 + 1j,
    1e-9 + 1e-12j, 0.99999999j, 1 + 1e-9j, 0.99999999 + 0j, 1e200 + 1e200j, 0.2 + 25j, 0.3 - 300j, 0.1 + 800j,
]  # fmt: skip


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("f", SLOPES, ids=lambda f: f.__name__)
def test_complex_derivatives_are_accurate_relative_to_themselves(f, mode):
    for z in NUMBERS:
        with mpmath.workdps(100):
            expected = SLOPES[f](mpmath.mpc(z))
        if not 1e-300 < abs(expected) < 1e300:
            continue
        with np.errstate(all="ignore"):
            found = complex(wg.jacobian(f, mode=mode)(np.complex128(z)))
        assert abs(found - complex(expected)) <= 1e-12 * abs(expected), z


def test_the_sign_of_a_complex_number_turns_with_it():
    z, t = 3 + 4j, 1j
    y, y_dot = wg.jvp(np.sign, (z,), (t,))
    assert y == pytest.approx(0.6 + 0.8j)
    assert y_dot == pytest.approx(t / 5 - (0.6 + 0.8j) * (0.8 / 5))
    assert wg.jvp(np.sign, (0j,), (t,)) == (0, 0)


@pytest.mark.parametrize("part", [np.abs, np.real, np.imag, np.angle, lambda z: np.real(np.conj(z) * z)])
def test_the_hessian_of_a_real_part_of_a_complex_number_is_finite_at_zero(part):
    hessian = wg.jacobian(wg.grad(lambda p: part(p[0] + 1j * p[1])))(np.zeros(2))
    expected = 2 * np.eye(2) if part(2j) == 4 else np.zeros((2, 2))
    np.testing.assert_array_equal(hessian, expected)


@pytest.mark.parametrize("f", [np.hypot, np.arctan2])
def test_all_second_derivatives_at_the_origin_are_zero(f):
    def of_pair(x):
        return f(x[0], x[1])

    origin = np.zeros(2)
    np.testing.assert_array_equal(wg.grad(of_pair)(origin), [0, 0])
    np.testing.assert_array_equal(wg.hessian(of_pair)(origin), np.zeros((2, 2)))
    for mode in ("forward", "reverse"):
        np.testing.assert_array_equal(wg.jacobian(wg.jacobian(of_pair), mode=mode)(origin), np.zeros((2, 2)))


# --- ties ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("f", [np.max, np.min])
@pytest.mark.parametrize(
    ("x", "axis", "expected"),
    [
        ([1.0, 3.0, 3.0], None, [0, 0.5, 0.5]),
        ([2.0, 2.0, 2.0], None, [1 / 3] * 3),
        ([[1.0, 4.0], [4.0, 4.0]], None, [[0, 1 / 3], [1 / 3, 1 / 3]]),
        ([5.0], None, [1]),
    ],
)
def test_a_tie_is_shared_evenly(f, x, axis, expected, mode):
    x = np.array(x) * (1 if f is np.max else -1)
    np.testing.assert_array_equal(wg.jacobian(f, mode=mode)(x), expected)
    assert not np.any(wg.hessian(f)(x))


def test_ties_along_an_axis():
    x = np.array([[1.0, 2.0], [1.0, 0.0]])
    found = wg.grad(lambda x: np.sum(np.max(x, axis=0)))(x)
    np.testing.assert_array_equal(found, [[0.5, 1], [0.5, 0]])


@pytest.mark.parametrize("f", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_both_operands_of_a_tie_get_half(f):
    assert wg.grad(f, argnums=(0, 1))(1.5, 1.5) == (0.5, 0.5)


# --- what was not selected -----------------------------------------------------------------------

EXCLUDED = [
    ("sqrt", lambda x: np.where(x > 0, np.sqrt(x), 0.0), [0, 4], [0, 1 / 4], [0, -1 / 32]),
    ("sqrt of a negative", lambda x: np.where(x > 0, np.sqrt(x), 0.0), [-1, 4], [0, 1 / 4], [0, -1 / 32]),
    ("log", lambda x: np.where(x > 0, np.log(x), 0.0), [0, 2], [0, 1 / 2], [0, -1 / 4]),
    ("log of a negative", lambda x: np.where(x > 0, np.log(x), x), [-1, 2], [1, 1 / 2], [0, -1 / 4]),
    ("x**1.5", lambda x: np.where(x > 0, x**1.5, x * x), [0, 4], [0, 3], [2, 3 / 8]),
    ("1/x", lambda x: np.where(x != 0, 1 / x, 0.0), [0, 2], [0, -1 / 4], [0, 1 / 4]),
    ("x/x", lambda x: np.where(x != 0, x / x, 1.0), [0, 2], [0, 0], [0, 0]),
    (
        "sin(x)/x",
        lambda x: np.where(x != 0, np.sin(x) / x, 1.0),
        [0, 1],
        [0, math.cos(1) - math.sin(1)],
        [0, math.sin(1) - 2 * math.cos(1)],
    ),
    ("x log x", lambda x: np.where(x > 0, x * np.log(x), 0.0), [0, 1], [0, 1], [0, 1]),
    ("x**0.5", lambda x: np.where(x > 0, x**0.5, 0.0), [0, 4], [0, 1 / 4], [0, -1 / 32]),
    ("x**-2", lambda x: np.where(x > 0, x**-2, 0.0), [0, 1], [0, -2], [0, 6]),
    ("x**x", lambda x: np.where(x > 0, x**x, 0.0), [-1, 1], [0, 1], [0, 2]),
    ("cbrt", lambda x: np.where(x > 0, np.cbrt(x), 0.0), [0, 1], [0, 1 / 3], [0, -2 / 9]),
    ("arcsin", lambda x: np.where(x < 1, np.arcsin(x), 0.0), [1, 0], [0, 1], [0, 0]),
    ("arctanh", lambda x: np.where(x < 1, np.arctanh(x), 0.0), [1, 0], [0, 1], [0, 0]),
    ("sqrt(x²)", lambda x: np.where(x > 0, np.sqrt(x * x), 0.0), [0, 2], [0, 1], [0, 0]),
    ("exp overflows", lambda x: np.where(x < 9, np.exp(x * x), 0.0), [99, 0], [0, 0], [0, 2]),
    ("the other branch", lambda x: np.where(x <= 0, 1.0, np.sqrt(x)), [0, 4], [0, 1 / 4], [0, -1 / 32]),
    ("sqrt(maximum(x, 0))", lambda x: np.sqrt(np.maximum(x, 0)), [-1, 4], [0, 1 / 4], [0, -1 / 32]),
    ("log(maximum(x, 0))", lambda x: np.log(np.maximum(x, 0)), [-1, 2], [0, 1 / 2], [0, -1 / 4]),
    ("sqrt(fmax(x, 0))", lambda x: np.sqrt(np.fmax(x, 0)), [-1, 4], [0, 1 / 4], [0, -1 / 32]),
    ("sqrt(clip(x, 0, 9))", lambda x: np.sqrt(np.clip(x, 0, 9)), [-1, 4], [0, 1 / 4], [0, -1 / 32]),
    ("minimum(x, log x)", lambda x: np.minimum(x, np.log(np.abs(x))), [-3, 2], [1, 1 / 2], [0, -1 / 4]),
    ("x**-1.5", lambda x: np.where(x > 0, x**-1.5, 0.0), [0, 1], [0, -3 / 2], [0, 15 / 4]),
    ("power(x, 0.5) of a negative", lambda x: np.where(x > 0, np.power(x, 0.5), x), [-1, 4], [1, 1 / 4], [0, -1 / 32]),
    ("arccosh", lambda x: np.where(x > 1, np.arccosh(x), 0.0), [1, 2], [0, 3**-0.5], [0, -2 / 27**0.5]),
    ("arctan2", lambda x: np.where(x > 0, np.arctan2(np.sqrt(x), x), x), [0, 1], [1, -1 / 4], [0, 1 / 4]),
    ("hypot", lambda x: np.where(x > 0, np.hypot(np.sqrt(x), x), x), [0, 1], [1, 3 * 8**-0.5], [0, -(128**-0.5)]),
    ("logaddexp", lambda x: np.where(x > 0, np.logaddexp(np.log(x), 0.0), x), [0, 1], [1, 1 / 2], [0, -1 / 4]),
    ("tanh(1/x)", lambda x: np.where(x != 0, np.tanh(x / x), 7.0), [0, 2], [0, 0], [0, 0]),
    ("division of zeros", lambda x: np.where(x != 0, x * x / x, x), [0, 2], [1, 1], [0, 0]),
    ("log of an absolute value", lambda x: np.where(x != 0, np.log(np.abs(x)), 0.0), [0, -2], [0, -0.5], [0, -0.25]),
    ("remainder by zero", lambda x: np.where(x > 0, 7.0 % x, x), [0, 3], [1, -2], [0, 0]),
    ("clip of a root", lambda x: np.clip(np.sqrt(x), 0.5, 9), [0, 4], [0, 1 / 4], [0, -1 / 32]),
    ("minimum of an inverse", lambda x: np.minimum(1 / x, 5.0), [0, 2], [0, -1 / 4], [0, 1 / 4]),
    ("fmin of a logarithm", lambda x: np.fmax(np.log(x), -3.0), [0, 2], [0, 1 / 2], [0, -1 / 4]),
    ("heaviside times", lambda x: np.where(np.heaviside(x, 0) > 0, np.sqrt(x), 0.0), [0, 4], [0, 1 / 4], [0, -1 / 32]),
    ("piecewise", lambda x: np.piecewise(x, [x > 0], [np.sqrt, lambda x: -x]), [0, 4], [-1, 1 / 4], [0, -1 / 32]),
    ("select", lambda x: np.select([x > 0], [np.log(x)], -x), [0, 2], [-1, 1 / 2], [0, -1 / 4]),
    (
        "two layers",
        lambda x: np.where(x > 0, np.where(x > 1, np.log(x - 1), 0.0), 1.0),
        [1, 3],
        [0, 1 / 2],
        [0, -1 / 4],
    ),
    ("maximum(x, sqrt x)", lambda x: np.maximum(1 + x, np.sqrt(x)), [0, 3], [1, 1], [0, 0]),
]


@pytest.mark.parametrize("modes", mixes_up_to(2), ids=mix_name)
@pytest.mark.parametrize("row", EXCLUDED, ids=[row[0] for row in EXCLUDED])
def test_an_element_that_was_not_selected_contributes_exactly_zero(row, modes):
    _, f, x, first, second = row
    with np.errstate(all="ignore"):
        found = nested(f, modes)(np.array(x, float))
    assert_equal(found, first if len(modes) == 1 else second, rtol=1e-12)


@pytest.mark.parametrize("modes", mixes(3), ids=mix_name)
def test_it_does_so_to_the_third_order(modes):
    with np.errstate(all="ignore"):
        found = nested(lambda x: np.where(x > 0, np.sqrt(x), 0.0), modes)(np.array([0.0, 4.0]))
    assert_equal(found, [0, 3 / 256])


@pytest.mark.parametrize("row", EXCLUDED, ids=[row[0] for row in EXCLUDED])
def test_the_hessian_of_the_sum_is_diagonal_and_finite(row):
    _, f, x, _, second = row
    with np.errstate(all="ignore"):
        found = wg.hessian(lambda x: np.sum(f(x)))(np.array(x, float))
    assert_equal(found, np.diag(second), rtol=1e-12)


@pytest.mark.parametrize("modes", [("forward",), ("reverse",)], ids=mix_name)
@pytest.mark.parametrize(
    "g", [np.sqrt, np.log, lambda x: 1 / x, lambda x: x**-1.5], ids=["sqrt", "log", "1/x", "x**-1.5"]
)
def test_what_a_mask_picks_out_is_all_that_counts(g, modes):
    x, inner = np.array([0.0, 4.0, -1.0, 0.25]), np.array([4.0, 0.25])

    def whole(x):
        return np.sum(g(x)[x > 0])

    def picked(x):
        return np.sum(g(x[x > 0]))

    with np.errstate(all="ignore"):
        for f in (whole, picked):
            slope = wg.jacobian(f, mode=modes[0])
            np.testing.assert_allclose(slope(x)[[1, 3]], wg.grad(lambda x: np.sum(g(x)))(inner), rtol=1e-14)
            np.testing.assert_array_equal(slope(x)[[0, 2]], [0, 0])
            hessian = wg.hessian(f)(x)
            assert np.all(np.isfinite(hessian))
            np.testing.assert_array_equal(hessian[[0, 2]], np.zeros((2, 4)))


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_an_element_that_an_index_left_out_contributes_exactly_zero(mode):
    with np.errstate(all="ignore"):
        for f in (
            lambda x: np.sqrt(x)[1:],
            lambda x: np.sqrt(x)[[1]],
            lambda x: np.sqrt(x)[np.array([False, True])],
        ):
            np.testing.assert_array_equal(wg.jacobian(f, mode=mode)(np.array([0.0, 4.0])), [[0, 0.25]])


def test_a_nan_that_was_not_selected_is_no_derivative():
    x = np.array([nan, 2.0])
    np.testing.assert_array_equal(wg.grad(lambda x: np.sum(np.where(np.isnan(x), 0, x**2)))(x), [0, 4])


def test_a_nan_that_matters_is_not_hidden():
    with np.errstate(all="ignore"):
        for mode in MODES.values():
            assert np.isnan(mode(np.sqrt)(-1.0))
            assert np.isnan(mode(lambda x: nan * x)(1.0))
            assert np.isnan(mode(lambda x: np.where(x < 0, np.sqrt(x), 0.0))(-1.0))


# --- a zero tangent or cotangent -----------------------------------------------------------------


@pytest.mark.parametrize(("f", "x"), [(np.sqrt, 0.0), (np.arcsin, 1.0), (np.cbrt, 0.0), (np.arccosh, 1.0)])
def test_a_zero_tangent_times_an_infinite_partial_is_zero(f, x):
    assert wg.jvp(f, (x,), (0.0,))[1] == 0
    np.testing.assert_array_equal(wg.jvp(f, (np.array([x, x]),), (np.zeros(2),))[1], [0, 0])


@pytest.mark.parametrize(("f", "x"), [(np.sqrt, 0.0), (np.arcsin, 1.0), (np.cbrt, 0.0), (np.arccosh, 1.0)])
def test_a_zero_cotangent_times_an_infinite_partial_is_zero(f, x):
    _, pullback = wg.vjp(f, np.array([x, x]))
    assert_equal(pullback(np.array([0.0, 1.0]))[0], [0, inf])
    leaf = wg.tensor([x, x], requires_grad=True)
    f(leaf).backward([0.0, 1.0])
    assert_equal(leaf.grad.numpy(), [0, inf])


def test_a_tangent_of_zero_in_one_element_does_not_spoil_the_others():
    np.testing.assert_array_equal(wg.jvp(np.sqrt, (np.array([0.0, 4.0]),), (np.array([0.0, 1.0]),))[1], [0, 0.25])


# --- products with zeros -------------------------------------------------------------------------


def product_of_others(x, *left_out):
    return math.prod(value for k, value in enumerate(x) if k not in left_out)


FACTORS = [
    [2.0, 3.0, -1.5, 4.0],
    [2.0, 0.0, -1.5, 4.0],
    [2.0, 0.0, 0.0, 4.0],
    [0.0, 0.0, 0.0, 4.0],
    [0.0, 0.0, 0.0, 0.0],
    [0.0],
    [0.0, 5.0],
    [3.0, 0.0, 2.0, 0.0, 7.0],
]


@pytest.mark.parametrize("x", FACTORS, ids=str)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_a_product_with_zeros(x, mode):
    gradient = [product_of_others(x, i) for i in range(len(x))]
    np.testing.assert_allclose(wg.jacobian(np.prod, mode=mode)(np.array(x)), gradient)
    hessian = [[0 if i == j else product_of_others(x, i, j) for j in range(len(x))] for i in range(len(x))]
    np.testing.assert_allclose(wg.hessian(np.prod)(np.array(x)), hessian)
    np.testing.assert_allclose(wg.jacobian(wg.grad(np.prod), mode=mode)(np.array(x)), hessian)


def test_the_third_derivative_of_a_product_with_zeros():
    x = [2.0, 0.0, 0.0, 5.0]
    found = wg.jacobian(wg.hessian(np.prod))(np.array(x))
    for i, j, k in itertools.product(range(4), repeat=3):
        expected = product_of_others(x, i, j, k) if len({i, j, k}) == 3 else 0
        assert found[i, j, k] == pytest.approx(expected)


def test_a_product_with_zeros_along_an_axis():
    x = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 1.0]])
    found = wg.grad(lambda x: np.sum(np.prod(x, axis=1)))(x)
    np.testing.assert_array_equal(found, [[0, 6, 0], [0, 0, 0]])


def test_an_empty_product_and_sum():
    assert wg.grad(np.prod)(np.zeros(0)).shape == (0,)
    assert wg.grad(np.sum)(np.zeros((0, 3))).shape == (0, 3)


# --- statistics ----------------------------------------------------------------------------------


def test_the_variance_of_equal_numbers_is_flat():
    np.testing.assert_array_equal(wg.grad(np.var)(np.array([2.0, 2.0])), [0, 0])


@pytest.mark.parametrize("mode", MODES)
def test_the_deviation_of_equal_numbers_is_flat(mode):
    assert MODES[mode](lambda x: np.std(np.stack([x, x])))(0.0) == 0


# --- where a zero meets an infinity --------------------------------------------------------------
# Only what does not depend on a value at all is exactly zero. A zero that a partial made is a number like others, and
# 0 · inf is nan: √(x²) has no derivative at 0, (√x)² and ∛(x³) have the derivative 1. Both modes say so alike.

UNDECIDED = {
    "sqrt(x*x)": lambda x: np.sqrt(x * x),
    "sqrt(x**2)": lambda x: np.sqrt(x**2),
    "sqrt(x)**2": lambda x: np.sqrt(x) ** 2,
    "cbrt(x**3)": lambda x: np.cbrt(x**3),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("f", UNDECIDED.values(), ids=UNDECIDED)
def test_a_zero_partial_against_an_infinite_one_is_nan(f, mode):
    assert np.isnan(MODES[mode](f)(0.0))


@pytest.mark.parametrize("mode", MODES)
def test_a_root_times_a_constant_zero_is_nan_there_alone(mode):
    mask, x = np.array([0.0, 1.0]), np.array([0.0, 4.0])
    assert_equal(MODES[mode](lambda x: np.sqrt(x) * mask)(x), [nan, 0.25])


def test_the_product_with_the_weight_of_a_selection():
    with np.errstate(all="ignore"):
        selecting = table.selecting_multiply(np.array([inf, nan, 2.0]), np.array([0.0, 0.0, 3.0]))
    np.testing.assert_array_equal(selecting, [0, 0, 6])


# --- no elements at all --------------------------------------------------------------------------

UNARY = [np.exp, np.log, np.sqrt, np.abs, np.tanh, np.sinc, np.angle, np.sign, np.round, np.arcsin, np.square]
BINARY = [np.multiply, np.divide, np.power, np.hypot, np.arctan2, np.maximum, np.fmin, np.logaddexp, np.remainder]


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 2, 1)], ids=str)
@pytest.mark.parametrize("f", UNARY + BINARY, ids=lambda f: f.__name__)
def test_a_function_of_an_empty_array(f, shape):
    xs = (np.ones(shape),) * (2 if f in BINARY else 1)
    y, y_dot = wg.jvp(f, xs, xs)
    assert y.shape == y_dot.shape == shape
    _, pullback = wg.vjp(f, *xs)
    assert [x_bar.shape for x_bar in pullback(np.ones(shape))] == [shape] * len(xs)
    assert wg.hessian(lambda x: np.sum(f(x, *xs[1:])))(xs[0]).shape == shape + shape


@pytest.mark.parametrize("f", UNARY + BINARY, ids=lambda f: f.__name__)
def test_a_function_of_an_array_without_axes(f):
    xs = (np.array(0.5),) * (2 if f in BINARY else 1)
    y, y_dot = wg.jvp(f, xs, tuple(np.ones(()) for _ in xs))
    assert y.shape == y_dot.shape == ()
    assert wg.grad(f)(*xs).shape == ()
    assert wg.grad(wg.grad(f))(*xs).shape == ()
