"""The graph of a tensor as a tape."""

from __future__ import annotations

import numpy as np

import wengert as wg


def T(data):
    return wg.tensor(data, requires_grad=True)


def test_the_tape_of_a_graph_is_printed_with_its_values():
    x1, x2 = T(2.0), T(5.0)
    y = np.log(x1) + x1 * x2 - np.sin(x2)
    assert str(y.tape()) == (
        "tape graph(x1: f64[], x2: f64[]) -> v5\n"
        "  x1 = 2.                   f64[]\n"
        "  x2 = 5.                   f64[]\n"
        "  v1 = log(x1) = 0.6931     f64[]\n"
        "  v2 = x1 * x2 = 10.        f64[]\n"
        "  v3 = v1 + v2 = 10.6931    f64[]\n"
        "  v4 = sin(x2) = -0.9589    f64[]\n"
        "  v5 = v3 - v4 = 11.6521    f64[]"
    )


def test_the_list_of_a_graph_is_a_program():
    x, w = T([1.0, 2.0]), T([[1.0, 0.5], [2.0, 1.5], [0.1, 0.2]])
    y = np.sum(np.tanh(w @ x) * 2.0)
    lst = y.tape().list
    lst.verify()
    other = np.array([0.5, -1.0]), w.detach().numpy()
    expected = np.sum(np.tanh(other[1] @ other[0]) * 2.0)
    assert lst(*other) == expected
    assert y.tape().outputs == (y.item(),)
    np.testing.assert_allclose(wg.grad(lst)(*other), wg.grad(lambda x: np.sum(np.tanh(other[1] @ x) * 2.0))(other[0]))


def test_constants_stand_in_their_place():
    x = T([1.0, 2.0])
    text = str((3.0 * x * np.array([4.0, 5.0]) + 0.5).tape())
    assert "v1 = 3.0 * x1" in text
    assert "v2 = v1 * [4., 5.]" in text
    assert "v3 = v2 + 0.5" in text


def test_a_constant_that_no_rule_reads_was_not_kept():
    x = T([1.0, 2.0])
    assert "v1 = x1 + · = [7., 8.]" in str((x + np.array([6.0, 6.0])).tape())


def test_a_value_that_no_rule_needed_is_computed_again():
    x = T([1.0, 2.0])
    y = np.sum(x + x)
    tape = y.tape()
    assert len(tape.values) == 3
    assert "v1 = x1 + x1 = [2., 4.]" in str(tape)


def test_a_value_that_cannot_be_known_is_a_dot():
    x = T([1.0, 2.0])
    y = (x + np.array([6.0, 6.0])) + 1.0
    del x
    assert str(y.tape()) == (
        "tape graph(x1: f64[2]) -> v2\n"
        "  x1 = ·                      f64[2]\n"
        "  v1 = x1 + · = ·             f64[2]\n"
        "  v2 = v1 + 1.0 = [8., 9.]    f64[2]"
    )


def test_a_leaf_is_its_own_tape():
    x = T(2.0)
    assert str(x.tape()) == "tape graph(x1: f64[]) -> x1\n  x1 = 2.    f64[]"
    assert x.tape().outputs == (2.0,)


def test_a_constant_has_an_empty_tape():
    tape = wg.tensor(2.0).tape()
    assert str(tape) == "tape graph() -> 2.0"
    assert tape.outputs == (2.0,)
    assert (wg.tensor(2.0) * 3.0).tape().list.statements == ()


def test_only_what_the_result_depends_on_is_listed():
    x, unused = T(2.0), T(3.0)
    np.sin(unused)
    y = np.exp(x)
    np.cos(y)
    tape = y.tape()
    assert len(tape.list.inputs) == len(tape.list.statements) == 1


def test_shared_parts_are_listed_once():
    x = T(2.0)
    a = x * x
    y = a * a + a
    assert [stmt.formula() for stmt in y.tape().list.statements] == ["x1 * x1", "v1 * v1", "v2 + v1"]


def test_inputs_are_listed_in_the_order_they_were_made():
    first, second = T(1.0), T(2.0)
    tape = (second * first).tape()
    assert [tape.value(v) for v in tape.list.inputs] == [1.0, 2.0]
    assert tape.list.statements[0].formula() == "x2 * x1"


FREED = {
    "2 * x": (lambda x: 2.0 * x, "· * x1"),
    "x * 2": (lambda x: x * 2.0, "x1 * ·"),
    "array * x": (lambda x: np.array([1.0, 2.0]) * x, "· * x1"),
    "x * x": (lambda x: x * x, "x1 * x1"),
    "where": (lambda x: np.where([True, False], 1.0, x), "where(·, ·, x1)"),
    "concatenate": (lambda x: np.concatenate([np.ones(1), x]), "concatenate(·, x1, axis=0)"),
    "sum": (lambda x: np.sum(x, axis=0, keepdims=True), "sum(x1, axis=[0], keepdims=True)"),
}


def test_a_freed_graph_still_shows_its_operations():
    for name, (apply, formula) in FREED.items():
        x = T([1.0, 2.0])
        y = apply(x)
        y.backward(np.ones(y.shape))
        tape = y.tape()
        assert [stmt.formula() for stmt in tape.list.statements] == [formula], name
        np.testing.assert_array_equal(tape.outputs[0], y.detach().numpy())


def test_the_graph_of_a_gradient():
    x = T(3.0)
    (x**3).backward(create_graph=True)
    tape = x.grad.tape()
    tape.list.verify()
    assert tape.outputs == (27.0,)
    assert tape.list(2.0) == 12.0


def test_integer_parts_and_detached_parts_are_constants():
    x = T([1.5, 2.5])
    y = x * np.floor(x) + x.detach()
    assert y.tape().list.statements[0].formula() == "x1 * [1., 2.]"
