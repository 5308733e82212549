"""The command: prepare, compare, time, report."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib.metadata
import os
import platform
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.field import c_code, report
from benchmarks.field.problem import Inputs, Problem, Size, Step, label
from benchmarks.field.problems import PROBLEMS
from benchmarks.field.systems import SYSTEMS, VALUE, System, as_arrays, disagreement
from benchmarks.field.timing import interleaved

BY_NAME = {problem.name: problem for problem in PROBLEMS}
SLOW = 60.0  # seconds of a first call after which a system is given up


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in a block that takes longer, as soon as Python runs: inside a library it waits for that."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"the first call took more than {report.duration(seconds)}")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def prepared(system: System, problem: Problem, given: Inputs) -> tuple[Step, list[Any], float]:
    """A step, its first results as arrays, and the seconds from the function to them."""
    start = time.perf_counter()
    step = system.prepare(problem, given)
    results = step()
    seconds = time.perf_counter() - start
    if system.name == report.REFERENCE:  # the file is compiled once for all sizes
        kernel = problem.kernel(given)
        seconds = max(seconds, c_code.library(kernel.file).seconds)
    return step, [x.copy() for x in as_arrays(results)], seconds


def measure(problem: Problem, size: Size, systems: Sequence[System], *, seconds: float, seed: int = 0) -> report.Row:
    """Compare the systems with the first of them, time those that agree."""
    given = problem.inputs(size, seed)
    steps: dict[str, Step] = {}
    first: dict[str, float] = {}
    failed: dict[str, str] = {}
    expected: list[Any] | None = None
    for system in systems:
        try:
            with limited(SLOW):
                step, results, spent = prepared(system, problem, given)
        except Exception as error:  # noqa: BLE001  # a system that cannot do it is a result, which is reported
            lines = str(error).strip().splitlines() or [""]
            failed[system.name] = f"{type(error).__name__}: {lines[0][:200]}"
            continue
        if expected is None and system.name != VALUE:
            expected = results
        wanted = (expected or [])[: len(results)] if system.name == VALUE else expected
        difference = disagreement(results, wanted, problem.rtol) if wanted else None
        if difference is not None:
            failed[system.name] = difference
        else:
            steps[system.name] = step
            if system.name != VALUE:
                first[system.name] = spent
    gc.collect()
    return report.Row(problem.name, problem.title, label(size), interleaved(steps, seconds), first, failed)


def available(names: Sequence[str] | None) -> list[System]:
    """The systems asked for; says on standard error which are left out."""
    found = []
    for system in SYSTEMS:
        if names and system.name not in names:
            continue
        reason = system.missing()
        if reason is None:
            found.append(system)
        else:
            _progress(f"without {system.name}: {reason}")
    return found


def machine(threads: int) -> dict[str, str]:
    """What the times depend on."""
    facts = {"processor": _processor(), "threads": str(threads), "Python": platform.python_version()}
    for package in ("wengert", "numpy", "scipy", "torch", "jax", "autograd"):
        try:
            facts[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {**facts, "C": f"{c_code.version()} {' '.join(c_code.FLAGS[:3])}"}


def _processor() -> str:
    """Name of the processor, as well as the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def warm_up(systems: Sequence[System]) -> None:
    """Import every package and start its threads, on a problem of its own size, so that no first call pays for it."""
    problem = BY_NAME["rosenbrock-arrays"]
    given = problem.inputs({"n": 3}, 0)
    for system in systems:
        if system.name != report.REFERENCE:
            _progress(f"starting {system.name}")
            system.prepare(problem, given)()


def run(problems: Sequence[Problem], which: str, systems: Sequence[System], seconds: float) -> list[report.Row]:
    """All rows, with a line of progress for each."""
    todo = [(problem, size) for problem in problems for size in problem.sizes_of(which)]
    rows = []
    for i, (problem, size) in enumerate(todo, 1):
        start = time.perf_counter()
        row = measure(problem, size, systems, seconds=seconds)
        rows.append(row)
        medians = ", ".join(f"{name} {report.duration(q.median)}" for name, q in row.times.items())
        spent = time.perf_counter() - start
        _progress(f"[{i}/{len(todo)}] {problem.name}, {row.size}: {medians} ({spent:.0f} s)")
        for name, reason in row.failed.items():
            _progress(f"    {name} failed: {reason}")
    return rows


def write(
    rows: Sequence[report.Row], systems: Sequence[str], facts: Mapping[str, str], command: str, out: Path | None
) -> None:
    """Print the report, and write it with its numbers and picture where `out` says."""
    text = report.document(rows, systems, facts, command)
    print(text)
    if out is None:
        return
    out.with_suffix(".md").write_text(text, encoding="utf-8")
    out.with_suffix(".json").write_text(report.as_json(rows, facts, command), encoding="utf-8")
    reason = report.plot(rows, systems, out.with_suffix(".png"))
    if reason is not None:
        _progress(reason)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if a system failed or disagreed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.field", description=__doc__)
    parser.add_argument("--problems", nargs="+", choices=list(BY_NAME), metavar="NAME",
                        help=f"of {', '.join(BY_NAME)} (default all)")  # fmt: skip
    parser.add_argument("--systems", nargs="+", choices=[s.name for s in SYSTEMS], metavar="NAME",
                        help=f"of {', '.join(s.name for s in SYSTEMS)} (default all that are installed)")  # fmt: skip
    parser.add_argument("--sizes", choices=("tiny", "small", "full"), default="small")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each system, problem and size (default 1)")
    parser.add_argument("--threads", type=int, default=1, help="of every library (default 1)")
    parser.add_argument("--out", type=Path, help="write OUT.md, OUT.json and OUT.png")
    options = parser.parse_args(argv)
    if options.threads < 1:
        parser.error("--threads must be at least 1")
    systems = available(options.systems)
    names = [system.name for system in systems]
    if "PyTorch" in names:
        import torch

        torch.set_num_threads(options.threads)
    problems = [BY_NAME[name] for name in options.problems or BY_NAME]
    warm_up(systems)
    rows = run(problems, options.sizes, systems, options.seconds)
    words = sys.argv[1:] if argv is None else argv
    command = " ".join(["python -m benchmarks.field", *words])
    if os.environ.get("OMP_NUM_THREADS") != str(options.threads):
        _progress("the number of threads is fixed only by `python -m benchmarks.field`")
    write(rows, names, machine(options.threads), command, options.out)
    return 1 if any(row.failed for row in rows) else 0
