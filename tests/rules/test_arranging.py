"""Functions that arrange elements: special points, empty arrays, NumPy's errors."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from rules.refusals import assert_refused_alike

A = np.arange(6.0).reshape(2, 3)
V = np.array([3.0, -1.0, 2.0])
INF = np.array([np.inf, -0.0, np.nan, 1.0])


def reverse_and_forward(f, x):
    """The Jacobian in both modes."""
    return [wg.jacobian(f, mode=mode)(x) for mode in ("reverse", "forward")]


# --- every element is moved, never computed with ---------------------------------------------------------------

MOVES = {
    "roll": lambda x: np.roll(x, 1),
    "rot90": lambda x: np.rot90(x.reshape(2, 2)).ravel(),
    "tile": lambda x: np.tile(x, 2),
    "repeat": lambda x: np.repeat(x, [2, 1, 0, 1]),
    "repeat all": lambda x: np.repeat(x, 2),
    "resize": lambda x: np.resize(x, 6),
    "insert": lambda x: np.insert(x, [0, 2], x[:2]),
    "append": lambda x: np.append(x, x[:1]),
    "delete": lambda x: np.delete(x, 1),
    "block": lambda x: np.block([x, x[1:]]),
    "split": lambda x: np.array_split(x, 3)[1],
    "meshgrid": lambda x: np.meshgrid(x, [1.0, 2.0])[0].ravel(),
    "rollaxis": lambda x: np.rollaxis(x.reshape(2, 2), 1).ravel(),
    "copy": lambda x: np.copy(x.reshape(2, 2), "F").ravel(),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_infinities_and_nan_and_the_sign_of_zero_are_moved(move):
    found, expected = move(wg.tensor(INF, requires_grad=True)).detach().numpy(), move(INF)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_what_is_not_selected_afterwards_contributes_exactly_zero(move):
    """√x has the slope inf at 0, and `where` leaves out what is 0."""

    def f(x):
        y = move(np.sqrt(x))
        return np.sum(np.where(y > 0, y**3, 0.0))

    x = np.array([4.0, 0.0, 1.0, 9.0])
    counts = move(np.eye(4)[0]).sum(), move(np.eye(4)[2]).sum(), move(np.eye(4)[3]).sum()
    first = np.array([counts[0] * 3.0, 0.0, counts[1] * 1.5, counts[2] * 4.5])
    second = np.array([counts[0] * 0.375, 0.0, counts[1] * 0.75, counts[2] * 0.25])
    np.testing.assert_allclose(wg.grad(f)(x), first, rtol=1e-14)
    np.testing.assert_allclose(wg.jacobian(f, mode="forward")(x), first, rtol=1e-14)
    np.testing.assert_allclose(wg.hessian(f)(x), np.diag(second), rtol=1e-14)


EMPTY = {
    "roll": (lambda x: np.roll(x, 2), (0, 3)),
    "tile": (lambda x: np.tile(x, (2, 1)), (0, 3)),
    "tile no times": (lambda x: np.tile(x, 0), (0, 0)),
    "repeat": (lambda x: np.repeat(x, 2, axis=1), (0, 6)),
    "resize": (lambda x: np.resize(x, (2, 2)), (2, 2)),
    "append": (lambda x: np.append(x, np.ones((1, 3)), axis=0), (1, 3)),
    "insert": (lambda x: np.insert(x, 0, 1.0, axis=1), (0, 4)),
    "insert rows": (lambda x: np.insert(x, 0, 1.0, axis=0), (1, 3)),
    "delete": (lambda x: np.delete(x, 1, axis=1), (0, 2)),
    "kron": (lambda x: np.kron(x, np.ones((2, 2))), (0, 6)),
    "block": (lambda x: np.block([[x], [np.ones((1, 3))]]), (1, 3)),
    "split": (lambda x: np.split(x, 3, axis=1)[0], (0, 1)),
    "meshgrid": (lambda x: np.meshgrid(x[:, 0], [1.0, 2.0])[0], (2, 0)),
    "diagflat": (np.diagflat, (0, 0)),
    "vander": (lambda x: np.vander(x[:, 0], 3), (0, 3)),
    "linspace": (lambda x: np.linspace(x, 1.0, 4), (4, 0, 3)),
}


@pytest.mark.parametrize(("function", "shape"), EMPTY.values(), ids=EMPTY)
def test_empty_arrays_keep_their_shape(function, shape):
    x = np.zeros((0, 3))
    assert function(x).shape == shape
    y, pullback = wg.vjp(function, x)
    assert y.shape == shape
    assert pullback(np.ones(shape))[0].shape == (0, 3)
    assert wg.jvp(function, (x,), (x,))[1].shape == shape


def test_a_value_is_inserted_in_the_dtype_of_the_array():
    numbers = np.array([1, 2, 3])
    y, y_dot = wg.jvp(lambda v: np.insert(numbers, 1, v), (2.75,), (1.0,))
    np.testing.assert_array_equal(y, [1, 2, 2, 3])
    assert y.dtype == numbers.dtype
    np.testing.assert_array_equal(y_dot, np.zeros(4))


def test_places_and_counts_may_be_values_without_derivative():
    x = wg.tensor(V, requires_grad=True)
    place = wg.tensor(1)
    np.testing.assert_array_equal(np.insert(x, place, 7.0).detach().numpy(), np.insert(V, 1, 7.0))
    np.testing.assert_array_equal(np.delete(x, place).detach().numpy(), np.delete(V, 1))
    np.testing.assert_array_equal(np.roll(x, place).detach().numpy(), np.roll(V, 1))
    np.testing.assert_array_equal(np.repeat(x, wg.tensor([0, 1, 2])).detach().numpy(), np.repeat(V, [0, 1, 2]))
    np.testing.assert_array_equal(np.tile(x, place).detach().numpy(), V)
    assert [len(part) for part in np.array_split(x, wg.tensor([1]))] == [1, 2]


def test_lists_of_values_are_arranged_as_arrays():
    def f(x):
        return np.append([x[0], x[1]], x) + np.insert(x, 1, [x[2], x[0]])

    np.testing.assert_array_equal(f(wg.tensor(V, requires_grad=True)).detach().numpy(), f(V))
    for found in reverse_and_forward(f, V):
        np.testing.assert_array_equal(found @ V, f(V))


# --- powers and evenly spaced numbers --------------------------------------------------------------------------


def test_powers_of_zero_have_the_derivatives_of_powers():
    def f(x):
        return np.vander(x, 4)[0]

    for found in reverse_and_forward(f, np.zeros(1)):
        np.testing.assert_array_equal(found[:, 0], [0.0, 0.0, 1.0, 0.0])
    np.testing.assert_array_equal(wg.hessian(lambda x: f(x)[1])(np.zeros(1)), [[2.0]])
    np.testing.assert_array_equal(wg.hessian(lambda x: f(x)[0])(np.zeros(1)), [[0.0]])


def test_evenly_spaced_numbers_between_equal_ends():
    for found in reverse_and_forward(lambda x: np.linspace(x[0], x[1], 5), np.array([2.0, 2.0])):
        np.testing.assert_allclose(found[:, 1], np.arange(5) / 4, rtol=1e-15)
        np.testing.assert_allclose(found[:, 0], 1 - np.arange(5) / 4, rtol=1e-15)


def test_the_distance_of_evenly_spaced_numbers_has_a_derivative():
    (_, step), (_, step_dot) = wg.jvp(lambda b: np.linspace(0.0, b, 5, retstep=True), (2.0,), (1.0,))
    assert (step, step_dot) == (0.5, 0.25)
    _, step = np.linspace(0.0, wg.tensor(2.0, requires_grad=True), 1, retstep=True)
    assert np.isnan(step)


def test_evenly_spaced_integers_are_flat():
    y, y_dot = wg.jvp(lambda b: np.linspace(0, b, 4, dtype=int), (10.0,), (1.0,))
    np.testing.assert_array_equal(y, np.linspace(0, 10, 4, dtype=int))
    np.testing.assert_array_equal(y_dot, np.zeros(4))


def test_a_geometric_sequence_is_a_product_of_powers_of_its_ends():
    t = np.linspace(0, 1, 6)
    for a, b in [(0.5, 8.0), (-0.5, -8.0), (1 + 1j, 3 - 2j), (-1 + 0.5j, 2j)]:
        y, y_dot = wg.jvp(lambda a, b: np.geomspace(a, b, 6), (a, b), (1.0 + 0 * a, 0.0 * b))
        np.testing.assert_allclose(y, a * (b / a) ** t, rtol=1e-13)
        np.testing.assert_allclose(y_dot, (1 - t) * y / a, rtol=1e-12, atol=1e-14)


def test_numbers_spaced_by_logarithms_have_a_derivative_in_the_base():
    base = np.array([2.0, 0.5])
    y, y_dot = wg.jvp(lambda b: np.logspace(0, 3, 4, base=b), (base,), (np.ones(2),))
    powers = np.arange(4.0)[:, None]
    np.testing.assert_allclose(y, base**powers, rtol=1e-15)
    np.testing.assert_allclose(y_dot, powers * base ** (powers - 1), rtol=1e-15)


# --- NumPy's errors --------------------------------------------------------------------------------------------

REFUSED = {
    "roll axis": lambda x: np.roll(x, 1, axis=5),
    "roll shifts": lambda x: np.roll(x, (1, 2, 3), axis=(0, 1)),
    "roll nested": lambda x: np.roll(x, [[1]], axis=0),
    "rollaxis": lambda x: np.rollaxis(x, 5),
    "rollaxis start": lambda x: np.rollaxis(x, 1, 7),
    "rot90 axes": lambda x: np.rot90(x, axes=(0, 0)),
    "rot90 three axes": lambda x: np.rot90(x, axes=(0, 1, 2)),
    "rot90 of a vector": lambda x: np.rot90(x[0]),
    "fliplr of a vector": lambda x: np.fliplr(x[0]),
    "flipud of a number": lambda x: np.flipud(x[0, 0]),
    "tile": lambda x: np.tile(x, -1),
    "repeat": lambda x: np.repeat(x, -1),
    "repeat counts": lambda x: np.repeat(x, [1, 2]),
    "repeat axis": lambda x: np.repeat(x, 2, axis=7),
    "resize": lambda x: np.resize(x, (2, -3)),
    "append": lambda x: np.append(x, [1.0], axis=0),
    "insert place": lambda x: np.insert(x, 9, 1.0),
    "insert places": lambda x: np.insert(x, [1, 9], 1.0),
    "insert nested": lambda x: np.insert(x, [[1]], 2.0),
    "insert too much": lambda x: np.insert(x, 1, [1.0, 2.0, 3.0, 4.0], axis=0),
    "insert too many": lambda x: np.insert(x, [0, 1], [1.0, 2.0, 3.0], axis=1),
    "insert axis": lambda x: np.insert(x, 1, 2.0, axis=4),
    "delete place": lambda x: np.delete(x, 9),
    "delete mask": lambda x: np.delete(x, [True]),
    "delete fraction": lambda x: np.delete(x, 1.5),
    "block depth": lambda x: np.block([[x], x]),
    "block tuple": lambda x: np.block([(x, x)]),
    "block empty": lambda x: np.block([[x], []]),
    "block shapes": lambda x: np.block([x, np.ones((3, 3))]),
    "split": lambda x: np.split(x, 4),
    "split axis": lambda x: np.split(x, 2, axis=7),
    "array_split": lambda x: np.array_split(x, 0),
    "hsplit": lambda x: np.hsplit(x, 5),
    "hsplit of a number": lambda x: np.hsplit(x[0, 0], 2),
    "vsplit of a vector": lambda x: np.vsplit(x[0], 2),
    "dsplit of a matrix": lambda x: np.dsplit(x, 2),
    "unstack of a number": lambda x: np.unstack(x[0, 0]),
    "unstack axis": lambda x: np.unstack(x, axis=4),
    "meshgrid": lambda x: np.meshgrid(x, x, indexing="q"),
    "vander of a matrix": np.vander,
    "vander N": lambda x: np.vander(x[0], -1),
    "linspace num": lambda x: np.linspace(0, x, -1),
    "linspace axis": lambda x: np.linspace(0, x, 3, axis=6),
    "linspace shapes": lambda x: np.linspace(x, [1.0, 2.0], 3),
    "geomspace from zero": lambda x: np.geomspace(0, x + 1),
    "geomspace to zero": lambda x: np.geomspace(1, x),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_numpy_refuses_is_refused_in_its_words(call):
    assert_refused_alike(call, A)
