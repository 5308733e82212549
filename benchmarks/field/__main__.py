"""One command: fix the number of threads, before NumPy and the peers start theirs, and run."""

from __future__ import annotations

import os
import sys

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def threads_asked(argv: list[str]) -> int:
    """Number after --threads; 1 where there is none or it is no number, which the runner then complains about."""
    for i, word in enumerate(argv):
        number = argv[i + 1] if word == "--threads" and i + 1 < len(argv) else word.removeprefix("--threads=")
        if word.startswith("--threads") and number.isdecimal():
            return max(1, int(number))
    return 1


def fix_threads(count: int) -> None:
    """Give all libraries `count` threads: by their variables, and by the cores that the process may run on.

    JAX has no setting for it: its pool has as many threads as the process has cores.
    """
    for name in THREAD_VARIABLES:
        os.environ[name] = str(count)
    os.environ["JAX_PLATFORMS"] = "cpu"
    os.environ["WENGERT_CACHE"] = "0"  # the first call compiles, whatever an earlier process has left
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[-count:])


if __name__ == "__main__":
    fix_threads(threads_asked(sys.argv[1:]))
    from benchmarks.field.runner import main

    sys.exit(main())
