"""Indexing: basic, with integer arrays and with boolean masks; and its transpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from wengert.declaration import composed, structural
from wengert.errors import TraceError, user_location
from wengert.facts import transpose
from wengert.memory import part_of
from wengert.registry import functions, table
from wengert.rules.gathering import added_at, assignable, assigned, gathered, plain_part
from wengert.value import bind, concrete


def _getitem(x: Any, index: Any) -> Any:
    return x[index]


def _scatter(ct: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with `ct` added at `index`: elements named several times receive every contribution."""
    array = np.zeros(shape, ct.dtype)
    _add_into(array, ct, index)
    return array


def _may_repeat(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, (list, np.ndarray)) and np.asarray(part).dtype.kind in "iu" for part in parts)


def _add_into(array: Any, ct: Any, index: Any) -> None:
    if _may_repeat(index):
        np.add.at(array, index, ct)
    else:
        array[index] += ct


def _update(x: Any, new: Any, index: Any) -> Any:
    """The array x with `new` in the place of the elements that `index` names; of several for one place the last."""
    is_wider = np.iscomplexobj(new) and not np.iscomplexobj(x)
    array = np.array(x, np.result_type(x, new) if is_wider else None)
    array[index] = new
    return array


def _taken(ct: Any, index: Any) -> Any:
    """The cotangent of what was put at `index`: zero where something else was put in the same place after it."""
    taken = table.getitem(ct, index=index)
    if not _may_repeat(index):
        return taken
    return table.selecting_multiply(taken, _last_of_place(index, ct.shape).astype(taken.dtype))


def _last_of_place(index: Any, shape: tuple[int, ...]) -> Any:
    """For each element that `index` names: whether no later one names the same place."""
    owner = np.empty(shape, np.intp)
    numbers = np.arange(owner[index].size).reshape(owner[index].shape)
    owner[index] = numbers
    return owner[index] == numbers


# fmt: off
getitem = structural("getitem", _getitem, [transpose(lambda ct, x, *, index: table.scatter(ct, index=index, shape=x.shape))],
                     notation="{0}[{index}]", alias="Index", add_into=_add_into, views=True,
                     accumulate=lambda x_bar, ct, x, *, index: added_at(x_bar, index, ct),
                     put=lambda x, new, *, index: table.index_update(x, new, index=index))
scatter = structural("scatter", _scatter, [transpose(lambda ct, x, *, index, shape: table.getitem(ct, index=index))],
                     notation="{0} at [{index}]", precedence=2, alias="Scatter")
index_update = structural("index_update", _update,
                          [transpose(lambda ct, x, new, *, index: table.index_update(ct, np.zeros((), ct.dtype), index=index)),
                           transpose(lambda ct, x, new, *, index: _taken(ct, index))],
                          jointly_linear=True, notation="{0} with [{index}] = {1}", precedence=0, alias="CopySlices")
# fmt: on


def _plain_index(index: Any) -> Any:
    """The index as NumPy sees it, on its own: sequences and values are arrays, and none is the user's to change."""
    return tuple(map(plain_part, index)) if isinstance(index, tuple) else plain_part(index)


@composed(np.ndarray.__getitem__)
def _index(x: Any, index: Any) -> Any:
    try:
        return bind(getitem, (x,), {"index": _plain_index(index)})
    except TraceError:
        pass  # a part of the index is known by type alone
    return gathered(x, index)


@composed(np.ndarray.__setitem__)
def _assign(x: Any, index: Any, new: Any) -> Any:
    """The array `x` after ``x[index] = new``; `x` itself where nothing changes."""
    try:
        return _assign_at(x, _plain_index(index), new)
    except TraceError:
        pass  # a part of the index is known by type alone
    return assigned(x, index, new)


def _assign_at(x: Any, index: Any, new: Any) -> Any:
    if part_of(new, x, getitem, {"index": index}):
        return x  # the end of x[1:3] += 1: the part that was changed in place is that of x already
    new = assignable(new, x)
    if not x.shape and index not in ((), Ellipsis, (Ellipsis,)):
        raise IndexError("too many indices for array: array is 0-dimensional, but 1 were indexed")
    return bind(index_update, (x, new), {"index": index})


_select = functions[np.where]


@composed(np.where)
def _where(condition: Any, *branches: Any) -> Any:
    return _select(condition, *branches) if branches else np.nonzero(condition)


@composed(np.nonzero)
def _nonzero(a: Any) -> tuple[Any, ...]:
    try:
        return np.nonzero(a._concrete())
    except TraceError:
        raise TraceError(
            "np.nonzero was called on a value that is known by shape and dtype only.",
            why="The shape of its result depends on the values.",
            remedy="Use np.where with three arguments.",
            where=user_location(),
        ) from None


def _of_values(function: Any) -> Any:
    """A question about values whose answer is no array: asked of the plain arrays."""

    def handler(*args: Any, **kwargs: Any) -> Any:
        return function(*(concrete(x) for x in args), **kwargs)

    return handler


for _function in (np.allclose, np.array_equal, np.isclose, np.array_equiv, np.array_repr, np.array_str, np.array2string):
    functions[_function] = _of_values(_function)
