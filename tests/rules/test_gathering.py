"""Indices that are known only when a list is run: the oracle is NumPy at each of several indices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import wengert as wg
from wengert import numeric
from wengert.checker import check
from wengert.levels import new_level
from wengert.masked import Masked
from wengert.registry import table
from wengert.rules.gathering import Slot

RNG = np.random.default_rng(8)
V = RNG.normal(size=5)
A = RNG.normal(size=(3, 4))
B = RNG.normal(size=(2, 3, 4))
NUMBERS = (np.int64(0), np.int64(2), np.int64(-1))
VECTORS = (np.array([0, 2, 1]), np.array([1, 1, 1]), np.array([-1, 0, -1]))
TABLES = (np.array([[0, 1], [2, 2]]), np.array([[-1, 0], [1, 0]]))


@dataclass(frozen=True)
class Program:
    """A function of an array and an index, and the indices it is called with."""

    name: str
    function: Callable[..., Any]
    x: Any
    indices: tuple[Any, ...]

    def __str__(self) -> str:
        return self.name

    def traced(self):
        lst = wg.trace(self.function)(self.x, self.indices[0])
        lst.verify()
        return lst


# --- programs ---------------------------------------------------------------------------------------------------


def fills(x, i):
    y = np.zeros_like(x)
    y[i] = x[i] ** 2
    y[i] += x[0]
    return y * x


def fills_twice_in_one_place(x, i):
    y = x * 2.0
    y[i] = x[:3] ** 3
    return y**2


def scales_a_row(x, i):
    y = x * 1.0
    y[i, :] *= 2.0 * x[i]
    y[i] -= x[0]
    return y * y


def writes_through_a_view(x, i):
    y = x * 1.0
    row = y[i]
    row[1:] *= x[0, 1:]
    row += 1.0
    return y * np.sum(row)


def writes_through_a_view_of_a_view(x, i):
    y = x * 1.0
    part = y[:, i].T[1:]
    part[...] = part * x[:, 0].sum()
    y[0] = 0.0
    return y + np.sum(part**2)


def sees_what_is_written_beneath_it(x, i):
    y = x * 1.0
    row = y[i]
    y *= 3.0
    y[i, 1] = x[0, 0]
    return row * x[1]


def writes_a_view_of_all_axes(x, i):
    y = x * 1.0
    one = y[i, ...]
    one *= x[0]
    return y * y


def keeps_a_copy(x, i):
    y = x * 1.0
    part = y[i]
    part *= 2.0
    part[0] = 7.0
    return y * np.sum(part)


def of_a_counter(x, i):
    y = np.zeros_like(x)
    for k in range(3):
        y[i - k] = x[i - k] * (k + 1) + y[i]
    return y


def adds_at(x, i):
    y = x * 1.0
    np.add.at(y, i, x[:3] ** 2)
    np.subtract.at(y, (i,), 0.5)
    return y * y


def adds_one_at(x, i):
    y = x**2
    np.add.at(y, i, x[0])
    return y


def puts_along_an_axis(x, i):
    y = x * 1.0
    np.put_along_axis(y, i[:, None], 2.0 * x[:, :1], axis=1)
    return y


PROGRAMS = [
    Program("x[i]", lambda x, i: x[i] * x, V, NUMBERS),
    Program("x[row]", lambda x, i: x[i] * x, A, NUMBERS),
    Program("x[:, i]", lambda x, i: x[:, i] ** 2, A, NUMBERS),
    Program("x[i, 1:]", lambda x, i: x[i, 1:] ** 2, A, NUMBERS),
    Program("x[..., i]", lambda x, i: x[..., i] ** 2, B, NUMBERS),
    Program("x[i, ..., None]", lambda x, i: x[i - 1, ..., None] ** 2, B, (np.int64(1), np.int64(2))),
    Program("x[i, i]", lambda x, i: x[i, i] ** 2, A, NUMBERS),
    Program("x[vector]", lambda x, i: x[i] ** 2, V, VECTORS),
    Program("x[vector of int8]", lambda x, i: x[i] ** 2, V, tuple(i.astype(np.int8) for i in VECTORS)),
    Program("x[vector, :2]", lambda x, i: x[i, :2] ** 2, A, VECTORS),
    Program("x[vector, vector]", lambda x, i: x[i, i[::-1]] ** 2, A, VECTORS),
    Program("x[vector, constants]", lambda x, i: x[i, [3, 0, 3]] ** 2, A, VECTORS),
    Program("x[1, :, vector]", lambda x, i: x[1, :, i] ** 2, B, VECTORS),
    Program("x[table]", lambda x, i: x[i] ** 2, A, TABLES),
    Program("x[mask, table]", lambda x, i: x[np.array([True, False, True]), i] ** 2, A, TABLES),
    Program("x[[i, 0]]", lambda x, i: x[[i, 0]] ** 2, V, NUMBERS),
    Program("x[[[i], [1]]]", lambda x, i: x[[[i], [1]]] ** 2, V, NUMBERS),
    Program("of an axis of one", lambda x, i: x[i] ** 2, V[:1], (np.array([0, 0]), np.array([-1, 0]))),
    Program("of nothing", lambda x, i: x[i[:0]] ** 2, V, VECTORS),
    Program("argmax", lambda x, i: x[np.argmax(x * i)] ** 2, V, (1, -1)),
    Program("argsort", lambda x, i: x[np.argsort(x * i)] * np.arange(5.0), V, (1, -1)),
    Program("fills", fills, V, NUMBERS + VECTORS[:1]),
    Program("fills rows", fills, A, NUMBERS),
    Program("fills twice in one place", fills_twice_in_one_place, V, VECTORS),
    Program("scales a row", scales_a_row, A, NUMBERS),
    Program("scales rows", scales_a_row, A, VECTORS),
    Program("a view", writes_through_a_view, A, NUMBERS),
    Program("a view of a view", writes_through_a_view_of_a_view, B, NUMBERS),
    Program("a view that is written beneath", sees_what_is_written_beneath_it, A, NUMBERS),
    Program("a view of all axes", writes_a_view_of_all_axes, V, NUMBERS),
    Program("a copy", keeps_a_copy, A, VECTORS),
    Program("a counter", of_a_counter, V, NUMBERS),
    Program("np.add.at", adds_at, V, VECTORS),
    Program("np.add.at of one", adds_one_at, V, NUMBERS + VECTORS),
    Program("np.put_along_axis", puts_along_an_axis, A, VECTORS),
]


def calls(program):
    """Each index of the shape that the list is made for, with the list."""
    shapes = dict.fromkeys(np.shape(i) for i in program.indices)
    for shape in shapes:
        indices = tuple(i for i in program.indices if np.shape(i) == shape)
        lst = Program(program.name, program.function, program.x, indices).traced()
        yield from ((lst, i) for i in indices)


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_a_list_computes_what_numpy_computes_at_each_index(program):
    for lst, i in calls(program):
        for x in (program.x, -program.x):
            expected = program.function(x.copy(), i)
            found = lst(x, i)
            assert (np.shape(found), found.dtype) == (np.shape(expected), expected.dtype)
            np.testing.assert_allclose(found, expected, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
@pytest.mark.parametrize("mode", ["forward", "reverse"])
def test_the_jacobian_of_a_list_at_each_index(program, mode):
    for lst, i in calls(program):
        expected = numeric.jacobian(lambda x, i=i: program.function(x.copy(), i), program.x, "richardson")
        found = wg.jacobian(lambda x, i=i, lst=lst: lst(x, i), mode=mode)(program.x)
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


def cotangent(program):
    def derivative(x, i):
        y, pullback = wg.vjp(lambda x: program.function(x, i), x)
        return pullback(np.ones(y.shape))[0]

    return derivative


def tangent(program):
    def derivative(x, i):
        return wg.jvp(lambda x: program.function(x, i), (x,), (np.cos(x),))[1]

    return derivative


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
@pytest.mark.parametrize("derivative", [tangent, cotangent])
def test_a_derivative_may_be_traced(program, derivative):
    derived = Program(program.name, derivative(program), program.x, program.indices)
    for lst, i in calls(derived):
        np.testing.assert_allclose(lst(program.x, i), derived.function(program.x, i), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("outer", [tangent, cotangent])
@pytest.mark.parametrize("inner", [tangent, cotangent])
@pytest.mark.parametrize("name", ["fills twice in one place", "np.add.at", "a view", "x[vector, :2]"])
def test_second_derivatives_may_be_traced(name, inner, outer):
    [program] = [p for p in PROGRAMS if p.name == name]
    first = Program(name, inner(program), program.x, program.indices)
    second = Program(name, outer(first), program.x, program.indices)
    for lst, i in calls(second):
        np.testing.assert_allclose(lst(program.x, i), second.function(program.x, i), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_a_list_agrees_with_numerical_derivatives_to_the_second_order(program):
    lst = program.traced()
    check(lambda x: lst(x, program.indices[0]), program.x, order=2, directions=1)


def test_derivatives_of_a_list_of_a_derivative():
    program = Program("", cotangent(Program("", fills_twice_in_one_place, V, VECTORS)), V, VECTORS)
    for lst, i in calls(program):
        for mode in ("forward", "reverse"):
            found = wg.jacobian(lambda x, i=i, lst=lst: lst(x, i), mode=mode)(V)
            expected = wg.jacobian(lambda x, i=i: program.function(x, i))(V)
            np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


# --- how it is recorded -----------------------------------------------------------------------------------------


def names(lst):
    return [stmt.prim.name for stmt in lst.statements]


def text(lst):
    return [str(stmt) for stmt in lst.statements]


def test_an_index_is_written_with_the_names_of_its_parts():
    def f(x, i, v):
        y = x[i, 1:] * 1.0
        y[v] = x[0, v]
        np.add.at(y, v, 2.0)
        return y

    assert text(wg.trace(f)(A, 1, np.array([0, 1]))) == [
        "v1 = x[i, 1:]",
        "v2 = v1 * 1.0",
        "v3 = x[0, v]",
        "v4 = v2 with [v] = v3",
        "v5 = v4 with [v] += 2.0",
    ]
    lst = wg.trace(lambda x, i: wg.grad(lambda x: x[i, None] @ np.ones(1))(x))(V, 1)
    assert str(lst.statements[-1]).endswith(" at [i, None]")


def test_an_index_that_is_known_stays_a_parameter():
    lst = wg.trace(lambda x: x[1] + x[[0, 2]] + x[wg.tensor(2)])(V)
    assert names(lst) == ["getitem", "getitem", "add", "getitem", "add"]


def test_a_list_run_on_values_goes_by_plain_indices():
    lst = wg.trace(fills)(V, 1)
    assert "gather" in names(lst)
    run = names(lst(wg.tensor(V, requires_grad=True), 1).tape().list)
    assert "gather" not in run
    assert "getitem" in run


def test_a_list_run_on_traced_values_keeps_the_index_as_an_operand():
    lst = wg.trace(fills)(V, 1)
    again = wg.trace(lst)(V, 1)
    assert names(again) == [name for name in names(lst) if name != "constant"]
    np.testing.assert_array_equal(again(V, 3), fills(V, 3))
    assert "gather" in names(wg.tape(lst, V, np.int64(1)).list)


def test_an_update_in_place_writes_one_statement():
    def f(x, i):
        x = x * 1.0
        x[i, :] *= 2.0
        return x

    assert names(wg.trace(f)(A, 1)) == ["multiply", "gather", "multiply", "update_at"]


def test_the_tangent_of_an_update_is_one_update():
    lst = wg.trace(lambda x, i: wg.jvp(lambda x: fills_twice_in_one_place(x, i), (x,), (x,))[1])(V, VECTORS[0])
    assert names(lst).count("update_at") == 2  # of the value and of the tangent


def test_the_type_of_a_read_does_not_need_the_numbers():
    i, j = Slot(0), Slot(1)
    x, number, vector = np.ones((1, 3)), np.int64(7), np.array([7, 7])
    (kind,) = table.gather.infer((x, number, vector), {"index": (i, j), "shape": (1, 3)})
    assert str(kind) == "f64[2]"
    (kind,) = table.gather_transpose.infer((np.ones(2, np.float32), vector), {"index": (0, i), "shape": (1, 3)})
    assert str(kind) == "f32[1,3]"
    (kind,) = table.update_at.infer((x, 1j, vector), {"index": (0, i)})
    assert str(kind) == "c128[1,3]"


def test_a_list_is_verified_with_the_shapes_of_index_and_values():
    lst = wg.trace(lambda x, v, i: fills(x, i)[:1] + v[0])(V, V[:3], VECTORS[0])
    lst.verify()
    with pytest.raises(ValueError, match="broadcast"):
        table.update_at.infer((V, V[:2], VECTORS[0]), {"index": (Slot(0),)})
    with pytest.raises(ValueError, match="broadcast"):
        table.gather_transpose.infer((V, VECTORS[0]), {"index": (Slot(0),), "shape": (5,)})


# --- what is not selected ---------------------------------------------------------------------------------------


AT_ZERO = np.array([4.0, 0.0, 1.0])
UNSELECTED = {
    "a number": (lambda x, i: np.sqrt(x)[i[0]], [0.25, 0.0, 0.0]),
    "a vector": (lambda x, i: np.sum(np.sqrt(x)[i]), [0.25, 0.0, 0.5]),
    "replaced": (lambda x, i: np.sum(replaced(np.sqrt(x), i[0] + 1, 0.0)), [0.25, 0.0, 0.5]),
    "replaced by another": (lambda x, i: np.sum(replaced(x * 1.0, i * 0, np.sqrt(x[1:]))), [0.0, 1.0, 1.5]),
    "added": (lambda x, i: np.sum(added(x, i, np.sqrt(x)[i])[:1]), [1.25, 0.0, 0.0]),
}


def replaced(y, i, new):
    y[i] = new
    return y


def added(y, i, new):
    y = y * 1.0
    np.add.at(y, i, new)
    return y


@pytest.mark.parametrize(("f", "expected"), UNSELECTED.values(), ids=UNSELECTED)
def test_what_is_not_selected_contributes_exactly_zero(f, expected):
    i = np.array([0, 2])
    lst = wg.trace(f)(np.ones(3), i)
    for g in (lambda x: lst(x, i), lambda x: f(x, i)):
        np.testing.assert_array_equal(wg.grad(g)(AT_ZERO), expected)
        np.testing.assert_array_equal(wg.jacobian(g, mode="forward")(AT_ZERO), expected)


@pytest.mark.parametrize("name", ["gather", "update_at", "add_at"])
def test_the_same_by_the_rows_themselves(name):
    index, i = {"index": (Slot(0),)}, np.array([0, 2])

    def f(x):
        y = np.sqrt(x)
        if name == "gather":
            return np.sum(table.gather(y, i, shape=(3,), **index))
        if name == "update_at":
            return np.sum(table.update_at(y, 0.0 * x[0], i - 1 + 2 * (i == 0), **index))
        return np.sum(table.add_at(x, y[i], i, **index))

    expected = {"gather": [0.25, 0.0, 0.5], "update_at": [0.25, 0.0, 0.5], "add_at": [1.25, 1.0, 1.5]}[name]
    np.testing.assert_array_equal(wg.grad(f)(AT_ZERO), expected)
    np.testing.assert_array_equal(wg.jacobian(f, mode="forward")(AT_ZERO), expected)


def mask_after(rule, reached, i):
    """What a masked sweep has reached after a rule that does not know the places, as in a batch."""

    def f(i):
        found = rule(Masked(np.where(reached, 2.0, 0.0), reached, new_level()), i)
        return found.data, found.mask

    data, mask = wg.trace(f)(np.zeros_like(i))(i)
    assert not np.any(data[~mask])
    return mask


PLACES = [np.array([3, 1, 0]), np.array([0, 0, 3])]
REACHED = np.array([True, True, False, True])
INDEX = {"index": (Slot(0),)}


@pytest.mark.parametrize("i", PLACES, ids=str)
def test_a_masked_sweep_reaches_only_what_is_named(i):
    rules = [
        lambda ct, i: table.gather.adjoints[0](ct, None, None, i, shape=(4,), **INDEX),
        lambda t, i: table.update_at.tangents[1](t, V[:4], None, None, i, **INDEX),
        lambda t, i: table.add_at.tangents[1](t, V[:4], None, None, i, **INDEX),
    ]
    for rule in rules:
        np.testing.assert_array_equal(np.flatnonzero(mask_after(rule, np.ones(3, bool), i)), np.unique(i))


@pytest.mark.parametrize("i", PLACES, ids=str)
def test_a_masked_sweep_leaves_what_was_replaced(i):
    stayed = mask_after(lambda ct, i: table.update_at.adjoints[0](ct, None, None, None, i, **INDEX), REACHED, i)
    np.testing.assert_array_equal(stayed, REACHED & ~np.isin(np.arange(4), i))
    came = mask_after(lambda ct, i: table.update_at.adjoints[1](ct, None, None, None, i, **INDEX), REACHED, i)
    is_last = [k == np.flatnonzero(i == i[k])[-1] for k in range(3)]
    np.testing.assert_array_equal(came, REACHED[i] & is_last)
    terms = mask_after(lambda ct, i: table.add_at.adjoints[1](ct, None, None, None, i, **INDEX), REACHED, i)
    np.testing.assert_array_equal(terms, REACHED[i])


# --- indices that are values ------------------------------------------------------------------------------------


@pytest.mark.parametrize("f", [fills, scales_a_row, adds_one_at], ids=lambda f: f.__name__)
def test_a_list_takes_a_tensor_as_its_index(f):
    x = V if f is not scales_a_row else A
    lst = wg.trace(f)(x, 1)
    leaf = wg.tensor(x, requires_grad=True)
    y = lst(leaf, wg.tensor(2))
    np.testing.assert_array_equal(y.detach().numpy(), f(x.copy(), 2))
    np.sum(y).backward()
    np.testing.assert_allclose(leaf.grad.numpy(), wg.grad(lambda x: np.sum(f(x, 2)))(x), rtol=1e-14)


def test_an_index_that_is_written_to_afterwards_is_the_one_of_its_time():
    def f(x, i):
        i = i * 1
        y = x[i]
        i[0] = 2
        return y + x[i]

    lst = wg.trace(f)(V, np.array([0, 1]))
    np.testing.assert_array_equal(lst(V, np.array([3, 1])), f(V, np.array([3, 1])))


def test_a_number_that_is_an_array_takes_a_copy_as_in_numpy():
    def f(x, i):
        y = x * 1.0
        row = y[i[0, ...]]
        row *= 2.0
        return y

    lst = wg.trace(f)(A, np.array([0, 1]))
    np.testing.assert_array_equal(lst(A, np.array([1, 1])), f(A, np.array([1, 1])))


def test_what_depends_on_the_index_alone_has_no_derivative():
    lst = wg.trace(lambda x, i: x[0] * np.array(V, like=i)[i] + np.array(A, like=x)[i - 1, 1])(V, 1)
    np.testing.assert_array_equal(wg.grad(lst)(V, 3), [V[3], 0, 0, 0, 0])


# --- masks ------------------------------------------------------------------------------------------------------


def masked_number(x, m):
    y = x * 2.0
    y[m > 0] = 0.5
    return y * y


def masked_value(x, m):
    y = x * 2.0
    y[m > 0,] = x[0] * 3.0
    return y * y


def masked_rows(x, m):
    y = x * 2.0
    y[m > 0] = x[0] * 3.0
    return y * y


def masked_integers(x, m):
    y = (x * 0).astype(int)
    y[m > 0] = 2.7
    return y * x


def masked_view(x, m):
    y = x * 2.0
    y[1:][m[1:] > 0] = x[0]
    return y * y


def masked_terms(x, m):
    y = x * 2.0
    np.add.at(y, m > 0, x[0])
    return y * y


SIGNS = (np.array([1.0, -1.0, 1.0]), -np.ones(3), np.ones(3))
MASKED = [
    (masked_number, V[:3]),
    (masked_value, V[:3]),
    (masked_rows, A),
    (masked_integers, V[:3]),
    (masked_view, V[:3]),
    (masked_terms, V[:3]),
]


@pytest.mark.parametrize(("f", "x"), MASKED, ids=lambda p: getattr(p, "__name__", ""))
def test_one_element_is_assigned_at_a_computed_mask(f, x):
    lst = wg.trace(f)(x, SIGNS[0])
    lst.verify()
    for m in SIGNS:
        np.testing.assert_array_equal(lst(x, m), f(x.copy(), m))
        expected = numeric.jacobian(lambda x, m=m: f(x.copy(), m), x, "richardson")
        for mode in ("forward", "reverse"):
            found = wg.jacobian(lambda x, m=m: lst(x, m), mode=mode)(x)
            np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


def test_a_masked_assignment_keeps_the_precision():
    lst = wg.trace(masked_number)(V[:3].astype(np.float32), SIGNS[0])
    assert lst.outputs[0].dtype == np.float32


# --- errors -----------------------------------------------------------------------------------------------------


def test_a_number_out_of_range_is_found_when_the_list_is_run():
    for f in (lambda x, i: x[i], fills, adds_one_at):
        lst = wg.trace(f)(V, 0)
        for i in (5, -6):
            with pytest.raises(IndexError, match="out of bounds"):
                lst(V, i)
        with pytest.raises(IndexError, match="out of bounds"):
            wg.grad(lambda x, lst=lst: np.sum(lst(x, 5)))(V)


def test_no_number_is_in_range_of_an_empty_axis():
    with pytest.raises(IndexError, match="index 0 is out of bounds for axis 0 with size 0"):
        wg.trace(lambda x, i: x[i])(V[:0], 0)


REFUSED_BY_NUMPY = {
    "too many": (lambda x, i: x[i, i], IndexError, "too many indices for array"),
    "of a number": (lambda x, i: x[0, ...][i], IndexError, "too many indices for array"),
    "fractions": (lambda x, i: x[i * 0.5], IndexError, "only integers, slices"),
    "shapes": (lambda x, i: replaced(x * 1.0, np.stack([i, i]), x[:3]), ValueError, "shape mismatch"),
    "shapes of one": (lambda x, i: replaced(x * 1.0, i, x[:3]), ValueError, "setting an array element with a sequence"),
    "shapes of add": (lambda x, i: added(x * 1.0, np.stack([i, i]), x[:3]), ValueError, "not broadcastable"),
    "complex": (lambda x, i: replaced(x * 1.0, i, 1j), TypeError, "a complex value cannot be assigned"),
    "a mask of another shape": (lambda x, i: replaced(x * 1, x[1:] > i, 1.0), IndexError, "boolean index did not"),
    "a row at a mask": (lambda x, i: replaced(x[:4].reshape(2, 2) * 1, x[:2] > i, x[:3]), ValueError, "broadcast"),
    "a wide row": (lambda x, i: replaced(x[:2].reshape(2, 1) * 1, x[:2] > i, x[:3]), ValueError, "broadcast"),
}  # fmt: skip


@pytest.mark.parametrize(("f", "kind", "match"), REFUSED_BY_NUMPY.values(), ids=REFUSED_BY_NUMPY)
def test_what_numpy_refuses_is_refused_while_tracing(f, kind, match):
    with pytest.raises(kind, match=match):
        wg.trace(f)(V, 1)


REFUSED = {
    "a mask": (lambda x, i: x[x > 0], r"indexed with a mask .* Use np\.where with three arguments, as in"),
    "a mask in brackets": (lambda x, i: x[None, x > 0], "indexed with a mask"),
    "a mask of a list": (lambda x, i: x[[x[0] > 0, x[1] > 0]], "indexed with a mask"),
    "a mask and +=": (lambda x, i: adds_in_place(x * 1.0, x > 0), r"x\[mask\] \+= v takes them too"),
    "a mask beside others": (lambda x, i: replaced(x[None] * 1.0, (0, x > 0), 0.0), "indexed with a mask"),
    "values at a mask": (lambda x, i: replaced(x * 1.0, x > 0, x[:2]), r"assigned values of shape \(2,\) at a mask"),
    "terms at a mask": (lambda x, i: added(x, x > 0, x[:2]), r"assigned values of shape \(2,\) at a mask"),
    "a slice": (lambda x, i: x[i:], r"a slice has a bound .* Take a fixed number n .* np\.where"),
    "a slice to write": (lambda x, i: replaced(x * 1.0, slice(0, i), 0.0), "a slice has a bound"),
    "a step": (lambda x, i: x[None, ::i], "a slice has a bound"),
    "another ufunc": (lambda x, i: np.multiply.at(x * 1.0, i, 2.0), r"np\.multiply\.at was called .* Write a\[i\] ="),
}  # fmt: skip


def adds_in_place(y, mask):
    y[mask] += 1.0
    return y


@pytest.mark.parametrize(("f", "match"), REFUSED.values(), ids=REFUSED)
def test_what_depends_on_the_values_is_refused_while_tracing(f, match):
    with pytest.raises(wg.TraceError, match=f"(?s){match}") as caught:
        wg.trace(f)(V, 1)
    assert "test_gathering.py" in str(caught.value)


def test_a_slice_with_a_bound_that_is_known_beside_a_computed_index():
    lst = wg.trace(lambda x, i: x[i, wg.tensor(1) :])(A, 1)
    np.testing.assert_array_equal(lst(A, 2), A[2, 1:])
    assert type(lst.statements[0].params["index"][1].start) is int


def test_a_part_of_an_outer_array_is_not_changed_by_an_inner_transform():
    def in_place(x):
        y = x * 1.0

        def inner(i):
            row = y[i]
            row *= 2.0
            return row

        return wg.trace(inner)(1)(0)

    def element(x):
        y = x * 1.0

        def inner(i):
            y[i] = 0.0
            return y

        return wg.trace(inner)(1)(0)

    with pytest.raises(wg.LostDerivativeError, match="a part of an array of an outer transform"):
        wg.trace(in_place)(A)
    with pytest.raises(wg.LostDerivativeError, match="of an array of an outer transform with a value of an inner one"):
        wg.trace(element)(A)


def test_an_outer_array_is_read_by_an_inner_transform():
    def f(x):
        lst = wg.trace(lambda i: x[i] * 2.0)(1)
        return lst(0) + lst(2)

    np.testing.assert_array_equal(wg.grad(lambda x: np.sum(f(x)))(V), [2, 0, 2, 0, 0])
