"""What SymPy's functions are called in NumPy and `scipy.special`: how formulas are read.

The inverse of `vocabulary`, by the name of SymPy's class. Values are numbers, arrays and whatever carries derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from wengert import special as sc
from wengert.errors import NoRuleError, user_location

__all__ = ["FUNCTIONS"]


def _piecewise(*pairs: Any) -> Any:
    """The first expression whose condition holds; nan where none does."""
    found: Any = np.nan
    for expression, condition in zip(pairs[-2::-2], pairs[::-2], strict=True):
        found = expression if condition is True else np.where(condition, expression, found)
    return found


def _folded(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """A function of two as one of many."""

    def of_many(*xs: Any) -> Any:
        total = xs[0]
        for x in xs[1:]:
            total = function(total, x)
        return total

    return of_many


def _heaviside(x: Any, at_zero: Any = 0.5) -> Any:
    return np.heaviside(x, at_zero)


def _polylogarithm(order: Any, x: Any) -> Any:
    if not _is(order, 2):
        raise NoRuleError("polylog of SymPy has a counterpart in wengert for the order 2 alone.", where=user_location())
    return sc.spence(1 - x)


def _hypergeometric(*operands: Any) -> Any:
    """₀F₁, ₁F₁ or ₂F₁: the operands stand in a row, and their number tells which."""
    row = {2: sc.hyp0f1, 3: sc.hyp1f1, 4: sc.hyp2f1}.get(len(operands))
    if row is None:
        raise NoRuleError(
            "hyper of SymPy has a counterpart in wengert for up to two parameters above and one below alone.",
            where=user_location(),
        )
    return row(*operands)


def _lambert(z: Any, k: Any = 0) -> Any:
    return np.real(sc.lambertw(z, int(k)))


def _zeta(s: Any, q: Any = None) -> Any:
    return sc.zeta(s) if q is None else sc.zeta(s, q)


def _polygamma(n: Any, x: Any) -> Any:
    return sc.psi(x) if n == 0 else sc.polygamma(n, x)


def _elliptic_e(*operands: Any) -> Any:
    return sc.ellipe(*operands) if len(operands) == 1 else sc.ellipeinc(*operands)


def _regularized_beta(a: Any, b: Any, low: Any, high: Any) -> Any:
    """The integral between two bounds, of which one is mostly the end of the interval."""
    upper = 1.0 if _is(high, 1) else sc.betainc(a, b, high)
    return upper if _is(low, 0) else upper - sc.betainc(a, b, low)


def _is(x: Any, number: int) -> bool:
    return isinstance(x, (int, float)) and x == number


def _exponential_integral(n: Any, x: Any) -> Any:
    return sc.exp1(x) if _is(n, 1) else sc.expn(n, x)


def _laguerre(n: Any, *rest: Any) -> Any:
    return sc.eval_laguerre(n, *rest) if len(rest) == 1 else sc.eval_genlaguerre(n, *rest)


# fmt: off
#: Name of SymPy's class → function of the values of its arguments, those of pairs and tuples in a row.
FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType({
    # Elementary functions.
    "exp": np.exp,
    "log": lambda x, *base: np.log(x) / np.log(base[0]) if base else np.log(x),
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "cot": lambda x: 1 / np.tan(x),
    "sec": lambda x: 1 / np.cos(x),
    "csc": lambda x: 1 / np.sin(x),
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "coth": lambda x: 1 / np.tanh(x),
    "sech": lambda x: 1 / np.cosh(x),
    "csch": lambda x: 1 / np.sinh(x),
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "sinc": lambda x: np.sinc(x / np.pi),
    # Absolute values, steps, selections.
    "Abs": np.abs,
    "sign": np.sign,
    "re": np.real,
    "im": np.imag,
    "conjugate": np.conjugate,
    "arg": np.angle,
    "floor": np.floor,
    "ceiling": np.ceil,
    "frac": lambda x: x - np.floor(x),
    "Mod": np.remainder,
    "Heaviside": _heaviside,
    "Max": _folded(np.maximum),
    "Min": _folded(np.minimum),
    "Piecewise": _piecewise,
    "ITE": np.where,
    # Comparisons and truth values.
    "Equality": np.equal,
    "Unequality": np.not_equal,
    "StrictLessThan": np.less,
    "LessThan": np.less_equal,
    "StrictGreaterThan": np.greater,
    "GreaterThan": np.greater_equal,
    "And": _folded(np.logical_and),
    "Or": _folded(np.logical_or),
    "Xor": _folded(np.logical_xor),
    "Not": np.logical_not,
    # Gamma and its relatives.
    "gamma": sc.gamma,
    "loggamma": sc.loggamma,
    "digamma": sc.psi,
    "polygamma": _polygamma,
    "beta": sc.beta,
    "factorial": lambda n: sc.gamma(n + 1),
    "binomial": sc.binom,
    "RisingFactorial": sc.poch,
    "lowergamma": lambda a, x: sc.gammainc(a, x) * sc.gamma(a),
    "uppergamma": lambda a, x: sc.gammaincc(a, x) * sc.gamma(a),
    "betainc_regularized": _regularized_beta,
    "zeta": _zeta,
    # Error functions and integrals.
    "erf": sc.erf,
    "erfc": sc.erfc,
    "erfi": sc.erfi,
    "erfinv": sc.erfinv,
    "erfcinv": sc.erfcinv,
    "fresnels": lambda x: sc.fresnel(x)[0],
    "fresnelc": lambda x: sc.fresnel(x)[1],
    "Ei": sc.expi,
    "expint": _exponential_integral,
    "Si": lambda x: sc.sici(x)[0],
    "Ci": lambda x: sc.sici(x)[1],
    "Shi": lambda x: sc.shichi(x)[0],
    "Chi": lambda x: sc.shichi(x)[1],
    "LambertW": _lambert,
    "polylog": _polylogarithm,
    # Bessel and Airy functions, elliptic integrals.
    "besselj": sc.jv,
    "bessely": sc.yv,
    "besseli": sc.iv,
    "besselk": sc.kv,
    "hankel1": sc.hankel1,
    "hankel2": sc.hankel2,
    "jn": sc.spherical_jn,
    "yn": sc.spherical_yn,
    "airyai": lambda x: sc.airy(x)[0],
    "airyaiprime": lambda x: sc.airy(x)[1],
    "airybi": lambda x: sc.airy(x)[2],
    "airybiprime": lambda x: sc.airy(x)[3],
    "elliptic_k": sc.ellipk,
    "elliptic_f": sc.ellipkinc,
    "elliptic_e": _elliptic_e,
    # Polynomials and hypergeometric functions.
    "legendre": sc.eval_legendre,
    "assoc_legendre": lambda n, m, x: sc.lpmv(m, n, x),
    "chebyshevt": sc.eval_chebyt,
    "chebyshevu": sc.eval_chebyu,
    "hermite": sc.eval_hermite,
    "laguerre": _laguerre,
    "assoc_laguerre": _laguerre,
    "gegenbauer": sc.eval_gegenbauer,
    "jacobi": sc.eval_jacobi,
    "hyper": _hypergeometric,
})
# fmt: on
