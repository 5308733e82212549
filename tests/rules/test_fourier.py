"""Fourier transforms: Jacobians are the matrices of the transforms, in every norm, length and axis."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import wengert as wg

RNG = np.random.default_rng(3)
NORMS = {"backward": lambda n: 1.0, "ortho": lambda n: n**-0.5, "forward": lambda n: 1 / n}
INVERSE_NORM = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def fourier_matrix(n, length, sign, scale):
    """The transform of `length` numbers, cropped or padded to n of them."""
    whole = scale * np.exp(sign * 2j * np.pi * np.outer(np.arange(n), np.arange(max(n, length))) / n)
    kept = np.arange(max(n, length)) < min(n, length)
    return (whole * kept)[:, :length]


def matrix_of(name, n, length, norm):
    """The matrix of a one-dimensional transform of real numbers, written down from its definition."""
    if name == "fft":
        return fourier_matrix(n, length, -1, NORMS[norm](n))
    if name == "ifft":
        return fourier_matrix(n, length, 1, NORMS[INVERSE_NORM[norm]](n))
    if name == "rfft":
        return fourier_matrix(n, length, -1, NORMS[norm](n))[: n // 2 + 1]
    if name == "ihfft":
        return fourier_matrix(n, length, 1, NORMS[INVERSE_NORM[norm]](n))[: n // 2 + 1]
    forward = name == "hfft"
    scale = NORMS[norm if forward else INVERSE_NORM[norm]](n)
    twice = np.array([1.0 if k == 0 or 2 * k == n else 2.0 for k in range(n // 2 + 1)])
    columns = min(length, n // 2 + 1)
    matrix = np.zeros((n, length))
    angles = 2 * np.pi * np.outer(np.arange(n), np.arange(columns)) / n
    matrix[:, :columns] = scale * twice[:columns] * np.cos(angles)
    return matrix


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("n", [1, 2, 4, 5, 8])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_the_jacobian_is_the_matrix_of_the_transform(name, n, norm):
    function = getattr(np.fft, name)
    x = RNG.normal(size=4)
    expected = matrix_of(name, n, 4, norm)
    np.testing.assert_allclose(function(x, n, norm=norm), expected @ x, atol=1e-14)
    for part in (np.real, np.imag) if np.iscomplexobj(expected) else (np.real,):
        for mode in ("forward", "reverse"):
            found = wg.jacobian(lambda x, part=part: part(function(x, n, norm=norm)), mode=mode)(x)
            np.testing.assert_allclose(found, part(expected), atol=1e-14)


@pytest.mark.parametrize("n", [None, 3, 6, 7])
def test_the_cotangent_of_a_complex_signal_is_the_conjugate_transpose(n):
    z, seed = RNG.normal(size=5) + 1j * RNG.normal(size=5), RNG.normal(size=n or 5) + 1j * RNG.normal(size=n or 5)
    for name in ("fft", "ifft"):
        _, pullback = wg.vjp(lambda z, name=name: getattr(np.fft, name)(z, n), z)
        matrix = matrix_of(name, n or 5, 5, "backward")
        np.testing.assert_allclose(pullback(seed)[0], matrix.conj().T @ seed, atol=1e-13)


def test_several_axes_are_transformed_one_after_the_other():
    x = RNG.normal(size=(3, 4))
    first, second = matrix_of("fft", 5, 3, "ortho"), matrix_of("fft", 2, 4, "ortho")
    expected = np.einsum("ik,jl->ijkl", first, second)
    for part in (np.real, np.imag):
        found = wg.jacobian(lambda x, part=part: part(np.fft.fft2(x, (5, 2), norm="ortho")))(x)
        np.testing.assert_allclose(found, part(expected), atol=1e-13)


def test_an_axis_may_be_transformed_twice():
    x = RNG.normal(size=(2, 3))
    twice = matrix_of("fft", 4, 4, "backward") @ matrix_of("fft", 4, 3, "backward")
    seed = RNG.normal(size=(2, 4))
    _, pullback = wg.vjp(lambda x: np.real(np.fft.fftn(x, (4, 4), (1, 1))), x)
    np.testing.assert_allclose(pullback(seed)[0], seed @ np.real(twice), atol=1e-13)


# --- what they are used for ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [6, 7])
def test_the_gradient_of_the_power_follows_from_parsevals_theorem(n):
    x = RNG.normal(size=n)

    def power(x):
        return np.sum(np.abs(np.fft.fft(x)) ** 2) / n

    np.testing.assert_allclose(wg.grad(power)(x), 2 * x, rtol=1e-12)
    np.testing.assert_allclose(wg.hessian(power)(x), 2 * np.eye(n), atol=1e-12)


@pytest.mark.parametrize("n", [6, 7])
def test_a_circular_convolution_has_a_circulant_jacobian(n):
    a, b = RNG.normal(size=n), RNG.normal(size=n)

    def convolution(a, b):
        return np.fft.irfft(np.fft.rfft(a) * np.fft.rfft(b), n)

    circulant = b[(np.arange(n)[:, None] - np.arange(n)) % n]
    for mode in ("forward", "reverse"):
        np.testing.assert_allclose(wg.jacobian(convolution, mode=mode)(a, b), circulant, atol=1e-14)
    mixed = wg.jacobian(lambda b: wg.grad(lambda a: convolution(a, b)[0])(a))(b)
    np.testing.assert_allclose(mixed, (np.arange(n)[:, None] + np.arange(n)) % n == 0, atol=1e-14)


@pytest.mark.parametrize("n", [4, 5])
def test_an_inverse_transform_to_real_numbers_does_not_see_the_phase_of_the_ends(n):
    z = RNG.normal(size=3) + 1j * RNG.normal(size=3)
    z_bar = wg.grad(lambda z: np.sum(np.fft.irfft(z, n) ** 3))(z)
    assert z_bar.imag[0] == 0
    assert (z_bar.imag[2] == 0) == (n == 4)
    assert z_bar.imag[1] != 0


# --- precision, layout, empty arrays ---------------------------------------------------------------------------

KINDS = {
    "tensor": lambda f, x: f(wg.tensor(x, requires_grad=True)).detach().numpy(),
    "dual": lambda f, x: wg.jvp(f, (x,), (x,))[0],
    "list": lambda f, x: wg.trace(f)(x)(x),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2"])
def test_the_values_are_numpys(kind, name):
    function = getattr(np.fft, name)
    for x in (RNG.normal(size=(2, 3, 4)), RNG.normal(size=(4, 3, 2)).T):
        np.testing.assert_allclose(KINDS[kind](function, x), function(x), rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fft2", "irfftn"])
def test_values_and_derivatives_have_numpys_precision(name, dtype):
    function = getattr(np.fft, name)
    x = RNG.normal(size=(3, 4)).astype(dtype)
    y, y_dot = wg.jvp(function, (x,), (x,))
    assert y.dtype == y_dot.dtype == function(x).dtype
    assert wg.grad(lambda x: np.sum(np.abs(function(x))))(x).dtype == dtype


def test_integers_are_transformed_as_numpy_does():
    x = wg.tensor([1, 2, 4])
    np.testing.assert_array_equal(np.fft.fft(x).numpy(), np.fft.fft([1, 2, 4]))


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_there_may_be_no_signals_at_all(name):
    function = getattr(np.fft, name)
    x = np.zeros((0, 4))
    y, pullback = wg.vjp(function, x)
    assert (y.shape, y.dtype) == (function(x).shape, function(x).dtype)
    assert pullback(np.zeros(y.shape, y.dtype))[0].shape == (0, 4)
    assert wg.jvp(function, (x,), (x,))[1].shape == y.shape


# --- what was not selected -------------------------------------------------------------------------------------

SIGNALS = np.array([[1.0, 4.0, 9.0], [0.0, 0.0, 0.0]])


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("name", ["fft", "rfft", "irfft", "ihfft"])
def test_a_signal_that_was_not_selected_has_no_share_in_the_gradient(name, axis):
    function = getattr(np.fft, name)

    def loss(x):
        spectra = np.moveaxis(function(np.sqrt(x), axis=axis), axis, 1)
        return np.sum(np.abs(spectra[0]) ** 2)

    x = np.moveaxis(SIGNALS, 1, axis)
    first = np.moveaxis(wg.grad(loss)(x), axis, 1)
    expected = wg.grad(lambda s: np.sum(np.abs(function(np.sqrt(s))) ** 2))(SIGNALS[0])
    np.testing.assert_allclose(first[0], expected, rtol=1e-12)
    np.testing.assert_array_equal(first[1], np.zeros(3))
    directions = np.moveaxis(np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), 1, axis)
    second = np.moveaxis(wg.hvp(loss, (x,), (directions,)), axis, 1)
    np.testing.assert_array_equal(second[1], np.zeros(3))
    assert np.all(np.isfinite(second[0]))


def test_an_infinite_signal_leaves_the_others_alone():
    x = np.array([[1.0, 2.0], [np.inf, 0.0]])
    with np.errstate(invalid="ignore"):
        x_bar = wg.grad(lambda x: np.sum(np.abs(np.fft.fft(x)[0]) ** 2))(x)
    np.testing.assert_allclose(x_bar, [[4.0, 8.0], [0.0, 0.0]])


# --- what NumPy refuses, and what it warns of ------------------------------------------------------------------

X = np.ones((2, 3))
WRONG = {
    "no points": lambda x: np.fft.fft(x, 0),
    "no points left": lambda x: np.fft.irfft(x[:, :1]),
    "negative length": lambda x: np.fft.rfft(x, -2),
    "unknown norm": lambda x: np.fft.fft(x, norm="unitary"),
    "unknown norm of ifft": lambda x: np.fft.ifft(x, norm="unitary"),
    "unknown norm of hfft": lambda x: np.fft.hfft(x, norm="unitary"),
    "unknown norm of ihfft": lambda x: np.fft.ihfft(x, norm="unitary"),
    "axis out of range": lambda x: np.fft.fft(x, axis=2),
    "axis out of range with n": lambda x: np.fft.irfft(x, 4, axis=-3),
    "a number": lambda x: np.fft.fft(x[0, 0]),
    "complex numbers where real ones are needed": lambda x: np.fft.rfft(x * 1j),
    "axes and lengths": lambda x: np.fft.fftn(x, (2,), (0, 1)),
    "axes out of range": lambda x: np.fft.rfftn(x, axes=(0, 5)),
    "two axes of one": lambda x: np.fft.fft2(x[0]),
    "no axes": lambda x: np.fft.rfftn(x, (), ()),
    "an axis that is no number": lambda x: np.fft.fft(x, axis=None),
    "shift of an axis out of range": lambda x: np.fft.fftshift(x, axes=3),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_wrong_arguments_raise_numpys_errors(wrong):
    with pytest.raises(Exception) as expected:  # noqa: PT011  # whatever NumPy raises
        wrong(X)
    for run in (lambda: wrong(wg.tensor(X, requires_grad=True)), lambda: wg.trace(wrong)(X)):
        with pytest.raises(expected.type) as found:
            run()
        assert str(found.value).replace(" ", "") == str(expected.value).replace(" ", "")


DEPRECATED = {
    "lengths without axes": lambda x: np.fft.fftn(x, (2, 2)),
    "a length of None": lambda x: np.fft.irfft2(x, (None, 4)),
}


@pytest.mark.parametrize("deprecated", DEPRECATED.values(), ids=DEPRECATED)
def test_numpys_warnings_are_given(deprecated):
    with warnings.catch_warnings(record=True) as expected:
        warnings.simplefilter("always")
        values = deprecated(X)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        value = deprecated(wg.tensor(X))
    assert [w.category for w in found] == [w.category for w in expected] == [DeprecationWarning]
    assert found[0].filename == __file__
    np.testing.assert_array_equal(value.numpy(), values)


@pytest.mark.parametrize("name", ["fft", "irfft", "ihfft", "fft2", "rfftn"])
def test_results_do_not_go_into_a_plain_array(name):
    with pytest.raises(wg.NoRuleError, match="out="):
        getattr(np.fft, name)(wg.tensor(X, requires_grad=True), out=np.zeros((2, 3), complex))
