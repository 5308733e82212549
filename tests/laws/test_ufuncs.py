"""Every ufunc of NumPy arrives at the table, and gives on values what it gives on arrays."""

import functools

import numpy as np
import pytest

import wengert as wg
from wengert.checker import check
from wengert.registry import functions

UFUNCS = sorted(
    {ufunc for name in dir(np) if isinstance(ufunc := getattr(np, name), np.ufunc)}, key=lambda u: u.__name__
)

# Ufuncs that are not to be applied to values, each with its reason.
REFUSED: dict[str, str] = {}

SMALL = {"arcsin", "arccos", "arctanh"}
VECTORS = {"matmul", "matvec", "vecdot", "vecmat"}


def is_numeric(ufunc):
    """Whether it computes floating point numbers from floating point numbers alone."""
    return any(set(kind.split("->")[0]) == {"d"} for kind in ufunc.types)


def operands(ufunc):
    rng = np.random.default_rng(0)
    if ufunc.__name__ in VECTORS:
        shapes = {"matvec": [(2, 3), (3,)], "vecmat": [(2,), (2, 3)]}.get(ufunc.__name__, [(3,), (3,)])
        return tuple(rng.uniform(0.5, 2, shape) for shape in shapes)
    low, high = (0.1, 0.8) if ufunc.__name__ in SMALL else (1.2, 2.8)
    return tuple(rng.uniform(low, high, 3) for _ in range(ufunc.nin))


NUMERIC = [ufunc for ufunc in UFUNCS if is_numeric(ufunc)]


def test_the_ufuncs_of_numpy_are_found():
    assert {np.sin, np.add, np.matmul, np.frexp} <= set(UFUNCS)
    assert len(UFUNCS) > 80


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__)
def test_every_ufunc_is_handled_or_refused_for_a_reason(ufunc):
    assert (ufunc in functions) != (ufunc.__name__ in REFUSED)


@pytest.mark.parametrize("ufunc", NUMERIC, ids=lambda u: u.__name__)
def test_a_ufunc_gives_on_values_what_it_gives_on_arrays(ufunc):
    xs = operands(ufunc)
    expected = ufunc(*xs)
    results = [
        ufunc(*(wg.tensor(x) for x in xs)),
        ufunc(*(wg.tensor(x, requires_grad=True) for x in xs)),
        wg.jvp(ufunc, xs, xs)[0],
    ]
    for found in results:
        rows = zip(found, expected, strict=True) if ufunc.nout > 1 else [(found, expected)]
        for value, wanted in rows:
            plain = value.detach() if isinstance(value, wg.Tensor) else value
            np.testing.assert_array_equal(np.asarray(plain), wanted)


@pytest.mark.parametrize("ufunc", [u for u in NUMERIC if u.nin > 1], ids=lambda u: u.__name__)
def test_a_value_on_either_side_is_enough(ufunc):
    xs = operands(ufunc)
    expected = ufunc(*xs)
    for i in range(ufunc.nin):
        mixed = [wg.tensor(x) if i == k else x for k, x in enumerate(xs)]
        found = ufunc(*mixed)
        rows = zip(found, expected, strict=True) if ufunc.nout > 1 else [(found, expected)]
        for value, wanted in rows:
            np.testing.assert_array_equal(np.asarray(value), wanted)


@pytest.mark.parametrize("ufunc", NUMERIC, ids=lambda u: u.__name__)
def test_the_derivative_of_a_ufunc_is_right_under_its_public_name(ufunc):
    check(ufunc, *operands(ufunc), order=2, step=1e-4)


@pytest.mark.parametrize("reducer", [np.add, np.multiply, np.maximum, np.minimum], ids=lambda u: u.__name__)
@pytest.mark.parametrize("axis", [0, 1, None, (0, 1), -1])
def test_the_reductions_of_ufuncs_are_handled(reducer, axis):
    x = np.array([[1.0, 2.0, 0.5], [4.0, -3.0, 2.5]])
    check(lambda x: reducer.reduce(x, axis=axis), x, order=2, step=1e-3)
    np.testing.assert_array_equal(reducer.reduce(wg.tensor(x)).numpy(), reducer.reduce(x))


def test_the_cumulative_sum_of_a_ufunc_is_handled():
    check(np.add.accumulate, np.array([[1.0, 2.0], [3.0, 5.0]]), order=2)


# --- the methods of every ufunc of two operands -----------------------------------------------------------------

BINARY = [u for u in NUMERIC if u.nin == 2 and u.nout == 1 and not u.signature]
# A comparison of numbers gives a truth value, which it cannot take up again: NumPy has no fold of these.
FOLDABLE = [u for u in BINARY if u.__name__.startswith("logical") or "d->?" not in "".join(u.types)]
DIFFERENTIABLE = [u for u in FOLDABLE if not functions[u].is_flat]
X = np.random.default_rng(1).uniform(0.6, 1.9, (4, 3))
MASK = np.array([True, False, True, False])[:, None]
ROWS, NUMBERS = np.array([0, 2, 0, 0]), np.array([1.25, 0.75, 1.5, 1.1])


def folded(ufunc, x):
    """The reduction along axis 0, step by step."""
    return functools.reduce(ufunc, x)


def applied_at(ufunc, x):
    x = x * 1.0
    ufunc.at(x, (ROWS, 1), NUMBERS)
    return x


def applied_one_by_one(ufunc, x):
    x = x * 1.0
    for row, number in zip(ROWS, NUMBERS, strict=True):
        x[row, 1] = ufunc(x[row, 1], number)
    return x


def after(first, x):
    return np.concatenate([np.full((1, 3), first), x])


# Along axis 0: along the last one, NumPy's vectorised np.power.reduce and np.arctan2.reduce give wrong numbers.
METHODS = {
    "reduce": (lambda u, x: u.reduce(x), folded),
    "reduce, keepdims": (lambda u, x: u.reduce(x, axis=-2, keepdims=True), lambda u, x: folded(u, x)[None]),
    "reduce, initial": (lambda u, x: u.reduce(x, initial=1.25), lambda u, x: folded(u, after(1.25, x))),
    "reduce, where": (
        lambda u, x: u.reduce(x, initial=1.25, where=MASK),
        lambda u, x: folded(u, after(1.25, x[::2])),
    ),
    "accumulate": (
        lambda u, x: u.accumulate(x),
        lambda u, x: np.stack([folded(u, x[: k + 1]) for k in range(4)]),
    ),
    "reduceat": (
        lambda u, x: u.reduceat(x, [0, 2, 1, 3]),
        lambda u, x: np.stack([folded(u, x[i:j]) for i, j in [(0, 2), (2, 3), (1, 3), (3, 4)]]),
    ),
    "outer": (lambda u, x: u.outer(x, x[0]), lambda u, x: u(x[:, :, None], x[0])),
    "at": (applied_at, applied_one_by_one),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ufunc", FOLDABLE, ids=lambda u: u.__name__)
def test_a_method_of_a_ufunc_gives_on_values_what_its_steps_give_on_arrays(ufunc, method):
    call, by_steps = METHODS[method]
    expected = by_steps(ufunc, X)
    kind = call(ufunc, X).dtype
    found = [
        np.asarray(call(ufunc, wg.tensor(X, requires_grad=True)).detach()),
        wg.jvp(lambda x: call(ufunc, x), (X,), (X,))[0],
        wg.trace(lambda x: call(ufunc, x))(X)(X),
    ]
    for y in found:
        assert y.dtype == kind
        np.testing.assert_allclose(y, expected.astype(kind), rtol=1e-13)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ufunc", DIFFERENTIABLE, ids=lambda u: u.__name__)
def test_a_method_of_a_ufunc_has_the_right_derivatives(ufunc, method):
    check(lambda x: METHODS[method][0](ufunc, x), X, order=2, step=1e-4, directions=1)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.multiply, np.divide, np.power], ids=lambda u: u.__name__)
def test_the_same_for_complex_numbers(ufunc, method):
    z = X * np.exp(0.3j * X)
    check(lambda z: METHODS[method][0](ufunc, z), z, order=2, step=1e-3, directions=1)


@pytest.mark.parametrize("ufunc", DIFFERENTIABLE, ids=lambda u: u.__name__)
@pytest.mark.parametrize("method", METHODS)
def test_single_precision_stays(ufunc, method):
    x = np.float32(X)
    expected = METHODS[method][0](ufunc, x).dtype
    y, y_dot = wg.jvp(lambda x: METHODS[method][0](ufunc, x), (x,), (x,))
    assert y.dtype == y_dot.dtype == expected
    _, pullback = wg.vjp(lambda x: METHODS[method][0](ufunc, x), x)
    assert pullback(np.ones_like(y))[0].dtype == np.float32
