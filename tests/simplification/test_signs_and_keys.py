"""What is known of signs is true of values; keys are equal for equal bits alone."""

import numpy as np
import pytest

import wengert as wg
from simplification.examples import SPECIAL
from wengert.registry import table
from wengert.simplification.keys import application_key, constant_key
from wengert.simplification.signs import NO_NEGATIVE_ZERO, NON_NEGATIVE, sign_of

X, Y = np.repeat(SPECIAL, len(SPECIAL)), np.tile(SPECIAL, len(SPECIAL))

#: Values by what is known of them.
KNOWN = {
    0: X,
    NO_NEGATIVE_ZERO: X + 0.0,
    NON_NEGATIVE: np.abs(X),
}
OTHERS = {0: Y, NO_NEGATIVE_ZERO: Y + 0.0, NON_NEGATIVE: np.abs(Y)}

BINARY = ["add", "subtract", "multiply", "divide", "power"]
UNARY = ["square", "absolute", "fabs", "exp", "exp2", "cosh", "sqrt", "positive", "sech_squared", "negative", "sin"]


def check(bits, values):
    numbers = values[~np.isnan(values)]
    if bits & NO_NEGATIVE_ZERO:
        assert not np.any((numbers == 0) & np.signbit(numbers))
    if bits == NON_NEGATIVE:
        assert not np.any(numbers < 0)


def sign(prim, x_bits, y_bits=None):
    operands = wg.trace(lambda x, y: x + y)(1.0, 2.0).inputs[: 1 if y_bits is None else 2]
    return sign_of(prim, operands, dict(zip(operands, (x_bits, y_bits), strict=False)))


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("bits", KNOWN)
def test_signs_of_functions_of_one_operand(name, bits):
    prim = table.primitives[name]
    with np.errstate(all="ignore"):
        check(sign(prim, bits), prim.compute(KNOWN[bits]))


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("x_bits", KNOWN)
@pytest.mark.parametrize("y_bits", KNOWN)
def test_signs_of_functions_of_two_operands(name, x_bits, y_bits):
    prim = table.primitives[name]
    with np.errstate(all="ignore"):
        check(sign(prim, x_bits, y_bits), prim.compute(KNOWN[x_bits], OTHERS[y_bits]))


@pytest.mark.parametrize("exponent", [2, 2.0, -2, 4, 3, 0.5])
def test_signs_of_powers(exponent):
    (x,) = wg.trace(np.sin)(1.0).inputs
    with np.errstate(all="ignore"):
        check(sign_of(table.power, (x, exponent), {}), SPECIAL**exponent)


def test_a_square_written_as_a_product_is_known():
    (x,) = wg.trace(np.sin)(1.0).inputs
    assert sign_of(table.multiply, (x, x), {}) == NON_NEGATIVE


@pytest.mark.parametrize(
    ("constant", "expected"),
    [
        (0, NON_NEGATIVE), (0.0, NON_NEGATIVE), (-0.0, 0), (2, NON_NEGATIVE), (-2.0, NO_NEGATIVE_ZERO),
        (np.array([1.0, -0.0]), 0), (np.array([1.0, 0.0]), NON_NEGATIVE), (np.array([1, -1]), NO_NEGATIVE_ZERO),
        (np.float32(-1), NO_NEGATIVE_ZERO), (1j, 0), (True, 0),
    ],
)  # fmt: skip
def test_signs_of_constants(constant, expected):
    assert sign_of(table.positive, (constant,), {}) == expected


def test_a_primitive_of_a_user_that_is_called_like_another_is_unknown():
    mine = type(table.sin)("square", lambda x: -x, table.sin.kind, [1.0])
    (x,) = wg.trace(np.sin)(1.0).inputs
    assert sign_of(mine, (x,), {}) == 0


CONSTANTS = [
    0, 0.0, -0.0, False, True, 1, 1.0, 1 + 0j, np.float64(1), np.float32(1), np.int64(1), np.bool_(True), np.nan,
    np.array(1.0), np.array([1.0]), np.array([[1.0]]), np.arange(100.0), np.arange(100.0) + 1, np.arange(100), None,
    Ellipsis, slice(None), slice(0, None), slice(0, 2), (0,), [0], (0, 1), "x", np.dtype(float), np.dtype(np.float32),
    (slice(0, 2), None), {"axis": 0}, {"axis": (0,)},
]  # fmt: skip


def test_keys_tell_all_constants_apart():
    keys = [constant_key(x) for x in CONSTANTS]
    assert len(set(keys)) == len(keys)


def test_keys_of_equal_constants_are_equal():
    for one, other in [(np.nan, float("nan")), (np.arange(100.0), np.arange(100.0)), ((slice(1), 2), (slice(1), 2))]:
        assert constant_key(one) == constant_key(other)


def test_keys_of_equal_computed_indices_are_equal():
    def f(x, i):
        return wg.gather(x, (i, 0)) * wg.gather(x, (i, 0)) + wg.gather(x, (0, i))

    lst = wg.simplify(wg.trace(f)(np.ones((3, 3)), np.array([1, 2])))
    assert [stmt.prim.name for stmt in lst.statements].count("gather") == 2


def test_sums_and_products_have_one_key_for_both_orders():
    x, y = wg.trace(lambda x, y: x + y)(1.0, 2.0).inputs
    for prim in (table.add, table.multiply):
        assert application_key(prim, (x, y), {}, False) == application_key(prim, (y, x), {}, False)
        assert application_key(prim, (x, 2.0), {}, False) == application_key(prim, (2.0, x), {}, False)
        assert application_key(prim, (x, y), {}, True) != application_key(prim, (y, x), {}, True)
    assert application_key(table.subtract, (x, y), {}, False) != application_key(table.subtract, (y, x), {}, False)
