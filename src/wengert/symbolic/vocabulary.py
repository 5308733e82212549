"""What NumPy's elementwise primitives are called in SymPy: a column of the derivative table.

A row is a function of SymPy's numbers. Where it is in `CONDITIONS`, its operands are truth values. Formulas stand for
finite real numbers (or complex ones where the program has them): nan, infinities, signed zeros and rounding are no part
of them, and where NumPy gives a limit at a single point the formula may leave it open.

Loaded only where SymPy is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import sympy as sp

from wengert.symbolic.exact_numbers import condition_of, is_truth, truth_in
from wengert.symbolic.special_vocabulary import SPECIAL

__all__ = ["CONDITIONS", "ELEMENTWISE", "GENERIC", "UNCONVERTED", "NoCounterpartError", "with_parameters"]

Row = Callable[..., Any]


class NoCounterpartError(Exception):
    """Raised inside of a row: the function has a counterpart, but not for these operands; the message says why."""


def truncated(x: Any) -> Any:
    """Towards zero."""
    return sp.sign(x) * sp.floor(sp.Abs(x))


def rounded(x: Any, decimals: int = 0) -> Any:
    """To the nearest, and to the even one of two; the last three terms are -1 where that is the lower one, else 0."""
    scale = sp.Integer(10) ** decimals
    quarter = (2 * scale * x - 1) / 4
    nearest = sp.floor(scale * x + sp.Rational(1, 2)) + sp.ceiling(quarter) - sp.floor(quarter) - 1
    return nearest / scale


def cube_root(x: Any) -> Any:
    """The real one."""
    return sp.sign(x) * sp.Abs(x) ** sp.Rational(1, 3)


def selected(condition: Any, yes: Any, no: Any) -> Any:
    """The one or the other."""
    return sp.Piecewise((yes, condition), (no, True))


def _share(base: Any, a: Any, b: Any) -> Any:
    return 1 / (1 + base ** (b - a))


def _of_integers(name: str, function: Row) -> Row:
    """A function of whole numbers, which must be known."""

    def row(*xs: Any) -> Any:
        if not all(x.is_Integer for x in xs):
            raise NoCounterpartError(f"The bits of a number that is not known have no formula ({name}).")
        return sp.Integer(function(*map(int, xs)))

    return row


def _bitwise(name: str, logical: Row, of_integers: Row) -> Row:
    """And, or, exclusive or: of truth values, or bit by bit."""
    by_bits = _of_integers(name, of_integers)

    def row(*xs: Any) -> Any:
        return logical(*map(condition_of, xs)) if any(map(is_truth, xs)) else by_bits(*xs)

    return row


def equal(a: Any, b: Any) -> Any:
    """Whether two numbers, or two truth values, are the same."""
    if truth_in(a) is not None or truth_in(b) is not None:
        return sp.Not(sp.Xor(condition_of(a), condition_of(b)))
    for one, other in ((a, b), (b, a)):
        if isinstance(other, (sp.Max, sp.Min)):
            attained = _attained(one, other)
            if attained is not None:
                return attained
    return sp.Eq(a, b)


def _attained(x: Any, extremum: Any) -> Any:
    """Whether `x`, one of those that an extremum is taken of, is not surpassed by any other; ``None`` for others."""
    own = set(x.args) if isinstance(x, type(extremum)) else {x}
    if not own <= set(extremum.args):
        return None
    others = [y for y in extremum.args if y not in own]
    return sp.And(*(x >= y if isinstance(extremum, sp.Max) else x <= y for y in others))


def equal_at_all(a: Any, b: Any) -> Any:
    """The same, but for numbers that are equal at single points only: those are taken for different."""
    if truth_in(a) is None and truth_in(b) is None and _meet_in_points(a, b):
        return sp.false
    return equal(a, b)


#: What may be equal to something else over a whole interval.
_PIECEWISE = (sp.Max, sp.Min, sp.Piecewise, sp.Abs, sp.sign, sp.Heaviside, sp.Mod)
_STEPS = (sp.floor, sp.ceiling)


def _meet_in_points(a: Any, b: Any) -> bool:
    """Whether two expressions are surely different but for single points: analytic ones that are not the same."""
    if isinstance(a, sp.Abs) and b == 0:
        return _meet_in_points(a.args[0], b)
    are_known = (a.is_number and b.is_number) or (a.is_integer and b.is_integer) or a == b
    if are_known or a.has(*_PIECEWISE) or b.has(*_PIECEWISE):
        return False
    steps = [x for x in (a, b) if x.has(*_STEPS)]
    other = b if steps == [a] else a
    return not steps or (len(steps) == 1 and not other.is_number)


#: Primitives whose operands are truth values.
CONDITIONS: frozenset[str] = frozenset({"logical_and", "logical_or", "logical_not", "logical_xor"})

#: Primitives that take truth values and numbers as they come.
UNCONVERTED: frozenset[str] = frozenset(
    {"equal", "not_equal", "bitwise_and", "bitwise_or", "bitwise_xor", "invert", "constant", "detach"}
)

# fmt: off
_NUMPY: dict[str, Row] = {
    # Arithmetic.
    "negative": lambda a: -a,
    "positive": lambda a: a,
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "selecting_multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "float_power": lambda a, b: a**b,
    "floor_divide": lambda a, b: sp.floor(a / b),
    "remainder": lambda a, b: a - b * sp.floor(a / b),
    "fmod": lambda a, b: a - b * truncated(a / b),
    "square": lambda a: a**2,
    "sqrt": sp.sqrt,
    "root": sp.sqrt,
    "cbrt": cube_root,
    "reciprocal": lambda a: 1 / a,
    "hypot": lambda a, b: sp.sqrt(a**2 + b**2),
    "cosine": lambda a, b: a / sp.sqrt(a**2 + b**2),
    "ldexp": lambda a, n: a * 2**n,
    "constant": lambda a: a,
    "detach": lambda a: a,
    # Exponentials and logarithms.
    "exp": sp.exp,
    "exp2": lambda a: 2**a,
    "expm1": lambda a: sp.exp(a) - 1,
    "log": sp.log,
    "log2": lambda a: sp.log(a) / sp.log(2),
    "log10": lambda a: sp.log(a) / sp.log(10),
    "log1p": lambda a: sp.log(1 + a),
    "logaddexp": lambda a, b: sp.log(sp.exp(a) + sp.exp(b)),
    "logaddexp2": lambda a, b: sp.log(2**a + 2**b) / sp.log(2),
    "exp_share": lambda a, b: _share(sp.E, a, b),
    "exp2_share": lambda a, b: _share(sp.Integer(2), a, b),
    # Trigonometric and hyperbolic functions, and the rows that their derivatives have.
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "arcsin": sp.asin,
    "arccos": sp.acos,
    "arctan": sp.atan,
    "arctan2": sp.atan2,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "tanh": sp.tanh,
    "arcsinh": sp.asinh,
    "arccosh": sp.acosh,
    "arctanh": sp.atanh,
    "sinc": lambda a: sp.sinc(sp.pi * a),
    "sec_squared": lambda a: 1 / sp.cos(a)**2,
    "sech_squared": lambda a: 1 / sp.cosh(a)**2,
    "arcsin_slope": lambda a: 1 / sp.sqrt(1 - a**2),
    "arctan_slope": lambda a: 1 / (1 + a**2),
    "arccosh_slope": lambda a: 1 / (sp.sqrt(a - 1) * sp.sqrt(a + 1)),
    "arctanh_slope": lambda a: 1 / (1 - a**2),
    "deg2rad": lambda a: a * sp.pi / 180,
    "radians": lambda a: a * sp.pi / 180,
    "rad2deg": lambda a: a * 180 / sp.pi,
    "degrees": lambda a: a * 180 / sp.pi,
    # Absolute values, signs, complex parts.
    "absolute": sp.Abs,
    "fabs": sp.Abs,
    "sign": sp.sign,
    "signbit": lambda a: sp.Lt(a, 0),
    "copysign": lambda a, b: selected(b >= 0, sp.Abs(a), -sp.Abs(a)),
    "real": sp.re,
    "imag": sp.im,
    "conjugate": sp.conjugate,
    "angle": sp.arg,
    # Comparisons and truth values.
    "less": sp.Lt,
    "less_equal": sp.Le,
    "greater": sp.Gt,
    "greater_equal": sp.Ge,
    "equal": equal,
    "not_equal": lambda a, b: sp.Not(equal(a, b)),
    "logical_and": sp.And,
    "logical_or": sp.Or,
    "logical_not": sp.Not,
    "logical_xor": sp.Xor,
    "bitwise_and": _bitwise("bitwise_and", sp.And, lambda a, b: a & b),
    "bitwise_or": _bitwise("bitwise_or", sp.Or, lambda a, b: a | b),
    "bitwise_xor": _bitwise("bitwise_xor", sp.Xor, lambda a, b: a ^ b),
    "invert": _bitwise("invert", sp.Not, lambda a: ~a),
    "isfinite": lambda a: sp.false if a in (sp.oo, -sp.oo, sp.zoo, sp.nan) else sp.true,
    "isinf": lambda a: sp.true if a in (sp.oo, -sp.oo, sp.zoo) else sp.false,
    "isnan": lambda a: sp.true if a is sp.nan else sp.false,
    # Selections.
    "maximum": sp.Max,
    "minimum": sp.Min,
    "fmax": sp.Max,
    "fmin": sp.Min,
    "clip": lambda a, low, high: sp.Min(sp.Max(a, low), high),
    "heaviside": lambda a, b: sp.Piecewise((0, a < 0), (b, sp.Eq(a, 0)), (1, True)),
    "infinite_where_undefined": lambda a, _is_nan: a,
    # Steps and parts of a number.
    "floor": sp.floor,
    "ceil": sp.ceiling,
    "trunc": truncated,
    "rint": rounded,
    "fraction": lambda a: a - truncated(a),
    "exponent": lambda a: sp.Piecewise((0, sp.Eq(a, 0)), (sp.floor(sp.log(sp.Abs(a), 2)) + 1, True)),
    # Whole numbers.
    "left_shift": lambda a, n: a * 2**n,
    "right_shift": lambda a, n: sp.floor(a / 2**n),
    "gcd": _of_integers("gcd", sp.igcd),
    "lcm": _of_integers("lcm", sp.ilcm),
    "bitwise_count": _of_integers("bitwise_count", lambda a: abs(a).bit_count()),
    # Bessel functions that NumPy has itself.
    "i0": lambda a: sp.besseli(0, a),
    "bessel_i": sp.besseli,
}
# fmt: on

#: Those for formulas that hold but for single points.
GENERIC: Mapping[str, Row] = MappingProxyType(
    {"equal": equal_at_all, "not_equal": lambda a, b: sp.Not(equal_at_all(a, b))}
)

#: Primitive → its SymPy function; several results are a tuple.
ELEMENTWISE: Mapping[str, Row] = MappingProxyType({**_NUMPY, **SPECIAL})


def _chosen(x: Any, count: int, mode: str) -> Any:
    """The number of a choice, brought into range."""
    if mode == "clip":
        return sp.Min(sp.Max(x, 0), count - 1)
    return sp.Mod(x, count) if mode == "wrap" else x


def _as_integer(x: Any, dtype: Any) -> Any:
    return sp.Ne(x, 0) if dtype.kind == "b" else truncated(x)


def with_parameters(name: str, params: Mapping[str, Any]) -> Row | None:
    """The row of an elementwise primitive that has parameters; ``None`` where there is none for these."""
    orders = params.get("orders")
    if orders is not None:  # a derivative in a parameter of a special function, found by differences
        base = SPECIAL.get(_WITHOUT_ORDERS.get(name, name.rpartition("_in_")[0]))
        return None if any(orders) else base
    table: dict[str, Row] = {
        "round": lambda x: rounded(x, params["decimals"]),
        "astype": lambda x: x,
        "astype_integer": lambda x: (
            x if x.is_integer and params["dtype"].kind != "b" else _as_integer(x, params["dtype"])
        ),
        "choice_number": lambda x: _chosen(x, params["count"], params["mode"]),
    }
    return table.get(name)


#: Rows for derivatives in parameters whose functions have another name.
_WITHOUT_ORDERS = {
    "gegenbauer_in_parameters": "eval_gegenbauer",
    "jacobi_in_parameters": "eval_jacobi",
    "sh_jacobi_in_parameters": "eval_sh_jacobi",
    "genlaguerre_in_parameters": "eval_genlaguerre",
    "legendre_in_degree": "eval_legendre",
    "chebyu_in_degree": "eval_chebyu",
    "chebyt_in_degree": "eval_chebyt",
}
