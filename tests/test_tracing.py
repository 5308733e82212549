"""Tracers: what is recorded, where, and what is known of it."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import wengert as wg
from wengert.registry import table
from wengert.tracing import Recorder, Tracer
from wengert.wlist import ArrayType, Variable


def two_lines(x):
    y = np.sin(x)
    return y * x


def test_every_operation_is_a_statement_with_the_users_line():
    lst = wg.trace(two_lines)(2.0)
    first = inspect.getsourcelines(two_lines)[1] + 1
    assert [stmt.prim.name for stmt in lst.statements] == ["sin", "multiply"]
    assert [stmt.where.line for stmt in lst.statements] == [first, first + 1]
    assert {stmt.where.file for stmt in lst.statements} == {__file__}
    assert {stmt.where.function for stmt in lst.statements} == {"two_lines"}


def test_a_call_of_another_function_is_recorded_where_it_computes():
    def caller(x):
        return two_lines(x) + 1

    lst = wg.trace(caller)(2.0)
    assert [stmt.where.function for stmt in lst.statements] == ["two_lines", "two_lines", "caller"]


def test_an_abstract_tracer_knows_its_type_only():
    seen = []

    def f(x):
        y = x[None] + np.ones((3, 1), np.float32)
        seen.extend([x.shape, x.dtype, y.shape, y.dtype, y.ndim, y.size, len(y), repr(x), repr(y)])
        return y

    wg.trace(f)(np.float32([1, 2]))
    assert seen[:7] == [(2,), np.float32, (3, 2), np.float32, 2, 6, 3]
    assert seen[7:] == ["Tracer(x: f32[2])", "Tracer(v2: f32[3,2])"]


def test_a_concrete_tracer_knows_its_value():
    seen = []

    def f(x):
        y = x * 2
        seen.append(repr(y))
        return y

    tape = wg.tape(f, 1.5)
    assert tape.outputs == (3.0,)
    assert seen == ["Tracer(v1 = 3. f64[])"]


def test_the_value_of_an_abstract_tracer_cannot_be_asked_for():
    def f(x):
        if x > 0:
            return x
        return -x

    with pytest.raises(wg.TraceError, match=r"Python asked for the value of v1: bool\[\] while tracing") as caught:
        wg.trace(f)(1.0)
    assert caught.value.where.file == __file__
    assert caught.value.where.text == "if x > 0:"
    assert "a shape and a dtype only" in caught.value.why
    assert "np.where" in caught.value.remedy
    assert "wg.grad" in caught.value.remedy


def test_what_is_known_by_shape_needs_no_value():
    def f(x):
        total = 0.0
        for k in range(len(x)):
            total = total + x[k] * k
        return total if x.ndim == 1 else x

    lst = wg.trace(f)(np.ones(3))
    np.testing.assert_array_equal(lst(np.array([1.0, 2.0, 3.0])), 8.0)


def test_a_list_is_valid_for_other_values():
    lst = wg.trace(lambda x: np.where(x > 0, np.sqrt(abs(x)), -x))(np.ones(2))
    np.testing.assert_array_equal(lst(np.array([4.0, -2.0])), [2.0, 2.0])


# --- arguments and results -------------------------------------------------------------------------------------


def test_inputs_are_named_after_the_parameters():
    def f(a, /, b, *rest):
        return a + b + rest[0]

    assert [v.name for v in wg.trace(f)(1.0, 2.0, 3.0).inputs] == ["a", "b", "x3"]
    assert [v.name for v in wg.trace(max)(np.ones(1)).inputs] == ["x1"]


def test_inputs_of_containers_are_named_after_their_places():
    def f(params, x):
        return params["layer"][0] * x + params["layer"][1]

    names = [v.name for v in wg.trace(f)({"layer": [1.0, 2.0]}, 3.0).inputs]
    assert names == ["params_layer_0", "params_layer_1", "x"]


def test_no_two_variables_have_one_name():
    lst = wg.trace(lambda v1, v3: v1 * v3 + v1 + v3)(1.0, 2.0)
    names = [v.name for v in lst.inputs] + [stmt.targets[0].name for stmt in lst.statements]
    assert names[:2] == ["v1", "v3"]
    assert len(set(names)) == 5
    lst.verify()
    lst = wg.trace(lambda a, a_b: a["b"] * a_b)({"b": 1.0}, 2.0)
    assert len({v.name for v in lst.inputs}) == 2
    lst.verify()


def test_keyword_arguments_are_constants():
    def f(x, *, power):
        return x**power

    lst = wg.trace(f)(2.0, power=3)
    assert [v.name for v in lst.inputs] == ["x"]
    assert lst(3.0) == 27.0


def test_integers_and_truth_values_are_inputs_too():
    lst = wg.trace(lambda n, flag, x: np.where(flag, n * x, x))(3, True, 2.0)
    assert [str(v.type) for v in lst.inputs] == ["i64[]", "bool[]", "f64[]"]
    assert lst(4, False, 2.5) == 2.5


def test_results_in_containers_are_listed_in_order():
    lst = wg.trace(lambda x: {"b": x, "a": (x * 2, 3.0)})(1.0)
    assert [str(out) for out in lst.outputs] == ["v1", "3.0", "x"]
    assert lst(2.0) == (4.0, 3.0, 2.0)


def test_nothing_returned_is_an_empty_list_of_results():
    assert wg.trace(lambda x: None)(1.0).outputs == ()


def test_a_result_of_the_wrong_kind_is_named():
    with pytest.raises(wg.DtypeError, match="<lambda> returned str where an array or a number is needed") as caught:
        wg.trace(lambda x: "text")(1.0)
    assert caught.value.where.file == __file__


def test_a_value_of_an_ended_trace_is_refused():
    kept = []
    wg.trace(lambda x: [kept.append(x), x][1])(1.0)
    with pytest.raises(wg.EscapedValueError, match="gave a value of a transform that has ended") as caught:
        wg.grad(lambda x: [wg.trace(lambda y: [kept.append(y), y][1])(2.0), kept[-1]][1])(1.0)
    assert caught.value.where.file == __file__
    assert "has_aux=True" in caught.value.remedy


# --- levels ----------------------------------------------------------------------------------------------------


def test_values_of_outer_transforms_are_constants_of_the_list():
    found = []

    def f(x):
        lst = wg.trace(lambda t: t * x)(2.0)
        found.append(lst)
        return lst(3.0)

    assert wg.grad(f)(5.0) == 3.0
    assert len(found[0].statements) == 1


def test_a_gradient_is_recorded_as_a_program():
    lst = wg.trace(wg.grad(lambda x: np.sum(np.sin(x) * x)))(np.ones(3))
    lst.verify()
    x = np.array([0.5, 1.0, 2.0])
    np.testing.assert_allclose(lst(x), np.cos(x) * x + np.sin(x), rtol=1e-15)
    forward = wg.trace(lambda x: wg.jvp(np.sin, (x,), (1.0,))[1])(2.0)
    assert forward(1.0) == np.cos(1.0)


def test_a_tape_within_a_gradient():
    def f(x):
        return wg.tape(lambda t: np.sin(t) * x, x * 2).outputs[0]

    x = 0.7
    assert wg.grad(f)(x) == pytest.approx(2 * np.cos(2 * x) * x + np.sin(2 * x))


def test_no_grad_is_a_detach_in_the_list():
    def f(x):
        with wg.no_grad():
            y = x * x
        return y * x

    assert [stmt.prim.name for stmt in wg.trace(f)(2.0).statements] == ["multiply", "detach", "multiply"]


def test_what_was_detached_carries_no_derivative():
    seen = []

    def f(x):
        y = x * x
        seen.extend([float(y.detach()), float(np.floor(y) + 1), bool(y > 1)])
        return y

    wg.tape(f, 1.5)
    assert seen == [2.25, 3.0, True]
    with pytest.raises(wg.LostDerivativeError):
        wg.tape(lambda x: float(x.detach() + x), 1.5)


def test_an_outer_derivative_is_not_dropped_with_an_inner_one():
    def constant_inside(x):
        return wg.tape(lambda t: t.detach() * x, 2.0).outputs[0]

    def taken_out(x):
        return wg.tape(lambda t: float(t.detach() * x), 2.0).outputs[0]

    assert wg.grad(constant_inside)(3.0) == 2.0
    assert wg.jvp(constant_inside, (3.0,), (1.0,))[1] == 2.0
    with pytest.raises(wg.LostDerivativeError, match=r"float\(\)"):
        wg.grad(taken_out)(3.0)


# --- the recorder ----------------------------------------------------------------------------------------------


def test_a_recorder_writes_a_list():
    recorder = Recorder()
    x = recorder.input("x", ArrayType((2,), np.dtype(float)))
    y = recorder.record(table.sin, (x,), {})
    assert isinstance(y, Tracer)
    assert recorder.owns(y)
    assert not recorder.owns(2.0)
    assert not recorder.owns(Recorder().input("x", x.variable.type))
    lst = recorder.finish("f", (y, 3.0))
    lst.verify()
    assert lst.inputs == (x.variable,)
    assert isinstance(lst.outputs[0], Variable)
    assert lst.outputs[1] == 3.0


def test_a_recorder_keeps_what_is_known():
    recorder = Recorder()
    x = recorder.input("x", ArrayType.of(2.0), 2.0)
    unknown = recorder.input("u", ArrayType.of(2.0))
    y, z = x * 3.0, x * unknown
    assert recorder.values[y.variable] == 6.0
    assert z.variable not in recorder.values
    assert "u = ·" in str(recorder.finish_tape("f", (z,)))


def test_changes_in_place_are_new_statements():
    def f(x):
        y = x * 2
        z = y
        y += x
        return y * z

    lst = wg.trace(f)(np.ones(2))
    assert [stmt.formula() for stmt in lst.statements] == ["x * 2", "v1 + x", "v2 * v2"]


def test_copies_and_views_are_changed_in_place_while_tracing():
    def f(x):
        y = np.concatenate([x, x]) + 0.0
        z = y[[0, 2]]
        z += 1.0
        first = x[0]
        x += 2.0
        return np.sum(z) + np.sum(x) + first

    x = np.array([1.0, 2.0])
    assert wg.trace(f)(x)(x) == f(x.copy())

    def g(z):
        w = z * 1.0
        part = w.real
        w += 1
        return np.sum(part)

    z = np.array([1 + 1j])
    assert wg.trace(g)(z)(z) == 2.0


def test_a_broadcast_constant_is_not_spread_out():
    row = np.arange(3.0)
    lst = wg.trace(lambda x: x * np.broadcast_to(row, (4, 3)))(np.ones((4, 3)))
    (constant,) = [x for stmt in lst.statements for x in stmt.operands if isinstance(x, np.ndarray)]
    assert constant.strides == (0, 8)
    row[:] = 7.0
    np.testing.assert_array_equal(lst.run([np.ones((4, 3))])[0], np.tile([0.0, 1.0, 2.0], (4, 1)))


def test_constants_that_are_broadcast_along_different_axes_are_told_apart():
    row, column = np.broadcast_to([1.0, 2.0], (2, 2)), np.broadcast_to([[1.0], [2.0]], (2, 2))
    lst = wg.simplify(wg.trace(lambda x: (np.sin(x * row), np.sin(x * column)))(np.ones((2, 2))))
    first, second = lst.run([np.ones((2, 2))])
    np.testing.assert_array_equal(first, np.sin(row))
    np.testing.assert_array_equal(second, np.sin(column))
