"""When each variable is read for the last time: what decides which names and arrays can be used again."""

from __future__ import annotations

from collections.abc import Sequence

from wengert.show.python_source.expressions import Local
from wengert.show.python_source.items import Item, everything_read

__all__ = ["Timeline"]


class Timeline:
    """A number for each line, and for each variable that of the line that reads it last.

    What a loop reads of the variables from outside is read until its end; so is what a branch reads.

    Attributes
    ----------
    start, end : dict of Item to int
        The numbers of a line; of a loop those before its first and after its last round.
    last : dict of Local to int
    """

    def __init__(self, items: Sequence[Item]):
        self.start: dict[Item, int] = {}
        self.end: dict[Item, int] = {}
        self.last: dict[Local, int] = {}
        self._now = 0
        self._visit(items)

    def _visit(self, items: Sequence[Item]) -> None:
        for item in items:
            if item.is_left_out:
                continue
            self._now += 1
            self.start[item] = self.end[item] = self._now
            self._read(item.reads)
            for block in item.blocks:
                self._visit(block)
            if item.blocks:
                self._now += 1
                self.end[item] = self._now
                for block in item.blocks:
                    inside = {*_made(block), *getattr(item, "inside", ())}
                    self._read(frozenset(everything_read(block)) - inside)

    def _read(self, found: frozenset[Local]) -> None:
        for local in found:
            self.last[local] = self._now

    def is_dead(self, local: Local, now: int) -> bool:
        """Whether nothing reads the variable after line `now`."""
        return self.last.get(local, 0) <= now


def _made(items: Sequence[Item]) -> set[Local]:
    """The variables that these lines, and all within them, make."""
    made: set[Local] = set()
    for item in items:
        made.update(item.defines)
        made.update(getattr(item, "inside", ()))
        for block in item.blocks:
            made |= _made(block)
    return made
