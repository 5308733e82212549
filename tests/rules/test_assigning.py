"""NumPy's functions that write into an array, against NumPy on plain and on complex arrays."""

import numpy as np
import pytest

import wengert as wg
from wengert.checker import check

X = np.array([0.3, -1.2, 0.7, 2.0, 0.5, -0.4])
MASK = np.array([[True, False, True], [False, False, True]])


def matrix(x):
    return (x * 2.0).reshape(2, 3)


def copies(x):
    a = matrix(x)
    np.copyto(a, x[:3] * x[3])
    np.copyto(a[1], x[3:] ** 2, where=[True, False, True])
    return a


def puts(x):
    a = matrix(x).T
    np.put(a, [0, -2, 9, 1], x[:3] * x[1], mode="wrap")
    np.put(a, [[40, -7]], x[4], mode="clip")
    return a


def places(x):
    a = matrix(x)
    np.place(a, MASK, x[:2] * x[5])
    np.place(a, np.zeros((2, 3), bool), x)
    return a


def masks(x):
    a = matrix(x)
    np.putmask(a, MASK, x[:2] ** 2)
    np.putmask(a, a > 3.0, x)
    return a


def puts_along_an_axis(x):
    a = matrix(x)
    np.put_along_axis(a, np.array([[2], [0]]), x[:1] * x[1], 1)
    np.put_along_axis(a, np.array([4, 1]), x[2:4] * x[0], None)
    return a


def fills_diagonals(x):
    a = np.concatenate([matrix(x), matrix(x), matrix(x)])
    b = a[:4].copy()
    np.fill_diagonal(a, x[:2] * x[0], wrap=True)
    np.fill_diagonal(b, x[3])
    cube = np.zeros_like(x, shape=(2, 2, 2))
    np.fill_diagonal(cube, x[4] ** 2)
    return np.concatenate([np.ravel(a), np.ravel(b), np.ravel(cube)])


@pytest.mark.parametrize(
    "f", [copies, puts, places, masks, puts_along_an_axis, fills_diagonals], ids=lambda f: f.__name__
)
def test_the_functions_that_write(f):
    expected = f(X)
    np.testing.assert_array_equal(wg.vjp(f, X)[0], expected)
    np.testing.assert_array_equal(wg.jvp(f, (X,), (X,))[0], expected)
    np.testing.assert_array_equal(wg.tape(f, X).outputs[0], expected)
    check(f, X, order=2, directions=2, step=1e-3)


ERRORS = [
    (lambda a: np.put(a, [6], 1.0), IndexError, "index 6 is out of bounds for axis 0 with size 6"),
    (lambda a: np.place(a, MASK, []), ValueError, "Cannot insert from an empty array"),
    (lambda a: np.putmask(a, [True], 1.0), ValueError, "mask and data must be the same size"),
    (lambda a: np.put_along_axis(a, np.array([[0.5]]), 1.0, 1), IndexError, "must be an integer array"),
    (lambda a: np.put_along_axis(a, np.array([0]), 1.0, 1), ValueError, "same number of dimensions"),
    (lambda a: np.put_along_axis(a, np.array([[0]]), 1.0, None), ValueError, "single dimension"),
    (lambda a: np.fill_diagonal(a[0], 1.0), ValueError, "array must be at least 2-d"),
    (lambda a: np.fill_diagonal(a[None], 1.0), ValueError, "All dimensions of input must be of equal length"),
    (lambda a: np.copyto(a, 1j), TypeError, "Cannot cast array data from dtype"),
    (lambda a: np.copyto(a, np.ones(2)), ValueError, "could not broadcast|cannot broadcast"),
]


@pytest.mark.parametrize(("write", "kind", "message"), ERRORS, ids=[message[:20] for *_, message in ERRORS])
def test_numpys_errors(write, kind, message):
    with pytest.raises(kind):
        write(X.reshape(2, 3).copy())
    with pytest.raises(kind, match=message):
        wg.vjp(lambda x: write(matrix(x)), X)


WRITES = {
    "copyto": np.copyto,
    "put": lambda a, t: np.put(a, [0], t),
    "place": lambda a, t: np.place(a, [True, False], t),
    "putmask": lambda a, t: np.putmask(a, [True, False], t),
    "put_along_axis": lambda a, t: np.put_along_axis(a, np.array([0]), t, 0),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_plain_array_takes_no_values(name):
    def f(x):
        a = np.zeros(2)
        WRITES[name](a, x)
        return np.sum(a)

    with pytest.raises(wg.LostDerivativeError, match=f"np.{name} would write a value that carries") as caught:
        wg.grad(f)(np.ones(2))
    assert caught.value.where.file == __file__
    assert "np.zeros_like(x)" in caught.value.remedy
