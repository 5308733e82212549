"""Calls of `np.pad`."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(13)
_NUMBER = 0.75
_VECTOR = _RNG.uniform(0.5, 2.0, 4)
_MATRIX = _RNG.uniform(0.5, 2.0, (3, 2))
_CUBE = _RNG.uniform(0.5, 2.0, (2, 3, 2))
_WIDE = ((2, 1), (0, 3))


def _padded(mode, width, **options):
    return lambda x: np.pad(x, width, mode, **options)


def _in_mode(mode, *, complex_too=True, **options):
    return [
        call(_padded(mode, 2, **options), _VECTOR, complex_too=complex_too),
        call(_padded(mode, (7, 11), **options), _VECTOR),
        call(_padded(mode, _WIDE, **options), _MATRIX, complex_too=complex_too),
        call(_padded(mode, ((5, 4), (1, 9)), **options), _MATRIX),
        call(_padded(mode, ((1,), (0,), (2,)), **options), _CUBE),
        call(_padded(mode, 3, **options), _VECTOR[:1]),
    ]


CALLS = {
    "numpy.pad": [
        *_in_mode("constant"),
        *_in_mode("edge"),
        *_in_mode("wrap"),
        *_in_mode("reflect"),
        *_in_mode("symmetric"),
        *_in_mode("reflect", reflect_type="odd"),
        *_in_mode("symmetric", reflect_type="odd"),
        *_in_mode("linear_ramp"),
        *_in_mode("mean"),
        *_in_mode("maximum", complex_too=False),
        *_in_mode("minimum", complex_too=False),
        *_in_mode("median", complex_too=False),
        *_in_mode("mean", stat_length=2),
        *_in_mode("maximum", stat_length=((1, 2),), complex_too=False),
        *_in_mode("minimum", stat_length=(2, 9), complex_too=False),
        *_in_mode("median", stat_length=(3, 2), complex_too=False),
        call(lambda x: np.pad(x, 1), _NUMBER * np.ones((2, 2))),
        call(lambda x: np.pad(x, {-1: (1, 2)}), _MATRIX),
        call(lambda x: np.pad(x, {0: 2, 1: (0, 1)}, "edge"), _MATRIX),
        call(lambda x: np.pad(x, 0, "reflect"), _MATRIX),
        call(lambda x, c: np.pad(x, (2, 1), constant_values=c), _VECTOR, _NUMBER, complex_too=True),
        call(lambda x, c, d: np.pad(x, 1, constant_values=(c, d)), _MATRIX, 0.25, _NUMBER),
        call(lambda x, c: np.pad(x, _WIDE, constant_values=((c, 2.0), (3.0, c * c))), _MATRIX, _NUMBER),
        call(lambda x, c: np.pad(x, 1, constant_values=c), _MATRIX, _MATRIX[:2]),
        call(lambda x, c: np.pad(x, 1, constant_values=c), _MATRIX, [[0.5], [1.5]]),
        call(lambda x: np.pad(x, 2, constant_values=7), _MATRIX),
        call(lambda x, e: np.pad(x, (3, 2), "linear_ramp", end_values=e), _VECTOR, _NUMBER, complex_too=True),
        call(lambda x, e: np.pad(x, _WIDE, "linear_ramp", end_values=((e, 1.0),)), _MATRIX, _NUMBER),
        call(lambda x: np.pad(x, 1, _marked, factor=3.0), _MATRIX),
        call(lambda x: np.pad(x, (2, 0), _marked), _VECTOR, complex_too=True),
    ],
}


def _marked(vector, width, axis, kwargs):
    """What a user's own mode may be: the edges, times a factor, in the place of what is padded."""
    before, after = width
    vector[:before] = kwargs.get("factor", 2.0) * vector[before] + axis
    if after:
        vector[-after:] = vector[-after - 1] ** 2
