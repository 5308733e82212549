"""Jacobians and Hessians: all partial derivatives, by passes of forward or reverse mode."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from wengert.api import grad, named, push_once
from wengert.arguments import is_listed, of_selected, primal, zeros_like
from wengert.containers import flatten, function_name
from wengert.errors import ArgumentError, DegenerateError, NoRuleError, TraceError, user_location
from wengert.pullbacks import Pullback, pullback_of

__all__ = ["hessian", "jacobian"]

Function = Callable[..., Any]
Mode = Literal["auto", "forward", "reverse"]

_AT_ONCE = 128  # directions in one pass: more take memory and no less time


def jacobian(f: Function, argnums: int | Sequence[int] = 0, mode: Mode = "auto") -> Function:
    """Make the function that gives all partial derivatives of a function of arrays.

    Parameters
    ----------
    f : callable
        Arrays or containers of arrays to arrays or containers of arrays; n numbers in, m numbers out.
    argnums : int or sequence of int
        The positional arguments to differentiate for.
    mode : {"auto", "forward", "reverse"}
        n passes of forward mode, or m of reverse mode; "auto" takes forward if n ≤ m.

    Returns
    -------
    callable
        Called like `f`; returns for each result of shape s and argument of shape r an array of shape s + r, in
        the structure of the result, and in each of its places that of the argument.

    Raises
    ------
    ArgumentError
        For an unknown mode.
    DtypeError
        If a selected argument is an integer.

    Notes
    -----
    Forward: n evaluations of f with tangents, 128 of them at once in batches (`vmap`). Reverse: one evaluation and m
    sweeps, likewise. What has no rule for batches is repeated for each direction.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> wg.jacobian(lambda x: np.array([1., 2.]) * x)(np.array([3., 4.]))
    array([[1., 0.],
           [0., 2.]])
    """
    if mode not in ("auto", "forward", "reverse"):
        raise ArgumentError(
            f"jacobian got mode={mode!r}.", remedy='Use "auto", "forward" or "reverse".', where=user_location()
        )

    return _all_partials("jacobian", f, argnums, mode)


def _all_partials(transform: str, f: Function, argnums: int | Sequence[int], mode: Mode) -> Function:
    @functools.wraps(f, updated=())
    def jacobian_of_f(*args: Any, **kwargs: Any) -> Any:
        selected, primals = of_selected(f, argnums, args, kwargs)
        rows, rebuild = _jacobian(transform, selected, primals, mode)
        return rebuild(rows if isinstance(argnums, Iterable) else [row[0] for row in rows])

    return named(jacobian_of_f, transform)


def _jacobian(
    transform: str, f: Function, primals: tuple[Any, ...], mode: Mode
) -> tuple[list[Any], Callable[..., Any]]:
    """The blocks of the Jacobian: for each leaf of the result a container like `primals`; and how to join these."""
    given, rebuild = flatten(primals)
    xs = [primal(x, transform, f) for x in given]
    if mode != "reverse":
        try:
            columns, y_rebuild = _columns(f, rebuild, xs, mode)
        except DegenerateError:  # at repeated eigenvalues reverse mode alone knows what is defined
            columns = None
        if columns is not None:
            return [rebuild(_blocks(whole, xs)) for whole in columns], y_rebuild
    pullback = pullback_of(f, primals, transform=transform)
    units = list(_basis(pullback.outputs))

    def row(*y_bars: Any) -> tuple[Any, ...]:
        return tuple(pullback.of_leaves(y_bars))

    together = _together(row, units, pullback.outputs)
    rows = _row_by_row(together) if together else [_row(f, pullback, k, unit) for k, unit in units]
    return _from_rows(rows, pullback.outputs, xs, rebuild), flatten(pullback.y)[1]


def _columns(f: Function, rebuild: Callable[..., Any], xs: Sequence[Any], mode: Mode) -> tuple[list[Any] | None, Any]:
    """The columns by forward mode, and how one is put together; ``None`` where reverse mode takes fewer passes.

    For each leaf of the result they are an array of its shape with one more axis at the end.
    """
    units = list(_basis(xs))
    if not units:
        return None, None
    y_dots, y_rebuild = _column(f, rebuild, xs, *units[0])
    if mode == "auto" and len(units) > sum(t.size for t in y_dots):
        return None, y_rebuild

    def column(*x_dots: Any) -> tuple[Any, ...]:
        return tuple(flatten(push_once(f, rebuild, xs, x_dots)[1])[0])

    if any(map(is_listed, xs)):
        # All at once: of the first column, which only said how large the result is, nothing stays in the list.
        together = _together(column, units, xs)
        if together:
            joined = [np.concatenate(parts) if len(parts) > 1 else parts[0] for parts in zip(*together, strict=True)]
            return [np.moveaxis(whole, 0, -1) for whole in joined], y_rebuild
    together = _together(column, units[1:], xs)
    rest = _row_by_row(together) if together else [_column(f, rebuild, xs, k, unit)[0] for k, unit in units[1:]]
    return [np.stack(parts, axis=-1) for parts in zip(y_dots, *rest, strict=True)], y_rebuild


def _together(derivative: Function, units: Sequence[tuple[int, Any]], xs: Sequence[Any]) -> list[Any]:
    """The derivatives along many units in passes over batches (`vmap`); none where that cannot be.

    For each batch, they are those of all leaves of the result, with the units along the first axis.
    """
    if len(units) < 2 or any(x.dtype.kind == "c" for x in xs):
        return []
    from wengert.vectorisation import vmap

    found = []
    for start in range(0, len(units), _AT_ONCE):
        chunk = units[start : start + _AT_ONCE]
        seeds = [np.zeros((len(chunk), *x.shape), zeros_like(x).dtype) for x in xs]
        for place, (k, unit) in enumerate(chunk):
            seeds[k][place] = unit
        try:
            found.append(vmap(derivative)(*seeds))
        except (NoRuleError, TraceError):  # a rule that asks for numbers does not take batches
            return []
    return found


def _row_by_row(together: Sequence[Any]) -> list[list[Any]]:
    """For each unit, the derivatives of all leaves."""
    return [[part[place] for part in parts] for parts in together for place in range(len(parts[0]))]


def _basis(xs: Sequence[Any]) -> Iterator[tuple[int, Any]]:
    """The unit vectors of the space of the arrays `xs`: the number of the array, and the unit array."""
    for k, x in enumerate(xs):
        for position in np.ndindex(x.shape):
            unit = np.zeros(x.shape, x.dtype if x.dtype.kind in "fc" else float)
            unit[position] = 1
            yield k, unit[()]


def _among_zeros(k: int, unit: Any, xs: Sequence[Any]) -> list[Any]:
    return [unit if j == k else zeros_like(x) for j, x in enumerate(xs)]


def _column(f: Function, rebuild: Callable[..., Any], xs: Sequence[Any], k: int, unit: Any) -> tuple[list[Any], Any]:
    """The derivatives for one number of the arguments, and how the result is put together."""
    found, y_rebuild = flatten(push_once(f, rebuild, xs, _among_zeros(k, unit, xs))[1])
    if unit.dtype.kind != "c":
        return found, y_rebuild
    turned, _ = flatten(push_once(f, rebuild, xs, _among_zeros(k, 1j * unit, xs))[1])
    return [_complex_entry(f, d, d_i) for d, d_i in zip(found, turned, strict=True)], y_rebuild


def _complex_entry(f: Function, d: Any, d_i: Any) -> Any:
    """From the derivatives along 1 and along i: the complex one, or the gradient of a real result."""
    if d.dtype.kind != "c":
        return d + 1j * d_i
    _check_holomorphic(f, d, d_i)
    return d


def _check_holomorphic(f: Function, d: Any, d_i: Any) -> None:
    if not np.allclose(d_i, 1j * d, rtol=1e-6, atol=1e-9, equal_nan=True):
        raise ArgumentError(
            f"jacobian of {function_name(f)}: it is not holomorphic (it takes conj, abs, real or imag of a value).",
            why="Its derivative is not one complex number but depends on the direction.",
            remedy="Use jvp or vjp, or differentiate for the real and imaginary part separately.",
            where=user_location(),
        )


def _row(f: Function, pullback: Pullback, k: int, unit: Any) -> list[Any]:
    """The derivatives of one number of the result."""
    found = pullback.of_leaves(_among_zeros(k, unit, pullback.outputs))
    if unit.dtype.kind != "c":
        return found
    turned = pullback.of_leaves(_among_zeros(k, 1j * unit, pullback.outputs))
    entries = []
    for d, d_i in zip(found, turned, strict=True):
        if d.dtype.kind == "c":
            _check_holomorphic(f, d, d_i)
        entries.append(np.conj(d) if d.dtype.kind == "c" else d + 1j * d_i)
    return entries


def _blocks(whole: Any, xs: Sequence[Any]) -> list[Any]:
    """Columns side by side, taken apart to a block of shape ``y.shape + x.shape`` for each leaf of the arguments."""
    blocks, start, shape = [], 0, whole.shape[:-1]
    for x in xs:
        part = whole if len(xs) == 1 else whole[..., start : start + x.size]
        blocks.append(np.reshape(part, (*shape, *x.shape))[()] if x.size else np.zeros((*shape, *x.shape)))
        start += x.size
    return blocks


def _from_rows(rows: Sequence[Any], ys: Sequence[Any], xs: Sequence[Any], rebuild: Callable[..., Any]) -> list[Any]:
    """Join the results of reverse passes likewise."""
    result, start = [], 0
    for y in ys:
        part = rows[start : start + y.size]
        start += y.size
        shapes = [(*y.shape, *x.shape) for x in xs]
        result.append(rebuild([
            np.reshape(np.stack([row[k] for row in part]), shape)[()] if part else np.zeros(shape)
            for k, shape in enumerate(shapes)
        ]))  # fmt: skip
    return result


def hessian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """Make the function that gives all second derivatives of a scalar function.

    Parameters
    ----------
    f : callable
        Arrays or containers of arrays to one real number.
    argnums : int or sequence of int
        The positional arguments to differentiate for.

    Returns
    -------
    callable
        Called like `f`; returns ∂²f/∂x∂x of shape ``x.shape + x.shape`` (for several arguments or containers,
        nested like the gradient, each place holding a container like it).

    Notes
    -----
    Forward mode over reverse mode: n gradients with tangents, for n numbers in the arguments. For a product with one
    vector `hvp` costs one.

    Examples
    --------
    >>> import numpy as np, wengert as wg
    >>> wg.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1., 2.]))
    array([[4., 2.],
           [2., 0.]])
    """
    return _all_partials("hessian", grad(f, argnums), argnums, "forward")
