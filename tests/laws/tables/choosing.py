"""Operands and parameters of the primitives that choose."""

from __future__ import annotations

import numpy as np

from laws.given import given

SHAPES = {
    "choice_number": [
        given(np.array([0, 2, 1]), count=3, mode="raise"),
        given(np.array([-1, 5, 1]), count=3, mode="wrap"),
    ],
}
