"""Define-by-run, with PyTorch's look: tensors, backward, and what they refuse."""

from __future__ import annotations

import copy
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import wengert as wg
from wengert.levels import is_suspended


def T(data, **options):
    return wg.tensor(data, requires_grad=True, **options)


def refused(error, message, call):
    """The error of `call`, whose location is in this file."""
    with pytest.raises(error, match=message) as caught:
        call()
    assert caught.value.where.file == __file__
    assert caught.value.remedy
    return caught.value


# --- making tensors --------------------------------------------------------------------------------------------

MADE = {
    "a float": (2.0, (), np.float64),
    "an integer": (2, (), np.int64),
    "a bool": (True, (), np.bool_),
    "a complex number": (1j, (), np.complex128),
    "a list": ([1.0, 2.0], (2,), np.float64),
    "nested lists": ([[1, 2], [3, 4]], (2, 2), np.int64),
    "mixed numbers": ([1, 2.5], (2,), np.float64),
    "an array": (np.ones((2, 3), np.float32), (2, 3), np.float32),
    "a NumPy number": (np.float32(1.5), (), np.float32),
    "an empty list": ([], (0,), np.float64),
    "an empty array": (np.zeros((0, 3)), (0, 3), np.float64),
    "a range": (range(3), (3,), np.int64),
}


@pytest.mark.parametrize(("data", "shape", "dtype"), MADE.values(), ids=MADE)
def test_a_tensor_has_numpys_shape_and_dtype(data, shape, dtype):
    t = wg.tensor(data)
    assert (t.shape, t.dtype) == (shape, dtype)
    np.testing.assert_array_equal(t.numpy(), np.asarray(data))
    assert not t.requires_grad


def test_the_dtype_can_be_given():
    assert wg.tensor([1, 2], dtype=np.float32).dtype == np.float32
    assert T(1, dtype=float).requires_grad
    assert wg.tensor([1.5, 2.5], dtype=int).tolist() == [1, 2]


def test_data_are_copied():
    array = np.array([1.0, 2.0])
    t = wg.tensor(array)
    array[0] = 9.0
    assert t.tolist() == [1.0, 2.0]


def test_a_tensor_of_tensors():
    a = wg.tensor(1.0)
    assert wg.tensor(a).tolist() == 1.0
    assert wg.tensor([a, wg.tensor(2.0)]).tolist() == [1.0, 2.0]
    assert wg.tensor([[a, 2.0], [3, a]]).shape == (2, 2)


def test_a_value_that_carries_a_derivative_is_not_copied_into_a_tensor():
    message = r"tensor\(\) was called on a value that carries a derivative"
    error = refused(wg.LostDerivativeError, message, lambda: wg.tensor(T(1.0)))
    assert "detach()" in error.remedy
    refused(wg.LostDerivativeError, r"tensor\(\) was called on values", lambda: wg.tensor([T(1.0), 2.0]))
    with pytest.raises(wg.LostDerivativeError, match=r"tensor\(\) was called on a value"):
        wg.grad(lambda x: wg.tensor(x))(1.0)  # noqa: PLW0108
    assert wg.tensor(T(1.0).detach()).item() == 1.0


@pytest.mark.parametrize("data", ["text", ["a", "b"], None, [object()], {"a": 1}], ids=lambda data: type(data).__name__)
def test_what_is_no_number_is_refused(data):
    refused(wg.DtypeError, r"tensor\(\) got data of dtype", lambda: wg.tensor(data))


def test_ragged_lists_are_numpys_error():
    with pytest.raises(ValueError, match="inhomogeneous"):
        wg.tensor([[1.0], [1.0, 2.0]])


SENTENCE = "Only Tensors of floating point and complex dtype can require gradients"


@pytest.mark.parametrize(
    "make", [lambda: T(2), lambda: T([1, 2]), lambda: T(True), lambda: wg.tensor(2).requires_grad_()]
)
def test_integers_cannot_require_gradients(make):
    with pytest.raises(RuntimeError, match=SENTENCE):
        make()
    error = refused(wg.DtypeError, SENTENCE, make)
    assert "this one has dtype" in str(error)
    assert "Write 2.0 for 2" in error.remedy


def test_complex_numbers_can():
    z = T(1 + 2j)
    (z * z.conj()).real.backward()
    assert z.grad.item() == 2 + 4j


# --- flags -----------------------------------------------------------------------------------------------------


def test_leaves_and_results():
    x, c = T(2.0), wg.tensor(3.0)
    y = x * c
    assert (x.is_leaf, c.is_leaf, y.is_leaf) == (True, True, False)
    assert (x.requires_grad, c.requires_grad, y.requires_grad) == (True, False, True)
    assert (x.grad_fn, c.grad_fn) == (None, None)
    assert y.grad_fn.name() == "MulBackward0"
    assert (c * 2).requires_grad is False
    assert (c * 2).grad_fn is None


def test_requires_grad_can_be_switched_on_leaves():
    x = wg.tensor([1.0, 2.0])
    assert x.requires_grad_() is x
    assert x.requires_grad
    x.requires_grad = False
    assert not (x * 2).requires_grad
    x.requires_grad = True
    np.sum(x * x).backward()
    assert x.grad.tolist() == [2.0, 4.0]
    x.requires_grad_()
    assert x.grad.tolist() == [2.0, 4.0], "asking again does not forget the gradient"


@pytest.mark.parametrize("value", [True, False])
def test_a_result_keeps_its_flag(value):
    y = T(1.0) * 2

    def switch():
        y.requires_grad = value

    error = refused(wg.GraphError, "you can only change requires_grad flags of leaf variables", switch)
    assert "detach()" in error.remedy


def test_before_backward_there_is_no_gradient():
    x = T(1.0)
    assert x.grad is None
    assert wg.tensor(1.0).grad is None
    assert (x * 2).grad is None


def test_a_gradient_can_be_set():
    x = T([1.0, 2.0])
    x.grad = wg.tensor([5.0, 5.0])
    np.sum(x).backward()
    assert x.grad.tolist() == [6.0, 6.0]
    x.grad = None
    np.sum(x).backward()
    assert x.grad.tolist() == [1.0, 1.0]
    x.grad.zero_()
    assert x.grad.tolist() == [0.0, 0.0]


def test_a_gradient_cannot_be_set_where_there_is_none():
    for t in (wg.tensor(1.0), T(1.0) * 2):

        def assign(t=t):
            t.grad = wg.tensor(1.0)

        refused(wg.GraphError, "only a tensor that requires grad has a gradient", assign)


# --- no_grad ---------------------------------------------------------------------------------------------------


def test_nothing_is_recorded_under_no_grad():
    x = T([1.0, 2.0])
    with wg.no_grad():
        results = [x * x, np.sin(x), x + 1.0, 1.0 - x, x[0], np.sum(x), x @ x, -x, np.concatenate([x, x]), x[None].T]
    assert not any(y.requires_grad for y in results)
    assert (x * x).requires_grad


def test_a_parameter_is_updated_under_no_grad():
    w = T([1.0, 2.0])
    np.sum(w * w).backward()
    with wg.no_grad():
        w -= 0.5 * w.grad
        w *= 1.0
    assert w.tolist() == [0.0, 0.0]
    assert w.requires_grad
    assert w.is_leaf
    assert w.grad.tolist() == [2.0, 4.0]


def test_no_grad_nests_and_is_undone():
    x = T(2.0)
    with wg.no_grad():
        with wg.no_grad():
            assert not (x * x).requires_grad
        assert not (x * x).requires_grad
    assert (x * x).requires_grad


def test_no_grad_is_undone_by_an_exception():
    x = T(2.0)
    with pytest.raises(ZeroDivisionError), wg.no_grad():
        raise ZeroDivisionError
    assert (x * x).requires_grad
    assert is_suspended() == 0


def test_no_grad_decorates():
    x = T(2.0)

    @wg.no_grad()
    def f(x):
        return x * x

    assert not f(x).requires_grad
    assert not f(x).requires_grad
    assert (x * x).requires_grad


def test_a_transform_inside_no_grad_works():
    x = T(2.0)
    with wg.no_grad():
        assert wg.grad(lambda y: y**3)(2.0) == 12.0
        assert wg.jvp(lambda y: y**3, (2.0,), (1.0,))[1] == 12.0
        assert wg.grad(wg.grad(lambda y: y**3))(2.0) == 12.0
        assert len(wg.trace(lambda y: y**3)(2.0).statements) == 1
        assert wg.grad(lambda y: np.sum(y * x.detach().numpy()))(3.0) == 2.0
        slope = wg.grad(lambda y: y * x)(3.0)
    assert not getattr(slope, "requires_grad", False)


@pytest.mark.parametrize("create_graph", [False, True])
def test_backward_works_under_no_grad(create_graph):
    x = T(2.0)
    y = x**3
    with wg.no_grad():
        y.backward(create_graph=create_graph)
    assert x.grad.item() == 12.0


def constant_inside(x):
    with wg.no_grad():
        scale = x * x
    return scale * x


def test_no_grad_inside_a_transform_makes_constants():
    assert wg.grad(constant_inside)(3.0) == 9.0
    assert wg.jvp(constant_inside, (3.0,), (1.0,))[1] == 9.0
    assert wg.grad(wg.trace(constant_inside)(3.0))(3.0) == 9.0
    assert wg.grad(wg.tape(constant_inside, 3.0).list)(3.0) == 9.0
    np.testing.assert_array_equal(wg.jacobian(constant_inside)(np.array([3.0])), [[9.0]])


def test_no_grad_inside_a_transform_reaches_all_levels_around_it():
    assert wg.grad(wg.grad(constant_inside))(3.0) == 0.0

    def f(x):
        with wg.no_grad():
            return wg.grad(lambda y: y * y * x)(3.0) * 1.0

    assert wg.grad(f)(2.0) == 0.0


# --- outside the graph -----------------------------------------------------------------------------------------


def test_detach_drops_the_history():
    x = T(3.0)
    y = x * x
    z = y.detach()
    assert (z.requires_grad, z.is_leaf, z.grad_fn) == (False, True, None)
    (z * x).backward()
    assert x.grad.item() == 9.0


def test_detach_inside_a_transform():
    f = lambda x: x.detach() * x
    assert wg.grad(f)(3.0) == 3.0
    assert wg.jvp(f, (3.0,), (1.0,))[1] == 3.0
    assert wg.grad(wg.trace(f)(3.0))(3.0) == 3.0
    assert wg.grad(wg.grad(f))(3.0) == 0.0


def test_item_and_tolist_are_for_looking():
    x = T([[1.5, 2.0]])
    assert x[0, 0].item() == 1.5
    assert type(x[0, 0].item()) is float
    assert x.tolist() == [[1.5, 2.0]]
    assert wg.tensor(3).item() == 3
    with pytest.raises(ValueError, match="can only convert an array of size 1"):
        x.item()


def test_numpy_shares_memory():
    t = wg.tensor([1.0, 2.0])
    array = t.numpy()
    array[0] = 5.0
    assert t.tolist() == [5.0, 2.0]
    assert wg.tensor(1.5).numpy() == 1.5
    assert isinstance(wg.tensor(1.5).numpy(), np.ndarray)


def test_numpy_of_what_requires_grad_is_refused():
    error = refused(wg.GraphError, r"can't call numpy\(\) on Tensor that requires grad", lambda: T(1.0).numpy())
    assert error.remedy == "Use tensor.detach().numpy() instead."


def test_data_is_the_tensor_outside_the_graph():
    x = T([1.0, 2.0])
    assert x.data.tolist() == [1.0, 2.0]
    assert not x.data.requires_grad
    x.data = [3.0, 4.0]
    x.data -= wg.tensor([1.0, 1.0])
    assert x.tolist() == [2.0, 3.0]
    assert x.requires_grad


def test_small_questions():
    x = T(np.ones((2, 3)))
    assert (x.numel(), x.dim(), x.t().shape, x.T.shape, x.mT.shape) == (6, 2, (3, 2), (3, 2), (3, 2))
    assert x.reshape(6).reshape(3, -1).shape == (3, 2)
    assert len(x) == 2


# --- assignment ------------------------------------------------------------------------------------------------


def test_elements_of_a_plain_tensor_can_be_assigned():
    t = wg.tensor([[1.0, 2.0], [3.0, 4.0]])
    t[0, 1] = 9.0
    t[1] = t[1] + 1.0
    t[1, 1] += 0.0
    t[:, 0] = wg.tensor([7.0, 8.0])
    assert t.tolist() == [[7.0, 9.0], [8.0, 5.0]]


def test_a_value_in_the_graph_does_not_change_with_an_assignment():
    x, t = T([1.0, 2.0]), wg.tensor([3.0, 4.0])
    y = np.sum(x * t)
    t[0] = 100.0
    y.backward()
    assert x.grad.tolist() == [3.0, 4.0]


@pytest.mark.parametrize("shape", [(), (2,)])
def test_a_leaf_is_not_changed_in_place(shape):
    x = T(np.ones(shape))

    def change():
        nonlocal x
        x += 1.0

    error = refused(wg.GraphError, "a leaf Variable that requires grad is being used in an in-place operation", change)
    assert "no_grad()" in error.remedy
    assert error.where.text == "x += 1.0"
    assert x.tolist() == np.ones(shape).tolist()


def test_a_result_is_changed_in_place():
    x = T([1.0, 2.0])
    y = x * x
    z = y
    y += x
    y *= 2.0
    assert z is y
    np.sum(z).backward()
    assert x.grad.tolist() == [6.0, 10.0]


def test_zero_empties_a_gradient_only():
    x = T([1.0, 2.0])
    np.sum(x * x).backward()
    gradient = x.grad
    assert gradient.zero_() is gradient
    assert x.grad.tolist() == [0.0, 0.0]
    assert x.tolist() == [1.0, 2.0]


# --- precision and size ----------------------------------------------------------------------------------------


def test_single_precision_stays():
    x = wg.tensor([1.0, 2.0], dtype=np.float32, requires_grad=True)
    y = np.sum(np.exp(x * 2.0 + 1) / 3 - x**2 + 2.5 * np.mean(x) ** 0.5)
    assert y.dtype == np.float32
    y.backward()
    assert x.grad.dtype == np.float32


def test_mixed_precision_goes_back_to_each_operands_own():
    x = wg.tensor([1.0, 2.0], dtype=np.float32, requires_grad=True)
    w = T([3.0, 4.0])
    np.sum(x * w).backward()
    assert (x.grad.dtype, w.grad.dtype) == (np.float32, np.float64)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0, 1)])
def test_empty_arrays(shape):
    x = T(np.zeros(shape))
    (np.sum(np.sin(x) * 2) + 1.0).backward()
    assert x.grad.shape == shape
    np.sin(x).backward(np.zeros(shape))
    assert x.grad.shape == shape


def test_numbers_are_numbers():
    x = T(2.0)
    y = np.sin(x) * 3
    assert y.shape == ()
    assert isinstance(y.item(), float)
    y.backward()
    assert x.grad.shape == ()


# --- methods, iteration, decisions, text -----------------------------------------------------------------------


def test_numpys_functions_are_methods():
    x = T([1.0, 2.0])
    np.testing.assert_array_equal(x.sin().detach().numpy(), np.sin([1.0, 2.0]))
    np.testing.assert_array_equal(x.maximum(1.5).detach().numpy(), [1.5, 2.0])
    x.exp().log().sqrt().sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 0.5 / np.sqrt([1.0, 2.0]))
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'nonsense'"):
        x.nonsense  # noqa: B018
    assert not hasattr(x, "__array_interface__")


def test_iteration_gives_recorded_parts():
    x = T([1.0, 2.0, 3.0])
    total = sum(element * k for k, element in enumerate(x))
    total.backward()
    assert x.grad.tolist() == [0.0, 1.0, 2.0]
    a, b, c = x
    assert [t.item() for t in (a, b, c)] == [1.0, 2.0, 3.0]
    assert [row.tolist() for row in wg.tensor([[1, 2], [3, 4]])] == [[1, 2], [3, 4]]


def test_comparison_gives_tensors_of_truth():
    x = T([1.0, 2.0])
    assert (x > 1.5).tolist() == [False, True]
    assert (x < 1.5).tolist() == [True, False]
    assert (x == np.array([1.0, 3.0])).tolist() == [True, False]
    assert (x != x).tolist() == [False, False]  # noqa: PLR0124
    assert isinstance(x > 1.5, wg.Tensor)
    assert repr(T(1.0) < 2) == "tensor(True)"
    assert not (x > 1.5).requires_grad


def test_python_decides_by_a_number():
    def f(x):
        return x * x if x > 0 else -x

    for x0, slope in [(3.0, 6.0), (-3.0, -1.0)]:
        x = T(x0)
        f(x).backward()
        assert x.grad.item() == slope
    assert bool(T([[1.0]]))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(T([1.0, 2.0]))


def test_a_number_in_text():
    assert f"{T(1.23456):.2f}" == "1.23"
    assert f"{wg.tensor(3)}" in {"3", "tensor(3)"}
    assert str(T([1.0])) == "tensor([1.], requires_grad=True)"


def test_inside_a_transform_a_tensor_shows_value_and_type():
    seen = []
    wg.grad(lambda x: [seen.append(repr(x)), np.sum(x)][1])(np.array([1.5, 2.5]))
    assert "1.5" in seen[0]
    assert "f64[2]" in seen[0]


# --- copies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])  # noqa: S301
def test_leaves_are_copied(copied):
    t = copied(wg.tensor([1.0, 2.0]))
    assert (t.tolist(), t.requires_grad) == ([1.0, 2.0], False)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))], ids=["deepcopy", "pickle"])  # noqa: S301
def test_a_copied_leaf_is_a_leaf_of_its_own(copied):
    x = T([1.0, 2.0])
    other = copied({"w": x})["w"]
    assert other.requires_grad
    assert other.is_leaf
    np.sum(other * 2).backward()
    assert (x.grad, other.grad.tolist()) == (None, [2.0, 2.0])
    with wg.no_grad():
        other += 1.0
    assert x.tolist() == [1.0, 2.0]


def test_a_result_is_not_copied_deeply():
    y = T(1.0) * 2
    for call in (lambda: copy.deepcopy(y), lambda: pickle.dumps(y)):
        with pytest.raises(
            wg.GraphError, match=r"only tensors made by the user can be copied deeply or pickled"
        ) as caught:
            call()
        assert caught.value.remedy == "Copy x.detach() instead."


# --- threads ---------------------------------------------------------------------------------------------------


def test_threads_differentiate_at_once():
    start = threading.Barrier(4)

    def work(k):
        start.wait(timeout=30)
        found = []
        for _ in range(50):
            x = T(np.full(20, float(k)))
            np.sum(np.sin(x) * x).backward()
            assert wg.grad(wg.grad(lambda x: x**3))(float(k)) == 6.0 * k
            found.append(x.grad.numpy())
        return found

    with ThreadPoolExecutor(4) as pool:
        for k, found in zip(range(1, 5), pool.map(work, range(1, 5)), strict=True):
            expected = np.cos(k) * k + np.sin(k)
            np.testing.assert_allclose(found, np.full((50, 20), expected), rtol=1e-13)


def test_no_grad_is_of_one_thread():
    x = T(2.0)
    with wg.no_grad(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: (x * x).requires_grad).result(timeout=30)
        assert not (x * x).requires_grad
