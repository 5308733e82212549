"""Elementwise functions of NumPy.

Rows read: function, partials (y is the result), behaviour at special points, domain of the tests.
"""

from __future__ import annotations

import math
from math import factorial, log, pi
from typing import Any

import numpy as np

from wengert.declaration import composed, elementwise, refuse, structural
from wengert.errors import NoRuleError, user_location
from wengert.facts import Kind, flat, transpose
from wengert.primitive import Primitive
from wengert.registry import functions, table
from wengert.value import Value, bind

_LOG_2, _LOG_10 = log(2.0), log(10.0)
_POSITIVE = ((0.3, 3.0),)
_INNER = ((-0.9, 0.9),)


def _quotient(a: Any, b: Any) -> Any:
    """The quotient a / b, and 0 with all its derivatives where b is 0."""
    is_zero = b == 0
    return np.where(is_zero, 0, a / np.where(is_zero, 1, b))[()]


def _over_square(a: Any, b: Any) -> Any:
    """The quotient a / b² without overflow of the square; 0 with all its derivatives where b is 0 or infinite."""
    is_outside = (b == 0) | np.isinf(b)
    inside = np.where(is_outside, 1, b)
    return np.where(is_outside, 0, a / inside / inside)


def _cosine(x1: Any, x2: Any) -> Any:
    """The share x₁/h of a leg in the hypotenuse, 0 at (0, 0); infinite legs count alike, and finite ones nothing."""
    is_infinite = np.isinf(x1) | np.isinf(x2)
    leg1, leg2 = (np.where(is_infinite, np.sign(x) * np.isinf(x), x) for x in (x1, x2))
    return _quotient(leg1, np.hypot(leg1, leg2))


def _over(a: Any, x1: Any, x2: Any) -> Any:
    """The quotient of `a` and the hypotenuse, 0 at (0, 0) and at infinity."""
    return _quotient(a, np.hypot(x1, x2))


def _share(x1: Any, x2: Any, exp: Any) -> Any:
    """The weight exp(x₁) / (exp(x₁) + exp(x₂)), also 1/2 where both are the same infinity."""
    is_undefined = np.isinf(x1) & (x1 == x2)
    return 1 / (1 + exp(np.where(is_undefined, 0, x2) - np.where(is_undefined, 0, x1)))


def _of(row: Primitive, x: Any) -> Any:
    """A row of the table at `x`, without its detour where x is a plain array."""
    return row(x) if isinstance(x, Value) else row.compute(x)


def _sech_squared(x: Any) -> Any:
    if x.__class__ is np.float64:
        return _sech_squared_of_number(x)
    if x.dtype.kind == "c":
        return _complex_sech_squared(x)
    secant = np.reciprocal(np.cosh(x))
    return secant * secant


def _complex_sech_squared(x: Any) -> Any:
    """The same where the hyperbolic cosine would overflow to nan: 4 exp(-2|x|), which is exact from |Re x| = 40 on."""
    is_far = np.abs(x.real) > 40
    secant = np.reciprocal(np.cosh(np.where(is_far, 0, x)))
    return np.where(is_far, 4 * np.exp(np.where(x.real < 0, 2, -2) * x), secant * secant)


def _sech_squared_of_number(x: float) -> Any:
    try:
        secant = 1 / math.cosh(x)
    except OverflowError:
        secant = 0.0
    return np.float64(secant * secant)


def _sec_squared(x: Any) -> Any:
    if x.dtype.kind == "c":
        return _complex_sech_squared(1j * x)
    secant = np.reciprocal(np.cos(x))
    return secant * secant


def _arcsin_slope(x: Any) -> Any:
    if np.iscomplexobj(x):  # in the product of the two the side of a branch cut would be lost
        return 1 / (np.sqrt(1 - x) * np.sqrt(1 + x))
    return 1 / np.sqrt((1 - x) * (1 + x))


def _arccosh_slope(x: Any) -> Any:
    return 1 / (np.sqrt(x - 1) * np.sqrt(x + 1))


def _arccosh_curvature(y: Any, x: Any) -> Any:
    return -x * y * y * y if np.iscomplexobj(x) else -y / (x - 1 / x)


def _arctan_slope(x: Any) -> Any:
    if np.iscomplexobj(x):  # in factors, which are accurate near the poles
        return 1 / ((1 - 1j * x) * (1 + 1j * x))
    cosine = np.reciprocal(np.hypot(1, x))
    return cosine * cosine


def _arctan_curvature(y: Any, x: Any) -> Any:
    if np.iscomplexobj(x):
        return -2 * x * y * y
    is_large = np.abs(x) > 1
    small, large = np.where(is_large, 0, x), np.where(is_large, x, 1)
    return np.where(is_large, -2 * y / (large + 1 / large), -2 * small * y * y)


def _arctanh_slope(x: Any) -> Any:
    return 1 / ((1 - x) * (1 + x))


def _direction(y: Any, x: Any) -> Any:
    """The sign x / |x| of a real and the direction of a complex number, 0 at 0."""
    return _quotient(x, y) if np.iscomplexobj(x) else np.sign(x)


def _angle_partial(x: Any) -> Any:
    """The angle grows fastest along i·x, at the rate 1/|x|; a real number turns nowhere."""
    if not np.iscomplexobj(x):
        return np.zeros_like(x)
    return _over_square(x * 1j, np.abs(x))


def _reinterpreted(x: Any, is_complex: bool) -> Any:
    """Pairs of neighbours along the last axis as complex numbers, or complex numbers as such pairs."""
    return np.ascontiguousarray(x).view(np.result_type(x, np.complex64) if is_complex else x.real.dtype)


def _or_nan(x1: Any, x2: Any, weight: Any) -> Any:
    """The weight of an operand, and nan where one operand is nan: nothing was selected there."""
    return np.where((x1 <= x2) | (x1 > x2), weight, np.nan)


def _unless_nan(y: Any, weight: Any) -> Any:
    """The weight of an operand, and nan where the result is nan: nothing was selected there."""
    return np.where(np.equal(y, y), weight, np.nan)


def _tie(x1: Any, x2: Any) -> Any:
    return 0.5 * (x1 == x2)


def _root_of_unit_plus_square(x: Any) -> Any:
    """√(1 + x²) without overflow."""
    return np.sqrt(1 - 1j * x) * np.sqrt(1 + 1j * x) if np.iscomplexobj(x) else np.hypot(1, x)


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
log_ = elementwise(np.log, [lambda y, x: 1 / x], at_kinks="inf at 0", domain=_POSITIVE)
log2 = elementwise(np.log2, [lambda y, x: 1 / (_LOG_2 * x)], at_kinks="inf at 0", domain=_POSITIVE)
log10 = elementwise(np.log10, [lambda y, x: 1 / (_LOG_10 * x)], at_kinks="inf at 0", domain=_POSITIVE)
log1p = elementwise(np.log1p, [lambda y, x: 1 / (1 + x)], at_kinks="inf at -1", domain=((-0.7, 2.0),))
exp_share: Primitive = elementwise(lambda x1, x2: _share(x1, x2, np.exp), [lambda y, x1, x2: y * exp_share(x2, x1), lambda y, x1, x2: -y * exp_share(x2, x1)],
                        name="exp_share", notation="1 / (1 + exp({1} - {0}))", precedence=2)
exp2_share: Primitive = elementwise(lambda x1, x2: _share(x1, x2, np.exp2), [lambda y, x1, x2: _LOG_2 * y * exp2_share(x2, x1), lambda y, x1, x2: -_LOG_2 * y * exp2_share(x2, x1)],
                         name="exp2_share", notation="1 / (1 + 2 ** ({1} - {0}))", precedence=2)
logaddexp = elementwise(np.logaddexp, [lambda y, x1, x2: exp_share(x1, x2), lambda y, x1, x2: exp_share(x2, x1)],
                        analytic=False, at_kinks="smooth; half to each operand where both are the same infinity")
logaddexp2 = elementwise(np.logaddexp2, [lambda y, x1, x2: exp2_share(x1, x2), lambda y, x1, x2: exp2_share(x2, x1)],
                         analytic=False, at_kinks="smooth; half to each operand where both are the same infinity")

# Powers and roots.
square = elementwise(np.square, [lambda y, x: 2 * x])
sqrt = elementwise(np.sqrt, [lambda y, x: 0.5 / y], at_kinks="inf at 0", domain=_POSITIVE)
cbrt = elementwise(np.cbrt, [lambda y, x: np.square(1 / y) / 3], analytic=False, at_kinks="inf at 0", domain=_POSITIVE)
reciprocal = elementwise(np.reciprocal, [lambda y, x: -y * y], at_kinks="-inf at 0", domain=_POSITIVE)
cosine: Primitive = elementwise(_cosine, [lambda y, x1, x2: _over(cosine(x2, x1) ** 2, x1, x2), lambda y, x1, x2: _over(-y * cosine(x2, x1), x1, x2)],
                                name="cosine", notation="{0} / hypot({0}, {1})", precedence=2, analytic=False,
                                at_kinks="0 at (0, 0); infinite operands count alike")
hypot = elementwise(np.hypot, [lambda y, x1, x2: cosine(x1, x2), lambda y, x1, x2: cosine(x2, x1)],
                    analytic=False, at_kinks="0 at (0, 0); that of the direction at infinity, where infinite operands count alike")

# Derivatives that are rows of their own: no formula of others is as accurate, or right again when it is differentiated.
sech_squared = elementwise(_sech_squared, [lambda y, x: -2 * y * np.tanh(x)], name="sech_squared", notation="sech²({0})")
sec_squared = elementwise(_sec_squared, [lambda y, x: 2 * y * np.tan(x)], name="sec_squared", notation="sec²({0})", domain=((-1.2, 1.2),))
arcsin_slope = elementwise(_arcsin_slope, [lambda y, x: x * y * y * y], name="arcsin_slope", notation="1 / √(1 - {0}²)", precedence=2, domain=_INNER)
arctan_slope = elementwise(_arctan_slope, [lambda y, x: _arctan_curvature(y, x)], name="arctan_slope", notation="1 / (1 + {0}²)", precedence=2,
                           analytic=False, at_kinks="smooth; the factors 1 ± i·x round a tiny imaginary part away")
arccosh_slope = elementwise(_arccosh_slope, [lambda y, x: _arccosh_curvature(y, x)], name="arccosh_slope", notation="1 / √({0}² - 1)", precedence=2, domain=((1.2, 4.0),))
arctanh_slope = elementwise(_arctanh_slope, [lambda y, x: 2 * x * y * y], name="arctanh_slope", notation="1 / (1 - {0}²)", precedence=2, domain=_INNER)

# Trigonometric and hyperbolic functions.
sin = elementwise(np.sin, [lambda y, x: np.cos(x)])
cos = elementwise(np.cos, [lambda y, x: -np.sin(x)])
tan = elementwise(np.tan, [lambda y, x: _of(sec_squared, x)], domain=((-1.2, 1.2),))
arcsin = elementwise(np.arcsin, [lambda y, x: _of(arcsin_slope, x)], at_kinks="inf at ±1", domain=_INNER)
arccos = elementwise(np.arccos, [lambda y, x: -_of(arcsin_slope, x)], at_kinks="-inf at ±1", domain=_INNER)
arctan = elementwise(np.arctan, [lambda y, x: _of(arctan_slope, x)])
arctan2 = elementwise(np.arctan2, [lambda y, x1, x2: _over_square(x2, np.hypot(x1, x2)),
                                   lambda y, x1, x2: _over_square(-x1, np.hypot(x1, x2))],
                      analytic=False, at_kinks="0 at (0, 0) and at infinity; at the jump that of either side", domain=((0.3, 2.0), (-2.0, 2.0)))
sinh = elementwise(np.sinh, [lambda y, x: np.cosh(x)])
cosh = elementwise(np.cosh, [lambda y, x: np.sinh(x)])
tanh = elementwise(np.tanh, [lambda y, x: sech_squared(x) if isinstance(x, Value) else _sech_squared(x)])
arcsinh = elementwise(np.arcsinh, [lambda y, x: 1 / _root_of_unit_plus_square(x)])
arccosh = elementwise(np.arccosh, [lambda y, x: _of(arccosh_slope, x)], at_kinks="inf at 1", domain=((1.2, 4.0),))
arctanh = elementwise(np.arctanh, [lambda y, x: _of(arctanh_slope, x)], at_kinks="inf at ±1", domain=_INNER)
sinc = elementwise(np.sinc, [lambda y, x: _sinc_partial(x)], at_kinks="smooth: 0 at 0")
deg2rad = elementwise(np.deg2rad, [pi / 180], analytic=False, at_kinks="smooth; NumPy has no complex version")
radians = elementwise(np.radians, [pi / 180], analytic=False, at_kinks="smooth; NumPy has no complex version")
rad2deg = elementwise(np.rad2deg, [180 / pi], analytic=False, at_kinks="smooth; NumPy has no complex version")
degrees = elementwise(np.degrees, [180 / pi], analytic=False, at_kinks="smooth; NumPy has no complex version")

# Absolute values, signs and complex parts.
absolute = elementwise(np.absolute, [_direction], real_valued=True, analytic=False,
                       at_kinks="0 at 0", notation="|{0}|", alias="Abs")
fabs = elementwise(np.fabs, [lambda y, x: np.sign(x)], analytic=False, at_kinks="0 at 0")
copysign = elementwise(np.copysign, [lambda y, x1, x2: np.sign(x1) * np.copysign(1.0, x2), flat], analytic=False, at_kinks="0 in x1 at 0; 0 in x2, also at the jump")
real = elementwise(np.real, [1], real_valued=True, analytic=False, views=True, put=lambda x, new: new + 1j * np.imag(x) if x.dtype.kind == "c" else new)
imag = elementwise(np.imag, [transpose(lambda ct, x: ct * 1j if x.dtype.kind == "c" else ct * 0)], real_valued=True, analytic=False, views=True, put=lambda x, new: np.real(x) + 1j * new)
conjugate = elementwise(np.conjugate, [transpose(lambda ct, x: np.conjugate(ct))], analytic=False, at_kinks="smooth; not holomorphic")
angle = elementwise(np.angle, [lambda y, x: _angle_partial(x)], real_valued=True, analytic=False, at_kinks="0 at 0")

reinterpret = structural("view", lambda x, is_complex: _reinterpreted(x, is_complex),
                         [transpose(lambda ct, x, *, is_complex: table.view(ct, is_complex=not is_complex))],
                         analytic=False, at_kinks="smooth; a complex number is a pair of real ones", views=True,
                         put=lambda x, new, *, is_complex: table.view(new, is_complex=not is_complex))

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
clip = elementwise(np.clip, [lambda y, x, lo, hi: _unless_nan(y, (x >= lo) & (x <= hi)), lambda y, x, lo, hi: _unless_nan(y, (x < lo) & (lo <= hi)),
                             lambda y, x, lo, hi: _unless_nan(y, np.maximum(x, lo) > hi)],
                   selects=True, analytic=False, at_kinks="all to x on a bound; all to the upper bound below the lower", domain=((-2.0, 2.0), (-1.0, -0.5), (0.5, 1.0)))
heaviside = elementwise(np.heaviside, [flat, lambda y, x1, x2: np.equal(x1, 0)],
                        selects=True, analytic=False, at_kinks="0 in x1, also at the jump; 1 in x2 at x1 = 0")

# Steps and parts of a number.
round_ = table.add_primitive(Primitive("round", lambda x, decimals: np.round(x, decimals), Kind.ELEMENTWISE, [flat], at_kinks="0, also at the jumps"))
fraction = elementwise(lambda x: np.modf(x)[0], [1], name="fraction", analytic=False, at_kinks="1, also at the jumps")
exponent = elementwise(lambda x: np.frexp(x)[1], flat, name="exponent", at_kinks="0, also at the jumps")
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


@composed(np.ndarray.view)
def _view(x: Any, dtype: np.dtype[Any]) -> Any:
    if sorted(x.dtype.kind + dtype.kind) != ["c", "f"] or x.real.dtype != np.zeros((), dtype).real.dtype:
        raise NoRuleError(
            f"an array of dtype {x.dtype} was viewed as one of {dtype}.",
            why="What the bytes of a number stand for in another dtype is no function in the sense of calculus.",
            remedy="Convert with x.astype.",
            where=user_location(),
        )
    if x.dtype.kind == "f" and (not x.ndim or x.shape[-1] % 2):
        np.zeros(x.shape[-1:], x.dtype).view(dtype)  # NumPy's exception
    return bind(reinterpret, (x,), {"is_complex": dtype.kind == "c"})


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
    return bind(round_, (a,), {"decimals": decimals})


@composed(np.fix)
def _fix(x: Any, out: None = None) -> Any:
    refuse(np.fix, out=out)
    return np.trunc(x)


@composed(np.isposinf)
def _isposinf(x: Any, out: None = None) -> Any:
    refuse(np.isposinf, out=out)
    return np.isinf(x) & ~np.signbit(x)


@composed(np.isneginf)
def _isneginf(x: Any, out: None = None) -> Any:
    refuse(np.isneginf, out=out)
    return np.isinf(x) & np.signbit(x)


@composed(np.modf)
def _modf(x: Any) -> tuple[Any, Any]:
    return fraction(x), np.trunc(x)


@composed(np.frexp)
def _frexp(x: Any) -> tuple[Any, Any]:
    power = exponent(x)
    return np.ldexp(x, -power), power
