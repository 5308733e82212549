"""The passes: a sweep against the list that finds what is used, a sweep along it that rewrites, until nothing changes.

Each sweep looks at every statement once. The operands of a statement are rewritten before it is looked at, so that one
sweep does nearly everything; what a later statement makes possible for an earlier one (a sign that is absorbed, a last
use) is left to the next.
"""

from __future__ import annotations

import itertools
import operator
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wengert.facts import Kind
from wengert.registry import table
from wengert.simplification.keys import Kept, application_key
from wengert.simplification.signs import sign_of
from wengert.simplification.terms import Knowledge, Rewrite, Site, Term, is_plain, scalar_of, type_of
from wengert.value import NO_PARAMS
from wengert.wlist import ANY, ArrayType, Operation, Statement, Variable, WengertList

__all__ = ["Rows", "Sweep", "fresh_names", "rows_by_primitive", "used"]

#: Primitive, and what one of its operands is (``CONSTANT``, a primitive, or ``None`` for anything) → numbered rows.
Rows = Mapping[tuple[Operation, Any], Sequence[tuple[int, Rewrite]]]

_CONSTANT = "constant"
_SMALL = 1024  # elements of a constant that may be larger than those it is folded from
_CHEAP = 65_536  # elements of operands up to which a constant is folded
_MOVING = ("reshape", "transpose", "getitem", "flip")
_MANY = 8  # sorts of operands
_MOST_REWRITES = 50  # of one statement: a few are usual, and no table of rows may run in a circle
_FAILURES = (ArithmeticError, ValueError, TypeError, LookupError, NotImplementedError)


def rows_by_primitive(rows: Sequence[Rewrite]) -> Rows:
    """The rows that are tried on each primitive with each sort of operand."""
    found: dict[tuple[Operation, Any], list[tuple[int, Rewrite]]] = {}
    for numbered in enumerate(rows):
        row = numbered[1]
        for name in row.on.split():
            for given in row.given.split() or [""]:
                if name in table.primitives:
                    sort = _CONSTANT if given == _CONSTANT else table.primitives.get(given)
                    found.setdefault((table.primitives[name], sort), []).append(numbered)
    return found


def fresh_names(lst: WengertList) -> Iterator[str]:
    """Names of new targets: the list's letter with numbers above all that it has."""
    names = [v.name for v in lst.inputs] + [v.name for stmt in lst.statements for v in stmt.targets]
    numbers = (name[len(lst.letter) :] for name in names if name.startswith(lst.letter))
    last = max((int(number) for number in numbers if number.isdecimal()), default=0)
    return (f"{lst.letter}{number}" for number in itertools.count(last + 1))


# --- against the list ----------------------------------------------------------------------------------------------


def used(lst: WengertList) -> tuple[list[Statement], Knowledge]:
    """The statements that the outputs depend on, and how often and in what way their variables are used."""
    outputs = [y for y in lst.outputs if isinstance(y, Variable)]
    counts: dict[Variable, int] = dict(Counter(outputs))
    stuck = set(outputs)  # those of which some use would pay for a change of sign
    kept, absorbed = [], set()
    for stmt in reversed(lst.statements):
        first = stmt.targets[0]
        if first not in counts and not any(target in counts for target in stmt.targets[1:]):
            continue
        kept.append(stmt)
        is_absorbed = first not in stuck
        if is_absorbed:
            absorbed.add(first)
        for k, x in enumerate(stmt.operands):
            if x.__class__ is Variable:
                counts[x] = counts.get(x, 0) + 1
                if x not in stuck and not _takes_sign(stmt, k, is_absorbed):
                    stuck.add(x)
    kept.reverse()
    active = {v for v in lst.inputs if v.dtype.kind in "fc"}
    return kept, Knowledge(counts=counts, absorbed=absorbed, active=active)


def _takes_sign(stmt: Statement, k: int, is_absorbed: bool) -> bool:
    """Whether operand `k` may change its sign for nothing, where that of the result may or may not."""
    prim = stmt.prim
    if prim is table.multiply or prim is table.divide:
        return is_absorbed or scalar_of(stmt.operands[1 - k]) is not None
    if prim is table.subtract:
        return k == 1
    if prim in (table.add, table.negative, table.square, table.absolute):
        return True
    if prim is table.power:
        return k == 0 and scalar_of(stmt.operands[1]) in (2, 4)
    return is_absorbed and prim.name in _MOVING and prim is table.primitives[prim.name]


# --- along the list ------------------------------------------------------------------------------------------------


class Sweep:
    """One sweep along a list.

    Attributes
    ----------
    statements : list of Statement
        The rewritten ones.
    has_changed : bool
        Whether anything was.
    is_same : bool
        Whether every statement was used.
    fired : Counter
        How often each row was applied, by name.
    """

    def __init__(self, lst: WengertList, rows: Rows, names: Iterator[str], constants: Kept | None = None):
        self.statements: list[Statement] = []
        self.fired: Counter[str] = Counter()
        self._rows = rows
        self._names = names
        self._constants = constants
        self._replaced: dict[Variable, Any] = {}
        kept, self.known = used(lst)
        self._has_unknown_lengths = any(ANY in v.type.shape for v in (*self.known.counts, *lst.inputs))
        self.has_changed = False
        self.is_same = len(kept) == len(lst.statements)
        for stmt in kept:
            self._visit(stmt)
        self.outputs = tuple(map(self._now, lst.outputs))

    def _now(self, x: Any) -> Any:
        return self._replaced.get(x, x) if x.__class__ is Variable else x

    def _visit(self, stmt: Statement) -> None:
        replaced, operands = self._replaced, stmt.operands
        if replaced:
            operands = tuple([replaced.get(x, x) if x.__class__ is Variable else x for x in operands])
        term = Term(stmt.prim, operands, stmt.params)
        if len(stmt.targets) > 1:
            targets = self._kept(term, stmt, stmt.targets)
        else:
            (old,) = stmt.targets
            new = self.place(term, stmt, old)
            if new is old:
                return  # most often
            targets = (new,)
        for old, new in zip(stmt.targets, targets, strict=True):
            if old is not new:
                replaced[old] = new
                self.has_changed = True

    def place(self, term: Term, like: Statement, target: Variable | None = None) -> Any:
        """The operand that stands for `term` from here on: a constant, a variable, or `target`, newly assigned."""
        kind = term.type if target is None else target.type
        term = self._flat(term, like)
        settled = self._settled(term, kind, like, target)
        if settled.__class__ is not Term:
            return settled
        return self._kept(settled, like, (target or Variable(next(self._names), kind),))[0]

    def _flat(self, term: Term, like: Statement) -> Term:
        """`term` with operands for the terms in it; these nest as deep as a row of the table writes them."""
        if Term not in map(type, term.operands):
            return term
        return replace(term, operands=tuple(self.place(x, like) if isinstance(x, Term) else x for x in term.operands))

    def _settled(self, term: Term, kind: ArrayType, like: Statement, target: Variable | None) -> Any:
        """`term` with every row applied that can be: a term that none applies to, or an operand."""
        if self._has_unknown_lengths and _has_unknown_length(term, kind):
            return term
        for _ in range(_MOST_REWRITES):
            folded = _folded(term, kind)
            if folded is not None:
                self.has_changed = True
                return folded
            found = self._rewritten(term, kind, target)
            if found is None:
                return term
            self.has_changed = True
            if not isinstance(found, Term):
                return found
            term = self._flat(found, like)
        return term

    def _rewritten(self, term: Term, kind: ArrayType, target: Variable | None) -> Any:
        """What the first row that applies makes of `term`, if it has the type that it must have."""
        rows = self._rows_for(term)
        if not rows:
            return None
        site = Site(term, kind, target, self.known)
        for _, row in rows:
            found = row.rule(site)
            fitting = None if found is None else _fitting(found, kind, term.prim)
            if fitting is not None:
                self.fired[row.name] += 1
                return fitting
        return None

    def _rows_for(self, term: Term) -> Sequence[tuple[int, Rewrite]]:
        """The rows that may apply, in the order of the table."""
        rows, definitions, prim = self._rows, self.known.definitions, term.prim
        found = rows.get((prim, None), ())
        sorts: list[Any] = []
        for x in term.operands:
            if x.__class__ is Variable:
                stmt = definitions.get(x)
                if stmt is None:
                    continue
                sort: Any = stmt.prim
            else:
                sort = _CONSTANT
            if sort not in sorts:
                sorts.append(sort)
                more = rows.get((prim, sort))
                if more:
                    found = sorted({*found, *more}, key=_number) if found else more
            if len(sorts) > _MANY:
                break  # of a concatenation: none of its rows asks for one
        return found

    def _kept(self, term: Term, like: Statement, targets: tuple[Variable, ...]) -> tuple[Variable, ...]:
        """The variables that hold the results of `term`: those of an equal statement before, or `targets`."""
        is_complex = targets[0].type.dtype.kind == "c"
        key = application_key(term.prim, term.operands, term.params, is_complex, self._constants)
        found = self.known.computed.get(key)
        if found is not None:
            return found
        self.known.computed[key] = targets
        is_same = term.prim is like.prim and targets == like.targets and term.params is like.params
        if not is_same or not _are_same(term.operands, like.operands):
            like = Statement(targets, term.prim, term.operands, term.params, like.where, like.origin)
        self.append(like)
        return targets

    def append(self, stmt: Statement) -> None:
        """Write a statement as it is, and note what is known of its targets."""
        known, prim, operands, targets = self.known, stmt.prim, stmt.operands, stmt.targets
        number = len(self.statements)
        self.statements.append(stmt)
        active, is_active = known.active, False
        for i, x in enumerate(operands):
            if x.__class__ is Variable and x in active and prim.is_active(i):
                is_active = True
                break
        for target in targets:
            known.definitions[target] = stmt
            known.order[target] = number
            if is_active and target.type.dtype.kind in "fc":
                active.add(target)
        if len(targets) == 1 and targets[0].type.dtype.kind == "f":
            bits = sign_of(prim, operands, known.signs)
            if bits:
                known.signs[targets[0]] = bits


def _are_same(xs: Sequence[Any], ys: Sequence[Any]) -> bool:
    """Whether the operands are the same objects; there are as many of both."""
    return xs is ys or all(map(operator.is_, xs, ys))


def _number(row: tuple[int, Rewrite]) -> int:
    return row[0]


def _has_unknown_length(term: Term, kind: ArrayType) -> bool:
    return ANY in kind.shape or any(x.__class__ is Variable and ANY in x.type.shape for x in term.operands)


def _fitting(found: Any, kind: ArrayType, prim: Operation) -> Any:
    """`found` if it has the type `kind`, broadcast if it is the same in each element; else ``None``."""
    try:
        own = type_of(found)
        if own == kind:
            return found
        is_elementwise = getattr(prim, "kind", None) is Kind.ELEMENTWISE
        if not is_elementwise or own.dtype != kind.dtype or np.broadcast_shapes(own.shape, kind.shape) != kind.shape:
            return None
    except _FAILURES:
        return None
    return Term(table.broadcast_to, (found,), {"shape": kind.shape})


# --- constants -----------------------------------------------------------------------------------------------------


def _folded(term: Term, kind: ArrayType) -> Any:
    """The value of a term of constants, if it is no larger than they are; ``None`` where it cannot be had."""
    for x in term.operands:
        if x.__class__ is Variable or not is_plain(x):
            return None
    if term.prim.sublists:
        return None
    sizes = [np.size(x) for x in term.operands]
    if not sizes or kind.size > max(_SMALL, *sizes) or sum(sizes) > _CHEAP:
        return None
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = np.array(term.prim.evaluate(term.operands, term.params))
    except _FAILURES:  # it will be raised when the list is run
        return None
    if ArrayType.of(found) != kind:
        return None
    found.flags.writeable = False
    return found[()]


def as_statement(stmt: Statement, target: Variable, value: Any) -> Statement:
    """A statement that gives `target` a copy of a constant array, in the place of the one that was folded."""
    return replace(stmt, targets=(target,), prim=table.constant, operands=(value,), params=NO_PARAMS)
