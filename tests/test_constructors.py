"""New tensors under PyTorch's names."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg

MADE = {
    "zeros()": (wg.zeros(), np.zeros(())),
    "zeros(2, 3)": (wg.zeros(2, 3), np.zeros((2, 3))),
    "zeros((2, 3))": (wg.zeros((2, 3)), np.zeros((2, 3))),
    "zeros([2])": (wg.zeros([2]), np.zeros(2)),
    "zeros(0)": (wg.zeros(0), np.zeros(0)),
    "zeros(dtype)": (wg.zeros(2, dtype=int), np.zeros(2, int)),
    "ones(3)": (wg.ones(3), np.ones(3)),
    "ones(dtype)": (wg.ones(2, 1, dtype=np.float32), np.ones((2, 1), np.float32)),
    "full": (wg.full((2, 2), 1.5), np.full((2, 2), 1.5)),
    "full of integers": (wg.full((2,), 3), np.full(2, 3)),
    "full(dtype)": (wg.full((2,), 3, dtype=float), np.full(2, 3.0)),
    "eye": (wg.eye(2), np.eye(2)),
    "eye(n, m)": (wg.eye(2, 3), np.eye(2, 3)),
    "arange": (wg.arange(3), np.arange(3)),
    "arange of floats": (wg.arange(0.5, 3.0), np.arange(0.5, 3.0)),
    "arange(start, stop, step)": (wg.arange(1, 10, 3), np.arange(1, 10, 3)),
    "arange(dtype)": (wg.arange(3, dtype=float), np.arange(3.0)),
    "linspace": (wg.linspace(0, 1, 5), np.linspace(0, 1, 5)),
    "linspace(dtype)": (wg.linspace(0, 1, 5, dtype=np.float32), np.linspace(0, 1, 5, dtype=np.float32)),
}


@pytest.mark.parametrize(("made", "expected"), MADE.values(), ids=MADE)
def test_values_and_dtypes(made, expected):
    assert isinstance(made, wg.Tensor)
    assert (made.shape, made.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(made.numpy(), expected)
    assert not made.requires_grad


MAKERS = {
    "zeros": lambda **options: wg.zeros(2, **options),
    "ones": lambda **options: wg.ones(2, **options),
    "full": lambda **options: wg.full((2,), 1.0, **options),
    "eye": lambda **options: wg.eye(2, **options),
    "arange": lambda **options: wg.arange(2.0, **options),
    "linspace": lambda **options: wg.linspace(0, 1, 2, **options),
    "rand": lambda **options: wg.rand(2, **options),
    "randn": lambda **options: wg.randn(2, **options),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_leaves(make):
    x = make(requires_grad=True)
    np.sum(x * 2).backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.full(x.shape, 2.0))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_integers_cannot_require_gradients(make):
    with pytest.raises(
        RuntimeError, match="Only Tensors of floating point and complex dtype can require gradients"
    ) as caught:
        make(dtype=int, requires_grad=True)
    assert caught.value.where.file == __file__


@pytest.mark.parametrize("make", [wg.rand, wg.randn])
def test_random_numbers_follow_the_seed(make):
    wg.manual_seed(3)
    first = make(2, 3)
    assert first.shape == (2, 3)
    assert make((4,), dtype=np.float32).dtype == np.float32
    wg.manual_seed(3)
    np.testing.assert_array_equal(make((2, 3)).numpy(), first.numpy())
    assert make().shape == ()


def test_uniform_numbers_lie_in_the_unit_interval():
    wg.manual_seed(0)
    x = wg.rand(1000).numpy()
    assert 0 <= x.min() < 0.1
    assert 0.9 < x.max() < 1
    assert abs(wg.randn(1000).numpy().mean()) < 0.2
