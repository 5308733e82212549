"""Numbers in registers, with operators that write LLVM's instructions; of vectors lane by lane.

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
from wengert.native.writing import LANES, Function, is_vector, literal, word

__all__ = [
    "BOOL", "DType", "Number", "Scalar", "bits_of", "call", "call_symbol", "choose", "convert", "copysign", "differ",
    "equal", "from_bits", "intrinsic", "is_nan", "scale",
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
        return Scalar(self.function, self.function.operation(instruction, self.dtype, *texts), self.dtype)

    @property
    def is_wide(self) -> bool:
        """Whether there is a number for each lane."""
        return is_vector(self.text)

    def _new(self, instruction: str, dtype: DType, is_wide: bool) -> Scalar:
        write = self.function.vector if is_wide else self.function.value
        return Scalar(self.function, write(instruction), dtype)

    def _as(self, is_wide: bool) -> str:
        """The register as an operand of vectors, or of numbers."""
        return self.function.wide(self.text, self.dtype) if is_wide else self.text

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
    is_wide = condition.is_wide or first.is_wide or second.is_wide
    kind, a_text, b_text = word(model.dtype, is_wide), first._as(is_wide), second._as(is_wide)
    test = f"{word(BOOL, condition.is_wide)} {condition.text}"
    return model._new(f"select {test}, {kind} {a_text}, {kind} {b_text}", model.dtype, is_wide)


# --- functions -------------------------------------------------------------------------------------------------


def intrinsic(name: str, *xs: Scalar) -> Scalar:
    """An intrinsic function of LLVM for floats, such as ``fabs``."""
    is_wide = any(x.is_wide for x in xs)
    kind = word(xs[0].dtype, is_wide)
    symbol = f"@llvm.{name}.{_suffix(xs[0].dtype, is_wide)}"
    xs[0].function.module.declare(f"declare {kind} {symbol}({', '.join([kind] * len(xs))})")
    return call_symbol(symbol, xs, xs[0].dtype, is_wide)


def _suffix(dtype: DType, is_wide: bool) -> str:
    """How an intrinsic function of floats is called by its type."""
    return f"{f'v{LANES}' if is_wide else ''}f{8 * dtype.itemsize}"


def copysign(a: Number, b: Scalar) -> Scalar:
    """The magnitude of a float with the sign of another."""
    return intrinsic("copysign", b._like(a), b)


def call(name: str, *xs: Scalar) -> Scalar:
    """A function of the C library, under its name for doubles; the result is of the first operand's dtype."""
    name += "f" if xs[0].dtype.itemsize == 4 else ""
    module, is_wide = xs[0].function.module, any(x.is_wide for x in xs)
    return call_symbol(machine.call(module, name, LANES if is_wide else 1), xs, xs[0].dtype, is_wide)


def scale(x: Scalar, power: Scalar) -> Scalar:
    """The product of a float and a power of two, whose exponent is of type int32."""
    is_wide = x.is_wide or power.is_wide
    kind, whole = word(x.dtype, is_wide), word(power.dtype, is_wide)
    symbol = f"@llvm.ldexp.{_suffix(x.dtype, is_wide)}.{f'v{LANES}' if is_wide else ''}i32"
    x.function.module.declare(f"declare {kind} {symbol}({kind}, {whole})")
    return call_symbol(symbol, (x, power), x.dtype, is_wide)


def call_symbol(symbol: str, xs: Sequence[Scalar], dtype: DType, is_wide: bool) -> Scalar:
    """A function that the module declares, of numbers or of vectors."""
    operands = ", ".join(f"{word(x.dtype, is_wide)} {x._as(is_wide)}" for x in xs)
    return xs[0]._new(f"call {word(dtype, is_wide)} {symbol}({operands})", dtype, is_wide)


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
    wide = x.is_wide
    return x._new(f"{instruction} {word(x.dtype, wide)} {x.text} to {word(target, wide)}", target, wide)


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
