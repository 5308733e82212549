"""First calls of compiled derivatives in a process that finds their code on disk: `python -m benchmarks.field.cached`.

Reads a JSON list of (problem, size, cache folder) from standard input; prints one of seconds, null where it failed.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Sequence

from benchmarks.field.problem import Problem, Size
from benchmarks.field.runner import BY_NAME, SLOW, cache_in, limited, prepared, warm_up
from benchmarks.field.systems import COMPILED, SYSTEMS


def first_calls(kept: Sequence[tuple[str, Size, str]]) -> list[float | None]:
    """Of each; what starts once in a process is not in it, as it is not in those that compile."""
    (system,) = [system for system in SYSTEMS if system.name == COMPILED]
    with cache_in("0"):
        warm_up([system])
    return [_one(BY_NAME[name], size, folder) for name, size, folder in kept]


def _one(problem: Problem, size: Size, folder: str) -> float | None:
    (system,) = [system for system in SYSTEMS if system.name == COMPILED]
    given = problem.inputs(size, 0)
    gc.collect()
    try:
        with limited(SLOW), cache_in(folder):
            return prepared(system, problem, given)[2]
    except (TimeoutError, MemoryError):
        return None


if __name__ == "__main__":
    print(json.dumps(first_calls(json.load(sys.stdin))))
