"""`choose`, `select`, `piecewise` and the application by lines: what is not chosen, ties of conditions, errors."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from rules.refusals import assert_refused_alike

A = np.arange(6.0).reshape(2, 3)
X = np.array([4.0, 0.0, -1.0, 0.25, np.inf])
SLOPES = np.array([0.25, 0.0, 0.0, 1.0, 0.0])
CURVATURES = np.array([-1 / 32, 0.0, 0.0, -2.0, 0.0])


def sqrt(x):
    with np.errstate(invalid="ignore"):
        return np.sqrt(x)


ROOTS = {
    "choose": lambda x: np.choose((x > 0).astype(int), [np.zeros(5), sqrt(x)]),
    "choose wrapped": lambda x: np.choose((x > 0) * 3 - 2, [np.zeros(5), sqrt(x)], mode="wrap"),
    "select": lambda x: np.select([x <= 0, x > 0], [0.0, sqrt(x)]),
    "select default": lambda x: np.select([x <= 0], [np.floor(np.exp(-np.abs(x)) * 0.5)], sqrt(x)),
    "select overlapping": lambda x: np.select([x <= 0, x < 9, x < 99], [0.0, sqrt(x), np.exp(x)], 7.0),
    "piecewise": lambda x: np.piecewise(x, [x > 0], [np.sqrt, 0.0]),
    "piecewise overlapping": lambda x: np.piecewise(x, [x < 9, x <= 0], [sqrt, 0.0, np.sqrt]),
    "compress": lambda x: np.compress(x > 0, np.concatenate([sqrt(x)])),
    "extract": lambda x: np.extract(x > 0, sqrt(x)),
    "take": lambda x: np.take(sqrt(x), np.flatnonzero(x > 0)),
}


@pytest.mark.parametrize("roots", ROOTS.values(), ids=ROOTS)
@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_a_choice_that_is_not_taken_contributes_exactly_zero(roots, mode):
    """The slope of √x is inf at 0, and nan at -1."""
    finite = X[:4]

    def f(x):
        padded = np.concatenate([x, [np.inf]])
        return np.sum(np.where(np.isfinite(roots(padded)), roots(padded), 0.0))

    np.testing.assert_allclose(wg.jacobian(f, mode=mode)(finite), SLOPES[:4], rtol=1e-15)
    second = wg.jacobian(wg.jacobian(f, mode=mode), mode="reverse")(finite)
    np.testing.assert_allclose(second, np.diag(CURVATURES[:4]), rtol=1e-15)
    second = wg.jacobian(wg.jacobian(f, mode=mode), mode="forward")(finite)
    np.testing.assert_allclose(second, np.diag(CURVATURES[:4]), rtol=1e-15)


# --- choose ----------------------------------------------------------------------------------------------------


def test_the_number_of_a_choice_may_be_traced():
    lst = wg.trace(lambda x: np.choose(np.argmax(x, axis=0), [x[0], -x[1]]))(A)
    for x in (A, A[::-1]):
        np.testing.assert_array_equal(lst(x), np.choose(np.argmax(x, axis=0), [x[0], -x[1]]))


@pytest.mark.parametrize("mode", ["raise", "wrap", "clip"])
def test_a_single_choice(mode):
    def f(x):
        return np.choose(np.zeros(3, int), [x], mode=mode)

    np.testing.assert_array_equal(wg.jacobian(f)(np.ones(3)), np.eye(3))
    np.testing.assert_array_equal(wg.trace(f)(np.ones(3))(np.arange(3.0)), np.arange(3.0))
    traced = wg.trace(lambda x: np.choose((x > 9).astype(int), [x], mode=mode))(np.ones(3))
    np.testing.assert_array_equal(traced(np.arange(3.0)), np.arange(3.0))


def test_a_traced_list_checks_the_numbers_of_choices():
    lst = wg.trace(lambda x: np.choose(x.astype(int), [x, -x]))(np.ones(2))
    with pytest.raises(ValueError, match="invalid entry in choice array"):
        lst(np.array([1.0, 2.0]))


def test_python_numbers_among_choices_do_not_raise_the_precision():
    x = wg.tensor(np.float32([1, 2]), requires_grad=True)
    assert np.choose([0, 1], [x, 2.5]).dtype == np.float32
    assert np.select([x > 1], [x], 0.5).dtype == np.float32


# --- piecewise -------------------------------------------------------------------------------------------------


def test_each_function_is_given_the_elements_that_its_condition_selects():
    seen = []

    def note(x):
        seen.append(np.asarray(x.detach()).tolist())
        return x

    x = wg.tensor([3.0, -1.0, 2.0], requires_grad=True)
    np.piecewise(x, [x > 0, x > 2, x > 9], [note, note, note, note])
    assert seen == [[3.0, 2.0], [3.0], [-1.0]]


def test_of_several_conditions_that_hold_the_last_one_counts():
    def f(x):
        return np.piecewise(x, [x > 0, x > 1], [lambda x: 2 * x, lambda x: 3 * x])

    np.testing.assert_array_equal(np.diag(wg.jacobian(f)(np.array([-1.0, 0.5, 2.0]))), [0.0, 2.0, 3.0])


def test_the_result_has_the_dtype_of_the_argument_and_zeros_keep_their_sign():
    x = wg.tensor(np.float32([1.0, -2.0]), requires_grad=True)
    y = np.piecewise(x, [x > 0], [lambda x: x.astype(np.float64) * -0.0, 1])
    assert y.dtype == np.float32
    assert np.signbit(y.detach().numpy()).tolist() == [True, False]


def test_a_function_without_elements_is_not_called():
    def fail(x):
        raise AssertionError("called without elements")

    np.testing.assert_array_equal(wg.jacobian(lambda x: np.piecewise(x, [x < 0], [fail, np.exp]))(np.zeros(1)), [[1.0]])
    assert wg.grad(lambda x: np.sum(np.piecewise(x, [x < 0, x > 0], [fail, fail])))(np.zeros(0)).shape == (0,)


def test_values_in_closures_are_differentiated():
    def f(a):
        x = wg.tensor(np.array([1.0, -1.0]))
        return np.sum(np.piecewise(x, [x > 0], [lambda x: a * x, a**2]))

    assert wg.grad(f)(3.0) == 7.0


def test_conditions_that_are_only_traced_are_refused():
    with pytest.raises(wg.TraceError, match=r"np.piecewise .* Select with np.where") as caught:
        wg.trace(lambda x: np.piecewise(x, [x > 0], [np.sin, np.cos]))(np.ones(2))
    assert caught.value.where.file == __file__


@pytest.mark.parametrize("function", [lambda x: np.extract(x > 0, x), lambda x: np.compress(x > 0, x)])
def test_as_many_results_as_the_values_say_cannot_be_traced(function):
    with pytest.raises(wg.TraceError, match=r"The shape of its result depends on the values") as caught:
        wg.trace(function)(np.ones(2))
    assert caught.value.where.file == __file__


# --- by lines --------------------------------------------------------------------------------------------------


def test_a_function_of_lines_may_return_what_does_not_depend_on_them():
    y, y_dot = wg.jvp(lambda x: np.apply_along_axis(lambda line: np.ones(2), 0, x), (A,), (A,))
    assert y.shape == (2, 3)
    assert not np.any(y_dot)


def test_the_dtype_is_that_of_the_first_line():
    x = wg.tensor(A, requires_grad=True)
    found = np.apply_along_axis(lambda line: np.argmax(line) if line[0] < 1 else line.sum(), 1, x)
    np.testing.assert_array_equal(found, [2, 12])
    assert found.dtype.kind == "i"


# --- NumPy's errors --------------------------------------------------------------------------------------------

REFUSED = {
    "choose number": lambda x: np.choose([0, 5, 0], [x, x]),
    "choose one": lambda x: np.choose(-1, [x]),
    "choose fraction": lambda x: np.choose(x, [x, x]),
    "choose mode": lambda x: np.choose([0, 1, 0], [x, x], mode="wild"),
    "select lengths": lambda x: np.select([x > 0], [x, x]),
    "select nothing": lambda x: np.select(x[:0], x[:0]),
    "select numbers": lambda x: np.select([x], [x]),
    "piecewise functions": lambda x: np.piecewise(x, [x > 0], [1, 2, 3]),
    "piecewise conditions": lambda x: np.piecewise(x, [x > 0, x < 0], [1]),
    "piecewise mask": lambda x: np.piecewise(x, [np.ones(7, bool)], [np.sin]),
    "piecewise shape": lambda x: np.piecewise(x, [x > 0], [[1.0, 2.0]]),
    "compress condition": lambda x: np.compress([[True]], x),
    "compress place": lambda x: np.compress([False, False, False, True], x, axis=0),
    "compress axis": lambda x: np.compress([True], x, axis=4),
    "extract": lambda x: np.extract(np.ones(9), x),
    "apply_along_axis": lambda x: np.apply_along_axis(np.sum, 4, x),
    "apply_along_axis of nothing": lambda x: np.apply_along_axis(np.sum, 1, x[:0]),
    "apply_over_axes": lambda x: np.apply_over_axes(lambda x, k: np.reshape(x, (1, 1, -1)), x, 0),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_numpy_refuses_is_refused_in_its_words(call):
    assert_refused_alike(call, A)
