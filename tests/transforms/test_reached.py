"""In derivative programs too, what was not selected contributes exactly zero."""

import numpy as np
import pytest

import wengert as wg

NAN, INF = np.nan, np.inf

# function, point, gradient by hand
CASES = {
    "root": (lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)), [-1.0, 0.0, 4.0], [0.0, 0.0, 0.25]),
    "logarithm": (lambda x: np.sum(np.where(x > 0, x * np.log(x), 0.0)), [0.0, -2.0, 1.0], [0.0, 0.0, 1.0]),
    "missing data": (lambda x: np.sum(np.where(np.isnan(x), 0.0, x**2)), [NAN, 3.0], [0.0, 6.0]),
    "overflow": (lambda x: np.sum(np.where(x < 100, np.exp(x), x)), [1000.0, 0.0], [1.0, 1.0]),
    "quotient": (lambda x: np.sum(np.where(x != 0, np.sin(x) / x, 1.0)), [0.0, np.pi], [0.0, -1 / np.pi]),
    "moved": (lambda x: np.sum(np.where(x > 0, 1 / x, 0.0).reshape(2, 2).T[::-1] ** 2), [0.0, 1.0, 2.0, -1.0],
              [0.0, -2.0, -0.25, 0.0]),
    "twice": (lambda x: np.sum(np.where(x > 1, np.where(x < 3, np.sqrt(3 - x), 0.0), 0.0)), [0.0, 2.0, 3.0],
              [0.0, -0.5, 0.0]),
    "of a smaller factor": (lambda x: np.maximum(np.vdot(x.reshape(1, 2), x), 1.0), [1.0, 2.0], [2.0, 4.0]),
    "maximum": (lambda x: np.sum(np.maximum(np.sqrt(x), 0.5)), [0.0, 1.0], [0.0, 0.5]),
    "clip": (lambda x: np.sum(np.clip(1 / x, 0.0, 2.0)), [0.0, 1.0], [0.0, -1.0]),
    "of one": (lambda x: np.max(np.sqrt(x)) ** 2, [0.0, 4.0], [0.0, 1.0]),
}  # fmt: skip


@pytest.mark.parametrize(("f", "at", "expected"), CASES.values(), ids=CASES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_was_not_selected_contributes_zero(f, at, expected):
    x = np.array(at)
    lst = wg.trace(f)(x)
    adjoint = wg.adjoint(lst)
    adjoint.verify()
    np.testing.assert_allclose(adjoint(x, 1.0)[1], expected, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(wg.trace(wg.grad(f))(x)(x), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("f", "at", "expected"), CASES.values(), ids=CASES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_second_derivatives_are_those_of_define_by_run(f, at, expected):
    x, x_dot = np.array(at), np.linspace(1.0, 2.0, len(at))
    adjoint = wg.adjoint(wg.trace(f)(x))
    found = wg.adjoint(adjoint)(x, 1.0, 0.0, x_dot)[2]
    assert np.all(np.isfinite(found))
    np.testing.assert_allclose(found, wg.hvp(f, (x,), (x_dot,)), rtol=1e-10, atol=1e-12)


def test_a_zero_that_was_reached_is_an_ordinary_number():
    lst = wg.adjoint(wg.trace(lambda x: np.sum(np.where(x > -1, np.sqrt(x * x), 0.0)))(np.zeros(1)))
    with np.errstate(all="ignore"):
        assert np.isnan(lst(np.zeros(1), 1.0)[1]).all()


def test_a_program_without_selections_has_no_conditions():
    lst = wg.adjoint(wg.trace(lambda x: np.sum(np.sin(x) * x)[()])(np.ones(3)))
    assert "where" not in {stmt.prim.name for stmt in lst.statements}


def test_statements_that_nobody_needs_are_not_written():
    lst = wg.adjoint(wg.trace(lambda w, x: np.sum(np.maximum(w @ x, 0.0)))(np.ones((3, 3)), np.ones(3)))
    read = {id(x) for stmt in lst.statements for x in stmt.operands} | set(map(id, lst.outputs))
    assert all(any(id(target) in read for target in stmt.targets) for stmt in lst.statements if stmt.origin)
