"""Sequences of samples: interpolation, convolution, and the Bessel function of window functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.declaration import composed, elementwise, structural
from wengert.facts import flat, transpose
from wengert.registry import functions, table
from wengert.rules.ordering import array, known, stable_order
from wengert.value import Value, bind

# --- convolution -----------------------------------------------------------------------------------------------


def _reversed(v: Any) -> Any:
    return np.flip(np.conjugate(v) if np.iscomplexobj(v) else v)


def _sequence_cotangent(ct: Any, v: Any, mode: str) -> Any:
    return table.convolve(ct, _reversed(v), mode="valid" if mode == "full" else "full")


def _kernel_cotangent(ct: Any, a: Any, mode: str) -> Any:
    if mode == "full":
        return table.convolve(ct, _reversed(a), mode="valid")
    return np.flip(table.convolve(np.conjugate(a) if np.iscomplexobj(a) else a, np.flip(ct), mode="valid"))


# fmt: off
# In the mode "valid" the first operand is not the shorter one.
convolve = structural("convolve", np.convolve, [transpose(lambda ct, a, v, *, mode: _sequence_cotangent(ct, v, mode)),
                                                transpose(lambda ct, a, v, *, mode: _kernel_cotangent(ct, a, mode))])
# fmt: on

_MODES = {0: "valid", 1: "same", 2: "full"}


def _checked_mode(function: Any, a: Any, v: Any, mode: Any) -> str:
    """The name of the mode; NumPy refuses what it does not accept."""
    if a.ndim != 1 or v.ndim != 1 or a.size == 0 or v.size == 0 or mode not in _MODES.values():
        function(np.ones(a.shape, a.dtype), np.ones(v.shape, v.dtype), mode)
    return str(_MODES.get(mode, mode))


def _convolved(a: Any, v: Any, mode: str, start: int) -> Any:
    """The convolution; for the mode "same" as much of the full one as the longer operand, from `start`."""
    if mode == "valid" and a.size < v.size:
        a, v = v, a
    if mode != "same":
        return bind(convolve, (a, v), {"mode": mode})
    return bind(convolve, (a, v), {"mode": "full"})[start : start + max(a.size, v.size)]


@composed(np.convolve)
def _convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    a, v = np.atleast_1d(array(a)), np.atleast_1d(array(v))
    return _convolved(a, v, _checked_mode(np.convolve, a, v, mode), (min(a.size, v.size) - 1) // 2)


@composed(np.correlate)
def _correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    a, v = array(a), array(v)
    mode = _checked_mode(np.correlate, a, v, mode)
    return _convolved(a, _reversed(v), mode, (v.size - 1) // 2 if a.size >= v.size else a.size // 2)


# --- interpolation ---------------------------------------------------------------------------------------------


def _as(x: Any, dtype: Any) -> Any:
    return x if x.dtype == dtype else x.astype(dtype)


def _check_points(x: Any, xp: Any, fp: Any, left: Any, right: Any) -> None:
    """Let NumPy refuse what it does not accept."""
    is_complex = any(np.iscomplexobj(z) for z in (x, xp, *([] if np.iscomplexobj(fp) else [left, right])))
    if is_complex or xp.ndim != 1 or xp.shape != fp.shape or xp.size == 0:
        np.interp(
            np.ones((), x.dtype), np.ones(xp.shape, xp.dtype), np.ones(fp.shape, fp.dtype),
            *(z.dtype.type(1).item() if isinstance(z, Value) else z for z in (left, right)),
        )  # fmt: skip


def _over_one_period(x: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    """Arguments within one period, and the points with a neighbour on each side."""
    if np.any(known(period) == 0):
        raise ValueError("period must be a non-zero value")
    if xp.ndim != 1 or fp.ndim != 1:
        raise ValueError("Data points must be 1-D sequences")
    if xp.shape[0] != fp.shape[0]:
        raise ValueError("fp and xp are not of the same length")
    period = np.abs(period)
    x, xp = np.mod(x, period), np.mod(xp, period)
    order = stable_order(xp)
    xp, fp = np.take(xp, order), np.take(fp, order)
    return x, np.concatenate([xp[-1:] - period, xp, xp[:1] + period]), np.concatenate([fp[-1:], fp, fp[:1]])


@composed(np.interp)
def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """The slope at a point is that on its right, at the last point that on its left; without points 0."""
    x, xp, fp = array(x), array(xp), array(fp)
    if period is None:
        _check_points(x, xp, fp, left, right)
    x, xp, fp = _as(x, np.float64), _as(xp, np.float64), _as(fp, np.complex128 if np.iscomplexobj(fp) else np.float64)
    if period is not None:
        left = right = None
        x, xp, fp = _over_one_period(x, xp, fp, period)
    y = _on_segments(x, xp, fp) if xp.size > 1 else fp[0]
    y = np.where(x > xp[-1], fp[-1] if right is None else right, y)
    return np.where(x < xp[0], fp[0] if left is None else left, y)


def _on_segments(x: Any, xp: Any, fp: Any) -> Any:
    """The interpolation on the segment that begins at the last point not after x."""
    segment = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, xp.size - 2)
    take = functions[np.take]  # which NumPy itself does not call for plain points at places that are values
    x1, x2, f1, f2 = (take(z, k) for z in (xp, fp) for k in (segment, segment + 1))
    with np.errstate(all="ignore"):
        slope = (f2 - f1) / (x2 - x1)
        y = f1 + slope * (x - x1)
    numbers = known(slope)
    if numbers is not None and np.all(np.isfinite(numbers)):
        return y
    # At a point between others that are not finite it is the value of the point, as NumPy has it.
    is_alone = ((x == x1) | (x == x2)) & ~np.isfinite(slope)
    return np.where(is_alone, np.where(x == x2, f2, f1), y)


# --- the Bessel function of the Kaiser window ------------------------------------------------------------------


def _bessel_i(n: Any, x: Any) -> Any:
    from scipy.special import iv  # heavy

    return iv(n, x)


# I_n' = (I_{n-1} + I_{n+1}) / 2 (Abramowitz and Stegun 1964, 9.6.26).
# fmt: off
bessel_i = elementwise(_bessel_i, [flat, lambda y, n, x: 0.5 * (table.bessel_i(n - 1, x) + table.bessel_i(n + 1, x))], name="bessel_i")
i0 = elementwise(np.i0, [lambda y, x: table.bessel_i(1, x)], analytic=False, at_kinks="smooth; NumPy has no complex version")
# fmt: on
