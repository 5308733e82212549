"""How primitives are declared, by the table and by users."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import wengert as wg
from wengert.declaration import composed, elementwise, gufunc, normalized_axes, reduction, refuse, structural
from wengert.facts import flat, transpose
from wengert.registry import functions, load_families, table

load_families()  # what they declare is not to be taken out again after a test

X = np.array([0.5, -1.5, 2.0])


@pytest.fixture(autouse=True)
def registry():
    """Whatever a test declares is taken out of the registry again."""
    names, handlers = dict(table.primitives), dict(functions)
    yield
    for name in set(table.primitives) - set(names):
        del table.primitives[name]
        delattr(table, name)
    functions.clear()
    functions.update(handlers)


def softsign(x):
    return x / (1 + abs(x))


def declared(**columns):
    return wg.elementwise(softsign, [lambda y, x: 1 / (1 + abs(x)) ** 2], **columns)


def test_a_users_function_has_both_modes_and_all_orders():
    f = declared()
    expected = 1 / (1 + np.abs(X)) ** 2
    np.testing.assert_allclose(f(X), softsign(X))
    np.testing.assert_allclose(wg.grad(lambda x: np.sum(f(x)))(X), expected, rtol=1e-15)
    np.testing.assert_allclose(wg.jvp(f, (X,), (np.ones(3),))[1], expected, rtol=1e-15)
    second = wg.grad(lambda x: np.sum(wg.grad(lambda z: np.sum(f(z)))(x)))(X)
    np.testing.assert_allclose(second, -2 * np.sign(X) / (1 + np.abs(X)) ** 3, rtol=1e-14)


def test_a_users_function_is_one_statement_under_its_name():
    f = declared()
    lst = wg.trace(lambda x: f(x) * 2)(X)
    lst.verify()
    assert [stmt.formula() for stmt in lst.statements] == ["softsign(x)", "v1 * 2"]
    x = wg.tensor(X, requires_grad=True)
    assert f(x).grad_fn.name() == "SoftsignBackward0"


def test_the_columns_of_a_row():
    f = declared(name="squash", notation="σ({0})", alias="Squash", at_kinks="1 at 0", domain=((-3.0, 3.0),))
    assert (f.name, f.at_kinks, f.domain) == ("squash", "1 at 0", ((-3.0, 3.0),))
    assert table.squash is f
    assert wg.trace(lambda x: f(x))(1.0).statements[0].formula() == "σ(x)"  # noqa: PLW0108  # names the input x
    assert f(wg.tensor(1.0, requires_grad=True)).grad_fn.name() == "SquashBackward0"


def test_several_operands_broadcast():
    f = wg.elementwise(lambda a, b: a * a * b, [lambda y, a, b: 2 * a * b, lambda y, a, b: a * a], name="aab")
    gradient = wg.grad(lambda a, b: np.sum(f(a, b)), argnums=(0, 1))(X, np.array([[2.0], [3.0]]))
    np.testing.assert_allclose(gradient[0], 2 * X * 5)
    np.testing.assert_allclose(gradient[1], np.full((2, 1), np.sum(X * X)))


def test_an_operand_may_be_flat_and_a_number_stands_for_its_partial():
    f = wg.elementwise(lambda a, n: a * 3.0 + np.floor(n), [3, flat], name="f3")
    a_bar, n_bar = wg.grad(f, argnums=(0, 1))(2.0, 1.5)
    assert (a_bar, n_bar) == (3.0, 0.0)


def test_flat_stands_for_all_operands():
    f = wg.elementwise(lambda a, b: a // b, flat, name="quotient")
    assert len(f.facts) == 2
    assert wg.grad(lambda a, b: f(a, b) * a, argnums=(0, 1))(7.0, 2.0) == (3.0, 0.0)


def test_a_ufunc_arrives_at_the_row_that_declares_it():
    special = pytest.importorskip("scipy.special")
    mine = wg.elementwise(special.expit, [lambda y, x: y * (1 - y)], name="my_expit")
    assert functions[special.expit] is mine
    np.testing.assert_allclose(
        wg.grad(lambda x: np.sum(special.expit(x)))(X), special.expit(X) * (1 - special.expit(X)), rtol=1e-14
    )


TAKEN_BEFORE = """
import numpy as np, scipy.special, wengert as wg
mine = wg.elementwise(lambda x: 3 * x, [3], name="erf")
expit = wg.elementwise(scipy.special.expit, [lambda y, x: 5.0 + 0 * x], name="steep")
assert wg.grad(mine)(1.0) == 3
assert abs(wg.grad(scipy.special.erf)(0.0) - 2 / np.sqrt(np.pi)) < 1e-15
assert wg.grad(scipy.special.expit)(0.0) == 5
from wengert.registry import table
assert table.erf is mine and "scipy.special.erf" in table.primitives
"""


def test_what_a_user_has_declared_stays_his_when_a_family_is_loaded():
    run = subprocess.run([sys.executable, "-c", TAKEN_BEFORE], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_the_result_may_be_computed_in_a_faster_way():
    f = wg.elementwise(lambda x: x * 0, [1], name="f_computed", compute=lambda x: x + 1)
    assert f(1.0) == 2.0


def test_a_name_is_declared_once():
    declared()
    with pytest.raises(wg.DeclarationError, match="a primitive called softsign is declared twice"):
        declared()
    with pytest.raises(wg.DeclarationError, match="a primitive called sin is declared twice"):
        wg.elementwise(np.sin, [lambda y, x: np.cos(x)])


def test_a_row_that_contradicts_itself_is_refused():
    with pytest.raises(wg.DeclarationError, match="softsign: 'cos' is no derivative fact"):
        wg.elementwise(softsign, ["cos"])
    with pytest.raises(wg.DeclarationError, match=r"softsign is declared as not analytic .* Add at_kinks="):
        declared(analytic=False)


def test_as_many_facts_as_operands():
    with pytest.raises(wg.DeclarationError, match=r"softsign: 2 facts were given for a function of 1 operand"):
        wg.elementwise(softsign, [1, 1])
    with pytest.raises(wg.DeclarationError, match=r"arctan3: 1 fact was given for a function of 2 operands"):
        wg.elementwise(np.arctan2, [1], name="arctan3")


def test_a_partial_of_the_wrong_shape_is_caught():
    f = wg.elementwise(lambda x: x * 2, [lambda y, x: np.ones(5)], name="f_wrong")
    with pytest.raises((wg.ShapeError, ValueError), match="shape"):
        wg.grad(lambda x: np.sum(f(x)))(X)


# --- the other kinds -------------------------------------------------------------------------------------------


def test_a_reduction():
    def total(a, axis=None, keepdims=False):
        return np.add.reduce(a, axis=axis, keepdims=keepdims)

    reduction(total, 1)
    x = wg.tensor(np.ones((2, 3)), requires_grad=True)
    y = functions[total](x, axis=0)
    assert y.shape == (3,)
    y.backward(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_array_equal(x.grad.numpy(), [[1, 2, 3], [1, 2, 3]])


def test_a_gufunc():
    vecdot = np.vecdot
    gufunc(vecdot, [transpose(lambda ct, a, b: ct[..., None] * b), transpose(lambda ct, a, b: ct[..., None] * a)])
    a, b = np.ones((2, 3)), X
    a_bar, b_bar = wg.grad(lambda a, b: np.sum(vecdot(a, b)), argnums=(0, 1))(a, b)
    np.testing.assert_array_equal(a_bar, [X, X])
    np.testing.assert_array_equal(b_bar, [2, 2, 2])


def test_a_structural_function():
    rolled = structural("rolled", np.roll, [transpose(lambda ct, x, *, shift: np.roll(ct, -shift))])
    y, pullback = wg.vjp(lambda x: rolled(x, shift=1), X)
    np.testing.assert_array_equal(y, np.roll(X, 1))
    np.testing.assert_array_equal(pullback(np.array([1.0, 2.0, 3.0]))[0], [2.0, 3.0, 1.0])


def test_a_composition():
    @composed(np.nan_to_num)
    def without_nan(x):
        return np.where(np.isnan(x), 0.0, x)

    assert functions[np.nan_to_num] is without_nan
    np.testing.assert_array_equal(wg.grad(lambda x: np.sum(np.nan_to_num(x)))(np.array([1.0, np.nan])), [1.0, 0.0])


def test_axes_are_counted_from_the_front():
    assert normalized_axes(None, 3) == (0, 1, 2)
    assert normalized_axes(-1, 3) == (2,)
    assert normalized_axes((-1, 0), 3) == (2, 0)
    with pytest.raises(np.exceptions.AxisError):
        normalized_axes(3, 3)
    with pytest.raises(ValueError, match="repeated axis"):
        normalized_axes((0, 0), 3)


def test_parameters_that_cannot_be_honoured_are_refused():
    refuse(np.dot, out=None)
    with pytest.raises(wg.NoRuleError, match=r"np\.dot got out= for a value that carries a derivative") as caught:
        refuse(np.dot, out=np.zeros(2))
    assert caught.value.where.file == __file__
    assert caught.value.remedy == "Use the result of the call instead."


def test_elementwise_is_public():
    assert wg.elementwise is elementwise
