"""Formulas of partials, as they follow from the derivative table."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert import registry
from wengert.facts import Kind
from wengert.primitive import Primitive
from wengert.show.formula import Formula, Part, contribution_formula, primal_formula, symbol, tangent_formula
from wengert.show.notation import Symbols

A = np.arange(6.0).reshape(2, 3) + 1


def of_last_statement(f, *args):
    """Primal, tangent and contribution formulas of the last statement, with v̇ and v̄ written as dv and bv."""
    tape = wg.tape(f, *args)
    symbols = Symbols("v", tape.list.inputs, [stmt.targets[0] for stmt in tape.list.statements])
    stmt = tape.list.statements[-1]
    contributions = [
        contribution_formula(stmt, i, symbols)
        for i, x in enumerate(stmt.operands)
        if getattr(x, "name", "") and stmt.prim.is_active(i)
    ]
    formulas = [primal_formula(stmt, symbols), tangent_formula(stmt, symbols), *contributions]
    return [_plain(str(formula)) for formula in formulas]


def _plain(text):
    digits = str.maketrans("₋₀₁₂₃₄₅₆₇₈₉", "-0123456789")
    return text.translate(digits).replace("v\u0307", "dv").replace("v\u0304", "bv")


@pytest.mark.parametrize(
    ("f", "args", "primal", "tangent", "contributions"),
    [
        (np.sin, (5.0,), "sin(v0)", "dv0 · cos(v0)", ["bv1 · cos(v0)"]),
        (np.cos, (5.0,), "cos(v0)", "-dv0 · sin(v0)", ["-bv1 · sin(v0)"]),
        (np.log, (5.0,), "log(v0)", "dv0 / v0", ["bv1 / v0"]),
        (np.exp, (5.0,), "exp(v0)", "dv0 · v1", ["bv1 · v1"]),
        (np.tanh, (5.0,), "tanh(v0)", "dv0 · sech²(v0)", ["bv1 · sech²(v0)"]),
        (np.sqrt, (5.0,), "sqrt(v0)", "dv0 · 0.5 / v1", ["bv1 · 0.5 / v1"]),
        (np.abs, (5.0,), "|v0|", "dv0 · sign(v0)", ["bv1 · sign(v0)"]),
        (lambda x: -x, (5.0,), "-v0", "-dv0", ["-bv1"]),
        (lambda x: x**2, (5.0,), "v0 ** 2", "dv0 · 2 · v0", ["bv1 · 2 · v0"]),
        (lambda x: x**3, (5.0,), "v0 ** 3", "dv0 · 3 · v0 ** 2", ["bv1 · 3 · v0 ** 2"]),
        (lambda x: x**-2, (5.0,), "v0 ** (-2)", "-dv0 · 2 · v0 ** (-3)", ["-bv1 · 2 · v0 ** (-3)"]),
        (lambda x: 2.5 * x, (5.0,), "2.5 · v0", "dv0 · 2.5", ["bv1 · 2.5"]),
        (lambda x: x - -2.0, (5.0,), "v0 - (-2)", "dv0", ["bv1"]),
        (lambda x: x * -1, (5.0,), "v0 · (-1)", "-dv0", ["-bv1"]),
        (lambda x: 1 / x, (5.0,), "1 / v0", "-dv0 · v1 / v0", ["-bv1 · v1 / v0"]),
        (lambda x: x / 4, (5.0,), "v0 / 4", "dv0 · 0.25", ["bv1 · 0.25"]),
        (lambda x: np.pi * x, (5.0,), "3.1416 · v0", "dv0 · 3.1416", ["bv1 · 3.1416"]),
        (lambda x, y: x + y, (5.0, 6.0), "v-1 + v0", "dv-1 + dv0", ["bv1", "bv1"]),
        (lambda x, y: x - y, (5.0, 6.0), "v-1 - v0", "dv-1 - dv0", ["bv1", "-bv1"]),
        (lambda x, y: x * y, (5.0, 6.0), "v-1 · v0", "dv-1 · v0 + dv0 · v-1", ["bv1 · v0", "bv1 · v-1"]),
        (lambda x: x * x, (5.0,), "v0 · v0", "dv0 · v0 + dv0 · v0", ["bv1 · v0", "bv1 · v0"]),
        (lambda x, y: x / y, (5.0, 6.0), "v-1 / v0", "dv-1 / v0 - dv0 · v1 / v0", ["bv1 / v0", "-bv1 · v1 / v0"]),
        (
            np.logaddexp, (5.0, 6.0), "logaddexp(v-1, v0)",
            "dv-1 · (1 / (1 + exp(v0 - v-1))) + dv0 · (1 / (1 + exp(v-1 - v0)))",
            ["bv1 · (1 / (1 + exp(v0 - v-1)))", "bv1 · (1 / (1 + exp(v-1 - v0)))"],
        ),
        (lambda x: np.where(True, x, 1.0), (5.0,), "where(True, v0, 1)", "dv0", ["bv1"]),
        (np.sum, (A,), "sum(v0)", "sum(dv0)", ["bv1 · ones(2, 3)"]),
        (lambda x: x.sum(axis=0), (A,), "sum(v0, axis=0)", "sum(dv0, axis=0)", ["bv1 · ones(2, 3)"]),
        (lambda x: x.sum(axis=1), (A,), "sum(v0, axis=1)", "sum(dv0, axis=1)", ["bv1[:, None] · ones(2, 3)"]),
        (
            lambda x: x.mean(axis=(0, 2)), (A[None],), "mean(v0, axis=(0, 2))", "mean(dv0, axis=(0, 2))",
            ["(bv1 / 3)[:, None] · ones(1, 2, 3)"],
        ),
        (
            lambda x: x.sum(axis=1, keepdims=True), (A,), "sum(v0, axis=1, keepdims=True)",
            "sum(dv0, axis=1, keepdims=True)", ["bv1 · ones(2, 3)"],
        ),
        (lambda x: x[1:, ..., 0], (A,), "v0[1:, ..., 0]", "dv0[1:, ..., 0]", ["bv1 at [1:, ..., 0]"]),
        (lambda x: x.T, (A,), "v0ᵀ", "dv0ᵀ", ["bv1ᵀ"]),
        (lambda x, y: x @ y, (A, A.T), "v-1 @ v0", "dv-1 @ v0 + v-1 @ dv0", ["bv1 @ v0ᵀ", "v-1ᵀ @ bv1"]),
        (
            lambda x, y: x @ y, (A, A[0]), "v-1 @ v0", "dv-1 @ v0 + v-1 @ dv0",
            ["outer(bv1, v0)", "v-1ᵀ @ bv1"],
        ),
        (
            lambda x, y: x @ y, (A[:, 0], A), "v-1 @ v0", "dv-1 @ v0 + v-1 @ dv0",
            ["bv1 @ v0ᵀ", "outer(v-1, bv1)"],
        ),
        (lambda x, y: x @ y, (A[0], A[1]), "v-1 @ v0", "dv-1 @ v0 + v-1 @ dv0", ["bv1 · v0", "v-1 · bv1"]),
        (  # of a stack of matrices it is no product of a matrix and a vector
            lambda x, y: x @ y, (A[None], A[0]), "v-1 @ v0", "dv-1 @ v0 + v-1 @ dv0",
            ["bv1[..., None] · v0", "sum((transpose(v-1, axes=(0, 2, 1)) @ bv1[..., None])[..., 0], axis=0)"],
        ),
        (lambda x, y: x + y, (A, 1.0), "v-1 + v0", "dv-1 + dv0", ["bv1", "sum(bv1)"]),
        (lambda x: x * A, (2.0,), "v0 · f64[2,3]", "dv0 · f64[2,3]", ["sum(bv1 · f64[2,3])"]),
        (lambda x: x * np.array([1, 2]), (2.0,), "v0 · [1, 2]", "dv0 · [1, 2]", ["sum(bv1 · [1, 2])"]),
        (
            lambda x, y: np.concatenate([x, y]), (A, A), "concatenate(v-1, v0, axis=0)",
            "concatenate(dv-1, dv0, axis=0)", ["bv1[0:2]", "bv1[2:4]"],
        ),
    ],
)  # fmt: skip
def test_formulas(f, args, primal, tangent, contributions):
    assert of_last_statement(f, *args) == [primal, tangent, *contributions]


def ones(*shape):
    return np.ones(shape)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x, y: x @ y, (A, A[0])),
        (lambda x, y: x @ y, (A[:, 0], A)),
        (lambda x, y: x @ y, (A[0], A[1])),
        (lambda x: x.sum(axis=1), (A,)),
        (lambda x: x.mean(axis=0), (A,)),
        (lambda x: x.sum(axis=1), (np.arange(24.0).reshape(2, 3, 4),)),
    ],
)
def test_what_is_read_as_one_operation_computes_the_contribution(f, args):
    _, _, *contributions = of_last_statement(f, *args)
    result, pull = wg.vjp(f, *args)
    ct = np.cos(np.arange(np.size(result))).reshape(np.shape(result))
    names = {"bv1": ct, "outer": np.outer, "ones": ones}
    names |= dict(zip(("vm1", "v0") if len(args) == 2 else ("v0",), args, strict=True))
    for text, expected in zip(contributions, pull(ct), strict=True):
        code = text.replace("v-1", "vm1").replace("·", "*").replace("ᵀ", ".T")
        np.testing.assert_allclose(eval(code, names), expected)  # noqa: S307 - the project's own text


def test_complex_partials_are_conjugated_in_the_adjoint():
    assert of_last_statement(np.exp, 1 + 1j)[1:] == ["dv0 · v1", "bv1 · conjugate(v1)"]


def test_a_rule_that_is_too_long_leaves_the_partial_unnamed():
    assert of_last_statement(np.sinc, 0.5) == ["sinc(v0)", "∂v1/∂v0 · dv0", "bv1 · ∂v1/∂v0"]


def test_only_the_long_part_of_a_tangent_is_left_unnamed():
    formula = of_last_statement(lambda x, y: x**y, 2.0, 3.0)[1]
    assert formula.startswith("dv-1 · v0 · v-1 ** ")
    assert formula.endswith(" + dv0 · v1 · log(where(v-1 == 0, 1, v-1))")


def test_a_rule_that_asks_for_values_leaves_the_partial_unnamed():
    facts = [lambda y, x: 1.0 if x > 0 else 2.0]
    kinky = Primitive("kinky", abs, Kind.ELEMENTWISE, facts, analytic=False, at_kinks="2 at 0")
    assert of_last_statement(kinky, 1.0) == ["kinky(v0)", "∂v1/∂v0 · dv0", "bv1 · ∂v1/∂v0"]


SMOOTH = [
    prim
    for prim in registry.table.primitives.values()
    if prim.kind is Kind.ELEMENTWISE and not prim.is_flat and hasattr(np, prim.name) and prim.name != "astype"
]


@pytest.mark.parametrize("prim", SMOOTH, ids=lambda prim: prim.name)
def test_every_elementwise_primitive_has_formulas(prim):
    args = [np.float64(sum(interval) / 2 + 0.1) if prim.is_active(i) else 1 for i, interval in enumerate(prim.domain)]
    primal, tangent, *contributions = of_last_statement(prim, *args)
    assert primal
    assert "dv" in tangent
    assert len(contributions) == sum(map(prim.is_active, range(len(args))))
    assert all("bv1" in formula for formula in contributions)


# ----------------------------------------------------------------------------------------- the algebra of texts


a, b, c = map(symbol, "abc")
ONE = Formula()


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (ONE, "1"),
        (-ONE, "-1"),
        (a * ONE, "a"),
        (ONE * a / ONE, "a"),
        (a * (ONE / b), "a / b"),
        (ONE / b, "1 / b"),
        (a * -ONE, "-a"),
        (-ONE * -a, "a"),
        (-a * -b, "a · b"),
        (a / b / c, "a / (b · c)"),
        (a / (b / c), "a · c / b"),
        (a + b * c, "a + b · c"),
        (a * (b + c), "a · (b + c)"),
        (a / (b + c), "a / (b + c)"),
        (a - (b - c), "a - (b - c)"),
        (a - b - c, "a - b - c"),
        (a + (b - c), "a + b - c"),
        (a + -b, "a - b"),
        (a - -b, "a + b"),
        (-(a + b), "-(a + b)"),
        (-(a + b) * c, "-(a + b) · c"),
        (-a + b, "-a + b"),
        (a + -(b + c), "a - (b + c)"),
        (a * Formula((Part("b @ c", 2),)), "a · (b @ c)"),
    ],
)
def test_algebra(formula, expected):
    assert str(formula) == expected
