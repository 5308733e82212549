"""The listings of introductory lessons on PyTorch's autograd, unchanged: what they print here and in PyTorch.

Each listing is a function of the module that it calls `torch` and returns what the lesson prints.
"""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

import wengert

LISTINGS = {}


def prints(*expected):
    """Declare a listing and what PyTorch prints for it, in float64."""

    def declare(listing):
        LISTINGS[listing.__name__] = (listing, expected)
        return listing

    return declare


def printed(listing, torch):
    return tuple(str(value) for value in listing(torch))


# --- one variable -----------------------------------------------------------------------------------------------


@prints("tensor(3., requires_grad=True)", "tensor(9., grad_fn=<PowBackward0>)", "None", "tensor(6.)")
def a_square(torch):
    x = torch.tensor(3.0, requires_grad=True)
    y = x**2
    before = x.grad
    y.backward()
    return x, y, before, x.grad


@prints("tensor(4., grad_fn=<AddBackward0>)", "tensor(3.)", "tensor(1.)")
def a_sum_of_two(torch):
    a = torch.tensor(1.0, requires_grad=True)
    b = torch.tensor(1.0, requires_grad=True)
    c = 3 * a + b
    c.backward()
    return c, a.grad, b.grad


@prints("tensor(-218.4626)", "tensor(0.0920, grad_fn=<SinBackward0>)")
def a_chain(torch):
    x = torch.tensor(2.0, requires_grad=True)
    y = torch.sin((x + 2) + (1 + torch.exp(x**2)))
    y.backward()
    return x.grad, y


@prints("tensor(6.9093, grad_fn=<AddBackward0>)", "tensor(2.5839)", "tensor(2.)")
def two_variables(torch):
    x1 = torch.tensor(2.0, requires_grad=True)
    x2 = torch.tensor(3.0, requires_grad=True)
    z = x1 * x2 + torch.sin(x1)
    z.backward()
    return z, x1.grad, x2.grad


@prints("tensor(11.6521, grad_fn=<SubBackward0>)", "tensor(5.5000)", "tensor(1.7163)")
def the_textbook_function(torch):
    x1 = torch.tensor(2.0, requires_grad=True)
    x2 = torch.tensor(5.0, requires_grad=True)
    f = torch.log(x1) + x1 * x2 - torch.sin(x2)
    f.backward()
    return f, x1.grad, x2.grad


@prints(
    "tensor(2., grad_fn=<SqrtBackward0>)",
    "tensor(54.5982, grad_fn=<ExpBackward0>)",
    "tensor(1.3863, grad_fn=<LogBackward0>)",
    "tensor(-0.7568, grad_fn=<SinBackward0>)",
    "tensor(-0.6536, grad_fn=<CosBackward0>)",
    "tensor(0.9993, grad_fn=<TanhBackward0>)",
    "tensor(-4., grad_fn=<NegBackward0>)",
    "tensor(4., grad_fn=<AbsBackward0>)",
    "tensor(2., grad_fn=<DivBackward0>)",
    "tensor(55.7026)",
)
def the_functions(torch):
    x = torch.tensor(4.0, requires_grad=True)
    results = [
        torch.sqrt(x),
        torch.exp(x),
        torch.log(x),
        torch.sin(x),
        torch.cos(x),
        torch.tanh(x),
        -x,
        torch.abs(x),
        x / 2,
    ]
    sum(results).backward()
    return *results, x.grad


@prints("tensor(-0.4213, grad_fn=<DivBackward0>)", "tensor(0.1900, requires_grad=True)")
def gradient_descent(torch):
    x = torch.tensor(1.0, requires_grad=True)
    for _ in range(300):
        y = -torch.log(1 / (1 + torch.exp(-x)) + 1) / (x**2 + 1)
        y.backward()
        with torch.no_grad():
            x -= 0.1 * x.grad
        x.grad.zero_()
    return y, x


# --- arrays and matrices ----------------------------------------------------------------------------------------


@prints(
    "tensor([0., 1., 2., 3.], requires_grad=True)",
    "None",
    "tensor(28., grad_fn=<MulBackward0>)",
    "tensor([ 0.,  4.,  8., 12.])",
    "tensor([True, True, True, True])",
    "tensor([1., 1., 1., 1.])",
    "tensor([0., 2., 4., 6.])",
)
def a_vector(torch):
    x = torch.arange(4.0)
    x.requires_grad_(True)
    shown = [str(x), x.grad]
    y = 2 * torch.dot(x, x)
    y.backward()
    shown += [y, str(x.grad), x.grad == 4 * x]
    x.grad.zero_()
    y = x.sum()
    y.backward()
    shown += [str(x.grad)]
    x.grad.zero_()
    y = x * x
    y.sum().backward()
    return *shown, x.grad


@prints(
    "tensor([[3., 3.],\n        [3., 3.]], grad_fn=<AddBackward0>)",
    "tensor([[27., 27.],\n        [27., 27.]], grad_fn=<MulBackward0>)",
    "tensor(27., grad_fn=<MeanBackward0>)",
    "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])",
)
def the_mean(torch):
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    z = y * y * 3
    out = z.mean()
    out.backward()
    return y, z, out, x.grad


@prints("tensor([-12.,  65.], grad_fn=<SubBackward0>)", "tensor([True, True])", "tensor([True, True])")
def a_vector_and_its_seed(torch):
    a = torch.tensor([2.0, 3.0], requires_grad=True)
    b = torch.tensor([6.0, 4.0], requires_grad=True)
    Q = 3 * a**3 - b**2
    external_grad = torch.tensor([1.0, 1.0])
    Q.backward(gradient=external_grad)
    return Q, 9 * a**2 == a.grad, -2 * b == b.grad


@prints(
    "tensor([1.0000, 1.4142, 1.7321], grad_fn=<SqrtBackward0>)",
    "tensor([0.5000, 0.3536, 0.2887])",
    "tensor([ 2.7183,  7.3891, 20.0855], grad_fn=<ExpBackward0>)",
)
def elementwise(torch):
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = torch.sqrt(x)
    torch.sum(y).backward()
    return y, x.grad, torch.exp(x)


@prints(
    "tensor([[-6.]], grad_fn=<MmBackward0>)",
    "tensor([[-2.],\n        [-2.]])",
    "tensor([[ 1.,  0., -1.],\n        [ 2.,  0., -2.]])",
    "tensor([[ 9.],\n        [12.],\n        [15.]])",
)
def a_bilinear_form(torch):
    x1 = torch.tensor([[1.0], [2.0]], requires_grad=True)
    W = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    x2 = torch.tensor([[1.0], [0.0], [-1.0]], requires_grad=True)
    y = torch.matmul(torch.matmul(x1.T, W), x2)
    y.backward()
    return y, x1.grad, W.grad, x2.grad


@prints("tensor(-6., grad_fn=<DotBackward0>)", "tensor([-2., -2.])", "tensor([ 9., 12., 15.])")
def a_bilinear_form_of_vectors(torch):
    x1 = torch.tensor([1.0, 2.0], requires_grad=True)
    W = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    x2 = torch.tensor([1.0, 0.0, -1.0], requires_grad=True)
    y = x1 @ W @ x2
    y.backward()
    return y, x1.grad, x2.grad


@prints(
    "tensor([[19., 22.],\n        [43., 50.]], grad_fn=<MmBackward0>)",
    "tensor([[11., 15.],\n        [11., 15.]])",
    "tensor([[4., 4.],\n        [6., 6.]])",
)
def a_product_of_matrices(torch):
    A = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    B = torch.tensor([[5.0, 6.0], [7.0, 8.0]], requires_grad=True)
    C = torch.matmul(A, B)
    C.sum().backward()
    return C, A.grad, B.grad


@prints(
    "tensor([[4., 2., 2., 2., 2.],\n        [2., 4., 2., 2., 2.],\n"
    "        [2., 2., 4., 2., 2.],\n        [2., 2., 2., 4., 2.]])",
    "tensor([[8., 4., 4., 4., 4.],\n        [4., 8., 4., 4., 4.],\n"
    "        [4., 4., 8., 4., 4.],\n        [4., 4., 4., 8., 4.]])",
    "tensor([[4., 2., 2., 2., 2.],\n        [2., 4., 2., 2., 2.],\n"
    "        [2., 2., 4., 2., 2.],\n        [2., 2., 2., 4., 2.]])",
)
def a_seed_of_ones(torch):
    inp = torch.eye(4, 5, requires_grad=True)
    out = (inp + 1).pow(2).t()
    out.backward(torch.ones_like(out), retain_graph=True)
    first = str(inp.grad)
    out.backward(torch.ones_like(out), retain_graph=True)
    second = str(inp.grad)
    inp.grad.zero_()
    out.backward(torch.ones_like(out), retain_graph=True)
    return first, second, inp.grad


@prints("tensor([2.0480e+02, 2.0480e+03, 2.0480e-01])", "torch.Size([3])")
def doubling_until_large(torch):
    x = torch.tensor([0.5, -0.25, 0.75], requires_grad=True)
    y = x * 2
    while y.data.norm() < 1000:
        y = y * 2
    v = torch.tensor([0.1, 1.0, 0.0001], dtype=x.dtype)
    y.backward(v)
    return x.grad, x.grad.shape


# --- the graph --------------------------------------------------------------------------------------------------


@prints("tensor(6.)", "tensor(12.)", "tensor(0.)", "tensor(6.)")
def gradients_accumulate(torch):
    x = torch.tensor(3.0, requires_grad=True)
    shown = []
    for _ in range(2):
        y = x**2
        y.backward()
        shown.append(str(x.grad))
    x.grad.zero_()
    shown.append(str(x.grad))
    y = x**2
    y.backward()
    return *shown, x.grad


@prints("tensor([0., 1., 4., 9.])", "False", "tensor([True, True, True, True])", "tensor([0., 2., 4., 6.])")
def detaching(torch):
    x = torch.arange(4.0, requires_grad=True)
    y = x * x
    u = y.detach()
    z = u * x
    z.sum().backward()
    equal = x.grad == u
    x.grad.zero_()
    y.sum().backward()
    return u, u.requires_grad, equal, x.grad


@prints("True", "False", "tensor(6.)", "True")
def without_recording(torch):
    x = torch.tensor(3.0, requires_grad=True)
    y = x * 2
    recorded = y.requires_grad
    with torch.no_grad():
        y = x * 2
    return recorded, y.requires_grad, y, (x * 2).requires_grad


@prints("True", "None", "False", "True", "True", "False")
def leaves(torch):
    x = torch.tensor(3.0, requires_grad=True)
    y = x * 2
    c = torch.tensor(1.0)
    return x.is_leaf, x.grad_fn, y.is_leaf, y.requires_grad, c.is_leaf, c.requires_grad


@prints("tensor(100.)", "tensor(True)", "tensor(True)")
def a_function_with_while_and_if(torch):
    def f(a):
        b = a * 2
        while b.abs() < 10:
            b = b * 2
        if b.sum() > 0:
            return b
        return 100 * b

    positive = torch.tensor(50.0, requires_grad=True)
    d = f(positive)
    d.backward()
    negative = torch.tensor(-3.0, requires_grad=True)
    e = f(negative)
    e.backward()
    return d.detach(), positive.grad == d / positive, negative.grad == e / negative


@prints("tensor(15., grad_fn=<AddBackward0>)", "tensor(17.)", "tensor(-4., grad_fn=<NegBackward0>)", "tensor(-2.)")
def a_function_with_for_and_if(torch):
    def polynomial(x):
        result = 0
        for power in range(1, 4):
            result = result + x**power + (1 if power == 3 else 0)
        return result

    def clipped(x):
        if x > 1:
            return -(x**2)
        return x * 0

    x = torch.tensor(2.0, requires_grad=True)
    y = polynomial(x)
    y.backward()
    z = torch.tensor(2.0, requires_grad=True)
    w = clipped(z)
    w.backward()
    return y, x.grad, w, z.grad / 2


@prints("tensor(27.)", "tensor(18.)")
def second_derivatives(torch):
    x = torch.tensor(3.0, requires_grad=True)
    y = x**3
    y.backward(create_graph=True)
    first = x.grad
    x.grad = None
    first.backward()
    return first.detach(), x.grad


@prints("tensor(-0.9093)", "tensor(0.4161)", "tensor(0.9093)")
def three_orders(torch):
    x = torch.tensor(2.0, requires_grad=True)
    y = torch.cos(x)
    shown = []
    for _ in range(3):
        x.grad = None
        y.backward(create_graph=True)
        y = x.grad
        shown.append(y.detach())
    return shown


@prints("<SinBackward0>", "<MulBackward0>", "<SumBackward0>", "tensor([ 2.0000,  1.0806, -0.8323])")
def the_names_of_the_graph(torch):
    a = torch.tensor([0.0, 1.0, 2.0], requires_grad=True)
    b = torch.sin(a)
    c = 2 * b
    out = c.sum()
    out.backward()
    return *(re.sub(r" object at \w+", "", repr(t.grad_fn)) for t in (b, c, out)), a.grad


@prints("tensor(2.)", "tensor(12.)")
def keeping_an_inner_gradient(torch):
    x = torch.tensor(3.0, requires_grad=True)
    y = x**2
    y.retain_grad()
    z = 2 * y
    z.backward()
    return y.grad, x.grad


@prints("4.0", "[1. 2.]", "[1.0, 2.0]", "torch.Size([2])", "2")
def values(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.tensor(4.0, requires_grad=True)
    return y.item(), x.detach().numpy(), x.tolist(), x.shape, x.numel()


@prints("tensor([2.0000, 1.0000], requires_grad=True)")
def a_linear_regression(torch):
    x = torch.tensor([0.0, 1.0, 2.0, 3.0])
    y = 2 * x + 1
    w = torch.tensor([0.0, 0.0], requires_grad=True)
    for _ in range(1000):
        loss = ((w[0] * x + w[1] - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
        w.grad = None
    return (w,)


# --- the tests --------------------------------------------------------------------------------------------------


def same_shapes(text):
    """PyTorch's name for the shape is its own; ours is NumPy's tuple."""
    return re.sub(r"torch\.Size\(\[(\d+)\]\)", r"(\1,)", text)


@pytest.mark.parametrize("name", LISTINGS)
def test_the_listing_prints_what_the_lesson_shows(name):
    listing, expected = LISTINGS[name]
    assert printed(listing, wengert) == tuple(map(same_shapes, expected))


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
@pytest.mark.parametrize("name", LISTINGS)
def test_pytorch_prints_the_same(name):
    torch = pytest.importorskip("torch")
    listing, expected = LISTINGS[name]
    torch.set_default_dtype(torch.float64)
    try:
        assert printed(listing, torch) == expected
    finally:
        torch.set_default_dtype(torch.float32)


NUMBER = re.compile(r"-?\d+\.\d*(?:e[+-]\d+)?")


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True")
@pytest.mark.parametrize("name", LISTINGS)
def test_pytorchs_single_precision_makes_no_difference_to_four_digits(name):
    torch = pytest.importorskip("torch")
    listing, _ = LISTINGS[name]
    for here, there in zip(printed(listing, wengert), printed(listing, torch), strict=True):
        assert NUMBER.sub("#", here) == NUMBER.sub("#", same_shapes(there))
        ours, theirs = (np.array(NUMBER.findall(text), float) for text in (here, there))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1.01e-4)


# Values that a lesson states, by closed forms.


def test_the_chain_has_its_derivative():
    x = wengert.tensor(2.0, requires_grad=True)
    wengert.sin((x + 2) + (1 + wengert.exp(x**2))).backward()
    inner = 5 + math.exp(4)
    assert x.grad.item() == pytest.approx(math.cos(inner) * (1 + 4 * math.exp(4)), rel=1e-13)
    assert x.grad.item() == pytest.approx(-218.4625, abs=1e-4)


def test_two_variables_have_their_derivatives():
    x1, x2 = (wengert.tensor(value, requires_grad=True) for value in (2.0, 3.0))
    (x1 * x2 + wengert.sin(x1)).backward()
    assert x1.grad.item() == pytest.approx(3 + math.cos(2), rel=1e-15)
    assert f"{x1.grad.item():.2f}" == "2.58"
    assert x2.grad.item() == 2.0


def test_the_bilinear_form_has_its_three_gradients():
    rng = np.random.default_rng(1)
    x1, W, x2 = (wengert.tensor(rng.normal(size=shape), requires_grad=True) for shape in ((3, 1), (3, 4), (4, 1)))
    wengert.matmul(wengert.matmul(x1.T, W), x2).backward()
    a, M, b = (t.detach().numpy() for t in (x1, W, x2))
    np.testing.assert_allclose(x1.grad.numpy(), M @ b, rtol=1e-14)
    np.testing.assert_allclose(W.grad.numpy(), a @ b.T, rtol=1e-14)
    np.testing.assert_allclose(x2.grad.numpy(), M.T @ a, rtol=1e-14)


# --- what the lessons warn of -----------------------------------------------------------------------------------


def backward_twice(torch):
    x = torch.tensor(3.0, requires_grad=True)
    y = x**2
    y.backward()
    y.backward()


def backward_of_a_vector(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * 2).backward()


def backward_without_history(torch):
    torch.tensor(3.0).backward()


def integers(torch):
    torch.tensor(3, requires_grad=True)


def updating_a_leaf(torch):
    x = torch.tensor(3.0, requires_grad=True)
    x -= 1


def numpy_of_a_tensor_with_history(torch):
    torch.tensor(3.0, requires_grad=True).numpy()


WARNINGS = {
    backward_twice: "Trying to backward through the graph a second time",
    backward_of_a_vector: "grad can be implicitly created only for scalar outputs",
    backward_without_history: "does not require grad and does not have a grad_fn",
    integers: "Only Tensors of floating point and complex dtype can require gradients",
    updating_a_leaf: "a leaf Variable that requires grad is being used in an in-place operation",
    numpy_of_a_tensor_with_history: "Can't call numpy() on Tensor that requires grad",
}


@pytest.mark.parametrize("listing", WARNINGS)
def test_the_error_is_the_one_that_the_lesson_names(listing):
    with pytest.raises((RuntimeError, wengert.LostDerivativeError)) as error:
        listing(wengert)
    assert WARNINGS[listing].lower() in str(error.value).lower()


@pytest.mark.peers
@pytest.mark.parametrize("listing", WARNINGS)
def test_pytorch_raises_the_same(listing):
    torch = pytest.importorskip("torch")
    with pytest.raises(RuntimeError) as error:
        listing(torch)
    assert WARNINGS[listing].lower() in str(error.value).lower()
