"""The base of all values that carry derivatives: operators, NumPy protocols, levels.

`Tensor`, `Dual` and `Tracer` derive from `Value` and say only what "apply primitive p to these operands" means
(`Value._apply`). Python operators and NumPy's protocols bring every operation to `bind`, which hands it to the
operand of the newest *level*.

Levels are numbers, and every transform call draws a fresh, larger one. An operation is handled at the largest level
among its operands; operands of smaller levels are constants to it, and the arithmetic inside is handled by them in
turn. Since numbers are never used again, a derivative cannot be taken for that of another transform
(perturbation confusion, Siskind and Pearlmutter 2005), and no stack of active transforms is needed. Level 0 is that of
the tensors a user makes.
"""

from __future__ import annotations

import itertools
import math
import numbers
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakValueDictionary

import numpy as np

from wengert.errors import LostDerivativeError, NoRuleError, user_location
from wengert.registry import functions, handler_of, no_rule, table
from wengert.wlist import ArrayType

if TYPE_CHECKING:
    from wengert.primitive import Primitive

__all__ = [
    "NO_PARAMS",
    "Level",
    "Value",
    "bind",
    "has_nan",
    "is_escaped",
    "is_suspended",
    "is_view",
    "new_level",
    "suspended_below",
]

NO_PARAMS: Mapping[str, Any] = MappingProxyType({})

_levels = itertools.count(1)

#: Values of levels below this one do not record; set by ``no_grad`` for the levels that exist when it is entered.
suspended_below: ContextVar[int] = ContextVar("wengert_suspended_below", default=0)
is_suspended = suspended_below.get


class Level(int):
    """The number of a transform call, and whether the call is still running."""

    is_open = True


def new_level() -> Level:
    """Draw a level that is newer than all others."""
    return Level(next(_levels))


def is_escaped(value: Any) -> bool:
    """Whether `value` belongs to a transform call that has ended."""
    return isinstance(value, Value) and not getattr(value._level, "is_open", True)


def bind(prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any] = NO_PARAMS) -> Any:
    """Apply `prim` to values of any kind: the operand of the newest level decides how."""
    newest = None
    level = -1
    for x in operands:
        if isinstance(x, Value) and x._level > level:
            newest, level = x, x._level
    if newest is None:
        y = prim.compute(*operands, **params)
        # A NumPy scalar times a Python complex number is a Python complex number.
        return np.complex128(y) if y.__class__ is complex else y
    return newest._apply(prim, [_operand(x) for x in operands], params)


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
        raise LostDerivativeError(
            f"an operand is {'an array' if kind is np.ndarray else f'a {kind.__name__}'} of Python objects.",
            why="What is computed with them is not recorded.",
            remedy="Join values with np.stack or np.concatenate; convert numbers with float.",
            where=user_location(),
        )
    return array


def is_view(y: Any) -> bool:
    """Whether a result shares memory with an operand."""
    if isinstance(y, Value):
        return getattr(y, "_family", None) is not None
    return getattr(y, "base", None) is not None


def has_nan(value: Any) -> bool:
    """Whether a value of any kind has a nan somewhere, in its tangents too; False where that is unknown."""
    if isinstance(value, Value):
        return value._has_nan()
    if value.__class__ is np.ndarray:
        flat = value.ravel()
        value = flat.dot(flat)  # a sum of squares: nan where an element is, in one pass
    return bool(value != value)  # noqa: PLR0124  # only a nan differs from itself


class Value:
    """An array whose operations are watched; the base of `Tensor`, `Dual` and `Tracer`.

    It behaves as a NumPy array of its shape and dtype. What would take it out of the record without a word
    (``float(x)``, ``math.sin(x)``, ``np.asarray(x)``) raises `LostDerivativeError` instead.
    """

    __slots__ = ("_family", "_level")

    _level: int
    _family: WeakValueDictionary[int, Value] | None  # set on views and their bases only

    # What a kind of value must say of itself.

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        raise NotImplementedError

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy dtype of the elements."""
        raise NotImplementedError

    def _apply(self, prim: Primitive, operands: Sequence[Any], params: Mapping[str, Any]) -> Any:
        """Apply `prim` at this value's level."""
        raise NotImplementedError

    def _concrete(self) -> Any:
        """The primal number or array at the bottom; raises `TraceError` where there is none."""
        raise NotImplementedError

    def _carries_derivative(self) -> bool:
        return True

    def _has_nan(self) -> bool:
        """Whether some part of the value is known to be a nan."""
        raise NotImplementedError

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

    # In-place operators: the object takes over the new value, so that other names for it see the change.

    def _take_over(self, new: Any) -> Any:
        """Become `new`, which has been computed from this value."""
        raise NotImplementedError

    def _in_place(self, name: str, new: Any) -> Any:
        if self.ndim == 0 and (self._level != 0 or not isinstance(new, Value) or new._level != 0):
            return new  # A NumPy scalar is immutable: the name is bound anew.
        if not isinstance(new, Value) or new._level != self._level:
            inner = isinstance(new, Value)
            raise LostDerivativeError(
                f"{name} of an array of an outer transform with a value of an inner one is not recorded."
                if inner
                else f"{name} would put plain numbers in the place of a value that carries a derivative.",
                why="The array cannot become a value of the inner transform."
                if inner
                else "The result of this operation, or of any under no_grad(), carries none.",
                remedy="Write x = x + ... instead.",
                where=user_location(),
            )
        if new.shape != self.shape:
            raise ValueError(f"non-broadcastable output operand with shape {self.shape} doesn't match {new.shape}")
        if new.dtype != self.dtype:
            if not np.can_cast(new.dtype, self.dtype, "same_kind"):
                raise TypeError(f"Cannot cast the result of {name} from dtype {new.dtype} to {self.dtype}")
            new = new.astype(self.dtype)
        self._check_unshared(name)
        self._family = None
        return self._take_over(new)

    def _check_unshared(self, name: str) -> None:
        family = getattr(self, "_family", None)
        if family is not None and any(other is not self for other in family.values()):
            raise LostDerivativeError(
                f"{name} on an array that shares memory with another one (a view, or the base of one) is not recorded.",
                why="The other array would have to change with it.",
                remedy="Write x = x + ... instead, or work on a copy: x = x.copy(). Single elements are set by "
                "np.where or np.stack.",
                where=user_location(),
            )

    def _share_memory(self, *others: Any) -> None:
        """Note that these values share memory; weakly, so that a view that has died is no obstacle."""
        family = next((x._family for x in others if getattr(x, "_family", None) is not None), None)
        family = WeakValueDictionary() if family is None else family
        for x in (self, *others):
            if type(x) is type(self):
                family[id(x)] = x
                x._family = family

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
        raise LostDerivativeError(
            f"an assignment to elements of a {type(self).__name__} of shape {self.shape} is not recorded.",
            why="The array would change under statements that are already in the record.",
            remedy="Build the new array with np.where, np.concatenate or np.stack.",
            where=user_location(),
        )

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
                "Use NumPy's function (np.sin for math.sin), build arrays with np.stack or np.where, or use x.detach() "
                "to drop the derivative on purpose.",
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
        """Values and type, for messages and debugging prints inside a transform."""
        return f"{np.array2string(np.asarray(self._concrete()), precision=4, threshold=20)} {ArrayType.of(self)}"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self._carries_derivative():
            self._refuse(
                "np.asarray(), np.array() or an assignment into a NumPy array",
                "Join values with np.stack or np.concatenate (and write a @ x for a.dot(x)), or use x.detach() to drop "
                "the derivative on purpose.",
            )
        return np.array(self._concrete() if copy else self._shared_array(), dtype=dtype, copy=copy)

    def _shared_array(self) -> Any:
        """The primal array; read-only where a value shares its memory, whose derivative a change would spoil."""
        array = np.asarray(self._concrete())
        if getattr(self, "_family", None) is not None:
            array = array.view()
            array.flags.writeable = False
        return array

    def item(self) -> Any:
        """The value as a Python number; only for a value that carries no derivative."""
        return self._number("item()").item()

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

    # NumPy's protocols.

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs:
            handler = functions.get(ufunc) or handler_of(ufunc)
            if handler is not None:
                return handler(*inputs)
        return _ufunc_method(ufunc, method, inputs, kwargs)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> Any:
        handler = functions.get(function) or handler_of(function)
        if handler is None:
            raise no_rule(function)
        return handler(*args, **kwargs)

    # Attributes and methods of an array.

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

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
        """The real part."""
        return functions[np.real](self)

    @property
    def imag(self) -> Any:
        """The imaginary part."""
        return functions[np.imag](self)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """As ``numpy.ndarray.astype``."""
        return functions[np.astype](self, dtype, copy=copy)

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        """As ``numpy.ndarray.reshape``."""
        return functions[np.reshape](self, shape[0] if len(shape) == 1 else shape, order=order)

    def transpose(self, *axes: Any) -> Any:
        """As ``numpy.ndarray.transpose``."""
        return functions[np.transpose](self, axes[0] if len(axes) == 1 else axes or None)

    def sum(self, axis: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.sum``."""
        return functions[np.sum](self, axis, **options)

    def mean(self, axis: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.mean``."""
        return functions[np.mean](self, axis, **options)

    def prod(self, axis: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.prod``."""
        return functions[np.prod](self, axis, **options)

    def max(self, axis: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.max``."""
        return functions[np.max](self, axis, **options)

    def min(self, axis: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.min``."""
        return functions[np.min](self, axis, **options)

    def var(self, axis: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.var``."""
        return functions[np.var](self, axis, **options)

    def std(self, axis: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.std``."""
        return functions[np.std](self, axis, **options)

    def all(self, axis: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.all``."""
        return functions[np.all](self, axis, **options)

    def any(self, axis: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.any``."""
        return functions[np.any](self, axis, **options)

    def argmax(self, axis: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.argmax``."""
        return functions[np.argmax](self, axis, **options)

    def argmin(self, axis: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.argmin``."""
        return functions[np.argmin](self, axis, **options)

    def argsort(self, axis: int = -1, **options: Any) -> Any:
        """As ``numpy.ndarray.argsort``."""
        return functions[np.argsort](self, axis, **options)

    def cumsum(self, axis: Any = None, **options: Any) -> Any:
        """As ``numpy.ndarray.cumsum``."""
        return functions[np.cumsum](self, axis, **options)

    def clip(self, *bounds: Any, **options: Any) -> Any:
        """As ``numpy.ndarray.clip``."""
        return functions[np.clip](self, *bounds, **options)

    def round(self, decimals: int = 0) -> Any:
        """As ``numpy.ndarray.round``."""
        return functions[np.round](self, decimals)

    def dot(self, other: Any) -> Any:
        """As ``numpy.ndarray.dot``."""
        return functions[np.dot](self, other)

    def copy(self, order: str = "C") -> Any:
        """As ``numpy.ndarray.copy``."""
        return functions[np.copy](self, order)

    def ravel(self, order: str = "C") -> Any:
        """As ``numpy.ndarray.ravel``."""
        return functions[np.ravel](self, order)

    def flatten(self, order: str = "C") -> Any:
        """As ``numpy.ndarray.flatten``."""
        return functions[np.copy](functions[np.ravel](self, order))

    def take(self, indices: Any, axis: int | None = None) -> Any:
        """As ``numpy.ndarray.take``."""
        return functions[np.take](self, indices, axis)

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        """As ``numpy.ndarray.trace``."""
        return functions[np.trace](self, offset, axis1, axis2)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        """As ``numpy.ndarray.diagonal``."""
        return functions[np.diagonal](self, offset, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Any:
        """As ``numpy.ndarray.squeeze``."""
        return functions[np.squeeze](self, axis)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """As ``numpy.ndarray.swapaxes``."""
        return functions[np.swapaxes](self, axis1, axis2)

    def conj(self) -> Any:
        """As ``numpy.ndarray.conj``."""
        return functions[np.conjugate](self)

    conjugate = conj


def _ufunc_method(ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Calls of a ufunc that are not plain: ``out=``, ``dtype=``, ``np.add.reduce`` and the like."""
    out = kwargs.get("out")
    if out is not None and any(isinstance(target, np.ndarray) for target in out):
        raise LostDerivativeError(
            f"np.{ufunc.__name__} would write a value that carries a derivative into a NumPy array (out= or an "
            "operator such as +=).",
            why="A NumPy array holds plain numbers only.",
            remedy="Write a = a + x instead of a += x.",
            where=user_location(),
        )
    handler = handler_of(ufunc if method == "__call__" else getattr(ufunc, method))
    if handler is None or out is not None:
        raise no_rule(ufunc, method)
    if method == "__call__":
        raise NoRuleError(
            f"np.{ufunc.__name__} was called with {', '.join(kwargs)} on a value that carries a derivative.",
            remedy="Use x.astype for a dtype and np.where for a mask.",
            where=user_location(),
        )
    return handler(*inputs, **kwargs)
