"""Names of PyTorch that NumPy has not."""

import numpy as np
import pytest

import wengert as wg

X = np.array([-1.5, 0.0, 2.0])


@pytest.mark.parametrize(
    ("name", "call", "value", "gradient"),
    [
        ("relu", wg.relu, [0, 0, 2], [0, 0, 1]),
        ("sigmoid", wg.sigmoid, 1 / (1 + np.exp(-X)), np.exp(-X) / (1 + np.exp(-X)) ** 2),
        ("pow", lambda x: wg.pow(x, 3), X**3, 3 * X**2),
        ("cat", lambda x: wg.cat([x, 2 * x]), np.concatenate([X, 2 * X]), [3, 3, 3]),
        ("clone", lambda x: x.clone(), X, [1, 1, 1]),
        ("view", lambda x: x.view(3, 1), X[:, None], [1, 1, 1]),
        ("unsqueeze", lambda x: x.unsqueeze(0), X[None], [1, 1, 1]),
        ("method pow", lambda x: x.pow(2), X**2, 2 * X),
    ],
)
def test_value_and_gradient(name, call, value, gradient):
    x = wg.tensor(X, requires_grad=True)
    y = call(x)
    np.testing.assert_allclose(y.detach().numpy(), value, rtol=1e-14)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), gradient, rtol=1e-14)


def test_sigmoid_of_large_numbers_does_not_overflow():
    np.testing.assert_array_equal(wg.sigmoid(np.array([-1000.0, 1000.0])), [0, 1])


def test_matrix_products():
    a, b = wg.tensor([[1.0, 2.0]]), wg.tensor([[3.0], [4.0]])
    assert wg.mm(a, b).item() == a.mm(b).item() == 11.0


@pytest.mark.parametrize("method", ["sum", "mean", "prod"])
def test_reductions_take_dim_and_keepdim(method):
    x = wg.tensor([[1.0, 2.0], [3.0, 4.0]])
    expected = getattr(np, method)(x.numpy(), axis=1, keepdims=True)
    np.testing.assert_array_equal(getattr(x, method)(dim=1, keepdim=True).numpy(), expected)


def test_a_masked_array_is_not_made_a_tensor():
    with pytest.raises(wg.DtypeError, match=r"masked array, whose mask would be lost.*data\.filled"):
        wg.tensor(np.ma.array([1.0, 2.0], mask=[False, True]))


def test_a_tape_does_not_show_the_value_of_a_leaf_that_has_changed():
    x = wg.tensor(1.0, requires_grad=True)
    y = x + 1
    with wg.no_grad():
        x += 5
    assert "x1 = ·" in str(y.tape())
