"""Indexing in every form NumPy has, and the functions that pick elements."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.exceptions import AxisError

import wengert as wg
from rules.agreement import assert_derivative, assert_single_precision, assert_value, case

RNG = np.random.default_rng(4)
V = RNG.normal(size=5)
A = RNG.normal(size=(3, 4))
B = RNG.normal(size=(2, 3, 4))
ROWS, COLUMNS = np.array([2, 0, 2]), np.array([1, 3, 1])
MASK = np.array([[True, False, True, False], [False, True, True, False], [True, True, False, True]])

CASES = [
    case("[i]", lambda x: x[1], A),
    case("[-1]", lambda x: x[-1], V),
    case("[i, j]", lambda x: x[1, -2], A),
    case("[np.int64]", lambda x: x[np.int64(2)], V),
    case("[slice]", lambda x: x[1:4], V),
    case("[::step]", lambda x: x[::2], V),
    case("[::-1]", lambda x: x[::-1], V),
    case("[a:b, c]", lambda x: x[:2, 1], A),
    case("[...]", lambda x: x[..., 0], B),
    case("[..., None]", lambda x: x[..., None], A),
    case("[None, :, newaxis]", lambda x: x[None, :, np.newaxis], A),
    case("[()]", lambda x: x[()], A),
    case("[()] of a number", lambda x: x[()], np.float64(0.5)),
    case("[[i, j]]", lambda x: x[[0, 2]], A),
    case("[[i, i]]", lambda x: x[[1, 1, 0]], A),
    case("[[]]", lambda x: x[[]], A),
    case("[array]", lambda x: x[ROWS], A),
    case("[array of two axes]", lambda x: x[np.array([[0, 1], [1, 1]])], A),
    case("[array, array]", lambda x: x[ROWS, COLUMNS], A),
    case("[list, list]", lambda x: x[[2, 0, 2], [1, 3, 1]], A),
    case("[array, slice]", lambda x: x[ROWS, 1:], A),
    case("[slice, array]", lambda x: x[:, COLUMNS], A),
    case("[array, None, array]", lambda x: x[ROWS[:2], None, COLUMNS[:2]], A),
    case("[..., array]", lambda x: x[..., COLUMNS], B),
    case("[i, :, array]", lambda x: x[0, :, COLUMNS], B),
    case("[a nested tuple]", lambda x: x[(0, 0, 2),], A),
    case("[nested tuples]", lambda x: x[(0, 0, 2), (1, 1, 0)], A),
    case("[range]", lambda x: x[range(1, 3)], A),
    case("[negative array]", lambda x: x[np.array([-1, 0, -1])], A),
    case("[unsigned array]", lambda x: x[np.array([1, 1], np.uint8)], A),
    case("[mask]", lambda x: x[MASK], A),
    case("[mask of rows]", lambda x: x[np.array([True, False, True])], A),
    case("[list of bool]", lambda x: x[[True, False, True]], A),
    case("[mask, i]", lambda x: x[np.array([True, False, True]), 1], A),
    case("[mask, array]", lambda x: x[np.array([True, False, True]), np.array([1, 1])], A),
    case("[slice, mask]", lambda x: x[:, np.array([True, False, True, True])], A),
    case("[True]", lambda x: x[True], V),
    case("[False]", lambda x: x[False], V),
    case("[ix_]", lambda x: x[np.ix_([0, 2], [1, 1, 3])], A),
    case("[x > 0]", lambda x: x[x > 0], A, traceable=False),
    case("[where]", lambda x: x[np.where(x > 0)], A, traceable=False),
    case("[argmax]", lambda x: x[np.argmax(x)], V, traceable=False),
    case("iteration", lambda x: sum(row * k for k, row in enumerate(x)), A),
    case("unpacking", lambda x: np.stack([x[0], *x[1:]][::-1]), A),
    case("take", lambda x: np.take(x, [0, 3, 3]), A),
    case("take(axis=0)", lambda x: np.take(x, [0, 2, 2], axis=0), A),
    case("take(axis=-1)", lambda x: np.take(x, np.array([[0, 1], [3, 3]]), axis=-1), A),
    case("take of one", lambda x: np.take(x, 2, axis=1), A),
    case("take(mode='wrap')", lambda x: np.take(x, [-6, 4, 9], axis=1, mode="wrap"), A),
    case("take(mode='clip')", lambda x: np.take(x, [-6, 2, 9], axis=1, mode="clip"), A),
    case("take(mode='wrap') of all", lambda x: np.take(x, [25, -25], mode="wrap"), A),
    case("take_along_axis", lambda x: np.take_along_axis(x, np.argsort(A, axis=1), axis=1), A),
    case("take_along_axis(axis=0)", lambda x: np.take_along_axis(x, np.argsort(A, axis=0)[:2], axis=0), A),
    case("take_along_axis default", lambda x: np.take_along_axis(x, np.argsort(A)[:, ::-1]), A),
    case("take_along_axis(axis=None)", lambda x: np.take_along_axis(x, np.array([3, 3, 1]), axis=None), A),
    case("take_along_axis broadcast", lambda x: np.take_along_axis(x, np.array([[1, 2, 1]]), axis=1), A),
    case("take_along_axis broadcast of x", lambda x: np.take_along_axis(x, np.argsort(A, axis=1), axis=1), A[:1]),
    case("of the largest", lambda x: np.take_along_axis(x, np.argmax(x, 1, keepdims=True), 1), A, traceable=False),
    case("where", lambda x, y: np.where(MASK, x, y), A, A + 1),
    case("where with numbers", lambda x: np.where(MASK, x, 2.0) * np.where(MASK, 1, x), A),
    case("where broadcasts", lambda x, y: np.where(MASK[:, :1], x, y), A[0], A[:, :1]),
    case("where by the values", lambda x: np.where(x > 0, x * x, -x), A),
    case("where with an integer condition", lambda x: np.where(MASK.astype(int), x, 0.0), A),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value(case):
    assert_value(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_derivative(case):
    assert_derivative(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_single_precision(case):
    assert_single_precision(case)


def test_the_derivative_of_an_index_can_be_differentiated_again():
    def f(x):
        return np.sum(x[[0, 0, 2]] ** 3)

    np.testing.assert_array_equal(wg.hessian(f)(V), np.diag([12 * V[0], 0, 6 * V[2], 0, 0]))


@pytest.mark.parametrize("index", [(0, 0), [0, 0], np.array([0, 0]), wg.tensor([0, 0])], ids=lambda i: type(i).__name__)
def test_an_element_taken_twice_receives_both_contributions(index):
    assert wg.grad(lambda x: np.sum(x[index,]))(V)[0] == 2.0
    assert wg.hessian(lambda x: np.sum(x[index,] ** 2))(V)[0, 0] == 4.0


def test_an_index_may_be_a_tensor_without_derivative():
    x = wg.tensor(A, requires_grad=True)
    i, mask = wg.tensor(2), wg.tensor([True, False, True])
    np.testing.assert_array_equal(x[i].detach().numpy(), A[2])
    np.testing.assert_array_equal(x[mask].detach().numpy(), A[[0, 2]])
    np.testing.assert_array_equal(x[i, wg.tensor([1, 1])].detach().numpy(), A[2, [1, 1]])
    np.testing.assert_array_equal(np.take(x, wg.tensor([1]), axis=0).detach().numpy(), A[[1]])


def test_an_array_is_indexed_by_a_tensor():
    assert V[wg.tensor(2)] == V[2]
    np.testing.assert_array_equal(np.asarray(V[wg.tensor([2, 0])]), V[[2, 0]])


def test_positions_of_what_is_true():
    x = wg.tensor(A, requires_grad=True)
    for found in (np.nonzero(x > 0), np.where(x > 0)):
        np.testing.assert_array_equal(np.array(found), np.array(np.nonzero(A > 0)))


QUESTIONS = {
    "allclose": lambda x: np.allclose(x, A),
    "allclose(rtol=)": lambda x: np.allclose(A, x, rtol=1e-3),
    "array_equal": lambda x: np.array_equal(x, A + 1),
    "array_equiv": lambda x: np.array_equiv(x, A),
    "isclose": lambda x: np.isclose(x, A).all(),
    "array_str": np.array_str,
    "array_repr": np.array_repr,
    "array2string": lambda x: np.array2string(x, precision=2),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_questions_about_values_have_plain_answers(question):
    expected = question(A)
    found = [question(wg.tensor(A, requires_grad=True)), question(wg.tensor(A))]
    wg.grad(lambda x: [found.append(question(x)), np.sum(x)][1])(A)
    wg.jvp(lambda x: [found.append(question(x)), x][1], (A,), (A,))
    assert all(type(answer) is type(expected) and answer == expected for answer in found)


# --- errors ----------------------------------------------------------------------------------------------------

X = wg.tensor(A, requires_grad=True)
REFUSED = {
    "[i]": (lambda: X[3], IndexError, "index 3 is out of bounds"),
    "[-i]": (lambda: X[-4], IndexError, "index -4 is out of bounds"),
    "[array]": (lambda: X[np.array([0, 7])], IndexError, "index 7 is out of bounds"),
    "[too many]": (lambda: X[0, 0, 0], IndexError, "too many indices"),
    "[mask]": (lambda: X[np.array([True])], IndexError, "boolean index did not match"),
    "[float]": (lambda: X[1.0], IndexError, "only integers"),
    "[float tensor]": (lambda: X[wg.tensor(1.0)], IndexError, "only integers"),
    "[tensor that requires grad]": (lambda: X[X[0, 0]], IndexError, "only integers"),
    "[string]": (lambda: X["a"], IndexError, "only integers"),
    "array[tensor]": (lambda: V[X[0, 0]], (IndexError, TypeError), "only integer"),
    "take": (lambda: np.take(X, 12), IndexError, "index 12 is out of bounds"),
    "take(axis)": (lambda: np.take(X, 0, axis=2), AxisError, "axis 2 is out of bounds"),
    "take(mode)": (lambda: np.take(X, 0, mode="wild"), ValueError, "mode"),
    "take_along_axis(axis)": (lambda: np.take_along_axis(X, np.array([[0]]), axis=2), AxisError, "axis 2"),
    "take_along_axis(ndim)": (lambda: np.take_along_axis(X, np.array([0]), axis=0), ValueError, "number of dimensions"),
    "take_along_axis(float)": (lambda: np.take_along_axis(X, np.ones((1, 1)), axis=0), IndexError, "integer"),
    "where shapes": (lambda: np.where(MASK, X, np.ones(3)), ValueError, "broadcast"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_numpy_refuses_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_out_of_take_is_refused():
    with pytest.raises(wg.NoRuleError, match=r"np.take got out=") as caught:
        np.take(X, [0, 1], out=np.zeros(2))
    assert caught.value.where.file == __file__


@pytest.mark.parametrize("pick", [np.nonzero, np.where, lambda x: x[x > 0]], ids=["nonzero", "where", "mask"])
def test_what_depends_on_values_cannot_be_traced(pick):
    with pytest.raises(wg.TraceError, match=r"Use np\.where with three arguments|np\.where instead of if") as caught:
        wg.trace(pick)(V)
    assert caught.value.where.file == __file__


def test_an_index_array_that_is_changed_later_does_not_change_the_derivative():
    index, mask = np.array([0, 1]), np.array([True, False, False, False, False])
    x = wg.tensor(V, requires_grad=True)
    y = np.sum(x[index]) + np.sum(x[mask])
    index[:] = 3
    mask[:] = True
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2.0, 1.0, 0.0, 0.0, 0.0])


@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_what_was_put_where_another_element_was_put_after_it_contributes_exactly_zero(mode):
    def f(x):
        z, s = np.zeros_like(x), np.sqrt(x)
        z[[0, 0]] = s[:2]
        return z.sum()

    x = np.array([0.0, 1.0, 2.0])
    np.testing.assert_array_equal(wg.jacobian(f, mode=mode)(x), [0, 0.5, 0])
    np.testing.assert_array_equal(wg.jacobian(wg.grad(f), mode=mode)(x), np.diag([0, -0.25, 0]))
