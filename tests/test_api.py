"""Transforms of functions: what they return, and every argument they refuse, by message."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import pytest

import wengert as wg


class Point(NamedTuple):
    x: float
    y: float


def square(x):
    return x * x


def product(x, y):
    return x * y


def vector(x):
    return x * np.array([1.0, 2.0])


def refused(error, message, call, source=None):
    """The error of `call`: named in this file, on the line that contains `source`."""
    with pytest.raises(error, match=message) as caught:
        call()
    assert caught.value.where.file == __file__
    assert (source or "") in caught.value.where.text
    assert str(caught.value.where.line) in str(caught.value)
    return caught.value


# How each transform is called on a function and its arguments.
TRANSFORMS = {
    "grad": lambda f, *xs: wg.grad(f)(*xs),
    "value_and_grad": lambda f, *xs: wg.value_and_grad(f)(*xs),
    "jvp": lambda f, *xs: wg.jvp(f, xs, xs),
    "vjp": lambda f, *xs: wg.vjp(f, *xs, has_aux=False),
    "jacobian": lambda f, *xs: wg.jacobian(f)(*xs),
    "jacobian forward": lambda f, *xs: wg.jacobian(f, mode="forward")(*xs),
    "jacobian reverse": lambda f, *xs: wg.jacobian(f, mode="reverse")(*xs),
    "hessian": lambda f, *xs: wg.hessian(f)(*xs),
    "hvp": lambda f, *xs: wg.hvp(f, xs, xs),
}
NAMES = {name: name.split()[0] for name in TRANSFORMS} | {"value_and_grad": "grad"}
RECORDS = {"trace": lambda f, *xs: wg.trace(f)(*xs), "tape": lambda f, *xs: wg.tape(f, *xs)}  # noqa: PLW0108


# --- what comes back -------------------------------------------------------------------------------------------


def test_a_python_number_in_gives_a_numpy_number_out():
    assert type(wg.grad(square)(3.0)) is np.float64
    value, gradient = wg.value_and_grad(square)(3.0)
    assert (type(value), type(gradient)) == (np.float64, np.float64)
    assert [type(x) for x in wg.jvp(square, (3.0,), (1.0,))] == [np.float64, np.float64]
    y, pullback = wg.vjp(square, 3.0)
    assert [type(x) for x in (y, *pullback(1.0))] == [np.float64, np.float64]


@pytest.mark.parametrize(
    "x", [np.float32(3), np.float32([1, 2]), np.complex64(1 + 2j), np.longdouble(2)], ids=lambda x: x.dtype.name
)
def test_the_precision_of_the_argument_stays(x):
    def f(x):
        return np.sum(np.abs(np.exp(x) * 2.0) ** 2)

    assert wg.grad(f)(x).dtype == x.dtype
    assert wg.vjp(np.exp, x)[1](np.ones(x.shape))[0].dtype == x.dtype
    assert wg.jvp(np.exp, (x,), (np.ones(x.shape),))[1].dtype == x.dtype
    assert wg.jacobian(np.exp)(x).dtype == x.dtype


@pytest.mark.parametrize("x", [[1.0, 2.0], (1.0, 2.0)])
def test_lists_and_tuples_are_containers_not_arrays(x):
    gradient = wg.grad(lambda p: p[0] * p[1])(x)
    assert gradient == type(x)([2.0, 1.0])


def test_values_and_gradients_come_together():
    value, gradient = wg.value_and_grad(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
    assert value == 9.0
    np.testing.assert_array_equal(gradient, [3.0, 12.0])


def test_a_missing_dependence_gives_zeros():
    x = np.float32([1, 2])
    zeros = np.zeros(2, np.float32)
    for gradient in (
        wg.grad(lambda x: 3.0)(x),
        wg.grad(lambda x: np.float64(1))(x),
        wg.grad(lambda x, y: y * y, 0)(x, 2.0),
    ):
        assert gradient.dtype == np.float32
        np.testing.assert_array_equal(gradient, zeros)
    assert wg.jvp(lambda x: 3.0, (x,), (x,)) == (3.0, 0.0)
    _y, pullback = wg.vjp(lambda x: np.ones(3), x)
    np.testing.assert_array_equal(pullback(np.ones(3))[0], zeros)
    assert wg.jacobian(lambda x: np.ones(3))(x).shape == (3, 2)
    np.testing.assert_array_equal(wg.hessian(lambda x: np.sum(x))(x), np.zeros((2, 2)))  # noqa: PLW0108


def test_integer_results_have_zero_derivatives():
    assert wg.jvp(lambda x: np.floor(x).astype(int), (1.5,), (1.0,)) == (1, 0.0)
    y, pullback = wg.vjp(lambda x: np.argmax(x), np.array([1.0, 3.0]))  # noqa: PLW0108
    assert y == 1
    np.testing.assert_array_equal(pullback(1.0)[0], [0.0, 0.0])
    assert wg.grad(lambda x: np.sum(x > 0))(np.ones(2)).tolist() == [0.0, 0.0]


def test_the_function_keeps_its_name_and_docstring():
    for transform in (wg.grad, wg.value_and_grad, wg.jacobian, wg.hessian, wg.trace):
        assert transform(square).__name__ == "square"
    assert wg.grad(functools.partial(product, 2.0))(3.0) == 2.0

    class Callable:
        def __call__(self, x):
            return x * x

    assert wg.grad(Callable())(3.0) == 6.0


def test_functions_may_be_methods_builtins_and_ufuncs():
    assert wg.grad(np.sin)(0.0) == 1.0
    assert wg.grad(abs)(-2.0) == -1.0
    assert wg.grad(max)(np.array([3.0])) is not None


def test_the_whole_result_of_a_pullback_is_new_each_time():
    _, pullback = wg.vjp(np.sin, np.ones(2))
    first, second = pullback(np.ones(2))[0], pullback(2 * np.ones(2))[0]
    np.testing.assert_allclose(second, 2 * first)


# --- argnums, keywords, has_aux --------------------------------------------------------------------------------


def test_argnums_choose_the_arguments():
    def f(x, y, z):
        return x * y * z

    assert wg.grad(f)(2.0, 3.0, 5.0) == 15.0
    assert wg.grad(f, 1)(2.0, 3.0, 5.0) == 10.0
    assert wg.grad(f, -1)(2.0, 3.0, 5.0) == 6.0
    assert wg.grad(f, (0, 2))(2.0, 3.0, 5.0) == (15.0, 6.0)
    assert wg.grad(f, [2, 0])(2.0, 3.0, 5.0) == (6.0, 15.0)
    assert wg.grad(f, (1,))(2.0, 3.0, 5.0) == (10.0,)
    assert wg.grad(f, ())(2.0, 3.0, 5.0) == ()
    assert wg.grad(f, np.int64(1))(2.0, 3.0, 5.0) == 10.0
    assert wg.grad(f, np.array([0, 1]))(2.0, 3.0, 5.0) == (15.0, 10.0)
    assert wg.value_and_grad(f, (0, -1))(2.0, 3.0, 5.0) == (30.0, (15.0, 6.0))


def test_arguments_that_are_not_chosen_may_be_anything():
    def f(x, n, name, table, *, scale=1.0):
        return x**n * table[name] * scale

    assert wg.grad(f)(3.0, 2, "a", {"a": 5.0}) == 30.0
    assert wg.grad(f)(3.0, 2, "a", {"a": 5.0}, scale=2.0) == 60.0
    assert wg.jacobian(f)(3.0, 2, "a", {"a": 5.0}) == 30.0
    assert wg.hessian(f)(3.0, 2, "a", {"a": 5.0}) == 10.0


@pytest.mark.parametrize("argnums", [2, -3, (0, 2), 7])
@pytest.mark.parametrize("transform", [wg.grad, wg.value_and_grad, wg.jacobian, wg.hessian])
def test_argnums_out_of_range_are_refused(transform, argnums):
    message = rf"argnums={argnums}, but product was called with 2 positional arguments".replace("(", r"\(").replace(
        ")", r"\)"
    )
    error = refused(wg.ArgumentError, message, lambda: transform(product, argnums)(2.0, 3.0), "transform(product")
    assert "counted from 0" in error.why
    assert "by position" in error.remedy


def test_an_argument_given_by_keyword_cannot_be_chosen():
    refused(
        wg.ArgumentError, "argnums=1, but product was called with 1 positional", lambda: wg.grad(product, 1)(2.0, y=3.0)
    )
    assert wg.grad(product)(2.0, y=3.0) == 3.0


@pytest.mark.parametrize("argnums", [0.5, "0", None, (0, 1.5)], ids=str)
def test_argnums_are_integers(argnums):
    error = refused(wg.ArgumentError, "argnums=.* for product", lambda: wg.grad(product, argnums)(2.0, 3.0))
    assert error.remedy == "Give one integer or a tuple of integers."


@pytest.mark.parametrize("argnums", [(0, 0), (0, -2)])
def test_an_argument_is_chosen_once(argnums):
    refused(wg.ArgumentError, "names an argument of product twice", lambda: wg.grad(product, argnums)(2.0, 3.0))


def with_aux(x):
    y = x * x
    return np.sum(y), {"y": y, "n": 3, "t": (1.0,)}


def test_auxiliary_results_are_passed_on():
    x = np.array([1.0, 2.0])
    gradient, aux = wg.grad(with_aux, has_aux=True)(x)
    (value, aux2), gradient2 = wg.value_and_grad(with_aux, has_aux=True)(x)
    y, pullback, aux3 = wg.vjp(with_aux, x, has_aux=True)
    assert (value, y) == (5.0, 5.0)
    for found in (gradient, gradient2, pullback(1.0)[0]):
        np.testing.assert_array_equal(found, 2 * x)
    for found in (aux, aux2, aux3):
        assert type(found["y"]) is np.ndarray
        np.testing.assert_array_equal(found["y"], x * x)
        assert (found["n"], found["t"]) == (3, (1.0,))


def test_auxiliary_results_in_nested_transforms():
    def f(x):
        slope, aux = wg.grad(lambda z: (z**3 * x, z * x), has_aux=True)(x)
        return slope + aux

    assert wg.grad(f)(2.0) == 9 * 4.0 + 2 * 2.0


@pytest.mark.parametrize("result", [1.0, (1.0,), (1.0, 2.0, 3.0), [1.0, 2.0], None], ids=str)
@pytest.mark.parametrize(
    "call",
    [
        lambda f: wg.grad(f, has_aux=True)(1.0),
        lambda f: wg.value_and_grad(f, has_aux=True)(1.0),
        lambda f: wg.vjp(f, 1.0, has_aux=True),
    ],
)
def test_auxiliary_results_must_come_in_a_pair(call, result):
    def f(x):
        return result

    error = refused(
        wg.ArgumentError, r"with has_aux=True, f must return \(result, aux\), but it returned", lambda: call(f)
    )
    assert type(result).__name__ in error.what


def test_without_has_aux_a_pair_is_a_result_of_two():
    refused(wg.ShapeError, r"grad needs a scalar result, but with_aux returned", lambda: wg.grad(with_aux)(np.ones(2)))


# --- results that have no gradient -----------------------------------------------------------------------------


@pytest.mark.parametrize("transform", ["grad", "value_and_grad", "hessian", "hvp"])
def test_a_gradient_needs_a_scalar(transform):
    call = TRANSFORMS[transform]
    error = refused(
        wg.ShapeError,
        r"grad needs a scalar result, but vector returned shape \(2,\)\.",
        lambda: call(vector, 3.0),
        "wg.",
    )
    assert error.remedy == "Use jacobian(vector), or vjp with a seed of shape (2,)."
    error = refused(
        wg.ShapeError, r"returned 2 arrays of shapes \(\), \(3,\)", lambda: call(lambda x: (x, x * np.ones(3)), 3.0)
    )


@pytest.mark.parametrize("transform", ["grad", "value_and_grad", "hessian", "hvp"])
def test_a_forgotten_return_is_named(transform):
    def forgetful(x):
        x * x  # the mistake

    call = TRANSFORMS[transform]
    error = refused(
        wg.ShapeError, "grad needs a scalar result, but forgetful returned None", lambda: call(forgetful, 2.0)
    )
    assert error.remedy == "End the function with return and the result."


def test_a_result_of_one_element_is_no_scalar():
    refused(
        wg.ShapeError, r"f returned shape \(1,\)|returned shape \(1,\)", lambda: wg.grad(lambda x: x * np.ones(1))(2.0)
    )


def test_a_complex_result_has_no_gradient():
    error = refused(
        wg.DtypeError, "grad needs a real result, but exp returned a complex one", lambda: wg.grad(np.exp)(1j)
    )
    assert "abs(y)" in error.remedy


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("result", ["text", object()], ids=["str", "object"])
def test_a_result_that_is_no_number_is_named(transform, result):
    def f(x):
        return result

    error = refused(
        wg.DtypeError, r"f returned \w+ where an array or a number is needed", lambda: TRANSFORMS[transform](f, 2.0)
    )
    assert error.remedy == "Return arrays, numbers, or containers of them."


# --- arguments that have no derivative -------------------------------------------------------------------------


@pytest.mark.parametrize("x", [2, True, np.array([1, 2]), np.uint8(3), np.array([True])], ids=str)
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_integers_have_no_derivative(transform, x):
    error = refused(
        wg.DtypeError,
        rf"{NAMES[transform]} of f was asked for an argument of dtype (int64|bool|uint8)",
        lambda: TRANSFORMS[transform](f, x),
        "wg.",
    )
    assert error.why == "Only floating point and complex values have derivatives."
    assert "Write 2.0 for 2" in error.remedy
    assert "argnums" in error.remedy
    assert isinstance(error, TypeError)


def f(x):
    return np.sum(x * 1.0)


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_text_has_no_derivative(transform):
    error = refused(
        wg.DtypeError, r"was asked for an argument of type str: 'text'", lambda: TRANSFORMS[transform](f, "text")
    )
    assert "containers" in error.why


@pytest.mark.parametrize(
    "x", [np.ma.array([1.0, 2.0], mask=[False, True]), np.ones((1, 2)).view(np.matrix)], ids=lambda x: type(x).__name__
)
@pytest.mark.parametrize("transform", [*TRANSFORMS, *RECORDS])
def test_an_array_with_operations_of_its_own_is_refused(transform, x):
    kind = type(x).__name__
    call = {**TRANSFORMS, **RECORDS}[transform]
    error = refused(wg.DtypeError, f"of f was asked for an argument of type {kind}", lambda: call(f, x))
    assert "np.asarray(x)" in error.remedy


@pytest.mark.parametrize("call", RECORDS.values(), ids=RECORDS)
def test_an_argument_that_is_no_number_cannot_be_recorded(call):
    def g(x, kind):
        return np.sin(x) if kind == "sin" else x

    error = refused(
        wg.DtypeError, r"(trace|tape) of g was asked for an argument of type str: 'sin'", lambda: call(g, 1.0, "sin")
    )
    assert "by keyword" in error.remedy
    assert wg.trace(g)(1.0, kind="sin")(0.0) == 0.0


def test_an_integer_inside_a_container_is_found():
    refused(
        wg.DtypeError, "an argument of dtype int64: 2", lambda: wg.grad(lambda p: p["w"] * p["n"])({"w": 1.0, "n": 2})
    )


# --- seeds and tangents ----------------------------------------------------------------------------------------


def test_seeds_of_another_shape_are_refused():
    _, pullback = wg.vjp(vector, 3.0)
    error = refused(
        wg.ShapeError,
        r"cotangents for vector: shape \(3,\) was given for a value of shape \(2,\)",
        lambda: pullback(np.ones(3)),
        "pullback(np.ones(3))",
    )
    assert error.remedy == "Give an array of shape (2,)."
    refused(wg.ShapeError, r"shape \(\) was given for a value of shape \(2,\)", lambda: pullback(1.0))
    refused(
        wg.ShapeError,
        r"tangents for square: shape \(\) was given for a value of shape \(2,\)",
        lambda: wg.jvp(square, (np.ones(2),), (1.0,)),
    )
    refused(wg.ShapeError, "tangents for", lambda: wg.hvp(f, (np.ones(2),), (np.ones(3),)))


def test_seeds_of_another_structure_are_refused():
    _, pullback = wg.vjp(lambda x: (x, [x]), 3.0)
    for seed in ((1.0, 1.0), (1.0,), [1.0, [1.0]], 1.0, {"a": 1.0}):
        error = refused(
            wg.ArgumentError, "cotangents for <lambda> must have the structure", lambda seed=seed: pullback(seed)
        )
        assert "the same containers" in error.remedy
    assert pullback((1.0, [2.0]))[0] == 3.0
    for tangents in ((1.0,), (1.0, 2.0, 3.0), ([1.0], 2.0)):
        refused(
            wg.ArgumentError,
            "tangents for product must have the structure",
            lambda t=tangents: wg.jvp(product, (2.0, 3.0), t),
        )


def test_complex_seeds_of_real_values_are_refused():
    _, pullback = wg.vjp(np.sin, 1.0)
    error = refused(
        wg.DtypeError,
        "cotangents for sin: a complex array was given for a value of dtype float64",
        lambda: pullback(1j),
    )
    assert error.remedy == "Give a real array."
    refused(wg.DtypeError, "tangents for sin: a complex array", lambda: wg.jvp(np.sin, (1.0,), (1j,)))


def test_seeds_that_are_no_numbers_are_refused():
    _, pullback = wg.vjp(np.sin, 1.0)
    for seed in ("1", object()):
        refused(wg.DtypeError, "cotangents for sin must be numbers, but dtype", lambda seed=seed: pullback(seed))
    refused(wg.DtypeError, "tangents for sin must be numbers", lambda: wg.jvp(np.sin, (1.0,), ("1",)))


def test_integer_seeds_are_numbers():
    assert wg.jvp(np.exp, (0.0,), (2,)) == (1.0, 2.0)
    assert wg.vjp(np.exp, 0.0)[1](2) == (2.0,)
    assert type(wg.jvp(lambda x: x, (0.0,), (True,))[1]) is np.float64


@pytest.mark.parametrize("transform", [wg.jvp, wg.hvp], ids=["jvp", "hvp"])
@pytest.mark.parametrize(("primals", "tangents"), [(2.0, 1.0), ((2.0,), 1.0), (2.0, (1.0,)), (np.ones(2), np.ones(2))])
def test_primals_and_tangents_are_tuples(transform, primals, tangents):
    name = transform.__name__
    error = refused(
        wg.ArgumentError,
        f"{name} of f needs a tuple of primals and a tuple of tangents",
        lambda: transform(f, primals, tangents),
    )
    assert error.remedy == f"Write {name}(f, (x,), (x_dot,))."


def test_lists_of_primals_are_as_good():
    assert wg.jvp(product, [2.0, 3.0], [1.0, 0.0]) == (6.0, 3.0)
    assert wg.hvp(product, [2.0, 3.0], [1.0, 0.0]) == (0.0, 1.0)


# --- hvp -------------------------------------------------------------------------------------------------------


def test_the_hessian_times_a_vector():
    x, v = np.array([1.0, 2.0, 3.0]), np.array([1.0, 0.0, -1.0])

    def g(x):
        return np.sum(x**3) + x[0] * x[1] * x[2]

    np.testing.assert_allclose(wg.hvp(g, (x,), (v,)), wg.hessian(g)(x) @ v, rtol=1e-14)


def test_the_hessian_of_several_arguments_times_vectors():
    xx, yy = wg.hvp(lambda x, y: x * x * y, (2.0, 3.0), (1.0, 10.0))
    assert (xx, yy) == (2 * 3.0 + 10 * 2 * 2.0, 2 * 2.0)
    p = {"a": 2.0, "b": np.ones(2)}
    product_of = wg.hvp(lambda p: p["a"] ** 2 * np.sum(p["b"] ** 2), (p,), ({"a": 1.0, "b": np.zeros(2)},))
    assert product_of["a"] == 4.0
    np.testing.assert_array_equal(product_of["b"], [8.0, 8.0])


# --- nothing is shared -----------------------------------------------------------------------------------------

SHARING = {
    "identity": lambda x: x,
    "plus": lambda x: +x,
    "add": lambda x: x + 1.0,
    "view": lambda x: x[:],
    "twice": lambda x: (x, x),
    "sums": lambda x: (x + 1.0, x + 2.0),
    "broadcast": lambda x: np.broadcast_to(x, (2, 3)),
    "transpose": lambda x: x[None].T,
    "element and whole": lambda x: (x, x[0]),
    "whole and element": lambda x: (x[1], x, x[:2]),
    "sum": np.sum,
    "concatenation": lambda x: np.concatenate([x, x]),
}


@pytest.mark.parametrize("f", SHARING.values(), ids=SHARING)
def test_cotangents_share_memory_with_nothing(f):
    x = np.array([1.0, 2.0, 3.0])
    y, pullback = wg.vjp(f, x)
    leaves = y if isinstance(y, tuple) else (y,)
    seeds = tuple(np.ones(np.shape(leaf)) for leaf in leaves)
    seed = seeds if isinstance(y, tuple) else seeds[0]
    (first,) = pullback(seed)
    expected = first.copy()
    assert all(np.all(s == 1.0) for s in seeds), "the seeds are as they were given"
    first[...] = 99.0
    (second,) = pullback(seed)
    np.testing.assert_array_equal(second, expected)
    assert all(np.all(s == 1.0) for s in seeds)
    np.testing.assert_array_equal(x, [1.0, 2.0, 3.0])


@pytest.mark.parametrize("f", SHARING.values(), ids=SHARING)
def test_tangents_share_memory_with_nothing(f):
    x, t = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0])
    _, y_dot = wg.jvp(f, (x,), (t,))
    tangents = y_dot if isinstance(y_dot, tuple) else (y_dot,)
    copies = [np.copy(leaf) for leaf in tangents]
    for k, leaf in enumerate(tangents):
        if np.ndim(leaf):
            leaf[...] = 99.0
            np.testing.assert_array_equal(t, [1.0, 1.0, 1.0])
            np.testing.assert_array_equal(x, [1.0, 2.0, 3.0])
            for other, copied in list(zip(tangents, copies, strict=True))[k + 1 :]:
                np.testing.assert_array_equal(other, copied)


def test_gradients_of_several_arguments_share_nothing():
    a_bar, b_bar, c_bar = wg.grad(lambda a, b, c: np.sum(a + b + c), (0, 1, 2))(np.ones(3), np.ones(3), np.ones(3))
    a_bar[...] = 5.0
    b_bar[0] = 7.0
    np.testing.assert_array_equal(c_bar, np.ones(3))
    np.testing.assert_array_equal(b_bar, [7.0, 1.0, 1.0])


def test_one_argument_in_two_places():
    x = np.ones(2)
    a_bar, b_bar = wg.grad(lambda a, b: np.sum(a * 2 + b * 3), (0, 1))(x, x)
    np.testing.assert_array_equal(a_bar, [2.0, 2.0])
    np.testing.assert_array_equal(b_bar, [3.0, 3.0])


def test_arguments_are_not_changed():
    def f(x):
        y = x * 1.0
        y += 5.0
        y *= x
        return np.sum(y)

    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(wg.grad(f)(x), 2 * x + 5)
    np.testing.assert_array_equal(x, [1.0, 2.0])


def test_an_argument_changed_in_place_inside_is_the_functions_own():
    def f(x):
        x *= 3.0
        return np.sum(x * x)

    x = np.array([1.0, 2.0])
    np.testing.assert_array_equal(wg.grad(f)(x), 18 * x)
    np.testing.assert_array_equal(wg.jvp(f, (x,), (np.ones(2),))[1], np.sum(18 * x))
    np.testing.assert_array_equal(x, [1.0, 2.0])


# --- values that leave -----------------------------------------------------------------------------------------


def test_what_numpy_hides_is_shown_inside_a_transform():
    def f(x):
        a = np.zeros(3)
        a[0] = x
        return np.sum(a)

    for call in (
        lambda: wg.grad(f)(1.0),
        lambda: wg.jvp(f, (1.0,), (1.0,)),
        lambda: wg.vjp(f, 1.0),
        lambda: wg.jacobian(f, mode="forward")(1.0),
        lambda: wg.hessian(f)(1.0),
        lambda: wg.trace(f)(1.0),
        lambda: wg.tape(f, 1.0),
    ):
        error = refused(wg.LostDerivativeError, "an assignment into a NumPy array", call, "a[0] = x")
        assert error.__cause__ is None
        assert "np.zeros_like(x)" in error.remedy


def test_other_errors_of_the_function_pass_through():
    def f(x):
        raise ValueError("mine")

    for call in (TRANSFORMS["grad"], TRANSFORMS["jvp"], TRANSFORMS["jacobian"]):
        with pytest.raises(ValueError, match=r"^mine$"):
            call(f, 1.0)


def escaping():
    kept = []

    def keep(x):
        kept.append(x)
        return x * 1.0

    return kept, keep


@pytest.mark.parametrize(
    "inner", [lambda f: wg.grad(f)(2.0), lambda f: wg.jvp(f, (2.0,), (1.0,)), lambda f: wg.tape(f, 2.0)]
)
@pytest.mark.parametrize("outer", ["grad", "jvp", "jacobian reverse", "vjp"])
def test_a_value_of_an_ended_transform_is_not_returned(outer, inner):
    kept, keep = escaping()

    def f(x):
        inner(keep)
        return kept[-1]

    error = refused(
        wg.EscapedValueError, "f gave a value of a transform that has ended", lambda: TRANSFORMS[outer](f, 1.0)
    )
    assert "used outside of it" in error.why
    assert "has_aux=True" in error.remedy


def test_a_value_of_an_ended_transform_is_not_an_auxiliary_result():
    kept, keep = escaping()

    def f(x):
        wg.grad(keep)(2.0)
        return x, kept[-1]

    refused(wg.EscapedValueError, "f gave a value of a transform that has ended", lambda: wg.grad(f, has_aux=True)(1.0))


@pytest.mark.parametrize("outer", ["grad", "jvp", "jacobian forward", "jacobian reverse"])
def test_a_value_of_an_ended_transform_is_not_used(outer):
    for inner in (wg.grad, lambda f: lambda x: wg.jvp(f, (x,), (1.0,))):
        kept, keep = escaping()
        inner(keep)(2.0)
        with pytest.raises(wg.EscapedValueError, match="a value of a transform that has ended") as caught:
            TRANSFORMS[outer](lambda x, kept=kept: x * kept[0], 1.0)
        assert caught.value.where.file == __file__


# --- vjp and complex numbers -----------------------------------------------------------------------------------


def test_a_pullback_is_linear_and_may_be_called_often():
    x = np.array([0.5, 1.0])
    _y, pullback = wg.vjp(lambda x: np.outer(x, x), x)
    first = pullback(np.eye(2))[0]
    np.testing.assert_allclose(pullback(3 * np.eye(2))[0], 3 * first)
    np.testing.assert_allclose(first, 2 * x)


def test_a_pullback_without_arguments():
    _y, pullback = wg.vjp(lambda: np.ones(2))
    assert pullback(np.ones(2)) == ()


def test_complex_gradients_point_uphill():
    z = np.array([1 + 2j, -0.5j])
    gradient = wg.grad(lambda z: np.sum(np.abs(z) ** 2))(z)
    np.testing.assert_allclose(gradient, 2 * z)
    step = wg.grad(lambda z: np.real(z * (3 - 4j)))(1j)
    assert step == np.conj(3 - 4j)


def test_a_gradient_is_taken_for_tensors_as_for_arrays():
    t = wg.tensor([1.0, 2.0])
    gradient = wg.grad(lambda x: np.sum(x * x))(t)
    assert isinstance(gradient, wg.Tensor)
    assert gradient.tolist() == [2.0, 4.0]


# --- tape and trace --------------------------------------------------------------------------------------------


def test_trace_and_tape_say_the_same():
    lst, tape = wg.trace(product)(2.0, 3.0), wg.tape(product, 2.0, 3.0)
    assert str(tape.list) == str(lst)
    assert tape.outputs == (6.0,)
    assert wg.tape(product, 2.0, y=3.0).outputs == (6.0,)
