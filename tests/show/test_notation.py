"""Symbols and numbers as they are written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wengert.show.notation import (
    Symbols,
    function_name,
    listed,
    marked,
    number_text,
    plural,
    printable,
    shortened,
    superscript,
    value_text,
)
from wengert.wlist import ArrayType, Variable


@pytest.mark.parametrize(
    ("x", "digits", "expected"),
    [
        (0.6931471805599453, 3, "0.693"),
        (10.0, 3, "10"),
        (-0.9589242746631385, 3, "-0.959"),
        (11.652071455223084, 3, "11.652"),
        (5.5, 3, "5.5"),
        (0.0, 3, "0"),
        (-0.0, 3, "0"),
        (0.9999, 3, "1"),
        (-0.00049, 3, "-4.9e-04"),
        (0.0005, 3, "0.001"),
        (999999.4, 3, "999999.4"),
        (-12345678.0, 3, "-1.235e+07"),
        (1e300, 0, "1e+300"),
        (2.6, 0, "3"),
        (float("inf"), 3, "inf"),
        (float("-inf"), 3, "-inf"),
        (float("nan"), 3, "nan"),
        (True, 3, "True"),
        (7, 3, "7"),
        (10**20, 3, "100000000000000000000"),
        (np.float32(0.1), 3, "0.1"),
        (1.25 - 0.5j, 3, "1.25-0.5j"),
        (1j, 3, "0+1j"),
    ],
)
def test_numbers(x, digits, expected):
    assert number_text(x, digits) == expected


@given(st.floats(-1e300, 1e300), st.integers(1, 10))
def test_a_number_is_written_to_within_half_of_its_last_decimal(x, digits):
    written = number_text(x, digits)
    error = abs(float(written) - x)
    assert error <= 0.51 * 10.0**-digits or error <= 0.51 * 10.0**-digits * abs(x)
    assert (float(written) == 0) == (x == 0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.array([1.0, 2.5]), "[1, 2.5]"),
        (np.array([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]"),
        (np.array([True]), "[True]"),
        (np.zeros(0), "[]"),
        (np.arange(7.0), "f64[7] 0, 1, …, 5, 6"),
        (np.zeros((20, 3), np.float32), "f32[20,3] 0, 0, …, 0, 0"),
        (0.5, "0.5"),
    ],
)
def test_values(value, expected):
    assert value_text(value, 3) == expected


def test_symbols_number_the_inputs_up_to_zero():
    number = ArrayType((), np.dtype(float))
    names = ["x1", "x2", *(f"v{k}" for k in range(1, 13))]
    variables = [Variable(name, number) for name in names]
    symbols = Symbols("v", variables[:2], variables[2:])
    assert [symbols.primal(v) for v in (*variables[:4], variables[-1])] == ["v₋₁", "v₀", "v₁", "v₂", "v₁₂"]
    assert symbols.tangent(variables[0]) == "v\u0307₋₁"
    assert symbols.adjoint(variables[4]) == "v\u0304₃"


@pytest.mark.parametrize(
    ("name", "tangent", "cotangent"),
    [
        ("x1", "ẋ1", "x\u03041"),
        ("y", "ẏ", "ȳ"),
        ("x_2", "ẋ_2", "x\u0304_2"),
        ("θ", "θ\u0307", "θ\u0304"),
        ("theta", "theta_dot", "theta_bar"),
        ("params_w", "params_w_dot", "params_w_bar"),
        ("<b>", "<b>_dot", "<b>_bar"),
    ],
)
def test_marks(name, tangent, cotangent):
    assert marked(name, tangent=True) == tangent
    assert marked(name, tangent=False) == cotangent


def test_what_moves_the_cursor_is_spelt_out():
    assert printable("a\x1b[31mb\nc\u202ed\u200b é") == "a\\x1b[31mb\\nc\\u202ed\\u200b é"


def test_names_of_functions():
    def loss(x):
        return x

    class Model:
        def __call__(self, x):
            return x

    assert [function_name(f) for f in (loss, lambda x: x, np.sin, Model())] == ["loss", "f", "sin", "Model"]


def test_counts():
    assert [plural(k, "pass") for k in (0, 1, 2, 1234)] == ["0 passes", "1 pass", "2 passes", "1,234 passes"]
    assert [plural(k, "step") for k in (1, 2)] == ["1 step", "2 steps"]
    assert superscript(-305) == "⁻³⁰⁵"


def test_of_many_texts_and_of_long_ones_the_beginning_is_shown():
    assert [listed("abc"[:k], 2) for k in range(4)] == ["", "a", "a, b", "a, b, …"]
    unread = iter(["a", "b", "c", "d"])
    assert listed(unread, 2) == "a, b, …"
    assert list(unread) == ["d"]
    assert [shortened("abcd", k) for k in (2, 3, 4)] == ["a…", "ab…", "abcd"]
