"""Interpolation, convolution and the Bessel function of windows: points, ends, precision, NumPy's exceptions."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import wengert as wg
from rules.refusing import assert_refused_as_numpy_does, exception_of

RNG = np.random.default_rng(36)
XP, FP = np.array([0.0, 1.0, 3.0]), np.array([2.0, 5.0, 1.0])


def slope(x, **options):
    """Of the interpolation at a number, by both modes."""
    forward = wg.jvp(lambda x: np.interp(x, XP, FP, **options), (x,), (1.0,))[1]
    assert wg.grad(lambda x: np.interp(x, XP, FP, **options))(x) == forward
    return forward


# --- interpolation ---------------------------------------------------------------------------------------------


def test_between_points_the_slope_is_that_of_the_segment():
    assert slope(0.5) == 3.0
    assert slope(2.0) == -2.0


def test_at_a_point_the_slope_is_that_on_its_right_and_at_the_last_that_on_its_left():
    assert slope(0.0) == 3.0
    assert slope(1.0) == -2.0
    assert slope(3.0) == -2.0


def test_beyond_the_points_it_is_constant():
    assert slope(-1.0) == slope(4.0) == 0.0
    assert slope(-1.0, left=7.0) == slope(4.0, right=7.0) == 0.0
    assert wg.grad(lambda fp: np.interp(4.0, XP, fp))(FP).tolist() == [0, 0, 1]
    assert wg.grad(lambda x, left: np.interp(x, XP, FP, left=left), argnums=(0, 1))(-1.0, 7.0) == (0.0, 1.0)


def test_the_derivatives_in_the_points():
    """Of f = f1 + (x - x1) (f2 - f1) / (x2 - x1) at x = 2."""
    of_xp, of_fp = wg.grad(lambda xp, fp: np.interp(2.0, xp, fp), argnums=(0, 1))(XP, FP)
    np.testing.assert_allclose(of_fp, [0, 0.5, 0.5], rtol=1e-15)
    np.testing.assert_allclose(of_xp, [0, 1.0, 1.0], rtol=1e-15)


def test_a_value_at_a_point_is_that_of_the_point_whatever_is_beside_it():
    fp = np.array([np.inf, 5.0, np.nan, 1.0])
    x = np.array([0.0, 1.0, 3.0])
    for mode in ("forward", "reverse"):
        jacobian = wg.jacobian(lambda fp: np.interp(x, [0, 1, 2, 3], fp), mode=mode)(fp)
        np.testing.assert_array_equal(jacobian, np.eye(4)[[0, 1, 3]])
    np.testing.assert_array_equal(np.interp(wg.tensor(x), [0, 1, 2, 3], fp).numpy(), np.interp(x, [0, 1, 2, 3], fp))


def test_points_beside_it_alone_have_a_part():
    """The derivative of the root is infinite at 0."""
    gradient = wg.grad(lambda f: np.interp(2.0, XP, np.sqrt(f)))(np.array([0.0, 1.0, 4.0]))
    np.testing.assert_allclose(gradient, [0, 0.25, 0.125], rtol=1e-15)


def test_a_period():
    def wave(x, period):
        return np.interp(x, [0.5, 1.5, 2.5], [1.0, 3.0, 0.0], period=period)

    y, pullback = wg.vjp(wave, np.array([0.0, 3.5, -0.5]), 3.0)
    np.testing.assert_allclose(y, np.interp([0.0, 3.5, -0.5], [0.5, 1.5, 2.5], [1.0, 3.0, 0.0], period=3.0))
    x_bar, _ = pullback(np.ones(3))
    np.testing.assert_array_equal(x_bar, [1, 2, 1])


def test_one_point_and_no_argument():
    assert wg.value_and_grad(lambda f: np.interp(3.0, [1.0], f))(np.array([2.0]))[0] == 2.0
    y, pullback = wg.vjp(lambda x: np.interp(x, XP, FP), np.zeros(0))
    assert y.shape == pullback(np.zeros(0))[0].shape == (0,)
    assert np.isnan(wg.jvp(lambda x: np.interp(x, XP, FP), (np.nan,), (1.0,))[0])


def test_the_result_is_in_double_precision_and_the_derivative_in_that_of_the_operand():
    x = np.float32([0.5, 2.0])
    y, pullback = wg.vjp(np.interp, x, np.float32(XP), np.float32(FP))
    assert y.dtype == np.float64
    assert {x_bar.dtype for x_bar in pullback(np.ones(2))} == {np.dtype(np.float32)}


# --- convolution -----------------------------------------------------------------------------------------------


def matrix_of(v, n, mode):
    """The convolution with v as a matrix, column by column."""
    return np.stack([np.convolve(unit, v, mode) for unit in np.eye(n)], axis=1)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize(("n", "m"), [(5, 3), (3, 5), (4, 4), (1, 3), (6, 1), (1, 1), (2, 7)])
def test_the_derivative_of_a_convolution_is_its_matrix(mode, n, m):
    a, v = RNG.standard_normal(n), RNG.standard_normal(m)
    for order in ("forward", "reverse"):
        found = wg.jacobian(lambda a: np.convolve(a, v, mode), mode=order)(a)
        np.testing.assert_allclose(found, matrix_of(v, n, mode), rtol=1e-14, atol=1e-15)
        found = wg.jacobian(lambda v: np.convolve(a, v, mode), mode=order)(v)
        np.testing.assert_allclose(found, matrix_of(a, m, mode), rtol=1e-14, atol=1e-15)
    np.testing.assert_array_equal(np.convolve(wg.tensor(a), v, mode).numpy(), np.convolve(a, v, mode))
    np.testing.assert_allclose(np.correlate(wg.tensor(a), v, mode).numpy(), np.correlate(a, v, mode), rtol=1e-14)


def test_complex_kernels_of_real_sequences():
    a, v = RNG.standard_normal(4), RNG.standard_normal(3) + 1j
    gradient = wg.grad(lambda a: np.sum(np.abs(np.correlate(a, v, "full")) ** 2))(a)
    matrix = np.stack([np.correlate(unit, v, "full") for unit in np.eye(4)], axis=1)
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, 2 * np.real(matrix.conj().T @ matrix @ a), rtol=1e-13)


def test_what_is_out_of_reach_has_no_part():
    """The derivative of the root is infinite at 0."""
    x = np.array([0.0, 1.0, 4.0, 9.0])
    for function in (
        lambda x: np.convolve(np.sqrt(x), [1.0, 2.0])[3],
        lambda x: np.convolve(np.sqrt(x), [1.0, 2.0], "valid")[2],
    ):
        np.testing.assert_allclose(wg.grad(function)(x), [0, 0, 0.5, 1 / 6])
        np.testing.assert_allclose(wg.jacobian(function, mode="forward")(x), [0, 0, 0.5, 1 / 6])


def test_numbers_and_integers():
    assert np.convolve(wg.tensor(2.0), 3.0).shape == (1,)
    np.testing.assert_array_equal(wg.grad(lambda a: np.sum(np.convolve(a, [1, 2, 3], 1)))(np.ones(2)), [6, 3])


# --- the Bessel function ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("x", [0.0, 0.3, -2.0, 7.9, 8.1, 30.0])
def test_the_derivatives_of_i0_against_mpmath(x):
    """The derivative of order k is the mean of cosᵏθ exp(x cos θ) over half a turn (Abramowitz and Stegun, 9.6.16)."""
    found = np.i0
    for order in range(1, 5):
        found = derivative_of(found)
        integral = mpmath.quad(lambda t, k=order: mpmath.cos(t) ** k * mpmath.exp(x * mpmath.cos(t)), [0, mpmath.pi])
        expected = float(integral / mpmath.pi)
        np.testing.assert_allclose(found(x), expected, rtol=1e-12, atol=1e-15)
        assert wg.grad(nested(np.i0, order - 1))(x) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def derivative_of(f):
    return lambda x: wg.jvp(f, (x,), (1.0,))[1]


def nested(f, order):
    for _ in range(order):
        f = derivative_of(f)
    return f


def test_the_kaiser_window_in_its_parameter():
    beta = 8.6
    window, slopes = wg.jvp(lambda beta: np.kaiser(11, beta), (beta,), (1.0,))
    np.testing.assert_array_equal(window, np.kaiser(11, beta))
    step = 1e-5
    np.testing.assert_allclose(
        slopes, (np.kaiser(11, beta + step) - np.kaiser(11, beta - step)) / (2 * step), rtol=1e-7, atol=1e-10
    )


def test_complex_and_integer_arguments_of_i0():
    with pytest.raises(TypeError, match="i0 not supported for complex values"):
        np.i0(wg.tensor([1j]))
    assert np.i0(wg.tensor([1, 2])).dtype == np.float64


# --- errors ----------------------------------------------------------------------------------------------------

X = np.array([1.0, 2.0])
WRONG = {
    "convolve: mode": lambda x: np.convolve(x, [1.0], "x"),
    "convolve: no mode": lambda x: np.convolve(x, [1.0], None),
    "convolve: nothing": lambda x: np.convolve(x[:0], [1.0]),
    "convolve: with nothing": lambda x: np.convolve(x, []),
    "convolve: a matrix": lambda x: np.convolve(x[None], [1.0]),
    "correlate: nothing": lambda x: np.correlate(x[:0], [1.0]),
    "correlate: a number": lambda x: np.correlate(x, 2.0),
    "interp: no points": lambda x: np.interp(x, [], []),
    "interp: more points than values": lambda x: np.interp(x, [1, 2], [3]),
    "interp: a matrix": lambda x: np.interp(x, [[1, 2]], [[1, 2]]),
    "interp: complex": lambda x: np.interp(x * 1j, [1, 2], [1, 2]),
    "interp: complex left": lambda x: np.interp(x, [1, 2], [1, 2], left=1j),
    "interp: no period": lambda x: np.interp(x, [1, 2], [1, 2], period=0),
    "interp: periodic matrix": lambda x: np.interp(x, [[1, 2]], [1, 2], period=3),
    "interp: periodic, more points than values": lambda x: np.interp(x, [1, 2], [1], period=3),
}  # fmt: skip


@pytest.mark.parametrize("function", WRONG.values(), ids=WRONG)
def test_wrong_arguments_raise_numpys_exceptions(function):
    # Of complex numbers NumPy names the type, that of a list or of an array.
    assert_refused_as_numpy_does(function, X, same_words="complex" not in str(exception_of(function, X)))
