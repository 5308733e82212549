"""Operands and parameters of the primitives that arrange elements."""

from __future__ import annotations

import numpy as np

from laws.given import given

_NUMBERS = np.array([[1, 0], [2, 1]])
_A = np.random.default_rng(31).uniform(-2, 2, (3, 2))

SHAPES = {
    "copy": [(((2, 3),), {"order": "F"}), (((2, 3, 2),), {"order": "C"})],
    "roll": [
        (((5,),), {"shift": (2,), "axis": (0,)}),
        (((3, 4),), {"shift": (-1, 6), "axis": (0, 1)}),
        (((3, 4),), {"shift": (1, 1), "axis": (1, 1)}),
    ],
    "pad": [
        (((3,),), {"pad_width": ((1, 2),)}),
        (((2, 3),), {"pad_width": ((0, 1), (2, 0))}),
    ],
    "take": [
        given(_A, _NUMBERS, shape=(3, 2), axis=0, mode="raise"),
        given(_A, np.array([3, -1]), shape=(3, 2), axis=1, mode="wrap"),
        given(_A[:, 0], np.array(2), shape=(3,), axis=0, mode="raise"),
    ],
    "take_transpose": [
        given(_A[:2], _NUMBERS[1], shape=(3, 2), axis=0, mode="raise"),
        given(_A, np.array([7, -1]), shape=(3, 2), axis=1, mode="clip"),
    ],
    "take_along_axis": [
        given(_A, _NUMBERS, shape=(3, 2), axis=0),
        given(_A, np.array([[1], [0], [1]]), shape=(3, 2), axis=1),
    ],
    "take_along_axis_transpose": [
        given(_A[:2], _NUMBERS, shape=(3, 2), axis=0),
        given(_A, _NUMBERS[[0, 0, 0]], shape=(3, 2), axis=1),
    ],
}
