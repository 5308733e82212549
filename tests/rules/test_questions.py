"""Questions about arrays: what is asked of a value has the answer that NumPy gives for the array."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg

A = np.array([[0.5, -1.25, 2.0], [1.5, 0.25, -0.75]])
SQUARE = A[:, :2]
NUMBERS = np.array([3, 0, 5])

OF_TYPES = {
    "can_cast": lambda x: np.can_cast(x, np.float32),
    "can_cast(casting=)": lambda x: np.can_cast(x, np.float32, casting="same_kind"),
    "common_type": lambda x: np.common_type(x, np.float32(1)),
    "diag_indices_from": lambda x: np.diag_indices_from(x[:, :2]),
    "tril_indices_from": lambda x: np.tril_indices_from(x, 1),
    "triu_indices_from": lambda x: np.triu_indices_from(x, k=-1),
    "result_type": lambda x: np.result_type(x, np.complex64),
    "size of two axes": lambda x: np.size(x, (0, 1)),
}
OF_NUMBERS = {
    "min_scalar_type": lambda x: np.min_scalar_type(x[0, 0]),
    "may_share_memory": lambda x: np.may_share_memory(x, np.ones(3)),
    "shares_memory": lambda x: np.shares_memory(x, np.ones(3)),
    "packbits": lambda x: np.packbits(x > 0, axis=1),
    "unpackbits": lambda x: np.unpackbits((x > 0).astype(np.uint8), axis=0, count=2),
    "ix_": lambda x: np.ix_(x[0] > 0, [0, 1]),
    "unravel_index": lambda x: np.unravel_index(np.argmax(x), x.shape),
    "ravel_multi_index": lambda x: np.ravel_multi_index((np.argmax(x, axis=0), np.argmin(x, axis=0)), (4, 4)),
}


def assert_same(found, expected):
    if isinstance(expected, tuple):
        assert type(found) is type(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        assert type(found) is type(expected)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("question", [*OF_TYPES.values(), *OF_NUMBERS.values()], ids=[*OF_TYPES, *OF_NUMBERS])
def test_answers_are_plain(question):
    found = [question(wg.tensor(A, requires_grad=True)), question(wg.tensor(A))]
    wg.jvp(lambda x: [found.append(question(x)), x][1], (A,), (A,))
    wg.grad(lambda x: [found.append(question(x)), np.sum(x)][1])(A)
    for answer in found:
        assert_same(answer, question(A))


@pytest.mark.parametrize("question", OF_TYPES.values(), ids=OF_TYPES)
def test_what_follows_from_the_type_may_be_asked_while_tracing(question):
    found = []
    wg.trace(lambda x: [found.append(question(x)), x][1])(A)
    assert_same(found[0], question(A))


@pytest.mark.parametrize("function", [np.iscomplex, np.isreal])
def test_the_kind_of_each_number_is_flat(function):
    for x in (A, A * (1 + 1j) * (A > 0)):
        found = function(wg.tensor(x, requires_grad=True))
        np.testing.assert_array_equal(np.asarray(found), function(x))
        assert np.asarray(found).dtype == bool
        np.testing.assert_array_equal(wg.trace(function)(x)(x), function(x))


def test_an_open_mesh_indexes_a_value():
    x = wg.tensor(A, requires_grad=True)
    np.testing.assert_array_equal(x[np.ix_([1], [0, 2])].detach().numpy(), A[np.ix_([1], [0, 2])])


def test_a_value_is_saved_as_its_numbers(tmp_path):
    x = wg.tensor(A, requires_grad=True)
    np.save(tmp_path / "one.npy", x)
    np.testing.assert_array_equal(np.load(tmp_path / "one.npy"), A)
    np.savetxt(tmp_path / "one.txt", x)
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "one.txt"), A)
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "several.npz", x, named=2 * x)
        with np.load(tmp_path / "several.npz") as found:
            np.testing.assert_array_equal(found["arr_0"], A)
            np.testing.assert_array_equal(found["named"], 2 * A)


def test_an_open_mesh_of_numbers_keeps_their_derivatives():
    def f(x):
        a, b, c = np.ix_(x[:2], [2.0], x[2:])
        return np.sum(a * b * c)

    x = np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(wg.grad(f)(x), [14, 14, 6, 6])
    assert wg.jvp(f, (x,), (np.ones(4),)) == (42, 40)
    assert wg.trace(f)(x)(x) == 42
    found = np.ix_(wg.tensor(x), [0, 1], wg.tensor(x[:0]))
    assert [m.shape for m in found] == [(4, 1, 1), (1, 2, 1), (1, 1, 0)]
    with pytest.raises(ValueError, match="Cross index must be 1 dimensional"):
        np.ix_(wg.tensor(A))
