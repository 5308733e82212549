"""The distributions of vectors and matrices in `wengert.stats` against `scipy.stats`: values, gradients, errors."""

import warnings

import numpy as np
import pytest
import scipy.stats

import wengert as wg
from wengert import stats

INF = np.inf
RNG = np.random.default_rng(41)
ROOT = RNG.uniform(-0.5, 0.5, (3, 3))
SPREAD = ROOT @ ROOT.T + np.eye(3)
CENTRE, POINTS = RNG.uniform(-1, 1, 3), RNG.uniform(-1, 1, (2, 4, 3))
ALPHA, SHARES = np.array([1.2, 2.3, 0.7]), np.array([0.2, 0.5, 0.3])
COUNTS = np.array([[2, 1, 3], [1, 1, 4], [0, 0, 5], [-1, 4, 3]])
UNITS = POINTS / np.linalg.norm(POINTS, axis=-1, keepdims=True)


def quiet(function, *args):
    """SciPy's value; it warns of what changes in later versions."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*args)


VECTORS = {
    "a batch": ("multivariate_normal.logpdf", (POINTS, CENTRE, SPREAD)),
    "a point": ("multivariate_normal.logpdf", (POINTS[0, 0], CENTRE, SPREAD)),
    "numbers": ("multivariate_normal.logpdf", ([0.3, 0.7], None, 2.0)),
    "a number": ("multivariate_normal.logpdf", (0.3,)),
    "a diagonal": ("multivariate_normal.logpdf", (POINTS[0], CENTRE, [1.0, 2.0, 3.0])),
    "a density": ("multivariate_normal.pdf", (POINTS[0], CENTRE, SPREAD)),
    "singular": ("multivariate_normal.logpdf", (POINTS[0], CENTRE, np.diag([1.0, 2.0, 0.0]), True)),
    "an entropy": ("multivariate_normal.entropy", (CENTRE, SPREAD)),
    "t": ("multivariate_t.logpdf", (POINTS, CENTRE, SPREAD, 3.4)),
    "t, normal": ("multivariate_t.logpdf", (POINTS, CENTRE, SPREAD, INF)),
    "shares": ("dirichlet.logpdf", (SHARES, ALPHA)),
    "shares, all but one": ("dirichlet.logpdf", (SHARES[:2], ALPHA)),
    "columns of shares": ("dirichlet.logpdf", (np.stack([SHARES, SHARES[::-1]], axis=1), ALPHA)),
    "shares, mean": ("dirichlet.mean", (ALPHA,)),
    "shares, variances": ("dirichlet.var", (ALPHA,)),
    "shares, covariance": ("dirichlet.cov", (ALPHA,)),
    "shares, entropy": ("dirichlet.entropy", (ALPHA,)),
    "counts": ("multinomial.logpmf", (COUNTS, 6, SHARES)),
    "counts, several": ("multinomial.pmf", (COUNTS, np.array([6, 6, 5, 6]), SHARES)),
    "counts, mean": ("multinomial.mean", (6, SHARES)),
    "counts of shares": ("dirichlet_multinomial.logpmf", (COUNTS[:3], ALPHA, 6)),
    "counts of shares, mean": ("dirichlet_multinomial.mean", (ALPHA, 6)),
    "directions": ("vonmises_fisher.logpdf", (UNITS, UNITS[0, 0], 1.7)),
    "directions, entropy": ("vonmises_fisher.entropy", (UNITS[0, 0], 1.7)),
    "Wishart": ("wishart.logpdf", (SPREAD, 4.5, SPREAD + np.eye(3))),
    "Wishart, several": ("wishart.logpdf", (np.stack([SPREAD, 2 * SPREAD], axis=-1), 4.5, SPREAD)),
    "Wishart, numbers": ("wishart.logpdf", ([0.3, 0.7], 3.0, 1.3)),
    "inverse Wishart": ("invwishart.logpdf", (np.stack([SPREAD, 2 * SPREAD], axis=-1), 4.5, SPREAD)),
    "matrix": ("matrix_normal.logpdf", (POINTS, POINTS[0], SPREAD[1:, 1:], SPREAD)),
    "variance": ("normal_inverse_gamma.logpdf", (POINTS, POINTS[0], 0.3, 1.2, 2.3, 0.7)),
}
VECTORS["matrix"] = ("matrix_normal.logpdf", (POINTS[:, :2], POINTS[0, :2], SPREAD[1:, 1:], SPREAD))
if hasattr(scipy.stats, "matrix_t"):
    VECTORS["matrix t"] = ("matrix_t.logpdf", (POINTS[:, :2], POINTS[0, :2], SPREAD[1:, 1:], SPREAD, 3))


@pytest.mark.parametrize(("name", "args"), VECTORS.values(), ids=VECTORS)
def test_multivariate_functions_are_scipys(name, args):
    distribution, method = name.split(".")
    found = getattr(getattr(stats, distribution), method)(*args)
    expected = quiet(getattr(getattr(scipy.stats, distribution), method), *args)
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_the_gradient_in_a_covariance_is_symmetric_and_that_of_the_textbooks():
    inverse = np.linalg.inv(SPREAD)
    pull = inverse @ (POINTS[0, 0] - CENTRE)
    found = wg.grad(lambda cov: stats.multivariate_normal.logpdf(POINTS[0, 0], CENTRE, cov))(SPREAD)
    np.testing.assert_allclose(found, 0.5 * (np.outer(pull, pull) - inverse), rtol=1e-12)


def test_the_multivariate_t_of_many_degrees_of_freedom_is_nearly_normal():
    found = stats.multivariate_t.logpdf(POINTS[0, 0], CENTRE, SPREAD, 1e12)
    np.testing.assert_allclose(found, stats.multivariate_normal.logpdf(POINTS[0, 0], CENTRE, SPREAD), rtol=1e-11)


def test_probabilities_that_do_not_sum_to_1_give_nan():
    assert np.isnan(stats.multinomial.logpmf([1, 2], 3, [0.4, 0.7]))
    assert stats.multinomial.logpmf(np.float32([1, 2]), 3, np.float32([0.4, 0.6])).dtype == np.float32


MULTIVARIATE_ERRORS = {
    "mean": ("multivariate_normal.logpdf", (CENTRE, np.eye(3))),
    "cov": ("multivariate_normal.logpdf", (CENTRE, CENTRE, np.ones((3, 2)))),
    "dimension": ("multivariate_normal.logpdf", (CENTRE, CENTRE, np.eye(2))),
    "three axes": ("multivariate_normal.logpdf", (CENTRE, CENTRE, np.ones((3, 3, 3)))),
    "loc": ("multivariate_t.logpdf", (CENTRE, CENTRE, np.eye(2))),
    "df": ("multivariate_t.logpdf", (CENTRE, CENTRE, SPREAD, -1.0)),
    "alpha": ("dirichlet.logpdf", (SHARES, -ALPHA)),
    "alpha, axes": ("dirichlet.logpdf", (SHARES, ALPHA[:, None])),
    "entries": ("dirichlet.logpdf", (SHARES[:1], ALPHA)),
    "below 0": ("dirichlet.logpdf", ([-0.1, 0.8, 0.3], ALPHA)),
    "above 1": ("dirichlet.logpdf", ([0.0, 1.2, 0.3], np.ones(3))),
    "off the simplex": ("dirichlet.logpdf", ([0.2, 0.3, 0.3], ALPHA)),
    "an infinite density": ("dirichlet.logpdf", ([0.2, 0.8, 0.0], ALPHA)),
    "quantile": ("multinomial.logpmf", ([1, 2], 3, SHARES)),
    "no array": ("multinomial.logpmf", (1, 3, SHARES)),
    "counts": ("dirichlet_multinomial.logpmf", ([-1, 2, 3], ALPHA, 4)),
    "concentration": ("dirichlet_multinomial.logpmf", ([1, 2, 3], -ALPHA, 6)),
    "no unit": ("vonmises_fisher.logpdf", (UNITS[0], CENTRE, 1.0)),
    "no units": ("vonmises_fisher.logpdf", (POINTS, UNITS[0, 0], 1.0)),
    "kappa": ("vonmises_fisher.logpdf", (UNITS, UNITS[0, 0], -1.0)),
    "one entry": ("vonmises_fisher.logpdf", (UNITS, [1.0], 1.0)),
    "axes of mu": ("vonmises_fisher.logpdf", (UNITS, UNITS[0], 1.0)),
    "degrees": ("wishart.logpdf", (SPREAD, 1.5, SPREAD)),
    "not square": ("wishart.logpdf", (np.ones((3, 2)), 4.5, SPREAD)),
    "incompatible": ("invwishart.logpdf", (np.eye(2), 4.5, SPREAD)),
    "four axes": ("wishart.logpdf", (np.ones((3, 3, 1, 1)), 4.5, SPREAD)),
    "rowcov": ("matrix_normal.logpdf", (POINTS, POINTS[0], np.ones((3, 2)))),
    "rows": ("matrix_normal.logpdf", (POINTS, POINTS[0], SPREAD)),
    "X": ("matrix_normal.logpdf", (POINTS[:, :2], POINTS[0, :3])),
    "two axes": ("matrix_normal.logpdf", (POINTS, CENTRE)),
}


def complaint(function, *args):
    """What a ``ValueError`` says, up to the numbers in it."""
    try:
        quiet(function, *args)
    except ValueError as error:
        return str(error).partition(" np.sum")[0]
    return "nothing"


@pytest.mark.parametrize(("name", "args"), MULTIVARIATE_ERRORS.values(), ids=MULTIVARIATE_ERRORS)
def test_what_scipy_refuses_is_refused_in_its_words_for_values_too(name, args):
    distribution, method = name.split(".")
    ours, theirs = (getattr(getattr(package, distribution), method) for package in (stats, scipy.stats))
    expected = complaint(theirs, *args)
    assert expected != "nothing"
    assert complaint(ours, *args) == expected
    assert complaint(ours, wg.tensor(np.asarray(args[0], float), requires_grad=True), *args[1:]) == expected


def test_a_singular_covariance_is_refused_for_values():
    def log_density(cov):
        return stats.multivariate_normal.logpdf(CENTRE, CENTRE, cov, allow_singular=True)

    with pytest.raises(
        wg.NoRuleError, match=r"wengert\.stats\.multivariate_normal\.logpdf is not there for values"
    ) as caught:
        wg.grad(log_density)(SPREAD)
    assert caught.value.why == "A singular or factored covariance has no derivative here."
    assert caught.value.where.file == __file__


def test_frozen():
    frozen = stats.dirichlet(ALPHA)
    assert repr(frozen).startswith("wengert.stats.dirichlet(array([1.2")
    np.testing.assert_array_equal(frozen.mean(), stats.dirichlet.mean(ALPHA))
    found = wg.grad(lambda alpha: stats.dirichlet(alpha).logpdf(SHARES))(ALPHA)
    np.testing.assert_array_equal(found, wg.grad(stats.dirichlet.logpdf, argnums=1)(SHARES, ALPHA))
    assert stats.multivariate_normal(CENTRE, SPREAD).rvs(random_state=1).shape == (3,)
