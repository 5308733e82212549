"""From planned lines to text: names, and which arrays are changed in place.

A name is used again when nothing reads the value any more that has it. An array is changed in place when it was made
here, when nothing else has elements of it, and when nothing reads it later; else it is copied before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from wengert.show.python_source.expressions import CONSTANT, Expression, Local, compose, leaf
from wengert.show.python_source.items import (
    Append,
    Assign,
    Choice,
    Item,
    Leave,
    Rebind,
    Result,
    Rounds,
    Store,
    Unpack,
    Update,
    everything_read,
)
from wengert.show.python_source.layout import comment, fitted
from wengert.show.python_source.naming import identifier
from wengert.show.python_source.timeline import Timeline

__all__ = ["Emission"]

_INDENT = "    "
_FEW_TEMPORARIES = 9
_IN_PLACE = {" + ": "+=", " - ": "-=", " * ": "*=", " / ": "/="}


@dataclass(slots=True)
class _State:
    """Which names and arrays are taken, at one place of the text.

    Attributes
    ----------
    names : dict of Local to str
    holders : dict of str to Local
        The variable that has a name.
    memory : dict of Local to int
        Variables with elements of the same array have the same number.
    members : dict of int to set of Local
    fresh : set of int
        Arrays that were made here.
    changed : set of int
        Those that were changed in place.
    """

    names: dict[Local, str] = field(default_factory=dict)
    holders: dict[str, Local] = field(default_factory=dict)
    memory: dict[Local, int] = field(default_factory=dict)
    members: dict[int, set[Local]] = field(default_factory=dict)
    fresh: set[int] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    arrays: int = 0

    def copy(self) -> _State:
        """The same, to be changed on its own."""
        return _State(
            dict(self.names), dict(self.holders), dict(self.memory), {k: set(v) for k, v in self.members.items()},
            set(self.fresh), set(self.changed), dict(self.counts), self.arrays,
        )  # fmt: skip


class Emission:
    """Writes the lines of one function.

    Parameters
    ----------
    items : sequence of Item
        Ends with a `Result`.
    reserved : collection of str
        Names that no variable may have.
    """

    def __init__(self, items: Sequence[Item], reserved: Iterable[str]):
        self._items = items
        self._reserved = frozenset(reserved)
        self._time = Timeline(items)
        self._state = _State()
        self._preferred: dict[Local, str] = {}
        self._note: tuple[object, ...] | None = None
        self._make(CONSTANT, None)

    def name_input(self, local: Local) -> str:
        """The name of a parameter."""
        self._make(local, None)
        return self._allocate(local, 0)

    def write(self) -> list[str]:
        """The lines of the body."""
        return self._block(self._items, _INDENT)

    def name(self, local: Local) -> str:
        """The name that a variable has."""
        return self._state.names[local]

    def _text(self, value: Expression) -> str:
        return value.write(self.name)

    # --- names -------------------------------------------------------------------------------------------------

    def _allocate(self, local: Local, now: int, taken: Iterable[Local] = ()) -> str:
        """Find a name for a variable that is made in line `now`, other than those of `taken`."""
        others = {self._state.names[x] for x in taken if x in self._state.names}
        preferred = self._preferred.get(local)
        if preferred is not None and preferred not in others and self._is_free(preferred, now):
            return self._give(local, preferred)
        for name in self._candidates(local):
            if name not in others and self._is_free(name, now):
                return self._give(local, name)
        raise AssertionError("there are names without end")  # pragma: no cover

    def _candidates(self, local: Local) -> Iterable[str]:
        stem = self._stem(local)
        if stem:
            yield stem
        first, stem = (2, f"{stem}_") if stem else (1, "t")
        for number in range(first, _FEW_TEMPORARIES):
            yield f"{stem}{number}"
        while True:
            number = self._state.counts[stem] = self._state.counts.get(stem, _FEW_TEMPORARIES - 1) + 1
            yield f"{stem}{number}"

    def _stem(self, local: Local) -> str:
        if local.wanted or local.after is None:
            return identifier(local.wanted) if local.wanted else ""
        primal, end = local.after
        return f"{self._state.names[primal]}{end}" if primal in self._state.names else ""

    def _is_free(self, name: str, now: int) -> bool:
        holder = self._state.holders.get(name)
        return name not in self._reserved and (holder is None or self._time.is_dead(holder, now))

    def _give(self, local: Local, name: str) -> str:
        self._state.names[local] = name
        self._state.holders[name] = local
        return name

    # --- arrays ------------------------------------------------------------------------------------------------

    def _make(self, local: Local, value: Expression | None) -> None:
        """Note where a variable has its elements: in a new array, in those of others, or (None) in one from outside."""
        state = self._state
        shared = {state.memory[x] for x in value.shares} if value is not None else set()
        if shared:
            number = self._merged(shared)
        else:
            number = state.arrays = state.arrays + 1
            state.members[number] = set()
            if value is not None:
                state.fresh.add(number)
        state.memory[local] = number
        state.members[number].add(local)

    def _merged(self, numbers: set[int]) -> int:
        state = self._state
        first, *others = sorted(numbers)
        for number in others:
            for local in state.members[number]:
                state.memory[local] = first
            state.members[first] |= state.members.pop(number)
        if not numbers <= state.fresh:
            state.fresh.discard(first)
        return first

    def _is_ours(self, local: Local, now: int) -> bool:
        """Whether the array of a variable was made here and nothing has elements of it after line `now`."""
        number = self._state.memory[local]
        members = self._state.members[number]
        return number in self._state.fresh and all(self._time.is_dead(x, now) for x in members)

    def _change(self, local: Local, target: Local) -> None:
        """Note that the array of a variable is changed in place, and is that of `target` from now on."""
        number = self._state.memory[local]
        self._state.changed.add(number)
        self._state.memory[target] = number
        self._state.members[number] = {target}  # nothing reads the others any more

    # --- lines -------------------------------------------------------------------------------------------------

    def _block(self, items: Sequence[Item], indent: str) -> list[str]:
        lines: list[str] = []
        for item in items:
            if item.is_left_out:
                continue
            before = self._note
            self._note = item.note.key if item.note is not None else before
            found = self._lines(item, indent)
            if not found:
                self._note = before
            elif item.note is not None and item.note.key != before:
                lines.append(comment(item.note.text, indent))
            lines += found
        return lines

    def _lines(self, item: Item, indent: str) -> list[str]:
        """The lines of one item: a block with its own indentation, or statements that are yet to be fitted."""
        if isinstance(item, Rounds):
            return self._rounds(item, indent)
        if isinstance(item, Choice):
            return self._choice(item, indent)
        if isinstance(item, Leave):
            return [*fitted(f"{indent}if {self._text(compose('not {0}', [item.test]))}:"), f"{indent}{_INDENT}break"]
        return [line for text in self._statements(item) for line in fitted(indent + text)]

    def _statements(self, item: Item) -> list[str]:
        """The statements of an item that has no block in it."""
        now = self._time.start[item]
        found: list[str] = []
        if isinstance(item, Assign):
            found = [self._assignment(item.target, item.value, now)]
        elif isinstance(item, Unpack):
            found = [self._unpacking(item, now)]
        elif isinstance(item, Update):
            found = self._update(item, now)
        elif isinstance(item, Store):
            found = [f"{self._text(item.stack)}[{self._text(item.index)}] = {self._text(item.value)}"]
        elif isinstance(item, Append):
            found = [self._appending(item)]
        elif isinstance(item, Rebind):
            found = self._rebinding(item, now)
        elif isinstance(item, Result):
            found = [f"return {', '.join(map(self._returned, item.news))}".rstrip()]
        return found

    def _appending(self, item: Append) -> str:
        """A value in a list is the array itself, which then stays as it is."""
        for local in item.value.shares:
            self._state.fresh.discard(self._state.memory[local])
        return f"{self._text(item.stack)}.append({self._text(item.value)})"

    def _returned(self, value: Expression) -> str:
        """What is returned may be changed by the caller: not the constants above the function."""
        memory = self._state.memory
        is_shared = any(memory[x] == memory[CONSTANT] for x in value.shares)
        return self._text(compose("{0}.copy()", [value]) if is_shared else value)

    def _assignment(self, target: Local, value: Expression, now: int) -> str:
        """``target = value``, or ``target += …`` where the array of the left operand is not needed any more."""
        changed = self._changed_by(target, value, now)
        if changed is None:
            text = self._text(value)
            name = self._allocate(target, now)
            self._make(target, value)
            return f"{name} = {text}"
        local, sign, rest = changed
        text = self._text(rest)
        name = self._give(target, self.name(local))
        self._change(local, target)
        return f"{name} {sign} {text}"

    def _changed_by(self, target: Local, value: Expression, now: int) -> tuple[Local, str, Expression] | None:
        """The variable, sign and right side of an operation in place that computes `value`."""
        if len(value.pieces) != 3 or value.pieces[1] not in _IN_PLACE:
            return None
        first, sign, last = value.pieces
        sides = [(first, last), *([(last, first)] if sign in (" + ", " * ") else [])]
        for local, rest in sides:
            if isinstance(local, Local) and local.type == target.type and local in self._state.memory:
                preferred = self._preferred.get(target)
                is_same = (
                    self.name(local) == preferred if preferred else bool(local.wanted) and local.wanted == target.wanted
                )
                if is_same and self._is_ours(local, now):
                    other = leaf(rest) if isinstance(rest, Local) else rest[0] if isinstance(rest, tuple) else None
                    if other is not None and local not in other.shares:
                        return local, _IN_PLACE[str(sign)], other
        return None

    def _unpacking(self, item: Unpack, now: int) -> str:
        text = self._text(item.value)
        names = []
        for target in item.targets:
            others = [x for x in item.targets if x is not None and x in self._state.names]
            names.append("_" if target is None else self._allocate(target, now, others))
            if target is not None:
                self._make(target, item.value)
        return f"{', '.join(names)} = {text}"

    # --- writing into arrays -----------------------------------------------------------------------------------

    def _update(self, item: Update, now: int) -> list[str]:
        local = item.base.local
        if local is not None and self._can_write(item, local, now):
            index, value = self._text(item.index), self._text(item.value)
            same = self._sum_in_place(item, self.name(local), index)
            name = self._give(item.target, self.name(local))
            self._change(local, item.target)
            return [same or self._write_line(item, name, index, value)]
        base = self._text(item.base)
        later = item.index.reads | item.value.reads
        name = self._allocate(item.target, now, later)
        self._make(item.target, Expression(("",), 0))
        first = base if not item.base.shares else self._copy_text(item, base)
        index, value = self._text(item.index), self._text(item.value)
        return [f"{name} = {first}", self._write_line(item, name, index, value)]

    def _can_write(self, item: Update, local: Local, now: int) -> bool:
        """Whether an array can be changed in place, which NumPy does rightly where what it writes lies in it."""
        return not item.dtype and item.target.type.ndim > 0 and self._is_ours(local, now)

    def _copy_text(self, item: Update, base: str) -> str:
        if item.dtype:
            return f"{base}.astype({item.dtype})"
        return f"{base}.copy()" if item.target.type.ndim else f"np.array({base})"

    def _write_line(self, item: Update, name: str, index: str, value: str) -> str:
        if item.sign == "add.at":
            return f"np.add.at({name}, {index}, {value})"
        return f"{name}[{index}] {item.sign} {value}"

    def _sum_in_place(self, item: Update, name: str, index: str) -> str:
        """``x[i] += …`` for ``x[i] = x[i] + …``."""
        pieces = item.value.pieces
        if item.sign != "=" or len(pieces) != 3 or pieces[1] not in _IN_PLACE or not isinstance(pieces[0], tuple):
            return ""
        if self._text(pieces[0][0]) != f"{name}[{index}]":
            return ""
        rest = pieces[2]
        other = leaf(rest) if isinstance(rest, Local) else rest[0] if isinstance(rest, tuple) else None
        text = str(rest) if other is None else self._text(other)
        return f"{name}[{index}] {_IN_PLACE[str(pieces[1])]} {text}"

    # --- the ends of rounds and branches -----------------------------------------------------------------------

    def _rebinding(self, item: Rebind, now: int) -> list[str]:
        """New values for names that stay: one after the other, or all at once where one reads what another replaces."""
        pairs = [
            (self.name(target), target, new)
            for target, new in zip(item.targets, item.news, strict=True)
            if not (new.local is not None and self.name(new.local) == self.name(target))
        ]
        for order in (pairs, pairs[::-1]):
            if _is_safe(order, self.name):
                return [self._rebound(name, target, new, now) for name, target, new in order]
        names, texts = [name for name, _, _ in pairs], [self._text(new) for _, _, new in pairs]
        return [f"{', '.join(names)} = {', '.join(texts)}"]

    def _rebound(self, name: str, target: Local, new: Expression, now: int) -> str:
        self._preferred[target] = name
        changed = self._changed_by(target, new, now)
        if changed is not None and self.name(changed[0]) == name:
            self._state.changed.add(self._state.memory[changed[0]])
            return f"{name} {changed[1]} {self._text(changed[2])}"
        return f"{name} = {self._text(new)}"

    # --- loops -------------------------------------------------------------------------------------------------

    def _rounds(self, item: Rounds, indent: str) -> list[str]:
        """A loop, with as many carries as possible in arrays of its own, which are changed in place."""
        owned = set(item.carries)
        before, note = self._state, self._note
        while True:
            self._state, self._note = before.copy(), note
            lines, needed, failed = self._attempt(item, indent, owned)
            kept = (owned & needed) - failed
            if kept == owned:
                return lines
            owned = kept

    def _attempt(self, item: Rounds, indent: str, owned: set[Local]) -> tuple[list[str], set[Local], set[Local]]:
        """The lines; the carries that were changed in place, and those of `owned` that cannot be."""
        lines, failed = self._begin(item, indent, owned)
        memory = {local: self._state.memory[local] for local in item.carries}
        lines += fitted(indent + self._head(item))
        self._prefer(item.carries, item.body)
        body = self._block(item.body, indent + _INDENT)
        lines += body or [f"{indent}{_INDENT}pass"]
        needed = {local for local, number in memory.items() if number in self._state.changed}
        failed |= self._lost(item, owned)
        lines += self._end(item, indent)
        return lines, needed, failed

    def _begin(self, item: Rounds, indent: str, owned: set[Local]) -> tuple[list[str], set[Local]]:
        """The lines that give the carries their first values."""
        now, failed = self._time.start[item], set[Local]()
        lines: list[str] = []
        texts = [self._text(value) for value in item.begin]
        for k, (local, value) in enumerate(zip(item.carries, item.begin, strict=True)):
            later = {x for other in item.begin[k + 1 :] for x in other.reads} | set(item.carries[:k])
            own = value.local
            is_ours = not value.shares or (own is not None and self._is_ours(own, now) and own not in later)
            if own is not None and self._can_take_over(local, own, later, now, is_needed=is_ours or local not in owned):
                self._give(local, self.name(own))
                self._make(local, value)
                continue
            name = self._allocate(local, now, later)
            text = texts[k]
            if local in owned and not is_ours:
                if local.type.ndim:
                    text = self._text(compose("{0}.copy()", [value]))
                else:
                    failed.add(local)
            self._make(local, value if text == texts[k] else Expression(("",), 0))
            lines += fitted(f"{indent}{name} = {text}")
        for local in item.carries:
            if local not in owned:  # what a round makes of it may be anything
                self._state.fresh.discard(self._state.memory[local])
        return lines, failed

    def _can_take_over(self, local: Local, own: Local, later: set[Local], now: int, *, is_needed: bool) -> bool:
        """Whether a carry begins as a variable that is not read again, under the name that it wants."""
        wanted = not local.wanted or identifier(local.wanted) == self.name(own)
        return wanted and is_needed and own not in later and self._time.is_dead(own, now)

    def _head(self, item: Rounds) -> str:
        if item.index is None:
            return f"while {self._text(item.test)}:" if item.test is not None else "while True:"
        start, stop = map(self._text, item.bounds)
        function = "np.arange" if item.weak is not None and item.weak.is_strict else "range"
        is_read = item.index in self._time.last
        if not is_read and start.lstrip("-").isdigit() and stop.lstrip("-").isdigit():
            start, stop = "0", str(int(stop) - int(start))
        rounds = f"{function}({stop})" if start == "0" else f"{function}({start}, {stop})"
        name = self._allocate(item.index, self._time.start[item]) if is_read else "_"
        self._make(item.index, Expression(("",), 0))
        return f"for {name} in {f'reversed({rounds})' if item.is_reversed else rounds}:"

    def _prefer(self, targets: Sequence[Local], body: Sequence[Item]) -> None:
        """Let the new value of each carry have the name of the carry as soon as it is free."""
        last = body[-1]
        if isinstance(last, Rebind):
            for target, new in zip(targets, last.news, strict=True):
                if new.local is not None and new.local not in self._state.names:
                    self._preferred[new.local] = self.name(target)

    def _lost(self, item: Rounds, owned: set[Local]) -> set[Local]:
        """The carries whose new values have elements of other arrays too."""
        last = item.body[-1]
        news = last.news if isinstance(last, Rebind) else ()
        now = self._time.start[last]
        seen: set[int] = set()
        lost = set()
        for local, new in zip(item.carries, news, strict=True):
            numbers = {self._state.memory[x] for x in new.shares}
            fresh = numbers <= self._state.fresh and all(
                self._time.is_dead(x, now) for n in numbers for x in self._state.members[n]
            )
            if local in owned and (not fresh or numbers & seen):
                lost.add(local)
            seen |= numbers
        return lost

    def _end(self, item: Rounds, indent: str) -> list[str]:
        """After the loop the results have the names of the carries, or names of their own."""
        now, lines = self._time.end[item], []
        for local, result in zip(item.carries, item.results, strict=True):
            if result is None:
                continue
            name = self.name(local)
            self._state.memory[result] = self._state.memory[local]
            self._state.members[self._state.memory[local]].add(result)
            is_other = result.wanted and identifier(result.wanted) != name and result.wanted != local.wanted
            if is_other and self._allocate(result, now, item.carries) != name:
                lines += fitted(f"{indent}{self.name(result)} = {name}")
            else:
                self._give(result, name)
        return lines

    # --- branches ----------------------------------------------------------------------------------------------

    def _choice(self, item: Choice, indent: str) -> list[str]:
        end = self._time.end[item]
        chosen_by = item.chosen_by
        tests = [self._text(compose(_test(branch.test), [chosen_by])) for branch in item.branches]
        otherwise = item.otherwise.format(self._text(chosen_by)) if item.otherwise else ""
        read = self._reads_within(item)
        holders = dict(self._state.holders)
        names: dict[Local, str] = {}
        for target in item.targets:
            live = [x for x in read if not self._time.is_dead(x, end)]
            names[target] = self._allocate(target, end, [*live, *names])
        self._state.holders = holders
        parts = [self._branch(item, k, names, indent) for k in range(len(item.branches))]
        self._join(item)
        for target, name in names.items():
            self._give(target, name)
        return _if_lines(item, tests, parts, otherwise, indent)

    def _reads_within(self, item: Choice) -> set[Local]:
        return {x for block in item.blocks for x in everything_read(block)}

    def _branch(self, item: Choice, k: int, names: Mapping[Local, str], indent: str) -> list[str]:
        holders = dict(self._state.holders)
        self._state.names.update(names)
        last = item.branches[k].body[-1]
        if isinstance(last, Rebind):
            for target, new in zip(item.targets, last.news, strict=True):
                if new.local is not None and new.local not in self._state.names:
                    self._preferred[new.local] = names[target]
        lines = self._block(item.branches[k].body, indent + _INDENT)
        self._state.holders = holders
        return lines

    def _join(self, item: Choice) -> None:
        """A result has its elements where that of any branch has them."""
        for k, target in enumerate(item.targets):
            news = [branch.body[-1].values[k] for branch in item.branches]
            shares = frozenset().union(*(new.shares for new in news))
            self._make(target, Expression(("",), 0, shares))


def _is_safe(pairs: Sequence[tuple[str, Local, Expression]], name: Callable[[Local], str]) -> bool:
    """Whether no value reads a name that was given away before."""
    given: set[str] = set()
    for own, _, new in pairs:
        if any(name(x) in given for x in new.reads):
            return False
        given.add(own)
    return True


def _test(text: str) -> str:
    """The condition of ``if …:``, as a form; that of ``else:`` is never written."""
    return text.removeprefix("el").removeprefix("if ").removesuffix(":") if text != "else:" else "{0}"


def _if_lines(item: Choice, tests: Sequence[str], parts: Sequence[list[str]], otherwise: str, indent: str) -> list[str]:
    lines: list[str] = []
    if not item.otherwise:
        (then, other) = parts
        if not then and not other:
            return []
        if not then:
            negated = tests[0] if tests[0].isidentifier() else f"({tests[0]})"
            return [*fitted(f"{indent}if not {negated}:"), *other]
        lines = [*fitted(f"{indent}if {tests[0]}:"), *then]
        return [*lines, f"{indent}else:", *other] if other else lines
    for k, (test, part) in enumerate(zip(tests, parts, strict=True)):
        lines += [*fitted(f"{indent}{'elif' if k else 'if'} {test}:"), *(part or [f"{indent}{_INDENT}pass"])]
    return [*lines, f"{indent}else:", f"{indent}{_INDENT}{otherwise}"]
