"""Sorting and searching: values are NumPy's, ties as decided, indices flat, errors NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from rules.agreement import assert_derivative, assert_value, case
from rules.refusing import assert_refused_as_numpy_does
from wengert.rules.ordering import known

RNG = np.random.default_rng(31)
X = 0.3 * RNG.permutation(12).reshape(3, 4) - 1.1


def jacobians(function, x):
    return [wg.jacobian(function, mode=mode)(x) for mode in ("forward", "reverse")]


def assert_jacobian(function, x, expected):
    for found in jacobians(function, np.asarray(x, float)):
        np.testing.assert_array_equal(found, expected)


# --- the derivative of a sort is the permutation ---------------------------------------------------------------


@pytest.mark.parametrize("kind", [None, "quicksort", "heapsort", "mergesort", "stable"])
def test_the_derivative_of_a_sort_is_the_permutation_matrix(kind):
    x = [3.0, -1.0, 2.0]
    assert_jacobian(lambda x: np.sort(x, kind=kind), x, [[0, 1, 0], [0, 0, 1], [1, 0, 0]])


def test_equal_elements_keep_their_order():
    """Whatever algorithm is used, and for arrays that are sorted by another one."""
    assert_jacobian(np.sort, [2.0, 1.0, 2.0, 1.0], np.eye(4)[[1, 3, 0, 2]])
    x = np.repeat([2.0, 1.0, 3.0], 700)
    weights = np.arange(2100.0)
    expected = np.empty(2100)
    expected[np.argsort(x, kind="stable")] = weights
    np.testing.assert_array_equal(wg.grad(lambda x: weights @ np.sort(x))(x), expected)
    np.testing.assert_array_equal(wg.jvp(np.sort, (x,), (weights,))[1], weights[np.argsort(x, kind="stable")])


def test_a_long_sort_without_ties():
    x = RNG.permutation(5000) * 0.1
    weights = RNG.uniform(-1, 1, 5000)
    expected = np.empty(5000)
    expected[np.argsort(x)] = weights
    np.testing.assert_array_equal(wg.grad(lambda x: weights @ np.sort(x))(x), expected)


def test_the_second_derivative_is_that_of_the_elements():
    x = np.array([2.0, 0.5, 1.0])
    hessian = wg.hessian(lambda x: np.array([1.0, 10.0, 100.0]) @ np.sort(x) ** 3)(x)
    np.testing.assert_allclose(hessian, np.diag(6 * x * [100, 1, 10]), rtol=1e-14)


def test_nan_and_infinities_are_sorted_as_numpy_sorts_them():
    x = np.array([np.nan, 1.0, -np.inf, np.inf, 0.0])
    assert_jacobian(np.sort, x, np.eye(5)[[2, 4, 1, 3, 0]])
    np.testing.assert_array_equal(np.sort(wg.tensor(x)).numpy(), np.sort(x))


def test_what_is_not_selected_has_no_part_in_the_derivative():
    """The root has an infinite derivative at 0, which the largest element does not see."""
    x = np.array([0.0, 4.0, 1.0])
    for largest in (lambda x: np.sort(np.sqrt(x))[-1], lambda x: np.partition(np.sqrt(x), 1)[2]):
        np.testing.assert_array_equal(wg.grad(largest)(x), [0, 0.25, 0])
        np.testing.assert_array_equal(wg.jvp(largest, (x,), (np.array([1.0, 2.0, 0.0]),))[1], 0.5)
        np.testing.assert_allclose(wg.hessian(largest)(x), np.diag([0, -1 / 32, 0]))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
@pytest.mark.parametrize("function", [np.sort, lambda x: np.sort(x, axis=None), np.sort_complex])
def test_nothing_to_sort(function, shape):
    x = np.zeros(shape)
    y, pullback = wg.vjp(function, x)
    assert y.shape == function(x).shape
    assert pullback(np.zeros(y.shape, y.dtype))[0].shape == shape


def test_integers_are_sorted():
    x = wg.tensor([3, 1, 2])
    np.testing.assert_array_equal(np.sort(x).numpy(), [1, 2, 3])
    assert np.sort(x).dtype == x.dtype


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_precision_stays(dtype):
    x = np.array([3, 1, 2], dtype)
    assert wg.grad(lambda x: np.sum(np.sort(x)[:2]))(x).dtype == dtype
    expected = np.sort_complex(x).dtype
    assert wg.vjp(np.sort_complex, x)[0].dtype == expected
    assert wg.jvp(np.sort_complex, (x,), (x,))[1].dtype == expected


# --- partitions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [10, 3000])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.complex128])
def test_a_partition_is_that_of_numpy_to_the_last_element(n, dtype):
    """NumPy's own index for it may leave another order within the parts."""
    x = RNG.standard_normal((2, n)).astype(dtype)
    for kth in (n // 3, (2, -1)):
        found = np.partition(wg.tensor(x, requires_grad=True), kth, axis=1)
        np.testing.assert_array_equal(found.detach().numpy(), np.partition(x, kth, axis=1))


def test_the_derivative_of_a_partition_goes_to_the_element_at_each_place():
    x = np.round(RNG.standard_normal(2000), 2)
    weights = RNG.uniform(0.5, 1, 2000)
    y, y_dot = wg.jvp(lambda x: np.partition(x, 700), (x,), (2 * x,))
    np.testing.assert_array_equal(y_dot, 2 * y)
    gradient = wg.grad(lambda x: weights @ np.partition(x, 700))(x)
    np.testing.assert_array_equal(np.sort(gradient), np.sort(weights))
    np.testing.assert_allclose(gradient @ x, weights @ np.partition(x, 700), rtol=1e-12)


def test_a_partition_with_nan():
    x = np.array([2.0, np.nan, 1.0, 3.0])
    np.testing.assert_array_equal(wg.grad(lambda x: np.partition(x, 1)[1])(x), [1, 0, 0, 0])


# --- indices ---------------------------------------------------------------------------------------------------

KEYS = (np.array([2.0, 1.0, 2.0, 1.0]), np.array([1.0, 1.0, 0.0, 0.0]))
INDICES = {
    "argsort": lambda x: np.argsort(x, axis=0, kind="stable"),
    "argsort(axis=None)": lambda x: np.argsort(x, axis=None),
    "argsort of a number": lambda x: np.argsort(x[0, 0]),
    "argpartition": lambda x: np.argpartition(x, 1, axis=1)[:, 1],
    "argpartition(axis=None)": lambda x: np.argpartition(x, [3], axis=None)[3],
    "argmax": lambda x: np.argmax(x, 1, keepdims=True),
    "nanargmax": lambda x: np.nanargmax(x, axis=1),
    "nanargmin": lambda x: np.nanargmin(x, 0, None, keepdims=True),
    "lexsort": lambda x: np.lexsort((x[0], x[1])),
    "lexsort of a matrix": np.lexsort,
    "searchsorted": lambda x: np.searchsorted([-1.0, 0.0, 1.0], x),
    "searchsorted(value, value)": lambda x: np.searchsorted(x[0], x, side="right", sorter=np.argsort(x[0])),
    "digitize": lambda x: np.digitize(x, [1.0, 0.05, -1.0], right=True),
    "digitize(plain, value)": lambda x: np.digitize([0.2, 0.3], x[0] * 0 + np.arange(4)),
    "argwhere": lambda x: np.argwhere(x > 0),
    "flatnonzero": lambda x: np.flatnonzero(x - x[0, 0]),
}


@pytest.mark.parametrize("function", INDICES.values(), ids=INDICES)
def test_indices_are_numpys_and_carry_no_derivative(function):
    expected = function(X)
    found = function(wg.tensor(X, requires_grad=True))
    assert not getattr(found, "requires_grad", False)
    for y in (found, wg.jvp(function, (X,), (X,))[0], wg.tape(function, X).outputs[0]):
        assert np.asarray(y).dtype == expected.dtype
        np.testing.assert_array_equal(np.asarray(y), expected)
    assert not np.any(wg.jvp(function, (X,), (X,))[1])


def test_an_index_of_values_may_be_traced():
    lst = wg.trace(lambda x: np.sort(x, axis=0) * np.argmax(x))(X)
    other = RNG.permutation(12).reshape(3, 4) * 1.0
    np.testing.assert_array_equal(lst(other), np.sort(other, axis=0) * np.argmax(other))
    least = wg.grad(lambda x: np.sum(lst(x)[0]))(other)
    np.testing.assert_array_equal(least, np.equal(other, np.min(other, axis=0)) * np.argmax(other))


def test_positions_that_depend_on_values_cannot_be_traced():
    with pytest.raises(wg.TraceError, match=r"np\.argwhere.*shape of its result depends on the values") as caught:
        wg.trace(np.argwhere)(X)
    assert caught.value.remedy
    assert caught.value.where.file == __file__


def test_what_is_known():
    assert known(3.0) == 3.0
    np.testing.assert_array_equal(known(wg.tensor(X)), X)
    seen = []
    wg.trace(lambda x: seen.append(known(x)) or x)(X)
    assert seen == [None]


# --- errors ----------------------------------------------------------------------------------------------------

WRONG = {
    "kind": lambda x: np.sort(x, kind="x"),
    "kind and stable": lambda x: np.sort(x, kind="quick", stable=True),
    "order": lambda x: np.sort(x, order="a"),
    "axis": lambda x: np.sort(x, axis=2),
    "a number": lambda x: np.sort(x[0, 0]),
    "order of argsort": lambda x: np.argsort(x, order="a"),
    "kind of argsort": lambda x: np.argsort(x, kind="x"),
    "kth": lambda x: np.partition(x, 7),
    "kth that is no integer": lambda x: np.partition(x, 1.5),
    "kind of partition": lambda x: np.partition(x, 1, kind="x"),
    "kth of argpartition": lambda x: np.argpartition(x, 7),
    "axis of argmax": lambda x: np.argmax(x, axis=5),
    "argmax of nothing": lambda x: np.argmax(x[:0]),
    "argmax of nan": lambda x: np.nanargmax(x * np.nan, axis=0),
    "side": lambda x: np.searchsorted([1.0], x, side="x"),
    "bins": lambda x: np.digitize(x, [0.0, 2.0, 1.0]),
    "complex": lambda x: np.digitize(x * 1j, [0.0, 2.0]),
}


@pytest.mark.parametrize("function", WRONG.values(), ids=WRONG)
def test_wrong_arguments_raise_numpys_exceptions(function):
    assert_refused_as_numpy_does(function, X)


def test_a_sort_along_every_axis_agrees_with_numerical_differentiation():
    for axis in (0, 1, -1, None):
        sort = case(f"sort(axis={axis})", lambda x, axis=axis: np.sort(x**3, axis=axis), X)
        assert_value(sort)
        assert_derivative(sort)
