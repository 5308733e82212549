"""The lines of a C function, with their indentation, loops and comments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from wengert.errors import Location, printable
from wengert.show.c_source.identifiers import Names
from wengert.show.c_source.layouts import Index
from wengert.wlist import Statement

__all__ = ["Page", "comment"]

_LETTERS = "ijklmnpqrst"
_INDENT = "    "
_WIDTH = 110


class Page:
    """What has been written so far.

    Parameters
    ----------
    names : Names
        Of the function: an index of a loop is none of them.
    depth : int
        Of the indentation.
    """

    def __init__(self, names: Names, depth: int = 1):
        self.lines: list[str] = []
        self._names, self._depth = names, depth
        self._open_loops = 0
        self._subject: tuple[Statement | None, str, int] = (None, "", 0)

    def line(self, text: str) -> None:
        """Write a line."""
        self.lines.append(_INDENT * self._depth + text)

    @contextmanager
    def braces(self, head: str) -> Iterator[None]:
        """Write ``head { … }``."""
        self.line(f"{head} {{" if head else "{")
        self._depth += 1
        yield
        self._depth -= 1
        self.line("}")

    def loop(self, length: int, *, first: int = 0, downwards: bool = False) -> Iterator[Index]:
        """Write a loop around what the body of ``for index in page.loop(n)`` writes: once, or not at all if n is 0.

        Along an axis of length 1 there is no loop, and the index is its only number.
        """
        if length - first > 1:
            name = self._loop_variable()
            count = (
                f"size_t {name} = {length}; {name}-- > {first};"
                if downwards
                else (f"size_t {name} = {first}; {name} < {length}; {name}++")
            )
            self._open_loops += 1
            with self.braces(f"for ({count})"):
                yield name
            self._open_loops -= 1
        elif length > first:
            yield first

    def loops(self, lengths: Sequence[int]) -> Iterator[tuple[Index, ...]]:
        """Write nested loops, the last index running fastest; nothing if one of the lengths is 0."""
        if not lengths:
            yield ()
        elif 0 not in lengths:
            for index in self.loop(lengths[0]):
                for others in self.loops(lengths[1:]):
                    yield (index, *others)

    def _loop_variable(self) -> str:
        free = [letter for letter in _LETTERS if letter not in self._names]
        return free[self._open_loops] if self._open_loops < len(free) else self._names.fresh(f"i{self._open_loops}")

    def about(self, stmt: Statement) -> None:
        """Write which line of the user's program follows, unless it is the same as before."""
        origin = getattr(stmt, "origin", None)
        file, line = (stmt.where.file, stmt.where.line) if stmt.where is not None else ("", 0)
        subject = (origin.stmt if origin is not None else None, file, line)
        if subject == self._subject:
            return
        self._subject = subject
        place = _of_program(stmt.where)
        said = f"{origin.kind} of {origin.stmt}" if origin is not None else ""
        for text in comment("; ".join(filter(None, (said, place)))):
            self.line(text)


def _of_program(where: Location | None) -> str:
    if where is None:
        return ""
    return f"{where.short}: {where.text}" if where.text else where.short


def comment(text: str) -> list[str]:
    """The lines of a comment; nothing for an empty text."""
    safe = printable(text).replace("*/", "* /").replace("/*", "/ *").replace("??", "? ?").replace("\\", "/")
    lines = textwrap.wrap(safe, _WIDTH, subsequent_indent="   ", break_long_words=False)
    if lines:
        lines[0] = f"/* {lines[0]}"
        lines[-1] += " */"
    return lines
