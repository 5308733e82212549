"""Machine code under valgrind's memcheck: ``python -m tests.native.under_valgrind``.

Memcheck says which instruction reads or writes outside of the blocks of memory that there are, and which decides by
bytes that nobody has written. Python, NumPy and SciPy have reports of their own; what counts are those that have
machine code of the project among the callers: addresses that belong to no file.

There are two processes. The first writes the code, for x86-64-v3 because memcheck knows no AVX-512, and notes with what
each native function is called. The second runs under valgrind and takes object files from the cache, since LLVM would
be slow there. Each array is a block of its own; after a call, the results are read byte by byte by a function that
decides by them. Then the function is called once more the usual way, through its native entry.
"""

# ruff: noqa: T201  # a command line prints

import argparse
import contextlib
import ctypes
import os
import pickle
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

import numpy as np

from wengert.errors import ArgumentError
from wengert.native import machine, processor
from wengert.native.entry import entry, is_supported
from wengert.native.writing import ALIGNMENT, Module

COMMAND = shutil.which("valgrind")
LEVEL = "x86-64-v3"
SKIPPED = "not run: only the first process knows the address of"
DEFAULT = (("control", 10, 0), ("field", 14, 0), ("corpus", 40, 0), ("indices", 10, 0), ("random", 60, 1))
SMALL = (("control", 10, 0), ("field", 4, 3), ("corpus", 8, 0), ("random", 10, 1))


@dataclass(frozen=True)
class Job:
    """A native function, and with what it is called."""

    name: str
    text: str
    inputs: list[np.ndarray]
    results: list[tuple[tuple[int, ...], str]]  # shapes and dtypes
    workspace: int
    constants: dict[str, np.ndarray]


# --- the first process -------------------------------------------------------------------------------------------


def jobs_of(samples: Sequence[tuple[str, int, int]]) -> Iterator[Job]:
    """Write the code of samples."""
    from native.guarded import kinds_of, run
    from native.samples import SAMPLES
    from wengert.native import program
    from wengert.simplification import simplify

    for name, count, start in samples:
        for sample in SAMPLES[name](count, start):
            found = []

            def note(segment, given, name=sample.name, found=found):
                results = [(kind.shape, kind.dtype.name) for kind in kinds_of(segment)]
                library = segment.library
                found.append(Job(name, library.text, given, results, segment.planned, library.data))
                values = segment.call(*(x if x.ndim else x[()] for x in given))
                return list(values) if isinstance(values, tuple) else [values]

            # Where an index is out of range, what is watched is whether the function stays inside all the same.
            with np.errstate(all="ignore"), contextlib.suppress(program.LeftToListError):
                run(program.built(simplify(sample.lst)), sample.at, note)
            yield from found


def faults() -> Iterator[Job]:
    """Kernels that memcheck must find, and one that is right."""
    from native.guarded import FAULTS

    for fault, text in FAULTS.items():
        machine.build(text, 1)
        if fault != "writes into an input":  # which is a block like any other here
            yield Job(f"a kernel that {fault}", text, [np.array([1.0, 2.0, 3.0])], [((1,), "float64")], 64, {})


# --- the second process: no more is imported here than has to be ---------------------------------------------------

_DECIDE = """define i64 @decide(ptr %p, i64 %n) {
entry:
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %j, %next ]
  %total = phi i64 [ 0, %entry ], [ %sum, %next ]
  %more = icmp ult i64 %i, %n
  br i1 %more, label %look, label %done
look:
  %a = getelementptr i8, ptr %p, i64 %i
  %b = load volatile i8, ptr %a
  %zero = icmp eq i8 %b, 0
  br i1 %zero, label %next, label %count
count:
  store volatile i8 %b, ptr %a
  br label %next
next:
  %one = phi i64 [ 0, %look ], [ 1, %count ]
  %sum = add i64 %total, %one
  %j = add i64 %i, 1
  br label %head
done:
  ret i64 %total
}
"""


def _define_all(job: Job) -> None:
    """Give an address to all that the text of a job calls."""
    module = Module()
    for name in re.findall(r"^declare [^@\n]*@wg_(\w+)\(", job.text, re.MULTILINE):
        for define in (machine.call, machine.blas, machine.lapack):
            with contextlib.suppress(ArgumentError):
                define(module, name)
                break


_loaded: list[machine.Library] = []


def _watched(job: Job, libc: ctypes.CDLL) -> None:
    # Both stay where they are: memcheck reports an instruction once.
    library, judge = machine.build(job.text, 1, job.constants), machine.build(_DECIDE, 0)
    _loaded.extend((library, judge))
    assert library.is_cached
    assert judge.is_cached
    decide = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)(judge.address("decide"))
    given = []
    for x in job.inputs:
        given.append(libc.malloc(x.nbytes))
        ctypes.memmove(given[-1], x.ctypes.data, x.nbytes)
    sizes = [int(np.prod(shape, dtype=int)) * np.dtype(dtype).itemsize for shape, dtype in job.results]
    made = [libc.malloc(size) for size in sizes]
    whole_lines = -(-job.workspace // ALIGNMENT) * ALIGNMENT
    scratch = libc.aligned_alloc(ALIGNMENT, whole_lines) + whole_lines - job.workspace if job.workspace else None
    pointers = (ctypes.c_void_p * (len(given) + len(made) + 1))(*given, *made)
    kernel = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)(library.address("kernel"))
    code = kernel(ctypes.addressof(pointers), scratch)
    if not code:
        for address, size in zip(made, sizes, strict=True):
            decide(address, size)
    for address in (*given, *made):
        libc.free(address)
    if "kernel_entry" in library.names and is_supported() and not code:
        entry(library, "kernel_entry")(*(x if x.ndim else x[()] for x in job.inputs))


def inside(folder: str) -> None:
    """Run the jobs of a folder, each after its name on the stream where memcheck's reports go."""
    libc = ctypes.CDLL(None)
    for function, kinds in (("malloc", 1), ("aligned_alloc", 2), ("free", 1)):
        getattr(libc, function).argtypes = [ctypes.c_size_t] * kinds
        getattr(libc, function).restype = ctypes.c_void_p
    for path in sorted(Path(folder).glob("*.pickle")):
        job = pickle.loads(path.read_bytes())  # noqa: S301  # written by the first process
        _define_all(job)
        names = set(machine._declared(job.text)).difference(job.constants)
        unknown = [name for name in names if not machine._is_known(name)]
        if unknown:
            os.write(2, f"=== {SKIPPED} {unknown[0]}\n".encode())
            continue
        os.write(2, f"=== {job.name}\n".encode())
        _watched(job, libc)
    os.write(2, b"=== end\n")


# --- what it says --------------------------------------------------------------------------------------------------

_LINE = re.compile(r"^==\d+== ?", re.MULTILINE)
_NO_FILE = re.compile(r"(?:at|by) 0x[0-9A-F]+: \?\?\?$", re.MULTILINE)


def reports_of(log: str) -> dict[str, list[str]]:
    """The reports in which machine code takes part, by the name of the job."""
    found = {}
    for part in log.split("=== ")[1:]:
        name, _, rest = part.partition("\n")
        text = "\n".join(_LINE.sub("", line) for line in rest.splitlines() if _LINE.match(line))
        own = [report.strip() for report in text.split("\n\n") if _NO_FILE.search(report)]
        found.setdefault(name, []).extend(own)
    return found


def watched(
    samples: Sequence[tuple[str, int, int]], timeout: float = 3000
) -> tuple[dict[str, list[str]], Counter[str], int, float]:
    """Run samples and faults: reports by name, what was not run, the number of native functions, the seconds it took.

    The processor must not have been asked for yet in this process: code is made for another one here.
    """
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(WENGERT_CPU=LEVEL, WENGERT_CACHE=str(Path(folder) / "cache"))
        processor.this_host.cache_clear()
        jobs = [*faults(), *jobs_of(samples)]
        machine.build(_DECIDE, 0)
        for k, job in enumerate(jobs):
            (Path(folder) / f"{k:05}.pickle").write_bytes(pickle.dumps(job))
        options = ["--error-limit=no", "--partial-loads-ok=no", "--num-callers=16", "--log-fd=2"]
        env = {**os.environ, "PYTHONMALLOC": "malloc", "OPENBLAS_NUM_THREADS": "1"}
        command = [COMMAND, *options, sys.executable, __file__, "--inside", folder]
        done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=timeout, check=False)
    if done.returncode or "=== end" not in done.stderr:
        raise RuntimeError(f"the process under valgrind ended with {done.returncode}:\n{done.stderr[-3000:]}")
    skipped = Counter(re.findall(rf"^=== ({SKIPPED}.*)", done.stderr, re.MULTILINE))
    return reports_of(done.stderr), skipped, len(jobs) - skipped.total(), time.monotonic() - begun


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Watch machine code by valgrind's memcheck.")
    parser.add_argument("--small", action="store_true", help="fewer samples")
    parser.add_argument("--inside", metavar="FOLDER", help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    if asked.inside:
        inside(asked.inside)
        return 0
    if COMMAND is None:
        print("valgrind is not installed.")
        return 2
    reports, skipped, count, seconds = watched(SMALL if asked.small else DEFAULT)
    made = {name: found for name, found in reports.items() if name.startswith("a kernel that ")}
    missed = [name for name, found in made.items() if bool(found) == name.endswith(" nothing wrong")]
    wrong = {name: found for name, found in reports.items() if found and name not in made}
    for name in reports:
        if name.startswith(SKIPPED):
            print(f"{skipped[name]} {name}")
    for name, found in wrong.items():
        print(f"--- {name}\n" + "\n\n".join(found[:3]))
    for name in missed:
        print(f"--- {name}: " + ("\n".join(made[name]) or "memcheck did not see it"))
    print(f"{count} native functions in {seconds:.0f} s, {len(made)} of them made to be seen: "
          f"{len(wrong)} lists with reports, {len(missed)} of those made that were judged wrongly.")  # fmt: skip
    return 1 if wrong or missed else 0


if __name__ == "__main__":
    sys.exit(main())
