"""Plain numerical functions that the rows of the special functions are computed with.

Except `series`, none of them sees a value that carries a derivative: where a derivative has no closed form, the row
that computes it numerically is a primitive of its own, whose partials are primitives again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from math import comb, factorial, log, pi
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.errors import NoRuleError, user_location

__all__ = [
    "bell", "beta_front", "difference_of_digammas", "difference_of_polygammas", "digamma_gap", "elementwise_kernel",
    "expm1mx", "gamma_front", "gap_difference", "integrate", "log1pmx", "log_beta", "log_ratio", "refuse_out", "series",
    "stirling_error",
]  # fmt: skip

Array = Any
Kernel = Callable[..., Any]

#: Exponent by which an integrand has dropped where an integral is cut off: e^-45 is far below the rounding.
DROP = 45.0
_NEAR_ZERO = 0.2
_HALF_LOG_2PI = 0.5 * log(2 * pi)
_LARGE = 10.0
# Coefficients B₂ₖ/(2k(2k-1)) of Stirling's series and B₂ₖ/2k of that of the digamma function.
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798)


def refuse_out(name: str, out: Any) -> None:
    """Raise `NoRuleError` for an array to write into, which holds plain numbers only."""
    if out is not None:
        raise NoRuleError(
            f"wengert.special.{name} got out= for a value that carries a derivative.",
            why="A NumPy array holds plain numbers only.",
            remedy="Use the result of the call instead.",
            where=user_location(),
        )


def elementwise_kernel(kernel: Kernel, *, leading: int = 0) -> Kernel:
    """Make `kernel`, written for float64 arrays of one axis, a function of broadcast operands of any precision.

    The first `leading` operands are integers and passed on as they are.
    """

    @functools.wraps(kernel)
    def of_operands(*operands: Any) -> Any:
        orders, numbers = operands[:leading], operands[leading:]
        with np.errstate(all="ignore"):
            arrays = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in numbers))
            y = kernel(*(int(np.max(n)) for n in orders), *(x.ravel() for x in arrays))
        return y.reshape(arrays[0].shape).astype(_precision(numbers), copy=False)[()]

    return of_operands


def _precision(numbers: Sequence[Any]) -> np.dtype[Any]:
    """Single precision if every operand that has a precision is single, as in SciPy."""
    dtype = np.result_type(*numbers)
    return np.dtype(np.float32) if dtype.kind == "f" and dtype.itemsize <= 4 else np.dtype(np.float64)


# --- elementary functions without cancellation -------------------------------------------------------------------


def series(coefficients: Sequence[float], x: Any) -> Any:
    """A polynomial by Horner's rule, the constant first; also of values that carry derivatives."""
    total: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


_LOG1PMX = [(-1) ** (k + 1) / k for k in range(2, 26)]
_EXPM1MX = [1 / float(sp.gamma(k + 1)) for k in range(2, 16)]


def log1pmx(x: Array, one_plus_x: Array) -> Array:
    """The difference log(1+x) - x; 1+x is given too, since near -1 it is lost in x."""
    near = np.abs(x) < _NEAR_ZERO
    small = np.where(near, x, 0.0)
    return np.where(near, small * small * series(_LOG1PMX, small), np.log(one_plus_x) - x)


def expm1mx(x: Array) -> Array:
    """The difference eˣ - 1 - x."""
    near = np.abs(x) < _NEAR_ZERO
    small, large = np.where(near, x, 0.0), np.where(near, 1.0, x)
    return np.where(near, small * small * series(_EXPM1MX, small), np.expm1(large) - large)


def log_ratio(x: Array, y: Array) -> Array:
    """The logarithm of x/y, exact also where the two are close."""
    close = np.abs(x - y) < 0.5 * np.abs(y)
    return np.where(close, np.log1p(np.where(close, x - y, 0.0) / y), np.log(x) - np.log(y))


# --- the gamma function ------------------------------------------------------------------------------------------


def stirling_error(a: Array) -> Array:
    """The error of Stirling's formula, log Γ(a) - (a-½) log a + a - ½ log 2π, for a ≥ 10."""
    terms = [b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI, 1)]
    return series(terms, 1 / (a * a)) / a


def digamma_gap(a: Array) -> Array:
    """The difference log a - ψ(a), about 1/(2a), for a > 0."""
    large = np.maximum(a, _LARGE)
    expansion = 0.5 / large + series([b / (2 * k) for k, b in enumerate(_BERNOULLI, 1)], 1 / large**2) / large**2
    return np.where(a >= _LARGE, expansion, np.log(a) - sp.psi(a))


def difference_of_digammas(a: Array, b: Array) -> Array:
    """The difference ψ(a+b) - ψ(a); without cancellation where a and a+b are positive.

    The recurrence ψ(a) = ψ(a+1) - 1/a brings both to arguments where the asymptotic series holds, in which the
    powers are subtracted by way of their logarithms.
    """
    positive = (a > 0) & (a + b > 0)
    start, step = np.where(positive, a, 1.0), np.where(positive, b, 0.0)
    total = np.zeros_like(start)
    for _ in range(12):
        total = total + step / start / (start + step)
        start = start + 1
    rate = np.log1p(step / start)
    return np.where(positive, total + rate + gap_difference(start, rate), _reflected_difference(a, b))


def difference_of_polygammas(n: int, a: Array, b: Array) -> Array:
    """The difference ψ⁽ⁿ⁾(a+b) - ψ⁽ⁿ⁾(a), in the same way."""
    if n == 0:
        return difference_of_digammas(a, b)
    positive = (a > 0) & (a + b > 0)
    start, step = np.where(positive, a, 1.0), np.where(positive, b, 0.0)
    total = np.zeros_like(start)
    for _ in range(12):
        total = total + factorial(n) * _power_difference(start, step, n + 1)
        start = start + 1
    total = total + factorial(n - 1) * _power_difference(start, step, n)
    total = total + factorial(n) / 2 * _power_difference(start, step, n + 1)
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        weight = bernoulli * factorial(2 * k + n - 1) / factorial(2 * k)
        total = total + weight * _power_difference(start, step, 2 * k + n)
    # SciPy takes a step for each unit to the left of 0: nothing is evaluated there that is not wanted.
    left, right = np.where(positive, 1.0, a), np.where(positive, 1.0, a + b)
    whole = (b == np.rint(b)) & (left <= 0) & (right <= 0)
    left, right = np.where(whole, 1 - left, left), np.where(whole, 1 - right, right)
    plain = np.where(whole, (-1) ** n, 1) * (sp.polygamma(n, right) - sp.polygamma(n, left))
    return np.where(positive, (-1) ** (n + 1) * total, plain)


def _power_difference(x: Array, step: Array, power: int) -> Array:
    """The difference of (x+step)^-power and x^-power."""
    return x ** (-float(power)) * np.expm1(-power * np.log1p(step / x))


def gap_difference(a: Array, rate: Array) -> Array:
    """What log - ψ loses from a ≥ 10 to a·exp(rate), without cancellation."""
    total = -0.5 / a * np.expm1(-rate)
    for k, bernoulli in enumerate(_BERNOULLI, 1):
        total = total - bernoulli / (2 * k) * a ** (-2.0 * k) * np.expm1(-2 * k * rate)
    return total


def _reflected_difference(a: Array, b: Array) -> Array:
    """The same where an argument is not positive; both may be poles, b a whole number."""
    whole = (b == np.rint(b)) & (a <= 0) & (a + b <= 0)
    return np.where(whole, sp.psi(1 - a - b) - sp.psi(1 - a), sp.psi(a + b) - sp.psi(a))


def gamma_front(a: Array, x: Array) -> Array:
    """The factor xᵃ e⁻ˣ / Γ(a) without cancellation in its exponent (C. Loader 2000); a may be negative."""
    large = a >= _LARGE
    safe = np.where(large, a, _LARGE)
    exponent = safe * log1pmx((x - safe) / safe, x / safe)
    near_mode = np.sqrt(safe) * np.exp(exponent - stirling_error(safe) - _HALF_LOG_2PI)
    direct = sp.gammasgn(a) * np.exp(sp.xlogy(a, x) - x - sp.gammaln(a))
    vanishes = (x == np.inf) | ((a <= 0) & (a == np.rint(a)))
    return np.where(vanishes, 0.0, np.where(large, near_mode, direct))


def log_beta(a: Array, b: Array) -> Array:
    """The logarithm of |B(a, b)|; SciPy's loses digits where one shape is large and the other is not."""
    small, large = np.minimum(a, b), np.maximum(a, b)
    stirling = (small > 0) & (large >= _LARGE)
    p, q = np.where(stirling, small, 1.0), np.where(stirling, large, _LARGE)
    rise = (q - 0.5) * np.log1p(p / q) + p * np.log(p + q) - p + stirling_error(p + q) - stirling_error(q)
    return np.where(stirling, sp.gammaln(p) - rise, sp.betaln(a, b))


def beta_front(a: Array, b: Array, x: Array, xc: Array) -> Array:
    """The factor xᵃ (1-x)ᵇ / B(a, b) without cancellation in its exponent; xc is 1-x, and a or b may be negative."""
    large = (a >= _LARGE) & (b >= _LARGE)
    p, q = np.where(large, a, _LARGE), np.where(large, b, _LARGE)
    offset = x * q - xc * p
    exponent = p * log1pmx(offset / p, x * ((p + q) / p)) + q * log1pmx(-offset / q, xc * ((p + q) / q))
    error = stirling_error(p) + stirling_error(q) - stirling_error(p + q)
    near_mode = np.sqrt(p / (p + q) * q) * np.exp(exponent - error - _HALF_LOG_2PI)
    log_x = np.where(x < 0.5, np.log(x), np.log1p(-xc))
    log_xc = np.where(xc < 0.5, np.log(xc), np.log1p(-x))
    sign = sp.gammasgn(a) * sp.gammasgn(b) * sp.gammasgn(a + b)
    direct = sign * np.exp(np.where(a == 0, 0.0, a * log_x) + np.where(b == 0, 0.0, b * log_xc) - log_beta(a, b))
    pole = ((a <= 0) & (a == np.rint(a))) | ((b <= 0) & (b == np.rint(b)))
    return np.where(large, near_mode, np.where(pole, 0.0, direct))


def bell(order: int, rates: Sequence[Array]) -> Array:
    """The n-th derivative of e^g divided by e^g, from the derivatives g′, g″, … (complete Bell polynomials)."""
    found = [np.ones_like(rates[0])] if order else [np.ones(1)]
    for m in range(order):
        found.append(sum(comb(m, i) * rates[i] * found[m - i] for i in range(m + 1)))
    return found[order]


# --- integrals ---------------------------------------------------------------------------------------------------

_PANEL = 4.0  # longest panel: integrands have singularities at a distance of π or more from the real line
_POINTS = 32  # of Gauss and Legendre in a panel
_CHUNK = 1 << 18
_LONGEST = 1e5  # of an integral that is worth its time: a longer one is nan


@functools.cache
def _rule(panels: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights of `panels` equal panels of the unit interval."""
    points, weights = map(np.asarray, sp.roots_legendre(_POINTS))  # not before: SciPy imports all linear algebra for it
    left = np.arange(panels)[:, None] / panels
    nodes = left + (points + 1) / (2 * panels)
    return nodes.ravel(), np.tile(weights / (2 * panels), panels)


def _groups(length: Array) -> Iterator[tuple[int, Array]]:
    """Elements by the number of panels they need, in chunks that take little memory."""
    finite = length <= _LONGEST
    panels = np.maximum(2, 2 ** np.ceil(np.log2(np.where(finite, length, 1.0) / _PANEL + 1e-300))).astype(np.int64)
    for count in np.unique(panels[finite]):
        members = np.flatnonzero(finite & (panels == count))
        size = max(1, _CHUNK // (int(count) * _POINTS))
        for first in range(0, len(members), size):
            yield int(count), members[first : first + size]


def integrate(integrand: Callable[..., Array], length: Array, *operands: Array) -> Array:
    """The integrals of ``integrand(s, *operands)`` over s from 0 to `length`; s has a second axis, of the nodes.

    Composite Gauss-Legendre quadrature: analytic integrands that drop by e^-45 or vary on a scale of 1.
    """
    total = np.full(length.shape, np.nan)
    for panels, members in _groups(length):
        nodes, weights = _rule(panels)
        extent = length[members, None]
        columns = [x[members, None] for x in operands]
        total[members] = (integrand(extent * nodes, *columns) * weights).sum(axis=1) * extent[:, 0]
    return total
