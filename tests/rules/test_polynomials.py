"""`numpy.polynomial`: what NumPy sends to the table, what works as it stands, and the ways round that errors name."""

from __future__ import annotations

import numpy as np
import pytest
from numpy import polynomial
from numpy.polynomial import chebyshev, hermite, legendre
from numpy.polynomial import polynomial as power

import wengert as wg
from wengert.checker import check

RNG = np.random.default_rng(6)
X = np.array([-0.4, 0.3, 0.8])
Y = np.array([0.1, -0.7, 0.5])
C = np.array([[1.0, -2.0, 0.5, 3.0], [0.3, 1.0, 2.0, -1.0], [2.0, 0.0, 1.0, 0.7]])


# --- polynomials of two variables ------------------------------------------------------------------------------

DISPATCHED = pytest.mark.skipif(
    not hasattr(power.polyval2d, "_implementation"), reason="older versions of NumPy do not send it to the table"
)


@DISPATCHED
def test_the_derivatives_of_a_polynomial_of_two_variables_are_polynomials():
    x_bar, y_bar, c_bar = wg.grad(lambda x, y, c: np.sum(power.polyval2d(x, y, c)), argnums=(0, 1, 2))(X, Y, C)
    np.testing.assert_allclose(x_bar, power.polyval2d(X, Y, power.polyder(C, axis=0)), rtol=1e-13)
    np.testing.assert_allclose(y_bar, power.polyval2d(X, Y, power.polyder(C, axis=1)), rtol=1e-13)
    np.testing.assert_allclose(c_bar, np.sum(power.polyvander2d(X, Y, [2, 3]), axis=0).reshape(3, 4), rtol=1e-13)


@DISPATCHED
def test_its_second_derivatives_too():
    def derivative_in_x(x, y):
        return wg.grad(lambda x: np.sum(power.polyval2d(x, y, C)))(x)

    mixed = wg.jacobian(lambda y: derivative_in_x(X, y))(Y)
    expected = power.polyval2d(X, Y, power.polyder(power.polyder(C, axis=0), axis=1))
    np.testing.assert_allclose(mixed, np.diag(expected), atol=1e-13)


@DISPATCHED
def test_a_grid_has_a_derivative_along_each_axis():
    for mode in ("forward", "reverse"):
        found = wg.jacobian(lambda x: power.polygrid2d(x, Y, C), mode=mode)(X)
        expected = power.polygrid2d(X, Y, power.polyder(C, axis=0))
        np.testing.assert_allclose(found, expected[:, :, None] * np.eye(3)[:, None, :], atol=1e-13)


@DISPATCHED
@pytest.mark.parametrize("function", [power.polyval2d, power.polygrid2d])
def test_there_may_be_no_points(function):
    x = np.zeros(0)
    y, pullback = wg.vjp(lambda x, c: function(x, x, c), x, C)
    assert y.shape == function(x, x, C).shape
    x_bar, c_bar = pullback(np.zeros(y.shape))
    assert x_bar.shape == (0,)
    np.testing.assert_array_equal(c_bar, np.zeros_like(C))


@DISPATCHED
@pytest.mark.parametrize("function", [power.polyval2d, power.polygrid2d])
def test_integers_are_read_as_numpy_does(function):
    c = [[1, 2], [3, 4]]
    for x in (np.float32(0.5), np.float64(0.5), np.array([0.5, 1.5], np.float32), 2 * np.ones((2, 2))):
        expected = function(x, x, c)
        found = function(wg.tensor(x), x, c)
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        np.testing.assert_array_equal(found.numpy(), expected)
    assert function(wg.tensor([1, 2]), [3, 4], c).dtype == np.float64


@DISPATCHED
def test_wrong_points_are_numpys_error():
    with pytest.raises(ValueError, match="x, y are incompatible"):
        power.polyval2d(wg.tensor(X), Y[:2], C)


# --- as they stand ---------------------------------------------------------------------------------------------

VALUES = {
    "polynomial": (power.polyval, power.polyder),
    "chebyshev": (chebyshev.chebval, chebyshev.chebder),
    "legendre": (legendre.legval, legendre.legder),
    "hermite": (hermite.hermval, hermite.hermder),
    "hermite_e": (polynomial.hermite_e.hermeval, polynomial.hermite_e.hermeder),
    "laguerre": (polynomial.laguerre.lagval, polynomial.laguerre.lagder),
}


@pytest.mark.parametrize(("value", "derivative"), VALUES.values(), ids=VALUES)
def test_the_derivative_in_the_points_is_numpys_own(value, derivative):
    c = C[0]
    found = wg.grad(lambda x: np.sum(value(x, c)))(X)
    np.testing.assert_allclose(found, value(X, derivative(c)), rtol=1e-12)
    second = wg.hessian(lambda x: np.sum(value(x, c)))(X)
    np.testing.assert_allclose(second, np.diag(value(X, derivative(c, 2))), atol=1e-12)


@pytest.mark.parametrize(("value", "derivative"), VALUES.values(), ids=VALUES)
def test_the_derivative_in_the_coefficients_is_the_basis(value, derivative):
    expected = np.sum([value(X, unit) for unit in np.eye(4)], axis=1)
    for c in (C[0], np.zeros(4)):
        np.testing.assert_allclose(wg.grad(lambda c: np.sum(value(X, c)))(c), expected, rtol=1e-12)


@pytest.mark.parametrize(("value", "derivative"), VALUES.values(), ids=VALUES)
def test_derivatives_of_series_keep_coefficients_that_are_zero(value, derivative):
    expected = np.stack([derivative(unit) for unit in np.eye(3)], axis=1)
    np.testing.assert_allclose(wg.jacobian(derivative)(np.zeros(3)), expected)


def test_a_series_is_differentiated_in_its_argument():
    series = polynomial.Chebyshev([1.0, 0.5, -2.0], domain=[0.0, 3.0])
    np.testing.assert_allclose(wg.grad(series)(0.25), series.deriv()(0.25), rtol=1e-13)
    np.testing.assert_allclose(wg.jvp(series, (X,), (np.ones(3),))[1], series.deriv()(X), rtol=1e-13)


# --- ways round ------------------------------------------------------------------------------------------------


def test_stacked_coefficients_at_an_array_of_points():
    c = C.T
    expected = chebyshev.chebval(X, c)

    def stacked(x):
        return chebyshev.chebval(x, c[..., None], tensor=False)

    np.testing.assert_allclose(stacked(X), expected)
    np.testing.assert_allclose(wg.jvp(stacked, (X,), (np.ones(3),))[1], chebyshev.chebval(X, chebyshev.chebder(c)))


def test_a_product_of_series_by_its_values():
    x = np.cos(np.arange(7) * np.pi / 6)
    basis = legendre.legvander(x, 6)

    def product(a, b):
        return np.linalg.solve(basis, (basis[:, :4] @ a) * (basis[:, :4] @ b))

    np.testing.assert_allclose(product(C[0], C[1]), legendre.legmul(C[0], C[1]), atol=1e-13)
    a_bar = wg.grad(lambda a: product(a, C[1])[3])(np.array([1.0, 2.0, 0.0, 0.0]))
    np.testing.assert_allclose(a_bar, [legendre.legmul(e, C[1])[3] for e in np.eye(4)], atol=1e-13)


def test_a_product_of_ordinary_polynomials():
    np.testing.assert_allclose(np.convolve(C[0], C[1]), power.polymul(C[0], C[1]))
    a_bar = wg.grad(lambda a: np.convolve(a, C[1])[3])(np.zeros(4))
    np.testing.assert_allclose(a_bar, np.flip(C[1]))


def test_a_fit():
    x = np.linspace(-1, 1, 6)

    def fit(y):
        return np.linalg.lstsq(chebyshev.chebvander(x, 2), y)[0]

    y = np.exp(x)
    np.testing.assert_allclose(fit(y), chebyshev.chebfit(x, y, 2))
    np.testing.assert_allclose(wg.jacobian(fit)(y), chebyshev.chebfit(x, np.eye(6), 2), atol=1e-14)


def test_the_roots_of_a_series():
    def roots(c):
        x = np.arange(4.0)
        return np.roots(np.linalg.solve(np.vander(x, 4), hermite.hermvander(x, 3) @ c))

    c = np.array([1.0, -1.5, 0.2, 0.3])
    np.testing.assert_allclose(np.sort_complex(roots(c)), np.sort_complex(hermite.hermroots(c)), rtol=1e-12)
    check(lambda c: np.sum(np.abs(roots(c)) ** 2), c)


def test_the_values_at_given_roots():
    def product(x, r):
        return np.prod(x[..., None] - r, axis=-1)

    np.testing.assert_allclose(product(X, Y), power.polyvalfromroots(X, Y))
    check(product, X, Y, order=2)


# --- errors name them ------------------------------------------------------------------------------------------

REMEDIES = {
    "a sum": (lambda t: hermite.hermadd(t, t), "Add arrays of one length"),
    "a product": (lambda t: power.polymul(t, t), r"np\.convolve"),
    "a product of series": (lambda t: hermite.hermmul(t, t), r"np\.linalg\.solve\(hermvander\(x, n\), values\)"),
    "roots": (power.polyroots, r"np\.roots"),
    "roots of a series": (chebyshev.chebroots, r"np\.linalg\.solve\(np\.vander\(x, n \+ 1\), chebvander\(x, n\) @ c\)"),
    "a polynomial from its roots": (power.polyfromroots, r"np\.flip\(np\.poly\(r\)\)"),
    "coefficients of a class": (polynomial.Chebyshev, r"Take c\[:n\]"),
    "the elements one by one": (lambda t: power.polyadd([t[0], t[1]], [1.0]), "Add arrays of one length"),
}


@pytest.mark.parametrize(("call", "remedy"), REMEDIES.values(), ids=REMEDIES)
def test_what_would_lose_the_derivative_of_a_zero_is_refused(call, remedy):
    with pytest.raises(wg.LostDerivativeError, match=remedy) as caught:
        call(wg.tensor([1.0, 2.0, 0.0], requires_grad=True))
    assert caught.value.where.file == __file__


@pytest.mark.parametrize("fit", [power.polyfit, polynomial.Legendre.fit])
def test_a_fit_by_numpy_is_refused(fit):
    with pytest.raises(wg.NoRuleError, match="lstsq"):
        wg.grad(lambda y: np.sum(np.stack(list(fit(X, y, 1)))))(Y)


SERIES = {"polynomial": power, "chebyshev": chebyshev, "legendre": legendre, "hermite": hermite,
          "hermite_e": polynomial.hermite_e, "laguerre": polynomial.laguerre}  # fmt: skip


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize("points", [X[:2], X, X[:2] * np.ones((2, 2))], ids=["as many", "others", "a matrix"])
def test_a_matrix_of_coefficients_laid_along_the_points(name, points):
    """As the ledger says: also where the shapes would fit in the wrong way, as those of 2 series at 2 points."""
    value, derivative = VALUES[name]
    c = C[:, :2]

    def stacked(x, c):
        return value(x, c.reshape(c.shape + (1,) * x.ndim), tensor=False)

    found, tangent = wg.jvp(lambda x: stacked(x, c), (points,), (np.ones(points.shape),))
    np.testing.assert_allclose(found, value(points, c), rtol=1e-13)
    np.testing.assert_allclose(tangent, value(points, derivative(c)), rtol=1e-12, atol=1e-13)
    by_stacking = wg.jacobian(stacked, argnums=(0, 1))(points, c)[1]
    by_numpy = wg.jacobian(value, argnums=1)(points, c)
    np.testing.assert_allclose(by_stacking, by_numpy, rtol=1e-13)
    if points.ndim == 1:
        vander = getattr(SERIES[name], value.__name__.replace("val", "vander"))
        np.testing.assert_allclose((vander(points, 2) @ c).T, value(points, c), rtol=1e-13)


def test_roots_laid_along_the_points():
    points, roots = np.array([0.5, 2.0]), np.array([1.0, 3.0])
    expected = power.polyvalfromroots(points, roots)
    np.testing.assert_array_equal(expected, [1.25, -1.0])
    for f in (
        lambda x: power.polyvalfromroots(list(x), roots),
        lambda x: np.prod(x[..., None] - roots, axis=-1),
    ):
        found, pullback = wg.vjp(f, points)
        np.testing.assert_array_equal(np.asarray(found, float), expected)
        np.testing.assert_array_equal(pullback(np.ones(2))[0], 2 * points - roots.sum())


SEVERAL = {
    "polyval": lambda x: np.polynomial.polynomial.polyval(x, np.array([[1.0, 2.0], [3.0, 4.0]])),
    "chebval": lambda x: np.polynomial.chebyshev.chebval(x, np.array([[1.0, 2.0], [3.0, 4.0]])),
    "polyvalfromroots": lambda x: np.polynomial.polynomial.polyvalfromroots(x, [1.0, 3.0]),
}


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize(
    "run",
    [wg.vjp, lambda f, x: wg.jvp(f, (x,), (x,)), lambda f, x: wg.trace(f)(x)],
    ids=["vjp", "jvp", "trace"],
)
def test_several_series_at_a_value_are_refused_where_numpy_would_lay_them_wrongly(name, run):
    with pytest.raises(wg.NoRuleError, match=f"{name} was called with several") as caught:
        run(SEVERAL[name], np.array([0.5, 2.0]))
    assert "tensor=False" in caught.value.remedy or "np.prod" in caught.value.remedy
