"""Distribution functions of statistics and their inverses, differentiable in all parameters that are not integers.

Each is an incomplete gamma or beta function of other arguments, or a sum of such. Numbers of trials and successes are
flat: SciPy rounds them down. Where SciPy solves for such a number it continues the distribution to real numbers, and so
does the derivative.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.declaration import elementwise
from wengert.facts import flat
from wengert.primitive import Primitive
from wengert.rules.special_densities import beta_density, f_density, gamma_density, student_density
from wengert.rules.special_elementary import boxcox_slope
from wengert.rules.special_incomplete import (
    BETA,
    betainc_parameters,
    fdtr_parameters,
    gammainc_parameters,
    inverse,
    negated,
    stdtr_parameters,
)
from wengert.rules.special_noncentral import (
    noncentral_beta,
    noncentral_beta_term,
    noncentral_gamma,
    noncentral_gamma_term,
)
from wengert.rules.special_noncentral_t import NONCENTRAL_T

_SMOOTH = "smooth; SciPy has no complex version"
_COUNTS = "smooth; flat in whole numbers, which are rounded down"
_QUADRATURE = "in the shapes by quadrature: 1e-13"
_SERIES = "in the parameters by a sum of integrals: 1e-12"
_APPROXIMATE = "SciPy's value has 5 digits only, and so has the derivative"
# Where SciPy stops when it solves for a count or a noncentrality, and for degrees of freedom.
_FROM_ZERO, _DEGREES = (1e-300, np.inf), (1e-49, 1e10)
_MOST_SAMPLES = 1e6  # of Smirnov's sum: for more the derivative is nan
_SHAPE, _UNIT, _PLACE = (0.5, 5.0), (0.1, 0.9), (0.3, 4.0)


# --- gamma, χ², Poisson --------------------------------------------------------------------------------------------
# fmt: off
_CHI_SQUARED = [lambda v, x: 0.5 * gammainc_parameters(1, 0.5 * v, 0.5 * x), lambda v, x: 0.5 * gamma_density(0, 0.5 * v, 0.5 * x)]
_GAMMA = [lambda a, b, x: x * gamma_density(0, b, a * x), lambda a, b, x: gammainc_parameters(1, b, a * x), lambda a, b, x: a * gamma_density(0, b, a * x)]
_POISSON = [lambda k, m: -gammainc_parameters(1, k + 1, m), lambda k, m: -gamma_density(0, k + 1, m)]

chdtr = elementwise(sp.chdtr, [lambda y, v, x: 0.5 * gammainc_parameters(1, 0.5 * v, 0.5 * x), lambda y, v, x: 0.5 * gamma_density(0, 0.5 * v, 0.5 * x)],
                    analytic=False, at_kinks="limits at x = 0", accuracy=_QUADRATURE, domain=(_SHAPE, _PLACE))
chdtrc = elementwise(sp.chdtrc, [lambda y, v, x: -0.5 * gammainc_parameters(1, 0.5 * v, 0.5 * x), lambda y, v, x: -0.5 * gamma_density(0, 0.5 * v, 0.5 * x)],
                     analytic=False, at_kinks="limits at x = 0", accuracy=_QUADRATURE, domain=(_SHAPE, _PLACE))
chdtri = inverse(sp.chdtri, 1, negated(*_CHI_SQUARED), accuracy=_QUADRATURE, domain=(_SHAPE, _UNIT))
chdtriv = inverse(sp.chdtriv, 0, _CHI_SQUARED, accuracy=_QUADRATURE, domain=(_UNIT, _PLACE))
gdtr = elementwise(sp.gdtr, [lambda y, a, b, x: x * gamma_density(0, b, a * x), lambda y, a, b, x: gammainc_parameters(1, b, a * x),
                             lambda y, a, b, x: a * gamma_density(0, b, a * x)],
                   analytic=False, at_kinks="limits at x = 0", accuracy=_QUADRATURE, domain=(_PLACE, _SHAPE, _PLACE))
gdtrc = elementwise(sp.gdtrc, [lambda y, a, b, x: -x * gamma_density(0, b, a * x), lambda y, a, b, x: -gammainc_parameters(1, b, a * x),
                               lambda y, a, b, x: -a * gamma_density(0, b, a * x)],
                    analytic=False, at_kinks="limits at x = 0", accuracy=_QUADRATURE, domain=(_PLACE, _SHAPE, _PLACE))
gdtria = inverse(sp.gdtria, 0, _GAMMA, accuracy=_QUADRATURE, domain=(_UNIT, _SHAPE, _PLACE))
gdtrib = inverse(sp.gdtrib, 1, _GAMMA, accuracy=_QUADRATURE, domain=(_PLACE, _UNIT, _PLACE))
gdtrix = inverse(sp.gdtrix, 2, _GAMMA, accuracy=_QUADRATURE, domain=(_PLACE, _SHAPE, _UNIT))
pdtr = elementwise(sp.pdtr, [flat, lambda y, k, m: -gamma_density(0, np.floor(k) + 1, m)], analytic=False, at_kinks=_COUNTS, domain=((3.0, 3.0), _PLACE))
pdtrc = elementwise(sp.pdtrc, [flat, lambda y, k, m: gamma_density(0, np.floor(k) + 1, m)], analytic=False, at_kinks=_COUNTS, domain=((3.0, 3.0), _PLACE))
pdtri = inverse(sp.pdtri, 1, [flat, lambda k, m: -gamma_density(0, np.floor(k) + 1, m)], domain=((3.0, 3.0), _UNIT))
pdtrik = inverse(sp.pdtrik, 0, _POISSON, ends=_FROM_ZERO, accuracy=_QUADRATURE, domain=((0.4, 0.9), (1.0, 5.0)))
# fmt: on

# --- beta, binomial, negative binomial -----------------------------------------------------------------------------


def _binomial_density(k: Any, n: Any, p: Any) -> Any:
    """-∂/∂p of the probability of at most k successes in n trials."""
    k = np.floor(k)
    return beta_density(0, 0, k + 1, n - k, p)


def _waiting_density(k: Any, n: Any, p: Any) -> Any:
    """∂/∂p of the probability of at most k failures before n successes."""
    return beta_density(0, 0, n, np.floor(k) + 1, p)


# fmt: off
_BINOMIAL = [lambda k, n, p: betainc_parameters(0, 1, k + 1, n - k, p) - betainc_parameters(1, 0, k + 1, n - k, p),
             lambda k, n, p: -betainc_parameters(0, 1, k + 1, n - k, p), lambda k, n, p: -beta_density(0, 0, k + 1, n - k, p)]
_WAITING = [lambda k, n, p: betainc_parameters(0, 1, n, k + 1, p), lambda k, n, p: betainc_parameters(1, 0, n, k + 1, p),
            lambda k, n, p: beta_density(0, 0, n, k + 1, p)]

btdtria = inverse(sp.btdtria, 0, BETA, accuracy=_QUADRATURE, domain=(_UNIT, _SHAPE, _UNIT))
btdtrib = inverse(sp.btdtrib, 1, BETA, accuracy=_QUADRATURE, domain=(_SHAPE, _UNIT, _UNIT))
bdtr = elementwise(sp.bdtr, [flat, flat, lambda y, k, n, p: -_binomial_density(k, n, p)], analytic=False, at_kinks=_COUNTS)
bdtrc = elementwise(sp.bdtrc, [flat, flat, lambda y, k, n, p: _binomial_density(k, n, p)], analytic=False, at_kinks=_COUNTS)
bdtri = inverse(sp.bdtri, 2, [flat, flat, lambda k, n, p: -_binomial_density(k, n, p)])
bdtrik = inverse(sp.bdtrik, 0, _BINOMIAL, ends=_FROM_ZERO, accuracy=_QUADRATURE, domain=((0.5, 0.9), (6.0, 9.0), (0.2, 0.4)))
bdtrin = inverse(sp.bdtrin, 1, _BINOMIAL, accuracy=_QUADRATURE, domain=((2.0, 4.0), (0.3, 0.8), (0.2, 0.5)))
nbdtr = elementwise(sp.nbdtr, [flat, flat, lambda y, k, n, p: _waiting_density(k, n, p)], analytic=False, at_kinks=_COUNTS)
nbdtrc = elementwise(sp.nbdtrc, [flat, flat, lambda y, k, n, p: -_waiting_density(k, n, p)], analytic=False, at_kinks=_COUNTS)
nbdtri = inverse(sp.nbdtri, 2, [flat, flat, lambda k, n, p: _waiting_density(k, n, p)])
nbdtrik = inverse(sp.nbdtrik, 0, _WAITING, ends=_FROM_ZERO, accuracy=_QUADRATURE, domain=((0.5, 0.9), (2.0, 5.0), (0.3, 0.5)))
nbdtrin = inverse(sp.nbdtrin, 1, _WAITING, accuracy=_QUADRATURE, domain=((2.0, 4.0), (0.2, 0.7), (0.3, 0.6)))
# fmt: on

# --- Fisher, Student, normal ---------------------------------------------------------------------------------------

# fmt: off
_FISHER = [lambda n, d, x: 0.5 * fdtr_parameters(1, 0, 0.5 * n, 0.5 * d, x), lambda n, d, x: 0.5 * fdtr_parameters(0, 1, 0.5 * n, 0.5 * d, x),
           lambda n, d, x: f_density(0, 0.5 * n, 0.5 * d, x)]
_STUDENT = [lambda df, t: stdtr_parameters(1, df, t), lambda df, t: student_density(df, t)]

fdtr = elementwise(sp.fdtr, [lambda y, n, d, x: 0.5 * fdtr_parameters(1, 0, 0.5 * n, 0.5 * d, x), lambda y, n, d, x: 0.5 * fdtr_parameters(0, 1, 0.5 * n, 0.5 * d, x),
                             lambda y, n, d, x: f_density(0, 0.5 * n, 0.5 * d, x)],
                   analytic=False, at_kinks="limits at x = 0", accuracy=_QUADRATURE, domain=(_SHAPE, _SHAPE, _PLACE))
fdtrc = elementwise(sp.fdtrc, [lambda y, n, d, x: -0.5 * fdtr_parameters(1, 0, 0.5 * n, 0.5 * d, x), lambda y, n, d, x: -0.5 * fdtr_parameters(0, 1, 0.5 * n, 0.5 * d, x),
                               lambda y, n, d, x: -f_density(0, 0.5 * n, 0.5 * d, x)],
                    analytic=False, at_kinks="limits at x = 0", accuracy=_QUADRATURE, domain=(_SHAPE, _SHAPE, _PLACE))
fdtri = inverse(sp.fdtri, 2, _FISHER, accuracy=_QUADRATURE, domain=(_SHAPE, _SHAPE, _UNIT))
fdtridfd = inverse(sp.fdtridfd, 1, _FISHER, ends=_DEGREES, accuracy=_QUADRATURE)
stdtr = elementwise(sp.stdtr, [lambda y, df, t: stdtr_parameters(1, df, t), lambda y, df, t: student_density(df, t)],
                    analytic=False, at_kinks=_SMOOTH, accuracy=_QUADRATURE, domain=(_SHAPE, (-3.0, 3.0)))
stdtrit = inverse(sp.stdtrit, 1, _STUDENT, accuracy=_QUADRATURE, domain=(_SHAPE, _UNIT))
stdtridf = inverse(sp.stdtridf, 0, _STUDENT, ends=_DEGREES, accuracy=_QUADRATURE, domain=((0.8, 0.9), (1.5, 2.5)))
nrdtrimn = elementwise(sp.nrdtrimn, [lambda y, p, std, x: -std * sqrt(2 * pi) * np.exp(0.5 * sp.ndtri(p) ** 2), lambda y, p, std, x: -sp.ndtri(p), 1],
                       analytic=False, at_kinks="-inf in p at 0 and 1", domain=(_UNIT, _PLACE, (-2.0, 2.0)))
nrdtrisd = elementwise(sp.nrdtrisd, [lambda y, mn, p, x: -1 / sp.ndtri(p),
                                     lambda y, mn, p, x: -y * sqrt(2 * pi) * np.exp(0.5 * sp.ndtri(p) ** 2) / sp.ndtri(p), lambda y, mn, p, x: 1 / sp.ndtri(p)],
                       analytic=False, at_kinks="±inf at p = ½", domain=((-2.0, 0.0), (0.6, 0.9), (0.5, 2.0)))
# fmt: on

# --- noncentral ----------------------------------------------------------------------------------------------------


def _noncentral_chi_squared_density(x: Any, df: Any, nc: Any) -> Any:
    z = np.where(x == 0, 1.0, 0.5 * x)
    inside = 0.5 * noncentral_gamma_term(0, 0, 0.5 * df, 0.5 * nc, z) / z
    return np.where(x == 0, 0.5 * np.exp(-0.5 * nc) * gamma_density(0, 0.5 * df, 0.0), inside)


def _noncentral_f_density(n: Any, d: Any, nc: Any, f: Any) -> Any:
    inner = np.where(f == 0, 1.0, f)
    inside = noncentral_beta_term(0, 0, 0, 0.5 * n, 0.5 * d, 0.5 * nc, n * inner / d) / inner
    return np.where(f == 0, np.exp(-0.5 * nc) * f_density(0, 0.5 * n, 0.5 * d, 0.0), inside)


def _noncentral_f_shape(which: int, n: Any, d: Any, nc: Any, f: Any) -> Any:
    """What a number of degrees of freedom changes: the shape, and the argument n f/d of the beta distribution."""
    a, b, lam, z = 0.5 * n, 0.5 * d, 0.5 * nc, n * f / d
    argument = noncentral_beta_term(0, 0, 0, a, b, lam, z)
    if which == 0:
        return 0.5 * noncentral_beta(1, 0, a, b, lam, z) + argument / n
    return 0.5 * noncentral_beta(0, 1, a, b, lam, z) - argument / d


# fmt: off
_CHI_SQUARED_NC = [lambda x, df, nc: _noncentral_chi_squared_density(x, df, nc), lambda x, df, nc: 0.5 * noncentral_gamma(1, 0.5 * df, 0.5 * nc, 0.5 * x),
                   lambda x, df, nc: -0.5 * noncentral_gamma_term(1, 0, 0.5 * df, 0.5 * nc, 0.5 * x)]
_FISHER_NC = [lambda n, d, nc, f: _noncentral_f_shape(0, n, d, nc, f), lambda n, d, nc, f: _noncentral_f_shape(1, n, d, nc, f),
              lambda n, d, nc, f: -0.5 * noncentral_beta_term(1, 0, 0, 0.5 * n, 0.5 * d, 0.5 * nc, n * f / d),
              lambda n, d, nc, f: _noncentral_f_density(n, d, nc, f)]

chndtr = elementwise(sp.chndtr, [lambda y, x, df, nc: _noncentral_chi_squared_density(x, df, nc), lambda y, x, df, nc: 0.5 * noncentral_gamma(1, 0.5 * df, 0.5 * nc, 0.5 * x),
                                 lambda y, x, df, nc: -0.5 * noncentral_gamma_term(1, 0, 0.5 * df, 0.5 * nc, 0.5 * x)],
                     analytic=False, at_kinks="limits at x = 0", accuracy=_SERIES, domain=(_PLACE, _SHAPE, _PLACE))
chndtrix = inverse(sp.chndtrix, 0, _CHI_SQUARED_NC, accuracy=_SERIES, domain=(_UNIT, _SHAPE, _PLACE))
chndtridf = inverse(sp.chndtridf, 1, _CHI_SQUARED_NC, ends=_DEGREES, accuracy=_SERIES, domain=((3.0, 5.0), (0.2, 0.6), (0.5, 1.0)))
chndtrinc = inverse(sp.chndtrinc, 2, _CHI_SQUARED_NC, ends=_FROM_ZERO, accuracy=_SERIES, domain=((3.0, 5.0), (0.5, 1.0), (0.2, 0.6)))
ncfdtr = elementwise(sp.ncfdtr, [lambda y, n, d, nc, f: _noncentral_f_shape(0, n, d, nc, f), lambda y, n, d, nc, f: _noncentral_f_shape(1, n, d, nc, f),
                                 lambda y, n, d, nc, f: -0.5 * noncentral_beta_term(1, 0, 0, 0.5 * n, 0.5 * d, 0.5 * nc, n * f / d),
                                 lambda y, n, d, nc, f: _noncentral_f_density(n, d, nc, f)],
                     analytic=False, at_kinks="limits at f = 0", accuracy="in the parameters by a sum of integrals: 1e-12, in dfd 1e-14·dfd", domain=(_SHAPE, _SHAPE, _PLACE, _PLACE))
ncfdtri = inverse(sp.ncfdtri, 3, _FISHER_NC, accuracy=_SERIES, domain=(_SHAPE, _SHAPE, _PLACE, _UNIT))
ncfdtridfd = inverse(sp.ncfdtridfd, 1, _FISHER_NC, ends=_DEGREES, accuracy=_APPROXIMATE)
ncfdtridfn = inverse(sp.ncfdtridfn, 0, _FISHER_NC, ends=_DEGREES, accuracy=_APPROXIMATE)
ncfdtrinc = inverse(sp.ncfdtrinc, 2, _FISHER_NC, ends=_FROM_ZERO, accuracy=_APPROXIMATE)
nctdtrit = inverse(sp.nctdtrit, 2, NONCENTRAL_T, accuracy="in df by differences: 1e-12", domain=((1.0, 9.0), (-1.0, 2.0), _UNIT))
nctdtridf = inverse(sp.nctdtridf, 0, NONCENTRAL_T, ends=_DEGREES, accuracy=_APPROXIMATE)
nctdtrinc = inverse(sp.nctdtrinc, 1, NONCENTRAL_T, accuracy=_APPROXIMATE)
# fmt: on

# --- Tukey, Kolmogorov, Smirnov ------------------------------------------------------------------------------------


def _tukey_density(x: Any, lmbda: Any, y: Any) -> Any:
    """1 over the derivative of the quantile (yᵏ - (1-y)ᵏ)/k with k = λ; 0 outside of the support."""
    inside = lmbda * np.abs(x) < 1
    low, high = np.where(inside, y, 0.5), np.where(inside, sp.tklmbda(-x, lmbda), 0.5)
    return np.where(inside, 1 / (low ** (lmbda - 1) + high ** (lmbda - 1)), 0.0)


def _tukey_by_shape(x: Any, lmbda: Any, y: Any) -> Any:
    inside = lmbda * np.abs(x) < 1
    low, high = np.where(inside, y, 0.5), np.where(inside, sp.tklmbda(-x, lmbda), 0.5)
    change = boxcox_slope(np.log(low), lmbda) - boxcox_slope(np.log(high), lmbda)
    return -change * _tukey_density(x, lmbda, y)


def _kolmogorov_slope(x: Any) -> Any:
    """The derivative of 2Σ(-1)ᵏ⁻¹ exp(-2k²x²); of its theta transform for small x, where few terms suffice as well."""
    small = x < 0.8
    low, high = np.where(small & (x > 0), x, 1.0), np.where(small, 1.0, x)
    square = low * low
    waves: Any = 0.0
    for k in (1, 3, 5, 7):
        exponent = (k * pi) ** 2 / 8 / square
        waves = waves + np.exp(-exponent) * (2 * exponent - 1)
    tail: Any = 0.0
    for k in range(1, 7):
        tail = tail - (-1) ** k * k * k * np.exp(-2 * k * k * high * high)
    return np.where(small, np.where(x > 0, -sqrt(2 * pi) * waves / square, 0.0), -8 * high * tail)


def _smirnov_slope(order: Any, n: Any, d: Any) -> Any:
    """Derivatives of d Σ_j C(n, j) (d+j/n)ʲ⁻¹ (1-d-j/n)ⁿ⁻ʲ in d, term by term."""
    ns, ds = np.broadcast_arrays(np.asarray(n, float), np.asarray(d, float))
    with np.errstate(all="ignore"):
        found = [_smirnov_sum(int(order), *pair) for pair in zip(ns.flat, ds.flat, strict=True)]
        return np.array(found).reshape(ns.shape).astype(sp.smirnov(n, d).dtype)[()]


def _smirnov_sum(order: int, n: float, d: float) -> float:
    if not (1 <= n <= _MOST_SAMPLES and n == np.floor(n) and 0 <= d <= 1):
        return np.nan
    j = np.arange(1, n)
    j = j[1 - d - j / n > 0]
    low, high = d + j / n, 1 - d - j / n
    log_choices = sp.gammaln(n + 1) - sp.gammaln(j + 1) - sp.gammaln(n - j + 1)
    terms = np.exp(log_choices + (j - 1) * np.log(low) + (n - j) * np.log(high))

    def product(m: int) -> Any:
        """The derivative of order m of the two powers, by Leibniz' rule, divided by them."""
        return sum(
            sp.binom(m, i) * _falling(j - 1, i) / low**i * (-1) ** (m - i) * _falling(n - j, m - i) / high ** (m - i)
            for i in range(m + 1)
        )

    first = (-1) ** order * _falling(n, order) * (1 - d) ** np.maximum(n - order, 0)
    return float(first + np.sum(terms * (d * product(order) + order * product(order - 1))))


def _falling(x: Any, count: int) -> Any:
    """The product of so many factors x, x-1 and so on."""
    return np.prod([x - i for i in range(count)], axis=0) if count else 1.0


# fmt: off
tklmbda = elementwise(sp.tklmbda, [lambda y, x, lmbda: _tukey_density(x, lmbda, y), lambda y, x, lmbda: _tukey_by_shape(x, lmbda, y)],
                      analytic=False, at_kinks="0 at and beyond the ends of the support", domain=((-0.6, 0.6), (-1.0, 1.3)))
kolmogorov = elementwise(sp.kolmogorov, [lambda y, x: _kolmogorov_slope(x)], analytic=False, at_kinks="0 at and below 0", domain=((0.3, 2.0),))
kolmogi = elementwise(sp.kolmogi, [lambda y, p: -1 / np.abs(_kolmogorov_slope(y))], analytic=False, at_kinks="-inf at 0 and 1", domain=(_UNIT,))
smirnov_slope: Primitive = elementwise(_smirnov_slope, [flat, flat, lambda y, m, n, d: smirnov_slope(m + 1, n, d)], name="smirnov_slope",
                            analytic=False, at_kinks="that to the right at a multiple of 1/n")
smirnov = elementwise(sp.smirnov, [flat, lambda y, n, d: smirnov_slope(1, n, d)], analytic=False, at_kinks="flat in n, a whole number; that to the right at a multiple of 1/n")
smirnovi = elementwise(sp.smirnovi, [flat, lambda y, n, p: 1 / smirnov_slope(1, n, y)], analytic=False, at_kinks="flat in n, a whole number; -inf at p = 0")
# fmt: on
