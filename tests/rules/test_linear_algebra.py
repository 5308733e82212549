"""Products, diagonals and triangles, with all their NumPy parameters."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.exceptions import AxisError

import wengert as wg
from rules.agreement import assert_derivative, assert_single_precision, assert_value, case

RNG = np.random.default_rng(5)
NUMBER = np.float64(0.75)
V, W = RNG.normal(size=3), RNG.normal(size=3)
A, B = RNG.normal(size=(2, 3)), RNG.normal(size=(3, 4))
S = RNG.normal(size=(3, 3))
C, D = RNG.normal(size=(2, 3, 2)), RNG.normal(size=(3, 2, 3))

CASES = [
    case("dot of numbers", np.dot, NUMBER, NUMBER),
    case("dot of a number and an array", np.dot, NUMBER, A),
    case("dot of an array and a number", np.dot, A, NUMBER),
    case("dot of vectors", np.dot, V, W),
    case("dot of matrices", np.dot, A, B),
    case("dot of a matrix and a vector", np.dot, A, V),
    case("dot of a vector and a matrix", np.dot, V, B),
    case("dot of a cube and a matrix", np.dot, C, RNG.normal(size=(2, 2))),
    case("dot of cubes", np.dot, C, D[:, :2]),
    case("dot of a vector and a cube", np.dot, V[:2], D),
    case("dot of a list", lambda x: np.dot([1.0, 2.0], x), A),
    case("dot with a list", lambda x: np.dot(x, [1.0, 2.0, 3.0]), A),
    case("method dot", lambda x: x.dot(x.T).dot(x), A),
    case("@", lambda x, y: x @ y, A, B),
    case("@ of stacks", lambda x, y: x @ y, C, A),
    case("@ with an array on the left", lambda x: np.ones((1, 2)) @ x, A),
    case("@ with an array on the right", lambda x: x @ np.ones(3), A),
    case("@ with a list", lambda x: x @ [1.0, 2.0, 3.0], A),
    case("list @", lambda x: [1.0, 2.0] @ x if not isinstance(x, np.ndarray) else np.array([1.0, 2.0]) @ x, A),
    case("vdot", np.vdot, A, A + 1),
    case("vdot with a list", lambda x: np.vdot([[1.0, 2.0, 3.0]], x), V),
    case("inner of vectors", np.inner, V, W),
    case("inner of matrices", np.inner, A, S),
    case("inner of a vector and a matrix", np.inner, V, A),
    case("inner of a number", np.inner, NUMBER, A),
    case("inner of cubes", np.inner, C, D[..., :2]),
    case("outer", np.outer, V, W),
    case("outer of matrices", np.outer, A, V),
    case("outer of numbers", np.outer, NUMBER, V),
    case("outer with a list", lambda x: np.outer([1.0, 2.0], x), V),
    case("tensordot", np.tensordot, C, RNG.normal(size=(3, 2, 2))),
    case("tensordot(axes=0)", lambda x, y: np.tensordot(x, y, axes=0), A, V),
    case("tensordot(axes=1)", lambda x, y: np.tensordot(x, y, axes=1), A, B),
    case("tensordot(axes=(int, int))", lambda x, y: np.tensordot(x, y, axes=(1, 0)), C, B),
    case("tensordot(axes=lists)", lambda x, y: np.tensordot(x, y, axes=([0, 1], [1, 0])), C, D),
    case("tensordot(axes=negative)", lambda x, y: np.tensordot(x, y, axes=((-1, -2), (1, 0))), C, D),
    case("vecdot", np.vecdot, A, S[:2]),
    case("vecdot broadcasts", np.vecdot, A, V),
    case("trace", np.trace, S),
    case("trace(offset)", lambda x: np.trace(x, 1), A),
    case("trace(axes)", lambda x: np.trace(x, offset=-1, axis1=0, axis2=2), C),
    case("trace(dtype=)", lambda x: np.trace(x, dtype=np.float64), S),
    case("diagonal", np.diagonal, A),
    case("diagonal(offset=1)", lambda x: np.diagonal(x, offset=1), A),
    case("diagonal(offset=-1)", lambda x: np.diagonal(x, -1), A),
    case("diagonal(offset too large)", lambda x: np.diagonal(x, 5), A),
    case("diagonal(axes)", lambda x: np.diagonal(x, 0, 2, 1), C),
    case("diagonal of a cube", np.diagonal, C),
    case("diag of a vector", np.diag, V),
    case("diag of a vector above", lambda x: np.diag(x, 2), V),
    case("diag of a vector below", lambda x: np.diag(x, k=-1), V),
    case("diag of a matrix", np.diag, A),
    case("diag of a matrix above", lambda x: np.diag(x, 1), A),
    case("diag of one", np.diag, V[:1]),
    case("tril", np.tril, S),
    case("tril(k)", lambda x: np.tril(x, -1), A),
    case("tril of a cube", lambda x: np.tril(x, k=1), D),
    case("triu", np.triu, S),
    case("triu(k)", lambda x: np.triu(x, 1), A),
    case("triu of a cube", lambda x: np.triu(x, k=-1), D),
    case("tril of a vector", np.tril, V),
    case("triu of a vector", lambda x: np.triu(x, 1), V),
]
if hasattr(np, "matvec"):
    CASES += [
        case("matvec", np.matvec, A, V),
        case("matvec of stacks", np.matvec, D, V),
        case("vecmat", np.vecmat, V, B),
        case("vecmat of stacks", np.vecmat, V[:2], D),
    ]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_value(case):
    assert_value(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_derivative(case):
    assert_derivative(case)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_single_precision(case):
    if "list" not in case.name:  # a list of numbers is an array of doubles
        assert_single_precision(case)


COMPLEX = {
    "@": lambda x, y: x @ y,
    "dot": np.dot,
    "vdot": np.vdot,
    "inner": np.inner,
    "outer": np.outer,
    "tensordot": lambda x, y: np.tensordot(x, y, axes=1),
    "vecdot": np.vecdot,
    "trace": lambda x, y: np.trace(x * y),
    "diag": lambda x, y: np.diag(x) * np.diag(y),
    "tril": lambda x, y: np.tril(x) * np.triu(y, 1),
} | (
    {"vecmat": lambda x, y: np.vecmat(x[0], y), "matvec": lambda x, y: np.matvec(x, y[0])}
    if hasattr(np, "matvec")
    else {}
)


@pytest.mark.parametrize("function", COMPLEX.values(), ids=COMPLEX)
@pytest.mark.parametrize("part", [np.real, np.imag])
def test_complex_numbers_by_their_parts(function, part):
    def of_parts(x1, x2, y1, y2):
        return part(function(x1 + 1j * x2, y1 + 1j * y2))

    whole = case("", of_parts, S, S.T + 0.1, S - 0.4, S + 1)
    assert_value(whole)
    assert_derivative(whole)


# --- empty arrays ----------------------------------------------------------------------------------------------

EMPTY = {
    "dot": (np.dot, np.zeros(0), np.zeros(0)),
    "@": (np.matmul, np.zeros((2, 0)), np.zeros((0, 3))),
    "outer": (np.outer, np.zeros(0), np.zeros(2)),
    "tensordot": (lambda x, y: np.tensordot(x, y, 1), np.zeros((2, 0)), np.zeros((0, 3))),
    "diag": (lambda x, y: np.diag(x) + np.diag(y), np.zeros(0), np.zeros(0)),
    "trace": (lambda x, y: np.trace(x) + np.trace(y), np.zeros((0, 0)), np.zeros((0, 2))),
    "diagonal": (lambda x, y: np.diagonal(x) + np.diagonal(y), np.zeros((0, 3)), np.zeros((2, 0))),
    "tril": (lambda x, y: np.tril(x) + np.triu(y), np.zeros((0, 3)), np.zeros((0, 3))),
    "diag above": (lambda x, y: np.diag(x, 2) + np.diag(y, -2), np.zeros(0), np.zeros(0)),
}


@pytest.mark.parametrize(("function", "x", "y"), EMPTY.values(), ids=EMPTY)
def test_products_of_nothing(function, x, y):
    expected = function(x, y)
    found, pullback = wg.vjp(function, x, y)
    np.testing.assert_array_equal(found, expected)
    assert [x_bar.shape for x_bar in pullback(np.ones(np.shape(expected)))] == [x.shape, y.shape]


# --- NumPy's errors --------------------------------------------------------------------------------------------

X = wg.tensor(A, requires_grad=True)
REFUSED = {
    "@": (lambda: X @ X, ValueError, "mismatch|do not fit|not aligned"),
    "@ of a number": (lambda: X @ 2.0, ValueError, "does not have enough dimensions|scalar"),
    "dot": (lambda: np.dot(X, X), ValueError, "mismatch|not aligned"),
    "inner": (lambda: np.inner(X, V[:2]), ValueError, "mismatch|not aligned"),
    "tensordot": (lambda: np.tensordot(X, X.T), ValueError, "shape-mismatch for sum"),
    "tensordot shapes": (lambda: np.tensordot(X, X, axes=1), ValueError, "shape-mismatch for sum"),
    "tensordot axes": (lambda: np.tensordot(X, X, axes=(5, 0)), (AxisError, IndexError), "out of"),
    "tensordot numbers of axes": (lambda: np.tensordot(X, X, axes=([0], [0, 1])), ValueError, "shape-mismatch for sum"),
    "vdot": (lambda: np.vdot(X, V), ValueError, "mismatch|not aligned"),
    "vecdot": (lambda: np.vecdot(X, np.ones(2)), ValueError, "mismatch|broadcast"),
    "dot of vectors": (lambda: np.dot(X[0], V[:2]), ValueError, r"\(3,\) and \(2,\) not aligned: 3 \(dim 0\) != 2"),
    "dot of a cube": (lambda: np.dot(X, D), ValueError, r"\(3,2,3\) not aligned: 3 \(dim 1\) != 2 \(dim 1\)"),
    "multi_dot of one": (lambda: np.linalg.multi_dot([X]), ValueError, "Expecting at least two arrays"),
    "multi_dot": (lambda: np.linalg.multi_dot([X, X, X]), ValueError, r"shapes \(2,3\) and \(2,3\) not aligned"),
    "multi_dot of cubes": (
        lambda: np.linalg.multi_dot([wg.tensor(C)] * 3), np.linalg.LinAlgError, "3-dimensional array given"
    ),
    "matrix_power": (lambda: np.linalg.matrix_power(X, 2), np.linalg.LinAlgError, "must be square"),
    "matrix_power of a vector": (
        lambda: np.linalg.matrix_power(wg.tensor(V), 2), np.linalg.LinAlgError, "1-dimensional array given"
    ),
    "matrix_power to a fraction": (
        lambda: np.linalg.matrix_power(wg.tensor(S), 0.5), TypeError, "exponent must be an integer"
    ),
    "linalg.outer": (lambda: np.linalg.outer(X, V), ValueError, "one-dimensional, but they are x1.ndim=2"),
    "linalg.trace": (lambda: np.linalg.trace(wg.tensor(V)), ValueError, "at least two dimensions"),
    "linalg.diagonal": (lambda: np.linalg.diagonal(wg.tensor(V)), ValueError, "at least two dimensions"),
    "linalg.matrix_transpose": (
        lambda: np.linalg.matrix_transpose(wg.tensor(V)), ValueError, "at least 2-dimensional, but it is 1"
    ),
    "linalg.vecdot": (lambda: np.linalg.vecdot(X, X, axis=3), AxisError, "out of bounds"),
    "diag of a cube": (lambda: np.diag(wg.tensor(C)), ValueError, "must be 1- or 2-d"),
    "diag of a number": (lambda: np.diag(wg.tensor(1.0)), ValueError, "must be 1- or 2-d"),
    "diagonal of a vector": (lambda: np.diagonal(wg.tensor(V)), ValueError, "at least two dimensions"),
    "diagonal twice": (lambda: np.diagonal(X, 0, 1, 1), ValueError, "axis1 and axis2 cannot be the same"),
    "trace of a vector": (lambda: np.trace(wg.tensor(V)), ValueError, "at least two dimensions"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), REFUSED.values(), ids=REFUSED)
def test_what_numpy_refuses_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_powers_of_a_matrix_that_vanish():
    nilpotent = np.array([[0.0, 1.0], [0.0, 0.0]])
    assert not np.any(wg.jacobian(lambda a: np.linalg.matrix_power(a, 2))(np.zeros((2, 2))))
    # d(A²) = dA A + A dA
    t = np.array([[1.0, 2.0], [3.0, 4.0]])
    y, y_dot = wg.jvp(lambda a: np.linalg.matrix_power(a, 2), (nilpotent,), (t,))
    np.testing.assert_array_equal(y, 0)
    np.testing.assert_array_equal(y_dot, t @ nilpotent + nilpotent @ t)


def test_the_power_zero_is_the_identity_and_flat():
    found = np.linalg.matrix_power(wg.tensor(np.stack([S, S]), requires_grad=True), 0)
    np.testing.assert_array_equal(found, np.stack([np.eye(3), np.eye(3)]))
    assert np.linalg.matrix_power(wg.tensor(np.float32(S)), 0).dtype == np.float32
    assert not np.any(wg.grad(lambda a: np.sum(np.linalg.matrix_power(a, 0)))(np.zeros((2, 2))))


def test_a_long_product_is_multiplied_in_the_order_of_least_cost():
    row, column, square = np.ones((1, 50)), np.ones((50, 1)), np.ones((50, 50))
    tape = wg.tape(lambda r, a, c: np.linalg.multi_dot([a, c, r, a, c]), row, square, column)
    assert max(stmt.targets[0].shape for stmt in tape.list.statements) == (50, 1)


@pytest.mark.parametrize("name", ["dot", "outer", "trace"])
def test_out_is_refused(name):
    operands = (X,) if name == "trace" else (X, V)
    with pytest.raises(wg.NoRuleError, match=rf"np.{name} got out=") as caught:
        getattr(np, name)(*operands, out=np.zeros(2))
    assert caught.value.where.file == __file__
