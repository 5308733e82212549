"""Python functions of `scipy.special` that work along axes, as compositions, and the periodic sinc function."""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np
import scipy.special as sp

from wengert.declaration import elementwise
from wengert.facts import flat
from wengert.rules.special_kernels import series
from wengert.value import Value

__all__ = ["PYTHON_FUNCTIONS"]


def _constant(x: Any) -> Any:
    """The value without its derivative: a shift that the result does not depend on."""
    return x.detach() if isinstance(x, Value) else x


# --- logsumexp -----------------------------------------------------------------------------------------------------


def _logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    a, b = _broadcast(a, 1.0 if b is None else b)
    if a.size == 0:
        nothing = np.sum(a, axis=axis, keepdims=keepdims) - np.inf
        return (nothing, np.sign(nothing)) if return_sign else nothing
    if np.iscomplexobj(a) or np.iscomplexobj(b):
        out, sign = _complex_logsumexp(a, b, axis, return_sign)
    else:
        out, sign = _real_logsumexp(a, b, axis)
        out = out if return_sign else np.where(sign < 0, np.nan, out)
    if not keepdims:
        out, sign = (None if x is None else np.squeeze(x, axis=axis) for x in (out, sign))
    return (out, sign) if return_sign else out


def _broadcast(a: Any, b: Any) -> tuple[Any, Any]:
    """Two floating point operands of one shape, of one axis at least."""
    a, b = (x if isinstance(x, (Value, int, float, complex)) else np.asarray(x)[()] for x in (a, b))
    shape = np.broadcast_shapes(np.shape(a), np.shape(b)) or (1,)
    dtype = np.result_type(a, b, np.float32)
    return np.broadcast_to(a, shape).astype(_real_if(a, dtype)), np.broadcast_to(b, shape).astype(_real_if(b, dtype))


def _real_if(x: Any, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype, without an imaginary part for what has none."""
    return dtype if np.iscomplexobj(x) or dtype.kind == "f" else np.finfo(dtype).dtype


def _shift(a: Any, b: Any, axis: Any) -> tuple[Any, Any]:
    """The largest real part of the terms that count, also where it is infinite, and what to subtract: no -inf."""
    largest = _constant(np.max(np.where(b == 0, -np.inf, np.real(a)), axis=axis, keepdims=True))
    return largest, np.where(largest == -np.inf, 0.0, largest)


def _terms(a: Any, b: Any, shift: Any) -> Any:
    """The terms b e^(a - shift): 1 where both are infinite, and 0 for a weight of 0 whatever a is."""
    is_infinite = (a == shift) & np.isinf(shift)
    powers = np.exp(np.where(is_infinite, 0.0, a) - np.where(is_infinite, 0.0, shift))
    return b * np.where((b == 0) & ~np.isfinite(powers), 0.0, powers)


def _real_logsumexp(a: Any, b: Any, axis: Any) -> tuple[Any, Any]:
    """log|Σ b eᵃ| and its sign; the largest terms are kept apart as in SciPy, for the precision of results near 0."""
    largest, shift = _shift(a, b, axis)
    terms = _terms(a, b, shift)
    is_largest = (a == largest) & (b != 0)
    first = np.sum(np.where(is_largest, terms, 0.0), axis=axis, keepdims=True)
    rest = np.sum(np.where(is_largest, 0.0, terms), axis=axis, keepdims=True)
    total = first + rest
    cancels = first == 0
    ratio = rest / np.where(cancels, 1.0, first)
    apart = np.log1p(np.where(ratio < -1, -ratio - 2, ratio)) + np.log(np.abs(np.where(cancels, 1.0, first)))
    is_empty = largest == -np.inf
    together = np.log(np.abs(np.where(cancels & ~is_empty, total, 1.0)))
    out = np.where(is_empty, -np.inf, np.where(cancels, together, apart) + shift)
    return out, np.sign(total)


def _complex_logsumexp(a: Any, b: Any, axis: Any, return_sign: bool) -> tuple[Any, Any]:
    largest, shift = _shift(a, b, axis)
    total = np.sum(_terms(a, b, shift), axis=axis, keepdims=True)
    is_empty = largest == -np.inf
    safe = np.where(is_empty, 1.0, total)
    if not return_sign:
        return np.where(is_empty, -np.inf, np.log(safe) + shift), None
    size = np.abs(safe)
    return np.where(is_empty, -np.inf, np.log(size) + shift), np.where(is_empty, 0.0, safe / size)


# --- softmax -------------------------------------------------------------------------------------------------------


def _softmax(x: Any, axis: Any = None) -> Any:
    powers = np.exp(x - _constant(np.max(x, axis=axis, keepdims=True)))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: Any = None) -> Any:
    largest = _constant(np.max(x, axis=axis, keepdims=True))
    shifted = x - np.where(np.isfinite(largest), largest, 0.0)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


# --- the periodic sinc function ------------------------------------------------------------------------------------

_COTANGENT = [-2 * float(sp.zeta(2.0 * k)) / pi ** (2 * k) for k in range(1, 18)]


def _cotangent_rest(w: Any) -> Any:
    """The difference cot w - 1/w for |w| ≤ 1."""
    return w * series(_COTANGENT, w * w)


def _diric_slope(y: Any, x: Any, n: Any) -> Any:
    """∂/∂x of sin(nx/2)/(n sin(x/2)): by its logarithm near a multiple of 2π, where it is 0."""
    offset = 0.5 * (np.remainder(x + pi, 2 * pi) - pi)
    near = np.abs(n * offset) < 1
    close = np.where(near, offset, 0.0)
    by_logarithm = 0.5 * y * (n * _cotangent_rest(n * close) - _cotangent_rest(close))
    half = 0.5 * np.where(near, pi, x)
    return np.where(near, by_logarithm, 0.5 * (np.cos(n * half) - y * np.cos(half)) / np.sin(half))


# fmt: off
diric = elementwise(lambda x, n: sp.diric(x, n)[()], [lambda y, x, n: _diric_slope(y, x, n), flat], name="diric", analytic=False,
                    at_kinks="0 at multiples of 2π; flat in n, a whole number", domain=((-9.0, 9.0), (3.0, 3.0)))
# fmt: on


def _diric(x: Any, n: Any) -> Any:
    return diric(x, n)


def _softplus(x: Any, **kwargs: Any) -> Any:
    return np.logaddexp(0, x, **kwargs)


#: Name in `scipy.special` → the function on values of any kind.
PYTHON_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "logsumexp": _logsumexp,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "softplus": _softplus,
    "diric": _diric,
}
