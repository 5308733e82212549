"""What machine code calls from outside, bound by name: functions of libm, BLAS and LAPACK, and addresses of others."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wengert.errors import ArgumentError
from wengert.native.processor import this_host

if TYPE_CHECKING:
    from types import ModuleType

    from wengert.native.writing import Module

__all__ = [
    "ARITIES",
    "addresses",
    "blas",
    "blas_threads",
    "call",
    "define",
    "has_function",
    "lapack",
    "pure",
    "unpacked",
]

# Like a registry: a name is written once, and then stands for the same address as long as the process runs.
addresses: dict[str, int] = {}

#: Functions of libm by their number of operands; each also in single precision, under its name with an f.
#: What the processor does itself (sqrt, floor, rint, fabs, …) is an intrinsic of LLVM and not among them.
ARITIES = {
    **dict.fromkeys(("acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos", "cosh", "erf", "erfc"), 1),
    **dict.fromkeys(("exp", "exp10", "exp2", "expm1", "lgamma", "log", "log10", "log1p", "log2"), 1),
    **dict.fromkeys(("sin", "sinh", "tan", "tanh", "tgamma"), 1),
    **dict.fromkeys(("atan2", "fmod", "hypot", "nextafter", "pow", "remainder"), 2),
}

# The instruction sets of x86-64 vector functions, widest first within a width: letter, bytes, features it needs.
# After "Vector Function Application Binary Interface Specification for AMD64" (the letters) and glibc's libmvec.
_INSTRUCTION_SETS = (
    ("b", 16, ()),
    ("d", 32, ("avx2", "fma")),
    ("c", 32, ("avx",)),
    ("e", 64, ("avx512f",)),
)

_PURE = "mustprogress nocallback nofree nosync nounwind willreturn memory(none)"


def define(name: str, address: int) -> None:
    """Give a name that texts declare its address.

    Raises
    ------
    ArgumentError
        If the name has another address already: code that was built before would still call that one.
    """
    if not address:
        raise ArgumentError(f"{name} cannot be defined: its address is null.")
    if addresses.setdefault(name, address) != address:
        raise ArgumentError(f"{name} is defined already, with another address.")


def call(module: Module, name: str, lanes: int = 1) -> str:
    """Declare a function of libm in a module, and return the name that is called, such as ``@wg_sin``.

    A loop that calls it is vectorised with glibc's libmvec where that has the function (at most 4 ulp from the exact
    value); elsewhere libm's own is called. Nothing is needed at the place of the call.

    Parameters
    ----------
    module : Module
    name : str
        C's name: ``sin`` for float64, ``sinf`` for float32.
    lanes : int
        Of vectors of so many numbers; the function may then be one of the module's own, which calls narrower ones.

    Raises
    ------
    ArgumentError
        If libm has no such function, or it is not in the table.
    """
    function = _libm_function(name)
    # A private name: under its own LLVM may replace the function by an intrinsic, and lose the variants.
    define(f"wg_{name}", function.address)
    operands = ", ".join([function.type] * function.arity)
    vectors = "v" * function.arity
    mapping = ",".join(f"_ZGV_LLVM_N{v.lanes}{vectors}_wg_{name}({v.name})" for v in function.variants)
    attribute = f' "vector-function-abi-variant"="{mapping}"' if mapping else ""
    module.declare(f"declare {function.type} @wg_{name}({operands}) {_PURE}{attribute}")
    for variant in function.variants:
        define(variant.name, variant.address)
        vector = f"<{variant.lanes} x {function.type}>"
        module.declare(f"declare {vector} @{variant.name}({', '.join([vector] * function.arity)}) {_PURE}")
    if function.variants:
        # LLVM drops a declaration that nothing uses yet before it comes to vectorise: this uses them. The usual
        # list for that, llvm.compiler.used, may stand only once in a module.
        names = ", ".join(f"ptr @{variant.name}" for variant in function.variants)
        module.declare(f"@wg_{name}.variants = constant [{len(function.variants)} x ptr] [{names}]")
    return f"@wg_{name}" if lanes == 1 else _of_vectors(module, name, function, lanes)


def _of_vectors(module: Module, name: str, function: _Function, lanes: int) -> str:
    """A function of vectors: libmvec's own, or one that takes its operands to pieces."""
    found = max((v for v in function.variants if v.lanes <= lanes), key=lambda v: v.lanes, default=None)
    if found is None:
        kinds = [function.type] * function.arity
        return _lane_by_lane(module, f"wg_{name}", f"wg_{name}", kinds, function.type, lanes)
    if found.lanes == lanes:
        return f"@{found.name}"
    step = found.lanes
    whole, part = f"<{lanes} x {function.type}>", f"<{step} x {function.type}>"
    lines: list[str] = []
    total = "poison"
    for k in range(0, lanes, step):
        own = ", ".join(f"i32 {k + i}" for i in range(step))
        lines += [
            f"%a{k}.{x} = shufflevector {whole} %x{x}, {whole} poison, <{step} x i32> <{own}>"
            for x in range(function.arity)
        ]
        operands = ", ".join(f"{part} %a{k}.{x}" for x in range(function.arity))
        lines.append(f"%r{k} = call {part} @{found.name}({operands})")
        wide = ", ".join(f"i32 {i}" if i < step else "i32 poison" for i in range(lanes))
        into = ", ".join(f"i32 {lanes + i - k if k <= i < k + step else i}" for i in range(lanes))
        lines.append(f"%w{k} = shufflevector {part} %r{k}, {part} poison, <{lanes} x i32> <{wide}>")
        lines.append(f"%t{k} = shufflevector {whole} {total}, {whole} %w{k}, <{lanes} x i32> <{into}>")
        total = f"%t{k}"
    heads = ", ".join(f"{whole} %x{x}" for x in range(function.arity))
    body = "\n".join(f"  {line}" for line in [*lines, f"ret {whole} {total}"])
    module.declare(f"define internal {whole} @wg_{name}.v{lanes}({heads}) alwaysinline {{\n{body}\n}}")
    return f"@wg_{name}.v{lanes}"


def _lane_by_lane(
    module: Module, name: str, called: str, operands: Sequence[str], result: str, lanes: int, last: Sequence[str] = ()
) -> str:
    """Define a function of vectors that calls a function of numbers for each lane, with constants at the end."""
    lines: list[str] = []
    total = "poison"
    for k in range(lanes):
        vectors = [f"<{lanes} x {kind}> %x{x}" for x, kind in enumerate(operands)]
        lines += [f"%a{k}.{x} = extractelement {vector}, i64 {k}" for x, vector in enumerate(vectors)]
        taken = ", ".join([*(f"{kind} %a{k}.{x}" for x, kind in enumerate(operands)), *last])
        lines.append(f"%r{k} = call {result} @{called}({taken})")
        lines.append(f"%t{k} = insertelement <{lanes} x {result}> {total}, {result} %r{k}, i64 {k}")
        total = f"%t{k}"
    heads = ", ".join(f"<{lanes} x {kind}> %x{x}" for x, kind in enumerate(operands))
    body = "\n".join(f"  {line}" for line in [*lines, f"ret <{lanes} x {result}> {total}"])
    module.declare(f"define internal <{lanes} x {result}> @{name}.v{lanes}({heads}) {{\n{body}\n}}")
    return f"@{name}.v{lanes}"


def pure(
    module: Module,
    name: str,
    address: int,
    operands: Sequence[str],
    result: str,
    *,
    last: Sequence[str] = (),
    lanes: int = 1,
) -> str:
    """Declare a function of numbers that does nothing but compute its result, and return the name that is called.

    A loop that calls it is vectorised, but for these calls, which are one for each number.

    Parameters
    ----------
    module : Module
    name : str
        As for `define`, which gives the address to the name that this one is behind.
    address : int
        Of a function of C.
    operands, result : sequence of str, str
        LLVM's types.
    last : sequence of str
        Constants that it is given besides, behind the operands, such as ``i32 0``.
    lanes : int
        Of vectors of so many numbers.
    """
    outside = f"{name}.outside"
    define(outside, address)
    kinds = ", ".join([*operands, *(constant.split()[0] for constant in last)])
    module.declare(f"declare {result} @{outside}({kinds}) {_PURE}")
    if lanes > 1:
        return _lane_by_lane(module, name, outside, operands, result, lanes, last)
    # LLVM vectorises a loop only where it knows a function of vectors for each that is called, and where this one is
    # not yet part of the loop. As in `call`, the constant keeps it until then.
    widths = _widths()
    variants = [_lane_by_lane(module, name, outside, operands, result, width, last) for width in widths]
    kept = ", ".join(f"ptr {variant}" for variant in variants)
    module.declare(f"@{name}.variants = constant [{len(variants)} x ptr] [{kept}]")
    vectors = "v" * len(operands)
    mapping = ",".join(f"_ZGV_LLVM_N{width}{vectors}_{name}({name}.v{width})" for width in widths)
    heads = [f"{kind} %x{x}" for x, kind in enumerate(operands)]
    module.declare(
        f"define internal {result} @{name}({', '.join(heads)}) noinline {_PURE}"
        f' "vector-function-abi-variant"="{mapping}" {{\n'
        f"  %y = call {result} @{outside}({', '.join([*heads, *last])})\n  ret {result} %y\n}}"
    )
    return f"@{name}"


def _widths() -> tuple[int, ...]:
    """How many numbers LLVM takes together in loops, in float64 and in float32."""
    features = set(this_host().features.split(","))
    return (4, 8) if "+avx" in features else (2, 4)


@dataclass(frozen=True, slots=True)
class _Variant:
    """A vector function of libmvec."""

    name: str
    lanes: int
    address: int


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of libm."""

    type: str
    arity: int
    address: int
    variants: tuple[_Variant, ...]


def has_function(name: str) -> bool:
    """Whether `call` can declare a function of libm."""
    try:
        return bool(_libm_function(name))
    except ArgumentError:
        return False


@functools.cache
def _libm_function(name: str) -> _Function:
    is_single = name not in ARITIES and name.endswith("f")
    arity = ARITIES.get(name[:-1] if is_single else name)
    if arity is None:
        raise ArgumentError(f"{name} is not in the table of libm's functions.")
    address = next((found for library in _libraries("", "libm.so.6") if (found := _address_in(library, name))), 0)
    if not address:
        raise ArgumentError(f"This system's libm has no {name}.")
    return _Function("float" if is_single else "double", arity, address, tuple(_variants(name, arity, is_single)))


def _variants(name: str, arity: int, is_single: bool) -> Iterator[_Variant]:
    """The variants that libmvec has and the processor can run: one for each width."""
    host = this_host()
    if not host.triple.startswith("x86_64"):
        return  # libmvec of other processors has another calling convention
    features, widths = set(host.features.split(",")), set()
    for library in _libraries("libmvec.so.1"):
        for letter, width, needed in _INSTRUCTION_SETS:
            lanes = width // (4 if is_single else 8)
            symbol = f"_ZGV{letter}N{lanes}{'v' * arity}_{name}"
            is_usable = width not in widths and features.issuperset(f"+{feature}" for feature in needed)
            if is_usable and (address := _address_in(library, symbol)):
                widths.add(width)
                yield _Variant(symbol, lanes, address)


def _libraries(*names: str) -> Iterator[ctypes.CDLL]:
    """Those libraries that there are; the empty name is the process itself."""
    for name in names:
        with contextlib.suppress(OSError):
            yield ctypes.CDLL(name or None)


def _address_in(library: ctypes.CDLL, name: str) -> int:
    try:
        return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0
    except AttributeError:
        return 0


def blas(module: Module, name: str) -> str:
    """Declare a BLAS routine in a module, and return the name that is called, such as ``@wg_dgemm``.

    The calling convention is Fortran's: every argument is a pointer, matrices are stored by columns, ints have 32 bits.

    Raises
    ------
    ArgumentError
        If SciPy has no such routine, or it returns a complex number.
    """
    return _routine(module, name, _scipy_module("cython_blas"))


def blas_threads() -> int:
    """How many threads BLAS uses now; of one that does not say so, as many as there are processors."""
    library = ctypes.CDLL(_scipy_module("cython_blas").__file__)
    for name in ("scipy_openblas_get_num_threads", "openblas_get_num_threads", "MKL_Get_Max_Threads"):
        if hasattr(library, name):
            return int(getattr(library, name)())
    return os.cpu_count() or 1


def lapack(module: Module, name: str) -> str:
    """Declare a LAPACK routine in a module, and return the name that is called; otherwise as `blas`."""
    return _routine(module, name, _scipy_module("cython_lapack"))


@functools.cache
def _scipy_module(name: str) -> Any:
    """A module of `scipy.linalg` without the package around it, which takes ten times as long as all else here.

    Where that is imported later, Python gives it the same module.
    """
    full = f"scipy.linalg.{name}"
    if "scipy.linalg" not in sys.modules:
        import scipy

        spec = PathFinder.find_spec(full, [str(Path(folder) / "linalg") for folder in scipy.__path__])
        with contextlib.suppress(ImportError, AttributeError):
            alone = module_from_spec(spec)  # type: ignore[arg-type]  # None has no loader, which is an AttributeError
            spec.loader.exec_module(alone)  # type: ignore[union-attr]  # the same
            sys.modules.pop(full, None)  # where it enters itself, without the package that it is to be found in
            if hasattr(alone, "__pyx_capi__"):
                return alone
    return import_module(full)


_SIGNATURE = re.compile(r"(?:__pyx_t_\w+_)?(void|int|s|d) \((.*)\)")
_RESULTS = {"void": "void", "int": "i32", "s": "float", "d": "double"}


def _routine(module: Module, name: str, source: ModuleType) -> str:
    capsule = source.__pyx_capi__.get(name)
    if capsule is None:
        raise ArgumentError(f"{source.__name__} has no routine {name}.")
    signature, address = unpacked(capsule)
    match = _SIGNATURE.fullmatch(signature)
    if match is None:
        raise ArgumentError(f"{name} cannot be called from machine code: it returns a complex number or a character.")
    define(f"wg_{name}", address)
    pointers = ", ".join(["ptr captures(none)"] * len(match[2].split(",")))
    memory = "memory(argmem: readwrite, inaccessiblemem: readwrite)"  # its own buffers are out of the code's reach
    module.declare(f"declare {_RESULTS[match[1]]} @wg_{name}({pointers}) nounwind willreturn {memory}")
    return f"@wg_{name}"


def unpacked(capsule: object) -> tuple[str, int]:
    """What a capsule of Cython's holds: the C signature and the address."""
    object_, text = ctypes.py_object, ctypes.c_char_p
    name_of: Callable[[object], bytes] = ctypes.PYFUNCTYPE(text, object_)(("PyCapsule_GetName", ctypes.pythonapi))
    pointer_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, object_, text)(("PyCapsule_GetPointer", ctypes.pythonapi))
    name = name_of(capsule)
    return name.decode(), int(pointer_of(capsule, name))
