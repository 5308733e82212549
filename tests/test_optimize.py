"""SciPy's solvers with exact derivatives, against SciPy's on finite differences and against closed forms."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import scipy.optimize
from scipy.optimize import SR1, Bounds, LinearConstraint, NonlinearConstraint

import wengert as wg
from wengert.errors import ArgumentError, DtypeError, LostDerivativeError, NoRuleError, ShapeError
from wengert.optimize import curve_fit, gradient_descent, least_squares, minimize

WITHOUT_DERIVATIVES = ("Nelder-Mead", "Powell", "COBYLA", "COBYQA")
WITH_GRADIENT = (None, "CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP")
WITH_CURVATURE = ("Newton-CG", "trust-ncg", "trust-krylov", "trust-constr", "trust-exact", "dogleg")
START = np.array([0.8, 0.5])

TIMES = np.linspace(0.0, 4.0, 25)
DECAY = 2.5 * np.exp(-1.3 * TIMES) + 0.5 + 0.05 * np.sin(17 * TIMES)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def bowl(x):
    """Strictly convex with its minimum at (1, 2): every method gets there."""
    return np.exp(0.1 * ((x[0] - 1) ** 2 + 3 * (x[1] - 2) ** 2)) + (x[0] + x[1] - 3) ** 2


def decay(t, a, k, c):
    return a * np.exp(-k * t) + c


# --- minimize: methods and what they are given --------------------------------------------------------------


@pytest.mark.parametrize("method", WITHOUT_DERIVATIVES + WITH_GRADIENT + WITH_CURVATURE)
def test_every_method_finds_the_minimum(method):
    result = minimize(bowl, START, method=method, tol=1e-7)
    np.testing.assert_allclose(result.x, [1.0, 2.0], atol=1e-4)
    assert isinstance(result, scipy.optimize.OptimizeResult)
    assert result.success


@pytest.mark.parametrize("method", WITH_CURVATURE)
def test_methods_with_curvature_take_few_iterations(method):
    assert minimize(bowl, START, method=method, tol=1e-9).nit < 20


@pytest.mark.parametrize("method", ["CG", "BFGS", "L-BFGS-B", "SLSQP"])
def test_agrees_with_scipy_on_finite_differences_in_fewer_evaluations(method):
    start = np.array([-0.5, 0.7, 0.1, -0.2])
    exact = minimize(rosenbrock, start, method=method)
    differences = scipy.optimize.minimize(rosenbrock, start, method=method)
    np.testing.assert_allclose(exact.x, differences.x, atol=2e-3)
    assert exact.nfev < differences.nfev / 2


def given_by(method):
    """Which derivatives SciPy is called with."""
    asked = {}

    def recording(fun, x0, args=(), method=None, **options):
        asked.update(options)
        return scipy.optimize.OptimizeResult(x=x0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scipy.optimize, "minimize", recording)
        minimize(bowl, START, method=method)
    return {name for name in ("jac", "hess", "hessp") if asked.get(name) is not None}


@pytest.mark.parametrize("method", WITHOUT_DERIVATIVES)
def test_derivative_free_methods_are_given_nothing(method):
    assert given_by(method) == set()


@pytest.mark.parametrize("method", WITH_GRADIENT)
def test_gradient_methods_are_given_the_gradient(method):
    assert given_by(method) == {"jac"}


@pytest.mark.parametrize("method", ["trust-exact", "dogleg", "DogLeg"])
def test_methods_with_a_hessian_are_given_it(method):
    assert given_by(method) == {"jac", "hess"}


@pytest.mark.parametrize("method", ["Newton-CG", "trust-ncg", "trust-krylov", "trust-constr"])
def test_methods_with_products_are_given_these(method):
    assert given_by(method) == {"jac", "hessp"}


def test_the_derivatives_given_are_those_of_the_closed_form():
    seen = {}

    def method(fun, x0, args, jac, hess, hessp, **options):
        seen.update(value=fun(x0), jac=jac(x0), hess=hess(x0), hessp=hessp(x0, np.array([1.0, -2.0])))
        return scipy.optimize.OptimizeResult(x=x0)

    x = np.array([-1.2, 1.0])
    minimize(rosenbrock, x, method=method)
    hessian = scipy.optimize.rosen_hess(x)
    np.testing.assert_allclose(seen["value"], scipy.optimize.rosen(x), rtol=1e-14)
    np.testing.assert_allclose(seen["jac"], scipy.optimize.rosen_der(x), rtol=1e-14)
    np.testing.assert_allclose(seen["hess"], hessian, rtol=1e-14)
    np.testing.assert_allclose(seen["hessp"], hessian @ [1.0, -2.0], rtol=1e-14)


def test_value_and_gradient_share_one_evaluation():
    calls = Counter()

    def f(x):
        calls["f"] += 1
        return bowl(x)

    result = minimize(f, START, method="L-BFGS-B")
    assert calls["f"] == result.nfev


def test_derivative_free_methods_call_f_with_plain_arrays():
    def f(x):
        return math.cosh(x[0] - 1) + math.cosh(x[1])

    np.testing.assert_allclose(minimize(f, [0.3, 0.2], method="Powell").x, [1.0, 0.0], atol=1e-6)


def test_own_derivatives_replace_the_exact_ones():
    calls = Counter()

    def gradient(x, scale):
        calls["gradient"] += 1
        return 2 * scale * x

    def hessian(x, scale):
        calls["hessian"] += 1
        return 2 * scale * np.eye(x.size)

    def f(x, scale):
        return scale * np.sum(x**2)

    result = minimize(f, START, (3.0,), method="trust-exact", jac=gradient, hess=hessian)
    np.testing.assert_allclose(result.x, 0, atol=1e-8)
    assert calls["gradient"] > 0
    assert calls["hessian"] > 0
    assert minimize(f, START, (3.0,), method="trust-exact", jac=gradient).success
    assert minimize(f, START, (3.0,), method="trust-constr", hess=SR1()).success


def test_bounds_tolerance_callback_and_options_reach_scipy():
    seen = []
    result = minimize(bowl, [0.5, 0.5], bounds=Bounds([0, 0], [0.75, 9]), tol=1e-12, callback=seen.append)
    assert result.x[0] == 0.75
    assert len(seen) == result.nit
    assert minimize(bowl, START, method="BFGS", options={"maxiter": 1}).nit == 1


# --- minimize: parameters of any form -----------------------------------------------------------------------


def test_a_matrix_of_parameters():
    target = np.arange(6.0).reshape(2, 3)

    def f(W):
        assert W.shape == (2, 3)
        return np.sum((W - target) ** 2 * np.array([1.0, 2.0, 3.0]))

    result = minimize(f, np.zeros((2, 3)))
    assert result.x.shape == (6,)
    assert result.params.shape == (2, 3)
    np.testing.assert_allclose(result.params, target, atol=1e-5)


def test_a_container_of_parameters():
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(20, 2))
    outputs = inputs @ np.array([1.5, -2.0]) + 0.25

    def loss(params):
        return np.mean((inputs @ params["layer"]["w"] + params["b"] - outputs) ** 2)

    result = minimize(loss, {"layer": {"w": np.zeros(2)}, "b": 0}, method="trust-exact")
    assert set(result.params) == {"layer", "b"}
    np.testing.assert_allclose(result.params["layer"]["w"], [1.5, -2.0], atol=1e-8)
    np.testing.assert_allclose(result.params["b"], 0.25, atol=1e-8)
    assert np.shape(result.params["b"]) == ()
    assert result.x.shape == (3,)


def test_a_tuple_of_arrays_is_a_container_and_a_list_of_numbers_is_a_vector():
    result = minimize(lambda p: np.sum((p[0] - 1) ** 2) + np.sum((p[1] + 1) ** 2), (np.zeros(2), np.zeros((1, 2))))
    np.testing.assert_allclose(result.params[1], [[-1.0, -1.0]], atol=1e-6)
    result = minimize(lambda x: np.dot(x - 1, x - 1), [0, 3])
    assert isinstance(result.params, np.ndarray)
    np.testing.assert_allclose(result.params, 1, atol=1e-6)


def test_a_number():
    result = minimize(lambda x: (x - 2) ** 2, 5)
    assert result.x.shape == (1,)
    assert np.shape(result.params) == ()
    assert result.params == pytest.approx(2.0, abs=1e-6)


def test_a_value_in_an_array_of_size_one_is_accepted_as_by_scipy():
    assert minimize(lambda x: x[:1] ** 2 + (x[1:] - 1) ** 2, [3.0, 3.0], method="trust-exact").success


def test_float32_parameters_are_worked_on_in_float64():
    result = minimize(bowl, START.astype(np.float32))
    assert result.x.dtype == np.float64


# --- minimize: constraints ----------------------------------------------------------------------------------


def on_the_circle(x):
    return x[0] ** 2 + x[1] ** 2


def linear(x):
    return x[0] + 2 * x[1]


# Of x + 2y on the circle of radius 2 the least is at -(2, 4)/√5.
ON_CIRCLE = np.array([-2.0, -4.0]) / math.sqrt(5)


@pytest.mark.parametrize("method", [None, "SLSQP", "trust-constr", "COBYLA", "COBYQA"])
@pytest.mark.parametrize("kind", ["object", "dictionary", "list"])
def test_nonlinear_constraints(method, kind):
    constraints = {
        "object": NonlinearConstraint(on_the_circle, -np.inf, 4.0),
        "dictionary": {"type": "ineq", "fun": lambda x, r: r - on_the_circle(x), "args": (4.0,)},
        "list": [{"type": "ineq", "fun": lambda x: [4.0 - x[0] ** 2 - x[1] ** 2, 9 - x[0]]}],
    }[kind]
    result = minimize(linear, [0.5, -0.5], method=method, constraints=constraints, tol=1e-9)
    np.testing.assert_allclose(result.x, ON_CIRCLE, atol=1e-4)


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_equality_constraints(method):
    for constraint in (
        NonlinearConstraint(on_the_circle, 4.0, 4.0),
        {"type": "eq", "fun": lambda x: on_the_circle(x) - 4},
    ):
        result = minimize(linear, [-0.5, -0.6], method=method, constraints=constraint, tol=1e-10)
        np.testing.assert_allclose(result.x, ON_CIRCLE, atol=1e-6)


def test_linear_constraints_pass_through():
    result = minimize(on_the_circle, [3.0, 0.0], constraints=LinearConstraint([[1.0, 1.0]], 2.0, 2.0))
    np.testing.assert_allclose(result.x, [1.0, 1.0], atol=1e-6)


def test_constraints_are_given_parameters_in_the_structure_of_x0():
    result = minimize(
        lambda p: (p["a"] - 1) ** 2 + np.sum((p["b"] - 2.5) ** 2),
        {"a": 2.0, "b": np.zeros((2, 2))},
        constraints={"type": "ineq", "fun": lambda p: 6 - p["a"] - np.sum(p["b"])},
    )
    np.testing.assert_allclose(result.params["b"], 1.5, atol=1e-5)
    np.testing.assert_allclose(result.params["a"], 0, atol=1e-5)


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_constraints_are_never_differenced(method):
    evaluated = []

    def c(x):
        evaluated.append(np.array(x, float) if isinstance(x, np.ndarray) else None)
        return on_the_circle(x)

    minimize(linear, [0.5, -0.5], method=method, constraints=NonlinearConstraint(c, -np.inf, 4.0))
    points = np.array([x for x in evaluated if x is not None])
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    differences = (distances > 0) & (distances < 2e-8)
    assert not differences.any()


def test_constraints_with_own_derivatives_keep_them():
    calls = Counter()

    def slope(x):
        calls["jac"] += 1
        return 2 * x[None, :]

    constraint = NonlinearConstraint(on_the_circle, -np.inf, 4.0, jac=slope, hess=SR1())
    result = minimize(linear, [0.5, -0.5], method="trust-constr", constraints=constraint)
    np.testing.assert_allclose(result.x, ON_CIRCLE, atol=1e-3)
    assert calls["jac"] > 0
    assert isinstance(constraint.hess, SR1)
    assert constraint.fun is on_the_circle


def test_derivative_free_methods_do_not_differentiate_constraints():
    constraint = {"type": "ineq", "fun": lambda x: 4.0 - math.hypot(float(x[0]), float(x[1])) ** 2}
    result = minimize(linear, [0.5, -0.5], method="COBYLA", constraints=constraint)
    np.testing.assert_allclose(result.x, ON_CIRCLE, atol=1e-3)


@pytest.mark.parametrize("method", ["SLSQP", "trust-constr"])
def test_faulty_constraints_are_named_by_scipy(method):
    with pytest.raises(ValueError, match="Unknown constraint type 'less'"):
        minimize(linear, START, method=method, constraints={"type": "less", "fun": on_the_circle})
    with pytest.raises(ValueError, match="has no function defined"):
        minimize(linear, START, method=method, constraints={"type": "eq"})


# --- minimize: errors ---------------------------------------------------------------------------------------


def test_a_vector_result_is_refused():
    def residuals(x):
        return x - 1

    with pytest.raises(
        ShapeError, match=r"minimize needs a scalar result, but residuals returned shape \(2,\)"
    ) as error:
        minimize(residuals, START)
    assert "residuals are for least_squares" in str(error.value)
    assert "test_optimize.py" in str(error.value)


def test_several_results_are_refused():
    with pytest.raises(ShapeError, match=r"returned 2 arrays of shapes \(2,\), \(\)"):
        minimize(lambda x: (x, 1.0), START)


def test_no_result_is_refused():
    with pytest.raises(ShapeError, match="minimize needs a scalar result, but <lambda> returned nothing"):
        minimize(lambda x: None, START)


def test_a_complex_result_is_refused():
    with pytest.raises(DtypeError, match="minimize needs a real result, but <lambda> returned a complex one"):
        minimize(lambda x: x[0] * 1j, START)


def test_a_text_result_is_refused():
    with pytest.raises(DtypeError, match="<lambda> returned str where an array or a number is needed"):
        minimize(lambda x: "3", START)


@pytest.mark.parametrize("solver", [minimize, least_squares, gradient_descent])
def test_complex_and_other_starts_are_refused(solver):
    with pytest.raises(DtypeError, match=rf"{solver.__name__} needs real numbers to start from, but x0 holds 1j"):
        solver(np.sum, {"z": 1j})
    with pytest.raises(DtypeError, match=r"x0 holds 'b' of dtype <U1\. Give floats"):
        solver(np.sum, {"a": "b"})


def test_jac_true_is_refused():
    with pytest.raises(ArgumentError, match=r"told with jac=True that f returns its gradient too\..* Leave jac out"):
        minimize(bowl, START, jac=True)


@pytest.mark.parametrize("method", WITH_GRADIENT + WITH_CURVATURE)
def test_a_lost_derivative_passes_through_scipy(method):
    with pytest.raises(LostDerivativeError, match="math module") as error:
        minimize(lambda x: math.cosh(x[0]) + x[1], START, method=method)
    assert "math.cosh(x[0])" in str(error.value)


def test_a_function_without_rule_passes_through_scipy():
    with pytest.raises(NoRuleError, match=r"np\.emath\.sqrt has no derivative rule"):
        minimize(lambda x: np.sum(np.emath.sqrt(x)), START)


def test_unknown_names_are_refused_by_scipy():
    with pytest.raises(ValueError, match="Unknown solver steepest"):
        minimize(bowl, START, method="steepest")
    with pytest.raises(TypeError, match="unexpected keyword argument 'learning_rate'"):
        minimize(bowl, START, learning_rate=0.1)


# --- least_squares ------------------------------------------------------------------------------------------


def decay_residuals(p, t=TIMES, y=DECAY):
    return decay(t, p[0], p[1], p[2]) - y


@pytest.mark.parametrize("method", ["lm", "trf", "dogbox"])
def test_least_squares_agrees_with_scipy_on_finite_differences(method):
    ours = least_squares(decay_residuals, [1, 1, 0], method=method)
    scipys = scipy.optimize.least_squares(decay_residuals, [1, 1, 0], method=method)
    np.testing.assert_allclose(ours.x, scipys.x, rtol=1e-6)
    np.testing.assert_allclose(ours.jac, scipys.jac, atol=1e-6)
    np.testing.assert_allclose(ours.cost, scipys.cost, rtol=1e-12)
    assert ours.success


def test_the_jacobian_of_least_squares_is_that_of_the_closed_form():
    result = least_squares(decay_residuals, [1, 1, 0])
    a, k, _ = result.x
    columns = [np.exp(-k * TIMES), -a * TIMES * np.exp(-k * TIMES), np.ones_like(TIMES)]
    np.testing.assert_allclose(result.jac, np.stack(columns, -1), rtol=1e-13)


def test_least_squares_of_a_container_to_a_container():
    def residuals(p):
        return {"valley": 10 * (p["b"] - p["a"] ** 2), "offset": [1 - p["a"], np.zeros((2, 2))]}

    result = least_squares(residuals, {"a": -1.2, "b": np.ones(2)})
    assert result.fun.shape == (7,)
    assert result.jac.shape == (7, 3)
    np.testing.assert_allclose(result.params["b"], [1.0, 1.0], atol=1e-8)
    np.testing.assert_allclose(result.params["a"], 1.0, atol=1e-8)


def test_least_squares_with_more_parameters_than_residuals():
    result = least_squares(lambda x: np.array([1.0, 2.0]) * np.sum(x**2) - np.array([2.0, 4.0]), np.ones((2, 3)))
    np.testing.assert_allclose(np.sum(result.params**2), 2.0, atol=1e-8)
    assert result.params.shape == (2, 3)


def test_least_squares_with_bounds_loss_args_and_keywords():
    result = least_squares(
        decay_residuals,
        [1.0, 1.0, 0.0],
        (TIMES,),
        kwargs={"y": DECAY},
        bounds=(0, [2.0, 9, 9]),
        loss="soft_l1",
    )
    scipys = scipy.optimize.least_squares(decay_residuals, [1.0, 1.0, 0.0], bounds=(0, [2.0, 9, 9]), loss="soft_l1")
    np.testing.assert_allclose(result.x, scipys.x, rtol=1e-5)


def test_least_squares_with_an_own_jacobian():
    result = least_squares(lambda x: x - 3, [1.0, 2.0], jac="2-point")
    np.testing.assert_allclose(result.x, 3.0)


def test_least_squares_needs_residuals():
    with pytest.raises(ShapeError, match="least_squares needs an array of results, but <lambda> returned nothing"):
        least_squares(lambda x: None, START)
    with pytest.raises(DtypeError, match="least_squares needs a real result, but <lambda> returned a complex one"):
        least_squares(lambda x: x * 1j, START)


@pytest.mark.parametrize("method", ["lm", "trf", "dogbox"])
def test_a_derivative_lost_on_the_way_passes_through_least_squares(method):
    calls = Counter()

    def residuals(p):
        calls["f"] += 1
        return decay_residuals(p) if calls["f"] < 4 else math.exp(p[0]) + TIMES

    with pytest.raises(LostDerivativeError, match=r"math\.exp\(p\[0\]\)"):
        least_squares(residuals, [9.0, 0.1, 0.0], method=method)


# --- curve_fit ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [None, "lm", "trf", "dogbox"])
@pytest.mark.parametrize("sigma", [None, 0.1, "vector", "matrix"])
def test_curve_fit_agrees_with_scipy_on_finite_differences(method, sigma):
    errors = {
        "vector": np.linspace(0.05, 0.1, TIMES.size),
        "matrix": np.diag(np.linspace(0.05, 0.1, TIMES.size)),
    }
    sigma = errors.get(sigma, sigma) if isinstance(sigma, str) else sigma
    options = {"sigma": sigma, "absolute_sigma": sigma is not None, "method": method}
    ours = curve_fit(decay, TIMES, DECAY, [1, 1, 0], **options)
    scipys = scipy.optimize.curve_fit(decay, TIMES, DECAY, [1, 1, 0], **options)
    np.testing.assert_allclose(ours[0], scipys[0], rtol=1e-6)
    np.testing.assert_allclose(ours[1], scipys[1], rtol=1e-4)


def test_curve_fit_counts_the_parameters_of_the_model_as_scipy_does():
    np.testing.assert_allclose(
        curve_fit(decay, TIMES, DECAY)[0], scipy.optimize.curve_fit(decay, TIMES, DECAY)[0], rtol=1e-6
    )
    with pytest.raises(ValueError, match="Unable to determine number of fit parameters"):
        curve_fit(lambda t, *p: p[0] * t, TIMES, DECAY)


def test_curve_fit_with_bounds_and_full_output():
    popt, pcov, infodict, message, status = curve_fit(
        decay, TIMES, DECAY, bounds=(0, [3.0, 1.0, 0.5]), full_output=True
    )
    expected = scipy.optimize.curve_fit(decay, TIMES, DECAY, bounds=(0, [3.0, 1.0, 0.5]))[0]
    np.testing.assert_allclose(popt, expected, rtol=1e-5)
    assert pcov.shape == (3, 3)
    assert infodict["nfev"] > 0
    assert message
    assert status > 0


@pytest.mark.parametrize("method", ["lm", "trf"])
def test_curve_fit_of_a_constant(method):
    popt, pcov = curve_fit(lambda t, c: c, TIMES, DECAY, method=method)
    np.testing.assert_allclose(popt, [DECAY.mean()], rtol=1e-12)
    np.testing.assert_allclose(pcov, [[DECAY.var(ddof=1) / DECAY.size]], rtol=1e-10)


@pytest.mark.parametrize("model", [decay, lambda t, c: c])
def test_curve_fit_leaves_out_missing_data(model):
    y = DECAY.copy()
    y[3] = np.nan
    ours = curve_fit(model, TIMES, y, nan_policy="omit", check_finite=False)
    rest = np.isfinite(y)
    np.testing.assert_allclose(ours[0], curve_fit(model, TIMES[rest], y[rest])[0], rtol=1e-7)


def test_curve_fit_of_two_variables_and_of_other_objects():
    x = np.random.default_rng(0).normal(size=(2, 30))
    popt, _ = curve_fit(lambda x, a, b: a * x[0] + b * x[1] ** 2, x, 2 * x[0] - 3 * x[1] ** 2)
    np.testing.assert_allclose(popt, [2.0, -3.0], rtol=1e-10)
    popt, _ = curve_fit(lambda d, a, b: a * d["u"] + b, {"u": x[0]}, 2 * x[0] + 1)
    np.testing.assert_allclose(popt, [2.0, 1.0], rtol=1e-10)


def test_curve_fit_passes_errors_of_the_model_through():
    with pytest.raises(LostDerivativeError, match="math module"):
        curve_fit(lambda t, a: t * math.exp(a), TIMES, DECAY)
    with pytest.raises(DtypeError, match="curve_fit needs a real result, but <lambda> returned a complex one"):
        curve_fit(lambda t, a: 1j * a * t, TIMES, DECAY)
    with pytest.raises(DtypeError, match="curve_fit needs real numbers to start from"):
        curve_fit(decay, TIMES, DECAY, ["a", "b", "c"])
    with pytest.raises(RuntimeError, match="Optimal parameters not found"):
        curve_fit(decay, TIMES, DECAY, [1.0, 1.0, 0.0], maxfev=2)


# --- gradient_descent ---------------------------------------------------------------------------------------


def valley(x):
    return -np.log(1 / (1 + np.exp(-x)) + 1) / (x**2 + 1)


def test_gradient_descent_minimises_the_function_of_the_lesson():
    result = gradient_descent(valley, 1.0)
    expected = scipy.optimize.minimize_scalar(valley, bounds=(-1, 1), method="bounded", options={"xatol": 1e-12})
    assert result.success
    assert result.status == 0
    np.testing.assert_allclose(result.x, expected.x, atol=1e-6)
    np.testing.assert_allclose(result.fun, expected.fun, rtol=1e-12)
    assert "Converged: after" in result.message


def test_gradient_descent_keeps_every_step():
    result = gradient_descent(lambda x: np.sum(x**2), [1, 2], learning_rate=0.25, steps=3)
    np.testing.assert_array_equal(result.trajectory, np.outer(0.5 ** np.arange(4), [1.0, 2.0]))
    np.testing.assert_array_equal(result.fun_trajectory, 5 * 0.25 ** np.arange(4))
    np.testing.assert_array_equal(result.jac, [0.25, 0.5])
    assert (result.nit, result.nfev, result.success, result.status) == (3, 4, False, 1)
    assert result.message == "Out of steps: after 3 the largest component of the gradient is 0.5."
    assert isinstance(result, scipy.optimize.OptimizeResult)


def test_gradient_descent_with_momentum_follows_polyak():
    x, velocity, points = 1.0, 0.0, [1.0]
    for _ in range(5):
        velocity = 0.5 * velocity - 0.1 * 2 * x
        x += velocity
        points.append(x)
    result = gradient_descent(lambda x: x**2, 1.0, steps=5, momentum=0.5)
    np.testing.assert_allclose(result.trajectory[:, 0], points, rtol=1e-14)


def test_gradient_descent_of_a_container():
    result = gradient_descent(
        lambda p: (p["a"] - 1) ** 2 + np.sum((p["b"] - 2) ** 2), {"a": 0.0, "b": np.zeros((2, 1))}
    )
    np.testing.assert_allclose(result.params["b"], [[2.0], [2.0]])
    assert result.trajectory.shape == (result.nit + 1, 3)


def test_gradient_descent_stops_where_it_diverges():
    result = gradient_descent(lambda x: np.sum(x**4), [1.0, 2.0], learning_rate=10)
    assert (result.success, result.status) == (False, 2)
    assert result.message == "Diverged: after 4 steps f = inf. Try a learning_rate smaller than 10."
    assert len(result.fun_trajectory) == result.nit + 1 == 5


def test_gradient_descent_stops_where_there_is_no_gradient():
    result = gradient_descent(np.sqrt, 0.0)
    assert result.message == "No step was possible: at x0 the gradient of f = 0.0 is not finite. Start elsewhere."
    assert gradient_descent(np.log, -1.0).message == "No step was possible: at x0 f = nan. Start elsewhere."
    assert (result.nit, result.status) == (0, 2)


def test_gradient_descent_without_steps_evaluates_once():
    result = gradient_descent(valley, 1.0, steps=0)
    assert (result.nit, result.trajectory.shape) == (0, (1, 1))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"learning_rate": 0}, r"gradient_descent got learning_rate=0\. Give a positive number\."),
        ({"learning_rate": math.nan}, r"got learning_rate=nan\. Give a positive number\."),
        ({"steps": -1}, r"got steps=-1\. Give 0 or more\."),
        ({"tolerance": -1e-8}, r"got tolerance=-1e-08\. Give 0 or more\."),
        ({"momentum": 1.0}, r"got momentum=1\.0\. Give a number from 0 to below 1\."),
    ],
)
def test_gradient_descent_refuses_settings_without_meaning(setting, message):
    with pytest.raises(ArgumentError, match=message):
        gradient_descent(valley, 1.0, **setting)


def test_gradient_descent_refuses_what_is_not_one_real_number():
    with pytest.raises(ShapeError, match=r"gradient_descent needs a scalar result, but <lambda> returned shape \(2,\)"):
        gradient_descent(lambda x: x, START)
    with pytest.raises(LostDerivativeError, match="math module"):
        gradient_descent(math.cosh, 1.0)


def test_the_progress_bar_shows_only_where_it_is_wanted(capsys, monkeypatch):
    gradient_descent(valley, 1.0)
    gradient_descent(valley, 1.0, progress=False)
    assert capsys.readouterr() == ("", "")
    gradient_descent(valley, 1.0, steps=40, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "40/40" in err
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes this for a terminal
    gradient_descent(valley, 1.0, steps=40)
    assert "gradient descent" in capsys.readouterr().err


# --- the whole ----------------------------------------------------------------------------------------------


def test_scipy_is_loaded_only_with_optimize():
    program = (
        "import sys, wengert; assert 'scipy' not in sys.modules; "
        "wengert.optimize; assert 'scipy.optimize' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_derivatives_go_through_python_control_flow_and_in_place_updates():
    def f(x):
        y = 0 * x[0]
        for k in range(2):
            y += (x[k] - k) ** 2 if x[k] > -10 else x[k] ** 4
        return y

    np.testing.assert_allclose(minimize(f, [5.0, -3.0], method="trust-exact").x, [0.0, 1.0], atol=1e-10)


def test_wg_optimize_is_the_module():
    assert wg.optimize.minimize is minimize
