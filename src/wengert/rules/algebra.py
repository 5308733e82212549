"""The operators of Python, and the two products that derivative sweeps are made of.

Rows read: function, partials (y is the result), how it is computed and written, behaviour at special points.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from wengert.declaration import composed, elementwise
from wengert.facts import flat

_REAL = ((-2.0, 2.0), (-2.0, 2.0))
_POSITIVE = (0.3, 3.0)


def _power_base(x1: Any, x2: Any) -> Any:
    """∂(x₁^x₂)/∂x₁ = x₂ x₁^(x₂-1), and 0 where x₂ = 0, also at x₁ = 0."""
    if isinstance(x2, (int, float)):
        return x2 * x1 ** (x2 - 1) if x2 != 0 else 0.0 * np.sign(x1)
    return x2 * x1 ** (x2 - np.where((x1 == 0) & (x2 == 0), 0, 1))


def _power_exponent(y: Any, x1: Any) -> Any:
    """∂(x₁^x₂)/∂x₂ = y log x₁, and y·0 where x₁ = 0."""
    base = np.where(x1 == 0, 1, x1)
    if base.dtype != y.dtype:  # the logarithm is as precise as y, and complex where y is
        base = base.astype(y.dtype)
    return y * np.log(base)


_POWER = [lambda y, x1, x2: _power_base(x1, x2), lambda y, x1, x2: _power_exponent(y, x1)]
_POWER_AT_ZERO = "x**0: 0 in x; 0**p for p ≥ 0: 0 in p; nan in p for a negative base, which has no powers near an integer"

# fmt: off
negative = elementwise(np.negative, [-1], compute=operator.neg, notation="-{0}", precedence=3, alias="Neg")
positive = elementwise(np.positive, [1], compute=operator.pos, notation="+{0}", precedence=3, alias="Positive")
add = elementwise(np.add, [1, 1], compute=operator.add, notation="{0} + {1}", precedence=1, alias="Add")
subtract = elementwise(np.subtract, [1, -1], compute=operator.sub, notation="{0} - {1}", precedence=1, alias="Sub")
multiply = elementwise(np.multiply, [lambda y, x1, x2: x2, lambda y, x1, x2: x1],
                       compute=operator.mul, notation="{0} * {1}", precedence=2, alias="Mul")
divide = elementwise(np.divide, [lambda y, x1, x2: 1 / x2, lambda y, x1, x2: -y / x2],
                     compute=operator.truediv, notation="{0} / {1}", precedence=2, alias="Div",
                     domain=(_REAL[0], _POSITIVE))
power = elementwise(np.power, _POWER, compute=operator.pow, notation="{0} ** {1}", precedence=4, alias="Pow",
                    at_kinks=_POWER_AT_ZERO, domain=(_POSITIVE, _REAL[1]))
float_power = elementwise(np.float_power, _POWER, alias="Pow", at_kinks=_POWER_AT_ZERO, domain=(_POSITIVE, _REAL[1]))
floor_divide = elementwise(np.floor_divide, flat, compute=operator.floordiv, notation="{0} // {1}", precedence=2)
remainder = elementwise(np.remainder, [1, lambda y, x1, x2: -np.floor_divide(x1, x2)],
                        compute=operator.mod, notation="{0} % {1}", precedence=2, analytic=False,
                        at_kinks="the one-sided derivative at a jump", domain=(_REAL[0], _POSITIVE))
fmod = elementwise(np.fmod, [1, lambda y, x1, x2: -np.rint((x1 - y) / x2)], analytic=False,
                   at_kinks="the one-sided derivative at a jump", domain=(_REAL[0], _POSITIVE))
# fmt: on

for _ufunc, _operator, _symbol in [
    (np.less, operator.lt, "<"), (np.less_equal, operator.le, "<="), (np.greater, operator.gt, ">"),
    (np.greater_equal, operator.ge, ">="), (np.equal, operator.eq, "=="), (np.not_equal, operator.ne, "!="),
    (np.bitwise_and, operator.and_, "&"), (np.bitwise_or, operator.or_, "|"), (np.bitwise_xor, operator.xor, "^"),
]:  # fmt: skip
    elementwise(_ufunc, flat, compute=_operator, notation=f"{{0}} {_symbol} {{1}}", precedence=0)
for _flat in (
    np.invert, np.left_shift, np.right_shift, np.gcd, np.lcm, np.bitwise_count,
    np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
):  # fmt: skip
    elementwise(_flat, flat)


@composed(np.divmod)
def _divmod(x1: Any, x2: Any) -> tuple[Any, Any]:
    return np.floor_divide(x1, x2), np.remainder(x1, x2)


# --- what derivative sweeps need -------------------------------------------------------------------------------


def _selecting_multiply(ct: Any, weight: Any) -> Any:
    """The product of a (co)tangent and the weight of a selection: 0 where the weight is, also for inf and nan."""
    return np.where(np.equal(weight, 0), np.zeros_like(ct), ct * weight)[()]


# fmt: off
selecting_multiply = elementwise(_selecting_multiply, [lambda y, ct, w: w, lambda y, ct, w: ct],
                                 name="selecting_multiply", notation="{0} * {1}", precedence=2, alias="SelectMul",
                                 selects=True, at_kinks="0 where the weight is 0")
constant = elementwise(lambda x: np.array(x), [flat], name="constant", alias="Constant")
detach = elementwise(lambda x: np.array(x)[()], [flat], name="detach", alias="Detach")
# fmt: on
