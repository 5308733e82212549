"""The processor that machine code is made for, and llvmlite, which makes it.

llvmlite is imported when the first text is built. Then, too, `WENGERT_CPU` is read: a level of x86-64, for code that
uses less than this processor has.
"""

from __future__ import annotations

import functools
import os
import re
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wengert.errors import ArgumentError, MissingPackageError, WengertError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = [
    "LEVELS",
    "Host",
    "MachineCodeError",
    "chosen_processor",
    "has_vectors_of",
    "loaded_llvm",
    "target_machine",
    "this_host",
    "unavailable",
]

#: The oldest llvmlite that has been tried: its LLVM is 22, and attributes are spelt as that version reads them.
OLDEST = (0, 50)


class MachineCodeError(WengertError, RuntimeError):
    """LLVM refuses a text, or the code calls something that nobody defined."""


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
def loaded_llvm() -> ModuleType:
    """llvmlite, ready to be used."""
    if reason := unavailable():
        remedy = "Install it with: pip install 'llvmlite>=0.50'." if "llvmlite" in reason else ""
        raise MissingPackageError(reason, remedy=remedy)
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding  # type: ignore[no-any-return]  # llvmlite has no types


@dataclass(frozen=True, slots=True)
class Host:
    """The processor that code is made for, and the compiler."""

    triple: str
    cpu: str
    features: str
    head: str  # what stands before each text
    identity: str  # all that object code depends on besides its text and level


# The levels of x86-64 and what each adds, in LLVM's names, after the "System V Application Binary Interface, AMD64
# Architecture Processor Supplement", micro-architecture levels.
LEVELS = {
    "x86-64": ("cmov", "cx8", "fxsr", "mmx", "sse", "sse2"),
    "x86-64-v2": ("cx16", "popcnt", "sahf", "sse3", "sse4.1", "sse4.2", "ssse3"),
    "x86-64-v3": ("avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe", "xsave"),
    "x86-64-v4": ("avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"),
}


@functools.cache
def this_host() -> Host:
    """The processor of this machine, or the level of it that ``WENGERT_CPU`` asks for."""
    llvm = loaded_llvm()
    import llvmlite

    import wengert

    triple = llvm.get_process_triple()
    cpu, features = chosen_processor(llvm, triple, os.environ.get("WENGERT_CPU", ""))
    layout = target_machine(triple, cpu, features, 2).target_data
    head = f'target datalayout = "{layout}"\ntarget triple = "{triple}"\n'
    versions = (llvmlite.__version__, llvm.llvm_version_info, wengert.__version__)
    return Host(triple, cpu, features, head, repr((versions, head, cpu, features)))


def has_vectors_of(numbers: int) -> bool:
    """Whether a register of the processor, of which there are 32, has so many doubles."""
    return numbers <= 8 and "+avx512f" in this_host().features.split(",")


def chosen_processor(llvm: ModuleType, triple: str, wanted: str) -> tuple[str, str]:
    """The name and features of the processor that code is made for: this one, or less where a level is wanted."""
    features = llvm.get_host_cpu_features().flatten()
    if not wanted:
        return llvm.get_host_cpu_name(), features
    levels = list(LEVELS) if triple.startswith("x86_64") else []
    if wanted not in levels:
        raise ArgumentError(
            f"WENGERT_CPU is {wanted!r}, which is no level of this kind of processor.",
            remedy=f"It may be {', '.join(levels)}, or not be set at all." if levels else "Do not set it here.",
        )
    needed = [f"+{name}" for level in levels[: levels.index(wanted) + 1] for name in LEVELS[level]]
    if missing := set(needed).difference(features.split(",")):
        raise ArgumentError(
            f"WENGERT_CPU is {wanted!r}, but this processor lacks {', '.join(sorted(missing)).replace('+', '')}.",
            remedy="Name a lower level, or do not set it.",
        )
    return wanted, ",".join(needed)


def target_machine(triple: str, cpu: str, features: str, level: int) -> Any:
    """What LLVM writes code with."""
    # Position-independent code of the small model: a call goes through a stub that the linker makes, near the code,
    # and constants are reached in one instruction. The large model would load each address with ten bytes.
    target = loaded_llvm().Target.from_triple(triple)
    return target.create_target_machine(cpu=cpu, features=features, opt=level, reloc="pic", codemodel="small", jit=True)
