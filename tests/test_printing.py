"""Tensors are written in PyTorch's layout."""

from __future__ import annotations

import numpy as np
import pytest

import wengert as wg
from wengert.printing import array_text

# Written by PyTorch 2.13 for float64 tensors (with the dtype left out), complex128, int64 and bool.
WRITTEN = [
    (4.0, "tensor(4.)"),
    (0.5, "tensor(0.5000)"),
    (-0.0, "tensor(-0.)"),
    (3, "tensor(3)"),
    (True, "tensor(True)"),
    ([1.0, 10.0], "tensor([ 1., 10.])"),
    ([1.0, -1.0], "tensor([ 1., -1.])"),
    ([0.5, -10.25], "tensor([  0.5000, -10.2500])"),
    ([1, 10, -3], "tensor([ 1, 10, -3])"),
    ([True, False], "tensor([ True, False])"),
    ([[1.0, 2.0], [3.0, 40.0]], "tensor([[ 1.,  2.],\n        [ 3., 40.]])"),
    (1e8, "tensor(100000000.)"),
    (1e9, "tensor(1.0000e+09)"),
    ([1e-5, 1.0], "tensor([1.0000e-05, 1.0000e+00])"),
    ([1.0, 1000.0], "tensor([   1., 1000.])"),
    ([1.0, 1001.0], "tensor([1.0000e+00, 1.0010e+03])"),
    (1e-4, "tensor(0.0001)"),
    (9.9e-5, "tensor(9.9000e-05)"),
    ([0.0, 0.0], "tensor([0., 0.])"),
    ([0.0, 0.25], "tensor([0.0000, 0.2500])"),
    (float("nan"), "tensor(nan)"),
    ([float("nan"), 1.0], "tensor([nan, 1.])"),
    ([float("inf"), 1.5], "tensor([   inf, 1.5000])"),
    ([float("-inf"), float("inf")], "tensor([-inf, inf])"),
    ([], "tensor([])"),
    ([[]], "tensor([], size=(1, 0))"),
    (1 + 2j, "tensor(1.+2.j)"),
    ([1 + 2j, -1 - 20j], "tensor([ 1.+2.j, -1.-20.j])"),
    ([1.5 + 2j], "tensor([1.5000+2.j])"),
    (
        np.arange(12.0).reshape(2, 2, 3),
        """tensor([[[ 0.,  1.,  2.],
         [ 3.,  4.,  5.]],

        [[ 6.,  7.,  8.],
         [ 9., 10., 11.]]])""",
    ),
    (
        np.linspace(0, 1, 17),
        """tensor([0.0000, 0.0625, 0.1250, 0.1875, 0.2500, 0.3125, 0.3750, 0.4375, 0.5000,
        0.5625, 0.6250, 0.6875, 0.7500, 0.8125, 0.8750, 0.9375, 1.0000])""",
    ),
    (np.linspace(-1, 1, 2001), "tensor([-1.0000, -0.9990, -0.9980,  ...,  0.9980,  0.9990,  1.0000])"),
    (
        np.arange(1600).reshape(40, 40),
        """tensor([[   0,    1,    2,  ...,   37,   38,   39],
        [  40,   41,   42,  ...,   77,   78,   79],
        [  80,   81,   82,  ...,  117,  118,  119],
        ...,
        [1480, 1481, 1482,  ..., 1517, 1518, 1519],
        [1520, 1521, 1522,  ..., 1557, 1558, 1559],
        [1560, 1561, 1562,  ..., 1597, 1598, 1599]])""",
    ),
]


@pytest.mark.parametrize(("data", "text"), WRITTEN, ids=[text.splitlines()[0] for _, text in WRITTEN])
def test_values_are_written_as_pytorch_writes_them(data, text):
    assert repr(wg.tensor(data)) == text


@pytest.fixture
def torch():
    """PyTorch with NumPy's default dtype, so that it leaves out the same ones."""
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield torch
    torch.set_default_dtype(before)


@pytest.mark.peers
@pytest.mark.parametrize("seed", range(40))
def test_random_values_are_written_as_pytorch_writes_them(seed, torch):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(0, [4, 12, 30, 60][seed % 4], rng.integers(0, 4)))
    array = np.asarray(rng.normal(size=shape) * 10.0 ** rng.integers(-6, 10, shape if seed % 3 else ()))
    for data in (array, np.round(array), array.astype(np.int64), array + 1j * np.round(array), array > 0):
        assert repr(wg.tensor(data)) == repr(torch.from_numpy(np.asarray(data))).replace("torch.", "")


def test_other_dtypes_are_named():
    assert repr(wg.tensor([1.5], dtype=np.float32)) == "tensor([1.5000], dtype=float32)"
    assert repr(wg.tensor(1, dtype=np.uint8)) == "tensor(1, dtype=uint8)"
    assert repr(wg.tensor([], dtype=int)) == "tensor([], dtype=int64)"


def test_a_tensor_says_where_it_comes_from():
    x = wg.tensor([1.0, 2.0], requires_grad=True)
    assert repr(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<MulBackward0>)"
    assert repr(np.sum(x)) == "tensor(3., grad_fn=<SumBackward0>)"
    assert repr(x.astype(np.float32)) == "tensor([1., 2.], dtype=float32, grad_fn=<ToCopyBackward0>)"
    assert repr(x.detach()) == "tensor([1., 2.])"


def test_what_does_not_fit_the_line_is_on_the_next_one():
    x = wg.tensor(np.linspace(0, 1, 18) * 2, requires_grad=True)
    assert repr(x * 1.0).splitlines()[-1] == "       grad_fn=<MulBackward0>)"
    assert repr(x).splitlines()[-1] == "       requires_grad=True)"


def test_numbers_of_all_sizes_are_written_without_warnings():
    assert repr(wg.tensor([1e300, 1e-300])) == "tensor([1.0000e+300, 1.0000e-300])"
    assert repr(wg.tensor(np.float32([3e38, 1e-38]))) == "tensor([3.0000e+38, 1.0000e-38], dtype=float32)"


def test_the_name_and_the_suffix_are_the_callers():
    assert array_text("array", np.array([1.0, 2.0])) == "array([1., 2.])"
    assert array_text("x", 1.5, "unit=m") == "x(1.5000, unit=m)"
    assert array_text("x", [[1.0], [2.0]]) == "x([[1.],\n   [2.]])"


def test_a_tensor_within_a_transform_is_written_with_its_value():
    texts = []

    def f(x):
        t = wg.tensor(2.0) * x
        texts.append(repr(t))
        return t

    wg.grad(f)(3.0)
    assert "6" in texts[0]
