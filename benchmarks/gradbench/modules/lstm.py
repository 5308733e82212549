"""Language model of diagonal LSTM layers; the gradients of its two arrays of parameters, one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

import wengert as wg
from benchmarks.field.problems.lstm import compiled_value as value
from benchmarks.gradbench.function import Function, arrays

given = arrays("main_params", "extra_params", "state", "sequence")


def gradient(*arguments: Any) -> Any:
    """Gradients in the parameters, flat."""
    main, extra = wg.grad(value, (0, 1))(*arguments)
    return np.concatenate([main.ravel(), extra.ravel()])


FUNCTIONS = {"objective": Function(given, wg.compile(value)), "jacobian": Function(given, wg.compile(gradient))}
