"""Lists by the dozen, each with a name, a text and a point where it is run: what memory is watched on."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from unittest import mock

import numpy as np
from benchmarks.field import systems
from benchmarks.field.problems import PROBLEMS
from hypothesis import HealthCheck, Phase, given, seed, settings

import wengert as wg
from laws.test_written_programs import STRAIGHT, point
from native import test_control
from native.agreement import adjoint_of, seeds_for
from native.random_lists import programs

__all__ = ["SAMPLES", "Sample"]

COMPILED = next(system for system in systems.SYSTEMS if system.name == "wengert compiled")


@dataclass(frozen=True)
class Sample:
    """A list and a point."""

    name: str
    lst: wg.WengertList
    at: list[Any]


def _with_adjoint(name: str, lst: wg.WengertList, at: list[Any]) -> Iterator[Sample]:
    yield Sample(name, lst, at)
    with np.errstate(all="ignore"):
        backwards = adjoint_of(lst)
    if backwards is not None:
        yield Sample(f"the adjoint of {name}", backwards, seeds_for(backwards, at))


def random(count: int, start: int) -> Iterator[Sample]:
    """Random lists and their adjoints."""
    found = []

    @seed(start)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(programs())
    def collect(program):
        found.append(program)

    collect()
    for k, program in enumerate(found):
        with np.errstate(all="ignore"):
            lst = wg.trace(program)(*program.inputs)
        yield from _with_adjoint(f"random list {k} of seed {start}", lst, [np.asarray(x)[()] for x in program.inputs])


def corpus(count: int, start: int) -> Iterator[Sample]:
    """Programs of the corpus and their adjoints: `count` of them, from number `start` on in equal steps."""
    for program in STRAIGHT[start :: max(1, len(STRAIGHT) // count)][:count]:
        with np.errstate(all="ignore"):
            lst = wg.trace(program.function)(*program.args)
            backwards = wg.adjoint(lst)
        yield Sample(str(program), lst, point(lst, program))
        yield Sample(f"the adjoint of {program}", backwards, point(backwards, program))


def field(count: int, start: int) -> Iterator[Sample]:
    """The benchmark problems with their derivatives, at the sizes for tests; those that are alike for every count."""
    for problem in PROBLEMS[start : start + count]:
        asked = []
        inputs = problem.inputs(problem.sizes["tiny"][0], 0)
        with mock.patch.object(wg, "compile", partial(_noted, asked)), np.errstate(all="ignore"):
            COMPILED.prepare(problem, inputs)()
            f, args = asked[0]
            lst = wg.trace(f)(*args)
        yield Sample(f"the derivative of {problem.name}", lst, list(args))


def _noted(asked, f):
    """In the place of `compile`: note what is compiled, and with what it is called."""

    def call(*args):
        asked.append((f, args))
        return f(*args)

    return call


def control(count: int, start: int) -> Iterator[Sample]:
    """Loops and branches, and their derivatives."""
    for f in test_control.PROGRAMS[start : start + count]:
        x = test_control.X
        with np.errstate(all="ignore"):
            lst = wg.trace(f)(x)
            along = wg.tangent(lst)
        yield from _with_adjoint(f.__name__, lst, [x])
        yield Sample(f"the tangent of {f.__name__}", along, seeds_for(along, [x]))


def indices(count: int, start: int) -> Iterator[Sample]:
    """Computed indices, of which some are out of range, to read, to write and to add at, also inside of loops.

    One of the arrays is a constant that is too large to stand in the code.
    """
    rng = np.random.default_rng(start)
    constant = rng.standard_normal(1_000)

    def used(x, i, j, n):
        y = wg.gather(x, (i, j)) + wg.gather(x, i)[..., 0]
        z = wg.index_add(wg.index_update(x, (i, j), y), j, 2.0)

        def step(k, c):
            return wg.cond(k % 2 == 0, lambda: wg.index_update(c, n + k, wg.gather(c, n) * 0.5), lambda: c + 1)

        return y, wg.gather(constant, i * i), wg.fori_loop(0, 3, step, z)

    for k in range(count):
        rows, columns, width = rng.integers(1, 6, 3)
        reach = min(rows, columns) if k % 2 else 2 * max(rows, columns)
        i, j = rng.integers(-reach, reach, (2, width))
        at = [rng.standard_normal((rows, columns)), i, j, rng.integers(-rows, max(rows - 2, 0) if k % 2 else rows)]
        yield from _with_adjoint(f"indices {k} of seed {start}", wg.trace(used)(*at), at)


#: Each is called with how many programs, and where they begin.
SAMPLES = {f.__name__: f for f in (random, corpus, field, control, indices)}
