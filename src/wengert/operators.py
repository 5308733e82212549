"""The short paths of define-by-run: what `Tensor._apply` does, written out for one and two operands.

An eager program spends its time here, so each operator is a closure over what is known once per primitive: how it is
computed, and which values its rules read. Whatever is not the common case goes the general way through `bind`.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import wengert.rules  # noqa: F401  # the operators are rows of the table
from wengert.facts import Kind
from wengert.levels import is_special
from wengert.nodes import COPIED_BELOW, FLOAT64, Node
from wengert.primitive import Primitive
from wengert.registry import handler_of, no_rule, table
from wengert.tensors import Tensor
from wengert.value import NO_PARAMS, Value, bind, check_series

__all__ = ["install"]

_NUMBERS = frozenset({int, float})
_CONSTANTS = frozenset({int, float, np.float64, np.float32, np.ndarray})


class _Unary(dict[Any, Callable[[Tensor], Any]]):
    """ufunc → its application to one tensor, made when first asked for."""

    def __missing__(self, ufunc: np.ufunc) -> Callable[[Tensor], Any]:
        prim = handler_of(ufunc)
        if isinstance(prim, Primitive) and not prim.has_flat:
            self[ufunc] = _unary_operator(prim)
        elif prim is not None:
            self[ufunc] = prim
        else:
            raise no_rule(ufunc)
        return self[ufunc]


class _Binary(dict[Any, tuple[Any, Any]]):
    """ufunc → its application to a tensor and another value, and to another value and a tensor."""

    def __missing__(self, ufunc: np.ufunc) -> tuple[Any, Any]:
        prim = handler_of(ufunc)
        if isinstance(prim, Primitive) and not prim.has_flat:
            self[ufunc] = _binary_operator(prim)
        elif prim is not None:
            self[ufunc] = prim, _swapped(prim)
        else:
            raise no_rule(ufunc)
        return self[ufunc]


def _swapped(function: Callable[..., Any]) -> Callable[..., Any]:
    def swapped(first: Any, second: Any) -> Any:
        return function(second, first)

    return swapped


_unary = _Unary()
_binary = _Binary()


def _array_ufunc(self: Tensor, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    if inputs[0].__class__ is np.ndarray and "numpy.polynomial" in sys.modules:
        check_series(sys._getframe(1))
    if method == "__call__" and not kwargs:
        if len(inputs) == 1:
            return _unary[ufunc](self)
        if len(inputs) == 2:
            operator, reflected = _binary[ufunc]
            return operator(self, inputs[1]) if inputs[0] is self else reflected(self, inputs[0])
    return Value.__array_ufunc__(self, ufunc, method, *inputs, **kwargs)


def _unary_operator(prim: Primitive) -> Callable[[Tensor], Any]:
    compute = prim.compute
    adjoint = prim.adjoint[(True,)]
    keeps_y, keeps_x = adjoint.keeps

    def apply(self: Tensor) -> Any:
        node, level = self._node, self._level
        if node is None or level < is_special():
            return bind(prim, (self,))
        x = self._array
        y = compute(x)
        saved = (y if keeps_y else None, x if keeps_x else node)
        if node.dtype is FLOAT64:
            return Tensor(y, Node(adjoint, (node,), saved, NO_PARAMS, node.shape, FLOAT64, True), level)
        return Tensor(y, Node(adjoint, (node,), saved, NO_PARAMS, node.shape, y.dtype), level)

    return apply


@functools.lru_cache(maxsize=256)
def _constant(number: float) -> np.ndarray[Any, Any]:
    """A number other than 0 as an array: NumPy's arithmetic takes it in half the time of a Python number."""
    array = np.array(number, FLOAT64)
    array.flags.writeable = False
    return array


def _binary_operator(prim: Primitive) -> tuple[Any, Any]:  # noqa: C901, PLR0915  # two hot paths, written out
    """The methods ``x op other`` and ``other op x``.

    Two float64 operands of one shape (one tuple object: results share that of their operands) and float64 operands
    with a number need no look at the result to know its type.
    """
    compute = prim.compute
    both, first, second = (prim.adjoint[mask] for mask in ((True, True), (True, False), (False, True)))
    both_y, both_1, both_2 = both.keeps
    first_y, first_1, first_2 = first.keeps
    second_y, second_1, second_2 = second.keeps
    is_elementwise = prim.kind is Kind.ELEMENTWISE
    # Numbers that become arrays; not exponents: NumPy squares where it sees the number 2.
    ndarray = np.ndarray
    numbers = _NUMBERS if prim is not table.power else frozenset[type]()

    def operator(self: Tensor, other: Any) -> Any:  # noqa: PLR0911  # one return for each common case
        node1, level = self._node, self._level
        if node1 is None or level < is_special():
            return bind(prim, (self, other))
        kind = other.__class__
        if kind is Tensor:
            node2 = other._node
            if node2 is None or other._level != level:
                return bind(prim, (self, other))
            if node1.dtype is not node2.dtype:
                return bind(prim, (self, other))
            x1, x2 = self._array, other._array
            y = compute(x1, x2)
            saved = (y if both_y else None, x1 if both_1 else node1, x2 if both_2 else node2)
            shape = node1.shape
            if is_elementwise and shape is node2.shape and node1.dtype is FLOAT64:
                return Tensor(y, Node(both, (node1, node2), saved, NO_PARAMS, shape, FLOAT64, True), level)
            fits = y.dtype is node1.dtype is FLOAT64
            fits = fits and (y.shape == shape == node2.shape if is_elementwise else len(shape) == len(node2.shape) == 2)
            return Tensor(y, Node(both, (node1, node2), saved, NO_PARAMS, y.shape, y.dtype, fits), level)
        x1 = self._array
        if kind in numbers and node1.dtype is FLOAT64:
            if not other:
                other = np.float64(other)  # -0.0 has no place of its own in a cache, and 1 / 0.0 none in Python
            elif x1.__class__ is ndarray:
                other = _constant(other)
            y = compute(x1, other)
            saved = (y if first_y else None, x1 if first_1 else node1, other)
            return Tensor(y, Node(first, (node1,), saved, NO_PARAMS, node1.shape, FLOAT64, True), level)
        if kind not in _CONSTANTS or _is_special(other, node1):
            return bind(prim, (self, other))
        y = compute(x1, other)
        saved = (y if first_y else None, x1 if first_1 else node1, _constant_kept(other, first_2))
        fits = _fits(y, node1, other, is_elementwise)
        return Tensor(y, Node(first, (node1,), saved, NO_PARAMS, y.shape, y.dtype, fits), level)

    def reflected(self: Tensor, other: Any) -> Any:
        node2, level = self._node, self._level
        kind = other.__class__
        if node2 is None or level < is_special():
            return bind(prim, (other, self))
        x2 = self._array
        if kind in numbers and node2.dtype is FLOAT64:
            if not other:
                other = np.float64(other)
            elif x2.__class__ is ndarray:
                other = _constant(other)
            y = compute(other, x2)
            saved = (y if second_y else None, other, x2 if second_2 else node2)
            return Tensor(y, Node(second, (node2,), saved, NO_PARAMS, node2.shape, FLOAT64, True), level)
        if kind not in _CONSTANTS or _is_special(other, node2):
            return bind(prim, (other, self))
        y = compute(other, x2)
        saved = (y if second_y else None, _constant_kept(other, second_1), x2 if second_2 else node2)
        fits = _fits(y, node2, other, is_elementwise)
        return Tensor(y, Node(second, (node2,), saved, NO_PARAMS, y.shape, y.dtype, fits), level)

    return operator, reflected


def _is_special(constant: Any, node: Node) -> bool:
    """Whether a constant takes the general way: of another dtype than the tensor, a Python zero, or a large array."""
    dtype = getattr(constant, "dtype", None)
    if dtype is None:
        return bool(constant == 0)
    return dtype is not node.dtype or constant.nbytes > COPIED_BELOW


def _fits(y: Any, node: Node, constant: Any, is_elementwise: bool) -> bool:
    """Whether the term of an operator with a constant has the shape and dtype of its operand."""
    if y.dtype is not FLOAT64 or node.dtype is not FLOAT64:
        return False
    shape = node.shape
    return bool(y.shape == shape if is_elementwise else len(shape) == constant.ndim == 2)


def _constant_kept(x: Any, is_read: bool) -> Any:
    """What a record holds of a constant: of an array a copy, and only if a rule reads it."""
    if x.__class__ is not np.ndarray:
        return x
    return x.copy() if is_read else None


def _comparison(prim: Primitive) -> Any:
    compute = prim.compute

    def compare(self: Tensor, other: Any) -> Any:
        if other.__class__ in _CONSTANTS and self._level >= is_special():
            y = compute(self._array, other)
            return Tensor(y) if self._level == 0 else y
        return bind(prim, (self, other))

    return compare


def install() -> None:
    """Give `Tensor` its operators."""
    for name, ufunc in {
        "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide,
        "pow": np.power, "matmul": np.matmul, "mod": np.remainder,
    }.items():  # fmt: skip
        operator, reflected = _binary[ufunc]
        setattr(Tensor, f"__{name}__", operator)
        setattr(Tensor, f"__r{name}__", reflected)
    for name, prim in {
        "lt": table.less, "le": table.less_equal, "gt": table.greater, "ge": table.greater_equal,
        "eq": table.equal, "ne": table.not_equal,
    }.items():  # fmt: skip
        setattr(Tensor, f"__{name}__", _comparison(prim))
    setattr(Tensor, "__neg__", _unary[np.negative])  # noqa: B010  # as the others
    setattr(Tensor, "__array_ufunc__", _array_ufunc)  # noqa: B010


install()
