"""Machine code between pages that nobody may touch.

Each array that a native function is given lies in memory of its own, which begins right behind a forbidden page or ends
right in front of one; inputs are write-protected. An access outside of an array is then a signal that ends the process.
What is left of a page, where an array does not fill it, holds a pattern that must not change. Outputs and workspace are
filled beforehand, with bytes that would be seen in the results if they were read.

``python guarded.py SAMPLE COUNT START`` runs samples in a process of its own, and `run_guarded` does so from a test.
The last ``===`` that a process has printed begins to say what it was at.
"""

# ruff: noqa: T201  # what is printed says what a process was at when it ended

import ctypes
import faulthandler
import json
import mmap
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:1] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import numpy as np

from native.agreement import as_list, assert_all_close, precision_of
from wengert.native import machine, program
from wengert.native.writing import ALIGNMENT
from wengert.simplification import simplify
from wengert.wlist import ArrayType, Variable

PAGE = mmap.PAGESIZE
PLACES = {"before": 0xFF, "behind": 0x00}  # where the forbidden page is that an array touches; what outputs begin with
SLACK = 0xA5

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_NONE, _READ = 0, mmap.PROT_READ


def _protect(address: int, size: int, how: int) -> None:
    if size and _libc.mprotect(address, size, how):
        raise OSError(ctypes.get_errno(), "mprotect")


class Block:
    """Memory of some bytes between two forbidden pages, of which it touches one."""

    def __init__(self, size: int, place: str, fill: int = 0, step: int = 1) -> None:
        self.size, self._room = size, -(-size // PAGE) * PAGE
        self._map = mmap.mmap(-1, self._room + 2 * PAGE)
        self._begin = ctypes.addressof(ctypes.c_char.from_buffer(self._map)) + PAGE
        _protect(self._begin - PAGE, PAGE, _NONE)
        _protect(self._begin + self._room, PAGE, _NONE)
        # `step` is what the address must be a multiple of: a page is one of all that are asked for.
        self.address = self._begin if place == "before" else (self._begin + self._room - size) // step * step
        ctypes.memset(self._begin, SLACK, self._room)
        ctypes.memset(self.address, fill, size)

    def view(self, kind: ArrayType) -> np.ndarray:
        """The memory as an array, which must not be used after `close`."""
        if not self.size:
            return np.empty(kind.shape, kind.dtype)
        raw = (ctypes.c_char * self.size).from_address(self.address)
        return np.frombuffer(raw, kind.dtype).reshape(kind.shape)

    def write_protect(self) -> None:
        _protect(self._begin, self._room, _READ)

    def check_slack(self, what: str) -> None:
        before = ctypes.string_at(self._begin, self.address - self._begin)
        behind = ctypes.string_at(self.address + self.size, self._begin + self._room - self.address - self.size)
        if (before + behind).strip(bytes([SLACK])):
            raise AssertionError(f"something was written beside {what}")

    def close(self) -> None:
        self._map.close()


def _block_of(x: np.ndarray, place: str) -> Block:
    block = Block(x.nbytes, place)
    ctypes.memmove(block.address, x.ctypes.data, x.nbytes)
    block.write_protect()
    return block


def call(
    address: int, inputs: Sequence[np.ndarray], kinds: Sequence[ArrayType], workspace: int, place: str
) -> list[np.ndarray]:
    """Call a kernel and return its results."""
    blocks = [_block_of(np.ascontiguousarray(x), place) for x in inputs]
    results = [Block(kind.size * kind.dtype.itemsize, place, PLACES[place]) for kind in kinds]
    scratch = Block(workspace, place, PLACES[place], ALIGNMENT)
    pointers = (ctypes.c_void_p * max(1, len(inputs) + len(kinds)))(*(b.address for b in (*blocks, *results)))
    # A function of Python's own: the kernel may call Python.
    kernel = ctypes.PYFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)(address)
    code = kernel(ctypes.addressof(pointers), scratch.address)
    found = [block.view(kind).copy() for block, kind in zip(results, kinds, strict=True)]
    for what, group in (("an input", blocks), ("an output", results), ("the workspace", [scratch])):
        for block in group:
            block.check_slack(what)
            block.close()
    if code:
        raise program.LeftToListError(code)
    return found


def run(
    built: program.Program, inputs: Sequence[np.ndarray], call: Callable[[program.Segment, list[np.ndarray]], Any]
) -> list[np.ndarray]:
    """The outputs of a compiled list, whose native functions are called by `call`, with arrays as they take them."""
    values = dict(zip(built.lst.inputs, inputs, strict=True))
    for step in built.steps:
        if isinstance(step, program.Segment):
            found = call(step, [np.asarray(program.as_typed(values[v], v.type)) for v in step.lst.inputs])
            if built.fast is not None:  # all is one function, with outputs of its own
                return found
            values.update(zip(step.lst.outputs, found, strict=True))
        else:
            operands = [values[x] if isinstance(x, Variable) else x for x in step.operands]
            values.update(zip(step.targets, as_list(step.prim.evaluate(operands, step.params)), strict=True))
    return [np.asarray(values[y] if isinstance(y, Variable) else y) for y in built.lst.outputs]


def kinds_of(segment: program.Segment) -> list[ArrayType]:
    """The types of the results of a native function."""
    return [v.type for v in segment.lst.outputs]


class Constants(dict):
    """Large constants of the code, each in front of a forbidden page; they live as long as the process."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Block] = []

    def build(self, text, level, data):
        """In the place of `machine.build`."""
        for name, array in data.items():
            if name not in self:
                self.blocks.append(_block_of(array, "behind"))
                self[name] = self.blocks[-1].view(ArrayType.of(array))
        return BUILD(text, level, {name: self[name] for name in data})


BUILD = machine.build


def _called(segment: program.Segment, given: list[np.ndarray], place: str) -> list[np.ndarray]:
    return call(segment.library.address("kernel"), given, kinds_of(segment), segment.planned, place)


def check(sample) -> tuple[int, bool]:
    """Run a list with guarded memory, and compare; how many native functions it has, and whether an index was wrong."""
    with np.errstate(all="ignore"):
        try:
            expected = [np.asarray(y) for y in as_list(sample.lst.run(sample.at))]
        except IndexError:
            expected = None
        built = program.built(simplify(sample.lst))
    for place in PLACES:
        print(f"=== forbidden page {place} each array, {sample.name}\n{sample.lst}\nat {sample.at}", flush=True)
        with np.errstate(all="ignore"):
            try:
                found = run(built, sample.at, partial(_called, place=place))
            except program.LeftToListError:
                found = None
        if expected is None or found is None:
            assert expected is found, "an index is out of range in one of native code and interpreter"
        else:
            assert_all_close(found, expected, precision_of(sample.lst))
    return len(built.segments), expected is None


# --- what must be found ----------------------------------------------------------------------------------------

_HEAD = "define i32 @kernel(ptr %args, ptr noalias %workspace) {\n"
_SLOT = "  %s = getelementptr ptr, ptr %args, i64 {slot}\n  %x = load ptr, ptr %s\n"
_AT = "  %p = getelementptr double, ptr {base}, i64 {place}\n"
_READ_AT = _AT + "  %v = load volatile double, ptr %p\n  %r = getelementptr ptr, ptr %args, i64 1\n"
_COPY = _READ_AT + "  %y = load ptr, ptr %r\n  store double %v, ptr %y\n  ret i32 0\n}}\n"
_WRITE = _AT + "  store double 1.0, ptr %p\n  ret i32 0\n}}\n"


def _faulty(tail: str, base: str, place: int, slot: int = 0) -> str:
    return _HEAD + _SLOT.format(slot=slot) + tail.format(base=base, place=place)


#: Kernels of an input with 3 numbers, an output with 1 and a workspace of 64 bytes.
FAULTS = {
    "does nothing wrong": _faulty(_COPY, "%x", 2),
    "reads behind an input": _faulty(_COPY, "%x", 3),
    "reads before an input": _faulty(_COPY, "%x", -1),
    "writes into an input": _faulty(_WRITE, "%x", 0),
    "writes behind an output": _faulty(_WRITE, "%x", 1, slot=1),
    "writes before an output": _faulty(_WRITE, "%x", -1, slot=1),
    "reads behind the workspace": _faulty(_COPY, "%workspace", 8),
    "writes before the workspace": _faulty(_WRITE, "%workspace", -1),
    "reads what nobody has written": _faulty(_COPY, "%workspace", 0),
}


def commit(fault: str, place: str) -> float:
    """Call the kernel that has this fault, and return what it stores."""
    library = machine.build(FAULTS[fault], 1)
    three = np.array([1.0, 2.0, 3.0])
    (found,) = call(library.address("kernel"), [three], [ArrayType((1,), np.dtype(float))], 64, place)
    return float(found[0])


def commit_apart(fault: str, place: str) -> str:
    """The same in a process of its own: the result as a text, or what happened instead."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            said = str(commit(fault, place))
        except AssertionError as error:
            said = str(error)
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        said = stream.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return said if status == 0 else signal.Signals(-status).name


# --- a process ---------------------------------------------------------------------------------------------------


def main(words: Sequence[str]) -> None:
    name, *rest = words
    if name == "faults":
        print(json.dumps({fault: {place: commit_apart(fault, place) for place in PLACES} for fault in FAULTS}))
        return
    faulthandler.enable()
    if name == "fault":
        fault, place = rest
        print(f"=== forbidden page {place} each array, a kernel that {fault}", flush=True)
        commit(fault, place)
        return
    from native.samples import SAMPLES

    constants = Constants()
    machine.build = constants.build
    done = [check(sample) for sample in SAMPLES[name](*map(int, rest))]
    functions, out_of_range = map(sum, zip(*done, strict=True))
    print(
        f"===\n{len(done)} lists, {functions} native functions, {len(constants.blocks)} large constants, "
        f"{out_of_range} with an index out of range"
    )


def run_guarded(*words: str, timeout: float = 300) -> tuple[int, str]:
    """Run this file with these words; its exit status, and what was said at the end, or last before the end."""
    command, env = [sys.executable, __file__, *words], {**os.environ, "WENGERT_CACHE": "0"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=env, check=False)
    last = done.stdout.rpartition("===")[2].strip()
    if done.returncode == 0:
        return 0, last
    how = signal.Signals(-done.returncode).name if done.returncode < 0 else f"exit status {done.returncode}"
    return done.returncode, f"{how}: {last}\n{done.stderr[-3000:]}"


if __name__ == "__main__":
    main(sys.argv[1:])
