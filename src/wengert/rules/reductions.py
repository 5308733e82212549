"""Functions that reduce axes.

A reduction's partial ∂y/∂x has the operand's shape; y arrives with its reduced axes of length 1.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from wengert.declaration import composed, elementwise, normalized_axes, reduction, refuse
from wengert.derivation import expand, spread
from wengert.errors import Location, user_location
from wengert.facts import flat, transpose
from wengert.registry import functions
from wengert.rules.ordering import array, known

__all__ = ["extreme", "root", "warn_if"]

_NO_VALUE: Any = np._NoValue  # what NumPy tells from None


def _products_of_others(x: Any) -> Any:
    """For each element along axis 0 the product of all others, by a tree of products: O(n), right at zeros."""
    n = x.shape[0]
    if n == 1:
        return np.ones_like(x)
    even, odd = x[0 : n - n % 2 : 2], x[1::2]
    pairs = even * odd
    if n % 2:
        pairs = np.concatenate([pairs, x[n - 1 :]])
    others = _products_of_others(pairs)
    inner = others[: n // 2]
    interleaved = np.stack([inner * odd, inner * even], axis=1).reshape((n - n % 2, *x.shape[1:]))
    return np.concatenate([interleaved, others[n // 2 :]]) if n % 2 else interleaved


def _prod_partial(x: Any, axis: tuple[int, ...]) -> Any:
    if x.size == 0 or not axis:
        return np.ones_like(x)
    kept = [k for k in range(x.ndim) if k not in axis]
    order = [*axis, *kept]
    front = np.transpose(x, order)
    others = _products_of_others(front.reshape((-1, *(x.shape[k] for k in kept)))).reshape(front.shape)
    return np.transpose(others, tuple(int(k) for k in np.argsort(order)))


def _ties(y: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """1/k for each of the k elements that attain the extremum, 0 elsewhere."""
    attained = np.equal(x, y)
    return attained / np.sum(attained, axis=axis, keepdims=True)


def _mean_of(x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    count = math.prod([x.shape[k] for k in axis])
    if count == 0 or x.dtype == np.float16:  # with a warning, and in single precision on the way
        return np.mean(x, axis=axis, keepdims=keepdims)
    total: Any = np.add.reduce(x, axis=axis, keepdims=keepdims)  # type: ignore[call-overload]  # a bool, not literal
    return total / count


def _spread_mean(ct: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    share = ct / math.prod([x.shape[k] for k in axis])
    return spread(expand(share, x, axis, keepdims), x.shape)


def _half_over(y: Any) -> Any:
    is_zero = np.equal(y, 0)
    return np.where(is_zero, 0, 0.5 / np.where(is_zero, 1, y))


def _ties_of_numbers(y: Any, x: Any, axis: tuple[int, ...]) -> Any:
    """As `_ties`, for an extremum that leaves out nan: where there is nothing else, no element attains it."""
    attained = np.equal(x, y)
    return attained / np.maximum(np.sum(attained, axis=axis, keepdims=True), 1)


_TIES = "shared evenly among ties"
_IGNORING = "shared evenly among ties; 0 for nan"

# fmt: off
sum_ = reduction(np.sum, 1, ufunc=np.add, identity=0, alias="Sum")
prod = reduction(np.prod, lambda y, x, *, axis, keepdims: _prod_partial(x, axis), ufunc=np.multiply, identity=1,
                 at_kinks="exact with zeros among the factors")
max_ = reduction(np.max, lambda y, x, *, axis, keepdims: _ties(y, x, axis), ufunc=np.maximum,
                 selects=True, analytic=False, at_kinks=_TIES, alias="Max")
min_ = reduction(np.min, lambda y, x, *, axis, keepdims: _ties(y, x, axis), ufunc=np.minimum,
                 selects=True, analytic=False, at_kinks=_TIES, alias="Min")
nanmax = reduction(np.nanmax, lambda y, x, *, axis, keepdims: _ties_of_numbers(y, x, axis), compute=np.fmax.reduce,
                   selects=True, analytic=False, at_kinks=_IGNORING)
nanmin = reduction(np.nanmin, lambda y, x, *, axis, keepdims: _ties_of_numbers(y, x, axis), compute=np.fmin.reduce,
                   selects=True, analytic=False, at_kinks=_IGNORING)
mean = reduction(np.mean, transpose(lambda ct, x, *, axis, keepdims: _spread_mean(ct, x, axis, keepdims)), compute=_mean_of, alias="Mean")
all_ = reduction(np.all, flat, ufunc=np.logical_and, identity=True)
any_ = reduction(np.any, flat, ufunc=np.logical_or, identity=False)
count_nonzero = reduction(np.count_nonzero, flat)
root = elementwise(lambda x: np.sqrt(x), [lambda y, x: _half_over(y)], name="root", at_kinks="0 at 0, to every order: the root of a variance",
                   domain=((0.3, 3.0),))
# fmt: on


# --- extrema and truth, with NumPy's parameters ----------------------------------------------------------------


def extreme(dtype: np.dtype[Any], *, largest: bool) -> Any:
    """The largest or the smallest number of a dtype."""
    if dtype.kind in "fc":
        return np.inf if largest else -np.inf
    if dtype.kind == "b":
        return largest
    return np.iinfo(dtype).max if largest else np.iinfo(dtype).min


def _extremum(function: Callable[..., Any], ufunc: np.ufunc) -> None:
    plain = functions[function]
    is_least = ufunc in (np.minimum, np.fmin)

    def handler(
        a: Any, axis: Any = None, out: None = None, keepdims: Any = False, initial: Any = _NO_VALUE,
        where: Any = True,
    ) -> Any:  # fmt: skip
        refuse(function, out=out)
        if initial is _NO_VALUE:
            if where is not True:
                raise ValueError(
                    f"reduction operation '{ufunc.__name__}' does not have an identity, so to use a where mask one "
                    "has to specify 'initial'"
                )
            return plain(a, axis=axis, keepdims=keepdims)
        a = array(a)
        beyond = extreme(a.dtype, largest=is_least)  # the initial value wins over it: it is no tie
        if where is not True:
            a = np.where(where, a, beyond)
        is_empty = any(a.shape[k] == 0 for k in normalized_axes(axis, a.ndim))
        y = np.sum(a, axis, keepdims=keepdims) + beyond if is_empty else plain(a, axis=axis, keepdims=keepdims)
        return ufunc(y, initial)

    def reduce_handler(a: Any, axis: Any = 0, dtype: Any = None, out: None = None, *args: Any, **kwargs: Any) -> Any:
        return handler(a if dtype is None else a.astype(dtype), axis, out, *args, **kwargs)

    functions[function] = handler
    if ufunc in (np.maximum, np.minimum):  # the methods of the others are folds
        functions[ufunc.reduce] = reduce_handler


for _function, _ufunc in ((np.max, np.maximum), (np.min, np.minimum), (np.nanmax, np.fmax), (np.nanmin, np.fmin)):
    _extremum(_function, _ufunc)
functions[np.amax], functions[np.amin] = functions[np.max], functions[np.min]


def _truth(function: Callable[..., Any]) -> None:
    plain = functions[function]

    def handler(a: Any, axis: Any = None, out: None = None, keepdims: Any = False, *, where: Any = True) -> Any:
        refuse(function, out=out)
        return plain(a, axis=axis, keepdims=keepdims, where=where)

    functions[function] = handler


_truth(np.all)
_truth(np.any)


# --- means and variances ---------------------------------------------------------------------------------------

_plain_mean = functions[np.mean]


def warn_if(condition: Any, message: str) -> None:
    """Warn as NumPy does where a condition holds; while tracing it is not known whether it does."""
    if condition is False:
        return
    numbers = known(condition)
    if numbers is not None and np.any(numbers):
        where = user_location() or Location(__file__, 0)
        warnings.warn_explicit(message, RuntimeWarning, where.file, where.line)


def _count(a: Any, axes: tuple[int, ...], where: Any, keepdims: bool) -> Any:
    """How many elements each result is taken of."""
    if where is True:
        return math.prod(a.shape[k] for k in axes)
    dtype = a.real.dtype if a.dtype.kind in "fc" else float
    return np.sum(np.broadcast_to(where, a.shape), axis=axes, keepdims=keepdims, dtype=dtype)


@composed(np.mean)
def _mean(
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False, *, where: Any = True
) -> Any:
    if where is True:
        return _plain_mean(a, axis, dtype, out, keepdims)
    refuse(np.mean, out=out)
    if a.dtype == np.float16 and dtype is None:
        return np.mean(a.astype(np.float32), axis, keepdims=keepdims, where=where).astype(np.float16)
    count = _count(a, normalized_axes(axis, a.ndim), where, bool(keepdims))
    warn_if(count == 0, "Mean of empty slice")
    return np.sum(a, axis=axis, dtype=dtype, keepdims=keepdims, where=where) / count


@composed(np.var)
def _var(  # noqa: PLR0913  # NumPy's parameters
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False, *,
    where: Any = True, mean: Any = None, correction: float | None = None,
) -> Any:  # fmt: skip
    refuse(np.var, out=out)
    ddof = corrected(ddof, correction)
    axes = normalized_axes(axis, a.ndim)
    count = _count(a, axes, where, keepdims)
    warn_if(ddof >= count, "Degrees of freedom <= 0 for slice")
    if mean is None:
        mean = _plain_mean(a, axes, dtype, None, True) if where is True and count else _ratio(a, axes, dtype, where)
    deviation = a - mean
    is_complex = np.iscomplexobj(deviation)
    square = np.real(deviation) ** 2 + np.imag(deviation) ** 2 if is_complex else deviation * deviation
    freedom = max(count - ddof, 0) if where is True else np.maximum(count - ddof, 0)
    return np.sum(square, axis=axes, dtype=dtype, keepdims=keepdims, where=where) / freedom


def corrected(ddof: float, correction: Any) -> Any:
    """The degrees of freedom that are subtracted, by whichever name they were given."""
    if correction is None or correction is _NO_VALUE:
        return ddof
    if ddof != 0:
        raise ValueError("ddof and correction can't be provided simultaneously.")
    return correction


def _ratio(a: Any, axes: tuple[int, ...], dtype: Any, where: Any) -> Any:
    """The mean with its axes, without the warning about slices of nothing, which is the variance's to give."""
    return np.sum(a, axis=axes, dtype=dtype, keepdims=True, where=where) / _count(a, axes, where, keepdims=True)


@composed(np.std)
def _std(  # NumPy's parameters
    a: Any, axis: Any = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False,
    **options: Any,
) -> Any:  # fmt: skip
    refuse(np.std, out=out)
    return root(_var(a, axis, dtype, None, ddof, keepdims, **options))


@composed(np.ptp)
def _ptp(a: Any, axis: Any = None, out: None = None, keepdims: bool = False) -> Any:
    refuse(np.ptp, out=out)
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)
