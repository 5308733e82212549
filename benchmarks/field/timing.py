"""Times: first calls, then turns of all systems one after the other, so that a drift of the machine meets all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.field.problem import Step

SECONDS_PER_TURN = 0.02
ONCE = 5.0  # seconds of a call beyond which a single one is the median
AGAIN = 0.5  # seconds of a call below which it is tried twice before its turns are planned
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
        """Of one turn, or more."""
        if len(seconds) == 1:
            return cls(seconds[0], seconds[0], seconds[0], 1)
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
    times: dict[str, list[float]] = {name: [] for name in steps}
    plans = {}
    for name, step in steps.items():
        seconds = one_call(step)
        if seconds > ONCE:
            times[name].append(seconds)
        else:
            again = one_call(step) if seconds < AGAIN else seconds
            plans[name] = plan(min(seconds, again), budget)
    rounds = max((turns for _, turns in plans.values()), default=0)
    for i in range(rounds):
        for name, (repeats, turns) in plans.items():
            if (i + 1) * turns // rounds > i * turns // rounds:
                times[name].append(one_turn(steps[name], repeats))
    return {name: Quartiles.of(seconds) for name, seconds in times.items()}
