"""Each row of the table of rewrites, alone."""

import numpy as np
import pytest

import wengert as wg
from simplification.evaluation import assert_same_bits, run
from simplification.examples import EXACT, INEXACT, X, Y
from wengert.simplification.fixpoint import simplified
from wengert.simplification.passes import Sweep, fresh_names, rows_by_primitive
from wengert.simplification.rewrites import REWRITES

ROWS = {row.name: row for row in REWRITES}
DTYPES = [np.float64, np.float32, np.complex128]


def name_of(program):
    return program.row


def traced(program, x, y):
    with np.errstate(all="ignore"):
        return wg.trace(program.f)(*(x, y)[: program.count])


def test_every_row_has_a_program_and_is_listed_under_its_kind():
    assert {program.row for program in EXACT} == {row.name for row in REWRITES if row.is_exact}
    assert {program.row for program in INEXACT} == {row.name for row in REWRITES if not row.is_exact}


@pytest.mark.parametrize("row", REWRITES, ids=lambda row: row.name)
def test_every_row_says_its_identity(row):
    assert row.identity.endswith(".")
    assert len(row.identity.splitlines()) == 1


@pytest.mark.parametrize("program", [*EXACT, *INEXACT], ids=name_of)
def test_the_row_applies_and_leaves_fewer_or_as_many_operations(program):
    lst = traced(program, X, Y)
    row = ROWS[program.row]
    sweep = Sweep(lst, rows_by_primitive((row,)), fresh_names(lst))
    assert sweep.fired[row.name] >= 1
    simple = simplified(lst, (row,), row.is_exact)
    simple.verify()
    assert str(simple) != str(simplified(lst, (), row.is_exact))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("program", EXACT, ids=name_of)
def test_an_exact_row_changes_no_bit(program, dtype):
    with np.errstate(all="ignore"):
        inputs = [x.astype(dtype) for x in (X, Y)]
        if dtype is np.complex128:
            inputs = [a + 1j * b for a, b in ((X, Y), (Y, X))]
        try:
            lst = traced(program, *inputs)
        except TypeError:
            pytest.skip("NumPy has no such function of complex numbers")
    simple = simplified(lst, (ROWS[program.row],))
    simple.verify()
    inputs = inputs[: program.count]
    assert_same_bits(run(simple, inputs), run(lst, inputs))


def takes_numbers(program):
    """Whether it can be called on one number, as scalar code is."""
    try:
        traced(program, X[3], Y[3])
    except (IndexError, ValueError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("program", list(filter(takes_numbers, EXACT)), ids=name_of)
def test_an_exact_row_changes_no_bit_of_numbers(program):
    lst = traced(program, X[3], Y[3])
    simple = simplified(lst, (ROWS[program.row],))
    simple.verify()
    for x, y in zip(X, Y, strict=True):
        inputs = [x, y][: program.count]
        assert_same_bits(run(simple, inputs), run(lst, inputs))


@pytest.mark.parametrize("program", INEXACT, ids=name_of)
def test_an_inexact_row_holds_up_to_rounding(program):
    rng = np.random.default_rng(1)
    inputs = [rng.uniform(0.3, 2.0, X.shape) for _ in range(program.count)]
    lst = traced(program, X, Y)
    simple = simplified(lst, (ROWS[program.row],), exact=False)
    simple.verify()
    for found, expected in zip(run(simple, inputs), run(lst, inputs), strict=True):
        assert np.all(np.isfinite(found))
        np.testing.assert_allclose(found, expected, rtol=program.near, atol=1e-14)


@pytest.mark.parametrize("program", [*EXACT, *INEXACT], ids=name_of)
def test_derivatives_of_the_rewritten_list_are_those_of_the_list(program):
    rng = np.random.default_rng(2)
    inputs = [rng.uniform(0.3, 2.0, X.shape) for _ in range(program.count)]
    lst = traced(program, X, Y)
    simple = simplified(lst, (ROWS[program.row],), ROWS[program.row].is_exact)
    y, pull = wg.vjp(lst, *inputs)
    seed = np.ones(np.shape(y), np.result_type(y))
    found, expected = wg.vjp(simple, *inputs)[1](seed), pull(seed)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
