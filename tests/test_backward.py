"""`Tensor.backward`: seeds, accumulation, higher orders, and what it refuses."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

import wengert as wg


def T(data, **options):
    return wg.tensor(data, requires_grad=True, **options)


def refused(error, message, call):
    """The error of `call`, whose location is in this file."""
    with pytest.raises(error, match=message) as caught:
        call()
    assert caught.value.where.file == __file__
    assert caught.value.remedy
    return caught.value


# --- backward --------------------------------------------------------------------------------------------------


def test_gradients_accumulate_over_several_calls():
    x = T(3.0)
    for k in range(1, 4):
        (x * x).backward()
        assert x.grad.item() == 6.0 * k


def test_gradients_accumulate_from_different_results():
    x, w = T([1.0, 2.0]), T(2.0)
    np.sum(x * w).backward()
    np.sum(np.sin(x)).backward()
    np.testing.assert_allclose(x.grad.numpy(), 2.0 + np.cos([1.0, 2.0]))
    assert w.grad.item() == 3.0


def test_a_gradient_that_was_read_does_not_change_with_the_next_call():
    x = T([1.0, 2.0])
    np.sum(x * x).backward()
    first = x.grad
    np.sum(x * x).backward()
    assert first.tolist() == [2.0, 4.0]
    assert x.grad.tolist() == [4.0, 8.0]


def test_a_second_backward_needs_the_graph():
    x = T(2.0)
    y = x * x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 24.0
    error = refused(wg.GraphError, "trying to backward through the graph a second time", lambda: y.backward())  # noqa: PLW0108
    assert isinstance(error, RuntimeError)
    assert "retain_graph=True" in error.remedy
    assert "lambda: y.backward()" in error.where.text
    assert x.grad.item() == 24.0, "a failed call adds nothing"


def test_a_part_that_was_freed_by_another_result_is_missed():
    x = T(2.0)
    a = x * x
    (a * 2).backward()
    refused(wg.GraphError, "a second time", (a * 3).backward)


def test_a_non_scalar_needs_a_seed():
    y = T([1.0, 2.0]) * 2
    error = refused(wg.GraphError, r"grad can be implicitly created only for scalar outputs, and this tensor has shape \(2,\)", lambda: y.backward())  # noqa: E501, PLW0108  # fmt: skip
    assert "y.sum().backward()" in error.remedy
    assert "backward(gradient) with shape (2,)" in error.remedy


@pytest.mark.parametrize("shape", [(1,), (1, 1)])
def test_one_element_is_a_scalar_whatever_its_shape(shape):
    x = T(np.full(shape, 3.0))
    (x * x).backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full(shape, 6.0))


SEEDS = {
    "array": np.array([1.0, 10.0]),
    "list": [1.0, 10.0],
    "tensor": wg.tensor([1.0, 10.0]),
    "integers": np.array([1, 10]),
    "integer tensor": wg.tensor([1, 10]),
    "single precision": np.array([1, 10], np.float32),
    "single precision tensor": wg.tensor([1, 10], dtype=np.float32),
    "tensor that requires grad": T([1.0, 10.0]),
}


OPERATIONS = {"*": lambda x: x * x, "+": lambda x: x + 2, "sin": lambda x: np.sin(x[::-1]), "x": lambda x: x}


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("operate", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("seed", SEEDS.values(), ids=SEEDS)
def test_a_seed_weighs_the_elements(seed, operate, create_graph):
    x = T([3.0, 4.0])
    operate(x).backward(seed, create_graph=create_graph)
    expected = wg.vjp(operate, np.array([3.0, 4.0]))[1](np.array([1.0, 10.0]))[0]
    found = x.grad.detach().numpy()
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize("seed", [np.ones(3), np.ones((2, 1)), 1.0, [1.0], wg.tensor([1.0, 2.0, 3.0]), wg.tensor(1.0)])
def test_a_seed_of_another_shape_is_refused(seed):
    y = T([1.0, 2.0]) * 2
    message = r"backward got a gradient of shape \(.*\) for a tensor of shape \(2,\)"
    error = refused(wg.ShapeError, message, lambda: y.backward(seed))
    assert "The seed must have the shape" in error.remedy


def test_a_complex_seed_of_a_real_tensor_is_refused():
    for seed in (np.array([1j, 2.0]), wg.tensor([1j, 2.0])):
        y = T([1.0, 2.0]) * 2
        with pytest.raises((wg.DtypeError, TypeError, np.exceptions.ComplexWarning)):
            y.backward(seed)


@pytest.mark.parametrize("t", [wg.tensor(1.0), wg.tensor(1.0) * 2, T(1.0).detach(), T(2.0) > 1.0])
def test_without_history_there_is_nothing_to_go_back_through(t):
    error = refused(wg.GraphError, "does not require grad and does not have a grad_fn", lambda: t.backward())  # noqa: PLW0108
    assert error.why == "No operand of this result was made with requires_grad=True."
    assert "requires_grad=True" in error.remedy


def test_a_leaf_is_its_own_result():
    x = T(3.0)
    x.backward()
    assert x.grad.item() == 1.0


def test_backward_is_no_part_of_a_function_inside_a_transform():
    def f(x):
        y = x * x
        y.backward()
        return y

    error = refused(wg.GraphError, "backward was called on a value inside a transform", lambda: wg.grad(f)(2.0))
    assert "wg.vjp" in error.remedy
    assert error.where.text == "y.backward()"


def test_a_whole_training_step_may_be_inside_a_transform():
    def f(x):
        w = T(2.0)
        (w * w).backward()
        return x * w.grad.item()

    assert wg.grad(f)(3.0) == 4.0


def test_an_operand_used_twice_receives_both_terms():
    x = T(3.0)
    (x * x + x).backward()
    assert x.grad.item() == 7.0


def test_only_leaves_receive_gradients():
    x = T(3.0)
    y = x * x
    z = y * 2
    z.backward()
    assert (x.grad.item(), y.grad, z.grad) == (12.0, None, None)


def test_what_does_not_matter_receives_zeros_or_nothing():
    x, unused = T([1.0, 2.0]), T([1.0, 2.0])
    np.sum(x[:1]).backward()
    assert x.grad.tolist() == [1.0, 0.0]
    assert unused.grad is None


# --- higher orders ---------------------------------------------------------------------------------------------


def test_create_graph_gives_higher_orders():
    x = T(2.0)
    y = x**4
    for order, expected in enumerate([32.0, 48.0, 48.0, 24.0], start=1):
        x.grad = None
        y.backward(create_graph=True)
        assert x.grad.item() == expected, order
        y = x.grad


def test_create_graph_gives_higher_orders_of_arrays():
    x = T([0.5, 1.0, 2.0])
    y = np.sum(np.exp(x) * x)
    y.backward(create_graph=True)
    for order in (2, 3):
        y, x.grad = np.sum(x.grad), None
        y.backward(create_graph=True)
        np.testing.assert_allclose(
            x.grad.detach().numpy(), (x.detach().numpy() + order) * np.exp([0.5, 1, 2]), rtol=1e-14
        )


def test_create_graph_keeps_the_graph():
    x = T(2.0)
    y = x**3
    y.backward(create_graph=True)
    y.backward()
    assert x.grad.item() == 24.0


def test_create_graph_and_a_freed_graph():
    x = T(2.0)
    y = x**3
    y.backward(create_graph=True, retain_graph=False)
    refused(wg.GraphError, "a second time", lambda: y.backward())  # noqa: PLW0108


def test_a_gradient_penalty():
    x, w = T([1.0, 2.0]), T(3.0)
    np.sum(w * x * x).backward(create_graph=True)
    penalty = np.sum(x.grad**2)
    w.grad = None
    penalty.backward()
    assert w.grad.item() == pytest.approx(2 * 3 * 4 * 5)


def test_without_create_graph_a_gradient_has_no_history():
    x = T(2.0)
    (x * x).backward()
    assert not x.grad.requires_grad


def test_a_transform_of_a_function_of_tensors():
    w = T(3.0)
    slope = wg.grad(lambda x: w * x * x)(2.0)
    assert isinstance(slope, wg.Tensor)
    slope.backward()
    assert w.grad.item() == 4.0
    _, y_dot = wg.jvp(lambda x: w * w * x, (2.0,), (1.0,))
    w.grad = None
    y_dot.backward()
    assert w.grad.item() == 6.0


# --- retain_grad -----------------------------------------------------------------------------------------------


def test_retain_grad_keeps_the_gradient_of_an_inner_tensor():
    x = T([1.0, 2.0])
    y = x * x
    y.retain_grad()
    assert y.grad is None
    np.sum(y * 3).backward(retain_graph=True)
    assert y.grad.tolist() == [3.0, 3.0]
    np.sum(y * 3).backward()
    assert y.grad.tolist() == [6.0, 6.0]
    assert x.grad.tolist() == [12.0, 24.0]


def test_retain_grad_of_the_result_itself():
    x = T(3.0)
    y = x * x
    y.retain_grad()
    y.backward()
    assert y.grad.item() == 1.0


def test_retain_grad_asked_twice_and_of_a_leaf():
    x = T(3.0)
    x.retain_grad()
    y = x * x
    y.retain_grad()
    y.retain_grad()
    (y + x).backward()
    assert (x.grad.item(), y.grad.item()) == (7.0, 1.0)


def test_retain_grad_of_what_has_none_is_refused():
    refused(
        wg.GraphError, r"can't retain_grad on Tensor that has requires_grad=False", lambda: wg.tensor(1.0).retain_grad()
    )


# --- nothing is shared -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("create_graph", [False, True])
def test_gradients_do_not_share_memory(create_graph):
    a, b = T([1.0, 2.0]), T([3.0, 4.0])
    seed = wg.tensor([1.0, 1.0])
    (a + b).backward(seed, create_graph=create_graph)
    assert a.grad is not b.grad
    a.grad.zero_()
    assert b.grad.tolist() == [1.0, 1.0]
    assert seed.tolist() == [1.0, 1.0]
    a.grad.detach().numpy()[:] = 7.0
    b.grad.detach().numpy()[:] = 8.0
    assert (a.tolist(), b.tolist(), seed.tolist()) == ([1.0, 2.0], [3.0, 4.0], [1.0, 1.0])


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    "f", [lambda x: x, lambda x: +x, lambda x: x.reshape(1, 2)[0], lambda x: x[:], lambda x: x[::-1][::-1]]
)
def test_a_gradient_is_not_the_seed(f, create_graph):
    x = T([1.0, 2.0])
    seed = np.array([1.0, 1.0])
    tensor_seed = wg.tensor([1.0, 1.0])
    f(x).backward(seed, retain_graph=True, create_graph=create_graph)
    x.grad.detach().numpy()[:] = 9.0
    assert seed.tolist() == [1.0, 1.0]
    x.grad = None
    f(x).backward(tensor_seed, create_graph=create_graph)
    assert x.grad is not tensor_seed
    x.grad.detach().numpy()[:] = 9.0
    assert tensor_seed.tolist() == [1.0, 1.0]
    assert x.tolist() == [1.0, 2.0]


def test_a_gradient_is_writable_and_whole():
    x = T(np.ones((2, 3)))
    np.sum(x).backward()
    gradient = x.grad.numpy()
    assert gradient.flags.writeable
    gradient[0, 0] = 5.0
    assert x.grad.tolist() == [[5.0, 1.0, 1.0], [1.0, 1.0, 1.0]]


def test_the_seed_is_not_added_to():
    x = T([1.0, 2.0])
    seed = np.array([1.0, 1.0])
    y = x * 1.0
    total = np.concatenate([y, y[:1]])
    total.backward(np.append(seed, 5.0))
    assert x.grad.tolist() == [6.0, 1.0]
    x.grad = None
    z = T([1.0, 2.0])
    z.backward(seed)
    np.sum(z[0] * 3).backward()
    assert seed.tolist() == [1.0, 1.0]
    assert z.grad.tolist() == [4.0, 1.0]


def test_retained_gradients_do_not_share_memory():
    x = T([1.0, 2.0])
    y = x + 0.0
    y.retain_grad()
    (y + 0.0).backward(np.ones(2))
    y.grad.zero_()
    y.grad.numpy()[:] = 3.0
    assert x.grad.tolist() == [1.0, 1.0]


def test_a_constant_array_that_is_changed_later_does_not_change_the_derivative():
    x, scale = T([1.0, 2.0]), np.array([3.0, 4.0])
    y = np.sum(x * scale)
    scale[:] = 0.0
    y.backward()
    assert x.grad.tolist() == [3.0, 4.0]


def test_a_large_constant_array_that_is_changed_later_is_noticed():
    scale = np.full(200_000, 3.0)
    x = wg.tensor(np.ones(200_000), requires_grad=True)
    y = np.sum(x * scale)
    y.backward(retain_graph=True)
    assert x.grad.tolist()[:2] == [3.0, 3.0]
    scale[7] = 0.0
    with pytest.raises(
        wg.LostDerivativeError, match=r"an array of shape \(200000,\) that multiply was given was changed"
    ):
        y.backward()


def test_retain_grad_and_freeing_of_a_node_with_a_large_constant():
    scale = np.full(200_000, 3.0)
    x = wg.tensor(np.ones(200_000), requires_grad=True)
    y = x * scale
    y.retain_grad()
    before = weakref.ref(scale)
    np.sum(y).backward()
    assert y.grad.tolist()[:2] == [1.0, 1.0]
    assert x.grad.tolist()[:2] == [3.0, 3.0]
    del scale
    assert before() is None


def test_retain_grad_leaves_a_large_constant_watched():
    scale = np.full(200_000, 3.0)
    x = wg.tensor(np.ones(200_000), requires_grad=True)
    y = x * scale
    y.retain_grad()
    scale[7] = 0.0
    with pytest.raises(wg.LostDerivativeError, match="was changed before the derivative was taken"):
        np.sum(y).backward()
