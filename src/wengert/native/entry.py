"""From a call in Python to a native kernel, at a few hundred nanoseconds.

A kernel is a function ``void kernel(ptr args, ptr workspace)``. ``args`` points to one data pointer for each input,
then one for each output; all arrays are C-contiguous, aligned and of a fixed shape and dtype, and the outputs are
fresh. A kernel that can fail returns an ``i32`` instead, 0 where all is well.

The *wrapper* of a kernel is native as well: a function of CPython's ``METH_FASTCALL`` convention that looks at the
arguments, makes the outputs and calls the kernel. It reads the structs of CPython and NumPy directly, which
`is_supported` verifies first. `SlowEntry` does the same from Python, anywhere. Both return `NotImplemented` where an
argument is not exactly what the kernel was made for; nothing is converted here.

The text of a wrapper holds no address: everything that it needs of the running interpreter stands in a table of words,
which is the memory of the array that is the ``self`` of the call. So the compiled code can be kept on disk.
"""

from __future__ import annotations

import ctypes
import sys
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from wengert.native.stacks import ENTRY, entry_of, kept_name
from wengert.native.writing import ALIGNMENT, MEMORY, Function, Module, whole_lines

if TYPE_CHECKING:
    from wengert.native.machine import Library

__all__ = ["RAISED", "Entry", "Slot", "SlowEntry", "entry", "is_supported", "numpy_function", "wrapper_text"]

#: What a kernel is called through: ``entry(*args)`` is a result, a tuple of results, or `NotImplemented`.
Entry: TypeAlias = Callable[..., Any]

#: What a kernel returns where it has called Python, and that has raised: the exception is that of the thread.
RAISED = 128

#: The largest workspace, in bytes, that a wrapper takes from the stack.
STACK = 4096

_WIDEST = 16  # bytes of a number

# The structs that a wrapper reads, on a 64-bit machine: the offsets of their fields in bytes.
_TYPE, _NUMBER = 8, 16  # any object; `float` and the scalars of NumPy
_DATA, _NDIM, _SHAPE, _DTYPE, _FLAGS = 16, 24, 32, 56, 64  # PyArrayObject_fields
_BYTE_ORDER, _TYPE_NUMBER = 26, 28  # PyArray_Descr
_READY = 0x0001 | 0x0100  # NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED

# What stands in the table, in order. The first two words belong to the entry, the others are alike for all.
_OWN = ("workspace", "on_error")
_OBJECTS = {"NotImplemented": NotImplemented, "float": float, "int": int, "True": True, "False": False}
_PYTHON = (
    "Py_IncRef",
    "Py_DecRef",
    "PyErr_Clear",
    "PyErr_NoMemory",
    "PyEval_RestoreThread",
    "PyEval_SaveThread",
    "PyLong_AsLongLongAndOverflow",
    "PyLong_FromLongLong",
    "PyMem_RawCalloc",
    "PyMem_RawFree",
    "PyMem_RawMalloc",
    "PyObject_CallOneArg",
    "PyTuple_New",
    "PyTuple_SetItem",
)
_NUMPY = {"PyArray_Type": 2, "PyArray_Scalar": 60, "PyArray_NewFromDescr": 94}  # places in NumPy's table
_DTYPES = tuple(MEMORY)
_WORDS = (
    *_OWN,
    *_OBJECTS,
    *_PYTHON,
    *_NUMPY,
    *(f"{name}.dtype" for name in _DTYPES),
    *(f"{name}.type" for name in _DTYPES),
)


@dataclass(frozen=True, slots=True)
class Slot:
    """The shape and dtype of an input or output.

    Raises
    ------
    TypeError
        If native code does not know the dtype, or its bytes are swapped.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def __post_init__(self) -> None:
        dtype = np.dtype(self.dtype)
        if dtype.name not in MEMORY or not dtype.isnative:
            raise TypeError(f"a kernel takes arrays of {', '.join(MEMORY)} in native byte order, not of {dtype!r}")
        # One object stands for nearly all equal dtypes, so that a comparison of pointers mostly suffices.
        object.__setattr__(self, "dtype", np.dtype(dtype.name))
        object.__setattr__(self, "shape", tuple(map(int, self.shape)))


# ---------------------------------------------------------------------------------------------------- the text


def wrapper_text(
    inputs: Sequence[Slot],
    outputs: Sequence[Slot],
    kernel: str,
    workspace: int = 0,
    releases_gil: bool = False,
    reports: bool = False,
    stacks: int = 0,
) -> tuple[str, str]:
    """Write the wrapper of a kernel, for the module that defines the kernel.

    Parameters
    ----------
    inputs, outputs : sequence of Slot
    kernel : str
        The name of the kernel in the module.
    workspace : int
        The bytes of the workspace.
    releases_gil : bool
        Whether other threads run meanwhile, which costs about 50 ns: for kernels of more than some 20 µs.
    reports : bool
        Whether the kernel returns an ``i32``: 0, or what ``on_error`` is called with.
    stacks : int
        How many blocks of `wengert.native.stacks` the kernel has. Their table is kept with the workspace, and the
        kernel that is given it is called.

    Returns
    -------
    text, symbol : str
        LLVM IR, and the name of the wrapper, for `entry`.
    """
    module, symbol = Module(), f"{kernel}_entry"
    # It is straight code that calls functions: to optimise it takes LLVM 4 to 11 ms, and brings nothing.
    f = Function(module, f"define ptr @{symbol}(ptr %self, ptr %args, i64 %n)", "optnone noinline ")
    _Wrapper(f, symbol, inputs, outputs, workspace, stacks).write(kernel, releases_gil, reports)
    return str(module), symbol


class _Wrapper:
    """A wrapper being written."""

    def __init__(
        self, f: Function, symbol: str, inputs: Sequence[Slot], outputs: Sequence[Slot], workspace: int, stacks: int
    ) -> None:
        self._f, self._symbol = f, symbol
        self._inputs, self._outputs, self._workspace = inputs, outputs, workspace
        self._stacks = stacks
        self._has_block = stacks > 0 or workspace > STACK

    def write(self, kernel: str, releases_gil: bool, reports: bool) -> None:
        f, total = self._f, len(self._inputs) + len(self._outputs)
        # All of the stack is taken in the first block, where LLVM expects it.
        self._pointers = f.value(f"alloca [{max(total, 1)} x ptr]")
        self._numbers = f.value(f"alloca [{max(total, 1) * _WIDEST} x i8], align 8")  # an integer, a scalar result
        self._overflow = f.value("alloca i32")
        self._results = [f.value("alloca ptr") for _ in self._outputs]
        scratch = "null"
        if self._workspace and not self._has_block:
            scratch = f.value(f"alloca [{self._workspace} x i8], align {ALIGNMENT}")
        for result in self._results:
            f.line(f"store ptr null, ptr {result}")
        self._table = self._load("ptr", "%self", _DATA)
        self._go_on_if(self._equal("i64", "%n", len(self._inputs)), "refused")
        for k, slot in enumerate(self._inputs):
            self._take(k, slot)
        for k, slot in enumerate(self._outputs):
            self._make(k, slot)
        block = ""
        if self._has_block:
            block, scratch = self._take_workspace()
        more = ""
        if self._stacks:
            kernel, more, scratch = kept_name(kernel), f", ptr {scratch}", self._at(scratch, _table_bytes(self._stacks))
        code = self._run(kernel, f"(ptr {self._pointers}, ptr {scratch}{more})", releases_gil, reports)
        if block:
            self._return_workspace(block)
        if reports:
            self._go_on_if(self._equal("i32", code, 0), "reported")
        self._return_results()
        if reports:
            self._write_report(code)
        self._write_ends()

    # ----------------------------------------------------------------------------------------------- pieces

    def _at(self, pointer: str, offset: int) -> str:
        return self._f.value(f"getelementptr i8, ptr {pointer}, i64 {offset}") if offset else pointer

    def _load(self, kind: str, pointer: str, offset: int) -> str:
        place = self._at(pointer, offset)
        return self._f.value(f"load {kind}, ptr {place}")

    def _word(self, name: str) -> str:
        return self._load("ptr", self._table, 8 * _WORDS.index(name))

    def _call(self, kind: str, function: str, arguments: str) -> str:
        pointer = self._word(function)
        if kind != "void":
            return self._f.value(f"call {kind} {pointer}({arguments})")
        self._f.line(f"call void {pointer}({arguments})")
        return ""

    def _equal(self, kind: str, a: str, b: str | int) -> str:
        return self._f.value(f"icmp eq {kind} {a}, {b}")

    def _go_on_if(self, condition: str, otherwise: str) -> None:
        label = self._f.name("go")
        self._f.line(f"br i1 {condition}, label %{label}, label %{otherwise}")
        self._f.begin(label)

    def _go_on_unless_null(self, pointer: str) -> None:
        self._go_on_if(self._f.value(f"icmp ne ptr {pointer}, null"), "failed")

    # ------------------------------------------------------------------------------------------------ inputs

    def _take(self, k: int, slot: Slot) -> None:
        """Put the data pointer of an argument in its place, or refuse the call."""
        f, done = self._f, f"taken{k}"
        x = self._load("ptr", "%args", 8 * k)
        kind = self._load("ptr", x, _TYPE)
        place = self._at(self._pointers, 8 * k)
        if not slot.shape:
            self._take_number(k, slot, x, kind, place, done)
        self._go_on_if(self._equal("ptr", kind, self._word("PyArray_Type")), "refused")
        self._go_on_if(self._equal("i32", self._load("i32", x, _NDIM), len(slot.shape)), "refused")
        flags = f.value(f"and i32 {self._load('i32', x, _FLAGS)}, {_READY}")
        ready = self._equal("i32", flags, _READY)
        shape = self._load("ptr", x, _SHAPE) if slot.shape else ""
        for axis, size in enumerate(slot.shape):
            same = self._equal("i64", self._load("i64", shape, 8 * axis), size)
            ready = f.value(f"and i1 {ready}, {same}")
        self._go_on_if(ready, "refused")
        self._check_dtype(self._load("ptr", x, _DTYPE), slot.dtype)
        f.line(f"store ptr {self._load('ptr', x, _DATA)}, ptr {place}")
        f.line(f"br label %{done}")
        f.begin(done)

    def _check_dtype(self, found: str, dtype: np.dtype[Any]) -> None:
        """Go on if the dtypes are equal, in most cases because they are the same object.

        Not so in an array that was unpickled, which came from another process for example, and `np.longlong` is
        not `np.int64`. A conversion would give back the same array.
        """
        f, other, equal = self._f, self._f.name("other"), self._f.name("equal")
        same = self._equal("ptr", found, self._word(f"{dtype.name}.dtype"))
        f.line(f"br i1 {same}, label %{equal}, label %{other}")
        f.begin(other)
        number = self._load("i32", found, _TYPE_NUMBER)
        known = "false"
        for alike in _numbers_of(dtype):
            known = f.value(f"or i1 {known}, {self._equal('i32', number, alike)}")
        native = self._equal("i8", self._load("i8", found, _BYTE_ORDER), ord(dtype.byteorder))
        f.line(f"br i1 {f.value(f'and i1 {known}, {native}')}, label %{equal}, label %refused")
        f.begin(equal)

    def _take_number(self, k: int, slot: Slot, x: str, kind: str, place: str, done: str) -> None:
        """Take a number that is not an array; go on at `done`, or here if it is none."""
        f, name = self._f, slot.dtype.name
        direct = self._equal("ptr", kind, self._word(f"{name}.type"))
        if name == "float64":  # a float of Python and one of NumPy hold the number at the same place
            direct = f.value(f"or i1 {direct}, {self._equal('ptr', kind, self._word('float'))}")
        yes, no = f.name("direct"), f.name("other")
        f.line(f"br i1 {direct}, label %{yes}, label %{no}")
        f.begin(yes)
        f.line(f"store ptr {self._at(x, _NUMBER)}, ptr {place}")
        f.line(f"br label %{done}")
        f.begin(no)
        if name not in ("int64", "bool"):
            return
        yes, no = f.name("python"), f.name("array")
        number = self._at(self._numbers, _WIDEST * k)
        f.line(f"store ptr {number}, ptr {place}")
        if name == "int64":
            f.line(f"br i1 {self._equal('ptr', kind, self._word('int'))}, label %{yes}, label %{no}")
            f.begin(yes)
            value = self._call("i64", "PyLong_AsLongLongAndOverflow", f"ptr {x}, ptr {self._overflow}")
            self._go_on_if(self._equal("i32", self._load("i32", self._overflow, 0), 0), "refused")
            f.line(f"store i64 {value}, ptr {number}")
        else:
            true = self._equal("ptr", x, self._word("True"))
            false = self._equal("ptr", x, self._word("False"))
            f.line(f"br i1 {f.value(f'or i1 {true}, {false}')}, label %{yes}, label %{no}")
            f.begin(yes)
            f.line(f"store i8 {f.value(f'zext i1 {true} to i8')}, ptr {number}")
        f.line(f"br label %{done}")
        f.begin(no)

    # ----------------------------------------------------------------------------------------------- outputs

    def _make(self, k: int, slot: Slot) -> None:
        """Put the data pointer of an output in its place: of a new array, or of a number on the stack."""
        f, index = self._f, len(self._inputs) + k
        place = self._at(self._pointers, 8 * index)
        if not slot.shape:
            f.line(f"store ptr {self._at(self._numbers, _WIDEST * index)}, ptr {place}")
            return
        shape = f"@{self._symbol}_shape{k}"
        sizes = ", ".join(f"i64 {size}" for size in slot.shape)
        f.module.declare(f"{shape} = private unnamed_addr constant [{len(slot.shape)} x i64] [{sizes}]")
        dtype = self._word(f"{slot.dtype.name}.dtype")
        self._call("void", "Py_IncRef", f"ptr {dtype}")  # the new array takes it over
        array = self._call(
            "ptr",
            "PyArray_NewFromDescr",
            f"ptr {self._word('PyArray_Type')}, ptr {dtype}, i32 {len(slot.shape)}, ptr {shape},"
            " ptr null, ptr null, i32 0, ptr null",
        )
        f.line(f"store ptr {array}, ptr {self._results[k]}")
        self._go_on_unless_null(array)
        f.line(f"store ptr {self._load('ptr', array, _DATA)}, ptr {place}")

    def _make_scalar(self, k: int, slot: Slot) -> None:
        number = self._at(self._numbers, _WIDEST * (len(self._inputs) + k))
        dtype = self._word(f"{slot.dtype.name}.dtype")
        scalar = self._call("ptr", "PyArray_Scalar", f"ptr {number}, ptr {dtype}, ptr null")
        self._f.line(f"store ptr {scalar}, ptr {self._results[k]}")
        self._go_on_unless_null(scalar)

    def _return_results(self) -> None:
        f = self._f
        for k, slot in enumerate(self._outputs):
            if not slot.shape:
                self._make_scalar(k, slot)
        if len(self._results) == 1:
            f.line(f"ret ptr {f.value(f'load ptr, ptr {self._results[0]}')}")
            return
        results = self._call("ptr", "PyTuple_New", f"i64 {len(self._results)}")
        self._go_on_unless_null(results)
        for k, result in enumerate(self._results):  # which the tuple takes over
            self._call("i32", "PyTuple_SetItem", f"ptr {results}, i64 {k}, ptr {f.value(f'load ptr, ptr {result}')}")
        f.line(f"ret ptr {results}")

    # -------------------------------------------------------------------------------------------- the kernel

    def _take_workspace(self) -> tuple[str, str]:
        """Take the kept block, or a new one where another thread has it; the block and its first aligned byte."""
        f = self._f
        kept = f.value(f"atomicrmw xchg ptr {self._table}, ptr null acq_rel")
        new, ready = f.name("new"), f.name("ready")
        f.line(f"br i1 {self._equal('ptr', kept, 'null')}, label %{new}, label %{ready}")
        before = f.block
        f.begin(new)
        size = _table_bytes(self._stacks) + self._workspace + ALIGNMENT - 1
        if self._stacks:  # no block has memory yet
            fresh = self._call("ptr", "PyMem_RawCalloc", f"i64 1, i64 {size}")
        else:
            fresh = self._call("ptr", "PyMem_RawMalloc", f"i64 {size}")
        f.line(f"br i1 {self._equal('ptr', fresh, 'null')}, label %no_memory, label %{ready}")
        f.begin(ready)
        block = f.value(f"phi ptr [ {kept}, %{before} ], [ {fresh}, %{new} ]")
        return block, self._aligned(block)

    def _aligned(self, block: str) -> str:
        last = self._f.value(f"ptrtoint ptr {self._at(block, ALIGNMENT - 1)} to i64")
        aligned = self._f.value(f"and i64 {last}, {-ALIGNMENT}")
        return self._f.value(f"inttoptr i64 {aligned} to ptr")

    def _return_workspace(self, block: str) -> None:
        """Keep the block for the next call, and free the one that another thread has kept meanwhile."""
        f = self._f
        other = f.value(f"atomicrmw xchg ptr {self._table}, ptr {block} acq_rel")
        surplus, kept = f.name("surplus"), f.name("kept")
        f.line(f"br i1 {self._equal('ptr', other, 'null')}, label %{kept}, label %{surplus}")
        f.begin(surplus)
        if self._stacks:
            table = self._aligned(other)
            with f.loop(self._stacks) as loop:
                stack = f.value(f"load ptr, ptr {entry_of(f, table, loop.index)}")
                self._call("void", "PyMem_RawFree", f"ptr {stack}")
        self._call("void", "PyMem_RawFree", f"ptr {other}")
        f.line(f"br label %{kept}")
        f.begin(kept)

    def _run(self, kernel: str, arguments: str, releases_gil: bool, reports: bool) -> str:
        f, code = self._f, ""
        thread = self._call("ptr", "PyEval_SaveThread", "") if releases_gil else ""
        if reports:
            code = f.value(f"call i32 @{kernel}{arguments}")
        else:
            f.line(f"call void @{kernel}{arguments}")
        if releases_gil:
            self._call("void", "PyEval_RestoreThread", f"ptr {thread}")
        return code

    # ---------------------------------------------------------------------------------------------- the ends

    def _write_report(self, code: str) -> None:
        f = self._f
        f.begin("reported")
        f.line(f"br i1 {self._equal('i32', code, RAISED)}, label %failed, label %told")
        f.begin("told")
        self._call("void", "PyErr_Clear", "")  # something else went wrong before
        number = self._call("ptr", "PyLong_FromLongLong", f"i64 {f.value(f'sext i32 {code} to i64')}")
        self._go_on_unless_null(number)
        # It always raises, see `entry`.
        self._call("ptr", "PyObject_CallOneArg", f"ptr {self._word('on_error')}, ptr {number}")
        self._call("void", "Py_DecRef", f"ptr {number}")
        f.line("br label %failed")

    def _write_ends(self) -> None:
        f = self._f
        if self._has_block:
            f.begin("no_memory")
            self._call("ptr", "PyErr_NoMemory", "")
            f.line("br label %failed")
        f.begin("failed")
        for result in self._results:  # those that were not made yet are null, which Py_DecRef passes over
            self._call("void", "Py_DecRef", f"ptr {f.value(f'load ptr, ptr {result}')}")
        f.line("ret ptr null")
        f.begin("refused")
        sentinel = self._word("NotImplemented")
        self._call("void", "Py_IncRef", f"ptr {sentinel}")
        f.finish(f"ptr {sentinel}")


def _numbers_of(dtype: np.dtype[Any]) -> list[int]:
    """NumPy's numbers of the types that are stored alike: C may have two names for one."""
    return [np.dtype(code).num for code in "?bhilqBHILQefdgFDG" if np.dtype(code) == dtype]


# ------------------------------------------------------------------------------------------------- the callable


class _Method(ctypes.Structure):
    """CPython's ``PyMethodDef``."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


_METH_FASTCALL = 0x0080


class _State(np.ndarray[tuple[int], np.dtype[np.uint64]]):
    """The ``self`` of a wrapper: its memory is the table; what must live as long as the entry hangs on it.

    The collector looks into `kept`, so an ``on_error`` may refer to its own entry.
    """

    __slots__ = ("kept",)
    kept: tuple[object, ...]


def entry(
    library: Library, symbol: str, on_error: Callable[[int], object] | None = None, stacks: int = 0,
    keeps: object = None,
) -> Entry:  # fmt: skip
    """Make a compiled wrapper callable from Python.

    Parameters
    ----------
    library : Library
        The compiled module. It lives at least as long as the entry.
    symbol : str
        The name of the wrapper, from `wrapper_text`.
    on_error : callable, optional
        Called with the code of a kernel that reports one; it raises the error.
    stacks : int
        As for `wrapper_text`.
    keeps : object
        What must live as long as the entry.

    Returns
    -------
    Entry
        A builtin function. Threads may call it at once. Its workspace is kept between calls and freed with it.

    Raises
    ------
    RuntimeError
        If the interpreter is not one that `is_supported`; use `SlowEntry` there.
    """
    if not is_supported():
        raise RuntimeError("this interpreter has other structs than native wrappers read; use SlowEntry")
    raising = _raising(symbol, on_error)
    words = np.empty(len(_WORDS), np.uint64)
    words[:] = _table()
    words[_WORDS.index("on_error")] = id(raising)
    state = words.view(_State)
    method = _Method(symbol.encode(), library.address(symbol), _METH_FASTCALL, None)
    state.kept = (raising, library, method, keeps)
    # A view dies before its memory, so the block can still be found then. At exit the system takes all memory.
    weakref.finalize(state, _free_workspace, words, stacks).atexit = False
    prototype = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.POINTER(_Method), ctypes.py_object, ctypes.c_void_p)
    make = prototype(("PyCFunction_NewEx", ctypes.pythonapi))
    made: Entry = make(ctypes.byref(method), state, None)
    return made


def _raising(symbol: str, on_error: Callable[[int], object] | None) -> Callable[[int], object]:
    """Call `on_error`, and raise in any case."""

    def report(code: int) -> None:
        if on_error is not None:
            on_error(code)
        raise RuntimeError(f"{symbol} failed with code {code}")

    return report


def _free_workspace(words: np.ndarray[tuple[int], np.dtype[np.uint64]], stacks: int) -> None:
    block = int(words[_WORDS.index("workspace")])
    if block:
        free = ctypes.PYFUNCTYPE(None, ctypes.c_void_p)(("PyMem_RawFree", ctypes.pythonapi))
        table = block + -block % ALIGNMENT
        for k in range(stacks):
            free(ctypes.c_void_p.from_address(table + ENTRY * k))
        free(block)


def _table_bytes(stacks: int) -> int:
    return whole_lines(ENTRY * stacks)


@lru_cache(maxsize=1)
def _table() -> tuple[int, ...]:
    """The words that all entries have alike; their own are 0."""
    words = dict.fromkeys(_OWN, 0)
    words |= {name: id(found) for name, found in _OBJECTS.items()}
    for name in _PYTHON:
        words[name] = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0
    numpy = _numpy_table()
    words |= {name: numpy[index] for name, index in _NUMPY.items()}
    for name in _DTYPES:
        dtype = np.dtype(name)
        words[f"{name}.dtype"], words[f"{name}.type"] = id(dtype), id(dtype.type)
    return tuple(words[name] for name in _WORDS)


def numpy_function(name: str) -> int:
    """The address of a function of NumPy's C interface."""
    return int(_numpy_table()[_NUMPY[name]])


def _numpy_table() -> ctypes.Array[ctypes.c_size_t]:
    """NumPy's C interface, which compiled packages find in the same way."""
    umath = import_module("numpy._core._multiarray_umath")
    prototype = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    address = prototype(("PyCapsule_GetPointer", ctypes.pythonapi))(umath._ARRAY_API, None)
    return (ctypes.c_size_t * (max(_NUMPY.values()) + 1)).from_address(address)


# -------------------------------------------------------------------------------------------- what can be relied on


@lru_cache(maxsize=1)
def is_supported() -> bool:
    """Whether this interpreter and this NumPy have the structs that a wrapper reads.

    They are read for a few arrays and numbers and compared with what Python says. Other interpreters than CPython, its
    builds without a global lock, machines of 32 bits, and NumPy before 2 are not supported.
    """
    if (
        sys.implementation.name != "cpython"
        or ctypes.sizeof(ctypes.c_void_p) != 8
        or np.lib.NumpyVersion(np.__version__) < "2.0.0"
    ):
        return False
    if object.__basicsize__ != _NUMBER:  # the head of an object is larger where there is no global lock
        return False
    if not all(hasattr(ctypes.pythonapi, name) for name in (*_PYTHON, "PyCFunction_NewEx")):
        return False
    return _numpy_table()[_NUMPY["PyArray_Type"]] == id(np.ndarray) and _are_read_right()


def _are_read_right() -> bool:
    def word(x: object, offset: int) -> int:
        return ctypes.c_size_t.from_address(id(x) + offset).value

    block = np.arange(24.0).reshape(2, 3, 4)
    block.setflags(write=False)
    misaligned = np.zeros(25, np.uint8)[1:].view(np.float64)
    arrays = [block, block.T, block[:, ::2, 1:], block[0, 0, 0:0], np.array(2.5), misaligned, block.astype(">f8")]
    arrays += [np.zeros((2, 1), name) for name in _DTYPES]
    for x in arrays:
        ready = (x.flags.c_contiguous * 0x0001) | (x.flags.aligned * 0x0100)
        ndim = ctypes.c_int.from_address(id(x) + _NDIM).value
        if (
            word(x, _TYPE) != id(np.ndarray)
            or word(x, _DATA) != x.__array_interface__["data"][0]
            or word(x, _DTYPE) != id(x.dtype)
            or ctypes.c_int.from_address(id(x) + _FLAGS).value & _READY != ready
            or ctypes.c_int.from_address(id(x.dtype) + _TYPE_NUMBER).value != x.dtype.num
            or ctypes.c_char.from_address(id(x.dtype) + _BYTE_ORDER).value != x.dtype.byteorder.encode()
            or ndim != x.ndim
        ):
            return False
        sizes = (ctypes.c_int64 * ndim).from_address(word(x, _SHAPE)) if ndim else ()
        if tuple(sizes) != x.shape:
            return False
    numbers = [0.1, *(np.ones((), name)[()] for name in _DTYPES)]
    return all(ctypes.string_at(id(x) + _NUMBER, np.asarray(x).nbytes) == np.asarray(x).tobytes() for x in numbers)


# ------------------------------------------------------------------------------------------------- the slow way


class SlowEntry:
    """The same as a wrapper, from Python: for interpreters that are not `is_supported`.

    Parameters
    ----------
    library : Library
    kernel : str
        The name of the kernel itself.
    inputs, outputs, workspace, reports
        As for `wrapper_text`. The lock is always released, but for kernels that call back.
    on_error, keeps
        As for `entry`.
    calls_back : bool
        Whether the kernel calls Python.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # what a wrapper is told when it is written, and what its entry is told
        self,
        library: Library,
        kernel: str,
        inputs: Sequence[Slot],
        outputs: Sequence[Slot],
        workspace: int = 0,
        reports: bool = False,
        on_error: Callable[[int], object] | None = None,
        keeps: object = None,
        calls_back: bool = False,
    ) -> None:
        # A function of Python's own keeps the lock, and its exception is raised.
        kind = ctypes.PYFUNCTYPE if calls_back else ctypes.CFUNCTYPE
        prototype = kind(ctypes.c_int32 if reports else None, ctypes.c_void_p, ctypes.c_void_p)
        self._function = prototype(library.address(kernel))
        self._kept_alive = library, keeps
        self._inputs, self._outputs, self._workspace = tuple(inputs), tuple(outputs), workspace
        self._report = _raising(kernel, on_error)
        self._pointers = ctypes.c_void_p * (len(inputs) + len(outputs))
        # At most one block is kept; to take it out and to put it back are one step each, so threads never share it.
        self._kept: deque[np.ndarray[Any, Any]] = deque(maxlen=1)

    def __call__(self, *args: object) -> Any:
        """Call the kernel, or return `NotImplemented`."""
        if len(args) != len(self._inputs):
            return NotImplemented
        arrays = []
        for x, slot in zip(args, self._inputs, strict=True):
            array = _taken(x, slot)
            if array is None:
                return NotImplemented
            arrays.append(array)
        results = [np.empty(slot.shape, slot.dtype) for slot in self._outputs]
        pointers = self._pointers(*(x.__array_interface__["data"][0] for x in (*arrays, *results)))
        code = self._run(pointers)
        if code:
            self._report(code)
        values = tuple(x if x.ndim else x[()] for x in results)
        return values[0] if len(values) == 1 else values

    def _run(self, pointers: ctypes.Array[ctypes.c_void_p]) -> int | None:
        if not self._workspace:
            return self._function(pointers, None)  # type: ignore[no-any-return]  # what ctypes was told
        try:
            block = self._kept.pop()
        except IndexError:
            block = np.empty(self._workspace + ALIGNMENT - 1, np.uint8)
        address = block.__array_interface__["data"][0]
        code: int | None = self._function(pointers, address + -address % ALIGNMENT)
        self._kept.append(block)
        return code


#: The numbers of Python that are taken for one of a dtype.
_NUMBERS: dict[str, type] = {"float64": float, "int64": int, "bool": bool}


def _taken(x: object, slot: Slot) -> np.ndarray[Any, Any] | None:
    """An argument as an array, if it is exactly what the slot says."""
    if type(x) is np.ndarray:
        ready = x.dtype == slot.dtype and x.shape == slot.shape and x.flags.c_contiguous and x.flags.aligned
        return x if ready else None
    if slot.shape or type(x) not in (slot.dtype.type, _NUMBERS.get(slot.dtype.name)):
        return None
    try:
        return np.array(x, slot.dtype)
    except OverflowError:  # an integer of more than 64 bits
        return None
