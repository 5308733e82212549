"""Laws that every row of the derivative table obeys, generated from the registry.

Each derivative is held against numerical differentiation of the bare NumPy function (complex step where it is
analytic, else Richardson's extrapolation), in both modes, to the second order, at every way of broadcasting.
"""

import dataclasses

import numpy as np
import pytest

import wengert as wg
from laws.examples import (
    ARBITRARY_SIGNS,
    DIFFERENTIABLE,
    FLAT,
    INTEGER_FUNCTIONS,
    LEFT_OUT,
    PRIMITIVES,
    SHAPES,
    elementwise_example,
    examples_of,
)
from wengert import numeric
from wengert.checker import check
from wengert.errors import CheckError
from wengert.facts import Kind, Tangent, Transpose, tangent, transpose
from wengert.primitive import Primitive
from wengert.wlist import ArrayType

ELEMENTWISE = [
    prim
    for prim in PRIMITIVES.values()
    if prim.kind is Kind.ELEMENTWISE and not prim.is_flat and prim.name not in {*LEFT_OUT, *SHAPES}
]
FLAT_IN_NUMBERS = [example for example in FLAT if example.free]
BINARY = [prim for prim in ELEMENTWISE if len(prim.facts) > 1]


def numerical_jacobian(example, i):
    """∂y/∂xᵢ of the bare NumPy function."""

    def of_operand(x):
        arguments = list(example.arguments)
        arguments[i] = x
        return example.plain(*arguments)

    x = example.arguments[i]
    if example.prim.analytic:
        return numeric.jacobian(of_operand, x, "complex")
    return numeric.jacobian(of_operand, x, "richardson", example.first_step * np.maximum(np.abs(x), 0.1))


def assert_agree(found, expected, rtol):
    assert found.shape == expected.shape
    assert np.all(np.isfinite(expected))
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * np.max(np.abs(expected), initial=0))


# --- the tables are complete ---------------------------------------------------------------------


@pytest.mark.parametrize("prim", [p for p in PRIMITIVES.values() if p.name not in LEFT_OUT], ids=str)
def test_every_primitive_has_an_example(prim):
    assert list(examples_of(prim))


def test_every_entry_of_the_tables_is_a_primitive():
    assert {*SHAPES, *INTEGER_FUNCTIONS, *LEFT_OUT} <= set(PRIMITIVES)


@pytest.mark.parametrize("prim", ELEMENTWISE, ids=str)
def test_every_operand_has_a_domain_of_its_own(prim):
    assert len(prim.domain) == len(prim.facts)


# --- values, shapes and dtypes -------------------------------------------------------------------


@pytest.mark.parametrize("example", [*DIFFERENTIABLE, *FLAT], ids=str)
def test_a_value_of_any_kind_computes_what_numpy_computes(example):
    expected = example.plain(*example.arguments)
    tape = wg.tape(example.of_values, *example.arguments)
    tape.list.verify()
    for found in (
        example.of_values(*example.arguments),
        tape.outputs[0],
        wg.vjp(example.of_values, *example.arguments)[0] if example.free else expected,
        wg.jvp(example.of_values, example.arguments, example.arguments)[0],
    ):
        assert np.shape(found) == np.shape(expected)
        assert np.asarray(found).dtype == np.asarray(expected).dtype
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("example", [*DIFFERENTIABLE, *FLAT_IN_NUMBERS], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_the_type_is_inferred_without_the_values(example, dtype):
    if dtype is np.complex128 and not example.has_complex_version:
        return
    example = example.converted(dtype)
    expected = example.plain(*example.arguments)
    assert example.prim.infer(example.operands, example.params)[example.output] == ArrayType.of(expected)


# --- first order ---------------------------------------------------------------------------------


@pytest.mark.parametrize("example", [e for e in DIFFERENTIABLE if e.is_real], ids=str)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_jacobian_is_that_of_the_bare_function(example, mode):
    for i in range(len(example.free)):
        found = wg.jacobian(example.of_values, argnums=i, mode=mode)(*example.arguments)
        assert_agree(found, numerical_jacobian(example, i), example.rtol)


@pytest.mark.parametrize("example", FLAT_IN_NUMBERS, ids=str)
def test_a_flat_primitive_has_the_derivative_zero(example):
    y, y_dot = wg.jvp(example.of_values, example.arguments, example.arguments)
    assert y_dot.shape == y.shape
    assert not np.any(y_dot)
    y, pullback = wg.vjp(example.of_values, *example.arguments)
    for x_bar, x in zip(pullback(np.ones(y.shape)), example.arguments, strict=True):
        assert x_bar.shape == x.shape
        assert x_bar.dtype == x.dtype
        assert not np.any(x_bar)


# --- second order, and duality -------------------------------------------------------------------


@pytest.mark.parametrize("example", DIFFERENTIABLE, ids=str)
def test_both_orders_agree_in_all_mixes_of_the_modes(example):
    report = check(example.of_values, *example.arguments, order=2, directions=2, step=example.first_step)
    assert len(report.comparisons) == (7 if np.size(example.plain(*example.arguments)) else 5)


# --- the laws can fail ---------------------------------------------------------------------------


def mutant(prim, i):
    """The same primitive with a factor of 1.001 in the derivative of operand i."""
    fact = prim.facts[i]
    if isinstance(fact, Transpose):
        wrong = transpose(lambda ct, *xs, **params: fact.rule(ct, *xs, **params) * 1.001)
    elif isinstance(fact, Tangent):
        wrong = tangent(fact.rule, lambda ct, y, *xs, **params: fact.adjoint(ct, y, *xs, **params) * 1.001)
    elif callable(fact):

        def wrong(y, *xs, **params):
            return fact(y, *xs, **params) * 1.001

    else:
        wrong = fact * 1.001
    names = ("variadic", "selects", "real_valued", "analytic", "at_kinks", "outputs", "mixes")
    columns = {name: getattr(prim, name) for name in names}
    facts = [wrong if k == i else other for k, other in enumerate(prim.facts)]
    return Primitive(f"wrong_{prim.name}", prim.compute, prim.kind, facts, signature=prim.signature, **columns)


MUTANTS = [
    pytest.param(prim, i, id=f"{prim.name}-{i}")
    for prim in PRIMITIVES.values()
    if prim.name not in LEFT_OUT
    for i in range(len(prim.facts))
    if prim.is_active(i)
]


@pytest.mark.parametrize(("prim", "i"), MUTANTS)
def test_a_wrong_factor_in_any_row_is_found(prim, i):
    wrong = mutant(prim, i)
    examples = [dataclasses.replace(example, prim=wrong) for example in examples_of(prim)]
    turned = [example.turned() for example in examples if example.has_complex_version]
    assert any(map(is_found, [*examples, *turned]))


def is_found(example):
    try:
        check(example.of_values, *example.arguments, step=example.first_step)
    except CheckError:
        return True
    return False


# --- broadcasting --------------------------------------------------------------------------------

PAIRS = [
    ((3,), (2, 1)),
    ((2, 1), (3,)),
    ((), (2, 3)),
    ((2, 3), ()),
    ((1,), (3,)),
    ((3,), (1, 1)),
    ((0,), (1,)),
]


@pytest.mark.parametrize("shapes", PAIRS, ids=str)
@pytest.mark.parametrize("prim", BINARY, ids=str)
def test_every_operand_may_be_broadcast(prim, shapes):
    example = elementwise_example(prim, *shapes)
    if any(np.ndim(example.operands[i]) for i in range(len(example.operands)) if i not in example.free):
        example = elementwise_example(prim, *((*shape[:-1], 3) if shape else () for shape in shapes))
    check(example.of_values, *example.arguments, directions=1, step=example.first_step)


@pytest.mark.parametrize("prim", BINARY, ids=str)
def test_every_operand_may_be_a_python_number(prim):
    example = elementwise_example(prim, (2, 3))
    for i in example.free:
        others = [j for j in example.free if j != i]
        constant = float(np.ravel(example.operands[i])[0])

        def with_constant(*arguments, i=i, others=others, constant=constant):
            operands = list(example.operands)
            operands[i] = constant
            for j, x in zip(others, arguments, strict=True):
                operands[j] = x
            return prim(*operands)

        if others:
            arguments = [example.operands[j] for j in others]
            check(with_constant, *arguments, directions=1, step=example.first_step)


# --- precision -----------------------------------------------------------------------------------


@pytest.mark.parametrize("example", DIFFERENTIABLE, ids=str)
def test_single_precision_in_gives_a_derivative_in_single_precision(example):
    single = example.converted(np.float32)
    y, y_dot = wg.jvp(single.of_values, single.arguments, single.arguments)
    _, wide = wg.jvp(example.of_values, example.arguments, example.arguments)
    assert y_dot.dtype == y.dtype
    compares = example.prim.name not in ARBITRARY_SIGNS
    if compares:
        np.testing.assert_allclose(y_dot, wide, rtol=1e-4, atol=1e-4)
    _, pullback = wg.vjp(single.of_values, *single.arguments)
    _, wide_pullback = wg.vjp(example.of_values, *example.arguments)
    found, expected = pullback(np.ones_like(y)), wide_pullback(np.ones_like(y))
    for x_bar, wide_bar in zip(found, expected, strict=True):
        assert x_bar.dtype == np.float32
        if compares:
            np.testing.assert_allclose(x_bar, wide_bar, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("prim", ELEMENTWISE, ids=str)
def test_a_python_number_does_not_change_the_precision(prim):
    example = elementwise_example(prim, (3,)).converted(np.float32)
    for i in example.free:

        def of_one(x, i=i):
            operands = [float(np.ravel(o)[0]) if j in example.free else o for j, o in enumerate(example.operands)]
            operands[i] = x
            return prim(*operands)

        x = example.operands[i]
        expected = np.asarray(of_one(x)).dtype
        assert wg.jvp(of_one, (x,), (x,))[1].dtype == expected
        assert wg.vjp(of_one, x)[1](np.ones(np.shape(of_one(x))))[0].dtype == np.float32


# --- memory --------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", DIFFERENTIABLE, ids=str)
def test_a_cotangent_is_an_array_of_its_own(example):
    """Whoever asked for it may write into it without changing an argument, the seed or another cotangent."""
    y, pullback = wg.vjp(example.of_values, *example.arguments)
    seed = np.ones_like(y)
    found = [x_bar for x_bar in pullback(seed) if isinstance(x_bar, np.ndarray)]
    others = [seed, *example.arguments]
    for k, x_bar in enumerate(found):
        assert x_bar.flags.writeable
        assert not any(np.shares_memory(x_bar, other) for other in [*others, *found[:k]])


@pytest.mark.parametrize("example", DIFFERENTIABLE, ids=str)
def test_nothing_is_written_into_the_arguments(example):
    before = [np.array(x) for x in example.arguments]
    y, pullback = wg.vjp(example.of_values, *example.arguments)
    seed = np.ones_like(y)
    first = pullback(seed)
    second = pullback(seed)
    wg.jvp(example.of_values, example.arguments, example.arguments)
    np.testing.assert_array_equal(seed, np.ones_like(y))
    for x, old in zip(example.arguments, before, strict=True):
        np.testing.assert_array_equal(x, old)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
