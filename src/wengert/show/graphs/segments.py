"""Repeated structure in a sequence of statements: lines, functions, the rounds of loops.

What is found is a tree of `Section`s whose leaves are numbers of statements, in their order: each section is a run of
consecutive statements of a topological order, so that sections drawn as boxes cannot depend on each other in a circle.
"""

from __future__ import annotations

import ast
import functools
import linecache
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from wengert.errors import Location
from wengert.show.notation import printable

__all__ = ["Part", "Section", "by_function", "first_of", "leaves", "ranges", "sections"]

_DEEPEST = 24  # loops within each other that are looked for
_LEAST_ROUNDS = 4  # of what may be no loop but a function that is called in several places
_LEAST_PERIODS = 8  # of a pattern of operations in one line, or without lines
_LONGEST_PERIOD = 256
_MOST_LINES_SHOWN = 8

SectionKind = Literal["line", "loop", "round", "function", "range"]


@dataclass(slots=True)
class Section:
    """Consecutive statements under one title."""

    kind: SectionKind
    title: str
    parts: list[Part]
    formula: str = ""
    note: str = ""
    rounds: tuple[int, int] = (0, 0)  # of a loop that it has: the first and the last


Part = Section | int


def leaves(parts: Sequence[Part]) -> Iterator[int]:
    """The statements of the parts, in their order."""
    pending = list(reversed(parts))
    while pending:
        part = pending.pop()
        if isinstance(part, int):
            yield part
        else:
            pending.extend(reversed(part.parts))


def first_of(part: Part) -> int:
    """The first statement of a part."""
    while isinstance(part, Section):
        part = part.parts[0]
    return part


def sections(places: Sequence[Location | None], patterns: Sequence[str], main: str) -> list[Part]:
    """Put consecutive statements together.

    Parameters
    ----------
    places : sequence of Location or None
        Of the statements.
    patterns : sequence of str
        What statements of different rounds of a loop have in common: the names of their operations.
    main : str
        The function that calls all others: where one of its lines comes again, a loop has begun anew.
    """
    return _Segments(places, patterns, main).parts()


@dataclass(frozen=True, slots=True)
class _Run:
    """Statements from `start` to before `stop`, of one line."""

    token: Hashable
    start: int
    stop: int


class _Segments:
    def __init__(self, places: Sequence[Location | None], patterns: Sequence[str], main: str):
        self._places, self._patterns, self._main = places, patterns, main
        self._runs: list[_Run] = []
        for k, where in enumerate(places):
            token = _line_of(where)
            if self._runs and self._runs[-1].token == token:
                self._runs[-1] = _Run(token, self._runs[-1].start, k + 1)
            else:
                self._runs.append(_Run(token, k, k + 1))
        self._tokens = [run.token for run in self._runs]
        self._found: dict[Hashable, list[int]] = defaultdict(list)
        for k, token in enumerate(self._tokens):
            self._found[token].append(k)
        self._is_main = [(where := places[run.start]) is not None and where.function == main for run in self._runs]

    def parts(self) -> list[Part]:
        return self._of_runs(0, len(self._runs), 0)

    # Loops over several lines.

    def _of_runs(self, start: int, stop: int, depth: int) -> list[Part]:
        """The runs of a range, with the loops among them put together.

        A loop begins with a token that comes again; each time it comes, a round begins. Lines of the main function are
        looked at first: a line of another one also comes again where that is called in several places.
        """
        prefers_main = any(self._is_main[k] and self._next(k, stop) is not None for k in range(start, stop))
        parts: list[Part] = []
        k = straight = start  # straight: where the runs that are in no loop begin
        while k < stop:
            loop = None
            if depth < _DEEPEST and (self._is_main[k] or not prefers_main) and self._next(k, stop) is not None:
                loop = self._loop(straight, k, stop)
            if loop is None:
                k += 1
                continue
            parts += self._straight(straight, loop[0], depth, prefers_main)
            parts.append(self._loop_section(loop, depth))
            k = straight = loop[-1]
        return parts + self._straight(straight, stop, depth, prefers_main)

    def _straight(self, start: int, stop: int, depth: int, has_more: bool) -> list[Part]:
        """Runs without a loop of the main function, among which other functions may have loops of their own."""
        if has_more and depth < _DEEPEST and (start, stop) != (0, len(self._runs)):
            runs = [k for k in range(start, stop) if self._next(k, stop) is not None]
            if runs and not any(self._is_main[k] for k in runs):
                return self._of_runs(start, stop, depth + 1)
        return [part for run in self._runs[start:stop] for part in self._of_run(run)]

    def _next(self, k: int, stop: int) -> int | None:
        """Where the token of run `k` comes again before `stop`."""
        found = self._found[self._tokens[k]]
        after = bisect_left(found, k + 1)
        return found[after] if after < len(found) and found[after] < stop else None

    def _loop(self, straight: int, head: int, stop: int) -> list[int] | None:
        """Where the rounds of a loop begin, and where the last one ends."""
        found = self._found[self._tokens[head]]
        heads = found[bisect_left(found, head) : bisect_left(found, stop)]
        if len(heads) < (2 if self._is_main[head] else _LEAST_ROUNDS):
            return None
        if not self._is_main[head] and any(self._is_main[k] for k in range(heads[0], heads[-1])):
            return None  # calls from lines of the main function that do not come again
        shift, least = 0, min(b - a for a, b in pairwise(heads))
        while (
            shift + 1 < least and heads[0] - shift > straight and len({self._tokens[h - shift - 1] for h in heads}) == 1
        ):
            shift += 1  # what comes before the head in each round: a function that was called there
        begins = [h - shift for h in heads]
        seen = set(self._tokens[begins[0] : begins[-1]])
        longest = max(b - a for a, b in pairwise(begins))
        end = heads[-1] + 1
        while end < min(stop, begins[-1] + longest) and self._tokens[end] in seen:
            end += 1
        return [*begins, end]

    def _loop_section(self, ends: Sequence[int], depth: int) -> Section:
        rounds: list[Part] = [
            Section("round", f"iteration {number}", self._of_runs(a, b, depth + 1), rounds=(number, number))
            for number, (a, b) in enumerate(pairwise(ends), start=1)
        ]
        first, last = self._runs[ends[0]].start, self._runs[ends[-1] - 1].stop
        return self._repeated(first, last, rounds)

    def _repeated(self, start: int, stop: int, rounds: list[Part]) -> Section:
        places = [where for where in self._places[start:stop] if where is not None]
        places = [where for where in places if where.function == self._main] or places
        title = _lines_title(places) or _operations(self._patterns[start:stop], len(rounds))
        return Section(
            "loop", f"{title} ×{len(rounds):,}", rounds, _header(places), _lines_note(places), (1, len(rounds))
        )

    # One line.

    def _of_run(self, run: _Run) -> list[Part]:
        items: list[Part] = list(range(run.start, run.stop))
        if len(items) == 1:
            return items
        where = self._places[run.start]
        ends = self._executions(run.start, run.stop)
        if len(ends) > 2:
            rounds: list[Part] = [
                Section("round", f"iteration {number}", list(range(a, b)), rounds=(number, number))
                for number, (a, b) in enumerate(pairwise(ends), start=1)
            ]
            loop = self._repeated(ends[0], ends[-1], rounds)
            return [*range(run.start, ends[0]), loop, *range(ends[-1], run.stop)]
        if where is None:
            return items
        return [Section("line", printable(where.short), items, printable(where.text), _lines_note([where]))]

    def _executions(self, start: int, stop: int) -> list[int]:
        """Where a line begins that is executed several times, one after the other, and where the last time ends."""
        named = [k for k in range(start, stop) if (where := self._places[k]) is not None and where.assigned]
        if named and named[-1] == stop - 1:  # each time ends with the value that gets the name
            return [start, *(k + 1 for k in named)]
        return _periods(self._patterns[start:stop], start)


def _periods(patterns: Sequence[str], start: int) -> list[int]:
    """The ends of the rounds of the longest stretch in which a pattern comes again and again."""
    numbers: dict[str, int] = {}
    tokens = np.array([numbers.setdefault(each, len(numbers)) for each in patterns])
    best = (0, 0, 0)  # length of the stretch, its start, the period
    for period in range(1, min(_LONGEST_PERIOD, len(tokens) // _LEAST_PERIODS) + 1):
        breaks = np.flatnonzero(tokens[period:] != tokens[:-period])
        ends = np.concatenate([[-1], breaks, [len(tokens) - period]])
        longest = int(np.argmax(np.diff(ends)))
        length = int(ends[longest + 1] - ends[longest] - 1 + period)
        if length >= _LEAST_PERIODS * period and length > best[0] + best[2]:
            best = (length, int(ends[longest] + 1), period)
    length, first, period = best
    return [start + first + k * period for k in range(length // period + 1)] if period else []


def _line_of(where: Location | None) -> Hashable:
    return None if where is None else (where.file, where.function, _statement(where))


def _function_of(where: Location | None) -> Hashable:
    return None if where is None else (where.file, where.function)


# --- too many parts --------------------------------------------------------------------------------------------


def by_function(parts: Sequence[Part], places: Sequence[Location | None]) -> list[Part]:
    """Neighbours of the same function put together."""
    found: list[Part] = []
    group: list[Part] = []
    for part in [*parts, None]:
        where = None if part is None else places[first_of(part)]
        before = places[first_of(group[-1])] if group else None
        if group and (part is None or _function_of(where) != _function_of(before)):
            found += [_function_section(before, group)] if len(group) > 1 and before is not None else group
            group = []
        if part is not None:
            group.append(part)
    return found


def _function_section(where: Location, parts: list[Part]) -> Section:
    return Section("function", printable(where.function), parts, "", printable(where.short))


def ranges(parts: Sequence[Part], places: Sequence[Location | None], most: int) -> list[Part]:
    """Neighbours put together, so that there are at most `most`, and at most that many in each where that is enough."""
    size = _round_size(len(parts), most)
    chunks = [list(parts[k : k + size]) for k in range(0, len(parts), size)]
    return [_range(chunk, places) if len(chunk) > 1 else chunk[0] for chunk in chunks]


def _round_size(count: int, most: int) -> int:
    """A size of 1, 2, 2.5, 4 or 5 times a power of ten that leaves at most `most` chunks."""
    least = -(-count // most)
    power = 1
    while True:
        for size in (power, 2 * power, 5 * power // 2, 4 * power, 5 * power):
            if size >= max(least, 2):
                return size
        power *= 10


def _range(parts: list[Part], places: Sequence[Location | None]) -> Section:
    first, last = parts[0], parts[-1]
    if all(isinstance(part, Section) and part.rounds[0] and part.kind in ("round", "range") for part in parts):
        rounds = (first.rounds[0], last.rounds[1])  # type: ignore[union-attr]  # they are sections
        return Section("range", f"iterations {rounds[0]:,}–{rounds[1]:,}", parts, rounds=rounds)
    numbers = list(leaves(parts))
    found = [where for k in numbers if (where := places[k]) is not None]
    is_told = len({(where.file, where.line) for where in found}) > 1
    title = _lines_title(found) if is_told else f"statements {numbers[0] + 1:,}–{numbers[-1] + 1:,}"
    return Section("range", title, parts, "", _lines_note(found))


# --- what sections are called ----------------------------------------------------------------------------------


def _lines_title(places: Sequence[Location]) -> str:
    """Such as ``model.py:4–7``; of several files that of the first."""
    if not places:
        return ""
    lines = {where.line for where in places if where.file == places[0].file}
    name = printable(min((w for w in places if w.file == places[0].file), key=lambda w: w.line).short)
    return name if len(lines) == 1 else f"{name}–{max(lines)}"


def _lines_note(places: Sequence[Location]) -> str:
    """The text of the lines, the first ones of many."""
    lines = sorted({(where.file, where.line): where for where in places}.items(), key=lambda each: each[0])
    shown = [f"{printable(where.short)}: {printable(where.text)}" for _, where in lines[:_MOST_LINES_SHOWN]]
    return "\n".join([*shown, *["…"] * (len(lines) > _MOST_LINES_SHOWN)])


def _operations(patterns: Sequence[str], rounds: int) -> str:
    names = list(patterns[: max(len(patterns) // rounds, 1)])
    return ", ".join(names[:3]) + ", …" * (len(names) > 3)


def _header(places: Sequence[Location]) -> str:
    """The line that begins the loop in which the places are: ``for k in range(1000):``; else that of the first one."""
    if not places:
        return ""
    where = places[0]
    lines = [each.line for each in places if (each.file, each.function) == (where.file, where.function)]
    around = [loop for loop in _program(where.file)[1] if loop[0] <= min(lines) and max(lines) <= loop[1]]
    line = max(around)[0] if around else min(lines)
    return printable(linecache.getline(where.file, line).strip())


def _statement(where: Location) -> int:
    """The line in which the statement begins that the place is in."""
    return _program(where.file)[0].get(where.line, where.line)


@functools.lru_cache(maxsize=64)
def _program(file: str) -> tuple[dict[int, int], list[tuple[int, int]]]:
    """Of the lines that go on a statement, the line it begins in; and first and last line of each loop."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError):
        return {}, []
    begins: dict[int, int] = {}
    loops = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            loops.append((node.lineno, node.end_lineno or node.lineno))
        elif isinstance(node, ast.stmt) and not hasattr(node, "body"):
            begins.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), node.lineno))
    return begins, loops
