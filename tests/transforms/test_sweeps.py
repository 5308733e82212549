"""Both sweeps: right, linear, dual to each other, and able to run on tracers."""

from __future__ import annotations

import math

import numpy as np
import pytest

import wengert as wg
from wengert.tracing import Recorder
from wengert.transforms import adjoint_sweep, tangent_sweep
from wengert.wlist import Tape

ONE = np.float64(1)


def textbook(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def looped(x, w):
    total = 0.0
    for k in range(3):
        if x[k] > 0:
            total = total + np.tanh(w[k] * x[k]) * x[k]
        total = total - x[k] ** 2
    return total


def perceptron(A, x, b):
    return np.sum(np.tanh(A @ x + b) * np.exp(-x[:2]), axis=0)


def matrices(A, B):
    return np.concatenate([A @ B, B / 2.0], axis=0)[1:, ::-1] + A[0, :2]


RNG = np.random.default_rng(1964)
PROGRAMS = [
    (textbook, (np.float64(2), np.float64(5))),
    (looped, (np.array([0.5, -1.5, 2.0]), np.array([1.0, 2.0, 0.3]))),
    (perceptron, (RNG.normal(size=(2, 3)), RNG.normal(size=3), RNG.normal(size=(2,)))),
    (matrices, (RNG.normal(size=(2, 3)), RNG.normal(size=(3, 2)))),
    (lambda x: np.cumsum(np.where(x > 0, np.sqrt(abs(x)), x**3)), (np.array([1.0, -2.0, 3.0]),)),
    (lambda z: abs(z * z + 1j), (np.array([1 + 2j, -0.5j]),)),
]


def random_like(x):
    real = RNG.normal(size=np.shape(x))
    return (real + 1j * RNG.normal(size=np.shape(x)) if np.iscomplexobj(x) else real)[()]


def inner(a, b):
    return float(np.sum(np.real(np.conj(a) * b)))


@pytest.mark.parametrize(("f", "args"), PROGRAMS)
def test_the_tangent_is_the_difference_quotient(f, args):
    tape = wg.tape(f, *args)
    dots = [random_like(x) for x in args]
    tangents = tangent_sweep(tape, dict(zip(tape.list.inputs, dots, strict=True)))
    h = 1e-6
    above, below = (f(*(x + s * h * t for x, t in zip(args, dots, strict=True))) for s in (1, -1))
    found = tangents[tape.list.outputs[0]]
    assert np.all(np.isfinite(found))
    np.testing.assert_allclose(found, (above - below) / (2 * h), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(("f", "args"), PROGRAMS)
def test_the_sweeps_are_dual(f, args):
    tape = wg.tape(f, *args)
    (y,) = tape.list.outputs
    dots = {x: random_like(value) for x, value in zip(tape.list.inputs, args, strict=True)}
    y_bar = random_like(tape.outputs[0])
    y_dot = tangent_sweep(tape, dots)[y]
    x_bars, _ = adjoint_sweep(tape, {y: y_bar})
    assert np.all(np.isfinite(y_dot))
    assert inner(y_bar, y_dot) == pytest.approx(sum(inner(x_bars[x], dots[x]) for x in dots), rel=1e-12)


def on_tracers(tape):
    """The tape with a tracer for each value, and the recorder that they write to."""
    recorder = Recorder()
    inputs = [recorder.input(v.name, v.type) for v in tape.list.inputs]
    return recorder, tape.list.tape(*inputs)


@pytest.mark.parametrize(("f", "args"), PROGRAMS)
def test_on_tracers_the_adjoint_sweep_writes_the_adjoint_program(f, args):
    concrete = wg.tape(f, *args)
    (y,) = concrete.list.outputs
    recorder, tape = on_tracers(concrete)
    seed = recorder.input("y_bar", y.type)
    x_bars, _ = adjoint_sweep(tape, {y: seed})
    program = recorder.finish("adjoint", [x_bars[x] for x in tape.list.inputs])
    program.verify()
    y_bar = random_like(concrete.outputs[0])
    found = program.tape(*args, y_bar).outputs
    expected, _ = adjoint_sweep(concrete, {y: y_bar})
    for x, x_bar in zip(concrete.list.inputs, found, strict=True):
        np.testing.assert_allclose(x_bar, expected[x], rtol=1e-13)


@pytest.mark.parametrize(("f", "args"), PROGRAMS)
def test_on_tracers_the_tangent_sweep_writes_the_tangent_program(f, args):
    concrete = wg.tape(f, *args)
    (y,) = concrete.list.outputs
    recorder, tape = on_tracers(concrete)
    x_dots = {x: recorder.input(f"{x.name}_dot", x.type) for x in tape.list.inputs}
    program = recorder.finish("tangent", [tangent_sweep(tape, x_dots)[y]])
    program.verify()
    dots = [random_like(x) for x in args]
    expected = tangent_sweep(concrete, dict(zip(concrete.list.inputs, dots, strict=True)))
    np.testing.assert_allclose(program(*args, *dots), expected[y], rtol=1e-13)


# ------------------------------------------------------------------------------------------- the tangent sweep


def test_tangents_of_the_textbook_function():
    tape = wg.tape(textbook, 2.0, 5.0)
    x1, x2 = tape.list.inputs
    tangents = tangent_sweep(tape, {x1: ONE, x2: np.float64(0)})
    by_name = {v.name: float(t) for v, t in tangents.items()}
    assert by_name == {"x1": 1, "x2": 0, "v1": 0.5, "v2": 5, "v3": 5.5, "v4": 0, "v5": 5.5}


def test_what_does_not_depend_on_a_seed_has_no_tangent():
    tape = wg.tape(textbook, 2.0, 5.0)
    x1, _x2 = tape.list.inputs
    assert {v.name for v in tangent_sweep(tape, {x1: ONE})} == {"x1", "v1", "v2", "v3", "v5"}


def test_flat_statements_have_no_tangent():
    tape = wg.tape(lambda x: np.floor(x) * x, 2.5)
    (x,) = tape.list.inputs
    tangents = tangent_sweep(tape, {x: ONE})
    assert {v.name: float(t) for v, t in tangents.items()} == {"x": 1, "v2": 2}


def test_a_tangent_of_zero_wins_over_an_infinite_partial():
    tape = wg.tape(lambda x, y: np.sqrt(x) + y, 0.0, 1.0)
    x, y = tape.list.inputs
    assert tangent_sweep(tape, {x: np.float64(0), y: ONE})[tape.list.outputs[0]] == 1


# ------------------------------------------------------------------------------------------- the adjoint sweep


def test_contributions_of_the_textbook_function_in_the_order_of_the_sweep():
    tape = wg.tape(textbook, 2.0, 5.0)
    cotangents, contributions = adjoint_sweep(tape, {tape.list.outputs[0]: ONE})
    rows = [
        (c.statement.targets[0].name, c.statement.operands[c.operand].name, round(float(c.term), 3))
        for c in contributions
    ]
    assert rows == [
        ("v5", "v3", 1.0), ("v5", "v4", -1.0), ("v4", "x2", -0.284), ("v3", "v1", 1.0), ("v3", "v2", 1.0),
        ("v2", "x1", 5.0), ("v2", "x2", 2.0), ("v1", "x1", 0.5),
    ]  # fmt: skip
    x1, x2 = tape.list.inputs
    assert cotangents[x1] == 5.5
    assert cotangents[x2] == pytest.approx(2 - math.cos(5), rel=1e-15)


def test_contributions_and_seeds_add_up_to_the_cotangents():
    tape = wg.tape(perceptron, *PROGRAMS[2][1])
    seeds = {tape.list.outputs[0]: np.float64(0.7)}
    cotangents, contributions = adjoint_sweep(tape, seeds)
    totals = dict(seeds)
    for each in contributions:
        x = each.statement.operands[each.operand]
        assert each.term.shape == x.shape
        totals[x] = totals.get(x, 0) + each.term
    assert totals.keys() == cotangents.keys()
    for x, total in totals.items():
        np.testing.assert_array_equal(total, cotangents[x])


def test_an_operand_used_twice_in_a_statement_receives_two_contributions():
    tape = wg.tape(lambda x: x * x, 3.0)
    cotangents, contributions = adjoint_sweep(tape, {tape.list.outputs[0]: ONE})
    assert [(c.operand, c.term) for c in contributions] == [(0, 3), (1, 3)]
    assert cotangents[tape.list.inputs[0]] == 6


def test_an_inner_variable_may_be_seeded_too():
    tape = wg.tape(lambda x: np.exp(x * x), 1.0)
    square, power = (stmt.targets[0] for stmt in tape.list.statements)
    cotangents, _ = adjoint_sweep(tape, {power: ONE, square: np.float64(10)})
    assert cotangents[tape.list.inputs[0]] == pytest.approx(2 * (math.e + 10), rel=1e-15)


def test_what_is_not_used_receives_nothing():
    def f(x):
        _ = np.exp(x)
        return np.sin(x)

    tape = wg.tape(f, 1.0)
    _, contributions = adjoint_sweep(tape, {tape.list.outputs[0]: ONE})
    assert [c.statement.prim.name for c in contributions] == ["sin"]


def test_an_integer_input_receives_nothing():
    tape = wg.tape(lambda x, n: x * n, 2.5, 3)
    cotangents, _ = adjoint_sweep(tape, {tape.list.outputs[0]: ONE})
    x, n = tape.list.inputs
    assert cotangents[x] == 3
    assert n not in cotangents


def test_a_cotangent_of_zero_wins_over_an_infinite_partial():
    tape = wg.tape(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 2 * x)), np.array([0.0, 4.0]))
    cotangents, _ = adjoint_sweep(tape, {tape.list.outputs[0]: ONE})
    np.testing.assert_array_equal(cotangents[tape.list.inputs[0]], [2, 0.25])


@pytest.mark.parametrize("zero", [0, 0.0, np.float64(0)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_division_by_a_constant_zero_is_infinite_and_no_error_of_python(zero, dtype):
    lst = wg.trace(lambda x: x / zero)(dtype(2))
    with np.errstate(all="ignore"):
        tape = lst.tape(dtype(2))
        cotangents, _ = adjoint_sweep(tape, {lst.outputs[0]: dtype(1)})
        _, of_program = wg.adjoint(lst)(dtype(2), dtype(1))
    assert cotangents[lst.inputs[0]] == of_program == np.inf
    assert cotangents[lst.inputs[0]].dtype == lst.inputs[0].dtype


def test_a_nan_that_is_one_stays():
    with np.errstate(invalid="ignore"):
        tape = wg.tape(np.log, -1.0)
    cotangents, _ = adjoint_sweep(tape, {tape.list.outputs[0]: np.float64(np.nan)})
    assert np.isnan(cotangents[tape.list.inputs[0]])


def test_values_that_no_rule_reads_may_be_missing():
    full = wg.tape(lambda A, x: np.sum(np.exp(A @ x) + x[0]), np.eye(2), np.array([1.0, 2.0]))
    product, _, entry, total, _ = [stmt.targets[0] for stmt in full.list.statements]
    lean = Tape(full.list, {v: value for v, value in full.values.items() if v not in (product, entry, total)})
    seed = {full.list.outputs[0]: ONE}
    expected, _ = adjoint_sweep(full, seed)
    found, _ = adjoint_sweep(lean, seed)
    for x in full.list.inputs:
        np.testing.assert_array_equal(found[x], expected[x])


def test_long_tapes_pass_without_recursion():
    def chain(x):
        for _ in range(20_000):
            x = x * 0.5 + 1.0
        return x

    tape = wg.tape(chain, 3.0)
    (x,), (y,) = tape.list.inputs, tape.list.outputs
    assert tangent_sweep(tape, {x: ONE})[y] == 0
    assert adjoint_sweep(tape, {y: ONE})[0][x] == 0
