"""Functions that a C file brings along: those of NumPy and of the derivative table that the C library lacks.

Each is written for doubles (the whole ones for 64-bit integers) and follows the definition in NumPy, SciPy or
`wengert.rules`, with the same values at special points.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

__all__ = ["FUNCTIONS", "called", "definitions"]

# Name → definition, each function after those that it calls.
_TEXT = """
/* The larger number, or nan if one is nan. */
static double maximum(double a, double b)
{
    return a >= b || isnan(a) ? a : b;
}

/* The smaller number, or nan if one is nan. */
static double minimum(double a, double b)
{
    return a <= b || isnan(a) ? a : b;
}

/* -1, 0, 1 or nan. */
static double sign(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : x == 0 ? 0 : x;
}

/* a - b * floor(a / b), with the sign of b, as Python's operator % has it. */
static double modulo(double a, double b)
{
    double rest = fmod(a, b);
    if (b == 0) {
        return rest;
    }
    if (rest == 0) {
        return copysign(0.0, b);
    }
    return (b < 0) != (rest < 0) ? rest + b : rest;
}

/* floor(a / b), as Python's operator // has it. */
static double floor_quotient(double a, double b)
{
    double rest = fmod(a, b);
    if (b == 0) {
        return a / b;
    }
    double quotient = (a - rest) / b;
    if (rest != 0 && (b < 0) != (rest < 0)) {
        quotient -= 1;
    }
    if (quotient == 0) {
        return copysign(0.0, a / b);
    }
    double below = floor(quotient);
    return quotient - below > 0.5 ? below + 1 : below;
}

/* The same of whole numbers; 0 where b is 0. */
static int64_t whole_quotient(int64_t a, int64_t b)
{
    if (b == 0 || b == -1) {
        return b == 0 ? 0 : (int64_t)(0 - (uint64_t)a);
    }
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* a % b with the sign of b; 0 where b is 0. */
static int64_t whole_modulo(int64_t a, int64_t b)
{
    if (b == 0 || b == -1) {
        return 0;
    }
    int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

/* The remainder of C with its zero divisors made 0. */
static int64_t whole_remainder(int64_t a, int64_t b)
{
    return b == 0 || b == -1 ? 0 : a % b;
}

/* The power of whole numbers with an exponent that is not negative. */
static int64_t whole_power(int64_t base, int64_t exponent)
{
    uint64_t result = 1, factor = (uint64_t)base;
    for (; exponent > 0; exponent /= 2) {
        result = exponent % 2 ? result * factor : result;
        factor *= factor;
    }
    return (int64_t)result;
}

/* log(exp(a) + exp(b)) without overflow. */
static double logaddexp(double a, double b)
{
    if (a == b) {
        return a + 0.6931471805599453;
    }
    double difference = a - b;
    if (isnan(difference)) {
        return difference;
    }
    return difference > 0 ? a + log1p(exp(-difference)) : b + log1p(exp(difference));
}

/* log2(2^a + 2^b) without overflow. */
static double logaddexp2(double a, double b)
{
    if (a == b) {
        return a + 1;
    }
    double difference = a - b;
    if (isnan(difference)) {
        return difference;
    }
    double less = log1p(exp2(-fabs(difference))) * 1.4426950408889634;
    return (difference > 0 ? a : b) + less;
}

/* The weight exp(a) / (exp(a) + exp(b)); 1/2 where both are the same infinity. */
static double exp_share(double a, double b)
{
    return isinf(a) && a == b ? 0.5 : 1 / (1 + exp(b - a));
}

/* The weight 2^a / (2^a + 2^b). */
static double exp2_share(double a, double b)
{
    return isinf(a) && a == b ? 0.5 : 1 / (1 + exp2(b - a));
}

/* a / hypot(a, b), 0 at the origin; infinite legs count alike. */
static double cosine(double a, double b)
{
    if (isinf(a) || isinf(b)) {
        a = isinf(a) ? copysign(1.0, a) : 0 * a;
        b = isinf(b) ? copysign(1.0, b) : 0 * b;
    }
    double length = hypot(a, b);
    return length == 0 ? 0 : a / length;
}

/* 1 / cosh(x)^2, the derivative of tanh. */
static double sech_squared(double x)
{
    double secant = 1 / cosh(x);
    return secant * secant;
}

/* 1 / cos(x)^2, the derivative of tan. */
static double sec_squared(double x)
{
    double secant = 1 / cos(x);
    return secant * secant;
}

/* 1 / (1 + x^2) without overflow, the derivative of the arctangent. */
static double arctan_slope(double x)
{
    double secant = 1 / hypot(1.0, x);
    return secant * secant;
}

/* sin(pi x) / (pi x), 1 at 0. */
static double sinc(double x)
{
    double angle = 3.141592653589793 * (x == 0 ? 1e-20 : x);
    return sin(angle) / angle;
}

/* 0 below 0, 1 above, and `at_zero` at 0. */
static double heaviside(double x, double at_zero)
{
    return isnan(x) ? x : x < 0 ? 0 : x > 0 ? 1 : at_zero;
}

/* The part after the point, with the sign of x. */
static double fraction(double x)
{
    return isinf(x) ? copysign(0.0, x) : copysign(x - trunc(x), x);
}

/* The exponent n of x = m 2^n with m from 1/2 to 1. */
static int exponent_of_two(double x)
{
    int exponent = 0;
    frexp(x, &exponent);
    return isfinite(x) ? exponent : 0;
}

/* 1 / (1 + exp(-x)). */
static double expit(double x)
{
    return 1 / (1 + exp(-x));
}

/* log(p / (1 - p)). */
static double logit(double p)
{
    if (p < 0.3 || p > 0.65) {
        return log(p / (1 - p));
    }
    double distance = 2 * (p - 0.5);
    return log1p(distance) - log1p(-distance);
}

/* log(1 / (1 + exp(-x))). */
static double log_expit(double x)
{
    return x < 0 ? x - log1p(exp(x)) : -log1p(exp(-x));
}

/* x log(y), 0 where x is 0. */
static double xlogy(double x, double y)
{
    return x == 0 && !isnan(y) ? 0 : x * log(y);
}

/* x log(1 + y), 0 where x is 0. */
static double xlog1py(double x, double y)
{
    return x == 0 && !isnan(y) ? 0 : x * log1p(y);
}

/* The logarithm of |gamma(x)| for x > 0, nan below. */
static double loggamma(double x)
{
    return x < 0 ? NAN : lgamma(x);
}

/* The distribution function of the standard normal distribution. */
static double ndtr(double x)
{
    return 0.5 * erfc(-0.7071067811865476 * x);
}

/* (exp(x) - 1) / x, 1 at 0. */
static double exprel(double x)
{
    return x == 0 ? 1 : isinf(x) ? (x > 0 ? x : 0) : expm1(x) / x;
}

/* cos(x) - 1. */
static double cosm1(double x)
{
    double half = sin(0.5 * x);
    return -2 * half * half;
}

/* -x log(x), 0 at 0 and -inf below. */
static double entr(double x)
{
    return x > 0 ? -x * log(x) : x == 0 ? 0 : isnan(x) ? x : -INFINITY;
}

/* The place that an index of Python has along an axis of length n; n where it has none. */
static size_t place_of(int64_t index, size_t n)
{
    if (index < 0) {
        index += (int64_t)n;
    }
    return index < 0 || index >= (int64_t)n ? n : (size_t)index;
}

/* The place of an index that goes round an axis of length n. */
static size_t wrapped_place(int64_t index, size_t n)
{
    int64_t place = index % (int64_t)n;
    return (size_t)(place < 0 ? place + (int64_t)n : place);
}

/* The place of an index that stops at the ends of an axis of length n. */
static size_t clipped_place(int64_t index, size_t n)
{
    return index < 0 ? 0 : index >= (int64_t)n ? n - 1 : (size_t)index;
}
"""

_NAME = re.compile(r"^static [\w ]+?(\w+)\(", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CALL = re.compile(r"\b([a-z]\w*)\(")

#: Name → definition, with its comment.
FUNCTIONS = {match[1]: text for text in _TEXT.strip().split("\n\n") if (match := _NAME.search(text))}


def called(text: str) -> set[str]:
    """The functions of this module that some lines of C call."""
    return set(_CALL.findall(text)) & FUNCTIONS.keys()


def definitions(lines: Iterable[str]) -> Iterator[str]:
    """The definitions of all functions that these lines call."""
    wanted = called(_COMMENT.sub("", "\n".join(lines)))
    return (text for name, text in FUNCTIONS.items() if name in wanted)
