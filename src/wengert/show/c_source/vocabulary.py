"""Elementwise primitives as expressions of C: one row for each name, one column for each kind of number.

``{0}``, ``{1}`` are the operands, converted to the dtype in which NumPy computes; ``{f}`` is the letter that the C
library appends to the name of a function of floats. What is not in the table cannot be written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from wengert.primitive import Primitive
from wengert.show.c_source.literals import DType, c_type, is_whole, literal
from wengert.show.c_source.prelude import FUNCTIONS
from wengert.show.c_source.refusals import refusal
from wengert.wlist import Statement, Variable

__all__ = ["expression", "is_elementwise", "is_library_primitive"]

Reader = Callable[[int, DType], str]  # the number of an operand and the dtype wanted → its text

_COMMON = {
    "negative": "-{0}",
    "positive": "{0}",
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "square": "{0} * {0}",
    "selecting_multiply": "{1} == 0 ? 0 : {0} * {1}",
    "constant": "{0}",
    "detach": "{0}",
    "conjugate": "{0}",
    "real": "{0}",
    "equal": "{0} == {1}",
    "not_equal": "{0} != {1}",
    "logical_and": "{0} != 0 && {1} != 0",
    "logical_or": "{0} != 0 || {1} != 0",
    "logical_xor": "({0} != 0) != ({1} != 0)",
    "logical_not": "{0} == 0",
}
_ORDER = {
    "less": "{0} < {1}",
    "less_equal": "{0} <= {1}",
    "greater": "{0} > {1}",
    "greater_equal": "{0} >= {1}",
}
# The functions of real numbers that have the name of NumPy's, and those that have another.
_SAME_NAME = """
    exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin cos tan sinh cosh tanh hypot copysign floor ceil trunc rint fabs
    fmod fmax fmin nextafter erf erfc
    """
_CIRCULAR = "sin cos tan sinh cosh tanh"
_OF_THE_LIBRARY = {
    **{name: name for name in _SAME_NAME.split()},
    **{f"arc{name}": f"a{name}" for name in _CIRCULAR.split()},
    "absolute": "fabs", "arctan2": "atan2", "float_power": "pow", "root": "sqrt", "gamma": "tgamma",
    "gammaln": "lgamma",
}  # fmt: skip
_TWO_OPERANDS = {"hypot", "copysign", "fmod", "fmax", "fmin", "nextafter", "arctan2", "float_power"}
_OF_THE_PRELUDE = """
    maximum minimum sign logaddexp logaddexp2 exp_share exp2_share cosine sech_squared sec_squared arctan_slope sinc
    heaviside fraction expit logit log_expit xlogy xlog1py loggamma ndtr exprel cosm1 entr
    """
_PRELUDE_OF_TWO = {
    "maximum", "minimum", "logaddexp", "logaddexp2", "exp_share", "exp2_share", "cosine", "heaviside", "xlogy",
    "xlog1py",
}  # fmt: skip


def _call(name: str, count: int) -> str:
    return f"{name}({', '.join(f'{{{k}}}' for k in range(count))})"


_REAL = {
    **_COMMON,
    **_ORDER,
    **{name: _call(f"{c}{{f}}", 1 + (name in _TWO_OPERANDS)) for name, c in _OF_THE_LIBRARY.items()},
    **{name: _call(name, 1 + (name in _PRELUDE_OF_TWO)) for name in _OF_THE_PRELUDE.split()},
    "divide": "{0} / {1}",
    "reciprocal": "1 / {0}",
    "remainder": "modulo({0}, {1})",
    "floor_divide": "floor_quotient({0}, {1})",
    "arcsin_slope": "1 / sqrt{f}((1 - {0}) * (1 + {0}))",
    "arccosh_slope": "1 / (sqrt{f}({0} - 1) * sqrt{f}({0} + 1))",
    "arctanh_slope": "1 / ((1 - {0}) * (1 + {0}))",
    "deg2rad": "{0} * 0.017453292519943295",
    "radians": "{0} * 0.017453292519943295",
    "rad2deg": "{0} * 57.29577951308232",
    "degrees": "{0} * 57.29577951308232",
    "clip": "minimum(maximum({0}, {1}), {2})",
    "isnan": "isnan({0})",
    "isinf": "isinf({0})",
    "isfinite": "isfinite({0})",
    "signbit": "signbit({0}) != 0",
    "angle": "atan2{f}(0, {0})",
    "exp10": "pow(10.0, {0})",
    "exponent": "exponent_of_two({0})",
    "spacing": "copysign{f}(nextafter{f}(fabs{f}({0}), INFINITY) - fabs{f}({0}), {0})",
}
_WHOLE = {
    **_COMMON,
    **_ORDER,
    "absolute": "{0} < 0 ? -{0} : {0}",
    "sign": "({0} > 0) - ({0} < 0)",
    "maximum": "{0} > {1} ? {0} : {1}",
    "minimum": "{0} < {1} ? {0} : {1}",
    "fmax": "{0} > {1} ? {0} : {1}",
    "fmin": "{0} < {1} ? {0} : {1}",
    "clip": "({0} > {1} ? {0} : {1}) < {2} ? ({0} > {1} ? {0} : {1}) : {2}",
    "floor_divide": "whole_quotient({0}, {1})",
    "remainder": "whole_modulo({0}, {1})",
    "fmod": "whole_remainder({0}, {1})",
    "bitwise_and": "{0} & {1}",
    "bitwise_or": "{0} | {1}",
    "bitwise_xor": "{0} ^ {1}",
    "invert": "~{0}",
    "floor": "{0}",
    "ceil": "{0}",
    "trunc": "{0}",
    "isnan": "0 * {0} != 0",
    "isinf": "0 * {0} != 0",
    "isfinite": "0 * {0} == 0",
}
_TRUTH = {
    **{name: text for name, text in {**_COMMON, **_ORDER}.items() if name not in ("negative", "subtract", "square")},
    "add": "{0} || {1}",
    "multiply": "{0} && {1}",
    "selecting_multiply": "{0} && {1}",
    "bitwise_and": "{0} && {1}",
    "bitwise_or": "{0} || {1}",
    "bitwise_xor": "{0} != {1}",
    "logical_and": "{0} && {1}",
    "logical_or": "{0} || {1}",
    "logical_xor": "{0} != {1}",
    "logical_not": "!{0}",
    "invert": "!{0}",
    "absolute": "{0}",
    "maximum": "{0} || {1}",
    "minimum": "{0} && {1}",
    "isnan": "0 * {0} != 0",
    "isinf": "0 * {0} != 0",
    "isfinite": "0 * {0} == 0",
}
# CMPLX(1, 0): a real 1 would have no imaginary part, and with it the side of a branch cut.
_COMPLEX = {
    **{name: text for name, text in _COMMON.items() if not name.startswith("logical")},
    **{name: _call(f"c{name}{{f}}", 1) for name in ("exp", "log", "sqrt", *_CIRCULAR.split())},
    **{f"arc{name}": _call(f"ca{name}{{f}}", 1) for name in _CIRCULAR.split()},
    "divide": "{0} / {1}",
    "reciprocal": "1 / {0}",
    "absolute": "cabs{f}({0})",
    "angle": "carg{f}({0})",
    "real": "creal{f}({0})",
    "imag": "cimag{f}({0})",
    "conjugate": "conj{f}({0})",
    "float_power": "cpow{f}({0}, {1})",
    "isnan": "isnan(creal({0})) || isnan(cimag({0}))",
    "isinf": "isinf(creal({0})) || isinf(cimag({0}))",
    "isfinite": "isfinite(creal({0})) && isfinite(cimag({0}))",
    "arcsin_slope": "1 / (csqrt{f}(CMPLX(1, 0) - {0}) * csqrt{f}(CMPLX(1, 0) + {0}))",
    "arccosh_slope": "1 / (csqrt{f}({0} - CMPLX(1, 0)) * csqrt{f}({0} + CMPLX(1, 0)))",
    "arctanh_slope": "1 / ((CMPLX(1, 0) - {0}) * (CMPLX(1, 0) + {0}))",
    "arctan_slope": "1 / ((CMPLX(1, 0) - I * {0}) * (CMPLX(1, 0) + I * {0}))",
}
_UNSIGNED = {
    name: text for name, text in _WHOLE.items() if "whole_" not in text and name not in ("negative", "absolute", "sign")
}
_COLUMNS: dict[str, Mapping[str, str]] = {"f": _REAL, "i": _WHOLE, "u": _UNSIGNED, "b": _TRUTH, "c": _COMPLEX}

# Rows whose result has another dtype than the one that they are computed in.
_OF_OPERANDS = {
    *_ORDER, "equal", "not_equal", "logical_and", "logical_or", "logical_xor", "logical_not", "isnan", "isinf",
    "isfinite", "signbit", "absolute", "angle", "real", "imag", "exponent",
}  # fmt: skip
# Rows that NumPy computes with the operands as they are, before there is a quotient.
_OF_FLOATS_ONLY = {"exp_share", "exp2_share", "cosine", "arcsin_slope", "arccosh_slope", "arctanh_slope"}
_WITH_PARAMETERS = {"power", "where", "astype", "astype_integer", "round", "ldexp", "imag"}
_NAMES = set().union(*_COLUMNS.values()) | _WITH_PARAMETERS

_LIBRARIES = ("wengert.", "numpy", "scipy", "_operator")
_SMALL_POWERS = {1: "{0}", 2: "{0} * {0}", 3: "{0} * {0} * {0}", 4: "{0} * {0} * {0} * {0}",
                 -1: "1 / {0}", -2: "1 / ({0} * {0})"}  # fmt: skip
_NAMED_FUNCTION = re.compile(r"\b([a-z]\w*)\(")
_FLOATING_NUMBER = re.compile(r"\d\.\d")


def is_library_primitive(prim: Any) -> bool:
    """Whether a primitive is one of the library, not one that a user has given the same name."""
    if not isinstance(prim, Primitive):
        return False
    module = getattr(prim.compute, "__module__", None) or ""
    ufunc = getattr(prim.compute, "__self__", prim.compute)  # itself, or what has the method `reduce`
    return isinstance(ufunc, np.ufunc) or module.startswith(_LIBRARIES)


def is_elementwise(stmt: Statement) -> bool:
    """Whether the table has a row for the statement."""
    return len(stmt.targets) == 1 and _name(stmt) in _NAMES and is_library_primitive(stmt.prim)


def _name(stmt: Statement) -> str:
    return stmt.prim.name.removeprefix("scipy.special.")


def expression(stmt: Statement, reader: Reader) -> str:
    """The result of an elementwise statement for one element.

    Raises
    ------
    NoRuleError
        If C has nothing for numbers of this kind.
    """
    wanted = stmt.targets[0].dtype
    name = _name(stmt)
    if name in _WITH_PARAMETERS:
        special = _SPECIAL[name](stmt, reader, wanted)
        if special:
            return special
    return _from_table(stmt, name, reader, wanted)


def _from_table(stmt: Statement, name: str, reader: Reader, wanted: DType) -> str:
    if name in _OF_FLOATS_ONLY and any(x.dtype.kind in "iub" for x in stmt.operands if isinstance(x, Variable)):
        raise refusal(stmt, "NumPy computes it in whole numbers, which may overflow.")
    dtype = _operand_dtype(stmt) if name in _OF_OPERANDS else wanted
    return _filled(stmt, _COLUMNS.get(dtype.kind, {}).get(name), reader, dtype, wanted)


def _filled(stmt: Statement, template: str | None, reader: Reader, dtype: DType, wanted: DType) -> str:
    """The template with the operands, computed in `dtype`."""
    if template is None:
        raise refusal(stmt, f"C has nothing of the kind for numbers of dtype {dtype}.")
    numbers = range(len(stmt.operands))
    if dtype == np.float32 and _is_of_doubles(template):
        text = template.format(*(reader(i, np.dtype(float)) for i in numbers), f="")
        return text if wanted.kind in "bi" else f"(float)({text})"
    operands = [reader(i, dtype) for i in numbers]
    if re.fullmatch(r"[\w{}]+\((\{\d\}(, )?)+\)", template):  # a call: arguments need no brackets
        operands = [x[1:-1] if x.startswith("(-") else x for x in operands]
    text = template.format(*operands, f="f" if dtype.itemsize == 4 or dtype == np.complex64 else "")
    # C computes small integers as int, and the functions of the prelude are for 64 bits.
    is_narrowed = is_whole(wanted) and (wanted.itemsize < 4 or ("whole_" in text and wanted.itemsize < 8))
    return f"({c_type(wanted)})({text})" if is_narrowed else text


def _is_of_doubles(template: str) -> bool:
    """Whether a template has no version for floats: it calls the prelude or has a constant of type double."""
    functions = set(_NAMED_FUNCTION.findall(template))
    return bool(functions & FUNCTIONS.keys()) or bool(_FLOATING_NUMBER.search(template)) or "pow(" in template


def _dtype_of(x: Any) -> Any:
    return x.dtype if isinstance(x, Variable) or hasattr(x, "dtype") else x


def _operand_dtype(stmt: Statement) -> DType:
    """The dtype in which NumPy compares or inspects the operands."""
    kinds = [_dtype_of(x) for x in stmt.operands]
    return (
        np.result_type(*kinds) if len(kinds) > 1 else np.asarray(kinds[0]).dtype if _is_number(kinds[0]) else kinds[0]
    )


def _is_number(x: Any) -> bool:
    return isinstance(x, (bool, int, float, complex))


# --- rows that depend on parameters or constants ----------------------------------------------------------------


def _power(stmt: Statement, reader: Reader, wanted: DType) -> str:
    template = _power_template(stmt.operands[1], wanted)
    return _filled(stmt, template, reader, wanted, wanted)


def _power_template(exponent: Any, wanted: DType) -> str | None:
    """A product for a small whole exponent, and what NumPy takes for 1/2; for others the function of the library."""
    if not isinstance(exponent, Variable) and np.ndim(exponent) == 0 and wanted.kind in "fciu":
        if exponent == 0.5 and wanted.kind in "fc":
            return "sqrt{f}({0})" if wanted.kind == "f" else "csqrt{f}({0})"
        if exponent in _SMALL_POWERS and (exponent > 0 or wanted.kind in "fc"):
            return _SMALL_POWERS[int(np.real(exponent))]
    return {"f": "pow{f}({0}, {1})", "c": "cpow{f}({0}, {1})", "i": "whole_power({0}, {1})"}.get(wanted.kind)


def _where(stmt: Statement, reader: Reader, wanted: DType) -> str:
    condition = stmt.operands[0]
    own = _dtype_of(condition) if not _is_number(condition) else np.dtype(bool)
    test = reader(0, own) if own.kind == "b" else f"{reader(0, own)} != 0"
    return f"{test} ? {reader(1, wanted)} : {reader(2, wanted)}"


def _astype(stmt: Statement, reader: Reader, wanted: DType) -> str:
    if _operand_dtype(stmt).kind == "c" and wanted.kind not in "cb":
        raise refusal(stmt, "A complex number is no number of this dtype.")
    return reader(0, wanted)


def _round(stmt: Statement, reader: Reader, wanted: DType) -> str:
    decimals = int(stmt.params["decimals"])
    if wanted.kind in "iu" and decimals >= 0:
        return reader(0, wanted)
    if wanted.kind != "f" or abs(decimals) > 22:
        raise refusal(stmt, f"C rounds no numbers of dtype {wanted} to decimals.")
    if decimals == 0:
        return _filled(stmt, "rint{f}({0})", reader, wanted, wanted)
    scale = literal(10.0 ** abs(decimals), np.dtype(float))
    template = f"rint({{0}} * {scale}) / {scale}" if decimals > 0 else f"rint({{0}} / {scale}) * {scale}"
    return _filled(stmt, template, reader, wanted, wanted)


def _ldexp(stmt: Statement, reader: Reader, wanted: DType) -> str:
    if wanted.kind != "f":
        raise refusal(stmt)
    suffix = "f" if wanted.itemsize == 4 else ""
    return f"ldexp{suffix}({reader(0, wanted)}, {reader(1, np.dtype(np.int32))})".replace("int32_t", "int")


def _imag(stmt: Statement, reader: Reader, wanted: DType) -> str:
    """The imaginary part; that of a real number is 0, whatever it is."""
    return _filled(stmt, "fmin{f}(0, fabs{f}({0}))", reader, wanted, wanted) if _operand_dtype(stmt).kind == "f" else ""


_SPECIAL: dict[str, Callable[[Statement, Reader, DType], str]] = {
    "power": _power,
    "where": _where,
    "astype": _astype,
    "astype_integer": _astype,
    "round": _round,
    "ldexp": _ldexp,
    "imag": _imag,
}
