"""Assignments, in-place operators and views: NumPy's semantics, with the derivative of what they compute.

The oracle is NumPy itself, on real arrays for values and on complex ones (the complex step) for derivatives.
"""

import numpy as np
import pytest

import wengert as wg
from wengert.checker import check

X = np.array([0.3, 1.0, 2.0, -0.7, 0.2, 0.9])


def on_a_copy(f):
    """`f` on an array of its own, as NumPy's functions are called that write into their argument."""

    def g(x):
        return f(x.copy())

    g.__name__ = f.__name__
    return g


# --- programs ---------------------------------------------------------------------------------------------------


def fills_an_array(x):
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[i] = x[i] ** 2 + (y[i - 1] if i else 0.0)
    return y * y


def overwrites_what_a_rule_needs(x):
    y = x * x
    z = np.sin(y)
    y[1:4] = 0.0
    y *= x
    return z * y


def writes_through_a_slice(x):
    y = x * 2.0
    part = y[1:4]
    part *= x[:3]
    part[0] = x[5]
    return y


def writes_through_a_transpose(x):
    a = (x * 1.0).reshape(2, 3)
    b = a.T
    b[0] = 7.0 * x[:2]
    a[1, 1:] *= b[1:, 0]
    return a * np.sum(b)


def writes_through_a_view_of_a_view(x):
    y = x * 1.0
    b = y.reshape(2, 3)[::-1][:, 1:].T
    b += x[:2]
    y[0] = x[1] * x[2]
    return y * np.sum(b * b)


def sees_a_write_in_an_older_view(x):
    y = x * 1.0
    head, tail = y[:4], y[2:]
    tail[0] = x[0] * 10.0
    head[3] += tail[0]
    return np.concatenate([head, tail]) * y[3]


def lets_go_of_the_base(x):
    def parts(y):
        return y[:4], y[2:]

    a, b = parts(x * 3.0)
    a[3] = x[0] * x[1]
    b *= 2.0
    return np.concatenate([a, b])


def adds_to_chosen_elements(x):
    y = np.zeros_like(x)
    y[[0, 2, 4]] += x[1::2] * x[::2]
    y[x > 0.5] += 3.0 * x[x > 0.5]
    return y


def assigns_to_repeated_places(x):
    y = x * 1.0
    y[[0, 1, 0]] = x[3:] * 2.0
    return y * x


def broadcasts_what_it_assigns(x):
    a = np.zeros_like(x, shape=(3, 6))
    a[:] = x
    a[1] = x[2]
    a[:, 1] = x[:3]
    a[..., None][2] *= 2.0
    return a


def reshapes_to_a_copy(x):
    a = x.reshape(2, 3)
    flat = a.T.reshape(6)
    flat[0] = 100.0
    a[0, 1] = x[0] * x[4]
    return flat * a.reshape(6)


def works_on_parts_of_complex_numbers(x):
    z = x + 1j * x[::-1]
    z.real *= 2.0
    w = z.imag
    w[1:3] = x[:2] * x[2]
    return np.concatenate([np.real(z * z), np.imag(z)])


def keeps_single_precision(x):
    y = np.zeros_like(x)
    y[1:] = x[:-1].astype(np.float64) * 2.0
    return y * x


def changes_its_argument(x):
    x[1] = x[0] * x[2]
    x += 1.0
    return x


def steps_a_stencil(u):
    for _ in range(4):
        u[1:-1] += 0.2 * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return u


def exchanges_elements(x):
    y = x * x
    y[0], y[1] = y[1], y[0]
    y[[2, 3]] = y[[3, 2]]
    return y * x


PROGRAMS = [
    fills_an_array,
    overwrites_what_a_rule_needs,
    writes_through_a_slice,
    writes_through_a_transpose,
    writes_through_a_view_of_a_view,
    sees_a_write_in_an_older_view,
    lets_go_of_the_base,
    adds_to_chosen_elements,
    assigns_to_repeated_places,
    broadcasts_what_it_assigns,
    reshapes_to_a_copy,
    works_on_parts_of_complex_numbers,
    keeps_single_precision,
    changes_its_argument,
    steps_a_stencil,
    exchanges_elements,
]
BRANCHING = {adds_to_chosen_elements}


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_values_are_those_of_numpy_by_every_route(f):
    expected = f(X.copy())
    g = on_a_copy(f)
    np.testing.assert_array_equal(wg.vjp(g, X)[0], expected)
    np.testing.assert_array_equal(wg.jvp(g, (X,), (X,))[0], expected)
    np.testing.assert_array_equal(g(wg.tensor(X, requires_grad=True)).detach().numpy(), expected)
    np.testing.assert_array_equal(wg.tape(g, X).outputs[0], expected)
    if f not in BRANCHING:
        lst = wg.trace(g)(X)
        lst.verify()
        np.testing.assert_array_equal(lst(X), expected)
        np.testing.assert_allclose(wg.jacobian(lst)(X), wg.jacobian(g)(X), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_derivatives_are_those_of_what_was_computed(f):
    check(on_a_copy(f), X, order=2, directions=2)


# --- random programs --------------------------------------------------------------------------------------------


def random_program(seed):  # noqa: C901  # one branch for each kind of step
    """A program of views of one array, writes through any of them, and reads of all of them."""
    rng = np.random.default_rng(seed)
    steps = []
    count = 1
    for _ in range(12):
        kind = rng.choice(["slice", "reverse", "transpose", "column", "set", "add", "scale", "copy"])
        steps.append((kind, int(rng.integers(count)), int(rng.integers(count)), int(rng.integers(0, 3))))
        count += kind in ("slice", "reverse", "transpose", "column", "copy")

    def program(x):
        arrays = [(x * 1.0).reshape(2, 3)]
        for kind, i, j, k in steps:
            a, b = arrays[i], arrays[j]
            if kind == "slice":
                arrays.append(a[k % a.shape[0] :])
            elif kind == "reverse":
                arrays.append(a[::-1])
            elif kind == "transpose":
                arrays.append(a.T)
            elif kind == "column":
                arrays.append(a[..., :1])
            elif kind == "copy":
                arrays.append(a.copy())
            elif kind == "set":
                a[k % a.shape[0]] = np.sum(b) * x[k]
            elif kind == "add":
                a += np.sum(b * b) * 0.1
            else:
                a *= x[k]
        return np.stack([np.sum(a * a) for a in arrays])

    return program


@pytest.mark.parametrize("seed", range(60))
def test_random_writes_through_views_are_those_of_numpy(seed):
    f = random_program(seed)
    expected = f(X)
    y, pullback = wg.vjp(f, X)
    np.testing.assert_allclose(y, expected, rtol=1e-13)
    x_dot = np.cos(np.arange(6.0))
    y_dot = np.imag(f(X + 1e-20j * x_dot)) / 1e-20
    scale = np.max(np.abs(y_dot))
    np.testing.assert_allclose(wg.jvp(f, (X,), (x_dot,))[1], y_dot, rtol=1e-10, atol=1e-12 * scale)
    seeds = np.sin(np.arange(float(len(y))))
    np.testing.assert_allclose(pullback(seeds)[0] @ x_dot, seeds @ y_dot, rtol=1e-10, atol=1e-12 * scale)
    lst = wg.trace(f)(X)
    np.testing.assert_allclose(lst(X), expected, rtol=1e-13)


# --- define-by-run ----------------------------------------------------------------------------------------------


def leaf(values=(1.0, 2.0, 3.0)):
    return wg.tensor(np.array(values), requires_grad=True)


def test_a_value_of_a_graph_is_assigned_into_a_plain_tensor():
    x, t = leaf(), wg.tensor([4.0, 5.0])
    t[0] = x[1] * x[2]
    (t * t).sum().backward()
    assert t.grad_fn is not None
    assert x.grad.tolist() == [0.0, 36.0, 24.0]


def test_a_write_does_not_reach_what_was_computed_before():
    x = leaf()
    y = x * 1.0
    z = y * y
    y[0] = 50.0
    z.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0, 6.0]


def test_a_leaf_is_not_written_to():
    x = leaf()
    with pytest.raises(
        wg.GraphError, match="a leaf Variable that requires grad is being used in an in-place"
    ) as caught:
        x[0] = 1.0
    assert caught.value.where.text == "x[0] = 1.0"
    assert "no_grad()" in caught.value.remedy


def test_a_view_of_a_leaf_is_not_written_to():
    x = leaf()
    part = x[1:]
    with pytest.raises(wg.GraphError, match="a view of a leaf Variable that requires grad") as caught:
        part *= 2.0
    assert caught.value.where.text == "part *= 2.0"
    assert x.tolist() == [1.0, 2.0, 3.0]


def test_a_leaf_is_written_to_under_no_grad():
    x = leaf()
    part = x[1:]
    with wg.no_grad():
        x[0] = 10.0
        part *= 2.0
    assert x.tolist() == [10.0, 4.0, 6.0]
    assert part.tolist() == [4.0, 6.0]
    assert x.is_leaf
    (x * x).sum().backward()
    assert x.grad.tolist() == [20.0, 8.0, 12.0]


def test_what_a_broadcast_shows_is_read_only():
    y = leaf() * 1.0
    wide = np.broadcast_to(y, (2, 3))
    with pytest.raises(ValueError, match="assignment destination is read-only"):
        wide[0, 0] = 1.0
    y[0] = 7.0
    assert wide.tolist() == [[7.0, 2.0, 3.0]] * 2


def test_a_detached_tensor_sees_what_is_written_but_is_not_written_to():
    y = leaf() * 1.0
    d = y.detach()
    y[0] = 9.0
    assert d.tolist() == [9.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="read-only"):
        d += 1.0


def test_views_that_died_cost_nothing_and_hold_nothing():
    y = leaf(np.arange(5.0)) * 1.0
    for _ in range(200):
        y[1:3] += 1.0
    assert len(y._memory.members()) == 1
    assert len(y._memory._members) < 60


# --- levels -----------------------------------------------------------------------------------------------------


def test_the_argument_of_the_caller_is_not_changed():
    x = X.copy()
    wg.grad(lambda x: np.sum(changes_its_argument(x)))(x)
    np.testing.assert_array_equal(x, X)


def test_what_an_inner_transform_keeps_is_not_changed_by_the_outer_function():
    def f(x):
        y = x * 1.0
        value, pullback = wg.vjp(lambda a: a * a, y)
        y[0] = 100.0
        value[1] = 100.0
        return np.sum(pullback(np.ones(3))[0] * x)

    np.testing.assert_allclose(wg.grad(f)(np.array([1.0, 2.0, 3.0])), [4.0, 8.0, 12.0])


def test_what_an_inner_function_uses_may_change_afterwards():
    def f(x):
        c = x * 1.0

        def inner(a):
            b = a * c
            c[0] = 0.0
            return np.sum(b * b)

        return np.sum(wg.grad(inner)(np.ones(2)) * np.ones(2))

    np.testing.assert_allclose(wg.grad(f)(np.array([3.0, 4.0])), [12.0, 16.0])


def test_a_value_of_an_inner_transform_is_not_put_into_an_array_of_an_outer_one():
    t = wg.tensor([1.0, 2.0])

    def f(x):
        t[0] = x
        return np.sum(t)

    with pytest.raises(wg.LostDerivativeError, match="of an outer transform with a value of an inner one") as caught:
        wg.grad(f)(2.0)
    assert caught.value.where.text == "t[0] = x"
    assert "np.zeros_like" in caught.value.remedy


def test_second_derivatives_of_what_was_filled_in():
    def f(x):
        y = np.zeros_like(x)
        for i in range(3):
            y[i] = x[i] ** 3 * x[(i + 1) % 3]
        return np.sum(y)

    x = np.array([1.0, 2.0, 3.0])
    expected = np.array([[12.0, 3.0, 27.0], [3.0, 36.0, 12.0], [27.0, 12.0, 18.0]])
    np.testing.assert_allclose(wg.hessian(f)(x), expected)


# --- what stays plain -------------------------------------------------------------------------------------------


def test_constants_of_a_transform_can_be_assigned_to():
    def f(x):
        y = np.floor(np.ones_like(x) * 2.5) + 1.0
        y[0] = x[1] * x[1]
        y[1:] = y[:1]
        return np.sum(y)

    np.testing.assert_allclose(wg.grad(f)(np.array([1.0, 2.0, 3.0])), [0.0, 12.0, 0.0])
    np.testing.assert_allclose(wg.jvp(f, (X,), (X,))[1], 6 * 2 * X[1] * X[1])


def test_a_result_that_was_overwritten_by_constants_has_the_derivative_zero():
    def f(x):
        y = x * x
        y[:] = 3.0
        return y

    y, y_dot = wg.jvp(f, (X,), (X,))
    assert y.tolist() == [3.0] * 6
    assert y_dot.tolist() == [0.0] * 6
    assert not wg.jacobian(f)(X).any()


@pytest.mark.parametrize("run", [wg.grad, lambda f: lambda x: wg.jvp(f, (x,), (x,))], ids=["grad", "jvp"])
def test_numpys_errors_for_wrong_assignments(run):
    def assign(index, value):
        def f(x):
            y = x * 1.0
            y[index] = value if value is not None else x
            return np.sum(y)

        return lambda: run(f)(X)

    with pytest.raises(ValueError, match="could not broadcast"):
        assign(slice(0, 2), None)()
    with pytest.raises(IndexError, match="out of bounds"):
        assign(6, 1.0)()
    with pytest.raises(TypeError, match="complex value cannot be assigned into an array of dtype float64"):
        assign(0, 1j)()
    with pytest.raises(IndexError):
        assign("a", 1.0)()


# --- out= -------------------------------------------------------------------------------------------------------


OUTS = {
    "sum": lambda x, y: np.sum(x.reshape(2, 3), axis=0, out=y[:3]),
    "clip": lambda x, y: np.clip(x, -0.5, 1.5, out=y),
    "concatenate": lambda x, y: np.concatenate([x[:2], x[2:]], out=y),
    "cumsum": lambda x, y: np.cumsum(x, out=y),
    "take": lambda x, y: np.take(x, [0, 2], out=y[4:]),
    "dot": lambda x, y: np.dot(np.ones((3, 6)), x, out=y[:3]),
    "a ufunc": lambda x, y: np.multiply(x, 2.0, out=y),
}


@pytest.mark.parametrize("write", OUTS.values(), ids=OUTS)
def test_out_is_written_to_and_returned(write):
    def f(x):
        y = np.ones_like(x)
        result = write(x, y)
        return y * y * np.sum(result)

    expected = f(X)
    np.testing.assert_allclose(wg.vjp(f, X)[0], expected, rtol=1e-14)
    np.testing.assert_allclose(wg.jvp(f, (X,), (X,))[0], expected, rtol=1e-14)
    check(f, X, order=2, directions=2, step=1e-3)


def test_out_may_not_be_a_plain_array():
    with pytest.raises(wg.WengertError, match="out=") as caught:
        wg.grad(lambda x: np.sum(np.cumsum(x, out=np.zeros(6))))(X)
    assert caught.value.remedy


# --- corners ----------------------------------------------------------------------------------------------------


def writes_by_flat(x):
    a = (x * 1.0).reshape(2, 3)
    a.T.flat[1] = x[0] * x[1]
    a[:, ::2].flat[:] = x[2]
    b = a.T * 1.0
    b.flat[1] = 5.0
    return np.concatenate([np.ravel(a), np.ravel(b)]) * x[0]


def writes_into_a_view_of_no_axes(x):
    y = x * 1.0
    v = y[1, ...]
    v += 10.0 * x[0]
    w = np.squeeze(y[:1])
    w *= x[2]
    return y * x


def flattens_what_is_not_contiguous(x):
    y = x * 1.0
    r = y[::2].ravel()
    r *= 0.0
    a = (x * 1.0).reshape(2, 3)
    v = a[:, ::2]
    v[0] = x[3]
    v.ravel()[...] = 0.0
    t = a.T
    t += np.ones((3, 2))
    t.reshape(-1)[...] = 0.0
    return np.concatenate([y, np.ravel(a)])


def keeps_the_order_of_memory(x):
    b = x.reshape(2, 3)
    a = b.T * 1.0
    a += np.ones((3, 2))
    a.ravel()[...] = 0.0
    c = np.zeros_like(b.T)
    c.ravel(order="F")[...] = x
    return np.concatenate([np.ravel(a), np.ravel(c)])


def assigns_by_a_boolean(x):
    a = (x * 1.0).reshape(2, 3)
    a[True] = a[1]
    return a


@pytest.mark.parametrize(
    "f",
    [
        writes_by_flat,
        writes_into_a_view_of_no_axes,
        flattens_what_is_not_contiguous,
        keeps_the_order_of_memory,
        assigns_by_a_boolean,
    ],
    ids=lambda f: f.__name__,
)
def test_corners_of_numpys_memory(f):
    expected = f(X)
    np.testing.assert_array_equal(wg.vjp(f, X)[0], expected)
    np.testing.assert_array_equal(wg.jvp(f, (X,), (X,))[0], expected)
    np.testing.assert_array_equal(wg.tape(f, X).outputs[0], expected)
    check(f, X, order=2, directions=2)


def test_the_order_of_memory_of_an_argument_is_kept():
    a = np.asfortranarray(np.arange(6.0).reshape(2, 3))

    def f(a):
        r = a.ravel()  # a copy
        r[0] = 100.0
        return np.sum(a)

    assert wg.value_and_grad(f)(a)[0] == f(a.copy("K")) == 15.0


def test_a_write_under_no_grad_changes_the_numbers_and_not_the_record():
    x = leaf()
    z = x * x
    with wg.no_grad():
        z[0] = 0.0
    assert z.tolist() == [0.0, 4.0, 9.0]
    (z.sum() + x.sum()).backward()
    assert x.grad.tolist() == [3.0, 5.0, 7.0]


def test_a_retained_gradient_moves_on_with_the_tensor():
    y = leaf() * 2.0
    y.retain_grad()
    y[0] = 5.0
    y.sum().backward()
    assert y.grad.tolist() == [1.0, 1.0, 1.0]


def test_data_of_a_view_changes_the_whole():
    y = leaf() * 2.0
    v = y[:2]
    v.data[0] = 50.0
    assert y.tolist() == [50.0, 4.0, 6.0]


def test_what_a_transform_returns_shares_nothing_with_its_arguments():
    x = X.copy()
    y, _ = wg.jvp(lambda x: x[1:], (x,), (x,))
    y[0] = 77.0
    np.testing.assert_array_equal(x, X)
    tape = wg.tape(lambda x: np.sum(x * x), x)
    x[0] = 100.0
    assert tape.values[tape.list.inputs[0]][0] == X[0]


def test_masked_arrays_are_refused():
    with pytest.raises(wg.LostDerivativeError):
        wg.grad(lambda x: np.ma.multiply(x, x).sum())(X)


def test_out_of_a_wrong_shape_is_an_error():
    with pytest.raises(ValueError, match="output parameter has the shape"):
        wg.vjp(lambda x: np.sum(x, out=np.zeros_like(x)), X)


def test_arrays_of_objects_in_corners():
    np.testing.assert_array_equal(
        wg.jacobian(lambda x: np.maximum(np.array([x[0] - 9.0, x[1] - 9.0]), 0.0))(X), np.zeros((2, 6))
    )
    _, aux = wg.grad(lambda x: (x[0], np.array([x[0], 2.0])), has_aux=True)(X)
    assert aux.dtype == np.float64


def test_values_of_a_newer_level_in_a_list_beside_an_older_tensor():
    t = wg.tensor([0.5, 2.0])
    for f in (lambda c: (t * [c[0], c[1]]).sum(), lambda c: (t * np.array([c[0], c[1]])).sum()):
        np.testing.assert_array_equal(wg.grad(f)(np.ones(2)), [0.5, 2.0])
        assert wg.jvp(f, (np.ones(2),), (np.array([1.0, 0.0]),))[1] == 0.5
