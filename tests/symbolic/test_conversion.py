"""`to_sympy`: lists as formulas."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
import sympy as sp

import wengert as wg
from wengert.errors import ArgumentError, NoRuleError
from wengert.symbolic import symbols_of, to_sympy

x, y, x1, x2 = sp.symbols("x y x1 x2", real=True)


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def test_a_function_of_numbers():
    assert to_sympy(textbook) == sp.log(x1) + x1 * x2 - sp.sin(x2)


def test_a_list_a_tape_and_a_function_with_arguments_are_the_same():
    expected = to_sympy(textbook)
    assert to_sympy(wg.trace(textbook)(2.0, 5.0)) == expected
    assert to_sympy(wg.tape(textbook, 2.0, 5.0)) == expected
    assert to_sympy(textbook, 2.0, 5.0) == expected


def test_parameters_with_a_default_keep_it():
    def power(x, n=3):
        for _ in range(n - 1):
            x = x * x
        return x

    assert to_sympy(power) == x**4


def test_ufuncs_have_parameters():
    assert to_sympy(np.sin) == sp.sin(x)
    assert to_sympy(np.arctan2) == sp.atan2(x1, x2)
    assert to_sympy(scipy.special.erf) == sp.erf(x)


def test_arrays_are_written_element_by_element():
    A = sp.Array([[sp.Symbol(f"A_{i}_{k}", real=True) for k in range(2)] for i in range(2)])
    b = sp.Array([sp.Symbol(f"b_{k}", real=True) for k in range(2)])
    lst = wg.trace(lambda A, b: A @ b)(np.ones((2, 2)), np.ones(2))
    assert symbols_of(lst) == (A, b)
    assert to_sympy(lst) == sp.Array([A[0, 0] * b[0] + A[0, 1] * b[1], A[1, 0] * b[0] + A[1, 1] * b[1]])


def test_element_names_do_not_meet_other_inputs():
    lst = wg.trace(lambda x, x_0: x * x_0)(np.ones(2), 1.0)
    elements, number = symbols_of(lst)
    assert [str(s) for s in elements] == ["x_0_", "x_1"]
    assert str(number) == "x_0"
    assert len(to_sympy(lst).free_symbols) == 3


def test_symbols_have_the_assumptions_of_the_dtype():
    lst = wg.trace(lambda r, n, z, k: r * n * z * k)(1.0, 2, 1j, np.uint8(3))
    r, n, z, k = symbols_of(lst)
    assert r.is_real
    assert n.is_integer
    assert z.is_complex
    assert z.is_real is None
    assert k.is_nonnegative


def test_several_results_are_a_tuple():
    assert to_sympy(lambda x: (x * x, np.ones(2), 3.0)) == (x**2, sp.Array([1, 1]), 3)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (2.0, sp.Integer(2)),
        (-0.75, sp.Rational(-3, 4)),
        (np.pi, sp.pi),
        (-np.pi / 180, -sp.pi / 180),
        (2 / np.sqrt(np.pi), 2 / sp.sqrt(sp.pi)),
        (np.sqrt(2 * np.pi), sp.sqrt(2 * sp.pi)),
        (np.log(2), sp.log(2)),
        (1 / np.log(10), 1 / sp.log(10)),
        (np.e, sp.E),
        (0.1, sp.Float(0.1)),
        (np.pi * (1 + 1e-14), sp.Float(np.pi * (1 + 1e-14))),
        (1e300, sp.Float(1e300)),
        (1.7e308, sp.Float(1.7e308)),
        (np.inf, sp.oo),
        (1 + 2j, 1 + 2 * sp.I),
        (np.float32(0.5), sp.Rational(1, 2)),
    ],
)
def test_numbers_are_recognised(number, expected):
    found = to_sympy(wg.trace(lambda x: number)(1.0))
    assert found == expected
    if sp.Float(0.1) != expected and np.isfinite(number):
        assert complex(found) == pytest.approx(complex(number), rel=4e-16)


def test_nan_is_no_number_of_a_formula_but_stays_one():
    assert to_sympy(lambda x: float("nan")) is sp.nan


def test_selections():
    formula = to_sympy(lambda x: np.where(x > 0, np.sqrt(x), -x))
    assert formula == sp.Piecewise((sp.sqrt(x), x > 0), (-x, True))
    assert to_sympy(np.maximum) == sp.Max(x1, x2)


def test_a_guarded_quotient_asks_once():
    def guarded(x, y):
        return np.where(y == 0, 0, x / np.where(y == 0, 1, y))

    assert to_sympy(guarded) == sp.Piecewise((0, sp.Eq(y, 0)), (x / y, True))


def test_matrices():
    def f(A):
        return np.linalg.det(A), np.linalg.inv(A), np.linalg.slogdet(A)[1]

    lst = wg.trace(f)(np.eye(2))
    (A,) = symbols_of(lst)
    matrix = sp.Matrix(A.tolist())
    det, inverse, logarithm = to_sympy(lst)
    assert sp.simplify(det - matrix.det()) == 0
    assert sp.simplify(sp.Matrix(inverse.tolist()) - matrix.inv()) == sp.zeros(2, 2)
    assert sp.simplify(logarithm - sp.log(sp.Abs(matrix.det()))) == 0


def test_loops_are_unrolled_branches_are_cases_and_calls_are_put_in():
    def loop(x):
        return wg.fori_loop(0, 3, lambda i, s: s * x + i, 0.0 * x + 1)

    def branch(x):
        return wg.cond(x > 0, np.sin, np.cos, x)

    assert sp.expand(to_sympy(loop) - (x**3 + x + 2)) == 0
    assert to_sympy(branch) in (
        sp.Piecewise((sp.cos(x), x <= 0), (sp.sin(x), True)),
        sp.Piecewise((sp.sin(x), x > 0), (sp.cos(x), True)),
    )
    assert to_sympy(lambda x: wg.call(np.exp, x) * 2) == 2 * sp.exp(x)


def test_a_switch_between_several_lists():
    formula = to_sympy(lambda i, x: wg.switch(i, [np.sin, np.cos, np.exp], x), 1, 2.0)
    i, at = sp.Symbol("i", integer=True), sp.Symbol("x", real=True)
    assert [formula.subs(i, k) for k in range(3)] == [sp.sin(at), sp.cos(at), sp.exp(at)]


def test_a_scan_has_the_stack_of_its_results_and_indices_within_it():
    total, products = to_sympy(lambda xs: wg.scan(lambda c, x: (c + x, c * x), 0.0, xs), np.ones(3))
    a, b, c = sp.symbols("xs_0 xs_1 xs_2", real=True)
    assert total == a + b + c
    assert products == sp.Array([0, a * b, c * (a + b)])
    horner = to_sympy(lambda c, x: wg.fori_loop(0, 3, lambda i, s: s * x + c[i], 0.0 * x), np.ones(3), 1.0)
    assert sp.expand(horner) == sp.expand(sum(sp.Symbol(f"c_{k}", real=True) * x ** (2 - k) for k in range(3)))


# ------------------------------------------------------------------------------------------------ long lists


def test_ten_thousand_statements_do_not_recurse():
    def chain(x):
        for _ in range(10_000):
            x = np.sin(x)
        return x

    formula, depth = to_sympy(chain), 0
    while formula.args:
        assert formula.func is sp.sin
        (formula,), depth = formula.args, depth + 1
    assert depth == 10_000
    assert formula == x


def test_a_long_sum():
    def total(x):
        s = 0.0
        for k in range(2000):
            s = s + x * k
        return s

    def coefficient(expression):
        """The factor of x, without SymPy's recursion."""
        pending, found = [expression], sp.Integer(0)
        while pending:
            part = pending.pop()
            if part.is_Add:
                pending.extend(part.args)
            else:
                found += part.subs(x, 1)
        return found

    assert coefficient(to_sympy(total)) == 1999 * 1000


# ------------------------------------------------------------------------------------------------ what is refused


def test_a_function_that_sympy_does_not_know():
    with pytest.raises(NoRuleError) as caught:
        to_sympy(lambda A: np.linalg.eigvalsh(A) + 1, np.eye(2))
    message = str(caught.value)
    assert "eigh has no counterpart in SymPy." in message
    assert "wg.latex writes every statement" in message
    assert "np.linalg.eigvalsh(A) + 1" in message


def test_a_users_own_primitive_is_refused_by_name():
    softsign = wg.elementwise(
        lambda x: x / (1 + abs(x)), [lambda y, x: 1 / (1 + abs(x)) ** 2], name="softsign_of_conversion"
    )
    with pytest.raises(NoRuleError, match="softsign_of_conversion has no counterpart in SymPy"):
        to_sympy(softsign, 1.0)


@pytest.mark.parametrize(
    ("f", "args", "why"),
    [
        (lambda x: wg.while_loop(lambda s: s < 10, lambda s: s * 2, x), (1.0,), "How many rounds it takes"),
        (np.take, (np.ones(3), 1), "Which elements it takes depends on the values."),
        (np.linalg.det, (np.eye(7),), "A formula for a matrix of order 7 has more terms"),
        (lambda n: np.bitwise_and(n, 3), (5,), "The bits of a number that is not known"),
    ],
)
def test_what_depends_on_values_says_why(f, args, why):
    with pytest.raises(NoRuleError) as caught:
        to_sympy(f, *args)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: to_sympy(lambda *xs: xs[0]), "to_sympy cannot count the parameters of f."),
        (lambda: to_sympy(3.0), "to_sympy needs a Wengert list or a function, and got float."),
        (lambda: to_sympy(wg.trace(np.sin)(1.0), 1.0), "to_sympy got values for list sin."),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(ArgumentError) as caught:
        call()
    assert message in str(caught.value)
