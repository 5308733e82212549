"""Which statements belong to which line and to which function of the user's program."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wengert.control import Control
from wengert.errors import Location
from wengert.show.notation import printable, shortened
from wengert.wlist import Statement, Tape, Variable, WengertList

__all__ = ["Group", "calls_of_sublists", "functions_of", "lines_of"]

_NOWHERE = Location("", 0)
_LONGEST_TEXT = 100  # characters of a line of source


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The statements of one line, or of one function.

    Attributes
    ----------
    label : str
        Such as ``model.py:40`` or ``step``, different for all groups.
    where : Location
        The line; of a function the first one that has a statement. Without a file where no place is known.
    text : str
        The line as it is written.
    statements : tuple of Statement
        In the order of the list.
    runs : int
        How often the line was run, at least.
    inside : int
        Statements run in sub-lists of control statements, all rounds together; they are not among `statements`.
    """

    label: str
    where: Location
    text: str
    statements: tuple[Statement, ...]
    runs: int
    inside: int


def lines_of(lst: WengertList, calls: Mapping[WengertList, int]) -> list[Group]:
    """The lines of the program, in the order of their files and numbers."""
    names = _short_names(_files(lst, calls))

    def label(where: Location) -> str:
        return f"{names[where.file]}:{where.line}" if where.file else "no source line"

    return _groups(lst, calls, lambda where: (where.file, where.line), label)


def functions_of(lst: WengertList, calls: Mapping[WengertList, int]) -> list[Group]:
    """The functions of the program, in the order of their files and first lines."""
    files = _files(lst, calls)
    names = _short_names(files)
    homes = defaultdict(set)
    for where in files:
        homes[where.function].add(where.file)

    def label(where: Location) -> str:
        name = printable(where.function) or "no function"
        return name if len(homes[where.function]) == 1 else f"{name} ({names[where.file]})"

    return _groups(lst, calls, lambda where: (where.file, where.function), label)


def _files(lst: WengertList, calls: Mapping[WengertList, int]) -> list[Location]:
    lists = [lst, *calls]
    return [stmt.where or _NOWHERE for each in lists for stmt in each.statements]


def _groups(
    lst: WengertList, calls: Mapping[WengertList, int], key: Callable[[Location], Any], label: Callable[[Location], str]
) -> list[Group]:
    own: dict[Any, list[Statement]] = defaultdict(list)
    inside: Counter[Any] = Counter()
    first: dict[Any, Location] = {}
    for stmt in lst.statements:
        where = stmt.where or _NOWHERE
        own[key(where)].append(stmt)
        first[key(where)] = min(first.get(key(where), where), where, key=_line)
    for sublist, count in calls.items():
        for stmt in sublist.statements:
            where = stmt.where or _NOWHERE
            inside[key(where)] += count
            first[key(where)] = min(first.get(key(where), where), where, key=_line)
    return [
        Group(label(where), where, _text(where), tuple(own[k]), _runs(own[k]), inside[k])
        for k, where in sorted(first.items(), key=lambda item: (item[1].file, item[1].line))
    ]


def _line(where: Location) -> int:
    return where.line


def _text(where: Location) -> str:
    return shortened(printable(where.text), _LONGEST_TEXT)


def _runs(statements: Iterable[Statement]) -> int:
    """How often the line was run, at least.

    One instruction may record several statements, as the call of a function that is composed of others does; the
    rarest operation of the most frequent instruction counts.
    """
    by_instruction: dict[int, Counter[str]] = defaultdict(Counter)
    for stmt in statements:
        by_instruction[(stmt.where or _NOWHERE).instruction][stmt.prim.name] += 1
    return max((min(counts.values()) for counts in by_instruction.values()), default=0)


def _short_names(places: Iterable[Location]) -> dict[str, str]:
    """For each file the shortest end of its path that no other one has."""
    parts = {file: Path(file).parts for file in {where.file for where in places}}
    found = {}
    for file, own in parts.items():
        ends = (own[-k:] for k in range(1, len(own) + 1))
        alone = (end for end in ends if sum(other[-len(end) :] == end for other in parts.values()) == 1)
        found[file] = printable(Path(*next(alone, own)).as_posix())
    return found


# --- sub-lists -----------------------------------------------------------------------------------------------------


class _Counted(WengertList):
    """A list that counts how often it is run, under the list that it stands for."""

    __slots__ = ("counts", "original")

    counts: Counter[WengertList]
    original: WengertList

    @staticmethod
    def of(lst: WengertList, counts: Counter[WengertList]) -> _Counted:
        """The list, whose sub-lists count as well."""
        statements = tuple(_counting(stmt, counts) for stmt in lst.statements)
        counted = _Counted(lst.name, lst.inputs, statements, lst.outputs, lst.letter, lst.made_from)
        object.__setattr__(counted, "counts", counts)
        object.__setattr__(counted, "original", lst)
        return counted

    def run(self, inputs: Sequence[Any]) -> list[Any]:
        """Count, and run."""
        self.counts[self.original] += 1
        return super().run(inputs)


def _counting(stmt: Statement, counts: Counter[WengertList]) -> Statement:
    if not isinstance(stmt.prim, Control):
        return stmt
    sublists = {part: _Counted.of(lst, counts) for part, lst in stmt.prim.sublists.items()}
    return Statement(
        stmt.targets, stmt.prim.with_sublists(sublists), stmt.operands, stmt.params, stmt.where, stmt.origin
    )


def calls_of_sublists(tape: Tape) -> Counter[WengertList]:
    """How often each sub-list of a control statement is run; the control statements are run once more for that."""
    counts: Counter[WengertList] = Counter()
    for stmt in tape.list.statements:
        if isinstance(stmt.prim, Control):
            operands = [tape.value(x) if isinstance(x, Variable) else x for x in stmt.operands]
            _counting(stmt, counts).prim.evaluate(operands, stmt.params)
    return counts
