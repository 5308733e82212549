"""The planned lines of a function: assignments, writes into arrays, loops and branches, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from wengert.show.python_source.expressions import Expression, Local, Weak

__all__ = [
    "Append",
    "Assign",
    "Branch",
    "Choice",
    "Item",
    "Note",
    "Rebind",
    "Result",
    "Rounds",
    "Store",
    "Unpack",
    "Update",
]


@dataclass(frozen=True, slots=True)
class Note:
    """The comment above a group of lines; groups of one key that follow each other have it once."""

    key: tuple[object, ...]
    text: str


@dataclass(slots=True, eq=False, kw_only=True)
class Item:
    """One line, or a block of them.

    Attributes
    ----------
    note : Note, optional
    is_left_out : bool
        Whether its expression stands in another line.
    """

    note: Note | None = None
    is_left_out: bool = False

    @property
    def values(self) -> Sequence[Expression]:
        """The expressions that it reads before anything inside of it."""
        return ()

    @property
    def blocks(self) -> Sequence[Sequence[Item]]:
        """The blocks inside of it."""
        return ()

    @property
    def defines(self) -> Sequence[Local]:
        """The variables that it makes."""
        return ()

    @property
    def reads(self) -> frozenset[Local]:
        """The variables in `values`."""
        return frozenset().union(*(value.reads for value in self.values))


@dataclass(slots=True, eq=False)
class Assign(Item):
    """``target = value``."""

    target: Local
    value: Expression

    @property
    def values(self) -> Sequence[Expression]:
        """The right side."""
        return (self.value,)

    @property
    def defines(self) -> Sequence[Local]:
        """The target."""
        return (self.target,)


@dataclass(slots=True, eq=False)
class Unpack(Item):
    """``a, b = value``, with ``_`` for results that nothing reads."""

    targets: tuple[Local | None, ...]
    value: Expression

    @property
    def values(self) -> Sequence[Expression]:
        """The right side."""
        return (self.value,)

    @property
    def defines(self) -> Sequence[Local]:
        """The targets."""
        return [target for target in self.targets if target is not None]


@dataclass(slots=True, eq=False)
class Update(Item):
    """``target = base``, then something written into it at an index.

    Attributes
    ----------
    target : Local
    base : Expression
    index : Expression
        What stands in the brackets.
    value : Expression
    sign : {"=", "+=", "add.at"}
        Replaced, added, or added by ``np.add.at``, for places that may be named twice.
    dtype : str
        What the base is cast to before; empty for its own.
    """

    target: Local
    base: Expression
    index: Expression
    value: Expression
    sign: str
    dtype: str = ""

    @property
    def values(self) -> Sequence[Expression]:
        """All that is read."""
        return (self.base, self.index, self.value)

    @property
    def defines(self) -> Sequence[Local]:
        """The target."""
        return (self.target,)


@dataclass(slots=True, eq=False)
class Store(Item):
    """``stack[index] = value``: the result of one round."""

    stack: Expression
    index: Expression
    value: Expression

    @property
    def values(self) -> Sequence[Expression]:
        """All that is read."""
        return (self.stack, self.index, self.value)


@dataclass(slots=True, eq=False)
class Append(Item):
    """``stack.append(value)``."""

    stack: Expression
    value: Expression

    @property
    def values(self) -> Sequence[Expression]:
        """All that is read."""
        return (self.stack, self.value)


@dataclass(slots=True, eq=False)
class Rebind(Item):
    """At the end of a round or branch: what the carries, or results, are from now on."""

    targets: Sequence[Local]
    news: Sequence[Expression]

    @property
    def values(self) -> Sequence[Expression]:
        """The new values."""
        return self.news


@dataclass(slots=True, eq=False)
class Rounds(Item):
    """A ``for`` or ``while`` loop.

    Attributes
    ----------
    carries : sequence of Local
        As a round finds them.
    begin : sequence of Expression
        Their first values.
    results : sequence of Local, optional
        Their last ones; ``None`` for what nothing reads.
    body : list of Item
        Ends with a `Rebind` of the carries.
    index : Local, optional
        The number of the round; ``None`` for a ``while`` loop.
    weak : Weak, optional
        Whether the number must be one of NumPy.
    bounds : sequence of Expression
        Start and stop of ``range``.
    is_reversed : bool
    test : Expression, optional
        The condition; ``None`` where the body decides with `leaves`.
    leaves : dict
        Position in the body → the condition under which the loop goes on.
    """

    carries: Sequence[Local]
    begin: Sequence[Expression]
    results: Sequence[Local | None]
    body: list[Item]
    index: Local | None = None
    weak: Weak | None = None
    bounds: Sequence[Expression] = ()
    is_reversed: bool = False
    test: Expression | None = None

    @property
    def values(self) -> Sequence[Expression]:
        """First values and bounds."""
        return (*self.begin, *self.bounds)

    @property
    def blocks(self) -> Sequence[Sequence[Item]]:
        """The body; the condition is read within it, in each round."""
        return ([*([] if self.test is None else [Leave(self.test)]), *self.body],)

    @property
    def defines(self) -> Sequence[Local]:
        """The results."""
        return [result for result in self.results if result is not None]

    @property
    def inside(self) -> Sequence[Local]:
        """The variables that each round begins with."""
        return [*self.carries, *([] if self.index is None else [self.index])]


@dataclass(slots=True, eq=False)
class Leave(Item):
    """``if not test: break``."""

    test: Expression

    @property
    def values(self) -> Sequence[Expression]:
        """The condition."""
        return (self.test,)


@dataclass(slots=True, eq=False)
class Branch:
    """One branch: the condition, empty for ``else``, and its lines, which end with a `Rebind` of the results."""

    test: str
    body: list[Item]


@dataclass(slots=True, eq=False)
class Choice(Item):
    """``if``, ``elif``, ``else``.

    Attributes
    ----------
    chosen_by : Expression
        The condition, or the number of the branch.
    branches : sequence of Branch
    targets : sequence of Local
    otherwise : str
        The last line of a choice by number: what is raised.
    """

    chosen_by: Expression
    branches: Sequence[Branch]
    targets: Sequence[Local]
    otherwise: str = ""

    @property
    def values(self) -> Sequence[Expression]:
        """What the choice depends on."""
        return (self.chosen_by,)

    @property
    def blocks(self) -> Sequence[Sequence[Item]]:
        """The branches."""
        return [branch.body for branch in self.branches]

    @property
    def defines(self) -> Sequence[Local]:
        """The results."""
        return self.targets


@dataclass(slots=True, eq=False)
class Result(Item):
    """``return``."""

    news: Sequence[Expression] = field(default_factory=list)

    @property
    def values(self) -> Sequence[Expression]:
        """What is returned."""
        return self.news


def everything_read(items: Sequence[Item]) -> Iterator[Local]:
    """The variables that lines, and all within them, read."""
    for item in items:
        if not item.is_left_out:
            yield from item.reads
            for block in item.blocks:
                yield from everything_read(block)
