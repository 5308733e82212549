"""`from_sympy`: formulas as lists, and the round trip of every primitive that has a formula."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from laws.examples import LEFT_OUT, PRIMITIVES, examples_of
from wengert.errors import ArgumentError, NoRuleError
from wengert.symbolic import from_sympy, symbols_of, to_sympy

x, y = sp.symbols("x y", real=True)

_MOST_ELEMENTS = 12
_MOST_EXAMPLES = 4  # of one primitive


def test_common_subexpressions_are_computed_once():
    shared = sp.sin(x * y)
    lst = from_sympy(shared / (1 + shared) + sp.exp(shared), [x, y])
    assert [stmt.prim.name for stmt in lst.statements].count("sin") == 1
    assert len(lst.statements) == 6
    at = np.sin(0.5 * 0.7)
    assert lst(0.5, 0.7) == pytest.approx(at / (1 + at) + np.exp(at), rel=1e-15)


def test_it_is_written_as_people_write():
    lst = from_sympy(x - 2 * y / 3 - sp.sqrt(x) / y**2, [x, y])
    names = sorted(stmt.prim.name for stmt in lst.statements)
    assert names == ["divide", "divide", "multiply", "power", "sqrt", "subtract", "subtract"]
    assert lst(4.0, 3.0) == pytest.approx(4 - 2 - 2 / 9)


def test_inputs_stand_in_the_given_order_and_have_the_types_of_their_symbols():
    n, z = sp.Symbol("n", integer=True), sp.Symbol("z", complex=True)
    lst = from_sympy(z * n + x, [n, x, z])
    assert [str(v.type) for v in lst.inputs] == ["i64[]", "f64[]", "c128[]"]
    assert [v.name for v in lst.inputs] == ["n", "x", "z"]
    assert lst(2, 0.5, 1j) == 0.5 + 2j


def test_one_symbol_need_not_be_in_a_list_and_a_plain_one_is_real():
    t = sp.Symbol("t")
    lst = from_sympy(t**2, t, name="square")
    assert str(lst.inputs[0].type) == "f64[]"
    assert lst.name == "square"
    assert lst(3.0) == 9


def test_arrays_of_symbols_are_one_input():
    A = sp.Matrix(2, 2, lambda i, k: sp.Symbol(f"A_{i}_{k}", real=True))
    lst = from_sympy(A.det(), [A])
    assert [(v.name, v.shape) for v in lst.inputs] == [("A", (2, 2))]
    value = np.array([[1.0, 2.0], [3.0, 5.0]])
    assert lst(value) == -1
    np.testing.assert_array_equal(wg.grad(lst)(value), [[5, -3], [-2, 1]])


def test_an_array_without_a_common_name_gets_a_number():
    assert from_sympy(x + y, [sp.Array([x, y])]).inputs[0].name == "x1"


def test_arrays_and_sequences_of_results():
    lst = from_sympy([sp.Matrix([[x, 1], [y, x * y]]), x + y, sp.Integer(3)], [x, y])
    matrix, total, three = lst(2.0, 5.0)
    np.testing.assert_array_equal(matrix, [[2, 1], [5, 10]])
    assert (total, three) == (7, 3)


def test_the_list_is_differentiated_and_verified():
    lst = from_sympy(sp.log(x) + x * y - sp.sin(y), [x, y])
    lst.verify()
    assert wg.grad(lst, argnums=(0, 1))(2.0, 5.0) == pytest.approx((5.5, 2 - np.cos(5)))
    assert wg.adjoint(lst)(2.0, 5.0, 1.0)[1:] == pytest.approx((5.5, 2 - np.cos(5)))


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (sp.Piecewise((x, x > 1), (x**2, x > 0), (-x, True)), lambda x: x if x > 1 else x**2 if x > 0 else -x),
        (sp.Max(x, 1, x**2), lambda x: max(x, 1, x**2)),
        (sp.Heaviside(x - 1) + sp.sign(x), lambda x: np.heaviside(x - 1, 0.5) + np.sign(x)),
        (sp.sec(x) + sp.csc(x) + sp.cot(x), lambda x: 1 / np.cos(x) + 1 / np.sin(x) + 1 / np.tan(x)),
        (sp.sech(x) + sp.csch(x) + sp.coth(x), lambda x: 1 / np.cosh(x) + 1 / np.sinh(x) + 1 / np.tanh(x)),
        (sp.factorial(x) + sp.binomial(3, x), lambda x: complex(sp.gamma(x + 1) + sp.binomial(3, x).evalf()).real),
        (sp.log(x**2, 3) + sp.Mod(x, 2) + sp.frac(x), lambda x: np.log(x**2) / np.log(3) + x % 2 + x % 1),
        (x**sp.Rational(3, 2) + x ** sp.Float(0.3) + x**-5 + 2**x, lambda x: x**1.5 + x**0.3 + x**-5 + 2**x),
        (sp.ITE(x > 1, x > 2, x < 0.5), lambda x: x > 2 if x > 1 else x < 0.5),
        (sp.pi * sp.E * x + sp.EulerGamma + sp.Rational(1, 3), lambda x: np.pi * np.e * x + np.euler_gamma + 1 / 3),
        (sp.Integer(10) ** 30 * x, lambda x: 1e30 * x),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", [0.3, 1.4, 2.6])
def test_functions_that_only_sympy_has(formula, expected, at):
    assert from_sympy(formula, [x])(at) == pytest.approx(expected(at), rel=1e-13)


@pytest.mark.slow
def test_a_formula_nested_ten_thousand_times_does_not_recurse():
    def chain(x):
        for _ in range(10_000):
            x = 1 - x * 0.5
        return x

    lst = wg.trace(chain)(0.3)
    back = from_sympy(to_sympy(lst), symbols_of(lst))
    assert back(0.3) == pytest.approx(lst(0.3), rel=1e-12)


# ------------------------------------------------------------------------------------------------ there and back


def round_trips():
    for prim in PRIMITIVES.values():
        if prim.name not in LEFT_OUT:
            sizes = ((example, [np.size(a) for a in example.arguments]) for example in examples_of(prim))
            small = (example for example, found in sizes if found and max(found) <= _MOST_ELEMENTS)
            yield from itertools.islice(small, _MOST_EXAMPLES)


def formula_of(lst, name):
    """The formula; nothing where the primitive is refused, by its name, as it must be."""
    try:
        return to_sympy(lst)
    except NoRuleError as error:
        if name not in error.what:
            raise
        return None


@pytest.mark.parametrize("example", list(round_trips()), ids=str)
def test_there_and_back(example):
    lst = wg.trace(example.of_values)(*example.arguments)
    formula = formula_of(lst, example.prim.name)
    if formula is None:
        return
    back = from_sympy(formula, symbols_of(lst))
    expected, found = lst(*example.arguments), back(*example.arguments)
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


LEAVES = st.sampled_from([x, y, sp.Integer(2), sp.Rational(1, 3), sp.pi])
UNARY = st.sampled_from([sp.sin, sp.cos, sp.tanh, sp.atan, sp.exp, lambda e: sp.sqrt(1 + e**2), lambda e: -e])
BINARY = st.sampled_from(
    [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / (2 + sp.cos(b)), sp.Max]
)
FORMULAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda f, a: f(a), UNARY, inner), st.builds(lambda f, a, b: f(a, b), BINARY, inner, inner)
    ),
    max_leaves=12,
)


@settings(max_examples=60)
@given(FORMULAS)
def test_random_formulas_have_the_values_that_sympy_finds(formula):
    at = {x: sp.Rational(3, 10), y: sp.Rational(-7, 10)}
    expected = complex(formula.xreplace(at).evalf(30))
    if abs(expected) < 1e100:
        assert complex(from_sympy(formula, [x, y])(0.3, -0.7)) == pytest.approx(expected, rel=1e-9, abs=1e-9)


# ------------------------------------------------------------------------------------------------ wrong input


@pytest.mark.parametrize(
    ("formula", "symbols", "error", "message"),
    [
        (x * y, [x], ArgumentError, "from_sympy met the symbol y, which is not among the inputs."),
        (sp.Symbol("x") * 2, [x], ArgumentError, "Symbols with different assumptions are different"),
        (x, [x + 1], ArgumentError, "from_sympy needs symbols as inputs, and got Add x + 1."),
        (x, [x, x], ArgumentError, "from_sympy was given the symbol x twice."),
        (sp.Integral(sp.exp(-(x**2)), (x, 0, y)), [x, y], NoRuleError, "Integral of SymPy has no counterpart"),
        (sp.Derivative(sp.floor(x), x), [x], NoRuleError, "Derivative of SymPy has no counterpart in wengert."),
        (sp.Function("g")(x), [x], NoRuleError, "g of SymPy has no counterpart in wengert."),
        (sp.Mul(sp.zoo, x, evaluate=False), [x], NoRuleError, "zoo of SymPy"),
        (sp.polylog(3, x), [x], NoRuleError, "polylog of SymPy has a counterpart in wengert for the order 2 alone."),
        (sp.hyper((1, 2, 3), (4,), x), [x], NoRuleError, "hyper of SymPy has a counterpart in wengert for up to two"),
    ],
)  # fmt: skip
def test_wrong_input(formula, symbols, error, message):
    with pytest.raises(error) as caught:
        from_sympy(formula, symbols)
    assert message in str(caught.value)
