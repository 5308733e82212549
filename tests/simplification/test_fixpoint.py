"""`simplify` as a whole: what it keeps, what it takes out, that it ends."""

import dataclasses
import re

import numpy as np
import pytest

import wengert as wg
from simplification.evaluation import assert_same_bits, run
from wengert.errors import ArgumentError
from wengert.registry import table
from wengert.simplification import simplify
from wengert.transforms import adjoint
from wengert.wlist import ArrayType, Statement, Variable, WengertList

F64 = ArrayType((), np.dtype(np.float64))


def traced(f, *args):
    return wg.trace(f)(*args)


def names(lst):
    return [v.name for stmt in lst.statements for v in stmt.targets]


def written(lst):
    return [stmt.formula() for stmt in lst.statements]


# --- what stays --------------------------------------------------------------------------------------------------


def test_the_old_list_is_untouched():
    lst = traced(lambda x: 1.0 * x + 0.0 * x, 2.0)
    before = str(lst), lst.statements, lst.outputs
    simple = simplify(lst, exact=False)
    assert (str(lst), lst.statements, lst.outputs) == before
    assert simple is not lst


def test_it_says_what_it_was_made_from():
    lst = traced(np.sin, 2.0)
    assert simplify(lst).made_from == ("simplified", lst)


def test_inputs_stay_in_number_and_order_even_if_nothing_needs_them():
    lst = traced(lambda x, y, z: 1.0 * y, 2.0, 3.0, 4.0)
    simple = simplify(lst)
    assert simple.inputs == lst.inputs
    assert simple.outputs == (lst.inputs[1],)
    assert simple.statements == ()


def test_outputs_stay_in_number_and_order():
    lst = traced(lambda x: (1.0 * x, 2.0, np.sin(x), np.sin(x)), 2.0)
    simple = simplify(lst)
    assert len(simple.outputs) == 4
    assert_same_bits(run(simple, [0.5]), run(lst, [0.5]))


def test_variables_that_stay_keep_name_line_and_origin():
    lst = adjoint(traced(lambda x: np.sin(x) * x * 1.0, 2.0))
    simple = simplify(lst)
    old = {stmt.targets[0]: stmt for stmt in lst.statements}
    kept = [stmt for stmt in simple.statements if stmt.targets[0] in old]
    assert len(kept) >= 4
    for stmt in kept:
        assert (stmt.where, stmt.origin) == (old[stmt.targets[0]].where, old[stmt.targets[0]].origin)


def test_an_output_keeps_its_name_when_another_variable_stands_for_it():
    x, v1, named = (Variable(name, F64) for name in ("x", "v1", "x_bar"))
    statements = (Statement((v1,), table.sin, (x,)), Statement((named,), table.multiply, (v1, 1.0)))
    simple = simplify(WengertList("f", (x,), statements, (named,)))
    assert names(simple) == ["x_bar"]
    simple.verify()


def test_new_names_are_not_in_use():
    lst = traced(lambda x, y: 0.5 + (-x) * y + np.sin(y), 2.0, 3.0)
    simple = simplify(lst)
    simple.verify()
    assert len(set(names(simple))) == len(names(simple))


def test_a_cut_of_the_derivative_stays():
    lst = traced(lambda x: x * (2.0 * x).detach(), 3.0)
    simple = simplify(lst)
    assert "detach" in [stmt.prim.name for stmt in simple.statements]
    assert wg.grad(simple)(3.0) == 6.0


def test_a_cut_of_what_has_no_derivative_goes():
    lst = traced(lambda x: x * np.floor(x).detach().detach(), 3.5)
    assert [stmt.prim.name for stmt in simplify(lst).statements] == ["floor", "multiply"]


def test_what_would_raise_is_left_to_the_run():
    lst = traced(lambda x: x + table.divide(1, 0) if False else x * 1.0, 2.0)
    x, v = lst.inputs[0], Variable("v1", F64)
    bad = WengertList("f", (x,), (Statement((v,), table.divide, (1, 0)),), (v,))
    simple = simplify(bad)
    assert written(simple) == ["1 / 0"]
    with pytest.raises(ZeroDivisionError):
        simple(2.0)


def test_only_lists_can_be_simplified():
    with pytest.raises(ArgumentError, match=r"simplify takes a list, but got function\. Record a function with trace"):
        simplify(traced)


# --- what goes ---------------------------------------------------------------------------------------------------


def test_equal_statements_are_computed_once():
    lst = traced(lambda x, y: np.sin(x) * np.sin(x) + x * y - y * x, 2.0, 3.0)
    assert written(simplify(lst)) == ["sin(x)", "v1 * v1", "x * y", "v3 + v4", "v5 - v4"]


@pytest.mark.parametrize(
    ("one", "other"),
    [(0.0, -0.0), (np.float64(2.0), 2.0), (1, True), (np.float32(2), np.float64(2)), (3, 3.0)],
)
def test_constants_of_different_bits_or_types_are_told_apart(one, other):
    x = Variable("x", F64)
    v, w = (Variable(name, table.arctan2.infer((x, c), {})[0]) for name, c in (("v1", one), ("v2", other)))
    statements = (Statement((v,), table.arctan2, (x, one)), Statement((w,), table.arctan2, (x, other)))
    assert len(simplify(WengertList("f", (x,), statements, (v, w))).statements) == 2


def test_large_constants_are_compared_by_their_content():
    a = np.arange(1000.0)
    lst = traced(lambda x: np.sum(x @ a + x @ a.copy() + x @ (a + 1)), np.ones(1000))
    assert written(simplify(lst)).count("x @ f64[1000]{…}") == 2


def test_parameters_are_compared_by_their_content():
    index = np.array([0, 2])
    lst = traced(lambda x: (x[index], x[index.copy()], x[np.array([0, 1])], x[0:2], x[0:2:2]), np.ones(3))
    simple = simplify(lst)
    *reads, copy = simple.statements
    assert len(reads) == 4
    assert copy.operands == (simple.outputs[0],)  # equal, and still an array of its own
    assert copy.targets == (simple.outputs[1],)


def test_what_no_output_depends_on_goes():
    lst = traced(lambda x: [np.sin(x), np.exp(np.cos(x))][0], 2.0)
    assert written(simplify(lst)) == ["sin(x)"]


def test_a_statement_of_several_targets_stays_whole():
    lst = traced(lambda a: np.linalg.eigh(a)[0], np.eye(3))
    simple = simplify(lst)
    assert len(simple.statements) == 1
    assert len(simple.statements[0].targets) == 2


def test_constants_are_folded():
    x, v, w = Variable("x", F64), Variable("v1", F64), Variable("v2", F64)
    statements = (Statement((v,), table.sqrt, (2.0,)), Statement((w,), table.multiply, (v, x)))
    simple = simplify(WengertList("f", (x,), statements, (w,)))
    assert written(simple) == [f"{np.sqrt(2.0)} * x"]


def test_large_constants_are_not_made():
    x = Variable("x", ArrayType((2000,), np.dtype(np.float64)))
    v, w = Variable("v1", x.type), Variable("v2", x.type)
    statements = (
        Statement((v,), table.broadcast_to, (np.array([2.0]),), {"shape": (2000,)}),
        Statement((w,), table.arctan2, (v, x)),
    )
    assert len(simplify(WengertList("f", (x,), statements, (w,))).statements) == 2


def test_an_array_that_is_returned_and_constant_is_a_new_one_at_each_run():
    x, v = Variable("x", F64), Variable("v1", ArrayType((3,), np.dtype(np.float64)))
    lst = WengertList("f", (x,), (Statement((v,), table.exp, (np.arange(3.0),)),), (v,))
    simple = simplify(lst)
    simple.verify()
    first = simple(1.0)
    first[0] = 100.0
    np.testing.assert_array_equal(simple(1.0), np.exp(np.arange(3.0)))
    assert str(simplify(simple)) == str(simple)


def test_a_value_of_an_outer_transform_is_a_constant_that_is_left_alone():
    def outer(a):
        lst = wg.trace(lambda x: x * a * 1.0 + a)(2.0)
        simple = simplify(lst)
        assert len(simple.statements) == 2
        return simple(3.0)

    assert wg.grad(outer)(5.0) == 4.0


# --- types -------------------------------------------------------------------------------------------------------


def test_a_neutral_constant_that_broadcasts_still_does():
    lst = traced(lambda x: x * np.ones(3), 2.0)
    simple = simplify(lst)
    assert written(simple) == ["broadcast_to(x, shape=[3])"]
    np.testing.assert_array_equal(simple(2.0), [2.0, 2.0, 2.0])


def test_a_neutral_constant_that_promotes_still_does():
    x = np.ones(3, np.float32)
    lst = traced(lambda x: x * np.float64(1.0), x)
    simple = simplify(lst)
    assert simple(x).dtype == np.float64
    simple.verify()


def test_integers_follow_their_own_arithmetic():
    x = np.array([0, 1, 255], np.uint8)
    lst = traced(lambda x: (300.0 + -x, x * 1, x + 0, x - 0, np.negative(-x)), x)
    simple = simplify(lst)
    assert [stmt.prim.name for stmt in simple.statements if stmt.prim is not table.positive] == ["negative", "add"]
    assert_same_bits(run(simple, [x]), run(lst, [x]))


# --- ending ------------------------------------------------------------------------------------------------------


def long_list(n):
    def f(x):
        y = x
        for _ in range(n // 4):
            y = np.sin(y) * x + 0.5
            y = y - x * 0.25
        return y

    return adjoint(traced(f, 0.5))


def test_a_second_time_changes_nothing():
    simple = simplify(long_list(100))
    again = simplify(simple)
    assert str(again) == str(simple)
    assert [s is t for s, t in zip(simple.statements, again.statements, strict=True)] == [True] * len(names(simple))


def test_a_long_list_passes():
    lst = long_list(20_000)
    simple = simplify(lst)
    assert len(simple.statements) < 0.9 * len(lst.statements)
    assert simple(0.3, 1.0) == lst(0.3, 1.0)


def test_a_chain_of_what_cancels_is_taken_out_in_one_go():
    def f(x):
        for _ in range(5000):
            x = np.negative(-(x * 1.0)) - 0.0
        return x

    lst = traced(f, 2.0)
    assert simplify(lst).statements == ()


def test_adjoints_read_like_code_by_hand():
    lst = adjoint(traced(lambda x, y: np.sin(x) * x**2 - y / 4.0, 2.0, 3.0))
    assert [re.sub(r"\bv\d+\b", "v", formula) for formula in written(simplify(lst))] == [
        "sin(x)", "x ** 2", "v * v", "y * 0.25", "v - v", "v5_bar * -0.25", "v5_bar * v", "v5_bar * v", "2 * x",
        "v2_bar * v", "cos(x)", "v1_bar * v", "v + v",
    ]  # fmt: skip


def test_the_list_can_be_replaced_field_by_field():
    lst = simplify(traced(lambda x: 1.0 * np.sin(x), 2.0))
    assert dataclasses.replace(lst, name="g").name == "g"


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.copy(),
        lambda x: +x,
        lambda x: x - 0.0,
        lambda x: np.negative(-x),
        lambda x: np.where(x > 0, x, x),
        lambda x: (x * 2.0, x * 2.0),
        lambda x: (x, x * 1.0),
    ],
)
def test_a_result_that_was_an_array_of_its_own_stays_one(f):
    x = np.array([1.0, -2.0, 3.0])
    lst = wg.trace(f)(x)
    simple = simplify(lst)
    simple.verify()
    assert str(simplify(simple)) == str(simple)
    names = {}
    exec(wg.source(lst), names)  # noqa: S102  # the project's own text
    for call in (simple, names[list(names)[-1]]):
        results = call(x)
        found = [x, *(results if isinstance(results, tuple) else (results,))]
        own = found if not isinstance(results, tuple) or results[0] is not x else found[1:]
        assert not any(np.shares_memory(a, b) for k, a in enumerate(own) for b in own[:k])


def test_an_argument_that_is_returned_stays_the_argument():
    x = np.ones(3)
    assert simplify(wg.trace(lambda x: x)(x))(x) is x
