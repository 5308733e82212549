"""Every elementwise primitive that SymPy knows: its formula has NumPy's values and the derivative that SymPy finds.

Generated from the registry. The oracle of a value is NumPy or SciPy, that of a derivative SymPy's own `diff`, both
evaluated by mpmath.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

import wengert as wg
from laws.examples import LEFT_OUT, PRIMITIVES, examples_of
from wengert.errors import NoRuleError
from wengert.facts import Kind
from wengert.symbolic import symbols_of, to_sympy
from wengert.symbolic.conversion import results_of

# Of the primitives of `rules/elementwise.py` and `rules/algebra.py`: the next float is no formula.
WITHOUT = {"spacing", "nextafter"}

# Derivatives that have no formula: in orders and parameters, and those that are integrals of another kind.
WITHOUT_FORMULA = re.compile(r"\w+_in_(order|degree|parameters?) |(gammainc|betainc)_parameters |\w*zeta_slope |ellip")


def single(example):
    """The example at its first element: an example of numbers."""
    operands = tuple(np.asarray(x).reshape(-1)[0] for x in example.operands)
    return replace(example, operands=operands)


def elementwise_examples():
    for prim in PRIMITIVES.values():
        if prim.kind is Kind.ELEMENTWISE and prim.name not in LEFT_OUT:
            found = {}
            for example in examples_of(prim):
                found.setdefault(example.output, single(example))
            yield from found.values()


EXAMPLES = list(elementwise_examples())


def formula_of(example):
    """The list and the formula; nothing where SymPy does not know the function."""
    lst = wg.trace(example.of_values)(*example.arguments)
    try:
        return lst, to_sympy(lst)
    except NoRuleError:
        return lst, None


FORMULAS = [(example, *formula_of(example)) for example in EXAMPLES]
KNOWN = [(example, lst, formula) for example, lst, formula in FORMULAS if formula is not None]


def test_no_primitive_of_the_core_is_missing():
    missing = {example.prim.name for example, _, formula in FORMULAS if formula is None}
    core = set(list(PRIMITIVES)[: list(PRIMITIVES).index("jv_in_order")])
    assert missing & core == WITHOUT
    assert len({example.prim.name for example, *_ in KNOWN}) > 220


def evaluated(expression):
    if isinstance(expression, sp.logic.boolalg.Boolean):
        return complex(bool(expression))
    return complex(expression.doit().evalf(50))


@pytest.mark.parametrize(("example", "lst", "formula"), KNOWN, ids=[str(known[0]) for known in KNOWN])
def test_the_formula_has_the_value(example, lst, formula):
    point = {s: sp.Rational(float(x)) for s, x in zip(symbols_of(lst), example.arguments, strict=True)}
    expected = complex(example.plain(*example.arguments))
    assert np.isfinite(expected)
    assert evaluated(formula.xreplace(point)) == pytest.approx(expected, rel=1e-11, abs=1e-12)


def derivatives():
    for example, _, _ in KNOWN:
        for k, number in enumerate(example.free):
            if example.prim.is_active(number):
                yield example, k


def derivative_at(f, at):
    """The derivative by the rules as a formula; nothing where one is refused that has none."""
    try:
        (found,) = results_of(wg.trace(lambda x: wg.jvp(f, (x,), (1.0,))[1])(at), generic=True)
    except NoRuleError as error:
        if not WITHOUT_FORMULA.match(error.what):
            raise
        return None
    return found[()]


def without_jumps(expression):
    """SymPy does not differentiate floor; between its jumps the derivative is 0."""
    return expression.replace(sp.Subs, lambda *_: sp.Integer(0)).replace(sp.Derivative, lambda *_: sp.Integer(0))


@pytest.mark.parametrize(("example", "k"), list(derivatives()), ids=str)
def test_the_rule_is_the_derivative_that_sympy_finds(example, k):
    arguments = list(example.arguments)

    def f(x):
        return example.of_values(*arguments[:k], x, *arguments[k + 1 :])

    at = arguments[k]
    lst = wg.trace(f)(at)
    found = derivative_at(f, at)
    if found is None:
        return
    (x,) = symbols_of(lst)
    expected = without_jumps(sp.diff(to_sympy(lst), x))
    point = {x: sp.Rational(float(at))}
    expected, found = evaluated(expected.xreplace(point)), evaluated(found.xreplace(point))
    assert np.isfinite(expected)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("f", "points"),
    [
        (np.rint, {-2.5: -2, -1.5: -2, -0.5: 0, 0.5: 0, 1.5: 2, 2.5: 2, 2.4: 2, 2.6: 3, 7.0: 7}),
        (np.trunc, {-2.5: -2, 2.5: 2, 0.0: 0}),
        (lambda x: np.round(x, 1), {0.25: 0.2, 0.75: 0.8, -1.25: -1.2, 0.31: 0.3}),
        (lambda x: np.remainder(x, 3.0), {-2.5: 0.5, 4.0: 1}),
        (lambda x: np.fmod(x, 3.0), {-2.5: -2.5, 4.0: 1}),
        (np.cbrt, {-8.0: -2, 8.0: 2, 0.0: 0}),
        (np.sinc, {0.0: 1, 0.5: 2 / np.pi}),
        (lambda x: np.clip(x, -1, 2), {-3.0: -1, 0.5: 0.5, 5.0: 2}),
        (lambda x: np.heaviside(x, 0.25), {-1.0: 0, 0.0: 0.25, 2.0: 1}),
        (lambda x: np.copysign(x, -1.0), {2.0: -2, -2.0: -2}),
        (lambda x: np.where(np.logical_not((x > 1) & (x < 3)), x, 0.0), {2.0: 0, 4.0: 4, 1.0: 1}),
        (lambda x: (x > 1) * 2.0 + (x > 2), {0.0: 0, 1.5: 2, 3.0: 3}),
        (lambda x: np.frexp(x)[0] * 2.0 ** np.frexp(x)[1], {5.0: 5, 0.0: 0}),
    ],
)  # fmt: skip
def test_special_points(f, points):
    formula = to_sympy(f, 1.0) if not isinstance(f, np.ufunc) else to_sympy(f)
    (x,) = formula.free_symbols
    for at, expected in points.items():
        assert evaluated(formula.subs(x, sp.Rational(at))) == pytest.approx(expected, rel=1e-14)
