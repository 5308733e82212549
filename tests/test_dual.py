"""Dual numbers: what a value and its tangent do together."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.dual import Dual
from wengert.levels import new_level


def dual(primal, tangent):
    return Dual(np.asarray(primal, float)[()], np.asarray(tangent, float)[()], new_level())


def test_a_dual_number_is_a_pair():
    x = dual(2.0, 1.0)
    y = x * x + 3 * x
    assert (y.primal, y.tangent) == (10.0, 7.0)
    assert (x.shape, x.dtype, x.ndim) == ((), np.float64, 0)


def test_the_square_of_the_unit_is_zero():
    epsilon = dual(0.0, 1.0)
    assert ((epsilon * epsilon).primal, (epsilon * epsilon).tangent) == (0.0, 0.0)


def test_arrays_move_element_by_element():
    x = dual([1.0, 2.0], [1.0, 10.0])
    y = np.sin(x)[::-1]
    np.testing.assert_array_equal(y.primal, np.sin([2.0, 1.0]))
    np.testing.assert_array_equal(y.tangent, [10 * np.cos(2.0), np.cos(1.0)])


def test_a_tangent_has_the_shape_of_the_value():
    x = dual(2.0, 1.0)
    for y in (x * np.ones((2, 3)), np.broadcast_to(x, (2, 3)), np.where(np.ones((2, 3), bool), x, 0.0)):
        assert y.primal.shape == y.tangent.shape == (2, 3)
        np.testing.assert_array_equal(y.tangent, np.ones((2, 3)))


def test_constants_have_no_tangent():
    x = dual(2.0, 1.0)
    for y in (np.floor(x), x > 1, np.sign(x), x.detach(), np.zeros_like(x), np.argmax(x)):
        assert not isinstance(y, Dual)


def test_a_dual_of_another_level_is_a_constant():
    outer, inner = dual(2.0, 1.0), dual(3.0, 1.0)
    y = outer * inner
    assert y._level == inner._level
    assert isinstance(y.primal, Dual)
    assert (y.primal.primal, y.primal.tangent) == (6.0, 3.0)
    assert (y.tangent.primal, y.tangent.tangent) == (2.0, 1.0)


def test_duals_nest():
    def forward(f):
        return lambda x: wg.jvp(f, (x,), (1.0,))[1]

    assert forward(forward(forward(lambda x: x**5)))(2.0) == 60 * 4.0


def test_no_grad_drops_the_tangent():
    x = dual(2.0, 1.0)
    with wg.no_grad():
        assert x * x == 4.0
        assert not isinstance(x * x, Dual)
    assert isinstance(x * x, Dual)


def test_mixed_operands():
    x = dual([1.0, 2.0], [1.0, 0.0])
    for y, tangent in [
        (x + 1, [1, 0]), (1 - x, [-1, 0]), ([3.0, 4.0] * x, [3, 0]), (np.array([3.0, 4.0]) / x, [-3, 0]),
        (x @ np.array([3.0, 4.0]), 3), (np.stack([x, np.zeros(2)]), [[1, 0], [0, 0]]), (2.0**x, [2 * np.log(2), 0]),
    ]:  # fmt: skip
        np.testing.assert_allclose(y.tangent, tangent, rtol=1e-15)


def test_changes_in_place_take_the_tangent_along():
    x = dual([1.0, 2.0], [1.0, 10.0])
    y = x * 1.0
    z = y
    y *= x
    np.testing.assert_array_equal(z.primal, [1.0, 4.0])
    np.testing.assert_array_equal(z.tangent, [2.0, 40.0])


def test_a_dual_shows_its_parts():
    text = repr(dual([1.5, 2.0], [1.0, 0.0]))
    assert "1.5" in text
    assert "f64[2]" in text


@pytest.mark.parametrize("shape", [(0,), (0, 2)])
def test_empty_arrays(shape):
    y, y_dot = wg.jvp(lambda x: np.sin(x) * 2, (np.zeros(shape),), (np.zeros(shape),))
    assert y.shape == y_dot.shape == shape


def test_single_precision_stays():
    y, y_dot = wg.jvp(lambda x: np.exp(x) * 2.0 + 1, (np.float32(1.0),), (1.0,))
    assert (y.dtype, y_dot.dtype) == (np.float32, np.float32)
