"""Laws that every call of a library function obeys, for the tables in ``laws/calls``.

The oracle is the library's own function on plain arrays, and numerical differentiation of it.
"""

import numpy as np
import pytest

import wengert as wg
from laws.calling import ALL_CALLS
from wengert.checker import check
from wengert.containers import flatten
from wengert.value import stacked

COMPLEX = [c for c in ALL_CALLS if c.complex_too]
SINGLE = [c for c in ALL_CALLS if c.single_too]


def results(y):
    return list(y) if isinstance(y, (tuple, list)) else [y]


def plain(y):
    if getattr(y, "dtype", np.dtype(float)).kind == "O":  # np.array([a, b]) of tensors holds objects
        y = stacked(y)
    return np.asarray(y.detach() if isinstance(y, wg.Tensor) else y)


def values_by_every_route(call):
    tensors = [wg.tensor(x, requires_grad=True) for x in call.args]
    yield "tensors", [plain(y) for y in results(call.function(*tensors))]
    yield "duals", results(wg.jvp(call.function, call.args, tuple(np.ones_like(x) for x in call.args))[0])
    yield "tape", list(wg.tape(call.function, *call.args).outputs)
    if call.traceable:
        lst = wg.trace(call.function)(*call.args)
        lst.verify()
        yield "list", results(lst(*call.args))


def assert_values(call):
    expected = [np.asarray(y) for y in results(call.function(*call.args))]
    eps = max(np.finfo(np.asarray(x).dtype).eps for x in call.args)
    rtol = max(call.value_rtol, 100 * eps)
    for route, found in values_by_every_route(call):
        assert len(found) == len(expected), route
        for y, wanted in zip(found, expected, strict=True):
            array = np.asarray(y)
            assert (array.shape, array.dtype) == (wanted.shape, wanted.dtype), route
            if array.dtype.kind in "biu":
                np.testing.assert_array_equal(array, wanted, err_msg=route)
            else:
                scale = np.max(np.abs(wanted), initial=0)
                np.testing.assert_allclose(array, wanted, rtol=rtol, atol=rtol * scale, err_msg=route)


@pytest.mark.parametrize("call", ALL_CALLS, ids=str)
def test_values_of_any_kind_give_what_the_library_gives(call):
    assert_values(call)


@pytest.mark.parametrize("call", ALL_CALLS, ids=str)
def test_both_modes_agree_with_numerical_differentiation(call):
    check(call.function, *call.args, order=call.order, directions=2, step=call.step, rtol=call.rtol)


@pytest.mark.parametrize("call", COMPLEX, ids=str)
def test_the_same_at_complex_arguments(call):
    turned = call.turned()
    assert_values(turned)
    check(turned.function, *turned.args, order=call.order, directions=2, step=call.step, rtol=call.rtol)


@pytest.mark.parametrize("call", SINGLE, ids=str)
def test_single_precision_in_gives_derivatives_in_single_precision(call):
    single = call.single()
    expected = [np.asarray(y) for y in results(single.function(*single.args))]
    ys, y_dots = wg.jvp(single.function, single.args, tuple(np.ones_like(x) for x in single.args))
    for y, y_dot, wanted in zip(results(ys), results(y_dots), expected, strict=True):
        assert np.asarray(y).dtype == wanted.dtype
        if wanted.dtype.kind in "fc":
            assert y_dot.dtype == wanted.dtype
            assert np.all(np.isfinite(y_dot))
    ys, pullback = wg.vjp(single.function, *single.args)
    seeds = [np.ones(np.shape(y), np.asarray(y).dtype) for y in results(ys)]
    for x_bar in pullback(flatten(ys)[1](seeds)):
        assert x_bar.dtype == np.float32
        assert np.all(np.isfinite(x_bar))
