"""Loops of Python over elements, rolled up: the same values with few statements on arrays."""

import itertools

import numpy as np
import pytest
from benchmarks.field.problems.determinant import value as minors
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from wengert.native import machine
from wengert.simplification import simplify
from wengert.simplification.rolling import is_rolling, rolled

N = 20
RNG = np.random.default_rng(5)
X, W, A = RNG.standard_normal(N), RNG.standard_normal(N), RNG.standard_normal((N, N))
native = pytest.mark.skipif(bool(machine.unavailable()), reason=machine.unavailable() or "there is machine code")


def rosenbrock(x):
    total = 0.0
    for i in range(len(x) - 1):
        total = total + 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
    return total


def with_data(x):
    return sum(v * w - 2 * w for v, w in zip(x, W, strict=True))


def with_parameters(x):
    return sum((x[0] * x[i] + x[1] - W[i]) ** 2 for i in range(2, N))


def backwards(x):
    return sum(x[-1 - i] * x[i] for i in range(N))


def made_of_numbers(x):
    return np.array([np.sin(v) * k for k, v in enumerate(x)])


def made_of_rows(x):
    return np.array([[v * 2, np.exp(v)] for v in x])


def written_into(x):
    y = np.zeros_like(x)
    for i in range(N):
        y[i] = np.exp(x[-1 - i])
    return y


def written_in_every_order(x):
    y = x * 2
    for k, i in enumerate([3, 7, 1, 19, 0, 4, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 3]):
        y[i] = x[k] / (2 + x[19 - k] ** 2) + k
    return y


def written_twice(x):
    y = np.zeros_like(x)
    for i in range(N):
        y[i] = x[i] * 2
    for i in range(18):
        y[i] = x[i] * 3
    return y


def product_with_matrix(a, x):
    y = np.zeros_like(x)
    for i in range(N):
        total = 0.0
        for j in range(N):
            total += a[i, j] * x[j]
        y[i] = total
    return y


def by_rows(a):
    some = range(0, N, 3)
    return np.array([[sum(a[i][k] * a[j][k] for k in range(0, N, 4)) for j in some] for i in some])


def antisymmetric(a):
    b = np.zeros_like(a)
    for i, j in itertools.product(range(N), range(N)):
        b[i, j] = a[j, i] - a[i, j] * a[i, i]
    return b


def selecting(x):
    total = 0.0
    for i in range(N):
        total = total - np.where(x[i] > 0, x[i], -2 * x[i])
    return total


def stencil(x):
    y = x * 1.0
    for _ in range(3):
        z = np.zeros_like(y)
        for i in range(1, N - 1):
            z[i] = y[i - 1] - 2 * y[i] + y[i + 1]
        y = y + 0.1 * z
    return y


def several_states(x):
    """Numbers that go on from step to step, twenty at a time."""
    states = list(x)
    for _ in range(4):
        states = [s + 0.1 * np.cos(s) for s in states]
    return sum(states)


PROGRAMS = [
    (rosenbrock, (X,), 12), (with_data, (X,), 5), (with_parameters, (X,), 9), (backwards, (X,), 4),
    (made_of_numbers, (X,), 4), (made_of_rows, (X,), 5), (written_into, (X,), 5), (written_in_every_order, (X,), 12),
    (written_twice, (X,), 9), (product_with_matrix, (A, X), 60), (by_rows, (A,), 45), (antisymmetric, (A,), 10),
    (selecting, (X,), 6), (stencil, (X,), 30), (several_states, (X,), 14), (minors, (A[:5, :5],), 215),
]  # fmt: skip


def assert_same(found, expected, tolerance=1e-12):
    found, expected = np.asarray(found), np.asarray(expected)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(expected))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("f", "args", "most"), PROGRAMS, ids=lambda x: getattr(x, "__name__", ""))
def test_programs(f, args, most):
    lst = wg.trace(f)(*args)
    short = rolled(lst)
    short.verify()
    assert len(simplify(short).statements) <= most < len(lst.statements)
    assert_same(short.run(args)[0], f(*args))
    assert [v.type for v in short.outputs] == [v.type for v in lst.outputs]
    assert short.inputs == lst.inputs


@native
@pytest.mark.parametrize(("f", "args", "most"), PROGRAMS, ids=lambda x: getattr(x, "__name__", ""))
def test_compiled_derivatives(f, args, most):
    def number(*xs):
        y = f(*xs)
        return np.sum(np.sin(y) * np.cos(np.arange(np.size(y))).reshape(np.shape(y)))

    every = tuple(range(len(args)))
    directions = tuple(np.cos(np.arange(x.size)).reshape(x.shape) for x in args)
    assert_same(wg.compile(f)(*args), f(*args))
    for found, expected in zip(wg.compile(wg.grad(number, every))(*args), wg.grad(number, every)(*args), strict=True):
        assert_same(found, expected, 1e-10)
    assert_same(wg.compile(lambda *xs: wg.jvp(number, xs, directions)[1])(*args), wg.jvp(number, args, directions)[1])
    seconds = wg.compile(lambda *xs: wg.hvp(number, xs, directions))(*args)
    assert_same(np.asarray(seconds[0]), np.asarray(wg.hvp(number, args, directions)[0]), 1e-9)


@native
def test_the_derivative_of_a_recursion_does_not_repeat_it():
    slope = wg.compile(wg.grad(minors))
    slope(A[:5, :5])
    assert len(slope.list().statements) < 5 * 215


@native
def test_the_time_to_trace_grows_with_the_loop_and_the_code_does_not():
    slopes = [wg.compile(wg.grad(rosenbrock)) for _ in range(2)]
    for n, slope in zip([50, 500], slopes, strict=True):
        x = RNG.standard_normal(n)
        assert_same(slope(x), wg.grad(rosenbrock)(x))
    short, long = (slope.list() for slope in slopes)
    assert len(short.statements) == len(long.statements) < 40


# --- what must not be mixed up -------------------------------------------------------------------------------------


def assert_rolled(f, *args, tolerance=1e-12):
    lst = wg.trace(f)(*args)
    short = rolled(lst)
    short.verify()
    for found, expected in zip(short.run(args), lst.run(args), strict=True):
        assert_same(found, expected, tolerance)
    return short


def test_constants_that_are_equal_and_not_the_same():
    short = assert_rolled(lambda x: np.array([v * (0.0 if k % 2 else -0.0) for k, v in enumerate(x)]), X)
    found = short.run([X])[0]
    np.testing.assert_array_equal(
        np.signbit(found), np.signbit([v * (0.0 if k % 2 else -0.0) for k, v in enumerate(X)])
    )
    assert_rolled(lambda x: np.array([v + [1, 1.0, True][k % 3] for k, v in enumerate(x)]), X)
    assert_rolled(lambda x: np.array([v ** (k % 3) for k, v in enumerate(np.abs(x))]), X)


@pytest.mark.parametrize("dtype", ["f4", "i8", "i4", "c16"])
def test_dtypes(dtype):
    x = (10 * X).astype(dtype)
    assert_rolled(lambda x: np.stack([v * 3 + k for k, v in enumerate(x)]), x, tolerance=1e-5)
    assert_rolled(lambda x: sum(v * (0.5 + k) for k, v in enumerate(x)), x, tolerance=1e-5)
    assert_rolled(lambda x: sum(v * W[k] for k, v in enumerate(x)), x, tolerance=1e-5)


def test_numbers_that_are_not_finite():
    x = X.copy()
    x[[2, 5, 7]] = np.nan, np.inf, -np.inf
    with np.errstate(all="ignore"):
        assert_rolled(made_of_numbers, x)
        assert_rolled(lambda x: np.array([np.where(v > 0, v, 1 / v) for v in x]), x * (np.arange(N) != 4))


def test_one_number_many_times():
    assert_rolled(lambda x: sum(x[3] for _ in range(N)), X)
    assert_rolled(lambda x: sum(x[k % 2] * x[k] for k in range(N)), X)
    assert_rolled(lambda x: sum(x[k] * x[k] + x[0] * x[0] for k in range(N)), X)


def test_sums_that_are_read_in_between_stay():
    def running(x):
        total, found = 0.0, []
        for v in x:
            total = total + v * v
            found.append(total)
        return np.array(found)

    assert_rolled(running, X)


def test_what_is_returned_on_the_way_stays():
    def halves(x):
        total = half = 0.0
        for k, v in enumerate(np.concatenate([x, x])):
            total = total + v * v
            half = total if k == N - 1 else half
        return half, total

    def half_written(x):
        y = half = x * 0.0
        for k in range(N):
            y = wg.index_update(y, k, x[k] * 2)
            half = y if k == N // 2 else half
        return half, y

    assert_rolled(halves, X)
    assert_rolled(half_written, X)


def test_a_recurrence_stays():
    def recurrence(x):
        y = np.zeros_like(x)
        y[0] = x[0]
        for i in range(1, N):
            y[i] = 0.5 * y[i - 1] + x[i]
        return y

    assert_rolled(recurrence, X)


def test_a_few_members_stay_as_they_are():
    lst = wg.trace(rosenbrock)(X[:10])
    assert [stmt.prim for stmt in rolled(lst).statements if stmt.targets[0].shape] == []


def test_differences_of_all_signs():
    def f(x):
        total = x[0]
        for i in range(N):
            total = x[i] * x[i] - total if i == 7 else total - x[i] * x[i]
        return total

    assert_rolled(f, X)
    assert_rolled(lambda x: -sum(v**2 for v in x), X)

    def only_subtracted(x):
        total = 0.0 - x[0] * x[0]
        for v in x[1:]:
            total = total - v * v
        return total

    assert_rolled(only_subtracted, X)


def test_bodies_of_loops():
    def f(x):
        return wg.fori_loop(
            0, 3, lambda k, y: np.array([0.5 * v + np.sin(v) * w for v, w in zip(y, W, strict=True)]), x
        )

    short = assert_rolled(f, X)
    (body,) = short.statements[-1].prim.sublists.values()
    assert len(body.statements) < 10


@native
def test_derivatives_within_derivatives_read_what_is_outside():
    def f(x, a):
        def inner(y):
            return sum(a * v * w * u for v, w, u in zip(y, x, W, strict=True))

        return np.sum(wg.grad(inner)(x * a) ** 2)

    for argnums in (0, 1):
        assert_same(wg.compile(wg.grad(f, argnums))(X, 1.5), wg.grad(f, argnums)(X, 1.5), 1e-11)


@native
def test_auxiliary_results():
    def f(x):
        parts = [np.sin(v) * v for v in x]
        return sum(parts), {"last": parts[-1], "all": np.array(parts)}

    (value, aux), slope = wg.compile(wg.value_and_grad(f, has_aux=True))(X)
    (value_, aux_), slope_ = wg.value_and_grad(f, has_aux=True)(X)
    for found, expected in ((value, value_), (aux["last"], aux_["last"]), (aux["all"], aux_["all"]), (slope, slope_)):
        assert_same(found, expected)


def test_only_what_becomes_code_is_rolled_up():
    assert not is_rolling()
    lst = wg.trace(wg.grad(rosenbrock))(X)
    assert not is_rolling()
    assert len(lst.statements) > 300
    seen = []
    if not machine.unavailable():
        wg.compile(lambda x: seen.append(is_rolling()) or x)(X)
        assert seen == [True]
        assert not is_rolling()


# --- random programs -----------------------------------------------------------------------------------------------


@st.composite
def programs(draw):
    """A program of some layers of numbers, each of a few of those before, in orders that are regular or not."""
    plans = []
    for _ in range(draw(st.integers(1, 4))):
        size = draw(st.sampled_from([5, 16, 17, 40, 70]))
        plans.append((size, [order(draw) for _ in range(2)], draw(st.integers(0, 4)), draw(st.booleans())))
    return plans, draw(st.sampled_from(["sum", "signs", "row", "update"]))


def order(draw):
    start, step, kind = (
        draw(st.integers(0, 9)),
        draw(st.integers(-3, 3)),
        draw(st.sampled_from(["affine", "few", "any"])),
    )
    seed = draw(st.integers(0, 99))
    if kind == "affine":
        return lambda k, n: (start + step * k) % n
    if kind == "few":
        return lambda k, n: (seed + k % 3) % n
    return lambda k, n: (k * 7919 + seed * seed) % 104729 % n


def run_program(plans, end, x):
    values = list(x)
    for size, (first, second), kind, is_kept in plans:
        n = len(values)
        pairs = [(values[first(k, n)], values[second(k, n)]) for k in range(size)]
        new = [
            [a + b, a * (b + 0.5 * k), np.sin(a) - 0.25, np.where(a > b, a, 2 * b), a / (2 + b * b)][kind]
            for k, (a, b) in enumerate(pairs)
        ]
        values = values + new if is_kept else new
    if end == "sum":
        return sum(values)
    if end == "signs":
        total = 1.0
        for k, v in enumerate(values):
            total = total - v if k % 3 else v + total
        return total
    if end == "row":
        return np.array(values)
    y = np.zeros(60) * x[0]
    for k, v in enumerate(values):
        y[k * 7 % 60] = v
    return y


@settings(max_examples=60, deadline=None)
@given(programs())
def test_random_programs(program):
    assert_rolled(lambda x: run_program(*program, x), X[:12], tolerance=1e-9)
