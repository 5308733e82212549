"""Python's operators on values: every kind of other operand, on either side, of every shape and precision.

Tensors have short paths for the usual operands, so these tests go through the operators themselves.
"""

import operator

import numpy as np
import pytest

import wengert as wg
from wengert.checker import check

OPERATORS = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "%": operator.mod,
    "//": operator.floordiv,
}
COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}

OTHERS = {
    "int": 2,
    "zero": 0,
    "negative int": -3,
    "bool": True,
    "float": 1.7,
    "float zero": 0.0,
    "float64": np.float64(0.6),
    "float32": np.float32(0.6),
    "int64": np.int64(3),
    "scalar array": np.array(0.6),
    "array": np.array([0.6, 1.9, 0.7]),
    "single array": np.array([0.6, 1.9, 0.7], np.float32),
    "integer array": np.array([1, 2, 3]),
    "boolean array": np.array([True, False, True]),
    "column": np.array([[0.6], [1.9]]),
    "matrix": np.array([[0.6, 1.3, 0.8], [1.9, 0.4, 2.2]]),
    "transposed": np.array([[0.6, 1.9], [1.3, 0.4], [0.8, 2.2]]).T,
    "list": [0.6, 1.9, 0.7],
    "complex": 0.5 + 1j,
    "complex array": np.array([0.5 + 1j, 2.0, 1j]),
    "tensor": wg.tensor([0.6, 1.9, 0.7]),
    "scalar tensor": wg.tensor(0.6),
    "single tensor": wg.tensor([0.6, 1.9, 0.7], dtype=np.float32),
    "integer tensor": wg.tensor([1, 2, 3]),
}

VALUES = {
    "scalar": np.float64(1.37),
    "array": np.array([1.37, 0.43, 2.11]),
    "matrix": np.array([[1.37, 0.43, 2.11], [0.92, 2.76, 1.63]]),
    "single": np.array([1.37, 0.43, 2.11], np.float32),
    "complex": np.array([1.37 - 0.5j, 0.43, 2.11 + 1j]),
    "single scalar": np.float32(1.37),
}


def plain(x):
    return x.numpy() if isinstance(x, wg.Tensor) else x


def swapped(f):
    return lambda a, b: f(b, a)


def is_defined(f, *xs):
    """Whether NumPy computes it, with a finite result."""
    try:
        with np.errstate(all="ignore"):
            return bool(np.all(np.isfinite(f(*xs))))
    except (TypeError, ValueError, ZeroDivisionError):
        return False


CASES = [
    pytest.param(
        symbol, side, x, other, id=f"{value} {symbol} {kind}" if side == "left" else f"{kind} {symbol} {value}"
    )
    for symbol in OPERATORS
    for side in ("left", "right")
    for value, x in VALUES.items()
    for kind, other in OTHERS.items()
]


@pytest.mark.parametrize(("symbol", "side", "x", "other"), CASES)
def test_an_operator(symbol, side, x, other):
    apply = OPERATORS[symbol]

    def f(x):
        return apply(x, other) if side == "left" else apply(other, x)

    expected_of = OPERATORS[symbol] if side == "left" else swapped(OPERATORS[symbol])
    if not is_defined(expected_of, x, plain(other)):
        return
    with np.errstate(all="ignore"):
        # Far below the precision of float32: a constant in it must not spoil a derivative in float64.
        check(f, x, directions=1, step=1e-3, rtol=1e-10 if x.dtype.itemsize >= 8 else None)
    leaf = wg.tensor(x, requires_grad=True)
    y, expected = f(leaf), expected_of(x, plain(other))
    assert (y.shape, y.dtype) == (np.shape(expected), np.asarray(expected).dtype)
    np.testing.assert_array_equal(y.detach().numpy(), expected)
    if y.requires_grad:
        y.backward(np.ones(y.shape))
        assert (leaf.grad.shape, leaf.grad.dtype) == (x.shape, x.dtype)
        _, pullback = wg.vjp(f, x)
        np.testing.assert_array_equal(leaf.grad.numpy(), np.asarray(pullback(np.ones(y.shape))[0]))


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("scalar", "scalar"),
        ("scalar", "array"),
        ("array", "array"),
        ("array", "matrix"),
        ("matrix", "array"),
        ("array", "single"),
        ("single", "single"),
        ("single", "scalar"),
        ("complex", "array"),
        ("complex", "complex"),
    ],
)
def test_an_operator_between_two_values(symbol, a, b):
    apply, x1, x2 = OPERATORS[symbol], VALUES[a], VALUES[b] * 1.1
    if not is_defined(apply, x1, x2):
        return
    check(apply, x1, x2, order=2 if a != "single" else 1, directions=1, step=1e-3)
    check(lambda x: apply(x, x), x1, directions=1, step=1e-3)


@pytest.mark.parametrize(
    ("a", "b"),
    [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 2)), ((4, 2, 3), (3, 2)), ((2, 3), (4, 3, 2))],
)
@pytest.mark.parametrize("other", [np.asarray, wg.tensor, np.ndarray.tolist], ids=["array", "tensor", "list"])
def test_matrix_products_with_constants(a, b, other):
    rng = np.random.default_rng(0)
    x1, x2 = rng.standard_normal(a), rng.standard_normal(b)
    check(lambda x: x @ other(x2), x1, directions=1)
    check(lambda x: other(x1) @ x, x2, directions=1)


@pytest.mark.parametrize("symbol", COMPARISONS)
@pytest.mark.parametrize("kind", OTHERS)
def test_a_comparison_gives_plain_truth_values(symbol, kind):
    compare, other, x = COMPARISONS[symbol], OTHERS[kind], VALUES["array"]
    expected = compare(x, plain(other))
    for leaf in (wg.tensor(x), wg.tensor(x, requires_grad=True)):
        found = compare(leaf, other)
        assert not found.requires_grad
        np.testing.assert_array_equal(found.numpy(), expected)
    found = []

    def f(x):
        found.append(np.asarray(compare(x, other)))
        return np.sum(x)

    wg.grad(f)(x)
    wg.jvp(f, (x,), (x,))
    for one in found:
        np.testing.assert_array_equal(one, expected)


@pytest.mark.parametrize("f", [operator.neg, operator.pos, abs], ids=["neg", "pos", "abs"])
@pytest.mark.parametrize("kind", VALUES)
def test_unary_operators(f, kind):
    check(f, VALUES[kind], order=2, step=1e-3)
