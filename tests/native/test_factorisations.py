"""Equations, determinants and decompositions as machine code, against NumPy's own and the interpreter's derivatives."""

import numpy as np
import pytest

import wengert as wg
import wengert.linalg
from native.agreement import as_list
from wengert.native import machine
from wengert.native.program import LeftToListError, as_typed
from wengert.registry import table

pytestmark = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable())

SIZES = [1, 2, 3, 4, 5, 8, 40]  # written out, by loops, and by LAPACK


def matrix(*shape, seed=3, dtype=float):
    """Random matrices, of which square ones are not nearly singular and have simple eigenvalues."""
    rng = np.random.default_rng(seed)
    a = rng.standard_normal(shape)
    if shape[-1] == shape[-2]:
        a = a + 2 * np.sqrt(shape[-1]) * np.eye(shape[-1]) + np.diag(np.arange(shape[-1]))
    return a.astype(dtype)


def positive(*shape, seed=4, dtype=float):
    a = np.random.default_rng(seed).standard_normal(shape)
    n = shape[-1]
    return (a @ a.swapaxes(-1, -2) / n + np.diag(1.0 + np.arange(n) / n)).astype(dtype)


def weighted(y):
    """A number that depends on every element in its own way."""
    y = y if isinstance(y, tuple) else (y,)
    return sum(np.sum(np.sin(x) * np.cos(np.arange(x.size)).reshape(x.shape)) for x in y)


def assert_native(f, *at, tolerance=1e-11, is_left=False):
    """The compiled function gives what the function itself does, in one native function.

    That does not leave these values to the interpreter, unless `is_left`.
    """
    kept = [np.array(x) for x in at]
    compiled = wg.compile(f)
    found, expected = as_list(compiled(*at)), as_list(f(*at))
    for y, z in zip(map(np.asarray, found), map(np.asarray, expected), strict=True):
        assert (y.shape, y.dtype) == (z.shape, z.dtype)
        np.testing.assert_array_equal(np.isfinite(y), np.isfinite(z))
        scale = np.max(np.abs(z[np.isfinite(z)]), initial=1e-300)
        np.testing.assert_allclose(y, z, rtol=tolerance, atol=tolerance * scale)
    for x, before in zip(at, kept, strict=True):
        np.testing.assert_array_equal(x, before)
    assert_all_code(compiled)
    assert is_left_to_the_interpreter(compiled, *at) == is_left
    return compiled


def assert_all_code(compiled):
    """Nothing is computed by NumPy."""
    stats = compiled.stats()
    assert (stats.segments, stats.interpreted, stats.called_back) == (1, (), {})


def is_left_to_the_interpreter(compiled, *at):
    """Whether the native function does not decide on these values itself."""
    signature = compiled.signatures[-1]
    typed = [as_typed(x, kind) for x, kind in zip(at, signature.types, strict=True)]
    try:
        assert signature.call.program.fast(*typed) is not NotImplemented
    except LeftToListError:
        return True
    return False


def assert_derivatives(f, *at, tolerance=1e-9):
    """Values, gradient and a second derivative, all in one native function."""

    def number(*xs):
        return weighted(f(*xs))

    def all_orders(*xs):
        directions = tuple(np.cos(np.arange(x.size)).reshape(x.shape) for x in xs)
        slopes = wg.grad(number, tuple(range(len(xs))))(*xs)
        return (*as_list(f(*xs)), *slopes, *as_list(wg.hvp(number, xs, directions)))

    assert_native(all_orders, *at, tolerance=tolerance)


def as_tuple(f):
    return lambda *xs: tuple(f(*xs))


FUNCTIONS = {
    "inv": (np.linalg.inv, matrix),
    "det": (np.linalg.det, lambda *shape: matrix(*shape) / 3),
    "slogdet": (lambda a: np.linalg.slogdet(a)[1], matrix),
    "cholesky": (np.linalg.cholesky, positive),
    "cholesky, upper": (lambda a: np.linalg.cholesky(a, upper=True), positive),
    "eigh": (lambda a: abs_of(np.linalg.eigh(a)), positive),
    "eigh of the upper triangle": (lambda a: abs_of(np.linalg.eigh(a, "U")), positive),
    "eigvalsh": (np.linalg.eigvalsh, positive),
    "svd": (lambda a: abs_of(np.linalg.svd(a)), matrix),
    "svdvals": (np.linalg.svdvals, matrix),
    "qr": (as_tuple(np.linalg.qr), matrix),
}


def abs_of(parts):
    """The same without the signs of vectors, in which two LAPACKs may differ."""
    return tuple(x * x if x.ndim > 1 else x for x in parts)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_of_one_matrix(name, n):
    f, make = FUNCTIONS[name]
    assert_native(f, make(n, n))


@pytest.mark.parametrize("n", [1, 3, 7])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives(name, n):
    f, make = FUNCTIONS[name]
    assert_derivatives(f, make(n, n))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives_of_large_matrices(name):
    f, make = FUNCTIONS[name]
    assert_native(wg.grad(lambda a: weighted(f(a))), make(40, 40), tolerance=1e-10)


@pytest.mark.parametrize("n", [2, 7])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_of_stacks(name, n):
    f, make = FUNCTIONS[name]
    assert_native(wg.value_and_grad(lambda a: weighted(f(a))), make(3, 1, 2, n, n), tolerance=1e-10)


@pytest.mark.parametrize("n", [3, 7])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_mapped(name, n):
    f, make = FUNCTIONS[name]
    assert_native(wg.vmap(wg.value_and_grad(lambda a: weighted(f(a)))), make(7, n, n), tolerance=1e-10)


@pytest.mark.parametrize("n", [0, *SIZES])
@pytest.mark.parametrize("shape", [(), (2,), (9,)])
def test_solve(n, shape):
    b = np.random.default_rng(1).standard_normal((n, *shape))
    assert_native(np.linalg.solve, matrix(n, n), b)
    assert_native(wg.grad(lambda a, b: weighted(np.linalg.solve(a, b)), (0, 1)), matrix(n, n), b, tolerance=1e-10)


@pytest.mark.parametrize("n", [4, 7, 20])
def test_second_derivatives_of_solve(n):
    assert_derivatives(np.linalg.solve, matrix(n, n), np.arange(n * 3.0).reshape(n, 3))


@pytest.mark.parametrize("n", [3, 7])
@pytest.mark.parametrize(
    ("stack_a", "stack_b"), [((), (4,)), ((4,), ()), ((3, 1), (1, 5)), ((1,), (2, 1)), ((0,), (1,))]
)
def test_solve_of_broadcast_stacks(n, stack_a, stack_b):
    a, b = matrix(*stack_a, n, n), np.random.default_rng(1).standard_normal((*stack_b, n, 2))
    assert_derivatives(np.linalg.solve, a, b)


@pytest.mark.parametrize("n", [3, 7])
def test_solve_of_a_stack_with_one_vector(n):
    assert_derivatives(np.linalg.solve, matrix(5, n, n), np.arange(1.0, n + 1))


@pytest.mark.parametrize("name", ["inv", "det", "slogdet", "cholesky"])
def test_of_nothing(name):
    f, _ = FUNCTIONS[name]
    for shape in [(0, 0), (3, 0, 0), (0, 2, 2), (0, 7, 7)]:
        assert_native(f, np.zeros(shape))
    assert_native(lambda a: tuple(np.linalg.slogdet(a)), np.zeros((0, 0)))


@pytest.mark.parametrize("n", [2, 3, 5, 8, 40])
def test_sign_of_slogdet(n):
    a = matrix(6, n, n)
    a[::2, [0, 1]] = a[::2, [1, 0]]
    assert_native(as_tuple(np.linalg.slogdet), a)
    assert_native(np.linalg.det, a)


@pytest.mark.parametrize("n", [3, 5, 8, 20])
def test_pivots(n):
    """Matrices that cannot be eliminated without exchanges of rows."""
    a = np.random.default_rng(0).standard_normal((50, n, n))
    a[:, 0, 0] = 0
    a[::3, np.arange(n), np.arange(n)] *= 1e-12
    b = np.random.default_rng(1).standard_normal((50, n, 3))
    found, expected = wg.compile(np.linalg.solve)(a, b), np.linalg.solve(a, b)
    residuals = np.abs(a @ found - b).max((-2, -1)) / np.abs(expected).max((-2, -1)) / np.abs(a).max((-2, -1))
    assert residuals.max() < 1e-14
    assert_native(lambda a: tuple(np.linalg.slogdet(a)), a, tolerance=1e-8)


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 1), (1, 4), (2, 6, 4), (40, 30)])
def test_rectangles(shape):
    a = matrix(*shape)
    assert_derivatives(lambda a: abs_of(np.linalg.svd(a, full_matrices=False)), a)
    assert_derivatives(as_tuple(np.linalg.qr), a)
    assert_native(lambda a: tuple(np.linalg.svd(a)), a)
    assert_native(lambda a: tuple(np.linalg.qr(a, "complete")), a)
    assert_derivatives(lambda a: np.linalg.norm(a, "nuc", axis=(-2, -1)), a)
    assert_native(wg.grad(lambda a: weighted(np.linalg.qr(a, "complete")[1])), a)


@pytest.mark.parametrize("n", [2, 4, 7])
def test_views_are_read_as_they_stand(n):
    a, b = matrix(2 * n, 3 * n)[::2, : 2 * n : 2], matrix(2 * n, n)[::2]
    a += 4 * np.eye(n)
    assert not a.flags.c_contiguous
    assert_native(lambda a, b: np.linalg.solve(a.T, b.T), a, b)
    assert_native(lambda a: np.linalg.inv(a[::-1, ::-1]).T, a)
    assert_native(lambda a: np.linalg.det(a.T), np.asfortranarray(a))
    assert_native(lambda a: as_tuple(np.linalg.qr)(a[:, 1:].T), a)
    assert_native(wg.grad(lambda a: weighted(np.linalg.solve(a.T, b) + np.linalg.solve(a, b))), a)
    assert_native(wg.grad(lambda a: weighted(np.linalg.inv(np.tanh(a.T) + 4 * np.eye(n)))), a)


@pytest.mark.parametrize("n", [3, 7, 20])
@pytest.mark.parametrize(
    ("lower", "trans", "unit"),
    [(True, 0, False), (True, 1, False), (False, 0, False), (False, 1, True), (True, 0, True)],
)
def test_triangular(n, lower, trans, unit):
    def f(a, b):
        return wg.linalg.solve_triangular(a, b, trans=trans, lower=lower, unit_diagonal=unit)

    a = matrix(n, n) / np.sqrt(n)
    for b in (np.arange(1.0, n + 1), matrix(n, 7)):
        assert_derivatives(f, a, b)


@pytest.mark.parametrize("n", [3, 7])
def test_cholesky_factors_are_solved_as_triangles(n):
    b = np.arange(1.0, n + 1)

    def f(a, b):
        root = np.linalg.cholesky(a)
        return np.linalg.solve(root.T, np.linalg.solve(root, b)) + np.sum(np.log(np.diag(root)))

    assert_derivatives(f, positive(n, n), b)
    assert_derivatives(wg.vmap(f, in_axes=(0, None)), positive(4, n, n), b)
    assert_derivatives(lambda a, b: wg.linalg.cho_solve(wg.linalg.cho_factor(a, lower=True), b), positive(n, n), b)
    assert_derivatives(lambda a: np.linalg.inv(np.linalg.cholesky(a)), positive(n, n))
    assert_derivatives(lambda a: np.linalg.inv(np.linalg.cholesky(a).T), positive(n, n))
    assert_derivatives(lambda a: np.linalg.solve(np.linalg.qr(a)[1], b), matrix(n, n))


@pytest.mark.parametrize("n", [3, 7, 20])
def test_factors_are_shared(n):
    """Equations with one matrix and its transpose, its inverse and determinant, in any order."""
    b, c = np.arange(1.0, n + 1), matrix(n, 3 * n)

    def f(a):
        x = np.linalg.solve(a.T, b) + np.sum(np.linalg.solve(a, c)) + np.linalg.inv(a)[0] + b @ np.linalg.inv(a.T)
        return x + np.linalg.solve(a, b) * np.linalg.det(a / 3) + np.linalg.slogdet(a)[1]

    a = matrix(n, n)[np.random.default_rng(0).permutation(n)]
    assert_derivatives(f, a)
    assert_native(wg.grad(lambda a: weighted(np.linalg.solve(a, c) + np.linalg.solve(a.T, c))), a)


@pytest.mark.parametrize("n", [2, 3, 7])
def test_single_precision(n):
    a, b = matrix(5, n, n, dtype=np.float32), np.ones((n, 2), np.float32)
    assert_native(np.linalg.solve, a, b, tolerance=1e-5)
    for f in (
        np.linalg.inv,
        np.linalg.det,
        as_tuple(np.linalg.slogdet),
        lambda a: abs_of(np.linalg.svd(a)),
        as_tuple(np.linalg.qr),
    ):
        assert_native(f, a, tolerance=1e-4)
    for f in (np.linalg.cholesky, lambda a: abs_of(np.linalg.eigh(a))):
        assert_native(f, positive(5, n, n, dtype=np.float32), tolerance=1e-4)


@pytest.mark.parametrize("n", [2, 7])
def test_integers(n):
    a = np.arange(n * n).reshape(n, n) % 5 + 4 * np.eye(n, dtype=int)
    assert_native(np.linalg.inv, a)
    assert_native(np.linalg.solve, a, np.arange(n))
    assert_native(np.linalg.solve, a, np.arange(n, dtype=np.float32))
    assert_native(np.linalg.det, a)


# --- what NumPy refuses, and what is left to the interpreter --------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8])
def test_singular_matrices_raise(n):
    singular, good = np.ones((n, n)), matrix(n, n)
    singular[0] *= n > 1
    for f in (np.linalg.inv, lambda a: np.linalg.solve(a, np.ones(n)), lambda a: np.linalg.solve(a, np.ones((n, 7)))):
        compiled = wg.compile(f)
        with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
            compiled(singular)
        np.testing.assert_allclose(compiled(good), f(good), rtol=1e-12)
        assert_all_code(compiled)
        with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
            wg.compile(f)(np.stack([good, singular, good]))


@pytest.mark.parametrize("n", [1, 2, 4, 5, 30])
def test_matrices_that_are_not_positive_raise(n):
    compiled = wg.compile(np.linalg.cholesky)
    for wrong in (-np.eye(n), np.diag(np.arange(n)), np.diag(1.0 - 2 * (np.arange(n) == n - 1))):
        with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
            compiled(wrong)
    np.testing.assert_allclose(compiled(4 * np.eye(n)), 2 * np.eye(n))
    assert_all_code(compiled)


@pytest.mark.parametrize("n", [3, 7])
def test_singular_triangles_raise(n):
    compiled = wg.compile(lambda a, b: wg.linalg.solve_triangular(a, b, lower=True))
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        compiled(np.tril(np.ones((n, n)), -1), np.ones(n))
    with pytest.raises(ValueError, match="infs or NaNs"):
        compiled(np.full((n, n), np.nan), np.ones(n))
    with pytest.raises(ValueError, match="infs or NaNs"):
        compiled(np.eye(n), np.full(n, np.inf))


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_determinants_of_singular_matrices(n):
    a = np.stack([np.ones((n, n)), matrix(n, n), np.zeros((n, n))])
    assert_native(np.linalg.det, a)
    assert_native(as_tuple(np.linalg.slogdet), a)
    assert_native(wg.grad(lambda a: np.sum(np.linalg.slogdet(a)[1])), a)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_derivatives_of_determinants_of_singular_matrices(n):
    """The matrix of cofactors exists: native code has it for small matrices, and the interpreter for others."""
    a = matrix(n, n)
    a[-1] = a[0] if n > 1 else 0
    is_left = n > 3
    assert_native(wg.grad(np.linalg.det), a, is_left=is_left)
    assert_native(wg.grad(lambda a: np.sum(np.linalg.det(a))), np.stack([a, matrix(n, n)]), is_left=is_left)
    assert_native(lambda a: wg.hvp(np.linalg.det, (a,), (np.arange(n * n * 1.0).reshape(n, n),)), a, is_left=is_left)


@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_derivatives_of_inverses_of_singular_matrices_are_nan(n):
    a = np.stack([matrix(n, n), np.ones((n, n)), matrix(n, n, seed=8)])
    ones = np.ones((n, 2))
    f = wg.compile(lambda a, b: table.solve_or_nan(a, b))  # noqa: PLW0108  # a primitive has no name of a function
    found = f(a, ones)
    assert np.isnan(found[1]).all()
    np.testing.assert_allclose(found[[0, 2]], np.linalg.solve(a[[0, 2]], ones), rtol=1e-12)
    assert not is_left_to_the_interpreter(f, a, ones)


@pytest.mark.parametrize("n", [2, 3, 7])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite(n, value):
    for name in ("inv", "det", "slogdet", "cholesky"):
        f, make = FUNCTIONS[name]
        for place in [(0, 0), (n - 1, 0), (0, n - 1)]:
            a = make(n, n)
            a[place] = value
            with np.errstate(all="ignore"):
                try:
                    expected = f(a)
                except np.linalg.LinAlgError as error:
                    with pytest.raises(np.linalg.LinAlgError, match=str(error)):
                        wg.compile(f)(a)
                    continue
                found = wg.compile(f)(a)
            np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))


def test_repeated_eigenvalues_are_left_to_the_interpreter():
    compiled = wg.compile(wg.grad(lambda a: np.sum(np.linalg.eigvalsh(a) ** 2)))
    nearly = np.eye(3) + np.diag([1e-15, 0, 1])
    for wrong in (np.eye(3), nearly):
        with pytest.raises(wg.DegenerateError):
            wg.compile(wg.grad(lambda a: np.linalg.eigvalsh(a)[0]))(wrong)
    for a in (np.eye(3), positive(3, 3)):
        np.testing.assert_allclose(compiled(a), 2 * np.tril(a) + 2 * np.tril(a, -1), atol=1e-12)
    assert_all_code(compiled)


# --- inside of control statements ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 7])
def test_inside_of_a_loop(n):
    a, b = matrix(n, n), np.arange(1.0, n + 1)

    def f(a, b):
        def body(k, x):
            w, v = np.linalg.eigh(a + a.T + np.diag(x))
            return np.linalg.solve(a + np.diag(x), b) + np.linalg.inv(a)[0] + v**2 @ np.sin(w) / n + k

        return wg.fori_loop(0, 4, body, b)

    assert_native(f, a, b)
    assert_native(wg.grad(lambda a, b: weighted(f(a, b)), (0, 1)), a, b, tolerance=1e-9)


def test_singular_inside_of_a_loop():
    def f(a):
        return wg.fori_loop(0, 5, lambda k, x: np.linalg.inv(x) * (k != 3), a)

    compiled = wg.compile(f)
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        compiled(np.eye(3))
    assert_all_code(compiled)


def test_only_the_branch_that_is_taken_counts():
    f = wg.compile(lambda a: wg.cond(a[0, 0] > 0, np.linalg.inv, lambda a: a + 1, a))
    np.testing.assert_array_equal(f(np.zeros((3, 3))), np.ones((3, 3)))
    np.testing.assert_allclose(f(matrix(3, 3)), np.linalg.inv(matrix(3, 3)), rtol=1e-12)
    assert_all_code(f)


def test_newton_in_a_while_loop():
    def f(c):
        def step(x):
            residual, slope = (
                np.array([x[0] ** 2 + x[1] - c, x[0] - x[1] ** 2]),
                np.stack([2 * x[0], 1.0, 1.0, -2 * x[1]]),
            )
            return x - np.linalg.solve(slope.reshape(2, 2), residual)

        return wg.while_loop(lambda x: np.abs(x[0] ** 2 + x[1] - c) > 1e-12, step, np.array([1.0, 1.0]))

    x = wg.compile(f)(3.0)
    np.testing.assert_allclose([x[0] ** 2 + x[1], x[1] ** 2], [3, x[0]], rtol=1e-12)


# --- a model --------------------------------------------------------------------------------------------------------


def likelihood(log_scale, log_noise, x, y):
    """The logarithm of the likelihood of a Gaussian process."""
    d = (x[:, None] - x[None, :]) / np.exp(log_scale)
    k = np.exp(-0.5 * d * d) + np.exp(log_noise) * np.eye(len(x))
    root = np.linalg.cholesky(k)
    z = np.linalg.solve(root, y)
    return -0.5 * z @ z - np.sum(np.log(np.diag(root)))


def test_gaussian_process():
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 5, 30))
    y = np.sin(x)
    assert_native(wg.value_and_grad(likelihood, (0, 1)), 0.1, -2.0, x, y, tolerance=1e-9)
    assert_native(wg.hessian(lambda t: likelihood(t[0], t[1], x, y)), np.array([0.1, -2.0]), tolerance=1e-8)
    assert_native(wg.grad(lambda t: np.linalg.slogdet(positive(6, 6) + t * np.eye(6))[1]), 0.5)


def test_results_that_the_interpreter_gives_are_the_callers_own():
    """Where it has another formula for the values: none of them is an argument or a constant of the list."""
    constant = np.arange(3.0)
    compiled = wg.compile(lambda a: (a, constant, 2.0, wg.grad(np.linalg.det)(a)))
    a = np.ones((4, 4))
    for _ in range(2):
        same, fixed, number, slope = compiled(a)
        assert not np.shares_memory(same, a)
        assert number == 2.0
        np.testing.assert_array_equal(same, np.ones((4, 4)))
        np.testing.assert_array_equal(fixed, [0, 1, 2])
        np.testing.assert_allclose(slope, np.zeros((4, 4)), atol=1e-12)
        same[:] = fixed[:] = 7
    assert is_left_to_the_interpreter(compiled, a)
