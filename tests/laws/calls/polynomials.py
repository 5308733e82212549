"""Calls of `numpy.polynomial`, whose Python code computes with arrays of objects where it copies values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy import polynomial
from numpy.polynomial import polyutils

from laws.calling import Call, call

_RNG = np.random.default_rng(4)
_POINTS = _RNG.uniform(0.2, 0.9, (2, 3))
_X, _Y, _Z = _RNG.uniform(0.2, 0.9, (3, 2))
_C = _RNG.uniform(0.5, 2.0, 4)
_PLANE = _RNG.uniform(0.5, 2.0, (2, 3))
_SPACE = _RNG.uniform(0.5, 2.0, (2, 3, 2))
_ROOTS = np.array([-0.7, 0.4, 1.3])

_MODULES = {
    "poly": polynomial.polynomial,
    "cheb": polynomial.chebyshev,
    "leg": polynomial.legendre,
    "herm": polynomial.hermite,
    "herme": polynomial.hermite_e,
    "lag": polynomial.laguerre,
}


def _joined(y: Any) -> Any:
    """An array of values, which NumPy takes for Python objects, as one value."""
    return np.reshape(np.stack(list(y.flat)), y.shape) if getattr(y, "dtype", _C.dtype).kind == "O" else y


def _call(function: Callable[..., Any], *args: Any, **options: Any) -> Call:
    """A call that makes an array of objects, which NumPy's promotion does not know: no single precision there."""
    return call(lambda *xs: _joined(function(*xs)), *args, single_too=False, **options)


def _of_a_basis(prefix: str, module: Any) -> Iterator[tuple[str, list[Call]]]:
    """Calls of the functions that every kind of polynomial has."""

    def of(name: str) -> Any:
        return getattr(module, prefix + name)

    yield (
        "val",
        [
            call(lambda x: of("val")(x, _C), _POINTS, complex_too=True),
            call(lambda x: of("val")(x, [1, 2, 3]), _X[0]),
            call(lambda x: of("val")(x, _POINTS, tensor=False), _POINTS[0]),
            _call(of("val"), _X, _C, complex_too=True),
            _call(lambda c: of("val")(_POINTS, c), _C),
        ],
    )
    yield "val2d", [_call(lambda x, y: of("val2d")(x, y, _PLANE), _X, _Y)]
    yield "val3d", [_call(lambda x, y, z: of("val3d")(x, y, z, _SPACE), _X, _Y, _Z)]
    yield "grid2d", [_call(lambda x, y: of("grid2d")(list(x), list(y), _PLANE), _X, _Y)]
    yield "grid3d", [_call(lambda x, y, z: of("grid3d")(list(x), list(y), list(z), _SPACE), _X, _Y, _Z)]
    yield "vander", [_call(lambda x: of("vander")(x, 3), _X, complex_too=True)]
    yield "vander2d", [_call(lambda x, y: of("vander2d")(x, y, [1, 2]), _X, _Y)]
    yield "vander3d", [_call(lambda x, y, z: of("vander3d")(x, y, z, [1, 2, 1]), _X, _Y, _Z)]
    yield "der", [_call(of("der"), _C, complex_too=True), _call(lambda c: of("der")(c, 2, scl=3), _C)]
    yield "int", [_call(of("int"), _C), _call(lambda c: of("int")(c, lbnd=0.5), _C)]
    yield "line", [_call(of("line"), _C[0], _C[1], traceable=False)]
    if prefix != "poly":
        yield "weight", [call(of("weight"), _X)]


CALLS = {
    f"{module.__name__}.{prefix}{name}": calls
    for prefix, module in _MODULES.items()
    for name, calls in _of_a_basis(prefix, module)
}
CALLS |= {
    "numpy.polynomial.polynomial.polyvalfromroots": [
        _call(polynomial.polynomial.polyvalfromroots, _X[0], _ROOTS),
        _call(lambda x, r: polynomial.polynomial.polyvalfromroots(list(x), r), _X, _ROOTS),
    ],
    "numpy.polynomial.chebyshev.chebinterpolate": [
        call(lambda s: polynomial.chebyshev.chebinterpolate(lambda x: np.exp(s * x), 4), _X[0])
    ],
    "numpy.polynomial.polyutils.trimseq": [call(polyutils.trimseq, _C, traceable=False)],
    "numpy.polynomial.polyutils.mapparms": [call(lambda a, b: polyutils.mapparms([a, b], [-1, 1]), _X[0], _C[0] + 1)],
    "numpy.polynomial.polyutils.mapdomain": [
        _call(lambda x, a, b: polyutils.mapdomain(x, [a, 3], [0, b]), _X, _Y[0], _C[0])
    ],
}
if hasattr(polynomial.polynomial.polyval2d, "_implementation"):  # since NumPy 2.4 it is sent to the table
    CALLS |= {
        "numpy.polynomial.polynomial.polyval2d": [
            call(polynomial.polynomial.polyval2d, _X, _Y, _PLANE, complex_too=True),
            call(polynomial.polynomial.polyval2d, _X[0], _Y[0], _SPACE),
            call(lambda c: polynomial.polynomial.polyval2d([0.5, 1.0], [1, 2], c), _PLANE),
        ],
        "numpy.polynomial.polynomial.polygrid2d": [
            call(polynomial.polynomial.polygrid2d, _X, _POINTS[0], _PLANE, complex_too=True),
            call(lambda x: polynomial.polynomial.polygrid2d(x, [1, 2, 3], [[1, 2], [3, 4]]), _POINTS),
        ],
    }
for _module, _class in (
    ("polynomial", polynomial.Polynomial),
    ("chebyshev", polynomial.Chebyshev),
    ("legendre", polynomial.Legendre),
    ("hermite", polynomial.Hermite),
    ("hermite_e", polynomial.HermiteE),
    ("laguerre", polynomial.Laguerre),
):
    CALLS[f"numpy.polynomial.{_class.__name__}"] = CALLS[f"numpy.polynomial.{_module}.{_class.__name__}"] = [
        _call(_class(_C), _X),
        call(_class(_C, domain=[0, 2]).deriv(), _X[0]),
    ]
