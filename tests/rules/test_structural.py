"""Functions that move elements, with all their NumPy parameters."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from rules.agreement import assert_derivative, assert_single_precision, assert_value, case, plain

RNG = np.random.default_rng(3)
NUMBER = np.float64(0.75)
V = RNG.normal(size=3)
A = RNG.normal(size=(2, 3))
B = RNG.normal(size=(2, 3, 4))
ONES = RNG.normal(size=(1, 3, 1))

CASES = [
    case("reshape", lambda x: np.reshape(x, (3, 2)), A),
    case("reshape(int)", lambda x: np.reshape(x, 6), A),
    case("reshape(-1)", lambda x: np.reshape(x, (4, -1)), B),
    case("reshape(list)", lambda x: np.reshape(x, [3, 2]), A),
    case("reshape(order='F')", lambda x: np.reshape(x, (3, 2), order="F"), A),
    case("reshape(order='F') of three axes", lambda x: np.reshape(x, (4, 6), order="F"), B),
    case("reshape to a number", lambda x: np.reshape(x, ()), np.array([[0.5]])),
    case("method reshape", lambda x: x.reshape(3, -1) + x.reshape((3, 2), order="F"), A),
    case("ravel", np.ravel, A),
    case("ravel(order='F')", lambda x: np.ravel(x, order="F"), B),
    case("methods ravel and flatten", lambda x: x.ravel() + x.flatten("F"), A),
    case("ravel of a number", np.ravel, NUMBER),
    case("copy", np.copy, A),
    case("method copy", lambda x: x.copy(), A),
    case("transpose", np.transpose, B),
    case("transpose(axes)", lambda x: np.transpose(x, (1, -1, 0)), B),
    case("transpose(axes=list)", lambda x: np.transpose(x, axes=[2, 0, 1]), B),
    case("transpose of a vector", np.transpose, V),
    case("method transpose", lambda x: x.transpose(2, 0, 1) + x.transpose((2, 0, 1)), B),
    case("method transpose without axes", lambda x: x.transpose() + x.T, B),
    case("permute_dims", lambda x: np.permute_dims(x, (1, 0)), A),
    case("matrix_transpose", np.matrix_transpose, B),
    case("mT", lambda x: x.mT, B),
    case("swapaxes", lambda x: np.swapaxes(x, 0, -1), B),
    case("method swapaxes", lambda x: x.swapaxes(1, 2), B),
    case("moveaxis", lambda x: np.moveaxis(x, 0, -1), B),
    case("moveaxis(sequences)", lambda x: np.moveaxis(x, [0, 2], [1, 0]), B),
    case("moveaxis(tuples)", lambda x: np.moveaxis(x, (-1, 0), (0, -1)), B),
    case("broadcast_to", lambda x: np.broadcast_to(x, (4, 2, 3)), A),
    case("broadcast_to ones", lambda x: np.broadcast_to(x, (2, 3, 4)), ONES),
    case("broadcast_to(int)", lambda x: np.broadcast_to(x, 3), NUMBER),
    case("broadcast_to a list", lambda x: np.broadcast_to(x, [2, 3]), V),
    case("broadcast_arrays", np.broadcast_arrays, ONES, A[:, None, 0:1]),
    case("broadcast_arrays with a constant", lambda x: np.broadcast_arrays(x, np.ones((2, 1))), V),
    case("expand_dims", lambda x: np.expand_dims(x, 0), A),
    case("expand_dims(-1)", lambda x: np.expand_dims(x, axis=-1), A),
    case("expand_dims(tuple)", lambda x: np.expand_dims(x, (0, 2)), A),
    case("squeeze", np.squeeze, ONES),
    case("squeeze(axis)", lambda x: np.squeeze(x, axis=0), ONES),
    case("squeeze(axes)", lambda x: np.squeeze(x, axis=(0, -1)), ONES),
    case("method squeeze", lambda x: x.squeeze(2) + x.squeeze()[None], ONES),
    case("flip", np.flip, A),
    case("flip(axis)", lambda x: np.flip(x, axis=-1), B),
    case("flip(axes)", lambda x: np.flip(x, (0, 2)), B),
    case("concatenate", lambda x, y: np.concatenate([x, y]), A, A[:1]),
    case("concatenate(axis=1)", lambda x, y: np.concatenate((x, y), axis=1), A, A[:, :1]),
    case("concatenate(axis=-1)", lambda x, y: np.concatenate([x, y], -1), A, A),
    case("concatenate(axis=None)", lambda x, y: np.concatenate([x, y], axis=None), A, V),
    case("concatenate with constants", lambda x: np.concatenate([np.ones(2), x, [3.0], x]), V),
    case("concatenate of rows", lambda x: np.concatenate(x, axis=0), A),
    case("concatenate(dtype=)", lambda x: np.concatenate([x, x], dtype=np.float64), V),
    case("stack", lambda x, y: np.stack([x, y]), A, A + 1),
    case("stack(axis=1)", lambda x, y: np.stack((x, y), axis=1), A, A + 1),
    case("stack(axis=-1)", lambda x, y: np.stack((x, y), axis=-1), A, A + 1),
    case("stack of numbers", lambda x, y: np.stack([x, 2.0, y]), NUMBER, NUMBER),
    case("stack of a generated sequence", lambda x: np.stack([row * k for k, row in enumerate(x)]), A),
    case("vstack", lambda x, y: np.vstack([x, y]), V, A),
    case("vstack of numbers", lambda x: np.vstack([x, 1.0]), NUMBER),
    case("hstack", lambda x, y: np.hstack([x, y]), V, V[:1]),
    case("hstack of matrices", lambda x, y: np.hstack((x, y)), A, A[:, :1]),
    case("hstack of numbers", lambda x: np.hstack([x, 1.0, x]), NUMBER),
    case("dstack", lambda x, y: np.dstack([x, y]), A, A),
    case("dstack of vectors", lambda x: np.dstack([x, x * x]), V),
    case("column_stack", lambda x, y: np.column_stack([x, y]), V, RNG.normal(size=(3, 2))),
    case("column_stack of numbers", lambda x: np.column_stack([x, 2.0]), NUMBER),
    case("stack of different dtypes", lambda x: np.stack([x, np.arange(3)]), V),
    case("atleast_1d", np.atleast_1d, NUMBER),
    case("atleast_2d", np.atleast_2d, V),
    case("atleast_3d of a number", np.atleast_3d, NUMBER),
    case("atleast_3d of a vector", np.atleast_3d, V),
    case("atleast_3d of a matrix", np.atleast_3d, A),
    case("atleast_3d of a cube", np.atleast_3d, B),
    case("atleast_1d of several", np.atleast_1d, NUMBER, A),
    case("atleast_2d of several", np.atleast_2d, NUMBER, V),
    case("atleast_3d of several", np.atleast_3d, V, A),
    case("astype", lambda x: x.astype(np.float64) * 2, A),
    case("np.astype", lambda x: np.astype(x, "float64", copy=False), A),
    case("full_like", lambda x: np.full_like(x, 3.0) * x, A),
    case("zeros_like and ones_like", lambda x: np.zeros_like(x) + np.ones_like(x, shape=(3,)) * x, A),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value(case):
    assert_value(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_derivative(case):
    assert_derivative(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_single_precision(case):
    assert_single_precision(case)


# --- casts -----------------------------------------------------------------------------------------------------


def test_a_cast_to_single_precision_and_back_has_the_derivative_of_the_identity():
    y, pullback = wg.vjp(lambda x: x.astype(np.float32), V)
    assert y.dtype == np.float32
    (x_bar,) = pullback(np.float32([1, 2, 3]))
    assert x_bar.dtype == np.float64
    np.testing.assert_array_equal(x_bar, [1.0, 2.0, 3.0])


def test_a_cast_to_integers_is_flat():
    y, y_dot = wg.jvp(lambda x: x.astype(int), (np.array([1.5, 2.5]),), (np.ones(2),))
    np.testing.assert_array_equal(y, [1, 2])
    np.testing.assert_array_equal(y_dot, [0.0, 0.0])
    assert not wg.tensor([1.5], requires_grad=True).astype(int).requires_grad


def test_a_cast_of_a_real_number_to_complex_drops_the_imaginary_part_of_the_cotangent():
    y, pullback = wg.vjp(lambda x: x.astype(complex), V)
    assert y.dtype == np.complex128
    (x_bar,) = pullback(np.array([1 + 2j, 3j, 4.0]))
    assert x_bar.dtype == np.float64
    np.testing.assert_array_equal(x_bar, [1.0, 0.0, 4.0])


def test_a_cast_without_copy_is_the_same_value():
    x = wg.tensor([1.0])
    assert x.astype(float, copy=False) is x
    assert x.astype(float) is not x


# --- questions about shape, and new arrays ---------------------------------------------------------------------


@pytest.mark.parametrize("make", [wg.tensor, lambda x: wg.tensor(x, requires_grad=True)])
def test_questions_about_shape_have_plain_answers(make):
    x = make(B)
    assert (np.shape(x), np.ndim(x), np.size(x), np.size(x, 1)) == ((2, 3, 4), 3, 24, 3)
    assert (np.iscomplexobj(x), np.isrealobj(x)) == (False, True)
    assert np.iscomplexobj(make(1j)) is True
    assert np.result_type(x, np.complex64) == np.complex128
    assert np.result_type(make(np.float32(1)), np.float32) == np.float32
    assert (x.size, x.ndim, len(x)) == (24, 3, 2)


LIKE = {
    "zeros_like": np.zeros_like,
    "zeros_like(dtype=, shape=)": lambda x: np.zeros_like(x, dtype=np.float32, shape=(5,)),
    "ones_like": np.ones_like,
    "ones_like(dtype)": lambda x: np.ones_like(x, int),
    "full_like": lambda x: np.full_like(x, 7),
    "full_like(dtype=)": lambda x: np.full_like(x, 7.5, dtype=np.float32),
}


@pytest.mark.parametrize("function", LIKE.values(), ids=LIKE)
def test_new_arrays_like_a_value_are_constant(function):
    found, expected = plain(function(wg.tensor(A, requires_grad=True))), function(A)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    _, y_dot = wg.jvp(lambda x: function(x) * 1.0, (A,), (A,))
    assert not np.any(y_dot)


def test_empty_like_has_the_shape_and_dtype():
    found = np.empty_like(wg.tensor(np.float32(A), requires_grad=True))
    assert (found.shape, found.dtype) == ((2, 3), np.float32)


def test_full_like_keeps_the_derivative_of_what_it_is_filled_with():
    def filled(x):
        return np.sum(np.full_like(x, x[0] * x[1]))

    np.testing.assert_array_equal(wg.grad(filled)(np.array([2.0, 5.0])), [10.0, 4.0])


# --- NumPy's errors --------------------------------------------------------------------------------------------

X = wg.tensor(A, requires_grad=True)
REFUSED = {
    "reshape to another size": (lambda: X.reshape(4, 2), ValueError, "cannot reshape array of size 6 into shape"),
    "reshape with an impossible -1": (lambda: X.reshape(4, -1), ValueError, "cannot reshape array of size 6"),
    "reshape with two -1": (lambda: X.reshape(-1, -1), ValueError, "one unknown dimension|cannot reshape"),
    "reshape to a fraction": (lambda: X.reshape(1.5), TypeError, "integer"),
    "reshape without a copy": (lambda: np.reshape(X.T, 6, copy=False), ValueError, "Unable to avoid creating a copy"),
    "reshape in no order": (lambda: np.reshape(X, 6, "K"), ValueError, "order 'K' is not permitted for reshaping"),
    "ravel in no order": (lambda: np.ravel(X, "X"), ValueError, "order must be one of"),
    "copy in no order": (lambda: np.copy(X, "X"), ValueError, "order must be one of"),
    "matrix_transpose of a vector": (lambda: np.matrix_transpose(X[0]), ValueError, "at least 2-dimensional"),
    "concatenate to integers": (lambda: np.concatenate([X, X], dtype=int), TypeError, "Cannot cast array data"),
    "stack safely": (lambda: np.stack([X], dtype="f4", casting="safe"), TypeError, "according to the rule 'safe'"),
    "transpose axes": (lambda: X.transpose(0, 2), np.exceptions.AxisError, "axis 2 is out of bounds"),
    "transpose repeated": (lambda: X.transpose(0, 0), ValueError, "repeated axis"),
    "transpose too few": (lambda: np.transpose(wg.tensor(B), (0, 1)), ValueError, "axes don't match array"),
    "swapaxes": (lambda: X.swapaxes(0, 2), np.exceptions.AxisError, "axis 2 is out of bounds"),
    "moveaxis": (lambda: np.moveaxis(X, 0, 5), np.exceptions.AxisError, "axis 5 is out of bounds"),
    "moveaxis of two to one": (lambda: np.moveaxis(X, (0, 1), 0), ValueError, "same number of elements"),
    "broadcast_to": (lambda: np.broadcast_to(X, (3, 3)), ValueError, "broadcast|shape mismatch"),
    "broadcast_to fewer axes": (lambda: np.broadcast_to(X, (3,)), ValueError, "input operand has more dimensions"),
    "squeeze a longer axis": (lambda: X.squeeze(0), ValueError, "size not equal to one"),
    "expand_dims": (lambda: np.expand_dims(X, 5), np.exceptions.AxisError, "axis 5 is out of bounds"),
    "flip": (lambda: np.flip(X, 2), np.exceptions.AxisError, "axis 2 is out of bounds"),
    "concatenate": (lambda: np.concatenate([X, X], axis=2), np.exceptions.AxisError, "axis 2 is out of bounds"),
    "concatenate shapes": (lambda: np.concatenate([X, np.ones((2, 2))]), ValueError, "must match exactly"),
    "stack shapes": (lambda: np.stack([X, np.ones((2, 2))]), ValueError, "all input arrays must have the same shape"),
    "stack nothing": (lambda: np.stack([X][1:] or wg.tensor(np.zeros((0, 2)))), ValueError, "at least one array"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_numpy_refuses_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


OUT = {
    "concatenate": lambda x, out: np.concatenate([x, x], out=out),
    "stack": lambda x, out: np.stack([x, x], out=out),
}


@pytest.mark.parametrize(("name", "call"), OUT.items(), ids=OUT)
def test_out_is_refused(name, call):
    with pytest.raises(wg.NoRuleError, match=rf"np.{name} got out=") as caught:
        call(wg.tensor(V, requires_grad=True), np.zeros(6))
    assert caught.value.where.file == __file__


ORDERS = {
    "reshape": lambda x: np.reshape(x, (3, 2), order="A"),
    "ravel": lambda x: np.ravel(x, "K"),
    "reshape without a copy": lambda x: np.reshape(x, (3, 2), copy=False),
}


@pytest.mark.parametrize("function", ORDERS.values(), ids=ORDERS)
def test_the_layout_in_memory_is_not_known_while_tracing(function):
    with pytest.raises(wg.TraceError, match=r"Its place in memory is not known. Use order='C' or order='F'") as caught:
        wg.trace(function)(A)
    assert caught.value.where.file == __file__


def turned(x):
    """Views of all kinds, with axes in any order, and backwards, and as copies."""
    yield from (x, x.T, np.moveaxis(x, 0, 1), np.swapaxes(x, 0, 2), x[::-1], x[:, ::2].T, x[:, :, ::-1].T)
    yield from (np.copy(x, "F"), np.copy(x.T), np.copy(x.T, "C"), x.T + 1.0, np.broadcast_to(x, (2, *x.shape)))


@pytest.mark.parametrize("order", ["A", "K", "C", "F"])
def test_elements_are_read_in_the_order_of_memory(order):
    for found, expected in zip(turned(wg.tensor(B, requires_grad=True)), turned(B), strict=True):
        np.testing.assert_array_equal(plain(np.ravel(found, order)), np.ravel(expected, order))
        if order != "K":
            np.testing.assert_array_equal(plain(np.reshape(found, -1, order)), np.reshape(expected, -1, order))


# --- views and copies ------------------------------------------------------------------------------------------


COPIES = {
    "copy": lambda x: x.copy(),
    "np.copy": np.copy,
    "flatten": lambda x: x.flatten(),
    "astype": lambda x: x.astype(float),
    "fancy index": lambda x: x[[0, 1]],
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_what_numpy_copies_may_be_changed_in_place(copy):
    def f(x):
        y = x * 1.0
        z = copy(y)
        z += 1.0
        return np.sum(y * z)

    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(wg.grad(f)(x), 2 * x + 1)


def test_nothing_of_an_empty_array_is_moved_without_loss_of_shape():
    x = np.zeros((0, 3))
    for function, shape in [
        (np.transpose, (3, 0)),
        (np.ravel, (0,)),
        (lambda x: x.reshape(3, 0), (3, 0)),
        (lambda x: x.reshape(-1, 3), (0, 3)),
        (np.flip, (0, 3)),
        (lambda x: np.concatenate([x, np.ones((1, 3))]), (1, 3)),
        (lambda x: np.stack([x, x]), (2, 0, 3)),
        (lambda x: np.expand_dims(x, 1), (0, 1, 3)),
    ]:
        y, pullback = wg.vjp(function, x)
        assert y.shape == shape
        assert pullback(np.ones(shape))[0].shape == (0, 3)
        assert plain(function(wg.tensor(x, requires_grad=True))).shape == shape
