"""The attributes and methods of arrays, on values of every kind."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import wengert as wg
from wengert.value import Value

KINDS = {
    "tensor": lambda f, x: f(wg.tensor(x, requires_grad=True)),
    "grad": wg.vjp,
    "jvp": lambda f, x: wg.jvp(f, (x,), (np.ones_like(x),)),
    "tape": wg.tape,
    "trace": lambda f, x: wg.trace(f)(x),
}
PUBLIC = [name for name in dir(np.ndarray) if not name.startswith("_")]
X = np.array([[3.0, 1.0, 2.0], [0.5, 4.0, -1.0]])


def of_value(kind, f, x=X):
    """What `f` gives for a value of `kind`."""
    found = []
    KINDS[kind](lambda value: [found.append(f(value)), value][1], x)
    return found[0]


def plain(value):
    return np.asarray(value._concrete() if isinstance(value, Value) else value)


# --- all of them -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUBLIC)
def test_every_attribute_of_an_array_is_one_of_a_value(name):
    assert name in dir(Value)


@pytest.mark.parametrize("kind", KINDS)
def test_what_follows_from_shape_and_dtype(kind):
    assert of_value(kind, lambda x: (x.ndim, x.size, x.itemsize, x.nbytes, x.device)) == (2, 6, 8, 48, "cpu")


REFUSED = {
    "flags": (lambda x: x.flags.writeable, "np.asarray(x.detach()).flags"),
    "strides": (lambda x: x.strides, "sliding_window_view"),
    "base": (lambda x: x.base, "x.copy()"),
    "ctypes": (lambda x: x.ctypes, "wengert.elementwise"),
    "setflags": (lambda x: x.setflags(write=False), "x.copy()"),
    "resize": (lambda x: x.resize(3), "np.resize(x, shape)"),
    "byteswap": (lambda x: x.byteswap(), "Swap the bytes"),
    "getfield": (lambda x: x.getfield(np.int32), "x.astype"),
    "setfield": (lambda x: x.setfield(1, np.int32), "x[...]"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_says_so(name, kind):
    use, remedy = REFUSED[name]
    with pytest.raises(wg.NoRuleError, match=rf"a \w+ has no {name}\.") as caught:
        of_value(kind, use)
    assert caught.value.where.file == __file__
    assert caught.value.why
    assert remedy in caught.value.remedy


def test_an_attribute_without_meaning_is_not_assigned_either():
    with pytest.raises(wg.NoRuleError, match="a Tensor has no strides"):
        wg.tensor(X).strides = (8,)


@pytest.mark.parametrize("kind", ["jvp", "tape", "trace"])
def test_the_numbers_of_a_value_inside_a_transform_have_no_address(kind):
    with pytest.raises(wg.NoRuleError, match=r"a \w+ has no data\."):
        of_value(kind, lambda x: x.data)


BYTES = {
    "tobytes": lambda x: x.tobytes(),
    "dumps": lambda x: x.dumps(),
    "dump": lambda x: x.dump("never_written"),
    "tofile": lambda x: x.tofile("never_written"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BYTES)
def test_bytes_are_not_taken_out(name, kind):
    with pytest.raises(wg.LostDerivativeError, match=rf"{name}\(\) was called on a \w+ that carries a derivative"):
        of_value(kind, BYTES[name])


def test_a_constant_gives_its_bytes(tmp_path):
    x = wg.tensor(X)
    assert x.tobytes() == X.tobytes()
    np.testing.assert_array_equal(pickle.loads(x.dumps()), X)  # noqa: S301  # its own bytes
    x.dump(tmp_path / "dumped")
    np.testing.assert_array_equal(np.load(tmp_path / "dumped", allow_pickle=True), X)
    x.tofile(tmp_path / "raw")
    np.testing.assert_array_equal(np.fromfile(tmp_path / "raw"), X.ravel())


# --- parts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tensor", "grad", "jvp", "tape"])
def test_the_parts_of_a_complex_array_can_be_assigned(kind):
    def f(x):
        z = x * (1 + 2j)
        z.real = 3 * x
        z.imag[0] = 7.0
        z.imag = z.imag + 1
        return z

    expected = 3 * X + 1j * (2 * X + 1)
    expected.imag[0] = 8.0
    np.testing.assert_array_equal(plain(of_value(kind, f)), expected)


def test_the_derivative_through_assigned_parts():
    def f(x):
        z = x * (1 + 2j)
        z.real = x**3
        return np.sum(z.real * z.imag)

    np.testing.assert_allclose(wg.grad(f)(X), 8 * X**3)
    np.testing.assert_allclose(wg.jvp(f, (X,), (np.ones_like(X),))[1], np.sum(8 * X**3))


def test_the_imaginary_part_of_real_numbers_is_not_assigned():
    with pytest.raises(TypeError, match="array does not have imaginary part to set"):
        wg.tensor(X).imag = 1.0
    with pytest.raises(TypeError, match="array does not have imaginary part to set"):
        X.copy().imag = 1.0


@pytest.mark.parametrize("kind", ["jvp", "tape", "trace"])
def test_a_view_as_complex_numbers_and_back(kind):
    def f(x):
        z = x[:, :2].view(complex)
        return (z * z).view(np.dtype(float)), z.view() is not z

    found, is_new = of_value(kind, f)
    assert is_new
    assert found.shape == (2, 2)
    assert found.dtype == float
    if kind != "trace":
        a, b = X[:, 0], X[:, 1]
        np.testing.assert_array_equal(plain(found), np.stack([a * a - b * b, 2 * a * b], axis=1))


def test_the_derivative_of_a_view_as_complex_numbers():
    def square_of_modulus(x):
        z = Value.view(x, complex)  # PyTorch's view of a tensor is another one
        return np.sum((z * np.conj(z)).real)

    x = np.array([1.0, 2.0, -3.0, 0.5])
    np.testing.assert_allclose(wg.grad(square_of_modulus)(x), 2 * x)
    np.testing.assert_allclose(wg.jvp(square_of_modulus, (x,), (x,))[1], 2 * np.sum(x * x))


def test_writing_into_a_view_as_complex_numbers_changes_the_array():
    def f(x):
        whole = x * 1.0
        whole.view(complex)[0] = 5 + 6j
        return whole * x

    x = np.array([1.0, 2.0, -3.0, 0.5])
    y, t = wg.jvp(f, (x,), (np.ones(4),))
    np.testing.assert_array_equal(y, [5, 12, 9, 0.25])
    np.testing.assert_array_equal(t, [5, 6, -6, 1])


def test_a_view_as_other_bytes_is_refused():
    with pytest.raises(wg.NoRuleError, match="an array of dtype float64 was viewed as one of int64"):
        of_value("jvp", lambda x: x.view(np.int64))
    with pytest.raises(wg.NoRuleError, match="an array of dtype float64 was viewed as one of complex64"):
        of_value("jvp", lambda x: x.view(np.complex64))
    with pytest.raises(wg.NoRuleError, match="view was called with type=matrix"):
        of_value("jvp", lambda x: x.view(type=np.matrix))
    for view in (lambda x: x.view(complex), lambda x: np.sum(x).view(complex)):
        with pytest.raises(ValueError, match=r"dtype"):
            of_value("jvp", view)


# --- the elements one after the other --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tensor", "grad", "jvp", "tape"])
def test_flat_is_indexed_and_iterated_over(kind):
    def f(x):
        it = x.flat
        first = next(it)
        return [first, next(it), x.flat[3], x.flat[[0, 5]], x.flat[1:3], len(x.flat), list(x.flat)[4], x.flat.copy()]

    expected = [3.0, 1.0, 0.5, [3.0, -1.0], [1.0, 2.0], 6, 4.0, X.ravel()]
    for found, wanted in zip(of_value(kind, f), expected, strict=True):
        np.testing.assert_array_equal(plain(found), wanted)


def test_flat_comes_to_an_end():
    it = wg.tensor([1.0, 2.0]).flat
    assert [float(x) for x in (next(it), next(it))] == [1.0, 2.0]
    with pytest.raises(StopIteration):
        next(it)
    np.testing.assert_array_equal(np.asarray(wg.tensor(X).flat), X.ravel())


@pytest.mark.parametrize("kind", ["tensor", "grad", "jvp", "tape"])
def test_flat_is_assigned_to_as_numpy_does(kind):
    def change(x):
        x = x * 1.0
        x.flat[2:5] = [10.0, 20.0]
        x.flat[0] = 7.0
        y = x.copy()
        y.flat = [1.0, 2.0]
        return x, y

    for found, wanted in zip(of_value(kind, change), change(X), strict=True):
        np.testing.assert_array_equal(plain(found), wanted)


def test_an_element_of_flat_is_a_copy():
    x = wg.tensor(X)
    part = x.flat[0:2]
    part[0] = 100.0
    assert float(x[0, 0]) == 3.0


# --- in place --------------------------------------------------------------------------------------------------

IN_PLACE = {
    "sort": lambda x: x.sort(),
    "sort axis=0": lambda x: x.sort(axis=0, kind="stable"),
    "sort of a row": lambda x: x[1].sort(),
    "partition": lambda x: x.partition(1),
    "fill": lambda x: x.fill(2.0),
    "fill a column": lambda x: x[:, 1].fill(2.0),
    "put": lambda x: x.put([0, -1], [8.0, 9.0]),
}


@pytest.mark.parametrize("kind", ["tensor", "grad", "jvp", "tape"])
@pytest.mark.parametrize("name", IN_PLACE)
def test_a_method_in_place_changes_the_array_and_its_views(name, kind):
    def f(x):
        whole = x * 1.0
        row = whole[1]
        assert IN_PLACE[name](whole) is None
        return whole, row

    for found, wanted in zip(of_value(kind, f), f(X), strict=True):
        np.testing.assert_array_equal(plain(found), wanted)


def test_sorting_in_place_carries_the_derivative_along():
    def f(x):
        x = x * 1.0
        x.sort()
        return np.sum(x * np.array([1.0, 10.0, 100.0]))

    expected = np.array([[100.0, 1.0, 10.0], [10.0, 100.0, 1.0]])
    np.testing.assert_array_equal(wg.grad(f)(X), expected)
    assert wg.jvp(f, (X,), (np.ones_like(X),))[1] == np.sum(expected)


def test_elements_are_not_deleted():
    x = wg.tensor(X)
    with pytest.raises(ValueError, match="cannot delete array elements"):
        del x[0]


# --- parameters ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", [np.float32, int])
def test_an_unsafe_cast_is_refused_in_numpys_words(target, kind):
    words = rf"Cannot cast array data from dtype\('float64'\) to dtype\('{np.dtype(target)}'\) according to"
    with pytest.raises(TypeError, match=words):
        X.astype(target, casting="safe")
    with pytest.raises(TypeError, match=words):
        of_value(kind, lambda x: x.astype(target, casting="safe"))


@pytest.mark.parametrize("kind", ["grad", "jvp", "tape"])
def test_positions_of_parameters_are_numpys(kind):
    def f(x):
        return x.max(0, None), x.mean(0, float), x.var(0, float, None, 1), x.sum(0, float), x.clip(0.0, 2.0), x.round(1)

    for found, wanted in zip(of_value(kind, f), f(X), strict=True):
        np.testing.assert_allclose(plain(found), wanted)


def test_membership():
    x = wg.tensor(X, requires_grad=True)
    assert 4.0 in x
    assert 5.0 not in x
    assert wg.grad(lambda x: np.sum(x * (4.0 in x)))(X).tolist() == np.ones_like(X).tolist()


def test_shifts_of_integers():
    x = wg.tensor([1, 2, 5])
    np.testing.assert_array_equal((x << 2).numpy(), [4, 8, 20])
    np.testing.assert_array_equal((x >> 1).numpy(), [0, 1, 2])
    np.testing.assert_array_equal((1 << x).numpy(), [2, 4, 32])
    np.testing.assert_array_equal((64 >> x).numpy(), [32, 16, 2])


# --- array libraries -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_namespace_of_a_value_is_numpy(kind):
    assert of_value(kind, lambda x: x.__array_namespace__()) is np
    assert of_value(kind, lambda x: x.__array_namespace__(api_version="2024.12")) is np
    assert of_value(kind, lambda x: x.to_device("cpu") is x)


def test_another_version_of_the_standard_or_device_is_refused_as_numpy_does():
    with pytest.raises(ValueError, match="1999"):
        wg.tensor(X).__array_namespace__(api_version="1999.1")
    with pytest.raises(ValueError, match="gpu"):
        wg.tensor(X).to_device("gpu")


def test_a_function_for_any_array_library_is_differentiated():
    def softmax(x):
        xp = x.__array_namespace__()
        e = xp.exp(x - xp.max(x))
        return xp.sum(e * e) / xp.sum(e) ** 2

    wg.check(softmax, X)


# --- out= ------------------------------------------------------------------------------------------------------

WRITING = {
    "clip": lambda x, out: x.clip(1.5, 3.5, out=out),
    "clip, by position": lambda x, out: x.clip(1.5, 3.5, out),
    "round": lambda x, out: x.round(1, out=out),
    "cumsum": lambda x, out: x.cumsum(out=out),
    "cumprod": lambda x, out: x.cumprod(0, None, out),
    "take": lambda x, out: x.take([0, 2, 2, 1], out=out),
    "compress": lambda x, out: x.compress([True, True, True, True], out=out),
    "dot": lambda x, out: x.dot(2 * np.eye(4), out=out),
    "max": lambda x, out: x.max(out=out[:1], keepdims=True),
    "min": lambda x, out: x.min(0, out[2:].reshape(2)[:1], keepdims=True),
    "var": lambda x, out: x.var(out=out[:1], keepdims=True),
    "std": lambda x, out: x.std(out=out[:1], keepdims=True),
    "trace": lambda x, out: x.reshape(2, 2).trace(out=out[1:2].reshape(())),
}
REDUCING = {
    "sum": lambda x, out: x.sum(0, None, out[:1], keepdims=True),
    "mean": lambda x, out: x.mean(out=out[:1], keepdims=True),
    "prod": lambda x, out: x.prod(out=out[:1], keepdims=True),
}


@pytest.mark.parametrize("method", [*WRITING.values(), *REDUCING.values()], ids=[*WRITING, *REDUCING])
def test_a_method_writes_into_a_value(method):
    def f(x):
        out = 3 * x
        method(x * x, out)
        return out

    x = np.array([1.25, 0.5, 1.75, 2.0])
    tangent = np.array([1.0, -2.0, 0.5, 3.0])
    found, change = wg.jvp(f, (x,), (tangent,))
    np.testing.assert_array_equal(found, f(x))
    if method is not WRITING["round"]:
        eps = 1e-6
        np.testing.assert_allclose(change, (f(x + eps * tangent) - f(x - eps * tangent)) / (2 * eps), atol=1e-6)


@pytest.mark.parametrize("method", WRITING.values(), ids=WRITING)
def test_a_method_writes_into_a_tensor(method):
    def f(x):
        out = 3 * x
        method(x * x, out)
        return out

    x = np.array([1.25, 0.5, 1.75, 2.0])
    np.testing.assert_allclose(wg.jacobian(f, mode="reverse")(x), wg.jacobian(f, mode="forward")(x), rtol=1e-14)
    y = wg.tensor(x) * 1
    assert y.clip(1.5, 3.5, out=y) is y
    with pytest.raises(wg.NoRuleError, match="out="):
        method(wg.tensor(x, requires_grad=True), np.zeros(4))


def test_what_is_written_to_has_the_shape_of_the_result():
    x = wg.tensor(np.array([1.25, 0.5, 1.75, 2.0])) * 1
    for write in (lambda: x.max(out=x), lambda: x.cumsum(out=x[:2]), lambda: x.dot(np.eye(4), out=x[:3])):
        with pytest.raises(ValueError, match="shape"):
            write()
    np.testing.assert_array_equal(x.detach().numpy(), [1.25, 0.5, 1.75, 2.0])
