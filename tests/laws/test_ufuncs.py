"""Every ufunc of NumPy arrives at the table, and gives on values what it gives on arrays."""

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
