"""LLVM text as machine code: compiled, kept on disk, loaded, and given what it calls from outside.

`build` compiles a text to an object file, or finds that file in the user's cache folder, and links it into the process.
The two halves share nothing but the bytes: where the file is found, the text is neither parsed nor optimised. What a
text calls is bound by name: `define` gives a name an address, and `call`, `blas` and `lapack` do so for functions of
libm, BLAS and LAPACK, and declare them in a module that is being written.

llvmlite is imported when the first text is built. Then, too, `WENGERT_CPU` is read: a level of x86-64, for code that
uses less than this processor has.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import os
import re
import stat
import struct
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wengert.errors import ArgumentError, MissingPackageError, WengertError

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np

    from wengert.native.writing import Module

__all__ = [
    "Library", "MachineCodeError", "blas", "blas_threads", "build", "call", "define", "has_function", "has_vectors_of",
    "lapack", "pure", "unavailable", "unpacked",
]  # fmt: skip

#: The oldest llvmlite that has been tried: its LLVM is 22, and attributes are spelt as that version reads them.
OLDEST = (0, 50)


class MachineCodeError(WengertError, RuntimeError):
    """LLVM refuses a text, or the code calls something that nobody defined."""


# --- the machine -------------------------------------------------------------------------------------------------


def unavailable() -> str:
    """Why no machine code can be made here, in a sentence; empty where it can."""
    if sys.byteorder != "little" or struct.calcsize("P") != 8:
        return "Machine code is made for little-endian 64-bit processors only."
    if not sys.platform.startswith(("linux", "darwin")):
        return f"Machine code has not been tried on this platform, {sys.platform}."
    try:
        import llvmlite
        from llvmlite import binding
    except (ImportError, OSError) as error:
        return f"Machine code needs the package llvmlite, which cannot be imported ({error})."
    version = tuple(int(part) for part in re.findall(r"\d+", llvmlite.__version__)[:2])
    if version < OLDEST:
        return f"Machine code needs llvmlite {OLDEST[0]}.{OLDEST[1]} or later, and this is {llvmlite.__version__}."
    try:
        binding.check_jit_execution()
    except OSError as error:
        return f"The system does not let this process make machine code ({error})."
    return ""


@functools.cache
def _llvm() -> ModuleType:
    """llvmlite, ready to be used."""
    if reason := unavailable():
        remedy = "Install it with: pip install 'llvmlite>=0.50'." if "llvmlite" in reason else ""
        raise MissingPackageError(reason, remedy=remedy)
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding  # type: ignore[no-any-return]  # llvmlite has no types


@dataclass(frozen=True, slots=True)
class _Host:
    """The processor that code is made for, and the compiler."""

    triple: str
    cpu: str
    features: str
    head: str  # what stands before each text
    identity: str  # all that object code depends on besides its text and level


# The levels of x86-64 and what each adds, in LLVM's names, after the "System V Application Binary Interface, AMD64
# Architecture Processor Supplement", micro-architecture levels.
_LEVELS = {
    "x86-64": ("cmov", "cx8", "fxsr", "mmx", "sse", "sse2"),
    "x86-64-v2": ("cx16", "popcnt", "sahf", "sse3", "sse4.1", "sse4.2", "ssse3"),
    "x86-64-v3": ("avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "xsave"),
    "x86-64-v4": ("avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"),
}


@functools.cache
def _host() -> _Host:
    llvm = _llvm()
    import llvmlite

    import wengert

    triple = llvm.get_process_triple()
    cpu, features = _processor(llvm, triple, os.environ.get("WENGERT_CPU", ""))
    layout = _target_machine(triple, cpu, features, 2).target_data
    head = f'target datalayout = "{layout}"\ntarget triple = "{triple}"\n'
    versions = (llvmlite.__version__, llvm.llvm_version_info, wengert.__version__)
    return _Host(triple, cpu, features, head, repr((versions, head, cpu, features)))


def has_vectors_of(numbers: int) -> bool:
    """Whether a register of the processor, of which there are 32, has so many doubles."""
    return numbers <= 8 and "+avx512f" in _host().features.split(",")


def _processor(llvm: ModuleType, triple: str, wanted: str) -> tuple[str, str]:
    """The name and features of the processor that code is made for: this one, or less where a level is wanted."""
    features = llvm.get_host_cpu_features().flatten()
    if not wanted:
        return llvm.get_host_cpu_name(), features
    levels = list(_LEVELS) if triple.startswith("x86_64") else []
    if wanted not in levels:
        raise ArgumentError(
            f"WENGERT_CPU is {wanted!r}, which is no level of this kind of processor.",
            remedy=f"It may be {', '.join(levels)}, or not be set at all." if levels else "Do not set it here.",
        )
    needed = [f"+{name}" for level in levels[: levels.index(wanted) + 1] for name in _LEVELS[level]]
    if missing := set(needed).difference(features.split(",")):
        raise ArgumentError(
            f"WENGERT_CPU is {wanted!r}, but this processor lacks {', '.join(sorted(missing)).replace('+', '')}.",
            remedy="Name a lower level, or do not set it.",
        )
    return wanted, ",".join(needed)


def _target_machine(triple: str, cpu: str, features: str, level: int) -> Any:
    # Position-independent code of the small model: a call goes through a stub that the linker makes, near the code,
    # and constants are reached in one instruction. The large model would load each address with ten bytes.
    target = _llvm().Target.from_triple(triple)
    return target.create_target_machine(cpu=cpu, features=features, opt=level, reloc="pic", codemodel="small", jit=True)


# --- compiling ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _optimised(text: str, level: int) -> Iterator[tuple[Any, Any]]:
    """The module of a text after optimisation, and the target machine; both are gone at the end."""
    if not 0 <= level <= 3:
        raise ArgumentError(f"Optimisation has the levels 0 to 3, and {level} is none of them.")
    llvm, host = _llvm(), _host()
    machine = _target_machine(host.triple, host.cpu, host.features, level)
    # A context of its own, because LLVM keeps types and constants as long as their context.
    with contextlib.closing(llvm.create_context()) as context:
        try:
            module = llvm.parse_assembly(host.head + text, context)
        except RuntimeError as error:
            raise MachineCodeError(_first_lines("LLVM cannot read the text", error)) from None
        with contextlib.closing(module):
            try:
                module.verify()
            except RuntimeError as error:
                raise MachineCodeError(_first_lines("LLVM refuses the text", error)) from None
            _run_passes(module, machine, level)
            yield module, machine


def _run_passes(module: Any, machine: Any, level: int) -> None:
    llvm = _llvm()
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    options.loop_vectorization = options.loop_interleaving = level > 0
    # A short loop that is unrolled is not vectorised any more: with it, the gradient of a mixture model of dimension 8
    # took four times as long, and twice as long to compile.
    options.loop_unrolling = False
    # In long straight programs this takes four fifths of the whole time, so that level 1 goes without.
    options.slp_vectorization = level > 1
    builder = llvm.create_pass_builder(machine, options)
    passes = builder.getModulePassManager()
    try:
        passes.run(module, builder)
    finally:
        # llvmlite 0.50 never frees a pass manager, 55 kB each: `ObjectRef._dispose`, which does nothing, comes first
        # in the class's method order. Its own method, called by name, frees it.
        from llvmlite.binding.newpassmanagers import NewPassManager

        NewPassManager._dispose(passes)
        passes.detach()


def _first_lines(what: str, error: Exception, count: int = 4) -> str:
    lines = [line for line in str(error).splitlines() if line.strip() and "parsing error" not in line]
    return "\n".join([f"{what}:", *(f"  {line}" for line in lines[:count])])


def build(text: str, level: int = 2, data: Mapping[str, np.ndarray[Any, Any]] | None = None) -> Library:
    """Make machine code of LLVM text.

    Parameters
    ----------
    text : str
        LLVM text without triple and data layout, which are put in front. What it declares must be defined: by
        `define` and the functions above it, or by a library of the process.
    level : int
        How much is optimised, 0 to 3. Level 1 leaves out what takes most time in long straight programs, the
        vectorisation of statements (SLP); loops are vectorised from level 1 on.
    data : mapping, optional
        Arrays that the text declares by these names. They live as long as the library.

    Returns
    -------
    Library
        Its functions can be called while it is alive.

    Raises
    ------
    MachineCodeError
        If LLVM refuses the text, or a function is declared and neither defined nor known to the process.
    MissingPackageError
        If no machine code can be made here: see `unavailable`.
    ArgumentError
        If the level is not one of 0 to 3.
    """
    host, cache, key = _host(), _cache(), ""
    if cache is not None:
        key = hashlib.sha256(f"{host.identity}\n{level}\n{text}".encode()).hexdigest()
        kept = cache.load(key)
        if kept is not None:
            return Library(text, level, kept, data or {}, is_cached=True)
    with _optimised(text, level) as (module, machine):
        code = machine.emit_object(module)
    library = Library(text, level, code, data or {}, is_cached=False)
    if cache is not None:
        cache.store(key, code)
    return library


# --- loading -----------------------------------------------------------------------------------------------------

_NAME = r'@("[^"\n]*"|[-\w$.]+)'
_LOCAL = r"(?:private|internal|available_externally)\b"
_DEFINED = re.compile(rf"^define (?!{_LOCAL})[^@\n]*{_NAME}\(", re.MULTILINE)
_DECLARED = re.compile(rf"^(?:declare [^@\n]*{_NAME}\(|{_NAME} = external )", re.MULTILINE)


def _linker() -> Any:
    """LLVM's linker, which reports errors where its older engine would end the process.

    Each library has its own, which costs half a millisecond: a shared one would keep 9 kB of each library for ever.
    """
    llvm, host = _llvm(), _host()
    machine = _target_machine(host.triple, host.cpu, host.features, 2)
    return llvm.create_lljit_compiler(machine, use_jit_link=True, suppress_errors=True)


class Library:
    """Machine code that is loaded; made by `build`.

    Attributes
    ----------
    text : str
        The LLVM text, as given.
    level : int
        How much it was optimised.
    size : int
        Bytes of the object file.
    is_cached : bool
        Whether that came from disk.

    data : dict
        The arrays that the code refers to.

    The memory of the code is freed together with the object: an address must not be called afterwards.
    """

    __slots__ = ("__weakref__", "_tracker", "data", "is_cached", "level", "names", "size", "text")

    def __init__(
        self, text: str, level: int, code: bytes, data: Mapping[str, np.ndarray[Any, Any]], *, is_cached: bool
    ) -> None:
        self.data = dict(data)
        self.text, self.level, self.size, self.is_cached = text, level, len(code), is_cached
        heads = _heads(text)
        self.names = tuple(name.strip('"') for name in _DEFINED.findall(heads))
        builder = _llvm().JITLibraryBuilder().add_object_img(code).add_current_process()
        for name in self.names:
            builder.export_symbol(name)
        for name in _declared(heads):
            if name in data:
                builder.import_symbol(name, data[name].ctypes.data)
            elif name in _addresses:
                builder.import_symbol(name, _addresses[name])
        try:
            linker = _linker()
            self._tracker = builder.link(linker, "wengert")
            self._tracker.linker = linker  # so that it is freed after the code, not before
        except RuntimeError as error:
            missing = [name for name in _declared(heads) if name not in data and not _is_known(name)]
            if not missing:
                raise MachineCodeError(_first_lines("LLVM cannot load the code", error)) from None
            raise MachineCodeError(
                f"The code calls {', '.join(missing[:5])}, which {'is' if len(missing) == 1 else 'are'} not defined.",
                remedy="Give a name its address by define before the text is built.",
            ) from None

    def address(self, name: str) -> int:
        """Return the address of a function that the text defines."""
        if name not in self.names:
            raise ArgumentError(f"The code has no function {name}, only {', '.join(self.names) or 'none at all'}.")
        return int(self._tracker[name])

    def optimised(self) -> str:
        """Return the LLVM text after optimisation, which is done once more for it."""
        with _optimised(self.text, self.level) as (module, _):
            return str(module)

    def assembly(self) -> str:
        """Return the code in the processor's assembly language; the text is compiled once more for it."""
        with _optimised(self.text, self.level) as (module, machine):
            return str(machine.emit_assembly(module))

    def __repr__(self) -> str:
        return f"Library({', '.join(self.names)}; {self.size} bytes)"


def _heads(text: str) -> str:
    """The lines at module level: the search for a beginning in the whole text takes ten times as long."""
    return "\n".join([line for line in text.split("\n") if line.startswith(("define", "declare", "@"))])


def _declared(heads: str) -> Iterator[str]:
    for function, variable in _DECLARED.findall(heads):
        yield (function or variable).strip('"')


def _is_known(name: str) -> bool:
    return name.startswith("llvm.") or name in _addresses or _llvm().address_of_symbol(name) is not None


# --- what code calls from outside --------------------------------------------------------------------------------

# Like a registry: a name is written once, and then stands for the same address as long as the process runs.
_addresses: dict[str, int] = {}

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
    if _addresses.setdefault(name, address) != address:
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
    features = set(_host().features.split(","))
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
    host = _host()
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


# --- object files on disk ----------------------------------------------------------------------------------------


def _cache() -> _Cache | None:
    """The cache that the environment asks for; None where there is none or its folder is not safe to use."""
    setting = os.environ.get("WENGERT_CACHE", "")
    if setting == "0":
        return None
    try:
        base = os.environ.get("XDG_CACHE_HOME", "")
        home = Path(base) if os.path.isabs(base) else Path.home() / ".cache"  # noqa: PTH117  # "" stays ""
    except RuntimeError:  # there is no home
        if not setting:
            return None
        home = Path()
    return _cache_in(str(Path(setting).expanduser().absolute() if setting else home / "wengert" / "native"))


@functools.cache
def _cache_in(folder: str) -> _Cache | None:
    path = Path(folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.mkdir(exist_ok=True, mode=0o700)
        state = path.lstat()
    except OSError:
        return None  # such as a read-only home: everything works without
    if not stat.S_ISDIR(state.st_mode) or not _is_own(state):
        warnings.warn(
            f"Machine code is not kept in {folder}: the folder belongs to somebody else or others may write into it. "
            "Set WENGERT_CACHE to another folder, or to 0.",
            RuntimeWarning,
            stacklevel=2,
        )
        return None
    return _Cache(path)


def _is_own(state: os.stat_result) -> bool:
    """Whether a file or folder can have been written by nobody but the user."""
    return state.st_uid == os.geteuid() and not state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


class _Cache:
    """A folder of object files, each named by the digest of what it was made of.

    A file holds a digest of its name and contents, and then the contents. What is damaged or could be another user's
    is not loaded. All operations are safe beside other processes, and none fails: a cache that cannot be written is
    one that is empty.
    """

    LIMIT = 256 * 2**20  # bytes
    _EVERY = 64  # files are written between two looks at how large all are together: other processes write, too

    __slots__ = ("_folder", "_until_look")

    def __init__(self, folder: Path) -> None:
        self._folder, self._until_look = folder, 0

    def load(self, key: str) -> bytes | None:
        """The object file of a key."""
        path = self._folder / key
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            return None
        with os.fdopen(handle, "rb") as file:
            if not _is_own(os.fstat(handle)):
                return None
            content = file.read()
        code = content[32:]
        if content[:32] != _digest(key, code):
            self._remove(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # the least recently used are removed first
        return code

    def store(self, key: str, code: bytes) -> None:
        """Keep an object file."""
        try:
            handle, name = tempfile.mkstemp(prefix="new-", dir=self._folder)
        except OSError:
            return
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_digest(key, code) + code)
            Path(name).replace(self._folder / key)
        except OSError:
            self._remove(Path(name))
            return
        self._until_look -= 1
        if self._until_look < 0:
            self._until_look = self._EVERY
            self.shrink()

    def shrink(self) -> None:
        """Remove the least recently used files, until nine tenths of the limit are left, where they exceed it."""
        files = []
        with contextlib.suppress(OSError), os.scandir(self._folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):  # another process may have removed it
                    state = entry.stat(follow_symlinks=False)
                    files.append((state.st_mtime_ns, state.st_size, Path(entry.path)))
        an_hour_ago = time.time_ns() - 3600 * 10**9
        total = sum(size for _, size, _ in files)
        room = self.LIMIT * 9 // 10 if total > self.LIMIT else self.LIMIT
        for used, size, path in sorted(files):
            is_abandoned = path.name.startswith("new-") and used < an_hour_ago
            if is_abandoned or total > room:
                self._remove(path)
                total -= size

    @staticmethod
    def _remove(path: Path) -> None:
        with contextlib.suppress(OSError):
            path.unlink()


def _digest(key: str, code: bytes) -> bytes:
    return hashlib.sha256(key.encode() + code).digest()
