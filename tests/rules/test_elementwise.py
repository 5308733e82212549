"""Elementwise compositions: those with parameters, with several results, and with complex numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

import wengert as wg
from rules.agreement import assert_derivative, assert_single_precision, assert_value, case

V = np.array([-1.7, -0.4, 0.3, 1.2, 2.6])
A = np.array([[-1.7, 0.4, 2.2], [0.9, -0.6, 1.4]])
LOW, HIGH = np.array([-1.0, 0.5, 0.1]), np.array([[1.0], [1.1]])

CASES = [
    case("clip", lambda x: np.clip(x, -1.0, 1.0), A),
    case("clip below", lambda x: np.clip(x, -1.0, None), A),
    case("clip above", lambda x: np.clip(x, None, 1.0), A),
    case("clip nowhere", lambda x: np.clip(x, None, None), A),
    case("clip(min=, max=)", lambda x: np.clip(x, min=-1.0, max=1.0), A),
    case("clip(max=)", lambda x: np.clip(x, max=1.0), A),
    case("clip(min=)", lambda x: np.clip(x, min=0.0), A),
    case("clip(a_min=, a_max=)", lambda x: np.clip(x, a_min=-1.0, a_max=1.0), A),
    case("clip to variable bounds", np.clip, A, LOW, HIGH),
    case("clip constants to variable bounds", lambda low, high: np.clip(A, low, high), LOW, HIGH),
    case("clip above by a variable", lambda x, high: np.clip(x, None, high), A, HIGH),
    case("clip below by a variable", lambda x, low: np.clip(x, low, None), A, LOW),
    case("clip with crossed bounds", lambda x: np.clip(x, 1.0, 0.5) * x, A),
    case("method clip", lambda x: x.clip(-1.0, 1.0) + x.clip(0.0), A),
    case("method clip(max=)", lambda x: x.clip(max=1.0) + x.clip(None, 2.0), A),
    case("round", lambda x: np.round(x) + x, A),
    case("round(decimals=negative)", lambda x: np.round(x, decimals=-1) + x, 10 * A),
    case("around", lambda x: np.around(x) * x, A),
    case("method round", lambda x: x.round() * x, A),
    case("fix", lambda x: np.fix(x) * x, A),
    case("modf", np.modf, A),
    case("frexp", np.frexp, A, traceable=False),
    case("ldexp", lambda x: np.ldexp(x, np.array([1, -2, 3])), A),
    case("sign", lambda x: np.sign(x) * x, A),
    case("angle", lambda x: np.angle(x) * x, A),
    case("angle(deg=True)", lambda x: np.angle(x, deg=True) * x, A),
    case("angle(True)", lambda x: np.angle(x, True) + x, np.abs(A)),
    case("abs", abs, A),
    case("np.abs", np.abs, A),
    case("real and imag", lambda x: np.real(x) + np.imag(x) + x.real + x.imag, A),
    case("conj", lambda x: np.conj(x) + x.conj() + x.conjugate(), A),
    case("sinc", np.sinc, A),
    case("sinc near 0", np.sinc, np.array([0.0, 1e-9, 1e-4, 0.29, 0.31])),
    case("where(x > 0)", lambda x: np.where(x > 0, np.sin(x), np.cos(x)), A),
    case("isfinite", lambda x: np.where(np.isfinite(x), x, 0.0), A),
    case("float_power", lambda x: np.float_power(x, 2), np.abs(A)),
    case("ufuncs of three axes", lambda x: np.tanh(x[:, None] * np.ones(3)), V),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value(case):
    assert_value(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_derivative(case):
    assert_derivative(case, rtol=1e-7)


@pytest.mark.parametrize("case", [c for c in CASES if c.name != "float_power"], ids=str)
def test_single_precision(case):
    assert_single_precision(case)


def test_float_power_is_double_by_definition():
    assert np.float_power(wg.tensor(np.float32(2.0)), 2).dtype == np.float64


@pytest.mark.parametrize(
    "rounded", [lambda x: np.round(x, 1), lambda x: np.around(x, decimals=1), lambda x: x.round(1)]
)
def test_rounding_to_decimals_is_flat(rounded):
    x = A * 1.017
    y, y_dot = wg.jvp(lambda x: rounded(x) * x, (x,), (np.ones_like(x),))
    np.testing.assert_allclose(y, np.round(x, 1) * x, rtol=1e-15)
    np.testing.assert_allclose(y_dot, np.round(x, 1), rtol=1e-15)


def test_the_built_in_round_is_numpys():
    assert wg.grad(lambda x: round(x, 1) * x)(1.217) == 1.2
    assert wg.grad(lambda x: round(x) * x)(1.217) == 1.0


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (None, 1.0), (-1.0, None)])
def test_on_a_bound_of_clip_all_goes_to_what_is_clipped(bounds):
    x = np.array([-1.0, 1.0, 0.5])
    np.testing.assert_array_equal(wg.grad(lambda x: np.sum(np.clip(x, *bounds)))(x), [1.0, 1.0, 1.0])


def test_parts_of_a_number():
    x = np.array([3.7, -2.2])
    (fraction, whole), (fraction_dot, whole_dot) = wg.jvp(np.modf, (x,), (np.ones(2),))
    np.testing.assert_array_equal([fraction, whole], np.modf(x))
    np.testing.assert_array_equal([fraction_dot, whole_dot], [[1.0, 1.0], [0.0, 0.0]])
    (mantissa, exponent), (mantissa_dot, exponent_dot) = wg.jvp(np.frexp, (x,), (np.ones(2),))
    np.testing.assert_array_equal(mantissa * 2.0**exponent, x)
    np.testing.assert_array_equal(mantissa_dot, [0.25, 0.25])
    np.testing.assert_array_equal(exponent_dot, [0.0, 0.0])


PARTS = [2.0, -2.0, -2.5, 0.0, -0.0, math.inf, -math.inf, 5e-324, 1.7e308]


@pytest.mark.parametrize("f", [np.modf, np.frexp], ids=["modf", "frexp"])
def test_the_parts_of_special_numbers_are_numpys_to_the_last_bit(f):
    x = np.array(PARTS)
    of_list = wg.trace(f)(x)(x)
    for found in (wg.jvp(f, (x,), (np.ones_like(x),))[0], of_list):
        for part, expected in zip(found, f(x), strict=True):
            np.testing.assert_array_equal(part, expected)
            np.testing.assert_array_equal(np.signbit(part), np.signbit(expected))


@pytest.mark.parametrize("decimals", [-2, -1, 0, 1, 3])
@pytest.mark.parametrize("dtype", [float, np.float32, complex, int])
def test_rounding_is_numpys_to_the_last_bit(dtype, decimals):
    x = (np.array([1234.5678, -0.05, 25.0, 35.0, 1e300]) if dtype is float else np.array([1234.5, 25, 35])).astype(
        dtype
    )
    found = np.round(wg.tensor(x), decimals).numpy()
    expected = np.round(x, decimals)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("f", [np.isposinf, np.isneginf, np.isinf, np.signbit, np.isfinite, np.isnan])
def test_a_question_about_numbers_has_a_plain_answer(f):
    x = np.array([math.inf, -math.inf, math.nan, -0.0, 1.0])
    np.testing.assert_array_equal(f(wg.tensor(x, requires_grad=True)).numpy(), f(x))
    np.testing.assert_array_equal(wg.grad(lambda x: np.sum(x * f(x)))(x[3:]), f(x[3:]).astype(float))


REFUSED_BY_NUMPY = {
    "positive of truth values": lambda x: np.positive(x > 0),
    "negative of truth values": lambda x: -(x > 0),
    "difference of truth values": lambda x: (x > 0) - (x < 0),
    "gcd of floats": lambda x: np.gcd(x, 2.0),
    "dates": np.isnat,
    "shifts of floats": lambda x: x << 1,
}


@pytest.mark.parametrize("name", REFUSED_BY_NUMPY)
def test_what_numpy_does_not_compute_raises_its_exception(name):
    with pytest.raises(TypeError) as expected:
        REFUSED_BY_NUMPY[name](V)
    with pytest.raises(type(expected.value)) as caught:
        REFUSED_BY_NUMPY[name](wg.tensor(V))
    assert str(caught.value) == str(expected.value)


def test_the_exponent_of_frexp_is_an_integer_array():
    assert np.frexp(wg.tensor(V, requires_grad=True))[1].dtype == np.frexp(V)[1].dtype


# --- complex numbers -------------------------------------------------------------------------------------------

COMPLEX = {
    "sign": np.sign,
    "angle": np.angle,
    "angle(deg=True)": lambda z: np.angle(z, deg=True),
    "abs": np.abs,
    "real": np.real,
    "imag": np.imag,
    "conj": np.conj,
    "z.real * z.imag": lambda z: z.real * z.imag,
    "|z|²": lambda z: z * z.conjugate(),
    "exp": np.exp,
    "power": lambda z: z**2.5,
    "reciprocal": lambda z: 1 / z,
    "sqrt": np.sqrt,
    "log": np.log,
    "where": lambda z: np.where(z.real > 0, z, z * z),
    "round": lambda z: np.round(z) * z,
    "square": np.square,
}


@pytest.mark.parametrize("function", COMPLEX.values(), ids=COMPLEX)
@pytest.mark.parametrize("part", [np.real, np.imag])
def test_complex_numbers_by_their_parts(function, part):
    whole = case("", lambda x, y: part(function(x + 1j * y)), A[0], A[1])
    if part is np.imag and np.isrealobj(function(A + 1j)):
        return
    assert_value(whole)
    assert_derivative(whole, rtol=1e-7)


def test_sign_and_angle_at_the_origin_are_defined():
    z = np.array([0j, 3 + 4j])
    y, pullback = wg.vjp(np.sign, z)
    np.testing.assert_allclose(y, [0, 0.6 + 0.8j])
    assert np.all(np.isfinite(pullback(np.ones(2, complex))[0]))
    y, pullback = wg.vjp(np.angle, z)
    np.testing.assert_allclose(pullback(np.ones(2))[0], [0, 1j * (3 + 4j) / 25])


# --- refusals --------------------------------------------------------------------------------------------------

X = wg.tensor(A, requires_grad=True)
OUT = {
    "clip": lambda out: np.clip(X, -1.0, 1.0, out=out),
    "round": lambda out: np.round(X, 1, out=out),
}


@pytest.mark.parametrize(("name", "call"), OUT.items(), ids=OUT)
def test_out_is_refused(name, call):
    with pytest.raises((wg.NoRuleError, wg.LostDerivativeError), match=rf"np.{name}.*out=") as caught:
        call(np.zeros((2, 3)))
    assert caught.value.where.file == __file__
    assert caught.value.remedy


def test_shapes_that_do_not_broadcast_are_numpys_error():
    with pytest.raises(ValueError, match="broadcast"):
        np.clip(X, np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match="broadcast"):
        np.maximum(X, np.ones(2))
