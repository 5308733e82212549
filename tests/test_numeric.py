"""Numerical derivatives against closed forms, and what is said where there is none."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wengert import numeric
from wengert.errors import ArgumentError, DtypeError, LostDerivativeError, ShapeError

METHODS = ("forward", "central", "richardson", "complex")
RELATIVE_ERROR = {"forward": 2e-6, "central": 1e-7, "richardson": 1e-11, "complex": 1e-14}

# Function, derivative, point.
SMOOTH = {
    "exp": (np.exp, np.exp, 1.3),
    "exp at zero": (np.exp, np.exp, 0.0),
    "exp at the noise of zero": (np.exp, np.exp, math.cos(math.pi / 2)),
    "sin at pi": (np.sin, np.cos, math.pi),
    "fast sine": (lambda x: np.sin(100 * x), lambda x: 100 * np.cos(100 * x), 1.0),
    "sine with zeros at round steps": (
        lambda x: np.sin(20 * np.pi * x),
        lambda x: 20 * np.pi * np.cos(20 * np.pi * x),
        1.0,
    ),
    "log": (np.log, lambda x: 1 / x, 0.1),
    "log of a small number": (np.log, lambda x: 1 / x, 1e-8),
    "sqrt of a large number": (np.sqrt, lambda x: 0.5 / np.sqrt(x), 1e12),
    "arcsin at the edge": (np.arcsin, lambda x: 1 / np.sqrt(1 - x * x), 0.95),
    "tan": (np.tan, lambda x: 1 / np.cos(x) ** 2, 1.4),
    "negative point": (lambda x: x**3, lambda x: 3 * x**2, -2.0),
    "Squire and Trapp's example": (lambda x: x**4.5, lambda x: 4.5 * x**3.5, 1.5),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", SMOOTH)
def test_derivative_agrees_with_the_closed_form(case, method):
    f, df, x = SMOOTH[case]
    value = numeric.derivative(f, x, method)
    assert value.shape == ()
    np.testing.assert_allclose(value, df(x), rtol=RELATIVE_ERROR[method])


@pytest.mark.parametrize("method", METHODS)
def test_derivative_of_a_curve_has_the_shape_of_the_curve(method):
    value = numeric.derivative(lambda t: np.array([np.cos(t), np.sin(t)]), 0.3, method)
    np.testing.assert_allclose(value, [-math.sin(0.3), math.cos(0.3)], rtol=RELATIVE_ERROR[method])


@pytest.mark.parametrize("method", METHODS)
def test_gradient_of_the_textbook_function(method):
    value = numeric.gradient(lambda x: np.log(x[0]) + x[0] * x[1] - np.sin(x[1]), [2.0, 5.0], method)
    np.testing.assert_allclose(value, [5.5, 2 - math.cos(5)], rtol=RELATIVE_ERROR[method])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(), (4,), (2, 3), (2, 1, 2)])
def test_gradient_has_the_shape_of_x(shape, method):
    x = np.linspace(0.5, 2, math.prod(shape)).reshape(shape)
    value = numeric.gradient(lambda x: np.sum(x**3), x, method)
    assert value.shape == shape
    np.testing.assert_allclose(value, 3 * x**2, rtol=RELATIVE_ERROR[method])


@pytest.mark.parametrize("method", METHODS)
def test_jacobian_has_the_shape_of_the_result_and_of_x(method):
    A = np.arange(1.0, 7).reshape(2, 3)
    x = np.arange(1.0, 7).reshape(3, 2)
    value = numeric.jacobian(lambda x: A @ x, x, method)
    assert value.shape == (2, 2, 3, 2)
    expected = np.einsum("ik,jl->ijkl", A, np.eye(2))
    np.testing.assert_allclose(value, expected, rtol=RELATIVE_ERROR[method], atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_results_may_be_lists(method):
    value = numeric.jacobian(lambda x: [x[0] * x[1], x[1]], [2.0, 5.0], method)
    np.testing.assert_allclose(value, [[5, 2], [0, 1]], atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("f_shape", [(), (3,)])
def test_no_components_give_an_empty_derivative(f_shape, method):
    value = numeric.jacobian(lambda x: np.ones(f_shape) * np.sum(x), np.zeros((0, 2)), method)
    assert value.shape == (*f_shape, 0, 2)


@pytest.mark.parametrize("method", METHODS)
def test_components_of_very_different_size_each_get_their_own_step(method):
    x = np.array([1e-9, 1.0, 1e9])
    value = numeric.gradient(lambda x: np.sum(np.log(x)), x, method)
    np.testing.assert_allclose(value, 1 / x, rtol=1e-5)


def test_f_may_overwrite_its_argument_and_reuse_its_result():
    result = np.empty(2)

    def f(x):
        x *= x
        result[:] = x
        return result

    value = numeric.jacobian(f, np.array([1.0, 3.0]), "forward")
    np.testing.assert_allclose(value, np.diag([2, 6]), atol=1e-6)


# ------------------------------------------------------------------------------------------ dtypes


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("x", [3, np.int8(3), np.array(3, np.uint8)])
def test_integers_are_converted_to_float64(x, method):
    value = numeric.derivative(lambda x: x * x, x, method)
    assert value.dtype == np.float64
    np.testing.assert_allclose(value, 6, rtol=RELATIVE_ERROR[method])


def test_an_integer_result_is_converted_before_it_is_subtracted():
    value = numeric.derivative(lambda x: np.uint8(255 if x < 1 else 0), 1.0, "central", step=0.5)
    assert value == -255


@pytest.mark.parametrize(
    ("method", "tolerance"), [("forward", 3e-3), ("central", 3e-4), ("richardson", 1e-5), ("complex", 1e-6)]
)
def test_float32_keeps_its_dtype_and_its_precision_sets_the_step(method, tolerance):
    x = np.array([1.3, 0.2], np.float32)
    value = numeric.jacobian(np.exp, x, method)
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, np.diag(np.exp(x)), rtol=tolerance)


@pytest.mark.parametrize("method", METHODS)
def test_longdouble_is_no_less_precise(method):
    value = numeric.derivative(np.exp, np.longdouble(1), method)
    assert value.dtype == np.longdouble
    assert abs(value - np.exp(np.longdouble(1))) < RELATIVE_ERROR[method]


def test_f_gets_a_numpy_scalar_for_a_number_and_an_array_for_an_array():
    seen = []

    def f(x):
        seen.append(type(x))
        return np.sum(x)

    numeric.gradient(f, 1.0)
    numeric.gradient(f, [1.0, 2.0])
    assert set(seen[:2]) == {np.float64}
    assert set(seen[2:]) == {np.ndarray}


def test_a_complex_result_of_a_real_variable_has_a_complex_derivative():
    value = numeric.derivative(lambda t: np.exp(1j * t), 0.3, "richardson")
    np.testing.assert_allclose(value, 1j * np.exp(0.3j), rtol=1e-12)


# ------------------------------------------------------------------------- estimates, their cost and error


@pytest.mark.parametrize(("method", "evaluations"), [("forward", 4), ("central", 6), ("complex", 3)])
def test_evaluations_are_counted(method, evaluations):
    calls = []

    def f(x):
        calls.append(x)
        return np.sum(x**2)

    assert numeric.estimate(f, [1.0, 2.0, 3.0], method).evaluations == evaluations
    assert len(calls) == evaluations


def test_richardson_stops_when_it_has_converged():
    assert numeric.estimate(lambda x: x * x, 3.0, "richardson").evaluations == 10
    assert 10 < numeric.estimate(np.exp, 1.0, "richardson").evaluations < 32


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", [case for case in SMOOTH if case not in {"fast sine", "tan"}])
def test_the_error_is_estimated_where_f_varies_on_the_scale_of_x(case, method):
    f, df, x = SMOOTH[case]
    found = numeric.estimate(f, x, method)
    assert 0 < found.error < 1e-5 * abs(df(x)) + 1e-7
    # The sine of 20 pi x and arcsin at its edge vary faster: an order of magnitude is all that is promised.
    assert abs(found.value - df(x)) <= 1000 * found.error


def test_the_error_of_richardson_covers_a_function_that_varies_faster():
    for case in ("fast sine", "sine with zeros at round steps", "tan"):
        f, df, x = SMOOTH[case]
        found = numeric.estimate(f, x, "richardson")
        assert abs(found.value - df(x)) <= found.error


def test_a_large_constant_shows_in_the_error():
    found = numeric.estimate(lambda x: x + 1e9, 2.0, "forward")
    assert found.error > 1


def test_step_and_shapes_of_an_estimate():
    found = numeric.estimate(np.cumsum, [1.0, 2.0], "central", step=[0.25, 0.5])
    assert found.value.shape == found.error.shape == (2, 2)
    np.testing.assert_array_equal(found.step, [0.25, 0.5])


def test_the_step_is_the_exact_distance_to_the_neighbour():
    for x in (0.1, 1 / 3, 1e2 / 7, -0.7):
        h = numeric.estimate(np.exp, x, "forward").step
        assert (x + h) - x == h


def test_linear_functions_of_exact_steps_are_exact():
    assert numeric.derivative(lambda x: 2 * x, 0.1, "forward") == 2
    assert numeric.derivative(lambda x: 2 * x, -1.0, "central") == 2  # x - h rounds there, x + h does not
    assert numeric.derivative(lambda x: x * x, 0.1, "complex") == 0.2


@given(st.floats(-1e6, 1e6), st.sampled_from(METHODS))
def test_a_parabola_anywhere(x, method):
    value = numeric.derivative(lambda x: x * x, x, method)
    np.testing.assert_allclose(value, 2 * x, rtol=1e-6, atol=1e-6)


# ----------------------------------------------------------------------------------------- special points


def test_at_a_kink_the_methods_return_the_slopes_they_see():
    assert numeric.derivative(np.abs, 0.0, "forward") == 1
    assert numeric.derivative(np.abs, 0.0, "central") == 0
    assert numeric.derivative(np.abs, 0.0, "richardson") == 0


def test_richardson_passes_over_steps_that_leave_the_domain():
    np.testing.assert_allclose(numeric.derivative(np.arccos, 0.999, "richardson"), -22.3662722, rtol=1e-8)


def test_where_f_is_not_finite_the_derivative_is_not_and_has_no_error_bound():
    found = numeric.estimate(lambda x: np.nan * x, 1.0, "richardson")
    assert np.isnan(found.value)
    assert found.error == np.inf


def test_a_function_that_is_finite_in_some_entries_only():
    with np.errstate(invalid="ignore"):
        value = numeric.jacobian(lambda x: np.sqrt(np.array([-1.0, 4.0]) * x), 1.0, "richardson")
    assert np.isnan(value[0])
    np.testing.assert_allclose(value[1], 1)


# --------------------------------------------------------------------------------------- the sweep over steps


def test_the_error_falls_with_the_step_and_then_rises_again():
    steps, errors = numeric.error_against_step(np.exp, 1.0, math.e)
    assert steps.shape == errors.shape == (16,)
    np.testing.assert_allclose(steps, 10.0 ** -np.arange(1, 17))
    np.testing.assert_allclose(errors[:5], math.e / 2 * steps[:5], rtol=0.1)  # truncation: h f''/2
    best = np.argmin(errors)
    assert 1e-9 <= steps[best] <= 1e-7
    assert errors[-2] > 1000 * errors[best]  # rounding
    assert errors[-1] == math.e  # the step has vanished, the difference is zero


def test_truncation_of_the_central_method_falls_with_the_square():
    _, errors = numeric.error_against_step(np.exp, 1.0, math.e, [1e-1, 1e-2, 1e-3], "central")
    np.testing.assert_allclose(errors, math.e / 6 * np.array([1e-2, 1e-4, 1e-6]), rtol=0.01)


def test_the_complex_step_has_no_rounding_side():
    _, errors = numeric.error_against_step(np.exp, 1.0, math.e, method="complex")
    assert np.all(errors[8:] < 1e-15)


def test_the_error_is_the_largest_of_all_entries():
    _, errors = numeric.error_against_step(lambda x: x**2, [1.0, 2.0], np.diag([2.0, 4.5]), [0.25])
    np.testing.assert_allclose(errors, [0.25])


def test_the_default_steps_follow_the_size_of_x():
    steps, _ = numeric.error_against_step(np.sum, np.array([3.0, 2e4]), [1.0, 1.0])
    assert steps[0] == 1e3


def test_steps_that_leave_the_domain_give_nan_without_a_warning():
    _, errors = numeric.error_against_step(np.log, 1.0, 1.0, [2.0, 1e-6], "central")
    assert np.isnan(errors[0])
    assert errors[1] < 1e-9


# ------------------------------------------------------------------------------------------------- errors


def says(error, *parts):
    """Check that a message has all these parts, and that it names a line of this file."""
    message = str(error.value)
    assert [part for part in parts if part not in message] == []
    assert "test_numeric.py" in message


def test_an_unknown_method_is_named_with_the_known_ones():
    with pytest.raises(ArgumentError) as error:
        numeric.gradient(np.sum, [1.0], "exact")
    says(error, "Unknown method 'exact'.", "'forward', 'central', 'richardson', 'complex'", "Use 'central'")


def test_derivative_by_an_array_points_to_gradient():
    with pytest.raises(ShapeError) as error:
        numeric.derivative(np.sum, [1.0, 2.0])
    says(error, "derivative needs a number x, but x has shape (2,).", "Use gradient or jacobian.")


@pytest.mark.parametrize("method", METHODS)
def test_gradient_of_a_vector_points_to_jacobian(method):
    def loss(x):
        return x**2

    with pytest.raises(ShapeError) as error:
        numeric.gradient(loss, [1.0, 2.0], method)
    says(error, "gradient needs a scalar result, but loss returned shape (2,).", "Use jacobian")


@pytest.mark.parametrize("x", [True, 1j, "1", None])
def test_x_that_is_not_real_is_refused_by_dtype(x):
    with pytest.raises(DtypeError) as error:
        numeric.derivative(np.sin, x)
    says(error, f"x has dtype {np.array(x).dtype}", "small real step", "floating-point")


def test_ragged_x_is_refused():
    with pytest.raises(ShapeError) as error:
        numeric.gradient(np.sum, [[1.0], [1.0, 2.0]])
    says(error, "x is not an array", "moved in turn", "rows of one length")


@pytest.mark.parametrize("x", [np.inf, [1.0, np.nan]])
def test_x_that_is_not_finite_is_refused(x):
    with pytest.raises(ArgumentError) as error:
        numeric.gradient(np.sum, x)
    says(error, "Cannot differentiate at x = ", "no neighbours", "Pass finite values.")


@pytest.mark.parametrize("step", [0, -1e-3, np.nan, np.inf, "long", 1j])
def test_a_step_that_is_no_distance_is_refused(step):
    with pytest.raises(ArgumentError) as error:
        numeric.derivative(np.sin, 1.0, step=step)
    says(error, f"The step must be positive and finite, but is {step!r}.", "neighbouring point", "Leave it out")


def test_a_step_that_vanishes_beside_x_is_refused():
    with pytest.raises(ArgumentError) as error:
        numeric.derivative(np.sin, 1.0, step=1e-17)
    says(error, "The step 1.e-17 vanishes beside x = 1.", "rounds to x in float64", "method='complex'")


def test_the_complex_step_does_not_vanish():
    np.testing.assert_allclose(numeric.derivative(np.sin, 1.0, "complex", 1e-100), math.cos(1), rtol=1e-15)


def test_a_step_of_the_wrong_shape_is_refused():
    with pytest.raises(ShapeError) as error:
        numeric.gradient(np.sum, [1.0, 2.0], step=[1e-3, 1e-3, 1e-3])
    says(error, "A step of shape (3,) does not fit x of shape (2,).", "one step", "Pass one number")


@pytest.mark.parametrize("result", [True, "text", None])
def test_a_result_that_is_no_number_is_refused(result):
    def f(x):
        return result

    with pytest.raises(DtypeError) as error:
        numeric.derivative(f, 1.0)
    says(error, f"f returned dtype {np.array(result).dtype}", "differences", "Return a number")


def test_a_ragged_result_is_refused():
    with pytest.raises(DtypeError) as error:
        numeric.derivative(lambda x: [[x], [x, x]], 1.0)
    says(error, "f returned rows of different lengths", "Return a number or an array of numbers.")


def test_a_result_that_changes_its_shape_is_refused():
    with pytest.raises(ShapeError) as error:
        numeric.jacobian(lambda x: np.ones(2 if x[0] > 1 else 3), [1.0])
    says(error, "f returned shape (2,) at one point and (3,) at another.", "no difference", "independent of")


def real_part(x):
    return np.real(x) ** 2


def mathematical(x):
    return math.sin(x)


def converted(x):
    return float(x) ** 2


def stored_in_a_real_array(x):
    y = np.zeros(2)
    y[0] = x
    return y * x


def cast(x):
    return x.astype(np.float64) * x


@pytest.mark.parametrize(
    ("f", "got"),
    [
        (np.abs, "absolute returned float64"),
        (real_part, "real_part returned float64"),
        (mathematical, "mathematical raised"),
        (converted, "converted raised ComplexWarning"),
        (stored_in_a_real_array, "stored_in_a_real_array raised"),
        (cast, "cast raised ComplexWarning"),
    ],
)
def test_the_complex_step_refuses_what_is_not_analytic(f, got):
    with pytest.raises(LostDerivativeError) as error:
        numeric.derivative(f, 1.5, "complex")
    says(error, "needs f to be analytic and to accept complex input", got, "imaginary part", "'central'")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        numeric.derivative(f, 1.5, "central")


def test_the_complex_step_passes_on_what_it_does_not_explain():
    with pytest.raises(DtypeError, match="returned dtype object"):
        numeric.derivative(lambda x: x and None, 1.0, "complex")
    with pytest.raises(ZeroDivisionError):
        numeric.derivative(lambda x: x * (1 / 0), 1.0, "complex")


def test_a_reference_of_the_wrong_shape_is_refused():
    with pytest.raises(ShapeError) as error:
        numeric.error_against_step(np.sum, [1.0, 2.0], 1.0)
    says(error, "The reference has shape (), the derivative (2,).", "entry by entry", "f(x).shape + x.shape")


def test_steps_of_more_axes_than_one_are_refused():
    with pytest.raises(ShapeError) as error:
        numeric.error_against_step(np.sin, 1.0, 1.0, 0.1)
    says(error, "steps with one axis, but they have shape ().", "at once", "as a list of numbers")
