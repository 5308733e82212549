"""Orthogonal polynomials, Gauss quadrature with a parameter, Legendre functions and spherical harmonics."""

import math

import numpy as np
import pytest
import scipy.special as sp
from mpmath import mp

import wengert as wg
from rules.special_b_references import assert_derivatives, by_mpmath, forward, sample
from wengert import special
from wengert.checker import check

inf = math.inf

BY_DEGREE = {
    "eval_legendre": mp.legendre,
    "eval_chebyt": mp.chebyt,
    "eval_chebyu": mp.chebyu,
    "eval_chebyc": lambda n, x: 2 * mp.chebyt(n, x / 2),
    "eval_chebys": lambda n, x: mp.chebyu(n, x / 2),
    "eval_sh_legendre": lambda n, x: mp.legendre(n, 2 * x - 1),
    "eval_sh_chebyt": lambda n, x: mp.chebyt(n, 2 * x - 1),
    "eval_sh_chebyu": lambda n, x: mp.chebyu(n, 2 * x - 1),
    "eval_laguerre": lambda n, x: mp.laguerre(n, 0, x),
}
BY_PARAMETER = {
    "eval_gegenbauer": (mp.gegenbauer, [(0.7, 2.0), (0.2, -0.3), (3.1, 1.0)]),
    "eval_genlaguerre": (mp.laguerre, [(0.7, 2.0), (-0.4, 0.3), (3.1, 6.0)]),
    "eval_jacobi": (mp.jacobi, [(0.7, 0.2, 0.3), (-0.4, 1.3, -0.8), (3.1, -0.5, 0.9)]),
}


# --- polynomials ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BY_DEGREE)
@pytest.mark.parametrize(("i", "order", "rtol"), [(0, 1, 1e-11), (0, 2, 1e-9), (1, 1, 1e-11), (1, 2, 1e-10)])
def test_derivatives_in_a_real_degree_and_the_argument(name, i, order, rtol):
    n, x = [0.4, 2.0, 3.7, 5.0, -1.6], [0.3, 0.7, 0.1, 0.45, 0.6]
    assert_derivatives(getattr(sp, name), BY_DEGREE[name], n, x, i=i, order=order, rtol=rtol)


@pytest.mark.parametrize("name", BY_PARAMETER)
@pytest.mark.parametrize("n", [0, 1, 2, 7, 2.4])
@pytest.mark.parametrize(("order", "rtol"), [(1, 1e-11), (2, 1e-8)])
def test_derivatives_in_the_parameters(name, n, order, rtol):
    reference, rows = BY_PARAMETER[name]
    columns, f = [np.array(column) for column in zip(*rows, strict=True)], getattr(sp, name)
    for i in range(len(columns) - 1):
        found = forward(lambda *xs: f(np.full(len(rows), n), *xs), columns, i, order)
        expected = [by_mpmath(reference, (n, *row), i + 1, order).real for row in rows]
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-11)


@pytest.mark.parametrize("name", [*BY_DEGREE, "eval_hermite", "eval_hermitenorm"])
def test_integer_degrees_up_to_the_ends_of_the_interval(name):
    f, n = getattr(sp, name), np.array([0, 1, 2, 5])
    polynomials = {
        "eval_legendre": sp.legendre, "eval_chebyt": sp.chebyt, "eval_chebyu": sp.chebyu, "eval_chebyc": sp.chebyc,
        "eval_chebys": sp.chebys, "eval_sh_legendre": sp.sh_legendre, "eval_sh_chebyt": sp.sh_chebyt,
        "eval_sh_chebyu": sp.sh_chebyu, "eval_laguerre": sp.laguerre, "eval_hermite": sp.hermite,
        "eval_hermitenorm": sp.hermitenorm,
    }  # fmt: skip
    for x in (-1.0, 0.0, 1.0, 2.5):
        first = wg.jvp(lambda x: f(n, x), (x,), (1.0,))[1]
        second = wg.jvp(lambda x: wg.jvp(lambda x: f(n, x), (x,), (1.0,))[1], (x,), (1.0,))[1]
        expected = [np.polyder(np.poly1d(polynomials[name](k).coef)) for k in n]
        np.testing.assert_allclose(first, [p(x) for p in expected], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(second, [np.polyder(p)(x) for p in expected], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", ["eval_legendre", "eval_chebyt", "eval_chebyu"])
def test_negative_degrees(name):
    f, n, x = getattr(sp, name), np.array([-1, -2, -3, -5]), np.array([0.3, -0.4, 0.7, 0.1])
    check(lambda x: f(n, x), x, order=2, step=1e-2)


def test_whole_degrees_of_floating_point_have_the_derivatives_of_integers():
    x = np.array([0.3, -0.4, 0.7, 0.99])
    for name in ("eval_legendre", "eval_chebyu"):
        f = getattr(sp, name)
        for n in range(4):
            of_integer = wg.jvp(lambda x, n=n, f=f: wg.jvp(lambda x: f(n, x), (x,), (x,))[1], (x,), (x,))[1]
            of_float = wg.jvp(lambda x, n=n, f=f: wg.jvp(lambda x: f(float(n), x), (x,), (x,))[1], (x,), (x,))[1]
            np.testing.assert_allclose(of_float, of_integer, rtol=1e-12, atol=1e-14)


def test_mixed_derivatives_in_degree_and_argument_commute():
    for name in BY_DEGREE:
        f = getattr(sp, name)
        for n, x in [(0.0, 0.3), (2.0, 0.6), (3.4, 0.2)]:
            one, other = wg.grad(wg.grad(f, 0), 1)(n, x), wg.grad(wg.grad(f, 1), 0)(n, x)
            assert one == pytest.approx(other, rel=1e-9, abs=1e-11)


def test_derivatives_in_a_degree_where_the_polynomials_of_scipy_lose_all_digits_are_nan():
    # SciPy's Jacobi function of degree 25.5 is wrong there by many orders of magnitude.
    with np.errstate(all="ignore"):
        assert np.isnan(wg.grad(sp.eval_jacobi, 0)(25.5, 0.3, 0.7, -0.9))


# --- Gauss quadrature ----------------------------------------------------------------------------

ROOTS = [("roots_jacobi", (0.3, 0.7)), ("roots_jacobi", (-0.4, 0.4)), ("roots_jacobi", (0.0, 0.0)),
         ("roots_sh_jacobi", (2.3, 0.7)), ("roots_gegenbauer", (0.7,)), ("roots_gegenbauer", (-0.2,)),
         ("roots_genlaguerre", (0.7,))]  # fmt: skip


@pytest.mark.parametrize(("name", "parameters"), ROOTS)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_nodes_and_weights_are_scipys(name, parameters, n):
    expected = getattr(sp, name)(n, *parameters, mu=True)
    found = wg.vjp(lambda *p: getattr(special, name)(n, *p, mu=True), *parameters)[0]
    for y, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(y, wanted, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(("name", "parameters"), ROOTS)
def test_the_quadrature_integrates_polynomials_whatever_the_parameter(name, parameters):
    # ∂/∂p of Σ wᵢ f(xᵢ), for f of degree 2n − 1, is that of a rule with more nodes.
    def integral(n):
        def of_parameters(*p):
            x, w = getattr(special, name)(n, *p)
            return np.sum(w * x**5)

        return of_parameters

    for i in range(len(parameters)):
        few, many = wg.grad(integral(3), i)(*parameters), wg.grad(integral(6), i)(*parameters)
        assert few == pytest.approx(many, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("roots_jacobi", (0, 0.3, 0.7)), ("roots_jacobi", (2.5, 0.3, 0.7)), ("roots_jacobi", (3, -1.0, 0.7)),
        ("roots_sh_jacobi", (3, 0.2, 1.7)), ("roots_gegenbauer", (3, -0.6)), ("roots_genlaguerre", (3, -1.5)),
    ],
)  # fmt: skip
def test_wrong_parameters_raise_what_scipy_raises(name, args):
    with pytest.raises(ValueError) as expected:  # noqa: PT011  # the message is compared below
        getattr(sp, name)(*args)
    with pytest.raises(ValueError, match=str(expected.value).replace("(", r"\(").replace(")", r"\)")):
        wg.vjp(lambda *p: getattr(special, name)(args[0], *p), *args[1:])


# --- Legendre functions --------------------------------------------------------------------------


@pytest.mark.parametrize(("m", "i", "order", "rtol"), [
    (0, 0, 1, 1e-10), (0, 0, 2, 1e-8), (0, 1, 2, 1e-11), (1, 0, 1, 1e-10), (-2, 0, 2, 1e-8), (-2, 1, 2, 1e-11),
])  # fmt: skip
def test_derivatives_of_lpmv(m, i, order, rtol):
    v, x = [3.7], [-0.7]  # of which mpmath takes long

    def reference(v, x):
        return mp.legenp(v, m, x, type=2)

    assert_derivatives(lambda v, x: sp.lpmv(m, v, x), reference, v, x, i=i, order=order, rtol=rtol)


def test_lpmv_at_the_ends_of_the_interval():
    # P₃, P₃² = 15x(1−x²) and P₂⁻² = (1−x²)/8 are polynomials, P₂¹ has a root there.
    def second(f):
        return wg.grad(wg.grad(f))

    for x in (1.0, -1.0):
        assert wg.grad(lambda x: sp.lpmv(0, 3, x))(x) == pytest.approx(6, rel=1e-13)
        assert second(lambda x: sp.lpmv(0, 3, x))(x) == pytest.approx(15 * x, rel=1e-13)
        assert wg.grad(lambda x: sp.lpmv(2, 3, x))(x) == pytest.approx(-30, rel=1e-13)
        assert second(lambda x: sp.lpmv(2, 3, x))(x) == pytest.approx(-90 * x, rel=1e-13)
        assert wg.grad(lambda x: sp.lpmv(-2, 2, x))(x) == pytest.approx(-0.25 * x, rel=1e-13)
        assert wg.grad(lambda x: sp.lpmv(4, 6, x))(x) == 0.0
        with np.errstate(all="ignore"):
            assert wg.grad(lambda x: sp.lpmv(1, 2, x))(x) == inf
    assert wg.grad(lambda v: sp.lpmv(0, v, 1.0))(2.4) == 0.0


@pytest.mark.parametrize("z", [np.array([0.3, -0.7]), np.float64(2.5), np.array([[0.3 + 0.4j]])], ids=str)
def test_legendre_functions_of_the_second_kind(z):
    n = 3
    value, slope = wg.vjp(lambda z: special.lqn(n, z), z)[0]
    np.testing.assert_allclose(value, sp.lqn(n, z)[0], rtol=1e-13)
    np.testing.assert_allclose(slope, sp.lqn(n, z)[1], rtol=1e-13)
    check(lambda z: special.lqn(n, z), z, order=2, step=1e-3)
    check(lambda z: special.lqmn(2, n, z), z, order=2, step=1e-3)


def test_one_degree_alone():
    value, _ = wg.vjp(lambda z: special.lqn(0, z), 0.3)[0]
    assert value.shape == (1,)
    assert wg.jvp(lambda z: special.lqn(0, z), (0.3,), (1.0,))[1][0] == pytest.approx(1 / (1 - 0.09), rel=1e-13)
    assert wg.vjp(lambda z: special.lqmn(0, 0, z), 0.3)[0][0].shape == (1, 1)


# --- spherical harmonics -------------------------------------------------------------------------

HARMONICS = {
    "legendre_p": (np.array([0, 1, 3, 4]),),
    "legendre_p_all": (3,),
    "assoc_legendre_p": (np.array([0, 1, 3, 4]), np.array([0, 1, -2, 3])),
    "assoc_legendre_p_all": (3, 2),
    "sph_legendre_p": (np.array([0, 1, 3, 4]), np.array([0, 1, -2, 3])),
    "sph_legendre_p_all": (3, 2),
}


def assert_same(found, expected):
    for y, wanted in zip(*(r if isinstance(r, tuple) else (r,) for r in (found, expected)), strict=True):
        assert y.shape == wanted.shape
        assert y.dtype == wanted.dtype
        np.testing.assert_allclose(y, wanted, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", HARMONICS)
@pytest.mark.parametrize("diff_n", [0, 1, 2])
@pytest.mark.parametrize("shape", [(4,), ()])
def test_functions_with_their_derivatives_are_scipys(name, diff_n, shape):
    z = np.array([0.3, 0.8, 1.0, 0.0])
    args = HARMONICS[name]
    if not shape:
        z, args = z[1], tuple(n if np.ndim(n) == 0 else n[2] for n in args)
    found = wg.vjp(lambda z: getattr(special, name)(*args, z, diff_n=diff_n), z)[0]
    with np.errstate(all="ignore"):
        assert_same(found, getattr(sp, name)(*args, z, diff_n=diff_n))


@pytest.mark.parametrize("diff_n", [0, 1, 2])
@pytest.mark.parametrize("name", ["sph_harm_y", "sph_harm_y_all"])
@pytest.mark.parametrize("shape", [(3,), ()])
def test_spherical_harmonics_with_their_derivatives_are_scipys(name, diff_n, shape):
    theta, phi = (x[0] if shape == () else x for x in (np.array([0.3, 1.2, 3.0]), np.array([0.5, -2.0, 4.0])))
    orders = (3, 2) if name.endswith("all") or shape == () else (np.array([1, 2, 4]), np.array([0, -2, 3]))
    found = wg.vjp(lambda t, p: getattr(special, name)(*orders, t, p, diff_n=diff_n), theta, phi)[0]
    assert_same(found, getattr(sp, name)(*orders, theta, phi, diff_n=diff_n))


def test_derivatives_of_spherical_harmonics_are_those_that_scipy_gives():
    theta, phi = 1.1, 0.4
    _, gradient, hessian = sp.sph_harm_y(4, -3, theta, phi, diff_n=2)

    def harmonic(t, p):
        return special.sph_harm_y(4, -3, t, p)

    by_theta = wg.jvp(harmonic, (theta, phi), (1.0, 0.0))[1]
    by_phi = wg.jvp(harmonic, (theta, phi), (0.0, 1.0))[1]
    np.testing.assert_allclose([by_theta, by_phi], gradient, rtol=1e-13)
    mixed = wg.jvp(lambda p: wg.jvp(harmonic, (theta, p), (1.0, 0.0))[1], (phi,), (1.0,))[1]
    np.testing.assert_allclose(mixed, hessian[0, 1], rtol=1e-13)


@pytest.mark.parametrize("name", [*HARMONICS, "sph_harm_y", "sph_harm_y_all"])
def test_wrong_orders_of_differentiation_raise_what_scipy_raises(name):
    args = HARMONICS.get(name, (3, 2)), (0.3, 0.4) if "harm" in name else (0.3,)
    with pytest.raises((ValueError, NotImplementedError)) as expected:
        getattr(sp, name)(*args[0], *args[1], diff_n=3)
    with pytest.raises(type(expected.value), match="diff_n is currently only implemented"):
        wg.vjp(lambda *xs: getattr(special, name)(*args[0], *xs, diff_n=3), *args[1])


def test_third_derivatives():
    x = np.array([0.3, -0.6])
    for n, m in [(3, 2), (4, 1)]:
        check(lambda z, n=n, m=m: special.assoc_legendre_p(n, m, z, diff_n=2)[2], x, order=2, step=1e-2)
        check(lambda t, n=n, m=m: special.sph_legendre_p(n, m, t, diff_n=2)[2], x, order=2, step=1e-2)
    check(lambda z: special.legendre_p(5, z, diff_n=2)[2], np.array([1.0, -0.6]), order=2, step=1e-2)


@pytest.mark.parametrize("branch_cut", [2, 3])
def test_complex_arguments_and_branches(branch_cut):
    z = np.array([0.3 + 0.5j, 1.4 - 0.3j])
    for norm in (False, True):
        check(
            lambda z, norm=norm: special.assoc_legendre_p(3, 1, z, branch_cut=branch_cut, norm=norm),
            z, order=2, step=1e-2,
        )  # fmt: skip


# --- wide sweeps ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", ["eval_legendre", "eval_chebyt", "eval_chebyu"])
@pytest.mark.parametrize("box", [((0, 6), (-0.95, 0.95)), ((6, 40), (-0.95, 0.95)), ((-5, 0), (-0.9, 0.9))])
def test_derivatives_in_the_degree_over_a_box(name, box):
    assert_derivatives(getattr(sp, name), BY_DEGREE[name], *sample(*box, count=30), i=0, rtol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "box"), [
    ("eval_gegenbauer", ((0, 6), (-0.3, 4), (-0.95, 0.95))),
    ("eval_jacobi", ((0, 6), (-0.8, 4), (-0.8, 4), (-0.95, 0.95))),
    ("eval_genlaguerre", ((0, 6), (-0.8, 4), (0.1, 8))),
])  # fmt: skip
def test_derivatives_in_degree_and_parameters_over_a_box(name, box):
    for i in range(len(box) - 1):
        assert_derivatives(getattr(sp, name), BY_PARAMETER[name][0], *sample(*box, count=20, seed=i), i=i, rtol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("m", [0, 1, 2, 3])
def test_lpmv_over_a_box(m):
    points = sample((0, 20), (-0.95, 0.99), count=30)
    for i in range(2):
        assert_derivatives(
            lambda v, x: sp.lpmv(m, v, x), lambda v, x: mp.legenp(v, m, x, type=2), *points, i=i, rtol=1e-9
        )
