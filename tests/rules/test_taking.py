"""`take` and `take_along_axis` with numbers of every kind, those of traced values too."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from rules.refusals import assert_refused_alike

A = np.array([[3.0, 1.0, 2.0], [0.5, 4.0, -1.0]])
V = np.array([3.0, -1.0, 2.0, 0.0])

TRACED = {
    "sort": lambda x: np.take(x, np.argsort(x)),
    "sort by the first row": lambda x: np.take(A + x[:3], np.argsort(x[:3]), axis=-1),
    "largest": lambda x: np.take(x, np.argmax(x)),
    "wrapped": lambda x: np.take(x, np.argsort(x) + 3, mode="wrap"),
    "clipped": lambda x: np.take(x, np.argsort(x) + 2, mode="clip"),
    "sort of rows": lambda x: np.take_along_axis(x.reshape(2, 2), np.argsort(x.reshape(2, 2), axis=1), axis=1),
    "smallest of columns": lambda x: np.take_along_axis(
        x.reshape(2, 2), np.argmin(x.reshape(2, 2), axis=0, keepdims=True), axis=0
    ),
    "of one element": lambda x: np.take(x[:1], np.argsort(x[:1])),
    "along an axis of one element": lambda x: np.take_along_axis(x[None], np.argsort(x[None] * 0, axis=0), axis=0),
}


@pytest.mark.parametrize("function", TRACED.values(), ids=TRACED)
def test_traced_numbers_are_those_of_each_run(function):
    lst = wg.trace(function)(V)
    lst.verify()
    for x in (V, V[::-1], -V):
        np.testing.assert_array_equal(lst(x), function(x))
        np.testing.assert_array_equal(wg.jacobian(lst)(x), wg.jacobian(function)(x))
        np.testing.assert_array_equal(wg.jacobian(lst, mode="forward")(x), wg.jacobian(function)(x))


@pytest.mark.parametrize("function", TRACED.values(), ids=TRACED)
def test_a_derivative_may_be_traced(function):
    def derivative(x):
        y, pullback = wg.vjp(lambda x: function(x) ** 2, x)
        return pullback(np.ones(y.shape))[0]

    lst = wg.trace(derivative)(V)
    for x in (V, V[::-1]):
        np.testing.assert_array_equal(lst(x), derivative(x))
        np.testing.assert_array_equal(wg.jacobian(lst)(x), wg.jacobian(derivative)(x))


@pytest.mark.parametrize("order", [np.argsort, lambda x: np.argsort(x).tolist()], ids=["values", "list"])
def test_what_is_not_selected_afterwards_contributes_exactly_zero(order):
    def f(x):
        y = np.take(np.sqrt(x), order(x))
        return np.sum(np.where(y > 0, y**3, 0.0))

    x = np.array([4.0, 0.0, 1.0])
    np.testing.assert_allclose(wg.grad(f)(x), [3.0, 0.0, 1.5], rtol=1e-14)
    np.testing.assert_allclose(wg.hessian(f)(x), np.diag([0.375, 0.0, 0.75]), rtol=1e-14)


def test_the_same_in_a_traced_list():
    lst = wg.trace(lambda x: np.take_along_axis(np.sqrt(x), np.argsort(x), -1))(np.ones(3))

    def f(x):
        y = lst(x)
        return np.sum(np.where(y > 0, y**3, 0.0))

    np.testing.assert_allclose(wg.grad(f)(np.array([4.0, 0.0, 1.0])), [3.0, 0.0, 1.5], rtol=1e-14)


@pytest.mark.parametrize("function", TRACED.values(), ids=TRACED)
def test_a_tape_has_the_numbers_as_an_operand_too(function):
    def statements(lst):
        return [stmt.prim.name for stmt in lst.statements]

    assert statements(wg.tape(function, V).list) == statements(wg.trace(function)(V))


def test_a_plain_array_is_taken_from_by_values():
    order = wg.tensor([2, 0])
    np.testing.assert_array_equal(np.asarray(np.take(V.tolist(), order)), V[[2, 0]])
    np.testing.assert_array_equal(np.asarray(np.take_along_axis(V, order, 0)), V[[2, 0]])


def test_an_element_taken_twice_receives_both_contributions():
    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(wg.grad(lambda x: np.sum(np.take(x, [0, 0, 1])))(x), [2.0, 1.0])
    f = wg.trace(lambda x: np.sum(np.take(x, np.argsort(x) // 2) ** 2))(x)
    np.testing.assert_array_equal(wg.hessian(f)(x), [[4.0, 0.0], [0.0, 0.0]])


def test_nothing_is_taken():
    for function in (
        lambda x: np.take(x, np.zeros(0, int)),
        lambda x: np.take_along_axis(x, np.zeros((0,), int), axis=0),
    ):
        y, pullback = wg.vjp(function, V)
        assert y.shape == (0,)
        np.testing.assert_array_equal(pullback(y)[0], np.zeros(4))


def test_of_one_element_only_the_first_can_be_taken():
    x, second = wg.tensor([2.0], requires_grad=True), wg.tensor([1])
    with pytest.raises(IndexError, match="index 1 is out of bounds for axis 0 with size 1"):
        np.take(x, second)
    with pytest.raises(IndexError, match="index 1 is out of bounds for axis 0 with size 1"):
        np.take_along_axis(x, second, 0)


def test_a_traced_list_checks_its_numbers():
    lst = wg.trace(lambda x: np.take(x, x.astype(int)))(np.ones(2))
    with pytest.raises(IndexError, match="out of bounds"):
        lst(np.array([0.0, 2.0]))


REFUSED = {
    "take": lambda x: np.take(x, 9),
    "take fractions": lambda x: np.take(x, np.array([1.5])),
    "take words": lambda x: np.take(x, ["x"]),
    "take axis": lambda x: np.take(x, 1, axis=4),
    "take mode": lambda x: np.take(x, 1, mode="wild"),
    "take of nothing": lambda x: np.take(x[:0], 1, axis=0),
    "take_along_axis fractions": lambda x: np.take_along_axis(x, np.ones((1, 1)), 0),
    "take_along_axis ndim": lambda x: np.take_along_axis(x, np.array([1]), 0),
    "take_along_axis None": lambda x: np.take_along_axis(x, np.array([[1]]), None),
    "take_along_axis place": lambda x: np.take_along_axis(x, np.array([[5]]), 0),
    "take_along_axis shape": lambda x: np.take_along_axis(x, np.array([[0, 0], [0, 0]]), 0),
    "take_along_axis axis": lambda x: np.take_along_axis(x, np.array([[0]]), 4),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_numpy_refuses_is_refused_in_its_words(call):
    assert_refused_alike(call, A)
