"""Operands and parameters of the folds of ufuncs and of the parts of numbers: `laws.examples` says how it is read."""

from __future__ import annotations

import numpy as np

from laws.given import given

_RNG = np.random.default_rng(11)
_POSITIVE = _RNG.uniform(0.5, 2.0, (4, 3))
_VECTOR = _RNG.uniform(0.5, 2.0, 5)
_AXES = [
    {"axis": (0,), "keepdims": False},
    {"axis": (1,), "keepdims": True},
    {"axis": (0, 1), "keepdims": False},
]
_REDUCED = [given(_POSITIVE, **params) for params in _AXES] + [given(_VECTOR, **_AXES[0])]

SHAPES = {
    "fold": [
        *(given(_POSITIVE, ufunc=ufunc) for ufunc in (np.subtract, np.divide, np.float_power)),
        *(given(_VECTOR, ufunc=ufunc) for ufunc in (np.subtract, np.divide, np.power)),
    ],
    "flat_fold": [
        given(_POSITIVE, ufunc=np.floor_divide, method="accumulate"),
        given(_POSITIVE, ufunc=np.logical_xor, method="reduce", axis=1),
    ],
    "logaddexp_reduce": _REDUCED,
    "logaddexp2_reduce": _REDUCED,
    "hypot_reduce": _REDUCED,
    "fmax_reduce": _REDUCED,
    "fmin_reduce": _REDUCED,
    "view": [
        given(_RNG.uniform(-1, 1, (3, 4)), is_complex=True),
        given(_RNG.uniform(-1, 1, 2), is_complex=True),
    ],
    "round": [given(_POSITIVE, decimals=1), given(_VECTOR, decimals=-1)],
}

REAL_ONLY = {"view": "the same bytes are then viewed as another number of elements"}
