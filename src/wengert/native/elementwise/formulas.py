"""What NumPy and the rows of the derivative table compute, as formulas of numbers in registers.

Each takes operands of one dtype and follows the definition in NumPy or in `wengert.rules`, with the same values at
special points. Both branches of a choice are computed, so that a loop over many numbers can be vectorised.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi

import numpy as np

from wengert.native.elementwise.scalars import (
    BOOL,
    DType,
    Scalar,
    bits_of,
    call,
    choose,
    convert,
    copysign,
    differ,
    equal,
    from_bits,
    intrinsic,
    is_nan,
    scale,
)
from wengert.native.writing import LANES, REGISTERS, word

__all__ = [
    "absolute", "angle", "arccosh_slope", "arcsin_slope", "arctan_slope", "arctanh_slope", "clip", "cosine",
    "exp2_share", "exp_share", "exponent", "false", "floor_quotient", "fmax", "fmin", "fraction", "gcd", "has_sign",
    "heaviside", "integer_power", "is_finite", "is_infinite", "lcm", "ldexp", "logaddexp", "logaddexp2", "maximum",
    "minimum", "modulo", "nextafter", "no_number", "product_power", "rounded", "sec_squared", "sech_squared",
    "shifted_left", "shifted_right", "sign", "sinc", "spacing", "whole_absolute", "whole_choice", "whole_clip",
    "whole_maximum", "whole_minimum", "whole_modulo", "whole_quotient", "whole_reciprocal", "whole_remainder",
    "whole_sign",
]  # fmt: skip


# --- selections ------------------------------------------------------------------------------------------------


def maximum(a: Scalar, b: Scalar) -> Scalar:
    """The larger number, or nan if one is nan."""
    return choose(is_nan(a), a, choose(a > b, a, b))  # where b is nan, the comparison gives b


def minimum(a: Scalar, b: Scalar) -> Scalar:
    """The smaller number, or nan if one is nan."""
    return choose(is_nan(a), a, choose(a < b, a, b))


def fmax(a: Scalar, b: Scalar) -> Scalar:
    """The larger number, and the other one where one is nan."""
    return choose(is_nan(b), a, choose(a > b, a, b))


def fmin(a: Scalar, b: Scalar) -> Scalar:
    """The smaller number, and the other one where one is nan."""
    return choose(is_nan(b), a, choose(a < b, a, b))


def clip(x: Scalar, low: Scalar, high: Scalar) -> Scalar:
    """The number within bounds; the upper one where they are the wrong way round, nan where one of the three is."""
    return minimum(maximum(x, low), high)


def heaviside(x: Scalar, at_zero: Scalar) -> Scalar:
    """0 below 0, 1 above, and `at_zero` at 0."""
    return choose(is_nan(x), x, choose(equal(x, 0), at_zero, choose(x > 0, x.literal(1), 0)))


# --- signs and parts of a number -------------------------------------------------------------------------------


def absolute(x: Scalar) -> Scalar:
    """The number without its sign."""
    return intrinsic("fabs", x)


def sign(x: Scalar) -> Scalar:
    """-1, 0, 1 or nan."""
    return choose(is_nan(x), x, choose(x > 0, x.literal(1), choose(x < 0, x.literal(-1), 0)))


def angle(x: Scalar) -> Scalar:
    """The angle of a real number: π where its sign is negative."""
    return choose(is_nan(x), x, choose(has_sign(x), x.literal(pi), 0))


def has_sign(x: Scalar) -> Scalar:
    """Whether the sign of a float is negative, also of -0 and nan."""
    return bits_of(x) < 0


def fraction(x: Scalar) -> Scalar:
    """The part after the point, with the sign of x."""
    part = copysign(x - intrinsic("trunc", x), x)
    return choose(is_infinite(x), copysign(0, x), part)


def is_infinite(x: Scalar) -> Scalar:
    """Whether a float is inf or -inf."""
    return equal(absolute(x), np.inf)


def is_finite(x: Scalar) -> Scalar:
    """Whether a float is neither infinite nor nan."""
    return absolute(x) < np.inf


def false(x: Scalar) -> Scalar:
    """What holds of no number of this dtype."""
    return Scalar(x.function, "0", BOOL)


def no_number(x: Scalar) -> Scalar:
    """The imaginary part of a real number: 0, whatever it is."""
    return x.literal(0)


def exponent(x: Scalar) -> Scalar:
    """The exponent n of x = m 2^n with m from 1/2 to 1, of type int32; 0 of 0 and of what is not finite."""
    places = np.finfo(x.dtype).nmant
    is_subnormal = absolute(x) < np.finfo(x.dtype).tiny
    scaled = choose(is_subnormal, x * 2.0 ** (places + 2), x)
    field = bits_of(scaled).write("lshr", places) & (2 ** (8 * x.dtype.itemsize - 1 - places) - 1)
    power = field - choose(is_subnormal, field.literal(_bias(x.dtype) + places + 2), _bias(x.dtype))
    is_ordinary = is_finite(x) & differ(x, 0)
    return convert(choose(is_ordinary, power, 0), np.dtype(np.int32))


def _bias(dtype: DType) -> int:
    return int(np.finfo(dtype).maxexp) - 2


def spacing(x: Scalar) -> Scalar:
    """The distance to the next number away from 0, with the sign of x; nan at infinity."""
    magnitude = absolute(x)
    gap = from_bits(bits_of(magnitude) + 1, x.dtype) - magnitude
    signed = choose(equal(x, 0), gap, copysign(gap, x))
    return choose(is_finite(x), signed, np.nan)


def nextafter(x: Scalar, towards: Scalar) -> Scalar:
    """The next number on the way from x."""
    bits = bits_of(x)
    is_away = ~((x < towards) ^ (x > 0))
    step = choose(is_away, bits.literal(1), -1)
    tiniest = copysign(float(np.finfo(x.dtype).smallest_subnormal), towards)
    beside = choose(equal(x, 0), tiniest, from_bits(bits + step, x.dtype))
    moved = choose(equal(x, towards), towards, beside)
    return choose(is_nan(x), x, choose(is_nan(towards), towards, moved))


def ldexp(x: Scalar, power: Scalar) -> Scalar:
    """The product x 2^n."""
    if power.dtype.itemsize == 8:  # numbers beyond those of 32 bits act as the last of these
        last = np.iinfo(np.int32).max
        power = whole_clip(power, power.literal(-last), power.literal(last))
    return scale(x, convert(power, np.dtype(np.int32)))


def rounded(x: Scalar, decimals: int) -> Scalar:
    """The number rounded to decimals, halves to even."""
    if decimals == 0:
        return intrinsic("rint", x)
    scale = 10.0 ** abs(decimals)
    return intrinsic("rint", x * scale) / scale if decimals > 0 else intrinsic("rint", x / scale) * scale


# --- quotients -------------------------------------------------------------------------------------------------


def modulo(a: Scalar, b: Scalar) -> Scalar:
    """The remainder with the sign of b, as Python's operator % has it."""
    rest = a.write("frem", b)
    moved = choose((b < 0) ^ (rest < 0), rest + b, rest)
    signed = choose(equal(rest, 0), copysign(0, b), moved)
    return choose(equal(b, 0), rest, signed)


def floor_quotient(a: Scalar, b: Scalar) -> Scalar:
    """The whole part of the quotient, as Python's operator // has it."""
    rest = a.write("frem", b)
    quotient, exact = a / b, (a - rest) / b
    less = choose(differ(rest, 0) & ((b < 0) ^ (rest < 0)), exact - 1, exact)
    below = intrinsic("floor", less)
    snapped = choose(less - below > 0.5, below + 1, below)
    signed = choose(equal(less, 0), copysign(0, quotient), snapped)
    return choose(equal(b, 0), quotient, signed)


# --- exponentials and powers -----------------------------------------------------------------------------------


def logaddexp(a: Scalar, b: Scalar) -> Scalar:
    """The logarithm of exp(a) + exp(b) without overflow."""
    return _added_powers(a, b, log(2.0), lambda x: call("log1p", call("exp", x)))


def logaddexp2(a: Scalar, b: Scalar) -> Scalar:
    """The binary logarithm of 2^a + 2^b without overflow."""
    return _added_powers(a, b, 1.0, lambda x: call("log1p", call("exp2", x)) * (1 / log(2.0)))


def _added_powers(a: Scalar, b: Scalar, at_tie: float, excess: Callable[[Scalar], Scalar]) -> Scalar:
    difference = a - b
    total = choose(difference > 0, a, b) + excess(-absolute(difference))
    return choose(equal(a, b), a + at_tie, choose(is_nan(difference), difference, total))


def exp_share(a: Scalar, b: Scalar) -> Scalar:
    """The weight exp(a) / (exp(a) + exp(b)); 1/2 where both are the same infinity."""
    return _share(a, b, "exp")


def exp2_share(a: Scalar, b: Scalar) -> Scalar:
    """The weight 2^a / (2^a + 2^b); 1/2 where both are the same infinity."""
    return _share(a, b, "exp2")


def _share(a: Scalar, b: Scalar, exp: str) -> Scalar:
    share = 1 / (1 + call(exp, b - a))
    return choose(is_infinite(a) & equal(a, b), 0.5, share)


def product_power(x: Scalar, exponent: float) -> Scalar | None:
    """A power with a small whole exponent as products; ``None`` for others."""
    if exponent == 0:
        return x.literal(1)
    if exponent not in (1, 2, 3, 4, -1, -2):
        return None
    base = x if exponent > 0 else 1 / x
    power = base if abs(exponent) == 1 else base * base
    return {3: lambda: power * x, 4: lambda: power * power}.get(int(exponent), lambda: power)()


def integer_power(x: Scalar, exponent: int) -> Scalar:
    """A power of a whole number by repeated squaring."""
    result: Scalar | None = None
    while exponent:
        if exponent % 2:
            result = x if result is None else result * x
        exponent //= 2
        x = x * x if exponent else x
    return x.literal(1) if result is None else result


# --- rows of the derivative table ------------------------------------------------------------------------------


def cosine(a: Scalar, b: Scalar) -> Scalar:
    """The share a / hypot(a, b), 0 at the origin; infinite legs count alike."""
    is_far = is_infinite(a) | is_infinite(b)
    first, second = (choose(is_far, choose(is_infinite(x), copysign(1, x), sign(x) * 0), x) for x in (a, b))
    length = call("hypot", first, second)
    return choose(equal(length, 0), 0, first / length)


def sech_squared(x: Scalar) -> Scalar:
    """The derivative of the hyperbolic tangent."""
    secant = 1 / call("cosh", x)
    return secant * secant


def sec_squared(x: Scalar) -> Scalar:
    """The derivative of the tangent."""
    secant = 1 / call("cos", x)
    return secant * secant


def arcsin_slope(x: Scalar) -> Scalar:
    """The derivative of the arcsine."""
    return 1 / intrinsic("sqrt", (1 - x) * (1 + x))


def arctan_slope(x: Scalar) -> Scalar:
    """The derivative of the arctangent; from 1 on by 1/x, whose square does not overflow."""
    is_large = absolute(x) > 1
    small = choose(is_large, 1 / x, x)
    square = small * small
    slope = 1 / (1 + square)
    return choose(is_large, square * slope, slope)


def arccosh_slope(x: Scalar) -> Scalar:
    """The derivative of the hyperbolic arccosine."""
    return 1 / (intrinsic("sqrt", x - 1) * intrinsic("sqrt", x + 1))


def arctanh_slope(x: Scalar) -> Scalar:
    """The derivative of the hyperbolic arctangent."""
    return 1 / ((1 - x) * (1 + x))


def sinc(x: Scalar) -> Scalar:
    """The quotient sin(πx) / (πx), 1 at 0."""
    scaled = x * pi
    angle = choose(equal(scaled, 0), float(np.finfo(x.dtype).eps), scaled)
    return call("sin", angle) / angle


# --- whole numbers ---------------------------------------------------------------------------------------------


def whole_absolute(x: Scalar) -> Scalar:
    """The number without its sign; the least one is itself."""
    return choose(x < 0, -x, x)


def whole_sign(x: Scalar) -> Scalar:
    """-1, 0 or 1."""
    return choose(x > 0, x.literal(1), choose(x < 0, x.literal(-1), 0))


def whole_maximum(a: Scalar, b: Scalar) -> Scalar:
    """The larger number."""
    return choose(a > b, a, b)


def whole_minimum(a: Scalar, b: Scalar) -> Scalar:
    """The smaller number."""
    return choose(a < b, a, b)


def whole_clip(x: Scalar, low: Scalar, high: Scalar) -> Scalar:
    """The number within bounds; the upper one where they are the wrong way round."""
    return whole_minimum(whole_maximum(x, low), high)


def whole_reciprocal(x: Scalar) -> Scalar:
    """The quotient 1 / x without what is after the point; of 0 the least number, to which infinity is cast."""
    unit = choose(equal(x, 1) | equal(x, -1), x, 0)
    return choose(equal(x, 0), np.iinfo(x.dtype).min, unit)


def whole_remainder(a: Scalar, b: Scalar) -> Scalar:
    """The remainder of C; 0 where b is 0."""
    return a.write("srem", _divisor(b))


def whole_modulo(a: Scalar, b: Scalar) -> Scalar:
    """The remainder with the sign of b; 0 where b is 0."""
    rest = whole_remainder(a, b)
    return choose(differ(rest, 0) & ((rest ^ b) < 0), rest + b, rest)


def whole_quotient(a: Scalar, b: Scalar) -> Scalar:
    """The whole part of the quotient, rounded down; 0 where b is 0."""
    divisor = _divisor(b)
    quotient = a.write("sdiv", divisor)
    rest = a - quotient * divisor
    below = quotient - convert(differ(rest, 0) & ((rest ^ divisor) < 0), a.dtype)
    return choose(equal(b, 0), 0, choose(equal(b, -1), -a, below))


def _divisor(b: Scalar) -> Scalar:
    """A number to divide by: not 0, and not -1, by which the least number cannot be divided."""
    return choose(equal(b, 0) | equal(b, -1), 1, b)


def shifted_left(a: Scalar, count: Scalar) -> Scalar:
    """The bits moved up; 0 for a count that is negative or beyond the length."""
    return choose(_is_within(count), a.write("shl", _within(count)), 0)


def shifted_right(a: Scalar, count: Scalar) -> Scalar:
    """The bits moved down; the sign alone for a count that is negative or beyond the length."""
    length = 8 * a.dtype.itemsize
    return a.write("ashr", choose(_is_within(count), count, length - 1))


def _is_within(count: Scalar) -> Scalar:
    return (count >= 0) & (count < 8 * count.dtype.itemsize)


def _within(count: Scalar) -> Scalar:
    return count & (8 * count.dtype.itemsize - 1)


def whole_choice(x: Scalar, count: int, mode: str) -> Scalar:
    """The number of one of `count` choices that stop at the ends, or go round."""
    if mode == "clip":
        return whole_clip(x, x.literal(0), x.literal(count - 1))
    return whole_modulo(x, x.literal(count))


def gcd(a: Scalar, b: Scalar) -> Scalar:
    """The greatest common divisor, by Euclid's algorithm; 0 of two zeros."""
    kind = REGISTERS[a.dtype.name]
    a.function.module.declare(_EUCLID.format(word=kind))
    return _in_lanes(f"call {kind} @wg_gcd_{kind}", whole_absolute(a), whole_absolute(b))


def lcm(a: Scalar, b: Scalar) -> Scalar:
    """The least common multiple, 0 where one is 0."""
    divisor = gcd(a, b)
    return whole_absolute(a).write("udiv", choose(equal(divisor, 0), 1, divisor)) * whole_absolute(b)


_EUCLID = """define internal {word} @wg_gcd_{word}({word} %a, {word} %b) nounwind {{
entry:
  br label %head
head:
  %p = phi {word} [ %a, %entry ], [ %rest, %body ]
  %q = phi {word} [ %b, %entry ], [ %p, %body ]
  %is_zero = icmp eq {word} %p, 0
  br i1 %is_zero, label %end, label %body
body:
  %rest = urem {word} %q, %p
  br label %head
end:
  ret {word} %q
}}"""


def _in_lanes(call: str, a: Scalar, b: Scalar) -> Scalar:
    """A call for two numbers; of vectors for those of each lane."""
    function, kind = a.function, REGISTERS[a.dtype.name]
    if not (a.is_wide or b.is_wide):
        return Scalar(function, function.value(f"{call}({kind} {a.text}, {kind} {b.text})"), a.dtype)
    first, second, whole = function.wide(a.text, a.dtype), function.wide(b.text, b.dtype), word(a.dtype, True)
    found = "poison"
    for lane in range(LANES):
        x, y = (function.value(f"extractelement {whole} {v}, i64 {lane}") for v in (first, second))
        result = function.value(f"{call}({kind} {x}, {kind} {y})")
        found = function.vector(f"insertelement {whole} {found}, {kind} {result}, i64 {lane}")
    return Scalar(function, found, a.dtype)
