"""Which line of the user's program a line of the text belongs to."""

from __future__ import annotations

from wengert.show.python_source.items import Note
from wengert.wlist import Statement

__all__ = ["note_of"]


def note_of(stmt: Statement, depth: int) -> Note | None:
    """The comment above a statement; none where its place is not known.

    The sums that a loop of a derivative program makes of its rounds belong to no line: they go with what is above.
    """
    kinds = []
    origin = stmt.origin
    while origin is not None:
        kinds.append(origin.kind)
        if depth and origin.stmt.prim.sublists:
            return None
        origin = origin.stmt.origin
    where = stmt.where
    if where is None:
        return None
    key = (*kinds, where.file, where.line, where.function)
    if not kinds:
        return Note(key, f"{where.short}  {where.text}")
    return Note(key, f"{' of '.join(kinds)} of line {where.line}: {where.text}".rstrip(": "))
