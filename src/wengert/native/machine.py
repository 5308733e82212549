"""LLVM text as machine code: compiled, kept on disk, loaded, and given what it calls from outside.

`build` compiles a text to an object file, or finds that file in the user's cache folder (`object_files`), and links it
into the process. The two halves share nothing but the bytes: where the file is found, the text is neither parsed nor
optimised. What a text calls is bound by name (`externals`): `define` gives a name an address, and `call`, `blas` and
`lapack` do so for functions of libm, BLAS and LAPACK, and declare them in a module that is being written.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from wengert.errors import ArgumentError
from wengert.native.externals import (
    ARITIES,
    addresses,
    blas,
    blas_threads,
    call,
    define,
    has_function,
    lapack,
    pure,
    unpacked,
)
from wengert.native.object_files import cache_of_user
from wengert.native.processor import (
    MachineCodeError,
    has_vectors_of,
    loaded_llvm,
    target_machine,
    this_host,
    unavailable,
)

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "ARITIES", "Library", "MachineCodeError", "blas", "blas_threads", "build", "call", "define", "has_function",
    "has_vectors_of", "lapack", "pure", "unavailable", "unpacked",
]  # fmt: skip

# --- compiling ---------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _optimised(text: str, level: int) -> Iterator[tuple[Any, Any]]:
    """The module of a text after optimisation, and the target machine; both are gone at the end."""
    if not 0 <= level <= 3:
        raise ArgumentError(f"Optimisation has the levels 0 to 3, and {level} is none of them.")
    llvm, host = loaded_llvm(), this_host()
    machine = target_machine(host.triple, host.cpu, host.features, level)
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
    llvm = loaded_llvm()
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
    host, cache, key = this_host(), cache_of_user(), ""
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
    llvm, host = loaded_llvm(), this_host()
    machine = target_machine(host.triple, host.cpu, host.features, 2)
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
        builder = loaded_llvm().JITLibraryBuilder().add_object_img(code).add_current_process()
        for name in self.names:
            builder.export_symbol(name)
        for name in _declared(heads):
            if name in data:
                builder.import_symbol(name, data[name].ctypes.data)
            elif name in addresses:
                builder.import_symbol(name, addresses[name])
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
    return name.startswith("llvm.") or name in addresses or loaded_llvm().address_of_symbol(name) is not None
