"""Elementwise functions of NumPy.

Rows read: function, partials (y is the result), behaviour at special points, domain of the tests.
"""

from __future__ import annotations

from math import factorial, log, pi
from typing import Any

import numpy as np

from wengert.declaration import composed, elementwise, refuse
from wengert.facts import flat, transpose
from wengert.registry import functions

_LOG_2, _LOG_10 = log(2.0), log(10.0)
_POSITIVE = ((0.3, 3.0),)
_INNER = ((-0.9, 0.9),)


def _quotient(a: Any, b: Any) -> Any:
    """The quotient a / b, and 0 with all its derivatives where b is 0."""
    return np.where(b == 0, 0, a / b)


def _over_square(a: Any, b: Any) -> Any:
    """The quotient a / b² without overflow of the square, and 0 with all its derivatives where b is 0."""
    return _quotient(_quotient(a, b), b)


def _direction(y: Any, x: Any) -> Any:
    """The sign x / |x| of a real and the direction of a complex number, 0 at 0."""
    return _quotient(x, y) if np.iscomplexobj(x) else np.sign(x)


def _angle_partial(x: Any) -> Any:
    """The angle grows fastest along i·x, at the rate 1/|x|; a real number turns nowhere."""
    if not np.iscomplexobj(x):
        return np.zeros_like(x)
    return _over_square(x * 1j, np.abs(x))


def _or_nan(x1: Any, x2: Any, weight: Any) -> Any:
    """The weight of an operand, and nan where one operand is nan: nothing was selected there."""
    return np.where((x1 <= x2) | (x1 > x2), weight, np.nan)


def _tie(x1: Any, x2: Any) -> Any:
    return 0.5 * (x1 == x2)


# The derivative of sinc is odd: its Taylor series is used near 0, where (cos πx - sinc x) / x cancels.
_SINC_SERIES = [
    (-1) ** k * 2 * k * pi ** (2 * k) / factorial(2 * k + 1) for k in range(1, 12)
]
_SINC_NEAR = 0.3


def _sinc_partial(x: Any) -> Any:
    near = np.abs(x) < _SINC_NEAR
    small, large = np.where(near, x, 0.0), np.where(near, 1.0, x)
    square = small * small
    series = _SINC_SERIES[-1]
    for coefficient in reversed(_SINC_SERIES[:-1]):
        series = series * square + coefficient
    angle = pi * large
    direct = (np.cos(angle) - np.sin(angle) / angle) / large
    return np.where(near, small * series, direct)


# fmt: off
# Exponentials and logarithms.
exp = elementwise(np.exp, [lambda y, x: y])
exp2 = elementwise(np.exp2, [lambda y, x: _LOG_2 * y])
expm1 = elementwise(np.expm1, [lambda y, x: np.exp(x)])
log_ = elementwise(np.log, [lambda y, x: 1 / x], domain=_POSITIVE)
log2 = elementwise(np.log2, [lambda y, x: 1 / (_LOG_2 * x)], domain=_POSITIVE)
log10 = elementwise(np.log10, [lambda y, x: 1 / (_LOG_10 * x)], domain=_POSITIVE)
log1p = elementwise(np.log1p, [lambda y, x: 1 / (1 + x)], domain=((-0.7, 2.0),))
logaddexp = elementwise(np.logaddexp, [lambda y, x1, x2: np.exp(x1 - y), lambda y, x1, x2: np.exp(x2 - y)],
                        analytic=False, at_kinks="smooth; NumPy has no complex version")
logaddexp2 = elementwise(np.logaddexp2, [lambda y, x1, x2: np.exp2(x1 - y), lambda y, x1, x2: np.exp2(x2 - y)],
                         analytic=False, at_kinks="smooth; NumPy has no complex version")

# Powers and roots.
square = elementwise(np.square, [lambda y, x: 2 * x])
sqrt = elementwise(np.sqrt, [lambda y, x: 0.5 / y], at_kinks="inf at 0", domain=_POSITIVE)
cbrt = elementwise(np.cbrt, [lambda y, x: 1 / (3 * y * y)], analytic=False, at_kinks="inf at 0", domain=_POSITIVE)
reciprocal = elementwise(np.reciprocal, [lambda y, x: -y * y], domain=_POSITIVE)
hypot = elementwise(np.hypot, [lambda y, x1, x2: _quotient(x1, y), lambda y, x1, x2: _quotient(x2, y)],
                    analytic=False, at_kinks="0 at (0, 0)")

# Trigonometric and hyperbolic functions.
sin = elementwise(np.sin, [lambda y, x: np.cos(x)])
cos = elementwise(np.cos, [lambda y, x: -np.sin(x)])
tan = elementwise(np.tan, [lambda y, x: 1 + y * y], domain=((-1.2, 1.2),))
arcsin = elementwise(np.arcsin, [lambda y, x: 1 / np.sqrt((1 - x) * (1 + x))], at_kinks="inf at ±1", domain=_INNER)
arccos = elementwise(np.arccos, [lambda y, x: -1 / np.sqrt((1 - x) * (1 + x))], at_kinks="-inf at ±1", domain=_INNER)
arctan = elementwise(np.arctan, [lambda y, x: 1 / (1 + x * x)])
arctan2 = elementwise(np.arctan2, [lambda y, x1, x2: _over_square(x2, np.hypot(x1, x2)),
                                   lambda y, x1, x2: _over_square(-x1, np.hypot(x1, x2))],
                      analytic=False, at_kinks="0 at (0, 0)", domain=((0.3, 2.0), (-2.0, 2.0)))
sinh = elementwise(np.sinh, [lambda y, x: np.cosh(x)])
cosh = elementwise(np.cosh, [lambda y, x: np.sinh(x)])
tanh = elementwise(np.tanh, [lambda y, x: 1 - y * y])
arcsinh = elementwise(np.arcsinh, [lambda y, x: 1 / (np.sqrt(1 + x * x) if np.iscomplexobj(x) else np.hypot(1, x))])
arccosh = elementwise(np.arccosh, [lambda y, x: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1))], at_kinks="inf at 1", domain=((1.2, 4.0),))
arctanh = elementwise(np.arctanh, [lambda y, x: 1 / ((1 - x) * (1 + x))], at_kinks="inf at ±1", domain=_INNER)
sinc = elementwise(np.sinc, [lambda y, x: _sinc_partial(x)], at_kinks="smooth: 0 at 0")
deg2rad = elementwise(np.deg2rad, [pi / 180], analytic=False, at_kinks="smooth; NumPy has no complex version")
radians = elementwise(np.radians, [pi / 180], analytic=False, at_kinks="smooth; NumPy has no complex version")
rad2deg = elementwise(np.rad2deg, [180 / pi], analytic=False, at_kinks="smooth; NumPy has no complex version")
degrees = elementwise(np.degrees, [180 / pi], analytic=False, at_kinks="smooth; NumPy has no complex version")

# Absolute values, signs and complex parts.
absolute = elementwise(np.absolute, [_direction], real_valued=True, analytic=False,
                       at_kinks="0 at 0", notation="|{0}|", alias="Abs")
fabs = elementwise(np.fabs, [lambda y, x: np.sign(x)], analytic=False, at_kinks="0 at 0")
copysign = elementwise(np.copysign, [lambda y, x1, x2: np.sign(x1) * np.copysign(1.0, x2), flat], analytic=False, at_kinks="0 at 0")
real = elementwise(np.real, [1], real_valued=True, analytic=False, views=True)
imag = elementwise(np.imag, [transpose(lambda ct, x: ct * 1j if x.dtype.kind == "c" else ct * 0)], real_valued=True, analytic=False, views=True)
conjugate = elementwise(np.conjugate, [transpose(lambda ct, x: np.conjugate(ct))], analytic=False, at_kinks="smooth; not holomorphic")
angle = elementwise(np.angle, [lambda y, x: _angle_partial(x)], real_valued=True, analytic=False, at_kinks="0 at 0")

# Selections: a partial of 0 means "not selected" and wins over inf and nan.
where = elementwise(np.where, [flat, lambda y, c, a, b: np.not_equal(c, 0), lambda y, c, a, b: np.equal(c, 0)],
                    selects=True, analytic=False, at_kinks="the selected operand alone")
maximum = elementwise(np.maximum, [lambda y, x1, x2: _or_nan(x1, x2, (x1 > x2) + _tie(x1, x2)), lambda y, x1, x2: _or_nan(x1, x2, (x2 > x1) + _tie(x1, x2))],
                      selects=True, analytic=False, at_kinks="half to each operand on a tie")
minimum = elementwise(np.minimum, [lambda y, x1, x2: _or_nan(x1, x2, (x1 < x2) + _tie(x1, x2)), lambda y, x1, x2: _or_nan(x1, x2, (x2 < x1) + _tie(x1, x2))],
                      selects=True, analytic=False, at_kinks="half to each operand on a tie")
fmax = elementwise(np.fmax, [lambda y, x1, x2: (x1 > x2) + _tie(x1, x2) + np.isnan(x2),
                             lambda y, x1, x2: (x2 > x1) + _tie(x1, x2) + np.isnan(x1)],
                   selects=True, analytic=False, at_kinks="half to each operand on a tie; all to the one that is not nan")
fmin = elementwise(np.fmin, [lambda y, x1, x2: (x1 < x2) + _tie(x1, x2) + np.isnan(x2),
                             lambda y, x1, x2: (x2 < x1) + _tie(x1, x2) + np.isnan(x1)],
                   selects=True, analytic=False, at_kinks="half to each operand on a tie; all to the one that is not nan")
clip = elementwise(np.clip, [lambda y, x, lo, hi: _or_nan(x, x, (x >= lo) & (x <= hi)), lambda y, x, lo, hi: (x < lo) & (lo <= hi),
                             lambda y, x, lo, hi: np.maximum(x, lo) > hi],
                   selects=True, analytic=False, at_kinks="all to x on a bound", domain=((-2.0, 2.0), (-1.0, -0.5), (0.5, 1.0)))
heaviside = elementwise(np.heaviside, [flat, lambda y, x1, x2: np.equal(x1, 0)],
                        selects=True, analytic=False, at_kinks="0 in x1, also at the jump; 1 in x2 at x1 = 0")

# Steps and parts of a number.
floor = elementwise(np.floor, flat, at_kinks="0, also at the jumps")
ceil = elementwise(np.ceil, flat, at_kinks="0, also at the jumps")
trunc = elementwise(np.trunc, flat, at_kinks="0, also at the jumps")
rint = elementwise(np.rint, flat, at_kinks="0, also at the jumps")
sign = elementwise(np.sign, flat, at_kinks="0, also at the jump")
spacing = elementwise(np.spacing, flat, at_kinks="0, also at the jumps")
nextafter = elementwise(np.nextafter, [1, flat], analytic=False, at_kinks="that of the identity: the step is a rounding")
ldexp = elementwise(np.ldexp, [lambda y, x, n: np.ldexp(1.0, n), flat], analytic=False, at_kinks="smooth; NumPy has no complex version")
# fmt: on

for _ufunc in (np.signbit, np.isfinite, np.isinf, np.isnan, np.isnat):
    elementwise(_ufunc, flat)


# --- compositions ----------------------------------------------------------------------------------------------

_real_sign = functions[np.sign]
_plain_clip = functions[np.clip]
_plain_where = functions[np.where]
_plain_angle = functions[np.angle]


@composed(np.sign)
def _sign(x: Any) -> Any:
    if not np.iscomplexobj(x):
        return _real_sign(x)
    with np.errstate(invalid="ignore"):
        return _direction(np.abs(x), x)


@composed(np.clip)
def _clip(
    a: Any, a_min: Any = None, a_max: Any = None, out: None = None, *, min: Any = None, max: Any = None
) -> Any:
    refuse(np.clip, out=out)
    low, high = a_min if min is None else min, a_max if max is None else max
    if low is not None and high is not None:
        return _plain_clip(a, low, high)
    if low is None and high is None:
        return +a
    if np.result_type(a).kind not in "fc":
        return np.minimum(a, high) if low is None else np.maximum(a, low)
    # One bound: on it all goes to a, as with two bounds.
    return _plain_clip(a, low, np.inf) if high is None else _plain_clip(a, -np.inf, high)


_plain_real = functions[np.real]


@composed(np.real)
def _real(val: Any) -> Any:
    return _plain_real(val) if np.iscomplexobj(val) else val


@composed(np.angle)
def _angle(z: Any, deg: bool = False) -> Any:
    return np.rad2deg(_plain_angle(z)) if deg else _plain_angle(z)


@composed(np.round, np.around)
def _round(a: Any, decimals: int = 0, out: None = None) -> Any:
    refuse(np.round, out=out)
    return np.rint(a * 10.0**decimals) / 10.0**decimals if decimals else np.rint(a)


@composed(np.fix)
def _fix(x: Any) -> Any:
    return np.trunc(x)


@composed(np.modf)
def _modf(x: Any) -> tuple[Any, Any]:
    whole = np.trunc(x)
    return x - whole, whole


@composed(np.frexp)
def _frexp(x: Any) -> tuple[Any, Any]:
    _, exponent = np.frexp(x._concrete())
    return np.ldexp(x, -exponent), exponent
