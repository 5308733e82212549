"""Indices that are computed: elements taken, replaced and added to at places which a list finds out when it is run.

The parts of an index that are known by type alone are operands of primitives of their own; `Slot`s stand for them in the
parameter ``index``, which has all the rest. Where a rule finds their numbers known, it goes back to the primitives of
`wengert.rules.indexing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from wengert.derivation import fit
from wengert.errors import LostDerivativeError, TraceError, user_location
from wengert.facts import Fact, Kind, flat, tangent
from wengert.masked import Masked
from wengert.memory import Memory, note_view
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.rules.ordering import known
from wengert.rules.structural import nested, stand_in
from wengert.value import NO_PARAMS, Value, bind, is_view_of
from wengert.wlist import ArrayType

__all__ = ["Slot", "added_at", "assignable", "assigned", "gathered", "plain_part", "taken_shape"]

Index = tuple[Any, ...]


# --- an index and its slots ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slot:
    """Stands in an index for the operand with this number among those that are indices."""

    number: int

    def __str__(self) -> str:
        return "_"


def _filled(index: Index, indices: Sequence[Any]) -> Index:
    """The index with its operands put in."""
    return tuple(indices[part.number] if part.__class__ is Slot else part for part in index)


def _known(indices: Sequence[Any]) -> list[Any] | None:
    """The numbers of all the operands; ``None`` while those of one are unknown."""
    numbers = [known(x) for x in indices]
    return None if any(x is None for x in numbers) else [x[()] for x in numbers]


def plain_part(part: Any) -> Any:
    """One part of an index as NumPy sees it, on its own: sequences and values are arrays, and none is the user's."""
    if isinstance(part, Value):
        if part.dtype.kind not in "iub":
            raise IndexError("only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean arrays are valid indices")
        return part._concrete()
    if isinstance(part, (list, tuple, range)):
        array = np.asarray(part)
        return array if array.size else array.astype(np.intp)
    return part.copy() if isinstance(part, np.ndarray) else part


def _taken_apart(index: Any) -> tuple[Index, tuple[Any, ...]]:
    """The index with a slot for each part that is known by type alone, and these parts."""
    indices: list[Any] = []
    parts = index if isinstance(index, tuple) else (index,)
    return tuple(_part(part, indices) for part in parts), tuple(indices)


def _part(part: Any, indices: list[Any]) -> Any:
    if isinstance(part, (list, tuple)) and _holds_values(part):
        part = nested(part)
    if isinstance(part, slice):
        return slice(*(_bound(x) for x in (part.start, part.stop, part.step)))
    if not isinstance(part, Value) or known(part) is not None or part.dtype.kind not in "iub":
        return plain_part(part)
    if part.dtype.kind == "b":
        _refuse_mask()
    indices.append(part)
    return Slot(len(indices) - 1)


def _holds_values(part: Any) -> bool:
    return any(map(_holds_values, part)) if isinstance(part, (list, tuple)) else isinstance(part, Value)


def _bound(x: Any) -> Any:
    if isinstance(x, Value) and known(x) is None:
        raise TraceError(
            "a slice has a bound that is known by shape and dtype only.",
            why="How many elements it takes depends on the values.",
            remedy="Take a fixed number n of them with x[start + np.arange(n)] or np.take, or select with np.where.",
            where=user_location(),
        )
    return x.__index__() if isinstance(x, Value) else x


def _refuse_mask() -> NoReturn:
    raise TraceError(
        "an array was indexed with a mask that is known by shape and dtype only.",
        why="How many elements it takes depends on the values; x[mask] += v takes them too, before it writes them.",
        remedy="Use np.where with three arguments, as in np.where(mask, x, 0.0), and x += np.where(mask, v, 0.0) for "
        "x[mask] += v; x[mask] = v works with one v for all of them.",
        where=user_location(),
    )


def _may_repeat(indices: Sequence[Any], index: Index) -> bool:
    """Whether one place may be named several times: not by single numbers, slices and masks."""
    return any(np.ndim(x) for x in indices) or any(isinstance(x, np.ndarray) and x.dtype.kind in "iu" for x in index)


# --- what the primitives do, by the plain ones where the numbers are known --------------------------------------


def _read(x: Any, indices: Sequence[Any], index: Index, shape: tuple[int, ...] = ()) -> Any:
    numbers = _known(indices)
    if numbers is None:
        return bind(gather, (x, *indices), {"index": index, "shape": x.shape})
    return bind(table.getitem, (x,), {"index": _filled(index, numbers)})


def _put_back(ct: Any, indices: Sequence[Any], index: Index, shape: tuple[int, ...]) -> Any:
    numbers = _known(indices)
    if numbers is None:
        return bind(gather_transpose, (ct, *indices), {"index": index, "shape": shape})
    return bind(table.scatter, (ct,), {"index": _filled(index, numbers), "shape": shape})


def _updated(x: Any, new: Any, indices: Sequence[Any], index: Index) -> Any:
    numbers = _known(indices)
    if numbers is None:
        return bind(update_at, (x, new, *indices), {"index": index})
    return bind(table.index_update, (x, new), {"index": _filled(index, numbers)})


def _added(x: Any, values: Any, indices: Sequence[Any], index: Index) -> Any:
    return bind(add_at, (x, values, *(_known(indices) or indices)), {"index": index})


def _spread(values: Any, indices: Sequence[Any], index: Index, shape: tuple[int, ...]) -> Any:
    """The sum of the terms for each place of an array of `shape`, of values that are broadcast to the index."""
    taken = taken_shape(index, indices, shape)
    terms = values if np.shape(values) == taken else np.broadcast_to(values, taken)
    return _put_back(terms, indices, index, shape)


def _zeros(shape: tuple[int, ...], t: Any) -> Any:
    """Zeros of the dtype of a (co)tangent, which reach nothing where a masked sweep asks for it."""
    array = np.zeros(shape, t.dtype)
    return Masked(array, np.zeros(shape, bool), t._level) if isinstance(t, Masked) else array


def _stayed(ct: Any, indices: Sequence[Any], index: Index) -> Any:
    """The cotangent of the array that was updated: zero at the places that have other elements now."""
    return _updated(ct, _zeros((), ct), indices, index)


def _came(ct: Any, indices: Sequence[Any], index: Index) -> Any:
    """The cotangent of what was put there: zero where something else was put in the same place after it."""
    taken = _read(ct, indices, index)
    if not _may_repeat(indices, index):
        return taken
    numbers = np.arange(taken.size).reshape(taken.shape)
    owner = _updated(np.zeros(ct.shape, np.intp), numbers, indices, index)
    is_last = _read(owner, indices, index) == numbers
    return table.selecting_multiply(taken, is_last.astype(taken.dtype))


# --- computing, and the types of results ------------------------------------------------------------------------


def _add_at(x: Any, values: Any, index: Index) -> Any:
    is_wider = np.iscomplexobj(values) and not np.iscomplexobj(x)
    array = np.array(x, np.result_type(x, values) if is_wider else None)
    np.add.at(array, index, values)
    return array


def _places(shape: tuple[int, ...]) -> Any:
    """An array of this shape that takes no memory, to ask NumPy what an index takes."""
    return np.broadcast_to(np.False_, shape)


def _firsts(index: Index, indices: Sequence[Any]) -> Index:
    """The index with zeros for its operands: a place that every axis has which is not empty."""
    return _filled(index, [np.zeros(np.shape(x), np.intp)[()] for x in indices])


def taken_shape(index: Index, indices: Sequence[Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of what an index takes of an array of `shape`; the operands may be known by type alone."""
    taken: tuple[int, ...] = _places(shape)[_firsts(index, indices)].shape
    return taken


def _type_of_read(x: ArrayType, *indices: ArrayType, index: Index, shape: tuple[int, ...]) -> ArrayType:
    return ArrayType(taken_shape(index, indices, shape), x.dtype)


def _type_of_put_back(ct: ArrayType, *indices: ArrayType, index: Index, shape: tuple[int, ...]) -> ArrayType:
    np.broadcast_to(stand_in(ct), taken_shape(index, indices, shape))  # NumPy's error
    return ArrayType(shape, ct.dtype)


def _type_of_update(x: ArrayType, new: ArrayType, *indices: ArrayType, index: Index) -> ArrayType:
    np.empty(x.shape, bool)[_firsts(index, indices)] = _places(new.shape)  # NumPy's error
    return ArrayType(x.shape, _wide(x.dtype, new.dtype))


def _type_of_addition(x: ArrayType, values: ArrayType, *indices: ArrayType, index: Index) -> ArrayType:
    np.add.at(np.zeros(x.shape, bool), _firsts(index, indices), _places(values.shape))  # NumPy's error
    return ArrayType(x.shape, _wide(x.dtype, values.dtype))


def _wide(dtype: np.dtype[Any], other: np.dtype[Any]) -> np.dtype[Any]:
    return np.result_type(dtype, other) if other.kind == "c" and dtype.kind != "c" else dtype


# --- the rows ---------------------------------------------------------------------------------------------------


class _Indexed(Primitive):
    """A primitive whose last operands are the computed parts of an index.

    Parameters
    ----------
    by_numbers : callable
        ``(*operands, indices, index, …)``: the same, by the plain primitives where the numbers are known.
    form : str
        How it is written; ``{index}`` are the brackets with the names of the indices.
    is_sum : bool
        Linear in all operands but the indices together.
    """

    __slots__ = ("by_numbers", "form", "is_sum")

    def __init__(
        self, name: str, compute: Callable[..., Any], facts: Sequence[Fact], *, by_numbers: Callable[..., Any], form: str,
        is_sum: bool = False, **columns: Any,
    ):  # fmt: skip
        super().__init__(name, compute, Kind.STRUCTURAL, [*facts, flat], variadic=True, **columns)
        self.by_numbers, self.form, self.is_sum = by_numbers, form, is_sum

    def _parted(self, operands: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        """The operands, and those that are indices."""
        count = len(self.facts) - 1
        return operands[:count], operands[count:]

    def evaluate(self, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """Compute the result for values of any kind; where the numbers are plain ones, as a plain index does."""
        xs, indices = self._parted(operands)
        if any(isinstance(x, Value) for x in indices):
            return bind(self, operands, params)
        return self.by_numbers(*xs, indices, **params)

    def push_forward(self, tangents: Sequence[Any], y: Any, xs: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """The tangent of the result; that of a sum is the operation itself on all tangents."""
        x_dots, _ = self._parted(tangents)
        if not self.is_sum or any(t is None for t in x_dots):
            return super().push_forward(tangents, y, xs, params)
        _, indices = self._parted(xs)
        return fit(self.by_numbers(*x_dots, indices, **params), np.shape(y), y.dtype)

    def write(self, operands: Sequence[str], params: Mapping[str, Any]) -> str:
        """The application as text, such as ``x[v1, :]``."""
        xs, names = self._parted(operands)
        brackets = table.getitem.write([""], {"index": _filled(params["index"], names)})
        return self.form.format(*xs, index=brackets)


# fmt: off
gather = table.add_primitive(_Indexed("gather", lambda x, *indices, index, shape: x[_filled(index, indices)],
                  [tangent(lambda t, y, x, *indices, index, shape: _read(t, indices, index),
                           lambda ct, y, x, *indices, index, shape: _put_back(ct, indices, index, shape))],
                  by_numbers=_read, types=_type_of_read, form="{0}{index}",
                  accumulate=lambda x_bar, ct, x, *indices, index, shape: _added(x_bar, ct, indices, index)))
gather_transpose = table.add_primitive(_Indexed("gather_transpose",
                  lambda ct, *indices, index, shape: table.scatter.compute(ct, index=_filled(index, indices), shape=shape),
                  [tangent(lambda t, y, x, *indices, index, shape: _put_back(t, indices, index, shape),
                           lambda ct, y, x, *indices, index, shape: _read(ct, indices, index))],
                  by_numbers=_put_back, types=_type_of_put_back, form="{0} at {index}", precedence=2))
update_at = table.add_primitive(_Indexed("update_at",
                  lambda x, new, *indices, index: table.index_update.compute(x, new, index=_filled(index, indices)),
                  [tangent(lambda t, y, x, new, *indices, index: _stayed(t, indices, index),
                           lambda ct, y, x, new, *indices, index: _stayed(ct, indices, index)),
                   tangent(lambda t, y, x, new, *indices, index: _updated(_zeros(y.shape, t), t, indices, index),
                           lambda ct, y, x, new, *indices, index: _came(ct, indices, index))],
                  by_numbers=_updated, types=_type_of_update, is_sum=True, form="{0} with {index} = {1}", precedence=0))
add_at = table.add_primitive(_Indexed("add_at", lambda x, values, *indices, index: _add_at(x, values, _filled(index, indices)),
                  [tangent(lambda t, y, x, values, *indices, index: t,
                           lambda ct, y, x, values, *indices, index: ct),
                   tangent(lambda t, y, x, values, *indices, index: _spread(t, indices, index, y.shape),
                           lambda ct, y, x, values, *indices, index: _read(ct, indices, index))],
                  by_numbers=_added, types=_type_of_addition, is_sum=True, form="{0} with {index} += {1}", precedence=0))
# fmt: on


# --- views ------------------------------------------------------------------------------------------------------


class _Part:
    """What a computed index takes of an array, as a step to a view of it (`wengert.memory`)."""

    __slots__ = ("index", "indices")

    def __init__(self, indices: Sequence[Any], index: Index):
        self.indices, self.index = indices, index

    def __call__(self, x: Any) -> Any:
        return _read(x, self.indices, self.index)

    def put(self, x: Any, new: Any) -> Any:
        """The array x with `new` in the place of this part."""
        return _updated(x, new, self.indices, self.index)

    def compute(self, array: Any) -> Any:
        """The part of an array in memory that lies as this one does, wherever it is."""
        return array[_firsts(self.index, self.indices)]

    def is_taken_by(self, indices: Sequence[Any], index: Index) -> bool:
        """Whether the index is this one: the same objects, and no arrays."""
        same = len(indices) == len(self.indices) and all(map(_is_same, indices, self.indices))
        return same and repr(index) == repr(self.index)


def _is_same(one: Any, other: Any) -> bool:
    return one is other


class _OuterMemory(Memory):
    """The memory of a view into an array of an outer transform, which cannot hold what an inner one computes."""

    __slots__ = ()

    def write(self, member: Any, new: Any) -> None:  # noqa: ARG002  # the parameters are those of the base
        """Refuse the write."""
        raise LostDerivativeError(
            "a part of an array of an outer transform, at an index of an inner one, was changed in place.",
            why="The array cannot become a value of the inner transform.",
            remedy="Write y = x[i] + ... instead, or make the array inside, as in np.zeros_like(value).",
            where=user_location(),
        )


def _note_part(part: Any, x: Any, indices: Sequence[Any], index: Index) -> None:
    """Note that `part` shares the memory of `x`, where NumPy's would: single numbers take a view, arrays a copy."""
    if any(i.ndim or isinstance(getattr(i, "_memory", None), Memory) for i in indices):
        return
    step, array = _Part(indices, index), stand_in(x)
    if not isinstance(x, Value) or not is_view_of(step.compute(array), array):
        return
    if part._level == x._level:
        note_view(part, x, step, NO_PARAMS)
    else:
        part._memory, part._path = _OuterMemory(part), ()


def _is_own_part(new: Any, x: Any, indices: Sequence[Any], index: Index) -> bool:
    """Whether `new` is the view of x at this index: what ``x[i] *= 2`` assigns at its end."""
    memory, path = getattr(new, "_memory", None), getattr(new, "_path", ())
    if not isinstance(memory, Memory) or getattr(x, "_memory", None) is not memory or path[:-1] != x._path:
        return False
    step = path[-1][0] if path else None
    return isinstance(step, _Part) and step.is_taken_by(indices, index)


# --- what arrives here ------------------------------------------------------------------------------------------


def gathered(x: Any, index: Any) -> Any:
    """``x[index]``, with an index of which a part is known by type alone.

    Raises
    ------
    TraceError
        If the shape of the result depends on the values: for a mask, and for a bound of a slice.
    IndexError
        What NumPy raises for the shapes and dtypes; for a number that is out of range when the list is run.
    """
    template, indices = _taken_apart(index)
    part = _read(x, indices, template)
    if indices:
        _note_part(part, x, indices, template)
    return part


def assignable(new: Any, x: Any) -> Any:
    """What is assigned to elements of `x`, as an array or a value of a dtype that `x` can take."""
    if not hasattr(new, "dtype"):
        new = np.asarray(new)
    if new.dtype.kind == "c" and x.dtype.kind != "c":
        raise TypeError(f"a complex value cannot be assigned into an array of dtype {x.dtype}")
    if x.dtype.kind in "biu" and new.dtype.kind in "fc":
        new = new.astype(x.dtype)
    return new


def assigned(x: Any, index: Any, new: Any) -> Any:
    """The array `x` after ``x[index] = new`` with such an index, before it is cast to the dtype of x; `x` if it stays.

    Raises
    ------
    TraceError
        If a mask is known by type alone and there is more than one new element for all that it selects, or it is not
        the whole index.
    """
    mask = _whole_mask(index)
    if mask is not None:
        new = assignable(new, x)
        return np.where(_mask_for(x, mask, new), new, x)
    template, indices = _taken_apart(index)
    if _is_own_part(new, x, indices, template):
        return x
    return _updated(x, assignable(new, x), indices, template)


def added_at(x: Any, index: Any, values: Any) -> Any:
    """The array `x` after ``np.add.at(x, index, values)``, before it is cast: repeated places receive every term."""
    mask = _whole_mask(index)
    if mask is not None:
        return np.where(_mask_for(x, mask, values), x + values, x)
    template, indices = _taken_apart(index)
    return _added(x, values, indices, template)


def _whole_mask(index: Any) -> Any:
    """The mask that is the whole index and known by type alone; ``None`` where there is none."""
    part = index[0] if isinstance(index, tuple) and len(index) == 1 else index
    is_mask = isinstance(part, Value) and part.dtype.kind == "b" and known(part) is None
    return part if is_mask else None


def _mask_for(x: Any, mask: Any, new: Any) -> Any:
    """The mask with an axis for each of x, if `new` has the same elements for every place that it selects."""
    count = _places(x.shape)[np.zeros(mask.shape, bool)].ndim - 1  # NumPy's error for a mask that does not fit
    if np.ndim(new) > count:
        raise TraceError(
            f"an array was assigned values of shape {np.shape(new)} at a mask that is known by shape and dtype only.",
            why="Which of them goes where depends on the values of the mask.",
            remedy=f"Write x = np.where(mask, values, x) with values of shape {x.shape}.",
            where=user_location(),
        )
    np.broadcast_to(_places(np.shape(new)), x.shape[mask.ndim :])  # NumPy's error
    return np.reshape(mask, mask.shape + (1,) * count)
