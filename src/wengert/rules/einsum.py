"""Sums of products by subscripts, and the cross product.

`einsum` is linear in each operand, and its adjoint is an `einsum` again: that of the cotangent with the other operands.
Subscripts are written out before they are recorded (``"ij,jk->ik"``: no ellipsis, no integers), so that a rule
only exchanges terms. A subscript that one operand has alone is summed over there, and its cotangent is spread; one
that it has several times is a diagonal, into which its cotangent is put.
"""

from __future__ import annotations

import functools
import math
import operator
import string
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from wengert.declaration import composed, refuse, structural
from wengert.facts import transpose
from wengert.registry import table
from wengert.rules.structural import array_of, stand_in
from wengert.value import Value, bind, concrete

_LETTERS = string.ascii_uppercase + string.ascii_lowercase  # in the order of an implicit result, as NumPy sorts them
_SMALL = 4096  # products up to which NumPy's plain loop takes less time than the way to its matrix product


# --- the primitives --------------------------------------------------------------------------------------------


def _einsum(*operands: Any, subscripts: str, optimize: Any) -> Any:
    if optimize is None:
        optimize = _best_path(subscripts, tuple(np.shape(x) for x in operands))
    return np.einsum(subscripts, *operands, optimize=optimize)


@functools.lru_cache(maxsize=4096)
def _best_path(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """How NumPy is to compute it: in one loop where that is short, else in pairs, by matrix products."""
    if len(shapes) == 1 or math.prod(_lengths(subscripts.partition("->")[0].split(","), shapes).values()) <= _SMALL:
        return False
    if len(shapes) == 2:
        return True
    operands = [np.broadcast_to(0.0, shape) for shape in shapes]
    return np.einsum_path(subscripts, *operands, optimize="greedy")[0]


def _lengths(terms: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
    """The length of the axis that each letter stands for; one of length 1 is broadcast."""
    lengths: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for letter, n in zip(term, shape, strict=True):
            if lengths.get(letter, 1) == 1:
                lengths[letter] = n
            elif n not in (1, lengths[letter]):
                raise ValueError(f"{letter} has the lengths {lengths[letter]} and {n}")
    return lengths


def _adjoint(ct: Any, i: int, *xs: Any, subscripts: str, optimize: Any) -> Any:
    """The cotangent of operand `i`: the sum of products in which the result's cotangent takes its place."""
    inputs, result = subscripts.split("->")
    terms, shapes = inputs.split(","), [x.shape if hasattr(x, "shape") else () for x in xs]
    own, terms[i], shapes[i] = terms[i], result, ct.shape
    lengths, reached = dict(zip(own, xs[i].shape, strict=True)), _lengths(terms, shapes)
    letters = "".join(lengths)
    wanted = "".join(letter for letter in letters if reached.get(letter) == lengths[letter])
    factors = [ct if k == i else np.conj(x) if np.iscomplexobj(x) else x for k, x in enumerate(xs)]
    contribution = _sum_of_products(f"{','.join(terms)}->{wanted}", factors)
    if wanted != letters:
        contribution = np.expand_dims(contribution, [k for k, letter in enumerate(letters) if letter not in wanted])
    whole = np.broadcast_to(contribution, tuple(lengths.values()))
    if letters == own:
        return whole
    return table.put_diagonals(whole, subscripts=f"{own}->{letters}", shape=xs[i].shape)


def _put_diagonals(x: Any, subscripts: str, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with `x` in the diagonal that `subscripts` take out of it."""
    whole = np.zeros(shape, x.dtype)
    np.einsum(subscripts, whole)[...] = x
    return whole


def _diagonal_index(subscripts: str, shape: tuple[int, ...]) -> tuple[Any, ...]:
    own, result = subscripts.split("->")
    lengths = dict(zip(own, shape, strict=True))
    numbers = dict(zip(result, np.ogrid[tuple(slice(lengths[letter]) for letter in result)], strict=True))
    return tuple(numbers[letter] for letter in own)


# fmt: off
einsum = structural("einsum", _einsum, [transpose(_adjoint)], variadic=True)
take_diagonals = structural("take_diagonals", lambda x, subscripts: np.einsum(subscripts, x),
                            [transpose(lambda ct, x, *, subscripts: table.put_diagonals(ct, subscripts=subscripts, shape=x.shape))], views=True,
                            put=lambda x, new, *, subscripts: table.index_update(x, new, index=_diagonal_index(subscripts, x.shape)))
put_diagonals = structural("put_diagonals", _put_diagonals,
                           [transpose(lambda ct, x, *, subscripts, shape: table.take_diagonals(ct, subscripts=subscripts))])
# fmt: on


def _sum_of_products(subscripts: str, operands: Sequence[Any], optimize: Any = None) -> Any:
    """The operands by written-out subscripts; what only turns an operand is a view of it."""
    own, result = subscripts.split("->")
    if len(operands) > 1 or set(own) != set(result):
        return bind(einsum, operands, {"subscripts": subscripts, "optimize": optimize})
    if len(own) > len(result):
        return bind(take_diagonals, operands, {"subscripts": subscripts})
    return np.transpose(operands[0], [own.index(letter) for letter in result])


# --- np.einsum -------------------------------------------------------------------------------------------------


@composed(np.einsum)
def _einsum_of_values(
    *operands: Any, out: None = None, optimize: Any = False, dtype: Any = None, order: str = "K", casting: Any = "safe"
) -> Any:
    refuse(np.einsum, out=out)
    try:
        subscripts, xs = _written_out(operands, is_plain=optimize is False)
    except (ValueError, TypeError, IndexError):
        np.einsum(*map(_harmless, operands), optimize=optimize)  # NumPy's error
        raise
    if (dtype, order, casting) != (None, "K", "safe"):
        options: dict[str, Any] = {"dtype": dtype, "order": order, "casting": casting}
        np.einsum(",".join(["i"] * len(xs)), *(np.ones(1, x.dtype) for x in xs), **options)  # NumPy's errors
        xs = xs if dtype is None else [x.astype(dtype) for x in xs]
    if isinstance(optimize, (bool, np.bool)):
        optimize = None
    return _sum_of_products(subscripts, xs, tuple(optimize) if isinstance(optimize, list) else optimize)


@composed(np.einsum_path)
def _einsum_path(*operands: Any, optimize: Any = "greedy", einsum_call: Any = False) -> Any:
    return np.einsum_path(*map(_harmless, operands), optimize=optimize, einsum_call=einsum_call)


def _harmless(x: Any) -> Any:
    return stand_in(x) if isinstance(x, Value) else x


def _written_out(operands: Sequence[Any], is_plain: bool) -> tuple[str, list[Any]]:
    """Subscripts with a letter for each axis, and the operands; an error where NumPy has one.

    Only NumPy's plain loop insists that an ellipsis stands in the result too.
    """
    if isinstance(operands[0], str):
        inputs, arrow, result = operands[0].replace(" ", "").partition("->")
        terms, xs = [_labels(term) for term in inputs.split(",")], [array_of(x) for x in operands[1:]]
        output = _labels(result) if arrow else None
    else:
        pairs = len(operands) // 2
        xs = [array_of(x) for x in operands[: 2 * pairs : 2]]
        terms = [_listed(term) for term in operands[1 : 2 * pairs : 2]]
        output = _listed(operands[-1]) if len(operands) % 2 else None
    free = iter(letter for letter in reversed(_LETTERS) if not any(letter in term for term in terms))
    broadcast = _broadcast_letters(terms, xs, free)
    written = [_filled(term, broadcast, x.ndim) for term, x in zip(terms, xs, strict=True)]
    named = [label for term in terms for label in term if label != "..."]
    if output is None:
        output = ["...", *sorted(label for label in named if named.count(label) == 1)]
    elif len(set(output)) != len(output) or not {*output} <= {*named, "..."}:
        raise ValueError("a letter of the result stands there twice, or in no operand")
    elif is_plain and broadcast and "..." not in output:
        raise ValueError("the result has no place for the axes of an ellipsis")
    result = "".join(broadcast if label == "..." else label for label in output)
    lengths = _lengths(written, [x.shape for x in xs])
    for term, x in zip(written, xs, strict=True):
        own = dict(zip(term, x.shape, strict=True))
        if any(own[letter] != n for letter, n in zip(term, x.shape, strict=True)):
            raise ValueError("the axes of a diagonal have different lengths")
    if not lengths.keys() >= set(result):
        raise ValueError("a letter of the result stands in no operand")
    return f"{','.join(written)}->{result}", xs


def _labels(term: str) -> list[str]:
    """The letters of a term, and ``"..."`` for an ellipsis."""
    before, dots, after = term.partition("...")
    labels = [*before, *(["..."] if dots else []), *after]
    if any(label != "..." and label not in _LETTERS for label in labels):
        raise ValueError("subscripts must be letters")
    return labels


def _listed(term: Any) -> list[str]:
    """A term that is written as a list of integers."""
    numbers = [None if label is Ellipsis else operator.index(label) for label in concrete(term)]
    if any(k is not None and k < 0 for k in numbers):
        raise ValueError("a subscript is not within the valid range")
    return ["..." if k is None else _LETTERS[k] for k in numbers]


def _broadcast_letters(terms: Sequence[Sequence[str]], xs: Sequence[Any], free: Iterator[str]) -> str:
    """Letters for the axes that the longest ellipsis stands for."""
    counts = [x.ndim - len(term) + 1 for term, x in zip(terms, xs, strict=True) if "..." in term]
    return "".join(next(free) for _ in range(max(counts, default=0)))[::-1]


def _filled(term: Sequence[str], broadcast: str, ndim: int) -> str:
    """The term with letters for its ellipsis: the last ones, as axes are broadcast."""
    missing = ndim - len(term) + ("..." in term)
    if missing < 0 or (missing and "..." not in term) or term.count("...") > 1:
        raise ValueError("an operand has more or fewer axes than subscripts")
    return "".join(broadcast[len(broadcast) - missing :] if label == "..." else label for label in term)


# --- the cross product -----------------------------------------------------------------------------------------

_DEPRECATED = (
    "Arrays of 2-dimensional vectors are deprecated. Use arrays of 3-dimensional vectors instead. "
    "(deprecated in NumPy 2.0)"
)


@composed(np.cross)
def _cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = array_of(a), array_of(b)
    if a.ndim < 1 or b.ndim < 1:
        raise ValueError("At least one array has zero dimension")
    a = np.moveaxis(a, normalize_axis_index(axisa, a.ndim, msg_prefix="axisa"), -1)
    b = np.moveaxis(b, normalize_axis_index(axisb, b.ndim, msg_prefix="axisb"), -1)
    dimensions = a.shape[-1], b.shape[-1]
    if not {*dimensions} <= {2, 3}:
        raise ValueError("incompatible dimensions for cross product\n(dimension must be 2 or 3)")
    if 2 in dimensions:
        warnings.warn(_DEPRECATED, DeprecationWarning, stacklevel=3)
    a0, a1, *a2 = (a[..., k] for k in range(dimensions[0]))
    b0, b1, *b2 = (b[..., k] for k in range(dimensions[1]))
    last = a0 * b1 - a1 * b0
    if dimensions == (2, 2):
        return last
    axisc = normalize_axis_index(axisc, last.ndim + 1, msg_prefix="axisc")
    if not a2:
        first, second = a1 * b2[0], -(a0 * b2[0])
    elif not b2:
        first, second = -(a2[0] * b1), a2[0] * b0
    else:
        first, second = a1 * b2[0] - a2[0] * b1, a2[0] * b0 - a0 * b2[0]
    return np.stack((first, second, last), axis=axisc)


@composed(np.linalg.cross)
def _linalg_cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    x1, x2 = array_of(x1), array_of(x2)
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(
            "Both input arrays must be (arrays of) 3-dimensional vectors, "
            f"but they are {x1.shape[axis]} and {x2.shape[axis]} dimensional instead."
        )
    return _cross(x1, x2, axis=axis)
