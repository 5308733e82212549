"""The order of the rows of an evaluation trace, and the names of its variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from wengert.show.notation import printable
from wengert.wlist import Statement, Tape, Variable, WengertList

__all__ = ["LETTERS", "as_executed", "by_depth", "free_letter", "free_letters", "result_names"]

#: Of variables: v, unless an input is called v or v1.
LETTERS = "vwustpqr"


def by_depth(tape: Tape) -> Tape:
    """Order the statements of a tape by depth, and number them v1, v2, … in this order.

    The depth of a statement is one more than the largest depth of its operands, inputs and constants having depth
    0. The literature writes ``log(x1) + x1*x2 - sin(x2)`` as logarithm, product, sine, sum, difference, though
    Python executes the sum before the sine. Statements of equal depth keep the order of execution, so this is a
    topological order, and the same at every run.
    """
    ordered = _ordered(tape.list)
    inputs = list(_unique(printable(v.name) for v in tape.list.inputs))
    names = dict(zip(tape.list.inputs, inputs, strict=True))
    letter = free_letter(LETTERS, inputs)
    targets = [target for stmt in ordered for target in stmt.targets]
    names |= {target: f"{letter}{k}" for k, target in enumerate(targets, start=1)}
    return _renamed(tape, ordered, {old: Variable(name, old.type) for old, name in names.items()})


def as_executed(numbered: Tape, tape: Tape) -> Tape:
    """The statements of ``numbered = by_depth(tape)``, under their names there, in the order of execution again."""
    of = dict(zip(_ordered(tape.list), numbered.list.statements, strict=True))
    statements = tuple(of[stmt] for stmt in tape.list.statements)
    return Tape(replace(numbered.list, statements=statements), numbered.values)


def free_letter(letters: str, names: Sequence[str]) -> str:
    """The first of the letters that, alone or with a number, is none of the names; the last one if all are."""
    return next(free_letters(letters, names))


def free_letters(letters: str, names: Sequence[str]) -> Iterator[str]:
    """The letters that, alone or with a number, are none of the names; the last one if all are."""
    found = (c for c in letters if not any(re.fullmatch(rf"{c}\d*", name) for name in names))
    first = next(found, letters[-1])
    yield first
    yield from found


def _ordered(lst: WengertList) -> list[Statement]:
    return sorted(lst.statements, key=_depths(lst).__getitem__)


def result_names(count: int, letter: str) -> list[str]:
    """What results are called: y, or y1, y2, …."""
    return [letter] if count == 1 else [f"{letter}{k}" for k in range(1, count + 1)]


def _depths(lst: WengertList) -> dict[Statement, int]:
    of_variable = dict.fromkeys(lst.inputs, 0)
    of_statement = {}
    for stmt in lst.statements:
        operands = (of_variable[x] for x in stmt.operands if isinstance(x, Variable))
        of_statement[stmt] = 1 + max(operands, default=0)
        of_variable.update(dict.fromkeys(stmt.targets, of_statement[stmt]))
    return of_statement


def _unique(names: Iterable[str]) -> Iterator[str]:
    """The names, a repeated one with a number after it."""
    seen: dict[str, int] = {}
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}#{seen[name]}"


def _renamed(tape: Tape, statements: Sequence[Statement], renamed: dict[Variable, Variable]) -> Tape:
    def new(xs: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(renamed[x] if isinstance(x, Variable) else x for x in xs)

    lst = replace(
        tape.list,
        inputs=new(tape.list.inputs),
        statements=tuple(replace(s, targets=new(s.targets), operands=new(s.operands)) for s in statements),
        outputs=new(tape.list.outputs),
    )
    return Tape(lst, {renamed[variable]: value for variable, value in tape.values.items()})
