"""What docs/comparison.md says of results, here and in the peers."""

from __future__ import annotations

import math

import numpy as np
import pytest

import wengert as wg

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

NAN = math.nan
SPECIAL_POINTS = {
    "where": (lambda xp: lambda x: xp.where(x > 0, xp.sqrt(x), 0 * x), 0.0, (0, NAN, NAN)),
    "norm": (lambda xp: xp.linalg.norm, [0.0, 0.0], ([0, 0], [0, 0], [NAN, NAN])),
    "prod": (lambda xp: xp.prod, [0.0, 2.0, 3.0], ([6, 0, 0], [6, 0, 0], [NAN, 0, 0])),
    "sinc": (lambda xp: xp.sinc, 0.0, (0, 0, NAN)),
    "std": (lambda xp: xp.std, [1.0, 1.0], ([0, 0], [0, 0], [NAN, NAN])),
    "max": (lambda xp: xp.max, [1.0, 1.0], ([0.5, 0.5],) * 3),
    "abs": (lambda xp: xp.abs, 0.0, (0, 0, 0)),
    "root": (lambda xp: lambda x: xp.sqrt(x**4), 0.0, (NAN, NAN, NAN)),
    "complex": (lambda xp: lambda z: abs(z) ** 2, 3 + 4j, (6 + 8j, 6 + 8j, 6 - 8j)),
}


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


@pytest.fixture
def autograd():
    return pytest.importorskip("autograd")


def torch_gradient(torch, f, x):
    x = torch.tensor(x, dtype=torch.complex128 if isinstance(x, complex) else torch.float64, requires_grad=True)
    f(x).backward()
    return x.grad.numpy()


@pytest.mark.parametrize("point", SPECIAL_POINTS)
def test_special_points(point, torch, autograd):
    make, x, expected = SPECIAL_POINTS[point]
    at = x if isinstance(x, complex) else np.asarray(x)[()]
    found = (
        wg.grad(make(np))(at),
        torch_gradient(torch, make(torch), x),
        autograd.grad(make(autograd.numpy))(at),
    )
    for derivative, value in zip(found, expected, strict=True):
        np.testing.assert_allclose(derivative, value, rtol=1e-14)


def test_math_sin(torch, autograd):
    def f(x):
        return math.sin(x) * x

    with pytest.raises(wg.LostDerivativeError, match=r"math\.sin\(x\) \* x"):
        wg.grad(f)(2.0)
    assert round(float(torch_gradient(torch, f, 2.0)), 3) == 0.909
    with pytest.raises(TypeError, match="must be real number, not ArrayBox"):
        autograd.grad(f)(2.0)


def test_joining_values(torch, autograd):
    def f(x):
        return np.sum(np.array([x, 2 * x]))

    assert wg.grad(f)(2.0) == 3
    assert autograd.grad(f)(2.0) == 3
    assert torch_gradient(torch, lambda x: torch.stack([x, 2 * x]).sum(), 2.0) == 3
    with pytest.raises(RuntimeError, match="does not require grad"):
        torch_gradient(torch, lambda x: torch.tensor([x, 2 * x]).sum(), 2.0)


def test_assignment(torch, autograd):
    def f(xp):
        def assigned(x):
            z = xp.zeros(3)
            z[0] = x
            return z.sum()

        return assigned

    with pytest.raises(wg.LostDerivativeError):
        wg.grad(f(np))(2.0)
    assert torch_gradient(torch, f(torch), 2.0) == 1
    with pytest.raises(ValueError, match="sequence"):
        autograd.grad(f(autograd.numpy))(2.0)


def test_adding_in_place(torch, autograd):
    def f(x):
        y = x * 1.0
        y += x
        return y.sum()

    x = np.ones(2)
    for found in (wg.grad(f)(x), torch_gradient(torch, f, x), autograd.grad(lambda x: autograd.numpy.sum(f(x)))(x)):
        np.testing.assert_array_equal(found, [2, 2])


def test_functions_of_plain_numpy(torch, autograd):
    assert wg.grad(np.sin)(2.0) == autograd.grad(np.sin)(2.0) == np.cos(2.0)
    with pytest.raises(RuntimeError, match="Can't call numpy"):
        torch_gradient(torch, np.sin, 2.0)


def test_functions_that_autograd_has(autograd):
    from autograd.scipy import special

    anp, x = autograd.numpy, np.array([2.0, 1.0])
    for f in (
        lambda x: anp.sum(anp.linalg.solve(np.eye(2), x)),
        lambda x: anp.sum(anp.abs(anp.fft.fft(x))),
        lambda x: anp.sort(x)[0],
        lambda x: anp.einsum("i,i->", x, x),
        lambda x: anp.sum(special.erf(x)),
    ):
        assert np.all(np.isfinite(autograd.grad(f)(x)))


def test_a_value_that_was_overwritten(torch, autograd):
    def f(xp):
        def overwrites(x):
            y = x * 3.0
            z = y * y
            y[1:] *= 2.0
            return z.sum()

        return overwrites

    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(wg.grad(f(np))(x), [18, 36])
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        torch_gradient(torch, f(torch), x)
    with pytest.raises(TypeError, match="does not support item assignment"):
        autograd.grad(f(autograd.numpy))(x)


def test_the_parameter_of_an_incomplete_gamma_function(torch, autograd):
    import scipy.special
    from autograd.scipy.special import gammainc

    slope = wg.numeric.derivative(lambda a: scipy.special.gammainc(a, 1.5), 2.0, "richardson")
    np.testing.assert_allclose(wg.grad(lambda a: scipy.special.gammainc(a, 1.5))(2.0), slope, rtol=1e-9)
    with pytest.raises(NotImplementedError):
        autograd.grad(lambda a: gammainc(a, 1.5))(2.0)
    with pytest.raises(RuntimeError, match="not implemented"):
        torch_gradient(torch, lambda a: torch.special.gammainc(a, torch.tensor(1.5)), 2.0)


def test_a_function_of_a_matrix_with_repeated_eigenvalues(torch, autograd):
    def square(xp):
        def of_matrix(a):
            w, v = xp.linalg.eigh((a + a.T) / 2)
            return (v * w**2 @ v.T)[0, 1]

        return of_matrix

    identity = np.eye(2)
    np.testing.assert_allclose(wg.grad(square(np))(identity), [[0, 1], [1, 0]], atol=1e-12)
    assert np.isnan(torch_gradient(torch, square(torch), identity)).any()
    assert np.isnan(autograd.grad(square(autograd.numpy))(identity)).any()
