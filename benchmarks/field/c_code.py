"""Hand-written derivatives in C: compiled by the system's compiler, called through ctypes.

Each problem has a C file of one function ``void gradient(const int64_t *sizes, const double *const *in, double *const
*out)``. Results and workspace are allocated once and reused at each call, as a C program would.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FLAGS = (
    "-std=gnu11", "-O3", "-march=native", "-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math",
    "-fno-signed-zeros", "-fassociative-math", "-shared", "-fPIC",
)  # fmt: skip
# glibc's vector functions, then none of them: an older glibc, or another system, does not have all.
MATHEMATICS = (("-DVECTOR_MATHEMATICS", "-lmvec", "-lm"), ("-lm",))
PROBLEMS = Path(__file__).parent / "problems"


class MissingCompilerError(RuntimeError):
    """There is no C compiler, or it refuses the files."""


def compiler() -> str | None:
    """Path of the C compiler: `CC`, or the first of the usual names."""
    return shutil.which(os.environ.get("CC", "")) or next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)


@functools.cache
def version() -> str:
    """First line of what the compiler says of itself."""
    path = compiler()
    if path is None:
        return "no C compiler"
    return subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]  # noqa: S603  # the system's compiler


@dataclass(frozen=True)
class Library:
    """A compiled file, with the seconds that the compiler took."""

    function: Any
    seconds: float


@functools.cache
def library(name: str) -> Library:
    """Compile `name`.c, once in a process."""
    path = compiler()
    if path is None:
        raise MissingCompilerError("no C compiler is installed (cc, gcc or clang); set CC to one")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / f"{name}.so"
        for mathematics in MATHEMATICS:
            command = [path, *FLAGS, str(PROBLEMS / f"{name}.c"), "-o", str(target), *mathematics]
            start = time.perf_counter()
            run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # the same
            seconds = time.perf_counter() - start
            if run.returncode == 0:
                loaded = ctypes.CDLL(str(target))
                if hasattr(loaded, "use_dgemm"):
                    loaded.use_dgemm(ctypes.c_void_p(_dgemm()))
                loaded.gradient.restype = None
                return Library(loaded.gradient, seconds)
    raise MissingCompilerError(f"{path} does not compile {name}.c: {run.stderr.strip()}")


def _dgemm() -> int:
    """Address of SciPy's matrix product, with Fortran's arguments."""
    from scipy.linalg import cython_blas

    capsule = cython_blas.__pyx_capi__["dgemm"]
    python = ctypes.pythonapi
    python.PyCapsule_GetName.restype, python.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
    python.PyCapsule_GetPointer.restype = ctypes.c_void_p
    python.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return int(python.PyCapsule_GetPointer(capsule, python.PyCapsule_GetName(capsule)))


@dataclass(frozen=True)
class Kernel:
    """A call of a C file: its sizes, its arrays, the shapes of its results, the doubles of workspace after them."""

    file: str
    sizes: tuple[int, ...]
    arrays: tuple[Any, ...]
    results: tuple[tuple[int, ...], ...]
    workspace: int = 0

    def bind(self) -> Any:
        """Compile, allocate, and return the function without arguments that computes and gives the results."""
        function = library(self.file).function
        sizes = (ctypes.c_int64 * len(self.sizes))(*self.sizes)
        arrays = [np.ascontiguousarray(array, dtype=np.float64) for array in self.arrays]
        results = tuple(np.zeros(shape) for shape in self.results)
        work = np.zeros(max(1, self.workspace))

        def pointers(values: Any) -> Any:
            return (ctypes.c_void_p * len(values))(*(value.ctypes.data for value in values))

        call = sizes, pointers(arrays), pointers([*results, work])

        def step(_kept: Any = (arrays, work)) -> tuple[Any, ...]:
            function(*call)
            return results

        return step
