"""Calls of SciPy's distributions, by way of ``wengert.stats``: in the point and in every real parameter."""

from __future__ import annotations

import numpy as np

from laws.calling import call
from wengert import stats

_RNG = np.random.default_rng(29)

# Name → shape parameters and points of the standard form, inside of the support and away from kinks.
_HALF_LINE, _LINE, _UNIT = [0.4, 1.1, 2.3], [-0.9, 0.3, 1.7], [0.15, 0.45, 0.8]

CONTINUOUS = {
    "alpha": ((1.5,), _HALF_LINE), "anglit": ((), [-0.5, 0.1, 0.6]), "arcsine": ((), _UNIT), "argus": ((1.2,), _UNIT),
    "beta": ((1.6, 2.3), _UNIT), "betaprime": ((1.6, 2.3), _HALF_LINE), "bradford": ((0.8,), _UNIT),
    "burr": ((2.6, 1.3), _HALF_LINE), "burr12": ((2.6, 1.3), _HALF_LINE), "cauchy": ((), _LINE),
    "chi": ((2.6,), _HALF_LINE), "chi2": ((3.4,), _HALF_LINE), "cosine": ((), _LINE),
    "crystalball": ((1.2, 2.5), [-2.1, -0.4, 1.3]), "dgamma": ((1.4,), _LINE),
    "dpareto_lognorm": ((0.2, 0.8, 1.5, 2.0), _HALF_LINE), "dweibull": ((1.6,), _LINE), "erlang": ((3.0,), _HALF_LINE),
    "expon": ((), _HALF_LINE), "exponnorm": ((0.8,), _LINE), "exponpow": ((1.4,), _UNIT),
    "exponweib": ((1.5, 1.2), _HALF_LINE), "f": ((3.4, 5.2), _HALF_LINE), "fatiguelife": ((0.8,), _HALF_LINE),
    "fisk": ((2.6,), _HALF_LINE), "foldcauchy": ((0.8,), _HALF_LINE), "foldnorm": ((1.3,), _HALF_LINE),
    "gamma": ((2.3,), _HALF_LINE), "gausshyper": ((1.6, 2.3, 1.2, 0.7), _UNIT),
    "genexpon": ((0.8, 0.6, 1.3), _HALF_LINE), "genextreme": ((0.3,), _LINE), "gengamma": ((1.5, 1.3), _HALF_LINE),
    "genhalflogistic": ((0.4,), [0.3, 1.1, 2.1]), "genhyperbolic": ((0.7, 1.6, 0.4), _LINE),
    "geninvgauss": ((1.3, 0.9), _HALF_LINE), "genlogistic": ((1.6,), _LINE), "gennorm": ((1.4,), _LINE),
    "genpareto": ((0.3,), _HALF_LINE), "gibrat": ((), _HALF_LINE), "gompertz": ((0.8,), _HALF_LINE),
    "gumbel_l": ((), _LINE), "gumbel_r": ((), _LINE), "halfcauchy": ((), _HALF_LINE),
    "halfgennorm": ((1.4,), _HALF_LINE), "halflogistic": ((), _HALF_LINE), "halfnorm": ((), _HALF_LINE),
    "hypsecant": ((), _LINE), "invgamma": ((2.7,), _HALF_LINE), "invgauss": ((0.8,), _HALF_LINE),
    "invweibull": ((2.6,), _HALF_LINE), "jf_skew_t": ((2.4, 1.7), _LINE), "johnsonsb": ((0.4, 1.3), _UNIT),
    "johnsonsu": ((0.4, 1.3), _LINE), "kappa3": ((1.7,), _HALF_LINE), "kappa4": ((0.4, 0.3), [-0.4, 0.6, 1.7]),
    "laplace": ((), _LINE), "laplace_asymmetric": ((1.4,), _LINE), "levy": ((), _HALF_LINE),
    "levy_l": ((), [-2.3, -1.1, -0.4]), "loggamma": ((1.4,), _LINE), "logistic": ((), _LINE),
    "loglaplace": ((2.4,), _HALF_LINE), "lognorm": ((0.7,), _HALF_LINE), "loguniform": ((0.3, 2.4), [0.4, 1.1, 2.1]),
    "lomax": ((2.6,), _HALF_LINE), "maxwell": ((), _HALF_LINE), "mielke": ((2.6, 1.7), _HALF_LINE),
    "moyal": ((), _LINE), "nakagami": ((1.7,), _HALF_LINE), "ncf": ((3.4, 5.2, 1.2), _HALF_LINE),
    "nct": ((5.2, 0.6), _LINE), "ncx2": ((3.4, 1.2), [0.3, 2.1, 5.3]), "norm": ((), _LINE),
    "norminvgauss": ((1.5, 0.6), _LINE), "pareto": ((2.6,), [1.2, 1.9, 3.3]), "pearson3": ((0.8,), _LINE),
    "powerlaw": ((1.7,), _UNIT), "powerlognorm": ((1.7, 0.6), _HALF_LINE), "powernorm": ((1.7,), _LINE),
    "rayleigh": ((), _HALF_LINE), "rdist": ((2.6,), [-0.6, 0.1, 0.7]), "recipinvgauss": ((0.8,), _HALF_LINE),
    "reciprocal": ((0.3, 2.4), [0.4, 1.1, 2.1]), "rel_breitwigner": ((2.0,), _HALF_LINE), "rice": ((1.3,), _HALF_LINE),
    "semicircular": ((), [-0.6, 0.1, 0.7]), "skewcauchy": ((0.4,), _LINE), "skewnorm": ((1.5,), _LINE),
    "t": ((3.4,), _LINE), "trapezoid": ((0.3, 0.6), _UNIT), "triang": ((0.3,), _UNIT),
    "truncexpon": ((1.8,), [0.3, 0.9, 1.6]), "truncnorm": ((-1.2, 1.9), _LINE),
    "truncpareto": ((1.7, 2.8), [1.2, 1.8, 2.5]), "truncweibull_min": ((1.4, 0.3, 1.9), [0.4, 1.1, 1.7]),
    "tukeylambda": ((0.3,), _LINE), "uniform": ((), _UNIT), "vonmises": ((1.4,), _LINE),
    "vonmises_line": ((1.4,), _LINE), "wald": ((), _HALF_LINE), "weibull_max": ((1.6,), [-2.3, -1.1, -0.4]),
    "weibull_min": ((1.6,), _HALF_LINE), "wrapcauchy": ((0.4,), [0.6, 2.4, 5.1]),
}  # fmt: skip

# Densities that take long to differentiate twice.
QUADRATURES = ("gausshyper", "ncf", "nct")

# Name → shape parameters and counts.
DISCRETE = {
    "bernoulli": ((0.3,), [0, 1, 1]), "betabinom": ((10, 1.6, 2.3), [0, 4, 9]),
    "betanbinom": ((5, 2.6, 1.7), [0, 2, 7]), "binom": ((10, 0.3), [0, 4, 9]), "boltzmann": ((0.7, 12), [0, 3, 8]),
    "dlaplace": ((0.7,), [-3, 0, 2]), "geom": ((0.3,), [1, 2, 6]), "hypergeom": ((20, 7, 12), [1, 4, 6]),
    "logser": ((0.6,), [1, 2, 6]), "nbinom": ((3.4, 0.4), [0, 2, 7]), "nhypergeom": ((20, 7, 12), [1, 4, 6]),
    "planck": ((0.7,), [0, 2, 7]), "poisson": ((2.4,), [0, 2, 7]), "randint": ((2, 9), [2, 4, 8]),
    "skellam": ((2.4, 1.3), [-3, 0, 2]), "yulesimon": ((2.6,), [1, 2, 6]), "zipf": ((2.6,), [1, 2, 6]),
}  # fmt: skip


def of_real_parameters(name, method):
    """A method of a distribution of counts as a function of the shape parameters that are real, and these."""
    distribution = getattr(stats, name)
    shapes, counts = DISCRETE[name]
    names = distribution.shapes.replace(",", "").split()
    is_real = [isinstance(p, float) for p in shapes]

    def function(*real):
        rest = iter(real)
        given = {key: next(rest) if free else p for key, p, free in zip(names, shapes, is_real, strict=True)}
        return getattr(distribution, method)(np.array(counts), **given)

    return function, tuple(p for p, free in zip(shapes, is_real, strict=True) if free)


def _log_density(name):
    shapes, points = CONTINUOUS[name]
    x = np.array(points) * 1.7 + 0.3
    order = 1 if name in QUADRATURES else 2
    return call(getattr(stats, name).logpdf, x, *shapes, 0.3, 1.7, value_rtol=1e-12, order=order)


def _log_mass(name):
    function, real = of_real_parameters(name, "logpmf")
    if real:
        return call(function, *real, value_rtol=1e-12)
    shapes, counts = DISCRETE[name]
    return call(lambda k: getattr(stats, name).logpmf(np.rint(k), *shapes), np.array(counts) + 0.1)


_ROOT = _RNG.uniform(-0.5, 0.5, (3, 3))
_SPREAD, _OTHER = _ROOT @ _ROOT.T + np.eye(3), _ROOT.T @ _ROOT + np.diag([1.0, 2.0, 1.5])
_NARROW = _SPREAD[:2, :2]
_CENTRE, _POINTS = _RNG.uniform(-1, 1, 3), _RNG.uniform(-1, 1, (4, 3))
_MATRICES, _MIDDLE = _RNG.uniform(-1, 1, (4, 3, 2)), _RNG.uniform(-1, 1, (3, 2))
_ALPHA, _SHARES = np.array([1.2, 2.3, 0.7]), np.array([0.2, 0.5, 0.3])
_COUNTS = np.array([[2, 1, 3], [1, 1, 4]])


def _unit(x):
    return x / np.sqrt(np.sum(x * x, axis=-1, keepdims=True))


CALLS = {
    **{f"scipy.stats.{name}.logpdf": [_log_density(name)] for name in CONTINUOUS},
    **{f"scipy.stats.{name}.logpmf": [_log_mass(name)] for name in DISCRETE},
    "scipy.stats.multivariate_normal.logpdf": [call(stats.multivariate_normal.logpdf, _POINTS, _CENTRE, _SPREAD)],
    "scipy.stats.multivariate_t.logpdf": [call(stats.multivariate_t.logpdf, _POINTS, _CENTRE, _SPREAD, 3.4)],
    "scipy.stats.matrix_normal.logpdf": [call(stats.matrix_normal.logpdf, _MATRICES, _MIDDLE, _SPREAD, _NARROW)],
    "scipy.stats.matrix_t.logpdf": [call(stats.matrix_t.logpdf, _MATRICES, _MIDDLE, _SPREAD, _NARROW, 3.4)],
    "scipy.stats.wishart.logpdf": [call(stats.wishart.logpdf, _SPREAD, 4.6, _OTHER)],
    "scipy.stats.invwishart.logpdf": [call(stats.invwishart.logpdf, np.stack([_SPREAD, _OTHER], axis=-1), 4.6, _OTHER)],
    "scipy.stats.dirichlet.logpdf": [
        call(stats.dirichlet.logpdf, _SHARES[:2], _ALPHA),
        call(lambda x, alpha: stats.dirichlet.logpdf(x / np.sum(x), alpha), _SHARES, _ALPHA),
    ],
    "scipy.stats.multinomial.logpmf": [call(lambda p: stats.multinomial.logpmf(_COUNTS, 6, p / np.sum(p)), _SHARES)],
    "scipy.stats.dirichlet_multinomial.logpmf": [
        call(lambda alpha: stats.dirichlet_multinomial.logpmf(_COUNTS, alpha, 6), _ALPHA)
    ],
    "scipy.stats.vonmises_fisher.logpdf": [
        call(lambda x, mu, kappa: stats.vonmises_fisher.logpdf(_unit(x), _unit(mu), kappa), _POINTS, _CENTRE, 1.7)
    ],
    "scipy.stats.normal_inverse_gamma.logpdf": [
        call(stats.normal_inverse_gamma.logpdf, _CENTRE, _CENTRE**2, 0.3, 1.2, 2.3, 0.7)
    ],
}
