"""Calls of the methods and attributes of arrays."""

from __future__ import annotations

from functools import partial

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(8)
_X = _RNG.uniform(0.5, 1.5, (3, 4))
_V = np.array([1.4, 0.3, 0.9, 1.1])
_MASK = np.array([True, False, True, True])
_NUMBERS = np.array([2, 0, 2])


def _changed(change, x, *others):
    """A copy of x after a change in place."""
    whole = x * 1.0
    change(whole, *others)
    return whole * x


def _set_real(z, new):
    z.real = new


def _set_imag(z, new):
    z.imag = new


def _set_flat(x, new):
    x.flat = new
    x.flat[1:3] = 2 * new[:2]


_COMPLEX = {
    "T": [lambda x: x.T * 2],
    "mT": [lambda x: x.mT * 2],
    "astype": [lambda x: x.astype(complex), lambda x: x.astype(complex, casting="safe", copy=False)],
    "compress": [lambda x: x.compress(_MASK, axis=1)],
    "conj": [lambda x: (x * (1 + 2j)).conj()],
    "conjugate": [lambda x: (x * (1 + 2j)).conjugate()],
    "copy": [lambda x: x.copy()],
    "cumprod": [lambda x: x.cumprod(1), lambda x: x.cumprod()],
    "cumsum": [lambda x: x.cumsum(axis=0)],
    "diagonal": [lambda x: x.diagonal(1)],
    "dot": [lambda x: x.dot(x.T)],
    "flat": [lambda x: x.flat[2:5] * x.flat[3], lambda x: sum(x.flat)],
    "flatten": [lambda x: x.flatten(), lambda x: x.flatten("F")],
    "imag": [lambda x: (x * (1 + 2j)).imag * 1.0],
    "mean": [lambda x: x.mean(0), lambda x: x.mean(axis=1, keepdims=True, where=_MASK)],
    "prod": [lambda x: x.prod(1), lambda x: x.prod()],
    "ravel": [lambda x: x.ravel() * 2],
    "real": [lambda x: (x * (1 + 2j)).real * 1.0],
    "repeat": [lambda x: x.repeat(2, axis=1)],
    "reshape": [lambda x: x.reshape(2, 6), lambda x: x.reshape((4, -1), order="F")],
    "squeeze": [lambda x: x[None].squeeze(0) * 2],
    "std": [lambda x: x.std(), lambda x: x.std(axis=1, ddof=1)],
    "sum": [lambda x: x.sum(1, keepdims=True), lambda x: x.sum(axis=(0, 1))],
    "swapaxes": [lambda x: x.swapaxes(0, 1) * 2],
    "take": [lambda x: x.take(_NUMBERS, axis=1), lambda x: x.take([7, -1], mode="wrap")],
    "trace": [lambda x: x.trace(), lambda x: x.trace(1)],
    "transpose": [lambda x: x.transpose(1, 0) * 2, lambda x: x.transpose((1, 0)) * 2],
    "var": [lambda x: x.var(0), lambda x: x.var(axis=1, ddof=1)],
    "to_device": [lambda x: x.to_device("cpu") * 2],
}
_REAL = {
    "all": [lambda x: x * x.all(axis=1, keepdims=True)],
    "any": [lambda x: x * x.any()],
    "argmax": [lambda x: x * x.argmax(axis=0)],
    "argmin": [lambda x: x * x.argmin()],
    "argpartition": [lambda x: x * x.argpartition(1, axis=1).shape[0]],
    "argsort": [lambda x: x * x.argsort(axis=0)],
    "choose": [lambda x: np.array([[0, 1, 1, 0]]).choose([2.0, 3.0]) * x, lambda x: (x > 1).astype(int) * x],
    "clip": [lambda x: x.clip(0.7, 1.2), lambda x: x.clip(min=0.7)],
    "max": [lambda x: x.max(0), lambda x: x.max(axis=1, keepdims=True)],
    "min": [lambda x: x.min(), lambda x: x.min(axis=1)],
    "round": [lambda x: x * x.round(1)],
    "searchsorted": [lambda x: x * x[0].searchsorted(0.9)],
}
_IN_PLACE = {
    "fill": [call(lambda x, y: _changed(lambda a: a.fill(y), x), _X, 1.5, complex_too=True)],
    "partition": [call(partial(_changed, lambda a: a.partition(1)), _X)],
    "put": [call(lambda x, y: _changed(lambda a: a.put([0, 5, 0], y), x), _X, _V[:3], complex_too=True)],
    "sort": [call(partial(_changed, lambda a: a.sort()), _X), call(partial(_changed, lambda a: a.sort(axis=0)), _X)],
    "imag": [call(lambda z, y: _changed(_set_imag, z * 1j, y), _V, _V)],
    "real": [call(lambda z, y: _changed(_set_real, z * 1j, y), _V, _V)],
    "flat": [call(partial(_changed, _set_flat), _X, _V, complex_too=True)],
    "nonzero": [call(lambda x: x[x.nonzero()], _X, traceable=False)],
}


_PLAIN = {
    **{name: [call(f, _X, complex_too=True) for f in functions] for name, functions in _COMPLEX.items()},
    **{name: [call(f, _X) for f in functions] for name, functions in _REAL.items()},
}

CALLS = {f"numpy.ndarray.{name}": _PLAIN.get(name, []) + _IN_PLACE.get(name, []) for name in _PLAIN | _IN_PLACE}
