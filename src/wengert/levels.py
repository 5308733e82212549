"""Levels: which transform a value belongs to, and what is suspended or recorded elsewhere below some level.

Every transform call draws a fresh, larger number. The context variables here hold a level each: they concern values of
the levels below it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wengert.tracing import Recorder

__all__ = [
    "Level",
    "is_special",
    "is_suspended",
    "new_level",
    "open_sublist",
    "recording_sublist",
    "setting",
    "special_below",
    "suspended",
    "suspended_below",
]

_levels = itertools.count(1)

#: Values of levels below this one do not record; set by ``no_grad`` for the levels that exist when it is entered.
suspended_below: ContextVar[int] = ContextVar("wengert_suspended_below", default=0)
is_suspended = suspended_below.get

#: The sub-list that is being recorded. It writes down what is done to the abstract values of all levels below its own:
#: the statement belongs to the branch or round, not to the list around it.
open_sublist: ContextVar[Recorder | None] = ContextVar("wengert_open_sublist", default=None)

#: Values of levels below this one leave the short paths, which know nothing of the two above.
special_below: ContextVar[int] = ContextVar("wengert_special_below", default=0)
is_special = special_below.get


class Level(int):
    """The number of a transform call, and whether the call is still running."""

    is_open = True


def new_level() -> Level:
    """Draw a level that is newer than all others."""
    return Level(next(_levels))


@contextmanager
def suspended(level: int) -> Iterator[None]:
    """Let values of levels below this one record nothing."""
    with setting(suspended_below, level), setting(special_below, max(level, is_special())):
        yield


@contextmanager
def recording_sublist(recorder: Recorder) -> Iterator[None]:
    """Let a list that is being recorded have what is done to abstract values from outside."""
    with setting(open_sublist, recorder), setting(special_below, max(recorder.level, is_special())):
        yield


@contextmanager
def setting(variable: ContextVar[Any], value: Any) -> Iterator[None]:
    """Let a context variable have a value meanwhile."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)
