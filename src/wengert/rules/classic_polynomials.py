"""NumPy's first functions of polynomials (``np.polyval`` and its kin): coefficients of the highest power come first."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.exceptions import RankWarning

from wengert.declaration import composed
from wengert.rules.ordering import concrete, known
from wengert.rules.structural import array_of, nested


def _coefficients(p: Any) -> Any:
    """The coefficients of a polynomial that is given by them, or as a `numpy.poly1d`."""
    return p.coeffs if isinstance(p, np.poly1d) else np.atleast_1d(nested(p))


def _like(value: Any, *polynomials: Any) -> Any:
    """A `numpy.poly1d` where one of the operands was one."""
    return np.poly1d(value) if any(isinstance(p, np.poly1d) for p in polynomials) else value


@composed(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    p = p.coeffs if isinstance(p, np.poly1d) else array_of(p)
    if isinstance(x, np.poly1d):
        y: Any = 0
    else:
        x = array_of(x)
        y = np.zeros(x.shape, x.dtype)
    for coefficient in p:
        y = y * x + coefficient
    return y


def _sum_of(function: Callable[..., Any]) -> Callable[..., Any]:
    def handler(a1: Any, a2: Any) -> Any:
        first, second = _coefficients(a1), _coefficients(a2)
        length = max(len(first), len(second))
        return _like(function(_led_by_zeros(first, length), _led_by_zeros(second, length)), a1, a2)

    return handler


def _led_by_zeros(p: Any, length: int) -> Any:
    return p if len(p) == length else np.concatenate((np.zeros(length - len(p), p.dtype), p))


composed(np.polyadd)(_sum_of(np.add))
composed(np.polysub)(_sum_of(np.subtract))


@composed(np.polymul)
def _polymul(a1: Any, a2: Any) -> Any:
    return _like(np.convolve(_trimmed(_coefficients(a1)), _trimmed(_coefficients(a2))), a1, a2)


def _trimmed(p: Any) -> Any:
    """The coefficients from the first that is not zero; all of a traced polynomial, whose numbers are not known."""
    numbers = known(p)
    if numbers is None:
        return p
    nonzero = np.flatnonzero(numbers)
    return p[nonzero[0] :] if nonzero.size else np.zeros(1, p.dtype)


@composed(np.polydiv)
def _polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    dividend, divisor = _coefficients(u) + 0.0, _coefficients(v) + 0.0
    dtype = np.result_type(dividend, divisor)
    dividend = dividend.astype(dtype)
    n, steps = len(divisor), max(len(dividend) - len(divisor) + 1, 0)
    scale = 1.0 / divisor[0]
    window, quotient, remainder = dividend[:n], [], []
    for k in range(steps):
        factor = scale * window[:1]
        quotient.append(factor)
        rest = window - factor * divisor
        remainder.append(rest[:1])
        window = np.concatenate((rest[1:], dividend[k + n : k + n + 1]))
    q = np.concatenate(quotient) if steps else np.zeros(1, dtype)
    r = np.concatenate([*remainder, window])
    r = r[min(_leading_zeros(r, steps), len(r) - 1) :]
    return _like(q, u, v), _like(r, u, v)


def _leading_zeros(r: Any, steps: int) -> int:
    """How many coefficients of a remainder are zero up to rounding; those of a traced one, after `steps` of division."""
    numbers = known(r)
    if numbers is None:
        return steps
    count = 0
    while count < len(numbers) and np.allclose(numbers[count], 0, rtol=1e-14):
        count += 1
    return count


@composed(np.polyder)
def _polyder(p: Any, m: int = 1) -> Any:
    if int(m) < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    derivative = p.coeffs if isinstance(p, np.poly1d) else p
    for _ in range(int(m)):
        derivative = derivative[:-1] * np.arange(len(derivative) - 1, 0, -1)
    return _like(derivative, p)


@composed(np.polyint)
def _polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    m = int(m)
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    constants = np.zeros(m) if k is None else np.atleast_1d(nested(k))
    if len(constants) == 1 and m > 1:
        constants = constants[0] * np.ones(m)
    if len(constants) < m:
        raise ValueError("k must be a scalar or a rank-1 array of length 1 or >m.")
    integral = p.coeffs if isinstance(p, np.poly1d) else p
    for i in range(m):
        integral = np.concatenate((integral / np.arange(len(integral), 0, -1), constants[i : i + 1]))
    return _like(integral, p)


# --- zeros -----------------------------------------------------------------------------------------------------


@composed(np.poly)
def _poly(seq_of_zeros: Any) -> Any:
    zeros = np.atleast_1d(seq_of_zeros)
    if zeros.ndim == 2 and zeros.shape[0] == zeros.shape[1] != 0:
        zeros = np.linalg.eigvals(zeros)
    elif zeros.ndim != 1:
        raise ValueError("input must be 1d or non-empty square 2d array.")
    elif zeros.dtype.kind not in "fc":
        zeros = zeros.astype(float)
    if len(zeros) == 0:
        return 1.0
    a = np.ones(1, zeros.dtype)
    nothing = np.zeros(1, zeros.dtype)
    for zero in zeros:
        a = np.concatenate((a, nothing)) - np.concatenate((nothing, a * zero))
    return np.real(a) if zeros.dtype.kind == "c" and _is_real(zeros) else a


def _is_real(zeros: Any) -> bool:
    """Whether complex zeros come in conjugate pairs, so that NumPy takes the polynomial for a real one."""
    numbers = concrete(zeros, np.poly, "Whether its result is complex")
    return bool(np.all(np.sort(numbers) == np.sort(numbers.conj())))


@composed(np.roots)
def _roots(p: Any) -> Any:
    p = np.atleast_1d(p)
    if p.ndim != 1:
        raise ValueError("Input must be a rank-1 array.")
    nonzero = np.flatnonzero(concrete(p, np.roots, "The number of roots"))
    if not nonzero.size:
        return np.array([])
    zeros_at_0 = len(p) - int(nonzero[-1]) - 1
    p = p[int(nonzero[0]) : int(nonzero[-1]) + 1]
    if p.dtype.kind not in "fc":
        p = p.astype(float)
    if len(p) == 1:
        return np.zeros(zeros_at_0)
    shifted = np.eye(len(p) - 1, k=-1, dtype=p.dtype)
    companion = np.concatenate(((-p[1:] / p[0])[None], shifted[1:]))
    roots = np.linalg.eigvals(companion)
    return np.concatenate((roots, np.zeros(zeros_at_0, roots.dtype)))


# --- least squares ---------------------------------------------------------------------------------------------


@composed(np.polyfit)
def _polyfit(
    x: Any, y: Any, deg: Any, rcond: float | None = None, full: bool = False, w: Any = None, cov: Any = False
) -> Any:
    order = int(deg) + 1
    x, y = array_of(x) + 0.0, array_of(y) + 0.0
    _check_data(x, y, deg)
    if rcond is None:
        rcond = len(x) * float(np.finfo(x.dtype).eps)
    rows, rhs = np.vander(x, order), y
    if w is not None:
        w = array_of(w) + 0.0
        _check_weights(w, y)
        rows = rows * w[:, None]
        rhs = rhs * (w[:, None] if rhs.ndim == 2 else w)
    scale = np.sqrt((rows * rows).sum(axis=0))
    rows = rows / scale
    c, residuals, rank, singular_values = np.linalg.lstsq(rows, rhs, rcond)
    c = c / (scale[:, None] if c.ndim == 2 else scale)
    if full:
        return c, residuals, rank, singular_values, rcond
    if known(rank) not in (None, order):
        warnings.warn("Polyfit may be poorly conditioned", RankWarning, stacklevel=3)
    return (c, _covariance(rows, scale, residuals, y, cov)) if cov else c


def _covariance(rows: Any, scale: Any, residuals: Any, y: Any, cov: Any) -> Any:
    """The inverse of the normal matrix, times the mean square of the residuals unless it is to be unscaled."""
    base = np.linalg.inv(rows.T @ rows) / np.outer(scale, scale)
    count, order = rows.shape
    if isinstance(cov, str) and cov == "unscaled":
        factor = 1
    elif count <= order:
        raise ValueError("the number of data points must exceed order to scale the covariance matrix")
    else:
        factor = residuals / (count - order)
    return base * factor if y.ndim == 1 else base[:, :, None] * factor


def _check_data(x: Any, y: Any, deg: Any) -> None:
    if deg < 0:
        raise ValueError("expected deg >= 0")
    if x.ndim != 1:
        raise TypeError("expected 1D vector for x")
    if x.size == 0:
        raise TypeError("expected non-empty vector for x")
    if y.ndim < 1 or y.ndim > 2:
        raise TypeError("expected 1D or 2D array for y")
    if x.shape[0] != y.shape[0]:
        raise TypeError("expected x and y to have same length")


def _check_weights(w: Any, y: Any) -> None:
    if w.ndim != 1:
        raise TypeError("expected a 1-d array for weights")
    if w.shape[0] != y.shape[0]:
        raise TypeError("expected w and y to have the same length")
