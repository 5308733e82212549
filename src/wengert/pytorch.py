"""Functions that PyTorch's users know and NumPy has not under that name; on arrays and values of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["cat", "mm", "pow", "relu", "sigmoid"]


def cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    """Join arrays along an axis that exists, as ``numpy.concatenate``."""
    return np.concatenate(tensors, axis=dim)


def mm(a: Any, b: Any) -> Any:
    """Multiply matrices of shapes (m, k) and (k, n), as ``a @ b``."""
    return a @ b


def pow(base: Any, exponent: Any) -> Any:  # noqa: A001  # PyTorch's name
    """Raise to a power element by element, as ``base ** exponent``."""
    return base**exponent


def relu(x: Any) -> Any:
    """The positive part of each element; the derivative at 0 is 0, as PyTorch has it."""
    return np.where(x > 0, x, 0.0)


def sigmoid(x: Any) -> Any:
    """The logistic function 1 / (1 + e⁻ˣ) of each element, without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * x))
