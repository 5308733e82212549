"""Operands and parameters of the primitives of the core: `laws.examples` says how such a table is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

LEFT_OUT = {
    "detach": "the identity whose derivative is declared to be zero",
    "constant": "a constant array as a variable of a list",
    "isnat": "takes dates, which no value holds",
}

# Operands that are no ordinary numbers, or on whose value a jump depends: they stay as they are.
FIXED_OPERANDS: dict[str, dict[int, Any]] = {
    "where": {0: np.array([True, False, True])},
    "ldexp": {1: np.array([2, -1, 0])},
    "heaviside": {0: np.array([0.0, 1.5, -1.0])},
}

# Integer functions: flat, so they are only evaluated.
INTEGER_FUNCTIONS = dict.fromkeys(
    [
        "bitwise_and", "bitwise_count", "bitwise_or", "bitwise_xor", "gcd", "invert", "lcm", "left_shift",
        "right_shift",
    ]
)  # fmt: skip

# So many numbers are needed for every case of a function with cases to occur among them.
LENGTHS = {"clip": 16}

_MIDDLE = {"axis": (1,), "keepdims": False}
_REDUCTION = [
    [((3,), {"axis": (0,), "keepdims": False})],
    [((2, 3), {"axis": (0,), "keepdims": False})],
    [((2, 3), {"axis": (1,), "keepdims": True})],
    [((2, 3), {"axis": (0, 1), "keepdims": False})],
    [((2, 3, 2), {"axis": (0, 2), "keepdims": False})],
    [((2, 3), {"axis": (0, 1), "keepdims": True})],
    [((2, 5), _MIDDLE)],
    [((2, 1), _MIDDLE)],
    [((), {"axis": (), "keepdims": False})],
]
_POSITIONS = [((4,), {"axis": None}), ((2, 3), {"axis": 1})]


def one(shape: tuple[int, ...], /, **params: Any) -> tuple[tuple[tuple[int, ...], ...], dict[str, Any]]:
    return (shape,), params


# Primitive → shapes of its operands, and parameters.
SHAPES: dict[str, Sequence[tuple[tuple[tuple[int, ...], ...], Mapping[str, Any]]]] = {
    "matmul": [
        (((3,), (3,)), {}),
        (((2, 3), (3,)), {}),
        (((3,), (3, 2)), {}),
        (((2, 3), (3, 4)), {}),
        (((2, 2, 3), (3, 2)), {}),
        (((2, 3), (2, 3, 2)), {}),
        (((2, 1, 2, 3), (3, 3, 2)), {}),
        (((2, 2, 3), (3,)), {}),
        (((3,), (2, 3, 2)), {}),
    ],
    **{name: [one(s, **p) for [(s, p)] in _REDUCTION] for name in ("sum", "mean", "prod", "max", "min")},
    **{name: [one(s, **p) for [(s, p)] in _REDUCTION] for name in ("all", "any", "count_nonzero")},
    "argmax": [one(s, **p) for s, p in _POSITIONS],
    "argmin": [one(s, **p) for s, p in _POSITIONS],
    "argsort": [one((4,), axis=-1), one((2, 3), axis=0)],
    "cumsum": [one((4,), axis=0), one((2, 3), axis=0), one((2, 3), axis=1)],
    "getitem": [
        one((4,), index=2),
        one((4,), index=-1),
        one((4,), index=slice(1, 3)),
        one((5,), index=slice(None, None, -2)),
        one((2, 3), index=(slice(None), 1)),
        one((2, 3), index=(..., None, 0)),
        one((4,), index=np.array([0, 2, 2, -1])),
        one((3, 4), index=(np.array([0, 2, 0]), np.array([1, 1, 1]))),
        one((3, 4), index=(np.array([[0], [2]]), slice(1, 3))),
        one((3, 2), index=np.array([True, False, True])),
        one((2, 2), index=np.array([[True, False], [True, True]])),
        one((3,), index=np.array([], dtype=int)),
    ],
    "scatter": [
        one((), index=2, shape=(4,)),
        one((2,), index=slice(1, 3), shape=(4,)),
        one((4,), index=np.array([0, 2, 2, -1]), shape=(4,)),
        one((2,), index=np.array([True, False, True]), shape=(3,)),
        one((2,), index=(slice(None), 1), shape=(2, 3)),
    ],
    "index_update": [
        (((4,), ()), {"index": 2}),
        (((4,), (2,)), {"index": slice(1, 3)}),
        (((2, 3), (3,)), {"index": slice(None)}),
        (((2, 3), (1, 2)), {"index": (slice(None), np.array([2, 0]))}),
        (((4,), (3,)), {"index": np.array([1, 2, 1])}),
        (((3,), (2,)), {"index": np.array([True, False, True])}),
        (((2, 2), ()), {"index": np.array([[True, False], [True, True]])}),
    ],
    "reshape": [one((2, 3), shape=(3, 2)), one((2, 3), shape=(6,)), one((), shape=(1, 1))],
    "transpose": [one((2, 3), axes=(1, 0)), one((2, 3, 4), axes=(2, 0, 1))],
    "broadcast_to": [
        one((), shape=(2, 3)),
        one((3,), shape=(2, 3)),
        one((2, 1), shape=(2, 3)),
        one((1, 3, 1), shape=(2, 3, 4)),
    ],
    "concatenate": [
        (((2,), (3,)), {"axis": 0}),
        (((2, 1), (2, 3), (2, 2)), {"axis": 1}),
        (((1, 2), (2, 2)), {"axis": 0}),
        (((2,),), {"axis": 0}),
    ],
    "flip": [one((4,), axis=(0,)), one((2, 3), axis=(0, 1)), one((2, 3), axis=(1,))],
    "astype": [one((3,), dtype=np.dtype(np.float64)), one((3,), dtype=np.dtype(np.complex128))],
    "astype_integer": [one((3,), dtype=np.dtype(np.int64)), one((3,), dtype=np.dtype(bool))],
}
