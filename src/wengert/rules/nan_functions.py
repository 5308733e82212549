"""Functions that leave out or replace what is not a number: such an element has the derivative 0.

Compositions that put a number in its place by `np.where`, which selects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.declaration import composed, normalized_axes, refuse
from wengert.registry import functions
from wengert.rules.ordering import concrete
from wengert.rules.reductions import corrected, root, warn_if
from wengert.value import Value


def _has_nan(a: Any) -> bool:
    """Whether the dtype has nan at all."""
    return a.dtype.kind in "fc"


def _replaced(a: Any, number: float) -> Any:
    return np.where(np.isnan(a), number, a) if _has_nan(a) else a


def _with_nan_replaced(function: Callable[..., Any], by: float, plain: Callable[..., Any]) -> None:
    """NumPy's `function` is `plain` of the array with `by` in the place of nan."""

    def handler(a: Any, *args: Any, **options: Any) -> Any:
        return plain(_replaced(a, by), *args, **options)

    functions[function] = handler


_with_nan_replaced(np.nansum, 0, np.sum)
_with_nan_replaced(np.nanprod, 1, np.prod)
_with_nan_replaced(np.nancumsum, 0, np.cumsum)
_with_nan_replaced(np.nancumprod, 1, np.cumprod)


def _all_nan_warned(function: Callable[..., Any]) -> None:
    plain = functions[function]

    def handler(a: Any, *args: Any, **options: Any) -> Any:
        y = plain(a, *args, **options)
        if _has_nan(a):
            warn_if(np.isnan(y), "All-NaN slice encountered")
        return y

    functions[function] = handler


_all_nan_warned(np.nanmax)
_all_nan_warned(np.nanmin)


# --- means and variances ---------------------------------------------------------------------------------------


def _check_inexact(a: Any, dtype: Any) -> None:
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise TypeError("If a is inexact, then dtype must be inexact")


def _divided(total: Any, count: Any) -> Any:
    """The quotient, and nan without a derivative where there is nothing to divide by."""
    is_nothing = count <= 0
    return np.where(is_nothing, np.nan, total / np.where(is_nothing, 1, count).astype(total.real.dtype))


def _numbers_in(a: Any, axes: tuple[int, ...], where: Any, keepdims: bool) -> Any:
    return np.sum(~np.isnan(a), axis=axes, dtype=np.intp, keepdims=keepdims, where=where)


@composed(np.nanmean)
def _nanmean(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False, *, where: Any = True
) -> Any:
    refuse(np.nanmean, out=out)
    if not _has_nan(a):
        return np.mean(a, axis, dtype, keepdims=keepdims, where=where)
    _check_inexact(a, dtype)
    axes = normalized_axes(axis, a.ndim)
    count = _numbers_in(a, axes, where, keepdims)
    warn_if(count == 0, "Mean of empty slice")
    return _divided(np.nansum(a, axis=axes, dtype=dtype, keepdims=keepdims, where=where), count)


@composed(np.nanvar)
def _nanvar(  # noqa: PLR0913  # NumPy's parameters
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False, *,
    where: Any = True, mean: Any = None, correction: float | None = None,
) -> Any:  # fmt: skip
    refuse(np.nanvar, out=out)
    if not _has_nan(a):
        return functions[np.var](a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction)
    _check_inexact(a, dtype)
    ddof, axes = corrected(ddof, correction), normalized_axes(axis, a.ndim)
    if mean is None:
        total = np.nansum(a, axis=axes, dtype=dtype, keepdims=True, where=where)
        mean = _divided(total, _numbers_in(a, axes, where, keepdims=True))
    deviation = np.where(np.isnan(a), 0, a - mean)
    is_complex = np.iscomplexobj(deviation)
    square = np.real(deviation) ** 2 + np.imag(deviation) ** 2 if is_complex else deviation * deviation
    freedom = _numbers_in(a, axes, where, keepdims) - ddof
    warn_if(freedom <= 0, "Degrees of freedom <= 0 for slice.")
    return _divided(np.sum(square, axis=axes, dtype=dtype, keepdims=keepdims, where=where), freedom)


@composed(np.nanstd)
def _nanstd(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False,
    **options: Any,
) -> Any:  # fmt: skip
    refuse(np.nanstd, out=out)
    return root(_nanvar(a, axis, dtype, None, ddof, keepdims, **options))


# --- numbers in the place of what is none ----------------------------------------------------------------------


@composed(np.nan_to_num)
def _nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    if not isinstance(x, Value):
        x = np.asarray(x)
    if not _has_nan(x):
        return +x if copy else x
    limits = np.finfo(x.dtype)
    high = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    if np.iscomplexobj(x):
        y = _finite(np.real(x), nan, high, low) + 1j * _finite(np.imag(x), nan, high, low)
    else:
        y = _finite(x, nan, high, low)
    if copy or x.ndim == 0:
        return y
    x[...] = y
    return x


def _finite(x: Any, nan: Any, high: Any, low: Any) -> Any:
    found = np.where(np.isnan(x), nan, np.where(x == np.inf, high, np.where(x == -np.inf, low, x)))
    return found if found.dtype == x.dtype else found.astype(x.dtype)


@composed(np.real_if_close)
def _real_if_close(a: Any, tol: float = 100) -> Any:
    if not np.iscomplexobj(a):
        return a
    numbers = concrete(a, np.real_if_close, "Whether its result is complex")
    return np.real(a) if np.isrealobj(np.real_if_close(numbers, tol)) else a
