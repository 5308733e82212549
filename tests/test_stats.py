"""`wengert.stats` against `scipy.stats`, closed forms and mpmath: values, tails, edges, parameters, errors."""

import copy
import pickle
import subprocess
import sys
import warnings

import mpmath
import numpy as np
import pytest
import scipy.optimize
import scipy.stats

import wengert as wg
from laws.calling import ALL_CALLS  # noqa: F401  # collects the tables of which the next module is one
from laws.calls.stats import CONTINUOUS, DISCRETE, QUADRATURES, of_real_parameters
from wengert import stats
from wengert.checker import check
from wengert.ledger import ledger

INF = np.inf
TAILS = ("cdf", "sf", "logcdf", "logsf")
BOUNDED = [name for name in CONTINUOUS if np.any(np.isfinite(getattr(stats, name).support(*CONTINUOUS[name][0])))]


COMMON = frozenset(
    """
    norm lognorm halfnorm truncnorm expon gamma invgamma beta t cauchy chi2 chi f laplace logistic uniform gumbel_r
    gumbel_l weibull_min weibull_max pareto rayleigh maxwell genextreme genpareto invgauss vonmises skewnorm exponnorm
    halfcauchy loguniform triang powerlaw arcsine dweibull johnsonsu gennorm nakagami rice fisk burr12 levy moyal
    """.split()  # noqa: SIM905  # a list to be read as words
)
COMMON_FIRST = [name if name in COMMON else pytest.param(name, marks=pytest.mark.slow) for name in CONTINUOUS]


def has(name, method):
    return method in getattr(stats, name)._formulas


def quiet(function, *args):
    """SciPy's value; at edges it warns of the infinities it computes with."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*args)


def gradient(function, *args):
    return np.array(wg.grad(function, argnums=tuple(range(len(args))))(*args))


# --- values --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONTINUOUS)
def test_functions_of_points_are_scipys(name):
    ours, theirs = getattr(stats, name), getattr(scipy.stats, name)
    shapes, points = CONTINUOUS[name]
    x, parameters = np.array(points) * 1.7 + 0.3, (*shapes, 0.3, 1.7)
    for method in ("logpdf", "pdf", *(tail for tail in TAILS if has(name, tail))):
        expected = getattr(theirs, method)(x, *parameters)
        np.testing.assert_allclose(getattr(ours, method)(x, *parameters), expected, rtol=1e-12, atol=1e-14)
    for method in ("ppf", "isf"):
        if has(name, method):
            q = np.array([0.03, 0.4, 0.9])
            expected = getattr(theirs, method)(q, *parameters)
            np.testing.assert_allclose(getattr(ours, method)(q, *parameters), expected, rtol=1e-9)


@pytest.mark.parametrize("name", DISCRETE)
def test_functions_of_counts_are_scipys(name):
    ours, theirs = getattr(stats, name), getattr(scipy.stats, name)
    shapes, counts = DISCRETE[name]
    for loc in (0, 2):
        k = np.array([*counts, min(counts) - 9, 40, 2.5]) + loc
        for method in ("logpmf", "pmf", *(tail for tail in TAILS if has(name, tail))):
            # SciPy's Yule-Simon tail takes 2.5 for a count, and its tails at 40 are differences from 1.
            some = slice(None) if method in ("logpmf", "pmf") else slice(-2)
            expected = quiet(getattr(theirs, method), k[some], *shapes, loc)
            np.testing.assert_allclose(getattr(ours, method)(k[some], *shapes, loc), expected, rtol=1e-11)


@pytest.mark.parametrize("name", [name for name in (*CONTINUOUS, *DISCRETE) if name != "recipinvgauss"])
def test_moments_and_entropies_are_scipys(name):
    ours, theirs = getattr(stats, name), getattr(scipy.stats, name)
    parameters = (*CONTINUOUS[name][0], 0.3, 1.7) if name in CONTINUOUS else (*DISCRETE[name][0], 2)
    for method in ("mean", "var", "std", "entropy"):
        if has(name, "var" if method == "std" else method):
            expected = getattr(theirs, method)(*parameters)
            np.testing.assert_allclose(getattr(ours, method)(*parameters), expected, rtol=1e-9, err_msg=method)


def test_the_moments_of_the_reciprocal_inverse_gaussian_distribution():
    """SciPy integrates for seconds; the mean and the variance are 1 + 1/μ and 2 + 1/μ (Tweedie 1957)."""
    x = np.linspace(0, 60, 60001)
    density = stats.recipinvgauss.pdf(x, 0.8)
    mean = np.trapezoid(x * density, x)
    assert stats.recipinvgauss.mean(0.8) == pytest.approx(mean, rel=1e-9)
    assert stats.recipinvgauss.var(0.8) == pytest.approx(np.trapezoid((x - mean) ** 2 * density, x), rel=1e-9)


@pytest.mark.parametrize("name", BOUNDED)
def test_edges_and_what_lies_outside_are_scipys(name):
    ours, theirs = getattr(stats, name), getattr(scipy.stats, name)
    shapes, _ = CONTINUOUS[name]
    edges = [edge for edge in ours.support(*shapes) if np.isfinite(edge)]
    x = np.array([*edges, min(edges) - 1 if ours.support(*shapes)[0] > -INF else max(edges) + 1])
    for method in ("logpdf", "pdf", *(tail for tail in TAILS if has(name, tail))):
        expected = quiet(getattr(theirs, method), x, *shapes)
        known = ~np.isnan(expected)  # SciPy has nan at some edges
        np.testing.assert_allclose(getattr(ours, method)(x, *shapes)[known], expected[known], rtol=1e-9, err_msg=method)
        assert not np.any(np.isnan(getattr(ours, method)(x, *shapes)))
    for method, ends in (("ppf", ours.support(*shapes)), ("isf", ours.support(*shapes)[::-1])):
        if has(name, method):
            np.testing.assert_allclose(getattr(ours, method)([0.0, 1.0], *shapes), ends, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_infinities_have_density_0_and_all_of_the_tails_with_derivatives_0(name):
    distribution = getattr(stats, name)
    beyond = {
        "logpdf": [-INF, -INF],
        "pdf": [0, 0],
        "cdf": [0, 1],
        "sf": [1, 0],
        "logcdf": [-INF, 0],
        "logsf": [0, -INF],
    }
    methods = [m for m in beyond if has(name, "logpdf" if m == "pdf" else m)]

    def function(x, *parameters):
        return [getattr(distribution, m)(x, *parameters) for m in methods]

    args = (np.array([-INF, INF]), *CONTINUOUS[name][0], 0.3, 1.7)
    values, slopes = wg.jvp(function, args, tuple(np.ones_like(x) for x in args))
    np.testing.assert_array_equal(values, [beyond[m] for m in methods])
    np.testing.assert_array_equal(slopes, 0)
    for term in wg.vjp(function, *args)[1]([np.ones(2)] * len(methods)):
        np.testing.assert_array_equal(term, 0)


# --- derivatives ---------------------------------------------------------------------------------------------------
# Those of the log-densities are tried by the laws of the calls.


@pytest.mark.parametrize("name", COMMON_FIRST)
def test_derivatives_of_tails_and_quantiles(name):
    distribution = getattr(stats, name)
    shapes, points = CONTINUOUS[name]
    of_points = [m for m in ("pdf", *TAILS) if has(name, "logpdf" if m == "pdf" else m)]
    of_probabilities = [m for m in ("ppf", "isf") if has(name, m)]

    def function(x, q, *parameters):
        values = [getattr(distribution, m)(x, *parameters) for m in of_points]
        return values + [getattr(distribution, m)(q, *parameters) for m in of_probabilities]

    x = np.array(points) * 1.7 + 0.3
    check(function, x, np.array([0.2, 0.6]), *shapes, 0.3, 1.7, directions=1, step=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("name", QUADRATURES)
def test_second_derivatives_of_densities_that_are_found_by_quadrature(name):
    shapes, points = CONTINUOUS[name]
    check(getattr(stats, name).logpdf, np.array(points), *shapes, 0.0, 1.0, order=2, step=1e-3)


@pytest.mark.parametrize("name", [name for name in DISCRETE if any(isinstance(p, float) for p in DISCRETE[name][0])])
def test_derivatives_of_tails_of_counts(name):
    methods = [m for m in ("pmf", *TAILS[:2]) if has(name, "logpmf" if m == "pmf" else m)]
    pairs = [of_real_parameters(name, m) for m in methods]
    check(lambda *real: [function(*real) for function, _ in pairs], *pairs[0][1], directions=1, step=1e-3)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_derivatives_of_moments(name):
    distribution = getattr(stats, name)
    parameters = (*CONTINUOUS[name][0], 0.3, 1.7)
    methods = [m for m in ("mean", "var", "std", "entropy") if has(name, "var" if m == "std" else m)]
    finite = [m for m in methods if np.isfinite(getattr(distribution, m)(*parameters))]
    if finite:
        check(lambda *ps: [getattr(distribution, m)(*ps) for m in finite], *parameters, directions=1, step=1e-3)


@pytest.mark.parametrize("name", BOUNDED)
def test_outside_of_the_support_all_derivatives_are_exactly_0(name):
    distribution = getattr(stats, name)
    shapes, _ = CONTINUOUS[name]
    low, high = distribution.support(*shapes)
    for x in (low - 0.7, high + 0.7):
        if np.isfinite(x):
            args = (x, *shapes, 0.0, 1.0)
            for method, value in (("logpdf", -INF), ("pdf", 0.0)):
                function = getattr(distribution, method)
                assert np.all(gradient(function, *args) == 0)
                assert wg.jvp(function, args, (1.0,) * len(args)) == (value, 0.0)
                second = wg.grad(lambda *ps, f=function: sum(wg.grad(f, argnums=(0, 1))(*ps)))
                assert second(*args) == 0


# --- special points ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shapes"), [("gamma", (1.0,)), ("erlang", (1.0,)), ("chi2", (2.0,)), ("weibull_min", (1.0,))]
)
def test_an_exponential_edge_has_the_slope_from_inside(name, shapes):
    rate = 0.5 if name == "chi2" else 1.0
    distribution = getattr(stats, name)
    assert distribution.logpdf(0.0, *shapes) == pytest.approx(np.log(rate))
    assert wg.grad(distribution.logpdf)(0.0, *shapes) == -rate
    assert wg.grad(wg.grad(distribution.logpdf))(0.0, *shapes) == 0
    assert wg.grad(distribution.pdf)(0.0, *shapes) == pytest.approx(-rate * rate)


def test_a_beta_density_of_shape_1_at_its_edges():
    assert stats.beta.logpdf(0.0, 1.0, 3.0) == pytest.approx(np.log(3))
    assert wg.grad(stats.beta.logpdf)(0.0, 1.0, 3.0) == -2
    assert wg.grad(stats.beta.logpdf)(1.0, 3.0, 1.0) == 2
    assert wg.grad(stats.beta.logpdf)(1.0, 1.0, 1.0) == 0
    assert wg.grad(stats.beta.logpdf, argnums=2)(0.0, 1.0, 3.0) == pytest.approx(1 / 3)


def test_an_edge_of_density_0_has_derivatives_0():
    for method, value in (("logpdf", -INF), ("pdf", 0.0)):
        function = getattr(stats.gamma, method)
        assert function(0.0, 2.0) == value
        assert np.all(gradient(function, 0.0, 2.0, 0.0, 1.0) == 0)
    assert wg.grad(lambda x: np.exp(stats.gamma.logpdf(x, 2.0)))(0.0) == 0
    assert np.all(gradient(stats.dgamma.logpdf, 0.0, 2.0) == 0)


def test_where_the_density_is_infinite_so_is_its_slope():
    assert stats.gamma.logpdf(0.0, 0.5) == INF
    assert wg.grad(stats.gamma.logpdf)(0.0, 0.5) == -INF


def test_the_gradient_of_a_sample_of_which_some_lies_outside_is_that_of_the_rest():
    x = np.array([-1.0, 0.5, 2.0])
    inside = x[1:]

    def log_likelihood(a, scale, x):
        logs = stats.gamma.logpdf(x, a, scale=scale)
        return np.where(np.isfinite(logs), logs, 0).sum()

    for argnum in (0, 1):
        found = wg.grad(log_likelihood, argnums=argnum)(2.3, 1.4, x)
        assert found == wg.grad(log_likelihood, argnums=argnum)(2.3, 1.4, inside)


def test_tails_of_the_normal_distribution_far_out():
    with mpmath.workdps(40):
        for z in (-40.0, -300.0):
            ratio = mpmath.npdf(z) / mpmath.ncdf(z)
            np.testing.assert_allclose(wg.grad(stats.norm.logcdf)(z), float(ratio), rtol=1e-13)
            np.testing.assert_allclose(wg.grad(stats.norm.logsf)(-z), -float(ratio), rtol=1e-13)
            curvature = float(-ratio * (z + ratio))
            np.testing.assert_allclose(wg.grad(wg.grad(stats.norm.logcdf))(z), curvature, rtol=1e-9)
        lower = float(-mpmath.log1p(-mpmath.ncdf(-20)))
    np.testing.assert_allclose(stats.norm.logcdf(20.0), -lower, rtol=1e-13)


def test_tails_of_the_exponential_distribution_far_out():
    assert stats.expon.logsf(1e5, scale=2.0) == -5e4
    assert np.all(gradient(stats.expon.logsf, 1e5, 0.0, 2.0) == [-0.5, 0.5, 25000.0])
    np.testing.assert_allclose(stats.expon.logcdf(50.0), -np.exp(-50.0), rtol=1e-14)
    np.testing.assert_allclose(stats.expon.cdf(1e-20), 1e-20, rtol=1e-14)


def _mass(a, b):
    side = -1 if a > 0 else 1
    return side * (mpmath.ncdf(side * b) - mpmath.ncdf(side * a))


def _first_passage(x, mu):
    x, mu = mpmath.mpf(x), mpmath.mpf(mu)
    root = 1 / mpmath.sqrt(x)
    return mpmath.ncdf(root * (1 - x / mu)) - mpmath.exp(2 / mu) * mpmath.ncdf(-root * (1 + x / mu))


def _log_exponnorm(x, K):
    x, rate = mpmath.mpf(x), 1 / mpmath.mpf(K)
    return rate * (rate / 2 - x) + mpmath.log(mpmath.ncdf(x - rate)) + mpmath.log(rate)


def _truncated_pareto(x, b, c):
    x, c = mpmath.mpf(x), mpmath.mpf(c)
    return (x**-b - c**-b) / (1 - c**-b)


def _log_pearson(x, skew):
    rate = 2 / mpmath.mpf(skew)
    a, y = rate**2, rate * (x + rate)
    return mpmath.log(rate) + (a - 1) * mpmath.log(y) - y - mpmath.loggamma(a)


TAIL_REFERENCES = {
    "gamma.sf": ((60.0, 2.3), lambda x, a: mpmath.gammainc(a, x, mpmath.inf, regularized=True)),
    "beta.cdf": ((1e-30, 1.6, 2.3), lambda x, a, b: mpmath.betainc(a, b, 0, x, regularized=True)),
    "pareto.cdf": ((1 + 2.0**-40, 2.6), lambda x, b: 1 - x ** -mpmath.mpf(b)),
    "lomax.sf": ((1e9, 2.6), lambda x, c: (1 + mpmath.mpf(x)) ** -c),
    "truncnorm.logcdf": ((8.0, 7.0, 9.0), lambda x, a, b: mpmath.log(_mass(a, x) / _mass(a, b))),
    "truncnorm.logsf": ((-8.0, -9.0, -7.0), lambda x, a, b: mpmath.log(_mass(x, b) / _mass(a, b))),
    "invgauss.logsf": ((9.0, 0.1), lambda x, mu: mpmath.log(_first_passage(x, mu))),
    "gumbel_l.sf": ((5.5,), lambda x: mpmath.exp(-mpmath.exp(x))),
    "burr.sf": ((1e8, 2.6, 1.3), lambda x, c, d: 1 - (1 + mpmath.mpf(x) ** -c) ** -d),
    "cauchy.cdf": ((-1e12,), lambda x: mpmath.atan2(1, -x) / mpmath.pi),
    "halfnorm.cdf": ((1e-20,), lambda x: mpmath.erf(x / mpmath.sqrt(2))),
    "semicircular.cdf": ((-1 + 2.0**-30,), lambda x: (mpmath.acos(-x) + x * mpmath.cos(mpmath.asin(x))) / mpmath.pi),
    "cosine.cdf": ((-3.1,), lambda x: (mpmath.pi + x + mpmath.sin(x)) / (2 * mpmath.pi)),
    "powernorm.logsf": ((30.0, 1.7), lambda x, c: c * mpmath.log(mpmath.ncdf(-x))),
    "exponnorm.logpdf": ((0.3, 1e-3), _log_exponnorm),
    "alpha.sf": ((50.0, 1.5), lambda x, a: _mass(a - 1 / mpmath.mpf(x), a) / mpmath.ncdf(a)),
    "kappa3.sf": ((1e6, 1.7), lambda x, a: 1 - x * (a + mpmath.mpf(x) ** a) ** (-1 / mpmath.mpf(a))),
    "truncpareto.sf": ((2.8 - 2.0**-30, 1.7, 2.8), _truncated_pareto),
    "recipinvgauss.logcdf": ((0.05, 0.8), lambda x, mu: mpmath.log(_first_passage(1 / mpmath.mpf(x), mu))),
    "pearson3.logpdf": ((1.3, 1e-3), _log_pearson),
    "geom.cdf": ((3, 1e-18), lambda k, p: 1 - (1 - mpmath.mpf(p)) ** k),
    "dlaplace.sf": ((40, 0.7), lambda k, a: mpmath.exp(-a * k) / (mpmath.exp(a) + 1)),
    "zipf.sf": ((1000, 2.6), lambda k, a: mpmath.zeta(a, k + 1) / mpmath.zeta(a)),
}  # fmt: skip


@pytest.mark.parametrize("name", TAIL_REFERENCES)
def test_tails_are_as_accurate_as_the_arithmetic(name):
    args, reference = TAIL_REFERENCES[name]
    distribution, method = name.split(".")
    with mpmath.workdps(60):
        expected = float(reference(*args))
        slope = float(mpmath.diff(reference, args, (0,) * (len(args) - 1) + (1,)))
    function = getattr(getattr(stats, distribution), method)
    np.testing.assert_allclose(function(*args), expected, rtol=1e-12)
    if distribution not in ("cauchy", "halfnorm", "gumbel_l", "semicircular", "cosine"):
        found = wg.grad(function, argnums=len(args) - 1)(*map(float, args))
        np.testing.assert_allclose(found, slope, rtol=1e-8)


@pytest.mark.parametrize("df", [3.0, 1e3, 1e6])
def test_students_t_for_many_degrees_of_freedom(df):
    with mpmath.workdps(50):

        def reference(x, df):
            x, df = mpmath.mpf(x), mpmath.mpf(df)
            constant = mpmath.loggamma((df + 1) / 2) - mpmath.loggamma(df / 2) - mpmath.log(mpmath.pi * df) / 2
            return constant - (df + 1) / 2 * mpmath.log1p(x**2 / df)

        value, slope = float(reference(1.3, df)), float(mpmath.diff(reference, (1.3, df), (0, 1)))
    np.testing.assert_allclose(stats.t.logpdf(1.3, df), value, rtol=1e-12)
    # The derivative, about 1/df², is what is left of terms of about 1/df.
    np.testing.assert_allclose(wg.grad(stats.t.logpdf, argnums=1)(1.3, df), slope, rtol=1e-14 * df)


def test_students_t_with_infinitely_many_degrees_of_freedom_is_normal():
    for method in ("logpdf", "pdf", *TAILS):
        t, norm = getattr(stats.t, method), getattr(stats.norm, method)
        assert t(1.3, INF) == norm(1.3)
        assert wg.grad(t)(1.3, INF) == pytest.approx(wg.grad(norm)(1.3), rel=1e-14)
        assert wg.grad(t, argnums=1)(1.3, INF) == 0
    assert stats.t.entropy(INF) == stats.norm.entropy()


Z = 0.7
AT_PARAMETER_0 = {
    "genpareto": (-Z + Z * Z / 2, Z * Z - 2 * Z**3 / 3),
    "genextreme": (Z - Z * Z / 2 * (1 - np.exp(-Z)), None),
    "pearson3": (Z**3 / 6 - Z / 2, None),
    "skewnorm": (np.sqrt(2 / np.pi) * Z, -2 / np.pi * Z * Z),
}


@pytest.mark.parametrize("name", AT_PARAMETER_0)
def test_a_parameter_of_0_is_no_special_case(name):
    first, second = AT_PARAMETER_0[name]
    function = getattr(stats, name).logpdf
    np.testing.assert_allclose(wg.grad(function, argnums=1)(Z, 0.0), first, rtol=1e-13)
    check(function, Z, 0.0, order=2, step=1e-3)
    if second is not None:
        twice = wg.grad(wg.grad(function, argnums=1), argnums=1)
        np.testing.assert_allclose(twice(Z, 0.0), second, rtol=1e-12)


@pytest.mark.parametrize("shapes", [(0.0, 0.3), (0.4, 0.0), (0.0, 0.0)])
def test_a_kappa_distribution_is_smooth_where_a_parameter_is_0(shapes):
    np.testing.assert_allclose(stats.kappa4.logpdf(Z, *shapes), scipy.stats.kappa4.logpdf(Z, *shapes), rtol=1e-13)
    check(stats.kappa4.logpdf, Z, *shapes, order=2, step=1e-3)
    check(stats.kappa4.ppf, 0.3, *shapes, step=1e-3)


def test_extreme_values_of_shape_0_have_the_moments_of_gumbel():
    assert stats.genextreme.mean(0.0) == pytest.approx(np.euler_gamma, rel=1e-15)
    assert stats.genextreme.var(0.0) == pytest.approx(np.pi**2 / 6, rel=1e-14)
    check(lambda c: [stats.genextreme.mean(c), stats.genextreme.var(c)], 0.0, order=2, step=1e-3)


def test_smooth_densities_are_smooth_at_their_centre():
    for name, curvature in (("logistic", -0.5), ("gennorm", -2.0), ("hypsecant", -1.0), ("cauchy", -2.0)):
        function = getattr(stats, name).logpdf
        shapes = (2.0,) if name == "gennorm" else ()
        assert wg.grad(function)(0.0, *shapes) == 0
        np.testing.assert_allclose(wg.grad(wg.grad(function))(0.0, *shapes), curvature, rtol=1e-14)


def test_kinks_have_slope_0():
    assert wg.grad(stats.laplace.logpdf)(0.0) == 0
    assert np.all(gradient(stats.gennorm.logpdf, 0.0, 0.8)[[0]] == 0)
    assert wg.grad(stats.gennorm.cdf)(0.0, 1.4) == pytest.approx(stats.gennorm.pdf(0.0, 1.4))


def test_the_noncentral_chi_squared_density_has_no_special_case_either():
    x, df = 2.1, 3.4
    np.testing.assert_allclose(stats.ncx2.logpdf(x, df, 0.0), stats.chi2.logpdf(x, df), rtol=1e-14)
    np.testing.assert_allclose(wg.grad(stats.ncx2.logpdf, argnums=2)(x, df, 0.0), x / (2 * df) - 0.5, rtol=1e-12)


def test_a_sure_event():
    assert stats.bernoulli.logpmf(0, 0.0) == 0
    assert wg.grad(lambda p: stats.bernoulli.logpmf(1, p))(1.0) == 1
    assert wg.grad(lambda p: stats.binom.logpmf(0, 7, p))(0.0) == -7
    assert wg.grad(lambda mu: stats.poisson.logpmf(0, mu))(0.0) == -1
    assert stats.poisson.logpmf(3, 0.0) == -INF


def test_an_interval_that_is_open_on_one_side():
    """What survival analysis needs: the probability of an interval whose end may be infinite."""
    ends = np.array([[-INF, 0.3], [0.3, 1.1], [1.1, INF]])

    def log_likelihood(loc, scale):
        low, high = stats.norm.cdf(ends.T, loc, scale)
        return np.log(high - low).sum()

    check(log_likelihood, 0.2, 1.4, order=2, step=1e-3)


# --- parameters ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "shapes"), [("gamma", (-1.0,)), ("truncnorm", (2.0, 1.0)), ("skewcauchy", (1.0,)), ("t", (np.nan,))]
)
def test_parameters_without_meaning_give_nan_and_derivatives_that_are_nan(name, shapes):
    for method in ("logpdf", "cdf", "ppf"):
        function = getattr(getattr(stats, name), method)
        assert np.isnan(function(0.4, *shapes))
        assert np.all(np.isnan(gradient(function, 0.4, *shapes)))
    assert np.isnan(stats.norm.logpdf(0.4, 0.0, -1.0))
    assert np.all(np.isnan(gradient(stats.norm.logpdf, 0.4, 0.0, -1.0)))
    assert np.isnan(stats.poisson.logpmf(2, -1.0))
    assert np.isnan(stats.binom.logpmf(2, 3.5, 0.3))
    np.testing.assert_array_equal(stats.gamma.mean([2.0, -1.0]), [2.0, np.nan])
    np.testing.assert_array_equal(stats.norm.ppf([0.5, -0.1, 1.1]), [0.0, np.nan, np.nan])


def test_parameters_are_broadcast_and_may_be_lists():
    x, loc = np.linspace(-1, 2, 3), np.array([[0.0], [1.0]])
    np.testing.assert_allclose(stats.norm.logpdf(x, loc, 2.0), scipy.stats.norm.logpdf(x, loc, 2.0), rtol=1e-14)
    assert stats.norm.entropy(loc, 2.0).shape == (2, 1)
    assert stats.uniform.var(loc, [1.0, 2.0]).shape == (2, 2)
    assert wg.grad(lambda m: stats.norm.logpdf([m, 2 * m], 0, 1).sum())(0.5) == -2.5
    assert wg.grad(lambda a: stats.gamma.logpdf(1.0, [a, 2.0]).sum())(1.0) == pytest.approx(np.euler_gamma)


def test_parameters_by_name_and_frozen():
    def log_likelihood(a, scale):
        return stats.gamma(a, scale=scale).logpdf(np.array([0.5, 2.0])).sum()

    np.testing.assert_allclose(log_likelihood(2.3, 1.4), scipy.stats.gamma(2.3, scale=1.4).logpdf([0.5, 2.0]).sum())
    check(log_likelihood, 2.3, 1.4)
    frozen = stats.norm(loc=1.0, scale=2.0)
    assert repr(frozen) == "wengert.stats.norm(loc=1.0, scale=2.0)"
    assert (frozen.mean(), frozen.median(), frozen.std(), frozen.support()) == (1.0, 1.0, 2.0, (-INF, INF))
    assert frozen.interval(0.9) == scipy.stats.norm(1.0, 2.0).interval(0.9)


def test_distributions_can_be_copied_and_sent_to_other_processes():
    for distribution in (stats.norm, stats.multivariate_normal):
        assert copy.deepcopy(distribution) is distribution
        assert pickle.dumps(distribution)
    assert copy.deepcopy(stats.norm(1.0, scale=2.0)).logpdf(0.3) == stats.norm.logpdf(0.3, 1.0, 2.0)


def test_single_precision_stays_single():
    x = np.float32([0.3, 1.2])
    for distribution, shapes in ((stats.norm, ()), (stats.gamma, (2.5,)), (stats.t, (3,)), (stats.genextreme, (0.1,))):
        for method in ("logpdf", "pdf", *TAILS):
            assert getattr(distribution, method)(x, *shapes).dtype == np.float32
    assert stats.norm.logpdf(x[0]).dtype == np.float32
    assert stats.poisson.logpmf(np.int64(3), np.float32(1.5)).dtype == np.float64
    assert stats.norm.logpdf(1).dtype == np.float64


def test_counts_have_derivative_0():
    assert wg.grad(stats.poisson.logpmf)(3.0, 2.4) == 0
    assert wg.grad(stats.binom.logpmf, argnums=1)(3.0, 10.0, 0.4) == 0
    assert wg.grad(lambda loc: stats.poisson.logpmf(3.0, 2.4, loc))(1.0) == 0
    assert wg.grad(stats.poisson.cdf)(3.5, 2.4) == 0


def test_a_traced_density_decides_nothing_by_values():
    lst = wg.trace(stats.gamma.logpdf)(np.array([0.5, 2.0]), 2.3, 0.0, 1.4)
    x = np.array([-1.0, 3.0])
    np.testing.assert_allclose(lst(x, 1.7, 0.1, 0.9), scipy.stats.gamma.logpdf(x, 1.7, 0.1, 0.9))
    invalid = wg.trace(lambda x, scale: stats.norm.logpdf(x, scale=scale))(0.4, 1.0)
    assert np.isnan(invalid(0.4, -1.0))
    simplex = wg.trace(stats.dirichlet.logpdf)(np.array([0.4, 0.6]), np.array([1.2, 0.7]))
    assert np.isnan(simplex(np.array([0.4, 0.7]), np.array([1.2, 0.7])))


# --- fitting -------------------------------------------------------------------------------------------------------


def test_a_gamma_sample_is_fitted_by_its_gradient_as_by_scipy():
    sample = scipy.stats.gamma.rvs(2.3, scale=1.7, size=400, random_state=np.random.default_rng(3))

    def loss(logs):
        return -stats.gamma.logpdf(sample, np.exp(logs[0]), scale=np.exp(logs[1])).mean()

    found = scipy.optimize.minimize(
        wg.value_and_grad(loss), np.zeros(2), jac=True, method="BFGS", options={"gtol": 1e-9}
    )
    a, _, scale = scipy.stats.gamma.fit(sample, floc=0)
    np.testing.assert_allclose(np.exp(found.x), [a, scale], rtol=1e-6)


def test_a_censored_sample_has_its_closed_estimate():
    times, is_event = np.array([0.5, 1.2, 2.0, 2.0]), np.array([True, True, False, False])

    def loss(log_scale):
        scale = np.exp(log_scale)
        logs = np.where(is_event, stats.expon.logpdf(times, 0, scale), stats.expon.logsf(times, 0, scale))
        return -logs.sum()

    assert wg.grad(loss)(np.log(times.sum() / 2)) == pytest.approx(0.0, abs=1e-14)


# --- errors --------------------------------------------------------------------------------------------------------


def test_a_wrong_call_names_the_parameters():
    with pytest.raises(TypeError, match=r"gamma\.logpdf\(\) is missing the parameter 'a'"):
        stats.gamma.logpdf(1.0)
    with pytest.raises(TypeError, match=r"norm\.cdf\(\) takes the parameters loc, scale, and 3 were given"):
        stats.norm.cdf(1.0, 2.0, 3.0, 4.0)
    with pytest.raises(TypeError, match=r"norm\.pdf\(\) got an unexpected parameter 'sigma'"):
        stats.norm.pdf(1.0, sigma=2.0)
    with pytest.raises(TypeError, match=r"norm\.ppf\(\) got multiple values for parameter 'loc'"):
        stats.norm.ppf(0.5, 1.0, loc=2.0)
    with pytest.raises(TypeError, match=r"beta\(\) is missing the parameter 'b'"):
        stats.beta(1.0)


def test_a_complex_point_is_refused():
    with pytest.raises(wg.DtypeError, match="a complex number was given to a distribution") as caught:
        stats.norm.logpdf(1j)
    assert caught.value.where.file == __file__


def test_what_has_no_formula_is_scipys_for_plain_numbers_and_refused_for_values():
    assert stats.skewnorm.ppf(0.3, 1.5) == scipy.stats.skewnorm.ppf(0.3, 1.5)
    assert stats.norm.moment(3, loc=1.0) == scipy.stats.norm.moment(3, loc=1.0)
    with pytest.raises(wg.NoRuleError, match=r"wengert\.stats\.skewnorm\.ppf is not there for values") as caught:
        wg.grad(lambda a: stats.skewnorm.ppf(0.3, a))(1.5)
    assert caught.value.where.file == __file__
    with pytest.raises(wg.NoRuleError, match=r"wengert\.stats\.levy_stable\.logpdf is not there for values") as caught:
        wg.grad(lambda x: stats.levy_stable.logpdf(x, 1.5, 0.0))(0.3)
    assert caught.value.remedy == ledger()["scipy.stats"]["levy_stable.logpdf"].remedy
    with pytest.raises(wg.NoRuleError, match=r"wengert\.stats\.zipfian\.pmf is not there for values"):
        wg.grad(lambda a: stats.zipfian.pmf(3, a, 5))(2.0)
    assert stats.zipfian.pmf(3, 2.0, 5) == scipy.stats.zipfian.pmf(3, 2.0, 5)


def test_what_is_not_here_is_scipys_own():
    assert stats.ttest_1samp is scipy.stats.ttest_1samp
    assert {"gamma", "ttest_1samp"} <= set(dir(stats))
    assert stats.norm.fit([1.0, 3.0]) == (2.0, 1.0)
    with pytest.raises(AttributeError):
        _ = stats.nonsense
    with pytest.raises(AttributeError):
        _ = stats.norm.nonsense


def test_scipys_statistics_are_loaded_only_when_asked_for():
    program = "import sys, wengert as wg; wg.stats.norm.logpdf(1.0); print('scipy.stats' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
