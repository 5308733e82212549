"""Lists written as Python give what the lists give: the derivative table, the corpus, control flow, random programs."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import wengert as wg
from laws.examples import LEFT_OUT, PRIMITIVES, examples_of
from laws.test_random_programs import inputs_of, run, shapes, steps
from programs import PROGRAMS
from show.control_programs import CONTROL, calling, choosing, energy, newton, recurrent
from show.written_programs import (
    assert_all_forms_compute,
    assert_computes,
    assert_same,
    body_of,
    forms_of,
    function_of,
    more_inputs,
    moved,
    source_of,
)
from wengert.containers import flatten
from wengert.show.python_source import python_source
from wengert.simplification import simplify

STRAIGHT = [program for program in PROGRAMS if not program.branches]

# --- the derivative table ------------------------------------------------------------------------

EXAMPLES = [
    example for prim in PRIMITIVES.values() if prim.name not in LEFT_OUT for example in list(examples_of(prim))[:4]
]


def list_of_row(example):
    """A list of the one statement, with every operand an input that can be one."""
    chosen = [i for i, x in enumerate(example.operands) if isinstance(x, (np.ndarray, np.generic))]

    def of(chosen):
        def row(*xs):
            operands = list(example.operands)
            for i, x in zip(chosen, xs, strict=True):
                operands[i] = x
            return example.prim(*operands, **example.params)

        return row

    for operands in (chosen, list(example.free)):
        inputs = [np.asarray(example.operands[i])[()] for i in operands]
        try:
            return wg.trace(of(operands))(*inputs), inputs
        except (wg.TraceError, IndexError, TypeError, ValueError):
            pass  # an operand whose numbers say what the shape is
    raise AssertionError(example)


ROWS = [prim for prim in PRIMITIVES.values() if prim.name not in LEFT_OUT and any(True for _ in examples_of(prim))]


def is_refused(prim):
    """Whether a row is one of the numerical methods that stand in the modules of special functions."""
    example = next(example for example in EXAMPLES if example.prim is prim)
    try:
        python_source(list_of_row(example)[0])
    except wg.NoRuleError:
        return True
    return False


REFUSED = [prim for prim in ROWS if is_refused(prim)]


@pytest.mark.parametrize("prim", [prim for prim in ROWS if prim not in REFUSED], ids=lambda prim: prim.name)
def test_each_row_computes_what_it_does_in_a_list(prim):
    for row in EXAMPLES:
        if row.prim is prim:
            lst, inputs = list_of_row(row)
            assert_computes(lst, *inputs, rtol=1e-13)


@pytest.mark.parametrize("prim", REFUSED, ids=lambda prim: prim.name)
def test_only_numerical_methods_for_special_functions_are_refused(prim):
    lst, _ = list_of_row(next(example for example in EXAMPLES if example.prim is prim))
    with pytest.raises(
        wg.NoRuleError, match=re.escape(f"{prim.name} cannot be written with NumPy and SciPy")
    ) as caught:
        python_source(lst)
    assert caught.value.why == "It is computed by a numerical method of this library."
    assert caught.value.remedy
    assert caught.value.where.file == __file__
    assert prim.compute.__module__.startswith("wengert.rules.special")


# --- programs ------------------------------------------------------------------------------------


def leaves_of(program):
    return [np.asarray(x)[()] for x in flatten(program.args)[0]]


@pytest.mark.parametrize("program", STRAIGHT, ids=str)
def test_programs_and_their_derivatives(program):
    lst = wg.trace(program.function)(*program.args)
    for derived in forms_of(lst):
        inputs = more_inputs(derived, leaves_of(program))
        text = assert_computes(derived, *inputs)
        assert_same(function_of(text)(*moved(inputs)), derived(*moved(inputs)))


@pytest.mark.parametrize("program", STRAIGHT[::6], ids=str)
def test_gradients_that_are_traced(program):
    def total(*args):
        return sum(np.sum(np.real(y) ** 2) for y in flatten(program.function(*args))[0])

    lst = simplify(wg.trace(wg.grad(total, tuple(range(len(program.args)))))(*program.args))
    assert_computes(lst, *leaves_of(program))


def test_second_derivatives():
    lst = wg.trace(lambda x, a: np.sum(np.exp(a * x) / x))(np.array([0.5, 1.5]), 0.3)
    for derived in (wg.adjoint(wg.adjoint(lst)), wg.tangent(wg.adjoint(lst)), wg.adjoint(wg.tangent(lst))):
        inputs = more_inputs(derived, [np.array([0.5, 1.5]), np.float64(0.3)])
        assert_computes(derived, *inputs)
        assert "of adjoint of line" in assert_computes(simplify(derived), *inputs) or derived.name.endswith("t_adjoint")


# --- control flow --------------------------------------------------------------------------------


@pytest.mark.parametrize("f", CONTROL, ids=lambda f: f.__name__)
def test_control_statements(f):
    args = CONTROL[f]
    lst = wg.trace(f)(*args)
    orders = [lst, wg.adjoint(lst), wg.tangent(lst)]
    orders += [wg.tangent(orders[1]), wg.adjoint(orders[1])]
    for derived in orders:
        for one in (derived, simplify(derived)):
            inputs = more_inputs(one, args)
            text = assert_computes(one, *inputs, rtol=1e-11)
            assert_same(function_of(text)(*moved(inputs)), one(*moved(inputs)), rtol=1e-10)


def test_loops_stay_loops():
    assert body_of(source_of(recurrent, *CONTROL[recurrent])) == [
        "h = x",
        "s = 0.0",
        "for _ in range(4):\n    h = np.tanh(h @ a) + x\n    s += np.sum(h)",
        "return s",
    ]
    assert "for i in reversed(range(1, 5)):" in python_source(wg.adjoint(wg.trace(recurrent)(*CONTROL[recurrent])))


def test_conditions_stay_conditions():
    lines = body_of(source_of(newton, 2.0))
    assert lines[1] == "while np.abs(x * x - a) > 1e-12:\n    x = (x + a / x) / 2"
    assert lines[2] == "if x > 1:\n    y = x * 2\nelse:\n    y = np.sin(x)"


def test_a_condition_that_is_no_single_expression_leaves_the_loop():
    def f(x):
        def goes_on(y):
            square = y * y
            return square * square + square < 50

        return wg.while_loop(goes_on, lambda y: y * 1.5, x)

    text = source_of(f, 1.0)
    assert "while True:" in text
    assert "if not square * square + square < 50:\n            break" in text
    assert_all_forms_compute(f, 1.0)


def test_an_index_of_a_switch_out_of_range_raises():
    function = function_of(source_of(choosing, 0, 0.3))
    with pytest.raises(IndexError, match="branch 3 of 3, numbered from 0"):
        function(np.int64(3), np.float64(0.3))


def test_a_function_that_is_called_twice_is_written_once():
    text = source_of(calling, np.ones(3))
    assert text.count("def energy(v):") == 1
    assert "return energy(v) + energy(2 * v)" in text


def test_functions_of_one_name_that_differ_are_two():
    def other():
        def energy(v):
            return np.sum(v)

        return energy

    text = source_of(lambda v: wg.call(energy, v) + wg.call(other(), v), np.ones(3))
    assert "return energy(v) + energy_2(v)" in text
    assert function_of(text)(np.ones(3)) == 4.5


def test_a_loop_without_rounds():
    assert_all_forms_compute(lambda x: wg.fori_loop(2, 2, lambda i, y: y * i, x), np.array([1.0, 2.0]))
    assert_all_forms_compute(lambda x: wg.while_loop(lambda y: y > 5, lambda y: y * y, x), 1.0)
    assert_all_forms_compute(lambda x: wg.scan(lambda c, x: (c + x, c), 0.0, x), np.zeros(0))


def test_the_number_of_a_round_is_one_of_numpy_where_that_counts():
    def f(x):
        return wg.fori_loop(0, 3, lambda i, y: y + 1 / i, x)

    assert "for i in np.arange(3):" in assert_all_forms_compute(f, 1.0)[0]

    def g(x):
        return wg.fori_loop(0, 3, lambda i, y: (y * i).astype(np.float32), x)

    assert "for i in np.arange(3):" in assert_all_forms_compute(g, np.float32(1.5))[0]

    def h(x):
        return wg.fori_loop(0, 3, lambda i, y: y * i + 1, x)

    assert "for i in range(3):" in source_of(h, 1.0)


def test_a_carry_that_starts_as_a_constant_and_is_divided_by():
    def f(x):
        return wg.fori_loop(0, 3, lambda i, y: x + 1 / (1 / y), np.float64(0.0))

    with np.errstate(divide="ignore"):
        lst = wg.trace(f)(2.0)
    assert "y = np.float64(0.0)" in assert_computes(lst, np.float64(2.0))


# --- random programs -----------------------------------------------------------------------------


@settings(max_examples=40)
@given(steps, shapes, st.integers(0, 2**20), st.sampled_from([wg.adjoint, wg.tangent, lambda lst: lst]))
def test_random_programs(program, shapes, seed, transform):
    inputs = inputs_of(shapes, seed)
    lst = transform(wg.trace(lambda x, y: run(program, x, y))(*inputs))
    assert_computes(lst, *more_inputs(lst, inputs))


@settings(max_examples=25)
@given(steps, st.sampled_from([(), (3,)]), st.integers(0, 2**20), st.sampled_from([wg.adjoint, wg.tangent]))
@example([("ravel", 0), ("join", 2, 2), ("abs", 0)], (), 0, wg.adjoint)  # one value twice in one concatenation
def test_random_programs_in_loops(program, shape, seed, transform):
    x, y = inputs_of((shape, shape), seed)

    def f(x, y):
        def body(i, carry):
            z = run(program, carry, y)[1]
            return carry / 2 + wg.cond(z > 0, np.tanh, np.sin, z) * (i + 1)

        return wg.fori_loop(0, 3, body, x)

    lst = transform(wg.trace(f)(x, y))
    assert_computes(lst, *more_inputs(lst, [x, y]), rtol=1e-11)


writes = st.lists(
    st.tuples(st.sampled_from(["set", "slice", "view", "add", "keep", "turn", "rows", "swap", "scale"]),
              st.integers(0, 4), st.integers(0, 4)),
    min_size=2, max_size=9,
)  # fmt: skip


def writing(program, x):
    """Writes into an array, and into views of it, while others are kept to be read later."""
    y, kept = x * 2, [x[1:]]
    for name, i, j in program:
        if name == "set":
            y[i] = y[j] * 3
        elif name == "slice":
            y[1:3] = kept[-1][:2] + y[2:4]
        elif name == "view":
            kept.append(y[1 : 4 + i % 2])
        elif name == "add":
            y += x
        elif name == "keep":
            kept.append(+y)
        elif name == "turn":
            y = y[::-1]
        elif name == "rows":
            y[[i, j]] = y[[j, i]]
        elif name == "swap":
            y[i], y[j] = y[j], y[i]
        else:
            kept[-1] *= 1.5 if len(kept) > 1 else 1.0
    return y, sum(np.sum(part * part) for part in kept)


@settings(max_examples=60)
@given(writes, st.sampled_from([wg.adjoint, wg.tangent, lambda lst: lst]), st.booleans())
def test_random_writes_into_arrays(program, transform, is_simplified):
    x = np.array([0.3, -1.2, 0.7, 1.9, -0.4])
    lst = transform(wg.trace(lambda x: writing(program, x))(x))
    lst = simplify(lst) if is_simplified else lst
    assert_computes(lst, *more_inputs(lst, [x]))
