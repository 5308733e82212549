"""Derivatives inside derivatives: no confusion of perturbations, every order, every mix, around tensors.

The examples of perturbation confusion are those of Siskind and Pearlmutter (2005) and of Manzyuk, Pearlmutter,
Radul, Rush and Siskind (2019). The references of the higher orders are mpmath's.
"""

import math

import mpmath
import numpy as np
import pytest

import wengert as wg
from laws.mixes import MODES, forward, mix_name, mixes, mixes_up_to, nested, reverse
from wengert import numeric
from wengert.errors import DtypeError, EscapedValueError

PAIRS = [pytest.param(outer, inner, id=f"{o}-{i}") for o, outer in MODES.items() for i, inner in MODES.items()]

# --- perturbation confusion ----------------------------------------------------------------------


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_the_example_of_siskind_and_pearlmutter(outer, inner):
    # d/dx (x · d/dy (x + y)) = d/dx x = 1; a system that confuses the two perturbations says 2.
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
@pytest.mark.parametrize(
    ("f", "x"),
    [
        (lambda x, d: x * d(lambda y: x * y)(2.0), 3.0),
        (lambda x, d: d(lambda y: x * y * y)(x), 3.0),
        (lambda x, d: d(lambda y: x * y * y)(5.0), 3.0),
        (lambda x, d: d(lambda y: y * y)(x) * x, 3.0),
        (lambda x, d: d(lambda y: x + 0 * y)(x), 3.0),
        (lambda x, d: d(lambda y: x**y)(x), 2.0),
        (lambda x, d: d(lambda y: d(lambda z: x * y * z)(x))(x), 3.0),
        (lambda x, d: d(lambda y: d(lambda z: x * y * z * z)(y) + x * y)(x), 3.0),
    ],
)
def test_closures_over_the_outer_variable(outer, inner, f, x):
    found = outer(lambda x: f(x, inner))(x)
    reference = numeric.derivative(lambda x: float(f(x, inner)), x, "richardson")
    assert found == pytest.approx(reference, rel=1e-10)


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_a_function_that_does_not_depend_on_the_inner_variable(outer, inner):
    assert outer(lambda x: inner(lambda y: x)(x))(3.0) == 0
    assert outer(lambda x: inner(lambda y: 7.0)(x) * x)(3.0) == 0


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_a_closure_that_outlives_the_inner_call(outer, inner):
    def f(x):
        scale = inner(lambda y: x * y * y)  # y ↦ 2xy, a function that holds x
        return scale(x) + scale(2.0)

    assert outer(f)(3.0) == 4 * 3 + 4


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_the_same_function_differentiated_inside_itself(outer, inner):
    def f(x):
        return inner(np.sin)(x) * np.sin(x)

    assert outer(f)(0.4) == pytest.approx(math.cos(0.8))


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_the_amazing_example_of_manzyuk_and_others(outer, inner):
    # s u f x = f (x + u). The derivative of s at u = 0 is the derivative operator, f ↦ f'. Applied twice to exp
    # it gives exp; implementations that reuse a perturbation give 0.
    def s(u):
        return lambda f: lambda x: f(x + u)

    def derivative_by(mode):
        return lambda f: lambda x: mode(lambda u: s(u)(f)(x))(0.0)

    d1, d2 = derivative_by(outer), derivative_by(inner)
    assert d1(d2(np.exp))(1.0) == pytest.approx(math.e)
    assert d1(d2(np.sin))(1.0) == pytest.approx(-math.sin(1.0))
    assert d1(d1(d2(d2(lambda x: x**5))))(2.0) == pytest.approx(240)


def test_a_derivative_of_a_function_with_functions_for_values_is_refused():
    # The curried form itself would need the derivative of a function that returns functions.
    with pytest.raises(DtypeError, match="returned function where an array or a number is needed"):
        wg.jvp(lambda u: lambda x: np.exp(x + u), (0.0,), (1.0,))


def test_a_value_of_an_inner_transform_that_is_kept_is_found_out():
    kept = []

    def inner(y):
        kept.append(y)
        return y * y

    def f(x):
        wg.grad(inner)(2.0)
        return x * kept[0]

    with pytest.raises(EscapedValueError, match="a value of a transform that has ended"):
        wg.grad(f)(3.0)


# --- orders 1 to 4 in all mixes ------------------------------------------------------------------


def by_a_loop(x):
    y = x
    for k in range(1, 4):
        y = y * x / k + 1
    return y


def by_a_branch(x):
    return x**3 * np.exp(x) if x > 0 else -x


def by_an_array(x):
    v = np.stack([x, x * x, np.sin(x)])
    return np.sum(v[::-1] * v) + v @ np.array([1.0, 2.0, 3.0])


def by_closure(x):
    def g(y):
        return np.log(x + y * y)

    return g(np.cos(x))


SCALAR_FUNCTIONS = [
    ("sin·exp", lambda x: np.sin(x) * np.exp(x / 2), lambda x: mpmath.sin(x) * mpmath.exp(x / 2)),
    ("x³ log x", lambda x: x**3 * np.log(x), lambda x: x**3 * mpmath.log(x)),
    ("Runge", lambda x: 1 / (1 + 25 * x**2), lambda x: 1 / (1 + 25 * x**2)),
    ("tanh", lambda x: np.tanh(x * x), lambda x: mpmath.tanh(x * x)),
    ("sqrt", lambda x: np.sqrt(x + 2), lambda x: mpmath.sqrt(x + 2)),
    ("arctan", lambda x: np.arctan(3 * x), lambda x: mpmath.atan(3 * x)),
    ("x**x", lambda x: x**x, lambda x: x**x),
    ("logistic", lambda x: 1 / (1 + np.exp(-x)), lambda x: 1 / (1 + mpmath.exp(-x))),
    ("sinc", np.sinc, mpmath.sincpi),
    ("loop", by_a_loop, by_a_loop),
    ("branch", by_a_branch, lambda x: x**3 * mpmath.exp(x)),
    (
        "array",
        by_an_array,
        lambda x: 2 * x * mpmath.sin(x) + x**4 + x + 2 * x * x + 3 * mpmath.sin(x),
    ),
    ("closure", by_closure, lambda x: mpmath.log(x + mpmath.cos(x) ** 2)),
]


@pytest.mark.parametrize("modes", mixes_up_to(4), ids=mix_name)
@pytest.mark.parametrize("row", SCALAR_FUNCTIONS, ids=[row[0] for row in SCALAR_FUNCTIONS])
def test_the_first_four_derivatives_in_every_mix_of_the_modes(row, modes):
    _, f, reference = row
    with mpmath.workdps(40):
        expected = mpmath.diff(reference, mpmath.mpf("0.7"), len(modes))
    assert nested(f, modes)(0.7) == pytest.approx(float(expected), rel=1e-10)


@pytest.mark.parametrize("modes", mixes(3), ids=mix_name)
def test_the_third_derivative_of_an_elementwise_function_of_an_array(modes):
    x = np.array([[0.2, -0.4], [1.1, 0.9]])
    np.testing.assert_allclose(nested(np.sin, modes)(x), -np.cos(x))


@pytest.mark.slow
@pytest.mark.parametrize("modes", mixes(6), ids=mix_name)
def test_the_sixth_derivative(modes):
    with mpmath.workdps(40):
        expected = mpmath.diff(lambda x: mpmath.exp(mpmath.sin(x)), mpmath.mpf("0.7"), 6)
    assert nested(lambda x: np.exp(np.sin(x)), modes)(0.7) == pytest.approx(float(expected), rel=1e-9)


# --- Jacobians and Hessians ----------------------------------------------------------------------

A = np.array([[1.0, 0.3, -0.2], [0.5, 2.0, 0.1], [-1.0, 0.4, 0.7]])
X = np.array([0.4, -0.9, 1.3])


def scalar(x):
    return np.sum(np.sin(A @ x) * x**2) + x[0] * np.exp(x[1] * x[2])


def vector(x):
    return A @ np.tanh(x) * x[::-1]


@pytest.mark.parametrize("inner", ["forward", "reverse"])
@pytest.mark.parametrize("outer", ["forward", "reverse"])
def test_the_jacobian_of_a_jacobian(outer, inner):
    found = wg.jacobian(wg.jacobian(vector, mode=inner), mode=outer)(X)
    expected = numeric.jacobian(lambda x: numeric.jacobian(vector, x, "complex"), X, "richardson", 0.05)
    assert found.shape == (3, 3, 3)
    np.testing.assert_allclose(found, expected, atol=1e-10)
    np.testing.assert_allclose(found, np.swapaxes(found, 1, 2), atol=1e-14)


@pytest.mark.parametrize("inner", ["forward", "reverse"])
@pytest.mark.parametrize("outer", ["forward", "reverse"])
def test_the_hessian_is_every_jacobian_of_the_gradient(outer, inner):
    found = wg.hessian(scalar)(X)
    np.testing.assert_allclose(found, found.T, rtol=1e-12)
    np.testing.assert_allclose(wg.jacobian(wg.jacobian(scalar, mode=inner), mode=outer)(X), found, rtol=1e-12)
    np.testing.assert_allclose(wg.jacobian(wg.grad(scalar), mode=outer)(X), found, rtol=1e-12)
    expected = numeric.jacobian(lambda x: numeric.gradient(scalar, x, "complex"), X, "richardson", 0.05)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_product_of_the_hessian_with_a_vector():
    v = np.array([0.3, -1.0, 2.0])
    expected = wg.hessian(scalar)(X) @ v
    np.testing.assert_allclose(wg.hvp(scalar, (X,), (v,)), expected)
    np.testing.assert_allclose(wg.grad(lambda x: wg.jvp(scalar, (x,), (v,))[1])(X), expected)
    np.testing.assert_allclose(wg.grad(lambda x: wg.grad(scalar)(x) @ v)(X), expected)
    np.testing.assert_allclose(wg.vjp(wg.grad(scalar), X)[1](v)[0], expected)


def test_the_hessian_by_two_arguments():
    blocks = wg.hessian(lambda x, y: x @ A @ y * np.sum(y**2), argnums=(0, 1))(X, X + 1)
    stacked = np.block([[blocks[0][0], blocks[0][1]], [blocks[1][0], blocks[1][1]]])
    expected = wg.hessian(lambda z: z[:3] @ A @ z[3:] * np.sum(z[3:] ** 2))(np.concatenate([X, X + 1]))
    np.testing.assert_allclose(stacked, expected, atol=1e-12)


def test_the_third_derivative_of_a_function_of_an_array_is_symmetric():
    found = wg.jacobian(wg.hessian(scalar))(X)
    for order in ((0, 2, 1), (1, 0, 2), (2, 1, 0)):
        np.testing.assert_allclose(found, np.transpose(found, order), atol=1e-12)


def test_a_gradient_through_a_step_of_gradient_descent():
    data = np.array([0.5, -1.0, 2.0])

    def loss(params):
        return np.sum((params["w"] * data + params["b"] - 1) ** 2)

    def loss_after_a_step(params, rate):
        slope = wg.grad(loss)(params)
        return loss({name: params[name] - rate * slope[name] for name in params})

    params = {"w": 0.3, "b": -0.2}
    found, by_rate = wg.grad(loss_after_a_step, argnums=(0, 1))(params, 0.1)
    for name, value in params.items():
        expected = numeric.derivative(lambda v, name=name: loss_after_a_step({**params, name: v}, 0.1), value)
        assert found[name] == pytest.approx(expected, rel=1e-6)
    assert by_rate == pytest.approx(numeric.derivative(lambda r: loss_after_a_step(params, r), 0.1), rel=1e-6)


def test_a_newton_iteration_on_a_derivative_is_differentiated():
    def minimiser(a):
        x = a
        for _ in range(8):
            slope, curvature = (nested(lambda x: np.cosh(x) - a * x, ("forward",) * k)(x) for k in (1, 2))
            x = x - slope / curvature
        return x

    assert minimiser(0.8) == pytest.approx(math.asinh(0.8))
    assert forward(minimiser)(0.8) == pytest.approx(1 / math.sqrt(1 + 0.64))
    assert reverse(minimiser)(0.8) == pytest.approx(1 / math.sqrt(1 + 0.64))


# --- around tensors ------------------------------------------------------------------------------


def test_backward_several_times_with_create_graph():
    x = wg.tensor(0.7, requires_grad=True)
    y = np.sin(x) * x**3
    for order in range(1, 5):
        x.grad = None
        y.backward(create_graph=True)
        y = x.grad
        expected = mpmath.diff(lambda t: mpmath.sin(t) * t**3, 0.7, order)
        assert y.item() == pytest.approx(float(expected))


@pytest.mark.parametrize("modes", mixes_up_to(3), ids=mix_name)
def test_a_transform_of_a_tensor_and_then_backward(modes):
    x = wg.tensor(0.7, requires_grad=True)
    y = nested(np.tanh, modes)(x)
    assert y.item() == pytest.approx(float(mpmath.diff(mpmath.tanh, 0.7, len(modes))))
    y.backward()
    assert x.grad.item() == pytest.approx(float(mpmath.diff(mpmath.tanh, 0.7, len(modes) + 1)))


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_a_transform_of_a_function_that_closes_over_a_tensor(mode):
    w = wg.tensor([1.0, 2.0], requires_grad=True)
    slope = mode(lambda x: np.sum(w * x**2))(3.0)
    slope.backward()
    np.testing.assert_allclose(w.grad.numpy(), [6, 6])


def test_a_jacobian_of_a_tensor_and_then_backward():
    x = wg.tensor(X, requires_grad=True)
    np.sum(wg.jacobian(vector)(x) ** 2).backward()
    expected = wg.grad(lambda x: np.sum(wg.jacobian(vector)(x) ** 2))(X)
    np.testing.assert_allclose(x.grad.numpy(), expected)


def test_a_tensor_as_a_tangent_and_as_a_cotangent():
    v = wg.tensor(X, requires_grad=True)
    np.sum(wg.jvp(vector, (X,), (v,))[1]).backward()
    np.testing.assert_allclose(v.grad.numpy(), wg.jacobian(vector)(X).sum(axis=0))
    v.grad = None
    np.sum(wg.vjp(vector, X)[1](v)[0]).backward()
    np.testing.assert_allclose(v.grad.numpy(), wg.jacobian(vector)(X).sum(axis=1))


def test_a_penalty_on_a_gradient_by_create_graph():
    x = wg.tensor(X, requires_grad=True)
    scalar(x).backward(create_graph=True)
    slope, x.grad = x.grad, None
    np.sum(slope**2).backward()
    expected = 2 * wg.hessian(scalar)(X) @ wg.grad(scalar)(X)
    np.testing.assert_allclose(x.grad.numpy(), expected)


def test_backward_inside_a_transform_of_other_values():
    def f(x):
        w = wg.tensor(2.0, requires_grad=True)
        (w**3).backward()
        return x * w.grad.item()

    assert wg.grad(f)(5.0) == 12


# --- no_grad and detach --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_what_is_computed_under_no_grad_is_constant(mode):
    def f(x):
        with wg.no_grad():
            c = x * x
        return c * x

    assert mode(f)(3.0) == 9
    assert mode(mode(f))(3.0) == 0


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_a_transform_under_no_grad_works(mode):
    with wg.no_grad():
        assert mode(lambda x: x**3)(2.0) == 12
        assert mode(mode(lambda x: x**3))(2.0) == 12


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_an_inner_transform_under_no_grad_is_constant_to_the_outer_one(outer, inner):
    def f(x):
        with wg.no_grad():
            c = inner(lambda y: y**3 * x)(2.0)
        return c * x

    assert outer(f)(5.0) == 60


def test_a_tensor_is_constant_to_a_transform_under_no_grad():
    w = wg.tensor(2.0, requires_grad=True)
    with wg.no_grad():
        slope = wg.grad(lambda x: w * x**2)(3.0)
    assert not slope.requires_grad
    assert slope.item() == 12


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_a_detached_value_is_constant_to_all_derivatives(mode):
    assert mode(lambda x: x * x.detach())(3.0) == 3
    assert mode(mode(lambda x: x * x.detach()))(3.0) == 0
    assert mode(lambda x: mode(lambda y: y * x.detach() * x)(1.0))(3.0) == 3
