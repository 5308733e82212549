"""`index_update` and `index_add`: what NumPy does to a copy, on values of every kind."""

import numpy as np
import pytest

import wengert as wg
from wengert import numeric
from wengert.updating import index_add, index_update

RNG = np.random.default_rng(12)
V, A = RNG.normal(size=5), RNG.normal(size=(3, 4))


def numpy_update(x, index, new):
    y = np.array(x)
    y[index] = new
    return y


def numpy_add(x, index, values):
    y = np.array(x)
    np.add.at(y, index, values)
    return y


PAIRS = [(index_update, numpy_update), (index_add, numpy_add)]
INDICES = {
    "a number": (V, 2, 1.5),
    "a negative number": (V, -2, np.float64(1.5)),
    "a row": (A, 1, V[:4]),
    "a column": (A, (slice(None), -1), V[:3]),
    "a slice": (V, slice(1, 4), V[:3]),
    "a list": (V, [3, 0, 3], V[:3]),
    "an array": (A, np.array([[2, 0], [1, 1]]), A[0]),
    "arrays": (A, (np.array([0, 1, 0]), np.array([2, 2, 2])), V[:3]),
    "a mask": (V, V > 0, 2.0),
    "a mask of rows": (A, np.array([True, False, True]), V[:4]),
    "all": (V, ..., V[::-1]),
    "nothing": (V, [], 1.0),
}


@pytest.fixture(params=PAIRS, ids=lambda pair: pair[0].__name__)
def pair(request):
    return request.param


@pytest.mark.parametrize(("x", "index", "new"), INDICES.values(), ids=INDICES)
def test_values_of_every_kind(pair, x, index, new):
    function, oracle = pair
    expected, before = oracle(x, index, new), x.copy()
    results = [
        function(x, index, new),
        function(wg.tensor(x, requires_grad=True), index, new).detach().numpy(),
        function(x, index, wg.tensor(new, requires_grad=True)).detach().numpy(),
        wg.jvp(lambda x: function(x, index, new), (x,), (x,))[0],
        wg.trace(lambda x: function(x, index, new))(x)(x),
    ]
    for found in results:
        assert isinstance(found, np.ndarray)
        np.testing.assert_array_equal(found, expected)
        assert not np.shares_memory(found, x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(("x", "index", "new"), INDICES.values(), ids=INDICES)
def test_both_derivatives(pair, x, index, new, mode):
    function, oracle = pair
    cases = [
        (lambda f: lambda x: f(x, index, new) ** 2, x),
        (lambda f: lambda new: f(x, index, new) ** 2, np.asarray(new)[()]),
    ]
    for of, at in cases:
        expected = numeric.jacobian(of(oracle), at, "richardson")
        np.testing.assert_allclose(wg.jacobian(of(function), mode=mode)(at), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("index", [np.int64(3), np.array([1, 3, 1])], ids=["a number", "an array"])
def test_an_index_that_is_computed(pair, index):
    function, oracle = pair
    lst = wg.trace(lambda x, i: function(x, i, x[1:4] if np.ndim(index) else x[0]))(V, index * 0)
    new = V[1:4] if np.ndim(index) else V[0]
    np.testing.assert_array_equal(lst(V, index), oracle(V, index, new))
    of_constants = wg.trace(lambda i: function(V, i, 2.0))(index * 0)
    np.testing.assert_array_equal(of_constants(index), oracle(V, index, 2.0))


def test_a_mask_that_is_computed(pair):
    function, oracle = pair
    lst = wg.trace(lambda x: function(x, x > 0.1, 2.0))(V)
    for x in (V, -V):
        np.testing.assert_array_equal(lst(x), oracle(x, x > 0.1, 2.0))


def test_of_several_for_one_place_the_last_stays_and_all_are_added():
    v = np.array([1.0, 2.0, 4.0])
    assert index_update(np.zeros(2), [0, 0, 1], v).tolist() == [2.0, 4.0]
    assert index_add(np.zeros(2), [0, 0, 1], v).tolist() == [3.0, 4.0]
    np.testing.assert_array_equal(
        wg.jacobian(lambda v: index_update(np.zeros(2), [0, 0, 1], v))(v), [[0, 1, 0], [0, 0, 1]]
    )
    np.testing.assert_array_equal(
        wg.jacobian(lambda v: index_add(np.zeros(2), [0, 0, 1], v))(v), [[1, 1, 0], [0, 0, 1]]
    )


def test_the_dtype_is_that_of_the_array(pair):
    function, _ = pair
    assert function(V.astype(np.float32), 1, 2.0).dtype == np.float32
    assert function(V.astype(np.float32), 1, wg.tensor(2.0)).dtype == np.float32
    assert function(np.arange(3), 1, 2).dtype == np.arange(3).dtype
    assert function(V + 0j, 1, 2.0).dtype == np.complex128
    lst = wg.trace(lambda x, i: function(x, i, np.float64(2.0)))(V.astype(np.float32), 1)
    assert lst.outputs[0].dtype == np.float32


def test_a_list_of_numbers_is_an_array(pair):
    function, oracle = pair
    np.testing.assert_array_equal(function([1.0, 2.0], 0, [3.0][0]), oracle([1.0, 2.0], 0, 3.0))
    found = wg.jacobian(lambda v: function([1.0, 2.0], [0, 1], [v, 2.0 * v]))(1.5)
    np.testing.assert_array_equal(found, [1.0, 2.0])


def test_an_array_that_has_the_part_already_is_copied():
    x = wg.tensor(V) * 1.0
    y = index_update(x, slice(1, 3), x[1:3])
    y[0] = 9.0
    np.testing.assert_array_equal(x.numpy(), V)
    np.testing.assert_array_equal(y.numpy(), numpy_update(V, 0, 9.0))


def test_what_cannot_be_stored_is_refused():
    with pytest.raises(wg.DtypeError, match=r"index_add was given values of dtype float64 .* x\.astype\(float64\)"):
        index_add(np.arange(3), 0, 1.5)
    with pytest.raises(TypeError, match="a complex value cannot be assigned into an array of dtype float64"):
        index_update(V, 0, 1j)
    assert index_update(np.arange(3), 0, 1.5).tolist() == [1, 1, 2]


@pytest.mark.parametrize("index", [7, [0, 7], (0, 0)], ids=str)
def test_an_index_that_numpy_refuses(pair, index):
    function, _ = pair
    with pytest.raises(IndexError):
        function(V, index, 1.0)


def test_shapes_that_do_not_fit(pair):
    function, _ = pair
    with pytest.raises(ValueError, match="broadcast"):
        function(V, [0, 1], V[:3])
