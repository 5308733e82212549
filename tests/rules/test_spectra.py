"""Eigenvalues and singular values: repeated ones, zeros, arbitrary phases and bases; and NumPy's own edge cases.

The oracles are closed forms with eigenvectors that the test chose itself (Daleckii and Krein 1965), SciPy's Fréchet
derivative of the exponential, polynomials of the matrix, and numerical differentiation.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
import scipy.linalg

import wengert as wg
from wengert import numeric
from wengert.checker import check

RNG = np.random.default_rng(3)
EYE = np.eye(3)


def adjoint(x):
    return np.conj(np.swapaxes(x, -1, -2))


def random(*shape, dtype=float):
    x = RNG.normal(size=shape)
    return x + 1j * RNG.normal(size=shape) if np.dtype(dtype).kind == "c" else x


def unitary(n, dtype=float):
    return np.linalg.qr(random(n, n, dtype=dtype))[0]


def hermitian(w, dtype=float):
    """A matrix with these eigenvalues, and its eigenvectors."""
    q = unitary(len(w), dtype)
    a = (q * np.asarray(w)) @ adjoint(q)
    return (a + adjoint(a)) / 2, q


def lower(g):
    """What the gradient by a Hermitian matrix is by its lower triangle."""
    both = g + adjoint(g)
    return np.tril(both, -1) + np.diag(np.diag(g).real)


def inner(a, b):
    return np.sum(np.real(np.conj(a) * b))


def close(found, expected, rtol=1e-12):
    assert np.shape(found) == np.shape(expected)
    assert np.all(np.isfinite(expected))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * max(np.max(np.abs(expected), initial=0), 1e-3))


def projector(v):
    return v[:, None] * np.conj(v)


def by_eigh(g):
    """The matrix function V g(w) Vᴴ."""

    def f(a, UPLO="L"):
        w, v = np.linalg.eigh(a, UPLO)
        return (v * g(w)[..., None, :]) @ adjoint(v)

    return f


def by_svd(g, full_matrices=False):
    """The generalised matrix function U g(s) Vᴴ."""

    def f(a):
        u, s, vh = np.linalg.svd(a, full_matrices=full_matrices)
        k = s.shape[-1]
        return (u[..., :k] * g(s)[..., None, :]) @ vh[..., :k, :]

    return f


def by_eig(g):
    """The matrix function V g(w) V⁻¹."""

    def f(a):
        w, v = np.linalg.eig(a)
        return np.real((v * g(w)[..., None, :]) @ np.linalg.inv(v))

    return f


def gradient_and_tangent(f, a, weights):
    """The gradient of ⟨weights, f⟩, after it has been held against forward mode in two directions."""
    gradient = wg.grad(lambda a: inner(weights, f(a)))(a)
    for _ in range(2):
        a_dot = random(*a.shape, dtype=a.dtype)
        y, y_dot = wg.jvp(f, (a,), (a_dot,))
        close(y, f(a))
        close(inner(weights, y_dot), inner(gradient, a_dot), rtol=1e-11)
    return gradient


def identity(x):
    return 1.0 * x


def cube(x):
    return x**3


# --- repeated eigenvalues: what does not depend on the basis -------------------------------------------------------

SPECTRA = [
    [2.0],
    [1, 1],
    [1, 1, 1],
    [1, 1, 2],
    [1, 3, 3],
    [1, 1, 1, 3],
    [-1, -1, 2, 2],
    [0, 0, 5],
    [0, 0, 0],
    [1, 2, 2, 2, 4],
]


def daleckii_krein(w, q, weights, g, g_prime):
    """The gradient of ⟨weights, Q g(w) Qᴴ⟩ at a Hermitian matrix with eigenvalues w and vectors q."""
    w = np.asarray(w, float)
    i, j = w[:, None], w[None, :]
    same = i == j
    quotients = np.where(same, g_prime(i) + 0 * j, (g(i) - g(j)) / np.where(same, 1, i - j))
    inside = quotients * (adjoint(q) @ weights @ q)
    whole = q @ inside @ adjoint(q)
    return lower((whole + adjoint(whole)) / 2)


@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("w", SPECTRA, ids=str)
@pytest.mark.parametrize(
    ("g", "g_prime"),
    [(np.exp, np.exp), (np.sin, np.cos), (lambda w: w**3, lambda w: 3 * w**2), (identity, np.ones_like)],
    ids=["exp", "sin", "cube", "identity"],
)
def test_the_derivative_of_a_matrix_function(w, g, g_prime, dtype):
    a, q = hermitian(w, dtype)
    weights = random(*a.shape, dtype=dtype)
    found = gradient_and_tangent(by_eigh(g), a, weights)
    close(found, daleckii_krein(w, q, weights, g, g_prime), rtol=1e-11)


@pytest.mark.parametrize("a", [EYE, np.zeros((3, 3)), np.diag([1.0, 1, 2]), np.diag([2.0, 1, 2])], ids=str)
def test_the_exponential_of_a_diagonal_matrix_as_scipy_has_it(a):
    weights = random(3, 3)
    expected = scipy.linalg.expm_frechet(a, weights, compute_expm=False)
    close(gradient_and_tangent(by_eigh(np.exp), a, weights), lower((expected + expected.T) / 2))


@pytest.mark.parametrize(
    "a", [EYE, np.zeros((3, 3)), np.diag([1.0, 1, 2]), hermitian([1, 1, 3])[0]], ids=["I", "0", "D", "A"]
)
def test_the_jacobian_of_the_reconstruction_is_that_of_the_symmetric_part(a):
    symmetric = wg.jacobian(lambda a: np.tril(a) + np.tril(a, -1).T)(a)
    for mode in ("auto", "forward", "reverse"):
        close(wg.jacobian(by_eigh(identity), mode=mode)(a), symmetric)


def test_the_upper_triangle_is_the_one_that_counts_if_numpy_reads_it():
    weights = random(3, 3)
    gradient = wg.grad(lambda a: inner(weights, by_eigh(np.exp)(a, "U")))(EYE)
    close(gradient, lower(np.e * (weights + weights.T) / 2).T)


def test_one_degenerate_matrix_of_a_batch():
    (a, q), (b, p) = hermitian([1, 1, 4]), hermitian([1, 2, 4])
    weights = random(2, 3, 3)
    found = gradient_and_tangent(by_eigh(np.sin), np.stack([a, b]), weights)
    for gradient, u, w, one in zip(found, (q, p), ([1, 1, 4], [1, 2, 4]), weights, strict=True):
        close(gradient, daleckii_krein(w, u, one, np.sin, np.cos), rtol=1e-11)


@pytest.mark.parametrize("dtype", [float, complex])
def test_the_projector_on_a_repeated_eigenvalue(dtype):
    a, q = hermitian([1, 1, 4], dtype)
    weights = random(3, 3, dtype=dtype)

    def whole(a):
        v = np.linalg.eigh(a)[1][:, :2]
        return v @ adjoint(v)

    # ∂P = Σ over i in the space, j outside: vⱼ vⱼᴴ Ȧ vᵢ vᵢᴴ / (wᵢ - wⱼ) and its adjoint.
    inside = adjoint(q) @ (weights + adjoint(weights)) @ q / 2
    mask = np.array([[0, 0, 1], [0, 0, 1], [1, 1, 0]]) / (1 - 4)
    close(gradient_and_tangent(whole, a, weights), lower(q @ (mask * inside) @ adjoint(q)), rtol=1e-11)


@pytest.mark.parametrize("w", SPECTRA, ids=str)
def test_sums_over_a_degenerate_space(w):
    a, q = hermitian(w)
    for f in (np.linalg.eigvalsh, lambda a: np.linalg.eigh(a)[0]):
        close(
            gradient_and_tangent(lambda a, f=f: np.sum(np.exp(f(a))), a, 1.0),
            lower(q @ np.diag(np.exp(w)) @ q.T),
            rtol=1e-11,
        )


def test_the_trace_of_the_middle_space_alone():
    a, q = hermitian([-2, 1, 1, 3])
    expected = lower(q[:, 1:3] @ q[:, 1:3].T)
    close(gradient_and_tangent(lambda a: np.sum(np.linalg.eigvalsh(a)[1:3]), a, 1.0), expected)


def test_the_largest_of_exactly_equal_eigenvalues_shares_evenly():
    close(wg.grad(lambda a: np.max(np.linalg.eigvalsh(a)))(np.diag([1.0, 2, 2])), np.diag([0, 0.5, 0.5]))


@pytest.mark.parametrize("dtype", [float, complex])
def test_at_the_optimum_nothing_but_rounding_is_left(dtype):
    """All terms cancel: what remains is not the same in any two bases, and no reason for an error."""
    a, _ = hermitian([1, 1, 1, 1], dtype)
    q, one = unitary(4, dtype), np.eye(4)
    losses = {
        "eigenvalues": (lambda a: np.sum((np.linalg.eigvalsh(a) - 1) ** 2), a),
        "functions": (lambda a: np.sum(np.abs(by_eigh(np.exp)(a) - np.e * one) ** 2), a),
        "singular values": (lambda a: np.sum((np.linalg.svdvals(a) - 1) ** 2), q),
        "reconstruction": (lambda a: np.sum(np.abs(by_svd(identity)(a) - q) ** 2), q),
        "unsymmetric": (lambda a: np.sum(np.abs(np.linalg.eigvals(a) - 1) ** 2), one.astype(dtype)),
        "antisymmetric part": (lambda a: np.sum(np.real((by_eigh(np.exp)(a) - adjoint(by_eigh(np.exp)(a)))[0])), a),
    }
    for f, x in losses.values():
        np.testing.assert_allclose(wg.grad(f)(x), np.zeros((4, 4)), atol=1e-13)
        np.testing.assert_allclose(wg.jvp(f, (x,), (x,))[1], 0, atol=1e-13)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-8, 1e-9, 1e-11, 1e-13, 2e-14, 1e-15])
def test_close_eigenvalues_come_near_the_limit(gap):
    a, weights = np.diag([1.0, 1 + gap, 2]), random(3, 3)
    found = wg.grad(lambda a: inner(weights, by_eigh(np.exp)(a)))(a)
    expected = scipy.linalg.expm_frechet(a, weights, compute_expm=False)
    close(found, lower((expected + expected.T) / 2), rtol=1e-7)
    a_dot = random(3, 3)
    close(inner(weights, wg.jvp(by_eigh(np.exp), (a,), (a_dot,))[1]), inner(found, a_dot), rtol=1e-9)


@pytest.mark.parametrize("gap", [1e-6, 1e-9, 1e-12])
def test_vectors_of_close_eigenvalues_turn_fast(gap):
    a = np.diag([1.0, 1 + gap, 2])
    found = wg.grad(lambda a: np.linalg.eigh(a)[1][0, 1])(a)
    expected = np.zeros((3, 3))
    expected[1, 0] = 1 / (a[1, 1] - 1)
    close(np.abs(found), expected, rtol=1e-9)
    large, small = a[1, 1], a[0, 0]
    expected[0, 1], expected[1, 0] = np.array([large, small]) / ((large - small) * (large + small))
    close(np.abs(wg.grad(lambda a: np.linalg.svd(a)[0][0, 1])(a)), expected, rtol=1e-9)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14, 1e-16])
def test_close_and_small_singular_values_come_near_the_limit(gap):
    u, v = unitary(4), unitary(3)
    for s in ([2, 1, 1 - gap], [2, 1, gap], [1, 3 * gap, gap]):
        a, b = u[:, :3] @ np.diag(s) @ v.T, random(4, 3)
        expected = b @ a.T @ a + a @ b.T @ a + a @ a.T @ b
        close(wg.grad(lambda a, b=b: inner(b, by_svd(cube)(a)))(a), expected, rtol=1e-7)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14])
def test_close_unsymmetric_eigenvalues_come_near_the_limit(gap):
    x = np.array([[1.0, 0.2, -0.3], [0.1, 0.9, 0.2], [0.4, -0.1, 1.1]])
    a, weights = x @ np.diag([1, 1 + gap, 2]) @ np.linalg.inv(x), random(3, 3)
    found = wg.grad(lambda a: inner(weights, by_eig(np.exp)(a)))(a)
    close(found, scipy.linalg.expm_frechet(a.T, weights, compute_expm=False), rtol=1e-6)


def test_pseudo_inverse_with_repeated_zeros():
    """What `where` does not select contributes nothing, whatever is infinite there: a masked sweep with limits."""
    a, q = hermitian([0, 0, 2, 2])
    weights = random(4, 4)

    def g(w):
        return np.where(w > 1e-9, 1 / np.sqrt(w), 0)

    with np.errstate(all="ignore"):
        found = wg.grad(lambda a: inner(weights, by_eigh(g)(a)))(a)
    h, slopes = 1 / np.sqrt(2), -0.5 * 2**-1.5
    quotients = np.block(
        [[np.zeros((2, 2)), np.full((2, 2), h / 2)], [np.full((2, 2), h / 2), np.full((2, 2), slopes)]]
    )
    inside = quotients * (q.T @ (weights + weights.T) @ q) / 2
    close(found, lower(q @ inside @ q.T), rtol=1e-10)


def test_two_decompositions_of_which_the_second_depends_on_the_first():
    a, _ = hermitian([1, 1, 3])
    c = np.diag([0.0, 1, 5])

    def f(a):
        return np.linalg.eigvalsh(by_eigh(np.exp)(a) + c)

    def plain(a):
        symmetric = np.tril(a) + np.tril(a, -1).T
        return np.linalg.eigvalsh(scipy.linalg.expm(symmetric) + c)

    close(wg.jacobian(f)(a), numeric.jacobian(plain, a, "richardson", 1e-2), rtol=1e-9)


# --- repeated eigenvalues: what depends on the basis ---------------------------------------------------------------

ROTATED = hermitian([1, 1, 3])[0]
CHOICES = {
    "a component": lambda a: np.linalg.eigh(a)[1][0, 0],
    "a component, stationary in this basis": lambda a: np.linalg.eigh(a)[1][1, 0] ** 4,
    "a component that is 0 in every basis": lambda a: np.linalg.eigh(a)[1][2, 0],
    "one projector": lambda a: inner(np.ones((3, 3)), np.outer(np.linalg.eigh(a)[1][:, 0], np.linalg.eigh(a)[1][:, 0])),
    "half a function": lambda a: inner(np.arange(9.0).reshape(3, 3), by_eigh(lambda w: w * np.array([1.0, 2, 3]))(a)),
    "one eigenvalue of eigh": lambda a: np.linalg.eigh(a)[0][0],
    "one eigenvalue": lambda a: np.linalg.eigvalsh(a)[1],
    "both": lambda a: np.linalg.eigh(a)[0][0] + inner(EYE[:1], by_eigh(np.exp)(a)[:1]),
    "a gap": lambda a: inner(np.ones((3, 3)), by_eigh(lambda w: (w - np.mean(w[:2])) * np.array([1.0, 5, 0]))(a)),
}


@pytest.mark.parametrize("a", [EYE, np.diag([1.0, 1, 2]), ROTATED], ids=["I", "D", "A"])
@pytest.mark.parametrize("name", CHOICES)
@pytest.mark.parametrize("mode", ["grad", "jvp", "jacobian"])
def test_what_depends_on_the_basis_is_an_error_that_names_the_pair(name, mode, a):
    f = CHOICES[name]
    derivative = {"grad": wg.grad(f), "jvp": lambda a: wg.jvp(f, (a,), (random(3, 3),)), "jacobian": wg.jacobian(f)}[
        mode
    ]
    one = r"(0.9999|1)\S*"
    pattern = rf"^eigenvalues (0 and [12]|1 and 2) are equal to rounding \({one} and {one}\), and the result depends"
    with pytest.raises(wg.DegenerateError, match=pattern) as caught:
        derivative(a)
    assert "is an arbitrary choice. Use what belongs to the space as a whole" in str(caught.value)
    assert f"{__file__}:" in str(caught.value)


def test_the_error_names_the_matrix_of_a_batch():
    batch = np.stack([np.diag([1.0, 2, 3]), np.diag([1.0, 2, 2])])
    with pytest.raises(
        np.linalg.LinAlgError, match=r"eigenvalues 1 and 2 of the matrix at \(1,\) are equal to rounding"
    ):
        wg.grad(lambda a: np.sum(np.linalg.eigh(a)[1][:, 0, 1]))(batch)


def test_other_matrices_of_the_batch_may_be_used_as_one_likes():
    batch = np.stack([np.diag([1.0, 2, 3]), EYE])
    found = wg.grad(lambda a: np.linalg.eigh(a)[1][0, 0, 1])(batch)
    expected = wg.grad(lambda a: np.linalg.eigh(a)[1][0, 1])(batch[0])
    close(found, np.stack([expected, np.zeros((3, 3))]))


def test_an_eigenvector_that_belongs_to_no_group():
    a = np.diag([1.0, 1, 3])
    expected = np.zeros((3, 3))
    expected[2, 0] = 1 / (3 - 1)
    close(wg.grad(lambda a: np.linalg.eigh(a)[1][0, 2])(a), expected)


# --- values leave the record as plain arrays -----------------------------------------------------------------------


def test_values_and_derivatives_are_plain_numbers():
    weights = random(3, 3)

    def f(a, weights):
        m = by_eigh(np.exp)(a)
        return inner(weights, m), m

    value, (of_a, of_weights) = wg.value_and_grad(lambda a, b: f(a, b)[0], (0, 1))(EYE, weights)
    assert type(value) is np.float64
    assert type(of_a) is type(of_weights) is np.ndarray
    close(of_weights, np.e * EYE)
    _, aux = wg.grad(f, has_aux=True)(EYE, weights)
    assert type(aux) is np.ndarray
    outputs, pullback = wg.vjp(np.linalg.eigh, EYE)
    assert [type(y) for y in outputs] == [np.ndarray, np.ndarray]
    assert type(outputs).__name__ == "EighResult"
    np.testing.assert_array_equal(outputs.eigenvectors, np.linalg.eigh(EYE).eigenvectors)
    close(pullback(type(outputs)(np.ones(3), np.zeros((3, 3))))[0], EYE)
    for leaf in wg.jvp(by_eigh(np.exp), (EYE,), (weights,)):
        assert type(leaf) is np.ndarray


def test_define_by_run():
    a = wg.tensor(EYE, requires_grad=True)
    w, v = np.linalg.eigh(a)
    assert repr(w) == "tensor([1., 1., 1.], grad_fn=<EighBackward0>)"
    np.testing.assert_array_equal(v.detach().numpy(), EYE)
    y = np.sum((v * np.exp(w)) @ v.T)
    assert y.item() == pytest.approx(3 * np.e)
    assert y.tape().outputs[0] == pytest.approx(3 * np.e)
    y.backward()
    close(a.grad.numpy(), lower(np.full((3, 3), np.e)))


def test_a_transform_of_another_variable_inside():
    b = random(3)

    def f(a):
        m = by_eigh(np.exp)(a)
        return wg.grad(lambda b: b @ m @ b)(b)[0]

    close(wg.grad(f)(EYE), lower(np.e * (np.outer(EYE[0], b) + np.outer(b, EYE[0]))))


def test_a_view_of_degenerate_results_is_written_into():
    def f(a):
        w = np.linalg.eigh(a).eigenvalues
        w[1:] *= 2.0
        return np.sum(w[1:]) + w[0] * 2

    close(wg.grad(f)(EYE), 2 * EYE)


def test_forward_mode_by_sweeps_of_reverse_mode():
    """Several arguments and results, integers and complex numbers among them; a direction that is differentiated."""
    b, b_dot = random(3), random(3)

    def f(a, b):
        m = by_eigh(np.exp)(a)
        return {"product": m @ b, "order": np.argsort(b), "phase": np.exp(1j * (m @ b)), "empty": b[:0]}

    y, y_dot = wg.jvp(f, (EYE, b), (EYE, b_dot))
    rate = np.e * (b + b_dot)
    close(y_dot["product"], rate)
    close(y_dot["phase"], 1j * rate * y["phase"])
    np.testing.assert_array_equal(y_dot["order"], np.zeros(3))
    assert y_dot["empty"].shape == (0,)
    along = wg.grad(lambda t: np.sum(wg.jvp(by_eigh(np.exp), (EYE,), (t,))[1]))
    close(along(EYE), lower(np.full((3, 3), np.e)))


# --- second derivatives --------------------------------------------------------------------------------------------


def power_sum(a):
    symmetric = np.tril(a) + np.tril(a, -1).T
    return np.trace(symmetric @ symmetric @ symmetric)


@pytest.mark.parametrize("a", [EYE[:2, :2], np.zeros((2, 2)), np.diag([1.0, 1, 2]), np.diag([1.0, 2, 3])], ids=str)
def test_second_derivatives_of_functions_of_the_eigenvalues(a):
    for f in (np.linalg.eigvalsh, lambda a: np.linalg.eigh(a)[0]):

        def spectral(a, f=f):
            return np.sum(f(a) ** 3)

        close(wg.hessian(spectral)(a), wg.hessian(power_sum)(a))
        a_dot = random(*a.shape)
        close(wg.hvp(spectral, (a,), (a_dot,)), wg.hvp(power_sum, (a,), (a_dot,)))
        both_reverse = wg.grad(lambda a, t=a_dot, g=spectral: inner(wg.grad(g)(a), t))
        close(both_reverse(a), wg.hvp(power_sum, (a,), (a_dot,)))


def test_second_derivatives_of_functions_of_the_singular_values():
    for a in (EYE[:2, :2], EYE[:, :2], unitary(2)):
        found = wg.hessian(lambda a: np.sum(np.linalg.svdvals(a) ** 4))(a)
        close(found, wg.hessian(lambda a: np.sum((a.T @ a) ** 2))(a), rtol=1e-10)


SECOND = {
    "hessian": lambda f: wg.hessian(f)(EYE),
    "reverse over reverse": lambda f: wg.grad(lambda a: np.sum(wg.grad(f)(a)))(EYE),
    "forward over forward": lambda f: wg.jvp(lambda a: wg.jvp(f, (a,), (EYE,))[1], (EYE,), (EYE,)),
    "reverse over forward": lambda f: wg.grad(lambda a: wg.jvp(f, (a,), (EYE,))[1])(EYE),
}


@pytest.mark.parametrize("name", SECOND)
@pytest.mark.parametrize("decompose", [by_eigh, by_svd, by_eig])
def test_second_derivatives_with_the_vectors_are_refused(name, decompose):
    with pytest.raises(wg.DegenerateError, match=r"values 0 and 1 agree in half of their digits"):
        SECOND[name](lambda a: np.sum(decompose(np.exp)(a) * np.arange(9.0).reshape(3, 3)))


def test_the_derivative_of_a_pullback_by_its_cotangent_is_refused():
    _, pullback = wg.vjp(by_eigh(np.exp), EYE)
    with pytest.raises(wg.DegenerateError, match="a second derivative was asked for at repeated eigenvalues"):
        wg.jvp(lambda ct: pullback(ct)[0], (EYE,), (EYE,))


def test_create_graph_is_refused():
    a = wg.tensor(EYE, requires_grad=True)
    y = np.sum(by_eigh(np.exp)(a))
    with pytest.raises(wg.DegenerateError, match="not for second ones or in a list"):
        y.backward(create_graph=True)


def test_a_recorded_list_refuses_at_run_time():
    lst = wg.trace(wg.grad(lambda a: np.sum(by_eigh(np.exp)(a))))(np.diag([1.0, 2, 3]))
    close(lst(np.diag([1.0, 2, 4])), wg.grad(lambda a: np.sum(by_eigh(np.exp)(a)))(np.diag([1.0, 2, 4])))
    with pytest.raises(wg.DegenerateError, match="eigenvalues 0 and 1 are equal to rounding"):
        lst(EYE)


# --- repeated and zero singular values ------------------------------------------------------------------------------

Q, QC = unitary(4), unitary(4, complex)
SINGULAR = {
    "identity": EYE,
    "zero": np.zeros((3, 3)),
    "zero, tall": np.zeros((4, 2)),
    "orthogonal": Q,
    "unitary": QC,
    "orthonormal columns": Q[:, :2],
    "orthonormal rows": Q[:2],
    "two pairs": Q @ np.diag([3.0, 3, 1, 1]) @ unitary(4),
    "a pair and two zeros": Q @ np.diag([2.0, 2, 0, 0]) @ unitary(4),
    "complex, a pair and two zeros": QC @ np.diag([2.0, 2, 0, 0]) @ unitary(4, complex),
    "a pair and one zero": QC @ np.diag([2.0, 2, 1, 0]) @ unitary(4, complex),
    "one zero": Q @ np.diag([3.0, 2, 1, 0]),
    "of ones": np.ones((3, 3)),
    "of ones, tall": np.ones((3, 2)),
    "of ones, wide": np.ones((2, 4)) + 0j,
    "a batch": np.stack([EYE[:2], np.diag([1.0, 2])[:, [0, 1, 1]] * [1, 1, 0], np.zeros((2, 3))]),
    "one by one": np.array([[-2.0]]),
    "one zero number": np.array([[0.0]]),
}


@pytest.mark.parametrize("full_matrices", [False, True])
@pytest.mark.parametrize("name", SINGULAR)
def test_the_gradient_of_the_reconstruction(name, full_matrices):
    a = SINGULAR[name]
    weights = random(*a.shape, dtype=a.dtype)
    close(gradient_and_tangent(by_svd(identity, full_matrices), a, weights), weights)


@pytest.mark.parametrize("full_matrices", [False, True])
@pytest.mark.parametrize("name", SINGULAR)
def test_the_gradient_of_the_cube(name, full_matrices):
    """An odd function of the singular values: U s³ Vᴴ = A Aᴴ A."""
    a = SINGULAR[name]
    b = random(*a.shape, dtype=a.dtype)
    expected = b @ adjoint(a) @ a + a @ adjoint(b) @ a + a @ adjoint(a) @ b
    close(gradient_and_tangent(by_svd(cube, full_matrices), a, b), expected, rtol=1e-11)


@pytest.mark.parametrize("name", SINGULAR)
def test_sums_of_squares_of_singular_values(name):
    a = SINGULAR[name]
    for f in (np.linalg.svdvals, lambda a: np.linalg.svd(a)[1], lambda a: np.linalg.svd(a, compute_uv=False)):
        close(gradient_and_tangent(lambda a, f=f: np.sum(f(a) ** 2), a, 1.0), 2 * a)


@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("s", [[1, 1, 1], [2, 2, 2], [3, 1, 1], [3, 2, 1]], ids=str)
def test_the_polar_factor(s, dtype):
    """U Vᴴ = Q of A = Q H: its tangent is Q Ω with HΩ + ΩH = QᴴȦ - ȦᴴQ (Gander 1990)."""
    h, _ = hermitian(s, dtype)
    q = unitary(3, dtype)
    a, a_dot = q @ h, random(3, 3, dtype=dtype)

    def polar(a):
        u, _, vh = np.linalg.svd(a)
        return u @ vh

    inside = adjoint(q) @ a_dot
    expected = q @ scipy.linalg.solve_sylvester(h, h, inside - adjoint(inside))
    close(wg.jvp(polar, (a,), (a_dot,))[1], expected, rtol=1e-11)
    weights = random(3, 3, dtype=dtype)
    close(inner(wg.grad(lambda a: inner(weights, polar(a)))(a), a_dot), inner(weights, expected), rtol=1e-11)


@pytest.mark.parametrize(
    "a", [Q[:, :2], Q[:, :2] * 2 + Q[:, 1:3], np.eye(4, 1), QC[:, :2]], ids=["pair", "apart", "one", "unitary"]
)
def test_the_projector_on_the_null_space(a):
    def null_space(a):
        u, s, _ = np.linalg.svd(a)
        rest = u[:, s.size :]
        return rest @ adjoint(rest)

    def left_over(a):
        return np.eye(4) - a @ np.linalg.inv(adjoint(a) @ a) @ adjoint(a)

    weights = random(4, 4, dtype=a.dtype)
    close(gradient_and_tangent(null_space, a, weights), wg.grad(lambda a: inner(weights, left_over(a)))(a), rtol=1e-11)


# Where the vector of the last singular value is determined up to its sign or phase: its null space is a line.
LEFT_DEFINED = {"one by one", "of ones, wide", "one zero number"}
RIGHT_DEFINED = {"one by one", "of ones, tall", "one zero", "a pair and one zero", "one zero number"}


@pytest.mark.parametrize("name", SINGULAR)
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_vector_of_a_repeated_or_zero_singular_value(name, side):
    a = SINGULAR[name]
    k = min(a.shape[-2:]) - 1
    weights = random(*a.shape[:-2], a.shape[-2 if side == "left" else -1], dtype=a.dtype)

    def vector(a):
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        return u[..., :, k] if side == "left" else np.conj(vh[..., k, :])

    if name in (LEFT_DEFINED if side == "left" else RIGHT_DEFINED):
        check(lambda a: projector(vector(a)), a)
        return
    value = r"singular values? \d( and \d)?( of the matrix at \(\d,\))? (are equal|is zero) to rounding"
    for derivative in (
        wg.grad(lambda a: inner(weights, vector(a))),
        lambda a: wg.jvp(vector, (a,), (random(*a.shape, dtype=a.dtype),)),
    ):
        with pytest.raises(wg.DegenerateError, match=value):
            derivative(a)


def test_the_error_names_the_pair_of_singular_values():
    expected = (
        "singular values 0 and 1 are equal to rounding (1 and 1), and the result depends on the basis of their space. "
        "Within the space of equal values the basis is an arbitrary choice."
    )
    with pytest.raises(wg.DegenerateError, match=re.escape(expected)):
        wg.grad(lambda a: np.linalg.svd(a)[0][0, 0])(EYE)
    with pytest.raises(
        wg.DegenerateError, match=r"singular values 1 and 2 .* depends on one of them more than on the other"
    ):
        wg.jvp(lambda a: np.linalg.svdvals(a)[2], (np.diag([2.0, 1, 1]),), (EYE,))


def test_the_sum_of_singular_values_beside_their_vectors_has_a_kink_at_zero():
    a = np.diag([2.0, 1, 0])

    def f(a):
        u, s, vh = np.linalg.svd(a)
        return np.sum(s) + np.sum((u * s) @ vh)

    with pytest.raises(
        wg.DegenerateError, match=r"singular value 2 is zero to rounding \(0\), and the result has a kink there"
    ):
        wg.grad(f)(a)


def test_the_slope_of_a_singular_value_at_zero_is_zero():
    a = np.diag([2.0, 1, 0])
    close(wg.grad(lambda a: np.sum(np.linalg.svdvals(a)))(a), np.diag([1.0, 1, 0]))
    close(wg.jvp(np.linalg.svdvals, (a,), (EYE,))[1], np.array([1.0, 1, 0]))
    close(wg.grad(lambda a: np.sum(np.linalg.svdvals(a)))(np.zeros((2, 3))), np.zeros((2, 3)))


def test_singular_vectors_of_distinct_values_beside_a_zero():
    """u₀ of A = diag(3, 1, 0) does not depend on the vectors of the zero, which it moves towards."""
    a, b = np.diag([3.0, 1, 0]), random(3, 3)
    found = gradient_and_tangent(lambda a: projector(np.linalg.svd(a)[0][:, 0]), a, b)
    close(
        found,
        numeric.gradient(
            lambda a: inner(b, np.linalg.matrix_power(a @ a.T, 40) / np.trace(np.linalg.matrix_power(a @ a.T, 40))), a
        ),
        rtol=1e-7,
    )


def test_the_basis_of_the_null_space_is_an_arbitrary_choice():
    a = Q[:, :2] * [3, 2]
    expected = "the result depends on the singular vectors 2 and 3, which belong to no singular value."
    with pytest.raises(wg.DegenerateError, match=re.escape(expected)):
        wg.grad(lambda a: np.linalg.svd(a)[0][0, 3])(a)
    with pytest.raises(wg.DegenerateError, match="singular vectors 2 and 2, which belong to no"):
        wg.grad(lambda a: np.real(np.linalg.svd(a)[2][2, 0]))(random(2, 3, dtype=complex))


# --- svd(hermitian=True) ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [float, complex])
@pytest.mark.parametrize("w", [[3, 1, -2], [2, 2, -1], [2, -2, 1], [1, 0, 0], [1, 1, 1]], ids=str)
def test_singular_values_of_a_hermitian_matrix(w, dtype):
    a, _ = hermitian(w, dtype)
    weights = random(3, 3, dtype=dtype)

    def reconstruction(a):
        u, s, vh = np.linalg.svd(a, hermitian=True)
        return (u * s) @ vh

    for plain, found in zip(
        np.linalg.svd(a, hermitian=True), wg.vjp(lambda a: tuple(np.linalg.svd(a, hermitian=True)), a)[0], strict=True
    ):
        close(found, plain, rtol=1e-14)
    close(gradient_and_tangent(reconstruction, a, weights), lower((weights + adjoint(weights)) / 2))
    squares = wg.grad(lambda a: np.sum(np.linalg.svd(a, compute_uv=False, hermitian=True) ** 2))(a)
    close(squares, lower(2 * a))


# --- phases ----------------------------------------------------------------------------------------------------------


def test_the_phase_of_a_complex_vector_is_an_arbitrary_choice():
    a, _ = hermitian([1, 2, 4], complex)
    with pytest.raises(wg.DegenerateError, match="the result depends on the phase of eigenvector 1"):
        wg.grad(lambda a: np.linalg.eigh(a)[1][1, 1].real)(a)
    with pytest.raises(wg.DegenerateError, match="the result depends on the phase of the pair of singular vectors 1"):
        wg.grad(lambda a: np.linalg.svd(a)[0][0, 1].imag)(a)
    check(lambda a: np.abs(np.linalg.eigh(a)[1]) ** 2, a, order=2)
    check(lambda a: np.abs(np.linalg.svd(a)[0]), a, order=2)


def test_a_phase_that_the_user_fixes():
    a, _ = hermitian([1, 2, 4], complex)

    def f(a):
        v = np.linalg.eigh(a)[1]
        return v * np.exp(-1j * np.angle(v[1]))

    check(f, a, order=2)


def test_relative_phases_of_singular_vectors():
    def f(a):
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        return u * vh[:, 0]

    check(f, random(4, 3, dtype=complex), order=2)


# --- unsymmetric matrices --------------------------------------------------------------------------------------------


def similar(w, n=None):
    n = n or len(w)
    x = np.eye(n) + 0.3 * random(n, n)
    return x @ np.diag(w) @ np.linalg.inv(x)


@pytest.mark.parametrize(
    "a",
    [
        EYE,
        np.zeros((3, 3)),
        np.diag([1.0, 2, 1]),
        similar([1.0, 1, 3]),
        similar([2.0, 2, 2, 1]),
        np.kron(EYE[:2, :2], [[1, -2], [1, 1]]),
    ],
    ids=["I", "0", "D", "pair", "three", "complex pairs"],
)
def test_matrix_functions_at_repeated_unsymmetric_eigenvalues(a):
    weights = random(*a.shape)
    expected = scipy.linalg.expm_frechet(a.T, weights, compute_expm=False)
    close(gradient_and_tangent(by_eig(np.exp), a, weights), expected, rtol=1e-9)
    close(
        gradient_and_tangent(lambda a: np.real(np.sum(np.exp(np.linalg.eigvals(a)))), a, 1.0),
        scipy.linalg.expm(a).T,
        rtol=1e-9,
    )


@pytest.mark.parametrize("a", [EYE, np.diag([1.0, 1, 2]), similar([1.0, 1, 3])], ids=["I", "D", "A"])
def test_one_of_repeated_unsymmetric_eigenvalues_is_an_error(a):
    for f in (
        lambda a: np.real(np.linalg.eigvals(a)[0]),
        lambda a: np.real(np.linalg.eig(a)[0][0]),
        lambda a: np.real(np.linalg.eig(a)[1][0, 0]),
    ):
        for derivative in (wg.grad(f), lambda a, f=f: wg.jvp(f, (a,), (EYE,))):
            with pytest.raises(
                wg.DegenerateError, match=r"eigenvalues \d and \d are equal to rounding \((1|0.99\d*|1.00\d*) and"
            ):
                derivative(a)


@pytest.mark.parametrize(
    "a", [np.array([[1.0, 1], [0, 1]]), np.array([[0.0, 1, 0], [0, 0, 1], [0, 0, 0]])], ids=["2", "3"]
)
def test_a_defective_matrix_is_an_error(a):
    pattern = r"eigenvalues \d and \d \(\S+ and \S+\) have the same eigenvector to rounding: the matrix is defective"
    for f in (
        lambda a: np.sum(np.linalg.eigvals(a)),
        lambda a: np.linalg.eig(a)[1][0, 0],
    ):
        with pytest.raises(wg.DegenerateError, match=pattern):
            wg.grad(lambda a, f=f: np.real(f(a)))(a)
        with pytest.raises(wg.DegenerateError, match=pattern):
            wg.jvp(f, (a,), (a,))


def test_nearly_defective_but_not_quite():
    a = np.array([[1.0, 1], [1e-6, 1]])
    close(
        wg.jvp(np.linalg.eigvals, (a,), (np.array([[0.0, 0], [1, 0]]),))[1] * np.sign(np.linalg.eigvals(a) - 1),
        np.full(2, 500.0),
        rtol=1e-8,
    )


def test_real_and_complex_results():
    turning = np.array([[0.0, -1.0], [1.0, 0.0]])
    for a in (turning, np.diag([1.0, 2]), turning.astype(np.float32), np.stack([turning, EYE[:2, :2]])):
        expected = np.linalg.eig(a)
        found = wg.vjp(np.linalg.eig, a)[0]
        assert type(found) is type(expected)
        for x, y in zip(found, expected, strict=True):
            assert x.dtype == y.dtype
            np.testing.assert_array_equal(x, y)
        assert wg.grad(lambda a: np.sum(np.abs(np.linalg.eigvals(a))))(a).dtype == a.dtype


def test_tracing_cannot_know_whether_eigenvalues_are_real():
    with pytest.raises(
        wg.TraceError, match=r"np.linalg.eig of a real matrix was called while tracing.*a.astype\(complex\)"
    ):
        wg.trace(np.linalg.eigvals)(EYE)
    lst = wg.trace(lambda a: np.linalg.eigvals(a.astype(complex)))(EYE)
    np.testing.assert_array_equal(lst(np.diag([1.0, 2, 3])), [1, 2, 3])


# --- NumPy's edge cases ----------------------------------------------------------------------------------------------

FUNCTIONS = {
    "eigh": np.linalg.eigh,
    "eigvalsh": np.linalg.eigvalsh,
    "eig": np.linalg.eig,
    "eigvals": np.linalg.eigvals,
    "svd": np.linalg.svd,
    "thin svd": lambda a: np.linalg.svd(a, False),
    "svdvals": np.linalg.svdvals,
    "hermitian svd": lambda a: np.linalg.svd(a, hermitian=True),
}


def leaves(y):
    return list(y) if isinstance(y, tuple) else [y]


@pytest.mark.parametrize("shape", [(0, 0), (3, 0, 0), (0, 2, 2), (1, 1), (2, 0, 1, 1)], ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_empty_matrices_and_batches(name, shape):
    f, a = FUNCTIONS[name], np.ones(shape)
    y, y_dot = wg.jvp(f, (a,), (a,))
    for found, tangent, expected in zip(leaves(y), leaves(y_dot), leaves(f(a)), strict=True):
        assert found.shape == tangent.shape == expected.shape
        assert found.dtype == expected.dtype
    gradient = wg.grad(lambda a: sum(np.sum(np.real(part)) for part in leaves(f(a))))(a)
    assert gradient.shape == shape


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 3), (0, 3, 2)], ids=str)
@pytest.mark.parametrize("name", ["svd", "thin svd", "svdvals"])
def test_empty_rectangles(name, shape):
    f, a = FUNCTIONS[name], np.ones(shape)
    for found, expected in zip(leaves(wg.jvp(f, (a,), (a,))[0]), leaves(f(a)), strict=True):
        assert found.shape == expected.shape
    assert wg.grad(lambda a: np.sum(leaves(f(a))[-1] ** 2))(a).shape == shape


@pytest.mark.parametrize("a", [np.ones(3), np.ones((2, 3)), np.float64(1)], ids=["vector", "rectangle", "number"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_that_numpy_refuses(name, a):
    f = FUNCTIONS[name]
    try:
        f(a)
    except np.linalg.LinAlgError as error:
        with pytest.raises(np.linalg.LinAlgError, match=re.escape(str(error))):
            f(wg.tensor(a, requires_grad=True))
        with pytest.raises((np.linalg.LinAlgError, wg.ShapeError)):
            wg.trace(f)(a)
    else:
        assert "svd" in name


def test_a_triangle_that_there_is_not():
    for f in (np.linalg.eigh, np.linalg.eigvalsh):
        with pytest.raises(ValueError, match="UPLO argument must be 'L' or 'U'"):
            f(wg.tensor(EYE, requires_grad=True), UPLO="X")


def test_matrices_that_are_not_finite():
    a = np.array([[1.0, np.nan], [np.nan, 1.0]])
    for f in (np.linalg.eig, np.linalg.eigvals):
        with pytest.raises(np.linalg.LinAlgError, match="Array must not contain infs or NaNs"):
            f(wg.tensor(a, requires_grad=True))
    for f in (np.linalg.eigvalsh, np.linalg.svdvals):
        try:
            expected = f(a)
        except np.linalg.LinAlgError:
            with pytest.raises(np.linalg.LinAlgError):
                f(wg.tensor(a, requires_grad=True))
        else:
            np.testing.assert_array_equal(f(wg.tensor(a)).numpy(), expected)
            assert np.all(np.isnan(wg.grad(lambda a, f=f: np.sum(f(a)))(a)[np.tril_indices(2)]))


@pytest.mark.parametrize("dtype", [np.float32, np.complex64])
@pytest.mark.parametrize("name", ["eigh", "svd", "eig"])
def test_single_precision_at_repeated_values(name, dtype):
    f = {"eigh": by_eigh, "svd": by_svd, "eig": by_eig}[name](np.exp)
    a = hermitian([1, 1, 2], dtype)[0].astype(dtype)
    gradient = wg.grad(lambda a: np.sum(np.real(f(a))))(a)
    assert gradient.dtype == dtype
    wide = wg.grad(lambda a: np.sum(np.real(f(a))))(a.astype(np.result_type(dtype, float)))
    np.testing.assert_allclose(gradient, wide, rtol=1e-3, atol=1e-3)


def test_the_record_of_distinct_values_holds_plain_arrays():
    w, v = np.linalg.eigh(wg.tensor(np.diag([1.0, 2, 3]), requires_grad=True))
    assert type(w._array) is type(v._array) is np.ndarray


@pytest.mark.peers
def test_the_same_numbers_as_pytorch():
    torch = pytest.importorskip("torch")
    a = random(4, 3, dtype=complex)
    b = random(4, 3, dtype=complex)
    t = torch.tensor(a, requires_grad=True)
    u, s, vh = torch.linalg.svd(t, full_matrices=False)
    torch.sum(torch.real(torch.conj(torch.tensor(b)) * ((u * torch.sin(s)) @ vh))).backward()
    close(wg.grad(lambda a: inner(b, by_svd(np.sin)(a)))(a), t.grad.numpy())
