"""Complex numbers: ∂f/∂Re + i ∂f/∂Im for every primitive that NumPy computes for complex operands.

A function of complex numbers is a function of twice as many real ones. Its Jacobian is found by differences
along the real and the imaginary axis; the tangent must be its product with a vector, the cotangent x̄ the
one for which Re(conj(x̄) ẋ) = Re(conj(ȳ) ẏ) for every ẋ.
"""

import numpy as np
import pytest

import wengert as wg
from laws.examples import DIFFERENTIABLE
from wengert import numeric
from wengert.checker import check

COMPLEX = [example.turned() for example in DIFFERENTIABLE if example.has_complex_version]
REAL_FUNCTIONS = ("absolute", "angle", "imag", "real")
RTOL = 1e-8


def derivatives_along(example, i, axis):
    """∂y/∂(axis · s) for each element of operand i: an array of shape y.shape + x.shape."""
    x = example.arguments[i]
    columns = []
    for place in np.ndindex(x.shape):

        def along(s, place=place):
            arguments = list(example.arguments)
            unit = np.zeros(x.shape)
            unit[place] = 1
            arguments[i] = (x + s * axis * unit)[()]
            return example.plain(*arguments)

        columns.append(numeric.derivative(along, 0.0, "richardson", example.first_step))
    y = example.plain(*example.arguments)
    return np.stack(columns, axis=-1).reshape(np.shape(y) + x.shape) if columns else np.zeros((0,))


def assert_close(found, expected):
    assert np.shape(found) == np.shape(expected)
    assert np.all(np.isfinite(expected))
    np.testing.assert_allclose(found, expected, rtol=RTOL, atol=RTOL * np.max(np.abs(expected), initial=0))


def unit(x, place, value):
    e = np.zeros(np.shape(x), np.asarray(x).dtype)
    e[place] = value
    return e[()]


def test_the_holomorphic_functions_have_a_complex_version():
    analytic = {example.prim.name for example in DIFFERENTIABLE if example.prim.analytic}
    assert analytic == {example.prim.name for example in COMPLEX if example.prim.analytic}


def test_the_functions_of_complex_numbers_with_real_values_are_among_them():
    assert set(REAL_FUNCTIONS) <= {example.prim.name for example in COMPLEX}


@pytest.mark.parametrize("example", COMPLEX, ids=str)
def test_the_tangent_is_the_difference_along_both_axes(example):
    for i, x in enumerate(example.arguments):
        for axis in (1, 1j):
            expected = derivatives_along(example, i, axis)
            for place in np.ndindex(x.shape):
                x_dots = [np.zeros_like(other) for other in example.arguments]
                x_dots[i] = unit(x, place, axis)
                y, y_dot = wg.jvp(example.of_values, example.arguments, tuple(x_dots))
                assert y_dot.dtype == y.dtype
                assert_close(y_dot, expected[(..., *place)])


@pytest.mark.parametrize("example", COMPLEX, ids=str)
def test_the_cotangent_is_the_gradient_over_the_real_and_the_imaginary_part(example):
    y, pullback = wg.vjp(example.of_values, *example.arguments)
    for i, x in enumerate(example.arguments):
        along_re, along_im = (derivatives_along(example, i, axis) for axis in (1, 1j))
        for place in np.ndindex(y.shape):
            for seed in (1, 1j) if np.iscomplexobj(y) else (1,):
                x_bar = pullback(unit(y, place, seed))[i]
                by_re = np.real(np.conj(seed) * along_re[place])
                by_im = np.real(np.conj(seed) * along_im[place])
                assert x_bar.dtype == x.dtype
                assert_close(x_bar, by_re + 1j * by_im)


@pytest.mark.parametrize("example", COMPLEX, ids=str)
def test_both_orders_agree_in_all_mixes_of_the_modes(example):
    check(example.of_values, *example.arguments, order=2, directions=1, step=example.first_step)


@pytest.mark.parametrize("example", [e for e in COMPLEX if len(e.free) > 1], ids=str)
def test_a_real_operand_beside_complex_ones_keeps_a_real_derivative(example):
    real = next(e for e in DIFFERENTIABLE if str(e) == str(example))
    for i in range(len(example.free)):
        arguments = list(example.arguments)
        arguments[i] = real.arguments[i]
        check(example.of_values, *arguments, directions=1, step=example.first_step)


def test_the_gradient_of_a_real_function_is_the_direction_of_steepest_ascent():
    z = np.array([3 + 4j, -1j])
    np.testing.assert_allclose(wg.grad(lambda z: np.sum(np.abs(z)))(z), z / np.abs(z))
    np.testing.assert_allclose(wg.grad(lambda z: np.sum(np.abs(z) ** 2))(z), 2 * z)
    np.testing.assert_allclose(wg.grad(lambda z: np.sum(z.real))(z), [1, 1])
    np.testing.assert_allclose(wg.grad(lambda z: np.sum(z.imag))(z), [1j, 1j])
    np.testing.assert_allclose(wg.grad(lambda z: np.sum(np.real(z**2)))(z), np.conj(2 * z))


def test_single_precision_stays_single():
    z = np.array([1 + 2j], np.complex64)
    assert wg.grad(lambda z: np.sum(np.abs(np.exp(z))))(z).dtype == np.complex64
    assert wg.jvp(np.exp, (z,), (z,))[1].dtype == np.complex64


def test_the_sign_of_a_complex_number():
    z = np.array([3 + 4j, 0j])
    np.testing.assert_allclose(wg.jvp(np.sign, (z,), (np.ones_like(z),))[0], np.sign(z))
    check(np.sign, z[:1], order=2)
