"""Functions of `scipy.special` on numbers in registers: common ones as formulas, the others as calls of SciPy's code.

`scipy.special.cython_special` exports the functions behind SciPy's ufuncs. The one whose types are those of the loop
that NumPy would choose is called by its address, and gives the same bits. A formula takes its place where the C library
has vector functions for it, with the same values at special points: it agrees to a few units in the last place, or to
what SciPy's own result is off. Of float32 SciPy computes some functions in float64, and here nearly all are.

A function that is called may note an error for `scipy.special.errstate`; formulas do not.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from wengert.native import machine
from wengert.native.elementwise import formulas
from wengert.native.elementwise.scalars import (
    DType,
    Scalar,
    call,
    call_symbol,
    choose,
    convert,
    equal,
    intrinsic,
    is_nan,
)
from wengert.native.writing import LANES, REGISTERS
from wengert.primitive import Primitive

__all__ = ["cost", "emit", "is_native", "is_polygamma", "polygamma"]

Formula: TypeAlias = Callable[..., Scalar]
Values: TypeAlias = Sequence[float | None]  # the operands that are known numbers

_F64, _F32, _I64 = np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.int64)
_KNOWN = {_F64, _F32, _I64}


def is_native(prim: Primitive, dtypes: Sequence[DType], result: DType, values: Values = ()) -> bool:
    """Whether a primitive is a function of SciPy that `emit` knows for operands of these dtypes, and known values."""
    numbers = values or (None,) * len(dtypes)
    return _function(prim.compute, tuple(map(_kind, dtypes, numbers)), result) is not None


def emit(prim: Primitive, operands: Sequence[Scalar], result: DType) -> Scalar:
    """Write the instructions of a primitive that `is_native`."""
    kinds, dtypes = (_kind(x.dtype, x.number) for x in operands), (x.dtype for x in operands)
    # What has become a literal by now may have been no known number when it was asked for.
    function = _function(prim.compute, tuple(kinds), result) or _function(prim.compute, tuple(dtypes), result)
    if function is None:
        raise TypeError(f"{prim.name} has no native code for operands of these dtypes")
    return convert(function.write(operands), result)


def cost(prim: Primitive) -> int:
    """How much work a function of SciPy is, in additions; 0 of another primitive."""
    if not isinstance(prim.compute, np.ufunc) or _is_of_numpy(prim.compute):
        return 0
    return {"huber": 4, "pseudo_huber": 8}.get(prim.compute.__name__, 40)


# --- which function ----------------------------------------------------------------------------------------------

Kind: TypeAlias = DType | type[int]  # of an operand; that of a whole number of Python is weak


def _kind(dtype: DType, number: float | None) -> Kind:
    """What NumPy chooses a loop by; a known order is whole, as it was before it met floats, where it can be."""
    is_whole = dtype.kind == "f" and number is not None and float(number).is_integer()
    return int if is_whole else dtype


@dataclass(frozen=True, slots=True)
class _Called:
    """A function of C, at an address."""

    name: str
    address: int
    operands: tuple[DType, ...]
    result: DType
    last: tuple[str, ...]  # constants behind the operands

    def write(self, xs: Sequence[Scalar]) -> Scalar:
        """Write the call."""
        converted = [convert(x, dtype) for x, dtype in zip(xs, self.operands, strict=True)]
        lanes = LANES if any(x.is_wide for x in xs) else 1
        kinds, result = [REGISTERS[x.name] for x in self.operands], REGISTERS[self.result.name]
        symbol = machine.pure(
            xs[0].function.module, self.name, self.address, kinds, result, last=self.last, lanes=lanes
        )
        return call_symbol(symbol, converted, self.result, lanes > 1)


@dataclass(frozen=True, slots=True)
class _Written:
    """A formula in numbers of one dtype."""

    formula: Formula
    dtype: DType

    def write(self, xs: Sequence[Scalar]) -> Scalar:
        """Write the formula."""
        return self.formula(*(convert(x, self.dtype) for x in xs))


@functools.lru_cache(maxsize=1024)
def _function(compute: Any, kinds: tuple[Kind, ...], result: DType) -> _Called | _Written | None:
    """What computes a ufunc of SciPy for operands of these dtypes; ``None`` where nothing does."""
    if not isinstance(compute, np.ufunc) or not _is_of_scipy(compute):
        return None
    loop = _loop(compute, kinds)
    if loop[-1:] != (result,) or not set(loop) <= _KNOWN:
        return None
    name = compute.__name__.removeprefix("_")
    if name in _FORMULAS and set(loop) == {result} and _has_functions(name):
        return _Written(_FORMULAS[name], result if name in _IN_OWN_PRECISION else _F64)
    if name in _FOR_WHOLE_NUMBERS and _I64 not in loop:
        return None
    exports = _exports().get(name, {})
    return exports.get(loop) or exports.get(tuple(_F64 if x == _F32 else x for x in loop))


def _loop(compute: np.ufunc, kinds: tuple[Kind, ...]) -> tuple[DType, ...]:
    """The dtypes of operands and result in which NumPy computes a ufunc; none where it does not."""
    if (compute.nin, compute.nout) != (len(kinds), 1):
        return ()
    try:
        return tuple(compute.resolve_dtypes((*kinds, None)))
    except TypeError:
        return ()


def _is_of_numpy(compute: np.ufunc) -> bool:
    return getattr(np, compute.__name__, None) is compute


def _is_of_scipy(compute: np.ufunc) -> bool:
    if _is_of_numpy(compute):
        return False
    from scipy.special import _ufuncs

    return getattr(_ufuncs, compute.__name__, None) is compute


#: SciPy truncates a float that is given for a whole number, with a warning; then NumPy computes them.
_FOR_WHOLE_NUMBERS = {
    "bdtr", "bdtrc", "bdtri", "expn", "kn", "nbdtr", "nbdtrc", "nbdtri", "pdtri", "smirnov", "smirnovi", "yn",
}  # fmt: skip

# A function of several kinds of numbers is exported once for each, under a number in front of its name.
_NAME = re.compile(r"(?:__pyx_fuse_\d+(?:_\d+)?)?(\w+)")
_SIGNATURE = re.compile(r"(double|float) \((.*), int __pyx_skip_dispatch(, struct \w+ \*__pyx_optional_args)?\)")
_TYPES: Mapping[str, DType] = {"double": _F64, "float": _F32, "long": _I64, "Py_ssize_t": _I64}

_Exports: TypeAlias = dict[str, dict[tuple[DType, ...], _Called]]


@functools.cache
def _exports() -> _Exports:
    """The exported functions of real and whole numbers, by name and by the dtypes of operands and result."""
    from scipy.special import cython_special

    found: _Exports = {}
    for export, capsule in cython_special.__pyx_capi__.items():
        name, (text, address) = _NAME.fullmatch(export), machine.unpacked(capsule)
        match = _SIGNATURE.fullmatch(text)
        operands = match[2].split(", ") if match else []
        if name and match and all(x in _TYPES for x in operands):
            dtypes, result = tuple(_TYPES[x] for x in operands), _TYPES[match[1]]
            symbol = f"wg_special_{name[1]}_{''.join(x.char for x in dtypes)}"
            last = ("i32 0", "ptr null") if match[3] else ("i32 0",)
            # There may be two kinds of integers, which are the same here.
            found.setdefault(name[1], {}).setdefault((*dtypes, result), _Called(symbol, address, dtypes, result, last))
    return found


# --- formulas ----------------------------------------------------------------------------------------------------


def _ndtr(x: Scalar) -> Scalar:
    return 0.5 * call("erfc", x * -math.sqrt(0.5))


def _expit(x: Scalar) -> Scalar:
    return 1 / (1 + call("exp", -x))


def _log_expit(x: Scalar) -> Scalar:
    excess = call("log1p", call("exp", -intrinsic("fabs", x)))
    return choose(x < 0, x - excess, -excess)


def _logit(p: Scalar) -> Scalar:
    """The logarithm of the odds, near 1/2 by what they exceed 1."""
    rest = 1 - p
    is_near = (p >= 0.3) & (p <= 0.65)
    return choose(is_near, call("log1p", (p * 2 - 1) / rest), call("log", p / rest))


def _exprel(x: Scalar) -> Scalar:
    quotient = choose(x > _LAST_EXPREL, math.inf, call("expm1", x) / x)
    return choose(intrinsic("fabs", x) < float(np.finfo(float).eps), 1, quotient)


def _exp10(x: Scalar) -> Scalar:
    """The power of 10; SciPy has no subnormal results."""
    return choose(x < -_LAST_DECIMAL_EXPONENT, 0, call("exp10", x))


#: Where the quotient is infinite, and the decimal logarithm of the largest number, as SciPy has them.
_LAST_EXPREL, _LAST_DECIMAL_EXPONENT = 717.0, 308.2547155599167


def _xlogy(x: Scalar, y: Scalar) -> Scalar:
    return choose(equal(x, 0) & ~is_nan(y), 0, x * call("log", y))


def _xlog1py(x: Scalar, y: Scalar) -> Scalar:
    return choose(equal(x, 0) & ~is_nan(y), 0, x * call("log1p", y))


def _entr(x: Scalar) -> Scalar:
    outside = choose(is_nan(x), x, -math.inf)
    product = -x * call("log", choose(x > 0, x, 1))
    return choose(x > 0, product, choose(equal(x, 0), 0, outside))


def _rel_entr(x: Scalar, y: Scalar) -> Scalar:
    return _relative(x, y, x * _log_ratio(x, y), x.literal(0))


def _kl_div(x: Scalar, y: Scalar) -> Scalar:
    ratio = choose(_are_positive(x, y), x / y, 1)  # of another number the vector function would take long
    return _relative(x, y, x * call("log", ratio) - x + y, y)


def _relative(x: Scalar, y: Scalar, inside: Scalar, at_zero: Scalar) -> Scalar:
    outside = choose(is_nan(x), x, choose(is_nan(y), y, math.inf))
    return choose(_are_positive(x, y), inside, choose(equal(x, 0) & (y >= 0), at_zero, outside))


def _are_positive(x: Scalar, y: Scalar) -> Scalar:
    return (x > 0) & (y > 0)


#: Powers of 2 by which the operands of a quotient that overflows are moved apart.
_DOWN, _UP = 600, 500


def _log_ratio(x: Scalar, y: Scalar) -> Scalar:
    """The logarithm of x/y for positive numbers, also where the two are close, or the quotient is not in range."""
    limits, ratio = np.finfo(x.dtype), x / y
    is_near = (ratio > 0.5) & (ratio < 2)
    is_large = (ratio > float(limits.max)) & (x < math.inf)
    is_small = (ratio <= float(limits.tiny)) & (y < math.inf)

    def moved(number: Scalar, power: int) -> Scalar:
        return number * choose(is_large, number.literal(2.0**power), choose(is_small, number.literal(2.0**-power), 1))

    shift = (_DOWN + _UP) * math.log(2)
    shifted = choose(is_large, x.literal(shift), choose(is_small, x.literal(-shift), 0))
    is_far = _are_positive(x, y) & ~is_near
    far = call("log", choose(is_far, moved(x, -_DOWN) / moved(y, _UP), 1)) + shifted
    return choose(is_near, call("log1p", choose(is_near, (x - y) / y, 0)), far)


def _huber(delta: Scalar, r: Scalar) -> Scalar:
    size = intrinsic("fabs", r)
    loss = choose(size <= delta, 0.5 * r * r, delta * (size - 0.5 * delta))
    return choose(delta < 0, math.inf, loss)


def _pseudo_huber(delta: Scalar, r: Scalar) -> Scalar:
    """The loss δ² (√(1+v²) - 1) with v = r/δ, without cancellation."""
    ratio = r / delta
    square = ratio * ratio
    excess = choose(equal(square, math.inf), square, square / (1 + intrinsic("sqrt", 1 + square)))
    return choose(delta < 0, math.inf, choose(equal(delta, 0) | equal(r, 0), 0, delta * delta * excess))


_FORMULAS: Mapping[str, Formula] = {
    "erf": functools.partial(call, "erf"), "erfc": functools.partial(call, "erfc"), "ndtr": _ndtr,
    "expit": _expit, "log_expit": _log_expit, "logit": _logit, "exprel": _exprel, "exp10": _exp10,
    "xlogy": _xlogy, "xlog1py": _xlog1py, "entr": _entr, "rel_entr": _rel_entr, "kl_div": _kl_div,
    "huber": _huber, "pseudo_huber": _pseudo_huber,
}  # fmt: skip
#: SciPy computes these in float32 where the operands are; in the others it computes in float64, and rounds.
_IN_OWN_PRECISION = {"expit", "log_expit", "logit", "xlogy", "xlog1py"}
#: What the C library may lack.
_RARE = {"exp10": "exp10"}


def _has_functions(name: str) -> bool:
    return name not in _RARE or machine.has_function(_RARE[name])


# --- polygamma functions -----------------------------------------------------------------------------------------

_SHIFT = 10  # terms summed before the series of Bernoulli numbers begins
_LAST_ORDER = 8  # from 13 on that series would need more terms
_FAR_LEFT = -100.0  # where wengert's row takes the reflection, which has no value at a pole
_BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
    854513 / 138, -236364091 / 2730,
)  # fmt: skip


def is_polygamma(dtypes: Sequence[DType], result: DType, _params: Mapping[str, Any], values: Values) -> bool:
    """Whether a polygamma function is one of a small known order."""
    return (
        dtypes[1] == result == _F64 and values[0] in range(_LAST_ORDER + 1) and (values[0] != 0 or "psi" in _exports())
    )


def polygamma(xs: Sequence[Scalar], _result: DType, _params: Mapping[str, Any]) -> Scalar:
    """Write a polygamma function that `is_polygamma`."""
    order, x = xs
    n = int(order.number or 0)
    return _exports()["psi"][_F64, _F64].write([x]) if n == 0 else _polygamma(n, x)


def _polygamma(n: int, x: Scalar) -> Scalar:
    """By Hurwitz' zeta function for positive x, and by reflection for others (DLMF 5.15.1, 5.15.6)."""
    is_left = x <= 0
    sign = 1 if n % 2 else -1
    found = sign * math.factorial(n) * _hurwitz(n, choose(is_left, 1 - x, x))
    offset = x - intrinsic("rint", x)
    reflected = -sign * found - _cotangent(n, offset)
    pole = choose(x < _FAR_LEFT, math.nan, x.literal(sign * math.inf))
    return choose(is_left, choose(equal(offset, 0), pole, reflected), found)


def _hurwitz(n: int, x: Scalar) -> Scalar:
    """The zeta function ζ(n+1, x) for positive x, by the formula of Euler and Maclaurin."""
    head = _sum([formulas.integer_power(1 / (x + k), n + 1) for k in range(_SHIFT)])
    inverse = 1 / (x + _SHIFT)
    square = inverse * inverse
    rising = [math.prod(range(n + 1, n + 2 * j)) / math.factorial(2 * j) for j in range(1, len(_BERNOULLI) + 1)]
    series = _polynomial([b * r for b, r in zip(_BERNOULLI, rising, strict=True)], square)
    tail = 1 / n + inverse * (0.5 + inverse * series)
    return head + formulas.integer_power(inverse, n) * tail


def _sum(terms: Sequence[Scalar]) -> Scalar:
    total = terms[-1]
    for term in terms[-2::-1]:  # the first is the largest
        total = total + term
    return total


def _polynomial(coefficients: Sequence[float], x: Scalar) -> Scalar:
    """By Horner's rule, the constant first."""
    total = x.literal(coefficients[-1])
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


def _cotangent(n: int, x: Scalar) -> Scalar:
    """The n-th derivative of π cot πx, a polynomial in the cotangent: that of cot is -(1 + cot²)."""
    coefficients = [0.0, 1.0]
    for _ in range(n):
        slopes = [k * c for k, c in enumerate(coefficients)][1:]
        coefficients = [-(a + b) for a, b in zip([*slopes, 0, 0], [0, 0, *slopes], strict=True)]
    return math.pi ** (n + 1) * _polynomial(coefficients, 1 / call("tan", x * math.pi))
