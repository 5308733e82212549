"""Forward plus backward of programs of small operations: wengert against PyTorch and HIPS autograd, in one run.

Every program is written once, for a module `xp` of NumPy's names. Values and gradients of the three libraries are
compared before anything is timed. The libraries take turns, and each turn is timed as a whole, so that a drift of the
machine's speed meets all alike. Printed are medians with quartiles, in microseconds per operation, and their ratios.

    python -m benchmarks.small_programs [--rounds 30] [--markdown]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as PyTorch below: before NumPy is imported

import autograd
import autograd.numpy
import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

import wengert as wg

Step = Callable[[], Sequence[Any]]
SECONDS_PER_TURN = 0.02


@dataclass(frozen=True)
class Program:
    """A program of `operations` recorded operations; ``make(xp)`` gives it for a library."""

    name: str
    make: Callable[[Any], Callable[..., Any]]
    args: tuple[Any, ...]
    constants: tuple[Any, ...] = ()
    operations: int = 1


def polynomial(_xp: Any) -> Callable[..., Any]:
    """200 additions, subtractions and products."""

    def f(x: Any) -> Any:
        y = x
        for _ in range(50):
            y = y * x + 0.5
            y = y - x * 0.25
        return y.sum()

    return f


def mixed_loop(xp: Any) -> Callable[..., Any]:
    """A loop of 200 mixed operations."""

    def f(x: Any) -> Any:
        y = x
        for _ in range(25):
            y = xp.sin(y) * x
            y = y + x * 0.5
            y = y / (1.0 + y * y)
            y = y - 0.1 * x
        return y.sum()

    return f


def perceptron(xp: Any) -> Callable[..., Any]:
    """Loss of a two-layer perceptron on a batch of 16."""

    def f(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
        hidden = xp.tanh(x @ w1 + b1)
        error = hidden @ w2 + b2 - y
        return (error * error).mean()

    return f


def programs() -> list[Program]:
    """The programs with their arguments, the same at every run."""
    rng = np.random.default_rng(0)
    list_ = []
    for label, x in [("scalar", np.float64(0.5)), ("10", 0.5 * rng.random(10)), ("100", 0.5 * rng.random(100))]:
        shape = "scalars" if label == "scalar" else f"arrays of {label}"
        list_.append(Program(f"200 + - *, {shape}", polynomial, (x,), operations=201))
        list_.append(Program(f"loop of 200 mixed, {shape}", mixed_loop, (x,), operations=226))
    weights = tuple(0.1 * rng.standard_normal(shape) for shape in [(10, 32), (32,), (32, 1), (1,)])
    data = (rng.random((16, 10)), rng.random((16, 1)))
    list_.append(Program("two-layer perceptron step", perceptron, weights, data, operations=8))
    return list_


def wengert_step(program: Program) -> Step:
    """Define-by-run: forward and backward."""
    f = program.make(np)
    tensors = [wg.tensor(x, requires_grad=True) for x in program.args]

    def step() -> Sequence[Any]:
        f(*tensors, *program.constants).backward()
        gradients = [x.grad for x in tensors]
        for x in tensors:
            x.grad = None
        return gradients

    return step


def torch_step(program: Program) -> Step:
    """PyTorch likewise."""
    f = program.make(torch)
    tensors = [torch.tensor(x, requires_grad=True, dtype=torch.float64) for x in program.args]
    constants = [torch.tensor(x) for x in program.constants]

    def step() -> Sequence[Any]:
        f(*tensors, *constants).backward()
        gradients = [x.grad for x in tensors]
        for x in tensors:
            x.grad = None
        return gradients

    return step


def autograd_step(program: Program) -> Step:
    """HIPS autograd's gradient function."""
    f = program.make(autograd.numpy)

    def of_parameters(*parameters: Any) -> Any:
        return f(*parameters, *program.constants)

    gradient = autograd.grad(of_parameters, argnum=tuple(range(len(program.args))))

    def step() -> Sequence[Any]:
        return gradient(*program.args)

    return step


LIBRARIES: dict[str, Callable[[Program], Step]] = {
    "wengert": wengert_step,
    "PyTorch": torch_step,
    "autograd": autograd_step,
}


def check_agreement(steps: dict[str, Step]) -> None:
    """All libraries must give the same gradients before they are timed."""
    reference = [np.asarray(g) for g in steps["PyTorch"]()]
    for name, step in steps.items():
        for found, expected in zip(step(), reference, strict=True):
            values = found.numpy() if hasattr(found, "numpy") else np.asarray(found)
            np.testing.assert_allclose(values, expected, rtol=1e-10, atol=1e-13, err_msg=name)


def measure(steps: dict[str, Step], rounds: int) -> dict[str, list[float]]:
    """Seconds of one step, `rounds` times for each library, in turns."""
    repeats = {}
    for name, step in steps.items():
        start = time.perf_counter()
        for _ in range(3):
            step()
        repeats[name] = max(1, round(3 * SECONDS_PER_TURN / (time.perf_counter() - start)))
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(repeats[name]):
                step()
            times[name].append((time.perf_counter() - start) / repeats[name])
    return times


def row(program: Program, times: dict[str, list[float]]) -> list[str]:
    """Cells: medians with quartiles in µs per operation, and how many times longer the peers take."""
    cells = [program.name]
    for seconds in times.values():
        low, middle, high = (1e6 * t / program.operations for t in statistics.quantiles(seconds, n=4))
        cells.append(f"{middle:.2f} ({low:.2f}-{high:.2f})")
    own = statistics.median(times["wengert"])
    cells += [f"{statistics.median(times[name]) / own:.2f}" for name in ("PyTorch", "autograd")]
    return cells


HEADER = ["program", "wengert µs/op", "PyTorch µs/op", "autograd µs/op", "PyTorch / wengert", "autograd / wengert"]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure all programs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30, help="turns of each library (default 30)")
    parser.add_argument("--markdown", action="store_true", help="print a Markdown table")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    rows = []
    for program in track(programs(), "programs", console=Console(stderr=True), transient=True):
        steps = {name: make(program) for name, make in LIBRARIES.items()}
        check_agreement(steps)
        rows.append(row(program, measure(steps, options.rounds)))
    print(f"wengert {wg.__version__}, PyTorch {torch.__version__} (1 thread), autograd, NumPy {np.__version__}, "
          f"Python {sys.version.split()[0]}")  # fmt: skip
    if options.markdown:
        print("\n".join("| " + " | ".join(cells) + " |" for cells in [HEADER, ["---"] * len(HEADER), *rows]))
        return
    table = Table(*HEADER)
    for cells in rows:
        table.add_row(*cells)
    Console().print(table)


if __name__ == "__main__":
    main()
