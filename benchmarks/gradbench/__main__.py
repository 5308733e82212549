"""Start the program: messages in on stdin, answers out on stdout, and nothing else there."""

from __future__ import annotations

import argparse
import os
import sys


def main() -> None:
    """Answer the suite until it closes stdin."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradbench", description=__doc__)
    parser.add_argument("--multithreaded", action="store_true", help="let products of matrices use all cores")
    if not parser.parse_args().multithreaded:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when NumPy and SciPy are loaded, so before that

    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not come between the answers

    from benchmarks.gradbench.protocol import serve

    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
