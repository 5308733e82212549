"""Statements without machine code of their own, as calls from machine code back to NumPy.

The code passes the number of the statement and pointers to its operands and targets. A function of the module, which is
the same in all modules, makes arrays of them that own nothing, and calls what Python has put into a table: a function
that evaluates the statement as the interpreter does, and copies the results to where they belong. So a list is one
native function with whatever it contains, in the bodies of loops too.

The text has numbers and no addresses, so that object code can be kept on disk. The table belongs to one compiled list:
its address is handed to the code after it is loaded (`CallBacks.set`), and two lists never share one, even where their
texts are equal.

An exception stays that of the thread, as in any function of C's: the kernel returns `RAISED`, and the entry returns
without a result, whereupon Python raises it. Until then the code goes on without another call back, and leaves its
loops.
"""

from __future__ import annotations

import ctypes
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from wengert.errors import ShapeError
from wengert.native import machine
from wengert.native.entry import RAISED, numpy_function
from wengert.native.writing import MEMORY
from wengert.primitive import Primitive
from wengert.registry import table
from wengert.wlist import ANY, ArrayType, Statement, Variable, WengertList

if TYPE_CHECKING:
    from wengert.native.body import Body
    from wengert.native.writing import Module

__all__ = ["CallBacks", "are_possible", "may_call_back", "write"]

_READ_ONLY = 0x0001 | 0x0100  # NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED
_WRITEABLE = _READ_ONLY | 0x0400
_WORDS = 4  # of the table, for each array

_PYTHON = {
    "PyErr_Occurred": "ptr ()",
    "PyGILState_Ensure": "i32 ()",
    "PyGILState_Release": "void (i32)",
    "PyObject_Call": "ptr (ptr, ptr, ptr)",
    "PyTuple_New": "ptr (i64)",
    "PyTuple_SetItem": "i32 (ptr, i64, ptr)",
    "Py_DecRef": "void (ptr)",
    "Py_IncRef": "void (ptr)",
}

# A record of the table holds the function, how many arrays it takes, and of each array dtype, number of axes, shape and
# flags.
_TEXT = f"""\
define void @wg_set_call_backs(ptr %table) {{
  store ptr %table, ptr @wg_call_backs
  ret void
}}
define internal i32 @wg_call_back(i64 %number, ptr %pointers) noinline #0 {{
entry:
  %state = call i32 @PyGILState_Ensure()
  %before = call ptr @PyErr_Occurred()
  %is_well = icmp eq ptr %before, null
  br i1 %is_well, label %begin, label %leave
begin:
  %table = load ptr, ptr @wg_call_backs
  %place = getelementptr ptr, ptr %table, i64 %number
  %record = load ptr, ptr %place
  %function = load ptr, ptr %record
  %count.place = getelementptr i64, ptr %record, i64 1
  %count = load i64, ptr %count.place
  %arrays = call ptr @PyTuple_New(i64 %count)
  %is_made = icmp ne ptr %arrays, null
  br i1 %is_made, label %next, label %leave
next:
  %k = phi i64 [ 0, %begin ], [ %following, %put ]
  %offset = mul i64 %k, {_WORDS}
  %array.place = getelementptr {{ ptr, i64 }}, ptr %record, i64 1
  %dtype.place = getelementptr ptr, ptr %array.place, i64 %offset
  %dtype = load ptr, ptr %dtype.place
  %ndim.place = getelementptr i64, ptr %dtype.place, i64 1
  %ndim.long = load i64, ptr %ndim.place
  %ndim = trunc i64 %ndim.long to i32
  %shape.place = getelementptr ptr, ptr %dtype.place, i64 2
  %shape = load ptr, ptr %shape.place
  %flags.place = getelementptr i64, ptr %dtype.place, i64 3
  %flags.long = load i64, ptr %flags.place
  %flags = trunc i64 %flags.long to i32
  %data.place = getelementptr ptr, ptr %pointers, i64 %k
  %data = load ptr, ptr %data.place
  call void @Py_IncRef(ptr %dtype)
  %array = call ptr @wg_new_array(ptr @wg_array_type, ptr %dtype, i32 %ndim, ptr %shape, ptr null, ptr %data, \
i32 %flags, ptr null)
  %is_array = icmp ne ptr %array, null
  br i1 %is_array, label %put, label %drop
put:
  %ignored = call i32 @PyTuple_SetItem(ptr %arrays, i64 %k, ptr %array)
  %following = add i64 %k, 1
  %is_more = icmp ult i64 %following, %count
  br i1 %is_more, label %next, label %go
go:
  %found = call ptr @PyObject_Call(ptr %function, ptr %arrays, ptr null)
  br label %drop
drop:
  %result = phi ptr [ null, %next ], [ %found, %go ]
  call void @Py_DecRef(ptr %arrays)
  call void @Py_DecRef(ptr %result)
  %is_done = icmp ne ptr %result, null
  br label %leave
leave:
  %is_good = phi i1 [ false, %entry ], [ false, %begin ], [ %is_done, %drop ]
  call void @PyGILState_Release(i32 %state)
  %code = select i1 %is_good, i32 0, i32 {RAISED}
  ret i32 %code
}}"""


# ------------------------------------------------------------------------------------------- which statements


def may_call_back(stmt: Statement) -> bool:
    """Whether a statement can be called back: its arrays can lie in buffers.

    Not so arrays of objects, of text, of dates and of long doubles, and stacks of an unknown number of rounds.
    """
    variables = [*_variables(stmt), *stmt.targets]
    return isinstance(stmt.prim, Primitive) and all(_has_place(v.type) for v in variables) and are_possible()


def _has_place(kind: ArrayType) -> bool:
    return kind.dtype.name in MEMORY and kind.dtype.isnative and ANY not in kind.shape


@lru_cache(maxsize=1)
def are_possible() -> bool:
    """Whether this interpreter has the functions that machine code calls."""
    try:
        return numpy_function("PyArray_NewFromDescr") > 0 and all(map(_address_of, _PYTHON))
    except (AttributeError, ImportError):
        return False


def _address_of(name: str) -> int:
    return ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value or 0


# ----------------------------------------------------------------------------------------------------- the code


def write(body: Body, stmt: Statement) -> None:
    """Write the call back of a statement into the function of its group."""
    writer, function = body.writer, body.function
    _declare(function.module)
    read = _variables(stmt)
    number = writer.unit.calls.add(stmt, writer.plan.lst.name)
    pointers = function.value(f"alloca [{len(read) + len(stmt.targets)} x ptr]")
    for k, v in enumerate((*read, *stmt.targets)):
        place = function.value(f"getelementptr inbounds ptr, ptr {pointers}, i64 {k}")
        function.line(f"store ptr {writer.pointer(v)}, ptr {place}")
    code = function.value(f"call i32 @wg_call_back(i64 {number}, ptr {pointers})")
    error = writer.error()
    before = function.value(f"load i32, ptr {error}")
    function.line(f"store i32 {function.value(f'or i32 {before}, {code}')}, ptr {error}")


def _variables(stmt: Statement) -> tuple[Variable, ...]:
    return tuple(dict.fromkeys(x for x in stmt.operands if isinstance(x, Variable)))


def _declare(module: Module) -> None:
    """Put what every call back goes through into a module, once."""
    for name, kind in _PYTHON.items():
        result, arguments = kind.split(" ", 1)
        module.declare(f"declare {result} @{name}{arguments}")
        machine.define(name, _address_of(name))
    module.declare("declare ptr @wg_new_array(ptr, ptr, i32, ptr, ptr, ptr, i32, ptr)")
    machine.define("wg_new_array", numpy_function("PyArray_NewFromDescr"))
    module.declare("@wg_array_type = external constant i8")
    machine.define("wg_array_type", id(np.ndarray))
    module.declare("@wg_call_backs = internal global ptr null")
    module.shared(_TEXT, "wg_call_back", "wg_call_back")


# ------------------------------------------------------------------------------------------------ the functions


@dataclass(slots=True)
class CallBacks:
    """The statements that the code of one list calls back. It must live as long as the code may be called.

    Attributes
    ----------
    statements : list of Statement
    """

    statements: list[Statement] = field(default_factory=list)
    _functions: list[Callable[..., None]] = field(default_factory=list)
    _words: list[Any] = field(default_factory=list)  # what the code reads

    def add(self, stmt: Statement, name: str) -> int:
        """The number of a statement of the list `name`."""
        self.statements.append(stmt)
        self._functions.append(_evaluation(stmt, name))
        return len(self.statements) - 1

    def set(self, library: machine.Library) -> None:
        """Hand the functions to the code."""
        if not self.statements:
            return
        records = [self._record(stmt, f) for stmt, f in zip(self.statements, self._functions, strict=True)]
        words = self._kept([record.ctypes.data for record in records])
        setter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(library.address("wg_set_call_backs"))
        setter(words.ctypes.data)

    def _record(self, stmt: Statement, function: Callable[..., None]) -> np.ndarray[Any, Any]:
        read = _variables(stmt)
        words = [id(function), len(read) + len(stmt.targets)]
        for v, flags in [*((v, _READ_ONLY) for v in read), *((v, _WRITEABLE) for v in stmt.targets)]:
            dtype = np.dtype(v.dtype.name)  # NumPy has one object for each, which stays
            words += [id(dtype), len(v.shape), self._kept(v.shape).ctypes.data, flags]
        return self._kept(words)

    def _kept(self, words: Sequence[int]) -> np.ndarray[Any, Any]:
        self._words.append(np.array([*words, 0], np.uint64))
        found: np.ndarray[Any, Any] = self._words[-1]
        return found

    @property
    def names(self) -> list[str]:
        """The operations, in the order in which they are written."""
        return [stmt.prim.name for stmt in self.statements]


def _evaluation(stmt: Statement, name: str) -> Callable[..., None]:
    """The function of a statement: it takes the arrays of the operands, then those of the targets."""
    read, prim, params = _variables(stmt), stmt.prim, stmt.params
    count = len(read)
    places = {v: k for k, v in enumerate(read)}
    operands = [(places[x], None) if isinstance(x, Variable) else (-1, x) for x in stmt.operands]
    # The arrays own no memory: nobody may have one when this is over. A number is taken out of its array, as the
    # interpreter has it.
    is_lent = _keeps_nothing(stmt)
    copies = [k for k, v in enumerate(read) if not (is_lent and v.shape)]
    is_direct = not copies and list(map(id, stmt.operands)) == list(map(id, read))
    is_single = len(stmt.targets) == 1
    lst = WengertList(name, read, (stmt,), stmt.targets)

    def evaluate(*arrays: Any) -> None:
        handled = sys.exception()
        try:
            xs: Sequence[Any] = arrays[:count]
            if not is_direct:
                values = list(xs)
                for k in copies:
                    values[k] = values[k].copy() if values[k].ndim else values[k][()]
                xs = [values[k] if k >= 0 else constant for k, constant in operands]
            ys = prim.evaluate(xs, params)
            if is_single:
                ys = (ys,)
            for target, y in zip(arrays[count:], ys, strict=True):
                if getattr(y, "shape", None) != target.shape and np.shape(y) != target.shape:
                    raise _wrong_shape(stmt, target.shape, np.shape(y))
                target[...] = y
        except BaseException as error:
            arrays, xs, values, target, y, ys = (), (), [], None, None, ()  # nor may a traceback
            _forget(error, handled)
            handled = None
            if isinstance(error, Exception):
                lst._note_place(error, stmt)
            raise

    return evaluate


def _wrong_shape(stmt: Statement, expected: tuple[int, ...], found: tuple[int, ...]) -> ShapeError:
    return ShapeError(
        f"{stmt.prim.name} gave a result of shape {found}, but it was recorded with shape {expected}.",
        why="A list is recorded for fixed shapes.",
    )


def _forget(error: BaseException | None, handled: BaseException | None) -> None:
    """Take the local variables out of the tracebacks of an exception, and of those that led to it in the call back."""
    seen = {id(handled)}
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


_TRUSTED = ("wengert.rules.", "numpy", "_operator")


def _keeps_nothing(stmt: Statement) -> bool:
    """Whether what is called is known not to keep its arrays: not so functions of users, which are given copies."""
    prim = stmt.prim
    params = [x for value in stmt.params.values() for x in (value if isinstance(value, (tuple, list)) else (value,))]
    if not isinstance(prim, Primitive) or prim.sublists or any(map(callable, params)):
        return False
    module = getattr(prim.compute, "__module__", None)
    is_own = module.startswith(_TRUSTED) if module else isinstance(prim.compute, np.ufunc)
    return is_own and table.primitives.get(prim.name) is prim
