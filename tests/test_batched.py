"""`vmap`: axes and containers, nesting with all transforms, arrays changed in place, computed indices, errors."""

import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest

import wengert as wg
from wengert.batched import Batched
from wengert.updating import gather
from wengert.vectorisation import vmap

RNG = np.random.default_rng(3)
XS = RNG.normal(size=(3, 4))
W = RNG.normal(size=4)


def loss(w, x):
    return np.tanh(w @ x) ** 2


def rows(f, *args):
    return np.stack([f(*row) for row in zip(*args, strict=True)])


def assert_equal(found, expected, rtol=1e-12):
    assert (np.shape(found), np.asarray(found).dtype) == (np.shape(expected), np.asarray(expected).dtype)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * np.max(np.abs(expected), initial=0))


# --- axes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("in_axis", "out_axis"), list(itertools.product([0, 1, 2, -1, -2, -3], [0, 1, 2, -1, -3])))
def test_axes_of_argument_and_result(in_axis, out_axis):
    x = RNG.normal(size=(2, 3, 4))
    taken = np.moveaxis(x, in_axis, 0)
    expected = np.moveaxis(np.stack([np.cumsum(one.T, axis=0) for one in taken]), 0, out_axis)
    assert_equal(vmap(lambda x: np.cumsum(x.T, axis=0), in_axis, out_axis)(x), expected)


def test_an_argument_without_axis_is_the_same_for_all():
    assert_equal(vmap(loss, (None, 0))(W, XS), rows(lambda x: loss(W, x), XS))
    assert_equal(vmap(loss, [None, 0])(W, XS), rows(lambda x: loss(W, x), XS))
    passed = []
    vmap(lambda x, name: passed.append(name) or x, (0, None))(XS, "a name")
    assert passed == ["a name"]


def test_keyword_arguments_are_constants():
    assert_equal(vmap(lambda x, power: x**power)(XS, power=3), XS**3)


class Pair(NamedTuple):
    left: object
    right: object


def test_axes_of_containers_are_given_down_to_any_depth():
    def f(params, x):
        return {"y": params["w"] @ x + params["pair"].left, "both": Pair(x, params["pair"].right)}

    params = {"w": RNG.normal(size=(4, 4)), "pair": Pair(RNG.normal(size=3), 2.0)}
    found = vmap(f, ({"w": None, "pair": Pair(0, None)}, 0), {"y": 1, "both": Pair(0, None)})(params, XS)
    assert_equal(found["y"], (XS @ params["w"].T + params["pair"].left[:, None]).T)
    assert_equal(found["both"].left, XS)
    assert found["both"].right == 2.0
    by_prefix = vmap(f, ({"w": None, "pair": 0}, 0), (0))({**params, "pair": Pair(np.ones(3), np.arange(3.0))}, XS)
    assert_equal(by_prefix["both"].right, np.arange(3.0))
    assert_equal(by_prefix["y"], XS @ params["w"].T + 1)


def test_a_result_that_does_not_depend_on_the_batch_is_repeated():
    found = vmap(lambda x: (np.arange(2.0), 1, x[0]))(XS)
    assert_equal(found[0], np.tile(np.arange(2.0), (3, 1)))
    assert_equal(found[1], np.ones(3, int))
    found[0][0] = 9  # an array of its own
    assert found[0][1, 0] == 0
    assert_equal(vmap(lambda x: np.arange(2.0), out_axes=None)(XS), np.arange(2.0))


def test_results_are_arrays_of_the_callers_own():
    x = XS.copy()
    y = vmap(lambda x: x)(x)
    y[...] = 0
    assert np.all(x == XS)
    one, other = vmap(lambda x: (x.T, x.T))(x)
    one[...] = 0
    assert_equal(other, XS)


@pytest.mark.parametrize(
    "f", [np.sin, np.sum, lambda x: x @ x, lambda x: np.sort(x)[1:], lambda x: np.linspace(0, 1, 3)]
)
def test_a_batch_of_none(f):
    found = vmap(f)(np.zeros((0, 4)))
    assert found.shape == (0, *np.shape(f(np.zeros(4))))


def test_a_batch_of_none_without_a_rule_of_its_own():
    found = vmap(lambda a, b: np.linalg.lstsq(a, b)[0])(np.zeros((0, 4, 2)), np.zeros((0, 4)))
    assert found.shape == (0, 2)


def test_a_batch_of_one_is_no_single_value():
    assert_equal(vmap(lambda x: x + np.ones((2, 4)))(XS[:1]), (XS[:1] + np.ones((2, 4)))[None])
    assert_equal(vmap(lambda x: np.ones(4) @ x)(XS[:1]), XS[:1].sum(axis=1))


# --- nesting -------------------------------------------------------------------------------------

DIRECTION = np.cos(np.arange(4.0))
OF_ONE = {
    "value": lambda x: loss(W, x),
    "grad": wg.grad(lambda x: loss(W, x)),
    "jvp": lambda x: wg.jvp(lambda x: loss(W, x), (x,), (DIRECTION,))[1],
    "vjp": lambda x: wg.vjp(lambda x: x * loss(W, x), x)[1](DIRECTION)[0],
    "hessian": wg.hessian(lambda x: loss(W, x)),
    "hvp": lambda x: wg.hvp(lambda x: loss(W, x), (x,), (DIRECTION,)),
    "jacobian": wg.jacobian(lambda x: np.sin(x[:2]) * loss(W, x)),
    "forward": wg.jacobian(lambda x: np.sin(x) * loss(W, x), mode="forward"),
    "reverse": wg.jacobian(lambda x: np.sin(x[:2]) * loss(W, x), mode="reverse"),
    "grad of grad": wg.grad(lambda x: np.sum(wg.grad(lambda x: loss(W, x))(x) ** 2)),
    "value and grad": lambda x: wg.value_and_grad(lambda x: loss(W, x))(x)[1],
    "vmap": lambda x: vmap(lambda s: s * loss(W, x))(x),
    "grad of vmap": wg.grad(lambda x: np.sum(vmap(lambda s: np.sin(s * loss(W, x)))(x))),
    "vmap of grad": lambda x: vmap(lambda s: wg.grad(lambda x: np.sin(s * loss(W, x)))(x))(x),
    "list": lambda x: wg.trace(lambda x: loss(W, x))(x)(x),
}


@pytest.mark.parametrize("name", OF_ONE)
def test_every_transform_inside(name):
    assert_equal(vmap(OF_ONE[name])(XS), rows(OF_ONE[name], XS))


@pytest.mark.parametrize("name", OF_ONE)
def test_every_transform_inside_and_the_gradient_outside(name):
    def total(f):
        return lambda xs: np.sum(np.sin(f(xs)))

    expected = rows(wg.grad(total(OF_ONE[name])), XS)
    assert_equal(wg.grad(total(vmap(OF_ONE[name])))(XS), expected)
    assert_equal(vmap(wg.grad(total(OF_ONE[name])))(XS), expected)


@pytest.mark.parametrize("name", OF_ONE)
def test_every_transform_inside_and_a_list_outside(name):
    lst = wg.trace(vmap(OF_ONE[name]))(XS)
    lst.verify()
    assert_equal(lst(XS + 0.5), rows(OF_ONE[name], XS + 0.5))


@pytest.mark.parametrize("transform", [wg.jacobian, wg.hessian], ids=["jacobian", "hessian"])
def test_outside_of_a_vmap(transform):
    def f(xs):
        return np.sum(vmap(lambda x: loss(W, x))(xs) ** 2)

    def g(xs):
        return np.sum(np.stack([loss(W, x) for x in xs]) ** 2)

    assert_equal(transform(f)(XS), transform(g)(XS))


def test_a_vmap_within_a_vmap():
    ws = RNG.normal(size=(2, 4))
    both = vmap(vmap(loss, (None, 0)), (0, None))
    assert_equal(both(ws, XS), np.array([[loss(w, x) for x in XS] for w in ws]))
    other = vmap(vmap(wg.grad(loss), (0, None)), (None, 0), out_axes=1)
    assert_equal(other(ws, XS), np.array([[wg.grad(loss)(w, x) for x in XS] for w in ws]))


def test_the_list_of_a_batch_is_as_long_as_that_of_one():
    of_one, of_many = wg.trace(loss)(W, XS[0]), wg.trace(vmap(loss, (None, 0)))(W, XS)
    assert len(of_one.statements) <= len(of_many.statements) <= len(of_one.statements) + 2
    long = wg.trace(vmap(loss, (None, 0)))(W, np.ones((50, 4)))
    assert len(long.statements) == len(of_many.statements)


def test_values_of_outer_transforms_are_constants_inside():
    def f(w):
        return np.sum(vmap(lambda x: loss(w, x))(XS))

    def g(w):
        return np.sum(np.stack([loss(w, x) for x in XS]))

    assert_equal(wg.grad(f)(W), wg.grad(g)(W))
    assert_equal(wg.jvp(f, (W,), (DIRECTION,))[1], wg.jvp(g, (W,), (DIRECTION,))[1])
    assert_equal(wg.hessian(f)(W), wg.hessian(g)(W))
    assert_equal(wg.trace(f)(W)(2 * W), g(2 * W))
    w = wg.tensor(W, requires_grad=True)
    f(w).backward()
    assert_equal(w.grad.numpy(), wg.grad(g)(W))


def test_a_pullback_is_applied_to_many_cotangents():
    _, pullback = wg.vjp(lambda x: np.cumsum(np.sin(x)), XS[0])
    (found,) = vmap(pullback)(np.eye(4))
    assert_equal(found, wg.jacobian(lambda x: np.cumsum(np.sin(x)))(XS[0]))


def test_the_levels_are_not_confused():
    """Siskind and Pearlmutter (2005): the inner derivative does not see the batch as its own, nor the outer one."""

    def f(x):
        return x * wg.grad(lambda y: x * y)(2.0)

    assert_equal(vmap(wg.grad(f))(np.array([3.0, 5.0])), np.array([6.0, 10.0]))


def test_no_grad_inside_keeps_the_batch():
    def f(x):
        with wg.no_grad():
            y = np.sin(x)
        return np.sum(x * y)

    assert_equal(vmap(wg.grad(f))(XS), np.sin(XS))


# --- what was not selected -----------------------------------------------------------------------


def root(x):
    return np.sum(np.where(x > 0, np.sqrt(np.abs(x)), 0.0) * 2)


def test_what_was_not_selected_contributes_exactly_zero():
    xs = np.array([[0.0, 4.0], [1.0, 0.0]])
    expected = np.array([[0.0, 0.5], [1.0, 0.0]])
    assert_equal(vmap(wg.grad(root))(xs), expected)
    assert_equal(wg.grad(lambda xs: np.sum(vmap(root)(xs)))(xs), expected)
    found = vmap(lambda x: vmap(lambda t: wg.jvp(root, (x,), (t,))[1])(np.eye(2)))(xs)
    assert_equal(found, expected)


def test_a_seed_that_is_zero_reaches_nothing():
    _, pullback = wg.vjp(lambda x: np.stack([np.sqrt(x[0]), x[1]]), np.array([0.0, 2.0]))
    (found,) = vmap(pullback)(np.eye(2))
    np.testing.assert_array_equal(found, np.array([[np.inf, 0.0], [0.0, 1.0]]))


def test_what_was_not_selected_has_no_second_derivative():
    def curvature(x):
        return wg.grad(wg.grad(root))(x)

    assert_equal(vmap(curvature)(np.array([0.0, 1.0, 4.0])), np.array([0.0, -0.5, -0.0625]))


# --- arrays changed in place ---------------------------------------------------------------------


def written(x):
    y = np.zeros_like(x)
    y[0] = x[1] * 2
    part = y[1:]
    part += x[1:] ** 2
    z = y.reshape(2, 2)
    z[1] *= x[0]
    z[:, 0] = z[:, 1] - 1
    w = x.T.copy()
    w[np.array([0, 2])] = y[:2]
    return np.concatenate([y, w])


@pytest.mark.parametrize(
    "f", [lambda f: f, lambda f: wg.grad(lambda x: np.sum(np.sin(f(x)))), lambda f: wg.jacobian(f, mode="forward")]
)
def test_writing_into_arrays(f):
    before = XS.copy()
    assert_equal(vmap(f(written))(XS), rows(f(written), XS))
    assert_equal(vmap(f(written), 1)(XS.T), rows(f(written), XS))
    assert np.all(before == XS)


def test_writing_into_the_argument_leaves_the_callers_array_alone():
    def f(x):
        x[0] = 7.0
        x *= 2
        return x

    before = XS.copy()
    found = vmap(f)(XS)
    assert np.all(found[:, 0] == 14)
    assert np.all(before == XS)


def test_a_number_is_no_view():
    def f(x):
        y = x[0]
        z = np.reshape(y, 1)
        z[0] = 5.0
        a = x[0, ...]
        a += 1
        return y + x[0]

    assert_equal(vmap(f)(XS), 2 * XS[:, 0] + 1)  # a is a view of x, y and z are not


def test_a_read_only_view_stays_one():
    def f(x):
        np.broadcast_to(x, (2, 4))[0] = 1.0
        return x

    with pytest.raises(ValueError, match="read-only"):
        vmap(f)(XS)


def test_an_array_of_single_values():
    def f(x):
        return np.array([x[0], 2 * x[1]]) * np.array([[x[2]], [1.0]])

    assert_equal(vmap(f)(XS), rows(f, XS))


# --- computed indices ----------------------------------------------------------------------------

CUBES = RNG.normal(size=(3, 4, 5, 6))
I = np.array([0, 2, -1])  # one place for each array
J = np.array([[0, 1], [3, 3], [2, -1]])
K = np.array([[[0], [1]], [[3], [3]], [[2], [1]]])
A = np.array([1, 0])
INDICES = {
    "x[i]": lambda x, i, j, k: x[i],
    "x[i,:,i]": lambda x, i, j, k: x[i, :, i],
    "x[:,i]": lambda x, i, j, k: x[:, i],
    "x[:,None,j]": lambda x, i, j, k: x[:, None, j],
    "x[j]": lambda x, i, j, k: x[j],
    "x[...,j]": lambda x, i, j, k: x[..., j],
    "x[j,:,j]": lambda x, i, j, k: x[j, :, j],
    "x[:,j,k]": lambda x, i, j, k: x[:, j, k],
    "x[j,:,k]": lambda x, i, j, k: x[j, :, k],
    "x[0,:,j]": lambda x, i, j, k: x[0, :, j],
    "x[:,0,j]": lambda x, i, j, k: x[:, 0, j],
    "x[:,a,j]": lambda x, i, j, k: x[:, A, j],
    "x[a,:,j]": lambda x, i, j, k: x[A, :, j],
    "x[i,:,j]": lambda x, i, j, k: x[i, :, j],
    "x[1:3,i,::2]": lambda x, i, j, k: x[1:3, i, ::2],
    "take": lambda x, i, j, k: np.take(x, j, axis=1),
    "take wrapped": lambda x, i, j, k: np.take(x, 3 * j, axis=1, mode="wrap"),
    "take clipped": lambda x, i, j, k: np.take(x, 3 * k, axis=2, mode="clip"),
    "take a number": lambda x, i, j, k: np.take(x, i),
    "along": lambda x, i, j, k: np.take_along_axis(x, j[:, None, None] + np.zeros((1, 5, 6), int), axis=0),
}


def given(f, in_axes, args):
    """`f` over the arguments that have an axis, and these; the first of each other one is a constant."""
    constants = [x[0] for x in args]
    chosen = [n for n, axis in enumerate(in_axes) if axis == 0]

    def of_some(*some):
        full = list(constants)
        for n, x in zip(chosen, some, strict=True):
            full[n] = x
        return f(*full)

    return of_some, [args[n] for n in chosen]


@pytest.mark.parametrize("axes", list(itertools.product([0, None], repeat=3))[:-1], ids=str)
@pytest.mark.parametrize("name", INDICES)
def test_indices_that_differ(name, axes):
    def total(x, i, j, k):
        return np.sum(np.sin(INDICES[name](x, i, j, k)) * 2)

    in_axes = (axes[0], *axes[1:], axes[2])

    def value(x, *indices):
        return wg.jvp(lambda x: INDICES[name](x, *indices), (x,), (np.ones(x.shape),))[0]

    for f in (value, wg.grad(total)):
        of_some, some = given(f, in_axes, (CUBES, I, J, K))
        assert_equal(vmap(of_some)(*some), rows(of_some, *some))
    of_some, some = given(total, in_axes, (CUBES, I, J, K))
    if axes[0] == 0:
        of_gradient, _ = given(wg.grad(total), in_axes, (CUBES, I, J, K))
        found = wg.grad(lambda *some: np.sum(vmap(of_some)(*some)))(*some)
        assert_equal(found, rows(of_gradient, *some))


def test_the_gradient_of_one_table_for_all():
    table, indices = RNG.normal(size=(5, 2)), np.array([1, 4, 1])
    found = wg.grad(lambda t: np.sum(vmap(lambda i: np.sin(t[i]))(indices)))(table)
    assert_equal(found, wg.grad(lambda t: np.sum(np.sin(t[indices])))(table))


def test_plain_arrays_are_indexed_by_gather():
    indices = np.array([2, 0, -1])
    assert_equal(vmap(lambda i: gather(W, i) * i)(indices), W[indices] * indices)
    assert_equal(vmap(lambda i: np.asarray(W, like=i)[i])(indices), W[indices])


def replaced(x, i):
    y = x * 1.0
    y[i] = x[0] * 2
    y[1:][i % 3] += x[-1]
    return y


def test_places_that_differ_are_written_to():
    indices = np.array([0, 3, 1])
    for f in (replaced, wg.grad(lambda x, i: np.sum(np.sin(replaced(x, i))))):
        assert_equal(vmap(f)(XS, indices), rows(f, XS, indices))
    assert_equal(
        vmap(lambda i: replaced(np.asarray(XS[0], like=i), i))(indices), rows(lambda i: replaced(XS[0], i), indices)
    )


def test_numbers_that_were_computed_are_indices():
    def f(x):
        return x[np.argmax(x)] * np.sort(x)[np.argmin(x)] + np.take_along_axis(x, np.argsort(x), 0)[0]

    assert_equal(vmap(f)(XS), rows(f, XS))
    assert_equal(vmap(wg.grad(f))(XS), rows(wg.grad(f), XS))


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: x if x[0] > 0 else -x, r"a batch of 3 values of type bool\[\].*np\.where instead of if"),
        (lambda x: math.sin(x[0]), r"float\(\).*a batch of 3 values of type f64\[\].*np\.sin for math\.sin"),
        (np.nonzero, r"np\.nonzero.*np\.where with three arguments"),
        (lambda x: x[x > 0], r"mask.*np\.where"),
        (np.asarray, r"np\.asarray\(\).*a batch of 3 values.*Leave out np\.asarray"),
        (lambda x: np.ones(4)[np.argmax(x)], r"wg\.gather\(a, i\) for a\[i\]"),
        (lambda x: np.take(np.ones(4), np.argsort(x)), r"wg\.gather\(a, i\) for a\[i\]"),
        (lambda x: range(np.argmax(x)), r"a batch of 3 values of type i64\[\]"),
        (lambda x: np.zeros(4).__setitem__(0, x[0]), r"a batch of 3 values"),
        (lambda x: np.allclose(x, 1), r"a batch of 3 values"),
        (lambda x: x.tolist(), r"tolist\(\).*a batch of 3 values"),
    ],
)
def test_what_asks_for_one_number_is_refused(f, message):
    with pytest.raises(wg.TraceError, match=message) as caught:
        vmap(f)(XS)
    assert caught.value.where.file == __file__


def test_an_inner_transform_says_the_same():
    with pytest.raises(wg.TraceError, match="a batch of 3 values"):
        vmap(wg.grad(lambda x: x[0] if x[0] > 0 else -x[0]))(XS)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: vmap(loss)(np.ones((2, 4)), XS),
            wg.ShapeError,
            r"vmap of loss: the axes have different lengths, 2 for w, 3 for x\. Give None",
        ),
        (lambda: vmap(loss, None)(W, XS[0]), wg.ArgumentError, r"vmap of loss: no argument has an axis.*by position"),
        (lambda: vmap(loss)(w=W, x=XS), wg.ArgumentError, r"no argument has an axis"),
        (lambda: vmap(loss, (0,))(W, XS), wg.ArgumentError, r"has 1 in_axes, but was called with 2 positional"),
        (lambda: vmap(loss, (0, 2))(W, XS), wg.ShapeError, r"axis 2 of x, which has shape \(3, 4\)"),
        (
            lambda: vmap(loss)(1.0, XS),
            wg.ShapeError,
            r"axis 0 of w, which has shape \(\).*join the numbers in an array",
        ),
        (lambda: vmap(loss)([1.0, 2.0], XS), wg.ShapeError, r"axis 0 of w_0"),
        (
            lambda: vmap(loss, (0.5, 0))(W, XS),
            wg.ArgumentError,
            r"in_axes for w of loss is 0\.5\. An axis is an integer",
        ),
        (lambda: vmap(loss, ((0,), 0))(W, XS), wg.ArgumentError, r"in_axes for w of loss is \(0,\).*one array"),
        (lambda: vmap(len, ({"a": 0},))({"b": XS}), wg.ArgumentError, r"not the beginning of a container like"),
        (lambda: vmap(loss)("w", XS), wg.DtypeError, r"vmap of loss.*type str"),
        (lambda: vmap(lambda x: None)(XS), wg.ArgumentError, r"it returned None"),
        (lambda: vmap(lambda x: "y")(XS), wg.DtypeError, r"returned str"),
        (lambda: vmap(np.sin, out_axes=None)(XS), wg.ArgumentError, r"out_axes is None for result.*Give the axis"),
        (lambda: vmap(np.sin, out_axes=2)(XS), wg.ShapeError, r"out_axes has 2 for result.*from -2 to 1"),
        (lambda: vmap(np.sin, out_axes=(0, 1))(XS), wg.ArgumentError, r"out_axes=\(0, 1\) for sin.*one array"),
        (lambda: vmap(lambda x: (x, x), out_axes=(0,))(XS), wg.ArgumentError, r"not the beginning of a container"),
        (lambda: vmap(np.sin, out_axes="0")(XS), wg.ArgumentError, r"out_axes='0'.*An axis is an integer or None"),
    ],
)
def test_messages(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_a_value_that_escaped_is_refused():
    kept = []
    vmap(lambda x: kept.append(x) or x)(XS)
    with pytest.raises(wg.EscapedValueError):
        vmap(lambda x: kept[0])(XS)


def test_an_outer_array_does_not_take_values_of_the_batch():
    def f(y):
        def inner(x):
            y[0] = x[0]
            return x

        return np.sum(vmap(inner)(XS)) + np.sum(y)

    with pytest.raises(wg.LostDerivativeError, match="of an outer transform with a value of an inner one"):
        wg.grad(f)(W.copy())


def test_an_index_out_of_range_is_an_error_for_one_of_the_batch_too():
    for f in (lambda x, i: x[i], np.take):
        with pytest.raises(IndexError):
            vmap(f)(XS, np.array([0, 4, 1]))


# --- text ----------------------------------------------------------------------------------------


def test_what_a_print_inside_shows():
    shown = []

    def f(x):
        shown.append((repr(x), f"{x[0]:.3f}"))
        return x

    vmap(f)(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert shown == [("Batched([[1. 2.]\n [3. 4.]] along 2 of f64[2])", "Batched([1. 3.] along 2 of f64[])")]
    wg.grad(lambda xs: np.sum(vmap(f)(xs)))(np.ones((2, 2)))
    assert shown[1][0].startswith("Batched(<Tensor of level")
    vmap(wg.grad(lambda x: shown.append(repr(x)) or np.sum(x)))(np.ones((2, 2)))


def test_the_value_is_that_of_one():
    found = []
    vmap(lambda x: found.append((x.shape, x.ndim, len(x), x.dtype, x.size, isinstance(x, Batched))) or x)(XS)
    assert found == [((4,), 1, 4, np.dtype(float), 4, True)]
