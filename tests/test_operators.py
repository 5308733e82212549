"""The short paths of define-by-run do what the general way does, with every kind of operand."""

from __future__ import annotations

import math
import operator

import numpy as np
import pytest

import wengert as wg
from wengert.registry import table
from wengert.value import bind

A = np.array([0.5, 1.5, 2.5])
OPERATORS = {
    "+": (operator.add, table.add, np.add),
    "-": (operator.sub, table.subtract, np.subtract),
    "*": (operator.mul, table.multiply, np.multiply),
    "/": (operator.truediv, table.divide, np.divide),
    "**": (operator.pow, table.power, np.power),
    "%": (operator.mod, table.remainder, np.remainder),
}
OTHERS = {
    "0": 0, "1": 1, "-1": -1, "2": 2, "0.0": 0.0, "-0.0": -0.0, "0.3": 0.3, "True": True, "large": 10**17,
    "inf": float("inf"), "float64": np.float64(0.3), "float32": np.float32(0.3), "int64": np.int64(3),
    "array": np.array([0.3, 1.2, 2.0]), "0-d array": np.array(0.3), "column": np.array([[0.3], [2.0]]),
    "single array": np.array([0.3, 1.2, 2.0], np.float32), "integers": np.array([1, 2, 3]), "complex": 1 + 2j,
    "tensor": wg.tensor([0.3, 1.2, 2.0]), "leaf": wg.tensor([0.3, 1.2, 2.0], requires_grad=True),
    "number leaf": wg.tensor(0.3, requires_grad=True), "column leaf": wg.tensor([[0.3], [2.0]], requires_grad=True),
    "list": [0.3, 1.2, 2.0],
}  # fmt: skip
STARTS = {
    "vector": A,
    "number": np.float64(1.5),
    "single": A.astype(np.float32),
    "matrix": np.ones((2, 3)) * A,
}


def leaf(x):
    return wg.tensor(x, requires_grad=True)


def outcome(x, y):
    """Everything that can be seen of a result: value, type, gradient."""
    plain = y.detach().numpy()
    y.backward(np.ones(y.shape, y.dtype))
    return plain.shape, plain.dtype, plain.tolist(), x.grad.dtype, x.grad.tolist()


def assert_same(found, expected):
    assert (found[:2], found[3]) == (expected[:2], expected[3])
    np.testing.assert_array_equal(found[2], expected[2])
    np.testing.assert_array_equal(found[4], expected[4])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # 1/0, inf % 1 and the like are part of the operands
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize(("apply", "prim", "ufunc"), OPERATORS.values(), ids=OPERATORS)
def test_the_operator_the_ufunc_and_the_general_way_agree(apply, prim, ufunc, other, start):
    if isinstance(other, complex) and apply is operator.mod:
        pytest.skip("complex numbers have no remainder")
    for swapped in (False, True):
        ways = []
        for way in (apply, ufunc, lambda a, b: bind(prim, (a, b))):
            x = leaf(start)
            ways.append(outcome(x, way(other, x) if swapped else way(x, other)))
        assert_same(ways[0], ways[2])
        assert_same(ways[1], ways[2])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("other", [x for name, x in OTHERS.items() if not isinstance(x, wg.Tensor)], ids=str)
@pytest.mark.parametrize(("apply", "prim", "ufunc"), OPERATORS.values(), ids=OPERATORS)
def test_values_and_dtypes_are_numpys(apply, prim, ufunc, other, start):
    if isinstance(other, complex) and apply is operator.mod:
        pytest.skip("complex numbers have no remainder")
    plain = np.asarray(other) if isinstance(other, list) else other
    for found, expected in [
        (apply(leaf(start), other), apply(start, plain)),
        (apply(other, leaf(start)), apply(plain, start)),
    ]:
        array = found.detach().numpy()
        assert array.dtype == np.asarray(expected).dtype
        np.testing.assert_array_equal(array, expected)


UNARY = {"-": operator.neg, "+": operator.pos, "abs": abs, "sin": np.sin, "exp": np.exp, "square": np.square}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("apply", UNARY.values(), ids=UNARY)
def test_unary_operations(apply, start):
    x = leaf(start)
    y = apply(x)
    np.testing.assert_array_equal(y.detach().numpy(), apply(start))
    assert y.dtype == start.dtype
    y.backward(np.ones(y.shape, y.dtype))
    expected = wg.jvp(apply, (start,), (np.ones_like(start),))[1]
    np.testing.assert_array_equal(x.grad.numpy(), expected)


@pytest.mark.parametrize("number", [2, 3.0, -1.5])
def test_numbers_are_kept_from_changing(number):
    """Numbers that were turned into arrays are shared between operations."""
    x = leaf(A)
    y, z = x * number, x + number
    for result in (y, z):
        with pytest.raises(ValueError, match="read-only"):
            result.detach().numpy()[:] = 0.0
    np.testing.assert_array_equal((leaf(A) * number).detach().numpy(), A * number)
    np.testing.assert_array_equal((leaf(A) + number).detach().numpy(), A + number)


@pytest.mark.parametrize("apply", [operator.matmul, np.matmul, lambda a, b: bind(table.matmul, (a, b))])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        (np.ones((2, 3)), A),
        (A, np.ones((3, 2))),
        (A, A),
        (np.ones((2, 3)), np.ones((3, 2))),
        (np.ones((4, 2, 3)), np.ones((3, 2))),
    ],
)
def test_products_with_tensors_and_arrays_on_either_side(apply, left, right):
    for make_left, make_right in [(leaf, leaf), (leaf, np.asarray), (np.asarray, leaf)]:
        a, b = make_left(left), make_right(right)
        y = apply(a, b)
        np.testing.assert_array_equal(y.detach().numpy(), left @ right)
        y.backward(np.ones(y.shape))
        expected = wg.vjp(np.matmul, left, right)[1](np.ones(y.shape))
        for operand, x_bar in zip((a, b), expected, strict=True):
            if isinstance(operand, wg.Tensor):
                np.testing.assert_array_equal(operand.grad.numpy(), x_bar)


def test_a_newer_level_takes_an_older_value_as_a_constant():
    seen = []

    def f(x):
        def g(y):
            results = (x + y, y + x, x * y, y / x, x**y, np.add(x, y), np.multiply(y, x))
            seen.extend(z._level == y._level for z in results)
            return x * y

        return wg.grad(g)(2.0) * x

    assert wg.grad(f)(3.0) == 6.0
    assert all(seen)


def test_operations_that_are_not_recorded_take_the_general_way():
    x, c = leaf(A), wg.tensor(A)
    with wg.no_grad():
        for y in (x + 1, 1 + x, x * x, -x, np.sin(x), x @ A, x > 1):
            assert isinstance(y, wg.Tensor)
            assert not y.requires_grad
    for y in (c + 1, 1 + c, c * c, -c, np.sin(c), c @ A):
        assert isinstance(y, wg.Tensor)
        assert not y.requires_grad


COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


@pytest.mark.parametrize("compare", COMPARISONS, ids=lambda c: c.__name__)
def test_comparisons_are_tensors_outside_and_arrays_inside_a_transform(compare):
    for other in (1.5, np.float64(1.5), A[::-1], leaf(A[::-1])):
        plain = other.detach().numpy() if isinstance(other, wg.Tensor) else other
        for found, expected in [
            (compare(leaf(A), other), compare(A, plain)),
            (compare(other, leaf(A)), compare(plain, A)),
        ]:
            assert isinstance(found, wg.Tensor)
            np.testing.assert_array_equal(found.numpy(), expected)
    kinds = []
    wg.grad(lambda x: [kinds.append(type(compare(x, 1.5))), np.sum(x)][1])(A)
    assert kinds == [np.ndarray]


def test_an_unknown_ufunc_is_refused_with_one_and_with_two_operands():
    gamma, copysign = np.frompyfunc(math.gamma, 1, 1), np.frompyfunc(math.copysign, 2, 1)
    for call in (lambda: gamma(leaf(A)), lambda: copysign(1.0, leaf(A)), lambda: copysign(leaf(A), 1.0)):
        with pytest.raises(wg.NoRuleError, match=r"the ufunc \w+ \(vectorized\) has no derivative rule") as caught:
            call()
        assert caught.value.where.file == __file__


def test_what_numpy_refuses_is_refused():
    with pytest.raises(ValueError, match="broadcast"):
        leaf(A) + np.ones(2)
    with pytest.raises(ValueError, match="matmul"):
        leaf(A) @ 2.0
    with pytest.raises(TypeError):
        pow(leaf(A), 2, 5)
