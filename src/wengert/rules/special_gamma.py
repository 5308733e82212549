"""The gamma function and its quotients: beta, Pochhammer's symbol, binomial coefficients, factorials.

Rows read: function, partials (y is the result), behaviour at special points. At a pole of a factor in the denominator
the quotient is 0 and its derivative is not: `_rgamma_slope` has the finite derivative of 1/Γ there.
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.declaration import elementwise
from wengert.errors import NoRuleError, TraceError, user_location
from wengert.facts import flat
from wengert.primitive import Primitive
from wengert.rules.special_kernels import difference_of_polygammas, elementwise_kernel
from wengert.rules.special_zeta import polygamma
from wengert.value import Value, concrete

__all__ = ["PYTHON_FUNCTIONS", "digamma_difference", "is_pole"]

_POSITIVE = ((0.3, 4.0),)
_PAIR = ((0.3, 4.0), (0.3, 4.0))


def is_pole(x: Any) -> Any:
    """Whether Γ has a pole at x."""
    return (x <= 0) & (x == np.rint(x))


def _rgamma_slope(x: Any) -> Any:
    """The derivative of 1/Γ: by reflection near a pole of Γ, -ψ/Γ elsewhere."""
    nearest = np.rint(np.real(x))
    near = (nearest <= 0) & (np.abs(x - nearest) < 0.3)
    offset, reflected = np.where(near, x - nearest, 0.25), np.where(near, 1 - x, 1.0)
    sign = 1 - 2 * np.remainder(nearest, 2)
    slope = np.cos(pi * offset) - sp.psi(reflected) * np.sin(pi * offset) / pi
    away = np.where(near, 1.0, x)
    return np.where(near, sign * sp.gamma(reflected) * slope, -sp.rgamma(away) * sp.psi(away))


def _beta_partial(y: Any, a: Any, b: Any) -> Any:
    """∂B/∂a, also where a+b is a pole of Γ and B is 0."""
    zero = is_pole(a + b) & ~is_pole(a) & ~is_pole(b)
    p, q = np.where(zero, a, 1.0), np.where(zero, b, 1.0)
    at_zero = sp.gamma(p) * sp.gamma(q) * (_rgamma_slope(p + q) + sp.psi(p) * sp.rgamma(p + q))
    p, q = np.where(zero, 1.0, a), np.where(zero, 1.0, b)
    return np.where(zero, at_zero, -y * digamma_difference(0, p, q))


def _poch_partial(y: Any, a: Any, m: Any) -> Any:
    """∂/∂a of Γ(a+m)/Γ(a), also where a is a pole of Γ and the quotient 0."""
    zero = is_pole(a) & ~is_pole(a + m)
    p, q = np.where(zero, a, 1.0), np.where(zero, m, 1.0)
    at_zero = sp.gamma(p + q) * (_rgamma_slope(p) + sp.psi(p + q) * sp.rgamma(p))
    p, q = np.where(zero, 1.0, a), np.where(zero, 1.0, m)
    return np.where(zero, at_zero, y * digamma_difference(0, p, q))


def _binom_upper(y: Any, n: Any, k: Any) -> Any:
    """∂/∂n of Γ(n+1)/(Γ(k+1) Γ(n-k+1)), also where the last factor has a pole and the quotient is 0."""
    zero = is_pole(n - k + 1) & ~is_pole(n + 1)
    p, q = np.where(zero, n, 1.0), np.where(zero, k, 1.0)
    at_zero = sp.gamma(p + 1) * sp.rgamma(q + 1) * (_rgamma_slope(p - q + 1) + sp.psi(p + 1) * sp.rgamma(p - q + 1))
    p, q = np.where(zero, 1.0, n), np.where(zero, 1.0, k)
    return np.where(zero, at_zero, y * digamma_difference(0, p - q + 1, q))


def _binom_lower(y: Any, n: Any, k: Any) -> Any:
    """∂/∂k of the same, also where a factor of the denominator has a pole."""
    first, last = is_pole(k + 1), is_pole(n - k + 1)
    zero = (first | last) & ~is_pole(n + 1)
    p, q = np.where(zero, n, 1.0), np.where(zero, k, 1.0)
    slopes = _rgamma_slope(q + 1) * sp.rgamma(p - q + 1) - sp.rgamma(q + 1) * _rgamma_slope(p - q + 1)
    at_zero = sp.gamma(p + 1) * slopes
    p, q = np.where(zero, 1.0, n), np.where(zero, 1.0, k)
    return np.where(zero, at_zero, y * digamma_difference(0, q + 1, p - 2 * q))


# fmt: off
gamma = elementwise(sp.gamma, [lambda y, x: y * sp.psi(x)], at_kinks="nan or inf at 0, -1, …", domain=_POSITIVE)
loggamma = elementwise(sp.loggamma, [lambda y, x: sp.psi(x)], at_kinks="nan or inf at 0, -1, …", domain=_POSITIVE)
gammaln = elementwise(sp.gammaln, [lambda y, x: sp.psi(x)], analytic=False, at_kinks="nan or inf at 0, -1, …", domain=((-0.8, -0.2),))
gammasgn = elementwise(sp.gammasgn, flat)
rgamma = elementwise(sp.rgamma, [lambda y, x: _rgamma_slope(x)], analytic=False, at_kinks="smooth, also at 0, -1, …", domain=((-2.2, 2.0),))
psi = elementwise(sp.psi, [lambda y, x: polygamma(1, x)], at_kinks="nan or inf at 0, -1, …", domain=_POSITIVE)
digamma_difference: Primitive = elementwise(elementwise_kernel(difference_of_polygammas, leading=1), [flat, lambda y, n, a, b: digamma_difference(n + 1, a, b), lambda y, n, a, b: polygamma(n + 1, a + b)],
                                 name="digamma_difference", analytic=False, at_kinks="nan or inf at poles of ψ(a) alone")

beta = elementwise(sp.beta, [lambda y, a, b: _beta_partial(y, a, b), lambda y, a, b: _beta_partial(y, b, a)],
                   analytic=False, at_kinks="nan or inf at poles", domain=_PAIR)
betaln = elementwise(sp.betaln, [lambda y, a, b: -digamma_difference(0, a, b), lambda y, a, b: -digamma_difference(0, b, a)],
                     analytic=False, at_kinks="nan or inf at poles", domain=_PAIR)
poch = elementwise(sp.poch, [lambda y, a, m: _poch_partial(y, a, m), lambda y, a, m: y * sp.psi(a + m)],
                   analytic=False, at_kinks="nan or inf at poles", domain=_PAIR)
binom = elementwise(sp.binom, [lambda y, n, k: _binom_upper(y, n, k), lambda y, n, k: _binom_lower(y, n, k)],
                    analytic=False, at_kinks="smooth where it is finite", domain=((2.0, 5.0), (0.2, 1.8)))
# fmt: on


# --- Python functions --------------------------------------------------------------------------------------------


def _as_scipy_has_them(*operands: Any) -> list[Any]:
    """Python numbers as NumPy scalars, which have a say in the precision of the result."""
    return [x if isinstance(x, Value) else np.asarray(x)[()] for x in operands]


def _comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    _only_approximate("comb", exact)
    N, k = _as_scipy_has_them(N, k)
    if repetition:
        # One way to choose nothing of nothing, which the binomial coefficient of -1 would not say.
        nothing = (k == 0) & (N >= 0)
        return np.where(nothing, 1.0, sp.binom(np.where(nothing, 1.0, N + k - 1), np.where(nothing, 1.0, k)))
    return np.where((k <= N) & (N >= 0) & (k >= 0), sp.binom(N, k), 0.0)


def _perm(N: Any, k: Any, exact: bool = False) -> Any:
    _only_approximate("perm", exact)
    N, k = _as_scipy_has_them(N, k)
    return np.where((k <= N) & (N >= 0) & (k >= 0), sp.poch(N - k + 1, k), 0.0)


def _factorial(n: Any, exact: bool = False, extend: str = "zero") -> Any:
    if _is_whole(n):
        return sp.factorial(concrete(n), exact, extend)
    _only_approximate("factorial", exact)
    sp.factorial(np.ones(1, n.dtype), exact, extend)  # it raises for what it does not take
    if extend == "zero":
        return np.where(n < 0, 0.0, sp.gamma(np.where(n < 0, 1.0, n + 1)))
    return sp.gamma(n + 1) if np.iscomplexobj(n) else np.where(n == -1, np.nan, sp.gamma(n + 1))


def _factorial2(n: Any, exact: bool = False, extend: str = "zero") -> Any:
    if _is_whole(n):
        return sp.factorial2(concrete(n), exact, extend)
    sp.factorial2(np.ones(1, n.dtype), exact, extend)  # it raises unless extend="complex"
    return _multifactorial(n, 2)


def _factorialk(n: Any, k: Any, exact: bool = False, extend: str = "zero") -> Any:
    if _is_whole(n):
        return sp.factorialk(concrete(n), k, exact, extend)
    sp.factorialk(np.ones(1, n.dtype), k, exact, extend)
    return _multifactorial(n, k)


def _multifactorial(n: Any, k: Any) -> Any:
    """The analytic extension k^((n-1)/k) Γ(n/k+1) / Γ(1/k+1)."""
    base = complex(k) if np.iscomplexobj(k) or k < 0 else k
    return base ** ((n - 1) / k) * sp.gamma(n / k + 1) * sp.rgamma(1 / k + 1).item()


def _is_whole(n: Any) -> bool:
    """Whether there is nothing to differentiate: SciPy computes it, or says what is wrong with the other arguments."""
    return not isinstance(n, Value) or n.dtype.kind in "iub"


def _only_approximate(name: str, exact: bool) -> None:
    if exact:
        raise NoRuleError(
            f"wengert.special.{name} got exact=True for a value that carries a derivative.",
            why="Exact results are Python integers, whose function has no derivative.",
            remedy="Leave out exact=True.",
            where=user_location(),
        )


def _multigammaln(a: Any, d: Any) -> Any:
    if np.ndim(d) or np.floor(d) != d:
        raise ValueError("d should be a positive integer (dimension)")
    if _is_known_to_have(a <= 0.5 * (d - 1)):
        raise ValueError(f"condition a ({a}) > 0.5 * (d-1) ({0.5 * (d - 1)}) not met")
    halves = np.arange(int(d)) / 2
    return d * (d - 1) * 0.25 * log(pi) + np.sum(sp.gammaln(np.expand_dims(a, -1) - halves), axis=-1)


def _is_known_to_have(condition: Any) -> bool:
    """Whether a condition holds somewhere; False where there are no values to see it by."""
    try:
        return bool(np.any(concrete(condition)))
    except TraceError:
        return False


#: Name in `scipy.special` → the function on values of any kind.
PYTHON_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "comb": _comb,
    "perm": _perm,
    "factorial": _factorial,
    "factorial2": _factorial2,
    "factorialk": _factorialk,
    "multigammaln": _multigammaln,
}
