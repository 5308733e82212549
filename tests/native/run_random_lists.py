"""Many random lists, from the command line: ``python -m tests.native.run_random_lists --count 20000 --seed 1``.

What disagrees is made small and printed, and the search goes on. Lists come in batches of 200; each is one seed, which
the progress names, so that a batch that ends the process can be run again alone: ``--count 200 --seed THAT``.
"""

# ruff: noqa: T201  # a command line prints

import argparse
import faulthandler
import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from hypothesis import HealthCheck, given, seed, settings

from native.random_lists import check_program, programs

BATCH = 200
MOST_PRINTED = 20


def batch(count: int, start: int, most: int) -> tuple[str, str] | None:
    """Check lists; the smallest one found that fails, and its error."""
    last = [None]

    @seed(start)
    @settings(
        max_examples=count, database=None, deadline=None, report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(programs(most))
    def check(program):
        last[0] = program
        check_program(program)

    try:
        check()
    except Exception as error:  # noqa: BLE001  # whatever went wrong is what is looked for
        place = traceback.extract_tb(error.__traceback__)[-1]
        text = "\n".join(str(error).strip().splitlines()[:12])
        return repr(last[0]), f"{type(error).__name__} in {place.name} ({Path(place.filename).name}): {text}"
    return None


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check that machine code and interpreter agree in random lists.")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first batch; the others follow")
    parser.add_argument("--most", type=int, default=10, help="steps of a list")
    asked = parser.parse_args(words)
    os.environ["WENGERT_CACHE"] = "0"
    faulthandler.enable()
    found, begun = 0, time.monotonic()
    for number, done in enumerate(range(0, asked.count, BATCH)):
        share, start = 100 * done // asked.count, asked.seed + number
        end = "\r" if sys.stderr.isatty() else "\n"
        print(f"{share:3} % of {asked.count:,} lists, at seed {start}", end=end, file=sys.stderr, flush=True)
        wrong = batch(min(BATCH, asked.count - done), start, asked.most)
        if wrong is not None:
            found += 1
            print(f"--- seed {start}\n{wrong[0]}\n{wrong[1]}\n", flush=True)
        if found == MOST_PRINTED:
            print("There are more; this is the end.")
            break
    took = time.monotonic() - begun
    print(f"{asked.count:,} lists from seed {asked.seed} on in {took:,.0f} s: {found} batches with a disagreement.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
