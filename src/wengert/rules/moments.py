"""Weighted means, covariances and correlations: compositions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from wengert.declaration import composed
from wengert.rules.ordering import array, known
from wengert.rules.reductions import warn_if


@composed(np.average)
def _average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    a = array(a)
    if weights is None:
        mean = np.mean(a, axis=axis, keepdims=keepdims)
        return (mean, np.full(mean.shape, a.size / mean.size, mean.dtype)[()]) if returned else mean
    weights = laid_along(array(weights), axis, a.shape)
    dtype = np.result_type(a.dtype, weights.dtype, *(["f8"] if a.dtype.kind in "biu" else []))
    total = np.sum(weights, axis=axis, dtype=dtype, keepdims=keepdims)
    if np.any(known(total) == 0):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    mean = np.sum(a * weights, axis=axis, dtype=dtype, keepdims=keepdims) / total
    return (mean, np.broadcast_to(total, mean.shape).astype(dtype)) if returned else mean


def laid_along(weights: Any, axis: Any, shape: tuple[int, ...]) -> Any:
    """Weights of the axes `axis` alone, laid along these axes of an array of `shape`."""
    if weights.shape == shape:
        return weights
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = normalize_axis_tuple(axis, len(shape), argname="axis")
    if weights.shape != tuple(shape[k] for k in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    in_order = np.transpose(weights, sorted(range(len(axes)), key=axes.__getitem__))
    return np.reshape(in_order, tuple(n if k in axes else 1 for k, n in enumerate(shape)))


# --- covariances -----------------------------------------------------------------------------------------------


def _variables(m: Any, name: str, dtype: Any, is_row: bool) -> Any:
    """Observations as a matrix with a row for each variable."""
    if m.ndim > 2:
        raise ValueError(f"{name} has more than 2 dimensions")
    rows = np.atleast_2d(m.astype(dtype))
    return rows if is_row else rows.T


def _check_weights(weights: Any, name: str, count: int) -> Any:
    weights = array(weights).astype(float)
    if weights.ndim > 1:
        raise RuntimeError(f"cannot handle multidimensional {name}")
    if weights.shape[0] != count:
        raise RuntimeError(f"incompatible numbers of samples and {name}")
    numbers = known(weights)
    if name == "fweights" and numbers is not None and not np.all(numbers == np.around(numbers)):
        raise TypeError("fweights must be integer")
    if numbers is not None and np.any(numbers < 0):
        raise ValueError(f"{name} cannot be negative")
    return weights


def _joint_weights(fweights: Any, aweights: Any) -> Any:
    if fweights is None or aweights is None:
        return aweights if fweights is None else fweights
    return fweights * aweights


def _freedom(count: int, ddof: int, weights: Any, aweights: Any) -> Any:
    """By what the sum of squares is divided."""
    if weights is None:
        return float(count - ddof)
    total = np.sum(weights)
    if ddof == 0 or aweights is None:
        return total - ddof
    return total - ddof * np.sum(weights * aweights) / total


@composed(np.cov)
def _cov(  # noqa: PLR0913  # NumPy's parameters
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None, fweights: Any = None,
    aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    m, y = array(m), None if y is None else array(y)
    if dtype is None:
        dtype = np.result_type(*(x.dtype for x in (m, y) if x is not None), np.float64)
    rows = _variables(m, "m", dtype, rowvar or m.ndim == 1)
    if rows.shape[0] == 0:
        return np.zeros((0, 0))
    if y is not None:
        rows = np.concatenate([rows, _variables(y, "y", dtype, rowvar or np.atleast_2d(y).shape[0] == 1)])
    count = rows.shape[1]
    fweights, aweights = (
        None if w is None else _check_weights(w, name, count)
        for w, name in ((fweights, "fweights"), (aweights, "aweights"))
    )
    weights = _joint_weights(fweights, aweights)
    freedom = _freedom(count, (0 if bias else 1) if ddof is None else int(ddof), weights, aweights)
    warn_if(array(freedom) <= 0, "Degrees of freedom <= 0 for slice")
    deviation = rows - np.average(rows, axis=1, weights=weights)[:, None]
    weighted = deviation if weights is None else deviation * weights
    products = deviation @ np.conj(weighted.T)
    return np.squeeze(products * (1 / np.maximum(freedom, 0.0)).astype(products.real.dtype))


@composed(np.corrcoef)
def _corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    covariance = _cov(x, y, rowvar, dtype=dtype)
    if covariance.ndim == 0:
        return covariance / covariance
    deviation = np.sqrt(np.real(np.diagonal(covariance)))
    correlation = covariance / deviation[:, None] / deviation[None, :]
    if np.iscomplexobj(correlation):
        return _within_one(np.real(correlation)) + 1j * _within_one(np.imag(correlation))
    return _within_one(correlation)


def _within_one(x: Any) -> Any:
    """A number that only rounding can bring out of [-1, 1] brought back, without a kink in its derivative."""
    return x + _constant(np.clip(x, -1, 1) - x)


def _constant(x: Any) -> Any:
    return x.detach() if hasattr(x, "detach") else x
