"""Operators with operands of every kind on either side, and their composition."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import wengert as wg
from rules.agreement import assert_derivative, assert_single_precision, assert_value, case, plain

A = np.array([[0.5, 1.25, 2.0], [1.5, 0.75, 3.5]])
V = np.array([1.1, 0.7, 2.3])
N = np.float64(1.7)

OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow,
    "%": operator.mod, "//": operator.floordiv,
}  # fmt: skip
COMPARISONS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
OTHERS = {
    "int": 2, "float": 0.3, "bool": True, "np.float64": np.float64(0.3), "np.int64": np.int64(2),
    "0-d array": np.array(0.3), "array": np.array([0.3, 2.0, 1.2]), "integer array": np.array([1, 2, 3]),
    "array of more axes": np.array([[[0.3]], [[2.0]]]), "list": [0.3, 2.0, 1.2], "nested list": [[1, 2, 3]],
}  # fmt: skip

TENSOR = wg.tensor(A, requires_grad=True)


@pytest.mark.parametrize("apply", OPERATORS.values(), ids=OPERATORS)
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_mixed_operands(apply, other):
    right = case("", lambda x: apply(x, np.asarray(other) if isinstance(other, list) else other), A)
    left = case("", lambda x: apply(np.asarray(other) if isinstance(other, list) else other, x), A)
    for mixed in (right, left):
        assert_value(mixed)
    np.testing.assert_array_equal(plain(apply(TENSOR, other)), right.function(A))
    np.testing.assert_array_equal(plain(apply(other, TENSOR)), left.function(A))
    if apply is not operator.floordiv:
        for f in (lambda x: np.sum(apply(x, other)), lambda x: np.sum(apply(other, x))):
            assert np.all(np.isfinite(wg.grad(f)(A)))
            np.testing.assert_allclose(wg.jacobian(f, mode="forward")(A), wg.grad(f)(A), rtol=1e-14)


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("other", [N, V, A, np.float64(2.0)], ids=["number", "vector", "matrix", "2.0"])
def test_derivatives_for_both_operands(name, other):
    if name != "//":
        assert_derivative(case(name, OPERATORS[name], A * 1.03, other, step=1e-3 if name == "%" else None))


@pytest.mark.parametrize("apply", COMPARISONS.values(), ids=COMPARISONS)
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_comparisons_with_anything_on_either_side(apply, other):
    for found, expected in [
        (apply(TENSOR, other), apply(A, np.asarray(other))),
        (apply(other, TENSOR), apply(np.asarray(other), A)),
    ]:
        assert found.dtype == np.bool_
        assert not found.requires_grad
        np.testing.assert_array_equal(plain(found), expected)


@pytest.mark.parametrize("apply", OPERATORS.values(), ids=OPERATORS)
def test_single_precision_stays(apply):
    assert_single_precision(case("", apply, np.float32(A), np.float32(V)))
    assert_single_precision(case("", lambda x: apply(x, 2), A))
    assert_single_precision(case("", lambda x: apply(2.5, x), A))


@pytest.mark.parametrize("apply", [*OPERATORS.values()][:5], ids=[*OPERATORS][:5])
@pytest.mark.parametrize("part", [np.real, np.imag])
def test_complex_operands(apply, part):
    whole = case("", lambda x, y, z: part(apply(x + 1j * y, 1.5 + 1j * z)), A[0], A[1], V)
    assert_value(whole)
    assert_derivative(whole, rtol=1e-7)


def test_a_real_operand_of_a_complex_product_has_a_real_derivative():
    gradient = wg.grad(lambda x: np.abs(np.sum(x * (1 + 2j))))(V)
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, np.full(3, np.sqrt(5.0)), rtol=1e-15)


def in_place(x):
    y = x * 2
    y += 1
    y -= x
    y *= y
    y /= x + 1
    y **= 2
    return y


CASES = [
    case("divmod", divmod, A * 1.01, V, step=1e-3),
    case("np.divmod", np.divmod, A * 1.01, V, step=1e-3),
    case("divmod with a constant", lambda x: divmod(x, 0.4), A * 1.01, step=1e-3),
    case("divmod of a constant", lambda x: divmod(7.3, x), A, step=1e-3),
    case("np.divmod of a constant", lambda x: np.divmod(7.3, x), A, step=1e-3),
    case("remainder of a negative", lambda x: x % -0.7, -A * 1.01, step=1e-3),
    case("fmod", np.fmod, -A * 1.01, V),
    case("unary", lambda x: -x + +x - abs(-x), A),
    case("a chain", lambda x, y: (x + 2 * y - 1) / (3 - y) ** 2 * -x, A, V),
    case("in place", in_place, A),
    case("power with an integer array", lambda x: x ** np.array([0, 1, 2]), A),
    case("reflected power", lambda x: 2**x + np.e**x, A),
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


LOGIC = {
    "&": lambda x: (x > 1) & (x < 3),
    "|": lambda x: (x > 2) | (x < 1),
    "^": lambda x: (x > 1) ^ (x < 3),
    "~": lambda x: ~(x > 1),
    "array &": lambda x: np.array([True, False, True]) & (x > 1),
    "logical_not": lambda x: np.logical_not(x > 1),
    "logical_and": lambda x: np.logical_and(x, x > 1),
}


@pytest.mark.parametrize("function", LOGIC.values(), ids=LOGIC)
def test_logic(function):
    found = function(TENSOR)
    assert not found.requires_grad
    np.testing.assert_array_equal(plain(found), function(A))
    np.testing.assert_array_equal(wg.tape(function, A).outputs[0], function(A))


def test_integers_are_computed_as_numpy_does():
    i = wg.tensor([6, 7, 8])
    for found, expected in [
        (i // 4, [1, 1, 2]), (i % 4, [2, 3, 0]), (i & 3, [2, 3, 0]), (i ^ 1, [7, 6, 9]), (~i, [-7, -8, -9]),
        (np.gcd(i, 4), [2, 1, 4]), (np.left_shift(i, 1), [12, 14, 16]), (2 | i, [6, 7, 10]),
    ]:  # fmt: skip
        assert found.dtype == np.int64
        np.testing.assert_array_equal(plain(found), expected)


@pytest.mark.parametrize("apply", [operator.add, operator.mul, operator.pow, operator.mod])
def test_shapes_that_do_not_broadcast_are_numpys_error(apply):
    for call in (lambda: apply(TENSOR, np.ones(2)), lambda: apply(np.ones(2), TENSOR)):
        with pytest.raises(ValueError, match="broadcast"):
            call()


@pytest.mark.parametrize("other", [None, "a", object(), {}])
@pytest.mark.parametrize("apply", [operator.add, operator.mul])
def test_what_is_no_number_is_no_operand(apply, other):
    for call in (lambda: apply(TENSOR, other), lambda: apply(other, TENSOR)):
        with pytest.raises(TypeError):
            call()
