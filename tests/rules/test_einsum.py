"""`np.einsum` with random subscripts and at special shapes, and the cross product."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as wg
from rules.refusals import assert_refused_alike
from wengert.registry import table

A = np.arange(6.0).reshape(2, 3)
SQUARE = np.arange(9.0).reshape(3, 3)
LENGTHS = {"a": 1, "b": 2, "c": 3, "d": 2}


# --- random subscripts -----------------------------------------------------------------------------------------


@st.composite
def sums(draw):
    """Subscripts and shapes: letters once or more often in a term, axes of length 1, ellipses, implicit results."""
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 3))):
        term = draw(st.text("abcd", max_size=3))
        shape = [1 if term.count(s) == 1 and draw(st.integers(0, 5)) == 0 else LENGTHS[s] for s in term]
        if draw(st.booleans()):
            place = draw(st.integers(0, len(term)))
            term = f"{term[:place]}...{term[place:]}"
            shape[place:place] = draw(st.lists(st.sampled_from([1, 2]), max_size=2))
        terms.append(term)
        shapes.append(tuple(shape))
    subscripts = ",".join(terms)
    if draw(st.booleans()):
        letters = sorted(set("".join(terms)) & set("abcd"))
        result = "".join(draw(st.permutations(letters))[: draw(st.integers(0, len(letters)))])
        place = draw(st.integers(0, len(result)))
        subscripts += f"->{result[:place]}{'...' if '...' in subscripts else ''}{result[place:]}"
    return subscripts, shapes


def as_lists(subscripts, operands):
    """The same call with lists of integers."""
    inputs, arrow, result = subscripts.partition("->")
    terms = [*inputs.split(","), *([result] if arrow else [])]
    lists = [[Ellipsis if s == "." else "abcd".index(s) for s in term.replace("...", ".")] for term in terms]
    pairs = [part for pair in zip(operands, lists, strict=False) for part in pair]
    return [*pairs, lists[-1]] if arrow else pairs


def multilinear(subscripts, operands, tangents):
    """The product rule, by NumPy alone."""
    return sum(
        np.einsum(subscripts, *operands[:i], t, *operands[i + 1 :], optimize=True) for i, t in enumerate(tangents)
    )


def outcome(f, operands):
    """The result, or the error in its place."""
    try:
        return f(*operands)
    except ValueError as error:
        return error


def inner(x, y):
    return np.real(np.sum(np.conj(x) * y))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(sums(), st.booleans(), st.sampled_from([False, True, "optimal"]), st.booleans(), st.integers(0, 99))
def test_any_subscripts(sum_, is_complex, optimize, in_lists, seed):
    subscripts, shapes = sum_
    rng = np.random.default_rng(seed)
    draw = [rng.normal(size=shape) + (1j * rng.normal(size=shape) if is_complex else 0) for shape in shapes * 2]
    operands, tangents = draw[: len(shapes)], draw[len(shapes) :]

    def f(*xs):
        arguments = as_lists(subscripts, xs) if in_lists else [subscripts, *xs]
        return np.einsum(*arguments, optimize=optimize)

    expected = outcome(f, operands)
    if isinstance(expected, ValueError):
        found = outcome(f, [wg.tensor(x, requires_grad=True) for x in operands])
        assert str(found) == str(expected)
        return
    y, y_dot = wg.jvp(f, tuple(operands), tuple(tangents))
    assert np.shape(y) == np.shape(y_dot) == np.shape(expected)
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(y_dot, multilinear(subscripts, operands, tangents), rtol=1e-11, atol=1e-11)
    ct = rng.normal(size=np.shape(y)) + (1j * rng.normal(size=np.shape(y)) if is_complex else 0)
    x_bars = wg.vjp(f, *operands)[1](ct)
    assert [np.shape(x_bar) for x_bar in x_bars] == shapes
    pulled = sum(inner(x_bar, x_dot) for x_bar, x_dot in zip(x_bars, tangents, strict=True))
    np.testing.assert_allclose(pulled, inner(ct, y_dot), rtol=1e-10, atol=1e-10)


# --- how it is recorded ----------------------------------------------------------------------------------------


def names(lst):
    return [stmt.prim.name for stmt in lst.statements]


def test_a_call_is_one_statement_with_written_out_subscripts():
    for call in (
        lambda x, y: np.einsum("ij,jk", x, y),
        lambda x, y: np.einsum("i j, j k -> i k", x, y),
        lambda x, y: np.einsum("ij,jk->ik", x, y, optimize=True),
    ):
        lst = wg.trace(call)(A, SQUARE)
        assert names(lst) == ["einsum"]
        assert lst.statements[0].params["subscripts"] == "ij,jk->ik"
    lst = wg.trace(lambda x, y: np.einsum("...j,j->...", x, y))(A, A[0])
    assert lst.statements[0].params["subscripts"] == "zj,j->z"


def test_what_only_turns_an_array_is_a_view_of_it():
    assert names(wg.trace(lambda x: np.einsum("ji", x))(A)) == ["transpose"]
    assert names(wg.trace(lambda x: np.einsum("ii->i", x))(SQUARE)) == ["take_diagonals"]


def test_the_adjoint_of_a_matrix_product_is_one_of_matrix_products():
    adjoint = table.einsum.adjoints[0]
    lst = wg.trace(lambda ct, x, y: adjoint(ct, None, x, y, subscripts="ij,jk->ik", optimize=None))(A, A, SQUARE)
    (stmt,) = lst.statements
    assert (stmt.prim.name, stmt.params["subscripts"]) == ("einsum", "ik,jk->ij")


def test_long_products_are_computed_in_pairs():
    """In one loop over all five subscripts this would take hours."""
    x = np.ones((300, 300)) / 300

    def f(x):
        return np.einsum("ij,jk,kl,lm->", x, x, x, x)

    value, gradient = wg.value_and_grad(f)(x)
    np.testing.assert_allclose(value, 300.0, rtol=1e-12)
    np.testing.assert_allclose(gradient, np.full((300, 300), 4.0), rtol=1e-12)


# --- diagonals -------------------------------------------------------------------------------------------------


def test_a_diagonal_may_be_written_into():
    def f(x):
        y = x * 1.0
        np.einsum("ii->i", y)[...] = x[0]
        return np.sum(y**2)

    expected = 2 * (SQUARE - np.diag(np.diag(SQUARE)))
    expected[0] += 2 * SQUARE[0]
    np.testing.assert_array_equal(wg.grad(f)(SQUARE), expected)


def test_a_diagonal_at_second_order():
    found = wg.hessian(lambda x: np.einsum("ii,ii->", x, x))(np.ones((2, 2)))
    np.testing.assert_array_equal(found.reshape(4, 4), np.diag([2.0, 0.0, 0.0, 2.0]))


def test_what_is_not_selected_afterwards_contributes_exactly_zero():
    x = np.array([[4.0, 0.0], [9.0, 0.0]])
    weights = np.array([1.0, 2.0])

    def f(x):
        y = np.einsum("ij,i->ij", np.sqrt(x), weights)
        return np.sum(np.where(y > 0, y**3, 0.0))

    slopes = 1.5 * np.sqrt(x) * weights[:, None] ** 3
    np.testing.assert_allclose(wg.grad(f)(x), slopes, rtol=1e-14)
    np.testing.assert_allclose(wg.jacobian(f, mode="forward")(x), slopes, rtol=1e-14)
    curvatures = np.where(x > 0, 0.75 / np.sqrt(np.where(x > 0, x, 1.0)), 0.0) * weights[:, None] ** 3
    np.testing.assert_allclose(wg.hessian(f)(x).reshape(4, 4), np.diag(curvatures.ravel()), rtol=1e-14)


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [("ij,jk->ik", ((0, 3), (3, 2))), ("ij,jk->ik", ((2, 0), (0, 2))), ("ii->i", ((0, 0),)), ("ij->", ((0, 3),))],
)
@pytest.mark.parametrize("optimize", [False, True])
def test_sums_of_nothing(subscripts, shapes, optimize):
    xs = [np.zeros(shape) for shape in shapes]
    y, pullback = wg.vjp(lambda *xs: np.einsum(subscripts, *xs, optimize=optimize), *xs)
    np.testing.assert_array_equal(y, np.einsum(subscripts, *xs))
    for x_bar, shape in zip(pullback(np.ones(np.shape(y))), shapes, strict=True):
        np.testing.assert_array_equal(x_bar, np.zeros(shape))


def test_integers_and_booleans_are_computed_as_numpy_does():
    numbers = np.arange(6).reshape(2, 3)
    for x in (numbers, numbers > 2):
        found = np.einsum("ij,kj->ik", wg.tensor(x), x)
        expected = np.einsum("ij,kj->ik", x, x)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(np.asarray(found), expected)


def test_a_product_of_single_and_double_precision():
    single = np.float32([1.0, 2.0, 3.0])
    y, pullback = wg.vjp(lambda x, y: np.einsum("ij,j", x, y), A, single)
    assert y.dtype == np.float64
    assert [x_bar.dtype for x_bar in pullback(np.ones(2))] == [np.float64, np.float32]


def test_the_path_is_plain():
    x = wg.tensor(A, requires_grad=True)
    assert np.einsum_path("ij,jk,kl", x, SQUARE, x.T) == np.einsum_path("ij,jk,kl", A, SQUARE, A.T)
    path = wg.trace(lambda x: x * len(np.einsum_path("ij,jk", x, SQUARE)[0]))(A)
    np.testing.assert_array_equal(path(A), 2 * A)


REFUSED = {
    "lengths": lambda x: np.einsum("ij,jk", x, x),
    "lengths, optimized": lambda x: np.einsum("ij,jk", x, x, optimize=True),
    "diagonal": lambda x: np.einsum("ii", x),
    "result twice": lambda x: np.einsum("ij->ii", x),
    "result unknown": lambda x: np.einsum("ij->z", x),
    "two arrows": lambda x: np.einsum("ij->->", x),
    "sign": lambda x: np.einsum("i$", x),
    "too few": lambda x: np.einsum("i", x),
    "too many": lambda x: np.einsum("ijk", x),
    "operands": lambda x: np.einsum("ij,j", x),
    "dots": lambda x: np.einsum("i..j", x),
    "two ellipses": lambda x: np.einsum("......", x),
    "no ellipsis in the result": lambda x: np.einsum("...i->i", x),
    "list": lambda x: np.einsum(x, [0, 77]),
    "list below zero": lambda x: np.einsum(x, [0, -1]),
    "list of fractions": lambda x: np.einsum(x, [0, 1.5]),
    "list missing": lambda x: np.einsum(x, [0, 1], x),
    "path": lambda x: np.einsum("ij,ji,ij", x, x.T, x, optimize="wild"),
    "path too short": lambda x: np.einsum("ij,jk,kl", x, x.T, x, optimize=["einsum_path", (0, 1)]),
    "dtype": lambda x: np.einsum("ij,jk", x, x.T, dtype=np.float32),
    "casting": lambda x: np.einsum("ij,jk", x, x.T, casting="wild"),
    "cross dimensions": lambda x: np.cross(x, np.ones((2, 5))),
    "cross of numbers": lambda x: np.cross(x[0, 0], x),
    "cross axisa": lambda x: np.cross(x, x, axisa=4),
    "cross axisb": lambda x: np.cross(x, x, axisb=-4),
    "cross axisc": lambda x: np.cross(x, x, axisc=4),
    "linalg.cross": lambda x: np.linalg.cross(x.T, x.T),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_what_numpy_refuses_is_refused_in_its_words(call):
    assert_refused_alike(call, A)


# --- the cross product -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shapes", [((2,), (2,)), ((2,), (3,)), ((3,), (2,)), ((4, 2), (1, 3)), ((4, 2), (2,))])
def test_vectors_of_the_plane_are_deprecated_as_in_numpy(shapes):
    rng = np.random.default_rng(3)
    a, b = (rng.normal(size=shape) for shape in shapes)
    with pytest.warns(DeprecationWarning, match="2-dimensional vectors") as of_arrays:
        expected = np.cross(a, b)
    with pytest.warns(DeprecationWarning, match="2-dimensional vectors") as of_values:
        y, y_dot = wg.jvp(np.cross, (a, b), (a, b))
    assert {str(w.message) for w in of_values} == {str(w.message) for w in of_arrays}
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_allclose(y_dot, 2 * expected, rtol=1e-15)


def test_the_warning_points_at_the_users_line():
    with pytest.warns(DeprecationWarning, match="2-dimensional vectors") as caught:
        np.cross(wg.tensor([1.0, 2.0], requires_grad=True), [1.0, 2.0])
    assert caught[0].filename == __file__
