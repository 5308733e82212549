"""`tangent` and `adjoint` of lists: what is chosen, what is written, what is refused."""

import numpy as np
import pytest

import wengert as wg
from wengert.errors import ArgumentError, DtypeError


def f(x1, x2):
    a = np.log(x1)
    y = a + x1 * x2 - np.sin(x2)
    return y  # noqa: RET504  # the name is what is tested


LIST = wg.trace(f)(2.0, 5.0)


def names(variables):
    return [v.name for v in variables]


def test_the_inputs_and_outputs_of_a_tangent_list():
    lst = wg.tangent(LIST)
    assert names(lst.inputs) == ["x1", "x2", "x1_dot", "x2_dot"]
    assert names(lst.outputs) == ["v5", "v5_dot"]
    assert lst.name == "f_tangent"
    assert lst.made_from == ("tangent", LIST)
    np.testing.assert_allclose(lst(2.0, 5.0, 1.0, 0.0), [11.652071455223084, 5.5])


def test_the_inputs_and_outputs_of_an_adjoint_list():
    lst = wg.adjoint(LIST)
    assert names(lst.inputs) == ["x1", "x2", "v5_bar"]
    assert names(lst.outputs) == ["v5", "x1_bar", "x2_bar"]
    assert lst.made_from == ("adjoint", LIST)
    np.testing.assert_allclose(lst(2.0, 5.0, 1.0), [11.652071455223084, 5.5, 2.0 - np.cos(5.0)])


@pytest.mark.parametrize("wrt", [0, "x1", [0], ("x1",), -2])
def test_one_input_is_chosen(wrt):
    assert names(wg.tangent(LIST, wrt).inputs) == ["x1", "x2", "x1_dot"]
    lst = wg.adjoint(LIST, wrt)
    assert names(lst.outputs) == ["v5", "x1_bar"]
    assert not {"cos", "negative"} & {stmt.prim.name for stmt in lst.statements}  # nothing for x2


def test_the_order_of_the_chosen_is_kept():
    assert names(wg.adjoint(LIST, ["x2", "x1"]).outputs) == ["v5", "x2_bar", "x1_bar"]


@pytest.mark.parametrize("transform", [wg.tangent, wg.adjoint])
def test_an_input_that_does_not_exist(transform):
    for wrt in ("y", 2, -3):
        with pytest.raises(ArgumentError) as error:
            transform(LIST, wrt)
        assert f"{transform.__name__} of list f was asked for input {wrt!r}." in str(error.value)
        assert "Its inputs are x1, x2, numbered from 0." in str(error.value)


def test_an_input_that_is_named_twice():
    with pytest.raises(ArgumentError, match=r"wrt=\[0, 'x1'\] names an input of list f twice"):
        wg.adjoint(LIST, [0, "x1"])


def test_an_input_that_has_no_derivative():
    lst = wg.trace(lambda k, x: k * x)(2, 3.0)
    assert names(wg.adjoint(lst).outputs) == ["v1", "x_bar"]
    with pytest.raises(DtypeError, match=r"was asked for input k: i64\[\]"):
        wg.adjoint(lst, "k")


def test_outputs_that_depend_on_nothing():
    lst = wg.trace(lambda x, y: (x * 2, 7.0, np.argmax(y)))(1.0, np.ones(3))
    tangent, adjoint = wg.tangent(lst), wg.adjoint(lst)
    found = tangent(1.0, np.ones(3), 1.0, np.ones(3))
    assert found[3:] == (2.0, 0.0)
    found = adjoint(1.0, np.ones(3), 1.0, 5.0)
    assert found[3] == 2.0
    np.testing.assert_array_equal(found[4], np.zeros(3))


def test_an_output_that_is_given_twice_and_one_that_is_an_input():
    lst = wg.adjoint(wg.trace(lambda x: (np.sin(x), x, x))(0.5))
    assert lst(0.5, 1.0, 10.0, 100.0)[3] == pytest.approx(np.cos(0.5) + 110.0)


def test_each_statement_knows_what_it_belongs_to():
    for transform, kind in ((wg.tangent, "tangent"), (wg.adjoint, "adjoint")):
        lst = transform(LIST)
        new = [stmt for stmt in lst.statements if stmt not in LIST.statements]
        assert new
        assert all(stmt.origin.kind == kind and stmt.origin.stmt in LIST.statements for stmt in new)
        assert all(stmt.where == stmt.origin.stmt.where for stmt in new)


def test_the_printed_form_names_the_primal_statement():
    lines = [line.split("    test_")[0].rstrip() for line in str(wg.adjoint(LIST)).splitlines()]
    assert lines[6:] == [
        "  v4_bar = -v5_bar      f64[]    # v5 = v3 - v4",
        "  v7 = cos(x2)          f64[]    # v4 = sin(x2)",
        "  v8 = v4_bar * v7      f64[]",
        "  v9 = v5_bar * x2      f64[]    # v2 = x1 * x2",
        "  v10 = v5_bar * x1     f64[]",
        "  x2_bar = v8 + v10     f64[]",
        "  v12 = 1 / x1          f64[]    # v1 = log(x1)",
        "  v13 = v5_bar * v12    f64[]",
        "  x1_bar = v9 + v13     f64[]",
    ]


def test_the_name_that_a_line_gives_a_value_is_known():
    assert [stmt.where.assigned for stmt in LIST.statements] == ["a", "", "", "", "y"]


def test_reads_of_an_array_are_added_in_place():
    lst = wg.adjoint(wg.trace(lambda x: x[0] * x[1] * x[2] * x[3])(np.ones(4)))
    kinds = [stmt.prim.name for stmt in lst.statements]
    assert kinds.count("scatter") == 1
    assert kinds.count("add_at") == 3
    np.testing.assert_array_equal(lst(np.arange(1.0, 5.0), 1.0)[1], [24.0, 12.0, 8.0, 6.0])


def test_the_list_of_a_gradient_knows_the_lines_of_the_function():
    lst = wg.trace(wg.grad(f, (0, 1)))(2.0, 5.0)
    assert names(lst.outputs) == ["x1_bar", "x2_bar"]
    assert {stmt.where.function for stmt in lst.statements} == {"f"}
    assert all(stmt.origin.stmt.targets[0].name.startswith("v") for stmt in lst.statements if stmt.origin)


def test_a_gradient_with_values_of_another_transform_around_it():
    def outer(a, x):
        return wg.grad(lambda y: np.sin(y * a) * x)(x) * a

    expected = wg.grad(outer, (0, 1))(0.7, 1.3)
    found = wg.trace(wg.grad(outer, (0, 1)))(0.7, 1.3)(0.7, 1.3)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_auxiliary_results_of_a_traced_gradient():
    def loss(x):
        y = np.sin(x)
        return y * x, {"sine": y, "two": 2}

    (value, aux), slope = wg.value_and_grad(loss, has_aux=True)(0.5)
    lst = wg.trace(wg.value_and_grad(loss, has_aux=True))(0.5)
    np.testing.assert_allclose(lst(0.5), [value, aux["sine"], 2, slope])


@pytest.mark.parametrize("transform", [wg.tangent, wg.adjoint])
def test_a_function_is_no_list(transform):
    with pytest.raises(ArgumentError) as error:
        transform(f)
    assert f"{transform.__name__} takes a list, but got function." in str(error.value)
    assert "Record a function with trace(f)(*args) first" in str(error.value)
