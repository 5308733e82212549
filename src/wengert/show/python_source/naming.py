"""Names: those that the user gave, those that follow from them, and what Python allows.

A variable of a list has the user's name where the line that made it stores it (`Location.assigned`). The cotangent of a
variable that he called ``y`` is ``y_bar``, its tangent ``y_dot``, whatever the list calls them.
"""

from __future__ import annotations

import builtins
import itertools
import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wengert.wlist import Statement, Variable, WengertList

__all__ = ["Names", "derived_from", "identifier", "is_derived", "runs"]

_NUMBERED = re.compile(r"[vwutsrqp]\d+_*")
_DERIVED = re.compile(r"(.+)_(bar|dot|sum)_*")
_LEAF = re.compile(r".+_\d+")  # what `leaf_names` calls a part of a carry that is a tuple


def identifier(name: str) -> str:
    """`name` as a name that Python allows and that hides nothing."""
    found = re.sub(r"\W", "_", name.replace("<lambda>", "f"))
    if not found or found[0].isdigit():
        found = f"x{found}"
    return f"{found}_" if keyword.iskeyword(found) or hasattr(builtins, found) else found


def derived_from(name: str) -> tuple[str, str] | None:
    """The variable that a cotangent or tangent belongs to, and the end of its name: v3 and _bar for ``v3_bar``."""
    found = _DERIVED.fullmatch(name)
    return (found[1], f"_{found[2]}") if found else None


def runs(statements: Sequence[Statement]) -> Iterator[tuple[str, list[Statement]]]:
    """Neighbours that come from one line which stores one name, with this name."""
    for key, found in itertools.groupby(statements, _line):
        yield key[-1] if key else "", list(found)


def _line(stmt: Statement) -> tuple[str, ...]:
    where = stmt.where
    if where is None or stmt.origin is not None or not where.assigned:
        return ()
    return where.file, str(where.line), where.function, where.assigned


def _period(statements: Sequence[Statement]) -> int:
    """After how many statements the same operations come again: the rounds of a loop that is one line long."""
    names = [stmt.prim.name for stmt in statements]
    borders = [0]
    for k in range(1, len(names)):
        length = borders[-1]
        while length and names[k] != names[length]:
            length = borders[length - 1]
        borders.append(length + 1 if names[k] == names[length] else 0)
    period = len(names) - borders[-1]
    return period if len(names) % period == 0 else len(names)


def is_derived(lst: WengertList) -> bool:
    """Whether a list computes derivatives of another one."""
    while lst.made_from is not None:
        kind, lst = lst.made_from
        if kind != "simplified":
            return True
    return False


def _names_within(stmt: Statement, known: Mapping[Variable, str]) -> dict[Variable, str]:
    """What the lists of a control statement call its results: a loop its carries, branches what all call the same."""
    body = stmt.prim.sublists.get("body")
    if body is not None:
        names = Names(body, known)
        layout: Any = getattr(stmt.prim, "layout", None)
        carries = layout.split(body.inputs[len(body.inputs) - layout.constants - layout.carries - layout.xs :])[1]
        names.call_carries(carries, body.outputs)
        return {v: names[c] for v, c in zip(stmt.targets, carries, strict=False)}
    if "function" in stmt.prim.sublists:
        return {}
    found = []
    for lst in stmt.prim.sublists.values():
        names = Names(lst, known)
        found.append([names[y] if isinstance(y, Variable) else "" for y in lst.outputs])
    return {v: one[0] for v, one in zip(stmt.targets, zip(*found, strict=True), strict=True) if len(set(one)) == 1}


class Names:
    """The names that the variables of one list should have; empty where nobody has named them.

    Parameters
    ----------
    lst : WengertList
    known : mapping of Variable to str
        What is known of variables of other lists that stand in this one too.
    names_results : bool
        Whether results that have no name are called y: those of a function.
    """

    def __init__(self, lst: WengertList, known: Mapping[Variable, str], *, names_results: bool = False):
        self._of: dict[Variable, str] = {}
        self._inputs = frozenset(lst.inputs)
        self.suggested: dict[Variable, str] = {}  # for values that may as well stand in the line that reads them
        self._by_text: dict[str, str] = {}  # name in the list → name of the user
        source: WengertList | None = lst
        chain = []
        while source is not None:
            chain.append(source)
            source = source.made_from[1] if source.made_from else None
        for one in reversed(chain):
            self._add(one, known)
            if names_results and one is chain[-1]:
                self._name_results(one, is_derived=is_derived(lst))

    def __getitem__(self, variable: Variable) -> str:
        return self._of.get(variable, "")

    @property
    def all(self) -> Mapping[Variable, str]:
        """The name of each variable that has one."""
        return self._of

    def _add(self, lst: WengertList, known: Mapping[Variable, str]) -> None:
        for v in lst.inputs:
            self._call(v, known[v] if v in known else self._derived(v.name))
        for name, found in runs(lst.statements):
            period = _period(found) if name else 1
            for k, stmt in enumerate(found):
                is_last = name and k % period == period - 1
                of_body = _names_within(stmt, known) if stmt.prim.sublists else {}
                for target in stmt.targets:
                    wanted = known.get(target) or self._of.get(target) or self._name_of(stmt, target, bool(is_last))
                    self._call(target, wanted or of_body.get(target, ""))

    def _name_of(self, stmt: Statement, target: Variable, is_last: bool) -> str:
        if is_last and len(stmt.targets) == 1:
            return stmt.where.assigned if stmt.where else ""
        if not _NUMBERED.fullmatch(target.name):
            return self._derived(target.name, is_target=True)
        updated = stmt.operands[0] if stmt.prim.name in ("index_update", "update_at", "add_at") else None
        return self._of.get(updated, "") if isinstance(updated, Variable) else ""

    def _call(self, v: Variable, name: str) -> None:
        self._of[v] = name
        self._by_text.setdefault(v.name, name)
        if name and not self._by_text[v.name]:
            self._by_text[v.name] = name

    def _derived(self, name: str, is_target: bool = False) -> str:
        """``x_bar`` for the cotangent ``v3_bar`` of a variable that the user called x; empty if he did not."""
        if name in self._by_text and (is_target or not self._by_text[name]):
            return self._by_text[name]
        derived = _DERIVED.fullmatch(name)
        if derived is None or (derived[1] not in self._by_text and not _DERIVED.fullmatch(derived[1])):
            return "" if is_target else name
        base = self._derived_base(derived[1])
        return f"{base}_{'bar' if derived[2] == 'sum' else derived[2]}" if base else ""

    def _derived_base(self, name: str) -> str:
        return self._by_text[name] if name in self._by_text else self._derived(name, is_target=True)

    def _name_results(self, lst: WengertList, *, is_derived: bool) -> None:
        """Call results y that have no name, where there are several or cotangents are called after them."""
        nameless = [y for y in lst.outputs if isinstance(y, Variable) and not self._of.get(y)]
        nameless = list(dict.fromkeys(nameless))
        for k, y in enumerate(nameless, start=1):
            name = "y" if len(nameless) == 1 else f"y{k}"
            if len(lst.outputs) > 1 or is_derived:
                self._call_again(y, name)
            else:
                self.suggested[y] = name

    def call_carries(self, carries: Sequence[Variable], outputs: Sequence[object]) -> None:
        """Give the parts of a carry that is a tuple the names that the body stores their new values under."""
        for v, y in zip(carries, outputs, strict=False):
            name = self._of.get(y, "") if isinstance(y, Variable) and y not in self._inputs else ""
            root = v.name
            while (found := _DERIVED.fullmatch(root)) is not None:
                root = found[1]
            if name and (_LEAF.fullmatch(root) or not self._of.get(v)):
                self._call_again(v, name)

    def _call_again(self, v: Variable, name: str) -> None:
        self._of[v] = name
        self._by_text[v.name] = name
