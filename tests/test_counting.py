"""Operations of lists, against counts by hand."""

import numpy as np
import pytest

import wengert as wg
from wengert.control import Loop
from wengert.counting import _FREE, _MOVING, _RULES, Stats, flops, stats_of
from wengert.facts import Kind, flat
from wengert.primitive import Primitive
from wengert.registry import load_families, table
from wengert.simplification import simplify
from wengert.transforms import adjoint, tangent

A, B, V = np.ones((3, 4)), np.ones((4, 5)), np.ones(4)
SQUARE = 4.0 * np.eye(6) + 1.0
Z = np.ones(8, complex)


def count(f, *args):
    return flops(wg.trace(f)(*args))


BY_HAND = {
    "a sum and a sine of four elements each": (lambda v: np.sin(v) + v, (V,), 8),
    "a broadcast sum has as many operations as results": (lambda v, a: a + v, (V, A), 12),
    "moving elements is free": (lambda a: a.T.reshape((2, 6))[0][::2], (A,), 0),
    "comparing and selecting is free": (lambda v: np.where(v > 0, v, 2.0), (V,), 0),
    "integers are free": (lambda v: v * np.argsort(v) * 1, (V,), 8),
    "the larger of two is one operation": (lambda v: np.maximum(v, 0.5), (V,), 4),
    "casts and copies are free": (lambda v: (+v).astype(np.float32), (V,), 0),
    "a sum of n takes n - 1 additions": (np.sum, (V,), 3),
    "a sum of rows": (lambda a: np.sum(a, axis=1), (A,), 9),
    "a mean divides": (np.mean, (V,), 4),
    "nothing is added up in an empty sum": (lambda v: np.sum(v[:0]), (V,), 0),
    "a product of matrices": (lambda a, b: a @ b, (A, B), 3 * 5 * 7),
    "a matrix and a vector": (lambda a, v: a @ v, (A, V), 3 * 7),
    "two vectors": (lambda v: v @ v, (V,), 7),
    "a batch of products": (lambda a, b: np.stack([a, a]) @ b, (A, B), 2 * 3 * 5 * 7),
    "einsum of two factors": (lambda a, b: np.einsum("ij,jk->ik", a, b), (A, B), 2 * 60 - 15),
    "solve with one right-hand side": (np.linalg.solve, (SQUARE, np.ones(6)), 144 + 72),
    "solve with two": (np.linalg.solve, (SQUARE, np.ones((6, 2))), 144 + 144),
    "inverse": (np.linalg.inv, (SQUARE,), 432),
    "determinant": (np.linalg.det, (SQUARE,), 144),
    "cholesky": (np.linalg.cholesky, (SQUARE,), 72),
    "symmetric eigenvalues": (lambda a: np.linalg.eigh(a)[0], (SQUARE,), 9 * 216),
    "qr of a tall matrix": (lambda a: np.linalg.qr(a.T)[1], (A,), 4 * 4 * 9 - 36),
    "singular values": (lambda a: np.linalg.svd(a, full_matrices=False)[1], (A,), 14 * 4 * 9 + 8 * 27),
    "a running sum": (np.cumsum, (V,), 4),
    "a convolution": (lambda v: np.convolve(v, np.ones(3)), (V,), 2 * 12 - 6),
    "a norm": (np.linalg.norm, (V,), 8),
    "complex operations count once": (lambda z: z * z, (Z,), 8),
    "a real fourier transform": (np.fft.rfft, (np.ones(8),), 2.5 * 8 * 3),
    "a complex fourier transform": (np.fft.fft, (Z,), 5 * 8 * 3),
    "adding at places": (lambda v: table.add_at(v, v[:2], index=(np.array([0, 0]),)), (V,), 2),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_counts_by_hand(name):
    f, args, expected = BY_HAND[name]
    assert count(f, *args) == expected


def test_special_functions_count_one_for_each_element():
    import scipy.special

    assert count(scipy.special.gamma, V) == 4


@pytest.mark.parametrize(("index", "expected"), [(np.array([0, 2, 0, 0]), 2), (slice(0, 4), 0), (np.arange(4), 0)])
def test_a_scatter_adds_what_meets(index, expected):
    assert count(lambda v: table.scatter(v, index=index, shape=(5,)), V) == expected


# --- control -----------------------------------------------------------------------------------------------------


def test_a_loop_has_the_operations_of_all_rounds():
    assert count(lambda x: wg.fori_loop(0, 10, lambda i, c: np.sin(c) * x, x), 0.5) == 20


def test_loops_within_loops_multiply():
    def inner(i, c):
        return wg.fori_loop(0, 3, lambda j, d: d * 2.0, c) + 1.0

    assert count(lambda x: wg.fori_loop(0, 10, inner, x), 0.5) == 10 * (3 + 1)


def test_a_scan_has_as_many_rounds_as_rows():
    assert count(lambda x: wg.scan(lambda c, s: (c * s, c + s), x, np.ones(7))[1], 0.5) == 14


def test_branches_count_the_most_expensive_one():
    def expensive(x):
        return np.sin(np.cos(x)) * 2.0

    assert count(lambda x: wg.cond(x > 0, expensive, np.sin, x), 0.5) == 3


def test_a_call_has_those_of_the_function():
    assert count(lambda v: wg.call(lambda u: u @ u, v) + wg.call(lambda u: u @ u, v), V) == 15


def test_a_while_loop_counts_one_round_and_says_so():
    lst = wg.trace(lambda x: wg.while_loop(lambda c: np.exp(c) < 10.0, lambda c: c * 2.0 + 1.0, x))(0.5)
    stats = stats_of(lst)
    assert (stats.flops, stats.is_exact) == (3, False)
    assert "one round of each loop of unknown length" in str(stats)


def test_the_reverse_of_a_while_loop_counts_one_round_too():
    lst = adjoint(wg.trace(lambda x: wg.while_loop(lambda c: c < 10.0, lambda c: np.sin(c) * 2.0, x))(0.5))
    assert any(isinstance(stmt.prim, Loop) for stmt in lst.statements)
    assert not stats_of(lst).is_exact
    assert flops(lst) > 0


# --- the figures of a list -----------------------------------------------------------------------------------------


def f(x, y):
    return np.sin(x) * y + 1.0 * x


def test_stats_of_a_list():
    stats = stats_of(wg.trace(f)(1.0, 2.0))
    assert (stats.name, stats.statements, stats.flops, stats.is_exact) == ("f", 4, 4, True)
    assert stats.by_primitive == {"multiply": 2, "sin": 1, "add": 1}
    assert (stats.before, stats.primal, stats.ratio) == (None, None, None)


def test_sublists_are_counted_with_their_statements():
    stats = stats_of(wg.trace(lambda x: wg.fori_loop(0, 10, lambda i, c: np.sin(c) * 2.0, x))(0.5))
    assert stats.statements == 3
    assert stats.by_primitive == {"fori_loop": 1, "sin": 1, "multiply": 1}


@pytest.mark.parametrize("transform", [tangent, adjoint])
def test_a_derivative_list_knows_the_primal_one(transform):
    lst = transform(wg.trace(f)(1.0, 2.0))
    stats = stats_of(lst)
    assert stats.primal is not None
    assert stats.primal.flops == 4
    assert stats.ratio == stats.flops / 4


def test_a_simplified_list_knows_what_it_was():
    lst = adjoint(wg.trace(f)(1.0, 2.0))
    stats = stats_of(simplify(lst))
    assert stats.before is not None
    assert stats.before.flops == flops(lst) > stats.flops
    assert stats.primal is not None
    assert stats.ratio == stats.flops / 4
    primal = stats_of(simplify(wg.trace(f)(1.0, 2.0)))
    assert (primal.primal, primal.before.flops, primal.flops) == (None, 4, 3)


def test_the_table():
    text = str(stats_of(simplify(adjoint(wg.trace(f)(1.0, 2.0)))))
    assert text.splitlines() == [
        "list f_adjoint",
        "  statements                 8",
        "  operations                 8",
        "  before simplification      10 and 10",
        "  primal list                4 and 4",
        "  operations in primal ones  2.00",
        "    multiply                 4",
        "    add                      2",
        "    sin                      1",
        "    cos                      1",
    ]


def test_a_list_without_operations_has_no_ratio():
    stats = stats_of(adjoint(wg.trace(lambda x: x[0])(V)))
    assert stats.ratio is None
    assert "operations in primal ones" not in str(stats)


def test_what_no_rule_counts_is_named():
    prim = Primitive("some_permutation_of_a_user", lambda x: x[::-1], Kind.STRUCTURAL, [flat])
    stats = stats_of(wg.trace(prim)(V))
    assert (stats.flops, stats.uncounted) == (0, ("some_permutation_of_a_user",))
    assert "not counted" in str(stats)


def test_stats_cannot_be_changed():
    stats = stats_of(wg.trace(f)(1.0, 2.0))
    assert isinstance(stats, Stats)
    with pytest.raises(AttributeError):
        stats.flops = 0


def test_every_rule_is_of_a_primitive_that_exists():
    load_families()
    assert {*_RULES, *_FREE.split(), *_MOVING.split()} <= set(table.primitives)
