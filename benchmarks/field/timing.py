"""Times: first calls, then turns of all systems one after the other, so that a drift of the machine meets all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.field.problem import Step

SECONDS_PER_TURN = 0.02
ROUNDS = 3, 31  # fewest and most turns of a system


@dataclass(frozen=True)
class Quartiles:
    """Seconds of a call: lower quartile, median, upper quartile, and of how many turns."""

    low: float
    median: float
    high: float
    turns: int

    @classmethod
    def of(cls, seconds: list[float]) -> Quartiles:
        """Of at least two turns."""
        low, median, high = statistics.quantiles(seconds, n=4, method="inclusive")
        return cls(low, median, high, len(seconds))


def one_call(step: Step) -> float:
    """Seconds of a call."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def one_turn(step: Step, repeats: int) -> float:
    """Seconds of a call, of `repeats` timed as a whole."""
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    return (time.perf_counter() - start) / repeats


def plan(seconds: float, budget: float) -> tuple[int, int]:
    """Calls in a turn and number of turns, for a call of so many seconds: a turn takes 20 ms or is one call."""
    repeats = max(1, round(SECONDS_PER_TURN / max(seconds, 1e-9)))
    fewest, most = ROUNDS
    return repeats, min(most, max(fewest, int(budget / (repeats * seconds))))


def interleaved(steps: Mapping[str, Step], budget: float) -> dict[str, Quartiles]:
    """Time the steps in turns, each within about `budget` seconds; a slow one has fewer turns, spread over all."""
    plans = {name: plan(min(one_call(step), one_call(step)), budget) for name, step in steps.items()}
    rounds = max((turns for _, turns in plans.values()), default=0)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for i in range(rounds):
        for name, step in steps.items():
            repeats, turns = plans[name]
            if (i + 1) * turns // rounds > i * turns // rounds:
                times[name].append(one_turn(step, repeats))
    return {name: Quartiles.of(seconds) for name, seconds in times.items()}
