"""`np.pad`: ties, infinities, values as borders, a user's own mode, NumPy's errors."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from rules.refusals import assert_refused_alike

A = np.arange(6.0).reshape(2, 3)
MODES = ["constant", "edge", "linear_ramp", "maximum", "mean", "median", "minimum", "reflect", "symmetric", "wrap"]


def gradients(f, x):
    return [wg.jacobian(f, mode=mode)(x) for mode in ("reverse", "forward")]


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap", "empty"])
def test_infinities_nan_and_the_sign_of_zero_stay_what_they_are(mode):
    x = np.array([np.inf, -0.0, np.nan, 1.0])
    found = np.pad(wg.tensor(x, requires_grad=True), 3, mode).detach().numpy()
    expected = np.pad(x, 3, "constant" if mode == "empty" else mode)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap"])
def test_what_is_not_selected_afterwards_contributes_exactly_zero(mode):
    def f(x):
        y = np.pad(np.sqrt(x), 1, mode)
        return np.sum(np.where(y > 0, y**3, 0.0))

    x = np.array([4.0, 0.0, 1.0])
    counts = np.array([np.pad(np.eye(3)[k], 1, mode).sum() for k in range(3)])
    np.testing.assert_allclose(wg.grad(f)(x), counts * [3.0, 0.0, 1.5], rtol=1e-14)
    np.testing.assert_allclose(wg.jacobian(f, mode="forward")(x), counts * [3.0, 0.0, 1.5], rtol=1e-14)
    np.testing.assert_allclose(wg.hessian(f)(x), np.diag(counts * [0.375, 0.0, 0.75]), rtol=1e-14)


def test_equal_extrema_share_the_derivative():
    x = np.array([2.0, 5.0, 5.0])
    for found in gradients(lambda x: np.pad(x, (2, 0), "maximum"), x):
        np.testing.assert_array_equal(found[:2], [[0.0, 0.5, 0.5]] * 2)
    for found in gradients(lambda x: np.pad(x, (0, 1), "minimum", stat_length=2), x):
        np.testing.assert_array_equal(found[-1], [0.0, 0.5, 0.5])


def test_a_mirror_image_of_odd_kind_goes_on_in_a_straight_line():
    x = np.array([1.0, 3.0])
    expected = [[5.0, -4.0], [4.0, -3.0], [3.0, -2.0], [2.0, -1.0]]
    for found in gradients(lambda x: np.pad(x, (4, 0), "reflect", reflect_type="odd"), x):
        np.testing.assert_array_equal(found[:4], expected)


def test_borders_may_be_values_of_both_sides_of_every_axis():
    def f(c):
        return np.pad(wg.tensor(A), 1, constant_values=[(c[0], c[1]), (c[2], c[3])])

    for found in gradients(lambda c: f(c) * 1.0, np.ones(4)):
        corners_and_edges = found.reshape(4, 5, 4).sum(axis=(0, 1))
        np.testing.assert_array_equal(corners_and_edges, [3, 3, 4, 4])  # the last axis has the corners


def test_a_ramp_depends_on_both_of_its_ends():
    for found in gradients(lambda x: np.pad(x[:2], (4, 0), "linear_ramp", end_values=x[2]), np.array([8.0, 1.0, 4.0])):
        np.testing.assert_allclose(found[:4, 0], [0.0, 0.25, 0.5, 0.75], rtol=1e-15)
        np.testing.assert_allclose(found[:4, 2], [1.0, 0.75, 0.5, 0.25], rtol=1e-15)


def test_a_border_without_content_is_zero_and_constant():
    y, y_dot = wg.jvp(lambda x: np.pad(x, 1, "empty"), (A,), (np.ones_like(A),))
    np.testing.assert_array_equal(y[1:-1, 1:-1], A)
    np.testing.assert_array_equal(y_dot, np.pad(np.ones_like(A), 1))


def test_a_users_mode_is_given_every_line_with_its_widths():
    seen = []

    def note(line, width, axis, kwargs):
        seen.append((line.shape, tuple(int(n) for n in width), axis, kwargs))

    np.pad(wg.tensor(A, requires_grad=True), ((1, 2), (0, 1)), note, key="value")
    found, seen = seen, []
    np.pad(A, ((1, 2), (0, 1)), note, key="value")
    assert found == seen


@pytest.mark.parametrize("mode", MODES)
def test_no_border_is_a_copy(mode):
    x = wg.tensor(A, requires_grad=True)
    y = np.pad(x, 0, mode)
    assert y is not x
    np.testing.assert_array_equal(y.detach().numpy(), A)


@pytest.mark.parametrize("mode", MODES)
def test_integers_are_padded_as_numpy_does(mode):
    x = np.array([[1, 5, 2], [7, 3, 4]])
    np.testing.assert_array_equal(np.pad(wg.tensor(x), (2, 1), mode).numpy(), np.pad(x, (2, 1), mode))


@pytest.mark.parametrize("mode", ["constant", "empty", "edge", "mean", "reflect", "wrap"])
def test_empty_arrays_and_numbers(mode):
    for x, width in [(np.zeros((0, 3)), ((0, 0), (1, 2))), (np.float64(2.0), 1)]:
        y, pullback = wg.vjp(lambda x, width=width: np.pad(x, width, mode), x)
        assert y.shape == np.pad(x, width, mode).shape
        assert np.shape(pullback(np.ones(y.shape))[0]) == np.shape(x)


REFUSED = {
    "negative width": lambda x: np.pad(x, -1),
    "fractional width": lambda x: np.pad(x, 1.5),
    "three widths": lambda x: np.pad(x, (1, 2, 3)),
    "too many widths": lambda x: np.pad(x, ((1, 2),) * 3),
    "axis that is none": lambda x: np.pad(x, {7: 1}),
    "mode": lambda x: np.pad(x, 1, "wild"),
    "parameter of another mode": lambda x: np.pad(x, 1, "edge", stat_length=2),
    "no numbers to take an extremum of": lambda x: np.pad(x, 1, "maximum", stat_length=0),
    "negative length": lambda x: np.pad(x, 1, "mean", stat_length=-1),
    "three constants": lambda x: np.pad(x, 1, constant_values=(1, 2, 3)),
    "an empty axis": lambda x: np.pad(x[:0], 1, "edge"),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_numpy_refuses_is_refused_in_its_words(call):
    assert_refused_alike(call, A)
