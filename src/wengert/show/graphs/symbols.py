"""What the variables of a picture are called: as the user does, as the list does, or by the textbook's symbols."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from wengert.show.notation import Symbols, marked, printable, subscript
from wengert.show.numbering import LETTERS, free_letter
from wengert.show.python_source.naming import Names
from wengert.wlist import Statement, Variable, WengertList

__all__ = ["OwnNames", "TextbookSymbols", "Titles", "UserNames"]

_NUMBERED = re.compile(r"([^\W\d_])(\d+)")
_LOWERED = re.compile(r"([^\W\d_])([₀-₉]+)")


class Titles(Symbols):
    """Symbols, and what stands in the first line of a node."""

    def title(self, variables: Sequence[Variable]) -> str:
        """Of an input, or of the targets of a statement: the user's name, and the symbols where they differ."""
        symbols = ", ".join(map(self.primal, variables))
        name = self.name(variables[0])
        return f"{name} = {symbols}" if name and name != symbols else symbols

    @abstractmethod
    def name(self, variable: Variable) -> str:
        """The name that stands before the symbol; empty where there is none."""

    @abstractmethod
    def within(self, lst: WengertList, known: Mapping[Variable, str]) -> Titles:
        """The symbols in a sub-list, of whose inputs `known` are the same values as outside, with their symbols."""


class TextbookSymbols(Titles):
    """Those of the tables of `explain`: ``x1 = v₋₁``, ``h = v₃``.

    Parameters
    ----------
    lst : WengertList
    executed : sequence of Statement
        Its statements in the order of execution.
    """

    def __init__(self, lst: WengertList, executed: Sequence[Statement]):
        targets = [target for stmt in lst.statements for target in stmt.targets]
        super().__init__(free_letter(LETTERS, [x.name for x in lst.inputs]), lst.inputs, targets)
        self._names = _names(lst, executed) | {x: printable(x.name) for x in lst.inputs}

    def name(self, variable: Variable) -> str:
        """The user's."""
        return self._names.get(variable, "")

    def within(self, lst: WengertList, known: Mapping[Variable, str]) -> Titles:
        """The list's own names: its variables have no symbols in the tables."""
        return OwnNames(lst, known)


class OwnNames(Titles):
    """The names that the variables of a list have, ``v3`` written v₃; a title has the user's name too: ``h = v₃``.

    Parameters
    ----------
    lst : WengertList
    known : mapping of Variable to str, optional
        Of a sub-list: what inputs are called outside.
    """

    def __init__(self, lst: WengertList, known: Mapping[Variable, str] | None = None):
        self._texts = _inputs(lst, known or {}) | {v: _symbol(v.name) for v in _targets(lst.statements)}
        self._names = _names(lst, lst.statements)

    def name(self, variable: Variable) -> str:
        """The user's."""
        return self._names.get(variable, "")

    def primal(self, variable: Variable) -> str:
        """Such as v₃ or ``x1_bar``."""
        return self._texts[variable]

    def tangent(self, variable: Variable) -> str:
        """Such as v̇₃ or ``x1_bar_dot``."""
        return _marked(self._texts[variable], tangent=True)

    def adjoint(self, variable: Variable) -> str:
        """Such as v̄₃ or ``theta_bar``."""
        return _marked(self._texts[variable], tangent=False)

    def within(self, lst: WengertList, known: Mapping[Variable, str]) -> Titles:
        """Its own names likewise."""
        return OwnNames(lst, known)


class UserNames(OwnNames):
    """The user's names; v₁, v₂, … for what has none.

    A name that is given again and again is numbered: x for the input, then x₁, x₂, …. Where it ends with a digit the
    symbol stands in its place, and the name in the title alone: ``x1 = v₃``.

    Parameters
    ----------
    lst : WengertList
    executed : sequence of Statement
        Its statements in the order of execution.
    known : mapping of Variable to str, optional
        Of a sub-list: what inputs are called outside.
    outside : sequence of str
        Letters of the symbols there.
    """

    def __init__(
        self, lst: WengertList, executed: Sequence[Statement], known: Mapping[Variable, str] | None = None,
        outside: Sequence[str] = (),
    ):  # fmt: skip
        self._names: dict[Variable, str] = {}
        self._texts = _inputs(lst, known or {})
        self._taken = set(self._texts.values())
        names = _names(lst, executed)
        counts = Counter(names.values())
        rounds: Counter[str] = Counter()
        others = [*self._taken, *counts, *outside]
        self._letters = {*outside}
        letter_for: dict[str, str] = {}
        for v in _targets(executed):
            symbol = _symbol(v.name, letter_for, others)
            self._letters.add(symbol[0])
            name = names.get(v, "")
            rounds[name] += 1
            if not name:
                self._call(v, symbol, symbol)
            elif counts[name] == 1 and name not in self._taken:
                self._call(v, name, symbol)
            elif not name[-1].isdigit():
                self._call(v, name + subscript(rounds[name]), symbol)
            else:
                self._call(v, symbol, symbol)
                self._names[v] = name

    def _call(self, v: Variable, text: str, symbol: str) -> None:
        """Give the text, or where another variable has it the symbol, so that each is there once."""
        found = text if text not in self._taken else symbol
        while found in self._taken:
            found += "′"
        self._texts[v] = found
        self._taken.add(found)

    def within(self, lst: WengertList, known: Mapping[Variable, str]) -> Titles:
        """The user's names in it."""
        return UserNames(lst, lst.statements, known, sorted(self._letters))


def _names(lst: WengertList, executed: Sequence[Statement]) -> dict[Variable, str]:
    """The user's names of what is computed, where there are any."""
    found = Names(replace(lst, statements=tuple(executed)), {})
    return {v: printable(found[v]) for v in _targets(executed) if found[v]}


def _inputs(lst: WengertList, known: Mapping[Variable, str]) -> dict[Variable, str]:
    """The names of the inputs: those that are known, unless another input has that name, else their own."""
    found = {x: printable(x.name) for x in lst.inputs}
    for x, text in known.items():
        if all(text != other for y, other in found.items() if y is not x):
            found[x] = text
    return found


def _targets(statements: Sequence[Statement]) -> list[Variable]:
    return [target for stmt in statements for target in stmt.targets]


def _symbol(name: str, letter_for: dict[str, str] | None = None, others: Sequence[str] = ()) -> str:
    """Such as v₃ for ``v3``, with another letter where one of the others is this one, alone or with a number.

    Letters that were found are kept in `letter_for`.
    """
    match = _NUMBERED.fullmatch(name)
    if match is None:
        return printable(name)
    if letter_for is None:
        return match[1] + subscript(match[2])
    if match[1] not in letter_for:
        letter_for[match[1]] = free_letter(match[1] + LETTERS, others)
    return letter_for[match[1]] + subscript(match[2])


def _marked(text: str, *, tangent: bool) -> str:
    """The text with the mark of a tangent or cotangent on its letter, if it is one with a number."""
    found = _LOWERED.fullmatch(text)
    return marked(found[1], tangent) + found[2] if found else marked(text, tangent)
