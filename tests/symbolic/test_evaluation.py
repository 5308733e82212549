"""The symbolic row of `compare`: SymPy's gradient at a point, its limits, and the size of formulas."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.symbolic.evaluation import operations_written_out, symbolic_gradient
from wengert.symbolic.written import Written, written_out


def gradient_of(f, *args):
    return symbolic_gradient(wg.tape(f, *args))


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (lambda x1, x2: np.log(x1) + x1 * x2 - np.sin(x2), (2.0, 5.0)),
        (lambda x: np.sum(np.sin(x) * x), (np.array([0.5, 1.0, -2.0]),)),
        (lambda A, b: b @ np.linalg.solve(A, b), (np.array([[2.0, 1.0], [0.5, 3.0]]), np.array([1.0, 2.0]))),
        (lambda x: x * x if x > 0 else -x, (-3.0,)),
        (lambda x: np.where(x > 1, np.sqrt(x), x**3), (0.5,)),
        (lambda x: np.max(x) * np.prod(x), (np.array([0.5, 2.0, 1.5]),)),
    ],
)
def test_it_is_the_gradient(f, args):
    found = gradient_of(f, *args)
    expected = wg.grad(f, argnums=tuple(range(len(args))))(*args)
    assert found.note == ""
    np.testing.assert_allclose(found.gradient, np.concatenate([np.ravel(part) for part in expected]), rtol=1e-13)
    assert found.remark.endswith(("operation", "operations"))


def test_a_constant_has_no_operations():
    found = gradient_of(lambda x: 3.0, 2.0)
    np.testing.assert_array_equal(found.gradient, [0])
    assert found.remark == "0 operations"


def test_a_pole_is_infinite():
    assert gradient_of(np.sqrt, 0.0).gradient == [np.inf]


@pytest.mark.parametrize(
    ("f", "x", "remark", "note"),
    [
        (lambda x: np.floor(x) * x, 2.5, "no counterpart", "SymPy does not differentiate floor."),
        (lambda x: np.sort(np.stack([x, 1.0]))[0], 2.0, "no counterpart", "argsort has no counterpart in SymPy."),
    ],
)
def test_where_there_is_none(f, x, remark, note):
    found = gradient_of(f, x)
    assert found.gradient is None
    assert found.remark == remark
    assert found.note == note


def test_a_value_that_is_not_real():
    with np.errstate(all="ignore"):
        found = gradient_of(lambda x: np.log(x) ** 2, -1.0)
    assert found.gradient is None
    assert found.note == "its value at this point is not real."


def test_a_detached_value_is_no_formula():
    recorder_tape = wg.tape(lambda x: x.detach() * x, 2.0)
    found = symbolic_gradient(recorder_tape)
    assert found.remark == "no counterpart"
    assert "detach" in found.note


def test_a_long_formula_is_not_tried():
    def power(x):
        for _ in range(40):
            x = x * x
        return x

    found = gradient_of(power, 1.0)
    assert found.gradient is None
    assert found.remark == "about 10^12 operations"
    assert found.note == "at most 2,000 operations are written out, for 1 number."


def test_many_numbers_allow_for_shorter_formulas():
    found = gradient_of(lambda x: np.sum(np.sin(x) * x), np.ones(400))
    assert found.remark == "about 1,200 operations"
    assert found.note == "at most 125 operations are written out, for 400 numbers."


def test_a_deep_formula_says_so():
    def chain(x):
        for _ in range(1500):
            x = np.sin(x)
        return x

    found = gradient_of(chain, 1.0)
    assert found.gradient is None
    assert "SymPy recurses" in found.note


def test_the_size_is_that_of_the_formula_written_out():
    def f(x):
        for _ in range(5):
            x = np.sin(x) * x - 2 * x
        return x

    lst = wg.trace(f)(1.0)
    assert operations_written_out(lst) == written_out(lst, [Written("x")])[0].operations


@pytest.mark.parametrize(
    ("f", "args", "expected"),
    [
        (np.sum, (np.ones(5),), 5),
        (lambda x: np.sum(np.sin(x)), (np.ones(5),), 10),
        (lambda A, B: A @ B, (np.ones((2, 3)), np.ones((3, 4))), 48),
        (lambda x: x[0] + x[1], (np.ones(5),), 1),
        (np.linalg.det, (np.eye(4),), 96),
    ],
)
def test_the_size_of_formulas_of_arrays(f, args, expected):
    assert operations_written_out(wg.trace(f)(*args)) == expected
