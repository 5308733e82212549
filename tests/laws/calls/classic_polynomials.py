"""Calls of NumPy's first functions of polynomials."""

from __future__ import annotations

import numpy as np

from laws.calling import call

_RNG = np.random.default_rng(29)
_P = _RNG.uniform(0.5, 2.0, 4)
_Q = _RNG.uniform(0.5, 2.0, 3)
_X = np.array([[-1.0, 0.0, 0.5], [2.0, 3.0, -0.25]])
_T = np.linspace(-1.0, 2.0, 7)
_Y = _RNG.uniform(0.5, 2.0, 7)
_W = _RNG.uniform(0.5, 2.0, 7)

CALLS = {
    "numpy.polyval": [
        call(np.polyval, _P, _X, complex_too=True),
        call(lambda p: np.polyval(p, 2), _P),
        call(lambda x: np.polyval([1, 2, 3], x), 0.5),
        call(lambda x: np.polyval(np.poly1d([1.0, 2.0, 3.0]), x), _Q),
    ],
    "numpy.polyadd": [
        call(np.polyadd, _P, _Q, complex_too=True),
        call(np.polyadd, _Q, _P),
        call(lambda p: np.polyadd(p, [1, 2]), _P),
    ],
    "numpy.polysub": [call(np.polysub, _P, _Q, complex_too=True), call(lambda q: np.polysub(3.0, q), _Q)],
    "numpy.polymul": [
        call(np.polymul, _P, _Q, complex_too=True),
        call(lambda p: np.polymul(p, [0, 1, 2]), _P),
        call(lambda p: np.polymul(p * [0, 1, 1, 1], p), _P, traceable=False),
    ],
    "numpy.polydiv": [
        call(np.polydiv, _P, _Q, complex_too=True),
        call(np.polydiv, _Q, _P),
        call(np.polydiv, _P, [1.5]),
        call(lambda p: np.polydiv(p, [1, 2]), _P),
        call(np.polydiv, _P, _P[::-1]),
    ],
    "numpy.polyder": [
        call(np.polyder, _P, complex_too=True),
        call(lambda p: np.polyder(p, 2), _P),
        call(lambda p: np.polyder(p, 0), _P),
        call(lambda p: np.polyder(p, m=4), _P),
    ],
    "numpy.polyint": [
        call(np.polyint, _P, complex_too=True),
        call(lambda p, k: np.polyint(p, 2, k), _P, _Q[:2]),
        call(lambda p, k: np.polyint(p, m=3, k=k), _P, 1.5),
        call(lambda p, k: np.polyint(p, 2, [k, 1.0]), _P, 1.5),
        call(lambda p: np.polyint(p, 0), _P),
    ],
    "numpy.poly": [
        call(np.poly, _P),
        call(np.poly, [1.5]),
        call(lambda z: np.poly(z + 1j), _Q, complex_too=True, traceable=False),
        call(lambda z: np.poly(np.concatenate((z + 1j, z - 1j))), _Q[:2], traceable=False),
        call(np.poly, _RNG.uniform(-1, 1, (3, 3)) + np.diag([1.0, 3.0, 6.0]), traceable=False),
    ],
    "numpy.roots": [
        call(np.roots, [1.0, -6.0, 11.0, -5.5], traceable=False),
        call(np.roots, [1.0, 0.5, 2.0, 3.0], complex_too=True, traceable=False),
        call(lambda p: np.roots(np.concatenate(([0.0, 0.0], p, [0.0]))), [2.0, -3.0, 0.5], traceable=False),
    ],
    "numpy.poly1d": [
        call(lambda p: np.poly1d(p)(2.0), _P, complex_too=True, traceable=False),
        call(lambda p, x: np.poly1d(p).deriv(2)(x), _P, _X, traceable=False),
        call(lambda p: np.poly1d(p).integ(k=p[0])(2.0), _P, traceable=False),
        call(lambda p, q: (np.poly1d(p) * np.poly1d(q) - np.poly1d(p) ** 2 / 3.0)(0.5), _P, _Q, traceable=False),
        call(lambda z: np.poly1d(z, True)(0.5), _P, traceable=False),
        call(lambda p: np.poly1d(p).r, [1.0, -6.0, 11.0, -5.5], traceable=False),
        call(lambda p: np.poly1d(p)(np.poly1d(p))(0.5), _Q, traceable=False),
        call(np.poly1d([1.0, 2.0, 3.0]), _X),
    ],
    "numpy.polyfit": [
        call(lambda x, y: np.polyfit(x, y, 2), _T, _Y),
        call(lambda x, y, w: np.polyfit(x, y, 1, w=w), _T, _Y, _W),
        call(lambda y: np.polyfit(_T, y, 3), np.stack((_Y, _W), axis=1)),
        call(lambda x, y: np.polyfit(x, y, 1, cov=True), _T, _Y),
        call(lambda x, y, w: np.polyfit(x, y, 1, w=w, cov="unscaled"), _T, _Y, _W),
        call(lambda y: np.polyfit(_T, y, 1, cov=True), np.stack((_Y, _W), axis=1)),
        call(lambda x, y: np.polyfit(x, y, 1, full=True)[:2], _T, _Y),
    ],
}
