"""Numbers in registers, with operators that write LLVM's instructions.

What NumPy computes is meant, also at special points: comparisons with nan are false (but for `differ`), whole numbers
wrap around, and no instruction carries a flag that would let LLVM assume anything else.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from wengert.native import machine
from wengert.native.writing import REGISTERS, Function, literal

__all__ = [
    "BOOL", "DType", "Number", "Scalar", "bits_of", "call", "choose", "convert", "copysign", "differ", "equal",
    "from_bits", "intrinsic", "is_nan", "scale",
]  # fmt: skip

DType: TypeAlias = np.dtype[Any]

BOOL = np.dtype(bool)

#: The dtype of the whole numbers that are as long as a float.
_BITS: Mapping[int, DType] = {8: np.dtype(np.int64), 4: np.dtype(np.int32)}


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A register of a function that is being written, or a literal."""

    function: Function
    text: str
    dtype: DType

    @property
    def kind(self) -> str:
        """``f``, ``i`` or ``b``."""
        return self.dtype.kind

    @property
    def number(self) -> int | float | None:
        """The value of a literal; ``None`` of a register."""
        if self.text.startswith("%"):
            return None
        if self.kind != "f":
            return int(self.text)
        return float(struct.unpack(">d", bytes.fromhex(self.text.removeprefix("0x").rjust(16, "0")))[0])

    def literal(self, value: float | bool | np.generic) -> Scalar:
        """A constant of the same dtype."""
        return Scalar(self.function, literal(value, self.dtype), self.dtype)

    def write(self, instruction: str, *others: Number) -> Scalar:
        """An instruction of several operands of this dtype, which gives another number of it."""
        texts = [self.text, *(self._like(x).text for x in others)]
        return self._new(f"{instruction} {REGISTERS[self.dtype.name]} {', '.join(texts)}", self.dtype)

    def _new(self, instruction: str, dtype: DType) -> Scalar:
        return Scalar(self.function, self.function.value(instruction), dtype)

    def _like(self, other: Number) -> Scalar:
        return other if isinstance(other, Scalar) else self.literal(other)

    def _arithmetic(self, name: str, other: Number) -> Scalar:
        return self.write(f"f{name}" if self.kind == "f" else name, other)

    def _comparison(self, real: str, whole: str, other: Number) -> Scalar:
        instruction = f"fcmp {real}" if self.kind == "f" else f"icmp {whole}"
        return Scalar(self.function, self.write(instruction, other).text, BOOL)

    def _order(self, name: str, other: Number) -> Scalar:
        return self._comparison(f"o{name}", f"{'u' if self.kind == 'b' else 's'}{name}", other)

    def __add__(self, other: Number) -> Scalar:
        return self._arithmetic("add", other)

    def __sub__(self, other: Number) -> Scalar:
        return self._arithmetic("sub", other)

    def __mul__(self, other: Number) -> Scalar:
        return self._arithmetic("mul", other)

    def __truediv__(self, other: Number) -> Scalar:
        return self.write("fdiv", other)

    def __radd__(self, other: float) -> Scalar:
        return self.literal(other) + self

    def __rsub__(self, other: float) -> Scalar:
        return self.literal(other) - self

    def __rmul__(self, other: float) -> Scalar:
        return self.literal(other) * self

    def __rtruediv__(self, other: float) -> Scalar:
        return self.literal(other) / self

    def __neg__(self) -> Scalar:
        return self.write("fneg") if self.kind == "f" else 0 - self

    def __lt__(self, other: Number) -> Scalar:
        return self._order("lt", other)

    def __le__(self, other: Number) -> Scalar:
        return self._order("le", other)

    def __gt__(self, other: Number) -> Scalar:
        return self._order("gt", other)

    def __ge__(self, other: Number) -> Scalar:
        return self._order("ge", other)

    def __and__(self, other: Number) -> Scalar:
        return self.write("and", other)

    def __or__(self, other: Number) -> Scalar:
        return self.write("or", other)

    def __xor__(self, other: Number) -> Scalar:
        return self.write("xor", other)

    def __invert__(self) -> Scalar:
        return self ^ (1 if self.kind == "b" else -1)


Number: TypeAlias = Scalar | float


def equal(a: Scalar, b: Number) -> Scalar:
    """Whether two numbers are equal; false of nan."""
    return a._comparison("oeq", "eq", b)


def differ(a: Scalar, b: Number) -> Scalar:
    """Whether two numbers are not equal; true of nan."""
    return a._comparison("une", "ne", b)


def is_nan(a: Scalar) -> Scalar:
    """Whether a float is nan."""
    return a._comparison("uno", "ne", a)


def choose(condition: Scalar, a: Number, b: Number) -> Scalar:
    """The one or the other, of which at least one is no plain number of Python."""
    model = a if isinstance(a, Scalar) else b
    if not isinstance(model, Scalar):
        raise TypeError(f"the dtype of a choice between {a} and {b} is not known")
    first, second = model._like(a), model._like(b)
    word = REGISTERS[model.dtype.name]
    return model._new(f"select i1 {condition.text}, {word} {first.text}, {word} {second.text}", model.dtype)


# --- functions -------------------------------------------------------------------------------------------------


def intrinsic(name: str, *xs: Scalar) -> Scalar:
    """An intrinsic function of LLVM for floats, such as ``fabs``."""
    word = REGISTERS[xs[0].dtype.name]
    symbol = f"@llvm.{name}.f{8 * xs[0].dtype.itemsize}"
    xs[0].function.module.declare(f"declare {word} {symbol}({', '.join([word] * len(xs))})")
    return _call(symbol, xs, xs[0].dtype)


def copysign(a: Number, b: Scalar) -> Scalar:
    """The magnitude of a float with the sign of another."""
    return intrinsic("copysign", b._like(a), b)


def call(name: str, *xs: Scalar) -> Scalar:
    """A function of the C library, under its name for doubles; the result is of the first operand's dtype."""
    single = "f" if xs[0].dtype.itemsize == 4 else ""
    return _call(machine.call(xs[0].function.module, name + single), xs, xs[0].dtype)


def scale(x: Scalar, power: Scalar) -> Scalar:
    """The product of a float and a power of two, whose exponent is of type int32."""
    word = REGISTERS[x.dtype.name]
    symbol = f"@llvm.ldexp.f{8 * x.dtype.itemsize}.i32"
    x.function.module.declare(f"declare {word} {symbol}({word}, i32)")
    return _call(symbol, (x, power), x.dtype)


def _call(symbol: str, xs: Sequence[Scalar], dtype: DType) -> Scalar:
    operands = ", ".join(f"{REGISTERS[x.dtype.name]} {x.text}" for x in xs)
    return xs[0]._new(f"call {REGISTERS[dtype.name]} {symbol}({operands})", dtype)


# --- conversions -----------------------------------------------------------------------------------------------


def convert(x: Scalar, target: DType) -> Scalar:
    """A number as one of another dtype, by NumPy's rules; of nan and of what overflows some whole number."""
    if x.dtype == target:
        return x
    if target.kind == "b":
        return differ(x, 0)
    converted = _cast(x, _INSTRUCTIONS[x.kind, target.kind, _relation(x.dtype, target)], target)
    # Where the number overflows, the result is poison: to freeze it keeps what depends on it defined.
    return converted.write("freeze") if (x.kind, target.kind) == ("f", "i") else converted


def _cast(x: Scalar, instruction: str, target: DType) -> Scalar:
    return x._new(f"{instruction} {REGISTERS[x.dtype.name]} {x.text} to {REGISTERS[target.name]}", target)


def _relation(source: DType, target: DType) -> str:
    if source.kind != target.kind:
        return ""
    return "longer" if source.itemsize < target.itemsize else "shorter"


_INSTRUCTIONS = {
    ("f", "f", "longer"): "fpext",
    ("f", "f", "shorter"): "fptrunc",
    ("i", "i", "longer"): "sext",
    ("i", "i", "shorter"): "trunc",
    ("f", "i", ""): "fptosi",
    ("i", "f", ""): "sitofp",
    ("b", "f", ""): "uitofp",
    ("b", "i", ""): "zext",
}


def bits_of(x: Scalar) -> Scalar:
    """The bits of a float as a whole number."""
    return _cast(x, "bitcast", _BITS[x.dtype.itemsize])


def from_bits(x: Scalar, dtype: DType) -> Scalar:
    """The float that has the bits of a whole number."""
    return _cast(x, "bitcast", dtype)
