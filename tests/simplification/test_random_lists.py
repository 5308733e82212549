"""Random programs, their tangent and adjoint lists: simplified, they compute the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from laws.test_random_programs import inputs_of, shapes, steps
from laws.test_random_programs import run as run_program
from simplification.evaluation import assert_same_bits, run
from wengert.simplification import simplify
from wengert.transforms import adjoint, tangent

DERIVED = {"primal": lambda lst: lst, "tangent": tangent, "adjoint": adjoint}


def list_of(program, inputs):
    return wg.trace(lambda x, y: run_program(program, x, y))(*inputs)


def values_for(lst, seed):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(v.shape)[()] for v in lst.inputs]


def check_exact(lst, seed):
    simple = simplify(lst)
    simple.verify()
    assert str(simplify(simple)) == str(simple)
    inputs = values_for(lst, seed)
    assert_same_bits(run(simple, inputs), run(lst, inputs))
    return simple


def check_inexact(lst, seed):
    simple = simplify(lst, exact=False)
    simple.verify()
    assert str(simplify(simple, exact=False)) == str(simple)
    inputs = values_for(lst, seed)
    for found, expected in zip(run(simple, inputs), run(lst, inputs), strict=True):
        assert np.all(np.isfinite(expected))
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("kind", DERIVED)
@settings(max_examples=60)
@given(steps, shapes, st.integers(0, 2**20))
def test_simplified_lists_compute_the_same_bits(kind, program, shapes, seed):
    check_exact(DERIVED[kind](list_of(program, inputs_of(shapes, seed))), seed)


@pytest.mark.parametrize("kind", DERIVED)
@settings(max_examples=40)
@given(steps, shapes, st.integers(0, 2**20))
def test_inexactly_simplified_lists_compute_the_same_up_to_rounding(kind, program, shapes, seed):
    check_inexact(DERIVED[kind](list_of(program, inputs_of(shapes, seed))), seed)


@settings(max_examples=30)
@given(steps, shapes, st.integers(0, 2**20))
def test_the_derivative_of_a_simplified_list_is_that_of_the_list(program, shapes, seed):
    lst = list_of(program, inputs_of(shapes, seed))
    for exact in (True, False):
        found, expected = adjoint(simplify(lst, exact)), adjoint(lst)
        found.verify()
        inputs = values_for(expected, seed)
        for a, b in zip(run(found, inputs), run(expected, inputs), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


@settings(max_examples=20)
@given(steps, shapes, st.integers(0, 2**20))
def test_the_second_derivative_is_simplified_too(program, shapes, seed):
    check_exact(tangent(adjoint(list_of(program, inputs_of(shapes, seed)))), seed)


@pytest.mark.slow
@settings(max_examples=1000)
@given(steps, shapes, st.integers(0, 2**20), st.sampled_from(sorted(DERIVED)))
def test_many_random_lists(program, shapes, seed, kind):
    lst = DERIVED[kind](list_of(program, inputs_of(shapes, seed)))
    check_exact(lst, seed)
    check_inexact(lst, seed)
