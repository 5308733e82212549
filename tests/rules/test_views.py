"""Diagonals and sliding windows: NumPy's results, errors and memory."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import wengert as wg
from wengert.checker import check

X = np.arange(1.0, 13.0).reshape(3, 4) / 7


def moving_averages(x):
    return sliding_window_view(x, 3).mean(axis=-1) * x[2:]


def patches(x):
    return np.einsum("ijkl,kl->ij", sliding_window_view(x, (2, 2)), np.array([[1.0, -2.0], [0.5, 3.0]])) ** 2


@pytest.mark.parametrize(("f", "x"), [(moving_averages, X[0]), (patches, X)], ids=["moving averages", "patches"])
def test_windows(f, x):
    np.testing.assert_allclose(wg.trace(f)(x)(x), f(x), rtol=1e-15)
    check(f, x, order=2)


@pytest.mark.parametrize("look", [np.diagonal, np.diag, lambda y: sliding_window_view(y, (2, 2))])
def test_a_view_shows_what_is_written_later_and_is_not_written_to(look):
    def f(x):
        y = x * 1.0
        seen = look(y)
        y[1, 1] = x[0, 0] * x[0, 1]
        return seen * seen

    np.testing.assert_allclose(wg.vjp(f, X)[0], f(X), rtol=1e-15)
    check(f, X, order=2)

    def writes(x):
        look(x)[...] = 1.0

    with pytest.raises(ValueError, match="read-only"):
        writes(X.copy())
    with pytest.raises(ValueError, match="read-only"):
        wg.vjp(writes, X)


ERRORS = [
    (lambda x: np.diagonal(x[0]), "diag requires an array of at least two dimensions"),
    (lambda x: np.diagonal(x, 0, 1, -1), "axis1 and axis2 cannot be the same"),
    (lambda x: sliding_window_view(x, 2), "must provide window_shape for all dimensions"),
    (lambda x: sliding_window_view(x, (2, 2), 0), "Must provide matching length window_shape and axis"),
    (lambda x: sliding_window_view(x, (9, 1)), "window shape cannot be larger than input array shape"),
    (lambda x: sliding_window_view(x, (-1, 1)), "cannot contain negative values"),
]


@pytest.mark.parametrize(("f", "message"), ERRORS, ids=[str(k) for k in range(len(ERRORS))])
def test_numpys_errors(f, message):
    with pytest.raises(ValueError, match=message):
        f(X)
    with pytest.raises(ValueError, match=message):
        wg.vjp(f, X)
