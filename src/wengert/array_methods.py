"""The attributes and methods that a value shares with NumPy's arrays.

Each calls the function of NumPy that it abbreviates. What an array says of its memory has no meaning for a value, whose
numbers are those of a record: such an attribute raises an error that says what to use in its place.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

import numpy as np

from wengert.errors import NoAttributeError, NoRuleError, user_location
from wengert.registry import functions, table

__all__ = ["ArrayMethods", "FlatElements", "WithoutMeaning"]

_UNSET: Any = getattr(np, "_NoValue", None)
_numpy: Any = np  # its annotations know no values


def _given(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None and value is not _UNSET}


def _function(function: Any, out: Any) -> Any:
    """What computes `function` of a value; the function itself where there is an array to write to, a value or not."""
    return functions[function] if out is None else function


class WithoutMeaning:
    """An attribute of arrays that a value does not have, for a reason."""

    __slots__ = ("_name", "_remedy", "_why")

    def __init__(self, why: str, remedy: str):
        self._why, self._remedy = why, remedy

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, value: Any, owner: type) -> Any:
        return self if value is None else self.refuse(value)

    def __set__(self, value: Any, new: Any) -> NoReturn:
        self.refuse(value)

    def refuse(self, value: Any) -> NoReturn:
        """Raise the error that says why."""
        raise NoAttributeError(
            f"a {type(value).__name__} has no {self._name}.", why=self._why, remedy=self._remedy, where=user_location()
        )


_MEMORY = "A value knows its shape and dtype; where and in which order its numbers lie is not part of a record."
_BYTES = "What the bytes of a number stand for is no function in the sense of calculus."


class ArrayMethods:
    """What ``x.name`` means for an array, as far as it follows from functions of arrays."""

    __slots__ = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        raise NotImplementedError

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the elements."""
        raise NotImplementedError

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError

    def __setitem__(self, index: Any, value: Any) -> None:
        raise NotImplementedError

    def _number(self, what: str) -> Any:
        """The plain array, of a value that carries no derivative; `what` asks for it."""
        raise NotImplementedError

    # Shape, dtype and parts.

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.dtype.itemsize

    @property
    def device(self) -> str:
        """Where the numbers are: as of every array of NumPy, ``"cpu"``."""
        return "cpu"

    def to_device(self, device: str, /, *, stream: None = None) -> Any:
        """As ``numpy.ndarray.to_device``."""
        _numpy.empty(0).to_device(device, stream=stream)
        return self

    def __array_namespace__(self, *, api_version: Any = None) -> Any:
        return np.empty(0).__array_namespace__(api_version=api_version)

    @property
    def T(self) -> Any:
        """The transpose: axes in reverse order."""
        return functions[np.transpose](self)

    @property
    def mT(self) -> Any:
        """The transpose of the last two axes."""
        return functions[np.matrix_transpose](self)

    @property
    def real(self) -> Any:
        """The real part, which can be assigned to."""
        return functions[np.real](self)

    @real.setter
    def real(self, new: Any) -> None:
        functions[np.real](self)[...] = new

    @property
    def imag(self) -> Any:
        """The imaginary part, which can be assigned to."""
        return functions[np.imag](self)

    @imag.setter
    def imag(self, new: Any) -> None:
        if self.dtype.kind != "c":
            raise TypeError("array does not have imaginary part to set")
        functions[np.imag](self)[...] = new

    @property
    def flat(self) -> FlatElements:
        """The elements in the order of the last axis first, to iterate over, index and assign to."""
        return FlatElements(self)

    @flat.setter
    def flat(self, new: Any) -> None:
        self[...] = np.resize(new, self.shape)

    flags = WithoutMeaning(_MEMORY, "Take a plain array's: np.asarray(x.detach()).flags.")
    strides = WithoutMeaning(_MEMORY, "Index with slices, or use np.lib.stride_tricks.sliding_window_view.")
    base = WithoutMeaning(_MEMORY, "Use x.copy() to be sure that nothing is shared.")
    data = WithoutMeaning(_MEMORY, "Use x.detach() for the numbers.")
    ctypes = WithoutMeaning(_MEMORY, "Declare what the foreign function computes with wengert.elementwise.")
    setflags = WithoutMeaning(_MEMORY, "Use x.copy() for an array that may be changed.")
    resize = WithoutMeaning("A record cannot give an array another size.", "Use np.resize(x, shape).")
    byteswap = WithoutMeaning(_BYTES, "Swap the bytes of the plain array that the value is made from.")
    getfield = WithoutMeaning(_BYTES, "Use x.real, x.imag or x.astype.")
    setfield = WithoutMeaning(_BYTES, "Assign to x.real, x.imag or x[...].")

    # Other dtypes and shapes.

    def astype(
        self, dtype: Any, order: str = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        """As ``numpy.ndarray.astype``."""
        if casting != "unsafe":
            np.empty(0, self.dtype).astype(dtype, casting=casting)  # NumPy's exception
        return functions[np.astype](self, dtype, copy=copy)

    def view(self, dtype: Any = None, type: Any = None) -> Any:
        """As ``numpy.ndarray.view``; of dtypes for complex numbers as pairs of real ones and back."""
        if type is not None and type is not np.ndarray:
            raise NoRuleError(
                f"view was called with type={type.__name__} on a value.",
                why="A value is an array and nothing else.",
                remedy="Use x.view() or x[...].",
                where=user_location(),
            )
        if dtype is None or np.dtype(dtype) == self.dtype:
            return self[...]
        return functions[np.ndarray.view](self, np.dtype(dtype))

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
        """As ``numpy.ndarray.reshape``."""
        return functions[np.reshape](self, shape[0] if len(shape) == 1 else shape, order=order, **_given(copy=copy))

    def transpose(self, *axes: Any) -> Any:
        """As ``numpy.ndarray.transpose``."""
        return functions[np.transpose](self, axes[0] if len(axes) == 1 else axes or None)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """As ``numpy.ndarray.swapaxes``."""
        return functions[np.swapaxes](self, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Any:
        """As ``numpy.ndarray.squeeze``."""
        return functions[np.squeeze](self, axis)

    def ravel(self, order: str = "C") -> Any:
        """As ``numpy.ndarray.ravel``."""
        return functions[np.ravel](self, order)

    def flatten(self, order: str = "C") -> Any:
        """As ``numpy.ndarray.flatten``."""
        return functions[np.copy](functions[np.ravel](self, order))

    def copy(self, order: str = "C") -> Any:
        """As ``numpy.ndarray.copy``."""
        return functions[np.copy](self, order)

    # Reductions.

    def sum(self, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.sum``."""
        return _function(np.sum, out)(self, axis, **_given(dtype=dtype, out=out), **options)

    def prod(self, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.prod``."""
        return _function(np.prod, out)(self, axis, **_given(dtype=dtype, out=out), **options)

    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.mean``."""
        return _function(np.mean, out)(self, axis, **_given(dtype=dtype, out=out), **options)

    def var(self, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, **options: Any) -> Any:
        """As ``numpy.ndarray.var``."""
        return _function(np.var, out)(self, axis, **_given(dtype=dtype, out=out), ddof=ddof, **options)

    def std(self, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, **options: Any) -> Any:
        """As ``numpy.ndarray.std``."""
        return _function(np.std, out)(self, axis, **_given(dtype=dtype, out=out), ddof=ddof, **options)

    def max(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.max``."""
        return _function(np.max, out)(self, axis, **_given(out=out), **options)

    def min(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.min``."""
        return _function(np.min, out)(self, axis, **_given(out=out), **options)

    def all(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.all``."""
        return _function(np.all, out)(self, axis, **_given(out=out), **options)

    def any(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.any``."""
        return _function(np.any, out)(self, axis, **_given(out=out), **options)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
        """As ``numpy.ndarray.trace``."""
        return _function(np.trace, out)(self, offset, axis1, axis2, **_given(dtype=dtype, out=out))

    def dot(self, b: Any, out: Any = None) -> Any:
        """As ``numpy.ndarray.dot``."""
        return _function(np.dot, out)(self, b, **_given(out=out))

    # Along an axis.

    def cumsum(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        """As ``numpy.ndarray.cumsum``."""
        return _function(np.cumsum, out)(self, axis, **_given(dtype=dtype, out=out))

    def cumprod(self, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        """As ``numpy.ndarray.cumprod``."""
        return _numpy.cumprod(self, axis, **_given(dtype=dtype, out=out))

    def argmax(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.argmax``."""
        return _function(np.argmax, out)(self, axis, **_given(out=out), **options)

    def argmin(self, axis: Any = None, out: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.argmin``."""
        return _function(np.argmin, out)(self, axis, **_given(out=out), **options)

    def argsort(self, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: bool | None = None) -> Any:
        """As ``numpy.ndarray.argsort``."""
        return functions[np.argsort](self, axis, **_given(kind=kind, order=order, stable=stable))

    def argpartition(self, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Any:
        """As ``numpy.ndarray.argpartition``."""
        return _numpy.argpartition(self, kth, axis, kind, order)

    def sort(self, axis: int = -1, kind: Any = None, order: Any = None, *, stable: bool | None = None) -> None:
        """As ``numpy.ndarray.sort``: in place."""
        self[...] = _numpy.sort(self, axis, **_given(kind=kind, order=order, stable=stable))

    def partition(self, kth: Any, axis: int = -1, kind: Any = "introselect", order: Any = None) -> None:
        """As ``numpy.ndarray.partition``: in place."""
        self[...] = _numpy.partition(self, kth, axis, kind, order)

    def searchsorted(self, v: Any, side: Any = "left", sorter: Any = None) -> Any:
        """As ``numpy.ndarray.searchsorted``."""
        return _numpy.searchsorted(self, v, side, sorter)

    def repeat(self, repeats: Any, axis: Any = None) -> Any:
        """As ``numpy.ndarray.repeat``."""
        return _numpy.repeat(self, repeats, axis)

    def compress(self, condition: Any, axis: Any = None, out: Any = None) -> Any:
        """As ``numpy.ndarray.compress``."""
        return _numpy.compress(condition, self, axis, **_given(out=out))

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        """As ``numpy.ndarray.diagonal``."""
        return functions[np.diagonal](self, offset, axis1, axis2)

    # Elements.

    def take(self, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
        """As ``numpy.ndarray.take``."""
        return _function(np.take, out)(self, indices, axis, **_given(out=out), mode=mode)

    def choose(self, choices: Any, out: Any = None, mode: Any = "raise") -> Any:
        """As ``numpy.ndarray.choose``."""
        return _numpy.choose(self, choices, **_given(out=out), mode=mode)

    def nonzero(self) -> Any:
        """As ``numpy.ndarray.nonzero``."""
        return functions[np.nonzero](self)

    def put(self, indices: Any, values: Any, mode: Any = "raise") -> None:
        """As ``numpy.ndarray.put``: in place."""
        _numpy.put(self, indices, values, mode)

    def fill(self, value: Any) -> None:
        """As ``numpy.ndarray.fill``: in place."""
        self[...] = value

    def __contains__(self, element: Any) -> bool:
        return bool(functions[np.any](self == element))

    def __delitem__(self, index: Any) -> NoReturn:
        raise ValueError("cannot delete array elements")

    # Elementwise functions.

    def clip(self, min: Any = None, max: Any = None, out: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.clip``."""
        return _function(np.clip, out)(self, min, max, **_given(out=out), **options)

    def round(self, decimals: int = 0, out: Any = None) -> Any:
        """As ``numpy.ndarray.round``."""
        return _function(np.round, out)(self, decimals, **_given(out=out))

    def conj(self) -> Any:
        """As ``numpy.ndarray.conj``."""
        return functions[np.conjugate](self)

    conjugate = conj

    def __lshift__(self, other: Any) -> Any:
        return table.left_shift(self, other)

    def __rlshift__(self, other: Any) -> Any:
        return table.left_shift(other, self)

    def __rshift__(self, other: Any) -> Any:
        return table.right_shift(self, other)

    def __rrshift__(self, other: Any) -> Any:
        return table.right_shift(other, self)

    # Ways out of the record.

    def tobytes(self, order: Any = "C") -> bytes:
        """As ``numpy.ndarray.tobytes``; only for a value that carries no derivative."""
        return bytes(np.asarray(self._number("tobytes()")).tobytes(order))

    def tofile(self, file: Any, sep: str = "", format: str = "%s") -> None:
        """As ``numpy.ndarray.tofile``; only for a value that carries no derivative."""
        np.asarray(self._number("tofile()")).tofile(file, sep, format)

    def dump(self, file: Any) -> None:
        """As ``numpy.ndarray.dump``; only for a value that carries no derivative."""
        np.asarray(self._number("dump()")).dump(file)

    def dumps(self) -> bytes:
        """As ``numpy.ndarray.dumps``; only for a value that carries no derivative."""
        return bytes(np.asarray(self._number("dumps()")).dumps())


class FlatElements:
    """The elements of an array one after the other, as ``numpy.ndarray.flat``."""

    __slots__ = ("_next", "base")

    def __init__(self, base: Any):
        self.base = base
        self._next = 0

    def __len__(self) -> int:
        size: int = self.base.size
        return size

    def __iter__(self) -> FlatElements:
        return self

    def __next__(self) -> Any:
        if self._next >= len(self):
            raise StopIteration
        self._next += 1
        return self.base.reshape(-1)[self._next - 1]

    def __getitem__(self, index: Any) -> Any:
        return functions[np.copy](self.base.reshape(-1)[index])

    def __setitem__(self, index: Any, new: Any) -> None:
        places = np.arange(self.base.size)[index]
        self.base[np.unravel_index(places, self.base.shape)] = np.resize(new, np.shape(places))

    def copy(self) -> Any:
        """A vector of the elements."""
        return self.base.flatten()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.base.reshape(-1), dtype)
