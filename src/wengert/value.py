"""The base of all values that carry derivatives: operators, NumPy protocols, levels.

`Tensor`, `Dual` and `Tracer` derive from `Value` and say only what "apply primitive p to these operands" means
(`Value._apply`). Python operators and NumPy's protocols bring every operation to `bind`, which hands it to the
operand of the newest *level*.

Levels are numbers, and every transform call draws a fresh, larger one. An operation is handled at the largest level
among its operands; operands of smaller levels are constants to it, and the arithmetic inside is handled by them in
turn. Since numbers are never used again, a derivative cannot be taken for that of another transform
(perturbation confusion, Siskind and Pearlmutter 2005), and no stack of active transforms is needed. Level 0 is that of
the tensors a user makes; below it are the private values of `wengert.rules.degenerate`.
"""

from __future__ import annotations

import functools
import numbers
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from wengert.array_methods import ArrayMethods, WithoutMeaning
from wengert.errors import (
    LostDerivativeError,
    NoRuleError,
    TraceError,
    protocol_caller,
    scipy_function_called,
    user_location,
)
from wengert.levels import is_special, open_sublist, setting
from wengert.memory import Memory, is_shared
from wengert.registry import functions, handler_of, no_rule, table
from wengert.wlist import ArrayType

if TYPE_CHECKING:
    from types import FrameType

    from wengert.primitive import Primitive
    from wengert.tracing import Recorder

__all__ = [
    "NO_PARAMS",
    "Value",
    "bind",
    "check_series",
    "concrete",
    "has_nan",
    "innermost",
    "is_abstract",
    "is_escaped",
    "is_view_of",
    "settled",
    "stacked",
]

NO_PARAMS: Mapping[str, Any] = MappingProxyType({})

#: Functions that make an array of the kind of ``like=``.
_MADE_LIKE: frozenset[Any] = frozenset(
    {np.array, np.asarray, np.asanyarray, np.zeros, np.ones, np.empty, np.full, np.eye, np.identity}
)

_BELOW_ALL = -3


def is_escaped(value: Any) -> bool:
    """Whether `value` belongs to a transform call that has ended."""
    return isinstance(value, Value) and not getattr(value._level, "is_open", True)


def bind(prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any] = NO_PARAMS) -> Any:
    """Apply `prim` to values of any kind: the operand of the newest level decides how."""
    newest = _newest(operands)
    if newest is None:
        y = prim.compute(*operands, **params)
        # A NumPy scalar times a Python complex number is a Python complex number.
        return np.complex128(y) if y.__class__ is complex else y
    xs = [_operand(x) for x in operands]
    newest = _newest(xs)  # an array of objects may have become a value of a newer level
    if newest._level < is_special():  # type: ignore[union-attr]  # the values are still there
        recorder = open_sublist.get()
        if recorder is not None and _is_outside(recorder, newest):  # type: ignore[arg-type]  # as above
            if any(map(is_abstract, xs)):
                return recorder.apply(prim, xs, params)
            with setting(open_sublist, None):  # known values are computed outside, abstract tangents of theirs too
                return newest._apply(prim, xs, params)  # type: ignore[union-attr]  # as above
    return newest._apply(prim, xs, params)  # type: ignore[union-attr]  # as above


def _is_outside(recorder: Recorder, x: Value) -> bool:
    """Whether `x` belongs to what goes on around the list; the private values of the rules do not."""
    return 0 <= x._level < recorder.level


def is_abstract(x: Any) -> bool:
    """Whether `x` is known by shape and dtype only, so that Python cannot decide on its value."""
    return isinstance(x, Value) and x._is_abstract()


def _newest(operands: Sequence[Any]) -> Value | None:
    """The value of the newest level, if there is any."""
    newest = None
    level = _BELOW_ALL
    for x in operands:
        if isinstance(x, Value) and x._level > level:
            newest, level = x, x._level
    return newest


def _operand(x: Any) -> Any:
    kind = type(x)
    if (kind is np.ndarray and x.dtype.kind != "O") or isinstance(x, (Value, np.generic, int, float, complex)):
        return x
    if isinstance(x, (np.ma.MaskedArray, np.matrix)):
        raise NoRuleError(
            f"an operand is a {kind.__name__}, whose operators mean something else than those of an array.",
            remedy="Convert it with np.asarray, and mask with np.where.",
            where=user_location(),
        )
    if isinstance(x, numbers.Real):
        return float(x)  # a Fraction, say
    array = np.asarray(x)
    if array.dtype.kind == "O":
        if all(isinstance(element, (Value, numbers.Number)) for element in array.flat):
            return stacked(array)
        raise LostDerivativeError(
            f"an operand is {'an array' if kind is np.ndarray else f'a {kind.__name__}'} of Python objects.",
            why="What is computed with them is not recorded.",
            remedy="Join values with np.stack or np.concatenate; convert numbers with float.",
            where=user_location(),
        )
    return array


def _remedy_for_asarray() -> str:
    """What to write instead; for a function of NumPy what the ledger says, for one of SciPy its own name in wengert."""
    from wengert.ledger import remedy_for_call

    if remedy := remedy_for_call():
        return f"{remedy} Or use x.detach() to drop the derivative on purpose."
    called = scipy_function_called()
    for package in ("special", "linalg", "stats"):
        if called.startswith(f"scipy.{package}."):
            return (
                f"SciPy's Python functions know plain arrays only: use wengert.{package}, which has those that can be "
                "differentiated under the same names; or x.detach() to drop the derivative on purpose."
            )
    return (
        "Leave out np.asarray, join values with np.stack or np.concatenate, make an array to write into with "
        "np.zeros_like(x), or use x.detach() to drop the derivative on purpose."
    )


_SERIES = frozenset({"polyval", "chebval", "legval", "hermval", "hermeval", "lagval", "polyvalfromroots"})


def check_series(frame: FrameType) -> None:
    """Refuse several series of ``numpy.polynomial`` at a value: NumPy lays them along points of its own arrays only."""
    name = frame.f_code.co_name
    if name not in _SERIES or not frame.f_globals.get("__name__", "").startswith("numpy.polynomial."):
        return
    x = frame.f_locals.get("x")
    of_roots = name == "polyvalfromroots"
    series: Any = frame.f_locals.get("r" if of_roots else "c")
    what = "roots" if of_roots else "series"
    if isinstance(x, Value) and x.ndim and frame.f_locals.get("tensor") and np.ndim(series) > (0 if of_roots else 1):
        raise NoRuleError(
            f"numpy.polynomial's {name} was called with several {what} at a value of shape {x.shape}.",
            why="NumPy lays them along the points only if these are an array of its own.",
            remedy="Write np.prod(x[..., None] - r, axis=-1)."
            if of_roots
            else f"Write {name}(x, c.reshape(c.shape + (1,) * x.ndim), tensor=False).",
            where=user_location(),
        )


def _may_hold_objects(value: Value, caller: str) -> bool:
    """Whether an array of objects is what the caller can work with: a number in a list, or NumPy's own Python code."""
    if caller.startswith(("scipy.", "numpy.testing.", "numpy.ma.")):
        return False
    if caller.startswith(("numpy.polynomial.polyutils.as_series", "numpy.lib._stride_tricks_impl.as_strided")):
        return False  # one drops coefficients that are 0, and their derivatives; the other counts bytes of numbers
    return value.ndim == 0 or caller.startswith("numpy.")


def _array_of_objects(value: Value) -> Any:
    """The elements as objects of an array: what ``np.array([x[0], x[1]])`` puts together, to be stacked again."""
    flat = functions[np.ravel](value)
    elements = [value] if value.ndim == 0 else [flat[k] for k in range(value.size)]
    return np.fromiter(elements, object, value.size).reshape(value.shape)


def stacked(array: Any) -> Any:
    """An array of objects, values and numbers, as one value."""
    elements = [x if isinstance(x, Value) else np.asarray(x)[()] for x in array.flat]
    if not any(isinstance(x, Value) for x in elements):
        return np.array(elements).reshape(array.shape)[()]
    joined = functions[np.stack](elements)
    return functions[np.reshape](joined, array.shape)


def is_view_of(y: Any, x: Any) -> bool:
    """Whether the result `y` of an operation on `x` shares its memory."""
    if isinstance(y, Value):
        memory = getattr(y, "_memory", None)
        return memory is not None and memory is getattr(x, "_memory", None)
    base = getattr(y, "base", None)
    if base is not None and not isinstance(base, np.ndarray):
        base = getattr(base, "base", None)  # what stride_tricks puts in between
    return base is not None and (base is x or base is getattr(x, "base", None))


def innermost(x: Any) -> Any:
    """What lies at the bottom of a value: an array, or a value that only stands for something."""
    while isinstance(x, Value):
        below = x._below()
        if below is None:
            break
        x = below
    return x


def concrete(x: Any) -> Any:
    """The number or array at the bottom of a value; raises `TraceError` where there is none."""
    return x._concrete() if isinstance(x, Value) else x


def settled(x: Any) -> Any:
    """What may leave the record: of a private value the array that NumPy computes, else x itself."""
    return x._settled() if isinstance(x, Value) else x


def has_nan(value: Any) -> bool:
    """Whether a value of any kind has a nan somewhere, in its tangents too; False where that is unknown."""
    if isinstance(value, Value):
        return value._has_nan()
    if value.__class__ is np.ndarray:
        flat = value.ravel()
        value = flat.dot(flat)  # a sum of squares: nan where an element is, in one pass
    return bool(value != value)  # noqa: PLR0124  # only a nan differs from itself


class Value(ArrayMethods):
    """An array whose operations are watched; the base of `Tensor`, `Dual` and `Tracer`.

    It behaves as a NumPy array of its shape and dtype. What would take it out of the record without a word
    (``float(x)``, ``math.sin(x)``, ``np.asarray(x)``) raises `LostDerivativeError` instead.
    """

    __slots__ = ("_level", "_memory", "_path")

    #: Whether its numbers lie somewhere, in an order of memory that NumPy would see.
    has_layout = True

    _level: int
    _memory: Any  # set on views and their bases only, with the steps that lead to the part
    _path: tuple[Any, ...]

    # What a kind of value must say of itself.

    def _apply(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """Apply `prim` at this value's level."""
        raise NotImplementedError

    def _concrete(self) -> Any:
        """The primal number or array at the bottom; raises `TraceError` where there is none."""
        raise NotImplementedError

    def _carries_derivative(self) -> bool:
        return True

    def _is_recorded(self) -> bool:
        """Whether a reverse sweep may go through the operations that made it."""
        return False

    def _has_nan(self) -> bool:
        """Whether some part of the value is known to be a nan."""
        raise NotImplementedError

    def _reaches(self) -> Any:
        """Which elements of a seed a sweep starts from: an element that is zero may carry a derivative."""
        return np.ones(self.shape, bool)

    def _is_abstract(self) -> bool:
        """Whether it is known by shape and dtype only, so that Python cannot decide on its value."""
        try:
            self._concrete()
        except TraceError:
            return True
        return False

    def _is_batch(self) -> bool:
        """Whether it stands for many arrays, which may differ in what is decided."""
        below = self._below()
        return isinstance(below, Value) and below._is_batch()

    def _below(self) -> Any:
        """The value or array that this one is made of; ``None`` for one that only stands for something."""
        return None

    def _settled(self) -> Any:
        """The value without what is private to the rules (`wengert.rules.degenerate`)."""
        return self

    # Operators. Tensor overrides the three below with shorter paths.

    def _unary(self, prim: Primitive) -> Any:
        return bind(prim, (self,))

    def _binary(self, prim: Primitive, other: Any) -> Any:
        return bind(prim, (self, other))

    def _reflected(self, prim: Primitive, other: Any) -> Any:
        return bind(prim, (other, self))

    def __neg__(self) -> Any:
        return self._unary(table.negative)

    def __pos__(self) -> Any:
        return self._unary(table.positive)

    def __abs__(self) -> Any:
        return self._unary(table.absolute)

    def __invert__(self) -> Any:
        return self._unary(table.invert)

    def __add__(self, other: Any) -> Any:
        return self._binary(table.add, other)

    def __radd__(self, other: Any) -> Any:
        return self._reflected(table.add, other)

    def __sub__(self, other: Any) -> Any:
        return self._binary(table.subtract, other)

    def __rsub__(self, other: Any) -> Any:
        return self._reflected(table.subtract, other)

    def __mul__(self, other: Any) -> Any:
        return self._binary(table.multiply, other)

    def __rmul__(self, other: Any) -> Any:
        return self._reflected(table.multiply, other)

    def __truediv__(self, other: Any) -> Any:
        return self._binary(table.divide, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._reflected(table.divide, other)

    def __pow__(self, other: Any) -> Any:
        return self._binary(table.power, other)

    def __rpow__(self, other: Any) -> Any:
        return self._reflected(table.power, other)

    def __floordiv__(self, other: Any) -> Any:
        return self._binary(table.floor_divide, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._reflected(table.floor_divide, other)

    def __mod__(self, other: Any) -> Any:
        return self._binary(table.remainder, other)

    def __rmod__(self, other: Any) -> Any:
        return self._reflected(table.remainder, other)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __matmul__(self, other: Any) -> Any:
        return self._binary(table.matmul, other)

    def __rmatmul__(self, other: Any) -> Any:
        return self._reflected(table.matmul, other)

    def __and__(self, other: Any) -> Any:
        return self._binary(table.bitwise_and, other)

    __rand__ = __and__

    def __or__(self, other: Any) -> Any:
        return self._binary(table.bitwise_or, other)

    __ror__ = __or__

    def __xor__(self, other: Any) -> Any:
        return self._binary(table.bitwise_xor, other)

    __rxor__ = __xor__

    def __lt__(self, other: Any) -> Any:
        return self._binary(table.less, other)

    def __le__(self, other: Any) -> Any:
        return self._binary(table.less_equal, other)

    def __gt__(self, other: Any) -> Any:
        return self._binary(table.greater, other)

    def __ge__(self, other: Any) -> Any:
        return self._binary(table.greater_equal, other)

    def __eq__(self, other: Any) -> Any:
        return self._binary(table.equal, other)

    def __ne__(self, other: Any) -> Any:
        return self._binary(table.not_equal, other)

    __hash__ = object.__hash__

    # Changes in place: the object takes over the new value, and so do all that share its memory (`memory`).

    def _alias(self) -> Any:
        """Another object with the same content, which no change in place of this one reaches."""
        raise NotImplementedError

    def _holding(self, array: Any) -> Any:
        """`array` as a value of this kind and level; a constant where it is not one yet."""
        raise NotImplementedError

    def _take_over(self, new: Any) -> None:
        """Become `new`, a value of this kind and level."""
        raise NotImplementedError

    def _check_writeable(self, name: str) -> None:
        """Raise where this value must not be changed in place."""

    def _check_inside(self, name: str) -> None:
        """Raise where the array is not one of the sub-list that is being recorded."""
        recorder = open_sublist.get()
        if recorder is None:
            return
        memory = getattr(self, "_memory", None)
        whole = memory.whole if isinstance(memory, Memory) else self
        if _is_outside(recorder, whole) and whole._is_abstract():
            raise TraceError(
                f"{name} of an array from outside, {ArrayType.of(whole)}, stands in a function that is recorded as a "
                "sub-list.",
                why="The list around it would not know of it.",
                remedy="Give the array to the function, as an operand or in the carry, and return it; or write into a "
                "copy.",
                where=user_location(),
            )

    def _write(self, name: str, new: Any) -> None:
        """Make `new`, of this shape, the content of this array, and of the memory it shares with others."""
        self._check_inside(name)
        if isinstance(new, Value) and new._level > self._level:
            raise LostDerivativeError(
                f"{name} of an array of an outer transform with a value of an inner one is not recorded.",
                why="The array cannot become a value of the inner transform.",
                remedy="Write x = x + ... instead, or make the array inside, as in np.zeros_like(value).",
                where=user_location(),
            )
        if new.dtype != self.dtype:
            new = new.astype(self.dtype)
        self._check_writeable(name)
        memory = getattr(self, "_memory", None)
        if isinstance(memory, Memory):
            memory.write(self, self._holding(new))
        else:
            self._take_over(self._holding(new))

    def _in_place(self, name: str, new: Any) -> Any:
        is_array = isinstance(getattr(self, "_memory", None), Memory)  # a view of no axes, such as x[0, ...]
        if self.ndim == 0 and not is_array and (self._level != 0 or not isinstance(new, Value) or new._level != 0):
            return new  # A NumPy scalar is immutable: the name is bound anew.
        if new.shape != self.shape:
            raise ValueError(f"non-broadcastable output operand with shape {self.shape} doesn't match {new.shape}")
        if not np.can_cast(new.dtype, self.dtype, "same_kind"):
            raise TypeError(f"Cannot cast the result of {name} from dtype {new.dtype} to {self.dtype}")
        self._write(name, new)
        return self

    def __iadd__(self, other: Any) -> Any:
        return self._in_place("+=", self + other)

    def __isub__(self, other: Any) -> Any:
        return self._in_place("-=", self - other)

    def __imul__(self, other: Any) -> Any:
        return self._in_place("*=", self * other)

    def __itruediv__(self, other: Any) -> Any:
        return self._in_place("/=", self / other)

    def __imod__(self, other: Any) -> Any:
        return self._in_place("%=", self % other)

    def __ifloordiv__(self, other: Any) -> Any:
        return self._in_place("//=", self // other)

    def __imatmul__(self, other: Any) -> Any:
        return self._in_place("@=", self @ other)

    def __ipow__(self, other: Any) -> Any:
        return self._in_place("**=", self**other)

    # Indexing and iteration.

    def __getitem__(self, index: Any) -> Any:
        return functions[np.ndarray.__getitem__](self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        new = functions[np.ndarray.__setitem__](self, index, value)
        if new is not self:
            self._write("an assignment to elements", new)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(self.shape[0]))

    # Ways out of the record.

    def _refuse(self, what: str, remedy: str) -> NoReturn:
        raise LostDerivativeError(
            f"{what} was called on a {type(self).__name__} that carries a derivative.",
            why="Its result is a plain number or array that does not remember how it was computed.",
            remedy=remedy,
            where=user_location(),
        )

    def _number(self, what: str) -> Any:
        if self._carries_derivative():
            self._refuse(
                what,
                "Use NumPy's function (np.sin for math.sin), make an array to write into with np.zeros_like(x) (shape= "
                "for another shape), or use x.detach() to drop the derivative on purpose.",
            )
        return self._concrete()

    def __float__(self) -> float:
        return float(self._number("float(), a function of the math module or an assignment into a NumPy array"))

    def __int__(self) -> int:
        return int(self._number("int()"))

    def __complex__(self) -> complex:
        return complex(self._number("complex()"))

    def __index__(self) -> int:
        if self._carries_derivative():
            raise TypeError("only integer scalar arrays can be converted to a scalar index")
        index: int = self._concrete().__index__()
        return index

    def __round__(self, digits: int = 0) -> Any:
        return np.round(self, digits)

    def __bool__(self) -> bool:
        return bool(self._concrete())

    def __format__(self, spec: str) -> str:
        # Text is for reading: it takes nothing out of the record.
        return format(self._concrete().item(), spec) if spec and self.ndim == 0 else format(str(self), spec)

    def _text(self) -> str:
        """Values, where they are known, and type, for messages and debugging prints inside a transform."""
        try:
            numbers = np.asarray(self._concrete())
        except TraceError:
            return str(ArrayType.of(self))
        return f"{np.array2string(numbers, precision=4, threshold=20)} {ArrayType.of(self)}"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self._carries_derivative():
            caller = protocol_caller()
            wants_objects = dtype is not None and np.dtype(dtype).kind == "O"
            if wants_objects or (dtype is None and _may_hold_objects(self, caller)):
                return _array_of_objects(self)
            self._refuse("np.asarray(), np.array() or an assignment into a NumPy array", _remedy_for_asarray())
        return np.array(self._concrete() if copy else self._shared_array(), dtype=dtype, copy=copy)

    def _shared_array(self) -> Any:
        """The primal array; read-only where a value shares its memory, whose derivative a change would spoil."""
        array = np.asarray(self._concrete())
        if is_shared(self):
            array = array.view()
            array.flags.writeable = False
        return array

    def item(self, *index: Any) -> Any:
        """One element as a Python number; only for a value that carries no derivative."""
        return self._number("item()").item(*index)

    def tolist(self) -> Any:
        """The value as nested lists of numbers; only for a value that carries no derivative."""
        return self._number("tolist()").tolist()

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def detach(self) -> Any:
        """The same value as a constant: its derivative is zero from here on."""
        return self._unary(table.detach)

    def __getattr__(self, name: str) -> Any:
        # x.sin(), x.exp(), …: PyTorch's methods, and what NumPy calls on the elements of an array of objects.
        if not name.startswith("_"):
            described = getattr(type(self), name, None)
            if isinstance(described, WithoutMeaning):  # it has raised an AttributeError already, which Python hides
                described.refuse(self)
            ufunc = getattr(np, name, None)
            if isinstance(ufunc, np.ufunc):
                return functools.partial(ufunc, self)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    # NumPy's protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if inputs[0].__class__ is np.ndarray and "numpy.polynomial" in sys.modules:
            check_series(sys._getframe(1))
        if method == "__call__" and not kwargs:
            handler = functions.get(ufunc) or handler_of(ufunc)
            if handler is not None:
                return handler(*inputs)
        return _ufunc_method(ufunc, method, inputs, kwargs)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        if function in _MADE_LIKE:
            return self._made_like(function, args, kwargs)
        if function is np.prod and "numpy.polynomial" in sys.modules:
            check_series(sys._getframe(1))
        handler = functions.get(function) or handler_of(function)
        if handler is None:
            raise no_rule(function)
        out = kwargs.get("out")
        if isinstance(out, Value):
            result = handler(*args, **{name: value for name, value in kwargs.items() if name != "out"})
            if np.shape(result) != out.shape:
                raise ValueError(f"output parameter has the shape {out.shape}, but the result has {np.shape(result)}")
            out[...] = result
            return out
        return handler(*args, **kwargs)

    def _made_like(self, function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What ``np.zeros(3, like=self)`` makes: an array whose elements can be assigned values."""
        if function in (np.array, np.asarray, np.asanyarray):
            objects = np.array(args[0], object)
            dtype = kwargs.get("dtype", args[1] if len(args) > 1 else None)
            made = stacked(objects) if dtype is None else stacked(objects).astype(dtype)
        else:
            made = function(*args, **kwargs)
        if isinstance(made, Value) or not made.ndim or made.dtype.kind not in "fc":
            return made
        return self._holding(made)


def _ufunc_method(ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Calls of a ufunc that are not plain: ``out=``, ``dtype=``, ``np.add.reduce`` and the like."""
    return functions[np.ufunc](ufunc, method, inputs, kwargs)
