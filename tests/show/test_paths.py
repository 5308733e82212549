"""Bauer's formula: the sum over all paths, and how many there are."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.show.paths import MOST_COUNTED, path_counts, steps_of_all_paths, sum_over_paths


def walked(f, *args):
    tape = wg.tape(f, *args)
    (y,) = tape.list.outputs
    counts = path_counts(tape)
    totals = sum_over_paths(tape, y, np.ones(y.shape), counts)
    return counts.get(y, 0), [totals.get(x) for x in tape.list.inputs]


def test_the_textbook_function_has_four_paths():
    count, (x1, x2) = walked(lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2), 2.0, 5.0)
    assert count == 4
    assert x1 == 5.5
    assert x2 == pytest.approx(2 - np.cos(5), rel=1e-15)


@pytest.mark.parametrize("depth", [1, 2, 5, 10])
def test_the_number_of_paths_doubles_with_every_square(depth):
    def power(x):
        for _ in range(depth):
            x = x * x
        return x

    count, (x_bar,) = walked(power, 1.25)
    assert count == 2**depth
    assert x_bar == pytest.approx(2**depth * 1.25 ** (2**depth - 1), rel=1e-12)


def test_counting_does_not_walk():
    def power(x):
        for _ in range(2000):
            x = x * x * 0.5
        return x

    tape = wg.tape(power, 1.0)
    assert path_counts(tape)[tape.list.outputs[0]] == MOST_COUNTED
    assert steps_of_all_paths(tape, tape.list.outputs[0], path_counts(tape)) == MOST_COUNTED


def test_steps_are_counted_as_they_are_walked():
    tape = wg.tape(lambda x: (x * x) * (x + 1.0), 2.0)
    # v3 = v1 * v2 is left in two steps, v1 = x * x in two, v2 = x + 1 in one.
    assert steps_of_all_paths(tape, tape.list.outputs[0], path_counts(tape)) == 5


def test_flat_ways_are_no_paths():
    count, (x_bar,) = walked(lambda x: np.floor(x) * x, 2.5)
    assert count == 1
    assert x_bar == 2


def test_no_path_at_all():
    count, (x_bar,) = walked(lambda x: np.floor(x) * 2.0, 2.5)
    assert count == 0
    assert x_bar is None


def test_arrays_are_multiplied_by_local_jacobians():
    A, x = np.arange(6.0).reshape(2, 3), np.array([1.0, -1.0, 0.5])
    count, (A_bar, x_bar) = walked(lambda A, x: np.sum((A @ x) * np.exp(A @ x)), A, x)
    expected = wg.grad(lambda A, x: np.sum((A @ x) * np.exp(A @ x)), argnums=(0, 1))(A, x)
    assert count == 4
    np.testing.assert_allclose(A_bar, expected[0], rtol=1e-14)
    np.testing.assert_allclose(x_bar, expected[1], rtol=1e-14)


def test_long_paths_need_no_recursion():
    def chain(x):
        for _ in range(20_000):
            x = x * 0.5 + 1.0
        return x

    assert walked(chain, 1.0) == (1, [0])
