"""Ufuncs with options and by their methods: special points, exceptions, writing into arrays."""

from __future__ import annotations

import math
import warnings

import mpmath
import numpy as np
import pytest

import wengert as wg
from laws.mixes import MODES, mix_name, mixes_up_to, nested
from wengert.checker import check

inf, nan = math.inf, math.nan
X = np.array([1.0, 4.0, 0.0, -1.0])
MATRIX = np.array([[1.5, 0.5, 2.0], [0.7, 1.2, 0.9]])


def value_of(f, *xs):
    """What `f` gives for tensors that require grad, as an array."""
    return np.asarray(f(*(wg.tensor(x, requires_grad=True) for x in xs)).detach())


def gradient(f, x, mode="reverse"):
    """The gradient of the sum of `f`, in either mode."""
    return np.sum(np.reshape(wg.jacobian(f, mode=mode)(x), (-1, *np.shape(x))), axis=0)


# --- reductions at special points ------------------------------------------------------------------------------

REDUCTIONS = [
    ("logaddexp of -inf", np.logaddexp.reduce, [-inf, -inf, -inf], -inf, [1 / 3, 1 / 3, 1 / 3]),
    ("logaddexp with a -inf", np.logaddexp.reduce, [-inf, 1.0, 1.0], 1 + math.log(2), [0, 1 / 2, 1 / 2]),
    ("logaddexp with inf", np.logaddexp.reduce, [inf, 1.0, inf], inf, [1 / 2, 0, 1 / 2]),
    ("logaddexp of large numbers", np.logaddexp.reduce, [1000.0, 1000.0], 1000 + math.log(2), [1 / 2, 1 / 2]),
    ("logaddexp2 of -inf", np.logaddexp2.reduce, [-inf, -inf], -inf, [1 / 2, 1 / 2]),
    ("hypot of zeros", np.hypot.reduce, [0.0, 0.0], 0.0, [0, 0]),
    ("hypot with inf", np.hypot.reduce, [-inf, 3.0, inf], inf, [-math.sqrt(0.5), 0, math.sqrt(0.5)]),
    ("hypot of one number", np.hypot.reduce, [-3.0], 3.0, [-1]),
    ("hypot of large numbers", np.hypot.reduce, [3e300, 4e300], 5e300, [0.6, 0.8]),
    ("fmax with nan", np.fmax.reduce, [nan, 2.0, 1.0], 2.0, [0, 1, 0]),
    ("fmax with ties", np.fmax.reduce, [2.0, nan, 2.0], 2.0, [1 / 2, 0, 1 / 2]),
    ("fmin with ties", np.fmin.reduce, [1.0, 1.0, 3.0, 1.0], 1.0, [1 / 3, 1 / 3, 0, 1 / 3]),
    ("subtract", np.subtract.reduce, [5.0, 1.0, 2.0], 2.0, [1, -1, -1]),
    ("divide with a zero", np.divide.reduce, [0.0, 2.0, 4.0], 0.0, [1 / 8, 0, 0]),
    ("divide by a zero", np.divide.reduce, [2.0, 1.0, inf], 0.0, [0, 0, 0]),
    ("power", np.power.reduce, [2.0, 3.0, 1.0], 8.0, [12, 8 * math.log(2), 8 * math.log(8)]),
    ("one number", np.divide.reduce, [7.0], 7.0, [1]),
]


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("row", REDUCTIONS, ids=[row[0] for row in REDUCTIONS])
def test_a_reduction_at_a_special_point(row, mode):
    _, f, x, y, expected = row
    x = np.array(x)
    np.testing.assert_allclose(value_of(f, x), y, rtol=1e-15)
    np.testing.assert_allclose(gradient(f, x, mode), expected, rtol=1e-14)


SECOND = [
    ("logaddexp with a -inf", np.logaddexp.reduce, [-inf, 1.0, 1.0], [[0, 0, 0], [0, 0.25, -0.25], [0, -0.25, 0.25]]),
    ("logaddexp of -inf", np.logaddexp.reduce, [-inf, -inf], np.zeros((2, 2))),
    ("hypot of zeros", np.hypot.reduce, [0.0, 0.0], np.zeros((2, 2))),
    ("hypot with inf", np.hypot.reduce, [inf, 0.5], np.zeros((2, 2))),
    ("fmax with nan", np.fmax.reduce, [nan, 2.0], np.zeros((2, 2))),
    ("divide", np.divide.reduce, [0.0, 2.0], [[0, -0.25], [-0.25, 0]]),
    ("subtract", np.subtract.accumulate, [1.0, 2.0], np.zeros((2, 2, 2))),
]


@pytest.mark.parametrize("row", SECOND, ids=[row[0] for row in SECOND])
@pytest.mark.parametrize("inner", ["forward", "reverse"])
@pytest.mark.parametrize("outer", ["forward", "reverse"])
def test_the_second_derivative_of_a_reduction(row, inner, outer):
    _, f, x, expected = row
    with np.errstate(all="ignore"):
        found = wg.jacobian(wg.jacobian(f, mode=inner), mode=outer)(np.array(x))
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_a_vectorised_reduction_is_the_fold_step_by_step():
    # NumPy's own np.power.reduce gives 1.2247… here where the processor has AVX-512.
    assert value_of(np.power.reduce, np.array([1.5, 2.0, 0.5])) == 1.5


def test_a_long_fold_is_accurate():
    x = np.full(10_001, 0.1)
    found = wg.grad(np.logaddexp.reduce)(x)
    np.testing.assert_allclose(found, np.full(10_001, 1 / 10_001), rtol=1e-12)
    np.testing.assert_allclose(wg.grad(np.subtract.reduce)(x), np.append(1, np.full(10_000, -1)))


def test_a_step_that_takes_nothing_up_hides_what_came_before():
    # copysign(y, x) is flat in x; heaviside(y, x) takes x where y is 0.
    x = np.array([2.0, -3.0, 5.0])
    np.testing.assert_array_equal(gradient(np.copysign.reduce, x), [1, 0, 0])
    np.testing.assert_array_equal(gradient(np.heaviside.reduce, np.array([0.0, 0.5])), [0, 1])


# --- empty and scalar arrays -----------------------------------------------------------------------------------

EMPTY = {
    "logaddexp": (np.logaddexp.reduce, -inf),
    "hypot": (np.hypot.reduce, 0.0),
    "add": (np.add.reduce, 0.0),
    "multiply": (np.multiply.reduce, 1.0),
    "subtract, initial": (lambda x: np.subtract.reduce(x, initial=2.0), 2.0),
    "fmax, initial": (lambda x: x.sum() + np.fmax.reduce(x, initial=2.0), 2.0),
}


@pytest.mark.parametrize("name", EMPTY)
def test_the_reduction_of_nothing(name):
    f, expected = EMPTY[name]
    assert value_of(f, np.zeros(0)) == expected
    assert wg.grad(f)(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("ufunc", [np.subtract, np.logaddexp, np.fmin, np.power], ids=lambda u: u.__name__)
def test_a_batch_of_length_zero(ufunc):
    x = np.ones((3, 0))
    for f in (ufunc.reduce, ufunc.accumulate, lambda x: ufunc.reduceat(x, [0, 1]), lambda x: ufunc.outer(x, x)):
        y, pullback = wg.vjp(f, x)
        assert y.shape == f(x).shape
        assert pullback(y)[0].shape == (3, 0)


def test_accumulating_nothing():
    for x in (np.zeros(0), np.zeros((0, 2))):
        y, pullback = wg.vjp(np.divide.accumulate, x)
        assert y.shape == pullback(y)[0].shape == x.shape


@pytest.mark.parametrize("axis", [0, -1, None, ()])
def test_a_number_is_its_own_reduction(axis):
    assert wg.grad(lambda x: np.subtract.reduce(x, axis=axis))(2.5) == 1
    assert wg.grad(lambda x: np.subtract.reduce(x, axis=axis, initial=7.0))(2.5) == -1


def test_a_list_of_values():
    found = wg.grad(lambda x: np.hypot.reduce(np.array([x[0], 2 * x[1]])))(np.array([3.0, 2.0]))
    np.testing.assert_allclose(found, [0.6, 1.6])


# --- exceptions ------------------------------------------------------------------------------------------------

WRONG = {
    "no axis": lambda x: np.subtract.reduce(x, axis=5),
    "not reorderable": lambda x: np.subtract.reduce(x, axis=None),
    "not reorderable, two axes": lambda x: np.power.reduce(x, axis=(0, 1)),
    "nothing to subtract": lambda x: np.subtract.reduce(x[:0], axis=0),
    "nothing to compare": lambda x: np.fmax.reduce(x[:0], axis=0),
    "no identity": lambda x: np.divide.reduce(x, where=np.array([True, False, True])),
    "unary": np.sin.reduce,
    "two results": np.divmod.reduce,
    "a gufunc": np.matmul.reduce,
    "truth values": np.less.reduce,
    "two types": np.ldexp.reduce,
    "accumulate all axes": lambda x: np.subtract.accumulate(x, axis=None),
    "accumulate unary": np.exp.accumulate,
    "segment out of bounds": lambda x: np.power.reduceat(x[0], [0, 5]),
    "negative segment": lambda x: np.add.reduceat(x[0], [0, -1]),
    "outer unary": lambda x: np.sin.outer(x, x),
    "outer gufunc": lambda x: np.matmul.outer(x, x),
    "unknown option": lambda x: np.sin(x, nonsense=1),
    "integers": lambda x: np.sin(x, dtype=int),
    "casting": lambda x: np.sin(x, casting="no", dtype=np.float32),
    "where": lambda x: np.add(x, 1, where=np.array([1, 0, 1])),
    "axis of several": lambda x: np.matmul(x, x.T, axis=0),
    "too few axes": lambda x: np.matmul(x, x.T, axes=[(0, 1)]),
    "no such axis": lambda x: np.matmul(x, x.T, axes=[(0, 5), (0, 1), (0, 1)]),
    "where of a gufunc": lambda x: np.matmul(x, x.T, where=True),
    "at out of bounds": lambda x: np.add.at(x, ([0], [9]), 1.0),
    "at without operand": lambda x: np.add.at(x, 0),
    "at with an operand too many": lambda x: np.negative.at(x, 0, 1.0),
    "at with two results": lambda x: np.modf.at(x, 0),
    "at of another shape": lambda x: np.add.at(x, [0, 1], np.ones(4)),
    "out of the wrong shape": lambda x: np.add(x, 1, out=x[:, :2]),
    "out of a smaller shape": lambda x: np.add(x, 1, out=x[0]),
    "out of a reduction": lambda x: np.add.reduce(x, out=x[0, :2]),
    "out of a reduction with axes": lambda x: np.multiply.reduce(x, axis=1, out=x),
}


@pytest.mark.parametrize("kind", ["tensor", "jvp", "trace"])
@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_raise_numpys_exceptions(name, kind):
    call = WRONG[name]
    run = {
        "tensor": lambda: call(wg.tensor(MATRIX) * 1.0),
        "jvp": lambda: wg.jvp(call, (MATRIX,), (MATRIX,)),
        "trace": lambda: wg.trace(call)(MATRIX),
    }[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(Exception) as expected:  # noqa: PT011  # whatever NumPy raises
            call(MATRIX.copy())
    with pytest.raises(type(expected.value)) as caught:
        run()
    assert str(caught.value) == str(expected.value)


def test_a_target_of_integers_is_refused_as_numpy_does():
    for x, target in ((MATRIX, np.ones((2, 3), int)), (wg.tensor(MATRIX), wg.tensor(np.ones((2, 3), int)))):
        with pytest.raises(
            TypeError, match=r"Cannot cast ufunc 'add' output from dtype\('float64'\) to dtype\('int64'\)"
        ):
            np.add(x, 1, out=target)


PLAIN_TARGETS = {
    "np.add": lambda t: np.add(t, 1.0, out=np.zeros(2)),
    "np.add of a": lambda t: np.add.reduce(t, out=np.zeros(())),
    "np.modf": lambda t: np.modf(t, out=(None, np.zeros(2))),
    "np.add.at": lambda t: np.add.at(np.zeros(3), [0, 1], t),
}


@pytest.mark.parametrize("name", PLAIN_TARGETS)
def test_a_value_is_not_written_into_a_plain_array(name):
    for run in (lambda f, x: f(wg.tensor(x, requires_grad=True)), wg.vjp, wg.tape):
        with pytest.raises(wg.LostDerivativeError, match="would write a value that carries a derivative") as caught:
            run(PLAIN_TARGETS[name], np.ones(2))
        assert caught.value.where.file == __file__
        assert caught.value.remedy


def test_a_ufunc_without_rule_is_refused_in_all_its_forms():
    made = np.frompyfunc(lambda x, y: x + y, 2, 1)
    t = wg.tensor([1.0, 2.0], requires_grad=True)
    for call in (
        lambda: made(t, 1.0, dtype=object),
        lambda: made.reduce(t),
        lambda: made.accumulate(t),
        lambda: made.reduceat(t, [0]),
        lambda: made.at(t * 1.0, 0, 1.0),
    ):
        with pytest.raises(wg.NoRuleError, match="has no derivative rule"):
            call()


# --- options of plain calls ------------------------------------------------------------------------------------


@pytest.mark.parametrize("modes", mixes_up_to(2), ids=mix_name)
def test_elements_left_out_by_where_have_no_derivative(modes):
    expected = {1: [0.5, 0.25, 0, 0], 2: [-0.25, -1 / 32, 0, 0]}[len(modes)]
    found = nested(lambda x: np.sqrt(x, where=x > 0, out=np.zeros_like(x)), modes)(X)
    np.testing.assert_array_equal(found, expected)


LEFT_OUT = [
    ("log", lambda x, m: np.log(x, where=m, out=np.zeros_like(x)), [1, 0.25, 0, 0]),
    ("reciprocal", lambda x, m: np.reciprocal(x, where=m, out=np.zeros_like(x)), [-1, -1 / 16, 0, 0]),
    ("divide", lambda x, m: np.divide(2.0, x, where=m, out=np.zeros_like(x)), [-2, -1 / 8, 0, 0]),
    ("arccosh", lambda x, m: np.arccosh(x + 1, where=m, out=np.zeros_like(x)), [3**-0.5, 24**-0.5, 0, 0]),
    ("arctanh", lambda x, m: np.arctanh(x / 5, where=m, out=np.zeros_like(x)), [5 / 24, 5 / 9, 0, 0]),
    ("the target's own", lambda x, m: np.log(x, where=m, out=3 * x), [1, 0.25, 3, 3]),
    ("power", lambda x, m: np.power(x, 0.5, where=m, out=x * 1.0), [0.5, 0.25, 1, 1]),
]


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize("row", LEFT_OUT, ids=[row[0] for row in LEFT_OUT])
def test_what_where_leaves_out_is_neither_computed_nor_warned_of(row, mode):
    _, f, expected = row
    np.testing.assert_allclose(gradient(lambda x: f(x, x > 0), X, mode), expected, rtol=1e-15)


def test_without_a_target_what_where_leaves_out_is_zero():
    # NumPy leaves what happens to be in memory there.
    np.testing.assert_array_equal(value_of(lambda x: np.sqrt(x, where=x > 0), X), [1, 2, 0, 0])
    np.testing.assert_array_equal(value_of(lambda x: np.divmod(x, 2.0, where=x > 0)[1], X), [1, 0, 0, 0])


def test_where_takes_part_in_broadcasting():
    mask = np.array([[True], [False]])
    y = value_of(lambda x: np.multiply(x, 2.0, where=mask), np.array([1.0, 2.0]))
    np.testing.assert_array_equal(y, [[2, 4], [0, 0]])
    np.testing.assert_array_equal(gradient(lambda x: np.multiply(x, 2.0, where=mask), np.ones(2)), [2, 2])


def test_where_of_a_value():
    check(lambda x: np.sin(x, where=np.greater(x, 0.5), out=np.zeros_like(x)), X)


@pytest.mark.parametrize("options", [{"dtype": np.float32}, {"signature": "ff->f"}, {"signature": ("f4", None, None)}])
def test_the_type_of_the_computation(options):
    expected = np.add(X, 1 / 3, **options)
    y, y_dot = wg.jvp(lambda x: np.add(x, 1 / 3, **options), (X,), (X,))
    assert y.dtype == y_dot.dtype == np.float32
    np.testing.assert_array_equal(y, expected)
    found = wg.grad(lambda x: np.sum(np.add(x, 1 / 3, **options)))(X)
    assert found.dtype == np.float64


def test_integers_are_raised_to_the_type_of_the_computation():
    n = wg.tensor([1, 2, 3])
    np.testing.assert_array_equal(np.add(n, 1, dtype=float).numpy(), [2.0, 3.0, 4.0])
    assert np.add(n, 1, dtype=float).dtype == float


def test_lists_and_truth_values_among_the_operands():
    x = np.array([1.0, 2.0])
    found = value_of(lambda x: np.add(x, [3, 4], dtype=np.float32, where=[True, False], out=x * 2), x)
    np.testing.assert_array_equal(found, [4, 4])
    assert value_of(lambda x: np.multiply(x, True, dtype=np.float32), x).dtype == np.float32
    np.testing.assert_array_equal(value_of(lambda x: np.subtract.reduce(x, 0, None, None, True), x), [-1])


def test_order_and_subok_change_nothing():
    np.testing.assert_array_equal(value_of(lambda x: np.exp(x, order="F", subok=False), X), np.exp(X))


AXES = {
    "matmul": (lambda a, b: np.matmul(a, b, axes=[(0, 1), (1, 0), (1, 0)]), (2, 3), (4, 3)),
    "batches": (lambda a, b: np.matmul(a, b, axes=[(-2, -1), (-1, 0), (0, 1)]), (2, 3, 4), (5, 2, 4)),
    "vecdot, axis": (lambda a, b: np.vecdot(a, b, axis=0), (4, 3), (4, 3)),
    "vecdot, keepdims": (lambda a, b: np.vecdot(a, b, keepdims=True), (4, 3), (4, 3)),
    "vecdot, axis and keepdims": (lambda a, b: np.vecdot(a, b, axis=0, keepdims=True), (4, 3), (4, 3)),
    "vecdot, axes": (lambda a, b: np.vecdot(a, b, axes=[0, 1]), (4, 3), (3, 4)),
    "vecdot, axes and keepdims": (lambda a, b: np.vecdot(a, b, axes=[0, 1], keepdims=True), (4, 3), (3, 4)),
    "vecdot, all axes": (lambda a, b: np.vecdot(a, b, axes=[0, 1, 0], keepdims=True), (4, 3), (3, 4)),
    "matvec": (lambda a, b: np.matvec(a, b, axes=[(1, 0), 0, 0]), (4, 3), (4,)),
    "vecmat": (lambda a, b: np.vecmat(a, b, axes=[0, (1, 0), 0]), (3,), (4, 3)),
    "dtype": (lambda a, b: np.matmul(a, b, dtype=np.float64), (4, 3), (3,)),
}


@pytest.mark.parametrize("name", AXES)
def test_the_axes_of_a_generalised_ufunc(name):
    f, *shapes = AXES[name]
    rng = np.random.default_rng(2)
    a, b = (rng.uniform(-1, 1, shape) for shape in shapes)
    np.testing.assert_allclose(value_of(f, a, b), f(a, b), rtol=1e-14)
    check(f, a, b, order=2, directions=1)


# --- writing into arrays ---------------------------------------------------------------------------------------


def test_out_is_what_is_returned():
    def f(x):
        y, z = np.zeros_like(x), np.zeros_like(x)
        assert np.multiply(x, x, out=y) is y
        whole, rest = np.divmod(x, 1.5, out=(None, z))
        assert rest is z
        assert np.add.reduce(y * z, out=y[:1], keepdims=True) is not None
        return y[0] + np.sum(whole)

    check(f, np.array([1.2, 2.7, 3.1]), order=2)


def test_out_into_a_part_of_an_array():
    def f(x):
        y = np.zeros_like(x)
        np.exp(x[::2], out=y[1::2])
        np.add(y, x, out=y)
        return y * y

    check(f, np.array([0.2, 0.7, 0.1, -0.5]), order=2)


def test_out_reaches_all_views():
    def f(x):
        y = x * 1.0
        view = y[1:]
        np.multiply(y, y, out=y)
        return view * x[1:]

    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(gradient(f, x), [0, 12, 27])
    np.testing.assert_array_equal(gradient(f, x, "forward"), [0, 12, 27])


def test_out_is_larger_than_the_result():
    found = gradient(lambda x: np.add(x, 1, out=np.zeros_like(x, shape=(2, 2))), np.ones(2))
    np.testing.assert_array_equal(found, [2, 2])


def test_out_of_single_precision():
    y, y_dot = wg.jvp(lambda x: np.exp(x, out=np.zeros_like(x, dtype=np.float32)), (X,), (np.ones(4),))
    assert y.dtype == y_dot.dtype == np.float32
    np.testing.assert_allclose(y_dot, np.exp(X), rtol=1e-6)


def test_out_of_a_leaf_is_pytorchs_error():
    leaf = wg.tensor(X, requires_grad=True)
    for write in (lambda: np.add(X, 1.0, out=leaf), lambda: np.add.at(leaf, [0], 1.0)):
        with pytest.raises(wg.GraphError, match="a leaf Variable that requires grad is being used in an in-place"):
            write()


def test_out_of_plain_numbers_cuts_the_derivative():
    def f(x):
        y = x * x
        np.add(X, 1.0, out=y)
        return y * x

    np.testing.assert_array_equal(gradient(f, X), X + 1)


# --- at --------------------------------------------------------------------------------------------------------


def test_add_at_counts_what_is_named_several_times():
    def f(x):
        y = np.zeros_like(x, shape=3)
        np.add.at(y, [0, 2, 0, 0], x)
        return y * y

    x = np.array([1.0, 4.0, 3.0, -1.0])
    np.testing.assert_array_equal(value_of(f, x), [9, 0, 16])
    np.testing.assert_array_equal(gradient(f, x), [6, 8, 6, 6])
    np.testing.assert_array_equal(gradient(f, x, "forward"), [6, 8, 6, 6])


@pytest.mark.parametrize("index", [0, slice(1, 3), [0, 0, 1], np.array([True, False, True, True]), Ellipsis, (None, 2)])
@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.multiply, np.maximum], ids=lambda u: u.__name__)
def test_at_with_every_kind_of_index(ufunc, index):
    def f(x, b):
        y = x * 1.5
        ufunc.at(y, index, b)
        return y

    x, b = np.array([1.3, 0.5, 2.0, 1.1]), np.float64(1.4)
    np.testing.assert_allclose(value_of(f, x, b), f(x, b), rtol=1e-15)
    check(f, x, b, order=2, directions=1)


def test_at_of_a_function_of_one_operand():
    def f(x):
        y = x * 1.0
        np.square.at(y, [0, 0, 1])
        return y

    np.testing.assert_array_equal(gradient(f, np.array([2.0, 3.0, 5.0])), [32, 6, 1])


def test_the_order_of_an_at_matters():
    def f(x, b):
        y = x * 1.0
        np.power.at(y, [0, 0], b)
        return y

    x, b = np.array([1.5]), np.array([2.0, 3.0])
    assert value_of(f, x, b) == (1.5**2) ** 3
    check(f, x, b, order=2)


def test_at_with_nothing():
    found = gradient(lambda x: [np.multiply.at(y := x * 1.0, [], 2.0), y][1], X)
    np.testing.assert_array_equal(found, np.ones(4))


def test_at_reaches_all_views_and_an_array_of_integers_stays_one():
    def f(x):
        y = x * 1.0
        row = y[0]
        np.add.at(y, (0, [1, 1]), x[1, :2])
        return row

    np.testing.assert_array_equal(gradient(f, MATRIX), [[1, 1, 1], [1, 1, 0]])
    n = wg.tensor([1, 2, 3])
    np.add.at(n, [0, 0], 1)
    assert n.dtype == int
    np.testing.assert_array_equal(n.numpy(), [3, 2, 3])


# --- accuracy --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("x", [-40.0, -3.0, 0.1, 17.0, 300.0])
def test_the_weights_of_logaddexp_are_accurate_relative_to_themselves(x, mode):
    with mpmath.workdps(200):
        expected = float(1 / (1 + mpmath.exp(-mpmath.mpf(x) + 5)))
    assert MODES[mode](lambda x: np.logaddexp(x, 5.0))(x) == pytest.approx(expected, rel=4e-14)
    assert MODES[mode](lambda x: np.logaddexp(1e6 + x, 1e6 + 5.0))(x) == pytest.approx(expected, rel=4e-14)
