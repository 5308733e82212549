"""New tensors under the names PyTorch's users know; the numbers come from NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.tensors import Tensor, tensor

__all__ = [
    "arange",
    "eye",
    "full",
    "linspace",
    "manual_seed",
    "ones",
    "ones_like",
    "rand",
    "randn",
    "zeros",
    "zeros_like",
]


def _shape(size: tuple[Any, ...]) -> tuple[int, ...]:
    """Both ``ones(2, 3)`` and ``ones((2, 3))``."""
    return tuple(size[0]) if len(size) == 1 and isinstance(size[0], (tuple, list)) else size


def zeros(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros of shape `size`, float64 by default."""
    return tensor(np.zeros(_shape(size), dtype or float), requires_grad)


def ones(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones of shape `size`, float64 by default."""
    return tensor(np.ones(_shape(size), dtype or float), requires_grad)


def zeros_like(other: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros of the shape and dtype of `other`."""
    return tensor(np.zeros(other.shape, dtype or other.dtype), requires_grad)


def ones_like(other: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones of the shape and dtype of `other`."""
    return tensor(np.ones(other.shape, dtype or other.dtype), requires_grad)


def full(size: Any, fill_value: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of shape `size` whose elements all are `fill_value`."""
    return tensor(np.full(size, fill_value, dtype), requires_grad)


def eye(n: int, m: int | None = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """The unit matrix of shape (n, m), m = n by default, float64 by default."""
    return tensor(np.eye(n, m, dtype=dtype or float), requires_grad)


def arange(*bounds: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """The numbers of ``numpy.arange(*bounds)``, of shape (n,)."""
    return tensor(np.arange(*bounds, dtype=dtype), requires_grad)


def linspace(start: float, end: float, steps: int, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """`steps` numbers from `start` to `end`, both included, of shape (steps,)."""
    return tensor(np.linspace(start, end, steps, dtype=dtype), requires_grad)


def rand(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform random numbers in [0, 1) of shape `size`, from NumPy's global generator."""
    return tensor(np.random.random_sample(_shape(size)), requires_grad, dtype)


def randn(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Standard normal random numbers of shape `size`, from NumPy's global generator."""
    return tensor(np.random.standard_normal(_shape(size)), requires_grad, dtype)


def manual_seed(seed: int) -> None:
    """Seed NumPy's global generator, which `rand` and `randn` draw from."""
    np.random.seed(seed)
