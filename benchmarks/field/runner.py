"""The command: prepare, compare, time, report."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import gc
import importlib.metadata
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.field import c_code, report, single
from benchmarks.field.memory import available as memory_available
from benchmarks.field.memory import resident
from benchmarks.field.problem import SIZES, Inputs, NotSuitedError, Problem, Size, Step, label
from benchmarks.field.problems import PROBLEMS
from benchmarks.field.systems import COMPILED, SYSTEMS, VALUES, System, as_arrays, disagreement
from benchmarks.field.timing import ONCE, Quartiles, interleaved

BY_NAME = {problem.name: problem for problem in PROBLEMS}
SLOW = 60.0  # seconds of a first call after which a system is given up, unless the command says otherwise
SHARE = 0.9  # of the memory that is free, which a system may take
WARMING = {"torch.func": "kmeans"}  # a problem that the system is there for, and that imports all of it
LOOK = 0.05  # seconds between two looks at time and memory


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in a block that takes longer, and MemoryError in one that takes most of the memory.

    Both come as soon as Python runs: inside a library they wait for that.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    free = memory_available()
    most = None if free is None else resident() + SHARE * free
    start = time.monotonic()

    def look(_signal: int, _frame: object) -> None:
        error: Exception
        if time.monotonic() - start >= seconds:
            error = TimeoutError(f"more than {report.duration(seconds)}")
        elif most is not None and resident() > most:
            error = MemoryError(f"more than {most / 2**30:.1f} GiB")
        else:
            return
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        raise error

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, min(seconds, LOOK), LOOK)
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


@contextlib.contextmanager
def cache_in(folder: str) -> Iterator[None]:
    """Let compiled code be kept in a folder ("0": nowhere)."""
    before = os.environ.get("WENGERT_CACHE")
    os.environ["WENGERT_CACHE"] = folder
    try:
        yield
    finally:
        if before is None:
            del os.environ["WENGERT_CACHE"]
        else:
            os.environ["WENGERT_CACHE"] = before


def measure(
    problem: Problem,
    size: Size,
    systems: Sequence[System],
    *,
    seconds: float,
    seed: int = 0,
    cache: str = "0",
    limit: float = SLOW,
) -> report.Row:
    """Compare the systems with the first of them, time those that agree; keep compiled derivatives in a folder."""
    given = problem.inputs(size, seed)
    steps: dict[str, Step] = {}
    first: dict[str, float] = {}
    failed: dict[str, str] = {}
    skipped: dict[str, str] = {}
    once: dict[str, Quartiles] = {}
    expected: list[Any] | None = None
    for system in systems:
        try:
            with limited(limit), cache_in(cache if system.name == COMPILED else "0"):
                step, results, spent = prepared(system, problem, given)
        except NotSuitedError as error:
            skipped[system.name] = str(error)
        except (TimeoutError, MemoryError) as error:
            skipped[system.name] = str(error).strip() or "not enough memory"
        except Exception as error:  # noqa: BLE001  # a system that cannot do it is a result, which is reported
            lines = str(error).strip().splitlines() or [""]
            failed[system.name] = f"{type(error).__name__}: {lines[0][:200]}"
        if system.name in skipped or system.name in failed:
            gc.collect()  # what it has left is not the next one's memory
            continue
        if expected is None and system.name not in VALUES:
            expected = results
        wanted = (expected or [])[: len(results)] if system.name in VALUES else expected
        difference = disagreement(results, wanted, problem.rtol) if wanted else None
        if difference is not None:
            failed[system.name] = difference
            continue
        if spent > ONCE and not system.compiles:
            once[system.name] = Quartiles.of([spent])
        else:
            steps[system.name] = step
        if system.name not in VALUES:
            first[system.name] = spent
    gc.collect()
    found = {**once, **interleaved(steps, seconds)}
    times = {system.name: found[system.name] for system in systems if system.name in found}
    return report.Row(problem.name, problem.title, label(size), times, first, failed, skipped)


def available(names: Sequence[str] | None) -> tuple[list[System], dict[str, str]]:
    """The systems asked for, and why some are absent; says so on standard error."""
    found, absent = [], {}
    for system in SYSTEMS:
        if names and system.name not in names:
            continue
        reason = system.missing()
        if reason is None:
            found.append(system)
        else:
            absent[system.name] = reason
            _progress(f"without {system.name}: {reason}")
    return found, absent


def machine(threads: int) -> dict[str, str]:
    """What the times depend on."""
    facts = {"processor": _processor(), "threads": str(threads), "Python": platform.python_version()}
    for package in ("wengert", "numpy", "scipy", "llvmlite", "torch", "jax", "autograd", "casadi"):
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
    """Import every package and start its threads, on a small problem, so that no first call pays for it."""
    for system in systems:
        if system.name != report.REFERENCE:
            _progress(f"starting {system.name}")
            problem = BY_NAME[WARMING.get(system.name, "rosenbrock-arrays")]
            system.prepare(problem, problem.inputs(problem.sizes["tiny"][0], 1))()


def run(
    problems: Sequence[Problem], which: Sequence[str], systems: Sequence[System], seconds: float, limit: float = SLOW
) -> list[report.Row]:
    """All rows, with a line of progress for each; then the first calls of another process, from the disk cache."""
    todo = [(problem, size) for problem in problems for size in problem.sizes_of(which)]
    with tempfile.TemporaryDirectory(prefix="wengert-field-") as folder:
        rows, kept = [], {}
        for i, (problem, size) in enumerate(todo, 1):
            cache = str(Path(folder) / str(i))
            start = time.perf_counter()
            row = measure(problem, size, systems, seconds=seconds, cache=cache, limit=limit)
            rows.append(row)
            _say(f"[{i}/{len(todo)}]", row, time.perf_counter() - start)
            if COMPILED in rows[-1].first:
                kept[i - 1] = (problem.name, dict(size), cache)
        found = from_cache(list(kept.values())) if kept else []
    for i, cached in zip(kept, found, strict=False):
        rows[i] = dataclasses.replace(rows[i], cached=cached)
    return rows


def from_cache(kept: Sequence[tuple[str, dict[str, int], str]]) -> list[float | None]:
    """Seconds of the first calls of compiled code in a process that finds it on disk."""
    _progress("a second process, from the disk cache")
    command = [sys.executable, "-m", "benchmarks.field.cached"]
    root = Path(__file__).parents[2]
    run = subprocess.run(command, input=json.dumps(kept), capture_output=True, text=True, check=False, cwd=root)  # noqa: S603  # this package
    if run.returncode != 0:
        _progress(f"    it failed: {(run.stderr.strip().splitlines() or ['no reason given'])[-1]}")
        return []
    seconds: list[float | None] = json.loads(run.stdout)
    return seconds


def _say(number: str, row: report.Row, spent: float) -> None:
    """The line of progress of a row."""
    medians = ", ".join(f"{name} {report.duration(q.median)}" for name, q in row.times.items())
    _progress(f"{number} {row.problem}, {row.size}: {medians} ({spent:.0f} s)")
    for name, reason in row.skipped.items():
        if reason:
            _progress(f"    {name} left out: {reason}")
    for name, reason in row.failed.items():
        _progress(f"    {name} failed: {reason}")


def write(
    rows: Sequence[report.Row],
    small: Sequence[report.Row],
    systems: Sequence[str],
    facts: Mapping[str, str],
    command: str,
    out: Path | None,
) -> None:
    """Print the report, and write it with its numbers and picture where `out` says."""
    text = report.document(rows, systems, facts, command, small)
    print(text)
    if out is None:
        return
    out.with_suffix(".md").write_text(text, encoding="utf-8")
    out.with_suffix(".json").write_text(report.as_json(rows, facts, command, small), encoding="utf-8")
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
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["small"], metavar="SIZE",
                        help=f"of {', '.join(SIZES)} (default small): of each problem's range")  # fmt: skip
    parser.add_argument("--seconds", type=float, default=1.0, help="for each system, problem and size (default 1)")
    parser.add_argument("--limit", type=float, default=SLOW,
                        help=f"seconds after which a first call is given up (default {SLOW:.0f})")  # fmt: skip
    parser.add_argument("--threads", type=int, default=1, help="of every library (default 1)")
    parser.add_argument("--out", type=Path, help="write OUT.md, OUT.json and OUT.png")
    options = parser.parse_args(argv)
    if options.threads < 1:
        parser.error("--threads must be at least 1")
    systems, absent = available(options.systems)
    names = [system.name for system in systems]
    if {"PyTorch", "torch.func"} & set(names):
        import torch

        torch.set_num_threads(options.threads)
    problems = [BY_NAME[name] for name in options.problems or BY_NAME]
    warm_up(systems)
    rows = run(problems, options.sizes, systems, options.seconds, options.limit)
    small = [] if options.problems else single.measure(names, options.seconds)
    words = sys.argv[1:] if argv is None else argv
    command = " ".join(["python -m benchmarks.field", *words])
    if os.environ.get("OMP_NUM_THREADS") != str(options.threads):
        _progress("the number of threads is fixed only by `python -m benchmarks.field`")
    facts = machine(options.threads)
    if absent:
        facts["absent"] = ", ".join(f"{name} ({reason})" for name, reason in absent.items())
    write(rows, small, names, facts, command, options.out)
    return 1 if any(row.failed for row in rows) else 0
