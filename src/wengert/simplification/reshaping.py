"""Rewrites of what moves, selects and repeats elements. Each docstring is the identity; all of them are exact."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from wengert.memory import distinct
from wengert.registry import table
from wengert.simplification.signs import NO_NEGATIVE_ZERO
from wengert.simplification.terms import Site, Term, is_plain, same, type_of
from wengert.wlist import Statement, Variable

__all__ = ["ARITHMETIC", "Part", "basic_index"]

#: Elementwise functions that NumPy computes in one way for numbers and arrays, to the last bit.
ARITHMETIC = (
    "add subtract multiply divide negative square absolute sqrt maximum minimum where selecting_multiply "
    "less less_equal greater greater_equal equal not_equal"
)


# --- copies --------------------------------------------------------------------------------------------------------


def copied(site: Site) -> Any:
    """A copy is equal to what it is a copy of."""
    return site.xs[0]


def detached(site: Site) -> Any:
    """What no derivative comes through needs no cut."""
    (x,) = site.xs
    return None if isinstance(x, Variable) and x in site.known.active else x


def cast_to_own_type(site: Site) -> Any:
    """A cast to the dtype that x has is x; and so is one to more digits and back."""
    (x,) = site.xs
    if type_of(x) == site.type:
        return x
    inner = site.inner(x, table.astype)
    if inner is None or type_of(inner) != site.type or not np.can_cast(site.type.dtype, x.dtype, "safe"):
        return None
    return inner


def part_of_real(site: Site) -> Any:
    """A real number is its own real part and conjugate."""
    (x,) = site.xs
    return x if type_of(x).dtype.kind != "c" else None


# --- selections ----------------------------------------------------------------------------------------------------


def decided_selection(site: Site) -> Any:
    """``where(True, a, b) = a`` and ``where(False, a, b) = b``."""
    condition, a, b = site.xs
    if not is_plain(condition):
        return None
    found = np.asarray(condition, bool)
    return a if found.all() else b if not found.any() else None


def selection_of_same(site: Site) -> Any:
    """``where(c, a, a) = a``."""
    _, a, b = site.xs
    return a if same(a, b) else None


def repeated_selection(site: Site) -> Any:
    """``where(c, where(c, a, b), d) = where(c, a, d)``, and likewise on the other side."""
    condition, a, b = site.xs
    inner_a, inner_b = site.made_by(a, table.where), site.made_by(b, table.where)
    if inner_a is not None and same(inner_a.operands[0], condition):
        return Term(table.where, (condition, inner_a.operands[1], b))
    if inner_b is not None and same(inner_b.operands[0], condition):
        return Term(table.where, (condition, a, inner_b.operands[2]))
    return None


def extremum_of_same(site: Site) -> Any:
    """``max(x, x) = x`` and ``min(x, x) = x``."""
    x1, x2 = site.xs
    return x1 if same(x1, x2) else None


# --- shapes --------------------------------------------------------------------------------------------------------


def reshape_of_reshape(site: Site) -> Any:
    """Of two reshapes in a row the last one is enough; one to x's own shape is x."""
    (x,) = site.xs
    if type_of(x).shape == site.type.shape:
        return x
    inner = site.inner(x, table.reshape)
    return None if inner is None else Term(table.reshape, (inner,), site.params)


def transpose_of_transpose(site: Site) -> Any:
    """Two transposes in a row are one; one that leaves all axes in place is x."""
    (x,) = site.xs
    axes = site.params["axes"]
    if list(axes) == list(range(len(axes))):
        return x
    stmt = site.made_by(x, table.transpose)
    if stmt is None:
        return None
    return Term(table.transpose, stmt.operands, {"axes": tuple(stmt.params["axes"][k] for k in axes)})


def flip_of_flip(site: Site) -> Any:
    """Two flips of the same axes undo each other."""
    stmt = site.made_by(site.xs[0], table.flip)
    return stmt.operands[0] if stmt is not None and set(stmt.params["axis"]) == set(site.params["axis"]) else None


def broadcast_of_broadcast(site: Site) -> Any:
    """Of two broadcasts in a row the last one is enough; one to x's own shape is x."""
    (x,) = site.xs
    if type_of(x).shape == site.type.shape:
        return x
    inner = site.inner(x, table.broadcast_to)
    return None if inner is None else Term(table.broadcast_to, (inner,), site.params)


def broadcast_of_unit_axes(site: Site) -> Any:
    """New axes of length 1 in front are made by the broadcast itself."""
    (x,) = site.xs
    inner = site.inner(x, table.reshape)
    if inner is None:
        return None
    own, shape = type_of(inner).shape, type_of(x).shape
    is_in_front = shape[len(shape) - len(own) :] == own and math.prod(shape) == math.prod(own)
    return Term(table.broadcast_to, (inner,), site.params) if is_in_front and len(shape) > len(own) else None


def uniform_constant(site: Site) -> Any:
    """An array of equal constants acts as the one number does; where only it has the shape, the result is broadcast."""
    if not any(x.__class__ is np.ndarray and x.ndim and x.size and _is_uniform(x) for x in site.xs):
        return None
    xs = tuple(x.flat[0] if x.__class__ is np.ndarray and x.ndim and x.size and _is_uniform(x) else x for x in site.xs)
    return _broadcast_after(site, xs)


def _is_uniform(x: Any) -> bool:
    flat = distinct(x).reshape(-1)
    if flat[0] != flat[-1] or not np.all(flat == flat[0]):
        return False
    return bool(flat[0] != 0 or len(np.unique(np.signbit(flat.real))) == 1)


def broadcast_operand(site: Site) -> Any:
    """``f(broadcast(x), y) = f(x, y)``, broadcast afterwards where only the broadcast has the shape."""
    inners = [site.inner(x, table.broadcast_to) for x in site.xs]
    if all(inner is None for inner in inners):
        return None
    return _broadcast_after(site, tuple(x if y is None else y for x, y in zip(site.xs, inners, strict=True)))


def _broadcast_after(site: Site, xs: tuple[Any, ...]) -> Term | None:
    if all(is_plain(x) for x in xs):
        return None  # left to the folding of constants, if that is small
    term = Term(site.prim, xs, site.params)
    if term.type == site.type:
        return term
    return Term(table.broadcast_to, (term,), {"shape": site.type.shape})


def moved_negation(site: Site) -> Any:
    """What moves elements moves those of -x like those of x: -move(x), where the sign is taken further."""
    x = site.negation(site.xs[0])
    return Term(table.negative, (Term(site.prim, (x,), site.params),)) if x is not None and site.is_absorbed else None


# --- reductions ----------------------------------------------------------------------------------------------------


def sum_of_nothing(site: Site) -> Any:
    """A sum along axes of length 1 is x, reshaped, if no element is -0.0; one along no axes is x + 0.0."""
    (x,) = site.xs
    if site.has_sign(x, NO_NEGATIVE_ZERO):
        return _reduced_unit_axes(site)
    is_elementwise = not site.params["axis"] and site.is_real and type_of(x) == site.type
    return Term(table.add, (x, site.type.dtype.type(0))) if is_elementwise else None


def reduction_of_unit_axes(site: Site) -> Any:
    """An extremum or a product along axes of length 1 is x, reshaped."""
    is_complex_product = site.prim is table.prod and site.type.dtype.kind == "c"  # it begins with 1 · x
    return None if is_complex_product else _reduced_unit_axes(site)


def _reduced_unit_axes(site: Site) -> Any:
    (x,) = site.xs
    kind = type_of(x)
    if any(kind.shape[k] != 1 for k in site.params["axis"]) or kind.dtype != site.type.dtype:
        return None
    return x if kind == site.type else Term(table.reshape, (x,), {"shape": site.type.shape})


def sum_of_broadcast(site: Site) -> Any:
    """The sum of n equal numbers x is n · x."""
    (x,) = site.xs
    inner = site.inner(x, table.broadcast_to)
    if inner is None or type_of(inner).size != 1 or not site.is_real:
        return None
    one = Term(table.reshape, (inner,), {"shape": ()})
    count = x.type.size // max(site.type.size, 1)
    product = Term(table.multiply, (float(count), one))
    return Term(table.broadcast_to, (product,), {"shape": site.type.shape}) if site.type.shape else product


# --- indices -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """What a basic index takes of one axis: one element at `start` (no count), or `count` of them."""

    start: int
    step: int = 1
    count: int | None = None

    def of(self, inner: Part) -> Part:
        """The part that this one takes of the part `inner` of an axis."""
        return Part(inner.start + self.start * inner.step, inner.step * self.step, self.count)

    def is_all(self, n: int) -> bool:
        """Whether it is the whole of an axis of length n, in order."""
        return self.count == n and (n == 0 or (self.start == 0 and (self.step == 1 or n == 1)))

    @property
    def index(self) -> Any:
        """It, as NumPy writes it."""
        if self.count is None:
            return self.start
        if self.count == 0:
            return slice(0, 0)
        stop = self.start + self.step * self.count
        return slice(self.start, stop if stop >= 0 else None, None if self.step == 1 else self.step)


def basic_index(index: Any, shape: tuple[int, ...]) -> list[Part] | None:
    """An index of numbers and slices as one part for each axis; ``None`` for any other."""
    parts = list(index) if isinstance(index, tuple) else [index]
    gaps = [k for k, part in enumerate(parts) if part is Ellipsis]
    missing = len(shape) - (len(parts) - len(gaps))
    if len(gaps) > 1 or missing < 0:
        return None
    whole = [slice(None)] * missing
    parts = parts[: gaps[0]] + whole + parts[gaps[0] + 1 :] if gaps else parts + whole
    found = [_part(part, n) for part, n in zip(parts, shape, strict=True)]
    return None if any(part is None for part in found) else [part for part in found if part is not None]


def _part(part: Any, n: int) -> Part | None:
    if isinstance(part, slice):
        start, stop, step = part.indices(n)
        return Part(start, step, len(range(start, stop, step)))
    if isinstance(part, (int, np.integer)) and not isinstance(part, bool) and -n <= part < n:
        return Part(int(part) % n)
    return None


def _getitem(x: Any, parts: Sequence[Part]) -> Term:
    indices = tuple(part.index for part in parts)
    return Term(table.getitem, (x,), {"index": indices[0] if len(indices) == 1 else indices})


def whole_index(site: Site) -> Any:
    """``x[...] = x``; an index that only adds or drops axes of length 1 is a reshape."""
    (x,) = site.xs
    kind = type_of(x)
    index = site.params["index"]
    written = index if isinstance(index, tuple) else (index,)
    without_new = tuple(part for part in written if part is not None)
    parts = basic_index(without_new, kind.shape)
    if parts is None or math.prod(kind.shape) != site.type.size:
        return None
    if not all(part.is_all(n) or (part.count is None and n == 1) for part, n in zip(parts, kind.shape, strict=True)):
        return None
    return x if kind == site.type else Term(table.reshape, (x,), {"shape": site.type.shape})


def index_of_index(site: Site) -> Any:
    """``x[i][j] = x[i ∘ j]`` for numbers and slices."""
    stmt = site.made_by(site.xs[0], table.getitem)
    if stmt is None:
        return None
    outer_shape = type_of(stmt.operands[0]).shape
    inner, outer = basic_index(stmt.params["index"], outer_shape), basic_index(site.params["index"], site.xs[0].shape)
    if inner is None or outer is None:
        return None
    later = iter(outer)
    return _getitem(stmt.operands[0], [part if part.count is None else next(later).of(part) for part in inner])


def index_of_broadcast(site: Site) -> Any:
    """Any elements of an array that repeats one number are that number, repeated."""
    inner = site.inner(site.xs[0], table.broadcast_to)
    if inner is None or type_of(inner).size != 1:
        return None
    one = Term(table.reshape, (inner,), {"shape": ()})
    return Term(table.broadcast_to, (one,), {"shape": site.type.shape}) if site.type.shape else one


def index_of_concatenation(site: Site) -> Any:
    """An index into one part of a concatenation is one of that part."""
    stmt = site.made_by(site.xs[0], table.concatenate)
    parts = None if stmt is None else basic_index(site.params["index"], site.xs[0].shape)
    if stmt is None or parts is None:
        return None
    axis = stmt.params["axis"]
    wanted = parts[axis]
    last = wanted.start + wanted.step * ((wanted.count or 1) - 1)
    if wanted.count == 0:
        return None
    ends = _ends(site, stmt)
    number = bisect_right(ends, wanted.start)
    if number != bisect_right(ends, last):
        return None
    before = ends[number - 1] if number else 0
    shifted = [*parts[:axis], Part(wanted.start - before, wanted.step, wanted.count), *parts[axis + 1 :]]
    return _getitem(stmt.operands[number], shifted)


def _ends(site: Site, stmt: Statement) -> list[int]:
    """Where the parts of a concatenation end along its axis."""
    target, axis = stmt.targets[0], stmt.params["axis"]
    ends = site.known.ends.get(target)
    if ends is None:
        ends = site.known.ends[target] = list(accumulate(type_of(x).shape[axis] for x in stmt.operands))
    return ends


def index_of_update(site: Site) -> Any:
    """What was put at i is read at i."""
    stmt = site.made_by(site.xs[0], table.index_update)
    if stmt is None or not _is_same_index(stmt.params["index"], site.params["index"], site.xs[0].shape):
        return None
    new = stmt.operands[1]
    return new if type_of(new) == site.type else None


def update_of_all(site: Site) -> Any:
    """Where all elements are put, what was there before does not matter."""
    kind = type_of(site.xs[0])
    parts = basic_index(site.params["index"], kind.shape)
    is_whole = parts is not None and all(part.is_all(n) for part, n in zip(parts, kind.shape, strict=True))
    return site.xs[1] if is_whole and type_of(site.xs[1]) == site.type else None


def update_of_update(site: Site) -> Any:
    """What was put at i and overwritten at i does not matter."""
    stmt = site.made_by(site.xs[0], table.index_update)
    if stmt is None or not _is_same_index(stmt.params["index"], site.params["index"], site.xs[0].shape):
        return None
    if type_of(stmt.operands[0]) != type_of(site.xs[0]):
        return None
    return Term(table.index_update, (stmt.operands[0], site.xs[1]), site.params)


def _is_same_index(one: Any, other: Any, shape: tuple[int, ...]) -> bool:
    first, second = basic_index(one, shape), basic_index(other, shape)
    return first is not None and first == second


def single_part(site: Site) -> Any:
    """A concatenation of one array is that array."""
    return site.xs[0] if len(site.xs) == 1 else None


def sum_of_scatters(site: Site) -> Any:
    """``(a at i) + (b at i) = (a + b) at i``, where both are used here alone."""
    left, right = (site.made_by(x, table.scatter) for x in site.xs)
    if left is None or right is None or not all(map(site.is_used_once, site.xs)):
        return None
    shape = left.params["shape"]
    if shape != right.params["shape"] or not _is_same_index(left.params["index"], right.params["index"], shape):
        return None
    return Term(table.scatter, (Term(table.add, (left.operands[0], right.operands[0])),), left.params)
