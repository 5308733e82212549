"""Derivatives of special functions against mpmath, in the bulk, in the tails and for large parameters."""

import itertools
import math

import numpy as np
import pytest
import scipy.special as sp
from mpmath import mp

import wengert as wg
from rules import special_a_references as ref
from wengert import special

DIGITS = 50


def exact(*xs):
    return tuple(mp.mpmathify(x) for x in xs)


def mp_partial(f, point, orders):
    with mp.workdps(DIGITS):
        return mp.diff(f, exact(*point), orders)


def partial(f, point, orders):
    for i, order in enumerate(orders):
        for _ in range(order):
            f = wg.grad(f, argnums=i)
    with np.errstate(all="ignore"):
        return float(f(*map(float, point)))


def orders_up_to(most, count):
    return [orders for orders in itertools.product(range(most + 1), repeat=count) if 1 <= sum(orders) <= most]


def assert_partials(f, reference, point, *, first=1e-11, second=1e-9, constant=()):
    for orders in orders_up_to(2, len(point)):
        if any(orders[i] for i in constant):
            continue
        expected = float(mp_partial(reference, point, orders))
        found = partial(f, point, orders)
        rtol = first if sum(orders) == 1 else second
        assert found == pytest.approx(expected, rel=rtol, abs=1e-300), (point, orders)


# --- one operand ---------------------------------------------------------------------------------

ONE = {
    "gamma": (sp.gamma, mp.gamma, [0.3, 4.2, -1.6, 100.5]),
    "loggamma": (sp.loggamma, mp.loggamma, [0.3, 4.2, 1e5]),
    "gammaln": (sp.gammaln, lambda x: mp.log(abs(mp.gamma(x))), [0.3, -1.6, -7.3, 1e5]),
    "rgamma": (sp.rgamma, mp.rgamma, [0.3, 0.0, -1.0, -4.0, -2.99, -1.6, 30.2]),
    "psi": (sp.psi, mp.digamma, [0.3, 4.2, -1.6, 1e5, -1e9 - 0.25]),
    "riemann zeta": (special.zeta, mp.zeta, [-20.5, -4.0, -0.26, -0.24, 0.5, 0.999, 1.001, 2.0, 40.0]),
    "zetac": (sp.zetac, lambda s: mp.zeta(s) - 1, [-2.5, 0.5, 3.0]),
    "polygamma": (lambda x: special.polygamma(2, x), lambda x: mp.polygamma(2, x), [0.4, 5.0, -1.4]),
    "erf": (sp.erf, mp.erf, [-2.0, 0.3, 5.0]),
    "erfc": (sp.erfc, mp.erfc, [-2.0, 0.3, 20.0]),
    "erfi": (sp.erfi, mp.erfi, [-2.0, 0.3, 8.0]),
    "erfcx": (sp.erfcx, ref.erfcx, [-3.0, 0.3, 6.9, 7.1, 50.0, 1e6]),
    "dawsn": (sp.dawsn, ref.dawsn, [-3.0, 0.3, 6.9, 7.1, 50.0]),
    "erfinv": (sp.erfinv, mp.erfinv, [-0.99, 0.3, 0.9]),
    "ndtr": (sp.ndtr, mp.ncdf, [-30.0, -2.0, 0.3]),
    "log_ndtr": (sp.log_ndtr, ref.log_ndtr, [-1000.0, -40.0, -9.8, -3.0, 0.5, 6.0]),
    "ndtri": (sp.ndtri, ref.ndtri, [0.001, 0.3, 0.9]),
    "expit": (sp.expit, lambda x: 1 / (1 + mp.exp(-x)), [-40.0, 0.3, 40.0]),
    "log_expit": (sp.log_expit, lambda x: -mp.log1p(mp.exp(-x)), [-40.0, 0.3, 40.0]),
    "logit": (sp.logit, lambda p: mp.log(p / (1 - p)), [1e-10, 0.3, 0.9]),
    "exprel": (sp.exprel, lambda x: mp.expm1(x) / x if x else mp.mpf(1), [-50.0, -0.99, 1e-8, 0.5, 1.01, 30.0]),
    "expi": (sp.expi, mp.ei, [-3.0, 0.3, 20.0]),
    "exp1": (sp.exp1, mp.e1, [0.3, 20.0]),
    "expn": (lambda x: sp.expn(3, x), lambda x: mp.expint(3, x), [0.3, 5.0]),
    "Si": (lambda x: sp.sici(x)[0], mp.si, [-2.0, 1e-5, 7.0]),
    "Ci": (lambda x: sp.sici(x)[1], mp.ci, [0.3, 7.0]),
    "Shi": (lambda x: sp.shichi(x)[0], mp.shi, [-2.0, 0.999, 1.001, 7.0]),
    "Chi": (lambda x: sp.shichi(x)[1], mp.chi, [0.3, 7.0]),
    "spence": (sp.spence, lambda z: mp.re(mp.polylog(2, 1 - z)), [0.1, 0.69, 0.999999, 1.2, 1.31, 6.0]),
    "wrightomega": (sp.wrightomega, lambda x: mp.re(mp.lambertw(mp.exp(x))), [-20.0, 0.3, 30.0]),
    "Lambert, principal": (lambda z: np.real(special.lambertw(z)), lambda z: mp.re(mp.lambertw(z)), [-0.36, 1e-9, 5.0]),
    "Lambert, below": (
        lambda z: np.real(special.lambertw(z, -1)),
        lambda z: mp.re(mp.lambertw(z, -1)),
        [-0.36, -0.1, -1e-12],
    ),
    "fresnel sine": (lambda x: sp.fresnel(x)[0], mp.fresnels, [0.5, -3.3, 40.3]),
    "kolmogorov": (sp.kolmogorov, ref.kolmogorov, [0.3, 0.79, 0.81, 2.5]),
    "smirnov": (lambda d: sp.smirnov(7, d), lambda d: ref.smirnov(7, d), [0.05, 0.31, 0.8]),
    "smirnov of many": (lambda d: sp.smirnov(80, d), lambda d: ref.smirnov(80, d), [0.05, 0.21]),
    "cosm1": (sp.cosm1, lambda x: mp.cos(x) - 1, [1e-5, 2.0]),
    "tandg": (sp.tandg, lambda x: mp.tan(mp.radians(x)), [30.0, 89.0, -45.0]),
    "diric": (
        lambda x: special.diric(x, 5),
        lambda x: mp.sin(5 * x / 2) / (5 * mp.sin(x / 2)),
        [1e-4, 0.39, 0.41, 3.0, 6.2],
    ),
}


@pytest.mark.parametrize("name", ONE)
def test_functions_of_one_number(name):
    f, reference, points = ONE[name]
    for x in points:
        assert_partials(f, reference, (x,))


HOLOMORPHIC = {
    "gamma": (sp.gamma, mp.gamma, [1 + 2j, -1.5 + 0.3j]),
    "loggamma": (sp.loggamma, mp.loggamma, [1 + 2j, -1.5 + 0.3j]),
    "rgamma": (sp.rgamma, mp.rgamma, [1 + 2j, -1.5 + 0.3j, -3 + 0.01j]),
    "psi": (sp.psi, mp.digamma, [1 + 2j, -1.5 + 0.3j, -40 + 9j, 0.3 + 100j]),
    "zeta": (special.zeta, mp.zeta, [0.5 + 14j, 2 - 3j, -1.5 + 1j]),
    "wofz": (sp.wofz, ref.wofz, [1 + 1j, 8 + 0.1j, 8 - 0.1j, 3 - 4j, 10]),
    "erfcx": (sp.erfcx, ref.erfcx, [1 + 1j, 8 + 3j, -5 + 6j]),
    "dawsn": (sp.dawsn, ref.dawsn, [1 + 1j, 9 + 2j, 9 - 2j, 2 + 9j]),
    "log_ndtr": (sp.log_ndtr, ref.log_ndtr, [0.5 + 1j, -6 + 2j]),
    "spence": (sp.spence, lambda z: mp.polylog(2, 1 - z), [0.5 + 1j, 1 + 1e-3j]),
    "lambertw": (special.lambertw, mp.lambertw, [0.5 + 1j, -0.3 - 0.1j]),
    "wrightomega": (sp.wrightomega, lambda z: mp.lambertw(mp.exp(z)), [0.5 + 1j]),
    "exp1": (sp.exp1, mp.e1, [0.5 + 1j]),
}


@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_functions_of_one_complex_number(name):
    f, reference, points = HOLOMORPHIC[name]

    def tangent(g):
        return lambda z: wg.jvp(g, (z,), (np.ones_like(z),))[1]

    for z in points:
        point = np.complex128(z)
        with mp.workdps(DIGITS):
            first, second = (complex(mp.diff(reference, mp.mpc(z), n)) for n in (1, 2))
        assert abs(tangent(f)(point) - first) <= 1e-11 * abs(first), z
        assert abs(tangent(tangent(f))(point) - second) <= 1e-9 * abs(second), z


@pytest.mark.parametrize(("f", "sign"), [(sp.modfresnelp, 1), (sp.modfresnelm, -1)])
@pytest.mark.parametrize("x", [-3.0, 0.5, 6.0, 30.0])
def test_modified_fresnel_integrals(f, sign, x):
    slopes = wg.jvp(f, (x,), (1.0,))[1]
    for k, slope in enumerate(slopes):
        with mp.workdps(DIGITS):
            expected = complex(mp.diff(lambda x, k=k: ref.modified_fresnel(x, sign)[k], mp.mpf(x)))
        assert abs(slope - expected) <= 1e-11 * abs(expected)


# --- several operands ----------------------------------------------------------------------------

SEVERAL = {
    "beta": (sp.beta, ref.beta, [(0.7, 2.3), (100.0, 0.4), (30.0, 40.0)]),
    "betaln": (sp.betaln, ref.betaln, [(0.7, 2.3), (1e10, 0.4), (1e-8, 3.0)]),
    "poch": (sp.poch, ref.poch, [(0.7, 2.3), (1e8, 0.4), (-1.3, 0.4)]),
    "binom": (sp.binom, mp.binomial, [(5.5, 1.2), (3.0, 5.3), (0.4, -1.3)]),
    "zeta": (special.zeta, mp.zeta, [(1.5, 0.3), (1.01, 5.0), (9.0, 2e3), (60.0, 0.7), (1e5, 1.5)]),
    "gammainc": (
        sp.gammainc,
        ref.gammainc,
        [(1e-3, 1e-5), (0.4, 3.0), (0.9, 0.5), (7.0, 6.9), (80.0, 30.0), (80.0, 200.0)],
    ),
    "betainc": (
        sp.betainc,
        ref.betainc,
        [(0.01, 0.02, 0.3), (0.4, 5.0, 0.9), (3.0, 0.2, 0.2), (30.0, 50.0, 0.4), (80.0, 2.0, 0.5)],
    ),
    "fdtr": (sp.fdtr, ref.fdtr, [(0.8, 5.0, 0.3), (3.0, 4.0, 1.1), (9.0, 60.0, 2.0)]),
    "stdtr": (sp.stdtr, ref.stdtr, [(0.6, 0.4), (5.0, -2.0), (50.0, 6.0)]),
    "chndtr": (sp.chndtr, ref.chndtr, [(3.0, 2.5, 1.2), (0.4, 7.0, 5.0)]),
    "owens_t": (sp.owens_t, ref.owens_t, [(0.5, 1.3)]),
    "agm": (sp.agm, mp.agm, [(1.0, 1e-3), (2.0, 2.0), (0.3, 5.0)]),
    "boxcox": (sp.boxcox, ref.boxcox, [(2.0, 1e-9), (0.3, -1.2), (50.0, 0.4)]),
    "boxcox1p": (sp.boxcox1p, lambda x, lmbda: ref.boxcox(1 + x, lmbda), [(2.0, 1e-9), (1e-8, 0.7)]),
    "inv_boxcox": (sp.inv_boxcox, ref.inv_boxcox, [(2.0, 1e-9), (0.3, -1.2), (1.5, 0.4)]),
    "pseudo_huber": (sp.pseudo_huber, ref.pseudo_huber, [(1.0, 1e-4), (2.0, -7.0)]),
    "kl_div": (sp.kl_div, lambda p, q: p * mp.log(p / q) - p + q, [(0.3, 0.5), (1e-5, 1e5)]),
    "voigt_profile": (
        sp.voigt_profile,
        ref.voigt_profile,
        [(0.5, 1.0, 0.3), (15.0, 1.0, 1e-9), (1e3, 0.1, 2.0), (-6.0, 0.7, 0.5)],
    ),
}


@pytest.mark.parametrize("name", SEVERAL)
def test_functions_of_several_numbers(name):
    f, reference, points = SEVERAL[name]
    for point in points:
        assert_partials(f, reference, point)


def assert_first_partials(f, reference, point, rtol):
    with mp.workdps(20):
        for i in range(len(point)):
            orders = tuple(int(k == i) for k in range(len(point)))
            expected = float(mp.diff(reference, exact(*point), orders))
            assert partial(f, point, orders) == pytest.approx(expected, rel=rtol), (point, orders)


@pytest.mark.parametrize(
    "point",
    [(6.0, 2.0, 5.0), *(pytest.param(p, marks=pytest.mark.slow) for p in [(1.5, 0.7, 1.2), (12.0, -1.0, -3.0)])],
)
def test_the_noncentral_t(point):
    assert_first_partials(sp.nctdtr, ref.nctdtr, point, 1e-11)


@pytest.mark.parametrize("point", [(2.0, 5.0, 1.3, 0.8), (7.0, 3.0, 4.0, 2.5)])
def test_the_noncentral_f(point):
    assert_first_partials(sp.ncfdtr, ref.ncfdtr, point, 1e-11)


# --- large parameters ----------------------------------------------------------------------------


@pytest.mark.parametrize("a", [1e3, 1e5, 1e8])
@pytest.mark.parametrize("deviations", [-6.0, -0.3, 0.0, 2.0, 9.0])
def test_the_incomplete_gamma_function_for_large_shapes(a, deviations):
    """∂P/∂a is the integral of the density times log t - ψ(a), here in standard deviations from x outwards."""
    x = a + deviations * math.sqrt(a)
    with mp.workdps(40):
        shape, root = mp.mpf(a), mp.sqrt(mp.mpf(a))

        def integrand(s):
            t = mp.mpf(x) + s * root
            return mp.exp((shape - 1) * mp.log(t) - t - mp.loggamma(shape)) * (mp.log(t) - mp.digamma(shape)) * root

        outwards = -1 if deviations < 0 else 1
        expected = -mp.quad(integrand, [outwards * s for s in (0, 0.1, 0.3, 1, 3, 8, 15)])
    assert partial(sp.gammainc, (a, x), (1, 0)) == pytest.approx(float(expected), rel=1e-11)


@pytest.mark.parametrize("df", [1e3, 1e6, 1e9])
@pytest.mark.parametrize("t", [1e-3, 0.7, 1.55, 4.0, -12.0])
def test_students_distribution_is_nearly_normal_for_many_degrees_of_freedom(df, t):
    """To the leading orders ∂F/∂ν = φ(t) [(t³+t)/(4ν²) - (3t⁷-5t⁵+7t³+…)…/ν³]: the series of R. A. Fisher (1925)."""
    with mp.workdps(60):
        nu, x = mp.mpf(df), mp.mpf(t)

        def tail(v):
            front = mp.gamma((v + 1) / 2) / mp.gamma(v / 2) / mp.sqrt(v * mp.pi) if v < 1e5 else _front(v)
            return front * mp.quad(lambda u: (1 + u * u / v) ** (-(v + 1) / 2), [0, x / 3, x])

        def _front(v):
            return mp.exp(mp.loggamma((v + 1) / 2) - mp.loggamma(v / 2)) / mp.sqrt(v * mp.pi)

        def complement(v):
            ends = [x, x * 1.2, x * 2, x * 5]
            return -_front(v) * mp.quad(lambda u: (1 + u * u / v) ** (-(v + 1) / 2), ends)

        expected = mp.diff(tail if abs(t) < 2 else complement, nu)
    assert partial(sp.stdtr, (df, t), (1, 0)) == pytest.approx(float(expected), rel=1e-10)


# --- inverses ------------------------------------------------------------------------------------


def solved(cumulative, slot, start):
    """The inverse by root finding, as a function of operands of which the one in `slot` is the probability."""

    def inverse(*operands):
        def excess(y):
            return cumulative(*operands[:slot], y, *operands[slot + 1 :]) - operands[slot]

        return mp.findroot(excess, start)

    return inverse


def lower_gammainc(a, x):
    return mp.gammainc(a, 0, x, regularized=True)


def lower_betainc(a, b, x):
    return mp.betainc(a, b, 0, x, regularized=True)


def plain_fdtr(n, d, x):
    return lower_betainc(n / 2, d / 2, n * x / (d + n * x))


def students(df, t):
    return (1 + mp.sign(t) * lower_betainc(mp.mpf(1) / 2, df / 2, t * t / (df + t * t))) / 2


INVERSES = {
    "gammaincinv": (sp.gammaincinv, lower_gammainc, 1, (2.3, 0.4)),
    "gammainccinv": (sp.gammainccinv, lambda a, x: 1 - lower_gammainc(a, x), 1, (0.6, 0.1)),
    "betaincinv": (sp.betaincinv, lower_betainc, 2, (2.3, 0.7, 0.4)),
    "betainccinv": (sp.betainccinv, lambda a, b, x: 1 - lower_betainc(a, b, x), 2, (1.3, 2.7, 0.2)),
    "btdtria": (sp.btdtria, lower_betainc, 0, (0.3, 1.7, 0.5)),
    "btdtrib": (sp.btdtrib, lower_betainc, 1, (1.7, 0.3, 0.5)),
    "gdtria": (sp.gdtria, lambda a, b, x: lower_gammainc(b, a * x), 0, (0.3, 1.7, 0.5)),
    "gdtrib": (sp.gdtrib, lambda a, b, x: lower_gammainc(b, a * x), 1, (1.7, 0.3, 0.5)),
    "gdtrix": (sp.gdtrix, lambda a, b, x: lower_gammainc(b, a * x), 2, (1.7, 0.9, 0.5)),
    "chdtri": (sp.chdtri, lambda v, x: 1 - lower_gammainc(v / 2, x / 2), 1, (3.3, 0.2)),
    "chdtriv": (sp.chdtriv, lambda v, x: lower_gammainc(v / 2, x / 2), 0, (0.3, 2.5)),
    "pdtrik": (sp.pdtrik, lambda k, m: 1 - lower_gammainc(k + 1, m), 0, (0.7, 2.5)),
    "bdtrik": (sp.bdtrik, lambda k, n, p: lower_betainc(n - k, k + 1, 1 - p), 0, (0.7, 9.0, 0.3)),
    "bdtrin": (sp.bdtrin, lambda k, n, p: lower_betainc(n - k, k + 1, 1 - p), 1, (3.0, 0.4, 0.3)),
    "nbdtrik": (sp.nbdtrik, lambda k, n, p: lower_betainc(n, k + 1, p), 0, (0.7, 3.5, 0.4)),
    "nbdtrin": (sp.nbdtrin, lambda k, n, p: lower_betainc(n, k + 1, p), 1, (3.0, 0.4, 0.4)),
    "fdtri": (sp.fdtri, plain_fdtr, 2, (2.5, 6.0, 0.8)),
    "fdtridfd": (sp.fdtridfd, plain_fdtr, 1, (2.5, 0.75, 2.0)),
    "stdtrit": (sp.stdtrit, students, 1, (4.5, 0.8)),
    "stdtridf": (sp.stdtridf, students, 0, (0.85, 1.3)),
    "chndtrix": (sp.chndtrix, ref.chndtr, 0, (0.4, 2.5, 1.3)),
    "chndtridf": (sp.chndtridf, ref.chndtr, 1, (3.5, 0.4, 1.3)),
    "chndtrinc": (sp.chndtrinc, ref.chndtr, 2, (3.5, 1.5, 0.5)),
    "ncfdtri": (sp.ncfdtri, ref.ncfdtr, 3, (2.5, 4.0, 1.3, 0.4)),
    "tklmbda": (sp.tklmbda, ref.tukey_quantile, 0, (0.6, 0.3)),
    "ndtri_exp": (sp.ndtri_exp, ref.log_ndtr, 0, (-7.0,)),
    "kolmogi": (sp.kolmogi, ref.kolmogorov, 0, (0.3,)),
}
LOOSE = {"tklmbda": 1e-8}


@pytest.mark.parametrize("name", INVERSES)
def test_inverses_by_root_finding(name):
    f, cumulative, slot, point = INVERSES[name]
    with mp.workdps(30):
        reference = solved(cumulative, slot, float(f(*point)))
        for i in range(len(point)):
            orders = tuple(int(k == i) for k in range(len(point)))
            expected = float(mp.re(mp.diff(reference, exact(*point), orders, h=mp.mpf("1e-9"))))
            assert partial(f, point, orders) == pytest.approx(expected, rel=LOOSE.get(name, 1e-9)), orders


# --- a wide sweep --------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_the_incomplete_gamma_function_over_its_domain(seed):
    rng = np.random.default_rng(seed)
    a = 10 ** rng.uniform(-5, 2.2)
    x = 10 ** rng.uniform(-8, 1) if a < 1 else a * math.exp(4 * rng.normal() / math.sqrt(a))
    with mp.workdps(60 + int(x / 2)):
        expected = float(mp.diff(lambda s: ref.gammainc(s, mp.mpf(x)), mp.mpf(a)))
    assert partial(sp.gammainc, (a, x), (1, 0)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_the_incomplete_beta_function_over_its_domain(seed):
    rng = np.random.default_rng(seed)
    a, b = 10 ** rng.uniform(-2.5, 2.2, 2)
    logit = math.log(a / b) + 3 * rng.normal() * min(2, math.sqrt(1 / a + 1 / b))
    x = min(1 / (1 + math.exp(-logit)), 1 - 1e-9)
    assert_partials(sp.betainc, ref.betainc, (a, b, x), first=2e-12, constant=(2,))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_the_f_distribution_over_its_domain(seed):
    rng = np.random.default_rng(seed)
    point = (*10 ** rng.uniform(-0.5, 2.3, 2), math.exp(rng.normal() * 0.7))
    assert_partials(sp.fdtr, ref.fdtr, point, first=1e-11, second=1e-7)
