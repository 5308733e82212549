"""Elementwise primitives on numbers in registers: one row for each name, one column for each kind of number.

`emit` writes what `Primitive.compute` computes of arrays, for one element. What has no row, or none for numbers of
this kind, is not native: NumPy computes it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from math import pi
from typing import Any, TypeAlias

import numpy as np

from wengert.native.elementwise import formulas
from wengert.native.elementwise import special as scipy_functions
from wengert.native.elementwise.scalars import (
    BOOL,
    DType,
    Scalar,
    call,
    choose,
    convert,
    copysign,
    differ,
    equal,
    intrinsic,
    is_nan,
)
from wengert.native.writing import REGISTERS, Function, literal, name_of
from wengert.primitive import Primitive
from wengert.registry import table

__all__ = ["converted", "cost", "emit", "is_choice", "is_native"]

Column: TypeAlias = Mapping[str, Callable[..., Scalar]]
Values: TypeAlias = Sequence[float | None]  # the operands that are known numbers
_Question: TypeAlias = Callable[[Sequence[DType], DType, Mapping[str, Any], Values], bool]
_Writer: TypeAlias = Callable[[Sequence[Scalar], DType, Mapping[str, Any]], Scalar]


def is_native(
    prim: Primitive, dtypes: Sequence[DType], result: DType, params: Mapping[str, Any], values: Values = ()
) -> bool:
    """Whether `emit` has a row for operands and a result of these dtypes.

    Parameters
    ----------
    prim : Primitive
    dtypes : sequence of dtype
        Of the operands; of a number of Python that which its literal is going to have.
    result : dtype
        What NumPy gives for such operands.
    params : mapping
        The parameters of the statement.
    values : sequence of float or None
        For each operand its value where it is known, so that `emit` will get a literal. A power of whole numbers is
        native only with a known exponent: NumPy raises for a negative one.

    Notes
    -----
    The number of a choice is taken as it is where one that is out of range is an error: `is_choice` asks for that.
    """
    if table.primitives.get(prim.name) is not prim or not all(map(_is_known, (*dtypes, result))):
        return False
    special = _SPECIAL.get(prim.name)
    if special is not None:
        return special[0](dtypes, result, params, tuple(values) or (None,) * len(dtypes))
    dtype = _dtype_of_formula(prim.name, dtypes, result)
    if prim.name in _COLUMNS[dtype.kind]:
        return all(_is_wide_enough(dtype, x) for x in dtypes) and not (
            prim.name in _OF_FLOATS_ONLY and any(x.kind != "f" for x in dtypes)
        )
    return scipy_functions.is_native(prim, dtypes, result, values)


def emit(
    function: Function,
    prim: Primitive,
    operands: Sequence[tuple[str, DType]],
    result: DType,
    params: Mapping[str, Any],
) -> str:
    """Write the instructions of a primitive that `is_native`, and return its result.

    Parameters
    ----------
    function : Function
        Gets the instructions.
    prim : Primitive
    operands : sequence of (str, dtype)
        Registers or literals of the types in `REGISTERS`.
    result : dtype
    params : mapping

    Returns
    -------
    str
        A register of the type of `result`, or a literal; an operand itself where nothing is to be done.
    """
    scalars = [Scalar(function, text, dtype) for text, dtype in operands]
    special = _SPECIAL.get(prim.name)
    if special is not None:
        return special[1](scalars, result, params).text
    dtype = _dtype_of_formula(prim.name, [x.dtype for x in scalars], result)
    if prim.name not in _COLUMNS[dtype.kind]:
        return scipy_functions.emit(prim, scalars, result).text
    return _COLUMNS[dtype.kind][prim.name](*(convert(x, dtype) for x in scalars)).text


@lru_cache(maxsize=1024)
def cost(prim: Primitive) -> int:
    """How much work a primitive is, in additions: 0 of what moves and casts, 20 of an exponential function."""
    for price, names in _COSTS.items():
        if prim.name in names:
            return price
    return scipy_functions.cost(prim) or 1


def converted(function: Function, x: str, source: DType, target: DType) -> str:
    """A number cast by NumPy's rules; a float that is no whole number of the target becomes some whole number."""
    return convert(Scalar(function, x, source), target).text


def _is_known(dtype: DType) -> bool:
    return name_of(dtype) in REGISTERS and dtype.isnative


def _is_wide_enough(dtype: DType, operand: DType) -> bool:
    """Whether NumPy would cast an operand to this dtype; a float by its kind alone, for it may be a weak number."""
    return "bif".index(operand.kind) <= "bif".index(dtype.kind)


def _dtype_of_formula(name: str, dtypes: Sequence[DType], result: DType) -> DType:
    """The dtype in which NumPy computes: that of the result, but for questions about the operands."""
    return np.result_type(*dtypes) if name in _OF_OPERANDS else result


# --- formulas by the kind of number ----------------------------------------------------------------------------


def _itself(x: Scalar) -> Scalar:
    return x


def _library(name: str) -> Callable[..., Scalar]:
    return partial(call, name)


_EQUALITY: Column = {"equal": equal, "not_equal": differ}
_ORDER: Column = {
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}
_SAME: Column = dict.fromkeys(["positive", "constant", "detach", "conjugate", "real"], _itself)
_BITS: Column = {
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "bitwise_xor": operator.xor,
    "invert": operator.invert,
}
_ARITHMETIC: Column = {
    "negative": operator.neg,
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "square": lambda x: x * x,
    "selecting_multiply": lambda ct, weight: choose(equal(weight, 0), 0, ct * weight),
}
_CIRCULAR = "sin cos tan sinh cosh tanh"
_LIBRARY = f"exp exp2 expm1 log log2 log10 log1p cbrt hypot {_CIRCULAR}"
_DEGREE = pi / 180

_REAL: Column = {
    **_EQUALITY, **_ORDER, **_SAME, **_ARITHMETIC,
    **{name: _library(name) for name in _LIBRARY.split()},
    **{f"arc{name}": _library(f"a{name}") for name in _CIRCULAR.split()},
    **{name: partial(intrinsic, name) for name in ("floor", "ceil", "trunc", "rint", "sqrt", "fabs")},
    "divide": operator.truediv,
    "reciprocal": lambda x: 1 / x,
    "root": partial(intrinsic, "sqrt"),
    "arctan2": _library("atan2"),
    "floor_divide": formulas.floor_quotient,
    "remainder": formulas.modulo,
    "fmod": lambda a, b: a.write("frem", b),
    "absolute": formulas.absolute,
    "copysign": copysign,
    "sign": formulas.sign,
    "angle": formulas.angle,
    "imag": formulas.no_number,
    "fraction": formulas.fraction,
    "spacing": formulas.spacing,
    "nextafter": formulas.nextafter,
    "heaviside": formulas.heaviside,
    "maximum": formulas.maximum,
    "minimum": formulas.minimum,
    "fmax": formulas.fmax,
    "fmin": formulas.fmin,
    "clip": formulas.clip,
    "logaddexp": formulas.logaddexp,
    "logaddexp2": formulas.logaddexp2,
    "exp_share": formulas.exp_share,
    "exp2_share": formulas.exp2_share,
    "cosine": formulas.cosine,
    "sech_squared": formulas.sech_squared,
    "sec_squared": formulas.sec_squared,
    "arcsin_slope": formulas.arcsin_slope,
    "arctan_slope": formulas.arctan_slope,
    "arccosh_slope": formulas.arccosh_slope,
    "arctanh_slope": formulas.arctanh_slope,
    "sinc": formulas.sinc,
    "deg2rad": lambda x: x * _DEGREE,
    "radians": lambda x: x * _DEGREE,
    "rad2deg": lambda x: x * (1 / _DEGREE),
    "degrees": lambda x: x * (1 / _DEGREE),
    "isnan": is_nan,
    "isinf": formulas.is_infinite,
    "isfinite": formulas.is_finite,
    "signbit": formulas.has_sign,
}  # fmt: skip
_WHOLE: Column = {
    **_EQUALITY, **_ORDER, **_SAME, **_ARITHMETIC, **_BITS,
    **dict.fromkeys(["floor", "ceil", "trunc"], _itself),
    **dict.fromkeys(["isnan", "isinf"], formulas.false),
    "isfinite": lambda x: ~formulas.false(x),
    "signbit": lambda x: x < 0,
    "imag": formulas.no_number,
    "left_shift": formulas.shifted_left,
    "right_shift": formulas.shifted_right,
    "absolute": formulas.whole_absolute,
    "sign": formulas.whole_sign,
    "reciprocal": formulas.whole_reciprocal,
    "maximum": formulas.whole_maximum,
    "minimum": formulas.whole_minimum,
    "fmax": formulas.whole_maximum,
    "fmin": formulas.whole_minimum,
    "clip": formulas.whole_clip,
    "floor_divide": formulas.whole_quotient,
    "remainder": formulas.whole_modulo,
    "fmod": formulas.whole_remainder,
}  # fmt: skip
_TRUTH: Column = {
    **_EQUALITY, **_ORDER, **_BITS,
    **dict.fromkeys(["constant", "detach", "real", "absolute", "floor", "ceil", "trunc"], _itself),
    **dict.fromkeys(["isnan", "isinf", "signbit"], formulas.false),
    **dict.fromkeys(["add", "maximum", "fmax"], operator.or_),
    **dict.fromkeys(["multiply", "selecting_multiply", "minimum", "fmin"], operator.and_),
    "isfinite": lambda x: ~formulas.false(x),
    "imag": formulas.no_number,
    "clip": lambda x, low, high: (x | low) & high,
}  # fmt: skip
_COLUMNS: Mapping[str, Column] = {"f": _REAL, "i": _WHOLE, "b": _TRUTH}

# Rows whose result has another dtype than the one in which they are computed.
_OF_OPERANDS = {*_EQUALITY, *_ORDER, "isnan", "isinf", "isfinite", "signbit"}
# Rows that NumPy computes with whole numbers as they are, before there is a quotient.
_OF_FLOATS_ONLY = {"exp_share", "exp2_share", "cosine", "arcsin_slope", "arccosh_slope", "arctanh_slope"}


# --- rows that look at dtypes, parameters or values ------------------------------------------------------------


def _truth(x: Scalar) -> Scalar:
    return convert(x, BOOL)


def _logical(combine: Callable[..., Scalar]) -> tuple[_Question, _Writer]:
    """A row of truths, each by its operand's own dtype."""
    return _is_of_truths, lambda xs, _result, _params: combine(*map(_truth, xs))


def _is_of_truths(_dtypes: Sequence[DType], result: DType, _params: Mapping[str, Any], _values: Values) -> bool:
    return result == BOOL


def _can_be_power(dtypes: Sequence[DType], result: DType, _params: Mapping[str, Any], values: Values) -> bool:
    if not all(_is_wide_enough(result, x) for x in dtypes):
        return False
    exponent = values[1]
    return result.kind == "f" or (result.kind == "i" and exponent is not None and exponent >= 0)


def _power(xs: Sequence[Scalar], result: DType, _params: Mapping[str, Any]) -> Scalar:
    base, exponent = convert(xs[0], result), xs[1].number
    if exponent is not None and result.kind == "i":
        return formulas.integer_power(base, int(exponent))
    if exponent == 0.5:  # NumPy takes the root, which differs at -0 and -inf
        return intrinsic("sqrt", base)
    return _float_power(xs, result, _params)


def _can_be_float_power(dtypes: Sequence[DType], result: DType, _params: Mapping[str, Any], _values: Values) -> bool:
    return result.kind == "f" and all(_is_wide_enough(result, x) for x in dtypes)


def _float_power(xs: Sequence[Scalar], result: DType, _params: Mapping[str, Any]) -> Scalar:
    base, exponent = convert(xs[0], result), xs[1].number
    product = None if exponent is None else formulas.product_power(base, exponent)
    return call("pow", base, convert(xs[1], result)) if product is None else product


def _can_choose(dtypes: Sequence[DType], result: DType, _params: Mapping[str, Any], _values: Values) -> bool:
    return all(_is_wide_enough(result, x) for x in dtypes[1:])


def _where(xs: Sequence[Scalar], result: DType, _params: Mapping[str, Any]) -> Scalar:
    return choose(_truth(xs[0]), convert(xs[1], result), convert(xs[2], result))


def _can_be_cast(_dtypes: Sequence[DType], result: DType, params: Mapping[str, Any], _values: Values) -> bool:
    return bool(np.dtype(params["dtype"]) == result)


def _cast(xs: Sequence[Scalar], result: DType, _params: Mapping[str, Any]) -> Scalar:
    return convert(xs[0], result)


#: Powers of ten up to this one are exact in floats of 64 bits.
_EXACT_DECIMALS = 22


def _can_be_rounded(dtypes: Sequence[DType], result: DType, params: Mapping[str, Any], _values: Values) -> bool:
    decimals = params["decimals"]
    is_plain = dtypes[0] == result and isinstance(decimals, (int, np.integer))
    return is_plain and (
        abs(decimals) <= _EXACT_DECIMALS if result.kind == "f" else result.kind == "i" and decimals >= 0
    )


def _round(xs: Sequence[Scalar], result: DType, params: Mapping[str, Any]) -> Scalar:
    return formulas.rounded(xs[0], int(params["decimals"])) if result.kind == "f" else xs[0]


def _can_be_scaled(dtypes: Sequence[DType], result: DType, _params: Mapping[str, Any], _values: Values) -> bool:
    return result.kind == "f" and dtypes[1].kind != "f"


def _ldexp(xs: Sequence[Scalar], result: DType, _params: Mapping[str, Any]) -> Scalar:
    power = xs[1] if xs[1].kind == "i" else convert(xs[1], np.dtype(np.int32))
    return formulas.ldexp(convert(xs[0], result), power)


def _has_exponent(_dtypes: Sequence[DType], result: DType, _params: Mapping[str, Any], _values: Values) -> bool:
    return result == np.int32


def _exponent(xs: Sequence[Scalar], _result: DType, _params: Mapping[str, Any]) -> Scalar:
    x = xs[0]
    return formulas.exponent(x if x.kind == "f" else convert(x, np.dtype(float)))


def _can_be_number_of_choice(
    dtypes: Sequence[DType], result: DType, params: Mapping[str, Any], _values: Values
) -> bool:
    return dtypes[0].kind in "ib" and result == np.int64 and params["mode"] in ("clip", "wrap", "raise")


def _choice_number(xs: Sequence[Scalar], result: DType, params: Mapping[str, Any]) -> Scalar:
    x = convert(xs[0], result)
    return x if params["mode"] == "raise" else formulas.whole_choice(x, params["count"], params["mode"])


def is_choice(function: Function, operand: tuple[str, DType], params: Mapping[str, Any]) -> str:
    """Whether a number is that of a choice, where one that is none is an error."""
    number = convert(Scalar(function, *operand), np.dtype(np.int64))
    return ((number >= 0) & (number < params["count"])).text if params["mode"] == "raise" else literal(True, BOOL)


def _are_whole(dtypes: Sequence[DType], result: DType, _params: Mapping[str, Any], _values: Values) -> bool:
    return result.kind == "i" and all(_is_wide_enough(result, x) for x in dtypes)


def _can_be_infinite(dtypes: Sequence[DType], result: DType, _params: Mapping[str, Any], _values: Values) -> bool:
    return dtypes[0] == result and result.kind == "f" and dtypes[1].kind == "b"


def _infinite_where_undefined(xs: Sequence[Scalar], _result: DType, _params: Mapping[str, Any]) -> Scalar:
    ratio, is_undefined = xs
    return choose(is_nan(ratio) & ~is_undefined, np.inf, ratio)


_SPECIAL: Mapping[str, tuple[_Question, _Writer]] = {
    "logical_and": _logical(operator.and_),
    "logical_or": _logical(operator.or_),
    "logical_xor": _logical(operator.xor),
    "logical_not": _logical(operator.invert),
    "power": (_can_be_power, _power),
    "float_power": (_can_be_float_power, _float_power),
    "where": (_can_choose, _where),
    "astype": (_can_be_cast, _cast),
    "astype_integer": (_can_be_cast, _cast),
    "round": (_can_be_rounded, _round),
    "ldexp": (_can_be_scaled, _ldexp),
    "exponent": (_has_exponent, _exponent),
    "choice_number": (_can_be_number_of_choice, _choice_number),
    "infinite_where_undefined": (_can_be_infinite, _infinite_where_undefined),
    "polygamma": (scipy_functions.is_polygamma, scipy_functions.polygamma),
    "gcd": (_are_whole, lambda xs, result, _params: formulas.gcd(*(convert(x, result) for x in xs))),
    "lcm": (_are_whole, lambda xs, result, _params: formulas.lcm(*(convert(x, result) for x in xs))),
}


# --- costs -----------------------------------------------------------------------------------------------------

_COSTS: Mapping[int, set[str]] = {
    0: {*_SAME, "imag", "astype", "astype_integer"},
    4: {
        "divide", "reciprocal", "sqrt", "root", "sign", "heaviside", "round", "fraction", "exponent", "spacing",
        "nextafter", "arcsin_slope", "arctanh_slope",
    },
    8: {"fmod", "remainder", "floor_divide", "arccosh_slope", "arctan_slope", "ldexp"},
    20: {
        *_LIBRARY.split(), *(f"arc{name}" for name in _CIRCULAR.split()), "arctan2", "power", "float_power", "sinc",
        "cosine", "sech_squared", "sec_squared", "exp_share", "exp2_share",
    },
    40: {"logaddexp", "logaddexp2", "gcd", "lcm", "polygamma"},
}  # fmt: skip
