"""Special points of special functions: poles, zeros, ends of the range, infinities, branch points, tails."""

import math

import numpy as np
import pytest
import scipy.special as sp
from mpmath import mp

import wengert as wg
from wengert import special

inf, nan, pi = math.inf, math.nan, math.pi
EULER = float(mp.euler)


def forward(f):
    return lambda x: wg.jvp(f, (x,), (1.0,))[1]


MODES = {"forward": forward, "reverse": wg.grad}


def first(f, point, i):
    """∂f/∂xᵢ in both modes, which must agree."""
    rest = list(map(float, point))

    def along(x):
        return f(*rest[:i], x, *rest[i + 1 :])

    with np.errstate(all="ignore"):
        found = [float(mode(along)(rest[i])) for mode in MODES.values()]
    np.testing.assert_array_equal(*found)
    return found[0]


def second(f, point, i, j):
    """∂²f/∂xᵢ∂xⱼ in all mixes of the modes."""
    rest = list(map(float, point))

    def gradient(x, inner):
        def along(s):
            operands = list(rest)
            operands[j] = x
            operands[i] = s + (x if i == j else rest[i])
            return f(*operands)

        return inner(along)(0.0)

    with np.errstate(all="ignore"):
        return [
            float(outer(lambda x, inner=inner: gradient(x, inner))(rest[j]))
            for outer in MODES.values()
            for inner in MODES.values()
        ]


FIRST = [
    # Gamma: 1/Γ is smooth where Γ has its poles, and so are the quotients that vanish there.
    (sp.rgamma, (0,), [1.0]),
    (sp.rgamma, (-1,), [-1.0]),
    (sp.rgamma, (-4,), [24.0]),
    (sp.poch, (-2, 5), [4.0, 0.0]),
    (sp.poch, (0, 3), [2.0, 0.0]),
    (sp.poch, (-2, 1), [1.0, nan]),
    (sp.binom, (3, 5), [-0.05, 0.05]),
    (sp.binom, (3, -1), [0.0, 0.25]),
    (sp.beta, (-0.5, -0.5), [-4 * pi, -4 * pi]),
    (sp.beta, (-2, 1), [-0.25, nan]),
    (special.zeta, (0,), [-0.5 * math.log(2 * pi)]),
    (special.zeta, (-2,), [float(mp.zeta(-2, derivative=1))]),
    # Entropies and logarithms.
    (sp.xlogy, (0, 0), [-inf, 0.0]),
    (sp.xlogy, (0, 2), [math.log(2), 0.0]),
    (sp.xlogy, (1, 0), [-inf, inf]),
    (sp.xlog1py, (0, -1), [-inf, 0.0]),
    (sp.entr, (0,), [inf]),
    (sp.rel_entr, (0, 2), [-inf, 0.0]),
    (sp.rel_entr, (0, 0), [nan, 0.0]),
    (sp.kl_div, (0, 2), [-inf, 1.0]),
    (sp.kl_div, (0, 0), [nan, 1.0]),
    (sp.kl_div, (2, 2), [0.0, 0.0]),
    (sp.logit, (0,), [inf]),
    (sp.logit, (1,), [inf]),
    # Error functions at the ends of their range and in the tails.
    (sp.erfinv, (1,), [inf]),
    (sp.erfinv, (-1,), [inf]),
    (sp.erfcinv, (0,), [-inf]),
    (sp.ndtri, (0,), [inf]),
    (sp.ndtri, (1,), [inf]),
    (sp.ndtri_exp, (-inf,), [0.0]),
    (sp.ndtri_exp, (0,), [inf]),
    (sp.log_ndtr, (-1e10,), [1e10]),
    (sp.log_ndtr, (40,), [0.0]),
    (sp.erfcx, (1e10,), [-1e-20 / math.sqrt(pi)]),
    (sp.dawsn, (1e10,), [-0.5e-20]),
    (sp.expit, (40,), [math.exp(-40)]),
    (sp.expit, (800,), [0.0]),
    (sp.expit, (-40,), [math.exp(-40)]),
    (sp.log_expit, (-800,), [1.0]),
    (sp.voigt_profile, (1.5, 0, 0.5), [-0.24 / pi, 0.0, 0.32 / pi]),
    (
        sp.voigt_profile,
        (5, 1, 0),
        [-5 * math.exp(-12.5) / math.sqrt(2 * pi), 24 * math.exp(-12.5) / math.sqrt(2 * pi), None],
    ),
    (sp.owens_t, (0, 1), [0.0, 0.25 / pi]),
    # Removable singularities.
    (sp.exprel, (0,), [0.5]),
    (sp.spence, (1,), [-1.0]),
    (lambda x: sp.sici(x)[0], (0,), [1.0]),
    (lambda x: sp.shichi(x)[0], (0,), [1.0]),
    (sp.boxcox, (2, 0), [0.5, 0.5 * math.log(2) ** 2]),
    (sp.boxcox, (0, 0.5), [inf, 4.0]),
    (sp.boxcox, (0, 2), [0.0, 0.25]),
    (sp.boxcox1p, (-1, 2), [0.0, 0.25]),
    (sp.inv_boxcox, (1.5, 0), [math.exp(1.5), -1.125 * math.exp(1.5)]),
    (sp.inv_boxcox, (-2, 0.5), [0.0, 0.0]),
    (sp.powm1, (0, 2), [0.0, 0.0]),
    (lambda x: special.diric(x, 5), (0,), [0.0]),
    (sp.agm, (2, 2), [0.5, 0.5]),
    # Losses.
    (sp.huber, (1, 1), [0.0, 1.0]),
    (sp.huber, (1, -3), [2.0, -1.0]),
    (sp.pseudo_huber, (0, 0), [0.0, 0.0]),
    (sp.pseudo_huber, (0, 3), [3.0, 0.0]),
    (sp.pseudo_huber, (1e200, 1e-200), [0.0, 1e-200]),
    # Lambert's W: 1 at 0, vertical at the branch point.
    (lambda z: np.real(special.lambertw(z)), (0,), [1.0]),
    (sp.wrightomega, (-800,), [0.0]),
    # Incomplete functions at the ends.
    (sp.gammainc, (0.5, 0), [0.0, inf]),
    (sp.gammainc, (1, 0), [0.0, 1.0]),
    (sp.gammainc, (2, 0), [0.0, 0.0]),
    (sp.gammainc, (0, 1), [-float(mp.e1(1)), 0.0]),
    (sp.gammainc, (2, inf), [0.0, 0.0]),
    (sp.gammaincc, (1, 0), [0.0, -1.0]),
    (sp.chdtr, (5, inf), [0.0, 0.0]),
    (sp.fdtr, (3, 5, inf), [0.0, 0.0, 0.0]),
    (sp.stdtr, (3, inf), [0.0, 0.0]),
    (sp.stdtr, (3, -inf), [0.0, 0.0]),
    (sp.stdtr, (inf, 1.5), [0.0, math.exp(-1.125) / math.sqrt(2 * pi)]),
    (sp.chndtr, (inf, 3, 2), [0.0, 0.0, 0.0]),
    (sp.ncfdtr, (3, 5, 2, inf), [0.0, 0.0, 0.0, 0.0]),
    (sp.gammaincinv, (0.5, 0), [0.0, 0.0]),
    (sp.gammaincinv, (2, 0), [0.0, inf]),
    (sp.betainc, (1, 3, 0), [0.0, 0.0, 3.0]),
    (sp.betainc, (2, 1, 1), [0.0, 0.0, 2.0]),
    (sp.betainc, (2, 0.5, 1), [0.0, 0.0, inf]),
    (sp.betaincinv, (1, 3, 0), [0.0, 0.0, 1 / 3]),
    (sp.stdtr, (3, 0), [0.0, 2 / (math.sqrt(3) * pi)]),
    (sp.stdtrit, (3, 0.5), [0.0, math.sqrt(3) * pi / 2]),
    (sp.fdtr, (2, 4, 0), [0.0, 0.0, 1.0]),
    (sp.fdtr, (4, 4, 0), [0.0, 0.0, 0.0]),
    (sp.chndtr, (0, 2, 3), [0.5 * math.exp(-1.5), 0.0, 0.0]),
    (sp.ncfdtr, (2, 4, 3, 0), [0.0, 0.0, 0.0, math.exp(-1.5)]),
    (lambda p: sp.bdtr(2.0, 5, p), (0,), [0.0]),
    (lambda p: sp.bdtr(0.0, 5, p), (0,), [-5.0]),
    (sp.pdtr, (0, 0), [0.0, -1.0]),
    # Where SciPy stops because there is no solution, nothing moves.
    (sp.pdtrik, (0.5, 0.3), [0.0, 0.0]),
    (sp.bdtrik, (0.1, 5, 0.3), [0.0, 0.0, 0.0]),
    (sp.stdtridf, (0.85, 1), [0.0, 0.0]),
    (sp.tklmbda, (2, 1), [0.0, 0.0]),
    (sp.kolmogorov, (0,), [0.0]),
    (sp.kolmogorov, (-1,), [0.0]),
    (lambda d: sp.smirnov(3, d), (0,), [-1.0]),
]


@pytest.mark.parametrize(("f", "point", "expected"), FIRST, ids=lambda x: getattr(x, "__name__", None))
def test_first_derivatives(f, point, expected):
    for i, wanted in enumerate(expected):
        if wanted is not None:
            np.testing.assert_allclose(first(f, point, i), wanted, rtol=1e-12, atol=0, err_msg=str(i))


SECOND = [
    (sp.rgamma, (-1,), 0, 0, 2 - 2 * EULER),
    (sp.poch, (0, 3), 0, 0, 6.0),
    (sp.poch, (0, 3), 0, 1, 2 * (1.5 - EULER)),
    (sp.beta, (-0.5, -0.5), 0, 0, float(mp.diff(mp.beta, (-0.5, -0.5), (2, 0)))),
    (sp.beta, (-0.5, -0.5), 0, 1, float(mp.diff(mp.beta, (-0.5, -0.5), (1, 1)))),
    (sp.binom, (3, 5), 0, 0, float(mp.diff(mp.binomial, (3, 5), (2, 0)))),
    (sp.binom, (3, 5), 0, 1, float(mp.diff(mp.binomial, (3, 5), (1, 1)))),
    (sp.binom, (3, -1), 1, 1, float(mp.diff(mp.binomial, (3, -1), (0, 2)))),
    (sp.xlogy, (0, 2), 0, 1, 0.5),
    (sp.exprel, (0,), 0, 0, 1 / 3),
    (sp.spence, (1,), 0, 0, 0.5),
    (lambda x: sp.sici(x)[0], (0,), 0, 0, 0.0),
    (lambda x: sp.shichi(x)[0], (0,), 0, 0, 0.0),
    (sp.boxcox, (2, 0), 1, 1, math.log(2) ** 3 / 3),
    (sp.boxcox, (0, 0.5), 1, 1, -16.0),
    (sp.log_ndtr, (-1e5,), 0, 0, -1 + 6e-10 / 2 - 2e-10),
    (sp.gammainc, (1, 0), 1, 1, -1.0),
    (sp.gammainc, (2, 0), 1, 1, 1.0),
    (sp.gammainc, (0.5, 0), 1, 1, -inf),
    (sp.gammainc, (1, 0.7), 0, 1, math.exp(-0.7) * (math.log(0.7) + EULER)),
    (sp.betainc, (1, 3, 0), 2, 2, -6.0),
    (sp.betainc, (1, 1, 0.3), 0, 2, math.log(0.3) + 1),
    (sp.fdtr, (4, 4, 0), 2, 2, 6.0),
    (sp.stdtr, (3, 0), 1, 1, 0.0),
    (sp.stdtrit, (3, 0.5), 1, 0, None),
    (lambda x: special.diric(x, 5), (0,), 0, 0, -2.0),
    (sp.pseudo_huber, (1, 0), 1, 1, 1.0),
    (sp.agm, (2, 2), 0, 1, 1 / 16),
    (sp.pdtrik, (0.5, 0.3), 0, 0, 0.0),
]


@pytest.mark.parametrize(("f", "point", "i", "j", "expected"), SECOND, ids=lambda x: getattr(x, "__name__", None))
def test_second_derivatives(f, point, i, j, expected):
    if expected is None:  # ∂²t/∂p∂ν at the median, where t is 0 for every ν: the derivative of 1/f(0; ν)
        front = mp.diff(lambda v: mp.sqrt(v * mp.pi) * mp.gamma(v / 2) / mp.gamma((v + 1) / 2), point[0])
        expected = float(front)
    np.testing.assert_allclose(second(f, point, i, j), expected, rtol=1e-11, atol=1e-15)


def test_lambert_is_vertical_at_the_branch_point():
    near = np.nextafter(-np.exp(-1.0), 0)  # the branch point itself is no floating point number
    assert first(lambda z: np.real(special.lambertw(z)), (near,), 0) > 1e7
    assert first(lambda z: np.real(special.lambertw(z, -1)), (near,), 0) < -1e7


def test_the_round_of_scipy_is_flat():
    x = np.array([0.5, 1.5, -2.5])
    np.testing.assert_array_equal(sp.round(wg.tensor(x, requires_grad=True)).numpy(), [0, 2, -2])
    np.testing.assert_array_equal(wg.grad(lambda x: np.sum(sp.round(x)))(x), np.zeros(3))


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (sp.gammasgn, (-0.5,)),
        (lambda k: sp.pdtr(k, 1.5), (2.4,)),
        (lambda k: sp.bdtr(k, 5, 0.3), (2.4,)),
        (lambda n: sp.expn(n, 0.7), (2.0,)),
        (lambda n: sp.smirnov(n, 0.3), (4.0,)),
        (lambda n: special.diric(0.4, n), (3.0,)),
        (lambda n: special.polygamma(n, 0.7), (2.0,)),
    ],
)
def test_whole_numbers_are_flat(f, point):
    assert first(f, point, 0) == 0


# --- what was not selected -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "bad", "good"),
    [
        (sp.gammaln, -1.0, 2.5),
        (sp.gamma, 0.0, 2.5),
        (sp.entr, 0.0, 0.5),
        (sp.logit, 0.0, 0.5),
        (sp.erfinv, 1.0, 0.5),
        (sp.exp1, 0.0, 0.5),
        (lambda x: sp.gammainc(0.5, x), 0.0, 0.5),
        (lambda a: sp.gammainc(a, 1.5), -1.0, 0.5),
        (lambda x: sp.betaincinv(0.5, 2.0, x), 1.0, 0.5),
    ],
)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_an_element_that_was_not_selected_contributes_exactly_zero(f, bad, good, mode):
    x = np.array([bad, good])

    def chosen(x):
        return np.where(x == bad, 0.0, f(x))

    with np.errstate(all="ignore"):
        jacobian = wg.jacobian(chosen, mode=mode)(x)
        hessian = wg.hessian(lambda x: np.sum(chosen(x)))(x)
    assert jacobian[0, 0] == jacobian[0, 1] == jacobian[1, 0] == 0
    assert np.isfinite(jacobian[1, 1])
    assert jacobian[1, 1] != 0
    assert hessian[0, 0] == hessian[0, 1] == hessian[1, 0] == 0
    assert np.isfinite(hessian[1, 1])


@pytest.mark.parametrize("f", [sp.gammainc, sp.beta, sp.stdtr, sp.kl_div, sp.owens_t, sp.boxcox])
def test_nan_in_one_element_stays_there(f):
    x = np.array([nan, 1.5])
    found = wg.grad(lambda x: np.sum(f(x, 0.7)))(x)
    assert np.isnan(found[0])
    assert np.isfinite(found[1])


@pytest.mark.parametrize("f", [sp.gammainc, sp.beta, sp.stdtr, sp.chdtri, sp.poch, special.zeta])
@pytest.mark.parametrize("shape", [(0,), (2, 0)])
def test_empty_arrays(f, shape):
    _, pullback = wg.vjp(f, np.zeros(shape), np.ones(shape))
    assert [x_bar.shape for x_bar in pullback(np.zeros(shape))] == [shape, shape]


# --- logsumexp, softmax --------------------------------------------------------------------------

LOGSUMEXP = [
    ([-inf, 0, 0], [0, 0.5, 0.5]),
    ([-inf, -inf], [0, 0]),
    ([1e4, 0], [1, 0]),
    ([-1e300, 0], [0, 1]),
    ([0, -60], [1, math.exp(-60)]),
    ([inf, 0], [0, 0]),
]


@pytest.mark.parametrize(("a", "expected"), LOGSUMEXP)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_gradient_of_logsumexp(a, expected, mode):
    found = wg.jacobian(special.logsumexp, mode=mode)(np.array(a, float))
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_the_hessian_of_logsumexp_with_a_structural_zero():
    hessian = wg.hessian(special.logsumexp)(np.array([-inf, 0.0, 0.0]))
    np.testing.assert_allclose(hessian, [[0, 0, 0], [0, 0.25, -0.25], [0, -0.25, 0.25]])


def test_a_weight_of_zero_leaves_its_term_out_and_has_a_derivative():
    a, b = np.array([5.0, 0.0]), np.array([0.0, 1.0])
    np.testing.assert_allclose(wg.grad(lambda a: special.logsumexp(a, b=b))(a), [0, 1])
    np.testing.assert_allclose(wg.grad(lambda b: special.logsumexp(a, b=b))(b), [math.exp(5), 1])
    np.testing.assert_allclose(wg.grad(lambda a: special.logsumexp(a, b=b))(np.array([inf, 0.0])), [0, 1])


def test_the_sign_of_a_sum_is_flat_and_a_negative_sum_nan():
    a, b = np.array([1.0, 2.0]), np.array([1.0, -3.0])
    (out, sign), pullback = wg.vjp(lambda a: special.logsumexp(a, b=b, return_sign=True), a)
    total = math.e - 3 * math.e**2
    assert (float(out), float(sign)) == (pytest.approx(math.log(-total)), -1)
    np.testing.assert_allclose(pullback((1.0, 1.0))[0], [math.e / total, -3 * math.e**2 / total])
    assert np.isnan(float(special.logsumexp(wg.tensor(a), b=b)))


def test_logsumexp_keeps_the_precision_of_a_result_near_zero():
    out, _ = wg.value_and_grad(special.logsumexp)(np.array([0.0, -50.0]))
    assert float(out) == pytest.approx(math.exp(-50), rel=1e-14)


def test_logsumexp_of_nothing():
    empty = wg.tensor(np.zeros((0, 2)), requires_grad=True)
    np.testing.assert_array_equal(special.logsumexp(empty, axis=0).detach().numpy(), [-inf, -inf])


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_softmax_with_a_structural_zero(mode):
    x = np.array([-inf, 0.0, math.log(3)])
    expected = [[0, 0, 0], [0, 3 / 16, -3 / 16], [0, -3 / 16, 3 / 16]]
    np.testing.assert_allclose(wg.jacobian(special.softmax, mode=mode)(x), expected, atol=1e-17)
    expected = [[1, -0.25, -0.75], [0, 0.75, -0.75], [0, -0.25, 0.25]]
    np.testing.assert_allclose(wg.jacobian(special.log_softmax, mode=mode)(x), expected, atol=1e-17)
