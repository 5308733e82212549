"""Elements taken, replaced and added to at places that may be computed, also in plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.errors import DtypeError, user_location
from wengert.registry import functions
from wengert.rules.gathering import added_at
from wengert.rules.structural import array_of

__all__ = ["gather", "index_add", "index_update"]


def gather(x: Any, index: Any) -> Any:
    """Take elements, as ``x[index]``, where `x` may be a plain array and the index a value.

    NumPy itself asks an index of a plain array for its number, which an index that is computed in a list has not.

    Parameters
    ----------
    x : array or value of any shape
    index : index
        As for `index_update`.

    Returns
    -------
    array or value
        ``x[index]``.

    Raises
    ------
    IndexError
        If an index is out of range, or of another dtype; for one that is computed in a list, when the list is run.
    TraceError
        While tracing, if a slice has a computed bound, or a mask is computed.

    Notes
    -----
    One read of the elements; the derivative adds to those elements alone.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> table = np.array([1.0, 4.0, 9.0])
    >>> lst = wg.trace(lambda k: wg.gather(table, k))(0)
    >>> float(lst(2))
    9.0
    """
    return functions[np.ndarray.__getitem__](array_of(x), index)


def index_update(x: Any, index: Any, new: Any) -> Any:
    """Make a copy of `x` in which the elements at `index` are `new`: y = x, then y[index] = new.

    Parameters
    ----------
    x : array or value of any shape
        Of any dtype; it stays as it is.
    index : index
        What stands in brackets: integers, slices, ``...``, ``None``, integer arrays, a mask, a tuple of them. Each may
        be a value, such as ``np.argmax(x)`` or a counter of a loop that is traced.
    new : array or value
        Of a shape that broadcasts to that of ``x[index]``. Of several elements for one place the last stays.

    Returns
    -------
    array or value
        Of the shape and dtype of `x`. Its derivative with respect to `x` is 0 at the places that were replaced, and
        exactly 0 with respect to an element of `new` that another one replaced.

    Raises
    ------
    IndexError
        If an index is out of range, or of another dtype; for one that is computed in a list, when the list is run.
    ValueError
        If the shapes do not fit.
    TypeError
        If `new` is complex and `x` is not.
    TraceError
        While tracing, if a slice has a computed bound, or if a mask is computed and `new` is not one element, or one
        part, for all places that it selects.

    Notes
    -----
    One copy of `x`. Negative indices count from the end. A computed index is an operand of the statement, so that a
    list that was traced is right for other indices.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> print(wg.trace(lambda x: wg.index_update(x, np.argmax(x), 0.0))(np.ones(3)))
    list <lambda>(x: f64[3]) -> v2
      v1 = argmax(x, keepdims=False)    i64[]     <...
      v2 = x with [v1] = 0.0            f64[3]    <...
    >>> wg.index_update(np.arange(4.0), slice(1, 3), 9.0)
    array([0., 9., 9., 3.])
    """
    x = array_of(x)
    y = functions[np.ndarray.__setitem__](x, index, array_of(new))
    if y is x:
        return np.copy(x)  # `new` is the part of x already
    return y if y.dtype == x.dtype else y.astype(x.dtype)


def index_add(x: Any, index: Any, values: Any) -> Any:
    """Make a copy of `x` in which `values` are added at `index`: y = x, then np.add.at(y, index, values).

    Parameters
    ----------
    x : array or value of any shape
        Of any dtype; it stays as it is.
    index : index
        As for `index_update`.
    values : array or value
        Of a shape that broadcasts to that of ``x[index]``. A place that is named several times receives every one.

    Returns
    -------
    array or value
        Of the shape and dtype of `x`. It is linear in x and values; the cotangent of `values` is that of the result at
        `index`.

    Raises
    ------
    IndexError
        If an index is out of range, or of another dtype; for one that is computed in a list, when the list is run.
    ValueError
        If the shapes do not fit.
    DtypeError
        If the dtype of `values` cannot be cast to that of `x` without loss of kind, as floats to integers.
    TraceError
        As for `index_update`.

    Notes
    -----
    One copy of `x`, one addition for each element that the index names.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> wg.index_add(np.zeros(3), [0, 2, 0], [1.0, 2.0, 3.0])
    array([4., 0., 2.])
    >>> wg.grad(lambda v: np.sum(wg.index_add(np.zeros(3), [0, 2, 0], v) ** 2))(np.array([1.0, 2.0, 3.0]))
    array([8., 4., 8.])
    """
    x, values = array_of(x), array_of(values)
    if not np.can_cast(values.dtype, x.dtype, "same_kind"):
        raise DtypeError(
            f"index_add was given values of dtype {values.dtype} for an array of dtype {x.dtype}.",
            why="The result has the dtype of the array.",
            remedy=f"Convert one of them: x.astype({values.dtype}), or values.astype({x.dtype}).",
            where=user_location(),
        )
    y = added_at(x, index, values)
    return y if y.dtype == x.dtype else y.astype(x.dtype)
