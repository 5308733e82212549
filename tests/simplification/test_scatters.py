"""Sums of scattered parts are put together in one statement."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wengert as wg
from simplification.evaluation import assert_same_bits, run
from simplification.examples import SPECIAL
from wengert.counting import flops
from wengert.registry import table
from wengert.simplification import simplify
from wengert.transforms import adjoint


def product(x):
    p = 1.0
    for k in range(len(x)):
        p = p * x[k]
    return p


def prims(lst):
    return [stmt.prim.name for stmt in lst.statements]


def test_two_or_three_stay_as_they_are():
    simple = simplify(adjoint(wg.trace(product)(np.ones(3))))
    assert (prims(simple).count("scatter"), prims(simple).count("add_at")) == (1, 2)


@pytest.mark.parametrize("n", [4, 5, 50])
def test_the_adjoint_of_reading_elements_takes_time_in_proportion(n):
    lst = adjoint(wg.trace(product)(np.ones(n)))
    simple = simplify(lst)
    simple.verify()
    assert prims(simple).count("scatter") == 1
    assert flops(simple) <= 3 * n
    assert "add_at" not in prims(simple)
    rng = np.random.default_rng(0)
    inputs = [rng.uniform(0.5, 2.0, n), 1.0]
    assert_same_bits(run(simple, inputs), run(lst, inputs))


def test_places_that_are_read_twice_are_added_in_the_same_order():
    def f(x):
        total = 0.0
        for k in (0, 1, 0, 2, 1, 0):
            total = total + (0.1 * (k + 1)) * np.sin(x[k] * (k + 0.3)) * x[k]
        return total

    lst = adjoint(wg.trace(f)(np.ones(40)))
    simple = simplify(lst)
    inputs = [np.random.default_rng(1).standard_normal(40), 1.7]
    assert_same_bits(run(simple, inputs), run(lst, inputs))
    assert prims(simple).count("scatter") == 1


pieces = st.lists(
    st.tuples(st.sampled_from(["array", "at", "dense"]), st.one_of(st.integers(-6, 5), st.slices(6))),
    min_size=2,
    max_size=7,
)


@given(pieces, st.integers(0, 2**20))
def test_any_sum_of_scattered_and_other_terms(parts, seed):
    """With signs of zeros, infinities and nan, and whatever overlaps."""

    def f(x):
        total = None
        for number, part in enumerate(parts):
            row = x[number * 6 : number * 6 + 6]
            kind, index = part
            if total is None:
                total = row if kind == "dense" else table.scatter(row[index], index=index, shape=(6,))
            elif kind == "at":
                total = table.add_at(total, row[index], index=(index,))
            else:
                total = total + (row if kind == "dense" else table.scatter(row[index], index=index, shape=(6,)))
        return total

    x = np.random.default_rng(seed).choice([*SPECIAL, 0.1, 0.7, -0.3, 3.3], 6 * len(parts))
    lst = wg.trace(f)(x)
    for exact in (True, False):
        simple = simplify(lst, exact)
        simple.verify()
        assert str(simplify(simple, exact)) == str(simple)
        if exact:
            assert_same_bits(run(simple, [x]), run(lst, [x]))
        else:
            y = np.random.default_rng(seed).standard_normal(x.shape)
            np.testing.assert_allclose(run(simple, [y])[0], run(lst, [y])[0], rtol=1e-12, atol=1e-12)


def test_matrices_are_put_together_by_their_elements():
    def f(x):
        return x[0, 0] * x[1, 1] * 2.0 - x[0, 1] * x[1, 0] + np.sin(x[2, 1]) * x[0, 0]

    lst = adjoint(wg.trace(f)(np.ones((5, 4))))
    simple = simplify(lst)
    assert prims(simple).count("scatter") == 1
    inputs = [np.random.default_rng(2).standard_normal((5, 4)), 1.0]
    assert_same_bits(run(simple, inputs), run(lst, inputs))


def test_large_overlapping_parts_stay_as_they_are():
    def f(x):
        return np.sum(x[1:] * np.sin(x[:-1]))

    lst = adjoint(wg.trace(f)(np.ones(5000)))
    assert "concatenate" not in prims(simplify(lst))


def test_a_scatter_that_is_used_elsewhere_stays():
    def f(x):
        a, b = (table.scatter(x[k], index=k, shape=(9,)) for k in (0, 1))
        return a + b, a

    simple = simplify(wg.trace(f)(np.ones(9)))
    assert prims(simple).count("scatter") == 2


def test_derivatives_go_through_what_was_put_together():
    lst = simplify(adjoint(wg.trace(product)(np.ones(4))))
    x = np.array([2.0, 3.0, 5.0, 7.0])
    found = wg.jvp(lambda x: lst(x, 1.0)[1], (x,), (np.array([1.0, 0, 0, 0]),))[1]
    np.testing.assert_allclose(found, [0.0, 35.0, 21.0, 15.0])
