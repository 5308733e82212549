"""Values in nodes are short, and the tooltip has more of them."""

import re

import numpy as np
import pytest

import wengert as wg
from wengert.show.graphs.lettering import columns
from wengert.show.graphs.values import longer_text, short_text

R = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-0.12345, "-0.123"),
        (np.array([1, 2, 3]), "[1, 2, 3]"),
        (np.array([-0.9221, -0.4581]), "[-0.922, -0.458]"),
        (np.array([1.23456, -2.3456]) * 1e5, "[123456, -234560]"),
        (np.array([-1.23456, 2.3456, -3.4567]), "[-1.23 … -3.46]"),
        (np.array([-0.7431, 1.0, 2.0, -0.4581]), "[-0.74 … -0.46]"),
        (np.full((4, 3), 0.25), "[[0.25 … 0.25]]"),
        (np.array([1234.5678, -2345.6789]), "[1234.57, -2345.68]"),
        (np.zeros((2, 0)), "[[], []]"),
        (np.array([np.nan, 0, 0, np.inf]), "[nan … inf]"),
        (np.bool(True), "True"),
    ],
)
def test_a_value_is_short(value, expected):
    assert short_text(value, 3) == expected


def test_the_tooltip_says_more_of_a_value_that_is_shortened():
    assert longer_text("h", np.array([0.1234, 1.0, 2.0, 3.0]), 3) == "h = [0.123, 1, 2, 3]"
    assert longer_text("W", np.full((4, 3), 0.25), 3) == "W = f64[4,3] 0.25, 0.25, …, 0.25, 0.25"
    assert longer_text("x", 2.0, 3) == ""
    picture = wg.graph(lambda x: np.exp(x) * 1.0, np.arange(4.0), adjoints=True)
    assert picture.graph.nodes[0].note == "x = [0, 1, 2, 3]\nx̄ = [1, 0, 0, 0]"
    assert picture.graph.nodes[1].note.splitlines()[1:] == ["v₁ = [1, 2.718, 7.389, 20.086]", "v̄₁ = [1, 0, 0, 0]"]
    assert "<title>x = [0, 1, 2, 3]\nx̄ = [1, 0, 0, 0]</title>" in picture.to_svg()


@pytest.mark.parametrize("shape", [(3,), (4,), (100,), (4, 3), (2, 2, 2, 2)])
def test_no_array_of_ordinary_numbers_takes_more_than_twenty_columns(shape):
    for _ in range(50):
        assert columns(short_text(R.normal(size=shape) * 9, 3)) <= 20 + 2 * (len(shape) - 1)


def test_a_perceptron_with_two_layers_is_narrow():
    def perceptron(x, W1, b1, W2, b2):
        h = np.tanh(W1 @ x + b1)
        return np.sum((W2 @ h + b2 - 1.0) ** 2)

    shapes = (3, (4, 3), 4, (2, 4), 2)
    picture = wg.graph(perceptron, *(R.normal(size=shape) for shape in shapes))
    assert int(re.search(r'width="(\d+)"', picture.to_svg())[1]) < 540
